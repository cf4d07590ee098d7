//! Which respondents are near-copies, and how many distinct ones are there?

use crate::numeric::popcount::count_and;
use crate::numeric::special::normal_quantile;
use crate::response::{BitMatrix, RespondentId, ResponseMatrix};
use rayon::prelude::*;
use serde::Serialize;

/// Two respondents that agree beyond what their scores and the difficulty of the items predict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClonePair {
    /// The one earlier in the matrix.
    pub first: RespondentId,
    /// The other.
    pub second: RespondentId,
    /// Items that both answered.
    pub n_items: usize,
    /// Share of those items with the same score.
    pub agreement: f64,
    /// The share that scores and item difficulties predict; `None` for scores that are not 0/1.
    pub expected_agreement: Option<f64>,
    /// Correlation of what difficulty does not explain, see [`find_clones`].
    pub residual_correlation: f64,
    /// Every shared score is the same.
    pub identical: bool,
    /// Among the items that both got wrong, the share with the same wrong option, where options are known.
    pub same_wrong_option: Option<f64>,
}

/// The near-copies among the respondents and what they cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clones {
    /// The pairs, by falling residual correlation.
    pub pairs: Vec<ClonePair>,
    /// Pairs over the threshold, also those past the limit of the list.
    pub n_pairs: usize,
    /// Pairs whose shared scores are all the same.
    pub n_identical: usize,
    /// The effective number of distinct respondents, between 1 and their number.
    pub effective_respondents: f64,
    /// For each respondent, the one most like it and their residual correlation.
    pub nearest: Vec<Option<(usize, f64)>>,
}

/// What counts as a near-copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloneOptions {
    /// The residual correlation from which on a pair is listed.
    pub threshold: f64,
    /// The most pairs to list.
    pub max_pairs: usize,
}

impl Default for CloneOptions {
    fn default() -> Self {
        Self { threshold: 0.5, max_pairs: 1000 }
    }
}

/// The fewest shared items on which two respondents can be called alike.
pub const MIN_SHARED_ITEMS: usize = 20;

/// Finds near-copies and counts distinct respondents.
///
/// Each respondent's scores are regressed on the item means; what is left is `e_r`. Two respondents are alike
/// as far as these residuals correlate, which is the partial correlation of their scores given difficulty:
///
/// ```text
/// ρ_rs = (J − 1)/J · corr(e_r, e_s) + 1/J
/// J_eff = J / (1 + (J − 1) · max(0, mean ρ²_rs − 1/(n − 1)))
/// ```
///
/// The first line takes back the −1/(J−1) that arises because the item means contain both respondents. In the
/// second the mean is over all pairs, less what chance gives on `n` items: `m` groups of `c` identical
/// respondents each give `m` (up to terms of order 1/J), independent ones `J`. The mean of ρ² and not of ρ is
/// taken because residuals about the item means sum to nothing, so the mean of ρ is 0 whatever the clones.
/// Respondents whose score does not vary show nothing and count as distinct.
///
/// A pair is listed if `ρ` reaches the threshold on at least [`MIN_SHARED_ITEMS`] items and exceeds 0 at the
/// 5 % level divided by the number of pairs. Missing scores: residuals come from each respondent's own
/// answers, products from the shared ones.
///
/// # Reference
/// Kish 1965, *Survey Sampling*, section 8.2, for the design effect `1 + (J − 1)ρ̄`.
pub fn find_clones(matrix: &ResponseMatrix, options: &CloneOptions) -> Clones {
    let respondents = matrix.n_respondents();
    let empty = Clones {
        pairs: Vec::new(),
        n_pairs: 0,
        n_identical: 0,
        effective_respondents: respondents as f64,
        nearest: vec![None; respondents],
    };
    if respondents < 2 || matrix.n_items() < 3 {
        return empty;
    }
    let residuals = Residuals::new(matrix);
    let rows: Vec<RowFindings> =
        (0..respondents).into_par_iter().map(|r| scan_row(&residuals, r, options)).collect();

    let n_pairs_all = (respondents * (respondents - 1) / 2) as f64;
    let excess: f64 = rows.iter().map(|row| row.excess).sum();
    let rho = (excess / n_pairs_all).clamp(0.0, 1.0);
    let mut nearest = vec![None; respondents];
    let mut listed: Vec<(usize, usize, f64)> = Vec::new();
    for (r, row) in rows.iter().enumerate() {
        for &(s, rho) in &row.near {
            listed.push((r, s, rho));
        }
        for &(s, rho) in row.best.iter() {
            nearest[r] = Some((s, rho));
        }
    }
    listed.sort_by(|a, b| {
        let names = |p: &(usize, usize, f64)| {
            let (x, y) = (&matrix.respondents()[p.0], &matrix.respondents()[p.1]);
            if x < y { (x, y) } else { (y, x) }
        };
        b.2.total_cmp(&a.2).then_with(|| names(a).cmp(&names(b)))
    });
    let n_identical =
        listed.par_iter().filter(|&&(r, s, _)| residuals.agreement(matrix, r, s).0 == 1.0).count();
    let pairs = listed
        .iter()
        .take(options.max_pairs)
        .map(|&(r, s, rho)| residuals.describe(matrix, r, s, rho))
        .collect();
    Clones {
        pairs,
        n_pairs: listed.len(),
        n_identical,
        effective_respondents: respondents as f64 / (1.0 + (respondents as f64 - 1.0) * rho),
        nearest,
    }
}

