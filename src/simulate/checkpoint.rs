//! How much of a checkpoint's score is signal and how much noise? Training runs where both are known.

use super::checkpoint_truth::{CheckpointTruth, SubjectTruth};
use super::error::{SimulationError, finite, not_negative, share, within};
use super::random::{Purpose, normal, source};
use super::text;
use crate::numeric::special::logistic;
use crate::response::{FactSource, Item, Metric, ResponseTable, Row, Run, Table};
use rand::RngExt;
use rayon::prelude::*;

/// One subject (subtask) of the benchmark that the checkpoints are scored on.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSubject {
    /// Its name.
    pub name: String,
    /// Number of items.
    pub n_items: usize,
    /// Mean true score of the models at the last step, between 0 and 1.
    pub mean: f64,
    /// Standard deviation of true scores between models: the signal.
    pub between_model_sd: f64,
    /// Standard deviation of true scores between training seeds of one model.
    pub seed_sd: f64,
    /// Standard deviation of the true score from step to step about the trend: the noise.
    pub step_sd: f64,
    /// What the true score gains from the first step to the last, in a straight line.
    pub trend: f64,
}

impl Default for CheckpointSubject {
    fn default() -> Self {
        Self {
            name: "subject_1".to_owned(),
            n_items: 500,
            mean: 0.5,
            between_model_sd: 0.05,
            seed_sd: 0.0,
            step_sd: 0.01,
            trend: 0.0,
        }
    }
}

/// What training runs to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointOptions {
    /// The seed of everything random.
    pub seed: u64,
    /// Name of the benchmark.
    pub benchmark: String,
    /// Number of models (data mixes, architectures).
    pub n_models: usize,
    /// Training seeds of each model.
    pub n_seeds: usize,
    /// Checkpoints of each training run.
    pub n_steps: usize,
    /// Training steps between checkpoints.
    pub step_size: i64,
    /// Correlation of the step noise at neighbouring checkpoints, above −1 and below 1.
    pub autocorrelation: f64,
    /// Correlation between subjects of what sets models apart.
    pub subject_correlation: f64,
    /// How far the luck on an item stays the same over the checkpoints of a run, 0 to 1.
    pub persistence: f64,
    /// Spread of item difficulty, logits.
    pub difficulty_sd: f64,
    /// Parameters of each model, if they are to be recorded.
    pub params: Option<f64>,
    /// Training tokens in a step, if they are to be recorded.
    pub tokens_per_step: Option<f64>,
    /// The subjects.
    pub subjects: Vec<CheckpointSubject>,
}

impl Default for CheckpointOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            benchmark: "simulated".to_owned(),
            n_models: 10,
            n_seeds: 1,
            n_steps: 20,
            step_size: 1000,
            autocorrelation: 0.0,
            subject_correlation: 0.5,
            persistence: 0.8,
            difficulty_sd: 1.0,
            params: None,
            tokens_per_step: None,
            subjects: vec![CheckpointSubject::default()],
        }
    }
}

/// True scores are kept this far from 0 and 1; the truth counts those that had to be moved.
const MARGIN: f64 = 0.005;

impl CheckpointOptions {
    /// Whether the options make sense.
    ///
    /// # Errors
    /// The first option that does not, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), SimulationError> {
        within("n_models", self.n_models as f64, 1.0, 1e6)?;
        within("n_seeds", self.n_seeds as f64, 1.0, 1e6)?;
        within("n_steps", self.n_steps as f64, 1.0, 1e6)?;
        within("step_size", self.step_size as f64, 1.0, 1e9)?;
        within("autocorrelation", self.autocorrelation, -0.999, 0.999)?;
        share("subject_correlation", self.subject_correlation)?;
        share("persistence", self.persistence)?;
        within("difficulty_sd", self.difficulty_sd, 0.0, 10.0)?;
        if let Some(params) = self.params {
            not_negative("params", params)?;
        }
        if let Some(tokens) = self.tokens_per_step {
            not_negative("tokens_per_step", tokens)?;
        }
        within("number of subjects", self.subjects.len() as f64, 1.0, 1e5)?;
        let mut names = std::collections::HashSet::new();
        for s in &self.subjects {
            if !names.insert(&s.name) {
                let reason = "which names two subjects; give each its own name";
                return Err(SimulationError::Incompatible { name: "subject", value: s.name.clone(), reason });
            }
            within("n_items", s.n_items as f64, 1.0, 1e7)?;
            within("mean", s.mean, MARGIN, 1.0 - MARGIN)?;
            not_negative("between_model_sd", s.between_model_sd)?;
            not_negative("seed_sd", s.seed_sd)?;
            not_negative("step_sd", s.step_sd)?;
            finite("trend", s.trend)?;
        }
        Ok(())
    }
}

/// Simulated checkpoints and the truth behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSimulation {
    /// Item by item, one run for each checkpoint.
    pub table: ResponseTable,
    /// Scores alone: `checkpoint_scores`, one row for each checkpoint and subject, with the true score (free of
    /// item sampling) and the observed one.
    pub scores: Table,
    /// Signal and noise.
    pub truth: CheckpointTruth,
}

