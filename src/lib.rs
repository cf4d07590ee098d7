//! How far can a benchmark be trusted? Reliability analytics for evaluation results that already exist.
//!
//! There is one way down, and no step looks back:
//!
//! ```text
//! dump ──ingest──▶ ResponseTable ──pivot──▶ ResponseMatrix ──estimators──▶ results ──report──▶ pages, tables, plots
//! ```
//!
//! * [`response`] is the vocabulary: who answered what, and how it was scored.
//! * `ingest` reads dumps of every known format.
//! * [`classical`] measures items and reliability, [`uncertainty`] how much a score and a difference are worth.
//! * [`numeric`] holds the numerical tools that every estimator shares.
//! * `plot` draws charts, `report` says in plain words what the results mean, `render` makes pages and text.
//!
//! The layers are drawn in `docs/architecture.md` and held by `tests/it/layers.rs`.

pub mod classical;
#[cfg(feature = "tables")]
pub mod ingest;
pub mod numeric;
#[cfg(feature = "charts")]
pub mod plot;
#[cfg(feature = "charts")]
pub mod render;
#[cfg(feature = "charts")]
pub mod report;
pub mod response;
pub mod snr;
pub mod uncertainty;
