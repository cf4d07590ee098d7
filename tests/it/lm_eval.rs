//! Do the readers of lm_eval and py-irt say what their sources say, and never fall over what is broken?

use crate::shared::shared;
use evalgauge::ingest::detect::detect;
use evalgauge::ingest::lm_eval::{Context, Results, samples, write_out};
use evalgauge::ingest::{Format, Fragment, ReadError, Source, py_irt};
use evalgauge::response::{Joiner, ResponseTable, Status};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn source(path: &str, text: impl Into<Vec<u8>>) -> Source {
    Source::new(path, None, text.into())
}

fn format_of(source: &Source) -> Option<Format> {
    detect(source).ok().map(|detected| detected.format)
}

fn files_below(directory: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files_below(&entry, into);
        } else {
            into.push(entry);
        }
    }
}

/// What a directory of the harness gives when every file goes to the reader that its content asks for.
struct Dump {
    table: ResponseTable,
    fragments: Vec<(Source, Fragment)>,
}

fn read_dump(directory: &Path) -> Dump {
    let mut paths = Vec::new();
    files_below(directory, &mut paths);
    let mut context = Context::default();
    let mut items = Vec::new();
    for path in
        paths.iter().filter(|p| p.extension().is_some_and(|e| e.to_string_lossy().starts_with("json")))
    {
        let source = Source::new(path.clone(), None, fs::read(path).expect("a file"));
        match format_of(&source) {
            Some(Format::LmEvalResults) => context.add(Results::parse(&source).expect("results")),
            Some(Format::LmEvalSamples) => items.push(source),
            other => panic!("{} is {other:?}", source.name()),
        }
    }
    let mut joiner = Joiner::default();
    let fragments: Vec<_> = items
        .into_iter()
        .map(|source| {
            let fragment = samples::read(&source, &context).expect("samples");
            (source, fragment)
        })
        .collect();
    for (_, fragment) in &fragments {
        assert_eq!(joiner.append(fragment.table.clone()), 0, "keys disagree between files");
    }
    Dump { table: joiner.into_table(), fragments }
}

type Truth = BTreeMap<(String, String), (f64, u16, u16)>;

fn truth() -> Option<Truth> {
    let text = fs::read_to_string(shared("samples/_truth/truth_long.csv")?).expect("the truth");
    let rows = text.lines().skip(1).map(|line| {
        let f: Vec<&str> = line.split(',').collect();
        let value = (f[4].parse().unwrap(), f[5].parse().unwrap(), f[6].parse().unwrap());
        ((f[0].to_owned(), f[3].to_owned()), value)
    });
    Some(rows.collect())
}

/// `astronomy/3` is `astronomy-003` in the truth.
fn truth_name(item: &str) -> String {
    let (subject, number) = item.split_once('/').expect("subject/number");
    format!("{subject}-{:03}", number.parse::<u32>().expect("a number"))
}

#[test]
fn built_dumps_equal_the_truth_cell_by_cell() {
    let Some(truth) = truth() else { return };
    for folder in ["constructed_v0.4.0-0.4.2", "constructed_v0.4.3-0.4.6"] {
        let Some(directory) = shared(&format!("samples/lm_eval/{folder}")) else { return };
        let Dump { table, fragments } = read_dump(&directory);
        assert_eq!(table.benchmarks(), ["toy_mmlu"]);
        assert_eq!((table.runs.len(), table.items.len(), table.len()), (2, 24, 2 * 24 * 2), "{folder}");
        let mut seen = BTreeSet::new();
        for row in table.rows() {
            let model = table.runs[row.run as usize].model.to_string();
            let item = &table.items[row.item as usize];
            let cell = (model, truth_name(item.id.as_str()));
            let (score, chosen, gold) = truth[&cell];
            assert_eq!(row.score, Some(score), "{folder} {cell:?}");
            assert_eq!(row.chosen, Some(chosen), "{folder} {cell:?}");
            assert_eq!(row.gold, Some(gold), "{folder} {cell:?}");
            assert_eq!(row.status, Status::Ok);
            assert!(row.source_row.is_some());
            assert_eq!((row.logp_margin.unwrap() > 0.0), score == 1.0);
            assert_eq!(item.options().unwrap()[0], "alpha");
            seen.insert((cell, row.metric));
        }
        assert_eq!(seen.len(), table.len());
        assert_eq!(table.options.len(), 2 * 24 * 4);
        let primary: Vec<String> = table.metrics.iter().filter(|m| m.primary).map(|m| m.label()).collect();
        assert_eq!(primary, ["acc"]);
        assert!(table.runs.iter().all(|r| r.n_shot == Some(5) && r.dtype.as_deref() == Some("float16")));
        assert!(fragments.iter().all(|(_, f)| f.notes.is_empty()), "{:?}", fragments[0].1.notes);
    }
}

