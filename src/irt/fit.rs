//! How is a table fitted? Preparation, maximum, standard errors, abilities.

use super::ability::{Method, solve};
use super::clones::clones;
use super::curve::Kind;
use super::data::{Exclusion, IrtError, Prepared, prepare};
use super::design::components;
use super::engine::Engine;
use super::estimates::{abilities, items};
use super::layout::Layout;
use super::maximise::{Maximum, maximise};
use super::model::Model;
use super::objective::evaluate;
use super::options::{IrtOptions, NormalPrior, Observer, PriorSet, Priors};
use super::person::person_fit;
use super::prior::ItemPriors;
use super::reliability::reliability;
use super::result::{DesignGroup, Excluded, IrtFit, ItemNote, Warning};
use super::standard_error::covariance;
use super::start::starting_values;
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, std_dev};
use crate::numeric::special::logit;
use crate::response::{Cells, ResponseMatrix};

/// Items from which the spread of the slopes is estimated.
const ITEMS_FOR_SCALE: usize = 20;
/// Spread of the slopes relative to their root mean square while it is unknown: that of N(1, 1).
const SLOPE_SPREAD: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Fits an item response model by marginal maximum likelihood, or its posterior mode with priors.
///
/// ```text
/// max Σ_p w_p ln ∫ Π_j P_j(x_pj | θ) φ(θ) dθ + ln prior(items)
/// ```
///
/// `matrix` is items × respondents, missing cells left out of the product. Without a model in the options one
/// is chosen by [`super::auto::choose`].
///
/// # Errors
/// [`IrtError`] where nothing can be fitted: too few respondents, one item, scores the model cannot describe.
///
/// # Reference
/// Bock & Aitkin 1981, doi:10.1007/BF02293801.
pub fn fit(matrix: &ResponseMatrix, options: &IrtOptions) -> Result<IrtFit, IrtError> {
    fit_observed(matrix, options, None)
}

/// As [`fit`], with a look at every iteration that may stop it.
///
/// # Errors
/// As [`fit`]. A fit that its observer stopped is a result whose convergence says so.
pub fn fit_observed(
    matrix: &ResponseMatrix,
    options: &IrtOptions,
    observer: Option<Observer<'_>>,
) -> Result<IrtFit, IrtError> {
    let asked = match options.model {
        Some(model) => model,
        None => super::auto::choose(matrix, options)?.model,
    };
    let (model, mut warnings) = supported(matrix, asked, options)?;
    let prepared = prepare(matrix, model, options)?;
    if prepared.responses.n_items() < 2 {
        return Err(IrtError::OneItem);
    }
    let kind = Kind::of(model, !prepared.levels[0].is_empty());
    let layout = Layout::new(kind, model.has_common_slope(), &prepared.responses.n_levels);
    let mut engine = Engine::new(&prepared.responses, &layout, options.quadrature);
    let mut priors = initial_priors(matrix, &prepared, options, &layout);
    let start = layout.to_free(&starting_values(&prepared.responses, &layout, &priors));
    let mut maximum = run(&mut engine, &mut priors, start, options, observer);
    orient(&mut engine, &priors, &mut maximum);
    finish(matrix, options, model, &prepared, &mut engine, &priors, maximum, &mut warnings)
}

/// The model that this many respondents can support.
fn supported(
    matrix: &ResponseMatrix,
    asked: Model,
    options: &IrtOptions,
) -> Result<(Model, Vec<Warning>), IrtError> {
    let n = matrix.n_respondents();
    let least = asked.least_respondents();
    if n >= least {
        return Ok((asked, Vec::new()));
    }
    if options.force_model {
        if n < 2 {
            return Err(IrtError::TooFewRespondents { found: n, least });
        }
        return Ok((asked, vec![Warning::BelowLeast { model: asked, n_respondents: n, least }]));
    }
    let mut model = asked;
    while n < model.least_respondents() {
        model = model
            .simpler()
            .ok_or(IrtError::TooFewRespondents { found: n, least: Model::Rasch.least_respondents() })?;
    }
    Ok((model, vec![Warning::Downgraded { asked, fitted: model, n_respondents: n, least }]))
}

