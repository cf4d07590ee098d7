//! Which curve joins ability and success? The models, what they need, and what they are called.

use serde::{Deserialize, Serialize};

/// An item response model. `θ` is the ability, `σ(z) = 1 / (1 + exp(−z))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// `P = σ(θ + d)`, with the variance of `θ` estimated. On ordered categories: the partial credit model.
    Rasch,
    /// `P = σ(aθ + d)` with one common `a` and `θ ~ N(0, 1)`.
    #[serde(rename = "1pl")]
    OneParameter,
    /// `P = σ(aθ + d)`.
    #[serde(rename = "2pl")]
    TwoParameter,
    /// `P = c + (1 − c) σ(aθ + d)`.
    #[serde(rename = "3pl")]
    ThreeParameter,
    /// `P = c + (u − c) σ(aθ + d)`.
    #[serde(rename = "4pl")]
    FourParameter,
    /// Graded response: `P(x ≥ k) = σ(aθ + dₖ)`. Samejima 1969, doi:10.1007/BF03372160.
    #[serde(rename = "grm")]
    Graded,
    /// Generalised partial credit: `P(x = k) ∝ exp(k aθ + dₖ)`. Muraki 1992, doi:10.1177/014662169201600206.
    #[serde(rename = "gpcm")]
    PartialCredit,
}

impl Model {
    /// All models, simplest first.
    pub const ALL: [Self; 7] = [
        Self::Rasch,
        Self::OneParameter,
        Self::TwoParameter,
        Self::ThreeParameter,
        Self::FourParameter,
        Self::Graded,
        Self::PartialCredit,
    ];

    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rasch => "rasch",
            Self::OneParameter => "1pl",
            Self::TwoParameter => "2pl",
            Self::ThreeParameter => "3pl",
            Self::FourParameter => "4pl",
            Self::Graded => "grm",
            Self::PartialCredit => "gpcm",
        }
    }

    /// The model of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(name))
    }

    /// The least number of respondents for which its parameters mean something.
    ///
    /// Each item has as many responses as there are respondents: a slope estimated from fewer than 30 has a
    /// standard error as large as slopes differ, and an asymptote rests on the few respondents at the bottom.
    pub fn least_respondents(self) -> usize {
        match self {
            Self::Rasch | Self::OneParameter => 10,
            Self::TwoParameter | Self::Graded | Self::PartialCredit => 30,
            Self::ThreeParameter | Self::FourParameter => 200,
        }
    }

    /// The next simpler model for the same kind of data, if there is one.
    pub fn simpler(self) -> Option<Self> {
        match self {
            Self::FourParameter => Some(Self::ThreeParameter),
            Self::ThreeParameter => Some(Self::TwoParameter),
            Self::TwoParameter | Self::PartialCredit | Self::Graded => Some(Self::Rasch),
            Self::OneParameter | Self::Rasch => None,
        }
    }

    /// Whether one slope is shared by all items.
    pub fn has_common_slope(self) -> bool {
        matches!(self, Self::Rasch | Self::OneParameter)
    }

    /// Whether it describes ordered categories rather than right and wrong.
    pub fn is_ordinal(self) -> bool {
        matches!(self, Self::Graded | Self::PartialCredit)
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for model in Model::ALL {
            assert_eq!(Model::from_name(&model.name().to_uppercase()), Some(model));
        }
        assert_eq!(Model::from_name("5pl"), None);
    }
}
