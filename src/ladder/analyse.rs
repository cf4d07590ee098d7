//! From the table of runs to predictions that the tool stands by: the whole ladder analysis.

use super::backtest::{BacktestRow, TaskRungs, reach, rolling_backtest};
use super::chance::chance_of;
use super::check::{Refusal, Warning, check_rungs, check_target};
use super::combine::{CombineOptions, CombinedRow, combine, nested_backtest, weights};
use super::curve::Range;
use super::form::{Form, FormFits, Rung, fit_forms};
use super::interval::{Calibration, CoveredRow, calibrate, interval_backtest};
use super::law::{Conditions, FitOptions};
use super::resample::{Replicates, refit};
use super::smooth::{checkpoint_noise, final_mean, loss_accuracy_path};
use super::table::{LadderTable, LadderTask, Role};
use crate::numeric::Interval;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a ladder is analysed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LadderOptions {
    /// Checkpoints at the end of a run that are averaged into its value.
    pub final_checkpoints: usize,
    /// Window of the moving average before step 2.
    pub path_window: usize,
    /// Share of each run's checkpoints left out of step 2 at its beginning.
    pub path_skip: f64,
    /// Fewest rungs from which a back-test starts.
    pub least_origin: usize,
    /// Accuracy of guessing by task, where it is not the usual one of that task.
    pub chance: BTreeMap<String, f64>,
    /// Greatest possible accuracy.
    pub ceiling: f64,
    /// Items by task: if given, intervals also hold for another sample of items.
    pub n_items: BTreeMap<String, usize>,
    /// Further targets that have not been trained yet, by name.
    pub planned_targets: Vec<(String, Conditions)>,
    /// How laws are fitted.
    pub fit: FitOptions,
    /// How forms are combined.
    pub combine: CombineOptions,
    /// Level of the intervals.
    pub level: f64,
    /// Bootstrap refits over runs.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for LadderOptions {
    fn default() -> Self {
        Self {
            final_checkpoints: 5,
            path_window: 5,
            path_skip: 0.1,
            least_origin: 5,
            chance: BTreeMap::new(),
            ceiling: 1.0,
            n_items: BTreeMap::new(),
            planned_targets: Vec::new(),
            fit: FitOptions::default(),
            combine: CombineOptions::default(),
            level: 0.9,
            replicates: 200,
            seed: 1,
        }
    }
}

/// What one form says of one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormPrediction {
    /// The form.
    pub form: Form,
    /// Predicted accuracy.
    pub predicted: f64,
    /// Its interval: for the combination the calibrated one, for a single form the bootstrap over runs, which
    /// knows nothing of the form being wrong.
    pub interval: Option<Interval>,
    /// The loss on the way, for chained forms.
    pub predicted_loss: Option<f64>,
    /// Its weight in the combination.
    pub weight: Option<f64>,
}

/// Everything said of one target on one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetPrediction {
    /// Name of the target.
    pub target: String,
    /// How it is trained.
    pub at: Conditions,
    /// What it scored, where that is known; never used.
    pub actual: Option<f64>,
    /// The loss it reached, where that is known; never used.
    pub actual_loss: Option<f64>,
    /// Orders of magnitude of compute above the largest rung.
    pub distance_oom: f64,
    /// The same over the span of the rungs.
    pub ratio: f64,
    /// Each form, the combination last.
    pub forms: Vec<FormPrediction>,
    /// Standard deviation between the forms, weighted.
    pub form_sd: f64,
    /// Standard deviation of the combination over the bootstrap refits.
    pub parameter_sd: Option<f64>,
    /// Noise of the target's own value: checkpoints, and items where their number is given.
    pub target_sd: f64,
    /// What limits the prediction.
    pub warnings: Vec<Warning>,
}

impl TargetPrediction {
    /// The prediction that the tool stands by.
    pub fn selected(&self) -> Option<&FormPrediction> {
        self.forms.iter().find(|f| f.form == Form::Combined)
    }
}

