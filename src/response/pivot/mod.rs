//! How does a long table become a matrix? One benchmark, one metric, one run for each respondent.

mod cells;

use super::bits::BitMatrix;
use super::blocks::{Attempt, Blocks};
use super::matrix::{Cells, Counts, NO_CATEGORY, ResponseMatrix};
use super::measure::Measure;
use super::options::{NO_OPTION, OptionPlanes};
use super::standing::{self, Standing};
use super::table::{ResponseTable, Status};
use cells::CellRows;
use ndarray::Array2;
use rayon::prelude::*;

use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// What to cut out of the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PivotOptions {
    /// The metric's label (`name` or `name,filter`); `None` takes the primary one.
    pub metric: Option<String>,
    /// Every run as its own respondent, named by model, step, variant and repeat of the run, instead of one
    /// run for each model.
    pub every_run: bool,
}

/// What was left out and folded together on the way, by count.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PivotReport {
    /// Rows of the benchmark and metric in the runs that were taken.
    pub n_rows: usize,
    /// Runs of the benchmark and metric that were set aside for a later step, the base prompt or a later
    /// time of the same model.
    pub runs_set_aside: Vec<String>,
    /// Runs that were taken for the items that the better runs of the same model lack.
    pub runs_completing: Vec<String>,
    /// Models whose rows are all of other metrics of the benchmark.
    pub models_without_metric: Vec<String>,
    /// Rows that said the same thing again about the same attempt.
    pub n_identical_duplicates: usize,
    /// Runs that differ from another of the same model in nothing that is known but their number or seed; their
    /// attempts are repeats.
    pub n_runs_repeated: usize,
    /// The largest number of repeats of a cell.
    pub max_repeats: usize,
    /// Attempts without a score, by status.
    pub without_score: BTreeMap<String, usize>,
}

/// Why no matrix could be cut.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PivotError {
    /// The table has no such benchmark.
    #[error("no benchmark {wanted:?}; the data has {}", .known.join(", "))]
    NoBenchmark {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The benchmark has no such metric.
    #[error("benchmark {benchmark:?} has no metric {wanted:?}; it has {}", .known.join(", "))]
    NoMetric {
        /// The benchmark.
        benchmark: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No attempt of the benchmark has a score.
    #[error("benchmark {benchmark:?} has no scored response under metric {metric:?}")]
    NoScores {
        /// The benchmark.
        benchmark: String,
        /// The metric.
        metric: String,
    },
    /// One attempt has two different scores.
    #[error(
        "benchmark {benchmark:?}: run {run:?} scores item {item:?} (repeat {repeat}) both {first} and {second}; \
         give the attempts different `repeat` numbers or runs, or remove one of the rows"
    )]
    ConflictingDuplicate {
        /// The benchmark.
        benchmark: String,
        /// The run.
        run: String,
        /// The item.
        item: String,
        /// The repeat.
        repeat: u32,
        /// The score met first.
        first: f64,
        /// The score met after it.
        second: f64,
    },
}

