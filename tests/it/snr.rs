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

/// The subtask filter of the reference code: ratio of each subtask and along the cumulative ranking.
#[test]
fn the_published_subtask_ratios_are_reproduced() {
    let Some(path) = shared("vectors/snr/snr_vectors.json") else { return };
    let vectors = &json(&path)["subtask_filter"];
    let names: Vec<String> =
        vectors["instances"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect();
    let matrix =
        |key: &str| -> Vec<Vec<f64>> { vectors[key].as_array().unwrap().iter().map(numbers).collect() };
    // Instances × models, and instances × steps: turn them so if they are stored the other way.
    let by_instance = |m: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        if m.len() == names.len() {
            return m;
        }
        (0..names.len()).map(|i| m.iter().map(|row| row[i]).collect()).collect()
    };
    let (models, steps) = (by_instance(matrix("datadecide_large")), by_instance(matrix("step_scores")));
    let small = by_instance(matrix("datadecide_small"));
    let pooled = |rows: &[Vec<f64>], keep: &dyn Fn(&str) -> bool| -> Vec<f64> {
        let kept: Vec<&Vec<f64>> = rows
            .iter()
            .zip(&names)
            .filter(|(_, n)| keep(n.rsplit_once('_').unwrap().0))
            .map(|(r, _)| r)
            .collect();
        (0..kept[0].len()).map(|m| kept.iter().map(|r| r[m]).sum::<f64>() / kept.len() as f64).collect()
    };
    let last = |z: Vec<f64>| z[z.len().saturating_sub(30)..].to_vec();
    for (name, expected) in vectors["snr_by_subtask"].as_object().unwrap() {
        let (s, z) = (pooled(&models, &|n| n == name), last(pooled(&steps, &|n| n == name)));
        let found = evalgauge::numeric::describe::std_dev(&s, 0).unwrap()
            / evalgauge::numeric::describe::std_dev(&z, 0).unwrap();
        close(found, expected.as_f64().unwrap(), name);
    }
    for point in vectors["cumulative"].as_array().unwrap() {
        let kept: Vec<&str> = point["kept"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let (s, z) = (pooled(&models, &|n| kept.contains(&n)), last(pooled(&steps, &|n| kept.contains(&n))));
        let found = evalgauge::numeric::describe::std_dev(&s, 0).unwrap()
            / evalgauge::numeric::describe::std_dev(&z, 0).unwrap();
        close(found, point["snr"].as_f64().unwrap(), "cumulative ratio");
        let few = pooled(&small, &|n| kept.contains(&n));
        let all = pooled(&models, &|n| kept.contains(&n));
        let decisions = decision_accuracy_published(&few, &all).unwrap();
        close(decisions, point["decision_acc"].as_f64().unwrap(), "cumulative decision accuracy");
    }
}

/// Power, kendall identity and the published simulation of the degenerate ratio.
#[test]
fn statistics_that_name_a_definition_agree_with_the_vectors() {
    let Some(path) = shared("vectors/stats/stats_vectors.json") else { return };
    let vectors = json(&path);
    let seeds = &vectors["madaan"];
    let scores = numbers(&seeds["seed_scores"]);
    close(
        evalgauge::numeric::describe::std_dev(&scores, 1).unwrap(),
        seeds["seed_std_ddof1"].as_f64().unwrap(),
        "standard deviation over seeds",
    );
    let identity = &vectors["kendall_identity"];
    let (a, b) = (numbers(&identity["a"]), numbers(&identity["b"]));
    let d = evalgauge::snr::decision::decision_accuracy(&a, &b, &Default::default()).unwrap();
    close(d.tau_b.unwrap().value, 2.0 * d.accuracy.value - 1.0, "tau and decision accuracy");
    for case in vectors["power"].as_array().unwrap() {
        let (Some(delta), Some(omega)) = (case["delta"].as_f64(), case["omega2"].as_f64()) else { continue };
        if case["sA2"].as_f64().unwrap_or(0.0) > 0.0 {
            continue;
        }
        // ω² is the variance of the difference, twice the component of one model.
        let components = evalgauge::snr::design::Components { item: omega / 2.0, ..Default::default() };
        let design = evalgauge::snr::design::Design { n_items: 1.0, n_seeds: 1.0, n_checkpoints: 1.0 };
        let needed = components.needed(evalgauge::snr::design::Source::Items, delta, &design, 0.95).unwrap();
        assert_eq!(needed, case["n"].as_f64().unwrap().ceil() as u64);
    }
}

/// The exact interval covers the truth as often as it says, where the quick script prints 2 to 4 for every truth.
#[test]
fn the_interval_of_the_ratio_covers_the_truth_and_the_script_does_not_move() {
    use rand_distr::{Distribution, StandardNormal};
    const REPEATS: u64 = 2000;
    let mut lines = Vec::new();
    let mut script: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    for (models, checkpoints) in [(5, 5), (5, 30), (25, 5), (50, 5), (50, 30)] {
        for truth in [0.5, 2.0, 10.0, 100.0] {
            let mut covered = 0;
            let mut printed = 0.0;
            for k in 0..REPEATS {
                let mut rng = evalgauge::numeric::random::stream(17, k);
                let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
                let data: Vec<Vec<f64>> = (0..models)
                    .map(|_| {
                        let own = 1000.0 + truth * draw();
                        (0..checkpoints).map(|_| own + draw()).collect()
                    })
                    .collect();
                let r = ratio::signal_to_noise(&data, 0.95).unwrap().ratio;
                covered += u64::from(r.interval.unwrap().contains(truth));
                printed += pooled_small_scale(&data).unwrap().ratio().unwrap() / REPEATS as f64;
            }
            let coverage = covered as f64 / REPEATS as f64;
            lines.push(format!("{models} models, {checkpoints} checkpoints, ratio {truth}: {coverage:.3}, script {printed:.2}"));
            assert!((0.93..=0.97).contains(&coverage), "{lines:#?}");
            script.entry((models, checkpoints)).or_default().push(printed);
        }
    }
    println!("{}", lines.join("\n"));
    // From a true ratio of 2 to one of 100 the script's number does not even double.
    for (size, printed) in script {
        assert!(printed[3] / printed[1] < 1.5 && printed[3] < 5.0, "{size:?}: {printed:?}");
    }
}

/// Simulated checkpoints with known components, added up in one pass: the interval holds the true ratio.
#[test]
fn simulated_checkpoints_are_measured_as_they_were_made() {
    use evalgauge::simulate::{CheckpointOptions, CheckpointSubject, simulate_checkpoints};
    let subject =
        |name: &str, step_sd| CheckpointSubject { name: name.into(), step_sd, ..Default::default() };
    let subjects = vec![subject("steady", 0.005), subject("noisy", 0.03)];
    let options = CheckpointOptions { n_models: 20, subjects, ..Default::default() };
    let simulated = simulate_checkpoints(&options).unwrap();
    let benchmark = simulated.truth.benchmark.clone();
    let (table, _) = evalgauge::snr::stream::score_table(&simulated.table, &benchmark, None);
    let options = evalgauge::snr::SnrOptions { last: 20, ..Default::default() };
    let analysis = evalgauge::snr::analyse(&table, &options);
    for truth in &simulated.truth.subjects {
        let name = Some(truth.subject.name.as_str());
        let task =
            analysis.tasks.iter().find(|t| t.scale == "all" && t.name.subject.as_deref() == name).unwrap();
        let found = task.anova.as_ref().unwrap();
        let within = found.noise / truth.noise_sd();
        assert!((0.8..1.25).contains(&within), "{}: noise {within} of the truth", truth.subject.name);
        let interval = found.ratio.interval.unwrap();
        assert!(interval.contains(truth.ratio().unwrap()), "{interval:?} and the truth {:?}", truth.ratio());
    }
}

/// DataDecide's evaluator: closed forms to 1e-12; its logarithmic fit to 1e-6, for the reference stops there.
#[test]
fn datadecide_measures_agree_with_the_reference_code() {
    use evalgauge::snr::datadecide::{log_fit, published_agreement, published_agreement_of_seeds};
    let Some(path) = shared("vectors/datadecide/evaluator_vectors.json") else { return };
    let vectors = json(&path);
    let expected = |part: &str, name: &str| vectors[part][name].as_f64().expect(name);
    let found = published_agreement(&numbers(&vectors["big"]), &numbers(&vectors["small"]));
    for (value, name) in [
        (found.binary_accuracy, "binary_accuracy"),
        (found.rank_correlation, "magnitude_correlation"),
        (found.pearson_correlation, "pearson_correlation"),
        (found.recall_at_k, "recall_at_k"),
        (found.weighted_pearson_correlation, "weighted_pearson_correlation"),
        (found.discounted_gain, "NDCG"),
    ] {
        close(value.expect(name), expected("single_seed", name), name);
    }
    let seeds =
        |key: &str| -> Vec<Vec<f64>> { vectors[key].as_array().unwrap().iter().map(numbers).collect() };
    let (binary, three) = published_agreement_of_seeds(&seeds("big_seeds"), &seeds("small_seeds")).unwrap();
    close(binary, expected("multi_seed", "binary_accuracy"), "majority of seeds");
    close(three, expected("multi_seed", "three_way_accuracy"), "all seeds");
    let case = &vectors["log_fit"];
    let fit = log_fit(&numbers(&case["values"]), case["baseline"].as_f64().unwrap()).expect("a fit");
    for (a, b) in fit.mean.iter().zip(numbers(&case["mean_fit"])) {
        assert!((a / b - 1.0).abs() < 1e-6, "{a} {b}");
    }
    for (a, b) in fit.spread.iter().zip(numbers(&case["std"])) {
        close(*a, b, "spread in a window");
    }
}
