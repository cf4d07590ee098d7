//! What do models score on each subtask? Complete answers by subtask, of the models that gave them.

use super::candidates::{Candidates, Sums};
use super::item_sums::SubtaskSums;
use crate::response::{RespondentId, ResponseMatrix};
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
}

impl Candidates for Pool {
    type Sums = SubtaskSums;

    fn n_models(&self) -> usize {
        self.models.len()
    }

    fn names(&self) -> Vec<String> {
        self.subtasks.iter().map(|s| s.name.clone()).collect()
    }

    fn items(&self, subtask: usize) -> Option<&[String]> {
        Some(&self.subtasks[subtask].items)
    }

    fn n_items(&self, subtask: usize) -> Option<usize> {
        Some(self.subtasks[subtask].items.len())
    }

    fn sums(&self, models: &[usize], seed: u64, with_pairs: bool) -> Sums<SubtaskSums> {
        let n = if with_pairs { models.len() } else { 0 };
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        let subtasks = self
            .subtasks
            .par_iter()
            .enumerate()
            .map(|(k, subtask)| SubtaskSums::of(subtask, models, &pairs, seed, k))
            .collect();
        Sums { subtasks }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::numeric::random::stream;

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
}
