//! What does the marginal likelihood look like at a point? Value, gradient, information and posteriors.
//!
//! By Fisher's identity the gradient of the marginal log-likelihood is the gradient of the expected
//! complete-data log-likelihood, so one E step gives both.

use super::band::{self, BandPosterior, Sink, Tables};
use super::complete::{self, CompleteGrid};
use super::curve::{self, Kind};
use super::data::{Packed, Responses};
use super::grid::{BandGrid, Nodes};
use super::layout::Layout;
use super::options::Quadrature;
use rayon::prelude::*;

/// Most times nodes are moved after their posterior.
const MOVES: usize = 40;
/// A posterior that leaves more than this share on an end of its nodes is not within them.
const EDGE: f64 = 1e-7;
/// Bytes of expected counts that groups of bands may take together.
const COUNT_BYTES: usize = 192 << 20;

/// Result of one evaluation, in natural parameters.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    /// Weighted sum of marginal log-likelihoods.
    pub log_likelihood: f64,
    pub gradient: Vec<f64>,
    pub information: Vec<f64>,
}

/// The data with the state that carries over from one evaluation to the next.
pub(crate) struct Engine<'a> {
    pub data: &'a Responses,
    pub layout: &'a Layout,
    shared: Nodes,
    fixed: bool,
    /// Posterior means of the last evaluation, sorted order.
    pub mean: Vec<f64>,
    /// Posterior standard deviations of the last evaluation.
    pub sd: Vec<f64>,
    /// Marginal log-likelihood of each respondent at the last evaluation.
    pub each: Vec<f64>,
    /// While set, nodes stay where they are: differences of evaluations then compare like with like.
    frozen: Option<Grids>,
    /// The last evaluation, which is asked for again wherever a search begins at the end of another.
    last: Option<Evaluated>,
}

/// An evaluation, where it was made, and on which nodes.
struct Evaluated {
    natural: Vec<f64>,
    grids: Grids,
    pass: Pass,
}

/// Nodes of all respondents.
#[derive(Clone)]
enum Grids {
    Complete(CompleteGrid),
    Bands(Vec<BandGrid>),
}

impl<'a> Engine<'a> {
    pub fn new(data: &'a Responses, layout: &'a Layout, quadrature: Quadrature) -> Self {
        let (nodes, range, fixed) = match quadrature {
            Quadrature::Adaptive => (61, 6.0, false),
            Quadrature::Fixed { nodes, range } => (nodes.max(2), range, true),
        };
        let mut engine = Self {
            data,
            layout,
            shared: Nodes::shared(nodes, range),
            fixed,
            mean: data.first_guess.clone(),
            sd: Vec::new(),
            each: vec![0.0; data.n_respondents()],
            frozen: None,
            last: None,
        };
        engine.sd = engine.guess_sd();
        engine
    }

    /// Posterior standard deviations before anything is known: unit slopes at the respondents' own counts.
    fn guess_sd(&self) -> Vec<f64> {
        let mut n = vec![0.0; self.data.n_respondents()];
        for i in 0..self.data.n_items() {
            match &self.data.cells {
                _ if self.data.complete && matches!(self.data.cells, Packed::Bits(_)) => {
                    n.iter_mut().for_each(|n| *n += 1.0);
                }
                Packed::Bits(b) => {
                    for (word, n) in b.present_row(i).iter().zip(n.chunks_mut(64)) {
                        n.iter_mut().enumerate().for_each(|(r, n)| *n += (word >> r & 1) as f64);
                    }
                }
                _ => {
                    for (r, n) in n.iter_mut().enumerate() {
                        *n += self.data.cell(i, r).map_or(0.0, |(_, trials)| trials as f64);
                    }
                }
            }
        }
        n.iter().map(|n| 1.0 / (1.0 + 0.15 * n).sqrt()).collect()
    }

    fn has_sufficient_statistics(&self) -> bool {
        self.layout.kind == Kind::Logistic && self.data.by_respondent.is_some()
    }

    fn is_wide(&self) -> bool {
        self.fixed || self.sd.iter().all(|s| *s >= self.shared.step())
    }

    /// Keeps the nodes of the next evaluations where they were for these parameters.
    pub fn freeze(&mut self, natural: &[f64]) {
        self.evaluate(natural);
        self.frozen = self.last.as_ref().map(|last| last.grids.clone());
    }

