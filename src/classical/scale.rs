//! How good is a set of items as a scale? Reliability and shares of a benchmark or subject.

use super::ClassicalOptions;
use super::item::ItemStatistics;
use super::pairs::Pairs;
use super::reliability::{
    CovarianceSums, ReliabilityError, feldt_estimate, kr20, standard_error_of_measurement,
};
use super::split_half::{SplitHalf, split_half};
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, std_dev, variance};
use crate::response::{Cells, ResponseMatrix};
use rayon::prelude::*;
use serde::Serialize;

/// The reliability of a set of items. What could not be computed is `None`, and a note says why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Respondents with a score on any item.
    pub n_respondents: usize,
    /// Items.
    pub n_items: usize,
    /// Mean over respondents of their mean score.
    pub mean_score: Option<f64>,
    /// Standard deviation over respondents of their mean score, divisor n − 1.
    pub sd_score: Option<f64>,
    /// Kuder–Richardson 20, for 0/1 scores without gaps; it equals alpha.
    pub kr20: Option<f64>,
    /// Cronbach's alpha with Feldt's interval.
    pub alpha: Option<Estimate>,
    /// Guttman's λ₂.
    pub lambda2: Option<f64>,
    /// Reliability from random halves.
    pub split_half: Option<SplitHalf>,
    /// Standard error of measurement of a mean score, from alpha.
    pub standard_error_of_measurement: Option<f64>,
    /// Loevinger's H of the scale.
    pub scalability: Option<f64>,
    /// Share of the answered items on which nobody scored.
    pub share_floor: Option<f64>,
    /// Share of the answered items on which everybody had the highest score.
    pub share_ceiling: Option<f64>,
    /// Share of the items with an item–rest correlation in which it is below 0.
    pub share_negative: Option<f64>,
    /// Share of the same items in which its whole interval is below 0.
    pub share_clearly_negative: Option<f64>,
    /// Effective number of distinct respondents.
    pub effective_respondents: f64,
    /// Why something is missing or to be read with care.
    pub notes: Vec<String>,
}

/// The reliability of `matrix`, whose items are those at `at` among `items`.
pub fn reliability(
    matrix: &ResponseMatrix,
    at: &[usize],
    items: &[ItemStatistics],
    pairs: Option<&Pairs>,
    effective_respondents: f64,
    options: &ClassicalOptions,
) -> Reliability {
    let mut notes = Vec::new();
    let totals = matrix.respondent_totals();
    let means: Vec<f64> = totals.iter().filter(|t| t.1 > 0).map(|t| t.0 / t.1 as f64).collect();
    let sd_score = std_dev(&means, 1);

    let sums = covariance_sums(matrix, pairs);
    let complete = matrix.n_present() == (matrix.n_items() * matrix.n_respondents()) as u64;
    let alpha = match sums.as_ref().map_err(Clone::clone).and_then(|s| Ok((s, s.alpha()?))) {
        Ok((s, alpha)) => {
            if !complete {
                notes.push(format!(
                    "{:.1} % of the responses are missing: alpha is from the covariances of the pairs that were \
                     answered together",
                    100.0 * (1.0 - matrix.density())
                ));
            }
            Some(feldt_estimate(alpha, s.n_respondents, s.n_items, options.level))
        }
        Err(error) => {
            notes.push(format!("no alpha: {error}"));
            None
        }
    };
    let splits = match matrix.cells() {
        Cells::Binary(_) => options.splits,
        _ => {
            let cells = (matrix.n_items() * matrix.n_respondents()).max(1) as u64;
            options.splits.min(((options.work / 4 / cells) as usize).max(50))
        }
    };
    let split_half = match split_half(matrix, splits, options.seed, options.level) {
        Ok(found) => Some(found),
        Err(error) => {
            notes.push(format!("no split half: {error}"));
            None
        }
    };
    let here: Vec<&ItemStatistics> = at.iter().map(|&i| &items[i]).collect();
    let share = |of: usize, n: usize| (n > 0).then(|| of as f64 / n as f64);
    let answered = here.iter().filter(|i| i.n_responses > 0).count();
    let correlated: Vec<f64> = here.iter().filter_map(|i| i.item_rest.map(|e| e.value)).collect();
    let clearly =
        here.iter().filter(|i| i.item_rest.and_then(|e| e.high()).is_some_and(|high| high < 0.0)).count();
    let scalability = pairs.filter(|p| p.has_scalability).and_then(|p| {
        let (c, max) = p.sums.iter().fold((0.0, 0.0), |(c, m), s| (c + s.covariance, m + s.covariance_max));
        (max > 0.0).then(|| c / max)
    });
    Reliability {
        n_respondents: means.len(),
        n_items: matrix.n_items(),
        mean_score: mean(&means),
        sd_score,
        kr20: kr20(matrix).ok(),
        standard_error_of_measurement: sd_score
            .zip(alpha)
            .and_then(|(sd, a)| standard_error_of_measurement(sd, a.value)),
        alpha,
        lambda2: sums.ok().and_then(|s| s.lambda2().ok().flatten()),
        split_half,
        scalability,
        share_floor: share(here.iter().filter(|i| i.at_floor).count(), answered),
        share_ceiling: share(here.iter().filter(|i| i.at_ceiling).count(), answered),
        share_negative: share(correlated.iter().filter(|r| **r < 0.0).count(), correlated.len()),
        share_clearly_negative: share(clearly, correlated.len()),
        effective_respondents,
        notes,
    }
}

