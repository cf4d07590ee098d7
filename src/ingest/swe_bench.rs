//! Which issues did a system resolve? SWE-bench says it in four forms of file; some of them list successes only, and
//! who else was asked is known from others.

use super::build::Builder;
use super::fragment::{Rest, counted};
use super::json::{each_record, text_of};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;
use std::collections::HashSet;

const METRIC: &str = "resolved";

/// A list of instances, the score of its members, and what became of them. An instance counts in the first that has
/// it: the lists overlap.
type List = (&'static str, Option<f64>, Status);

/// Lists of `results.json`, as submissions have it. `generated` are all patches, the resolved ones among them.
const OF_SUBMISSION: [List; 4] = [
    ("resolved", Some(1.0), Status::Ok),
    ("no_generation", Some(0.0), Status::NoAnswer),
    ("no_logs", Some(0.0), Status::MissingAssumedWrong),
    ("generated", Some(0.0), Status::Ok),
];

/// Lists of the report of a run, `<model>.<run>.json`. An error is a patch without a verdict, which the harness counts
/// as not resolved; an incomplete one was not tried.
const OF_RUN: [List; 5] = [
    ("resolved_ids", Some(1.0), Status::Ok),
    ("unresolved_ids", Some(0.0), Status::Ok),
    ("empty_patch_ids", Some(0.0), Status::NoAnswer),
    ("error_ids", Some(0.0), Status::Error),
    ("incomplete_ids", None, Status::Unscored),
];

/// Numbers of instances of the published splits.
const PUBLISHED: [(&str, usize); 4] = [("verified", 500), ("lite", 300), ("test", 2294), ("multimodal", 517)];

/// What the harness leaves beside the report of an instance.
const OF_LOGS: [&str; 4] = [".log", ".diff", ".sh", ".txt"];

/// Whether a file lies where the harness keeps what became of one instance:
/// `run_evaluation/<run>/<model>/<instance>/`.
fn is_of_instance(source: &Source) -> bool {
    let above = source.directories();
    above.len() >= 4 && above[above.len() - 4] == "run_evaluation"
}

/// Whether a file is the report of one instance. Only its place says so where a run was broken off: then the file is
/// empty, or ends too early, and the harness counts the instance as not resolved.
pub fn is_report_of_instance(source: &Source) -> bool {
    is_of_instance(source) && source.file_name() == "report.json"
}

/// Whether a file is one of the logs beside the report of an instance, which say nothing that can be read.
pub fn is_log(source: &Source) -> bool {
    let name = source.file_name();
    is_of_instance(source) && OF_LOGS.iter().any(|end| name.ends_with(end))
}

/// Reads `results/results.json` of a submission, `per_instance_details.json`, which lists every instance, the report
/// of a run, `<model>.<run>.json`, or that of one instance, `run_evaluation/<run>/<model>/<instance>/report.json`.
///
/// Some `results.json` name successes only. All other instances that any submission to the same split names were not
/// resolved either; they get the score 0 and the status `missing_assumed_wrong` when all files are read.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source) -> Result<Fragment, ReadError> {
    let text = match text_of(source) {
        Ok(text) => text,
        Err(_) if is_report_of_instance(source) => return without_verdict(source),
        Err(error) => return Err(error),
    };
    let mut build = Builder::new(source, "swe-bench");
    let mut passage = each_record(&text, |_, file: Value| {
        if file["resolved"].is_array() {
            submission(&mut build, source, &file);
        } else if file["resolved_ids"].is_array() {
            report_of_run(&mut build, source, &file);
        } else {
            instances(&mut build, source, &file);
        }
    });
    if build.table().is_empty() && is_report_of_instance(source) {
        return without_verdict(source);
    }
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(1, "neither a list `resolved` or `resolved_ids` nor instances with `resolved`");
    }
    build.finish(Some(&passage), "an instance")
}

/// A run of a system on a benchmark.
struct Place {
    run: u32,
    metric: u32,
    benchmark: String,
    n_pushed: u64,
}

impl Place {
    /// The run that the files of a submission are about: `evaluation/<split>/<day>_<system>/`.
    fn of_submission(build: &mut Builder, source: &Source) -> Self {
        let mut above = source.directories();
        if above.last().is_some_and(|d| d == "results") {
            above.pop();
        }
        let system = above.pop().unwrap_or_else(|| source.file_name());
        let benchmark = format!("swe-bench_{}", above.pop().as_deref().unwrap_or("unknown"));
        let run = build.run(without_date(&system), &[&benchmark, &system], |run| {
            run.model_raw = Some(system.clone());
            run.timestamp = system.split('_').next().filter(|d| d.len() == 8).map(str::to_owned);
        });
        Self { run, metric: build.metric(&benchmark, METRIC, None, true), benchmark, n_pushed: 0 }
    }

