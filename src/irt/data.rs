//! Which cells enter the fit, and in which order? Responses packed for the kernels.
//!
//! Respondents are sorted by a first guess at their ability, so that the 64 that share a machine word also
//! share a stretch of the ability scale: a *band*.

use super::model::Model;
use super::options::{IrtOptions, Priors};
use crate::response::matrix::NO_CATEGORY;
use crate::response::{BitMatrix, Cells, ResponseMatrix};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

/// Why an item or a respondent was left out of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// It has no response at all.
    NoResponses,
    /// Everyone who tried it passed: without a prior its difficulty is −∞.
    AllCorrect,
    /// Everyone who tried it failed: without a prior its difficulty is +∞.
    AllWrong,
    /// Its weight is zero.
    NoWeight,
}

impl std::fmt::Display for Exclusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoResponses => "no responses",
            Self::AllCorrect => "all correct: no finite difficulty without a prior",
            Self::AllWrong => "all wrong: no finite difficulty without a prior",
            Self::NoWeight => "weight zero",
        })
    }
}

/// What cannot be fitted at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IrtError {
    /// No cell is left.
    #[error("there is nothing to fit: {items} items and {respondents} respondents have responses")]
    Empty { items: usize, respondents: usize },
    /// Fewer respondents than any model needs.
    #[error("{found} respondents are too few for any item response model: at least {least} are needed")]
    TooFewRespondents { found: usize, least: usize },
    /// One item carries no information on how items hang together.
    #[error("one item with varied responses is not enough: ability and difficulty cannot be told apart")]
    OneItem,
    /// Scores that are neither right nor wrong.
    #[error(
        "model {model} needs right and wrong answers, but item {item} has the score {score}: choose grm or gpcm \
         for ordered categories, or state a threshold"
    )]
    NotBinary { model: Model, item: String, score: f64 },
    /// Scores that are not categories.
    #[error("model {model} needs few ordered categories, but the scores of item {item} are continuous")]
    NotOrdinal { model: Model, item: String },
    /// Repeats that differ from cell to cell cannot be categories.
    #[error(
        "model {model} needs the same number of attempts in all cells of item {item}: found {first} and {other}"
    )]
    UnequalTrials { model: Model, item: String, first: u16, other: u16 },
    /// Weights of another length, negative, or not finite.
    #[error("respondent weights: {0}")]
    Weights(String),
    /// Item parameters that do not fit the responses to be scored.
    #[error("saved item parameters do not fit: {0}")]
    Parameters(String),
}

/// Cells in the form that the kernels read, items × respondents.
#[derive(Debug, Clone)]
pub(crate) enum Packed {
    Bits(BitMatrix),
    Counts { correct: Array2<u16>, trials: Array2<u16> },
    Levels(Array2<u8>),
}

/// The responses that enter a fit.
#[derive(Debug, Clone)]
pub(crate) struct Responses {
    pub cells: Packed,
    /// Respondents × items, for products along rows; only of bits.
    pub by_respondent: Option<BitMatrix>,
    /// Number of categories of each item; 2 for right and wrong.
    pub n_levels: Vec<usize>,
    /// Weight of each respondent.
    pub weights: Vec<f64>,
    /// Whether every cell is present.
    pub complete: bool,
    /// First guess at ability, ascending, with mean 0 and standard deviation about 1.
    pub first_guess: Vec<f64>,
}

/// Responses, and how they go back to the matrix they came from.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub responses: Responses,
    /// Matrix row of each item.
    pub items: Vec<usize>,
    /// Matrix column of each respondent, in sorted order.
    pub respondents: Vec<usize>,
    pub excluded_items: Vec<(usize, Exclusion)>,
    pub excluded_respondents: Vec<(usize, Exclusion)>,
    /// For each item the matrix categories that its levels stand for; empty for right and wrong.
    pub levels: Vec<Vec<u8>>,
}

impl Responses {
    pub fn n_items(&self) -> usize {
        self.n_levels.len()
    }

    pub fn n_respondents(&self) -> usize {
        self.weights.len()
    }

    /// Number of bands of 64 respondents.
    pub fn n_bands(&self) -> usize {
        self.n_respondents().div_ceil(64)
    }

    /// The category and number of trials of a cell, categories counted from 0: `(k, 1)` for categories,
    /// `(correct, trials)` for right and wrong.
    pub fn cell(&self, item: usize, respondent: usize) -> Option<(usize, usize)> {
        match &self.cells {
            Packed::Bits(b) => b.get(item, respondent).map(|v| (v as usize, 1)),
            Packed::Counts { correct, trials } => {
                let n = trials[[item, respondent]] as usize;
                (n > 0).then(|| (correct[[item, respondent]] as usize, n))
            }
            Packed::Levels(l) => {
                let k = l[[item, respondent]];
                (k != NO_CATEGORY).then_some((k as usize, 1))
            }
        }
    }
}

