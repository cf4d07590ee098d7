//! What does choosing gain on models that it was not done on? Choose on half of the models, try on the other half.

use super::candidates::{Candidates, Sums};
use super::order::{Method, Objective};
use crate::numeric::describe::{mean, quantile};
use crate::numeric::random::stream;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

/// How to choose and try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossFitOptions {
    /// What a set is to be good at.
    pub objective: Objective,
    /// How the order is made.
    pub method: Method,
    /// Random splits of the models into two halves; each half is chosen on and tried on once.
    pub splits: usize,
    /// Random orders tried on each half.
    pub random_orders: usize,
    /// Number of subtasks to keep; `None` takes the number that is best on the models chosen on.
    pub keep: Option<usize>,
    /// What else the choice is judged by on the other half.
    pub judged_by: Option<Objective>,
    /// Seed.
    pub seed: u64,
}

impl Default for CrossFitOptions {
    fn default() -> Self {
        Self {
            objective: Objective::Ratio,
            method: Method::Greedy,
            splits: 20,
            random_orders: 20,
            keep: None,
            judged_by: None,
            seed: 1,
        }
    }
}

/// One length of the list of kept subtasks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Subtasks kept.
    pub kept: usize,
    /// The subtask added, in the order chosen on all models.
    pub added: usize,
    /// Items kept in that order, where their number is known.
    pub n_items: Option<usize>,
    /// The objective on the models it was chosen on.
    pub in_sample: Option<f64>,
    /// Mean over the halves that it was not chosen on.
    pub cross_fitted: Option<f64>,
    /// Range of the middle 95 % of these halves.
    pub cross_fitted_range: Option<(f64, f64)>,
    /// Mean of random orders on the same halves.
    pub random: Option<f64>,
    /// Range of the middle 95 % of random orders.
    pub random_range: Option<(f64, f64)>,
}

/// The curve and what may be expected of filtering.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossFit {
    /// One point for each number of kept subtasks.
    pub curve: Vec<CurvePoint>,
    /// The order chosen on all models.
    pub order: Vec<usize>,
    /// The number kept: as asked for, else the one that is best on all models.
    pub best_kept: usize,
    /// Gain at that number on the same models: a difference for shares, a quotient for the ratio.
    pub gain_in_sample: Option<f64>,
    /// What keeping the number chosen on one half does to the objective on the other.
    pub tried: Option<Tried>,
    /// The same for the objective of [`CrossFitOptions::judged_by`].
    pub judged: Option<Tried>,
    /// Mean gain of as many subtasks kept at random, on the same halves.
    pub gain_random: Option<f64>,
    /// Share of the halves in which choosing was better than keeping everything.
    pub share_of_splits_better: Option<f64>,
}

/// An objective with all subtasks and with those kept, on halves of the models that they were not chosen on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tried {
    /// Mean with all subtasks.
    pub before: f64,
    /// Mean with those kept.
    pub after: f64,
    /// Mean gain: a difference for shares, a quotient for the ratio.
    pub gain: f64,
    /// Range of the middle 95 % of the halves; `None` of fewer than ten.
    pub range: Option<(f64, f64)>,
    /// Number of halves.
    pub n_trials: usize,
}

impl Tried {
    /// Of values with all subtasks and with those kept, one pair for each half.
    fn of(objective: Objective, pairs: &[(f64, f64)]) -> Option<Self> {
        let known: Vec<(f64, f64, f64)> =
            pairs.iter().filter_map(|(b, a)| Some((*b, *a, gain(objective, *b, *a)?))).collect();
        let over = |of: fn(&(f64, f64, f64)) -> f64| known.iter().map(of).collect::<Vec<f64>>();
        let gains = over(|k| k.2);
        Some(Self {
            before: mean(&over(|k| k.0))?,
            after: mean(&over(|k| k.1))?,
            gain: mean(&gains)?,
            range: middle(&gains),
            n_trials: gains.len(),
        })
    }
}

impl CrossFit {
    /// The gain that keeping everything has.
    pub fn neutral(objective: Objective) -> f64 {
        if objective == Objective::Ratio { 1.0 } else { 0.0 }
    }

    /// Whether filtering helps on other models: the middle 95 % of the trials lie above no gain.
    pub fn helps(&self, objective: Objective) -> Option<bool> {
        self.tried?.range.map(|(low, _)| low > Self::neutral(objective))
    }
}

/// The gain of `after` over `before`.
fn gain(objective: Objective, before: f64, after: f64) -> Option<f64> {
    let gain = if objective == Objective::Ratio { after / before } else { after - before };
    Some(gain).filter(|g| g.is_finite())
}

/// One half tried.
struct Trial {
    chosen: Vec<Option<f64>>,
    random: Vec<Vec<Option<f64>>>,
    kept: usize,
    judged: Option<(f64, f64)>,
}

impl Trial {
    /// The objective with all subtasks and with those kept.
    fn pair(&self) -> Option<(f64, f64)> {
        self.chosen.last().copied().flatten().zip(self.chosen[self.kept - 1])
    }

    /// Mean gain of as many subtasks in random order.
    fn gain_random(&self, objective: Objective) -> Option<f64> {
        let full = self.chosen.last().copied().flatten()?;
        let at = |order: &Vec<Option<f64>>| gain(objective, full, order[self.kept - 1]?);
        mean(&self.random.iter().filter_map(at).collect::<Vec<_>>())
    }
}

