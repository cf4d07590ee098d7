//! Who got what right? The whole matrix as an image: models by ability, items by difficulty.

use super::canvas::{Canvas, Heading, Key, LABEL, MARGIN};
use super::font::{self, MIDDLE_TO_BASELINE};
use super::ink::Ink;
use super::labels::shorten;
use super::scale::grouped;
use super::scene::{Anchor, Mark, Raster};
use super::{Chart, PlotError};
use crate::response::ResponseMatrix;
use std::sync::Arc;

/// A matrix and the order in which to show it.
#[derive(Debug, Clone)]
pub struct ResponseMapData<'a> {
    /// Title and subtitle.
    pub heading: Heading,
    /// The scores.
    pub matrix: &'a ResponseMatrix,
    /// Positions of the models, best first: rows from the top.
    pub models: Vec<usize>,
    /// Positions of the items, easiest first: columns from the left.
    pub items: Vec<usize>,
}

/// Shades from all wrong to all right.
const SHADES: usize = 32;
/// Rows of the image at most.
const MAX_ROWS: usize = 480;

/// The matrix as an image. Where there are more items or models than pixels, a pixel shows their mean.
///
/// # Errors
/// When the matrix has no score.
pub fn response_map(data: &ResponseMapData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "response_map";
    if data.models.is_empty() || data.items.is_empty() || data.matrix.n_present() == 0 {
        return Err(PlotError::Empty { chart: CHART, what: "no scores" });
    }
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let (models, items) = (data.models.len(), data.items.len());
    let row_height = (420.0 / models as f64).clamp(1.0, 16.0);
    let named = row_height >= LABEL + 0.5;
    let names = |m: usize| data.matrix.respondents()[data.models[m]].as_str();
    let name_room = if named {
        (0..models).map(|m| font::width(names(m), LABEL)).fold(0.0, f64::max).min(width * 0.34)
    } else {
        font::width("best", LABEL).max(font::width("weakest", LABEL))
    };
    let room = width - 2.0 * MARGIN - name_room - 8.0;
    // Cells of a whole number of half pixels stay equally wide in the image; only where items outnumber
    // pixels are several averaged into one.
    let columns = items.min((room * 2.0) as usize);
    let image_width =
        if items as f64 <= room { (room * 2.0 / items as f64).floor() / 2.0 * items as f64 } else { room };
    let rows = models.min(MAX_ROWS);
    let image_height =
        if models <= MAX_ROWS { (row_height * 2.0).floor() / 2.0 * models as f64 } else { MAX_ROWS as f64 };
    let raster = rasterise(data, rows, columns);

    let missing = data.matrix.n_present() < (models * items) as u64;
    let mut keys = vec![(Key::Box(Ink::Wrong, 1.0), "wrong"), (Key::Box(Ink::Right, 1.0), "right")];
    if missing {
        keys.push((Key::EmptyBox, "missing"));
    }
    canvas.legend(&keys);
    canvas.y += 6.0;
    let (left, top) = (MARGIN + name_room + 8.0, canvas.y);
    canvas
        .scene
        .marks
        .push(Mark::Image { area: (left, top, image_width, image_height), raster: Arc::new(raster) });
    if named {
        let step = image_height / models as f64;
        for m in 0..models {
            let y = top + (m as f64 + 0.5) * step + LABEL * MIDDLE_TO_BASELINE;
            let name = shorten(names(m), LABEL, name_room);
            canvas.scene.text((left - 6.0, y), name, LABEL, Anchor::End, Ink::Text);
        }
    } else {
        canvas.scene.text((left - 6.0, top + LABEL), "best", LABEL, Anchor::End, Ink::Muted);
        canvas.scene.text((left - 6.0, top + image_height), "weakest", LABEL, Anchor::End, Ink::Muted);
    }
    let (right, bottom) = (left + image_width, top + image_height);
    let edge = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.scene.line(edge, Ink::Axis, 1.0);
    let below = bottom + LABEL + 5.0;
    canvas.scene.text((left, below), "← easy items", LABEL, Anchor::Start, Ink::Muted);
    let (hard, easy) = ("hard items →", "← easy items");
    if image_width > font::width(hard, LABEL) + font::width(easy, LABEL) + 10.0 {
        canvas.scene.text((right, below), hard, LABEL, Anchor::End, Ink::Muted);
    }
    canvas.y = below + 6.0;
    if columns < items || rows < models {
        let mean_of = |n: usize, drawn: usize, what: &str| {
            (drawn < n).then(|| format!("{} {what}", grouped(n as f64 / drawn as f64, 1)))
        };
        let parts: Vec<String> = [mean_of(items, columns, "items"), mean_of(models, rows, "models")]
            .into_iter()
            .flatten()
            .collect();
        canvas.note(&format!(
            "A pixel is the mean of about {}; colours between the two show the share right.",
            parts.join(" and ")
        ));
    }
    Ok(Chart::new(canvas.finish()))
}

/// Means of blocks of scores as indices of shades; empty blocks are past the palette.
fn rasterise(data: &ResponseMapData, rows: usize, columns: usize) -> Raster {
    let (models, items) = (data.models.len(), data.items.len());
    let mut sum = vec![0.0f64; rows * columns];
    let mut count = vec![0u32; rows * columns];
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for (place, &item) in data.items.iter().enumerate() {
        let column = place * columns / items;
        for (at, &model) in data.models.iter().enumerate() {
            if let Some(score) = data.matrix.score(item, model) {
                let cell = at * rows / models * columns + column;
                sum[cell] += score;
                count[cell] += 1;
                (low, high) = (low.min(score), high.max(score));
            }
        }
    }
    let cells = sum
        .iter()
        .zip(&count)
        .map(|(sum, &n)| {
            if n == 0 {
                return SHADES as u8;
            }
            let share = (sum / n as f64 - low) / (high - low);
            (share.clamp(0.0, 1.0) * (SHADES - 1) as f64).round() as u8
        })
        .collect();
    let (wrong, right) = (Ink::Wrong.light(), Ink::Right.light());
    let mix = |a: u8, b: u8, t: f64| (a as f64 + t * (b as f64 - a as f64)).round() as u8;
    let palette = (0..SHADES)
        .map(|k| {
            let t = k as f64 / (SHADES - 1) as f64;
            (mix(wrong.0, right.0, t), mix(wrong.1, right.1, t), mix(wrong.2, right.2, t))
        })
        .collect();
    Raster { width: columns, height: rows, palette, cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_means_and_missing_is_neither_right_nor_wrong() {
        let (y, n) = (Some(true), Some(false));
        let matrix = ResponseMatrix::from_rows(&[vec![y, y, n, None], vec![y, n, None, None]]);
        let data = ResponseMapData {
            heading: Heading::default(),
            matrix: &matrix,
            models: vec![0, 1],
            items: vec![0, 1, 2, 3],
        };
        let fine = rasterise(&data, 2, 4);
        let (right, wrong, none) = (SHADES as u8 - 1, 0, SHADES as u8);
        assert_eq!(fine.cells, [right, right, wrong, none, right, wrong, none, none]);
        let coarse = rasterise(&data, 1, 2);
        assert_eq!(coarse.cells, [(0.75 * (SHADES - 1) as f64).round() as u8, wrong]);
    }
}
