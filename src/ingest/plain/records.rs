//! How do JSON records become a frame? One object for each row, on lines or in an array; a value for each cell.

use crate::ingest::fragment::{Note, ReadError};
use crate::ingest::json::{each_record, repair};
use crate::ingest::peek::{Peek, Shape};
use crate::store::frame::{Cells, Frame, WordsBuilder};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Display;

/// More lines that are no records than this share mean that the file is not what it seems.
const SHARE_BROKEN: f64 = 0.1;

/// Reads records. A nested value becomes its JSON text; a bare `NaN`, as Python writes it, is one as text.
///
/// # Errors
/// [`ReadError::Truncated`], [`ReadError::Malformed`], [`ReadError::Empty`].
pub fn read(file: &str, bytes: &[u8]) -> Result<(Frame, Vec<Note>), ReadError> {
    let mut builder = Builder::default();
    let text = std::str::from_utf8(bytes).map(repair);
    let bytes = text.as_deref().map_or(bytes, str::as_bytes);
    match (Peek::at(bytes).map(|peek| peek.shape), &text) {
        (Some(Shape::Array), Ok(text)) => {
            let passage = each_record(text, |_, record: Map<String, Value>| builder.push(&record));
            if passage.n_faults as f64 > SHARE_BROKEN * (passage.n_faults + passage.n_records) as f64
                && let Some(fault) = passage.faults.first()
            {
                let (row, message) = (Some(fault.row), not_a_record(&fault.message));
                return Err(ReadError::Malformed { file: file.to_owned(), row, message });
            }
            builder.finish(file, passage.notes(file)?)
        }
        _ => {
            let notes = read_lines(file, bytes, &mut builder)?;
            builder.finish(file, notes)
        }
    }
}

fn read_lines(file: &str, bytes: &[u8], builder: &mut Builder) -> Result<Vec<Note>, ReadError> {
    // One object over several lines is one record.
    if let Ok(record) = serde_json::from_slice(bytes) {
        builder.push(&record);
        return Ok(Vec::new());
    }
    let mut broken = Broken::default();
    builder.push_lines(file, bytes, 0, &mut broken);
    broken.notes(file)
}

/// Lines that are no records.
#[derive(Debug, Clone, Default)]
pub struct Broken {
    n_lines: usize,
    n_broken: usize,
    first: Option<ReadError>,
}

impl Broken {
    /// Adds those of the lines that follow.
    pub fn add(&mut self, other: Self) {
        self.n_lines += other.n_lines;
        self.n_broken += other.n_broken;
        self.first = self.first.take().or(other.first);
    }

    /// What a user should know of them.
    ///
    /// # Errors
    /// The first one, if there are too many.
    pub fn notes(self, file: &str) -> Result<Vec<Note>, ReadError> {
        let Self { n_lines, n_broken, first } = self;
        match first {
            Some(error) if n_broken as f64 > SHARE_BROKEN * n_lines as f64 => Err(error),
            Some(error) => {
                let row = match &error {
                    ReadError::Malformed { row, .. } => *row,
                    _ => Some(n_lines as u64),
                };
                let message =
                    format!("{n_broken} lines that are no JSON object were left out; write them again");
                Ok(vec![Note { file: file.to_owned(), row, message }])
            }
            None => Ok(Vec::new()),
        }
    }
}

fn json_error(file: &str, row: Option<u64>, error: &serde_json::Error) -> ReadError {
    let file = file.to_owned();
    if error.is_eof() {
        return ReadError::Truncated { file, what: "a JSON value".to_owned() };
    }
    ReadError::Malformed { file, row, message: not_a_record(error) }
}

fn not_a_record(error: impl Display) -> String {
    format!("not a JSON record ({error}); one object for each row is expected")
}

/// Records on their way to a frame.
#[derive(Default)]
pub(super) struct Builder {
    columns: Vec<(String, WordsBuilder)>,
    place: HashMap<String, usize>,
    n_rows: usize,
}

