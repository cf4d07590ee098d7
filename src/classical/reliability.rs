//! How repeatable is the ranking of respondents? KR-20, Cronbach's alpha, Guttman's λ₂ and their intervals.

use crate::numeric::describe::variance;
use crate::numeric::special::f_quantile;
use crate::numeric::{Estimate, Interval};
use crate::response::ResponseMatrix;
use thiserror::Error;

/// Why there is no coefficient.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ReliabilityError {
    /// Internal consistency is about several items.
    #[error("alpha needs at least 2 items with two or more responses, and there are {n_items}")]
    TooFewItems {
        /// Number of items.
        n_items: usize,
    },
    /// A variance needs respondents.
    #[error("alpha needs at least 2 respondents, and there are {n_respondents}")]
    TooFewRespondents {
        /// Number of respondents.
        n_respondents: usize,
    },
    /// The total score does not vary, so there is nothing to rank.
    #[error("the total score of {n_respondents} respondents does not vary")]
    NoVariance {
        /// Number of respondents.
        n_respondents: usize,
    },
    /// Some pairs of items were never answered by the same respondents.
    #[error("{n_pairs} pairs of items share fewer than two respondents, so their covariance is unknown")]
    UnknownCovariances {
        /// Number of such pairs.
        n_pairs: u64,
    },
    /// KR-20 is for 0 and 1 without gaps.
    #[error("KR-20 is defined for scores of 0 and 1 with none missing")]
    NotCompleteBinary,
    /// Missing scores and too many items for all their pairs.
    #[error("scores are missing, and {n_items} items are too many for the covariances of all pairs")]
    TooMuchWork {
        /// Number of items.
        n_items: usize,
    },
}

/// The sums of the item covariance matrix that every coefficient here is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CovarianceSums {
    /// Number of items.
    pub n_items: usize,
    /// Number of respondents.
    pub n_respondents: usize,
    /// Σ of the item variances.
    pub item_variances: f64,
    /// Variance of the total score: Σ of all entries.
    pub total_variance: f64,
    /// Σ over ordered pairs of different items of cov².
    pub squared_covariances: Option<f64>,
}

impl CovarianceSums {
    fn check(&self) -> Result<(), ReliabilityError> {
        if self.n_items < 2 {
            return Err(ReliabilityError::TooFewItems { n_items: self.n_items });
        }
        if self.n_respondents < 2 {
            return Err(ReliabilityError::TooFewRespondents { n_respondents: self.n_respondents });
        }
        // A total variance at the level of rounding is no variance.
        if self.total_variance.is_nan() || self.total_variance <= 1e-12 * self.item_variances.max(1e-12) {
            return Err(ReliabilityError::NoVariance { n_respondents: self.n_respondents });
        }
        Ok(())
    }

    /// Cronbach's alpha; for 0/1 scores it is KR-20.
    ///
    /// ```text
    /// α = k/(k − 1) · (1 − Σ s²_i / s²_T)
    /// ```
    ///
    /// All items count, also those without variance. Negative values are possible and kept: items that go
    /// against one another.
    ///
    /// # Errors
    /// See [`ReliabilityError`].
    ///
    /// # Reference
    /// Cronbach 1951, doi:10.1007/BF02310555; Kuder & Richardson 1937, doi:10.1007/BF02288391.
    pub fn alpha(&self) -> Result<f64, ReliabilityError> {
        self.check()?;
        let k = self.n_items as f64;
        Ok(k / (k - 1.0) * (1.0 - self.item_variances / self.total_variance))
    }

    /// Guttman's λ₂, never below alpha; `None` where the single covariances were not found.
    ///
    /// ```text
    /// λ₂ = (C + √(k/(k − 1) · Σ_{i≠j} c²_ij)) / s²_T,   C = s²_T − Σ s²_i
    /// ```
    ///
    /// # Errors
    /// See [`ReliabilityError`].
    ///
    /// # Reference
    /// Guttman 1945, doi:10.1007/BF02288892.
    pub fn lambda2(&self) -> Result<Option<f64>, ReliabilityError> {
        self.check()?;
        let k = self.n_items as f64;
        let off = self.total_variance - self.item_variances;
        Ok(self.squared_covariances.map(|q| (off + (k / (k - 1.0) * q).sqrt()) / self.total_variance))
    }
}

