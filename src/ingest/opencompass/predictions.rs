//! What was asked? Predictions give the questions of a data set. Where a judge decided, its own predictions are the
//! verdicts.

use super::{Asked, Place, Verdict, data_set, of_judge, period};
use crate::ingest::build::Builder;
use crate::ingest::json::entries;
use crate::ingest::json::value::name;
use crate::ingest::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Reads `predictions/<model>/<data set>.json`, or a part of it, `<data set>_<k>.json`, with the parts beside it; or
/// `results/<model>/<data set>_replica<k>.json`, what a judge said, where no details were dumped.
///
/// Predictions give the text of the items and no rows.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let file = data_set(source);
    let is_of_results = source.directories().iter().rev().nth(1).is_some_and(|above| above == "results");
    match numbered(&file, "_replica").filter(|_| is_of_results) {
        Some((data_set, replica)) => judged(source, data_set, replica),
        None => questions(source, &file, beside),
    }
}

fn questions(source: &Source, file: &str, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "opencompass");
    let whole = Whole::of(file, source, beside);
    let place = Place::of(source, whole.data_set);
    let size = match whole.size {
        0 => Asked::of(source, &[])?.0.period().max(1),
        size => size,
    };
    let (passage, _) = entries(source, &[], |key, piece| {
        piece.each(|_, entry: Value| {
            if let Ok(position) = key.parse::<usize>() {
                let item = place.item(&mut build, position.saturating_add(whole.n_before) % size);
                describe(&mut build, item, &entry);
            }
        })
    })?;
    let message = "predictions have no scores: they explain the results of the same data set, written with \
                   `--dump-eval-details`";
    build.note(None, message);
    build.finish(Some(&passage), "a question")
}

/// The data set that a file is the whole or a part of.
struct Whole<'f> {
    data_set: &'f str,
    /// Entries of earlier parts.
    n_before: usize,
    /// Questions of the data set; 0 where the file is all of it, which tells by itself.
    size: usize,
}

impl<'f> Whole<'f> {
    /// A file is a part if its name ends in a number, the parts from 0 on are there, and the whole is not: then the
    /// harness puts the parts behind one another.
    fn of(file: &'f str, source: &Source, beside: &[&Source]) -> Self {
        let alone = Self { data_set: file, n_before: 0, size: 0 };
        let find =
            |name: &str| beside.iter().copied().chain([source]).find(|source| data_set(source) == name);
        let Some((data_set, part)) = numbered(file, "_").filter(|(data_set, _)| find(data_set).is_none())
        else {
            return alone;
        };
        // One that cannot be read ends the row, as in the harness.
        let read = |k: usize| -> Option<Asked> {
            let (asked, passage, _) = Asked::of(find(&format!("{data_set}_{k}"))?, &[]).ok()?;
            (passage.truncated.is_none() && passage.n_faults == 0).then_some(asked)
        };
        let parts: Vec<Asked> = (0..).map_while(read).collect();
        if part >= parts.len() {
            return alone;
        }
        let all: Vec<u64> =
            parts.iter().flat_map(|part| part.by_position.iter().map(|(_, hash)| *hash)).collect();
        let n_before = parts[..part].iter().map(|part| part.n_entries).sum();
        Self { data_set, n_before, size: period(&all).max(1) }
    }
}

/// What a judge said of each answer.
fn judged(source: &Source, data_set: &str, replica: usize) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "opencompass");
    let place = Place::of(source, data_set);
    let run = place.run(&mut build);
    let metric = build.metric(&place.benchmark, "accuracy", None, true);
    let (passage, _) = entries(source, &[], |key, piece| {
        piece.each(|row, entry: Value| {
            let Ok(position) = key.parse() else { return };
            let item = place.item(&mut build, position);
            build.describe(item, |item| {
                item.gold_text = entry.get("gold").and_then(name).map(Into::into);
            });
            let verdict = name(&entry["prediction"]).map_or(Verdict::Unknown, |said| of_judge(&said));
            let score = match verdict {
                Verdict::Right => Some(1.0),
                Verdict::Wrong | Verdict::NotAttempted => Some(0.0),
                Verdict::Unknown => None,
            };
            let mut scored = Row::new(run, item, metric, score);
            scored.repeat = u32::try_from(replica).unwrap_or(u32::MAX);
            if verdict == Verdict::NotAttempted {
                scored.status = Status::NoAnswer;
            }
            build.push(scored, row);
        })
    })?;
    build.note(None, "no details were dumped: the verdicts are those that the judge gave, A for right");
    build.finish(Some(&passage), "what a judge said")
}

