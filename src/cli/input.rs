//! Which data did the user mean? Dumps, stores or the bundled set, as one matrix for each benchmark.

use super::console::Console;
use crate::report::Provenance;
use crate::response::{PivotOptions, PivotReport, ResponseMatrix, ResponseTable, pivot};
use crate::store;
use anyhow::bail;
use clap::{Args, ValueEnum};
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowsAre {
    Models,
    Items,
}

/// A table with the account of how it was read.
pub struct Loaded {
    pub table: ResponseTable,
    /// What the data are called on a page: the paths as given, or the bundled set.
    pub name: String,
}

/// One benchmark, ready to be analysed.
pub struct Benchmark {
    pub matrix: ResponseMatrix,
    pub pivot: PivotReport,
}

/// Reads stores.
pub fn read(paths: &[PathBuf], _reading: &ReadingArgs, console: &Console) -> anyhow::Result<Loaded> {
    let bar = console.spinner("reading");
    let mut table = ResponseTable::default();
    for path in paths {
        table.append(store::read(path)?);
    }
    bar.finish_and_clear();
    let name = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    Ok(Loaded { table, name })
}

impl Loaded {
    /// What a page says of how the data were read.
    pub fn provenance(&self, benchmarks: &[Benchmark]) -> Provenance {
        let models: std::collections::HashSet<_> = self.table.runs.iter().map(|r| &r.model).collect();
        Provenance {
            n_rows: self.table.len(),
            n_without_score: (0..self.table.len()).filter(|&i| self.table.score(i).is_none()).count(),
            n_models: models.len(),
            metrics: self.table.metrics.iter().map(|m| format!("{}: {}", m.benchmark, m.label())).collect(),
            notes: benchmarks.iter().flat_map(Benchmark::notes).collect(),
            ..Default::default()
        }
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
                "{name}: {aside} runs (earlier checkpoints, prompt variants, earlier times) stand behind the one run \
                 taken for each model, for instance {}",
                self.pivot.runs_set_aside[0]
            ));
        }
        if self.pivot.n_identical_duplicates > 0 {
            notes.push(format!("{name}: {} rows said the same thing again", self.pivot.n_identical_duplicates));
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
            console.note("no PATHS given: using the bundled digits-zoo results (these are not language models)");
            let table = store::bundled()?;
            return Ok(Loaded { table, name: "digits-zoo (bundled)".to_owned() });
        }
        read(&self.paths, &self.reading, console)
    }

    /// Cuts the matrices of the benchmarks asked for, all by default. A benchmark without any score is left
    /// out with a warning unless it was asked for by name.
    pub fn benchmarks(&self, loaded: &Loaded, console: &Console) -> anyhow::Result<Vec<Benchmark>> {
        let all = loaded.table.benchmarks();
        let wanted = if self.benchmark.is_empty() { &all } else { &self.benchmark };
        let options = PivotOptions { metric: self.metric.clone(), ..Default::default() };
        let mut found = Vec::new();
        for name in wanted {
            match pivot(&loaded.table, name, &options) {
                Ok((matrix, pivot)) => found.push(Benchmark { matrix, pivot }),
                Err(error) if self.benchmark.is_empty() => console.warning(&error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
        if found.is_empty() {
            bail!("nothing to analyse: no benchmark has a scored response");
        }
        Ok(found)
    }
}
