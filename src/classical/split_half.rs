//! Would two halves of the benchmark agree? Split-half reliability over random halves.

use crate::numeric::correlation::pearson;
use crate::numeric::describe::{mean, quantile, variance};
use crate::numeric::popcount::count_and;
use crate::numeric::random::stream;
use crate::response::{BitMatrix, ResponseMatrix};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

/// Reliability of the whole from random halves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SplitHalf {
    /// Mean over the splits of the Spearman–Brown stepped-up correlation.
    pub mean: f64,
    /// The lower quantile of the splits, at `(1 − level) / 2`. How much splits differ, **not** a confidence
    /// interval: all splits share the same respondents.
    pub low: f64,
    /// The upper quantile of the splits.
    pub high: f64,
    /// The largest Guttman λ₄ met: a lower bound of the greatest one, biased upward by the search. `None`
    /// where answers are missing.
    pub lambda4_max: Option<f64>,
    /// Splits that have a correlation.
    pub n_splits: usize,
}

/// Reliability of the whole from two given halves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalvesReliability {
    /// Correlation of the half scores.
    pub correlation: f64,
    /// `2r / (1 + r)`; `None` at `r = −1`.
    pub spearman_brown: Option<f64>,
    /// `2 (1 − (s²_A + s²_B) / s²_{A+B})`; `None` where answers are missing.
    pub lambda4: Option<f64>,
}

/// Why there is no split-half reliability.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum SplitHalfError {
    /// One item has no halves.
    #[error("split halves need at least 2 items, and there are {n_items}")]
    TooFewItems {
        /// Number of items.
        n_items: usize,
    },
    /// A correlation needs respondents.
    #[error("split halves need at least 3 respondents, and there are {n_respondents}")]
    TooFewRespondents {
        /// Number of respondents.
        n_respondents: usize,
    },
    /// In no split do both halves vary.
    #[error("in none of {n_splits} splits do the scores of both halves vary")]
    NoVariance {
        /// Number of splits tried.
        n_splits: usize,
    },
}

/// Split-half reliability over `splits` random halves, stepped up to full length.
///
/// ```text
/// r_SB = 2 r_AB / (1 + r_AB)
/// ```
///
/// Half scores are sums of scores, or shares of what was answered where answers are missing (respondents
/// without an answer in one half are left out of that split). An odd item goes to the second half. Splits
/// depend on the seed and the names of the items, not on their order.
///
/// # Errors
/// See [`SplitHalfError`].
///
/// # Reference
/// Spearman 1910, doi:10.1111/j.2044-8295.1910.tb00206.x; Brown 1910,
/// doi:10.1111/j.2044-8295.1910.tb00207.x; λ₄: Guttman 1945, doi:10.1007/BF02288892.
pub fn split_half(
    matrix: &ResponseMatrix,
    splits: usize,
    seed: u64,
    level: f64,
) -> Result<SplitHalf, SplitHalfError> {
    let (n_items, n_respondents) = (matrix.n_items(), matrix.n_respondents());
    if n_items < 2 {
        return Err(SplitHalfError::TooFewItems { n_items });
    }
    if n_respondents < 3 {
        return Err(SplitHalfError::TooFewRespondents { n_respondents });
    }
    let halves = Halves::new(matrix);
    let mut by_name: Vec<usize> = (0..n_items).collect();
    by_name.sort_by(|&a, &b| matrix.items()[a].cmp(&matrix.items()[b]));
    let found: Vec<HalvesReliability> = (0..splits)
        .into_par_iter()
        .filter_map(|k| {
            let mut order = by_name.clone();
            order.shuffle(&mut stream(seed, k as u64));
            let mut first = vec![false; n_items];
            order[..n_items / 2].iter().for_each(|&i| first[i] = true);
            halves.reliability(&first)
        })
        .collect();
    let stepped: Vec<f64> = found.iter().filter_map(|f| f.spearman_brown).collect();
    let tail = (1.0 - level) / 2.0;
    match (mean(&stepped), quantile(&stepped, tail), quantile(&stepped, 1.0 - tail)) {
        (Some(mean), Some(low), Some(high)) => Ok(SplitHalf {
            mean,
            low,
            high,
            lambda4_max: found.iter().filter_map(|f| f.lambda4).max_by(f64::total_cmp),
            n_splits: stepped.len(),
        }),
        _ => Err(SplitHalfError::NoVariance { n_splits: splits }),
    }
}

/// The reliability from the halves that `first` marks (`true`: first half); `None` if a half does not vary.
pub fn reliability_of_halves(matrix: &ResponseMatrix, first: &[bool]) -> Option<HalvesReliability> {
    Halves::new(matrix).reliability(first)
}

