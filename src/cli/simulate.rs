//! What would data of known truth look like? Simulated dumps with their truth beside them.

use super::console::Console;
use super::output::Output;
use crate::response::{PivotOptions, ResponseTable, Table, pivot};
use crate::simulate::write::{write_json_lines, write_lm_eval};
use crate::simulate::{
    AbilityDistribution, CheckpointOptions, CheckpointSubject, ChoiceOptions, Coverage, FamilyOptions,
    FaultOptions, ItemModel, ItemOptions, MissingOptions, PromptOptions, SimulationError, SimulationOptions,
    simulate, simulate_checkpoints,
};
use crate::store;
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Make data whose truth is known, to try methods on
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge simulate --out sim --models 50 --items 500\n  \
    evalgauge simulate --out sim --options 4 --wrong-key 0.02 --duplicated 0.01 --write lm-eval\n  \
    evalgauge simulate --out sim --checkpoints --models 10 --steps 20 --signal-sd 0.05 --noise-sd 0.01\n\n\
    Writes the dump (simulated.evals, .csv, .jsonl or lm_eval/), truth_*.csv and .parquet, and summary.json.")]
pub struct SimulateArgs {
    /// Directory for the dump and its truth
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Form of the dump
    #[arg(long, value_enum, default_value_t = Form::Evals, value_name = "FORM")]
    write: Form,
    /// Number of models [default: 100, or 10 with --checkpoints]
    #[arg(long, value_name = "N")]
    models: Option<usize>,
    /// Number of items [default: 200, or 500 with --checkpoints]
    #[arg(long, value_name = "N")]
    items: Option<usize>,
    /// Number of subjects
    #[arg(long, value_name = "N", default_value_t = 1)]
    subjects: usize,
    /// Response model
    #[arg(long = "model", value_enum, default_value_t = Model::TwoParameter, value_name = "MODEL")]
    item_model: Model,
    /// Ordered categories of grm and gpcm
    #[arg(long, value_name = "N", default_value_t = 5)]
    categories: u8,
    /// Attempts at each item
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeats: u32,
    /// Record which of N options was chosen
    #[arg(long, value_name = "N")]
    options: Option<u8>,
    /// Mean of the abilities
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_negative_numbers = true)]
    ability_mean: f64,
    /// Standard deviation of the abilities
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    ability_sd: f64,
    /// Families of related models
    #[arg(long, value_name = "N", default_value_t = 0)]
    families: usize,
    /// Share of models that copy another
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    clones: f64,
    /// Share of responses missing at random
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    missing: f64,
    /// Split models and items into N parts that share nothing
    #[arg(long, value_name = "N")]
    disconnected: Option<usize>,
    /// Split items into N blocks and give each model two of them in turn
    #[arg(long, value_name = "N", conflicts_with = "disconnected")]
    booklets: Option<usize>,
    /// Prompt variants beside the base form
    #[arg(long, value_name = "N", default_value_t = 0)]
    prompts: usize,
    #[command(flatten)]
    planted: PlantedArgs,
    #[command(flatten)]
    training: TrainingArgs,
}

/// Errors to plant, each as a share of the items.
#[derive(Debug, Args)]
#[command(next_help_heading = "Planted errors (shares of the items)")]
struct PlantedArgs {
    /// Keyed to a wrong option
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    wrong_key: f64,
    /// With two right options
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    ambiguous: f64,
    /// Repeated under another name
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    duplicated: f64,
    /// Repeated with another key
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    contradicted: f64,
    /// Unanswerable
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    blank: f64,
    /// Seen in training by some models
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    leaked: f64,
}