/// The analysis of one task.
#[derive(Debug, Clone)]
pub struct TaskReport {
    /// Position that its back-tests carry.
    pub position: usize,
    /// Its rungs, by compute.
    pub task: TaskRungs,
    /// Every law, fitted to all rungs.
    pub fits: FormFits,
    /// Weights of the forms in the order of [`Form::all`].
    pub weights: Vec<f64>,
    /// Bootstrap refits.
    pub replicates: Replicates,
    /// Predictions by target.
    pub targets: Vec<TargetPrediction>,
    /// Targets that were refused.
    pub refused_targets: Vec<(String, Refusal)>,
    /// What limits all predictions of this task.
    pub warnings: Vec<Warning>,
}

/// The analysis of a ladder.
#[derive(Debug, Clone)]
pub struct LadderReport {
    /// The tasks that could be analysed.
    pub tasks: Vec<TaskReport>,
    /// The tasks that could not, and why.
    pub refused: Vec<(String, Refusal)>,
    /// What limits everything.
    pub warnings: Vec<Warning>,
    /// Back-tests of every form; `task` is the [`TaskReport::position`].
    pub backtest: Vec<BacktestRow>,
    /// Back-tests of the combination.
    pub combined: Vec<CombinedRow>,
    /// Back-tests of its intervals.
    pub intervals: Vec<CoveredRow>,
    /// The calibration of the intervals of the targets.
    pub calibration: Option<Calibration>,
    /// The options used.
    pub options: LadderOptions,
}

/// Why a whole ladder cannot be analysed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LadderError {
    /// No run is marked as a rung.
    #[error("no run is a rung: mark the small runs as rungs, or give the targets by name")]
    NoRungs,
    /// Every task was refused.
    #[error("no task can be predicted; '{task}': {refusal}")]
    AllRefused {
        /// The first task.
        task: String,
        /// Why it was refused.
        refusal: Refusal,
    },
}

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

fn run_conditions(run: &super::table::LadderRun, warnings: &mut Vec<Warning>) -> Result<Conditions, Refusal> {
    let positive = |v: Option<f64>| v.filter(|x| *x > 0.0 && x.is_finite());
    let (n, d) = (positive(run.parameters), positive(run.tokens));
    let compute_flops = match (positive(run.compute_flops), n, d) {
        (Some(c), _, _) => c,
        (None, Some(n), Some(d)) => {
            warnings.push(Warning::ComputeAssumed { run: run.name.clone(), compute_flops: 6.0 * n * d });
            6.0 * n * d
        }
        _ => return Err(Refusal::MissingCompute { run: run.name.clone() }),
    };
    Ok(Conditions { parameters: n.unwrap_or(f64::NAN), tokens: d.unwrap_or(f64::NAN), compute_flops })
}

type Conditioned = [Result<Conditions, Refusal>];

fn prepare(
    table: &LadderTable,
    task: &LadderTask,
    conditions: &Conditioned,
    options: &LadderOptions,
) -> Result<(TaskRungs, Vec<Warning>), Refusal> {
    let mut rungs = Vec::new();
    for series in task.series.iter().filter(|s| table.runs[s.run].role == Role::Rung) {
        let k = options.final_checkpoints;
        let Some(accuracy) = final_mean(series, k, |c| c.accuracy) else { continue };
        rungs.push(Rung {
            run: series.run,
            at: conditions[series.run].clone()?,
            loss: final_mean(series, k, |c| c.loss).filter(|l| *l > 0.0),
            accuracy,
            noise: checkpoint_noise(series, 2 * k),
            path: loss_accuracy_path(series, options.path_skip, options.path_window),
        });
    }
    rungs.sort_by(|a, b| a.at.compute_flops.total_cmp(&b.at.compute_flops).then(a.run.cmp(&b.run)));
    let known = options.chance.get(&task.name).copied().or_else(|| chance_of(&task.name));
    let range = Range { chance: known.unwrap_or(0.0), ceiling: options.ceiling };
    let mut warnings = check_rungs(&rungs, range.chance)?;
    if known.is_none() {
        warnings.push(Warning::ChanceUnknown { task: task.name.clone() });
    }
    Ok((TaskRungs { task: task.name.clone(), rungs, range }, warnings))
}

