//! Which items surprise? Mean squares of residuals against difficulty.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::Ink;
use super::scale::{extent, grouped, padded};
use super::scene::Place;
use super::{Chart, PlotError, cloud};

/// The fit of the items of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFitData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What runs to the right.
    pub share_title: String,
    /// What runs upwards, 1 where items behave as fitted.
    pub square_title: String,
    /// Mean score, mean square and whether the item misfits.
    pub items: Vec<(f64, f64, bool)>,
    /// What a misfit is.
    pub misfit: String,
}

/// Ends of the vertical axis: mean squares beyond them are drawn at its ends.
const ENDS: (f64, f64) = (0.2, 5.0);

/// Mean square of each item against its mean score; items that misfit stand out.
///
/// # Errors
/// When there is no item, or a value that is not finite.
pub fn item_fit(data: &ItemFitData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "item fit";
    extent(CHART, "a mean score", data.items.iter().map(|i| i.0))?;
    let (low, high) = extent(CHART, "a mean square", data.items.iter().map(|i| i.1))?;
    let (low, high) = (low.min(0.8).max(ENDS.0), high.max(1.25).min(ENDS.1));
    let (a, b) = padded((low.log10(), high.log10()), 0.04);
    let y_domain = (10f64.powf(a), 10f64.powf(b));
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let marked: Vec<_> = data.items.iter().filter(|i| i.2).collect();
    let others: Vec<_> = data.items.iter().filter(|i| !i.2).collect();
    let as_dots = cloud::as_dots(others.len());
    let name = format!("{}: {} items", data.misfit, grouped(marked.len() as f64, 0));
    let steps = cloud::keys("items");
    let mut keys = vec![(Key::Dot(Ink::Alarm), name.as_str())];
    match as_dots {
        true => keys.push((Key::Dot(Ink::Blue), "other items")),
        false => keys.extend(steps.iter().map(|(key, text)| (*key, text.as_str()))),
    }
    keys.push((Key::Dashed(Ink::Axis), "as expected"));
    canvas.legend(&keys);
    canvas.y += 4.0;
    let wide = width >= WIDE * 0.6;
    let height = if wide { 300.0 } else { 240.0 };
    let (x_axis, y_axis) = (AxisSpec::linear(&data.share_title), AxisSpec::log(&data.square_title));
    let panel = Panel::draw(&mut canvas, height, (&x_axis, (-0.02, 1.02)), (&y_axis, y_domain));
    let one = panel.y.at(1.0);
    canvas.scene.dashed(vec![(panel.frame.left, one), (panel.frame.right, one)], Ink::Axis, 1.5);
    let at = |i: &&(f64, f64, bool)| -> Place { (panel.x.clamped(i.0), panel.y.at(i.1.clamp(low, high))) };
    if as_dots {
        others.iter().for_each(|i| canvas.scene.dot(at(i), 2.5, Ink::Blue, None));
    } else {
        let places: Vec<Place> = others.iter().map(at).collect();
        cloud::hexagons(&mut canvas.scene, &places, if wide { 5.0 } else { 3.5 });
    }
    marked.iter().for_each(|i| canvas.scene.dot(at(i), 2.5, Ink::Alarm, None));
    let outside = data.items.iter().filter(|i| !(low..=high).contains(&i.1)).count();
    if outside > 0 {
        canvas.note(&format!(
            "{} items lie beyond the ends of the axis and are drawn there.",
            grouped(outside as f64, 0)
        ));
    }
    Ok(Chart::new(canvas.finish()))
}
