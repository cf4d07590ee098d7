//! Which calls of functions were right? BFCL lists only the failures; what was tried is in another file.

use super::build::Builder;
use super::fragment::Rest;
use super::json::records;
use super::json::value::{name, whole};
use super::peek::Peek;
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

const BENCHMARK: &str = "bfcl";

/// Directories between that of a model and its files, which say the group of a category.
const GROUPS: [&str; 10] = [
    "non_live",
    "live",
    "multi_turn",
    "agentic",
    "web_search",
    "memory",
    "kv",
    "vector",
    "rec_sum",
    "format_sensitivity",
];

/// Reads `BFCL_v<n>_<category>_score.json`: a line with totals, then one line for each failure.
///
/// Every other item of the category was right, as long as the number of items is the one in the first line;
/// which items there are is known from the results of this or of other models.
///
/// # Errors
/// [`ReadError`] where not one line could be read.
pub fn read_scores(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "bfcl");
    let (mut total, mut named) = (None, None);
    let mut failures: Vec<(u64, String)> = Vec::new();
    let passage = records(source, |row, line: Value| {
        if let Some(count) = whole(&line["total_count"]) {
            total = usize::try_from(count).ok();
        } else if let Some(id) = name(&line["id"]) {
            named = named.take().or_else(|| name(&line["model_name"]));
            failures.push((row, id));
        }
    })?;
    let place = Place::of(source, named);
    let run = place.run(&mut build);
    let metric = build.metric(BENCHMARK, "valid", None, true);
    for (row, id) in failures {
        let item = place.item(&mut build, &id);
        build.push(Row::new(run, item, metric, Some(0.0)), row);
    }
    let rest = Rest { score: Some(1.0), n_items: total, ..place.rest(source, &mut build, run) };
    build.rest(rest);
    build.finish(Some(&passage), "a score")
}

/// Reads `BFCL_v<n>_<category>_result.json`, which says what was tried, without scores.
///
/// Items whose inference broke down are scored as the harness scores the message of the error; that is said.
///
/// # Errors
/// [`ReadError`] where not one line could be read.
pub fn read_results(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "bfcl");
    let place = Place::of(source, None);
    let run = place.run(&mut build);
    let (mut tried, mut broken) = (Vec::new(), 0usize);
    let passage = records(source, |_, line: Value| {
        if let Some(id) = name(&line["id"]).filter(|id| !is_prerequisite(id)) {
            place.item(&mut build, &id);
            tried.push(id);
            broken += usize::from(line["result"].as_str().is_some_and(|r| r.starts_with(BROKEN)));
        }
    })?;
    if broken > 0 {
        let message = format!(
            "{broken} of {} items ended in an error during inference, whose message BFCL scored as if it were the \
             answer: run them again",
            tried.len()
        );
        build.note(None, message);
    }
    let rest = Rest { tried, ..place.rest(source, &mut build, run) };
    build.rest(rest);
    build.finish(Some(&passage), "an item")
}

/// How a result begins that is no answer of the model.
const BROKEN: &str = "Error during inference:";

/// Whether all items of a file of results only prepare others.
pub fn only_prepares(bytes: &[u8]) -> bool {
    let prepares = |line: &[u8]| {
        let peek = Peek::at(line);
        let id = peek.as_ref().and_then(|peek| peek.field("id")).map(String::from_utf8_lossy);
        id.map_or_else(|| line.trim_ascii().is_empty(), |id| is_prerequisite(&id))
    };
    bytes.split(|b| *b == b'\n').all(prepares)
}

/// Whether an item only fills the memory of a model for those that are scored.
fn is_prerequisite(id: &str) -> bool {
    id.contains("_prereq_")
}

/// Whether the first line of a table is that of one of BFCL's leaderboards, whose rows are averages of categories.
pub fn is_leaderboard(bytes: &[u8]) -> bool {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let columns: Vec<&str> = line.trim_end().split(',').take(3).collect();
    match columns[..] {
        ["Rank", "Overall Acc", "Model"] => true,
        ["Rank", "Model", first] => {
            first.ends_with(" Overall Acc") || first.starts_with("Format Sensitivity ")
        }
        _ => false,
    }
}

/// `score/<model>/<group>/BFCL_v<n>_<category>_score.json`; version 3 has no groups, and memory has three.
struct Place {
    model: String,
    category: String,
    version: String,
}

impl Place {
    /// The model is `named` by the file if a directory has that name, or if no directory could be that of a model.
    fn of(source: &Source, named: Option<String>) -> Self {
        let file = source.file_name();
        let stem = file.strip_suffix(".json").unwrap_or(&file);
        let stem = ["_score", "_result"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
        let (version, category) = match stem.strip_prefix("BFCL_").and_then(|rest| rest.split_once('_')) {
            Some((version, category)) => (version, category),
            None => ("", stem),
        };
        let above = source.directories();
        let is_root = |directory: &String| directory == "score" || directory == "result";
        let below_root = above.iter().rposition(is_root).and_then(|at| above.get(at + 1));
        let last = above.iter().rev().find(|directory| !GROUPS.contains(&directory.as_str()));
        let has_group = above.last() != last;
        let of_path = match last {
            // A group that is not known here.
            Some(_) if !has_group && below_root.is_some() => below_root,
            other => other.filter(|directory| !is_root(directory)),
        };
        let of_path = named.as_ref().filter(|named| above.contains(named)).or(of_path).cloned();
        Self {
            model: of_path.or(named).unwrap_or_default(),
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

    fn rest(&self, source: &Source, build: &mut Builder, run: u32) -> Rest {
        Rest {
            file: source.name(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_above_the_groups() {
        let of = |path: &str, named: Option<&str>| {
            let source = Source::new(path, None, Vec::new());
            Place::of(&source, named.map(str::to_owned)).model
        };
        let file = "BFCL_v4_memory_kv_score.json";
        assert_eq!(of(&format!("score/m/agentic/memory/kv/{file}"), None), "m");
        assert_eq!(of(&format!("mine/m/agentic/memory/kv/{file}"), None), "m");
        assert_eq!(of(&format!("result/x/mine/m/non_live/{file}"), None), "m");
        assert_eq!(of(&format!("score/m/{file}"), None), "m");
        assert_eq!(of(&format!("score/m/new_group/{file}"), None), "m");
        assert_eq!(of(&format!("mine/m/new_group/{file}"), Some("m")), "m");
        assert_eq!(of(&format!("score/{file}"), Some("m")), "m");
    }

    #[test]
    fn what_fills_the_memory_is_no_item() {
        let prepares = br#"{"id": "memory_kv_prereq_0-a-0", "result": [], "latency": 1}"#;
        let both = [&prepares[..], b"\n", br#"{"id": "memory_kv_0-a-0", "result": []}"#, b"\n"].concat();
        assert!(only_prepares(prepares) && !only_prepares(&both));
        let source = Source::new("score/m/BFCL_v4_memory_kv_result.json", None, both);
        assert_eq!(read_results(&source, &[]).unwrap().rests[0].tried, ["memory_kv_0-a-0"]);
    }

    #[test]
    fn leaderboards_are_known_by_their_columns() {
        assert!(is_leaderboard(b"Rank,Overall Acc,Model,Model Link\n"));
        assert!(is_leaderboard(b"Rank,Model,Live Overall Acc,AST Summary\n"));
        assert!(is_leaderboard(b"Rank,Model,Format Sensitivity Max Delta,x\n"));
        assert!(!is_leaderboard(b"Rank,Model,q1,q2\n"));
    }
}
