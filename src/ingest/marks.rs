//! Which of many? Sets of small numbers, such as places of items.

use crate::response::ResponseTable;
use rustc_hash::FxHashMap;

/// A set of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    /// Adds a number.
    pub fn insert(&mut self, number: usize) {
        if number / 64 >= self.0.len() {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether both have a number.
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Takes the numbers of `other`.
    pub fn take(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
}

/// The number of each item among those of its benchmark.
pub(super) fn within_benchmarks(table: &ResponseTable) -> Vec<usize> {
    let mut n_items: FxHashMap<&str, usize> = FxHashMap::default();
    let number = |benchmark| {
        let n = n_items.entry(benchmark).or_default();
        *n += 1;
        *n - 1
    };
    table.items.iter().map(|item| item.benchmark.as_str()).map(number).collect()
}
