//! How likely was each option to a model of OLMES or of one of its checkpoints? One record for each question.

mod place;

use super::build::Builder;
use super::json::value::{name, number, text_at, texts, whole};
use super::json::{first_record, records, text_of};
use super::lm_eval::groups::benchmark_of;
use super::model_name;
use super::{Fragment, ReadError, Source};
use crate::response::{OptionScore, Row, Run};
use place::Place;
use serde_json::Value;
use std::collections::HashMap;

/// Reads `*-predictions.jsonl`, with the `*-metrics.json` and `*-requests.jsonl` of the same task beside it.
///
/// ```text
/// ln p per byte = −ln 2 · logits_per_byte
/// ```
///
/// `logits_per_byte` is in bits and positive, although `logits_per_char` beside it is in nats and negative.
/// Every `acc_*` is a metric of its own; the primary one is that of the task's configuration. In releases of
/// checkpoints only the path says which model it was (recipe, size, seed and step in the names of directories), whatever the configuration says.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "olmes");
    let stem = stem(source, "-predictions.jsonl");
    let of_task =
        |end: &str| beside.iter().find(|other| self::stem(other, end) == stem && other.file_name() != stem);
    let metrics: Option<Value> = of_task("-metrics.json").and_then(|s| first_record(&text_of(s).ok()?));
    let requests = of_task("-requests.jsonl").map(|s| questions(s)).unwrap_or_default();
    let metrics = metrics.unwrap_or(Value::Null);
    let task =
        text_at(&metrics, &["task_name"]).map_or_else(|| without_number(&stem).to_owned(), str::to_owned);
    let (benchmark, subject) = benchmark_of(task.split(':').next().unwrap_or(&task), None);
    let primary = text_at(&metrics, &["task_config", "primary_metric"]);
    let (model, facts) = identity(source, &metrics);
    let step = facts.step.map(|step| format!("step {step}")).unwrap_or_default();
    // Tasks of one benchmark have a date each, but are one run: none may stand for the others.
    let run = build.run(&model, &[&step, &benchmark], |run| {
        *run = Run {
            id: run.id.clone(),
            harness: run.harness.take(),
            files: std::mem::take(&mut run.files),
            ..facts
        };
    });
    let mut faults = Vec::new();
    let mut passage = records(source, |row, record: Value| {
        let Some(scores) = record["metrics"].as_object() else {
            faults.push(row);
            return;
        };
        let doc = whole(&record["doc_id"]);
        let native = name(&record["native_id"]);
        let id = match (&native, doc) {
            // A native name that is only a number is one of its subject.
            (Some(native), _) if native.parse::<f64>().is_err() => native.clone(),
            (Some(id), _) => in_subject(subject.as_deref(), id),
            (None, doc) => in_subject(subject.as_deref(), &doc.unwrap_or(row as i64 - 1).to_string()),
        };
        let gold = [&scores.get("correct_choice"), &record.get("label")]
            .iter()
            .find_map(|v| v.and_then(whole))
            .and_then(|gold| u16::try_from(gold).ok());
        let item = build.item(&benchmark, subject.as_deref(), &id, |item| {
            item.native_id = native;
            item.gold = gold;
            if let Some((question, options)) = doc.and_then(|doc| requests.get(&doc)) {
                item.question = question.as_deref().map(Into::into);
                item.options = options.clone().map(Into::into);
            }
        });
        let options = options(run, item, &record["model_output"]);
        let logp = |k: usize| options.get(k).and_then(|o| o.logp_sum);
        let of_key = gold.and_then(|gold| logp(usize::from(gold)));
        let best_other = (0..options.len())
            .filter(|k| gold.is_some_and(|gold| usize::from(gold) != *k))
            .filter_map(logp)
            .reduce(f32::max);
        for (key, value) in scores {
            let Some(score) =
                number(value).filter(|_| !key.starts_with("predicted_index") && key != "correct_choice")
            else {
                continue;
            };
            let is_primary = primary.map_or(key == "acc_raw", |primary| primary == key);
            let metric = build.metric(&benchmark, key, None, is_primary);
            let mut scored = Row::new(run, item, metric, Some(score));
            let index = key.strip_prefix("acc_").map(|kind| format!("predicted_index_{kind}"));
            let chosen = index.and_then(|index| scores.get(&index)).and_then(whole);
            scored.chosen = chosen.and_then(|chosen| u16::try_from(chosen).ok());
            scored.gold = gold;
            scored.logp_gold = of_key;
            scored.logp_margin = of_key.zip(best_other).map(|(key, other)| key - other);
            build.push(scored, row);
        }
        if options.len() > 1 {
            build.table().options.extend(options);
        }
    })?;
    for row in faults {
        passage.fault(row, "a record must have `metrics`");
    }
    build.finish(Some(&passage), "metrics of single questions")
}

