//! What is there to read? All files below the paths given, in a fixed order, each once.

use crate::store::is_store;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file.
    File(PathBuf),
    /// A member of an archive, unpacked.
    Member(Member),
    /// A store, which is read as a whole.
    Store(PathBuf),
    /// A directory or file that cannot be looked at, and why.
    Unreadable(PathBuf, String),
}

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The archive that the user named.
    pub archive: PathBuf,
    /// The name within it, `/` between parts.
    pub name: String,
    /// Where its content is now.
    pub file: PathBuf,
}

impl Found {
    /// Where its content is on disk.
    pub fn on_disk(&self) -> &Path {
        match self {
            Self::File(path) | Self::Store(path) | Self::Unreadable(path, _) => path,
            Self::Member(member) => &member.file,
        }
    }

    /// The file or archive that the user named or would find.
    pub fn path(&self) -> &Path {
        match self {
            Self::Member(member) => &member.archive,
            _ => self.on_disk(),
        }
    }

    /// The name within its archive.
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::Member(member) => Some(&member.name),
            _ => None,
        }
    }

    /// The directory that it lies in: on disk, or within an archive.
    pub fn directory(&self) -> PathBuf {
        match self {
            Self::Member(member) => {
                member.archive.join(Path::new(&member.name).parent().unwrap_or(Path::new("")))
            }
            _ => self.on_disk().parent().unwrap_or(Path::new("")).to_owned(),
        }
    }

    /// Its bytes on disk.
    pub fn size(&self) -> u64 {
        match self {
            Self::Store(path) => {
                let entries = fs::read_dir(path).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.metadata().ok()).map(|m| m.len()).sum()
            }
            _ => fs::metadata(self.on_disk()).map_or(0, |m| m.len()),
        }
    }
}

/// Everything below `paths`: directories in the order of their names, without hidden files and directories (but those
/// of a hidden directory that is named and has no others) and `__MACOSX`; each file and directory once, however many links lead to it.
///
/// What is at `without` is passed over unless it is named: a store that is to be written is no part of what it is made
/// of.
///
/// # Errors
/// The first path that is not there.
pub fn walk(paths: &[PathBuf], without: Option<&Path>) -> Result<Vec<Found>, PathBuf> {
    let mut walk = Walk { found: Vec::new(), seen: HashSet::new() };
    let without = without.and_then(|path| fs::canonicalize(path).ok());
    let is_named = |real: &PathBuf| paths.iter().any(|path| fs::canonicalize(path).is_ok_and(|p| p == *real));
    walk.seen.extend(without.filter(|real| !is_named(real)));
    for path in paths {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(path.clone()),
            Ok(about) if !about.is_dir() && !about.is_file() => walk.found.push(Found::File(path.clone())),
            _ => walk.visit(path, is_hidden(path.file_name().unwrap_or_default())),
        }
    }
    Ok(walk.found)
}

struct Walk {
    found: Vec<Found>,
    seen: HashSet<PathBuf>,
}

impl Walk {
    fn visit(&mut self, path: &Path, with_hidden: bool) {
        // The real path guards against loops of links and against reading a file twice.
        match fs::canonicalize(path) {
            Ok(real) if !self.seen.insert(real.clone()) => {}
            Ok(real) if real.is_dir() => self.visit_directory(path, with_hidden),
            // A pipe or a device may never end; who names it knows.
            Ok(real) if fs::metadata(&real).is_ok_and(|about| !about.is_file()) => {
                let what = "a pipe, a socket or a device; give files".to_owned();
                self.found.push(Found::Unreadable(path.to_owned(), what));
            }
            Ok(_) => self.found.push(Found::File(path.to_owned())),
            Err(error) => self.found.push(Found::Unreadable(path.to_owned(), error.to_string())),
        }
    }

    fn visit_directory(&mut self, path: &Path, with_hidden: bool) {
        if path.extension().is_some_and(|e| e == "evals") || is_store(path) {
            self.found.push(Found::Store(path.to_owned()));
            return;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        match entries {
            Err(error) => self.found.push(Found::Unreadable(path.to_owned(), error.to_string())),
            Ok(mut entries) => {
                entries.sort_by_key(fs::DirEntry::file_name);
                let with_hidden = with_hidden && entries.iter().all(|entry| is_hidden(&entry.file_name()));
                for entry in entries {
                    let name = entry.file_name();
                    if (with_hidden || !is_hidden(&name)) && name != "__MACOSX" {
                        self.visit(&entry.path(), false);
                    }
                }
            }
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_once_in_order_and_loops_end() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for sub in ["b", ".git", "__MACOSX", "c.evals"] {
            fs::create_dir(at(sub)).unwrap();
        }
        for file in
            ["b/2.csv", "a.csv", ".hidden", ".git/x.csv", "__MACOSX/y.csv", "c.evals/responses.parquet"]
        {
            fs::write(at(file), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path(), at("b/loop")).unwrap();
        let found = walk(&[dir.path().to_owned(), at("a.csv")], None).unwrap();
        let expected = [Found::File(at("a.csv")), Found::File(at("b/2.csv")), Found::Store(at("c.evals"))];
        assert_eq!(found, expected);
        // A hidden directory that is named is meant with what is hidden in it.
        fs::create_dir(at(".results")).unwrap();
        fs::write(at(".results/.y.csv"), "x").unwrap();
        assert_eq!(walk(&[at(".results")], None).unwrap(), [Found::File(at(".results/.y.csv"))]);
        fs::write(at(".results/x.csv"), "x").unwrap();
        assert_eq!(walk(&[at(".results")], None).unwrap(), [Found::File(at(".results/x.csv"))]);
        assert_eq!(walk(&[at("missing")], None), Err(at("missing")));
        let without = walk(&[dir.path().to_owned()], Some(&at("c.evals"))).unwrap();
        assert!(without.len() + 1 == found.len() && !without.contains(&Found::Store(at("c.evals"))));
        assert_eq!(walk(&[at("c.evals")], Some(&at("c.evals"))).unwrap(), [Found::Store(at("c.evals"))]);
    }
}