/// Checkpoints along training, with known signal and noise.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training runs")]
struct TrainingArgs {
    /// Simulate checkpoints of training runs instead of finished models
    #[arg(long)]
    checkpoints: bool,
    /// Checkpoints of a run
    #[arg(long, value_name = "N", default_value_t = 20)]
    steps: usize,
    /// Training seeds of a model
    #[arg(long, value_name = "N", default_value_t = 1)]
    seeds: usize,
    /// Standard deviation of true scores between models
    #[arg(long, value_name = "X", default_value_t = 0.05)]
    signal_sd: f64,
    /// Standard deviation of true scores from step to step
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    noise_sd: f64,
    /// Correlation of the noise of neighbouring steps
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    autocorrelation: f64,
}

/// From two blocks a model on, all models and items of a booklet design hang together.
const BLOCKS_PER_MODEL: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A store, simulated.evals
    Evals,
    /// One row for each attempt, simulated.csv
    LongCsv,
    /// Models × items, simulated.csv
    WideCsv,
    /// One object for each attempt, simulated.jsonl
    JsonLines,
    /// Samples and results as lm-evaluation-harness writes them, lm_eval/
    LmEval,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    /// Slope 1
    Rasch,
    /// One slope for all items
    #[value(name = "1pl")]
    OneParameter,
    /// Slope and difficulty
    #[value(name = "2pl")]
    TwoParameter,
    /// And guessing
    #[value(name = "3pl")]
    ThreeParameter,
    /// And slips
    #[value(name = "4pl")]
    FourParameter,
    /// Graded response
    Grm,
    /// Generalised partial credit
    Gpcm,
}

#[derive(Serialize)]
struct Summary {
    form: String,
    n_models: usize,
    n_items: usize,
    n_runs: usize,
    n_rows: usize,
    seed: u64,
}

pub fn run(args: &SimulateArgs, console: &Console) -> anyhow::Result<()> {
    let (table, truth) =
        if args.training.checkpoints { training(args, console)? } else { finished(args, console)? };
    let mut output = Output::create(&args.out)?;
    write(&table, args.write, &mut output)?;
    for table in &truth {
        output.table(table)?;
    }
    let models: std::collections::HashSet<_> = table.runs.iter().map(|r| &r.model).collect();
    let summary = Summary {
        form: args.write.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned()),
        n_models: models.len(),
        n_items: table.items.len(),
        n_runs: table.runs.len(),
        n_rows: table.len(),
        seed: console.seed,
    };
    output.json("summary.json", &summary)?;
    let directory = output.commit(console)?;
    let text = format!(
        "{} rows: {} models, {} runs, {} items; truth in {} tables\nwritten to {}\n",
        summary.n_rows,
        summary.n_models,
        summary.n_runs,
        summary.n_items,
        truth.len(),
        directory.display()
    );
    console.result(&text, &summary)
}

fn finished(args: &SimulateArgs, console: &Console) -> anyhow::Result<(ResponseTable, Vec<Table>)> {
    let n_categories = args.categories;
    let defaults = SimulationOptions::default();
    let options = SimulationOptions {
        seed: console.seed,
        n_models: args.models.unwrap_or(defaults.n_models),
        n_items: args.items.unwrap_or(defaults.n_items),
        n_subjects: args.subjects,
        repeats: args.repeats,
        item_model: match args.item_model {
            Model::Rasch => ItemModel::Rasch,
            Model::OneParameter => ItemModel::OneParameter,
            Model::TwoParameter => ItemModel::TwoParameter,
            Model::ThreeParameter => ItemModel::ThreeParameter,
            Model::FourParameter => ItemModel::FourParameter,
            Model::Grm => ItemModel::Graded { n_categories },
            Model::Gpcm => ItemModel::PartialCredit { n_categories },
        },
        items: ItemOptions::default(),
        abilities: AbilityDistribution::Normal { mean: args.ability_mean, sd: args.ability_sd },
        families: FamilyOptions { n_families: args.families, clone_share: args.clones, ..Default::default() },
        choices: args.options.map(|n_options| ChoiceOptions { n_options, ..Default::default() }),
        faults: FaultOptions {
            wrong_key: args.planted.wrong_key,
            ambiguous: args.planted.ambiguous,
            duplicated: args.planted.duplicated,
            contradicted: args.planted.contradicted,
            blank: args.planted.blank,
            leaked: args.planted.leaked,
            ..Default::default()
        },
        missing: MissingOptions {
            at_random: args.missing,
            coverage: match (args.disconnected, args.booklets) {
                (Some(n_parts), _) => Coverage::Disconnected { n_parts },
                (None, Some(n_blocks)) => Coverage::Booklets { n_blocks, blocks_per_model: BLOCKS_PER_MODEL },
                (None, None) => Coverage::Complete,
            },
            ..Default::default()
        },
        prompts: PromptOptions { n_variants: args.prompts + 1, ..Default::default() },
        ..defaults
    };
    let made = simulate(&options).map_err(named_by_flag)?;
    Ok((made.table, made.truth.tables()))
}

