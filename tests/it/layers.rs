//! Does every module import only what stands below it? The layers of `docs/architecture.md`, enforced.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ESTIMATORS: [&str; 6] = ["classical", "irt", "snr", "ladder", "uncertainty", "simulate"];

/// What a layer may import, beside itself.
fn allowed(layer: &str) -> Vec<&'static str> {
    let base = ["numeric", "response"];
    let mut allowed: Vec<&'static str> = Vec::new();
    match layer {
        "numeric" | "response" => {}
        l if ESTIMATORS.contains(&l) => allowed.extend(base),
        "flags" | "select" => {
            allowed.extend(base);
            allowed.extend(ESTIMATORS);
        }
        "store" => allowed.push("response"),
        // A store is one of the forms that are read.
        "ingest" => allowed.extend(["response", "store"]),
        "report" => {
            allowed.extend(base);
            allowed.extend(ESTIMATORS);
            allowed.extend(["flags", "select", "plot"]);
        }
        "plot" => {
            allowed.extend(base);
            allowed.extend(ESTIMATORS);
            allowed.extend(["flags", "select"]);
        }
        "render" => allowed.extend(["report", "plot", "response"]),
        other => {
            panic!("src/{other} has no place among the layers: give it one here and in docs/architecture.md")
        }
    }
    allowed
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a source directory").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            rust_files(&entry, into);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            into.push(entry);
        }
    }
}

/// The layers named by `crate::…` paths outside of comments.
fn imports(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in source.lines().map(str::trim_start).filter(|l| !l.starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let names = list.split(',').map(|n| n.trim().trim_end_matches(['}', ';']));
                found.extend(names.map(|n| n.split("::").next().unwrap_or_default().to_owned()));
            } else {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.insert(name);
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn no_module_imports_upward_or_sideways() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&src).expect("src").map(|e| e.expect("an entry").path()) {
        let layer = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        if !entry.is_dir() || layer == "cli" {
            continue;
        }
        let may = allowed(&layer);
        let mut files = Vec::new();
        rust_files(&entry, &mut files);
        for file in files {
            let source = fs::read_to_string(&file).expect("a readable source file");
            // Tests may look sideways: a detector is tried on simulated data, for instance.
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for import in imports(code) {
                if import != layer && !may.contains(&import.as_str()) {
                    wrong.push(format!("{} imports {import}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the layers:\n{}", wrong.join("\n"));
}

#[test]
fn polars_stays_in_ingest_and_store() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let outside: Vec<String> = files
        .iter()
        .map(|f| (f.strip_prefix(&src).unwrap(), fs::read_to_string(f).expect("a readable source file")))
        .filter(|(f, _)| !f.starts_with("ingest") && !f.starts_with("store"))
        .filter(|(_, s)| s.lines().any(|l| !l.trim_start().starts_with("//") && l.contains("polars::")))
        .map(|(f, _)| f.display().to_string())
        .collect();
    assert!(outside.is_empty(), "polars outside of ingest and store: {outside:?}");
}

#[test]
fn the_imports_of_a_line_are_found() {
    let found = imports(
        "use crate::numeric::rank;\n// use crate::cli;\nlet x = crate::irt::fit();\nuse crate::{plot, response};",
    );
    assert_eq!(found, ["irt", "numeric", "plot", "response"].map(str::to_owned).into());
}
