//! Of many tests, which findings can be believed together? The share of false ones among them held down.

/// Adjusts p-values for the number of tests, so that those at or below `q` have an expected share of at most `q`
/// false findings among them; tests that could not run stay without a value and do not count.
///
/// ```text
/// q₍ᵢ₎ = min over j ≥ i of (m p₍ⱼ₎ / j),   p₍₁₎ ≤ … ≤ p₍ₘ₎
/// ```
///
/// # Reference
/// Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
pub fn adjusted(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> =
        p.iter().enumerate().filter_map(|(k, p)| Some((k, p.filter(|p| p.is_finite())?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let tests = order.len() as f64;
    let mut out = vec![None; p.len()];
    let mut least = 1.0f64;
    for (rank, (k, p)) in order.iter().enumerate().rev() {
        least = least.min(tests * p / (rank + 1) as f64);
        out[*k] = Some(least);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 1 of the paper: of 15 p-values the four smallest are found at a rate of 5 %.
    #[test]
    fn the_papers_example_finds_four() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let q = adjusted(&p.map(Some));
        assert_eq!(q.iter().filter(|q| q.is_some_and(|q| q <= 0.05)).count(), 4);
        assert!((q[3].unwrap() - 15.0 * 0.0095 / 4.0).abs() < 1e-12);
        assert_eq!(adjusted(&[None, Some(0.5)]), [None, Some(0.5)]);
    }
}
