//! What does the name of a model tell? Who made it, which revision and step it is, its size and its number
//! format, as far as names follow customs.

mod apart;
mod facts;
mod format;
mod size;
mod spelling;
mod step;

pub use apart::tell_apart;
pub use facts::complete;
pub use format::{format_of, quantisation_of};
pub use size::{quantity, size_of};
pub use spelling::{alike, plain_name};
pub use step::as_part as step_of_part;

use crate::response::{FactSource, Run};
use std::borrow::Cow;

/// What a name says.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Display name: `org/name`, with `@revision` for a revision that is neither the default nor a step. A path is
    /// whole here: [`tell_apart`] shortens it once all models are known.
    pub display: String,
    /// Revision, as it was given or stands in the name.
    pub revision: Option<String>,
    /// Training step.
    pub step: Option<i64>,
    /// Training tokens.
    pub tokens: Option<f64>,
}

impl Named {
    /// Tells a run what it does not know yet.
    pub fn tell(&self, run: &mut Run) {
        if run.step.is_none() && self.step.is_some() {
            (run.step, run.step_source) = (self.step, Some(FactSource::Name));
        }
        run.tokens = run.tokens.or(self.tokens);
        if run.revision.is_none() {
            run.revision.clone_from(&self.revision);
        }
    }
}

/// Reads a name and a revision.
///
/// `org__name` and `org--name`, which are how harnesses write `org/name` in names of files, are `org/name`; a
/// directory of the hub's cache is the model in it; a checkpoint's directory at the end of a path is its step.
pub fn read(raw: &str, revision: Option<&str>) -> Named {
    let name = with_slashes(raw.trim());
    let (name, own) = match name.rsplit_once('@') {
        Some((name, own)) if revision.is_none() && is_revision(name, own) => (name, Some(own)),
        _ => (&*name, None),
    };
    let revision = revision.or(own);
    let (name, name_step) = without_step(name);
    let step = revision.and_then(step::in_revision);
    let display = match revision {
        Some(revision) if revision != "main" && step.is_none() => format!("{name}@{revision}"),
        _ if name.is_empty() => raw.to_owned(),
        _ => name,
    };
    let last = last_part(&display);
    Named {
        step: step.or(name_step).or_else(|| step::in_name(last)),
        tokens: revision.and_then(step::tokens_in).or_else(|| step::tokens_in(last)),
        revision: revision.map(str::to_owned),
        display,
    }
}

/// Reads what a harness loads weights by: a name of the hub, or a path, which has more parts than a name.
pub fn read_weights(raw: &str, revision: Option<&str>) -> Named {
    if !is_path(raw) && raw.split('/').filter(|part| !part.is_empty()).count() > 2 {
        read(&format!("./{raw}"), revision)
    } else {
        read(raw, revision)
    }
}

/// How the directory of a model begins in the hub's cache.
const OF_CACHE: &str = "models--";

/// Whether a name is a place in a file system.
fn is_path(name: &str) -> bool {
    name.starts_with(['/', '.', '~']) || is_of_windows(name)
}

