//! What would the estimators see if the truth were known? Seeded data with every parameter on record.
//!
//! [`simulate`] makes one benchmark as a long table with its [`Truth`]: items of any response model, models
//! with abilities, families and near-copies, options with distractors, planted errors and missing answers.
//! [`simulate_checkpoints`] makes training runs whose signal and noise are known. [`simulate_bits`] and
//! [`simulate_matrix`] make plain matrices of leaderboard size fast.
//!
//! Everything is a function of its options and one seed; the number of threads never changes a result.

pub mod ability;
pub mod answer;
pub mod benchmark;
pub mod bulk;
pub mod checkpoint;
pub mod checkpoint_truth;
pub mod choice;
pub mod coverage;
pub mod curve;
pub mod error;
pub mod fault;
pub mod item;
pub mod model;
pub mod options;
pub mod prompt;
pub mod random;
pub mod text;
pub mod truth;
#[cfg(feature = "tables")]
pub mod write;

pub use ability::AbilityDistribution;
pub use benchmark::{Simulation, simulate};
pub use bulk::{BulkOptions, BulkTruth, simulate_bits, simulate_matrix};
pub use checkpoint::{CheckpointOptions, CheckpointSimulation, CheckpointSubject, simulate_checkpoints};
pub use choice::{Choice, ChoiceOptions};
pub use coverage::{Coverage, MissingOptions};
pub use curve::{Curve, ItemModel};
pub use error::SimulationError;
pub use fault::{FaultOptions, PlantedError};
pub use item::{ItemOptions, ItemTruth};
pub use model::{FamilyOptions, ModelTruth};
pub use options::SimulationOptions;
pub use prompt::{PromptOptions, PromptTruth};
pub use truth::Truth;
