//! How do answers to items become training curves? One pass over any number of them, in memory that does not grow
//! with the number of checkpoints.
//!
//! Kept are sums: for each run, subject and half of the items, and for each model and item over all its checkpoints.
//! Two hundred million answers of 40 models × 25 checkpoints × 200,000 items take some 100 MB.

use crate::response::run::asks_by_default;
use crate::response::{
    Attempt, Measure, ResponseTable, Run, ScorePoint, ScoreRun, ScoreTable, ScoreTableBuilder, SeriesName,
    score::size_in_name,
};
use std::collections::HashMap;
use thiserror::Error;

/// Why answers cannot be added up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StreamError {
    /// A run or item that was not announced.
    #[error("{what} {index} of {count}")]
    OutOfRange {
        /// `run` or `item`.
        what: &'static str,
        /// Its position.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

/// Sums of one run on one subject.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    sum: f64,
    squares: f64,
}

/// Adds up answers in any order.
#[derive(Debug, Clone)]
pub struct Accumulator {
    /// Position of each item's subject, from 0.
    subject_of_item: Vec<u16>,
    n_subjects: usize,
    /// Position of each run's model: the checkpoints of one training run share it.
    model_of_run: Vec<u32>,
    sums: Vec<Sums>,
    /// Sum and number of scores by model and item, over checkpoints.
    cell_sum: Vec<f32>,
    cell_n: Vec<u16>,
    n_models: usize,
    n_added: u64,
}

impl Accumulator {
    /// An empty accumulator. `subject_of_item` gives the subject of each item, `model_of_run` the training run that
    /// each run is a checkpoint of.
    pub fn new(subject_of_item: Vec<u16>, model_of_run: Vec<u32>) -> Self {
        let n_subjects = subject_of_item.iter().max().map_or(0, |s| *s as usize + 1);
        let n_models = model_of_run.iter().max().map_or(0, |m| *m as usize + 1);
        let cells = n_models * subject_of_item.len();
        Self {
            sums: vec![Sums::default(); model_of_run.len() * n_subjects],
            cell_sum: vec![0.0; cells],
            cell_n: vec![0; cells],
            n_subjects,
            n_models,
            subject_of_item,
            model_of_run,
            n_added: 0,
        }
    }

    /// Adds a score.
    ///
    /// # Errors
    /// [`StreamError::OutOfRange`] for a run or item that was not announced.
    pub fn push(&mut self, run: usize, item: usize, score: f64) -> Result<(), StreamError> {
        let out = |what, index, count| StreamError::OutOfRange { what, index, count };
        let n_items = self.subject_of_item.len();
        let subject = *self.subject_of_item.get(item).ok_or_else(|| out("item", item, n_items))? as usize;
        let model =
            *self.model_of_run.get(run).ok_or_else(|| out("run", run, self.model_of_run.len()))? as usize;
        let sums = &mut self.sums[run * self.n_subjects + subject];
        sums.n += 1;
        sums.sum += score;
        sums.squares += score * score;
        let cell = model * n_items + item;
        self.cell_sum[cell] += score as f32;
        self.cell_n[cell] = self.cell_n[cell].saturating_add(1);
        self.n_added += 1;
        Ok(())
    }

    /// Number of scores added.
    pub fn n_added(&self) -> u64 {
        self.n_added
    }

    /// Score, standard error by items and number of items of a run, on one subject or on all.
    ///
    /// ```text
    /// SE² = Σ (x − x̄)² / (n (n − 1))
    /// ```
    pub fn score(&self, run: usize, subject: Option<usize>) -> Option<(f64, Option<f64>, u64)> {
        let row = &self.sums[run * self.n_subjects..(run + 1) * self.n_subjects];
        let total = match subject {
            Some(s) => row[s],
            None => row.iter().fold(Sums::default(), |a, b| Sums {
                n: a.n + b.n,
                sum: a.sum + b.sum,
                squares: a.squares + b.squares,
            }),
        };
        let n = total.n as f64;
        if total.n == 0 {
            return None;
        }
        let mean = total.sum / n;
        let spread = (total.squares - n * mean * mean).max(0.0);
        Some((mean, (total.n > 1).then(|| (spread / (n * (n - 1.0))).sqrt()), total.n))
    }

