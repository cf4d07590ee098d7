//! What does a complete table of right and wrong need? Two columns of sums and one curve for everybody.
//!
//! Under the logistic curve a respondent's log-likelihood is linear in the answers,
//!
//! ```text
//! ℓ_p(t) = t Σⱼ aⱼ y_pj + Σⱼ dⱼ y_pj − S(t),   S(t) = Σⱼ ln(1 + exp(aⱼ t + dⱼ))
//! ```
//!
//! and with no cell missing `S` is the same for all. The cells enter only through products of the bit matrix
//! with two columns; everything else is work on one grid.

use super::coarse::Coarse;
use super::curve;
use super::data::{Packed, Responses};
use super::grid::{FINENESS, Nodes};
use super::layout::Layout;
use super::product::bit_product;
use crate::numeric::vector::wide_kernel;
use crate::numeric::vector::{exp, ln};
use rayon::prelude::*;

/// Log-likelihood, mean and standard deviation of the posterior of one respondent.
type Moments = (f64, f64, f64);

/// Items whose curves are summed together; a fixed number, so that threads never change the result.
const BLOCK: usize = 128;
/// Products of `1 + exp(−|z|) ≤ 2` that fit well below overflow before a logarithm is taken.
const PER_LOGARITHM: usize = 512;

/// Posteriors and expected counts on one grid.
pub(crate) struct CompletePass {
    pub log_likelihood: Vec<f64>,
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    /// Weighted sum of all posteriors on the nodes.
    pub density: Vec<f64>,
}

wide_kernel! {
    /// Adds `Σⱼ ln(1 + exp(aⱼ t + dⱼ))` of a few items on every node.
    fn add_curve(natural: &[f64], t: &[f64], to: &mut [f64]) = add_curve_body;
}

#[inline(always)]
fn add_curve_body(natural: &[f64], t: &[f64], to: &mut [f64]) {
    let mut product = vec![1.0; t.len()];
    for chunk in natural.chunks(2 * PER_LOGARITHM) {
        product.fill(1.0);
        for p in chunk.chunks_exact(2) {
            let (a, d) = (p[0], p[1]);
            for ((s, f), t) in to.iter_mut().zip(product.iter_mut()).zip(t) {
                let z = a * t + d;
                *s += if z > 0.0 { z } else { 0.0 };
                *f *= 1.0 + exp(-z.abs());
            }
        }
        for (s, f) in to.iter_mut().zip(&product) {
            *s += ln(*f);
        }
    }
}

/// Sum of the items' curves on the given nodes.
fn summed(natural: &[f64], t: &[f64]) -> Vec<f64> {
    let partial: Vec<Vec<f64>> = natural
        .par_chunks(2 * BLOCK)
        .map(|items| {
            let mut s = vec![0.0; t.len()];
            add_curve(items, t, &mut s);
            s
        })
        .collect();
    let mut out = vec![0.0; t.len()];
    for s in partial {
        out.iter_mut().zip(s).for_each(|(a, b)| *a += b);
    }
    out
}

/// `S(t)` on all nodes.
fn shared_curve(natural: &[f64], grid: &CompleteGrid) -> Vec<f64> {
    let Some(coarse) = &grid.coarse else { return summed(natural, &grid.nodes.t) };
    let (mut gentle, mut steep) = (Vec::with_capacity(natural.len()), Vec::new());
    for p in natural.chunks_exact(2) {
        if p[0].abs() <= coarse.steepest { gentle.extend(p) } else { steep.extend(p) }
    }
    let mut out = summed(&steep, &grid.nodes.t);
    coarse.spread(&summed(&gentle, &coarse.t), &mut out);
    out
}

wide_kernel! {
    /// Posterior of one respondent; returns log-likelihood, mean and standard deviation and adds to `density`.
    fn respond(
        linear: (f64, f64), weight: f64, curve: &[f64], nodes: &Nodes, scratch: &mut [f64], density: &mut [f64],
    ) -> (f64, f64, f64) = respond_body;
}

