//! Who answered what, in all? One pass over the rows, for the account of benchmarks and for what looks wrong.

use super::fragment::Rest;
use crate::response::{Attempt, BitMatrix, Blocks, ResponseTable};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Scores of one item or of one model on a benchmark, under the primary metric.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    pub n: u32,
    /// With a score of 1 or more.
    pub right: u32,
    /// With a score of 0 or less.
    pub wrong: u32,
}

impl Tally {
    fn add(&mut self, score: f64) {
        self.n += 1;
        self.right += u32::from(score >= 1.0);
        self.wrong += u32::from(score <= 0.0);
    }

    fn join(&mut self, other: &Self) {
        self.n += other.n;
        self.right += other.right;
        self.wrong += other.wrong;
    }
}

/// Lowest and highest of some scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span(f64, f64);

impl Span {
    const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn join(&mut self, Self(low, high): Self) {
        *self = Self(self.0.min(low), self.1.max(high));
    }

    /// Whether there is a score, and no other.
    pub fn is_one_score(self) -> bool {
        self.0 == self.1
    }
}

/// Rows of one metric.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct OfMetric {
    pub scored: usize,
    pub unscored: usize,
    /// The sum of the scores.
    pub sum: f64,
}

/// With more pairs of a model and an item than this, threads do not keep marks of their own: 256 MB each.
const MOST_SHARED: usize = 1 << 29;

/// Names by number, and what all rows add up to.
#[derive(Debug)]
pub(super) struct Account<'t> {
    pub benchmarks: Vec<String>,
    /// The benchmark of each item.
    pub benchmark_of: Vec<usize>,
    pub models: Vec<&'t str>,
    /// The model of each run.
    pub model_of: Vec<usize>,
    pub of_item: Vec<(Tally, Span)>,
    /// By benchmark and model.
    of_model: Vec<Tally>,
    /// The highest score, by benchmark and model.
    tops: Vec<f64>,
    /// By benchmark and run: whether there are rows.
    seen_run: Vec<bool>,
    /// The first metric that scores an item, of those that are not the primary one.
    pub other_metric: Vec<Option<u32>>,
    /// The same by benchmark and model.
    other_metric_of: Vec<Option<u32>>,
    pub of_metric: Vec<OfMetric>,
    /// Who has a score under the primary metric, items × models.
    pub answered: BitMatrix,
    /// Who was asked without one, items × models.
    pub only_asked: BitMatrix,
    /// Whether it is sure that no two rows are about the same attempt.
    pub is_plain: bool,
    /// Benchmarks and models whose files list successes only.
    pub lists_successes: HashSet<(usize, usize)>,
}

impl<'t> Account<'t> {
    pub fn of(table: &'t ResponseTable) -> Self {
        let benchmarks = table.benchmarks();
        let place: HashMap<&str, usize> =
            benchmarks.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let benchmark_of: Vec<usize> =
            table.items.iter().map(|item| place[item.benchmark.as_str()]).collect();
        let (mut models, mut number): (Vec<&str>, HashMap<&str, usize>) = Default::default();
        let mut model_of = Vec::with_capacity(table.runs.len());
        for run in &table.runs {
            model_of.push(*number.entry(run.model.as_str()).or_insert_with(|| {
                models.push(run.model.as_str());
                models.len() - 1
            }));
        }
        let names = Names {
            table,
            n_models: models.len(),
            n_benchmarks: benchmarks.len(),
            benchmark_of: &benchmark_of,
            model_of: &model_of,
            is_primary: table.metrics.iter().map(|metric| metric.primary).collect(),
        };
        let sums = if models.len().saturating_mul(table.items.len()) > MOST_SHARED {
            Sums::of(&names, table.blocks())
        } else {
            let of_stretches = table.stretches().map(|blocks| Sums::of(&names, blocks));
            of_stretches.reduce_with(Sums::join).unwrap_or_else(|| Sums::new(&names))
        };
        let mut of_metric = sums.of_metric;
        for (metric, sum) in sums.of_blocks {
            of_metric[metric as usize].sum += sum;
        }
        let answered = sums.answered.transposed();
        let only_asked = sums.only_asked.transposed();
        let n_cells = answered.n_present_in_either(&only_asked);
        Self {
            of_item: sums.of_item.into_iter().zip(sums.spans).collect(),
            of_model: sums.of_model,
            tops: sums.tops,
            seen_run: sums.seen_run,
            other_metric: sums.other_metric,
            other_metric_of: sums.other_metric_of,
            of_metric,
            is_plain: n_cells == table.len() as u64,
            lists_successes: HashSet::new(),
            answered,
            only_asked,
            benchmarks,
            benchmark_of,
            models,
            model_of,
        }
    }

