//! How many independent witnesses is a panel worth? Models that err together count once.

use super::panel::Panel;

/// The number of independent models that a panel is worth; `None` where no two models vary together.
///
/// ```text
/// J_eff = J / (1 + (J − 1) ρ̄)
/// ```
///
/// ρ̄ is the mean correlation of scores between models over all items, which is
/// `(Var(Σ_j z_j) / J − 1) / (J − 1)` for standardised scores `z_j`; missing scores stand at the mean.
///
/// # Reference
/// Kish 1965, *Survey Sampling*, section 5.4 (design effect).
pub fn effective_models(panel: &Panel) -> Option<f64> {
    let (items, models) = panel.right.dim();
    let mut sums = vec![0.0f64; items];
    let mut varying = 0.0;
    for j in 0..models {
        let present: Vec<f64> =
            panel.right.column(j).iter().filter(|v| !v.is_nan()).map(|v| f64::from(*v)).collect();
        let n = present.len() as f64;
        let mean = present.iter().sum::<f64>() / n;
        // Standardised over all items, with missing ones at the mean: z has variance 1 over the benchmark.
        let square = present.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / items as f64;
        if n < 2.0 || square <= 0.0 {
            continue;
        }
        varying += 1.0;
        for (sum, v) in sums.iter_mut().zip(panel.right.column(j)) {
            if !v.is_nan() {
                *sum += (f64::from(*v) - mean) / square.sqrt();
            }
        }
    }
    if varying < 2.0 {
        return None;
    }
    let variance = sums.iter().map(|s| s * s).sum::<f64>() / items as f64;
    // Var(Σ z)/J = 1 + (J − 1) ρ̄, so J_eff needs no ρ̄ of its own.
    Some((varying / (variance / varying)).clamp(1.0, varying))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn copies_of_one_model_are_worth_one() {
        let panel = lettered("AAAA", &["AAA", "BBB", "AAA", "BBB"], 2);
        assert!((effective_models(&panel).unwrap() - 1.0).abs() < 1e-6);
        let independent = lettered("AAAA", &["AA", "AB", "BA", "BB"], 2);
        assert!((effective_models(&independent).unwrap() - 2.0).abs() < 1e-6);
    }
}
