//! Do the models agree at all? Entropy of the votes and the gap between the two leading options.

use super::evidence::{Evidence, Votes};

/// From this share of the largest possible entropy on, votes count as spread.
pub const SUSPICIOUS_ENTROPY: f64 = 0.5;
/// Below this gap between the two leading options, votes count as split.
pub const SUSPICIOUS_GAP: f64 = 0.2;

/// Entropy of the votes over the options as a share of its maximum; `None` with fewer than two options or
/// votes.
///
/// ```text
/// H = −Σ_k f_k ln f_k / ln K
/// ```
///
/// Models at chance have a high entropy too: it shows disagreement, not its cause.
pub fn entropy(votes: &Votes) -> Option<Evidence> {
    let total: u32 = votes.by_option.iter().sum();
    if total < 2 || votes.by_option.len() < 2 {
        return None;
    }
    let sum: f64 = votes
        .by_option
        .iter()
        .filter(|n| **n > 0)
        .map(|n| f64::from(*n) / f64::from(total))
        .map(|f| -f * f.ln())
        .sum();
    let share = sum / (votes.by_option.len() as f64).ln();
    Some(Evidence::above("entropy", share, SUSPICIOUS_ENTROPY, total as usize))
}

/// Share of the leading option minus that of the second; `None` with fewer than two options or votes.
pub fn gap(votes: &Votes) -> Option<Evidence> {
    let total: u32 = votes.by_option.iter().sum();
    if total < 2 || votes.by_option.len() < 2 {
        return None;
    }
    let mut sorted = votes.by_option.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let gap = f64::from(sorted[0] - sorted[1]) / f64::from(total);
    Some(Evidence::below("vote_gap", gap, SUSPICIOUS_GAP, total as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(by_option: &[u32]) -> Votes {
        Votes { by_option: by_option.to_vec(), none: 0, by_third: Default::default(), key: Some(0) }
    }

    #[test]
    fn by_hand() {
        assert!((entropy(&of(&[5, 5, 0, 0])).unwrap().value - 0.5).abs() < 1e-12);
        assert_eq!(entropy(&of(&[10, 0, 0, 0])).unwrap().value, 0.0);
        assert_eq!(entropy(&of(&[1, 0])), None);
        assert!((gap(&of(&[6, 3, 1])).unwrap().value - 0.3).abs() < 1e-12);
        assert!(gap(&of(&[5, 5])).unwrap().suspicious);
    }
}
