//! How are the files of one directory read together? Those that explain others are given to them.

use super::detect::{Detected, Format, detect};
use super::fragment::{Fragment, Note, ReadError};
use super::meter::Meter;
use super::plain::{self, Companion, Plain, Responses};
use super::report::FileRead;
use super::source::Source;
use super::unwrap::open;
use super::walk::Found;
use super::{
    IngestOptions, alpaca_eval, bfcl, deepeval, evalplus, every_eval_ever, helm, inspect, lighteval,
    livecodebench, lm_eval, lmms_eval, mmlu_pro, olmes, opencompass, pickle, promptfoo, py_irt, simple_evals,
    swe_bench, vlmevalkit,
};
use crate::store;
use rayon::prelude::*;

/// What became of a file.
pub enum Outcome {
    /// It gave rows.
    Read(FileRead, Box<Fragment>),
    /// It explained others.
    Used(FileRead, Vec<Note>),
    /// It gave nothing.
    Skipped(String, ReadError),
}

/// A file on its way.
enum Stage {
    Done(Outcome),
    /// Waits for the tables beside it.
    Plain(FileRead, Box<Responses>),
    /// Waits for results to explain.
    Companion(FileRead, Box<Companion>),
    /// Waits for the context of its directory.
    Harness(FileRead, Source),
    /// The context of others.
    Context(FileRead, Source),
}

/// Reads the files of one directory, in order.
pub fn read(files: &[Found], options: &IngestOptions, meter: &Meter) -> Vec<Outcome> {
    let mut stages: Vec<Stage> = files
        .par_iter()
        .map(|found| {
            let stage = first_stage(found, options, meter);
            match &stage {
                Stage::Harness(..) => {}
                Stage::Plain(_, responses) => meter.done(found, responses.fragment.table.len()),
                Stage::Done(Outcome::Read(_, fragment)) => meter.done(found, fragment.table.len()),
                _ => meter.done(found, 0),
            }
            stage
        })
        .collect();
    join_companions(&mut stages);
    read_harnesses(stages, files, meter)
}

fn first_stage(found: &Found, options: &IngestOptions, meter: &Meter) -> Stage {
    let file = Source::unread(found).name();
    let skipped = |error: ReadError| Stage::Done(Outcome::Skipped(file.clone(), error));
    match found {
        Found::Unreadable(_, message) => {
            skipped(ReadError::Io { file: file.clone(), message: message.clone() })
        }
        Found::Store(path) => match store::read(path) {
            Ok(table) => {
                let read = FileRead {
                    file,
                    format: Format::Store,
                    because: "a directory with the manifest of a store".to_owned(),
                    n_rows: table.len(),
                };
                Stage::Done(Outcome::Read(read, Box::new(Fragment { table, ..Fragment::default() })))
            }
            Err(error) => {
                let message = error.to_string();
                skipped(ReadError::Malformed { file: file.clone(), row: None, message })
            }
        },
        Found::File(_) | Found::Member(_) => file_stage(found, options, meter).unwrap_or_else(skipped),
    }
}

fn file_stage(found: &Found, options: &IngestOptions, meter: &Meter) -> Result<Stage, ReadError> {
    match plain::stream::read(found, options, meter)? {
        Some((Detected { format, because }, responses)) => {
            let because = format!("{because}; a {}", responses.shape);
            let read = FileRead { file: Source::unread(found).name(), format, because, n_rows: 0 };
            Ok(Stage::Plain(read, Box::new(responses)))
        }
        None => staged(open(found, options.max_unpacked_bytes)?, options),
    }
}

fn staged(source: Source, options: &IngestOptions) -> Result<Stage, ReadError> {
    let Detected { format, because } = detect(&source)?;
    let mut read = FileRead { file: source.name(), format, because, n_rows: 0 };
    if format == Format::Auxiliary {
        return Ok(Stage::Done(Outcome::Used(read, Vec::new())));
    }
    if format.is_context() {
        return Ok(Stage::Context(read, source));
    }
    if !format.is_plain() {
        return Ok(Stage::Harness(read, source));
    }
    match plain::read(format, &source, options)? {
        Plain::Responses(responses) => {
            read.because = format!("{}; a {}", read.because, responses.shape);
            Ok(Stage::Plain(read, responses))
        }
        Plain::Companion(companion) => Ok(Stage::Companion(read, companion)),
    }
}

/// Gives every table about items or models to all results beside it. Tables of items come first, in the order
/// of their names, so that a table of models never takes them for its own.
fn join_companions(stages: &mut [Stage]) {
    let mut companions: Vec<(usize, FileRead, Box<Companion>)> = Vec::new();
    for (at, stage) in stages.iter_mut().enumerate() {
        if let Stage::Companion(..) = stage {
            let placeholder = Stage::Done(Outcome::Used(nothing(), Vec::new()));
            if let Stage::Companion(read, companion) = std::mem::replace(stage, placeholder) {
                companions.push((at, read, companion));
            }
        }
    }
    for (at, mut read, companion) in companions {
        let mut uses: Vec<String> = Vec::new();
        for stage in stages.iter_mut() {
            if let Stage::Plain(_, responses) = stage {
                uses.extend(companion.join(responses));
            }
        }
        stages[at] = Stage::Done(if uses.is_empty() {
            Outcome::Skipped(companion.file.clone(), companion.refusal.clone())
        } else {
            read.because = format!("{}; a table of {}", read.because, uses.join("; "));
            Outcome::Used(read, Vec::new())
        });
    }
}

