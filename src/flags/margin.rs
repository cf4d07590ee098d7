//! Do the models that know the subject vote for the key or against it? The weighted margin.

use super::panel::{DataKind, Panel};
use ndarray::Array2;
use rayon::prelude::*;

/// Answers of a model to the rest of the benchmark that count as one prior answer within a subject.
const PRIOR_ITEMS: f64 = 20.0;
/// Accuracies are kept inside these bounds before they become weights.
const ACCURACY_BOUNDS: (f64, f64) = (0.05, 0.98);

/// The weight of each model's vote on each item, items × models; 0 where it did not answer.
///
/// ```text
/// w_ji = max(0, ln(a_ji (K_i − 1) / (1 − a_ji)))
/// a_ji = (right answers of j to the rest of i's subject + 20 θ_j) / (answers to it + 20),  in [.05, .98]
/// ```
///
/// `θ_j` is the overall accuracy of model *j* and `K_i` the number of options. This is the log-likelihood
/// ratio of one vote when a model errs evenly over the other options. Without options `K` is 2.
///
/// # Reference
/// Nitzan & Paroush 1982, doi:10.2307/2526438 (optimal weights of independent votes).
pub fn vote_weights(panel: &Panel) -> Array2<f32> {
    let (items, models) = panel.right.dim();
    let ability = panel.abilities();
    let groups = panel.group_names.len();
    // The last row takes the items without a subject: they are judged by the benchmark as a whole.
    let (mut sum, mut count) =
        (Array2::<f64>::zeros((groups + 1, models)), Array2::<f64>::zeros((groups + 1, models)));
    for ((i, j), right) in panel.right.indexed_iter() {
        if !right.is_nan() {
            let g = panel.group[i].unwrap_or(groups);
            sum[[g, j]] += f64::from(*right);
            count[[g, j]] += 1.0;
        }
    }
    Array2::from_shape_fn((items, models), |(i, j)| {
        let right = f64::from(panel.right[[i, j]]);
        if right.is_nan() {
            return 0.0;
        }
        let g = panel.group[i].unwrap_or(groups);
        let a = (sum[[g, j]] - right + PRIOR_ITEMS * ability[j]) / (count[[g, j]] - 1.0 + PRIOR_ITEMS);
        let a = a.clamp(ACCURACY_BOUNDS.0, ACCURACY_BOUNDS.1);
        let others = panel.n_options[i].max(2) as f64 - 1.0;
        (a * others / (1.0 - a)).ln().max(0.0) as f32
    })
}

/// The margin of each item: how far the vote goes against its key, from −1 (all for it) to 1 (all for one
/// other option); `None` where no vote counts.
///
/// ```text
/// letters:      M_i = (max_{d≠g} Σ_j w_ji 1(ℓ_ji = d) − Σ_j w_ji 1(ℓ_ji = g)) / Σ_j w_ji
/// scores alone: M_i = 1 − 2 · mean_j y_ji
/// ```
///
/// `multiplicity` says how often each model counts (1 in the sample itself, 0, 1, 2 … in a resample). An
/// answer without a readable option counts in the denominator; a model without an attempt does not. Items
/// of lettered data whose key is unknown have no margin.
pub fn margins(panel: &Panel, weights: &Array2<f32>, multiplicity: &[f64]) -> Vec<Option<f64>> {
    (0..panel.n_items())
        .into_par_iter()
        .map(|i| match panel.kind {
            DataKind::Letters => lettered_margin(panel, weights, multiplicity, i),
            DataKind::Binary | DataKind::Graded => scored_margin(panel, multiplicity, i),
        })
        .collect()
}

fn lettered_margin(panel: &Panel, weights: &Array2<f32>, multiplicity: &[f64], item: usize) -> Option<f64> {
    let key = usize::from(panel.gold[item]?);
    let mut votes = vec![0.0; panel.n_options[item].max(key + 1)];
    let (mut total, mut plain, mut answers) = (0.0, vec![0.0; votes.len()], 0.0);
    for (j, &times) in multiplicity.iter().enumerate() {
        if times == 0.0 || !panel.answered(item, j) {
            continue;
        }
        let w = f64::from(weights[[item, j]]) * times;
        total += w;
        answers += times;
        if let Some(k) = panel.choice(item, j) {
            let k = usize::from(k);
            if k >= votes.len() {
                votes.resize(k + 1, 0.0);
                plain.resize(k + 1, 0.0);
            }
            votes[k] += w;
            plain[k] += times;
        }
    }
    if answers == 0.0 {
        return None;
    }
    // A panel at chance has no weight at all: every vote then counts the same.
    let (votes, total) = if total > 0.0 { (votes, total) } else { (plain, answers) };
    let rival = votes.iter().enumerate().filter(|(k, _)| *k != key).map(|(_, v)| *v).fold(0.0, f64::max);
    Some((rival - votes[key]) / total)
}

