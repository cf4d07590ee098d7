//! Which questions were answered rightly? The details of results, written with `--dump-eval-details`.

use super::{Asked, Place, Verdict, data_set, of_judge};
use crate::ingest::build::Builder;
use crate::ingest::fragment::counted;
use crate::ingest::json::value::{letter, name, number};
use crate::ingest::json::{elements, entries};
use crate::ingest::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Where details are.
const DETAILS: [&str; 1] = ["details"];

/// Names of verdicts, answers and keys in the various evaluators.
const VERDICTS: [&str; 3] = ["correct", "is_correct", "cascade_correct"];
const ANSWERS: [&str; 2] = ["pred", "predictions"];
const KEYS: [&str; 5] = ["answer", "references", "gold", "refr", "ref"];

/// Longer answers are texts, not extracted answers.
const PREDICTION_BYTES: usize = 64;

/// Reads `results/<model>/<data set>.json`.
///
/// Details are a list, or an object by position; a verdict is a truth value, a list of one for each repeat, or the
/// letter that a judge gave. The metric has the name that it has in the results.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "opencompass");
    let place = Place::of(source, &data_set(source));
    // Scores may stand behind the details, and where the data set begins anew is known at the end.
    let (asked, _, content) = Asked::of(source, &DETAILS)?;
    let run = place.run(&mut build);
    let metric = build.metric(&place.benchmark, &metric_of(&content), None, true);
    let mut details = Details { place: &place, run, metric, n_without_verdict: 0 };
    let passage = if asked.n_entries > 0 {
        let size = asked.period().max(1);
        if size < asked.by_position.len() {
            let message = format!(
                "{} entries ask the same {size} questions over and over: taken for repeats",
                asked.by_position.len()
            );
            build.note(None, message);
        }
        let read = entries(source, &DETAILS, |key, piece| {
            piece.each(|row, entry: Value| {
                if let Ok(position) = key.parse::<usize>() {
                    details.push(&mut build, position % size, position / size, &entry, row);
                }
            })
        });
        read?.0
    } else {
        let read = elements(source, &DETAILS, |piece| {
            piece.each(|row, entry: Value| {
                let named = name(&entry["example_abbr"]).and_then(|n| n.rsplit('_').next()?.parse().ok());
                details.push(&mut build, named.unwrap_or(row as usize - 1), 0, &entry, row);
            })
        });
        read?.0
    };
    let n_without_verdict = details.n_without_verdict;
    if n_without_verdict > 0 {
        let answers = counted(n_without_verdict, "answer", "answers");
        let message = format!("{answers} got no verdict from the judge: unscored, not wrong");
        build.note(None, message);
    }
    let said = passage.n_records > 0 || passage.n_faults > 0 || passage.truncated.is_some();
    build.finish(Some(&passage).filter(|_| said), "details of single questions (give `--dump-eval-details`)")
}

/// The name of the score that the verdicts add up to: `accuracy`, `score`, or whatever comes first.
fn metric_of(content: &Value) -> String {
    let plain = |name: &str| name.split(" (").next().unwrap_or(name).to_owned();
    let scores = || content.as_object().into_iter().flatten().filter(|(_, value)| value.is_number());
    let known =
        ["accuracy", "score"].into_iter().find(|known| scores().any(|(name, _)| plain(name) == *known));
    known
        .map(str::to_owned)
        .or_else(|| scores().next().map(|(name, _)| plain(name)))
        .unwrap_or("accuracy".into())
}

struct Details<'p> {
    place: &'p Place,
    run: u32,
    metric: u32,
    n_without_verdict: usize,
}

