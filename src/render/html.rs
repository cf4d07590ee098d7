//! How does a report become a page? One HTML file that needs nothing else: no network, no script.

use super::view;
use crate::plot::{PlotError, font, ink};
use crate::report::Report;
use base64::Engine;
use minijinja::{AutoEscape, Environment};
use thiserror::Error;

/// Why no page could be made.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A chart could not be written.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The template failed.
    #[error("the page template failed: {0}")]
    Template(#[from] minijinja::Error),
}

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The page of a report.
///
/// The file is complete in itself: charts are inline SVG in the reader's theme, the font of the charts is
/// inlined, and the content security policy forbids every request. All text from dumps is escaped.
///
/// # Errors
/// When a chart cannot be written. The template itself fails on no report.
pub fn html(report: &Report) -> Result<String, RenderError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("printable", printable);
    environment.add_template("page", PAGE)?;
    let page =
        environment.get_template("page")?.render(minijinja::value::Serde(view::page(report, style())?))?;
    Ok(page)
}

fn style() -> String {
    let mut out = String::new();
    for (weight, bytes) in [(400, font::REGULAR_WOFF2), (600, font::SEMI_BOLD_WOFF2)] {
        out.push_str(&format!(
            "@font-face{{font-family:'Evalgauge Inter';font-weight:{weight};\
             src:url(data:font/woff2;base64,{}) format('woff2')}}\n",
            base64::engine::general_purpose::STANDARD.encode(bytes)
        ));
    }
    out.push_str(&ink::stylesheet());
    out.push_str(STYLE);
    out
}

/// Text of a dump without the control characters that no page can show, lines and tabs apart.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
