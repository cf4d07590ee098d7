//! How smooth is a training curve? Step-to-step movement, trend and memory of the last checkpoints.

use crate::numeric::describe::{mean, std_dev};
use serde::Serialize;

/// Mean absolute step `mean |zₜ₊₁ − zₜ|`; `None` below two checkpoints.
pub fn total_variation(scores: &[f64]) -> Option<f64> {
    mean(&scores.windows(2).map(|w| (w[1] - w[0]).abs()).collect::<Vec<_>>())
}

/// Total variation over the range of the curve; `None` for a flat curve.
pub fn relative_total_variation(scores: &[f64]) -> Option<f64> {
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let range = high - low;
    total_variation(scores).filter(|_| range > 0.0).map(|tv| tv / range)
}

/// `(steps up − steps down) / (steps up + steps down)`; `None` where no step moves.
pub fn monotonicity(scores: &[f64]) -> Option<f64> {
    let up = scores.windows(2).filter(|w| w[1] > w[0]).count() as f64;
    let down = scores.windows(2).filter(|w| w[1] < w[0]).count() as f64;
    (up + down > 0.0).then(|| (up - down) / (up + down))
}

/// What is noise and what is trend among checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepNoise {
    /// Number of checkpoints.
    pub n_checkpoints: usize,
    /// Standard deviation around the mean, divisor n − 1: contains the trend.
    pub std_dev: f64,
    /// Standard deviation around a straight line, divisor n − 2; `None` below three checkpoints.
    pub detrended: Option<f64>,
    /// Autocorrelation of neighbours around the mean; `None` for a flat curve.
    pub lag_one: Option<f64>,
    /// Number of independent checkpoints with the same information about the mean, `n (1 − ρ) / (1 + ρ)`,
    /// at most n.
    pub effective_checkpoints: Option<f64>,
}

/// The noise of the last checkpoints, with and without a linear trend; `None` below two checkpoints.
///
/// ```text
/// detrended = √(Σ residual² / (n − 2))      ρ₁ = Σ (zₜ − z̄)(zₜ₊₁ − z̄) / Σ (zₜ − z̄)²
/// ```
pub fn step_noise(scores: &[f64]) -> Option<StepNoise> {
    let n = scores.len();
    let sd = std_dev(scores, 1)?;
    let centre = mean(scores)?;
    let middle = (n as f64 - 1.0) / 2.0;
    let (mut stz, mut stt, mut szz, mut lagged) = (0.0, 0.0, 0.0, 0.0);
    for (t, z) in scores.iter().enumerate() {
        let t = t as f64 - middle;
        stz += t * (z - centre);
        stt += t * t;
        szz += (z - centre) * (z - centre);
    }
    for w in scores.windows(2) {
        lagged += (w[0] - centre) * (w[1] - centre);
    }
    let residual = (szz - stz * stz / stt).max(0.0);
    let lag_one = (szz > 0.0).then(|| lagged / szz);
    Some(StepNoise {
        n_checkpoints: n,
        std_dev: sd,
        detrended: (n > 2).then(|| (residual / (n as f64 - 2.0)).sqrt()),
        lag_one,
        effective_checkpoints: lag_one.map(|r| (n as f64 * (1.0 - r) / (1.0 + r)).clamp(1.0, n as f64)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let z = [0.0, 1.0, 0.5, 2.0];
        assert_eq!(total_variation(&z), Some(1.0));
        assert_eq!(relative_total_variation(&z), Some(0.5));
        assert!((monotonicity(&z).unwrap() - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_straight_line_has_no_detrended_noise() {
        let noise = step_noise(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!(noise.detrended.unwrap() < 1e-12);
        assert!((noise.std_dev - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((noise.lag_one.unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(step_noise(&[1.0]), None);
    }
}
