//! Which model predicts answers it has not seen? Held-out log-likelihood on a random tenth of the cells.

use super::curve::Kind;
use super::data::{IrtError, prepare};
use super::engine::Engine;
use super::fit::has_categories;
use super::model::Model;
use super::options::IrtOptions;
use super::score::curve_of;
use crate::numeric::random::stream;
use crate::response::matrix::NO_CATEGORY;
use crate::response::{Cells, ResponseMatrix};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Share of cells held out.
const HELD_OUT: f64 = 0.1;
/// A richer model must predict better by this many standard errors of the difference.
const MARGIN: f64 = 1.0;

/// How one model predicted the held-out cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The model.
    pub model: Model,
    /// Mean log-likelihood of a held-out cell, nats; absent where it was not tried.
    pub held_out: Option<f64>,
    /// Standard error of its difference to the chosen model, nats.
    pub difference_se: Option<f64>,
    /// Why it was not tried.
    pub reason: Option<String>,
}

/// The model chosen, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The model.
    pub model: Model,
    /// All candidates, simplest first.
    pub trials: Vec<Trial>,
    /// Cells held out.
    pub n_held_out: usize,
}

/// Chooses a model by how well it predicts a random tenth of the cells.
///
/// Candidates are those that the number of respondents supports: Rasch, 2PL and 3PL for right and wrong;
/// partial credit with one slope, generalised partial credit and graded response for categories. Each is
/// fitted without the held-out cells, which are then predicted at the posterior mean of their respondent. The
/// simplest model within one standard error of the best is chosen.
///
/// # Errors
/// [`IrtError`] if not even the simplest model can be fitted.
pub fn choose(matrix: &ResponseMatrix, options: &IrtOptions) -> Result<Choice, IrtError> {
    let candidates: &[Model] = match has_categories(matrix) {
        true => &[Model::Rasch, Model::PartialCredit, Model::Graded],
        false => &[Model::Rasch, Model::TwoParameter, Model::ThreeParameter],
    };
    let (train, held) = split(matrix, options.seed);
    let mut each: Vec<(Model, Result<Vec<f64>, String>)> = Vec::new();
    for &model in candidates {
        let least = model.least_respondents();
        if matrix.n_respondents() < least {
            each.push((model, Err(format!("needs {least} models, there are {}", matrix.n_respondents()))));
            continue;
        }
        let with = IrtOptions { model: Some(model), standard_errors: false, ..options.clone() };
        let outcome = predict(&train, matrix, &held, &with);
        each.push((model, outcome.map_err(|e| e.to_string())));
    }
    let mean = |v: &[f64]| crate::numeric::describe::mean(v).filter(|m| m.is_finite());
    let score = |r: &Result<Vec<f64>, String>| r.as_ref().ok().and_then(|v| mean(v));
    let best = each.iter().filter_map(|(m, r)| Some((*m, score(r)?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((best, _)) = best else {
        // Nothing could be held out or fitted: the simplest model reports what is wrong.
        return Ok(Choice { model: Model::Rasch, trials: Vec::new(), n_held_out: held.len() });
    };
    let of_best = each.iter().find(|(m, _)| *m == best).and_then(|(_, r)| r.clone().ok()).unwrap_or_default();
    let behind = |r: &[f64]| {
        let difference: Vec<f64> = of_best.iter().zip(r).map(|(a, b)| a - b).collect();
        let se = crate::numeric::describe::std_dev(&difference, 1).unwrap_or(0.0)
            / (difference.len().max(1) as f64).sqrt();
        (mean(&difference).unwrap_or(f64::INFINITY), se)
    };
    let chosen = each
        .iter()
        .find(|(_, r)| {
            r.as_ref().is_ok_and(|v| {
                let (gap, se) = behind(v);
                gap <= MARGIN * se
            })
        })
        .map_or(best, |(m, _)| *m);
    let trials = each
        .iter()
        .map(|(model, r)| Trial {
            model: *model,
            held_out: score(r),
            difference_se: r.as_ref().ok().map(|v| behind(v).1),
            reason: r.as_ref().err().cloned(),
        })
        .collect();
    Ok(Choice { model: chosen, trials, n_held_out: held.len() })
}

/// The matrix without a random tenth of its cells, and those cells.
fn split(matrix: &ResponseMatrix, seed: u64) -> (ResponseMatrix, Vec<(usize, usize)>) {
    let mut held = Vec::new();
    for i in 0..matrix.n_items() {
        let mut rng = stream(seed, i as u64);
        for r in 0..matrix.n_respondents() {
            if rng.random::<f64>() < HELD_OUT && matrix.score(i, r).is_some() {
                held.push((i, r));
            }
        }
    }
    let mut cells = matrix.cells().clone();
    for (i, r) in &held {
        match &mut cells {
            Cells::Binary(b) => b.set(*i, *r, None),
            Cells::Counts(c) => (c.correct[[*i, *r]], c.trials[[*i, *r]]) = (0, 0),
            Cells::Categories { level, .. } => level[[*i, *r]] = NO_CATEGORY,
            Cells::Scores(s) => s[[*i, *r]] = f32::NAN,
        }
    }
    let subjects: Vec<Option<String>> =
        (0..matrix.n_items()).map(|i| matrix.subject_name(i).map(str::to_owned)).collect();
    let train = ResponseMatrix::new(
        matrix.benchmark.clone(),
        matrix.metric.clone(),
        matrix.respondents().to_vec(),
        matrix.items().to_vec(),
        &subjects,
        cells,
        matrix.options().cloned(),
    );
    (train, held)
}

/// Log-likelihoods of the held-out cells under a fit to the rest; a cell that cannot be predicted counts as
/// what chance would give it.
fn predict(
    train: &ResponseMatrix,
    matrix: &ResponseMatrix,
    held: &[(usize, usize)],
    options: &IrtOptions,
) -> Result<Vec<f64>, IrtError> {
    let fit = super::fit::fit(train, options)?;
    let whole = super::data::convert(matrix, fit.model)?;
    let mut item_at = vec![None; matrix.n_items()];
    fit.items.iter().enumerate().for_each(|(k, item)| item_at[item.index] = Some(k));
    let mut theta = vec![None; matrix.n_respondents()];
    fit.abilities.iter().for_each(|a| theta[a.index] = Some(a.eap.value));
    let mut point = super::curve::point::Point::default();
    Ok(held
        .iter()
        .map(|(i, r)| {
            let (Some(k), Some(t)) = (item_at[*i], theta[*r]) else { return 0.5f64.ln() };
            let item = &fit.items[k];
            let (kind, p) = curve_of(fit.model, item);
            point.fill(kind, &p, t);
            let log = |k: usize| point.p[k].max(1e-6).ln();
            match &whole {
                super::data::Packed::Bits(b) => b.get(*i, *r).map_or(0.0, |v| log(v as usize)),
                super::data::Packed::Counts { correct, trials } => {
                    let (k, n) = (correct[[*i, *r]] as f64, trials[[*i, *r]] as f64);
                    k * log(1) + (n - k) * log(0)
                }
                super::data::Packed::Levels(l) => {
                    let at = item.levels.iter().position(|v| *v == l[[*i, *r]]);
                    at.map_or(1e-6f64.ln(), log)
                }
            }
        })
        .collect())
}

/// Marginal log-likelihood of a matrix under given parameters, for comparisons between fits.
///
/// # Errors
/// As [`super::fit()`].
pub fn log_likelihood(
    fit: &super::result::IrtFit,
    matrix: &ResponseMatrix,
    options: &IrtOptions,
) -> Result<f64, IrtError> {
    let prepared = prepare(matrix, fit.model, options)?;
    let place: std::collections::HashMap<usize, usize> =
        fit.items.iter().enumerate().map(|(k, i)| (i.index, k)).collect();
    let kind = Kind::of(fit.model, !prepared.levels[0].is_empty());
    let layout = super::layout::Layout::new(kind, false, &prepared.responses.n_levels);
    let mut natural = Vec::new();
    for i in &prepared.items {
        let Some(k) = place.get(i) else {
            return Err(IrtError::Parameters(format!("item {} was not fitted", matrix.items()[*i])));
        };
        let mut p = curve_of(fit.model, &fit.items[*k]).1;
        p[0] *= fit.ability_std_dev.value;
        natural.extend(p);
    }
    if natural.len() != layout.natural[layout.n_items()] {
        return Err(IrtError::Parameters("the items have other categories than were calibrated".into()));
    }
    Ok(Engine::new(&prepared.responses, &layout, options.quadrature).evaluate(&natural).log_likelihood)
}
