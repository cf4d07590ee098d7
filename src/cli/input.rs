//! Which data did the user mean? Dumps, stores or the bundled set, as one matrix for each benchmark.

use super::console::Console;
use crate::ingest::{self, IngestError, IngestOptions, IngestReport, Progress, Skipped, Work};
use crate::plot::scale::grouped;
use crate::report::{FileRead, FileSkipped, LintNote, Provenance, words};
use crate::response::{PivotOptions, PivotReport, ResponseMatrix, ResponseTable, pivot};
use crate::store;
use anyhow::bail;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use std::path::PathBuf;

/// What to read, for every command that analyses.
#[derive(Debug, Clone, Args)]
pub struct InputArgs {
    /// Dumps of any known format, directories of them, or a .evals store [default: the bundled data]
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Only this benchmark; may be given several times
    #[arg(long, value_name = "NAME")]
    pub benchmark: Vec<String>,
    /// Metric to analyse, `name` or `name,filter` [default: the primary one]
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
}

/// How to read what does not say it itself.
#[derive(Debug, Clone, Default, Args)]
pub struct ReadingArgs {
    /// What the rows of a wide table are, where the table does not say
    #[arg(long, value_enum, value_name = "WHAT")]
    pub rows: Option<RowsAre>,
    /// The benchmark of plain tables that do not say [default: the name of the file or of its directory]
    #[arg(long, value_name = "BENCHMARK")]
    pub table_name: Option<String>,
    /// Unpack up to this many gigabytes from one archive or compressed file [default: 8]
    #[arg(long, value_name = "GB", value_parser = gigabytes)]
    pub max_unpacked: Option<u64>,
}

/// Gigabytes as bytes.
fn gigabytes(text: &str) -> Result<u64, String> {
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite());
    number.map(|number| (number * 1e9) as u64).ok_or_else(|| "a number of gigabytes is needed".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowsAre {
    Models,
    Items,
}

impl ReadingArgs {
    /// The same as the readers take it.
    pub fn options(&self) -> IngestOptions {
        let rows = self.rows.map(|rows| match rows {
            RowsAre::Models => ingest::RowsAre::Models,
            RowsAre::Items => ingest::RowsAre::Items,
        });
        let default = IngestOptions::default();
        let max_unpacked_bytes = self.max_unpacked.unwrap_or(default.max_unpacked_bytes);
        IngestOptions { rows, benchmark: self.table_name.clone(), max_unpacked_bytes, ..default }
    }
}

/// A table with the account of how it was read.
pub struct Loaded {
    pub table: ResponseTable,
    /// How it was read; the bundled set has nothing to report.
    pub report: Option<IngestReport>,
    /// What the data are called on a page: the paths as given, or the bundled set.
    pub name: String,
}

/// One benchmark, ready to be analysed.
pub struct Benchmark {
    pub matrix: ResponseMatrix,
    pub pivot: PivotReport,
}

/// Reads dumps and stores.
pub fn read(paths: &[PathBuf], reading: &ReadingArgs, console: &Console) -> anyhow::Result<Loaded> {
    loaded(paths, console, |show| ingest::ingest(paths, &reading.options(), show))
}

/// The same, going on where an interrupted reading left off.
pub fn read_resumably(
    paths: &[PathBuf],
    options: &IngestOptions,
    console: &Console,
    work: &Work,
) -> anyhow::Result<Loaded> {
    loaded(paths, console, |show| ingest::ingest_resumably(paths, options, show, work))
}

fn loaded(
    paths: &[PathBuf],
    console: &Console,
    read: impl FnOnce(&(dyn Fn(Progress) + Sync)) -> Result<(ResponseTable, IngestReport), IngestError>,
) -> anyhow::Result<Loaded> {
    let bar = console.reading();
    let read = read(&shown_on(&bar));
    bar.finish_and_clear();
    let (table, report) = read?;
    say_what_was_read(&report, console);
    // The last part of a path says what the data are; the whole path stands among the files read.
    let short = |p: &PathBuf| p.file_name().unwrap_or(p.as_os_str()).to_string_lossy().into_owned();
    let name = paths.iter().map(short).collect::<Vec<_>>().join(", ");
    Ok(Loaded { table, report: Some(report), name })
}

/// What became of each file, without joining them.
pub fn look(
    paths: &[PathBuf],
    reading: &ReadingArgs,
    console: &Console,
) -> anyhow::Result<(Vec<ingest::FileRead>, Vec<ingest::Skipped>)> {
    let bar = console.reading();
    let looked = ingest::look(paths, &reading.options(), &shown_on(&bar));
    bar.finish_and_clear();
    Ok(looked?)
}

fn shown_on(bar: &ProgressBar) -> impl Fn(Progress) + Sync {
    |p: Progress| {
        bar.set_length(p.total_bytes);
        bar.set_position(p.bytes);
        bar.set_message(format!("{} of {} files, {} rows", p.done, p.total, p.rows));
    }
}

/// Files and notes named on the terminal; all of them stand in the report of the run.
const SHOWN: usize = 8;

/// What the reading left aside, and what it had to assume: nothing is dropped in silence.
fn say_what_was_read(report: &IngestReport, console: &Console) {
    // What is known and damaged before what was never meant.
    let mut all: Vec<&Skipped> = report.skipped.iter().collect();
    all.sort_by_key(|skipped| skipped.detected.is_none());
    for skipped in all.into_iter().take(SHOWN) {
        console.warning(&format!("left aside: {}: {}", skipped.file, skipped.reason));
    }
    if let Some(more) = report.skipped.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        console.warning(&format!(
            "left aside: {}; `evalgauge ingest --format json` names all",
            words::count(more, "more file")
        ));
    }
    for note in report.notes.iter().take(SHOWN) {
        let place = match note.count {
            1 => note.examples.first().cloned().unwrap_or_default(),
            n => format!("{}, for instance {}", times(n, note.total), note.examples.join("; ")),
        };
        console.note(&format!("note: {} ({place})", note.message));
    }
}

