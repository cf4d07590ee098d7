//! Do the dumps of every harness become the one table that they were made from?
//!
//! The samples marked BUILT encode one truth table; each must give it back cell by cell, as far as its format
//! can carry it. Samples written by the harnesses themselves are held against counts made here from the raw
//! files.

use crate::shared::shared;
use evalgauge::ingest::{Format, IngestOptions, IngestReport, ingest};
use evalgauge::response::{PivotOptions, ResponseTable, Row, Status, pivot};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &Path) -> (ResponseTable, IngestReport) {
    ingest(&[path.to_owned()], &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

/// Score, option chosen and key.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    score: f64,
    chosen: u16,
    gold: u16,
}

/// The truth by model (without its organisation) and item, and the items in their order.
struct Truth {
    cells: BTreeMap<(String, String), Cell>,
    items: Vec<String>,
}

impl Truth {
    fn load() -> Option<Self> {
        let text = fs::read_to_string(shared("samples/_truth/truth_long.csv")?).unwrap();
        let (mut cells, mut items) = (BTreeMap::new(), Vec::new());
        for line in text.lines().skip(1) {
            let f: Vec<&str> = line.split(',').collect();
            let model = f[0].rsplit('/').next().unwrap().to_owned();
            if !items.contains(&f[3].to_owned()) {
                items.push(f[3].to_owned());
            }
            let cell = Cell {
                score: f[4].parse().unwrap(),
                chosen: f[5].parse().unwrap(),
                gold: f[6].parse().unwrap(),
            };
            cells.insert((model, f[3].to_owned()), cell);
        }
        Some(Self { cells, items })
    }

    /// The item of the truth that an item of a table is: by its name, its text, or its place.
    fn item(&self, id: &str, subject: Option<&str>, question: Option<&str>) -> String {
        let named = |text: &str| self.items.iter().find(|item| text.contains(item.as_str())).cloned();
        if let Some(found) = named(id).or_else(|| question.and_then(named)) {
            return found;
        }
        // `Toy astronomy question 3?` is `astronomy-003`.
        if let Some((_, rest)) = question.and_then(|q| q.split_once("Toy ")) {
            let words: Vec<&str> = rest.split([' ', '?']).collect();
            let number = words.iter().find_map(|word| word.parse::<usize>().ok()).unwrap();
            return format!("{}-{number:03}", words[0]);
        }
        // `astronomy/3`, `astronomy__repo-003`, or a place in the whole.
        let number: usize =
            id.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap().parse().expect("an item with a number");
        let subjects = ["astronomy", "virology"];
        match subjects.iter().find(|s| subject.is_some_and(|x| x.contains(*s)) || id.contains(*s)) {
            Some(subject) => format!("{subject}-{number:03}"),
            None => self.items[number].clone(),
        }
    }
}

/// What a format can carry beside the score.
#[derive(Clone, Copy, PartialEq)]
enum Carries {
    Score,
    Key,
    Choice,
}

struct Case {
    name: &'static str,
    format: Format,
    path: &'static str,
    metric: Option<&'static str>,
    models: usize,
    items: usize,
    carries: Carries,
}

#[rustfmt::skip]
const BUILT: &[Case] = &[
    Case { name: "lighteval ≥ 0.11", format: Format::LightEval, path: "lighteval/constructed_ge_v0.11", metric: Some("acc"), models: 2, items: 24, carries: Carries::Choice },
    Case { name: "lighteval ≤ 0.10", format: Format::LightEval, path: "lighteval/constructed_le_v0.10", metric: Some("acc"), models: 2, items: 24, carries: Carries::Key },
    Case { name: "Open LLM Leaderboard v1", format: Format::LightEval, path: "open_llm_leaderboard_v1/constructed", metric: Some("acc"), models: 2, items: 24, carries: Carries::Key },
    Case { name: "OLMES", format: Format::Olmes, path: "olmes/constructed", metric: None, models: 2, items: 24, carries: Carries::Key },
    Case { name: "OpenCompass", format: Format::OpenCompass, path: "opencompass/constructed", metric: None, models: 2, items: 24, carries: Carries::Choice },
    Case { name: "SWE-bench, every instance", format: Format::SweBench, path: "swe_bench/constructed/evaluation/bash-only", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "AlpacaEval", format: Format::AlpacaEval, path: "alpaca_eval/constructed", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "BFCL", format: Format::Bfcl, path: "bfcl/constructed", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "EvalPlus", format: Format::EvalPlus, path: "evalplus/constructed", metric: Some("plus"), models: 2, items: 24, carries: Carries::Score },
    Case { name: "DeepEval", format: Format::DeepEval, path: "deepeval/constructed", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "SWE-bench, successes only", format: Format::SweBench, path: "swe_bench/constructed/evaluation/verified/", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "promptfoo", format: Format::Promptfoo, path: "promptfoo/constructed", metric: None, models: 2, items: 24, carries: Carries::Score },
    Case { name: "simple-evals", format: Format::SimpleEvals, path: "simple_evals/constructed", metric: None, models: 2, items: 24, carries: Carries::Choice },
    Case { name: "lmms-eval", format: Format::LmmsEval, path: "lmms_eval/constructed", metric: None, models: 2, items: 12, carries: Carries::Choice },
    Case { name: "VLMEvalKit", format: Format::VlmEvalKit, path: "vlmevalkit/constructed", metric: None, models: 2, items: 24, carries: Carries::Key },
    Case { name: "tinyBenchmarks", format: Format::TinyBenchmarks, path: "tinybenchmarks/constructed_lb_like.pickle", metric: None, models: 3, items: 24, carries: Carries::Score },
];

/// The rows of the metric wanted, of the benchmark with the most rows.
fn rows_of<'a>(table: &'a ResponseTable, metric: Option<&'a str>) -> impl Iterator<Item = Row> + 'a {
    table.rows().filter(move |row| {
        let m = &table.metrics[row.metric as usize];
        metric.map_or(m.primary, |name| m.name == name) && !m.benchmark.ends_with("_ppl")
    })
}

fn model_of(table: &ResponseTable, row: &Row, truth: &Truth) -> String {
    let name = table.runs[row.run as usize].model.to_string();
    let known: BTreeSet<&String> = truth.cells.keys().map(|(model, _)| model).collect();
    let name = name.to_lowercase();
    known.into_iter().find(|known| name.contains(&known.to_lowercase())).cloned().unwrap_or(name)
}

fn check(case: &Case, truth: &Truth, table: &ResponseTable) {
    let mut seen: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in rows_of(table, case.metric) {
        let item = &table.items[row.item as usize];
        let name = truth.item(item.id.as_str(), item.subject.as_deref(), item.question().as_deref());
        let key = (model_of(table, &row, truth), name);
        let cell = truth.cells.get(&key).unwrap_or_else(|| panic!("{}: no {key:?} in the truth", case.name));
        assert_eq!(row.score, Some(cell.score), "{}: {key:?}", case.name);
        assert!(seen.insert(key.clone(), cell.score).is_none(), "{}: {key:?} twice", case.name);
        if case.carries != Carries::Score {
            assert_eq!(row.gold, Some(cell.gold), "{}: key of {key:?}", case.name);
        }
        if case.carries == Carries::Choice {
            assert_eq!(row.chosen, Some(cell.chosen), "{}: choice of {key:?}", case.name);
        }
        let has_place = row.source_row.is_some() || matches!(case.format, Format::Bfcl | Format::SweBench);
        assert!(has_place && !table.runs[row.run as usize].files.is_empty(), "{}: provenance", case.name);
    }
    assert_eq!(seen.len(), case.models * case.items, "{}: cells", case.name);
    for benchmark in table.benchmarks() {
        if let Ok((_, cut)) = pivot(table, &benchmark, &PivotOptions::default()) {
            assert_eq!(cut.runs_set_aside, [""; 0], "{}: {benchmark}", case.name);
        }
    }
}

#[test]
fn every_built_sample_is_the_truth() {
    let Some(truth) = Truth::load() else { return };
    for case in BUILT {
        let Some(path) = shared(&format!("samples/{}", case.path)) else { return };
        let (table, report) = read(&path);
        assert!(report.files.iter().any(|f| f.format == case.format), "{}: {:?}", case.name, report.files);
        let explained = |file: &str| file.contains("/results/") || file.ends_with(".yaml");
        assert!(report.skipped.iter().all(|s| explained(&s.file)), "{}: {:?}", case.name, report.skipped);
        check(case, &truth, &table);
    }
}

fn files_below(directory: &Path, ends: &str, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files_below(&entry, ends, into);
        } else if entry.to_string_lossy().ends_with(ends) {
            into.push(entry);
        }
    }
}

