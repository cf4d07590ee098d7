//! How does each item go with every other? All pairs of items in one pass, by popcount where scores are 0/1.

use super::tetrachoric::{FourFold, cosine_pi, tetrachoric};
use crate::numeric::popcount::count_and;
use crate::response::{BitMatrix, ResponseMatrix};
use rayon::prelude::*;
use serde::Serialize;

/// How the tetrachoric correlation of a pair of items is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TetrachoricMethod {
    /// The cosine-π approximation: fast, right near 50 %.
    CosinePi,
    /// Maximum likelihood: some hundred times slower; for up to a few thousand items.
    MaximumLikelihood,
}

/// What the partners of an item add up to. Pairs count over the respondents who answered both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairSums {
    /// Σ cov_ij, divisor n_ij − 1.
    pub covariance: f64,
    /// Σ of the largest covariance that the two margins allow.
    pub covariance_max: f64,
    /// Σ cov_ij².
    pub covariance_squared: f64,
    /// Σ of tetrachoric correlations.
    pub tetrachoric: f64,
    /// Σ sign(φ_ij) φ_ij².
    pub signed_phi_squared: f64,
    /// Pairs in which both items vary: those that have a correlation.
    pub n_correlated: u32,
    /// Pairs that fewer than two respondents share: their covariance is unknown.
    pub n_unshared: u32,
}

impl PairSums {
    fn add(&mut self, other: &PairSums) {
        self.covariance += other.covariance;
        self.covariance_max += other.covariance_max;
        self.covariance_squared += other.covariance_squared;
        self.tetrachoric += other.tetrachoric;
        self.signed_phi_squared += other.signed_phi_squared;
        self.n_correlated += other.n_correlated;
        self.n_unshared += other.n_unshared;
    }

    /// Loevinger's scalability of the item; `None` if no pair could covary.
    ///
    /// ```text
    /// H_i = Σ_{j≠i} cov_ij / Σ_{j≠i} cov_ij^max
    /// ```
    ///
    /// # Reference
    /// Loevinger 1948, doi:10.1037/h0055737; Mokken 1971, *A Theory and Procedure of Scale Analysis*.
    pub fn scalability(&self) -> Option<f64> {
        (self.covariance_max > 0.0).then(|| self.covariance / self.covariance_max)
    }

    /// The mean tetrachoric correlation with the items that vary.
    pub fn mean_tetrachoric(&self) -> Option<f64> {
        (self.n_correlated > 0).then(|| self.tetrachoric / self.n_correlated as f64)
    }

    /// The mean of sign(φ) φ² over the items that vary.
    ///
    /// # Reference
    /// The signed isotonic R² of arXiv:2603.24999, which for 0/1 items is this.
    pub fn mean_signed_phi_squared(&self) -> Option<f64> {
        (self.n_correlated > 0).then(|| self.signed_phi_squared / self.n_correlated as f64)
    }
}

/// The pair sums of every item, and what they leave out.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// One for each item.
    pub sums: Vec<PairSums>,
    /// Whether tetrachoric correlations were found: for 0/1 scores only.
    pub has_tetrachoric: bool,
    /// Whether the largest covariances were found: 0/1 scores, or no score missing.
    pub has_scalability: bool,
}

/// What one pair adds to both of its items.
type Pair = PairSums;

/// Items in a block: large enough to reuse rows in cache, small enough to spread over threads.
const BLOCK: usize = 128;

/// All pairs of items; `None` if that takes more than `work` multiplications on scores that are not 0/1.
///
/// The blocks, and the order in which they are added, do not depend on the number of threads.
pub fn pair_sums(matrix: &ResponseMatrix, method: TetrachoricMethod, work: u64) -> Option<Pairs> {
    if let Some(bits) = matrix.binary() {
        let counts: Vec<(u32, u32)> = (0..bits.rows()).map(|i| bits.row_counts(i)).collect();
        let sums = if bits.is_complete() {
            let n = bits.columns() as f64;
            over_pairs(bits.rows(), |i, j| {
                let both = count_and(bits.value_row(i), bits.value_row(j)) as f64;
                binary_pair(n, both, counts[i].0 as f64, counts[j].0 as f64, method)
            })
        } else {
            over_pairs(bits.rows(), |i, j| shared_pair(bits, i, j, method))
        };
        return Some(Pairs { sums, has_tetrachoric: true, has_scalability: true });
    }
    let (items, n) = (matrix.n_items() as u64, matrix.n_respondents() as u64);
    if items.saturating_mul(items).saturating_mul(n) / 2 > work {
        return None;
    }
    let rows: Vec<Vec<f64>> = (0..matrix.n_items()).map(|i| matrix.item_row(i)).collect();
    let complete = rows.iter().flatten().all(|x| !x.is_nan());
    let sums = if complete {
        let centred: Vec<Vec<f64>> = rows.into_iter().map(centre).collect();
        let sorted: Vec<Vec<f64>> = centred
            .iter()
            .map(|row| {
                let mut row = row.clone();
                row.sort_by(f64::total_cmp);
                row
            })
            .collect();
        over_pairs(centred.len(), |i, j| complete_pair(&centred, &sorted, i, j))
    } else {
        over_pairs(rows.len(), |i, j| graded_pair(&rows[i], &rows[j]))
    };
    Some(Pairs { sums, has_tetrachoric: false, has_scalability: complete })
}

