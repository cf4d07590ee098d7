//! Which formats are there, and what is to be known of each?

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
            Self::OpenCompassPredictions => {
                "give the results of the same run too (`results/…`, written with --dump-eval-details)"
            }
            _ => "give the results of single items too",
        }
    }
}