/// Cuts a matrix to what can be fitted with a model, sorted by first guess.
pub(crate) fn prepare(
    matrix: &ResponseMatrix,
    model: Model,
    options: &IrtOptions,
) -> Result<Prepared, IrtError> {
    let weights = checked_weights(matrix, options)?;
    let cells = convert(matrix, model)?;
    let keep_constant = !matches!(options.priors, Priors::None) || model.is_ordinal();
    let (mut items, mut excluded_items) = (Vec::new(), Vec::new());
    for i in 0..matrix.n_items() {
        match item_exclusion(&cells, i, keep_constant) {
            Some(reason) => excluded_items.push((i, reason)),
            None => items.push(i),
        }
    }
    let (mut respondents, mut excluded_respondents) = (Vec::new(), Vec::new());
    let answered = answered_by(&cells, &items, matrix.n_respondents());
    for r in 0..matrix.n_respondents() {
        match (answered[r], weights[r] > 0.0) {
            (0, _) => excluded_respondents.push((r, Exclusion::NoResponses)),
            (_, false) => excluded_respondents.push((r, Exclusion::NoWeight)),
            _ => respondents.push(r),
        }
    }
    if items.is_empty() || respondents.is_empty() {
        return Err(IrtError::Empty { items: items.len(), respondents: respondents.len() });
    }
    let (cells, levels) = collapse_levels(select(&cells, &items, &respondents));
    let guess = first_guess(&cells);
    let mut order: Vec<usize> = (0..respondents.len()).collect();
    order.sort_by(|&a, &b| guess[a].total_cmp(&guess[b]));
    let everything: Vec<usize> = (0..items.len()).collect();
    let cells = select(&cells, &everything, &order);
    let respondents: Vec<usize> = order.iter().map(|&r| respondents[r]).collect();
    let responses = pack(
        cells,
        levels.iter().map(|l| if l.is_empty() { 2 } else { l.len() }).collect(),
        respondents.iter().map(|&r| weights[r]).collect(),
        order.iter().map(|&r| guess[r]).collect(),
    );
    Ok(Prepared { responses, items, respondents, excluded_items, excluded_respondents, levels })
}

/// Completes packed cells with what is derived from them.
pub(crate) fn pack(
    cells: Packed,
    n_levels: Vec<usize>,
    weights: Vec<f64>,
    first_guess: Vec<f64>,
) -> Responses {
    let (complete, by_respondent) = match &cells {
        Packed::Bits(b) => (b.is_complete(), b.is_complete().then(|| b.transposed())),
        Packed::Counts { trials, .. } => (trials.iter().all(|n| *n > 0), None),
        Packed::Levels(l) => (l.iter().all(|k| *k != NO_CATEGORY), None),
    };
    Responses { cells, by_respondent, n_levels, weights, complete, first_guess }
}

fn checked_weights(matrix: &ResponseMatrix, options: &IrtOptions) -> Result<Vec<f64>, IrtError> {
    let Some(weights) = &options.weights else { return Ok(vec![1.0; matrix.n_respondents()]) };
    if weights.len() != matrix.n_respondents() {
        return Err(IrtError::Weights(format!(
            "{} weights for {} respondents",
            weights.len(),
            matrix.n_respondents()
        )));
    }
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        Some(at) => {
            Err(IrtError::Weights(format!("weight {} of respondent {at} is not a weight", weights[at])))
        }
        None => Ok(weights.clone()),
    }
}

