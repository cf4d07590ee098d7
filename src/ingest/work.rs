//! Where does an interrupted reading leave what it has done? In a directory beside the store that is to be
//! written: the pieces of the files that were read, each whole or not there, found again by what they were read
//! from.

use super::archive::kept;
use super::fragment::{Fragment, Note, Rest};
use super::report::FileRead;
use crate::response::{OptionScores, ResponseTable, Spill};
use crate::store::{StoreError, part};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use thiserror::Error;

/// Why there can be no work directory.
#[derive(Debug, Error)]
pub enum WorkError {
    /// Another program is at it.
    #[error("{path} is in use: another ingest writes it; wait for it, or name another --out")]
    InUse {
        /// The store that is to be written.
        path: String,
    },
    /// The system refused.
    #[error("{path} cannot be written ({why}); name another --out")]
    Io {
        /// The store that is to be written.
        path: String,
        /// What the system says.
        why: io::Error,
    },
}

/// The directory of one reading; no other program uses it at the same time.
#[derive(Debug)]
pub struct Work {
    directory: PathBuf,
    _lock: File,
    /// Files of scores of options that were kept in this reading.
    n_options: AtomicUsize,
    most_held: usize,
    /// One file for the rows of all tables; nothing where it cannot be made.
    spill: OnceLock<Option<Arc<Spill>>>,
}

/// Bytes of closed pieces of the rows of all files that are held in memory: some twenty million rows of plain tables,
/// and a small part of what reading takes, and of what a store takes that is written.
const MOST_HELD: usize = 64 << 20;

/// What is known about the piece of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// How the file was read.
    pub read: FileRead,
    /// What a user should know.
    pub notes: Vec<Note>,
    /// What the file says about items that it does not list.
    pub rests: Vec<Rest>,
    /// For plain tables: what is needed to join tables about items and models.
    pub plain: Option<PlainAbout>,
}

impl About {
    /// What is known about the piece of a file; notes and the like are those of the piece.
    pub fn new(read: &FileRead, plain: Option<PlainAbout>) -> Self {
        Self { read: read.clone(), notes: Vec::new(), rests: Vec::new(), plain }
    }
}

/// What is known about the piece of a plain table that waits for the tables beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlainAbout {
    /// The name of the column of items.
    pub item_column: Option<String>,
    /// Whether rows have no score until the keys are known.
    pub needs_keys: bool,
    /// Whether the table is wide.
    pub is_wide: bool,
}

/// The piece of a file: in memory, or kept.
#[derive(Debug)]
pub enum Piece {
    /// In memory.
    Here(Box<Fragment>),
    /// In a part file.
    Kept(PathBuf),
}

impl Piece {
    /// The piece itself.
    ///
    /// # Errors
    /// [`StoreError`] if it was kept and cannot be read back.
    pub fn load(self) -> Result<Fragment, StoreError> {
        match self {
            Self::Here(fragment) => Ok(*fragment),
            Self::Kept(path) => {
                let (about, table): (About, ResponseTable) = part::read(&path)?;
                Ok(Fragment { table, notes: about.notes, rests: about.rests })
            }
        }
    }
}

/// The work directory of a store.
fn beside(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or(out.as_os_str()).to_string_lossy();
    out.with_file_name(format!(".evalgauge-{name}"))
}

