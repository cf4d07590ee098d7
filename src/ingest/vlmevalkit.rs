//! What does a spreadsheet of VLMEvalKit say? One row for each question, with a verdict if a judge was there.

use super::build::Builder;
use super::json::value::{letter, number};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use calamine::{Data, Reader, Xlsx};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Cursor;

/// Places of rolled copies of a question begin here: the options of the same question, turned round.
const ROLL: i64 = 1_000_000;

/// Reads `<model>_<data set>_<judge>_result.xlsx`; the model is the directory.
///
/// A question that was asked with its options turned round is right if every copy is right.
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
    let run = build.run(&model, &[&data_set], |run| run.model_raw = Some(model.clone()));
    let metric = build.metric(&data_set, "hit", None, true);
    let text = |row: usize, name: &str| sheet.column(name).and_then(|at| sheet.text(row, at));
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
        let options: Vec<String> = ('A'..='Z').map_while(|letter| text(first, &letter.to_string())).collect();
        let answer = text(first, "answer");
        let gold = answer.as_deref().and_then(letter);
        let subject = text(first, "category");
        let item = build.item(&data_set, subject.as_deref(), &id, |item| {
            item.native_id = Some(id.clone());
            item.question = text(first, "question");
            item.options = (!options.is_empty()).then_some(options);
            item.gold = gold;
            item.gold_text.clone_from(&answer);
        });
        let prediction = text(first, "prediction");
        let mut scored = Row::new(run, item, metric, score);
        scored.gold = gold;
        scored.chosen = prediction.as_deref().and_then(letter);
        scored.prediction = prediction.filter(|p| p.len() <= 64).map(Into::into);
        // Line 1 holds the names of the columns.
        build.push(scored, first as u64 + 2);
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
    let model = above.pop().unwrap_or_default();
    let rest = stem.strip_prefix(model.as_str()).unwrap_or(stem).trim_start_matches('_');
    let data_set = match rest.strip_suffix("_result").and_then(|rest| rest.rsplit_once('_')) {
        Some((data_set, _judge)) => data_set,
        None => rest,
    };
    (model, data_set.to_owned())
}

/// The names of the columns of the first sheet of a spreadsheet.
pub fn columns(bytes: &[u8]) -> Option<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).ok()?;
    let range = book.worksheet_range_at(0)?.ok()?;
    Some(range.rows().next()?.iter().map(ToString::to_string).collect())
}

struct Sheet {
    names: Vec<String>,
    rows: Vec<Vec<Data>>,
}

impl Sheet {
    fn read(source: &Source) -> Result<Self, ReadError> {
        let damaged = |e: String| ReadError::Malformed {
            file: source.name(),
            row: None,
            message: format!("the spreadsheet cannot be read ({e}); copy it or export it again"),
        };
        let mut book: Xlsx<_> =
            Xlsx::new(Cursor::new(source.bytes.as_slice())).map_err(|e| damaged(e.to_string()))?;
        let range = match book.worksheet_range_at(0) {
            Some(range) => range.map_err(|e| damaged(e.to_string()))?,
            None => return Err(ReadError::Empty { file: source.name() }),
        };
        let mut rows = range.rows();
        let names = rows.next().unwrap_or_default().iter().map(ToString::to_string).collect();
        Ok(Self { names, rows: rows.map(<[Data]>::to_vec).collect() })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The text of a cell; whole numbers without a point, although a spreadsheet has only real ones.
    fn text(&self, row: usize, column: usize) -> Option<String> {
        match self.rows.get(row)?.get(column)? {
            Data::Empty | Data::Error(_) => None,
            Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some((*number as i64).to_string())
            }
            other => Some(other.to_string()).filter(|text| !text.is_empty()),
        }
    }
}
