//! What is in these dumps? Read once, kept as a store that every other command reads fast.

use super::console::Console;
use super::input::{self, ReadingArgs};
use crate::store;
use clap::Args;
use std::path::PathBuf;

/// Read dumps of any known format into a .evals store
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge ingest results/ --out suite.evals\n  \
    evalgauge ingest table.csv models.csv --out suite.evals --rows items")]
pub struct IngestArgs {
    /// Dumps, or directories of them
    #[arg(value_name = "PATHS", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// The store to write
    #[arg(long, value_name = "NAME.evals")]
    out: PathBuf,
}

pub fn run(args: &IngestArgs, console: &Console) -> anyhow::Result<()> {
    let loaded = input::read(&args.paths, &args.reading, console)?;
    let paths = args.paths.iter().map(|p| p.display().to_string()).collect();
    store::write(&loaded.table, &args.out, &store::Provenance { paths, report: None })?;
    console.note(&format!("store in {}", args.out.display()));
    Ok(())
}