/// Alpha with Feldt's interval and Bonett's standard error.
///
/// ```text
/// low  = 1 − (1 − α) F_{(1+level)/2}(n − 1, (n − 1)(k − 1))
/// high = 1 − (1 − α) F_{(1−level)/2}(n − 1, (n − 1)(k − 1))
/// se   = (1 − α) √(2k / ((k − 1)(n − 2)))
/// ```
///
/// `n` respondents, `k` items. Exact for normal scores with compound symmetry; respondents are taken as
/// independent. With fewer than three respondents the value is bare.
///
/// # Reference
/// Feldt 1965, doi:10.1007/BF02289499; Bonett 2002, doi:10.3102/10769986027004335.
pub fn feldt_estimate(alpha: f64, n_respondents: usize, n_items: usize, level: f64) -> Estimate {
    if n_respondents < 3 || n_items < 2 {
        return Estimate::bare(alpha);
    }
    let (n, k) = (n_respondents as f64, n_items as f64);
    let end = |p| 1.0 - (1.0 - alpha) * f_quantile(p, n - 1.0, (n - 1.0) * (k - 1.0));
    let (low, high) = (end(0.5 + level / 2.0), end(0.5 - level / 2.0));
    if !(low.is_finite() && high.is_finite()) {
        return Estimate::bare(alpha);
    }
    let std_error = (1.0 - alpha) * (2.0 * k / ((k - 1.0) * (n - 2.0))).sqrt();
    Estimate::with_interval(alpha, Some(std_error), Interval::new(low, high, level))
}

/// The standard error of measurement, in the units of the score: how far one respondent's score would move on
/// another set of such items.
///
/// ```text
/// SEM = s √(1 − α)
/// ```
///
/// `None` for alpha above 1, which only pairwise covariances can give.
///
/// # Reference
/// Lord & Novick 1968, *Statistical Theories of Mental Test Scores*, section 3.7.
pub fn standard_error_of_measurement(sd: f64, alpha: f64) -> Option<f64> {
    (alpha <= 1.0).then(|| sd * (1.0 - alpha).sqrt())
}

/// KR-20 of a complete matrix of 0 and 1.
///
/// ```text
/// KR-20 = k/(k − 1) · (1 − Σ p_i (1 − p_i) / s²_T),   variances with divisor n
/// ```
///
/// # Errors
/// See [`ReliabilityError`]; scores other than 0 and 1, or missing ones, are an error too.
///
/// # Reference
/// Kuder & Richardson 1937, doi:10.1007/BF02288391, formula 20.
pub fn kr20(matrix: &ResponseMatrix) -> Result<f64, ReliabilityError> {
    if !matrix.binary().is_some_and(|bits| bits.is_complete()) {
        return Err(ReliabilityError::NotCompleteBinary);
    }
    let totals: Vec<f64> = matrix.respondent_totals().into_iter().map(|(sum, _)| sum).collect();
    let spread = |(ones, n): (f64, usize)| (ones / n as f64) * (1.0 - ones / n as f64);
    CovarianceSums {
        n_items: matrix.n_items(),
        n_respondents: totals.len(),
        item_variances: matrix.item_totals().into_iter().filter(|t| t.1 > 0).map(spread).sum(),
        total_variance: variance(&totals, 0).unwrap_or(0.0),
        squared_covariances: None,
    }
    .alpha()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three items, four respondents: rows 111, 110, 100, 000; totals 3, 2, 1, 0.
    /// Σpq = 3/16 + 4/16 + 3/16 = 10/16, s²_T = 5/4: 3/2 · (1 − 1/2) = 3/4.
    #[test]
    fn a_perfect_scale_by_hand() {
        let matrix = |rows: &[&[bool]]| {
            let rows: Vec<Vec<Option<bool>>> =
                rows.iter().map(|r| r.iter().map(|&x| Some(x)).collect()).collect();
            ResponseMatrix::from_rows(&rows)
        };
        let (y, n) = (true, false);
        assert!(
            (kr20(&matrix(&[&[y, y, y], &[y, y, n], &[y, n, n], &[n, n, n]])).unwrap() - 0.75).abs() < 1e-15
        );
        assert!(matches!(kr20(&matrix(&[&[y, n], &[y, n]])), Err(ReliabilityError::NoVariance { .. })));
        assert!(matches!(kr20(&matrix(&[&[y, n]])), Err(ReliabilityError::TooFewRespondents { .. })));
        assert!(matches!(kr20(&matrix(&[&[y], &[n]])), Err(ReliabilityError::TooFewItems { .. })));
        let gap = ResponseMatrix::from_rows(&[vec![Some(y), None], vec![Some(n), Some(y)]]);
        assert_eq!(kr20(&gap), Err(ReliabilityError::NotCompleteBinary));
    }

    #[test]
    fn lambda2_of_equal_covariances_is_alpha() {
        // Variances 1, covariances ½, k = 4: s²_T = 10, α = 4/3 · 0.6 = 0.8.
        let s = CovarianceSums {
            n_items: 4,
            n_respondents: 50,
            item_variances: 4.0,
            total_variance: 10.0,
            squared_covariances: Some(12.0 * 0.25),
        };
        assert!((s.alpha().unwrap() - 0.8).abs() < 1e-15);
        assert!((s.lambda2().unwrap().unwrap() - 0.8).abs() < 1e-15);
    }
}
