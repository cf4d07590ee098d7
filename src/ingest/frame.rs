//! What does a table hold that is not about single items? Any plain table as it stands, for commands on averages.

use super::IngestOptions;
use super::detect::detect;
use super::fragment::{Note, ReadError};
use super::plain::frame_of;
use super::plain::roles::{Role, Roles};
use super::unwrap::open;
use super::walk::Found;
use crate::store::frame::Frame;
use std::path::Path;

/// A plain table as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainTable {
    /// Its cells.
    pub frame: Frame,
    /// Whether a column names items, so that its rows are not averages.
    pub has_items: bool,
    /// What a user should know of how it was read.
    pub notes: Vec<Note>,
}

/// Reads a file as a plain table; `None` if it is of another format.
///
/// # Errors
/// [`ReadError`] if the file cannot be read, is damaged or of no known format.
pub fn read_plain(path: &Path, options: &IngestOptions) -> Result<Option<PlainTable>, ReadError> {
    let source = open(&Found::File(path.to_owned()), options.max_unpacked_bytes)?;
    let format = detect(&source)?.format;
    if !format.is_plain() {
        return Ok(None);
    }
    let (frame, _, notes) = frame_of(format, &source)?;
    let has_items = Roles::of(&frame).has(Role::Item);
    Ok(Some(PlainTable { frame, has_items, notes }))
}
