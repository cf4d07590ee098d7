//! How able are the models? The distribution their abilities come from.

use super::error::{SimulationError, finite, not_negative, share};

/// Where abilities come from. The unit is that of item difficulty.
#[derive(Debug, Clone, PartialEq)]
pub enum AbilityDistribution {
    /// One normal population.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        sd: f64,
    },
    /// Two normal populations: the weak and the strong.
    Mixture {
        /// Share of the weak, 0 to 1.
        weak_share: f64,
        /// Mean of the weak.
        weak_mean: f64,
        /// Standard deviation of the weak.
        weak_sd: f64,
        /// Mean of the strong.
        strong_mean: f64,
        /// Standard deviation of the strong.
        strong_sd: f64,
    },
    /// One stated ability for each model. Families and copies then leave abilities alone.
    Given(Vec<f64>),
}

impl Default for AbilityDistribution {
    fn default() -> Self {
        Self::Normal { mean: 0.0, sd: 1.0 }
    }
}

impl AbilityDistribution {
    /// Mean and standard deviation of the distribution, or of the stated values (divisor `n`).
    ///
    /// ```text
    /// mixture:  μ = wμ₁ + (1−w)μ₂,  σ² = w(σ₁² + μ₁²) + (1−w)(σ₂² + μ₂²) − μ²
    /// ```
    pub fn moments(&self) -> (f64, f64) {
        match self {
            Self::Normal { mean, sd } => (*mean, *sd),
            Self::Mixture { weak_share: w, weak_mean, weak_sd, strong_mean, strong_sd } => {
                let mean = w * weak_mean + (1.0 - w) * strong_mean;
                let square = w * (weak_sd.powi(2) + weak_mean.powi(2))
                    + (1.0 - w) * (strong_sd.powi(2) + strong_mean.powi(2));
                (mean, (square - mean * mean).max(0.0).sqrt())
            }
            Self::Given(values) => (
                crate::numeric::describe::mean(values).unwrap_or(0.0),
                crate::numeric::describe::std_dev(values, 0).unwrap_or(0.0),
            ),
        }
    }

    /// The ability of model `index` from a standard normal and a uniform draw.
    pub(crate) fn place(&self, index: usize, normal: f64, uniform: f64) -> f64 {
        match self {
            Self::Normal { mean, sd } => mean + sd * normal,
            Self::Mixture { weak_share, weak_mean, weak_sd, strong_mean, strong_sd } => {
                if uniform < *weak_share {
                    weak_mean + weak_sd * normal
                } else {
                    strong_mean + strong_sd * normal
                }
            }
            Self::Given(values) => values[index],
        }
    }

    pub(crate) fn validate(&self, n_models: usize) -> Result<(), SimulationError> {
        match self {
            Self::Normal { mean, sd } => {
                finite("ability mean", *mean)?;
                not_negative("ability sd", *sd)
            }
            Self::Mixture { weak_share, weak_mean, weak_sd, strong_mean, strong_sd } => {
                share("weak_share", *weak_share)?;
                finite("weak_mean", *weak_mean)?;
                not_negative("weak_sd", *weak_sd)?;
                finite("strong_mean", *strong_mean)?;
                not_negative("strong_sd", *strong_sd)
            }
            Self::Given(values) if values.len() != n_models => {
                Err(SimulationError::AbilityCount { given: values.len(), n_models })
            }
            Self::Given(values) => values.iter().try_for_each(|v| finite("ability", *v)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half at −1 and half at 1, each with standard deviation 1: mean 0, variance 1 + 1.
    #[test]
    fn mixture_moments_by_hand() {
        let d = AbilityDistribution::Mixture {
            weak_share: 0.5,
            weak_mean: -1.0,
            weak_sd: 1.0,
            strong_mean: 1.0,
            strong_sd: 1.0,
        };
        let (mean, sd) = d.moments();
        assert!(mean.abs() < 1e-15 && (sd - 2f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn stated_abilities_must_fit_the_models() {
        let d = AbilityDistribution::Given(vec![0.0, 1.0]);
        assert_eq!(
            d.validate(3).unwrap_err().to_string(),
            "2 abilities are given for 3 models; give one for each model"
        );
        assert!(AbilityDistribution::Given(vec![f64::NAN]).validate(1).is_err());
    }
}
