//! What is in a tar archive? Read through a guard, so that neither headers nor what is no file have no end.

use super::contents::Contents;
use super::unpacking::Unpacking;
use super::{Fault, Refusal};
use crate::ingest::unwrap::Unpacked;
use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// Bytes that the headers of one member may have; the tar library holds them in memory.
const MAX_HEADERS: u64 = 1 << 20;

/// Unpacks the members of the archive.
///
/// # Errors
/// See [`Fault`]; what came before it stands.
pub fn unpack(job: &mut Unpacking, file: &Path, contents: &mut Contents) -> Result<(), Fault> {
    let unpacked = Unpacked::open(file, u64::MAX).map_err(|e| Fault::Archive(e.to_string()))?;
    job.watch(unpacked.counter());
    let headers = Rc::new(Cell::new(None));
    let guard =
        Guard { reader: unpacked.into_reader(), left: Rc::clone(&job.left), headers: Rc::clone(&headers) };
    let mut tar = ::tar::Archive::new(guard);
    let mut entries = tar.entries().map_err(Fault::Read)?;
    loop {
        headers.set(Some(MAX_HEADERS));
        let entry = entries.next();
        headers.set(None);
        let Some(entry) = entry else { return Ok(()) };
        let mut entry = entry.map_err(Fault::Read)?;
        let (kind, name) = (entry.header().entry_type(), entry.path_bytes().into_owned());
        if kind.is_symlink() || kind.is_hard_link() {
            let to = entry.link_name_bytes().unwrap_or_default().into_owned();
            contents.link(&name, &to, kind.is_hard_link())?;
        } else if is_in_pieces(&mut entry)? {
            let why =
                "it is stored with its gaps left out, in a form that is not read; unpack the archive first";
            contents.leave(&name, why.to_owned())?;
        } else if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            job.member(&name, &mut entry, contents)?;
        } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
            contents.leave(&name, "it is no file".to_owned())?;
        }
        // What was not read counts too, and is no part of the headers of the next member.
        job.copy(&mut entry, &mut io::sink())?;
    }
}

/// Whether the content is a map of pieces and the pieces (GNU's form within PAX headers).
fn is_in_pieces(entry: &mut ::tar::Entry<impl Read>) -> Result<bool, Fault> {
    if entry.header().entry_type().is_pax_global_extensions() {
        return Ok(false);
    }
    let mut extensions = entry.pax_extensions().map_err(Fault::Read)?.into_iter().flatten().flatten();
    Ok(extensions.any(|extension| extension.key_bytes().starts_with(b"GNU.sparse.")))
}

/// Counts what comes out of an archive, and stops where it is too much.
struct Guard<R> {
    reader: R,
    /// Bytes that may still come.
    left: Rc<Cell<u64>>,
    /// While headers are read, bytes that these may still have.
    headers: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(into)?;
        let rest = |left: u64, refusal| left.checked_sub(n as u64).ok_or_else(|| io::Error::other(refusal));
        if let Some(left) = self.headers.get() {
            self.headers.set(Some(rest(left, Refusal::LongHeaders)?));
        }
        self.left.set(rest(self.left.get(), Refusal::TooMuch)?);
        Ok(n)
    }
}
