//! How do two measurements go together? Product-moment and rank correlations.

use super::describe::mean;
use super::rank::average_ranks;

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

    #[test]
    fn a_constant_side_has_no_correlation() {
        assert_eq!(pearson(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
        assert_eq!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[1.0], &[1.0]), None);
    }
}
