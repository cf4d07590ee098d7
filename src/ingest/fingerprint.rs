//! Has the input changed since it was read? Told by names, sizes and times, without reading it again.

use super::walk::{Found, walk};
use super::{IngestError, IngestOptions};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::Xxh3;

/// A short text that is another one as soon as a file below the paths, the options or the program change.
///
/// # Errors
/// [`IngestError::NoSuchPath`].
pub fn fingerprint(paths: &[PathBuf], options: &IngestOptions) -> Result<String, IngestError> {
    let found = walk(paths).map_err(|path| IngestError::NoSuchPath { path: path.display().to_string() })?;
    let mut hash = Xxh3::new();
    let mut add = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(&format!("{options:?}"));
    for found in found {
        match &found {
            Found::Store(path) => {
                let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
                let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
                files.sort();
                files.iter().for_each(|file| add(&state(file)));
            }
            other => add(&state(other.on_disk())),
        }
    }
    Ok(format!("{:016x}", hash.digest()))
}

fn state(file: &std::path::Path) -> String {
    let known = std::fs::metadata(file).ok();
    let time = known.as_ref().and_then(|m| m.modified().ok()).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    format!("{file:?} {:?} {:?}", known.map(|m| m.len()), time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_the_input_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "model,item,score\n").unwrap();
        let print = |options: &IngestOptions| fingerprint(&[dir.path().to_owned()], options).unwrap();
        let first = print(&IngestOptions::default());
        assert_eq!(print(&IngestOptions::default()), first);
        assert_ne!(print(&IngestOptions { keep_text: true, ..Default::default() }), first);
        std::fs::write(&path, "model,item,score\na,b,1\n").unwrap();
        let second = print(&IngestOptions::default());
        assert_ne!(second, first);
        std::fs::write(dir.path().join("b.csv"), "").unwrap();
        assert_ne!(print(&IngestOptions::default()), second);
    }
}
