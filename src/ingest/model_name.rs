//! What does the name of a model tell? Who made it, which revision and step it is, its size and its number
//! format, as far as names follow customs.

use super::Note;
use super::lm_eval::model::{display_name, step_of, tokens_of};
use crate::response::ResponseTable;
use std::collections::BTreeSet;

/// What a name says.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Display name: `org/name`, with `@revision` for a revision that is neither the default nor a step.
    pub display: String,
    /// Training step.
    pub step: Option<i64>,
    /// Training tokens.
    pub tokens: Option<f64>,
}

/// Reads a name and a revision.
pub fn read(raw: &str, revision: Option<&str>) -> Named {
    let (name, name_step) = display_name(raw);
    let step = revision.and_then(step_of);
    let display = match revision {
        Some(revision) if revision != "main" && step.is_none() => format!("{name}@{revision}"),
        _ => name,
    };
    Named { display, step: step.or(name_step), tokens: revision.and_then(tokens_of) }
}

/// The number of parameters that a part of a name gives: `7B`, `150M`, `0.5b`, `8x7B` (as the product).
///
/// A size is a number with `M`, `B` or `T` behind it (`K` is the length of a context), between marks; of several the first counts.
pub fn size_of(name: &str) -> Option<f64> {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.split(['-', '_', ' ', ':', '@', ',', '(', ')']).find_map(one_size)
}

fn one_size(part: &str) -> Option<f64> {
    let (number, scale) = match part.char_indices().next_back()? {
        (at, 'M' | 'm') => (&part[..at], 1e6),
        (at, 'B' | 'b') => (&part[..at], 1e9),
        (at, 'T') => (&part[..at], 1e12),
        _ => return None,
    };
    let plain = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.is_empty();
        digits.then(|| text.parse::<f64>().ok()).flatten().filter(|n| *n > 0.0)
    };
    let count = match number.split_once('x') {
        Some((experts, each)) => plain(experts)? * plain(each)?,
        None => plain(number)?,
    };
    Some(count * scale)
}

/// Number formats and quantisations, as names write them.
const FORMATS: [&str; 14] = [
    "fp8", "fp16", "bf16", "fp32", "int8", "int4", "8bit", "4bit", "gptq", "awq", "gguf", "nf4", "w8a8",
    "w4a16",
];

/// The number format or quantisation in a name.
pub fn format_of(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let parts = lower.split(['-', '_', '/', ' ', ':', '@', '.']);
    parts.into_iter().find(|part| FORMATS.contains(part)).map(str::to_owned)
}

/// Fills sizes and number formats from the names of models where the dumps tell neither, and says for which.
pub fn complete(table: &mut ResponseTable) -> Vec<Note> {
    let (mut sizes, mut file) = (BTreeSet::new(), String::new());
    // A plain table says what its maker wanted it to say.
    for run in table.runs.iter_mut().filter(|run| run.harness.is_some()) {
        let raw = run.model_raw.as_deref().unwrap_or(run.model.as_str());
        if run.dtype.is_none() {
            run.dtype = format_of(raw);
        }
        if run.params.is_none()
            && let Some(size) = size_of(raw)
        {
            run.params = Some(size);
            sizes.insert(run.model.to_string());
            if file.is_empty() {
                file = run.files.first().cloned().unwrap_or_default();
            }
        }
    }
    let Some(first) = sizes.first() else { return Vec::new() };
    let message = format!(
        "sizes of {} models were parsed from their names ({first:?} first): a column `params` in a table of \
         models beside the results overrides them",
        sizes.len()
    );
    vec![Note { file, row: None, message }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_between_marks() {
        assert_eq!(size_of("meta-llama/Llama-2-7b-hf"), Some(7e9));
        assert_eq!(size_of("EleutherAI/pythia-1.4b"), Some(1.4e9));
        assert_eq!(size_of("Mixtral-8x7B-Instruct-v0.1"), Some(56e9));
        assert_eq!(size_of("ollama/qwen2.5:0.5b"), Some(0.5e9));
        assert_eq!(size_of("150M"), Some(150e6));
        for none in ["gpt-4o", "claude-3-opus", "phi-3-mini-4k-instruct-128", "b", "v0.1b2", "llama-8bit"] {
            assert_eq!(size_of(none), None, "{none}");
        }
    }

    #[test]
    fn formats_and_steps_are_read() {
        assert_eq!(format_of("x/Llama-3-8B-GPTQ").as_deref(), Some("gptq"));
        assert_eq!(format_of("x/Llama-3-8B"), None);
        let named = read("o/m", Some("step1250-unsharded-hf"));
        assert_eq!((named.display.as_str(), named.step), ("o/m", Some(1250)));
        assert_eq!(read("o/m", Some("v2")).display, "o/m@v2");
    }
}
