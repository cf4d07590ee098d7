//! How does a column of answers given as text take little room? In pieces, each with its distinct texts once and the
//! number of its text for each row.

use super::codes::{BUFFER, PIECE};
use super::piece::Piece;
use super::spill::{Bytes, Spill};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A piece is closed when its texts have so many bytes, long before it has all of its rows where texts are long.
const BYTES: usize = 1 << 20;

/// A column of texts that takes no room until its first text arrives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Texts {
    pieces: Vec<TextPiece>,
    /// The number of rows up to the end of each piece.
    ends: Vec<usize>,
    /// The rows after the last closed piece.
    tail: Vec<Option<Box<str>>>,
    /// Bytes of the texts in the tail.
    tail_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TextPiece {
    /// One more than the number of the text; 0 is none.
    codes: Piece,
    /// Where each text begins, and where the last one ends.
    bounds: Piece,
    /// The distinct texts, one after the other.
    texts: Bytes,
}

impl TextPiece {
    fn of(rows: &[Option<Box<str>>]) -> Self {
        let mut number: FxHashMap<&str, u32> = FxHashMap::default();
        let (mut codes, mut bounds, mut texts) = (Vec::with_capacity(rows.len()), vec![0], Vec::new());
        for text in rows {
            codes.push(text.as_deref().map_or(0, |text| {
                *number.entry(text).or_insert_with(|| {
                    texts.extend_from_slice(text.as_bytes());
                    bounds.push(texts.len() as u32);
                    bounds.len() as u32 - 1
                })
            }));
        }
        Self { codes: Piece::of(&codes), bounds: Piece::of(&bounds), texts: Bytes::Here(texts.into()) }
    }

    /// Hands over the texts of `n` rows from `start` on.
    fn read(&self, start: usize, n: usize, mut take: impl FnMut(Option<&str>)) {
        let mut codes = vec![0; n];
        self.codes.read(start, &mut codes);
        let used = || codes.iter().copied().filter(|code| *code > 0);
        let (Some(first), Some(last)) = (used().min(), used().max()) else {
            return codes.iter().for_each(|_| take(None));
        };
        let mut bounds = vec![0; (last - first) as usize + 2];
        self.bounds.read(first as usize - 1, &mut bounds);
        let place = |at: usize| bounds.get(at).map_or(0, |bound| *bound as usize);
        let base = place(0);
        // Empty where bounds could not be read back from disk.
        let texts = self.texts.read(base.min(place(bounds.len() - 1))..place(bounds.len() - 1));
        for code in codes {
            take(code.checked_sub(first).map(|at| {
                let at = at as usize;
                let text = texts.get(place(at).wrapping_sub(base)..place(at + 1).wrapping_sub(base));
                str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
            }));
        }
    }

    fn get(&self, at: usize) -> Option<Box<str>> {
        let code = self.codes.get(at).checked_sub(1)? as usize;
        let (start, end) = (self.bounds.get(code) as usize, self.bounds.get(code + 1) as usize);
        let text = self.texts.read(start.min(end)..end);
        Some(str::from_utf8(&text).unwrap_or_default().into())
    }

    fn contents(&self) -> impl Iterator<Item = &Bytes> {
        [self.codes.content(), self.bounds.content(), Some(&self.texts)].into_iter().flatten()
    }

    fn contents_mut(&mut self) -> impl Iterator<Item = &mut Bytes> {
        [self.codes.content_mut(), self.bounds.content_mut(), Some(&mut self.texts)].into_iter().flatten()
    }

    fn is_away(&self) -> bool {
        self.texts.away().is_some()
    }
}

impl Texts {
    /// Whether no text has arrived.
    pub fn is_absent(&self) -> bool {
        self.pieces.is_empty() && self.tail.is_empty()
    }

