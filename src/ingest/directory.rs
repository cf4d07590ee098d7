//! How are the files of one directory read together? Those that explain others are given to them.

use super::detect::{Detected, Format, detect};
use super::fragment::{Fragment, ReadError};
use super::large::on_disk;
use super::meter::Meter;
use super::outcome::{Outcome, finish, nothing, skipped};
use super::plain::{self, Companion, Plain, Responses};
use super::readers::{Beside, finish_plain, read_harness};
use super::report::{FileRead, Skipped};
use super::source::Source;
use super::unwrap::open;
use super::walk::Found;
use super::work::{About, Piece, PlainAbout, Work};
use super::{IngestOptions, fingerprint, swe_bench};
use crate::response::Spill;
use crate::store;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How files are read: the options, who hears of it, and where pieces are kept.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The options.
    pub options: &'r IngestOptions,
    /// The count of what is done.
    pub meter: &'r Meter<'r>,
    /// Where pieces are kept, to be found again.
    pub work: Option<&'r Work>,
    /// Bytes of files that wait in memory for the context of their directory.
    pub waiting: &'r AtomicU64,
    /// Where rows of a large file are put aside while it is read.
    pub spill: Option<&'r Arc<Spill>>,
    /// Where texts of a large file are put aside while it is read.
    pub aside: Option<&'r Arc<Path>>,
}

/// Files that wait for the context of their directory do so in memory up to these bytes; others are opened again.
const MOST_WAITING: u64 = 256 << 20;
/// Pieces of smaller files are not kept: reading them again costs no more.
const KEPT_FROM: u64 = 64 << 10;

/// A file on its way.
enum Stage {
    Done(Outcome),
    /// Waits for the tables beside it.
    Plain(FileRead, PlainPiece),
    /// Waits for results to explain.
    Companion(FileRead, Box<Companion>),
    /// Waits for the context of its directory; its content is read again where it is not here.
    Harness(FileRead, Option<Source>),
    /// The context of others.
    Context(FileRead, Source),
}

/// A plain table: as it was read, or kept.
enum PlainPiece {
    Here(Box<Responses>),
    Kept(PathBuf, PlainAbout),
}

/// Opens the files of one directory, whose places begin at `first`: what each of them gave, or waits for.
pub fn open_all<'r>(files: Vec<Found>, first: usize, reading: Reading<'r>) -> Vec<Task<'r>> {
    // What a file of a harness gives depends on the files beside it.
    let beside = reading.work.map(|_| fingerprint::of_files(&files)).unwrap_or_default();
    let mut directory = Directory {
        files,
        first,
        beside,
        contexts: Beside::default(),
        has_samples: AtomicBool::new(false),
        reading,
    };
    let mut stages: Vec<Stage> = (0..directory.files.len())
        .into_par_iter()
        .map(|at| {
            let stage = directory.first_stage(at);
            let rows = match &stage {
                Stage::Harness(..) => return stage,
                Stage::Plain(_, PlainPiece::Here(responses)) => responses.fragment.table.len(),
                Stage::Plain(read, _) | Stage::Done(Outcome::Read(read, _)) => read.n_rows,
                _ => 0,
            };
            reading.meter.done(&directory.files[at], rows);
            stage
        })
        .collect();
    directory.join_companions(&mut stages);
    let steps = directory.take_contexts(stages);
    let directory = Arc::new(directory);
    steps.into_iter().map(|(at, step)| Task { directory: Arc::clone(&directory), at, step }).collect()
}

/// What is left to do about a file.
pub struct Task<'r> {
    directory: Arc<Directory<'r>>,
    at: usize,
    step: Step,
}

enum Step {
    /// Nothing.
    Done(Outcome),
    /// To be read with the files that explain it; again from its beginning where its content is not here.
    Harness(FileRead, Option<Source>),
    /// One that explains others of which none is there: to be read itself, from its place among those that explain.
    Instead(FileRead, usize),
    /// To be told what it was good for, after all others of the directory.
    Context(FileRead),
}

