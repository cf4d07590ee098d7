//! How does a column of whole numbers take no more room than it needs? In pieces, each as narrow as its values.
//!
//! Dumps are mostly regular: all rows of one model, then of the next; items in the same order for each. A piece
//! of a column is therefore a constant, a count upwards, or packed into as many bits as its range needs. A
//! hundred million rows of 500 models and 200,000 items take 30 to 350 MB instead of 3 GB.

use serde::{Deserialize, Serialize};

/// Values in a piece.
const PIECE: usize = 1 << 16;
/// Values that are unpacked together.
pub(super) const BUFFER: usize = 1 << 12;

/// A column of numbers that grows at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    pieces: Vec<Piece>,
    /// The values after the last whole piece.
    tail: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Piece {
    Constant(u32),
    /// This value, and one more in each row.
    Counting(u32),
    /// Values less `low`, in `bits` bits each; one word more than they need, so that two can always be read.
    Packed {
        low: u32,
        bits: u32,
        words: Box<[u64]>,
    },
}

impl Piece {
    fn of(values: &[u32]) -> Self {
        let first = values.first().copied().unwrap_or(0);
        let (low, high) = values.iter().fold((first, first), |(l, h), &v| (l.min(v), h.max(v)));
        if low == high {
            return Self::Constant(low);
        }
        if values.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1) {
            return Self::Counting(first);
        }
        let bits = 32 - (high - low).leading_zeros();
        let mut words = Vec::with_capacity((values.len() * bits as usize).div_ceil(64) + 1);
        let (mut word, mut filled) = (0, 0);
        for value in values.iter().map(|value| u64::from(value - low)) {
            word |= value << filled;
            filled += bits;
            if filled >= 64 {
                words.push(word);
                filled -= 64;
                // What did not fit.
                word = value >> (bits - filled);
            }
        }
        words.extend([word].into_iter().filter(|_| filled > 0));
        words.push(0);
        Self::Packed { low, bits, words: words.into() }
    }

    /// Puts the values from `start` on into `out`.
    fn read(&self, start: usize, out: &mut [u32]) {
        match self {
            Self::Constant(value) => out.fill(*value),
            Self::Counting(first) => {
                let first = first.wrapping_add(start as u32);
                out.iter_mut().enumerate().for_each(|(at, value)| *value = first.wrapping_add(at as u32));
            }
            Self::Packed { low, bits: 1, words } => {
                // Scores, mostly: no value waits for the one before.
                let (mut start, mut out) = (start, out);
                while !out.is_empty() {
                    let word = words[start / 64] >> (start % 64);
                    let n = out.len().min(64 - start % 64);
                    let (now, later) = out.split_at_mut(n);
                    now.iter_mut().enumerate().for_each(|(k, value)| *value = low + (word >> k & 1) as u32);
                    (start, out) = (start + n, later);
                }
            }
            Self::Packed { low, bits, words } => {
                let (bits, mask) = (*bits as usize, u64::from(u32::MAX >> (32 - bits)));
                let Some(words) = words.get(start * bits / 64..) else { return };
                let mut words = words.iter();
                let (mut low_word, mut shift) = (words.next().copied().unwrap_or(0), start * bits % 64);
                let mut high_word = words.next().copied().unwrap_or(0);
                for value in out {
                    // In two steps, for a shift by 64 is none.
                    let wide = low_word >> shift | high_word << 1 << (63 - shift);
                    *value = low + (wide & mask) as u32;
                    shift += bits;
                    if shift >= 64 {
                        (low_word, high_word) = (high_word, words.next().copied().unwrap_or(0));
                        shift -= 64;
                    }
                }
            }
        }
    }

    #[inline]
    fn get(&self, at: usize) -> u32 {
        match self {
            Self::Constant(value) => *value,
            Self::Counting(first) => first.wrapping_add(at as u32),
            Self::Packed { low, bits, words } => {
                let place = at * *bits as usize;
                let wide = u128::from(words[place / 64]) | u128::from(words[place / 64 + 1]) << 64;
                let mask = u32::MAX >> (32 - bits);
                low + ((wide >> (place % 64)) as u32 & mask)
            }
        }
    }
}

