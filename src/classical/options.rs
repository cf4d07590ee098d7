//! Who picks which option? Option counts by ability third.

use super::rest::{RestScores, tie_key};
use crate::numeric::correlation::pearson;
use crate::response::{NO_OPTION, ResponseMatrix};
use serde::Serialize;

/// How often one option of an item was chosen, by ability third of the respondents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptionShare {
    /// The option, from 0; `None` is "no option": an abstention, a refusal or an answer that was not read.
    pub option: Option<u8>,
    /// Whether it is the key.
    pub is_key: bool,
    /// Choices by the weakest, middle and strongest third.
    pub thirds: [usize; 3],
    /// Attempts on the item by the thirds, whatever was chosen.
    pub attempts: [usize; 3],
    /// Correlation of choosing it with the rest score: a distractor above 0 draws the better respondents.
    pub rest_correlation: Option<f64>,
}

impl OptionShare {
    /// Choices in all.
    pub fn n_chosen(&self) -> usize {
        self.thirds.iter().sum()
    }

    /// Share of all attempts.
    pub fn share(&self) -> Option<f64> {
        let attempts: usize = self.attempts.iter().sum();
        (attempts > 0).then(|| self.n_chosen() as f64 / attempts as f64)
    }

    /// Share within a third, 0 the weakest; `None` if nobody there tried.
    pub fn share_in(&self, third: usize) -> Option<f64> {
        (self.attempts[third] > 0).then(|| self.thirds[third] as f64 / self.attempts[third] as f64)
    }
}

/// The ability third of each respondent by overall standing: 0 weakest, 2 strongest; `None` without answers.
///
/// Ties are parted by name, so that thirds do not depend on the order of the respondents.
pub fn ability_thirds(matrix: &ResponseMatrix, rest: &RestScores) -> Vec<Option<u8>> {
    let standing = rest.standing();
    let mut order: Vec<usize> = (0..standing.len()).filter(|&r| standing[r].is_some()).collect();
    order.sort_by(|&a, &b| {
        let key = |r: usize| standing[r].map(tie_key);
        key(a).cmp(&key(b)).then_with(|| matrix.respondents()[a].cmp(&matrix.respondents()[b]))
    });
    let mut thirds = vec![None; standing.len()];
    for (place, &r) in order.iter().enumerate() {
        thirds[r] = Some((place * 3 / order.len()) as u8);
    }
    thirds
}

/// The options of an item with their counts; `None` where the dump knows no options for it.
///
/// An attempt is a cell with a score or a chosen option. The last entry counts attempts without an option.
pub fn option_shares(
    matrix: &ResponseMatrix,
    item: usize,
    rest: &RestScores,
    thirds: &[Option<u8>],
) -> Option<Vec<OptionShare>> {
    let planes = matrix.options()?;
    let key = planes.item_gold(item);
    let n_options = planes.n_options[item];
    let mut attempts = [0; 3];
    let mut tried: Vec<(usize, u8, f64)> = Vec::new();
    let mut counts = vec![[0usize; 3]; n_options as usize + 1];
    for (r, third) in thirds.iter().enumerate() {
        let chosen = planes.chosen[[item, r]];
        let score = matrix.score(item, r);
        let (Some(third), true) = (third, score.is_some() || chosen != NO_OPTION) else { continue };
        // An option past the listed ones cannot be counted under its own name; it is an unread answer.
        let place = if chosen < n_options { chosen } else { n_options };
        attempts[*third as usize] += 1;
        counts[place as usize][*third as usize] += 1;
        if let Some(t) = score.and_then(|x| rest.rest(item, r, x)) {
            tried.push((r, place, t));
        }
    }
    if tried.iter().all(|t| t.1 == n_options) && counts[..n_options as usize].iter().all(|c| *c == [0; 3]) {
        return None;
    }
    let rests: Vec<f64> = tried.iter().map(|t| t.2).collect();
    Some(
        counts
            .iter()
            .enumerate()
            .map(|(place, &counted)| {
                let chose: Vec<f64> =
                    tried.iter().map(|t| if t.1 as usize == place { 1.0 } else { 0.0 }).collect();
                let option = (place < n_options as usize).then_some(place as u8);
                OptionShare {
                    option,
                    is_key: option.is_some() && option == key,
                    thirds: counted,
                    attempts,
                    rest_correlation: if chose.len() >= 3 { pearson(&chose, &rests) } else { None },
                }
            })
            .collect(),
    )
}
