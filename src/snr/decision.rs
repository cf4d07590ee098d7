//! Would a small scale have chosen as the large one does? Agreement of rankings over pairs.

use crate::numeric::bootstrap::{BootstrapOptions, percentile_estimate, replicates};
use crate::numeric::{Estimate, correlation::kendall_tau_b};
use serde::Serialize;
use thiserror::Error;

/// How two scales agree on which of two models is better.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionAccuracy {
    /// Number of models (or data mixes).
    pub n_models: usize,
    /// Pairs that the target scale tells apart: the decisions to be made.
    pub n_pairs: usize,
    /// Pairs tied at the small scale only, counted half.
    pub n_ties: usize,
    /// Share of decisions made right, with an interval over models.
    pub accuracy: Estimate,
    /// Kendall's τ_b with an interval over models.
    pub tau_b: Option<Estimate>,
}

/// Why no decision accuracy can be given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecisionError {
    /// The two scales have other numbers of models.
    #[error("{small} models at the small scale and {target} at the target: they must be the same models")]
    Lengths {
        /// Models at the small scale.
        small: usize,
        /// Models at the target scale.
        target: usize,
    },
    /// There is no decision to make.
    #[error("no pair of the {0} models differs at the target scale: there is no decision to make")]
    NothingToDecide(usize),
}

/// Right and tied decisions, and decisions to make, over the pairs of some models.
fn count(small: &[f64], target: &[f64], models: &[usize]) -> (usize, usize, usize) {
    let (mut right, mut tied, mut all) = (0, 0, 0);
    for (at, &i) in models.iter().enumerate() {
        for &j in &models[at + 1..] {
            // A model drawn twice makes no pair with itself.
            if i == j || target[i] == target[j] {
                continue;
            }
            all += 1;
            if small[i] == small[j] {
                tied += 1;
            } else if (small[i] > small[j]) == (target[i] > target[j]) {
                right += 1;
            }
        }
    }
    (right, tied, all)
}

/// The share of pairs of models that the small scale puts in the order of the target scale.
///
/// ```text
/// accuracy = (right + ½ · tied at the small scale) / pairs that differ at the target scale
/// ```
///
/// Larger is better on both sides: turn the sign of losses. Without ties `τ = 2 · accuracy − 1`. Pairs share
/// models and are not independent, so the interval resamples models, and pairs of a model with itself are left
/// out of a resample.
///
/// # Errors
/// See [`DecisionError`].
pub fn decision_accuracy(
    small: &[f64],
    target: &[f64],
    options: &BootstrapOptions,
) -> Result<DecisionAccuracy, DecisionError> {
    if small.len() != target.len() {
        return Err(DecisionError::Lengths { small: small.len(), target: target.len() });
    }
    let everyone: Vec<usize> = (0..small.len()).collect();
    let share = |models: &[usize]| {
        let (right, tied, all) = count(small, target, models);
        (all > 0).then(|| (right as f64 + 0.5 * tied as f64) / all as f64)
    };
    let value = share(&everyone).ok_or(DecisionError::NothingToDecide(small.len()))?;
    let (_, n_ties, n_pairs) = count(small, target, &everyone);
    let drawn = replicates(small.len(), options, share);
    let tau_b = kendall_tau_b(small, target).map(|tau| {
        // A model drawn twice would be tied with itself on both sides, so each is taken once.
        let drawn = replicates(small.len(), options, |models| {
            let mut once = models.to_vec();
            once.sort_unstable();
            once.dedup();
            let of = |x: &[f64]| once.iter().map(|&m| x[m]).collect::<Vec<_>>();
            kendall_tau_b(&of(small), &of(target))
        });
        percentile_estimate(tau, &drawn, options.level)
    });
    Ok(DecisionAccuracy {
        n_models: small.len(),
        n_pairs,
        n_ties,
        accuracy: percentile_estimate(value, &drawn, options.level),
        tau_b,
    })
}

/// The published count: a pair agrees if `small i > small j` is as true as `target i > target j`.
///
/// A tie counts as "not greater", so with ties the value depends on the order of the models. For comparison
/// only. `None` below two models.
pub fn decision_accuracy_published(small: &[f64], target: &[f64]) -> Option<f64> {
    let n = small.len().min(target.len());
    let (mut same, mut all) = (0usize, 0usize);
    for i in 0..n {
        for j in i + 1..n {
            all += 1;
            same += usize::from((small[i] > small[j]) == (target[i] > target[j]));
        }
    }
    (all > 0).then(|| same as f64 / all as f64)
}

/// The decision accuracy to expect when scores at both scales are normal with correlation `rho`.
///
/// ```text
/// E[accuracy] = ½ + arcsin(ρ) / π,     ρ = ρ_true √(reliability_small · reliability_target)
/// ```
///
/// With `ρ_true = 1` it is the ceiling that noise leaves. Reliability is `σ²_B / (σ²_B + σ²_W)`.
pub fn expected_accuracy(rho_true: f64, reliability_small: f64, reliability_target: f64) -> f64 {
    let rho = rho_true * (reliability_small * reliability_target).max(0.0).sqrt();
    0.5 + rho.clamp(-1.0, 1.0).asin() / std::f64::consts::PI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand_with_ties() {
        // Pairs (target order): 12 right, 13 tied small, 23 wrong.
        let d = decision_accuracy(&[1.0, 2.0, 1.0], &[1.0, 2.0, 3.0], &Default::default()).unwrap();
        assert_eq!((d.n_pairs, d.n_ties), (3, 1));
        assert!((d.accuracy.value - 0.5).abs() < 1e-15);
        let reversed = decision_accuracy(&[1.0, 2.0, 1.0], &[3.0, 2.0, 1.0], &Default::default()).unwrap();
        assert!((reversed.accuracy.value - 0.5).abs() < 1e-15);
    }

    #[test]
    fn the_published_count_depends_on_order_under_ties() {
        let (small, target) = ([1.0, 1.0], [1.0, 2.0]);
        assert_eq!(decision_accuracy_published(&small, &target), Some(1.0));
        assert_eq!(decision_accuracy_published(&[1.0, 1.0], &[2.0, 1.0]), Some(0.0));
    }

    #[test]
    fn expected_accuracy_at_its_corners() {
        assert!((expected_accuracy(1.0, 1.0, 1.0) - 1.0).abs() < 1e-12);
        assert!((expected_accuracy(0.0, 1.0, 1.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_decide_is_an_error() {
        assert_eq!(
            decision_accuracy(&[1.0, 2.0], &[1.0, 1.0], &Default::default()),
            Err(DecisionError::NothingToDecide(2))
        );
        assert!(decision_accuracy(&[1.0], &[1.0, 2.0], &Default::default()).is_err());
    }
}
