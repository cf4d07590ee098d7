//! Do small dumps that promptfoo, BFCL and lighteval wrote give what was counted in them by other means?
//!
//! They were made by running the harnesses on toy data and are seeds, too; the values expected here were read from
//! the files with Python.

use crate::seeds::{self, SEEDS};
use evalgauge::ingest::{Format, IngestOptions, IngestReport, ingest};
use evalgauge::response::{ResponseTable, Row, Status};
use std::fs;
use std::path::Path;

fn read(path: &Path) -> (ResponseTable, IngestReport) {
    ingest(&[path.to_owned()], &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

/// The rows of a seed, in order: model and variant, benchmark, question (or name), repeat, metric, score or status.
fn rows_of_seed(name: &str) -> (Vec<String>, IngestReport) {
    let seed = SEEDS.iter().find(|seed| seed.name == name).unwrap();
    let directory = tempfile::tempdir().unwrap();
    seeds::write(&seeds::load(seed), directory.path());
    let (table, report) = read(directory.path());
    let told = |row: Row| {
        let (run, item) = (&table.runs[row.run as usize], &table.items[row.item as usize]);
        let variant = run.prompt_variant.as_deref().map(|v| format!(" [{v}]")).unwrap_or_default();
        let question = item.question().map_or_else(|| item.id.to_string(), |question| question.into_owned());
        let metric = &table.metrics[row.metric as usize];
        let said = row.score.map_or_else(|| row.status.as_str().to_owned(), |score| score.to_string());
        let counts = if metric.primary { "*" } else { "" };
        format!(
            "{}{variant}, {}, {question}, {}, {}{counts}: {said}",
            run.model, item.benchmark, row.repeat, metric.name
        )
    };
    let mut rows: Vec<String> = table.rows().map(told).collect();
    rows.sort();
    (rows, report)
}

fn has_note(report: &IngestReport, part: &str) -> bool {
    report.notes.iter().any(|note| note.message.contains(part))
}

/// Written by promptfoo 0.121 on a toy provider: two providers × two prompts, whose columns are numbered 0 to 3.
#[test]
fn promptfoo_prompts_are_variants_and_providers_are_models() {
    let (rows, _) = rows_of_seed("promptfoo_prompts");
    let expected = [
        "toy:a [Please {{q}}], sens, one, 0, score*: 1",
        "toy:a, sens, one, 0, score*: 0",
        "toy:b [Please {{q}}], sens, one, 0, score*: 1",
        "toy:b, sens, one, 0, score*: 0",
    ];
    assert_eq!(rows, expected);
}

/// Written by promptfoo 0.80: version 2 has tests and prompts in its table only, and errors have no grade.
#[test]
fn promptfoo_tables_are_read() {
    let (rows, _) = rows_of_seed("promptfoo_table");
    let of = r#"toy repeat, {"lang":"en","q":"#;
    let expected = [
        "toy:a [Please {{q}}], sens, one, 0, score*: 1".to_owned(),
        "toy:a, sens, one, 0, score*: 0".to_owned(),
        "toy:b [Please {{q}}], sens, one, 0, score*: 1".to_owned(),
        "toy:b, sens, one, 0, score*: 0".to_owned(),
        format!(r#"weak, {of}"boom"}}, 0, score*: error"#),
        format!(r#"weak, {of}"flaky"}}, 0, exact: 1"#),
        format!(r#"weak, {of}"flaky"}}, 0, score*: 1"#),
    ];
    assert_eq!(rows, expected);
}

/// The lines of an evaluation with `--repeat 3`, one of whose providers breaks down.
#[test]
fn promptfoo_lines_have_repeats_and_errors() {
    let (rows, _) = rows_of_seed("promptfoo_lines");
    let row = |q: &str, said: &str| format!(r#"weak, promptfoo, {{"lang":"en","q":"{q}"}}, {said}"#);
    let mut expected: Vec<String> = (0..3).map(|n| row("boom", &format!("{n}, score*: error"))).collect();
    for (n, score) in [1, 0, 1].into_iter().enumerate() {
        expected.push(row("flaky", &format!("{n}, exact: {score}")));
        expected.push(row("flaky", &format!("{n}, score*: {score}")));
    }
    assert_eq!(rows, expected);
}

#[test]
fn promptfoo_tests_over_the_same_variables_are_two_items() {
    let (rows, _) = rows_of_seed("promptfoo_tests");
    let of = |model: &str| rows.iter().filter(|r| r.starts_with(model)).cloned().collect::<Vec<_>>();
    assert_eq!(
        of("echo"),
        [
            "echo, same vars, other assertions, alpha, 0, score*: 0",
            "echo, same vars, other assertions, alpha, 0, score*: 1"
        ]
    );
    // An assertion has the name of the whole.
    let sum = r#"weak, stored, {"lang":"en","q":"3+5"}, 0"#;
    let again = r#"weak, stored, {"lang":"en","q":"repeat {{prev}}"}, 0"#;
    let expected = [
        format!("{sum}, namedScores.score: 0"),
        format!("{sum}, other: 1"),
        format!("{sum}, score*: 0.5"),
        format!("{again}, exact: 1"),
        format!("{again}, score*: 1"),
    ];
    assert_eq!(of("weak"), expected);
}

#[test]
fn forms_of_promptfoo_that_are_not_read_say_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.yaml", "evalId: eval-x\nresults:\n  version: 3\n"),
        (
            "b.csv",
            "q,[a] Q: {{q}},Status,Score,Named Scores,Grader Reason,Comment\nx,y,PASS,1.00,{},All,\nz,y,FAIL,0.00,{},No,\n",
        ),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let error = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap_err().to_string();
        assert!(error.contains("promptfoo eval -o results.json"), "{error}");
    }
}

/// BFCL's directories with other names: memory is three directories deep, a perfect score lists no failure, what
/// fills the memory is no item, and its leaderboards are averages.
#[test]
fn bfcl_groups_are_no_models() {
    let (rows, report) = rows_of_seed("bfcl_groups");
    let row = |model: &str, store: &str, n: u32, score: u32| {
        format!("{model}, bfcl, memory_{store}_{n}-customer-{n}, 0, valid*: {score}")
    };
    let mut expected = Vec::new();
    for (model, wrong) in [("gpt-4o-2024-11-20", &[1][..]), ("meta-llama_Llama-3.1-8B-Instruct-FC", &[2, 3])]
    {
        expected.extend((0..4).map(|n| row(model, "kv", n, 1)));
        expected.extend((0..4).map(|n| row(model, "vector", n, u32::from(!wrong.contains(&n)))));
    }
    assert_eq!(rows, expected);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let auxiliary = report.files.iter().filter(|file| file.format == Format::Auxiliary).count();
    assert_eq!((auxiliary, report.benchmarks.len()), (6, 1));
}

#[test]
fn bfcl_scores_without_results_are_not_taken_for_all() {
    let seed = SEEDS.iter().find(|seed| seed.name == "bfcl_groups").unwrap();
    let directory = tempfile::tempdir().unwrap();
    seeds::write(&seeds::load(seed), directory.path());
    let (table, report) = read(&directory.path().join("myscores"));
    assert!(table.rows().all(|row| row.score.is_none() && row.status == Status::Unscored));
    assert!(has_note(&report, "of 4 items only 3 are known"), "{:?}", report.notes);
    // A perfect score by itself names no item.
    let alone = directory.path().join("myscores/gpt-4o-2024-11-20/agentic/memory/kv");
    let error =
        ingest(std::slice::from_ref(&alone), &IngestOptions::default(), &|_| {}).unwrap_err().to_string();
    assert!(error.contains("give the files that list all items"), "{error}");
    let results = directory.path().join("myresults/gpt-4o-2024-11-20/agentic/memory/kv");
    let (table, _) = ingest(&[alone, results], &IngestOptions::default(), &|_| {}).unwrap();
    assert_eq!(table.rows().filter(|row| row.score == Some(1.0)).count(), 4);
}

#[test]
fn bfcl_errors_of_inference_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("result/m/non_live");
    fs::create_dir_all(&at).unwrap();
    let results = "{\"id\": \"x_0\", \"result\": \"Error during inference: 503\", \"traceback\": \"\"}\n\
                   {\"id\": \"x_1\", \"result\": \"[f()]\", \"latency\": 1}\n";
    fs::write(at.join("BFCL_v4_x_result.json"), results).unwrap();
    let scores = "{\"accuracy\": 0.5, \"correct_count\": 1, \"total_count\": 2}\n{\"id\": \"x_0\", \"valid\": false}\n";
    fs::write(at.join("BFCL_v4_x_score.json"), scores).unwrap();
    let (table, report) = read(directory.path());
    assert_eq!(table.rows().map(|row| row.score).collect::<Vec<_>>(), [Some(0.0), Some(1.0)]);
    assert!(has_note(&report, "1 of 2 items ended in an error during inference"), "{:?}", report.notes);
}

/// lighteval 0.10: a document once for each way of asking, and once for each seed of its examples.
#[test]
fn lighteval_documents_that_are_written_again_are_one_item() {
    let (rows, _) = rows_of_seed("lighteval_repeats");
    let mut expected = Vec::new();
    for n in 0..3 {
        expected.push(format!("toy-org/Toy-7B, gs, Gs {n}, 0, em*: 0"));
        expected.push(format!("toy-org/Toy-7B, gs, Gs {n}, 0, maj@4: 0"));
    }
    for (n, scores) in [[1, 1], [1, 0], [1, 1]].into_iter().enumerate() {
        let row = |(repeat, score): (usize, i32)| {
            format!("toy-org/Toy-7B, seeded, Seeded {n}, {repeat}, acc*: {score}")
        };
        expected.extend(scores.into_iter().enumerate().map(row));
    }
    assert_eq!(rows, expected);
}

/// Columns as Python prints them: a metric that is `nan` does not take the others of its record with it.
#[test]
fn lighteval_columns_of_text_are_read() {
    let (rows, _) = rows_of_seed("lighteval_text");
    let expected = [
        "org/A, nanmetric, Q 0, 0, bleurt: 0.5",
        "org/A, nanmetric, Q 0, 0, em*: 0",
        "org/A, nanmetric, Q 1, 0, bleurt: unscored",
        "org/A, nanmetric, Q 1, 0, em*: 1",
        "org/A, nanmetric, Q 2, 0, bleurt: 0.5",
        "org/A, nanmetric, Q 2, 0, em*: 0",
    ];
    assert_eq!(rows, expected);
}

/// lighteval 0.13: metrics without a value, of two ways of asking, and of the whole corpus; a model in three parts.
#[test]
fn lighteval_metrics_are_kept_or_named() {
    let (rows, report) = rows_of_seed("lighteval_metrics");
    assert!(rows.iter().all(|row| row.starts_with("router/toy-org/Toy-7B, ")), "{rows:?}");
    let of = |benchmark: &str| -> Vec<&str> {
        let begins = format!("router/toy-org/Toy-7B, {benchmark}, ");
        rows.iter().filter_map(|row| row.strip_prefix(&begins)).collect()
    };
    let judged = [
        ("0", "0", "0.344"),
        ("1", "1", "unscored"),
        ("2", "0", "0.91"),
        ("3", "0", "unscored"),
        ("4", "unscored", "0.729"),
    ];
    let expected: Vec<String> = judged
        .into_iter()
        .flat_map(|(n, flag, judge)| {
            [format!("Judge {n}, 0, a_flag: {flag}"), format!("Judge {n}, 0, b_judge*: {judge}")]
        })
        .collect();
    assert_eq!(of("judged"), expected);
    let mixed = [(1, 1), (0, 1), (0, 0), (1, 0)].into_iter().enumerate();
    let expected: Vec<String> = mixed
        .flat_map(|(n, (acc, em))| [format!("Mixed {n}, 0, acc*: {acc}"), format!("Mixed {n}, 0, em: {em}")])
        .collect();
    assert_eq!(of("mixed"), expected);
    assert_eq!(of("ifeval").len(), 8);
    assert!(has_note(&report, "inst_level_strict_acc left out"), "{:?}", report.notes);
    assert!(report.skipped.iter().any(|file| file.reason.contains("bleu left out")), "{:?}", report.skipped);
}

#[test]
fn lighteval_results_are_averages_beside_the_details() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("results_2026-11-27T08-50-34.820737.json");
    fs::write(&path, r#"{"config_general": {"model_name": "m"}, "results": {"x|0": {"acc": 0.5}}}"#).unwrap();
    let error = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap_err().to_string();
    assert!(error.contains("`details` (--save-details)"), "{error}");
}
