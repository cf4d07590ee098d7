//! Which model was it? Its name, revision and training step, from the results file, the file name or the
//! directory, in this order.

use super::file_name;
use super::results::Results;
use crate::ingest::Source;
use crate::ingest::model_name::{self, Named};
use std::collections::BTreeMap;

/// Arguments of a model that name it, in the order in which the harness looks for them.
pub(super) const NAME_KEYS: [&str; 6] = ["peft", "delta", "pretrained", "model", "path", "engine"];
/// Arguments that put something on the weights of another model.
const ADAPTER_KEYS: [&str; 3] = ["peft", "delta", "lora_local_path"];
/// Arguments that quantise weights or name quantised ones, and how.
const QUANTISED_BY: [(&str, &str); 6] = [
    ("load_in_4bit", "4bit"),
    ("load_in_8bit", "8bit"),
    ("autogptq", "gptq"),
    ("gptqmodel", "gptq"),
    ("gptq", "gptq"),
    ("quantized", "gptq"),
];

/// A model, and what a user should know about how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// What its name and revision tell.
    pub named: Named,
    /// The name as the dump has it.
    pub raw: String,
    /// Number format or quantisation.
    pub dtype: Option<String>,
    /// The model that an adapter or a difference of weights was put on.
    pub base: Option<String>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Finds the model of a source.
pub fn identify(source: &Source, results: Option<&Results>) -> Identity {
    let mut notes = Vec::new();
    let argument = |key: &&str| results.and_then(|r| given(&r.model_args, key));
    let adapter = ADAPTER_KEYS.iter().find_map(argument);
    let pretrained = argument(&"pretrained");
    let from_args = NAME_KEYS.iter().find_map(argument);
    let named_by_results = results.and_then(|r| r.model_name.as_deref()).or(from_args);
    // Where the harness names the base alone, the adapter tells the model from it.
    let named_by_results = adapter.filter(|_| named_by_results == pretrained).or(named_by_results);
    let raw = named_by_results.map(str::to_owned).unwrap_or_else(|| {
        let (raw, place) = match file_name::guess_early_samples(&source.file_name()) {
            Some((model, _)) => (model, "file name"),
            None => (source.directories().pop().unwrap_or_else(|| source.file_name()), "directory"),
        };
        let model = model_name::read_weights(&raw, None).display;
        notes.push(format!("no results file names the model: {model:?} was taken from the {place}"));
        raw
    });
    if from_args.is_none() && looks_random(&raw) {
        notes.push(format!(
            "the model's name {raw:?} looks like the random one that the harness gives where none was set: runs \
             of one model cannot be told from runs of several"
        ));
    }
    let revision = results
        .and_then(|r| {
            r.model_revision.as_deref().or_else(|| r.model_args.get("revision").map(String::as_str))
        })
        .filter(|r| !r.is_empty() && *r != "None");
    // Checkpoints in directories of one repository.
    let named = match argument(&"subfolder") {
        Some(folder) => model_name::read(&format!("{raw}/{folder}"), revision),
        None => model_name::read_weights(&raw, revision),
    };
    Identity {
        named,
        base: pretrained
            .filter(|_| adapter.is_some())
            .map(|base| model_name::read_weights(base, None).display),
        dtype: results.and_then(dtype),
        raw,
        notes,
    }
}

/// The value of an argument that was not left empty or switched off.
fn given<'a>(arguments: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    let value = arguments.get(key)?;
    let is_off = ["", "none", "false", "0"].contains(&value.to_lowercase().as_str());
    (!is_off).then_some(value)
}

