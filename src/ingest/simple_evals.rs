//! What is left of each sample in the report of simple-evals? A score in a page of HTML, in order.

use super::build::Builder;
use super::json::elements;
use super::json::value::{letter, number, text_at};
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Evaluations whose names hold the mark that parts name and model.
const WITH_MARK: [&str; 4] = ["healthbench_hard", "healthbench_consensus", "healthbench_meta", "humaneval_x"];

/// Reads `<eval>_<model>_<date>_<time>[_DEBUG]_allresults.json`.
///
/// Items have no names and no text of their own: an item is its place in the file.
///
/// # Errors
/// [`ReadError`] where not one score was found.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "simple-evals");
    let (task, model, timestamp) = parts(&source.file_name());
    let (benchmark, subject) = benchmark_of(&task, None);
    let run = build.run(&model, &[&benchmark, timestamp.as_deref().unwrap_or_default()], |run| {
        run.timestamp = timestamp.clone();
    });
    let metric = build.metric(&benchmark, "score", None, true);
    let (mut passage, about) = elements(source, &["htmls"], |piece| {
        piece.each(|row, page: Value| {
            let page = page.as_str().unwrap_or_default();
            let field = |label: &str| after(page, label);
            let item = build.item(&benchmark, subject.as_deref(), &(row - 1).to_string(), |item| {
                item.gold = field("Correct Answer:").and_then(letter);
                item.gold_text = field("Correct Answer:").map(Into::into);
            });
            let score = field("Score:").and_then(|s| number(&Value::from(s)));
            let mut scored = Row::new(run, item, metric, score);
            let extracted = field("Extracted Answer:");
            scored.chosen = extracted.and_then(letter);
            scored.gold = field("Correct Answer:").and_then(letter);
            scored.prediction = extracted.filter(|e| e.len() <= 64).map(Into::into);
            if extracted.is_some_and(|e| e.is_empty() || e == "None") && score.is_some() {
                scored.status = Status::NoAnswer;
            }
            build.push(scored, row);
        })
    })?;
    let what = text_at(&about, &["metadata", "eval_name"]).unwrap_or("the report");
    build.note(
        None,
        format!("{what} has no names of items: an item is its place, so only runs over the same items in the same order can be compared"),
    );
    if build.table().is_empty() && passage.truncated.is_none() {
        passage.fault(1, "`htmls` must be a list of pages with `Score:`");
    }
    build.finish(Some(&passage), "a page with a score")
}

/// What follows a label in a page, up to the next tag. Results stand at the end: questions and answers before them may
/// have the same words.
fn after<'a>(page: &'a str, label: &str) -> Option<&'a str> {
    let rest = &page[page.rfind(label)? + label.len()..];
    Some(rest.split('<').next().unwrap_or(rest).trim())
}

/// Evaluation, model and time in the name of a file.
fn parts(name: &str) -> (String, String, Option<String>) {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix("_allresults").unwrap_or(stem);
    let mut stem = stem.strip_suffix("_DEBUG").unwrap_or(stem);
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let mut timestamp = None;
    if let Some((before, time)) = stem.rsplit_once('_')
        && let Some((before, date)) = before.rsplit_once('_')
        && digits(date, 8)
        && digits(time, 6)
    {
        timestamp = Some(format!("{date}_{time}"));
        stem = before;
    }
    let marked = WITH_MARK.iter().find(|n| stem.strip_prefix(**n).is_some_and(|r| r.starts_with('_')));
    let at = marked.map(|n| n.len()).or_else(|| stem.find('_'));
    match at {
        Some(at) => (stem[..at].to_owned(), stem[at + 1..].to_owned(), timestamp),
        None => (stem.to_owned(), stem.to_owned(), timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let of = |name: &str| {
            let (task, model, time) = parts(name);
            format!("{task} {model} {}", time.unwrap_or_default())
        };
        assert_eq!(of("mmlu_gpt-4_20250101_000000_allresults.json"), "mmlu gpt-4 20250101_000000");
        assert_eq!(
            of("healthbench_hard_a_b_20250101_000000_DEBUG_allresults.json"),
            "healthbench_hard a_b 20250101_000000"
        );
        assert_eq!(of("x.json"), "x x ");
    }
}
