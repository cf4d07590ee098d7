//! What did a model answer in MMLU-Pro? One record for each question, in an order of its own for each model.

use super::build::Builder;
use super::json::records;
use super::json::value::{letter, name, texts, whole};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Reads `model_outputs_<model>_<n>shots.json`, or `<model>/<category>_result.json`.
///
/// An answer is right if its letter is that of the key. Where no letter could be extracted the score is 0 and
/// the status `no_answer`; the authors' own script draws a letter at random instead.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    const BENCHMARK: &str = "mmlu_pro";
    let mut build = Builder::new(source, "mmlu-pro");
    let (model, shots) = model_of(source);
    let run = build.run(&model, &[BENCHMARK], |run| run.n_shot = shots);
    let metric = build.metric(BENCHMARK, "acc", None, true);
    let mut faults = Vec::new();
    let mut silent = 0usize;
    let mut passage = records(source, |row, record: Value| {
        let (Some(id), Some(key)) = (name(&record["question_id"]), record["answer"].as_str()) else {
            faults.push(row);
            return;
        };
        let gold = letter(key).or_else(|| whole(&record["answer_index"]).and_then(|n| u16::try_from(n).ok()));
        let item = build.item(BENCHMARK, record["category"].as_str(), &id, |item| {
            item.native_id = Some(id.clone());
            item.question = record["question"].as_str().map(Into::into);
            item.options = texts(&record["options"]).map(Into::into);
            item.gold = gold;
        });
        let answer = record["pred"].as_str().map(str::trim).filter(|p| !p.is_empty());
        let mut scored = Row::new(run, item, metric, Some(f64::from(u8::from(answer == Some(key.trim())))));
        scored.gold = gold;
        scored.chosen = answer.and_then(letter);
        scored.prediction = answer.filter(|a| a.len() <= 64).map(Into::into);
        if answer.is_none() {
            silent += 1;
            scored.status = Status::NoAnswer;
        }
        build.push(scored, row);
    })?;
    for row in faults {
        passage.fault(row, "a record must have `question_id` and `answer`");
    }
    if silent > 0 {
        build.note(None, format!("{silent} answers without a letter: scored 0, with the status no_answer"));
    }
    build.finish(Some(&passage), "an answered question")
}

/// `model_outputs_<model>_<n>shots.json`; of `<category>_result.json`, as the script for models behind an interface
/// writes it, the directory.
fn model_of(source: &Source) -> (String, Option<i32>) {
    let name = source.file_name();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    if let (true, Some(directory)) = (stem.ends_with("_result"), source.directories().pop()) {
        return (directory, None);
    }
    let stem = stem.strip_prefix("model_outputs_").unwrap_or(stem);
    match stem.strip_suffix("shots").or(stem.strip_suffix("shot")).and_then(|s| s.rsplit_once('_')) {
        Some((model, shots)) => (model.to_owned(), shots.parse().ok()),
        None => (stem.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_or_its_directory_names_the_model() {
        let of = |path: &str| model_of(&Source::new(path, None, Vec::new()));
        assert_eq!(of("d/model_outputs_Llama-2-7b-hf_5shots.json"), ("Llama-2-7b-hf".to_owned(), Some(5)));
        assert_eq!(of("eval_results/gpt-4o/computer science_result.json"), ("gpt-4o".to_owned(), None));
    }
}