impl Codes {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.pieces.len() * PIECE + self.tail.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: u32) {
        self.tail.push(value);
        if self.tail.len() == PIECE {
            self.close();
        }
    }

    /// Adds values.
    pub fn extend(&mut self, mut values: &[u32]) {
        while !values.is_empty() {
            let (now, later) = values.split_at(values.len().min(PIECE - self.tail.len()));
            self.tail.extend_from_slice(now);
            if self.tail.len() == PIECE {
                self.close();
            }
            values = later;
        }
    }

    /// Adds one value many times.
    pub fn extend_constant(&mut self, value: u32, mut n: usize) {
        while n > 0 {
            if self.tail.is_empty() && n >= PIECE {
                self.pieces.push(Piece::Constant(value));
                n -= PIECE;
                continue;
            }
            let now = n.min(PIECE - self.tail.len());
            self.tail.resize(self.tail.len() + now, value);
            if self.tail.len() == PIECE {
                self.close();
            }
            n -= now;
        }
    }

    /// Adds `first` and the `n − 1` numbers after it.
    pub fn extend_counting(&mut self, mut first: u32, mut n: usize) {
        while n > 0 {
            let now = n.min(PIECE - self.tail.len());
            if now == PIECE {
                self.pieces.push(Piece::Counting(first));
            } else {
                self.tail.extend((0..now as u32).map(|k| first.wrapping_add(k)));
                if self.tail.len() == PIECE {
                    self.close();
                }
            }
            (first, n) = (first.wrapping_add(now as u32), n - now);
        }
    }

    /// Puts the values from `start` on into `out`, far faster than one by one.
    ///
    /// # Panics
    /// If there are not so many: a fault of the program, not of its input.
    pub fn read(&self, start: usize, out: &mut [u32]) {
        let (mut start, mut out) = (start, out);
        while !out.is_empty() {
            let within = start % PIECE;
            let n = out.len().min(PIECE - within);
            let (now, later) = out.split_at_mut(n);
            match self.pieces.get(start / PIECE) {
                Some(piece) => piece.read(within, now),
                None => now.copy_from_slice(&self.tail[within..within + n]),
            }
            (start, out) = (start + n, later);
        }
    }

    /// Hands over every row and its value, in order and far faster than one by one.
    pub fn each(&self, mut take: impl FnMut(usize, u32)) {
        let mut buffer = [0; BUFFER];
        for start in (0..self.len()).step_by(BUFFER) {
            let values = &mut buffer[..BUFFER.min(self.len() - start)];
            self.read(start, values);
            values.iter().enumerate().for_each(|(at, value)| take(start + at, *value));
        }
    }

    /// Adds all values of `other`, each changed.
    pub fn append(&mut self, other: &Self, change: impl Fn(u32) -> u32) {
        let mut buffer = [0; BUFFER];
        for start in (0..other.len()).step_by(BUFFER) {
            let values = &mut buffer[..BUFFER.min(other.len() - start)];
            other.read(start, values);
            values.iter_mut().for_each(|value| *value = change(*value));
            self.extend(values);
        }
    }

    fn close(&mut self) {
        self.pieces.push(Piece::of(&self.tail));
        self.tail.clear();
    }

    /// The value of a row.
    ///
    /// # Panics
    /// If there is no such row: a fault of the program, not of its input.
    #[inline]
    pub fn get(&self, row: usize) -> u32 {
        match self.pieces.get(row / PIECE) {
            Some(piece) => piece.get(row % PIECE),
            None => self.tail[row % PIECE],
        }
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let pieces = self.pieces.iter().flat_map(|piece| (0..PIECE).map(|at| piece.get(at)));
        pieces.chain(self.tail.iter().copied())
    }
}

/// A column of numbers that takes no room until its first value arrives. Numbers end one below the largest of
/// their type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OptionalCodes {
    /// One more than the value; 0 is none.
    codes: Option<Codes>,
}

impl OptionalCodes {
    pub fn push(&mut self, value: Option<u32>, rows_before: usize) {
        if self.codes.is_none() && value.is_some() {
            let mut codes = Codes::default();
            codes.extend_constant(0, rows_before);
            self.codes = Some(codes);
        }
        if let Some(codes) = &mut self.codes {
            codes.push(value.map_or(0, |v| v.saturating_add(1)));
        }
    }

    /// `n` rows without a value.
    pub fn skip(&mut self, n: usize) {
        if let Some(codes) = &mut self.codes {
            codes.extend_constant(0, n);
        }
    }

