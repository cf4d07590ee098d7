//! What is written of a fit? Item parameters and abilities as tables, the rest as a summary.

use super::auto::Choice;
use super::dependence::Dependence;
use super::item_fit::ItemFits;
use super::model::Model;
use super::reliability::{item_information, test_information};
use super::result::{Excluded, IrtFit, ItemParameters, Reliability, Warning};
use crate::numeric::discovery::adjusted;
use crate::numeric::special::normal_cdf;
use crate::numeric::{Estimate, StopReason};
use crate::response::{Cells, ResponseMatrix, Table};
use serde::Serialize;

/// One row for each item, fitted or left out, in the order of the matrix.
///
/// Columns are described in `docs/glossary.md`. For ordered categories `difficulty` and `intercept` are the
/// means over the steps, and `thresholds` lists the steps' difficulties.
pub fn item_table(matrix: &ResponseMatrix, fit: &IrtFit, fits: Option<&ItemFits>) -> Table {
    let mut rows: Vec<(usize, Option<usize>, Option<&Excluded>)> =
        fit.items.iter().enumerate().map(|(k, i)| (i.index, Some(k), None)).collect();
    rows.extend(fit.excluded_items.iter().map(|e| (e.index, None, Some(e))));
    rows.sort_by_key(|r| r.0);
    let item = |place: &Option<usize>| place.map(|k| &fit.items[k]);
    let column = |of: &dyn Fn(&ItemParameters) -> Option<f64>| -> Vec<Option<f64>> {
        rows.iter().map(|r| item(&r.1).and_then(of)).collect()
    };
    let fitted = |of: &dyn Fn(&super::item_fit::ItemFit) -> Option<f64>| -> Vec<Option<f64>> {
        rows.iter().map(|r| fits?.items.get(r.1?).and_then(of)).collect()
    };
    let n_models: Vec<Option<i64>> = rows.iter().map(|r| item(&r.1).map(|i| i.n_responses as i64)).collect();
    let (misfit, information) = (fits.map(misfit_q).unwrap_or_default(), information_summary(fit));
    let mut table = Table::new("item_parameters")
        .text("benchmark", rows.iter().map(|_| Some(fit.benchmark.as_str())))
        .text("subject", rows.iter().map(|r| matrix.subject_name(r.0)))
        .text("item", rows.iter().map(|r| Some(matrix.items()[r.0].as_str())))
        .text("irt_model", rows.iter().map(|_| Some(fit.model.name())))
        .whole("n_models", n_models);
    table = four(table, DISCRIMINATION, &|of| column(&|i| of(&i.discrimination)));
    table = four(table, DIFFICULTY, &|of| column(&|i| of(&i.location)));
    table = four(table, INTERCEPT, &|of| column(&|i| of(&mean_intercept(i))));
    table = four(table, GUESSING, &|of| column(&|i| i.guessing.as_ref().and_then(of)));
    table = four(table, UPPER, &|of| column(&|i| i.upper.as_ref().and_then(of)));
    table
        .text("thresholds", rows.iter().map(|r| item(&r.1).and_then(thresholds)))
        .real("infit", fitted(&|f| f.infit))
        .real("outfit", fitted(&|f| f.outfit))
        .real("sx2", fitted(&|f| f.sum_score.map(|s| s.statistic)))
        .whole(
            "sx2_df",
            fitted(&|f| f.sum_score.map(|s| s.degrees_of_freedom as f64))
                .into_iter()
                .map(|v| v.map(|v| v as i64)),
        )
        .real("sx2_p", fitted(&|f| f.sum_score.map(|s| s.p_value)))
        .real("misfit_q", rows.iter().map(|r| r.1.and_then(|k| misfit.get(k).copied().flatten())))
        .real("information", rows.iter().map(|r| r.1.and_then(|k| information.get(k)).map(|i| i.0)))
        .real("information_peak", rows.iter().map(|r| r.1.and_then(|k| information.get(k)).map(|i| i.1)))
        .text(
            "status",
            rows.iter().map(|r| match (item(&r.1), r.2) {
                (Some(i), _) if !i.notes.is_empty() => {
                    Some(i.notes.iter().map(|n| n.name()).collect::<Vec<_>>().join(";"))
                }
                (Some(_), _) => Some("ok".to_owned()),
                (None, Some(e)) => Some(format!("excluded: {}", e.reason)),
                (None, None) => None,
            }),
        )
        // What scoring and linking need beside the estimates, in full precision.
        .text("step_intercepts", rows.iter().map(|r| item(&r.1).and_then(step_intercepts)))
        .text("category_scores", rows.iter().map(|r| item(&r.1).and_then(|i| category_scores(matrix, i))))
        .real("slope_intercept_cov", column(&|i| slope_intercept_covariance(i)))
        .real("ability_mean", rows.iter().map(|_| Some(fit.ability_mean)))
        .real("ability_sd", rows.iter().map(|_| Some(fit.ability_std_dev.value)))
}

