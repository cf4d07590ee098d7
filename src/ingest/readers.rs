//! Who reads which format, and what do readers know of the files beside?

use super::detect::{Format, detect};
use super::fragment::{Fragment, ReadError};
use super::plain::{self, Plain, Responses};
use super::source::Source;
use super::{
    IngestOptions, alpaca_eval, bfcl, deepeval, evalplus, every_eval_ever, helm, inspect, lighteval,
    livecodebench, lm_eval, lmms_eval, mmlu_pro, olmes, opencompass, pickle, promptfoo, py_irt, simple_evals,
    swe_bench, vlmevalkit,
};
use std::borrow::Cow;
use std::sync::OnceLock;

/// The files of a directory that explain others, and what was taken out of them, once for all that they explain.
#[derive(Debug, Default)]
pub struct Beside<'s> {
    files: Vec<Cow<'s, Source>>,
    lm_eval: OnceLock<lm_eval::Context>,
}

impl<'s> Beside<'s> {
    /// Takes the files of a directory.
    pub fn of(files: Vec<Source>) -> Self {
        Self { files: files.into_iter().map(Cow::Owned).collect(), lm_eval: OnceLock::new() }
    }

    fn borrowed(files: &[&'s Source]) -> Self {
        Self { files: files.iter().map(|file| Cow::Borrowed(*file)).collect(), lm_eval: OnceLock::new() }
    }

    /// The file at a place.
    pub fn file(&self, at: usize) -> &Source {
        &self.files[at]
    }

    /// The results of lm-evaluation-harness among them. Results that cannot be read explain nothing; samples stand
    /// without them too.
    pub fn lm_eval(&self) -> &lm_eval::Context {
        let results =
            || self.files.iter().filter_map(|source| lm_eval::Results::parse(source).ok()).collect();
        self.lm_eval.get_or_init(|| lm_eval::Context::new(results()))
    }
}

/// A reader of the files of one harness, by what it wants to know beside the file.
enum Reader {
    Alone(fn(&Source) -> Result<Fragment, ReadError>),
    WithFiles(fn(&Source, &[&Source]) -> Result<Fragment, ReadError>),
    WithResults(fn(&Source, &lm_eval::Context) -> Result<Fragment, ReadError>),
}

/// The readers of formats that are not plain tables: one line for each.
const READERS: &[(Format, Reader)] = &[
    (Format::LmEvalSamples, Reader::WithResults(lm_eval::samples::read)),
    (Format::LmEvalWriteOut, Reader::WithResults(lm_eval::write_out::read)),
    (Format::LmmsEval, Reader::WithResults(lmms_eval::read)),
    (Format::PyIrt, Reader::Alone(py_irt::read)),
    (Format::Inspect, Reader::WithFiles(inspect::read)),
    (Format::Helm, Reader::WithFiles(helm::read)),
    (Format::HelmPredictions, Reader::WithFiles(helm::read_predictions)),
    (Format::LightEval, Reader::WithFiles(lighteval::read)),
    (Format::EveryEvalEver, Reader::WithFiles(every_eval_ever::read)),
    (Format::Olmes, Reader::WithFiles(olmes::read)),
    (Format::OpenCompass, Reader::Alone(opencompass::read)),
    (Format::OpenCompassPredictions, Reader::WithFiles(opencompass::read_predictions)),
    (Format::MmluPro, Reader::WithFiles(mmlu_pro::read)),
    (Format::SweBench, Reader::Alone(swe_bench::read)),
    (Format::AlpacaEval, Reader::WithFiles(alpaca_eval::read)),
    (Format::EvalPlus, Reader::WithFiles(evalplus::read)),
    (Format::LiveCodeBench, Reader::Alone(livecodebench::read)),
    (Format::Bfcl, Reader::WithFiles(bfcl::read_scores)),
    (Format::BfclResults, Reader::WithFiles(bfcl::read_results)),
    (Format::VlmEvalKit, Reader::WithFiles(vlmevalkit::read)),
    (Format::Promptfoo, Reader::WithFiles(promptfoo::read)),
    (Format::DeepEval, Reader::Alone(deepeval::read)),
    (Format::SimpleEvals, Reader::WithFiles(simple_evals::read)),
    (Format::TinyBenchmarks, Reader::WithFiles(pickle::read)),
];

/// What a file of a harness gives, with the files beside that explain it.
///
/// # Errors
/// See [`ReadError`].
pub fn read_harness(format: Format, source: &Source, beside: &Beside) -> Result<Fragment, ReadError> {
    match READERS.iter().find(|(known, _)| *known == format) {
        Some((_, Reader::Alone(read))) => read(source),
        Some((_, Reader::WithFiles(read))) => {
            read(source, &beside.files.iter().map(AsRef::as_ref).collect::<Vec<_>>())
        }
        Some((_, Reader::WithResults(read))) => read(source, beside.lm_eval()),
        None => Err(ReadError::Unsupported {
            file: source.name(),
            what: format!("{}, which this version does not read", format.name()),
            remedy: "write it as a table with the columns model, item and score".to_owned(),
        }),
    }
}

/// What a plain table gives when all tables beside it are known.
///
/// # Errors
/// [`ReadError::NotItemLevel`] where there are neither scores nor keys.
pub fn finish_plain(responses: Responses) -> Result<Fragment, ReadError> {
    let Responses { fragment, needs_keys, .. } = responses;
    if needs_keys && fragment.table.rows().all(|row| row.score.is_none()) {
        return Err(ReadError::NotItemLevel {
            file: fragment.table.runs.first().and_then(|r| r.files.first()).cloned().unwrap_or_default(),
            found: "answers without scores and without keys".to_owned(),
            remedy: "add a score column, or a column or a table of items with the keys (`gold`)".to_owned(),
        });
    }
    Ok(fragment)
}

/// What one file gives, whose content is in memory: that of its format's reader, with the files `beside` it that
/// explain it. Tables of items and models, which need the results they explain, are no results here.
///
/// # Errors
/// See [`ReadError`].
pub fn read_source(
    source: &Source,
    beside: &[&Source],
    options: &IngestOptions,
) -> Result<Fragment, ReadError> {
    let format = detect(source)?.format;
    if !format.is_plain() {
        return read_harness(format, source, &Beside::borrowed(beside));
    }
    match plain::read(format, source, options)? {
        Plain::Responses(responses) => finish_plain(*responses),
        Plain::Companion(_) => Err(ReadError::NotItemLevel {
            file: source.name(),
            found: "a table about items or models".to_owned(),
            remedy: "give it together with results".to_owned(),
        }),
    }
}
