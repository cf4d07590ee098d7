//! Which records does a text hold? One value, an array of them, or one on each line: found from the content.

use crate::ingest::{Note, ReadError};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;
use std::marker::PhantomData;

/// How a text is laid out. The name of a file says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value, or several one after another, over any number of lines.
    Values,
    /// The elements of one array.
    Array,
    /// One value on each line.
    Lines,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line or element, from 1.
    pub row: u64,
    /// What is wrong.
    pub message: String,
}

/// Faults beyond this number are counted, not kept.
const FAULTS_KEPT: usize = 20;

/// What came of going through a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// How it is laid out.
    pub shape: Shape,
    /// Records that were read.
    pub n_records: u64,
    /// The first records that could not be read.
    pub faults: Vec<Fault>,
    /// How many there were.
    pub n_faults: u64,
    /// The line or element in which the text ends too early.
    pub truncated: Option<u64>,
}

impl Passage {
    /// Nothing read yet.
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, n_records: 0, faults: Vec::new(), n_faults: 0, truncated: None }
    }

    /// Counts a record that could not be used.
    pub fn fault(&mut self, row: u64, message: impl Into<String>) {
        self.n_faults += 1;
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(Fault { row, message: message.into() });
        }
    }

    /// Adds what came of going through the text behind this one.
    pub(super) fn append(&mut self, other: Self) {
        let room = FAULTS_KEPT - self.faults.len().min(FAULTS_KEPT);
        self.faults.extend(other.faults.into_iter().take(room));
        self.n_faults += other.n_faults;
        self.n_records += other.n_records;
        self.truncated = other.truncated;
    }

    /// What a user should know: a note for every fault and for an early end, or an error if nothing was read.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] or [`ReadError::Malformed`] where no record could be read,
    /// [`ReadError::Empty`] where there was none.
    pub fn notes(&self, file: &str) -> Result<Vec<Note>, ReadError> {
        if self.n_records == 0 {
            return Err(match (self.faults.first(), self.truncated) {
                (Some(fault), _) => ReadError::Malformed {
                    file: file.to_owned(),
                    row: Some(fault.row),
                    message: fault.message.clone(),
                },
                (None, Some(_)) => {
                    ReadError::Truncated { file: file.to_owned(), what: "its first record".to_owned() }
                }
                (None, None) => ReadError::Empty { file: file.to_owned() },
            });
        }
        let note = |row, message| Note { file: file.to_owned(), row, message };
        let mut notes: Vec<Note> =
            self.faults.iter().map(|f| note(Some(f.row), format!("left out: {}", f.message))).collect();
        if self.n_faults as usize > self.faults.len() {
            notes.push(note(None, format!("{} records in all could not be read", self.n_faults)));
        }
        if let Some(row) = self.truncated {
            let message = "the file ends in the middle of this record: what is before it was read; copy or \
                           download the file again";
            notes.push(note(Some(row), message.to_owned()));
        }
        Ok(notes)
    }
}

/// Hands every record of the text to `take` with its line or element number, from 1, without copying the text.
///
/// A line that cannot be read is left out and the next one tried; an array cannot be followed beyond a fault.
/// Nesting is bounded by the parser.
pub fn each_record<'a, T: Deserialize<'a>>(text: &'a str, mut take: impl FnMut(u64, T)) -> Passage {
    match text.trim_start().bytes().next() {
        Some(b'[') => array(text, take),
        Some(b'{') if is_lines::<T>(text) => lines(text, 0, true, take),
        Some(b'{') => values(text, take),
        _ => {
            let mut passage = Passage::new(Shape::Values);
            passage.fault(1, "neither a JSON object nor an array");
            take_nothing(&mut take);
            passage
        }
    }
}

/// The first record, of any shape.
pub fn first_record<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let start = text.trim_start();
    let mut deserializer = serde_json::Deserializer::from_str(start);
    if start.starts_with('[') {
        // The visitor stops after one element; that the array goes on is no fault.
        let mut first = None;
        let _ =
            Elements { take: |_, element| first = Some(element), read: &mut 0, limit: 1, of: PhantomData }
                .deserialize(&mut deserializer);
        return first;
    }
    T::deserialize(&mut deserializer).ok()
}

/// Keeps the type of `take` known where it is not called.
fn take_nothing<T>(_: &mut impl FnMut(u64, T)) {}

/// Whether the first line is a record by itself. It is not if its value goes on or another follows it.
pub(super) fn is_lines<'a, T: Deserialize<'a>>(text: &'a str) -> bool {
    let start = text.trim_start();
    let line = start.split('\n').next().unwrap_or_default();
    if line.len() == start.len() {
        // A single line: a value that ends too early is the same in both shapes.
        return false;
    }
    match serde_json::from_str::<T>(line) {
        Ok(_) => true,
        Err(error) => error.classify() == Category::Data || (error.is_syntax() && !is_first_of_several(line)),
    }
}

fn is_first_of_several(line: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<serde::de::IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}

