//! What do the detectors look at? The answers of a panel of models, in one dense form for every kind of data.

use crate::response::matrix::Cells;
use crate::response::{NO_OPTION, ResponseMatrix, ResponseTable};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Fewer models than this, and nothing can be said of an item.
pub const MIN_MODELS: usize = 3;
/// Fewer models than this, and only votes are counted: no group statistics.
pub const MIN_MODELS_GROUPS: usize = 8;
/// Fewer models than this, and correlations between items and fit statistics are not reported.
pub const MIN_MODELS_CORRELATION: usize = 30;
/// Fewer models than this, and pairs of items and single distractors are not judged.
pub const MIN_MODELS_PAIRS: usize = 100;

/// What is known of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Which option was chosen, and which one is the key.
    Letters,
    /// Only right or wrong.
    Binary,
    /// A score with more than two values.
    Graded,
}

/// Why a panel cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PanelError {
    /// Too few models.
    #[error(
        "{found} models answer benchmark {benchmark:?}; at least {MIN_MODELS} are needed to rank its items"
    )]
    TooFewModels {
        /// The benchmark.
        benchmark: String,
        /// Models with any answer.
        found: usize,
    },
    /// No items.
    #[error("benchmark {benchmark:?} has no item with a score")]
    NoItems {
        /// The benchmark.
        benchmark: String,
    },
    /// A list that belongs to the models or the items has another length.
    #[error("{what} has {found} entries; there are {expected}")]
    Length {
        /// Which list.
        what: &'static str,
        /// Entries given.
        found: usize,
        /// Entries needed.
        expected: usize,
    },
}

/// The answers of all models to all items of one benchmark.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The benchmark.
    pub benchmark: String,
    /// Kind of data.
    pub kind: DataKind,
    /// Score of each cell on the scale 0–1, items × models; `NaN` where missing.
    pub right: Array2<f32>,
    /// Option chosen, items × models; [`NO_OPTION`] where none is known.
    pub chosen: Option<Array2<u8>>,
    /// Key of each item.
    pub gold: Vec<Option<u8>>,
    /// Number of options of each item; 0 where unknown.
    pub n_options: Vec<usize>,
    /// Group (subject) of each item.
    pub group: Vec<Option<usize>>,
    /// Names of the groups.
    pub group_names: Vec<String>,
    /// Names of the items.
    pub items: Vec<String>,
    /// Names of the models.
    pub models: Vec<String>,
    /// Family of each model, numbered from 0: models of a family are not independent witnesses.
    pub family: Vec<usize>,
}

impl Panel {
    /// The panel of a matrix; each model is a family of its own unless `families` names them.
    ///
    /// Scores that are not 0–1 are put on that scale by the smallest and largest score seen, so that 1 is
    /// the best score.
    ///
    /// # Errors
    /// [`PanelError::TooFewModels`] below three models, [`PanelError::NoItems`] of an empty benchmark,
    /// [`PanelError::Length`] where `families` does not fit.
    pub fn new(matrix: &ResponseMatrix, families: Option<&[String]>) -> Result<Self, PanelError> {
        let (items, models) = (matrix.n_items(), matrix.n_respondents());
        let benchmark = matrix.benchmark.clone();
        let answering = matrix.respondent_totals().iter().filter(|t| t.1 > 0).count();
        if answering < MIN_MODELS {
            return Err(PanelError::TooFewModels { benchmark, found: answering });
        }
        if items == 0 {
            return Err(PanelError::NoItems { benchmark });
        }
        let mut right = Array2::from_shape_fn((items, models), |(i, r)| {
            matrix.score(i, r).map_or(f32::NAN, |s| s as f32)
        });
        let binary = matches!(matrix.cells(), Cells::Binary(_) | Cells::Counts(_));
        if !binary {
            rescale(&mut right, matrix.metric.higher_is_better);
        }
        let planes = matrix.options();
        let gold: Vec<Option<u8>> = (0..items).map(|i| planes.and_then(|p| p.item_gold(i))).collect();
        let lettered = gold.iter().filter(|g| g.is_some()).count() * 2 > items;
        let kind = match (lettered, binary) {
            (true, _) => DataKind::Letters,
            (false, true) => DataKind::Binary,
            (false, false) => DataKind::Graded,
        };
        let family = match families {
            None => (0..models).collect(),
            Some(names) if names.len() == models => numbered(names),
            Some(names) => {
                return Err(PanelError::Length {
                    what: "the list of families",
                    found: names.len(),
                    expected: models,
                });
            }
        };
        Ok(Self {
            benchmark,
            kind,
            right,
            chosen: (kind == DataKind::Letters).then(|| planes.map(|p| p.chosen.clone())).flatten(),
            gold,
            n_options: (0..items).map(|i| planes.map_or(0, |p| usize::from(p.n_options[i]))).collect(),
            group: (0..items).map(|i| matrix.subject_of(i)).collect(),
            group_names: matrix.subjects().to_vec(),
            items: matrix.items().iter().map(|i| i.to_string()).collect(),
            models: matrix.respondents().iter().map(|r| r.to_string()).collect(),
            family,
        })
    }

