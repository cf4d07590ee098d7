//! How fast are large dumps read, and in how much memory? Rows and bytes a second, CPU time and the peak of
//! resident memory, from a file on disk to the packed matrix.
//!
//! The files are made with a fixed seed in a temporary directory. `EVALGAUGE_BENCH_ROWS` sets their rows
//! (default one million); the models are 500, or fewer where there are few rows. The figures of
//! `CONTRIBUTING.md` were taken with ten and a hundred million rows. Each bench runs once: what is measured is
//! the size, not the noise.

use crate::measure::measured;
use divan::Bencher;
use evalgauge::ingest::{IngestOptions, ingest};
use evalgauge::response::{PivotOptions, pivot};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows of a long table.
fn n_rows() -> usize {
    std::env::var("EVALGAUGE_BENCH_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000)
}

/// Models and items of a table with that many rows: 500 models, or as many as there are items.
fn shape() -> (usize, usize) {
    let models = n_rows().isqrt().clamp(1, 500);
    (models, n_rows() / models)
}

/// A number that looks random and is the same every time.
fn mixed(a: usize, b: usize) -> u64 {
    let mut x =
        (a as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (b as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 29)
}

fn model(at: usize) -> String {
    format!("organisation-{}/model-{at:04}-instruct", at % 17)
}

fn item(at: usize) -> String {
    format!("benchmark/question-{at:07}")
}

fn right(model: usize, item: usize) -> bool {
    mixed(model, item) % 1000 < 300 + model as u64 % 400
}

/// Writes one row after another, all of a model together.
fn write_rows(path: &Path, head: &str, mut line: impl FnMut(&mut String, &str, &str, u8)) {
    let mut out = BufWriter::new(File::create(path).expect("temporary file"));
    out.write_all(head.as_bytes()).expect("disk space");
    let (models, items) = shape();
    let items: Vec<String> = (0..items).map(item).collect();
    let mut text = String::new();
    for m in 0..models {
        let name = model(m);
        for (i, item) in items.iter().enumerate() {
            text.clear();
            line(&mut text, &name, item, right(m, i).into());
            out.write_all(text.as_bytes()).expect("disk space");
        }
    }
    out.flush().expect("disk space");
}

/// Reads the dump at `path` and packs its one benchmark.
fn read_and_pack(name: &str, path: &Path) {
    let bytes = size(path);
    measured(name, bytes, || {
        let (table, report) =
            ingest(&[path.to_owned()], &IngestOptions::default(), &|_| ()).expect("readable");
        let n_rows = table.len();
        for benchmark in &report.benchmarks {
            let (matrix, _) = pivot(&table, &benchmark.benchmark, &PivotOptions::default()).expect("scores");
            assert!(matrix.n_present() > 0);
        }
        n_rows
    });
}

fn size(path: &Path) -> u64 {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("directory");
        return entries.map(|e| size(&e.expect("entry").path())).sum();
    }
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn once(bencher: Bencher, name: &str, file: &str, make: impl Fn(&Path)) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join(file);
    make(&path);
    bencher.bench_local(|| read_and_pack(name, &path));
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn long_csv(bencher: Bencher) {
    once(bencher, "long CSV", "long.csv", |path| {
        write_rows(path, "model,item,score\n", |text, m, i, s| {
            writeln!(text, "{m},{i},{s}").unwrap_or_default()
        });
    });
}

/// One line for each model, one column for each item.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn wide_csv_of_models(bencher: Bencher) {
    let (models, items) = shape();
    once(bencher, "wide CSV of models", "models.csv", |path| {
        write_wide(path, "model", (models, model), (items, item), right);
    });
}

/// One line for each item, one column for each model.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn wide_csv_of_items(bencher: Bencher) {
    let (models, items) = shape();
    once(bencher, "wide CSV of items", "items.csv", |path| {
        write_wide(path, "item", (items, item), (models, model), |i, m| right(m, i));
    });
}

type Named = (usize, fn(usize) -> String);

fn write_wide(path: &Path, corner: &str, rows: Named, columns: Named, right: impl Fn(usize, usize) -> bool) {
    let mut out = BufWriter::new(File::create(path).expect("temporary file"));
    let names: Vec<String> = (0..columns.0).map(columns.1).collect();
    writeln!(out, "{corner},{}", names.join(",")).expect("disk space");
    for row in 0..rows.0 {
        let mut line = rows.1(row);
        (0..columns.0).for_each(|column| line.push_str(if right(row, column) { ",1" } else { ",0" }));
        writeln!(out, "{line}").expect("disk space");
    }
}

/// Each row has its question and an answer of its own: no simple table.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn answers_csv(bencher: Bencher) {
    once(bencher, "long CSV with questions and answers", "answers.csv", |path| {
        let head = "model,item,question,prediction,gold,score\n";
        write_rows(path, head, |text, m, i, s| {
            let question = format!("which of these is number {i}? ").repeat(6);
            writeln!(text, "{m},{i},{question},{m} says it is {i},it is that,{s}").unwrap_or_default()
        });
    });
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn json_lines(bencher: Bencher) {
    once(bencher, "JSON Lines", "long.jsonl", |path| {
        write_rows(path, "", |text, m, i, s| {
            writeln!(text, "{{\"model\": \"{m}\", \"item\": \"{i}\", \"score\": {s}}}").unwrap_or_default();
        });
    });
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn long_parquet(bencher: Bencher) {
    once(bencher, "long Parquet", "long.parquet", |path| write_parquet(path, false));
}

/// The same rows in an order that looks random: no guess of the next name is right.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn shuffled_parquet(bencher: Bencher) {
    once(bencher, "long Parquet, shuffled", "long.parquet", |path| write_parquet(path, true));
}