fn step_intercepts(item: &ItemParameters) -> Option<String> {
    (!item.levels.is_empty())
        .then(|| item.intercepts.iter().map(|d| d.value.to_string()).collect::<Vec<_>>().join(";"))
}

/// The scores that the levels of an item stand for.
fn category_scores(matrix: &ResponseMatrix, item: &ItemParameters) -> Option<String> {
    let score = |level: &u8| match matrix.cells() {
        Cells::Categories { levels, .. } => levels.get(*level as usize).map(|l| *l as f64),
        Cells::Counts(c) => {
            let trials = c.trials.row(item.index).iter().copied().find(|n| *n > 0)?;
            Some(*level as f64 / trials as f64)
        }
        _ => Some(*level as f64),
    };
    let scores: Option<Vec<f64>> = item.levels.iter().map(score).collect();
    let scores = scores.filter(|s| !s.is_empty())?;
    Some(scores.iter().map(f64::to_string).collect::<Vec<_>>().join(";"))
}

fn slope_intercept_covariance(item: &ItemParameters) -> Option<f64> {
    item.covariance.as_ref().filter(|_| item.levels.is_empty()).and_then(|c| c.get(1).copied())
}

/// For each item of a fit the share of false findings among all items that misfit at least as clearly.
///
/// The test is S-X² where it could be computed for the benchmark, else the standardised log-likelihood of the
/// answers to the item, one-sided.
///
/// # Reference
/// Orlando & Thissen 2000, doi:10.1177/01466216000241003; Drasgow, Levine & Williams 1985,
/// doi:10.1111/j.2044-8317.1985.tb00817.x.
pub fn misfit_q(fits: &ItemFits) -> Vec<Option<f64>> {
    let by_sum_score = fits.items.iter().any(|f| f.sum_score.is_some());
    let p: Vec<Option<f64>> = fits
        .items
        .iter()
        .map(|f| if by_sum_score { f.sum_score.map(|s| s.p_value) } else { f.likelihood.map(normal_cdf) })
        .collect();
    adjusted(&p)
}

/// Abilities from three standard deviations below the mean to three above, or as far as the models reach.
pub fn ability_grid(fit: &IrtFit) -> Vec<f64> {
    let sd = fit.ability_std_dev.value;
    let (mut low, mut high) = (fit.ability_mean - 3.0 * sd, fit.ability_mean + 3.0 * sd);
    for ability in &fit.abilities {
        (low, high) = (low.min(ability.eap.value - 0.5 * sd), high.max(ability.eap.value + 0.5 * sd));
    }
    (0..GRID).map(|k| low + (high - low) * k as f64 / (GRID - 1) as f64).collect()
}

/// Points of information curves.
const GRID: usize = 121;

/// For each item its mean information over the models of the fit, and the ability where it informs most.
pub fn information_summary(fit: &IrtFit) -> Vec<(f64, f64)> {
    let mut models: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
    models.sort_by(f64::total_cmp);
    // Of many models every n-th stands for its neighbours.
    let models: Vec<f64> = models.iter().copied().step_by(models.len().div_ceil(GRID).max(1)).collect();
    let grid = ability_grid(fit);
    let (on_models, on_grid) = (item_information(fit, &models), item_information(fit, &grid));
    on_models
        .iter()
        .zip(&on_grid)
        .map(|(at_models, curve)| {
            let mean = at_models.iter().sum::<f64>() / at_models.len().max(1) as f64;
            let peak = (0..curve.len()).max_by(|a, b| curve[*a].total_cmp(&curve[*b])).unwrap_or(0);
            (mean, grid[peak])
        })
        .collect()
}

