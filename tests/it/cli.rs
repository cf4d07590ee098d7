//! Do the commands do what a user expects: files, exit codes, messages?

use assert_cmd::Command;
use std::path::Path;

fn evalgauge(arguments: &[&str], directory: &Path) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    command.args(arguments).current_dir(directory).output().expect("the program runs")
}

/// What each form is called, and the file or directory it makes.
const FORMS: [(&str, &str); 5] = [
    ("evals", "simulated.evals"),
    ("long-csv", "simulated.csv"),
    ("wide-csv", "simulated.csv"),
    ("json-lines", "simulated.jsonl"),
    ("lm-eval", "lm_eval"),
];

#[test]
fn what_is_simulated_in_any_form_is_read_back() {
    let directory = tempfile::tempdir().expect("a directory");
    for (form, file) in FORMS {
        let arguments =
            ["simulate", "--out", form, "--models", "12", "--items", "40", "--options", "4", "--write", form];
        let made = evalgauge(&arguments, directory.path());
        assert!(made.status.success(), "{form}: {}", String::from_utf8_lossy(&made.stderr));
        // The whole directory: the truth tables beside the dump are no benchmarks.
        assert!(directory.path().join(form).join(file).exists());
        let dump = form.to_owned();
        let arguments = ["items", &dump, "--out", "tables", "--format", "json", "--quiet"];
        let found = evalgauge(&arguments, directory.path());
        assert!(found.status.success(), "{form}: {}", String::from_utf8_lossy(&found.stderr));
        let summary: serde_json::Value =
            serde_json::from_slice(&found.stdout).expect("JSON on standard output");
        assert_eq!(
            (summary[0]["n_models"].as_u64(), summary[0]["n_items"].as_u64()),
            (Some(12), Some(40)),
            "{form}"
        );
        assert_eq!(summary.as_array().map(Vec::len), Some(1), "{form}");
        assert!(directory.path().join("tables/items.csv").is_file());
    }
}

#[test]
fn what_cannot_be_done_says_why_and_exits_with_two() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("empty.csv"), "").expect("a file");
    for (arguments, said) in [
        (["items", "empty.csv", "--out", "t"], "the file is empty"),
        (["items", "absent.csv", "--out", "t"], "no such file"),
        (["simulate", "--models", "0", "--out=t"], "--models is 0"),
    ] {
        let output = evalgauge(&arguments, directory.path());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(said), "{message}");
        assert!(output.stdout.is_empty());
    }
}
