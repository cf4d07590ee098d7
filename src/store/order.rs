//! In which order do rows stand in a store? By benchmark, item, model, run, metric and repeat.

use crate::response::ResponseTable;
use std::cmp::Ordering;

/// So many rows are sorted at a time, or a part of all that keeps the number of passes small.
const AT_A_TIME: usize = 1 << 22;
const MOST_PASSES: usize = 32;

/// What a row is sorted by, and its position.
type Place = (u32, u32, u32, u32, u32);

/// Positions of the rows in their order, some items at a time: the order of all is never in memory.
pub(super) fn sorted_rows(table: &ResponseTable) -> impl Iterator<Item = Vec<u32>> + Send + '_ {
    let item = ranks(&table.items, |a, b| (&a.benchmark, &a.id).cmp(&(&b.benchmark, &b.id)));
    let run = ranks(&table.runs, |a, b| (&a.model, &a.id).cmp(&(&b.model, &b.id)));
    let metric = ranks(&table.metrics, |a, b| (&a.name, &a.filter).cmp(&(&b.name, &b.filter)));
    let stretches = stretches(table, &item);
    stretches.into_iter().map(move |(first, last)| {
        let mut places: Vec<Place> = Vec::new();
        table.item_column().each(|row, at| {
            let rank = item[at as usize];
            if (first..=last).contains(&rank) {
                let run = run[table.run_column().get(row) as usize];
                let metric = metric[table.metric_column().get(row) as usize];
                places.push((rank, run, metric, table.repeat_column().get(row), row as u32));
            }
        });
        places.sort_unstable();
        places.into_iter().map(|(.., row)| row).collect()
    })
}

/// Ranks of items, first and last, that are sorted together.
fn stretches(table: &ResponseTable, rank: &[u32]) -> Vec<(u32, u32)> {
    let most = AT_A_TIME.max(table.len() / MOST_PASSES);
    let mut rows_of = vec![0usize; rank.len()];
    table.item_column().each(|_, at| rows_of[rank[at as usize] as usize] += 1);
    let (mut stretches, mut first, mut rows) = (Vec::new(), 0, 0);
    for (at, &more) in rows_of.iter().enumerate() {
        if rows > 0 && rows + more > most {
            stretches.push((first, at as u32 - 1));
            (first, rows) = (at as u32, 0);
        }
        rows += more;
    }
    if rows > 0 {
        stretches.push((first, rank.len() as u32 - 1));
    }
    stretches
}

fn ranks<T>(things: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Vec<u32> {
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by(|&a, &b| compare(&things[a], &things[b]));
    let mut ranks = vec![0; things.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = rank as u32;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    #[test]
    fn every_row_stands_once_in_its_order() {
        let mut table = ResponseTable::default();
        table.runs.extend(["b", "a"].map(|run| Run::new(run, run)));
        table.items.extend((0..9).map(|item| Item::new("b", None, format!("{}", 8 - item))));
        table.metrics.push(Metric::new("b", "acc", None));
        for row in 0..9_000u32 {
            let repeat = 2_000 - row / 18;
            table.push(Row { repeat, ..Row::new(row % 2, row / 2 % 9, 0, Some(1.0)) });
        }
        let rows: Vec<u32> = sorted_rows(&table).flatten().collect();
        let key = |row: &u32| {
            let row = table.row(*row as usize);
            let (item, run) = (&table.items[row.item as usize], &table.runs[row.run as usize]);
            (item.id.to_string(), run.id.clone(), row.repeat)
        };
        assert!(rows.is_sorted_by_key(key));
        let mut all = rows;
        all.sort_unstable();
        assert!(all.into_iter().eq(0..9_000));
        assert_eq!(sorted_rows(&ResponseTable::default()).count(), 0);
    }
}
