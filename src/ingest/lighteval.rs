//! What do the details of lighteval say, and those of the first Open LLM Leaderboard, which are their ancestor?
//! One Parquet file for each task, with columns that changed twice.

use super::build::Builder;
use super::json::value::{name, number, texts, whole};
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::{OptionScore, Row};
use crate::store::nested;
use serde_json::{Map, Value};

/// The columns that are read, of all three forms.
const COLUMNS: [&str; 17] = [
    "doc",
    "metric",
    "model_response",
    "example",
    "full_prompt",
    "query",
    "choices",
    "gold",
    "gold_index",
    "metrics",
    "predictions",
    "acc",
    "acc_norm",
    "mc1",
    "mc2",
    "em",
    "f1",
];

/// Which of the three forms a file of these columns has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// lighteval from 0.11: structures `doc`, `metric` and `model_response`.
    Structures,
    /// lighteval up to 0.10 and the later first leaderboard: one column for each field, metrics in a structure.
    Fields,
    /// The first leaderboard of July 2023: metrics are columns.
    Flat,
}

/// The form of a file with these columns, if it is one of details.
pub fn form(columns: &[String]) -> Option<Form> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    match () {
        () if has("doc") && has("metric") && has("model_response") => Some(Form::Structures),
        () if has("predictions") && has("metrics") && (has("gold_index") || has("gold")) => {
            Some(Form::Fields)
        }
        () if has("predictions") && has("gold") && ["acc", "em", "mc1", "mc2"].iter().any(|m| has(m)) => {
            Some(Form::Flat)
        }
        () => None,
    }
}

/// Reads `details_<task>_<time>.parquet`.
///
/// The names of documents are not written, so that an item is its place in its task; runs over other documents
/// are matched by the text of the questions. Every numeric metric is kept; the first of `acc_norm`, `acc`, … by
/// the leaderboard's custom is not preferred: the primary one is the first that is there in the order `acc`,
/// `em`, `mc2`, others.
///
/// # Errors
/// [`ReadError`] where the file is damaged or has no metric.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let damaged = |e: crate::store::columnar::ColumnarError| ReadError::Malformed {
        file: source.name(),
        row: None,
        message: e.to_string(),
    };
    let columns = nested::parquet_columns(&source.bytes).map_err(damaged)?;
    let records = nested::parquet_records(&source.bytes, &COLUMNS).map_err(damaged)?;
    let form = form(&columns).unwrap_or(Form::Flat);
    let mut build = Builder::new(source, "lighteval");
    let task = Task::of(&source.file_name());
    let model = model_of(source);
    let run = build.run(&model, &[&task.timestamp, &task.benchmark], |run| {
        run.model_raw = Some(model.clone());
        run.timestamp = Some(task.timestamp.clone()).filter(|t| !t.is_empty());
        run.n_shot = task.n_shot;
    });
    for (at, record) in records.iter().enumerate() {
        let parts = Parts::of(record, form);
        let id = match (&task.subject, &parts.id) {
            (Some(subject), id) => format!("{subject}/{}", id.as_ref().unwrap_or(&at.to_string())),
            (None, id) => id.clone().unwrap_or_else(|| at.to_string()),
        };
        let gold = parts.gold;
        let item = build.item(&task.benchmark, task.subject.as_deref(), &id, |item| {
            item.question = parts.question;
            item.options = parts.options;
            item.gold = gold;
        });
        let best_other = (0..parts.logps.len())
            .filter(|k| gold.is_some_and(|gold| usize::from(gold) != *k))
            .map(|k| parts.logps[k])
            .reduce(f64::max);
        let of_key = gold.and_then(|gold| parts.logps.get(usize::from(gold)).copied());
        let chosen = (0..parts.logps.len())
            .reduce(|best, k| if parts.logps[k] > parts.logps[best] { k } else { best })
            .filter(|_| parts.logps.len() > 1);
        let mut metrics: Vec<(String, f64)> = parts.metrics;
        metrics.sort_by_key(|(name, _)| {
            ["acc", "em", "mc2"].iter().position(|m| m == name).unwrap_or(usize::MAX)
        });
        for (place, (name, score)) in metrics.iter().enumerate() {
            let metric = build.metric(&task.benchmark, name, None, place == 0);
            let mut row = Row::new(run, item, metric, Some(*score));
            // The plain argmax is what `acc` scores; other metrics divide by lengths that are not kept.
            row.chosen = chosen.filter(|_| name == "acc").and_then(|k| u16::try_from(k).ok());
            row.gold = gold;
            row.logp_gold = of_key.map(|l| l as f32);
            row.logp_margin = of_key.zip(best_other).map(|(key, other)| (key - other) as f32);
            row.prediction = parts.text.as_deref().filter(|t| t.len() <= 64).map(Into::into);
            build.push(row, at as u64 + 1);
        }
        if parts.logps.len() > 1 {
            let scores = parts.logps.iter().enumerate().map(|(k, logp)| OptionScore {
                run,
                item,
                option: k as u16,
                logp_sum: Some(*logp as f32),
                logp_per_char: None,
                logp_per_byte: None,
                logp_uncond: None,
                num_tokens: None,
                is_greedy: None,
            });
            build.table().options.extend(scores);
        }
    }
    build.finish(None, "a metric")
}

