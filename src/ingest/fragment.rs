//! What did one file give? A piece of the table, and everything a user should know about how it was read.

use crate::response::{ResponseTable, Status};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something a user should know about what was read: not an error, never silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The file.
    pub file: String,
    /// Line, row or element within it, from 1, where the note is about one.
    pub row: Option<u64>,
    /// What was met and what was done about it.
    pub message: String,
}

/// A count with what is said of one or of several: `1 attempt has`, `3 attempts have`.
pub fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

/// The piece of the table that came from one file.
#[derive(Debug, Clone, Default)]
pub struct Fragment {
    /// Rows with their runs, items and metrics.
    pub table: ResponseTable,
    /// What a user should know.
    pub notes: Vec<Note>,
    /// What the file says about items that it does not list.
    pub rests: Vec<Rest>,
}

/// What a file that lists only successes, or only failures, says about all other items of its benchmark.
///
/// It is acted on when all files are read, because only then are the other items known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// The file.
    pub file: String,
    /// The run, by name.
    pub run: String,
    /// The benchmark.
    pub benchmark: String,
    /// The subject, where the file is about one.
    pub subject: Option<String>,
    /// The metric, by name.
    pub metric: String,
    /// The score of every item not listed; `None` says that the file only lists what was tried.
    pub score: Option<f64>,
    /// What became of these attempts.
    pub status: Status,
    /// How many items the run has in all, where the file says so.
    pub n_items: Option<usize>,
    /// The items tried, where the file lists them.
    pub tried: Vec<String>,
}

/// Why a file gave nothing. Each variant says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// There is nothing in the file.
    #[error("{file}: the file is empty; export it again")]
    Empty {
        /// The file.
        file: String,
    },
    /// The file ends too early.
    #[error("{file}: the file ends in the middle of {what}; copy or download it again")]
    Truncated {
        /// The file.
        file: String,
        /// What was being read.
        what: String,
    },
    /// The content breaks the rules of its format.
    #[error("{file}{}: {message}", .row.map_or(String::new(), |r| format!(", row {r}")))]
    Malformed {
        /// The file.
        file: String,
        /// Line, row or element, from 1.
        row: Option<u64>,
        /// What is wrong, and what to do.
        message: String,
    },
    /// The format was not recognised.
    #[error("{file}: not a known format: {found}; nearest: {nearest}")]
    Unrecognised {
        /// The file.
        file: String,
        /// What the content looks like (top-level keys, columns).
        found: String,
        /// The format that it is closest to, and what it lacks.
        nearest: String,
    },
    /// The format is known, but this version has no reader for it.
    #[error("{file}: {what}; {remedy}")]
    Unsupported {
        /// The file.
        file: String,
        /// What it is.
        what: String,
        /// What to do instead.
        remedy: String,
    },
    /// A table was read, but none of its rows says how one model did on one item.
    #[error("{file}: not item-level results: {found}; {remedy}")]
    NotItemLevel {
        /// The file.
        file: String,
        /// What it has instead.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// The file could not be opened or read.
    #[error("{file}: cannot be read: {message}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        message: String,
    },
}

impl ReadError {
    /// The same of a piece of a file that has so many rows before it.
    pub fn after(mut self, before: u64) -> Self {
        if let Self::Malformed { row: Some(row), .. } = &mut self {
            *row += before;
        }
        self
    }

    /// The file it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::Empty { file }
            | Self::Truncated { file, .. }
            | Self::Malformed { file, .. }
            | Self::Unrecognised { file, .. }
            | Self::Unsupported { file, .. }
            | Self::NotItemLevel { file, .. }
            | Self::Io { file, .. } => file,
        }
    }
}
