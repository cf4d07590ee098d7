//! Which items are broken, and how? Errors planted where the truth says so.

use super::choice::other_than;
use super::error::{SimulationError, share};
use super::item::ItemTruth;
use crate::numeric::random::Rng;
use rand::seq::SliceRandom;
use std::fmt;

/// What is wrong with an item. An item has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedError {
    /// The recorded key is not the right option.
    WrongKey,
    /// Two options are right, one is recorded.
    Ambiguous,
    /// The same question stands in the benchmark twice.
    Duplicate,
    /// The same question stands twice, under two keys.
    Contradiction,
    /// There is nothing to answer.
    Blank,
    /// Some models have seen the answer.
    Leaked,
}

impl fmt::Display for PlantedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WrongKey => "wrong_key",
            Self::Ambiguous => "ambiguous",
            Self::Duplicate => "duplicate",
            Self::Contradiction => "contradiction",
            Self::Blank => "blank",
            Self::Leaked => "leaked",
        })
    }
}

/// How many items get which error, as shares of all items.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultOptions {
    /// Share with a wrong key; needs options.
    pub wrong_key: f64,
    /// Share with two right options; needs at least 3 options.
    pub ambiguous: f64,
    /// Share of right answers that goes to the right option that is not recorded.
    pub ambiguous_split: f64,
    /// Share that repeats another item.
    pub duplicated: f64,
    /// Share that repeats another item under another key; needs options.
    pub contradicted: f64,
    /// Share of answers to a repeated item that are those to its original; the rest are given afresh.
    pub duplicate_agreement: f64,
    /// Share without anything to answer.
    pub blank: f64,
    /// Share that some models have seen.
    pub leaked: f64,
    /// Share of the models that have seen those items.
    pub leaked_models: f64,
    /// How often a model that has seen an item gives the recorded answer.
    pub leaked_success: f64,
}

impl Default for FaultOptions {
    fn default() -> Self {
        Self {
            wrong_key: 0.0,
            ambiguous: 0.0,
            ambiguous_split: 0.5,
            duplicated: 0.0,
            contradicted: 0.0,
            duplicate_agreement: 0.9,
            blank: 0.0,
            leaked: 0.0,
            leaked_models: 0.2,
            leaked_success: 0.97,
        }
    }
}

impl FaultOptions {
    fn counts(&self, n_items: usize) -> [(PlantedError, usize); 6] {
        [
            (PlantedError::WrongKey, self.wrong_key),
            (PlantedError::Ambiguous, self.ambiguous),
            (PlantedError::Duplicate, self.duplicated),
            (PlantedError::Contradiction, self.contradicted),
            (PlantedError::Blank, self.blank),
            (PlantedError::Leaked, self.leaked),
        ]
        .map(|(error, share)| (error, (share * n_items as f64).round() as usize))
    }

    pub(crate) fn validate(&self, n_items: usize, n_options: Option<u8>) -> Result<(), SimulationError> {
        let shares = [
            ("wrong_key", self.wrong_key, 2),
            ("ambiguous", self.ambiguous, 3),
            ("ambiguous_split", self.ambiguous_split, 0),
            ("duplicated", self.duplicated, 0),
            ("contradicted", self.contradicted, 2),
            ("duplicate_agreement", self.duplicate_agreement, 0),
            ("blank", self.blank, 0),
            ("leaked", self.leaked, 0),
            ("leaked_models", self.leaked_models, 0),
            ("leaked_success", self.leaked_success, 0),
        ];
        for (name, value, options_needed) in shares {
            share(name, value)?;
            if value > 0.0 && n_options.unwrap_or(0) < options_needed {
                let reason = if options_needed == 3 {
                    "which needs items with at least 3 options (`choices`; on the command line --options 3 or more)"
                } else {
                    "which needs items with options (`choices`; on the command line --options)"
                };
                return Err(SimulationError::Incompatible { name, value: value.to_string(), reason });
            }
        }
        let n_needed =
            self.counts(n_items).into_iter().map(|(error, n)| if takes_two(error) { 2 * n } else { n }).sum();
        if n_needed > n_items {
            return Err(SimulationError::TooManyFaults { n_needed, n_items });
        }
        Ok(())
    }

