//! From the table of runs to predictions that the tool stands by: the whole ladder analysis.

use super::backtest::{BacktestRow, TaskRungs, rolling_backtest};
use super::check::{Refusal, Warning};
use super::combine::{nested_backtest, weights};
use super::form::{Form, FormFits, fit_forms};
use super::interval::{calibrate, interval_backtest};
use super::law::{Conditions, FitOptions};
use super::options::LadderOptions;
use super::prepare::{prepare, run_conditions};
use super::resample::refit;
use super::result::{LadderError, LadderReport, TaskReport};
use super::table::{LadderTable, Role};
use super::target::add_targets;
use rayon::prelude::*;

/// Analyses a ladder: fits every form, back-tests them, combines them, and predicts the targets.
///
/// Scores of targets are copied into the result and used for nothing else.
///
/// # Errors
/// If there are no rungs, or no task can carry a prediction.
pub fn analyse(table: &LadderTable, options: &LadderOptions) -> Result<LadderReport, LadderError> {
    if table.of_role(Role::Rung).is_empty() {
        return Err(LadderError::NoRungs);
    }
    let mut warnings = Vec::new();
    let conditions: Vec<Result<Conditions, Refusal>> =
        table.runs.iter().map(|r| run_conditions(r, &mut warnings)).collect();
    let (mut prepared, mut refused) = (Vec::new(), Vec::new());
    for task in &table.tasks {
        match prepare(table, task, &conditions, options) {
            Ok(ready) => prepared.push((task, ready)),
            Err(refusal) => refused.push((task.name.clone(), refusal)),
        }
    }
    if prepared.is_empty() {
        return Err(match refused.into_iter().next() {
            Some((task, refusal)) => LadderError::AllRefused { task, refusal },
            None => LadderError::NoRungs,
        });
    }
    let rungs: Vec<TaskRungs> = prepared.iter().map(|(_, (rungs, _))| rungs.clone()).collect();
    // Back-tests make hundreds of fits, and their starts are close to one another: a few are enough.
    let quick = FitOptions { starts: options.fit.starts.min(6), ..options.fit.clone() };
    let backtest = rolling_backtest(&rungs, options.least_origin, &quick);
    let combined = nested_backtest(&backtest, &options.combine);
    let intervals = interval_backtest(&combined, options.level);
    let calibration = calibrate(&combined.iter().collect::<Vec<_>>(), options.level);
    let known: Vec<&BacktestRow> = backtest.iter().collect();
    let tasks: Vec<Result<TaskReport, (String, Refusal)>> = prepared
        .into_par_iter()
        .enumerate()
        .map(|(position, (task, (rungs, mut task_warnings)))| {
            let ones = vec![1.0; rungs.rungs.len()];
            let fits = fit_forms(&rungs.rungs, &ones, rungs.range, None, &options.fit);
            let usable: Vec<bool> =
                Form::all().iter().map(|&f| fits.predict(f, &rungs.rungs[0].at).is_some()).collect();
            let weights = weights(&known, position, &usable, &options.combine)
                .ok_or_else(|| (rungs.task.clone(), Refusal::NoBacktest))?;
            task_warnings.extend(left_out(&fits));
            let replicates = refit(&rungs, &fits, options.replicates, options.seed, &options.fit);
            let mut report = TaskReport {
                position,
                task: rungs,
                fits,
                weights,
                replicates,
                targets: Vec::new(),
                refused_targets: Vec::new(),
                warnings: task_warnings,
            };
            add_targets(&mut report, table, task, &conditions, calibration.as_ref(), options);
            Ok(report)
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        match task {
            Ok(t) => done.push(t),
            Err(e) => refused.push(e),
        }
    }
    if done.is_empty() {
        let (task, refusal) = refused.into_iter().next().unwrap_or((String::new(), Refusal::NoBacktest));
        return Err(LadderError::AllRefused { task, refusal });
    }
    Ok(LadderReport {
        tasks: done,
        refused,
        warnings,
        backtest,
        combined,
        intervals,
        calibration,
        options: options.clone(),
    })
}

fn left_out(fits: &FormFits) -> Vec<Warning> {
    let losses = fits.losses.iter().filter_map(|(_, f)| f.as_ref().err());
    let curves = fits.curves.iter().filter_map(|(_, f)| f.as_ref().err());
    let directs = fits.directs.iter().filter_map(|(_, f)| f.as_ref().err());
    losses.chain(curves).chain(directs).map(|e| Warning::LawLeftOut { reason: e.to_string() }).collect()
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
