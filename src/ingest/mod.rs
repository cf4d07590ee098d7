//! How does a dump become a long table?
//!
//! Every file goes the same way: it is found ([`walk`](mod@walk)) and unwrapped, recognised from its content
//! ([`detect`](mod@detect)), read by the one reader of its format into a [`Fragment`], and the fragments are
//! joined. Files that only explain others (results beside samples, tables of items and models) are given to
//! the files of their directory. What could not be read is counted and named, never dropped in silence.

pub mod alpaca_eval;
pub mod archive;
pub mod bfcl;
pub mod build;
pub mod deepeval;
pub mod detect;
pub mod evalplus;
pub mod every_eval_ever;
pub mod fingerprint;
pub mod fragment;
pub mod frame;
pub mod helm;
pub mod inspect;
pub mod item_hash;
pub mod join;
pub mod json;
pub mod lighteval;
pub mod lint;
pub mod livecodebench;
pub mod lm_eval;
pub mod lmms_eval;
pub mod meter;
pub mod mmlu_pro;
pub mod model_name;
pub mod olmes;
pub mod opencompass;
pub mod peek;
pub mod pickle;
pub mod plain;
pub mod primary;
pub mod promptfoo;
pub mod py_irt;
pub mod report;
pub mod rest;
pub mod scores;
pub mod simple_evals;
pub mod source;
pub mod swe_bench;
pub mod tables;
pub mod unwrap;
pub mod vlmevalkit;
pub mod walk;

mod directory;

pub use detect::{Detected, Format};
pub use fingerprint::fingerprint;
pub use fragment::{Fragment, Note, ReadError, Rest};
pub use item_hash::item_hash;
pub use lint::Lint;
pub use meter::Progress;
pub use report::IngestReport;
pub use source::Source;

use crate::response::ResponseTable;
use meter::Meter;
use rayon::prelude::*;
use report::Skipped;
use serde::Serialize;
use std::collections::HashMap;
use std::path::PathBuf;
use thiserror::Error;
use walk::Found;

/// What the rows of a wide table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsAre {
    /// Models.
    Models,
    /// Items.
    Items,
}

impl RowsAre {
    /// `models` or `items`.
    pub fn as_str(self) -> &'static str {
        if self == Self::Models { "models" } else { "items" }
    }

    /// What the columns are.
    pub fn other(self) -> Self {
        if self == Self::Models { Self::Items } else { Self::Models }
    }
}

/// How to read.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestOptions {
    /// What the rows of wide tables are; `None` lets each table say.
    pub rows: Option<RowsAre>,
    /// The benchmark of plain tables without a column that says; `None` takes the name of the file or of its
    /// directory.
    pub benchmark: Option<String>,
    /// Whether long outputs of models are kept, not only extracted answers.
    pub keep_text: bool,
    /// No file may unpack to more than this many bytes.
    pub max_unpacked_bytes: u64,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self { rows: None, benchmark: None, keep_text: false, max_unpacked_bytes: 8 << 30 }
    }
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// A path is not there.
    #[error("{path}: no such file or directory; check the path")]
    NoSuchPath {
        /// The path.
        path: String,
    },
    /// Archives could not be unpacked.
    #[error(
        "archives could not be unpacked to a temporary directory ({message}); make room, or set TMPDIR to another disk"
    )]
    NoSpace {
        /// What the system says.
        message: String,
    },
    /// There is no file below the paths.
    #[error("no file in {}; give files or directories of evaluation results", .paths.join(", "))]
    NoFiles {
        /// The paths.
        paths: Vec<String>,
    },
    /// No file had item-level results.
    #[error(
        "{}:\n{}{}\nitem-level results are needed: for each model and item a \
         score, as a table with the columns model, item and score, or as the harness wrote them",
        if *.n_files == 1 { "nothing could be read".to_owned() } else { format!("none of the {n_files} files could be read") },
        .reasons.iter().map(|r| format!("  {r}")).collect::<Vec<_>>().join("\n"),
        if .n_files > &.reasons.len() { format!("\n  and {} more", .n_files - .reasons.len()) } else { String::new() }
    )]
    NothingRead {
        /// Number of files looked at.
        n_files: usize,
        /// Why each of the first few gave nothing.
        reasons: Vec<String>,
    },
}

