//! Which tables stand in these files, whatever their columns mean?
//!
//! For inputs that are not item-level results: scores of whole tasks, ladders, flags.

use super::archive::names::shown;
use super::report::Skipped;
use super::walk::{Found, walk};
use super::{IngestError, IngestOptions, detect, plain, unwrap};
use crate::store::Frame;
use std::path::PathBuf;

/// A table as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFile {
    /// The file, as messages name it.
    pub file: String,
    /// Its columns.
    pub frame: Frame,
    /// Whether line 1 of the file names the columns.
    pub has_header: bool,
}

/// The tables, and the files that are none with the reason.
pub type TablesAndSkipped = (Vec<TableFile>, Vec<Skipped>);

impl TableFile {
    /// The line or row of the file, from 1, in which a row (from 0) stands.
    pub fn line(&self, row: usize) -> u64 {
        row as u64 + 1 + u64::from(self.has_header)
    }
}

/// Reads every plain table below the paths, and names the files that are none.
///
/// Reading stops at the first store or dump of a harness: such a place holds item-level results, and `None` is
/// returned for it.
///
/// # Errors
/// [`IngestError`] if there is no file or a path is not there.
pub fn read_tables(
    paths: &[PathBuf],
    options: &IngestOptions,
) -> Result<Option<TablesAndSkipped>, IngestError> {
    let found = walk(paths, None).map_err(|path| IngestError::NoSuchPath { path: shown(&path) })?;
    if found.is_empty() {
        let paths = paths.iter().map(|p| shown(p)).collect();
        return Err(IngestError::NoFiles { paths });
    }
    let (mut tables, mut skipped) = (Vec::new(), Vec::new());
    for file in &found {
        if let Found::Store(_) = file {
            return Ok(None);
        }
        let read = unwrap::open(file, options.max_unpacked_bytes).and_then(|source| {
            let format = detect::detect(&source)?.format;
            if !format.is_plain() {
                return Ok(None);
            }
            let (frame, has_header, _) = plain::frame_of(format, &source)?;
            Ok(Some(TableFile { file: source.name(), frame, has_header }))
        });
        match read {
            Ok(Some(table)) => tables.push(table),
            Ok(None) => return Ok(None),
            Err(error) => skipped.push(Skipped::new(None, &error)),
        }
    }
    Ok(Some((tables, skipped)))
}
