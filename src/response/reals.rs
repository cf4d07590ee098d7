//! How does a column of real numbers that most tables lack take no room, and no more than it needs otherwise? By
//! their bits, which are numbers like others.

use super::codes::{Codes, OptionalCodes};
use serde::{Deserialize, Serialize};

/// A column of real numbers that takes no room until its first value arrives. `NaN` is no value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OptionalReals {
    /// The largest code, which is no number here, is a `NaN`.
    bits: OptionalCodes,
}

impl OptionalReals {
    pub fn push(&mut self, value: Option<f32>, rows_before: usize) {
        self.bits.push(value.filter(|value| !value.is_nan()).map(f32::to_bits), rows_before);
    }

    /// `n` rows without a value.
    pub fn skip(&mut self, n: usize) {
        self.bits.skip(n);
    }

    /// All rows of `other`, which are `n`.
    pub fn append(&mut self, other: &Self, n: usize, rows_before: usize) {
        self.bits.append(&other.bits, n, rows_before);
    }

    pub fn get(&self, row: usize) -> Option<f32> {
        self.bits.get(row).map(f32::from_bits)
    }

    /// A column without rows that has values if this one has.
    pub fn empty_like(&self) -> Self {
        Self { bits: self.bits.empty_like() }
    }

    pub fn codes(&self) -> Option<&Codes> {
        self.bits.codes()
    }

    pub fn codes_mut(&mut self) -> Option<&mut Codes> {
        self.bits.codes_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_what_is_missing_stays_missing() {
        let mut column = OptionalReals::default();
        column.push(None, 0);
        column.skip(2);
        assert!(column.codes().is_none());
        let given = [Some(-1.5), None, Some(f32::NEG_INFINITY), Some(-0.0)];
        given.into_iter().enumerate().for_each(|(at, value)| column.push(value, 3 + at));
        column.push(Some(f32::NAN), 7);
        let mut two = OptionalReals::default();
        two.append(&OptionalReals::default(), 5, 0);
        two.append(&column, 8, 5);
        two.append(&OptionalReals::default(), 1, 13);
        let all: Vec<Option<f32>> = (0..14).map(|row| two.get(row)).collect();
        assert_eq!(all[..8], [None; 8]);
        assert_eq!(all[8..], [given.as_slice(), &[None; 2]].concat());
        assert!(two.clone() == two && two != column);
    }
}
