//! Are two items the same item? Residuals that go together where the texts do too.

use super::panel::{MIN_MODELS_PAIRS, Panel};
use crate::numeric::correlation::pearson;
use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;

/// A residual correlation above its mean by this much speaks for dependence.
///
/// # Reference
/// Christensen, Makransky & Horton 2017, doi:10.1177/0146621616677520.
pub const SUSPICIOUS_EXCESS: f64 = 0.2;

/// A pair of items that text and responses both call alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DependentPair {
    /// Positions of the items, the smaller first.
    pub items: (usize, usize),
    /// Correlation of the residuals.
    pub q3: f64,
    /// `q3` less its expectation under independence, `−1/(I − 1)`.
    pub excess: f64,
    /// Similarity of the texts, 0 to 1.
    pub text_similarity: f64,
    /// Models that answered both.
    pub n_models: usize,
}

/// Yen's Q3 of the pairs that the texts propose, those above the threshold, strongest first.
///
/// ```text
/// Q3_ii' = corr_j(y_ji − P_ji, y_ji' − P_ji')
/// ```
///
/// `expected` holds *P*, items × models, from a fitted response model. `None` with fewer than a hundred
/// models: chance alone would give correlations of that size.
///
/// # Reference
/// Yen 1984, doi:10.1177/014662168400800201.
pub fn dependent_pairs(
    panel: &Panel,
    expected: &Array2<f32>,
    proposed: &[(usize, usize, f64)],
) -> Option<Vec<DependentPair>> {
    if panel.n_models() < MIN_MODELS_PAIRS || expected.dim() != panel.right.dim() {
        return None;
    }
    let bias = -1.0 / (panel.n_items() as f64 - 1.0).max(1.0);
    let mut pairs: Vec<DependentPair> = proposed
        .par_iter()
        .filter_map(|&(a, b, text_similarity)| {
            let residuals: (Vec<f64>, Vec<f64>) = (0..panel.n_models())
                .filter(|&j| panel.answered(a, j) && panel.answered(b, j))
                .map(|j| {
                    let of = |i: usize| f64::from(panel.right[[i, j]]) - f64::from(expected[[i, j]]);
                    (of(a), of(b))
                })
                .unzip();
            let n_models = residuals.0.len();
            if n_models < MIN_MODELS_PAIRS {
                return None;
            }
            let q3 = pearson(&residuals.0, &residuals.1)?;
            let items = (a.min(b), a.max(b));
            let pair = DependentPair { items, q3, excess: q3 - bias, text_similarity, n_models };
            (pair.excess >= SUSPICIOUS_EXCESS).then_some(pair)
        })
        .collect();
    pairs.sort_by(|x, y| y.q3.total_cmp(&x.q3).then(x.items.cmp(&y.items)));
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn the_same_answers_to_two_items_are_dependent() {
        let pattern = |k: usize| -> String {
            (0..120).map(|j| if (j * 7 + j * j * k) % 5 < 3 { 'A' } else { 'B' }).collect()
        };
        let rows = [pattern(1), pattern(1), pattern(3)];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let panel = lettered("AAA", &rows, 2);
        let expected = Array2::from_elem((3, 120), 0.6f32);
        let pairs = dependent_pairs(&panel, &expected, &[(1, 0, 0.9), (0, 2, 0.9)]).unwrap();
        assert_eq!(pairs[0].items, (0, 1));
        assert!((pairs[0].q3 - 1.0).abs() < 1e-12);
        let few = lettered("AA", &["AB-", "ABA"], 2);
        assert!(dependent_pairs(&few, &Array2::zeros((2, 3)), &[]).is_none());
    }
}
