//! What was asked? One item with its key, and its text where the dump has it.

use super::held::{Held, PutAside};
use super::ids::ItemId;
use super::spill::{Spill, SpillError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// One item of a benchmark. What a dump does not tell stays `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The benchmark (group, data set) it belongs to.
    pub benchmark: String,
    /// The subtask within the benchmark.
    pub subject: Option<String>,
    /// Its name, unique within the benchmark and the same for all models.
    pub id: ItemId,
    /// Hash of the normalised question and its options as a set.
    pub item_hash: Option<u64>,
    /// The name in the source.
    pub native_id: Option<String>,
    /// The hash that the harness gave it.
    pub doc_hash: Option<String>,
    /// The question as text.
    pub question: Option<Held<str>>,
    /// The options as text, in the order of the source.
    pub options: Option<Held<[String]>>,
    /// Position of the key among the options, from 0.
    pub gold: Option<u16>,
    /// The key as text.
    pub gold_text: Option<Held<str>>,
    /// Anything else the source says, as JSON.
    pub metadata_json: Option<Held<str>>,
}

impl Item {
    /// An item of which only its name is known.
    pub fn new(benchmark: impl Into<String>, subject: Option<&str>, id: impl Into<ItemId>) -> Self {
        Self {
            benchmark: benchmark.into(),
            subject: subject.map(str::to_owned),
            id: id.into(),
            item_hash: None,
            native_id: None,
            doc_hash: None,
            question: None,
            options: None,
            gold: None,
            gold_text: None,
            metadata_json: None,
        }
    }

    /// The question as text.
    pub fn question(&self) -> Option<Cow<'_, str>> {
        self.question.as_ref().map(Held::get)
    }

    /// The options as text.
    pub fn options(&self) -> Option<Cow<'_, [String]>> {
        self.options.as_ref().map(Held::get)
    }

    /// How many options it has.
    pub fn n_options(&self) -> Option<usize> {
        self.options.as_ref().map(Held::count)
    }

    /// The key as text.
    pub fn gold_text(&self) -> Option<Cow<'_, str>> {
        self.gold_text.as_ref().map(Held::get)
    }

    /// Anything else the source says, as JSON.
    pub fn metadata_json(&self) -> Option<Cow<'_, str>> {
        self.metadata_json.as_ref().map(Held::get)
    }

    /// Where texts of it were put aside, if any were.
    pub fn spill(&self) -> Option<&Arc<Spill>> {
        self.texts().flatten().find_map(PutAside::spill)
    }

    /// Whether all of its texts that were put aside could be read back whenever they were asked for.
    pub(super) fn check(&self) -> Result<(), SpillError> {
        self.texts().flatten().filter_map(PutAside::spill).try_for_each(|spill| spill.check())
    }

    /// Everything that may be long.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&dyn PutAside>> {
        [
            self.question.as_ref().map(|text| text as &dyn PutAside),
            self.options.as_ref().map(|texts| texts as &dyn PutAside),
            self.gold_text.as_ref().map(|text| text as &dyn PutAside),
            self.metadata_json.as_ref().map(|text| text as &dyn PutAside),
        ]
        .into_iter()
    }

    /// The same, to be put aside.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = Option<&mut dyn PutAside>> {
        [
            self.question.as_mut().map(|text| text as &mut dyn PutAside),
            self.options.as_mut().map(|texts| texts as &mut dyn PutAside),
            self.gold_text.as_mut().map(|text| text as &mut dyn PutAside),
            self.metadata_json.as_mut().map(|text| text as &mut dyn PutAside),
        ]
        .into_iter()
    }
}
