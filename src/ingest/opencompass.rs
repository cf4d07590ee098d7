//! What does OpenCompass say of single questions? Its results say it if details were dumped; its predictions
//! have the questions, but no scores.

use super::build::Builder;
use super::json::value::{letter, name, number};
use super::json::{each_record, text_of};
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Beginnings of the names of data sets whose rest is a subject.
const PREFIXES: [&str; 6] = ["mmlu", "cmmlu", "ceval", "bbh", "agieval", "mmlu_pro"];

/// Reads `results/<model>/<data set>.json`, written with `--dump-eval-details`, or
/// `predictions/<model>/<data set>.json`.
///
/// Details are a list, or an object by position; a verdict is a truth value, or a list of one for each repeat.
/// Predictions give the text of the items and no rows.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "opencompass");
    let file = source.file_name();
    let (benchmark, subject) = place(file.strip_suffix(".json").unwrap_or(&file));
    let model = source.directories().pop().unwrap_or_default();
    let passage = each_record(&text, |_, content: Value| match &content["details"] {
        Value::Array(details) => {
            for (at, entry) in details.iter().enumerate() {
                let place = name(&entry["example_abbr"]).and_then(|n| n.rsplit('_').next()?.parse().ok());
                push(&mut build, &model, &benchmark, subject.as_deref(), place.unwrap_or(at), entry, at);
            }
        }
        Value::Object(details) => {
            // Keys are numbers written as text.
            for (at, (place, entry)) in by_position(details).into_iter().enumerate() {
                push(&mut build, &model, &benchmark, subject.as_deref(), place, entry, at);
            }
        }
        _ => {
            for (place, entry) in content.as_object().map(by_position).unwrap_or_default() {
                let item =
                    build.item(&benchmark, subject.as_deref(), &item_id(subject.as_deref(), place), |_| {});
                describe(&mut build, item, entry);
            }
        }
    });
    if build.table().is_empty() && !build.table().items.is_empty() {
        build.note(
            None,
            "predictions have no scores: they explain the results of the same data set".to_owned(),
        );
    }
    build.finish(Some(&passage), "details of single questions (give `--dump-eval-details`)")
}

fn by_position(entries: &serde_json::Map<String, Value>) -> Vec<(usize, &Value)> {
    let mut all: Vec<(usize, &Value)> =
        entries.iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
    all.sort_by_key(|(place, _)| *place);
    all
}

fn item_id(subject: Option<&str>, place: usize) -> String {
    subject.map_or_else(|| place.to_string(), |subject| format!("{subject}/{place}"))
}

fn push(
    build: &mut Builder,
    model: &str,
    benchmark: &str,
    subject: Option<&str>,
    place: usize,
    entry: &Value,
    at: usize,
) {
    let run = build.run(model, &[benchmark], |_| {});
    let metric = build.metric(benchmark, "accuracy", None, true);
    let item = build.item(benchmark, subject, &item_id(subject, place), |_| {});
    let one_or_more = |keys: &[&str]| -> Vec<Value> {
        match keys.iter().find_map(|key| entry.get(*key)) {
            Some(Value::Array(all)) => all.clone(),
            Some(value) => vec![value.clone()],
            None => Vec::new(),
        }
    };
    let verdicts = one_or_more(&["correct", "is_correct", "cascade_correct"]);
    let answers = one_or_more(&["pred", "predictions"]);
    let keys = one_or_more(&["answer", "references", "gold"]);
    let key = keys.first().and_then(name);
    if let Some(item) = build.item_mut(item) {
        item.gold = key.as_deref().and_then(letter);
        item.gold_text.clone_from(&key);
    }
    for repeat in 0..verdicts.len().max(answers.len()).max(1) {
        let score = verdicts.get(repeat).and_then(number);
        let answer = answers.get(repeat).and_then(name);
        let mut row = Row::new(run, item, metric, score);
        row.repeat = repeat as u32;
        row.chosen = answer.as_deref().and_then(letter);
        row.gold = keys.get(repeat).or(keys.first()).and_then(name).as_deref().and_then(letter);
        if score.is_some() && answer.as_deref().is_some_and(|a| a.trim().is_empty()) {
            row.status = Status::NoAnswer;
        }
        row.prediction = answer.filter(|a| a.len() <= 64).map(Into::into);
        build.push(row, at as u64 + 1);
    }
}

/// The question of a prediction: the last turn of its prompt.
fn describe(build: &mut Builder, item: u32, entry: &Value) {
    let prompt = &entry["origin_prompt"];
    let question = match prompt.as_array() {
        Some(turns) => turns.iter().rev().find(|t| t["role"] == "HUMAN").and_then(|t| name(&t["prompt"])),
        None => name(prompt),
    };
    if let Some(item) = build.item_mut(item) {
        item.question = question;
        item.gold_text = entry.get("gold").and_then(name);
    }
}

/// Benchmark and subject of a data set: `lukaemon_mmlu_astronomy`, `mmlu-astronomy`.
fn place(data_set: &str) -> (String, Option<String>) {
    let short = data_set.strip_prefix("lukaemon_").unwrap_or(data_set);
    let (benchmark, subject) = benchmark_of(short, None);
    if subject.is_some() {
        return (benchmark, subject);
    }
    match short.split_once('-').filter(|(prefix, _)| PREFIXES.contains(prefix)) {
        Some((prefix, subject)) => (prefix.to_owned(), Some(subject.to_owned())),
        None => (short.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_in_the_names_of_data_sets() {
        let mmlu = ("mmlu".to_owned(), Some("astronomy".to_owned()));
        assert_eq!(place("lukaemon_mmlu_astronomy"), mmlu);
        assert_eq!(place("mmlu-astronomy"), mmlu);
        assert_eq!(place("ARC-c"), ("ARC-c".to_owned(), None));
    }
}
