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
pub mod content;
pub mod deepeval;
pub mod detect;
pub mod direction;
pub mod evalplus;
pub mod every_eval_ever;
pub mod explain;
pub mod fingerprint;
pub mod format;
pub mod fragment;
pub mod frame;
pub mod helm;
pub mod identity;
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
pub mod work;

mod account;
mod aside;
mod attempts;
mod directory;
mod large;
mod marks;
mod outcome;
mod portions;
mod readers;
mod set_ups;

pub use detect::{Detected, Format};
pub use explain::{Explained, explain};
pub use fingerprint::fingerprint;
pub use fragment::{Fragment, Note, ReadError, Rest};
pub use item_hash::item_hash;
pub use lint::Lint;
pub use meter::Progress;
pub use readers::read_source;
pub use report::{FileRead, IngestReport, Skipped};
pub use source::Source;
pub use work::{Work, WorkError};

use crate::response::{Item, ResponseTable};
use account::Account;
use archive::names::shown;
use directory::Reading;
use join::{Joined, Joining};
use meter::Meter;
use outcome::Outcome;
use portions::Portions;
use rayon::prelude::*;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
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
    /// No file or archive may unpack to more than this many bytes; nor, unless this differs from the default, to more
    /// than 200 times its own ([`unwrap::allowed`]).
    pub max_unpacked_bytes: u64,
    /// Passed over although it lies below the paths: the store that is to be written.
    pub without: Option<PathBuf>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            rows: None,
            benchmark: None,
            keep_text: false,
            max_unpacked_bytes: unwrap::MAX_UNPACKED,
            without: None,
        }
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
        "archives could not be unpacked ({message}); make room beside the store that is to be written or, without one, \
         set TMPDIR to another disk"
    )]
    NoSpace {
        /// What the system says.
        message: String,
    },
    /// A piece that was kept cannot be read back.
    #[error("{message}; the reading cannot go on from there: run it again")]
    Piece {
        /// What is wrong with it.
        message: String,
    },
    /// There is no file below the paths.
    #[error(
        "no file in {}; give files or directories of evaluation results (hidden files are passed over: name them)",
        .paths.join(", ")
    )]
    NoFiles {
        /// The paths.
        paths: Vec<String>,
    },
    /// No file had item-level results.
    #[error(
        "{}:\n{}\nitem-level results are needed: for each model and item a \
         score, as a table with the columns model, item and score, or as the harness wrote them",
        if .skipped.len() + .files.len() == 1 { "nothing could be read".to_owned() }
        else { format!("none of the {} files could be read", .skipped.len() + .files.len()) },
        reasons(.files, .skipped)
    )]
    NothingRead {
        /// Files that would have explained others.
        files: Vec<FileRead>,
        /// Files that gave nothing, and why.
        skipped: Vec<Skipped>,
    },
}

/// Smaller inputs are read at once: nothing is kept on the way.
const KEPT_FROM: u64 = 32 << 20;
/// So many scores of options are put aside together: about 20 MB.
const KEPT_OPTIONS: usize = 1 << 20;

/// Reasons shown when nothing was read.
const SHOWN_REASONS: usize = 8;

/// Why each of the first few files gave nothing, one line for each.
fn reasons(files: &[FileRead], skipped: &[Skipped]) -> String {
    let set_aside = skipped.iter().map(|s| format!("  {}: {}", s.file, s.reason));
    let alone = files.iter().map(|f| format!("  {}: {} alone: {}", f.file, f.format.name(), f.because));
    let mut lines: Vec<String> = set_aside.chain(alone).take(SHOWN_REASONS).collect();
    if let Some(more) = (skipped.len() + files.len()).checked_sub(SHOWN_REASONS).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more"));
    }
    lines.join("\n")
}

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
    ingest_with(paths, options, progress, None)
}

/// Reads as [`ingest`] does, keeping the pieces of files on the way: a reading that was interrupted goes on where
/// it was, with the same result. Inputs that are read in seconds are read at once.
///
/// Scores of options are not in the table where there are many: [`Work::kept_options`] has those that come before
/// the ones in the table.
///
/// # Errors
/// As [`ingest`]; [`IngestError::Piece`] where a piece cannot be read back.
pub fn ingest_resumably(
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(Progress) + Sync),
    work: &Work,
) -> Result<(ResponseTable, IngestReport), IngestError> {
    ingest_with(paths, options, progress, Some(work))
}

fn ingest_with(
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(Progress) + Sync),
    work: Option<&Work>,
) -> Result<(ResponseTable, IngestReport), IngestError> {
    let mut gathered = gather(paths, options, progress, work)?;
    let models = std::mem::take(&mut gathered.models);
    let joining = std::mem::take(&mut gathered.joining);
    let Joined { mut table, mut notes, rests, lints } = joining.finish();
    let of_rests = rest::complete(&mut table, &rests);
    if table.is_empty() {
        let (mut files, skipped) = gathered.sort_out(models);
        for note in of_rests {
            files.iter_mut().filter(|file| file.file == note.file).for_each(|file| {
                file.because = format!("{}; {}", file.because, note.message);
            });
        }
        return Err(IngestError::NothingRead { files, skipped });
    }
    notes.extend(of_rests);
    notes.extend(model_name::tell_apart(&mut table));
    let given = models.into_iter().map(|(read, companion, mut uses)| {
        uses.extend(companion.give(&mut table, &mut notes));
        (read, companion, uses)
    });
    let (files, skipped) = gathered.sort_out(given.collect());
    notes.extend(model_name::complete(&mut table));
    hash_items(&mut table);
    let choices = primary::choose(&mut table);
    let mut account = Account::of(&table);
    account.note_successes(&table, &rests);
    let (lint, benchmarks) =
        rayon::join(|| lint::lint_with(&table, &account), || report::summarise(&table, &account, &choices));
    table.check().map_err(|error| IngestError::Piece { message: error.to_string() })?;
    let report = IngestReport {
        files,
        skipped,
        n_rows: table.len(),
        benchmarks,
        notes: report::group(&notes),
        lint: lints.into_iter().chain(lint).collect(),
    };
    Ok((table, report))
}

