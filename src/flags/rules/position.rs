//! Are the keys spread evenly over the positions? If not, a model may gain by its habits.

use crate::response::Item;
use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::collections::BTreeMap;

/// Fewest keys for a test of their positions.
pub const MIN_KEYS: usize = 50;

/// How the keys of the items with one number of options are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionBalance {
    /// Number of options of these items.
    pub n_options: usize,
    /// Keys at each position.
    pub counts: Vec<usize>,
    /// Pearson's statistic against equal shares.
    pub chi_squared: f64,
    /// Its p-value, `n_options − 1` degrees of freedom.
    pub p_value: f64,
}

/// The spread of keys over positions, for each number of options that fifty items or more have.
///
/// ```text
/// χ² = Σ_k (n_k − n/K)² / (n/K)
/// ```
///
/// It says something of the benchmark, not of an item.
pub fn position_balance(items: &[Item]) -> Vec<PositionBalance> {
    let mut by_options: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for item in items {
        if let (Some(n), Some(gold)) = (item.n_options(), item.gold)
            && usize::from(gold) < n
        {
            by_options.entry(n).or_insert_with(|| vec![0; n])[usize::from(gold)] += 1;
        }
    }
    by_options
        .into_iter()
        .filter(|(k, counts)| *k >= 2 && counts.iter().sum::<usize>() >= MIN_KEYS)
        .filter_map(|(n_options, counts)| {
            let expected = counts.iter().sum::<usize>() as f64 / n_options as f64;
            let chi_squared = counts.iter().map(|n| (*n as f64 - expected).powi(2) / expected).sum();
            let p_value = 1.0 - ChiSquared::new(n_options as f64 - 1.0).ok()?.cdf(chi_squared);
            Some(PositionBalance { n_options, counts, chi_squared, p_value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `chisq.test(c(40, 20, 20, 20))`: 12, p .007383.
    #[test]
    fn agrees_with_r() {
        let items: Vec<Item> = (0..100)
            .map(|i| Item {
                options: Some(vec![String::new(); 4].into()),
                gold: Some(if i < 40 { 0 } else { 1 + (i % 3) as u16 }),
                ..Item::new("b", None, "i")
            })
            .collect();
        let b = &position_balance(&items)[0];
        assert_eq!(b.counts, vec![40, 20, 20, 20]);
        assert!((b.chi_squared - 12.0).abs() < 1e-12);
        assert!((b.p_value - 0.007_383).abs() < 1e-5);
    }
}
