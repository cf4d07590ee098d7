//! Do simulated checkpoints hold what their truth promises?

use super::*;
use crate::numeric::correlation::pearson;
use crate::numeric::describe::{mean, variance};

fn one(subject: CheckpointSubject, options: CheckpointOptions) -> CheckpointSimulation {
    simulate_checkpoints(&CheckpointOptions { subjects: vec![subject], ..options }).unwrap()
}

fn observed(simulation: &CheckpointSimulation) -> Vec<f64> {
    let column = simulation.scores.columns.iter().find(|c| c.name == "score").unwrap();
    let crate::response::Values::Real(values) = &column.values else { panic!("scores are numbers") };
    values.iter().map(|v| v.unwrap()).collect()
}

/// Analysis of variance on true scores, one seed: the mean square within runs estimates step², that between
/// runs step² + n_steps · between². Relative standard errors of the two are √(2/df).
#[test]
fn between_and_within_variances_are_recovered() {
    let (models, steps) = (400, 20);
    let subject =
        CheckpointSubject { n_items: 2, between_model_sd: 0.06, step_sd: 0.02, ..Default::default() };
    let options = CheckpointOptions { n_models: models, n_steps: steps, ..Default::default() };
    let simulation = one(subject, options);
    assert_eq!(simulation.truth.subjects[0].n_moved, 0);
    let runs: Vec<&[f64]> = simulation.truth.subjects[0].true_scores.chunks(steps).collect();
    let within = mean(&runs.iter().map(|r| variance(r, 1).unwrap()).collect::<Vec<_>>()).unwrap();
    let means: Vec<f64> = runs.iter().map(|r| mean(r).unwrap()).collect();
    let between = variance(&means, 1).unwrap();
    let expected_between = 0.06f64.powi(2) + 0.02f64.powi(2) / steps as f64;
    assert!((within / 0.0004 - 1.0).abs() < 4.0 * (2.0 / (models * (steps - 1)) as f64).sqrt(), "{within}");
    assert!((between / expected_between - 1.0).abs() < 4.0 * (2.0 / 399f64).sqrt(), "{between}");
}

/// The lag-1 correlation of pooled deviations from the known mean: standard error about √((1−ρ²)/n).
#[test]
fn step_noise_is_correlated_as_stated_and_stationary() {
    let steps = 50;
    let subject =
        CheckpointSubject { n_items: 1, between_model_sd: 0.0, step_sd: 0.02, ..Default::default() };
    let options =
        CheckpointOptions { n_models: 200, n_steps: steps, autocorrelation: 0.7, ..Default::default() };
    let simulation = one(subject, options);
    let scores = &simulation.truth.subjects[0].true_scores;
    let pairs = || scores.chunks(steps).flat_map(|r| r.windows(2).map(|w| (w[0], w[1])));
    let (x, y): (Vec<f64>, Vec<f64>) = pairs().unzip();
    let r = pearson(&x, &y).unwrap();
    assert!((r - 0.7).abs() < 4.0 * (0.51 / x.len() as f64).sqrt(), "{r}");
    for at in [0, steps - 1] {
        let of_step: Vec<f64> = scores.chunks(steps).map(|r| r[at]).collect();
        let v = variance(&of_step, 1).unwrap();
        assert!((v / 0.0004 - 1.0).abs() < 4.0 * (2.0 / 199f64).sqrt(), "step {at}: {v}");
    }
}

