//! What can be said of one item? Difficulty, discrimination and options, from one row of scores.

use super::discrimination::{
    DiscriminationSign, biserial, item_rest, mean_with_t_interval, share_right, upper_lower,
};
use super::options::{OptionShare, ability_thirds, option_shares};
use super::pairs::Pairs;
use super::rest::RestScores;
use super::{ClassicalOptions, ScoreRange};
use crate::numeric::Estimate;
use crate::response::{Cells, ItemId, ResponseMatrix};
use rayon::prelude::*;
use serde::Serialize;

/// What classical test theory says of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemStatistics {
    /// The item.
    pub item: ItemId,
    /// Its subject.
    pub subject: Option<String>,
    /// Respondents with a score on it.
    pub n_responses: usize,
    /// Mean score: the proportion correct, so a *high* value is an *easy* item. Wilson's interval for 0/1
    /// scores, Student's for others.
    pub difficulty: Option<Estimate>,
    /// Corrected item–rest correlation.
    pub item_rest: Option<Estimate>,
    /// Biserial correlation with the rest score, for 0/1 scores.
    pub biserial: Option<Estimate>,
    /// Upper–lower difference of the extreme groups.
    pub upper_lower: Option<Estimate>,
    /// What the interval of the item–rest correlation says about its sign.
    pub sign: DiscriminationSign,
    /// Loevinger's H_i.
    pub scalability: Option<f64>,
    /// Mean tetrachoric correlation with the other items that vary.
    pub mean_tetrachoric: Option<f64>,
    /// Mean of sign(φ) φ² with the other items that vary.
    pub signed_phi_squared: Option<f64>,
    /// Cronbach's alpha of the benchmark without the item.
    pub alpha_without: Option<f64>,
    /// Nobody scored above the lowest score.
    pub at_floor: bool,
    /// Nobody scored below the highest score.
    pub at_ceiling: bool,
    /// Option counts by ability third, where options are known.
    pub options: Option<Vec<OptionShare>>,
}

/// The statistics of every item, in the order of the matrix.
pub fn item_statistics(
    matrix: &ResponseMatrix,
    pairs: Option<&Pairs>,
    range: &ScoreRange,
    options: &ClassicalOptions,
) -> Vec<ItemStatistics> {
    let rest = RestScores::new(matrix);
    let thirds = ability_thirds(matrix, &rest);
    (0..matrix.n_items())
        .into_par_iter()
        .map(|i| {
            let row = matrix.item_row(i);
            let scores: Vec<f64> = row.iter().copied().filter(|x| !x.is_nan()).collect();
            let (x, t): (Vec<f64>, Vec<f64>) = row
                .iter()
                .enumerate()
                .filter(|(_, x)| !x.is_nan())
                .filter_map(|(r, &x)| rest.rest(i, r, x).map(|t| (x, t)))
                .unzip();
            let binary = matrix.binary().is_some();
            let item_rest = item_rest(&x, &t, options.level);
            let sums = pairs.map(|p| &p.sums[i]);
            ItemStatistics {
                item: matrix.items()[i].clone(),
                subject: matrix.subject_name(i).map(str::to_owned),
                n_responses: scores.len(),
                difficulty: difficulty(matrix, &scores, options.level),
                biserial: if binary { biserial(&x, &t, options.level) } else { None },
                upper_lower: upper_lower(&x, &t, options.tail_share, binary, options.level),
                sign: DiscriminationSign::of(item_rest.as_ref()),
                item_rest,
                scalability: (pairs.filter(|p| p.has_scalability)).and(sums).and_then(|s| s.scalability()),
                mean_tetrachoric: (pairs.filter(|p| p.has_tetrachoric))
                    .and(sums)
                    .and_then(|s| s.mean_tetrachoric()),
                signed_phi_squared: sums.and_then(|s| s.mean_signed_phi_squared()),
                alpha_without: None,
                at_floor: !scores.is_empty() && scores.iter().all(|x| *x <= range.low),
                at_ceiling: !scores.is_empty() && scores.iter().all(|x| *x >= range.high),
                options: option_shares(matrix, i, &rest, &thirds),
            }
        })
        .collect()
}

/// Mean score with the interval that fits the kind of score.
fn difficulty(matrix: &ResponseMatrix, scores: &[f64], level: f64) -> Option<Estimate> {
    match matrix.cells() {
        Cells::Binary(_) => share_right(scores, level),
        Cells::Counts(_) => {
            let estimate = mean_with_t_interval(scores, level)?;
            match estimate.interval {
                // A share of attempts cannot leave [0, 1].
                Some(mut i) => {
                    i.low = i.low.max(0.0);
                    i.high = i.high.min(1.0);
                    Some(Estimate { interval: Some(i), ..estimate })
                }
                // All respondents alike at an end: as one attempt each, which is the cautious reading.
                None if estimate.value == 0.0 || estimate.value == 1.0 => share_right(scores, level),
                None => Some(estimate),
            }
        }
        _ => mean_with_t_interval(scores, level),
    }
}
