//! What is in these dumps? Read once, kept as a store that every other command reads fast.

use super::console::Console;
use super::input::{self, ReadingArgs};
use crate::ingest::{self, IngestReport};
use crate::render::text;
use crate::report::{TableView, words};
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
    let input = ingest::fingerprint(&args.paths, &args.reading.options())?;
    let before = store::manifest(&args.out).map(|manifest| manifest.provenance);
    if let Some(report) = before.filter(|p| p.input.as_ref() == Some(&input)).and_then(|p| p.report) {
        let text = format!("{} is up to date: nothing changed since it was written\n", args.out.display());
        return console.result(&text, &report);
    }
    let loaded = input::read(&args.paths, &args.reading, console)?;
    let report = loaded.report.unwrap_or_default();
    let paths = args.paths.iter().map(|p| p.display().to_string()).collect();
    let provenance =
        store::Provenance { paths, report: Some(serde_json::to_value(&report)?), input: Some(input) };
    store::write(&loaded.table, &args.out, &provenance)?;
    for lint in &report.lint {
        let place = lint.benchmark.as_deref().unwrap_or("all");
        console.warning(&format!(
            "{place}: {} ({}); {}: {}",
            lint.found,
            lint.examples.join(", "),
            lint.consequence,
            lint.remedy
        ));
    }
    console.result(&overview(&report, console), &report)?;
    console.note(&format!("store in {}", args.out.display()));
    Ok(())
}

/// What was read, one line for each benchmark.
fn overview(report: &IngestReport, console: &Console) -> String {
    let rows = report
        .benchmarks
        .iter()
        .map(|b| {
            let primary = b.metrics.iter().find(|m| m.primary).map_or("–".to_owned(), |m| m.metric.clone());
            vec![
                b.benchmark.clone(),
                b.n_models.to_string(),
                b.n_items.to_string(),
                b.n_subjects.to_string(),
                format!("{:.3}", b.density),
                b.mean_score.map_or("–".to_owned(), |m| format!("{m:.4}")),
                primary,
                b.metrics.len().to_string(),
            ]
        })
        .collect();
    let headings = [
        "benchmark",
        "#models",
        "#items",
        "#subjects",
        "#density",
        "#mean score",
        "primary metric",
        "#metrics",
    ];
    let table = text::table(&TableView::new("", &headings, rows), &console.text_options());
    format!(
        "{table}{} read, {} left aside, {}\n",
        words::count(report.files.len(), "file"),
        report.skipped.len(),
        words::count(report.n_rows, "row")
    )
}