/// Adds up `pair(i, j)`, `i < j`, for both of its items.
fn over_pairs(items: usize, pair: impl Fn(usize, usize) -> Pair + Sync) -> Vec<PairSums> {
    let blocks: Vec<Vec<PairSums>> = (0..items.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let start = block * BLOCK;
            let end = (start + BLOCK).min(items);
            // Sums of the items from `start` on: this block's own, and those of its later partners.
            let mut sums = vec![PairSums::default(); items - start];
            for i in start..end {
                let mut own = PairSums::default();
                for j in i + 1..items {
                    let p = pair(i, j);
                    own.add(&p);
                    sums[j - start].add(&p);
                }
                sums[i - start].add(&own);
            }
            sums
        })
        .collect();
    let mut total = vec![PairSums::default(); items];
    for (block, sums) in blocks.iter().enumerate() {
        for (to, from) in total[block * BLOCK..].iter_mut().zip(sums) {
            to.add(from);
        }
    }
    total
}

/// A pair of 0/1 items with missing answers, over the respondents who answered both.
fn shared_pair(bits: &BitMatrix, i: usize, j: usize, method: TetrachoricMethod) -> Pair {
    let (xi, pi) = (bits.value_row(i), bits.present_row(i));
    let (xj, pj) = (bits.value_row(j), bits.present_row(j));
    let (mut n, mut both, mut ones_i, mut ones_j) = (0, 0, 0, 0);
    for w in 0..xi.len() {
        n += (pi[w] & pj[w]).count_ones();
        both += (xi[w] & xj[w]).count_ones();
        ones_i += (xi[w] & pj[w]).count_ones();
        ones_j += (pi[w] & xj[w]).count_ones();
    }
    binary_pair(n as f64, both as f64, ones_i as f64, ones_j as f64, method)
}

fn binary_pair(n: f64, both: f64, ones_i: f64, ones_j: f64, method: TetrachoricMethod) -> Pair {
    if n < 2.0 {
        return Pair { n_unshared: 1, ..Pair::default() };
    }
    let product = ones_i * ones_j / n;
    let covariance = (both - product) / (n - 1.0);
    let mut pair = Pair {
        covariance,
        covariance_max: (ones_i.min(ones_j) - product) / (n - 1.0),
        covariance_squared: covariance * covariance,
        ..Pair::default()
    };
    let margins = ones_i * (n - ones_i) * ones_j * (n - ones_j);
    if margins > 0.0 {
        let numerator = n * both - ones_i * ones_j;
        pair.signed_phi_squared = numerator * numerator.abs() / margins;
        pair.n_correlated = 1;
        let table = FourFold {
            both,
            first: ones_i - both,
            second: ones_j - both,
            neither: n - ones_i - ones_j + both,
        };
        pair.tetrachoric = match method {
            TetrachoricMethod::CosinePi => cosine_pi(table),
            // Both margins vary, so there is an estimate.
            TetrachoricMethod::MaximumLikelihood => tetrachoric(table, 0.5, 0.95).map_or(0.0, |e| e.value),
        };
    }
    pair
}

