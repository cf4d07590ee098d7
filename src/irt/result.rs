//! What comes out of a fit? Item parameters, abilities, and what is to be known about both.

use super::data::Exclusion;
use super::model::Model;
use crate::numeric::{Convergence, Estimate};
use crate::response::{ItemId, RespondentId};
use serde::{Deserialize, Serialize};

/// The parameters of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemParameters {
    /// The item.
    pub item: ItemId,
    /// Its row in the matrix that was fitted.
    pub index: usize,
    /// `a`. Negative: better respondents do worse.
    pub discrimination: Estimate,
    /// `d`, one for each step between categories, one for right and wrong.
    pub intercepts: Vec<Estimate>,
    /// `b = −d / a` (for partial credit the crossing of neighbouring categories); intervals by Fieller's
    /// theorem, none where the slope cannot be told from zero.
    pub difficulties: Vec<Estimate>,
    /// Mean of the difficulties: where on the scale the item lies.
    pub location: Estimate,
    /// `c`, where the model has it.
    pub guessing: Option<Estimate>,
    /// `u`, where the model has it.
    pub upper: Option<Estimate>,
    /// Covariance of `(a, d…, logit c, logit u)`, row by row; absent where it cannot be computed.
    pub covariance: Option<Vec<f64>>,
    /// Respondents who answered it.
    pub n_responses: usize,
    /// The matrix categories that its levels stand for; empty for right and wrong.
    pub levels: Vec<u8>,
    /// What to beware of.
    pub notes: Vec<ItemNote>,
}

/// What to beware of with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemNote {
    /// Everyone passed: its parameters rest on the prior.
    AllCorrect,
    /// Everyone failed: its parameters rest on the prior.
    AllWrong,
    /// The slope is negative and its interval excludes zero.
    NegativeSlope,
    /// The slope is beyond 6: the data are nearly a step, and its size is not identified.
    SteepSlope,
    /// No standard error: the information matrix is singular at this item.
    NotIdentified,
}

impl ItemNote {
    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllCorrect => "all_correct",
            Self::AllWrong => "all_wrong",
            Self::NegativeSlope => "negative_slope",
            Self::SteepSlope => "steep_slope",
            Self::NotIdentified => "not_identified",
        }
    }
}

/// The ability of one respondent, by four estimators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ability {
    /// The respondent.
    pub respondent: RespondentId,
    /// Its column in the matrix that was scored.
    pub index: usize,
    /// Items answered.
    pub n_items: usize,
    /// Mean score over them, categories as shares of the highest.
    pub score: f64,
    /// Posterior mean and standard deviation, given the item parameters.
    pub eap: Estimate,
    /// Posterior mode.
    pub map: Option<Estimate>,
    /// Maximum likelihood; absent where it is infinite.
    pub ml: Option<Estimate>,
    /// Warm's weighted likelihood: finite, and nearly free of bias.
    pub wle: Option<Estimate>,
    /// `l_z`: standardised log-likelihood of the answers at the EAP; low is misfit.
    pub person_fit: Option<f64>,
}

/// An item or respondent that was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excluded {
    /// Its name.
    pub name: String,
    /// Its row or column in the matrix.
    pub index: usize,
    /// Why.
    pub reason: Exclusion,
}

/// How far abilities can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// `var(EAP) / (var(EAP) + mean(SE²))` over the respondents.
    pub empirical: Option<f64>,
    /// `∫ I(θ) / (I(θ) + 1) φ(θ) dθ`: what the test would do on a standard normal population.
    pub marginal: Option<f64>,
}

/// Something about a fit that its reader must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// The model asked for needs more respondents; a simpler one was fitted.
    Downgraded { asked: Model, fitted: Model, n_respondents: usize, least: usize },
    /// The model was forced below its least number of respondents.
    BelowLeast { model: Model, n_respondents: usize, least: usize },
    /// The fit did not converge.
    NotConverged { convergence: Convergence },
    /// Items and respondents fall into groups without a common link: abilities of different groups share a
    /// scale only by assuming that the groups are alike.
    Disconnected { groups: Vec<DesignGroup> },
    /// Some respondents are near-copies of others.
    Clones { n_respondents: usize, effective: f64, largest_group: Vec<String> },
    /// Items with a negative slope whose interval excludes zero.
    NegativeSlopes { n_items: usize },
    /// Items answered all right or all wrong, resting on the prior.
    Constant { n_items: usize },
    /// Items without a standard error.
    NotIdentified { n_items: usize },
    /// Respondents without a finite maximum-likelihood ability.
    InfiniteMaximumLikelihood { n_respondents: usize },
}

