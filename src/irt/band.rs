//! What do 64 neighbours say about every item? The two passes over the cells of one band.
//!
//! A machine word of an item's row holds the answers of one band. The first pass adds the item's
//! log-probabilities to the respondents whose bits are set; the second adds their posteriors to the item's
//! expected counts. Both touch the lesser of the set and the unset bits: the rest comes from a common sum.

use super::curve::{self, Kind};
use super::data::{Packed, Responses};
use super::grid::BandGrid;
use super::layout::Layout;
use crate::numeric::vector::wide_kernel;
use crate::response::matrix::NO_CATEGORY;
use std::ops::Range;

/// Log-probability tables of all items on a shared grid, or the order to compute them on the way.
pub(crate) struct Tables {
    /// Where the rows of each item begin, in units of nodes.
    pub rows: Vec<usize>,
    pub values: Vec<f64>,
}

/// Log-likelihoods of one band on its nodes.
#[derive(Debug, Clone)]
pub(crate) struct BandLikelihood {
    /// Respondents × window.
    pub own: Vec<f64>,
    /// What all respondents share, on all nodes.
    pub common: Vec<f64>,
    /// Slope and constant of what is linear in θ.
    pub linear: Vec<(f64, f64)>,
}

/// Rows in a table: curves of two outcomes have two, others one for each category.
pub(crate) fn table_rows(kind: Kind, n_levels: usize) -> usize {
    if kind.is_ordinal() { n_levels } else { 2 }
}

/// First and last respondent of a band.
pub(crate) fn members(data: &Responses, band: usize) -> Range<usize> {
    band * 64..((band + 1) * 64).min(data.n_respondents())
}

#[inline(always)]
fn add(to: &mut [f64], what: &[f64]) {
    for (a, b) in to.iter_mut().zip(what) {
        *a += b;
    }
}

#[inline(always)]
fn subtract(to: &mut [f64], what: &[f64]) {
    for (a, b) in to.iter_mut().zip(what) {
        *a -= b;
    }
}

#[inline(always)]
fn add_times(to: &mut [f64], what: &[f64], times: f64) {
    for (a, b) in to.iter_mut().zip(what) {
        *a += times * b;
    }
}

