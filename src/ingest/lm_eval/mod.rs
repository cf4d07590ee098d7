//! How are dumps of the lm-evaluation-harness read, from v0.3 to v0.4.13?
//!
//! Item-level files are read by [`samples`] (v0.4) and [`write_out`] (v0.3). What they do not say themselves,
//! such as the model, the groups, the filters and the metrics, stands in the results file beside them: it is
//! parsed by [`results`] and found through a [`Context`].
//!
//! One run is one evaluation of one model on one benchmark: the number of worked examples and the version of
//! the task belong to the benchmark. Its name is made of model, timestamp and benchmark, so that the files of
//! several subtasks, and copies of a file, fall into the same run.

pub mod context;
mod describe;
pub mod file_name;
pub mod groups;
pub mod model;
pub mod options;
pub mod results;
mod rows;
mod sample;
pub mod samples;
pub mod task;
pub mod write_out;

pub use context::Context;
pub use results::Results;
