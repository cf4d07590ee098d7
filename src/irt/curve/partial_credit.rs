//! What does the generalised partial credit curve look like?
//!
//! ```text
//! P(k) = exp(k a t + dₖ) / Σⱼ exp(j a t + dⱼ),  d₀ = 0
//! ```
//!
//! Muraki 1992, doi:10.1177/014662169201600206.

use crate::irt::slopes::{Lanes, Slopes};
use crate::numeric::vector::{exp, ln};

/// Nodes that are worked on side by side; sums run over them in a fixed order.
const LANES: usize = 8;

/// `k a t + dₖ` less its largest, one row for each category.
#[inline(always)]
fn exponents<const N: usize>(p: &[f64], t: &[f64; N]) -> Vec<[f64; N]> {
    let mut rows = vec![[0.0; N]; p.len()];
    let mut top = [0.0f64; N];
    for (k, row) in rows.iter_mut().enumerate().skip(1) {
        for l in 0..N {
            row[l] = k as f64 * p[0] * t[l] + p[k];
            top[l] = top[l].max(row[l]);
        }
    }
    for row in &mut rows {
        row.iter_mut().zip(&top).for_each(|(x, top)| *x -= top);
    }
    rows
}

/// Probabilities, one row for each category.
#[inline(always)]
fn probabilities<const N: usize>(p: &[f64], t: &[f64; N]) -> Vec<[f64; N]> {
    let mut rows = exponents(p, t);
    let mut total = [0.0; N];
    for row in &mut rows {
        for l in 0..N {
            row[l] = exp(row[l]);
            total[l] += row[l];
        }
    }
    let inverse = total.map(|total| 1.0 / total);
    for row in &mut rows {
        row.iter_mut().zip(&inverse).for_each(|(x, inverse)| *x *= inverse);
    }
    rows
}

/// Up to `LANES` values from a place on, the rest 0.
#[inline(always)]
fn lanes(values: &[f64]) -> [f64; LANES] {
    let mut out = [0.0; LANES];
    out.iter_mut().zip(values).for_each(|(o, v)| *o = *v);
    out
}

#[inline(always)]
fn sum(of: impl Fn(usize) -> f64) -> f64 {
    (0..LANES).map(of).sum()
}

/// `ln P(k)` for `k = 0 … K−1`, one row each.
#[inline(always)]
pub(crate) fn log_table(p: &[f64], t: &[f64], out: &mut [f64]) {
    let w = t.len();
    for start in (0..w).step_by(LANES) {
        let end = w.min(start + LANES);
        let rows = exponents(p, &lanes(&t[start..end]));
        let mut total = [0.0; LANES];
        for row in &rows {
            total.iter_mut().zip(row).for_each(|(total, x)| *total += exp(*x));
        }
        let log_total = total.map(ln);
        for (k, row) in rows.iter().enumerate() {
            let to = out[k * w + start..k * w + end].iter_mut();
            to.zip(row).zip(&log_total).for_each(|((to, x), log_total)| *to = x - log_total);
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
    let (w, levels) = (t.len(), p.len());
    for start in (0..w).step_by(LANES) {
        let end = w.min(start + LANES);
        let theta = lanes(&t[start..end]);
        let count = |k: usize| lanes(&counts[k * w + start..k * w + end]);
        let shares = probabilities(p, &theta);
        let (mut n, mut scored) = ([0.0; LANES], [0.0; LANES]);
        let (mut mean, mut square) = ([0.0; LANES], [0.0; LANES]);
        for (k, share) in shares.iter().enumerate() {
            let (c, k) = (count(k), k as f64);
            for l in 0..LANES {
                n[l] += c[l];
                scored[l] += k * c[l];
                mean[l] += k * share[l];
                square[l] += k * k * share[l];
            }
        }
        gradient[0] += sum(|l| theta[l] * (scored[l] - n[l] * mean[l]));
        information[0] += sum(|l| n[l] * theta[l] * theta[l] * (square[l] - mean[l] * mean[l]));
        for k in 1..levels {
            let (mine, c) = (&shares[k], count(k));
            gradient[k] += sum(|l| c[l] - n[l] * mine[l]);
            let cross = sum(|l| n[l] * theta[l] * mine[l] * (k as f64 - mean[l]));
            information[k] += cross;
            information[k * levels] += cross;
            information[k * levels + k] += sum(|l| n[l] * mine[l] * (1.0 - mine[l]));
            for j in 1..k {
                let both = sum(|l| n[l] * mine[l] * shares[j][l]);
                information[k * levels + j] -= both;
                information[j * levels + k] -= both;
            }
        }
    }
}

/// Adds derivatives in θ of the answers `y` of 64 respondents, `n` of them 1 and the others 0.
///
/// ```text
/// P′ₖ / Pₖ = a (k − E k)      −(ln Pₖ)″ = I = a² Var k      I′ = a³ E (k − E k)³
/// ```
#[inline(always)]
pub(crate) fn add_slopes(p: &[f64], theta: &Lanes, n: &Lanes, y: &Lanes, out: &mut Slopes) {
    let a = p[0];
    let shares = probabilities(p, theta);
    let mut mean = [0.0; 64];
    for (k, share) in shares.iter().enumerate() {
        mean.iter_mut().zip(share).for_each(|(mean, share)| *mean += k as f64 * share);
    }
    let (mut second, mut third) = ([0.0; 64], [0.0; 64]);
    for (k, share) in shares.iter().enumerate() {
        for r in 0..64 {
            let from = k as f64 - mean[r];
            second[r] += share[r] * from * from;
            third[r] += share[r] * from * from * from;
        }
    }
    for r in 0..64 {
        out.first[r] += if n[r] > 0.0 { a * (y[r] - mean[r]) } else { 0.0 };
        let information = n[r] * a * a * second[r];
        out.observed[r] += information;
        out.expected[r] += information;
        out.bend[r] += n[r] * a * a * a * third[r];
    }
}