    /// The same panel without its letters: what 0/1 data alone would show.
    pub fn without_letters(&self) -> Self {
        Self { kind: DataKind::Binary, chosen: None, ..self.clone() }
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.right.nrows()
    }

    /// Number of models.
    pub fn n_models(&self) -> usize {
        self.right.ncols()
    }

    /// The option a model chose, if it is known.
    pub fn choice(&self, item: usize, model: usize) -> Option<u8> {
        self.chosen.as_ref().map(|c| c[[item, model]]).filter(|&k| k != NO_OPTION)
    }

    /// Whether a model gave any scored attempt at an item.
    pub fn answered(&self, item: usize, model: usize) -> bool {
        !self.right[[item, model]].is_nan()
    }

    /// Mean score of each item and how many models it is over; `None` where nobody answered.
    pub fn item_means(&self) -> Vec<Option<(f64, usize)>> {
        self.right.outer_iter().map(|row| mean_present(row.iter())).collect()
    }

    /// Mean score of each model; `NaN` for one that answered nothing.
    pub fn abilities(&self) -> Vec<f64> {
        self.right
            .columns()
            .into_iter()
            .map(|column| mean_present(column.iter()).map_or(f64::NAN, |m| m.0))
            .collect()
    }

    /// Items of each group.
    pub fn items_by_group(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.group_names.len()];
        for (item, group) in self.group.iter().enumerate() {
            if let Some(g) = group {
                groups[*g].push(item);
            }
        }
        groups
    }

    /// The models from strongest to weakest, those without any answer left out; ties in column order.
    pub fn by_ability(&self) -> Vec<usize> {
        let ability = self.abilities();
        let mut order: Vec<usize> = (0..self.n_models()).filter(|&j| !ability[j].is_nan()).collect();
        order.sort_by(|&a, &b| ability[b].total_cmp(&ability[a]));
        order
    }
}

/// The family of each model of a matrix as the runs of the table name it; a model without one stands for itself.
pub fn families(table: &ResponseTable, matrix: &ResponseMatrix) -> Vec<String> {
    let named: std::collections::HashMap<&str, &str> =
        table.runs.iter().filter_map(|r| Some((r.model.as_str(), r.family.as_deref()?))).collect();
    matrix
        .respondents()
        .iter()
        .map(|model| named.get(model.as_str()).map_or(model.to_string(), |f| (*f).to_owned()))
        .collect()
}

fn mean_present<'a>(values: impl Iterator<Item = &'a f32>) -> Option<(f64, usize)> {
    let (sum, n) = values.filter(|v| !v.is_nan()).fold((0.0, 0), |(sum, n), v| (sum + f64::from(*v), n + 1));
    (n > 0).then(|| (sum / n as f64, n))
}

fn rescale(scores: &mut Array2<f32>, higher_is_better: bool) {
    let present = || scores.iter().filter(|v| !v.is_nan());
    let low = present().copied().fold(f32::INFINITY, f32::min);
    let high = present().copied().fold(f32::NEG_INFINITY, f32::max);
    if higher_is_better && (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) {
        return;
    }
    let width = if high > low { high - low } else { 1.0 };
    scores.mapv_inplace(|v| {
        let share = (v - low) / width;
        if higher_is_better { share } else { 1.0 - share }
    });
}

/// Numbers names from 0 in order of first appearance.
fn numbered(names: &[String]) -> Vec<usize> {
    let mut place = std::collections::HashMap::new();
    names
        .iter()
        .map(|name| {
            let next = place.len();
            *place.entry(name.as_str()).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_models_are_refused_by_number() {
        let rows = vec![vec![Some(true)], vec![Some(false)], vec![None]];
        let error = Panel::new(&ResponseMatrix::from_rows(&rows), None).unwrap_err();
        assert_eq!(error, PanelError::TooFewModels { benchmark: "benchmark".into(), found: 2 });
    }

    #[test]
    fn graded_scores_are_put_on_one_scale_and_missing_stays_missing() {
        let mut scores = ndarray::array![[2.0f32, 10.0, f32::NAN]];
        rescale(&mut scores, false);
        assert_eq!((scores[[0, 0]], scores[[0, 1]]), (1.0, 0.0));
        assert!(scores[[0, 2]].is_nan());
    }
}
