//! What does a small dump of each format look like? The seeds of the tests on permuted, extended and damaged dumps.
//!
//! `tests/seeds/NAME` is a directory as a user has it, with the files that explain others. They are shortened
//! copies of dumps that the harnesses wrote, or built with field names from their source. `%3A` and `%7C` stand
//! for `:` and `|`, which not every file system knows.

use serde_json::Value;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

/// A small dump and where the records of its files are.
pub struct Seed {
    /// The directory below `tests/seeds`.
    pub name: &'static str,
    /// By part of a file's name, the path to its records: `*` is every element, line or value. Empty where the
    /// order of records is their name, or where records are not JSON.
    pub records: &'static [(&'static str, &'static str)],
}

/// The seed that is read as a whole: a directory written by this program.
pub const STORE: &str = "store";

/// Every reader has one, and every form of file that it takes.
#[rustfmt::skip]
pub const SEEDS: &[Seed] = &[
    Seed { name: "alpaca_eval", records: &[("annotations", "*")] },
    Seed { name: "archive", records: &[] },
    Seed { name: "archive_tar", records: &[] },
    Seed { name: "bfcl", records: &[("result/", "*")] },
    Seed { name: "bfcl_groups", records: &[("_result", "*")] },
    Seed { name: "deepeval", records: &[("test_run", "testCases/*")] },
    Seed { name: "deepeval_conversations", records: &[("test_run", "testCases/*")] },
    Seed { name: "evalplus", records: &[("eval_results", "eval/*")] },
    Seed { name: "evalplus_large_numbers", records: &[] },
    Seed { name: "every_eval_ever", records: &[("_samples", "*")] },
    Seed { name: "helm", records: &[("stats", "*"), ("state", "request_states/*")] },
    Seed { name: "helm_predictions", records: &[("predictions", "*"), ("instances", "*")] },
    Seed { name: "inspect_eval", records: &[("summaries.json", "*")] },
    Seed { name: "inspect_journal", records: &[("_journal/summaries/", "*")] },
    Seed { name: "inspect_json", records: &[(".json", "samples/*")] },
    Seed { name: "inspect_parts", records: &[] },
    Seed { name: "lighteval", records: &[] },
    Seed { name: "lighteval_010", records: &[] },
    Seed { name: "lighteval_metrics", records: &[] },
    Seed { name: "lighteval_repeats", records: &[] },
    Seed { name: "lighteval_text", records: &[] },
    Seed { name: "livecodebench", records: &[("eval_all", "*")] },
    Seed { name: "lm_eval", records: &[("samples_", "*")] },
    Seed { name: "lm_eval_arrays", records: &[("pretrained", "*")] },
    Seed { name: "lm_eval_mutual_information", records: &[("samples_", "*"), ("pretrained", "*")] },
    Seed { name: "lm_eval_several_keys", records: &[("samples_", "*")] },
    Seed { name: "lm_eval_write_out", records: &[("write_out", "*")] },
    Seed { name: "lmms_eval", records: &[("samples_", "*")] },
    Seed { name: "lmms_eval_03", records: &[("samples_", "*")] },
    Seed { name: "lmms_eval_07", records: &[("samples_", "*")] },
    Seed { name: "mmlu_pro", records: &[("model_outputs", "*")] },
    Seed { name: "olmes", records: &[("predictions", "*"), ("requests", "*")] },
    Seed { name: "olmes_archive", records: &[] },
    Seed { name: "open_llm_leaderboard_v1", records: &[] },
    Seed { name: "opencompass", records: &[("predictions", "*")] },
    Seed { name: "opencompass_judge", records: &[] },
    Seed { name: "opencompass_parts", records: &[] },
    Seed { name: "opencompass_perplexity", records: &[] },
    Seed { name: "opencompass_runs", records: &[] },
    Seed { name: "plain_arrow", records: &[] },
    Seed { name: "plain_arrow_stream", records: &[] },
    Seed { name: "plain_companion", records: &[] },
    Seed { name: "plain_csv", records: &[] },
    Seed { name: "plain_gzip", records: &[] },
    Seed { name: "plain_json", records: &[("long", "*")] },
    Seed { name: "plain_jsonl", records: &[("long", "*")] },
    Seed { name: "plain_parquet", records: &[] },
    Seed { name: "plain_parquet_types", records: &[] },
    Seed { name: "plain_tsv", records: &[] },
    Seed { name: "plain_wide", records: &[] },
    Seed { name: "plain_wide_parquet", records: &[] },
    Seed { name: "promptfoo", records: &[("results", "results/results/*")] },
    Seed { name: "promptfoo_lines", records: &[("results", "*")] },
    Seed { name: "promptfoo_prompts", records: &[("results", "results/results/*")] },
    Seed { name: "promptfoo_table", records: &[] },
    Seed { name: "promptfoo_tests", records: &[("results", "results/results/*")] },
    Seed { name: "py_irt", records: &[("answers", "*")] },
    Seed { name: "simple_evals", records: &[] },
    Seed { name: STORE, records: &[] },
    Seed { name: "swe_bench", records: &[("results", "resolved/*")] },
    Seed { name: "swe_bench_details", records: &[("details", "*")] },
    Seed { name: "swe_bench_generated", records: &[("results", "generated/*")] },
    Seed { name: "swe_bench_logs", records: &[] },
    Seed { name: "swe_bench_report", records: &[("run1", "resolved_ids/*")] },
    Seed { name: "tinybenchmarks", records: &[] },
    Seed { name: "vlmevalkit", records: &[] },
];

