//! Which format is this? Said from the content; names of files decide where the content is that of several formats,
//! or where there is none.

use super::fragment::ReadError;
use super::lm_eval::file_name;
use super::peek::{Peek, Shape};
use super::plain::{delimited, shortened};
use super::source::Source;
use super::unwrap::{Content, content};
use super::{bfcl, lighteval, promptfoo, swe_bench, vlmevalkit};
use crate::store::nested;
use serde::{Deserialize, Serialize};

/// The formats that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A store of this program.
    Store,
    /// A plain table in Parquet.
    Parquet,
    /// A plain table in an Arrow file.
    Arrow,
    /// A plain table as delimited text.
    Delimited,
    /// A plain table as JSON records.
    Records,
    /// lm-evaluation-harness: samples.
    LmEvalSamples,
    /// lm-evaluation-harness: results, the context of samples.
    LmEvalResults,
    /// lm-evaluation-harness before 0.4: `write_out_info`.
    LmEvalWriteOut,
    /// lmms-eval samples.
    LmmsEval,
    /// py-irt.
    PyIrt,
    /// Inspect AI log.
    Inspect,
    /// lighteval results, which are averages.
    LightEvalResults,
    /// HELM: scores of the instances of a run.
    Helm,
    /// HELM: predictions, which stand for the scores where these are not there.
    HelmPredictions,
    /// HELM: what a run was and what was asked, the context of its scores.
    HelmContext,
    /// lighteval details, and those of the first Open LLM Leaderboard.
    LightEval,
    /// OLMES predictions.
    Olmes,
    /// OLMES: metrics and requests, the context of predictions.
    OlmesContext,
    /// Every Eval Ever: samples.
    EveryEvalEver,
    /// Every Eval Ever: aggregates, the context of samples.
    EveryEvalEverAggregate,
    /// AlpacaEval annotations.
    AlpacaEval,
    /// MMLU-Pro outputs.
    MmluPro,
    /// EvalPlus results.
    EvalPlus,
    /// LiveCodeBench outputs.
    LiveCodeBench,
    /// BFCL scores.
    Bfcl,
    /// BFCL: what was tried.
    BfclResults,
    /// SWE-bench results.
    SweBench,
    /// OpenCompass results with details of single questions.
    OpenCompass,
    /// OpenCompass: predictions, which have the questions.
    OpenCompassPredictions,
    /// promptfoo results.
    Promptfoo,
    /// DeepEval test run.
    DeepEval,
    /// simple-evals results.
    SimpleEvals,
    /// VLMEvalKit spreadsheet.
    VlmEvalKit,
    /// tinyBenchmarks pickle.
    TinyBenchmarks,
    /// A file of a known program that says nothing about single items.
    Auxiliary,
}

/// A format and how it was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The format.
    pub format: Format,
    /// What in the content says so.
    pub because: String,
}

/// What a JSON file of one format looks like: a shape, fields that are all there, and fields of which one is.
struct Rule {
    format: Format,
    shapes: &'static [Shape],
    all: &'static [&'static str],
    any: &'static [&'static str],
}

const ONE: &[Shape] = &[Shape::Object];
const MANY: &[Shape] = &[Shape::Lines, Shape::Array, Shape::Object];
const ARRAY: &[Shape] = &[Shape::Array];

