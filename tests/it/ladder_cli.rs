//! Does `evalgauge ladder` do what a user expects, on good ladders and on bad ones?

use crate::shared::shared;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

fn ladder(arguments: &[&str], directory: &Path) -> std::process::Output {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    let arguments = [&["ladder"], arguments].concat();
    command.args(arguments).current_dir(directory).output().expect("the program runs")
}

/// A row of a ladder: parameters, tokens, loss, accuracy, before it is written.
struct Row {
    parameters: f64,
    tokens: f64,
    loss: f64,
    accuracy: f64,
}

/// A lawful ladder of four sizes and four lengths and a target, changed row by row; `None` drops a row.
fn table(change: impl Fn(usize, Row) -> Option<Row>) -> String {
    let mut text = String::from("model,task,n_params,tokens,flops,bpb,acc\n");
    let mut number = 0;
    for (i, n) in [1e8, 2e8, 4e8, 8e8, 8e9].into_iter().enumerate() {
        for per in [20.0, 40.0, 100.0, 200.0].into_iter().take(if i == 4 { 1 } else { 4 }) {
            let tokens = n * per;
            let loss = 20.0 / f64::powf(n, 0.2) + 30.0 / f64::powf(tokens, 0.2) + 0.3;
            let accuracy = 0.25 + 0.75 / (1.0 + (6.0 * (loss - 0.9)).exp());
            if let Some(r) = change(number, Row { parameters: n, tokens, loss, accuracy }) {
                let name = if i == 4 { "big".to_owned() } else { format!("run-{number}") };
                let flops = 6.0 * r.parameters * r.tokens;
                writeln!(
                    text,
                    "{name},arc_easy,{},{},{flops},{},{}",
                    r.parameters, r.tokens, r.loss, r.accuracy
                )
                .expect("a line");
            }
            number += 1;
        }
    }
    text
}

const FAST: [&str; 4] = ["--bootstrap", "20", "--out", "out"];

