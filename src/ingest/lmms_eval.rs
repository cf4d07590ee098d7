//! What did a model answer to lmms-eval? Rows like those of lm-evaluation-harness, with answers in place of
//! scores.

use super::build::Builder;
use super::json::value::{letter, name, number, text_at};
use super::json::{each_record, text_of};
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use serde_json::Value;

/// Fields of a row that are no metrics.
const FIELDS: [&str; 14] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "token_counts",
    "input_media",
    "input",
    "doc_hash",
    "prompt_hash",
    "target_hash",
    "filter",
    "metrics",
];

/// Reads `<date>_samples_<task>.jsonl`; the model is the directory.
///
/// A metric is a number, or an object with a `score`, or an object with the answer that was parsed and the key.
/// In the last case the score is whether they are equal, and a note says so.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "lmms-eval");
    let file = source.file_name();
    let stem = file.strip_suffix(".jsonl").or(file.strip_suffix(".json")).unwrap_or(&file);
    let (date, task) = stem.split_once("_samples_").unwrap_or(("", stem));
    let (benchmark, subject) = benchmark_of(task, None);
    let directory = source.directories().pop().unwrap_or_default();
    let run = build.run(&directory, &[date, &benchmark], |run| {
        run.timestamp = Some(date.to_owned()).filter(|d| !d.is_empty());
    });
    let mut derived = 0usize;
    let passage = each_record(&text, |row, record: Value| {
        let of_doc = |key: &str| record["doc"].get(key).and_then(name);
        let subject = subject.clone().or_else(|| of_doc("subject")).or_else(|| of_doc("category"));
        let fields = record.as_object().into_iter().flatten();
        for (key, value) in fields.filter(|(key, _)| !FIELDS.contains(&key.as_str())) {
            let parsed =
                ["parsed_pred", "pred_answer", "pred"].iter().find_map(|k| value.get(*k)).and_then(name);
            let answer = ["answer", "gt", "label"].iter().find_map(|k| value.get(*k)).and_then(name);
            let given = number(value).or_else(|| value.get("score").and_then(number));
            if given.is_none() && answer.is_none() {
                continue;
            }
            let native =
                value.get("id").and_then(name).or_else(|| of_doc("id")).or_else(|| of_doc("question_id"));
            let Some(id) = native.clone().or_else(|| name(&record["doc_id"])) else { continue };
            let of_metric = text_at(value, &["subdomain"]).map(str::to_owned);
            let subject = subject.clone().or(of_metric);
            let item = build.item(&benchmark, subject.as_deref(), &id, |item| {
                item.native_id = native;
                item.question = of_doc("question");
                item.gold_text = name(&record["target"]);
                item.gold = item.gold_text.as_deref().and_then(letter);
            });
            let score = given.or_else(|| {
                let equal = parsed.as_deref()?.trim() == answer.as_deref()?.trim();
                derived += 1;
                Some(f64::from(u8::from(equal)))
            });
            let metric = build.metric(&benchmark, key, None, true);
            let mut scored = Row::new(run, item, metric, score);
            scored.chosen = parsed.as_deref().and_then(letter);
            scored.gold = answer.as_deref().and_then(letter);
            scored.prediction = parsed.filter(|p| p.len() <= 64).map(Into::into);
            build.push(scored, row);
        }
    });
    if derived > 0 {
        let message = "scores of this task are worked out by the harness at its end: here an answer is right if \
                       it equals the key";
        build.note(None, format!("{derived} answers: {message}"));
    }
    build.finish(Some(&passage), "a metric with a score or with answer and key")
}
