//! What is wrong with an item on its face? Rules on its text, certain in what they see, listed apart.

pub mod context;
pub mod duplicates;
pub mod key;
pub mod options;
pub mod position;

use crate::flags::evidence::Kind;
use crate::response::Item;
use serde::Serialize;

/// One rule that an item breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleHit {
    /// Position of the item in the list that was checked.
    pub item: usize,
    /// The rule.
    pub rule: &'static str,
    /// What the breach may mean.
    pub kind: Kind,
    /// The other item, for rules on pairs.
    pub other: Option<usize>,
    /// What was seen, in words.
    pub detail: String,
}

/// Everything that the rules find in some items, by item and then by rule.
///
/// Items may come from several subjects and benchmarks: duplicates are sought across all of them.
pub fn check(items: &[Item]) -> Vec<RuleHit> {
    let mut hits = key::check(items);
    hits.extend(options::check(items));
    hits.extend(context::check(items));
    hits.extend(duplicates::check(items));
    hits.sort_by(|a, b| (a.item, a.rule, a.other).cmp(&(b.item, b.rule, b.other)));
    hits
}

/// Text for comparison: lower case, every run of white space one space.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
