//! What did the metrics of DeepEval say of each test case? One file for each test run.

use super::build::Builder;
use super::json::value::{name, number, text_at};
use super::json::{each_record, text_of};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Reads a test run. The model is a hyperparameter of the run where it is known; else the file stands for it.
///
/// # Errors
/// [`ReadError`] where not one test case could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "deepeval");
    let mut passage = each_record(&text, |_, file: Value| {
        let stem = source.file_name();
        let stem = stem.strip_suffix(".json").unwrap_or(&stem);
        let model = text_at(&file, &["hyperparameters", "model"]).filter(|m| !m.is_empty());
        if model.is_none() {
            build
                .note(None, format!("no `hyperparameters.model`: the run is named after its file, {stem:?}"));
        }
        let model = model.unwrap_or(stem);
        let benchmark = text_at(&file, &["testFile"]).filter(|f| !f.is_empty()).unwrap_or("deepeval");
        let run = build.run(model, &[benchmark], |_| {});
        for (at, case) in file["testCases"].as_array().into_iter().flatten().enumerate() {
            let row_number = at as u64 + 1;
            let id = name(&case["name"]).unwrap_or_else(|| format!("test case {at}"));
            let item = build.item(benchmark, None, &id, |item| {
                item.question = text_at(case, &["input"]).map(str::to_owned);
                item.gold_text = text_at(case, &["expectedOutput"]).map(str::to_owned);
            });
            for (place, metric) in case["metricsData"].as_array().into_iter().flatten().enumerate() {
                let Some(metric_name) = name(&metric["name"]) else { continue };
                let failed = metric["error"].as_str().is_some();
                let score = number(&metric["score"]).filter(|_| !failed);
                let metric = build.metric(benchmark, &metric_name, None, place == 0);
                let mut row = Row::new(run, item, metric, score);
                if failed {
                    row.status = Status::Error;
                }
                let output = text_at(case, &["actualOutput"]).filter(|o| o.len() <= 64);
                row.prediction = output.map(Into::into);
                build.push(row, row_number);
            }
        }
    });
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(1, "`testCases` must be a list of test cases with `metricsData`");
    }
    build.finish(Some(&passage), "a test case")
}
