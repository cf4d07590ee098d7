//! Where does the benchmark measure well, and are the models there? Information along the scale of ability.

use super::canvas::{AxisSpec, Canvas, Heading, Key, LABEL, WIDE};
use super::ink::Ink;
use super::labels::place;
use super::scale::{extent, padded};
use super::scene::Place;
use super::strips::{Strip, bars, binned, stack};
use super::{Chart, PlotError, clip};

/// The information of one benchmark and its models.
#[derive(Debug, Clone, PartialEq)]
pub struct InformationData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What the common axis is.
    pub axis_title: String,
    /// Ability and information of all items together, ascending in ability.
    pub information: Vec<(f64, f64)>,
    /// Abilities of the models.
    pub abilities: Vec<f64>,
    /// Places on the curve with what is to be said of them.
    pub marks: Vec<(f64, f64, String)>,
}

/// Bins along the scale.
const BINS: usize = 48;

/// The models above, the information of all items below, on one scale of ability.
///
/// # Errors
/// When there is no model or no curve, or a value that is not finite.
pub fn information(data: &InformationData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "information";
    extent(CHART, "an ability", data.abilities.iter().copied())?;
    let domain = padded(extent(CHART, "an ability", data.information.iter().map(|p| p.0))?, 0.0);
    let (_, most) = extent(CHART, "an information", data.information.iter().map(|p| p.1))?;
    let counts = binned(&data.abilities, domain, BINS);
    let tallest = counts.iter().max().copied().unwrap_or(1).max(1) as f64;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    canvas.legend(&[
        (Key::Box(Ink::Orange, 1.0), "models"),
        (Key::Line(Ink::Blue), "information of all items"),
    ]);
    canvas.y += 4.0;
    let wide = width >= WIDE * 0.6;
    let models_axis = AxisSpec::counts("number of models");
    let information_axis = AxisSpec::linear("test information: 1 / (standard error of ability)²");
    let panels = stack(
        &mut canvas,
        (&AxisSpec::linear(&data.axis_title), domain),
        &[
            Strip {
                axis: &models_axis,
                domain: (0.0, 1.05 * tallest),
                height: if wide { 80.0 } else { 60.0 },
                downwards: false,
            },
            Strip {
                axis: &information_axis,
                domain: (0.0, 1.12 * most.max(1e-9)),
                height: if wide { 230.0 } else { 190.0 },
                downwards: false,
            },
        ],
    );
    bars(&mut canvas, &panels[0], &counts, Ink::Orange, "models");
    let panel = &panels[1];
    let places: Vec<Place> = data.information.iter().map(|(x, y)| (panel.x.at(*x), panel.y.at(*y))).collect();
    for piece in clip::line(&places, panel.frame) {
        let mut ring = piece.clone();
        ring.extend(piece.last().map(|p| (p.0, panel.frame.bottom)));
        ring.extend(piece.first().map(|p| (p.0, panel.frame.bottom)));
        canvas.scene.fill(ring, Ink::Blue, 0.18);
        canvas.scene.line(piece, Ink::Blue, 2.0);
    }
    let marks: Vec<Place> =
        data.marks.iter().map(|(x, y, _)| (panel.x.clamped(*x), panel.y.clamped(*y))).collect();
    let labels: Vec<(usize, String)> = data.marks.iter().enumerate().map(|(k, m)| (k, m.2.clone())).collect();
    for at in &marks {
        canvas.scene.dot(*at, 4.0, Ink::Blue, None);
    }
    for label in place(&marks, &labels, LABEL, panel.frame, &[], &[]) {
        if let Some((from, to)) = label.leader {
            canvas.scene.line(vec![from, to], Ink::Axis, 0.8);
        }
        let f = label.frame;
        canvas.scene.rect((f.left, f.top, f.width(), f.height()), Ink::Surface, 0.75);
        canvas.scene.text(label.at, labels[label.index].1.clone(), LABEL, label.anchor, Ink::Text);
    }
    Ok(Chart::new(canvas.finish()))
}