/// The cells of a matrix in the form that a model needs.
pub(crate) fn convert(matrix: &ResponseMatrix, model: Model) -> Result<Packed, IrtError> {
    let name = |i: usize| matrix.items()[i].to_string();
    match (matrix.cells(), model.is_ordinal()) {
        (Cells::Binary(b), false) => Ok(Packed::Bits(b.clone())),
        (Cells::Binary(b), true) => {
            Ok(Packed::Levels(Array2::from_shape_fn((b.rows(), b.columns()), |(i, r)| {
                b.get(i, r).map_or(NO_CATEGORY, |v| v as u8)
            })))
        }
        (Cells::Counts(c), false) if c.trials.iter().all(|n| *n <= 1) => {
            Ok(Packed::Bits(BitMatrix::from_fn(matrix.n_items(), matrix.n_respondents(), |i, r| {
                (c.trials[[i, r]] > 0).then(|| c.correct[[i, r]] > 0)
            })))
        }
        (Cells::Counts(c), false) => {
            Ok(Packed::Counts { correct: c.correct.clone(), trials: c.trials.clone() })
        }
        (Cells::Counts(c), true) => {
            for (i, row) in c.trials.axis_iter(Axis(0)).enumerate() {
                let first = row.iter().copied().find(|n| *n > 0).unwrap_or(1);
                if let Some(other) = row.iter().copied().find(|n| *n > 0 && *n != first) {
                    return Err(IrtError::UnequalTrials { model, item: name(i), first, other });
                }
                if first >= NO_CATEGORY as u16 {
                    return Err(IrtError::NotOrdinal { model, item: name(i) });
                }
            }
            Ok(Packed::Levels(Array2::from_shape_fn(c.trials.dim(), |at| {
                if c.trials[at] > 0 { c.correct[at] as u8 } else { NO_CATEGORY }
            })))
        }
        (Cells::Categories { level, .. }, ordinal) if ordinal || model.has_common_slope() => {
            Ok(Packed::Levels(level.clone()))
        }
        (Cells::Categories { .. } | Cells::Scores(_), false) => {
            let bits = scores_as_bits(matrix).map_err(|(i, score)| IrtError::NotBinary {
                model,
                item: name(i),
                score,
            })?;
            Ok(Packed::Bits(bits))
        }
        (Cells::Categories { level, .. }, true) => Ok(Packed::Levels(level.clone())),
        (Cells::Scores(_), true) => match scores_as_bits(matrix) {
            Ok(b) => Ok(Packed::Levels(Array2::from_shape_fn((b.rows(), b.columns()), |(i, r)| {
                b.get(i, r).map_or(NO_CATEGORY, |v| v as u8)
            }))),
            Err((i, _)) => Err(IrtError::NotOrdinal { model, item: name(i) }),
        },
    }
}

/// Scores that all happen to be 0 and 1; else the item and score that is not.
fn scores_as_bits(matrix: &ResponseMatrix) -> Result<BitMatrix, (usize, f64)> {
    let mut bits = BitMatrix::missing(matrix.n_items(), matrix.n_respondents());
    for i in 0..matrix.n_items() {
        for r in 0..matrix.n_respondents() {
            match matrix.score(i, r) {
                None => {}
                Some(0.0) => bits.set(i, r, Some(false)),
                Some(1.0) => bits.set(i, r, Some(true)),
                Some(other) => return Err((i, other)),
            }
        }
    }
    Ok(bits)
}

fn item_exclusion(cells: &Packed, item: usize, keep_constant: bool) -> Option<Exclusion> {
    let (sum, top, n) = match cells {
        Packed::Bits(b) => {
            let (ones, present) = b.row_counts(item);
            (ones as u64, present as u64, present)
        }
        Packed::Counts { correct, trials } => {
            let sum = |a: &Array2<u16>| a.row(item).iter().map(|v| *v as u64).sum::<u64>();
            (sum(correct), sum(trials), trials.row(item).iter().filter(|n| **n > 0).count() as u32)
        }
        Packed::Levels(l) => {
            let seen: Vec<u8> = l.row(item).iter().copied().filter(|k| *k != NO_CATEGORY).collect();
            let (low, high) = (seen.iter().min().copied(), seen.iter().max().copied());
            // A category item with one category has no curve at all, prior or not.
            if let (Some(low), true) = (low, low == high) {
                return Some(if low == 0 { Exclusion::AllWrong } else { Exclusion::AllCorrect });
            }
            return low.is_none().then_some(Exclusion::NoResponses);
        }
    };
    match () {
        () if n == 0 => Some(Exclusion::NoResponses),
        () if keep_constant => None,
        () if sum == 0 => Some(Exclusion::AllWrong),
        () if sum == top => Some(Exclusion::AllCorrect),
        () => None,
    }
}

fn answered_by(cells: &Packed, items: &[usize], n_respondents: usize) -> Vec<usize> {
    let mut answered = vec![0; n_respondents];
    match cells {
        Packed::Bits(b) => {
            for &i in items {
                for (w, word) in b.present_row(i).iter().enumerate() {
                    let mut word = *word;
                    while word != 0 {
                        answered[w * 64 + word.trailing_zeros() as usize] += 1;
                        word &= word - 1;
                    }
                }
            }
        }
        Packed::Counts { trials, .. } => {
            for &i in items {
                trials.row(i).iter().zip(&mut answered).for_each(|(n, a)| *a += (*n > 0) as usize);
            }
        }
        Packed::Levels(l) => {
            for &i in items {
                l.row(i).iter().zip(&mut answered).for_each(|(k, a)| *a += (*k != NO_CATEGORY) as usize);
            }
        }
    }
    answered
}

