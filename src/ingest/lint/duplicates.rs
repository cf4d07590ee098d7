//! Which rows are about an attempt of which an earlier row tells?

use super::kind::{CONTRADICTORY, Collector, Lint, REPEATED};
use crate::ingest::account::Account;
use crate::response::{Attempt, BitMatrix, ResponseTable};
use std::ops::Range;

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
    let (mut same, mut other) = (Collector::new(table), Collector::new(table));
    for items in some_items(table) {
        let mut told = told_of(table, items);
        told.sort_unstable_by_key(|told| (told.key(), told.row));
        for attempt in told.chunk_by(|a, b| a.key() == b.key()) {
            for again in &attempt[1..] {
                let scores = (attempt[0].score, again.score);
                let which = if scores.0 == scores.1 { &mut same } else { &mut other };
                which.add_item(again.item, |item| {
                    format!("{} on {item}: {}", table.runs[again.run as usize].id, scores_told(scores))
                });
            }
        }
    }
    same.report(&REPEATED, found);
    other.report(&CONTRADICTORY, found);
}

/// What a row tells of an attempt.
struct Told {
    item: u32,
    run: u32,
    metric: u32,
    repeat: u32,
    row: usize,
    score: Option<f64>,
}

impl Told {
    fn key(&self) -> (u32, u32, u32, u32) {
        (self.item, self.run, self.metric, self.repeat)
    }
}

/// So many rows are sorted at a time, or a part of all that keeps the number of passes small.
const AT_A_TIME: usize = 1 << 21;
const MOST_PASSES: usize = 32;

/// Items, some at a time, that have together as many rows as are sorted at a time.
fn some_items(table: &ResponseTable) -> Vec<Range<u32>> {
    let most = AT_A_TIME.max(table.len() / MOST_PASSES);
    let mut rows_of = vec![0usize; table.items.len()];
    table.item_column().each(|_, item| rows_of[item as usize] += 1);
    let (mut all, mut first, mut rows) = (Vec::new(), 0, 0);
    for (item, more) in (0..).zip(rows_of) {
        if rows > 0 && rows + more > most {
            all.push(first..item);
            (first, rows) = (item, 0);
        }
        rows += more;
    }
    all.push(first..table.items.len() as u32);
    all
}

/// What all rows tell of these items, which mostly stand together.
fn told_of(table: &ResponseTable, items: Range<u32>) -> Vec<Told> {
    let mut all = Vec::new();
    let mut of_row = Vec::new();
    for start in (0..table.len()).step_by(ROWS_AT_A_TIME) {
        of_row.resize(ROWS_AT_A_TIME.min(table.len() - start), 0);
        table.item_column().read(start, &mut of_row);
        if !of_row.iter().any(|item| items.contains(item)) {
            continue;
        }
        let mut blocks = table.blocks_in(start..start + of_row.len());
        while let Some(block) = blocks.next_block() {
            let repeats = &mut of_row[block.start - start..][..block.items.len()];
            table.repeat_column().read(block.start, repeats);
            let rows = (block.start..).zip(block.attempts()).zip(repeats);
            let wanted = rows.filter(|((_, attempt), _)| items.contains(&(attempt.item as u32)));
            all.extend(wanted.map(|((row, Attempt { run, item, metric, score }), repeat)| Told {
                item: item as u32,
                run: run as u32,
                metric: metric as u32,
                repeat: *repeat,
                row,
                score,
            }));
        }
    }
    all
}

/// Rows that are looked at together.
const ROWS_AT_A_TIME: usize = 1 << 14;

fn scores_told(scores: (Option<f64>, Option<f64>)) -> String {
    let tell = |s: Option<f64>| s.map_or("no score".to_owned(), |s| s.to_string());
    if scores.0 == scores.1 { tell(scores.0) } else { format!("{} and {}", tell(scores.0), tell(scores.1)) }
}
