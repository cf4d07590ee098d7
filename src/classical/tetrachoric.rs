//! How would two 0/1 items correlate if each were a cut normal variable? The tetrachoric correlation.

use crate::numeric::binormal::{binormal_cdf, binormal_pdf};
use crate::numeric::special::{normal_cdf, normal_quantile};
use crate::numeric::{Estimate, Interval};
use std::f64::consts::PI;
use thiserror::Error;

/// The cross table of two 0/1 items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FourFold {
    /// Right on both.
    pub both: f64,
    /// Right on the first only.
    pub first: f64,
    /// Right on the second only.
    pub second: f64,
    /// Right on neither.
    pub neither: f64,
}

/// Why there is no tetrachoric correlation.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum TetrachoricError {
    /// One item was answered alike by all.
    #[error("one of the items has no variance: {right} of {total} right")]
    Constant {
        /// Right answers.
        right: f64,
        /// All answers.
        total: f64,
    },
}

/// The cosine-π approximation, with half an answer added to each cell.
///
/// ```text
/// r = cos(π / (1 + √((a + ½)(d + ½) / ((b + ½)(c + ½)))))
/// ```
///
/// `a`, `d` count agreement, `b`, `c` disagreement. Exact where both items are at 50 %, and biased away from
/// there; cheap enough for a hundred million pairs.
///
/// # Reference
/// Pearson 1900, doi:10.1098/rsta.1900.0022, as used by arXiv:2511.16842.
pub fn cosine_pi(table: FourFold) -> f64 {
    let agree = ((table.both + 0.5) * (table.neither + 0.5)).sqrt();
    let differ = ((table.first + 0.5) * (table.second + 0.5)).sqrt();
    // The same number without a call: cos(π/(1 + A/D)) = sin(π/2 · (A − D)/(A + D)).
    sin_quarter_turns((agree - differ) / (agree + differ))
}

/// `sin(π u / 2)` for `|u| ≤ 1` by its Taylor series, to the last bits.
fn sin_quarter_turns(u: f64) -> f64 {
    let x = u * (PI / 2.0);
    let square = x * x;
    // 1/3!, 1/5!, … 1/21!, signs alternating; the next term is below 1e−17.
    let mut sum = 0.0;
    for factor in [420.0, 342.0, 272.0, 210.0, 156.0, 110.0, 72.0, 42.0, 20.0, 6.0] {
        sum = (1.0 - sum) * square * (1.0 / factor);
    }
    x * (1.0 - sum)
}

/// The maximum-likelihood tetrachoric correlation with its large-sample standard error.
///
/// The four cells have three free parameters, two thresholds and the correlation, so the fit is exact and the
/// two-step estimate (thresholds from the margins) is the maximum-likelihood one:
///
/// ```text
/// Φ₂(h, k; ρ) = p₁₁,   h = Φ⁻¹(p₁·),   k = Φ⁻¹(p·₁)
/// ```
///
/// An empty cell puts the estimate at ±1; `correction` (½ is usual) is then put into the empty cell, with the
/// margins kept, as R's psych does. Standard error by the delta method; interval on Fisher's scale,
/// `tanh(atanh ρ ± z · se / (1 − ρ²))`. After a correction the standard error is that of the corrected table.
///
/// # Errors
/// [`TetrachoricError::Constant`] if an item was answered alike by all.
///
/// # Reference
/// Divgi 1979, doi:10.1007/BF02293968; Olsson 1979, doi:10.1007/BF02296207.
pub fn tetrachoric(table: FourFold, correction: f64, level: f64) -> Result<Estimate, TetrachoricError> {
    let total = table.both + table.first + table.second + table.neither;
    for right in [table.both + table.first, table.both + table.second] {
        if right.is_nan() || right <= 0.0 || right >= total {
            return Err(TetrachoricError::Constant { right, total });
        }
    }
    let table = corrected(table, correction);
    let p11 = table.both / total;
    let (p1, p2) = ((table.both + table.first) / total, (table.both + table.second) / total);
    let (h, k) = (normal_quantile(p1), normal_quantile(p2));
    let rho = solve(h, k, p11);
    let free = 1.0 - rho * rho;
    let density = binormal_pdf(h, k, rho);
    if free < 1e-10 || density <= 0.0 {
        return Ok(Estimate::bare(rho));
    }
    // Influence of one answer pair on ρ: (1₁₁ − A·1₁ − B·1₂ + const) / φ₂.
    let a = normal_cdf((k - rho * h) / free.sqrt());
    let b = normal_cdf((h - rho * k) / free.sqrt());
    let second_moment = p11 * (1.0 - a - b).powi(2) + (p1 - p11) * a * a + (p2 - p11) * b * b;
    let first_moment = p11 - a * p1 - b * p2;
    let std_error = ((second_moment - first_moment * first_moment).max(0.0) / total).sqrt() / density;
    let half = normal_quantile(0.5 + level / 2.0) * std_error / free;
    let interval = Interval::new((rho.atanh() - half).tanh(), (rho.atanh() + half).tanh(), level);
    Ok(Estimate::with_interval(rho, Some(std_error), interval))
}

