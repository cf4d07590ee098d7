//! What is there to draw? Points, curves and bands of a ladder, ready for a chart.

use super::curve::AccuracyCurve;
use super::form::Form;
use super::law::Conditions;
use super::loss::LossLaw;
use super::result::{LadderReport, TaskReport};
use crate::numeric::describe::{mean, quantile};
use serde::Serialize;

/// A curve with a band of bootstrap refits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// Abscissae.
    pub x: Vec<f64>,
    /// The fit.
    pub y: Vec<f64>,
    /// Lower end of the band.
    pub low: Vec<f64>,
    /// Upper end of the band.
    pub high: Vec<f64>,
}

/// Step 1 on compute, step 2 on loss, and the accuracy over compute, of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepFigures {
    /// The task.
    pub task: String,
    /// Rungs: compute, loss, accuracy.
    pub rungs: Vec<(f64, Option<f64>, f64)>,
    /// Targets: name, compute, loss and accuracy where known.
    pub targets: Vec<(String, f64, Option<f64>, Option<f64>)>,
    /// Checkpoints: loss, accuracy.
    pub path: Vec<(f64, f64)>,
    /// Loss over compute.
    pub step_one: Option<Band>,
    /// Accuracy over loss.
    pub step_two: Option<Band>,
    /// The combined prediction over compute, for a model trained on the tokens that the largest target has for
    /// its size, or the largest rung where there is no target.
    pub combined: Option<Band>,
    /// The selected predictions: compute, value, low, high.
    pub selected: Vec<(f64, f64, Option<f64>, Option<f64>)>,
}

