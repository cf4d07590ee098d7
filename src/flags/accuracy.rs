//! How many get it wrong? The error rate, and items on which all models agree.

use super::evidence::Evidence;
use super::panel::Panel;

/// From this error rate on an item is worth a look by its difficulty alone.
pub const SUSPICIOUS_ERROR_RATE: f64 = 0.8;

/// One minus the mean score of each item; `None` where nobody answered.
///
/// An item that nobody gets right has the rate 1 and comes first: correlations are not defined for it, and
/// of 170 such items of MMLU-Redux 46 % were annotated as faulty.
pub fn error_rate(panel: &Panel) -> Vec<Option<Evidence>> {
    panel
        .item_means()
        .into_iter()
        .map(|mean| mean.map(|(p, n)| Evidence::above("error_rate", 1.0 - p, SUSPICIOUS_ERROR_RATE, n)))
        .collect()
}

/// Whether nobody gets any credit for an item.
pub fn is_dead(error_rate: f64) -> bool {
    error_rate >= 1.0
}

/// Whether everybody gets full credit for an item.
pub fn is_saturated(error_rate: f64) -> bool {
    error_rate <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn all_wrong_and_all_right_are_the_ends() {
        let mut panel = lettered("AAA", &["AAA", "BBB", "AAB"], 2);
        panel.right[[2, 0]] = f32::NAN;
        let e = error_rate(&panel);
        let value = |i: usize| e[i].as_ref().map(|e| (e.value, e.n_models));
        assert_eq!(value(0), Some((0.0, 3)));
        assert!(is_saturated(0.0) && is_dead(value(1).unwrap().0));
        assert_eq!(value(2), Some((0.5, 2)), "the missing answer is not wrong");
    }
}
