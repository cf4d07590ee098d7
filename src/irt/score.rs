//! Where do new respondents stand on an old scale? Scoring with saved item parameters.

use super::ability::{Method, solve};
use super::calibrated::{Calibrated, calibrated};
use super::curve::Kind;
use super::data::{IrtError, Prepared};
use super::engine::Engine;
use super::estimates::abilities;
use super::model::Model;
use super::options::{IrtOptions, Quadrature};
use super::person::person_fit;
use super::result::{Ability, IrtFit, ItemParameters};
use crate::numeric::special::logit;
use crate::response::ResponseMatrix;

/// The curve and natural parameters of a fitted item.
pub(crate) fn curve_of(model: Model, item: &ItemParameters) -> (Kind, Vec<f64>) {
    let kind = Kind::of(model, !item.levels.is_empty());
    let mut p = vec![item.discrimination.value];
    p.extend(item.intercepts.iter().map(|d| d.value));
    p.extend(item.guessing.iter().map(|c| logit(c.value)));
    p.extend(item.upper.iter().map(|u| logit(u.value)));
    (kind, p)
}

/// Probabilities of the scores of an item at an ability on the scale of the fit, lowest score first.
pub fn probabilities(model: Model, item: &ItemParameters, ability: f64) -> Vec<f64> {
    let (kind, p) = curve_of(model, item);
    let mut point = super::curve::point::Point::default();
    point.fill(kind, &p, ability);
    point.p
}

/// Expected scores of an item at abilities on the scale of the fit, categories counted from 0.
///
/// ```text
/// E x = Σₖ k Pₖ(θ)
/// ```
pub fn expected_scores(model: Model, item: &ItemParameters, abilities: &[f64]) -> Vec<f64> {
    let (kind, p) = curve_of(model, item);
    let mut point = super::curve::point::Point::default();
    let mut at = |t: &f64| {
        point.fill(kind, &p, *t);
        point.expected()
    };
    abilities.iter().map(&mut at).collect()
}

/// Abilities of the respondents of a matrix on the scale of a saved fit, through the items they share by name.
///
/// Items of the matrix that the fit does not know are left out; the number used is in each ability.
///
/// # Errors
/// [`IrtError::Parameters`] if no item is shared or a category appears that the calibration never saw.
pub fn score(
    saved: &IrtFit,
    matrix: &ResponseMatrix,
    options: &IrtOptions,
) -> Result<Vec<Ability>, IrtError> {
    let everyone: Vec<usize> = (0..matrix.n_respondents()).collect();
    let Calibrated { responses, layout, natural, rows, places, columns } =
        calibrated(saved, matrix, everyone)?;
    let mut engine = Engine::new(&responses, &layout, Quadrature::Adaptive);
    engine.evaluate(&natural);
    let map = solve(&responses, &layout, &natural, &engine.mean, Method::Map);
    let ml = solve(&responses, &layout, &natural, &engine.mean, Method::MaximumLikelihood);
    let wle = solve(&responses, &layout, &natural, &engine.mean, Method::Weighted);
    let l_z = person_fit(&responses, &layout, &natural, &engine.mean);
    let prepared = Prepared {
        levels: places.iter().map(|k| saved.items[*k].levels.clone()).collect(),
        items: rows,
        respondents: columns,
        excluded_items: Vec::new(),
        excluded_respondents: Vec::new(),
        responses: responses.clone(),
    };
    let all = abilities(
        matrix,
        &prepared,
        &engine,
        [&map, &ml, &wle],
        &l_z,
        (saved.ability_mean, saved.ability_std_dev.value),
        options.level,
    );
    Ok(all.into_iter().filter(|a| a.n_items > 0).collect())
}
