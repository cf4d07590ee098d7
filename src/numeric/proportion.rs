//! How sure is a share? Intervals for a proportion.

use super::estimate::{Estimate, Interval};
use super::special::normal_quantile;

/// The proportion `successes / trials` with its Wilson score interval; `None` without trials.
///
/// ```text
/// (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
/// ```
///
/// The standard error is the plain `√(p(1−p)/n)`; unlike it, the interval is honest at 0 and 1.
///
/// # Reference
/// Wilson 1927, doi:10.1080/01621459.1927.10502953.
pub fn wilson(successes: f64, trials: f64, level: f64) -> Option<Estimate> {
    if trials.is_nan() || trials <= 0.0 {
        return None;
    }
    let p = successes / trials;
    let z = normal_quantile(0.5 + level / 2.0);
    let z2n = z * z / trials;
    let centre = (p + z2n / 2.0) / (1.0 + z2n);
    let half = z * (p * (1.0 - p) / trials + z2n / (4.0 * trials)).sqrt() / (1.0 + z2n);
    // At 0 and 1 the end is exact; rounding must not part it from the value.
    let low = if p <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if p >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
    let interval = Interval::new(low, high, level);
    Some(Estimate::with_interval(p, Some((p * (1.0 - p) / trials).sqrt()), interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `prop.test(x, n, correct = FALSE)$conf.int` in R 4.2, as printed: 0.4901625 0.9433178 and 0 0.2775328.
    #[test]
    fn wilson_agrees_with_r() {
        let e = wilson(8.0, 10.0, 0.95).unwrap();
        assert!((e.low().unwrap() - 0.490_162_5).abs() < 1e-7);
        assert!((e.high().unwrap() - 0.943_317_8).abs() < 1e-7);
        let none = wilson(0.0, 10.0, 0.95).unwrap();
        assert!(none.low().unwrap().abs() < 1e-12);
        assert!((none.high().unwrap() - 0.277_532_8).abs() < 1e-7);
        assert!(wilson(0.0, 0.0, 0.95).is_none());
    }
}