/// Priors before the slopes are known.
fn initial_priors(
    matrix: &ResponseMatrix,
    prepared: &Prepared,
    options: &IrtOptions,
    layout: &Layout,
) -> ItemPriors {
    let kind = layout.kind;
    match options.priors {
        Priors::None => ItemPriors::default(),
        Priors::Given(set) => ItemPriors { set, ..Default::default() },
        Priors::Default => {
            let set = PriorSet {
                slope: Some(NormalPrior::new(1.0, 1.0)),
                intercept: Some(NormalPrior::new(0.0, 3.0)),
                guessing: matches!(kind, Kind::Guessing | Kind::FourParameter)
                    .then(|| NormalPrior::new(logit(0.2), 0.5)),
                upper: (kind == Kind::FourParameter).then(|| NormalPrior::new(logit(0.98), 0.5)),
            };
            let guessing = matrix.options().filter(|_| set.guessing.is_some()).map(|planes| {
                let of = |i: &usize| match planes.n_options[*i] {
                    n if n >= 2 => NormalPrior::new(logit(1.0 / n as f64), 0.5),
                    _ => NormalPrior::new(logit(0.2), 0.5),
                };
                prepared.items.iter().map(of).collect()
            });
            // A few items cannot tell how slopes differ: theirs are judged on the scale of θ itself.
            let many = !layout.common_slope && layout.n_items() >= ITEMS_FOR_SCALE;
            ItemPriors { set, guessing, free_origin: true, slope_spread: many.then_some(SLOPE_SPREAD) }
        }
    }
}

/// The maximum; with default priors the spread of the slopes is estimated on the way.
fn run(
    engine: &mut Engine<'_>,
    priors: &mut ItemPriors,
    start: Vec<f64>,
    options: &IrtOptions,
    observer: Option<Observer<'_>>,
) -> Maximum {
    let layout = engine.layout;
    let estimates_spread = priors.slope_spread.is_some()
        && engine.data.n_respondents() >= Model::TwoParameter.least_respondents();
    if !estimates_spread {
        return maximise(engine, priors, start, options.tolerance, options.max_iterations, observer);
    }
    let mut x = start;
    let mut used = 0;
    for round in 0..2 {
        // Close enough for the spread of many slopes, not yet for each of them.
        let loose = if round == 0 { 1e-5 * x.len() as f64 } else { 1e-6 * x.len() as f64 };
        let tolerance = loose.max(options.tolerance);
        let rough = maximise(engine, priors, x, tolerance, options.max_iterations, observer);
        used += rough.convergence.iterations;
        if !rough.convergence.converged() {
            return rough;
        }
        x = rough.x.clone();
        priors.slope_spread = Some(spread_of_slopes(layout, &rough));
    }
    let left = options.max_iterations.saturating_sub(used).max(20);
    let mut last = maximise(engine, priors, x, options.tolerance, left, observer);
    last.convergence.iterations += used;
    last
}

/// Spread of the slopes behind their estimates, relative to their root mean square (one EM step for a normal
/// population of slopes).
fn spread_of_slopes(layout: &Layout, at: &Maximum) -> f64 {
    let slopes: Vec<f64> = (0..layout.n_items()).map(|i| at.x[layout.block(i).start]).collect();
    // Posterior variance of each slope given the rest.
    let (blocks, known) = at.at.metric.inverse_blocks();
    let variances: Vec<f64> =
        (0..layout.n_items()).filter(|i| known[*i]).map(|i| blocks[layout.square[i]]).collect();
    let centre = mean(&slopes).unwrap_or(1.0);
    let spread = std_dev(&slopes, 0).unwrap_or(1.0).powi(2) + mean(&variances).unwrap_or(0.0);
    (spread / (spread + centre * centre)).sqrt().clamp(0.1, 1.0)
}

