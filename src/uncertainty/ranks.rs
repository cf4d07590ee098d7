//! Which rank could a model have on other items? Ranks under resampled items.

use crate::numeric::Interval;
use crate::numeric::popcount::count_and;
use crate::numeric::random::stream;
use crate::response::{BitMatrix, ResponseMatrix};
use rand::RngExt;
use rayon::prelude::*;
use thiserror::Error;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankOptions {
    /// Number of resamples of the items.
    pub replicates: usize,
    /// Confidence level of each rank interval.
    pub level: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for RankOptions {
    fn default() -> Self {
        Self { replicates: 1000, level: 0.95, seed: 1 }
    }
}

/// Why there are no rank intervals.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RankError {
    /// A resample needs items.
    #[error("rank intervals need at least 2 items, and there are {n_items}")]
    TooFewItems {
        /// Number of items.
        n_items: usize,
    },
    /// Quantiles need replicates.
    #[error(
        "rank intervals at level {level} need at least 20 replicates and a level between 0 and 1; got {replicates} replicates"
    )]
    Options {
        /// Number of replicates.
        replicates: usize,
        /// Confidence level.
        level: f64,
    },
}

/// The ranks of mean scores, 1 the best; tied respondents share the best of their places, and those without a
/// score have no rank.
pub fn competition_ranks(scores: &[Option<f64>], higher_is_better: bool) -> Vec<Option<usize>> {
    let mut sorted: Vec<f64> = scores.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    scores
        .iter()
        .map(|score| {
            score.map(|s| {
                1 + if higher_is_better {
                    sorted.len() - sorted.partition_point(|v| *v <= s)
                } else {
                    sorted.partition_point(|v| *v < s)
                }
            })
        })
        .collect()
}

/// Percentile intervals of each respondent's rank over resamples of the items; `None` for respondents without a
/// score.
///
/// Items are drawn with replacement, and each respondent is scored by its mean over the drawn items that it
/// answered. A respondent who answered none of them is left out of that replicate. Ties share the best place at
/// the lower end of the interval and the worst at the upper end, so that equals get equal intervals. The ends
/// are whole ranks, rounded outward. Coverage is for each respondent by itself, and optimistic for respondents
/// who are truly tied; for who may be the best use [`super::could_be_first`].
///
/// 0/1 scores are summed by popcount: the multiplicities of a resample are written in binary, one plane of bits
/// for each power of two, and the score is `Σ_k 2^k · popcount(x_r & plane_k)`. Draws depend on the seed and
/// the names of the items, not on their order.
///
/// # Errors
/// See [`RankError`].
///
/// # Reference
/// Efron & Tibshirani 1993, chapter 13.
pub fn rank_intervals(
    matrix: &ResponseMatrix,
    options: &RankOptions,
) -> Result<Vec<Option<Interval>>, RankError> {
    let n_items = matrix.n_items();
    if n_items < 2 {
        return Err(RankError::TooFewItems { n_items });
    }
    if options.replicates < 20 || !(options.level > 0.0 && options.level < 1.0) {
        return Err(RankError::Options { replicates: options.replicates, level: options.level });
    }
    let scored = Scores::new(matrix);
    let mut by_name: Vec<usize> = (0..n_items).collect();
    by_name.sort_by(|&a, &b| matrix.items()[a].cmp(&matrix.items()[b]));
    let replicates: Vec<Vec<Option<(u32, u32)>>> = (0..options.replicates)
        .into_par_iter()
        .map(|k| {
            let mut rng = stream(options.seed, k as u64);
            let mut times = vec![0u32; n_items];
            for _ in 0..n_items {
                times[by_name[rng.random_range(0..n_items)]] += 1;
            }
            places(&scored.means(&times), matrix.metric.higher_is_better)
        })
        .collect();
    let tail = (1.0 - options.level) / 2.0;
    Ok((0..matrix.n_respondents())
        .into_par_iter()
        .map(|r| {
            let mut best: Vec<u32> = replicates.iter().filter_map(|p| p[r].map(|x| x.0)).collect();
            let mut worst: Vec<u32> = replicates.iter().filter_map(|p| p[r].map(|x| x.1)).collect();
            best.sort_unstable();
            worst.sort_unstable();
            let last = best.len().checked_sub(1)? as f64;
            let low = best[(tail * last).floor() as usize];
            let high = worst[((1.0 - tail) * last).ceil() as usize];
            Some(Interval::new(low as f64, high as f64, options.level))
        })
        .collect())
}

