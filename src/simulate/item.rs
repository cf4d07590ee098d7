//! What are the items like? Their curves, drawn from a distribution, and all that is true of one.

use super::choice::Choice;
use super::curve::{Curve, ItemModel, Shape};
use super::error::{SimulationError, finite, not_negative, share, within};
use super::fault::PlantedError;
use super::random::normal;
use crate::numeric::random::Rng;
use crate::numeric::special::{logistic, logit};
use crate::response::ItemId;
use rand::RngExt;

/// The distribution that item parameters come from.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemOptions {
    /// Mean of the logarithm of the slope; in a one-parameter model every slope is its exponential.
    pub log_discrimination_mean: f64,
    /// Standard deviation of the logarithm of the slope.
    pub log_discrimination_sd: f64,
    /// Share of items with a negative slope, 0 to 1.
    pub negative_share: f64,
    /// Mean difficulty.
    pub difficulty_mean: f64,
    /// Standard deviation of the difficulties.
    pub difficulty_sd: f64,
    /// Typical lower asymptote of 3PL and 4PL; `None` is one over the number of options, 0.2 without options.
    pub guessing: Option<f64>,
    /// Spread of the lower asymptote, logits.
    pub guessing_logit_sd: f64,
    /// Typical upper asymptote of 4PL.
    pub upper: f64,
    /// Spread of the upper asymptote, logits.
    pub upper_logit_sd: f64,
    /// Mean distance between neighbouring thresholds of ordered categories.
    pub threshold_distance: f64,
}

impl Default for ItemOptions {
    fn default() -> Self {
        Self {
            log_discrimination_mean: 0.0,
            log_discrimination_sd: 0.35,
            negative_share: 0.0,
            difficulty_mean: 0.0,
            difficulty_sd: 1.0,
            guessing: None,
            guessing_logit_sd: 0.3,
            upper: 0.97,
            upper_logit_sd: 0.5,
            threshold_distance: 0.8,
        }
    }
}

impl ItemOptions {
    pub(crate) fn validate(&self) -> Result<(), SimulationError> {
        within("log_discrimination_mean", self.log_discrimination_mean, -10.0, 10.0)?;
        within("log_discrimination_sd", self.log_discrimination_sd, 0.0, 5.0)?;
        share("negative_share", self.negative_share)?;
        finite("difficulty_mean", self.difficulty_mean)?;
        not_negative("difficulty_sd", self.difficulty_sd)?;
        if let Some(guessing) = self.guessing {
            within("guessing", guessing, 0.0, 0.95)?;
        }
        not_negative("guessing_logit_sd", self.guessing_logit_sd)?;
        within("upper", self.upper, 0.05, 1.0)?;
        not_negative("upper_logit_sd", self.upper_logit_sd)?;
        not_negative("threshold_distance", self.threshold_distance)
    }

    /// Draws one item. The same numbers are drawn for every model, so that a 2PL and a 3PL of one seed share
    /// their slopes and difficulties.
    pub(crate) fn draw(&self, model: ItemModel, n_options: Option<u8>, rng: &mut Rng) -> Curve {
        let (slope, place, low, high) = (normal(rng), normal(rng), normal(rng), normal(rng));
        let turned = rng.random::<f64>() < self.negative_share;
        let difficulty = self.difficulty_mean + self.difficulty_sd * place;
        let size = match model {
            ItemModel::Rasch => 1.0,
            ItemModel::OneParameter => self.log_discrimination_mean.exp(),
            _ => (self.log_discrimination_mean + self.log_discrimination_sd * slope).exp(),
        };
        let discrimination = if turned { -size } else { size };
        let around = |typical: f64, sd: f64, z: f64| {
            if typical <= 0.0 || typical >= 1.0 { typical } else { logistic(logit(typical) + sd * z) }
        };
        let typical = self.guessing.unwrap_or(n_options.map_or(0.2, |k| 1.0 / k as f64));
        let guessing = || around(typical, self.guessing_logit_sd, low);
        let shape = match model {
            ItemModel::ThreeParameter => Shape::Binary { guessing: guessing(), upper: 1.0 },
            ItemModel::FourParameter => {
                let guessing = guessing();
                let upper = around(self.upper, self.upper_logit_sd, high).max(guessing);
                Shape::Binary { guessing, upper }
            }
            ItemModel::Graded { n_categories } => {
                let mut thresholds = self.thresholds(difficulty, n_categories, rng);
                thresholds.sort_by(f64::total_cmp);
                if turned {
                    thresholds.reverse();
                }
                Shape::Graded { thresholds }
            }
            ItemModel::PartialCredit { n_categories } => {
                Shape::PartialCredit { thresholds: self.thresholds(difficulty, n_categories, rng) }
            }
            _ => Shape::Binary { guessing: 0.0, upper: 1.0 },
        };
        Curve { discrimination, difficulty, shape }
    }

