//! What does OpenCompass say of single questions? Its results say it if details were dumped (`details`); its
//! predictions (`predictions`) have the questions, but no scores.
//!
//! A run is a directory `<timestamp>/{predictions,results}/<model>/<data set>.json`.

mod details;
mod predictions;

pub use details::read;
pub use predictions::read as read_predictions;

use super::build::Builder;
use super::json::{Passage, entries};
use super::lm_eval::groups::benchmark_of;
use super::{ReadError, Source};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Beginnings of the names of data sets whose rest is a subject.
const PREFIXES: [&str; 6] = ["mmlu", "cmmlu", "ceval", "bbh", "agieval", "mmlu_pro"];

/// What a file is about.
struct Place {
    model: String,
    /// `YYYYmmdd_HHMMSS`.
    timestamp: Option<String>,
    benchmark: String,
    subject: Option<String>,
}

impl Place {
    fn of(source: &Source, data_set: &str) -> Self {
        let (benchmark, subject) = benchmark_of_data_set(data_set);
        let mut above = source.directories();
        let model = above.pop().unwrap_or_default();
        above.pop();
        Self { model, timestamp: above.pop().filter(|name| is_timestamp(name)), benchmark, subject }
    }

    fn run(&self, build: &mut Builder) -> u32 {
        let timestamp = self.timestamp.as_deref().unwrap_or_default();
        build.run(&self.model, &[timestamp, &self.benchmark], |run| {
            run.model_raw = Some(self.model.clone());
            run.timestamp.clone_from(&self.timestamp);
        })
    }

    /// The item at a position of the data set.
    fn item(&self, build: &mut Builder, position: usize) -> u32 {
        let subject = self.subject.as_deref();
        let id = subject.map_or_else(|| position.to_string(), |subject| format!("{subject}/{position}"));
        build.item(&self.benchmark, subject, &id, |_| {})
    }
}

/// The name of a data set, as its file has it.
fn data_set(source: &Source) -> String {
    let file = source.file_name();
    file.strip_suffix(".json").unwrap_or(&file).to_owned()
}

fn is_timestamp(name: &str) -> bool {
    let (day, time) = name.split_once('_').unwrap_or((name, ""));
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    digits(day, 8) && digits(time, 6)
}

/// Benchmark and subject of a data set: `lukaemon_mmlu_astronomy`, `mmlu-astronomy`.
fn benchmark_of_data_set(data_set: &str) -> (String, Option<String>) {
    let short = data_set.strip_prefix("lukaemon_").unwrap_or(data_set);
    let (benchmark, subject) = benchmark_of(short, None);
    if subject.is_some() {
        return (benchmark, subject);
    }
    match short.split_once('-').filter(|(prefix, _)| PREFIXES.contains(prefix)) {
        Some((prefix, subject)) => (prefix.to_owned(), Some(subject.to_owned())),
        None => (short.to_owned(), None),
    }
}

/// Which questions the entries of an object are about, before they are read: one pass over a file that need not fit
/// into memory.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    /// Hashes of what was asked, by position: entries have numbers, written as text, for names.
    by_position: Vec<(usize, u64)>,
    /// All entries, those of other names among them.
    n_entries: usize,
}

impl Asked {
    /// What the entries of the object at a path ask, and what is beside them; only whole files are certain.
    fn of(source: &Source, path: &[&str]) -> Result<(Self, Passage, Value), ReadError> {
        let mut asked = Self::default();
        let (passage, rest) = entries(source, path, |key, piece| {
            piece.each(|_, entry: Value| {
                asked.n_entries += 1;
                if let Ok(position) = key.parse() {
                    asked.by_position.push((position, hash_of(&entry, position)));
                }
            })
        })?;
        asked.by_position.sort_by_key(|(position, _)| *position);
        Ok((asked, passage, rest))
    }

    /// See [`period`].
    fn period(&self) -> usize {
        period(&self.by_position.iter().map(|(_, hash)| *hash).collect::<Vec<_>>())
    }
}

/// A hash of what was asked. Where an entry does not say what, it is another question at every position: the key
/// alone is that of many.
fn hash_of(entry: &Value, position: usize) -> u64 {
    let of = |keys: [&'static str; 2]| {
        keys.into_iter().filter_map(move |key| entry.get(key)).map(Value::to_string)
    };
    let options = entry["origin_prediction"].as_object().into_iter().flatten();
    let prompts = options.filter_map(|(_, option)| option.get("prompt")).map(Value::to_string);
    let mut parts: Vec<String> = of(["origin_prompt", "prompt"]).chain(prompts).collect();
    if parts.is_empty() {
        parts.push(position.to_string());
    }
    parts.extend(of(["gold", "references"]));
    xxh3_64(parts.join("\n").as_bytes())
}

/// After how many entries the data set begins anew: with several runs of each question it stands there as often, one
/// after the other. The number of all where it does not.
fn period(asked: &[u64]) -> usize {
    let n = asked.len();
    let begins_anew =
        |period: &usize| n.is_multiple_of(*period) && (*period..n).all(|k| asked[k] == asked[k - period]);
    // A data set of one question, many times over, is rather one whose questions are not told.
    (2..=n / 2).find(begins_anew).unwrap_or(n)
}

/// What a judge, a language model, said: the first of its letters, as the harness looks for it.
fn of_judge(said: &str) -> Verdict {
    match said.bytes().find(|b| matches!(b, b'A' | b'B')) {
        Some(b'A') => Verdict::Right,
        Some(_) => Verdict::Wrong,
        None if said.trim() == "C" => Verdict::NotAttempted,
        None => Verdict::Unknown,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Right,
    Wrong,
    NotAttempted,
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn subjects_are_in_the_names_of_data_sets() {
        let mmlu = ("mmlu".to_owned(), Some("astronomy".to_owned()));
        assert_eq!(benchmark_of_data_set("lukaemon_mmlu_astronomy"), mmlu);
        assert_eq!(benchmark_of_data_set("mmlu-astronomy"), mmlu);
        assert_eq!(benchmark_of_data_set("ARC-c"), ("ARC-c".to_owned(), None));
    }

    #[test]
    fn runs_of_the_same_questions_are_found_from_what_was_asked() {
        let of = |texts: &[&str]| {
            let asked = texts.iter().map(|text| hash_of(&json!({"origin_prompt": text}), 0));
            period(&asked.collect::<Vec<_>>())
        };
        assert_eq!(of(&["a", "b", "c", "a", "b", "c"]), 3);
        assert_eq!(of(&["a", "b", "c", "a", "b"]), 5);
        assert_eq!(of(&["a", "a", "a", "a", "a"]), 5);
        assert_eq!((of(&["a"]), of(&[])), (1, 0));
        let of =
            |entry: fn(usize) -> Value| period(&(0..6).map(|k| hash_of(&entry(k), k)).collect::<Vec<_>>());
        assert_eq!(of(|_| json!({"references": "0"})), 6);
        assert_eq!(of(|k| json!({"references": "0", "origin_prediction": {"0": {"prompt": k}}})), 6);
        assert_eq!(of(|k| json!({"references": "0", "origin_prediction": {"0": {"prompt": k % 3}}})), 3);
    }

    #[test]
    fn a_judge_says_one_letter() {
        let said = ["A", "**B**", "C", "I cannot tell.", "The answer is A"].map(of_judge);
        let expected =
            [Verdict::Right, Verdict::Wrong, Verdict::NotAttempted, Verdict::Unknown, Verdict::Right];
        assert_eq!(said, expected);
    }
}
