//! Which model was it? Its name, revision and training step, from the results file, the file name or the
//! directory, in this order.

use super::file_name;
use super::results::Results;
use crate::ingest::Source;

/// Arguments of a model that name it, in the order in which the harness looks for them.
pub(super) const NAME_KEYS: [&str; 6] = ["peft", "delta", "pretrained", "model", "path", "engine"];

/// A model, and what a user should know about how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Display name: `org/name`, with `@revision` for a revision that is neither the default one nor a
    /// training step.
    pub display: String,
    /// The name as the dump has it.
    pub raw: String,
    /// Revision, if it was given.
    pub revision: Option<String>,
    /// Training step, if revision or name tells it.
    pub step: Option<i64>,
    /// Training tokens, if the revision tells them.
    pub tokens: Option<f64>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Finds the model of a source.
pub fn identify(source: &Source, results: Option<&Results>) -> Identity {
    let mut notes = Vec::new();
    let from_results = results.and_then(|r| {
        let from_args = NAME_KEYS.iter().find_map(|key| r.model_args.get(*key));
        r.model_name.as_ref().or(from_args).cloned()
    });
    let named = results.is_some_and(|r| NAME_KEYS.iter().any(|key| r.model_args.contains_key(*key)));
    let raw = from_results.unwrap_or_else(|| {
        if let Some((model, _)) = file_name::guess_early_samples(&source.file_name()) {
            notes.push(format!("no results file: the model's name {model:?} was taken from the file name"));
            return model;
        }
        let directory = source.directories().pop().unwrap_or_else(|| source.file_name());
        let model = directory.replacen("__", "/", 1);
        notes.push(format!("no results file names the model: {model:?} was taken from the directory"));
        model
    });
    if !named && looks_random(&raw) {
        notes.push(format!(
            "the model's name {raw:?} looks like the random one that the harness gives where none was set: runs \
             of one model cannot be told from runs of several"
        ));
    }
    let revision = results
        .and_then(|r| r.model_revision.clone().or_else(|| r.model_args.get("revision").cloned()))
        .filter(|r| !r.is_empty() && r != "None");
    let (name, name_step) = display_name(&raw);
    let revision_step = revision.as_deref().and_then(step_of);
    let display = match revision.as_deref() {
        Some(revision) if revision != "main" && revision_step.is_none() => format!("{name}@{revision}"),
        _ => name,
    };
    let tokens = revision.as_deref().and_then(tokens_of);
    Identity { display, raw, step: revision_step.or(name_step), tokens, revision, notes }
}

/// Eight small letters and digits, as the harness draws them, with at least one digit among them.
fn looks_random(name: &str) -> bool {
    name.len() == 8
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && name.bytes().any(|b| b.is_ascii_digit())
        && name.bytes().any(|b| b.is_ascii_lowercase())
}

/// What to call a model: the name itself, or the telling part of a path, and the step at its end.
pub(in crate::ingest) fn display_name(raw: &str) -> (String, Option<i64>) {
    let trimmed = raw.trim_end_matches('/');
    let mut parts: Vec<&str> = trimmed.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    // A directory of the hub's cache: models--org--name/snapshots/<sha>.
    let cached = parts.iter().find_map(|p| p.strip_prefix("models--"));
    if let Some(cached) = cached {
        return (cached.replacen("--", "/", 1), None);
    }
    let mut step = None;
    if parts.len() > 1
        && let Some(found) = parts.last().and_then(|last| whole_step(last))
    {
        step = Some(found);
        parts.pop();
    }
    let is_path = raw.starts_with(['/', '.', '~']) || parts.len() > 2;
    let name = if is_path { parts.last().copied().unwrap_or(raw).to_owned() } else { parts.join("/") };
    (if name.is_empty() { raw.to_owned() } else { name }, step)
}

const STEP_WORDS: [&str; 4] = ["step", "checkpoint", "iter", "ckpt"];