    /// A run of the harness, whose files do not say which split it was.
    fn of_run(build: &mut Builder, model: &str, run: &str) -> Self {
        let benchmark = "swe-bench".to_owned();
        let shown = model.replacen("__", "/", 1);
        let run = build.run(&shown, &[&benchmark, run], |run| run.model_raw = Some(model.to_owned()));
        Self { run, metric: build.metric(&benchmark, METRIC, None, true), benchmark, n_pushed: 0 }
    }

    /// The run of the log of one instance.
    fn of_log(build: &mut Builder, source: &Source) -> Self {
        let above = source.directories();
        let at = |back: usize| above.len().checked_sub(back).and_then(|at| above.get(at));
        let [run, model] = [3, 2].map(|back| at(back).map_or("", String::as_str));
        Self::of_run(build, model, run)
    }

    fn push(&mut self, build: &mut Builder, instance: &str, score: Option<f64>, status: Status) {
        self.n_pushed += 1;
        // An instance is `<repository>-<number>`.
        let repository = instance.rsplit_once('-').map(|(repository, _)| repository);
        let item = build.item(&self.benchmark, repository, instance, |item| {
            item.native_id = Some(instance.to_owned());
        });
        build.push(Row { status, ..Row::new(self.run, item, self.metric, score) }, self.n_pushed);
    }

    /// Adds the members of lists, each once, and returns how many each list gave.
    fn push_lists<const N: usize>(
        &mut self,
        build: &mut Builder,
        file: &Value,
        lists: [List; N],
    ) -> [usize; N] {
        let mut seen = HashSet::new();
        lists.map(|(list, score, status)| {
            let members = file[list].as_array().into_iter().flatten().filter_map(Value::as_str);
            let new: Vec<&str> = members.filter(|instance| seen.insert((*instance).to_owned())).collect();
            new.iter().for_each(|instance| self.push(build, instance, score, status));
            new.len()
        })
    }
}

fn submission(build: &mut Builder, source: &Source, file: &Value) {
    let mut place = Place::of_submission(build, source);
    let [n_resolved, n_others @ ..] = place.push_lists(build, file, OF_SUBMISSION);
    if n_others.iter().all(|n| *n == 0) {
        let split = place.benchmark.trim_start_matches("swe-bench_");
        let published = PUBLISHED.iter().find(|(name, _)| *name == split);
        let share =
            published.map_or_else(String::new, |(name, n)| format!(" of the {n} of the split {name}"));
        build.note(
            None,
            format!(
                "only {} listed{share}: which others were tried is known from \
                 other submissions to the same split only, and instances that none of them lists are missing: the \
                 mean is too high, and that of one submission alone says nothing",
                counted(n_resolved, "resolved instance is", "resolved instances are")
            ),
        );
    }
    let run = build.table().runs[place.run as usize].id.clone();
    build.rest(Rest {
        file: source.name(),
        run,
        benchmark: place.benchmark,
        subject: None,
        metric: METRIC.to_owned(),
        score: Some(0.0),
        status: Status::MissingAssumedWrong,
        n_items: None,
        tried: Vec::new(),
    });
}

fn report_of_run(build: &mut Builder, source: &Source, file: &Value) {
    let name = source.file_name();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    // Names of models have dots, too: the run is behind the last one.
    let (model, run) = stem.rsplit_once('.').unwrap_or((stem, ""));
    let mut place = Place::of_run(build, model, run);
    let [.., n_errors, _] = place.push_lists(build, file, OF_RUN);
    if n_errors > 0 {
        let of_environment = file["infra_failure_ids"].as_array().map_or(0, Vec::len);
        let environment = match of_environment {
            0 => String::new(),
            n => format!("; of all that were not resolved, {n} failed for reasons of the environment"),
        };
        build.note(
            None,
            format!(
                "{} ended in an error and counted as not resolved, as in the harness{environment}",
                counted(n_errors, "instance", "instances")
            ),
        );
    }
}

