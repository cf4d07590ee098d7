//! What number is a score? Inspect writes letters, words, numbers, truth values, and objects of these.

use crate::ingest::json::value::{name, number};
use serde_json::Value;

/// The metrics of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scores {
    /// The one that counts.
    pub primary: Option<String>,
}

/// Metric, value and answer of each score.
pub type Scored = (String, Option<f64>, Option<String>);

/// All scores of a sample.
pub fn scores_of(scores: &Value) -> Vec<Scored> {
    let mut all = Vec::new();
    for (scorer, score) in scores.as_object().into_iter().flatten() {
        let value = score.get("value").unwrap_or(score);
        let answer = score.get("answer").and_then(name);
        match value {
            Value::Object(parts) => {
                for (key, part) in parts {
                    all.push((format!("{scorer}/{key}"), value_of(part), answer.clone()));
                }
            }
            value => all.push((scorer.clone(), value_of(value), answer)),
        }
    }
    all
}

/// The number that a value stands for, as in the package's own `value_to_float`.
///
/// ```text
/// C, yes, true → 1     P → 0.5     I, N, no, false → 0     numbers → themselves     NaN → no score
/// ```
fn value_of(value: &Value) -> Option<f64> {
    let Some(text) = value.as_str() else { return number(value) };
    match text {
        "C" => Some(1.0),
        "P" => Some(0.5),
        "I" | "N" => Some(0.0),
        _ => match text.to_lowercase().as_str() {
            "yes" => Some(1.0),
            "no" => Some(0.0),
            _ => number(value),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn letters_words_and_numbers_are_scores_and_nan_is_none() {
        let of = |value: Value| value_of(&value);
        assert_eq!(
            [of(json!("C")), of(json!("P")), of(json!("I")), of(json!("N"))],
            [Some(1.0), Some(0.5), Some(0.0), Some(0.0)]
        );
        assert_eq!(
            [of(json!("yes")), of(json!(false)), of(json!("0.25"))],
            [Some(1.0), Some(0.0), Some(0.25)]
        );
        assert_eq!([of(json!("NaN")), of(json!(null)), of(json!("word")), of(json!([1, 2]))], [None; 4]);
    }

    #[test]
    fn objects_are_a_metric_for_each_key() {
        let scores = scores_of(&json!({"multi": {"value": {"exact": 1.0, "len": 9}, "answer": "x"}}));
        assert_eq!(scores[1], ("multi/len".to_owned(), Some(9.0), Some("x".to_owned())));
    }
}
