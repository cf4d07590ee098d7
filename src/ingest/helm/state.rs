//! What was asked in a run of HELM, and what was answered? One state for each attempt.

use crate::ingest::Source;
use crate::ingest::json::value::{name, text_at, whole};
use crate::ingest::json::{elements, records};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What was asked and answered in one attempt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The question.
    pub question: Option<String>,
    /// The options in the order in which they were shown.
    pub options: Option<Vec<String>>,
    /// The key among them.
    pub gold: Option<u16>,
    /// The key as text.
    pub gold_text: Option<String>,
    /// The option chosen.
    pub chosen: Option<u16>,
    /// The answer as text.
    pub answer: Option<String>,
}

/// The attempts by instance, perturbation and trial.
#[derive(Debug, Default)]
pub struct States(HashMap<(String, Option<String>, u32), Asked>);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    instance: Value,
    train_trial_index: Value,
    output_mapping: Option<Map<String, Value>>,
    reference_index: Value,
    result: Outcome,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    completions: Vec<Completion>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Completion {
    text: Option<String>,
}

impl States {
    /// What `scenario_state.json` says; without it, what `instances.json` says of the questions.
    pub fn find(beside: &[&Source]) -> Self {
        let mut states = Self::default();
        let named = |name: &str| beside.iter().find(|source| source.file_name() == name);
        // A file that cannot be read explains nothing.
        let _ = match (named("scenario_state.json"), named("instances.json")) {
            (Some(file), _) => {
                elements(file, &["request_states"], |state| state.each(|_, state: State| states.add(&state)))
                    .map(|(passage, _)| passage)
            }
            (None, Some(file)) => records(file, |_, instance: Value| {
                states.add(&State { instance, ..State::default() });
            }),
            (None, None) => return states,
        };
        states
    }

    fn add(&mut self, state: &State) {
        let instance = &state.instance;
        let Some(id) = name(&instance["id"]) else { return };
        let perturbation = text_at(instance, &["perturbation", "name"]).map(str::to_owned);
        let trial = whole(&state.train_trial_index).and_then(|t| u32::try_from(t).ok()).unwrap_or(0);
        let mut asked = asked(state);
        // Where each option was asked by itself, the answers are no choices between them.
        if !state.reference_index.is_null() {
            asked.answer = None;
        }
        self.0.entry((id, perturbation, trial)).or_insert(asked);
    }

    /// The attempt; without it the base form of the instance.
    pub fn get(&self, instance: &str, perturbation: Option<&str>, trial: u32) -> Option<&Asked> {
        self.0.get(&(instance.to_owned(), perturbation.map(str::to_owned), trial))
    }
}

fn asked(state: &State) -> Asked {
    let instance = &state.instance;
    let references = instance["references"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |reference: &Value| text_at(reference, &["output", "text"]).map(str::to_owned);
    let is_key = |reference: &&Value| {
        reference["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == "correct"))
    };
    let gold_text = references.iter().find(is_key).and_then(text);
    let answer =
        state.result.completions.first().and_then(|c| c.text.as_deref()).map(|t| t.trim().to_owned());
    let (options, chosen) = match &state.output_mapping {
        Some(mapping) => {
            let place = |answer: &String| mapping.keys().position(|letter| letter == answer);
            (mapping.values().map(name).collect(), answer.as_ref().and_then(place))
        }
        None if references.len() > 1 => (references.iter().map(text).collect::<Option<Vec<_>>>(), None),
        None => (None, None),
    };
    let gold =
        options.as_ref().zip(gold_text.as_ref()).and_then(|(all, key)| all.iter().position(|o| o == key));
    let small = |at: usize| u16::try_from(at).ok();
    Asked {
        question: text_at(instance, &["input", "text"]).map(str::to_owned),
        options,
        gold: gold.and_then(small),
        gold_text,
        chosen: chosen.and_then(small),
        answer,
    }
}
