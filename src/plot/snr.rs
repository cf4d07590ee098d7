//! Where does signal stand against noise? Charts of signal and noise, training curves, decisions and averaging.

use super::canvas::{AxisSpec, Heading};
use super::curves::{CurvesData, Series, curves};
use super::scatter::{IsoLine, ScatterData, ScatterPoint, scatter};
use super::{Chart, PlotError};
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, quantile};
use crate::response::{ScoreSeries, ScoreTable};
use crate::snr::{SeriesDecision, SnrAnalysis, TaskSnr};
use std::collections::{BTreeMap, HashMap};

/// The setting with the most checkpoints, then the most tasks.
pub fn main_setting(analysis: &SnrAnalysis) -> Option<&str> {
    let mut settings: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for task in analysis.tasks.iter().filter(|t| t.scale == "all" && t.anova.is_ok()) {
        let entry = settings.entry(&task.name.setting).or_default();
        entry.0 += task.n_models * task.n_checkpoints;
        entry.1 += 1;
    }
    settings.into_iter().max_by_key(|(_, n)| *n).map(|(setting, _)| setting)
}

/// The tasks that charts show: one metric for each task, one setting, one unit, all sizes together.
pub fn focus(analysis: &SnrAnalysis) -> Vec<&TaskSnr> {
    let setting = main_setting(analysis);
    let whole = analysis.tasks.iter().filter(|t| t.scale == "all" && t.anova.is_ok());
    let mut units: HashMap<_, usize> = HashMap::new();
    let mut seen = std::collections::HashSet::new();
    let first: Vec<&TaskSnr> = whole
        .filter(|t| {
            Some(t.name.setting.as_str()) == setting && seen.insert((&t.name.benchmark, &t.name.subject))
        })
        .collect();
    first.iter().for_each(|t| *units.entry(t.unit).or_default() += 1);
    let unit = units.into_iter().max_by_key(|(u, n)| (*n, u.as_str())).map(|(u, _)| u);
    first.into_iter().filter(|t| Some(t.unit) == unit).collect()
}

/// The name of a task in a chart.
pub fn short_name(task: &TaskSnr) -> &str {
    task.name.subject.as_deref().unwrap_or(&task.name.benchmark)
}

fn of_what(tasks: &[&TaskSnr]) -> String {
    let models = tasks.iter().map(|t| t.n_models).max().unwrap_or(0);
    let setting = tasks.first().map(|t| t.name.setting.as_str()).filter(|s| !s.is_empty());
    let setting = setting.map_or(String::new(), |s| format!(", {s}"));
    format!("{} tasks, up to {models} models{setting}", tasks.len())
}

/// Signal against noise, with lines of equal ratio.
///
/// # Errors
/// When no task has both.
pub fn signal_noise(tasks: &[&TaskSnr], width: f64) -> Result<Chart, PlotError> {
    let both: Vec<(&TaskSnr, f64, f64)> = tasks
        .iter()
        .filter_map(|t| t.anova.as_ref().ok().map(|a| (*t, a.signal, a.noise)))
        .filter(|(_, s, n)| *s > 0.0 && *n > 0.0)
        .collect();
    let none = tasks.len() - both.len();
    let ends = |of: fn(&(&TaskSnr, f64, f64)) -> f64| {
        both.iter().map(of).fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v)))
    };
    let (x, y) = (ends(|p| p.2), ends(|p| p.1));
    let (low, high) = (x.0 / 1.5, x.1 * 1.5);
    let iso = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
        .into_iter()
        .filter(|r| r * high > y.0 / 1.5 && r * low < y.1 * 1.5)
        .map(|r| IsoLine { label: format!("ratio {r}"), points: vec![(low, r * low), (high, r * high)] })
        .collect();
    let unit = tasks.first().map_or("", |t| t.unit.as_str());
    let mut subtitle = of_what(tasks);
    if none > 0 {
        subtitle.push_str(&format!("; {none} without any signal are not drawn"));
    }
    let data = ScatterData {
        heading: Heading::new("Signal against noise", subtitle),
        x: AxisSpec::log(format!("noise: standard deviation of a model's last checkpoints ({unit})"))
            .with_domain(low, high),
        y: AxisSpec::log(format!("signal: standard deviation between models ({unit})"))
            .with_domain(y.0 / 1.5, y.1 * 1.5),
        points: both
            .iter()
            .map(|(t, s, n)| ScatterPoint {
                x: Estimate::bare(*n),
                y: Estimate::bare(*s),
                label: Some(short_name(t).to_owned()),
                group: 0,
            })
            .collect(),
        groups: Vec::new(),
        iso_lines: iso,
    };
    scatter(&data, width)
}

