//! Can a benchmark tell models apart from its own noise?
//!
//! *Signal* is how far models differ, *noise* how far one model differs from itself. The right ratio of the two
//! comes from an analysis of variance ([`ratio`]); the definitions of "Signal and Noise" (Heineman et al. 2025,
//! arXiv 2508.13144) stand in [`published`] under their own names, for comparison. [`decision`] asks whether
//! a small scale ranks as a large one does, [`curve`] how smooth a training curve is. [`analyse`](fn@analyse) measures
//! every series of a table of scores; [`stream`] makes such series from answers to items, in one pass.

pub mod analyse;
pub mod curve;
pub mod datadecide;
pub mod decision;
pub mod design;
pub mod intervention;
pub mod noise;
pub mod options;
pub mod published;
pub mod ratio;
pub mod scales;
pub mod separable;
pub mod spread;
pub mod stream;
pub mod tables;
pub mod variants;

pub use analyse::{SeriesDecision, SnrAnalysis, TaskSnr, analyse};
pub use options::{Definition, SnrOptions};
