//! What does a dump say, attempt by attempt? The long table: one row for each run × item × repeat × metric.

use super::codes::Codes;
use super::item::Item;
use super::metric::Metric;
use super::option_scores::OptionScores;
use super::rows::{Line, Rows};
use super::run::RunTable;
use super::spill::{Spill, SpillError};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::Arc;
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
    pub(super) fn code(self) -> u32 {
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
    rows: Rows,
}

impl ResponseTable {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
        self.rows.push(row);
    }

    /// Adds rows of one metric of which nothing is known but run, item, score (`NaN` is none) and where they stand in
    /// their source. The same as [`Self::push`] for each.
    ///
    /// # Panics
    /// If the slices differ in length, or a row points to what the table does not have: faults of the program.
    pub fn extend_plain(&mut self, runs: &[u32], items: &[u32], metric: u32, scores: &[f64], line: Line) {
        let n = runs.len();
        assert!(items.len() == n && scores.len() == n, "columns of different lengths");
        let below = |places: &[u32], n: usize| places.iter().max().is_none_or(|&last| (last as usize) < n);
        assert!(below(runs, self.runs.len()), "row of an unknown run");
        assert!(below(items, self.items.len()), "row of an unknown item");
        assert!((metric as usize) < self.metrics.len(), "row of an unknown metric");
        self.rows.extend_plain(runs, items, metric, scores, line);
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
        self.rows.append(other.rows, runs, items, metrics, files);
        self.options.append(&other.options, runs, items);
    }

    /// Puts closed pieces of columns aside if they take more memory than they may.
    pub fn put_aside(&mut self, spill: &Arc<Spill>) {
        self.rows.put_aside_beyond(spill.budget(), spill);
    }

    /// Whether all rows and texts that were put aside on disk were read back whenever they were asked for.
    ///
    /// # Errors
    /// [`SpillError`] if not: what was made of the table so far may be wrong.
    pub fn check(&self) -> Result<(), SpillError> {
        self.rows.check()?;
        self.items.iter().try_for_each(Item::check)
    }

    /// Deals the rows out to piles, each in the order of the table: that of a row is `pile_of` its item. Closed pieces
    /// of the piles are put aside at once if there is a place for them.
    ///
    /// # Panics
    /// If an item has no pile, or one that there is not: a fault of the program, not of its input.
    pub fn deal(&self, pile_of: &[u32], n_piles: usize, spill: Option<&Arc<Spill>>) -> Vec<Rows> {
        self.rows.deal(pile_of, n_piles, spill)
    }

    /// The rows alone.
    pub fn as_rows(&self) -> &Rows {
        &self.rows
    }

    /// Changes every score in the same way; no score stays none.
    pub fn map_scores(&mut self, change: impl Fn(f64) -> f64) {
        self.rows.map_scores(change);
    }

    /// Takes the scores away from the rows that `picks` picks by run, item and metric; they become unscored.
    pub fn forget_scores(&mut self, picks: impl Fn(u32, u32, u32) -> bool) {
        self.rows.forget_scores(picks);
    }

    /// Gives the options of items other numbers: those chosen, those keyed in rows, and those with scores.
    pub fn map_options(&mut self, change: impl Fn(u32, u16) -> u16) {
        self.rows.map_options(&change);
        self.options.renumber(change);
    }

    /// Numbers the options of items in another order: `orders` has the new number of each option, by item. Options
    /// beyond it keep theirs.
    pub fn reorder_options(&mut self, orders: &FxHashMap<u32, Vec<u16>>) {
        self.map_options(|item, option| {
            let order = orders.get(&item);
            order.and_then(|order| order.get(usize::from(option)).copied()).unwrap_or(option)
        });
    }

    /// The row at `index`.
    pub fn row(&self, index: usize) -> Row {
        self.rows.row(index)
    }

    /// All rows in order, whole; [`Self::blocks`] is far faster where a few columns are enough.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|i| self.row(i))
    }

    /// The lowest and the highest of all scores; `None` if there is no score.
    pub fn score_range(&self) -> Option<(f64, f64)> {
        self.rows.score_range()
    }

    /// Puts the scores from `start` on into `out`; `NaN` is no score.
    pub(super) fn read_scores(&self, start: usize, out: &mut [f64]) {
        self.rows.read_scores(start, out);
    }

    /// The score at `index`; `None` is no score.
    pub fn score(&self, index: usize) -> Option<f64> {
        self.rows.score(index)
    }

    /// Position of the run of each row.
    pub fn run_column(&self) -> &Codes {
        self.rows.run_column()
    }

    /// Position of the item of each row.
    pub fn item_column(&self) -> &Codes {
        self.rows.item_column()
    }

    /// Position of the metric of each row.
    pub fn metric_column(&self) -> &Codes {
        self.rows.metric_column()
    }

    /// Repeat number of each row.
    pub fn repeat_column(&self) -> &Codes {
        self.rows.repeat_column()
    }

    /// The option chosen at `index`.
    pub fn chosen(&self, index: usize) -> Option<u16> {
        self.rows.chosen(index)
    }

    /// The key that the row at `index` was scored against.
    pub fn gold(&self, index: usize) -> Option<u16> {
        self.rows.gold(index)
    }

    /// The options chosen and the keys from row `start` on, as many as `out` takes; far faster than one by one.
    ///
    /// # Panics
    /// If there are not so many rows: a fault of the program, not of its input.
    pub fn read_options(&self, start: usize, out: &mut [(Option<u16>, Option<u16>)]) {
        self.rows.read_options(start, out);
    }

    /// The log-probability of the key at `index`, nats.
    pub fn logp_gold(&self, index: usize) -> Option<f32> {
        self.rows.logp_gold(index)
    }

    /// Whether any row names a chosen option or has an answer as text.
    pub fn has_answers(&self) -> bool {
        self.rows.has_answers()
    }

    /// Where rows were put aside, if any were.
    pub fn spill(&self) -> Option<Arc<Spill>> {
        self.rows.away().map(Arc::clone)
    }

    /// Whether any row names a chosen option or a key.
    pub fn has_options(&self) -> bool {
        self.rows.has_options()
    }

    /// The file that the row at `index` comes from.
    pub fn source_file(&self, index: usize) -> Option<&str> {
        let run = &self.runs[self.rows.run_column().get(index) as usize];
        run.files.get(self.rows.source_file_column().get(index) as usize).map(String::as_str)
    }

    /// What became of the row at `index`.
    pub fn status(&self, index: usize) -> Status {
        self.rows.status(index)
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
        together.extend_plain(&[0; 3], &[0; 3], 0, &scores, Line::EachFrom(9));
        assert!(one_by_one.rows().eq(together.rows()));
        for line in [Some(7), None] {
            for score in scores {
                one_by_one.push(Row { source_row: line, ..Row::new(0, 0, 0, Some(score)) });
            }
            together.extend_plain(&[0; 3], &[0; 3], 0, &scores, Line::All(line));
        }
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
