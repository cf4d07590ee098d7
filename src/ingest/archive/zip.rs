//! What is in a zip file? Each member for itself: one that cannot be read takes no other with it.

use super::Fault;
use super::contents::Contents;
use super::unpacking::Unpacking;
use crate::ingest::unwrap::Counted;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// No path is longer.
const MAX_TARGET: u64 = 1 << 12;

/// Whether a file is a zip file to be unpacked; one that cannot be opened is told of by its reader, and one that is
/// the log or the table of a program belongs to the reader of these.
pub fn is_archive(path: &Path) -> bool {
    let zip = File::open(path).map_err(ZipError::from).and_then(ZipArchive::new);
    zip.is_ok_and(|mut zip| !is_of_a_program(&mut zip))
}

/// Whether an archive is a spreadsheet or document, or a log of Inspect.
fn is_of_a_program(zip: &mut ZipArchive<impl Read + Seek>) -> bool {
    let of_inspect = |name: &str| {
        matches!(name, "header.json" | "summaries.json" | "reductions.json")
            || name.starts_with("samples/")
            || name.starts_with("_journal/")
    };
    let names: Vec<_> = zip.file_names().flatten().map(|name| name.into_owned()).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    // A directory with a file of that name among others is no log.
    let is_log = has("header.json") && names.iter().all(|name| of_inspect(name));
    if is_log || has("[Content_Types].xml") || names.iter().any(|name| name.starts_with("_journal/")) {
        return true;
    }
    let mut kind = Vec::new();
    let read = zip.by_name("mimetype").map(|member| member.take(12).read_to_end(&mut kind));
    read.is_ok() && kind == b"application/"
}

/// Unpacks the members of the archive.
///
/// # Errors
/// See [`Fault`]; what came before it stands.
pub fn unpack(job: &mut Unpacking, file: &Path, contents: &mut Contents) -> Result<(), Fault> {
    let damaged = |e: ZipError| Fault::Archive(format!("{e}; copy or download it again"));
    let reader = Counted::open(file).map_err(Fault::Disk)?;
    job.watch(reader.counter());
    let mut zip = ZipArchive::new(reader).map_err(damaged)?;
    for at in 0..zip.len() {
        let entry = zip.by_index_data(at).map_err(damaged)?;
        if entry.is_dir() {
            continue;
        }
        let (name, is_link) = (entry.name_raw().to_owned(), entry.is_symlink());
        let obstacle = if entry.encrypted() {
            Some("it is encrypted; unpack the archive first, with its password".to_owned())
        } else {
            unknown_method(entry.compression())
        };
        if let Some(why) = obstacle {
            contents.leave(&name, why)?;
            continue;
        }
        let outcome = match zip.by_index(at) {
            Err(error) => Err(Fault::Read(io::Error::other(error))),
            Ok(member) if is_link => {
                let mut to = Vec::new();
                let read = member.take(MAX_TARGET).read_to_end(&mut to).map_err(Fault::Read);
                read.and_then(|_| contents.link(&name, &to, false))
            }
            Ok(mut member) => job.member(&name, &mut member, contents),
        };
        match outcome {
            Err(Fault::Read(e)) => {
                contents.leave(&name, format!("it is damaged ({e}); copy or download the archive again"))?;
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

fn unknown_method(method: CompressionMethod) -> Option<String> {
    let known = [CompressionMethod::Stored, CompressionMethod::Deflated, CompressionMethod::Zstd];
    let why = || "it is compressed by a method that is not read; unpack the archive first".to_owned();
    (!known.contains(&method)).then(why)
}
