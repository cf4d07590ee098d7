//! Who leads, and how surely? Scores and ranks of all models with their intervals.

use super::first_place::could_be_first;
use super::ranks::{RankError, RankOptions, competition_ranks, rank_intervals};
use super::standard_error::{central_limit, clustered_mean};
use crate::numeric::proportion::wilson;
use crate::numeric::{Estimate, Interval};
use crate::response::{Cells, RespondentId, ResponseMatrix, Table};
use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

/// How to rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeaderboardOptions {
    /// Confidence level.
    pub level: f64,
    /// Resamples of the items for the rank intervals.
    pub replicates: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for LeaderboardOptions {
    fn default() -> Self {
        Self { level: 0.95, replicates: 1000, seed: 1 }
    }
}

/// The place of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// The model.
    pub respondent: RespondentId,
    /// Items with a score.
    pub n_items: usize,
    /// Mean score. Standard error by the central limit theorem; interval by Wilson for 0/1 scores, else normal.
    pub score: Option<Estimate>,
    /// Standard error of the score with the subjects as clusters, where there are two or more.
    pub clustered_std_error: Option<f64>,
    /// Rank of the score, 1 the best, ties sharing the best place.
    pub rank: Option<usize>,
    /// Interval of the rank over resampled items.
    pub rank_interval: Option<Interval>,
    /// Whether no other model is better beyond chance ([`could_be_first`]).
    pub could_be_first: Option<bool>,
}

/// All models of one benchmark, in the order of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaderboard {
    /// One entry for each model.
    pub standings: Vec<Standing>,
    /// What must be read with care, and why.
    pub warnings: Vec<String>,
}

/// Why there is no leaderboard.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LeaderboardError {
    /// No cell has a score.
    #[error("benchmark {benchmark:?} has no scored response, so there is nothing to rank")]
    NoResponses {
        /// The benchmark.
        benchmark: String,
    },
    /// A wrong level or too few replicates.
    #[error(transparent)]
    Ranks(RankError),
}

/// Scores and ranks the models of one benchmark with their intervals.
///
/// Models are compared by the mean over the items that each answered; where they answered different items, a
/// warning says so.
///
/// # Errors
/// See [`LeaderboardError`].
pub fn leaderboard(
    matrix: &ResponseMatrix,
    options: &LeaderboardOptions,
) -> Result<Leaderboard, LeaderboardError> {
    let totals = matrix.respondent_totals();
    if totals.iter().all(|t| t.1 == 0) {
        return Err(LeaderboardError::NoResponses { benchmark: matrix.benchmark.clone() });
    }
    let mut warnings = Vec::new();
    let rank_options =
        RankOptions { replicates: options.replicates, level: options.level, seed: options.seed };
    let intervals = match rank_intervals(matrix, &rank_options) {
        Ok(intervals) => intervals,
        Err(error @ RankError::TooFewItems { .. }) => {
            warnings.push(error.to_string());
            vec![None; totals.len()]
        }
        Err(error) => return Err(LeaderboardError::Ranks(error)),
    };
    let scores: Vec<Option<f64>> = totals.iter().map(|&(sum, n)| (n > 0).then(|| sum / n as f64)).collect();
    let ranks = competition_ranks(&scores, matrix.metric.higher_is_better);
    let fewest = totals.iter().map(|t| t.1).filter(|n| *n > 0).min().unwrap_or(0);
    if fewest < matrix.n_items() {
        warnings.push(format!(
            "models answered between {fewest} and {} of {} items: their scores are over different items",
            totals.iter().map(|t| t.1).max().unwrap_or(0),
            matrix.n_items()
        ));
    }
    let firsts = could_be_first(matrix, options.level);
    let standings = (0..totals.len())
        .into_par_iter()
        .map(|r| {
            let (score, clustered_std_error) = score_estimate(matrix, r, options.level);
            Standing {
                respondent: matrix.respondents()[r].clone(),
                n_items: totals[r].1,
                score,
                clustered_std_error,
                rank: ranks[r],
                rank_interval: intervals[r],
                could_be_first: firsts[r],
            }
        })
        .collect();
    Ok(Leaderboard { standings, warnings })
}

