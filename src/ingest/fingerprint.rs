//! Has the input changed since it was read? Told by names, sizes, times and samples of the content, without reading
//! it again.

use super::archive::names::shown;
use super::walk::{Found, walk};
use super::{IngestError, IngestOptions};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Bytes looked at, at the beginning of a file and at its end.
const SAMPLE: usize = 1 << 12;

/// A short text that is another one as soon as a file below the paths, the options or the program change.
///
/// # Errors
/// [`IngestError::NoSuchPath`].
pub fn fingerprint(paths: &[PathBuf], options: &IngestOptions) -> Result<String, IngestError> {
    let without = options.without.as_deref();
    let found = walk(paths, without).map_err(|path| IngestError::NoSuchPath { path: shown(&path) })?;
    let states = found.iter().map(state);
    Ok(hash_of(program(options).into_iter().chain(states)))
}

/// The same for a set of files.
pub fn of_files(files: &[Found]) -> String {
    hash_of(files.iter().map(state))
}

/// The same for one file; `beside` is what else its reading depends on.
pub fn of_piece(file: &Found, beside: &str, options: &IngestOptions) -> String {
    hash_of(program(options).into_iter().chain([state(file), beside.to_owned()]))
}

fn program(options: &IngestOptions) -> [String; 2] {
    // Where the result goes does not change it.
    let options = IngestOptions { without: None, ..options.clone() };
    [env!("CARGO_PKG_VERSION").to_owned(), format!("{options:?}")]
}

fn hash_of(texts: impl IntoIterator<Item = String>) -> String {
    let mut hash = Xxh3::new();
    for text in texts {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// The state of what was found; of a member of an archive, that of the archive.
fn state(found: &Found) -> String {
    match found {
        Found::Store(path) => {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            files.sort();
            files.iter().map(|file| state_of(file)).collect::<Vec<_>>().join("\n")
        }
        Found::Member(member) => format!("{} {:?} {}", state_of(&member.archive), member.name, found.size()),
        Found::File(path) => state_of(path),
        Found::Unreadable(path, why) => format!("{path:?} {why}"),
    }
}

fn state_of(file: &Path) -> String {
    let known = std::fs::metadata(file).ok();
    let time = known.as_ref().and_then(|m| m.modified().ok()).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    // What comes through a pipe can be read only once.
    let sample = known.as_ref().filter(|m| m.is_file()).and_then(|_| sample(file));
    format!("{file:?} {:?} {time:?} {sample:x?}", known.map(|m| m.len()))
}

/// A hash of the beginning and the end of a file.
fn sample(file: &Path) -> Option<u64> {
    let mut file = File::open(file).ok()?;
    let mut bytes = Vec::with_capacity(2 * SAMPLE);
    file.by_ref().take(SAMPLE as u64).read_to_end(&mut bytes).ok()?;
    let end = file.metadata().ok()?.len().saturating_sub(SAMPLE as u64);
    file.seek(SeekFrom::Start(end.max(bytes.len() as u64))).ok()?;
    file.take(SAMPLE as u64).read_to_end(&mut bytes).ok()?;
    Some(xxh3_64(&bytes))
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
        // The same size at the same time.
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::write(&path, "model,item,score\na,b,0\n").unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_ne!(print(&IngestOptions::default()), second);
        let third = print(&IngestOptions::default());
        std::fs::write(dir.path().join("b.csv"), "").unwrap();
        assert_ne!(print(&IngestOptions::default()), third);
    }
}
