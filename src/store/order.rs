//! In which order do rows stand in a store? By benchmark, item, model, run, metric and repeat.

use super::StoreError;
use crate::response::{ResponseTable, Rows, Spill};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// So many rows are a section, or a part of all that keeps the number of sections small.
const ROWS_OF_A_SECTION: usize = 1 << 22;
const MOST_SECTIONS: usize = 32;
/// So many bytes of the texts of a section are held in memory; more are read from disk one by one.
const TEXT_OF_A_SECTION: usize = 64 << 20;

/// Rows of items that follow one another in the order of the store.
#[derive(Debug)]
pub(super) struct Section<'t> {
    /// The rows as they stand in the table.
    pub rows: Cow<'t, Rows>,
    /// Their positions, in order.
    pub order: Vec<u32>,
}

/// All rows in their order, section by section. Rows of several sections are dealt out in one pass, on disk where there
/// is a place for them: neither the order of all is ever in memory nor all that was dealt.
///
/// # Errors
/// [`StoreError::TooLong`].
pub(super) fn sections<'t>(
    table: &'t ResponseTable,
    spill: Option<&Arc<Spill>>,
) -> Result<impl Iterator<Item = Section<'t>> + Send + use<'t>, StoreError> {
    sections_of(table, spill, ROWS_OF_A_SECTION)
}

/// The same in sections of so many rows, if that does not make too many.
fn sections_of<'t>(
    table: &'t ResponseTable,
    spill: Option<&Arc<Spill>>,
    n_rows: usize,
) -> Result<impl Iterator<Item = Section<'t>> + Send + use<'t>, StoreError> {
    let ranks = Ranks::of(table);
    let stretches = stretches(table, &ranks.item, n_rows.max(table.len() / MOST_SECTIONS))?;
    let rows = table.as_rows();
    let dealt: Vec<Cow<Rows>> = if stretches.len() == 1 && !rows.is_away() {
        vec![Cow::Borrowed(rows)]
    } else {
        let mut pile_of_rank: Vec<u32> = Vec::with_capacity(ranks.item.len());
        for (pile, &(_, last)) in stretches.iter().enumerate() {
            pile_of_rank.resize(last as usize + 1, pile as u32);
        }
        // Items behind the last stretch have no rows.
        let pile_of = |rank: &u32| pile_of_rank.get(*rank as usize).copied().unwrap_or(0);
        let pile_of_item: Vec<u32> = ranks.item.iter().map(pile_of).collect();
        table.deal(&pile_of_item, stretches.len(), spill).into_iter().map(Cow::Owned).collect()
    };
    Ok(dealt.into_iter().zip(stretches).map(move |(mut rows, stretch)| {
        if let Cow::Owned(rows) = &mut rows {
            rows.bring_back(TEXT_OF_A_SECTION);
        }
        let order = ranks.order(&rows, stretch);
        Section { rows, order }
    }))
}

/// What the rows of an item are sorted by: run, metric, repeat and position.
type Place = (u32, u32, u32, u32);

/// The place of each item, run and metric among all.
struct Ranks {
    item: Vec<u32>,
    run: Vec<u32>,
    metric: Vec<u32>,
}

impl Ranks {
    fn of(table: &ResponseTable) -> Self {
        Self {
            item: ranks(&table.items, |a, b| (&a.benchmark, &a.id).cmp(&(&b.benchmark, &b.id))),
            run: ranks(&table.runs, |a, b| (&a.model, &a.id).cmp(&(&b.model, &b.id))),
            metric: ranks(&table.metrics, |a, b| (&a.name, &a.filter).cmp(&(&b.name, &b.filter))),
        }
    }

    /// Positions of rows whose items have ranks from `first` to `last`, in order: they are put together by item, and
    /// the few of each item are sorted.
    fn order(&self, rows: &Rows, (first, last): (u32, u32)) -> Vec<u32> {
        let of = |item: u32| (self.item[item as usize] - first) as usize;
        let mut next = vec![0u32; (last - first) as usize + 2];
        rows.item_column().each(|_, item| next[of(item) + 1] += 1);
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        let mut order = vec![0; rows.len()];
        rows.item_column().each(|row, item| {
            let at = &mut next[of(item)];
            order[*at as usize] = row as u32;
            *at += 1;
        });
        // Each is now where the next one begins.
        let (mut start, mut of_item): (usize, Vec<Place>) = (0, Vec::new());
        for end in next.into_iter().map(|end| end as usize) {
            of_item.clear();
            of_item.extend(order[start..end].iter().map(|&row| self.place(rows, row)));
            of_item.sort_unstable();
            order[start..end].iter_mut().zip(&of_item).for_each(|(row, place)| *row = place.3);
            start = end;
        }
        order
    }

