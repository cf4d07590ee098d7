//! Which special functions are needed in several places?

use statrs::distribution::{Beta, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

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
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(d) if (0.0..=1.0).contains(&p) => d.inverse_cdf(p),
        _ => f64::NAN,
    }
}

/// The quantile of Fisher's F; `NaN` where it is not defined.
///
/// Found through the beta distribution: `F = (d₂ x) / (d₁ (1 − x))` with `x ~ Beta(d₁/2, d₂/2)`.
pub fn f_quantile(p: f64, df1: f64, df2: f64) -> f64 {
    match Beta::new(df1 / 2.0, df2 / 2.0) {
        Ok(d) if (0.0..=1.0).contains(&p) => {
            let x = d.inverse_cdf(p);
            df2 * x / (df1 * (1.0 - x))
        }
        _ => f64::NAN,
    }
}

/// The distribution function of Fisher's F; `NaN` where it is not defined.
pub fn f_cdf(x: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.cdf(x))
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

    /// Quantiles against R 4.2: `qt(.975, 5)`, `qf(.95, 3, 20)`, `qf(.025, 4, 7)`, `qnorm(.975)`.
    #[test]
    fn quantiles_agree_with_r() {
        assert!((student_t_quantile(0.975, 5.0) - 2.570_581_835_636_314).abs() < 1e-9);
        assert!((f_quantile(0.95, 3.0, 20.0) - 3.098_391_224_104_21).abs() < 1e-6);
        assert!((f_quantile(0.025, 4.0, 7.0) - 0.110_204_7).abs() < 1e-4);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!(normal_quantile(1.5).is_nan());
    }
}