/// The step that a whole name stands for: `checkpoint-1000`, `global_step1000`.
fn whole_step(name: &str) -> Option<i64> {
    let rest = name.strip_prefix("global_").unwrap_or(name);
    STEP_WORDS.iter().find_map(|word| number_after(rest.strip_prefix(word)?, "")).or(None)
}

/// The training step in a revision: `step143000`, `step1000-tokens4B`, `stage1-step1000`, `checkpoint-100`.
pub(in crate::ingest) fn step_of(revision: &str) -> Option<i64> {
    STEP_WORDS.iter().find_map(|word| {
        revision.match_indices(word).find_map(|(at, _)| number_after(&revision[at + word.len()..], "-"))
    })
}

/// The digits at the start, after one `-` or `_`; what follows them must begin with one of `ends` or be nothing.
fn number_after(text: &str, ends: &str) -> Option<i64> {
    let text = text.strip_prefix(['-', '_']).unwrap_or(text);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &text[digits..];
    let ended = rest.is_empty() || rest.starts_with(|c| ends.contains(c));
    ended.then(|| text[..digits].parse().ok()).flatten()
}

/// The training tokens in a revision: `step1000-tokens4B` is 4e9.
pub(in crate::ingest) fn tokens_of(revision: &str) -> Option<f64> {
    let text = revision.rsplit_once("tokens")?.1.trim_start_matches(['-', '_']);
    let scale = match text.chars().last()? {
        'K' => 1e3,
        'M' => 1e6,
        'B' => 1e9,
        'T' => 1e12,
        _ => return None,
    };
    text[..text.len() - 1].parse::<f64>().ok().map(|n| n * scale).filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(value: serde_json::Value) -> Identity {
        let source = Source { path: "out/org__na__me/samples.jsonl".into(), member: None, bytes: vec![] };
        identify(&source, Some(&Results::from_value(&value, "r", "", None)))
    }

    #[test]
    fn the_name_comes_from_the_best_source() {
        assert_eq!(identity(json!({"model_name": "o/m"})).display, "o/m");
        assert_eq!(identity(json!({"config": {"model_args": "dtype=x,pretrained=o/m"}})).display, "o/m");
        assert_eq!(
            identity(json!({"config": {"model_args": {"pretrained": "o/m", "peft": "o/l"}}})).display,
            "o/l"
        );
        let directory = identity(json!({}));
        assert_eq!((directory.display.as_str(), directory.notes.len()), ("org/na__me", 1));
    }

    #[test]
    fn revisions_are_steps_or_parts_of_the_name() {
        let with =
            |revision: &str| identity(json!({"model_name": "o/m", "config": {"model_revision": revision}}));
        assert_eq!(with("main").display, "o/m");
        let step = with("step1000-tokens4B");
        assert_eq!((step.display.as_str(), step.step, step.tokens), ("o/m", Some(1000), Some(4e9)));
        assert_eq!(with("stage2-step7").step, Some(7));
        assert_eq!(with("v2").display, "o/m@v2");
    }

    #[test]
    fn paths_are_shortened_and_their_steps_read() {
        assert_eq!(display_name("/data/runs/llama/checkpoint-500"), ("llama".to_owned(), Some(500)));
        assert_eq!(display_name("/c/hub/models--o--m/snapshots/abc"), ("o/m".to_owned(), None));
        assert_eq!(display_name("o/m"), ("o/m".to_owned(), None));
        assert_eq!(display_name("o/step-by-step"), ("o/step-by-step".to_owned(), None));
        assert_eq!(display_name("/"), ("/".to_owned(), None));
    }

    #[test]
    fn random_names_are_flagged() {
        assert!(looks_random("qdpv68r5"));
        assert!(!looks_random("llama-7b") && !looks_random("pythiaaa"));
        assert_eq!(identity(json!({"model_name": "qdpv68r5", "config": {"model_args": {}}})).notes.len(), 1);
        let named = json!({"model_name": "qdpv68r5", "config": {"model_args": {"path": "qdpv68r5"}}});
        assert!(identity(named).notes.is_empty());
    }
}
