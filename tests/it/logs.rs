//! Do logs that Inspect, DeepEval and EvalPlus wrote of odd runs say what a count of their samples says?

use evalgauge::ingest::{IngestError, IngestOptions, IngestReport, ingest};
use evalgauge::response::{ResponseTable, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn tests(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(relative)
}

fn log(name: &str) -> PathBuf {
    tests("golden/inspect/input").join(name)
}

fn read(paths: &[PathBuf]) -> (ResponseTable, IngestReport) {
    ingest(paths, &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

/// Whether one note has this in it.
fn is_told(report: &IngestReport, what: &str) -> bool {
    report.notes.iter().any(|note| note.message.contains(what))
}

#[test]
fn inspect_logs_equal_a_count_of_their_samples() {
    let mut reader = csv::Reader::from_path(tests("golden/inspect/expected.csv")).unwrap();
    let mut expected: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for record in reader.records().map(Result::unwrap) {
        let row = record.iter().skip(1).map(str::to_owned).collect();
        assert!(expected.entry(record[0].to_owned()).or_default().insert(row));
    }
    assert_eq!(expected.len(), 13);
    for (name, expected) in expected {
        let places = [
            log(&name),
            tests("seeds/inspect_journal").join(&name),
            tests("seeds/inspect_parts").join(&name),
        ];
        let path = places.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {name}"));
        let (table, _) = read(&[path]);
        let found: Vec<Vec<String>> = table
            .rows()
            .map(|row| {
                let (item, metric) = (&table.items[row.item as usize], &table.metrics[row.metric as usize]);
                let question = item.question().unwrap_or_default();
                let from = question.len().saturating_sub(20);
                vec![
                    item.id.to_string(),
                    row.repeat.to_string(),
                    metric.name.clone(),
                    u8::from(metric.primary).to_string(),
                    row.score.map_or(String::new(), |score| format!("{score:?}")),
                    row.status.as_str().to_owned(),
                    item.subject.clone().unwrap_or_default(),
                    question.len().to_string(),
                    question[from..].to_owned(),
                ]
            })
            .collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        assert_eq!(BTreeSet::from_iter(found), expected, "{name}");
    }
}

#[test]
fn what_is_odd_about_a_log_of_inspect_is_told() {
    for (name, note) in [
        ("requeued.eval", "1 samples were tried again later in the log"),
        ("letters.eval", "4 values of \"letters\" are no scores"),
        ("letters.eval", "\"H\" 1, \"X\" 1, \"Y\" 1, \"Z\" 1"),
        ("invalid.eval", "1 samples are marked as invalid"),
        ("score_on_error.eval", "2 samples broke down and were scored all the same"),
        ("failmix.eval", "2 attempts failed and have no score, not wrong"),
    ] {
        let (_, report) = read(&[log(name)]);
        assert!(is_told(&report, note), "{name}: {:?}", report.notes);
    }
    let (_, report) = read(&[log("failmix.eval")]);
    assert!(!is_told(&report, "unscored"), "{:?}", report.notes);
}

#[test]
fn questions_that_summaries_cut_short_stay_two_items() {
    let (table, _) = read(&[log("trunc_1.eval"), log("trunc_2.eval")]);
    let mut ids: Vec<&str> = table.items.iter().map(|item| item.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2"]);
    assert_ne!(table.items[0].item_hash, table.items[1].item_hash);
}

#[test]
fn options_in_another_order_are_one_item() {
    let (table, _) = read(&[log("mcq.eval"), log("mcq_shuffled.eval")]);
    assert_eq!((table.items.len(), table.len()), (5, 10));
    for row in table.rows().filter(|row| row.chosen.is_some()) {
        assert_eq!(row.score, Some(f64::from(u8::from(row.chosen == row.gold))));
    }
}

#[test]
fn a_run_that_broke_off_before_its_first_sample_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.eval");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    zip.start_file("_journal/start.json", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(br#"{"version":2,"eval":{"task":"t","model":"m"},"plan":{}}"#).unwrap();
    zip.finish().unwrap();
    let error = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap_err().to_string();
    assert!(error.contains("broke off before its first sample"), "{error}");
}

#[test]
fn cases_and_conversations_of_deepeval_are_items_of_their_own() {
    let (table, report) = read(&[tests("seeds/deepeval_conversations")]);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let of = |benchmark: &str| {
        let items: Vec<&str> =
            table.items.iter().filter(|i| i.benchmark == benchmark).map(|i| i.id.as_str()).collect();
        let rows = table.rows().filter(|row| table.items[row.item as usize].benchmark == benchmark);
        (items.len(), rows.filter_map(|row| row.score).sum::<f64>(), items.join(" "))
    };
    let (n, sum, ids) = of("test_llm.py");
    assert_eq!((n, sum), (6, 4.0), "{ids}");
    assert!(ids.contains("test_loop#") && ids.contains("test_param[c0]"), "{ids}");
    let (n, sum, ids) = of("deepeval");
    assert_eq!((n, sum, ids.as_str()), (2, 1.5, "conversational_test_case_0 conversational_test_case_1"));
}

#[test]
fn a_test_run_of_deepeval_is_read_where_it_is_named_and_hidden_files_are_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let run =
        fs::read_to_string(tests("seeds/deepeval_conversations/test_run_20261127_085735.json")).unwrap();
    // Named itself, or in a hidden directory that is named and has nothing else; not among other files.
    for below in [".deepeval", "results"] {
        fs::create_dir(dir.path().join(below)).unwrap();
        let path = dir.path().join(below).join(".latest_test_run.json");
        fs::write(&path, format!(r#"{{"testRunData": {run}}}"#)).unwrap();
        assert_eq!(read(&[path]).0.len(), 6);
    }
    assert_eq!(read(&[dir.path().join(".deepeval")]).0.len(), 6);
    let error = ingest(&[dir.path().join("results")], &IngestOptions::default(), &|_| {}).unwrap_err();
    assert!(matches!(error, IngestError::NoFiles { .. }) && error.to_string().contains("hidden"), "{error}");
}

#[test]
fn numbers_that_no_double_holds_do_not_hide_results_of_evalplus() {
    let (table, report) = read(&[tests("seeds/evalplus_large_numbers")]);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let of = |name: &str| -> Vec<Option<f64>> {
        let rows = table.rows().filter(|row| table.metrics[row.metric as usize].name == name);
        rows.map(|row| row.score).collect()
    };
    assert_eq!(of("base"), [Some(1.0), Some(0.0), Some(1.0)]);
    assert_eq!(of("plus"), [Some(1.0), Some(0.0), Some(0.0)]);
    assert!(table.rows().all(|row| row.status == Status::Ok));
}
