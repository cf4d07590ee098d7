//! Which programs passed the tests of LiveCodeBench? One record for each problem, one verdict for each program.

use super::build::Builder;
use super::json::records;
use super::json::value::{name, number};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use serde_json::{Value, json};

/// Reads `<Scenario.name>_<n>_<temperature>_eval_all.json`; the model is the directory.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "livecodebench");
    let model = source.directories().pop().unwrap_or_else(|| source.file_name());
    let file = source.file_name();
    let scenario = file.strip_prefix("Scenario.").unwrap_or(&file).split('_').next().unwrap_or_default();
    let benchmark = format!("livecodebench_{}", scenario.split('.').next().unwrap_or_default());
    let stem = file.split("_eval_all").next().unwrap_or_default();
    let chain_of_thought = stem.ends_with("_cot");
    let temperature = stem.trim_end_matches("_cot").rsplit('_').next().and_then(|t| t.parse().ok());
    let run = build.run(&model, &[&benchmark, if chain_of_thought { "cot" } else { "" }], |run| {
        run.temperature = temperature;
        run.prompt_variant = chain_of_thought.then(|| "cot".to_owned());
    });
    let metric = build.metric(&benchmark, "pass@1", None, true);
    let mut faults = Vec::new();
    let mut passage = records(source, |row, record: Value| {
        let (Some(id), Some(verdicts)) = (name(&record["question_id"]), record["graded_list"].as_array())
        else {
            faults.push(row);
            return;
        };
        // Outputs of tests are predicted one by one.
        let id = match name(&record["test_id"]) {
            Some(test) => format!("{id}/{test}"),
            None => id,
        };
        let item = build.item(&benchmark, None, &id, |item| {
            item.native_id = Some(id.clone());
            item.question = record["question_content"].as_str().map(Into::into);
            let known: serde_json::Map<String, Value> = ["difficulty", "platform", "contest_date"]
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), json!(record.get(*key)?.as_str()?))))
                .collect();
            item.metadata_json = (!known.is_empty()).then(|| Value::Object(known).to_string().into());
        });
        for (repeat, verdict) in verdicts.iter().enumerate() {
            // A verdict is `true` for a pass; numbers other than 1 are codes of failures.
            let score = number(verdict).map(|v| f64::from(u8::from(v == 1.0)));
            build.push(Row { repeat: repeat as u32, ..Row::new(run, item, metric, score) }, row);
        }
    })?;
    for row in faults {
        passage.fault(row, "a record must have `question_id` and `graded_list`");
    }
    build.finish(Some(&passage), "a graded program")
}
