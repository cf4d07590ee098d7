//! Which models could truly be the best? All that no other model beats beyond chance on the items both answered.

use super::paired::{PairedOptions, compare, mcnemar};
use crate::numeric::popcount::count_and;
use crate::numeric::special::normal_cdf;
use crate::response::{BitMatrix, ResponseMatrix};
use rayon::prelude::*;

/// For each respondent, whether it could be the best one on items of this kind; `None` without a score, and for
/// everybody where fewer than two have one.
///
/// ```text
/// j is ruled out  ⇔  some k with p_kj ≤ α / (J − 1)
/// ```
///
/// `p_kj` is the one-sided p value of `k` scoring higher than `j` on the items that both answered: McNemar's exact
/// test for 0/1 scores, else the normal test of the mean difference; `J` respondents with a score, `α = 1 − level`.
/// The truly best one is ruled out with probability at most `α`, whatever the dependence between respondents:
/// each of its `J − 1` comparisons errs with at most `α/(J − 1)`. The set is therefore never too small on
/// average, and with few items it is large. Items are taken as a sample from items like them.
///
/// # Reference
/// Comparisons with the best: Hsu 1984, doi:10.1214/aos/1176346806; sets of possible ranks from paired
/// differences: Mogstad, Romano, Shaikh & Wilhelm 2024, doi:10.1093/restud/rdad006. The correction is
/// Bonferroni's, which needs no resampling and is wider than theirs.
pub fn could_be_first(matrix: &ResponseMatrix, level: f64) -> Vec<Option<bool>> {
    let sign = if matrix.metric.higher_is_better { 1.0 } else { -1.0 };
    let totals = matrix.respondent_totals();
    let mut best_first: Vec<usize> = (0..totals.len()).filter(|&r| totals[r].1 > 0).collect();
    let score = |r: usize| sign * totals[r].0 / totals[r].1 as f64;
    best_first.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
    let mut found = vec![None; totals.len()];
    if best_first.len() < 2 {
        return found;
    }
    let threshold = (1.0 - level) / (best_first.len() - 1) as f64;
    let bits = matrix.binary().map(BitMatrix::transposed);
    let beats = |k: usize, j: usize| match &bits {
        Some(bits) => exact(bits, k, j, sign),
        None => normal(matrix, k, j, sign),
    };
    // A strong opponent rules most of the others out at once; those that answered other items may need all.
    let answers: Vec<(usize, bool)> = best_first
        .par_iter()
        .map(|&j| (j, !best_first.iter().any(|&k| k != j && beats(k, j) <= threshold)))
        .collect();
    for (j, could) in answers {
        found[j] = Some(could);
    }
    found
}

/// One-sided p value of `k` over `j` by McNemar's exact test.
fn exact(bits: &BitMatrix, k: usize, j: usize, sign: f64) -> f64 {
    let both = u64::from(count_and(bits.value_row(k), bits.value_row(j)));
    let only_k = u64::from(count_and(bits.value_row(k), bits.present_row(j))) - both;
    let only_j = u64::from(count_and(bits.value_row(j), bits.present_row(k))) - both;
    if sign * (only_k as f64 - only_j as f64) <= 0.0 { 1.0 } else { mcnemar(only_k, only_j).p_value / 2.0 }
}

/// One-sided p value of `k` over `j` by the normal approximation; 1 where it cannot be computed.
fn normal(matrix: &ResponseMatrix, k: usize, j: usize, sign: f64) -> f64 {
    let difference = compare(matrix, k, j, &PairedOptions::default()).ok().map(|c| c.difference);
    match difference.and_then(|d| Some((d.value, d.std_error?))) {
        Some((value, se)) if sign * value > 0.0 => normal_cdf(-(value / se).abs()),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model right on the first `right` of `n` items.
    fn model(right: usize, n: usize) -> Vec<Option<bool>> {
        (0..n).map(|i| Some(i < right)).collect()
    }

    #[test]
    fn few_items_rule_nobody_out() {
        // Four items that one has and the other has not: one-sided p = 1/16 > 0.05.
        let m = ResponseMatrix::from_rows(&[model(4, 4), model(0, 4)]);
        assert_eq!(could_be_first(&m, 0.95), [Some(true), Some(true)]);
        // Five: p = 1/32.
        let m = ResponseMatrix::from_rows(&[model(5, 5), model(0, 5)]);
        assert_eq!(could_be_first(&m, 0.95), [Some(true), Some(false)]);
    }

    #[test]
    fn more_rivals_need_stronger_evidence() {
        // 1/32 is not below 0.05 / 2.
        let m = ResponseMatrix::from_rows(&[model(5, 5), model(0, 5), model(0, 5)]);
        assert_eq!(could_be_first(&m, 0.95), [Some(true); 3]);
    }

    #[test]
    fn only_items_of_both_count() {
        let mut gaps = model(5, 10);
        gaps[..5].fill(None);
        // On the five items that both have, the second is wrong on all and so is the first.
        let m = ResponseMatrix::from_rows(&[model(5, 10), gaps]);
        assert_eq!(could_be_first(&m, 0.95), [Some(true), Some(true)]);
        let alone = ResponseMatrix::from_rows(&[model(5, 10), vec![None; 10]]);
        assert_eq!(could_be_first(&alone, 0.95), [None, None]);
    }
}
