//! Does an item behave as its curve says? Mean squares of residuals, likelihood, and sum scores.

use super::band::members;
use super::calibrated::{Calibrated, calibrated};
use super::curve::Kind;
use super::curve::point::Point;
use super::data::{IrtError, Packed, Responses};
use super::result::IrtFit;
use super::sum_score::{SumScoreFit, sum_score_fits};
use crate::numeric::vector::wide_kernel;
use crate::numeric::vector::{ln, logistic};
use crate::response::ResponseMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How one item fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemFit {
    /// Place of the item in the fit.
    pub place: usize,
    /// Squared residuals over their variance, weighted by that variance; 1 is as expected.
    pub infit: Option<f64>,
    /// Mean squared standardised residual; dominated by surprises far from the item.
    pub outfit: Option<f64>,
    /// Standardised log-likelihood of the answers to the item.
    pub likelihood: Option<f64>,
    /// Observed against expected by sum score, where it can be computed.
    pub sum_score: Option<SumScoreFit>,
}

/// Fit of all items, and why some statistics are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemFits {
    /// Items in the order of the fit.
    pub items: Vec<ItemFit>,
    /// Why there is no sum-score statistic at all, if so.
    pub sum_score_reason: Option<String>,
}

/// Fit statistics of every item at the posterior means of the respondents.
///
/// ```text
/// infit  = Σ (x − E)² / Σ V,   outfit = mean of (x − E)² / V,   l_z = Σ (ln P(x) − E ln P) / √Σ Var ln P
/// S-X²   = Σ_s Σ_k (O_sk − E_sk)² / E_sk over the sum scores s
/// ```
///
/// # Errors
/// [`IrtError`] if the matrix does not hold the items of the fit.
///
/// # Reference
/// Wright & Masters 1982, *Rating Scale Analysis*; Drasgow, Levine & Williams 1985,
/// doi:10.1111/j.2044-8317.1985.tb00817.x; Orlando & Thissen 2000, doi:10.1177/01466216000241003.
pub fn item_fit(fit: &IrtFit, matrix: &ResponseMatrix) -> Result<ItemFits, IrtError> {
    let columns = fit.abilities.iter().map(|a| a.index).collect();
    let c = calibrated(fit, matrix, columns)?;
    let theta = c.abilities_of(fit);
    let (sum_scores, sum_score_reason) = match sum_score_fits(&c, fit) {
        Ok(fits) => (fits, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let mut items: Vec<ItemFit> = (0..c.layout.n_items())
        .into_par_iter()
        .with_min_len(4)
        .map(|i| {
            let s = residuals(&c, i, &theta);
            let finite = |v: f64| Some(v).filter(|v| v.is_finite());
            ItemFit {
                place: c.places[i],
                infit: finite(s.squares / s.variances),
                outfit: finite(s.standardised / s.count),
                likelihood: finite((s.log_observed - s.log_mean) / s.log_variance.sqrt()),
                sum_score: sum_scores.get(i).cloned().flatten(),
            }
        })
        .collect();
    items.sort_by_key(|i| i.place);
    Ok(ItemFits { items, sum_score_reason })
}

#[derive(Default, Clone, Copy)]
struct Sums {
    count: f64,
    squares: f64,
    variances: f64,
    standardised: f64,
    log_observed: f64,
    log_mean: f64,
    log_variance: f64,
}

fn residuals(c: &Calibrated, i: usize, theta: &[f64]) -> Sums {
    match (&c.responses.cells, c.layout.kind) {
        (Packed::Bits(_), _) => bit_residuals(&c.responses, c.layout.kind, c.item(i), i, theta),
        _ => cell_residuals(c, i, theta),
    }
}

wide_kernel! {
    fn bit_residuals(data: &Responses, kind: Kind, p: &[f64], i: usize, theta: &[f64]) -> Sums = bit_residuals_body;
}

#[inline(always)]
fn bit_residuals_body(data: &Responses, _kind: Kind, p: &[f64], i: usize, theta: &[f64]) -> Sums {
    const LANES: usize = 8;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let Packed::Bits(bits) = &data.cells else { return Sums::default() };
    let c = if p.len() > 2 { logistic(p[2]) } else { 0.0 };
    let u = if p.len() > 3 { logistic(p[3]) } else { 1.0 };
    let mut sums = [[0.0f64; LANES]; 7];
    for band in 0..data.n_bands() {
        let (value, present) = (bits.value_row(i)[band], bits.present_row(i)[band]);
        let mut t = [0.0; 64];
        let who = members(data, band);
        t[..who.len()].copy_from_slice(&theta[who]);
        for from in (0..64).step_by(LANES) {
            for lane in 0..LANES {
                let r = from + lane;
                let m = f64::from_bits(0u64.wrapping_sub(present >> r & 1) & ONE);
                let y = f64::from_bits(0u64.wrapping_sub(value >> r & 1) & ONE);
                let z = p[0] * t[r] + p[1];
                let (s, not_s) = (logistic(z), logistic(-z));
                let right = c * not_s + u * s + 1e-300;
                let wrong = (1.0 - c) * not_s + (1.0 - u) * s + 1e-300;
                let v = right * wrong;
                let square = m * (y - right) * (y - right);
                let (log_right, log_wrong) = (ln(right), ln(wrong));
                let logit = log_right - log_wrong;
                sums[0][lane] += m;
                sums[1][lane] += square;
                sums[2][lane] += m * v;
                sums[3][lane] += square / v;
                sums[4][lane] += y * logit + m * log_wrong;
                sums[5][lane] += m * (right * log_right + wrong * log_wrong);
                sums[6][lane] += m * v * logit * logit;
            }
        }
    }
    let total = sums.map(|lanes| lanes.iter().sum::<f64>());
    Sums {
        count: total[0],
        squares: total[1],
        variances: total[2],
        standardised: total[3],
        log_observed: total[4],
        log_mean: total[5],
        log_variance: total[6],
    }
}

fn cell_residuals(c: &Calibrated, i: usize, theta: &[f64]) -> Sums {
    let mut out = Sums::default();
    let mut point = Point::default();
    for (r, t) in theta.iter().enumerate() {
        let Some((k, n)) = c.responses.cell(i, r) else { continue };
        point.fill(c.layout.kind, c.item(i), *t);
        // k of n attempts is a sum of n equal trials.
        let n = if c.layout.kind.is_ordinal() { 1.0 } else { n as f64 };
        let (mean, variance) = (n * point.expected(), n * point.variance());
        let log: Vec<f64> = point.p.iter().map(|p| p.max(1e-290).ln()).collect();
        let log_mean: f64 = point.p.iter().zip(&log).map(|(p, l)| p * l).sum();
        let square = (k as f64 - mean).powi(2);
        out.count += 1.0;
        out.squares += square;
        out.variances += variance;
        out.standardised += square / variance;
        out.log_observed +=
            if c.layout.kind.is_ordinal() { log[k] } else { k as f64 * log[1] + (n - k as f64) * log[0] };
        out.log_mean += n * log_mean;
        out.log_variance +=
            n * point.p.iter().zip(&log).map(|(p, l)| p * (l - log_mean).powi(2)).sum::<f64>();
    }
    out
}
