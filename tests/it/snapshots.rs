//! What does each command print? Kept word for word, so that a change is seen and meant.
//!
//! `INSTA_UPDATE=always cargo test snapshots` writes the snapshots anew; read the difference before it is kept.

use assert_cmd::Command;
use std::path::Path;

/// Both streams and the exit code of a command, run in `directory`.
fn told(directory: &Path, arguments: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    // Help wraps at the width of the terminal; without one it takes 100 columns.
    command.args(arguments.split(' ')).current_dir(directory).env("COLUMNS", "100");
    let output = command.output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\\', "/");
    format!(
        "$ evalgauge {arguments}\n{}---- standard error\n{}---- exit code {}\n",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().map_or("none".to_owned(), |c| c.to_string())
    )
}

/// A campaign with everything in it that a summary speaks of.
const SIMULATE: &str = "simulate --out made --models 12 --items 60 --options 4 --subjects 3 --wrong-key 0.05 \
                        --clones 0.1 --missing 0.02 --write long-csv";

#[test]
fn simulate_ingest_items() {
    let directory = tempfile::tempdir().expect("a directory");
    insta::assert_snapshot!("simulate", told(directory.path(), SIMULATE));
    insta::assert_snapshot!("ingest", told(directory.path(), "ingest made/simulated.csv --out made.evals"));
    insta::assert_snapshot!("items", told(directory.path(), "items made.evals --out tables"));
    insta::assert_snapshot!(
        "items_json",
        told(directory.path(), "items made.evals --out tables --format json --quiet")
    );
}

#[test]
fn messages_to_somebody_who_is_lost() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("a file");
    write("empty.csv", "");
    write("prose.txt", "Dear diary,\nnothing was evaluated today.\n");
    write("no_scores.csv", "model,item\na,1\na,2\n");
    write("letters.csv", "model,item,score\na,1,good\na,2,bad\n");
    write("header.csv", "model,item,score\n");
    write("ragged.csv", "model,item,score\na,1\nb,2\nc,1,1\n");
    let commands = [
        "items empty.csv --out tables",
        "items absent.csv --out tables",
        "items prose.txt --out tables",
        "items no_scores.csv --out tables",
        "items letters.csv --out tables",
        "items header.csv --out tables",
        "items ragged.csv --out tables",
        "items --out empty.csv",
        "simulate --models 0 --out made",
        "item",
    ];
    let all: Vec<String> = commands.iter().map(|c| told(directory.path(), c)).collect();
    insta::assert_snapshot!("messages", all.join("\n"));
}
