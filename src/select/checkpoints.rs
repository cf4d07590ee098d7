//! What do training runs score on each task? Their last checkpoints, at which every task has a score.

use super::candidates::{Candidates, Sums};
use super::checkpoint_sums::CheckpointSums;
use super::pool::MIN_MODELS;
use crate::numeric::describe::median;
use crate::response::{ScoreCurve, ScorePoint, ScoreRun, ScoreSeries, ScoreUnit};
use crate::snr::scales::{ScaleKind, ScalePair, preference, scale_pairs};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use thiserror::Error;

/// One task: the scores of each model, larger is better.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointTask {
    /// Its name.
    pub name: String,
    /// Items behind a score, where known.
    pub n_items: Option<usize>,
    /// The last checkpoints of each model, oldest first; each model has as many on every task.
    pub windows: Vec<Vec<f64>>,
    /// The score of each model at the small scale; empty where no scales are compared.
    pub small: Vec<f64>,
    /// The same at the large scale.
    pub large: Vec<f64>,
}

/// The two scales whose decisions are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Scales {
    /// What distinguishes them.
    pub kind: ScaleKind,
    /// The small one.
    pub small: String,
    /// The large one.
    pub large: String,
}

/// Tasks of one metric to choose from, and the models that have a score on all of them.
///
/// A model is a training run. Where recipes are compared at two sizes it is a recipe at the larger one, the mean over its
/// seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointPool {
    /// The models.
    pub models: Vec<String>,
    /// The tasks.
    pub tasks: Vec<CheckpointTask>,
    /// The scales that decisions are compared at; `None` where no two have enough models.
    pub scales: Option<Scales>,
    /// Whether the data's own scores are better when larger.
    pub higher_is_better: bool,
    /// Models left out: a task, repeated checkpoints or one of the scales is missing.
    pub models_left_out: Vec<String>,
    /// Tasks left out: few models have a score, or the unit is another.
    pub tasks_left_out: Vec<String>,
}

/// Why there is nothing to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointPoolError {
    /// Too few tasks.
    #[error("tasks of one metric and unit: {found}; choosing needs {MIN_TASKS}")]
    TooFewTasks {
        /// How many there are.
        found: usize,
    },
    /// No noise can be seen.
    #[error(
        "no model has more than one checkpoint at which all {tasks} tasks have a score: the noise between checkpoints \
         needs {MIN_CHECKPOINTS} of each model, with a column of training steps"
    )]
    OneCheckpoint {
        /// Number of tasks.
        tasks: usize,
    },
    /// Too few models.
    #[error(
        "models with a score on all {tasks} tasks at {MIN_CHECKPOINTS} checkpoints or more: {found}; choosing on some and \
         trying on others needs {MIN_MODELS}"
    )]
    TooFewModels {
        /// How many there are.
        found: usize,
        /// Number of tasks.
        tasks: usize,
    },
}

/// Fewest tasks to choose from.
pub const MIN_TASKS: usize = 3;
/// Fewest checkpoints of a model.
pub const MIN_CHECKPOINTS: usize = 2;
/// A task that a smaller share of the most models of a task have is left out.
const MIN_COVERAGE: f64 = 0.5;
/// Shares of the training are compared if this share of the models has a score at both.
const MIN_AT_SCALES: f64 = 0.9;

impl CheckpointPool {
    /// The tasks of `series`, which share a metric, over the last `last` checkpoints at which a model has a score on all.
    ///
    /// # Errors
    /// See [`CheckpointPoolError`].
    pub fn new(series: &[&ScoreSeries], runs: &[ScoreRun], last: usize) -> Result<Self, CheckpointPoolError> {
        let (kept, tasks_left_out) = comparable(series);
        if kept.len() < MIN_TASKS {
            return Err(CheckpointPoolError::TooFewTasks { found: kept.len() });
        }
        let aligned = aligned(&kept);
        let complete: Vec<usize> = aligned[0].curves.iter().map(|c| c.run).collect();
        if complete.is_empty() {
            return Err(CheckpointPoolError::OneCheckpoint { tasks: kept.len() });
        }
        let pairs = scale_pairs(&aligned[0], runs, last);
        let scales = compared(&pairs, complete.len());
        let names: Vec<String> = complete.iter().map(|r| runs[*r].name.clone()).collect();
        let models = scales.map_or_else(|| names.clone(), |p| p.models.clone());
        if models.len() < MIN_MODELS {
            return Err(CheckpointPoolError::TooFewModels { found: models.len(), tasks: kept.len() });
        }
        let scales = scales.map(|p| Scales { kind: p.kind, small: p.small.clone(), large: p.target.clone() });
        let tasks = aligned.iter().map(|s| task(s, runs, last, scales.as_ref())).collect();
        // A recipe stands for all of its runs.
        let by_recipe = scales.as_ref().is_some_and(|s| s.kind == ScaleKind::Size);
        let mut models_left_out: Vec<String> = kept
            .iter()
            .flat_map(|s| s.curves.iter().map(|c| &runs[c.run]))
            .map(|run| if by_recipe { run.recipe.clone() } else { run.name.clone() })
            .collect::<HashSet<_>>()
            .into_iter()
            .filter(|name| !models.contains(name))
            .collect();
        models_left_out.sort();
        Ok(Self {
            models,
            tasks,
            scales,
            higher_is_better: kept[0].higher_is_better,
            models_left_out,
            tasks_left_out,
        })
    }
}