/// The information of all items together along the scale of ability.
pub fn information_table(fit: &IrtFit) -> Table {
    let grid = ability_grid(fit);
    let information = test_information(fit, &grid);
    Table::new("information")
        .text("benchmark", grid.iter().map(|_| Some(fit.benchmark.as_str())))
        .text("irt_model", grid.iter().map(|_| Some(fit.model.name())))
        .real("ability", grid.iter().map(|t| Some(*t)))
        .real("information", information.iter().map(|i| Some(*i)))
        .real("ability_se", information.iter().map(|i| Some(1.0 / i.sqrt())))
}

/// One row for each pair of items that depend on each other beyond ability.
pub fn dependence_table(fit: &IrtFit, dependence: &Dependence) -> Table {
    let pairs = &dependence.pairs;
    let name = |place: usize| fit.items.get(place).map(|i| i.item.as_str());
    Table::new("dependent_pairs")
        .text("benchmark", pairs.iter().map(|_| Some(fit.benchmark.as_str())))
        .text("item", pairs.iter().map(|p| name(p.first)))
        .text("other_item", pairs.iter().map(|p| name(p.second)))
        .real("q3", pairs.iter().map(|p| Some(p.q3)))
        .real("q3_excess", pairs.iter().map(|p| Some(p.q3 - dependence.mean.unwrap_or(0.0))))
        .whole("n_models", pairs.iter().map(|p| Some(p.n_shared as i64)))
}

/// One row for each model that was considered, simplest first.
pub fn choice_table(benchmark: &str, choice: &Choice) -> Table {
    let trials = &choice.trials;
    let best = trials.iter().filter_map(|t| t.held_out).max_by(f64::total_cmp);
    Table::new("model_choice")
        .text("benchmark", trials.iter().map(|_| Some(benchmark)))
        .text("irt_model", trials.iter().map(|t| Some(t.model.name())))
        .truth("chosen", trials.iter().map(|t| Some(t.model == choice.model)))
        .real("held_out_log_likelihood", trials.iter().map(|t| t.held_out))
        .real("behind_best", trials.iter().map(|t| Some(best? - t.held_out?)))
        .real("behind_best_se", trials.iter().map(|t| t.difference_se))
        .whole("n_held_out", trials.iter().map(|t| t.held_out.map(|_| choice.n_held_out as i64)))
        .text("reason", trials.iter().map(|t| t.reason.clone()))
}