/// Reasons shown when nothing was read.
const SHOWN_REASONS: usize = 8;

/// Reads everything below the paths.
///
/// Directories are read in parallel, and the files of each; the order of rows is that of the files, whatever
/// the number of threads. Each benchmark gets a primary metric ([`primary::choose`]).
///
/// # Errors
/// See [`IngestError`]. A file that cannot be read is no error as long as another can: it is listed in
/// [`IngestReport::skipped`].
pub fn ingest(
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(ResponseTable, IngestReport), IngestError> {
    let found =
        walk::walk(paths).map_err(|path| IngestError::NoSuchPath { path: path.display().to_string() })?;
    if found.is_empty() {
        let paths = paths.iter().map(|p| p.display().to_string()).collect();
        return Err(IngestError::NoFiles { paths });
    }
    let (found, _unpacked) = archive::expand(found, options.max_unpacked_bytes)
        .map_err(|error| IngestError::NoSpace { message: error.to_string() })?;
    let (total, meter) = (found.len(), Meter::new(&found, progress));
    let directories = by_directory(found);
    let outcomes: Vec<directory::Outcome> =
        directories.par_iter().flat_map_iter(|files| directory::read(files, options, &meter)).collect();

    let mut report = IngestReport::default();
    let mut fragments: Vec<Fragment> = Vec::new();
    let mut notes = Vec::new();
    for outcome in outcomes {
        match outcome {
            directory::Outcome::Read(file, fragment) => {
                report.files.push(file);
                fragments.push(*fragment);
            }
            directory::Outcome::Used(file, its_notes) => {
                report.files.push(file);
                notes.extend(its_notes);
            }
            directory::Outcome::Skipped(file, error) => {
                report.skipped.push(Skipped { file, reason: without_file(&error) });
            }
        }
    }
    if fragments.iter().all(|f| f.table.is_empty()) {
        let told = |s: &Skipped| format!("{}: {}", s.file, s.reason);
        let reasons = report.skipped.iter().take(SHOWN_REASONS).map(told).collect();
        return Err(IngestError::NothingRead { n_files: total, reasons });
    }
    let rests: Vec<Rest> = fragments.iter_mut().flat_map(|f| std::mem::take(&mut f.rests)).collect();
    let (mut table, joined) = join::join(fragments);
    notes.extend(joined);
    notes.extend(rest::complete(&mut table, &rests));
    notes.extend(model_name::complete(&mut table));
    hash_items(&mut table);
    let choices = primary::choose(&mut table);
    report.n_rows = table.len();
    report.benchmarks = report::summarise(&table, &choices);
    report.notes = report::group(&notes);
    report.lint = lint::lint(&table);
    Ok((table, report))
}

/// The files of each directory, in the order in which the first of them was found.
fn by_directory(found: Vec<Found>) -> Vec<Vec<Found>> {
    let mut directories: Vec<Vec<Found>> = Vec::new();
    let mut place: HashMap<PathBuf, usize> = HashMap::new();
    for found in found {
        let at = *place.entry(found.directory()).or_insert(directories.len());
        match directories.get_mut(at) {
            Some(directory) => directory.push(found),
            None => directories.push(vec![found]),
        }
    }
    directories
}

/// The message of an error without the name of the file that it begins with.
fn without_file(error: &ReadError) -> String {
    let (file, message) = (error.file(), error.to_string());
    let rest = message.strip_prefix(file).unwrap_or(&message);
    rest.trim_start_matches([':', ',', ' ']).to_owned()
}

fn hash_items(table: &mut ResponseTable) {
    table.items.par_iter_mut().for_each(|item| {
        if let (None, Some(question)) = (item.item_hash, &item.question) {
            item.item_hash = Some(item_hash(question, item.options.as_deref().unwrap_or_default()));
        }
    });
}
