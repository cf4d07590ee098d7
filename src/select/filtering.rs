//! What does leaving out the worst subtasks do to a suite? Chosen by ratio on half of the models, tried on the others.

use super::checkpoints::CheckpointPool;
use super::crossfit::{CrossFitOptions, Tried, cross_fit};
use super::order::{Method, Objective};
use super::suites::suites;
use crate::numeric::{Estimate, Interval};
use crate::response::{ScoreTable, SeriesName};
use crate::snr::SnrOptions;
use crate::snr::intervention::Intervention;
use rayon::prelude::*;

/// Share of the halves that the range of a gain holds.
const MIDDLE: f64 = 0.95;

/// The gain in ratio and in decision accuracy of every suite with enough subtasks, models and checkpoints: subtasks are
/// added from the one with the highest ratio downward, as arXiv 2508.13144 does, as many as are best, both on one half of
/// the models; gained is what that does on the other half.
pub fn filtering(table: &ScoreTable, options: &SnrOptions) -> Vec<(SeriesName, Intervention)> {
    suites(table)
        .into_par_iter()
        .flat_map_iter(|suite| {
            let pool = CheckpointPool::new(&suite.series, &table.runs, options.last).ok();
            let found = pool.map_or(Vec::new(), |pool| gains(&pool, options.seed));
            found.into_iter().map(move |gain| (suite.name.clone(), gain)).collect::<Vec<_>>()
        })
        .collect()
}

fn gains(pool: &CheckpointPool, seed: u64) -> Vec<Intervention> {
    let fit = cross_fit(
        pool,
        &CrossFitOptions {
            objective: Objective::Ratio,
            method: Method::Cumulative,
            random_orders: 0,
            judged_by: Some(Objective::Accuracy),
            seed,
            ..Default::default()
        },
    );
    let change = format!(
        "best subtasks by ratio, chosen on other models ({} of {} on all)",
        fit.best_kept,
        pool.tasks.len()
    );
    let row = |objective: Objective, tried: Tried| Intervention {
        kind: "filter",
        change: change.clone(),
        measure: objective.as_str(),
        before: tried.before,
        after: tried.after,
        gain: match tried.range {
            Some((low, high)) => Estimate::with_interval(tried.gain, None, Interval::new(low, high, MIDDLE)),
            None => Estimate::bare(tried.gain),
        },
        n_models: pool.models.len(),
        measured: true,
    };
    let both = [(Objective::Ratio, fit.tried), (Objective::Accuracy, fit.judged)];
    both.into_iter().filter_map(|(objective, tried)| Some(row(objective, tried?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::checkpoints::tests::simulated;
    use super::*;

    #[test]
    fn a_suite_of_signal_and_noise_gains_in_both_measures() {
        let table = simulated(&[2.0, 0.0, 2.0, 0.0, 0.0, 2.0], 1.0, 24, 10);
        let found = filtering(&table, &SnrOptions::default());
        assert_eq!(found.iter().map(|f| f.1.measure).collect::<Vec<_>>(), ["ratio", "decision_accuracy"]);
        let (ratio, decisions) = (&found[0].1, &found[1].1);
        assert!(ratio.gain.low().unwrap() > 1.0 && ratio.measured && ratio.kind == "filter", "{ratio:?}");
        assert!(decisions.gain.value > 0.0, "{decisions:?}");
        assert!((decisions.after - decisions.before - decisions.gain.value).abs() < 1e-12);
        assert!(ratio.change.contains("3 of 6 on all"), "{}", ratio.change);
        assert_eq!(found[0].0.benchmark, "suite");
    }

    #[test]
    fn too_little_gives_no_row() {
        let options = SnrOptions::default();
        assert!(filtering(&simulated(&[1.0; 2], 1.0, 24, 10), &options).is_empty());
        assert!(filtering(&simulated(&[1.0; 4], 1.0, 7, 10), &options).is_empty());
        assert!(filtering(&simulated(&[1.0; 4], 1.0, 24, 1), &options).is_empty());
        // Two checkpoints show noise, but no share of the training.
        assert_eq!(filtering(&simulated(&[1.0; 4], 1.0, 24, 2), &options).len(), 1);
    }
}