/// The quantisation that the arguments ask for, else the number format of the weights.
fn dtype(results: &Results) -> Option<String> {
    let argument = |key: &str| given(&results.model_args, key);
    let by_file = || {
        let file = argument("gguf_file")?;
        Some(model_name::quantisation_of(file).unwrap_or_else(|| "gguf".to_owned()))
    };
    let by_server = || argument("quantization").map(str::to_lowercase);
    let by_switch =
        || QUANTISED_BY.iter().find(|(key, _)| argument(key).is_some()).map(|(_, how)| (*how).to_owned());
    let plain = || {
        let dtype = results.model_dtype.as_deref().or_else(|| argument("dtype"))?;
        Some(dtype.strip_prefix("torch.").unwrap_or(dtype).to_owned())
    };
    by_file().or_else(by_switch).or_else(by_server).or_else(plain)
}

/// Eight small letters and digits, as the harness draws them, with at least one digit among them.
fn looks_random(name: &str) -> bool {
    name.len() == 8
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && name.bytes().any(|b| b.is_ascii_digit())
        && name.bytes().any(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(value: serde_json::Value) -> Identity {
        let source = Source::new("out/org__na__me/samples.jsonl", None, vec![]);
        identify(&source, Some(&Results::from_value(&value, "r", "", None)))
    }

    #[test]
    fn the_name_comes_from_the_best_source() {
        let display = |value| identity(value).named.display;
        assert_eq!(display(json!({"model_name": "o/m"})), "o/m");
        assert_eq!(display(json!({"config": {"model_args": "dtype=x,pretrained=o/m"}})), "o/m");
        assert_eq!(display(json!({"config": {"model_args": {"pretrained": "a/b/m"}}})), "./a/b/m");
        let arguments = json!({"config": {"model_args": "pretrained=o/m,subfolder=step-500"}});
        let folder = identity(arguments).named;
        assert_eq!((folder.display.as_str(), folder.step), ("o/m", Some(500)));
        assert_eq!(display(json!({"config": {"model_args": "pretrained=o/m,subfolder=v2"}})), "o/m/v2");
        let directory = identity(json!({}));
        assert_eq!((directory.named.display.as_str(), directory.notes.len()), ("org/na__me", 1));
    }

    #[test]
    fn revisions_are_steps_or_parts_of_the_name() {
        let with = |revision: &str| {
            identity(json!({"model_name": "o/m", "config": {"model_revision": revision}})).named
        };
        assert_eq!(with("main").display, "o/m");
        let step = with("step1000-tokens4B");
        assert_eq!((step.display.as_str(), step.step, step.tokens), ("o/m", Some(1000), Some(4e9)));
        assert_eq!(with("v2").display, "o/m@v2");
    }

    #[test]
    fn quantisations_are_read_from_the_arguments() {
        let of = |arguments: &str| {
            let config = json!({"model_args": format!("pretrained=o/m,dtype=float16,{arguments}")});
            identity(json!({"config": config})).dtype.unwrap()
        };
        assert_eq!(of("load_in_4bit=True"), "4bit");
        assert_eq!(of("load_in_4bit=False,load_in_8bit=True"), "8bit");
        assert_eq!(of("autogptq=model.safetensors"), "gptq");
        assert_eq!(of("gguf_file=m-Q4_K_M.gguf"), "q4_k_m-gguf");
        assert_eq!(of("gguf_file=m.bin"), "gguf");
        assert_eq!(of("quantization=AWQ"), "awq");
        assert_eq!(of("gptq=None"), "float16");
    }

    #[test]
    fn adapters_are_models_on_a_base() {
        let of = |value| {
            let found = identity(value);
            (found.named.display, found.base)
        };
        let on = |base: &str| Some(base.to_owned());
        let arguments = json!({"pretrained": "o/m", "peft": "o/l"});
        assert_eq!(of(json!({"config": {"model_args": arguments}})), ("o/l".to_owned(), on("o/m")));
        let arguments = json!({"pretrained": "o/m", "lora_local_path": "/x/l"});
        assert_eq!(
            of(json!({"model_name": "o/m", "config": {"model_args": arguments}})),
            ("/x/l".to_owned(), on("o/m"))
        );
        let arguments = json!({"pretrained": "o/m", "peft": "None"});
        assert_eq!(of(json!({"config": {"model_args": arguments}})), ("o/m".to_owned(), None));
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
