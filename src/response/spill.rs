//! Where are the columns of a table that is too long for memory? Piece by piece in one file, from which just what is
//! asked for is read back.

use serde::de::{Error as _, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use thiserror::Error;

/// Rows that were put aside on disk cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "rows that were put aside on disk cannot be read back ({message}); run the command again, with its output on another disk if it fails again"
)]
pub struct SpillError {
    /// What the system says.
    pub message: String,
}

/// A file for the pieces of columns that are more than memory should hold.
///
/// Columns have no room for errors: what cannot be read back is the lowest value of its piece, or no text, and the
/// first failure is kept for [`Spill::check`]. Whoever makes anything of a table asks for it at the end.
#[derive(Debug)]
pub struct Spill {
    disk: Disk,
    /// Bytes that are more than this may leave memory.
    budget: usize,
    /// Where the file ends; nothing once there was no room for a piece.
    end: Mutex<Option<u64>>,
    failed: OnceLock<SpillError>,
}

impl Spill {
    /// A place for pieces in an empty file that nobody else writes, used when closed pieces take more than `budget`
    /// bytes of memory. Where the file cannot be written, or the disk is full, they stay in memory.
    pub fn new(file: File, budget: usize) -> Arc<Self> {
        let (end, failed) = (Mutex::new(Some(0)), OnceLock::new());
        Arc::new(Self { disk: Disk::new(file), budget, end, failed })
    }

    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// Where these bytes are now; `None` if there was no room for them, or for others before.
    pub(super) fn write(&self, bytes: &[u8]) -> Option<u64> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*end)?;
        *end = self.disk.write(at, bytes).ok().map(|()| at + bytes.len() as u64);
        end.map(|_| at)
    }

    pub(super) fn read(&self, at: u64, n: usize) -> Result<Vec<u8>, SpillError> {
        let mut bytes = vec![0; n];
        match self.disk.read(at, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(self.failed.get_or_init(|| SpillError { message: error.to_string() }).clone()),
        }
    }

    /// Whether everything that was asked for so far was read back.
    ///
    /// # Errors
    /// The first failure.
    pub fn check(&self) -> Result<(), SpillError> {
        self.failed.get().cloned().map_or(Ok(()), Err)
    }
}

/// A file that is read and written at places, by several threads.
#[cfg(unix)]
#[derive(Debug)]
struct Disk(File);

#[cfg(unix)]
impl Disk {
    fn new(file: File) -> Self {
        Self(file)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, at)
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, bytes, at)
    }
}

/// A file that is read and written at places, by one thread at a time.
#[cfg(not(unix))]
#[derive(Debug)]
struct Disk(Mutex<File>);

#[cfg(not(unix))]
impl Disk {
    fn new(file: File) -> Self {
        Self(Mutex::new(file))
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut *self.at(at)?, bytes)
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        io::Read::read_exact(&mut *self.at(at)?, bytes)
    }

    fn at(&self, at: u64) -> io::Result<std::sync::MutexGuard<'_, File>> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        io::Seek::seek(&mut *file, io::SeekFrom::Start(at))?;
        Ok(file)
    }
}

/// The content of a closed piece.
#[derive(Debug, Clone)]
pub(super) enum Bytes {
    Here(Box<[u8]>),
    Away { spill: Arc<Spill>, at: u64, len: usize },
}

impl Bytes {
    pub fn len(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Away { len, .. } => *len,
        }
    }

    /// Bytes of memory.
    pub fn held(&self) -> usize {
        if let Self::Here(bytes) = self { bytes.len() } else { 0 }
    }

    /// Where it was put aside.
    pub fn away(&self) -> Option<&Arc<Spill>> {
        if let Self::Away { spill, .. } = self { Some(spill) } else { None }
    }

    /// Some of the bytes; zeros if they cannot be read back.
    ///
    /// # Panics
    /// If there are not so many: a fault of the program, not of its input.
    #[inline]
    pub fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        match self {
            Self::Here(bytes) => Cow::Borrowed(&bytes[range]),
            Self::Away { .. } => Cow::Owned(self.read_back(&range).unwrap_or_else(|_| vec![0; range.len()])),
        }
    }

    #[cold]
    fn read_back(&self, range: &Range<usize>) -> Result<Vec<u8>, SpillError> {
        match self {
            Self::Here(bytes) => Ok(bytes[range.clone()].to_vec()),
            Self::Away { spill, at, .. } => spill.read(at + range.start as u64, range.len()),
        }
    }

    /// Leaves memory, if there is room on disk.
    pub fn put_aside(&mut self, spill: &Arc<Spill>) {
        if let Self::Here(bytes) = self
            && let Some(at) = spill.write(bytes)
        {
            *self = Self::Away { spill: Arc::clone(spill), at, len: bytes.len() };
        }
    }

    /// Comes back to memory; stays away where it cannot be read.
    pub fn bring_back(&mut self) {
        if self.away().is_some()
            && let Ok(bytes) = self.read_back(&(0..self.len()))
        {
            *self = Self::Here(bytes.into());
        }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.read(0..self.len()) == other.read(0..other.len())
    }
}

impl Eq for Bytes {}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Here(bytes) => serializer.serialize_bytes(bytes),
            Self::Away { .. } => {
                serializer.serialize_bytes(&self.read_back(&(0..self.len())).map_err(S::Error::custom)?)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfBytes;
        impl Visitor<'_> for OfBytes {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes::Here(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(OfBytes).map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of its own in the directory for temporary files, gone when it is closed.
    pub fn scratch() -> File {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("evalgauge-spill-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    #[test]
    fn what_is_put_aside_comes_back() {
        let spill = Spill::new(scratch(), 0);
        let before: Vec<Bytes> =
            (0..5u8).map(|k| Bytes::Here(vec![k; 100 * usize::from(k)].into())).collect();
        let mut bytes = before.clone();
        bytes.iter_mut().for_each(|bytes| bytes.put_aside(&spill));
        assert!(bytes.iter().all(|bytes| bytes.held() == 0 && bytes.away().is_some()));
        assert_eq!(bytes, before);
        assert_eq!(*bytes[3].read(7..9), [3, 3]);
        bytes[4].bring_back();
        assert_eq!((bytes[4].held(), spill.check()), (400, Ok(())));
    }

    #[test]
    fn where_there_is_no_room_all_stays_in_memory() {
        let path = std::env::current_exe().unwrap();
        let spill = Spill::new(File::open(path).unwrap(), 0);
        let mut bytes = Bytes::Here(vec![1, 2, 3].into());
        bytes.put_aside(&spill);
        assert_eq!((bytes.held(), spill.check()), (3, Ok(())));
    }

    #[test]
    fn a_disk_that_fails_is_told() {
        let file = scratch();
        let spill = Spill::new(file.try_clone().unwrap(), 0);
        let mut bytes = Bytes::Here(vec![9; 10].into());
        bytes.put_aside(&spill);
        file.set_len(5).unwrap();
        assert_eq!(*bytes.read(2..8), [0; 6]);
        assert!(spill.check().unwrap_err().to_string().contains("put aside on disk"));
        bytes.bring_back();
        assert!(bytes.away().is_some());
    }
}
