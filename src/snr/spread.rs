//! How far do the scores of a set of models lie apart? The measures of spread that have been called signal.

use crate::numeric::describe::{mean, median, quantile_sorted, std_dev};
use std::fmt;

/// A measure of spread. Names and definitions follow the appendix and code of arXiv 2508.13144; those marked
/// *raw* are in units of the score, so that dividing them by a relative noise mixes units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spread {
    /// `std₀ / mean`: standard deviation over the mean.
    RelativeStdDev,
    /// Centred L2 discrepancy (squared) from the uniform distribution on [0, 1].
    Discrepancy,
    /// Mean distance of the sorted scores from `i / n` (a mean, not the supremum its name suggests).
    StarDiscrepancy,
    /// The same after scaling the scores to [0, 1].
    StarDiscrepancyScaled,
    /// Raw range.
    Range,
    /// Raw mean distance of pairs.
    MeanPairwiseDistance,
    /// Raw mean squared distance of pairs.
    MeanSquaredPairwiseDistance,
    /// Raw median distance from the median, without a consistency factor.
    MedianAbsoluteDeviation,
    /// Raw mean distance from the mean.
    AverageAbsoluteDeviation,
    /// Raw standard deviation of the distances of pairs.
    DistanceStdDev,
    /// Gini coefficient after scaling the scores to [0, 1].
    Gini,
    /// Raw half of the interquartile range.
    QuartileDeviation,
    /// Raw standard deviation with divisor n.
    RootMeanSquareDeviation,
    /// Raw interquartile range.
    InterquartileRange,
}

impl Spread {
    /// All measures, in the order of the publication.
    pub const ALL: [Spread; 14] = [
        Self::RelativeStdDev,
        Self::Discrepancy,
        Self::StarDiscrepancy,
        Self::StarDiscrepancyScaled,
        Self::Range,
        Self::MeanPairwiseDistance,
        Self::MeanSquaredPairwiseDistance,
        Self::MedianAbsoluteDeviation,
        Self::AverageAbsoluteDeviation,
        Self::DistanceStdDev,
        Self::Gini,
        Self::QuartileDeviation,
        Self::RootMeanSquareDeviation,
        Self::InterquartileRange,
    ];

    /// The measure of these scores; `None` below two scores or where it is not defined.
    pub fn of(self, scores: &[f64]) -> Option<f64> {
        if scores.len() < 2 {
            return None;
        }
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = scores.len() as f64;
        let value = match self {
            Self::RelativeStdDev => std_dev(scores, 0)? / mean(scores)?,
            Self::Discrepancy => centred_discrepancy(scores),
            Self::StarDiscrepancy => star(&sorted),
            Self::StarDiscrepancyScaled => star(&scaled(&sorted)?),
            Self::Range => sorted[sorted.len() - 1] - sorted[0],
            Self::MeanPairwiseDistance => mean(&distances(scores))?,
            Self::MeanSquaredPairwiseDistance => {
                mean(&distances(scores).iter().map(|d| d * d).collect::<Vec<_>>())?
            }
            Self::MedianAbsoluteDeviation => {
                let m = median(scores)?;
                median(&scores.iter().map(|s| (s - m).abs()).collect::<Vec<_>>())?
            }
            Self::AverageAbsoluteDeviation => {
                let m = mean(scores)?;
                scores.iter().map(|s| (s - m).abs()).sum::<f64>() / n
            }
            Self::DistanceStdDev => std_dev(&distances(scores), 0)?,
            Self::Gini => gini(&scaled(&sorted)?),
            Self::QuartileDeviation => interquartile(&sorted)? / 2.0,
            Self::RootMeanSquareDeviation => std_dev(scores, 0)?,
            Self::InterquartileRange => interquartile(&sorted)?,
        };
        Some(value).filter(|v| v.is_finite())
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RelativeStdDev => "relative standard deviation",
            Self::Discrepancy => "centred discrepancy",
            Self::StarDiscrepancy => "star discrepancy",
            Self::StarDiscrepancyScaled => "star discrepancy, scaled",
            Self::Range => "range",
            Self::MeanPairwiseDistance => "mean pairwise distance",
            Self::MeanSquaredPairwiseDistance => "mean squared pairwise distance",
            Self::MedianAbsoluteDeviation => "median absolute deviation",
            Self::AverageAbsoluteDeviation => "average absolute deviation",
            Self::DistanceStdDev => "standard deviation of distances",
            Self::Gini => "Gini coefficient",
            Self::QuartileDeviation => "quartile deviation",
            Self::RootMeanSquareDeviation => "root mean square deviation",
            Self::InterquartileRange => "interquartile range",
        })
    }
}

