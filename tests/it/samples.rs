//! Is every reference sample held against the truth table or a count of its own? Those that no other test counts are
//! counted here, and a folder that nobody has listed is a failure.

use crate::shared::shared;
use evalgauge::ingest::{IngestError, IngestOptions, ingest};
use evalgauge::response::ResponseTable;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Every folder of samples, and the module of tests that holds it.
const HELD: &[(&str, &str)] = &[
    ("_eee_testdata/98ea850e-7019-4728-a558-8b1819ec47c2.json", "samples"),
    ("_eee_testdata/helm", "formats"),
    ("_eee_testdata/inspect", "samples"),
    ("_eee_testdata/lm_eval", "lm_eval"),
    ("_eee_testdata/skill_reference_conversion", "samples"),
    ("_truth/truth_long.csv", "formats"),
    ("alpaca_eval/constructed", "formats"),
    ("bfcl/constructed", "formats"),
    ("deepeval/constructed", "formats"),
    ("evalplus/constructed", "formats"),
    ("every_eval_ever/adapter_reports", "samples"),
    ("every_eval_ever/data", "formats"),
    ("helm/v0.5.16", "formats"),
    ("inspect_ai/from_repo", "samples"),
    ("inspect_ai/v0.3.285_aborted", "formats"),
    ("inspect_ai/v0.3.285_errors", "formats"),
    ("inspect_ai/v0.3.285_eval", "formats"),
    ("inspect_ai/v0.3.285_eval.samples_df.csv", "formats"),
    ("inspect_ai/v0.3.285_json", "samples"),
    ("lighteval/constructed_ge_v0.11", "formats"),
    ("lighteval/constructed_le_v0.10", "formats"),
    ("livecodebench/constructed", "samples"),
    ("lm_eval/constructed_v0.4.0-0.4.2", "lm_eval"),
    ("lm_eval/constructed_v0.4.3-0.4.6", "lm_eval"),
    ("lm_eval/v0.4.13", "lm_eval"),
    ("lm_eval/v0.4.13_dummy_noname", "lm_eval"),
    ("lm_eval/v0.4.13_flat", "lm_eval"),
    ("lmms_eval/constructed", "formats"),
    ("mmlu_pro/model_outputs_Llama-2-7b-hf_5shots.json", "formats"),
    ("mmlu_pro/model_outputs_gemini-1.5-flash-002_5shots.json", "formats"),
    ("olmes/constructed", "formats"),
    ("olmes/constructed_datadecide", "formats"),
    ("open_llm_leaderboard_v1/constructed", "formats"),
    ("opencompass/constructed", "formats"),
    ("plain/long.arrow", "ingest"),
    ("plain/long.jsonl", "ingest"),
    ("plain/long.parquet", "ingest"),
    ("plain/long.tsv.gz", "ingest"),
    ("plain/long_shuffled.csv", "ingest"),
    ("plain/wide.csv", "ingest"),
    ("plain/wide.parquet", "ingest"),
    ("plain/wide_no_model_column.csv", "ingest"),
    ("plain/wide_transposed.csv", "ingest"),
    ("plain/wide_with_missing.csv", "ingest"),
    ("promptfoo/constructed", "formats"),
    ("py_irt/constructed.jsonlines", "lm_eval"),
    ("py_irt/minitest.amortized.head.jsonlines", "samples"),
    ("py_irt/minitest.jsonlines", "samples"),
    ("simple_evals/constructed", "formats"),
    ("swe_bench/constructed", "formats"),
    ("tinybenchmarks/anchor.pickle", "samples"),
    ("tinybenchmarks/constructed_lb_like.pickle", "formats"),
    ("vlmevalkit/constructed", "formats"),
];

#[test]
fn every_folder_of_samples_is_held_by_a_test() {
    let Some(samples) = shared("samples") else { return };
    let entries = |path: &Path| {
        let mut all: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        all.retain(|entry| !entry.ends_with("README.md"));
        all.sort();
        all
    };
    let found: Vec<String> = entries(&samples)
        .iter()
        .flat_map(|folder| entries(folder))
        .map(|path| path.strip_prefix(&samples).unwrap().to_string_lossy().into_owned())
        .collect();
    let listed: Vec<&str> = HELD.iter().map(|(sample, _)| *sample).collect();
    assert_eq!(found, listed);
    for (sample, module) in HELD {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{module}.rs"));
        assert!(file.exists(), "{sample}: {}", file.display());
    }
}

fn read(path: &Path) -> ResponseTable {
    ingest(&[path.to_owned()], &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}")).0
}

/// The rows with a score and their sum, by metric.
type Count = BTreeMap<String, (usize, f64)>;

fn count_of(table: &ResponseTable) -> Count {
    let mut count = Count::new();
    for row in table.rows() {
        if let Some(score) = row.score {
            add(&mut count, &table.metrics[row.metric as usize].name, score);
        }
    }
    count
}

fn add(count: &mut Count, metric: &str, score: f64) {
    let (n, sum) = count.entry(metric.to_owned()).or_default();
    *n += 1;
    *sum += score;
}

/// `NaN` is bare in the logs, and no JSON.
fn parse(text: &str) -> Value {
    serde_json::from_str(&text.replace(": NaN", ": null").replace(":NaN", ":null")).unwrap()
}

