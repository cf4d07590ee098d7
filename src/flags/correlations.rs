//! Does the item go with the others? Classical correlations as evidence.

use super::evidence::Evidence;
use super::panel::MIN_MODELS_CORRELATION;
use crate::classical::ItemStatistics;

/// The correlations of one item: with the rest score, and with the other items one by one.
///
/// If a mean score is what a benchmark measures, all of them are at least 0 in expectation; below 0 abler
/// models do worse. With fewer than thirty models their standard error exceeds .19 and they are shown without
/// a threshold. Item–rest and biserial correlations are suspicious below 0 by their interval.
///
/// # Reference
/// Fantastic Bugs, arXiv 2511.16842 (tetrachoric, scalability, item–total); signed φ²: arXiv 2603.24999.
pub fn correlation_evidence(statistics: &ItemStatistics) -> Vec<Evidence> {
    let n = statistics.n_responses;
    let enough = n >= MIN_MODELS_CORRELATION;
    let plain = |statistic, value: Option<f64>| {
        value.map(|value| Evidence {
            statistic,
            value,
            threshold: enough.then_some(0.0),
            suspicious: enough && value < 0.0,
            n_models: n,
        })
    };
    let by_interval = |statistic, estimate: Option<&crate::numeric::Estimate>| {
        estimate.map(|e| Evidence {
            statistic,
            value: e.value,
            threshold: enough.then_some(0.0),
            suspicious: enough && e.high().is_some_and(|high| high < 0.0),
            n_models: n,
        })
    };
    [
        by_interval("item_rest", statistics.item_rest.as_ref()),
        by_interval("biserial", statistics.biserial.as_ref()),
        plain("mean_tetrachoric", statistics.mean_tetrachoric),
        plain("scalability", statistics.scalability),
        plain("signed_phi_squared", statistics.signed_phi_squared),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classical::{ClassicalOptions, analyse};
    use crate::response::ResponseMatrix;

    #[test]
    fn an_item_that_the_able_fail_is_suspicious_with_enough_models_only() {
        let rows = |models: usize| -> Vec<Vec<Option<bool>>> {
            (0..models)
                .map(|j| {
                    (0..20).map(|i| Some(if i == 3 { j * 2 < models } else { j * 20 > i * models })).collect()
                })
                .collect()
        };
        for (models, expected) in [(40, true), (20, false)] {
            let matrix = ResponseMatrix::from_rows(&rows(models));
            let analysis = analyse(&matrix, &ClassicalOptions::default()).unwrap();
            let evidence = correlation_evidence(&analysis.items[3]);
            let item_rest = evidence.iter().find(|e| e.statistic == "item_rest").unwrap();
            assert!(item_rest.value < 0.0);
            assert_eq!(item_rest.suspicious, expected);
        }
    }
}
