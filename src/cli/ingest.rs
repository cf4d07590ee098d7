//! What is in these dumps? Read once, kept as a store that every other command reads fast.

use super::console::Console;
use super::input::{self, ReadingArgs};
use crate::ingest::explain::{self, FileRole};
use crate::ingest::{
    self, Explained, FileRead, IngestError, IngestOptions, IngestReport, Lint, Skipped, Work,
};
use crate::plot::scale::grouped;
use crate::render::text;
use crate::report::{TableView, words};
use crate::store;
use clap::Args;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Read dumps of any known format into a .evals store
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge ingest results/ --out suite.evals\n  \
    evalgauge ingest table.csv models.csv --out suite.evals --rows items\n  \
    evalgauge ingest results/ --explain\n\n\
    A reading that was interrupted goes on where it was when the command is run again; unchanged input is not read\n\
    again. A table models.csv among the input (column model, and params, step, revision, family, ...) overrides what\n\
    dumps and names say of models.")]
pub struct IngestArgs {
    /// Dumps, or directories of them
    #[arg(value_name = "PATHS", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// The store to write
    #[arg(long, value_name = "NAME.evals", required_unless_present = "explain")]
    out: Option<PathBuf>,
    /// Say for each file what it was taken for, and why; also written to explain.csv in --out
    #[arg(long)]
    explain: bool,
}

pub fn run(args: &IngestArgs, console: &Console) -> anyhow::Result<()> {
    match &args.out {
        Some(out) => write(args, out, console),
        None => {
            let (files, skipped) = input::look(&args.paths, &args.reading, console)?;
            let all = ingest::explain(&files, &skipped);
            console.result(&told(&all, console), &all)
        }
    }
}

fn write(args: &IngestArgs, out: &Path, console: &Console) -> anyhow::Result<()> {
    let options = IngestOptions { without: Some(out.to_owned()), ..args.reading.options() };
    let input = ingest::fingerprint(&args.paths, &options)?;
    if let Some(report) = up_to_date(out, &input, console) {
        Work::clear(out);
        let mut text = String::new();
        if args.explain {
            let files: Vec<FileRead> = serde_json::from_value(report["files"].clone())?;
            let skipped: Vec<Skipped> = serde_json::from_value(report["skipped"].clone())?;
            let all = ingest::explain(&files, &skipped);
            keep(&all, out)?;
            text = told(&all, console);
        }
        text.push_str(&format!("{} is up to date: nothing changed since it was written\n", out.display()));
        return console.result(&text, &report);
    }
    let work = Work::open(out)?;
    let loaded = match input::read_resumably(&args.paths, &options, console, &work) {
        Ok(loaded) => loaded,
        Err(error) => {
            // Files that nothing came of want explaining most.
            if let (true, Some(IngestError::NothingRead { files, skipped })) =
                (args.explain, error.downcast_ref::<IngestError>())
            {
                let all = ingest::explain(files, skipped);
                console.result(&told(&all, console), &all)?;
            }
            return Err(error);
        }
    };
    let report = loaded.report.unwrap_or_default();
    let paths = args.paths.iter().map(|p| p.display().to_string()).collect();
    let provenance =
        store::Provenance { paths, report: Some(serde_json::to_value(&report)?), input: Some(input) };
    store::write_from(work.directory(), &loaded.table, work.kept_options(), out, &provenance)?;
    work.finish();
    let mut text = String::new();
    if args.explain {
        let all = ingest::explain(&report.files, &report.skipped);
        keep(&all, out)?;
        text = told(&all, console);
    }
    say(&report.lint, console);
    text.push_str(&overview(&report, console));
    console.result(&text, &report)?;
    console.note(&format!("store in {}", out.display()));
    Ok(())
}

/// The report of a store that was made of this input and is as it was written.
fn up_to_date(out: &Path, input: &str, console: &Console) -> Option<serde_json::Value> {
    if !store::is_store(out) {
        return None;
    }
    match store::check(out) {
        Ok(manifest) => {
            let made_of = manifest.provenance;
            made_of.report.filter(|_| made_of.input.as_deref() == Some(input))
        }
        Err(error) => {
            console.warning(&format!("{error}, as is done now"));
            None
        }
    }
}

/// Findings of one kind in more benchmarks than this are told together.
const TOLD_APART: usize = 3;
/// Benchmarks named of those.
const NAMED: usize = 5;