/// Chooses and tries. Split `k` uses random stream `k`, whatever the number of threads.
pub fn cross_fit<C: Candidates>(pool: &C, options: &CrossFitOptions) -> CrossFit {
    let objective = options.objective;
    let everyone: Vec<usize> = (0..pool.n_models()).collect();
    let pairs = [Some(objective), options.judged_by].contains(&Some(Objective::Pairs));
    let all = pool.sums(&everyone, options.seed, pairs);
    let n = all.subtasks.len();
    let order = options.method.order(&all, objective);
    let in_sample = objective.along(&all, &order);
    let number = |values: &[Option<f64>]| options.keep.unwrap_or_else(|| best(values)).clamp(1, n);
    let best_kept = number(&in_sample);
    let judge = |sums: &Sums<C::Sums>, kept: &[usize]| {
        let (judge, whole) = (options.judged_by?, sums.decided());
        judge.of(&sums.all()?, &whole).zip(judge.of(&sums.of(kept)?, &whole))
    };

    let trials: Vec<Trial> = (0..options.splits)
        .into_par_iter()
        .flat_map_iter(|split| {
            let mut rng = stream(options.seed, split as u64);
            let mut models = everyone.clone();
            models.shuffle(&mut rng);
            let (left, right) = models.split_at(models.len() / 2);
            let sides = [left, right].map(|side| pool.sums(side, options.seed, pairs));
            let mut trials = Vec::new();
            for (train, test) in [(0, 1), (1, 0)] {
                let order = options.method.order(&sides[train], objective);
                let kept = number(&objective.along(&sides[train], &order));
                let random = (0..options.random_orders)
                    .map(|_| {
                        let mut order: Vec<usize> = (0..n).collect();
                        order.shuffle(&mut rng);
                        objective.along(&sides[test], &order)
                    })
                    .collect();
                trials.push(Trial {
                    chosen: objective.along(&sides[test], &order),
                    random,
                    kept,
                    judged: judge(&sides[test], &order[..kept]),
                });
            }
            trials
        })
        .collect();

    let mut n_items = Some(0);
    let curve = (0..n)
        .map(|k| {
            n_items = n_items.zip(pool.n_items(order[k])).map(|(sum, n)| sum + n);
            let chosen: Vec<f64> = trials.iter().filter_map(|t| t.chosen[k]).collect();
            let random: Vec<f64> = trials.iter().flat_map(|t| t.random.iter().filter_map(|r| r[k])).collect();
            CurvePoint {
                kept: k + 1,
                added: order[k],
                n_items,
                in_sample: in_sample[k],
                cross_fitted: mean(&chosen),
                cross_fitted_range: middle(&chosen),
                random: mean(&random),
                random_range: middle(&random),
            }
        })
        .collect();
    let pairs: Vec<(f64, f64)> = trials.iter().filter_map(Trial::pair).collect();
    let neutral = CrossFit::neutral(objective);
    let gains: Vec<f64> = pairs.iter().filter_map(|(b, a)| gain(objective, *b, *a)).collect();
    let better = gains.iter().filter(|g| **g > neutral).count() as f64;
    let judged: Vec<(f64, f64)> = trials.iter().filter_map(|t| t.judged).collect();
    CrossFit {
        curve,
        best_kept,
        gain_in_sample: in_sample[n - 1]
            .zip(in_sample[best_kept - 1])
            .and_then(|(b, a)| gain(objective, b, a)),
        tried: Tried::of(objective, &pairs),
        judged: options.judged_by.and_then(|judge| Tried::of(judge, &judged)),
        gain_random: mean(&trials.iter().filter_map(|t| t.gain_random(objective)).collect::<Vec<_>>()),
        share_of_splits_better: (!gains.is_empty()).then(|| better / gains.len() as f64),
        order,
    }
}

/// The number kept with the best value, the smallest of equals.
fn best(values: &[Option<f64>]) -> usize {
    let at = |k: usize| values[k].unwrap_or(f64::NEG_INFINITY);
    (0..values.len()).reduce(|a, b| if at(b) > at(a) + 1e-12 { b } else { a }).map_or(1, |k| k + 1)
}

fn middle(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 10 {
        return None;
    }
    Some((quantile(values, 0.025)?, quantile(values, 0.975)?))
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::simulated;
    use super::*;

    #[test]
    fn leaving_out_pure_noise_helps_on_other_models() {
        let pool = simulated(&[2.0, 0.0, 2.0, 0.0, 0.0, 2.0], 60, 30);
        let fit = cross_fit(&pool, &CrossFitOptions::default());
        assert_eq!(fit.best_kept, 3);
        assert!(fit.tried.unwrap().gain > 1.1, "{:?}", fit.tried);
        assert_eq!(fit.helps(Objective::Ratio), Some(true));
        assert!(fit.gain_random.unwrap() < 1.0);
    }

    #[test]
    fn filtering_equals_gains_nothing_on_other_models_though_it_seems_to() {
        let pool = simulated(&[1.0; 8], 40, 20);
        let fit = cross_fit(&pool, &CrossFitOptions::default());
        assert!(fit.gain_in_sample.unwrap() >= 1.0);
        assert!(fit.tried.unwrap().gain < 1.05, "{:?}", fit.tried);
        assert_ne!(fit.helps(Objective::Ratio), Some(true));
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let pool = simulated(&[1.0, 0.5, 0.0, 1.0], 20, 12);
        let run = |threads| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| cross_fit(&pool, &CrossFitOptions { splits: 6, ..Default::default() }))
        };
        assert_eq!(run(1), run(4));
    }
}
