//! Which scales can be compared? Sizes of models, and shares of the training, with the scores that each has.

use super::decision::{DecisionAccuracy, DecisionError, decision_accuracy, expected_accuracy};
use super::noise::group_ratio;
use crate::numeric::bootstrap::BootstrapOptions;
use crate::numeric::correlation::pearson;
use crate::numeric::describe::mean;
use crate::response::{ScoreCurve, ScoreRun, ScoreSeries};
use serde::Serialize;
use std::collections::BTreeMap;

/// What distinguishes two scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// The number of parameters: do recipes rank at a small size as at a large one?
    Size,
    /// The share of the training: do models rank early as they do at its end?
    Training,
}

impl ScaleKind {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        if self == Self::Size { "size" } else { "training" }
    }
}

/// Scores of the same models at a small and a large scale, larger is better on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalePair {
    /// What distinguishes the scales.
    pub kind: ScaleKind,
    /// Name of the small scale.
    pub small: String,
    /// Name of the large one.
    pub target: String,
    /// How many times more parameters, or steps of training, the large one has.
    pub factor: Option<f64>,
    /// The models, in order.
    pub models: Vec<String>,
    /// Scores at the small scale, oldest first, the one to decide by last: for each model.
    pub small_windows: Vec<Vec<f64>>,
    /// Scores at the large scale, the same.
    pub target_windows: Vec<Vec<f64>>,
}

impl ScalePair {
    /// The last score of each model at the small scale, or the mean of its last `n`.
    pub fn small_scores(&self, n: usize) -> Vec<f64> {
        self.small_windows.iter().map(|w| tail_mean(w, n)).collect()
    }

    /// The last score of each model at the large scale.
    pub fn target_scores(&self) -> Vec<f64> {
        self.target_windows.iter().map(|w| tail_mean(w, 1)).collect()
    }

    /// Checkpoints that every model has at the small scale.
    pub fn n_small_checkpoints(&self) -> usize {
        self.small_windows.iter().map(Vec::len).min().unwrap_or(0)
    }
}

fn tail_mean(window: &[f64], n: usize) -> f64 {
    let tail = &window[window.len().saturating_sub(n.max(1))..];
    tail.iter().sum::<f64>() / tail.len().max(1) as f64
}

/// Fewest models that a decision accuracy is computed from.
pub const MIN_MODELS: usize = 3;
/// Fewest models that a verdict is given on.
pub const MIN_FOR_VERDICT: usize = 6;

/// Of scales with enough models the size before the training, then the nearest to ten times apart: smaller is better.
pub fn preference(kind: ScaleKind, n_models: usize, factor: Option<f64>) -> (bool, u8, f64) {
    (n_models < MIN_FOR_VERDICT, kind as u8, factor.map_or(f64::INFINITY, |f| (f / 10.0).ln().abs()))
}
/// Shares of the training that are compared with its end.
const SHARES: [f64; 6] = [0.01, 0.05, 0.1, 0.2, 0.35, 0.5];

/// Every pair of scales at which at least [`MIN_MODELS`] models have a score.
///
/// Sizes: a recipe's score is the mean over its seeds. Training: the checkpoint nearest to the share, within a factor
/// of 1.5, of every run with at least four checkpoints.
pub fn scale_pairs(series: &ScoreSeries, runs: &[ScoreRun], window: usize) -> Vec<ScalePair> {
    let mut pairs = size_pairs(series, runs, window);
    pairs.extend(SHARES.iter().filter_map(|share| training_pair(series, runs, *share, window)));
    pairs
}

fn signed(series: &ScoreSeries, curve: &ScoreCurve, end: usize, window: usize) -> Vec<f64> {
    let from = end.saturating_sub(window);
    curve.points[from..end].iter().map(|p| series.sign() * p.value).collect()
}

fn size_pairs(series: &ScoreSeries, runs: &[ScoreRun], window: usize) -> Vec<ScalePair> {
    // Sizes in order of parameters, then label; windows of the seeds of a recipe are averaged from the end.
    type SeedsByRecipe<'a> = BTreeMap<&'a str, Vec<Vec<f64>>>;
    let mut sizes: BTreeMap<(u64, &str), SeedsByRecipe> = BTreeMap::new();
    for curve in series.curves.iter().filter(|c| !c.points.is_empty()) {
        let run = &runs[curve.run];
        let Some(size) = run.size.as_deref() else { continue };
        let key = (run.parameters.unwrap_or(0.0).max(0.0) as u64, size);
        let scores = signed(series, curve, curve.points.len(), window);
        sizes.entry(key).or_default().entry(run.recipe.as_str()).or_default().push(scores);
    }
    let sizes: Vec<_> = sizes.into_iter().collect();
    let mut pairs = Vec::new();
    for (at, ((small_parameters, small), few)) in sizes.iter().enumerate() {
        for ((parameters, target), many) in &sizes[at + 1..] {
            let common: Vec<&str> = few.keys().copied().filter(|r| many.contains_key(r)).collect();
            if common.len() < MIN_MODELS {
                continue;
            }
            pairs.push(ScalePair {
                kind: ScaleKind::Size,
                small: (*small).to_owned(),
                target: (*target).to_owned(),
                factor: (*small_parameters > 0).then(|| *parameters as f64 / *small_parameters as f64),
                small_windows: common.iter().map(|r| over_seeds(&few[r])).collect(),
                target_windows: common.iter().map(|r| over_seeds(&many[r])).collect(),
                models: common.iter().map(|r| (*r).to_owned()).collect(),
            });
        }
    }
    pairs
}