/// `|sᵢ − sⱼ|` over `i < j`.
fn distances(scores: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(scores.len() * (scores.len() - 1) / 2);
    for (i, a) in scores.iter().enumerate() {
        out.extend(scores[i + 1..].iter().map(|b| (a - b).abs()));
    }
    out
}

/// The interquartile range of sorted scores.
pub(super) fn interquartile(sorted: &[f64]) -> Option<f64> {
    Some(quantile_sorted(sorted, 0.75)? - quantile_sorted(sorted, 0.25)?)
}

fn scaled(sorted: &[f64]) -> Option<Vec<f64>> {
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    (high > low).then(|| sorted.iter().map(|s| (s - low) / (high - low)).collect())
}

/// `mean over i = 0…n of |i/n − s₍ᵢ₎|`, with `s₍₀₎ = 0`.
fn star(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let with_zero = std::iter::once(&0.0).chain(sorted);
    with_zero.enumerate().map(|(i, s)| (i as f64 / n - s).abs()).sum::<f64>() / (n + 1.0)
}

/// Hickernell 1998, doi:10.1090/S0025-5718-98-00894-1, squared, in one dimension.
fn centred_discrepancy(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let c: Vec<f64> = x.iter().map(|v| (v - 0.5).abs()).collect();
    let single: f64 = c.iter().map(|d| 1.0 + 0.5 * d - 0.5 * d * d).sum();
    let mut double = 0.0;
    for i in 0..x.len() {
        for j in 0..x.len() {
            double += 1.0 + 0.5 * c[i] + 0.5 * c[j] - 0.5 * (x[i] - x[j]).abs();
        }
    }
    13.0 / 12.0 - 2.0 / n * single + double / (n * n)
}

/// `(n + 1 − 2 Σ cumulative / total) / n` of sorted values.
fn gini(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let (mut cumulative, mut sum_of_cumulative) = (0.0, 0.0);
    for s in sorted {
        cumulative += s;
        sum_of_cumulative += cumulative;
    }
    (n + 1.0 - 2.0 * sum_of_cumulative / cumulative) / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let s = [0.2, 0.4, 0.9];
        assert!((Spread::Range.of(&s).unwrap() - 0.7).abs() < 1e-15);
        assert!((Spread::MeanPairwiseDistance.of(&s).unwrap() - (0.2 + 0.7 + 0.5) / 3.0).abs() < 1e-15);
        // Sorted with a zero before: |0 − 0|, |1/3 − .2|, |2/3 − .4|, |1 − .9|.
        let star = (1.0 / 3.0 - 0.2 + 2.0 / 3.0 - 0.4 + 0.1) / 4.0;
        assert!((Spread::StarDiscrepancy.of(&s).unwrap() - star).abs() < 1e-15);
        assert_eq!(Spread::MedianAbsoluteDeviation.of(&s), Some(0.2));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        for spread in Spread::ALL {
            assert_eq!(spread.of(&[0.5]), None, "{spread}");
        }
        assert_eq!(Spread::Gini.of(&[0.5, 0.5]), None);
        assert_eq!(Spread::RelativeStdDev.of(&[0.0, 0.0]), None);
    }
}
