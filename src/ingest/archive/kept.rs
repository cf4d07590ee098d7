//! Is an archive unpacked already? A list of what came out of it, written last, says so.

use super::names::shown;
use crate::ingest::walk::{Found, Member};
use crate::store;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the list.
const LIST: &str = "members.json";

/// What came of a member, or of the archive itself where there is no name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// It is in a file.
    Member {
        /// Its name, `/` between parts.
        name: String,
        /// The number by which the file is called.
        file: usize,
        /// The bytes of the file.
        bytes: u64,
    },
    /// It is not read.
    LeftAside {
        /// Its name.
        name: String,
        /// Why, and what to do.
        why: String,
    },
}

impl Entry {
    /// The same as something found in an archive, unpacked to a directory.
    pub fn found(self, archive: &Path, directory: &Path) -> Found {
        match self {
            Self::Member { name, file, .. } => {
                let file = directory.join(file.to_string());
                Found::Member(Member { archive: archive.to_owned(), name, file })
            }
            Self::LeftAside { name, why } if name.is_empty() => Found::Unreadable(archive.to_owned(), why),
            Self::LeftAside { name, why } => {
                Found::Unreadable(PathBuf::from(format!("{}!{name}", shown(archive))), why)
            }
        }
    }
}

/// What an earlier reading unpacked to a directory, if all of it is there.
pub fn find(directory: &Path) -> Option<Vec<Entry>> {
    let entries: Vec<Entry> = serde_json::from_slice(&fs::read(directory.join(LIST)).ok()?).ok()?;
    let is_there = |entry: &Entry| match entry {
        Entry::Member { file, bytes, .. } => {
            fs::metadata(directory.join(file.to_string())).is_ok_and(|known| known.len() == *bytes)
        }
        Entry::LeftAside { .. } => true,
    };
    entries.iter().all(is_there).then_some(entries)
}

/// Says that all of an archive is in its directory. Where that cannot be written, it is unpacked again next time.
pub fn keep(directory: &Path, entries: &[Entry]) {
    if let Ok(list) = serde_json::to_vec(entries) {
        let _ = store::atomic::write_file(&directory.join(LIST), &list);
    }
}
