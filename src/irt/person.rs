//! Does a respondent answer as its ability predicts? The standardised log-likelihood.

use super::band::members;
use super::curve::point::Point;
use super::data::{Packed, Responses};
use super::layout::Layout;
use crate::numeric::vector::wide_kernel;
use crate::numeric::vector::{ln, logistic};
use rayon::prelude::*;

/// Log-likelihood of the answers of each respondent of a band, with its mean and variance under the model.
#[derive(Clone)]
pub(crate) struct Surprise {
    pub observed: [f64; 64],
    pub mean: [f64; 64],
    pub variance: [f64; 64],
}

wide_kernel! {
    fn surprise(
        data: &Responses, layout: &Layout, natural: &[f64], band: usize, theta: &[f64; 64],
    ) -> Surprise = surprise_body;
}

#[inline(always)]
fn surprise_body(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    band: usize,
    theta: &[f64; 64],
) -> Surprise {
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let mut out = Surprise { observed: [0.0; 64], mean: [0.0; 64], variance: [0.0; 64] };
    let who = members(data, band);
    let (mut point, mut log) = (Point::default(), Vec::new());
    for i in 0..layout.n_items() {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        if let Packed::Bits(bits) = &data.cells {
            let (value, present) = (bits.value_row(i)[band], bits.present_row(i)[band]);
            let c = if p.len() > 2 { logistic(p[2]) } else { 0.0 };
            let u = if p.len() > 3 { logistic(p[3]) } else { 1.0 };
            for r in 0..64 {
                let m = f64::from_bits(0u64.wrapping_sub(present >> r & 1) & ONE);
                let y = f64::from_bits(0u64.wrapping_sub(value >> r & 1) & ONE);
                let z = p[0] * theta[r] + p[1];
                let (s, not_s) = (logistic(z), logistic(-z));
                let right = c * not_s + u * s + 1e-300;
                let wrong = (1.0 - c) * not_s + (1.0 - u) * s + 1e-300;
                let (log_right, log_wrong) = (ln(right), ln(wrong));
                let logit = log_right - log_wrong;
                out.observed[r] += y * logit + m * log_wrong;
                out.mean[r] += m * (right * log_right + wrong * log_wrong);
                out.variance[r] += m * right * wrong * logit * logit;
            }
            continue;
        }
        for (r, column) in who.clone().enumerate() {
            let Some((k, n)) = data.cell(i, column) else { continue };
            point.fill(layout.kind, p, theta[r]);
            log.clear();
            log.extend(point.p.iter().map(|p| ln(p.max(1e-290))));
            let mean: f64 = point.p.iter().zip(&log).map(|(p, l)| p * l).sum();
            let variance: f64 = point.p.iter().zip(&log).map(|(p, l)| p * (l - mean) * (l - mean)).sum();
            if layout.kind.is_ordinal() {
                out.observed[r] += log[k];
                out.mean[r] += mean;
                out.variance[r] += variance;
            } else {
                out.observed[r] += k as f64 * log[1] + (n - k) as f64 * log[0];
                out.mean[r] += n as f64 * mean;
                out.variance[r] += n as f64 * variance;
            }
        }
    }
    out
}

/// `l_z` of every respondent, in sorted order.
///
/// ```text
/// l_z = (ℓ − E ℓ) / √Var ℓ at the given ability
/// ```
///
/// # Reference
/// Drasgow, Levine & Williams 1985, doi:10.1111/j.2044-8317.1985.tb00817.x.
pub(crate) fn person_fit(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    theta: &[f64],
) -> Vec<Option<f64>> {
    (0..data.n_bands())
        .into_par_iter()
        .flat_map_iter(|band| {
            let who = members(data, band);
            let count = who.len();
            let mut at = [0.0; 64];
            at[..count].copy_from_slice(&theta[who]);
            let s = surprise(data, layout, natural, band, &at);
            (0..count)
                .map(|r| (s.variance[r] > 1e-12).then(|| (s.observed[r] - s.mean[r]) / s.variance[r].sqrt()))
                .collect::<Vec<_>>()
        })
        .collect()
}
