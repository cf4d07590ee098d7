//! How is a smooth curve known on fine nodes from a few of its points? Interpolation, and its transpose.
//!
//! Posteriors of θ are narrow; item curves are not. The sum of many curves is therefore computed on every
//! `stride`-th node and interpolated to the others with the polynomial through the twelve nearest, and the
//! expected counts of the fine nodes are carried back to the coarse ones by the transpose of the same weights:
//! the gradient is exactly that of the interpolated likelihood.
//!
//! `ln(1 + exp(a t + d))` is analytic but for poles at distance `π / a` from the real line, so that the error
//! falls with the twelfth power of `a` times the spacing. Items too steep for that are computed on all nodes.

use super::grid::Nodes;
use crate::numeric::vector::{logistic, wide_kernel};
use rayon::prelude::*;

/// Points of each polynomial.
const POINTS: usize = 12;
/// Coarse nodes on either side of a point.
const SIDE: usize = POINTS / 2;
/// Slope times spacing up to which the error stays below 3e-10 (worst case at the middle of the curve:
/// `(11!!/2⁶)² · 2 · 11! / (π¹² 12!) · 0.25¹²`).
const REACH: f64 = 0.25;

/// A coarse companion of fine nodes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Coarse {
    /// Fine steps in a coarse one.
    stride: usize,
    /// The coarse nodes, reaching beyond the fine ones on both sides.
    pub t: Vec<f64>,
    /// Steepest slope that is interpolated.
    pub steepest: f64,
    /// Weights of the twelve coarse nodes around a fine one, for each place between two coarse ones.
    weights: Vec<[f64; POINTS]>,
}

impl Coarse {
    /// The stride that needs the least work for these slopes; `None` where all nodes are needed anyway.
    pub fn for_slopes(nodes: &Nodes, slopes: impl Iterator<Item = f64>) -> Option<Self> {
        let (step, n) = (nodes.step(), nodes.t.len());
        let mut slopes: Vec<f64> = slopes.map(f64::abs).collect();
        slopes.sort_by(f64::total_cmp);
        let n_items = slopes.len().max(1) as f64;
        let cost = |stride: usize| {
            let limit = REACH / (stride as f64 * step);
            let steep = (slopes.len() - slopes.partition_point(|a| *a <= limit)) as f64 / n_items;
            (1.0 - steep) * (n / stride + 1 + POINTS) as f64 + steep * n as f64
        };
        let best = (2..=256).min_by(|a, b| cost(*a).total_cmp(&cost(*b)))?;
        (cost(best) < 0.7 * n as f64).then(|| Self::new(nodes, best))
    }

    fn new(nodes: &Nodes, stride: usize) -> Self {
        let spacing = nodes.step() * stride as f64;
        let count = (nodes.t.len() - 1) / stride + POINTS;
        let first = nodes.t[0] - (SIDE - 1) as f64 * spacing;
        Self {
            stride,
            t: (0..count).map(|k| first + spacing * k as f64).collect(),
            steepest: REACH / spacing,
            weights: (0..stride).map(|phase| weights(phase as f64 / stride as f64)).collect(),
        }
    }

    /// Adds the curve through the coarse values to all fine nodes.
    pub fn spread(&self, coarse: &[f64], fine: &mut [f64]) {
        for (cell, fine) in fine.chunks_mut(self.stride).enumerate() {
            let around = &coarse[cell..cell + POINTS];
            for (to, w) in fine.iter_mut().zip(&self.weights) {
                *to += w.iter().zip(around).map(|(w, c)| w * c).sum::<f64>();
            }
        }
    }

    /// The transpose of [`Coarse::spread`]: coarse counts that weigh any interpolated curve as the fine ones do.
    pub fn gather(&self, fine: &[f64]) -> Vec<f64> {
        let mut coarse = vec![0.0; self.t.len()];
        for (cell, fine) in fine.chunks(self.stride).enumerate() {
            let around = &mut coarse[cell..cell + POINTS];
            for (n, w) in fine.iter().zip(&self.weights) {
                around.iter_mut().zip(w).for_each(|(c, w)| *c += w * n);
            }
        }
        coarse
    }
}

/// Derivatives of the items' summed curve `S(t) = Σ ln(1 + exp(a t + d))` wherever θ may be.
///
/// `S′` is the expected score weighted by slopes, `S″` the information and `S‴` its slope.
pub(crate) struct SummedCurve {
    first: f64,
    spacing: f64,
    values: Vec<[f64; 3]>,
    steep: Vec<(f64, f64)>,
}

impl SummedCurve {
    /// The curve of items `(a, d)` between two abilities.
    pub fn new(natural: &[f64], low: f64, high: f64) -> Self {
        let mut slopes: Vec<f64> = natural.iter().step_by(2).map(|a| a.abs()).collect();
        slopes.sort_by(f64::total_cmp);
        // One item in a hundred may be too steep, and is computed where it is asked for.
        let steepest = slopes.get(slopes.len() * 99 / 100).copied().unwrap_or(1.0).clamp(0.5, 20.0);
        let spacing = 0.8 * REACH / steepest;
        let items: Vec<(f64, f64)> = natural.chunks_exact(2).map(|p| (p[0], p[1])).collect();
        let (gentle, steep): (Vec<_>, Vec<_>) = items.into_iter().partition(|p| p.0.abs() <= steepest);
        let first = low - SIDE as f64 * spacing;
        let count = ((high - low) / spacing).ceil() as usize + POINTS + 1;
        let values =
            (0..count).into_par_iter().map(|k| derivatives(&gentle, first + k as f64 * spacing)).collect();
        Self { first, spacing, values, steep }
    }

