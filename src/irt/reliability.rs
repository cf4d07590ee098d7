//! How far can abilities be told apart, and where on the scale? Information and reliability.

use super::curve::point::Point;
use super::engine::Engine;
use super::layout::Layout;
use super::result::{IrtFit, Reliability};
use crate::numeric::describe::variance;
use crate::numeric::quadrature::normal_grid;
use rayon::prelude::*;

/// Fisher information of each item (rows) at each ability, as the fit describes them.
///
/// ```text
/// I_j(θ) = Σ_k P′_k(θ)² / P_k(θ)
/// ```
///
/// Abilities are on the scale of the fit.
pub fn item_information(fit: &IrtFit, abilities: &[f64]) -> Vec<Vec<f64>> {
    fit.items
        .par_iter()
        .map(|item| {
            let mut point = Point::default();
            abilities
                .iter()
                .map(|t| {
                    let (kind, p) = super::score::curve_of(fit.model, item);
                    point.fill(kind, &p, *t);
                    point.information()
                })
                .collect()
        })
        .collect()
}

/// Test information: the sum of [`item_information`] over the items.
pub fn test_information(fit: &IrtFit, abilities: &[f64]) -> Vec<f64> {
    let items = item_information(fit, abilities);
    (0..abilities.len()).map(|q| items.iter().map(|i| i[q]).sum()).collect()
}

/// Empirical and marginal reliability.
///
/// ```text
/// empirical = var(EAP) / (var(EAP) + mean(SE²))
/// marginal  = ∫ I(θ) / (I(θ) + 1) φ(θ) dθ
/// ```
///
/// # Reference
/// Green, Bock, Humphreys, Linn & Reckase 1984, doi:10.1111/j.1745-3984.1984.tb01039.x.
pub(crate) fn reliability(engine: &Engine<'_>, natural: &[f64]) -> Reliability {
    let error = engine.sd.iter().map(|s| s * s).sum::<f64>() / engine.sd.len().max(1) as f64;
    let empirical = variance(&engine.mean, 1).map(|v| v / (v + error)).filter(|v| v.is_finite());
    let rule = normal_grid(61, 6.0);
    let information = information_at(engine.layout, natural, &rule.nodes);
    let marginal: f64 = rule.weights.iter().zip(&information).map(|(w, i)| w * i / (i + 1.0)).sum();
    Reliability { empirical, marginal: Some(marginal).filter(|v| v.is_finite()) }
}

fn information_at(layout: &Layout, natural: &[f64], t: &[f64]) -> Vec<f64> {
    t.par_iter()
        .map(|t| {
            let mut point = Point::default();
            (0..layout.n_items())
                .map(|i| {
                    point.fill(layout.kind, &natural[layout.natural[i]..layout.natural[i + 1]], *t);
                    point.information()
                })
                .sum()
        })
        .collect()
}
