//! How well does each task tell models apart? Every measure of every series, with what could not be computed.

use super::design::{Components, Design, Source};
use super::intervention::{Intervention, averaging, items_predicted, metric_accuracy, ratio_gain};
use super::noise::{NoiseKinds, Smoothness, group_ratio, noise_kinds, seed_ratio, smoothness};
use super::options::{Definition, SnrOptions};
use super::published::{pooled_small_scale, relative_range};
use super::ratio::SignalToNoise;
use super::scales::{Decision, ScalePair, decide, preference, scale_pairs};
use super::separable::{Separability, separability};
use super::spread::Spread;
use crate::numeric::Estimate;
use crate::numeric::bootstrap::BootstrapOptions;
use crate::numeric::describe::{mean, median, variance};
use crate::response::{ScoreCurve, ScoreRun, ScoreSeries, ScoreTable, ScoreUnit, SeriesName};
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Signal and noise of one task among the models of one size, or among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskSnr {
    /// The task and its metric.
    pub name: SeriesName,
    /// The size, or `all`.
    pub scale: String,
    /// Whether larger is better.
    pub higher_is_better: bool,
    /// Unit of scores, signal and noise.
    pub unit: ScoreUnit,
    /// Score that guessing earns, where known.
    pub chance: Option<f64>,
    /// Models with a score.
    pub n_models: usize,
    /// Median number of checkpoints that noise was measured on.
    pub n_checkpoints: usize,
    /// Items behind a score, where known.
    pub n_items: Option<usize>,
    /// Mean final score.
    pub mean_score: f64,
    /// Range of the models' means over their last checkpoints.
    pub range: Option<f64>,
    /// Range over mean.
    pub relative_range: Option<f64>,
    /// Mean distance of pairs.
    pub pairwise_distance: Option<f64>,
    /// Signal, noise and ratio by analysis of variance; an error says why there is none.
    pub anova: Result<SignalToNoise, String>,
    /// The ratio by the definition asked for.
    pub ratio: Option<Estimate>,
    /// The kinds of noise.
    pub noise: NoiseKinds,
    /// The spread between recipes over that between seeds.
    pub seed_ratio: Option<Estimate>,
    /// The spread between models over the standard error of items: `√max(0, s² − SE²) / SE`.
    pub item_ratio: Option<f64>,
    /// Smoothness of whole curves.
    pub smoothness: Smoothness,
    /// Pairs told apart.
    pub separability: Option<Separability>,
    /// Pairs told apart when items are sampled, too.
    pub separability_items: Option<Separability>,
    /// Smallest difference that is significant on these very items.
    pub smallest_difference: Option<f64>,
    /// The same if other items might have been asked.
    pub smallest_difference_items: Option<f64>,
    /// The wanted difference.
    pub difference: f64,
    /// Checkpoints, seeds and items that it needs, all else as it is.
    pub needed: [Option<u64>; 3],
}

/// One decision of one series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesDecision {
    /// The task and its metric.
    pub name: SeriesName,
    /// What distinguishes the scales.
    pub kind: super::scales::ScaleKind,
    /// The small scale.
    pub small: String,
    /// The large one.
    pub target: String,
    /// How many times larger it is.
    pub factor: Option<f64>,
    /// What the decision is worth.
    pub decision: Decision,
}

/// Everything that was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SnrAnalysis {
    /// Signal and noise, in the order of the series, all models before single sizes.
    pub tasks: Vec<TaskSnr>,
    /// Decision accuracies.
    pub decisions: Vec<SeriesDecision>,
    /// Gains, each with the series it changes.
    pub interventions: Vec<(SeriesName, Intervention)>,
    /// What must be read with care.
    pub warnings: Vec<String>,
}

/// Fewest runs of a size that signal and noise are measured among.
const MIN_RUNS: usize = 3;

