//! Which option does this cell name? Letters, positions, or the words of an answer.

use crate::ingest::json::value::letter_of_any_case;
use crate::store::frame::{Cells, NOTHING, Words};

/// Letters up to J stand for options.
const LETTERS: u8 = 10;
/// Positions beyond this are numbers that answer a question, not options of it.
const MAX_POSITION: i64 = 25;

/// How a column names options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By letter: A is the first.
    Letters,
    /// By position from 0.
    Positions,
    /// By their text, or the item has no options.
    Text,
}

/// What one cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Nothing.
    None,
    /// This option, from 0.
    Option(u16),
    /// These words, which name no option.
    Text(&'a str),
}

/// What the cells of a column are, counted: by it is known how they name options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    letters: usize,
    positions: usize,
    others: usize,
    /// Whether a number among them is no position.
    numbers_beyond: bool,
    lowest_position: Option<u16>,
    highest_position: Option<u16>,
    highest_letter: Option<u16>,
}

impl Kinds {
    fn of(words: &Words) -> Self {
        let mut kinds = Self::default();
        for (word, count) in words.distinct().iter().zip(words.counts()) {
            match (letter_of_any_case(word), position(word)) {
                (Some(letter), _) => {
                    kinds.letters += count;
                    kinds.highest_letter = kinds.highest_letter.max(Some(letter));
                }
                (_, Some(position)) => {
                    kinds.positions += count;
                    kinds.lowest_position = Some(kinds.lowest_position.map_or(position, |p| p.min(position)));
                    kinds.highest_position = kinds.highest_position.max(Some(position));
                }
                _ if is_nothing(word) => {}
                _ => {
                    kinds.others += count;
                    kinds.numbers_beyond |= word.trim().parse::<f64>().is_ok();
                }
            }
        }
        kinds
    }

    /// Adds those of further rows of the column.
    pub fn add(&mut self, other: Self) {
        self.letters += other.letters;
        self.positions += other.positions;
        self.others += other.others;
        self.numbers_beyond |= other.numbers_beyond;
        self.lowest_position = self.lowest_position.into_iter().chain(other.lowest_position).min();
        self.highest_position = self.highest_position.max(other.highest_position);
        self.highest_letter = self.highest_letter.max(other.highest_letter);
    }

    /// Letters, positions or text, whichever most of the cells are.
    pub fn naming(self) -> Naming {
        let Self { letters, positions, others, numbers_beyond, .. } = self;
        if letters > 0 && letters >= positions && letters >= others {
            Naming::Letters
        } else if positions > others && !numbers_beyond {
            // One number that is no position makes all of them numbers: the answers of arithmetic items.
            Naming::Positions
        } else {
            Naming::Text
        }
    }

    /// The largest position, where options are named by position.
    pub fn highest(self) -> Option<u16> {
        self.highest_position.filter(|_| self.naming() == Naming::Positions)
    }

    /// The last letter, from 0, where options are named by letter.
    pub fn last_letter(self) -> Option<u16> {
        self.highest_letter.filter(|_| self.naming() == Naming::Letters)
    }

    /// The smallest position, where options are named by position.
    pub fn lowest(self) -> Option<u16> {
        self.lowest_position.filter(|_| self.naming() == Naming::Positions)
    }
}

/// A column read as answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    words: Words,
    option: Vec<Option<u16>>,
    /// How its cells name options.
    pub naming: Naming,
    /// What they are.
    pub kinds: Kinds,
}

impl Answers {
    /// Reads a column; letters, positions or text, whichever most of its cells are.
    pub fn read(cells: &Cells) -> Self {
        let words = cells.to_words().into_owned();
        let kinds = Kinds::of(&words);
        Self::of(words, kinds, kinds.naming())
    }

    /// Reads some rows of a column of which it is known how it names options.
    pub fn read_as(cells: &Cells, naming: Naming) -> Self {
        let words = cells.to_words().into_owned();
        let kinds = Kinds::of(&words);
        Self::of(words, kinds, naming)
    }

    fn of(words: Words, kinds: Kinds, naming: Naming) -> Self {
        let option = words
            .distinct()
            .iter()
            .map(|word| match naming {
                Naming::Letters => letter_of_any_case(word).filter(|&k| k < u16::from(LETTERS)),
                Naming::Positions => position(word),
                Naming::Text => None,
            })
            .collect();
        Self { words, option, naming, kinds }
    }

