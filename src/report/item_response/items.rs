//! What is to be said of each item, and which few are worth drawing?

use super::ItemResponse;
use crate::irt::ItemNote;
use crate::irt::tables::{information_summary, misfit_q};

/// Items whose misfit would be named by chance at most this often.
const MISFIT: f64 = 0.05;

/// One fitted item.
pub(super) struct ItemSummary {
    /// Its place in the fit.
    pub place: usize,
    /// Mean score as a share of the highest score.
    pub share: Option<f64>,
    /// Mean information over the models.
    pub information: f64,
    /// Mean squared standardised residual.
    pub outfit: Option<f64>,
    /// Adjusted p-value of its misfit.
    pub misfit_q: Option<f64>,
    /// Whether it misfits.
    pub misfits: bool,
    /// Whether its slope is surely negative.
    pub backwards: bool,
}

/// The items of a fit, in its order.
pub(super) fn summaries(inputs: &ItemResponse) -> Vec<ItemSummary> {
    let fit = inputs.fit;
    let information = information_summary(fit);
    let misfit = inputs.item_fits.map(misfit_q).unwrap_or_default();
    let totals = inputs.matrix.item_totals();
    fit.items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let (sum, n) = totals[item.index];
            let top = match inputs.matrix.cells() {
                crate::response::Cells::Categories { levels, .. } => {
                    levels.iter().fold(1.0f64, |top, l| top.max(*l as f64))
                }
                _ => 1.0,
            };
            let q = misfit.get(place).copied().flatten();
            ItemSummary {
                place,
                share: (n > 0).then(|| sum / n as f64 / top),
                information: information[place].0,
                outfit: inputs.item_fits.and_then(|f| f.items.get(place)).and_then(|f| f.outfit),
                misfit_q: q,
                misfits: q.is_some_and(|q| q <= MISFIT),
                backwards: item.notes.contains(&ItemNote::NegativeSlope),
            }
        })
        .collect()
}

/// Up to six items worth drawing, each with the reason: the most informative, the worst fitting, those that work
/// backwards.
pub(super) fn worth_drawing(
    inputs: &ItemResponse,
    items: &[ItemSummary],
) -> Vec<(usize, &'static str, bool)> {
    let fit = inputs.fit;
    let mut informative: Vec<&ItemSummary> = items.iter().filter(|i| !i.backwards && !i.misfits).collect();
    informative.sort_by(|a, b| b.information.total_cmp(&a.information));
    let mut misfits: Vec<&ItemSummary> = items.iter().filter(|i| i.misfits && !i.backwards).collect();
    let outfit = |i: &ItemSummary| i.outfit.unwrap_or(0.0);
    misfits.sort_by(|a, b| {
        a.misfit_q
            .partial_cmp(&b.misfit_q)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(outfit(b).total_cmp(&outfit(a)))
    });
    let high = |i: &ItemSummary| fit.items[i.place].discrimination.high().unwrap_or(0.0);
    let mut backwards: Vec<&ItemSummary> = items.iter().filter(|i| i.backwards).collect();
    backwards.sort_by(|a, b| high(a).total_cmp(&high(b)));
    let pick = |of: &[&ItemSummary],
                n: usize,
                reason: &'static str,
                alarm: bool|
     -> Vec<(usize, &'static str, bool)> {
        of.iter().take(n).map(|i| (i.place, reason, alarm)).collect()
    };
    let mut out = pick(&misfits, 2, "misfit", true);
    out.extend(pick(&backwards, 2, "works backwards", true));
    let mut first = pick(&informative, 6 - out.len(), "among the most informative", false);
    first.extend(out);
    first
}
