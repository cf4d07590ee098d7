//! Are these scores in percent, in grades, or between 0 and 1?

use crate::ingest::direction::higher_is_better;

/// Parts of the names of metrics that are shares.
const SHARES: [&str; 10] =
    ["score", "acc", "match", "f1", "correct", "pass", "pct", "percent", "resolved", "em"];
/// Scores up to this are grades; percentages go beyond it.
const LARGEST_GRADE: f64 = 10.0;

/// How scores are turned into shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// They are left as they are.
    AsIs,
    /// They are percentages, and divided by 100.
    Percent,
    /// They are left as they are, on a scale that does not end at 1.
    Grades(f64, f64),
}

impl Scale {
    /// The scale of scores with this range under a metric of this name.
    pub fn of(range: Option<(f64, f64)>, metric: Option<&str>) -> Self {
        let Some((low, high)) = range else { return Self::AsIs };
        let name = metric.unwrap_or("score").to_lowercase();
        let share = higher_is_better(&name) && SHARES.iter().any(|part| name.contains(part));
        if low >= 0.0 && high <= 1.0 {
            Self::AsIs
        } else if share && low >= 0.0 && high > LARGEST_GRADE && high <= 100.0 {
            Self::Percent
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
        assert_eq!(Scale::of(Some((0.0, 1.0)), None), Scale::AsIs);
        assert_eq!(Scale::of(Some((0.0, 100.0)), Some("acc")).apply(50.0), 0.5);
        assert_eq!(Scale::of(Some((0.0, 5.0)), None), Scale::Grades(0.0, 5.0));
        assert_eq!(Scale::of(Some((3.0, 60.0)), Some("word_perplexity")), Scale::Grades(3.0, 60.0));
    }
}
