//! How is a list of estimates drawn? One row each: name, dot on its interval, a figure at the right.

use super::canvas::{Canvas, LABEL, MARGIN, horizontal_axis};
use super::font::{self, MIDDLE_TO_BASELINE};
use super::ink::Ink;
use super::labels::{Frame, shorten};
use super::scale::Scale;
use super::scene::{Anchor, Mark};
use crate::numeric::Estimate;

/// One row; without an estimate, a reason in its place.
pub(super) struct Row {
    pub name: String,
    pub estimate: Result<Estimate, String>,
    pub right: String,
    pub ink: Ink,
}

/// Height of a row, px.
const ROW: f64 = 18.0;

/// What is drawn around the rows.
pub(super) struct Rows<'a> {
    pub rows: &'a [Row],
    pub domain: (f64, f64),
    pub axis_title: &'a str,
    pub right_title: &'a str,
    /// Vertical lines with a label each.
    pub references: &'a [(f64, String)],
    /// A break after this row, with a text in it.
    pub gap: Option<(usize, String)>,
}

impl Rows<'_> {
    /// Draws the rows and their axis, and moves the canvas below them.
    pub fn draw(&self, canvas: &mut Canvas) {
        let width = canvas.scene.width;
        let widest =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|t| font::width(t, LABEL)).fold(0.0, f64::max);
        let names = widest(&mut self.rows.iter().map(|r| r.name.as_str())).min(width * 0.38);
        let figures = widest(&mut self.rows.iter().map(|r| r.right.as_str()).chain([self.right_title]))
            .min(width * 0.3);
        let reference_room = if self.references.is_empty() { 0.0 } else { LABEL * 1.5 };
        let header = if self.right_title.is_empty() { reference_room } else { LABEL * 1.5 };
        let top = canvas.y + header;
        let gap_rows = usize::from(self.gap.is_some());
        let panel = Frame {
            left: MARGIN + names + 10.0,
            top,
            right: width - MARGIN - if figures > 0.0 { figures + 12.0 } else { 6.0 },
            bottom: top + (self.rows.len() + gap_rows) as f64 * ROW + 6.0,
        };
        let scale = Scale::linear(self.domain, (panel.left + 4.0, panel.right - 4.0));
        let scene = &mut canvas.scene;
        if !self.right_title.is_empty() {
            let at = (width - MARGIN, top - 6.0);
            scene.text(at, shorten(self.right_title, LABEL, figures), LABEL, Anchor::End, Ink::Muted);
        }
        let used = horizontal_axis(scene, panel, &scale, self.axis_title, true);
        let unlabelled = self.draw_references(canvas, panel, &scale);
        let mut y = top + 3.0 + ROW / 2.0;
        for (k, row) in self.rows.iter().enumerate() {
            draw_row(canvas, row, panel, &scale, y, names);
            y += ROW;
            if let Some((after, text)) = &self.gap
                && *after == k
            {
                let text = shorten(text, LABEL, width - 2.0 * MARGIN);
                canvas.scene.rect(
                    (MARGIN, y - ROW / 2.0 + 1.0, width - 2.0 * MARGIN, ROW - 2.0),
                    Ink::Shade,
                    1.0,
                );
                let at = (width / 2.0, y + LABEL * MIDDLE_TO_BASELINE);
                canvas.scene.text(at, text, LABEL, Anchor::Middle, Ink::Muted);
                y += ROW;
            }
        }
        canvas.y = panel.bottom + used;
        if !unlabelled.is_empty() {
            canvas.note(&format!("Also dashed: {}.", unlabelled.join("; ")));
        }
    }

    /// Draws the vertical lines; returns the labels that found no room beside one another.
    fn draw_references(&self, canvas: &mut Canvas, panel: Frame, scale: &Scale) -> Vec<String> {
        let mut unlabelled = Vec::new();
        let mut free_from = f64::NEG_INFINITY;
        for (value, label) in self.references {
            if *value < self.domain.0 || *value > self.domain.1 {
                continue;
            }
            let x = scale.at(*value);
            canvas.scene.dashed(vec![(x, panel.top), (x, panel.bottom)], Ink::Axis, 1.2);
            let half = font::width(label, LABEL) / 2.0;
            let centre = x.clamp(panel.left + half, (panel.right - half).max(panel.left + half));
            // Labels are written from left to right; one that would cover the last goes into a note.
            if centre - half > free_from {
                canvas.scene.text(
                    (centre, panel.top - 6.0),
                    label.clone(),
                    LABEL,
                    Anchor::Middle,
                    Ink::Muted,
                );
                free_from = centre + half + 6.0;
            } else {
                unlabelled.push(format!("{label} ({})", super::scale::grouped(*value, 2)));
            }
        }
        unlabelled
    }
}

fn draw_row(canvas: &mut Canvas, row: &Row, panel: Frame, scale: &Scale, y: f64, names: f64) {
    let baseline = y + LABEL * MIDDLE_TO_BASELINE;
    let scene = &mut canvas.scene;
    scene.text((MARGIN + names, baseline), shorten(&row.name, LABEL, names), LABEL, Anchor::End, Ink::Text);
    let right = scene.width - MARGIN;
    scene.text((right, baseline), row.right.clone(), LABEL, Anchor::End, Ink::Muted);
    match &row.estimate {
        Ok(estimate) => {
            let mut hint = format!("{}: {:.3}", row.name, estimate.value);
            if let Some(i) = estimate.interval {
                hint.push_str(&format!(" ({:.3} to {:.3})", i.low, i.high));
                let (low, high) = (scale.clamped(i.low), scale.clamped(i.high));
                scene.line(vec![(low, y), (high, y)], row.ink, 2.0);
                // An interval that leaves the axis ends in an arrow head.
                if i.low < scale.domain.0 {
                    scene.fill(
                        vec![(low - 5.0, y), (low + 1.0, y - 4.0), (low + 1.0, y + 4.0)],
                        row.ink,
                        1.0,
                    );
                }
                if i.high > scale.domain.1 {
                    scene.fill(
                        vec![(high + 5.0, y), (high - 1.0, y - 4.0), (high - 1.0, y + 4.0)],
                        row.ink,
                        1.0,
                    );
                }
            }
            if (scale.domain.0..=scale.domain.1).contains(&estimate.value) {
                scene.marks.push(Mark::Dot {
                    at: (scale.at(estimate.value), y),
                    radius: 4.0,
                    ink: row.ink,
                    hollow: estimate.interval.is_none(),
                    hint: Some(hint),
                });
            }
        }
        Err(reason) => {
            let text = shorten(reason, LABEL, panel.width() - 12.0);
            scene.text((panel.left + 8.0, baseline), text, LABEL, Anchor::Start, Ink::Muted);
        }
    }
}
