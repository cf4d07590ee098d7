//! How does output appear all at once or not at all? Written beside its place under another name, then renamed.

use super::StoreError;
use super::read::is_store;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a file so that a reader sees the old content or the new, never a part of it.
///
/// # Errors
/// [`StoreError::Io`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_file_with(path, |file| file.write_all(bytes).map_err(StoreError::io(path)))
}

/// As [`write_file`], with what `write` writes.
///
/// # Errors
/// [`StoreError::Io`], and those of `write`.
pub fn write_file_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut temporary = tempfile::Builder::new()
        .prefix(".evalgauge-")
        .tempfile_in(parent(path))
        .map_err(StoreError::io(path))?;
    write(temporary.as_file_mut())?;
    readable_by_others(temporary.path()).map_err(StoreError::io(path))?;
    temporary.persist(path).map_err(|e| StoreError::io(path)(e.error))?;
    Ok(())
}

/// Puts a directory at `path`, into which `write` writes its files: a new one, or in place of a store that is there. It is made in `staging`,
/// a directory of the same disk, or without one beside its place.
///
/// # Errors
/// [`StoreError::NotAStore`] if something else is there; [`StoreError::Io`].
pub fn write_store_directory(
    path: &Path,
    staging: Option<&Path>,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let replaces = path.exists();
    if replaces && !is_store(path) && !is_empty_directory(path) {
        return Err(StoreError::NotAStore { path: path.display().to_string() });
    }
    fs::create_dir_all(parent(path)).map_err(StoreError::io(&parent(path)))?;
    let temporary = tempfile::Builder::new()
        .prefix(".evalgauge-")
        .tempdir_in(staging.map_or_else(|| parent(path), Path::to_owned))
        .map_err(StoreError::io(path))?;
    let new = temporary.path().join("new");
    fs::create_dir(&new).map_err(StoreError::io(&new))?;
    write(&new)?;
    let old = temporary.path().join("old");
    if replaces {
        fs::rename(path, &old).map_err(StoreError::io(path))?;
    }
    if let Err(error) = fs::rename(&new, path) {
        if replaces {
            // The old store goes back to its place; if that fails too, the first failure is the one to tell.
            let _ = fs::rename(&old, path);
        }
        return Err(StoreError::io(path)(error));
    }
    Ok(())
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn is_empty_directory(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Temporary files are made for their owner alone; results are made for whoever may read the directory.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_store_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let precious = dir.path().join("thesis");
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("chapter"), "1").unwrap();
        let error = write_store_directory(&precious, None, |_| Ok(())).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
        assert_eq!(fs::read_to_string(precious.join("chapter")).unwrap(), "1");
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        write_file(&path, b"old").unwrap();
        write_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
