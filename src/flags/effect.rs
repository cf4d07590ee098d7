//! What would the leaderboard look like without the flagged items, or with other keys?

use crate::response::{BitMatrix, Cells, NO_OPTION, ResponseMatrix};
use crate::uncertainty::leaderboard::{LeaderboardError, LeaderboardOptions, Standing, leaderboard};
use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// What to do to the items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Positions of items to leave out.
    pub drop: Vec<usize>,
    /// New keys by position of the item.
    pub rekey: BTreeMap<usize, u8>,
}

/// One model before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelEffect {
    /// As the benchmark stands.
    pub before: Standing,
    /// With the repairs.
    pub after: Standing,
}

/// All models before and after, in the order of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// One entry for each model.
    pub models: Vec<ModelEffect>,
    /// Items left out.
    pub n_dropped: usize,
    /// Items with a new key.
    pub n_rekeyed: usize,
    /// Models whose rank changes.
    pub n_rank_changes: usize,
    /// What must be read with care.
    pub warnings: Vec<String>,
}

/// Why the effect cannot be shown.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EffectError {
    /// No item would be left.
    #[error("dropping {dropped} of {items} items leaves none to score the models on")]
    NothingLeft {
        /// Items to drop.
        dropped: usize,
        /// Items in all.
        items: usize,
    },
    /// New keys need letters.
    #[error("benchmark {benchmark:?} has no chosen options with 0/1 scores, so its items cannot be re-keyed")]
    NoLetters {
        /// The benchmark.
        benchmark: String,
    },
    /// A position beyond the items.
    #[error("item {item} does not exist; there are {items}")]
    NoSuchItem {
        /// The position.
        item: usize,
        /// Items in all.
        items: usize,
    },
    /// There is no leaderboard.
    #[error(transparent)]
    Leaderboard(#[from] LeaderboardError),
}

/// Scores, ranks and their intervals before and after some repairs.
///
/// # Errors
/// See [`EffectError`].
pub fn effect(
    matrix: &ResponseMatrix,
    repairs: &Repairs,
    options: &LeaderboardOptions,
) -> Result<Effect, EffectError> {
    let items = matrix.n_items();
    if let Some(&item) = repairs.drop.iter().chain(repairs.rekey.keys()).find(|i| **i >= items) {
        return Err(EffectError::NoSuchItem { item, items });
    }
    let repaired = if repairs.rekey.is_empty() { matrix.clone() } else { rekeyed(matrix, &repairs.rekey)? };
    let mut dropped = vec![false; items];
    repairs.drop.iter().for_each(|&i| dropped[i] = true);
    let keep: Vec<usize> = (0..items).filter(|&i| !dropped[i]).collect();
    if keep.is_empty() {
        return Err(EffectError::NothingLeft { dropped: items, items });
    }
    let repaired = if keep.len() == items { repaired } else { repaired.select_items(&keep) };
    let before = leaderboard(matrix, options)?;
    let after = leaderboard(&repaired, options)?;
    let models: Vec<ModelEffect> = before
        .standings
        .into_iter()
        .zip(after.standings)
        .map(|(before, after)| ModelEffect { before, after })
        .collect();
    Ok(Effect {
        n_dropped: items - keep.len(),
        n_rekeyed: repairs.rekey.keys().filter(|i| !dropped[**i]).count(),
        n_rank_changes: models.iter().filter(|m| m.before.rank != m.after.rank).count(),
        models,
        warnings: after.warnings,
    })
}

/// The matrix with new keys: right is whoever chose the new key. An attempt without a readable option stays
/// wrong, a missing one missing.
fn rekeyed(matrix: &ResponseMatrix, keys: &BTreeMap<usize, u8>) -> Result<ResponseMatrix, EffectError> {
    let no_letters = || EffectError::NoLetters { benchmark: matrix.benchmark.clone() };
    let (Some(bits), Some(planes)) = (matrix.binary(), matrix.options()) else { return Err(no_letters()) };
    let mut bits: BitMatrix = bits.clone();
    let mut planes = planes.clone();
    for (&item, &key) in keys {
        for r in 0..matrix.n_respondents() {
            let chosen = planes.chosen[[item, r]];
            if bits.get(item, r).is_some() {
                bits.set(item, r, Some(chosen != NO_OPTION && chosen == key));
            }
            planes.gold[[item, r]] = key;
        }
    }
    let subjects: Vec<Option<String>> =
        (0..matrix.n_items()).map(|i| matrix.subject_name(i).map(str::to_owned)).collect();
    Ok(ResponseMatrix::new(
        matrix.benchmark.clone(),
        matrix.metric.clone(),
        matrix.respondents().to_vec(),
        matrix.items().to_vec(),
        &subjects,
        Cells::Binary(bits),
        Some(planes),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Metric, OptionPlanes};
    use ndarray::array;

    /// Two models, three items keyed 0: the first chooses 0 0 1, the second 0 1 0.
    fn matrix() -> ResponseMatrix {
        let chosen = array![[0u8, 0], [0, 1], [1, 0]];
        let bits = BitMatrix::from_fn(3, 2, |i, r| Some(chosen[[i, r]] == 0));
        let gold = chosen.mapv(|_| 0u8);
        ResponseMatrix::new(
            "b",
            Metric::new("b", "acc", None),
            vec!["first".into(), "second".into()],
            (0..3).map(|i| format!("i{i}").into()).collect(),
            &[None, None, None],
            Cells::Binary(bits),
            Some(OptionPlanes { chosen, gold, n_options: vec![2; 3] }),
        )
    }

    #[test]
    fn dropping_and_rekeying_by_hand() {
        let m = matrix();
        let scores = |repairs: &Repairs| -> Vec<f64> {
            let e =
                effect(&m, repairs, &LeaderboardOptions { replicates: 100, ..Default::default() }).unwrap();
            e.models.iter().map(|m| m.after.score.unwrap().value).collect()
        };
        let dropped = Repairs { drop: vec![1], ..Default::default() };
        assert_eq!(scores(&dropped), vec![0.5, 1.0]);
        let rekeyed = Repairs { rekey: [(1, 1)].into(), ..Default::default() };
        assert_eq!(scores(&rekeyed), vec![1.0 / 3.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let m = matrix();
        let all = Repairs { drop: vec![0, 1, 2], ..Default::default() };
        assert!(matches!(effect(&m, &all, &Default::default()), Err(EffectError::NothingLeft { .. })));
        let plain = ResponseMatrix::from_rows(&[vec![Some(true)], vec![Some(false)]]);
        let rekey = Repairs { rekey: [(0, 1)].into(), ..Default::default() };
        assert!(matches!(effect(&plain, &rekey, &Default::default()), Err(EffectError::NoLetters { .. })));
        let far = Repairs { drop: vec![9], ..Default::default() };
        assert_eq!(effect(&m, &far, &Default::default()), Err(EffectError::NoSuchItem { item: 9, items: 3 }));
    }
}
