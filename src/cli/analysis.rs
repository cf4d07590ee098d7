//! What do the estimators say of each benchmark? Run once here for every command that shows it.

use super::console::Console;
use super::input::Benchmark;
use crate::classical::{ClassicalAnalysis, ClassicalOptions, analyse};
use crate::ladder::items::{ItemOptions, from_responses};
use crate::ladder::{self, LadderOptions, LadderReport};
use crate::response::{ResponseTable, Table};
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

/// The ladder that the runs of a benchmark form, where they are marked as rungs and targets.
pub fn ladder(
    benchmark: &Benchmark,
    table: &ResponseTable,
    console: &Console,
) -> Result<LadderReport, String> {
    if !table.runs.iter().any(|r| r.role.as_deref().is_some_and(|r| r.eq_ignore_ascii_case("rung"))) {
        return Err("no run is marked as a rung of a scaling ladder".to_owned());
    }
    let options = ItemOptions {
        benchmarks: vec![benchmark.matrix.benchmark.clone()],
        metric: Some(benchmark.matrix.metric.label()),
        ..Default::default()
    };
    let found = from_responses(table, &options);
    let options = LadderOptions { seed: console.seed, chance: found.chance, ..Default::default() };
    ladder::analyse(&found.table, &options).map_err(|e| e.to_string())
}

/// The tables of ladders, rows one ladder after the other.
pub fn ladder_tables<'a>(reports: impl Iterator<Item = &'a LadderReport>) -> Vec<Table> {
    use ladder::tables::{backtest, ladder_fits, predictability, predictions};
    merged(reports.flat_map(|r| [ladder_fits(r), predictions(r), backtest(r), predictability(r)]))
}

/// The tables of all benchmarks, each name once, rows one benchmark after the other.
pub fn tables<'a>(results: impl Iterator<Item = (&'a str, &'a Analysis)>) -> Vec<Table> {
    merged(results.flat_map(|(name, analysis)| {
        let classical = analysis.classical.iter().flat_map(|c| {
            let parts = [c.items_table(name), c.reliability_table(name), c.clones_table(name)];
            parts.into_iter().chain([c.option_shares_table(name)])
        });
        let board = analysis.leaderboard.iter().map(|l| l.table(name));
        classical.chain(board).collect::<Vec<_>>()
    }))
}

/// Tables of one name as one table.
pub fn merged(tables: impl Iterator<Item = Table>) -> Vec<Table> {
    let mut all: Vec<Table> = Vec::new();
    for table in tables {
        match all.iter_mut().find(|t| t.name == table.name) {
            Some(same) => same.extend(table),
            None => all.push(table),
        }
    }
    all
}
