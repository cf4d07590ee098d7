//! In which order are subtasks kept? By a criterion of each alone, or greedily by what the set says of the models.

use super::candidates::{SetSums, Sums};

/// What a set of subtasks is to be good at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Signal over noise: spread between models over the standard error of items, or over that of checkpoints.
    Ratio,
    /// Share of pairs of models told apart, p < .01.
    Pairs,
    /// Agreement with the order of the models on the whole benchmark: on other items, or at a large scale.
    Accuracy,
}

impl Objective {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Pairs => "share_pairs",
            Self::Accuracy => "decision_accuracy",
        }
    }

    /// Its value for the sums over a set of subtasks; `whole` are the scores on all subtasks that say who was right.
    /// `None` where it cannot be computed.
    pub fn of(self, set: &impl SetSums, whole: &[f64]) -> Option<f64> {
        match self {
            Self::Ratio => set.ratio(),
            Self::Pairs => set.share_pairs().map(|s| s.0),
            Self::Accuracy => agreement(&set.deciding(), whole),
        }
    }

    /// Its value for the first one, two, … subtasks of an order.
    pub fn along<S: SetSums>(self, sums: &Sums<S>, order: &[usize]) -> Vec<Option<f64>> {
        let whole = sums.decided();
        let mut kept: Option<S> = None;
        order
            .iter()
            .map(|s| {
                let next = &sums.subtasks[*s];
                let set = kept.as_ref().map_or_else(|| next.clone(), |k| k.plus(next));
                let value = self.of(&set, &whole);
                kept = Some(set);
                value
            })
            .collect()
    }
}

/// Level of the test that tells a pair apart, two-sided, as in P-MMEval.
pub(super) const PAIR_LEVEL: f64 = 0.01;

/// Share of pairs whose distance exceeds the threshold, and the mean share of the threshold that is reached, of
/// `(distance, threshold)`; `None` of no pair.
pub(super) fn told_apart(pairs: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let (mut n, mut apart, mut graded) = (0usize, 0.0, 0.0);
    for (distance, threshold) in pairs {
        n += 1;
        apart += f64::from(distance > threshold);
        // The same score is no difference; a constant difference is one beyond doubt.
        graded += if distance == 0.0 { 0.0 } else { (distance / threshold).min(1.0) };
    }
    (n > 0).then(|| (apart / n as f64, graded / n as f64))
}

/// Share of pairs in the same order on both sides, ties on the left half; `None` where nothing differs on the right.
pub fn agreement(small: &[f64], target: &[f64]) -> Option<f64> {
    let (mut right, mut all) = (0.0, 0.0);
    for i in 0..small.len() {
        for j in i + 1..small.len() {
            if target[i] == target[j] {
                continue;
            }
            all += 1.0;
            if small[i] == small[j] {
                right += 0.5;
            } else if (small[i] > small[j]) == (target[i] > target[j]) {
                right += 1.0;
            }
        }
    }
    (all > 0.0).then(|| right / all)
}

/// How an order is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Subtasks sorted by the objective of each alone, added one after the other, as arXiv 2508.13144 does.
    Cumulative,
    /// At each step the subtask that makes the set best.
    Greedy,
}

impl Method {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        if self == Self::Greedy { "greedy" } else { "cumulative" }
    }

    /// All subtasks in order.
    pub fn order<S: SetSums>(self, sums: &Sums<S>, objective: Objective) -> Vec<usize> {
        let n = sums.subtasks.len();
        let whole = sums.decided();
        let value = |set: &S| objective.of(set, &whole).unwrap_or(f64::NEG_INFINITY);
        match self {
            Self::Cumulative => {
                let alone: Vec<f64> = sums.subtasks.iter().map(value).collect();
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|a, b| alone[*b].total_cmp(&alone[*a]).then(a.cmp(b)));
                order
            }
            Self::Greedy => {
                let mut left: Vec<usize> = (0..n).collect();
                let mut order: Vec<usize> = Vec::with_capacity(n);
                let mut kept: Option<S> = None;
                while !left.is_empty() {
                    let with = |s: usize| {
                        let next = &sums.subtasks[s];
                        kept.as_ref().map_or_else(|| next.clone(), |k| k.plus(next))
                    };
                    let tried = left.iter().map(|s| (*s, value(&with(*s))));
                    let Some((best, _)) = tried.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) else {
                        break;
                    };
                    let set = with(best);
                    kept = Some(set);
                    left.retain(|s| *s != best);
                    order.push(best);
                }
                order
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::super::pool::tests::simulated;
    use super::*;
    use crate::numeric::special::student_t_quantile;

    #[test]
    fn noise_comes_last_and_orders_hold_every_subtask() {
        let pool = simulated(&[1.5, 0.0, 1.0, 0.0], 60, 20);
        let all: Vec<usize> = (0..20).collect();
        let sums = pool.sums(&all, 1, false);
        for method in [Method::Cumulative, Method::Greedy] {
            let order = method.order(&sums, Objective::Ratio);
            assert_eq!(order[0], 0, "{method:?}");
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
        }
    }

    #[test]
    fn pairs_by_hand() {
        let pool = simulated(&[4.0, 4.0, 4.0], 200, 8);
        let sums = pool.sums(&[0, 1, 2], 1, true);
        let (share, graded) = sums.all().unwrap().share_pairs().unwrap();
        assert!(share <= graded && graded <= 1.0);
        // The same test on the rows themselves.
        let rows: Vec<&Vec<f32>> = pool.subtasks.iter().flat_map(|s| &s.scores).collect();
        let mut apart = 0;
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            let d: Vec<f64> = rows.iter().map(|r| f64::from(r[i] - r[j])).collect();
            let mean = d.iter().sum::<f64>() / 600.0;
            let sd = (d.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 599.0).sqrt();
            apart += usize::from(mean.abs() / (sd / 600f64.sqrt()) > student_t_quantile(0.995, 599.0));
        }
        assert!((share - apart as f64 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn agreement_counts_ties_half() {
        assert_eq!(agreement(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]), Some(2.5 / 3.0));
        assert_eq!(agreement(&[1.0, 2.0], &[1.0, 1.0]), None);
    }
}
