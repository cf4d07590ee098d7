//! Which subtasks should a benchmark keep?
//!
//! Subtasks are ranked by what they say of the models ([`mod@criteria`]), put in an order ([`order`]), and the order is
//! tried on models that it was not chosen on ([`crossfit`]): the gain shown is the gain to expect. [`mod@redundancy`] says
//! which subtasks measure the same, [`export`](mod@export) writes the choice for harnesses.
//!
//! All of it is written for [`Candidates`], whose sums over sets of subtasks add up. There are two of them: answers to
//! single items ([`pool`]), where noise is the sampling of items, and scores of whole tasks at the checkpoints of training
//! runs ([`checkpoints`]), where noise is that from checkpoint to checkpoint.

pub mod candidates;
pub mod checkpoint_sums;
pub mod checkpoints;
pub mod criteria;
pub mod crossfit;
pub mod export;
pub mod filtering;
pub mod item_sums;
pub mod order;
pub mod pool;
pub mod redundancy;
pub mod suites;
pub mod tables;

pub use candidates::{Candidates, SetSums, Sums};
pub use checkpoints::{CheckpointPool, CheckpointPoolError};
pub use criteria::{Criteria, criteria};
pub use crossfit::{CrossFit, CrossFitOptions, CurvePoint, Tried, cross_fit};
pub use export::{Names, export};
pub use filtering::filtering;
pub use order::{Method, Objective};
pub use pool::{Pool, PoolError, Subtask};
pub use redundancy::{Redundancy, redundancy};
pub use suites::{Suite, main_suite, suites};