    /// `first` and the numbers after it in `n` rows; none past the largest.
    pub fn extend_counting(&mut self, first: u32, n: usize, rows_before: usize) {
        if n > 0 && first.checked_add(n as u32).is_some() && u32::try_from(n).is_ok() {
            self.push(Some(first), rows_before);
            if let Some(codes) = &mut self.codes {
                codes.extend_counting(first + 2, n - 1);
            }
        } else {
            (0..n).for_each(|at| self.push(first.checked_add(at as u32), rows_before + at));
        }
    }

    /// All rows of `other`, which are `n`.
    pub fn append(&mut self, other: &Self, n: usize, rows_before: usize) {
        let Some(others) = &other.codes else { return self.skip(n) };
        let codes = self.codes.get_or_insert_with(|| {
            let mut codes = Codes::default();
            codes.extend_constant(0, rows_before);
            codes
        });
        codes.append(others, |code| code);
    }

    pub fn get(&self, row: usize) -> Option<u32> {
        self.codes.as_ref().and_then(|codes| codes.get(row).checked_sub(1))
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_none()
    }
}

/// A column of scores: each distinct score once and its code in every row, as long as there are few.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Scores {
    Few { levels: Vec<f64>, codes: Codes },
    Many(Vec<f64>),
}

/// No score is the same as no score, although `NaN` is not the same as `NaN`.
impl PartialEq for Scores {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &[f64], b: &[f64]| a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()));
        match (self, other) {
            (Self::Few { levels: a, codes: x }, Self::Few { levels: b, codes: y }) => same(a, b) && x == y,
            (Self::Many(a), Self::Many(b)) => same(a, b),
            _ => false,
        }
    }
}

/// More distinct scores than this are kept as numbers.
const FEW: usize = 256;

impl Default for Scores {
    fn default() -> Self {
        Self::Few { levels: Vec::new(), codes: Codes::default() }
    }
}

impl Scores {
    /// Adds a score; `NaN` is none.
    #[inline]
    pub fn push(&mut self, score: f64) {
        if let Self::Few { levels, codes } = self {
            // By bits, so that −0 and NaN come back as they are.
            match levels.iter().position(|l| l.to_bits() == score.to_bits()) {
                Some(code) => return codes.push(code as u32),
                None if levels.len() < FEW => {
                    codes.push(levels.len() as u32);
                    levels.push(score);
                    return;
                }
                None => *self = Self::Many(codes.iter().map(|c| levels[c as usize]).collect()),
            }
        }
        if let Self::Many(scores) = self {
            scores.push(score);
        }
    }

    /// Adds scores; `NaN` is none.
    pub fn extend(&mut self, mut scores: &[f64]) {
        while let Self::Few { levels, codes } = self {
            let mut known = Vec::with_capacity(scores.len());
            if let [a, b] = levels[..] {
                // Right and wrong come in no order that a processor could foresee: no branch on which it is.
                let is_known = |s: &&f64| (s.to_bits() == a.to_bits()) | (s.to_bits() == b.to_bits());
                known.extend(
                    scores.iter().take_while(is_known).map(|s| u32::from(s.to_bits() == b.to_bits())),
                );
            } else {
                let code = |score: &f64| levels.iter().position(|l| l.to_bits() == score.to_bits());
                known.extend(scores.iter().map_while(code).map(|code| code as u32));
            }
            codes.extend(&known);
            let Some((new, later)) = scores[known.len()..].split_first() else { return };
            self.push(*new);
            scores = later;
        }
        if let Self::Many(all) = self {
            all.extend_from_slice(scores);
        }
    }

    /// Puts the scores from `start` on into `out`.
    pub fn read(&self, start: usize, out: &mut [f64]) {
        match self {
            Self::Few { levels, codes } => {
                let mut buffer = [0; BUFFER];
                for (at, out) in out.chunks_mut(BUFFER).enumerate() {
                    let buffer = &mut buffer[..out.len()];
                    codes.read(start + at * BUFFER, buffer);
                    out.iter_mut().zip(buffer).for_each(|(out, code)| *out = levels[*code as usize]);
                }
            }
            Self::Many(all) => out.copy_from_slice(&all[start..start + out.len()]),
        }
    }

    /// Number of scores, those that are none among them.
    pub fn len(&self) -> usize {
        match self {
            Self::Few { codes, .. } => codes.len(),
            Self::Many(all) => all.len(),
        }
    }

    /// Adds all scores of `other`.
    pub fn append(&mut self, other: &Self) {
        let mut buffer = [0.0; BUFFER];
        for start in (0..other.len()).step_by(BUFFER) {
            let scores = &mut buffer[..BUFFER.min(other.len() - start)];
            other.read(start, scores);
            self.extend(scores);
        }
    }

