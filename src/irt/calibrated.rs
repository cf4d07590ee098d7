//! How are answers put beside parameters that are already known? A matrix cut to calibrated items.

use super::curve::Kind;
use super::data::{IrtError, Packed, Responses, convert, pack, select};
use super::layout::Layout;
use super::result::{IrtFit, ItemParameters};
use super::score::curve_of;
use crate::response::ResponseMatrix;
use crate::response::matrix::NO_CATEGORY;
use std::collections::HashMap;

/// Responses to calibrated items, in matrix order, with the curves of those items.
///
/// Abilities are on the scale where the population is standard normal: under the Rasch model that of the fit
/// divided by its standard deviation.
pub(crate) struct Calibrated {
    pub responses: Responses,
    pub layout: Layout,
    pub natural: Vec<f64>,
    /// Matrix rows of the items.
    pub rows: Vec<usize>,
    /// Place of each item in the fit.
    pub places: Vec<usize>,
    /// Matrix columns of the respondents.
    pub columns: Vec<usize>,
}

/// Cuts a matrix to the items of a fit, by name, and to the given respondents.
pub(crate) fn calibrated(
    saved: &IrtFit,
    matrix: &ResponseMatrix,
    columns: Vec<usize>,
) -> Result<Calibrated, IrtError> {
    let place: HashMap<&str, usize> =
        saved.items.iter().enumerate().map(|(k, i)| (i.item.as_str(), k)).collect();
    let shared: Vec<(usize, usize)> = (0..matrix.n_items())
        .filter_map(|i| place.get(matrix.items()[i].as_str()).map(|k| (i, *k)))
        .collect();
    if shared.is_empty() {
        return Err(IrtError::Parameters(format!(
            "none of the {} items of {} is among the {} calibrated ones",
            matrix.n_items(),
            matrix.benchmark,
            saved.items.len()
        )));
    }
    let (rows, places): (Vec<usize>, Vec<usize>) = shared.into_iter().unzip();
    let mut cells = select(&convert(matrix, saved.model)?, &rows, &columns);
    let used: Vec<&ItemParameters> = places.iter().map(|k| &saved.items[*k]).collect();
    let ordinal = matches!(cells, Packed::Levels(_));
    if let Some(item) = used.iter().find(|i| i.levels.is_empty() == ordinal) {
        return Err(IrtError::Parameters(format!(
            "item {} was calibrated as {} and is scored as {}",
            item.item,
            if ordinal { "right and wrong" } else { "categories" },
            if ordinal { "categories" } else { "right and wrong" }
        )));
    }
    if let Packed::Levels(l) = &mut cells {
        for (mut row, item) in l.rows_mut().into_iter().zip(&used) {
            for k in row.iter_mut().filter(|k| **k != NO_CATEGORY) {
                let known = item.levels.iter().position(|l| l == k);
                *k = known.ok_or_else(|| {
                    IrtError::Parameters(format!(
                        "item {} has a category that was never calibrated",
                        item.item
                    ))
                })? as u8;
            }
        }
    }
    let n_levels = used.iter().map(|i| if i.levels.is_empty() { 2 } else { i.levels.len() }).collect();
    let natural: Vec<f64> = used
        .iter()
        .flat_map(|item| {
            let (kind, mut p) = curve_of(saved.model, item);
            // a θ + d with θ = sd z + mean.
            let thresholds = if kind.is_ordinal() { p.len() - 1 } else { 1 };
            for k in 1..=thresholds {
                let times = if kind == Kind::PartialCredit { k as f64 } else { 1.0 };
                p[k] += times * p[0] * saved.ability_mean;
            }
            p[0] *= saved.ability_std_dev.value;
            p
        })
        .collect();
    let n = columns.len();
    let responses = pack(cells, n_levels, vec![1.0; n], vec![0.0; n]);
    let layout = Layout::new(Kind::of(saved.model, ordinal), false, &responses.n_levels);
    Ok(Calibrated { responses, layout, natural, rows, places, columns })
}

impl Calibrated {
    /// Posterior means of a fit for the respondents, on the standard normal scale.
    pub fn abilities_of(&self, saved: &IrtFit) -> Vec<f64> {
        let known: HashMap<usize, f64> = saved.abilities.iter().map(|a| (a.index, a.eap.value)).collect();
        let (mean, sd) = (saved.ability_mean, saved.ability_std_dev.value);
        self.columns.iter().map(|c| (known.get(c).copied().unwrap_or(mean) - mean) / sd).collect()
    }

    /// Natural parameters of an item.
    pub fn item(&self, i: usize) -> &[f64] {
        &self.natural[self.layout.natural[i]..self.layout.natural[i + 1]]
    }
}
