//! What is written of a fit? Item parameters and abilities as tables, the rest as a summary.

use super::item_fit::ItemFits;
use super::model::Model;
use super::result::{Excluded, IrtFit, ItemParameters, Reliability, Warning};
use crate::numeric::{Estimate, StopReason};
use crate::response::{ResponseMatrix, Table};
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
    use crate::irt::simulate::{SimulationOptions, simulate};
    use crate::irt::{IrtOptions, Priors, fit, item_fit};

    #[test]
    fn every_item_has_a_row_even_if_it_was_left_out() {
        let mut rows: Vec<Vec<Option<bool>>> = Vec::new();
        let drawn = simulate(&SimulationOptions { n_items: 6, n_respondents: 80, ..Default::default() });
        for r in 0..80 {
            let mut row: Vec<Option<bool>> =
                (0..6).map(|i| drawn.matrix.score(i, r).map(|s| s > 0.5)).collect();
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
