//! Which items do better models miss? Difficulty against discrimination, binned into hexagons.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::Ink;
use super::scale::grouped;
use super::scene::Place;
use super::{Chart, PlotError, cloud};

/// The items of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscriminationData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What difficulty is, with its unit.
    pub difficulty_title: String,
    /// What discrimination is, with its unit.
    pub discrimination_title: String,
    /// Share correct and discrimination of each item.
    pub items: Vec<(f64, f64)>,
}

/// Items by difficulty and discrimination: dots for few items, hexagons shaded by count for many. The
/// region of negative discrimination is marked.
///
/// # Errors
/// When there is no item, or a value that is not finite.
pub fn discrimination(data: &DiscriminationData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "discrimination";
    let y_axis = AxisSpec::linear(&data.discrimination_title);
    let x_axis = AxisSpec::linear(&data.difficulty_title);
    super::scale::extent(CHART, "a difficulty", data.items.iter().map(|i| i.0))?;
    let (low, high) = y_axis.domain_of(CHART, data.items.iter().map(|i| i.1).chain([-0.1, 0.4]))?;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let negative = data.items.iter().filter(|i| i.1 < 0.0).count();
    let share = 100.0 * negative as f64 / data.items.len() as f64;
    let region = format!("below 0: {} items ({share:.1} %)", grouped(negative as f64, 0));
    let as_dots = cloud::as_dots(data.items.len());
    let steps = cloud::keys("items");
    let mut keys = vec![(Key::Box(Ink::Alarm, 0.25), region.as_str())];
    if !as_dots {
        keys.extend(steps.iter().map(|(key, text)| (*key, text.as_str())));
    }
    canvas.legend(&keys);
    canvas.y += 4.0;
    let height = if width >= WIDE * 0.6 { 340.0 } else { 280.0 };
    let panel = Panel::draw(&mut canvas, height, (&x_axis, (-0.02, 1.02)), (&y_axis, (low, high)));
    let frame = panel.frame;
    let zero = panel.y.at(0.0);
    canvas.scene.rect((frame.left, zero, frame.width(), frame.bottom - zero), Ink::Alarm, 0.12);
    canvas.scene.line(vec![(frame.left, zero), (frame.right, zero)], Ink::Alarm, 1.2);
    let places: Vec<Place> = data.items.iter().map(|(p, r)| (panel.x.at(*p), panel.y.at(*r))).collect();
    if as_dots {
        for (place, item) in places.iter().zip(&data.items) {
            let ink = if item.1 < 0.0 { Ink::Alarm } else { Ink::Blue };
            canvas.scene.dot(*place, 2.5, ink, None);
        }
    } else {
        cloud::hexagons(&mut canvas.scene, &places, if width >= WIDE * 0.6 { 5.0 } else { 3.5 });
    }
    Ok(Chart::new(canvas.finish()))
}