/// What the package's own `samples_df` gives for the same logs: id, epoch, log and one column for each scorer.
#[test]
fn inspect_logs_equal_the_table_of_the_package() {
    let Some(golden) = shared("samples/inspect_ai/v0.3.285_eval.samples_df.csv") else { return };
    let Some(logs) = shared("samples/inspect_ai/v0.3.285_eval") else { return };
    let mut reader = csv::Reader::from_path(golden).unwrap();
    let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let at = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let mut expected: BTreeMap<(String, String, u32, String), Option<f64>> = BTreeMap::new();
    let number = |text: &str| match text {
        "C" => Some(1.0),
        "I" => Some(0.0),
        _ => text.parse().ok().filter(|n: &f64| !n.is_nan()),
    };
    for record in reader.records() {
        let record = record.unwrap();
        let log = record[at("log")].rsplit('/').next().unwrap().to_owned();
        for (column, header) in headers.iter().enumerate() {
            let (Some(scorer), cell) = (header.strip_prefix("score_"), &record[column]) else { continue };
            let epoch: u32 = record[at("epoch")].parse().unwrap();
            let mut put = |metric: String, score| {
                expected.insert((log.clone(), record[at("id")].to_owned(), epoch - 1, metric), score);
            };
            if cell.starts_with('{') {
                let parts: Value = serde_json::from_str(&cell.replace("NaN", "\"NaN\"")).unwrap();
                for (key, value) in parts.as_object().unwrap() {
                    put(format!("{scorer}/{key}"), value.as_f64());
                }
            } else if !cell.is_empty() {
                put(scorer.to_owned(), number(cell));
            }
        }
    }
    let (table, report) = read(&logs);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let mut found = BTreeMap::new();
    for row in table.rows() {
        let run = &table.runs[row.run as usize];
        let log = run.files[0].rsplit('/').next().unwrap().to_owned();
        let metric = table.metrics[row.metric as usize].name.clone();
        let key = (log, table.items[row.item as usize].id.to_string(), row.repeat, metric);
        assert!(found.insert(key, row.score).is_none());
    }
    // A score of NaN is no cell in the table of the package, and a row without a score here.
    let unscored =
        found.iter().filter(|(key, score)| score.is_none() && !expected.contains_key(*key)).count();
    found.retain(|key, score| score.is_some() || expected.contains_key(key));
    assert_eq!(found, expected, "{unscored} unscored");
}