/// Cuts the matrix of one benchmark out of the table.
///
/// The metric is the primary one (else the only one, else the first) unless named; see [`Measure::of`]. Each model is one
/// respondent, through one of its runs: the last training step, then the base prompt variant before any
/// other, then a run without a limit, then the latest time, then the last in the table. Other runs of the same step and harness give the items that
/// it lacks, if their set-up is the same or they share no item with it. Runs without a time that differ in nothing but
/// their number, seed or spelling of the model are repeats of one another. Repeats of a cell are kept as counts where
/// scores
/// are 0 and 1 and averaged otherwise. Rows that say the same thing twice are folded and counted; rows that
/// contradict one another are an error. Respondents and items are in order of first appearance.
///
/// # Errors
/// See [`PivotError`].
pub fn pivot(
    table: &ResponseTable,
    benchmark: &str,
    options: &PivotOptions,
) -> Result<(ResponseMatrix, PivotReport), PivotError> {
    let measure = choose_metric(table, benchmark, options)?;
    // Every item of the benchmark has a row, also those that nobody answered: they are findings.
    let item_index: Vec<usize> =
        (0..table.items.len()).filter(|&i| table.items[i].benchmark == benchmark).collect();
    let mut item_at = vec![u32::MAX; table.items.len()];
    for (at, &i) in item_index.iter().enumerate() {
        item_at[i] = at as u32;
    }

    let mut standing = match options.every_run {
        true => standing::every_run(table, &measure),
        false => standing::one_for_each_model(table, &measure, &item_at),
    };
    let mut report = PivotReport {
        runs_set_aside: std::mem::take(&mut standing.set_aside),
        runs_completing: std::mem::take(&mut standing.completing),
        models_without_metric: std::mem::take(&mut standing.without_metric),
        n_runs_repeated: standing.n_repeated,
        ..Default::default()
    };
    let shape = (item_index.len(), standing.respondents.len());
    let simple = pack_simple(table, &measure, &standing, &item_at, shape, &mut report);
    let (packed, planes) = match simple {
        Some(bits) => (Cells::Binary(bits), None),
        None => {
            let cells = gather(table, &measure, &standing, &item_at, shape, &mut report)?;
            let planes = option_planes(table, &cells, &item_index);
            (pack(table, &cells, report.max_repeats), planes)
        }
    };
    if report.max_repeats == 0 {
        let metric = table.metrics[measure.metric()].label();
        return Err(PivotError::NoScores { benchmark: benchmark.to_owned(), metric });
    }

    let items = item_index.iter().map(|&i| table.items[i].id.clone()).collect();
    let subjects: Vec<Option<String>> = item_index.iter().map(|&i| table.items[i].subject.clone()).collect();
    let metric = table.metrics[measure.metric()].clone();
    let matrix =
        ResponseMatrix::new(benchmark, metric, standing.respondents, items, &subjects, packed, planes);
    Ok((matrix, report))
}

fn choose_metric(
    table: &ResponseTable,
    benchmark: &str,
    options: &PivotOptions,
) -> Result<Measure, PivotError> {
    Measure::of(table, benchmark, options.metric.as_deref()).ok_or_else(|| {
        let of_benchmark = table.metrics.iter().filter(|metric| metric.benchmark == benchmark);
        let known: Vec<String> = of_benchmark.map(|metric| metric.label()).collect();
        let benchmark = benchmark.to_owned();
        match options.metric.clone().filter(|_| !known.is_empty()) {
            Some(wanted) => PivotError::NoMetric { benchmark, wanted, known },
            None => PivotError::NoBenchmark { wanted: benchmark, known: table.benchmarks() },
        }
    })
}

/// Packs cells of 0, 1 and nothing that come once each, without options: nearly all large tables. `None` leaves
/// the report as it was.
fn pack_simple(
    table: &ResponseTable,
    measure: &Measure,
    standing: &Standing,
    item_at: &[u32],
    shape: (usize, usize),
    report: &mut PivotReport,
) -> Option<BitMatrix> {
    if table.has_options() {
        return None;
    }
    let pack = |mut blocks: Blocks| {
        // Tables are mostly sorted by model or by item: respondents as rows keep what is written together in either.
        let mut bits = BitMatrix::missing(shape.1, shape.0);
        while let Some(block) = blocks.next_block() {
            for attempt in block.attempts().filter(|attempt| measure.has(attempt.metric)) {
                let item = item_at[attempt.item];
                let Some(respondent) = standing.respondent(attempt.run, item) else { continue };
                // Attempts without a score would have to be told from cells without an attempt.
                let score = attempt.score?;
                let (right, wrong) = (score == 1.0, score == 0.0);
                let is_new = bits.set_new(respondent as usize, item as usize, right);
                if !is_new | !(right | wrong) {
                    return None;
                }
            }
        }
        Some(bits)
    };
    let nothing = || Some(BitMatrix::missing(shape.1, shape.0));
    let join = |a: Option<BitMatrix>, b: Option<BitMatrix>| a?.join_disjoint(&b?);
    let bits = table.stretches().map(pack).reduce_with(join).unwrap_or_else(nothing)?;
    report.n_rows = bits.n_present() as usize;
    report.max_repeats = report.n_rows.min(1);
    Some(bits.transposed())
}

