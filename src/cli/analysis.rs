//! What do the estimators say of each benchmark? Run once here for every command that shows it.

use super::console::Console;
use super::input::Benchmark;
use crate::classical::{ClassicalAnalysis, ClassicalOptions, analyse};
use crate::response::Table;
use crate::uncertainty::{Leaderboard, LeaderboardOptions, leaderboard};

/// Results on one benchmark; an estimator that could not run says why.
pub struct Analysis {
    pub classical: Result<ClassicalAnalysis, String>,
    pub leaderboard: Result<Leaderboard, String>,
}

impl Analysis {
    pub fn of(benchmark: &Benchmark, console: &Console) -> Self {
        let matrix = &benchmark.matrix;
        let classical = ClassicalOptions { seed: console.seed, ..Default::default() };
        let ranks = LeaderboardOptions { seed: console.seed, ..Default::default() };
        Self {
            classical: analyse(matrix, &classical).map_err(|e| e.to_string()),
            leaderboard: leaderboard(matrix, &ranks).map_err(|e| e.to_string()),
        }
    }
}

/// The tables of all benchmarks, each name once, rows one benchmark after the other.
pub fn tables<'a>(results: impl Iterator<Item = (&'a str, &'a Analysis)>) -> Vec<Table> {
    let mut all: Vec<Table> = Vec::new();
    for (name, analysis) in results {
        let classical = analysis.classical.iter().flat_map(|c| {
            let parts = [c.items_table(name), c.reliability_table(name), c.clones_table(name)];
            parts.into_iter().chain([c.option_shares_table(name)])
        });
        let board = analysis.leaderboard.iter().map(|l| l.table(name));
        for table in classical.chain(board) {
            match all.iter_mut().find(|t| t.name == table.name) {
                Some(same) => same.extend(table),
                None => all.push(table),
            }
        }
    }
    all
}
