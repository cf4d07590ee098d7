//! Does a response model fit the item? Slope and misfit, where a fit is at hand.

use super::evidence::Evidence;
use super::panel::MIN_MODELS_CORRELATION;
use ndarray::Array2;

/// A mean square from which on answers count as unpredictable.
pub const SUSPICIOUS_MEAN_SQUARE: f64 = 1.5;

/// What a fitted response model says of the items. All lists are by item; missing values are `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemFits {
    /// Slope (discrimination).
    pub slope: Vec<Option<f64>>,
    /// Mean square of standardised residuals weighted by information.
    pub infit: Vec<Option<f64>>,
    /// The same unweighted: sensitive to single surprises.
    pub outfit: Vec<Option<f64>>,
    /// Expected score of each cell, items × models, on the scale 0–1.
    pub expected: Option<Array2<f32>>,
}

/// Evidence from the fit on one item; nothing with fewer than thirty models.
///
/// A slope at or below 0 says that abler models do worse; a mean square above 1.5 that answers follow
/// something else than ability.
///
/// # Reference
/// Wright & Linacre 1994, *Rasch Measurement Transactions* 8, 370 (range of mean squares).
pub fn fit_evidence(fits: &ItemFits, item: usize, n_models: usize) -> Vec<Evidence> {
    if n_models < MIN_MODELS_CORRELATION {
        return Vec::new();
    }
    let at = |list: &[Option<f64>]| list.get(item).copied().flatten();
    [
        at(&fits.slope).map(|v| Evidence::below("irt_slope", v, 0.0, n_models)),
        at(&fits.infit).map(|v| Evidence::above("infit", v, SUSPICIOUS_MEAN_SQUARE, n_models)),
        at(&fits.outfit).map(|v| Evidence::above("outfit", v, SUSPICIOUS_MEAN_SQUARE, n_models)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_models_give_no_fit_evidence() {
        let fits = ItemFits { slope: vec![Some(-0.5)], outfit: vec![Some(2.0)], ..Default::default() };
        assert!(fit_evidence(&fits, 0, 29).is_empty());
        let evidence = fit_evidence(&fits, 0, 30);
        assert_eq!(evidence.iter().filter(|e| e.suspicious).count(), 2);
    }
}
