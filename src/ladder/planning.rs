//! What would another rung buy? The cost of a planned ladder, and how its uncertainty would shrink.

use super::backtest::reach;
use super::combine::combine;
use super::form::{Form, Rung, fit_forms};
use super::interval::Calibration;
use super::law::{Conditions, FitOptions};
use super::result::{LadderReport, TaskReport};
use crate::numeric::describe::std_dev;
use crate::numeric::random::stream;
use crate::numeric::special::normal_quantile;
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
    /// Rungs to be added.
    pub n_added: usize,
    /// Seeds for each rung.
    pub seeds: usize,
    /// Compute of everything that is to be trained in addition, FLOPs.
    pub cost_flops: f64,
    /// The same as a multiple of the target's compute.
    pub cost_of_target: f64,
    /// Standard deviation of the combined prediction over simulated ladders, accuracy.
    pub prediction_sd: Option<f64>,
    /// Orders of magnitude from the largest rung to the target.
    pub distance_oom: f64,
    /// Half the width that the interval would have: of the calibration at the new distance over the new span, or
    /// of the spread of the simulated predictions if that is wider.
    pub half_width: Option<f64>,
    /// Simulated ladders in which the combination could be fitted.
    pub n_simulated: usize,
}

/// What might be done about a ladder before the target is trained: nothing, three seeds of every rung, or one or two
/// larger rungs on the way to the target, evenly spaced in the logarithms of size, data and compute.
pub fn usual_plans(report: &TaskReport, target: &Conditions) -> Vec<Plan> {
    let Some(last) = report.task.rungs.last() else { return Vec::new() };
    let between = |t: f64| {
        let along = |a: f64, b: f64| a * (b / a).powf(t);
        Conditions {
            parameters: along(last.at.parameters, target.parameters),
            tokens: along(last.at.tokens, target.tokens),
            compute_flops: along(last.at.compute_flops, target.compute_flops),
        }
    };
    let plan = |name: &str, added: Vec<Conditions>, seeds| Plan { name: name.to_owned(), added, seeds };
    let mut plans = vec![plan("as it is", vec![], 1), plan("three seeds of every rung", vec![], 3)];
    if target.compute_flops > last.at.compute_flops {
        plans.push(plan("one larger rung", vec![between(0.5)], 1));
        plans.push(plan("two larger rungs", vec![between(1.0 / 3.0), between(2.0 / 3.0)], 1));
    }
    plans
}

/// The outcomes of the usual plans for the furthest target of each task: task, target, outcome.
///
/// Ladders are simulated around the form with the greatest weight.
pub fn plan_ladder(report: &LadderReport, replicates: usize) -> Vec<(String, String, PlanOutcome)> {
    let mut all = Vec::new();
    let forms = Form::all();
    for task in &report.tasks {
        let furthest = task.targets.iter().max_by(|a, b| a.at.compute_flops.total_cmp(&b.at.compute_flops));
        let heaviest = forms.iter().zip(&task.weights).max_by(|a, b| a.1.total_cmp(b.1));
        let (Some(target), Some((&truth, _))) = (furthest, heaviest) else { continue };
        for plan in usual_plans(task, &target.at) {
            let random = (replicates, report.options.seed);
            let calibration = report.calibration.as_ref();
            let options = &report.options.fit;
            if let Some(outcome) = simulate_plan(&plan, task, truth, &target.at, calibration, random, options)
            {
                all.push((task.task.task.clone(), target.target.clone(), outcome));
            }
        }
    }
    all
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
    calibration: Option<&Calibration>,
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
    skeleton.sort_by(|a, b| a.at.compute_flops.total_cmp(&b.at.compute_flops));
    let (distance_oom, ratio) = reach(&skeleton, target.compute_flops);
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
    let prediction_sd = std_dev(&values, 1);
    let half_width = calibration.map(|c| {
        let z = normal_quantile(0.5 + c.level / 2.0);
        c.half_width(ratio).max(z * prediction_sd.unwrap_or(0.0))
    });
    Some(PlanOutcome {
        name: plan.name.clone(),
        n_added: plan.added.len(),
        seeds: plan.seeds,
        cost_flops: new + repeated,
        cost_of_target: (new + repeated) / target.compute_flops,
        prediction_sd,
        distance_oom,
        half_width,
        n_simulated: values.len(),
    })
}
