//! How do two measurements go together? Product-moment and rank correlations.

use super::describe::mean;
use super::estimate::{Estimate, Interval};
use super::rank::average_ranks;
use super::special::normal_quantile;

/// Pearson's product-moment correlation; `None` below two pairs or where one side is constant.
///
/// ```text
/// r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²)
/// ```
///
/// The shorter slice sets the number of pairs.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    if n < 2 {
        return None;
    }
    let (x, y) = (&x[..n], &y[..n]);
    let (mx, my) = (mean(x)?, mean(y)?);
    let (mut sxy, mut sxx, mut syy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        sxy += (a - mx) * (b - my);
        sxx += (a - mx) * (a - mx);
        syy += (b - my) * (b - my);
    }
    // A sum of squares at the level of rounding is a constant column, not a correlation.
    let tiny = |s: f64, m: f64| s <= n as f64 * (m.abs() * f64::EPSILON).powi(2) * 4.0;
    if tiny(sxx, mx) || tiny(syy, my) {
        return None;
    }
    Some((sxy / (sxx * syy).sqrt()).clamp(-1.0, 1.0))
}

/// A correlation of `n` pairs with its standard error and Fisher's interval.
///
/// ```text
/// se = √((1 − r²) / (n − 2)),   interval = tanh(atanh r ± z / √(n − 3))
/// ```
///
/// The standard error is that of the t test and is unknown below three pairs. The interval needs four pairs
/// and `|r| < 1`: at ±1 the transform is infinite and any interval would claim certainty, so there is none.
///
/// # Reference
/// Fisher 1921, *Metron* 1, 3–32.
pub fn fisher_estimate(r: f64, n: usize, level: f64) -> Estimate {
    let std_error = (n > 2).then(|| ((1.0 - r * r).max(0.0) / (n as f64 - 2.0)).sqrt());
    if n < 4 || r.abs() > 1.0 - 1e-12 {
        // The formula would print 0 here, which is no measure of doubt.
        return Estimate { value: r, std_error: std_error.filter(|s| *s > 1e-6), interval: None };
    }
    let half = normal_quantile(0.5 + level / 2.0) / (n as f64 - 3.0).sqrt();
    let interval = Interval::new((r.atanh() - half).tanh(), (r.atanh() + half).tanh(), level);
    Estimate::with_interval(r, std_error, interval)
}

/// Spearman's rank correlation: [`pearson`] of the average ranks.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    pearson(&average_ranks(&x[..n]), &average_ranks(&y[..n]))
}

/// Kendall's tau-b, ties counted on both sides; `None` where one side is constant.
///
/// ```text
/// τ_b = (C − D) / √((n₀ − n₁)(n₀ − n₂)),   n₀ = n(n − 1)/2,   n₁, n₂ = pairs tied in x, in y
/// ```
///
/// # Reference
/// Kendall 1945, doi:10.1093/biomet/33.3.239.
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    let (mut concordance, mut untied_x, mut untied_y) = (0i64, 0i64, 0i64);
    for i in 0..n {
        for j in i + 1..n {
            let dx = (x[i] > x[j]) as i64 - (x[i] < x[j]) as i64;
            let dy = (y[i] > y[j]) as i64 - (y[i] < y[j]) as i64;
            concordance += dx * dy;
            untied_x += dx.abs();
            untied_y += dy.abs();
        }
    }
    (untied_x > 0 && untied_y > 0)
        .then(|| concordance as f64 / ((untied_x as f64) * (untied_y as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `cor.test` in R 4.2 for the same vectors.
    #[test]
    fn agree_with_r() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0];
        let y = [2.0, 1.0, 4.0, 3.0, 5.0];
        assert!((pearson(&x, &y).unwrap() - 0.8).abs() < 1e-12);
        assert!((spearman(&x, &y).unwrap() - 0.8).abs() < 1e-12);
        assert!((kendall_tau_b(&x, &y).unwrap() - 0.6).abs() < 1e-12);
        let tied = [1.0, 1.0, 2.0, 2.0, 3.0];
        assert!((kendall_tau_b(&x, &tied).unwrap() - 0.894_427_190_999_916).abs() < 1e-12);
    }

    /// `cor.test(c(1,2,3,4,5), c(2,1,4,3,5))$conf.int` in R 4.2: -0.2796400 0.9861962.
    #[test]
    fn fishers_interval_agrees_with_r() {
        let e = fisher_estimate(0.8, 5, 0.95);
        assert!((e.low().unwrap() + 0.279_640_0).abs() < 1e-6, "{e:?}");
        assert!((e.high().unwrap() - 0.986_196_2).abs() < 1e-6, "{e:?}");
        assert_eq!(fisher_estimate(1.0, 5, 0.95), Estimate::bare(1.0));
        assert_eq!(fisher_estimate(0.5, 3, 0.95).interval, None);
    }

    #[test]
    fn a_constant_side_has_no_correlation() {
        assert_eq!(pearson(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
        assert_eq!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[1.0], &[1.0]), None);
    }
}
