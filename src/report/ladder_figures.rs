//! What does a ladder look like? The two steps with their bands, errors by distance, predicted against actual.

use super::section::Figure;
use crate::ladder::figures::{Band, StepFigures, error_by_distance, step_figures};
use crate::ladder::{AccuracyCurve, DirectLaw, Form, LadderReport, LossLaw};
use crate::numeric::{Estimate, Interval};
use crate::plot::canvas::AxisSpec;
use crate::plot::{
    CurvesData, FitMark, FitPanel, FitPanelsData, Heading, IsoLine, PlotError, ScatterData, ScatterPoint,
    Series, curves, fit_panels, scatter,
};

/// Orders of magnitude of compute that errors are averaged over.
const DISTANCE_WIDTH: f64 = 0.25;
/// Fewest predictions behind a point of the errors by distance.
const LEAST_PREDICTIONS: usize = 4;

/// Every figure of a ladder: the steps of each task, then what all tasks say together.
///
/// # Errors
/// As the charts.
pub fn figures(report: &LadderReport, subtitle: &str) -> Result<Vec<Figure>, PlotError> {
    let mut all = Vec::new();
    for task in &report.tasks {
        all.push(steps(&step_figures(task, report.options.level), report.options.level, subtitle)?);
    }
    if report.tasks.iter().any(|t| !t.targets.is_empty()) || !report.combined.is_empty() {
        all.push(predicted_actual(report, subtitle)?);
    }
    if let Some(figure) = errors(report, subtitle)? {
        all.push(figure);
    }
    Ok(all)
}

const RUNG: usize = 0;
const PREDICTED: usize = 1;
const SCORED: usize = 2;

fn steps(data: &StepFigures, level: f64, subtitle: &str) -> Result<Figure, PlotError> {
    let mark = |at, group, hint: &str| FitMark { at, interval: None, group, hint: Some(hint.to_owned()) };
    let compute = || AxisSpec::log("training compute, FLOPs");
    let mut panels = Vec::new();
    if let Some(band) = &data.step_one {
        let rungs = data.rungs.iter().filter_map(|(c, l, _)| l.map(|l| mark((*c, l), RUNG, "rung")));
        let scored = data.targets.iter().filter_map(|(n, c, l, _)| l.map(|l| mark((*c, l), SCORED, n)));
        panels.push(FitPanel {
            x: compute(),
            y: AxisSpec::linear("Step 1: loss on the task"),
            faint: Vec::new(),
            curve: Some(series(band, 1.0)),
            marks: rungs.chain(scored).collect(),
        });
    }
    if let Some(band) = &data.step_two {
        let rungs = data.rungs.iter().filter_map(|(_, l, a)| l.map(|l| mark((l, 100.0 * a), RUNG, "rung")));
        let scored =
            data.targets.iter().filter_map(|(n, _, l, a)| Some(mark(((*l)?, 100.0 * (*a)?), SCORED, n)));
        panels.push(FitPanel {
            x: AxisSpec::linear("loss on the task"),
            y: AxisSpec::linear("Step 2: accuracy, %"),
            faint: data.path.iter().map(|(l, a)| (*l, 100.0 * a)).collect(),
            curve: Some(series(band, 100.0)),
            marks: rungs.chain(scored).collect(),
        });
    }
    let rungs = data.rungs.iter().map(|(c, _, a)| mark((*c, 100.0 * a), RUNG, "rung"));
    let predicted = data.selected.iter().map(|&(c, value, low, high)| FitMark {
        at: (c, 100.0 * value),
        interval: low.zip(high).map(|(l, h)| (100.0 * l, 100.0 * h)),
        group: PREDICTED,
        hint: Some("predicted".to_owned()),
    });
    let scored = data.targets.iter().filter_map(|(n, c, _, a)| a.map(|a| mark((*c, 100.0 * a), SCORED, n)));
    panels.push(FitPanel {
        x: compute(),
        y: AxisSpec::linear("All forms combined: accuracy, %"),
        faint: Vec::new(),
        curve: data.combined.as_ref().map(|band| series(band, 100.0)),
        marks: rungs.chain(predicted).chain(scored).collect(),
    });
    let percent = format!("{:.0} %", 100.0 * level);
    let chart = FitPanelsData {
        heading: Heading::new(format!("From small runs to large: {}", data.task), subtitle),
        panels,
        groups: vec![
            "rungs".to_owned(),
            format!("target, predicted with {percent} interval"),
            "target, scored (never used)".to_owned(),
        ],
        curve: format!("fit; grey: {percent} of refits to resampled runs"),
        faint: "checkpoints, smoothed".to_owned(),
    };
    let caption = "The curves of the first two panels are one pair of forms of many; the prediction averages all forms, \
                   weighted by their back-tested errors. The grey band is what resampled runs would change; the \
                   interval of the prediction is wider where back-tests were further off than that.";
    let name = format!("ladder-steps-{}", super::words::file_stem(&data.task));
    Figure::draw(name, caption, |w| fit_panels(&chart, w))
}