    fn place(&self, rows: &Rows, row: u32) -> Place {
        let at = row as usize;
        let (run, metric) = (rows.run_column().get(at) as usize, rows.metric_column().get(at) as usize);
        (self.run[run], self.metric[metric], rows.repeat_column().get(at), row)
    }
}

/// Ranks of items, first and last, that are a section together; every item that has rows is in one.
fn stretches(table: &ResponseTable, rank: &[u32], most: usize) -> Result<Vec<(u32, u32)>, StoreError> {
    let mut rows_of = vec![0usize; rank.len()];
    table.item_column().each(|_, at| rows_of[rank[at as usize] as usize] += 1);
    let (mut stretches, mut first, mut rows) = (Vec::new(), 0, 0usize);
    for (at, &more) in rows_of.iter().enumerate() {
        if rows > 0 && rows + more > most {
            stretches.push((first, at as u32 - 1));
            (first, rows) = (at as u32, 0);
        }
        rows += more;
        // Positions of rows within a section have 32 bits.
        if u32::try_from(rows).is_err() {
            return Err(StoreError::TooLong { n_rows: rows });
        }
    }
    if rows > 0 {
        stretches.push((first, rank.len() as u32 - 1));
    }
    Ok(stretches)
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

    fn table(n: u32) -> ResponseTable {
        let mut table = ResponseTable::default();
        table.runs.extend(["b", "a"].map(|run| Run::new(run, run)));
        table.items.extend((0..9).map(|item| Item::new("b", None, format!("{}", 8 - item))));
        table.items.push(Item::new("a", None, "never asked"));
        table.metrics.extend(["x", "acc"].map(|metric| Metric::new("b", metric, None)));
        for row in 0..n {
            let repeat = n / 18 - row / 18 % 1000;
            table.push(Row { repeat, ..Row::new(row % 2, row / 2 % 9, row / 7 % 2, Some(1.0)) });
        }
        table
    }

    #[test]
    fn every_row_stands_once_in_its_order() {
        let table = table(9_000);
        let sections: Vec<Section> = sections(&table, None).unwrap().collect();
        let [Section { rows: Cow::Borrowed(_), order }] = &sections[..] else { panic!("{sections:?}") };
        let key = |row: &u32| {
            let place = *row;
            let row = table.row(place as usize);
            let (item, run) = (&table.items[row.item as usize], &table.runs[row.run as usize]);
            let metric = &table.metrics[row.metric as usize];
            (item.id.to_string(), run.id.clone(), metric.name.clone(), row.repeat, place)
        };
        assert!(order.is_sorted_by_key(key));
        let mut all = order.clone();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..9_000));
        assert_eq!(super::sections(&ResponseTable::default(), None).unwrap().count(), 0);
    }

    #[test]
    fn sections_are_the_rows_of_items_one_after_the_other() {
        let n = 9_000;
        let (table, spill) = (table(n), Spill::new(tempfile::tempfile().unwrap(), 0));
        let mut sections = sections_of(&table, Some(&spill), 4_000).unwrap();
        let (mut n_rows, mut last) = (0, String::new());
        let mut sizes = Vec::new();
        for Section { rows, order } in &mut sections {
            let item = |row: &u32| &table.items[rows.item_column().get(*row as usize) as usize].id;
            assert!(order.is_sorted_by_key(item) && item(&order[0]).as_str() > last.as_str());
            last = item(&order[order.len() - 1]).to_string();
            n_rows += order.len();
            sizes.push(order.len());
            assert!(order.len() == rows.len() && spill.check().is_ok());
        }
        assert_eq!((n_rows, sizes.len(), last.as_str()), (n as usize, 3, "8"));
    }
}
