//! Does `irt` do what a user expects: fit, score, link, and say what it cannot?

use assert_cmd::Command;
use std::path::Path;
use std::process::Output;

fn evalgauge(arguments: &str, directory: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    command.args(arguments.split(' ')).current_dir(directory).output().expect("the program runs")
}

/// Runs a command that must succeed and returns its summary.
fn summary(arguments: &str, directory: &Path) -> serde_json::Value {
    let output = evalgauge(&format!("{arguments} --format json --quiet"), directory);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// A column of a table by the name of its row.
fn column(directory: &Path, file: &str, key: &str, name: &str) -> Vec<(String, Option<f64>)> {
    let mut reader = csv::Reader::from_path(directory.join(file)).expect("a table");
    let headings = reader.headers().expect("headings").clone();
    let at =
        |name: &str| headings.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
    let (key, value) = (at(key), at(name));
    reader.records().map(|r| r.expect("a row")).map(|r| (r[key].to_owned(), r[value].parse().ok())).collect()
}

#[test]
fn a_fit_writes_all_it_promises_and_its_parameters_score_the_same_models_alike() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    summary("simulate --out made --models 60 --items 40 --missing 0.05 --write evals", at);
    let fitted = summary("irt made/simulated.evals --out fitted", at);
    assert_eq!(fitted[0]["n_models"], 60);
    assert_eq!(fitted[0]["converged"], true);
    assert!(fitted[0]["chosen_because"].is_string(), "{fitted}");
    for name in ["item_parameters", "abilities", "information", "dependent_pairs", "model_choice"] {
        for form in ["csv", "parquet"] {
            assert!(at.join(format!("fitted/{name}.{form}")).is_file(), "{name}.{form}");
        }
    }
    for plot in ["irt-information", "irt-map", "irt-item-curves", "irt-item-fit"] {
        for form in ["svg", "png"] {
            assert!(at.join(format!("fitted/plots/simulated/{plot}.{form}")).is_file(), "{plot}.{form}");
        }
    }
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(at.join("fitted/fit.json")).expect("fit.json")).expect("JSON");
    for key in ["benchmark", "model", "log_likelihood", "n_parameters", "converged", "choice"] {
        assert!(!record[0][key].is_null(), "{key}");
    }
    assert_eq!(column(at, "fitted/information.csv", "benchmark", "information").len(), 121);

    summary("irt score --parameters fitted/item_parameters.csv made/simulated.evals --out scored", at);
    for name in ["ability", "ability_se", "ability_ml", "ability_wle"] {
        let before = column(at, "fitted/abilities.csv", "model", name);
        let mut after = column(at, "scored/abilities.csv", "model", name);
        after.sort_by_key(|(model, _)| before.iter().position(|b| b.0 == *model));
        assert_eq!(before.len(), after.len());
        for ((model, a), (_, b)) in before.iter().zip(&after) {
            match (a, b) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-6, "{name} of {model}: {a} {b}"),
                (a, b) => assert_eq!(a, b, "{name} of {model}"),
            }
        }
    }
}

#[test]
fn ordered_scores_are_fitted_scored_and_linked() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    summary("simulate --out made --models 80 --items 12 --model grm --categories 4 --write evals", at);
    for model in ["grm", "gpcm"] {
        let fitted = summary(&format!("irt made/simulated.evals --out {model} --model {model}"), at);
        assert_eq!(fitted[0]["irt_model"], model);
        let parameters = format!("{model}/item_parameters.csv");
        summary(&format!("irt score --parameters {parameters} made/simulated.evals --out scored"), at);
        let before = column(at, &format!("{model}/abilities.csv"), "model", "ability");
        let after: std::collections::HashMap<_, _> =
            column(at, "scored/abilities.csv", "model", "ability").into_iter().collect();
        for (name, ability) in before {
            let (a, b) = (ability.expect("an ability"), after[&name].expect("an ability"));
            assert!((a - b).abs() < 1e-6, "{model}: {name} {a} {b}");
        }
        // A calibration linked to itself stays where it is.
        let linked = summary(&format!("irt link --from {parameters} --to {parameters} --out linked"), at);
        for link in linked[0]["links"].as_array().expect("links") {
            assert!((link["slope"]["value"].as_f64().expect("a slope") - 1.0).abs() < 1e-6, "{link}");
            assert!(link["intercept"]["value"].as_f64().expect("a shift").abs() < 1e-6, "{link}");
        }
    }
}