fn gather(
    table: &ResponseTable,
    measure: &Measure,
    standing: &Standing,
    item_at: &[u32],
    shape: (usize, usize),
    report: &mut PivotReport,
) -> Result<CellRows, PivotError> {
    let mut cells = CellRows::new(shape);
    let mut blocks = table.blocks();
    while let Some(block) = blocks.next_block() {
        for (row, attempt) in (block.start..).zip(block.attempts()) {
            let Attempt { run, item, score, .. } = attempt;
            if !measure.has(attempt.metric) {
                continue;
            }
            let Some(respondent) = standing.respondent(run, item_at[item]) else { continue };
            report.n_rows += 1;
            let cell = item_at[item] as usize * shape.1 + respondent as usize;
            let repeat = table.repeat_column().get(row);
            if let Some(before) = cells.find(table, cell, run, repeat) {
                let first = table.score(before as usize);
                if first == score {
                    report.n_identical_duplicates += 1;
                    continue;
                }
                return Err(PivotError::ConflictingDuplicate {
                    benchmark: table.metrics[measure.metric()].benchmark.clone(),
                    run: table.runs[run].id.clone(),
                    item: table.items[item].id.to_string(),
                    repeat,
                    first: first.unwrap_or(f64::NAN),
                    second: score.unwrap_or(f64::NAN),
                });
            }
            if score.is_none() {
                let status = table.status(row);
                let status = if status == Status::Ok { Status::Unscored } else { status };
                *report.without_score.entry(status.as_str().to_owned()).or_default() += 1;
            }
            cells.add(table, cell, row as u32);
        }
    }
    report.max_repeats = cells
        .iter()
        .map(|(_, _, rows)| rows.filter(|row| table.score(*row).is_some()).count())
        .max()
        .unwrap_or(0);
    Ok(cells)
}

/// More distinct scores than this are numbers rather than categories.
const MAX_CATEGORIES: usize = 12;

/// The narrowest form that keeps the scores exactly.
fn pack(table: &ResponseTable, cells: &CellRows, max_repeats: usize) -> Cells {
    let (items, respondents) = cells.shape;
    let repeated = max_repeats > 1;
    let scores = || cells.iter().flat_map(|(_, _, rows)| rows).filter_map(|r| table.score(r));
    let binary = scores().all(|s| s == 0.0 || s == 1.0);
    if binary && !repeated {
        let mut bits = BitMatrix::missing(items, respondents);
        for (item, respondent, mut rows) in cells.iter() {
            bits.set(item, respondent, rows.find_map(|r| table.score(r)).map(|s| s == 1.0));
        }
        return Cells::Binary(bits);
    }
    // Beyond the largest count a share says as much.
    if binary && max_repeats <= usize::from(u16::MAX) {
        let zeros = || Array2::zeros((items, respondents));
        let mut counts = Counts { correct: zeros(), trials: zeros() };
        for (item, respondent, rows) in cells.iter() {
            for score in rows.filter_map(|r| table.score(r)) {
                counts.trials[[item, respondent]] += 1;
                counts.correct[[item, respondent]] += score as u16;
            }
        }
        return Cells::Counts(counts);
    }
    let mut levels: Vec<f32> = Vec::new();
    for s in scores().map(|s| s as f32) {
        if levels.len() > MAX_CATEGORIES {
            break;
        }
        if !levels.contains(&s) {
            levels.push(s);
        }
    }
    levels.sort_by(f32::total_cmp);
    let mut mean = Array2::from_elem((items, respondents), f32::NAN);
    for (item, respondent, rows) in cells.iter() {
        let (sum, n) = rows.filter_map(|r| table.score(r)).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
        if n > 0 {
            mean[[item, respondent]] = (sum / n as f64) as f32;
        }
    }
    if repeated || levels.len() > MAX_CATEGORIES {
        return Cells::Scores(mean);
    }
    let level = mean.mapv(|m| levels.iter().position(|l| *l == m).map_or(NO_CATEGORY, |p| p as u8));
    Cells::Categories { level, levels }
}

