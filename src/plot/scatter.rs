//! How do two quantities go together? Points with intervals, names and lines of equal value.

use super::canvas::{AxisSpec, Canvas, Heading, Key, LABEL, Panel, WIDE};
use super::font;
use super::ink::{Ink, SERIES};
use super::labels::{Frame, place, shorten, text_frame};
use super::scene::{Anchor, Place};
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
    let places: Vec<Place> =
        data.points.iter().map(|p| (panel.x.clamped(p.x.value), panel.y.clamped(p.y.value))).collect();
    let mut obstacles: Vec<Frame> = places.iter().map(|p| around(*p, 4.0)).collect();
    for (point, at) in data.points.iter().zip(&places) {
        obstacles.extend(point.x.interval.map(|i| Frame {
            left: panel.x.clamped(i.low),
            right: panel.x.clamped(i.high),
            ..around(*at, 1.0)
        }));
        obstacles.extend(point.y.interval.map(|i| Frame {
            top: panel.y.clamped(i.high),
            bottom: panel.y.clamped(i.low),
            ..around(*at, 1.0)
        }));
    }
    let values = draw_iso_lines(&mut canvas, data, &panel, &obstacles);
    for (point, at) in data.points.iter().zip(&places) {
        let ink = ink_of(point.group);
        if let Some(i) = point.x.interval {
            let ends = vec![(panel.x.clamped(i.low), at.1), (panel.x.clamped(i.high), at.1)];
            canvas.scene.line(ends, ink, 1.2);
        }
        if let Some(i) = point.y.interval {
            let ends = vec![(at.0, panel.y.clamped(i.low)), (at.0, panel.y.clamped(i.high))];
            canvas.scene.line(ends, ink, 1.2);
        }
    }
    for (point, at) in data.points.iter().zip(&places) {
        let hint = point.label.as_ref().map(|l| format!("{l}: {:.4}, {:.4}", point.x.value, point.y.value));
        canvas.scene.dot(*at, 3.5, ink_of(point.group), hint);
    }
    let room = panel.frame.width() * 0.4;
    let labels: Vec<(usize, String)> = data
        .points
        .iter()
        .enumerate()
        .filter_map(|(k, p)| Some((k, shorten(p.label.as_ref()?, LABEL, room))))
        .collect();
    let placed = place(&places, &labels, LABEL, panel.frame, &obstacles, &values);
    for label in &placed {
        if let Some((from, to)) = label.leader {
            canvas.scene.line(vec![from, to], Ink::Axis, 0.8);
        }
        clear(&mut canvas, label.frame);
        canvas.scene.text(label.at, labels[label.index].1.clone(), LABEL, label.anchor, Ink::Text);
    }
    if placed.len() < labels.len() {
        canvas.note(&format!("{} names did not fit and are left out.", labels.len() - placed.len()));
    }
    Ok(Chart::new(canvas.finish()))
}

/// The frame of everything within a distance of a place.
fn around(at: Place, distance: f64) -> Frame {
    Frame { left: at.0 - distance, right: at.0 + distance, top: at.1 - distance, bottom: at.1 + distance }
}

/// Dims what lies behind a text, so that it can be read across a line.
fn clear(canvas: &mut Canvas, frame: Frame) {
    canvas.scene.rect((frame.left, frame.top, frame.width(), frame.height()), Ink::Surface, 0.75);
}

/// Draws lines with their values: at the end where a line leaves the panel, or further back where something is in
/// the way. Returns the ground that the values take.
fn draw_iso_lines(canvas: &mut Canvas, data: &ScatterData, panel: &Panel, obstacles: &[Frame]) -> Vec<Frame> {
    let mut values: Vec<Frame> = Vec::new();
    for iso in &data.iso_lines {
        let places: Vec<Place> = iso
            .points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|(x, y)| (panel.x.at(*x), panel.y.at(*y)))
            .collect();
        let pieces = clip::line(&places, panel.frame);
        let backwards: Vec<Place> = pieces.last().map_or(Vec::new(), |p| p.iter().rev().copied().collect());
        for points in pieces {
            canvas.scene.dashed(points, Ink::Axis, 1.0);
        }
        let width = font::width(&iso.label, LABEL);
        let found = backwards.into_iter().find_map(|end| {
            let at = (
                (end.0 - 4.0).clamp(panel.frame.left + width + 2.0, panel.frame.right - 2.0),
                (end.1 - 4.0).clamp(panel.frame.top + LABEL, panel.frame.bottom - 4.0),
            );
            let frame = text_frame(at, &iso.label, LABEL, Anchor::End);
            (!obstacles.iter().chain(&values).any(|o| o.overlaps(&frame))).then_some((at, frame))
        });
        if let Some((at, frame)) = found {
            clear(canvas, frame);
            canvas.scene.text(at, iso.label.clone(), LABEL, Anchor::End, Ink::Muted);
            values.push(frame);
        }
    }
    values
}