    /// Thresholds around `centre`, evenly spaced but for a jitter of a quarter of their distance.
    fn thresholds(&self, centre: f64, n_categories: u8, rng: &mut Rng) -> Vec<f64> {
        let n = n_categories as usize - 1;
        let jitter: Vec<f64> = (0..n).map(|_| 0.25 * normal(rng)).collect();
        let mean = jitter.iter().sum::<f64>() / n as f64;
        (0..n)
            .map(|k| {
                let even = k as f64 - (n - 1) as f64 / 2.0;
                centre + self.threshold_distance * (even + jitter[k] - mean)
            })
            .collect()
    }
}

/// All that is true of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemTruth {
    /// Its name.
    pub item: ItemId,
    /// Its subject, as a position among the subjects.
    pub subject: usize,
    /// How a right answer depends on ability, before any planted error.
    pub curve: Curve,
    /// How the options share the answers; `None` without options.
    pub choice: Option<Choice>,
    /// The error planted in it.
    pub planted: Option<PlantedError>,
    /// The item it repeats, as a position among the items.
    pub duplicate_of: Option<usize>,
}

impl ItemTruth {
    /// Number of different answers: options, or right and wrong, or categories.
    pub fn n_answers(&self) -> usize {
        self.choice.as_ref().map_or(self.curve.n_categories(), |c| c.n_options())
    }

    /// The answer that the recorded key takes for right: an option, or the highest category.
    pub fn right_answer(&self) -> usize {
        self.choice.as_ref().map_or(self.curve.n_categories() - 1, |c| c.recorded_key as usize)
    }

    /// The score that the harness records for an answer, 0 to 1.
    pub fn score(&self, answer: usize) -> f64 {
        match &self.choice {
            Some(choice) => f64::from(answer == choice.recorded_key as usize),
            None => answer as f64 / (self.curve.n_categories() - 1) as f64,
        }
    }

    /// The probability of each answer at ability `theta`, planted errors included; the sum is 1.
    ///
    /// On a blank item every option is as likely as another, and without options nobody scores. `leaked` is
    /// the probability with which a model that has seen the item gives the recorded answer, if it has.
    pub fn answer_probabilities(&self, theta: f64, leaked: Option<f64>) -> Vec<f64> {
        let blank = self.planted == Some(PlantedError::Blank);
        let mut p = match &self.choice {
            Some(choice) if blank => vec![1.0 / choice.n_options() as f64; choice.n_options()],
            None if blank => {
                let mut none = vec![0.0; self.curve.n_categories()];
                none[0] = 1.0;
                none
            }
            Some(choice) => choice.probabilities(self.curve.expected_score(theta), theta),
            None => self.curve.probabilities(theta),
        };
        if let (Some(success), Some(PlantedError::Leaked)) = (leaked, self.planted) {
            let right = self.right_answer();
            let known = success.max(p[right]);
            let shrink = if p[right] < 1.0 { (1.0 - known) / (1.0 - p[right]) } else { 0.0 };
            p.iter_mut().for_each(|q| *q *= shrink);
            p[right] = known;
        }
        p
    }

    /// The score to be expected at ability `theta`, planted errors included.
    pub fn expected_score(&self, theta: f64, leaked: Option<f64>) -> f64 {
        let p = self.answer_probabilities(theta, leaked);
        p.iter().enumerate().map(|(k, p)| p * self.score(k)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(planted: Option<PlantedError>) -> ItemTruth {
        ItemTruth {
            item: "i".into(),
            subject: 0,
            curve: Curve::binary(1.0, 0.0),
            choice: None,
            planted,
            duplicate_of: None,
        }
    }

    /// At θ = b a two-parameter item is right half the time; a model that saw it 0.9 of the time.
    #[test]
    fn planted_errors_change_the_answers_as_stated() {
        assert!((item(None).expected_score(0.0, Some(0.9)) - 0.5).abs() < 1e-12);
        let leaked = item(Some(PlantedError::Leaked));
        assert!((leaked.expected_score(0.0, Some(0.9)) - 0.9).abs() < 1e-12);
        assert!((leaked.expected_score(0.0, None) - 0.5).abs() < 1e-12);
        assert_eq!(item(Some(PlantedError::Blank)).expected_score(3.0, None), 0.0);
    }

    #[test]
    fn two_and_three_parameter_items_of_one_seed_share_slope_and_place() {
        let options = ItemOptions::default();
        let draw = |model| {
            let mut rng = crate::numeric::random::stream(5, 1);
            options.draw(model, Some(4), &mut rng)
        };
        let (two, three) = (draw(ItemModel::TwoParameter), draw(ItemModel::ThreeParameter));
        assert_eq!((two.discrimination, two.difficulty), (three.discrimination, three.difficulty));
        assert_eq!(draw(ItemModel::Rasch).discrimination, 1.0);
        let (low, high) = three.asymptotes().unwrap();
        assert!(low > 0.1 && low < 0.5 && high == 1.0);
    }

    #[test]
    fn thresholds_are_centred_on_the_difficulty() {
        let mut rng = crate::numeric::random::stream(5, 1);
        let c = ItemOptions::default().draw(ItemModel::Graded { n_categories: 5 }, None, &mut rng);
        let mean = crate::numeric::describe::mean(c.thresholds()).unwrap();
        assert!((mean - c.difficulty).abs() < 1e-12);
        assert!(c.thresholds().is_sorted());
    }
}
