//! Which answer did the annotator of AlpacaEval prefer? One record for each instruction.

use super::build::Builder;
use super::item_hash;
use super::json::records;
use super::json::value::{name, number};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use serde_json::Value;

/// Reads `annotations.json`.
///
/// The score is the share of the preference that the model under test got.
///
/// ```text
/// score = preference − 1,   1 ≤ preference ≤ 2;   a preference of 0 is a draw, as in its first versions
/// ```
///
/// Instructions have no name in the file: the item is named by the hash of its text. The annotator is the
/// filter of the metric, the opponent the variant of the run.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "alpaca_eval");
    // `results/<model>/<annotator>/annotations.json`: two directories are two runs, whatever the outputs are called.
    let directory = source.directories().into_iter().rev().nth(1).unwrap_or_default();
    let mut faults = Vec::new();
    let mut passage = records(source, |row, record: Value| {
        let field = |key: &str| record.get(key).and_then(name);
        let (Some(instruction), Some(model)) = (field("instruction"), field("generator_2")) else {
            faults.push(row);
            return;
        };
        let annotator = field("annotator");
        let opponent = field("generator_1").unwrap_or_default();
        let run = build.run(&model, &["alpaca_eval", &opponent, &directory], |run| {
            run.prompt_variant = Some(format!("against {opponent}"));
        });
        let hash = item_hash::<&str>(&instruction, &[]);
        let subject = field("dataset");
        let item = build.item("alpaca_eval", subject.as_deref(), &format!("{hash:016x}"), |item| {
            item.question = Some(instruction.as_str().into());
        });
        let metric = build.metric("alpaca_eval", "preference", annotator.as_deref(), true);
        let score = number(&record["preference"]).and_then(|p| match p {
            0.0 => Some(0.5),
            p if (1.0..=2.0).contains(&p) => Some(p - 1.0),
            _ => None,
        });
        build.push(Row::new(run, item, metric, score), row);
    })?;
    for row in faults {
        passage.fault(row, "an annotation must have `instruction` and `generator_2`");
    }
    build.finish(Some(&passage), "an annotation")
}