impl Details<'_> {
    fn push(&mut self, build: &mut Builder, position: usize, first_repeat: usize, entry: &Value, at: u64) {
        let item = self.place.item(build, position);
        let one_or_more = |names: &[&str]| -> Vec<Value> {
            match names.iter().find_map(|key| entry.get(*key)) {
                Some(Value::Array(all)) => all.clone(),
                Some(value) => vec![value.clone()],
                None => Vec::new(),
            }
        };
        let (verdicts, answers, keys) = (one_or_more(&VERDICTS), one_or_more(&ANSWERS), one_or_more(&KEYS));
        // Without a verdict and an answer, the prediction is that of the judge.
        let judged =
            if verdicts.is_empty() && answers.is_empty() { one_or_more(&["prediction"]) } else { Vec::new() };
        let labels = labels(entry);
        let option = |value: &Value| {
            let text = name(value)?;
            let by_label = labels.iter().position(|label| *label == text);
            by_label.and_then(|at| u16::try_from(at).ok()).or_else(|| letter(&text))
        };
        let key = keys.first().and_then(accepted);
        build.describe(item, |item| {
            item.gold = keys.first().and_then(option);
            item.gold_text = key.as_deref().map(Into::into);
        });
        for repeat in 0..verdicts.len().max(answers.len()).max(judged.len()).max(1) {
            let answer = answers.get(repeat).and_then(name);
            let verdict = judged.get(repeat).and_then(name).map(|said| of_judge(&said));
            let score = match verdict {
                Some(Verdict::Right) => Some(1.0),
                Some(Verdict::Wrong | Verdict::NotAttempted) => Some(0.0),
                Some(Verdict::Unknown) => None,
                None => verdicts.get(repeat).and_then(number),
            };
            let mut row = Row::new(self.run, item, self.metric, score);
            row.repeat = u32::try_from(first_repeat + repeat).unwrap_or(u32::MAX);
            row.chosen = answers.get(repeat).and_then(option);
            row.gold = keys.get(repeat).or(keys.first()).and_then(option);
            let is_silent = answer.as_deref().is_some_and(|a| a.trim().is_empty());
            if score.is_some() && (is_silent || verdict == Some(Verdict::NotAttempted)) {
                row.status = Status::NoAnswer;
            }
            self.n_without_verdict += usize::from(verdict == Some(Verdict::Unknown));
            row.prediction = answer.filter(|a| a.len() <= PREDICTION_BYTES).map(Into::into);
            build.push(row, at);
        }
    }
}

/// The key as a text; of several accepted answers the first that says something.
fn accepted(key: &Value) -> Option<String> {
    match key {
        Value::Array(all) => all.iter().filter_map(name).find(|text| !text.trim().is_empty()),
        one => name(one),
    }
}

/// The options, where each was scored by its perplexity: `{"A": {"prompt": …, "PPL": …}, …}`.
fn labels(entry: &Value) -> Vec<&str> {
    let scored = entry["origin_prediction"].as_object().into_iter().flatten();
    scored.filter(|(_, value)| value.get("PPL").is_some()).map(|(label, _)| label.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The item of each row, and the row.
    fn rows(text: &str) -> Vec<(String, Row)> {
        let path = "20260101_000000/results/m/winogrande.json";
        let table = read(&Source::new(path, None, text.as_bytes().to_vec())).unwrap().table;
        assert_eq!(table.runs[0].timestamp.as_deref(), Some("20260101_000000"));
        table.rows().map(|row| (table.items[row.item as usize].id.to_string(), row)).collect()
    }

    #[test]
    fn labels_of_options_need_not_be_letters() {
        let text = r#"{"accuracy": 0.0, "details": {"type": "PPL", "0": {"origin_prediction": {"gold": "yes", "yes":
            {"PPL": 2.0}, "no": {"PPL": 1.0}}, "predictions": "no", "references": "yes", "correct": false}}}"#;
        let row = &rows(text)[0].1;
        assert_eq!(row.score, Some(0.0));
        assert!(row.chosen.is_some() && row.gold.is_some() && row.chosen != row.gold);
    }

    #[test]
    fn an_object_of_details_may_have_the_data_set_several_times() {
        let entry = |place: usize, key: &str, right: bool| {
            format!(
                r#""{place}": {{"prompt": "{key}?", "predictions": "A", "references": "{key}", "correct": {right}}}"#
            )
        };
        let entries = [entry(0, "A", true), entry(1, "B", false), entry(2, "A", false), entry(3, "B", true)];
        let found =
            rows(&format!(r#"{{"score": 50.0, "details": {{"type": "GEN", {}}}}}"#, entries.join(", ")));
        let found: Vec<_> = found.into_iter().map(|(item, row)| (item, row.repeat, row.score)).collect();
        let expected = [("0", 0, Some(1.0)), ("1", 0, Some(0.0)), ("0", 1, Some(0.0)), ("1", 1, Some(1.0))];
        assert_eq!(found, expected.map(|(item, repeat, score)| (item.to_owned(), repeat, score)));
    }

    #[test]
    fn the_metric_is_that_of_the_results() {
        let of = |value| metric_of(&value);
        assert_eq!(of(serde_json::json!({"score": 1.0, "details": []})), "score");
        assert_eq!(of(serde_json::json!({"accuracy (3 runs average)": 1.0})), "accuracy");
        assert_eq!(of(serde_json::json!({"rouge1": 1.0, "details": []})), "rouge1");
    }
}
