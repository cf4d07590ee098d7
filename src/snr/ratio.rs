//! How many times larger than the noise is the signal? A ratio of variance components with an exact interval.

use crate::numeric::describe::mean;
use crate::numeric::special::f_quantile;
use crate::numeric::{Estimate, Interval};
use serde::Serialize;
use thiserror::Error;

/// Between-model and within-model components of a table of scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalToNoise {
    /// Number of models.
    pub n_models: usize,
    /// Number of scores.
    pub n_scores: usize,
    /// Standard deviation between models, in units of the score; 0 where the between-model mean square does
    /// not exceed the within-model one.
    pub signal: f64,
    /// Standard deviation within a model.
    pub noise: f64,
    /// `signal / noise` with its interval. The lower end is 0 where the data are compatible with no signal.
    pub ratio: Estimate,
    /// The observed F statistic, mean square between over within.
    pub f_statistic: f64,
}

/// Why no ratio can be given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RatioError {
    /// Too few models.
    #[error("needs at least 2 models, has {0}")]
    TooFewModels(usize),
    /// No model was measured twice.
    #[error("needs at least one model with 2 scores, to see noise at all")]
    NoRepeats,
    /// The scores do not vary within models.
    #[error("the scores of each model are all the same: no noise was seen")]
    NoNoise,
}

/// The ratio of the standard deviation between models to that within them, by one-way analysis of variance.
///
/// ```text
/// σ²_W = MSW     σ²_B = max(0, (MSB − MSW) / c₀)     ratio = σ_B / σ_W
/// interval: √((F / F_{1∓α/2}(M−1, N−M) − 1) / c₀)
/// ```
///
/// `models` holds the scores of each model (checkpoints, seeds); `M` models, `N` scores. With unequal numbers
/// of scores `c₀ = (N − Σ nᵢ² / N) / (M − 1)`; the interval is exact for equal numbers, normal effects and
/// independent scores, and approximate otherwise. It does not grow with the number of models as a range does.
/// Models with no score are left out.
///
/// # Errors
/// See [`RatioError`].
///
/// # Reference
/// Searle, Casella & McCulloch 1992, *Variance Components*, section 3.6, doi:10.1002/9780470316856.
pub fn signal_to_noise(models: &[Vec<f64>], level: f64) -> Result<SignalToNoise, RatioError> {
    Ok(model_squares(models.iter().map(Vec::as_slice))?.signal_to_noise(level))
}

/// Mean squares between and within models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelSquares {
    /// Number of models.
    pub n_models: usize,
    /// Number of scores.
    pub n_scores: usize,
    /// Mean square between models.
    pub between: f64,
    /// Mean square within models, with `n_scores − n_models` degrees of freedom.
    pub within: f64,
    /// Scores of a model, `c₀`.
    pub scores_a_model: f64,
}

/// The mean squares of the scores of each model; those with no score are left out.
///
/// # Errors
/// See [`RatioError`].
pub fn model_squares<'a>(
    models: impl Iterator<Item = &'a [f64]> + Clone,
) -> Result<ModelSquares, RatioError> {
    let models = models.filter(|m| !m.is_empty());
    let m = models.clone().count();
    if m < 2 {
        return Err(RatioError::TooFewModels(m));
    }
    let n: usize = models.clone().map(<[f64]>::len).sum();
    if n == m {
        return Err(RatioError::NoRepeats);
    }
    let grand = models.clone().flatten().sum::<f64>() / n as f64;
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for scores in models {
        let own = mean(scores).unwrap_or(grand);
        between += scores.len() as f64 * (own - grand) * (own - grand);
        within += scores.iter().map(|s| (s - own) * (s - own)).sum::<f64>();
        squares += (scores.len() * scores.len()) as f64;
    }
    let found = ModelSquares {
        n_models: m,
        n_scores: n,
        between: between / (m - 1) as f64,
        within: within / (n - m) as f64,
        scores_a_model: (n as f64 - squares / n as f64) / (m - 1) as f64,
    };
    if found.within <= f64::EPSILON * f64::EPSILON * grand * grand {
        return Err(RatioError::NoNoise);
    }
    Ok(found)
}

impl ModelSquares {
    /// Mean square between over within.
    pub fn f_statistic(&self) -> f64 {
        self.between / self.within
    }

    /// The ratio of standard deviations if noise alone gave the quotient `f` of mean squares: 1 for the estimate.
    pub fn ratio(&self, f: f64) -> f64 {
        ((self.f_statistic() / f - 1.0) / self.scores_a_model).max(0.0).sqrt()
    }

    /// Signal, noise and ratio with its interval.
    pub fn signal_to_noise(&self, level: f64) -> SignalToNoise {
        let (df_between, df_within) = ((self.n_models - 1) as f64, (self.n_scores - self.n_models) as f64);
        let tail = (1.0 - level) / 2.0;
        let low = self.ratio(f_quantile(1.0 - tail, df_between, df_within));
        let high = self.ratio(f_quantile(tail, df_between, df_within));
        let noise = self.within.sqrt();
        SignalToNoise {
            n_models: self.n_models,
            n_scores: self.n_scores,
            signal: self.ratio(1.0) * noise,
            noise,
            ratio: Estimate::with_interval(self.ratio(1.0), None, Interval::new(low, high, level)),
            f_statistic: self.f_statistic(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::stream;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn by_hand() {
        // Means 1, 2, 3; MSB = 2 · 1 = 2; MSW = (3 · 2 · .25) / 3 = .5; F = 4; σ²_B = (2 − .5) / 2 = .75.
        let models = [vec![0.5, 1.5], vec![1.5, 2.5], vec![2.5, 3.5]];
        let r = signal_to_noise(&models, 0.95).unwrap();
        assert!((r.f_statistic - 4.0).abs() < 1e-12);
        assert!((r.signal - 0.75f64.sqrt()).abs() < 1e-12);
        assert!((r.ratio.value - 1.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(r.ratio.low(), Some(0.0));
    }

    #[test]
    fn too_little_is_an_error() {
        assert_eq!(signal_to_noise(&[vec![1.0, 2.0]], 0.95), Err(RatioError::TooFewModels(1)));
        assert_eq!(signal_to_noise(&[vec![1.0], vec![2.0]], 0.95), Err(RatioError::NoRepeats));
        assert_eq!(signal_to_noise(&[vec![1.0; 3], vec![2.0; 3]], 0.95), Err(RatioError::NoNoise));
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        for (models, checkpoints, truth) in [(5, 5, 0.5), (10, 30, 2.0), (50, 5, 100.0)] {
            let covered = (0..1000)
                .filter(|&k| {
                    let mut rng = stream(7, k);
                    let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
                    let data: Vec<Vec<f64>> = (0..models)
                        .map(|_| {
                            let own = truth * draw();
                            (0..checkpoints).map(|_| own + draw()).collect()
                        })
                        .collect();
                    signal_to_noise(&data, 0.95).unwrap().ratio.interval.unwrap().contains(truth)
                })
                .count();
            assert!((930..=970).contains(&covered), "{models} models, {checkpoints} checkpoints: {covered}");
        }
    }
}
