//! What does a spreadsheet of VLMEvalKit say? One row for each question, with a verdict if a judge was there.

mod said;
mod sheet;

pub use sheet::columns;

use super::build::Builder;
use super::fragment::counted;
use super::json::value::{letter, number};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use said::Said;
use serde_json::Value;
use sheet::Sheet;
use std::collections::BTreeMap;

/// Places of rolled copies of a question begin here: the options of the same question, turned round.
const ROLL: i64 = 1_000_000;

/// Reads `<model>_<data set>_<judge>_result.xlsx`; the model is the directory.
///
/// A question that was asked with its options turned round is right if every copy is right; the option chosen is
/// then the one that was chosen in every copy. Files that list no copies may hold such scores all the same: an answer
/// that is the key but wrong is no answer to keep, and is counted.
///
/// # Errors
/// [`ReadError`] where the file cannot be read or has no verdicts (`hit`).
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let sheet = Sheet::read(source)?;
    let missing = |found: &str, remedy: &str| ReadError::NotItemLevel {
        file: source.name(),
        found: found.to_owned(),
        remedy: remedy.to_owned(),
    };
    let (Some(index), Some(hit)) = (sheet.column("index"), sheet.column("hit")) else {
        return Err(missing(
            "predictions without verdicts (`hit`)",
            "give the file that ends in `_result.xlsx` too",
        ));
    };
    let mut build = Builder::new(source, "vlmevalkit");
    let (model, data_set) = names(source);
    if !source.file_name().starts_with(&model) {
        let message = format!(
            "the name of the file does not begin with that of its directory, which is taken for the model all the same: \
             {model:?}"
        );
        build.note(None, message);
    }
    let run = build.run(&model, &[&data_set], |_| {});
    let metric = build.metric(&data_set, "hit", None, true);
    let text = |row: usize, name: &str| sheet.column(name).and_then(|at| sheet.text(row, at));
    let mut n_against = 0;
    let mut copies: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..sheet.rows.len() {
        let Some(place) = sheet.text(row, index) else { continue };
        let base = place.parse::<i64>().map_or(place.clone(), |n| (n % ROLL).to_string());
        copies.entry(base).or_default().push(row);
    }
    let mut order: Vec<(String, Vec<usize>)> = copies.into_iter().collect();
    order.sort_by_key(|(_, rows)| rows.first().copied());
    for (id, rows) in order {
        let Some(&first) = rows.first() else { continue };
        let verdict = |row: &usize| sheet.text(*row, hit).and_then(|hit| number(&Value::from(hit)));
        let verdicts: Option<Vec<f64>> = rows.iter().map(verdict).collect();
        let score = verdicts.and_then(|all| all.into_iter().reduce(f64::min));
        let options_of = |row: usize| -> Vec<String> {
            ('A'..='Z').map_while(|letter| text(row, &letter.to_string())).collect()
        };
        let options = options_of(first);
        let answers = rows.iter().map(|&row| (text(row, "prediction").unwrap_or_default(), options_of(row)));
        let said = Said::in_every_copy(&answers.collect::<Vec<_>>());
        let answer = text(first, "answer");
        let gold = answer.as_deref().and_then(letter);
        let subject = text(first, "category");
        let item = build.item(&data_set, subject.as_deref(), &id, |item| {
            item.native_id = Some(id.clone());
            item.question = text(first, "question").map(Into::into);
            item.options = (!options.is_empty()).then(|| options.into());
            item.gold = gold;
            item.gold_text = answer.as_deref().map(Into::into);
        });
        let prediction = text(first, "prediction").filter(|p| rows.len() == 1 && p.len() <= 64);
        let kept = said.filter(|said| said.is_credible(gold, score));
        n_against += usize::from(said.is_some_and(|said| said.is_letter) && kept.is_none());
        let mut scored = Row::new(run, item, metric, score);
        scored.gold = gold;
        scored.chosen = kept.map(|said| said.at);
        scored.prediction = prediction.map(Into::into);
        build.push(scored, sheet.rows[first].0);
    }
    if n_against > 0 {
        let message = format!(
            "{} the key although the score is 0, as where a score counts all orders of the options and the first order \
             alone is listed: these options are not kept",
            counted(n_against, "answer is", "answers are")
        );
        build.note(None, message);
    }
    build.finish(None, "a question with a verdict")
}

/// Model and data set: `<model>/[T<date>_G<hash>/]<model>_<data set>_<judge>_result.xlsx`.
fn names(source: &Source) -> (String, String) {
    let mut above = source.directories();
    let is_run = |d: &String| {
        d.starts_with('T') && d.contains("_G") && d[1..].starts_with(|c: char| c.is_ascii_digit())
    };
    if above.last().is_some_and(is_run) {
        above.pop();
    }
    let file = source.file_name();
    let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
    let directory = above.pop().unwrap_or_default();
    let (model, rest) = match stem.strip_prefix(directory.as_str()) {
        Some(rest) => (directory, rest.trim_start_matches('_')),
        // Gathered from several directories: the file alone names the model.
        None => match of_known_data_set(stem) {
            Some((model, rest)) => (model.to_owned(), rest),
            None => (directory, stem),
        },
    };
    let data_set = match rest.strip_suffix("_result").and_then(|rest| rest.rsplit_once('_')) {
        Some((data_set, _judge)) => data_set,
        None => rest,
    };
    (model, data_set.to_owned())
}

/// How names of data sets begin that the program has; names of models have `_` as well.
const DATA_SETS: [&str; 22] = [
    "A-Bench",
    "AI2D",
    "BLINK",
    "CCBench",
    "ChartQA",
    "DocVQA",
    "HallusionBench",
    "InfoVQA",
    "LLaVABench",
    "MMBench",
    "MME",
    "MMMU",
    "MMStar",
    "MMT-Bench",
    "MMVet",
    "MathVista",
    "OCRBench",
    "POPE",
    "RealWorldQA",
    "SEEDBench",
    "ScienceQA",
    "TextVQA",
];

/// The model before the name of a known data set, and what begins there.
fn of_known_data_set(stem: &str) -> Option<(&str, &str)> {
    let places = stem.match_indices('_').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    places
        .into_iter()
        .find(|(model, rest)| !model.is_empty() && DATA_SETS.iter().any(|name| rest.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_names_the_model_or_the_file_does() {
        let of = |path: &str| names(&Source::new(path, None, Vec::new()));
        let toy = |data_set: &str| ("Toy_7B".to_owned(), data_set.to_owned());
        assert_eq!(of("w/Toy_7B/Toy_7B_MMBench_DEV_EN_openai_result.xlsx"), toy("MMBench_DEV_EN"));
        assert_eq!(of("w/Toy_7B/T20260101_Gab/Toy_7B_Own_Set_exact_result.xlsx"), toy("Own_Set"));
        assert_eq!(of("all/Toy_7B_MMBench_DEV_EN_openai_result.xlsx"), toy("MMBench_DEV_EN"));
        assert_eq!(
            of("all/Toy_7B_Own_Set_exact_result.xlsx"),
            ("all".to_owned(), "Toy_7B_Own_Set".to_owned())
        );
    }
}