/// Measures every series of the table.
pub fn analyse(table: &ScoreTable, options: &SnrOptions) -> SnrAnalysis {
    let parts: Vec<SnrAnalysis> = table
        .series
        .par_iter()
        .map(|series| {
            let mut part = SnrAnalysis::default();
            let pairs = scale_pairs(series, &table.runs, options.last.max(10));
            for (scale, curves) in groups(series, &table.runs) {
                part.tasks.extend(task(series, &table.runs, scale, &curves, options));
            }
            let bootstrap =
                BootstrapOptions { replicates: options.replicates, level: options.level, seed: options.seed };
            for pair in &pairs {
                if let Ok(decision) = decide(pair, &bootstrap) {
                    part.decisions.push(SeriesDecision {
                        name: series.name.clone(),
                        kind: pair.kind,
                        small: pair.small.clone(),
                        target: pair.target.clone(),
                        factor: pair.factor,
                        decision,
                    });
                }
            }
            if let Some(pair) = about_ten_times(&pairs) {
                part.interventions
                    .extend(averaging(pair, &bootstrap).into_iter().map(|i| (series.name.clone(), i)));
            }
            if let Some(all) = part.tasks.first() {
                part.interventions.extend(items_changed(all).into_iter().map(|i| (series.name.clone(), i)));
            }
            part
        })
        .collect();
    let mut all = SnrAnalysis::default();
    for part in parts {
        all.tasks.extend(part.tasks);
        all.decisions.extend(part.decisions);
        all.interventions.extend(part.interventions);
    }
    all.interventions.extend(metrics_changed(table, options));
    all.warnings = warnings(&all);
    all
}

/// The pair whose scales are nearest to ten times apart, by [`preference`].
fn about_ten_times(pairs: &[ScalePair]) -> Option<&ScalePair> {
    let key = |p: &ScalePair| preference(p.kind, p.models.len(), p.factor);
    pairs.iter().min_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal))
}

impl SnrAnalysis {
    /// The decision about a task whose scales are nearest to ten times apart, by [`preference`].
    pub fn ten_times(&self, task: &SeriesName) -> Option<&SeriesDecision> {
        let key = |d: &SeriesDecision| preference(d.kind, d.decision.accuracy.n_models, d.factor);
        let of_task = self.decisions.iter().filter(|d| d.name == *task);
        of_task.min_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal))
    }
}

/// All runs, and those of each size that has enough of them.
fn groups<'a>(series: &'a ScoreSeries, runs: &'a [ScoreRun]) -> Vec<(&'a str, Vec<&'a ScoreCurve>)> {
    let scored: Vec<&ScoreCurve> = series.curves.iter().filter(|c| !c.points.is_empty()).collect();
    let mut sizes: BTreeMap<(u64, &str), Vec<&ScoreCurve>> = BTreeMap::new();
    for curve in &scored {
        if let Some(size) = runs[curve.run].size.as_deref() {
            let parameters = runs[curve.run].parameters.unwrap_or(0.0).max(0.0) as u64;
            sizes.entry((parameters, size)).or_default().push(curve);
        }
    }
    let several = sizes.len() > 1;
    let single =
        sizes.into_iter().filter(|(_, c)| several && c.len() >= MIN_RUNS).map(|((_, size), c)| (size, c));
    std::iter::once(("all", scored)).chain(single.collect::<Vec<_>>()).collect()
}