/// Without step noise all variation between the steps of a run is that of drawing answers: item_sd² as stated,
/// and the observed mean stays at the true one.
#[test]
fn item_sampling_adds_the_stated_noise() {
    for persistence in [0.0, 0.8] {
        let steps = 40;
        let subject =
            CheckpointSubject { n_items: 100, between_model_sd: 0.05, step_sd: 0.0, ..Default::default() };
        let options = CheckpointOptions { n_models: 100, n_steps: steps, persistence, ..Default::default() };
        let simulation = one(subject, options);
        let truth = &simulation.truth.subjects[0];
        let scores = observed(&simulation);
        let within: Vec<f64> = scores.chunks(steps).map(|r| variance(r, 1).unwrap()).collect();
        let got = mean(&within).unwrap();
        let error = (variance(&within, 1).unwrap() / 100.0).sqrt();
        assert!((got - truth.item_sd.powi(2)).abs() < 4.0 * error, "{got} against {}", truth.item_sd.powi(2));
        // Luck that lasts for a run has a deviation of at most √(1/4 / 100 items), over 100 runs.
        let bias = mean(&scores).unwrap() - mean(&truth.true_scores).unwrap();
        assert!(bias.abs() < 4.0 * 0.05 / 10.0, "{bias}");
    }
}

#[test]
fn the_trend_runs_from_the_first_step_to_the_last() {
    let subject = CheckpointSubject {
        n_items: 1,
        between_model_sd: 0.0,
        step_sd: 0.0,
        trend: 0.2,
        ..Default::default()
    };
    let simulation = one(subject, CheckpointOptions { n_models: 1, n_steps: 5, ..Default::default() });
    let expected = [0.3, 0.35, 0.4, 0.45, 0.5];
    for (got, e) in simulation.truth.subjects[0].true_scores.iter().zip(expected) {
        assert!((got - e).abs() < 1e-12);
    }
}

#[test]
fn runs_say_which_checkpoint_they_are() {
    let subjects = ["algebra", "history"].map(|name| CheckpointSubject {
        name: name.to_owned(),
        n_items: 3,
        ..Default::default()
    });
    let simulation = simulate_checkpoints(&CheckpointOptions {
        n_models: 2,
        n_seeds: 2,
        n_steps: 3,
        params: Some(1e9),
        tokens_per_step: Some(1e6),
        subjects: subjects.into(),
        ..Default::default()
    })
    .unwrap();
    let table = &simulation.table;
    assert_eq!((table.runs.len(), table.items.len(), table.len()), (12, 6, 72));
    let last = &table.runs[11];
    assert_eq!((last.id.as_str(), last.step, last.seed), ("sim/mix1 step3000 seed1", Some(3000), Some(1)));
    assert_eq!((last.tokens, last.flops), (Some(3e9), Some(1.8e19)));
    assert_eq!(simulation.scores.n_rows(), 24);
    assert_eq!(simulation.truth.tables()[0].n_rows(), 2);
    let ids: std::collections::HashSet<_> = table.items.iter().map(|i| i.id.clone()).collect();
    assert_eq!(ids.len(), 6);
}

#[test]
fn a_score_has_the_ability_that_gives_it() {
    let difficulty = [-2.0, 0.0, 0.5, 3.0];
    let theta = ability_of_score(0.37, &difficulty);
    let back = difficulty.iter().map(|b| logistic(theta - b)).sum::<f64>() / 4.0;
    assert!((back - 0.37).abs() < 1e-12);
    assert!(ability_of_score(0.5, &[1.0]) - 1.0 < 1e-12);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let message = |o: CheckpointOptions| simulate_checkpoints(&o).unwrap_err().to_string();
    let plain = CheckpointOptions::default;
    assert_eq!(
        message(CheckpointOptions { autocorrelation: 1.0, ..plain() }),
        "autocorrelation is 1; it must be between -0.999 and 0.999"
    );
    let twice = vec![CheckpointSubject::default(), CheckpointSubject::default()];
    assert!(message(CheckpointOptions { subjects: twice, ..plain() }).contains("names two subjects"));
    let outside = vec![CheckpointSubject { mean: 1.0, ..Default::default() }];
    assert!(message(CheckpointOptions { subjects: outside, ..plain() }).starts_with("mean is 1;"));
    assert!(
        message(CheckpointOptions { subjects: vec![], ..plain() }).starts_with("number of subjects is 0")
    );
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| simulate_checkpoints(&CheckpointOptions::default()).unwrap())
    };
    assert_eq!(with(1), with(3));
}
