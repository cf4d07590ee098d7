//! What would another rung buy? The cost of a planned ladder, and how its uncertainty would shrink.

use super::analyse::TaskReport;
use super::combine::combine;
use super::form::{Form, Rung, fit_forms};
use super::law::{Conditions, FitOptions};
use crate::numeric::describe::std_dev;
use crate::numeric::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

/// A ladder that might be trained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The rungs to be added.
    pub added: Vec<Conditions>,
    /// Seeds for each rung of the whole ladder; noise between seeds falls with their square root.
    pub seeds: usize,
}

/// What a plan costs and yields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanOutcome {
    /// The plan.
    pub name: String,
    /// Compute of everything that is to be trained in addition, FLOPs.
    pub cost_flops: f64,
    /// Standard deviation of the combined prediction over simulated ladders, accuracy.
    pub prediction_sd: Option<f64>,
    /// Orders of magnitude from the largest rung to the target.
    pub distance_oom: f64,
    /// Simulated ladders in which the combination could be fitted.
    pub n_simulated: usize,
}

/// Simulates ladders from the fit and predicts the target with each.
///
/// Losses and accuracies of every rung are drawn around a fitted chain (`truth`) with the residual scatter of
/// the present ladder, divided by √seeds; every form is fitted to each simulated ladder and combined with the
/// present weights. The spread of the predictions is what parameters cost; what the forms get wrong together
/// is not simulated, it shrinks only with the distance. Laws of the checkpoints' path are kept at their rungs'
/// own paths, shifted with the drawn values.
///
/// `None` if `truth` was not fitted.
pub fn simulate_plan(
    plan: &Plan,
    report: &TaskReport,
    truth: Form,
    target: &Conditions,
    (replicates, seed): (usize, u64),
    options: &FitOptions,
) -> Option<PlanOutcome> {
    let TaskReport { task, fits, weights, .. } = report;
    let residuals: Vec<f64> =
        task.rungs.iter().filter_map(|r| fits.predict(truth, &r.at).map(|p| r.accuracy - p)).collect();
    let accuracy_sd = std_dev(&residuals, 1)?;
    let loss_residuals: Vec<f64> = task
        .rungs
        .iter()
        .filter_map(|r| fits.predicted_loss(truth, &r.at).zip(r.loss).map(|(p, l)| (l / p).ln()))
        .collect();
    let loss_sd = std_dev(&loss_residuals, 1).unwrap_or(0.0);
    let mut skeleton = task.rungs.clone();
    for at in &plan.added {
        let loss = fits.predicted_loss(truth, at);
        let accuracy = fits.predict(truth, at)?;
        let path = loss.map(|l| vec![(l, accuracy)]).unwrap_or_default();
        skeleton.push(Rung { run: usize::MAX, at: *at, loss, accuracy, noise: None, path });
    }
    let largest = skeleton.iter().map(|r| r.at.compute_flops).fold(f64::MIN, f64::max);
    let seeds = plan.seeds.max(1) as f64;
    let forms = Form::all();
    let quick = FitOptions { max_iterations: options.max_iterations.min(100), ..options.clone() };
    let drawn: Vec<Option<f64>> = (0..replicates as u64)
        .into_par_iter()
        .map(|k| {
            let mut rng = stream(seed, k);
            let mut normal = move || {
                let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random());
                (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
            };
            let rungs: Vec<Rung> = skeleton
                .iter()
                .map(|r| {
                    let shift = normal() * accuracy_sd / seeds.sqrt();
                    let factor = (normal() * loss_sd / seeds.sqrt()).exp();
                    let centre = fits.predict(truth, &r.at).unwrap_or(r.accuracy);
                    let centre_loss = fits.predicted_loss(truth, &r.at).or(r.loss);
                    Rung {
                        accuracy: (centre + shift).clamp(1e-4, 1.0 - 1e-4),
                        loss: centre_loss.map(|l| l * factor),
                        path: r.path.iter().map(|(x, y)| (x * factor, y + shift)).collect(),
                        ..r.clone()
                    }
                })
                .collect();
            let simulated = fit_forms(&rungs, &vec![1.0; rungs.len()], task.range, Some(fits), &quick);
            let predicted: Vec<Option<f64>> = forms.iter().map(|&f| simulated.predict(f, target)).collect();
            combine(&predicted, weights).map(|c| c.0)
        })
        .collect();
    let values: Vec<f64> = drawn.into_iter().flatten().collect();
    let new: f64 = plan.added.iter().map(|c| c.compute_flops).sum::<f64>() * seeds;
    let repeated: f64 = task.rungs.iter().map(|r| r.at.compute_flops).sum::<f64>() * (seeds - 1.0);
    Some(PlanOutcome {
        name: plan.name.clone(),
        cost_flops: new + repeated,
        prediction_sd: std_dev(&values, 1),
        distance_oom: (target.compute_flops / largest).log10(),
        n_simulated: values.len(),
    })
}
