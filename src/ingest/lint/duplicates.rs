//! Which rows are about an attempt of which an earlier row tells?

use super::kind::{CONTRADICTORY, Collector, Lint, REPEATED};
use crate::ingest::account::Account;
use crate::response::{Attempt, BitMatrix, ResponseTable};

/// Whether no two rows are about the same item, run and metric: nearly always, and told by two bits for each, where
/// that takes no more room than to sort the rows.
fn all_first_attempts(table: &ResponseTable) -> bool {
    const CELLS_OF_A_ROW: usize = 16;
    let columns = table.runs.len() * table.metrics.len();
    let most = table.len().saturating_mul(CELLS_OF_A_ROW);
    let Some(_) = columns.checked_mul(table.items.len()).filter(|cells| *cells <= most) else {
        return false;
    };
    let mut seen = BitMatrix::missing(columns, table.items.len());
    let n_metrics = table.metrics.len();
    let mut blocks = table.blocks();
    while let Some(block) = blocks.next_block() {
        let mut attempts = block.attempts();
        if !attempts.all(|Attempt { run, item, metric, .. }| seen.mark(run * n_metrics + metric, item)) {
            return false;
        }
    }
    true
}

/// Rows about the same attempt.
pub(super) fn duplicates(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    if account.is_plain || all_first_attempts(table) {
        return;
    }
    let key = |row: usize| {
        let (run, item) = (table.run_column().get(row), table.item_column().get(row));
        (item, run, table.metric_column().get(row), table.repeat_column().get(row))
    };
    let mut order: Vec<u32> = (0..table.len() as u32).collect();
    order.sort_by_key(|&row| key(row as usize));
    let (mut same, mut other) = (Collector::new(table), Collector::new(table));
    for attempt in order.chunk_by(|a, b| key(*a as usize) == key(*b as usize)).filter(|c| c.len() > 1) {
        let first = attempt[0] as usize;
        for &row in &attempt[1..] {
            let row = row as usize;
            let model = || table.runs[table.run_column().get(row) as usize].id.clone();
            let scores = (table.score(first), table.score(row));
            let which = if scores.0 == scores.1 { &mut same } else { &mut other };
            which.add_item(table.item_column().get(row), |item| {
                format!("{} on {item}: {}", model(), told(scores))
            });
        }
    }
    same.report(&REPEATED, found);
    other.report(&CONTRADICTORY, found);
}

fn told(scores: (Option<f64>, Option<f64>)) -> String {
    let tell = |s: Option<f64>| s.map_or("no score".to_owned(), |s| s.to_string());
    if scores.0 == scores.1 { tell(scores.0) } else { format!("{} and {}", tell(scores.0), tell(scores.1)) }
}