impl Task<'_> {
    /// Bytes on disk that are still to be read.
    pub fn size(&self) -> u64 {
        if let Step::Harness(..) = self.step { self.directory.files[self.at].size() } else { 0 }
    }

    /// Whether it needs to know what came of all earlier tasks of its directory.
    pub fn is_last(&self) -> bool {
        matches!(self.step, Step::Context(_))
    }

    /// The place of the file among all, and what became of it.
    pub fn finish(self) -> (usize, Outcome) {
        let Self { directory, at, step } = self;
        let outcome = match step {
            Step::Done(outcome) => outcome,
            Step::Harness(read, source) => directory.read_harness(at, read, source),
            Step::Instead(read, context) => directory.read_instead(at, read, context),
            Step::Context(read) => directory.explained(read),
        };
        if let Outcome::Read(..) = outcome {
            directory.has_samples.store(true, Ordering::Relaxed);
        }
        (directory.first + at, outcome)
    }
}

/// The files of a directory and how they are read.
struct Directory<'r> {
    files: Vec<Found>,
    /// The place of the first of them among the files of all directories.
    first: usize,
    beside: String,
    /// The files that explain others.
    contexts: Beside<'static>,
    /// Whether a file gave rows so far.
    has_samples: AtomicBool,
    reading: Reading<'r>,
}