impl Work {
    /// The work directory of a store: `.evalgauge-NAME.evals` beside it. What an earlier reading left there is
    /// used again.
    ///
    /// # Errors
    /// See [`WorkError`].
    pub fn open(out: &Path) -> Result<Self, WorkError> {
        let directory = beside(out);
        let path = out.display().to_string();
        let failed = |why| WorkError::Io { path: path.clone(), why };
        fs::create_dir_all(&directory).map_err(failed)?;
        let lock = File::create(directory.join("lock")).map_err(failed)?;
        // Where files cannot be locked, nobody can be found out.
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(WorkError::InUse { path });
        }
        // Half-written files, half-unpacked archives and what was put aside by a reading that was killed.
        for entry in fs::read_dir(&directory).map_err(failed)?.flatten() {
            let entry = entry.path();
            let is_part = entry.extension().is_some_and(|e| e == "part");
            if entry.is_dir() {
                if kept::find(&entry).is_none() {
                    let _ = fs::remove_dir_all(&entry);
                }
            } else if !is_part && !entry.ends_with("lock") {
                let _ = fs::remove_file(&entry);
            }
        }
        Ok(Self {
            directory,
            _lock: lock,
            n_options: AtomicUsize::new(0),
            most_held: MOST_HELD,
            spill: OnceLock::new(),
        })
    }

    /// Changes how many bytes of the rows of all files are held in memory before they are put aside here.
    pub fn hold(mut self, most_held: usize) -> Self {
        self.most_held = most_held;
        self
    }

    /// A file here for rows, gone with this program; nothing where it cannot be made, and rows stay in memory.
    pub(super) fn spill(&self) -> Option<&Arc<Spill>> {
        let make = || Some(Spill::new(tempfile::tempfile_in(&self.directory).ok()?, self.most_held));
        self.spill.get_or_init(make).as_ref()
    }

    /// Removes what is left of a reading that was killed after its store was written.
    pub fn clear(out: &Path) {
        if beside(out).is_dir()
            && let Ok(work) = Self::open(out)
        {
            work.finish();
        }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes all directories but those of these names: what was unpacked from archives that have changed since.
    pub fn keep_only<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let kept: HashSet<PathBuf> = names.map(|name| self.directory.join(name)).collect();
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let entry = entry.path();
            if entry.is_dir() && !kept.contains(&entry) {
                let _ = fs::remove_dir_all(&entry);
            }
        }
    }

    /// What is known about a whole part of this name.
    pub fn find(&self, name: &str) -> Option<(About, PathBuf)> {
        let path = self.path(name);
        let about = part::about(&path)?;
        Some((about, path))
    }

    /// Keeps a piece; where, if there was room for it.
    pub fn keep(&self, name: &str, about: About, fragment: &Fragment) -> Option<PathBuf> {
        Self::write(self.path(name), about, fragment)
    }

    /// Puts a piece out of memory for as long as this reading takes; where, if there was room for it. The next
    /// reading removes it.
    pub fn put_aside(&self, name: &str, about: About, fragment: &Fragment) -> Option<PathBuf> {
        Self::write(self.directory.join(format!("{name}.aside")), about, fragment)
    }

    fn write(path: PathBuf, about: About, fragment: &Fragment) -> Option<PathBuf> {
        let about = About { notes: fragment.notes.clone(), rests: fragment.rests.clone(), ..about };
        part::write(&path, &about, &fragment.table).ok()?;
        Some(path)
    }

    /// Keeps scores of options that come after those that were kept before; whether there was room for them.
    pub fn keep_options(&self, scores: &OptionScores) -> bool {
        let path = self.options(self.n_options.load(Ordering::Relaxed));
        let kept = part::write(&path, &(), scores);
        self.n_options.fetch_add(usize::from(kept.is_ok()), Ordering::Relaxed);
        kept.is_ok()
    }

    /// The scores of options that were kept in this reading, in their order.
    pub fn kept_options(&self) -> impl Iterator<Item = Result<OptionScores, StoreError>> {
        (0..self.n_options.load(Ordering::Relaxed))
            .map(|at| part::read(&self.options(at)).map(|((), scores)| scores))
    }

    /// Removes the directory: everything that was kept is in the store.
    pub fn finish(self) {
        let _ = fs::remove_dir_all(&self.directory);
    }

    fn options(&self, at: usize) -> PathBuf {
        self.directory.join(format!("options-{at}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.part"))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // A directory without parts is of no use to anybody.
        let is_part = |entry: fs::DirEntry| entry.path().extension().is_some_and(|e| e == "part");
        let has_parts = fs::read_dir(&self.directory).is_ok_and(|mut all| all.any(|e| e.is_ok_and(is_part)));
        if !has_parts {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Format;
    use crate::response::{Item, OptionScore, Run};
    use crate::store;

    #[test]
    fn a_store_has_the_scores_of_options_that_were_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::open(&dir.path().join("x.evals")).unwrap();
        let mut table = ResponseTable::default();
        table.runs.extend(["r", "s"].map(|run| Run::new(run, "m")));
        table.items.extend(["1", "2"].map(|item| Item::new("b", None, item)));
        let scores: Vec<OptionScore> = (0..9)
            .map(|at| OptionScore {
                run: at % 2,
                item: at / 5,
                option: at as u16,
                logp_sum: Some(-(at as f32)),
                logp_per_char: None,
                logp_per_byte: Some(0.5),
                logp_uncond: None,
                num_tokens: (at == 7).then_some(u32::MAX - 1),
                is_greedy: (at > 3).then_some(true),
            })
            .collect();
        let provenance = store::Provenance::default();
        for after in [2, 0] {
            let (early, late) = scores.split_at(scores.len() - after);
            for some in early.chunks(4) {
                assert!(work.keep_options(&some.iter().copied().collect()));
            }
            table.options = late.iter().copied().collect();
            let path = dir.path().join("store.evals");
            store::write_from(work.directory(), &table, work.kept_options(), &path, &provenance).unwrap();
            let back = store::read(&path).unwrap();
            assert!(back.options.iter().eq(scores.iter().copied()), "{after}");
            work.n_options.store(0, Ordering::Relaxed);
        }
        work.n_options.store(5, Ordering::Relaxed);
        let path = dir.path().join("other.evals");
        let lost = store::write_from(work.directory(), &table, work.kept_options(), &path, &provenance);
        assert!(matches!(lost, Err(StoreError::Io { .. })) && !path.exists(), "{lost:?}");
    }

    fn member(name: &str, file: usize, bytes: u64) -> kept::Entry {
        kept::Entry::Member { name: name.to_owned(), file, bytes }
    }

    #[test]
    fn what_was_kept_is_found_and_what_was_cut_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let read = FileRead { file: "f".into(), format: Format::Bfcl, because: "it is".into(), n_rows: 0 };
        let out = dir.path().join("x.evals");
        let mut fragment = Fragment::default();
        fragment.table.runs.push(Run::new("r", "m"));
        fragment.table.items.push(Item::new("b", None, "1"));
        fragment.notes.push(Note { file: "f".into(), row: Some(3), message: "odd".into() });
        {
            let work = Work::open(&out).unwrap();
            assert!(matches!(Work::open(&out), Err(WorkError::InUse { .. })));
            assert!(work.keep("k", About::new(&read, None), &fragment).is_some());
            let aside = work.put_aside("k", About::new(&read, None), &fragment).unwrap();
            assert_eq!(Piece::Kept(aside).load().unwrap().table, fragment.table);
            for unpacked in ["unpacked", "half-unpacked"] {
                fs::create_dir(work.directory().join(unpacked)).unwrap();
                fs::write(work.directory().join(unpacked).join("1"), "content").unwrap();
            }
            kept::keep(&work.directory().join("unpacked"), &[member("1", 1, 7)]);
            kept::keep(&work.directory().join("half-unpacked"), &[member("1", 1, 7), member("2", 2, 7)]);
            fs::write(work.directory().join("cut.part"), "evalgauge part 4\nand no more").unwrap();
        }
        let work = Work::open(&out).unwrap();
        assert!(work.find("cut").is_none() && work.find("other").is_none());
        let unpacked = work.directory().join("unpacked");
        assert!(unpacked.exists() && !work.directory().join("half-unpacked").exists());
        work.keep_only(["unpacked", "other"].into_iter());
        assert!(unpacked.exists());
        work.keep_only(["other"].into_iter());
        assert!(!unpacked.exists());
        assert!(!work.directory().join("k.aside").exists());
        let (about, path) = work.find("k").unwrap();
        let back = Piece::Kept(path).load().unwrap();
        assert_eq!((about.read.file.as_str(), &back.notes), ("f", &fragment.notes));
        assert_eq!(back.table, fragment.table);
        work.finish();
        drop(Work::open(&out).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
