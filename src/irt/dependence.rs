//! Do two items share more than ability? Correlations of residuals, Yen's Q3.

use super::calibrated::calibrated;
use super::curve::point::Point;
use super::data::IrtError;
use super::result::IrtFit;
use crate::response::ResponseMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Most items that are compared pair by pair.
const MOST_ITEMS: usize = 4000;
/// Fewest respondents that a pair must share.
const LEAST_SHARED: usize = 10;

/// Two items whose residuals go together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DependentPair {
    /// Place of the first item in the fit.
    pub first: usize,
    /// Place of the second item in the fit.
    pub second: usize,
    /// Correlation of their residuals.
    pub q3: f64,
    /// Respondents who answered both.
    pub n_shared: usize,
}

/// Pairs of items that depend on each other beyond ability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// Mean Q3 over all pairs; near `−1/(n_items − 1)` where nothing is wrong.
    pub mean: Option<f64>,
    /// Pairs further from the mean than the threshold, furthest first.
    pub pairs: Vec<DependentPair>,
    /// Pairs compared.
    pub n_pairs: usize,
    /// Why nothing was compared, if so.
    pub reason: Option<String>,
}

/// Correlations of residuals between items, as far as they exceed `threshold` above or below their mean.
///
/// ```text
/// Q3_jk = corr(x_j − E x_j, x_k − E x_k) over respondents, at their posterior means
/// ```
///
/// The threshold applies to the distance from the mean of all pairs, as Christensen et al. advise; with few
/// respondents chance alone spreads Q3 by about `1/√n`, so the larger of the threshold and `4/√n` counts.
///
/// # Errors
/// [`IrtError`] if the matrix does not hold the items of the fit.
///
/// # Reference
/// Yen 1984, doi:10.1177/014662168400800201; Christensen, Makransky & Horton 2017,
/// doi:10.1177/0146621616677520.
pub fn local_dependence(
    fit: &IrtFit,
    matrix: &ResponseMatrix,
    threshold: f64,
) -> Result<Dependence, IrtError> {
    let q3 = residual_correlations(fit, matrix)?;
    let Some((places, values)) = q3 else {
        return Ok(Dependence {
            mean: None,
            pairs: Vec::new(),
            n_pairs: 0,
            reason: Some(format!("more than {MOST_ITEMS} items, or fewer than two")),
        });
    };
    let all: Vec<f64> = values.iter().flatten().map(|v| v.1).collect();
    let mean = crate::numeric::describe::mean(&all);
    let centre = mean.unwrap_or(0.0);
    let mut pairs: Vec<DependentPair> = values
        .iter()
        .enumerate()
        .flat_map(|(a, row)| row.iter().map(move |(b, q3, n)| (a, *b, *q3, *n)).collect::<Vec<_>>())
        .filter(|(_, _, q3, n)| (q3 - centre).abs() > threshold.max(4.0 / (*n as f64).sqrt()))
        .map(|(a, b, q3, n_shared)| DependentPair { first: places[a], second: places[b], q3, n_shared })
        .collect();
    pairs.sort_by(|a, b| (b.q3 - centre).abs().total_cmp(&(a.q3 - centre).abs()));
    Ok(Dependence { mean, pairs, n_pairs: all.len(), reason: None })
}

/// Rows of `(other item, q3, respondents shared)` for items later than the row's; `None` beyond the limits.
type Correlations = Option<(Vec<usize>, Vec<Vec<(usize, f64, usize)>>)>;

fn residual_correlations(fit: &IrtFit, matrix: &ResponseMatrix) -> Result<Correlations, IrtError> {
    let c = calibrated(fit, matrix, fit.abilities.iter().map(|a| a.index).collect())?;
    let (n_items, n) = (c.layout.n_items(), c.columns.len());
    if !(2..=MOST_ITEMS).contains(&n_items) {
        return Ok(None);
    }
    let theta = c.abilities_of(fit);
    // Residuals with 0 where missing, and who is present.
    let rows: Vec<(Vec<f64>, Vec<f64>)> = (0..n_items)
        .into_par_iter()
        .map(|i| {
            let mut point = Point::default();
            let (mut x, mut m) = (vec![0.0; n], vec![0.0; n]);
            for r in 0..n {
                if let Some((k, trials)) = c.responses.cell(i, r) {
                    point.fill(c.layout.kind, c.item(i), theta[r]);
                    let trials = if c.layout.kind.is_ordinal() { 1.0 } else { trials as f64 };
                    x[r] = k as f64 - trials * point.expected();
                    m[r] = 1.0;
                }
            }
            (x, m)
        })
        .collect();
    let complete = c.responses.complete;
    let q3 = (0..n_items)
        .into_par_iter()
        .map(|a| {
            (a + 1..n_items)
                .filter_map(|b| correlation(&rows[a], &rows[b], complete).map(|(q, n)| (b, q, n)))
                .collect()
        })
        .collect();
    Ok(Some((c.places, q3)))
}

fn correlation(a: &(Vec<f64>, Vec<f64>), b: &(Vec<f64>, Vec<f64>), complete: bool) -> Option<(f64, usize)> {
    let mut s = [[0.0f64; 4]; 6];
    let n = a.0.len();
    for from in (0..n).step_by(4) {
        for lane in 0..4.min(n - from) {
            let r = from + lane;
            let both = if complete { 1.0 } else { a.1[r] * b.1[r] };
            let (x, y) = (both * a.0[r], both * b.0[r]);
            s[0][lane] += both;
            s[1][lane] += x;
            s[2][lane] += y;
            s[3][lane] += x * x;
            s[4][lane] += y * y;
            s[5][lane] += x * y;
        }
    }
    let [n, x, y, xx, yy, xy] = s.map(|l| l.iter().sum::<f64>());
    if n < LEAST_SHARED as f64 {
        return None;
    }
    let (vx, vy) = (xx - x * x / n, yy - y * y / n);
    let q = (xy - x * y / n) / (vx * vy).sqrt();
    (vx > 1e-12 && vy > 1e-12 && q.is_finite()).then_some((q, n as usize))
}