fn task(
    series: &ScoreSeries,
    runs: &[ScoreRun],
    scale: &str,
    curves: &[&ScoreCurve],
    options: &SnrOptions,
) -> Option<TaskSnr> {
    // Where some runs have checkpoints, the spread is that of these runs, too.
    let repeated: Vec<&ScoreCurve> = curves.iter().copied().filter(|c| c.points.len() > 1).collect();
    let measured = if repeated.len() > 1 { &repeated[..] } else { curves };
    let windows: Vec<Vec<f64>> =
        measured.iter().map(|c| c.last(options.last).iter().map(|p| p.value).collect()).collect();
    let means: Vec<f64> = windows.iter().filter_map(|w| mean(w)).collect();
    let mean_score = mean(&means)?;
    let anova = group_ratio(curves, options.last, options.level);
    let noise = noise_kinds(curves, runs, options.last);
    let counts: Vec<f64> = windows.iter().filter(|w| w.len() > 1).map(|w| w.len() as f64).collect();
    let n_checkpoints = median(&counts).unwrap_or(1.0).round() as usize;
    let df: f64 = counts.iter().map(|c| c - 1.0).sum();
    let sized: Vec<(f64, usize)> = means.iter().copied().zip(windows.iter().map(Vec::len)).collect();
    // Without checkpoints the noise of items is all there is.
    let step = noise.step;
    let separable = step.and_then(|s| separability(&sized, s, df, 0.0, options.level));
    let separable_items = noise
        .item
        .and_then(|item| separability(&sized, step.unwrap_or(0.0), df.max(1e6), item, options.level));
    let between = variance(&means, 1);
    let item_ratio = noise
        .item
        .zip(between)
        .and_then(|(se, s2)| Some((s2 - se * se).max(0.0).sqrt() / se).filter(|r: &f64| r.is_finite()));
    let unit = if series.unit == ScoreUnit::Percent { 100.0 } else { 1.0 };
    let difference = options.difference * unit;
    let design = Design {
        n_items: series.n_items.map_or(1.0, |n| n as f64),
        n_seeds: 1.0,
        n_checkpoints: n_checkpoints.max(1) as f64,
    };
    let components = Components {
        checkpoint: step.map_or(0.0, |s| s * s),
        seed: noise.seed.map_or(0.0, |s| s * s),
        item: noise.item.map_or(0.0, |se| se * se * design.n_items),
    };
    let training = Components { item: 0.0, ..components };
    let some_training = step.is_some() || noise.seed.is_some();
    let ratio = match options.definition {
        Definition::Anova => anova.as_ref().ok().map(|a| a.ratio),
        Definition::Paper => paper_ratio(&windows, &means).map(Estimate::bare),
        Definition::Script => {
            let repeated: Vec<Vec<f64>> = windows.iter().filter(|w| w.len() > 1).cloned().collect();
            pooled_small_scale(&repeated).and_then(|r| r.ratio()).map(Estimate::bare)
        }
    };
    let need = |source, known: bool, components: &Components| {
        known.then(|| components.needed(source, difference, &design, options.level)).flatten()
    };
    Some(TaskSnr {
        name: series.name.clone(),
        scale: scale.to_owned(),
        higher_is_better: series.higher_is_better,
        unit: series.unit,
        chance: series.chance,
        n_models: means.len(),
        n_checkpoints,
        n_items: series.n_items,
        mean_score,
        range: Spread::Range.of(&means),
        relative_range: Spread::Range.of(&means).map(|r| r / mean_score).filter(|r| r.is_finite()),
        pairwise_distance: Spread::MeanPairwiseDistance.of(&means),
        ratio,
        anova: anova.map_err(|e| e.to_string()),
        seed_ratio: seed_ratio(curves, runs, options.last, options.level).ok().map(|r| r.ratio),
        item_ratio,
        smoothness: smoothness(curves, series.sign()),
        separability: separable,
        separability_items: separable_items,
        smallest_difference: some_training.then(|| training.smallest_difference(&design, options.level)),
        smallest_difference_items: noise.item.map(|_| components.smallest_difference(&design, options.level)),
        difference,
        needed: [
            need(Source::Checkpoints, step.is_some(), &training),
            need(Source::Seeds, some_training, &training),
            need(Source::Items, noise.item.is_some() && series.n_items.is_some(), &components),
        ],
        noise,
    })
}

/// The paper's ratio, its noise the mean over models: the paper takes one large run.
fn paper_ratio(windows: &[Vec<f64>], means: &[f64]) -> Option<f64> {
    let each: Vec<_> = windows.iter().filter_map(|w| relative_range(means, w, 1)).collect();
    let noise = mean(&each.iter().map(|r| r.noise).collect::<Vec<_>>()).filter(|n| *n > 0.0)?;
    Some(each.first()?.signal / noise)
}

