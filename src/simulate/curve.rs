//! With what probability does a model of a given ability give each response? The response models.

use super::error::SimulationError;
use crate::numeric::special::logistic;
use std::fmt;
use std::str::FromStr;

/// The response model that items are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemModel {
    /// Slope 1, difficulty free.
    Rasch,
    /// One slope for all items, difficulty free.
    OneParameter,
    /// Slope and difficulty free.
    TwoParameter,
    /// And a lower asymptote: guessing.
    ThreeParameter,
    /// And an upper asymptote: slips.
    FourParameter,
    /// Samejima's graded response model.
    Graded {
        /// Number of ordered categories, at least 2.
        n_categories: u8,
    },
    /// Muraki's generalised partial credit model.
    PartialCredit {
        /// Number of ordered categories, at least 2.
        n_categories: u8,
    },
}

impl ItemModel {
    /// Whether responses are right or wrong.
    pub fn is_binary(self) -> bool {
        !matches!(self, Self::Graded { .. } | Self::PartialCredit { .. })
    }

    /// Number of categories; 2 for right and wrong.
    pub fn n_categories(self) -> usize {
        match self {
            Self::Graded { n_categories } | Self::PartialCredit { n_categories } => n_categories as usize,
            _ => 2,
        }
    }

    pub(crate) fn validate(self) -> Result<(), SimulationError> {
        super::error::within("n_categories", self.n_categories() as f64, 2.0, 12.0)
    }
}

impl fmt::Display for ItemModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rasch => "rasch",
            Self::OneParameter => "1pl",
            Self::TwoParameter => "2pl",
            Self::ThreeParameter => "3pl",
            Self::FourParameter => "4pl",
            Self::Graded { .. } => "grm",
            Self::PartialCredit { .. } => "gpcm",
        })
    }
}

/// A name that is not a response model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown response model {0:?}; expected one of rasch, 1pl, 2pl, 3pl, 4pl, grm, gpcm")]
pub struct UnknownItemModel(pub String);

/// `grm` and `gpcm` have four categories unless set otherwise.
impl FromStr for ItemModel {
    type Err = UnknownItemModel;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "rasch" => Self::Rasch,
            "1pl" => Self::OneParameter,
            "2pl" => Self::TwoParameter,
            "3pl" => Self::ThreeParameter,
            "4pl" => Self::FourParameter,
            "grm" => Self::Graded { n_categories: 4 },
            "gpcm" => Self::PartialCredit { n_categories: 4 },
            _ => return Err(UnknownItemModel(text.to_owned())),
        })
    }
}

/// The shape of a curve beside its slope and place.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Right or wrong, between two asymptotes.
    Binary {
        /// Lower asymptote `c`: how often a model without any ability is right.
        guessing: f64,
        /// Upper asymptote `u`: how often a perfect model is right.
        upper: f64,
    },
    /// Graded response: the places at which each category or a higher one becomes even, ascending; descending
    /// where the slope is negative.
    Graded {
        /// One place for each category but the lowest.
        thresholds: Vec<f64>,
    },
    /// Partial credit: the places at which neighbouring categories are equally likely, in any order.
    PartialCredit {
        /// One place for each category but the lowest.
        thresholds: Vec<f64>,
    },
}

/// The parameters of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Slope `a`, logits for a unit of ability; below 0 better models do worse.
    pub discrimination: f64,
    /// Place `b` on the scale of ability; for ordered categories the mean of the thresholds.
    pub difficulty: f64,
    /// Everything else.
    pub shape: Shape,
}

impl Curve {
    /// A two-parameter curve, asymptotes 0 and 1.
    pub fn binary(discrimination: f64, difficulty: f64) -> Self {
        Self { discrimination, difficulty, shape: Shape::Binary { guessing: 0.0, upper: 1.0 } }
    }

    /// Number of responses: 2, or the number of categories.
    pub fn n_categories(&self) -> usize {
        match &self.shape {
            Shape::Binary { .. } => 2,
            Shape::Graded { thresholds } | Shape::PartialCredit { thresholds } => thresholds.len() + 1,
        }
    }

    /// The lower and upper asymptote of a binary curve.
    pub fn asymptotes(&self) -> Option<(f64, f64)> {
        match self.shape {
            Shape::Binary { guessing, upper } => Some((guessing, upper)),
            _ => None,
        }
    }

    /// The thresholds of ordered categories; none for a binary curve.
    pub fn thresholds(&self) -> &[f64] {
        match &self.shape {
            Shape::Binary { .. } => &[],
            Shape::Graded { thresholds } | Shape::PartialCredit { thresholds } => thresholds,
        }
    }

