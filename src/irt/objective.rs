//! What is maximised? Marginal log-likelihood plus log-priors, in free coordinates.

use super::engine::Engine;
use super::layout::Layout;
use super::prior::ItemPriors;
use crate::numeric::cholesky::{Cholesky, solve_ridged};

/// Value and derivatives at one point.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    /// `log_likelihood + log_prior`.
    pub objective: f64,
    pub log_likelihood: f64,
    pub log_prior: f64,
    pub gradient: Vec<f64>,
    pub metric: Metric,
}

/// Expected complete-data information with the curvature of the priors: the metric of EM steps.
///
/// Blocks of items, bordered by one row where the slope is shared.
#[derive(Debug, Clone)]
pub(crate) struct Metric {
    /// Square blocks of the items, in natural layout (slope first), free coordinates.
    blocks: Vec<f64>,
    square: Vec<usize>,
    ranges: Vec<std::ops::Range<usize>>,
    common_slope: bool,
    /// Directions in which all items move with the scale of θ, and the inverse of their own information.
    together: [(Vec<f64>, f64); 2],
}

/// Evaluates the objective at free coordinates.
pub(crate) fn evaluate(engine: &mut Engine<'_>, priors: &ItemPriors, x: &[f64]) -> Evaluation {
    let layout = engine.layout;
    let natural = layout.to_natural(x);
    let mut pass = engine.evaluate(&natural);
    if pass.gradient.is_empty() {
        pass.gradient = vec![f64::NAN; layout.natural[layout.n_items()]];
        pass.information = vec![f64::NAN; layout.square[layout.n_items()]];
    }
    let log_prior = priors.add(layout, &natural, &mut pass.gradient, &mut pass.information);
    let mut gradient = vec![0.0; x.len()];
    for i in 0..layout.n_items() {
        let g = &mut pass.gradient[layout.natural[i]..layout.natural[i + 1]];
        let h = &mut pass.information[layout.square[i]..layout.square[i + 1]];
        layout.pull_back(i, &natural, g, h);
        if layout.common_slope {
            gradient[0] += g[0];
            gradient[layout.block(i)].copy_from_slice(&g[1..]);
        } else {
            gradient[layout.block(i)].copy_from_slice(g);
        }
    }
    let respondents: f64 = engine.data.weights.iter().sum();
    let metric = Metric {
        together: together(layout, priors, &natural, respondents),
        blocks: pass.information,
        square: layout.square.clone(),
        ranges: (0..layout.n_items()).map(|i| layout.block(i)).collect(),
        common_slope: layout.common_slope,
    };
    Evaluation {
        objective: pass.log_likelihood + log_prior,
        log_likelihood: pass.log_likelihood,
        log_prior,
        gradient,
        metric,
    }
}

/// Parameter expansion: EM holds the distribution of θ at N(0, 1) and so moves origin and unit of the scale by
/// crawling. Were mean and spread of θ parameters, complete data would inform on them with `n` and `2n`; what
/// they learn in a step moves the items along with it (Liu, Rubin & Wu 1998, doi:10.1093/biomet/85.4.755).
fn together(layout: &Layout, priors: &ItemPriors, natural: &[f64], respondents: f64) -> [(Vec<f64>, f64); 2] {
    [(layout.shift(natural), respondents), (layout.stretch(natural), 2.0 * respondents)].map(
        |(direction, information)| {
            let held = priors.precision_along(layout, &direction);
            (direction, 1.0 / (information + held))
        },
    )
}

impl Metric {
    /// The block of an item, row by row, slope first.
    pub fn block(&self, item: usize) -> &[f64] {
        &self.blocks[self.square[item]..self.square[item + 1]]
    }

    /// The metric less square blocks of the same layout.
    pub fn less(&self, blocks: &[f64]) -> Self {
        Self { blocks: self.blocks.iter().zip(blocks).map(|(a, b)| a - b).collect(), ..self.clone() }
    }

