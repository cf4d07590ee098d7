//! Are the items where the models are? Abilities and difficulties on one scale.

use super::canvas::{AxisSpec, Canvas, Heading, WIDE};
use super::ink::Ink;
use super::scale::{extent, padded};
use super::strips::{Strip, bars, binned, stack};
use super::{Chart, PlotError};
use crate::numeric::describe::quantile_sorted;

/// Models and items of one benchmark on the scale of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct WrightMapData {
    /// Title and subtitle.
    pub heading: Heading,
    /// What the common axis is.
    pub axis_title: String,
    /// Abilities of the models.
    pub abilities: Vec<f64>,
    /// Difficulties of the items.
    pub difficulties: Vec<f64>,
}

/// Bins along the scale.
const BINS: usize = 48;

/// The ends of sorted values without those beyond three interquartile ranges from the quartiles.
pub(super) fn inner(sorted: &[f64]) -> (f64, f64) {
    let at = |p: f64| quantile_sorted(sorted, p).unwrap_or(0.0);
    let reach = 3.0 * (at(0.75) - at(0.25));
    (at(0.0).max(at(0.25) - reach), at(1.0).min(at(0.75) + reach))
}

/// Numbers of models upwards and of items downwards along one scale. The axis covers all models and all but the
/// outermost difficulties; the items beyond it are counted at its ends and in a note.
///
/// # Errors
/// When there is no model or no item, or a value that is not finite.
///
/// # Reference
/// Wright & Masters 1982, *Rating Scale Analysis*.
pub fn wright_map(data: &WrightMapData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "wright map";
    let models = extent(CHART, "an ability", data.abilities.iter().copied())?;
    extent(CHART, "a difficulty", data.difficulties.iter().copied())?;
    let mut sorted = data.difficulties.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = inner(&sorted);
    let domain = padded((models.0.min(low), models.1.max(high)), 0.02);
    let (up, down) = (binned(&data.abilities, domain, BINS), binned(&data.difficulties, domain, BINS));
    let most = |counts: &[usize]| 1.05 * counts.iter().max().copied().unwrap_or(1).max(1) as f64;
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let height = if width >= WIDE * 0.6 { 140.0 } else { 110.0 };
    let (models_axis, items_axis) =
        (AxisSpec::counts("number of models, upwards"), AxisSpec::counts("number of items, downwards"));
    let panels = stack(
        &mut canvas,
        (&AxisSpec::linear(&data.axis_title), domain),
        &[
            Strip { axis: &models_axis, domain: (0.0, most(&up)), height, downwards: false },
            Strip { axis: &items_axis, domain: (0.0, most(&down)), height, downwards: true },
        ],
    );
    bars(&mut canvas, &panels[0], &up, Ink::Orange, "models");
    bars(&mut canvas, &panels[1], &down, Ink::Blue, "items");
    let outside = data.difficulties.iter().filter(|b| !(domain.0..=domain.1).contains(*b)).count();
    if outside > 0 {
        canvas.note(&format!("{outside} items lie beyond the ends of the axis and are counted there."));
    }
    Ok(Chart::new(canvas.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_value_does_not_stretch_the_axis() {
        assert_eq!(inner(&[0.0, 1.0, 2.0, 3.0, 4.0]), (0.0, 4.0));
        assert_eq!(inner(&[0.0, 1.0, 2.0, 3.0, 400.0]), (0.0, 9.0));
    }
}