/// What is before a mark and a number at the end of a name.
fn numbered<'n>(name: &'n str, mark: &str) -> Option<(&'n str, usize)> {
    let (before, number) = name.rsplit_once(mark)?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if !is_number || before.is_empty() {
        return None;
    }
    Some((before, number.parse().ok()?))
}

/// The question of a prediction: the last turn of its prompt.
fn describe(build: &mut Builder, item: u32, entry: &Value) {
    let prompt = &entry["origin_prompt"];
    let question = match prompt.as_array() {
        Some(turns) => turns.iter().rev().find(|t| t["role"] == "HUMAN").and_then(|t| name(&t["prompt"])),
        None => name(prompt),
    };
    build.describe(item, |item| {
        item.question = question.map(Into::into);
        item.gold_text = entry.get("gold").and_then(name).map(Into::into);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source::new(name, None, text.as_bytes().to_vec())
    }

    fn asked(texts: &[&str]) -> String {
        let entry = |(at, text): (usize, &&str)| {
            format!(
                r#""{at}": {{"origin_prompt": [{{"role": "HUMAN", "prompt": "{text}?"}}], "prediction": "x"}}"#
            )
        };
        format!("{{{}}}", texts.iter().enumerate().map(entry).collect::<Vec<_>>().join(", "))
    }

    /// Name and question of each item.
    fn items(source: &Source, beside: &[&Source]) -> Vec<String> {
        let table = read(source, beside).unwrap().table;
        assert!(table.items.iter().all(|item| item.benchmark == table.items[0].benchmark));
        let named = |item: &crate::response::Item| {
            format!("{}/{} {}", item.benchmark, item.id.as_str(), item.question().unwrap_or_default())
        };
        table.items.iter().map(named).collect()
    }

    #[test]
    fn parts_stand_behind_one_another() {
        let texts = [asked(&["a", "b"]), asked(&["c", "a"]), asked(&["b", "c"])];
        let parts: Vec<Source> =
            (0..3).map(|k| source(&format!("predictions/m/d_{k}.json"), &texts[k])).collect();
        let beside: Vec<&Source> = parts.iter().collect();
        assert_eq!(items(&parts[0], &beside), ["d/0 a?", "d/1 b?"]);
        // The data set stands twice over all parts.
        assert_eq!(items(&parts[1], &beside), ["d/2 c?", "d/0 a?"]);
        let whole = source("predictions/m/d.json", &texts[0]);
        assert_eq!(items(&parts[1], &[&parts[0], &parts[1], &whole]), ["d_1/0 c?", "d_1/1 a?"]);
        assert_eq!(items(&parts[2], &[&parts[0], &parts[2]]), ["d_2/0 b?", "d_2/1 c?"]);
    }

    #[test]
    fn what_a_judge_said_is_no_question() {
        let text = r#"{"0": {"origin_prompt": "Judge!", "prediction": "A", "gold": "x"},
            "1": {"origin_prompt": "Judge!", "prediction": "B"}, "2": {"origin_prompt": "Judge!", "prediction": "?"}}"#;
        let fragment = read(&source("results/m/d_replica1.json", text), &[]).unwrap();
        let rows: Vec<_> = fragment.table.rows().map(|row| (row.repeat, row.score)).collect();
        assert_eq!(rows, [(1, Some(1.0)), (1, Some(0.0)), (1, None)]);
        assert!(fragment.table.items.iter().all(|item| item.benchmark == "d" && item.question.is_none()));
    }
}
