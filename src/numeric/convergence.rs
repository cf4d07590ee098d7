//! Why did an iteration stop? A fit that stopped early is a result that says so.

use serde::{Deserialize, Serialize};

/// The reason an iterative fit came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The change of the objective and of the parameters fell below their tolerances.
    Converged,
    /// A closed form: there was nothing to iterate.
    Exact,
    /// The allowed number of iterations was used up.
    IterationLimit,
    /// No step improved the objective any further, yet the tolerances were not met.
    Stalled,
    /// The objective or a parameter left the finite numbers.
    NotFinite,
    /// The user asked to stop.
    Interrupted,
}

/// How an iterative fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Why it stopped.
    pub reason: StopReason,
    /// Iterations used.
    pub iterations: usize,
    /// The objective at the end.
    pub objective: f64,
    /// The largest absolute component of the gradient at the end, where it was computed.
    pub gradient_norm: Option<f64>,
}

impl Convergence {
    /// Whether the result can be taken as the optimum that was asked for.
    pub fn converged(&self) -> bool {
        matches!(self.reason, StopReason::Converged | StopReason::Exact)
    }
}
