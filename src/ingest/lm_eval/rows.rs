//! How do records become a fragment? One run, its items and metrics, and the choice of the primary metric.

use super::context::place;
use super::groups::benchmark_of;
use super::model::{Identity, identify};
use super::results::Results;
use super::task::{MetricSpec, Task};
use crate::ingest::aside::Aside;
use crate::ingest::fragment::counted;
use crate::ingest::json::Passage;
use crate::ingest::model_name::Named;
use crate::ingest::{Fragment, Note, ReadError, Source};
use crate::response::{Item, Metric, ResponseTable, Row, Run};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use xxhash_rust::xxh3::xxh3_64;

/// Ways of making one number out of item values that are log-probabilities.
const OF_LOG_PROBABILITIES: [&str; 3] = ["perplexity", "weighted_perplexity", "bits_per_byte"];

/// What has become of the values of one metric.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    scores: usize,
    lists: usize,
    missing: usize,
}

/// A fragment in the making: the rows of one run on one task.
pub(super) struct Rows<'c> {
    table: ResponseTable,
    aside: Aside,
    file: String,
    benchmark: String,
    subject: Option<String>,
    task: Option<&'c Task>,
    items: FxHashMap<String, u32>,
    tallies: Vec<Tally>,
    notes: Vec<Note>,
}

/// The value of a metric for one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Score(f64),
    /// Part of a statistic of the whole data set, not the score of an item.
    List,
    Missing,
}

impl<'c> Rows<'c> {
    pub fn new(
        source: &Source,
        results: Option<&'c Results>,
        timestamp: Option<&str>,
        task_name: &str,
    ) -> Self {
        let identity = identify(source, results);
        let (benchmark, subject) = benchmark_of(task_name, results);
        let task = results.and_then(|r| r.tasks.get(task_name));
        let run = run(source, results, timestamp, &identity, &benchmark, task);
        let mut table = ResponseTable::default();
        table.runs.push(run);
        let mut rows = Self {
            table,
            aside: Aside::of(source),
            file: source.name(),
            benchmark,
            subject,
            task,
            items: FxHashMap::default(),
            tallies: Vec::new(),
            notes: Vec::new(),
        };
        for note in identity.notes {
            rows.note(None, note);
        }
        if results.is_none() {
            rows.note(None, "no results file of the same directory and timestamp: groups, metrics and set-up are not known");
        } else if task.is_none() {
            rows.note(None, format!("the results file does not describe the task {task_name:?}"));
        }
        rows
    }

    pub fn note(&mut self, row: Option<u64>, message: impl Into<String>) {
        self.notes.push(Note { file: self.file.clone(), row, message: message.into() });
    }

    pub fn table(&mut self) -> &mut ResponseTable {
        &mut self.table
    }

    /// The item of a document, described by `describe` when it is met for the first time, and whether it was.
    pub fn item(&mut self, native_id: String, describe: impl FnOnce(&mut Item)) -> (u32, bool) {
        match self.items.entry(native_id) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(new) => {
                let id = match &self.subject {
                    Some(subject) => format!("{subject}/{}", new.key()),
                    None => new.key().clone(),
                };
                let at = self.table.items.len() as u32;
                let mut item = Item::new(self.benchmark.as_str(), self.subject.as_deref(), id);
                item.native_id = Some(new.key().clone());
                describe(&mut item);
                self.table.items.push(item);
                self.aside.note(&mut self.table.items, at);
                new.insert(at);
                (at, true)
            }
        }
    }

    /// The metric of that name under that filter; `none` is the name of no filter.
    pub fn metric(&mut self, name: &str, filter: Option<&str>) -> u32 {
        let filter = filter.filter(|f| *f != "none");
        let known = self.table.metrics.iter().position(|m| m.name == name && m.filter.as_deref() == filter);
        known.unwrap_or_else(|| {
            let spec = self.task.and_then(|t| t.metric(name));
            let mut metric = Metric::new(self.benchmark.as_str(), name, filter);
            metric.higher_is_better =
                is_log_probability(name, spec) || spec.and_then(|s| s.higher_is_better).unwrap_or(true);
            self.table.metrics.push(metric);
            self.tallies.push(Tally::default());
            self.table.metrics.len() - 1
        }) as u32
    }

    /// Adds a row; its score and status are set from `value`, other statuses than `Ok` are kept.
    pub fn push(&mut self, row: Row, value: Value) {
        let tally = &mut self.tallies[row.metric as usize];
        match value {
            Value::Score(_) => tally.scores += 1,
            Value::List => tally.lists += 1,
            Value::Missing => tally.missing += 1,
        }
        self.table.push(row);
    }

    /// Closes the fragment: chooses the primary metric and says what a user should know.
    ///
    /// # Errors
    /// See [`Passage::notes`]; [`ReadError::Malformed`] where no record had what a record must have.
    pub fn finish(mut self, passage: &Passage) -> Result<Fragment, ReadError> {
        let mut notes = passage.notes(&self.file)?;
        if self.table.is_empty() {
            let what = passage.faults.first().map_or("no record has a metric", |f| f.message.as_str());
            return Err(ReadError::Malformed {
                file: self.file,
                row: passage.faults.first().map(|f| f.row),
                message: what.to_owned(),
            });
        }
        if let Some(primary) = self.primary() {
            self.table.metrics[primary].primary = true;
        }
        for (metric, tally) in self.table.metrics.iter().zip(&self.tallies) {
            let label = metric.label();
            let spec = self.task.and_then(|t| t.metric(&metric.name));
            let mut say = |message| notes.push(Note { file: self.file.clone(), row: None, message });
            if tally.lists > 0 {
                let parts = counted(tally.lists, "value is a part", "values are parts");
                say(format!(
                    "{label}: {parts} of a statistic of the whole data set, not scores of items: kept without a score"
                ));
            } else if is_log_probability(&metric.name, spec) {
                say(format!(
                    "{label}: item values are log-probabilities in nats, larger is better: never primary"
                ));
            }
            if tally.missing > 0 {
                let unscored = counted(tally.missing, "attempt has", "attempts have");
                say(format!("{label}: {unscored} no score: unscored, not wrong"));
            }
        }
        if let Some(repeats) = self.task.and_then(|t| t.repeats).filter(|r| *r > 1) {
            let message = format!("{repeats} completions for each document, scored once by each filter");
            notes.push(Note { file: self.file.clone(), row: None, message });
        }
        notes.append(&mut self.notes);
        Ok(Fragment { table: self.table, notes, ..Fragment::default() })
    }

    /// The first metric of the configuration that scores items, under the first filter; without a
    /// configuration the first one in the file.
    fn primary(&self) -> Option<usize> {
        let configured = self.task.map(|t| t.metrics.as_slice()).unwrap_or_default();
        let filters = self.task.map(|t| t.filters.as_slice()).unwrap_or_default();
        let rank = |metric: &Metric| {
            let by_name = configured.iter().position(|s| s.name == metric.name).unwrap_or(usize::MAX);
            let filter = metric.filter.as_deref().unwrap_or("none");
            let by_filter = filters.iter().position(|f| f == filter).unwrap_or(usize::MAX);
            (by_name, by_filter)
        };
        let scores_items = |&at: &usize| {
            let metric = &self.table.metrics[at];
            let spec = self.task.and_then(|t| t.metric(&metric.name));
            self.tallies[at].scores > 0
                && self.tallies[at].lists == 0
                && !is_log_probability(&metric.name, spec)
        };
        (0..self.table.metrics.len()).filter(scores_items).min_by_key(|&at| rank(&self.table.metrics[at]))
    }
}

