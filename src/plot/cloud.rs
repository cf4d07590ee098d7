//! How are many points drawn? Each as its own dot while they are few, as shaded hexagons when they are many.

use super::canvas::Key;
use super::ink::Ink;
use super::scene::{Mark, Place, Scene};
use std::collections::BTreeMap;

/// Steps of shade for the number of points in a hexagon: each begins at this count or more.
const STEPS: [(usize, f64); 5] = [(1, 0.36), (3, 0.52), (10, 0.68), (30, 0.84), (100, 1.0)];
/// Up to this many points each one is drawn as its own dot.
const DOTS: usize = 400;

/// Whether so many points are drawn one by one.
pub(super) fn as_dots(n: usize) -> bool {
    n <= DOTS
}

/// Keys of the steps of shade with their counts.
pub(super) fn keys(noun: &str) -> Vec<(Key, String)> {
    STEPS
        .iter()
        .enumerate()
        .map(|(k, (from, opacity))| {
            let text = match STEPS.get(k + 1) {
                Some((next, _)) if next - from > 1 => format!("{from}–{}", next - 1),
                Some(_) => from.to_string(),
                None => format!("{from}+ {noun}"),
            };
            (Key::Box(Ink::Blue, *opacity), text)
        })
        .collect()
}

/// Draws hexagons of a radius, shaded by the number of places in each.
pub(super) fn hexagons(scene: &mut Scene, places: &[Place], radius: f64) {
    for (step, rings) in lattice(places, radius) {
        scene.marks.push(Mark::Fill { rings, ink: Ink::Blue, opacity: STEPS[step].1, hint: None });
    }
}

/// Counts places in a lattice of hexagons with the given radius; the hexagons of each step of shade.
fn lattice(places: &[Place], radius: f64) -> BTreeMap<usize, Vec<Vec<Place>>> {
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
        let cells = lattice(&places, 5.0);
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
