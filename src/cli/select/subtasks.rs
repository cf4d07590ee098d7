//! Which subtasks are worth keeping, and what does keeping only them gain on other models?

use super::chosen::{Chosen, Origin, Summary};
use crate::cli::console::Console;
use crate::cli::input::{Benchmark, InputArgs, Loaded};
use crate::cli::output::Output;
use crate::cli::scored;
use crate::ingest::{IngestOptions, tables::read_tables};
use crate::report::words::file_stem;
use crate::response::{ResponseMatrix, ScoreTable, Table};
use crate::select::{self, CheckpointPool, CrossFitOptions, Method, Objective, Pool, Suite};
use crate::snr::SnrOptions;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Rank subtasks, choose some, and show the gain to expect on other models
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge select subtasks results/ --out chosen\n  \
    evalgauge select subtasks mmlu-pro/ --by src --out chosen     group items by a column of the item table\n  \
    evalgauge select subtasks suite.evals --by benchmark --out chosen\n  \
    evalgauge select subtasks scores.parquet --out chosen         tasks, by their scores at training checkpoints\n\n\
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
    /// Spread between models over the noise of items, or of checkpoints
    Ratio,
    /// Pairs of models told apart, p < .01
    Pairs,
    /// Order of the models on the whole benchmark, or on all tasks at a larger scale
    Accuracy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    /// At each step what makes the set best
    Greedy,
    /// Best alone first, as in arXiv 2508.13144
    Cumulative,
}

pub fn run(args: &SubtasksArgs, console: &Console) -> anyhow::Result<()> {
    let mut output = Output::create(&args.out)?;
    let all = match scored::tables(&args.input, console)? {
        Ok(table) => vec![among_tasks(&table, args, console)?],
        Err(refusal) => among_items(scored::items(&args.input, refusal.as_ref(), console)?, args, console)?,
    };
    let mut tables: Vec<Table> = Vec::new();
    for chosen in &all {
        let name = chosen.name();
        let prefix = if all.len() > 1 { format!("{}/", file_stem(name)) } else { String::new() };
        chosen.write(&prefix, &mut output, &mut tables)?;
    }
    for table in &tables {
        output.table(table)?;
    }
    let text: String = all.iter().map(|c| c.overview(console)).collect();
    let summaries: Vec<&Summary> = all.iter().map(|c| &c.summary).collect();
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    console.result(&text, &summaries)?;
    console.note(&format!("tables, plots and exports in {}", directory.display()));
    Ok(())
}

/// Chooses among the subjects of each benchmark, or among benchmarks, by the answers to items.
fn among_items(mut loaded: Loaded, args: &SubtasksArgs, console: &Console) -> anyhow::Result<Vec<Chosen>> {
    let whole = args.by == "benchmark";
    if !whole && args.by != "subject" {
        group_by(&mut loaded, &args.by)?;
    }
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let flagged = args.flags.as_deref().map(flagged_items).transpose()?;
    let bar = console.spinner("choosing");
    let suites: Vec<(String, Vec<&ResponseMatrix>)> = if whole {
        vec![(Suite::WHOLE_TASKS.to_owned(), benchmarks.iter().map(|b| &b.matrix).collect())]
    } else {
        let one = |b: &'_ Benchmark| b.matrix.benchmark.clone();
        benchmarks.iter().map(|b| (one(b), vec![&b.matrix])).collect()
    };
    let several = suites.len() > 1;
    let mut all = Vec::new();
    for (name, matrices) in suites {
        let pool = match Pool::new(&matrices, whole) {
            Ok(pool) => pool,
            Err(error) if several => {
                console.warning(&format!("{name}: {error}"));
                continue;
            }
            Err(error) => bail!("{name}: {error}"),
        };
        if !pool.models_left_out.is_empty() {
            console.note(&format!(
                "{name}: {} models answered too few items and are left out: {}",
                pool.models_left_out.len(),
                pool.models_left_out.join(", ")
            ));
        }
        let origin = Origin {
            name,
            whole,
            models_left_out: pool.models_left_out.clone(),
            items_left_out: Some(pool.items_left_out),
            ..Default::default()
        };
        all.push(Chosen::of(origin, &pool, flagged.as_ref(), args.options(console))?);
    }
    bar.finish_and_clear();
    if all.is_empty() {
        bail!("no benchmark has subtasks to choose from");
    }
    Ok(all)
}

