//! What is in an archive? Its members, unpacked to a temporary directory and read like files.
//!
//! Zip and tar, compressed or not, one inside the other, known by their first bytes. The name of a member never
//! becomes a path on disk, so none can lead out of the directory; what comes out is bounded in bytes, in number
//! and in depth, so no archive can fill the disk. Archives that are the logs or tables of a program (Inspect,
//! spreadsheets) are left whole to the readers of these.

use super::unwrap::Unpacked;
use super::walk::{Found, Member};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Archives inside of archives, at most.
const MAX_DEPTH: usize = 4;
/// Members of one archive, at most.
const MAX_MEMBERS: usize = 1_000_000;
/// What comes out may be this many times what is in, or this many bytes, whichever is more.
const MAX_RATIO: u64 = 200;
const FREE_BYTES: u64 = 1 << 30;

/// What kind of archive a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
}

/// Puts the members of archives in their place. The members are there as long as the directory is, which is made
/// `inside` of another, or where the system has its temporary files.
///
/// # Errors
/// What the system says if there can be no temporary directory.
pub fn expand(
    found: Vec<Found>,
    limit: u64,
    inside: Option<&Path>,
) -> io::Result<(Vec<Found>, Option<TempDir>)> {
    let mut expander = Expander { directory: None, inside, n_files: 0, limit };
    let mut expanded = Vec::with_capacity(found.len());
    for found in found {
        match &found {
            Found::File(path) => match kind(path) {
                Some(kind) => {
                    let size = std::fs::metadata(path).map_or(0, |m| m.len());
                    let left = &mut limit.min(FREE_BYTES.max(size.saturating_mul(MAX_RATIO)));
                    expander.archive(path, "", path, kind, 0, left, &mut expanded)?;
                }
                None => expanded.push(found),
            },
            _ => expanded.push(found),
        }
    }
    Ok((expanded, expander.directory))
}

/// The kind of archive that a file is, if it is one to be unpacked.
fn kind(path: &Path) -> Option<Kind> {
    let mut unpacked = Unpacked::open(path, u64::MAX).ok()?;
    let start = unpacked.sample(512).ok()?;
    if start.get(257..262) == Some(b"ustar") {
        return Some(Kind::Tar);
    }
    if !matches!(start.as_slice(), [b'P', b'K', 3 | 5, 4 | 6, ..]) {
        return None;
    }
    // A zip file is known by what it holds; one that cannot be opened is told of by its reader.
    let zip = zip::ZipArchive::new(File::open(path).ok()?).ok()?;
    let of_a_program = |name: &str| {
        matches!(name, "header.json" | "[Content_Types].xml" | "mimetype") || name.starts_with("_journal/")
    };
    let belongs = zip.file_names().flatten().any(|name| of_a_program(&name));
    (!belongs).then_some(Kind::Zip)
}

struct Expander<'i> {
    directory: Option<TempDir>,
    inside: Option<&'i Path>,
    n_files: usize,
    limit: u64,
}

impl Expander<'_> {
    /// Unpacks one archive: the file on disk that the user named, the name within it, and where it is now.
    #[allow(clippy::too_many_arguments)]
    fn archive(
        &mut self,
        named: &Path,
        within: &str,
        file: &Path,
        kind: Kind,
        depth: usize,
        left: &mut u64,
        into: &mut Vec<Found>,
    ) -> io::Result<()> {
        let shown = if within.is_empty() { named.to_owned() } else { shown(named, within) };
        if depth == MAX_DEPTH {
            let message =
                format!("archives inside of archives beyond {MAX_DEPTH} are not unpacked; unpack it first");
            into.push(Found::Unreadable(shown, message));
            return Ok(());
        }
        let mut members: BTreeMap<String, PathBuf> = BTreeMap::new();
        let outcome = match kind {
            Kind::Zip => self.zip(file, &mut members, left),
            Kind::Tar => self.tar(file, &mut members, left),
        };
        for (name, file) in members {
            let member = if within.is_empty() { name } else { format!("{within}/{name}") };
            match self::kind(&file) {
                Some(kind) => self.archive(named, &member, &file, kind, depth + 1, left, into)?,
                None => into.push(Found::Member(Member { archive: named.to_owned(), name: member, file })),
            }
        }
        match outcome {
            Ok(()) => Ok(()),
            Err(Fault::Disk(error)) => Err(error),
            Err(Fault::Archive(message)) => {
                into.push(Found::Unreadable(shown, message));
                Ok(())
            }
        }
    }

    fn zip(&mut self, file: &Path, members: &mut Members, left: &mut u64) -> Result<(), Fault> {
        let damaged = |e: zip::result::ZipError| Fault::Archive(format!("{e}; copy or download it again"));
        let mut zip = zip::ZipArchive::new(File::open(file).map_err(Fault::Disk)?).map_err(damaged)?;
        for at in 0..zip.len() {
            let mut member = zip.by_index(at).map_err(damaged)?;
            if !member.is_file() {
                continue;
            }
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            self.member(&name, &mut member, members, left)?;
        }
        Ok(())
    }

    fn tar(&mut self, file: &Path, members: &mut Members, left: &mut u64) -> Result<(), Fault> {
        let cut = |e: io::Error| {
            Fault::Archive(format!("the archive is damaged or cut short ({e}); copy it again"))
        };
        let unpacked = Unpacked::open(file, self.limit).map_err(|e| Fault::Archive(e.to_string()))?;
        let mut tar = tar::Archive::new(unpacked.into_reader());
        for entry in tar.entries().map_err(cut)? {
            let mut entry = entry.map_err(cut)?;
            if entry.header().entry_type().is_file() {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                self.member(&name, &mut entry, members, left)?;
            }
        }
        Ok(())
    }

    /// Copies a member to the temporary directory. Of two members of one name the later stands, as it would on
    /// disk.
    fn member(
        &mut self,
        name: &str,
        content: &mut impl Read,
        members: &mut Members,
        left: &mut u64,
    ) -> Result<(), Fault> {
        let Some(name) = plain_name(name) else { return Ok(()) };
        if members.len() == MAX_MEMBERS {
            return Err(Fault::Archive(format!("more than {MAX_MEMBERS} members; unpack it first")));
        }
        let path = self.new_file().map_err(Fault::Disk)?;
        let mut file = File::create(&path).map_err(Fault::Disk)?;
        let copied = io::copy(&mut content.take(left.saturating_add(1)), &mut file).map_err(|e| {
            Fault::Archive(format!("member {name:?} is damaged ({e}); copy or download it again"))
        })?;
        if copied > *left {
            let _ = std::fs::remove_file(&path);
            let message =
                "unpacks to more than an archive of results should; if it is meant, unpack it first";
            return Err(Fault::Archive(message.to_owned()));
        }
        *left -= copied;
        members.insert(name, path);
        Ok(())
    }

    fn new_file(&mut self) -> io::Result<PathBuf> {
        if self.directory.is_none() {
            let mut new = tempfile::Builder::new();
            let new = new.prefix("evalgauge-");
            self.directory =
                Some(self.inside.map_or_else(|| new.tempdir(), |inside| new.tempdir_in(inside))?);
        }
        self.n_files += 1;
        let directory = self.directory.as_ref().map_or(Path::new("."), TempDir::path);
        Ok(directory.join(self.n_files.to_string()))
    }
}

