//! Where do models and items stand on one scale? Fitting, scoring and linking item response models.

mod fit;
mod link;
pub mod measure;
mod progress;
mod saved;
mod score;

use super::console::Console;
use crate::irt::Model;
use crate::response::{BitMatrix, Cells, ResponseMatrix};
use clap::{Args, Subcommand, ValueEnum};

/// Item response theory: abilities of models and difficulty, slope and fit of items on one scale
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    evalgauge irt results.csv --out fitted\n  \
    evalgauge irt --out fitted --model 2pl                      the bundled data\n  \
    evalgauge irt score --parameters fitted/item_parameters.csv new.csv --out scored\n  \
    evalgauge irt link --from v2/item_parameters.csv --to v1/item_parameters.csv --out linked\n\n\
    Writes item_parameters, abilities, information, dependent_pairs and model_choice (.csv and .parquet), \
    plots/ (.svg and .png), fit.json and summary.json."
)]
pub struct IrtArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    fit: fit::FitArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    Score(score::ScoreArgs),
    Link(link::LinkArgs),
}

pub fn run(args: &IrtArgs, console: &Console) -> anyhow::Result<()> {
    match &args.action {
        Some(Action::Score(args)) => score::run(args, console),
        Some(Action::Link(args)) => link::run(args, console),
        None => fit::run(&args.fit, console),
    }
}

/// The models by their names on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// The simplest that predicts held-out answers as well as any, of those that the number of models supports
    Auto,
    /// A difficulty for each item, the spread of abilities estimated; partial credit for ordered scores (from 10 models)
    Rasch,
    /// A difficulty for each item and one slope for all, abilities with spread 1 (from 10 models)
    #[value(name = "1pl")]
    OneParameter,
    /// A difficulty and a slope for each item (from 30 models)
    #[value(name = "2pl")]
    TwoParameter,
    /// And a floor of guessing (from 200 models)
    #[value(name = "3pl")]
    ThreeParameter,
    /// And a ceiling (from 200 models)
    #[value(name = "4pl")]
    FourParameter,
    /// Graded response, for ordered scores (from 30 models)
    Grm,
    /// Generalised partial credit, for ordered scores (from 30 models)
    Gpcm,
}

impl ModelName {
    /// The model; `None` is to be chosen.
    fn model(self) -> Option<Model> {
        match self {
            Self::Auto => None,
            Self::Rasch => Some(Model::Rasch),
            Self::OneParameter => Some(Model::OneParameter),
            Self::TwoParameter => Some(Model::TwoParameter),
            Self::ThreeParameter => Some(Model::ThreeParameter),
            Self::FourParameter => Some(Model::FourParameter),
            Self::Grm => Some(Model::Graded),
            Self::Gpcm => Some(Model::PartialCredit),
        }
    }
}

/// The matrix with scores at or above a threshold as right and all others as wrong; missing stays missing.
fn at_threshold(matrix: &ResponseMatrix, threshold: f64) -> ResponseMatrix {
    let bits = BitMatrix::from_fn(matrix.n_items(), matrix.n_respondents(), |i, r| {
        matrix.score(i, r).map(|score| score >= threshold)
    });
    with_cells(matrix, Cells::Binary(bits))
}

/// The matrix with other cells.
fn with_cells(matrix: &ResponseMatrix, cells: Cells) -> ResponseMatrix {
    let subjects: Vec<Option<String>> =
        (0..matrix.n_items()).map(|i| matrix.subject_name(i).map(str::to_owned)).collect();
    ResponseMatrix::new(
        matrix.benchmark.clone(),
        matrix.metric.clone(),
        matrix.respondents().to_vec(),
        matrix.items().to_vec(),
        &subjects,
        cells,
        matrix.options().cloned(),
    )
}
