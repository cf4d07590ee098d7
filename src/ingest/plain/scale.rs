//! Are these scores in percent, in grades, or between 0 and 1?

use crate::ingest::direction::higher_is_better;
use crate::ingest::fragment::counted;

/// Parts of the names of metrics that are shares.
const SHARES: [&str; 10] =
    ["score", "acc", "match", "f1", "correct", "pass", "pct", "percent", "resolved", "em"];
/// Scores up to this are grades; percentages go beyond it.
const LARGEST_GRADE: f64 = 10.0;

/// Where scores lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// How many are more than 0 and at most 1.
    n_shares: usize,
    /// How many are more than 1.
    n_above: usize,
}

impl Default for Spread {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, n_shares: 0, n_above: 0 }
    }
}

impl Spread {
    /// Adds a score.
    pub fn add(&mut self, score: f64) {
        (self.low, self.high) = (self.low.min(score), self.high.max(score));
        self.n_shares += usize::from(score > 0.0 && score <= 1.0);
        self.n_above += usize::from(score > 1.0);
    }

    /// That of `n` scores that are the same.
    pub fn of_one(score: f64, n: usize) -> Self {
        let (above, share) = (score > 1.0, score > 0.0 && score <= 1.0);
        let count = |is: bool| if is { n } else { 0 };
        Self { low: score, high: score, n_shares: count(share), n_above: count(above) }
    }

    /// That of some scores; none if there are none.
    pub fn of(scores: impl Iterator<Item = f64>) -> Option<Self> {
        let mut spread = Self::default();
        scores.for_each(|score| spread.add(score));
        (spread.low <= spread.high).then_some(spread)
    }

    /// That of both.
    pub fn joined(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(Self {
                low: a.low.min(b.low),
                high: a.high.max(b.high),
                n_shares: a.n_shares + b.n_shares,
                n_above: a.n_above + b.n_above,
            }),
            (a, b) => a.or(b),
        }
    }
}

/// How scores are turned into shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// They are left as they are.
    AsIs,
    /// They are percentages, and divided by 100.
    Percent,
    /// They are left as they are, on a scale that does not end at 1.
    Grades(f64, f64),
    /// They are left as they are: most are shares, and so many are more than 1.
    Mixed(usize, f64),
}

/// Whether the name of a metric says that its scores are shares of the best.
pub(in crate::ingest) fn is_share(metric: &str) -> bool {
    let name = metric.to_lowercase();
    higher_is_better(&name) && SHARES.iter().any(|part| name.contains(part))
}

impl Scale {
    /// The scale of scores that lie so under a metric of this name.
    pub fn of(scores: Option<Spread>, metric: Option<&str>) -> Self {
        let Some(Spread { low, high, n_shares, n_above }) = scores else { return Self::AsIs };
        let share = is_share(metric.unwrap_or("score"));
        if low >= 0.0 && high <= 1.0 {
            Self::AsIs
        } else if share && low >= 0.0 && high > LARGEST_GRADE && high <= 100.0 {
            // Of percentages hardly any is 1 or less without being 0.
            if n_shares > n_above { Self::Mixed(n_above, high) } else { Self::Percent }
        } else {
            Self::Grades(low, high)
        }
    }

    /// A score on the scale from 0 to 1, if it is known to be on another.
    pub fn apply(self, score: f64) -> f64 {
        if self == Self::Percent { score / 100.0 } else { score }
    }

    /// What a user should know.
    pub fn tell(self) -> Option<String> {
        match self {
            Self::AsIs => None,
            Self::Percent => {
                Some("scores from 0 to 100 were taken for percentages and divided by 100".to_owned())
            }
            Self::Mixed(n, high) => {
                let are = counted(n, "score is", "scores are");
                Some(format!(
                    "{are} more than 1 (up to {high}) where most are from 0 to 1: kept as they are; mend them, or give \
                     percentages in a table of their own"
                ))
            }
            Self::Grades(low, high) => {
                Some(format!("scores from {low} to {high} were kept as they are: they are not shares"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_told_from_grades_and_perplexities() {
        assert_eq!(Scale::of(Spread::of([0.0, 1.0].into_iter()), None), Scale::AsIs);
        assert_eq!(Scale::of(Spread::of([0.0, 100.0].into_iter()), Some("acc")).apply(50.0), 0.5);
        assert_eq!(Scale::of(Spread::of([0.0, 5.0].into_iter()), None), Scale::Grades(0.0, 5.0));
        assert_eq!(
            Scale::of(Spread::of([3.0, 60.0].into_iter()), Some("word_perplexity")),
            Scale::Grades(3.0, 60.0)
        );
    }
}
