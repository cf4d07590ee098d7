//! What do the last checkpoints of training runs say of the models? Sums of scores that add up over tasks.

use super::candidates::{Components, SetSums};
use super::order::{PAIR_LEVEL, told_apart};
use crate::numeric::special::student_t_quantile;
use crate::snr::ratio::{ModelSquares, model_squares};
use std::sync::Arc;

/// Sums over tasks of the scores of each model at each of its last checkpoints. The score of a set is the mean of the
/// scores of its tasks: every task counts the same, none is standardised, so that their metric must be the same.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSums {
    /// Number of tasks.
    pub n_tasks: f64,
    /// Where the checkpoints of each model begin in `scores`, and where the last ends.
    pub starts: Arc<[usize]>,
    /// Sum of scores at each checkpoint, model after model, larger is better.
    pub scores: Vec<f64>,
    /// The same of each model at the small scale; empty where no scales are compared.
    pub small: Vec<f64>,
    /// The same at the large scale.
    pub large: Vec<f64>,
}

impl CheckpointSums {
    /// The sums of each model at its checkpoints.
    fn models(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.starts.windows(2).map(|ends| &self.scores[ends[0]..ends[1]])
    }

    /// Mean squares between and within models; `None` where no noise was seen.
    fn squares(&self) -> Option<ModelSquares> {
        model_squares(self.models()).ok()
    }

    fn mean_of(&self, sums: &[f64]) -> Vec<f64> {
        sums.iter().map(|s| s / self.n_tasks).collect()
    }
}

impl SetSums for CheckpointSums {
    fn plus(&self, other: &Self) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x + y).collect::<Vec<f64>>();
        Self {
            n_tasks: self.n_tasks + other.n_tasks,
            starts: Arc::clone(&self.starts),
            scores: add(&self.scores, &other.scores),
            small: add(&self.small, &other.small),
            large: add(&self.large, &other.large),
        }
    }

    /// Standard deviation between models over that of their checkpoints: [`model_squares`].
    fn ratio(&self) -> Option<f64> {
        self.squares().map(|s| s.ratio(1.0))
    }

    /// By a t test on the last checkpoints. P-MMEval pairs the answers to items; checkpoints of two runs make no pairs,
    /// so the test is that of two means with the noise of all runs together.
    ///
    /// ```text
    /// |x̄ − ȳ| > t_{.995, N−M} √(MSW (1/n_x + 1/n_y))
    /// ```
    fn share_pairs(&self) -> Option<(f64, f64)> {
        let squares = self.squares()?;
        let df = (squares.n_scores - squares.n_models) as f64;
        let quantile = student_t_quantile(1.0 - PAIR_LEVEL / 2.0, df);
        let means: Vec<(f64, f64)> =
            self.models().map(|z| (z.iter().sum::<f64>() / z.len() as f64, 1.0 / z.len() as f64)).collect();
        let pairs = means.iter().enumerate().flat_map(|(i, a)| means[i + 1..].iter().map(move |b| (a, b)));
        told_apart(pairs.map(|(a, b)| ((a.0 - b.0).abs(), quantile * (squares.within * (a.1 + b.1)).sqrt())))
    }

    fn scores(&self) -> Vec<f64> {
        self.models().map(|z| z.iter().sum::<f64>() / (z.len() as f64 * self.n_tasks)).collect()
    }

    /// At the small scale.
    fn deciding(&self) -> Vec<f64> {
        self.mean_of(&self.small)
    }

    /// At the large scale.
    fn decided(&self) -> Vec<f64> {
        self.mean_of(&self.large)
    }

    fn components(&self, level: f64) -> Option<Components> {
        let found = self.squares()?.signal_to_noise(level);
        Some(Components {
            signal: found.signal / self.n_tasks,
            noise: found.noise / self.n_tasks,
            ratio: found.ratio,
            reliability: (1.0 - 1.0 / found.f_statistic).max(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::agreement;
    use super::*;

    /// Three models of two checkpoints on one task.
    fn sums(scores: [f64; 6], small: [f64; 3], large: [f64; 3]) -> CheckpointSums {
        CheckpointSums {
            n_tasks: 1.0,
            starts: [0, 2, 4, 6].into(),
            scores: scores.to_vec(),
            small: small.to_vec(),
            large: large.to_vec(),
        }
    }

    #[test]
    fn two_tasks_by_hand() {
        let a = sums([0.0, 2.0, 1.0, 3.0, 2.0, 4.0], [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]);
        // Means 1, 2, 3: MSB = 2, MSW = 6 / 3 = 2, so that nothing is left for the models.
        assert_eq!(a.ratio(), Some(0.0));
        let b = sums([1.0, 0.0, 2.0, 1.0, 3.0, 2.0], [1.0, 0.0, 2.0], [0.0, 1.0, 3.0]);
        // Together (1, 2), (3, 4), (5, 6): means 1.5, 3.5, 5.5; MSB = 2 · 8 / 2 = 8; MSW = 1.5 / 3 = .5;
        // ratio = √((16 − 1) / 2), signal √3.75 and noise √.5 of the sum, half of that of the mean.
        let both = a.plus(&b);
        assert!((both.ratio().unwrap() - 7.5f64.sqrt()).abs() < 1e-12);
        let c = both.components(0.95).unwrap();
        assert!((c.signal - 3.75f64.sqrt() / 2.0).abs() < 1e-12);
        assert!((c.noise - 0.5f64.sqrt() / 2.0).abs() < 1e-12);
        assert!((c.reliability - 15.0 / 16.0).abs() < 1e-12);
        assert_eq!(both.scores(), [0.75, 1.75, 2.75]);
        // Threshold t_{.995, 3} √(.5 · (1/2 + 1/2)) = 5.8409 · .70711 = 4.1301 against 2, 2 and 4.
        let (share, graded) = both.share_pairs().unwrap();
        assert_eq!(share, 0.0);
        assert!((graded - (2.0 + 2.0 + 4.0) / 3.0 / 4.13016).abs() < 1e-5, "{graded}");
        // Small 2, 2, 5 against large 1, 4, 5: one tie, two right.
        assert_eq!(both.deciding(), [1.0, 1.0, 2.5]);
        assert!((agreement(&both.deciding(), &both.decided()).unwrap() - 2.5 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn without_noise_or_scales_nothing_is_said() {
        let still = sums([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [0.0; 3], [0.0; 3]);
        assert!(still.ratio().is_none() && still.share_pairs().is_none() && still.components(0.95).is_none());
        let without = CheckpointSums { small: Vec::new(), large: Vec::new(), ..still };
        assert_eq!(agreement(&without.deciding(), &without.decided()), None);
    }
}
