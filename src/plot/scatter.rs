//! How do two quantities go together? Points with intervals, names and lines of equal value.

use super::canvas::{AxisSpec, Canvas, Heading, Key, LABEL, Panel, WIDE};
use super::font;
use super::ink::{Ink, SERIES};
use super::labels::{Frame, place, shorten, text_frame};
use super::scene::{Anchor, Mark, Place};
use super::{Chart, PlotError, clip};
use crate::numeric::Estimate;

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPoint {
    /// Along the horizontal axis.
    pub x: Estimate,
    /// Along the vertical axis.
    pub y: Estimate,
    /// Its name, if it is to be written beside it.
    pub label: Option<String>,
    /// Its group, as a position in [`ScatterData::groups`].
    pub group: usize,
}

/// A line along which some quantity is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoLine {
    /// The value, written at its end.
    pub label: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// Points over one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterData {
    /// Title and subtitle.
    pub heading: Heading,
    /// The horizontal axis.
    pub x: AxisSpec,
    /// The vertical axis.
    pub y: AxisSpec,
    /// The points; names of the first ones are placed first.
    pub points: Vec<ScatterPoint>,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Lines behind the points.
    pub iso_lines: Vec<IsoLine>,
}

/// Points with their intervals. Names that find no free place are left out and counted in a note.
///
/// # Errors
/// When there is no point, a value that is not finite, or one not positive on a logarithmic axis.
pub fn scatter(data: &ScatterData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "scatter";
    let ends = |of: fn(&ScatterPoint) -> &Estimate| {
        data.points
            .iter()
            .map(of)
            .flat_map(|e| [e.value, e.low().unwrap_or(e.value), e.high().unwrap_or(e.value)])
    };
    let x_domain = data.x.domain_of(CHART, ends(|p| &p.x))?;
    let y_domain = data.y.domain_of(CHART, ends(|p| &p.y))?;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let ink_of = |group: usize| SERIES[group % SERIES.len()];
    if data.groups.len() > 1 {
        let keys: Vec<(Key, &str)> =
            data.groups.iter().enumerate().map(|(k, g)| (Key::Dot(ink_of(k)), g.as_str())).collect();
        canvas.legend(&keys);
        canvas.y += 4.0;
    }
    let height = if width >= WIDE * 0.6 { 400.0 } else { 300.0 };
    let panel = Panel::draw(&mut canvas, height, (&data.x, x_domain), (&data.y, y_domain));
    let frame = panel.frame;
    let mut obstacles = draw_iso_lines(&mut canvas, data, &panel);
    for point in &data.points {
        let ink = ink_of(point.group);
        let (x, y) = (panel.x.clamped(point.x.value), panel.y.clamped(point.y.value));
        if let Some(i) = point.x.interval {
            let (low, high) = (panel.x.clamped(i.low), panel.x.clamped(i.high));
            canvas.scene.line(vec![(low, y), (high, y)], ink, 1.2);
            obstacles.push(Frame { left: low, top: y - 1.0, right: high, bottom: y + 1.0 });
        }
        if let Some(i) = point.y.interval {
            let (low, high) = (panel.y.clamped(i.low), panel.y.clamped(i.high));
            canvas.scene.line(vec![(x, low), (x, high)], ink, 1.2);
            obstacles.push(Frame { left: x - 1.0, top: high, right: x + 1.0, bottom: low });
        }
    }
    let places: Vec<Place> =
        data.points.iter().map(|p| (panel.x.clamped(p.x.value), panel.y.clamped(p.y.value))).collect();
    for (point, at) in data.points.iter().zip(&places) {
        let hint = point.label.as_ref().map(|l| format!("{l}: {:.4}, {:.4}", point.x.value, point.y.value));
        canvas.scene.dot(*at, 3.5, ink_of(point.group), hint);
    }
    let room = frame.width() * 0.4;
    let labels: Vec<(usize, String)> = data
        .points
        .iter()
        .enumerate()
        .filter_map(|(k, p)| Some((k, shorten(p.label.as_ref()?, LABEL, room))))
        .collect();
    let placed = place(&places, &labels, LABEL, frame, &obstacles);
    for label in &placed {
        if let Some((from, to)) = label.leader {
            canvas.scene.line(vec![from, to], Ink::Axis, 0.8);
        }
        canvas.scene.text(label.at, labels[label.index].1.clone(), LABEL, label.anchor, Ink::Text);
    }
    if placed.len() < labels.len() {
        canvas.note(&format!("{} names did not fit and are left out.", labels.len() - placed.len()));
    }
    Ok(Chart::new(canvas.finish()))
}

/// Draws lines with their values where they leave the panel, kept apart from one another; returns the frames of
/// the values.
fn draw_iso_lines(canvas: &mut Canvas, data: &ScatterData, panel: &Panel) -> Vec<Frame> {
    let mut taken: Vec<Frame> = Vec::new();
    for iso in &data.iso_lines {
        let places: Vec<Place> = iso
            .points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|(x, y)| (panel.x.at(*x), panel.y.at(*y)))
            .collect();
        let pieces = clip::line(&places, panel.frame);
        let end = pieces.last().and_then(|p| p.last()).copied();
        for points in pieces {
            canvas.scene.marks.push(Mark::Line {
                points,
                ink: Ink::Axis,
                width: 1.0,
                dash: Some((4.0, 3.0)),
            });
        }
        let Some(end) = end else { continue };
        let width = font::width(&iso.label, LABEL);
        let at = (
            (end.0 - 4.0).clamp(panel.frame.left + width + 2.0, panel.frame.right - 2.0),
            (end.1 - 4.0).clamp(panel.frame.top + LABEL, panel.frame.bottom - 4.0),
        );
        let frame = text_frame(at, &iso.label, LABEL, Anchor::End);
        if !taken.iter().any(|t| t.overlaps(&frame)) {
            canvas.scene.text(at, iso.label.clone(), LABEL, Anchor::End, Ink::Muted);
            taken.push(frame);
        }
    }
    taken
}