fn scored_margin(panel: &Panel, multiplicity: &[f64], item: usize) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for (j, &times) in multiplicity.iter().enumerate() {
        let right = f64::from(panel.right[[item, j]]);
        if !right.is_nan() {
            sum += times * right;
            n += times;
        }
    }
    (n > 0.0).then(|| 1.0 - 2.0 * sum / n)
}

/// Unweighted share of the strongest third for the leading wrong option, and that option; `None` where none
/// of them chose one.
pub fn leading_wrong_of_strongest(panel: &Panel, strongest: &[usize], item: usize) -> Option<(f64, u8)> {
    let key = panel.gold[item]?;
    let mut votes: std::collections::BTreeMap<u8, u32> = std::collections::BTreeMap::new();
    let mut answers = 0u32;
    for &j in strongest {
        if panel.answered(item, j) {
            answers += 1;
            if let Some(k) = panel.choice(item, j).filter(|k| *k != key) {
                *votes.entry(k).or_default() += 1;
            }
        }
    }
    let (&option, &n) = votes.iter().max_by_key(|(k, n)| (**n, std::cmp::Reverse(**k)))?;
    Some((f64::from(n) / f64::from(answers), option))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::response::NO_OPTION;

    /// A panel from printed letters, one string for each item, one character for each model.
    pub(crate) fn lettered(keys: &str, answers: &[&str], n_options: usize) -> Panel {
        let letter = |c: char| if c == '-' { NO_OPTION } else { (c as u8) - b'A' };
        let gold: Vec<Option<u8>> = keys.chars().map(|c| Some(letter(c))).collect();
        let models = answers[0].len();
        let chosen = Array2::from_shape_fn((answers.len(), models), |(i, j)| {
            letter(answers[i].chars().nth(j).unwrap_or('-'))
        });
        let right = Array2::from_shape_fn(chosen.dim(), |(i, j)| {
            f32::from(u8::from(Some(chosen[[i, j]]) == gold[i]))
        });
        Panel {
            benchmark: "b".into(),
            kind: DataKind::Letters,
            right,
            chosen: Some(chosen),
            gold,
            n_options: vec![n_options; answers.len()],
            group: vec![None; answers.len()],
            group_names: vec![],
            items: (0..answers.len()).map(|i| format!("i{i}")).collect(),
            models: (0..models).map(|j| format!("m{j}")).collect(),
            family: (0..models).collect(),
        }
    }

    /// Three models, four items, worked by hand. Accuracies: 3/4, 2/4, 2/4. For item 0 and model 0 the rest
    /// is 2 of 3, so a = (2 + 15)/(3 + 20) = .7391, w = ln(.7391·3/.2609) = 2.1401; for models 1 and 2 (both
    /// 1 of 3) a = 11/23, w = ln(11/12·3) = 1.0116. All three choose the key: M = −1. Item 3: model 0 is
    /// wrong (rest 3 of 3, a = 18/23, w = ln(18/5·3) = 2.3795), model 1 right (1 of 3, w = 1.0116), model 2
    /// gives no option (2 of 3, a = 12/23, w = ln(12/11·3) = 1.1856): M = (2.3795 − 1.0116)/4.5767 = .2989.
    #[test]
    fn by_hand_three_models_four_items() {
        let panel = lettered("ABCD", &["AAA", "BCB", "CDA", "AD-"], 4);
        let w = vote_weights(&panel);
        assert!((w[[0, 0]] - 2.1401).abs() < 1e-4);
        assert!((w[[0, 1]] - 1.0116).abs() < 1e-4);
        let m = margins(&panel, &w, &[1.0; 3]);
        assert_eq!(m[0], Some(-1.0));
        assert!((m[3].unwrap() - 0.2989).abs() < 1e-4, "{:?}", m[3]);
    }

    #[test]
    fn scores_alone_give_the_error_rate_on_the_same_scale() {
        let panel = lettered("ABCD", &["AAA", "BCB", "AAA", "AD-"], 4).without_letters();
        let m = margins(&panel, &vote_weights(&panel), &[1.0; 3]);
        assert_eq!(m[0], Some(-1.0));
        assert_eq!(m[2], Some(1.0));
        assert!((m[1].unwrap() + 1.0 / 3.0).abs() < 1e-7);
    }

    #[test]
    fn a_model_that_did_not_answer_has_no_vote() {
        let mut panel = lettered("AA", &["ABB", "AAA"], 2);
        panel.right[[0, 1]] = f32::NAN;
        panel.right[[0, 2]] = f32::NAN;
        assert_eq!(margins(&panel, &vote_weights(&panel), &[1.0; 3])[0], Some(-1.0));
    }

    #[test]
    fn the_strongest_third_may_have_a_favourite_of_its_own() {
        let panel = lettered("A", &["BBCA"], 4);
        assert_eq!(leading_wrong_of_strongest(&panel, &[0, 1], 0), Some((1.0, 1)));
        assert_eq!(leading_wrong_of_strongest(&panel, &[3], 0), None);
    }
}
