//! Which subtasks should a benchmark keep?
//!
//! Subtasks are ranked by what they say of the models ([`mod@criteria`]), put in an order ([`order`]), and the order is
//! tried on models that it was not chosen on ([`crossfit`]): the gain shown is the gain to expect. [`mod@redundancy`] says
//! which subtasks measure the same, [`export`](mod@export) writes the choice for harnesses.

pub mod criteria;
pub mod crossfit;
pub mod export;
pub mod order;
pub mod pool;
pub mod redundancy;
pub mod tables;

pub use criteria::{Criteria, criteria};
pub use crossfit::{CrossFit, CrossFitOptions, CurvePoint, cross_fit};
pub use export::export;
pub use order::{Method, Objective};
pub use pool::{Pool, PoolError, Subtask};
pub use redundancy::{Redundancy, redundancy};
