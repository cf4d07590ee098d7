//! What is a run worth to the laws? Its conditions, and the averages of its last checkpoints.

use super::backtest::TaskRungs;
use super::chance::chance_of;
use super::check::{Refusal, Warning, check_rungs};
use super::curve::Range;
use super::form::Rung;
use super::law::Conditions;
use super::options::LadderOptions;
use super::smooth::{checkpoint_noise, final_mean, loss_accuracy_path};
use super::table::{LadderRun, LadderTable, LadderTask, Role, Series};

/// The conditions of a run; compute that is not given is 6 *N D*, with a warning.
pub(super) fn run_conditions(run: &LadderRun, warnings: &mut Vec<Warning>) -> Result<Conditions, Refusal> {
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

/// The conditions of every run of the table, or why there are none.
pub(super) type Conditioned = [Result<Conditions, Refusal>];

/// The rungs of a task, checked, in ascending order of compute.
pub(super) fn prepare(
    table: &LadderTable,
    task: &LadderTask,
    conditions: &Conditioned,
    options: &LadderOptions,
) -> Result<(TaskRungs, Vec<Warning>), Refusal> {
    let mut rungs = Vec::new();
    let of_rungs = || task.series.iter().filter(|s| table.runs[s.run].role == Role::Rung);
    let k = averaged(of_rungs(), options.final_checkpoints);
    for series in of_rungs() {
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
    fill_noise(&mut rungs);
    let known = options.chance.get(&task.name).copied().or_else(|| chance_of(&task.name));
    let range = Range { chance: known.unwrap_or(0.0), ceiling: options.ceiling };
    let mut warnings = check_rungs(&rungs, range.chance)?;
    if known.is_none() {
        warnings.push(Warning::ChanceUnknown { task: task.name.clone() });
    }
    Ok((TaskRungs { task: task.name.clone(), rungs, range, averaged: k }, warnings))
}

/// How many checkpoints at the end of each run are averaged: as many as asked for, but no more than a quarter of
/// those of the run that has the fewest, so that every run is averaged alike and over the end of its training only.
fn averaged<'a>(series: impl Iterator<Item = &'a Series>, asked: usize) -> usize {
    let count = |s: &Series| s.checkpoints.iter().filter(|c| c.accuracy.is_some()).count();
    let fewest = series.map(count).filter(|n| *n > 0).min().unwrap_or(1);
    asked.min(fewest / 4).max(1)
}

/// Gives rungs without a noise of their own the standard deviation between runs of the same conditions (seeds).
///
/// ```text
/// s² = Σ_groups Σ (x − mean of its group)² / Σ_groups (n − 1)
/// ```
fn fill_noise(rungs: &mut [Rung]) {
    let same = |a: &Rung, b: &Rung| {
        let bits = |r: &Rung| [r.at.parameters, r.at.tokens, r.at.compute_flops].map(f64::to_bits);
        bits(a) == bits(b)
    };
    let (mut sum, mut freedom) = (0.0, 0.0);
    for group in rungs.chunk_by(same) {
        let n = group.len() as f64;
        let mean = group.iter().map(|r| r.accuracy).sum::<f64>() / n;
        sum += group.iter().map(|r| (r.accuracy - mean).powi(2)).sum::<f64>();
        freedom += n - 1.0;
    }
    if freedom >= 3.0 {
        let between = (sum / freedom).sqrt();
        rungs.iter_mut().for_each(|r| r.noise = r.noise.or(Some(between)));
    }
}
