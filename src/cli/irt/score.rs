//! Where do new models stand on an old scale? Abilities from saved item parameters.

use super::{at_threshold, saved};
use crate::cli::analysis::merged;
use crate::cli::console::Console;
use crate::cli::input::InputArgs;
use crate::cli::output::Output;
use crate::irt::tables::ability_table;
use crate::irt::{Ability, IrtFit, IrtOptions, score};
use crate::numeric::describe::median;
use crate::render::text;
use crate::report::TableView;
use crate::report::words::{interval, number};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Abilities of models from item parameters that were saved
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge irt score --parameters fitted/item_parameters.csv new.csv --out scored\n\n\
    Items are matched by name. Writes abilities (.csv and .parquet) and summary.json. The parameters may be made \
    elsewhere: columns item, discrimination, and intercept or difficulty; guessing and upper if the model has them.")]
pub struct ScoreArgs {
    #[command(flatten)]
    input: InputArgs,
    /// item_parameters.csv of an earlier fit
    #[arg(long, value_name = "FILE")]
    parameters: PathBuf,
    /// Directory for the tables
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Count scores at or above X as right, all others as wrong
    #[arg(long, value_name = "X")]
    threshold: Option<f64>,
}

#[derive(Serialize)]
struct ScoreSummary {
    benchmark: String,
    irt_model: &'static str,
    n_models: usize,
    n_items: usize,
    n_items_calibrated: usize,
    n_items_unknown: usize,
    ability_half_width: Option<f64>,
    n_models_without_items: usize,
}

pub fn run(args: &ScoreArgs, console: &Console) -> anyhow::Result<()> {
    let calibrations = saved::read(&args.parameters)?;
    let loaded = args.input.load(console)?;
    let benchmarks = args.input.benchmarks(&loaded, console)?;
    let mut output = Output::create(&args.out)?;
    let mut summaries = Vec::new();
    let mut fits: Vec<IrtFit> = Vec::new();
    for benchmark in benchmarks {
        let name = benchmark.matrix.benchmark.clone();
        let calibration = saved::for_benchmark(&calibrations, &name, &args.parameters)?;
        if calibration.fit.benchmark != name && !calibration.fit.benchmark.is_empty() {
            console.note(&format!("{name}: scored with the parameters of {}", calibration.fit.benchmark));
        }
        let matrix = match args.threshold {
            Some(threshold) => at_threshold(&benchmark.matrix, threshold),
            None => benchmark.matrix,
        };
        let known: std::collections::HashSet<&str> =
            calibration.fit.items.iter().map(|i| i.item.as_str()).collect();
        let kept: Vec<usize> =
            (0..matrix.n_items()).filter(|i| known.contains(matrix.items()[*i].as_str())).collect();
        let unknown = matrix.n_items() - kept.len();
        let matrix = calibration.aligned(&matrix.select_items(&kept)).with_context(|| name.clone())?;
        let abilities =
            score(&calibration.fit, &matrix, &IrtOptions::default()).with_context(|| name.clone())?;
        if unknown > 0 {
            console.warning(&format!(
                "{name}: {unknown} items are not among the calibrated ones and were left out; {} were used",
                kept.len()
            ));
        }
        let without = matrix.n_respondents() - abilities.len();
        if without > 0 {
            console.warning(&format!(
                "{name}: {without} models answered no calibrated item and have no ability"
            ));
        }
        let widths: Vec<f64> =
            abilities.iter().filter_map(|a| a.eap.interval).map(|i| 0.5 * i.width()).collect();
        summaries.push(ScoreSummary {
            benchmark: name.clone(),
            irt_model: calibration.fit.model.name(),
            n_models: abilities.len(),
            n_items: kept.len(),
            n_items_calibrated: calibration.fit.items.len(),
            n_items_unknown: unknown,
            ability_half_width: median(&widths),
            n_models_without_items: without,
        });
        fits.push(IrtFit { benchmark: name, abilities, ..calibration.fit.clone() });
    }
    for table in merged(fits.iter().map(ability_table)) {
        output.table(&table)?;
    }
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    let text: Vec<String> = fits.iter().map(|fit| overview(fit, console)).collect();
    console.result(&text.join("\n"), &summaries)?;
    console.note(&format!("tables in {}", directory.display()));
    Ok(())
}

/// Models shown of each benchmark.
const MODELS: usize = 20;

fn overview(fit: &IrtFit, console: &Console) -> String {
    let mut order: Vec<&Ability> = fit.abilities.iter().collect();
    order.sort_by(|a, b| b.eap.value.total_cmp(&a.eap.value).then_with(|| a.respondent.cmp(&b.respondent)));
    let rows = order
        .into_iter()
        .map(|a| {
            vec![
                fit.benchmark.clone(),
                a.respondent.to_string(),
                number(Some(a.eap.value), 3),
                interval(&a.eap, 3),
                number(Some(a.score), 4),
                number(Some(a.n_items as f64), 0),
            ]
        })
        .collect();
    let headings = ["benchmark", "model", "#ability", "#95 % interval", "#score", "#items"];
    let table = TableView::new("", &headings, rows).limited(MODELS, "abilities.csv");
    text::table(&table, &console.text_options())
}