fn label(series: &ScoreSeries) -> String {
    series.name.subject.as_ref().unwrap_or(&series.name.benchmark).clone()
}

/// The series of the most frequent unit and direction that enough runs have, and the names of the others.
fn comparable<'a>(series: &[&'a ScoreSeries]) -> (Vec<&'a ScoreSeries>, Vec<String>) {
    let mut units: Vec<((ScoreUnit, bool), usize)> = Vec::new();
    let unit = |s: &ScoreSeries| (s.unit, s.higher_is_better);
    for s in series {
        match units.iter_mut().find(|u| u.0 == unit(s)) {
            Some(same) => same.1 += 1,
            None => units.push((unit(s), 1)),
        }
    }
    let most = units.iter().map(|u| u.1).max().unwrap_or(0);
    let chosen = units.iter().find(|u| u.1 == most).map(|u| u.0);
    let scored = |s: &ScoreSeries| s.curves.iter().filter(|c| c.points.len() >= MIN_CHECKPOINTS).count();
    let of_unit = |s: &ScoreSeries| Some(unit(s)) == chosen;
    let widest = series.iter().filter(|s| of_unit(s)).map(|s| scored(s)).max().unwrap_or(0);
    let (kept, left): (Vec<&ScoreSeries>, Vec<&ScoreSeries>) =
        series.iter().partition(|s| of_unit(s) && scored(s) as f64 >= MIN_COVERAGE * widest as f64);
    (kept, left.into_iter().map(label).collect())
}

/// A training step; that of a final model without one comes after all others.
fn step(point: &ScorePoint) -> u64 {
    point.step.unwrap_or(f64::INFINITY).to_bits()
}

/// The series with only those runs, and of these those checkpoints, that every one of them has.
fn aligned(series: &[&ScoreSeries]) -> Vec<ScoreSeries> {
    let by_run: Vec<HashMap<usize, &ScoreCurve>> =
        series.iter().map(|s| s.curves.iter().map(|c| (c.run, c)).collect()).collect();
    let steps_of = |run: usize| -> Option<HashSet<u64>> {
        let mut common: Option<HashSet<u64>> = None;
        for curves in &by_run {
            let own: HashSet<u64> = curves.get(&run)?.points.iter().map(step).collect();
            common = Some(common.map_or(own.clone(), |c| c.intersection(&own).copied().collect()));
        }
        common.filter(|c| c.len() >= MIN_CHECKPOINTS)
    };
    let runs: Vec<(usize, HashSet<u64>)> =
        series[0].curves.iter().filter_map(|c| Some((c.run, steps_of(c.run)?))).collect();
    series
        .iter()
        .zip(&by_run)
        .map(|(series, curves)| ScoreSeries {
            name: series.name.clone(),
            curves: runs
                .iter()
                .map(|(run, steps)| ScoreCurve {
                    run: *run,
                    points: curves[run].points.iter().filter(|p| steps.contains(&step(p))).copied().collect(),
                })
                .collect(),
            ..**series
        })
        .collect()
}

/// The pair of scales to compare: enough models, of shares of the training nearly all; the first by [`preference`].
fn compared(pairs: &[ScalePair], n_runs: usize) -> Option<&ScalePair> {
    let key = |p: &ScalePair| preference(p.kind, p.models.len(), p.factor);
    pairs
        .iter()
        .filter(|p| p.models.len() >= MIN_MODELS)
        .filter(|p| p.target_windows.iter().all(|w| w.len() >= MIN_CHECKPOINTS))
        .filter(|p| p.kind == ScaleKind::Size || p.models.len() as f64 >= MIN_AT_SCALES * n_runs as f64)
        .min_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal))
}

