//! What does a run of HELM say? Several files in one directory: the scores of each instance are in one, the
//! model in another, questions and answers in a third.

mod run;
mod schema;
mod state;

use super::build::Builder;
use super::json::value::{name, number, text_at, whole};
use super::json::{Passage, records};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use run::RunSpec;
use serde_json::Value;
use state::{Asked, States};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Statistics that measure the run instead of the answer: the beginnings of their names.
const TELEMETRY: [&str; 13] = [
    "num_",
    "training_",
    "inference_",
    "batch_size",
    "finish_reason_",
    "prompt_truncated",
    "max_prob",
    "logprob",
    "predicted_",
    "runtime",
    "ece_",
    "platt_",
    "selective_",
];

/// Reads `per_instance_stats.json`, with `run_spec.json` and `scenario_state.json` or `instances.json` beside it.
///
/// An attempt is an instance, a perturbation and a train trial. Trials are repeats; a perturbed copy of an
/// instance belongs to a run of its own, the prompt variant of that name, so that it never counts for the
/// model by default. The value of a statistic is its mean.
///
/// # Errors
/// [`ReadError`] where not one statistic could be read.
pub fn read(source: &Source, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let take = |record: &Value, add: &mut dyn FnMut(&str, Option<f64>)| {
        for stat in record["stats"].as_array().into_iter().flatten() {
            let Some(name) = text_at(stat, &["name", "name"]) else { continue };
            let count = number(&stat["count"]).filter(|count| *count > 0.0);
            let mean = number(&stat["mean"]).or_else(|| Some(number(&stat["sum"])? / count?));
            add(name, mean.filter(|_| count.is_some()));
        }
    };
    rows(source, beside, take)
}

/// Reads `display_predictions.json`, which stands for `per_instance_stats.json` where that is not there.
///
/// # Errors
/// [`ReadError`] where not one statistic could be read; HELM leaves them out for groups that its schema does not
/// name.
pub fn read_predictions(source: &Source, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let take = |record: &Value, add: &mut dyn FnMut(&str, Option<f64>)| {
        for (name, value) in record["stats"].as_object().into_iter().flatten() {
            add(name, number(value));
        }
    };
    rows(source, beside, take)
}

fn rows(
    source: &Source,
    beside: &[&Source],
    take: impl Fn(&Value, &mut dyn FnMut(&str, Option<f64>)),
) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "helm");
    let spec = RunSpec::find(source, beside);
    if !spec.is_known {
        build.note(None, "no run_spec.json beside it: model and benchmark were taken from the directory");
    }
    let states = States::find(beside);
    let mut splits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    let mut left_out = 0usize;
    let mut met: HashMap<(u32, u32, u32, u32), ()> = HashMap::new();
    let mut passage: Passage = records(source, |row, record: Value| {
        let Some(instance) = name(&record["instance_id"]) else {
            faults.push(row);
            return;
        };
        let perturbation = text_at(&record, &["perturbation", "name"]);
        let trial = whole(&record["train_trial_index"]).and_then(|t| u32::try_from(t).ok()).unwrap_or(0);
        let asked = states.get(&instance, perturbation, trial);
        if let Some(split) = text_at(&record["stats"][0]["name"], &["split"]) {
            splits.entry(split.to_owned()).or_default().insert(instance.clone());
        }
        let run = spec.run(&mut build, perturbation);
        let item = spec.item(&mut build, &instance);
        if perturbation.is_none() {
            describe(&mut build, item, asked);
        }
        take(&record, &mut |name, score| {
            if TELEMETRY.iter().any(|prefix| name.starts_with(prefix)) {
                left_out += 1;
                return;
            }
            let metric = spec.metric(&mut build, name);
            // A statistic of a part of a split repeats that of the split.
            if met.insert((run, item, metric, trial), ()).is_some() {
                return;
            }
            let mut scored = Row::new(run, item, metric, score);
            scored.repeat = trial;
            if let Some(asked) = asked {
                scored.chosen = asked.chosen;
                scored.gold = asked.gold;
                scored.prediction = asked.answer.as_deref().filter(|a| a.len() <= 64).map(Into::into);
            } else {
                let predicted = text_at(&record, &["predicted_text"]).map(str::trim);
                scored.prediction = predicted.filter(|p| p.len() <= 64).map(Into::into);
            }
            build.push(scored, row);
        });
    })?;
    for row in faults {
        passage.fault(row, "a record must have `instance_id`");
    }
    if splits.len() > 1 {
        let each: Vec<String> =
            splits.iter().map(|(split, instances)| format!("{split}: {}", instances.len())).collect();
        build.note(
            None,
            format!(
                "instances of several splits ({}) all count; HELM's leaderboards show one of them",
                each.join(", ")
            ),
        );
    }
    if left_out > 0 {
        build.note(
            None,
            format!("{left_out} statistics of lengths, times and probabilities are no scores: left out"),
        );
    }
    spec.choose_primary(build.table());
    if build.table().is_empty() {
        return Err(ReadError::NotItemLevel {
            file: source.name(),
            found: "instances without scores".to_owned(),
            remedy: "give the per_instance_stats.json of the run".to_owned(),
        });
    }
    build.finish(Some(&passage), "a statistic of an instance")
}

fn describe(build: &mut Builder, item: u32, asked: Option<&Asked>) {
    let Some(asked) = asked else { return };
    build.describe(item, |item| {
        if item.question.is_none() {
            item.question = asked.question.as_deref().map(Into::into);
            item.options = asked.options.clone().map(Into::into);
            item.gold = asked.gold;
            item.gold_text = asked.gold_text.as_deref().map(Into::into);
        }
    });
}
