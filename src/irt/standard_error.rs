//! How sure are the item parameters? The inverse of the observed information.
//!
//! The observed information is what complete data would carry less what is lost with θ (Louis 1982; Oakes
//! 1999, doi:10.1111/1467-9868.00188). Its products with any direction are differences of the marginal
//! gradient on nodes that stay where they are. With few parameters the whole matrix is built from them. With
//! many, items are nearly independent but for the directions in which all of them move together when the
//! scale of θ shifts, stretches or bends; those few directions are found and added to the items' own blocks.

use super::curve::{self, Kind};
use super::engine::Engine;
use super::layout::Layout;
use super::objective::{Metric, dot, evaluate};
use super::prior::ItemPriors;
use crate::numeric::cholesky::Cholesky;
use rayon::prelude::*;

/// Covariance of the natural parameters within each item; `None` where the information is singular.
pub(crate) struct ItemCovariance {
    /// Square blocks, laid out as [`Layout::square`].
    pub blocks: Vec<f64>,
    /// Items whose block could not be inverted.
    pub known: Vec<bool>,
    /// Whether the whole matrix was used.
    pub full: bool,
}

/// Gradient at `x + h·v` less gradient at `x − h·v`, over `2h`, negated: the observed information times `v`.
fn information_times(engine: &mut Engine<'_>, priors: &ItemPriors, x: &[f64], v: &[f64]) -> Vec<f64> {
    let longest = v.iter().fold(0.0f64, |m, s| m.max(s.abs()));
    let h = 1e-4 / longest.max(1e-12);
    let moved = |sign: f64| -> Vec<f64> { x.iter().zip(v).map(|(x, s)| x + sign * h * s).collect() };
    let up = evaluate(engine, priors, &moved(1.0)).gradient;
    let down = evaluate(engine, priors, &moved(-1.0)).gradient;
    up.iter().zip(&down).map(|(u, d)| (d - u) / (2.0 * h)).collect()
}

/// As [`information_times`] from one side, where the gradient at `x` is known: half the work, with an error in
/// proportion to `h` that is far below what blocks leave out.
fn information_times_from(
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    (x, gradient): (&[f64], &[f64]),
    v: &[f64],
) -> Vec<f64> {
    let longest = v.iter().fold(0.0f64, |m, s| m.max(s.abs()));
    let h = 1e-4 / longest.max(1e-12);
    let moved: Vec<f64> = x.iter().zip(v).map(|(x, s)| x + h * s).collect();
    let up = evaluate(engine, priors, &moved).gradient;
    gradient.iter().zip(&up).map(|(g, u)| (g - u) / h).collect()
}

/// Covariances of the items' natural parameters at the maximum `x`.
pub(crate) fn covariance(
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    x: &[f64],
    metric: &Metric,
    full_limit: usize,
) -> ItemCovariance {
    let keep = (engine.mean.clone(), engine.sd.clone(), engine.each.clone());
    engine.freeze(&engine.layout.to_natural(x));
    let free = if x.len() <= full_limit || engine.layout.common_slope && x.len() <= 2 * full_limit {
        full(engine, priors, x)
    } else {
        None
    };
    let layout = engine.layout;
    let natural = layout.to_natural(x);
    let out = match free {
        Some(covariance) => from_full(layout, &natural, &covariance, x.len()),
        None => by_blocks(engine, priors, x, metric, &natural),
    };
    engine.thaw();
    (engine.mean, engine.sd, engine.each) = keep;
    out
}

/// Inverse of the whole observed information in free coordinates.
fn full(engine: &mut Engine<'_>, priors: &ItemPriors, x: &[f64]) -> Option<Vec<f64>> {
    let n = x.len();
    let mut information = vec![0.0; n * n];
    let mut direction = vec![0.0; n];
    for m in 0..n {
        direction[m] = 1.0;
        let column = information_times(engine, priors, x, &direction);
        direction[m] = 0.0;
        for k in 0..n {
            information[k * n + m] += column[k] / 2.0;
            information[m * n + k] += column[k] / 2.0;
        }
    }
    Cholesky::new(&information, n).map(|f| f.inverse())
}

