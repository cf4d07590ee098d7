//! Do answers follow the fitted curve? Item characteristic curves with what was observed.

use super::canvas::{Canvas, Heading, Key, LABEL, MARGIN, SUBTITLE, WIDE, horizontal_axis, vertical_axis};
use super::ink::Ink;
use super::labels::{Frame, shorten};
use super::scale::{Scale, extent};
use super::scene::{Anchor, Mark, Place, Text, Weight};
use super::{Chart, PlotError, clip};
use crate::numeric::Estimate;

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCurve {
    /// Its name.
    pub item: String,
    /// Why it is shown.
    pub reason: String,
    /// Ability and expected score from 0 to 1, ascending in ability.
    pub curve: Vec<(f64, f64)>,
    /// Lower and upper end of the curve's interval at each ability.
    pub band: Option<Vec<(f64, f64)>>,
    /// Mean ability and mean score of groups of models.
    pub groups: Vec<(f64, Estimate)>,
    /// Whether it deserves a look.
    pub alarm: bool,
}

/// A few items of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCurvesData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What the horizontal axes are.
    pub ability_title: String,
    /// What the vertical axes are.
    pub score_title: String,
    /// The items.
    pub items: Vec<ItemCurve>,
}

/// One small panel for each item: the fitted curve with its interval, and groups of models as dots with theirs.
///
/// # Errors
/// When there is no item, or a value that is not finite.
pub fn item_curves(data: &ItemCurvesData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "item curves";
    let domain = extent(CHART, "an ability", data.items.iter().flat_map(|i| i.curve.iter().map(|p| p.0)))?;
    extent(CHART, "an expected score", data.items.iter().flat_map(|i| i.curve.iter().map(|p| p.1)))?;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    canvas.legend(&[
        (Key::Line(Ink::Blue), "fitted curve and its 95 % interval"),
        (Key::Line(Ink::Alarm), "the same, of an item to look at"),
        (Key::Interval(Ink::Text), "models of similar ability, 95 % interval"),
    ]);
    canvas.y += 2.0;
    canvas.paragraph(&data.score_title, SUBTITLE, Weight::Regular, Ink::Muted);
    let wide = width >= WIDE * 0.6;
    let (columns, height, gap) = if wide { (3, 130.0, 22.0) } else { (2, 95.0, 12.0) };
    let cell = (width - 2.0 * MARGIN - gap * (columns as f64 - 1.0)) / columns as f64;
    let y_ticks =
        [0.0, 0.5, 1.0].map(|value| super::scale::Tick { value, label: super::scale::shortest(value) });
    let room = super::canvas::label_room(&y_ticks);
    for row in data.items.chunks(columns) {
        let top = canvas.y + 2.0 * SUBTITLE * 1.35 + 6.0;
        let mut lowest = top;
        for (k, item) in row.iter().enumerate() {
            let left = MARGIN + k as f64 * (cell + gap);
            let frame = Frame { left: left + room, top, right: left + cell, bottom: top + height };
            lowest = f64::max(lowest, frame.bottom + panel(&mut canvas, item, frame, left, domain, &y_ticks));
        }
        canvas.y = lowest + 4.0;
    }
    let at = (width / 2.0, canvas.y + SUBTITLE);
    canvas.scene.text(
        at,
        shorten(&data.ability_title, SUBTITLE, width - 2.0 * MARGIN),
        SUBTITLE,
        Anchor::Middle,
        Ink::Muted,
    );
    canvas.y += SUBTITLE * 1.35;
    Ok(Chart::new(canvas.finish()))
}

/// Draws one item; returns the height that its axis takes.
fn panel(
    canvas: &mut Canvas,
    item: &ItemCurve,
    frame: Frame,
    left: f64,
    domain: (f64, f64),
    ticks: &[super::scale::Tick],
) -> f64 {
    let scene = &mut canvas.scene;
    let width = frame.right - left;
    let title = shorten(&item.item, LABEL * 1.06, width);
    scene.marks.push(Mark::Text(Text {
        at: (left, frame.top - 6.0 - SUBTITLE * 1.35),
        text: title,
        size: LABEL,
        weight: Weight::SemiBold,
        anchor: Anchor::Start,
        ink: Ink::Text,
    }));
    let reason = shorten(&item.reason, LABEL, width);
    scene.text((left, frame.top - 8.0), reason, LABEL, Anchor::Start, Ink::Muted);
    let x = Scale::linear(domain, (frame.left, frame.right));
    let y = Scale::linear((-0.02, 1.02), (frame.bottom, frame.top));
    vertical_axis(scene, frame, &y, ticks);
    let used = horizontal_axis(scene, frame, &x, "", true);
    let ink = if item.alarm { Ink::Alarm } else { Ink::Blue };
    if let Some(band) = &item.band {
        let edge = |end: fn(&(f64, f64)) -> f64| -> Vec<Place> {
            item.curve.iter().zip(band).map(|(p, b)| (x.at(p.0), y.clamped(end(b)))).collect()
        };
        let mut ring = edge(|b| b.1);
        ring.extend(edge(|b| b.0).into_iter().rev());
        scene.fill(ring, ink, 0.18);
    }
    let places: Vec<Place> = item.curve.iter().map(|(t, p)| (x.at(*t), y.at(*p))).collect();
    for piece in clip::line(&places, frame) {
        scene.line(piece, ink, 2.0);
    }
    for (ability, share) in &item.groups {
        let at = (x.clamped(*ability), y.clamped(share.value));
        if let Some(i) = share.interval {
            scene.line(vec![(at.0, y.clamped(i.low)), (at.0, y.clamped(i.high))], Ink::Text, 1.0);
        }
        scene.dot(at, 2.5, Ink::Text, Some(format!("{:.2}: {:.3}", ability, share.value)));
    }
    used
}