pub(crate) fn select(cells: &Packed, items: &[usize], respondents: &[usize]) -> Packed {
    match cells {
        Packed::Bits(b) => {
            Packed::Bits(b.select_rows(items).transposed().select_rows(respondents).transposed())
        }
        Packed::Counts { correct, trials } => {
            let cut = |a: &Array2<u16>| a.select(Axis(0), items).select(Axis(1), respondents);
            Packed::Counts { correct: cut(correct), trials: cut(trials) }
        }
        Packed::Levels(l) => Packed::Levels(l.select(Axis(0), items).select(Axis(1), respondents)),
    }
}

/// Renumbers the categories that an item really has; those nobody used have no parameters.
fn collapse_levels(cells: Packed) -> (Packed, Vec<Vec<u8>>) {
    match cells {
        Packed::Levels(mut l) => {
            let mut all = Vec::with_capacity(l.nrows());
            for mut row in l.rows_mut() {
                let mut seen = [false; 256];
                row.iter().for_each(|k| seen[*k as usize] = true);
                let levels: Vec<u8> = (0..NO_CATEGORY).filter(|k| seen[*k as usize]).collect();
                row.iter_mut().filter(|k| **k != NO_CATEGORY).for_each(|k| {
                    *k = levels.partition_point(|l| *l < *k) as u8;
                });
                all.push(levels);
            }
            (Packed::Levels(l), all)
        }
        other => {
            let n = match &other {
                Packed::Bits(b) => b.rows(),
                Packed::Counts { trials, .. } => trials.nrows(),
                Packed::Levels(_) => 0,
            };
            (other, vec![Vec::new(); n])
        }
    }
}

/// A first guess at abilities: surplus over what each item scores on average, per unit of information.
fn first_guess(cells: &Packed) -> Vec<f64> {
    let n = match cells {
        Packed::Bits(b) => b.columns(),
        Packed::Counts { trials, .. } => trials.ncols(),
        Packed::Levels(l) => l.ncols(),
    };
    let (mut surplus, mut spread) = (vec![0.0; n], vec![0.0; n]);
    match cells {
        Packed::Bits(b) => {
            for i in 0..b.rows() {
                let (ones, present) = b.row_counts(i);
                let p = (ones as f64 + 0.5) / (present as f64 + 1.0);
                for w in 0..b.words() {
                    let (v, mut m) = (b.value_row(i)[w], b.present_row(i)[w]);
                    while m != 0 {
                        let bit = m.trailing_zeros() as usize;
                        m &= m - 1;
                        surplus[w * 64 + bit] += (v >> bit & 1) as f64 - p;
                        spread[w * 64 + bit] += p * (1.0 - p);
                    }
                }
            }
        }
        Packed::Counts { correct, trials } => {
            for (c, t) in correct.rows().into_iter().zip(trials.rows()) {
                let (ones, all) =
                    (c.iter().map(|v| *v as f64).sum::<f64>(), t.iter().map(|v| *v as f64).sum::<f64>());
                let p = (ones + 0.5) / (all + 1.0);
                for r in 0..n {
                    surplus[r] += c[r] as f64 - t[r] as f64 * p;
                    spread[r] += t[r] as f64 * p * (1.0 - p);
                }
            }
        }
        Packed::Levels(l) => {
            for row in l.rows() {
                let seen: Vec<f64> = row.iter().filter(|k| **k != NO_CATEGORY).map(|k| *k as f64).collect();
                let mean = crate::numeric::describe::mean(&seen).unwrap_or(0.0);
                let sd = crate::numeric::describe::std_dev(&seen, 0).unwrap_or(1.0).max(0.1);
                for r in (0..n).filter(|r| row[*r] != NO_CATEGORY) {
                    surplus[r] += (row[r] as f64 - mean) / sd * 0.5;
                    spread[r] += 0.25;
                }
            }
        }
    }
    // One step of a Rasch estimate towards a standard normal, then brought to unit spread.
    let mut guess: Vec<f64> = surplus.iter().zip(&spread).map(|(s, v)| s / (v + 0.5)).collect();
    let mean = crate::numeric::describe::mean(&guess).unwrap_or(0.0);
    let sd = crate::numeric::describe::std_dev(&guess, 0).unwrap_or(0.0);
    let scale = if sd > 1e-9 { 1.0 / sd } else { 0.0 };
    guess.iter_mut().for_each(|g| *g = ((*g - mean) * scale).clamp(-4.0, 4.0));
    guess
}