fn from_full(layout: &Layout, natural: &[f64], covariance: &[f64], n: usize) -> ItemCovariance {
    let mut blocks = vec![0.0; layout.square[layout.n_items()]];
    for i in 0..layout.n_items() {
        let size = layout.size(i);
        let range = layout.block(i);
        let place = |m: usize| match (layout.common_slope, m) {
            (true, 0) => 0,
            (true, m) => range.start + m - 1,
            (false, m) => range.start + m,
        };
        let mut block = vec![0.0; size * size];
        for a in 0..size {
            for b in 0..size {
                block[a * size + b] = covariance[place(a) * n + place(b)];
            }
        }
        push_forward(layout, i, natural, &mut block);
        blocks[layout.square[i]..layout.square[i + 1]].copy_from_slice(&block);
    }
    ItemCovariance { blocks, known: vec![true; layout.n_items()], full: true }
}

/// Covariance from free to natural coordinates of one item: `J C Jᵀ`.
fn push_forward(layout: &Layout, item: usize, natural: &[f64], block: &mut [f64]) {
    let Some(j) = layout.jacobian(item, natural) else { return };
    let n = layout.size(item);
    let mut half = vec![0.0; n * n];
    for a in 0..n {
        for b in 0..n {
            half[a * n + b] = (0..n).map(|k| j[a * n + k] * block[k * n + b]).sum();
        }
    }
    for a in 0..n {
        for b in 0..n {
            block[a * n + b] = (0..n).map(|k| half[a * n + k] * j[b * n + k]).sum();
        }
    }
}

/// What an item loses with θ, per item: `Σ_p Var(score of item | answers of p)`, by the slope of the score at
/// each posterior mean. Exact as posteriors narrow, which is where blocks are used.
fn lost(engine: &Engine<'_>, natural: &[f64]) -> Vec<f64> {
    let (data, layout) = (engine.data, engine.layout);
    // Respondents in sorted order are cut into cells of nearly equal θ: one evaluation serves them all.
    let cells = representatives(&engine.mean, &engine.sd, &data.weights);
    let parts: Vec<Vec<f64>> = (0..layout.n_items())
        .into_par_iter()
        .with_min_len(8)
        .map_init(
            || SlopeOfScore::new(data, layout),
            |slope, i| {
                let p = &natural[layout.natural[i]..layout.natural[i + 1]];
                let mut total = vec![0.0; p.len() * p.len()];
                for (t, weight) in &cells {
                    match layout.kind {
                        Kind::Logistic => add_logistic_square(p, *t, *weight, &mut total),
                        _ => slope.add_square(layout.kind, p, *t, *weight, &mut total),
                    }
                }
                let density = share_present(data, i);
                total.iter_mut().for_each(|v| *v *= density);
                total
            },
        )
        .collect();
    let mut out = parts.concat();
    for i in 0..layout.n_items() {
        let size = layout.size(i);
        let block = &mut out[layout.square[i]..layout.square[i + 1]];
        let mut nothing = vec![0.0; size];
        layout.pull_back(i, natural, &mut nothing, block);
    }
    out
}

/// Adds the expected square of `d score / dθ` of a logistic item. The score is `(y − P)(θ, 1)`; with
/// `v = P (1 − P)` its slope is `(y − P − a v θ, −a v)`.
fn add_logistic_square(p: &[f64], t: f64, weight: f64, total: &mut [f64]) {
    let s = crate::numeric::vector::logistic(p[0] * t + p[1]);
    let v = s * (1.0 - s);
    let square = weight * (p[0] * v).powi(2);
    total[0] += weight * v + square * t * t;
    total[1] += square * t;
    total[2] += square * t;
    total[3] += square;
}

/// Buffers for the slope of any item's score, by differences.
struct SlopeOfScore {
    point: curve::point::Point,
    counts: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
    information: Vec<f64>,
}

impl SlopeOfScore {
    fn new(data: &super::data::Responses, layout: &Layout) -> Self {
        let most = (0..layout.n_items()).map(|i| layout.size(i)).max().unwrap_or(2);
        let rows = data.n_levels.iter().map(|n| super::band::table_rows(layout.kind, *n)).max().unwrap_or(2);
        Self {
            point: Default::default(),
            counts: vec![0.0; rows],
            up: vec![0.0; most],
            down: vec![0.0; most],
            information: vec![0.0; most * most],
        }
    }