/// In order; the first that fits wins.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { format: Format::Inspect, shapes: ONE, all: &["status", "eval.task", "eval.model"], any: &[] },
    Rule { format: Format::LmmsEval, shapes: MANY, all: &["doc_id", "doc", "resps", "filtered_resps", "token_counts"], any: &[] },
    Rule { format: Format::LmmsEval, shapes: MANY, all: &["doc_id", "filtered_resps", "doc_hash", "input"], any: &[] },
    Rule { format: Format::LmEvalSamples, shapes: MANY, all: &["doc_id", "doc", "resps", "filtered_resps"], any: &[] },
    Rule { format: Format::LmEvalResults, shapes: ONE, all: &["results", "configs"], any: &["n-shot", "versions"] },
    Rule { format: Format::LmEvalResults, shapes: ONE, all: &["results", "versions", "config"], any: &[] },
    Rule { format: Format::LightEvalResults, shapes: ONE, all: &["results", "config_general"], any: &[] },
    Rule { format: Format::HelmContext, shapes: ONE, all: &["adapter_spec", "scenario_spec"], any: &[] },
    Rule { format: Format::HelmContext, shapes: ONE, all: &["adapter_spec", "request_states"], any: &[] },
    Rule { format: Format::HelmContext, shapes: ARRAY, all: &["input", "references", "id"], any: &["split"] },
    Rule { format: Format::HelmPredictions, shapes: ARRAY, all: &["instance_id", "predicted_text", "stats"], any: &[] },
    Rule { format: Format::Helm, shapes: ARRAY, all: &["instance_id", "train_trial_index", "stats"], any: &[] },
    Rule { format: Format::Olmes, shapes: MANY, all: &["native_id", "model_output", "metrics"], any: &[] },
    Rule { format: Format::OlmesContext, shapes: ONE, all: &["task_config", "model_config", "metrics"], any: &[] },
    Rule { format: Format::OlmesContext, shapes: MANY, all: &["request_type", "doc", "request", "doc_id"], any: &[] },
    Rule { format: Format::EveryEvalEver, shapes: MANY, all: &["schema_version", "evaluation_id", "sample_id"], any: &[] },
    Rule { format: Format::EveryEvalEverAggregate, shapes: MANY, all: &["schema_version", "evaluation_id", "evaluation_results"], any: &[] },
    Rule { format: Format::PyIrt, shapes: MANY, all: &["subject_id", "responses"], any: &[] },
    Rule { format: Format::AlpacaEval, shapes: ARRAY, all: &["preference", "generator_1", "generator_2"], any: &[] },
    Rule { format: Format::MmluPro, shapes: ARRAY, all: &["question_id", "answer_index", "pred", "options"], any: &[] },
    Rule { format: Format::EvalPlus, shapes: ONE, all: &["eval", "hash"], any: &[] },
    Rule { format: Format::LiveCodeBench, shapes: ARRAY, all: &["graded_list", "code_list"], any: &[] },
    Rule { format: Format::Bfcl, shapes: MANY, all: &["accuracy", "correct_count", "total_count"], any: &[] },
    Rule { format: Format::BfclResults, shapes: &[Shape::Lines, Shape::Object], all: &["id", "result"], any: &["input_token_count", "latency", "traceback"] },
    Rule { format: Format::SweBench, shapes: ONE, all: &["resolved"], any: &["no_generation", "no_logs", "generated"] },
    Rule { format: Format::SweBench, shapes: ONE, all: &["resolved_ids"], any: &["submitted_ids", "unresolved_ids", "error_ids"] },
    Rule { format: Format::OpenCompass, shapes: ONE, all: &["details.example_abbr"], any: &[] },
    Rule { format: Format::OpenCompass, shapes: ONE, all: &["details.0.predictions"], any: &[] },
    Rule { format: Format::OpenCompass, shapes: ONE, all: &["details.0.references"], any: &[] },
    Rule { format: Format::OpenCompass, shapes: ONE, all: &["accuracy", "details"], any: &[] },
    Rule { format: Format::OpenCompassPredictions, shapes: ONE, all: &["0.origin_prompt", "0.prediction"], any: &[] },
    Rule { format: Format::Promptfoo, shapes: ONE, all: &["results.version"], any: &["results.results", "results.table"] },
    Rule { format: Format::Promptfoo, shapes: ONE, all: &["version", "results", "table.head", "table.body"], any: &[] },
    Rule { format: Format::Promptfoo, shapes: MANY, all: &["testIdx", "promptIdx", "provider", "score"], any: &["gradingResult", "testCase"] },
    Rule { format: Format::DeepEval, shapes: ONE, all: &["testCases"], any: &["testCases.metricsData", "metricsScores"] },
    Rule { format: Format::DeepEval, shapes: ONE, all: &["conversationalTestCases"], any: &[] },
    Rule { format: Format::DeepEval, shapes: ONE, all: &["testRunData"], any: &["testRunData.testCases", "testRunData.conversationalTestCases"] },
    Rule { format: Format::SimpleEvals, shapes: ONE, all: &["score", "metrics", "htmls", "convos"], any: &[] },
    Rule { format: Format::LmEvalWriteOut, shapes: &[Shape::Array], all: &["doc_id", "prompt_0", "logit_0", "truth"], any: &[] },
    Rule { format: Format::LmEvalWriteOut, shapes: ONE, all: &["0.prompt_0", "0.logit_0", "0.truth"], any: &[] },
];

