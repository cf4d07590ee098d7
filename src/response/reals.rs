//! How does a column of real numbers that most tables lack take no room, and no more than it needs otherwise?

use serde::{Deserialize, Serialize};

/// A column of real numbers that takes no room until its first value arrives. `NaN` is no value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct OptionalReals {
    values: Option<Vec<f32>>,
}

/// No value is the same as no value, although `NaN` is not the same as `NaN`.
impl PartialEq for OptionalReals {
    fn eq(&self, other: &Self) -> bool {
        let bits =
            |column: &Self| column.values.as_ref().map(|v| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        bits(self) == bits(other)
    }
}

impl OptionalReals {
    pub fn push(&mut self, value: Option<f32>, rows_before: usize) {
        let value = value.filter(|value| !value.is_nan());
        match &mut self.values {
            Some(values) => values.push(value.unwrap_or(f32::NAN)),
            None if value.is_some() => {
                let mut values = vec![f32::NAN; rows_before];
                values.extend(value);
                self.values = Some(values);
            }
            None => {}
        }
    }

    /// `n` rows without a value.
    pub fn skip(&mut self, n: usize) {
        if let Some(values) = &mut self.values {
            values.resize(values.len() + n, f32::NAN);
        }
    }

    /// All rows of `other`, which are `n`.
    pub fn append(&mut self, other: &Self, n: usize, rows_before: usize) {
        match &other.values {
            Some(others) => {
                self.values.get_or_insert_with(|| vec![f32::NAN; rows_before]).extend_from_slice(others)
            }
            None => self.skip(n),
        }
    }

    pub fn get(&self, row: usize) -> Option<f32> {
        self.values.as_ref().map(|values| values[row]).filter(|value| !value.is_nan())
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
        assert_eq!(column.values, None);
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