/// Instances by name, each with a verdict: all of a submission, or the one of a log.
fn instances(build: &mut Builder, source: &Source, file: &Value) {
    let mut place = None;
    for (instance, details) in file.as_object().into_iter().flatten() {
        let Some(resolved) = details["resolved"].as_bool() else { continue };
        let is_log = source.directories().last() == Some(instance) || is_report_of_instance(source);
        let place = place.get_or_insert_with(|| {
            if is_log { Place::of_log(build, source) } else { Place::of_submission(build, source) }
        });
        place.push(build, instance, Some(f64::from(u8::from(resolved))), Status::Ok);
    }
}

/// A report that is empty or ends too early.
fn without_verdict(source: &Source) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "swe-bench");
    let instance = source.directories().pop().unwrap_or_default();
    let mut place = Place::of_log(&mut build, source);
    place.push(&mut build, &instance, Some(0.0), Status::MissingAssumedWrong);
    build.note(None, "the report has no verdict: counted as not resolved, as in the harness");
    build.finish(None, "an instance")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Source {
        Source::new(path, None, text.as_bytes().to_vec())
    }

    /// Model, instance, score and status of each row.
    fn rows(path: &str, text: &str) -> Vec<(String, String, Option<f64>, Status)> {
        let table = read(&file(path, text)).unwrap().table;
        let named = |row: Row| {
            let model = table.runs[row.run as usize].model.to_string();
            (model, table.items[row.item as usize].id.to_string(), row.score, row.status)
        };
        table.rows().map(named).collect()
    }

    #[test]
    fn every_instance_of_a_report_counts_once() {
        let text = r#"{"resolved_ids": ["a-1"], "unresolved_ids": ["a-2", "a-1"], "error_ids": ["a-3", "a-2"],
            "empty_patch_ids": ["a-4"], "incomplete_ids": ["a-5"], "infra_failure_ids": ["a-3", "a-2"]}"#;
        let found = rows("x/org__gpt-4.1.run1.json", text);
        assert!(found.iter().all(|row| row.0 == "org/gpt-4.1"), "{found:?}");
        let found: Vec<_> =
            found.into_iter().map(|(_, instance, score, status)| (instance, score, status)).collect();
        let expected = [
            ("a-1", Some(1.0), Status::Ok),
            ("a-2", Some(0.0), Status::Ok),
            ("a-4", Some(0.0), Status::NoAnswer),
            ("a-3", Some(0.0), Status::Error),
            ("a-5", None, Status::Unscored),
        ];
        assert_eq!(found, expected.map(|(instance, score, status)| (instance.to_owned(), score, status)));
        let notes = read(&file("x/m.r.json", text)).unwrap().notes;
        assert!(notes.iter().any(|n| n.message.contains("1 instance ended in an error")), "{notes:?}");
    }

    #[test]
    fn a_report_without_verdict_is_one_that_was_not_resolved() {
        let path = "logs/run_evaluation/run1/org__m/a__b-1/report.json";
        let failed = [("org/m".to_owned(), "a__b-1".to_owned(), Some(0.0), Status::MissingAssumedWrong)];
        for text in ["", "{", r#"{"a__b-1": {"patch_exists": true}}"#] {
            assert_eq!(rows(path, text), failed, "{text}");
        }
        let resolved = rows(path, r#"{"a__b-1": {"resolved": true}}"#);
        assert_eq!(resolved, [("org/m".to_owned(), "a__b-1".to_owned(), Some(1.0), Status::Ok)]);
        assert!(is_log(&file("run_evaluation/r/m/i/test_output.txt", "")));
        assert!(!is_log(&file("elsewhere/r/m/i/test_output.txt", "")));
    }

    #[test]
    fn what_was_generated_and_not_resolved_is_wrong() {
        let text = r#"{"resolved": ["a-1"], "generated": ["a-1", "a-2"], "no_generation": ["a-3"], "applied": ["a-1"]}"#;
        let fragment = read(&file("evaluation/lite/20240402_m/results/results.json", text)).unwrap();
        let scores: Vec<_> = fragment.table.rows().map(|row| row.score).collect();
        assert_eq!(scores, [Some(1.0), Some(0.0), Some(0.0)]);
        assert!(fragment.notes.is_empty());
        let alone = r#"{"resolved": ["a-1"], "no_generation": [], "no_logs": []}"#;
        let fragment = read(&file("evaluation/verified/20240402_m/results/results.json", alone)).unwrap();
        assert!(
            fragment.notes[0].message.contains("of the 500 of the split verified"),
            "{:?}",
            fragment.notes
        );
    }
}