/// Files of known programs that say nothing about single items, and what they are.
#[rustfmt::skip]
const AUXILIARY: &[(&[Shape], &[&str], &str)] = &[
    (ARRAY, &["name.name", "count", "sum"], "the aggregates of a HELM run"),
    (ONE, &["name", "description", "tags", "definition_path"], "the description of a HELM scenario"),
    (ARRAY, &["instance_id", "train_trial_index", "request"], "the requests of a HELM run"),
    (ARRAY, &["run_path", "run_spec"], "the list of runs of a HELM suite"),
    (ARRAY, &["scenario_spec", "adapter_spec"], "the specifications of runs of a HELM suite"),
    (ONE, &["suites", "suite", "date"], "the summary of a HELM suite"),
    (ARRAY, &["instruction", "output", "generator"], "the answers that AlpacaEval compares"),
    (ONE, &["eval_set_id", "tasks"], "the tasks of a set of Inspect"),
    (ONE, &["directives.default-src"], "the security policy of Inspect's viewer"),
    (ONE, &["test_cases_lookup_map"], "what DeepEval keeps of earlier test runs"),
    (&[Shape::Array, Shape::Object], &["pass@1", "detail.pass@1"], "the aggregates of LiveCodeBench"),
    (MANY, &["instance_id", "model_name_or_path", "model_patch"], "the patches that SWE-bench tests"),
    (ONE, &["source_name", "converted_records", "failed_records"], "the records that Every Eval Ever could not convert"),
];

impl Format {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "evalgauge store",
            Self::Parquet => "Parquet table",
            Self::Arrow => "Arrow table",
            Self::Delimited => "delimited table",
            Self::Records => "table of JSON records",
            Self::LmEvalSamples => "lm-evaluation-harness samples",
            Self::LmEvalResults => "lm-evaluation-harness results",
            Self::LmEvalWriteOut => "lm-evaluation-harness write-out",
            Self::LmmsEval => "lmms-eval samples",
            Self::PyIrt => "py-irt responses",
            Self::Inspect => "Inspect AI log",
            Self::LightEvalResults => "lighteval results",
            Self::LightEval => "lighteval details",
            Self::Helm => "HELM scores of instances",
            Self::HelmPredictions => "HELM predictions",
            Self::HelmContext => "HELM run file",
            Self::Olmes => "OLMES predictions",
            Self::OlmesContext => "OLMES metrics or requests",
            Self::EveryEvalEver => "Every Eval Ever samples",
            Self::EveryEvalEverAggregate => "Every Eval Ever aggregates",
            Self::AlpacaEval => "AlpacaEval annotations",
            Self::MmluPro => "MMLU-Pro outputs",
            Self::EvalPlus => "EvalPlus results",
            Self::LiveCodeBench => "LiveCodeBench outputs",
            Self::Bfcl => "BFCL scores",
            Self::BfclResults => "BFCL results",
            Self::VlmEvalKit => "VLMEvalKit spreadsheet",
            Self::TinyBenchmarks => "tinyBenchmarks pickle",
            Self::Auxiliary => "file of a known program",
            Self::SweBench => "SWE-bench results",
            Self::OpenCompass => "OpenCompass results",
            Self::OpenCompassPredictions => "OpenCompass predictions",
            Self::Promptfoo => "promptfoo results",
            Self::DeepEval => "DeepEval test run",
            Self::SimpleEvals => "simple-evals results",
        }
    }

    /// Whether it is a plain table.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::Delimited | Self::Records)
    }

    /// Whether its files only explain others of their directory.
    pub fn is_context(self) -> bool {
        matches!(
            self,
            Self::LmEvalResults
                | Self::HelmContext
                | Self::HelmPredictions
                | Self::OlmesContext
                | Self::EveryEvalEverAggregate
                | Self::OpenCompassPredictions
        )
    }

    /// The format whose files make this context needless as a source of rows; without them it is one.
    pub fn stands_for(self) -> Option<Self> {
        match self {
            Self::HelmPredictions => Some(Self::Helm),
            Self::OpenCompassPredictions => Some(Self::OpenCompass),
            _ => None,
        }
    }

    /// What must be given beside files that only explain others.
    pub fn wanted_beside(self) -> &'static str {
        match self {
            Self::LmEvalResults => "give the samples of the same run too (written with --log_samples)",
            Self::LightEvalResults => "give the details of the same run too (written with --save-details)",
            Self::HelmContext | Self::HelmPredictions => {
                "give `per_instance_stats.json` or `display_predictions.json` of the same run too"
            }
            Self::OlmesContext => "give the predictions of the same run too (`task-…-predictions.jsonl`)",
            Self::EveryEvalEverAggregate => {
                "give the samples of the same evaluation too (`…_samples.jsonl`, where it was uploaded with them)"
            }
            _ => "give the results of single items too",
        }
    }
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
            let columns = nested::parquet_columns(bytes).unwrap_or_default();
            match lighteval::form(&columns) {
                Some(_) => {
                    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                    found(Format::LightEval, &format!("it begins with PAR1 and has {}", shortened(&names)))
                }
                None => found(Format::Parquet, "it begins with PAR1"),
            }
        }
        Content::Arrow => found(Format::Arrow, "it begins with ARROW1"),
        Content::Archive("zip archive") => detect_zip(source),
        Content::Archive(what) => Err(not_unpacked(file, what)),
        Content::Pickle => found(Format::TinyBenchmarks, "it begins as a Python pickle does"),
        Content::Binary => Err(ReadError::Unrecognised {
            file,
            found: format!("binary content that begins with {:02x?}", &bytes[..bytes.len().min(4)]),
            nearest: "Parquet, which begins with PAR1".to_owned(),
        }),
        Content::Text => match Peek::at(bytes) {
            Some(peek) => detect_json(&file, &peek, source).map(|detected| by_name(detected, source)),
            None => detect_text(file, bytes),
        },
    }
}