/// What a samples file says by a reading of its own: rows and sums by metric and filter.
fn counted(text: &str) -> BTreeMap<String, (usize, f64)> {
    let mut counts: BTreeMap<String, (usize, f64)> = BTreeMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let record: Value = serde_json::from_str(line).expect("a line");
        let filter = record["filter"].as_str().expect("a filter");
        for metric in record["metrics"].as_array().expect("metrics") {
            let name = metric.as_str().unwrap();
            let label = if filter == "none" { name.to_owned() } else { format!("{name},{filter}") };
            let entry = counts.entry(label).or_default();
            entry.0 += 1;
            entry.1 += record[name].as_f64().expect("a score");
        }
    }
    counts
}

fn table_counts(table: &ResponseTable) -> BTreeMap<String, (usize, f64)> {
    let mut counts: BTreeMap<String, (usize, f64)> = BTreeMap::new();
    for row in table.rows() {
        let entry = counts.entry(table.metrics[row.metric as usize].label()).or_default();
        entry.0 += 1;
        entry.1 += row.score.expect("a score");
    }
    counts
}

/// Folder, benchmarks, models, runs (one for each evaluation and benchmark), words of notes.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], usize, &'static [&'static str]);

#[test]
fn genuine_and_real_dumps_equal_an_independent_count() {
    let cases: [Case; 4] = [
        (
            "samples/lm_eval/v0.4.13",
            &["toy_arith", "toy_arith_maj4", "toy_lastword", "toy_mmlu"],
            &["other/Toy-1B", "toy-org/Toy-70B", "toy-org/Toy-7B"],
            // Toy-1B: 2 benchmarks, Toy-70B: 4, Toy-7B: 4 and, at another time, 2.
            12,
            &["log-probabilities", "4 completions"],
        ),
        ("samples/lm_eval/v0.4.13_dummy_noname", &["toy_mmlu_astronomy"], &["qdpv68r5"], 1, &["random"]),
        ("samples/lm_eval/v0.4.13_flat", &["toy_mmlu_astronomy"], &["qdpv68r5"], 1, &["random"]),
        (
            "samples/_eee_testdata/lm_eval",
            &["math_perturbed_full"],
            &["RylanSchaeffer/mem_Qwen3-93M_minerva_math_rep_0_sbst_1.0000_epch_1_ot_1"],
            1,
            &[],
        ),
    ];
    for (folder, benchmarks, models, n_runs, expected) in cases {
        let Some(directory) = shared(folder) else { return };
        let Dump { table, fragments } = read_dump(&directory);
        let mut found = table.benchmarks();
        found.sort();
        assert_eq!(found, benchmarks, "{folder}");
        let names: BTreeSet<String> = table.runs.iter().map(|r| r.model.to_string()).collect();
        assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), models, "{folder}");
        assert_eq!(table.runs.len(), n_runs, "{folder}");
        for (source, fragment) in &fragments {
            let text = std::str::from_utf8(source.beginning()).unwrap();
            let expected: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            assert_eq!(table_counts(&fragment.table), counted(text), "{}", source.name());
            let first = fragment.table.row(0);
            assert_eq!(fragment.table.items[0].doc_hash.as_deref(), expected["doc_hash"].as_str());
            assert_eq!(first.source_row, Some(1));
            assert!(fragment.table.rows().all(|r| r.source_row.is_some()));
            assert_eq!(fragment.table.metrics.iter().filter(|m| m.primary).count(), 1, "{}", source.name());
            check_options(&fragment.table, text);
        }
        for needle in expected {
            let all = fragments.iter().flat_map(|(_, f)| &f.notes);
            assert!(all.clone().any(|n| n.message.contains(needle)), "{folder}: no note says {needle:?}");
        }
    }
}

