//! Which subtasks are worth keeping, and what does keeping only them gain on other models?

use crate::cli::console::Console;
use crate::cli::input::{Benchmark, InputArgs, Loaded};
use crate::cli::output::Output;
use crate::ingest::{IngestOptions, tables::read_tables};
use crate::plot::{self, WIDE};
use crate::render::text;
use crate::report::TableView;
use crate::report::selection::Choice;
use crate::response::{ResponseMatrix, Table};
use crate::select::{self, CrossFit, CrossFitOptions, Method, Objective, Pool, Redundancy};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Rank subtasks, choose some, and show the gain to expect on other models
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge select subtasks results/ --out chosen\n  \
    evalgauge select subtasks mmlu-pro/ --by src --out chosen     group items by a column of the item table\n  \
    evalgauge select subtasks suite.evals --by benchmark --out chosen\n\n\
    Writes subtasks, curve and redundancy (.csv and .parquet), export/ for harnesses, plots/ and summary.json.")]
pub struct SubtasksArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for the tables, plots and exports
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What a subtask is: subject, benchmark, or a column of the item table
    #[arg(long, default_value = "subject", value_name = "WHAT")]
    by: String,
    /// What the kept subtasks are to be good at
    #[arg(long, value_enum, default_value_t = ObjectiveArg::Ratio, value_name = "WHAT")]
    objective: ObjectiveArg,
    /// How the order is made
    #[arg(long, value_enum, default_value_t = MethodArg::Greedy, value_name = "HOW")]
    method: MethodArg,
    /// Subtasks to keep [default: as many as are best on the models at hand]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Table of flagged items (flags.csv of `evalgauge flag`), for the rate of each subtask
    #[arg(long, value_name = "FILE")]
    flags: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ObjectiveArg {
    /// Spread between models over the noise of items
    Ratio,
    /// Pairs of models told apart, p < .01
    Pairs,
    /// Order of the models on the whole benchmark
    Accuracy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    /// At each step what makes the set best
    Greedy,
    /// Best alone first, as in arXiv 2508.13144
    Cumulative,
}

#[derive(Debug, Serialize)]
struct Summary {
    benchmark: String,
    objective: &'static str,
    method: &'static str,
    n_models: usize,
    n_subtasks: usize,
    n_items: usize,
    n_kept: usize,
    items_kept: usize,
    kept: Vec<String>,
    gain_in_sample: Option<f64>,
    gain_expected: Option<f64>,
    gain_low: Option<f64>,
    gain_high: Option<f64>,
    gain_random: Option<f64>,
    n_trials: usize,
    helps: Option<bool>,
    verdict: String,
    n_dimensions: usize,
    n_clusters: usize,
    models_left_out: Vec<String>,
    items_left_out: usize,
}

/// One suite of subtasks, measured.
struct Chosen {
    names: Vec<String>,
    criteria: Vec<select::Criteria>,
    redundancy: Redundancy,
    fit: CrossFit,
    summary: Summary,
}

pub fn run(args: &SubtasksArgs, console: &Console) -> anyhow::Result<()> {
    let mut loaded = args.input.load(console)?;
    let whole = args.by == "benchmark";
    if !whole && args.by != "subject" {
        group_by(&mut loaded, &args.by)?;
    }
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let flagged = args.flags.as_deref().map(flagged_items).transpose()?;
    let mut output = Output::create(&args.out)?;
    let bar = console.spinner("choosing");
    let suites: Vec<(String, Vec<&ResponseMatrix>)> = if whole {
        vec![("suite".to_owned(), benchmarks.iter().map(|b| &b.matrix).collect())]
    } else {
        let one = |b: &'_ Benchmark| b.matrix.benchmark.clone();
        benchmarks.iter().map(|b| (one(b), vec![&b.matrix])).collect()
    };
    let mut tables: Vec<Table> = Vec::new();
    let mut summaries: Vec<Summary> = Vec::new();
    let mut text = String::new();
    let several = suites.len() > 1;
    for (name, matrices) in &suites {
        let pool = match Pool::new(matrices, whole) {
            Ok(pool) => pool,
            Err(error) if several => {
                console.warning(&format!("{name}: {error}"));
                continue;
            }
            Err(error) => bail!("{name}: {error}"),
        };
        let chosen = choose(name, pool, args, flagged.as_ref(), console)?;
        let prefix =
            if several { format!("{}/", crate::report::words::file_stem(name)) } else { String::new() };
        write(&chosen, args, &prefix, &mut output, &mut tables)?;
        text.push_str(&overview(&chosen, console));
        summaries.push(chosen.summary);
    }
    if summaries.is_empty() {
        bail!("no benchmark has subtasks to choose from");
    }
    for table in &tables {
        output.table(table)?;
    }
    output.json("summary.json", &summaries)?;
    bar.finish_and_clear();
    let directory = output.commit(console)?;
    console.result(&text, &summaries)?;
    console.note(&format!("tables, plots and exports in {}", directory.display()));
    Ok(())
}

