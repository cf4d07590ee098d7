//! How does one quantity run along another? Lines with bands of uncertainty.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::SERIES;
use super::scene::Place;
use super::{Chart, PlotError, clip};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, ascending along the horizontal axis.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper end of the band at each point.
    pub band: Option<Vec<(f64, f64)>>,
    /// Drawn with dashes.
    pub dashed: bool,
}

/// Lines over one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvesData {
    /// Title and subtitle.
    pub heading: Heading,
    /// The horizontal axis.
    pub x: AxisSpec,
    /// The vertical axis.
    pub y: AxisSpec,
    /// The lines, at most as many as can be told apart.
    pub series: Vec<Series>,
}

/// Lines with bands and a legend. Of more than five lines, the colours repeat and the dashes alternate.
///
/// # Errors
/// When there is no point, a value that is not finite, or one not positive on a logarithmic axis.
pub fn curves(data: &CurvesData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "curves";
    let x_domain = data.x.domain_of(CHART, data.series.iter().flat_map(|s| s.points.iter().map(|p| p.0)))?;
    let heights = data.series.iter().flat_map(|s| {
        let band = s.band.iter().flatten().flat_map(|(low, high)| [*low, *high]);
        s.points.iter().map(|p| p.1).chain(band)
    });
    let y_domain = data.y.domain_of(CHART, heights)?;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let styles: Vec<_> = (0..data.series.len())
        .map(|k| (SERIES[k % SERIES.len()], data.series[k].dashed || (k / SERIES.len()) % 2 == 1))
        .collect();
    if data.series.len() > 1 {
        let keys: Vec<(Key, &str)> = data
            .series
            .iter()
            .zip(&styles)
            .map(|(s, (ink, dashed))| {
                (if *dashed { Key::Dashed(*ink) } else { Key::Line(*ink) }, s.name.as_str())
            })
            .collect();
        canvas.legend(&keys);
        canvas.y += 4.0;
    }
    let height = if width >= WIDE * 0.6 { 320.0 } else { 240.0 };
    let panel = Panel::draw(&mut canvas, height, (&data.x, x_domain), (&data.y, y_domain));
    for (series, (ink, _)) in data.series.iter().zip(&styles) {
        if let Some(band) = &series.band {
            let edge = |end: fn(&(f64, f64)) -> f64| -> Vec<Place> {
                let pairs = series.points.iter().zip(band);
                pairs
                    .filter(|(p, _)| (x_domain.0..=x_domain.1).contains(&p.0))
                    .map(|(p, b)| (panel.x.at(p.0), panel.y.clamped(end(b))))
                    .collect()
            };
            let mut ring = edge(|b| b.1);
            ring.extend(edge(|b| b.0).into_iter().rev());
            if ring.len() > 3 {
                canvas.scene.fill(ring, *ink, 0.18);
            }
        }
    }
    for (series, (ink, dashed)) in data.series.iter().zip(&styles) {
        let places: Vec<Place> =
            series.points.iter().map(|(x, y)| (panel.x.at(*x), panel.y.at(*y))).collect();
        for piece in clip::line(&places, panel.frame) {
            if *dashed {
                canvas.scene.dashed(piece, *ink, 2.0);
            } else {
                canvas.scene.line(piece, *ink, 2.0);
            }
        }
    }
    Ok(Chart::new(canvas.finish()))
}
