//! How much is a score, a difference and a rank worth? Standard errors, paired tests, power and rank intervals.

pub mod first_place;
pub mod leaderboard;
pub mod paired;
pub mod power;
pub mod ranks;
pub mod standard_error;

pub use first_place::could_be_first;
pub use leaderboard::{Leaderboard, LeaderboardOptions, Standing, leaderboard};
pub use paired::{McNemar, PairedDifference, PairedOptions};
