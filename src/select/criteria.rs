//! What is each subtask worth on its own? Signal over noise, decisions, pairs told apart, reliability, flagged items.

use super::order::share_pairs;
use super::pool::Pool;
use crate::numeric::bootstrap::BootstrapOptions;
use crate::numeric::special::f_quantile;
use crate::numeric::{Estimate, Interval};
use crate::snr::decision::decision_accuracy;
use serde::Serialize;
use std::collections::HashSet;

/// One subtask among all models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criteria {
    /// Its name.
    pub name: String,
    /// Items that every model answered.
    pub n_items: usize,
    /// Mean score of all models.
    pub mean_score: f64,
    /// Standard deviation between models, without the noise of items.
    pub signal: Option<f64>,
    /// Standard error of a score by the sampling of items.
    pub noise: Option<f64>,
    /// Signal over noise, with its interval.
    pub ratio: Option<Estimate>,
    /// Share of the variance of scores that is signal, `1 − 1 / F`.
    pub reliability: Option<f64>,
    /// The same for a single item.
    pub reliability_per_item: Option<f64>,
    /// Share of pairs in the order of the whole benchmark on other items.
    pub decision_accuracy: Option<Estimate>,
    /// Share of pairs told apart, p < .01.
    pub share_pairs: Option<f64>,
    /// Mean share of the threshold that pairs reach.
    pub graded_pairs: Option<f64>,
    /// Whether every pair is told apart: P-MMEval's rule.
    pub all_pairs: Option<bool>,
    /// Share of its items that are flagged, where flags were given.
    pub flagged_rate: Option<f64>,
}

/// Pairs of more models than this are not compared: they take memory with the square of the number.
const MOST_PAIRED: usize = 600;

/// Measures every subtask among all models.
///
/// ```text
/// F = MS_models / MS_residual      ratio = √(F − 1)      interval: √(F / F_{1∓α/2}(M−1, (M−1)(n−1)) − 1)
/// ```
///
/// `flagged` are the names of flagged items.
pub fn criteria(pool: &Pool, flagged: Option<&HashSet<String>>, level: f64, seed: u64) -> Vec<Criteria> {
    let everyone: Vec<usize> = (0..pool.models.len()).collect();
    let sums = pool.sums(&everyone, seed, pool.models.len() <= MOST_PAIRED);
    let m = pool.models.len() as f64;
    let whole = sums.all().map(|all| all.second_half()).unwrap_or_default();
    let bootstrap = BootstrapOptions { level, seed, ..Default::default() };
    pool.subtasks
        .iter()
        .enumerate()
        .map(|(k, subtask)| {
            let n = subtask.items.len() as f64;
            let squares = sums.subtasks[k].mean_squares().filter(|s| s.residual > 0.0);
            let f = squares.map(|s| s.models / s.residual);
            let ratio = f.map(|f| {
                let at = |q: f64| (f / q - 1.0).max(0.0).sqrt();
                let tail = (1.0 - level) / 2.0;
                let quantile = |p: f64| f_quantile(p, m - 1.0, (m - 1.0) * (n - 1.0));
                let interval = Interval::new(at(quantile(1.0 - tail)), at(quantile(tail)), level);
                Estimate::with_interval(at(1.0), None, interval)
            });
            let reliability = f.map(|f| (1.0 - 1.0 / f).max(0.0));
            let pairs = share_pairs(&sums.subtasks[k]);
            Criteria {
                name: subtask.name.clone(),
                n_items: subtask.items.len(),
                mean_score: sums.subtasks[k].totals.iter().sum::<f64>() / (n * m),
                signal: squares.map(|s| ((s.models - s.residual) / n).max(0.0).sqrt()),
                noise: squares.map(|s| (s.residual / n).sqrt()),
                ratio,
                reliability,
                reliability_per_item: reliability.map(|r| r / (r + n * (1.0 - r))),
                decision_accuracy: decision_accuracy(&sums.subtasks[k].first_half(), &whole, &bootstrap)
                    .ok()
                    .map(|d| d.accuracy),
                share_pairs: pairs.map(|p| p.0),
                graded_pairs: pairs.map(|p| p.1),
                all_pairs: pairs.map(|p| p.0 == 1.0),
                flagged_rate: flagged
                    .map(|f| subtask.items.iter().filter(|i| f.contains(*i)).count() as f64 / n),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::simulated;
    use super::*;

    #[test]
    fn spearman_brown_leads_from_one_item_back_to_all() {
        let pool = simulated(&[1.5, 0.0, 1.0], 50, 20);
        let flagged: HashSet<String> = ["0-0".to_owned(), "0-1".to_owned()].into();
        let all = criteria(&pool, Some(&flagged), 0.95, 1);
        assert!((all[0].flagged_rate.unwrap() - 0.04).abs() < 1e-12);
        let (r, one) = (all[0].reliability.unwrap(), all[0].reliability_per_item.unwrap());
        assert!((50.0 * one / (1.0 + 49.0 * one) - r).abs() < 1e-12);
        assert!(all[0].ratio.unwrap().value > all[1].ratio.unwrap().value);
        assert!((all[0].ratio.unwrap().value - all[0].signal.unwrap() / all[0].noise.unwrap()).abs() < 1e-9);
    }
}
