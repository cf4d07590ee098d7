//! How do several quantities share one axis? Strips one above the other, their panels flush.

use super::canvas::{
    AxisSpec, Canvas, LABEL, MARGIN, Panel, SUBTITLE, horizontal_axis, label_room, vertical_axis,
    vertical_ticks,
};
use super::font;
use super::ink::Ink;
use super::labels::{Frame, wrap};
use super::scale::{Scale, grouped};
use super::scene::Anchor;

/// One of the panels.
pub(super) struct Strip<'a> {
    /// What runs upwards.
    pub axis: &'a AxisSpec,
    /// First and last value of it.
    pub domain: (f64, f64),
    /// Height of the panel, px.
    pub height: f64,
    /// Whether values run downwards.
    pub downwards: bool,
}

/// Draws the strips over one horizontal axis and moves the canvas below them.
pub(super) fn stack(
    canvas: &mut Canvas,
    (x_axis, x_domain): (&AxisSpec, (f64, f64)),
    strips: &[Strip<'_>],
) -> Vec<Panel> {
    let ticks_of = |strip: &Strip<'_>, scale: &Scale| {
        let mut ticks = vertical_ticks(scale, (strip.height / 40.0).ceil() as usize);
        if strip.axis.whole {
            ticks.retain(|t| t.value.fract() == 0.0);
            ticks.iter_mut().for_each(|t| t.label = grouped(t.value, 0));
        }
        ticks
    };
    let scale_of = |strip: &Strip<'_>, top: f64| Scale {
        domain: strip.domain,
        range: if strip.downwards { (top, top + strip.height) } else { (top + strip.height, top) },
        spread: strip.axis.spread,
    };
    let left =
        MARGIN + strips.iter().map(|s| label_room(&ticks_of(s, &scale_of(s, 0.0)))).fold(0.0, f64::max);
    let right = canvas.scene.width - MARGIN - 8.0;
    let mut panels = Vec::new();
    for (k, strip) in strips.iter().enumerate() {
        for line in wrap(&strip.axis.title, canvas.scene.width - 2.0 * MARGIN, |t| font::width(t, SUBTITLE)) {
            canvas.scene.text((MARGIN, canvas.y + SUBTITLE), line, SUBTITLE, Anchor::Start, Ink::Muted);
            canvas.y += SUBTITLE * 1.35;
        }
        let top = canvas.y + 6.0;
        let frame = Frame { left, top, right, bottom: top + strip.height };
        let y = scale_of(strip, top);
        let x = Scale { domain: x_domain, range: (left, right), spread: x_axis.spread };
        vertical_axis(&mut canvas.scene, frame, &y, &ticks_of(strip, &y));
        if k + 1 == strips.len() {
            canvas.y = frame.bottom + horizontal_axis(&mut canvas.scene, frame, &x, &x_axis.title, true);
        } else {
            canvas.scene.line(vec![(left, frame.bottom), (right, frame.bottom)], Ink::Axis, 1.0);
            canvas.y = frame.bottom + LABEL * 0.6;
        }
        panels.push(Panel { frame, x, y });
    }
    panels
}

/// Numbers of values in equal bins of a domain; values outside are counted in the bins at the ends.
pub(super) fn binned(values: &[f64], (low, high): (f64, f64), bins: usize) -> Vec<usize> {
    let mut counts = vec![0; bins];
    for value in values {
        let bin = ((value - low) / (high - low) * bins as f64).floor();
        counts[bin.clamp(0.0, bins as f64 - 1.0) as usize] += 1;
    }
    counts
}

/// Draws bars of counts over a panel.
pub(super) fn bars(canvas: &mut Canvas, panel: &Panel, counts: &[usize], ink: Ink, noun: &str) {
    let (low, high) = panel.x.domain;
    let step = (high - low) / counts.len() as f64;
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (from, to) = (low + bin as f64 * step, low + (bin + 1) as f64 * step);
        let (left, right) = (panel.x.at(from), panel.x.at(to));
        let (zero, end) = (panel.y.at(0.0), panel.y.at(count as f64));
        canvas.scene.marks.push(super::scene::Mark::Rect {
            area: (left + 0.5, zero.min(end), (right - left - 1.0).max(0.5), (zero - end).abs()),
            ink,
            opacity: 1.0,
            hint: Some(format!(
                "{} to {}: {} {noun}",
                grouped(from, 2),
                grouped(to, 2),
                grouped(count as f64, 0)
            )),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        assert_eq!(binned(&[-9.0, 0.0, 0.49, 0.5, 1.0, 7.0], (0.0, 1.0), 2), [3, 3]);
    }
}
