//! Which subjects tell models apart, and which are mostly noise? Reliability of each subject.

use super::canvas::{Canvas, Heading};
use super::ink::Ink;
use super::rows::{Row, Rows};
use super::scale::grouped;
use super::{Chart, PlotError};
use crate::numeric::Estimate;

/// One subject.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityRow {
    /// The subject.
    pub subject: String,
    /// Its reliability, or why there is none.
    pub reliability: Result<Estimate, String>,
    /// Its number of items.
    pub n_items: usize,
}

/// The subjects of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityData {
    /// Title and subtitle.
    pub heading: Heading,
    /// The coefficient, with the level of its interval.
    pub coefficient: String,
    /// The subjects in any order.
    pub rows: Vec<ReliabilityRow>,
    /// The same coefficient of all items together.
    pub overall: Option<f64>,
    /// Below this value a row is marked.
    pub threshold: f64,
}

/// Rows drawn at most: the least reliable ones.
pub const MAX_ROWS: usize = 60;

/// Dot and interval of each subject, least reliable last; rows below the threshold stand out.
///
/// # Errors
/// When there is no subject.
pub fn reliability(data: &ReliabilityData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "reliability";
    if data.rows.is_empty() {
        return Err(PlotError::Empty { chart: CHART, what: "no subjects" });
    }
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let mut order: Vec<&ReliabilityRow> = data.rows.iter().collect();
    let value = |r: &ReliabilityRow| r.reliability.as_ref().map_or(f64::NEG_INFINITY, |e| e.value);
    order.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.subject.cmp(&b.subject)));
    let left_out = order.len().saturating_sub(MAX_ROWS);
    let drawn = &order[left_out..];
    for row in drawn {
        if let Ok(e) = &row.reliability
            && !e.value.is_finite()
        {
            let what = format!("the reliability of {}", row.subject);
            return Err(PlotError::NotFinite { chart: CHART, what, value: e.value });
        }
    }
    // Reliabilities below −0.5 say no more than "none": the axis stops there and arrows go on.
    let lowest = drawn
        .iter()
        .filter_map(|r| r.reliability.as_ref().ok())
        .map(|e| e.low().unwrap_or(e.value).min(e.value))
        .fold(0.7f64, f64::min)
        .max(-0.5);
    let rows: Vec<Row> = drawn
        .iter()
        .map(|r| Row {
            name: r.subject.clone(),
            estimate: r.reliability.clone(),
            right: grouped(r.n_items as f64, 0),
            ink: if value(r) < data.threshold { Ink::Alarm } else { Ink::Blue },
        })
        .collect();
    let mut references = vec![(data.threshold, shortest_label(data.threshold))];
    references.extend(data.overall.map(|v| (v, "all items".to_owned())));
    references.sort_by(|a, b| a.0.total_cmp(&b.0));
    Rows {
        rows: &rows,
        domain: ((lowest * 10.0).floor() / 10.0, 1.0),
        axis_title: &data.coefficient,
        right_title: "items",
        references: &references,
        gap: None,
    }
    .draw(&mut canvas);
    if left_out > 0 {
        canvas.note(&format!("{left_out} more reliable subjects are not drawn."));
    }
    Ok(Chart::new(canvas.finish()))
}

fn shortest_label(threshold: f64) -> String {
    format!("{} wanted", super::scale::shortest(threshold))
}
