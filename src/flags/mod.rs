//! Which items of a benchmark are most likely broken, and on what grounds?
//!
//! A [`panel::Panel`] of models answers the items; each detector is one file and gives [`Evidence`]; [`ranking`]
//! puts the items in order of reading with fixed weights; [`kind`] says what is suspected; [`rules`] finds
//! what needs no statistics. [`evaluate`] holds the order against annotated errors, [`effect`] shows what
//! dropping or re-keying would change. No text is read by any model.

pub mod abstention;
pub mod accuracy;
pub mod ceiling;
pub mod confidence;
pub mod correlations;
pub mod effect;
pub mod effective;
pub mod evaluate;
pub mod evidence;
pub mod export;
pub mod fit;
pub mod instability;
pub mod kind;
pub mod labels;
pub mod leak;
pub mod margin;
pub mod panel;
pub mod panel_size;
pub mod pool;
pub mod ranking;
pub mod ranking_quality;
pub mod report;
pub mod residual_pairs;
pub mod rules;
pub mod scores;
pub mod split;
pub mod tables;
pub mod text;
pub mod votes;

pub use evidence::{Evidence, Kind, Votes};
pub use kind::Zone;
pub use panel::{DataKind, Panel, PanelError};
pub use ranking::{Place, Ranking, RankingOptions, Score, rank};
pub use report::{Context, Flag, FlagReport, flag_items};
