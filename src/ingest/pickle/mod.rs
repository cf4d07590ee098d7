//! What is in the pickles of tinyBenchmarks? Which model got which item right, as arrays of numpy.
//!
//! A pickle is a program; this reader runs none of it. It follows the few instructions that build dictionaries,
//! lists, numbers, text and arrays of numbers, and refuses everything else ([`machine`]).

pub mod array;
pub mod machine;
pub mod value;

use super::build::Builder;
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use array::Array;
use machine::load;
use value::Value;

/// Reads a dictionary `data` of scenarios, each with an array `correctness` of items × models, and, where it is
/// there, the list `models`.
///
/// # Errors
/// [`ReadError`] where the file is damaged, holds anything but data, or has no such arrays.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let damaged = |message: String| ReadError::Malformed { file: source.name(), row: None, message };
    let root = load(&source.bytes()?).map_err(|e| damaged(e.to_string()))?;
    let not_item_level = |found: String| ReadError::NotItemLevel {
        file: source.name(),
        found,
        remedy:
            "a dictionary `data` of scenarios is read, each with an array `correctness` of items and models; \
                 write other data as CSV or Parquet with the program that made them"
                .to_owned(),
    };
    let Some(data) = root.get("data").and_then(Value::as_dict) else {
        return Err(not_item_level(format!("a pickle of {}", root.kind())));
    };
    let names: Option<Vec<String>> = root
        .get("models")
        .and_then(Value::as_list)
        .map(|all| all.iter().filter_map(Value::as_text).map(str::to_owned).collect());
    let mut build = Builder::new(source, "tinyBenchmarks");
    for (scenario, value) in data {
        let Some(scenario) = scenario.as_text() else { continue };
        let Some(array) = value.get("correctness").and_then(Value::as_array) else { continue };
        let [n_items, n_models] = array.shape[..] else {
            build.note(
                None,
                format!("{scenario:?} has an array of {} dimensions: left out", array.shape.len()),
            );
            continue;
        };
        if names.as_ref().is_some_and(|names| names.len() != n_models) {
            build.note(
                None,
                format!("{scenario:?} has {n_models} models, not as many as are named: numbered"),
            );
        }
        add(&mut build, scenario, array, n_items, n_models, names.as_deref());
    }
    if names.is_none() {
        build.note(None, "no list `models`: models are numbered in the order of the columns");
    }
    if build.table().is_empty() {
        return Err(not_item_level("no array `correctness` of two dimensions".to_owned()));
    }
    build.finish(None, "an array")
}

fn add(
    build: &mut Builder,
    scenario: &str,
    array: &Array,
    n_items: usize,
    n_models: usize,
    names: Option<&[String]>,
) {
    let (benchmark, subject) = place(scenario);
    let metric = build.metric(&benchmark, "correctness", None, true);
    for model in 0..n_models {
        let name = match names.filter(|names| names.len() == n_models) {
            Some(names) => names[model].clone(),
            None => format!("model_{model}"),
        };
        let run = build.run(without_details(&name), &[&benchmark], |run| run.model_raw = Some(name.clone()));
        for item in 0..n_items {
            let id = subject.as_ref().map_or_else(|| item.to_string(), |subject| format!("{subject}/{item}"));
            let item_at = build.item(&benchmark, subject.as_deref(), &id, |_| {});
            let score = array.get(item, model);
            build.push(Row::new(run, item_at, metric, score), item as u64 + 1);
        }
    }
}

/// The model of one of the leaderboard's data sets of details: `open-llm-leaderboard/details_<org>__<model>`.
fn without_details(name: &str) -> &str {
    name.split_once("/details_").map_or(name, |(_, model)| model)
}

/// `harness_hendrycksTest_astronomy_5` is astronomy of MMLU.
fn place(scenario: &str) -> (String, Option<String>) {
    let short = scenario.strip_prefix("harness_").unwrap_or(scenario);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let short = short.rsplit_once('_').filter(|(_, shots)| is_number(shots)).map_or(short, |(task, _)| task);
    match short.strip_prefix("hendrycksTest_") {
        Some(subject) => ("mmlu".to_owned(), Some(subject.to_owned())),
        None => benchmark_of(short, None),
    }
}

#[cfg(test)]
mod tests {
    use super::without_details;

    #[test]
    fn the_leaderboard_is_no_part_of_a_name() {
        assert_eq!(
            without_details("open-llm-leaderboard/details_meta-llama__Llama-2-7b"),
            "meta-llama__Llama-2-7b"
        );
        assert_eq!(without_details("toy-org/Toy-7B"), "toy-org/Toy-7B");
    }
}