    /// Adds the expected square of `d score / dθ` over the answers that the curve expects.
    fn add_square(&mut self, kind: Kind, p: &[f64], t: f64, weight: f64, total: &mut [f64]) {
        const H: f64 = 1e-4;
        let size = p.len();
        self.point.fill(kind, p, t);
        let rows = if kind.is_ordinal() { self.point.p.len() } else { 2 };
        for k in 0..self.point.p.len() {
            let counts = &mut self.counts[..rows];
            counts.fill(0.0);
            if kind.is_ordinal() {
                counts[k] = 1.0;
            } else {
                (counts[0], counts[1]) = (1.0, k as f64);
            }
            for (at, g) in [(t + H, &mut self.up), (t - H, &mut self.down)] {
                g.fill(0.0);
                let information = &mut self.information[..size * size];
                curve::add_gradient(kind, p, &[at], counts, &mut g[..size], information);
            }
            let share = weight * self.point.p[k] / (4.0 * H * H);
            for a in 0..size {
                let slope = share * (self.up[a] - self.down[a]);
                for b in 0..size {
                    total[a * size + b] += slope * (self.up[b] - self.down[b]);
                }
            }
        }
    }
}

/// Abilities that stand for all respondents, with `Σ weight · sd²`.
fn representatives(mean: &[f64], sd: &[f64], weights: &[f64]) -> Vec<(f64, f64)> {
    let mut cells: std::collections::BTreeMap<i64, (f64, f64)> = Default::default();
    for ((m, s), w) in mean.iter().zip(sd).zip(weights) {
        let cell = cells.entry((m * 8.0).floor() as i64).or_default();
        cell.0 += w * s * s * m;
        cell.1 += w * s * s;
    }
    cells.into_values().filter(|c| c.1 > 0.0).map(|(t, v)| (t / v, v)).collect()
}

fn share_present(data: &super::data::Responses, item: usize) -> f64 {
    match &data.cells {
        super::data::Packed::Bits(b) => b.row_counts(item).1 as f64 / data.n_respondents() as f64,
        _ => {
            let n: usize = (0..data.n_respondents()).filter_map(|r| data.cell(item, r)).map(|(_, n)| n).sum();
            n as f64 / data.n_respondents() as f64
        }
    }
}

/// Blocks of the items, plus the directions in which all items move together.
fn by_blocks(
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    x: &[f64],
    metric: &Metric,
    natural: &[f64],
) -> ItemCovariance {
    let layout = engine.layout;
    let own = metric.less(&lost(engine, natural));
    let (mut blocks, known) = own.inverse_blocks();
    for (v, gain) in common_directions(engine, priors, x, natural, &own) {
        for i in (0..layout.n_items()).filter(|i| known[*i]) {
            let (size, range) = (layout.size(i), layout.block(i));
            let entry = |m: usize| match (layout.common_slope, m) {
                (true, 0) => v[0],
                (true, m) => v[range.start + m - 1],
                (false, m) => v[range.start + m],
            };
            for a in 0..size {
                for b in 0..size {
                    blocks[layout.square[i] + a * size + b] += gain * entry(a) * entry(b);
                }
            }
        }
    }
    for i in 0..layout.n_items() {
        push_forward(layout, i, natural, &mut blocks[layout.square[i]..layout.square[i + 1]]);
    }
    ItemCovariance { blocks, known, full: false }
}