/// A file of a dump.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its path within the dump or archive.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub content: Content,
}

/// What the bytes of a file say, as far as changing it needs to know.
#[derive(Debug, Clone)]
pub enum Content {
    /// One JSON value.
    Json(Value),
    /// JSON values, one a line.
    Lines(Vec<Value>),
    /// An archive.
    Zip(Vec<Part>),
    /// Anything else.
    Bytes,
}

/// The files of a seed.
pub fn load(seed: &Seed) -> Vec<Part> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds").join(seed.name);
    files_below(&root)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            Part::new(name.replace("%3A", ":").replace("%7C", "|"), fs::read(&path).unwrap())
        })
        .collect()
}

/// All files below a directory, in the order of their names.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|e| if e.is_dir() { files_below(&e) } else { vec![e] }).collect()
}

/// Writes the files below a directory and returns their paths.
pub fn write(parts: &[Part], directory: &Path) -> Vec<PathBuf> {
    let write = |part: &Part| {
        let path = directory.join(&part.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &part.bytes).unwrap();
        path
    };
    parts.iter().map(write).collect()
}

impl Part {
    pub fn new(name: String, bytes: Vec<u8>) -> Self {
        let content = Content::of(&bytes);
        Self { name, bytes, content }
    }

    /// The same file with another content.
    pub fn with(&self, content: Content) -> Self {
        let bytes = content.write().unwrap_or_else(|| self.bytes.clone());
        Self { name: self.name.clone(), bytes, content }
    }
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK") {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let parts = (0..zip.len()).map(|at| {
                let mut member = zip.by_index(at).unwrap();
                let mut bytes = Vec::new();
                member.read_to_end(&mut bytes).unwrap();
                Part::new(member.name().unwrap().into_owned(), bytes)
            });
            return Self::Zip(parts.collect());
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Bytes };
        // `NaN` as Python writes it; readers know it as text, too.
        let text = text.replace(": NaN", ": \"NaN\"").replace(":NaN", ":\"NaN\"");
        if let Ok(value @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(&text) {
            return Self::Json(value);
        }
        let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        lines.ok().filter(|lines| lines.iter().all(Value::is_object)).map_or(Self::Bytes, Self::Lines)
    }

    /// The bytes that say this; `None` where only the bytes know.
    pub fn write(&self) -> Option<Vec<u8>> {
        match self {
            Self::Json(value) => serde_json::to_vec(value).ok(),
            Self::Lines(lines) => {
                Some(lines.iter().map(|line| format!("{line}\n")).collect::<String>().into())
            }
            Self::Zip(parts) => {
                let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
                let stored = zip::write::SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Stored);
                for part in parts {
                    // A name may stand twice after damage; the writer refuses the second.
                    if zip.start_file(&*part.name, stored).is_ok() {
                        zip.write_all(&part.bytes).unwrap();
                    }
                }
                Some(zip.finish().unwrap().into_inner())
            }
            Self::Bytes => None,
        }
    }
}