impl Builder {
    /// One for records after others, which had fields of these names.
    pub fn with_columns<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let columns: Vec<_> = names.map(|name| (name.to_owned(), WordsBuilder::default())).collect();
        let place = columns.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        Self { columns, place, n_rows: 0 }
    }

    /// Adds the records of lines that come after `lines_before` others.
    pub fn push_lines(&mut self, file: &str, bytes: &[u8], lines_before: u64, broken: &mut Broken) {
        for (at, line) in (lines_before + 1..).zip(bytes.split(|b| *b == b'\n')) {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            broken.n_lines += 1;
            match serde_json::from_slice(line) {
                Ok(record) => self.push(&record),
                Err(error) => {
                    broken.n_broken += 1;
                    broken.first.get_or_insert_with(|| json_error(file, Some(at), &error));
                }
            }
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Adds a record.
    pub fn push(&mut self, record: &Map<String, Value>) {
        for (name, value) in record {
            let at = *self.place.entry(name.clone()).or_insert_with(|| {
                self.columns.push((name.clone(), WordsBuilder::default()));
                self.columns.len() - 1
            });
            let column = &mut self.columns[at].1;
            column.fill_to(self.n_rows);
            match value {
                Value::Null => column.push(None),
                Value::String(text) => column.push(Some(text)),
                other => column.push(Some(&other.to_string())),
            }
        }
        self.n_rows += 1;
    }

    fn finish(self, file: &str, notes: Vec<Note>) -> Result<(Frame, Vec<Note>), ReadError> {
        if self.n_rows == 0 {
            return Err(ReadError::Empty { file: file.to_owned() });
        }
        Ok((self.frame(), notes))
    }

    /// The records so far.
    pub fn frame(self) -> Frame {
        let n_rows = self.n_rows;
        let finish = |(name, mut column): (String, WordsBuilder)| {
            column.fill_to(n_rows);
            (name, Cells::Words(column.finish()))
        };
        let columns = self.columns.into_iter().map(finish).collect();
        Frame { columns, n_rows, unread: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_arrays_give_the_same_frame() {
        let lines = b"{\"item\":\"007\",\"score\":true}\n\n{\"score\":0.5,\"options\":[\"a\"]}\n";
        let array = br#"[{"item":"007","score":true},{"score":0.5,"options":["a"]}]"#;
        let (frame, _) = read("f", lines).unwrap();
        assert_eq!(read("f", array).unwrap().0, frame);
        assert_eq!(frame.n_rows, 2);
        assert_eq!(frame.column("item").unwrap().to_words().get(1), None);
        assert_eq!(frame.column("options").unwrap().to_words().get(1), Some("[\"a\"]"));
    }

    #[test]
    fn what_python_writes_for_no_number_is_kept() {
        let lines = b"{\"item\":1,\"score\":NaN}\n{\"item\":2,\"score\":1,\"x\":-Infinity}\n";
        let array = b"[{\"item\":1,\"score\":NaN},{\"item\":2,\"score\":1,\"x\":-Infinity}]";
        let (frame, notes) = read("f", lines).unwrap();
        assert_eq!((frame.n_rows, notes.len()), (2, 0));
        assert_eq!(frame.column("score").unwrap().to_words().get(0), Some("NaN"));
        assert_eq!(read("f", array).unwrap().0, frame);
    }

    #[test]
    fn a_damaged_element_of_an_array_is_left_out_and_told() {
        let good = vec!["{\"item\":1,\"score\":1}"; 20].join(",");
        let (frame, notes) = read("f", format!("[{good},{{\"item\":tru}},{good}]").as_bytes()).unwrap();
        assert_eq!((frame.n_rows, notes.len(), notes[0].row), (40, 1, Some(21)));
        assert!(matches!(
            read("f", b"[{\"item\":1},{\"item\":tru}]"),
            Err(ReadError::Malformed { row: Some(2), .. })
        ));
    }

    #[test]
    fn broken_lines_are_counted_and_a_broken_file_is_an_error() {
        let mut text = "{\"item\":1,\"score\":1}\n".repeat(20);
        text.push_str("{\"item\":1,\"sc");
        let (frame, notes) = read("f", text.as_bytes()).unwrap();
        assert_eq!((frame.n_rows, notes.len()), (20, 1));
        assert!(matches!(read("f", b"{\"item\":1,\"sc"), Err(ReadError::Truncated { .. })));
        assert!(matches!(read("f", b"{\"a\":1}\n{oops}\n"), Err(ReadError::Malformed { row: Some(2), .. })));
    }
}