fn write_parquet(path: &Path, shuffled: bool) {
    use evalgauge::store::columnar::{Written, write_groups};
    const GROUP: usize = 1 << 18;
    let (models, items) = shape();
    let (model_names, item_names): (Vec<_>, Vec<_>) =
        ((0..models).map(model).collect(), (0..items).map(item).collect());
    let n = models * items;
    // A step that has no divisor in common with the number of rows visits each row once.
    let step = if shuffled { (n / 3..).find(|step| gcd(*step, n) == 1).unwrap_or(1) } else { 1 };
    let groups = (0..n).step_by(GROUP).map(|start| {
        let rows: Vec<(usize, usize)> = (start..n.min(start + GROUP))
            .map(|k| (k as u128 * step as u128 % n as u128) as usize)
            .map(|row| (row / items, row % items))
            .collect();
        let score = rows.iter().map(|&(m, i)| Some(right(m, i).into())).collect();
        vec![
            ("model", Written::Text(rows.iter().map(|(m, _)| Some(model_names[*m].as_str())).collect())),
            ("item", Written::Text(rows.iter().map(|(_, i)| Some(item_names[*i].as_str())).collect())),
            ("score", Written::Whole(score, 16)),
        ]
    });
    let mut file = File::create(path).expect("temporary file");
    write_groups(&mut file, groups).expect("disk space");
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A file or directory of your own: `EVALGAUGE_BENCH_PATH`.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn own_files(bencher: Bencher) {
    if let Some(path) = std::env::var_os("EVALGAUGE_BENCH_PATH") {
        bencher.bench_local(|| read_and_pack("own files", Path::new(&path)));
    }
}

/// Rows of each file of samples: about as many as the items of MMLU.
const ROWS_OF_SAMPLES: usize = 10_000;

/// Samples of lm-evaluation-harness with prompts of ordinary length (about a kilobyte a row).
#[divan::bench(sample_count = 1, sample_size = 1)]
fn lm_eval_samples(bencher: Bencher) {
    let files = (n_rows() / 10).div_ceil(ROWS_OF_SAMPLES);
    once(bencher, "lm-eval samples, a tenth of the rows", "samples", |path| {
        write_lm_eval(path, files, ROWS_OF_SAMPLES, 5)
    });
}

/// As many rows in two files of as many items.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn lm_eval_large_files(bencher: Bencher) {
    let rows = n_rows() / 20;
    once(bencher, "lm-eval samples in two files, a tenth of the rows", "samples", |path| {
        write_lm_eval(path, 2, rows, 5)
    });
}

/// Short records: no prompt to speak of.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn lm_eval_short_samples(bencher: Bencher) {
    let files = (n_rows() / 10).div_ceil(ROWS_OF_SAMPLES);
    once(bencher, "lm-eval short samples, a tenth of the rows", "samples", |path| {
        write_lm_eval(path, files, ROWS_OF_SAMPLES, 0);
    });
}

/// Ten thousand files of twenty rows each.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn tree_of_small_files(bencher: Bencher) {
    once(bencher, "tree of 10,000 sample files", "tree", |path| {
        for at in 0..100 {
            write_lm_eval(&path.join(format!("{at}")), 100, 20, 1);
        }
    });
}

/// One file for each model; the length of prompts in sentences.
fn write_lm_eval(path: &Path, files: usize, rows: usize, sentences: usize) {
    const SENTENCE: &str =
        "The committee met on the second day to weigh the evidence that the witness had given. ";
    for m in 0..files {
        let name = format!("org__{}-{m}", path.file_name().map_or("m".into(), |n| n.to_string_lossy()));
        let dir = path.join(&name);
        std::fs::create_dir_all(&dir).expect("temporary directory");
        let file = dir.join("samples_suite_2025-01-02T03-04-05.678901.jsonl");
        let mut out = BufWriter::new(File::create(file).expect("temporary file"));
        for i in 0..rows {
            let gold = mixed(i, 7) % 4;
            let chosen = if right(m, i) { gold } else { (gold + 1) % 4 };
            let question = format!("{}Question {i}: which of these holds?", SENTENCE.repeat(sentences));
            let mut arguments = String::new();
            let mut answers = String::new();
            for k in 0..4u64 {
                let comma = if k == 0 { "" } else { ", " };
                let logp =
                    if k == chosen { -0.5 } else { -2.0 - mixed(m + k as usize, i) as f64 / u64::MAX as f64 };
                let _ = write!(
                    arguments,
                    "{comma}\"gen_args_{k}\": {{\"arg_0\": \"{question}\", \"arg_1\": \" option {k}\"}}"
                );
                let _ = write!(answers, "{comma}[\"{logp}\", \"False\"]");
            }
            let hash = |salt: usize| {
                format!(
                    "{:016x}{:016x}{:016x}{:016x}",
                    mixed(i, salt),
                    mixed(i, salt + 1),
                    mixed(i, salt + 2),
                    mixed(i, salt + 3)
                )
            };
            writeln!(
                out,
                "{{\"doc_id\": {i}, \"doc\": {{\"question\": \"{question}\", \"choices\": [\"option 0\", \"option 1\", \"option 2\", \"option 3\"], \"answer\": {gold}}}, \"target\": \"{gold}\", \"arguments\": {{{arguments}}}, \"resps\": [{answers}], \"filtered_resps\": [{answers}], \"filter\": \"none\", \"metrics\": [\"acc\"], \"doc_hash\": \"{}\", \"prompt_hash\": \"{}\", \"target_hash\": \"{}\", \"acc\": {}}}",
                hash(1), hash(5), hash(9), if chosen == gold { "1.0" } else { "0.0" }
            )
            .expect("disk space");
        }
        out.flush().expect("disk space");
    }
}
