//! How do free numbers become estimates with intervals? Items and abilities in the order of the matrix.

use super::ability::Scored;
use super::curve::Kind;
use super::data::{Packed, Prepared};
use super::engine::Engine;
use super::layout::Layout;
use super::model::Model;
use super::result::{Ability, ItemNote, ItemParameters};
use super::standard_error::ItemCovariance;
use crate::numeric::special::{logistic, normal_quantile};
use crate::numeric::{Estimate, Interval};
use crate::response::ResponseMatrix;

/// A slope beyond this is a step as far as the data can tell.
const STEEP: f64 = 6.0;

/// Item parameters with their uncertainty.
pub(crate) fn items(
    matrix: &ResponseMatrix,
    prepared: &Prepared,
    layout: &Layout,
    natural: &[f64],
    errors: Option<&ItemCovariance>,
    model: Model,
    level: f64,
) -> Vec<ItemParameters> {
    (0..layout.n_items())
        .map(|i| {
            let size = layout.size(i);
            let covariance = errors
                .filter(|e| e.known[i])
                .map(|e| e.blocks[layout.square[i]..layout.square[i + 1]].to_vec())
                .filter(|c| (0..size).all(|m| c[m * size + m] >= 0.0 && c[m * size + m].is_finite()));
            let mut p = natural[layout.natural[i]..layout.natural[i + 1]].to_vec();
            let mut covariance = covariance;
            if model == Model::Rasch {
                // On the Rasch scale the slope is 1 and θ carries the spread.
                p[0] = 1.0;
                if let Some(c) = &mut covariance {
                    (0..size).for_each(|m| (c[m], c[m * size]) = (0.0, 0.0));
                }
            }
            item(matrix, prepared, layout.kind, i, &p, covariance, model, level)
        })
        .collect()
}

#[allow(clippy::too_many_arguments)]
fn item(
    matrix: &ResponseMatrix,
    prepared: &Prepared,
    kind: Kind,
    i: usize,
    p: &[f64],
    covariance: Option<Vec<f64>>,
    model: Model,
    level: f64,
) -> ItemParameters {
    let size = p.len();
    let variance = |m: usize| covariance.as_ref().map(|c| c[m * size + m]);
    let estimate = |m: usize| match variance(m) {
        Some(v) => Estimate::normal(p[m], v.sqrt(), level),
        None => Estimate::bare(p[m]),
    };
    let discrimination = match model {
        Model::Rasch => Estimate::bare(1.0),
        _ => estimate(0),
    };
    let thresholds = if kind.is_ordinal() { size - 1 } else { 1 };
    // −(weights · d) / a with its uncertainty, for any combination of intercepts.
    let crossing = |weights: Vec<f64>| {
        let d: f64 = weights.iter().zip(p).map(|(w, p)| w * p).sum();
        let moments = covariance.as_ref().map(|c| {
            let with = |m: usize| -> f64 { (0..size).map(|k| weights[k] * c[m * size + k]).sum() };
            let dd: f64 = (0..size).map(|m| weights[m] * with(m)).sum();
            (c[0], with(0), dd)
        });
        ratio(p[0], d, moments, level)
    };
    // Partial credit crosses at −(dₖ − dₖ₋₁)/a, so that the steps' mean is −d_{K−1}/((K−1) a).
    let partial = kind == Kind::PartialCredit;
    let difficulties = (1..=thresholds)
        .map(|k| {
            let mut weights = vec![0.0; size];
            weights[k] = 1.0;
            if partial && k > 1 {
                weights[k - 1] = -1.0;
            }
            crossing(weights)
        })
        .collect();
    let location = crossing(
        (0..size)
            .map(|k| match k {
                0 => 0.0,
                k if k > thresholds || (partial && k < thresholds) => 0.0,
                _ => 1.0 / thresholds as f64,
            })
            .collect(),
    );
    let asymptote = |m: usize| {
        (m < size && !kind.is_ordinal()).then(|| {
            let value = logistic(p[m]);
            match variance(m) {
                Some(v) => {
                    let half = normal_quantile(0.5 + level / 2.0) * v.sqrt();
                    let interval = Interval::new(logistic(p[m] - half), logistic(p[m] + half), level);
                    Estimate::with_interval(value, Some(v.sqrt() * value * (1.0 - value)), interval)
                }
                None => Estimate::bare(value),
            }
        })
    };
    let everyone = 0..prepared.responses.n_respondents();
    let (n_responses, constant) = match &prepared.responses.cells {
        Packed::Bits(b) => {
            let (ones, present) = b.row_counts(i);
            (present as usize, (ones == 0, ones == present))
        }
        _ => {
            let cells: Vec<(usize, usize)> = everyone.filter_map(|r| prepared.responses.cell(i, r)).collect();
            let none = !kind.is_ordinal() && cells.iter().all(|(k, _)| *k == 0);
            let all = !kind.is_ordinal() && cells.iter().all(|(k, n)| k == n);
            (cells.len(), (none, all))
        }
    };
    let mut notes = Vec::new();
    if constant.1 {
        notes.push(ItemNote::AllCorrect);
    }
    if constant.0 {
        notes.push(ItemNote::AllWrong);
    }
    if discrimination.high().is_some_and(|high| high < 0.0) {
        notes.push(ItemNote::NegativeSlope);
    }
    if p[0].abs() > STEEP {
        notes.push(ItemNote::SteepSlope);
    }
    if covariance.is_none() {
        notes.push(ItemNote::NotIdentified);
    }
    let index = prepared.items[i];
    ItemParameters {
        item: matrix.items()[index].clone(),
        index,
        discrimination,
        intercepts: (1..=thresholds).map(estimate).collect(),
        difficulties,
        location,
        guessing: asymptote(2),
        upper: asymptote(3),
        covariance,
        n_responses,
        levels: prepared.levels[i].clone(),
        notes,
    }
}

