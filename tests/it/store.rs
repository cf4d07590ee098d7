//! Does what is kept on disk come back as it was?

use crate::shared::shared;
use evalgauge::ingest::{IngestOptions, Work, ingest, ingest_resumably};
use evalgauge::response::{
    FactSource, Item, Metric, OptionScore, PivotOptions, ResponseTable, Row, Run, Status, pivot,
};
use evalgauge::store::{self, Provenance, StoreError};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A table with every field filled in some row and empty in another.
fn rich() -> ResponseTable {
    let mut t = ResponseTable::default();
    t.runs.push(Run::new("r0", "org/a"));
    t.runs.push(Run {
        model_raw: Some("A".into()),
        revision: Some("main".into()),
        base: Some("org/base".into()),
        step: Some(143_000),
        step_source: Some(FactSource::Name),
        params: Some(6.9e9),
        params_source: Some(FactSource::ModelsTable),
        tokens: Some(3.0e11),
        flops: Some(1.23e22),
        dtype: Some("bf16".into()),
        harness: Some("lm_eval".into()),
        harness_version: Some("0.4.13".into()),
        task_version: Some("1".into()),
        n_shot: Some(5),
        prompt_variant: Some("shifted".into()),
        chat_template_sha: Some("ab".into()),
        temperature: Some(0.7),
        seed: Some(-3),
        timestamp: Some("2026-01-01T00-00-00".into()),
        limit: Some(100),
        files: vec!["a.jsonl".into(), "b \"c\".jsonl".into()],
        family: Some("fam".into()),
        role: Some("rung".into()),
        ..Run::new("r1", "org/b")
    });
    t.items.push(Item::new("z", None, "007"));
    t.items.push(Item {
        item_hash: Some(u64::MAX - 1),
        native_id: Some("7".into()),
        doc_hash: Some("ff".into()),
        question: Some("Why?\n\"so\"".into()),
        options: Some(["a", "b, c"].map(str::to_owned).to_vec().into()),
        gold: Some(1),
        gold_text: Some("b, c".into()),
        metadata_json: Some("{\"k\":1}".into()),
        ..Item::new("a", Some("s"), "x/1")
    });
    t.items.push(Item::new("a", Some("s"), "nobody"));
    t.metrics.push(Metric { primary: true, ..Metric::new("z", "acc", None) });
    t.metrics.push(Metric { higher_is_better: false, ..Metric::new("a", "ppl", Some("none")) });
    t.metrics.push(Metric::new("a", "unused", None));
    t.push(Row::new(0, 0, 0, Some(0.1 + 0.2)));
    t.push(Row {
        repeat: 3,
        status: Status::Limit,
        chosen: Some(40_000),
        gold: Some(1),
        prediction: Some("b".into()),
        logp_gold: Some(-0.1),
        logp_margin: Some(1e-20),
        n_tokens_in: Some(u32::MAX),
        n_tokens_out: Some(2),
        source_file: 1,
        source_row: Some(9),
        ..Row::new(1, 1, 1, None)
    });
    t.push(Row::new(0, 1, 1, Some(1e300)));
    for option in 0..2 {
        t.options.push(OptionScore {
            run: 1,
            item: 1,
            option,
            logp_sum: Some(-1.5),
            logp_per_char: None,
            logp_per_byte: Some(-0.25),
            logp_uncond: None,
            num_tokens: Some(3),
            is_greedy: (option == 0).then_some(true),
        });
    }
    t
}

fn sorted(table: &ResponseTable) -> Vec<String> {
    let mut rows: Vec<String> = table.rows().map(|r| format!("{r:?}")).collect();
    rows.sort();
    rows
}

fn assert_same(a: &ResponseTable, b: &ResponseTable) {
    assert_eq!(a.runs, b.runs);
    assert_eq!(a.items, b.items);
    assert_eq!(a.metrics, b.metrics);
    assert_eq!(a.options, b.options);
    assert_eq!(sorted(a), sorted(b));
}

