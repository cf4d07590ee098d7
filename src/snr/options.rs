//! What is to be measured, and by which definition of the ratio?

use serde::Serialize;

/// A definition of signal over noise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// Components of an analysis of variance, with an exact interval.
    #[default]
    Anova,
    /// Relative range of the models over the relative standard deviation (divisor n − 1) of the last checkpoints,
    /// mean over models, as arXiv 2508.13144 prints it.
    Paper,
    /// The quick script of its authors: checkpoints of all models pooled into the noise, which therefore contains the
    /// signal.
    Script,
}

impl Definition {
    /// As it is written in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anova => "anova",
            Self::Paper => "paper",
            Self::Script => "script",
        }
    }
}

/// How to measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SnrOptions {
    /// Which definition the ratio follows.
    pub definition: Definition,
    /// Last checkpoints that noise is measured on.
    pub last: usize,
    /// Difference of scores that is to be found, for the needed counts; in units of the score.
    pub difference: f64,
    /// Confidence level.
    pub level: f64,
    /// Resamples for intervals.
    pub replicates: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for SnrOptions {
    fn default() -> Self {
        Self {
            definition: Definition::Anova,
            last: 5,
            difference: 0.01,
            level: 0.95,
            replicates: 500,
            seed: 1,
        }
    }
}
