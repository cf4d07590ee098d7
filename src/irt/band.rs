//! What do 64 neighbours say about every item? The two passes over the cells of one band.
//!
//! A machine word of an item's row holds the answers of one band. The first pass adds the item's
//! log-probabilities to the respondents whose bits are set; the second adds their posteriors to the item's
//! expected counts. Both touch the lesser of the set and the unset bits: the rest comes from a common sum.
//! Both work on the points of the band; between them each respondent's own nodes are interpolated, and
//! posteriors carried back to the points by the transpose, so that the gradient is that of the likelihood.

use super::curve::{self, Kind};
use super::data::{Packed, Responses};
use super::grid::{BandGrid, LocalGrid, OWN_NODES};
use super::layout::Layout;
use crate::numeric::vector::wide_kernel;
use crate::response::matrix::NO_CATEGORY;
use ndarray::s;
use std::ops::Range;

/// Log-probability tables of all items on a shared grid, or the order to compute them on the way.
pub(crate) struct Tables {
    /// Where the rows of each item begin, in units of nodes.
    pub rows: Vec<usize>,
    pub values: Vec<f64>,
}

/// Log-likelihoods of one band.
#[derive(Debug, Clone)]
pub(crate) struct BandLikelihood {
    /// Respondents × points.
    pub own: Vec<f64>,
    /// What all respondents share, on all points.
    pub common: Vec<f64>,
    /// What steep items add, respondents × own nodes.
    pub steep: Vec<f64>,
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
    let t = grid.points();
    let width = t.len();
    let who = members(data, band);
    let count = who.len();
    let full = if count == 64 { u64::MAX } else { (1 << count) - 1 };
    let mut own = vec![0.0; count * width];
    let mut common = vec![0.0; width];
    let mut steep = Vec::new();
    let mut linear = vec![(0.0, 0.0); count];
    let (mut all_a, mut all_d) = (0.0, 0.0);
    let most = data.n_levels[items.clone()].iter().copied().max().unwrap_or(2);
    let mut scratch = vec![0.0; table_rows(kind, most) * width];
    for i in items {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        let rows = table_rows(kind, data.n_levels[i]);
        if let BandGrid::Local(local) = grid
            && grid.is_steep(kind.steepness(p))
        {
            add_steep(data, layout, i, p, who.clone(), local, &mut steep);
            continue;
        }
        let table: &[f64] = match tables {
            Some(tables) => &tables.values[tables.rows[i]..tables.rows[i + 1]],
            None => {
                if let Packed::Bits(b) = &data.cells
                    && b.present_row(i)[band] == 0
                {
                    continue;
                }
                curve::log_table_kernel(kind, p, t, &mut scratch[..rows * width]);
                &scratch[..rows * width]
            }
        };
        match &data.cells {
            Packed::Bits(b) => {
                let (value, present) = (b.value_row(i)[band], b.present_row(i)[band]);
                let (base, difference) = table.split_at(width);
                if present.count_ones() as usize * 2 > count {
                    add(&mut common, base);
                    bits(full & !present, |r| subtract(&mut own[r * width..(r + 1) * width], base));
                } else {
                    bits(present, |r| add(&mut own[r * width..(r + 1) * width], base));
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
                    bits(full & !value, |r| subtract(&mut own[r * width..(r + 1) * width], difference));
                } else {
                    bits(value, |r| add(&mut own[r * width..(r + 1) * width], difference));
                }
            }
            Packed::Counts { correct, trials } => {
                let (base, difference) = table.split_at(width);
                for (r, column) in who.clone().enumerate() {
                    let (k, n) = (correct[[i, column]] as f64, trials[[i, column]] as f64);
                    if n > 0.0 {
                        let to = &mut own[r * width..(r + 1) * width];
                        add_times(to, base, n);
                        if k > 0.0 {
                            add_times(to, difference, k);
                        }
                    }
                }
            }
            Packed::Levels(l) => {
                let row = l.slice(s![i, who.clone()]);
                for (r, &k) in row.iter().enumerate() {
                    if k != NO_CATEGORY {
                        let from = k as usize * width;
                        add(&mut own[r * width..(r + 1) * width], &table[from..from + width]);
                    }
                }
            }
        }
    }
    for (a, d) in &mut linear {
        *a += all_a;
        *d += all_d;
    }
    BandLikelihood { own, common, steep, linear }
}