    /// Rows in closed pieces.
    fn n_closed(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub fn push(&mut self, text: Option<Box<str>>, rows_before: usize) {
        if self.is_absent() {
            if text.is_none() {
                return;
            }
            self.start(rows_before);
        }
        // A bound of a text has 32 bits.
        let text = text.map(|text| match u32::try_from(text.len()) {
            Ok(_) => text,
            Err(_) => text[..text.floor_char_boundary(u32::MAX as usize)].into(),
        });
        let more = text.as_deref().map_or(0, str::len);
        if self.tail_bytes + more > BYTES {
            self.close();
        }
        self.tail_bytes += more;
        self.tail.push(text);
        if self.tail.len() == PIECE {
            self.close();
        }
    }

    /// So many rows without a text, if there are texts.
    pub fn skip(&mut self, n: usize) {
        if self.is_absent() {
            return;
        }
        if n < BUFFER {
            (0..n).for_each(|_| self.push(None, 0));
        } else {
            self.start(n);
        }
    }

    /// All rows of `other`, which are `n`.
    pub fn append(&mut self, other: Self, n: usize, rows_before: usize) {
        if other.is_absent() {
            return self.skip(n);
        }
        if self.is_absent() {
            self.start(rows_before);
        }
        let mut start = 0;
        for (piece, end) in other.pieces.into_iter().zip(other.ends) {
            let n = end - start;
            if n >= BUFFER || piece.texts.len() >= BYTES / 16 {
                self.close();
                self.keep(piece, n);
            } else {
                piece.read(0, n, |text| self.push(text.map(Into::into), rows_before + start));
            }
            start = end;
        }
        other.tail.into_iter().for_each(|text| self.push(text, rows_before + start));
    }

    /// Closes what there is and adds rows without a text.
    fn start(&mut self, n: usize) {
        self.close();
        if n > 0 {
            self.keep(TextPiece::of(&[]), n);
        }
    }

    fn close(&mut self) {
        if !self.tail.is_empty() {
            let piece = TextPiece::of(&self.tail);
            let n = self.tail.len();
            self.tail.clear();
            self.tail_bytes = 0;
            self.keep(piece, n);
        }
    }

    fn keep(&mut self, piece: TextPiece, n: usize) {
        self.ends.push(self.n_closed() + n);
        self.pieces.push(piece);
    }

    /// Hands over the texts of `n` rows from `start` on, in order and far faster than one by one.
    ///
    /// # Panics
    /// If there are not so many: a fault of the program, not of its input.
    pub fn read(&self, start: usize, n: usize, mut take: impl FnMut(Option<&str>)) {
        if self.is_absent() {
            return (0..n).for_each(|_| take(None));
        }
        let (mut row, end) = (start, start + n);
        while row < end {
            let (at, first) = self.place(row);
            let Some(piece) = self.pieces.get(at) else {
                return self.tail[row - first..end - first].iter().for_each(|text| take(text.as_deref()));
            };
            let n = end.min(self.ends[at]) - row;
            piece.read(row - first, n, &mut take);
            row += n;
        }
    }

    pub fn get(&self, row: usize) -> Option<Box<str>> {
        if self.is_absent() {
            return None;
        }
        let (at, first) = self.place(row);
        match self.pieces.get(at) {
            Some(piece) => piece.get(row - first),
            None => self.tail[row - first].clone(),
        }
    }

    /// Which piece a row is in, and the first row of it.
    fn place(&self, row: usize) -> (usize, usize) {
        let at = self.ends.partition_point(|end| *end <= row);
        (at, at.checked_sub(1).map_or(0, |before| self.ends[before]))
    }

    /// Bytes of closed pieces in memory that came after the last one that was put aside.
    pub fn held(&self) -> usize {
        let pieces = self.pieces.iter().rev().take_while(|piece| !piece.is_away());
        pieces.flat_map(TextPiece::contents).map(Bytes::held).sum()
    }

    /// Where pieces were put aside, if any were.
    pub fn away(&self) -> Option<&Arc<Spill>> {
        self.pieces.iter().flat_map(TextPiece::contents).find_map(Bytes::away)
    }

    /// Puts the closed pieces aside, as far as there is room for them.
    pub fn put_aside(&mut self, spill: &Arc<Spill>) {
        let pieces = self.pieces.iter_mut().rev().take_while(|piece| !piece.is_away());
        pieces.flat_map(TextPiece::contents_mut).for_each(|content| content.put_aside(spill));
    }

    /// Brings pieces back to memory until they have so many bytes; the numbers of texts in any case.
    pub fn bring_back(&mut self, most: usize) {
        let mut held = 0;
        for piece in &mut self.pieces {
            held += piece.texts.len();
            let texts = (held <= most).then_some(&mut piece.texts);
            let contents = [piece.codes.content_mut(), piece.bounds.content_mut(), texts];
            contents.into_iter().flatten().for_each(Bytes::bring_back);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spill::tests::scratch;
    use super::*;

    fn all(column: &Texts, n: usize) -> Vec<Option<String>> {
        let mut texts = Vec::new();
        for start in (0..n).step_by(BUFFER) {
            column.read(start, BUFFER.min(n - start), |text| texts.push(text.map(str::to_owned)));
        }
        texts
    }

    fn column(texts: &[Option<String>]) -> Texts {
        let mut column = Texts::default();
        texts.iter().enumerate().for_each(|(at, text)| column.push(text.as_deref().map(Into::into), at));
        column
    }

    #[test]
    fn texts_come_back_from_memory_and_from_disk() {
        let n = 2 * PIECE + 1000;
        let kinds: [fn(usize) -> Option<String>; 4] = [
            |at| (at >= 9).then(|| ["A", "B", "", "ü"][at * 7 % 4].to_owned()),
            |at| Some(format!("answer {at}")),
            |at| (at > 70_000 && at % 3 == 0).then(|| "long ".repeat(300) + &at.to_string()),
            |at| (at == n_last()).then(|| "last".to_owned()),
        ];
        fn n_last() -> usize {
            2 * PIECE + 999
        }
        for kind in kinds {
            let texts: Vec<Option<String>> = (0..n).map(kind).collect();
            let mut column = column(&texts);
            assert!(all(&column, n) == texts);
            assert!(column.held() <= texts.iter().flatten().map(|text| text.len() + 5).sum::<usize>() + n);
            let spill = Spill::new(scratch(), 0);
            column.put_aside(&spill);
            assert_eq!(column.held(), 0);
            assert!(all(&column, n) == texts);
            assert!((0..n).step_by(997).all(|row| column.get(row).map(String::from) == texts[row]));
            for most in [BYTES, usize::MAX] {
                column.bring_back(most);
                assert!(all(&column, n) == texts);
            }
            assert_eq!((column.away().is_some(), spill.check()), (false, Ok(())));
        }
    }

    #[test]
    fn columns_are_joined_whatever_they_have() {
        let some: Vec<Option<String>> = (0..BUFFER + 10).map(|at| Some(format!("{}", at % 900))).collect();
        let few: Vec<Option<String>> = vec![None, Some("x".to_owned()), None];
        let none = vec![None; 2 * BUFFER];
        let parts = [&none, &few, &some, &none, &few, &few, &some];
        let (mut joined, mut expected) = (Texts::default(), Vec::new());
        for part in parts {
            joined.append(column(part), part.len(), expected.len());
            expected.extend_from_slice(part);
        }
        assert!(all(&joined, expected.len()) == expected);
        let (mut closed, mut large) = (Texts::default(), column(&some));
        large.close();
        closed.append(large, some.len(), 0);
        assert_eq!((closed.pieces.len(), closed.tail.len()), (1, 0));
        assert!(all(&closed, some.len()) == some);
    }

    #[test]
    fn what_cannot_be_read_back_is_told() {
        let n = 3 * BUFFER;
        let texts: Vec<Option<String>> = (0..n).map(|at| Some(format!("{at}"))).collect();
        let mut column = column(&texts);
        column.close();
        let file = scratch();
        let spill = Spill::new(file.try_clone().unwrap(), 0);
        column.put_aside(&spill);
        for left in [5000, 0] {
            file.set_len(left).unwrap();
            assert!(all(&column, n) != texts);
            assert!(column.get(n - 1).is_some_and(|text| text.is_empty() || !text.starts_with('1')));
        }
        assert!(spill.check().is_err());
    }
}
