//! What does guessing score? The chance level of well-known multiple-choice tasks.

/// Chance level by the beginning of a task's name, compared without case: one over the number of options.
const KNOWN: [(&str, f64); 22] = [
    ("mmlu_pro", 0.1),
    ("mmlu", 0.25),
    ("hellaswag", 0.25),
    ("arc", 0.25),
    ("ai2_arc", 0.25),
    ("openbookqa", 0.25),
    ("obqa", 0.25),
    ("medmcqa", 0.25),
    ("autobencher", 0.25),
    ("gpqa", 0.25),
    ("agi_eval", 0.25),
    ("sciq", 0.25),
    ("race", 0.25),
    ("logiqa", 0.25),
    ("piqa", 0.5),
    ("boolq", 0.5),
    ("winogrande", 0.5),
    ("copa", 0.5),
    ("csqa", 0.2),
    ("commonsense", 0.2),
    ("socialiqa", 1.0 / 3.0),
    ("social_iqa", 1.0 / 3.0),
];

/// The chance level of a task that is known by name; `None` if it is not.
pub fn chance_of(task: &str) -> Option<f64> {
    let name = task.to_ascii_lowercase();
    KNOWN.iter().find(|(start, _)| name.starts_with(start)).map(|(_, chance)| *chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_by_the_beginning_of_the_name() {
        assert_eq!(chance_of("mmlu_avg_test_5shot"), Some(0.25));
        assert_eq!(chance_of("MMLU_Pro"), Some(0.1));
        assert_eq!(chance_of("gsm8k"), None);
    }
}
