//! How do whole scores develop? One series for each task and metric: the scores of runs along their training.
//!
//! Where a [`super::ResponseTable`] holds answers to single items, a [`ScoreTable`] holds scores of whole tasks: by
//! run, training step, task and metric, as training dashboards and tables of aggregate results have them.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// One training run: what is compared (the recipe), at which scale, with which seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRun {
    /// Name of the run, unique in the table.
    pub name: String,
    /// What distinguishes models of the same size: data mix, recipe, family. Runs of the same recipe at several
    /// sizes are the same decision at several scales.
    pub recipe: String,
    /// Label of the model size; `None` where nothing says it.
    pub size: Option<String>,
    /// Number of parameters.
    pub parameters: Option<f64>,
    /// Training seed.
    pub seed: Option<i64>,
}

/// One score of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScorePoint {
    /// Training step; `None` for a model without checkpoints, or its final one.
    pub step: Option<f64>,
    /// Training compute spent, FLOPs.
    pub compute_flops: Option<f64>,
    /// The score, in the metric's own direction and unit.
    pub value: f64,
    /// Standard error from the sampling of items, same unit.
    pub item_se: Option<f64>,
}

/// The scores of one run, in the order of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreCurve {
    /// Position of the run in [`ScoreTable::runs`].
    pub run: usize,
    /// Its scores; those without a step come last.
    pub points: Vec<ScorePoint>,
}

impl ScoreCurve {
    /// The values in order.
    pub fn values(&self) -> Vec<f64> {
        self.points.iter().map(|p| p.value).collect()
    }

    /// The last `n` points.
    pub fn last(&self, n: usize) -> &[ScorePoint] {
        &self.points[self.points.len().saturating_sub(n)..]
    }
}

/// In which unit a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreUnit {
    /// A share, 0 to 1.
    Proportion,
    /// A share, 0 to 100.
    Percent,
    /// Bits for each byte of text.
    BitsPerByte,
    /// Natural units of information.
    Nats,
    /// Not known.
    Unknown,
}

impl ScoreUnit {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proportion => "proportion",
            Self::Percent => "percent",
            Self::BitsPerByte => "bits_per_byte",
            Self::Nats => "nats",
            Self::Unknown => "unknown",
        }
    }
}

/// What a series measures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesName {
    /// The benchmark or task.
    pub benchmark: String,
    /// The subject within it; `None` for the whole.
    pub subject: Option<String>,
    /// Conditions that were not the same for all rows (suite, number of examples), empty if there are none.
    pub setting: String,
    /// The metric.
    pub metric: String,
}

/// One task under one metric: a curve for each run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreSeries {
    /// What it measures.
    pub name: SeriesName,
    /// Whether larger values are better.
    pub higher_is_better: bool,
    /// Its unit.
    pub unit: ScoreUnit,
    /// The score that guessing earns, where it is known.
    pub chance: Option<f64>,
    /// Number of items behind each score, where it is known.
    pub n_items: Option<usize>,
    /// The curves.
    pub curves: Vec<ScoreCurve>,
}

impl ScoreSeries {
    /// The values times this are better when larger.
    pub fn sign(&self) -> f64 {
        if self.higher_is_better { 1.0 } else { -1.0 }
    }
}

/// Scores of whole tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreTable {
    /// The runs.
    pub runs: Vec<ScoreRun>,
    /// The series, in order of first appearance.
    pub series: Vec<ScoreSeries>,
}

/// Builds a [`ScoreTable`] row by row.
#[derive(Debug, Default)]
pub struct ScoreTableBuilder {
    table: ScoreTable,
    run_at: HashMap<String, usize>,
    series_at: HashMap<SeriesName, usize>,
    curve_at: HashMap<(usize, usize), usize>,
}

impl ScoreTableBuilder {
    /// The position of a run, which is added if its name is new.
    pub fn run(&mut self, run: ScoreRun) -> usize {
        if let Some(&at) = self.run_at.get(&run.name) {
            return at;
        }
        self.run_at.insert(run.name.clone(), self.table.runs.len());
        self.table.runs.push(run);
        self.table.runs.len() - 1
    }

    /// The position of a series, which is added if its name is new: larger is better unless its metric's name
    /// says otherwise ([`lower_is_better`]).
    pub fn series(&mut self, name: SeriesName) -> usize {
        if let Some(&at) = self.series_at.get(&name) {
            return at;
        }
        let metric = if name.metric == "value" { &name.benchmark } else { &name.metric };
        let series = ScoreSeries {
            higher_is_better: !lower_is_better(metric),
            unit: unit_by_name(metric),
            name: name.clone(),
            chance: None,
            n_items: None,
            curves: Vec::new(),
        };
        self.series_at.insert(name, self.table.series.len());
        self.table.series.push(series);
        self.table.series.len() - 1
    }

    /// The series at a position.
    pub fn series_mut(&mut self, series: usize) -> &mut ScoreSeries {
        &mut self.table.series[series]
    }

    /// Adds a score.
    pub fn push(&mut self, series: usize, run: usize, point: ScorePoint) {
        let curves = &mut self.table.series[series].curves;
        let at = *self.curve_at.entry((series, run)).or_insert_with(|| {
            curves.push(ScoreCurve { run, points: Vec::new() });
            curves.len() - 1
        });
        curves[at].points.push(point);
    }

