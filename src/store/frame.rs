//! What does a file hold before anyone asks what it means? Named columns of words and numbers.
//!
//! Every table file, whatever its format, becomes a [`Frame`]; what its columns mean is decided once, above.
//! Words are kept once each, with a code in each row, so that a decision about a word (is it a score, an
//! option, a model?) is made once for each distinct word and not for each row.

use rustc_hash::FxHashMap;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// The code of "nothing here".
pub const NOTHING: u32 = u32::MAX;

/// A column of words: each distinct word once, and its code in every row. The empty word is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    codes: Vec<u32>,
    distinct: Vec<Box<str>>,
}

impl Words {
    /// The code of each row; [`NOTHING`] where there is none.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The distinct words, by code.
    pub fn distinct(&self) -> &[Box<str>] {
        &self.distinct
    }

    /// The word of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.distinct.get(self.codes[row] as usize).map(|w| &**w)
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        (0..self.codes.len()).map(|row| self.get(row))
    }

    /// Number of rows with each distinct word.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.distinct.len()];
        for &code in &self.codes {
            if code != NOTHING {
                counts[code as usize] += 1;
            }
        }
        counts
    }

    /// Leaves of each word what `part` gives of it; words that become one are one.
    pub fn shorten(&mut self, part: fn(&str) -> &str) {
        if self.distinct.iter().any(|word| part(word).len() != word.len()) {
            *self = self.iter().map(|word| word.map(part)).collect();
        }
    }

    /// Decides about each distinct word once, and gives every row the decision about its word.
    pub fn decide<T: Clone>(&self, decision: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
        let decided: Vec<Option<T>> = self.distinct.iter().map(|w| decision(w)).collect();
        self.codes.iter().map(|&code| decided.get(code as usize).cloned().flatten()).collect()
    }
}

impl<'a> FromIterator<Option<&'a str>> for Words {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(words: I) -> Self {
        let mut builder = WordsBuilder::default();
        for word in words {
            builder.push(word);
        }
        builder.finish()
    }
}

/// Builds [`Words`] row by row.
#[derive(Debug, Default)]
pub struct WordsBuilder {
    words: Words,
    /// By the hash of the word, which is not kept twice; empty while there are few.
    code_of: FxHashMap<u64, u32>,
    last: u32,
}

impl WordsBuilder {
    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.words.codes.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.words.codes.is_empty()
    }

    /// Adds a row.
    pub fn push(&mut self, word: Option<&str>) {
        let code = match word {
            None | Some("") => NOTHING,
            Some(word) => {
                // Sorted tables repeat the word of the row before; tables sorted by model repeat the items in
                // the same order for every model; many columns have two words.
                let is_it =
                    |code: &u32| self.words.distinct.get(*code as usize).is_some_and(|w| **w == *word);
                let guess = [self.last, self.last.wrapping_add(1), 0].into_iter().find(is_it);
                let code = guess.unwrap_or_else(|| self.code(word));
                self.last = code;
                code
            }
        };
        self.words.codes.push(code);
    }

    /// So many words are looked through one by one.
    const FEW: usize = 8;

    /// The code of a word, which may be new.
    fn code(&mut self, word: &str) -> u32 {
        let next = self.words.distinct.len() as u32;
        if self.words.distinct.len() < Self::FEW {
            if let Some(code) = self.words.distinct.iter().position(|known| **known == *word) {
                return code as u32;
            }
            self.words.distinct.push(word.into());
            if self.words.distinct.len() == Self::FEW {
                for code in 0..Self::FEW as u32 {
                    let hash = xxh3_64(self.words.distinct[code as usize].as_bytes());
                    self.admit(hash, code);
                }
            }
            return next;
        }
        let mut hash = xxh3_64(word.as_bytes());
        while let Some(&code) = self.code_of.get(&hash) {
            if *self.words.distinct[code as usize] == *word {
                return code;
            }
            // Another word of the same hash has this place.
            hash = hash.wrapping_add(1);
        }
        self.words.distinct.push(word.into());
        self.code_of.insert(hash, next);
        next
    }

    /// Gives a code the first free place from this hash on.
    fn admit(&mut self, mut hash: u64, code: u32) {
        while self.code_of.contains_key(&hash) {
            hash = hash.wrapping_add(1);
        }
        self.code_of.insert(hash, code);
    }

    /// Adds all rows of a column.
    pub fn append(&mut self, other: &Words) {
        let code_of: Vec<u32> = other.distinct.iter().map(|word| self.code(word)).collect();
        let codes = other.codes.iter().map(|code| code_of.get(*code as usize).copied().unwrap_or(NOTHING));
        self.words.codes.extend(codes);
    }

    /// Makes room for so many rows more.
    pub fn reserve(&mut self, rows: usize) {
        self.words.codes.reserve(rows);
    }

    /// Adds rows with nothing in them until there are `rows`.
    pub fn fill_to(&mut self, rows: usize) {
        self.words.codes.resize(rows.max(self.words.codes.len()), NOTHING);
    }

    /// The column.
    pub fn finish(self) -> Words {
        self.words
    }
}

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Words.
    Words(Words),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Real numbers; `NaN` is nothing.
    Real(Vec<Option<f64>>),
    /// Truth values.
    Truth(Vec<Option<bool>>),
}

