//! How wide is a label? The embedded font, measured and drawn.

use super::PlotError;
use super::scene::{Anchor, Text, Weight};
use ab_glyph::{Font, FontRef, Glyph, PxScale, point};
use std::sync::LazyLock;

const REGULAR: &[u8] = include_bytes!("font/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("font/Inter-SemiBold.otf");
/// The web font of plain text.
pub const REGULAR_WOFF2: &[u8] = include_bytes!("font/Inter-Regular.woff2");
/// The web font of titles.
pub const SEMI_BOLD_WOFF2: &[u8] = include_bytes!("font/Inter-SemiBold.woff2");
/// The CSS font family of charts: the embedded font first, then what the reader's system has.
pub const FAMILY: &str = "'Evalgauge Inter',Inter,'Helvetica Neue',Arial,sans-serif";

static FONTS: LazyLock<Option<[FontRef<'static>; 2]>> = LazyLock::new(|| {
    Some([FontRef::try_from_slice(REGULAR).ok()?, FontRef::try_from_slice(SEMI_BOLD).ok()?])
});

fn font(weight: Weight) -> Option<&'static FontRef<'static>> {
    let [regular, semi_bold] = FONTS.as_ref()?;
    Some(match weight {
        Weight::Regular => regular,
        Weight::SemiBold => semi_bold,
    })
}

/// Advance of a character in em. Characters that the font lacks are taken as one em wide, as most East Asian
/// ones are, since a browser will take them from another font.
fn advance(font: &FontRef<'static>, character: char) -> f64 {
    let glyph = font.glyph_id(character);
    if glyph.0 == 0 {
        return 1.0;
    }
    font.h_advance_unscaled(glyph) as f64 / font.units_per_em().unwrap_or(1000.0) as f64
}

/// The width of a plain text of the given size, px.
pub fn width(text: &str, size: f64) -> f64 {
    width_of(text, size, Weight::Regular)
}

/// The width of a text of the given size and weight, px.
pub fn width_of(text: &str, size: f64, weight: Weight) -> f64 {
    match font(weight) {
        Some(font) => text.chars().map(|c| advance(font, c)).sum::<f64>() * size,
        None => text.chars().count() as f64 * 0.6 * size,
    }
}

/// From the middle of a line to its baseline, as a share of the size: half the height of a capital.
pub const MIDDLE_TO_BASELINE: f64 = 0.364;

/// Draws a text `scale` times enlarged: calls `pixel` with column, row and coverage from 0 to 1.
pub(super) fn draw(text: &Text, scale: f64, mut pixel: impl FnMut(i32, i32, f32)) -> Result<(), PlotError> {
    let font = font(text.weight).ok_or(PlotError::Font)?;
    let em = font.units_per_em().unwrap_or(1000.0);
    // `PxScale` counts from ascender to descender, sizes count an em.
    let px = PxScale::from((text.size * scale) as f32 * font.height_unscaled() / em);
    let width = width_of(&text.text, text.size, text.weight);
    let start = match text.anchor {
        Anchor::Start => text.at.0,
        Anchor::Middle => text.at.0 - width / 2.0,
        Anchor::End => text.at.0 - width,
    };
    let mut x = start * scale;
    for character in text.text.chars() {
        // An empty box stands for what the font lacks.
        let known = font.glyph_id(character).0 != 0;
        let glyph: Glyph = font
            .glyph_id(if known { character } else { '□' })
            .with_scale_and_position(px, point(x as f32, (text.at.1 * scale) as f32));
        x += advance(font, character) * text.size * scale;
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, c| pixel(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, c));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advances from the `hmtx` table of the font: `A` 1904 and `i` 668 of 2816 units.
    #[test]
    fn the_embedded_font_is_there_and_measures() {
        assert!(font(Weight::Regular).is_some() && font(Weight::SemiBold).is_some());
        assert!((width("Ai", 2816.0) - (1904.0 + 668.0)).abs() < 1e-6);
        assert_eq!(width("模型", 10.0), 20.0);
        for c in "α≥≤–…×·−²θ".chars() {
            assert_ne!(font(Weight::Regular).unwrap().glyph_id(c).0, 0, "{c} is not in the font");
        }
    }
}