    /// The lowest and the highest score; none if there is no score.
    pub fn range(&self) -> Option<(f64, f64)> {
        let (Self::Few { levels: all, .. } | Self::Many(all)) = self;
        let scores = all.iter().filter(|s| !s.is_nan());
        scores.fold(None, |range, &s| {
            let (low, high) = range.unwrap_or((s, s));
            Some((s.min(low), s.max(high)))
        })
    }

    pub fn map(&mut self, change: impl Fn(f64) -> f64) {
        let (Self::Few { levels: all, .. } | Self::Many(all)) = self;
        all.iter_mut().filter(|s| !s.is_nan()).for_each(|s| *s = change(*s));
    }

    #[inline]
    pub fn get(&self, row: usize) -> f64 {
        match self {
            Self::Few { levels, codes } => levels[codes.get(row) as usize],
            Self::Many(scores) => scores[row],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_piece_gives_its_values_back() {
        let n = 3 * PIECE + 1000;
        let columns: [Box<dyn Fn(usize) -> u32>; 5] = [
            Box::new(|_| 7),
            Box::new(|at| at as u32),
            Box::new(|at| (at % 500) as u32),
            Box::new(|at| (at as u32).wrapping_mul(2_654_435_761)),
            Box::new(|at| if at % 3 == 0 { u32::MAX } else { 5 }),
        ];
        for column in columns {
            let values: Vec<u32> = (0..n).map(&column).collect();
            let mut one_by_one = Codes::default();
            values.iter().for_each(|v| one_by_one.push(*v));
            assert!(one_by_one.iter().eq(values.iter().copied()));
            assert!((0..n).step_by(97).all(|row| one_by_one.get(row) == values[row]));
            let mut together = Codes::default();
            together.extend(&values[..10]);
            together.extend(&values[10..]);
            assert_eq!(together, one_by_one);
            for start in [0, 1, PIECE - 1, PIECE + 77, 3 * PIECE - 5] {
                let mut read = vec![0; n - start];
                one_by_one.read(start, &mut read);
                assert_eq!(read, values[start..]);
            }
            let mut appended = Codes::default();
            appended.push(3);
            appended.append(&one_by_one, |v| v ^ 1);
            assert!(appended.iter().skip(1).eq(values.iter().map(|v| v ^ 1)));
        }
        let mut counting = Codes::default();
        counting.push(6);
        counting.extend_counting(7, 2 * PIECE);
        assert!(counting.iter().eq(6..7 + 2 * PIECE as u32));
        let mut constant = Codes::default();
        constant.push(4);
        constant.extend_constant(4, 2 * PIECE);
        assert_eq!(constant.len(), 2 * PIECE + 1);
        assert!(constant.iter().all(|v| v == 4));
    }

    #[test]
    fn many_scores_are_kept_as_well_as_few() {
        let mut scores = Scores::default();
        let values: Vec<f64> = (0..2 * FEW).map(|k| if k == 3 { f64::NAN } else { k as f64 / 7.0 }).collect();
        values.iter().for_each(|v| scores.push(*v));
        assert!(matches!(scores, Scores::Many(_)));
        assert!(values.iter().enumerate().all(|(row, v)| scores.get(row).to_bits() == v.to_bits()));
        for n in [FEW / 2, 2 * FEW] {
            let (mut together, mut read) = (Scores::default(), vec![0.0; n - 1]);
            together.extend(&values[..n / 3]);
            together.extend(&values[n / 3..n]);
            together.read(1, &mut read);
            assert!(read.iter().zip(&values[1..]).all(|(a, b)| a.to_bits() == b.to_bits()));
            let mut appended = Scores::default();
            appended.append(&together);
            assert!(appended == together);
            assert_eq!(together.range(), Some((0.0, (n - 1) as f64 / 7.0)));
        }
    }

    #[test]
    fn numbers_upwards_end_at_the_largest() {
        let mut column = OptionalCodes::default();
        column.extend_counting(5, 3, 2);
        column.extend_counting(u32::MAX - 1, 4, 5);
        let all: Vec<Option<u32>> = (0..9).map(|row| column.get(row)).collect();
        let expected =
            [None, None, Some(5), Some(6), Some(7), Some(u32::MAX - 1), Some(u32::MAX - 1), None, None];
        assert_eq!(all, expected);
    }
}