struct RowFindings {
    /// Σ over later respondents of ρ² less its chance value.
    excess: f64,
    /// Later respondents over the threshold.
    near: Vec<(usize, f64)>,
    /// The most similar of all others.
    best: Option<(usize, f64)>,
}

fn scan_row(residuals: &Residuals, r: usize, options: &CloneOptions) -> RowFindings {
    let respondents = residuals.variance.len();
    let j = respondents as f64;
    let tests = (j * (j - 1.0) / 2.0).max(1.0);
    let z = normal_quantile(1.0 - 0.05 / tests);
    let mut found = RowFindings { excess: 0.0, near: Vec::new(), best: None };
    for s in (0..respondents).filter(|&s| s != r) {
        let Some((correlation, n)) = residuals.correlation(r, s) else { continue };
        let rho = (correlation * (j - 1.0) + 1.0) / j;
        if found.best.is_none_or(|(_, best)| rho > best) {
            found.best = Some((s, rho));
        }
        if s < r || n < 3 {
            continue;
        }
        found.excess += rho * rho - 1.0 / (n as f64 - 1.0);
        let clear = rho > 1.0 - 1e-12 || rho.atanh() * (n as f64 - 3.0).sqrt() > z;
        if n >= MIN_SHARED_ITEMS && rho >= options.threshold && clear {
            found.near.push((s, rho));
        }
    }
    found
}

/// Scores less what item difficulty explains, in a form from which any pair's product is quick.
struct Residuals {
    /// Mean squared residual of each respondent; 0 where nothing varies.
    variance: Vec<f64>,
    mean: Vec<f64>,
    /// Covariance of each respondent's scores with the item means.
    slope: Vec<f64>,
    /// Variance of the item means.
    item_variance: f64,
    n_items: usize,
    rows: ResidualRows,
}

enum ResidualRows {
    /// Complete 0/1 scores, respondents × items: all products follow from shared ones.
    Packed(BitMatrix),
    /// Residuals with 0 where missing, and what is present.
    Dense { residual: Vec<Vec<f64>>, present: BitMatrix },
}

impl Residuals {
    fn new(matrix: &ResponseMatrix) -> Self {
        let item_means: Vec<f64> =
            matrix.item_totals().iter().map(|&(sum, n)| if n > 0 { sum / n as f64 } else { 0.0 }).collect();
        match matrix.binary().filter(|bits| bits.is_complete()) {
            Some(bits) => Self::packed(bits.transposed(), &item_means),
            None => Self::dense(matrix, &item_means),
        }
    }

    fn packed(bits: BitMatrix, item_means: &[f64]) -> Self {
        let n = item_means.len() as f64;
        let grand = item_means.iter().sum::<f64>() / n;
        let item_variance = item_means.iter().map(|p| (p - grand).powi(2)).sum::<f64>() / n;
        let (mean, slope): (Vec<f64>, Vec<f64>) = (0..bits.rows())
            .into_par_iter()
            .map(|r| {
                let ones = bits.row_counts(r).0 as f64;
                let with_mean: f64 = (0..item_means.len())
                    .filter(|&i| bits.get(r, i) == Some(true))
                    .map(|i| item_means[i])
                    .sum();
                (ones / n, with_mean / n - ones / n * grand)
            })
            .unzip();
        let variance = mean
            .iter()
            .zip(&slope)
            .map(|(a, c)| {
                let explained = if item_variance > 1e-12 { c * c / item_variance } else { 0.0 };
                positive(a * (1.0 - a) - explained)
            })
            .collect();
        let n_items = item_means.len();
        Self { variance, mean, slope, item_variance, n_items, rows: ResidualRows::Packed(bits) }
    }