/// The place of one checkpoint among all.
#[derive(Debug, Clone, Copy)]
struct Place {
    model: usize,
    seed: usize,
    step: usize,
}

/// Simulates the checkpoints of training runs.
///
/// The true score of model `m`, training seed `s` and step `t` on a subject is
///
/// ```text
/// y_{mst} = μ + B_m + S_{ms} + trend · (t/(T−1) − 1) + W_{mst},   t = 0 … T−1
/// B ~ N(0, between²),  S ~ N(0, seed²),  W stationary AR(1): Var W = step²,  Cor(W_t, W_{t+1}) = ρ
/// ```
///
/// and each item is right with a probability whose mean over the items is exactly `y` (items differ in
/// difficulty; a Rasch curve each). With `persistence` π, a cell keeps the luck of its run with probability π
/// and is drawn afresh otherwise, so that the observed score varies about the true one from step to step with
/// variance `(1 − π²) Σ p(1−p) / n²`.
///
/// # Errors
/// The first option that makes no sense: see [`CheckpointOptions::validate`].
pub fn simulate_checkpoints(options: &CheckpointOptions) -> Result<CheckpointSimulation, SimulationError> {
    options.validate()?;
    let places: Vec<Place> = (0..options.n_models)
        .flat_map(|model| (0..options.n_seeds).map(move |seed| (model, seed)))
        .flat_map(|(model, seed)| (0..options.n_steps).map(move |step| Place { model, seed, step }))
        .collect();
    let true_scores: Vec<Vec<f64>> =
        (0..options.subjects.len()).map(|s| subject_scores(options, s)).collect();
    let difficulties: Vec<Vec<f64>> = (0..options.subjects.len())
        .map(|s| {
            let mut rng = source(options.seed, Purpose::CheckpointItems, s);
            let n = options.subjects[s].n_items;
            (0..n).map(|_| options.difficulty_sd * normal(&mut rng)).collect()
        })
        .collect();

    let mut table = ResponseTable::default();
    table.metrics.push(metric(options));
    table.runs = places.iter().enumerate().map(|(at, place)| run(options, at, *place)).collect();
    let mut observed = Vec::new();
    let mut subjects = Vec::new();
    for (s, subject) in options.subjects.iter().enumerate() {
        let clamped = |y: f64| y.clamp(MARGIN, 1.0 - MARGIN);
        let n_moved = true_scores[s].iter().filter(|y| clamped(**y) != **y).count();
        let scores: Vec<f64> = true_scores[s].iter().map(|y| clamped(*y)).collect();
        let drawn = draw_items(options, s, &scores, &difficulties[s]);
        let first = table.items.len() as u32;
        let width = text::digits(subject.n_items);
        table.items.extend((0..subject.n_items).map(|i| {
            let name = if options.subjects.len() > 1 { format!("{}/", subject.name) } else { String::new() };
            let of = (options.subjects.len() > 1).then_some(subject.name.as_str());
            Item::new(options.benchmark.clone(), of, format!("{name}i{i:0width$}"))
        }));
        for (run, answers) in drawn.answers.iter().enumerate() {
            for (i, right) in answers.iter().enumerate() {
                table.push(Row::new(run as u32, first + i as u32, 0, Some(f64::from(u8::from(*right)))));
            }
        }
        let share = |a: &Vec<bool>| a.iter().filter(|right| **right).count() as f64 / a.len() as f64;
        observed.push(drawn.answers.iter().map(share).collect::<Vec<f64>>());
        subjects.push(SubjectTruth {
            subject: subject.clone(),
            item_sd: drawn.item_sd * (1.0 - options.persistence.powi(2)).sqrt(),
            n_moved,
            true_scores: scores,
        });
    }
    let scores = score_table(options, &table, &places, &subjects, &observed);
    let truth = CheckpointTruth {
        benchmark: options.benchmark.clone(),
        n_models: options.n_models,
        n_seeds: options.n_seeds,
        n_steps: options.n_steps,
        autocorrelation: options.autocorrelation,
        subjects,
    };
    Ok(CheckpointSimulation { table, scores, truth })
}

/// The true scores of one subject, in the order of the checkpoints.
fn subject_scores(options: &CheckpointOptions, s: usize) -> Vec<f64> {
    let subject = &options.subjects[s];
    let (r, rho) = (options.subject_correlation, options.autocorrelation);
    let n_subjects = options.subjects.len();
    let mut scores = Vec::new();
    for model in 0..options.n_models {
        let common = normal(&mut source(options.seed, Purpose::CheckpointModels, model * (n_subjects + 1)));
        let mut own = source(options.seed, Purpose::CheckpointModels, model * (n_subjects + 1) + s + 1);
        let z = r.sqrt() * common + (1.0 - r).sqrt() * normal(&mut own);
        for seed in 0..options.n_seeds {
            let index = (model * options.n_seeds + seed) * n_subjects + s;
            let mut rng = source(options.seed, Purpose::CheckpointNoise, index);
            let run = subject.mean + subject.between_model_sd * z + subject.seed_sd * normal(&mut rng);
            let mut w = normal(&mut rng);
            for step in 0..options.n_steps {
                if step > 0 {
                    w = rho * w + (1.0 - rho * rho).sqrt() * normal(&mut rng);
                }
                let last = options.n_steps.max(2) - 1;
                let behind = if options.n_steps > 1 { step as f64 / last as f64 - 1.0 } else { 0.0 };
                scores.push(run + subject.trend * behind + subject.step_sd * w);
            }
        }
    }
    scores
}

