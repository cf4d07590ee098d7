//! Which format is this? Said from the content; names of files decide where the content is that of several formats,
//! or where there is none.

mod json;
mod rules;

pub use super::format::Format;

use super::fragment::ReadError;
use super::peek::Peek;
use super::plain::{delimited, shortened};
use super::source::Source;
use super::unwrap::{Content, content};
use super::{bfcl, lighteval, promptfoo, swe_bench, vlmevalkit};
use crate::store::nested;
use crate::store::parquet_pieces::ParquetPieces;
use json::{by_name, detect_json};
use serde::{Deserialize, Serialize};

/// A format and how it was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The format.
    pub format: Format,
    /// What in the content says so.
    pub because: String,
}

/// Says what a file is.
///
/// # Errors
/// [`ReadError::Unsupported`] for archives, [`ReadError::Unrecognised`] for anything that is not known.
pub fn detect(source: &Source) -> Result<Detected, ReadError> {
    let file = source.name();
    let found = |format, because: &str| Ok(Detected { format, because: because.to_owned() });
    if swe_bench::is_report_of_instance(source) {
        return found(Format::SweBench, "it is the report of an instance below `run_evaluation`");
    }
    if swe_bench::is_log(source) {
        let because = "it is a log of SWE-bench below `run_evaluation`, which says nothing that can be read";
        return found(Format::Auxiliary, because);
    }
    let bytes = source.beginning();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Unsupported {
            file,
            what: "text in UTF-16".to_owned(),
            remedy: "save it as UTF-8".to_owned(),
        });
    }
    match content(bytes) {
        Content::Parquet => {
            // A file whose columns cannot be read is told of by the reader of tables.
            let columns = match source.file() {
                Some(path) => ParquetPieces::open(path, usize::MAX).map(|file| file.names().to_vec()),
                None => nested::parquet_columns(bytes),
            };
            let columns = columns.unwrap_or_default();
            match lighteval::form(&columns) {
                Some(_) => {
                    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                    found(Format::LightEval, &format!("it begins with PAR1 and has {}", shortened(&names)))
                }
                None => found(Format::Parquet, "it begins with PAR1"),
            }
        }
        Content::Arrow => found(
            Format::Arrow,
            if bytes.starts_with(b"ARROW1") {
                "it begins with ARROW1"
            } else {
                "it begins like a stream of Arrow"
            },
        ),
        Content::Archive("zip archive") => detect_zip(source),
        Content::Archive(what) => Err(not_unpacked(file, what)),
        Content::Pickle => found(Format::TinyBenchmarks, "it begins as a Python pickle does"),
        Content::Binary => Err(ReadError::Unrecognised {
            file,
            found: format!("binary content that begins with the bytes {}", hex(&bytes[..bytes.len().min(4)])),
            nearest: "Parquet, which begins with PAR1".to_owned(),
        }),
        Content::Text => match Peek::at(bytes) {
            Some(peek) => detect_json(&file, &peek, source).map(|detected| by_name(detected, source)),
            None => detect_text(file, source),
        },
    }
}

/// How names of texts end that are written for people or to be run, and are no tables whatever their lines look like.
const DOCUMENTS: [&str; 22] = [
    "bib", "cfg", "css", "htm", "html", "ini", "jl", "js", "lock", "md", "patch", "diff", "py", "pyi", "r",
    "rst", "sh", "tex", "toml", "ts", "yaml", "yml",
];