/// Turns the scale so that ability goes with the score.
fn orient(engine: &mut Engine<'_>, priors: &ItemPriors, maximum: &mut Maximum) {
    let r = crate::numeric::correlation::pearson(&engine.mean, &engine.data.first_guess);
    if r.is_none_or(|r| r >= 0.0) || engine.layout.kind == Kind::FourParameter && r.is_none() {
        return;
    }
    let layout = engine.layout;
    match layout.common_slope {
        true => maximum.x[0] = -maximum.x[0],
        false => (0..layout.n_items()).for_each(|i| {
            let at = layout.block(i).start;
            maximum.x[at] = -maximum.x[at];
        }),
    }
    engine.mean.iter_mut().for_each(|m| *m = -*m);
    maximum.at = evaluate(engine, priors, &maximum.x);
    maximum.convergence.objective = maximum.at.objective;
}

#[allow(clippy::too_many_arguments)]
fn finish(
    matrix: &ResponseMatrix,
    options: &IrtOptions,
    model: Model,
    prepared: &Prepared,
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    maximum: Maximum,
    warnings: &mut Vec<Warning>,
) -> Result<IrtFit, IrtError> {
    let layout = engine.layout;
    let data = engine.data;
    let natural = layout.to_natural(&maximum.x);
    let errors = options
        .standard_errors
        .then(|| covariance(engine, priors, &maximum.x, &maximum.at.metric, options.full_information_limit));
    let full_information = errors.as_ref().is_some_and(|e| e.full);
    let map = solve(data, layout, &natural, &engine.mean, Method::Map);
    let from: Vec<f64> = map.iter().zip(&engine.mean).map(|(s, m)| s.map_or(*m, |s| s.0)).collect();
    let ml = solve(data, layout, &natural, &from, Method::MaximumLikelihood);
    let start: Vec<f64> = ml
        .iter()
        .zip(&from)
        .map(|(s, m)| s.map(|s| s.0).filter(|t| (t - m).abs() < 1.5).unwrap_or(*m))
        .collect();
    let wle = solve(data, layout, &natural, &start, Method::Weighted);
    let l_z = person_fit(data, layout, &natural, &engine.mean);
    let copies = clones(data, layout, &natural, &engine.mean);
    let scale = if model == Model::Rasch { maximum.x[0] } else { 1.0 };
    let items = items(matrix, prepared, layout, &natural, errors.as_ref(), model, options.level);
    let abilities = abilities(matrix, prepared, engine, [&map, &ml, &wle], &l_z, (0.0, scale), options.level);
    let reliability = reliability(engine, &natural);
    design_warnings(matrix, prepared, warnings);
    if !copies.groups.is_empty() {
        warnings.push(Warning::Clones {
            n_respondents: data.n_respondents(),
            effective: copies.effective,
            largest_group: copies.groups[0]
                .iter()
                .map(|r| matrix.respondents()[prepared.respondents[*r]].to_string())
                .collect(),
        });
    }
    let noted = |note: ItemNote| items.iter().filter(|i| i.notes.contains(&note)).count();
    let constant = noted(ItemNote::AllCorrect) + noted(ItemNote::AllWrong);
    if constant > 0 {
        warnings.push(Warning::Constant { n_items: constant });
    }
    if noted(ItemNote::NegativeSlope) > 0 {
        warnings.push(Warning::NegativeSlopes { n_items: noted(ItemNote::NegativeSlope) });
    }
    if noted(ItemNote::NotIdentified) > 0 {
        warnings.push(Warning::NotIdentified { n_items: noted(ItemNote::NotIdentified) });
    }
    let infinite = ml.iter().filter(|s| s.is_none()).count();
    if infinite > 0 {
        warnings.push(Warning::InfiniteMaximumLikelihood { n_respondents: infinite });
    }
    if !maximum.convergence.converged() {
        warnings.push(Warning::NotConverged { convergence: maximum.convergence });
    }
    let ability_std_dev = match (model, &errors) {
        (Model::Rasch, Some(e)) if e.known[0] => Estimate::normal(scale, e.blocks[0].sqrt(), options.level),
        _ => Estimate::bare(scale),
    };
    let n_parameters = layout.n_free();
    let log_likelihood = maximum.at.log_likelihood;
    let weight: f64 = data.weights.iter().sum();
    Ok(IrtFit {
        benchmark: matrix.benchmark.clone(),
        model,
        items,
        abilities,
        ability_std_dev,
        ability_mean: 0.0,
        log_likelihood,
        log_prior: maximum.at.log_prior,
        n_parameters,
        aic: -2.0 * log_likelihood + 2.0 * n_parameters as f64,
        bic: -2.0 * log_likelihood + n_parameters as f64 * weight.ln(),
        convergence: maximum.convergence,
        reliability,
        effective_respondents: copies.effective,
        n_responses: matrix.n_present(),
        excluded_items: prepared
            .excluded_items
            .iter()
            .map(|(i, reason)| excluded(matrix.items()[*i].to_string(), *i, *reason))
            .collect(),
        excluded_respondents: prepared
            .excluded_respondents
            .iter()
            .map(|(r, reason)| excluded(matrix.respondents()[*r].to_string(), *r, *reason))
            .collect(),
        warnings: std::mem::take(warnings),
        priors: priors.on_the_scale_of(layout, &natural),
        full_information,
    })
}