/// Training curves of a few runs of one task, with bands of the noise of single checkpoints.
///
/// # Errors
/// When no run has two checkpoints.
pub fn training_curves(
    table: &ScoreTable,
    series: &ScoreSeries,
    task: &TaskSnr,
    width: f64,
) -> Result<Chart, PlotError> {
    let mut shown: Vec<_> = series.curves.iter().filter(|c| c.points.len() > 1).collect();
    shown.sort_by(|a, b| {
        let key = |run: usize| table.runs[run].parameters.unwrap_or(0.0);
        key(a.run).total_cmp(&key(b.run)).then_with(|| table.runs[a.run].name.cmp(&table.runs[b.run].name))
    });
    let n = shown.len();
    let shown: Vec<_> = if n <= MOST_CURVES {
        shown
    } else {
        (0..MOST_CURVES).map(|k| shown[k * (n - 1) / (MOST_CURVES - 1)]).collect()
    };
    let steps = || shown.iter().flat_map(|c| c.points.iter().filter_map(|p| p.step));
    let last = steps().fold(0.0, f64::max);
    let first = steps().filter(|s| *s > 0.0).fold(f64::INFINITY, f64::min);
    let log = first.is_finite() && last / first > 300.0;
    let noise = task.noise.detrended.or(task.noise.step).unwrap_or(0.0);
    let lines = shown
        .iter()
        .map(|curve| {
            let points: Vec<(f64, f64)> = curve
                .points
                .iter()
                .map(|p| (p.step.unwrap_or(last), p.value))
                .filter(|(s, _)| !log || *s > 0.0)
                .collect();
            let band = points.iter().map(|(_, v)| (v - 1.96 * noise, v + 1.96 * noise)).collect();
            Series { name: table.runs[curve.run].name.clone(), points, band: Some(band), dashed: false }
        })
        .collect();
    let ratio = task.ratio.map_or("no ratio".to_owned(), |r| format!("ratio {:.1}", r.value));
    let data = CurvesData {
        heading: Heading::new(
            format!("Training curves: {}", short_name(task)),
            format!(
                "{} of {n} runs; bands: ±1.96 standard deviations of one checkpoint; {ratio}",
                shown.len()
            ),
        ),
        x: if log { AxisSpec::log("training step") } else { AxisSpec::linear("training step") },
        y: AxisSpec::linear(format!("{} ({})", task.name.metric, task.unit.as_str())),
        series: lines,
    };
    curves(&data, width)
}

/// Lines that a chart can tell apart.
const MOST_CURVES: usize = 5;

