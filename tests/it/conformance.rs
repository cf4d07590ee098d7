//! Does every reader keep what all of them promise? The order of files and records says nothing, fields that
//! are not known do no harm, and every row tells where it came from.

use crate::seeds::{Content, Part, SEEDS, STORE, Seed, load, write};
use crate::sheets;
use evalgauge::ingest::detect::detect;
use evalgauge::ingest::walk::Found;
use evalgauge::ingest::{Format, IngestOptions, IngestReport, Source, ingest, read_source};
use evalgauge::response::ResponseTable;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn read(seed: &Seed, paths: &[PathBuf]) -> (ResponseTable, IngestReport) {
    ingest(paths, &IngestOptions::default(), &|_| {}).unwrap_or_else(|e| panic!("{}: {e}", seed.name))
}

/// Every row by what it is about, with what it says; nothing of the order of rows.
fn facts(table: &ResponseTable) -> BTreeMap<Vec<String>, Vec<String>> {
    let facts: BTreeMap<_, _> = table
        .rows()
        .map(|row| {
            let (run, item) = (&table.runs[row.run as usize], &table.items[row.item as usize]);
            let metric = &table.metrics[row.metric as usize];
            let about = vec![
                run.id.clone(),
                run.model.to_string(),
                format!("{:?} {:?}", run.step, run.prompt_variant),
                item.benchmark.clone(),
                format!("{:?} {}", item.subject, item.id),
                format!("{:?} {:?} {:?}", item.item_hash, item.gold_text, item.options),
                format!("{} {:?} {}", metric.name, metric.filter, metric.primary),
                row.repeat.to_string(),
            ];
            let says = vec![
                format!("{:?} {:?}", row.score, row.status),
                format!("{:?} {:?} {:?}", row.chosen, row.gold, row.prediction),
                format!("{:?} {:?}", row.logp_gold, row.logp_margin),
            ];
            (about, says)
        })
        .collect();
    assert_eq!(facts.len(), table.len(), "two rows about the same");
    facts
}

/// Calls `change` with the container of the records at `path`.
fn containers(value: &mut Value, path: &str, change: &mut dyn FnMut(&mut Value)) {
    match path.split_once('/') {
        None if path == "*" => change(value),
        None => panic!("no `*` at the end of the path"),
        Some((key, rest)) => {
            if let Some(inner) = value.get_mut(key) {
                containers(inner, rest, change);
            }
        }
    }
}

/// The part with `change` made to its containers of records, where the seed says that it has some.
fn changed(seed: &Seed, part: &Part, change: &mut dyn FnMut(&mut Value)) -> Part {
    if let Content::Zip(members) = &part.content {
        let members = members.iter().map(|member| changed(seed, member, change)).collect();
        return part.with(Content::Zip(members));
    }
    let Some((_, path)) = seed.records.iter().find(|(name, _)| part.name.contains(name)) else {
        return part.clone();
    };
    match part.content.clone() {
        Content::Json(mut value) => {
            containers(&mut value, path, change);
            part.with(Content::Json(value))
        }
        Content::Lines(lines) => {
            let mut value = Value::Array(lines);
            containers(&mut value, path, change);
            part.with(Content::Lines(value.as_array().unwrap().clone()))
        }
        Content::Zip(_) | Content::Bytes => panic!("{}: {} is not JSON", seed.name, part.name),
    }
}

fn reverse(container: &mut Value) {
    match container {
        Value::Array(records) => records.reverse(),
        Value::Object(records) => *records = std::mem::take(records).into_iter().rev().collect(),
        _ => panic!("no records in {container}"),
    }
}

/// Gives every record a field that no reader knows.
fn extend(container: &mut Value) {
    let mut add = |record: &mut Value| {
        if let Value::Object(fields) = record {
            fields.insert("zz_unknown".to_owned(), json!({ "deep": [1, null, "x"], "more": {} }));
        }
    };
    match container {
        Value::Array(records) => records.iter_mut().for_each(&mut add),
        Value::Object(records) => records.values_mut().for_each(&mut add),
        _ => panic!("no records in {container}"),
    }
}

/// Reads each seed as it is and after a change, at the same place, and names those that differ.
fn same_after(change: impl Fn(&Seed, &Part) -> Part) {
    let same = |seed: &&Seed| {
        let dir = tempfile::tempdir().unwrap();
        let parts = load(seed);
        write(&parts, dir.path());
        let whole = facts(&read(seed, &[dir.path().to_owned()]).0);
        let changed: Vec<Part> = parts.iter().map(|part| change(seed, part)).collect();
        write(&changed, dir.path());
        facts(&read(seed, &[dir.path().to_owned()]).0) == whole
    };
    let other: Vec<&str> = SEEDS.iter().filter(|seed| !same(seed)).map(|seed| seed.name).collect();
    assert!(other.is_empty(), "another table: {other:?}");
}

#[test]
fn the_order_of_records_says_nothing() {
    same_after(|seed, part| changed(seed, part, &mut reverse));
}

#[test]
fn the_order_of_lines_of_a_table_says_nothing() {
    same_after(|seed, part| {
        if !seed.name.starts_with("plain") || !part.bytes.is_ascii() || !seed.records.is_empty() {
            return part.clone();
        }
        let text = String::from_utf8(part.bytes.clone()).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().rev().collect();
        Part::new(part.name.clone(), format!("{header}\n{}\n", rows.join("\n")).into_bytes())
    });
}