/// Puts `correction` into an empty cell and takes it from its neighbours, so that the margins stay.
fn corrected(table: FourFold, correction: f64) -> FourFold {
    let agree = table.both == 0.0 || table.neither == 0.0;
    let differ = table.first == 0.0 || table.second == 0.0;
    let shift = match (agree, differ) {
        (true, false) => correction,
        (false, true) => -correction,
        _ => 0.0,
    };
    FourFold {
        both: table.both + shift,
        first: table.first - shift,
        second: table.second - shift,
        neither: table.neither + shift,
    }
}

/// The correlation at which the quadrant has probability `p11`: Newton's steps, kept inside a bracket.
fn solve(h: f64, k: f64, p11: f64) -> f64 {
    let (mut low, mut high) = (-1.0f64, 1.0f64);
    let mut rho = 0.0;
    for _ in 0..200 {
        let excess = binormal_cdf(h, k, rho) - p11;
        if excess > 0.0 {
            high = rho;
        } else {
            low = rho;
        }
        let newton = rho - excess / binormal_pdf(h, k, rho);
        let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        if (next - rho).abs() < 1e-14 {
            return next;
        }
        rho = next;
    }
    rho
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(both: f64, first: f64, second: f64, neither: f64) -> FourFold {
        FourFold { both, first, second, neither }
    }

    /// At 50 % on both items the quadrant is 1/4 + asin ρ / 2π, so ρ = sin(2π(p₁₁ − 1/4)) exactly.
    #[test]
    fn closed_form_at_the_medians() {
        let e = tetrachoric(table(40.0, 10.0, 10.0, 40.0), 0.5, 0.95).unwrap();
        let exact = (2.0 * PI * 0.15).sin();
        assert!((e.value - exact).abs() < 1e-12);
        // There the cosine-π form without its half answers is exact as well.
        assert!(((PI / (1.0 + (1600.0f64 / 100.0).sqrt())).cos() - exact).abs() < 1e-12);
        // Delta method by hand: A = B = Φ(0) = ½, ψ = (1₁₁ − ½·1₁ − ½·1₂)/φ₂ has variance (0.2 · ¼ − 0.01)/φ₂².
        let density = 1.0 / (2.0 * PI * (1.0 - exact * exact).sqrt());
        assert!((e.std_error.unwrap() - (0.04f64 / 100.0).sqrt() / density).abs() < 1e-12);
    }

    #[test]
    fn the_series_is_the_sine_and_the_form_without_a_call_the_formula() {
        for k in -1000..=1000 {
            let u = k as f64 / 1000.0;
            assert!((sin_quarter_turns(u) - (PI * u / 2.0).sin()).abs() < 5e-16, "{u}");
        }
        let ratio: f64 = 12.5 * 30.5 / (3.5 * 8.5);
        let formula = (PI / (1.0 + ratio.sqrt())).cos();
        assert!((cosine_pi(table(12.0, 3.0, 8.0, 30.0)) - formula).abs() < 1e-14);
    }

    #[test]
    fn an_empty_cell_stays_inside() {
        let e = tetrachoric(table(0.0, 10.0, 12.0, 30.0), 0.5, 0.95).unwrap();
        assert!(e.value > -1.0 && e.value < -0.5 && e.interval.is_some());
        assert!(tetrachoric(table(0.0, 0.0, 12.0, 30.0), 0.5, 0.95).is_err());
        let perfect = tetrachoric(table(20.0, 0.0, 0.0, 30.0), 0.5, 0.95).unwrap();
        assert!(perfect.value > 0.9 && perfect.value.is_finite());
    }
}
