//! Which special functions are needed in several places?

use super::beta;
use statrs::distribution::{ContinuousCDF, Normal};

/// The logistic function `1 / (1 + exp(−x))`, without overflow at either end.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `ln(p / (1 − p))`.
pub fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// `ln(1 + exp(x))`, accurate for large positive and negative `x`.
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `ln Σ exp(x)`, without overflow; `−∞` for an empty slice.
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return max;
    }
    max + x.iter().map(|v| (v - max).exp()).sum::<f64>().ln()
}

fn standard_normal() -> Normal {
    Normal::standard()
}

/// The standard normal density.
pub fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    standard_normal().cdf(x)
}

/// The standard normal quantile; `NaN` outside `[0, 1]`.
pub fn normal_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) { standard_normal().inverse_cdf(p) } else { f64::NAN }
}

/// The quantile of Student's t with `df` degrees of freedom; `NaN` where it is not defined.
///
/// Found through the F distribution: `t² ~ F(1, df)`.
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    let size = f_quantile((2.0 * p - 1.0).abs(), 1.0, df).sqrt();
    if p < 0.5 { -size } else { size }
}

/// The quantile of Fisher's F; `NaN` where it is not defined.
///
/// Found through the beta distribution: `d₁ F / d₂` are the odds of `Beta(d₁/2, d₂/2)`.
pub fn f_quantile(p: f64, df1: f64, df2: f64) -> f64 {
    beta::odds_with_below(p, df1 / 2.0, df2 / 2.0) * df2 / df1
}

/// The distribution function of Fisher's F; `NaN` where it is not defined.
pub fn f_cdf(x: f64, df1: f64, df2: f64) -> f64 {
    beta::share_below(x.max(0.0) * df1 / df2, df1 / 2.0, df2 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_is_exact_at_the_extremes() {
        assert_eq!(softplus(800.0), 800.0);
        assert!(softplus(-800.0) >= 0.0);
        assert!((softplus(0.0) - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn log_sum_exp_survives_large_arguments() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2f64.ln())).abs() < 1e-12);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
    }

    /// Quantiles against SciPy 1.17.1: `norm.ppf`, `t.ppf`, `f.ppf`.
    #[test]
    fn quantiles_agree_with_scipy() {
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!(normal_quantile(1.5).is_nan() && student_t_quantile(1.5, 3.0).is_nan());
        let agrees = |found: f64, expected: f64| {
            assert!((found / expected - 1.0).abs() < 1e-10, "{found} is not {expected}");
        };
        agrees(student_t_quantile(0.975, 5.0), 2.570_581_835_636_314_6);
        agrees(student_t_quantile(0.025, 5.0), -2.570_581_835_636_314_6);
        agrees(student_t_quantile(0.975, 1.0), 12.706_204_736_174_694);
        agrees(student_t_quantile(0.6, 3.0), 0.276_670_662_332_689_8);
        agrees(student_t_quantile(0.975, 2e5), 1.959_975_845_966_768);
        agrees(student_t_quantile(0.9, 1e8), 1.281_551_574_010_448_2);
        agrees(f_quantile(0.95, 3.0, 20.0), 3.098_391_212_140_781);
        agrees(f_quantile(0.025, 4.0, 7.0), 0.110_203_268_201_037_6);
        // 500 models on 20,000 items, 2,211 on 12,032, 100,000 on 200.
        agrees(f_quantile(0.975, 499.0, 9_979_501.0), 1.127_838_378_877_052_3);
        agrees(f_quantile(0.025, 2_210.0, 26_588_510.0), 0.941_898_251_431_421);
        agrees(f_quantile(0.975, 99_999.0, 19_899_801.0), 1.008_806_484_894_037_2);
    }
}