#[test]
fn a_store_reads_back_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.evals");
    let table = rich();
    store::write(&table, &path, &Provenance::default()).unwrap();
    assert_same(&store::read(&path).unwrap(), &table);
    // Again, in place of itself, and through the front door.
    store::write(&table, &path, &Provenance::default()).unwrap();
    let (read, report) = ingest(std::slice::from_ref(&path), &IngestOptions::default(), &|_| {}).unwrap();
    assert_eq!((read.len(), report.files.len()), (table.len(), 1));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the store");
}

/// Files of plain rows with answers as text, enough that pieces of columns are closed; one model is in two of them.
fn long_dump(directory: &Path) {
    for file in 0..5 {
        let mut text = "benchmark,model,item,score,prediction,chosen,gold\n".to_owned();
        for row in 0..40_000 {
            let (model, item) = (file * 4 / 5 * 10 + row / 8_000, (row * 7 + file) % 8_000);
            let (score, chosen) = (row * 31 % 1_000, row % 4);
            let _ = writeln!(text, "b,m{model},i{item},0.{score:03},says {row},{chosen},{}", item % 4);
        }
        fs::write(directory.join(format!("{file}.csv")), text).unwrap();
    }
}

#[test]
fn rows_that_were_put_aside_make_the_same_store() {
    let dir = tempfile::tempdir().unwrap();
    let dump = dir.path().join("dump");
    fs::create_dir(&dump).unwrap();
    long_dump(&dump);
    let stores = [usize::MAX, 10_000].map(|most_held| {
        let out = dir.path().join(format!("{most_held}.evals"));
        let work = Work::open(&out).unwrap().hold(most_held);
        let (table, report) =
            ingest_resumably(std::slice::from_ref(&dump), &IngestOptions::default(), &|_| {}, &work).unwrap();
        assert_eq!((table.len(), table.as_rows().is_away()), (200_000, most_held < usize::MAX));
        let provenance = Provenance { report: serde_json::to_value(&report).ok(), ..Provenance::default() };
        store::write_from(work.directory(), &table, work.kept_options(), &out, &provenance).unwrap();
        work.finish();
        let csv = store::long_csv(&table).unwrap();
        let name = |entry: fs::DirEntry| (entry.file_name(), fs::read(entry.path()).unwrap());
        let files: BTreeMap<_, _> = fs::read_dir(&out).unwrap().map(|entry| name(entry.unwrap())).collect();
        (files, csv)
    });
    assert!(stores[0] == stores[1]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left beside the stores");
}

#[test]
fn the_long_csv_reads_back_through_the_plain_reader() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    let table = rich();
    fs::write(&path, store::long_csv(&table).unwrap()).unwrap();
    let (read, _) = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap();
    assert_eq!(read.len(), table.len());
    let row = read.rows().find(|r| r.repeat == 3).unwrap();
    let old = table.row(1);
    // What is read from the CSV is of that file.
    let expected = Row { chosen: row.chosen, source_file: 0, ..old };
    assert_eq!(Row { run: 1, item: 1, metric: 1, ..row.clone() }, expected);
    assert_eq!(read.runs[row.run as usize].id, "r1");
    assert!(read.rows().any(|r| r.score == Some(0.1 + 0.2)));
    assert!(read.rows().any(|r| r.score == Some(1e300)));
}

#[test]
fn anything_but_a_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("f.evals");
    fs::write(&file, "x").unwrap();
    assert!(matches!(
        store::write(&rich(), &file, &Provenance::default()),
        Err(StoreError::NotAStore { .. })
    ));
    assert!(store::read(&dir.path().join("missing.evals")).is_err());
    let empty = dir.path().join("e.evals");
    fs::create_dir(&empty).unwrap();
    assert!(matches!(store::read(&empty), Err(StoreError::MissingFile { .. })));
}