    /// Takes note of whose files list successes only, of the table that this is the account of.
    pub fn note_successes(&mut self, table: &ResponseTable, rests: &[Rest]) {
        for rest in rests.iter().filter(|rest| rest.score == Some(0.0)) {
            let run = table.runs.iter().position(|run| run.id == rest.run);
            let benchmark = self.benchmarks.iter().position(|name| *name == rest.benchmark);
            self.lists_successes.extend(benchmark.zip(run.map(|run| self.model_of[run])));
        }
    }

    /// Scores of a model on a benchmark.
    pub fn of_model(&self, benchmark: usize, model: usize) -> Tally {
        self.of_model[benchmark * self.models.len() + model]
    }

    /// The highest score of a model on a benchmark; minus infinity if it has none.
    pub fn top(&self, benchmark: usize, model: usize) -> f64 {
        self.tops[benchmark * self.models.len() + model]
    }

    /// The first metric that scores a model on a benchmark, of those that are not the primary one.
    pub fn other_metric_of(&self, benchmark: usize, model: usize) -> Option<u32> {
        self.other_metric_of[benchmark * self.models.len() + model]
    }

    /// The runs that have rows of a benchmark.
    pub fn runs_of(&self, benchmark: usize) -> impl Iterator<Item = usize> {
        let n = self.model_of.len();
        (0..n).filter(move |run| self.seen_run[benchmark * n + run])
    }

    /// The number of items with a score under the primary metric, by benchmark and model.
    pub fn n_answered(&self) -> Vec<Vec<usize>> {
        let mut counts = vec![vec![0; self.models.len()]; self.benchmarks.len()];
        for (item, &benchmark) in self.benchmark_of.iter().enumerate() {
            for (at, &word) in self.answered.present_row(item).iter().enumerate() {
                let mut word = word;
                while word != 0 {
                    counts[benchmark][at * 64 + word.trailing_zeros() as usize] += 1;
                    word &= word - 1;
                }
            }
        }
        counts
    }
}

/// What each row is counted by.
struct Names<'n> {
    table: &'n ResponseTable,
    n_models: usize,
    n_benchmarks: usize,
    benchmark_of: &'n [usize],
    model_of: &'n [usize],
    is_primary: Vec<bool>,
}

/// What a stretch of rows adds up to. Marks are kept by model: tables are mostly sorted by model or by item, and
/// what is written together is then near in either.
struct Sums {
    of_item: Vec<Tally>,
    spans: Vec<Span>,
    of_model: Vec<Tally>,
    tops: Vec<f64>,
    seen_run: Vec<bool>,
    other_metric: Vec<Option<u32>>,
    other_metric_of: Vec<Option<u32>>,
    of_metric: Vec<OfMetric>,
    /// The sum of the scores of a metric in each block: added up in order, so that the last digit does not depend on
    /// how many stretches there were.
    of_blocks: Vec<(u32, f64)>,
    answered: BitMatrix,
    only_asked: BitMatrix,
}

impl Sums {
    fn new(names: &Names) -> Self {
        let (n_items, n_metrics) = (names.table.items.len(), names.table.metrics.len());
        Self {
            of_item: vec![Tally::default(); n_items],
            spans: vec![Span::NONE; n_items],
            of_model: vec![Tally::default(); names.n_benchmarks * names.n_models],
            tops: vec![f64::NEG_INFINITY; names.n_benchmarks * names.n_models],
            seen_run: vec![false; names.n_benchmarks * names.model_of.len()],
            other_metric: vec![None; n_items],
            other_metric_of: vec![None; names.n_benchmarks * names.n_models],
            of_metric: vec![OfMetric::default(); n_metrics],
            of_blocks: Vec::new(),
            answered: BitMatrix::missing(names.n_models, n_items),
            only_asked: BitMatrix::missing(names.n_models, n_items),
        }
    }

    fn of(names: &Names, mut blocks: Blocks) -> Self {
        let mut sums = Self::new(names);
        let mut of_block = vec![0.0; names.table.metrics.len()];
        while let Some(block) = blocks.next_block() {
            for attempt in block.attempts() {
                sums.add(names, &mut of_block, attempt);
            }
            for (metric, sum) in of_block.iter_mut().enumerate().filter(|(_, sum)| **sum != 0.0) {
                sums.of_blocks.push((metric as u32, std::mem::take(sum)));
            }
        }
        sums
    }

