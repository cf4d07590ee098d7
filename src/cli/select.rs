//! What should a benchmark keep? One subcommand for each thing that can be chosen.

mod chosen;
mod subtasks;

use super::console::Console;
use clap::{Args, Subcommand};

/// Choose what a benchmark should keep
#[derive(Debug, Args)]
pub struct SelectArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Subtasks(subtasks::SubtasksArgs),
}

pub fn run(args: &SelectArgs, console: &Console) -> anyhow::Result<()> {
    match &args.what {
        What::Subtasks(args) => subtasks::run(args, console),
    }
}