    /// What a row says.
    pub fn get(&self, row: usize) -> Answer<'_> {
        let code = self.words.codes()[row];
        if code == NOTHING {
            return Answer::None;
        }
        let word = &*self.words.distinct()[code as usize];
        match self.option[code as usize] {
            Some(option) => Answer::Option(option),
            None if is_nothing(word) && (self.naming != Naming::Text || word.trim() != "-1") => Answer::None,
            None => Answer::Text(word),
        }
    }

    /// The smallest and largest position of a column that names options by position.
    pub fn positions(&self) -> Option<(u16, u16)> {
        (self.naming == Naming::Positions).then_some(())?;
        let options = || self.option.iter().flatten().copied();
        Some((options().min()?, options().max()?))
    }

    /// Counts positions from 1 instead of from 0.
    pub fn count_from_one(&mut self) {
        for option in self.option.iter_mut().flatten() {
            *option = option.saturating_sub(1);
        }
    }

    /// Number of rows that name no option although the column does, and the first such word.
    pub fn strays(&self) -> (usize, Option<&str>) {
        if self.naming == Naming::Text {
            return (0, None);
        }
        let counts = self.words.counts();
        let stray = |code: &usize| self.option[*code].is_none() && !is_nothing(&self.words.distinct()[*code]);
        let strays: Vec<usize> = (0..counts.len()).filter(stray).collect();
        let count = strays.iter().map(|&code| counts[code]).sum();
        (count, strays.first().map(|&code| &*self.words.distinct()[code]))
    }
}

/// -1 is how a missing position is written; among the answers of arithmetic items it is a number.
fn is_nothing(word: &str) -> bool {
    matches!(word.trim(), "" | "None" | "none" | "null" | "nan" | "NaN" | "NA" | "N/A" | "n/a" | "-1")
}

fn position(word: &str) -> Option<u16> {
    let number: f64 = word.trim().parse().ok()?;
    (number.fract() == 0.0 && (0.0..=MAX_POSITION as f64).contains(&number)).then_some(number as u16)
}

/// The option that a text names among the options of its item: the one it equals, letter case and surrounding
/// space aside.
pub fn option_of_text(text: &str, options: &[String]) -> Option<u16> {
    let same = |option: &String| option.trim().to_lowercase() == text.trim().to_lowercase();
    let mut matching = options.iter().enumerate().filter(|(_, o)| same(o));
    match (matching.next(), matching.next()) {
        (Some((at, _)), None) => u16::try_from(at).ok(),
        _ => None,
    }
}

/// The options of an item as a cell writes them: a JSON array, or an object whose values are options or that
/// holds them under `text`.
pub fn parse_options(cell: &str) -> Option<Vec<String>> {
    let value: serde_json::Value = serde_json::from_str(cell).ok()?;
    let list: Vec<&serde_json::Value> = match &value {
        serde_json::Value::Array(list) => list.iter().collect(),
        serde_json::Value::Object(object) => match object.get("text").and_then(|t| t.as_array()) {
            Some(list) => list.iter().collect(),
            None => object.values().collect(),
        },
        _ => return None,
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (!list.is_empty()).then(|| list.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Answers {
        Answers::read(&Cells::Words(words.iter().map(|w| Some(*w)).collect()))
    }

    #[test]
    fn letters_positions_and_words_are_told_apart() {
        let letters = read(&["A", "(C)", "T", "b", "2", ""]);
        assert_eq!(letters.naming, Naming::Letters);
        let got: Vec<Answer> = (0..6).map(|row| letters.get(row)).collect();
        use Answer::{None, Option, Text};
        assert_eq!(got, [Option(0), Option(2), Text("T"), Option(1), Text("2"), None]);
        assert_eq!(letters.strays(), (2, Some("T")));
        assert_eq!(read(&["0", "3.0", "1"]).get(1), Option(3));
        assert_eq!(read(&["18", "3", "70000"]).naming, Naming::Text);
        assert_eq!(read(&["Paris", "A", "London"]).get(0), Text("Paris"));
    }

    #[test]
    fn options_are_found_by_their_text() {
        let options = parse_options(r#"["Yes", "No", 3]"#).unwrap();
        assert_eq!(option_of_text(" no ", &options), Some(1));
        assert_eq!(option_of_text("3", &options), Some(2));
        assert_eq!(option_of_text("maybe", &options), None);
        assert_eq!(parse_options(r#"{"label":["A"],"text":["x"]}"#), Some(vec!["x".to_owned()]));
        assert_eq!(parse_options("no list"), None);
    }
}
