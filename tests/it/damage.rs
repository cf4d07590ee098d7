//! What happens with damaged files? Rows, or an error that names the file: never a panic.

use evalgauge::ingest::{IngestOptions, ingest};
use evalgauge::response::{Item, Metric, ResponseTable, Row, Run};
use evalgauge::store::{self, Provenance};
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::path::Path;

/// A small table in every plain form, by file name.
fn whole_files() -> Vec<(&'static str, Vec<u8>)> {
    let mut t = ResponseTable::default();
    t.runs.extend(["a", "b", "c"].map(|m| Run::new(m, m)));
    t.items.extend((0..12).map(|i| Item::new("b", Some("s"), format!("i{i:02}"))));
    t.metrics.push(Metric::new("b", "acc", None));
    for k in 0..36u32 {
        let chosen = Some((k % 4) as u16);
        t.push(Row { chosen, gold: Some(1), ..Row::new(k / 12, k % 12, 0, Some(f64::from(k % 2))) });
    }
    let csv = store::long_csv(&t).unwrap();
    let lines: String = (0..36)
        .map(|k| format!("{{\"model\":\"m{}\",\"item\":{},\"score\":{}}}\n", k / 12, k % 12, k % 2))
        .collect();
    let array = format!("[{}]", lines.trim_end().replace('\n', ","));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&csv).unwrap();
    let parts = store::write::parts(&t, &Provenance::default()).unwrap();
    vec![
        ("t.jsonl", lines.into_bytes()),
        ("t.json", array.into_bytes()),
        ("t.csv.gz", gzip.finish().unwrap()),
        ("t.csv.zst", zstd::encode_all(csv.as_slice(), 1).unwrap()),
        ("t.csv", csv),
        ("t.parquet", parts[0].1.clone()),
        ("t.arrow", include_bytes!("data/long.arrow").to_vec()),
    ]
}

fn read(name: &str, bytes: &[u8], directory: &Path) {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    match ingest(&[path], &IngestOptions::default(), &|_| {}) {
        Ok((table, report)) => assert_eq!(report.n_rows, table.len()),
        Err(error) => assert!(error.to_string().contains(name), "{error}"),
    }
}

#[test]
fn files_cut_anywhere_give_rows_or_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in whole_files() {
        for k in 0..40 {
            read(name, &bytes[..bytes.len() * k / 40], dir.path());
        }
        read(name, &bytes, dir.path());
    }
}

#[derive(Debug, Clone)]
enum Damage {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let one = prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<usize>(), 1usize..64).prop_map(|(at, n)| Damage::Remove(at, n)),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(at, b)| Damage::Insert(at, b)),
    ];
    prop::collection::vec(one, 1..6)
}

fn apply(mut bytes: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for one in damage {
        let n = bytes.len().max(1);
        match one {
            Damage::Set(at, byte) => {
                if let Some(b) = bytes.get_mut(at % n) {
                    *b = *byte;
                }
            }
            Damage::Remove(at, count) => {
                let start = (at % n).min(bytes.len());
                let end = (start + count).min(bytes.len());
                bytes.drain(start..end);
            }
            Damage::Insert(at, new) => {
                let at = (at % n).min(bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn damaged_bytes_give_rows_or_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let cases = std::env::var("EVALGAUGE_DAMAGE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64);
    for (name, bytes) in whole_files() {
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            ProptestConfig { cases, failure_persistence: None, ..Default::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        runner
            .run(&damage(), |damage| {
                read(name, &apply(bytes.clone(), &damage), dir.path());
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn arbitrary_bytes_give_rows_or_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let heads: [&[u8]; 6] = [b"", b"PAR1", b"ARROW1\0\0", b"{\"model\":", b"model,item,score\n", b"[{\"a\":"];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for head in heads {
        let text = prop::collection::vec(any::<u8>(), 0..200);
        runner
            .run(&text, |tail| {
                read("t.bin", &[head, tail.as_slice()].concat(), dir.path());
                Ok(())
            })
            .unwrap();
    }
}
