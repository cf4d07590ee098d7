//! What is in the columns of a long table? The rows alone: what they point to is known to whoever has them.

use super::codes::{BUFFER, Codes, OptionalCodes};
use super::reals::OptionalReals;
use super::score_column::Scores;
use super::spill::{Spill, SpillError};
use super::table::{Row, Status};
use super::texts::Texts;
use serde::{Deserialize, Serialize};
use std::iter;
use std::sync::Arc;

/// Rows by column, packed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    run: Codes,
    item: Codes,
    metric: Codes,
    repeat: Codes,
    /// `NaN` is no score: NaN itself is never a score.
    score: Scores,
    /// Positions in [`Status::ALL`].
    status: Codes,
    chosen: OptionalCodes,
    gold: OptionalCodes,
    prediction: Texts,
    logp_gold: OptionalReals,
    logp_margin: OptionalReals,
    n_tokens_in: OptionalCodes,
    n_tokens_out: OptionalCodes,
    source_file: Codes,
    source_row: OptionalCodes,
}

/// Where rows stand in their source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// One on each line, from this one on.
    EachFrom(u32),
    /// All on one line, if it is known.
    All(Option<u32>),
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.run.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    pub(super) fn push(&mut self, row: Row) {
        let before = self.len();
        self.run.push(row.run);
        self.item.push(row.item);
        self.metric.push(row.metric);
        self.repeat.push(row.repeat);
        let score = row.score.unwrap_or(f64::NAN);
        self.score.push(score);
        let status = if score.is_nan() && row.status == Status::Ok { Status::Unscored } else { row.status };
        self.status.push(status.code());
        self.chosen.push(row.chosen.map(Into::into), before);
        self.gold.push(row.gold.map(Into::into), before);
        self.prediction.push(row.prediction, before);
        self.logp_gold.push(row.logp_gold, before);
        self.logp_margin.push(row.logp_margin, before);
        self.n_tokens_in.push(row.n_tokens_in, before);
        self.n_tokens_out.push(row.n_tokens_out, before);
        self.source_file.push(row.source_file);
        self.source_row.push(row.source_row, before);
    }

    /// Rows of one metric of which only run, item and score are known, and on which line each stands, or all do.
    pub(super) fn extend_plain(
        &mut self,
        runs: &[u32],
        items: &[u32],
        metric: u32,
        scores: &[f64],
        line: Line,
    ) {
        let (before, n) = (self.len(), runs.len());
        self.run.extend(runs);
        self.item.extend(items);
        self.metric.extend_constant(metric, n);
        self.repeat.extend_constant(0, n);
        self.score.extend(scores);
        for alike in scores.chunk_by(|a, b| a.is_nan() == b.is_nan()) {
            let status = if alike[0].is_nan() { Status::Unscored } else { Status::Ok };
            self.status.extend_constant(status.code(), alike.len());
        }
        for column in [&mut self.chosen, &mut self.gold, &mut self.n_tokens_in, &mut self.n_tokens_out] {
            column.skip(n);
        }
        self.prediction.skip(n);
        self.logp_gold.skip(n);
        self.logp_margin.skip(n);
        self.source_file.extend_constant(0, n);
        match line {
            Line::EachFrom(first) => self.source_row.extend_counting(first, n, before),
            Line::All(line) => self.source_row.extend_constant(line, n, before),
        }
    }

    /// Adds all rows of `other`, whose runs, items and metrics are at other places here, as are the files of each run.
    pub(super) fn append(
        &mut self,
        other: Self,
        runs: &[u32],
        items: &[u32],
        metrics: &[u32],
        files: &[Vec<u32>],
    ) {
        let (before, n) = (self.len(), other.len());
        for start in (0..n).step_by(BUFFER) {
            let (mut of_run, mut file) = ([0; BUFFER], [0; BUFFER]);
            let rows = BUFFER.min(n - start);
            other.run.read(start, &mut of_run[..rows]);
            other.source_file.read(start, &mut file[..rows]);
            for (file, run) in file.iter_mut().zip(of_run).take(rows) {
                *file = files[run as usize].get(*file as usize).copied().unwrap_or(0);
            }
            self.source_file.extend(&file[..rows]);
        }
        self.run.append(&other.run, |run| runs[run as usize]);
        self.item.append(&other.item, |item| items[item as usize]);
        self.metric.append(&other.metric, |metric| metrics[metric as usize]);
        self.repeat.append(&other.repeat, |repeat| repeat);
        self.score.append(&other.score);
        self.status.append(&other.status, |status| status);
        self.chosen.append(&other.chosen, n, before);
        self.gold.append(&other.gold, n, before);
        self.prediction.append(other.prediction, n, before);
        self.logp_gold.append(&other.logp_gold, n, before);
        self.logp_margin.append(&other.logp_margin, n, before);
        self.n_tokens_in.append(&other.n_tokens_in, n, before);
        self.n_tokens_out.append(&other.n_tokens_out, n, before);
        self.source_row.append(&other.source_row, n, before);
    }

    pub(super) fn map_scores(&mut self, change: impl Fn(f64) -> f64) {
        self.score.map(change);
    }

    pub(super) fn forget_scores(&mut self, picks: impl Fn(u32, u32, u32) -> bool) {
        let (scores, status) = (std::mem::take(&mut self.score), std::mem::take(&mut self.status));
        let (mut of_block, mut codes) = (vec![0.0; BUFFER], vec![vec![0; BUFFER]; 4]);
        for start in (0..self.len()).step_by(BUFFER) {
            let n = BUFFER.min(self.len() - start);
            for (column, codes) in [&self.run, &self.item, &self.metric, &status].iter().zip(&mut codes) {
                column.read(start, &mut codes[..n]);
            }
            scores.read(start, &mut of_block[..n]);
            for row in 0..n {
                if picks(codes[0][row], codes[1][row], codes[2][row]) {
                    of_block[row] = f64::NAN;
                    codes[3][row] = Status::Unscored.code();
                }
            }
            self.score.extend(&of_block[..n]);
            self.status.extend(&codes[3][..n]);
        }
    }

    pub(super) fn map_options(&mut self, change: impl Fn(u32, u16) -> u16) {
        for column in [&mut self.chosen, &mut self.gold] {
            let old = std::mem::take(column);
            let changed = |row: usize, code: u32| match u16::try_from(code) {
                Ok(option) => u32::from(change(self.item.get(row), option)),
                Err(_) => code,
            };
            for row in 0..self.item.len() {
                column.push(old.get(row).map(|code| changed(row, code)), row);
            }
        }
    }

    /// The row at `index`.
    pub fn row(&self, index: usize) -> Row {
        Row {
            run: self.run.get(index),
            item: self.item.get(index),
            metric: self.metric.get(index),
            repeat: self.repeat.get(index),
            score: self.score(index),
            status: self.status(index),
            chosen: self.chosen(index),
            gold: self.gold(index),
            prediction: self.prediction(index),
            logp_gold: self.logp_gold(index),
            logp_margin: self.logp_margin(index),
            n_tokens_in: self.n_tokens_in(index),
            n_tokens_out: self.n_tokens_out(index),
            source_file: self.source_file.get(index),
            source_row: self.source_row(index),
        }
    }

    pub(super) fn score_range(&self) -> Option<(f64, f64)> {
        self.score.range()
    }

    pub(super) fn read_scores(&self, start: usize, out: &mut [f64]) {
        self.score.read(start, out);
    }

    /// Position of the run of each row.
    pub fn run_column(&self) -> &Codes {
        &self.run
    }

    /// Position of the item of each row.
    pub fn item_column(&self) -> &Codes {
        &self.item
    }

    /// Position of the metric of each row.
    pub fn metric_column(&self) -> &Codes {
        &self.metric
    }

    /// Repeat number of each row.
    pub fn repeat_column(&self) -> &Codes {
        &self.repeat
    }

    /// Position of the file of each row among those of its run.
    pub fn source_file_column(&self) -> &Codes {
        &self.source_file
    }

    /// Position in [`Status::ALL`] of the status of each row.
    pub fn status_column(&self) -> &Codes {
        &self.status
    }

    /// The score at `index`; `None` is no score.
    pub fn score(&self, index: usize) -> Option<f64> {
        Some(self.score.get(index)).filter(|s| !s.is_nan())
    }

    /// What became of the row at `index`.
    pub fn status(&self, index: usize) -> Status {
        Status::ALL[self.status.get(index) as usize]
    }

    /// The option chosen at `index`.
    pub fn chosen(&self, index: usize) -> Option<u16> {
        self.chosen.get(index).and_then(|option| u16::try_from(option).ok())
    }

    /// The key that the row at `index` was scored against.
    pub fn gold(&self, index: usize) -> Option<u16> {
        self.gold.get(index).and_then(|option| u16::try_from(option).ok())
    }

    pub(super) fn read_options(&self, start: usize, out: &mut [(Option<u16>, Option<u16>)]) {
        let mut codes = vec![0; out.len()];
        let option = |code: u32| code.checked_sub(1).and_then(|option| u16::try_from(option).ok());
        self.chosen.read(start, &mut codes);
        out.iter_mut().zip(&codes).for_each(|(out, code)| out.0 = option(*code));
        self.gold.read(start, &mut codes);
        out.iter_mut().zip(&codes).for_each(|(out, code)| out.1 = option(*code));
    }

    /// The answer at `index`, as text.
    pub fn prediction(&self, index: usize) -> Option<Box<str>> {
        self.prediction.get(index)
    }

    /// The log-probability of the key at `index`, nats.
    pub fn logp_gold(&self, index: usize) -> Option<f32> {
        self.logp_gold.get(index)
    }

    /// The log-probability of the key at `index` less that of the best other option, nats.
    pub fn logp_margin(&self, index: usize) -> Option<f32> {
        self.logp_margin.get(index)
    }

    /// Tokens read at `index`.
    pub fn n_tokens_in(&self, index: usize) -> Option<u32> {
        self.n_tokens_in.get(index)
    }

    /// Tokens written at `index`.
    pub fn n_tokens_out(&self, index: usize) -> Option<u32> {
        self.n_tokens_out.get(index)
    }

    /// Where the row at `index` stands in its source file.
    pub fn source_row(&self, index: usize) -> Option<u32> {
        self.source_row.get(index)
    }

    pub(super) fn has_options(&self) -> bool {
        !self.chosen.is_empty() || !self.gold.is_empty()
    }

    pub(super) fn has_answers(&self) -> bool {
        !self.chosen.is_empty() || !self.prediction.is_absent()
    }

    /// Whether a number of an option is larger than `limit`.
    pub fn options_exceed(&self, limit: u32) -> bool {
        self.chosen.exceeds(limit) || self.gold.exceeds(limit)
    }

    /// Whether a number of tokens is larger than `limit`.
    pub fn tokens_exceed(&self, limit: u32) -> bool {
        self.n_tokens_in.exceeds(limit) || self.n_tokens_out.exceeds(limit)
    }

    /// Whether a place in a source file is larger than `limit`.
    pub fn source_rows_exceed(&self, limit: u32) -> bool {
        self.source_row.exceeds(limit)
    }

    /// All columns of numbers that there are, always in the same order.
    fn codes(&self) -> impl Iterator<Item = &Codes> {
        let always = [&self.run, &self.item, &self.metric, &self.repeat, &self.status, &self.source_file];
        let sometimes = [
            self.chosen.codes(),
            self.gold.codes(),
            self.logp_gold.codes(),
            self.logp_margin.codes(),
            self.n_tokens_in.codes(),
            self.n_tokens_out.codes(),
            self.source_row.codes(),
        ];
        always.into_iter().chain(self.score.codes().into_iter().chain(sometimes).flatten())
    }

    /// The same columns in the same order.
    fn codes_mut(&mut self) -> impl Iterator<Item = &mut Codes> {
        let always = [
            &mut self.run,
            &mut self.item,
            &mut self.metric,
            &mut self.repeat,
            &mut self.status,
            &mut self.source_file,
        ];
        let sometimes = [
            self.chosen.codes_mut(),
            self.gold.codes_mut(),
            self.logp_gold.codes_mut(),
            self.logp_margin.codes_mut(),
            self.n_tokens_in.codes_mut(),
            self.n_tokens_out.codes_mut(),
            self.source_row.codes_mut(),
        ];
        always.into_iter().chain(self.score.codes_mut().into_iter().chain(sometimes).flatten())
    }

    /// No rows, in the same columns.
    fn empty_like(&self) -> Self {
        Self {
            score: self.score.empty_like(),
            chosen: self.chosen.empty_like(),
            gold: self.gold.empty_like(),
            logp_gold: self.logp_gold.empty_like(),
            logp_margin: self.logp_margin.empty_like(),
            n_tokens_in: self.n_tokens_in.empty_like(),
            n_tokens_out: self.n_tokens_out.empty_like(),
            source_row: self.source_row.empty_like(),
            ..Self::default()
        }
    }

    /// Puts closed pieces aside if those in memory take more than so many bytes.
    pub(super) fn put_aside_beyond(&mut self, budget: usize, spill: &Arc<Spill>) {
        if self.codes().map(Codes::held).sum::<usize>() + self.prediction.held() > budget {
            self.codes_mut().for_each(|codes| codes.put_aside(spill));
            self.prediction.put_aside(spill);
        }
    }

    /// Brings what was put aside back to memory; texts until they have so many bytes.
    pub fn bring_back(&mut self, most_text: usize) {
        self.codes_mut().for_each(Codes::bring_back);
        self.prediction.bring_back(most_text);
    }

    /// Whether closed pieces were put aside.
    pub fn is_away(&self) -> bool {
        self.away().is_some()
    }

    pub(super) fn away(&self) -> Option<&Arc<Spill>> {
        self.codes().find_map(Codes::away).or(self.prediction.away())
    }

    /// Whether all that was put aside on disk was read back whenever it was asked for.
    ///
    /// # Errors
    /// [`SpillError`] if not: what was made of the rows so far may be wrong.
    pub fn check(&self) -> Result<(), SpillError> {
        self.away().map_or(Ok(()), |spill| spill.check())
    }

    /// See [`super::ResponseTable::deal`].
    pub(super) fn deal(&self, pile_of: &[u32], n_piles: usize, spill: Option<&Arc<Spill>>) -> Vec<Self> {
        let mut piles: Vec<Self> = iter::repeat_with(|| self.empty_like()).take(n_piles).collect();
        let n_columns = self.codes().count();
        let (mut read, mut dealt) = (vec![0; BUFFER], vec![vec![0; BUFFER]; n_columns]);
        let mut texts: Vec<Option<Box<str>>> = Vec::with_capacity(BUFFER);
        for start in (0..self.len()).step_by(BUFFER) {
            let n = BUFFER.min(self.len() - start);
            let read = &mut read[..n];
            self.item.read(start, read);
            let (order, ends) = by_pile(read.iter().map(|item| pile_of[*item as usize] as usize), n_piles);
            for (column, dealt) in self.codes().zip(&mut dealt) {
                column.read(start, read);
                dealt.iter_mut().zip(&order).for_each(|(value, at)| *value = read[usize::from(*at)]);
            }
            texts.clear();
            self.prediction.read(start, n, |text| texts.push(text.map(Into::into)));
            let mut first = 0;
            for (pile, end) in piles.iter_mut().zip(ends) {
                let rows = std::mem::replace(&mut first, end)..end;
                if rows.is_empty() {
                    continue;
                }
                let before = pile.len();
                pile.codes_mut().zip(&dealt).for_each(|(codes, dealt)| codes.extend(&dealt[rows.clone()]));
                for (row, at) in order[rows].iter().enumerate() {
                    pile.prediction.push(texts[usize::from(*at)].take(), before + row);
                }
            }
            if let Some(spill) = spill.filter(|_| (start / BUFFER) % BLOCKS_BETWEEN == BLOCKS_BETWEEN - 1) {
                piles.iter_mut().for_each(|pile| pile.put_aside_beyond(0, spill));
            }
        }
        piles
    }
}

