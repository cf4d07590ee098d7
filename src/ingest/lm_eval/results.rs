//! Under which conditions was the evaluation made? The results file beside the samples.

use super::context::place;
use super::file_name;
use super::groups::Groups;
use super::task::Task;
use crate::ingest::json::{number_from_text, text_of};
use crate::ingest::{ReadError, Source};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a results file says. What it does not say stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// The file.
    pub file: String,
    /// The directory it lies in, archives included.
    pub place: String,
    /// The timestamp in its name.
    pub timestamp: Option<String>,
    /// The model's name (v0.4.3 and later).
    pub model_name: Option<String>,
    /// The arguments of the model by name.
    pub model_args: BTreeMap<String, String>,
    /// The same as they were given, where they were given as text (before v0.4.10).
    pub model_args_text: Option<String>,
    /// Revision of the weights.
    pub model_revision: Option<String>,
    /// Number of parameters.
    pub model_parameters: Option<f64>,
    /// Number format.
    pub model_dtype: Option<String>,
    /// Version of the harness.
    pub harness_version: Option<String>,
    /// Documents of each task: a number, or a share if below 1.
    pub limit: Option<f64>,
    /// Seed of the choice of worked examples.
    pub fewshot_seed: Option<i64>,
    /// Sampling temperature for all tasks.
    pub temperature: Option<f64>,
    /// Hash of the chat template, if one was used.
    pub chat_template_sha: Option<String>,
    /// Hash of the system instruction, if there was one.
    pub system_instruction_sha: Option<String>,
    /// Whether worked examples were given as turns of a conversation.
    pub fewshot_as_multiturn: bool,
    /// The tasks.
    pub tasks: BTreeMap<String, Task>,
    /// The groups.
    pub groups: Groups,
}

impl Results {
    /// Parses a results file of v0.3 to v0.4.13.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] and [`ReadError::Truncated`] where it is not one JSON object.
    pub fn parse(source: &Source) -> Result<Self, ReadError> {
        let file = source.name();
        let text = text_of(source)?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            if error.is_eof() {
                ReadError::Truncated { file: file.clone(), what: "the results".to_owned() }
            } else {
                let (row, message) = (Some(error.line() as u64), error.to_string());
                ReadError::Malformed { file: file.clone(), row, message }
            }
        })?;
        if !value["results"].is_object() {
            let message = "a results file must be an object with the key `results`".to_owned();
            return Err(ReadError::Malformed { file, row: None, message });
        }
        let name = source.file_name();
        Ok(Self::from_value(&value, &file, &place(source), file_name::results_timestamp(&name)))
    }

    /// Takes what is known of the evaluation out of a parsed results file.
    pub fn from_value(value: &Value, file: &str, place: &str, timestamp: Option<&str>) -> Self {
        let config = &value["config"];
        let text = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        let names = ["configs", "versions"]
            .into_iter()
            .filter_map(|table| value[table].as_object())
            .flat_map(|table| table.keys());
        let tasks = names.map(|name| (name.clone(), Task::from_results(value, name))).collect();
        let temperature = match &config["gen_kwargs"] {
            Value::String(text) => arguments(text).get("temperature").and_then(|t| number_from_text(t)),
            kwargs => kwargs["temperature"].as_f64(),
        };
        Self {
            file: file.to_owned(),
            place: place.to_owned(),
            timestamp: timestamp.map(str::to_owned),
            model_name: text(&value["model_name"]),
            model_args: match &config["model_args"] {
                Value::String(text) => arguments(text),
                Value::Object(map) => map.iter().filter_map(|(k, v)| Some((k.clone(), plain(v)?))).collect(),
                _ => BTreeMap::new(),
            },
            model_args_text: config["model_args"].as_str().map(str::to_owned),
            model_revision: text(&config["model_revision"]),
            model_parameters: config["model_num_parameters"].as_f64().filter(|n| *n > 0.0),
            model_dtype: text(&config["model_dtype"]),
            harness_version: text(&value["lm_eval_version"]),
            limit: config["limit"].as_f64(),
            fewshot_seed: config["fewshot_seed"].as_i64(),
            temperature,
            chat_template_sha: text(&value["chat_template_sha"]),
            system_instruction_sha: text(&value["system_instruction_sha"]),
            fewshot_as_multiturn: value["fewshot_as_multiturn"].as_bool().unwrap_or(false),
            tasks,
            groups: Groups::from_results(value),
        }
    }
}

/// `key=value,key=value` as a map. A piece without `=` belongs to the value before it.
fn arguments(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut last: Option<String> = None;
    for piece in text.split(',') {
        match (piece.split_once('='), &last) {
            (Some((key, value)), _) => {
                let key = key.trim().to_owned();
                found.insert(key.clone(), value.trim().to_owned());
                last = Some(key);
            }
            (None, Some(key)) => {
                let value: &mut String = found.entry(key.clone()).or_default();
                value.push(',');
                value.push_str(piece);
            }
            (None, None) => {}
        }
    }
    found
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}
