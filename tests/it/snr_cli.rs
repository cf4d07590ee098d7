//! Do `snr` and `select subtasks` do what a user expects: files, figures, messages?

use crate::shared::shared;
use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

fn evalgauge(arguments: &[&str], directory: &Path) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    command.args(arguments).current_dir(directory).output().expect("the program runs")
}

fn summary(arguments: &[&str], directory: &Path) -> Value {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json", "--quiet"]);
    let output = evalgauge(&all, directory);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// Six recipes at two sizes, five checkpoints each: the scores of the large size are those of the small one plus .2.
fn long_table() -> String {
    let mut text = "model,size,mix,step,task,metric,value\n".to_owned();
    for (size, shift) in [("100M", 0.0), ("1B", 0.2)] {
        for recipe in 0..6 {
            for step in 1..=5 {
                let wobble = 0.001 * f64::from((step * 7 + recipe * 3) % 5 - 2);
                let acc = 0.3 + shift + 0.02 * f64::from(recipe) + wobble;
                writeln!(text, "m{recipe}-{size},{size},mix{recipe},{step},easy,acc,{acc}").unwrap();
                writeln!(text, "m{recipe}-{size},{size},mix{recipe},{step},easy,bpb,{}", 2.0 - acc).unwrap();
            }
        }
    }
    text
}

#[test]
fn a_long_table_of_scores_gives_ratios_decisions_and_gains() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("scores.csv"), long_table()).expect("a file");
    let found = summary(&["snr", "scores.csv", "--out", "out"], directory.path());
    let task = &found["tasks"][0];
    assert_eq!((task["n_models"].as_u64(), task["n_checkpoints"].as_u64()), (Some(12), Some(5)));
    assert_eq!(task["decision_accuracy"]["value"].as_f64(), Some(1.0));
    assert_eq!((task["small"].as_str(), task["target"].as_str()), (Some("100M"), Some("1B")));
    assert_eq!(task["verdict"].as_str(), Some("better_than_chance"));
    // Bits per byte are a mirror image: the same ratio, the same decisions.
    let other = &found["tasks"][1];
    assert_eq!(other["metric"].as_str(), Some("bpb"));
    let ratio = |t: &Value| t["ratio"]["value"].as_f64().unwrap();
    assert!((ratio(task) - ratio(other)).abs() < 1e-9);
    assert_eq!(other["decision_accuracy"]["value"].as_f64(), Some(1.0));
    for file in ["snr", "decision_accuracy", "interventions", "signal_variants"] {
        assert!(directory.path().join(format!("out/{file}.csv")).is_file(), "{file}");
        assert!(directory.path().join(format!("out/{file}.parquet")).is_file(), "{file}");
    }
    for plot in ["signal_noise", "training_curves_highest_ratio", "decision_accuracy", "checkpoint_averaging"]
    {
        assert!(directory.path().join(format!("out/plots/{plot}.png")).is_file(), "{plot}");
    }
}

/// Training runs on tasks of which every other one says nothing of the model; scores wobble from step to step.
fn training(models: u32, tasks: u32, steps: u32) -> String {
    let mut text = "model,step,task,metric,value\n".to_owned();
    for model in 0..models {
        for task in 0..tasks {
            for step in 1..=steps {
                let wobble =
                    0.004 * f64::from((step * 7 + model * 5 + task * 3 + step * model * task) % 11) - 0.02;
                let ability = if task % 2 == 0 { 0.01 * f64::from(model) } else { 0.0 };
                let value = 0.3 + ability * (0.5 + 0.5 * f64::from(step) / f64::from(steps)) + wobble;
                writeln!(text, "m{model},{step},task{task},acc,{value}").unwrap();
            }
        }
    }
    text
}

#[test]
fn tasks_are_chosen_by_scores_at_checkpoints() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("scores.csv"), training(16, 6, 10)).expect("a file");
    let found = summary(&["select", "subtasks", "scores.csv", "--out", "out"], directory.path());
    let chosen = &found[0];
    let kept: Vec<&str> = chosen["kept"].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
    assert!(kept.iter().all(|k| ["task0", "task2", "task4"].contains(k)), "{kept:?}");
    assert_eq!(chosen["helps"].as_bool(), Some(true), "{chosen}");
    assert_eq!((chosen["n_models"].as_u64(), chosen["n_checkpoints"].as_u64()), (Some(16), Some(5)));
    assert_eq!(chosen["small"].as_str(), Some("10 % of training"));
    let tasks = std::fs::read_to_string(directory.path().join("out/export/lm_eval_tasks.txt")).unwrap();
    assert_eq!(tasks.trim(), kept.join(","));
    for file in
        ["subtasks.csv", "curve.csv", "redundancy.csv", "plots/selection_curve.png", "plots/redundancy.svg"]
    {
        assert!(directory.path().join("out").join(file).is_file(), "{file}");
    }
    // The same gain of leaving out subtasks stands among the interventions of `snr`.
    summary(&["snr", "scores.csv", "--out", "snr"], directory.path());
    let table = std::fs::read_to_string(directory.path().join("snr/interventions.csv")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|l| l.contains(",filter,")).collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0].contains(",ratio,") && rows[1].contains(",decision_accuracy,"), "{rows:?}");
    assert!(rows.iter().all(|r| r.ends_with("true")), "{rows:?}");
}

