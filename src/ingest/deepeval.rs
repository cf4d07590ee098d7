//! What did the metrics of DeepEval say of each test case? One file for each test run.

use super::build::Builder;
use super::json::records;
use super::json::value::{name, number, text_at};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Reads a test run, as it was exported or as it is kept for the next command (`.deepeval/.latest_test_run.json`). The
/// model is a hyperparameter of the run where it is known; else the file stands for it.
///
/// Conversations are test cases like others: their text is the scenario, or the turns. Cases of one name that ask
/// different things, as those of one function of pytest do, are told apart by a hash of what they ask; cases that ask
/// the same are repeats.
///
/// # Errors
/// [`ReadError`] where not one test case could be read.
pub fn read(source: &Source) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "deepeval");
    let mut passage = records(source, |_, file: Value| {
        let file = file.get("testRunData").unwrap_or(&file);
        let stem = source.file_name();
        let stem = stem.strip_suffix(".json").unwrap_or(&stem);
        let model = text_at(file, &["hyperparameters", "model"]).filter(|m| !m.is_empty());
        if model.is_none() {
            build
                .note(None, format!("no `hyperparameters.model`: the run is named after its file, {stem:?}"));
        }
        push(file, model.unwrap_or(stem), &mut build);
    })?;
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(
            1,
            "`testCases` or `conversationalTestCases` must be a list of test cases with `metricsData`",
        );
    }
    build.finish(Some(&passage), "a test case")
}

/// A test case.
struct Case<'f> {
    value: &'f Value,
    name: String,
    /// What is asked.
    question: Option<String>,
}

/// The test cases of a run, and then its conversations.
fn cases(file: &Value) -> Vec<Case<'_>> {
    let list = |key: &str| file[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let all = list("testCases").iter().chain(list("conversationalTestCases")).enumerate();
    all.map(|(at, value)| {
        let name = name(&value["name"]).unwrap_or_else(|| format!("test case {at}"));
        Case { value, name, question: question(value) }
    })
    .collect()
}

/// The input, the scenario of a conversation, or what was said in it by the user.
fn question(case: &Value) -> Option<String> {
    if let Some(text) = ["input", "scenario"].iter().find_map(|key| text_at(case, &[key])) {
        return Some(text.to_owned());
    }
    let turns = case["turns"].as_array()?.iter().filter(|turn| turn["role"] == "user");
    let said: Vec<&str> = turns.filter_map(|turn| text_at(turn, &["content"])).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

fn push(file: &Value, model: &str, build: &mut Builder) {
    let named = |key: &str| text_at(file, &[key]).filter(|text| !text.is_empty());
    let benchmark = named("datasetAlias").or_else(|| named("testFile")).unwrap_or("deepeval");
    let run = build.run(model, &[benchmark], |run| run.model_raw = Some(model.to_owned()));
    let cases = cases(file);
    let mut questions: FxHashMap<&str, FxHashSet<Option<&str>>> = FxHashMap::default();
    for case in &cases {
        questions.entry(&case.name).or_default().insert(case.question.as_deref());
    }
    let mut repeats: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut n_without_metrics = 0;
    for (at, case) in cases.iter().enumerate() {
        let is_one = questions.get(case.name.as_str()).is_none_or(|questions| questions.len() == 1);
        let id = match &case.question {
            Some(question) if !is_one => format!("{}#{:08x}", case.name, xxh3_64(question.as_bytes()) >> 32),
            _ => case.name.clone(),
        };
        let item = build.item(benchmark, None, &id, |item| {
            item.native_id = Some(case.name.clone());
            item.question.clone_from(&case.question);
            let expected =
                ["expectedOutput", "expectedOutcome"].iter().find_map(|key| text_at(case.value, &[key]));
            item.gold_text = expected.map(str::to_owned);
        });
        let metrics = case.value["metricsData"].as_array().map(Vec::as_slice).unwrap_or_default();
        n_without_metrics += usize::from(metrics.is_empty());
        for (place, metric) in metrics.iter().enumerate() {
            let Some(mut metric_name) = name(&metric["name"]) else { continue };
            // Two metrics of one case may have one name: they are two metrics all the same.
            let before = metrics[..place].iter().filter(|other| other["name"] == metric["name"]).count();
            if before > 0 {
                metric_name = format!("{metric_name} {}", before + 1);
            }
            let failed = metric["error"].as_str().is_some();
            let score = number(&metric["score"]).filter(|_| !failed);
            let metric = build.metric(benchmark, &metric_name, None, place == 0);
            let mut row = Row::new(run, item, metric, score);
            let next = repeats.entry((item, metric)).or_default();
            row.repeat = *next;
            *next += 1;
            if failed {
                row.status = Status::Error;
            }
            let output = text_at(case.value, &["actualOutput"]).filter(|o| o.len() <= 64);
            row.prediction = output.map(Into::into);
            build.push(row, at as u64 + 1);
        }
    }
    if n_without_metrics > 0 {
        build.note(None, format!("{n_without_metrics} test cases have no metric, and no score"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Vec<(String, u32, Option<f64>)> {
        let source = Source::new("run.json", None, json.as_bytes().to_vec());
        let table = read(&source).unwrap().table;
        table
            .rows()
            .map(|row| (table.items[row.item as usize].id.to_string(), row.repeat, row.score))
            .collect()
    }

    #[test]
    fn cases_of_one_name_are_one_item_only_if_they_ask_the_same() {
        let case = |name: &str, input: &str, score: u8| {
            format!(r#"{{"name":"{name}","input":"{input}","metricsData":[{{"name":"m","score":{score}}}]}}"#)
        };
        let all = [case("f", "one?", 1), case("f", "two?", 0), case("f", "one?", 0), case("g", "one?", 1)]
            .join(",");
        let rows = rows(&format!(r#"{{"testCases":[{all}],"hyperparameters":{{"model":"m"}}}}"#));
        assert!(
            rows[0].0.starts_with("f#") && rows[1].0.starts_with("f#") && rows[0].0 != rows[1].0,
            "{rows:?}"
        );
        assert_eq!((&rows[2].0, rows[0].1, rows[1].1, rows[2].1), (&rows[0].0, 0, 0, 1));
        assert_eq!((rows[3].0.as_str(), rows[3].2), ("g", Some(1.0)));
    }

    #[test]
    fn conversations_are_cases_and_what_was_said_is_their_text() {
        let case: Value = serde_json::from_str(
            r#"{"turns":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"why?"}]}"#,
        )
        .unwrap();
        assert_eq!(question(&case).as_deref(), Some("hi\nwhy?"));
        let text = r#"{"testRunData":{"conversationalTestCases":[
            {"name":"c","scenario":"s","turns":[],"metricsData":[{"name":"m","score":0.5}]}]}}"#;
        assert_eq!(rows(text), [("c".to_owned(), 0, Some(0.5))]);
    }
}
