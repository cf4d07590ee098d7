//! Does `flag` do what a user expects: files, the way back from the annotator, exit codes, messages?

use assert_cmd::Command;
use std::path::Path;
use std::process::Output;

fn evalgauge(arguments: &str, directory: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    command.args(arguments.split_whitespace()).current_dir(directory).output().expect("the program runs")
}

fn done(arguments: &str, directory: &Path) -> Output {
    let output = evalgauge(arguments, directory);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Twelve models on 200 items in 4 subjects, ten of them keyed to a wrong option.
const SIMULATE: &str = "simulate --out made --models 12 --items 200 --options 4 --subjects 4 --wrong-key 0.05 \
                        --ability-mean 1.5 --write long-csv";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn flag_writes_its_tables_and_reads_an_annotators_sheet_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    done(SIMULATE, at);
    let output = done("flag made/simulated.csv --out flags --top 20 --quiet --format json", at);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary[0]["n_items"].as_u64(), Some(200));
    let first = summary[0]["first_items"][0]["item"].as_str().expect("an item").to_owned();
    for table in ["flags", "rules", "review", "repairs", "flag_effect", "zones"] {
        assert!(at.join(format!("flags/{table}.csv")).is_file(), "{table}.csv");
        assert!(at.join(format!("flags/{table}.parquet")).is_file(), "{table}.parquet");
    }
    let benchmark = summary[0]["benchmark"].as_str().expect("a name");
    let export = at.join("flags/export").join(benchmark);
    let samples: serde_json::Value =
        serde_json::from_str(&read(&export.join("lm_eval/samples.json"))).expect("JSON");
    // Positions are known where the numbers of a task's items run from 0: in the first of the four.
    let tasks: Vec<&String> = samples.as_object().expect("tasks by name").keys().collect();
    assert_eq!(tasks, ["subject_1"]);

    // The sheet tells an annotator nothing of the scores, and comes back as labels.
    let review = read(&at.join("flags/review.csv"));
    assert!(
        review.lines().next().is_some_and(|header| !header.contains("score") && !header.contains("rank"))
    );
    assert_eq!(review.lines().count(), 21);
    let empty = evalgauge("flag evaluate --flags flags/flags.csv --labels flags/review.csv", at);
    assert_eq!(empty.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&empty.stderr).contains("none of 20 rows has an error_type yet"));
    let filled: String = review
        .lines()
        .map(|line| match line.strip_suffix(",,,") {
            Some(row) if row.contains(&first) => format!("{row},wrong_groundtruth,B,\n"),
            Some(row) => format!("{row},ok,,\n"),
            None => format!("{line}\n"),
        })
        .collect();
    std::fs::write(at.join("filled.csv"), filled).expect("a file");
    let output =
        done("flag evaluate --flags flags/flags.csv --labels filled.csv --out quality --format json", at);
    let evaluation: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(evaluation["n_items"].as_u64(), Some(20));
    assert_eq!(evaluation["n_items_unlabelled"].as_u64(), Some(180));
    assert_eq!(evaluation["qualities"][2]["average_precision"]["value"].as_f64(), Some(1.0));
    assert!(at.join("quality/flag_quality.csv").is_file());
}

#[test]
fn the_planted_wrong_keys_lead_and_a_deny_threshold_is_exit_code_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    done(SIMULATE, at);
    let denied = evalgauge("flag made/simulated.csv --out flags --deny 0", at);
    assert_eq!(denied.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&denied.stderr).contains("more than --deny 0"));
    assert!(at.join("flags/flags.csv").is_file(), "the tables are written all the same");
    done("flag made/simulated.csv --out flags --deny 200", at);

    let planted = read(&at.join("made/truth_items.csv"));
    let mut lines = planted.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).expect(name);
    let (item, error) = (column("item"), column("planted_error"));
    let labels: String = lines
        .map(|l| l.split(',').collect::<Vec<_>>())
        .map(|f| {
            format!("{},{}\n", f[item], if f[error] == "wrong_key" { "wrong_groundtruth" } else { "ok" })
        })
        .collect();
    std::fs::write(at.join("labels.csv"), format!("item,error_type\n{labels}")).expect("a file");
    let output = done("flag evaluate --flags flags/flags.csv --labels labels.csv --format json", at);
    let evaluation: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let auroc = evaluation["qualities"][2]["auroc"]["value"].as_f64().expect("wrong keys");
    assert!(auroc > 0.95, "{auroc}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path();
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).expect("a file");
    write("two.csv", "model,item,score\na,q1,1\na,q2,0\nb,q1,1\nb,q2,1\n");
    write("flags.csv", "item,score\nq1,1\nq2,0\n");
    write("other.csv", "item,error_type\nz9,ok\n");
    write("cut.csv", "item,score\nq1\n");
    write("labels.csv", "item,verdict\nq1,ok\n");
    write("empty.csv", "");
    for (arguments, said) in [
        ("flag two.csv --out f", "at least 3 are needed to rank its items"),
        ("flag --quiet", "--out"),
        ("flag two.csv --out f --top 0", "--top"),
        ("flag evaluate --flags flags.csv --labels other.csv", "do both name items alike?"),
        ("flag evaluate --flags flags.csv --labels labels.csv", "no column error_type"),
        ("flag evaluate --flags flags.csv --labels empty.csv", "the labels have no row"),
        ("flag evaluate --flags cut.csv --labels other.csv", "is the file whole?"),
        ("flag evaluate --flags absent.csv --labels other.csv", "cannot read absent.csv"),
        ("flag evaluate --flags labels.csv --labels other.csv", "no column score"),
    ] {
        let output = evalgauge(arguments, at);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {message}");
        assert!(message.contains(said), "{arguments}: {message}");
    }
}