fn series(band: &Band, unit: f64) -> Series {
    Series {
        name: String::new(),
        points: band.x.iter().zip(&band.y).map(|(x, y)| (*x, unit * y)).collect(),
        band: Some(band.low.iter().zip(&band.high).map(|(l, h)| (unit * l, unit * h)).collect()),
        dashed: false,
    }
}

fn predicted_actual(report: &LadderReport, subtitle: &str) -> Result<Figure, PlotError> {
    let level = report.options.level;
    let point = |actual: f64, predicted: f64, ends: Option<(f64, f64)>, label: Option<String>, group| {
        let y = match ends {
            Some((low, high)) => Estimate::with_interval(
                100.0 * predicted,
                None,
                Interval::new(100.0 * low, 100.0 * high, level),
            ),
            None => Estimate::bare(100.0 * predicted),
        };
        ScatterPoint { x: Estimate::bare(100.0 * actual), y, label, group }
    };
    // Targets are drawn last, over the many back-tests.
    let mut points: Vec<ScatterPoint> =
        report.combined.iter().map(|r| point(r.actual, r.predicted, None, None, 0)).collect();
    let many = report.tasks.len() > 1;
    for task in &report.tasks {
        let mut named: Vec<[u64; 3]> = Vec::new();
        for target in &task.targets {
            let (Some(actual), Some(selected)) = (target.actual, target.selected()) else { continue };
            let ends = selected.interval.map(|i| (i.low, i.high));
            let name =
                if many { format!("{} {}", task.task.task, target.target) } else { target.target.clone() };
            // Seeds of one configuration are predicted alike: one name is enough.
            let at = [target.at.parameters, target.at.tokens, target.at.compute_flops].map(f64::to_bits);
            let label = (!named.contains(&at)).then_some(name);
            named.push(at);
            points.push(point(actual, selected.predicted, ends, label, 1));
        }
    }
    let values = || points.iter().flat_map(|p| [p.x.value, p.y.value, p.y.low().unwrap_or(p.y.value)]);
    let (low, high) = values().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let data = ScatterData {
        heading: Heading::new("Predicted against actual", subtitle),
        x: AxisSpec::linear("actual accuracy, %"),
        y: AxisSpec::linear("predicted accuracy, %"),
        points,
        groups: vec!["larger rungs from smaller ones".to_owned(), "targets, with interval".to_owned()],
        iso_lines: vec![IsoLine { label: "exact".to_owned(), points: vec![(low, low), (high, high)] }],
    };
    let caption = "On the dashed line a prediction is exact. Blue points are back-tests: each rung predicted from \
                   rungs with less compute, with weights that were known at the time.";
    Figure::draw("ladder-predicted-actual", caption, |w| scatter(&data, w))
}

fn errors(report: &LadderReport, subtitle: &str) -> Result<Option<Figure>, PlotError> {
    let shown = [
        (Form::Combined, "all forms combined", false),
        (
            Form::Chained(LossLaw::ParametersTokens, AccuracyCurve::AnchoredSigmoid),
            "chain over N and D",
            false,
        ),
        (Form::Chained(LossLaw::Compute, AccuracyCurve::AnchoredSigmoid), "chain over compute", false),
        (Form::Direct(DirectLaw::LinearCompute), "linear in log compute", true),
        (Form::LastRung, "last rung", true),
    ];
    let by_distance = error_by_distance(report, DISTANCE_WIDTH);
    let series: Vec<Series> = shown
        .into_iter()
        .map(|(form, name, dashed)| {
            let name_of_form = form.name();
            let points = by_distance
                .iter()
                .filter(|e| e.form == name_of_form && e.n >= LEAST_PREDICTIONS)
                .map(|e| (e.distance_oom, 100.0 * e.mean_absolute_error))
                .collect();
            Series { name: name.to_owned(), points, band: None, dashed }
        })
        .filter(|s| s.points.len() > 1)
        .collect();
    if series.is_empty() {
        return Ok(None);
    }
    let highest = series.iter().flat_map(|s| &s.points).map(|p| p.1).fold(0.0, f64::max);
    let data = CurvesData {
        heading: Heading::new("How errors grow with the distance", subtitle),
        x: AxisSpec::linear("orders of magnitude of compute beyond the largest rung known"),
        y: AxisSpec::linear("mean absolute error, points of accuracy")
            .with_domain(0.0, 1.05 * highest.min(40.0)),
        series,
    };
    let caption = "Back-tests within the ladder: laws are fitted to the rungs with the least compute and predict all \
                   others. A form that is not better than the last rung has learnt nothing.";
    Ok(Some(Figure::draw("ladder-error-by-distance", caption, |w| curves(&data, w))?))
}
