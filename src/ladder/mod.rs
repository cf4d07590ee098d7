//! What will a larger model score? Scaling-law ladders, with intervals that are tested before they are believed.
//!
//! ```text
//! rungs ──▶ step 1: loss from N, D, C ──▶ step 2: accuracy from loss ──▶ target
//!       └─▶ laws of the accuracy itself ───────────────────────────────▶ target
//! ```
//!
//! [`analyse()`] fits every [`Form`], predicts the larger rungs from the smaller ones ([`backtest`]), averages the
//! forms by the errors they made there ([`combine`]) and calibrates an interval on the errors of that average
//! ([`interval`]). The scores of the targets are used for nothing but the last column.

pub mod analyse;
pub mod backtest;
pub mod chance;
pub mod check;
pub mod columns;
pub mod combine;
pub mod curve;
pub mod datadecide;
pub mod direct;
pub mod field;
pub mod figures;
pub mod form;
pub mod interval;
pub mod items;
pub mod law;
pub mod loss;
pub mod observational;
pub mod options;
pub mod planning;
pub mod pooling;
pub mod predictability;
mod prepare;
pub mod principal;
pub mod resample;
pub mod result;
pub mod scaled_compute;
pub mod smooth;
pub mod table;
pub mod tables;
mod target;

pub use analyse::analyse;
pub use check::{Refusal, Warning};
pub use columns::{ColumnError, from_columns};
pub use curve::{AccuracyCurve, CurveFit, Range, fit_curve};
pub use direct::{DirectFit, DirectLaw, fit_direct};
pub use field::Field;
pub use form::{Form, FormFits, Rung};
pub use law::{Conditions, FitOptions, LawError, LawFit};
pub use loss::{LossFit, LossLaw, fit_loss};
pub use options::LadderOptions;
pub use result::{FormPrediction, LadderError, LadderReport, TargetPrediction, TaskReport};
pub use table::{Checkpoint, LadderRow, LadderRun, LadderTable, LadderTask, Role, Series};