#[test]
fn a_wide_table_gives_what_the_long_one_does() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("long.csv"), long_table()).expect("a file");
    let mut wide = "run,size,recipe,step,task,acc,bpb\n".to_owned();
    let long = long_table();
    let rows: Vec<Vec<&str>> = long.lines().skip(1).map(|l| l.split(',').collect()).collect();
    for pair in rows.chunks(2) {
        let r = &pair[0];
        writeln!(wide, "{},{},{},{},{},{},{}", r[0], r[1], r[2], r[3], r[4], r[6], pair[1][6]).unwrap();
    }
    std::fs::write(directory.path().join("wide.csv"), wide).expect("a file");
    let a = summary(&["snr", "long.csv", "--out", "a"], directory.path());
    let b = summary(&["snr", "wide.csv", "--out", "b"], directory.path());
    assert_eq!(a["tasks"], b["tasks"]);
}

#[test]
fn the_script_definition_prints_another_number_and_no_interval() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("scores.csv"), long_table()).expect("a file");
    let script = summary(&["snr", "scores.csv", "--out", "s", "--definition", "script"], directory.path());
    assert!(script["tasks"][0]["ratio"]["interval"].is_null());
    let anova = summary(&["snr", "scores.csv", "--out", "a"], directory.path());
    let ratio = |v: &Value| v["tasks"][0]["ratio"]["value"].as_f64().unwrap();
    assert!(ratio(&anova) > 10.0 * ratio(&script), "{} {}", ratio(&anova), ratio(&script));
}

#[test]
fn what_cannot_be_measured_says_what_is_missing() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("bad.csv"), "model,task,metric,value\na,t,acc,much\nb,t,acc,0.2\n")
        .unwrap();
    std::fs::write(directory.path().join("none.csv"), "colour,taste\nred,sweet\nblue,sour\n").unwrap();
    std::fs::write(directory.path().join("empty.csv"), "").unwrap();
    std::fs::write(directory.path().join("cut.parquet"), b"PAR1 and nothing else").unwrap();
    for (name, models, tasks, steps) in [
        ("two", 2, 4, 5),
        ("one-step", 12, 4, 1),
        ("one-task", 12, 1, 5),
        ("good", 12, 4, 5),
        ("two-steps", 12, 4, 2),
    ] {
        std::fs::write(directory.path().join(format!("{name}.csv")), training(models, tasks, steps)).unwrap();
    }
    for (arguments, said) in [
        (["snr", "bad.csv", "--out", "t"].as_slice(), "row 2: \"much\" in column value is no number"),
        (&["snr", "none.csv", "--out", "t"], "no column of models"),
        (&["snr", "empty.csv", "--out", "t"], "the file is empty"),
        (&["snr", "cut.parquet", "--out", "t"], "damaged"),
        (&["snr", "gone.csv", "--out", "t"], "no such file"),
        (&["snr", "bad.csv", "--out", "t", "--difference", "0"], "must be above 0"),
        (&["select", "subtasks", "--out", "t", "--by", "nothing"], "--by nothing"),
        (&["select", "subtasks", "--out", "t", "--keep", "99"], "--keep 99"),
        (&["select", "subtasks", "none.csv", "--out", "t"], "nor are there scores of whole tasks"),
        (&["select", "subtasks", "bad.csv", "--out", "t"], "row 2: \"much\" in column value is no number"),
        (&["select", "subtasks", "empty.csv", "--out", "t"], "the file is empty"),
        (&["select", "subtasks", "cut.parquet", "--out", "t"], "damaged"),
        (
            &["select", "subtasks", "two.csv", "--out", "t"],
            "score on all 4 tasks at 2 checkpoints or more: 2;",
        ),
        (&["select", "subtasks", "two.csv", "--out", "t"], "needs 8"),
        (&["select", "subtasks", "one-step.csv", "--out", "t"], "needs 2 of each model"),
        (
            &["select", "subtasks", "one-task.csv", "--out", "t"],
            "tasks of one metric and unit: 1; choosing needs 3",
        ),
        (&["select", "subtasks", "good.csv", "--out", "t", "--keep", "9"], "--keep 9"),
        (&["select", "subtasks", "good.csv", "--out", "t", "--by", "src"], "--by src"),
        (&["select", "subtasks", "good.csv", "--out", "t", "--flags", "good.csv"], "--flags"),
        (
            &["select", "subtasks", "two-steps.csv", "--out", "t", "--objective", "accuracy"],
            "choose by ratio or pairs",
        ),
    ] {
        let output = evalgauge(arguments, directory.path());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
}

