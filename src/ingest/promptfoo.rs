//! Which outputs passed the assertions of promptfoo? One result for each test, prompt and provider.

use super::build::Builder;
use super::item_hash;
use super::json::value::{name, number, text_at, whole};
use super::json::{each_record, text_of};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// The failure that means that the provider or an assertion broke down.
const ERROR: i64 = 2;

/// Reads what `promptfoo eval -o results.json` wrote.
///
/// The item is the set of variables of a test, named by its hash; prompts after the first are variants, and
/// attempts that broke down have no score.
///
/// # Errors
/// [`ReadError`] where not one result could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let text = text_of(source)?;
    let mut build = Builder::new(source, "promptfoo");
    let mut passage = each_record(&text, |_, file: Value| {
        let benchmark = text_at(&file, &["config", "description"]).unwrap_or("promptfoo");
        let results = file["results"]["results"].as_array().or_else(|| file["results"].as_array());
        for (at, result) in results.into_iter().flatten().enumerate() {
            push(&mut build, benchmark, &file, result, at as u64 + 1);
        }
    });
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(1, "`results.results` must be a list of results with a provider");
    }
    build.finish(Some(&passage), "a result")
}

fn push(build: &mut Builder, benchmark: &str, file: &Value, result: &Value, at: u64) {
    let provider = &result["provider"];
    let id = name(provider).or_else(|| name(&provider["id"]));
    let label = text_at(provider, &["label"]).filter(|label| !label.is_empty());
    let Some(model) = label.map(str::to_owned).or_else(|| id.clone()) else { return };
    let variant = whole(&result["promptIdx"]).filter(|n| *n > 0).map(|n| format!("prompt {n}"));
    let run = build.run(&model, &[benchmark, variant.as_deref().unwrap_or_default()], |run| {
        run.model_raw = id;
        run.prompt_variant = variant.clone();
        run.timestamp = text_at(file, &["results", "timestamp"]).map(str::to_owned);
    });
    let vars = if result["vars"].is_object() { &result["vars"] } else { &result["testCase"]["vars"] };
    // A test without variables has only its number.
    let question = match vars.as_object() {
        Some(vars) if vars.len() == 1 => vars.values().next().and_then(name),
        Some(vars) if !vars.is_empty() => {
            let sorted: std::collections::BTreeMap<_, _> = vars.iter().collect();
            serde_json::to_string(&sorted).ok()
        }
        _ => None,
    };
    let id = match &question {
        Some(question) => format!("{:016x}", item_hash::<&str>(question, &[])),
        None => format!("test {}", whole(&result["testIdx"]).unwrap_or(at as i64)),
    };
    let item = build.item(benchmark, None, &id, |item| item.question = question);
    let failed = whole(&result["failureReason"]) == Some(ERROR);
    let named = result["namedScores"].as_object().into_iter().flatten();
    let scores = [("score", &result["score"], true)]
        .into_iter()
        .chain(named.map(|(name, value)| (name.as_str(), value, false)));
    for (metric, value, primary) in scores {
        let metric = build.metric(benchmark, metric, None, primary);
        let mut row = Row::new(run, item, metric, number(value).filter(|_| !failed));
        if failed {
            row.status = Status::Error;
        }
        row.prediction = text_at(result, &["response", "output"]).filter(|o| o.len() <= 64).map(Into::into);
        build.push(row, at);
    }
}