/// Best and worst place of each score among all, ties at both ends.
fn places(scores: &[Option<f64>], higher_is_better: bool) -> Vec<Option<(u32, u32)>> {
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let mut sorted: Vec<f64> = scores.iter().flatten().map(|s| sign * s).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    scores
        .iter()
        .map(|score| {
            score.map(|s| {
                let above = n - sorted.partition_point(|v| *v <= sign * s);
                let below = sorted.partition_point(|v| *v < sign * s);
                (above as u32 + 1, (n - below) as u32)
            })
        })
        .collect()
}

/// Scores by respondent, ready for weighting items.
enum Scores {
    Packed { bits: BitMatrix, complete: bool },
    Dense(Vec<Vec<f64>>),
}

impl Scores {
    fn new(matrix: &ResponseMatrix) -> Self {
        match matrix.binary() {
            Some(bits) => Self::Packed { bits: bits.transposed(), complete: bits.is_complete() },
            None => Self::Dense(
                (0..matrix.n_respondents())
                    .into_par_iter()
                    .map(|r| (0..matrix.n_items()).map(|i| matrix.score(i, r).unwrap_or(f64::NAN)).collect())
                    .collect(),
            ),
        }
    }

    /// The mean score of each respondent when item `i` counts `times[i]` times.
    fn means(&self, times: &[u32]) -> Vec<Option<f64>> {
        match self {
            Self::Packed { bits, complete } => {
                let planes = weight_planes(times, bits.words());
                let sum = |row: &[u64]| -> u64 {
                    planes.iter().enumerate().map(|(k, p)| (count_and(row, p) as u64) << k).sum()
                };
                let all: u64 = times.iter().map(|&t| t as u64).sum();
                (0..bits.rows())
                    .map(|r| {
                        let n = if *complete { all } else { sum(bits.present_row(r)) };
                        (n > 0).then(|| sum(bits.value_row(r)) as f64 / n as f64)
                    })
                    .collect()
            }
            Self::Dense(rows) => rows
                .iter()
                .map(|row| {
                    let (sum, n) = (row.iter().zip(times))
                        .filter(|(x, _)| !x.is_nan())
                        .fold((0.0, 0u64), |(sum, n), (x, &t)| (sum + x * t as f64, n + t as u64));
                    (n > 0).then(|| sum / n as f64)
                })
                .collect(),
        }
    }
}

/// The weights in binary: plane `k` holds the items whose weight has bit `k`.
fn weight_planes(times: &[u32], words: usize) -> Vec<Vec<u64>> {
    let most = times.iter().copied().max().unwrap_or(0);
    (0..u32::BITS - most.leading_zeros())
        .map(|k| {
            let mut plane = vec![0u64; words];
            for (i, &t) in times.iter().enumerate() {
                plane[i / 64] |= u64::from(t >> k & 1) << (i % 64);
            }
            plane
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(holes: bool) -> ResponseMatrix {
        ResponseMatrix::from_bits(BitMatrix::from_fn(150, 12, |i, r| {
            let h = (i * 7919 + r * 104_729 + (i * r) % 17) % 23;
            (!holes || h != 0).then_some(h < 4 + r)
        }))
    }

    #[test]
    fn weighted_sums_by_planes_agree_with_the_definition() {
        for holes in [false, true] {
            let m = pattern(holes);
            let times: Vec<u32> = (0..150).map(|i| (i * i % 7) as u32).collect();
            let fast = Scores::new(&m).means(&times);
            for (r, value) in fast.iter().enumerate() {
                let (s, n) = (0..150)
                    .filter_map(|i| m.score(i, r).map(|x| (x * times[i] as f64, times[i] as f64)))
                    .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
                assert!((value.unwrap() - s / n).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn ranks_share_the_best_place_and_follow_the_direction() {
        let s = [Some(0.5), Some(0.7), None, Some(0.5), Some(0.1)];
        assert_eq!(competition_ranks(&s, true), vec![Some(2), Some(1), None, Some(2), Some(4)]);
        assert_eq!(competition_ranks(&s, false), vec![Some(2), Some(4), None, Some(2), Some(1)]);
        assert_eq!(places(&s, true)[0], Some((2, 3)));
    }

    #[test]
    fn intervals_hold_the_observed_rank_and_equals_are_equal() {
        let m = pattern(true);
        let intervals = rank_intervals(&m, &RankOptions::default()).unwrap();
        let scores: Vec<Option<f64>> = m.respondent_totals().iter().map(|t| Some(t.0 / t.1 as f64)).collect();
        for (rank, interval) in competition_ranks(&scores, true).iter().zip(&intervals) {
            assert!(interval.unwrap().contains(rank.unwrap() as f64));
        }
        let same = ResponseMatrix::from_bits(BitMatrix::from_fn(30, 4, |i, _| Some(i % 3 == 0)));
        for i in rank_intervals(&same, &RankOptions::default()).unwrap() {
            assert_eq!(i.map(|i| (i.low, i.high)), Some((1.0, 4.0)));
        }
    }
}
