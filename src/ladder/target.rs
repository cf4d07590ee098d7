//! What will a target score? Every form's prediction, and the combination with its interval.

use super::backtest::reach;
use super::check::check_target;
use super::combine::combine;
use super::form::Form;
use super::interval::Calibration;
use super::options::LadderOptions;
use super::prepare::Conditioned;
use super::result::{FormPrediction, TargetPrediction, TaskReport};
use super::smooth::final_mean;
use super::table::{LadderTable, LadderTask, Role};
use crate::numeric::Interval;

/// Predicts every target of a task, or says why not.
pub(super) fn add_targets(
    report: &mut TaskReport,
    table: &LadderTable,
    task: &LadderTask,
    conditions: &Conditioned,
    calibration: Option<&Calibration>,
    options: &LadderOptions,
) {
    let k = report.task.averaged;
    let tested = calibration.map_or(0.0, |c| c.largest_ratio);
    let trained = task.series.iter().filter(|s| table.runs[s.run].role == Role::Target).map(|s| {
        let n = s.checkpoints.iter().filter(|c| c.accuracy.is_some()).count().min(k);
        let actual = final_mean(s, k, |c| c.accuracy);
        (table.runs[s.run].name.clone(), conditions[s.run].clone(), actual, final_mean(s, k, |c| c.loss), n)
    });
    let coming = options.planned_checkpoints.unwrap_or(k).max(1);
    let planned = options.planned_targets.iter().map(|(n, c)| (n.clone(), Ok(*c), None, None, coming));
    for (target, at, actual, actual_loss, averaged) in trained.chain(planned).collect::<Vec<_>>() {
        let checked =
            at.and_then(|at| check_target(&target, &at, &report.task.rungs, tested).map(|w| (at, w)));
        let (at, warnings) = match checked {
            Ok(ok) => ok,
            Err(refusal) => {
                report.refused_targets.push((target, refusal));
                continue;
            }
        };
        let (distance_oom, ratio) = reach(&report.task.rungs, at.compute_flops);
        let forms = Form::all();
        let predicted: Vec<Option<f64>> = forms.iter().map(|&f| report.fits.predict(f, &at)).collect();
        let Some((value, form_sd)) = combine(&predicted, &report.weights) else { continue };
        let target_sd = target_noise(report, averaged, value, options);
        let drawn = report.replicates.combined(&at, &report.weights);
        let parameter_sd = crate::numeric::describe::std_dev(&drawn, 1);
        let mut all: Vec<FormPrediction> = forms
            .iter()
            .zip(&predicted)
            .zip(&report.weights)
            .filter_map(|((&form, p), &weight)| {
                Some(FormPrediction {
                    form,
                    predicted: (*p)?,
                    interval: report.replicates.interval(form, &at, options.level),
                    predicted_loss: report.fits.predicted_loss(form, &at),
                    weight: Some(weight),
                })
            })
            .collect();
        let interval = calibration.map(|c| {
            let z = crate::numeric::special::normal_quantile(0.5 + c.level / 2.0);
            // Back-tests already hold the noise of fully averaged runs; what the target has beyond that is added.
            let tested = c.half_width(ratio).max(z * parameter_sd.unwrap_or(0.0));
            let half = (tested * tested + (z * target_sd).powi(2)).sqrt();
            let range = report.task.range;
            Interval::new(range.clip(value - half), range.clip(value + half), c.level)
        });
        all.push(FormPrediction {
            form: Form::Combined,
            predicted: value,
            interval,
            predicted_loss: None,
            weight: None,
        });
        report.targets.push(TargetPrediction {
            target,
            at,
            actual,
            actual_loss,
            distance_oom,
            ratio,
            forms: all,
            form_sd,
            parameter_sd,
            target_sd,
            warnings,
        });
    }
}

/// What a target's own value wobbles more than a rung's: fewer checkpoints averaged, and another set of items.
fn target_noise(report: &TaskReport, averaged: usize, value: f64, options: &LadderOptions) -> f64 {
    let rungs = &report.task.rungs;
    let noise = rungs.iter().rev().find_map(|r| r.noise).unwrap_or(0.0);
    let k = report.task.averaged as f64;
    let fewer = noise * noise * (1.0 / (averaged.max(1) as f64) - 1.0 / k).max(0.0);
    let items =
        options.n_items.get(&report.task.task).map_or(0.0, |&n| value * (1.0 - value) / n.max(1) as f64);
    (fewer + items).sqrt()
}
