//! What have earlier files said of the items of one benchmark?

use super::content::{Content, Where, place};
use super::numbers::Counting;
use crate::response::{Item, ItemId};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// What is known of one benchmark.
#[derive(Debug, Default)]
pub struct Known {
    /// The numbers that items are called by.
    pub counting: Counting,
    pub content_of: FxHashMap<ItemId, Content>,
    /// The one item of a content; `None` where several items share it.
    pub item_of: FxHashMap<Where, Option<ItemId>>,
}

impl Known {
    /// Adds an item and what it says.
    pub fn learn(&mut self, item: &Item, content: Content) {
        let id = item.id.as_str();
        match self.content_of.get_mut(id) {
            Some(earlier) => {
                earlier.whole = earlier.whole.or(content.whole.filter(|_| earlier.equals(content)));
            }
            None => {
                self.content_of.insert(item.id.clone(), content);
            }
        }
        match self.item_of.entry(place(item, content)) {
            Entry::Vacant(new) => {
                new.insert(Some(item.id.clone()));
            }
            Entry::Occupied(mut one) => {
                if one.get().as_ref().is_some_and(|one| *one != item.id) {
                    one.insert(None);
                }
            }
        }
    }
}
