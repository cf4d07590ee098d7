//! What will a larger model score? Scaling-law ladders: fits, back-tests, predictions with intervals.

mod input;
mod summary;

use super::console::Console;
use super::input::InputArgs;
use super::output::Output;
use crate::ladder::planning::plan_ladder;
use crate::ladder::{LadderOptions, Role, analyse, tables};
use crate::report::ladder_figures;
use crate::report::words::count;
use clap::Args;
use std::path::PathBuf;
use summary::LadderSummary;

/// Predict what a larger model will score from smaller runs, with intervals
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge ladder --out ladder                               the bundled ladder\n  \
    evalgauge ladder runs.csv --out ladder --target 7B          a table of averages\n  \
    evalgauge ladder runs.csv --out ladder --column accuracy=acc_norm --target 70B:15T\n  \
    evalgauge ladder results/ --out ladder                      item-level dumps whose runs are marked\n\n\
    A table has one row for each run (or checkpoint) and task: run or size, parameters, tokens or compute,\n\
    task, accuracy, and a loss if there is one; `role` marks rungs and targets.\n\n\
    Writes ladder_fits, predictions, backtest, predictability (.csv and .parquet), plots/ and summary.json.")]
pub struct LadderArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for tables and plots
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Predict this: name or size of a run, or PARAMETERS:TOKENS of a model to come [default: runs marked so]
    #[arg(long, value_name = "TARGET")]
    target: Vec<String>,
    /// What a column means where its name does not say: accuracy=acc_norm
    #[arg(long, value_name = "ROLE=NAME")]
    column: Vec<String>,
    /// Accuracy of guessing: arc=0.25 [default: known for common tasks, or one over the options]
    #[arg(long, value_name = "TASK=SHARE")]
    chance: Vec<String>,
    /// Items that the target is scored on: 500, or arc=1172 for one task; intervals then hold for other items, too
    #[arg(long, value_name = "[TASK=]N")]
    target_items: Vec<String>,
    /// Checkpoints whose mean a target to come will be scored by [default: as the rungs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    target_checkpoints: Option<u16>,
    /// Level of the intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = level)]
    level: f64,
    /// Refits to resampled runs
    #[arg(long, value_name = "N", default_value_t = 200)]
    bootstrap: usize,
    /// Simulate what more seeds or larger rungs would cost and bring, for the furthest target
    #[arg(long)]
    plan: bool,
}

/// Ladders simulated for each plan.
const SIMULATED: usize = 40;

fn level(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.5..1.0).contains(&value) { Ok(value) } else { Err("not between 0.5 and 1".to_owned()) }
}

pub fn run(args: &LadderArgs, console: &Console) -> anyhow::Result<()> {
    let (input, planned_targets) = input::load(args, console)?;
    let mut options = LadderOptions {
        planned_targets,
        planned_checkpoints: args.target_checkpoints.map(usize::from),
        level: args.level,
        replicates: args.bootstrap,
        seed: console.seed,
        ..Default::default()
    };
    input::add_chance(&mut options, &input.chance, &args.chance)?;
    input::add_items(&mut options, &input.table, &args.target_items)?;
    let mut output = Output::create(&args.out)?;
    let bar = console.spinner("fitting and back-testing");
    let report = analyse(&input.table, &options);
    let plans = match &report {
        Ok(report) if args.plan => {
            bar.set_message("planning");
            plan_ladder(report, SIMULATED)
        }
        _ => Vec::new(),
    };
    bar.set_message("drawing");
    let report = report?;
    for table in [
        tables::ladder_fits(&report),
        tables::predictions(&report),
        tables::backtest(&report),
        tables::predictability(&report),
    ] {
        output.table(&table)?;
    }
    if args.plan {
        output.table(&tables::planning(&plans))?;
    }
    let rungs = input.table.of_role(Role::Rung).len();
    let subtitle =
        format!("{}: {} × {}", input.name, count(rungs, "rung"), count(report.tasks.len(), "task"));
    for figure in ladder_figures(&report, &subtitle)? {
        output.figure("plots", &figure)?;
    }
    bar.finish_and_clear();
    let summary = LadderSummary::of(&input, &report, &plans);
    output.json("summary.json", &summary)?;
    let directory = output.commit(console)?;
    for warning in &summary.warnings {
        console.warning(warning);
    }
    console.result(&summary.text(console), &summary)?;
    console.note(&format!("tables and plots in {}", directory.display()));
    Ok(())
}