    /// Variance of a model at an item beyond the main effects of both, checkpoints averaged: what the sampling of
    /// items adds to the difference of two models that answer the same items, once for each item.
    ///
    /// ```text
    /// σ²_pi = MS of residuals of  x_pi − x̄_p − x̄_i + x̄   over models and items without a gap
    /// ```
    ///
    /// Only items that every model answered count. `None` below two models or two such items.
    pub fn interaction(&self, subject: Option<usize>) -> Option<f64> {
        let n_items = self.subject_of_item.len();
        let m = self.n_models as f64;
        let mut by_model = vec![0.0f64; self.n_models];
        let (mut n, mut squares, mut items, mut total) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for item in 0..n_items {
            if subject.is_some_and(|s| s != self.subject_of_item[item] as usize) {
                continue;
            }
            let cells = || (0..self.n_models).map(|p| p * n_items + item);
            if cells().any(|c| self.cell_n[c] == 0) {
                continue;
            }
            let mut sum = 0.0;
            for (p, c) in cells().enumerate() {
                let x = self.cell_sum[c] as f64 / self.cell_n[c] as f64;
                by_model[p] += x;
                squares += x * x;
                sum += x;
            }
            items += sum * sum;
            total += sum;
            n += 1.0;
        }
        if self.n_models < 2 || n < 2.0 {
            return None;
        }
        let correction = total * total / (n * m);
        let models = by_model.iter().map(|s| s * s).sum::<f64>() / n - correction;
        let residual = squares - correction - models - (items / m - correction);
        Some(residual.max(0.0) / ((n - 1.0) * (m - 1.0)))
    }
}

/// The curves of one benchmark and metric: the whole and, where items have them, each subject.
///
/// Runs with a prompt variant are left out; runs of the same model and seed are checkpoints of one curve. The
/// standard error by items is the paired one, `√(σ²_pi / n)`, where the models share their items. The count of runs
/// that were left out is returned beside the table.
pub fn score_table(table: &ResponseTable, benchmark: &str, metric: Option<&str>) -> (ScoreTable, usize) {
    let Some(measure) = Measure::of(table, benchmark, metric) else { return (ScoreTable::default(), 0) };
    let mut used = vec![false; table.runs.len()];
    table.blocks().each(|attempt| used[attempt.run] |= measure.has(attempt.metric));
    let mut n_left_out = 0;
    let mut models: HashMap<(String, Option<i64>), u32> = HashMap::new();
    let mut runs: Vec<usize> = Vec::new();
    let mut place = vec![usize::MAX; table.runs.len()];
    let mut model_of_run: Vec<u32> = Vec::new();
    let by_default = asks_by_default(&table.runs);
    for (at, run) in table.runs.iter().enumerate().filter(|(at, _)| used[*at]) {
        if !by_default[at] {
            n_left_out += 1;
            continue;
        }
        let next = models.len() as u32;
        let model = *models.entry((run.model.to_string(), run.seed)).or_insert(next);
        place[at] = runs.len();
        runs.push(at);
        model_of_run.push(model);
    }
    let mut subjects: Vec<&str> = Vec::new();
    let mut subject_at: HashMap<&str, u16> = HashMap::new();
    let mut item_at = vec![usize::MAX; table.items.len()];
    let mut subject_of_item: Vec<u16> = Vec::new();
    for (at, item) in table.items.iter().enumerate().filter(|(_, i)| i.benchmark == benchmark) {
        let name = item.subject.as_deref().unwrap_or("");
        let subject = *subject_at.entry(name).or_insert_with(|| {
            subjects.push(name);
            (subjects.len() - 1) as u16
        });
        item_at[at] = subject_of_item.len();
        subject_of_item.push(subject);
    }
    let mut sums = Accumulator::new(subject_of_item, model_of_run);
    table.blocks().each(|Attempt { run, item, metric, score }| {
        let (run, item) = (place[run], item_at[item]);
        let is_wanted = measure.has(metric) && run != usize::MAX && item != usize::MAX;
        if let Some(score) = score.filter(|_| is_wanted) {
            // Both were announced above.
            let _ = sums.push(run, item, score);
        }
    });
    (series_of(&sums, table, benchmark, measure.metric(), &runs, &subjects), n_left_out)
}

