//! What do all laws of a ladder share? Training conditions, the fitted law, and why it may be refused.

use crate::numeric::Convergence;
use crate::numeric::robust::{Evaluate, Loss, RobustFit, RobustOptions, minimise_from};
use serde::Serialize;

/// How a model was trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Conditions {
    /// Parameters, *N* (non-embedding in the model-ladder papers).
    pub parameters: f64,
    /// Training tokens, *D*.
    pub tokens: f64,
    /// Training compute in floating-point operations, *C*.
    pub compute_flops: f64,
}

/// A law with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LawFit<L> {
    /// Which law.
    pub law: L,
    /// Its parameters, in the order of its `parameter_names`.
    pub parameters: Vec<f64>,
    /// Why the fit stopped; the objective is the one that the law states.
    pub convergence: Convergence,
    /// Observations used.
    pub n_observations: usize,
}

/// Why a law could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LawError {
    /// Fewer observations than parameters.
    #[error("{law} has {parameters} parameters and only {observations} observations")]
    TooFew {
        /// The law.
        law: &'static str,
        /// Its parameters.
        parameters: usize,
        /// What there was.
        observations: usize,
    },
    /// A value whose logarithm is needed is not positive.
    #[error("{law} needs positive values, and observation {at} is {value}")]
    NotPositive {
        /// The law.
        law: &'static str,
        /// Position of the observation.
        at: usize,
        /// Its value.
        value: f64,
    },
    /// The observations cannot tell the parameters apart, for instance with one model size only.
    #[error("{law} cannot be identified: its regressors do not vary independently")]
    NotIdentified {
        /// The law.
        law: &'static str,
    },
    /// No start led to a finite objective.
    #[error("{law}: no start reached a finite objective")]
    NoOptimum {
        /// The law.
        law: &'static str,
    },
}

/// How laws are fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitOptions {
    /// Where the Huber loss of log residuals turns linear (10⁻³ in the model-ladder papers).
    pub huber_delta: f64,
    /// Starting points for each non-linear law, besides the published one.
    pub starts: usize,
    /// Iterations allowed from each start.
    pub max_iterations: usize,
    /// Whether a law may have more parameters than observations, so that many answers fit: for comparison with
    /// published fits only.
    pub unidentified: bool,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { huber_delta: 1e-3, starts: 40, max_iterations: 500, unidentified: false }
    }
}

impl FitOptions {
    pub(super) fn robust(&self) -> RobustOptions {
        RobustOptions { max_iterations: self.max_iterations, ..RobustOptions::default() }
    }
}

/// The checks before, and the bookkeeping after, a non-linear fit.
pub(super) fn fit_from_starts<L>(
    (law, name): (L, &'static str),
    evaluate: &Evaluate,
    weights: &[f64],
    starts: &[Vec<f64>],
    bounds: &[(f64, f64)],
    loss: Loss,
    options: &FitOptions,
) -> Result<LawFit<L>, LawError> {
    let observations = weights.iter().filter(|w| **w > 0.0).count();
    if observations < bounds.len() && !options.unidentified {
        return Err(LawError::TooFew { law: name, parameters: bounds.len(), observations });
    }
    let fit = minimise_from(evaluate, weights, starts, bounds, loss, &options.robust())
        .ok_or(LawError::NoOptimum { law: name })?;
    let RobustFit { parameters, convergence } = fit;
    Ok(LawFit { law, parameters, convergence, n_observations: observations })
}

pub(super) fn require_positive(law: &'static str, values: &[f64], weights: &[f64]) -> Result<(), LawError> {
    match values.iter().zip(weights).position(|(v, w)| *w > 0.0 && !(*v > 0.0 && v.is_finite())) {
        Some(at) => Err(LawError::NotPositive { law, at, value: values[at] }),
        None => Ok(()),
    }
}

/// Distinct values with positive weight: how many there are.
pub(super) fn distinct(values: impl Iterator<Item = f64>, weights: &[f64]) -> usize {
    let mut seen: Vec<f64> = values.zip(weights).filter(|(_, w)| **w > 0.0).map(|(v, _)| v).collect();
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    seen.len()
}

pub(super) const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
pub(super) const NOT_NEGATIVE: (f64, f64) = (0.0, f64::INFINITY);
