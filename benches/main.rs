//! How long do the pieces take? One bench binary, fixed seeds and sizes; `cargo bench -- NAME` picks.

mod flags;
mod irt;
mod ladder;
#[cfg(feature = "tables")]
mod measure;
mod once;
mod pack;
#[cfg(feature = "tables")]
mod read;
mod simulate;
mod snr;

fn main() {
    divan::main();
    once::run(&irt::CASES);
}

/// A leaderboard: models by items of the Open LLM Leaderboard's largest benchmark.
pub const LEADERBOARD: (usize, usize) = (2_211, 12_032);
