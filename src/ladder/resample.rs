//! How much hangs on which runs happened to be in the ladder? Bootstrap refits over runs.

use super::backtest::TaskRungs;
use super::combine::combine;
use super::form::{Form, FormFits, fit_forms};
use super::law::{Conditions, FitOptions};
use crate::numeric::Interval;
use crate::numeric::describe::quantile;
use crate::numeric::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The laws of one task, refitted to resampled runs.
#[derive(Debug, Clone)]
pub struct Replicates {
    /// One set of fits for each replicate.
    pub fits: Vec<FormFits>,
}

/// How often each rung is drawn: runs are resampled within their model size where every size has two or more,
/// so that every replicate can tell the sizes apart.
fn draw(task: &TaskRungs, seed: u64, replicate: u64) -> Vec<f64> {
    let mut rng = stream(seed, replicate);
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, rung) in task.rungs.iter().enumerate() {
        groups.entry(rung.at.parameters.to_bits()).or_default().push(i);
    }
    let strata: Vec<Vec<usize>> = if groups.values().all(|g| g.len() >= 2) {
        groups.into_values().collect()
    } else {
        vec![(0..task.rungs.len()).collect()]
    };
    let mut weights = vec![0.0; task.rungs.len()];
    for group in strata {
        for _ in 0..group.len() {
            weights[group[rng.random_range(0..group.len())]] += 1.0;
        }
    }
    weights
}

/// Refits every law to `replicates` resamples of the runs.
///
/// A run is drawn with all its checkpoints: they are one block, for they are not independent. Replicate `k`
/// draws the same runs for every task, so that errors shared between tasks stay shared.
pub fn refit(
    task: &TaskRungs,
    fits: &FormFits,
    replicates: usize,
    seed: u64,
    options: &FitOptions,
) -> Replicates {
    let quick = FitOptions { max_iterations: options.max_iterations.min(100), ..options.clone() };
    let fits = (0..replicates as u64)
        .into_par_iter()
        .map(|k| fit_forms(&task.rungs, &draw(task, seed, k), task.range, Some(fits), &quick))
        .collect();
    Replicates { fits }
}

impl Replicates {
    /// The percentile interval of what a form predicts; `None` if a tenth of the refits failed.
    pub fn interval(&self, form: Form, at: &Conditions, level: f64) -> Option<Interval> {
        let drawn: Vec<f64> = self.fits.iter().filter_map(|f| f.predict(form, at)).collect();
        percentile(&drawn, self.fits.len(), level)
    }

    /// What the combination predicts in each refit, with the weights of the whole ladder.
    pub fn combined(&self, at: &Conditions, weights: &[f64]) -> Vec<f64> {
        let forms = Form::all();
        self.fits
            .iter()
            .filter_map(|fits| {
                let predicted: Vec<Option<f64>> = forms.iter().map(|&f| fits.predict(f, at)).collect();
                combine(&predicted, weights).map(|c| c.0)
            })
            .collect()
    }

    /// The percentile interval of a parameter of a law.
    pub fn parameter_interval(&self, law: &str, parameter: &str, level: f64) -> Option<Interval> {
        let drawn: Vec<f64> = self
            .fits
            .iter()
            .filter_map(|f| {
                f.parameters().into_iter().find(|p| p.law == law && p.parameter == parameter).map(|p| p.value)
            })
            .collect();
        percentile(&drawn, self.fits.len(), level)
    }
}

fn percentile(drawn: &[f64], asked: usize, level: f64) -> Option<Interval> {
    if drawn.len() < 20 || drawn.len() * 10 < asked * 9 {
        return None;
    }
    let tail = (1.0 - level) / 2.0;
    Some(Interval::new(quantile(drawn, tail)?, quantile(drawn, 1.0 - tail)?, level))
}