/// Adds an item to each respondent at the respondent's own nodes.
#[inline(always)]
fn add_steep(
    data: &Responses,
    layout: &Layout,
    item: usize,
    p: &[f64],
    who: Range<usize>,
    local: &LocalGrid,
    to: &mut Vec<f64>,
) {
    to.resize(who.len() * OWN_NODES, 0.0);
    let mut table = vec![0.0; table_rows(layout.kind, data.n_levels[item]) * OWN_NODES];
    for (r, column) in who.enumerate() {
        let Some((k, n)) = data.cell(item, column) else { continue };
        curve::log_table_kernel(layout.kind, p, &local.nodes(r), &mut table);
        let row = &mut to[r * OWN_NODES..(r + 1) * OWN_NODES];
        if layout.kind.is_ordinal() {
            add(row, &table[k * OWN_NODES..(k + 1) * OWN_NODES]);
        } else {
            add_times(row, &table[..OWN_NODES], n as f64);
            add_times(row, &table[OWN_NODES..], k as f64);
        }
    }
}

impl BandLikelihood {
    /// Adds the likelihood of another block of items.
    pub fn absorb(&mut self, other: &Self) {
        add(&mut self.own, &other.own);
        add(&mut self.common, &other.common);
        self.steep.resize(self.steep.len().max(other.steep.len()), 0.0);
        add(&mut self.steep, &other.steep);
        for (mine, theirs) in self.linear.iter_mut().zip(&other.linear) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }
}

/// Posteriors of one band.
#[derive(Debug, Clone)]
pub(crate) struct BandPosterior {
    /// Respondents × points; rows sum to one. Where posteriors live on nodes of their own, the weights that the
    /// points take over from them.
    pub weight: Vec<f64>,
    /// Respondents × own nodes; empty on a shared grid.
    pub own: Vec<f64>,
    pub log_likelihood: Vec<f64>,
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    /// Largest share of a posterior that lies on an end of its nodes.
    pub edge: Vec<f64>,
}

wide_kernel! {
    /// Normalises likelihood × prior on the nodes of a band.
    pub(crate) fn posterior(likelihood: &BandLikelihood, grid: &BandGrid) -> BandPosterior = posterior_body;
}

#[inline(always)]
fn posterior_body(likelihood: &BandLikelihood, grid: &BandGrid) -> BandPosterior {
    let width = grid.points().len();
    let count = likelihood.linear.len();
    let mut out = BandPosterior {
        weight: vec![0.0; count * width],
        own: Vec::new(),
        log_likelihood: vec![0.0; count],
        mean: vec![0.0; count],
        sd: vec![0.0; count],
        edge: vec![0.0; count],
    };
    let mut curve = vec![0.0; width];
    let mut weights = vec![0.0; OWN_NODES * width];
    for r in 0..count {
        let (a, d) = likelihood.linear[r];
        for ((c, own), common) in curve.iter_mut().zip(&likelihood.own[r * width..]).zip(&likelihood.common) {
            *c = own + common;
        }
        match grid {
            BandGrid::Shared(nodes) => {
                let row = &mut out.weight[r * width..(r + 1) * width];
                for (q, f) in row.iter_mut().enumerate() {
                    *f = curve[q] + (a * nodes.t[q] + d) + nodes.log_weight[q];
                }
                normalise(r, row, &nodes.t, &mut out.log_likelihood, &mut out.mean, &mut out.sd);
                out.edge[r] = row[0].max(row[width - 1]);
            }
            BandGrid::Local(local) => {
                let (t, scale) = (local.nodes(r), local.log_scale(r));
                let mut row = [0.0; OWN_NODES];
                for (q, f) in row.iter_mut().enumerate() {
                    let weights = &mut weights[q * width..(q + 1) * width];
                    local.points.weights(t[q], weights);
                    *f = scale - 0.5 * t[q] * t[q] + (a * t[q] + d);
                    *f += weights.iter().zip(&curve).map(|(w, c)| w * c).sum::<f64>();
                }
                if let Some(steep) = likelihood.steep.get(r * OWN_NODES..(r + 1) * OWN_NODES) {
                    add(&mut row, steep);
                }
                normalise(r, &mut row, &t, &mut out.log_likelihood, &mut out.mean, &mut out.sd);
                let to = &mut out.weight[r * width..(r + 1) * width];
                for (q, share) in row.iter().enumerate() {
                    add_times(to, &weights[q * width..(q + 1) * width], *share);
                }
                out.edge[r] = row[0].max(row[OWN_NODES - 1]);
                out.own.extend(row);
            }
        }
    }
    out
}