impl SubtasksArgs {
    fn objective(&self) -> Objective {
        match self.objective {
            ObjectiveArg::Ratio => Objective::Ratio,
            ObjectiveArg::Pairs => Objective::Pairs,
            ObjectiveArg::Accuracy => Objective::Accuracy,
        }
    }

    fn method(&self) -> Method {
        if self.method == MethodArg::Greedy { Method::Greedy } else { Method::Cumulative }
    }
}

/// Takes the subject of every item from a column of its table.
fn group_by(loaded: &mut Loaded, column: &str) -> anyhow::Result<()> {
    let mut known: Vec<String> = Vec::new();
    let mut found = false;
    for item in &mut loaded.table.items {
        let value =
            item.metadata_json.as_deref().and_then(|j| serde_json::from_str::<serde_json::Value>(j).ok());
        let Some(serde_json::Value::Object(fields)) = value else {
            item.subject = None;
            continue;
        };
        item.subject = fields.get(column).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        found |= item.subject.is_some();
        if known.is_empty() {
            known = fields.keys().cloned().collect();
        }
    }
    if !found {
        let columns = if known.is_empty() { "no further columns".to_owned() } else { known.join(", ") };
        bail!(
            "--by {column}: the items have no such column; they have {columns}, or use subject or benchmark"
        );
    }
    Ok(())
}

/// The items that a table of flags names with a kind.
fn flagged_items(path: &Path) -> anyhow::Result<HashSet<String>> {
    let read = read_tables(&[path.to_owned()], &IngestOptions::default())?;
    let (files, skipped) = read.with_context(|| format!("{}: not a table of flags", path.display()))?;
    if let Some(skipped) = skipped.first() {
        bail!("{}: {}", skipped.file, skipped.reason);
    }
    let frame = &files.first().with_context(|| format!("{}: no table", path.display()))?.frame;
    let items = frame.column("item").with_context(|| {
        format!("{}: no column item; the table has {}", path.display(), frame.names().join(", "))
    })?;
    let (items, kinds) = (items.to_words(), frame.column("kind").map(|k| k.to_words()));
    let is_flagged = |row: usize| kinds.as_ref().is_none_or(|k| k.get(row).is_some());
    Ok((0..frame.n_rows).filter(|r| is_flagged(*r)).filter_map(|r| items.get(r).map(str::to_owned)).collect())
}

fn choose(
    name: &str,
    pool: Pool,
    args: &SubtasksArgs,
    flagged: Option<&HashSet<String>>,
    console: &Console,
) -> anyhow::Result<Chosen> {
    let (objective, method) = (args.objective(), args.method());
    if let Some(keep) = args.keep.filter(|k| *k == 0 || *k > pool.subtasks.len()) {
        bail!("--keep {keep}: {name} has {} subtasks; give a number from 1 to that", pool.subtasks.len());
    }
    if !pool.models_left_out.is_empty() {
        console.note(&format!(
            "{name}: {} models answered too few items and are left out: {}",
            pool.models_left_out.len(),
            pool.models_left_out.join(", ")
        ));
    }
    let options =
        CrossFitOptions { objective, method, keep: args.keep, seed: console.seed, ..Default::default() };
    let Choice { criteria, redundancy, fit, .. } = Choice::of(name, &pool, flagged, options);
    let n_kept = fit.best_kept;
    let kept: Vec<usize> = fit.order[..n_kept].to_vec();
    let summary = Summary {
        benchmark: name.to_owned(),
        objective: objective.as_str(),
        method: method.as_str(),
        n_models: pool.models.len(),
        n_subtasks: pool.subtasks.len(),
        n_items: pool.subtasks.iter().map(|s| s.items.len()).sum(),
        n_kept,
        items_kept: kept.iter().map(|k| pool.subtasks[*k].items.len()).sum(),
        kept: kept.iter().map(|k| pool.subtasks[*k].name.clone()).collect(),
        gain_in_sample: fit.gain_in_sample,
        gain_expected: fit.gain_expected,
        gain_low: fit.gain_range.map(|r| r.0),
        gain_high: fit.gain_range.map(|r| r.1),
        gain_random: fit.gain_random,
        n_trials: fit.n_trials,
        helps: fit.helps(objective),
        verdict: verdict(&fit, objective),
        n_dimensions: redundancy.n_dimensions,
        n_clusters: redundancy.cluster.iter().max().copied().unwrap_or(0),
        models_left_out: pool.models_left_out.clone(),
        items_left_out: pool.items_left_out,
    };
    let names = pool.subtasks.iter().map(|s| s.name.clone()).collect();
    Ok(Chosen { names, criteria, redundancy, fit, summary })
}

