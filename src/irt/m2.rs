//! Does the model fit as a whole? The limited-information statistic M2.

use super::calibrated::calibrated;
use super::curve::logistic::add_gradient_four;
use super::curve::{Kind, log_table};
use super::data::{IrtError, Packed};
use super::model::Model;
use super::result::IrtFit;
use crate::numeric::cholesky::Cholesky;
use crate::numeric::quadrature::normal_grid;
use crate::response::ResponseMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Most items: the matrix of moments grows with their fourth power.
const MOST_ITEMS: usize = 40;

/// M2 with what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OverallFit {
    /// The statistic.
    pub m2: f64,
    /// Moments less parameters.
    pub degrees_of_freedom: usize,
    /// Probability of a larger value if the model holds.
    pub p_value: f64,
    /// Root mean square error of approximation.
    pub rmsea: f64,
    /// Root mean square of the differences between observed and expected correlations of items.
    pub srmsr: f64,
}

/// The limited-information statistic on first- and second-order moments; `Ok(None)` with the reason where it
/// cannot be computed.
///
/// ```text
/// M2 = n e′ (Ξ⁻¹ − Ξ⁻¹Δ(Δ′Ξ⁻¹Δ)⁻¹Δ′Ξ⁻¹) e
/// ```
///
/// `e` are observed less expected shares of right answers to items and pairs of items, `Ξ` their covariance,
/// `Δ` their derivatives in the parameters.
///
/// # Errors
/// [`IrtError`] if the matrix does not hold the items of the fit.
///
/// # Reference
/// Maydeu-Olivares & Joe 2005, doi:10.1198/016214504000002069.
pub fn overall_fit(fit: &IrtFit, matrix: &ResponseMatrix) -> Result<Result<OverallFit, String>, IrtError> {
    let c = calibrated(fit, matrix, fit.abilities.iter().map(|a| a.index).collect())?;
    let n_items = c.layout.n_items();
    let n = c.columns.len();
    let Packed::Bits(bits) = &c.responses.cells else {
        return Ok(Err("it is computed for right and wrong only".into()));
    };
    if !c.responses.complete {
        return Ok(Err("cells are missing".into()));
    }
    if n_items > MOST_ITEMS {
        return Ok(Err(format!("more than {MOST_ITEMS} items")));
    }
    let pairs: Vec<(usize, usize)> =
        (0..n_items).flat_map(|a| (a + 1..n_items).map(move |b| (a, b))).collect();
    let moments = n_items + pairs.len();
    let free = fit.n_parameters;
    let Some(degrees_of_freedom) = moments.checked_sub(free).filter(|df| *df > 0) else {
        return Ok(Err(format!("{moments} moments for {free} parameters leave no degrees of freedom")));
    };
    let rule = normal_grid(61, 6.0);
    let nodes = rule.nodes.len();
    let p: Vec<Vec<f64>> = (0..n_items)
        .map(|i| {
            let mut t = vec![0.0; 2 * nodes];
            log_table(c.layout.kind, c.item(i), &rule.nodes, &mut t);
            (0..nodes).map(|q| (t[q] + t[nodes + q]).exp()).collect()
        })
        .collect();
    // Each moment is a product of one or two items.
    let members: Vec<Vec<usize>> =
        (0..n_items).map(|i| vec![i]).chain(pairs.iter().map(|(a, b)| vec![*a, *b])).collect();
    let expected = |items: &[usize]| -> f64 {
        (0..nodes).map(|q| rule.weights[q] * items.iter().map(|i| p[*i][q]).product::<f64>()).sum()
    };
    let pi: Vec<f64> = members.iter().map(|m| expected(m)).collect();
    let share = |items: &[usize]| -> f64 {
        let words = bits.words();
        let all: u32 = (0..words)
            .map(|w| items.iter().fold(u64::MAX, |x, i| x & bits.value_row(*i)[w]).count_ones())
            .sum();
        all as f64 / n as f64
    };
    let e: Vec<f64> = members.iter().zip(&pi).map(|(m, pi)| share(m) - pi).collect();
    let xi: Vec<f64> = (0..moments)
        .into_par_iter()
        .flat_map_iter(|a| {
            let (members, pi) = (&members, &pi);
            (0..moments).map(move |b| {
                let mut union = members[a].clone();
                union.extend(members[b].iter().filter(|i| !members[a].contains(i)));
                expected(&union) - pi[a] * pi[b]
            })
        })
        .collect();
    let delta = derivatives(&c.layout, &c.natural, fit.model, &rule.nodes, &rule.weights, &p, &members);
    let Some(xi_factor) = Cholesky::new(&xi, moments) else {
        return Ok(Err("the moments are linearly dependent".into()));
    };
    let solve = |v: &[f64]| {
        let mut x = v.to_vec();
        xi_factor.solve(&mut x);
        x
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let weighted: Vec<Vec<f64>> = delta.iter().map(|d| solve(d)).collect();
    let k = delta.len();
    let inner: Vec<f64> = (0..k * k).map(|at| dot(&delta[at / k], &weighted[at % k])).collect();
    let Some(inner) = Cholesky::new(&inner, k) else {
        return Ok(Err("the parameters are not identified by pairs of items".into()));
    };
    let along: Vec<f64> = weighted.iter().map(|w| dot(w, &e)).collect();
    let mut back = along.clone();
    inner.solve(&mut back);
    let m2 = n as f64 * (dot(&e, &solve(&e)) - dot(&along, &back));
    let df = degrees_of_freedom as f64;
    let p_value = ChiSquared::new(df).map_or(f64::NAN, |chi| 1.0 - chi.cdf(m2));
    let rmsea = ((m2 / df - 1.0).max(0.0) / (n as f64 - 1.0)).sqrt();
    let srmsr = residual_correlation(&pairs, n_items, &pi, &e);
    Ok(Ok(OverallFit { m2, degrees_of_freedom, p_value, rmsea, srmsr }))
}

/// Derivatives of every moment in every free parameter: parameters × moments.
fn derivatives(
    layout: &super::layout::Layout,
    natural: &[f64],
    model: Model,
    nodes: &[f64],
    weights: &[f64],
    p: &[Vec<f64>],
    members: &[Vec<usize>],
) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::new();
    let mut common = vec![0.0; members.len()];
    for i in 0..layout.n_items() {
        let item = &natural[layout.natural[i]..layout.natural[i + 1]];
        let slopes: Vec<Vec<f64>> =
            nodes.iter().map(|t| slope_of_probability(layout.kind, item, *t)).collect();
        for m in 0..item.len() {
            let column: Vec<f64> = members
                .iter()
                .map(|items| match items.contains(&i) {
                    false => 0.0,
                    true => (0..nodes.len())
                        .map(|q| {
                            let others = items.iter().filter(|j| **j != i).map(|j| p[*j][q]);
                            weights[q] * slopes[q][m] * others.product::<f64>()
                        })
                        .sum(),
                })
                .collect();
            if m == 0 && model.has_common_slope() {
                common.iter_mut().zip(column).for_each(|(a, b)| *a += b);
            } else {
                out.push(column);
            }
        }
    }
    if model.has_common_slope() {
        out.push(common);
    }
    out
}

