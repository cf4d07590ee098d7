//! How many models does one need? Wrong keys planted in simulated benchmarks, sought by panels of every size.

use super::panel::{Panel, PanelError};
use super::ranking::{RankingOptions, rank};
use super::ranking_quality::Blocks;
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, std_dev};
use crate::response::{PivotError, PivotOptions, Table, pivot};
use crate::simulate::{
    AbilityDistribution, ChoiceOptions, FamilyOptions, FaultOptions, ItemOptions, PlantedError,
    SimulationError, SimulationOptions, simulate,
};
use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelSizeOptions {
    /// Numbers of models.
    pub sizes: Vec<usize>,
    /// Simulated benchmarks for each size.
    pub replicates: usize,
    /// Items of each benchmark.
    pub n_items: usize,
    /// Share of the items with a wrong key.
    pub wrong_keys: f64,
    /// Share of the models that are fine-tunes of another and take most answers from it.
    pub copies: f64,
    /// Shares of the items that a reviewer reads.
    pub budgets: Vec<f64>,
    /// Level of the intervals.
    pub level: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for PanelSizeOptions {
    fn default() -> Self {
        Self {
            sizes: vec![3, 5, 10, 20, 50, 200],
            replicates: 20,
            n_items: 1000,
            wrong_keys: 0.03,
            copies: 0.5,
            budgets: vec![0.01, 0.03, 0.05, 0.10],
            level: 0.95,
            seed: 1,
        }
    }
}

/// What a panel of one size finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelSize {
    /// Number of models.
    pub n_models: usize,
    /// For each budget: its share of the items, recall and precision, means over the benchmarks.
    pub at: Vec<(f64, Estimate, Estimate)>,
    /// Mean average precision.
    pub average_precision: Estimate,
}

/// Why nothing could be simulated.
#[derive(Debug, Error)]
pub enum PanelSizeError {
    /// The simulation.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The matrix.
    #[error(transparent)]
    Pivot(#[from] PivotError),
    /// The panel.
    #[error(transparent)]
    Panel(#[from] PanelError),
}

/// Recall and precision of the ranking for planted wrong keys, by number of models.
///
/// Benchmarks have ten subjects and four options with one attractive distractor, so that on hard items most
/// models agree on a wrong answer, as they do on real ones; half of the models are copies of others. Everything is drawn from `seed`; intervals are
/// normal, over benchmarks.
///
/// # Errors
/// See [`PanelSizeError`].
pub fn panel_sizes(options: &PanelSizeOptions) -> Result<Vec<PanelSize>, PanelSizeError> {
    options
        .sizes
        .iter()
        .map(|&n_models| {
            let runs: Result<Vec<Blocks>, PanelSizeError> =
                (0..options.replicates).into_par_iter().map(|k| one(options, n_models, k)).collect();
            let runs = runs?;
            let estimate = |f: &dyn Fn(&Blocks) -> Option<f64>| {
                let values: Vec<f64> = runs.iter().filter_map(f).collect();
                let std_error = std_dev(&values, 1).map_or(f64::NAN, |s| s / (values.len() as f64).sqrt());
                Estimate::normal(mean(&values).unwrap_or(f64::NAN), std_error, options.level)
            };
            let at = options
                .budgets
                .iter()
                .map(|&share| {
                    let k = ((share * options.n_items as f64).round() as usize).max(1);
                    (share, estimate(&|b| b.recall_at(share)), estimate(&|b| b.precision_at(k)))
                })
                .collect();
            Ok(PanelSize { n_models, at, average_precision: estimate(&Blocks::average_precision) })
        })
        .collect()
}

fn one(options: &PanelSizeOptions, n_models: usize, replicate: usize) -> Result<Blocks, PanelSizeError> {
    let simulation = simulate(&SimulationOptions {
        // Sizes of one replicate share their seed and so their items.
        seed: options.seed.wrapping_add(replicate as u64),
        n_models,
        n_items: options.n_items,
        n_subjects: 10,
        subject_difficulty_sd: 0.6,
        subject_correlation: 0.8,
        items: ItemOptions { difficulty_sd: 1.5, ..Default::default() },
        abilities: AbilityDistribution::Normal { mean: 1.0, sd: 0.8 },
        families: FamilyOptions { clone_share: options.copies, ..Default::default() },
        choices: Some(ChoiceOptions { attraction: 1.5, ..Default::default() }),
        faults: FaultOptions { wrong_key: options.wrong_keys, ..Default::default() },
        ..Default::default()
    })?;
    let benchmark = &simulation.truth.benchmark;
    let (matrix, _) = pivot(&simulation.table, benchmark, &PivotOptions::default())?;
    let panel = Panel::new(&matrix, None)?;
    let ranking = RankingOptions { replicates: 0, ..Default::default() };
    let scores = rank::<&str>(&panel, None, &ranking).values();
    let planted: std::collections::HashMap<&str, bool> = simulation
        .truth
        .items
        .iter()
        .map(|i| (i.item.as_str(), i.planted == Some(PlantedError::WrongKey)))
        .collect();
    let positive: Vec<bool> =
        panel.items.iter().map(|i| planted.get(i.as_str()).copied().unwrap_or(false)).collect();
    Ok(Blocks::new(&scores, &positive))
}

/// Table `panel_size`: one row for each number of models and budget.
pub fn panel_size_table(sizes: &[PanelSize]) -> Table {
    let rows: Vec<(usize, f64, Estimate, Estimate, Estimate)> = sizes
        .iter()
        .flat_map(|s| s.at.iter().map(|(b, r, p)| (s.n_models, *b, *r, *p, s.average_precision)))
        .collect();
    Table::new("panel_size")
        .whole("n_models", rows.iter().map(|r| Some(r.0 as i64)))
        .real("budget", rows.iter().map(|r| Some(r.1)))
        .real("recall", rows.iter().map(|r| Some(r.2.value)))
        .real("recall_low", rows.iter().map(|r| r.2.low()))
        .real("recall_high", rows.iter().map(|r| r.2.high()))
        .real("precision", rows.iter().map(|r| Some(r.3.value)))
        .real("precision_low", rows.iter().map(|r| r.3.low()))
        .real("precision_high", rows.iter().map(|r| r.3.high()))
        .real("average_precision", rows.iter().map(|r| Some(r.4.value)))
        .real("average_precision_low", rows.iter().map(|r| r.4.low()))
        .real("average_precision_high", rows.iter().map(|r| r.4.high()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_models_find_more() {
        let options =
            PanelSizeOptions { sizes: vec![3, 30], replicates: 4, n_items: 200, ..Default::default() };
        let sizes = panel_sizes(&options).unwrap();
        assert!(sizes[1].average_precision.value > sizes[0].average_precision.value);
        assert!(sizes[1].at[3].1.value > 2.0 * sizes[0].at[3].1.value, "{sizes:?}");
        assert_eq!(panel_size_table(&sizes).n_rows(), 8);
    }
}