    #[inline]
    fn add(&mut self, names: &Names, of_block: &mut [f64], attempt: Attempt) {
        let Attempt { run, item, metric, score } = attempt;
        let (model, benchmark) = (names.model_of[run], names.benchmark_of[item]);
        self.seen_run[benchmark * names.model_of.len() + run] = true;
        let of_metric = &mut self.of_metric[metric];
        let Some(score) = score else {
            of_metric.unscored += 1;
            self.only_asked.mark(model, item);
            return;
        };
        of_metric.scored += 1;
        of_block[metric] += score;
        if names.is_primary[metric] {
            self.of_item[item].add(score);
            self.spans[item].join(Span(score, score));
            let of_model = benchmark * names.n_models + model;
            self.of_model[of_model].add(score);
            self.tops[of_model] = self.tops[of_model].max(score);
            self.answered.mark(model, item);
        } else {
            self.only_asked.mark(model, item);
            self.other_metric[item].get_or_insert(metric as u32);
            self.other_metric_of[benchmark * names.n_models + model].get_or_insert(metric as u32);
        }
    }

    /// Adds what the rows behind these add up to.
    fn join(mut self, after: Self) -> Self {
        self.of_item.iter_mut().zip(&after.of_item).for_each(|(a, b)| a.join(b));
        self.spans.iter_mut().zip(&after.spans).for_each(|(a, b)| a.join(*b));
        self.of_model.iter_mut().zip(&after.of_model).for_each(|(a, b)| a.join(b));
        self.tops.iter_mut().zip(&after.tops).for_each(|(a, b)| *a = a.max(*b));
        self.seen_run.iter_mut().zip(&after.seen_run).for_each(|(a, b)| *a |= b);
        for (mine, theirs) in [
            (&mut self.other_metric, &after.other_metric),
            (&mut self.other_metric_of, &after.other_metric_of),
        ] {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a = a.or(*b));
        }
        for (a, b) in self.of_metric.iter_mut().zip(&after.of_metric) {
            (a.scored, a.unscored) = (a.scored + b.scored, a.unscored + b.unscored);
        }
        self.of_blocks.extend(after.of_blocks);
        self.answered.mark_all(&after.answered);
        self.only_asked.mark_all(&after.only_asked);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    #[test]
    fn one_pass_says_who_answered_what_whatever_the_number_of_threads() {
        let mut table = ResponseTable::default();
        table.runs = ["a", "b", "a"].iter().enumerate().map(|(k, m)| Run::new(format!("{k}"), *m)).collect();
        table.items =
            (0..9000).map(|k| Item::new(if k < 6000 { "x" } else { "y" }, None, format!("{k}"))).collect();
        table.metrics = ["x", "y", "y"].map(|b| Metric::new(b, "acc", None)).to_vec();
        (table.metrics[0].primary, table.metrics[1].primary) = (true, true);
        for k in 0..18_000u32 {
            let (run, item) = (k / 9000, k % 9000);
            let metric = if item < 6000 { 0 } else { 1 + u32::from(item >= 8000) };
            let score = (k % 7 != 0).then_some(f64::from(k % 3) / 2.0 + 0.1);
            table.push(Row::new(run, item, metric, score));
        }
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| format!("{:?}", Account::of(&table)))
        };
        assert!(with(1) == with(3));
        let account = Account::of(&table);
        assert!(account.is_plain);
        assert_eq!(account.models, ["a", "b"]);
        assert_eq!(account.runs_of(0).collect::<Vec<_>>(), [0, 1]);
        let scored = |run: u32, items: std::ops::Range<u32>| {
            items.filter(|i| !(run * 9000 + i).is_multiple_of(7)).count()
        };
        assert_eq!(
            account.n_answered(),
            [[scored(0, 0..6000), scored(1, 0..6000)], [scored(0, 6000..8000), scored(1, 6000..8000)]]
        );
        assert_eq!(account.of_model(1, 1).n as usize, scored(1, 6000..8000));
        assert_eq!((account.other_metric[8001], account.other_metric[7999]), (Some(2), None));
        assert_eq!((account.other_metric_of(1, 1), account.other_metric_of(0, 1)), (Some(2), None));
        let all: f64 = table.rows().filter(|r| r.metric == 0).filter_map(|r| r.score).sum();
        assert!((account.of_metric[0].sum - all).abs() < 1e-9 * all);
        // A second run of a model may say the same again or not: it has to be looked at.
        table.push(Row::new(2, 0, 0, Some(1.0)));
        table.push(Row::new(2, 1, 0, Some(1.0)));
        assert!(!Account::of(&table).is_plain);
    }
}