/// `−d / a` with its delta-method standard error and Fieller's interval.
///
/// The interval holds every `b` with `(a b + d)² ≤ z² var(a b + d)`: the roots of a quadratic, bounded only
/// where the slope differs from zero. Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.
fn ratio(a: f64, d: f64, moments: Option<(f64, f64, f64)>, level: f64) -> Estimate {
    let b = -d / a;
    let Some((aa, ad, dd)) = moments else { return Estimate::bare(b) };
    let error = ((dd + 2.0 * b * ad + b * b * aa).max(0.0)).sqrt() / a.abs();
    let z2 = normal_quantile(0.5 + level / 2.0).powi(2);
    let (q2, q1, q0) = (a * a - z2 * aa, a * d - z2 * ad, d * d - z2 * dd);
    let discriminant = q1 * q1 - q2 * q0;
    if q2 > 0.0 && discriminant >= 0.0 {
        let root = discriminant.sqrt();
        let interval = Interval::new((-q1 - root) / q2, (-q1 + root) / q2, level);
        Estimate::with_interval(b, Some(error), interval)
    } else {
        Estimate { value: b, std_error: Some(error), interval: None }
    }
}

/// Abilities in the order of the matrix, scaled to the population's standard deviation.
pub(crate) fn abilities(
    matrix: &ResponseMatrix,
    prepared: &Prepared,
    engine: &Engine<'_>,
    scored: [&[Scored]; 3],
    l_z: &[Option<f64>],
    (shift, scale): (f64, f64),
    level: f64,
) -> Vec<Ability> {
    let data = engine.data;
    let totals = totals(data);
    let mut out: Vec<Ability> = (0..data.n_respondents())
        .map(|r| {
            let estimate = |s: Scored| s.map(|(t, e)| Estimate::normal(t * scale + shift, e * scale, level));
            let index = prepared.respondents[r];
            let (sum, most, n_items) = totals[r];
            Ability {
                respondent: matrix.respondents()[index].clone(),
                index,
                n_items,
                score: sum / most.max(1.0),
                eap: Estimate::normal(engine.mean[r] * scale + shift, engine.sd[r] * scale, level),
                map: estimate(scored[0][r]),
                ml: estimate(scored[1][r]),
                wle: estimate(scored[2][r]),
                person_fit: l_z[r],
            }
        })
        .collect();
    out.sort_by_key(|a| a.index);
    out
}

/// Points, most points possible, and items answered, of each respondent.
fn totals(data: &super::data::Responses) -> Vec<(f64, f64, usize)> {
    if let Packed::Bits(b) = &data.cells {
        let owned;
        let rows = match &data.by_respondent {
            Some(rows) => rows,
            None => {
                owned = b.transposed();
                &owned
            }
        };
        return (0..rows.rows())
            .map(|r| rows.row_counts(r))
            .map(|(ones, n)| (ones as f64, n as f64, n as usize))
            .collect();
    }
    let mut out = vec![(0.0, 0.0, 0); data.n_respondents()];
    for i in 0..data.n_items() {
        for (r, t) in out.iter_mut().enumerate() {
            if let Some((k, n)) = data.cell(i, r) {
                let top = if matches!(data.cells, Packed::Levels(_)) { data.n_levels[i] - 1 } else { n };
                t.0 += k as f64;
                t.1 += top as f64;
                t.2 += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a = 2 ± 0.2 and d = 1 ± 0.3, uncorrelated: b = −0.5; the ends solve (2b + 1)² = z²(0.04 b² + 0.09).
    #[test]
    fn fiellers_interval_solves_its_equation() {
        let e = ratio(2.0, 1.0, Some((0.04, 0.0, 0.09)), 0.95);
        let z2 = normal_quantile(0.975).powi(2);
        for b in [e.low().unwrap(), e.high().unwrap()] {
            assert!(((2.0 * b + 1.0).powi(2) - z2 * (0.04 * b * b + 0.09)).abs() < 1e-9);
        }
        assert!(e.interval.unwrap().contains(-0.5));
        assert!(ratio(0.1, 1.0, Some((0.04, 0.0, 0.09)), 0.95).interval.is_none());
    }
}