    /// The expected score between 0 and 1 at ability `theta`; for a binary curve the probability of a right
    /// answer.
    ///
    /// ```text
    /// binary:      c + (u − c) σ(a(θ − b))
    /// categories:  Σₖ k P(X = k) / (K − 1)
    /// ```
    pub fn expected_score(&self, theta: f64) -> f64 {
        match &self.shape {
            Shape::Binary { guessing, upper } => {
                guessing + (upper - guessing) * logistic(self.discrimination * (theta - self.difficulty))
            }
            _ => {
                let p = self.probabilities(theta);
                let top = (p.len() - 1) as f64;
                p.iter().enumerate().map(|(k, p)| k as f64 * p).sum::<f64>() / top
            }
        }
    }

    /// The probability of each category at ability `theta`, from the lowest (wrong) up; the sum is 1.
    ///
    /// ```text
    /// graded:          P(X ≥ k) = σ(a(θ − bₖ))
    /// partial credit:  P(X = k) ∝ exp Σ_{v ≤ k} a(θ − bᵥ)
    /// ```
    ///
    /// # Reference
    /// Samejima 1969, doi:10.1007/BF03372160; Muraki 1992, doi:10.1177/014662169201600206.
    pub fn probabilities(&self, theta: f64) -> Vec<f64> {
        let a = self.discrimination;
        match &self.shape {
            Shape::Binary { .. } => {
                let p = self.expected_score(theta);
                vec![1.0 - p, p]
            }
            Shape::Graded { thresholds } => {
                let mut at_least = 1.0;
                (0..=thresholds.len())
                    .map(|k| {
                        let next = thresholds.get(k).map_or(0.0, |b| logistic(a * (theta - b)));
                        std::mem::replace(&mut at_least, next) - next
                    })
                    .collect()
            }
            Shape::PartialCredit { thresholds } => {
                let mut sum = 0.0;
                let mut log_weight = vec![0.0];
                log_weight.extend(thresholds.iter().map(|b| {
                    sum += a * (theta - b);
                    sum
                }));
                let total = crate::numeric::special::log_sum_exp(&log_weight);
                log_weight.iter().map(|w| (w - total).exp()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-7, "{a} is not {b}");
    }

    /// σ(0.6) = 0.6456563062, by hand from exp(−0.6) = 0.5488116361.
    #[test]
    fn binary_curves_by_hand() {
        let curve = |guessing, upper| Curve {
            discrimination: 1.2,
            difficulty: 0.5,
            shape: Shape::Binary { guessing, upper },
        };
        close(curve(0.0, 1.0).expected_score(1.0), 0.645_656_306);
        close(curve(0.2, 1.0).expected_score(1.0), 0.2 + 0.8 * 0.645_656_306);
        close(curve(0.2, 0.95).expected_score(1.0), 0.2 + 0.75 * 0.645_656_306);
        close(curve(0.2, 0.95).probabilities(1.0).iter().sum(), 1.0);
    }

    /// σ(1) = 0.7310585786; the middle category holds 2σ(1) − 1.
    #[test]
    fn graded_response_by_hand() {
        let mut curve = Curve {
            discrimination: 1.0,
            difficulty: 0.0,
            shape: Shape::Graded { thresholds: vec![-1.0, 1.0] },
        };
        let p = curve.probabilities(0.0);
        close(p[0], 0.268_941_421);
        close(p[1], 0.462_117_157);
        close(p[2], 0.268_941_421);
        close(curve.expected_score(0.0), 0.5);
        (curve.discrimination, curve.shape) = (-1.0, Shape::Graded { thresholds: vec![1.0, -1.0] });
        assert!(curve.expected_score(2.0) < curve.expected_score(-2.0));
        assert!(curve.probabilities(2.0).iter().all(|p| *p >= 0.0));
    }

    /// Weights 1, e, 1 at the middle: 1/(2 + e) = 0.2119415576, e/(2 + e) = 0.5761168848.
    #[test]
    fn partial_credit_by_hand() {
        let curve = Curve {
            discrimination: 1.0,
            difficulty: 0.0,
            shape: Shape::PartialCredit { thresholds: vec![-1.0, 1.0] },
        };
        let p = curve.probabilities(0.0);
        close(p[0], 0.211_941_558);
        close(p[1], 0.576_116_885);
        close(p[2], 0.211_941_558);
    }

    #[test]
    fn names_come_back() {
        for name in ["rasch", "1pl", "2pl", "3pl", "4pl", "grm", "gpcm"] {
            assert_eq!(name.parse::<ItemModel>().unwrap().to_string(), name);
        }
        assert!("5pl".parse::<ItemModel>().is_err());
    }
}
