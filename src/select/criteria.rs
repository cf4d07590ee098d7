//! What is each subtask worth on its own? Signal over noise, decisions, pairs told apart, reliability, flagged items.

use super::candidates::{Candidates, SetSums};
use crate::numeric::Estimate;
use crate::numeric::bootstrap::BootstrapOptions;
use crate::numeric::describe::mean;
use crate::snr::decision::decision_accuracy;
use serde::Serialize;
use std::collections::HashSet;

/// One subtask among all models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criteria {
    /// Its name.
    pub name: String,
    /// Items that every model answered, or that stand behind a score, where that is known.
    pub n_items: Option<usize>,
    /// Median number of checkpoints of a model, where noise is that between checkpoints.
    pub n_checkpoints: Option<usize>,
    /// Mean score of all models.
    pub mean_score: f64,
    /// Standard deviation between models, without the noise.
    pub signal: Option<f64>,
    /// Standard error of a score by the sampling of items, or standard deviation of the last checkpoints.
    pub noise: Option<f64>,
    /// Signal over noise, with its interval.
    pub ratio: Option<Estimate>,
    /// Share of the variance of scores that is signal, `1 − 1 / F`.
    pub reliability: Option<f64>,
    /// The same for a single item; `None` where single answers are not known.
    pub reliability_per_item: Option<f64>,
    /// Share of pairs in the order of the whole benchmark: on other items, or at a large scale.
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

/// Measures every subtask among all models; `flagged` are the names of flagged items.
pub fn criteria(
    pool: &impl Candidates,
    flagged: Option<&HashSet<String>>,
    level: f64,
    seed: u64,
) -> Vec<Criteria> {
    let everyone: Vec<usize> = (0..pool.n_models()).collect();
    let sums = pool.sums(&everyone, seed, pool.n_models() <= MOST_PAIRED);
    let whole = sums.decided();
    let bootstrap = BootstrapOptions { level, seed, ..Default::default() };
    pool.names()
        .into_iter()
        .enumerate()
        .map(|(k, name)| {
            let subtask = &sums.subtasks[k];
            let components = subtask.components(level);
            let reliability = components.map(|c| c.reliability);
            let items = pool.items(k);
            let n = items.map(|i| i.len() as f64);
            let pairs = subtask.share_pairs();
            let decision = decision_accuracy(&subtask.deciding(), &whole, &bootstrap);
            Criteria {
                name,
                n_items: pool.n_items(k),
                n_checkpoints: pool.n_checkpoints(),
                mean_score: pool.sign() * mean(&subtask.scores()).unwrap_or(f64::NAN),
                signal: components.map(|c| c.signal),
                noise: components.map(|c| c.noise),
                ratio: components.map(|c| c.ratio),
                reliability,
                reliability_per_item: reliability.zip(n).map(|(r, n)| r / (r + n * (1.0 - r))),
                decision_accuracy: decision.ok().map(|d| d.accuracy),
                share_pairs: pairs.map(|p| p.0),
                graded_pairs: pairs.map(|p| p.1),
                all_pairs: pairs.map(|p| p.0 == 1.0),
                flagged_rate: flagged
                    .zip(items)
                    .map(|(f, i)| i.iter().filter(|i| f.contains(*i)).count() as f64 / i.len() as f64),
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