type Members = BTreeMap<String, PathBuf>;

enum Fault {
    Disk(io::Error),
    Archive(String),
}

fn shown(archive: &Path, member: &str) -> PathBuf {
    PathBuf::from(format!("{}!{member}", archive.display()))
}

/// The name of a member as messages show it: `/` between parts, no way up. `None` for what is hidden.
fn plain_name(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let hidden = parts.iter().any(|part| part.starts_with('.') || *part == "__MACOSX");
    (!parts.is_empty() && !hidden).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in members {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn tar_gz_of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, content) in members {
            let mut header = tar::Header::new_ustar();
            // The name as it is: `set_path` refuses what an attacker would write.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    /// The names and contents that come out, and what could not be read.
    fn expanded(content: &[u8], limit: u64) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bin");
        std::fs::write(&path, content).unwrap();
        let (found, _temporary) = expand(vec![Found::File(path)], limit, None).unwrap();
        let (mut members, mut faults) = (Vec::new(), Vec::new());
        for found in found {
            match found {
                Found::Member(m) => members.push((m.name, std::fs::read(m.file).unwrap())),
                Found::Unreadable(_, message) => faults.push(message),
                Found::File(path) => members.push((path.display().to_string(), Vec::new())),
                Found::Store(_) => {}
            }
        }
        (members, faults)
    }

    fn names(members: &[(String, Vec<u8>)]) -> Vec<&str> {
        members.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn members_come_out_in_order_from_archives_within_archives() {
        let inner = tar_gz_of(&[("m|1/b:c.csv", b"x"), ("m|1/a.csv", b"y")]);
        let outer = zip_of(&[
            ("z.csv", b"1"),
            ("deep/inner.tar.gz", &inner),
            ("__MACOSX/z.csv", b"no"),
            (".x", b"no"),
        ]);
        let (members, faults) = expanded(&outer, 1 << 30);
        assert_eq!(
            names(&members),
            ["deep/inner.tar.gz/m|1/a.csv", "deep/inner.tar.gz/m|1/b:c.csv", "z.csv"]
        );
        assert_eq!((members[0].1.as_slice(), faults.len()), (&b"y"[..], 0));
    }

    #[test]
    fn no_name_leads_out_of_the_directory() {
        let (members, _) = expanded(&tar_gz_of(&[("../../up.csv", b"1"), ("/etc/x.csv", b"2")]), 1 << 30);
        assert_eq!(names(&members), ["etc/x.csv", "up.csv"]);
        assert!(!Path::new("/etc/x.csv").exists());
    }

    #[test]
    fn bombs_stop_and_deep_nests_end() {
        let bomb = zip_of(&[("small.csv", b"a"), ("zeros.csv", &vec![0; 1 << 20])]);
        let (members, faults) = expanded(&bomb, 1 << 16);
        assert_eq!((names(&members), faults.len()), (vec!["small.csv"], 1));
        let mut nest = zip_of(&[("x.csv", b"1")]);
        for _ in 0..MAX_DEPTH {
            nest = zip_of(&[("n.zip", &nest)]);
        }
        let (members, faults) = expanded(&nest, 1 << 30);
        assert!(members.is_empty() && faults[0].contains("unpack it first"), "{faults:?}");
    }

    #[test]
    fn what_is_before_a_cut_is_read_and_the_cut_is_told() {
        let long: Vec<u8> =
            (0..200_000u32).flat_map(|k| k.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let whole = tar_gz_of(&[("a.csv", b"x"), ("b.csv", &long)]);
        let (members, faults) = expanded(&whole[..whole.len() / 2], 1 << 30);
        assert_eq!((names(&members), faults.len()), (vec!["a.csv"], 1), "{faults:?}");
    }

    #[test]
    fn logs_and_spreadsheets_stay_whole() {
        for name in ["header.json", "_journal/start.json", "[Content_Types].xml"] {
            let (members, _) = expanded(&zip_of(&[(name, b"{}")]), 1 << 30);
            assert!(members.len() == 1 && members[0].0.ends_with("a.bin"), "{name}");
        }
    }
}