/// After so many blocks closed pieces are put aside: rarely enough to cost nothing, and before long texts take much.
const BLOCKS_BETWEEN: usize = 16;

/// The order of rows by pile, and where each pile ends in it.
fn by_pile(piles: impl Iterator<Item = usize> + Clone, n_piles: usize) -> (Vec<u16>, Vec<usize>) {
    let mut next = vec![0; n_piles + 1];
    piles.clone().for_each(|pile| next[pile + 1] += 1);
    (0..n_piles).for_each(|pile| next[pile + 1] += next[pile]);
    let mut order = vec![0; next[n_piles]];
    for (row, pile) in piles.enumerate() {
        order[next[pile]] = row as u16;
        next[pile] += 1;
    }
    next.pop();
    (order, next)
}

#[cfg(test)]
mod tests {
    use super::super::spill::tests::scratch;
    use super::*;
    use crate::response::{Item, Metric, ResponseTable, Run};

    fn table(n: u32) -> ResponseTable {
        let mut table = ResponseTable::default();
        table.runs.extend(["a", "b"].map(|run| Run::new(run, run)));
        table.items.extend((0..9).map(|item| Item::new("b", None, format!("{item}"))));
        table.metrics.push(Metric::new("b", "acc", None));
        for k in 0..n {
            table.push(Row {
                repeat: k / 18,
                chosen: (k % 5 > 0).then_some((k % 4) as u16),
                prediction: (k > 70_000).then(|| format!("{}", k % 1000).into()),
                logp_gold: (k % 7 == 0).then_some(-(k as f32) / 3.0),
                n_tokens_out: Some(k * 3),
                source_row: Some(n - k),
                ..Row::new(k / 3 % 2, k % 9, 0, (k % 11 > 0).then_some(f64::from(k % 1000) / 7.0))
            });
        }
        table
    }

