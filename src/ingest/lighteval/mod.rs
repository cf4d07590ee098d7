//! What do the details of lighteval say, and those of the first Open LLM Leaderboard, which are their ancestor?
//! One Parquet file for each task, with columns that changed twice.

mod documents;
mod place;
mod record;

use super::build::Builder;
use super::{Fragment, ReadError, Source};
use crate::response::{OptionScore, Row};
use crate::store::columnar::ColumnarError;
use crate::store::nested;
use crate::store::parquet_pieces::ParquetPieces;
use place::{Task, model_of};
use record::{Measure, Record};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The columns that are read, of all three forms.
const COLUMNS: [&str; 17] = [
    "doc",
    "metric",
    "model_response",
    "example",
    "full_prompt",
    "query",
    "choices",
    "gold",
    "gold_index",
    "metrics",
    "predictions",
    "acc",
    "acc_norm",
    "mc1",
    "mc2",
    "em",
    "f1",
];

/// Which of the three forms a file of these columns has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// lighteval from 0.11: structures `doc`, `metric` and `model_response`.
    Structures,
    /// lighteval up to 0.10 and the later first leaderboard: one column for each field, metrics in a structure.
    Fields,
    /// The first leaderboard of July 2023: metrics are columns.
    Flat,
}

/// The form of a file with these columns, if it is one of details.
pub fn form(columns: &[String]) -> Option<Form> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    match () {
        () if has("doc") && has("metric") && has("model_response") => Some(Form::Structures),
        () if has("predictions") && has("metrics") && (has("gold_index") || has("gold")) => {
            Some(Form::Fields)
        }
        () if has("predictions") && has("gold") && ["acc", "em", "mc1", "mc2"].iter().any(|m| has(m)) => {
            Some(Form::Flat)
        }
        () => None,
    }
}

/// Metrics that count first, where a task has them.
const PREFERRED: [&str; 3] = ["acc", "em", "mc2"];

/// Reads `details_<task>_<time>.parquet`.
///
/// Documents without a name are known by their place in their task; runs over other documents are matched by the text
/// of the questions. Every numeric metric is kept; the first of `acc_norm`, `acc`, … by the leaderboard's custom is
/// not preferred: the primary one is the first that is there in the order `acc`, `em`, `mc2`, others. A metric twice
/// for one document is a repeat, one without a number has no score, and one that is aggregated over the corpus is
/// left out and named.
///
/// # Errors
/// [`ReadError`] where the file is damaged or has no metric.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let damaged =
        |e: ColumnarError| ReadError::Malformed { file: source.name(), row: None, message: e.to_string() };
    let records = records(source).map_err(damaged)?;
    let mut build = Builder::new(source, "lighteval");
    let task = Task::of(&source.file_name());
    let model = model_of(source);
    let run = build.run(&model, &[&task.timestamp, &task.benchmark], |run| {
        run.model_raw = Some(model.clone());
        run.timestamp = Some(task.timestamp.clone()).filter(|t| !t.is_empty());
        run.n_shot = task.n_shot;
    });
    let left_out = without_scores(&records);
    let metrics: Vec<(&str, u32)> = names_of_metrics(&records, &left_out)
        .into_iter()
        .enumerate()
        .map(|(place, name)| (name, build.metric(&task.benchmark, name, None, place == 0)))
        .collect();
    let names = documents::names(&records);
    let mut of_document: HashMap<&str, Vec<&Record>> = HashMap::new();
    for (name, record) in names.iter().zip(&records) {
        of_document.entry(name).or_default().push(record);
    }
    let mut repeats: HashMap<(u32, u32), u32> = HashMap::new();
    let mut with_options = BTreeSet::new();
    for (at, record) in records.iter().enumerate() {
        let id = match &task.subject {
            Some(subject) => format!("{subject}/{}", names[at]),
            None => names[at].clone(),
        };
        let item = build.item(&task.benchmark, task.subject.as_deref(), &id, |item| {
            item.question = record.question.as_deref().map(Into::into);
            item.options = record.options.clone().map(Into::into);
            item.gold = record.gold;
        });
        for &(name, metric) in &metrics {
            let Some((_, measure)) = record.metrics.iter().find(|(known, _)| known == name) else { continue };
            let score = match measure {
                Measure::Score(score) => Some(*score),
                _ if documents::is_of_another(name, record, &of_document[names[at].as_str()]) => continue,
                _ => None,
            };
            let mut row = row(record, name, score);
            (row.run, row.item, row.metric) = (run, item, metric);
            let repeat = repeats.entry((item, metric)).or_default();
            row.repeat = *repeat;
            *repeat += 1;
            build.push(row, at as u64 + 1);
        }
        if record.logps.len() > 1 && with_options.insert(item) {
            let scores = record.logps.iter().enumerate().map(|(k, (logp, is_greedy))| OptionScore {
                run,
                item,
                option: k as u16,
                logp_sum: Some(*logp as f32),
                logp_per_char: None,
                logp_per_byte: None,
                logp_uncond: None,
                num_tokens: None,
                is_greedy: *is_greedy,
            });
            build.table().options.extend(scores);
        }
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.into_iter().collect();
        let message = format!(
            "{} left out: aggregated over the corpus, or no number for a single document",
            names.join(", ")
        );
        if metrics.is_empty() {
            let remedy = "give the details of tasks with a metric of single documents".to_owned();
            return Err(ReadError::NotItemLevel { file: source.name(), found: message, remedy });
        }
        build.note(None, message);
    }
    build.finish(None, "a metric")
}

