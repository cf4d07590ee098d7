//! Could the answers be read? A share of unreadable answers points at the grader or the prompt.

use super::evidence::{Evidence, Votes};
use crate::numeric::special::normal_quantile;

/// A share of unreadable answers below this is never suspicious.
pub const MIN_SHARE: f64 = 0.2;

/// Share of the models whose answer to an item names no option, against what the benchmark as a whole leads
/// one to expect.
///
/// ```text
/// threshold = max(.2, q + z_.999 √(q (1 − q) / n))      q: share over all items
/// ```
pub fn abstention(votes: &Votes, overall: f64) -> Option<Evidence> {
    let n = votes.total();
    if n == 0 {
        return None;
    }
    let spread = (overall * (1.0 - overall) / f64::from(n)).sqrt();
    let threshold = (overall + normal_quantile(0.999) * spread).max(MIN_SHARE);
    Some(Evidence::above("abstention", f64::from(votes.none) / f64::from(n), threshold, n as usize))
}

/// Share of unreadable answers over all items.
pub fn overall_share(votes: &[Votes]) -> f64 {
    let (none, all) = votes
        .iter()
        .fold((0u64, 0u64), |(none, all), v| (none + u64::from(v.none), all + u64::from(v.total())));
    if all == 0 { 0.0 } else { none as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_in_a_benchmark_is_not_suspicious() {
        let of =
            |read, none| Votes { by_option: vec![read, 0], none, by_third: Default::default(), key: None };
        let usual: Vec<Votes> = (0..9).map(|_| of(10, 0)).chain([of(5, 5)]).collect();
        let q = overall_share(&usual);
        assert!((q - 0.05).abs() < 1e-12);
        assert!(abstention(&usual[9], q).unwrap().suspicious);
        assert!(!abstention(&usual[9], 0.4).unwrap().suspicious);
        assert_eq!(abstention(&of(0, 0), q), None);
    }
}
