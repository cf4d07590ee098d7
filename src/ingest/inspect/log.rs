//! What of a log is needed? The header says which model and task it was, each sample how one attempt went.

use crate::ingest::json::value::{name, text_at};
use crate::ingest::json::{Passage, elements};
use crate::ingest::{ReadError, Source};
use serde::Deserialize;
use serde_json::Value;

/// What is said of the run as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Header {
    /// `success`, `error`, `cancelled` or `started`; a journal does not say.
    pub status: Value,
    /// The task, the model and how both were set up.
    pub eval: Value,
    /// The solvers that were run, and settings of the model that hold for all of them.
    pub plan: Value,
    /// Aggregates; they name the scorer that counts.
    pub results: Value,
    /// Whether someone marked samples as not to be relied on.
    pub invalidated: Value,
}

/// A log.
#[derive(Debug, Default)]
pub struct Log {
    /// What is said of the run.
    pub header: Header,
    /// The samples.
    pub samples: Vec<Sample>,
}

/// Reads a log that is one JSON object, one sample at a time.
///
/// # Errors
/// [`ReadError`] where it is no log, or has no sample that can be read.
pub fn read(source: &Source) -> Result<(Log, Passage), ReadError> {
    let mut samples = Vec::new();
    let (passage, header) =
        elements(source, &["samples"], |piece| piece.each(|_, sample: Sample| samples.push(sample.bare())))?;
    if samples.is_empty() {
        if let Some(fault) = passage.faults.first() {
            let message = format!("{}; write the log again", fault.message);
            return Err(ReadError::Malformed { file: source.name(), row: Some(fault.row), message });
        }
        if passage.truncated.is_some() {
            return Err(ReadError::Truncated { file: source.name(), what: "the log".to_owned() });
        }
    }
    let header = serde_json::from_value(header).map_err(|e| malformed(source, &e))?;
    Ok((Log { header, samples }, passage))
}

/// A sample or its summary; messages and events are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sample {
    pub id: Value,
    pub epoch: Value,
    pub input: Value,
    pub choices: Value,
    pub target: Value,
    pub metadata: Value,
    pub scores: Value,
    pub error: Value,
    pub limit: Value,
    pub model_usage: Value,
    pub invalidation: Value,
}

pub fn malformed(source: &Source, error: &serde_json::Error) -> ReadError {
    let file = source.name();
    if error.is_eof() {
        return ReadError::Truncated { file, what: "the log".to_owned() };
    }
    ReadError::Malformed { file, row: None, message: format!("{error}; write the log again") }
}

impl Header {
    /// The task without the package that it comes from.
    pub fn benchmark(&self) -> &str {
        let task = text_at(&self.eval, &["task"]).unwrap_or("task");
        task.rsplit('/').next().unwrap_or(task)
    }

    /// A setting of the model, given for the model or for the whole plan.
    pub fn setting(&self, name: &str) -> &Value {
        let own = &self.eval["model_generate_config"][name];
        if own.is_null() { &self.plan["config"][name] } else { own }
    }
}

/// What of the metadata of a sample may name its subject, best first.
pub const SUBJECTS: [&str; 3] = ["subject", "category", "domain"];

/// What ends a text of which a summary has the beginning only.
const CUT: &str = "...\n(content truncated)";
/// What stands for a long text that is kept apart.
const REFERENCE: &str = "attachment://";

impl Sample {
    /// What tells samples apart: id and epoch, as the names of members have them.
    pub fn key(&self) -> Option<(String, String)> {
        Some((name(&self.id)?, name(&self.epoch).unwrap_or_else(|| "1".to_owned())))
    }

    /// Without what says nothing about the score: earlier messages, explanations, tracebacks.
    pub fn bare(mut self) -> Self {
        self.input = question(&self.input).map_or(Value::Null, Value::from);
        if let Some(metadata) = self.metadata.as_object_mut() {
            metadata.retain(|key, _| SUBJECTS.contains(&key.as_str()));
        }
        let scores = self.scores.as_object_mut().into_iter().flat_map(|all| all.values_mut());
        for score in scores.filter_map(Value::as_object_mut).filter(|score| score.contains_key("value")) {
            score.retain(|key, _| matches!(key.as_str(), "value" | "answer"));
        }
        if !self.error.is_null() {
            self.error = Value::Bool(true);
        }
        self
    }

