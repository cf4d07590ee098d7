//! What does a score say about the model behind it? Item response theory for model × item tables.
//!
//! Respondents differ in ability `θ`, items in difficulty and discrimination; a curve joins the two. Tables of
//! language models are the transpose of a classroom: few respondents, many items, posteriors of `θ` far
//! narrower than any fixed grid. [`fit()`] is right in both regimes:
//!
//! ```text
//! cells ─▶ Responses (packed, sorted) ─▶ Engine (marginal likelihood, gradient) ─▶ maximise ─▶ standard errors
//!                                                                                     └─▶ abilities, fit
//! ```

// Kernels walk several arrays by one index; an iterator over one of them would hide that.
#![allow(clippy::needless_range_loop)]

mod ability;
pub mod auto;
mod band;
mod calibrated;
mod chebyshev;
mod clones;
mod coarse;
mod complete;
mod curve;
mod data;
mod dependence;
mod design;
mod engine;
mod estimates;
mod fit;
mod grid;
mod item_fit;
mod layout;
pub mod link;
mod m2;
mod maximise;
mod model;
mod objective;
mod options;
mod person;
mod prior;
mod product;
mod reliability;
mod result;
mod score;
mod slopes;
mod standard_error;
mod start;
mod sum_score;
pub mod tables;

pub use auto::{Choice, Trial, choose, log_likelihood};
pub use data::{Exclusion, IrtError};
pub use dependence::{Dependence, DependentPair, local_dependence};
pub use fit::{fit, fit_observed};
pub use item_fit::{ItemFit, ItemFits, item_fit};
pub use m2::{OverallFit, overall_fit};
pub use model::Model;
pub use options::{IrtOptions, NormalPrior, Observer, PriorSet, Priors, Progress, Quadrature};
pub use reliability::{item_information, test_information};
pub use result::{Ability, DesignGroup, Excluded, IrtFit, ItemNote, ItemParameters, Reliability, Warning};
pub use score::{expected_scores, probabilities, score};
pub use sum_score::SumScoreFit;
