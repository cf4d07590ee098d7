//! What is a number worth without its uncertainty? The value, its standard error and its interval.

use serde::{Deserialize, Serialize};

/// A two-sided interval at a stated confidence level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end, in the units of the estimate.
    pub low: f64,
    /// Upper end, in the units of the estimate.
    pub high: f64,
    /// Nominal coverage, for instance `0.95`.
    pub level: f64,
}

impl Interval {
    /// The interval from `low` to `high`, ends put in order.
    pub fn new(low: f64, high: f64, level: f64) -> Self {
        Self { low: low.min(high), high: low.max(high), level }
    }

    /// Whether `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// `high − low`.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// A value with what is known of its uncertainty; `None` means "cannot be computed", never zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Its standard error, where one exists.
    pub std_error: Option<f64>,
    /// Its interval, where one exists.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// A value of which no uncertainty is known.
    pub fn bare(value: f64) -> Self {
        Self { value, std_error: None, interval: None }
    }

    /// A value with a standard error and the normal interval around it.
    ///
    /// ```text
    /// value ± z_{(1+level)/2} · std_error
    /// ```
    ///
    /// A standard error that is not finite or is negative counts as unknown.
    pub fn normal(value: f64, std_error: f64, level: f64) -> Self {
        if !(std_error.is_finite() && std_error >= 0.0) {
            return Self::bare(value);
        }
        let half = super::special::normal_quantile(0.5 + level / 2.0) * std_error;
        Self {
            value,
            std_error: Some(std_error),
            interval: Some(Interval::new(value - half, value + half, level)),
        }
    }

    /// A value with an interval that was found in another way than from a standard error.
    pub fn with_interval(value: f64, std_error: Option<f64>, interval: Interval) -> Self {
        Self { value, std_error, interval: Some(interval) }
    }

    /// The lower end of the interval, if there is one.
    pub fn low(&self) -> Option<f64> {
        self.interval.map(|i| i.low)
    }

    /// The upper end of the interval, if there is one.
    pub fn high(&self) -> Option<f64> {
        self.interval.map(|i| i.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_interval_uses_the_normal_quantile() {
        let e = Estimate::normal(1.0, 0.5, 0.95);
        assert!((e.high().unwrap() - (1.0 + 1.959_963_984_540_054 * 0.5)).abs() < 1e-9);
        assert!((e.low().unwrap() - (1.0 - 1.959_963_984_540_054 * 0.5)).abs() < 1e-9);
    }

    #[test]
    fn an_impossible_standard_error_is_unknown_and_not_zero() {
        assert_eq!(Estimate::normal(1.0, f64::NAN, 0.95), Estimate::bare(1.0));
        assert_eq!(Estimate::normal(1.0, -1.0, 0.95), Estimate::bare(1.0));
    }
}