/// How often something was said, and what the numbers in it add up to.
fn times(n: usize, total: Option<u64>) -> String {
    let total = total.map_or(String::new(), |total| format!(", {} in all", grouped(total as f64, 0)));
    format!("{n} times{total}")
}

impl Loaded {
    /// What a page says of how the data were read.
    pub fn provenance(&self, benchmarks: &[Benchmark]) -> Provenance {
        let models: std::collections::HashSet<_> = self.table.runs.iter().map(|r| &r.model).collect();
        let mut notes: Vec<String> = benchmarks.iter().flat_map(Benchmark::notes).collect();
        let mut read = Provenance::default();
        match &self.report {
            Some(report) => {
                let file = |f: &ingest::report::FileRead| FileRead {
                    path: f.file.clone(),
                    format: f.format.name().to_owned(),
                    n_rows: f.n_rows,
                };
                let skipped = |s: &ingest::report::Skipped| FileSkipped {
                    path: s.file.clone(),
                    reason: s.reason.clone(),
                };
                read.files_read = report.files.iter().map(file).collect();
                read.files_skipped = report.skipped.iter().map(skipped).collect();
                read.lint = report.lint.iter().map(lint_note).collect();
                notes.extend(report.notes.iter().map(|n| match n.count {
                    1 => n.message.clone(),
                    count => format!("{} ({})", n.message, times(count, n.total)),
                }));
            }
            None => read.lint = ingest::lint::lint(&self.table).iter().map(lint_note).collect(),
        }
        Provenance {
            n_rows: self.table.len(),
            n_without_score: (0..self.table.len()).filter(|&i| self.table.score(i).is_none()).count(),
            n_models: models.len(),
            metrics: self.table.metrics.iter().map(|m| format!("{}: {}", m.benchmark, m.label())).collect(),
            notes,
            ..read
        }
    }
}

fn lint_note(lint: &ingest::Lint) -> LintNote {
    let examples =
        if lint.examples.is_empty() { String::new() } else { format!(": {}", lint.examples.join(", ")) };
    LintNote {
        message: format!("{}{examples}; {}", lint.found, lint.consequence),
        place: lint.benchmark.clone(),
        remedy: Some(lint.remedy.to_owned()),
    }
}

