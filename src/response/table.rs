//! What does a dump say, attempt by attempt? The long table: one row for each run × item × repeat × metric.

use super::codes::{BUFFER, Codes, OptionalCodes, Scores};
use super::item::Item;
use super::metric::Metric;
use super::option_scores::OptionScores;
use super::reals::OptionalReals;
use super::run::RunTable;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use thiserror::Error;

/// What became of an attempt. Only some attempts have a score; none is wrong for lack of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Scored.
    Ok,
    /// The attempt failed for technical reasons; there is no score.
    Error,
    /// The model gave no answer that could be read.
    NoAnswer,
    /// The attempt ran into a limit.
    Limit,
    /// The harness gave no score.
    Unscored,
    /// The source lists successes only, and this item is not among them.
    MissingAssumedWrong,
}

impl Status {
    /// All values, in the order in which they are reported.
    pub const ALL: [Status; 6] =
        [Self::Ok, Self::Error, Self::NoAnswer, Self::Limit, Self::Unscored, Self::MissingAssumedWrong];

    /// Position in [`Status::ALL`].
    fn code(self) -> u32 {
        self as u32
    }

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::NoAnswer => "no_answer",
            Self::Limit => "limit",
            Self::Unscored => "unscored",
            Self::MissingAssumedWrong => "missing_assumed_wrong",
        }
    }
}

/// A status that is not one of [`Status::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown status {0:?}; expected one of ok, error, no_answer, limit, unscored, missing_assumed_wrong")]
pub struct UnknownStatus(pub String);

impl FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// One scored attempt. `run`, `item` and `metric` are positions in the tables of a [`ResponseTable`].
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which run.
    pub run: u32,
    /// Which item.
    pub item: u32,
    /// Which metric.
    pub metric: u32,
    /// Which repeat (epoch, sample, trial), from 0.
    pub repeat: u32,
    /// The harness's own value; `None` is no score.
    pub score: Option<f64>,
    /// What became of the attempt.
    pub status: Status,
    /// The option chosen, from 0.
    pub chosen: Option<u16>,
    /// The key that this attempt was scored against, from 0.
    pub gold: Option<u16>,
    /// The extracted answer.
    pub prediction: Option<Box<str>>,
    /// Log-probability of the key, nats.
    pub logp_gold: Option<f32>,
    /// Log-probability of the key minus that of the best other option, nats.
    pub logp_margin: Option<f32>,
    /// Tokens read.
    pub n_tokens_in: Option<u32>,
    /// Tokens written.
    pub n_tokens_out: Option<u32>,
    /// Which of the files of its run it comes from.
    pub source_file: u32,
    /// Where it stands in that file: line, row or element, from 1.
    pub source_row: Option<u32>,
}

impl Row {
    /// A scored attempt of which nothing else is known; without a score it is `Unscored`.
    pub fn new(run: u32, item: u32, metric: u32, score: Option<f64>) -> Self {
        Self {
            run,
            item,
            metric,
            repeat: 0,
            score,
            status: if score.is_some() { Status::Ok } else { Status::Unscored },
            chosen: None,
            gold: None,
            prediction: None,
            logp_gold: None,
            logp_margin: None,
            n_tokens_in: None,
            n_tokens_out: None,
            source_file: 0,
            source_row: None,
        }
    }
}

/// A column that takes no memory until its first value arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lazy<T>(Option<Vec<Option<T>>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Lazy<T> {
    fn push(&mut self, value: Option<T>, rows_before: usize) {
        match &mut self.0 {
            Some(column) => column.push(value),
            None if value.is_some() => {
                let mut column = vec![None; rows_before];
                column.push(value);
                self.0 = Some(column);
            }
            None => {}
        }
    }

    /// All rows of `other`, which are `n`.
    fn append(&mut self, other: Self, n: usize, rows_before: usize) {
        match other.0 {
            Some(values) => self.0.get_or_insert_with(|| vec![None; rows_before]).extend(values),
            None => self.skip(n),
        }
    }

    /// `n` rows without a value.
    fn skip(&mut self, n: usize) {
        if let Some(column) = &mut self.0 {
            column.resize(column.len() + n, None);
        }
    }

    fn get(&self, row: usize) -> Option<T> {
        self.0.as_ref().and_then(|column| column[row].clone())
    }
}

