//! How do fitted curves go with what they were fitted to? Panels of points, each with a curve and its band.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::curves::Series;
use super::ink::{Ink, SERIES};
use super::scene::Place;
use super::{Chart, PlotError, clip};

/// One point, with an interval along the vertical axis where it is an estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct FitMark {
    /// Its place.
    pub at: (f64, f64),
    /// Lower and upper end of its interval.
    pub interval: Option<(f64, f64)>,
    /// Its group, as a position in [`FitPanelsData::groups`].
    pub group: usize,
    /// What it is, shown on pointing at it.
    pub hint: Option<String>,
}

/// Points and the curve fitted to some of them.
#[derive(Debug, Clone, PartialEq)]
pub struct FitPanel {
    /// The horizontal axis.
    pub x: AxisSpec,
    /// The vertical axis.
    pub y: AxisSpec,
    /// Points behind everything, faint.
    pub faint: Vec<(f64, f64)>,
    /// The fit.
    pub curve: Option<Series>,
    /// The points.
    pub marks: Vec<FitMark>,
}

/// Panels side by side, under one another where the chart is narrow.
#[derive(Debug, Clone, PartialEq)]
pub struct FitPanelsData {
    /// Title and subtitle.
    pub heading: Heading,
    /// The panels.
    pub panels: Vec<FitPanel>,
    /// Names of the groups of points.
    pub groups: Vec<String>,
    /// What the curve and its band are.
    pub curve: String,
    /// What the faint points are.
    pub faint: String,
}

/// Panels of points with fitted curves and their bands.
///
/// # Errors
/// When there is no point, a value that is not finite, or one not positive on a logarithmic axis.
pub fn fit_panels(data: &FitPanelsData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "fit_panels";
    if data.panels.is_empty() {
        return Err(PlotError::Empty { chart: CHART, what: "no panels" });
    }
    let domains: Vec<_> = data.panels.iter().map(|p| domains(CHART, p)).collect::<Result<_, _>>()?;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    draw_legend(&mut canvas, data);
    let columns = if width >= WIDE * 0.8 { data.panels.len().min(3) } else { 1 };
    let height = if columns > 1 { 240.0 } else { 220.0 };
    let column = width / columns as f64;
    let mut below = canvas.y;
    for (k, (panel, (x_domain, y_domain))) in data.panels.iter().zip(&domains).enumerate() {
        if k % columns == 0 {
            canvas.y = below + if k > 0 { 8.0 } else { 0.0 };
        }
        let left = column * (k % columns) as f64;
        let (axes, bottom) = Panel::draw_between(
            &mut canvas,
            (left, left + column),
            height,
            (&panel.x, *x_domain),
            (&panel.y, *y_domain),
        );
        below = below.max(bottom);
        draw_panel(&mut canvas, panel, &axes);
    }
    canvas.y = below;
    Ok(Chart::new(canvas.finish()))
}

type Domain = (f64, f64);

fn domains(chart: &'static str, panel: &FitPanel) -> Result<(Domain, Domain), PlotError> {
    let curve = || panel.curve.iter().flat_map(|c| c.points.iter().copied());
    let points = || panel.faint.iter().copied().chain(panel.marks.iter().map(|m| m.at)).chain(curve());
    let band = panel.curve.iter().flat_map(|c| c.band.iter().flatten()).flat_map(|(low, high)| [*low, *high]);
    let whiskers = panel.marks.iter().filter_map(|m| m.interval).flat_map(|(low, high)| [low, high]);
    let x = panel.x.domain_of(chart, points().map(|p| p.0))?;
    let y = panel.y.domain_of(chart, points().map(|p| p.1).chain(band).chain(whiskers))?;
    Ok((x, y))
}

fn draw_legend(canvas: &mut Canvas, data: &FitPanelsData) {
    let uses = |group: usize| data.panels.iter().flat_map(|p| &p.marks).any(|m| m.group == group);
    let estimated = |group: usize| {
        data.panels.iter().flat_map(|p| &p.marks).any(|m| m.group == group && m.interval.is_some())
    };
    let mut keys: Vec<(Key, &str)> = Vec::new();
    for (k, name) in data.groups.iter().enumerate().filter(|(k, _)| uses(*k)) {
        let ink = SERIES[k % SERIES.len()];
        keys.push((if estimated(k) { Key::Interval(ink) } else { Key::Dot(ink) }, name));
    }
    if data.panels.iter().any(|p| p.curve.is_some()) {
        keys.push((Key::Line(Ink::Text), &data.curve));
    }
    if data.panels.iter().any(|p| !p.faint.is_empty()) {
        keys.push((Key::Dot(Ink::Axis), &data.faint));
    }
    canvas.legend(&keys);
    canvas.y += 4.0;
}

fn draw_panel(canvas: &mut Canvas, panel: &FitPanel, axes: &Panel) {
    let scene = &mut canvas.scene;
    for &(x, y) in &panel.faint {
        scene.dot((axes.x.clamped(x), axes.y.clamped(y)), 1.1, Ink::Axis, None);
    }
    if let Some(curve) = &panel.curve {
        if let Some(band) = &curve.band {
            let edge = |end: fn(&(f64, f64)) -> f64| -> Vec<Place> {
                let pairs = curve.points.iter().zip(band);
                pairs.map(|(p, b)| (axes.x.clamped(p.0), axes.y.clamped(end(b)))).collect()
            };
            let mut ring = edge(|b| b.1);
            ring.extend(edge(|b| b.0).into_iter().rev());
            if ring.len() > 3 {
                scene.fill(ring, Ink::Text, 0.14);
            }
        }
        let places: Vec<Place> = curve.points.iter().map(|(x, y)| (axes.x.at(*x), axes.y.at(*y))).collect();
        for piece in clip::line(&places, axes.frame) {
            scene.line(piece, Ink::Text, 1.6);
        }
    }
    for mark in &panel.marks {
        let ink = SERIES[mark.group % SERIES.len()];
        let at = (axes.x.clamped(mark.at.0), axes.y.clamped(mark.at.1));
        if let Some((low, high)) = mark.interval {
            scene.line(vec![(at.0, axes.y.clamped(low)), (at.0, axes.y.clamped(high))], ink, 2.0);
        }
        scene.dot(at, 3.2, ink, mark.hint.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(title: &str) -> FitPanel {
        FitPanel {
            x: AxisSpec::log("compute, FLOPs"),
            y: AxisSpec::linear(title),
            faint: vec![(2e18, 0.3)],
            curve: Some(Series {
                name: String::new(),
                points: vec![(1e18, 0.2), (1e20, 0.6)],
                band: Some(vec![(0.1, 0.3), (0.5, 0.7)]),
                dashed: false,
            }),
            marks: vec![FitMark { at: (1e19, 0.4), interval: Some((0.3, 0.5)), group: 0, hint: None }],
        }
    }

    fn data(n: usize) -> FitPanelsData {
        FitPanelsData {
            heading: Heading::new("Title", "subtitle"),
            panels: (0..n).map(|k| panel(&format!("accuracy {k}"))).collect(),
            groups: vec!["rungs".into()],
            curve: "fit".into(),
            faint: "checkpoints".into(),
        }
    }

    #[test]
    fn panels_stand_side_by_side_on_a_desk_and_under_one_another_on_a_telephone() {
        let wide = fit_panels(&data(3), super::super::WIDE).unwrap();
        let narrow = fit_panels(&data(3), super::super::NARROW).unwrap();
        assert!(narrow.scene().height > 2.0 * wide.scene().height);
        assert!(fit_panels(&data(0), 400.0).is_err());
    }
}
