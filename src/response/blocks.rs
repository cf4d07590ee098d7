//! How is a long table gone through fast? Some thousand rows at a time, each column unpacked once.

use super::codes::BUFFER;
use super::table::ResponseTable;
use rayon::prelude::*;
use std::ops::Range;

/// What nearly every pass over a table asks of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Position of its run.
    pub run: usize,
    /// Position of its item.
    pub item: usize,
    /// Position of its metric.
    pub metric: usize,
    /// Its score; `None` is no score.
    pub score: Option<f64>,
}

/// Some rows in a row, by column.
#[derive(Debug, Clone, Copy)]
pub struct Block<'b> {
    /// The first of the rows.
    pub start: usize,
    /// Positions of runs.
    pub runs: &'b [u32],
    /// Positions of items.
    pub items: &'b [u32],
    /// Positions of metrics.
    pub metrics: &'b [u32],
    /// Scores; `NaN` is no score.
    pub scores: &'b [f64],
}

impl<'b> Block<'b> {
    /// The rows one by one.
    #[inline]
    pub fn attempts(self) -> impl Iterator<Item = Attempt> + 'b {
        let places = self.runs.iter().zip(self.items).zip(self.metrics);
        places.zip(self.scores).map(|(((run, item), metric), score)| Attempt {
            run: *run as usize,
            item: *item as usize,
            metric: *metric as usize,
            score: Some(*score).filter(|score| !score.is_nan()),
        })
    }
}

/// The rows of a table, or a stretch of them, block by block.
#[derive(Debug)]
pub struct Blocks<'t> {
    table: &'t ResponseTable,
    rows: Range<usize>,
    runs: Vec<u32>,
    items: Vec<u32>,
    metrics: Vec<u32>,
    scores: Vec<f64>,
}

impl<'t> Blocks<'t> {
    fn new(table: &'t ResponseTable, rows: Range<usize>) -> Self {
        let n = BUFFER.min(rows.len());
        let codes = || vec![0; n];
        Self { table, rows, runs: codes(), items: codes(), metrics: codes(), scores: vec![0.0; n] }
    }

    /// The next block.
    pub fn next_block(&mut self) -> Option<Block<'_>> {
        let (start, n) = (self.rows.start, BUFFER.min(self.rows.len()));
        if n == 0 {
            return None;
        }
        self.rows.start += n;
        let (runs, items, metrics) = (&mut self.runs[..n], &mut self.items[..n], &mut self.metrics[..n]);
        self.table.run_column().read(start, runs);
        self.table.item_column().read(start, items);
        self.table.metric_column().read(start, metrics);
        let scores = &mut self.scores[..n];
        self.table.read_scores(start, scores);
        Some(Block { start, runs, items, metrics, scores })
    }

    /// Hands over every row.
    pub fn each(mut self, mut take: impl FnMut(Attempt)) {
        while let Some(block) = self.next_block() {
            for attempt in block.attempts() {
                take(attempt);
            }
        }
    }
}

/// More threads than this do not share a pass.
const MOST_STRETCHES: usize = 4;

impl ResponseTable {
    /// All rows in order.
    pub fn blocks(&self) -> Blocks<'_> {
        Blocks::new(self, 0..self.len())
    }

    /// The rows of a stretch.
    pub fn blocks_in(&self, rows: Range<usize>) -> Blocks<'_> {
        Blocks::new(self, rows)
    }

    /// All rows in as many stretches as there are threads, but a few at most, for much may be kept for each. What is
    /// made of them must not depend on where one ends.
    pub fn stretches(&self) -> impl IndexedParallelIterator<Item = Blocks<'_>> {
        let stretch = self
            .len()
            .div_ceil(rayon::current_num_threads().min(MOST_STRETCHES))
            .next_multiple_of(BUFFER)
            .max(BUFFER);
        let rows = move |start: usize| start..self.len().min(start + stretch);
        (0..self.len().div_ceil(stretch)).into_par_iter().map(move |k| Blocks::new(self, rows(k * stretch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    #[test]
    fn blocks_are_the_rows() {
        let mut table = ResponseTable::default();
        table.runs = (0..3).map(|k| Run::new(format!("{k}"), "m")).collect();
        table.items = (0..7).map(|k| Item::new("b", None, format!("{k}"))).collect();
        table.metrics = vec![Metric::new("b", "acc", None), Metric::new("b", "f1", None)];
        for k in 0..2 * BUFFER as u32 + 9 {
            let score = (k % 5 != 0).then_some(f64::from(k % 4));
            table.push(Row::new(k / 4000, k % 7, k / 50 % 2, score));
        }
        let mut attempts = Vec::new();
        table.blocks().each(|attempt| attempts.push(attempt));
        let rows = table.rows().map(|row| Attempt {
            run: row.run as usize,
            item: row.item as usize,
            metric: row.metric as usize,
            score: row.score,
        });
        assert!(rows.eq(attempts.iter().copied()));
        let in_stretches = table.stretches().map(|mut blocks| {
            let mut n = 0;
            while let Some(block) = blocks.next_block() {
                assert_eq!(block.start % BUFFER, 0);
                n += block.attempts().count();
            }
            n
        });
        assert_eq!(in_stretches.sum::<usize>(), table.len());
        assert!(ResponseTable::default().blocks().next_block().is_none());
    }
}
