//! What would DataDecide's evaluator have said of two scales? Its measures, under its own name, for comparison.
//!
//! Scores are in the same order of models at both scales, larger is better. To act on, take
//! [`decision`](super::decision): it counts ties as half right and has an interval.

use super::decision::decision_accuracy_published;
use crate::numeric::correlation::{pearson, spearman};
use crate::numeric::describe::{mean, std_dev};
use crate::numeric::robust::{Loss, RobustOptions, minimise_from};
use serde::Serialize;

/// How a small scale agrees with the target scale, in the published measures. `None` where a measure is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PublishedAgreement {
    /// Share of pairs ordered alike; a tie counts as "not greater", so that it depends on the order of the models.
    pub binary_accuracy: Option<f64>,
    /// Spearman's rank correlation, published as "magnitude correlation".
    pub rank_correlation: Option<f64>,
    /// Pearson's correlation.
    pub pearson_correlation: Option<f64>,
    /// Share of the three best at the small scale that are among the five best at the target. (Published as recall
    /// at k, with k and n interchanged: it is a precision.)
    pub recall_at_k: Option<f64>,
    /// Pearson's correlation weighted by the softmax of the target's scores on 0 to 1 at temperature 0.1.
    pub weighted_pearson_correlation: Option<f64>,
    /// Discounted gain of the small scale's ranking over that of the target's own; gains are the target's scores on
    /// 0 to 1, discounted by `1 / log₂(rank + 1)`, ranks from 1.
    pub discounted_gain: Option<f64>,
}

/// The published measures of agreement of a small scale with the target scale.
///
/// # Reference
/// Magnusson et al. 2025, arXiv 2504.11393; DataDecide 68abc49.
pub fn published_agreement(target: &[f64], small: &[f64]) -> PublishedAgreement {
    let gains = unit(target);
    let (by_small, by_target) = (best_first(small), best_first(target));
    let gain = |order: &[usize]| -> Option<f64> {
        let gains = gains.as_ref()?;
        Some(order.iter().enumerate().map(|(rank, &i)| gains[i] / (rank as f64 + 2.0).log2()).sum())
    };
    let enough = target.len() == small.len() && target.len() >= 5;
    PublishedAgreement {
        binary_accuracy: decision_accuracy_published(small, target),
        rank_correlation: spearman(target, small),
        pearson_correlation: pearson(target, small),
        recall_at_k: enough
            .then(|| by_small[..3].iter().filter(|i| by_target[..5].contains(i)).count() as f64 / 3.0),
        weighted_pearson_correlation: gains.as_ref().and_then(|g| weighted_pearson(target, small, g)),
        discounted_gain: gain(&by_small).zip(gain(&by_target)).map(|(a, b)| a / b),
    }
}

/// The published measures where models have several seeds: scores by model, then seed.
///
/// The first is the share of pairs that the majority of seeds orders alike at both scales; the second the share of
/// pairs with the same verdict of three, where seeds that do not all agree abstain (at both scales). `None` without
/// a pair.
pub fn published_agreement_of_seeds(target: &[Vec<f64>], small: &[Vec<f64>]) -> Option<(f64, f64)> {
    let n = target.len().min(small.len());
    let greater = |a: &[f64], b: &[f64]| a.iter().zip(b).filter(|(x, y)| x > y).count();
    let majority = |of: &[Vec<f64>], i: usize, j: usize| 2 * greater(&of[i], &of[j]) > of[i].len();
    let verdict = |of: &[Vec<f64>], i: usize, j: usize| {
        let seeds = of[i].len();
        (greater(&of[i], &of[j]) == seeds, greater(&of[j], &of[i]) == seeds)
    };
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let (mut all, mut binary, mut three) = (0.0, 0.0, 0.0);
    for (i, j) in pairs {
        all += 1.0;
        binary += f64::from(u8::from(majority(target, i, j) == majority(small, i, j)));
        three += f64::from(u8::from(verdict(target, i, j) == verdict(small, i, j)));
    }
    (all > 0.0).then(|| (binary / all, three / all))
}

/// A training curve smoothed by a logarithm, and its spread, as DataDecide filters pairs by them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogFit {
    /// The fitted curve.
    pub mean: Vec<f64>,
    /// Standard deviation (over *n*) of the scores in a window of eleven around each, cut at the ends. The trend
    /// counts as spread.
    pub spread: Vec<f64>,
}