fn detect_text(file: String, source: &Source) -> Result<Detected, ReadError> {
    let bytes = source.beginning();
    if let Some(form) = promptfoo::other_form(bytes) {
        return Err(ReadError::Unsupported {
            file,
            what: format!("promptfoo results as {form}, which are not read"),
            remedy: "write them as JSON: promptfoo eval -o results.json".to_owned(),
        });
    }
    if bfcl::is_leaderboard(bytes) {
        let because = "its first line is that of a leaderboard of BFCL, whose rows are averages".to_owned();
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    let name = source.file_name().to_ascii_lowercase();
    if let Some(ending) = name.rsplit_once('.').map(|(_, ending)| ending).filter(|e| DOCUMENTS.contains(e)) {
        let because = format!("text whose name ends in .{ending}: written for people or to be run");
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    match delimited::sniff(bytes) {
        Some(delimiter) => {
            let because = format!("its lines are cut by {:?}", char::from(delimiter));
            Ok(Detected { format: Format::Delimited, because })
        }
        None => Err(not_a_table(file, bytes)),
    }
}

/// Bytes as two digits each: `7f 45`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn not_unpacked(file: String, what: &str) -> ReadError {
    ReadError::Unsupported {
        file,
        what: format!("a {what}, which is not read here"),
        remedy: "unpack it first and give the directory".to_owned(),
    }
}

/// Programs that keep one log or one table in a zip archive.
fn detect_zip(source: &Source) -> Result<Detected, ReadError> {
    let file = source.name();
    let opened = source.seekable().map_err(zip::result::ZipError::from).and_then(zip::ZipArchive::new);
    let archive = opened.map_err(|e| ReadError::Malformed {
        file: file.clone(),
        row: None,
        message: format!("the archive cannot be opened ({e}); copy or download it again, or unpack it first"),
    })?;
    let has = |name: &str| archive.file_names().flatten().any(|n| n == name);
    if has("header.json") || has("_journal/start.json") {
        let because = "an archive with the header or the journal of a log".to_owned();
        return Ok(Detected { format: Format::Inspect, because });
    }
    if !has("xl/workbook.xml") {
        return Err(not_unpacked(file, "zip archive"));
    }
    let columns = vlmevalkit::columns(source)?;
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    if names.contains(&"index") && (names.contains(&"prediction") || names.contains(&"hit")) {
        let because = format!("a spreadsheet with {}", shortened(&names));
        return Ok(Detected { format: Format::VlmEvalKit, because });
    }
    Err(ReadError::Unrecognised {
        file,
        found: format!("a spreadsheet with the columns {}", shortened(&names)),
        nearest:
            "a spreadsheet of VLMEvalKit, which has `index`, `prediction` and `hit`; save other tables as CSV"
                .to_owned(),
    })
}

fn not_a_table(file: String, bytes: &[u8]) -> ReadError {
    if let Some((row, message)) = delimited::why_not(bytes) {
        return ReadError::Malformed { file, row: Some(row), message };
    }
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let first: String = String::from_utf8_lossy(first).chars().take(60).collect();
    ReadError::Unrecognised {
        file,
        found: format!("text that begins {first:?}"),
        nearest: "delimited text, whose lines have the same number of fields, at least two".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(text: &str) -> Result<Format, ReadError> {
        let source = Source::new("f", None, text.as_bytes().to_vec());
        detect(&source).map(|d| d.format)
    }

    #[test]
    fn content_decides() {
        assert_eq!(detected("model,item\na,b\n"), Ok(Format::Delimited));
        assert_eq!(detected("{\"model\":1,\"item\":2}\n{\"model\":1}\n"), Ok(Format::Records));
        assert_eq!(
            detected(r#"[{"doc_id":0,"doc":{},"resps":[],"filtered_resps":[]}]"#),
            Ok(Format::LmEvalSamples)
        );
        assert_eq!(detected(r#"{"results":{},"configs":{},"n-shot":{}}"#), Ok(Format::LmEvalResults));
        assert_eq!(detected("{\"subject_id\":\"a\",\"responses\":{}}\n"), Ok(Format::PyIrt));
        assert_eq!(detected(r#"{"status":"success","eval":{"task":"t","model":"m"}}"#), Ok(Format::Inspect));
    }

    #[test]
    fn files_beside_results_are_known() {
        for text in [
            r#"{"eval_set_id":"e","tasks":[{"name":"t"}]}"#,
            r#"{"a.eval":{"eval_id":"e","task_id":"t","status":"success"}}"#,
            r#"{"a.eval":{"version":2,"status":"success","eval":{"eval_id":"e","task_id":"t"}}}"#,
            "{\"task_id\":\"HumanEval/0\",\"solution\":\"x\"}\n{\"task_id\":\"HumanEval/1\",\"solution\":\"y\"}\n",
        ] {
            assert_eq!(detected(text), Ok(Format::Auxiliary), "{text}");
        }
        for text in [
            r#"{"o/m":{"num_prompt_tokens":5,"num_completion_tokens":2,"total_tokens":7}}"#,
            r#"{"mmlu:subject=law,model=o_m":"v1.0.0","gsm:model=o_m":"v1.0.1"}"#,
            r#"{"mmlu":{"display_name":"MMLU","description":"d","taxonomy":null}}"#,
            r#"[{"title":"t","header":[],"rows":[]}]"#,
            r#"{"_data_files":[{"filename":"data-00000-of-00001.arrow"}],"_fingerprint":"f","_split":"train"}"#,
            r#"{"builder_name":"csv","citation":"","description":"","features":{"model":{"dtype":"string"}}}"#,
        ] {
            assert_eq!(detected(text), Ok(Format::Auxiliary), "{text}");
        }
        let scored = "{\"task_id\":1,\"solution\":\"x\",\"model\":\"m\",\"score\":1}\n{\"task_id\":2}\n";
        assert_eq!(detected(scored), Ok(Format::Records));
        assert_eq!(detected(r#"{"testRunData":{"testCases":[]}}"#), Ok(Format::DeepEval));
    }

    #[test]
    fn what_harnesses_write_beside_results_is_known() {
        // Aggregates of LiveCodeBench, of its runner and of its evaluator for other programs.
        assert_eq!(
            detected(r#"[{"pass@1":0.5,"detail":{"pass@1":{"0":1.0}}},{},[]]"#),
            Ok(Format::Auxiliary)
        );
        assert_eq!(detected(r#"{"pass@1":0.5,"detail":{"pass@1":{"0":1.0}}}"#), Ok(Format::Auxiliary));
        let failures = r#"{"source_name":"s","converted_records":5,"failed_records":[]}"#;
        assert_eq!(detected(failures), Ok(Format::Auxiliary));
        let patches = r#"{"instance_id":"a-1","model_name_or_path":"m","model_patch":""}"#;
        assert_eq!(detected(&format!("{patches}\n{patches}")), Ok(Format::Auxiliary));
        // Test cases are not those of DeepEval where nothing says how they ended.
        assert!(matches!(detected(r#"{"testCases":[{"name":"a"}]}"#), Err(ReadError::Unrecognised { .. })));
        let measured = r#"{"testCases":[{"name":"a","metricsData":[]}]}"#;
        assert_eq!(detected(measured), Ok(Format::DeepEval));
    }

    #[test]
    fn averages_are_told_from_records() {
        let told = detected(r#"{"accuracy (3 runs average)":42.9,"f1":0.4,"correct_count":3.0}"#);
        assert!(matches!(told, Err(ReadError::NotItemLevel { .. })), "{told:?}");
        assert_eq!(detected(r#"{"model":"m","item":"i","score":1}"#), Ok(Format::Records));
    }

    #[test]
    fn what_is_nearly_a_table_is_told_where_it_is_not() {
        let told = |text: &str| detected(text).unwrap_err().to_string();
        assert!(told("model,item,score\n").contains("no row under them"), "{}", told("model,item,score\n"));
        let ragged = told("model,item,score\na,1\nb,2\nc,1,1\n");
        assert!(ragged.contains("2 fields where the first line has 3"), "{ragged}");
        assert!(told("\u{feff}Dear diary, dear\nfriend\n").contains("not a known format"));
    }

    #[test]
    fn texts_for_people_and_programs_are_no_damaged_tables() {
        let of = |name: &str| {
            let source = Source::new(name, None, b"import a, b, c\nx = f(1, 2)\nprint(x)\n".to_vec());
            detect(&source).map(|d| d.format)
        };
        assert_eq!(
            [of("run.py"), of("d/README.md.gz"), of("A.YAML")],
            [(); 3].map(|()| Ok(Format::Auxiliary))
        );
        assert!(of("run.csv").is_err() && of("py").is_err());
    }

    #[test]
    fn what_is_unknown_is_described() {
        let error = detected(r#"{"results":{"a":1},"other":2}"#).unwrap_err().to_string();
        assert!(error.contains("keys results, other") && error.contains("nearest"), "{error}");
        assert!(matches!(detected("PK\u{3}\u{4}"), Err(ReadError::Malformed { .. })));
        assert!(matches!(detected("Some prose."), Err(ReadError::Unrecognised { .. })));
        assert!(matches!(detected("{\"a"), Err(ReadError::Truncated { .. })));
    }
}
