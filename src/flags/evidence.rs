//! What is suspected of an item, and on what grounds? No flag without evidence.

use serde::{Deserialize, Serialize};

/// What may be wrong with an item. Always a suspicion: a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The models agree on an option that is not the key.
    KeySuspect,
    /// Two options share the votes, the key among them.
    MultipleSuspect,
    /// The votes are spread over several options.
    Contested,
    /// Models abstain or change their minds.
    ClaritySuspect,
    /// The options themselves are at fault (found by rule).
    OptionsRule,
    /// The item repeats another (found by rule).
    Duplicate,
    /// Answers could not be read: the grader or the prompt may be at fault.
    GradingSuspect,
    /// Weak models do better than they should: leaked, or given away by a cue.
    LeakSuspect,
    /// Nobody is right, and what they chose is not known.
    Dead,
    /// Everybody is right: the item measures nothing, and nothing is known of its soundness.
    Saturated,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 10] = [
        Self::KeySuspect,
        Self::MultipleSuspect,
        Self::Contested,
        Self::ClaritySuspect,
        Self::OptionsRule,
        Self::Duplicate,
        Self::GradingSuspect,
        Self::LeakSuspect,
        Self::Dead,
        Self::Saturated,
    ];

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeySuspect => "key_suspect",
            Self::MultipleSuspect => "multiple_suspect",
            Self::Contested => "contested",
            Self::ClaritySuspect => "clarity_suspect",
            Self::OptionsRule => "options_rule",
            Self::Duplicate => "duplicate",
            Self::GradingSuspect => "grading_suspect",
            Self::LeakSuspect => "leak_suspect",
            Self::Dead => "dead",
            Self::Saturated => "saturated",
        }
    }

    /// The error types of MMLU-Redux that the suspicion may turn out to be, likeliest first; none for what
    /// that taxonomy does not know.
    ///
    /// # Reference
    /// Gema et al. 2024, *Are We Done with MMLU?*, arXiv 2406.04127.
    pub fn redux_types(self) -> &'static [&'static str] {
        match self {
            Self::KeySuspect => &["wrong_groundtruth", "no_correct_answer", "bad_question_clarity"],
            Self::MultipleSuspect => &["multiple_correct_answers", "bad_question_clarity"],
            Self::Contested => &["bad_question_clarity", "no_correct_answer", "multiple_correct_answers"],
            Self::ClaritySuspect => &["bad_question_clarity"],
            Self::OptionsRule => &["bad_options_clarity", "no_correct_answer"],
            Self::Dead => &["wrong_groundtruth", "no_correct_answer"],
            Self::Duplicate | Self::GradingSuspect | Self::LeakSuspect | Self::Saturated => &[],
        }
    }
}

/// One measured ground for a suspicion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The statistic, as its column is called.
    pub statistic: &'static str,
    /// Its value.
    pub value: f64,
    /// The value from which it speaks against the item; `None` where it is only shown.
    pub threshold: Option<f64>,
    /// Whether the value is on the suspicious side of the threshold.
    pub suspicious: bool,
    /// Number of models behind it.
    pub n_models: usize,
}

impl Evidence {
    /// Evidence that is suspicious from `threshold` upwards.
    pub fn above(statistic: &'static str, value: f64, threshold: f64, n_models: usize) -> Self {
        Self { statistic, value, threshold: Some(threshold), suspicious: value >= threshold, n_models }
    }

    /// Evidence that is suspicious below `threshold`.
    pub fn below(statistic: &'static str, value: f64, threshold: f64, n_models: usize) -> Self {
        Self { statistic, value, threshold: Some(threshold), suspicious: value < threshold, n_models }
    }
}

/// Votes on one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Votes {
    /// Models for each option.
    pub by_option: Vec<u32>,
    /// Models that answered without an option that could be read.
    pub none: u32,
    /// The same split by ability: strongest, middle and weakest third, each as options then none.
    pub by_third: [Vec<u32>; 3],
    /// The key.
    pub key: Option<u8>,
}

impl Votes {
    /// All models that answered.
    pub fn total(&self) -> u32 {
        self.by_option.iter().sum::<u32>() + self.none
    }

    /// Share of the models that chose an option.
    pub fn share(&self, option: u8) -> f64 {
        let votes = self.by_option.get(usize::from(option)).copied().unwrap_or(0);
        f64::from(votes) / f64::from(self.total().max(1))
    }

    /// The option beside the key with the most votes, the first of equals; `None` without any vote for one.
    pub fn leading_wrong(&self) -> Option<u8> {
        let mut best: Option<(u32, usize)> = None;
        for (k, &n) in self.by_option.iter().enumerate() {
            if Some(k) != self.key.map(usize::from) && n > best.map_or(0, |b| b.0) {
                best = Some((n, k));
            }
        }
        best.map(|b| b.1 as u8)
    }

    /// `3 of 25 right`, for data that do not say what was chosen.
    pub fn text_of_scores(&self) -> String {
        format!("{} of {} right", self.by_option.get(1).copied().unwrap_or(0), self.total())
    }

    /// `A:12 B*:3 ∅:1`, the key marked with a star.
    pub fn text(&self) -> String {
        let mut parts: Vec<String> = self
            .by_option
            .iter()
            .enumerate()
            .filter(|(k, n)| **n > 0 || self.key.map(usize::from) == Some(*k))
            .map(|(k, n)| {
                let mark = if self.key.map(usize::from) == Some(k) { "*" } else { "" };
                format!("{}{mark}:{n}", option_letter(k))
            })
            .collect();
        if self.none > 0 {
            parts.push(format!("∅:{}", self.none));
        }
        parts.join(" ")
    }
}

/// The letter of an option: A, B, … Z, then its number from 0.
pub fn option_letter(option: usize) -> String {
    match u8::try_from(option) {
        Ok(k) if k < 26 => char::from(b'A' + k).to_string(),
        _ => option.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_read_as_a_person_would_write_them() {
        let votes =
            Votes { by_option: vec![12, 3, 0, 0], none: 1, by_third: [vec![], vec![], vec![]], key: Some(1) };
        assert_eq!(votes.text(), "A:12 B*:3 ∅:1");
        assert_eq!(votes.leading_wrong(), Some(0));
        assert_eq!(votes.share(0), 0.75);
        assert_eq!(votes.text_of_scores(), "3 of 16 right");
    }

    #[test]
    fn a_threshold_separates() {
        assert!(Evidence::above("margin", 0.3, 0.25, 20).suspicious);
        assert!(!Evidence::below("item_rest", 0.1, 0.0, 40).suspicious);
    }
}
