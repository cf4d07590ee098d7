//! What would the statistic be on another sample? One seeded bootstrap for every statistic.

use super::describe::{quantile_sorted, std_dev};
use super::estimate::{Estimate, Interval};
use super::random::stream;
use rand::RngExt;
use rayon::prelude::*;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapOptions {
    /// Number of resamples.
    pub replicates: usize,
    /// Confidence level of the interval.
    pub level: f64,
    /// Seed of the random streams, one for each replicate.
    pub seed: u64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self { replicates: 1000, level: 0.95, seed: 1 }
    }
}

/// The replicates of a statistic over resamples of `units` exchangeable units, with replacement.
///
/// `statistic` gets the drawn indices (length `units`). A replicate in which it cannot be computed is
/// `None` and keeps its place. Replicate `k` uses random stream `k`, whatever the number of threads.
pub fn replicates<F>(units: usize, options: &BootstrapOptions, statistic: F) -> Vec<Option<f64>>
where
    F: Fn(&[usize]) -> Option<f64> + Sync,
{
    (0..options.replicates)
        .into_par_iter()
        .map(|k| {
            let mut rng = stream(options.seed, k as u64);
            let drawn: Vec<usize> = (0..units).map(|_| rng.random_range(0..units)).collect();
            statistic(&drawn).filter(|v| v.is_finite())
        })
        .collect()
}

/// Lifts a statistic into an [`Estimate`] with the percentile interval of its bootstrap distribution.
///
/// The value is the statistic of the sample itself; `None` where that cannot be computed. With fewer than
/// two units, or where more than a tenth of the replicates could not be computed, the estimate is bare: an
/// interval over the replicates that happened to work would be too narrow.
///
/// # Reference
/// Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 13.
pub fn bootstrap<F>(units: usize, options: &BootstrapOptions, statistic: F) -> Option<Estimate>
where
    F: Fn(&[usize]) -> Option<f64> + Sync,
{
    let all: Vec<usize> = (0..units).collect();
    let value = statistic(&all).filter(|v| v.is_finite())?;
    if units < 2 {
        return Some(Estimate::bare(value));
    }
    Some(percentile_estimate(value, &replicates(units, options, statistic), options.level))
}

/// A value with the percentile interval of its replicates, as [`bootstrap`] makes it.
pub fn percentile_estimate(value: f64, replicates: &[Option<f64>], level: f64) -> Estimate {
    let mut drawn: Vec<f64> = replicates.iter().copied().flatten().collect();
    if drawn.len() < 20 || drawn.len() * 10 < replicates.len() * 9 {
        return Estimate::bare(value);
    }
    drawn.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    match (quantile_sorted(&drawn, tail), quantile_sorted(&drawn, 1.0 - tail)) {
        (Some(low), Some(high)) => {
            Estimate::with_interval(value, std_dev(&drawn, 1), Interval::new(low, high, level))
        }
        _ => Estimate::bare(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::describe::mean;

    #[test]
    fn the_standard_error_of_a_mean_is_recovered() {
        let x: Vec<f64> = (0..200).map(|i| (i % 10) as f64).collect();
        let options = BootstrapOptions { replicates: 4000, ..Default::default() };
        let e =
            bootstrap(x.len(), &options, |at| mean(&at.iter().map(|&i| x[i]).collect::<Vec<_>>())).unwrap();
        let exact = (8.25f64 / 200.0).sqrt();
        assert!((e.std_error.unwrap() / exact - 1.0).abs() < 0.05);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let options = BootstrapOptions { replicates: 64, ..Default::default() };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| replicates(50, &options, |at| Some(at.iter().sum::<usize>() as f64)))
        };
        assert_eq!(run(1), run(2));
    }

    #[test]
    fn too_little_gives_no_interval() {
        assert_eq!(bootstrap(1, &Default::default(), |_| Some(1.0)), Some(Estimate::bare(1.0)));
        assert_eq!(bootstrap(9, &Default::default(), |_| None), None);
    }
}