fn task(series: &ScoreSeries, runs: &[ScoreRun], last: usize, scales: Option<&Scales>) -> CheckpointTask {
    let pair = scales.and_then(|s| {
        let same = |p: &ScalePair| (p.kind, &p.small, &p.target) == (s.kind, &s.small, &s.large);
        scale_pairs(series, runs, last).into_iter().find(same)
    });
    let (windows, small, large) = match pair {
        Some(pair) => {
            let (small, large) = (pair.small_scores(1), pair.target_scores());
            (pair.target_windows, small, large)
        }
        None => {
            let signed = |c: &ScoreCurve| c.last(last).iter().map(|p| series.sign() * p.value).collect();
            (series.curves.iter().map(signed).collect(), Vec::new(), Vec::new())
        }
    };
    CheckpointTask { name: label(series), n_items: series.n_items, windows, small, large }
}

impl Candidates for CheckpointPool {
    type Sums = CheckpointSums;

    fn n_models(&self) -> usize {
        self.models.len()
    }

    fn names(&self) -> Vec<String> {
        self.tasks.iter().map(|t| t.name.clone()).collect()
    }

    fn items(&self, _: usize) -> Option<&[String]> {
        None
    }

    fn n_items(&self, subtask: usize) -> Option<usize> {
        self.tasks[subtask].n_items
    }

    fn n_checkpoints(&self) -> Option<usize> {
        let counts: Vec<f64> = self.tasks.first()?.windows.iter().map(|w| w.len() as f64).collect();
        median(&counts).map(|n| n.round() as usize)
    }

    fn sign(&self) -> f64 {
        if self.higher_is_better { 1.0 } else { -1.0 }
    }