fn band(
    x: Vec<f64>,
    of: impl Fn(f64) -> Option<f64>,
    refits: &[Box<dyn Fn(f64) -> Option<f64> + '_>],
    level: f64,
) -> Option<Band> {
    let y: Vec<f64> = x.iter().map(|&v| of(v)).collect::<Option<_>>()?;
    let tail = (1.0 - level) / 2.0;
    let ends: Vec<(f64, f64)> = x
        .iter()
        .zip(&y)
        .map(|(&v, &centre)| {
            let drawn: Vec<f64> = refits.iter().filter_map(|f| f(v)).collect();
            let end = |p| quantile(&drawn, p).unwrap_or(centre);
            (end(tail), end(1.0 - tail))
        })
        .collect();
    let (low, high) = ends.into_iter().unzip();
    Some(Band { x, y, low, high })
}

fn spaced(low: f64, high: f64, n: usize, logarithmic: bool) -> Vec<f64> {
    (0..n)
        .map(|i| {
            let t = i as f64 / (n - 1) as f64;
            if logarithmic { low * (high / low).powf(t) } else { low + t * (high - low) }
        })
        .collect()
}

/// The figures of the two steps of one task.
pub fn step_figures(task: &TaskReport, level: f64) -> StepFigures {
    let rungs = &task.task.rungs;
    let furthest = task.targets.iter().max_by(|a, b| a.at.compute_flops.total_cmp(&b.at.compute_flops));
    let anchor = furthest.map(|t| t.at).or(rungs.last().map(|r| r.at));
    let smallest = rungs.first().map_or(1.0, |r| r.at.compute_flops);
    let largest = anchor.map_or(smallest, |a| a.compute_flops);
    // Along the way parameters and tokens grow together to the anchor's.
    let along = |c: f64| {
        anchor.zip(rungs.first()).map(|(end, start)| {
            let t = (c / smallest).ln() / (largest / smallest).ln().max(1e-9);
            let grow = |a: f64, b: f64| a * (b / a).powf(t);
            Conditions {
                parameters: grow(start.at.parameters, end.parameters),
                tokens: grow(start.at.tokens, end.tokens),
                compute_flops: c,
            }
        })
    };
    let x = spaced(smallest, largest * 1.5, 60, true);
    let refits = &task.replicates.fits;
    let loss_refits: Vec<Box<dyn Fn(f64) -> Option<f64>>> = refits
        .iter()
        .map(|f| {
            Box::new(move |c: f64| f.loss(LossLaw::Compute).zip(along(c)).map(|(l, at)| l.predict(&at)))
                as Box<_>
        })
        .collect();
    let step_one = band(
        x.clone(),
        |c| task.fits.loss(LossLaw::Compute).zip(along(c)).map(|(l, at)| l.predict(&at)),
        &loss_refits,
        level,
    );
    let path: Vec<(f64, f64)> = rungs.iter().flat_map(|r| r.path.iter().copied()).collect();
    let known = path.iter().map(|p| p.0).chain(task.targets.iter().filter_map(|t| t.actual_loss));
    let (low, high) = known.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let curve = AccuracyCurve::AnchoredSigmoid;
    let curve_refits: Vec<Box<dyn Fn(f64) -> Option<f64>>> = refits
        .iter()
        .map(|f| Box::new(move |l: f64| f.curve(curve).map(|c| c.predict(l))) as Box<_>)
        .collect();
    let step_two = (low < high)
        .then(|| {
            band(
                spaced(0.9 * low, high, 60, false),
                |l| task.fits.curve(curve).map(|c| c.predict(l)),
                &curve_refits,
                level,
            )
        })
        .flatten();
    let forms = Form::all();
    let combined_of = |fits: &super::form::FormFits, c: f64| {
        let at = along(c)?;
        let predicted: Vec<Option<f64>> = forms.iter().map(|&f| fits.predict(f, &at)).collect();
        super::combine::combine(&predicted, &task.weights).map(|v| v.0)
    };
    let combined_refits: Vec<Box<dyn Fn(f64) -> Option<f64>>> =
        refits.iter().map(|f| Box::new(move |c: f64| combined_of(f, c)) as Box<_>).collect();
    let combined = band(x, |c| combined_of(&task.fits, c), &combined_refits, level);
    StepFigures {
        task: task.task.task.clone(),
        rungs: rungs.iter().map(|r| (r.at.compute_flops, r.loss, r.accuracy)).collect(),
        targets: task
            .targets
            .iter()
            .map(|t| (t.target.clone(), t.at.compute_flops, t.actual_loss, t.actual))
            .collect(),
        path,
        step_one,
        step_two,
        combined,
        selected: task
            .targets
            .iter()
            .filter_map(|t| {
                t.selected().map(|s| {
                    (t.at.compute_flops, s.predicted, s.interval.map(|i| i.low), s.interval.map(|i| i.high))
                })
            })
            .collect(),
    }
}

/// Mean absolute error of one form in one range of distances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DistanceError {
    /// The form.
    pub form: String,
    /// Middle of the range, orders of magnitude of compute.
    pub distance_oom: f64,
    /// Mean absolute error, accuracy.
    pub mean_absolute_error: f64,
    /// Predictions in the range.
    pub n: usize,
}

/// Error against distance in steps of `width` orders of magnitude, for every form and the combination.
pub fn error_by_distance(report: &LadderReport, width: f64) -> Vec<DistanceError> {
    let forms = Form::all();
    let mut series: Vec<(String, Vec<(f64, f64)>)> = forms
        .iter()
        .enumerate()
        .map(|(f, form)| {
            let errors = report
                .backtest
                .iter()
                .filter_map(|r| r.predicted[f].map(|p| (r.distance_oom, (p - r.actual).abs())))
                .collect();
            (form.name(), errors)
        })
        .collect();
    let combined = report.combined.iter().map(|r| (r.distance_oom, (r.predicted - r.actual).abs())).collect();
    series.push((Form::Combined.name(), combined));
    let mut out = Vec::new();
    for (form, errors) in series {
        let furthest = errors.iter().map(|e| e.0).fold(0.0, f64::max);
        let mut from = 0.0;
        while from <= furthest && width > 0.0 {
            let here: Vec<f64> =
                errors.iter().filter(|e| e.0 > from && e.0 <= from + width).map(|e| e.1).collect();
            if let Some(error) = mean(&here) {
                out.push(DistanceError {
                    form: form.clone(),
                    distance_oom: from + 0.5 * width,
                    mean_absolute_error: error,
                    n: here.len(),
                });
            }
            from += width;
        }
    }
    out
}