impl Cells {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Words(w) => w.codes.len(),
            Self::Whole(v) => v.len(),
            Self::Real(v) => v.len(),
            Self::Truth(v) => v.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps the first `n` rows.
    pub fn truncate(&mut self, n: usize) {
        match self {
            Self::Words(w) => w.codes.truncate(n),
            Self::Whole(v) => v.truncate(n),
            Self::Real(v) => v.truncate(n),
            Self::Truth(v) => v.truncate(n),
        }
    }

    /// As words: whole numbers exactly, and real numbers that are whole without a fraction, because that is
    /// how tools write identifiers when one of them is missing.
    pub fn to_words(&self) -> Cow<'_, Words> {
        match self {
            Self::Words(words) => Cow::Borrowed(words),
            Self::Whole(v) => Cow::Owned(collect_words(v.iter().map(|x| x.map(|x| x.to_string())))),
            Self::Real(v) => Cow::Owned(collect_words(v.iter().map(|x| x.map(number_text)))),
            Self::Truth(v) => Cow::Owned(collect_words(v.iter().map(|x| x.map(|x| x.to_string())))),
        }
    }

    /// As real numbers; words that are no finite number, and truth values, are nothing.
    pub fn to_reals(&self) -> Vec<Option<f64>> {
        match self {
            Self::Words(w) => w.decide(|w| w.trim().parse().ok().filter(|x: &f64| x.is_finite())),
            Self::Whole(v) => v.iter().map(|x| x.map(|x| x as f64)).collect(),
            Self::Real(v) => v.iter().map(|x| x.filter(|x| x.is_finite())).collect(),
            Self::Truth(v) => vec![None; v.len()],
        }
    }

    /// As whole numbers; what is not whole is nothing.
    pub fn to_wholes(&self) -> Vec<Option<i64>> {
        match self {
            Self::Words(w) => w.decide(|w| w.trim().parse().ok().or_else(|| whole(w.trim().parse().ok()?))),
            Self::Whole(v) => v.clone(),
            Self::Real(v) => v.iter().map(|x| x.and_then(whole)).collect(),
            Self::Truth(v) => vec![None; v.len()],
        }
    }

    /// As truth values.
    pub fn to_truths(&self) -> Vec<Option<bool>> {
        match self {
            Self::Truth(v) => v.clone(),
            Self::Whole(v) => v.iter().map(|x| x.map(|x| x != 0)).collect(),
            Self::Real(v) => v.iter().map(|x| x.filter(|x| !x.is_nan()).map(|x| x != 0.0)).collect(),
            Self::Words(w) => w.decide(|w| match w.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            }),
        }
    }
}

fn collect_words(words: impl Iterator<Item = Option<String>>) -> Words {
    let mut builder = WordsBuilder::default();
    for word in words {
        builder.push(word.as_deref());
    }
    builder.finish()
}

fn whole(x: f64) -> Option<i64> {
    (x.fract() == 0.0 && x.abs() < 9.0e15).then_some(x as i64)
}

/// A number in the shortest form that reads back to the same number; `NaN` is the empty word.
pub fn number_text(x: f64) -> String {
    let size = x.abs();
    if x.is_nan() {
        String::new()
    } else if size == 0.0 || (1e-5..1e16).contains(&size) {
        format!("{x}")
    } else {
        format!("{x:e}")
    }
}

/// A table as it stands in a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Names and values, all of the same length.
    pub columns: Vec<(String, Cells)>,
    /// Number of rows.
    pub n_rows: usize,
    /// Columns that cannot be read as words or numbers, with their type.
    pub unread: Vec<String>,
}

impl Frame {
    /// Keeps the first `n` rows.
    pub fn truncate(&mut self, n: usize) {
        self.n_rows = self.n_rows.min(n);
        self.columns.iter_mut().for_each(|(_, cells)| cells.truncate(n));
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Cells> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, cells)| cells)
    }

    /// The names of all columns, those that cannot be read among them.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(n, _)| n.as_str()).chain(self.unread.iter().map(String::as_str)).collect()
    }
}

/// Builds a [`Frame`] of frames.
#[derive(Debug, Default)]
pub struct FrameBuilder {
    columns: Vec<(String, Gathered)>,
    n_rows: usize,
    unread: Vec<String>,
}

