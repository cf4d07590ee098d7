//! Is this cell a score? Numbers, truth values, letters and words that people and harnesses write for one.

use super::tally::{Facts, Tally, scheme};
use crate::response::Status;
use crate::store::frame::Cells;
use std::collections::BTreeSet;

/// What single letters stand for in a column, if they stand for scores.
pub type Letters = Option<&'static [(&'static str, f64)]>;

/// What one cell of a score column says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A score.
    Score(f64),
    /// No score, and why.
    None(Status),
}

/// A column read as scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// What each row says; `None` where the cell is empty.
    pub values: Vec<Option<Value>>,
    /// What they show together.
    pub facts: Facts,
    /// The first cell that is neither empty nor a score (row from 0, text).
    pub first_unreadable: Option<(usize, String)>,
}

/// Single letters that stand for scores: only where a column has letters of one of these alone.
pub(super) const LETTERS: [&[(&str, f64)]; 3] =
    [&[("c", 1.0), ("i", 0.0), ("p", 0.5), ("n", 0.0)], &[("t", 1.0), ("f", 0.0)], &[("y", 1.0), ("n", 0.0)]];

const WORDS: [(&str, f64); 18] = [
    ("true", 1.0),
    ("false", 0.0),
    ("yes", 1.0),
    ("no", 0.0),
    ("correct", 1.0),
    ("incorrect", 0.0),
    ("right", 1.0),
    ("wrong", 0.0),
    ("pass", 1.0),
    ("fail", 0.0),
    ("passed", 1.0),
    ("failed", 0.0),
    ("success", 1.0),
    ("failure", 0.0),
    ("resolved", 1.0),
    ("unresolved", 0.0),
    ("✓", 1.0),
    ("✗", 0.0),
];

const NOTHING: [&str; 12] =
    ["", "na", "n/a", "nan", "null", "none", "-", ".", "<na>", "nil", "missing", "unscored"];

const FAULTS: [(&str, Status); 6] = [
    ("error", Status::Error),
    ("exception", Status::Error),
    ("crash", Status::Error),
    ("timeout", Status::Limit),
    ("limit", Status::Limit),
    ("no_answer", Status::NoAnswer),
];

impl Scores {
    /// Reads a column as scores; `None` if too few of its filled cells are.
    pub fn read(cells: &Cells) -> Option<Self> {
        let facts = Tally::of(cells).facts()?;
        let reader = CellReader::new(cells, facts.letters);
        let values = (0..cells.len()).map(|row| reader.value(row)).collect();
        let first_unreadable = || {
            let row = (0..cells.len()).find(|&row| reader.is_unreadable(row))?;
            Some((row, cells.to_words().get(row).unwrap_or_default().to_owned()))
        };
        let first_unreadable = if facts.n_unreadable > 0 { first_unreadable() } else { None };
        Some(Self { values, facts, first_unreadable })
    }

    /// The score of a row.
    pub fn score(&self, row: usize) -> Option<f64> {
        match self.values[row] {
            Some(Value::Score(x)) => Some(x),
            _ => None,
        }
    }

    /// What became of a row without a score, where the cell says so.
    pub fn status(&self, row: usize) -> Option<Status> {
        match self.values[row] {
            Some(Value::None(status)) => Some(status),
            _ => None,
        }
    }
}

/// The cells of a column as values, read when they are asked for.
pub(super) struct CellReader<'c> {
    cells: &'c Cells,
    /// What each distinct word says.
    by_code: Vec<Result<Option<Value>, ()>>,
}

impl<'c> CellReader<'c> {
    /// A reader by which single letters stand for these scores.
    pub fn new(cells: &'c Cells, letters: Letters) -> Self {
        let by_code = match cells {
            Cells::Words(words) => {
                words.distinct().iter().map(|word| parse(&word.trim().to_lowercase(), letters)).collect()
            }
            _ => Vec::new(),
        };
        Self { cells, by_code }
    }

    fn read(&self, row: usize) -> Result<Option<Value>, ()> {
        let score = |x: f64| Ok(Some(Value::Score(x)));
        match self.cells {
            Cells::Words(words) => self.by_code.get(words.codes()[row] as usize).copied().unwrap_or(Ok(None)),
            Cells::Whole(v) => v[row].map_or(Ok(None), |x| score(x as f64)),
            Cells::Real(v) => v[row].map_or(Ok(None), |x| number(x).map(Some)),
            Cells::Truth(v) => v[row].map_or(Ok(None), |x| score(f64::from(u8::from(x)))),
        }
    }

