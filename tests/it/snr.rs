//! Do signal, noise and decision accuracy agree with the reference outputs?

use crate::shared::shared;
use evalgauge::snr::decision::decision_accuracy_published;
use evalgauge::snr::published::{
    SignalNoise, halfspace_depth, pooled_small_scale, projection_depth, relative_range, variant,
};
use evalgauge::snr::spread::Spread;
use evalgauge::snr::{curve, ratio};
use serde_json::Value;
use std::collections::BTreeMap;

fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a vector file")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "{what}: {found} against {expected}"
    );
}

#[test]
fn published_ratios_and_decisions_agree_with_the_reference_code() {
    let Some(path) = shared("vectors/snr/snr_vectors.json") else { return };
    let vectors = json(&path);
    for case in vectors["signal_to_noise_ratio"].as_array().unwrap() {
        let (s, z) = (numbers(&case["signal_scores"]), numbers(&case["noise_scores"]));
        let r = relative_range(&s, &z, 0).unwrap();
        close(r.ratio().unwrap(), case["snr"].as_f64().unwrap(), "ratio");
        close(r.signal, case["rel_dispersion"].as_f64().unwrap(), "relative range");
        close(r.noise, case["rel_std"].as_f64().unwrap(), "relative standard deviation");
    }
    for case in vectors["decision_acc_fast"].as_array().unwrap() {
        let found = decision_accuracy_published(&numbers(&case["small"]), &numbers(&case["target"])).unwrap();
        close(found, case["decision_acc_fast"].as_f64().unwrap(), "decision accuracy");
    }
    for case in vectors["stats"].as_array().unwrap() {
        let z = numbers(&case["arr"]);
        close(curve::total_variation(&z).unwrap(), case["tv"].as_f64().unwrap(), "total variation");
        close(
            curve::relative_total_variation(&z).unwrap(),
            case["tv_norm"].as_f64().unwrap(),
            "relative total variation",
        );
        close(curve::monotonicity(&z).unwrap(), case["monotonicity"].as_f64().unwrap(), "monotonicity");
    }
}

#[test]
fn published_variants_agree_with_the_reference_code() {
    let Some(path) = shared("vectors/snr/snr_vectors.json") else { return };
    let vectors = &json(&path)["snr_variants"];
    let args = &vectors["args"];
    let (models, last) = (numbers(&args["data_scores"]), numbers(&args["data_scores_last_n"]));
    let (step, data) = (numbers(&args["step_noise"]), numbers(&args["data_noise"]));
    let mean_last = last.iter().sum::<f64>() / last.len() as f64;
    let mean_models = models.iter().sum::<f64>() / models.len() as f64;
    let plain = |spread| variant(spread, &models, &step, &last).unwrap();
    let relative = |spread| {
        let r = plain(spread);
        SignalNoise { signal: r.signal / mean_last, ..r }
    };
    let mut checked = 0;
    for case in vectors["results"].as_array().unwrap() {
        let name = case["func"].as_str().unwrap();
        let found = match name {
            "rel_std_snr" => {
                let r = plain(Spread::RelativeStdDev);
                close(r.signal, data[0] / mean_models, "the noise of the data is the spread of the models");
                r
            }
            "discrepancy_snr" => plain(Spread::Discrepancy),
            "star_discrepancy_snr" => plain(Spread::StarDiscrepancy),
            "star_discrepancy_shifted_snr" => plain(Spread::StarDiscrepancyScaled),
            "rel_star_discrepancy_snr" => relative(Spread::StarDiscrepancy),
            "dispersion_snr" | "range_snr" => plain(Spread::Range),
            "dispersion_shifted_snr" => SignalNoise { signal: 1.0, ..plain(Spread::Range) },
            "rel_dispersion_snr" => relative(Spread::Range),
            "mpd_snr" => plain(Spread::MeanPairwiseDistance),
            "rel_mpd_snr" => relative(Spread::MeanPairwiseDistance),
            "mpsd_snr" => plain(Spread::MeanSquaredPairwiseDistance),
            "rel_mpsd_snr" => relative(Spread::MeanSquaredPairwiseDistance),
            "mad_snr" => plain(Spread::MedianAbsoluteDeviation),
            "aad_snr" => plain(Spread::AverageAbsoluteDeviation),
            "dist_std_snr" => plain(Spread::DistanceStdDev),
            "gini_snr" => plain(Spread::Gini),
            "quartile_deviation_snr" => plain(Spread::QuartileDeviation),
            "rms_deviation_snr" => plain(Spread::RootMeanSquareDeviation),
            "iqr_snr" => relative(Spread::InterquartileRange),
            "tukey_snr" => halfspace_depth(&models, &step, &last).unwrap(),
            "projection_snr" => projection_depth(&models, &step, &last).unwrap(),
            other => panic!("the vectors have a variant {other} that is not built"),
        };
        close(found.signal, case["signal"].as_f64().unwrap(), name);
        close(found.noise, case["noise"].as_f64().unwrap(), name);
        close(found.ratio().unwrap(), case["snr"].as_f64().unwrap(), name);
        checked += 1;
    }
    assert_eq!(checked, 22);
}

/// Scores by task, size and mix, in order of the training step.
fn synthetic(csv: &str) -> BTreeMap<(String, String), BTreeMap<String, Vec<f64>>> {
    let mut rows: Vec<(String, String, String, i64, f64)> = csv
        .lines()
        .skip(1)
        .map(|l| {
            let f: Vec<&str> = l.split(',').collect();
            (f[2].into(), f[3].into(), f[0].into(), f[4].parse().unwrap(), f[5].parse().unwrap())
        })
        .collect();
    rows.sort_by(|a, b| (&a.0, &a.1, &a.2, a.3).cmp(&(&b.0, &b.1, &b.2, b.3)));
    let mut table: BTreeMap<_, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for (task, size, mix, _, score) in rows {
        table.entry((task, size)).or_default().entry(mix).or_default().push(score);
    }
    table
}

#[test]
fn the_quick_script_is_reproduced_and_shown_to_hide_the_ratio() {
    let Some(path) = shared("vectors/snr/decision_accuracy_vectors.json") else { return };
    let Some(data) = shared("vectors/snr/synthetic_datadecide.csv") else { return };
    let table = synthetic(&std::fs::read_to_string(data).unwrap());
    for case in json(&path)["snr_simple"].as_array().unwrap() {
        let key = |size: &str| (case["task"].as_str().unwrap().to_owned(), size.to_owned());
        let size = case["size"].as_str().unwrap();
        let small = &table[&key(size)];
        let last_of = |scores: &BTreeMap<String, Vec<f64>>| -> Vec<f64> {
            scores.values().map(|v| v[v.len() - 1]).collect()
        };
        let accuracy = decision_accuracy_published(&last_of(small), &last_of(&table[&key("1B")])).unwrap();
        close(accuracy, case["decision_acc"].as_f64().unwrap(), "decision accuracy");
        let last_five: Vec<Vec<f64>> = small.values().map(|v| v[v.len() - 5..].to_vec()).collect();
        let pooled = pooled_small_scale(&last_five).unwrap().ratio().unwrap();
        close(pooled, case["snr_small_scale"].as_f64().unwrap(), "pooled ratio");
        // The components are identified all the same.
        assert!(ratio::signal_to_noise(&last_five, 0.95).unwrap().ratio.interval.is_some());
    }
}
