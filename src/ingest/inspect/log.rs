//! What of a log is needed? The header says which model and task it was, each sample how one attempt went.

use super::score::{Scores, scores_of};
use crate::ingest::build::Builder;
use crate::ingest::json::value::{letter, name, text_at, texts, whole};
use crate::ingest::{ReadError, Source};
use crate::response::{Row, Status};
use serde::Deserialize;
use serde_json::Value;

/// What is said of the run as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Header {
    /// `success`, `error`, `cancelled` or `started`.
    pub status: Value,
    /// The task, the model and how both were set up.
    pub eval: Value,
    /// Aggregates; they name the scorer that counts.
    pub results: Value,
}

/// A log in one object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Log {
    /// What is said of the run.
    #[serde(flatten)]
    pub header: Header,
    /// The samples.
    pub samples: Vec<Sample>,
}

/// A sample or its summary; messages and events are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sample {
    id: Value,
    epoch: Value,
    input: Value,
    choices: Value,
    target: Value,
    metadata: Value,
    scores: Value,
    error: Value,
    limit: Value,
    model_usage: Value,
}

pub fn malformed(source: &Source, error: &serde_json::Error) -> ReadError {
    let file = source.name();
    if error.is_eof() {
        return ReadError::Truncated { file, what: "the log".to_owned() };
    }
    ReadError::Malformed { file, row: None, message: format!("{error}; write the log again") }
}

impl Header {
    /// The metrics that a sample without scores would have had, and the one that counts.
    pub fn scorers(&self) -> Scores {
        let mut names: Vec<String> = Vec::new();
        let mut add = |value: &Value| {
            if let Some(name) = name(value)
                && !names.contains(&name)
            {
                names.push(name);
            }
        };
        let results = self.results["scores"].as_array().into_iter().flatten();
        results.for_each(|score| add(&score["scorer"]));
        let planned = self.eval["scorers"].as_array().into_iter().flatten();
        planned.for_each(|scorer| add(&scorer["name"]));
        let headline = &self.results["headline"];
        let primary = text_at(headline, &["scorer"]).map(|scorer| match text_at(headline, &["score"]) {
            Some(score) if score != scorer => format!("{scorer}/{score}"),
            _ => scorer.to_owned(),
        });
        Scores { primary: primary.or_else(|| names.first().cloned()) }
    }

    /// The task without the package that it comes from.
    fn benchmark(&self) -> &str {
        let task = text_at(&self.eval, &["task"]).unwrap_or("task");
        task.rsplit('/').next().unwrap_or(task)
    }

    fn run(&self, build: &mut Builder) -> u32 {
        let eval = &self.eval;
        let model = text_at(eval, &["model"]).unwrap_or("unknown");
        let created = text_at(eval, &["created"]).map(str::to_owned);
        let task = text_at(eval, &["task_id"]).or(created.as_deref()).unwrap_or_default().to_owned();
        build.run(without_server(model), &[self.benchmark(), &task], |run| {
            run.model_raw = Some(model.to_owned());
            run.timestamp = created;
            run.task_version = eval.get("task_version").and_then(name);
            run.limit = whole(&eval["config"]["limit"]);
            run.temperature = eval["model_generate_config"]["temperature"].as_f64();
            run.seed = whole(&eval["model_generate_config"]["seed"]);
            run.harness_version = text_at(eval, &["packages", "inspect_ai"]).map(str::to_owned);
        })
    }
}

/// Providers that load weights themselves, as they are on the hub: `vllm/org/name` is `org/name`.
const LOADERS: [&str; 4] = ["hf/", "vllm/", "sglang/", "nnterp/"];

/// The model without the program that loaded it. Other providers stay: who serves a model may have changed it.
fn without_server(model: &str) -> &str {
    let of_hub = LOADERS.iter().find_map(|loader| model.strip_prefix(loader));
    of_hub.filter(|name| name.contains('/')).unwrap_or(model)
}

impl Sample {
    /// Adds the rows of a sample: one for each metric.
    pub fn push(&self, header: &Header, scorers: &Scores, at: u64, build: &mut Builder) {
        let Some(id) = name(&self.id) else { return };
        let run = header.run(build);
        let benchmark = header.benchmark();
        let metadata = &self.metadata;
        let subject = ["subject", "category", "domain"].iter().find_map(|key| text_at(metadata, &[*key]));
        let options = texts(&self.choices).filter(|choices| !choices.is_empty());
        let target = name(&self.target).or_else(|| texts(&self.target).map(|all| all.join(" | ")));
        let gold = target.as_deref().filter(|_| options.is_some()).and_then(letter);
        let has_options = options.is_some();
        let item = build.item(benchmark, subject, &id, |item| {
            item.native_id = Some(id.clone());
            item.question = question(&self.input);
            item.options = options;
            item.gold = gold;
            item.gold_text.clone_from(&target);
        });
        let usage = |key: &str| {
            let models = self.model_usage.as_object().into_iter().flatten();
            let counts: Vec<i64> = models.filter_map(|(_, usage)| whole(&usage[key])).collect();
            (!counts.is_empty()).then(|| u32::try_from(counts.iter().sum::<i64>()).ok()).flatten()
        };
        let failed = !self.error.is_null();
        let limited = !self.limit.is_null();
        let mut row = Row::new(run, item, 0, None);
        row.repeat = whole(&self.epoch).and_then(|epoch| u32::try_from(epoch - 1).ok()).unwrap_or(0);
        row.gold = gold;
        row.n_tokens_in = usage("input_tokens");
        row.n_tokens_out = usage("output_tokens");
        let mut scores = scores_of(&self.scores);
        if scores.is_empty() {
            let metric = scorers.primary.clone().unwrap_or_else(|| "score".to_owned());
            scores.push((metric, None, None));
        }
        for (metric, score, answer) in scores {
            let is_primary = scorers.primary.as_ref() == Some(&metric);
            let mut row =
                Row { metric: build.metric(benchmark, &metric, None, is_primary), score, ..row.clone() };
            row.status = match () {
                () if failed && score.is_none() => Status::Error,
                () if limited => Status::Limit,
                () if score.is_some() => Status::Ok,
                () => Status::Unscored,
            };
            row.chosen = answer.as_deref().filter(|_| has_options).and_then(letter);
            row.prediction = answer.filter(|answer| answer.len() <= 64).map(Into::into);
            build.push(row, at);
        }
    }
}

/// The text of the input: as it is, or the last message of the user.
fn question(input: &Value) -> Option<String> {
    let Some(messages) = input.as_array() else { return name(input) };
    let last = messages.iter().rev().find(|message| message["role"] == "user")?;
    match &last["content"] {
        Value::Array(parts) => parts.iter().find_map(|part| text_at(part, &["text"])).map(str::to_owned),
        content => name(content),
    }
}
