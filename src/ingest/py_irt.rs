//! What does a py-irt data set say? One line for each respondent, with a score for each item.

use super::fragment::counted;
use super::json::{Scalar, Text, pieces};
use super::{Fragment, Note, ReadError, Source};
use crate::response::{Item, Metric, ResponseTable, Row, Run};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Reads JSON Lines of `{"subject_id": …, "responses": {item: score, …}}`.
///
/// Names of items may be whole sentences. Scores need not be 0 or 1. The benchmark is named after the file, and
/// a respondent that has several lines has several runs.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source) -> Result<Fragment, ReadError> {
    let file = source.name();
    let name = source.file_name();
    let benchmark =
        [".jsonlines", ".jsonl", ".json"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    let mut table = ResponseTable::default();
    table.metrics.push(Metric { primary: true, ..Metric::new(benchmark, "response", None) });
    let mut items: HashMap<String, u32> = HashMap::new();
    let mut runs: HashSet<String> = HashSet::new();
    let mut notes = Vec::new();
    let mut without: Vec<u64> = Vec::new();
    let mut unscored = 0usize;
    let mut passage = pieces(source, |piece| {
        piece.each(|row, record: Record| {
            let Some((respondent, responses)) = record.subject.and_then(|s| s.name()).zip(record.responses)
            else {
                without.push(row);
                return;
            };
            let run = table.runs.len() as u32;
            let mut id = format!("{respondent} {benchmark}");
            if !runs.insert(id.clone()) {
                id = format!("{id} line {row}");
                runs.insert(id.clone());
                notes.push(Note {
                    file: file.clone(),
                    row: Some(row),
                    message: format!("{respondent:?} has more than one line: each is a run of its own"),
                });
            }
            table.runs.push(Run {
                model_raw: Some(respondent.clone()),
                harness: Some("py-irt".to_owned()),
                files: vec![file.clone()],
                ..Run::new(id, respondent)
            });
            for (name, value) in responses {
                let item = match items.get(name.0.as_ref()) {
                    Some(&item) => item,
                    None => {
                        let item = table.items.len() as u32;
                        table.items.push(Item::new(benchmark, None, name.0.as_ref()));
                        items.insert(name.0.into_owned(), item);
                        item
                    }
                };
                let score = value.number().filter(|s| s.is_finite());
                unscored += usize::from(score.is_none());
                let source_row = u32::try_from(row).ok();
                table.push(Row { source_row, ..Row::new(run, item, 0, score) });
            }
        })
    })?;
    for row in without {
        passage.fault(row, "a line must have `subject_id` and `responses`, an object of scores by item");
    }
    let mut all = passage.notes(&file)?;
    if table.runs.is_empty() {
        let first = passage.faults.into_iter().next();
        let row = first.as_ref().map(|f| f.row);
        let message = first.map_or_else(|| "no record could be read".to_owned(), |f| f.message);
        return Err(ReadError::Malformed { file, row, message });
    }
    all.append(&mut notes);
    if unscored > 0 {
        let unscored = counted(unscored, "response is not a number", "responses are not numbers");
        let message = format!("{unscored}: unscored, not wrong");
        all.push(Note { file, row: None, message });
    }
    Ok(Fragment { table, notes: all, ..Fragment::default() })
}

#[derive(Default)]
struct Record<'a> {
    subject: Option<Scalar<'a>>,
    responses: Option<Vec<(Text<'a>, Scalar<'a>)>>,
}

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Record<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `subject_id` and `responses`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut record = Record::default();
                while let Some(key) = map.next_key::<Text>()? {
                    match key.0.as_ref() {
                        "subject_id" => record.subject = Some(map.next_value()?),
                        "responses" => record.responses = Some(map.next_value::<Responses>()?.0),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(record)
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

struct Responses<'a>(Vec<(Text<'a>, Scalar<'a>)>);

impl<'de> Deserialize<'de> for Responses<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Responses<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of scores by item")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Responses(all))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}
