//! Which model is ahead, and is the lead real? One dot with its interval for each model.

use super::canvas::{Canvas, Heading};
use super::ink::Ink;
use super::rows::{Row, Rows};
use super::scale::{extent, grouped, padded};
use super::{Chart, PlotError};
use crate::numeric::Estimate;

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderboardRow {
    /// The model.
    pub model: String,
    /// Its score with its interval.
    pub score: Estimate,
    /// The places it may hold, first and last.
    pub ranks: Option<(f64, f64)>,
}

/// The models of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderboardData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What the score is, with its unit.
    pub score_title: String,
    /// The models in any order.
    pub rows: Vec<LeaderboardRow>,
    /// The score of guessing, where it is known.
    pub chance: Option<f64>,
    /// Whether larger scores are better.
    pub higher_is_better: bool,
}

/// Rows drawn at most; of more models the best and the worst are drawn.
pub const MAX_ROWS: usize = 40;

/// Dot and interval of each model, best first.
///
/// # Errors
/// When there is no model, or a score that is not finite.
pub fn leaderboard(data: &LeaderboardData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "leaderboard";
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let mut order: Vec<&LeaderboardRow> = data.rows.iter().collect();
    order.sort_by(|a, b| {
        let rising = a.score.value.total_cmp(&b.score.value);
        let better_first = if data.higher_is_better { rising.reverse() } else { rising };
        better_first.then_with(|| a.model.cmp(&b.model))
    });
    let n = order.len();
    let drawn: Vec<&LeaderboardRow> = if n > MAX_ROWS {
        order[..MAX_ROWS / 2].iter().chain(&order[n - MAX_ROWS / 2..]).copied().collect()
    } else {
        order
    };
    let ends = drawn.iter().flat_map(|r| {
        [r.score.value, r.score.low().unwrap_or(r.score.value), r.score.high().unwrap_or(r.score.value)]
    });
    let domain = padded(extent(CHART, "a score", ends)?, 0.04);
    let rows: Vec<Row> = drawn
        .iter()
        .map(|r| Row {
            name: r.model.clone(),
            estimate: Ok(r.score),
            right: r.ranks.map_or(String::new(), |(first, last)| {
                let (a, b) = (grouped(first, 0), grouped(last, 0));
                if a == b { a } else { format!("{a}–{b}") }
            }),
            ink: Ink::Blue,
        })
        .collect();
    let references: Vec<(f64, String)> = data.chance.iter().map(|c| (*c, "guessing".to_owned())).collect();
    Rows {
        rows: &rows,
        domain,
        axis_title: &data.score_title,
        right_title: if drawn.iter().any(|r| r.ranks.is_some()) { "rank" } else { "" },
        references: &references,
        gap: (n > MAX_ROWS)
            .then(|| (MAX_ROWS / 2 - 1, format!("{} models between, not drawn", n - MAX_ROWS))),
    }
    .draw(&mut canvas);
    Ok(Chart::new(canvas.finish()))
}