/// `C:\\models\\m`, or the same with slashes.
fn is_of_windows(name: &str) -> bool {
    matches!(name.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The name with the slashes that were replaced for the sake of a file system.
fn with_slashes(name: &str) -> Cow<'_, str> {
    if is_of_windows(name) {
        return name.replace('\\', "/").into();
    }
    if name.contains('/') || name.starts_with(OF_CACHE) {
        return name.into();
    }
    // Only a path begins so: what is before the first mark of a name is never empty.
    if ["__", ".__", "~__"].iter().any(|begin| name.starts_with(begin)) {
        return name.replace("__", "/").into();
    }
    let is_word = |text: &str| text.starts_with(|c: char| c.is_alphanumeric());
    match (name.split_once("__"), name.split_once("--")) {
        (Some((organisation, rest)), _) if is_word(organisation) && is_word(rest) => {
            format!("{organisation}/{rest}").into()
        }
        (None, Some((organisation, rest))) if is_word(rest) && may_be_organisation(organisation) => {
            format!("{organisation}/{rest}").into()
        }
        _ => name.into(),
    }
}

/// Whether what stands before `--` may be who made the model: `gpt-4` of `gpt-4--high` has a version.
fn may_be_organisation(name: &str) -> bool {
    let has_version =
        name.split(['-', '_', '.']).skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    name.starts_with(|c: char| c.is_alphanumeric()) && !has_version
}

fn is_revision(name: &str, revision: &str) -> bool {
    !name.is_empty() && !revision.is_empty() && !revision.contains(['/', ' '])
}

/// The name in one spelling, without the step that is its last part.
fn without_step(name: &str) -> (String, Option<i64>) {
    let mut parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    // A directory of the hub's cache: models--org--name/snapshots/<sha>.
    if let Some(cached) = parts.iter().find_map(|part| part.strip_prefix(OF_CACHE)) {
        return (cached.replacen("--", "/", 1), None);
    }
    let is_name = !is_path(name) && parts.len() == 2;
    let last_is_step = |last: &&str| {
        let step = step::as_part(last)?;
        (!is_name || step::is_credible(step)).then_some(step)
    };
    let step = parts.last().filter(|_| parts.len() > 1).and_then(last_is_step);
    if step.is_some() {
        parts.pop();
    }
    let begin = match name.as_bytes() {
        [b'/', ..] => "/",
        [b'.', b'/', ..] => "./",
        _ => "",
    };
    let bare = parts.join("/");
    (if bare.is_empty() { name.to_owned() } else { format!("{begin}{bare}") }, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(raw: &str) -> String {
        read(raw, None).display
    }

    #[test]
    fn names_written_for_file_systems_are_read_back() {
        assert_eq!(display("org__na__me"), "org/na__me");
        assert_eq!(display("meta-llama--Llama-3-8B"), "meta-llama/Llama-3-8B");
        assert_eq!(display("01-ai--Yi-34B"), "01-ai/Yi-34B");
        assert_eq!(display("models--org--name"), "org/name");
        assert_eq!(display("__data__sft__hf"), "/data/sft/hf");
        assert_eq!(display(r"C:\models\m"), "C:/models/m");
        assert_eq!(display(r"C:/models\m"), "C:/models/m");
        assert_eq!(display("/c/hub/models--o--m/snapshots/abc"), "o/m");
        for same in
            ["o/m", "gpt-4--high", "a__", "o/a__b", "m", "o/step-by-step", "openai:gpt-4o", "/", "a--", "--"]
        {
            assert_eq!(display(same), same);
        }
    }

    #[test]
    fn revisions_are_steps_or_parts_of_the_name() {
        let named = read("o/m", Some("step1250-unsharded-hf"));
        assert_eq!((named.display.as_str(), named.step), ("o/m", Some(1250)));
        assert_eq!(read("o/m", Some("v2")).display, "o/m@v2");
        assert_eq!(display("o/m@main"), "o/m");
        let named = read("vertex/claude@20240620", None);
        assert_eq!(
            (named.display.as_str(), named.revision.as_deref()),
            ("vertex/claude@20240620", Some("20240620"))
        );
        let named = read("o/m@step1000-tokens4B", None);
        assert_eq!((named.display.as_str(), named.step, named.tokens), ("o/m", Some(1000), Some(4e9)));
    }

    #[test]
    fn steps_at_the_end_of_paths_and_names_are_read() {
        let of = |raw: &str| (read_weights(raw, None).display, read_weights(raw, None).step);
        assert_eq!(of("/data/runs/llama/checkpoint-500"), ("/data/runs/llama".to_owned(), Some(500)));
        assert_eq!(of("runs/llama/step50-hf"), ("./runs/llama".to_owned(), Some(50)));
        assert_eq!(of("./runs//llama/"), ("./runs/llama".to_owned(), None));
        assert_eq!(of("out/checkpoint-500"), ("out".to_owned(), Some(500)));
        assert_eq!(of("stepfun-ai/step3"), ("stepfun-ai/step3".to_owned(), None));
        // What a name without a path loses could not be told from another model.
        assert_eq!(of("o/m-step1000"), ("o/m-step1000".to_owned(), Some(1000)));
    }
}
