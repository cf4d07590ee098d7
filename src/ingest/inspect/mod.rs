//! What does a log of Inspect AI say? One file for each run of a task, as an archive or as one JSON object.

mod archive;
mod log;
mod metrics;
mod rows;
mod score;
mod variant;

use super::build::Builder;
use super::unwrap::{Content, content};
use super::{Fragment, ReadError, Source};
use log::Header;

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
    let (log, passage) = match content(source.beginning()) {
        Content::Archive(_) => (archive::read(source, &mut build)?, None),
        _ => log::read(source).map(|(log, passage)| (log, Some(passage)))?,
    };
    let header = &log.header;
    if log.samples.is_empty() {
        return Err(without_samples(source, header));
    }
    rows::push(&log, &mut build);
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
    build.finish(passage.as_ref(), "a sample with an id")
}

/// Why there is nothing in a log: what it says about its end decides.
fn without_samples(source: &Source, header: &Header) -> ReadError {
    let (found, remedy) = match header.status.as_str() {
        Some("success") => (
            "a log without samples",
            "give the whole log: it was read with `header_only`, or written with `log_samples=False`",
        ),
        _ => (
            "the log of a run that broke off before its first sample was complete",
            "run it again, or give the whole log if this is only its header",
        ),
    };
    ReadError::NotItemLevel { file: source.name(), found: found.to_owned(), remedy: remedy.to_owned() }
}