type Names = [&'static str; 4];
const DISCRIMINATION: Names =
    ["discrimination", "discrimination_se", "discrimination_low", "discrimination_high"];
const DIFFICULTY: Names = ["difficulty", "difficulty_se", "difficulty_low", "difficulty_high"];
const INTERCEPT: Names = ["intercept", "intercept_se", "intercept_low", "intercept_high"];
const GUESSING: Names = ["guessing", "guessing_se", "guessing_low", "guessing_high"];
const UPPER: Names = ["upper", "upper_se", "upper_low", "upper_high"];
const ABILITY: Names = ["ability", "ability_se", "ability_low", "ability_high"];

/// Reads one number out of an estimate.
type Part = fn(&Estimate) -> Option<f64>;

/// Adds value, standard error and both ends of the interval.
fn four(table: Table, names: Names, column: &dyn Fn(Part) -> Vec<Option<f64>>) -> Table {
    table
        .real(names[0], column(|e| Some(e.value)))
        .real(names[1], column(|e| e.std_error))
        .real(names[2], column(|e| e.low()))
        .real(names[3], column(|e| e.high()))
}

fn mean_intercept(item: &ItemParameters) -> Estimate {
    match item.intercepts.as_slice() {
        [one] => *one,
        many => Estimate::bare(many.iter().map(|d| d.value).sum::<f64>() / many.len().max(1) as f64),
    }
}

fn thresholds(item: &ItemParameters) -> Option<String> {
    (item.difficulties.len() > 1)
        .then(|| item.difficulties.iter().map(|b| format!("{:.4}", b.value)).collect::<Vec<_>>().join(";"))
}

/// One row for each respondent, in the order of the matrix.
pub fn ability_table(fit: &IrtFit) -> Table {
    let a = &fit.abilities;
    let table = Table::new("abilities")
        .text("benchmark", a.iter().map(|_| Some(fit.benchmark.as_str())))
        .text("model", a.iter().map(|a| Some(a.respondent.as_str())))
        .text("irt_model", a.iter().map(|_| Some(fit.model.name())))
        .whole("n_items", a.iter().map(|a| Some(a.n_items as i64)))
        .real("score", a.iter().map(|a| Some(a.score)));
    four(table, ABILITY, &|of| a.iter().map(|a| of(&a.eap)).collect())
        .real("ability_map", a.iter().map(|a| a.map.map(|e| e.value)))
        .real("ability_map_se", a.iter().map(|a| a.map.and_then(|e| e.std_error)))
        .real("ability_ml", a.iter().map(|a| a.ml.map(|e| e.value)))
        .real("ability_ml_se", a.iter().map(|a| a.ml.and_then(|e| e.std_error)))
        .real("ability_wle", a.iter().map(|a| a.wle.map(|e| e.value)))
        .real("ability_wle_se", a.iter().map(|a| a.wle.and_then(|e| e.std_error)))
        .real("person_fit", a.iter().map(|a| a.person_fit))
}

/// A fit without its items and respondents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitSummary {
    /// The benchmark.
    pub benchmark: String,
    /// The model.
    pub model: Model,
    /// Marginal log-likelihood.
    pub log_likelihood: f64,
    /// Log-density of the priors.
    pub log_prior: f64,
    /// Free parameters.
    pub n_parameters: usize,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// Whether the result is the optimum that was asked for.
    pub converged: bool,
    /// Iterations used.
    pub iterations: usize,
    /// Why the iteration stopped.
    pub stop_reason: StopReason,
    /// How far abilities can be told apart.
    pub reliability: Reliability,
    /// Respondents fitted.
    pub n_models: usize,
    /// Items fitted.
    pub n_items: usize,
    /// Answers used.
    pub n_responses: u64,
    /// Respondents worth after near-copies are counted once.
    pub effective_models: f64,
    /// Standard deviation of abilities.
    pub ability_std_dev: Estimate,
    /// Items left out.
    pub excluded_items: Vec<Excluded>,
    /// Respondents left out.
    pub excluded_models: Vec<Excluded>,
    /// What the reader must know, in words.
    pub warnings: Vec<String>,
}

/// Sums a fit up.
pub fn summary(fit: &IrtFit) -> FitSummary {
    FitSummary {
        benchmark: fit.benchmark.clone(),
        model: fit.model,
        log_likelihood: fit.log_likelihood,
        log_prior: fit.log_prior,
        n_parameters: fit.n_parameters,
        aic: fit.aic,
        bic: fit.bic,
        converged: fit.convergence.converged(),
        iterations: fit.convergence.iterations,
        stop_reason: fit.convergence.reason,
        reliability: fit.reliability,
        n_models: fit.abilities.len(),
        n_items: fit.items.len(),
        n_responses: fit.n_responses,
        effective_models: fit.effective_respondents,
        ability_std_dev: fit.ability_std_dev,
        excluded_items: fit.excluded_items.clone(),
        excluded_models: fit.excluded_respondents.clone(),
        warnings: fit.warnings.iter().map(Warning::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irt::{IrtOptions, Priors, fit, item_fit};
    use crate::simulate::{BulkOptions, simulate_bits};

    #[test]
    fn every_item_has_a_row_even_if_it_was_left_out() {
        let mut rows: Vec<Vec<Option<bool>>> = Vec::new();
        let drawn = BulkOptions { n_items: 6, n_respondents: 80, ..Default::default() };
        let (bits, _) = simulate_bits(&drawn).unwrap();
        for r in 0..80 {
            let mut row: Vec<Option<bool>> = (0..6).map(|i| bits.get(i, r)).collect();
            row.insert(2, Some(true));
            rows.push(row);
        }
        let matrix = ResponseMatrix::from_rows(&rows);
        let options = IrtOptions { priors: Priors::None, ..Default::default() };
        let fit = fit(&matrix, &options).unwrap();
        let fits = item_fit(&fit, &matrix).unwrap();
        let table = item_table(&matrix, &fit, Some(&fits));
        assert_eq!(table.n_rows(), 7);
        assert_eq!(fit.excluded_items.len(), 1);
        assert_eq!(fit.excluded_items[0].index, 2);
        assert_eq!(ability_table(&fit).n_rows(), 80);
        assert!(summary(&fit).converged);
    }
}
