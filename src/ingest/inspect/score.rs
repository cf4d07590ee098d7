//! What number is a score? Inspect writes letters, words, numbers, truth values, and objects of these.

use crate::ingest::json::value::{name, number};
use serde_json::Value;
use std::collections::BTreeMap;

/// One score of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The scorer, and behind `/` the key where its value is an object.
    pub metric: String,
    /// What its value means.
    pub meaning: Meaning,
    /// The answer that the scorer found.
    pub answer: Option<String>,
}

/// What a value means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A score.
    Number(f64),
    /// No score, said by the scorer: `NaN` or nothing.
    Unscored,
    /// Nothing that is known here, as it is to be told to a user.
    Unknown(String),
}

impl Meaning {
    /// The score.
    pub fn score(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

/// All scores of a sample.
pub fn scores_of(scores: &Value) -> Vec<Scored> {
    let mut all = Vec::new();
    for (scorer, score) in scores.as_object().into_iter().flatten() {
        let answer = score.get("answer").and_then(name);
        match value_in(score) {
            Value::Object(parts) => {
                for (key, part) in parts {
                    let metric = format!("{scorer}/{key}");
                    all.push(Scored { metric, meaning: meaning_of(part), answer: answer.clone() });
                }
            }
            value => all.push(Scored { metric: scorer.clone(), meaning: meaning_of(value), answer }),
        }
    }
    all
}

/// The value of a score, which old logs have in its place.
pub fn value_in(score: &Value) -> &Value {
    score.get("value").unwrap_or(score)
}

/// The number that a value stands for, as in the package's own `value_to_float`; it takes values that it does not know
/// for 0.
///
/// ```text
/// C, yes, true → 1     P → 0.5     I, N, no, false → 0     numbers → themselves     NaN → no score
/// ```
fn meaning_of(value: &Value) -> Meaning {
    let known = match value {
        Value::Null => return Meaning::Unscored,
        Value::Array(_) => return Meaning::Unknown("lists".to_owned()),
        Value::Object(_) => return Meaning::Unknown("objects".to_owned()),
        Value::String(text) => match text.as_str() {
            "C" => Some(1.0),
            "P" => Some(0.5),
            "I" | "N" => Some(0.0),
            _ => number_in(&text.to_lowercase()),
        },
        value => number(value),
    };
    match known {
        Some(number) if number.is_nan() => Meaning::Unscored,
        Some(number) if number.is_finite() => Meaning::Number(number),
        _ => Meaning::Unknown(shortened(value)),
    }
}

/// A word or a number as Python writes it, in small letters: `1_000` is one.
fn number_in(text: &str) -> Option<f64> {
    let text = text.trim();
    match text {
        "yes" | "true" => return Some(1.0),
        "no" | "false" => return Some(0.0),
        _ => {}
    }
    let is_digit =
        |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let between = |at: usize| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    if text.match_indices('_').all(|(at, _)| between(at)) { text.replace('_', "").parse().ok() } else { None }
}

/// A value as a user is told of it.
fn shortened(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| format!("{text:?}"));
    if text.chars().count() <= 24 { text } else { text.chars().take(23).chain(['…']).collect() }
}

/// The values that are not known, by metric.
#[derive(Debug, Default)]
pub struct Unknown(BTreeMap<String, BTreeMap<String, usize>>);

impl Unknown {
    /// Counts a value.
    pub fn add(&mut self, metric: &str, value: String) {
        let values = self.0.entry(metric.to_owned()).or_default();
        *values.entry(value).or_default() += 1;
    }

    /// What a user should know: a sentence for each metric, most frequent values first.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        const MOST: usize = 8;
        self.0.iter().map(|(metric, values)| {
            let mut counts: Vec<(&String, &usize)> = values.iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let mut told: Vec<String> =
                counts.iter().take(MOST).map(|(value, count)| format!("{value} {count}")).collect();
            if counts.len() > MOST {
                told.push(format!("and {} other values", counts.len() - MOST));
            }
            let n: usize = values.values().sum();
            format!(
                "{n} values of {metric:?} are no scores that Inspect's own scale has, and stay without a score: {}",
                told.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn letters_words_and_numbers_are_scores_and_nan_is_none() {
        let of = |value: Value| meaning_of(&value).score();
        assert_eq!(
            [of(json!("C")), of(json!("P")), of(json!("I")), of(json!("N"))],
            [Some(1.0), Some(0.5), Some(0.0), Some(0.0)]
        );
        assert_eq!(
            [of(json!("yes")), of(json!(false)), of(json!("0.25")), of(json!(" -1.5 "))],
            [Some(1.0), Some(0.0), Some(0.25), Some(-1.5)]
        );
        assert_eq!(
            [of(json!("FALSE")), of(json!("True")), of(json!("1_000"))],
            [Some(0.0), Some(1.0), Some(1000.0)]
        );
        assert_eq!(
            [meaning_of(&json!("NaN")), meaning_of(&json!(null))],
            [Meaning::Unscored, Meaning::Unscored]
        );
    }

    #[test]
    fn values_that_are_not_known_are_counted() {
        let mut unknown = Unknown::default();
        for value in
            [json!("Y"), json!("50%"), json!("Y"), json!([1, 2]), json!("_1"), json!("1e999"), json!("c")]
        {
            match meaning_of(&value) {
                Meaning::Unknown(value) => unknown.add("letters", value),
                known => panic!("{value}: {known:?}"),
            }
        }
        let notes: Vec<String> = unknown.notes().collect();
        assert!(notes.len() == 1 && notes[0].starts_with("7 values of \"letters\""), "{notes:?}");
        assert!(
            notes[0].ends_with("\"Y\" 2, \"1e999\" 1, \"50%\" 1, \"_1\" 1, \"c\" 1, lists 1"),
            "{notes:?}"
        );
    }

    #[test]
    fn objects_are_a_metric_for_each_key() {
        let scores = scores_of(&json!({"multi": {"value": {"exact": 1.0, "len": 9}, "answer": "x"}}));
        let len = Scored {
            metric: "multi/len".to_owned(),
            meaning: Meaning::Number(9.0),
            answer: Some("x".to_owned()),
        };
        assert_eq!(scores[1], len);
    }
}
