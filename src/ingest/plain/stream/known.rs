//! Which word is this? Words met before by number, guessed before they are looked up.

use rustc_hash::FxHashMap;

/// The words of a column that earlier pieces had.
#[derive(Debug, Default)]
pub struct Known {
    words: Vec<Box<str>>,
    code_of: FxHashMap<Box<str>, u32>,
}

impl Known {
    /// The words in the order in which they were met.
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    fn code(&mut self, word: Box<str>) -> u32 {
        *self.code_of.entry(word).or_insert_with_key(|word| {
            self.words.push(word.clone());
            self.words.len() as u32 - 1
        })
    }

    /// Takes the new words of a piece, and gives its codes their final values. Pieces come in order, but each
    /// may have been read when fewer words were known.
    pub fn take(&mut self, column: Column) -> Vec<u32> {
        let Column { mut codes, new, n_known } = column;
        if !new.is_empty() {
            let final_codes: Vec<u32> = new.into_iter().map(|word| self.code(word)).collect();
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
    new: Vec<Box<str>>,
    n_known: u32,
}

/// Builds the column of a piece.
#[derive(Debug)]
pub struct Builder<'k> {
    known: &'k Known,
    codes: Vec<u32>,
    new: Vec<Box<str>>,
    new_code: FxHashMap<Box<str>, u32>,
    last: u32,
}

impl<'k> Builder<'k> {
    /// A column without rows.
    pub fn new(known: &'k Known) -> Self {
        Self { known, codes: Vec::new(), new: Vec::new(), new_code: FxHashMap::default(), last: 0 }
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Adds a row.
    ///
    /// Tables sorted by item repeat the word of the row before; those sorted by model have the items in the
    /// same order for every model. Both guesses cost a comparison, which is far less than a look-up.
    #[inline]
    pub fn push(&mut self, word: &str) {
        let guess = [self.last, self.last.wrapping_add(1)].into_iter().find(|&code| self.is(code, word));
        let code = guess.unwrap_or_else(|| self.look_up(word));
        self.last = code;
        self.codes.push(code);
    }

    #[inline]
    fn is(&self, code: u32, word: &str) -> bool {
        let n_known = self.known.words.len();
        let there = match (code as usize).checked_sub(n_known) {
            None => &self.known.words[code as usize],
            Some(new) if new < self.new.len() => &self.new[new],
            Some(_) => return false,
        };
        **there == *word
    }

    fn look_up(&mut self, word: &str) -> u32 {
        if let Some(&code) = self.known.code_of.get(word).or_else(|| self.new_code.get(word)) {
            return code;
        }
        let code = (self.known.words.len() + self.new.len()) as u32;
        self.new.push(word.into());
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
            words.iter().for_each(|w| builder.push(w));
            builder.finish()
        };
        let (first, second) = (column(&known, &["a", "b", "a"]), column(&known, &["c", "b", "b"]));
        assert_eq!(known.take(first), [0, 1, 0]);
        assert_eq!(known.take(second), [2, 1, 1]);
        let third = column(&known, &["c", "d", "a"]);
        assert_eq!(known.take(third), [2, 3, 0]);
        assert_eq!(known.words().iter().map(|w| &**w).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }
}