#[test]
fn inspect_errors_and_limits_are_no_zeros() {
    let Some(errors) = shared("samples/inspect_ai/v0.3.285_errors") else { return };
    let (table, _) = read(&errors);
    let count = |status: Status| table.rows().filter(|row| row.status == status).count();
    assert_eq!((table.len(), count(Status::Error), count(Status::Limit)), (38, 8, 6));
    assert!(table.rows().all(|row| (row.status == Status::Error) == row.score.is_none()));
    let Some(aborted) = shared("samples/inspect_ai/v0.3.285_aborted") else { return };
    let (table, report) = read(&aborted);
    assert_eq!((table.len(), table.rows().filter(|row| row.status == Status::Error).count()), (10, 10));
    assert!(report.notes.iter().any(|note| note.message.contains("ended as")));
}

/// HELM: the scores of every instance, perturbation and trial, counted from the raw files.
#[test]
fn helm_runs_equal_their_files() {
    for (directory, metric) in [
        ("samples/helm/v0.5.16/benchmark_output/runs/toy", "exact_match"),
        ("samples/_eee_testdata/helm", "exact_match"),
    ] {
        let Some(path) = shared(directory) else { return };
        let (table, report) = read(&path);
        let of_suite = |file: &str| file.ends_with("costs.json") || file.ends_with("runs_to_run_suites.json");
        assert!(report.skipped.iter().all(|s| of_suite(&s.file)), "{:?}", report.skipped);
        let mut files = Vec::new();
        files_below(&path, "per_instance_stats.json", &mut files);
        let (mut n, mut sum) = (0, 0.0);
        for file in &files {
            let records: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            for record in records.as_array().unwrap() {
                for stat in record["stats"].as_array().unwrap() {
                    if stat["name"]["name"] == metric {
                        n += 1;
                        sum += stat["mean"].as_f64().unwrap();
                    }
                }
            }
        }
        let rows: Vec<Row> =
            table.rows().filter(|r| table.metrics[r.metric as usize].name == metric).collect();
        assert_eq!((rows.len(), rows.iter().filter_map(|r| r.score).sum::<f64>()), (n, sum), "{directory}");
        // An exact match is the key, chosen.
        for row in rows.iter().filter(|row| row.chosen.is_some()) {
            assert_eq!(row.score, Some(f64::from(u8::from(row.chosen == row.gold))), "{directory}");
        }
    }
}

