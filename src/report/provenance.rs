//! What was read, and what was not? Files, rows and what a reader of the dump noticed.

use serde::Serialize;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileRead {
    /// Its path, as the user gave it.
    pub path: String,
    /// The format it was recognised as.
    pub format: String,
    /// Rows taken from it.
    pub n_rows: usize,
}

/// A file that was not read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileSkipped {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Something odd about the data, found while reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LintNote {
    /// What is odd, with the number of cases.
    pub message: String,
    /// Where: file, row, benchmark, model.
    pub place: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
}

/// What was read, in words that no reader of dumps needs to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Provenance {
    /// Files read.
    pub files_read: Vec<FileRead>,
    /// Files left aside.
    pub files_skipped: Vec<FileSkipped>,
    /// Rows read in all: one for each scored attempt.
    pub n_rows: usize,
    /// Rows that said the same thing again.
    pub n_duplicates: usize,
    /// Rows without a score.
    pub n_without_score: usize,
    /// Models.
    pub n_models: usize,
    /// Metrics by benchmark, the one used first.
    pub metrics: Vec<String>,
    /// What was decided on the way: runs set aside, orientation of a table, and so on.
    pub notes: Vec<String>,
    /// What is odd.
    pub lint: Vec<LintNote>,
}
