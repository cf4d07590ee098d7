//! What must be known of subtasks to choose among them? Sums over sets of them that add up, and who took part.

use crate::numeric::Estimate;

/// What models scored on a set of subtasks, as sums that add up over subtasks: everything that a choice needs to know of
/// a set follows from them. Larger scores are better.
pub trait SetSums: Clone + Send + Sync {
    /// The sums over the subtasks of both.
    fn plus(&self, other: &Self) -> Self;

    /// Spread between models over the noise of their scores; `None` where no noise was seen.
    fn ratio(&self) -> Option<f64>;

    /// Share of pairs of models told apart, p < .01, and the mean over pairs of the share of that threshold that is
    /// reached (at most 1): the graded version.
    ///
    /// # Reference
    /// Zhang et al. 2024, *P-MMEval*, arXiv 2411.09116: a benchmark is kept where every pair of models differs.
    fn share_pairs(&self) -> Option<(f64, f64)>;

    /// The score of each model.
    fn scores(&self) -> Vec<f64>;

    /// The scores that decide which of two models is better; empty where nothing can be decided.
    fn deciding(&self) -> Vec<f64>;

    /// The scores that say who was right.
    fn decided(&self) -> Vec<f64>;

    /// Signal and noise with their intervals.
    fn components(&self, level: f64) -> Option<Components>;
}

/// Signal and noise of a set of subtasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Standard deviation between models, without the noise.
    pub signal: f64,
    /// Standard deviation of the noise of a score.
    pub noise: f64,
    /// Signal over noise, with its interval.
    pub ratio: Estimate,
    /// Share of the variance of scores that is signal, `1 − 1 / F`.
    pub reliability: f64,
}

/// Subtasks to choose from, with the models that they are chosen and tried on.
pub trait Candidates: Sync {
    /// The sums over some of them.
    type Sums: SetSums;

    /// Number of models.
    fn n_models(&self) -> usize;

    /// The subtasks.
    fn names(&self) -> Vec<String>;

    /// The items of a subtask, where single answers are known.
    fn items(&self, subtask: usize) -> Option<&[String]>;

    /// Number of items of a subtask, where it is known.
    fn n_items(&self, subtask: usize) -> Option<usize>;

    /// Median number of checkpoints of a model that noise is measured on, where that is the noise.
    fn n_checkpoints(&self) -> Option<usize> {
        None
    }

    /// −1 where the data's own scores are better when smaller.
    fn sign(&self) -> f64 {
        1.0
    }

    /// The sums of some models over every subtask; those of pairs of models only where asked for, because there are
    /// many. `seed` draws the halves of items.
    fn sums(&self, models: &[usize], seed: u64, with_pairs: bool) -> Sums<Self::Sums>;
}

/// The sums of some models over each subtask.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums<S> {
    /// Each subtask.
    pub subtasks: Vec<S>,
}

impl<S: SetSums> Sums<S> {
    /// The sums over a set of subtasks; `None` of no subtask.
    pub fn of(&self, set: &[usize]) -> Option<S> {
        let (first, rest) = set.split_first()?;
        Some(rest.iter().fold(self.subtasks[*first].clone(), |all, s| all.plus(&self.subtasks[*s])))
    }

    /// The sums over all subtasks.
    pub fn all(&self) -> Option<S> {
        self.of(&(0..self.subtasks.len()).collect::<Vec<_>>())
    }

    /// Scores on all subtasks that say who was right: the whole benchmark.
    pub fn decided(&self) -> Vec<f64> {
        self.all().map(|all| all.decided()).unwrap_or_default()
    }
}
