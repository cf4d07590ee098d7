//! What do models score on each subtask? Complete answers by subtask, and the sums that every criterion adds up.

use crate::numeric::random::stream;
use crate::response::{RespondentId, ResponseMatrix};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use thiserror::Error;

/// One subtask: its items without a gap, items × models.
#[derive(Debug, Clone, PartialEq)]
pub struct Subtask {
    /// Its name.
    pub name: String,
    /// Names of its items.
    pub items: Vec<String>,
    /// Scores, one row for each item.
    pub scores: Vec<Vec<f32>>,
}

/// The subtasks to choose from and the models that answered all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// The models.
    pub models: Vec<RespondentId>,
    /// The subtasks.
    pub subtasks: Vec<Subtask>,
    /// Models left out because they answered too little.
    pub models_left_out: Vec<String>,
    /// Items left out because not every model answered them.
    pub items_left_out: usize,
}

/// Why there is nothing to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PoolError {
    /// Too few subtasks.
    #[error(
        "{found} subtasks with at least {min_items} items that all models answered: choosing needs 3; give items subjects, or name the column that groups them (--by)"
    )]
    TooFewSubtasks {
        /// How many there are.
        found: usize,
        /// The least number of items.
        min_items: usize,
    },
    /// Too few models.
    #[error(
        "{found} models answered enough of the items: choosing on some and trying on others needs {least}"
    )]
    TooFewModels {
        /// How many there are.
        found: usize,
        /// How many are needed.
        least: usize,
    },
}

/// Fewest models to choose on and to try on.
pub const MIN_MODELS: usize = 8;
/// Fewest items of a subtask.
pub const MIN_ITEMS: usize = 5;
/// A model that answered a smaller share of the items is left out.
const MIN_COVERAGE: f64 = 0.97;

impl Pool {
    /// The subtasks of matrices: the subjects of each, or each as a whole.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub fn new(matrices: &[&ResponseMatrix], whole: bool) -> Result<Self, PoolError> {
        let Some(first) = matrices.first() else {
            return Err(PoolError::TooFewSubtasks { found: 0, min_items: MIN_ITEMS });
        };
        // Models in the order of the first matrix, at their place in each.
        let mut models: Vec<(RespondentId, Vec<usize>)> = first
            .respondents()
            .iter()
            .filter_map(|r| {
                let places = matrices.iter().map(|m| m.respondents().iter().position(|o| o == r));
                Some((r.clone(), places.collect::<Option<Vec<_>>>()?))
            })
            .collect();
        let total: usize = matrices.iter().map(|m| m.n_items()).sum();
        let answered = |places: &[usize]| -> usize {
            matrices
                .iter()
                .zip(places)
                .map(|(m, r)| (0..m.n_items()).filter(|i| m.score(*i, *r).is_some()).count())
                .sum()
        };
        let counts: Vec<usize> = models.par_iter().map(|(_, places)| answered(places)).collect();
        let most = counts.iter().copied().max().unwrap_or(total);
        let mut models_left_out = Vec::new();
        let mut at = 0;
        models.retain(|(name, _)| {
            at += 1;
            let enough = counts[at - 1] as f64 >= MIN_COVERAGE * most as f64;
            if !enough {
                models_left_out.push(name.to_string());
            }
            enough
        });
        if models.len() < MIN_MODELS {
            return Err(PoolError::TooFewModels { found: models.len(), least: MIN_MODELS });
        }
        let mut subtasks: Vec<Subtask> = Vec::new();
        let mut items_left_out = 0;
        for (at, matrix) in matrices.iter().enumerate() {
            let groups = if whole || matrix.subjects().is_empty() {
                vec![(matrix.benchmark.clone(), (0..matrix.n_items()).collect())]
            } else {
                matrix.subjects().iter().cloned().zip(matrix.items_by_subject()).collect::<Vec<_>>()
            };
            for (name, items) in groups {
                let mut subtask = Subtask { name, items: Vec::new(), scores: Vec::new() };
                for item in items {
                    let row: Option<Vec<f32>> = models
                        .iter()
                        .map(|(_, places)| matrix.score(item, places[at]).map(|s| s as f32))
                        .collect();
                    match row {
                        Some(row) => {
                            subtask.items.push(matrix.items()[item].to_string());
                            subtask.scores.push(row);
                        }
                        None => items_left_out += 1,
                    }
                }
                if subtask.items.len() >= MIN_ITEMS {
                    subtasks.push(subtask);
                } else {
                    items_left_out += subtask.items.len();
                }
            }
        }
        if subtasks.len() < 3 {
            return Err(PoolError::TooFewSubtasks { found: subtasks.len(), min_items: MIN_ITEMS });
        }
        let models = models.into_iter().map(|(name, _)| name).collect();
        Ok(Self { models, subtasks, models_left_out, items_left_out })
    }

    /// The sums of some models over every subtask; those of pairs of models only where asked for, because there are
    /// many.
    pub fn sums(&self, models: &[usize], seed: u64, with_pairs: bool) -> Sums {
        let n = if with_pairs { models.len() } else { 0 };
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        let subtasks = self
            .subtasks
            .par_iter()
            .enumerate()
            .map(|(k, subtask)| SubtaskSums::of(subtask, models, &pairs, seed, k))
            .collect();
        Sums { n_models: models.len(), subtasks }
    }
}