#[inline(always)]
fn respond_body(
    linear: (f64, f64),
    weight: f64,
    curve: &[f64],
    nodes: &Nodes,
    scratch: &mut [f64],
    density: &mut [f64],
) -> (f64, f64, f64) {
    let (a, d) = linear;
    let f = |q: usize| a * nodes.t[q] + d - curve[q] + nodes.log_weight[q];
    // The log-posterior is concave: bisection on its differences finds the top, then its flanks are walked
    // down to where nothing is left of it.
    let (mut low, mut high) = (0, nodes.t.len() - 1);
    while low < high {
        let middle = (low + high) / 2;
        if f(middle + 1) > f(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let top = f(low);
    let (mut from, mut to) = (low, low + 1);
    while from > 0 && f(from - 1) > top - 38.0 {
        from -= 1;
    }
    while to < nodes.t.len() && f(to) > top - 38.0 {
        to += 1;
    }
    let mut total = 0.0;
    let mut first = 0.0;
    let row = &mut scratch[from..to];
    for (q, w) in (from..to).zip(row.iter_mut()) {
        *w = exp(f(q) - top);
        total += *w;
        first += *w * nodes.t[q];
    }
    let mean = first / total;
    let mut second = 0.0;
    let scale = weight / total;
    for ((w, t), n) in row.iter().zip(&nodes.t[from..to]).zip(&mut density[from..to]) {
        second += w * (t - mean) * (t - mean);
        *n += w * scale;
    }
    (top + total.ln(), mean, (second / total).sqrt())
}

/// Nodes for the posteriors, and fewer for the items' curves.
#[derive(Debug, Clone)]
pub(crate) struct CompleteGrid {
    pub nodes: Nodes,
    coarse: Option<Coarse>,
}

impl CompleteGrid {
    /// The coarse nodes are chosen for the slopes of the items.
    pub fn new(nodes: Nodes, natural: &[f64]) -> Self {
        let coarse = Coarse::for_slopes(&nodes, natural.iter().step_by(2).copied());
        Self { nodes, coarse }
    }
}

/// Nodes for everybody: shared while posteriors are wide, else fine enough for the narrowest.
pub(crate) fn nodes_for(mean: &[f64], sd: &[f64], shared: &Nodes, always_shared: bool) -> Nodes {
    let narrowest = sd.iter().copied().fold(f64::INFINITY, f64::min);
    if always_shared || narrowest >= shared.step() {
        return shared.clone();
    }
    let reach = |m: f64, s: f64, sign: f64| m + sign * (10.0 * s).max(0.25);
    let low = mean.iter().zip(sd).map(|(m, s)| reach(*m, *s, -1.0)).fold(f64::INFINITY, f64::min);
    let high = mean.iter().zip(sd).map(|(m, s)| reach(*m, *s, 1.0)).fold(f64::NEG_INFINITY, f64::max);
    let step = (FINENESS * narrowest).max((high - low) / 8192.0);
    let count = ((high - low) / step).ceil() as usize + 1;
    Nodes::stretch(low, step, count)
}

/// The E step: posteriors under the logistic curve.
pub(crate) fn expect(data: &Responses, natural: &[f64], grid: &CompleteGrid) -> Option<CompletePass> {
    let nodes = &grid.nodes;
    let by_respondent = data.by_respondent.as_ref()?;
    let slopes: Vec<f64> = natural.iter().step_by(2).copied().collect();
    let intercepts: Vec<f64> = natural.iter().skip(1).step_by(2).copied().collect();
    let linear = bit_product(by_respondent, &slopes, &intercepts);
    let curve = shared_curve(natural, grid);
    // Fixed groups of respondents, so that their densities are added in a fixed order.
    let group = data.n_respondents().div_ceil(16).max(64);
    let parts: Vec<(Vec<Moments>, Vec<f64>)> = linear
        .par_chunks(group)
        .zip(data.weights.par_chunks(group))
        .map(|(linear, weights)| {
            let mut density = vec![0.0; nodes.t.len()];
            let mut scratch = vec![0.0; nodes.t.len()];
            let each = linear
                .iter()
                .zip(weights)
                .map(|(l, w)| respond(*l, *w, &curve, nodes, &mut scratch, &mut density))
                .collect();
            (each, density)
        })
        .collect();
    let n = data.n_respondents();
    let mut out = CompletePass {
        log_likelihood: Vec::with_capacity(n),
        mean: Vec::with_capacity(n),
        sd: Vec::with_capacity(n),
        density: vec![0.0; nodes.t.len()],
    };
    for (each, density) in parts {
        for (l, m, s) in each {
            out.log_likelihood.push(l);
            out.mean.push(m);
            out.sd.push(s);
        }
        out.density.iter_mut().zip(density).for_each(|(a, b)| *a += b);
    }
    Some(out)
}

/// Gradient and information of all items from the expected counts, natural parameters.
pub(crate) fn gradient(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    grid: &CompleteGrid,
    pass: &CompletePass,
) -> (Vec<f64>, Vec<f64>) {
    let n_items = layout.n_items();
    let mut gradient = vec![0.0; 2 * n_items];
    let mut information = vec![0.0; 4 * n_items];
    let Packed::Bits(cells) = &data.cells else { return (gradient, information) };
    let weighted: Vec<f64> = pass.mean.iter().zip(&data.weights).map(|(m, w)| m * w).collect();
    let sums = bit_product(cells, &weighted, &data.weights);
    // Nodes that carry nothing cost nothing.
    let first = pass.density.iter().position(|n| *n > 1e-14).unwrap_or(0);
    let last = pass.density.iter().rposition(|n| *n > 1e-14).map_or(0, |q| q + 1).max(first);
    let fine = (&grid.nodes.t[first..last], &pass.density[first..last]);
    let gathered = grid.coarse.as_ref().map(|coarse| (coarse, coarse.gather(&pass.density)));
    gradient.par_chunks_mut(2).zip(information.par_chunks_mut(4)).with_min_len(64).enumerate().for_each(
        |(i, (g, h))| {
            let p = &natural[2 * i..2 * i + 2];
            let (t, density) = match &gathered {
                Some((coarse, density)) if p[0].abs() <= coarse.steepest => (&coarse.t[..], &density[..]),
                _ => fine,
            };
            curve::moments_kernel(p, t, density, sums[i].0, sums[i].1, g, h);
        },
    );
    (gradient, information)
}
