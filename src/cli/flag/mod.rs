//! Which items should a person look at first, and what would repairing them change?

mod evaluate;
mod fits;
mod show;
mod work;

use super::Outcome;
use super::analysis::{Analysis, merged};
use super::console::Console;
use super::input::InputArgs;
use super::output::Output;
use crate::flags::tables::zones_table;
use clap::{Args, Subcommand};
pub use fits::item_fits;
use show::Summary;
use std::path::PathBuf;
pub use work::{FlagSettings, Flagged};

/// Broken items: what is most likely wrong with a benchmark, with evidence
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    evalgauge flag results/ --out flags\n  \
    evalgauge flag results/ --out flags --top 100 --deny 5     exit code 1 if more than 5 keys are suspected\n  \
    evalgauge flag evaluate --flags flags/flags.csv --labels labels.csv\n  \
    evalgauge flag evaluate --flags flags/flags.csv --labels flags/review.csv    after filling it in\n\n\
    Writes flags, rules, duplicate_pairs, review, repairs, flag_effect and zones (.csv and .parquet), export/ for\n\
    harnesses and summary.json. A flag is a suspicion that a person must check, never a verdict."
)]
pub struct FlagArgs {
    #[command(subcommand)]
    command: Option<FlagCommand>,
    #[command(flatten)]
    input: InputArgs,
    /// Directory for the tables
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// Length of the reading list: items in review.csv, in the repairs, and in P(top)
    #[arg(long, value_name = "K", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Exit with code 1 if more than N items are key suspects
    #[arg(long, value_name = "N")]
    deny: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum FlagCommand {
    Evaluate(evaluate::EvaluateArgs),
}

pub fn run(args: &FlagArgs, console: &Console) -> anyhow::Result<Outcome> {
    match (&args.command, &args.out) {
        (Some(FlagCommand::Evaluate(args)), _) => evaluate::run(args, console).map(|()| Outcome::Done),
        (None, Some(out)) => flag(args, out, console),
        (None, None) => anyhow::bail!("--out DIR is needed: where should the tables go?"),
    }
}

fn flag(args: &FlagArgs, out: &std::path::Path, console: &Console) -> anyhow::Result<Outcome> {
    let loaded = args.input.load(console)?;
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let mut output = Output::create(out)?;
    let bar = console.spinner("looking for broken items");
    let settings = FlagSettings { top: args.top as usize, seed: console.seed };
    let mut flagged = Vec::new();
    let mut refused = Vec::new();
    for benchmark in &benchmarks {
        let analysis = Analysis::of(benchmark, console);
        let name = &benchmark.matrix.benchmark;
        bar.set_message(format!("{name}: fitting a response model"));
        let fits = fits::fitted(&benchmark.matrix, console.seed).and_then(|fits| {
            let why = |e: &String| console.warning(&format!("{name}: no slope or misfit of items: {e}"));
            fits.inspect_err(why).ok()
        });
        bar.set_message(format!("{name}: ranking items"));
        let classical = analysis.classical.as_ref().ok();
        match Flagged::of(&loaded.table, benchmark, classical, fits.as_ref(), &settings) {
            Ok(one) => flagged.push(one),
            Err(reason) => refused.push(reason.to_string()),
        }
    }
    bar.finish_and_clear();
    match (flagged.is_empty(), refused.as_slice()) {
        (true, reasons) => anyhow::bail!("no items can be ranked: {}", reasons.join("; ")),
        (false, reasons) => reasons.iter().for_each(|r| console.warning(r)),
    }
    for one in &flagged {
        one.write_export(&mut output, console)?;
    }
    for table in merged(flagged.iter().flat_map(Flagged::tables).chain([zones_table(0.95)])) {
        output.table(&table)?;
    }
    let summaries: Vec<Summary> = flagged.iter().map(Summary::of).collect();
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    let text: Vec<String> =
        flagged.iter().zip(&summaries).map(|(one, summary)| show::text(one, summary, console)).collect();
    for summary in &summaries {
        for note in &summary.notes {
            console.warning(&format!("{}: {note}", summary.benchmark));
        }
    }
    console.result(&text.join("\n"), &summaries)?;
    console.note(&format!("tables in {0}; fill in {0}/review.csv to check the list", directory.display()));
    let suspects: usize = summaries.iter().map(|s| s.n_key_suspects).sum();
    match args.deny {
        Some(most) if suspects > most => {
            console.warning(&format!("{suspects} key suspects, more than --deny {most}"));
            Ok(Outcome::Denied)
        }
        _ => Ok(Outcome::Done),
    }
}
