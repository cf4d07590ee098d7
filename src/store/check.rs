//! Is a store as it was written? Told by the sizes and hashes in its manifest.

use super::StoreError;
use super::manifest::{Manifest, StoreFile};
use super::read::{ITEMS, MANIFEST, OPTIONS, RESPONSES, RUNS};
use std::fs;
use std::path::Path;

/// The manifest of the store at `path`, whose files are all there and have the content that was written.
///
/// # Errors
/// [`StoreError::MissingFile`], [`StoreError::Changed`], and those of reading the manifest.
pub fn check(path: &Path) -> Result<Manifest, StoreError> {
    let file = path.join(MANIFEST);
    let bytes = fs::read(&file).map_err(StoreError::io(&file))?;
    let manifest = parse(&path.display().to_string(), &bytes)?;
    let missing =
        |name: &str| StoreError::MissingFile { store: path.display().to_string(), file: name.to_owned() };
    for name in [RESPONSES, ITEMS, RUNS] {
        path.join(name).is_file().then_some(()).ok_or_else(|| missing(name))?;
    }
    for written in &manifest.files {
        let file = path.join(&written.name);
        let changed = |message| StoreError::Changed { file: file.display().to_string(), message };
        let known = fs::metadata(&file).map_err(|_| missing(&written.name))?;
        written.check_size(known.len()).map_err(changed)?;
        let content = fs::File::open(&file).map_err(StoreError::io(&file))?;
        written.check(content).map_err(StoreError::io(&file))?.map_err(changed)?;
    }
    Ok(manifest)
}

/// Whether the parts of a store have the sizes that its manifest says.
pub(super) fn sizes(store: &str, manifest: &Manifest, parts: &[(&str, &[u8])]) -> Result<(), StoreError> {
    // Files that only a later version knows are not among the parts.
    let is_read = |file: &&StoreFile| [RESPONSES, ITEMS, RUNS, OPTIONS].contains(&file.name.as_str());
    for written in manifest.files.iter().filter(is_read) {
        let name = &written.name;
        let missing = || StoreError::MissingFile { store: store.to_owned(), file: name.clone() };
        let changed = |message| StoreError::Changed { file: format!("{store}/{name}"), message };
        let (_, bytes) = parts.iter().find(|(part, _)| part == name).ok_or_else(missing)?;
        written.check_size(bytes.len() as u64).map_err(changed)?;
    }
    Ok(())
}

/// The manifest of a store.
pub(super) fn parse(store: &str, manifest: &[u8]) -> Result<Manifest, StoreError> {
    Manifest::parse(manifest)
        .map_err(|message| StoreError::Manifest { file: format!("{store}/{MANIFEST}"), message })
}