fn left_out(fits: &FormFits) -> Vec<Warning> {
    let losses = fits.losses.iter().filter_map(|(_, f)| f.as_ref().err());
    let curves = fits.curves.iter().filter_map(|(_, f)| f.as_ref().err());
    let directs = fits.directs.iter().filter_map(|(_, f)| f.as_ref().err());
    losses.chain(curves).chain(directs).map(|e| Warning::LawLeftOut { reason: e.to_string() }).collect()
}

fn add_targets(
    report: &mut TaskReport,
    table: &LadderTable,
    task: &LadderTask,
    conditions: &Conditioned,
    calibration: Option<&Calibration>,
    options: &LadderOptions,
) {
    let k = options.final_checkpoints;
    let tested = calibration.map_or(0.0, |c| c.largest_ratio);
    let trained = task.series.iter().filter(|s| table.runs[s.run].role == Role::Target).map(|s| {
        let n = s.checkpoints.iter().filter(|c| c.accuracy.is_some()).count().min(k);
        let actual = final_mean(s, k, |c| c.accuracy);
        (table.runs[s.run].name.clone(), conditions[s.run].clone(), actual, final_mean(s, k, |c| c.loss), n)
    });
    let planned = options.planned_targets.iter().map(|(n, c)| (n.clone(), Ok(*c), None, None, k));
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
    let k = options.final_checkpoints as f64;
    let fewer = noise * noise * (1.0 / (averaged.max(1) as f64) - 1.0 / k).max(0.0);
    let items =
        options.n_items.get(&report.task.task).map_or(0.0, |&n| value * (1.0 - value) / n.max(1) as f64);
    (fewer + items).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::table::{Checkpoint, LadderRow};
    use super::*;

    /// A ladder that follows the laws exactly: four sizes, four lengths, three checkpoints each.
    fn rows(change: impl Fn(usize, usize, &mut LadderRow)) -> LadderTable {
        let mut rows = Vec::new();
        for (i, n) in [1e8, 2e8, 4e8, 8e8, 8e9].into_iter().enumerate() {
            for (j, per) in [20.0, 40.0, 100.0, 200.0].into_iter().enumerate() {
                if i == 4 && j > 0 {
                    continue;
                }
                for step in 1..=6 {
                    let d = n * per * f64::from(step) / 6.0;
                    let loss = 20.0 / f64::powf(n, 0.2) + 30.0 / f64::powf(d, 0.2) + 0.3;
                    let accuracy = 0.25 + 0.75 / (1.0 + (6.0 * (loss - 0.9)).exp());
                    let mut row = LadderRow {
                        run: format!("{i}-{j}"),
                        size: format!("{n}"),
                        role: if i == 4 { Role::Target } else { Role::Rung },
                        parameters: Some(n),
                        task: "arc".into(),
                        checkpoint: Checkpoint {
                            step: Some(f64::from(step)),
                            tokens: Some(d),
                            compute_flops: Some(6.0 * n * d),
                            loss: Some(loss),
                            accuracy: Some(accuracy),
                        },
                    };
                    change(i, j, &mut row);
                    rows.push(row);
                }
            }
        }
        LadderTable::from_rows(rows)
    }

    fn options() -> LadderOptions {
        LadderOptions {
            replicates: 0,
            final_checkpoints: 1,
            path_window: 1,
            fit: FitOptions { starts: 4, ..FitOptions::default() },
            ..LadderOptions::default()
        }
    }

    fn refusal(table: &LadderTable) -> Refusal {
        match analyse(table, &options()) {
            Err(LadderError::AllRefused { refusal, .. }) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_lawful_ladder_is_predicted() {
        let report = analyse(&rows(|_, _, _| {}), &options()).unwrap();
        let target = &report.tasks[0].targets[0];
        let selected = target.selected().unwrap();
        assert!((selected.predicted - target.actual.unwrap()).abs() < 0.03, "{selected:?}");
        assert!(selected.interval.unwrap().contains(target.actual.unwrap()));
    }

    #[test]
    fn the_targets_score_changes_nothing_but_its_own_column() {
        let seen = analyse(&rows(|_, _, _| {}), &options()).unwrap();
        let hidden = analyse(
            &rows(|i, _, r| {
                if i == 4 {
                    r.checkpoint.accuracy = Some(0.99);
                    r.checkpoint.loss = Some(0.01);
                }
            }),
            &options(),
        )
        .unwrap();
        assert_eq!(seen.tasks[0].targets[0].forms, hidden.tasks[0].targets[0].forms);
    }

    #[test]
    fn bad_ladders_are_refused_with_a_reason() {
        let other = |r: &mut LadderRow| r.role = Role::Other;
        let two = rows(|i, j, r| {
            if i > 0 || j > 1 {
                other(r)
            }
        });
        assert_eq!(refusal(&two), Refusal::TooFewRungs { n_rungs: 2, least: 6 });
        let one_size = rows(|i, _, r| {
            r.parameters = Some(1e8);
            if i == 4 {
                other(r);
            }
        });
        assert!(matches!(refusal(&one_size), Refusal::OneSize { .. }));
        let constant = rows(|_, _, r| r.checkpoint.accuracy = Some(0.4));
        assert!(matches!(refusal(&constant), Refusal::ConstantAccuracy { .. }));
        let rising = rows(|_, _, r| r.checkpoint.loss = r.checkpoint.loss.map(|l| 3.0 - l));
        assert!(matches!(refusal(&rising), Refusal::RisingLoss { .. }));
        let falling = rows(|_, _, r| r.checkpoint.accuracy = r.checkpoint.accuracy.map(|a| 1.0 - a));
        assert!(matches!(refusal(&falling), Refusal::FallingAccuracy { .. }));
        let missing = rows(|_, j, r| {
            if j == 2 {
                r.checkpoint.compute_flops = None;
                r.checkpoint.tokens = None;
            }
        });
        assert!(matches!(refusal(&missing), Refusal::MissingCompute { .. }));
    }

    #[test]
    fn what_limits_a_prediction_is_said() {
        let assumed = rows(|_, _, r| r.checkpoint.compute_flops = None);
        let report = analyse(&assumed, &options()).unwrap();
        assert!(matches!(report.warnings[0], Warning::ComputeAssumed { .. }));
        let below = LadderOptions {
            planned_targets: vec![
                ("tiny".into(), Conditions { parameters: 1e6, tokens: 2e7, compute_flops: 1.2e14 }),
                ("huge".into(), Conditions { parameters: 1e12, tokens: 2e13, compute_flops: 1.2e26 }),
            ],
            ..options()
        };
        let report = analyse(&rows(|_, _, _| {}), &below).unwrap();
        assert!(matches!(report.tasks[0].refused_targets[0].1, Refusal::TargetBelowRungs { .. }));
        let huge = report.tasks[0].targets.iter().find(|t| t.target == "huge").unwrap();
        assert!(matches!(huge.warnings[0], Warning::BeyondBacktests { .. }));
        let no_loss = analyse(&rows(|_, _, r| r.checkpoint.loss = None), &options()).unwrap();
        assert!(no_loss.tasks[0].warnings.contains(&Warning::NoLoss));
        assert!(no_loss.tasks[0].targets[0].selected().is_some());
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
        let table = rows(|_, j, r| {
            r.checkpoint.accuracy = r.checkpoint.accuracy.map(|a| a + 0.003 * [1.0, -1.0, 0.5, -0.2][j % 4]);
        });
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| analyse(&table, &LadderOptions { replicates: 24, ..options() }).unwrap())
        };
        let (one, two) = (run(1), run(2));
        assert_eq!(one.tasks[0].targets, two.tasks[0].targets);
        assert_eq!(one.backtest, two.backtest);
    }
}
