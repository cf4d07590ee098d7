//! What does one record of details say, in whichever of the three forms?

use super::Form;
use crate::ingest::json::python_value;
use crate::ingest::json::value::{name, number, texts, whole};
use serde_json::Value;
use std::borrow::Cow;

/// Metrics that were columns in July 2023.
const FLAT_METRICS: [&str; 6] = ["acc", "acc_norm", "mc1", "mc2", "em", "f1"];

/// What a metric says of one document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// A score.
    Score(f64),
    /// None, or no number.
    Missing,
    /// Something that only means a score together with other documents, or a comment.
    NoScore,
}

/// What a record says.
#[derive(Debug)]
pub struct Record {
    /// The name of the document.
    pub id: Option<String>,
    /// The question.
    pub question: Option<String>,
    /// The options.
    pub options: Option<Vec<String>>,
    /// The key.
    pub gold: Option<u16>,
    /// The key as the record has it, which tells documents apart.
    pub gold_text: String,
    /// The metrics by name.
    pub metrics: Vec<(String, Measure)>,
    /// Log-probabilities of the options and whether greedy decoding gives them, if all are known.
    pub logps: Vec<(f64, Option<bool>)>,
    /// The answer as text, if it is short.
    pub text: Option<String>,
}

impl Record {
    /// Takes a record apart.
    pub fn of(record: &Value, form: Form) -> Self {
        let (doc, metrics, answer) = match form {
            Form::Structures => (&record["doc"], &record["metric"], &record["model_response"]),
            Form::Fields => (record, &record["metrics"], record),
            Form::Flat => (record, record, record),
        };
        let options = texts(&doc["choices"]).filter(|choices| !choices.is_empty());
        let question =
            ["query", "example", "full_prompt"].iter().find_map(|key| doc.get(*key)).and_then(name);
        let gold = if doc["gold_index"].is_null() { &doc["gold"] } else { &doc["gold_index"] };
        let gold_text = format!("{} {}", doc["gold_index"], doc["gold"]);
        let gold = match &*value(gold) {
            Value::Array(all) if all.len() == 1 => whole(&all[0]),
            other => whole(other),
        };
        let answers = if form == Form::Structures { &answer["logprobs"] } else { &answer["predictions"] };
        let mut logps = log_probabilities(&value(answers));
        let n_options = options.as_ref().map_or(0, Vec::len);
        if logps.len() != n_options || n_options > usize::from(u16::MAX) {
            logps.clear();
        }
        if let Some(greedy) = answer["argmax_logits_eq_gold"].as_array().filter(|g| g.len() == logps.len()) {
            logps.iter_mut().zip(greedy).for_each(|(logp, greedy)| logp.1 = greedy.as_bool());
        }
        let text = answer.get("text").or_else(|| answer.get("predictions")).map(value);
        let text =
            text.and_then(|text| text.get(0).and_then(Value::as_str).filter(is_short).map(str::to_owned));
        Self {
            id: doc.get("id").and_then(name).filter(|id| !id.is_empty()),
            question,
            options,
            gold: gold.and_then(|gold| u16::try_from(gold).ok()),
            gold_text,
            metrics: if form == Form::Flat { flat_metrics(record) } else { metrics_of(metrics) },
            logps,
            text,
        }
    }

    /// The metrics that have a score here.
    pub fn scored(&self) -> impl Iterator<Item = &str> {
        let scored = self.metrics.iter().filter(|(_, measure)| matches!(measure, Measure::Score(_)));
        scored.map(|(name, _)| name.as_str())
    }
}

/// A longer answer is not kept.
fn is_short(answer: &&str) -> bool {
    answer.len() <= 64
}

/// The value itself, also where older writers wrote every column as Python prints it.
fn value(value: &Value) -> Cow<'_, Value> {
    let printed = value.as_str().and_then(python_value);
    printed.map_or(Cow::Borrowed(value), Cow::Owned)
}

fn measure(value: &Value) -> Measure {
    match number(value) {
        Some(score) => Measure::Score(score),
        None if value.is_null() => Measure::Missing,
        None if value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("nan")) => Measure::Missing,
        None => Measure::NoScore,
    }
}

fn metrics_of(metrics: &Value) -> Vec<(String, Measure)> {
    let metrics = value(metrics);
    let fields = metrics.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), measure(value))).collect()
}

fn flat_metrics(record: &Value) -> Vec<(String, Measure)> {
    let there = |name: &&str| Some(((*name).to_owned(), measure(record.get(*name)?)));
    FLAT_METRICS.iter().filter_map(there).collect()
}

/// Log-probabilities of the options: numbers, or pairs of one and whether greedy decoding gives the option.
fn log_probabilities(all: &Value) -> Vec<(f64, Option<bool>)> {
    let one = |value: &Value| match value {
        Value::Array(pair) => {
            let greedy = pair.get(1).and_then(number).map(|greedy| greedy != 0.0);
            Some((pair.first().and_then(number)?, greedy))
        }
        Value::String(_) => None,
        other => Some((number(other)?, None)),
    };
    let all: Option<Vec<_>> = all.as_array().and_then(|all| all.iter().map(one).collect());
    all.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_that_python_printed_are_read() {
        let record = json!({
            "example": "Q", "choices": "[' A', \" it's\"]", "gold_index": "[1]", "gold": "[]",
            "predictions": "[(-1.5, False), (-0.5, True)]", "metrics": "{'acc': True, \"user's\": nan, 'why': ['x']}"
        });
        let record = Record::of(&record, Form::Fields);
        assert_eq!(record.options.as_deref(), Some(&[" A".to_owned(), " it's".to_owned()][..]));
        assert_eq!(
            (record.gold, &record.logps[..]),
            (Some(1), &[(-1.5, Some(false)), (-0.5, Some(true))][..])
        );
        let expected =
            [("acc", Measure::Score(1.0)), ("user's", Measure::Missing), ("why", Measure::NoScore)];
        assert_eq!(record.metrics, expected.map(|(name, measure)| (name.to_owned(), measure)));
    }

    #[test]
    fn what_greedy_decoding_gives_is_beside_the_log_probabilities() {
        let record = json!({
            "doc": { "query": "Q", "choices": ["a", "b"], "gold_index": 0, "id": "7" }, "metric": { "acc": 1 },
            "model_response": { "logprobs": [-0.1, -2.0], "argmax_logits_eq_gold": [true, false], "text": [] }
        });
        let record = Record::of(&record, Form::Structures);
        assert_eq!(record.logps, [(-0.1, Some(true)), (-2.0, Some(false))]);
        let pairs = json!({ "choices": ["a"], "predictions": [[-0.5, 1.0]], "metrics": {} });
        assert_eq!(Record::of(&pairs, Form::Fields).logps, [(-0.5, Some(true))]);
    }
}
