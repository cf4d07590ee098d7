//! What does one benchmark give? The fit with everything that is reported of it.

use crate::irt::tables::FitSummary;
use crate::irt::tables::{
    ability_table, choice_table, dependence_table, information_table, item_table, misfit_q, summary,
};
use crate::irt::{
    Choice, Dependence, IrtError, IrtFit, IrtOptions, ItemFits, ItemNote, Model, Observer, OverallFit,
    choose, fit_observed, item_fit, local_dependence, overall_fit,
};
use crate::report::ItemResponse;
use crate::response::{Cells, ResponseMatrix, Table};
use serde::Serialize;

/// Distance of Q3 from the mean of all pairs from which a pair of items is named.
const DEPENDENT: f64 = 0.2;
/// An item misfits if it would be named by chance at most this often.
const MISFIT: f64 = 0.05;

/// A fit with what was found out about it.
pub struct Measured {
    pub choice: Option<Choice>,
    pub fit: IrtFit,
    pub item_fits: ItemFits,
    pub dependence: Dependence,
    pub overall: Result<OverallFit, String>,
}

/// A fit as it stands in `fit.json`.
#[derive(Serialize)]
pub struct FitRecord<'a> {
    #[serde(flatten)]
    summary: FitSummary,
    /// The models considered by `--model auto`.
    choice: Option<&'a Choice>,
    /// Limited-information fit of the whole.
    overall_fit: Option<&'a OverallFit>,
    /// Why there is none.
    overall_fit_reason: Option<&'a str>,
    /// Why there is no S-X².
    sum_score_reason: Option<&'a str>,
    n_negative_slopes: usize,
    n_misfit: usize,
    /// Mean Q3 of all pairs of items.
    q3_mean: Option<f64>,
    n_pairs: usize,
    n_dependent_pairs: usize,
    /// Why no pairs were compared.
    dependence_reason: Option<&'a str>,
}

/// Options for a report: a slope for each item as far as the number of models supports it, without trying others.
pub fn quick(matrix: &ResponseMatrix, seed: u64) -> IrtOptions {
    let ordered = matches!(matrix.cells(), Cells::Categories { levels, .. } if levels.len() > 2);
    let model = if ordered { Model::PartialCredit } else { Model::TwoParameter };
    IrtOptions { model: Some(model), seed, ..Default::default() }
}

impl Measured {
    /// Fits a benchmark, saying at which stage it is.
    ///
    /// # Errors
    /// As the fit.
    pub fn of(
        matrix: &ResponseMatrix,
        options: &IrtOptions,
        observer: Option<Observer<'_>>,
        stage: &dyn Fn(&str),
    ) -> Result<Self, IrtError> {
        let choice = match options.model {
            Some(_) => None,
            None => {
                stage("choosing a model");
                Some(choose(matrix, options)?)
            }
        };
        let options =
            IrtOptions { model: options.model.or(choice.as_ref().map(|c| c.model)), ..options.clone() };
        stage("fitting");
        let fit = fit_observed(matrix, &options, observer)?;
        stage("fit of the items");
        let item_fits = item_fit(&fit, matrix)?;
        let overall = overall_fit(&fit, matrix)?;
        stage("dependence of the items");
        let dependence = local_dependence(&fit, matrix, DEPENDENT)?;
        Ok(Self { choice, fit, item_fits, dependence, overall })
    }

    /// What the report builds its section from.
    pub fn section<'a>(&'a self, matrix: &'a ResponseMatrix) -> ItemResponse<'a> {
        ItemResponse {
            matrix,
            fit: &self.fit,
            item_fits: Some(&self.item_fits),
            dependence: Some(&self.dependence),
            choice: self.choice.as_ref(),
        }
    }

    pub fn tables(&self, matrix: &ResponseMatrix) -> Vec<Table> {
        let mut out = vec![
            item_table(matrix, &self.fit, Some(&self.item_fits)),
            ability_table(&self.fit),
            information_table(&self.fit),
            dependence_table(&self.fit, &self.dependence),
        ];
        out.extend(self.choice.as_ref().map(|c| choice_table(&self.fit.benchmark, c)));
        out
    }

    pub fn record(&self) -> FitRecord<'_> {
        FitRecord {
            summary: summary(&self.fit),
            choice: self.choice.as_ref(),
            overall_fit: self.overall.as_ref().ok(),
            overall_fit_reason: self.overall.as_ref().err().map(String::as_str),
            sum_score_reason: self.item_fits.sum_score_reason.as_deref(),
            n_negative_slopes: self.n_negative_slopes(),
            n_misfit: self.n_misfit(),
            q3_mean: self.dependence.mean,
            n_pairs: self.dependence.n_pairs,
            n_dependent_pairs: self.dependence.pairs.len(),
            dependence_reason: self.dependence.reason.as_deref(),
        }
    }

    pub fn n_negative_slopes(&self) -> usize {
        self.fit.items.iter().filter(|i| i.notes.contains(&ItemNote::NegativeSlope)).count()
    }

    pub fn n_misfit(&self) -> usize {
        misfit_q(&self.item_fits).iter().flatten().filter(|q| **q <= MISFIT).count()
    }
}