/// Chosen option and key against numbers taken from the raw lines: argmax of the log-probabilities, `doc.answer`.
fn check_options(table: &ResponseTable, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for row in table.rows() {
        let record: Value = serde_json::from_str(lines[row.source_row.unwrap() as usize - 1]).unwrap();
        let logps: Option<Vec<f64>> = record["filtered_resps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| pair[0].as_str().and_then(|t| t.parse().ok()))
            .collect();
        let Some(logps) = logps.filter(|l| l.len() > 1) else {
            assert_eq!((row.chosen, row.gold), (None, None));
            continue;
        };
        let best = (0..logps.len()).max_by(|&a, &b| logps[a].total_cmp(&logps[b])).unwrap();
        let gold = record["doc"]["answer"].as_u64().unwrap() as usize;
        assert_eq!((row.chosen, row.gold), (Some(best as u16), Some(gold as u16)));
        assert_eq!(row.logp_gold, Some(logps[gold] as f32));
    }
}

#[test]
fn the_set_up_of_a_run_is_kept() {
    let Some(directory) = shared("samples/lm_eval/v0.4.13") else { return };
    let table = read_dump(&directory).table;
    let maj4 = table.runs.iter().find(|r| r.id.ends_with("toy_arith_maj4")).unwrap();
    assert_eq!((maj4.temperature, maj4.seed, maj4.n_shot), (Some(0.7), Some(1234), Some(0)));
    assert_eq!((maj4.task_version.as_deref(), maj4.harness_version.as_deref()), (Some("3"), Some("0.4.13")));
    let lastword: Vec<_> = table.metrics.iter().filter(|m| m.benchmark == "toy_lastword").collect();
    assert_eq!(lastword.iter().find(|m| m.primary).unwrap().label(), "acc");
    let arith: Vec<_> = table.metrics.iter().filter(|m| m.benchmark == "toy_arith" && m.primary).collect();
    assert_eq!(arith.len(), 1);
    assert_eq!(arith[0].label(), "exact_match,strict-match");
    let twice: Vec<_> = table
        .runs
        .iter()
        .filter(|r| r.model.as_str() == "toy-org/Toy-7B" && r.id.ends_with("toy_mmlu"))
        .map(|r| r.timestamp.as_deref().unwrap())
        .collect();
    assert_eq!(twice, ["2026-11-22T20-47-39.859001", "2026-11-22T20-49-45.083008"]);
    let invalid: Vec<_> = table.rows().filter(|r| r.status == Status::NoAnswer).collect();
    assert!(!invalid.is_empty() && invalid.iter().all(|r| r.score == Some(0.0)));

    let Some(directory) = shared("samples/lm_eval/v0.4.13_flat") else { return };
    let run = &read_dump(&directory).table.runs[0];
    assert_eq!((run.limit, run.timestamp.as_deref()), (Some(5), Some("2026-11-22T20-53-29.423341")));
    let Some(directory) = shared("samples/_eee_testdata/lm_eval") else { return };
    let run = &read_dump(&directory).table.runs[0];
    assert_eq!(
        (run.params, run.dtype.as_deref(), run.revision.as_deref()),
        (Some(93069280.0), Some("bfloat16"), Some("main"))
    );
}

#[test]
fn lmms_eval_is_told_apart() {
    let Some(path) =
        shared("samples/lmms_eval/constructed/toy-org__Toy-7B/20250101_000000_samples_toy_mmmu_val.jsonl")
    else {
        return;
    };
    assert_eq!(format_of(&source("x.jsonl", fs::read(path).unwrap())), Some(Format::LmmsEval));
    // Rows of lm-evaluation-harness, but a name that lmms-eval gives.
    let named = |name: &str| format_of(&source(name, LINE));
    assert_eq!(named("m/20250101_000000_samples_t.jsonl"), Some(Format::LmmsEval));
    assert_eq!(named("m/samples_t_2024-01-01T00-00-00.0.jsonl"), Some(Format::LmEvalSamples));
}

const LINE: &str = r#"{"doc_id": 0, "doc": {"question": "q", "choices": ["x", "y"]}, "target": "1", "arguments": {"gen_args_0": {"arg_0": "q\n", "arg_1": " x"}, "gen_args_1": {"arg_0": "q\n", "arg_1": " y"}}, "resps": [[["-2.0", "False"]], [["-1.0", "True"]]], "filtered_resps": [["-2.0", "False"], ["-1.0", "True"]], "filter": "none", "metrics": ["acc"], "doc_hash": "h", "acc": 1.0}"#;

fn read_text(text: &str) -> Result<Fragment, ReadError> {
    samples::read(&source("o__m/samples_t_2024-01-01T00-00-00.0.jsonl", text), &Context::default())
}

#[test]
fn samples_without_scores_say_why() {
    let predicted = LINE.replace(r#"["acc"]"#, "[]").replace(r#", "acc": 1.0"#, "");
    let bypassed = LINE.replace(r#""metrics": ["acc"], "#, "").replace(r#""acc": 1.0"#, r#""bypass": 999"#);
    for text in [predicted, bypassed] {
        let error = read_text(&text).unwrap_err().to_string();
        assert!(error.contains("--predict_only"), "{error}");
    }
}

#[test]
fn accepted_answers_are_no_options() {
    let text = r#"{"doc_id": 0, "doc": {"question": "q", "answers": ["0", "n0"]}, "target": "['0', 'n0']", "arguments": {"gen_args_0": {"arg_0": "q", "arg_1": {"until": []}}}, "resps": [["n0"]], "filtered_resps": ["n0"], "filter": "none", "metrics": ["exact_match"], "exact_match": 1.0}"#;
    let table = read_text(text).unwrap().table;
    let item = &table.items[0];
    assert_eq!((&item.options, item.gold_text().as_deref()), (&None, Some("['0', 'n0']")));
    let row = table.row(0);
    assert_eq!((row.score, row.chosen, row.gold), (Some(1.0), None, None));
}

#[test]
fn the_ending_of_the_name_says_nothing() {
    let array = format!("[\n{LINE}\n]");
    for name in ["jsonl", "json"] {
        for text in [LINE, &array] {
            let file = source(&format!("o__m/samples_t_2024-01-01T00-00-00.0.{name}"), text);
            let table = samples::read(&file, &Context::default()).unwrap().table;
            assert_eq!((table.len(), table.row(0).chosen, table.row(0).gold), (1, Some(1), Some(1)));
            assert_eq!(table.runs[0].model.as_str(), "o/m");
        }
    }
}

#[test]
fn nan_is_no_score_and_lists_are_not_scores_of_items() {
    let nan = LINE.replace("\"acc\": 1.0", "\"acc\": NaN");
    let other = LINE.replace("\"doc_id\": 0", "\"doc_id\": 1");
    let fragment = read_text(&format!("{nan}\n{other}\n")).unwrap();
    assert_eq!(fragment.table.score(0), None);
    assert_eq!(fragment.table.row(0).status, Status::Unscored);
    assert_eq!(fragment.table.score(1), Some(1.0));
    assert!(fragment.notes.iter().any(|n| n.message.contains("unscored, not wrong")));

    let list = LINE
        .replace("[\"acc\"]", "[\"f1\", \"acc\"]")
        .replace("\"acc\": 1.0", "\"f1\": [1, 0], \"acc\": true");
    let table = read_text(&list).unwrap().table;
    assert_eq!((table.score(0), table.score(1)), (None, Some(1.0)));
    assert_eq!(table.metrics.iter().find(|m| m.primary).unwrap().name, "acc");
}

#[test]
fn before_filters_had_names_the_kth_row_is_the_kth_filter() {
    let line = |id: u32, score: f64| {
        format!(
            "{{\"doc_id\": {id}, \"doc\": {{}}, \"target\": \"4\", \"arguments\": [[\"q\", {{}}]], \
             \"resps\": [[\"4\"]], \"filtered_resps\": [\"4\"], \"exact_match\": {score}}}\n"
        )
    };
    let text = [line(0, 0.0), line(1, 0.0), line(0, 1.0), line(1, 1.0)].concat();
    let labels = |context: &Context| -> Vec<String> {
        let file = source("o__m/samples_t_2024-01-01T00-00-00.0.jsonl", text.clone());
        let table = samples::read(&file, context).unwrap().table;
        table.rows().map(|r| table.metrics[r.metric as usize].label()).collect()
    };
    assert_eq!(
        labels(&Context::default()),
        ["exact_match", "exact_match", "exact_match,filter-2", "exact_match,filter-2"]
    );
    let results = r#"{"results": {}, "versions": {}, "configs": {"t": {"filter_list": [{"name": "strict"}, {"name": "flexible"}]}}}"#;
    let results = Results::parse(&source("o__m/results_2024-01-01T00-00-00.0.json", results)).unwrap();
    assert_eq!(
        labels(&Context::new(vec![results])),
        ["exact_match,strict", "exact_match,strict", "exact_match,flexible", "exact_match,flexible"]
    );
}

#[test]
fn files_of_v0_3_are_read_as_lists_and_as_objects() {
    let record = |id: u32, chosen: usize| {
        let logits: Vec<String> = (0..4)
            .map(|k| {
                format!("\"prompt_{k}\": \"q\", \"logit_{k}\": {}", if k == chosen { -1.0 } else { -2.5 })
            })
            .collect();
        let acc = if chosen == 2 { "1.0" } else { "0.0" };
        format!(
            "{{\"doc_id\": {id}, {}, \"truth\": 2, \"acc\": \"{acc}\", \"acc_norm\": \"0.0\", \"f1\": \"(2, 1)\"}}",
            logits.join(", ")
        )
    };
    let list = format!("[{}, {}]", record(0, 2), record(1, 0));
    let object = format!("{{\"0\": {}, \"1\": {}}}", record(0, 2), record(1, 0));
    let results = r#"{"results": {"arc_easy": {"acc": 0.5}}, "versions": {"arc_easy": 0}, "config": {"model_args": "pretrained=o/m", "num_fewshot": 3}}"#;
    assert_eq!(format_of(&source("r.json", results)), Some(Format::LmEvalResults));
    let context = Context::new(vec![Results::parse(&source("d/r.json", results)).unwrap()]);
    for text in [list, object] {
        assert_eq!(format_of(&source("x.json", text.as_str())), Some(Format::LmEvalWriteOut));
        let table = write_out::read(&source("d/arc_easy_write_out_info.json", text), &context).unwrap().table;
        assert_eq!((table.len(), table.items.len(), table.benchmarks()), (6, 2, vec!["arc_easy".to_owned()]));
        assert_eq!(
            table.rows().map(|r| r.score).collect::<Vec<_>>(),
            [Some(1.0), Some(0.0), None, Some(0.0), Some(0.0), None]
        );
        assert_eq!(
            (table.row(0).chosen, table.row(0).gold, table.row(0).logp_margin),
            (Some(2), Some(2), Some(1.5))
        );
        assert_eq!(
            (table.row(3).chosen, table.row(3).gold, table.row(3).source_row),
            (Some(0), Some(2), Some(2))
        );
        assert_eq!((table.runs[0].model.as_str(), table.runs[0].n_shot), ("o/m", Some(3)));
        assert_eq!(table.metrics.iter().find(|m| m.primary).unwrap().name, "acc");
    }
}

#[test]
fn py_irt_equals_the_truth() {
    let Some((truth, path)) = truth().zip(shared("samples/py_irt/constructed.jsonlines")) else { return };
    let file = Source::new(&path, None, fs::read(&path).unwrap());
    assert_eq!(format_of(&file), Some(Format::PyIrt));
    let fragment = py_irt::read(&file).unwrap();
    let table = fragment.table;
    assert_eq!((table.runs.len(), table.items.len(), table.len(), fragment.notes.len()), (3, 24, 72, 0));
    for row in table.rows() {
        let model = table.runs[row.run as usize].model.to_string();
        let item = table.items[row.item as usize].id.to_string();
        assert_eq!(row.score, Some(truth[&(model, item)].0));
        assert_eq!(row.source_row, Some(row.run + 1));
    }
}

#[test]
fn py_irt_takes_sentences_for_names_and_fractions_for_scores() {
    for (name, n_subjects) in [("minitest.jsonlines", 4), ("minitest.amortized.head.jsonlines", 2)] {
        let Some(path) = shared(&format!("samples/py_irt/{name}")) else { return };
        let text = fs::read_to_string(&path).unwrap();
        let mut n = 0;
        let mut sum = 0.0;
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let responses = record["responses"].as_object().unwrap();
            n += responses.len();
            sum += responses.values().map(|v| v.as_f64().unwrap()).sum::<f64>();
        }
        let table = py_irt::read(&source(name, text)).unwrap().table;
        assert_eq!((table.runs.len(), table.len()), (n_subjects, n), "{name}");
        assert_eq!(table.rows().map(|r| r.score.unwrap()).sum::<f64>(), sum, "{name}");
    }
    let text = "{\"subject_id\": \"a\", \"responses\": {\"x.\\ny\": 0.25, \"z\": NaN, \"w\": null}}\n{\"subject_id\": 7, \"responses\": {\"z\": 1}}";
    let table = py_irt::read(&source("p.jsonl", text)).unwrap().table;
    assert_eq!(table.items[0].id.as_str(), "x.\ny");
    assert_eq!(table.rows().map(|r| r.score).collect::<Vec<_>>(), [Some(0.25), None, None, Some(1.0)]);
    assert_eq!(table.runs[1].model.as_str(), "7");
}

/// What is left of a broken file is a table with a note, or an error: the outcome for the tests below.
fn try_all(bytes: &[u8]) {
    for name in ["o__m/samples_t_2024-01-01T00-00-00.0.jsonl", "t_write_out_info.json", "x"] {
        let file = source(name, bytes);
        let context = match Results::parse(&file) {
            Ok(results) => Context::new(vec![results]),
            Err(_) => Context::default(),
        };
        for fragment in
            [samples::read(&file, &context), write_out::read(&file, &context), py_irt::read(&file)]
        {
            match fragment {
                Ok(fragment) => assert!(fragment.table.rows().all(|r| r.source_row.is_some())),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        format_of(&file);
    }
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_records_and_says_so() {
    let two = format!("{LINE}\n{}\n", LINE.replace("\"doc_id\": 0", "\"doc_id\": 1"));
    let array = format!("[{}]", two.trim().replace('\n', ","));
    let (first, whole) = (LINE.len(), two.trim_end().len());
    for cut in 0..two.len() {
        match read_text(&two[..cut]) {
            Ok(fragment) => {
                assert_eq!(fragment.table.len(), 1 + usize::from(cut >= whole), "cut at {cut}");
                let said = fragment.notes.iter().any(|n| n.message.contains("middle of this record"));
                assert_eq!(said, cut > first + 1 && cut < whole, "cut at {cut}");
            }
            Err(ReadError::Empty { .. }) => assert_eq!(cut, 0),
            Err(ReadError::Truncated { .. }) => assert!(cut < first),
            Err(error) => panic!("cut at {cut}: {error}"),
        }
        match read_text(&array[..cut]) {
            Ok(fragment) => {
                assert!(
                    fragment.notes.iter().any(|n| n.message.contains("middle of this record")),
                    "cut at {cut}"
                );
            }
            Err(ReadError::Empty { .. } | ReadError::Truncated { .. }) => assert!(cut <= first + 1),
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
    let results =
        r#"{"results": {"t": {"acc,none": 1}}, "configs": {"t": {"metric_list": [{"metric": "acc"}]}}}"#;
    for cut in 0..results.len() {
        assert!(Results::parse(&source("r.json", &results[..cut])).is_err());
    }
}

#[test]
fn what_is_not_a_dump_is_an_error() {
    let junk: [&[u8]; 12] = [
        b"",
        b"  \n",
        b"\x00\x01\x02\xff\xfe",
        b"{}",
        b"[]",
        b"[1, 2]",
        b"[[[",
        b"null",
        b"{\"doc_id\": 1}",
        b"hello",
        b"{\"a\": {\"b\": 1}}",
        b"\xef\xbb",
    ];
    for bytes in junk {
        let file = source("samples_t_2024-01-01T00-00-00.0.jsonl", bytes);
        assert!(samples::read(&file, &Context::default()).is_err(), "{bytes:?}");
        assert!(write_out::read(&file, &Context::default()).is_err(), "{bytes:?}");
        assert!(py_irt::read(&file).is_err(), "{bytes:?}");
        try_all(bytes);
    }
    let wrong = r#"{"doc_id": [1], "doc": 3, "target": {"a": 1}, "arguments": "x", "resps": 1, "filtered_resps": {}, "filter": 4, "metrics": "acc", "acc": {"a": 1}}"#;
    assert!(read_text(wrong).is_err());
    let odd = wrong.replace("[1]", "\"one\"");
    let table = read_text(&odd).unwrap().table;
    assert_eq!((table.len(), table.score(0)), (1, None));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(300),
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn mutated_files_never_panic(
        seed in 0usize..6,
        edits in proptest::collection::vec((proptest::prelude::any::<u32>(), 0usize..24, proptest::prelude::any::<u8>()), 1..8),
    ) {
        let seeds = [
            LINE.to_owned(),
            format!("{LINE}\n{LINE}\n"),
            format!("[{LINE}, {LINE}]"),
            r#"[{"doc_id": 0, "prompt_0": "a", "logit_0": -1.5, "prompt_1": "b", "logit_1": -2, "truth": 1, "acc": "0.0"}]"#.to_owned(),
            "{\"subject_id\": \"a\", \"responses\": {\"x\": 1, \"y\": 0.5}}\n{\"subject_id\": \"b\", \"responses\": {}}".to_owned(),
            r#"{"results": {"t": {"acc,none": 1}}, "group_subtasks": {"g": ["t"]}, "configs": {"t": {"metric_list": [{"metric": "acc"}], "repeats": 2}}, "n-shot": {"t": 1}, "config": {"model_args": "pretrained=a,b"}}"#.to_owned(),
        ];
        const PIECES: [&str; 12] =
            ["NaN", "-Infinity", "\"", "\\", "\\ud83d", "{", "}", "[", "]", ",", "\n", "1e999"];
        let mut bytes = seeds[seed].clone().into_bytes();
        for (at, kind, byte) in edits {
            let at = at as usize % (bytes.len() + 1);
            match kind {
                0..12 => { bytes.splice(at..at, PIECES[kind].bytes()); }
                12..15 => bytes.truncate(at.max(1)),
                15..18 if at < bytes.len() => bytes[at] = byte,
                18..21 if at < bytes.len() => { bytes.remove(at); }
                _ => { let end = (at + 20).min(bytes.len()); bytes.drain(at..end); }
            }
        }
        try_all(&bytes);
    }
}

#[test]
fn what_the_simulation_writes_is_read_back() {
    use evalgauge::simulate::{ChoiceOptions, SimulationOptions, simulate, write::write_lm_eval};
    for log_probabilities in [true, false] {
        let choices = Some(ChoiceOptions { log_probabilities, ..Default::default() });
        let options =
            SimulationOptions { n_models: 3, n_items: 12, n_subjects: 2, choices, ..Default::default() };
        let written = simulate(&options).expect("a simulation").table;
        let out = tempfile::tempdir().expect("a directory");
        write_lm_eval(&written, out.path()).expect("files");
        let read = read_dump(out.path()).table;
        assert_eq!((read.len(), read.items.len(), read.runs.len()), (written.len(), 12, 3));
        // Items are numbered within each subject in the order of the simulation.
        let cell = |table: &ResponseTable, row: &evalgauge::response::Row| {
            let item = &table.items[row.item as usize];
            let within =
                table.items[..row.item as usize].iter().filter(|i| i.subject == item.subject).count();
            (table.runs[row.run as usize].model.to_string(), item.subject.clone(), within)
        };
        let facts = |table: &ResponseTable| -> BTreeMap<_, _> {
            table.rows().map(|r| (cell(table, &r), (r.score.map(f64::to_bits), r.chosen, r.gold))).collect()
        };
        assert_eq!(facts(&read), facts(&written));
    }
}
