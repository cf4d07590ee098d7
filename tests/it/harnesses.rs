//! Do small dumps that the harnesses wrote themselves become what was counted in their files by hand?
//!
//! They are seeds: SWE-bench 5.0 and 1.x, lmms-eval 0.3.5 and 0.7.3, OpenCompass 0.5, lm-evaluation-harness 0.4.2,
//! 0.4.5 and 0.4.13, run on toy data with an invented model.

use evalgauge::ingest::{IngestOptions, IngestReport, ingest};
use evalgauge::response::{ResponseTable, Row, Status};
use std::fs;
use std::path::{Path, PathBuf};

fn seed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds").join(name)
}

fn read(path: &Path) -> (ResponseTable, IngestReport) {
    ingest(&[path.to_owned()], &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

/// Scored attempts and the sum of their scores, of a model (empty for all) on a benchmark.
fn sum(table: &ResponseTable, model: &str, benchmark: &str) -> (usize, f64) {
    let wanted = |row: &Row| {
        let metric = &table.metrics[row.metric as usize];
        let name = table.runs[row.run as usize].model.as_str();
        metric.benchmark == benchmark && metric.primary && (model.is_empty() || name == model)
    };
    let scores: Vec<f64> = table.rows().filter(wanted).filter_map(|row| row.score).collect();
    (scores.len(), scores.iter().sum())
}

fn count(table: &ResponseTable, status: Status) -> usize {
    table.rows().filter(|row| row.status == status).count()
}

fn codes(report: &IngestReport) -> Vec<&str> {
    report.lint.iter().map(|lint| lint.code).collect()
}

#[test]
fn a_report_of_swe_bench_names_every_instance() {
    let (table, report) = read(&seed("swe_bench_report"));
    assert_eq!(table.benchmarks(), ["swe-bench"]);
    assert_eq!((table.items.len(), table.len()), (10, 20));
    // 2 resolved, 2 unresolved, 2 empty, 3 errors, 1 incomplete; 7, 1, 1, 0, 1.
    assert_eq!(sum(&table, "toy-org/Toy-7B", "swe-bench"), (9, 2.0));
    assert_eq!(sum(&table, "toy-org/Toy-70B", "swe-bench"), (9, 7.0));
    let statuses = [Status::NoAnswer, Status::Error, Status::Unscored];
    assert_eq!(statuses.map(|status| count(&table, status)), [3, 3, 2]);
    assert!(
        report.notes.iter().any(|n| n.message.contains("3 instances ended in an error")),
        "{:?}",
        report.notes
    );
}

#[test]
fn logs_of_swe_bench_agree_with_the_report_and_are_no_warnings() {
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("logs/run_evaluation/run1");
    for file in crate::seeds::files_below(&seed("swe_bench_logs/logs/run_evaluation/run1")) {
        let to = below.join(file.strip_prefix(seed("swe_bench_logs/logs/run_evaluation/run1")).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, &to).unwrap();
        for log in ["patch.diff", "eval.sh", "run_instance.log", "test_output.txt"] {
            fs::write(to.with_file_name(log), "text, of\nsome, kind\n").unwrap();
        }
    }
    let line = r#"{"instance_id": "a-1", "model_name_or_path": "m", "model_patch": "diff"}"#;
    fs::write(dir.path().join("preds.jsonl"), format!("{line}\n{line}\n")).unwrap();
    let (table, report) = read(dir.path());
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    assert_eq!(sum(&table, "toy-org/Toy-7B", "swe-bench"), (6, 2.0));
    assert_eq!(sum(&table, "toy-org/Toy-70B", "swe-bench"), (8, 7.0));
    assert_eq!(count(&table, Status::MissingAssumedWrong), 2);
    // The report of the same runs says the same again, and names who is missing.
    for report in fs::read_dir(seed("swe_bench_report")).unwrap().map(|entry| entry.unwrap()) {
        fs::copy(report.path(), dir.path().join(report.file_name())).unwrap();
    }
    let (table, report) = read(dir.path());
    assert_eq!((table.items.len(), table.runs.len()), (10, 2));
    let found = codes(&report);
    assert!(found.contains(&"repeated_rows") && !found.contains(&"contradictory_rows"), "{found:?}");
}

#[test]
fn what_swe_bench_1_generated_is_all_that_was_tried() {
    let (table, _) = read(&seed("swe_bench_generated"));
    assert_eq!((sum(&table, "Toy-7B", "swe-bench_lite"), count(&table, Status::NoAnswer)), ((5, 1.0), 1));
}

#[test]
fn a_lone_list_of_successes_has_no_mean() {
    let dir = tempfile::tempdir().unwrap();
    let submit = |system: &str, resolved: &str| {
        let below = dir.path().join("evaluation/verified").join(system).join("results");
        fs::create_dir_all(&below).unwrap();
        let text = format!("{{\"resolved\": [{resolved}], \"no_generation\": [], \"no_logs\": []}}");
        fs::write(below.join("results.json"), text).unwrap();
    };
    submit("20250101_a", r#""x-1", "x-2""#);
    let (_, report) = read(dir.path());
    let found = codes(&report);
    assert!(found.contains(&"successes_only") && !found.contains(&"models_all_right"), "{found:?}");
    assert!(report.notes.iter().any(|n| n.message.contains("2 resolved instances are listed of the 500")));
    submit("20250101_b", r#""x-3""#);
    let (table, report) = read(dir.path());
    assert!(!codes(&report).contains(&"successes_only"));
    assert_eq!(sum(&table, "a", "swe-bench_verified"), (3, 2.0));
}

#[test]
fn samples_of_lmms_eval_are_known_in_every_version() {
    for name in ["lmms_eval_03", "lmms_eval_07"] {
        let (table, report) = read(&seed(name));
        assert!(report.skipped.is_empty(), "{name}: {:?}", report.skipped);
        assert_eq!(table.benchmarks(), ["mcq_ll", "mme", "mmmu_val", "vqa_exact"], "{name}");
        for benchmark in table.benchmarks() {
            assert_eq!(sum(&table, "toy-org/Toy-VL-7B", &benchmark), (4, 4.0), "{name} {benchmark}");
            assert_eq!(sum(&table, "toy-org/Toy-VL-70B", &benchmark), (4, 3.0), "{name} {benchmark}");
        }
        assert_eq!((table.items.len(), table.len()), (16, 32), "{name}");
        assert!(table.items.iter().all(|item| item.question().is_some_and(|q| q.starts_with("what "))));
        let of_7b: Vec<_> =
            table.runs.iter().filter(|run| run.model.as_str() == "toy-org/Toy-VL-7B").collect();
        assert!(of_7b.iter().all(|run| run.timestamp.as_deref() == Some("20261127_083000")));
        assert!(of_7b.iter().all(|run| run.n_shot == Some(0) && run.files.len() == 2), "{of_7b:?}");
    }
}

#[test]
fn several_runs_of_a_question_are_repeats_of_one_item() {
    let (table, report) = read(&seed("opencompass_runs"));
    assert_eq!((table.items.len(), table.len()), (7, 21));
    assert_eq!(sum(&table, "toy-7b-hf", "GPQA_diamond"), (21, 10.0));
    assert!(table.items.iter().all(|item| item.question.is_some()));
    assert!(!codes(&report).contains(&"items_without_responses"));
}

#[test]
fn parts_of_predictions_are_one_data_set() {
    let (table, _) = read(&seed("opencompass_parts"));
    assert_eq!(table.benchmarks(), ["gsm8k"]);
    assert_eq!((table.items.len(), sum(&table, "toy-7b-hf", "gsm8k")), (7, (7, 3.0)));
    let question = |id: &str| {
        let item = table.items.iter().find(|item| item.id.as_str() == id).unwrap();
        (item.question().unwrap().into_owned(), item.gold_text().unwrap().into_owned())
    };
    assert_eq!(question("4"), ("Question 4?".to_owned(), "A".to_owned()));
    assert_eq!(question("6"), ("Question 6?".to_owned(), "C".to_owned()));
}

#[test]
fn the_verdict_of_a_judge_is_the_score() {
    let (table, report) = read(&seed("opencompass_judge"));
    assert_eq!(table.benchmarks(), ["simpleqa_judge"]);
    assert_eq!((table.items.len(), table.len()), (7, 14));
    for model in ["toy-70b", "toy-7b-hf"] {
        assert_eq!(sum(&table, model, "simpleqa_judge"), (7, 3.0));
    }
    assert!(table.items.iter().all(|item| item.question().is_some_and(|q| !q.contains("judge"))));
    assert!(!report.lint.iter().any(|lint| lint.examples.iter().any(|e| e.contains(" of  is"))));
}

#[test]
fn scores_of_opencompass_have_their_own_name() {
    let (table, _) = read(&seed("opencompass_perplexity"));
    let names: Vec<String> = table.metrics.iter().map(|m| format!("{} {}", m.benchmark, m.name)).collect();
    assert_eq!(names, ["ARC-c accuracy", "triviaqa score", "winogrande_ppl accuracy"]);
    assert_eq!(sum(&table, "", "ARC-c"), (0, 0.0));
    assert_eq!(sum(&table, "", "triviaqa"), (7, 2.0));
    assert_eq!(sum(&table, "", "winogrande_ppl"), (7, 1.0));
    let is_right = |row: &Row| row.chosen == row.gold;
    let of_ppl = table.rows().filter(|row| table.metrics[row.metric as usize].benchmark == "winogrande_ppl");
    assert!(of_ppl.into_iter().all(|row| row.chosen.is_some() && (row.score == Some(1.0)) == is_right(&row)));
}

#[test]
fn predictions_alone_are_told_what_they_lack() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["predictions", "results"] {
        fs::create_dir_all(dir.path().join(kind).join("m")).unwrap();
    }
    let predictions = r#"{"0": {"origin_prompt": "q?", "prediction": "A"}}"#;
    fs::write(dir.path().join("predictions/m/d.json"), predictions).unwrap();
    fs::write(dir.path().join("results/m/d.json"), r#"{"accuracy": 42.8, "f1": 0.4, "count": 7}"#).unwrap();
    let error = ingest(&[dir.path().to_owned()], &IngestOptions::default(), &|_| {}).unwrap_err().to_string();
    assert!(error.contains("--dump-eval-details"), "{error}");
}

#[test]
fn options_scored_twice_keep_their_keys() {
    for (version, n_right) in [("v0.4.2", 3.0), ("v0.4.5", 5.0)] {
        let (table, report) = read(&seed("lm_eval_mutual_information").join(version));
        assert_eq!(sum(&table, "", "hc_mc2"), (8, n_right), "{version}");
        let gold: Vec<_> = table.items.iter().map(|item| item.gold.unwrap()).collect();
        assert_eq!(gold, [0, 1, 1, 1, 0, 1, 1, 1], "{version}");
        assert!(table.items.iter().all(|item| item.n_options() == Some(2)));
        assert_eq!(table.options.len(), 16, "{version}");
        let found = codes(&report);
        assert!(
            !found.contains(&"conflicting_keys") && !found.contains(&"score_contradicts_key"),
            "{found:?}"
        );
        let is_noted = report.notes.iter().any(|n| n.message.contains("acc_mutual_info"));
        assert_eq!(is_noted, version == "v0.4.5");
    }
}

#[test]
fn items_with_several_keys_have_no_one_key() {
    let (table, report) = read(&seed("lm_eval_several_keys"));
    assert_eq!((table.items.len(), sum(&table, "", "hc_multi")), (6, (12, 9.0)));
    assert!(table.items.iter().all(|item| item.gold.is_none()));
    assert_eq!(table.items[1].gold_text().as_deref(), Some("[1, 2]"));
    assert!(table.rows().all(|row| row.chosen.is_some() && row.gold.is_none()));
    assert!(!codes(&report).contains(&"conflicting_keys"));
}

#[test]
fn aggregates_alone_are_told_what_to_give() {
    let dir = tempfile::tempdir().unwrap();
    let tell = |text: &str| {
        fs::write(dir.path().join("results.json"), text).unwrap();
        ingest(&[dir.path().to_owned()], &IngestOptions::default(), &|_| {}).unwrap_err().to_string()
    };
    assert!(tell(r#"{"results": {}, "configs": {}, "n-shot": {}}"#).contains("--log_samples"));
    assert!(tell(r#"{"results": {}, "config_general": {}}"#).contains("--save-details"));
    let of_eee = r#"{"schema_version": "0.3.0", "evaluation_id": "e", "evaluation_results": []}"#;
    let told = tell(of_eee);
    assert!(told.contains("_samples.jsonl") && !told.contains("--log_samples"), "{told}");
}
