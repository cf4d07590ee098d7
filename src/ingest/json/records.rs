//! Which records does a text hold? One value, an array of them, or one on each line: found from the content.

use crate::ingest::{Note, ReadError};
use serde::de::Deserialize;
use serde_json::error::Category;

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

/// The first record, of any shape.
pub fn first_record<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let start = text.trim_start();
    // That more comes behind it is no fault.
    T::deserialize(&mut serde_json::Deserializer::from_str(start.strip_prefix('[').unwrap_or(start))).ok()
}

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

/// The records of values that stand one after the other, over any number of lines.
pub(super) fn values<'a, T: Deserialize<'a>>(text: &'a str, mut take: impl FnMut(u64, T)) -> Passage {
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

/// The message without the line, which is always the first of a line parsed by itself.
pub(super) fn in_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at character ")
}