/// What became of each file below the paths: those that were used, and those that were set aside.
///
/// # Errors
/// As [`ingest`], but files of which none can be read are a result here.
pub fn look(
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(Vec<FileRead>, Vec<Skipped>), IngestError> {
    let (_, report) = match ingest(paths, options, progress) {
        Err(IngestError::NothingRead { files, skipped }) => return Ok((files, skipped)),
        other => other?,
    };
    Ok((report.files, report.skipped))
}

/// What the files gave: those with their places among all, and their pieces together.
#[derive(Default)]
struct Gathered {
    files: Vec<(usize, FileRead)>,
    skipped: Vec<(usize, Skipped)>,
    models: Vec<Models>,
    joining: Joining,
}

/// A table of models, and what it was used for so far.
type Models = (FileRead, Box<plain::Companion>, Vec<String>);

impl Gathered {
    /// Adds what came of files; scores of options are put aside where there is a place for them.
    fn add(&mut self, outcomes: Vec<(usize, Outcome)>, work: Option<&Work>) -> Result<(), IngestError> {
        for (place, outcome) in outcomes {
            match outcome {
                Outcome::Read(file, piece) => {
                    let fragment =
                        piece.load().map_err(|error| IngestError::Piece { message: error.to_string() })?;
                    let spill = fragment.table.items.iter().find_map(Item::spill).cloned();
                    self.joining.add(&file.file, fragment);
                    if let Some(spill) = spill {
                        spill.check().map_err(|error| IngestError::Piece { message: error.to_string() })?;
                    }
                    self.files.push((place, file));
                    if let Some(work) = work.filter(|_| self.joining.n_options() >= KEPT_OPTIONS) {
                        self.joining.give_options(|scores| work.keep_options(scores));
                    }
                }
                Outcome::Used(file) => self.files.push((place, file)),
                Outcome::Models(file, companion, uses) => self.models.push((file, companion, uses)),
                Outcome::Skipped(file) => self.skipped.push((place, file)),
            }
        }
        Ok(())
    }

    /// The files that were used and those that were set aside, in their order; tables of models behind them.
    fn sort_out(mut self, models: Vec<Models>) -> (Vec<FileRead>, Vec<Skipped>) {
        self.files.sort_by_key(|(place, _)| *place);
        self.skipped.sort_by_key(|(place, _)| *place);
        let mut files: Vec<FileRead> = self.files.into_iter().map(|(_, file)| file).collect();
        let mut skipped: Vec<Skipped> = self.skipped.into_iter().map(|(_, file)| file).collect();
        for (read, companion, uses) in models {
            match Outcome::of_companion(read, &companion, &uses) {
                Outcome::Skipped(file) => skipped.push(file),
                Outcome::Used(file) => files.push(file),
                Outcome::Read(..) | Outcome::Models(..) => {}
            }
        }
        (files, skipped)
    }
}

/// Reads all files, some at a time: what the earlier ones gave is joined meanwhile, so that no more than two
/// portions are in memory beside the table.
fn gather(
    paths: &[PathBuf],
    options: &IngestOptions,
    progress: &(dyn Fn(Progress) + Sync),
    work: Option<&Work>,
) -> Result<Gathered, IngestError> {
    let found = walk::walk(paths, options.without.as_deref())
        .map_err(|path| IngestError::NoSuchPath { path: shown(&path) })?;
    if found.is_empty() {
        let paths = paths.iter().map(|p| shown(p)).collect();
        return Err(IngestError::NoFiles { paths });
    }
    let meter = Meter::new(&found, progress);
    let (found, _unpacked) = archive::expand(found, options, work, &meter)
        .map_err(|error| IngestError::NoSpace { message: error.to_string() })?;
    let is_large = found.len() > 1 && found.iter().map(Found::size).sum::<u64>() >= KEPT_FROM;
    let waiting = AtomicU64::new(0);
    let spill = work.and_then(Work::spill);
    let aside: Option<Arc<Path>> = work.map(|work| work.directory().into());
    let aside = aside.as_ref();
    let reading =
        Reading { options, meter: &meter, work: work.filter(|_| is_large), waiting: &waiting, spill, aside };
    let mut portions = Portions::new(found, reading);
    let mut gathered = Gathered::default();
    spill.into_iter().for_each(|spill| gathered.joining.spill_to(Arc::clone(spill)));
    let mut portion = portions.next();
    while let Some(outcomes) = portion {
        let (next, added) = rayon::join(|| portions.next(), || gathered.add(outcomes, work));
        added?;
        portion = next;
    }
    if let Some(spill) = spill {
        spill.check().map_err(|error| IngestError::Piece { message: error.to_string() })?;
    }
    Ok(gathered)
}

fn hash_items(table: &mut ResponseTable) {
    table.items.par_iter_mut().for_each(|item| {
        if let (None, Some(question)) = (item.item_hash, item.question()) {
            item.item_hash = Some(item_hash(&question, &item.options().unwrap_or_default()));
        }
    });
}