    /// Lets nodes follow their posteriors again.
    pub fn thaw(&mut self) {
        (self.frozen, self.last) = (None, None);
    }

    /// A slope that hardly any item exceeds.
    fn gentle(&self, natural: &[f64]) -> f64 {
        let layout = self.layout;
        let of = |i: usize| layout.kind.steepness(&natural[layout.natural[i]..layout.natural[i + 1]]);
        let mut all: Vec<f64> = (0..layout.n_items()).map(of).collect();
        let at = (all.len() * 98 / 100).min(all.len() - 1);
        *all.select_nth_unstable_by(at, f64::total_cmp).1
    }

    fn complete_grid(&self, natural: &[f64]) -> CompleteGrid {
        let nodes = complete::nodes_for(&self.mean, &self.sd, &self.shared, self.fixed);
        CompleteGrid::new(nodes, natural)
    }

    fn band_grid(&self, b: usize, gentle: f64) -> BandGrid {
        let who = band::members(self.data, b);
        match self.is_wide() {
            true => BandGrid::Shared(self.shared.clone()),
            false => BandGrid::around(&self.mean[who.clone()], &self.sd[who], gentle),
        }
    }

    /// Evaluates the marginal log-likelihood and its derivatives at natural parameters.
    pub fn evaluate(&mut self, natural: &[f64]) -> Pass {
        if let Some(last) = self.last.as_ref().filter(|last| last.natural == natural) {
            return last.pass.clone();
        }
        let found = match self.has_sufficient_statistics() {
            true => self.evaluate_complete(natural).map(|(grid, pass)| (Grids::Complete(grid), pass)),
            false => {
                let (grids, pass) = self.evaluate_bands(natural);
                Some((Grids::Bands(grids), pass))
            }
        };
        let Some((grids, pass)) = found else {
            self.last = None;
            return Pass { log_likelihood: f64::NAN, gradient: Vec::new(), information: Vec::new() };
        };
        self.last = Some(Evaluated { natural: natural.to_vec(), grids, pass: pass.clone() });
        pass
    }

    fn total(&self) -> f64 {
        self.each.iter().zip(&self.data.weights).map(|(l, w)| l * w).sum()
    }

    /// `None` where no nodes hold the posteriors.
    fn evaluate_complete(&mut self, natural: &[f64]) -> Option<(CompleteGrid, Pass)> {
        let frozen = match &self.frozen {
            Some(Grids::Complete(grid)) => Some(grid.clone()),
            _ => None,
        };
        for attempt in 0..MOVES {
            let grid = frozen.clone().unwrap_or_else(|| self.complete_grid(natural));
            let pass = complete::expect(self.data, natural, &grid)?;
            let (nodes, step) = (&grid.nodes, grid.nodes.step());
            let narrowest = pass.sd.iter().copied().fold(f64::INFINITY, f64::min);
            let (low, high) = (nodes.t[0], nodes.t[nodes.t.len() - 1]);
            let inside = pass.mean.iter().zip(&pass.sd).all(|(m, s)| m - 5.0 * s > low && m + 5.0 * s < high);
            // A posterior narrower than the spacing is seen as narrower still, or as a point.
            self.sd = pass.sd.iter().map(|s| s.max(0.4 * step)).collect();
            self.mean = pass.mean.clone();
            let fine = narrowest >= 0.9 * step;
            if frozen.is_some() || self.fixed || (fine && inside) || attempt + 1 == MOVES {
                self.sd.clone_from(&pass.sd);
                self.each.clone_from(&pass.log_likelihood);
                let (gradient, information) =
                    complete::gradient(self.data, self.layout, natural, &grid, &pass);
                return Some((grid, Pass { log_likelihood: self.total(), gradient, information }));
            }
        }
        None
    }

    /// Items in few blocks where there are many bands, in more where there are few: enough pieces to share.
    fn item_blocks(&self) -> Vec<std::ops::Range<usize>> {
        let n = self.data.n_items();
        let pieces = 16usize.div_ceil(self.data.n_bands()).min(n.div_ceil(64)).max(1);
        let size = n.div_ceil(pieces);
        (0..pieces).map(|k| k * size..((k + 1) * size).min(n)).filter(|r| !r.is_empty()).collect()
    }

