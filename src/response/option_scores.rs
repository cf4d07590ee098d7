//! How sure was each model of each option? Far more rows than attempts, and so kept by column.

use super::codes::{Codes, OptionalCodes};
use super::options::OptionScore;
use super::reals::OptionalReals;
use serde::{Deserialize, Serialize};

/// The scores of options in the order in which they were added: about 5 bytes each, and 4 for each kind of
/// log-probability that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OptionScores {
    run: Codes,
    item: Codes,
    option: Codes,
    logp_sum: OptionalReals,
    logp_per_char: OptionalReals,
    logp_per_byte: OptionalReals,
    logp_uncond: OptionalReals,
    num_tokens: OptionalCodes,
    is_greedy: OptionalCodes,
}

impl OptionScores {
    /// Number of scores.
    pub fn len(&self) -> usize {
        self.run.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    /// Adds a score. A log-probability that is `NaN` is kept as none.
    pub fn push(&mut self, score: OptionScore) {
        let before = self.len();
        self.run.push(score.run);
        self.item.push(score.item);
        self.option.push(score.option.into());
        self.logp_sum.push(score.logp_sum, before);
        self.logp_per_char.push(score.logp_per_char, before);
        self.logp_per_byte.push(score.logp_per_byte, before);
        self.logp_uncond.push(score.logp_uncond, before);
        self.num_tokens.push(score.num_tokens, before);
        self.is_greedy.push(score.is_greedy.map(u32::from), before);
    }

    /// The score at `at`.
    ///
    /// # Panics
    /// If there is no such score: a fault of the program, not of its input.
    pub fn get(&self, at: usize) -> OptionScore {
        OptionScore {
            run: self.run.get(at),
            item: self.item.get(at),
            option: self.option.get(at) as u16,
            logp_sum: self.logp_sum.get(at),
            logp_per_char: self.logp_per_char.get(at),
            logp_per_byte: self.logp_per_byte.get(at),
            logp_uncond: self.logp_uncond.get(at),
            num_tokens: self.num_tokens.get(at),
            is_greedy: self.is_greedy.get(at).map(|greedy| greedy == 1),
        }
    }

    /// All scores in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = OptionScore> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Adds all scores of `other`, whose runs and items are at other places here.
    pub(super) fn append(&mut self, other: &Self, runs: &[u32], items: &[u32]) {
        let (before, n) = (self.len(), other.len());
        self.run.append(&other.run, |run| runs[run as usize]);
        self.item.append(&other.item, |item| items[item as usize]);
        self.option.append(&other.option, |option| option);
        self.logp_sum.append(&other.logp_sum, n, before);
        self.logp_per_char.append(&other.logp_per_char, n, before);
        self.logp_per_byte.append(&other.logp_per_byte, n, before);
        self.logp_uncond.append(&other.logp_uncond, n, before);
        self.num_tokens.append(&other.num_tokens, n, before);
        self.is_greedy.append(&other.is_greedy, n, before);
    }

    /// Gives the options of items other numbers.
    pub(super) fn renumber(&mut self, change: impl Fn(u32, u16) -> u16) {
        let old = std::mem::take(&mut self.option);
        for (item, option) in self.item.iter().zip(old.iter()) {
            self.option.push(change(item, option as u16).into());
        }
    }
}

impl Extend<OptionScore> for OptionScores {
    fn extend<I: IntoIterator<Item = OptionScore>>(&mut self, scores: I) {
        scores.into_iter().for_each(|score| self.push(score));
    }
}

impl FromIterator<OptionScore> for OptionScores {
    fn from_iter<I: IntoIterator<Item = OptionScore>>(scores: I) -> Self {
        let mut all = Self::default();
        all.extend(scores);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(at: u32) -> OptionScore {
        OptionScore {
            run: at / 12,
            item: at / 4 % 3,
            option: (at % 4) as u16,
            logp_sum: Some(-(at as f32)),
            logp_per_char: (at > 5).then_some(-0.5),
            logp_per_byte: None,
            logp_uncond: None,
            num_tokens: (at == 7).then_some(at),
            is_greedy: [None, Some(true), Some(false)][at as usize % 3],
        }
    }

    #[test]
    fn scores_come_back_as_they_were() {
        let scores: OptionScores = (0..24).map(score).collect();
        assert_eq!((scores.len(), OptionScores::default().is_empty()), (24, true));
        assert!(scores.iter().eq((0..24).map(score)));
    }

    #[test]
    fn scores_of_another_table_find_their_places() {
        let mut scores: OptionScores = (0..5).map(score).collect();
        scores.append(&(0..24).map(score).collect(), &[4, 2], &[10, 11, 12]);
        scores.append(&OptionScores::default(), &[], &[]);
        let moved = |s: OptionScore| OptionScore { run: [4, 2][s.run as usize], item: s.item + 10, ..s };
        assert!(scores.iter().eq((0..5).map(score).chain((0..24).map(score).map(moved))));
        scores.renumber(|item, option| if item == 11 { 3 - option } else { option });
        assert_eq!(scores.iter().skip(9).map(|s| s.option).collect::<Vec<_>>()[..4], [3, 2, 1, 0]);
        assert_eq!(scores.iter().take(4).map(|s| s.option).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
