//! Is one model better than another on the same items? Paired differences and McNemar's exact test.

use super::standard_error::{StandardErrorError, central_limit, clustered_mean};
use crate::numeric::Estimate;
use crate::numeric::correlation::pearson;
use crate::numeric::special::{log_sum_exp, normal_cdf};
use crate::response::ResponseMatrix;
use serde::Serialize;
use thiserror::Error;

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedOptions {
    /// Confidence level.
    pub level: f64,
    /// Whether items of one subject count as a cluster.
    pub cluster_by_subject: bool,
}

impl Default for PairedOptions {
    fn default() -> Self {
        Self { level: 0.95, cluster_by_subject: false }
    }
}

/// The disagreements of two models in right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Items only the first got right.
    pub only_first: u64,
    /// Items only the second got right.
    pub only_second: u64,
    /// Two-sided exact p value.
    pub p_value: f64,
}

/// The difference of two models over the items that both answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairedDifference {
    /// Items that both answered.
    pub n_items: usize,
    /// Mean score of the first less that of the second.
    pub difference: Estimate,
    /// Correlation of the two models' scores over items.
    pub correlation: Option<f64>,
    /// Two-sided p value of the difference by the normal approximation; `None` without a standard error.
    pub p_value: Option<f64>,
    /// McNemar's test, for 0/1 scores.
    pub mcnemar: Option<McNemar>,
}

/// Why two models cannot be compared.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PairedError {
    /// Too few items in common.
    #[error("models {first:?} and {second:?} share {n_items} answered items; a comparison needs 2")]
    TooFewShared {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Shared items.
        n_items: usize,
    },
    /// The standard error failed.
    #[error(transparent)]
    StandardError(#[from] StandardErrorError),
}

/// Compares two respondents (as positions) over the items that both answered.
///
/// ```text
/// d_i = a_i − b_i,   se = √(Σ (d_i − d̄)² / (n (n − 1))) = √(se²_A + se²_B − 2 r se_A se_B)
/// ```
///
/// Pairing takes out what the two find hard alike. Clustered by subject, the standard error is that of
/// [`clustered_mean`] on `d`, and items without a subject are a cluster of their own.
///
/// # Errors
/// See [`PairedError`].
///
/// # Reference
/// Miller 2024, arXiv:2411.00640, section 4.2.
pub fn compare(
    matrix: &ResponseMatrix,
    first: usize,
    second: usize,
    options: &PairedOptions,
) -> Result<PairedDifference, PairedError> {
    let shared: Vec<(usize, f64, f64)> = (0..matrix.n_items())
        .filter_map(|i| Some((i, matrix.score(i, first)?, matrix.score(i, second)?)))
        .collect();
    if shared.len() < 2 {
        return Err(PairedError::TooFewShared {
            first: matrix.respondents()[first].to_string(),
            second: matrix.respondents()[second].to_string(),
            n_items: shared.len(),
        });
    }
    let a: Vec<f64> = shared.iter().map(|s| s.1).collect();
    let b: Vec<f64> = shared.iter().map(|s| s.2).collect();
    let d: Vec<f64> = shared.iter().map(|s| s.1 - s.2).collect();
    let difference = if options.cluster_by_subject {
        let subjects: Vec<Option<usize>> = shared.iter().map(|s| matrix.subject_of(s.0)).collect();
        clustered_mean(&d, &subjects, options.level)?
    } else {
        Estimate::normal(d.iter().sum::<f64>() / d.len() as f64, central_limit(&d)?, options.level)
    };
    // Two models that never differ leave no measure of how they might.
    let difference = match difference.std_error {
        Some(se) if se > 0.0 => difference,
        _ => Estimate::bare(difference.value),
    };
    let mcnemar = matrix.binary().map(|_| {
        let only = |x: f64| d.iter().filter(|v| **v == x).count() as u64;
        mcnemar(only(1.0), only(-1.0))
    });
    Ok(PairedDifference {
        n_items: d.len(),
        p_value: difference.std_error.map(|se| 2.0 * normal_cdf(-(difference.value / se).abs())),
        difference,
        correlation: pearson(&a, &b),
        mcnemar,
    })
}

/// McNemar's exact test: is a disagreement as likely to favour the one as the other?
///
/// ```text
/// p = min(1, 2 · P(X ≤ min(b, c))),   X ~ Binomial(b + c, ½)
/// ```
///
/// # Reference
/// McNemar 1947, doi:10.1007/BF02295996.
pub fn mcnemar(only_first: u64, only_second: u64) -> McNemar {
    let n = only_first + only_second;
    let few = only_first.min(only_second);
    // Sums of binomial terms in logs: exact far into the tail, where a table of factorials would overflow.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut terms = vec![term];
    for k in 0..few {
        term += ((n - k) as f64 / (k + 1) as f64).ln();
        terms.push(term);
    }
    let p_value = if 2 * few == n { 1.0 } else { (2.0 * log_sum_exp(&terms).exp()).min(1.0) };
    McNemar { only_first, only_second, p_value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_by_hand() {
        // 2 · (1 + 5) / 32.
        assert!((mcnemar(4, 1).p_value - 0.375).abs() < 1e-15);
        assert_eq!(mcnemar(3, 3).p_value, 1.0);
        assert_eq!(mcnemar(0, 0).p_value, 1.0);
        assert!(mcnemar(900, 0).p_value > 0.0);
    }

    #[test]
    fn models_that_agree_everywhere_have_no_standard_error() {
        let (y, n) = (Some(true), Some(false));
        let m = ResponseMatrix::from_rows(&[vec![y, n, y], vec![y, n, y], vec![None, None, y]]);
        let same = compare(&m, 0, 1, &PairedOptions::default()).unwrap();
        assert_eq!(same.difference, Estimate::bare(0.0));
        assert_eq!((same.p_value, same.mcnemar.unwrap().p_value), (None, 1.0));
        assert!(matches!(
            compare(&m, 0, 2, &PairedOptions::default()),
            Err(PairedError::TooFewShared { n_items: 1, .. })
        ));
    }
}
