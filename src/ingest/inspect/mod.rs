//! What does a log of Inspect AI say? One file for each run of a task, as an archive or as one JSON object.
//!
//! An archive keeps summaries of its samples apart from the samples themselves; they say all that is needed but
//! the completions, so the samples are only unpacked where there are no summaries, as in runs that broke off.

mod archive;
mod log;
mod score;

use super::build::Builder;
use super::json::text_of;
use super::unwrap::{Content, content};
use super::{Fragment, ReadError, Source};
use log::Log;

/// Reads a log, whether it is an archive or JSON, whole or broken off.
///
/// Every scorer is a metric, every key of a score that is an object one more (`scorer/key`). Epochs are repeats.
/// A sample that broke down, or that a scorer gave `NaN`, has no score; one that ran into a limit has the score
/// that it was given, and the status says so.
///
/// # Errors
/// [`ReadError`] where the log cannot be read or has no samples.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "inspect_ai");
    let (header, n_samples) = match content(&source.bytes) {
        Content::Archive(_) => archive::read(source, &mut build)?,
        _ => {
            let text = text_of(source)?;
            let log: Log = serde_json::from_str(&text).map_err(|e| log::malformed(source, &e))?;
            let Log { header, samples } = log;
            let scorers = header.scorers();
            for (at, sample) in samples.iter().enumerate() {
                sample.push(&header, &scorers, at as u64 + 1, &mut build);
            }
            (header, samples.len())
        }
    };
    if n_samples == 0 {
        return Err(ReadError::NotItemLevel {
            file: source.name(),
            found: "a log without samples".to_owned(),
            remedy: "give the whole log: it was read with `header_only`, or written with `log_samples=False`"
                .to_owned(),
        });
    }
    if let Some(status) = header.status.as_str().filter(|status| *status != "success") {
        build.note(None, format!("the run ended as {status:?}: what it has is read"));
    }
    if header.eval["dataset"]["shuffled"].as_bool() == Some(true) {
        build.note(
            None,
            "the data set was shuffled: numbers of samples are places in this run, and runs are matched by the text of \
             the questions",
        );
    }
    build.finish(None, "a sample with an id")
}