    fn tables(&self, natural: &[f64]) -> Tables {
        let width = self.shared.t.len();
        let mut rows = vec![0];
        for levels in &self.data.n_levels {
            rows.push(rows[rows.len() - 1] + width * band::table_rows(self.layout.kind, *levels));
        }
        let mut values = vec![0.0; rows[rows.len() - 1]];
        let mut parts = Vec::with_capacity(self.data.n_items());
        let mut rest = &mut values[..];
        for i in 0..self.data.n_items() {
            let (head, tail) = rest.split_at_mut(rows[i + 1] - rows[i]);
            parts.push(head);
            rest = tail;
        }
        parts.into_par_iter().enumerate().with_min_len(16).for_each(|(i, out)| {
            let p = &natural[self.layout.natural[i]..self.layout.natural[i + 1]];
            curve::log_table_kernel(self.layout.kind, p, &self.shared.t, out);
        });
        Tables { rows, values }
    }

    /// Posteriors of all bands, with nodes moved until they hold their posterior.
    fn posteriors(
        &mut self,
        natural: &[f64],
        tables: Option<&Tables>,
    ) -> (Vec<BandGrid>, Vec<BandPosterior>) {
        let n_bands = self.data.n_bands();
        let frozen = match &self.frozen {
            Some(Grids::Bands(grids)) => Some(grids.clone()),
            _ => None,
        };
        let keep = frozen.is_some() || tables.is_some();
        let gentle = self.gentle(natural);
        let mut grids = frozen.unwrap_or_else(|| (0..n_bands).map(|b| self.band_grid(b, gentle)).collect());
        let blocks = self.item_blocks();
        let mut done: Vec<Option<BandPosterior>> = vec![None; n_bands];
        let mut pending: Vec<usize> = (0..n_bands).collect();
        for attempt in 0..MOVES {
            let work: Vec<(usize, usize)> =
                pending.iter().flat_map(|b| (0..blocks.len()).map(move |k| (*b, k))).collect();
            let (data, layout) = (self.data, self.layout);
            let parts: Vec<_> = work
                .par_iter()
                .map(|(b, k)| {
                    band::likelihood(data, layout, natural, tables, *b, &grids[*b], blocks[*k].clone())
                })
                .collect();
            let found: Vec<BandPosterior> = parts
                .par_chunks(blocks.len())
                .zip(&pending)
                .map(|(parts, b)| {
                    let mut whole = parts[0].clone();
                    parts[1..].iter().for_each(|p| whole.absorb(p));
                    band::posterior(&whole, &grids[*b])
                })
                .collect();
            let mut next = Vec::new();
            for (b, found) in pending.iter().copied().zip(found) {
                let who = band::members(self.data, b);
                let outside = found.edge.iter().any(|e| *e > EDGE);
                let coarse = found.sd.iter().enumerate().any(|(k, s)| *s < 0.7 * grids[b].step(k));
                if !keep && (outside || coarse) && attempt + 1 < MOVES {
                    for (k, r) in who.enumerate() {
                        self.mean[r] = found.mean[k];
                        self.sd[r] = match found.edge[k] > EDGE {
                            // Its top may lie outside: look further on that side.
                            true => (found.sd[k] * 1.5).max(self.sd[r] * 1.1),
                            false => found.sd[k].max(0.5 * grids[b].step(k)),
                        };
                    }
                    let who = band::members(self.data, b);
                    grids[b] = BandGrid::around(&self.mean[who.clone()], &self.sd[who], gentle);
                    next.push(b);
                } else {
                    for (k, r) in who.enumerate() {
                        self.mean[r] = found.mean[k];
                        self.sd[r] = found.sd[k];
                        self.each[r] = found.log_likelihood[k];
                    }
                    done[b] = Some(found);
                }
            }
            pending = next;
            if pending.is_empty() {
                break;
            }
        }
        (grids, done.into_iter().flatten().collect())
    }

    fn evaluate_bands(&mut self, natural: &[f64]) -> (Vec<BandGrid>, Pass) {
        let local = |g: &[BandGrid]| matches!(g.first(), Some(BandGrid::Local(_)));
        let wide = self.is_wide() && !matches!(&self.frozen, Some(Grids::Bands(g)) if local(g));
        let tables = wide.then(|| self.tables(natural));
        let (grids, posteriors) = self.posteriors(natural, tables.as_ref());
        if wide && !self.fixed && self.frozen.is_none() && !self.is_wide() {
            // The shared grid has just become too coarse: the narrow view takes over at the same point.
            let floor = 0.4 * self.shared.step();
            self.sd.iter_mut().for_each(|s| *s = s.max(floor));
            return self.evaluate_bands(natural);
        }
        let (gradient, information) = match &tables {
            Some(tables) => self.gradient_from_counts(natural, tables, &grids, &posteriors),
            None => self.gradient_by_band(natural, &grids, &posteriors),
        };
        (grids, Pass { log_likelihood: self.total(), gradient, information })
    }