/// What a reader should take from the trials, in one sentence.
fn verdict(fit: &CrossFit, objective: Objective) -> String {
    let (Some(expected), Some((low, high))) = (fit.gain_expected, fit.gain_range) else {
        return "The gain on other models could not be computed.".to_owned();
    };
    let shown = |g: f64| match objective {
        Objective::Ratio => format!("{:+.1} %", 100.0 * (g - 1.0)),
        _ => format!("{:+.1} points", 100.0 * g),
    };
    let range = format!(
        "{} on average (middle 95 % of {} trials: {} to {})",
        shown(expected),
        fit.n_trials,
        shown(low),
        shown(high)
    );
    let in_sample = fit
        .gain_in_sample
        .map_or(String::new(), |g| format!(", and {} on the models it was chosen on", shown(g)));
    let neutral = CrossFit::neutral(objective);
    if fit.best_kept == fit.order.len() && high - low < 1e-9 {
        return "Filtering does not help here: no smaller set does better than all subtasks, not even on the models it was \
                chosen on. Keep all."
            .to_owned();
    }
    if low > neutral {
        format!("Filtering helps: on models it was not chosen on the gain is {range}{in_sample}.")
    } else if high < neutral || expected < neutral {
        format!(
            "Filtering does not help here: on models it was not chosen on the change is {range}{in_sample}. Keep all subtasks."
        )
    } else {
        format!(
            "Whether filtering helps cannot be said: on models it was not chosen on the change is {range}{in_sample}."
        )
    }
}

fn write(
    chosen: &Chosen,
    args: &SubtasksArgs,
    prefix: &str,
    output: &mut Output,
    tables: &mut Vec<Table>,
) -> anyhow::Result<()> {
    let (objective, method) = (args.objective(), args.method());
    let name = &chosen.summary.benchmark;
    for table in [
        select::tables::subtasks_table(
            name,
            &chosen.criteria,
            &chosen.redundancy,
            &chosen.fit,
            chosen.summary.n_kept,
        ),
        select::tables::curve_table(name, &chosen.names, &chosen.fit, method, objective),
        select::tables::redundancy_table(name, &chosen.names, &chosen.redundancy),
    ] {
        match tables.iter_mut().find(|t| t.name == table.name) {
            Some(same) => same.extend(table),
            None => tables.push(table),
        }
    }
    let kept: Vec<&str> = chosen.summary.kept.iter().map(String::as_str).collect();
    for (file, content) in select::export(name, &kept) {
        output.bytes(&format!("export/{prefix}{file}"), content.as_bytes())?;
    }
    let charts = [
        ("selection_curve", plot::select::selection_curve(name, &chosen.fit, method, objective, WIDE)),
        ("redundancy", plot::select::redundancy_map(name, &chosen.names, &chosen.redundancy, WIDE)),
    ];
    for (file, chart) in charts {
        let chart = chart?;
        output.bytes(&format!("plots/{prefix}{file}.svg"), chart.svg()?.as_bytes())?;
        output.bytes(&format!("plots/{prefix}{file}.png"), &chart.png()?)?;
    }
    Ok(())
}

/// Rows shown of a long list.
const SHOWN: usize = 12;

fn overview(chosen: &Chosen, console: &Console) -> String {
    let s = &chosen.summary;
    let percent = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{:.0}", 100.0 * x));
    let rows: Vec<Vec<String>> = chosen
        .fit
        .order
        .iter()
        .enumerate()
        .map(|(rank, k)| {
            let c = &chosen.criteria[*k];
            let ratio = c.ratio.map_or("–".to_owned(), |e| match e.interval {
                Some(i) => format!("{:.2} [{:.2}, {:.2}]", e.value, i.low, i.high),
                None => format!("{:.2}", e.value),
            });
            vec![
                if rank < s.n_kept { "keep".to_owned() } else { String::new() },
                c.name.clone(),
                c.n_items.to_string(),
                ratio,
                c.reliability_per_item.map_or("–".to_owned(), |r| format!("{r:.3}")),
                percent(c.share_pairs),
                percent(c.decision_accuracy.map(|d| d.value)),
                chosen.redundancy.cluster[*k].to_string(),
            ]
        })
        .collect();
    let headings = [
        "",
        "subtask",
        "#items",
        "#ratio [95 %]",
        "#reliability/item",
        "#pairs apart %",
        "#decisions %",
        "#cluster",
    ];
    let view = TableView::new("", &headings, rows).limited(SHOWN, "subtasks.csv");
    let mut text = text::table(&view, &console.text_options());
    text.push_str(&format!(
        "\n{}, {} of {} subtasks kept, {} of {} items, {} models. {}\n",
        s.benchmark, s.n_kept, s.n_subtasks, s.items_kept, s.n_items, s.n_models, s.verdict
    ));
    if let Some(random) = s.gain_random.filter(|_| s.n_kept < s.n_subtasks) {
        let shown = if s.objective == "ratio" {
            format!("{:+.1} %", 100.0 * (random - 1.0))
        } else {
            format!("{:+.1} points", 100.0 * random)
        };
        text.push_str(&format!("As many subtasks taken at random: {shown} on the same models.\n"));
    }
    text.push_str(&format!(
        "{} clusters of subtasks that rank the models alike; {} dimension{} by parallel analysis.\n",
        s.n_clusters,
        s.n_dimensions,
        if s.n_dimensions == 1 { "" } else { "s" }
    ));
    text
}
