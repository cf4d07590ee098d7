//! What does a response model say of the items? Slope, misfit and expected scores, as the detectors take them.

use crate::flags;
use crate::flags::panel::{MIN_MODELS_CORRELATION, MIN_MODELS_PAIRS};
use crate::irt::{self, IrtFit, expected_scores};
use crate::response::ResponseMatrix;
use ndarray::Array2;

/// Fits a model for the detectors alone; `None` with fewer models than they need.
pub fn fitted(matrix: &ResponseMatrix, seed: u64) -> Option<Result<flags::fit::ItemFits, String>> {
    let enough = matrix.n_respondents() >= MIN_MODELS_CORRELATION;
    enough.then(|| {
        let options =
            irt::IrtOptions { standard_errors: false, ..crate::cli::irt::measure::quick(matrix, seed) };
        let fit = irt::fit(matrix, &options).map_err(|e| e.to_string())?;
        let of_items = irt::item_fit(&fit, matrix).map_err(|e| e.to_string())?;
        Ok(item_fits(&fit, &of_items, matrix))
    })
}

/// What is known of the items from a fit that was made anyway.
pub fn item_fits(fit: &IrtFit, of_items: &irt::ItemFits, matrix: &ResponseMatrix) -> flags::fit::ItemFits {
    let n = matrix.n_items();
    let mut out = flags::fit::ItemFits {
        slope: vec![None; n],
        infit: vec![None; n],
        outfit: vec![None; n],
        expected: None,
    };
    // A slope that all items share says nothing of one.
    let shared = fit.model.has_common_slope();
    for item in fit.items.iter().filter(|_| !shared) {
        out.slope[item.index] = Some(item.discrimination.value);
    }
    for of in &of_items.items {
        let at = fit.items[of.place].index;
        (out.infit[at], out.outfit[at]) = (of.infit, of.outfit);
    }
    let right_and_wrong = fit.items.iter().all(|i| i.levels.is_empty());
    if right_and_wrong && matrix.n_respondents() >= MIN_MODELS_PAIRS {
        let abilities: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
        let mut expected = Array2::from_elem((n, matrix.n_respondents()), f32::NAN);
        for item in &fit.items {
            let scores = expected_scores(fit.model, item, &abilities);
            for (ability, score) in fit.abilities.iter().zip(scores) {
                expected[[item.index, ability.index]] = score as f32;
            }
        }
        out.expected = Some(expected);
    }
    out
}