/// Turns log-posteriors on nodes into shares, with their log-total, mean and standard deviation.
#[inline(always)]
fn normalise(r: usize, row: &mut [f64], t: &[f64], log_total: &mut [f64], mean: &mut [f64], sd: &mut [f64]) {
    let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for f in row.iter_mut() {
        *f = crate::numeric::vector::exp(*f - top);
        total += *f;
    }
    let inverse = 1.0 / total;
    let mut first = 0.0;
    for (f, t) in row.iter_mut().zip(t) {
        *f *= inverse;
        first += *f * t;
    }
    let variance: f64 = row.iter().zip(t).map(|(f, t)| f * (t - first) * (t - first)).sum();
    log_total[r] = top + total.ln();
    mean[r] = first;
    sd[r] = variance.sqrt();
}

/// Adds the posteriors of the respondents whose bits are set.
#[inline(always)]
fn gather(word: u64, full: u64, weighted: &[f64], total: &[f64], to: &mut [f64]) {
    let width = to.len();
    if word.count_ones() * 2 > full.count_ones() {
        add(to, total);
        bits(full & !word, |r| subtract(to, &weighted[r * width..]));
    } else {
        bits(word, |r| add(to, &weighted[r * width..]));
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
    let t = grid.points();
    let nodes = t.len();
    let who = members(data, band);
    let count = who.len();
    let full = if count == 64 { u64::MAX } else { (1 << count) - 1 };
    let weights = &data.weights[who.clone()];
    let mut weighted = posterior.weight.clone();
    for (row, w) in weighted.chunks_exact_mut(nodes).zip(weights) {
        if *w != 1.0 {
            row.iter_mut().for_each(|v| *v *= w);
        }
    }
    let mut total = vec![0.0; nodes];
    for r in 0..count {
        add(&mut total, &weighted[r * nodes..(r + 1) * nodes]);
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
        if let (BandGrid::Local(local), Sink::Gradient { gradient, information }) = (grid, &mut *sink)
            && grid.is_steep(kind.steepness(p))
        {
            let g = &mut gradient[layout.natural[i] - first_natural..layout.natural[i + 1] - first_natural];
            let h = &mut information[layout.square[i] - first_square..layout.square[i + 1] - first_square];
            expect_steep(data, layout, i, p, who.clone(), local, &posterior.own, g, h);
            continue;
        }
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
                gather(present, full, &weighted, &scratch.total, n);
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
                    gather(value, full, &weighted, &scratch.total, right);
                }
            }
            Packed::Counts { correct, trials } => {
                let (n, right) = counts.split_at_mut(nodes);
                for (r, column) in who.clone().enumerate() {
                    let (k, m) = (correct[[i, column]] as f64, trials[[i, column]] as f64);
                    if m > 0.0 {
                        let row = &weighted[r * nodes..(r + 1) * nodes];
                        add_times(n, row, m);
                        if k > 0.0 {
                            add_times(right, row, k);
                        }
                    }
                }
            }
            Packed::Levels(l) => {
                let row = l.slice(s![i, who.clone()]);
                for (r, &k) in row.iter().enumerate() {
                    if k != NO_CATEGORY {
                        let from = k as usize * nodes;
                        add(&mut counts[from..from + nodes], &weighted[r * nodes..(r + 1) * nodes]);
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
                    curve::moments_kernel(p, t, &counts[..nodes], sum_yt, sum_y, g, h);
                }
                _ => curve::gradient_kernel(kind, p, t, counts, g, h),
            }
        }
    }
}

/// Adds what an item expects at each respondent's own nodes.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn expect_steep(
    data: &Responses,
    layout: &Layout,
    item: usize,
    p: &[f64],
    who: Range<usize>,
    local: &LocalGrid,
    own: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) {
    let rows = table_rows(layout.kind, data.n_levels[item]);
    let mut counts = vec![0.0; rows * OWN_NODES];
    for (r, column) in who.enumerate() {
        let Some((k, n)) = data.cell(item, column) else { continue };
        let (row, weight) = (&own[r * OWN_NODES..(r + 1) * OWN_NODES], data.weights[column]);
        counts.fill(0.0);
        if layout.kind.is_ordinal() {
            add_times(&mut counts[k * OWN_NODES..(k + 1) * OWN_NODES], row, weight);
        } else {
            add_times(&mut counts[..OWN_NODES], row, weight * n as f64);
            add_times(&mut counts[OWN_NODES..], row, weight * k as f64);
        }
        curve::gradient_kernel(layout.kind, p, &local.nodes(r), &counts, gradient, information);
    }
}