    /// What the cell of a row says; nothing if it is empty.
    #[inline]
    pub fn value(&self, row: usize) -> Option<Value> {
        self.read(row).unwrap_or(Some(Value::None(Status::Unscored)))
    }

    fn is_unreadable(&self, row: usize) -> bool {
        self.read(row).is_err()
    }
}

pub(super) fn number(x: f64) -> Result<Value, ()> {
    if x.is_finite() { Ok(Value::Score(x)) } else { Err(()) }
}

/// The words of a column that are a single letter, in lower case.
pub(super) fn letters_of(cells: &Cells) -> BTreeSet<String> {
    let Cells::Words(words) = cells else { return BTreeSet::new() };
    words.distinct().iter().map(|word| word.trim().to_lowercase()).filter(|word| is_letter(word)).collect()
}

/// Whether letters, if there are any, stand for scores together.
pub(super) fn share_a_scheme(letters: &BTreeSet<String>) -> bool {
    letters.is_empty() || scheme(letters.iter().map(String::as_str)).is_some()
}

pub(super) fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// One trimmed, lower-case word: nothing, a value, or `Err` if it is neither.
pub(super) fn parse(word: &str, letters: Option<&[(&str, f64)]>) -> Result<Option<Value>, ()> {
    let in_list = |list: &[(&str, f64)]| list.iter().find(|(w, _)| *w == word).map(|(_, x)| *x);
    if NOTHING.contains(&word) {
        return Ok(None);
    }
    if let Some(score) = letters.and_then(in_list).or_else(|| in_list(&WORDS)) {
        return Ok(Some(Value::Score(score)));
    }
    if let Some((_, status)) = FAULTS.iter().find(|(w, _)| *w == word) {
        return Ok(Some(Value::None(*status)));
    }
    let (digits, scale) = match word.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), 0.01),
        None => (word, 1.0),
    };
    // A comma is a decimal comma if nothing else can be meant.
    let digits = match digits.split_once(',') {
        Some((whole, fraction)) if !fraction.contains([',', '.']) && !whole.contains('.') => {
            format!("{whole}.{fraction}")
        }
        _ => digits.to_owned(),
    };
    number(digits.parse::<f64>().map_err(|_| ())? * scale).map(Some)
}

/// Whether a cell is filled with something that is no score and stands for none.
pub fn is_unreadable(cell: &str) -> bool {
    parse(&cell.trim().to_lowercase(), None).is_err()
}

/// Whether a cell of the first line of a file looks like a cell of data rather than the name of a column: a
/// number, a truth value, or nothing.
pub fn looks_like_data(cell: &str) -> bool {
    let word = cell.trim().to_lowercase();
    matches!(word.as_str(), "" | "true" | "false" | "nan" | "na") || word.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Option<Vec<Option<f64>>> {
        let cells = Cells::Words(words.iter().map(|w| Some(*w)).collect());
        Scores::read(&cells).map(|s| (0..words.len()).map(|row| s.score(row)).collect())
    }

    #[test]
    fn truth_is_written_in_many_ways() {
        assert_eq!(read(&["True", "false", ""]), Some(vec![Some(1.0), Some(0.0), None]));
        assert_eq!(read(&["C", "I", "P", "N"]), Some(vec![Some(1.0), Some(0.0), Some(0.5), Some(0.0)]));
        assert_eq!(read(&["Y", "n"]), Some(vec![Some(1.0), Some(0.0)]));
        assert_eq!(read(&["85%", "0,5", "1.0"]), Some(vec![Some(0.85), Some(0.5), Some(1.0)]));
    }

    #[test]
    fn letters_of_answers_are_no_scores() {
        assert_eq!(read(&["A", "B", "C", "D"]), None);
        assert_eq!(read(&["C", "I", "A"]), None);
    }

    #[test]
    fn no_score_is_told_from_zero() {
        let cells = Cells::Words(
            ["1", "NaN", "error", "timeout", "0", "1", "1", "1", "??"].into_iter().map(Some).collect(),
        );
        let scores = Scores::read(&cells).unwrap();
        assert_eq!(scores.score(1), None);
        assert_eq!(scores.status(2), Some(Status::Error));
        assert_eq!(scores.status(3), Some(Status::Limit));
        assert_eq!((scores.facts.n_unreadable, scores.first_unreadable), (1, Some((8, "??".to_owned()))));
        assert!(scores.facts.binary);
    }
}
