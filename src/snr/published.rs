//! What would the published scripts print? The definitions of arXiv 2508.13144 and of its code, for comparison.
//!
//! The paper, its quick script and its meta-analysis use three definitions that do not agree, and the
//! small-scale one pools the checkpoints of all models into its noise, which therefore contains the signal: any
//! true ratio prints as 2 to 4 for 25 models. Act on [`super::ratio`] instead.

use super::spread::{Spread, interquartile};
use crate::numeric::describe::{mean, median, std_dev};

/// Signal, noise and their ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignalNoise {
    /// Spread of the models' scores.
    pub signal: f64,
    /// Spread of one model's scores.
    pub noise: f64,
}

impl SignalNoise {
    /// `signal / noise`; `None` without noise.
    pub fn ratio(&self) -> Option<f64> {
        (self.noise > 0.0).then(|| self.signal / self.noise)
    }
}

/// Relative range of the models over the relative standard deviation of one model's last checkpoints.
///
/// ```text
/// signal = (max s − min s) / mean s        noise = std₀ z / mean z
/// ```
///
/// `ddof` is 0 in the published code and 1 in the paper. `None` below two scores or at a zero mean.
pub fn relative_range(models: &[f64], checkpoints: &[f64], ddof: usize) -> Option<SignalNoise> {
    let signal = Spread::Range.of(models)? / mean(models)?;
    let noise = std_dev(checkpoints, ddof)? / mean(checkpoints)?.abs();
    Some(SignalNoise { signal, noise }).filter(|r| r.signal.is_finite() && r.noise.is_finite())
}

/// The quick script at small scale: each model's mean over its last checkpoints against **all checkpoints of
/// all models pooled**. Degenerate, see the module's text; kept to compare with printed figures.
pub fn pooled_small_scale(models: &[Vec<f64>]) -> Option<SignalNoise> {
    let means: Vec<f64> = models.iter().map(|m| mean(m)).collect::<Option<_>>()?;
    let pooled: Vec<f64> = models.iter().flatten().copied().collect();
    relative_range(&means, &pooled, 0)
}

/// A spread of the models over the relative noise of training steps, as the paper's table of variants has it:
/// `noise = mean(step noise) / mean(last checkpoints)`.
pub fn variant(spread: Spread, models: &[f64], step_noise: &[f64], last: &[f64]) -> Option<SignalNoise> {
    Some(SignalNoise { signal: spread.of(models)?, noise: mean(step_noise)? / mean(last)? })
}

/// Interquartile range of half-space depths: `depth(x) = min(F(x), 1 − F(x−))` among the models.
pub fn halfspace_depth(models: &[f64], step_noise: &[f64], last: &[f64]) -> Option<SignalNoise> {
    let n = models.len() as f64;
    let depth = |x: f64| {
        let at_most = models.iter().filter(|s| **s <= x).count() as f64 / n;
        let below = models.iter().filter(|s| **s < x).count() as f64 / n;
        at_most.min(1.0 - below)
    };
    depth_variant(depth, models, step_noise, last)
}

/// Interquartile range of projection depths: `depth(x) = 1 / (1 + |x − median| / (MAD / Φ⁻¹(3/4)))`.
pub fn projection_depth(models: &[f64], step_noise: &[f64], last: &[f64]) -> Option<SignalNoise> {
    let centre = median(models)?;
    let deviations: Vec<f64> = models.iter().map(|s| (s - centre).abs()).collect();
    let scale = median(&deviations)? / crate::numeric::special::normal_quantile(0.75);
    if scale <= 0.0 {
        return None;
    }
    depth_variant(|x| 1.0 / (1.0 + (x - centre).abs() / scale), models, step_noise, last)
}

fn depth_variant(
    depth: impl Fn(f64) -> f64,
    models: &[f64],
    step_noise: &[f64],
    last: &[f64],
) -> Option<SignalNoise> {
    let mut depths: Vec<f64> = models.iter().map(|s| depth(*s)).collect();
    depths.sort_by(f64::total_cmp);
    let last_depths: Vec<f64> = last.iter().map(|z| depth(*z)).collect();
    let signal = interquartile(&depths)? / mean(last)?;
    let noise = mean(step_noise)? / mean(&last_depths)?;
    Some(SignalNoise { signal, noise }).filter(|r| r.signal.is_finite() && r.noise.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_hides_any_ratio() {
        // Models ten times farther apart than their checkpoints, then a thousand times: the pooled ratio
        // hardly moves.
        let models = |gap: f64| -> Vec<Vec<f64>> {
            (0..25).map(|m| (0..5).map(|c| 10.0 + gap * m as f64 + 0.1 * c as f64).collect()).collect()
        };
        let near = pooled_small_scale(&models(1.0)).unwrap().ratio().unwrap();
        let far = pooled_small_scale(&models(100.0)).unwrap().ratio().unwrap();
        assert!(near > 3.0 && far < 4.0 && (far - near).abs() < 0.1, "{near} {far}");
    }

    #[test]
    fn no_noise_has_no_ratio() {
        assert_eq!(relative_range(&[0.1, 0.2], &[0.3, 0.3], 0).unwrap().ratio(), None);
        assert_eq!(relative_range(&[0.1], &[0.3, 0.4], 0), None);
    }
}