/// What is known of each option.
fn options(run: u32, item: u32, outputs: &Value) -> Vec<OptionScore> {
    let outputs = outputs.as_array().map(Vec::as_slice).unwrap_or_default();
    let options = outputs.iter().take(usize::from(u16::MAX)).enumerate().map(|(k, output)| {
        let real = |key: &str| number(&output[key]).filter(|v| v.is_finite());
        OptionScore {
            run,
            item,
            option: k as u16,
            logp_sum: real("sum_logits").map(|v| v as f32),
            logp_per_char: real("logits_per_char").map(|v| v as f32),
            logp_per_byte: real("logits_per_byte").map(|bits| (-bits * std::f64::consts::LN_2) as f32),
            logp_uncond: real("sum_logits_uncond").map(|v| v as f32),
            num_tokens: whole(&output["num_tokens"]).and_then(|n| u32::try_from(n).ok()),
            is_greedy: output["is_greedy"].as_bool(),
        }
    });
    options.collect()
}

fn in_subject(subject: Option<&str>, id: &str) -> String {
    subject.map_or_else(|| id.to_owned(), |subject| format!("{subject}/{id}"))
}

fn stem(source: &Source, end: &str) -> String {
    let name = source.file_name();
    name.strip_suffix(end).map(str::to_owned).unwrap_or(name)
}

/// The task without the number that the program puts before it: `task-001-mmlu_virology`.
fn without_number(stem: &str) -> &str {
    let rest = stem.strip_prefix("task-").and_then(|rest| rest.split_once('-'));
    rest.filter(|(number, _)| number.parse::<u32>().is_ok()).map_or(stem, |(_, task)| task)
}

/// Question and options of each document.
fn questions(source: &Source) -> HashMap<i64, (Option<String>, Option<Vec<String>>)> {
    let mut all = HashMap::new();
    // Requests that cannot be read explain nothing.
    let _ = records(source, |_, request: Value| {
        let doc = &request["doc"];
        if let Some(id) = whole(&request["doc_id"]) {
            let question = ["query", "question"].iter().find_map(|key| text_at(doc, &[*key]));
            all.entry(id).or_insert_with(|| (question.map(str::to_owned), texts(&doc["choices"])));
        }
    });
    all
}

/// The model, from the path of a release of checkpoints, else from the configuration, else from the directory.
fn identity(source: &Source, metrics: &Value) -> (String, Run) {
    let config = &metrics["model_config"];
    let above = source.directories();
    let mut run = Run::new("", "");
    run.n_shot = whole(&metrics["task_config"]["num_shots"]).and_then(|n| i32::try_from(n).ok());
    run.task_version = metrics["task_config"].get("version").and_then(name);
    run.prompt_variant = text_at(metrics, &["task_config", "metadata", "alias"])
        .and_then(|alias| alias.split(':').nth(1))
        .map(str::to_owned);
    run.limit = whole(&metrics["task_config"]["limit"]);
    run.timestamp = text_at(metrics, &["current_date"]).map(str::to_owned);
    let raw = text_at(config, &["model"]).map(str::to_owned);
    let raw = raw.or_else(|| above.last().cloned()).unwrap_or_default();
    let revision = text_at(config, &["revision"]).filter(|r| !r.is_empty());
    let named = model_name::read_weights(&raw, revision);
    let place = Place::of(&above);
    if let Some((place, model)) = place.as_ref().and_then(|place| Some((place, place.model.clone()?))) {
        place.tell(&mut run);
        // A release without directories of steps may have them in the configuration.
        named.tell(&mut run);
        return (model, run);
    }
    run.model = named.display.as_str().into();
    named.tell(&mut run);
    if let Some(place) = place.filter(|_| run.step.is_none()) {
        place.tell(&mut run);
    }
    run.model_raw = Some(raw);
    (named.display, run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bits_become_nats_and_turn_their_sign() {
        // −66.26 nats over 33 characters of one byte: 2.8968 bits for each byte.
        let output =
            json!([{"sum_logits": -66.26, "logits_per_byte": 66.26 / (33.0 * std::f64::consts::LN_2)}]);
        let option = &options(0, 0, &output)[0];
        assert!((option.logp_per_byte.unwrap() + 66.26 / 33.0).abs() < 1e-6);
        assert!((number(&output[0]["logits_per_byte"]).unwrap() - 2.8968).abs() < 1e-4);
    }

    #[test]
    fn a_checkpoint_is_known_by_its_path() {
        let of = |member: &str, config: Value| {
            let source = Source::new("d/r.tar.gz", Some(member.to_owned()), Vec::new());
            let (model, run) = identity(&source, &json!({ "model_config": config }));
            (model, run.step, run.seed, run.params)
        };
        let told = ("r-150M-seed-14".to_owned(), Some(1250), Some(14), Some(150e6));
        assert_eq!(of("r/150M/seed-14/step-1250.tar.gz/step-1250/x-predictions.jsonl", Value::Null), told);
        let config = json!({"model": "/x/checkpoint", "revision": "step1250-unsharded-hf"});
        assert_eq!(of("r/150M/seed-14/x-predictions.jsonl", config), told);
        // Without a size above it a step is one of the model of the configuration.
        let config = json!({"model": "o/m"});
        assert_eq!(
            of("results/step-10/x-predictions.jsonl", config),
            ("o/m".to_owned(), Some(10), None, None)
        );
    }
}