/// The sums behind alpha: from totals where nothing is missing, else from pairs of items.
///
/// Items with fewer than two responses have no variance of their own and are left out. With gaps, the number
/// of respondents is the mean number of responses to an item, rounded down: what the covariances rest on.
pub fn covariance_sums(
    matrix: &ResponseMatrix,
    pairs: Option<&Pairs>,
) -> Result<CovarianceSums, ReliabilityError> {
    let variances = item_variances(matrix);
    let used: Vec<usize> = (0..variances.len()).filter(|&i| variances[i].is_some()).collect();
    let item_variances: f64 = variances.iter().flatten().sum();
    let totals = matrix.respondent_totals();
    let squared = |p: &Pairs| p.sums.iter().map(|s| s.covariance_squared).sum();
    if totals.iter().all(|t| t.1 == matrix.n_items()) {
        let totals: Vec<f64> = totals.into_iter().map(|t| t.0).collect();
        return Ok(CovarianceSums {
            n_items: if totals.len() < 2 { matrix.n_items() } else { used.len() },
            n_respondents: totals.len(),
            item_variances,
            total_variance: variance(&totals, 1).unwrap_or(0.0),
            squared_covariances: pairs.map(squared),
        });
    }
    let present: usize = matrix.item_totals().iter().map(|t| t.1).sum();
    let n_respondents = present / matrix.item_totals().iter().filter(|t| t.1 > 0).count().max(1);
    if used.len() < 2 {
        return Err(ReliabilityError::TooFewItems { n_items: used.len() });
    }
    let Some(pairs) = pairs else {
        return Err(ReliabilityError::TooMuchWork { n_items: matrix.n_items() });
    };
    // Pairs with an item that is left out anyway are unshared by necessity.
    let left_out = (variances.len() - used.len()) as u64;
    let unshared: u64 = used.iter().map(|&i| pairs.sums[i].n_unshared as u64).sum();
    let n_pairs = unshared.saturating_sub(left_out * used.len() as u64) / 2;
    if n_pairs > 0 {
        return Err(ReliabilityError::UnknownCovariances { n_pairs });
    }
    let off: f64 = used.iter().map(|&i| pairs.sums[i].covariance).sum();
    Ok(CovarianceSums {
        n_items: used.len(),
        n_respondents,
        item_variances,
        total_variance: item_variances + off,
        squared_covariances: Some(squared(pairs)),
    })
}

/// The variance of each item with divisor n − 1; `None` below two responses.
fn item_variances(matrix: &ResponseMatrix) -> Vec<Option<f64>> {
    match matrix.binary() {
        Some(bits) => (0..bits.rows())
            .map(|i| {
                let (ones, n) = bits.row_counts(i);
                let (ones, n) = (ones as f64, n as f64);
                (n >= 2.0).then(|| ones * (n - ones) / (n * (n - 1.0)))
            })
            .collect(),
        None => (0..matrix.n_items())
            .into_par_iter()
            .map(|i| variance(&matrix.item_row(i).into_iter().filter(|x| !x.is_nan()).collect::<Vec<_>>(), 1))
            .collect(),
    }
}

/// Fills in the alpha that the benchmark would have without each item.
pub fn alpha_without(matrix: &ResponseMatrix, pairs: Option<&Pairs>, items: &mut [ItemStatistics]) {
    let (Some(pairs), Ok(whole)) = (pairs, covariance_sums(matrix, pairs)) else { return };
    let variances = item_variances(matrix);
    for ((item, pair), own) in items.iter_mut().zip(&pairs.sums).zip(variances) {
        let Some(own) = own else { continue };
        let without = CovarianceSums {
            n_items: whole.n_items - 1,
            item_variances: whole.item_variances - own,
            total_variance: whole.total_variance - own - 2.0 * pair.covariance,
            ..whole
        };
        item.alpha_without = without.alpha().ok();
    }
}
