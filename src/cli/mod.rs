//! What did the user ask for? One thin file for each subcommand; the work is done below.

mod analysis;
mod console;
mod input;
mod output;
mod plots;

mod flag;
mod ingest;
mod irt;
mod items;
mod ladder;
mod report;
mod scored;
mod select;
mod simulate;
mod snr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use console::Console;
use std::process::ExitCode;

/// How far can a benchmark be trusted? Reliability analytics for evaluation results that already exist.
#[derive(Debug, Parser)]
#[command(
    name = "evalgauge",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        evalgauge report                              a report on the bundled data, in evalgauge-report/\n  \
        evalgauge report results/ --out my-report     a report on your own dumps\n  \
        evalgauge items results.csv --out tables      item and reliability tables only\n\n\
        Exit codes: 0 done, 1 a --deny threshold was met, 2 could not."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
struct Global {
    /// Seed of everything random
    #[arg(long, global = true, default_value_t = 1, value_name = "N", help_heading = "Everywhere")]
    seed: u64,
    /// Threads to use [default: one for each core]
    #[arg(long, global = true, value_name = "N", help_heading = "Everywhere")]
    threads: Option<std::num::NonZeroUsize>,
    /// What to print on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = "Everywhere")]
    format: Format,
    /// No progress and no notes on standard error, only errors
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A short table for people
    Text,
    /// The run's summary, as in summary.json
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Report(report::ReportArgs),
    Ingest(ingest::IngestArgs),
    Items(items::ItemsArgs),
    Flag(flag::FlagArgs),
    Irt(irt::IrtArgs),
    Ladder(ladder::LadderArgs),
    Snr(snr::SnrArgs),
    Select(select::SelectArgs),
    Simulate(simulate::SimulateArgs),
}

/// How a run that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// As asked.
    Done,
    /// A `--deny` threshold was met.
    Denied,
}

/// Reads the command line, does the work and says how it ended.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each belongs to.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let console = Console::new(&cli.global);
    if let Some(threads) = cli.global.threads
        && let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()
    {
        console.error(&anyhow::anyhow!("cannot start {threads} threads: {error}"));
        return ExitCode::from(2);
    }
    let done = |()| Outcome::Done;
    let ended = match &cli.command {
        Command::Report(args) => report::run(args, &console).map(done),
        Command::Ingest(args) => ingest::run(args, &console).map(done),
        Command::Items(args) => items::run(args, &console).map(done),
        Command::Flag(args) => flag::run(args, &console),
        Command::Irt(args) => irt::run(args, &console).map(done),
        Command::Ladder(args) => ladder::run(args, &console).map(done),
        Command::Snr(args) => snr::run(args, &console).map(done),
        Command::Select(args) => select::run(args, &console).map(done),
        Command::Simulate(args) => simulate::run(args, &console).map(done),
    };
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Denied) => ExitCode::from(1),
        Err(error) if console::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(&error);
            ExitCode::from(2)
        }
    }
}
