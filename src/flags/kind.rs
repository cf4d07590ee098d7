//! What may be wrong with an item? Kinds and zones read off its votes.

use super::evidence::{Evidence, Kind, Votes};
use super::panel::DataKind;
use crate::numeric::{Estimate, proportion::wilson};
use serde::{Deserialize, Serialize};

/// Where the votes of an item fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// At least four in five choose one other option and at most one in ten the key.
    OneAgainstKey,
    /// Another option leads the key.
    PluralityAgainstKey,
    /// The key leads with less than nine in ten.
    KeyLeads,
    /// At least nine in ten choose the key.
    KeyAgreed,
}

impl Zone {
    /// All zones, most suspicious first.
    pub const ALL: [Zone; 4] =
        [Self::OneAgainstKey, Self::PluralityAgainstKey, Self::KeyLeads, Self::KeyAgreed];

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneAgainstKey => "one_against_key",
            Self::PluralityAgainstKey => "plurality_against_key",
            Self::KeyLeads => "key_leads",
            Self::KeyAgreed => "key_agreed",
        }
    }

    /// What annotators found in the zone on a benchmark where it is known: items with a wrong key, with
    /// another fault, and without one, of the 5,700 items of MMLU-Redux under 20 strong models.
    ///
    /// # Reference
    /// Labels: Gema et al. 2024, arXiv 2406.04127; letters: HELM.
    pub fn measured_counts(self) -> (u32, u32, u32) {
        match self {
            Self::OneAgainstKey => (54, 24, 113),
            Self::PluralityAgainstKey => (35, 58, 502),
            Self::KeyLeads => (9, 80, 1078),
            Self::KeyAgreed => (9, 101, 3637),
        }
    }

    /// Measured share of faulty items in the zone, and of wrong keys, with Wilson intervals at `level`.
    pub fn measured_rates(self, level: f64) -> Option<(Estimate, Estimate)> {
        let (key, other, sound) = self.measured_counts();
        let all = f64::from(key + other + sound);
        Some((wilson(f64::from(key + other), all, level)?, wilson(f64::from(key), all, level)?))
    }

    /// The zone of some votes; `None` where nobody answered or the key is unknown.
    pub fn of(votes: &Votes) -> Option<Self> {
        let key = votes.share(votes.key?);
        if votes.total() == 0 {
            return None;
        }
        let rival = votes.leading_wrong().map_or(0.0, |k| votes.share(k));
        Some(if rival >= 0.8 && key <= 0.1 {
            Self::OneAgainstKey
        } else if rival > key {
            Self::PluralityAgainstKey
        } else if key >= 0.9 {
            Self::KeyAgreed
        } else {
            Self::KeyLeads
        })
    }
}

/// The suspicion that fits the votes and evidence of an item best; `None` where nothing is suspicious.
///
/// In this order: unreadable answers, all right, all wrong without letters, another option ahead of the key,
/// two options that share the votes, unstable answers, spread votes, too easy for the weak.
pub fn kind_of(data: DataKind, votes: &Votes, evidence: &[Evidence]) -> Option<Kind> {
    let has = |name: &str| evidence.iter().any(|e| e.statistic == name && e.suspicious);
    let value = |name: &str| evidence.iter().find(|e| e.statistic == name).map(|e| e.value);
    if has("abstention") {
        return Some(if value("abstention")? >= 0.5 { Kind::GradingSuspect } else { Kind::ClaritySuspect });
    }
    let wrong = value("error_rate")?;
    if wrong <= 0.0 {
        return has("weak_surplus").then_some(Kind::LeakSuspect).or(Some(Kind::Saturated));
    }
    if data != DataKind::Letters {
        return match wrong {
            w if w >= 1.0 => Some(Kind::Dead),
            w if w > 0.5 => Some(Kind::KeySuspect),
            _ if has("instability") => Some(Kind::ClaritySuspect),
            _ if has("weak_surplus") => Some(Kind::LeakSuspect),
            _ => None,
        };
    }
    let zone = Zone::of(votes)?;
    let rival = votes.leading_wrong().map_or(0.0, |k| votes.share(k));
    match zone {
        Zone::OneAgainstKey => Some(Kind::KeySuspect),
        Zone::PluralityAgainstKey if rival >= 0.5 => Some(Kind::KeySuspect),
        Zone::PluralityAgainstKey => Some(Kind::Contested),
        Zone::KeyLeads if rival >= 0.3 && rival + votes.share(votes.key?) >= 0.8 => {
            Some(Kind::MultipleSuspect)
        }
        Zone::KeyLeads if has("entropy") => Some(Kind::Contested),
        _ if has("instability") => Some(Kind::ClaritySuspect),
        _ if has("weak_surplus") => Some(Kind::LeakSuspect),
        _ => None,
    }
}

/// The option that should be the key if the panel is right: the one that leads it, chosen by at least half
/// of the models. On MMLU-Redux it is the annotators' correction in 80 % of wrong keys.
pub fn suggested_option(votes: &Votes) -> Option<u8> {
    let rival = votes.leading_wrong()?;
    let key = votes.share(votes.key?);
    (votes.share(rival) > key && votes.share(rival) >= 0.5).then_some(rival)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(by_option: &[u32]) -> Votes {
        Votes { by_option: by_option.to_vec(), none: 0, by_third: Default::default(), key: Some(0) }
    }

    #[test]
    fn zones_by_hand() {
        assert_eq!(Zone::of(&of(&[1, 9, 0])), Some(Zone::OneAgainstKey));
        assert_eq!(Zone::of(&of(&[4, 6, 0])), Some(Zone::PluralityAgainstKey));
        assert_eq!(Zone::of(&of(&[5, 5, 0])), Some(Zone::KeyLeads));
        assert_eq!(Zone::of(&of(&[9, 1, 0])), Some(Zone::KeyAgreed));
        assert_eq!(Zone::of(&of(&[0, 0, 0])), None);
    }

    #[test]
    fn the_rates_of_the_zones_fall_and_keep_their_intervals() {
        let rates: Vec<f64> = Zone::ALL.iter().map(|z| z.measured_rates(0.95).unwrap().0.value).collect();
        assert!(rates.windows(2).all(|w| w[0] > w[1]));
        assert!((rates[0] - 78.0 / 191.0).abs() < 1e-12);
    }

    #[test]
    fn only_an_option_that_leads_is_suggested() {
        assert_eq!(suggested_option(&of(&[2, 8, 0])), Some(1));
        assert_eq!(suggested_option(&of(&[5, 5, 0])), None);
        assert_eq!(suggested_option(&of(&[3, 4, 3])), None);
    }

    #[test]
    fn kinds_by_hand() {
        let e = |wrong| vec![Evidence::above("error_rate", wrong, 0.8, 10)];
        assert_eq!(kind_of(DataKind::Letters, &of(&[0, 9, 1]), &e(1.0)), Some(Kind::KeySuspect));
        assert_eq!(kind_of(DataKind::Letters, &of(&[5, 4, 1]), &e(0.5)), Some(Kind::MultipleSuspect));
        assert_eq!(kind_of(DataKind::Letters, &of(&[10, 0, 0]), &e(0.0)), Some(Kind::Saturated));
        assert_eq!(kind_of(DataKind::Binary, &of(&[10, 0]), &e(1.0)), Some(Kind::Dead));
        assert_eq!(kind_of(DataKind::Letters, &of(&[9, 1, 0]), &e(0.1)), None);
    }
}
