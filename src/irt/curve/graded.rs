//! What does the graded response curve look like?
//!
//! ```text
//! P(x ≥ k) = σ(zₖ),  zₖ = a t + dₖ,  d₁ > … > d_{K−1}
//! P(k) = σ(zₖ) − σ(zₖ₊₁) = σ(zₖ) σ(−zₖ₊₁) δₖ,  δₖ = 1 − exp(dₖ₊₁ − dₖ)
//! ```
//!
//! The product form has no cancellation. Samejima 1969, doi:10.1007/BF03372160.

use crate::irt::slopes::{Lanes, Slopes};
use crate::numeric::vector::{exp, logistic_softplus};

/// `ln P(k)` for `k = 0 … K−1`, one row each.
#[inline(always)]
pub(crate) fn log_table(p: &[f64], t: &[f64], out: &mut [f64]) {
    let (a, d) = (p[0], &p[1..]);
    let w = t.len();
    out[..w * (d.len() + 1)].fill(0.0);
    for (k, dk) in d.iter().enumerate() {
        let gap = d.get(k + 1).map_or(0.0, |next| between(*dk, *next).ln());
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
    let delta = |k: usize| if k == 0 || k == d.len() { 1.0 } else { between(d[k - 1], d[k]) };
    let mut sums = vec![ThresholdSums::default(); d.len()];
    for start in (0..w).step_by(LANES) {
        let row = |values: &[f64]| {
            let mut lanes = [0.0; LANES];
            lanes.iter_mut().zip(values).for_each(|(l, v)| *l = *v);
            lanes
        };
        let end = w.min(start + LANES);
        let theta = row(&t[start..end]);
        let count = |k: usize| row(&counts[k * w + start..k * w + end]);
        let mut n = [0.0; LANES];
        for k in 0..size {
            n.iter_mut().zip(count(k)).for_each(|(n, c)| *n += c);
        }
        let (mut below, mut under) = ([1.0; LANES], count(0));
        let (mut s, mut not_s) = both_sides(a, d[0], &theta);
        for k in 1..=d.len() {
            let (next_s, next_not) = match d.get(k) {
                Some(next) => both_sides(a, *next, &theta),
                None => ([0.0; LANES], [1.0; LANES]),
            };
            let (lower, upper) = (delta(k - 1), delta(k));
            let (mine, to) = (count(k), &mut sums[k - 1]);
            for l in 0..LANES {
                let v = s[l] * not_s[l];
                // v/P(k) and v/P(k−1), each without dividing two vanishing numbers.
                let up = not_s[l] / (next_not[l] * upper + 1e-300);
                let down = s[l] / (below[l] * lower + 1e-300);
                let slope = mine[l] * up - under[l] * down;
                let curvature = n[l] * v * (up + down);
                let cross = n[l] * next_s[l] * next_not[l] * up;
                let t = theta[l];
                to.gradient_d[l] += slope;
                to.gradient_a[l] += slope * t;
                to.dd[l] += curvature;
                to.da[l] += (curvature - cross) * t;
                to.aa[l] += (curvature - 2.0 * cross) * t * t;
                to.next[l] += cross;
                to.next_a[l] += cross * t;
            }
            (below, under, s, not_s) = (s, mine, next_s, next_not);
        }
    }
    for (k, sums) in (1..).zip(&sums) {
        let total = |lanes: &[f64; LANES]| lanes.iter().sum::<f64>();
        gradient[0] += total(&sums.gradient_a);
        gradient[k] += total(&sums.gradient_d);
        information[0] += total(&sums.aa);
        information[k * size + k] += total(&sums.dd);
        information[k] += total(&sums.da);
        information[k * size] += total(&sums.da);
        if k < d.len() {
            information[k * size + k + 1] -= total(&sums.next);
            information[(k + 1) * size + k] -= total(&sums.next);
            information[k + 1] -= total(&sums.next_a);
            information[(k + 1) * size] -= total(&sums.next_a);
        }
    }
}

/// Adds derivatives in θ of the answers `y` of 64 respondents, `n` of them 1 and the others 0.
///
/// ```text
/// P′ₖ / Pₖ = a (σ(−zₖ) − σ(zₖ₊₁))      (ln Pₖ)″ = −a² (σ(zₖ) σ(−zₖ) + σ(zₖ₊₁) σ(−zₖ₊₁))
/// ```
#[inline(always)]
pub(crate) fn add_slopes(p: &[f64], theta: &Lanes, n: &Lanes, y: &Lanes, out: &mut Slopes) {
    let (a, d) = (p[0], &p[1..]);
    let (mut s, mut not_s) = ([1.0; 64], [0.0; 64]);
    for k in 0..p.len() {
        let (next_s, next_not) = match d.get(k) {
            Some(next) => both_sides(a, *next, theta),
            None => ([0.0; 64], [1.0; 64]),
        };
        let delta = if k == 0 || k == d.len() { 1.0 } else { between(d[k - 1], d[k]) };
        for r in 0..64 {
            let ratio = a * (not_s[r] - next_s[r]);
            let curvature = a * a * (s[r] * not_s[r] + next_s[r] * next_not[r]);
            let chosen = if y[r] == k as f64 { n[r] } else { 0.0 };
            out.first[r] += chosen * ratio;
            out.observed[r] += chosen * curvature;
            let share = n[r] * (s[r] * next_not[r] * delta) * ratio;
            out.expected[r] += share * ratio;
            out.bend[r] += share * (ratio * ratio - 2.0 * curvature);
        }
        (s, not_s) = (next_s, next_not);
    }
}

/// `δ = 1 − exp(d′ − d)` of neighbouring thresholds, above nought.
#[inline(always)]
fn between(d: f64, next: f64) -> f64 {
    let gap = next - d;
    // Far apart nothing cancels, and the inlined exponential is a tenth of the price.
    if gap < -0.5 { 1.0 - exp(gap) } else { (-gap.exp_m1()).max(1e-300) }
}

/// Nodes that are worked on side by side; sums run over them in a fixed order.
const LANES: usize = 8;

/// What one threshold gathers, by lane.
#[derive(Clone, Copy, Default)]
struct ThresholdSums {
    gradient_d: [f64; LANES],
    gradient_a: [f64; LANES],
    dd: [f64; LANES],
    da: [f64; LANES],
    aa: [f64; LANES],
    next: [f64; LANES],
    next_a: [f64; LANES],
}

/// `σ(z)` and `σ(−z)`.
#[inline(always)]
fn both_sides<const N: usize>(a: f64, d: f64, theta: &[f64; N]) -> ([f64; N], [f64; N]) {
    let (mut s, mut not_s) = ([0.0; N], [0.0; N]);
    for l in 0..N {
        let z = a * theta[l] + d;
        let e = exp(-z.abs());
        let large = 1.0 / (1.0 + e);
        let small = e * large;
        (s[l], not_s[l]) = if z > 0.0 { (large, small) } else { (small, large) };
    }
    (s, not_s)
}
