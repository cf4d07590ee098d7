//! How well would each form have predicted the larger rungs from the smaller ones? Rolling origin over compute.

use super::curve::Range;
use super::form::{Form, Rung, fit_forms};
use super::law::FitOptions;
use rayon::prelude::*;
use serde::Serialize;

/// The least share of the rungs that a back-test starts from.
const LEAST_SHARE: f64 = 0.3;

/// The predictions of every form for one held-out rung, made from the rungs with less compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestRow {
    /// Position of the task.
    pub task: usize,
    /// Rungs that the laws were fitted to: those with the least compute.
    pub origin: usize,
    /// Rank of the held-out rung by compute, from 0.
    pub rank: usize,
    /// Orders of magnitude of compute above the largest rung that was fitted.
    pub distance_oom: f64,
    /// The same over the span of the fitted rungs in orders of magnitude.
    pub ratio: f64,
    /// What the held-out rung scored.
    pub actual: f64,
    /// What each form predicts, in the order of [`Form::all`]; `None` where it could not be fitted.
    pub predicted: Vec<Option<f64>>,
}

/// The rungs of one task, by compute, and what the task allows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskRungs {
    /// Name of the task.
    pub task: String,
    /// The rungs in ascending order of compute.
    pub rungs: Vec<Rung>,
    /// Chance and ceiling.
    pub range: Range,
    /// Checkpoints at the end of a run that are averaged into its value.
    pub averaged: usize,
}

/// Orders of magnitude from the largest of the first `m` rungs to `compute`, and the same over their span.
pub(super) fn reach(rungs: &[Rung], compute: f64) -> (f64, f64) {
    let (Some(first), Some(last)) = (rungs.first(), rungs.last()) else { return (f64::NAN, f64::NAN) };
    let distance = (compute / last.at.compute_flops).log10();
    (distance, distance / (last.at.compute_flops / first.at.compute_flops).log10())
}

/// Rolling-origin back-test: for every origin `m`, fits every form to the `m` rungs with the least compute and
/// predicts all the others.
///
/// Origins start at `least` rungs and at three tenths of them, so that a long ladder is not judged by what a very
/// short one would have said; those whose rungs are all of one size are passed over, and those that would
/// divide runs of the same compute (seeds), which come in together.
///
/// # Reference
/// Tashman 2000, doi:10.1016/S0169-2070(00)00065-0 (rolling origin).
pub fn rolling_backtest(tasks: &[TaskRungs], least: usize, options: &FitOptions) -> Vec<BacktestRow> {
    let forms = Form::all();
    let jobs: Vec<(usize, usize)> = tasks
        .iter()
        .enumerate()
        .flat_map(|(t, task)| {
            let n = task.rungs.len();
            (least.max((LEAST_SHARE * n as f64).ceil() as usize)..n).map(move |m| (t, m))
        })
        .filter(|&(t, m)| {
            let fitted = &tasks[t].rungs[..m];
            let n = fitted[0].at.parameters;
            let one_size = n.is_finite() && fitted.iter().all(|r| r.at.parameters == n);
            let compute = |i: usize| tasks[t].rungs[i].at.compute_flops;
            !one_size && compute(0) < compute(m - 1) && compute(m - 1) < compute(m)
        })
        .collect();
    let rows: Vec<Vec<BacktestRow>> = jobs
        .into_par_iter()
        .map(|(t, m)| {
            let task = &tasks[t];
            let fitted = &task.rungs[..m];
            let fits = fit_forms(fitted, &vec![1.0; m], task.range, None, options);
            (m..task.rungs.len())
                .map(|rank| {
                    let held = &task.rungs[rank];
                    let (distance_oom, ratio) = reach(fitted, held.at.compute_flops);
                    BacktestRow {
                        task: t,
                        origin: m,
                        rank,
                        distance_oom,
                        ratio,
                        actual: held.accuracy,
                        predicted: forms.iter().map(|&f| fits.predict(f, &held.at)).collect(),
                    }
                })
                .collect()
        })
        .collect();
    rows.concat()
}