#[test]
fn a_damaged_store_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.evals");
    store::write(&rich(), &path, &Provenance::default()).unwrap();
    for name in ["responses.parquet", "items.parquet", "runs.parquet", "options.parquet", "manifest.json"] {
        let file = path.join(name);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let error = store::read(&path).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        fs::write(&file, whole).unwrap();
    }
}

#[test]
fn a_store_knows_whether_it_is_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.evals");
    store::write(&rich(), &path, &Provenance::default()).unwrap();
    let manifest = store::check(&path).unwrap();
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["responses.parquet", "items.parquet", "runs.parquet", "options.parquet"]);
    for name in names {
        let file = path.join(name);
        let whole = fs::read(&file).unwrap();
        let named = |error: StoreError| assert!(error.to_string().contains(name), "{error}");
        fs::write(&file, &whole[..100]).unwrap();
        named(store::check(&path).unwrap_err());
        assert!(matches!(store::read(&path), Err(StoreError::Changed { .. })));
        // The same size: only the content says it.
        let mut other = whole.clone();
        other[whole.len() / 2] ^= 1;
        fs::write(&file, other).unwrap();
        named(store::check(&path).unwrap_err());
        fs::remove_file(&file).unwrap();
        named(store::check(&path).unwrap_err());
        assert!(matches!(store::read(&path), Err(StoreError::MissingFile { .. })));
        fs::write(&file, whole).unwrap();
    }
    // Stores of before say nothing of their files, and stay readable.
    let manifest = path.join("manifest.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    json.as_object_mut().unwrap().remove("files");
    fs::write(&manifest, json.to_string()).unwrap();
    fs::remove_file(path.join("options.parquet")).unwrap();
    assert!(store::check(&path).is_ok());
    assert_eq!(store::read(&path).unwrap().len(), rich().len());
}

#[test]
fn the_bundled_data_set_reads_from_bytes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks-data/digits-zoo");
    let bytes = |name: &str| fs::read(root.join(name)).unwrap();
    let names = ["responses.parquet", "items.parquet", "runs.parquet", "options.parquet"];
    let parts: Vec<(&str, Vec<u8>)> = names.iter().map(|n| (*n, bytes(n))).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(n, b)| (*n, b.as_slice())).collect();
    let table = store::read_parts(&parts).unwrap();
    assert_eq!((table.len(), table.runs.len(), table.items.len()), (582_000, 973, 600));
    assert_eq!(table.options.len(), 372_000);
    let (matrix, _) = pivot(&table, "digits-zoo", &PivotOptions::default()).unwrap();
    assert_eq!((matrix.n_respondents(), matrix.n_items()), (398, 600));
    // Without items and runs there is still a table.
    let alone = store::read_parts(&parts[..1]).unwrap();
    assert_eq!((alone.len(), alone.runs.len(), alone.items.len()), (582_000, 973, 600));
}

#[test]
fn real_results_survive_the_store() {
    let Some(path) = shared("data/mmlu-redux") else { return };
    let (table, report) = ingest(&[path], &IngestOptions::default(), &|_| {}).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store_path = dir.path().join("redux.evals");
    let provenance = Provenance {
        paths: vec!["mmlu-redux".into()],
        report: serde_json::to_value(&report).ok(),
        input: None,
    };
    store::write(&table, &store_path, &provenance).unwrap();
    assert_same(&store::read(&store_path).unwrap(), &table);
    let (matrix, _) = pivot(&table, "mmlu-redux", &PivotOptions::default()).unwrap();
    let wide = dir.path().join("wide.csv");
    fs::write(&wide, store::wide_csv(&matrix).unwrap()).unwrap();
    let (again, _) = ingest(&[wide], &IngestOptions::default(), &|_| {}).unwrap();
    let (again, _) = pivot(&again, "redux", &PivotOptions::default())
        .or_else(|_| pivot(&again, &again.benchmarks()[0], &PivotOptions::default()))
        .unwrap();
    assert_eq!(again.respondent_totals(), matrix.respondent_totals());
    assert_eq!(again.items(), matrix.items());
}