fn run(text: &str, more: &[&str]) -> (std::process::Output, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("runs.csv"), text).expect("a file");
    let arguments = [&["runs.csv"][..], &FAST, more].concat();
    (ladder(&arguments, directory.path()), directory)
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_table_with_other_names_is_read_predicted_and_written() {
    let (output, directory) = run(&table(|_, r| Some(r)), &["--target", "big", "--plan", "--format", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("loss=bpb") && said(&output).contains("accuracy=acc"),
        "{}",
        said(&output)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let selected = &summary["predictions"][0];
    let (predicted, actual) = (&selected["predicted"], &selected["actual"]);
    let error = predicted.as_f64().expect("a number") - actual.as_f64().expect("a number");
    assert!(error.abs() < 0.03, "{selected}");
    assert_eq!(summary["n_rungs"], 16);
    assert_eq!(summary["planning"].as_array().map(Vec::len), Some(4));
    let out = directory.path().join("out");
    for stem in ["ladder_fits", "predictions", "backtest", "predictability", "planning"] {
        for end in ["csv", "parquet"] {
            assert!(out.join(format!("{stem}.{end}")).is_file(), "{stem}.{end}");
        }
    }
    for stem in ["ladder-steps-arc_easy", "ladder-predicted-actual", "ladder-error-by-distance"] {
        for end in ["svg", "png"] {
            assert!(out.join(format!("plots/{stem}.{end}")).is_file(), "{stem}.{end}");
        }
    }
    let predictions = std::fs::read_to_string(out.join("predictions.csv")).expect("predictions");
    let header: Vec<&str> = predictions.lines().next().expect("a header").split(',').collect();
    for column in
        ["task", "target", "form", "selected", "predicted", "predicted_low", "predicted_high", "actual"]
    {
        assert!(header.contains(&column), "{column} of {header:?}");
    }
    let at = header.iter().position(|h| *h == "selected").expect("the column");
    let marked = predictions.lines().skip(1).filter(|l| l.split(',').nth(at) == Some("true")).count();
    assert_eq!(marked, 1, "one prediction for each task and target");
}

#[test]
fn bad_ladders_are_refused_or_warned_of() {
    let two = table(|i, r| (i < 2 || i == 16).then_some(r));
    let one_size = table(|_, r| Some(Row { parameters: 1e8, ..r }));
    let constant = table(|_, r| Some(Row { accuracy: 0.4, ..r }));
    let rising = table(|_, r| Some(Row { loss: 3.0 - r.loss, ..r }));
    let percent = table(|_, r| Some(Row { accuracy: 100.0 * r.accuracy, ..r }));
    for (text, reason) in [
        (&two, "2 rungs: at least 6 are needed"),
        (&one_size, "cannot be told from one size"),
        (&constant, "accuracy is constant"),
        (&rising, "the loss rises with compute"),
        (&percent, "divide percentages by 100"),
    ] {
        let (output, directory) = run(text, &["--target", "big"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(reason), "{reason}: {}", said(&output));
        assert!(!directory.path().join("out/predictions.csv").exists());
    }
}

#[test]
fn missing_compute_is_worked_out_or_refused() {
    let good = table(|_, r| Some(r));
    let without = |columns: &[&str]| -> String {
        let header: Vec<&str> = good.lines().next().expect("a header").split(',').collect();
        let keep: Vec<usize> = (0..header.len()).filter(|&k| !columns.contains(&header[k])).collect();
        let cut = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            keep.iter().map(|&k| cells[k]).collect::<Vec<_>>().join(",") + "\n"
        };
        good.lines().map(cut).collect()
    };
    let (output, _keep) = run(&without(&["flops"]), &["--target", "big"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("taken as 6 N D"), "{}", said(&output));
    let (output, _keep) = run(&without(&["flops", "tokens"]), &["--target", "big"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("has no training compute"), "{}", said(&output));
    let (output, _keep) = run(&without(&["task"]), &["--target", "big"]);
    assert!(
        said(&output).contains("no column for the task: known names are task, benchmark"),
        "{}",
        said(&output)
    );
    let (output, _keep) = run(&good, &["--target", "big", "--column", "accuracy=absent"]);
    assert!(said(&output).contains("no column 'absent' for the accuracy"), "{}", said(&output));
}

#[test]
fn targets_that_cannot_be_predicted_are_named() {
    let good = table(|_, r| Some(r));
    let (output, _keep) = run(&good, &["--target", "nobody"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no run has this name or size"), "{}", said(&output));
    let (output, _keep) = run(&good, &["--target", "big", "--target", "1M:20M", "--target", "1T:20T"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("not predicted: 1M:20M") && text.contains("ladders predict upwards"), "{text}");
    assert!(said(&output).contains("the interval is an extrapolation itself"), "{}", said(&output));
}

#[test]
fn files_that_are_no_ladder_say_so() {
    let good = table(|_, r| Some(r));
    let (output, _keep) = run("", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("the file is empty"), "{}", said(&output));
    let (output, _keep) = run(&good[..good.len() - 30], &["--target", "100B:2T"]);
    assert!(output.status.success() && said(&output).contains("left out"), "{}", said(&output));
    let (output, _keep) = run("planet,moons\nMars,2\nEarth,1\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no column for the task"), "{}", said(&output));
}

#[test]
fn the_bundled_ladder_is_the_default() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = ladder(&["--bootstrap", "20", "--out", "out", "--format", "json"], directory.path());
    assert!(output.status.success(), "{}", said(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((summary["n_rungs"].as_u64(), summary["n_tasks"].as_u64()), (Some(90), Some(1)));
    for target in summary["predictions"].as_array().expect("predictions") {
        let end = |name: &str| target["interval"][name].as_f64().expect("an end");
        let actual = target["actual"].as_f64().expect("known");
        assert!(end("low") <= actual && actual <= end("high"), "{target}");
    }
}

#[test]
fn the_public_ladder_is_predicted_from_its_file() {
    let Some(path) = shared("data/olmo-ladder/ladder.csv") else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let path = path.display().to_string();
    let output = ladder(&[&path, "--bootstrap", "50", "--out", "out", "--format", "json"], directory.path());
    assert!(output.status.success(), "{}", said(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for target in summary["targets"].as_array().expect("targets") {
        let limit =
            if target["target"].as_str().expect("a name").contains("peteish7") { 0.030 } else { 0.032 };
        assert!(target["mean_absolute_error"].as_f64().expect("a number") <= limit, "{target}");
    }
}