/// `∂P/∂(a, d, logit c, logit u)`: the gradient at one trial that succeeded with certainty, times P.
fn slope_of_probability(kind: Kind, item: &[f64], t: f64) -> Vec<f64> {
    let n = item.len();
    let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
    let mut table = [0.0; 2];
    log_table(kind, item, &[t], &mut table);
    let p = (table[0] + table[1]).exp();
    match kind {
        Kind::Logistic => {
            super::curve::logistic::add_gradient_two(item, &[t], &[1.0, 1.0], &mut g, &mut h);
        }
        _ => add_gradient_four(item, &[t], &[1.0, 1.0], &mut g, &mut h),
    }
    g.iter().map(|g| g * p).collect()
}

fn residual_correlation(pairs: &[(usize, usize)], n_items: usize, pi: &[f64], e: &[f64]) -> f64 {
    let correlation = |a: f64, b: f64, ab: f64| (ab - a * b) / (a * (1.0 - a) * b * (1.0 - b)).sqrt();
    let squares: f64 = pairs
        .iter()
        .enumerate()
        .map(|(k, (a, b))| {
            let expected = correlation(pi[*a], pi[*b], pi[n_items + k]);
            let observed = correlation(pi[*a] + e[*a], pi[*b] + e[*b], pi[n_items + k] + e[n_items + k]);
            (observed - expected) * (observed - expected)
        })
        .sum();
    (squares / pairs.len() as f64).sqrt()
}