/// The long table, by column, with the runs, items and metrics that its rows point to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ResponseTable {
    /// The runs.
    pub runs: RunTable,
    /// The items.
    pub items: Vec<Item>,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// Scores of single options (log-probabilities), where the dump has them.
    pub options: OptionScores,
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
    prediction: Lazy<Box<str>>,
    logp_gold: OptionalReals,
    logp_margin: OptionalReals,
    n_tokens_in: OptionalCodes,
    n_tokens_out: OptionalCodes,
    source_file: Codes,
    source_row: OptionalCodes,
}

impl ResponseTable {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.run.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    /// Adds a row. A score that is `NaN` is kept as no score.
    ///
    /// # Panics
    /// If the row points to a run, item or metric that the table does not have: a fault of the program, not
    /// of its input.
    pub fn push(&mut self, row: Row) {
        assert!((row.run as usize) < self.runs.len(), "row of an unknown run");
        assert!((row.item as usize) < self.items.len(), "row of an unknown item");
        assert!((row.metric as usize) < self.metrics.len(), "row of an unknown metric");
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

    /// Adds rows of one metric of which nothing is known but run, item, score (`NaN` is none) and, counting
    /// upwards from `source_row`, where they stand in their source. The same as [`Self::push`] for each.
    ///
    /// # Panics
    /// If the slices differ in length, or a row points to what the table does not have: faults of the program.
    pub fn extend_plain(
        &mut self,
        runs: &[u32],
        items: &[u32],
        metric: u32,
        scores: &[f64],
        source_row: u32,
    ) {
        let (before, n) = (self.len(), runs.len());
        assert!(items.len() == n && scores.len() == n, "columns of different lengths");
        let below = |places: &[u32], n: usize| places.iter().max().is_none_or(|&last| (last as usize) < n);
        assert!(below(runs, self.runs.len()), "row of an unknown run");
        assert!(below(items, self.items.len()), "row of an unknown item");
        assert!((metric as usize) < self.metrics.len(), "row of an unknown metric");
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
        self.source_row.extend_counting(source_row, n, before);
    }

    /// Adds all rows and scores of options of `other`, whose runs, items and metrics are at other places here, as are
    /// the files of each run.
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
        self.options.append(&other.options, runs, items);
    }

    /// Changes every score in the same way; no score stays none.
    pub fn map_scores(&mut self, change: impl Fn(f64) -> f64) {
        self.score.map(change);
    }

    /// Takes the scores away from the rows that `picks` picks by run, item and metric; they become unscored.
    pub fn forget_scores(&mut self, picks: impl Fn(u32, u32, u32) -> bool) {
        let (scores, status) = (std::mem::take(&mut self.score), std::mem::take(&mut self.status));
        for row in 0..self.item.len() {
            if picks(self.run.get(row), self.item.get(row), self.metric.get(row)) {
                self.score.push(f64::NAN);
                self.status.push(Status::Unscored.code());
            } else {
                self.score.push(scores.get(row));
                self.status.push(status.get(row));
            }
        }
    }

