//! Which numerical tools do the estimators share?
//!
//! Nothing in here knows what a benchmark is: estimates and intervals, reasons for stopping, seeded
//! random streams, resampling, correlation and special functions.

pub mod beta;
pub mod binormal;
pub mod bootstrap;
pub mod cholesky;
pub mod convergence;
pub mod correlation;
pub mod describe;
pub mod discovery;
pub mod estimate;
pub mod linear;
pub mod popcount;
pub mod proportion;
pub mod quadrature;
pub mod random;
pub mod rank;
pub mod robust;
pub mod special;
pub mod vector;

pub use convergence::{Convergence, StopReason};
pub use estimate::{Estimate, Interval};