fn say(lints: &[Lint], console: &Console) {
    let mut told = HashSet::new();
    for lint in lints {
        let mut alike: Vec<&Lint> = lints.iter().filter(|other| other.code == lint.code).collect();
        if alike.len() > TOLD_APART {
            if told.insert(lint.code) {
                alike.sort_by_key(|lint| std::cmp::Reverse(lint.count));
                console.warning(&together(&alike));
            }
            continue;
        }
        let place = lint.benchmark.as_deref().unwrap_or("all");
        console.warning(&format!(
            "{place}: {} ({}); {}: {}",
            lint.found,
            lint.examples.join(", "),
            lint.consequence,
            lint.remedy
        ));
    }
}

/// One kind of finding in several benchmarks, those with the most first.
fn together(lints: &[&Lint]) -> String {
    let [first, ..] = lints else { return String::new() };
    let place = |lint: &&Lint| format!("{}: {}", lint.benchmark.as_deref().unwrap_or("all"), lint.count);
    let named: Vec<String> = lints.iter().take(NAMED).map(place).collect();
    let more = match lints.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let total = lints.iter().map(|lint| lint.count).sum::<usize>() as f64;
    format!(
        "{} benchmarks: {} {} ({}{more}); {}: {}",
        lints.len(),
        grouped(total, 0),
        first.found_of_many,
        named.join(", "),
        first.consequence,
        first.remedy
    )
}

/// Writes the decisions about files beside the tables of a store.
fn keep(all: &[Explained], out: &Path) -> anyhow::Result<()> {
    let csv = store::csv_bytes(&explain::table(all))?;
    Ok(store::atomic::write_file(&out.join("explain.csv"), &csv)?)
}

/// The decisions about files, for people: by directory what each was taken for, and then in full why files were
/// set aside.
fn told(all: &[Explained], console: &Console) -> String {
    let options = console.text_options();
    let rows = all
        .iter()
        .map(|e| {
            let rows = if e.n_rows > 0 { e.n_rows.to_string() } else { "–".to_owned() };
            let because = e.evidence.or(e.found).unwrap_or_else(|| e.reason.unwrap_or_default());
            let format = e.format.unwrap_or("not recognised").to_owned();
            let file = format!("  {}", parts(e.file).1);
            vec![file, e.role.as_str().to_owned(), format, rows, because.to_owned()]
        })
        .collect();
    let view = TableView::new("", &["file", "role", "format", "#rows", "evidence"], rows);
    let table = text::table(&view, &console.uncut_text_options());
    let mut lines = table.lines();
    let mut text = format!("{}\n", lines.next().unwrap_or_default());
    let mut directory = None;
    for (line, e) in lines.zip(all) {
        let here = parts(e.file).0;
        if directory.replace(here) != Some(here) && !here.is_empty() {
            text.push_str(&text::paragraph(here, 0, &options));
        }
        text.push_str(line);
        text.push('\n');
    }
    for file in all.iter().filter(|e| e.role == FileRole::SetAside) {
        text.push_str(&text::paragraph(&format!("set aside: {}", file.file), 0, &options));
        let lines = match (file.found, file.nearest) {
            (Some(found), Some(nearest)) => vec![format!("found: {found}"), format!("nearest: {nearest}")],
            _ => vec![file.reason.unwrap_or_default().to_owned()],
        };
        for line in lines {
            text.push_str(&text::paragraph(&line, 4, &options));
        }
    }
    text
}

/// The directory, or the archive and the directory within it, and the name in it.
fn parts(file: &str) -> (&str, &str) {
    match file.rfind(['/', '!']) {
        Some(at) => (&file[..=at], &file[at + 1..]),
        None => ("", file),
    }
}

/// What was read, one line for each benchmark.
fn overview(report: &IngestReport, console: &Console) -> String {
    let rows = report
        .benchmarks
        .iter()
        .map(|b| {
            let primary: Vec<&str> =
                b.metrics.iter().filter(|m| m.primary).map(|m| m.metric.as_str()).collect();
            vec![
                b.benchmark.clone(),
                b.n_models.to_string(),
                b.n_items.to_string(),
                b.n_subjects.to_string(),
                format!("{:.3}", b.density),
                b.mean_score.map_or("–".to_owned(), |m| format!("{m:.4}")),
                if primary.is_empty() { "–".to_owned() } else { primary.join(" + ") },
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
        "#mean of scores",
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