impl Benchmark {
    /// What was folded or set aside on the way to the matrix.
    fn notes(&self) -> Vec<String> {
        let name = &self.matrix.benchmark;
        let mut notes = Vec::new();
        let aside = self.pivot.runs_set_aside.len();
        if aside > 0 {
            notes.push(format!(
                "{name}: {} (earlier checkpoints, prompt variants, earlier times) stand behind the one taken for \
                 each model, for instance {}",
                words::count(aside, "run"),
                self.pivot.runs_set_aside[0]
            ));
        }
        if let [first, ..] = self.pivot.runs_completing.as_slice() {
            notes.push(format!(
                "{name}: {} taken for items that other runs of the same models lack, for instance {first}",
                match self.pivot.runs_completing.len() {
                    1 => "1 run was".to_owned(),
                    n => format!("{n} runs were"),
                }
            ));
        }
        if let [first, ..] = self.pivot.models_without_metric.as_slice() {
            notes.push(format!(
                "{name}: {} left out, scored by other metrics than {} only, for instance {first}; name another with \
                 --metric",
                match self.pivot.models_without_metric.len() {
                    1 => "1 model is".to_owned(),
                    n => format!("{n} models are"),
                },
                self.matrix.metric.label()
            ));
        }
        if self.pivot.n_runs_repeated > 0 {
            notes.push(format!(
                "{name}: {} in nothing but number or seed from another of the same model, so the attempts are \
                 repeats",
                match self.pivot.n_runs_repeated {
                    1 => "1 run differs".to_owned(),
                    n => format!("{n} runs differ"),
                }
            ));
        }
        if self.pivot.n_identical_duplicates > 0 {
            notes.push(format!(
                "{name}: {} rows said the same thing again",
                self.pivot.n_identical_duplicates
            ));
        }
        if self.pivot.max_repeats > 1 {
            notes.push(format!("{name}: up to {} repeats of a cell, kept as counts", self.pivot.max_repeats));
        }
        for (status, n) in &self.pivot.without_score {
            notes.push(format!("{name}: {n} attempts without a score ({status}), kept as missing"));
        }
        notes
    }
}

impl InputArgs {
    /// Reads what was named, or the bundled data where nothing was.
    pub fn load(&self, console: &Console) -> anyhow::Result<Loaded> {
        if self.paths.is_empty() {
            console
                .note("no PATHS given: using the bundled digits-zoo results (these are not language models)");
            let table = store::bundled()?;
            return Ok(Loaded { table, report: None, name: "digits-zoo (bundled)".to_owned() });
        }
        read(&self.paths, &self.reading, console)
    }

    /// Cuts the matrices of the benchmarks asked for, all by default. A benchmark without any score is left
    /// out with a warning unless it was asked for by name.
    pub fn benchmarks(&self, loaded: &Loaded, console: &Console) -> anyhow::Result<Vec<Benchmark>> {
        let all = loaded.table.benchmarks();
        let wanted = if self.benchmark.is_empty() { &all } else { &self.benchmark };
        let options = PivotOptions { metric: self.metric.clone(), ..Default::default() };
        let mut found: Vec<Benchmark> = Vec::new();
        let mut failed = Vec::new();
        for name in wanted {
            match pivot(&loaded.table, name, &options) {
                Ok((matrix, pivot)) => found.push(Benchmark { matrix, pivot }),
                Err(error) if self.benchmark.is_empty() => failed.push(error),
                Err(error) => return Err(error.into()),
            }
        }
        if found.is_empty() {
            match failed.into_iter().next() {
                Some(first) => return Err(first.into()),
                None => bail!("nothing to analyse: the data have no benchmark"),
            }
        }
        for error in failed {
            console.warning(&error.to_string());
        }
        for benchmark in &found {
            for note in benchmark.notes() {
                console.note(&format!("note: {note}"));
            }
        }
        Ok(found)
    }
}
