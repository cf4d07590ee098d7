//! What do these answers say of models and items? One fit for each benchmark, with tables, plots and findings.

use super::measure::{FitRecord, Measured};
use super::progress::FitProgress;
use super::{ModelName, at_threshold};
use crate::cli::analysis::merged;
use crate::cli::console::Console;
use crate::cli::input::InputArgs;
use crate::cli::output::Output;
use crate::cli::plots::write_plots;
use crate::irt::{IrtError, IrtOptions, Priors};
use crate::numeric::describe::median;
use crate::render::text;
use crate::report::item_response::{chosen_because, section};
use crate::report::{BenchmarkReport, NotRun, Sample, TableView};
use crate::response::ResponseMatrix;
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct FitArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for tables and plots
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// Model of the answers
    #[arg(long, value_enum, default_value_t = ModelName::Auto, value_name = "MODEL")]
    model: ModelName,
    /// Priors on item parameters: weak ones, or none as in reference software
    #[arg(long, value_enum, default_value_t = PriorName::Default, value_name = "PRIOR")]
    prior: PriorName,
    /// Count scores at or above X as right, all others as wrong
    #[arg(long, value_name = "X")]
    threshold: Option<f64>,
    /// Fit the model even to fewer models than it needs
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PriorName {
    /// Weakly informative
    Default,
    /// Maximum likelihood
    None,
}

/// One benchmark in the summary.
#[derive(Serialize)]
struct IrtSummary {
    benchmark: String,
    metric: String,
    irt_model: &'static str,
    chosen_because: Option<String>,
    n_models: usize,
    n_items: usize,
    converged: bool,
    log_likelihood: f64,
    reliability: Option<f64>,
    /// Median half-width of the 95 % intervals.
    ability_half_width: Option<f64>,
    difficulty_half_width: Option<f64>,
    n_negative_slopes: usize,
    n_misfit: usize,
    n_dependent_pairs: usize,
    findings: Vec<String>,
    warnings: Vec<String>,
}

/// A benchmark with its fit and what is said of it.
struct Done {
    matrix: ResponseMatrix,
    measured: Measured,
    report: BenchmarkReport,
}

pub fn run(args: &FitArgs, console: &Console) -> anyhow::Result<()> {
    if args.threshold.is_some_and(|t| !t.is_finite()) {
        bail!("--threshold must be a number");
    }
    // Without a subcommand the command line requires it.
    let Some(out) = &args.out else { bail!("name a directory for the results: --out DIR") };
    let loaded = args.input.load(console)?;
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let mut output = Output::create(out)?;
    let options = IrtOptions {
        model: args.model.model(),
        priors: if args.prior == PriorName::None { Priors::None } else { Priors::Default },
        force_model: args.force,
        seed: console.seed,
        ..Default::default()
    };
    let several = benchmarks.len() > 1;
    let mut done: Vec<Done> = Vec::new();
    for benchmark in benchmarks {
        let matrix = match args.threshold {
            Some(threshold) => at_threshold(&benchmark.matrix, threshold),
            None => benchmark.matrix,
        };
        match fit_one(&matrix, &options, console) {
            Ok((measured, report)) => done.push(Done { matrix, measured, report }),
            Err(error) if several => console.warning(&format!("{}: {}", matrix.benchmark, remedied(&error))),
            Err(error) => bail!("{}: {}", matrix.benchmark, remedied(&error)),
        }
    }
    if done.is_empty() {
        bail!("no benchmark could be fitted");
    }
    for table in merged(done.iter().flat_map(|d| d.measured.tables(&d.matrix))) {
        output.table(&table)?;
    }
    write_plots(done.iter().map(|d| &d.report), &mut output)?;
    let records: Vec<FitRecord> = done.iter().map(|d| d.measured.record()).collect();
    output.json("fit.json", &records)?;
    let summaries: Vec<IrtSummary> = done.iter().map(summary).collect();
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    for summary in &summaries {
        for warning in &summary.warnings {
            console.warning(&format!("{}: {warning}", summary.benchmark));
        }
    }
    console.result(&overview(&summaries, &done, console), &summaries)?;
    console.note(&format!("tables and plots in {}", directory.display()));
    Ok(())
}

