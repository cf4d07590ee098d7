//! Is one model one, and are two models two, however dumps name them?

use evalgauge::ingest::{IngestOptions, IngestReport, ingest};
use evalgauge::response::{FactSource, PivotOptions, ResponseTable, pivot};
use evalgauge::store::{self, Provenance};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(directory: &Path) -> (ResponseTable, IngestReport) {
    ingest(&[directory.to_owned()], &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

fn models(table: &ResponseTable) -> Vec<&str> {
    let models: BTreeSet<&str> = table.runs.iter().map(|run| run.model.as_str()).collect();
    models.into_iter().collect()
}

fn examples(report: &IngestReport, code: &str) -> Vec<String> {
    let lints = report.lint.iter().filter(|lint| lint.code == code);
    lints.flat_map(|lint| lint.examples.clone()).collect()
}

/// An evaluation by lm-evaluation-harness of two questions on a day, with what its results say of the model.
fn evaluate(directory: &Path, day: u32, about: &Value) {
    let place = directory.join(format!("m{day}"));
    fs::create_dir_all(&place).unwrap();
    let time = format!("2025-01-{day:02}T00-00-00.000000");
    let mut results = json!({
        "results": {"t": {"acc,none": 0.5}}, "configs": {"t": {"metric_list": [{"metric": "acc"}]}},
        "n-shot": {"t": 0}, "versions": {"t": 1}
    });
    results.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
    fs::write(place.join(format!("results_{time}.json")), results.to_string()).unwrap();
    let sample = |doc: u32| {
        let score = (doc + day) % 2;
        json!({"doc_id": doc, "doc": {"q": doc}, "target": "x", "arguments": [["q", "x"]], "resps": [["-1", "False"]],
            "filtered_resps": [["-1", "False"]], "filter": "none", "metrics": ["acc"], "acc": score})
        .to_string()
    };
    fs::write(place.join(format!("samples_t_{time}.jsonl")), format!("{}\n{}\n", sample(0), sample(1)))
        .unwrap();
}

fn loaded(arguments: &str) -> Value {
    json!({"config": {"model": "hf", "model_args": arguments}})
}

#[test]
fn paths_with_one_end_are_two_models() {
    let directory = tempfile::tempdir().unwrap();
    for (day, path) in
        [(1, "/data/sft/hf"), (2, "/data/dpo/hf"), (3, "/data/sft/hf/"), (4, "ckpts/run/checkpoint-500")]
    {
        evaluate(directory.path(), day, &loaded(&format!("pretrained={path}")));
    }
    let (table, _) = read(directory.path());
    assert_eq!(models(&table), ["dpo/hf", "run", "sft/hf"]);
    let ids: Vec<&str> = table.runs.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(ids[0], "sft/hf 2025-01-01T00-00-00.000000 t");
    let (checkpoint, whole) = (&table.runs[3], &table.runs[0]);
    assert_eq!((checkpoint.step, checkpoint.step_source), (Some(500), Some(FactSource::Name)));
    assert_eq!((whole.model_raw.as_deref(), whole.step_source), (Some("/data/sft/hf"), None));
}

#[test]
fn a_checkpoint_loaded_in_4_bit_is_a_model_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    evaluate(directory.path(), 1, &loaded("pretrained=o/m-7b"));
    evaluate(directory.path(), 2, &loaded("pretrained=o/m-7b,load_in_4bit=True"));
    let (table, report) = read(directory.path());
    assert_eq!(models(&table), ["o/m-7b", "o/m-7b (4bit)"]);
    assert!(report.notes.iter().any(|note| note.message.contains("was run with other weights too")));
    assert_eq!(examples(&report, "set_ups_differ"), [""; 0]);
    assert_eq!(
        table.runs.iter().map(|run| (run.params, run.params_source)).collect::<Vec<_>>(),
        [(Some(7e9), Some(FactSource::Name)); 2]
    );
}

#[test]
fn another_set_up_that_is_set_aside_is_told() {
    let directory = tempfile::tempdir().unwrap();
    evaluate(directory.path(), 1, &loaded("pretrained=o/m,dtype=float16"));
    evaluate(directory.path(), 2, &loaded("pretrained=o/m,dtype=bfloat16"));
    let (table, report) = read(directory.path());
    assert_eq!(models(&table), ["o/m"]);
    assert_eq!(examples(&report, "set_ups_differ"), ["o/m: dtype float16 beside bfloat16"]);
}

#[test]
fn spellings_are_told_and_merged_where_a_table_of_models_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let names = ["toy-org/Toy-7B", "Toy-7B", "toy-7b-hf", "toy-org--Toy-7B", "other/Toy-1B"];
    let rows = names.iter().enumerate().map(|(at, name)| format!("{name},q{at},{}\n", at % 2));
    let rows: String = rows.chain(names.iter().map(|name| format!("{name},q9,1\n"))).collect();
    fs::write(directory.path().join("a.csv"), format!("model,item,score\n{rows}")).unwrap();
    let (table, report) = read(directory.path());
    assert_eq!(models(&table).len(), 5);
    assert_eq!(
        examples(&report, "similar_model_names"),
        ["Toy-7B = toy-7b-hf = toy-org--Toy-7B = toy-org/Toy-7B"]
    );
    let remedy = report.lint.iter().find(|lint| lint.code == "similar_model_names").unwrap().remedy;
    assert!(remedy.contains("`models.csv` with the columns `model` and `name`"), "{remedy}");
    let given =
        "model,name\nToy-7B,toy-org/Toy-7B\ntoy-7b-hf,toy-org/Toy-7B\ntoy-org--Toy-7B,toy-org/Toy-7B\n";
    fs::write(directory.path().join("models.csv"), given).unwrap();
    let (table, report) = read(directory.path());
    assert_eq!(models(&table), ["other/Toy-1B", "toy-org/Toy-7B"]);
    assert_eq!(examples(&report, "similar_model_names"), [""; 0]);
    let used = report.files.iter().find(|file| file.file.ends_with("models.csv")).unwrap();
    assert!(used.because.contains("models: name given to 3 runs"), "{}", used.because);
    assert!(report.notes.iter().any(|note| note.message.starts_with("1 model is made of several")));
    // Each of its spellings answered other items, and all of them the last.
    let (matrix, cut) = pivot(&table, "a", &PivotOptions::default()).unwrap();
    assert_eq!((matrix.respondents().len(), cut.n_runs_repeated, cut.max_repeats), (2, 3, 4));
}

#[test]
fn where_sizes_and_steps_were_found_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let dump = directory.path().join("dump");
    let revision = json!({"model_args": "pretrained=o/a-7b,revision=step20", "model_revision": "step20"});
    evaluate(&dump, 1, &json!({"config": revision}));
    evaluate(
        &dump,
        2,
        &json!({"config": {"model_args": "pretrained=o/b-7b", "model_num_parameters": 6_900_000_000u64}}),
    );
    evaluate(&dump, 3, &loaded("pretrained=o/c-7b"));
    fs::write(dump.join("models.csv"), "model,params,step\no/c-7b,6.5B,30\n").unwrap();
    let (table, _) = read(&dump);
    let sources = |table: &ResponseTable| -> Vec<_> {
        table.runs.iter().map(|run| (run.params_source, run.step_source)).collect()
    };
    let expected = [
        (Some(FactSource::Name), Some(FactSource::Name)),
        (Some(FactSource::Dump), None),
        (Some(FactSource::ModelsTable), Some(FactSource::ModelsTable)),
    ];
    assert_eq!(sources(&table), expected);
    let path = directory.path().join("s.evals");
    store::write(&table, &path, &Provenance::default()).unwrap();
    assert_eq!(sources(&store::read(&path).unwrap()), expected);
}
