//! Which tasks can be predicted, and does that go with their noise? The papers' claim, put to the test.

use super::form::Form;
use super::result::LadderReport;
use crate::numeric::correlation::spearman;
use crate::numeric::describe::mean;
use serde::Serialize;

/// How well one task was predicted within the ladder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Predictability {
    /// The task.
    pub task: String,
    /// Mean absolute error of the combination in its back-tests, accuracy.
    pub mean_absolute_error: f64,
    /// The same of the naive baseline that nothing changes beyond the last rung.
    pub last_rung_error: f64,
    /// Back-tested predictions.
    pub n: usize,
    /// Median noise of a single checkpoint, accuracy.
    pub noise: Option<f64>,
    /// Range of the accuracy over the rungs divided by that noise.
    pub signal_to_noise: Option<f64>,
}

/// Every task's predictability, and the rank correlation of error with noise and with signal over noise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictabilityReport {
    /// One entry for each task.
    pub tasks: Vec<Predictability>,
    /// Spearman's correlation of error and noise over tasks.
    pub error_with_noise: Option<f64>,
    /// Spearman's correlation of error and signal over noise.
    pub error_with_signal_to_noise: Option<f64>,
}

/// Sums up the back-tests by task.
pub fn predictability(report: &LadderReport) -> PredictabilityReport {
    let last = Form::all().iter().position(|f| *f == Form::LastRung);
    let tasks: Vec<Predictability> = report
        .tasks
        .iter()
        .filter_map(|t| {
            let position = t.position;
            let rows: Vec<_> = report.combined.iter().filter(|r| r.task == position).collect();
            let errors: Vec<f64> = rows.iter().map(|r| (r.predicted - r.actual).abs()).collect();
            let naive: Vec<f64> = report
                .backtest
                .iter()
                .filter(|r| r.task == position)
                .filter(|r| rows.iter().any(|c| c.origin == r.origin && c.rank == r.rank))
                .filter_map(|r| r.predicted[last?].map(|p| (p - r.actual).abs()))
                .collect();
            let mut noises: Vec<f64> = t.task.rungs.iter().filter_map(|r| r.noise).collect();
            noises.sort_by(f64::total_cmp);
            let noise = noises.get(noises.len() / 2).copied().filter(|n| *n > 0.0);
            let (low, high) = t
                .task
                .rungs
                .iter()
                .fold((f64::MAX, f64::MIN), |(l, h), r| (l.min(r.accuracy), h.max(r.accuracy)));
            Some(Predictability {
                task: t.task.task.clone(),
                mean_absolute_error: mean(&errors)?,
                last_rung_error: mean(&naive)?,
                n: errors.len(),
                noise,
                signal_to_noise: noise.map(|n| (high - low) / n),
            })
        })
        .collect();
    let against = |of: &dyn Fn(&Predictability) -> Option<f64>| {
        let pairs: Vec<(f64, f64)> =
            tasks.iter().filter_map(|t| of(t).map(|v| (t.mean_absolute_error, v))).collect();
        let (e, v): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        if e.len() < 4 { None } else { spearman(&e, &v) }
    };
    PredictabilityReport {
        error_with_noise: against(&|t| t.noise),
        error_with_signal_to_noise: against(&|t| t.signal_to_noise),
        tasks,
    }
}
