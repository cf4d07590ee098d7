//! What do the cells of a column show, read as scores? Counts that add up over the parts of a table.

use super::scale::Spread;
use super::value::{LETTERS, Letters, Value, is_letter, number, parse};
use crate::store::frame::Cells;

/// At least this share of the filled cells must read as scores for a column to be one of scores.
const SHARE_READABLE: f64 = 0.8;
const N_LETTERS: usize = 26;

/// Counts of the cells of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    n_filled: usize,
    n_unreadable: usize,
    spread: Option<Spread>,
    n_scores: usize,
    n_zeros: usize,
    n_ones: usize,
    /// How many are the highest.
    n_highest: usize,
    /// How many cells are each single letter: all of them together say what they stand for.
    letters: Option<Box<[usize; N_LETTERS]>>,
}

/// What a column of scores shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Number of cells that are neither empty nor a score.
    pub n_unreadable: usize,
    /// Where its scores lie; nothing if it has none.
    pub spread: Option<Spread>,
    /// Number of scores.
    pub n_scores: usize,
    /// Number of scores that are 0.
    pub n_zeros: usize,
    /// Number of scores that are the highest.
    pub n_highest: usize,
    /// Whether all scores are 0 or 1.
    pub binary: bool,
    /// What single letters stand for.
    pub letters: Letters,
}

impl Tally {
    /// That of some cells.
    pub fn of(cells: &Cells) -> Self {
        let mut tally = Self::default();
        match cells {
            Cells::Whole(v) => v.iter().flatten().for_each(|x| tally.count(Ok(Value::Score(*x as f64)), 1)),
            Cells::Real(v) => v.iter().flatten().for_each(|x| tally.count(number(*x), 1)),
            Cells::Truth(v) => {
                v.iter().flatten().for_each(|x| tally.count(Ok(Value::Score(f64::from(u8::from(*x)))), 1));
            }
            Cells::Words(words) => {
                for (word, n) in words.distinct().iter().zip(words.counts()) {
                    let word = word.trim().to_lowercase();
                    match (n, word.as_bytes()) {
                        (0, _) => {}
                        (_, [letter]) if is_letter(&word) => {
                            tally.letters.get_or_insert_default()[usize::from(letter - b'a')] += n;
                        }
                        _ => match parse(&word, None) {
                            Ok(None) => {}
                            Ok(Some(value)) => tally.count(Ok(value), n),
                            Err(()) => tally.count(Err(()), n),
                        },
                    }
                }
            }
        }
        tally
    }

    fn count(&mut self, value: Result<Value, ()>, n: usize) {
        self.n_filled += n;
        match value {
            Err(()) => self.n_unreadable += n,
            Ok(Value::None(_)) => {}
            Ok(Value::Score(score)) => {
                self.n_scores += n;
                self.n_zeros += if score == 0.0 { n } else { 0 };
                self.n_ones += if score == 1.0 { n } else { 0 };
                self.spread_to(Spread::of_one(score, n), n);
            }
        }
    }

    fn spread_to(&mut self, other: Spread, n_highest: usize) {
        let high = self.spread.map_or(f64::NEG_INFINITY, |spread| spread.high);
        if other.high > high {
            self.n_highest = n_highest;
        } else if other.high == high {
            self.n_highest += n_highest;
        }
        self.spread = Spread::joined(self.spread, Some(other));
    }

    /// Adds that of further cells.
    pub fn add(&mut self, other: &Self) {
        self.n_filled += other.n_filled;
        self.n_unreadable += other.n_unreadable;
        self.n_scores += other.n_scores;
        self.n_zeros += other.n_zeros;
        self.n_ones += other.n_ones;
        other.spread.into_iter().for_each(|spread| self.spread_to(spread, other.n_highest));
        if let Some(theirs) = &other.letters {
            let mine = self.letters.get_or_insert_default();
            mine.iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    /// What the column shows; nothing if too few of its filled cells are scores.
    pub fn facts(&self) -> Option<Facts> {
        let mut all = Self { letters: None, ..self.clone() };
        let mut letters = None;
        if let Some(counts) = &self.letters {
            let there: Vec<(String, usize)> = (b'a'..=b'z')
                .zip(counts.iter())
                .filter(|(_, n)| **n > 0)
                .map(|(letter, n)| (char::from(letter).to_string(), *n))
                .collect();
            letters = scheme(there.iter().map(|(letter, _)| letter.as_str()));
            for (letter, n) in &there {
                match parse(letter, letters) {
                    Ok(Some(value)) => all.count(Ok(value), *n),
                    _ => all.count(Err(()), *n),
                }
            }
        }
        let Self { n_filled, n_unreadable, spread, n_scores, n_zeros, n_highest, .. } = all;
        let is_readable = n_filled == 0 || (n_unreadable as f64) <= (1.0 - SHARE_READABLE) * n_filled as f64;
        let binary = n_zeros + all.n_ones == n_scores;
        is_readable.then_some(Facts { n_unreadable, spread, n_scores, n_zeros, n_highest, binary, letters })
    }
}

impl Facts {
    /// Smallest and largest score.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.spread.map(|spread| (spread.low, spread.high))
    }

    /// Whether all scores lie in the given range; not if there is none.
    pub fn within(&self, low: f64, high: f64) -> bool {
        self.range().is_some_and(|(l, h)| l >= low && h <= high)
    }
}

/// The one set of letters that all of some single letters belong to.
pub(super) fn scheme<'w>(letters: impl Iterator<Item = &'w str> + Clone) -> Letters {
    letters.clone().next()?;
    LETTERS.into_iter().find(|scheme| letters.clone().all(|w| scheme.iter().any(|(letter, _)| *letter == w)))
}
