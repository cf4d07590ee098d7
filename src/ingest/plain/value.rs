//! Is this cell a score? Numbers, truth values, letters and words that people and harnesses write for one.

use crate::response::Status;
use crate::store::frame::Cells;
use std::collections::BTreeSet;

/// At least this share of the filled cells must read as scores for a column to be one of scores.
const SHARE_READABLE: f64 = 0.8;

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
    /// Number of cells that are neither empty nor a score, and the first of them (row from 0, text).
    pub unreadable: usize,
    /// The first of them.
    pub first_unreadable: Option<(usize, String)>,
    /// Smallest and largest score.
    pub range: Option<(f64, f64)>,
    /// Whether all scores are 0 or 1.
    pub binary: bool,
}

/// Single letters that stand for scores: only where a column has letters of one of these alone.
const LETTERS: [&[(&str, f64)]; 3] =
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
        let values = match cells {
            Cells::Whole(v) => v.iter().map(|x| x.map(|x| Ok(Value::Score(x as f64)))).collect(),
            Cells::Real(v) => v.iter().map(|x| x.map(number)).collect(),
            Cells::Truth(v) => v.iter().map(|x| x.map(|x| Ok(Value::Score(x as u8 as f64)))).collect(),
            Cells::Words(words) => {
                let lower: Vec<String> = words.distinct().iter().map(|w| w.trim().to_lowercase()).collect();
                let letters = letter_scheme(&lower);
                words.decide(|word| parse(&word.trim().to_lowercase(), letters).transpose())
            }
        };
        Self::from_values(values, cells)
    }

    fn from_values(values: Vec<Option<Result<Value, ()>>>, cells: &Cells) -> Option<Self> {
        let filled = values.iter().flatten().count();
        let unreadable = values.iter().flatten().filter(|v| v.is_err()).count();
        let scores = || {
            values.iter().flatten().filter_map(|v| match v {
                Ok(Value::Score(x)) => Some(*x),
                _ => None,
            })
        };
        if filled > 0 && (unreadable as f64) > (1.0 - SHARE_READABLE) * filled as f64 {
            return None;
        }
        let first_unreadable = values
            .iter()
            .position(|v| matches!(v, Some(Err(()))))
            .map(|row| (row, cells.to_words().get(row).unwrap_or_default().to_owned()));
        let range = scores().fold(None, |range: Option<(f64, f64)>, x| {
            Some(range.map_or((x, x), |(low, high)| (low.min(x), high.max(x))))
        });
        let binary = scores().all(|x| x == 0.0 || x == 1.0);
        let values =
            values.into_iter().map(|v| v.map(|v| v.unwrap_or(Value::None(Status::Unscored)))).collect();
        Some(Self { values, unreadable, first_unreadable, range, binary })
    }

    /// Whether all scores lie in the given range; not if there is none.
    pub fn within(&self, low: f64, high: f64) -> bool {
        self.range.is_some_and(|(l, h)| l >= low && h <= high)
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

fn number(x: f64) -> Result<Value, ()> {
    if x.is_finite() { Ok(Value::Score(x)) } else { Err(()) }
}

/// The one set of letters that all single letters of a column belong to.
fn letter_scheme(words: &[String]) -> Option<&'static [(&'static str, f64)]> {
    let single: Vec<&str> = words.iter().map(String::as_str).filter(|word| is_letter(word)).collect();
    if single.is_empty() {
        return None;
    }
    LETTERS.into_iter().find(|scheme| single.iter().all(|w| scheme.iter().any(|(letter, _)| letter == w)))
}

/// The words of a column that are a single letter, in lower case.
pub(super) fn letters_of(cells: &Cells) -> BTreeSet<String> {
    let Cells::Words(words) = cells else { return BTreeSet::new() };
    words.distinct().iter().map(|word| word.trim().to_lowercase()).filter(|word| is_letter(word)).collect()
}

/// Whether letters, if there are any, stand for scores together.
pub(super) fn share_a_scheme(letters: &BTreeSet<String>) -> bool {
    let letters: Vec<String> = letters.iter().cloned().collect();
    letters.is_empty() || letter_scheme(&letters).is_some()
}

fn is_letter(word: &str) -> bool {
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
        assert_eq!((scores.unreadable, scores.first_unreadable), (1, Some((8, "??".to_owned()))));
        assert!(scores.binary);
    }
}