/// The samples of a log: those of a `.json`, or the members of a `.eval`.
fn inspect_samples(path: &Path) -> Vec<Value> {
    if path.extension().is_some_and(|e| e == "json") {
        return parse(&fs::read_to_string(path).unwrap())["samples"].as_array().cloned().unwrap_or_default();
    }
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let samples = names.iter().filter(|name| name.starts_with("samples/"));
    let read = |name: &String| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        parse(&text)
    };
    samples.map(read).collect()
}

fn inspect_count(path: &Path) -> Count {
    let number = |value: &Value| match value {
        Value::String(letter) => match letter.as_str() {
            "C" => Some(1.0),
            "P" => Some(0.5),
            "I" | "N" => Some(0.0),
            number => number.parse().ok(),
        },
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        other => other.as_f64(),
    };
    let mut count = Count::new();
    for sample in inspect_samples(path) {
        for (scorer, score) in sample["scores"].as_object().into_iter().flatten() {
            match &score["value"] {
                Value::Object(parts) => parts.iter().for_each(|(key, part)| {
                    if let Some(score) = number(part) {
                        add(&mut count, &format!("{scorer}/{key}"), score);
                    }
                }),
                value => {
                    if let Some(score) = number(value) {
                        add(&mut count, scorer, score);
                    }
                }
            }
        }
    }
    count
}

#[test]
fn logs_of_inspect_equal_a_count_of_their_samples() {
    for folder in ["inspect_ai/v0.3.285_json", "inspect_ai/from_repo", "_eee_testdata/inspect"] {
        let Some(folder) = shared(&format!("samples/{folder}")) else { return };
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let expected = inspect_count(&path);
            if path.ends_with("data_with_llm_scoring.json") {
                // The header of a log alone.
                let refused = ingest(&[path], &IngestOptions::default(), &|_| {});
                assert!(expected.is_empty() && matches!(refused, Err(IngestError::NothingRead { .. })));
            } else {
                assert_eq!(count_of(&read(&path)), expected, "{}", path.display());
            }
        }
    }
}

#[test]
fn outputs_of_livecodebench_equal_their_lists() {
    let Some(folder) = shared("samples/livecodebench/constructed/output") else { return };
    let table = read(&folder);
    for model in ["Toy-7B", "Toy-70B"] {
        let file = folder.join(model).join("Scenario.codegeneration_4_0.2_eval_all.json");
        let mut expected = BTreeMap::new();
        for problem in parse(&fs::read_to_string(file).unwrap()).as_array().unwrap() {
            for (repeat, right) in problem["graded_list"].as_array().unwrap().iter().enumerate() {
                let id = problem["question_id"].as_str().unwrap().to_owned();
                expected.insert((id, repeat as u32), f64::from(u8::from(right.as_bool().unwrap())));
            }
        }
        let of_model = table.rows().filter(|row| table.runs[row.run as usize].model.as_str() == model);
        let found: BTreeMap<_, _> = of_model
            .map(|row| ((table.items[row.item as usize].id.to_string(), row.repeat), row.score.unwrap()))
            .collect();
        assert_eq!((found.len(), &found), (96, &expected), "{model}");
    }
}

#[test]
fn responses_of_py_irt_equal_their_lines() {
    for name in ["minitest.jsonlines", "minitest.amortized.head.jsonlines"] {
        let Some(path) = shared(&format!("samples/py_irt/{name}")) else { return };
        let mut expected = Count::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            for score in parse(line)["responses"].as_object().unwrap().values() {
                add(&mut expected, "response", score.as_f64().unwrap());
            }
        }
        assert_eq!(count_of(&read(&path)), expected, "{name}");
    }
}

#[test]
fn samples_of_every_eval_ever_equal_their_lines() {
    let Some(folder) = shared("samples/_eee_testdata/skill_reference_conversion") else { return };
    let demo = folder.join("data/demo-source/demo-org/demo-model");
    let lines = fs::read_dir(demo).unwrap().map(|e| e.unwrap().path());
    let lines = lines.filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let text: String = lines.map(|path| fs::read_to_string(path).unwrap()).collect();
    let scores: Vec<f64> = text.lines().map(|l| parse(l)["evaluation"]["score"].as_f64().unwrap()).collect();
    let table = read(&folder);
    assert_eq!(table.rows().map(|row| row.score.unwrap()).collect::<Vec<_>>(), scores);
}

/// Aggregates, lists of what could not be converted and weights of items are no results, and the reason is given.
#[test]
fn samples_without_items_are_refused_with_a_reason() {
    let refused = [
        ("_eee_testdata/98ea850e-7019-4728-a558-8b1819ec47c2.json", "Every Eval Ever"),
        ("every_eval_ever/adapter_reports", "Every Eval Ever"),
        ("tinybenchmarks/anchor.pickle", "anchor_points"),
    ];
    for (sample, reason) in refused {
        let Some(path) = shared(&format!("samples/{sample}")) else { return };
        let error = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap_err();
        let IngestError::NothingRead { files, skipped } = &error else { panic!("{sample}: {error}") };
        let told: Vec<&str> = files
            .iter()
            .map(|f| f.because.as_str())
            .chain(skipped.iter().map(|s| s.reason.as_str()))
            .collect();
        assert!(told.iter().any(|why| why.contains(reason)), "{sample}: {told:?}");
    }
}
