//! What must the reader know first? Findings with their consequence, and checks that could not run.

use super::section::SectionId;
use serde::Serialize;

/// What a finding changes, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// A conclusion drawn from the scores may be wrong.
    Conclusion,
    /// The scores can be used, with care or after a repair.
    Care,
    /// Good to know; nothing to do.
    Information,
}

impl Consequence {
    /// What the reader is told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conclusion => "changes conclusions",
            Self::Care => "needs care",
            Self::Information => "good to know",
        }
    }
}

/// One thing worth saying, with the number behind it and what to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What it changes.
    pub consequence: Consequence,
    /// Among findings of the same consequence, larger comes first: the share of scores, items or models that
    /// it touches, from 0 to 1.
    pub weight: f64,
    /// In one sentence, with the number.
    pub headline: String,
    /// The number's interval, what it rests on, and what it means.
    pub detail: String,
    /// What to do.
    pub action: Option<String>,
    /// The section that shows it.
    pub section: Option<SectionId>,
}

/// Puts findings in the order of their consequence, keeping the order of equals.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.consequence.cmp(&b.consequence).then(b.weight.total_cmp(&a.weight)));
}

/// A check that could not run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotRun {
    /// The check.
    pub check: String,
    /// Why it could not run.
    pub reason: String,
    /// What would let it run.
    pub remedy: Option<String>,
}

impl NotRun {
    /// A check with the reason why it could not run.
    pub fn new(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { check: check.into(), reason: reason.into(), remedy: None }
    }

    /// With what would let it run.
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl From<crate::plot::PlotError> for NotRun {
    fn from(error: crate::plot::PlotError) -> Self {
        Self::new("", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grave_findings_come_first_then_those_that_touch_more() {
        let finding = |consequence, weight| Finding {
            consequence,
            weight,
            headline: format!("{weight}"),
            detail: String::new(),
            action: None,
            section: None,
        };
        let mut all = vec![
            finding(Consequence::Information, 1.0),
            finding(Consequence::Care, 0.1),
            finding(Consequence::Conclusion, 0.2),
            finding(Consequence::Care, 0.9),
        ];
        rank(&mut all);
        let order: Vec<&str> = all.iter().map(|f| f.headline.as_str()).collect();
        assert_eq!(order, ["0.2", "0.9", "0.1", "1"]);
    }
}