    /// Plants the errors in items drawn without replacement.
    pub(crate) fn plant(&self, items: &mut [ItemTruth], rng: &mut Rng) {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.shuffle(rng);
        let mut free = order.into_iter();
        for (error, n) in self.counts(items.len()) {
            for _ in 0..n {
                let Some(at) = free.next() else { return };
                if takes_two(error) {
                    let Some(original) = free.next() else { return };
                    let item = items[at].item.clone();
                    items[at] = ItemTruth { item, duplicate_of: Some(original), ..items[original].clone() };
                }
                items[at].planted = Some(error);
                self.change_key(&mut items[at], rng);
            }
        }
    }

    fn change_key(&self, item: &mut ItemTruth, rng: &mut Rng) {
        let Some(choice) = &mut item.choice else { return };
        let (key, n) = (choice.true_key as usize, choice.pull.len());
        match item.planted {
            Some(PlantedError::WrongKey | PlantedError::Contradiction) => {
                choice.recorded_key = other_than(&[key], n, rng) as u8;
            }
            Some(PlantedError::Ambiguous) => {
                choice.second_key = Some(other_than(&[key], n, rng) as u8);
                choice.second_share = self.ambiguous_split;
            }
            _ => {}
        }
    }
}

fn takes_two(error: PlantedError) -> bool {
    matches!(error, PlantedError::Duplicate | PlantedError::Contradiction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::choice::ChoiceOptions;
    use crate::simulate::curve::Curve;

    fn items(n: usize) -> Vec<ItemTruth> {
        let mut rng = crate::numeric::random::stream(1, 1);
        (0..n)
            .map(|i| ItemTruth {
                item: format!("i{i}").into(),
                subject: 0,
                curve: Curve::binary(1.0, i as f64),
                choice: Some(ChoiceOptions::default().draw(&mut rng)),
                planted: None,
                duplicate_of: None,
            })
            .collect()
    }

    #[test]
    fn as_many_as_asked_for_and_each_as_described() {
        let faults = FaultOptions {
            wrong_key: 0.1,
            ambiguous: 0.05,
            duplicated: 0.1,
            contradicted: 0.05,
            blank: 0.02,
            leaked: 0.03,
            ..Default::default()
        };
        faults.validate(100, Some(4)).unwrap();
        let mut items = items(100);
        faults.plant(&mut items, &mut crate::numeric::random::stream(2, 1));
        let count = |e| items.iter().filter(|i| i.planted == Some(e)).count();
        assert_eq!(count(PlantedError::WrongKey), 10);
        assert_eq!(count(PlantedError::Duplicate), 10);
        assert_eq!(count(PlantedError::Leaked), 3);
        assert_eq!(items.iter().filter(|i| i.planted.is_some()).count(), 35);
        for item in &items {
            let choice = item.choice.as_ref().unwrap();
            let wrong = matches!(item.planted, Some(PlantedError::WrongKey | PlantedError::Contradiction));
            assert_eq!(wrong, choice.true_key != choice.recorded_key);
            assert_eq!(item.planted == Some(PlantedError::Ambiguous), choice.second_key.is_some());
            if let Some(original) = item.duplicate_of {
                assert_eq!(items[original].planted, None);
                assert_eq!(items[original].curve, item.curve);
            }
        }
    }

    #[test]
    fn what_cannot_be_planted_is_refused() {
        let wrong = FaultOptions { wrong_key: 0.1, ..Default::default() };
        assert_eq!(
            wrong.validate(100, None).unwrap_err().to_string(),
            "wrong_key is 0.1, which needs items with options (`choices`; on the command line --options)"
        );
        let many = FaultOptions { duplicated: 0.6, ..Default::default() };
        assert_eq!(
            many.validate(10, None).unwrap_err(),
            SimulationError::TooManyFaults { n_needed: 12, n_items: 10 }
        );
        let ambiguous = FaultOptions { ambiguous: 0.1, ..Default::default() };
        assert!(ambiguous.validate(100, Some(2)).is_err());
    }
}
