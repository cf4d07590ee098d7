//! Has an attempt been read before? Asked for every row of a file whose runs earlier files have, too.
//!
//! Tables come in many files with every model in each, and one model in many files. Neither may cost a look at all
//! earlier rows for each file, so attempts of runs that come again are marked once, and what is new after that.

use crate::response::ResponseTable;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::ops::Range;

/// An attempt, by its places in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// Its run.
    pub run: u32,
    /// Its item.
    pub item: u32,
    /// Its metric.
    pub metric: u32,
    /// Its repeat.
    pub repeat: u32,
}

/// Items whose marks lie together.
const NEAR: u32 = 512;
type Marks = [u64; NEAR as usize / 64];

/// The attempts in a table that grows.
#[derive(Debug, Default)]
pub struct Attempts {
    /// The stretches of rows among which those of a run are.
    stretches_of: FxHashMap<u32, Vec<Range<usize>>>,
    /// Runs that more than one file has; only their attempts are marked.
    marked: FxHashSet<u32>,
    /// By attempt at the first of some items that are near one another.
    marks: FxHashMap<Attempt, Marks>,
}

impl Attempts {
    /// Learns of rows that were added, and of which runs they are.
    pub fn add(&mut self, table: &ResponseTable, runs: &[u32], rows: Range<usize>) {
        for run in runs {
            self.stretches_of.entry(*run).or_default().push(rows.clone());
        }
        let again: FxHashSet<u32> = runs.iter().copied().filter(|run| self.marked.contains(run)).collect();
        if !again.is_empty() {
            self.mark(table, &again, [rows]);
        }
    }

    /// The score of every row of these runs, with its attempt; until `take` says that it has seen enough.
    pub fn each(
        &self,
        table: &ResponseTable,
        runs: &FxHashSet<u32>,
        mut take: impl FnMut(Option<f64>, Attempt) -> bool,
    ) {
        for stretch in self.stretches(runs) {
            if !each(table, stretch, runs, &mut take) {
                return;
            }
        }
    }

    /// Makes ready to ask for attempts of these runs with [`Self::contains`].
    pub fn prepare(&mut self, table: &ResponseTable, runs: &FxHashSet<u32>) {
        let new: FxHashSet<u32> = runs.difference(&self.marked).copied().collect();
        let stretches = self.stretches(&new);
        self.mark(table, &new, stretches);
        self.marked.extend(new);
    }

    /// Whether an attempt of a run that was prepared is there.
    pub fn contains(&self, attempt: Attempt) -> bool {
        let (first, word, bit) = place(attempt);
        self.marks.get(&first).is_some_and(|marks| marks[word] & bit != 0)
    }

    fn mark(
        &mut self,
        table: &ResponseTable,
        runs: &FxHashSet<u32>,
        stretches: impl IntoIterator<Item = Range<usize>>,
    ) {
        for stretch in stretches {
            each(table, stretch, runs, &mut |_, attempt| {
                let (first, word, bit) = place(attempt);
                self.marks.entry(first).or_default()[word] |= bit;
                true
            });
        }
    }

    /// The stretches in which there are rows of these runs, each once and in order.
    fn stretches(&self, runs: &FxHashSet<u32>) -> Vec<Range<usize>> {
        let all = runs.iter().filter_map(|run| self.stretches_of.get(run)).flatten();
        let distinct: BTreeSet<(usize, usize)> = all.map(|rows| (rows.start, rows.end)).collect();
        distinct.into_iter().map(|(start, end)| start..end).collect()
    }
}

/// Where the mark of an attempt is: the attempt at the first item near it, word and bit.
fn place(attempt: Attempt) -> (Attempt, usize, u64) {
    let within = attempt.item % NEAR;
    (Attempt { item: attempt.item - within, ..attempt }, within as usize / 64, 1 << (within % 64))
}

/// The rows of these runs in a stretch; whether `take` wanted all.
fn each(
    table: &ResponseTable,
    stretch: Range<usize>,
    runs: &FxHashSet<u32>,
    take: &mut impl FnMut(Option<f64>, Attempt) -> bool,
) -> bool {
    // Rows of one run mostly follow one another.
    let mut last = (u32::MAX, false);
    let mut blocks = table.blocks_in(stretch);
    let mut repeats = Vec::new();
    while let Some(block) = blocks.next_block() {
        repeats.resize(block.runs.len(), 0);
        table.repeat_column().read(block.start, &mut repeats);
        for (at, &run) in block.runs.iter().enumerate() {
            if last.0 != run {
                last = (run, runs.contains(&run));
            }
            if last.1 {
                let (item, metric, repeat) = (block.items[at], block.metrics[at], repeats[at]);
                let score = Some(block.scores[at]).filter(|score| !score.is_nan());
                if !take(score, Attempt { run, item, metric, repeat }) {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    #[test]
    fn attempts_of_runs_that_come_again_are_known() {
        let mut table = ResponseTable::default();
        table.runs.extend(["a", "b"].map(|run| Run::new(run, run)));
        table.items.extend((0..2000).map(|item| Item::new("b", None, format!("{item}"))));
        table.metrics.push(Metric::new("b", "acc", None));
        let mut attempts = Attempts::default();
        let mut add = |attempts: &mut Attempts, run: u32, items: Range<u32>| {
            let before = table.len();
            items.for_each(|item| table.push(Row::new(run, item, 0, Some(item.into()))));
            attempts.add(&table, &[run], before..table.len());
            table.clone()
        };
        add(&mut attempts, 0, 0..600);
        let table = add(&mut attempts, 1, 0..10);
        let of = |run, item| Attempt { run, item, metric: 0, repeat: 0 };
        let a = FxHashSet::from_iter([0]);
        attempts.prepare(&table, &a);
        assert!(attempts.contains(of(0, 0)) && attempts.contains(of(0, 599)));
        assert!(!attempts.contains(of(0, 600)) && !attempts.contains(Attempt { repeat: 1, ..of(0, 0) }));
        add(&mut attempts, 0, 1500..1501);
        let table = add(&mut attempts, 1, 10..20);
        assert!(attempts.contains(of(0, 1500)) && !attempts.contains(of(0, 1501)));
        let mut rows = Vec::new();
        attempts.each(&table, &FxHashSet::from_iter([1]), |score, attempt| {
            rows.push((score, attempt.item));
            true
        });
        assert_eq!(rows.len(), 20);
        assert_eq!((rows[0], rows[19]), ((Some(0.0), 0), (Some(19.0), 19)));
    }
}
