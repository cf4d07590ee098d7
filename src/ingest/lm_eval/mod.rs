//! How are dumps of the lm-evaluation-harness read, from v0.3 to v0.4.13?
//!
//! Item-level files are read by [`samples`] (v0.4) and [`write_out`] (v0.3). What they do not say themselves,
//! such as the model, the groups, the filters and the metrics, stands in the results file beside them: it is
//! parsed by [`results`] and found through a [`Context`].
//!
//! One run is one evaluation of one model on one benchmark: the number of worked examples and the version of
//! the task belong to the benchmark. Its name is made of model, timestamp and benchmark, so that the files of
//! several subtasks, and copies of a file, fall into the same run.

pub mod context;
mod describe;
pub mod file_name;
pub mod groups;
pub mod model;
pub mod options;
pub mod results;
mod rows;
mod sample;
pub mod samples;
pub mod task;
pub mod write_out;

pub use context::Context;
pub use results::Results;

use serde_json::Value;

/// The kinds of file that the harness writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Item-level, v0.4 and later: read by [`samples::read`].
    Samples,
    /// Item-level, v0.3: read by [`write_out::read`].
    WriteOut,
    /// Aggregates and configuration: parsed by [`Results::parse`], gives no rows.
    Results,
}

/// The kind of file of which this is the first record (the whole value if it is not an array or lines).
///
/// `file_name` only tells lmms-eval, whose samples have the same keys, by its dated prefix.
pub fn detect(first: &Value, file_name: &str) -> Option<Kind> {
    let has = |key: &str| first.get(key).is_some();
    if has("doc_id") && has("doc") && has("resps") && has("filtered_resps") {
        let lmms = has("token_counts") || has("input_media") || file_name::is_lmms_samples(file_name);
        return (!lmms).then_some(Kind::Samples);
    }
    if is_write_out(first) || first.as_object().and_then(|o| o.values().next()).is_some_and(is_write_out) {
        return Some(Kind::WriteOut);
    }
    let tables = ["results", "versions"].iter().all(|key| first.get(key).is_some_and(Value::is_object));
    let current = has("results") && has("configs") && (has("n-shot") || has("versions"));
    // `config_general` is lighteval's.
    ((current || (tables && has("config"))) && !has("config_general")).then_some(Kind::Results)
}

fn is_write_out(value: &Value) -> bool {
    ["prompt_0", "logit_0", "truth"].iter().all(|key| value.get(key).is_some())
}
