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
//! * [`numeric`] holds the numerical tools that every estimator shares.
//!
//! The layers are drawn in `docs/architecture.md` and held by `tests/it/layers.rs`.

#[cfg(feature = "tables")]
pub mod ingest;
pub mod numeric;
pub mod response;
#[cfg(feature = "tables")]
pub mod store;