/// Half and twice the items, predicted.
fn items_changed(task: &TaskSnr) -> Vec<Intervention> {
    let (Some(item), Ok(anova)) = (task.noise.item, &task.anova) else { return Vec::new() };
    [0.5, 2.0, 4.0]
        .into_iter()
        .filter_map(|f| items_predicted(anova.signal, anova.noise, item, f, task.n_models))
        .collect()
}

/// For each task with several metrics: the others in place of the first.
fn metrics_changed(table: &ScoreTable, options: &SnrOptions) -> Vec<(SeriesName, Intervention)> {
    let mut tasks: BTreeMap<(&str, Option<&str>, &str), Vec<&ScoreSeries>> = BTreeMap::new();
    for series in &table.series {
        let n = &series.name;
        tasks.entry((&n.benchmark, n.subject.as_deref(), &n.setting)).or_default().push(series);
    }
    let bootstrap =
        BootstrapOptions { replicates: options.replicates, level: options.level, seed: options.seed };
    let changes: Vec<(&ScoreSeries, &ScoreSeries)> =
        tasks.values().flat_map(|m| m[1..].iter().map(|other| (m[0], *other))).collect();
    changes
        .into_par_iter()
        .flat_map_iter(|(first, other)| {
            let metric = &other.name.metric;
            let curves = |s: &'_ ScoreSeries| {
                s.curves.iter().filter(|c| !c.points.is_empty()).cloned().collect::<Vec<_>>()
            };
            let (from, to) = (curves(first), curves(other));
            let (from, to): (Vec<&ScoreCurve>, Vec<&ScoreCurve>) =
                (from.iter().collect(), to.iter().collect());
            let ratio = ratio_gain("metric", metric.clone(), &from, &to, options.last, &bootstrap);
            let window = options.last.max(10);
            let (a, b) = (scale_pairs(first, &table.runs, window), scale_pairs(other, &table.runs, window));
            let accuracy = about_ten_times(&a).and_then(|from| {
                let to = b
                    .iter()
                    .find(|p| p.kind == from.kind && p.small == from.small && p.target == from.target)?;
                metric_accuracy(from, to, metric, &bootstrap)
            });
            let name = first.name.clone();
            ratio.into_iter().chain(accuracy).map(move |i| (name.clone(), i)).collect::<Vec<_>>()
        })
        .collect()
}

/// What the reader of the whole must know.
fn warnings(analysis: &SnrAnalysis) -> Vec<String> {
    let mut warnings = Vec::new();
    let whole: Vec<&TaskSnr> = analysis.tasks.iter().filter(|t| t.scale == "all").collect();
    let share = |n: usize| format!("{n} of {} tasks", whole.len());
    let trending = whole
        .iter()
        .filter(|t| {
            t.noise.step.zip(t.noise.detrended).is_some_and(|(s, d)| t.n_checkpoints > 3 && s > 1.3 * d)
        })
        .count();
    if trending > 0 {
        warnings.push(format!(
            "{}: the last checkpoints still move along a trend, which counts as noise (noise_detrended leaves it out)",
            share(trending)
        ));
    }
    let sticky = whole.iter().filter(|t| t.noise.lag_one.is_some_and(|r| r > 0.4)).count();
    if sticky > 0 {
        warnings.push(format!(
            "{}: neighbouring checkpoints are alike (autocorrelation above 0.4): averaging them gains less than their \
             number says, and the interval of the ratio is too narrow",
            share(sticky)
        ));
    }
    let one_shot = whole.iter().filter(|t| t.anova.is_err()).count();
    if one_shot > 0 {
        let reason = whole.iter().find_map(|t| t.anova.as_ref().err()).cloned().unwrap_or_default();
        warnings.push(format!("{}: no ratio: {reason}", share(one_shot)));
    }
    warnings
}
