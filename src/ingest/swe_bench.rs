//! Which issues did a system resolve? SWE-bench lists the resolved ones; who else was asked is known from others.

use super::build::Builder;
use super::fragment::Rest;
use super::json::{each_record, text_of};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Lists of `results.json`, the score of their members, and what became of them.
const LISTS: [(&str, f64, Status); 3] = [
    ("resolved", 1.0, Status::Ok),
    ("no_generation", 0.0, Status::NoAnswer),
    ("no_logs", 0.0, Status::MissingAssumedWrong),
];

/// Reads `results/results.json` of a submission, or `per_instance_details.json`, which lists every instance.
///
/// `results.json` names successes. All other instances that any submission to the same split names were not
/// resolved either; they get the score 0 and the status `missing_assumed_wrong` when all files are read.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "swe-bench");
    let mut above = source.directories();
    if above.last().is_some_and(|d| d == "results") {
        above.pop();
    }
    let system = above.pop().unwrap_or_else(|| source.file_name());
    let split = above.pop().unwrap_or_else(|| "unknown".to_owned());
    let benchmark = format!("swe-bench_{split}");
    let model = without_date(&system);
    let run = build.run(model, &[&benchmark, &system], |run| {
        run.model_raw = Some(system.clone());
        run.timestamp = system.split('_').next().filter(|d| d.len() == 8).map(str::to_owned);
    });
    let id = build.table().runs[run as usize].id.clone();
    let metric = build.metric(&benchmark, "resolved", None, true);
    let mut at = 0;
    let mut push = |build: &mut Builder, instance: &str, score: f64, status: Status| {
        at += 1;
        // An instance is `<repository>-<number>`.
        let item = build.item(&benchmark, instance.rsplit_once('-').map(|(r, _)| r), instance, |item| {
            item.native_id = Some(instance.to_owned());
        });
        let mut row = Row::new(run, item, metric, Some(score));
        row.status = status;
        build.push(row, at);
    };
    let mut passage = each_record(&text, |_, file: Value| {
        if file["resolved"].is_array() {
            for (list, score, status) in LISTS {
                for instance in file[list].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    push(&mut build, instance, score, status);
                }
            }
            build.rest(Rest {
                file: source.name(),
                run: id.clone(),
                benchmark: benchmark.clone(),
                subject: None,
                metric: "resolved".to_owned(),
                score: Some(0.0),
                status: Status::MissingAssumedWrong,
                n_items: None,
                tried: Vec::new(),
            });
            return;
        }
        for (instance, details) in file.as_object().into_iter().flatten() {
            if let Some(resolved) = details["resolved"].as_bool() {
                push(&mut build, instance, f64::from(u8::from(resolved)), Status::Ok);
            }
        }
    });
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(1, "neither a list `resolved` nor instances with `resolved`");
    }
    build.finish(Some(&passage), "an instance")
}

/// The name of a system without the day before it.
fn without_date(system: &str) -> &str {
    match system.split_once('_') {
        Some((date, name))
            if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() =>
        {
            name
        }
        _ => system,
    }
}
