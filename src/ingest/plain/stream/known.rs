//! Which word is this? Words met before by number, guessed before they are looked up.

use rustc_hash::FxHashMap;

/// Words behind one another, by number: neighbours in number are neighbours in memory.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    /// Number of words.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word of a number.
    #[inline]
    pub fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    fn push(&mut self, word: &str) {
        self.text.push_str(word);
        self.ends.push(self.text.len());
    }
}

/// The words of a column that earlier pieces had.
#[derive(Debug, Default)]
pub struct Known {
    words: Words,
    code_of: FxHashMap<Box<str>, u32>,
}

impl Known {
    /// The words in the order in which they were met.
    pub fn words(&self) -> &Words {
        &self.words
    }

    fn code(&mut self, word: &str) -> u32 {
        if let Some(&code) = self.code_of.get(word) {
            return code;
        }
        let code = self.words.len() as u32;
        self.words.push(word);
        self.code_of.insert(word.into(), code);
        code
    }

    /// Takes the new words of a piece, and gives its codes their final values. Pieces come in order, but each
    /// may have been read when fewer words were known.
    pub fn take(&mut self, column: Column) -> Vec<u32> {
        let Column { mut codes, new, n_known } = column;
        if new.len() > 0 {
            let final_codes: Vec<u32> = (0..new.len()).map(|at| self.code(new.get(at))).collect();
            for code in codes.iter_mut().filter(|code| **code >= n_known) {
                *code = final_codes[(*code - n_known) as usize];
            }
        }
        codes
    }
}

/// A column of a piece: codes below `n_known` are those of words that were known, the others number `new`.
#[derive(Debug)]
pub struct Column {
    codes: Vec<u32>,
    new: Words,
    n_known: u32,
}

/// Builds the column of a piece.
#[derive(Debug)]
pub struct Builder<'k> {
    known: &'k Known,
    codes: Vec<u32>,
    new: Words,
    new_code: FxHashMap<Box<str>, u32>,
    last: u32,
    /// How far behind the last word the one before it was, if a guess found it: 0 or 1.
    step: u32,
}

impl<'k> Builder<'k> {
    /// A column without rows.
    pub fn new(known: &'k Known) -> Self {
        Self {
            known,
            codes: Vec::new(),
            new: Words::default(),
            new_code: FxHashMap::default(),
            last: 0,
            step: 1,
        }
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Adds `n` rows of a word.
    ///
    /// Tables sorted by item repeat the word of the row before; those sorted by model have the items in the
    /// same order for every model. Both guesses cost a comparison, which is far less than a look-up; the one that
    /// was right is tried first.
    #[inline]
    pub fn push(&mut self, word: &str, n: usize) {
        let guess =
            [self.step, 1 - self.step].into_iter().find(|&step| self.is(self.last.wrapping_add(step), word));
        self.step = guess.unwrap_or(self.step);
        let code = match guess {
            Some(step) => self.last.wrapping_add(step),
            None => self.look_up(word),
        };
        self.last = code;
        self.codes.extend(std::iter::repeat_n(code, n));
    }

    #[inline]
    fn is(&self, code: u32, word: &str) -> bool {
        let (code, n_known) = (code as usize, self.known.words.len());
        let there = match code.checked_sub(n_known) {
            None => self.known.words.get(code),
            Some(new) if new < self.new.len() => self.new.get(new),
            Some(_) => return false,
        };
        there == word
    }

    fn look_up(&mut self, word: &str) -> u32 {
        if let Some(&code) = self.known.code_of.get(word).or_else(|| self.new_code.get(word)) {
            return code;
        }
        let code = (self.known.words.len() + self.new.len()) as u32;
        self.new.push(word);
        self.new_code.insert(word.into(), code);
        code
    }

    /// The column.
    pub fn finish(self) -> Column {
        Column { codes: self.codes, new: self.new, n_known: self.known.words.len() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_at_the_same_time_agree_on_their_words() {
        let mut known = Known::default();
        let column = |known: &Known, words: &[&str]| {
            let mut builder = Builder::new(known);
            words.iter().for_each(|w| builder.push(w, 1));
            builder.finish()
        };
        let (first, second) = (column(&known, &["a", "b", "a"]), column(&known, &["c", "b", "b"]));
        assert_eq!(known.take(first), [0, 1, 0]);
        assert_eq!(known.take(second), [2, 1, 1]);
        let third = column(&known, &["c", "d", "a"]);
        assert_eq!(known.take(third), [2, 3, 0]);
        let words: Vec<&str> = (0..known.words().len()).map(|at| known.words().get(at)).collect();
        assert_eq!(words, ["a", "b", "c", "d"]);
    }
}
