//! What does the generalised partial credit curve look like?
//!
//! ```text
//! P(k) = exp(k a t + dₖ) / Σⱼ exp(j a t + dⱼ),  d₀ = 0
//! ```
//!
//! Muraki 1992, doi:10.1177/014662169201600206.

use crate::numeric::vector::{exp, ln};

/// `ln P(k)` for `k = 0 … K−1`, one row each.
#[inline(always)]
pub(crate) fn log_table(p: &[f64], t: &[f64], out: &mut [f64]) {
    let (a, w, levels) = (p[0], t.len(), p.len());
    for (q, tq) in t.iter().enumerate() {
        let exponent = |k: usize| if k == 0 { 0.0 } else { k as f64 * a * tq + p[k] };
        let top = (0..levels).map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = (0..levels).map(|k| exp(exponent(k) - top)).sum();
        let log_total = top + ln(total);
        for k in 0..levels {
            out[k * w + q] = exponent(k) - log_total;
        }
    }
}

/// Gradient and expected information; see [`super::add_gradient`].
#[inline(always)]
pub(crate) fn add_gradient(
    p: &[f64],
    t: &[f64],
    counts: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) {
    let (a, w, levels) = (p[0], t.len(), p.len());
    let exponent = |k: usize, tq: f64| if k == 0 { 0.0 } else { k as f64 * a * tq + p[k] };
    for (q, tq) in t.iter().enumerate() {
        let top = (0..levels).map(|k| exponent(k, *tq)).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = (0..levels).map(|k| exp(exponent(k, *tq) - top)).sum();
        let probability = |k: usize| exp(exponent(k, *tq) - top) / total;
        let n: f64 = (0..levels).map(|k| counts[k * w + q]).sum();
        let mean: f64 = (1..levels).map(|k| k as f64 * probability(k)).sum();
        let square: f64 = (1..levels).map(|k| (k * k) as f64 * probability(k)).sum();
        gradient[0] += tq * ((1..levels).map(|k| k as f64 * counts[k * w + q]).sum::<f64>() - n * mean);
        information[0] += n * tq * tq * (square - mean * mean);
        for k in 1..levels {
            let pk = probability(k);
            gradient[k] += counts[k * w + q] - n * pk;
            let cross = n * tq * pk * (k as f64 - mean);
            information[k] += cross;
            information[k * levels] += cross;
            for j in 1..levels {
                let same = if j == k { pk } else { 0.0 };
                information[k * levels + j] += n * (same - pk * probability(j));
            }
        }
    }
}
