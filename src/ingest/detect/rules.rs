//! By which fields is a JSON file of each format known?

use crate::ingest::format::Format;
use crate::ingest::peek::Shape;

/// What a JSON file of one format looks like: a shape, fields that are all there, and fields of which one is.
pub(super) struct Rule {
    /// The format.
    pub format: Format,
    /// The shapes that it may have.
    pub shapes: &'static [Shape],
    /// Fields that are all there.
    pub all: &'static [&'static str],
    /// Fields of which one is there, if there are any.
    pub any: &'static [&'static str],
}

const ONE: &[Shape] = &[Shape::Object];
const MANY: &[Shape] = &[Shape::Lines, Shape::Array, Shape::Object];
const ARRAY: &[Shape] = &[Shape::Array];

/// In order; the first that fits wins.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
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
    Rule { format: Format::LiveCodeBench, shapes: ARRAY, all: &["question_id", "graded_list"], any: &["pred_list", "output_list"] },
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
pub(super) const AUXILIARY: &[(&[Shape], &[&str], &str)] = &[
    (ARRAY, &["name.name", "count", "sum"], "the aggregates of a HELM run"),
    (ONE, &["name", "description", "tags", "definition_path"], "the description of a HELM scenario"),
    (ARRAY, &["instance_id", "train_trial_index", "request"], "the requests of a HELM run"),
    (ARRAY, &["run_path", "run_spec"], "the list of runs of a HELM suite"),
    (ARRAY, &["title", "header", "rows"], "the tables of a HELM release"),
    (ARRAY, &["scenario_spec", "adapter_spec"], "the specifications of runs of a HELM suite"),
    (ONE, &["suites", "suite", "date"], "the summary of a HELM suite"),
    (ARRAY, &["instruction", "output", "generator"], "the answers that AlpacaEval compares"),
    (ONE, &["eval_set_id", "tasks"], "the tasks of a set of Inspect"),
    (ONE, &["directives.default-src"], "the security policy of Inspect's viewer"),
    (ONE, &["test_cases_lookup_map"], "what DeepEval keeps of earlier test runs"),
    (&[Shape::Array, Shape::Object], &["pass@1", "detail.pass@1"], "the aggregates of LiveCodeBench"),
    (MANY, &["instance_id", "model_name_or_path", "model_patch"], "the patches that SWE-bench tests"),
    (ONE, &["_data_files", "_fingerprint"], "the state of a data set that was saved"),
    (ONE, &["features", "citation", "description"], "the description of a data set"),
    (ONE, &["source_name", "converted_records", "failed_records"], "the records that Every Eval Ever could not convert"),
];