/// What a record says, in whichever form.
struct Parts {
    id: Option<String>,
    question: Option<String>,
    options: Option<Vec<String>>,
    gold: Option<u16>,
    metrics: Vec<(String, f64)>,
    /// Log-probabilities of the options, if all are known.
    logps: Vec<f64>,
    /// The answer as text.
    text: Option<String>,
}

impl Parts {
    fn of(record: &Value, form: Form) -> Self {
        let (doc, metrics, answer) = match form {
            Form::Structures => (&record["doc"], &record["metric"], &record["model_response"]),
            Form::Fields => (record, &record["metrics"], record),
            Form::Flat => (record, record, record),
        };
        let options = texts(&doc["choices"]).filter(|choices| !choices.is_empty());
        let question =
            ["query", "example", "full_prompt"].iter().find_map(|key| doc.get(*key)).and_then(name);
        let gold = if doc["gold_index"].is_null() { &doc["gold"] } else { &doc["gold_index"] };
        let gold = match gold {
            Value::Array(all) if all.len() == 1 => whole(&all[0]),
            // Older writers wrote every column as Python prints it.
            Value::String(text) => whole(&Value::from(text.trim_matches(['[', ']', ' ']))),
            other => whole(other),
        };
        let logps = if form == Form::Structures { &answer["logprobs"] } else { &answer["predictions"] };
        let logps = log_probabilities(logps);
        let n_options = options.as_ref().map_or(0, Vec::len);
        let fits = logps.len() == n_options && n_options <= usize::from(u16::MAX);
        let text = answer.get("text").or_else(|| answer.get("predictions"));
        let text = text.and_then(|text| text.get(0)).and_then(Value::as_str).map(str::to_owned);
        Self {
            id: doc.get("id").and_then(name).filter(|id| !id.is_empty()),
            question,
            options,
            gold: gold.and_then(|gold| u16::try_from(gold).ok()),
            metrics: if form == Form::Flat { flat_metrics(record) } else { metrics_of(metrics) },
            logps: if fits { logps } else { Vec::new() },
            text,
        }
    }
}

/// Numeric metrics; a Python dictionary as text is taken apart.
fn metrics_of(metrics: &Value) -> Vec<(String, f64)> {
    let parsed: Value;
    let fields: Option<&Map<String, Value>> = match metrics {
        Value::String(text) => {
            parsed =
                serde_json::from_str(&text.replace('\'', "\"").replace("None", "null")).unwrap_or_default();
            parsed.as_object()
        }
        other => other.as_object(),
    };
    let numeric = |(name, value): (&String, &Value)| Some((name.clone(), number(value)?));
    fields.into_iter().flatten().filter_map(numeric).collect()
}

fn flat_metrics(record: &Value) -> Vec<(String, f64)> {
    let names = ["acc", "acc_norm", "mc1", "mc2", "em", "f1"];
    names.iter().filter_map(|name| Some(((*name).to_owned(), number(record.get(*name)?)?))).collect()
}

/// Log-probabilities of the options: numbers, or pairs of one and whether greedy decoding gives the option.
fn log_probabilities(value: &Value) -> Vec<f64> {
    let one = |value: &Value| match value {
        Value::Array(pair) => pair.first().and_then(number),
        Value::String(_) => None,
        other => number(other),
    };
    let parsed: Value;
    let all = match value {
        Value::String(text) => {
            let text = text.replace(['(', '['], "[").replace([')', ']'], "]");
            parsed = serde_json::from_str(&text.replace("True", "true").replace("False", "false"))
                .unwrap_or_default();
            &parsed
        }
        other => other,
    };
    let all: Option<Vec<f64>> = all.as_array().and_then(|all| all.iter().map(one).collect());
    all.unwrap_or_default()
}

