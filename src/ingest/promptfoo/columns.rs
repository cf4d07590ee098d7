//! Which prompt is a column of promptfoo, and which of the providers of one name? A column is a provider and a
//! prompt, and neither name need be unique.

use super::attempt::{Attempt, prompt};
use crate::ingest::json::value::{name, text_at};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64;

/// Characters of the name of a prompt.
const NAME: usize = 60;

/// A column: whom it belongs to and which prompt it has, by name and by text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Column {
    provider: String,
    prompt: (String, Option<String>),
}

/// The prompts and providers of the columns of a file.
#[derive(Debug, Default)]
pub struct Columns {
    /// By the place of the column: the place of its prompt, and which provider of its name it is, from 1.
    of_place: HashMap<i64, (usize, usize)>,
    /// By the name of the prompt, for results that tell no column.
    of_prompt: HashMap<String, usize>,
    /// The prompts in their order: nothing for the base, then the names of the variants.
    variants: Vec<Option<String>>,
}

impl Columns {
    /// The columns that a file lists, and those that only its results know.
    pub fn of_heads(heads: &Value, attempts: &[Attempt]) -> Self {
        let listed = heads.as_array().into_iter().flatten().zip(0i64..).filter_map(|(head, place)| {
            let listed = name(&head["provider"]).filter(|provider| !provider.is_empty());
            let of_attempt = || attempts.iter().find(|a| a.column == Some(place)).map(|a| a.provider.clone());
            let provider = listed.or_else(of_attempt)?;
            let raw = text_at(head, &["raw"]).map(str::to_owned);
            Some((place, Column { prompt: (prompt(head, &provider)?, raw), provider }))
        });
        let listed: BTreeMap<i64, Column> = listed.collect();
        let is_whole = attempts.iter().all(|a| a.column.is_none_or(|place| listed.contains_key(&place)));
        if listed.is_empty() || !is_whole { Self::of_attempts(attempts) } else { Self::new(listed, attempts) }
    }

    /// The columns that results know.
    pub fn of_attempts(attempts: &[Attempt]) -> Self {
        let column = |a: &Attempt| Column { provider: a.provider.clone(), prompt: (a.prompt.clone(), None) };
        let known = attempts.iter().filter_map(|attempt| Some((attempt.column?, column(attempt))));
        Self::new(known.collect(), attempts)
    }

    fn new(columns: BTreeMap<i64, Column>, attempts: &[Attempt]) -> Self {
        let (mut prompts, mut this) = (Vec::new(), Self::default());
        let mut seen: HashMap<Column, usize> = HashMap::new();
        for (place, column) in columns {
            let prompt = place_in(&mut prompts, &column.prompt);
            let instance = seen.entry(column).or_default();
            *instance += 1;
            this.of_place.insert(place, (prompt, *instance));
        }
        for attempt in attempts.iter().filter(|attempt| attempt.column.is_none()) {
            let place = prompts.iter().position(|(name, _)| *name == attempt.prompt);
            let place = place.unwrap_or_else(|| place_in(&mut prompts, &(attempt.prompt.clone(), None)));
            this.of_prompt.insert(attempt.prompt.clone(), place);
        }
        for (place, (name, _)) in prompts.iter().enumerate() {
            let mut name = shortened(name);
            if this.variants.contains(&Some(name.clone())) || name.is_empty() {
                name = format!("{name} (prompt {})", place + 1).trim_start().to_owned();
            }
            this.variants.push((place > 0).then_some(name));
        }
        this
    }

    /// The number of prompts.
    pub fn n_prompts(&self) -> usize {
        self.variants.len()
    }

    /// The variant of the prompt of an attempt, and which provider of its name it is, from 1.
    pub fn of(&self, attempt: &Attempt) -> (Option<&str>, usize) {
        let known = match attempt.column {
            Some(place) => self.of_place.get(&place).copied(),
            None => self.of_prompt.get(&attempt.prompt).map(|prompt| (*prompt, 1)),
        };
        let (prompt, instance) = known.unwrap_or((0, 1));
        (self.variants.get(prompt).and_then(Option::as_deref), instance)
    }
}

fn place_in<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    })
}

/// A name on one line; of a long one the beginning and a hash of the whole.
fn shortened(name: &str) -> String {
    let line = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= NAME {
        return line;
    }
    let beginning: String = line.chars().take(NAME - 10).collect();
    format!("{beginning}… {:08x}", xxh3_64(line.as_bytes()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_prompts_have_short_names_that_differ() {
        assert_eq!(shortened("Say\n  {{w}}"), "Say {{w}}");
        let (a, b) = (shortened(&"a ".repeat(400)), shortened(&"a ".repeat(500)));
        assert!(a.chars().count() <= NAME && a != b, "{a} {b}");
    }
}
