//! Which items do better models miss? Difficulty against discrimination, binned into hexagons.

use super::canvas::{AxisSpec, Canvas, Heading, Key, Panel, WIDE};
use super::ink::Ink;
use super::scale::grouped;
use super::scene::{Mark, Place};
use super::{Chart, PlotError};
use std::collections::BTreeMap;

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

/// Steps of shade for the number of items in a hexagon: each begins at this count or more.
const STEPS: [(usize, f64); 5] = [(1, 0.36), (3, 0.52), (10, 0.68), (30, 0.84), (100, 1.0)];
/// Up to this many items each one is drawn as its own dot.
const DOTS: usize = 400;

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
    let as_dots = data.items.len() <= DOTS;
    let mut keys = vec![(Key::Box(Ink::Alarm, 0.25), region.as_str())];
    let steps: Vec<String> = STEPS
        .iter()
        .enumerate()
        .map(|(k, (from, _))| match STEPS.get(k + 1) {
            Some((next, _)) if next - from > 1 => format!("{from}–{}", next - 1),
            Some(_) => from.to_string(),
            None => format!("{from}+ items"),
        })
        .collect();
    if !as_dots {
        keys.extend(STEPS.iter().zip(&steps).map(|((_, o), t)| (Key::Box(Ink::Blue, *o), t.as_str())));
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
        for (step, rings) in hexagons(&places, if width >= WIDE * 0.6 { 5.0 } else { 3.5 }) {
            canvas.scene.marks.push(Mark::Fill { rings, ink: Ink::Blue, opacity: STEPS[step].1, hint: None });
        }
    }
    Ok(Chart::new(canvas.finish()))
}

/// Counts places in a lattice of hexagons with the given radius; the hexagons of each step of shade.
fn hexagons(places: &[Place], radius: f64) -> BTreeMap<usize, Vec<Vec<Place>>> {
    let (dx, dy) = (radius * 3f64.sqrt(), radius * 1.5);
    let mut counts: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for &(x, y) in places {
        // The nearest centre of the two rows around the place.
        let row = (y / dy).floor() as i64;
        let nearest = [row, row + 1]
            .into_iter()
            .map(|r| {
                let shift = if r.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
                let column = (x / dx - shift).round() as i64;
                let centre = ((column as f64 + shift) * dx, r as f64 * dy);
                ((x - centre.0).hypot(y - centre.1), (column, r))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, cell)) = nearest {
            *counts.entry(cell).or_default() += 1;
        }
    }
    let mut out: BTreeMap<usize, Vec<Vec<Place>>> = BTreeMap::new();
    for ((column, row), count) in counts {
        let shift = if row.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
        let centre = ((column as f64 + shift) * dx, row as f64 * dy);
        let ring = (0..6)
            .map(|k| {
                let angle = std::f64::consts::PI * (k as f64 / 3.0 + 1.0 / 6.0);
                (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin())
            })
            .collect();
        let step = STEPS.iter().rposition(|(from, _)| count >= *from).unwrap_or(0);
        out.entry(step).or_default().push(ring);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_falls_into_its_nearest_hexagon() {
        let places: Vec<Place> =
            (0..500).map(|k| ((k * 37 % 211) as f64 * 0.7, (k * 53 % 197) as f64 * 0.6)).collect();
        let cells = hexagons(&places, 5.0);
        for &(x, y) in &places {
            let inside = cells.values().flatten().any(|ring| {
                let centre = (
                    ring.iter().map(|p| p.0).sum::<f64>() / 6.0,
                    ring.iter().map(|p| p.1).sum::<f64>() / 6.0,
                );
                (x - centre.0).hypot(y - centre.1) <= 5.0 + 1e-9
            });
            assert!(inside, "({x}, {y})");
        }
    }
}