    /// `S′`, `S″`, `S‴` at `t`; `None` outside of what was tabulated.
    pub fn at(&self, t: f64) -> Option<[f64; 3]> {
        let place = (t - self.first) / self.spacing;
        if !place.is_finite() {
            return None;
        }
        let cell = (place.floor() - (SIDE - 1) as f64) as i64;
        let from = usize::try_from(cell).ok()?;
        let around = self.values.get(from..from + POINTS)?;
        let mut out = derivatives(&self.steep, t);
        for (w, value) in weights(place - place.floor()).iter().zip(around) {
            out.iter_mut().zip(value).for_each(|(o, v)| *o += w * v);
        }
        Some(out)
    }
}

fn derivatives(items: &[(f64, f64)], t: f64) -> [f64; 3] {
    let mut out = [0.0; 3];
    add_derivatives(items, t, &mut out);
    out
}

wide_kernel! {
    fn add_derivatives(items: &[(f64, f64)], t: f64, out: &mut [f64; 3]) = add_derivatives_body;
}

/// Sums run over eight lanes in a fixed order, so that every instruction set gives the same bits.
#[inline(always)]
fn add_derivatives_body(items: &[(f64, f64)], t: f64, out: &mut [f64; 3]) {
    let mut lanes = [[0.0f64; 8]; 3];
    let mut add = |lane: usize, (a, d): (f64, f64)| {
        let s = logistic(a * t + d);
        let v = a * a * s * (1.0 - s);
        lanes[0][lane] += a * s;
        lanes[1][lane] += v;
        lanes[2][lane] += v * a * (1.0 - 2.0 * s);
    };
    let whole = items.len() - items.len() % 8;
    for chunk in items[..whole].chunks_exact(8) {
        for lane in 0..8 {
            add(lane, chunk[lane]);
        }
    }
    items[whole..].iter().enumerate().for_each(|(lane, item)| add(lane, *item));
    out.iter_mut().zip(lanes).for_each(|(o, l)| *o += l.iter().sum::<f64>());
}

/// Lagrange weights of a point `place` (0 to 1) beyond the middle left one of twelve equally spaced nodes.
fn weights(place: f64) -> [f64; POINTS] {
    let at = |k: usize| k as f64 - (SIDE - 1) as f64;
    std::array::from_fn(|k| {
        (0..POINTS).filter(|m| *m != k).map(|m| (place - at(m)) / (at(k) - at(m))).product()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Nodes {
        Nodes::stretch(-3.0, 0.013, 470)
    }

    #[test]
    fn curves_come_back_to_ten_digits() {
        let nodes = nodes();
        let coarse = Coarse::for_slopes(&nodes, [0.5, 1.0, 2.0].into_iter()).unwrap();
        assert!(coarse.t.len() < nodes.t.len() / 4);
        for a in [0.3, 1.0, coarse.steepest] {
            let curve = |t: &f64| (a * t - 0.2f64).exp().ln_1p();
            let mut fine = vec![0.0; nodes.t.len()];
            coarse.spread(&coarse.t.iter().map(curve).collect::<Vec<_>>(), &mut fine);
            for (t, value) in nodes.t.iter().zip(fine) {
                assert!((value - curve(t)).abs() < 5e-10, "slope {a} at {t}: {}", value - curve(t));
            }
        }
    }

    #[test]
    fn gathering_is_the_transpose_of_spreading() {
        let nodes = nodes();
        let coarse = Coarse::new(&nodes, 9);
        let values: Vec<f64> = (0..coarse.t.len()).map(|k| (k as f64 * 0.7).sin()).collect();
        let counts: Vec<f64> = (0..nodes.t.len()).map(|q| (q as f64 * 0.3).cos() + 1.0).collect();
        let mut fine = vec![0.0; nodes.t.len()];
        coarse.spread(&values, &mut fine);
        let one: f64 = fine.iter().zip(&counts).map(|(a, b)| a * b).sum();
        let other: f64 = coarse.gather(&counts).iter().zip(&values).map(|(a, b)| a * b).sum();
        assert!((one - other).abs() < 1e-9 * one.abs().max(1.0));
    }

    #[test]
    fn derivatives_of_the_summed_curve_are_those_of_its_items() {
        let natural: Vec<f64> =
            (0..300).flat_map(|i| [0.4 + 0.007 * i as f64, (i as f64 * 0.37).sin() * 2.0]).collect();
        let items: Vec<(f64, f64)> = natural.chunks_exact(2).map(|p| (p[0], p[1])).collect();
        let curve = SummedCurve::new(&natural, -2.0, 3.0);
        for t in [-2.0, -0.731, 0.0, 1.234_567, 3.0] {
            let (found, direct) = (curve.at(t).unwrap(), derivatives(&items, t));
            for k in 0..3 {
                assert!(
                    (found[k] - direct[k]).abs() < 1e-8 * items.len() as f64,
                    "{t}: {found:?} {direct:?}"
                );
            }
        }
        assert!(curve.at(-9.0).is_none() && curve.at(9.0).is_none() && curve.at(f64::NAN).is_none());
    }

    #[test]
    fn steep_items_alone_are_not_interpolated() {
        assert!(Coarse::for_slopes(&nodes(), [40.0, 60.0].into_iter()).is_none());
    }
}
