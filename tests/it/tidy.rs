//! Is the house in order? What every file must have, and what none may.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            rust_files(&entry, into);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            into.push(entry);
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for dir in ["src", "tests", "benches", "examples"] {
        rust_files(&root().join(dir), &mut files);
    }
    files
        .into_iter()
        .map(|f| {
            let name = f.strip_prefix(root()).expect("below the root").display().to_string();
            (name, fs::read_to_string(&f).expect("a readable source file"))
        })
        .collect()
}

#[test]
fn every_file_opens_by_saying_what_it_answers() {
    let without: Vec<String> =
        all_sources().into_iter().filter(|(_, s)| !s.starts_with("//! ")).map(|(f, _)| f).collect();
    assert!(without.is_empty(), "files without an opening `//!` line: {without:?}");
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_undone() {
    // Put together from parts, so that this file does not find itself.
    let marks = [
        concat!("#[", "ignore"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("FIX", "ME"),
    ];
    let found: Vec<String> = all_sources()
        .into_iter()
        .flat_map(|(f, s)| {
            marks.iter().filter(|m| s.contains(**m)).map(|m| format!("{f}: {m}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

/// The column names that the glossary defines: the code spans in the first cell of its table rows.
pub fn glossary_columns() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/glossary.md")).expect("docs/glossary.md");
    text.lines()
        .filter(|l| l.starts_with('|'))
        .filter_map(|l| l.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The names given to `Table::text`, `real`, `whole` and `truth` in the library's sources.
fn columns_in_code() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, source) in all_sources() {
        if !file.starts_with("src/") || file.ends_with("response/output.rs") {
            continue;
        }
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for method in [".text(", ".real(", ".whole(", ".truth("] {
            for (at, _) in code.match_indices(method) {
                let rest = code[at + method.len()..].trim_start();
                if let Some(name) = rest.strip_prefix('"').and_then(|r| r.split('"').next()) {
                    found.push((file.clone(), name.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_output_column_is_in_the_glossary() {
    let known = glossary_columns();
    let missing: Vec<String> = columns_in_code()
        .into_iter()
        .filter(|(_, name)| !known.contains(name))
        .map(|(file, name)| format!("{name} ({file})"))
        .collect();
    assert!(missing.is_empty(), "columns that docs/glossary.md does not define: {missing:#?}");
}
