//! What does a terminal show? Aligned tables and the findings in short, coloured only if told.

use crate::report::{BenchmarkReport, Consequence, TableView};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether to use colours (ANSI escape codes).
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { colour: false, width: 100 }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const YELLOW: &str = "33";
/// Spaces between columns.
const GAP: usize = 2;
/// A text column is never made narrower than this.
const NARROWEST: usize = 8;

fn paint(text: &str, code: &str, options: &TextOptions) -> String {
    if options.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Text on one line, without control characters, so that a name in a dump cannot steer the terminal, and with
/// plain spaces, so that it can be searched for.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '\u{a0}' { ' ' } else { c }).collect()
}

/// The text in at most `room` columns, its middle replaced by `…`.
fn fitted(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let (head_room, tail_room) = ((room.max(1) - 1).div_ceil(2), (room.max(1) - 1) / 2);
    let take = |characters: &mut dyn Iterator<Item = char>, room: usize| -> Vec<char> {
        let mut used = 0;
        characters
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= room
            })
            .collect()
    };
    let head: String = take(&mut text.chars(), head_room).into_iter().collect();
    let tail: String = take(&mut text.chars().rev(), tail_room).into_iter().rev().collect();
    format!("{head}…{tail}")
}

/// A table in aligned columns, numbers to the right. Where it is too wide for the terminal its widest text
/// columns are shortened.
pub fn table(view: &TableView, options: &TextOptions) -> String {
    let cells: Vec<Vec<String>> =
        view.rows.iter().map(|row| row.iter().map(|c| plain(c)).collect()).collect();
    let mut widths: Vec<usize> = view
        .columns
        .iter()
        .enumerate()
        .map(|(k, column)| {
            let widest = cells.iter().filter_map(|row| row.get(k)).map(|c| c.width()).max();
            widest.unwrap_or(0).max(column.title.width())
        })
        .collect();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while total(&widths) > options.width {
        let widest = (0..widths.len())
            .filter(|&k| !view.columns[k].numeric && widths[k] > NARROWEST)
            .max_by_key(|&k| widths[k]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    let line = |row: &[String]| -> String {
        let mut out = String::new();
        for (k, (text, width)) in row.iter().zip(&widths).enumerate() {
            let text = fitted(text, *width);
            let pad = " ".repeat(width.saturating_sub(text.width()));
            if k > 0 {
                out.push_str(&" ".repeat(GAP));
            }
            if view.columns[k].numeric {
                out.push_str(&pad);
                out.push_str(&text);
            } else {
                out.push_str(&text);
                out.push_str(&pad);
            }
        }
        out.trim_end().to_owned()
    };
    let titles: Vec<String> = view.columns.iter().map(|c| c.title.clone()).collect();
    let mut out = paint(&line(&titles), BOLD, options);
    out.push('\n');
    for row in &cells {
        out.push_str(&line(row));
        out.push('\n');
    }
    if let Some(note) = &view.note {
        out.push_str(&paint(&plain(note), DIM, options));
        out.push('\n');
    }
    out
}

/// The findings of a benchmark, what could not run, and nothing else.
pub fn summary(report: &BenchmarkReport, options: &TextOptions) -> String {
    let mut out = paint(&plain(&report.sample.subtitle()), BOLD, options);
    out.push('\n');
    for finding in &report.findings {
        let (mark, code) = match finding.consequence {
            Consequence::Conclusion => ("!!", RED),
            Consequence::Care => ("! ", YELLOW),
            Consequence::Information => ("  ", DIM),
        };
        let lines = wrapped(&finding.headline, options.width.saturating_sub(5));
        for (k, text) in lines.iter().enumerate() {
            let mark = if k == 0 { paint(mark, code, options) } else { "  ".to_owned() };
            out.push_str(&format!("  {mark} {text}\n"));
        }
    }
    for missing in &report.not_run {
        let text = format!("not run: {} ({})", missing.check, missing.reason);
        for line in wrapped(&text, options.width.saturating_sub(5)) {
            out.push_str(&format!("     {}\n", paint(&line, DIM, options)));
        }
    }
    out
}

/// A paragraph in lines that fit the terminal, indented by some columns.
pub fn paragraph(text: &str, indent: usize, options: &TextOptions) -> String {
    let lines = wrapped(text, options.width.saturating_sub(indent));
    lines.into_iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// Text in lines of at most `room` columns; a longer word has a line of its own.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in plain(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> TableView {
        TableView::new(
            "models",
            &["model", "#score"],
            vec![vec!["模型甲".into(), "0.5".into()], vec!["a\x1b[31mb".into(), "10.25".into()]],
        )
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let text = table(&view(), &TextOptions::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|l| l.width() == lines[0].width()), "{text}");
        assert!(lines[1].ends_with("  0.5"));
        assert!(!text.contains('\x1b'), "no colour unless told, and none from the data");
    }

    #[test]
    fn a_table_fits_its_terminal() {
        let name = "meta-llama/Llama-3.1-405B-Instruct-FP8-with-a-very-long-tail".to_owned();
        let wide = TableView::new("", &["model", "#score"], vec![vec![name, "0.123".into()]]);
        let text = table(&wide, &TextOptions { width: 30, colour: true });
        assert!(text.lines().skip(1).all(|l| l.width() <= 30), "{text}");
        assert!(text.contains('…') && text.starts_with("\x1b[1m"));
    }
}