    fn dense(matrix: &ResponseMatrix, item_means: &[f64]) -> Self {
        let n_items = matrix.n_items();
        let present =
            BitMatrix::from_fn(matrix.n_respondents(), n_items, |r, i| matrix.score(i, r).map(|_| true));
        let (residual, variance): (Vec<Vec<f64>>, Vec<f64>) = (0..matrix.n_respondents())
            .into_par_iter()
            .map(|r| residual_row(&(0..n_items).map(|i| matrix.score(i, r)).collect::<Vec<_>>(), item_means))
            .unzip();
        Self {
            mean: vec![0.0; variance.len()],
            slope: vec![0.0; variance.len()],
            variance,
            item_variance: 0.0,
            n_items,
            rows: ResidualRows::Dense { residual, present },
        }
    }

    /// Residual covariance of complete 0/1 scores.
    fn packed_covariance(&self, bits: &BitMatrix, r: usize, s: usize) -> f64 {
        let both = count_and(bits.value_row(r), bits.value_row(s)) as f64 / self.n_items as f64;
        let explained =
            if self.item_variance > 1e-12 { self.slope[r] * self.slope[s] / self.item_variance } else { 0.0 };
        both - self.mean[r] * self.mean[s] - explained
    }

    /// Residual correlation and the number of shared items.
    fn correlation(&self, r: usize, s: usize) -> Option<(f64, usize)> {
        let scale = (self.variance[r] * self.variance[s]).sqrt();
        if scale <= 0.0 {
            return None;
        }
        let (covariance, n) = match &self.rows {
            ResidualRows::Packed(bits) => (self.packed_covariance(bits, r, s), self.n_items),
            ResidualRows::Dense { residual, present } => {
                let n = count_and(present.value_row(r), present.value_row(s)) as usize;
                if n == 0 {
                    return None;
                }
                let product: f64 = residual[r].iter().zip(&residual[s]).map(|(a, b)| a * b).sum();
                (product / n as f64, n)
            }
        };
        Some(((covariance / scale).clamp(-1.0, 1.0), n))
    }

    /// Share of the shared items with the same score, and their number.
    fn agreement(&self, matrix: &ResponseMatrix, r: usize, s: usize) -> (f64, usize) {
        let (same, n) = match &self.rows {
            ResidualRows::Packed(bits) => {
                let differ: u32 = (bits.value_row(r).iter().zip(bits.value_row(s)))
                    .map(|(a, b)| (a ^ b).count_ones())
                    .sum();
                (self.n_items - differ as usize, self.n_items)
            }
            ResidualRows::Dense { .. } => (0..self.n_items)
                .filter_map(|i| Some(matrix.score(i, r)? == matrix.score(i, s)?))
                .fold((0, 0), |(same, n), equal| (same + equal as usize, n + 1)),
        };
        (same as f64 / n.max(1) as f64, n)
    }

    fn describe(&self, matrix: &ResponseMatrix, r: usize, s: usize, rho: f64) -> ClonePair {
        let (agreement, n_items) = self.agreement(matrix, r, s);
        let expected_agreement = match &self.rows {
            ResidualRows::Packed(bits) => Some(agreement - 2.0 * self.packed_covariance(bits, r, s)),
            // Equal scores follow from products for right and wrong alone.
            ResidualRows::Dense { residual, .. } => matrix.binary().filter(|_| n_items > 0).map(|_| {
                let product: f64 = residual[r].iter().zip(&residual[s]).map(|(a, b)| a * b).sum();
                (agreement - 2.0 * product / n_items as f64).clamp(0.0, 1.0)
            }),
        };
        ClonePair {
            first: matrix.respondents()[r].clone(),
            second: matrix.respondents()[s].clone(),
            n_items,
            agreement,
            expected_agreement,
            residual_correlation: rho,
            identical: agreement == 1.0,
            same_wrong_option: same_wrong_option(matrix, r, s),
        }
    }
}

/// Rounding of a sum of squares is not variance.
fn positive(variance: f64) -> f64 {
    if variance > 1e-12 { variance } else { 0.0 }
}

/// One respondent's scores less their regression on the item means, and the mean square of what is left.
fn residual_row(scores: &[Option<f64>], item_means: &[f64]) -> (Vec<f64>, f64) {
    let pairs: Vec<(f64, f64)> =
        scores.iter().zip(item_means).filter_map(|(x, p)| Some(((*x)?, *p))).collect();
    if pairs.is_empty() {
        return (vec![0.0; scores.len()], 0.0);
    }
    let n = pairs.len() as f64;
    let (mx, mp) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, p)| (a + x / n, b + p / n));
    let (sxp, spp) = pairs
        .iter()
        .fold((0.0, 0.0), |(xp, pp), (x, p)| (xp + (x - mx) * (p - mp), pp + (p - mp) * (p - mp)));
    let slope = if spp / n > 1e-12 { sxp / spp } else { 0.0 };
    let row: Vec<f64> =
        scores.iter().zip(item_means).map(|(x, p)| x.map_or(0.0, |x| (x - mx) - slope * (p - mp))).collect();
    let variance = positive(row.iter().map(|e| e * e).sum::<f64>() / n);
    (row, variance)
}