/// Decision accuracy against the share of the target's compute.
///
/// # Errors
/// When no decision is at two scales.
pub fn decision_accuracy(decisions: &[&SeriesDecision], width: f64) -> Result<Chart, PlotError> {
    let mut by_factor: BTreeMap<i64, Vec<(f64, f64)>> = BTreeMap::new();
    let mut by_task: BTreeMap<&str, Vec<&SeriesDecision>> = BTreeMap::new();
    for d in decisions {
        if let Some(factor) = d.factor.filter(|f| *f > 0.0) {
            let value = d.decision.accuracy.accuracy.value;
            by_factor.entry((factor.log10() * 8.0).round() as i64).or_default().push((1.0 / factor, value));
            by_task.entry(d.name.subject.as_deref().unwrap_or(&d.name.benchmark)).or_default().push(d);
        }
    }
    let mut middle = Series {
        name: "median of the tasks, middle half as band".into(),
        points: vec![],
        band: Some(vec![]),
        dashed: false,
    };
    for values in by_factor.values().rev() {
        let (x, y): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
        if let (Some(x), Some(m), Some(l), Some(h)) =
            (mean(&x), quantile(&y, 0.5), quantile(&y, 0.25), quantile(&y, 0.75))
        {
            middle.points.push((x, m));
            middle.band.get_or_insert_default().push((l, h));
        }
    }
    let score = |ds: &[&SeriesDecision]| {
        mean(&ds.iter().map(|d| d.decision.accuracy.accuracy.value).collect::<Vec<_>>())
    };
    let mut ranked: Vec<(&str, f64)> = by_task.iter().filter_map(|(t, ds)| Some((*t, score(ds)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut shown: Vec<&str> = ranked.iter().take(2).map(|r| r.0).collect();
    shown.extend(
        ranked.iter().rev().take(2).rev().map(|r| r.0).filter(|t| !shown.contains(t)).collect::<Vec<_>>(),
    );
    let mut series = if ranked.len() > 4 { vec![middle] } else { Vec::new() };
    for task in shown {
        let mut points: Vec<(f64, f64)> = by_task[task]
            .iter()
            .filter_map(|d| Some((1.0 / d.factor?, d.decision.accuracy.accuracy.value)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        series.push(Series { name: task.to_owned(), points, band: None, dashed: false });
    }
    let sizes = decisions.iter().any(|d| d.kind == crate::snr::scales::ScaleKind::Size);
    let data = CurvesData {
        heading: Heading::new(
            "How often a smaller scale decides as the larger one",
            "share of pairs of models in the same order, ties half; a coin scores 0.5; best two and worst two tasks",
        ),
        x: AxisSpec::log(if sizes {
            "parameters, as a share of the target's"
        } else {
            "training done, as a share of the whole"
        }),
        y: AxisSpec::linear("decision accuracy"),
        series,
    };
    curves(&data, width)
}

/// Gain in decision accuracy by averaging the last checkpoints: mean over tasks, and their middle half.
///
/// # Errors
/// When nothing was averaged.
pub fn averaging(analysis: &SnrAnalysis, width: f64) -> Result<Chart, PlotError> {
    let mut by_count: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (_, i) in analysis.interventions.iter().filter(|(_, i)| i.kind == "average") {
        let count = i.change.split_whitespace().find_map(|w| w.parse().ok()).unwrap_or(0);
        by_count.entry(count).or_default().push(100.0 * i.gain.value);
    }
    let tasks = by_count.values().map(Vec::len).max().unwrap_or(0);
    let mut series =
        Series { name: "mean".into(), points: vec![(1.0, 0.0)], band: Some(vec![(0.0, 0.0)]), dashed: false };
    for (count, gains) in &by_count {
        if let (Some(m), Some(l), Some(h)) = (mean(gains), quantile(gains, 0.25), quantile(gains, 0.75)) {
            series.points.push((f64::from(*count), m));
            series.band.get_or_insert_default().push((l, h));
        }
    }
    if by_count.is_empty() {
        return Err(PlotError::Empty { chart: "averaging", what: "no checkpoints to average" });
    }
    let data = CurvesData {
        heading: Heading::new(
            "What averaging the last checkpoints gains",
            format!(
                "decision accuracy at the small scale; mean of {tasks} tasks and metrics, their middle half as band"
            ),
        ),
        x: AxisSpec::counts("checkpoints averaged"),
        y: AxisSpec::linear("gain in decision accuracy (points of 100)"),
        series: vec![series],
    };
    curves(&data, width)
}
