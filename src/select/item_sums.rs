//! What do the answers to a set of items say of the models? Sums that add up over subtasks.

use super::candidates::{Components, SetSums};
use super::order::{PAIR_LEVEL, told_apart};
use super::pool::Subtask;
use crate::numeric::random::stream;
use crate::numeric::special::{f_quantile, student_t_quantile};
use crate::numeric::{Estimate, Interval};
use rand::seq::SliceRandom;

/// Sums over the items of one subtask.
#[derive(Debug, Clone, PartialEq)]
pub struct SubtaskSums {
    /// Number of items.
    pub n_items: f64,
    /// Sum of scores of each model.
    pub totals: Vec<f64>,
    /// The same over a fixed random half of the items.
    pub half: Vec<f64>,
    /// Number of items in that half.
    pub n_half: f64,
    /// Sum of squares of all scores.
    pub squares: f64,
    /// Sum over items of the squared sum over models.
    pub item_squares: f64,
    /// Sum over items of the squared difference of each pair of models, pairs `i < j` in order; empty where not asked for.
    pub pair_squares: Vec<f64>,
}

impl SubtaskSums {
    pub(super) fn of(
        subtask: &Subtask,
        models: &[usize],
        pairs: &[(usize, usize)],
        seed: u64,
        stream_index: usize,
    ) -> Self {
        let mut order: Vec<usize> = (0..subtask.items.len()).collect();
        order.shuffle(&mut stream(seed, stream_index as u64));
        let n_half = order.len() / 2;
        let mut sums = Self {
            n_items: subtask.items.len() as f64,
            totals: vec![0.0; models.len()],
            half: vec![0.0; models.len()],
            n_half: n_half as f64,
            squares: 0.0,
            item_squares: 0.0,
            pair_squares: vec![0.0; pairs.len()],
        };
        for (at, &item) in order.iter().enumerate() {
            let row = &subtask.scores[item];
            let mut sum = 0.0;
            for (place, &m) in models.iter().enumerate() {
                let x = f64::from(row[m]);
                sums.totals[place] += x;
                if at < n_half {
                    sums.half[place] += x;
                }
                sums.squares += x * x;
                sum += x;
            }
            sums.item_squares += sum * sum;
            for (pair, (i, j)) in sums.pair_squares.iter_mut().zip(pairs) {
                let d = f64::from(row[models[*i]] - row[models[*j]]);
                *pair += d * d;
            }
        }
        sums
    }
}

/// Mean squares of models × items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    /// Of models.
    pub models: f64,
    /// Of residuals: models at items.
    pub residual: f64,
    /// Items.
    pub n_items: f64,
}

impl SubtaskSums {
    /// Mean squares of models and of residuals, all items counting the same.
    pub fn mean_squares(&self) -> Option<Squares> {
        let (m, n) = (self.totals.len() as f64, self.n_items);
        if self.totals.len() < 2 || n < 2.0 {
            return None;
        }
        let grand: f64 = self.totals.iter().sum();
        let correction = grand * grand / (n * m);
        let models = self.totals.iter().map(|t| t * t).sum::<f64>() / n - correction;
        let items = self.item_squares / m - correction;
        let residual = (self.squares - correction - models - items).max(0.0) / ((n - 1.0) * (m - 1.0));
        Some(Squares { models: models.max(0.0) / (m - 1.0), residual, n_items: n })
    }
}

impl SetSums for SubtaskSums {
    fn plus(&self, other: &Self) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x + y).collect::<Vec<f64>>();
        Self {
            n_items: self.n_items + other.n_items,
            totals: add(&self.totals, &other.totals),
            half: add(&self.half, &other.half),
            n_half: self.n_half + other.n_half,
            squares: self.squares + other.squares,
            item_squares: self.item_squares + other.item_squares,
            pair_squares: add(&self.pair_squares, &other.pair_squares),
        }
    }

    /// `√max(0, MS_models / MS_residual − 1)`
    fn ratio(&self) -> Option<f64> {
        let s = self.mean_squares()?;
        (s.residual > 0.0).then(|| (s.models / s.residual - 1.0).max(0.0).sqrt())
    }

    /// By a paired t test over items.
    ///
    /// ```text
    /// |d̄| > t_{.995, n−1} s_d / √n
    /// ```
    fn share_pairs(&self) -> Option<(f64, f64)> {
        let (n, n_models) = (self.n_items, self.totals.len());
        // Sums of pairs are there only where they were asked for.
        if n < 3.0 || n_models < 2 || self.pair_squares.is_empty() {
            return None;
        }
        let quantile = student_t_quantile(1.0 - PAIR_LEVEL / 2.0, n - 1.0);
        let totals = &self.totals;
        let pairs = (0..n_models).flat_map(|i| (i + 1..n_models).map(move |j| (i, j)));
        told_apart(pairs.zip(&self.pair_squares).map(|((i, j), squares)| {
            let mean = (totals[i] - totals[j]) / n;
            let variance = ((squares - n * mean * mean) / (n - 1.0)).max(0.0);
            (mean.abs(), quantile * (variance / n).sqrt())
        }))
    }

    fn scores(&self) -> Vec<f64> {
        self.totals.iter().map(|t| t / self.n_items).collect()
    }

    /// On the first half of the items.
    fn deciding(&self) -> Vec<f64> {
        self.half.iter().map(|h| h / self.n_half).collect()
    }

    /// On the second half.
    fn decided(&self) -> Vec<f64> {
        self.totals.iter().zip(&self.half).map(|(t, h)| (t - h) / (self.n_items - self.n_half)).collect()
    }

    /// ```text
    /// F = MS_models / MS_residual      ratio = √(F − 1)      interval: √(F / F_{1∓α/2}(M−1, (M−1)(n−1)) − 1)
    /// ```
    fn components(&self, level: f64) -> Option<Components> {
        let s = self.mean_squares().filter(|s| s.residual > 0.0)?;
        let (m, n) = (self.totals.len() as f64, self.n_items);
        let f = s.models / s.residual;
        let at = |q: f64| (f / q - 1.0).max(0.0).sqrt();
        let tail = (1.0 - level) / 2.0;
        let quantile = |p: f64| f_quantile(p, m - 1.0, (m - 1.0) * (n - 1.0));
        let interval = Interval::new(at(quantile(1.0 - tail)), at(quantile(tail)), level);
        Some(Components {
            signal: ((s.models - s.residual) / n).max(0.0).sqrt(),
            noise: (s.residual / n).sqrt(),
            ratio: Estimate::with_interval(at(1.0), None, interval),
            reliability: (1.0 - 1.0 / f).max(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::super::pool::{Pool, Subtask};

    #[test]
    fn squares_by_hand() {
        let pool = Pool {
            models: vec!["a".into(), "b".into()],
            subtasks: vec![Subtask {
                name: "t".into(),
                items: vec!["1".into(), "2".into()],
                scores: vec![vec![1.0, 0.0], vec![0.0, 0.0]],
            }],
            models_left_out: vec![],
            items_left_out: 0,
        };
        let squares = pool.sums(&[0, 1], 1, false).subtasks[0].mean_squares().unwrap();
        // Means .5 and 0: models 2 · 2 · .0625 = .25; residuals 4 / 16 over one degree of freedom.
        assert!((squares.models - 0.25).abs() < 1e-12);
        assert!((squares.residual - 0.25).abs() < 1e-12);
    }
}
