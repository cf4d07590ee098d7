//! What may the user choose? Model, priors, quadrature, tolerances.

use super::model::Model;
use serde::{Deserialize, Serialize};

/// A normal prior on one kind of parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormalPrior {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub std_dev: f64,
}

impl NormalPrior {
    /// The prior with this mean and standard deviation.
    pub const fn new(mean: f64, std_dev: f64) -> Self {
        Self { mean, std_dev }
    }

    /// Logarithm of the density at `x`.
    pub fn log_density(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.std_dev;
        -0.5 * z * z - self.std_dev.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    }

    /// Its slope at `x`.
    pub fn gradient(&self, x: f64) -> f64 {
        -(x - self.mean) / (self.std_dev * self.std_dev)
    }

    /// `1 / variance`.
    pub fn precision(&self) -> f64 {
        1.0 / (self.std_dev * self.std_dev)
    }
}

/// Normal priors on the item parameters; `None` leaves a parameter free.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PriorSet {
    /// On each slope `a`.
    pub slope: Option<NormalPrior>,
    /// On each intercept `d`.
    pub intercept: Option<NormalPrior>,
    /// On `logit c`.
    pub guessing: Option<NormalPrior>,
    /// On `logit u`.
    pub upper: Option<NormalPrior>,
}

/// Which priors the item parameters get.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priors {
    /// Weakly informative, and indifferent to where the items lie on θ and to its unit.
    ///
    /// ```text
    /// a ~ N(ā, (κ s)²)   s² = Σ a² / n, with κ estimated from the items; with fewer than 20 of them N(1, 1)
    /// d ~ N(a m, 3²)     m = Σ a d / Σ a², the place that suits the items best
    /// logit c ~ N(logit g, 0.5²),  logit u ~ N(logit 0.98, 0.5²)
    /// ```
    ///
    /// `g` is the chance of guessing: one over the number of options where known, else 0.2. Thousands of items
    /// with a fixed centre would outweigh the abilities' own N(0, 1): an easy benchmark would give its
    /// respondents θ = 3. The prior of the slope is smooth through zero, so that negative slopes are found
    /// where the data have them.
    #[default]
    Default,
    /// None: maximum likelihood, for parity with reference software.
    None,
    /// The given ones, as they are.
    Given(PriorSet),
}

/// Where the marginal likelihood is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrature {
    /// 61 nodes on [−6, 6] shared by all while posteriors are wider than their spacing, and nodes around each
    /// respondent once they are narrower. Both compute the same integral.
    #[default]
    Adaptive,
    /// A fixed grid, whatever the posteriors: only for comparison with software that does so.
    Fixed {
        /// Number of nodes.
        nodes: usize,
        /// Half the width of the grid.
        range: f64,
    },
}

/// Options of [`super::fit()`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IrtOptions {
    /// The model; `None` chooses among those the number of respondents can support.
    pub model: Option<Model>,
    /// Priors on item parameters.
    pub priors: Priors,
    /// Where the likelihood is evaluated.
    pub quadrature: Quadrature,
    /// Most iterations.
    pub max_iterations: usize,
    /// Stop when the predicted gain in log-likelihood falls below this, or in proportion more where the
    /// log-likelihood itself is beyond 100,000.
    pub tolerance: f64,
    /// Weights of the respondents, in the order of the matrix; one each if `None`.
    pub weights: Option<Vec<f64>>,
    /// Fit a model even below its least number of respondents instead of a simpler one.
    pub force_model: bool,
    /// Whether standard errors are computed.
    pub standard_errors: bool,
    /// Up to this many parameters the whole information matrix is used for standard errors; beyond it blocks of
    /// items with their common directions.
    pub full_information_limit: usize,
    /// Confidence level of intervals.
    pub level: f64,
    /// Seed of everything random (held-out cells).
    pub seed: u64,
}

impl Default for IrtOptions {
    fn default() -> Self {
        Self {
            model: Some(Model::TwoParameter),
            priors: Priors::Default,
            quadrature: Quadrature::Adaptive,
            max_iterations: 500,
            tolerance: 1e-6,
            weights: None,
            force_model: false,
            standard_errors: true,
            full_information_limit: 160,
            level: 0.95,
            seed: 1,
        }
    }
}

/// What a running fit tells its observer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Iterations so far.
    pub iteration: usize,
    /// Penalised log-likelihood.
    pub objective: f64,
    /// Predicted gain of the next step: the fit stops when it falls below the tolerance.
    pub predicted_gain: f64,
}

/// A look at a running fit, and the chance to stop it.
pub type Observer<'a> = &'a (dyn Fn(&Progress) -> std::ops::ControlFlow<()> + Sync);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_is_a_density() {
        let prior = NormalPrior::new(0.5, 2.0);
        let total: f64 = (-4000..4000).map(|i| prior.log_density(i as f64 * 0.01).exp() * 0.01).sum();
        assert!((total - 1.0).abs() < 1e-9);
        let slope = (prior.log_density(1.0 + 1e-5) - prior.log_density(1.0 - 1e-5)) / 2e-5;
        assert!((slope - prior.gradient(1.0)).abs() < 1e-8);
    }
}
