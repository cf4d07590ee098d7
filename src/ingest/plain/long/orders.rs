//! Do all rows show the options of an item in one order? Those that show them in another are numbered as in its first
//! row.

use crate::ingest::item_hash::{item_hash, same_order};
use crate::ingest::plain::answer::parse_options;
use crate::store::frame::{NOTHING, Words};
use rustc_hash::{FxHashMap, FxHashSet};

/// The rows of a table that show options in another order than the first row of their item.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// For each row none, or one more than the place of its order; empty where all rows show them alike.
    of_row: Vec<u32>,
    orders: Vec<Vec<u16>>,
    /// The items of which there are such rows.
    pub items: FxHashSet<u32>,
    /// Whether some rows show other options than the first one of their item.
    pub has_others: bool,
}

/// Whether options are the same in whatever order.
pub(in crate::ingest::plain) fn are_same(options: &[String], other: &[String]) -> bool {
    item_hash("", options) == item_hash("", other)
}

impl Orders {
    /// Compares what rows show of their items.
    pub fn of(options: Option<&Words>, items: &[Option<u32>]) -> Self {
        let mut these = Self::default();
        let Some(options) = options else { return these };
        // The first text of each item that can be read, and the order of each other one.
        let mut first: FxHashMap<u32, u32> = FxHashMap::default();
        let mut known: FxHashMap<(u32, u32), Option<u32>> = FxHashMap::default();
        let parsed = |code: u32| parse_options(options.distinct().get(code as usize)?);
        for (row, (&code, item)) in options.codes().iter().zip(items).enumerate() {
            let Some(item) = item.filter(|_| code != NOTHING) else { continue };
            let Some(&of_item) = first.get(&item) else {
                if parsed(code).is_some() {
                    first.insert(item, code);
                }
                continue;
            };
            if of_item == code {
                continue;
            }
            let order = *known.entry((of_item, code)).or_insert_with(|| {
                let (options, first) = (parsed(code)?, parsed(of_item)?);
                these.has_others |= !are_same(&options, &first);
                these.orders.push(same_order(&options, &first)?);
                Some(these.orders.len() as u32)
            });
            if let Some(order) = order {
                these.of_row.resize(items.len(), 0);
                these.of_row[row] = order;
                these.items.insert(item);
            }
        }
        these
    }

    /// The number that an option of a row has in the first row of its item.
    pub fn option(&self, row: usize, option: u16) -> u16 {
        let order = self.of_row.get(row).and_then(|order| self.orders.get((*order as usize).checked_sub(1)?));
        order.and_then(|order| order.get(usize::from(option)).copied()).unwrap_or(option)
    }
}