#[test]
fn mmlu_pro_outputs_equal_their_files() {
    let Some(path) = shared("samples/mmlu_pro") else { return };
    let (table, report) = read(&path);
    let mut files = Vec::new();
    files_below(&path, ".json", &mut files);
    let (mut n, mut right, mut silent) = (0, 0, 0);
    for file in &files {
        let records: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for record in records.as_array().unwrap() {
            n += 1;
            right += usize::from(record["pred"] == record["answer"]);
            silent += usize::from(record["pred"].is_null());
        }
    }
    let count = |status: Status| table.rows().filter(|row| row.status == status).count();
    let sum: f64 = table.rows().filter_map(|row| row.score).sum();
    assert_eq!(
        (table.len(), sum, count(Status::NoAnswer)),
        (n, right as f64, silent),
        "{:?}",
        report.skipped
    );
    assert_eq!(table.runs.len(), files.len());
}

/// Every Eval Ever: as many rows of each metric as the lines say, and their sum.
#[test]
fn every_eval_ever_equals_its_lines() {
    let Some(path) = shared("samples/every_eval_ever/data") else { return };
    let (table, report) = read(&path);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let mut files = Vec::new();
    files_below(&path, "_samples.jsonl", &mut files);
    let (mut n, mut sum) = (0, 0.0);
    for file in &files {
        for line in fs::read_to_string(file).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            n += 1;
            sum += record["evaluation"]["score"].as_f64().unwrap();
        }
    }
    let found: f64 = table.rows().filter_map(|row| row.score).sum();
    assert_eq!(table.len(), n);
    assert!((found - sum).abs() < 1e-9, "{found} {sum}");
}

#[test]
fn checkpoints_are_known_by_the_path_inside_their_archives() {
    let Some(path) = shared("samples/olmes/constructed_datadecide") else { return };
    let (table, report) = read(&path);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    assert!(
        table
            .runs
            .iter()
            .all(|run| run.step == Some(1250) && run.seed == Some(14) && run.params == Some(150e6))
    );
    assert_eq!(table.options.len(), 24 * 4);
    // Nats for each byte are negative, as those for each character are.
    assert!(table.options.iter().all(|o| o.logp_per_byte.unwrap() < 0.0 && o.logp_per_char.unwrap() < 0.0));
}
