//! Where do the texts of one large file go, before it is joined to the others?

use super::source::Source;
use crate::response::{Item, Loose, Spill};
use std::path::Path;
use std::sync::Arc;

/// Bytes of texts that the piece of a file holds in memory. Some pieces are made at a time, and some wait.
const MOST_HELD: usize = 8 << 20;

/// The texts of the items of one file, which go to a file of their own if there are many. It is gone with them.
#[derive(Debug)]
pub(super) struct Aside {
    directory: Option<Arc<Path>>,
    spill: Option<Arc<Spill>>,
    loose: Loose,
}

impl Aside {
    /// What is read from a source may be put aside where the source says.
    pub fn of(source: &Source) -> Self {
        Self { directory: source.aside(), spill: None, loose: Loose::default() }
    }

    /// Takes note of the item at a place, which has come or has got a text.
    pub fn note(&mut self, items: &mut [Item], at: u32) {
        let (Some(directory), Some(item)) = (&self.directory, items.get(at as usize)) else { return };
        self.loose.note(at, item, self.spill.as_ref());
        if self.loose.bytes() <= MOST_HELD {
            return;
        }
        if self.spill.is_none() {
            self.spill = tempfile::tempfile_in(directory).ok().map(|file| Spill::new(file, MOST_HELD));
        }
        match &self.spill {
            Some(spill) => self.loose.put_aside(items, spill),
            // Where there can be no file, texts stay in memory.
            None => self.directory = None,
        }
    }
}