#[inline(always)]
fn bits(mut word: u64, mut visit: impl FnMut(usize)) {
    while word != 0 {
        visit(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

wide_kernel! {
    /// Adds the log-likelihood of a block of items to every respondent of a band.
    pub(crate) fn likelihood(
        data: &Responses, layout: &Layout, natural: &[f64], tables: Option<&Tables>, band: usize,
        grid: &BandGrid, items: Range<usize>,
    ) -> BandLikelihood = likelihood_body;
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn likelihood_body(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    tables: Option<&Tables>,
    band: usize,
    grid: &BandGrid,
    items: Range<usize>,
) -> BandLikelihood {
    let kind = layout.kind;
    let (t, window) = (&grid.nodes.t[..], grid.window);
    let who = members(data, band);
    let count = who.len();
    let full = if count == 64 { u64::MAX } else { (1 << count) - 1 };
    let mut own = vec![0.0; count * window];
    let mut common = vec![0.0; t.len()];
    let mut linear = vec![(0.0, 0.0); count];
    let (mut all_a, mut all_d) = (0.0, 0.0);
    let most = data.n_levels[items.clone()].iter().copied().max().unwrap_or(2);
    let mut scratch = vec![0.0; table_rows(kind, most) * t.len()];
    for i in items {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        let rows = table_rows(kind, data.n_levels[i]);
        let table: &[f64] = match tables {
            Some(tables) => &tables.values[tables.rows[i]..tables.rows[i + 1]],
            None => {
                if let Packed::Bits(b) = &data.cells
                    && b.present_row(i)[band] == 0
                {
                    continue;
                }
                curve::log_table(kind, p, t, &mut scratch[..rows * t.len()]);
                &scratch[..rows * t.len()]
            }
        };
        match &data.cells {
            Packed::Bits(b) => {
                let (value, present) = (b.value_row(i)[band], b.present_row(i)[band]);
                let (base, difference) = table.split_at(t.len());
                if present.count_ones() as usize * 2 > count {
                    add(&mut common, base);
                    bits(full & !present, |r| {
                        subtract(&mut own[r * window..(r + 1) * window], &base[grid.offset[r]..]);
                    });
                } else {
                    bits(present, |r| add(&mut own[r * window..(r + 1) * window], &base[grid.offset[r]..]));
                }
                if kind == Kind::Logistic {
                    if value.count_ones() as usize * 2 > count {
                        all_a += p[0];
                        all_d += p[1];
                        bits(full & !value, |r| {
                            linear[r].0 -= p[0];
                            linear[r].1 -= p[1];
                        });
                    } else {
                        bits(value, |r| {
                            linear[r].0 += p[0];
                            linear[r].1 += p[1];
                        });
                    }
                } else if value.count_ones() as usize * 2 > count {
                    add(&mut common, difference);
                    bits(full & !value, |r| {
                        subtract(&mut own[r * window..(r + 1) * window], &difference[grid.offset[r]..]);
                    });
                } else {
                    bits(value, |r| {
                        add(&mut own[r * window..(r + 1) * window], &difference[grid.offset[r]..]);
                    });
                }
            }
            Packed::Counts { correct, trials } => {
                let (base, difference) = table.split_at(t.len());
                for (r, column) in who.clone().enumerate() {
                    let (k, n) = (correct[[i, column]] as f64, trials[[i, column]] as f64);
                    if n > 0.0 {
                        let to = &mut own[r * window..(r + 1) * window];
                        add_times(to, &base[grid.offset[r]..], n);
                        if k > 0.0 {
                            add_times(to, &difference[grid.offset[r]..], k);
                        }
                    }
                }
            }
            Packed::Levels(l) => {
                for (r, column) in who.clone().enumerate() {
                    let k = l[[i, column]];
                    if k != NO_CATEGORY {
                        let from = k as usize * t.len() + grid.offset[r];
                        add(&mut own[r * window..(r + 1) * window], &table[from..from + window]);
                    }
                }
            }
        }
    }
    for (a, d) in &mut linear {
        *a += all_a;
        *d += all_d;
    }
    BandLikelihood { own, common, linear }
}

impl BandLikelihood {
    /// Adds the likelihood of another block of items on the same nodes.
    pub fn absorb(&mut self, other: &Self) {
        add(&mut self.own, &other.own);
        add(&mut self.common, &other.common);
        for (mine, theirs) in self.linear.iter_mut().zip(&other.linear) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }
}

/// Posteriors of one band.
#[derive(Debug, Clone)]
pub(crate) struct BandPosterior {
    /// Respondents × window; rows sum to one.
    pub weight: Vec<f64>,
    pub log_likelihood: Vec<f64>,
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    /// Largest share of a posterior that lies on an end of its window.
    pub edge: Vec<f64>,
}

wide_kernel! {
    /// Normalises likelihood × prior on the nodes of a band.
    pub(crate) fn posterior(likelihood: BandLikelihood, grid: &BandGrid) -> BandPosterior = posterior_body;
}

#[inline(always)]
fn posterior_body(likelihood: BandLikelihood, grid: &BandGrid) -> BandPosterior {
    let window = grid.window;
    let count = grid.offset.len();
    let mut weight = likelihood.own;
    let mut out = BandPosterior {
        weight: Vec::new(),
        log_likelihood: vec![0.0; count],
        mean: vec![0.0; count],
        sd: vec![0.0; count],
        edge: vec![0.0; count],
    };
    for r in 0..count {
        let from = grid.offset[r];
        let row = &mut weight[r * window..(r + 1) * window];
        let (a, d) = likelihood.linear[r];
        let t = &grid.nodes.t[from..from + window];
        let mut top = f64::NEG_INFINITY;
        for (w, f) in row.iter_mut().enumerate() {
            *f += likelihood.common[from + w] + (a * t[w] + d) + grid.nodes.log_weight[from + w];
            top = top.max(*f);
        }
        let mut total = 0.0;
        for f in row.iter_mut() {
            *f = crate::numeric::vector::exp(*f - top);
            total += *f;
        }
        let inverse = 1.0 / total;
        let mut mean = 0.0;
        for (f, t) in row.iter_mut().zip(t) {
            *f *= inverse;
            mean += *f * t;
        }
        let variance: f64 = row.iter().zip(t).map(|(f, t)| f * (t - mean) * (t - mean)).sum();
        out.log_likelihood[r] = top + total.ln();
        out.mean[r] = mean;
        out.sd[r] = variance.sqrt();
        out.edge[r] = row[0].max(row[window - 1]);
    }
    out.weight = weight;
    out
}

/// Adds the posteriors of the respondents whose bits are set.
#[inline(always)]
fn gather(word: u64, full: u64, grid: &BandGrid, weighted: &[f64], total: &[f64], to: &mut [f64]) {
    let window = grid.window;
    if word.count_ones() * 2 > full.count_ones() {
        add(to, total);
        bits(full & !word, |r| {
            subtract(&mut to[grid.offset[r]..grid.offset[r] + window], &weighted[r * window..]);
        });
    } else {
        bits(word, |r| add(&mut to[grid.offset[r]..grid.offset[r] + window], &weighted[r * window..]));
    }
}

/// Buffers of [`expect`].
struct CountScratch {
    counts: Vec<f64>,
    total: Vec<f64>,
    n_total: (f64, f64),
}

/// Where expected counts go: straight into gradients, or onto a grid shared by all bands.
pub(crate) enum Sink<'a> {
    /// Gradient and information of the natural parameters, laid out as `layout` says, from the first item.
    Gradient { gradient: &'a mut [f64], information: &'a mut [f64] },
    /// Expected counts, laid out as [`Tables`].
    Counts { rows: &'a [usize], counts: &'a mut [f64] },
}

wide_kernel! {
    /// Adds what a band expects of a block of items to a sink.
    pub(crate) fn expect(
        data: &Responses, layout: &Layout, natural: &[f64], band: usize, grid: &BandGrid,
        posterior: &BandPosterior, items: Range<usize>, sink: &mut Sink<'_>,
    ) = expect_body;
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn expect_body(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    band: usize,
    grid: &BandGrid,
    posterior: &BandPosterior,
    items: Range<usize>,
    sink: &mut Sink<'_>,
) {
    let kind = layout.kind;
    let (t, window) = (&grid.nodes.t[..], grid.window);
    let nodes = t.len();
    let who = members(data, band);
    let count = who.len();
    let full = if count == 64 { u64::MAX } else { (1 << count) - 1 };
    let weights = &data.weights[who.clone()];
    let mut weighted = posterior.weight.clone();
    for (row, w) in weighted.chunks_exact_mut(window).zip(weights) {
        if *w != 1.0 {
            row.iter_mut().for_each(|v| *v *= w);
        }
    }
    let mut total = vec![0.0; nodes];
    for r in 0..count {
        add(&mut total[grid.offset[r]..grid.offset[r] + window], &weighted[r * window..(r + 1) * window]);
    }
    let most = data.n_levels[items.clone()].iter().copied().max().unwrap_or(2);
    let mut scratch = CountScratch {
        counts: vec![0.0; table_rows(kind, most) * nodes],
        total,
        n_total: weights.iter().zip(&posterior.mean).fold((0.0, 0.0), |(n, s), (w, m)| (n + w, s + w * m)),
    };
    let into_gradient = matches!(sink, Sink::Gradient { .. });
    let (first_natural, first_square) = (layout.natural[items.start], layout.square[items.start]);
    for i in items {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        let rows = table_rows(kind, data.n_levels[i]);
        let counts: &mut [f64] = match sink {
            Sink::Gradient { .. } => {
                scratch.counts[..rows * nodes].fill(0.0);
                &mut scratch.counts[..rows * nodes]
            }
            Sink::Counts { rows, counts } => &mut counts[rows[i]..rows[i + 1]],
        };
        // Σ w y and Σ w y E θ, all that the logistic curve needs of the answers.
        let (mut sum_y, mut sum_yt) = (0.0, 0.0);
        match &data.cells {
            Packed::Bits(b) => {
                let (value, present) = (b.value_row(i)[band], b.present_row(i)[band]);
                if present == 0 {
                    continue;
                }
                let (n, right) = counts.split_at_mut(nodes);
                gather(present, full, grid, &weighted, &scratch.total, n);
                if kind == Kind::Logistic && into_gradient {
                    let moments = |word: u64| {
                        let (mut s0, mut s1) = (0.0, 0.0);
                        bits(word, |r| {
                            s0 += weights[r];
                            s1 += weights[r] * posterior.mean[r];
                        });
                        (s0, s1)
                    };
                    if value.count_ones() as usize * 2 > count {
                        let (s0, s1) = moments(full & !value);
                        (sum_y, sum_yt) = (scratch.n_total.0 - s0, scratch.n_total.1 - s1);
                    } else {
                        (sum_y, sum_yt) = moments(value);
                    }
                } else {
                    gather(value, full, grid, &weighted, &scratch.total, right);
                }
            }
            Packed::Counts { correct, trials } => {
                let (n, right) = counts.split_at_mut(nodes);
                for (r, column) in who.clone().enumerate() {
                    let (k, m) = (correct[[i, column]] as f64, trials[[i, column]] as f64);
                    if m > 0.0 {
                        let at = grid.offset[r]..grid.offset[r] + window;
                        let row = &weighted[r * window..(r + 1) * window];
                        add_times(&mut n[at.clone()], row, m);
                        if k > 0.0 {
                            add_times(&mut right[at], row, k);
                        }
                    }
                }
            }
            Packed::Levels(l) => {
                for (r, column) in who.clone().enumerate() {
                    let k = l[[i, column]];
                    if k != NO_CATEGORY {
                        let from = k as usize * nodes + grid.offset[r];
                        add(&mut counts[from..from + window], &weighted[r * window..(r + 1) * window]);
                    }
                }
            }
        }
        if let Sink::Gradient { gradient, information } = sink {
            let g = &mut gradient[layout.natural[i] - first_natural..layout.natural[i + 1] - first_natural];
            let h = &mut information[layout.square[i] - first_square..layout.square[i + 1] - first_square];
            let counts = &scratch.counts[..rows * nodes];
            match (&data.cells, kind) {
                (Packed::Bits(_), Kind::Logistic) => {
                    curve::logistic::add_gradient_moments(p, t, &counts[..nodes], sum_yt, sum_y, g, h);
                }
                _ => curve::add_gradient(kind, p, t, counts, g, h),
            }
        }
    }
}