/// Tables that are known by more than the place of their rows.
fn has_names(seed: &Seed) -> bool {
    seed.name.starts_with("plain") || seed.name == "vlmevalkit"
}

#[test]
fn the_order_of_rows_of_binary_tables_says_nothing() {
    let permuted = |seed: &Seed, part: &Part| match sheets::reversed(&part.bytes) {
        Some(bytes) if has_names(seed) => Part::new(part.name.clone(), bytes),
        _ => part.clone(),
    };
    assert_eq!(n_changed(permuted), 5);
    same_after(permuted);
}

#[test]
fn columns_that_are_not_known_do_no_harm() {
    let extended = |_: &Seed, part: &Part| match sheets::extended(&part.bytes) {
        Some(bytes) => Part::new(part.name.clone(), bytes),
        None => part.clone(),
    };
    assert!(n_changed(extended) >= 9, "{}", n_changed(extended));
    same_after(extended);
}

/// How many seeds a change changes.
fn n_changed(change: impl Fn(&Seed, &Part) -> Part) -> usize {
    let is_changed = |seed: &&Seed| load(seed).iter().any(|part| change(seed, part).bytes != part.bytes);
    SEEDS.iter().filter(is_changed).count()
}

#[test]
fn the_order_of_a_pickle_says_nothing() {
    same_after(|seed, part| match seed.name {
        "tinybenchmarks" => {
            let permuted = include_bytes!("data/tinybenchmarks_permuted.pickle");
            Part::new(part.name.clone(), permuted.to_vec())
        }
        _ => part.clone(),
    });
}

#[test]
fn fields_beside_the_records_do_no_harm() {
    same_after(|_, part| match part.content.clone() {
        Content::Json(Value::Object(mut fields)) if fields.contains_key("results") => {
            fields.insert("zz_unknown".to_owned(), json!({ "deep": [1, null, "x"], "more": {} }));
            part.with(Content::Json(Value::Object(fields)))
        }
        _ => part.clone(),
    });
}

/// Large files stay on disk while they are read: the readers must give what they give of files in memory.
#[test]
fn what_is_read_from_disk_is_what_is_read_from_memory() {
    let mut n_rows = BTreeMap::new();
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let parts = load(seed);
        let paths = write(&parts, dir.path());
        let here: Vec<Source> = parts
            .iter()
            .zip(&paths)
            .map(|(part, path)| Source::new(path, None, part.bytes.clone()))
            .collect();
        let detected: Vec<_> = here.iter().map(|source| detect(source).ok()).collect();
        for reduced in [false, true] {
            let there: Vec<Source> = parts
                .iter()
                .zip(&paths)
                .map(|(part, path)| {
                    // A beginning that ends within a value, as that of a large file does.
                    let end = if reduced { part.bytes.len() * 9 / 10 } else { part.bytes.len() };
                    Source::on_disk(&Found::File(path.clone()), u64::MAX, part.bytes[..end].to_vec())
                })
                .collect();
            for (at, path) in paths.iter().enumerate() {
                // What is not known by its beginning is held whole.
                let is_known = detect(&there[at]).ok() == detected[at];
                let Some(format) = detected[at].as_ref().map(|detected| detected.format) else { continue };
                if format.is_plain() || format.is_context() || !is_known {
                    continue;
                }
                let read = |files: &[Source]| {
                    let beside: Vec<&Source> = files.iter().filter(|s| s.path != *path).collect();
                    let fragment = read_source(&files[at], &beside, &IngestOptions::default());
                    fragment.map(|f| (f.table, f.notes, f.rests))
                };
                let (whole, streamed) = (read(&here), read(&there));
                assert!(whole == streamed, "{}: {}", seed.name, path.display());
                *n_rows.entry(format.name()).or_insert(0) += whole.map_or(0, |(table, ..)| table.len());
            }
        }
    }
    assert!(n_rows.values().filter(|n| **n > 0).count() >= 20, "{n_rows:?}");
}

#[test]
fn fields_that_are_not_known_do_no_harm() {
    same_after(|seed, part| changed(seed, part, &mut extend));
}

#[test]
fn the_order_of_files_says_nothing() {
    for seed in SEEDS.iter().filter(|seed| seed.name != STORE) {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = write(&load(seed), dir.path());
        let whole = facts(&read(seed, &paths).0);
        paths.reverse();
        assert!(facts(&read(seed, &paths).0) == whole, "{}", seed.name);
    }
}

#[test]
fn every_row_tells_where_it_came_from() {
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        write(&load(seed), dir.path());
        let (table, report) = read(seed, &[dir.path().to_owned()]);
        assert!(!table.is_empty() && report.n_rows == table.len(), "{}", seed.name);
        // A store tells of the files that it was made from, wherever they are now.
        let is_there = |name: &str| seed.name == STORE || Path::new(name.split('!').next().unwrap()).exists();
        for run in &table.runs {
            assert!(!run.files.is_empty() && run.files.iter().all(|f| is_there(f)), "{}: {run:?}", seed.name);
        }
        // What a list of successes or failures does not name has a file, but no line of its own.
        let complements = report.files.iter().any(|f| matches!(f.format, Format::Bfcl | Format::SweBench));
        let has_line = table.rows().all(|row| row.source_row.is_some_and(|line| line > 0));
        assert!(has_line || complements, "{}", seed.name);
    }
}