/// A respondent's mean score, and its standard error with subjects as clusters.
fn score_estimate(matrix: &ResponseMatrix, respondent: usize, level: f64) -> (Option<Estimate>, Option<f64>) {
    let (scores, subjects): (Vec<f64>, Vec<Option<usize>>) = (0..matrix.n_items())
        .filter_map(|i| Some((matrix.score(i, respondent)?, matrix.subject_of(i))))
        .unzip();
    if scores.is_empty() {
        return (None, None);
    }
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let std_error = match matrix.cells() {
        // The same number, from counts: free of rounding, and so of the order of the items.
        Cells::Binary(_) => (n > 1.0).then(|| (mean * (1.0 - mean) / (n - 1.0)).sqrt()),
        _ => central_limit(&scores).ok(),
    };
    let std_error = std_error.filter(|se| *se > 0.0);
    let estimate = match (matrix.cells(), std_error) {
        (Cells::Binary(_), _) => wilson(scores.iter().sum(), n, level).map(|e| Estimate { std_error, ..e }),
        (_, Some(se)) => Some(Estimate::normal(mean, se, level)),
        (_, None) => Some(Estimate::bare(mean)),
    };
    let clustered = clustered_mean(&scores, &subjects, level).ok().and_then(|e| e.std_error);
    (estimate, clustered.filter(|se| *se > 0.0))
}

impl Leaderboard {
    /// Table `models`: one row for each model, best first, ties by name.
    pub fn table(&self, benchmark: &str) -> Table {
        let mut rows: Vec<&Standing> = self.standings.iter().collect();
        rows.sort_by(|a, b| {
            let key = |s: &Standing| s.rank.unwrap_or(usize::MAX);
            key(a).cmp(&key(b)).then_with(|| a.respondent.cmp(&b.respondent))
        });
        let score = |f: fn(&Estimate) -> Option<f64>| {
            rows.iter().map(move |s| s.score.as_ref().and_then(f)).collect::<Vec<_>>()
        };
        Table::new("models")
            .text("benchmark", rows.iter().map(|_| Some(benchmark)))
            .text("model", rows.iter().map(|s| Some(s.respondent.as_str())))
            .whole("n_items", rows.iter().map(|s| Some(s.n_items as i64)))
            .real("score", score(|e| Some(e.value)))
            .real("score_se", score(|e| e.std_error))
            .real("score_low", score(Estimate::low))
            .real("score_high", score(Estimate::high))
            .real("score_se_clustered", rows.iter().map(|s| s.clustered_std_error))
            .whole("rank", rows.iter().map(|s| s.rank.map(|r| r as i64)))
            .whole("rank_low", rows.iter().map(|s| s.rank_interval.map(|i| i.low as i64)))
            .whole("rank_high", rows.iter().map(|s| s.rank_interval.map(|i| i.high as i64)))
            .truth("could_be_first", rows.iter().map(|s| s.could_be_first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_answers_has_no_rank_and_the_rest_keep_theirs() {
        let (y, n) = (Some(true), Some(false));
        let m = ResponseMatrix::from_rows(&[vec![y, y, n], vec![None, None, None], vec![n, n, n]]);
        let board = leaderboard(&m, &LeaderboardOptions::default()).unwrap();
        let ranks: Vec<_> = board.standings.iter().map(|s| s.rank).collect();
        assert_eq!(ranks, vec![Some(1), None, Some(2)]);
        assert!(board.standings[1].score.is_none() && board.standings[1].rank_interval.is_none());
        // All wrong: no spread for a standard error, yet Wilson's interval stays open above.
        let worst = board.standings[2].score.unwrap();
        assert!(worst.std_error.is_none() && worst.high().unwrap() > 0.5);
        let none = ResponseMatrix::from_rows(&[vec![None, None]]);
        assert!(matches!(leaderboard(&none, &Default::default()), Err(LeaderboardError::NoResponses { .. })));
    }
}