fn nothing() -> FileRead {
    FileRead { file: String::new(), format: Format::Records, because: String::new(), n_rows: 0 }
}

fn read_harnesses(stages: Vec<Stage>, files: &[Found], meter: &Meter) -> Vec<Outcome> {
    let there: Vec<Format> = stages
        .iter()
        .filter_map(|stage| if let Stage::Harness(read, _) = stage { Some(read.format) } else { None })
        .collect();
    let (mut contexts, mut rest) = (Vec::new(), Vec::new());
    for (at, stage) in stages.into_iter().enumerate() {
        match stage {
            Stage::Context(read, source) if read.format.stands_for().is_some_and(|f| !there.contains(&f)) => {
                rest.push((at, Stage::Harness(read, source)));
            }
            Stage::Context(read, source) => contexts.push((at, read, source)),
            other => rest.push((at, other)),
        }
    }
    let context: Vec<&Source> = contexts.iter().map(|(_, _, source)| source).collect();
    let mut outcomes: Vec<(usize, Outcome)> = rest
        .into_par_iter()
        .map(|(at, stage)| {
            let outcome = match stage {
                Stage::Harness(read, source) => {
                    let outcome = {
                        let fragment = read_harness(read.format, &source, &context);
                        finish(read, fragment)
                    };
                    let rows =
                        if let Outcome::Read(_, fragment) = &outcome { fragment.table.len() } else { 0 };
                    meter.done(&files[at], rows);
                    outcome
                }
                Stage::Plain(read, responses) => finish(read, finish_plain(*responses)),
                Stage::Done(outcome) => outcome,
                // Both were taken out above.
                Stage::Companion(read, _) | Stage::Context(read, _) => Outcome::Used(read, Vec::new()),
            };
            (at, outcome)
        })
        .collect();
    let has_samples = outcomes.iter().any(|(_, o)| matches!(o, Outcome::Read(..)));
    outcomes.extend(contexts.into_iter().map(|(at, mut read, source)| {
        let outcome = if has_samples {
            read.because = format!("{}; it explains the files beside it", read.because);
            Outcome::Used(read, Vec::new())
        } else {
            let error = ReadError::NotItemLevel {
                file: source.name(),
                found: format!("{}, which hold averages over items", read.format.name()),
                remedy: "give the samples of the same run too (in lm-evaluation-harness: --log_samples)"
                    .to_owned(),
            };
            Outcome::Skipped(source.name(), error)
        };
        (at, outcome)
    }));
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn finish(mut read: FileRead, fragment: Result<Fragment, ReadError>) -> Outcome {
    match fragment {
        Ok(fragment) => {
            read.n_rows = fragment.table.len();
            Outcome::Read(read, Box::new(fragment))
        }
        Err(error) => Outcome::Skipped(read.file, error),
    }
}

fn finish_plain(responses: Responses) -> Result<Fragment, ReadError> {
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

/// A reader of the files of one harness: the file, and the files of its directory that explain it.
type Reader = fn(&Source, &[&Source]) -> Result<Fragment, ReadError>;

/// The readers of formats that are not plain tables: one line for each.
const READERS: &[(Format, Reader)] = &[
    (Format::LmEvalSamples, |source, beside| lm_eval::samples::read(source, &lm_eval_context(beside))),
    (Format::LmEvalWriteOut, |source, beside| lm_eval::write_out::read(source, &lm_eval_context(beside))),
    (Format::PyIrt, |source, _| py_irt::read(source)),
    (Format::Inspect, inspect::read),
    (Format::Helm, helm::read),
    (Format::HelmPredictions, helm::read_predictions),
    (Format::LightEval, lighteval::read),
    (Format::EveryEvalEver, every_eval_ever::read),
    (Format::Olmes, olmes::read),
    (Format::OpenCompass, opencompass::read),
    (Format::MmluPro, mmlu_pro::read),
    (Format::SweBench, swe_bench::read),
    (Format::AlpacaEval, alpaca_eval::read),
    (Format::EvalPlus, evalplus::read),
    (Format::LiveCodeBench, livecodebench::read),
    (Format::Bfcl, bfcl::read_scores),
    (Format::BfclResults, bfcl::read_results),
    (Format::LmmsEval, lmms_eval::read),
    (Format::VlmEvalKit, vlmevalkit::read),
    (Format::Promptfoo, promptfoo::read),
    (Format::DeepEval, deepeval::read),
    (Format::SimpleEvals, simple_evals::read),
    (Format::TinyBenchmarks, pickle::read),
];

/// The results beside samples. Results that cannot be read explain nothing; samples stand without them too.
fn lm_eval_context(beside: &[&Source]) -> lm_eval::Context {
    lm_eval::Context::new(beside.iter().filter_map(|s| lm_eval::Results::parse(s).ok()).collect())
}

fn read_harness(format: Format, source: &Source, context: &[&Source]) -> Result<Fragment, ReadError> {
    match READERS.iter().find(|(known, _)| *known == format) {
        Some((_, read)) => read(source, context),
        None => Err(ReadError::Unsupported {
            file: source.name(),
            what: format!("{}, which this version does not read", format.name()),
            remedy: "write it as a table with the columns model, item and score".to_owned(),
        }),
    }
}