fn same_wrong_option(matrix: &ResponseMatrix, r: usize, s: usize) -> Option<f64> {
    let options = matrix.options()?;
    let (mut same, mut n) = (0usize, 0usize);
    for i in 0..matrix.n_items() {
        let (a, b) = (options.chosen[[i, r]], options.chosen[[i, s]]);
        let wrong = |q| matrix.score(i, q) == Some(0.0);
        if a != crate::response::NO_OPTION && b != crate::response::NO_OPTION && wrong(r) && wrong(s) {
            n += 1;
            same += (a == b) as usize;
        }
    }
    (n > 0).then(|| same as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::stream;
    use crate::numeric::special::logistic;
    use rand::RngExt;

    /// `distinct` simulated respondents on Rasch items, each `copies` times.
    fn simulated(items: usize, distinct: usize, copies: usize) -> ResponseMatrix {
        let cells: Vec<Vec<bool>> = (0..distinct)
            .map(|d| {
                let mut rng = stream(11, d as u64);
                let ability = d as f64 / distinct as f64 * 3.0 - 1.5;
                (0..items)
                    .map(|i| {
                        rng.random::<f64>()
                            < logistic(ability - ((i * 37 % items) as f64 / items as f64 * 4.0 - 2.0))
                    })
                    .collect()
            })
            .collect();
        ResponseMatrix::from_bits(BitMatrix::from_fn(items, distinct * copies, |i, r| {
            Some(cells[r / copies][i])
        }))
    }

    #[test]
    fn independent_respondents_all_count() {
        let clones = find_clones(&simulated(800, 40, 1), &CloneOptions::default());
        assert_eq!(clones.n_pairs, 0);
        assert!((clones.effective_respondents - 40.0).abs() < 2.0, "{}", clones.effective_respondents);
    }

    #[test]
    fn a_gap_hardly_changes_the_expected_agreement() {
        let m = simulated(800, 20, 3);
        let cell = |r: usize, i: usize| m.score(i, r).map(|s| s == 1.0);
        let mut rows: Vec<Vec<Option<bool>>> =
            (0..m.n_respondents()).map(|r| (0..m.n_items()).map(|i| cell(r, i)).collect()).collect();
        let expected = |rows: &[Vec<Option<bool>>]| {
            let found = find_clones(&ResponseMatrix::from_rows(rows), &CloneOptions::default());
            let named = |p: &ClonePair| ((p.first.clone(), p.second.clone()), p.expected_agreement.unwrap());
            found.pairs.iter().map(named).collect::<std::collections::HashMap<_, _>>()
        };
        let complete = expected(&rows);
        rows[0][0] = None;
        let gap = expected(&rows);
        assert_eq!(complete.len(), 60);
        let far = complete.iter().filter(|(pair, a)| gap.get(*pair).is_some_and(|b| (*a - b).abs() > 0.01));
        assert_eq!((far.count(), gap.keys().filter(|p| complete.contains_key(*p)).count()), (0, 60));
    }

    #[test]
    fn copies_count_once() {
        let clones = find_clones(&simulated(800, 20, 3), &CloneOptions::default());
        assert!((clones.effective_respondents - 20.0).abs() < 2.0, "{}", clones.effective_respondents);
        assert_eq!((clones.n_pairs, clones.n_identical), (60, 60));
        let pair = &clones.pairs[0];
        assert!(pair.identical && pair.expected_agreement.unwrap() < 0.9 && pair.residual_correlation > 0.99);
    }

    #[test]
    fn the_packed_and_the_dense_way_agree() {
        let m = simulated(200, 6, 2);
        let means: Vec<f64> = m.item_totals().iter().map(|t| t.0 / t.1 as f64).collect();
        let packed = Residuals::new(&m);
        let dense = Residuals::dense(&m, &means);
        for r in 0..12 {
            for s in 0..12 {
                let (a, b) = (packed.correlation(r, s).unwrap(), dense.correlation(r, s).unwrap());
                assert!((a.0 - b.0).abs() < 1e-10 && a.1 == b.1);
            }
        }
    }
}