/// Scores by respondent, ready for summing over any half.
enum Halves {
    Packed { bits: BitMatrix, complete: bool },
    Dense { rows: Vec<Vec<f64>>, complete: bool },
}

impl Halves {
    fn new(matrix: &ResponseMatrix) -> Self {
        match matrix.binary() {
            Some(bits) => Self::Packed { bits: bits.transposed(), complete: bits.is_complete() },
            None => {
                let rows: Vec<Vec<f64>> = (0..matrix.n_respondents())
                    .into_par_iter()
                    .map(|r| (0..matrix.n_items()).map(|i| matrix.score(i, r).unwrap_or(f64::NAN)).collect())
                    .collect();
                let complete = rows.iter().flatten().all(|x| !x.is_nan());
                Self::Dense { rows, complete }
            }
        }
    }

    fn reliability(&self, first: &[bool]) -> Option<HalvesReliability> {
        let (pairs, complete) = match self {
            Self::Packed { bits, complete } => (packed_halves(bits, *complete, first), *complete),
            Self::Dense { rows, complete } => (dense_halves(rows, *complete, first), *complete),
        };
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let correlation = pearson(&a, &b)?;
        let spearman_brown = (1.0 + correlation > 1e-9).then(|| 2.0 * correlation / (1.0 + correlation));
        let lambda4 = complete.then(|| {
            let whole: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            let parts = variance(&a, 1)? + variance(&b, 1)?;
            variance(&whole, 1).filter(|v| *v > 0.0).map(|v| 2.0 * (1.0 - parts / v))
        });
        Some(HalvesReliability { correlation, spearman_brown, lambda4: lambda4.flatten() })
    }
}

fn packed_halves(bits: &BitMatrix, complete: bool, first: &[bool]) -> Vec<(f64, f64)> {
    let mut mask = vec![0u64; bits.words()];
    first.iter().enumerate().filter(|(_, f)| **f).for_each(|(i, _)| mask[i / 64] |= 1 << (i % 64));
    (0..bits.rows())
        .filter_map(|r| {
            let (ones, present) = bits.row_counts(r);
            let a = count_and(bits.value_row(r), &mask);
            if complete {
                return Some((a as f64, (ones - a) as f64));
            }
            let n = count_and(bits.present_row(r), &mask);
            (n > 0 && present > n).then(|| (a as f64 / n as f64, (ones - a) as f64 / (present - n) as f64))
        })
        .collect()
}

fn dense_halves(rows: &[Vec<f64>], complete: bool, first: &[bool]) -> Vec<(f64, f64)> {
    rows.iter()
        .filter_map(|row| {
            let mut sum = [0.0; 2];
            let mut n = [0usize; 2];
            for (&x, &f) in row.iter().zip(first) {
                if !x.is_nan() {
                    sum[f as usize] += x;
                    n[f as usize] += 1;
                }
            }
            if complete {
                return Some((sum[1], sum[0]));
            }
            (n[0] > 0 && n[1] > 0).then(|| (sum[1] / n[1] as f64, sum[0] / n[0] as f64))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(n_items: usize, n: usize) -> ResponseMatrix {
        ResponseMatrix::from_bits(BitMatrix::from_fn(n_items, n, |i, r| {
            Some((i * 7919 + r * 104_729 + (i * r) % 13) % 11 < 2 + r / 4)
        }))
    }

    #[test]
    fn two_items_have_one_split_and_it_is_worked_by_hand() {
        let (y, n) = (Some(true), Some(false));
        let m = ResponseMatrix::from_rows(&[vec![y, y], vec![y, n], vec![n, n], vec![n, n], vec![y, y]]);
        // x = 1,1,0,0,1 and y = 1,0,0,0,1: r = (2/5 − 3/5 · 2/5) / √(6/25 · 6/25) = 2/3.
        let s = split_half(&m, 10, 1, 0.95).unwrap();
        assert!((s.mean - 0.8).abs() < 1e-12 && (s.high - s.low).abs() < 1e-12);
        let whole = reliability_of_halves(&m, &[true, false]).unwrap();
        // Variances 0.3 and 0.3, of the sum 2,1,0,0,2: 1.0.
        assert!((whole.lambda4.unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn too_little_is_an_error() {
        assert_eq!(split_half(&graded(1, 9), 10, 1, 0.95), Err(SplitHalfError::TooFewItems { n_items: 1 }));
        assert!(matches!(
            split_half(&graded(5, 2), 9, 1, 0.95),
            Err(SplitHalfError::TooFewRespondents { .. })
        ));
        let same = ResponseMatrix::from_bits(BitMatrix::from_fn(4, 5, |_, _| Some(true)));
        assert_eq!(split_half(&same, 9, 1, 0.95), Err(SplitHalfError::NoVariance { n_splits: 9 }));
    }
}