/// Directions `v` with `vᵀ M v = 1` along which the covariance exceeds that of the blocks by `gain · v vᵀ`:
/// Ritz pairs of `I_obs v = μ M v` after one power step from the shift, the stretch and the bend of θ.
fn common_directions(
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    x: &[f64],
    natural: &[f64],
    own: &Metric,
) -> Vec<(Vec<f64>, f64)> {
    // What the blocks miss, once more in their own metric: w = s − M⁻¹ I_obs s.
    let here = evaluate(engine, priors, x).gradient;
    let mut vectors: Vec<Vec<f64>> = Vec::new();
    let mut images: Vec<Vec<f64>> = Vec::new();
    for seed in seeds(engine.layout, natural) {
        let correction = own.solve(&information_times_from(engine, priors, (x, &here), &seed));
        let mut v: Vec<f64> = seed.iter().zip(&correction).map(|(s, c)| s - c).collect();
        let original = dot(&own.times(&v), &v).sqrt();
        for _ in 0..2 {
            for u in &vectors {
                let overlap = dot(&own.times(u), &v);
                v.iter_mut().zip(u).for_each(|(a, b)| *a -= overlap * b);
            }
        }
        let norm = dot(&own.times(&v), &v).sqrt();
        if norm.is_finite() && norm > 1e-6 * original && norm > 0.0 {
            v.iter_mut().for_each(|a| *a /= norm);
            images.push(information_times_from(engine, priors, (x, &here), &v));
            vectors.push(v);
        }
    }
    let k = vectors.len();
    let mut small = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..k {
            small[a * k + b] = 0.5 * (dot(&vectors[a], &images[b]) + dot(&vectors[b], &images[a]));
        }
    }
    let (values, rotation) = jacobi(small, k);
    (0..k)
        .filter_map(|c| {
            // μ is the share of the block's information that is left along v.
            let gain = 1.0 / values[c] - 1.0;
            if !(values[c] > 1e-6 && gain.is_finite()) {
                return None;
            }
            let mut v = vec![0.0; x.len()];
            for (a, u) in vectors.iter().enumerate() {
                v.iter_mut().zip(u).for_each(|(x, y)| *x += rotation[a * k + c] * y);
            }
            Some((v, gain))
        })
        .collect()
}

/// How the free parameters move when θ is shifted, stretched or bent.
fn seeds(layout: &Layout, natural: &[f64]) -> [Vec<f64>; 3] {
    let (shift, stretch) = (layout.shift(natural), layout.stretch(natural));
    let mut bend = vec![0.0; shift.len()];
    for i in 0..layout.n_items() {
        let range = layout.block(i);
        let (a, d) = (natural[layout.natural[i]], natural[layout.natural[i] + 1]);
        let b = if a.abs() > 0.1 { (-d / a).clamp(-3.0, 3.0) } else { 0.0 };
        let intercepts = if layout.common_slope { range.clone() } else { range.start + 1..range.end };
        intercepts.for_each(|k| bend[k] = shift[k] * (b * b - 1.0));
        if !layout.common_slope {
            bend[range.start] = -2.0 * a * b;
        }
    }
    [shift, stretch, bend]
}

/// Eigenvalues and eigenvectors (columns) of a small symmetric matrix by cyclic Jacobi rotations.
pub(crate) fn jacobi(mut m: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _ in 0..60 {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| m[i * n + j].abs()).sum();
        if off < 1e-300 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if m[p * n + q].abs() < 1e-300 {
                    continue;
                }
                let theta = (m[q * n + q] - m[p * n + p]) / (2.0 * m[p * n + q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (a, b) = (m[k * n + p], m[k * n + q]);
                    m[k * n + p] = c * a - s * b;
                    m[k * n + q] = s * a + c * b;
                }
                for k in 0..n {
                    let (a, b) = (m[p * n + k], m[q * n + k]);
                    m[p * n + k] = c * a - s * b;
                    m[q * n + k] = s * a + c * b;
                }
                for k in 0..n {
                    let (a, b) = (v[k * n + p], v[k * n + q]);
                    v[k * n + p] = c * a - s * b;
                    v[k * n + q] = s * a + c * b;
                }
            }
        }
    }
    ((0..n).map(|i| m[i * n + i]).collect(), v)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [[2, 1], [1, 2]] has eigenvalues 1 and 3.
    #[test]
    fn rotations_diagonalise() {
        let (mut values, _) = jacobi(vec![2.0, 1.0, 1.0, 2.0], 2);
        values.sort_by(f64::total_cmp);
        assert!((values[0] - 1.0).abs() < 1e-12 && (values[1] - 3.0).abs() < 1e-12);
    }
}
