//! What are the true signal and noise of simulated checkpoints? The components of variance, by subject.

use super::checkpoint::CheckpointSubject;
use crate::response::Table;

/// All that is true of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectTruth {
    /// What it was made from.
    pub subject: CheckpointSubject,
    /// Standard deviation that drawing answers to finitely many items adds to an observed score from step to
    /// step.
    pub item_sd: f64,
    /// True scores that had to be moved to stay clear of 0 and 1. Above 0 the stated deviations are only upper
    /// bounds.
    pub n_moved: usize,
    /// The true scores, by model, seed and step.
    pub true_scores: Vec<f64>,
}

impl SubjectTruth {
    /// Standard deviation from step to step of the observed score about its trend.
    ///
    /// ```text
    /// √(step² + item²)
    /// ```
    pub fn noise_sd(&self) -> f64 {
        self.subject.step_sd.hypot(self.item_sd)
    }

    /// Signal over noise; `None` without noise.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.subject.between_model_sd / self.noise_sd()).filter(|r| r.is_finite())
    }
}

/// All that is true of simulated checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointTruth {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Number of models.
    pub n_models: usize,
    /// Training seeds of each.
    pub n_seeds: usize,
    /// Checkpoints of each training run.
    pub n_steps: usize,
    /// Correlation of the step noise at neighbouring checkpoints.
    pub autocorrelation: f64,
    /// The subjects.
    pub subjects: Vec<SubjectTruth>,
}

impl CheckpointTruth {
    /// The truth as the table `truth_checkpoints`, one row for each subject.
    pub fn tables(&self) -> Vec<Table> {
        let rows = || self.subjects.iter();
        let real = |get: fn(&SubjectTruth) -> f64| self.subjects.iter().map(move |s| Some(get(s)));
        let whole = |value: usize| self.subjects.iter().map(move |_| Some(value as i64));
        vec![
            Table::new("truth_checkpoints")
                .text("benchmark", rows().map(|_| Some(self.benchmark.as_str())))
                .text("subject", rows().map(|s| Some(s.subject.name.as_str())))
                .whole("n_models", whole(self.n_models))
                .whole("n_seeds", whole(self.n_seeds))
                .whole("n_steps", whole(self.n_steps))
                .whole("n_items", rows().map(|s| Some(s.subject.n_items as i64)))
                .real("signal_sd", real(|s| s.subject.between_model_sd))
                .real("seed_sd", real(|s| s.subject.seed_sd))
                .real("step_sd", real(|s| s.subject.step_sd))
                .real("item_sd", real(|s| s.item_sd))
                .real("noise_sd", real(SubjectTruth::noise_sd))
                .real("signal_to_noise", rows().map(SubjectTruth::ratio))
                .real("autocorrelation", rows().map(|_| Some(self.autocorrelation)))
                .real("trend", real(|s| s.subject.trend))
                .whole("n_moved", rows().map(|s| Some(s.n_moved as i64))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise 3 and 4 in a hundred make 5 in a hundred: the ratio of a signal of 0.1 is 2.
    #[test]
    fn the_ratio_by_hand() {
        let subject =
            CheckpointSubject { between_model_sd: 0.1, step_sd: 0.03, ..CheckpointSubject::default() };
        let truth = SubjectTruth { subject, item_sd: 0.04, n_moved: 0, true_scores: vec![] };
        assert!((truth.noise_sd() - 0.05).abs() < 1e-15);
        assert!((truth.ratio().unwrap() - 2.0).abs() < 1e-12);
    }
}
