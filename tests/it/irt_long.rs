//! Does the engine reach the best known maximum on long tests, where quadrature on a fixed grid fails?
//!
//! Data, truth and best known log-likelihoods (marginal under N(0, 1), adaptive quadrature, no prior) lie in
//! `../shared/vectors/irt-long`, whose README names how they were found.

use crate::shared::shared;
use evalgauge::ingest::{IngestOptions, ingest};
use evalgauge::irt::{self, IrtFit, IrtOptions, Model, Priors};
use evalgauge::response::{PivotOptions, ResponseMatrix, pivot};
use std::collections::HashMap;

fn matrix(name: &str) -> Option<ResponseMatrix> {
    let path = shared(&format!("vectors/irt-long/{name}.csv.gz"))?;
    let (table, _) = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap();
    let benchmark = table.benchmarks()[0].to_string();
    Some(pivot(&table, &benchmark, &PivotOptions::default()).unwrap().0)
}

fn fitted(matrix: &ResponseMatrix, priors: Priors) -> IrtFit {
    let options = IrtOptions { model: Some(Model::TwoParameter), priors, ..Default::default() };
    let fit = irt::fit(matrix, &options).unwrap();
    assert!(fit.convergence.converged(), "{:?}", fit.convergence);
    fit
}

#[test]
fn the_best_known_maximum_is_reached() {
    for (name, best) in [("2pl_400x500", -104_268.53), ("2pl_400x10000", -2_032_657.7)] {
        let Some(matrix) = matrix(name) else { return };
        let fit = fitted(&matrix, Priors::None);
        assert!(fit.log_likelihood >= best, "{name}: {:.4} against {best}", fit.log_likelihood);
        // A figure above what is possible would mean that the integral is wrong.
        assert!(fit.log_likelihood <= best + 0.2, "{name}: {:.4} against {best}", fit.log_likelihood);
    }
}

#[test]
fn abilities_of_a_long_test_are_recovered() {
    let Some(matrix) = matrix("2pl_400x10000") else { return };
    let path = shared("vectors/irt-long/2pl_400x10000.truth_models.csv.gz").unwrap();
    let mut text = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let truth: HashMap<String, f64> = text.deserialize().map(|row| row.unwrap()).collect();
    let fit = fitted(&matrix, Priors::Default);
    let pairs: Vec<(f64, f64)> = fit
        .abilities
        .iter()
        .map(|a| (a.eap.value, truth[&matrix.respondents()[a.index].to_string()]))
        .collect();
    // Origin and unit of θ are a convention: errors are those after the line that fits best.
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let slope = pairs.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
        / pairs.iter().map(|(x, _)| (x - mx).powi(2)).sum::<f64>();
    let squares: f64 = pairs.iter().map(|(x, y)| (y - my - slope * (x - mx)).powi(2)).sum();
    assert!((squares / n).sqrt() <= 0.023, "{}", (squares / n).sqrt());
}
