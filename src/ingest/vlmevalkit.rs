//! What does a spreadsheet of VLMEvalKit say? One row for each question, with a verdict if a judge was there.

use super::build::Builder;
use super::json::value::{letter, number};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use crate::store::guard::guard;
use calamine::{Data, Reader, Xlsx, XlsxError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

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
    let run = build.run(&model, &[&data_set], |_| {});
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
        build.push(scored, sheet.rows[first].0);
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
///
/// # Errors
/// [`ReadError::Malformed`].
pub fn columns(source: &Source) -> Result<Vec<String>, ReadError> {
    let names = cells(source, 1)?.pop_first().map(|(_, names)| names).unwrap_or_default();
    Ok(names.into_values().map(|name| name.to_string()).collect())
}

/// The cells of a row, by column.
type Cells = BTreeMap<u32, Data>;

/// The cells of the first sheet, up to so many rows of it. Only those that are there: one cell at the far corner of
/// a sheet would make a rectangle of all others.
fn cells(source: &Source, most_rows: usize) -> Result<BTreeMap<u32, Cells>, ReadError> {
    let malformed = |message| ReadError::Malformed { file: source.name(), row: None, message };
    let bytes = source.bytes()?;
    bounded(&bytes, MOST_BYTES).map_err(malformed)?;
    let read = || {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(&*bytes))?;
        let Some(sheet) = book.sheet_names().into_iter().next() else { return Ok(BTreeMap::new()) };
        let mut reader = book.worksheet_cells_reader(&sheet)?;
        let mut rows: BTreeMap<u32, Cells> = BTreeMap::new();
        while let Some(cell) = reader.next_cell()? {
            let (row, column) = cell.get_position();
            if rows.len() == most_rows && !rows.contains_key(&row) {
                break;
            }
            let value = Data::from(cell.get_value().clone());
            if value != Data::Empty {
                rows.entry(row).or_default().insert(column, value);
            }
        }
        Ok::<_, XlsxError>(rows)
    };
    guard(read).map_err(|why: String| {
        malformed(format!("the spreadsheet cannot be read ({why}); copy it or export it again"))
    })
}

/// A spreadsheet that unpacks to more is none of answers.
const MOST_BYTES: u64 = 512 << 20;

/// Whether the members of a zip file unpack to so many bytes at most. What they say of themselves may be wrong.
fn bounded(bytes: &[u8], most: u64) -> Result<(), String> {
    let damaged =
        |why: String| format!("the spreadsheet cannot be unpacked ({why}); copy it or export it again");
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(e.to_string()))?;
    let mut left = most;
    for at in 0..zip.len() {
        let member = zip.by_index(at).map_err(|e| damaged(e.to_string()))?;
        let unpacked = io::copy(&mut member.take(left.saturating_add(1)), &mut io::sink());
        left = left.checked_sub(unpacked.map_err(|e| damaged(e.to_string()))?).ok_or_else(|| {
            format!("the spreadsheet unpacks to more than {} MB; save its table as CSV", most >> 20)
        })?;
    }
    Ok(())
}

struct Sheet {
    /// The names of columns, by column.
    names: BTreeMap<u32, String>,
    /// The number of each row in the sheet, from 1, and its cells.
    rows: Vec<(u64, Cells)>,
}

impl Sheet {
    fn read(source: &Source) -> Result<Self, ReadError> {
        let mut rows = cells(source, usize::MAX)?;
        let Some((_, names)) = rows.pop_first() else {
            return Err(ReadError::Empty { file: source.name() });
        };
        let names = names.into_iter().map(|(column, name)| (column, name.to_string())).collect();
        Ok(Self { names, rows: rows.into_iter().map(|(row, cells)| (u64::from(row) + 1, cells)).collect() })
    }

    fn column(&self, name: &str) -> Option<u32> {
        self.names.iter().find(|(_, n)| *n == name).map(|(column, _)| *column)
    }

    /// The text of a cell; whole numbers without a point, although a spreadsheet has only real ones.
    fn text(&self, row: usize, column: u32) -> Option<String> {
        match self.rows.get(row)?.1.get(&column)? {
            Data::Empty | Data::Error(_) => None,
            Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some((*number as i64).to_string())
            }
            other => Some(other.to_string()).filter(|text| !text.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    #[test]
    fn what_unpacks_to_too_much_is_not_read() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["[Content_Types].xml", "xl/workbook.xml"] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&[b' '; 3000]).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        assert_eq!(bounded(&bytes, 6000), Ok(()));
        assert!(bounded(&bytes, 5999).unwrap_err().contains("save its table as CSV"));
        assert!(bounded(&bytes[..bytes.len() - 9], 6000).unwrap_err().contains("copy it"));
    }
}