/// The records of a file; only some of a large one are in memory as they are written.
fn records(source: &Source) -> Result<Vec<Record>, ColumnarError> {
    let read = |columns: &[String], values: Vec<Value>| {
        let form = form(columns).unwrap_or(Form::Flat);
        values.into_iter().map(move |record| Record::of(&record, form))
    };
    let Some(path) = source.file() else {
        let bytes = source.beginning();
        let columns = nested::parquet_columns(bytes)?;
        return Ok(read(&columns, nested::parquet_records(bytes, &COLUMNS)?).collect());
    };
    let file = ParquetPieces::open(path, ROWS_OF_A_PIECE)?;
    let mut records = Vec::new();
    for piece in 0..file.len() {
        records.extend(read(file.names(), nested::records_of_piece(&file, piece, &COLUMNS)?));
    }
    Ok(records)
}

/// So many documents of a large file are in memory as they are written.
const ROWS_OF_A_PIECE: usize = 1 << 12;

/// The metrics that are no number in some record.
fn without_scores(records: &[Record]) -> BTreeSet<&str> {
    let all = records.iter().flat_map(|record| &record.metrics);
    all.filter(|(_, measure)| *measure == Measure::NoScore).map(|(name, _)| name.as_str()).collect()
}

/// All other metrics, the primary one first.
fn names_of_metrics<'r>(records: &'r [Record], left_out: &BTreeSet<&str>) -> Vec<&'r str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in records.iter().flat_map(|record| &record.metrics) {
        if !names.contains(&name.as_str()) && !left_out.contains(name.as_str()) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| PREFERRED.iter().position(|p| p == name).unwrap_or(usize::MAX));
    names
}

/// What a record says of a metric, at no place yet.
fn row(record: &Record, metric: &str, score: Option<f64>) -> Row {
    let gold = record.gold.map(usize::from);
    let logps = || record.logps.iter().map(|(logp, _)| *logp).enumerate();
    let chosen = logps().reduce(|best, one| if one.1 > best.1 { one } else { best });
    let of_key = gold.and_then(|gold| record.logps.get(gold)).map(|(logp, _)| *logp);
    let best_other =
        logps().filter(|(k, _)| gold.is_some_and(|gold| gold != *k)).map(|(_, l)| l).reduce(f64::max);
    let mut row = Row::new(0, 0, 0, score);
    // The plain argmax is what `acc` scores; other metrics divide by lengths that are not kept.
    let chosen = chosen.filter(|_| metric == "acc" && record.logps.len() > 1);
    row.chosen = chosen.and_then(|(k, _)| u16::try_from(k).ok());
    row.gold = record.gold;
    row.logp_gold = of_key.map(|logp| logp as f32);
    row.logp_margin = of_key.zip(best_other).map(|(key, other)| (key - other) as f32);
    row.prediction = record.text.as_deref().map(Into::into);
    row
}