#[test]
fn a_calibration_on_another_scale_is_brought_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    // θ = 2 θ′ + 1: a′ = 2 a, b′ = (b − 1) / 2.
    let (mut old, mut new) =
        ("item,discrimination,difficulty\n".to_owned(), "item,discrimination,difficulty\n".to_owned());
    for k in 0..12 {
        let (a, b) = (0.6 + 0.1 * k as f64, -1.5 + 0.3 * k as f64);
        old.push_str(&format!("i{k},{a},{b}\n"));
        new.push_str(&format!("i{k},{},{}\n", 2.0 * a, (b - 1.0) / 2.0));
    }
    std::fs::write(at.join("old.csv"), old).expect("a file");
    std::fs::write(at.join("new.csv"), new).expect("a file");
    for method in ["mean-sigma", "stocking-lord"] {
        summary(&format!("irt link --from new.csv --to old.csv --out linked --method {method}"), at);
        for (name, slope) in column(at, "linked/link.csv", "method", "link_slope") {
            assert!((slope.expect("a slope") - 2.0).abs() < 1e-5, "{name}: {slope:?}");
        }
        for (name, shift) in column(at, "linked/link.csv", "method", "link_shift") {
            assert!((shift.expect("a shift") - 1.0).abs() < 1e-5, "{name}: {shift:?}");
        }
        for (item, change) in column(at, "linked/common_items.csv", "item", "difficulty_change") {
            assert!(change.expect("a change").abs() < 1e-5, "{item}");
        }
        let sd = column(at, "linked/item_parameters.csv", "item", "ability_sd");
        assert!((sd[0].1.expect("a spread") - 2.0).abs() < 1e-5);
    }
}

#[test]
fn what_cannot_be_done_says_why_and_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).expect("a file");
    let long = |models: usize, items: usize, score: fn(usize, usize) -> f64| {
        let mut text = "model,item,score\n".to_owned();
        for m in 0..models {
            (0..items).for_each(|i| text.push_str(&format!("m{m},i{i},{}\n", score(m, i))));
        }
        text
    };
    write("one_model.csv", &long(1, 20, |_, i| (i % 2) as f64));
    write("one_item.csv", &long(20, 1, |m, _| (m % 2) as f64));
    write("graded.csv", &long(20, 10, |m, i| ((m * 7 + i * 13) % 29) as f64 / 29.0));
    write("parameters.csv", "item,slope\ni0,1\n");
    write("letters.csv", "item,discrimination,difficulty\ni0,steep,1\n");
    write("foreign.csv", "item,discrimination,difficulty\nx0,1,0\nx1,1,1\n");
    write("scores.csv", &long(20, 10, |m, i| ((m * 7 + i * 13) % 3 == 0) as u8 as f64));
    for (arguments, said) in [
        ("irt one_model.csv --out t", "too few"),
        ("irt one_item.csv --out t", "one item"),
        ("irt graded.csv --out t --model 2pl", "--threshold X"),
        ("irt score --parameters parameters.csv scores.csv --out t", "no column discrimination"),
        ("irt score --parameters letters.csv scores.csv --out t", "line 2: discrimination is \"steep\""),
        ("irt score --parameters foreign.csv scores.csv --out t", "is among the 2 calibrated ones"),
        ("irt score --parameters absent.csv scores.csv --out t", "cannot read absent.csv"),
        ("irt link --from foreign.csv --to foreign.csv --out t", "common items are too few"),
        ("irt scores.csv", "--out"),
    ] {
        let output = evalgauge(arguments, at);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {message}");
        assert!(message.contains(said), "{arguments}: {message}");
        assert!(output.stdout.is_empty());
    }
    // Nothing half done is left behind.
    assert_eq!(std::fs::read_dir(at.join("t")).map(|d| d.count()).unwrap_or(0), 0);
    let fitted = summary("irt graded.csv --out u --threshold 0.5", at);
    assert_eq!(fitted[0]["n_models"], 20);
}