/// Whether the values of single items are log-probabilities, although the metric's name says otherwise.
fn is_log_probability(name: &str, spec: Option<&MetricSpec>) -> bool {
    match spec.and_then(|s| s.aggregation.as_deref()) {
        Some(aggregation) => OF_LOG_PROBABILITIES.contains(&aggregation),
        None => name == "perplexity",
    }
}

fn run(
    source: &Source,
    results: Option<&Results>,
    timestamp: Option<&str>,
    identity: &Identity,
    benchmark: &str,
    task: Option<&Task>,
) -> Run {
    let timestamp = timestamp.or_else(|| results.and_then(|r| r.timestamp.as_deref()));
    // Without a timestamp only the directory tells two evaluations of one model apart.
    let when =
        timestamp.map_or_else(|| format!("{:08x}", xxh3_64(place(source).as_bytes()) >> 32), str::to_owned);
    let Named { display, step, .. } = &identity.named;
    let step = step.map(|s| format!(" step {s}")).unwrap_or_default();
    let limited = results.and_then(|r| r.limit).and_then(|limit| {
        task.and_then(|t| t.n_effective).or_else(|| (limit >= 1.0).then_some(limit as i64))
    });
    let mut run = Run {
        model_raw: Some(identity.raw.clone()),
        base: identity.base.clone(),
        params: results.and_then(|r| r.model_parameters),
        dtype: identity.dtype.clone(),
        harness: Some("lm-evaluation-harness".to_owned()),
        harness_version: results.and_then(|r| r.harness_version.clone()),
        task_version: task.and_then(|t| t.version.clone()),
        n_shot: task.and_then(|t| t.n_shot),
        prompt_variant: results.and_then(prompt_variant),
        chat_template_sha: results.and_then(|r| r.chat_template_sha.clone()),
        temperature: results.and_then(|r| r.temperature).or_else(|| task.and_then(|t| t.temperature)),
        seed: results.and_then(|r| r.fewshot_seed),
        timestamp: timestamp.map(str::to_owned),
        limit: limited,
        files: std::iter::once(source.name()).chain(results.map(|r| r.file.clone())).collect(),
        ..Run::new(format!("{display}{step} {when} {benchmark}"), display.as_str())
    };
    identity.named.tell(&mut run);
    run
}

/// What sets the prompt apart from the base form: chat template, turns, whether to think, system instruction.
fn prompt_variant(results: &Results) -> Option<String> {
    let mut parts = Vec::new();
    if results.chat_template_sha.is_some() {
        parts.push("chat".to_owned());
    }
    if results.fewshot_as_multiturn {
        parts.push("multiturn".to_owned());
    }
    match results.model_args.get("enable_thinking").map(|on| on.to_lowercase()).as_deref() {
        Some("true" | "1") => parts.push("thinking".to_owned()),
        Some("false" | "0") => parts.push("no-thinking".to_owned()),
        _ => {}
    }
    if let Some(sha) = &results.system_instruction_sha {
        parts.push(format!("system-{}", sha.chars().take(8).collect::<String>()));
    }
    (!parts.is_empty()).then(|| parts.join("+"))
}