#[test]
fn item_level_checkpoints_and_seeds_are_added_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let found = summary(&["snr", "--out", "out"], directory.path());
    let whole = &found["tasks"][0];
    assert_eq!(whole["benchmark"].as_str(), Some("digits-zoo"));
    assert!(whole["ratio"]["value"].as_f64().unwrap() > 1.0);
    assert_eq!(found["tasks"].as_array().unwrap().len(), 6);
}

#[test]
fn subtasks_are_chosen_and_exported() {
    let directory = tempfile::tempdir().expect("a directory");
    let found = summary(&["select", "subtasks", "--out", "out"], directory.path());
    let kept = found[0]["n_kept"].as_u64().unwrap();
    assert!((1..=5).contains(&kept));
    assert!(found[0]["verdict"].as_str().unwrap().contains("iltering"));
    let list = std::fs::read_to_string(directory.path().join("out/export/subtasks.txt")).unwrap();
    assert_eq!(list.lines().count() as u64, kept);
    for file in
        ["subtasks.csv", "curve.csv", "redundancy.csv", "plots/selection_curve.png", "plots/redundancy.svg"]
    {
        assert!(directory.path().join("out").join(file).is_file(), "{file}");
    }
}

/// Aggregate scores of real checkpoints are read whole, and ten times as much training is predicted for some tasks.
#[test]
fn real_checkpoints_say_which_tasks_rank_ten_times_larger_models() {
    let Some(path) = shared("data/pythia-checkpoints/scores.parquet") else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let path = path.canonicalize().unwrap();
    let found =
        summary(&["snr", path.to_str().unwrap(), "--out", "out", "--metric", "acc"], directory.path());
    let names = |key: &str| -> Vec<String> {
        found[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let (ranks, not) = (names("ranks"), names("does_not_rank"));
    assert!(
        ranks.iter().any(|n| n.starts_with("lambada_openai") && n.contains("pythia-v1, zero-shot")),
        "{ranks:?}"
    );
    assert!(not.iter().any(|n| n.starts_with("hendrycksTest-abstract_algebra")), "{not:?}");
}

/// Filtering the subjects of a real benchmark: chosen on half of the models, tried on the other half.
#[test]
fn filtering_a_real_benchmark_states_its_gain_on_other_models() {
    let Some(path) = shared("data/mmlu-redux") else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let path = path.canonicalize().unwrap();
    let found = summary(&["select", "subtasks", path.to_str().unwrap(), "--out", "out"], directory.path());
    let of = |key: &str| found[0][key].as_f64().unwrap();
    assert_eq!(found[0]["n_subtasks"].as_u64(), Some(57));
    assert!(of("gain_in_sample") >= 1.0 && of("gain_expected") < of("gain_in_sample"));
    assert!(of("gain_low") <= of("gain_expected") && of("gain_expected") <= of("gain_high"));
}

/// Filtering the tasks of real training runs, by their scores at checkpoints: chosen on half of the runs, tried on the
/// other half.
#[test]
fn filtering_real_training_runs_states_its_gain_on_other_runs() {
    for (path, metric, n_tasks, n_models) in [
        ("data/pythia-checkpoints/scores.parquet", "acc", 132, 16),
        ("data/olmo-ladder/ladder.csv", "accuracy", 8, 16),
    ] {
        let Some(path) = shared(path) else { return };
        let directory = tempfile::tempdir().expect("a directory");
        let path = path.canonicalize().unwrap();
        let path = path.to_str().unwrap();
        let found =
            summary(&["select", "subtasks", path, "--metric", metric, "--out", "out"], directory.path());
        let of = |key: &str| found[0][key].as_f64().unwrap();
        assert_eq!((of("n_subtasks"), of("n_models")), (f64::from(n_tasks), f64::from(n_models)), "{path}");
        assert!(of("gain_in_sample") >= 1.0 && of("gain_expected") <= of("gain_in_sample"), "{path}");
        assert!(of("gain_low") <= of("gain_expected") && of("gain_expected") <= of("gain_high"), "{path}");
        let kept = found[0]["kept"].as_array().unwrap().len();
        let list = std::fs::read_to_string(directory.path().join("out/export/subtasks.txt")).unwrap();
        assert_eq!(list.lines().count(), kept);
    }
}
