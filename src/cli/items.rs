//! How good are the items, one by one? Classical item and reliability analysis.

use super::analysis::{Analysis, tables};
use super::console::Console;
use super::input::{Benchmark, InputArgs};
use super::output::Output;
use crate::numeric::Estimate;
use crate::render::text;
use crate::report::TableView;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Classical item and reliability analysis: difficulty, discrimination, alpha
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge items results.csv --out tables\n  \
    evalgauge items --out tables --format json      the bundled data, summary as JSON\n\n\
    Writes items, reliability, models, clones and option_shares (.csv and .parquet) and summary.json.")]
pub struct ItemsArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for the tables
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// One benchmark in the summary.
#[derive(Debug, Serialize)]
pub struct BenchmarkSummary {
    pub benchmark: String,
    pub metric: String,
    pub n_models: usize,
    pub n_items: usize,
    pub density: f64,
    pub mean_score: Option<f64>,
    pub alpha: Option<Estimate>,
    pub effective_models: Option<f64>,
    pub n_negative_discrimination: Option<usize>,
    pub n_floor: usize,
    pub n_ceiling: usize,
    pub runs_set_aside: usize,
    pub warnings: Vec<String>,
}

impl BenchmarkSummary {
    pub fn of(benchmark: &Benchmark, analysis: &Analysis) -> Self {
        let matrix = &benchmark.matrix;
        let classical = analysis.classical.as_ref();
        let shares: Vec<(f64, usize)> = matrix.item_totals();
        let at = |full: bool| {
            let end = |&&(sum, n): &&(f64, usize)| n > 0 && if full { sum == n as f64 } else { sum == 0.0 };
            shares.iter().filter(end).count()
        };
        let mut warnings: Vec<String> = Vec::new();
        match classical {
            Ok(c) => warnings.extend(c.warnings.iter().cloned()),
            Err(reason) => warnings.push(reason.clone()),
        }
        match &analysis.leaderboard {
            Ok(l) => warnings.extend(l.warnings.iter().cloned()),
            Err(reason) => warnings.push(reason.clone()),
        }
        Self {
            benchmark: matrix.benchmark.clone(),
            metric: matrix.metric.label(),
            n_models: matrix.n_respondents(),
            n_items: matrix.n_items(),
            density: matrix.density(),
            mean_score: matrix.mean_score(),
            alpha: classical.ok().and_then(|c| c.overall.alpha),
            effective_models: classical.ok().map(|c| c.overall.effective_respondents),
            n_negative_discrimination: classical
                .ok()
                .map(|c| c.items.iter().filter(|i| i.item_rest.is_some_and(|r| r.value < 0.0)).count()),
            n_floor: at(false),
            n_ceiling: at(true),
            runs_set_aside: benchmark.pivot.runs_set_aside.len(),
            warnings,
        }
    }
}

/// The summaries as a table for a terminal.
pub fn overview(summaries: &[BenchmarkSummary], console: &Console) -> String {
    let number = |x: Option<f64>, digits: usize| x.map_or("–".to_owned(), |x| format!("{x:.digits$}"));
    let rows = summaries
        .iter()
        .map(|s| {
            let alpha = s.alpha.map_or("–".to_owned(), |a| match a.interval {
                Some(i) => format!("{:.3} [{:.3}, {:.3}]", a.value, i.low, i.high),
                None => format!("{:.3}", a.value),
            });
            vec![
                s.benchmark.clone(),
                s.n_models.to_string(),
                s.n_items.to_string(),
                number(s.mean_score, 4),
                alpha,
                s.n_negative_discrimination.map_or("–".to_owned(), |n| n.to_string()),
                format!("{} / {}", s.n_floor, s.n_ceiling),
            ]
        })
        .collect();
    let headings = [
        "benchmark",
        "#models",
        "#items",
        "#mean score",
        "#alpha [95 %]",
        "#negative items",
        "#none / all right",
    ];
    text::table(&TableView::new("", &headings, rows), &console.text_options())
}

pub fn run(args: &ItemsArgs, console: &Console) -> anyhow::Result<()> {
    let loaded = args.input.load(console)?;
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let mut output = Output::create(&args.out)?;
    let bar = console.spinner("measuring items");
    let analyses: Vec<Analysis> = benchmarks.iter().map(|b| Analysis::of(b, console)).collect();
    bar.finish_and_clear();
    let named = benchmarks.iter().map(|b| b.matrix.benchmark.as_str()).zip(&analyses);
    for table in tables(named) {
        output.table(&table)?;
    }
    let summaries: Vec<BenchmarkSummary> =
        benchmarks.iter().zip(&analyses).map(|(b, a)| BenchmarkSummary::of(b, a)).collect();
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    for summary in &summaries {
        for warning in &summary.warnings {
            console.warning(&format!("{}: {warning}", summary.benchmark));
        }
    }
    console.result(&overview(&summaries, console), &summaries)?;
    console.note(&format!("tables in {}", directory.display()));
    Ok(())
}
