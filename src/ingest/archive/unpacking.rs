//! How is one archive unpacked, and the archives in it? Into numbered files of a directory, within limits.

use super::contents::Contents;
use super::kept::Entry;
use super::{Fault, Kind, Refusal, tar, zip};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Archives inside of archives, at most.
pub const MAX_DEPTH: usize = 4;
/// How far it is is told after so many bytes.
const TOLD_EVERY: u64 = 1 << 22;

/// An archive on its way out.
pub struct Unpacking<'u> {
    /// Bytes that may still come out.
    pub left: Rc<Cell<u64>>,
    /// Bytes that might in all.
    limit: u64,
    /// Where the files go.
    directory: &'u Path,
    n_files: usize,
    entries: Vec<Entry>,
    /// How far the outermost archive has been read.
    position: Option<Arc<AtomicU64>>,
    tell: &'u dyn Fn(u64),
}

/// Unpacks an archive into a directory; `tell` hears how many of its bytes were read.
///
/// # Errors
/// What the system says if it cannot be written. What is wrong with the archive is among the entries.
pub fn unpack(
    file: &Path,
    kind: Kind,
    directory: &Path,
    limit: u64,
    tell: &dyn Fn(u64),
) -> io::Result<Vec<Entry>> {
    let left = Rc::new(Cell::new(limit));
    let mut job = Unpacking { left, limit, directory, n_files: 0, entries: Vec::new(), position: None, tell };
    job.archive("", file, kind, 0)?;
    Ok(job.entries)
}

impl Unpacking<'_> {
    /// Unpacks one archive: its name within the outermost one, and where it is.
    fn archive(&mut self, within: &str, file: &Path, kind: Kind, depth: usize) -> io::Result<()> {
        if depth == MAX_DEPTH {
            let why =
                format!("archives inside of archives beyond {MAX_DEPTH} are not unpacked; unpack it first");
            self.entries.push(Entry::LeftAside { name: within.to_owned(), why });
            return Ok(());
        }
        let mut contents = Contents::default();
        let outcome = match kind {
            Kind::Zip => zip::unpack(self, file, &mut contents),
            Kind::Tar => tar::unpack(self, file, &mut contents),
        };
        contents.follow_links();
        let name = |name: String| if within.is_empty() { name } else { format!("{within}/{name}") };
        for (member, number) in contents.members {
            let (name, path) = (name(member), self.path(number));
            match super::kind(&path) {
                Some(kind) => self.archive(&name, &path, kind, depth + 1)?,
                None => {
                    let bytes = std::fs::metadata(&path)?.len();
                    self.entries.push(Entry::Member { name, file: number, bytes });
                }
            }
        }
        let left_aside = contents.left_aside.into_iter();
        self.entries.extend(left_aside.map(|(member, why)| Entry::LeftAside { name: name(member), why }));
        let why = match outcome {
            Ok(()) => return Ok(()),
            Err(Fault::Disk(error)) => return Err(error),
            Err(Fault::Archive(why)) => why,
            Err(Fault::Read(error)) => match error.get_ref().and_then(|e| e.downcast_ref::<Refusal>()) {
                Some(Refusal::TooMuch) => self.too_much(),
                Some(refusal) => refusal.to_string(),
                None => format!("the archive is damaged or cut short ({error}); copy it again"),
            },
        };
        self.entries.push(Entry::LeftAside { name: within.to_owned(), why });
        Ok(())
    }

    fn too_much(&self) -> String {
        format!(
            "unpacks to more than {} MB; if it is meant, unpack it first, or allow more with --max-unpacked",
            self.limit >> 20
        )
    }

    /// Follows the position of a file, if it is the first that is read.
    pub fn watch(&mut self, counter: Arc<AtomicU64>) {
        self.position.get_or_insert(counter);
    }

    /// Copies a member to a file. Of two members of one name the later stands, as it would on disk.
    ///
    /// # Errors
    /// As [`Self::copy`], [`Contents::name`].
    pub fn member(
        &mut self,
        raw: &[u8],
        content: &mut dyn Read,
        contents: &mut Contents,
    ) -> Result<(), Fault> {
        let Some(name) = contents.name(raw)? else { return Ok(()) };
        self.n_files += 1;
        let path = self.path(self.n_files);
        let mut file = File::create(&path).map_err(Fault::Disk)?;
        if let Err(fault) = self.copy(content, &mut file) {
            let _ = std::fs::remove_file(&path);
            return Err(fault);
        }
        contents.members.insert(name, self.n_files);
        Ok(())
    }

    /// Copies what is left of some content. Bytes count whether they were read (which a guard sees) or made up.
    ///
    /// # Errors
    /// [`Fault::Read`], [`Fault::Disk`], each of its side.
    pub fn copy(&self, content: &mut dyn Read, into: &mut dyn Write) -> Result<(), Fault> {
        let before = self.left.get();
        let mut buffer = vec![0; 1 << 16];
        let (mut n, mut told) = (0, 0);
        let outcome = loop {
            let got = match content.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(Fault::Read(error)),
            };
            n += got as u64;
            if n > before {
                break Err(Fault::Archive(self.too_much()));
            }
            if let Err(error) = into.write_all(&buffer[..got]) {
                break Err(Fault::Disk(error));
            }
            if n - told >= TOLD_EVERY {
                told = n;
                self.tell();
            }
        };
        let seen = before - self.left.get();
        self.left.set(before.saturating_sub(n.max(seen)));
        self.tell();
        outcome
    }

    fn tell(&self) {
        if let Some(position) = &self.position {
            (self.tell)(position.load(Ordering::Relaxed));
        }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.directory.join(number.to_string())
    }
}