impl Directory<'_> {
    fn first_stage(&self, at: usize) -> Stage {
        let found = &self.files[at];
        let file = Source::unread(found).name();
        let skipped = |error: ReadError| Stage::Done(Outcome::Skipped(Skipped::new(None, &error)));
        match found {
            Found::Unreadable(_, message) => skipped(ReadError::Io { file, message: message.clone() }),
            Found::Store(path) => match store::read(path) {
                Ok(table) => {
                    let because = "a directory with the manifest of a store".to_owned();
                    let read = FileRead { file, format: Format::Store, because, n_rows: table.len() };
                    let fragment = Fragment { table, ..Fragment::default() };
                    Stage::Done(Outcome::Read(read, Piece::Here(Box::new(fragment))))
                }
                Err(error) => skipped(ReadError::Malformed { file, row: None, message: error.to_string() }),
            },
            Found::File(_) | Found::Member(_) => {
                self.kept(at).unwrap_or_else(|| self.file_stage(at).unwrap_or_else(skipped))
            }
        }
    }

    /// The stage of a file whose piece an earlier reading kept.
    fn kept(&self, at: usize) -> Option<Stage> {
        let work = self.reading.work?;
        if let Some((about, path)) = work.find(&self.name(at, "")) {
            return about.plain.map(|plain| Stage::Plain(about.read, PlainPiece::Kept(path, plain)));
        }
        let (about, path) = work.find(&self.name(at, &self.beside))?;
        Some(Stage::Done(Outcome::Read(about.read, Piece::Kept(path))))
    }

    /// The name under which the piece of a file is kept.
    fn name(&self, at: usize, beside: &str) -> String {
        fingerprint::of_piece(&self.files[at], beside, self.reading.options)
    }

    /// Where the piece of a file is kept, if it is worth it.
    fn work(&self, at: usize) -> Option<&Work> {
        self.reading.work.filter(|_| self.files[at].size() >= KEPT_FROM)
    }

    fn file_stage(&self, at: usize) -> Result<Stage, ReadError> {
        let (found, options) = (&self.files[at], self.reading.options);
        if let Some((source, detected)) = on_disk(found, options)? {
            return Ok(self.of_harness(source, detected));
        }
        let stage = match plain::stream::read(found, options, self.reading.meter, self.reading.spill)? {
            Some((detected, plain)) => of_plain(Source::unread(found).name(), detected, plain),
            None => self.staged(self.opened(found)?)?,
        };
        let (work, read, responses) = match (self.work(at), stage) {
            (Some(work), Stage::Plain(read, PlainPiece::Here(responses))) => (work, read, responses),
            (_, stage) => return Ok(stage),
        };
        let read = FileRead { n_rows: responses.fragment.table.len(), ..read };
        let plain = PlainAbout {
            item_column: responses.item_column.clone(),
            needs_keys: responses.needs_keys,
            is_wide: responses.shape == plain::WIDE,
        };
        let about = About::new(&read, Some(plain.clone()));
        let kept = work.keep(&self.name(at, ""), about, &responses.fragment);
        let here = PlainPiece::Here(responses);
        Ok(Stage::Plain(read, kept.map_or(here, |path| PlainPiece::Kept(path, plain))))
    }

    /// The content of a file; none is an answer where a report of SWE-bench says by it that there was no result.
    fn opened(&self, found: &Found) -> Result<Source, ReadError> {
        match open(found, self.reading.options.max_unpacked_bytes) {
            Err(ReadError::Empty { .. }) if swe_bench::is_report_of_instance(&Source::unread(found)) => {
                Ok(Source::unread(found))
            }
            source => source,
        }
    }

    fn staged(&self, source: Source) -> Result<Stage, ReadError> {
        let detected = detect(&source)?;
        if !detected.format.is_plain() {
            return Ok(self.of_harness(source, detected));
        }
        let plain = plain::read(detected.format, &source, self.reading.options);
        Ok(of_plain(source.name(), detected, plain))
    }

    /// The stage of a file of a program.
    fn of_harness(&self, source: Source, Detected { format, because }: Detected) -> Stage {
        let read = FileRead { file: source.name(), format, because, n_rows: 0 };
        if format == Format::Auxiliary {
            return Stage::Done(Outcome::Used(read));
        }
        if format.is_context() {
            return Stage::Context(read, source);
        }
        let bytes = source.bytes_here() as u64;
        let fits = self.reading.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes <= MOST_WAITING;
        if !fits {
            self.reading.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        Stage::Harness(read, fits.then_some(source))
    }

    /// Gives every table about items or models to all results beside it. Tables of items come first, in the
    /// order of their names, so that a table of models never takes them for its own.
    fn join_companions(&self, stages: &mut [Stage]) {
        let mut companions: Vec<(usize, FileRead, Box<Companion>, Vec<String>)> = Vec::new();
        for (at, stage) in stages.iter_mut().enumerate() {
            if let Stage::Companion(..) = stage {
                let placeholder = Stage::Done(Outcome::Used(nothing()));
                if let Stage::Companion(read, companion) = std::mem::replace(stage, placeholder) {
                    companions.push((at, read, companion, Vec::new()));
                }
            }
        }
        for (at, stage) in stages.iter_mut().enumerate() {
            if !matches!(stage, Stage::Plain(..)) {
                continue;
            }
            let placeholder = Stage::Done(Outcome::Used(nothing()));
            if let Stage::Plain(read, piece) = std::mem::replace(stage, placeholder) {
                *stage = Stage::Done(self.with_companions(at, read, piece, &mut companions));
            }
        }
        for (at, read, companion, uses) in companions {
            stages[at] = Stage::Done(if companion.tells_of_models() {
                Outcome::Models(read, companion, uses)
            } else {
                Outcome::of_companion(read, &companion, &uses)
            });
        }
    }

    /// A plain table with what the tables beside it add.
    fn with_companions(
        &self,
        at: usize,
        read: FileRead,
        piece: PlainPiece,
        companions: &mut [(usize, FileRead, Box<Companion>, Vec<String>)],
    ) -> Outcome {
        let mut responses = match piece {
            PlainPiece::Here(responses) => responses,
            PlainPiece::Kept(path, plain) if companions.is_empty() && !plain.needs_keys => {
                return Outcome::Read(read, Piece::Kept(path));
            }
            PlainPiece::Kept(path, plain) => match Piece::Kept(path).load() {
                Ok(fragment) => {
                    let PlainAbout { item_column, needs_keys, is_wide } = plain;
                    let shape = if is_wide { plain::WIDE } else { plain::LONG };
                    Box::new(Responses { fragment, shape, item_column, needs_keys })
                }
                Err(error) => {
                    let file = read.file.clone();
                    return skipped(read, &ReadError::Io { file, message: error.to_string() });
                }
            },
        };
        for (_, _, companion, uses) in companions.iter_mut() {
            uses.extend(companion.join(&mut responses));
        }
        match (finish(read, finish_plain(*responses)), self.work(at)) {
            // What the tables beside it add is not found again.
            (Outcome::Read(read, Piece::Here(fragment)), Some(work)) if !companions.is_empty() => {
                let aside = work.put_aside(&self.name(at, ""), About::new(&read, None), &fragment);
                Outcome::Read(read, aside.map_or(Piece::Here(fragment), Piece::Kept))
            }
            (outcome, _) => outcome,
        }
    }

    /// What is left to do, after the files that explain others were put where these find them.
    fn take_contexts(&mut self, stages: Vec<Stage>) -> Vec<(usize, Step)> {
        let there: Vec<Format> = stages
            .iter()
            .filter_map(|stage| match stage {
                Stage::Harness(read, _) | Stage::Done(Outcome::Read(read, _)) => Some(read.format),
                _ => None,
            })
            .collect();
        let (mut steps, mut last, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
        for (at, stage) in stages.into_iter().enumerate() {
            let step = match stage {
                Stage::Done(outcome) => Step::Done(outcome),
                Stage::Harness(read, source) => Step::Harness(read, source),
                Stage::Context(read, source) => {
                    contexts.push(source);
                    if read.format.stands_for().is_none_or(|format| there.contains(&format)) {
                        last.push((at, Step::Context(read)));
                        continue;
                    }
                    Step::Instead(read, contexts.len() - 1)
                }
                // All were done when the tables beside them were known.
                Stage::Plain(read, _) | Stage::Companion(read, _) => Step::Done(Outcome::Used(read)),
            };
            steps.push((at, step));
        }
        self.contexts = Beside::of(contexts);
        steps.extend(last);
        steps
    }

    /// What became of a file that explains others.
    fn explained(&self, mut read: FileRead) -> Outcome {
        if self.has_samples.load(Ordering::Relaxed) {
            read.because = format!("{}; it explains the files beside it", read.because);
            return Outcome::Used(read);
        }
        let error = ReadError::NotItemLevel {
            file: read.file.clone(),
            found: format!("{}, which say nothing about single items by themselves", read.format.name()),
            remedy: read.format.wanted_beside().to_owned(),
        };
        skipped(read, &error)
    }

    /// Reads a file of a program; one that did not wait in memory is opened again.
    fn read_harness(&self, at: usize, read: FileRead, source: Option<Source>) -> Outcome {
        let source = match source {
            Some(source) => {
                self.reading.waiting.fetch_sub(source.bytes_here() as u64, Ordering::Relaxed);
                Ok(source)
            }
            None => match on_disk(&self.files[at], self.reading.options) {
                Ok(Some((source, _))) => Ok(source),
                Ok(None) => open(&self.files[at], self.reading.options.max_unpacked_bytes),
                Err(error) => Err(error),
            },
        };
        let fragment = source.and_then(|source| {
            let source = source.with_aside(self.reading.aside.map(Arc::clone));
            read_harness(read.format, &source, &self.contexts)
        });
        self.was_read(at, read, fragment)
    }

    fn read_instead(&self, at: usize, read: FileRead, context: usize) -> Outcome {
        let fragment = read_harness(read.format, self.contexts.file(context), &self.contexts);
        self.was_read(at, read, fragment)
    }

    fn was_read(&self, at: usize, read: FileRead, fragment: Result<Fragment, ReadError>) -> Outcome {
        let found = &self.files[at];
        let outcome = finish(read, fragment);
        let rows = if let Outcome::Read(read, _) = &outcome { read.n_rows } else { 0 };
        self.reading.meter.done(found, rows);
        if let (Outcome::Read(read, Piece::Here(fragment)), Some(work)) = (&outcome, self.work(at)) {
            work.keep(&self.name(at, &self.beside), About::new(read, None), fragment);
        }
        outcome
    }
}

/// The stage of a plain file.
fn of_plain(file: String, detected: Detected, plain: Result<Plain, ReadError>) -> Stage {
    let Detected { format, because } = detected;
    let mut read = FileRead { file, format, because, n_rows: 0 };
    match plain {
        Ok(Plain::Responses(responses)) => {
            read.because = format!("{}; a {}", read.because, responses.shape);
            Stage::Plain(read, PlainPiece::Here(responses))
        }
        Ok(Plain::Companion(companion)) => Stage::Companion(read, companion),
        Err(error) => Stage::Done(skipped(read, &error)),
    }
}
