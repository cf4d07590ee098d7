//! How large is the sample? The counts that stand under every chart.

use super::words::count;
use crate::response::{Cells, ResponseMatrix};
use serde::Serialize;

/// A benchmark, its metric and how much of it there is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// The benchmark.
    pub benchmark: String,
    /// The metric's label.
    pub metric: String,
    /// Number of models.
    pub n_models: usize,
    /// Number of items.
    pub n_items: usize,
    /// Number of subjects.
    pub n_subjects: usize,
    /// Number of scores.
    pub n_responses: u64,
    /// Share of model × item cells that have a score.
    pub density: f64,
    /// Whether larger scores are better.
    pub higher_is_better: bool,
    /// Expected score of guessing: mean of one over the number of options, for right-or-wrong scores of items
    /// with known options.
    pub chance: Option<f64>,
}

/// What guessing would score; `None` where an item's options are not known.
fn chance(matrix: &ResponseMatrix) -> Option<f64> {
    let scored_right_or_wrong = matches!(matrix.cells(), Cells::Binary(_) | Cells::Counts(_));
    let n_options = &matrix.options()?.n_options;
    if !scored_right_or_wrong || n_options.is_empty() || n_options.iter().any(|n| *n < 2) {
        return None;
    }
    Some(n_options.iter().map(|n| 1.0 / *n as f64).sum::<f64>() / n_options.len() as f64)
}

impl Sample {
    /// The sample that a matrix is.
    pub fn of(matrix: &ResponseMatrix) -> Self {
        Self {
            benchmark: matrix.benchmark.clone(),
            metric: matrix.metric.label(),
            n_models: matrix.n_respondents(),
            n_items: matrix.n_items(),
            n_subjects: matrix.subjects().len(),
            n_responses: matrix.n_present(),
            density: matrix.density(),
            higher_is_better: matrix.metric.higher_is_better,
            chance: chance(matrix),
        }
    }

    /// `mmlu_pro, acc: 29 models × 12,032 items`, with the share missing where there is any.
    pub fn subtitle(&self) -> String {
        let missing = 1.0 - self.density;
        let rest = if missing <= 0.0 {
            String::new()
        } else if missing < 0.001 {
            ", under 0.1 % missing".to_owned()
        } else {
            format!(", {:.1} % missing", 100.0 * missing)
        };
        format!(
            "{}, {}: {} × {}{rest}",
            self.benchmark,
            self.metric,
            count(self.n_models, "model"),
            count(self.n_items, "item")
        )
    }
}
