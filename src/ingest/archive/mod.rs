//! What is in an archive? Its members, unpacked to a directory and read like files.
//!
//! Zip and tar, compressed or not, one inside the other, known by their first bytes. The name of a member never
//! becomes a path on disk, so none can lead out of the directory; what comes out is bounded in bytes, in number
//! and in depth, so no archive can fill the disk or the memory. Archives that are the logs or tables of a program
//! (Inspect, spreadsheets) are left whole to the readers of these. What is not read of an archive is named.

mod contents;
pub mod kept;
pub(super) mod names;
mod tar;
mod unpacking;
mod zip;

use super::content::is_tar;
use super::meter::Meter;
use super::unwrap::{Unpacked, allowed};
use super::walk::Found;
use super::{IngestOptions, Work, fingerprint};
use rayon::prelude::*;
use std::fs;
use std::io;
use std::path::Path;
use tempfile::TempDir;
use thiserror::Error;

/// What kind of archive a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A zip file.
    Zip,
    /// A tar archive, compressed or not.
    Tar,
}

/// Why unpacking ended.
pub enum Fault {
    /// The system cannot write, or open what is there.
    Disk(io::Error),
    /// The archive cannot be read on: why, and what to do.
    Archive(String),
    /// Its content cannot be read.
    Read(io::Error),
}

/// Why no more is read of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// More comes out than may.
    #[error("unpacks to more than it may")]
    TooMuch,
    /// The headers of a member have no end.
    #[error(
        "the headers of a member are longer than those of any file; the archive is damaged, copy it again"
    )]
    LongHeaders,
}

/// Puts the members of archives in their place, several archives at a time. They are in the directory of the work,
/// where the next reading finds them, or in a temporary one for as long as it is held.
///
/// # Errors
/// What the system says if it cannot be written there.
pub fn expand(
    found: Vec<Found>,
    options: &IngestOptions,
    work: Option<&Work>,
    meter: &Meter,
) -> io::Result<(Vec<Found>, Option<TempDir>)> {
    let archive = |found: &Found| {
        let Found::File(path) = found else { return None };
        Some((kind(path)?, format!("unpacked-{}", fingerprint::of_piece(found, "unpacked", options))))
    };
    let archives: Vec<Option<(Kind, String)>> = found.par_iter().map(archive).collect();
    if let Some(work) = work {
        work.keep_only(archives.iter().flatten().map(|(_, name)| name.as_str()));
    }
    let is_needed = work.is_none() && archives.iter().any(Option::is_some);
    let temporary = is_needed.then(|| tempfile::Builder::new().prefix("evalgauge-").tempdir()).transpose()?;
    let within = work.map(Work::directory).or(temporary.as_ref().map(TempDir::path)).unwrap_or(Path::new(""));
    let expanded: Vec<Vec<Found>> = found
        .into_par_iter()
        .zip(archives)
        .map(|(found, archive)| match archive {
            Some((kind, name)) => {
                members(&found, kind, &within.join(name), options.max_unpacked_bytes, meter)
            }
            None => Ok(vec![found]),
        })
        .collect::<io::Result<_>>()?;
    Ok((expanded.into_iter().flatten().collect(), temporary))
}

/// The members of one archive, in its directory.
fn members(found: &Found, kind: Kind, directory: &Path, limit: u64, meter: &Meter) -> io::Result<Vec<Found>> {
    let (path, size) = (found.on_disk(), found.size());
    let entries = match kept::find(directory) {
        Some(entries) => entries,
        None => {
            let _ = fs::remove_dir_all(directory);
            fs::create_dir_all(directory)?;
            let limit = allowed(size, limit);
            let tell = |bytes: u64| meter.rows_so_far(found, bytes.min(size), 0);
            let entries = unpacking::unpack(path, kind, directory, limit, &tell)?;
            kept::keep(directory, &entries);
            entries
        }
    };
    let members: Vec<Found> = entries.into_iter().map(|entry| entry.found(path, directory)).collect();
    meter.unpacked(found, &members);
    Ok(members)
}

/// The kind of archive that a file is, if it is one to be unpacked.
fn kind(path: &Path) -> Option<Kind> {
    let start = Unpacked::open(path, u64::MAX).ok()?.sample(512).ok()?;
    if is_tar(&start) {
        return Some(Kind::Tar);
    }
    let is_zip = matches!(start.as_slice(), [b'P', b'K', 3 | 5, 4 | 6, ..]) && zip::is_archive(path);
    is_zip.then_some(Kind::Zip)
}

#[cfg(test)]
mod tests;