/// A column on its way.
#[derive(Debug)]
enum Gathered {
    Words(WordsBuilder),
    Numbers(Cells),
}

impl FrameBuilder {
    /// Adds the rows of a frame, which has the columns so far, or the first of them, or more; not if a column is of
    /// another kind.
    #[must_use]
    pub fn push(&mut self, frame: Frame) -> bool {
        let Frame { columns, n_rows, unread } = frame;
        let is_alike = (self.n_rows == 0 || unread == self.unread)
            && self.columns.iter().zip(&columns).all(|((known, _), (name, _))| known == name);
        if !is_alike {
            return false;
        }
        self.unread = unread;
        for (at, (name, cells)) in columns.into_iter().enumerate() {
            if at == self.columns.len() {
                let empty = match &cells {
                    Cells::Words(_) => Gathered::Words(WordsBuilder::default()),
                    Cells::Whole(_) => Gathered::Numbers(Cells::Whole(Vec::new())),
                    Cells::Real(_) => Gathered::Numbers(Cells::Real(Vec::new())),
                    Cells::Truth(_) => Gathered::Numbers(Cells::Truth(Vec::new())),
                };
                self.columns.push((name, empty));
            }
            let column = &mut self.columns[at].1;
            column.fill_to(self.n_rows);
            match (column, cells) {
                (Gathered::Words(words), Cells::Words(more)) => words.append(&more),
                (Gathered::Numbers(Cells::Whole(all)), Cells::Whole(more)) => all.extend(more),
                (Gathered::Numbers(Cells::Real(all)), Cells::Real(more)) => all.extend(more),
                (Gathered::Numbers(Cells::Truth(all)), Cells::Truth(more)) => all.extend(more),
                _ => return false,
            }
        }
        self.n_rows += n_rows;
        true
    }

    /// The frame.
    pub fn finish(self) -> Frame {
        let n_rows = self.n_rows;
        let columns = self.columns.into_iter().map(|(name, mut column)| {
            column.fill_to(n_rows);
            let cells = match column {
                Gathered::Words(words) => Cells::Words(words.finish()),
                Gathered::Numbers(cells) => cells,
            };
            (name, cells)
        });
        Frame { columns: columns.collect(), n_rows, unread: self.unread }
    }
}

impl Gathered {
    fn fill_to(&mut self, rows: usize) {
        match self {
            Self::Words(words) => words.fill_to(rows),
            Self::Numbers(Cells::Whole(all)) => all.resize(rows.max(all.len()), None),
            Self::Numbers(Cells::Real(all)) => all.resize(rows.max(all.len()), None),
            Self::Numbers(Cells::Truth(all)) => all.resize(rows.max(all.len()), None),
            Self::Numbers(Cells::Words(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_white_space_around_them_are_one() {
        let mut words: Words = [Some("a "), Some(" "), None, Some("a"), Some("b")].into_iter().collect();
        words.shorten(str::trim);
        assert_eq!(words.iter().collect::<Vec<_>>(), [Some("a"), None, None, Some("a"), Some("b")]);
        assert_eq!(words.distinct().len(), 2);
    }

    #[test]
    fn words_are_kept_once_and_the_empty_word_is_nothing() {
        let words: Words = [Some("a"), None, Some("b"), Some(""), Some("a")].into_iter().collect();
        assert_eq!(words.codes(), [0, NOTHING, 1, NOTHING, 0]);
        assert_eq!(words.get(4), Some("a"));
        assert_eq!(words.counts(), [2, 1]);
        assert_eq!(words.decide(|w| (w == "b").then_some(7)), [None, None, Some(7), None, None]);
    }

    #[test]
    fn identifiers_survive_as_words() {
        let words = Cells::Whole(vec![Some(i64::MAX), None]).to_words().into_owned();
        assert_eq!(words.get(0), Some("9223372036854775807"));
        assert_eq!(Cells::Real(vec![Some(3.0), Some(0.1)]).to_words().get(0), Some("3"));
        let padded: Words = [Some("007")].into_iter().collect();
        assert_eq!(Cells::Words(padded.clone()).to_words().get(0), Some("007"));
        assert_eq!(Cells::Words(padded).to_wholes(), [Some(7)]);
    }

    #[test]
    fn numbers_read_back_to_themselves() {
        for x in [0.1, 1.0 / 3.0, 1e-300, f64::MAX, -2.5e-7, 1e16, 123456789.0, 0.0] {
            assert_eq!(number_text(x).parse::<f64>().unwrap(), x);
        }
        assert_eq!(number_text(1.0), "1");
        assert_eq!(number_text(f64::NAN), "");
        assert!(number_text(1e-300).len() < 10);
    }
}
