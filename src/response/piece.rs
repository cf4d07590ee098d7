//! How are some thousand numbers kept in as little room as they need? As a constant, a count upwards, or each in as
//! many bits as their range needs.

use super::spill::Bytes;
use serde::{Deserialize, Serialize};

/// Numbers that will not change. Their count is known to whoever keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Piece {
    Constant(u32),
    /// This value, and one more in each row.
    Counting(u32),
    /// Values less `low`, in `bits` bits each, in words of 64 bits, the lowest byte first; one word more than they
    /// need, so that two can always be read.
    Packed {
        low: u32,
        bits: u32,
        words: Bytes,
    },
}

/// Bytes of a word.
const WORD: usize = 8;

impl Piece {
    pub fn of(values: &[u32]) -> Self {
        let first = values.first().copied().unwrap_or(0);
        let (low, high) = values.iter().fold((first, first), |(l, h), &v| (l.min(v), h.max(v)));
        if low == high {
            return Self::Constant(low);
        }
        if values.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1) {
            return Self::Counting(first);
        }
        let bits = 32 - (high - low).leading_zeros();
        let n_words = (values.len() * bits as usize).div_ceil(64) + 1;
        let mut words: Vec<u8> = Vec::with_capacity(n_words * WORD);
        let (mut word, mut filled) = (0u64, 0);
        for value in values.iter().map(|value| u64::from(value - low)) {
            word |= value << filled;
            filled += bits;
            if filled >= 64 {
                words.extend(word.to_le_bytes());
                filled -= 64;
                // What did not fit.
                word = value >> (bits - filled);
            }
        }
        if filled > 0 {
            words.extend(word.to_le_bytes());
        }
        words.extend([0; WORD]);
        Self::Packed { low, bits, words: Bytes::Here(words.into()) }
    }

    /// Puts the values from `start` on into `out`.
    pub fn read(&self, start: usize, out: &mut [u32]) {
        match self {
            Self::Constant(value) => out.fill(*value),
            Self::Counting(first) => {
                let first = first.wrapping_add(start as u32);
                out.iter_mut().enumerate().for_each(|(at, value)| *value = first.wrapping_add(at as u32));
            }
            Self::Packed { low, bits, words } => {
                let (low, bits) = (*low, *bits as usize);
                let first = start * bits / 64 * WORD;
                let last = ((start + out.len()) * bits).div_ceil(64) * WORD + WORD;
                unpack(&words.read(first..last), start * bits % 64, low, bits, out);
            }
        }
    }

    #[inline]
    pub fn get(&self, at: usize) -> u32 {
        match self {
            Self::Constant(value) => *value,
            Self::Counting(first) => first.wrapping_add(at as u32),
            Self::Packed { low, bits, words } => {
                let place = at * *bits as usize;
                // A value begins within a byte and has 32 bits at most.
                let word = words.read(place / 8..place / 8 + WORD).first_chunk().copied().unwrap_or_default();
                let mask = u32::MAX >> (32 - bits);
                low + ((u64::from_le_bytes(word) >> (place % 8)) as u32 & mask)
            }
        }
    }

    /// Whether one of its `n` values is larger.
    pub fn exceeds(&self, limit: u32, n: usize) -> bool {
        match self {
            Self::Constant(value) => *value > limit,
            Self::Counting(first) => {
                first.checked_add(n.saturating_sub(1) as u32).is_none_or(|last| last > limit)
            }
            Self::Packed { low, bits, .. } => {
                // Most pieces could not have it.
                let most = u64::from(*low) + u64::from(u32::MAX >> (32 - bits));
                most > u64::from(limit) && {
                    let mut values = vec![0; n];
                    self.read(0, &mut values);
                    values.into_iter().any(|value| value > limit)
                }
            }
        }
    }

    /// Its content, if it has any beside two numbers.
    pub fn content(&self) -> Option<&Bytes> {
        if let Self::Packed { words, .. } = self { Some(words) } else { None }
    }

    pub fn content_mut(&mut self) -> Option<&mut Bytes> {
        if let Self::Packed { words, .. } = self { Some(words) } else { None }
    }
}

/// Unpacks values that begin `shift` bits behind the first of these words.
fn unpack(words: &[u8], shift: usize, low: u32, bits: usize, out: &mut [u32]) {
    let mut words = words.chunks_exact(WORD).map(|word| {
        let word: [u8; WORD] = word.first_chunk().copied().unwrap_or_default();
        u64::from_le_bytes(word)
    });
    let mut next = || words.next().unwrap_or(0);
    if bits == 1 {
        // Scores, mostly: no value waits for the one before.
        let (mut shift, mut out) = (shift, out);
        while !out.is_empty() {
            let word = next() >> shift;
            let n = out.len().min(64 - shift);
            let (now, later) = out.split_at_mut(n);
            now.iter_mut().enumerate().for_each(|(k, value)| *value = low + (word >> k & 1) as u32);
            (shift, out) = (0, later);
        }
        return;
    }
    let mask = u64::from(u32::MAX >> (32 - bits));
    let (mut low_word, mut high_word, mut shift) = (next(), next(), shift);
    for value in out {
        // In two steps, for a shift by 64 is none.
        let wide = low_word >> shift | high_word << 1 << (63 - shift);
        *value = low + (wide & mask) as u32;
        shift += bits;
        if shift >= 64 {
            (low_word, high_word) = (high_word, next());
            shift -= 64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spill::{Spill, tests::scratch};
    use super::*;

    #[test]
    fn every_width_comes_back_from_memory_and_from_disk() {
        let spill = Spill::new(scratch(), 0);
        for bits in 1..=32 {
            let mask = u32::MAX >> (32 - bits);
            let values: Vec<u32> = (0..1000u32).map(|k| k.wrapping_mul(2_654_435_761) & mask).collect();
            let here = Piece::of(&values);
            let mut away = here.clone();
            away.content_mut().into_iter().for_each(|words| words.put_aside(&spill));
            for piece in [&here, &away] {
                for start in [0, 1, 63, 64, 500, 999] {
                    let mut read = vec![0; 1000 - start];
                    piece.read(start, &mut read);
                    assert_eq!(read, values[start..], "{bits}");
                    let n = read.len().min(3);
                    piece.read(start, &mut read[..n]);
                    assert_eq!(read[..n], values[start..start + n], "{bits}");
                }
                assert!((0..1000).all(|at| piece.get(at) == values[at]));
                let largest = values.iter().copied().max().unwrap_or(0);
                assert!(!piece.exceeds(largest, 1000) && piece.exceeds(largest - 1, 1000));
            }
            assert!(away.content().unwrap().away().is_some());
        }
        assert!(Piece::Counting(5).exceeds(6, 3) && !Piece::Counting(5).exceeds(7, 3));
        assert!(Piece::Constant(5).exceeds(4, 3) && !Piece::Constant(5).exceeds(5, 3));
    }
}