/// Names shown of a long list.
const NAMED: usize = 8;

fn named(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len().min(NAMED)].join(", ");
    if more > 0 { format!("{shown} and {more} more (summary.json has all)") } else { shown }
}

/// Chooses among the tasks of a table of scores, by those of the last checkpoints.
fn among_tasks(table: &ScoreTable, args: &SubtasksArgs, console: &Console) -> anyhow::Result<Chosen> {
    if args.flags.is_some() {
        bail!("--flags: a table of scores of whole tasks has no items that could be flagged; leave it out");
    }
    if !["subject", "benchmark"].contains(&args.by.as_str()) {
        bail!("--by {}: a table of scores of whole tasks has no items to group; leave it out", args.by);
    }
    let last = SnrOptions::default().last;
    let Some(suite) = select::main_suite(table, last) else { bail!("no task has a score") };
    let (setting, metric) = (&suite.name.setting, &suite.name.metric);
    let name = if setting.is_empty() { metric.clone() } else { format!("{setting}, {metric}") };
    let others = select::suites(table).len() - 1;
    if others > 0 {
        console.note(&format!(
            "tasks are chosen for {name}; other settings and metrics left aside (--metric chooses a metric): {others}"
        ));
    }
    let bar = console.spinner("choosing");
    let pool = match CheckpointPool::new(&suite.series, &table.runs, last) {
        Ok(pool) => pool,
        Err(error) => bail!("{name}: {error}"),
    };
    for (what, left_out) in [
        ("tasks left out, of another unit or with few models", &pool.tasks_left_out),
        (
            "models left out, without a task, repeated checkpoints or one of the scales compared",
            &pool.models_left_out,
        ),
    ] {
        if !left_out.is_empty() {
            console.note(&format!("{name}: {what}: {} ({})", left_out.len(), named(left_out)));
        }
    }
    if pool.scales.is_none() {
        let least = select::pool::MIN_MODELS;
        if args.objective == ObjectiveArg::Accuracy {
            bail!(
                "--objective accuracy: no two sizes, nor the start and end of the training, have the same {least} models; \
                 choose by ratio or pairs"
            );
        }
        console.note(&format!(
            "{name}: no two sizes, nor the start and end of the training, have the same {least} models: nothing is said of \
             decisions"
        ));
    }
    let scales = pool.scales.as_ref();
    let origin = Origin {
        whole: true,
        setting: Some(setting.clone()).filter(|s| !s.is_empty()),
        metric: Some(metric.clone()),
        small: scales.map(|s| s.small.clone()),
        target: scales.map(|s| s.large.clone()),
        models_left_out: pool.models_left_out.clone(),
        subtasks_left_out: pool.tasks_left_out.clone(),
        name,
        ..Default::default()
    };
    let chosen = Chosen::of(origin, &pool, None, args.options(console));
    bar.finish_and_clear();
    chosen
}

impl SubtasksArgs {
    fn options(&self, console: &Console) -> CrossFitOptions {
        CrossFitOptions {
            objective: match self.objective {
                ObjectiveArg::Ratio => Objective::Ratio,
                ObjectiveArg::Pairs => Objective::Pairs,
                ObjectiveArg::Accuracy => Objective::Accuracy,
            },
            method: if self.method == MethodArg::Greedy { Method::Greedy } else { Method::Cumulative },
            keep: self.keep,
            seed: console.seed,
            ..Default::default()
        }
    }
}

/// Takes the subject of every item from a column of its table.
fn group_by(loaded: &mut Loaded, column: &str) -> anyhow::Result<()> {
    let mut known: Vec<String> = Vec::new();
    let mut found = false;
    for item in &mut loaded.table.items {
        let value = item.metadata_json().and_then(|j| serde_json::from_str::<serde_json::Value>(&j).ok());
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