    /// Whether the text of the question or of the key was cut short.
    pub fn is_cut(&self) -> bool {
        let target = self.target.as_array().map_or(std::slice::from_ref(&self.target), Vec::as_slice);
        let mut texts = target.iter().filter_map(Value::as_str);
        question(&self.input).is_some_and(is_cut) || texts.any(is_cut)
    }

    /// Takes over what the summary lacks.
    pub fn complete(&mut self, whole: Self) {
        for (mine, theirs) in [(&mut self.input, whole.input), (&mut self.target, whole.target)] {
            if !theirs.is_null() {
                *mine = theirs;
            }
        }
        self.invalidation = whole.invalidation;
    }

    /// The number of the question among the texts that are kept apart, and what stands for it.
    pub fn reference(&self) -> Option<(u64, String)> {
        let reference = question(&self.input)?;
        Some((reference.strip_prefix(REFERENCE)?.parse().ok()?, reference.to_owned()))
    }

    /// Puts a text in the place of its name.
    pub fn resolve(&mut self, reference: &str, text: &str) {
        replace(&mut self.input, reference, text);
    }

    /// The question: as it is, or the last message of the user. Nothing where it is known in part only.
    pub fn question(&self) -> Option<&str> {
        question(&self.input).filter(|text| !is_cut(text) && !text.starts_with(REFERENCE))
    }

    /// The beginning of a question of which no more is known.
    pub fn beginning(&self) -> Option<&str> {
        question(&self.input)?.strip_suffix(CUT)
    }
}

fn is_cut(text: &str) -> bool {
    text.ends_with(CUT)
}

fn question(input: &Value) -> Option<&str> {
    let Some(messages) = input.as_array() else { return input.as_str() };
    let last = messages.iter().rev().find(|message| message["role"] == "user")?;
    // Summaries have `(Image)` and the like in the place of what is no text.
    let is_text = |text: &&str| !["(Image)", "(Audio)", "(Video)", "(Data)", "(Document)"].contains(text);
    match &last["content"] {
        Value::Array(parts) => parts.iter().filter_map(|part| text_at(part, &["text"])).find(is_text),
        content => content.as_str(),
    }
}

fn replace(value: &mut Value, reference: &str, text: &str) {
    match value {
        Value::String(found) if found == reference => text.clone_into(found),
        Value::Array(all) => all.iter_mut().for_each(|value| replace(value, reference, text)),
        Value::Object(all) => all.values_mut().for_each(|value| replace(value, reference, text)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_log_that_is_cut_or_damaged_gives_what_is_before() {
        let of = |text: &str| read(&Source::new("log.json", None, text.as_bytes().to_vec()));
        let log = r#"{"eval": {"task": "t"}, "samples": [{"id": 1}, {"id": 2}"#;
        let (log, passage) = of(log).unwrap();
        assert_eq!((log.samples.len(), log.header.benchmark(), passage.truncated), (2, "t", Some(3)));
        let error = of(r#"{"eval": {}, "samples": [oops"#).unwrap_err().to_string();
        assert!(error.ends_with("write the log again"), "{error}");
        assert!(matches!(of(r#"{"eval": {}, "samples": [{"id"#), Err(ReadError::Truncated { .. })));
    }

    #[test]
    fn a_question_is_a_text_that_is_there_as_a_whole() {
        let of = |input: Value| Sample { input, ..Sample::default() };
        let part = |text: &str| json!({"type": "text", "text": text});
        let messages =
            |parts: Value| json!([{"role": "system", "content": "s"}, {"role": "user", "content": parts}]);
        assert_eq!(of(json!("what?")).question(), Some("what?"));
        assert_eq!(of(messages(json!("what?"))).question(), Some("what?"));
        assert_eq!(of(messages(json!([part("(Image)"), part("what?")]))).question(), Some("what?"));
        assert_eq!(of(messages(json!([part("(Image)")]))).question(), None);
        let cut = of(json!("begins...\n(content truncated)"));
        assert_eq!((cut.question(), cut.beginning(), cut.is_cut()), (None, Some("begins"), true));
    }

    #[test]
    fn a_text_that_is_kept_apart_is_put_in_its_place() {
        let input = json!([{"role": "user", "content": [{"type": "text", "text": "attachment://7"}]}]);
        let mut sample = Sample { input, ..Sample::default() };
        assert_eq!((sample.question(), sample.reference()), (None, Some((7, "attachment://7".to_owned()))));
        sample.resolve("attachment://7", "what?");
        assert_eq!(sample.question(), Some("what?"));
    }
}