/// Sums over the items of one subtask.
#[derive(Debug, Clone, PartialEq)]
pub struct SubtaskSums {
    /// Number of items.
    pub n_items: f64,
    /// Sum of scores of each model.
    pub totals: Vec<f64>,
    /// The same over a fixed random half of the items.
    pub half: Vec<f64>,
    /// Number of items in that half.
    pub n_half: f64,
    /// Sum of squares of all scores.
    pub squares: f64,
    /// Sum over items of the squared sum over models.
    pub item_squares: f64,
    /// Sum over items of the squared difference of each pair of models, pairs `i < j` in order; empty where not asked for.
    pub pair_squares: Vec<f64>,
}

impl SubtaskSums {
    fn of(
        subtask: &Subtask,
        models: &[usize],
        pairs: &[(usize, usize)],
        seed: u64,
        stream_index: usize,
    ) -> Self {
        let mut order: Vec<usize> = (0..subtask.items.len()).collect();
        order.shuffle(&mut stream(seed, stream_index as u64));
        let n_half = order.len() / 2;
        let mut sums = Self {
            n_items: subtask.items.len() as f64,
            totals: vec![0.0; models.len()],
            half: vec![0.0; models.len()],
            n_half: n_half as f64,
            squares: 0.0,
            item_squares: 0.0,
            pair_squares: vec![0.0; pairs.len()],
        };
        for (at, &item) in order.iter().enumerate() {
            let row = &subtask.scores[item];
            let mut sum = 0.0;
            for (place, &m) in models.iter().enumerate() {
                let x = f64::from(row[m]);
                sums.totals[place] += x;
                if at < n_half {
                    sums.half[place] += x;
                }
                sums.squares += x * x;
                sum += x;
            }
            sums.item_squares += sum * sum;
            for (pair, (i, j)) in sums.pair_squares.iter_mut().zip(pairs) {
                let d = f64::from(row[models[*i]] - row[models[*j]]);
                *pair += d * d;
            }
        }
        sums
    }
}

/// The sums of some models over all subtasks; everything about a set of subtasks is a sum of these.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// Number of models.
    pub n_models: usize,
    /// Each subtask.
    pub subtasks: Vec<SubtaskSums>,
}

/// Mean squares of models × items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    /// Of models.
    pub models: f64,
    /// Of residuals: models at items.
    pub residual: f64,
    /// Items.
    pub n_items: f64,
}

