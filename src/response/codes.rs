//! How does a column of whole numbers take no more room than it needs? In pieces, each as narrow as its values.
//!
//! Dumps are mostly regular: all rows of one model, then of the next; items in the same order for each. A piece
//! of a column is therefore a constant, a count upwards, or packed into as many bits as its range needs. A
//! hundred million rows of 500 models and 200,000 items take 30 to 350 MB instead of 3 GB.

use super::piece::Piece;
use super::spill::Spill;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Values in a piece.
pub(super) const PIECE: usize = 1 << 16;
/// Values that are unpacked together.
pub(super) const BUFFER: usize = 1 << 12;

/// A column of numbers that grows at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    pieces: Vec<Piece>,
    /// The values after the last whole piece.
    tail: Vec<u32>,
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
        (0..self.len()).step_by(BUFFER).flat_map(|start| {
            let mut values = vec![0; BUFFER.min(self.len() - start)];
            self.read(start, &mut values);
            values
        })
    }

    /// Whether a value is larger.
    pub(super) fn exceeds(&self, limit: u32) -> bool {
        self.pieces.iter().any(|piece| piece.exceeds(limit, PIECE)) || self.tail.iter().any(|v| *v > limit)
    }

    /// Bytes of closed pieces in memory that came after the last one that was put aside.
    pub(super) fn held(&self) -> usize {
        let contents = self.pieces.iter().rev().filter_map(Piece::content);
        contents.take_while(|content| content.away().is_none()).map(|content| content.held()).sum()
    }

    /// Where pieces were put aside, if any were.
    pub(super) fn away(&self) -> Option<&Arc<Spill>> {
        self.pieces.iter().filter_map(Piece::content).find_map(|content| content.away())
    }

    /// Puts the closed pieces aside, as far as there is room for them.
    pub(super) fn put_aside(&mut self, spill: &Arc<Spill>) {
        let contents = self.pieces.iter_mut().rev().filter_map(Piece::content_mut);
        contents.take_while(|content| content.away().is_none()).for_each(|content| content.put_aside(spill));
    }

    /// Brings all pieces back to memory.
    pub(super) fn bring_back(&mut self) {
        self.pieces.iter_mut().filter_map(Piece::content_mut).for_each(|content| content.bring_back());
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

    /// `n` rows of one value.
    pub fn extend_constant(&mut self, value: Option<u32>, n: usize, rows_before: usize) {
        if n > 0 {
            self.push(value, rows_before);
            if let Some(codes) = &mut self.codes {
                codes.extend_constant(value.map_or(0, |v| v.saturating_add(1)), n - 1);
            }
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

    /// Puts one more than each value from `start` on into `out`, and 0 where there is none.
    pub fn read(&self, start: usize, out: &mut [u32]) {
        match &self.codes {
            Some(codes) => codes.read(start, out),
            None => out.fill(0),
        }
    }

    /// Whether a value is larger.
    pub fn exceeds(&self, limit: u32) -> bool {
        self.codes.as_ref().is_some_and(|codes| codes.exceeds(limit.saturating_add(1)))
    }

    /// A column without rows that has values if this one has.
    pub fn empty_like(&self) -> Self {
        Self { codes: self.codes.as_ref().map(|_| Codes::default()) }
    }

    pub fn codes(&self) -> Option<&Codes> {
        self.codes.as_ref()
    }

    pub fn codes_mut(&mut self) -> Option<&mut Codes> {
        self.codes.as_mut()
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
