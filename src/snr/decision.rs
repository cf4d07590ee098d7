//! Would a small scale have chosen as the large one does? Agreement of rankings over pairs.

use crate::numeric::bootstrap::{BootstrapOptions, percentile_estimate, replicates};
use crate::numeric::{Estimate, Interval, correlation::kendall_tau_b};
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
        accuracy: not_too_sure(percentile_estimate(value, &drawn, options.level), small.len(), options.level),
        tau_b: tau_b
            .map(|t| if t.interval.is_some_and(|i| i.width() == 0.0) { Estimate::bare(t.value) } else { t }),
    })
}

/// All resamples of a perfect agreement agree perfectly, which is no certainty. Its lower end is the accuracy under
/// which perfect agreement would still come with a probability of α/2, rankings scattered as in Mallows' model.
///
/// ```text
/// P(perfect) = Π_k 1 / (1 + φ + … + φ^{k−1}) = α / 2        low = 1 − E[discordant pairs | φ] / (M (M − 1) / 2)
/// ```
///
/// # Reference
/// Mallows 1957, doi:10.1093/biomet/44.1-2.114.
fn not_too_sure(estimate: Estimate, n_models: usize, level: f64) -> Estimate {
    let Some(i) = estimate.interval.filter(|i| i.width() == 0.0 && n_models > 1) else { return estimate };
    let low = least_accuracy(n_models, (1.0 - level) / 2.0);
    match i.low {
        1.0 => Estimate::with_interval(1.0, None, Interval::new(low, 1.0, level)),
        0.0 => Estimate::with_interval(0.0, None, Interval::new(0.0, 1.0 - low, level)),
        _ => estimate,
    }
}

/// The pairwise accuracy of `m` models in Mallows' model at which a perfect ranking has probability `p`.
fn least_accuracy(m: usize, p: f64) -> f64 {
    // Inserting the k-th model passes j of those before it with probability proportional to φ^j.
    let insertions = |phi: f64| {
        (2..=m).fold((0.0, 0.0), |(log_perfect, discordant), k| {
            let powers = (0..k).scan(1.0, |power, j| {
                let now = *power;
                *power *= phi;
                Some((j as f64, now))
            });
            let (total, moved) = powers.fold((0.0, 0.0), |(t, d), (j, w)| (t + w, d + j * w));
            (log_perfect - f64::ln(total), discordant + moved / total)
        })
    };
    let (mut low, mut high) = (0.0, 4.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if insertions(middle).0 > p.ln() { low = middle } else { high = middle }
    }
    1.0 - insertions(0.5 * (low + high)).1 / (m * (m - 1) / 2) as f64
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
    fn perfect_agreement_of_few_models_is_no_certainty() {
        let x: Vec<f64> = (0..8).map(f64::from).collect();
        let d = decision_accuracy(&x, &x, &Default::default()).unwrap();
        assert_eq!(d.accuracy.value, 1.0);
        assert!((0.7..0.95).contains(&d.accuracy.low().unwrap()), "{:?}", d.accuracy);
        // Two models: 1 / (1 + φ) is both the probability and the accuracy.
        assert!((least_accuracy(2, 0.3) - 0.3).abs() < 1e-9);
        // Random order of four is perfect once in 24.
        assert!((least_accuracy(4, 1.0 / 24.0) - 0.5).abs() < 1e-9);
        assert_eq!(d.tau_b.unwrap().interval, None);
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
