//! How much is a score, a difference and a rank worth? Standard errors, paired tests, power and rank intervals.

pub mod leaderboard;
pub mod paired;
pub mod power;
pub mod ranks;
pub mod standard_error;

pub use leaderboard::{Leaderboard, LeaderboardOptions, Standing, leaderboard};
pub use paired::{McNemar, PairedDifference, PairedOptions};
