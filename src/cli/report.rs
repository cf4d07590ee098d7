//! How far can these benchmarks be trusted? The main job: one page with findings, tables and plots.

use super::analysis::{Analysis, ladder, ladder_tables, merged, tables};
use super::console::Console;
use super::flag::{FlagSettings, Flagged, item_fits};
use super::input::{Benchmark, InputArgs, Loaded};
use super::irt::measure::{Measured, quick};
use super::items::{BenchmarkSummary, overview};
use super::output::Output;
use super::plots::write_plots;
use crate::render;
use crate::report::selection::Choice;
use crate::report::words;
use crate::report::{self, BenchmarkInputs, BenchmarkReport, Report};
use crate::response::ScoreTable;
use crate::select::{CrossFitOptions, Pool};
use crate::snr::stream::score_table;
use crate::snr::{self, SnrAnalysis, SnrOptions};
use clap::Args;
use std::path::PathBuf;

/// A benchmark-quality report: one self-contained page, tables and plots
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge report                                  the bundled data, into evalgauge-report/\n  \
    evalgauge report results/ --out my-report\n  \
    evalgauge report suite.evals --benchmark mmlu\n\n\
    Writes report.html, the tables (.csv and .parquet), plots/ (.svg and .png) and summary.json.")]
pub struct ReportArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for the report
    #[arg(long, value_name = "DIR", default_value = "evalgauge-report")]
    out: PathBuf,
}

pub fn run(args: &ReportArgs, console: &Console) -> anyhow::Result<()> {
    let loaded = args.input.load(console)?;
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let mut output = Output::create(&args.out)?;
    let bar = console.spinner("measuring");
    let analyses: Vec<Analysis> = benchmarks.iter().map(|b| Analysis::of(b, console)).collect();
    let ladders: Vec<_> = benchmarks.iter().map(|b| ladder(b, &loaded.table, console)).collect();
    let fitted: Vec<Result<Measured, String>> = benchmarks
        .iter()
        .map(|b| {
            let stage = |what: &str| bar.set_message(format!("{}: {what}", b.matrix.benchmark));
            Measured::of(&b.matrix, &quick(&b.matrix, console.seed), None, &stage).map_err(|e| e.to_string())
        })
        .collect();
    let settings = FlagSettings { top: READING_LIST, seed: console.seed };
    let flagged: Vec<Result<Flagged, String>> = benchmarks
        .iter()
        .zip(&analyses)
        .zip(&fitted)
        .map(|((b, a), f)| {
            let fits = f.as_ref().ok().map(|f| item_fits(&f.fit, &f.item_fits, &b.matrix));
            let classical = a.classical.as_ref().ok();
            Flagged::of(&loaded.table, b, classical, fits.as_ref(), &settings).map_err(|e| e.to_string())
        })
        .collect();
    let training: Vec<_> = benchmarks.iter().map(|b| signal(&loaded, b, console)).collect();
    let choices: Vec<_> = benchmarks.iter().map(|b| choice(b, console)).collect();
    bar.set_message("drawing");
    let reports: Vec<BenchmarkReport> = (0..benchmarks.len())
        .map(|k| {
            report::build(&BenchmarkInputs {
                matrix: &benchmarks[k].matrix,
                texts: &loaded.table.items,
                classical: analyses[k].classical.as_ref().map_err(Clone::clone),
                leaderboard: analyses[k].leaderboard.as_ref().map_err(Clone::clone),
                ladder: ladders[k].as_ref().map_err(Clone::clone),
                item_response: fitted[k]
                    .as_ref()
                    .map(|f| f.section(&benchmarks[k].matrix))
                    .map_err(Clone::clone),
                signal: training[k].as_ref().map(|(t, a)| (t, a)).map_err(Clone::clone),
                selection: choices[k].as_ref().map_err(Clone::clone),
                flags: flagged[k].as_ref().map(Flagged::inputs).map_err(Clone::clone),
            })
        })
        .collect();
    write_plots(reports.iter(), &mut output)?;
    let report = Report {
        title: format!("How far can {} be trusted?", loaded.name),
        command: Some(args.command()),
        provenance: loaded.provenance(&benchmarks),
        benchmarks: reports,
    };
    output.bytes("report.html", render::html(&report)?.as_bytes())?;
    let named = benchmarks.iter().map(|b| b.matrix.benchmark.as_str()).zip(&analyses);
    let flag_tables = flagged.iter().flatten().flat_map(Flagged::tables);
    let all = tables(named).into_iter().chain(ladder_tables(ladders.iter().flatten())).chain(flag_tables);
    for table in merged(all) {
        output.table(&table)?;
    }
    let fits = benchmarks.iter().zip(&fitted).filter_map(|(b, f)| Some(f.as_ref().ok()?.tables(&b.matrix)));
    for table in merged(fits.flatten()) {
        output.table(&table)?;
    }
    let summaries: Vec<BenchmarkSummary> =
        benchmarks.iter().zip(&analyses).map(|(b, a)| BenchmarkSummary::of(b, a)).collect();
    output.json("summary.json", &summaries)?;
    bar.finish_and_clear();
    let directory = output.commit(console)?;

    let mut text = overview(&summaries, console);
    for benchmark in report.benchmarks.iter().take(FINDINGS_SHOWN) {
        text.push('\n');
        text.push_str(&render::text::summary(benchmark, &console.text_options()));
    }
    if let Some(more) = report.benchmarks.len().checked_sub(FINDINGS_SHOWN).filter(|n| *n > 0) {
        let more = words::count(more, "more benchmark");
        text.push_str(&format!("\nand the findings of {more} on the page\n"));
    }
    console.result(&text, &summaries)?;
    console.note(&format!("open {}", directory.join("report.html").display()));
    Ok(())
}

/// Signal and noise of a benchmark whose runs have checkpoints or seeds.
fn signal(
    loaded: &Loaded,
    benchmark: &Benchmark,
    console: &Console,
) -> Result<(ScoreTable, SnrAnalysis), String> {
    let matrix = &benchmark.matrix;
    if loaded.table.runs.iter().all(|r| r.step.is_none() && r.seed.is_none()) {
        return Err("no run says its training step or seed".to_owned());
    }
    let (table, _) = score_table(&loaded.table, &matrix.benchmark, Some(&matrix.metric.label()));
    let analysis = snr::analyse(&table, &SnrOptions { seed: console.seed, ..Default::default() });
    Ok((table, analysis))
}

/// What choosing among the subjects of a benchmark gains.
fn choice(benchmark: &Benchmark, console: &Console) -> Result<Choice, String> {
    let pool = Pool::new(&[&benchmark.matrix], false).map_err(|e| e.to_string())?;
    let options = CrossFitOptions { seed: console.seed, ..Default::default() };
    Ok(Choice::of(&benchmark.matrix.benchmark, &pool, None, options))
}

/// Items on the reading list of a report.
const READING_LIST: usize = 50;

/// Benchmarks whose findings a terminal shows.
const FINDINGS_SHOWN: usize = 3;

impl ReportArgs {
    /// The command that makes the page again.
    fn command(&self) -> String {
        let mut words = vec!["evalgauge report".to_owned()];
        words.extend(self.input.paths.iter().map(|p| p.display().to_string()));
        words.extend(self.input.benchmark.iter().map(|b| format!("--benchmark {b}")));
        words.extend(self.input.metric.iter().map(|m| format!("--metric {m}")));
        words.push(format!("--out {}", self.out.display()));
        words.join(" ")
    }
}