    /// The table, every curve in the order of its steps. Points of one run at one step under the same name are
    /// averaged; the number of points that went into another is returned beside the table.
    pub fn finish(mut self) -> (ScoreTable, usize) {
        let mut n_folded = 0;
        for series in &mut self.table.series {
            for curve in &mut series.curves {
                curve.points.sort_by(|a, b| order(a).total_cmp(&order(b)));
                let before = curve.points.len();
                curve.points = fold(&curve.points);
                n_folded += before - curve.points.len();
            }
            if series.unit == ScoreUnit::Unknown && series.higher_is_better {
                series.unit = unit_by_values(series);
            }
        }
        (self.table, n_folded)
    }
}

fn order(point: &ScorePoint) -> f64 {
    point.step.unwrap_or(f64::INFINITY)
}

fn fold(points: &[ScorePoint]) -> Vec<ScorePoint> {
    points
        .chunk_by(|a, b| order(a) == order(b))
        .map(|same| {
            let value = same.iter().map(|p| p.value).sum::<f64>() / same.len() as f64;
            ScorePoint { value, ..same[0] }
        })
        .collect()
}

/// Whether the name of a metric says that smaller values are better: losses, perplexities, errors, bits per
/// byte.
pub fn lower_is_better(metric: &str) -> bool {
    let name = metric.to_ascii_lowercase();
    let word = |w: &str| name.split(|c: char| !c.is_alphanumeric()).any(|part| part == w);
    ["loss", "perplexity", "crossentropy", "bits_per_byte", "per_byte_corr", "brier", "likelihood_difference"]
        .iter()
        .any(|w| name.contains(w))
        || ["ppl", "bpb", "nll", "ce", "error", "wer", "cer", "ter", "mse", "mae", "rmse", "ece"]
            .into_iter()
            .any(word)
}

fn unit_by_name(metric: &str) -> ScoreUnit {
    let name = metric.to_ascii_lowercase();
    if name.contains("bpb") || name.contains("bits_per_byte") || name.contains("per_byte_corr") {
        ScoreUnit::BitsPerByte
    } else if name.contains("crossentropy") || name.contains("nats") || name.contains("ce_loss") {
        ScoreUnit::Nats
    } else {
        ScoreUnit::Unknown
    }
}

fn unit_by_values(series: &ScoreSeries) -> ScoreUnit {
    let values = || series.curves.iter().flat_map(|c| c.points.iter().map(|p| p.value));
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low < 0.0 || low > high {
        ScoreUnit::Unknown
    } else if high <= 1.0 {
        ScoreUnit::Proportion
    } else if high <= 100.0 && high > 1.5 {
        ScoreUnit::Percent
    } else {
        ScoreUnit::Unknown
    }
}

/// A number with an optional unit of thousands: `190M`, `1.3B`, `4T`, `1e9`.
pub fn magnitude(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(value) = text.parse::<f64>() {
        return Some(value);
    }
    let unit = match text.chars().last()?.to_ascii_uppercase() {
        'K' => 1e3,
        'M' => 1e6,
        'B' => 1e9,
        'T' => 1e12,
        _ => return None,
    };
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim().parse::<f64>().ok().map(|v| v * unit)
}

/// The size that a model's name says (`1.4b` of `pythia-1.4b-deduped`), and the name without it.
pub fn size_in_name(model: &str) -> (Option<String>, String) {
    let parts: Vec<&str> = model.split('-').collect();
    let is_size = |part: &str| {
        let ends = part.ends_with(['m', 'M', 'b', 'B']);
        ends && part.starts_with(|c: char| c.is_ascii_digit()) && magnitude(part).is_some()
    };
    let Some(at) = parts.iter().position(|p| is_size(p)) else { return (None, model.to_owned()) };
    let rest: Vec<&str> = parts.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, p)| *p).collect();
    (Some(parts[at].to_owned()), rest.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_direction_is_better() {
        for name in [
            "ce_loss",
            "ppl",
            "word_perplexity",
            "task_loss_bpb",
            "eval/c4/CrossEntropyLoss",
            "bits_per_byte",
        ] {
            assert!(lower_is_better(name), "{name}");
        }
        for name in
            ["acc", "acc_norm", "exact_match", "accuracy", "piqa_ppllike", "primary_score", "pass_at_1"]
        {
            assert!(!lower_is_better(name), "{name}");
        }
    }

    #[test]
    fn a_name_says_its_size() {
        assert_eq!(size_in_name("pythia-1.4b-deduped"), (Some("1.4b".into()), "pythia-deduped".into()));
        assert_eq!(size_in_name("190M-5xC"), (Some("190M".into()), "5xC".into()));
        assert_eq!(size_in_name("gpt-4o"), (None, "gpt-4o".into()));
        assert_eq!(magnitude("1.3B"), Some(1.3e9));
        assert_eq!(magnitude("é"), None);
    }

    #[test]
    fn curves_are_put_in_order_and_repeats_of_a_step_are_averaged() {
        let mut builder = ScoreTableBuilder::default();
        let run = ScoreRun { name: "a".into(), recipe: "a".into(), size: None, parameters: None, seed: None };
        let name =
            SeriesName { benchmark: "t".into(), subject: None, setting: String::new(), metric: "acc".into() };
        let (run, series) = (builder.run(run), builder.series(name));
        for (step, value) in [(Some(2.0), 0.5), (None, 0.9), (Some(1.0), 0.1), (Some(2.0), 0.7)] {
            builder.push(series, run, ScorePoint { step, compute_flops: None, value, item_se: None });
        }
        let (table, folded) = builder.finish();
        assert_eq!(folded, 1);
        assert_eq!(table.series[0].curves[0].values(), [0.1, 0.6, 0.9]);
        assert_eq!(table.series[0].unit, ScoreUnit::Proportion);
    }
}