/// What the name of a file says.
struct Task {
    benchmark: String,
    subject: Option<String>,
    n_shot: Option<i32>,
    timestamp: String,
}

impl Task {
    /// `details_<suite>|<task>:<subject>|<shots>_<time>.parquet`, with or without suite and shots.
    fn of(file: &str) -> Self {
        let stem = file.strip_suffix(".parquet").unwrap_or(file);
        let stem = stem.strip_prefix("details_").unwrap_or(stem);
        let is_time = |text: &str| text.len() > 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
        let (task, timestamp) = match stem.rsplit_once('_').filter(|(_, time)| is_time(time)) {
            Some((task, time)) => (task, time),
            None => (stem, ""),
        };
        let mut parts: Vec<&str> = task.split('|').collect();
        let mut shots = None;
        while parts.len() > 1
            && let Some(number) = parts.last().and_then(|part| part.parse::<i32>().ok())
        {
            shots = Some(number);
            parts.pop();
        }
        let task = parts.last().copied().unwrap_or(task);
        let (benchmark, subject) = match task.split_once(':') {
            Some((benchmark, subject)) => {
                // `arc:challenge` is a benchmark of its own, `mmlu:astronomy` a subject of one.
                let joined = format!("{benchmark}_{subject}");
                match benchmark_of(&joined, None) {
                    (known, Some(subject)) => (known, Some(subject)),
                    _ if benchmark == "arc" => (joined, None),
                    _ => (benchmark.to_owned(), Some(subject.to_owned())),
                }
            }
            None => benchmark_of(task, None),
        };
        Self { benchmark, subject, n_shot: shots, timestamp: timestamp.to_owned() }
    }
}

/// `details/<org>/<model>/<time>/`, or `details_<org>__<model>/<time>/`.
fn model_of(source: &Source) -> String {
    let mut above = source.directories();
    if above.last().is_some_and(|d| d.len() >= 10 && d.as_bytes()[..4].iter().all(u8::is_ascii_digit)) {
        above.pop();
    }
    let last = above.pop().unwrap_or_else(|| "unknown".to_owned());
    if let Some(model) = last.strip_prefix("details_") {
        return model.trim_end_matches("_private").replacen("__", "/", 1);
    }
    match above.pop().filter(|org| org != "details" && above.iter().any(|d| d == "details")) {
        Some(org) => format!("{org}/{last}"),
        None => last.replacen("__", "/", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_task_subject_shots_and_time() {
        let of = |file: &str| {
            let task = Task::of(file);
            (task.benchmark, task.subject.unwrap_or_default(), task.n_shot, task.timestamp)
        };
        let time = "2023-07-19T13:48:53.093937";
        let mmlu = |shots, time: &str| ("mmlu".to_owned(), "astronomy".to_owned(), shots, time.to_owned());
        assert_eq!(
            of(&format!("details_harness|hendrycksTest-astronomy|5_{time}.parquet")),
            mmlu(Some(5), time)
        );
        assert_eq!(
            of("details_leaderboard|mmlu:astronomy|5|0_2024-10-05T11-22-33.1.parquet"),
            mmlu(Some(5), "2024-10-05T11-22-33.1")
        );
        assert_eq!(
            of("details_mmlu:astronomy|5_2025-11-30T09-08-07.6.parquet"),
            mmlu(Some(5), "2025-11-30T09-08-07.6")
        );
        assert_eq!(of("details_arc:challenge|25.parquet").0, "arc_challenge");
    }

    #[test]
    fn models_are_in_the_path() {
        let of = |path: &str| model_of(&Source { path: path.into(), member: None, bytes: Vec::new() });
        assert_eq!(of("out/details/org/m/2025-11-30T09-08-07/f.parquet"), "org/m");
        assert_eq!(of("x/details_org__m/2023-07-19T13:48:53/f.parquet"), "org/m");
        assert_eq!(of("out/details/m/2025-11-30T09-08-07/f.parquet"), "m");
    }
}