/// The records of lines that come after `before` others. Only the last line of a text can be one that ends too early.
pub(super) fn lines<'a, T: Deserialize<'a>>(
    text: &'a str,
    before: u64,
    is_end: bool,
    mut take: impl FnMut(u64, T),
) -> Passage {
    let mut passage = Passage::new(Shape::Lines);
    let end = text.trim_end().len();
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    for (index, line_end) in ends.enumerate() {
        let row = before + index as u64 + 1;
        let is_last = is_end && line_end >= end;
        let line = &text[start..line_end];
        start = line_end + 1;
        if line.trim_start().is_empty() {
            continue;
        }
        match serde_json::from_str::<T>(line) {
            Ok(record) => {
                passage.n_records += 1;
                take(row, record);
            }
            Err(error) if error.is_eof() && is_last => passage.truncated = Some(row),
            Err(error) => passage.fault(row, in_one_line(&error)),
        }
    }
    passage
}

fn values<'a, T: Deserialize<'a>>(text: &'a str, mut take: impl FnMut(u64, T)) -> Passage {
    let mut passage = Passage::new(Shape::Values);
    for (index, record) in serde_json::Deserializer::from_str(text).into_iter::<T>().enumerate() {
        let row = index as u64 + 1;
        match record {
            Ok(record) => {
                passage.n_records += 1;
                take(row, record);
            }
            Err(error) if error.is_eof() => passage.truncated = Some(row),
            // The parser stops here by itself: it does not know where the next value starts.
            Err(error) => passage.fault(row, format!("{error}; what follows was not read")),
        }
    }
    passage
}

fn array<'a, T: Deserialize<'a>>(text: &'a str, take: impl FnMut(u64, T)) -> Passage {
    let mut passage = Passage::new(Shape::Array);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut read = 0;
    let elements = Elements { take, read: &mut read, limit: u64::MAX, of: PhantomData };
    let result = elements.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    passage.n_records = read;
    match result {
        Ok(()) => {}
        Err(error) if error.is_eof() => passage.truncated = Some(read + 1),
        Err(error) => passage.fault(read + 1, format!("{error}; what follows was not read")),
    }
    passage
}

/// The message without the line, which is always the first of a line parsed by itself.
pub(super) fn in_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at character ")
}

struct Elements<'s, T, F> {
    take: F,
    read: &'s mut u64,
    limit: u64,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(u64, T)> DeserializeSeed<'de> for Elements<'_, T, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(u64, T)> Visitor<'de> for Elements<'_, T, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while *self.read < self.limit {
            let Some(element) = list.next_element::<T>()? else { break };
            *self.read += 1;
            (self.take)(*self.read, element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(text: &str) -> (Vec<(u64, Value)>, Passage) {
        let mut records = Vec::new();
        let passage = each_record(text, |row, value: Value| records.push((row, value)));
        (records, passage)
    }

    #[test]
    fn the_shape_is_found_from_the_content() {
        for (text, shape, rows) in [
            ("[{\"a\":1},\n {\"a\":2}]", Shape::Array, vec![1, 2]),
            ("\n{\"a\":1}\r\n\n{\"a\":2}\n", Shape::Lines, vec![2, 4]),
            ("{\n \"a\": 1\n}\n{\n \"a\": 2\n}", Shape::Values, vec![1, 2]),
            ("{\"a\":1}{\"a\":2}\n{\"a\":3}", Shape::Values, vec![1, 2, 3]),
            ("{\"a\":1}", Shape::Values, vec![1]),
        ] {
            let (records, passage) = read(text);
            assert_eq!(passage.shape, shape, "{text}");
            assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), rows, "{text}");
            assert_eq!((passage.n_faults, passage.truncated), (0, None));
            assert_eq!(first_record::<Value>(text).as_ref(), Some(&records[0].1));
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_one_read() {
        let (records, passage) = read("{\"a\":1}\n{\"a\":}\n{\"a\":3}\n{\"a\": tr");
        assert_eq!(records.len(), 2);
        assert_eq!(passage.faults[0].row, 2);
        assert_eq!(passage.truncated, Some(4));
        assert_eq!(passage.notes("f").unwrap().len(), 2);
        // A line cut short in the middle of the file is a fault, not the end of the file.
        let (records, passage) = read("{\"a\":1}\n{\"a\n{\"a\":3}\n");
        assert_eq!((records.len(), passage.n_faults, passage.truncated), (2, 1, None));
    }

    #[test]
    fn what_is_before_the_end_of_a_cut_array_is_read() {
        let (records, passage) = read("[{\"a\":1}, {\"a\":2}, {\"a\"");
        assert_eq!((records.len(), passage.truncated), (2, Some(3)));
    }

    #[test]
    fn nothing_read_is_an_error_that_says_why() {
        assert!(matches!(read("{\"a\": [1, 2").1.notes("f"), Err(ReadError::Truncated { .. })));
        assert!(matches!(read("{\"a\" 1}").1.notes("f"), Err(ReadError::Malformed { row: Some(1), .. })));
        assert!(matches!(read("hello").1.notes("f"), Err(ReadError::Malformed { .. })));
        assert!(matches!(read("[]").1.notes("f"), Err(ReadError::Empty { .. })));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let (records, passage) = read(&deep);
        assert_eq!((records.len(), passage.n_faults), (0, 1));
    }
}