impl SubtaskSums {
    /// The sums over the items of both.
    pub fn plus(&self, other: &Self) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x + y).collect::<Vec<f64>>();
        Self {
            n_items: self.n_items + other.n_items,
            totals: add(&self.totals, &other.totals),
            half: add(&self.half, &other.half),
            n_half: self.n_half + other.n_half,
            squares: self.squares + other.squares,
            item_squares: self.item_squares + other.item_squares,
            pair_squares: add(&self.pair_squares, &other.pair_squares),
        }
    }

    /// Mean squares of models and of residuals, all items counting the same.
    pub fn mean_squares(&self) -> Option<Squares> {
        let (m, n) = (self.totals.len() as f64, self.n_items);
        if self.totals.len() < 2 || n < 2.0 {
            return None;
        }
        let grand: f64 = self.totals.iter().sum();
        let correction = grand * grand / (n * m);
        let models = self.totals.iter().map(|t| t * t).sum::<f64>() / n - correction;
        let items = self.item_squares / m - correction;
        let residual = (self.squares - correction - models - items).max(0.0) / ((n - 1.0) * (m - 1.0));
        Some(Squares { models: models.max(0.0) / (m - 1.0), residual, n_items: n })
    }

    /// Mean score of each model on the first half of the items.
    pub fn first_half(&self) -> Vec<f64> {
        self.half.iter().map(|h| h / self.n_half).collect()
    }

    /// Mean score of each model on the second half.
    pub fn second_half(&self) -> Vec<f64> {
        self.totals.iter().zip(&self.half).map(|(t, h)| (t - h) / (self.n_items - self.n_half)).collect()
    }
}

impl Sums {
    /// The sums over a set of subtasks; `None` of no subtask.
    pub fn of(&self, set: &[usize]) -> Option<SubtaskSums> {
        let (first, rest) = set.split_first()?;
        Some(rest.iter().fold(self.subtasks[*first].clone(), |all, s| all.plus(&self.subtasks[*s])))
    }

    /// The sums over all subtasks.
    pub fn all(&self) -> Option<SubtaskSums> {
        self.of(&(0..self.subtasks.len()).collect::<Vec<_>>())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Subtasks whose items share the ability with a given weight; simulated.
    pub fn simulated(weights: &[f64], n_items: usize, n_models: usize) -> Pool {
        use rand_distr::{Distribution, StandardNormal, Uniform};
        let mut rng = stream(11, 0);
        let ability: Vec<f64> = (0..n_models).map(|_| StandardNormal.sample(&mut rng)).collect();
        let unit = Uniform::new(0.0, 1.0).unwrap();
        let subtasks = weights
            .iter()
            .enumerate()
            .map(|(k, w)| Subtask {
                name: format!("t{k}"),
                items: (0..n_items).map(|i| format!("{k}-{i}")).collect(),
                scores: (0..n_items)
                    .map(|_| {
                        let b: f64 = StandardNormal.sample(&mut rng);
                        ability
                            .iter()
                            .map(|a| f32::from(unit.sample(&mut rng) < 1.0 / (1.0 + (b - w * a).exp())))
                            .collect()
                    })
                    .collect(),
            })
            .collect();
        Pool {
            models: (0..n_models).map(|m| format!("m{m}").into()).collect(),
            subtasks,
            models_left_out: Vec::new(),
            items_left_out: 0,
        }
    }

    #[test]
    fn squares_by_hand() {
        let pool = Pool {
            models: vec!["a".into(), "b".into()],
            subtasks: vec![Subtask {
                name: "t".into(),
                items: vec!["1".into(), "2".into()],
                scores: vec![vec![1.0, 0.0], vec![0.0, 0.0]],
            }],
            models_left_out: vec![],
            items_left_out: 0,
        };
        let squares = pool.sums(&[0, 1], 1, false).subtasks[0].mean_squares().unwrap();
        // Means .5 and 0: models 2 · 2 · .0625 = .25; residuals 4 / 16 over one degree of freedom.
        assert!((squares.models - 0.25).abs() < 1e-12);
        assert!((squares.residual - 0.25).abs() < 1e-12);
    }
}
