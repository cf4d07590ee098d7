//! How far can a benchmark be trusted? Reliability analytics for evaluation results that already exist.
//!
//! There is one way down, and no step looks back:
//!
//! ```text
//! dump ──ingest──▶ ResponseTable ──pivot──▶ ResponseMatrix ──estimators──▶ results ──report──▶ pages, tables, plots
//! ```
//!
//! * [`response`] is the vocabulary: who answered what, and how it was scored.
//! * `ingest` reads dumps of every known format; `store` keeps tables on disk and writes results.
//! * [`classical`] measures items and reliability, [`uncertainty`] how much a score and a difference are worth,
//!   [`snr`] signal against noise.
//! * [`simulate`] makes data with known truth, to put every estimator to the test.
//! * [`numeric`] holds the numerical tools that every estimator shares.
//! * `plot` draws charts, `report` says in plain words what the results mean, `render` makes pages and text.
//! * `cli` is the command line.
//!
//! The layers are drawn in `docs/architecture.md` and held by `tests/it/layers.rs`.

pub mod classical;
#[cfg(feature = "cli")]
pub mod cli;
pub mod flags;
#[cfg(feature = "tables")]
pub mod ingest;
pub mod irt;
pub mod ladder;
pub mod numeric;
#[cfg(feature = "charts")]
pub mod plot;
#[cfg(feature = "charts")]
pub mod render;
#[cfg(feature = "charts")]
pub mod report;
pub mod response;
pub mod select;
pub mod simulate;
pub mod snr;
#[cfg(feature = "tables")]
pub mod store;
pub mod uncertainty;