fn fit_one(
    matrix: &ResponseMatrix,
    options: &IrtOptions,
    console: &Console,
) -> Result<(Measured, BenchmarkReport), IrtError> {
    let progress =
        FitProgress::new(console.bar(super::progress::LENGTH), &matrix.benchmark, options.tolerance);
    let observe = |p: &crate::irt::Progress| {
        progress.iteration(p);
        ControlFlow::Continue(())
    };
    let measured = Measured::of(matrix, options, Some(&observe), &|what| progress.stage(what));
    progress.stage("drawing");
    let done = measured.map(|measured| {
        let sample = Sample::of(matrix);
        let mut report = BenchmarkReport::new(sample.clone());
        let drawn = section(&sample, &measured.section(matrix));
        report.add("Item response", drawn);
        let missing = |check: &str, reason: &Option<String>| reason.clone().map(|r| NotRun::new(check, r));
        report.not_run.extend(missing("S-X²", &measured.item_fits.sum_score_reason));
        report.not_run.extend(missing("Dependent items", &measured.dependence.reason));
        report.not_run.extend(missing("Fit of the whole (M2)", &measured.overall.as_ref().err().cloned()));
        (measured, report)
    });
    progress.finish();
    done
}

/// The error with what to do about it on the command line.
fn remedied(error: &IrtError) -> String {
    let remedy = match error {
        IrtError::NotBinary { .. } | IrtError::NotOrdinal { .. } => {
            "; --threshold X counts scores at or above X as right"
        }
        IrtError::TooFewRespondents { .. } => "; add the results of other models, or --force a fit",
        _ => "",
    };
    format!("{error}{remedy}")
}

fn summary(done: &Done) -> IrtSummary {
    let fit = &done.measured.fit;
    let half = |values: Vec<f64>| median(&values).map(|w| 0.5 * w);
    let width = |e: &crate::numeric::Estimate| e.interval.map(|i| i.width());
    IrtSummary {
        benchmark: fit.benchmark.clone(),
        metric: done.matrix.metric.label(),
        irt_model: fit.model.name(),
        chosen_because: chosen_because(&done.measured.section(&done.matrix)),
        n_models: fit.abilities.len(),
        n_items: fit.items.len(),
        converged: fit.convergence.converged(),
        log_likelihood: fit.log_likelihood,
        reliability: fit.reliability.empirical,
        ability_half_width: half(fit.abilities.iter().filter_map(|a| width(&a.eap)).collect()),
        difficulty_half_width: half(fit.items.iter().filter_map(|i| width(&i.location)).collect()),
        n_negative_slopes: done.measured.n_negative_slopes(),
        n_misfit: done.measured.n_misfit(),
        n_dependent_pairs: done.measured.dependence.pairs.len(),
        findings: done.report.findings.iter().map(|f| f.headline.clone()).collect(),
        warnings: fit.warnings.iter().map(ToString::to_string).collect(),
    }
}

/// Benchmarks whose findings a terminal shows.
const FINDINGS_SHOWN: usize = 3;

fn overview(summaries: &[IrtSummary], done: &[Done], console: &Console) -> String {
    let number = |x: Option<f64>, digits: usize| x.map_or("–".to_owned(), |x| format!("{x:.digits$}"));
    let half = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("±{x:.2}"));
    let rows = summaries
        .iter()
        .map(|s| {
            vec![
                s.benchmark.clone(),
                format!("{}{}", s.irt_model, if s.converged { "" } else { " (not converged)" }),
                s.n_models.to_string(),
                s.n_items.to_string(),
                format!("{:.1}", s.log_likelihood),
                number(s.reliability, 3),
                half(s.ability_half_width),
                half(s.difficulty_half_width),
                s.n_negative_slopes.to_string(),
                s.n_misfit.to_string(),
            ]
        })
        .collect();
    let headings = [
        "benchmark",
        "fit",
        "#models",
        "#items",
        "#log-likelihood",
        "#reliability",
        "#ability",
        "#difficulty",
        "#backwards",
        "#misfits",
    ];
    let mut out = text::table(&TableView::new("", &headings, rows), &console.text_options());
    for (done, summary) in done.iter().zip(summaries).take(FINDINGS_SHOWN) {
        out.push('\n');
        out.push_str(&text::summary(&done.report, &console.text_options()));
        if let Some(reason) = &summary.chosen_because {
            out.push_str(&text::paragraph(
                &format!("{}: {reason}", summary.irt_model),
                5,
                &console.text_options(),
            ));
        }
    }
    out
}
