//! What was asked? One item with its key, and its text where the dump has it.

use super::ids::ItemId;
use serde::{Deserialize, Serialize};

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
    pub question: Option<String>,
    /// The options as text, in the order of the source.
    pub options: Option<Vec<String>>,
    /// Position of the key among the options, from 0.
    pub gold: Option<u16>,
    /// The key as text.
    pub gold_text: Option<String>,
    /// Anything else the source says, as JSON.
    pub metadata_json: Option<String>,
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
}
