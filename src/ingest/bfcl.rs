//! Which calls of functions were right? BFCL lists only the failures; what was tried is in another file.

use super::build::Builder;
use super::fragment::Rest;
use super::json::value::{name, whole};
use super::json::{each_record, text_of};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

const BENCHMARK: &str = "bfcl";

/// Reads `BFCL_v<n>_<category>_score.json`: a line with totals, then one line for each failure.
///
/// Every other item of the category was right, as long as the number of items is the one in the first line;
/// which items there are is known from the results of this or of other models.
///
/// # Errors
/// [`ReadError`] where not one line could be read.
pub fn read_scores(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "bfcl");
    let mut place = Place::of(source);
    let mut total = None;
    let mut failures: Vec<(u64, String)> = Vec::new();
    let passage = each_record(&text, |row, line: Value| {
        if let Some(count) = whole(&line["total_count"]) {
            total = usize::try_from(count).ok();
        } else if let Some(id) = name(&line["id"]) {
            if place.model.is_empty() {
                place.model = name(&line["model_name"]).unwrap_or_default();
            }
            failures.push((row, id));
        }
    });
    let run = place.run(&mut build);
    let metric = build.metric(BENCHMARK, "valid", None, true);
    for (row, id) in failures {
        let item = place.item(&mut build, &id);
        build.push(Row::new(run, item, metric, Some(0.0)), row);
    }
    let rest = Rest { score: Some(1.0), n_items: total, ..place.rest(&mut build, run) };
    build.rest(rest);
    build.finish(Some(&passage), "a score")
}

/// Reads `BFCL_v<n>_<category>_result.json`, which says what was tried, without scores.
///
/// # Errors
/// [`ReadError`] where not one line could be read.
pub fn read_results(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "bfcl");
    let place = Place::of(source);
    let run = place.run(&mut build);
    let mut tried = Vec::new();
    let passage = each_record(&text, |_, line: Value| {
        if let Some(id) = name(&line["id"]) {
            place.item(&mut build, &id);
            tried.push(id);
        }
    });
    let rest = Rest { tried, ..place.rest(&mut build, run) };
    build.rest(rest);
    build.finish(Some(&passage), "an item")
}

/// `score/<model>/<group>/BFCL_v<n>_<category>_score.json`.
struct Place {
    model: String,
    category: String,
    version: String,
}

impl Place {
    fn of(source: &Source) -> Self {
        let file = source.file_name();
        let stem = file.strip_suffix(".json").unwrap_or(&file);
        let stem = ["_score", "_result"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
        let (version, category) = match stem.strip_prefix("BFCL_").and_then(|rest| rest.split_once('_')) {
            Some((version, category)) => (version, category),
            None => ("", stem),
        };
        let above = source.directories();
        let at = above.iter().rposition(|d| d == "score" || d == "result").map(|at| at + 1);
        let model = at.and_then(|at| above.get(at)).or_else(|| above.get(above.len().wrapping_sub(2)));
        Self {
            model: model.cloned().unwrap_or_default(),
            category: category.to_owned(),
            version: version.to_owned(),
        }
    }

    fn run(&self, build: &mut Builder) -> u32 {
        build.run(&self.model, &[BENCHMARK, &self.category], |run| {
            run.model_raw = Some(self.model.clone());
            run.task_version = Some(self.version.clone()).filter(|v| !v.is_empty());
        })
    }

    fn item(&self, build: &mut Builder, id: &str) -> u32 {
        build.item(BENCHMARK, Some(&self.category), id, |item| item.native_id = Some(id.to_owned()))
    }

    fn rest(&self, build: &mut Builder, run: u32) -> Rest {
        Rest {
            run: build.table().runs[run as usize].id.clone(),
            benchmark: BENCHMARK.to_owned(),
            subject: Some(self.category.clone()),
            metric: "valid".to_owned(),
            score: None,
            status: Status::Ok,
            n_items: None,
            tried: Vec::new(),
        }
    }
}
