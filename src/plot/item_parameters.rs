//! How hard are the items and how sharply do they tell models apart? Difficulty against slope.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::Ink;
use super::scale::{Scale, extent, grouped, padded};
use super::scene::Place;
use super::wright_map::inner;
use super::{Chart, PlotError, cloud};
use crate::numeric::Estimate;
use crate::numeric::describe::quantile_sorted;

/// The fitted items of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemParametersData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What difficulty is, with its unit.
    pub difficulty_title: String,
    /// What the slope is, with its unit.
    pub slope_title: String,
    /// Difficulty and slope of each item.
    pub items: Vec<(Estimate, Estimate)>,
    /// Lowest and highest ability of the models.
    pub abilities: (f64, f64),
}

/// Up to this many items each has its own intervals.
const INTERVALS: usize = 60;

/// Items by difficulty and slope: dots with intervals for few, hexagons and a typical interval for many. Slopes
/// below 0 are marked; the range of the models is shaded.
///
/// # Errors
/// When there is no item, or a value that is not finite.
pub fn item_parameters(data: &ItemParametersData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "item parameters";
    extent(CHART, "a difficulty", data.items.iter().map(|i| i.0.value))?;
    extent(CHART, "a slope", data.items.iter().map(|i| i.1.value))?;
    // Items with a slope near 0 have difficulties without bounds: the axes leave the outermost out.
    let ends = |of: fn(&(Estimate, Estimate)) -> f64| {
        let mut values: Vec<f64> = data.items.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        inner(&values)
    };
    let (low, high) = ends(|i| i.0.value);
    let x_domain = padded((low.min(data.abilities.0), high.max(data.abilities.1)), 0.04);
    let (low, high) = ends(|i| i.1.value);
    let y_domain = padded((low.min(-0.1), high.max(0.5)), 0.04);
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let negative = data.items.iter().filter(|i| i.1.value < 0.0).count();
    let region = format!("slope below 0: {} items", grouped(negative as f64, 0));
    let as_dots = cloud::as_dots(data.items.len());
    let steps = cloud::keys("items");
    let mut keys = vec![
        (Key::Box(Ink::Alarm, 0.25), region.as_str()),
        (Key::Box(Ink::Orange, 0.25), "range of the models"),
    ];
    match as_dots {
        true => keys.push((Key::Dot(Ink::Blue), "item")),
        false => keys.extend(steps.iter().map(|(key, text)| (*key, text.as_str()))),
    }
    let typical = (data.items.len() > INTERVALS).then(|| (half(data, |i| &i.0), half(data, |i| &i.1)));
    if typical.is_some() {
        keys.push((Key::Interval(Ink::Text), "median of the 95 % intervals"));
    }
    canvas.legend(&keys);
    canvas.y += 4.0;
    let wide = width >= WIDE * 0.6;
    let height = if wide { 340.0 } else { 280.0 };
    let (x_axis, y_axis) = (AxisSpec::linear(&data.difficulty_title), AxisSpec::linear(&data.slope_title));
    let panel = Panel::draw(&mut canvas, height, (&x_axis, x_domain), (&y_axis, y_domain));
    let frame = panel.frame;
    let (left, right) = (panel.x.clamped(data.abilities.0), panel.x.clamped(data.abilities.1));
    canvas.scene.rect((left, frame.top, right - left, frame.height()), Ink::Orange, 0.1);
    let zero = panel.y.clamped(0.0);
    canvas.scene.rect((frame.left, zero, frame.width(), frame.bottom - zero), Ink::Alarm, 0.12);
    canvas.scene.line(vec![(frame.left, zero), (frame.right, zero)], Ink::Alarm, 1.2);
    let inside: Vec<&(Estimate, Estimate)> = data
        .items
        .iter()
        .filter(|(b, a)| {
            (x_domain.0..=x_domain.1).contains(&b.value) && (y_domain.0..=y_domain.1).contains(&a.value)
        })
        .collect();
    let places: Vec<Place> = inside.iter().map(|(b, a)| (panel.x.at(b.value), panel.y.at(a.value))).collect();
    if as_dots {
        for ((b, a), at) in inside.iter().zip(&places) {
            let ink = if a.value < 0.0 { Ink::Alarm } else { Ink::Blue };
            if data.items.len() <= INTERVALS {
                if let Some(i) = b.interval {
                    let ends = vec![(panel.x.clamped(i.low), at.1), (panel.x.clamped(i.high), at.1)];
                    canvas.scene.line(ends, ink, 1.0);
                }
                if let Some(i) = a.interval {
                    let ends = vec![(at.0, panel.y.clamped(i.low)), (at.0, panel.y.clamped(i.high))];
                    canvas.scene.line(ends, ink, 1.0);
                }
            }
            canvas.scene.dot(*at, 2.5, ink, None);
        }
    } else {
        cloud::hexagons(&mut canvas.scene, &places, if wide { 5.0 } else { 3.5 });
    }
    if let Some((Some(dx), Some(dy))) = typical {
        let centre = (0.5 * (frame.left + frame.right), frame.top + 0.3 * frame.height());
        let reach = |scale: &Scale, half: f64| (scale.at(half) - scale.at(0.0)).abs();
        let (rx, ry) = (reach(&panel.x, dx), reach(&panel.y, dy));
        let (l, r) = ((centre.0 - rx).max(frame.left), (centre.0 + rx).min(frame.right));
        let (t, b) = ((centre.1 - ry).max(frame.top), (centre.1 + ry).min(frame.bottom));
        canvas.scene.line(vec![(l, centre.1), (r, centre.1)], Ink::Text, 1.5);
        canvas.scene.line(vec![(centre.0, t), (centre.0, b)], Ink::Text, 1.5);
        canvas.scene.dot(centre, 3.0, Ink::Text, None);
    }
    let outside = data.items.len() - inside.len();
    if outside > 0 {
        canvas.note(&format!(
            "{} items lie outside: most have a slope near 0, which puts their difficulty nowhere.",
            grouped(outside as f64, 0)
        ));
    }
    Ok(Chart::new(canvas.finish()))
}

/// Median half-width of the intervals.
fn half(data: &ItemParametersData, of: fn(&(Estimate, Estimate)) -> &Estimate) -> Option<f64> {
    let mut widths: Vec<f64> =
        data.items.iter().filter_map(|i| of(i).interval).map(|i| 0.5 * i.width()).collect();
    widths.sort_by(f64::total_cmp);
    quantile_sorted(&widths, 0.5)
}