fn centre(mut row: Vec<f64>) -> Vec<f64> {
    let mean = row.iter().sum::<f64>() / row.len().max(1) as f64;
    let constant = row.iter().all(|x| *x == row[0]);
    row.iter_mut().for_each(|x| *x = if constant { 0.0 } else { *x - mean });
    row
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

/// A pair of graded items without missing scores. The largest covariance pairs the scores in order.
fn complete_pair(centred: &[Vec<f64>], sorted: &[Vec<f64>], i: usize, j: usize) -> Pair {
    let free = centred[i].len() as f64 - 1.0;
    if free < 1.0 {
        return Pair { n_unshared: 1, ..Pair::default() };
    }
    let covariance = dot(&centred[i], &centred[j]) / free;
    let margins = dot(&centred[i], &centred[i]) * dot(&centred[j], &centred[j]) / (free * free);
    with_correlation(
        Pair {
            covariance,
            covariance_max: dot(&sorted[i], &sorted[j]) / free,
            covariance_squared: covariance * covariance,
            ..Pair::default()
        },
        margins,
    )
}

/// A pair of graded items with missing scores, over the respondents who have both.
fn graded_pair(x: &[f64], y: &[f64]) -> Pair {
    let shared = || x.iter().zip(y).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let (n, sx, sy) = shared().fold((0.0, 0.0, 0.0), |(n, s, t), (a, b)| (n + 1.0, s + a, t + b));
    if n < 2.0 {
        return Pair { n_unshared: 1, ..Pair::default() };
    }
    let (mx, my) = (sx / n, sy / n);
    let (sxy, sxx, syy) = shared().fold((0.0, 0.0, 0.0), |(xy, xx, yy), (a, b)| {
        let (a, b) = (a - mx, b - my);
        (xy + a * b, xx + a * a, yy + b * b)
    });
    let covariance = sxy / (n - 1.0);
    let pair = Pair { covariance, covariance_squared: covariance * covariance, ..Pair::default() };
    with_correlation(pair, sxx * syy / ((n - 1.0) * (n - 1.0)))
}

/// Completes a pair by its squared correlation, if both items vary by more than rounding.
fn with_correlation(mut pair: Pair, margins: f64) -> Pair {
    if margins > 1e-24 {
        pair.signed_phi_squared = pair.covariance * pair.covariance.abs() / margins;
        pair.n_correlated = 1;
    }
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::correlation::pearson;
    use crate::response::{Cells, Metric};

    fn pattern(items: usize, respondents: usize, holes: bool) -> ResponseMatrix {
        ResponseMatrix::from_bits(BitMatrix::from_fn(items, respondents, |i, r| {
            let h = (i * 7919 + r * 104_729 + (i * r) % 17) % 23;
            (!holes || h != 0).then_some(h % 5 + r / 8 > 3)
        }))
    }

    fn naive(m: &ResponseMatrix, i: usize) -> PairSums {
        let mut sums = PairSums::default();
        for j in (0..m.n_items()).filter(|&j| j != i) {
            let (a, b): (Vec<f64>, Vec<f64>) =
                m.item_row(i).iter().zip(&m.item_row(j)).filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip();
            let n = a.len() as f64;
            let (p, q) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
            let joint = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / n;
            sums.covariance += (joint - p * q) * n / (n - 1.0);
            sums.covariance_max += (p.min(q) - p * q) * n / (n - 1.0);
            if let Some(r) = pearson(&a, &b) {
                sums.signed_phi_squared += r * r.abs();
                sums.n_correlated += 1;
            }
        }
        sums
    }

    #[test]
    fn the_packed_pass_agrees_with_the_definition() {
        for holes in [false, true] {
            let m = pattern(150, 70, holes);
            let pairs = pair_sums(&m, TetrachoricMethod::CosinePi, 0).unwrap();
            for i in [0, 63, 127, 128, 149] {
                let slow = naive(&m, i);
                let fast = pairs.sums[i];
                assert!((fast.covariance - slow.covariance).abs() < 1e-10, "{i}");
                assert!((fast.covariance_max - slow.covariance_max).abs() < 1e-10, "{i}");
                assert!((fast.signed_phi_squared - slow.signed_phi_squared).abs() < 1e-10, "{i}");
                assert_eq!(fast.n_correlated, slow.n_correlated);
            }
        }
    }

    #[test]
    fn graded_cells_that_hold_zeros_and_ones_give_the_same() {
        for holes in [false, true] {
            let m = pattern(20, 40, holes);
            let cells = ndarray::Array2::from_shape_fn((20, 40), |(i, r)| {
                m.score(i, r).map_or(f32::NAN, |x| x as f32)
            });
            let graded = ResponseMatrix::new(
                "b",
                Metric::new("b", "score", None),
                m.respondents().to_vec(),
                m.items().to_vec(),
                &vec![None; 20],
                Cells::Scores(cells),
                None,
            );
            let packed = pair_sums(&m, TetrachoricMethod::CosinePi, 0).unwrap();
            let dense = pair_sums(&graded, TetrachoricMethod::CosinePi, u64::MAX).unwrap();
            assert_eq!(dense.has_scalability, !holes);
            for (a, b) in packed.sums.iter().zip(&dense.sums) {
                assert!((a.covariance - b.covariance).abs() < 1e-12);
                assert!((a.covariance_squared - b.covariance_squared).abs() < 1e-12);
                assert!((a.signed_phi_squared - b.signed_phi_squared).abs() < 1e-12);
                assert_eq!(a.n_correlated, b.n_correlated);
                if !holes {
                    assert!((a.covariance_max - b.covariance_max).abs() < 1e-12);
                }
            }
            assert!(pair_sums(&graded, TetrachoricMethod::CosinePi, 10).is_none());
        }
    }
}