/// Fits a logarithm to a training curve by least squares; `chance` is where the published fit starts.
///
/// ```text
/// y_t = lo + a log₂(1 + r t),   a, r, lo ≥ 0, lo ≤ 1,   t = 1, 2, …
/// ```
///
/// The published form `a log₂(b t + c) + lo − a log₂ c` is the same with `r = b / c`; it has a parameter too many.
/// `None` below three scores.
pub fn log_fit(values: &[f64], chance: f64) -> Option<LogFit> {
    if values.len() < 3 {
        return None;
    }
    let evaluate = |p: &[f64], residuals: &mut [f64], jacobian: &mut [f64]| {
        for (i, y) in values.iter().enumerate() {
            let t = i as f64 + 1.0;
            let log = (1.0 + p[1] * t).log2();
            residuals[i] = p[2] + p[0] * log - y;
            jacobian[3 * i] = log;
            jacobian[3 * i + 1] = p[0] * t / ((1.0 + p[1] * t) * std::f64::consts::LN_2);
            jacobian[3 * i + 2] = 1.0;
        }
    };
    let starts = [vec![1.0, 1.0, chance], vec![0.05, 1.0, chance], vec![0.05, 10.0, chance]];
    let positive = (0.0, f64::INFINITY);
    let bounds = [positive, positive, (0.0, 1.0)];
    let options = RobustOptions::default();
    let fit = minimise_from(&evaluate, &vec![1.0; values.len()], &starts, &bounds, Loss::Squares, &options)?;
    let p = fit.parameters;
    let mean = (0..values.len()).map(|i| p[2] + p[0] * (1.0 + p[1] * (i as f64 + 1.0)).log2()).collect();
    let window = |i: usize| &values[i.saturating_sub(5)..(i + 6).min(values.len())];
    let spread = (0..values.len()).map(|i| std_dev(window(i), 0).unwrap_or(0.0)).collect();
    Some(LogFit { mean, spread })
}

/// Scores put on 0 to 1; `None` if they do not differ.
fn unit(x: &[f64]) -> Option<Vec<f64>> {
    let (low, high) = x.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    (high > low).then(|| x.iter().map(|v| (v - low) / (high - low)).collect())
}

fn best_first(x: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[j].total_cmp(&x[i]));
    order
}

fn weighted_pearson(x: &[f64], y: &[f64], gains: &[f64]) -> Option<f64> {
    let raw: Vec<f64> = gains.iter().map(|g| ((g - 1.0) / 0.1).exp()).collect();
    let total = mean(&raw)? * raw.len() as f64;
    let w: Vec<f64> = raw.iter().map(|r| r / total).collect();
    let centre = |v: &[f64]| w.iter().zip(v).map(|(w, v)| w * v).sum::<f64>();
    let (mx, my) = (centre(x), centre(y));
    let moment = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
        w.iter().zip(a).zip(b).map(|((w, a), b)| w * (a - ma) * (b - mb)).sum()
    };
    let scale = (moment(x, mx, x, mx) * moment(y, my, y, my)).sqrt();
    (scale > 0.0).then(|| moment(x, mx, y, my) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_agreement_is_one_throughout() {
        let x = [0.1, 0.5, 0.3, 0.9, 0.7];
        let a = published_agreement(&x, &x);
        for value in [
            a.binary_accuracy,
            a.rank_correlation,
            a.pearson_correlation,
            a.recall_at_k,
            a.weighted_pearson_correlation,
            a.discounted_gain,
        ] {
            assert!((value.unwrap() - 1.0).abs() < 1e-12, "{a:?}");
        }
    }

    #[test]
    fn seeds_that_disagree_abstain() {
        let target = vec![vec![1.0, 1.0, 1.0], vec![2.0, 2.0, 2.0]];
        let small = vec![vec![1.0, 1.0, 3.0], vec![2.0, 2.0, 2.0]];
        assert_eq!(published_agreement_of_seeds(&target, &small), Some((1.0, 0.0)));
        assert_eq!(published_agreement_of_seeds(&[], &[]), None);
    }

    #[test]
    fn too_little_is_none() {
        assert_eq!(log_fit(&[0.1, 0.2], 0.25), None);
        assert_eq!(published_agreement(&[1.0, 1.0], &[1.0, 2.0]).discounted_gain, None);
    }
}