/// A connected part of a design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignGroup {
    /// Number of items and one of them.
    pub n_items: usize,
    /// Number of respondents.
    pub n_respondents: usize,
    /// An item of the group, to name it.
    pub example_item: String,
    /// A respondent of the group.
    pub example_respondent: String,
}

/// A fitted item response model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IrtFit {
    /// The benchmark.
    pub benchmark: String,
    /// The model that was fitted.
    pub model: Model,
    /// Items in matrix order, without those excluded.
    pub items: Vec<ItemParameters>,
    /// Respondents in matrix order, without those excluded.
    pub abilities: Vec<Ability>,
    /// Standard deviation of abilities: estimated under the Rasch model, else 1.
    pub ability_std_dev: Estimate,
    /// Mean of abilities: 0 but for a calibration that was linked to another.
    pub ability_mean: f64,
    /// Marginal log-likelihood of the answers under `θ ~ N(0, ability_std_dev²)`.
    pub log_likelihood: f64,
    /// Log-density of the priors at the estimate.
    pub log_prior: f64,
    /// Free parameters.
    pub n_parameters: usize,
    /// `−2 ln L + 2 k`.
    pub aic: f64,
    /// `−2 ln L + k ln n`.
    pub bic: f64,
    /// How the iteration ended.
    pub convergence: Convergence,
    /// How far abilities can be told apart.
    pub reliability: Reliability,
    /// Respondents worth after near-copies are counted once.
    pub effective_respondents: f64,
    /// Cells that entered.
    pub n_responses: u64,
    /// Items left out.
    pub excluded_items: Vec<Excluded>,
    /// Respondents left out.
    pub excluded_respondents: Vec<Excluded>,
    /// What the reader must know.
    pub warnings: Vec<Warning>,
    /// Priors in force, after their scale was estimated.
    pub priors: super::options::PriorSet,
    /// Whether standard errors come from the whole information matrix or from items' blocks with common
    /// directions.
    pub full_information: bool,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Downgraded { asked, fitted, n_respondents, least } => write!(
                f,
                "{n_respondents} models are too few for {asked}, which needs {least}: {fitted} was fitted"
            ),
            Self::BelowLeast { model, n_respondents, least } => write!(
                f,
                "{model} was fitted to {n_respondents} models where at least {least} are advised: its parameters \
                 rest largely on the priors"
            ),
            Self::NotConverged { convergence } => write!(
                f,
                "the fit did not converge: {:?} after {} iterations",
                convergence.reason, convergence.iterations
            ),
            Self::Disconnected { groups } => {
                write!(f, "the design falls into {} groups without a common item or model:", groups.len())?;
                for g in groups.iter().take(5) {
                    write!(
                        f,
                        " [{} items such as {}, {} models such as {}]",
                        g.n_items, g.example_item, g.n_respondents, g.example_respondent
                    )?;
                }
                write!(f, "; abilities can be compared only within a group")
            }
            Self::Clones { n_respondents, effective, largest_group } => write!(
                f,
                "some models answer like copies of one another: {n_respondents} count as {effective:.1} (for \
                 instance {})",
                largest_group.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
            ),
            Self::NegativeSlopes { n_items } => {
                write!(f, "{n_items} items have a negative slope: better models do worse on them")
            }
            Self::Constant { n_items } => {
                write!(f, "{n_items} items are all right or all wrong: their parameters rest on the prior")
            }
            Self::NotIdentified { n_items } => write!(f, "{n_items} items have no standard error"),
            Self::InfiniteMaximumLikelihood { n_respondents } => write!(
                f,
                "{n_respondents} models have no finite maximum-likelihood ability; use ability or ability_wle"
            ),
        }
    }
}
