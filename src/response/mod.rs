//! What is known of who answered what? The vocabulary that every other layer speaks.
//!
//! A language model under test is a *respondent*; a statistical model is a *fit*. A dump is read into a
//! [`ResponseTable`], one row for each scored attempt, with its [`RunTable`] and its items; [`pivot()`] cuts one
//! [`ResponseMatrix`] for each benchmark out of it. Missing is never wrong: no score is no score.

pub mod bits;
pub mod blocks;
pub mod codes;
pub mod held;
pub mod ids;
pub mod item;
pub mod joiner;
pub mod loose;
pub mod matrix;
pub mod measure;
pub mod metric;
pub(crate) mod moment;
pub mod option_scores;
pub mod options;
pub mod output;
mod piece;
pub mod pivot;
mod reals;
pub mod rows;
pub mod run;
pub mod score;
mod score_column;
pub mod spill;
pub(crate) mod standing;
pub mod table;
mod texts;

pub use bits::BitMatrix;
pub use blocks::{Attempt, Block, Blocks};
pub use codes::Codes;
pub use held::Held;
pub use ids::{ItemId, RespondentId};
pub use item::Item;
pub use joiner::Joiner;
pub use loose::Loose;
pub use matrix::{Cells, Counts, ResponseMatrix};
pub use measure::Measure;
pub use metric::Metric;
pub use option_scores::OptionScores;
pub use options::{NO_OPTION, OptionPlanes, OptionScore};
pub use output::{Column, Table, Values};
pub use pivot::{PivotError, PivotOptions, PivotReport, pivot};
pub use rows::{Line, Rows};
pub use run::{FactSource, Run, RunTable};
pub use score::{
    ScoreCurve, ScorePoint, ScoreRun, ScoreSeries, ScoreTable, ScoreTableBuilder, ScoreUnit, SeriesName,
};
pub use spill::{Spill, SpillError};
pub use table::{ResponseTable, Row, Status};