    fn groups(&self, bytes_each: usize) -> Vec<std::ops::Range<usize>> {
        let n = self.data.n_bands();
        let most = (COUNT_BYTES / bytes_each.max(1)).clamp(1, 16);
        let size = n.div_ceil(most.min(n));
        (0..n.div_ceil(size)).map(|g| g * size..((g + 1) * size).min(n)).collect()
    }

    fn gradient_from_counts(
        &self,
        natural: &[f64],
        tables: &Tables,
        grids: &[BandGrid],
        posteriors: &[BandPosterior],
    ) -> (Vec<f64>, Vec<f64>) {
        let (data, layout) = (self.data, self.layout);
        let all = tables.values.len();
        let parts: Vec<Vec<f64>> = self
            .groups(all * 8)
            .into_par_iter()
            .map(|bands| {
                let mut counts = vec![0.0; all];
                for b in bands {
                    let mut sink = Sink::Counts { rows: &tables.rows, counts: &mut counts };
                    let items = 0..data.n_items();
                    band::expect(data, layout, natural, b, &grids[b], &posteriors[b], items, &mut sink);
                }
                counts
            })
            .collect();
        let mut parts = parts.into_iter();
        let mut counts = parts.next().unwrap_or_default();
        for part in parts {
            counts.iter_mut().zip(part).for_each(|(a, b)| *a += b);
        }
        let each: Vec<(Vec<f64>, Vec<f64>)> = (0..data.n_items())
            .into_par_iter()
            .with_min_len(16)
            .map(|i| {
                let size = layout.size(i);
                let (mut g, mut h) = (vec![0.0; size], vec![0.0; size * size]);
                let p = &natural[layout.natural[i]..layout.natural[i + 1]];
                let counts = &counts[tables.rows[i]..tables.rows[i + 1]];
                curve::gradient_kernel(layout.kind, p, &self.shared.t, counts, &mut g, &mut h);
                (g, h)
            })
            .collect();
        let (mut gradient, mut information) = (Vec::new(), Vec::new());
        for (g, h) in each {
            gradient.extend(g);
            information.extend(h);
        }
        (gradient, information)
    }

    fn gradient_by_band(
        &self,
        natural: &[f64],
        grids: &[BandGrid],
        posteriors: &[BandPosterior],
    ) -> (Vec<f64>, Vec<f64>) {
        let (data, layout) = (self.data, self.layout);
        let (mut gradient, mut information) = (Vec::new(), Vec::new());
        let blocks = self.item_blocks();
        let bytes = (layout.natural[layout.n_items()] + layout.square[layout.n_items()]) * 8;
        let groups = self.groups(bytes);
        let work: Vec<(usize, usize)> =
            (0..blocks.len()).flat_map(|k| (0..groups.len()).map(move |g| (k, g))).collect();
        let parts: Vec<(Vec<f64>, Vec<f64>)> = work
            .par_iter()
            .map(|(k, g)| {
                let items = blocks[*k].clone();
                let mut gradient = vec![0.0; layout.natural[items.end] - layout.natural[items.start]];
                let mut information = vec![0.0; layout.square[items.end] - layout.square[items.start]];
                for b in groups[*g].clone() {
                    let mut sink = Sink::Gradient { gradient: &mut gradient, information: &mut information };
                    band::expect(
                        data,
                        layout,
                        natural,
                        b,
                        &grids[b],
                        &posteriors[b],
                        items.clone(),
                        &mut sink,
                    );
                }
                (gradient, information)
            })
            .collect();
        for of_block in parts.chunks(groups.len()) {
            let (mut g, mut h) = of_block[0].clone();
            for (dg, dh) in &of_block[1..] {
                g.iter_mut().zip(dg).for_each(|(a, b)| *a += b);
                h.iter_mut().zip(dh).for_each(|(a, b)| *a += b);
            }
            gradient.extend(g);
            information.extend(h);
        }
        (gradient, information)
    }
}