    #[test]
    fn rows_on_disk_are_the_same_rows() {
        let table = table(150_000);
        let mut away = table.clone();
        away.put_aside(&Spill::new(scratch(), usize::MAX));
        assert!(away.rows().eq(table.rows()) && away.as_rows().codes().all(|codes| codes.away().is_none()));
        away.put_aside(&Spill::new(scratch(), 1000));
        assert!(away.as_rows().codes().filter(|codes| codes.away().is_some()).count() > 5);
        assert!(away.as_rows().prediction.away().is_some());
        assert_eq!(away, table);
        assert!(away.rows().eq(table.rows()));
        let sum = |table: &ResponseTable| {
            let mut sum = 0.0;
            table.blocks().each(|a| sum += a.score.unwrap_or(0.5) * (a.item + a.run) as f64);
            sum
        };
        assert_eq!((sum(&away), away.score_range()), (sum(&table), table.score_range()));
        assert_eq!(away.check(), Ok(()));
    }

    #[test]
    fn every_row_is_dealt_once() {
        let table = table(200_000);
        let pile_of = [0, 2, 0, 1, 2, 2, 0, 1, 1];
        for spill in [None, Some(Spill::new(scratch(), 0))] {
            let mut piles = table.deal(&pile_of, 4, spill.as_ref());
            assert_eq!(piles.iter().any(|pile| pile.codes().any(|c| c.away().is_some())), spill.is_some());
            for most_text in [0, usize::MAX] {
                for (at, pile) in piles.iter_mut().enumerate() {
                    let expected = table.rows().filter(|row| pile_of[row.item as usize] as usize == at);
                    assert!((0..pile.len()).map(|row| pile.row(row)).eq(expected));
                    pile.bring_back(most_text);
                }
            }
        }
    }
}