/// The error with the option's name on the command line in place of the field's.
fn named_by_flag(error: SimulationError) -> SimulationError {
    let flag = |name: &'static str| match name {
        "n_models" => "--models",
        "n_items" => "--items",
        "n_subjects" => "--subjects",
        "n_options" => "--options",
        "n_variants" => "--prompts + 1",
        "n_families" => "--families",
        "clone_share" => "--clones",
        "repeats" => "--repeats",
        "at_random" => "--missing",
        "n_parts" => "--disconnected",
        "n_blocks" | "blocks_per_model" => "--booklets",
        "n_steps" => "--steps",
        "n_seeds" => "--seeds",
        "between_model_sd" => "--signal-sd",
        "step_sd" => "--noise-sd",
        "autocorrelation" => "--autocorrelation",
        other => other,
    };
    match error {
        SimulationError::OutOfRange { name, value, low, high } => {
            SimulationError::OutOfRange { name: flag(name), value, low, high }
        }
        other => other,
    }
}

fn training(args: &SimulateArgs, console: &Console) -> anyhow::Result<(ResponseTable, Vec<Table>)> {
    if args.options.is_some() || args.planted.wrong_key > 0.0 {
        bail!("--checkpoints simulates scores of training runs: leave --options and planted errors out");
    }
    let defaults = CheckpointOptions::default();
    let subject = |s: usize| CheckpointSubject {
        name: format!("subject_{}", s + 1),
        n_items: args.items.unwrap_or(CheckpointSubject::default().n_items),
        between_model_sd: args.training.signal_sd,
        step_sd: args.training.noise_sd,
        ..Default::default()
    };
    let options = CheckpointOptions {
        seed: console.seed,
        n_models: args.models.unwrap_or(defaults.n_models),
        n_seeds: args.training.seeds,
        n_steps: args.training.steps,
        autocorrelation: args.training.autocorrelation,
        subjects: (0..args.subjects).map(subject).collect(),
        ..defaults
    };
    let made = simulate_checkpoints(&options).map_err(named_by_flag)?;
    let mut tables = made.truth.tables();
    tables.push(made.scores);
    Ok((made.table, tables))
}

fn write(table: &ResponseTable, form: Form, output: &mut Output) -> anyhow::Result<()> {
    match form {
        Form::Evals => {
            store::write(table, &output.stage("simulated.evals")?, &store::Provenance::default())?;
        }
        Form::LongCsv => output.bytes("simulated.csv", &store::long_csv(table)?)?,
        Form::WideCsv => {
            let options = PivotOptions { every_run: true, ..Default::default() };
            let (matrix, _) = pivot(table, &table.metrics[0].benchmark, &options)?;
            output.bytes("simulated.csv", &store::wide_csv(&matrix)?)?;
        }
        Form::JsonLines => {
            write_json_lines(table, &output.stage("simulated.jsonl")?)?;
        }
        Form::LmEval => {
            write_lm_eval(table, &output.stage("lm_eval")?)?;
        }
    }
    Ok(())
}
