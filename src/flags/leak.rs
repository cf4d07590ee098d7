//! Do weak models know what they should not? Their accuracy against what the strong ones predict.

use super::evidence::Evidence;
use super::panel::Panel;
use crate::numeric::special::{logistic, logit};

/// Fewest models for a third of them to be compared with the rest.
pub const MIN_MODELS: usize = 15;
/// Deviations from which an item counts as too easy for the weak.
pub const SUSPICIOUS_Z: f64 = 4.0;
/// Abilities are kept inside these bounds before they become logits.
const BOUNDS: (f64, f64) = (0.01, 0.99);

/// How much better the weakest third does on each item than the other two thirds lead one to expect, in
/// standard deviations; `None` with fewer than 15 models or where the stronger all agree.
///
/// ```text
/// b_i:  Σ_{strong} σ(θ_j − b_i) = Σ_{strong} y_ji          θ_j = logit of overall accuracy
/// z_i = Σ_{weak} (y_ji − σ(θ_j − b_i)) / √Σ_{weak} σ (1 − σ)
/// ```
///
/// A large value is a suspicion of leakage or of a cue in the text. It is no sign that the item is faulty and
/// does not enter the ranking.
///
/// # Reference
/// Rasch 1960; the residual of a group as in Linacre 2002, *Rasch Measurement Transactions* 16, 878.
pub fn weak_surplus(panel: &Panel) -> Vec<Option<Evidence>> {
    let order = panel.by_ability();
    if order.len() < MIN_MODELS {
        return vec![None; panel.n_items()];
    }
    let theta: Vec<f64> = panel.abilities().into_iter().map(|a| logit(a.clamp(BOUNDS.0, BOUNDS.1))).collect();
    let (strong, weak) = order.split_at(order.len() - order.len() / 3);
    (0..panel.n_items()).map(|item| surplus(panel, &theta, strong, weak, item)).collect()
}

fn surplus(panel: &Panel, theta: &[f64], strong: &[usize], weak: &[usize], item: usize) -> Option<Evidence> {
    let present = |models: &[usize]| -> Vec<(f64, f64)> {
        models
            .iter()
            .filter(|j| panel.answered(item, **j))
            .map(|&j| (theta[j], f64::from(panel.right[[item, j]])))
            .collect()
    };
    let (strong, weak) = (present(strong), present(weak));
    let b = difficulty(&strong)?;
    let (mut surplus, mut variance) = (0.0, 0.0);
    for &(theta, y) in &weak {
        let p = logistic(theta - b);
        surplus += y - p;
        variance += p * (1.0 - p);
    }
    (variance > 0.0)
        .then(|| Evidence::above("weak_surplus", surplus / variance.sqrt(), SUSPICIOUS_Z, weak.len()))
}

/// The difficulty at which the expected number right meets the observed one, by bisection.
fn difficulty(answers: &[(f64, f64)]) -> Option<f64> {
    let total: f64 = answers.iter().map(|a| a.1).sum();
    if answers.is_empty() || total <= 0.0 || total >= answers.len() as f64 {
        return None;
    }
    let (mut low, mut high) = (-20.0, 20.0);
    for _ in 0..60 {
        let b = (low + high) / 2.0;
        let expected: f64 = answers.iter().map(|a| logistic(a.0 - b)).sum();
        if expected > total { low = b } else { high = b }
    }
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difficulty_meets_the_observed_number() {
        let b = difficulty(&[(0.0, 1.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]).unwrap();
        assert!((logistic(-b) - 0.25).abs() < 1e-9);
        assert_eq!(difficulty(&[(0.0, 1.0)]), None);
    }

    #[test]
    fn weak_models_that_know_a_hard_item_stand_out() {
        // 30 models of rising ability; item 0 is solved by the weak alone, the others by ability.
        let answers: Vec<String> = (0..31)
            .map(|i| {
                (0..30)
                    .map(|j| match i {
                        0 if j < 10 || j == 29 => 'A',
                        0 => 'B',
                        _ if j >= i => 'A',
                        _ => 'B',
                    })
                    .collect()
            })
            .collect();
        let rows: Vec<&str> = answers.iter().map(String::as_str).collect();
        let panel = crate::flags::margin::tests::lettered(&"A".repeat(31), &rows, 2);
        let z = weak_surplus(&panel);
        let first = z[0].as_ref().unwrap();
        assert!(first.suspicious, "{first:?}");
        assert!(z[1..].iter().flatten().all(|e| !e.suspicious));
    }
}