    fn sums(&self, models: &[usize], _: u64, _: bool) -> Sums<CheckpointSums> {
        let lengths =
            self.tasks.first().map(|t| models.iter().map(|m| t.windows[*m].len())).into_iter().flatten();
        let mut starts = vec![0];
        starts.extend(lengths.scan(0, |end, n| {
            *end += n;
            Some(*end)
        }));
        let starts: std::sync::Arc<[usize]> = starts.into();
        let pick =
            |scores: &[f64]| -> Vec<f64> { models.iter().filter_map(|m| scores.get(*m).copied()).collect() };
        let sums = |task: &CheckpointTask| CheckpointSums {
            n_tasks: 1.0,
            starts: starts.clone(),
            scores: models.iter().flat_map(|m| task.windows[*m].iter().copied()).collect(),
            small: pick(&task.small),
            large: pick(&task.large),
        };
        Sums { subtasks: self.tasks.iter().map(sums).collect() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::crossfit::{CrossFitOptions, cross_fit};
    use super::super::order::Objective;
    use super::*;
    use crate::numeric::random::stream;
    use crate::response::{ScoreTable, ScoreTableBuilder, SeriesName};
    use rand_distr::{Distribution, StandardNormal};

    /// Simulated curves: a task with weight `w` scores `w · ability · progress + noise` at each of ten steps.
    pub fn simulated(weights: &[f64], noise: f64, n_models: usize, n_steps: usize) -> ScoreTable {
        let mut rng = stream(5, 0);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut builder = ScoreTableBuilder::default();
        for m in 0..n_models {
            let ability = draw();
            let name = format!("m{m}");
            let run = builder.run(ScoreRun {
                recipe: name.clone(),
                name,
                size: None,
                parameters: None,
                seed: None,
            });
            for (k, weight) in weights.iter().enumerate() {
                let series = builder.series(SeriesName {
                    benchmark: format!("t{k}"),
                    subject: None,
                    setting: String::new(),
                    metric: "acc".into(),
                });
                for s in 1..=n_steps {
                    // Nearly done after a tenth of the training.
                    let progress = 1.0 - 0.3 * (1.0 - s as f64 / n_steps as f64);
                    let value = 50.0 + weight * ability * progress + noise * draw();
                    let point =
                        ScorePoint { step: Some(s as f64), compute_flops: None, value, item_se: None };
                    builder.push(series, run, point);
                }
            }
        }
        builder.finish().0
    }

    fn pool(table: &ScoreTable) -> Result<CheckpointPool, CheckpointPoolError> {
        CheckpointPool::new(&table.series.iter().collect::<Vec<_>>(), &table.runs, 5)
    }

    fn options() -> CrossFitOptions {
        CrossFitOptions { judged_by: Some(Objective::Accuracy), ..Default::default() }
    }

    #[test]
    fn noise_tasks_are_dropped_and_the_gain_holds_on_other_models() {
        let table = simulated(&[2.0, 0.0, 2.0, 0.0, 0.0, 2.0], 1.0, 24, 10);
        let pool = pool(&table).unwrap();
        assert_eq!(pool.scales.as_ref().unwrap().small, "10 % of training");
        let fit = cross_fit(&pool, &options());
        let mut kept = fit.order[..fit.best_kept].to_vec();
        kept.sort_unstable();
        assert_eq!(kept, [0, 2, 5]);
        // All six: noise √6 for a signal of 6; the three: √3. The quotient is √2.
        let tried = fit.tried.unwrap();
        assert!((tried.gain - std::f64::consts::SQRT_2).abs() < 0.2, "{tried:?}");
        assert_eq!(fit.helps(Objective::Ratio), Some(true));
        let judged = fit.judged.unwrap();
        assert!(judged.before > 0.6 && judged.gain > 0.0, "{judged:?}");
        assert!(fit.gain_random.unwrap() < 1.0);
    }

    #[test]
    fn of_equals_none_is_better_on_other_models() {
        let table = simulated(&[1.0; 8], 1.0, 20, 10);
        let fit = cross_fit(&pool(&table).unwrap(), &options());
        assert!(fit.gain_in_sample.unwrap() >= 1.0);
        assert!(fit.tried.unwrap().gain < 1.05, "{:?}", fit.tried);
        assert_ne!(fit.helps(Objective::Ratio), Some(true));
    }

    #[test]
    fn losses_turned_over_choose_the_same() {
        let table = simulated(&[2.0, 0.0, 1.0, 0.5], 1.0, 16, 10);
        let mut turned = table.clone();
        for series in &mut turned.series {
            series.higher_is_better = false;
            series.curves.iter_mut().flat_map(|c| &mut c.points).for_each(|p| p.value = -p.value);
        }
        let (a, b) = (pool(&table).unwrap(), pool(&turned).unwrap());
        assert_eq!(cross_fit(&a, &options()), cross_fit(&b, &options()));
        assert_eq!((a.sign(), b.sign()), (1.0, -1.0));
    }

    #[test]
    fn models_lacking_a_task_and_rare_tasks_are_left_out_and_named() {
        let mut table = simulated(&[1.0; 5], 1.0, 12, 10);
        table.series[1].curves.remove(3);
        table.series[4].curves.truncate(5);
        table.series[2].unit = ScoreUnit::Nats;
        let pool = pool(&table).unwrap();
        assert_eq!(pool.tasks_left_out, ["t2", "t4"]);
        assert_eq!(pool.models_left_out, ["m3"]);
        assert_eq!(pool.models.len(), 11);
        // Checkpoints that one task lacks do not count for the others, either.
        let mut table = simulated(&[1.0; 3], 1.0, 12, 10);
        table.series[0].curves[0].points.truncate(7);
        let pool = super::tests::pool(&table).unwrap();
        let all: Vec<f64> = table.series[1].curves[0].points[2..7].iter().map(|p| p.value).collect();
        assert_eq!(pool.tasks[1].windows[0], all);
    }

    #[test]
    fn recipes_at_two_sizes_are_the_models() {
        let mut table = simulated(&[1.0, 1.0, 0.5], 0.1, 16, 4);
        for (at, run) in table.runs.iter_mut().enumerate() {
            run.recipe = format!("mix{}", at / 2);
            (run.size, run.parameters) =
                if at % 2 == 0 { (Some("1B".into()), Some(1e9)) } else { (Some("100M".into()), Some(1e8)) };
        }
        let pool = pool(&table).unwrap();
        assert_eq!(pool.models.len(), 8);
        let scales = pool.scales.clone().unwrap();
        assert_eq!((scales.small.as_str(), scales.large.as_str()), ("100M", "1B"));
        assert_eq!(pool.tasks[0].windows[0], table.series[0].curves[0].values());
        assert_eq!(pool.tasks[0].small[0], table.series[0].curves[1].values()[3]);
        assert!(pool.models_left_out.is_empty());
    }

    #[test]
    fn too_little_names_the_minimum() {
        let say = |table: &ScoreTable| pool(table).unwrap_err().to_string();
        assert!(say(&simulated(&[1.0], 1.0, 12, 5)).contains("needs 3"));
        assert!(say(&simulated(&[1.0; 4], 1.0, 12, 1)).contains("needs 2 of each model"));
        assert!(say(&simulated(&[1.0; 4], 1.0, 2, 5)).contains("needs 8"));
    }
}
