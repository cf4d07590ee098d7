//! How does a scene become SVG? With colours when it stands alone, with CSS variables inside a page.

use super::ink::{Ink, hex};
use super::scene::{Anchor, Mark, Place, Scene, Weight};
use super::{PlotError, font, png_writer};
use base64::Engine;
use std::fmt::Write;

/// A file of its own, in light colours.
pub(super) fn standalone(scene: &Scene) -> Result<String, PlotError> {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_svg(&mut out, scene, &|ink| hex(ink.light()), true)?;
    Ok(out)
}

/// An element for a page whose style sheet defines the inks.
pub(super) fn inline(scene: &Scene) -> Result<String, PlotError> {
    let mut out = String::new();
    write_svg(&mut out, scene, &|ink| format!("var(--{})", ink.name()), false)?;
    Ok(out)
}

fn write_svg(
    out: &mut String,
    scene: &Scene,
    colour: &dyn Fn(Ink) -> String,
    alone: bool,
) -> Result<(), PlotError> {
    let (w, h) = (number(scene.width), number(scene.height));
    let size = if alone { format!(" width=\"{w}\" height=\"{h}\"") } else { String::new() };
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\"{size} viewBox=\"0 0 {w} {h}\" role=\"img\" \
         aria-label=\"{}\" font-family=\"{}\">",
        escape(&scene.label),
        font::FAMILY
    );
    if alone {
        let _ = write!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", colour(Ink::Surface));
    }
    for mark in &scene.marks {
        write_mark(out, mark, colour)?;
    }
    out.push_str("</svg>\n");
    Ok(())
}

fn write_mark(out: &mut String, mark: &Mark, colour: &dyn Fn(Ink) -> String) -> Result<(), PlotError> {
    // Writing to a string cannot fail.
    let _ = match mark {
        Mark::Line { points, ink, width, dash } => {
            let dash = dash.map_or(String::new(), |(on, off)| {
                format!(" stroke-dasharray=\"{} {}\"", number(on), number(off))
            });
            write!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}/>",
                path(points, false),
                colour(*ink),
                number(*width)
            )
        }
        Mark::Fill { rings, ink, opacity, hint } => {
            let d: String = rings.iter().map(|r| path(r, true)).collect();
            write!(
                out,
                "<path d=\"{d}\" fill=\"{}\"{}{}",
                colour(*ink),
                opacity_attribute(*opacity),
                close("path", hint)
            )
        }
        Mark::Rect { area: (x, y, w, h), ink, opacity, hint } => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}{}",
            number(*x),
            number(*y),
            number(*w),
            number(*h),
            colour(*ink),
            opacity_attribute(*opacity),
            close("rect", hint)
        ),
        Mark::Dot { at, radius, ink, hollow, hint } => {
            let paint = if *hollow {
                format!("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"", colour(Ink::Surface), colour(*ink))
            } else {
                format!("fill=\"{}\"", colour(*ink))
            };
            let (x, y) = (number(at.0), number(at.1));
            write!(
                out,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\" {paint}{}",
                number(*radius),
                close("circle", hint)
            )
        }
        Mark::Text(t) => {
            let anchor = match t.anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let weight = match t.weight {
                Weight::Regular => "",
                Weight::SemiBold => " font-weight=\"600\"",
            };
            write!(
                out,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{weight}>{}</text>",
                number(t.at.0),
                number(t.at.1),
                number(t.size),
                colour(t.ink),
                escape(&t.text)
            )
        }
        Mark::Image { area: (x, y, w, h), raster } => {
            let bytes = png_writer::encode_raster(raster)?;
            write!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
                number(*x),
                number(*y),
                number(*w),
                number(*h),
                base64::engine::general_purpose::STANDARD.encode(bytes)
            )
        }
    };
    Ok(())
}

fn opacity_attribute(opacity: f64) -> String {
    if opacity >= 1.0 { String::new() } else { format!(" fill-opacity=\"{}\"", number(opacity)) }
}

/// The end of an element, with its hint as the title that browsers show under the pointer.
fn close(element: &str, hint: &Option<String>) -> String {
    match hint {
        Some(hint) => format!("><title>{}</title></{element}>", escape(hint)),
        None => "/>".to_owned(),
    }
}

fn path(points: &[Place], closed: bool) -> String {
    let mut d = String::with_capacity(points.len() * 10);
    for (k, (x, y)) in points.iter().enumerate() {
        d.push(if k == 0 { 'M' } else { 'L' });
        d.push_str(&number(*x));
        d.push(' ');
        d.push_str(&number(*y));
    }
    if closed {
        d.push('Z');
    }
    d
}

/// At most two decimals: a hundredth of a pixel is more than any screen shows.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Escapes text for XML and HTML, leaving out control characters, which XML forbids.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(12.0), "12");
        assert_eq!(number(0.126), "0.13");
        assert_eq!(number(-0.001), "0");
    }

    #[test]
    fn names_cannot_break_out_of_the_drawing() {
        let mut scene = Scene::new(10.0, 10.0, "a \"b\"");
        scene.text((0.0, 5.0), "</text><script>\u{1}&", 5.0, Anchor::Start, Ink::Text);
        let svg = inline(&scene).unwrap();
        assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt; &amp;"));
        assert!(svg.contains("aria-label=\"a &quot;b&quot;\""));
        assert!(svg.contains("var(--ink-text)"));
    }
}