fn series_of(
    sums: &Accumulator,
    table: &ResponseTable,
    benchmark: &str,
    metric: usize,
    runs: &[usize],
    subjects: &[&str],
) -> ScoreTable {
    let metric = &table.metrics[metric];
    let mut builder = ScoreTableBuilder::default();
    let named: Vec<usize> = runs.iter().map(|at| builder.run(score_run(&table.runs[*at]))).collect();
    let parts: Vec<Option<usize>> =
        std::iter::once(None).chain((0..subjects.len()).filter(|_| subjects.len() > 1).map(Some)).collect();
    for part in parts {
        let series = builder.series(SeriesName {
            benchmark: benchmark.to_owned(),
            subject: part.map(|s| subjects[s].to_owned()),
            setting: String::new(),
            metric: metric.label(),
        });
        let interaction = sums.interaction(part);
        let mut n_items = 0;
        for (run, at) in runs.iter().enumerate() {
            let Some((value, alone, n)) = sums.score(run, part) else { continue };
            n_items = n_items.max(n as usize);
            let item_se = interaction.map(|v| (v / n as f64).sqrt()).or(alone);
            let source = &table.runs[*at];
            let step = source.step.map(|s| s as f64);
            builder.push(
                series,
                named[run],
                ScorePoint { step, compute_flops: source.flops, value, item_se },
            );
        }
        let known = builder.series_mut(series);
        known.higher_is_better = metric.higher_is_better;
        known.n_items = Some(n_items).filter(|n| *n > 0);
    }
    builder.finish().0
}

/// The training run that a run is a checkpoint of.
fn score_run(run: &Run) -> ScoreRun {
    let model = run.model.as_str();
    let (size, rest) = size_in_name(model);
    let recipe = without_seed(&rest, run.seed);
    let name = match run.seed {
        Some(seed) if recipe == rest => format!("{model} seed {seed}"),
        _ => model.to_owned(),
    };
    let size = run.params.map(size_label).or(size);
    ScoreRun { name, recipe, size, parameters: run.params, seed: run.seed }
}

/// A name without the part that says the seed: `mlp/w8-n1200-s1` with seed 1 is `mlp/w8-n1200`.
fn without_seed(name: &str, seed: Option<i64>) -> String {
    let Some(seed) = seed else { return name.to_owned() };
    let ends = [format!("-s{seed}"), format!("-seed{seed}"), format!("_seed{seed}"), format!("-seed-{seed}")];
    let end = ends.iter().find_map(|end| name.strip_suffix(end.as_str()));
    end.unwrap_or(name).to_owned()
}

fn size_label(parameters: f64) -> String {
    let (value, unit) = match parameters {
        p if p >= 1e9 => (p / 1e9, "B"),
        p if p >= 1e6 => (p / 1e6, "M"),
        p if p >= 1e3 => (p / 1e3, "K"),
        p => (p, ""),
    };
    format!("{}{unit}", (value * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row};

    #[test]
    fn interaction_by_hand() {
        // Two models, two items, scores 1 0 / 0 0: residuals ±1/4, one degree of freedom: 4 / 16.
        let mut sums = Accumulator::new(vec![0, 0], vec![0, 1]);
        for (run, item, score) in [(0, 0, 1.0), (0, 1, 0.0), (1, 0, 0.0), (1, 1, 0.0)] {
            sums.push(run, item, score).unwrap();
        }
        assert!((sums.interaction(None).unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(sums.score(0, None), Some((0.5, Some(0.5), 2)));
        assert_eq!(sums.push(2, 0, 1.0), Err(StreamError::OutOfRange { what: "run", index: 2, count: 2 }));
    }

    #[test]
    fn checkpoints_become_curves_and_seeds_runs_of_a_recipe() {
        let mut t = ResponseTable::default();
        for (model, seed, step) in [("a-s1", 1, Some(1)), ("a-s1", 1, None), ("a-s2", 2, None)] {
            let mut run = Run::new(format!("{model} {step:?}"), model);
            (run.seed, run.step) = (Some(seed), step);
            t.runs.push(run);
        }
        let mut variant = Run::new("v", "a-s1");
        variant.prompt_variant = Some("noisy".into());
        t.runs.push(variant);
        t.items = (0..4).map(|i| Item::new("b", Some(["x", "y"][i % 2]), format!("i{i}"))).collect();
        t.metrics.push(Metric::new("b", "acc", None));
        for run in 0..4 {
            for item in 0..4 {
                t.push(Row::new(run, item, 0, Some(f64::from((item <= run) as u8))));
            }
        }
        let (scores, left_out) = score_table(&t, "b", None);
        assert_eq!((scores.runs.len(), left_out), (2, 1));
        assert_eq!(scores.runs[0].recipe, "a");
        assert_eq!(scores.series.len(), 3);
        assert_eq!(scores.series[0].curves[0].values(), [0.25, 0.5]);
        assert_eq!(scores.series[1].name.subject.as_deref(), Some("x"));
        assert_eq!(scores.series[0].n_items, Some(4));
    }
}
