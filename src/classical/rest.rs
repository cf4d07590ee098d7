//! How well does a respondent do on everything but one item? Rest scores, also where answers are missing.

use crate::response::ResponseMatrix;
use rayon::prelude::*;

/// What is needed to give the rest score of any respondent on any item in constant time.
#[derive(Debug, Clone)]
pub struct RestScores {
    /// Mean score of each item over those who answered it; 0 for an item that nobody answered.
    item_mean: Vec<f64>,
    /// Sum of `score − item mean` over the items that a respondent answered.
    deviation: Vec<f64>,
    /// Number of items that a respondent answered.
    answered: Vec<usize>,
}

impl RestScores {
    /// One pass over the matrix.
    pub fn new(matrix: &ResponseMatrix) -> Self {
        let item_mean: Vec<f64> = matrix
            .item_totals()
            .into_iter()
            .map(|(sum, n)| if n > 0 { sum / n as f64 } else { 0.0 })
            .collect();
        let (deviation, answered) = (0..matrix.n_respondents())
            .into_par_iter()
            .map(|r| {
                (0..matrix.n_items())
                    .filter_map(|i| matrix.score(i, r).map(|x| x - item_mean[i]))
                    .fold((0.0, 0), |(sum, n), d| (sum + d, n + 1))
            })
            .unzip();
        Self { item_mean, deviation, answered }
    }

    /// The rest score of a respondent who scored `score` on `item`; `None` if that is all they answered.
    ///
    /// ```text
    /// t_r(i) = Σ_{j ≠ i, answered} (x_jr − x̄_j) / (n_r − 1)
    /// ```
    ///
    /// Centring on the item means keeps a respondent from looking weak for having been asked hard items.
    /// Without missing answers it is the plain rest mean less a constant, and correlates as that does.
    pub fn rest(&self, item: usize, respondent: usize, score: f64) -> Option<f64> {
        let n = self.answered[respondent];
        (n > 1).then(|| (self.deviation[respondent] - (score - self.item_mean[item])) / (n - 1) as f64)
    }

    /// The overall standing of each respondent, centred as [`Self::rest`]; `None` without answers.
    pub fn standing(&self) -> Vec<Option<f64>> {
        self.deviation.iter().zip(&self.answered).map(|(d, &n)| (n > 0).then(|| d / n as f64)).collect()
    }
}

/// A rest score for comparison only: ties that rounding has parted are ties again.
pub fn tie_key(rest: f64) -> i64 {
    (rest * 1e9).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_score_is_the_centred_mean_of_the_others() {
        let (y, n) = (Some(true), Some(false));
        let m = ResponseMatrix::from_rows(&[vec![y, n, y], vec![n, n, y], vec![y, y, None]]);
        let rest = RestScores::new(&m);
        // Item means 2/3, 1/3, 1. Respondent 0 without item 0: (0 − 1/3 + 1 − 1) / 2.
        assert!((rest.rest(0, 0, 1.0).unwrap() + 1.0 / 6.0).abs() < 1e-15);
        // Respondent 2 answered items 0 and 1 only.
        assert!((rest.rest(0, 2, 1.0).unwrap() - 2.0 / 3.0).abs() < 1e-15);
    }
}