fn excluded(name: String, index: usize, reason: Exclusion) -> Excluded {
    Excluded { name, index, reason }
}

fn design_warnings(matrix: &ResponseMatrix, prepared: &Prepared, warnings: &mut Vec<Warning>) {
    let parts = components(&prepared.responses);
    if parts.count < 2 {
        return;
    }
    let groups = (0..parts.count)
        .map(|c| {
            let of = |all: &[usize]| all.iter().filter(|k| **k == c).count();
            let first = |all: &[usize]| all.iter().position(|k| *k == c).unwrap_or(0);
            DesignGroup {
                n_items: of(&parts.of_item),
                n_respondents: of(&parts.of_respondent),
                example_item: matrix.items()[prepared.items[first(&parts.of_item)]].to_string(),
                example_respondent: matrix.respondents()[prepared.respondents[first(&parts.of_respondent)]]
                    .to_string(),
            }
        })
        .collect();
    warnings.push(Warning::Disconnected { groups });
}

/// Whether a matrix holds ordered categories rather than right and wrong.
pub(crate) fn has_categories(matrix: &ResponseMatrix) -> bool {
    matches!(matrix.cells(), Cells::Categories { levels, .. } if levels.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{BulkOptions, ItemOptions, simulate_matrix};

    /// Priors of thousands of items must not move a few dozen abilities.
    #[test]
    fn abilities_of_an_easy_steep_benchmark_stay_around_zero() {
        for (model, n_respondents) in [(Model::Rasch, 20), (Model::TwoParameter, 40)] {
            let items = ItemOptions {
                difficulty_mean: -2.0,
                difficulty_sd: 1.2,
                log_discrimination_mean: 0.7,
                ..Default::default()
            };
            let drawn = BulkOptions { n_respondents, n_items: 2000, items, ..Default::default() };
            let (matrix, _) = simulate_matrix(&drawn).unwrap();
            let options = IrtOptions { model: Some(model), standard_errors: false, ..Default::default() };
            let fit = fit(&matrix, &options).unwrap();
            let eap: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
            assert!(mean(&eap).unwrap().abs() < 0.02, "{model}: {:?}", mean(&eap));
            if model == Model::TwoParameter {
                assert!((std_dev(&eap, 0).unwrap() - 1.0).abs() < 0.05, "{:?}", std_dev(&eap, 0));
            }
        }
    }
}
