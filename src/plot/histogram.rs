//! How are values spread? A histogram with bins of a round width.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::Ink;
use super::scale::{Scale, grouped, shortest};
use super::{Chart, PlotError};

/// Values of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What is counted along the axis, with its unit.
    pub value_title: String,
    /// What is counted.
    pub count_title: String,
    /// The values.
    pub values: Vec<f64>,
    /// First and last value of the axis.
    pub domain: (f64, f64),
    /// Number of bins.
    pub bins: usize,
    /// A vertical line with what it means.
    pub reference: Option<(f64, String)>,
}

/// Bars of equal width; the last bin includes its upper end.
///
/// # Errors
/// When there is no value, or one that is not finite or outside the domain.
pub fn histogram(data: &HistogramData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "histogram";
    if data.values.is_empty() || data.bins == 0 {
        return Err(PlotError::Empty { chart: CHART, what: "no values" });
    }
    let (low, high) = data.domain;
    let step = (high - low) / data.bins as f64;
    let mut counts = vec![0usize; data.bins];
    for &value in &data.values {
        if !(low..=high).contains(&value) {
            return Err(PlotError::NotFinite { chart: CHART, what: data.value_title.clone(), value });
        }
        // Shares like 0.15 are not exact: a hair above the edge belongs into the bin that starts there.
        let bin = ((value - low) / step + 1e-9).floor() as usize;
        counts[bin.min(data.bins - 1)] += 1;
    }
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    if let Some((_, meaning)) = &data.reference {
        canvas.legend(&[(Key::Dashed(Ink::Alarm), meaning)]);
        canvas.y += 4.0;
    }
    let most = counts.iter().max().copied().unwrap_or(0) as f64;
    let height = if width >= WIDE * 0.6 { 220.0 } else { 180.0 };
    let panel = Panel::draw(
        &mut canvas,
        height,
        (&AxisSpec::linear(&data.value_title), data.domain),
        (&AxisSpec::counts(&data.count_title), (0.0, most * 1.05)),
    );
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (from, to) = (low + bin as f64 * step, low + (bin + 1) as f64 * step);
        let (left, right, top) = (panel.x.at(from), panel.x.at(to), panel.y.at(count as f64));
        let hint = format!("{} to {}: {}", shortest(from), shortest(to), grouped(count as f64, 0));
        canvas.scene.marks.push(super::scene::Mark::Rect {
            area: (left + 0.5, top, (right - left - 1.0).max(0.5), panel.frame.bottom - top),
            ink: Ink::Blue,
            opacity: 1.0,
            hint: Some(hint),
        });
    }
    if let Some((value, _)) = &data.reference {
        vertical_reference(&mut canvas, &panel.x, *value, panel.frame.top, panel.frame.bottom);
    }
    Ok(Chart::new(canvas.finish()))
}

fn vertical_reference(canvas: &mut Canvas, scale: &Scale, value: f64, top: f64, bottom: f64) {
    if (scale.domain.0..=scale.domain.1).contains(&value) {
        let x = scale.at(value);
        canvas.scene.dashed(vec![(x, top), (x, bottom)], Ink::Alarm, 1.5);
    }
}
