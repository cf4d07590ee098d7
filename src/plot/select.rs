//! What does choosing subtasks gain, and which of them measure the same? The curve and the heat map.

use super::canvas::{AxisSpec, Canvas, Heading, Key, LABEL, MARGIN};
use super::curves::{CurvesData, Series, curves};
use super::font::{self, MIDDLE_TO_BASELINE};
use super::ink::Ink;
use super::labels::shorten;
use super::scene::{Anchor, Mark, Raster};
use super::{Chart, PlotError};
use crate::select::{CrossFit, Method, Objective, Redundancy};
use std::sync::Arc;

/// The objective along the number of kept subtasks: on the same models, on others, and for random orders.
///
/// # Errors
/// When the objective could not be computed.
pub fn selection_curve(
    benchmark: &str,
    fit: &CrossFit,
    method: Method,
    objective: Objective,
    width: f64,
) -> Result<Chart, PlotError> {
    type Of = fn(&crate::select::CurvePoint) -> Option<f64>;
    type Range = fn(&crate::select::CurvePoint) -> Option<(f64, f64)>;
    let line = |name: &str, of: Of, range: Option<Range>, dashed| {
        let known: Vec<_> = fit.curve.iter().filter_map(|p| Some((p, of(p)?))).collect();
        let band = range.and_then(|r| known.iter().map(|(p, _)| r(p)).collect::<Option<Vec<_>>>());
        let points = known.iter().map(|(p, v)| (p.kept as f64, *v)).collect();
        Series { name: name.to_owned(), points, band, dashed }
    };
    let what = match objective {
        Objective::Ratio => "signal over noise",
        Objective::Pairs => "share of pairs told apart, p < .01",
        Objective::Accuracy => "share of pairs in the order of the whole benchmark",
    };
    let data = CurvesData {
        heading: Heading::new(
            "What choosing subtasks gains",
            format!(
                "{benchmark}: {} order; {} trials on models that the order was not chosen on",
                method.as_str(),
                fit.tried.map_or(0, |t| t.n_trials)
            ),
        ),
        x: AxisSpec::counts("subtasks kept"),
        y: AxisSpec::linear(what),
        series: vec![
            line(
                "other models (mean; middle 95 % of trials as band)",
                |p| p.cross_fitted,
                Some(|p| p.cross_fitted_range),
                false,
            ),
            line(
                "random order on the same models (middle 95 % as band)",
                |p| p.random,
                Some(|p| p.random_range),
                true,
            ),
            line("the models chosen on, all of them", |p| p.in_sample, None, true),
        ],
    };
    curves(&data, width)
}

/// Shades from no correlation to a full one.
const SHADES: usize = 32;

/// Corrected correlations of subtasks in the order of their dendrogram.
///
/// # Errors
/// When there is no subtask.
pub fn redundancy_map(
    benchmark: &str,
    names: &[String],
    found: &Redundancy,
    width: f64,
) -> Result<Chart, PlotError> {
    let n = names.len();
    if n == 0 {
        return Err(PlotError::Empty { chart: "redundancy_map", what: "no subtasks" });
    }
    let clusters = found.cluster.iter().max().copied().unwrap_or(0);
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let heading = Heading::new(
        "Which subtasks rank the models alike",
        format!(
            "{benchmark}: correlation of scores over models, corrected for unreliability; {clusters} cluster{}; {} \
             dimension{} by parallel analysis",
            plural(clusters),
            found.n_dimensions,
            plural(found.n_dimensions)
        ),
    );
    let mut canvas = Canvas::new("redundancy_map", &heading, width)?;
    let low = found.corrected.iter().flatten().copied().fold(1.0f64, f64::min).min(0.9);
    let lowest = format!("{low:.2}");
    canvas.legend(&[(Key::Box(Ink::Wrong, 1.0), lowest.as_str()), (Key::Box(Ink::Right, 1.0), "1")]);
    canvas.y += 6.0;
    let names_room = names.iter().map(|t| font::width(t, LABEL)).fold(0.0, f64::max).min(width * 0.36);
    let room = width - 2.0 * MARGIN - names_room - 10.0;
    let cell = (room / n as f64).clamp(2.0, 26.0).floor();
    let named = cell >= LABEL + 0.5;
    let (left, top, side) = (MARGIN + names_room + 8.0, canvas.y, cell * n as f64);
    let shade = |r: f64| (((r - low) / (1.0 - low)).clamp(0.0, 1.0) * (SHADES - 1) as f64).round() as u8;
    let cells = found.order.iter().flat_map(|a| found.order.iter().map(move |b| (a, b)));
    let (wrong, right) = (Ink::Wrong.light(), Ink::Right.light());
    let mix = |a: u8, b: u8, t: f64| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    let raster = Raster {
        width: n,
        height: n,
        palette: (0..SHADES)
            .map(|k| k as f64 / (SHADES - 1) as f64)
            .map(|t| (mix(wrong.0, right.0, t), mix(wrong.1, right.1, t), mix(wrong.2, right.2, t)))
            .collect(),
        cells: cells.map(|(a, b)| shade(found.corrected[*a][*b])).collect(),
    };
    canvas.scene.marks.push(Mark::Image { area: (left, top, side, side), raster: Arc::new(raster) });
    // Names as far as rows have room for them: every row, or every so many.
    let every = if named { 1 } else { (LABEL * 1.15 / cell).ceil() as usize };
    for (row, k) in found.order.iter().enumerate().step_by(every) {
        let y = top + (row as f64 + 0.5) * cell + LABEL * MIDDLE_TO_BASELINE;
        canvas.scene.text(
            (left - 6.0, y),
            shorten(&names[*k], LABEL, names_room),
            LABEL,
            Anchor::End,
            Ink::Text,
        );
    }
    // A line between clusters, thinner than the cells that it separates.
    let thickness = (cell * 0.12).min(1.5);
    for at in 1..n {
        if found.cluster[found.order[at]] != found.cluster[found.order[at - 1]] {
            let along = at as f64 * cell;
            canvas.scene.line(vec![(left + along, top), (left + along, top + side)], Ink::Surface, thickness);
            canvas.scene.line(vec![(left, top + along), (left + side, top + along)], Ink::Surface, thickness);
        }
    }
    canvas.y = top + side + 4.0;
    canvas.note("White lines separate clusters; columns are in the order of the rows.");
    if every > 1 {
        canvas.note(&format!("One subtask in {every} is named; redundancy.csv has all."));
    }
    Ok(Chart::new(canvas.finish()))
}