/// The mean over seeds, checkpoint by checkpoint from the last, as far as all seeds go.
fn over_seeds(seeds: &[Vec<f64>]) -> Vec<f64> {
    let n = seeds.iter().map(Vec::len).min().unwrap_or(0);
    (0..n).map(|k| seeds.iter().map(|s| s[s.len() - n + k]).sum::<f64>() / seeds.len() as f64).collect()
}

fn training_pair(series: &ScoreSeries, runs: &[ScoreRun], share: f64, window: usize) -> Option<ScalePair> {
    let mut pair = ScalePair {
        kind: ScaleKind::Training,
        small: format!("{} % of training", share * 100.0),
        target: "end of training".to_owned(),
        factor: None,
        models: Vec::new(),
        small_windows: Vec::new(),
        target_windows: Vec::new(),
    };
    let mut factors = Vec::new();
    for curve in &series.curves {
        let Some(end) = curve.points.iter().rev().find_map(|p| p.step) else { continue };
        if curve.points.len() < 4 || end <= 0.0 {
            continue;
        }
        let distance = |step: f64| (step / (share * end)).ln().abs();
        let nearest = (0..curve.points.len() - 1)
            .filter_map(|k| Some((k, curve.points[k].step.filter(|s| *s > 0.0)?)))
            .min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        let Some((at, step)) = nearest.filter(|(_, s)| distance(*s) <= 1.5f64.ln()) else { continue };
        factors.push(end / step);
        pair.models.push(runs[curve.run].name.clone());
        pair.small_windows.push(signed(series, curve, at + 1, window));
        pair.target_windows.push(signed(series, curve, curve.points.len(), window));
    }
    pair.factor = mean(&factors);
    (pair.models.len() >= MIN_MODELS).then_some(pair)
}

/// What a decision at the small scale is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Agreement with the large scale.
    pub accuracy: DecisionAccuracy,
    /// What noise alone would allow if the two scales ranked alike without it; `None` where the noise of a side was
    /// not seen.
    pub ceiling: Option<f64>,
    /// What normal scores with the correlation seen would give.
    pub expected: Option<f64>,
    /// The same with the correlation corrected for the noise of both sides.
    pub noise_free: Option<f64>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Whether the small scale may stand for the large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval is above three right decisions in four.
    Ranks,
    /// The interval reaches above three in four, and does not contain a half.
    BetterThanChance,
    /// The interval contains a half: no better than a coin as far as these models can tell.
    DoesNotRank,
    /// There is no interval, or there are fewer than [`MIN_FOR_VERDICT`] models.
    Unknown,
}

impl Verdict {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ranks => "ranks",
            Self::BetterThanChance => "better_than_chance",
            Self::DoesNotRank => "does_not_rank",
            Self::Unknown => "unknown",
        }
    }

    fn of(accuracy: &DecisionAccuracy) -> Self {
        match accuracy.accuracy.interval {
            _ if accuracy.n_models < MIN_FOR_VERDICT => Self::Unknown,
            None => Self::Unknown,
            Some(i) if i.low > 0.75 => Self::Ranks,
            Some(i) if i.low > 0.5 => Self::BetterThanChance,
            Some(_) => Self::DoesNotRank,
        }
    }
}

/// Compares the two scales of a pair.
///
/// # Errors
/// See [`DecisionError`].
pub fn decide(pair: &ScalePair, options: &BootstrapOptions) -> Result<Decision, DecisionError> {
    let (small, target) = (pair.small_scores(1), pair.target_scores());
    let accuracy = decision_accuracy(&small, &target, options)?;
    let reliabilities = reliability(&pair.small_windows).zip(reliability(&pair.target_windows));
    let correlation = pearson(&small, &target);
    let noise_free = reliabilities.zip(correlation).and_then(|((a, b), r)| {
        let attenuation = (a * b).sqrt();
        (attenuation > 0.0).then(|| expected_accuracy((r / attenuation).clamp(-1.0, 1.0), 1.0, 1.0))
    });
    Ok(Decision {
        verdict: Verdict::of(&accuracy),
        ceiling: reliabilities.map(|(a, b)| expected_accuracy(1.0, a, b)),
        expected: correlation.map(|r| expected_accuracy(r, 1.0, 1.0)),
        noise_free,
        accuracy,
    })
}

/// Reliability of one score: between-model variance over all variance.
fn reliability(windows: &[Vec<f64>]) -> Option<f64> {
    let curves: Vec<ScoreCurve> = windows
        .iter()
        .enumerate()
        .map(|(run, w)| ScoreCurve {
            run,
            points: w
                .iter()
                .map(|v| crate::response::ScorePoint {
                    step: None,
                    compute_flops: None,
                    value: *v,
                    item_se: None,
                })
                .collect(),
        })
        .collect();
    let refs: Vec<&ScoreCurve> = curves.iter().collect();
    let r = group_ratio(&refs, usize::MAX, 0.95).ok()?;
    let (between, within) = (r.signal * r.signal, r.noise * r.noise);
    Some(between / (between + within))
}
