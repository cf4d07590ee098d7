//! Which option is chosen? The key as often as the item's curve says, the distractors by their pull.

use super::error::{SimulationError, finite, not_negative, within};
use super::random::normal;
use crate::numeric::random::Rng;
use crate::numeric::special::log_sum_exp;
use rand::RngExt;

/// How items with options are made.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceOptions {
    /// Options of each item, 2 to 26.
    pub n_options: u8,
    /// How much likelier the attractive distractor is than another one among wrong answers, log-odds at
    /// ability 0.
    pub attraction: f64,
    /// What a unit of ability adds to that: above 0 it draws the better models.
    pub attraction_slope: f64,
    /// Spread of the pull of the distractors, log-odds.
    pub distractor_sd: f64,
    /// Whether each attempt also gets the log-probability of every option.
    pub log_probabilities: bool,
}

impl Default for ChoiceOptions {
    fn default() -> Self {
        Self {
            n_options: 4,
            attraction: 1.0,
            attraction_slope: 0.2,
            distractor_sd: 0.4,
            log_probabilities: false,
        }
    }
}

impl ChoiceOptions {
    pub(crate) fn validate(&self) -> Result<(), SimulationError> {
        within("n_options", self.n_options as f64, 2.0, 26.0)?;
        finite("attraction", self.attraction)?;
        finite("attraction_slope", self.attraction_slope)?;
        not_negative("distractor_sd", self.distractor_sd)
    }

    /// Draws the key, the attractive distractor and the pull of each option. The recorded key is the true one.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Choice {
        let k = self.n_options as usize;
        let true_key = rng.random_range(0..k);
        let attractive = other_than(&[true_key], k, rng);
        let mut pull: Vec<f64> = (0..k).map(|_| self.distractor_sd * normal(rng)).collect();
        pull[attractive] += self.attraction;
        Choice {
            true_key: true_key as u8,
            recorded_key: true_key as u8,
            second_key: None,
            second_share: 0.0,
            attractive: attractive as u8,
            attraction_slope: self.attraction_slope,
            pull,
        }
    }
}

/// Any option but those in `taken`, each as likely as another. There must be one.
pub(crate) fn other_than(taken: &[usize], n_options: usize, rng: &mut Rng) -> usize {
    let free: Vec<usize> = (0..n_options).filter(|k| !taken.contains(k)).collect();
    free[rng.random_range(0..free.len())]
}

/// How the options of one item share the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The option that is right.
    pub true_key: u8,
    /// The option that the benchmark takes for right.
    pub recorded_key: u8,
    /// Another option that is right, too.
    pub second_key: Option<u8>,
    /// Share of the right answers that goes to the second key.
    pub second_share: f64,
    /// The distractor that draws most.
    pub attractive: u8,
    /// What a unit of ability adds to its pull, log-odds.
    pub attraction_slope: f64,
    /// Pull of each option among wrong answers at ability 0, log-odds. That of a right option has no effect.
    pub pull: Vec<f64>,
}

impl Choice {
    /// Number of options.
    pub fn n_options(&self) -> usize {
        self.pull.len()
    }

    /// The probability of each option, for a model of ability `theta` that knows the answer with probability
    /// `p_right`.
    ///
    /// ```text
    /// P(key) = p (1 − s),   P(second key) = p s
    /// P(k)   = (1 − p) exp(vₖ) / Σ exp(vⱼ)     over wrong options,  vₖ = pullₖ + slope · θ [k attractive]
    /// ```
    ///
    /// # Reference
    /// The nested logit model: Suh & Bolt 2010, doi:10.1007/s11336-010-9163-7.
    pub fn probabilities(&self, p_right: f64, theta: f64) -> Vec<f64> {
        let mut v = self.pull.clone();
        v[self.attractive as usize] += self.attraction_slope * theta;
        v[self.true_key as usize] = f64::NEG_INFINITY;
        if let Some(second) = self.second_key {
            v[second as usize] = f64::NEG_INFINITY;
        }
        let total = log_sum_exp(&v);
        if total == f64::NEG_INFINITY {
            // Two options and both are right: nobody can be wrong.
            v.fill(0.0);
            v[self.true_key as usize] = 1.0 - self.second_share;
            if let Some(second) = self.second_key {
                v[second as usize] = self.second_share;
            }
            return v;
        }
        let mut p: Vec<f64> = v.iter().map(|v| (1.0 - p_right) * (v - total).exp()).collect();
        p[self.true_key as usize] = p_right;
        if let Some(second) = self.second_key {
            p[second as usize] = p_right * self.second_share;
            p[self.true_key as usize] = p_right * (1.0 - self.second_share);
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Choice {
        Choice {
            true_key: 0,
            recorded_key: 0,
            second_key: None,
            second_share: 0.0,
            attractive: 1,
            attraction_slope: 1.0,
            pull: vec![9.0, 2f64.ln(), 0.0, 0.0],
        }
    }

    fn close(got: Vec<f64>, expected: [f64; 4]) {
        for (a, b) in got.iter().zip(expected) {
            assert!((a - b).abs() < 1e-12, "{got:?} is not {expected:?}");
        }
    }

    /// Wrong answers, 0.6 in all, are shared 2 : 1 : 1, and at θ = ln 2 they are shared 4 : 1 : 1.
    #[test]
    fn shares_by_hand() {
        close(choice().probabilities(0.4, 0.0), [0.4, 0.3, 0.15, 0.15]);
        close(choice().probabilities(0.4, 2f64.ln()), [0.4, 0.4, 0.1, 0.1]);
    }

    /// With a second right option taking a quarter, the two distractors left share 2 : 1.
    #[test]
    fn two_right_options_share_the_right_answers() {
        let c = Choice { second_key: Some(3), second_share: 0.25, ..choice() };
        close(c.probabilities(0.4, 0.0), [0.3, 0.4, 0.2, 0.1]);
    }

    #[test]
    fn the_key_is_drawn_evenly() {
        let options = ChoiceOptions::default();
        let mut rng = crate::numeric::random::stream(8, 0);
        let mut seen = [0usize; 4];
        for _ in 0..4000 {
            let c = options.draw(&mut rng);
            assert_ne!(c.true_key, c.attractive);
            seen[c.true_key as usize] += 1;
        }
        assert!(seen.iter().all(|n| (*n as f64 - 1000.0).abs() < 4.0 * 750f64.sqrt()), "{seen:?}");
    }
}