    /// `metric · v`.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        for (i, range) in self.ranges.iter().enumerate() {
            let h = self.block(i);
            let n = range.len() + self.common_slope as usize;
            let place = |m: usize| match (self.common_slope, m) {
                (true, 0) => 0,
                (true, m) => range.start + m - 1,
                (false, m) => range.start + m,
            };
            for a in 0..n {
                out[place(a)] += (0..n).map(|b| h[a * n + b] * v[place(b)]).sum::<f64>();
            }
        }
        out
    }

    /// Blocks of the inverse, slope first, and whether each exists.
    pub fn inverse_blocks(&self) -> (Vec<f64>, Vec<bool>) {
        let mut out = vec![0.0; self.blocks.len()];
        let mut known = vec![true; self.ranges.len()];
        let slope_variance = self.common_slope.then(|| {
            let mut unit = vec![0.0; self.ranges.last().map_or(1, |r| r.end)];
            unit[0] = 1.0;
            self.solve(&unit)[0]
        });
        for (i, range) in self.ranges.iter().enumerate() {
            let (h, to) = (self.block(i), self.square[i]..self.square[i + 1]);
            let Some(variance) = slope_variance else {
                match Cholesky::new(h, range.len()) {
                    Some(f) => out[to].copy_from_slice(&f.inverse()),
                    None => known[i] = false,
                }
                continue;
            };
            let n = range.len() + 1;
            let inner: Vec<f64> = (1..n).flat_map(|r| h[r * n + 1..(r + 1) * n].to_vec()).collect();
            let Some(factor) = Cholesky::new(&inner, n - 1) else {
                known[i] = false;
                continue;
            };
            let mut by_border = h[1..n].to_vec();
            factor.solve(&mut by_border);
            let inverse = factor.inverse();
            let block = &mut out[to];
            block[0] = variance;
            for a in 1..n {
                block[a] = -by_border[a - 1] * variance;
                block[a * n] = block[a];
                for b in 1..n {
                    block[a * n + b] =
                        inverse[(a - 1) * (n - 1) + b - 1] + by_border[a - 1] * by_border[b - 1] * variance;
                }
            }
        }
        (out, known)
    }

    /// The step of parameter-expanded EM for a gradient `v`.
    pub fn expanded_step(&self, v: &[f64]) -> Vec<f64> {
        let mut out = self.solve(v);
        for (direction, inverse) in &self.together {
            let along = inverse * dot(direction, v);
            out.iter_mut().zip(direction).for_each(|(o, u)| *o += along * u);
        }
        out
    }

    /// Solves `metric · s = v` for the EM step `s` of a gradient `v`.
    pub fn solve(&self, v: &[f64]) -> Vec<f64> {
        let mut out = v.to_vec();
        if !self.common_slope {
            for (i, range) in self.ranges.iter().enumerate() {
                if let [aa, ad, _, dd] = *self.block(i) {
                    let (ga, gd) = (v[range.start], v[range.start + 1]);
                    let determinant = aa * dd - ad * ad;
                    if determinant > 1e-12 * aa * dd {
                        out[range.start] = (dd * ga - ad * gd) / determinant;
                        out[range.start + 1] = (aa * gd - ad * ga) / determinant;
                        continue;
                    }
                }
                solve_ridged(self.block(i), &mut out[range.clone()]);
            }
            return out;
        }
        // The slope's row borders the blocks: eliminate the blocks, then go back.
        let (mut corner, mut right) = (0.0, v[0]);
        let mut reduced: Vec<(Vec<f64>, Vec<f64>)> = Vec::with_capacity(self.ranges.len());
        for (i, range) in self.ranges.iter().enumerate() {
            let (n, h) = (range.len() + 1, self.block(i));
            let inner: Vec<f64> = (1..n).flat_map(|r| h[r * n + 1..(r + 1) * n].to_vec()).collect();
            let border = h[1..n].to_vec();
            let (mut by_border, mut by_v) = (border.clone(), v[range.clone()].to_vec());
            solve_ridged(&inner, &mut by_border);
            solve_ridged(&inner, &mut by_v);
            corner += h[0] - dot(&border, &by_border);
            right -= dot(&border, &by_v);
            reduced.push((by_border, by_v));
        }
        out[0] = if corner > 0.0 { right / corner } else { 0.0 };
        for (range, (by_border, by_v)) in self.ranges.iter().zip(&reduced) {
            for (k, at) in range.clone().enumerate() {
                out[at] = by_v[k] - by_border[k] * out[0];
            }
        }
        out
    }
}

/// `Σ aᵢ bᵢ`.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
