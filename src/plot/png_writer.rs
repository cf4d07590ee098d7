//! How does a scene become a PNG? Drawn four times enlarged with plotters' bitmap, then halved.
//!
//! Plotters draws on whole pixels; averaging blocks of 2 × 2 gives smooth edges at twice the nominal size.

use super::PlotError;
use super::font;
use super::ink::Ink;
use super::scene::{Mark, Place, Raster, Scene};
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBAColor, ShapeStyle};
use std::collections::{HashMap, VecDeque};

/// Size of the PNG relative to the scene.
const OUTPUT_SCALE: usize = 2;
/// Pixels drawn for each pixel kept, along one side.
const OVERSAMPLE: usize = 2;

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Bitmap(error.to_string())
}

/// The scene as a PNG file in light colours.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, PlotError> {
    let (width, height) =
        ((scene.width.ceil() as usize) * OUTPUT_SCALE, (scene.height.ceil() as usize) * OUTPUT_SCALE);
    let (wide, high) = (width * OVERSAMPLE, height * OVERSAMPLE);
    let mut pixels = vec![255u8; wide * high * 3];
    {
        let mut canvas = BitMapBackend::with_buffer(&mut pixels, (wide as u32, high as u32));
        for mark in &scene.marks {
            draw(&mut canvas, mark, (OUTPUT_SCALE * OVERSAMPLE) as f64)?;
        }
        canvas.present().map_err(failed)?;
    }
    let mut halved = vec![0u8; width * height * 3];
    for (at, value) in halved.iter_mut().enumerate() {
        let (row, column, channel) = (at / 3 / width, at / 3 % width, at % 3);
        let mut sum = 0u32;
        for dy in 0..OVERSAMPLE {
            for dx in 0..OVERSAMPLE {
                let source = (row * OVERSAMPLE + dy) * wide + column * OVERSAMPLE + dx;
                sum += pixels[source * 3 + channel] as u32;
            }
        }
        let n = (OVERSAMPLE * OVERSAMPLE) as u32;
        *value = ((sum + n / 2) / n) as u8;
    }
    let (palette, cells) = indexed(&halved);
    encode_raster(&Raster { width, height, palette, cells })
}

/// The picture in its 255 most frequent colours, others by their nearest: flat colours stay exact, and the
/// file is a third of the size.
fn indexed(pixels: &[u8]) -> (Vec<(u8, u8, u8)>, Vec<u8>) {
    let colour = |p: &[u8]| (p[0], p[1], p[2]);
    let mut counts: HashMap<(u8, u8, u8), usize> = HashMap::new();
    for pixel in pixels.chunks_exact(3) {
        *counts.entry(colour(pixel)).or_default() += 1;
    }
    let mut palette: Vec<(u8, u8, u8)> = counts.keys().copied().collect();
    // Ties are broken by the colour itself, so that the same scene gives the same file.
    palette.sort_by_key(|c| (std::cmp::Reverse(counts[c]), *c));
    palette.truncate(255);
    let distance = |a: &(u8, u8, u8), b: &(u8, u8, u8)| {
        let d = |x: u8, y: u8| (x as i32 - y as i32).pow(2);
        d(a.0, b.0) + d(a.1, b.1) + d(a.2, b.2)
    };
    let index: HashMap<(u8, u8, u8), u8> = counts
        .keys()
        .map(|c| (*c, (0..palette.len()).min_by_key(|&k| distance(&palette[k], c)).unwrap_or(0) as u8))
        .collect();
    let cells = pixels.chunks_exact(3).map(|p| index[&colour(p)]).collect();
    (palette, cells)
}

type Canvas<'a> = BitMapBackend<'a>;

fn colour(ink: Ink, opacity: f64) -> RGBAColor {
    let (r, g, b) = ink.light();
    RGBAColor(r, g, b, opacity)
}

fn filled(ink: Ink, opacity: f64) -> ShapeStyle {
    colour(ink, opacity).filled()
}