fn detect_text(file: String, bytes: &[u8]) -> Result<Detected, ReadError> {
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
    match delimited::sniff(bytes) {
        Some(delimiter) => {
            let because = format!("its lines are cut by {:?}", char::from(delimiter));
            Ok(Detected { format: Format::Delimited, because })
        }
        None => Err(not_a_table(file, bytes)),
    }
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

fn detect_json(file: &str, peek: &Peek, source: &Source) -> Result<Detected, ReadError> {
    let fits = |rule: &&Rule| {
        rule.shapes.contains(&peek.shape)
            && rule.all.iter().all(|path| peek.has(path))
            && (rule.any.is_empty() || rule.any.iter().any(|path| peek.has(path)))
    };
    if let Some(rule) = RULES.iter().find(fits) {
        if let Some(what) = of_no_items(rule.format, source) {
            let because = format!("it has {}: {what}", rule.all.join(", "));
            return Ok(Detected { format: Format::Auxiliary, because });
        }
        let because = format!("it has {}", rule.all.join(", "));
        return Ok(Detected { format: rule.format, because });
    }
    let auxiliary = AUXILIARY
        .iter()
        .find(|(shapes, all, _)| shapes.contains(&peek.shape) && all.iter().all(|path| peek.has(path)));
    if let Some((_, all, what)) = auxiliary {
        let because = format!("it has {}: {what}, which say nothing about single items", all.join(", "));
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    if peek.shape == Shape::Object && of_instances(peek) {
        let because = "each of its keys holds an object with `resolved`".to_owned();
        return Ok(Detected { format: Format::SweBench, because });
    }
    if peek.shape == Shape::Object && of_logs(peek) {
        let because =
            "each of its keys holds the header of a log of Inspect, which says nothing about single items";
        return Ok(Detected { format: Format::Auxiliary, because: because.to_owned() });
    }
    let names: Vec<&str> = peek.fields.iter().map(|(name, _)| &**name).collect();
    if of_programs(peek, &names) {
        let because =
            "it has task_id and solution: the programs that EvalPlus tests, without what came of them";
        return Ok(Detected { format: Format::Auxiliary, because: because.to_owned() });
    }
    if peek.shape == Shape::Object && of_averages(peek) {
        return Err(ReadError::NotItemLevel {
            file: file.to_owned(),
            found: format!("one object of numbers, {}, which are averages over items", shortened(&names)),
            remedy: "give results of single items (OpenCompass writes them with --dump-eval-details)"
                .to_owned(),
        });
    }
    if names.is_empty() && peek.truncated {
        return Err(ReadError::Truncated { file: file.to_owned(), what: "its first JSON value".to_owned() });
    }
    let one_record = peek.shape == Shape::Object && names.len() >= 3 && peek.is_flat();
    if !names.is_empty() && (peek.shape != Shape::Object || one_record) {
        let because = format!("its records have {}", shortened(&names));
        return Ok(Detected { format: Format::Records, because });
    }
    let found = match names.as_slice() {
        [] => "JSON without objects".to_owned(),
        names => format!("JSON with the keys {}", shortened(names)),
    };
    Err(ReadError::Unrecognised { file: file.to_owned(), found, nearest: nearest(peek) })
}

/// What a file of a format is that says nothing about single items, if it does not.
fn of_no_items(format: Format, source: &Source) -> Option<&'static str> {
    match format {
        Format::LightEvalResults => Some(
            "averages; what lighteval writes about single items is in its directory `details` (--save-details)",
        ),
        // Of a file on disk only the beginning is known.
        Format::BfclResults if source.is_here() && bfcl::only_prepares(source.beginning()) => {
            Some("conversations that fill the memory of models before BFCL asks, without scores")
        }
        _ => None,
    }
}

/// What content leaves open: early samples of lmms-eval are told from those of lm-evaluation-harness, of which it is a
/// branch, by the date in front of their names.
fn by_name(detected: Detected, source: &Source) -> Detected {
    if detected.format == Format::LmEvalSamples && file_name::lmms_samples(&source.file_name()).is_some() {
        let because = format!("{}, and a name that begins as those of lmms-eval", detected.because);
        return Detected { format: Format::LmmsEval, because };
    }
    detected
}

/// Whether every value is an object that says whether an instance was resolved.
fn of_instances(peek: &Peek) -> bool {
    let resolved = |value: &[u8]| Peek::at(value).is_some_and(|object| object.has("resolved"));
    !peek.fields.is_empty() && peek.fields.iter().all(|(_, value)| resolved(value))
}

/// Whether every value is an object about one log: a list of the logs of a directory.
fn of_logs(peek: &Peek) -> bool {
    let is_header = |header: &Peek| header.has("eval_id") && header.has("task_id");
    let of_log = |value: &[u8]| {
        let log = Peek::at(value);
        log.is_some_and(|log| {
            is_header(&log) || log.field("eval").and_then(Peek::at).is_some_and(|e| is_header(&e))
        })
    };
    !peek.fields.is_empty() && peek.fields.iter().all(|(_, value)| of_log(value))
}

/// Whether the records are programs for tasks and nothing more.
fn of_programs(peek: &Peek, names: &[&str]) -> bool {
    let known = ["task_id", "solution", "completion", "raw_solution", "_identifier"];
    let has_program = peek.has("solution") || peek.has("completion");
    peek.has("task_id") && has_program && names.iter().all(|name| known.contains(name))
}

/// Whether every value is a number, and one of them is the score of a whole benchmark.
fn of_averages(peek: &Peek) -> bool {
    const SCORES: [&str; 4] = ["accuracy", "score", "pass@1", "exact_match"];
    let is_number = |value: &[u8]| value.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
    let is_score = |name: &str| SCORES.iter().any(|score| name.split(' ').next() == Some(*score));
    !peek.truncated
        && peek.fields.iter().all(|(_, value)| is_number(value))
        && peek.fields.iter().any(|(name, _)| is_score(name))
}

/// The format with the largest share of its fields there.
fn nearest(peek: &Peek) -> String {
    let share = |rule: &Rule| {
        let there = rule.all.iter().filter(|path| peek.has(path)).count();
        (there * 100 / rule.all.len(), there)
    };
    match RULES.iter().max_by_key(|rule| share(rule)).filter(|rule| share(rule).1 > 0) {
        Some(rule) => {
            let missing: Vec<&str> = rule.all.iter().copied().filter(|path| !peek.has(path)).collect();
            let missing = if missing.is_empty() { rule.any.join(" or ") } else { missing.join(", ") };
            format!("{}, but without {missing}", rule.format.name())
        }
        None => "JSON records, one object with model, item and score for each row".to_owned(),
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
    fn what_is_unknown_is_described() {
        let error = detected(r#"{"results":{"a":1},"other":2}"#).unwrap_err().to_string();
        assert!(error.contains("keys results, other") && error.contains("nearest"), "{error}");
        assert!(matches!(detected("PK\u{3}\u{4}"), Err(ReadError::Malformed { .. })));
        assert!(matches!(detected("Some prose."), Err(ReadError::Unrecognised { .. })));
        assert!(matches!(detected("{\"a"), Err(ReadError::Truncated { .. })));
    }
}