struct DrawnItems {
    /// By checkpoint and item.
    answers: Vec<Vec<bool>>,
    /// Root mean square over checkpoints of `√(Σ p(1−p)) / n`.
    item_sd: f64,
}

fn draw_items(options: &CheckpointOptions, s: usize, scores: &[f64], difficulty: &[f64]) -> DrawnItems {
    let n_subjects = options.subjects.len();
    let runs: Vec<(Vec<Vec<bool>>, f64)> = scores
        .par_chunks(options.n_steps)
        .enumerate()
        .map(|(run, of_run)| {
            let mut rng = source(options.seed, Purpose::CheckpointAnswers, run * n_subjects + s);
            let luck: Vec<f64> = difficulty.iter().map(|_| rng.random()).collect();
            let mut variance = 0.0;
            let answers = of_run
                .iter()
                .map(|score| {
                    let theta = ability_of_score(*score, difficulty);
                    let draw = |(b, luck): (&f64, &f64)| {
                        let p = logistic(theta - b);
                        variance += p * (1.0 - p);
                        let (keep, fresh) = (rng.random::<f64>(), rng.random::<f64>());
                        (if keep < options.persistence { *luck } else { fresh }) < p
                    };
                    difficulty.iter().zip(&luck).map(draw).collect()
                })
                .collect();
            (answers, variance)
        })
        .collect();
    let variance: f64 = runs.iter().map(|r| r.1).sum::<f64>() / scores.len() as f64;
    DrawnItems {
        item_sd: variance.sqrt() / difficulty.len() as f64,
        answers: runs.into_iter().flat_map(|r| r.0).collect(),
    }
}

/// The ability at which the mean of `σ(θ − bᵢ)` is `score`, by bisection; it exists for every score between 0
/// and 1, and is one.
fn ability_of_score(score: f64, difficulty: &[f64]) -> f64 {
    let mean =
        |theta: f64| difficulty.iter().map(|b| logistic(theta - b)).sum::<f64>() / difficulty.len() as f64;
    let extreme = difficulty.iter().fold(0.0f64, |m, b| m.max(b.abs())) + 10.0;
    let (mut low, mut high) = (-extreme, extreme);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if mean(middle) < score {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

fn metric(options: &CheckpointOptions) -> Metric {
    Metric { primary: true, ..Metric::new(options.benchmark.clone(), "exact_match", None) }
}

fn run(options: &CheckpointOptions, at: usize, place: Place) -> Run {
    let model = format!("sim/mix{:0width$}", place.model, width = text::digits(options.n_models));
    let step = (place.step as i64 + 1) * options.step_size;
    let tokens = options.tokens_per_step.map(|t| t * step as f64);
    Run {
        model_raw: Some(model.clone()),
        revision: Some(format!("step{step}-seed{}", place.seed)),
        step: Some(step),
        step_source: Some(FactSource::Dump),
        params: options.params,
        params_source: options.params.map(|_| FactSource::Dump),
        tokens,
        // The usual count of 6 operations for each parameter and token.
        flops: options.params.zip(tokens).map(|(n, d)| 6.0 * n * d),
        seed: Some(place.seed as i64),
        timestamp: Some(text::timestamp(at)),
        harness: Some("evalgauge simulate".to_owned()),
        ..Run::new(format!("{model} step{step} seed{}", place.seed), model)
    }
}

fn score_table(
    options: &CheckpointOptions,
    table: &ResponseTable,
    places: &[Place],
    subjects: &[SubjectTruth],
    observed: &[Vec<f64>],
) -> Table {
    let rows = || (0..subjects.len()).flat_map(|s| (0..places.len()).map(move |r| (s, r)));
    let runs = &table.runs;
    Table::new("checkpoint_scores")
        .text("benchmark", rows().map(|_| Some(options.benchmark.as_str())))
        .text("subject", rows().map(|(s, _)| Some(subjects[s].subject.name.as_str())))
        .text("model", rows().map(|(_, r)| Some(runs[r].model.as_str())))
        .whole("seed", rows().map(|(_, r)| runs[r].seed))
        .whole("step", rows().map(|(_, r)| runs[r].step))
        .whole("n_items", rows().map(|(s, _)| Some(subjects[s].subject.n_items as i64)))
        .real("true_score", rows().map(|(s, r)| Some(subjects[s].true_scores[r])))
        .real("score", rows().map(|(s, r)| Some(observed[s][r])))
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
