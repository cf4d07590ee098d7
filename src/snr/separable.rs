//! Which pairs of models does a benchmark tell apart? Distances in units of the noise.

use crate::numeric::special::{normal_cdf, student_t_quantile};
use serde::Serialize;

/// What is known of the pairs of a set of models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Separability {
    /// Share of pairs whose means differ significantly, 5 % two-sided each.
    pub share_separable: f64,
    /// Median over pairs of the distance over the noise of one score, `|x̄ − ȳ| / σ`.
    pub discriminability: f64,
    /// Mean over pairs of the probability that one score each puts them in the order of their means.
    pub order_probability: f64,
}

/// Compares every pair of models by their mean over checkpoints.
///
/// ```text
/// separable: |x̄ − ȳ| > t_{.975, df} √(σ² (1/n_x + 1/n_y) + 2 σ²_extra)
/// d' = |x̄ − ȳ| / √(σ² + σ²_extra)      P(order) = Φ(d' / √2)
/// ```
///
/// `means` are mean and number of scores of each model, `noise` the standard deviation `σ` of one score with `df`
/// degrees of freedom, `extra` a standard deviation that more scores do not reduce (items). `None` below two models or
/// without noise.
pub fn separability(
    means: &[(f64, usize)],
    noise: f64,
    df: f64,
    extra: f64,
    level: f64,
) -> Option<Separability> {
    let one = noise.hypot(extra);
    if means.len() < 2 || one <= 0.0 || one.is_nan() {
        return None;
    }
    let quantile = student_t_quantile(0.5 + level / 2.0, df.max(1.0));
    let mut distances = Vec::with_capacity(means.len() * (means.len() - 1) / 2);
    let (mut separable, mut order) = (0usize, 0.0);
    for (i, (x, n_x)) in means.iter().enumerate() {
        for (y, n_y) in &means[i + 1..] {
            let distance = (x - y).abs();
            let variance = noise * noise * (1.0 / *n_x as f64 + 1.0 / *n_y as f64) + 2.0 * extra * extra;
            separable += usize::from(distance > quantile * variance.sqrt());
            order += normal_cdf(distance / one / std::f64::consts::SQRT_2);
            distances.push(distance / one);
        }
    }
    let n = distances.len() as f64;
    Some(Separability {
        share_separable: separable as f64 / n,
        discriminability: crate::numeric::describe::median(&distances)?,
        order_probability: order / n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let means = [(0.0, 4), (1.0, 4), (10.0, 4)];
        let s = separability(&means, 1.0, 1e6, 0.0, 0.95).unwrap();
        // Distances 1, 9, 10 against 1.96 √.5 = 1.386.
        assert!((s.share_separable - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(s.discriminability, 9.0);
        assert!(separability(&means, 0.0, 5.0, 0.0, 0.95).is_none());
        let noisy = separability(&means, 1.0, 1e6, 10.0, 0.95).unwrap();
        assert_eq!(noisy.share_separable, 0.0);
    }
}
