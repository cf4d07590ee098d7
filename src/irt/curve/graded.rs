//! What does the graded response curve look like?
//!
//! ```text
//! P(x ≥ k) = σ(zₖ),  zₖ = a t + dₖ,  d₁ > … > d_{K−1}
//! P(k) = σ(zₖ) − σ(zₖ₊₁) = σ(zₖ) σ(−zₖ₊₁) δₖ,  δₖ = 1 − exp(dₖ₊₁ − dₖ)
//! ```
//!
//! The product form has no cancellation. Samejima 1969, doi:10.1007/BF03372160.

use crate::numeric::vector::{logistic, logistic_softplus};

/// `ln P(k)` for `k = 0 … K−1`, one row each.
#[inline(always)]
pub(crate) fn log_table(p: &[f64], t: &[f64], out: &mut [f64]) {
    let (a, d) = (p[0], &p[1..]);
    let w = t.len();
    out[..w * (d.len() + 1)].fill(0.0);
    for (k, dk) in d.iter().enumerate() {
        let gap = d.get(k + 1).map_or(0.0, |next| (-(next - dk).exp_m1()).max(1e-300).ln());
        let (below, above) = out[k * w..(k + 2) * w].split_at_mut(w);
        for ((below, above), t) in below.iter_mut().zip(above.iter_mut()).zip(t) {
            let z = a * t + dk;
            let softplus = logistic_softplus(z).1;
            // ln σ(−z) = −softplus(z) and ln σ(z) = z − softplus(z).
            *below -= softplus;
            *above += z - softplus + gap;
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
    let (a, d) = (p[0], &p[1..]);
    let (w, size) = (t.len(), p.len());
    // δ of the categories between thresholds: none below the first and above the last.
    let delta =
        |k: usize| if k == 0 || k == d.len() { 1.0 } else { (-(d[k] - d[k - 1]).exp_m1()).max(1e-300) };
    for k in 1..=d.len() {
        let (lower, upper) = (delta(k - 1), delta(k));
        let (mut g_d, mut g_a, mut i_dd, mut i_da, mut i_aa) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut i_next = 0.0;
        let mut i_next_a = 0.0;
        for (q, tq) in t.iter().enumerate() {
            let z = a * tq + d[k - 1];
            let (s, not_s) = (logistic(z), logistic(-z));
            let v = s * not_s;
            let above_not = if k < d.len() { logistic(-(a * tq + d[k])) } else { 1.0 };
            let below = if k > 1 { logistic(a * tq + d[k - 2]) } else { 1.0 };
            // v/P(k) and v/P(k−1), each without dividing two vanishing numbers.
            let up = not_s / (above_not * upper + 1e-300);
            let down = s / (below * lower + 1e-300);
            let slope = counts[k * w + q] * up - counts[(k - 1) * w + q] * down;
            let n: f64 = (0..size).map(|c| counts[c * w + q]).sum();
            let curvature = n * v * (up + down);
            g_d += slope;
            g_a += slope * tq;
            i_dd += curvature;
            i_da += curvature * tq;
            i_aa += curvature * tq * tq;
            if k < d.len() {
                let v_next = (1.0 - above_not) * above_not;
                let cross = n * v_next * up;
                i_next += cross;
                i_next_a += cross * tq;
                i_aa -= 2.0 * cross * tq * tq;
            }
        }
        gradient[0] += g_a;
        gradient[k] += g_d;
        information[0] += i_aa;
        information[k * size + k] += i_dd;
        information[k] += i_da - i_next_a;
        information[k * size] += i_da - i_next_a;
        if k < d.len() {
            information[k * size + k + 1] -= i_next;
            information[(k + 1) * size + k] -= i_next;
            information[k + 1] -= i_next_a;
            information[(k + 1) * size] -= i_next_a;
        }
    }
}