fn option_planes(table: &ResponseTable, cells: &CellRows, item_index: &[usize]) -> Option<OptionPlanes> {
    let narrow = |option: Option<u16>| option.filter(|&k| k < NO_OPTION as u16).map(|k| k as u8);
    let mut any_chosen = false;
    let mut planes = OptionPlanes {
        chosen: Array2::from_elem(cells.shape, NO_OPTION),
        gold: Array2::from_elem(cells.shape, NO_OPTION),
        n_options: vec![0; cells.shape.0],
    };
    for (item, respondent, mut rows) in cells.iter() {
        let Some(row) = rows.next() else { continue };
        let chosen = narrow(table.chosen(row));
        let gold = narrow(table.gold(row).or(table.items[item_index[item]].gold));
        any_chosen |= chosen.is_some();
        planes.chosen[[item, respondent]] = chosen.unwrap_or(NO_OPTION);
        planes.gold[[item, respondent]] = gold.unwrap_or(NO_OPTION);
        let seen = [chosen, gold].into_iter().flatten().map(|k| k + 1).max().unwrap_or(0);
        planes.n_options[item] = planes.n_options[item].max(seen);
    }
    for (at, &item) in item_index.iter().enumerate() {
        let listed = table.items[item].n_options().unwrap_or(0).min(NO_OPTION as usize);
        planes.n_options[at] = planes.n_options[at].max(listed as u8);
    }
    any_chosen.then_some(planes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::item::Item;
    use crate::response::metric::Metric;
    use crate::response::run::Run;
    use crate::response::table::Row;

    fn table(models: &[&str], items: usize) -> ResponseTable {
        let mut t = ResponseTable::default();
        t.runs = models.iter().enumerate().map(|(k, m)| Run::new(format!("run{k}"), *m)).collect();
        t.items = (0..items).map(|i| Item::new("b", None, format!("i{i}"))).collect();
        t.metrics.push(Metric::new("b", "acc", None));
        t
    }

    #[test]
    fn the_last_step_of_the_base_prompt_stands_for_the_model() {
        let mut t = table(&["m", "m", "m"], 1);
        t.runs[0].step = Some(100);
        t.runs[1].step = Some(200);
        t.runs[2].step = Some(200);
        t.runs[2].prompt_variant = Some("shifted".into());
        for (run, score) in [(0, 0.0), (1, 1.0), (2, 0.0)] {
            t.push(Row::new(run, 0, 0, Some(score)));
        }
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!((m.n_respondents(), m.score(0, 0)), (1, Some(1.0)));
        assert_eq!(report.runs_set_aside, vec!["run0", "run2"]);
        let (all, _) = pivot(&t, "b", &PivotOptions { every_run: true, ..Default::default() }).unwrap();
        assert_eq!(all.respondents()[2].as_str(), "m step 200 (shifted)");
    }

    #[test]
    fn runs_that_differ_in_their_number_alone_are_repeats() {
        let mut t = table(&["m", "m", "m"], 2);
        for (run, item, score) in [(0, 0, 1.0), (1, 0, 0.0), (2, 0, 1.0), (0, 1, 1.0)] {
            t.push(Row::new(run, item, 0, Some(score)));
        }
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!((report.n_runs_repeated, report.max_repeats), (2, 3));
        assert!((m.score(0, 0).unwrap() - 2.0 / 3.0).abs() < 1e-6 && m.score(1, 0) == Some(1.0));
        // A time says which is meant.
        t.runs[1].timestamp = Some("2024-01-01".into());
        t.runs[2].timestamp = Some("2024-01-02".into());
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!((report.n_runs_repeated, m.score(0, 0)), (0, Some(1.0)));
        assert_eq!(
            (report.runs_set_aside, report.runs_completing),
            (vec!["run1".into()], vec!["run0".into()])
        );
    }

    #[test]
    fn runs_of_other_items_complete_a_model() {
        let mut t = table(&["m", "m", "m", "m"], 5);
        for (run, time) in [(0, "01"), (1, "02"), (2, "03"), (3, "04")] {
            t.runs[run].timestamp = Some(time.into());
        }
        t.runs[3].step = Some(7);
        // The second was given other arguments: it shares no item with the others. The third repeats an item.
        t.runs[1].prompt_variant = Some("subject=b".into());
        let rows = [(0, 0, 0.0), (0, 1, 0.0), (1, 2, 1.0), (2, 1, 1.0), (3, 3, 1.0)];
        rows.iter().for_each(|&(run, item, score)| t.push(Row::new(run, item, 0, Some(score))));
        let scores = |t: &ResponseTable| {
            let (m, report) = pivot(t, "b", &PivotOptions::default()).unwrap();
            ((0..5).map(|item| m.score(item, 0)).collect::<Vec<_>>(), report)
        };
        let (found, report) = scores(&t);
        assert_eq!(found, [Some(0.0), Some(1.0), Some(1.0), None, None]);
        assert_eq!((report.runs_completing.len(), report.runs_set_aside), (2, vec!["run3".to_owned()]));
        // Another set-up does not mix with the better run that it shares an item with.
        t.runs[0].n_shot = Some(5);
        let (found, report) = scores(&t);
        assert_eq!(found, [None, Some(1.0), Some(1.0), None, None]);
        assert_eq!(report.runs_set_aside, ["run0", "run3"]);
    }

    #[test]
    fn models_of_another_metric_are_named() {
        let mut t = table(&["a", "b"], 1);
        t.metrics.push(Metric::new("b", "f1", None));
        t.push(Row::new(0, 0, 0, Some(1.0)));
        t.push(Row::new(1, 0, 1, Some(1.0)));
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!((m.n_respondents(), report.models_without_metric), (1, vec!["b".to_owned()]));
    }

    #[test]
    fn repeats_beyond_any_count_become_a_share_in_no_time() {
        let mut t = table(&["m"], 1);
        for repeat in 0..70_000 {
            t.push(Row { repeat, ..Row::new(0, 0, 0, Some(f64::from(repeat % 4 / 3))) });
        }
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!((m.score(0, 0), report.max_repeats), (Some(0.25), 70_000));
        t.push(Row { repeat: 69_999, ..Row::new(0, 0, 0, Some(0.0)) });
        assert!(matches!(
            pivot(&t, "b", &PivotOptions::default()),
            Err(PivotError::ConflictingDuplicate { repeat: 69_999, .. })
        ));
    }

    #[test]
    fn repeats_become_counts_and_missing_stays_missing() {
        let mut t = table(&["a", "b"], 2);
        for (repeat, score) in [(0, Some(1.0)), (1, Some(0.0)), (2, None)] {
            t.push(Row { repeat, ..Row::new(0, 0, 0, score) });
        }
        t.push(Row::new(1, 0, 0, Some(1.0)));
        let (m, report) = pivot(&t, "b", &PivotOptions::default()).unwrap();
        assert_eq!(m.score(0, 0), Some(0.5));
        assert_eq!(m.score(1, 0), None);
        assert_eq!(report.max_repeats, 2);
        assert_eq!(report.without_score["unscored"], 1);
    }

    #[test]
    fn the_same_said_twice_is_folded_and_a_contradiction_is_an_error() {
        let mut t = table(&["a"], 1);
        t.push(Row::new(0, 0, 0, Some(1.0)));
        t.push(Row::new(0, 0, 0, Some(1.0)));
        assert_eq!(pivot(&t, "b", &Default::default()).unwrap().1.n_identical_duplicates, 1);
        t.push(Row::new(0, 0, 0, Some(0.0)));
        let error = pivot(&t, "b", &Default::default()).unwrap_err();
        assert!(matches!(error, PivotError::ConflictingDuplicate { .. }), "{error}");
    }

    #[test]
    fn few_levels_are_categories_and_many_are_scores() {
        let mut t = table(&["a"], 20);
        for i in 0..20 {
            t.push(Row::new(0, i, 0, Some((i % 3) as f64 / 2.0)));
        }
        let (m, _) = pivot(&t, "b", &Default::default()).unwrap();
        assert!(matches!(m.cells(), Cells::Categories { levels, .. } if levels == &[0.0, 0.5, 1.0]));
        for i in 0..20 {
            t.push(Row { repeat: 1, ..Row::new(0, i, 0, Some(i as f64 / 20.0)) });
        }
        assert!(matches!(pivot(&t, "b", &Default::default()).unwrap().0.cells(), Cells::Scores(_)));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let t = table(&["a"], 1);
        let options = PivotOptions { metric: Some("f1".into()), ..Default::default() };
        assert!(pivot(&t, "x", &options).unwrap_err().to_string().contains("the data has b"));
        assert!(pivot(&t, "b", &options).unwrap_err().to_string().contains("it has acc"));
        assert!(matches!(pivot(&t, "b", &Default::default()), Err(PivotError::NoScores { .. })));
    }
}