    /// Gives the options of items other numbers: those chosen, those keyed in rows, and those with scores.
    pub fn map_options(&mut self, change: impl Fn(u32, u16) -> u16) {
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
        self.options.renumber(change);
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
            prediction: self.prediction.get(index),
            logp_gold: self.logp_gold.get(index),
            logp_margin: self.logp_margin.get(index),
            n_tokens_in: self.n_tokens_in.get(index),
            n_tokens_out: self.n_tokens_out.get(index),
            source_file: self.source_file.get(index),
            source_row: self.source_row.get(index),
        }
    }

    /// All rows in order, whole; [`Self::blocks`] is far faster where a few columns are enough.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|i| self.row(i))
    }

    /// The lowest and the highest of all scores; `None` if there is no score.
    pub fn score_range(&self) -> Option<(f64, f64)> {
        self.score.range()
    }

    /// Puts the scores from `start` on into `out`; `NaN` is no score.
    pub(super) fn read_scores(&self, start: usize, out: &mut [f64]) {
        self.score.read(start, out);
    }

    /// The score at `index`; `None` is no score.
    pub fn score(&self, index: usize) -> Option<f64> {
        Some(self.score.get(index)).filter(|s| !s.is_nan())
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

    /// The option chosen at `index`.
    pub fn chosen(&self, index: usize) -> Option<u16> {
        self.chosen.get(index).and_then(|option| u16::try_from(option).ok())
    }

    /// The key that the row at `index` was scored against.
    pub fn gold(&self, index: usize) -> Option<u16> {
        self.gold.get(index).and_then(|option| u16::try_from(option).ok())
    }

    /// The log-probability of the key at `index`, nats.
    pub fn logp_gold(&self, index: usize) -> Option<f32> {
        self.logp_gold.get(index)
    }

    /// Whether any row names a chosen option or a key.
    pub fn has_options(&self) -> bool {
        !self.chosen.is_empty() || !self.gold.is_empty()
    }

    /// The file that the row at `index` comes from.
    pub fn source_file(&self, index: usize) -> Option<&str> {
        let run = &self.runs[self.run.get(index) as usize];
        run.files.get(self.source_file.get(index) as usize).map(String::as_str)
    }

    /// Where the row at `index` stands in its source file.
    pub fn source_row(&self, index: usize) -> Option<u32> {
        self.source_row.get(index)
    }

    /// Tokens read and written at `index`.
    pub fn tokens(&self, index: usize) -> [Option<u32>; 2] {
        [self.n_tokens_in.get(index), self.n_tokens_out.get(index)]
    }

    /// What became of the row at `index`.
    pub fn status(&self, index: usize) -> Status {
        Status::ALL[self.status.get(index) as usize]
    }

    /// The benchmarks in the order of their first item.
    pub fn benchmarks(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        self.items.iter().filter(|i| seen.insert(&i.benchmark)).map(|i| i.benchmark.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::run::Run;

    fn small(model: &str, gold: u16) -> ResponseTable {
        let mut t = ResponseTable::default();
        t.runs.push(Run::new(model, model));
        t.items.push(Item { gold: Some(gold), ..Item::new("b", None, "i1") });
        t.metrics.push(Metric::new("b", "acc", None));
        t.push(Row { chosen: Some(2), ..Row::new(0, 0, 0, Some(1.0)) });
        t.push(Row::new(0, 0, 0, None));
        t
    }

    #[test]
    fn no_score_is_not_a_zero() {
        let mut t = small("m", 1);
        t.push(Row::new(0, 0, 0, Some(f64::NAN)));
        assert_eq!(t.row(1).score, None);
        assert_eq!(t.row(1).status, Status::Unscored);
        assert_eq!(t.row(2).score, None);
        assert_eq!(t.row(2).status, Status::Unscored);
        assert_eq!(t.row(1).chosen, None);
        assert_eq!(t.row(0).chosen, Some(2));
    }

    #[test]
    fn plain_rows_are_rows() {
        let (mut one_by_one, mut together) = (small("a", 1), small("a", 1));
        let scores = [1.0, f64::NAN, 0.5];
        for (at, score) in scores.into_iter().enumerate() {
            let source_row = Some(9 + at as u32);
            one_by_one.push(Row { source_row, ..Row::new(0, 0, 0, Some(score)) });
        }
        together.extend_plain(&[0; 3], &[0; 3], 0, &scores, 9);
        assert!(one_by_one.rows().eq(together.rows()));
    }

    #[test]
    fn every_status_has_a_name_that_reads_back() {
        for s in Status::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        assert!("fine".parse::<Status>().is_err());
    }
}
