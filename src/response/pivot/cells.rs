//! Which rows of a table are about one item and one respondent?

use crate::response::ResponseTable;
use rustc_hash::FxHashMap;

/// Which rows of the table belong to each cell: one for nearly all, the others listed beside it.
pub(super) struct CellRows {
    pub shape: (usize, usize),
    /// The first row of each cell, items × respondents; [`NO_ROW`] where there is none.
    first: Vec<u32>,
    /// Further rows of a cell: repeats.
    more: FxHashMap<usize, Vec<u32>>,
    /// The rows of cells that have many, by run and repeat.
    known: FxHashMap<usize, FxHashMap<(u32, u32), u32>>,
}

/// Up to so many rows of a cell are looked through one by one.
const FEW_ROWS: usize = 32;

const NO_ROW: u32 = u32::MAX;

impl CellRows {
    /// No rows of items × respondents.
    pub fn new(shape: (usize, usize)) -> Self {
        let first = vec![NO_ROW; shape.0 * shape.1];
        Self { shape, first, more: FxHashMap::default(), known: FxHashMap::default() }
    }

    /// The row of a cell that is of this run and repeat.
    pub fn find(&self, table: &ResponseTable, cell: usize, run: usize, repeat: u32) -> Option<u32> {
        if let Some(known) = self.known.get(&cell) {
            return known.get(&(run as u32, repeat)).copied();
        }
        let first = (self.first[cell] != NO_ROW).then_some(self.first[cell]);
        first.into_iter().chain(self.more.get(&cell).into_iter().flatten().copied()).find(|&row| {
            let row = row as usize;
            table.repeat_column().get(row) == repeat && table.run_column().get(row) as usize == run
        })
    }

    /// Adds a row to a cell.
    pub fn add(&mut self, table: &ResponseTable, cell: usize, row: u32) {
        if self.first[cell] == NO_ROW {
            self.first[cell] = row;
            return;
        }
        let more = self.more.entry(cell).or_default();
        more.push(row);
        let key = |row: u32| (table.run_column().get(row as usize), table.repeat_column().get(row as usize));
        if more.len() == FEW_ROWS {
            let all = std::iter::once(self.first[cell]).chain(more.iter().copied());
            self.known.insert(cell, all.map(|row| (key(row), row)).collect());
        } else if let Some(known) = self.known.get_mut(&cell) {
            known.insert(key(row), row);
        }
    }

    /// The rows of every cell that has any: item, respondent, rows.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, impl Iterator<Item = usize> + '_)> + '_ {
        let respondents = self.shape.1;
        self.first.iter().enumerate().filter(|(_, row)| **row != NO_ROW).map(move |(cell, &row)| {
            let more = self.more.get(&cell).into_iter().flatten();
            let rows = std::iter::once(row).chain(more.copied()).map(|r| r as usize);
            (cell / respondents, cell % respondents, rows)
        })
    }
}
