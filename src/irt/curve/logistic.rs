//! What do the curves of two outcomes look like? Logistic, with and without asymptotes.
//!
//! ```text
//! P(t) = c + (u − c) σ(a t + d)
//! ```

use crate::numeric::vector::{exp, ln, logistic, logistic_softplus};

/// `ln P(0) = −ln(1 + exp z)` and `ln P(1) − ln P(0) = z`, with `z = a t + d`.
#[inline(always)]
pub(crate) fn log_table_two(p: &[f64], t: &[f64], out: &mut [f64]) {
    let (a, d) = (p[0], p[1]);
    let (base, difference) = out.split_at_mut(t.len());
    for ((b, f), t) in base.iter_mut().zip(difference.iter_mut()).zip(t) {
        let z = a * t + d;
        *b = -logistic_softplus(z).1;
        *f = z;
    }
}

/// Asymptotes `c` and `u` of a parameter slice, with `1 − c` and `1 − u` computed without cancellation.
#[inline(always)]
pub(crate) fn asymptotes(p: &[f64]) -> (f64, f64, f64, f64) {
    let c = logistic(p[2]);
    let not_c = logistic(-p[2]);
    match p.get(3) {
        Some(v) => (c, not_c, logistic(*v), logistic(-*v)),
        None => (c, not_c, 1.0, 0.0),
    }
}

/// As [`log_table_two`] with asymptotes.
#[inline(always)]
pub(crate) fn log_table_four(p: &[f64], t: &[f64], out: &mut [f64]) {
    let (a, d) = (p[0], p[1]);
    let (c, not_c, u, not_u) = asymptotes(p);
    let (base, difference) = out.split_at_mut(t.len());
    for ((b, f), t) in base.iter_mut().zip(difference.iter_mut()).zip(t) {
        let z = a * t + d;
        let e = exp(-z.abs());
        // With σ = 1/(1+e⁻ᶻ): P = (c + u eᶻ)/(1 + eᶻ), 1 − P = (1 − c + (1 − u) eᶻ)/(1 + eᶻ).
        let (low, high) = if z > 0.0 { (e, 1.0) } else { (1.0, e) };
        let log_whole = ln(1.0 + e);
        let right = ln(c * low + u * high + 1e-300);
        let wrong = ln(not_c * low + not_u * high + 1e-300);
        *b = wrong - log_whole;
        *f = right - wrong;
    }
}

/// Gradient and information of the logistic curve; see [`super::add_gradient`].
#[inline(always)]
pub(crate) fn add_gradient_two(
    p: &[f64],
    t: &[f64],
    counts: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) {
    let (n, r) = counts.split_at(t.len());
    let (mut s0, mut s1) = (0.0, 0.0);
    for (r, t) in r.iter().zip(t) {
        s0 += r;
        s1 += r * t;
    }
    add_gradient_moments(p, t, n, s1, s0, gradient, information);
}

/// Gradient and information of the logistic curve from its sufficient statistics `Σ y t` and `Σ y`.
///
/// Sums run over eight lanes in a fixed order, so that every instruction set gives the same bits.
#[inline(always)]
pub(crate) fn add_gradient_moments(
    p: &[f64],
    t: &[f64],
    n: &[f64],
    sum_yt: f64,
    sum_y: f64,
    gradient: &mut [f64],
    information: &mut [f64],
) {
    let (a, d) = (p[0], p[1]);
    const LANES: usize = 8;
    let mut sums = [[0.0f64; LANES]; 5];
    let whole = t.len() - t.len() % LANES;
    for (t, n) in t[..whole].chunks_exact(LANES).zip(n[..whole].chunks_exact(LANES)) {
        for lane in 0..LANES {
            let p = logistic(a * t[lane] + d);
            let np = n[lane] * p;
            let v = np * (1.0 - p);
            let tv = t[lane] * v;
            sums[0][lane] += np;
            sums[1][lane] += np * t[lane];
            sums[2][lane] += v;
            sums[3][lane] += tv;
            sums[4][lane] += tv * t[lane];
        }
    }
    for (lane, (t, n)) in t[whole..].iter().zip(&n[whole..]).enumerate() {
        let p = logistic(a * t + d);
        let np = n * p;
        let v = np * (1.0 - p);
        sums[0][lane] += np;
        sums[1][lane] += np * t;
        sums[2][lane] += v;
        sums[3][lane] += t * v;
        sums[4][lane] += t * v * t;
    }
    let total = sums.map(|lanes| lanes.iter().sum::<f64>());
    gradient[0] += sum_yt - total[1];
    gradient[1] += sum_y - total[0];
    information[0] += total[4];
    information[1] += total[3];
    information[2] += total[3];
    information[3] += total[2];
}

/// Gradient and information with asymptotes, on the logit scale of `c` and `u`.
#[inline(always)]
pub(crate) fn add_gradient_four(
    p: &[f64],
    t: &[f64],
    counts: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) {
    const LANES: usize = 4;
    let (a, d) = (p[0], p[1]);
    let (c, not_c, u, not_u) = asymptotes(p);
    let with_upper = p.len() > 3;
    let (n, r) = counts.split_at(t.len());
    let mut g = [[0.0f64; LANES]; 4];
    let mut h = [[0.0f64; LANES]; 10];
    let mut from = 0;
    while from < t.len() {
        let width = LANES.min(t.len() - from);
        let (mut tt, mut nn, mut rr) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        tt[..width].copy_from_slice(&t[from..from + width]);
        nn[..width].copy_from_slice(&n[from..from + width]);
        rr[..width].copy_from_slice(&r[from..from + width]);
        for lane in 0..LANES {
            let s = logistic(a * tt[lane] + d);
            let not_s = logistic(-(a * tt[lane] + d));
            let right = c * not_s + u * s + 1e-300;
            let wrong = not_c * not_s + not_u * s + 1e-300;
            let slope = (u - c) * s * not_s;
            let derivative = [slope * tt[lane], slope, c * not_c * not_s, u * not_u * s];
            let weight = 1.0 / (right * wrong);
            let residual = (rr[lane] - nn[lane] * right) * weight;
            let weight = nn[lane] * weight;
            let mut at = 0;
            for m in 0..4 {
                g[m][lane] += residual * derivative[m];
                for k in 0..=m {
                    h[at][lane] += weight * derivative[m] * derivative[k];
                    at += 1;
                }
            }
        }
        from += width;
    }
    let size = if with_upper { 4 } else { 3 };
    let mut at = 0;
    for m in 0..4 {
        if m < size {
            gradient[m] += g[m].iter().sum::<f64>();
        }
        for k in 0..=m {
            if m < size {
                let total: f64 = h[at].iter().sum();
                information[m * size + k] += total;
                if m != k {
                    information[k * size + m] += total;
                }
            }
            at += 1;
        }
    }
}
