//! What did the metrics of DeepEval say of each test case? One file for each test run.

use super::build::Builder;
use super::json::elements_of;
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
    // Both lists of a run as it is kept, and of one as it was exported.
    let mut lists: [Vec<Case>; 4] = Default::default();
    let paths: [&[&str]; 4] = [
        &["testCases"],
        &["conversationalTestCases"],
        &["testRunData", "testCases"],
        &["testRunData", "conversationalTestCases"],
    ];
    let (mut passage, about) = elements_of(source, &paths, |list, piece| {
        piece.each(|_, case: Value| lists[list].push(Case::of(&case)))
    })?;
    let [kept, kept_conversations, exported, exported_conversations] = lists;
    let (about, cases, conversations) = match about.get("testRunData") {
        Some(inner) => (inner, exported, exported_conversations),
        None => (&about, kept, kept_conversations),
    };
    let stem = source.file_name();
    let stem = stem.strip_suffix(".json").unwrap_or(&stem);
    let model = text_at(about, &["hyperparameters", "model"]).filter(|m| !m.is_empty());
    if model.is_none() {
        build.note(None, format!("no `hyperparameters.model`: the run is named after its file, {stem:?}"));
    }
    let cases: Vec<Case> = cases.into_iter().chain(conversations).enumerate().map(Case::numbered).collect();
    push(about, &cases, model.unwrap_or(stem), &mut build);
    if build.table().is_empty() && passage.truncated.is_none() {
        passage.fault(
            1,
            "`testCases` or `conversationalTestCases` must be a list of test cases with `metricsData`",
        );
    }
    build.finish(Some(&passage), "a test case")
}

/// What is kept of a test case.
struct Case {
    name: String,
    /// What is asked.
    question: Option<String>,
    expected: Option<String>,
    output: Option<String>,
    metrics: Vec<Measured>,
}

/// What a metric said.
struct Measured {
    name: Option<String>,
    score: Option<f64>,
    failed: bool,
}

impl Case {
    fn of(case: &Value) -> Self {
        let text = |key: &str| text_at(case, &[key]).map(str::to_owned);
        let metrics = case["metricsData"].as_array().into_iter().flatten().map(|metric| {
            let failed = metric["error"].as_str().is_some();
            let score = number(&metric["score"]).filter(|_| !failed);
            Measured { name: name(&metric["name"]), score, failed }
        });
        Self {
            name: name(&case["name"]).unwrap_or_default(),
            question: question(case),
            expected: text("expectedOutput").or_else(|| text("expectedOutcome")),
            output: text("actualOutput").filter(|output| output.len() <= 64),
            metrics: metrics.collect(),
        }
    }

    /// A case without a name has its number.
    fn numbered((at, mut case): (usize, Self)) -> Self {
        if case.name.is_empty() {
            case.name = format!("test case {at}");
        }
        case
    }
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

fn push(about: &Value, cases: &[Case], model: &str, build: &mut Builder) {
    let named = |key: &str| text_at(about, &[key]).filter(|text| !text.is_empty());
    let benchmark = named("datasetAlias").or_else(|| named("testFile")).unwrap_or("deepeval");
    let run = build.run(model, &[benchmark], |run| run.model_raw = Some(model.to_owned()));
    let mut questions: FxHashMap<&str, FxHashSet<Option<&str>>> = FxHashMap::default();
    for case in cases {
        questions.entry(&case.name).or_default().insert(case.question.as_deref());
    }
    let mut repeats: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let n_without_metrics = cases.iter().filter(|case| case.metrics.is_empty()).count();
    for (at, case) in cases.iter().enumerate() {
        let is_one = questions.get(case.name.as_str()).is_none_or(|questions| questions.len() == 1);
        let id = match &case.question {
            Some(question) if !is_one => format!("{}#{:08x}", case.name, xxh3_64(question.as_bytes()) >> 32),
            _ => case.name.clone(),
        };
        let item = build.item(benchmark, None, &id, |item| {
            item.native_id = Some(case.name.clone());
            item.question = case.question.as_deref().map(Into::into);
            item.gold_text = case.expected.as_deref().map(Into::into);
        });
        for (place, measured) in case.metrics.iter().enumerate() {
            let Some(mut name) = measured.name.clone() else { continue };
            // Two metrics of one case may have one name: they are two metrics all the same.
            let before = case.metrics[..place].iter().filter(|other| other.name == measured.name).count();
            if before > 0 {
                name = format!("{name} {}", before + 1);
            }
            let metric = build.metric(benchmark, &name, None, place == 0);
            let mut row = Row::new(run, item, metric, measured.score);
            let next = repeats.entry((item, metric)).or_default();
            row.repeat = *next;
            *next += 1;
            if measured.failed {
                row.status = Status::Error;
            }
            row.prediction = case.output.as_deref().map(Into::into);
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
