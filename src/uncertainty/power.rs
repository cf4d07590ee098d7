//! How many items show a difference, and which difference can these items show? Power of a paired comparison.

use crate::numeric::special::normal_quantile;
use thiserror::Error;

/// A planned paired comparison of two models on the same items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDesign {
    /// Variance over items of the true difference, `ω² = Var(x_A) + Var(x_B) − 2 Cov`.
    pub difference_variance: f64,
    /// Mean variance of repeated answers of the first model to one item.
    pub answer_variance_first: f64,
    /// The same of the second model.
    pub answer_variance_second: f64,
    /// Answers to each item by the first model.
    pub repeats_first: u32,
    /// Answers to each item by the second model.
    pub repeats_second: u32,
    /// Two-sided level of the test.
    pub significance: f64,
    /// Wanted power.
    pub power: f64,
}

impl Default for PairedDesign {
    fn default() -> Self {
        Self {
            difference_variance: 0.0,
            answer_variance_first: 0.0,
            answer_variance_second: 0.0,
            repeats_first: 1,
            repeats_second: 1,
            significance: 0.05,
            power: 0.8,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum PowerError {
    /// A number outside its range.
    #[error("{name} must be {range}, and is {value}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was.
        value: f64,
    },
}

impl PairedDesign {
    fn variance(&self) -> f64 {
        self.difference_variance
            + self.answer_variance_first / f64::from(self.repeats_first)
            + self.answer_variance_second / f64::from(self.repeats_second)
    }

    fn quantiles(&self) -> f64 {
        normal_quantile(1.0 - self.significance / 2.0) + normal_quantile(self.power)
    }

    fn check(&self) -> Result<(), PowerError> {
        for (name, value) in [("significance", self.significance), ("power", self.power)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(PowerError::Value { name, range: "between 0 and 1", value });
            }
        }
        for (name, value) in [("repeats_first", self.repeats_first), ("repeats_second", self.repeats_second)]
        {
            if value == 0 {
                return Err(PowerError::Value { name, range: "at least 1", value: 0.0 });
            }
        }
        let variance = self.variance();
        if !(variance.is_finite() && variance >= 0.0) {
            return Err(PowerError::Value { name: "the variance", range: "0 or more", value: variance });
        }
        Ok(())
    }
}

/// The number of items that shows a true difference `delta` with the wanted power.
///
/// ```text
/// n = (z_{1−α/2} + z_{power})² (ω² + σ²_A/K_A + σ²_B/K_B) / δ²
/// ```
///
/// Not rounded. For clustered items multiply by the design effect `1 + (m̄ − 1) ICC`.
///
/// # Errors
/// See [`PowerError`].
///
/// # Reference
/// Miller 2024, arXiv:2411.00640, section 5.
pub fn items_needed(delta: f64, design: &PairedDesign) -> Result<f64, PowerError> {
    design.check()?;
    if !(delta.is_finite() && delta != 0.0) {
        return Err(PowerError::Value { name: "delta", range: "finite and not 0", value: delta });
    }
    Ok(design.quantiles().powi(2) * design.variance() / (delta * delta))
}

/// The smallest true difference that `n_items` items show with the wanted power.
///
/// ```text
/// δ = (z_{1−α/2} + z_{power}) √((ω² + σ²_A/K_A + σ²_B/K_B) / n)
/// ```
///
/// # Errors
/// See [`PowerError`].
///
/// # Reference
/// Miller 2024, arXiv:2411.00640, section 5.
pub fn minimum_detectable_difference(n_items: usize, design: &PairedDesign) -> Result<f64, PowerError> {
    design.check()?;
    if n_items == 0 {
        return Err(PowerError::Value { name: "n_items", range: "at least 1", value: 0.0 });
    }
    Ok(design.quantiles() * (design.variance() / n_items as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the paper: δ = 0.03, ω² = 1/9 → 969 items.
    #[test]
    fn the_published_example() {
        let design = PairedDesign { difference_variance: 1.0 / 9.0, ..Default::default() };
        assert_eq!(items_needed(0.03, &design).unwrap().ceil(), 969.0);
        let mde = minimum_detectable_difference(969, &design).unwrap();
        assert!((mde - 0.03).abs() < 1e-4);
        assert!(items_needed(0.0, &design).is_err());
        assert!(minimum_detectable_difference(0, &design).is_err());
        assert!(items_needed(0.1, &PairedDesign { power: 1.0, ..design }).is_err());
    }
}
