//! How do JSON records become a frame? One object for each row, on lines or in an array; a value for each cell.

use crate::ingest::fragment::{Note, ReadError};
use crate::ingest::peek::{Peek, Shape};
use crate::store::frame::{Cells, Frame, WordsBuilder};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// More lines that are no records than this share mean that the file is not what it seems.
const SHARE_BROKEN: f64 = 0.1;

/// Reads records. A nested value becomes its JSON text.
///
/// # Errors
/// [`ReadError::Truncated`], [`ReadError::Malformed`], [`ReadError::Empty`].
pub fn read(file: &str, bytes: &[u8]) -> Result<(Frame, Vec<Note>), ReadError> {
    let mut builder = Builder::default();
    match Peek::at(bytes).map(|peek| peek.shape) {
        Some(Shape::Array) => {
            let records: Vec<Map<String, Value>> =
                serde_json::from_slice(bytes).map_err(|e| json_error(file, None, &e))?;
            records.iter().for_each(|record| builder.push(record));
            builder.finish(file, Vec::new())
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
    let (mut n_broken, mut first_broken) = (0usize, None);
    let mut n_lines = 0usize;
    for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        n_lines += 1;
        match serde_json::from_slice(line) {
            Ok(record) => builder.push(&record),
            Err(error) => {
                n_broken += 1;
                first_broken.get_or_insert_with(|| json_error(file, Some(at as u64 + 1), &error));
            }
        }
    }
    match first_broken {
        Some(error) if n_broken as f64 > SHARE_BROKEN * n_lines as f64 => Err(error),
        Some(error) => {
            let row = match &error {
                ReadError::Malformed { row, .. } => *row,
                _ => Some(n_lines as u64),
            };
            let message = format!("{n_broken} lines that are no JSON object were left out; write them again");
            Ok(vec![Note { file: file.to_owned(), row, message }])
        }
        None => Ok(Vec::new()),
    }
}

fn json_error(file: &str, row: Option<u64>, error: &serde_json::Error) -> ReadError {
    let file = file.to_owned();
    if error.is_eof() {
        return ReadError::Truncated { file, what: "a JSON value".to_owned() };
    }
    let message = format!("not a JSON record ({error}); one object for each row is expected");
    ReadError::Malformed { file, row, message }
}

#[derive(Default)]
struct Builder {
    columns: Vec<(String, WordsBuilder)>,
    place: HashMap<String, usize>,
    n_rows: usize,
}

impl Builder {
    fn push(&mut self, record: &Map<String, Value>) {
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
        let n_rows = self.n_rows;
        let finish = |(name, mut column): (String, WordsBuilder)| {
            column.fill_to(n_rows);
            (name, Cells::Words(column.finish()))
        };
        let columns = self.columns.into_iter().map(finish).collect();
        Ok((Frame { columns, n_rows, unread: Vec::new() }, notes))
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
    fn broken_lines_are_counted_and_a_broken_file_is_an_error() {
        let mut text = "{\"item\":1,\"score\":1}\n".repeat(20);
        text.push_str("{\"item\":1,\"sc");
        let (frame, notes) = read("f", text.as_bytes()).unwrap();
        assert_eq!((frame.n_rows, notes.len()), (20, 1));
        assert!(matches!(read("f", b"{\"item\":1,\"sc"), Err(ReadError::Truncated { .. })));
        assert!(matches!(read("f", b"{\"a\":1}\n{oops}\n"), Err(ReadError::Malformed { row: Some(2), .. })));
    }
}