fn draw(canvas: &mut Canvas, mark: &Mark, scale: f64) -> Result<(), PlotError> {
    let pixel = |(x, y): Place| ((x * scale).round() as i32, (y * scale).round() as i32);
    match mark {
        Mark::Line { points, ink, width, dash } => {
            let style = colour(*ink, 1.0).stroke_width((width * scale).round().max(1.0) as u32);
            for piece in pieces(points, *dash) {
                canvas.draw_path(piece.into_iter().map(pixel), &style).map_err(failed)?;
            }
        }
        Mark::Fill { rings, ink, opacity, .. } => {
            for ring in rings {
                canvas
                    .fill_polygon(ring.iter().map(|p| pixel(*p)), &filled(*ink, *opacity))
                    .map_err(failed)?;
            }
        }
        Mark::Rect { area: (x, y, w, h), ink, opacity, .. } => {
            let (from, to) = (pixel((*x, *y)), pixel((x + w, y + h)));
            if to.0 > from.0 && to.1 > from.1 {
                // Both corners are drawn by plotters: the far edge is one pixel further than meant.
                canvas
                    .draw_rect(from, (to.0 - 1, to.1 - 1), &filled(*ink, *opacity), true)
                    .map_err(failed)?;
            }
        }
        Mark::Dot { at, radius, ink, hollow, .. } => {
            let outer = if *hollow { radius + 0.75 } else { *radius };
            canvas
                .fill_polygon(circle(*at, outer).into_iter().map(pixel), &filled(*ink, 1.0))
                .map_err(failed)?;
            if *hollow {
                canvas
                    .fill_polygon(
                        circle(*at, radius - 0.75).into_iter().map(pixel),
                        &filled(Ink::Surface, 1.0),
                    )
                    .map_err(failed)?;
            }
        }
        Mark::Text(text) => {
            let (columns, rows) = canvas.get_size();
            let mut outcome = Ok(());
            font::draw(text, scale, |x, y, coverage| {
                if x >= 0 && y >= 0 && (x as u32) < columns && (y as u32) < rows && outcome.is_ok() {
                    let ink = colour(text.ink, coverage as f64);
                    outcome = canvas.draw_pixel((x, y), ink.to_backend_color()).map_err(failed);
                }
            })?;
            outcome?;
        }
        Mark::Image { area: (x, y, w, h), raster } => {
            let (left, top) = pixel((*x, *y));
            let (right, bottom) = pixel((x + w, y + h));
            let (columns, rows) = ((right - left).max(1) as usize, (bottom - top).max(1) as usize);
            for row in 0..rows {
                for column in 0..columns {
                    let cell = (row * raster.height / rows) * raster.width + column * raster.width / columns;
                    if let Some(&(r, g, b)) = raster.palette.get(raster.cells[cell] as usize) {
                        canvas
                            .draw_pixel(
                                (left + column as i32, top + row as i32),
                                RGBAColor(r, g, b, 1.0).to_backend_color(),
                            )
                            .map_err(failed)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn circle(at: Place, radius: f64) -> Vec<Place> {
    (0..48)
        .map(|k| {
            let angle = k as f64 * std::f64::consts::TAU / 48.0;
            (at.0 + radius * angle.cos(), at.1 + radius * angle.sin())
        })
        .collect()
}

/// Cuts a line into its dashes; without a dash, into one piece. Points on one spot are joined.
fn pieces(points: &[Place], dash: Option<(f64, f64)>) -> Vec<Vec<Place>> {
    let mut distinct: Vec<Place> = Vec::with_capacity(points.len());
    for &p in points {
        if distinct.last().is_none_or(|q| (q.0 - p.0).hypot(q.1 - p.1) > 0.05) {
            distinct.push(p);
        }
    }
    let Some((on, off)) = dash else { return vec![distinct] };
    let mut out = Vec::new();
    let mut rest: VecDeque<Place> = distinct.into();
    let Some(mut here) = rest.pop_front() else { return out };
    let (mut drawing, mut left) = (true, on);
    let mut piece = vec![here];
    while let Some(&next) = rest.front() {
        let length = (next.0 - here.0).hypot(next.1 - here.1);
        if length <= left {
            left -= length;
            here = next;
            rest.pop_front();
            piece.push(here);
        } else {
            let t = left / length;
            here = (here.0 + t * (next.0 - here.0), here.1 + t * (next.1 - here.1));
            piece.push(here);
            if drawing {
                out.push(std::mem::take(&mut piece));
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
            piece = vec![here];
        }
    }
    if drawing && piece.len() > 1 {
        out.push(piece);
    }
    out
}

/// A raster as a PNG of indexed colours; indices past the palette are transparent.
pub(super) fn encode_raster(raster: &Raster) -> Result<Vec<u8>, PlotError> {
    let clear = raster.palette.len();
    let mut palette: Vec<u8> = raster.palette.iter().flat_map(|&(r, g, b)| [r, g, b]).collect();
    palette.extend([0, 0, 0]);
    let mut alpha = vec![255u8; clear];
    alpha.push(0);
    let cells: Vec<u8> = raster.cells.iter().map(|&c| (c as usize).min(clear) as u8).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, raster.width as u32, raster.height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_trns(alpha);
    encoder.set_compression(png::Compression::Best);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&cells).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::scene::Anchor;

    #[test]
    fn a_scene_becomes_a_png_of_twice_its_size() {
        let mut scene = Scene::new(40.0, 20.0, "test");
        scene.rect((0.0, 0.0, 20.0, 20.0), Ink::Blue, 1.0);
        scene.text((22.0, 15.0), "Ag", 12.0, Anchor::Start, Ink::Text);
        let bytes = png(&scene).unwrap();
        let mut decoder = png::Decoder::new(bytes.as_slice());
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (80, 40));
        assert_eq!(&pixels[..4], &[0x00, 0x72, 0xb2, 255]);
        assert_eq!(&pixels[79 * 4..80 * 4], &[255, 255, 255, 255]);
        assert!(pixels.chunks(4).any(|p| p[..3].iter().all(|&v| v < 100)), "no text was drawn");
    }

    #[test]
    fn dashes_cover_what_they_should() {
        let cut = pieces(&[(0.0, 0.0), (10.0, 0.0)], Some((4.0, 3.0)));
        assert_eq!(cut, vec![vec![(0.0, 0.0), (4.0, 0.0)], vec![(7.0, 0.0), (10.0, 0.0)]]);
    }
}
