//! What is there to read? One file, or one member of an archive, unwrapped, with its name. Large files stay on disk
//! and are read from there, some at a time, by readers that can.

use super::archive::names::{readable, shown};
use super::fragment::ReadError;
use super::unwrap::{Unpacked, open_bytes};
use super::walk::Found;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The content of one file after every layer of compression has been taken off.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file on disk.
    pub path: PathBuf,
    /// The member inside it, if the file is an archive: inner path, `/` between parts.
    pub member: Option<String>,
    content: Stored,
    aside: Option<Arc<Path>>,
}

/// What is read from any place.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Where content is.
#[derive(Debug, Clone)]
enum Stored {
    /// In memory: the unwrapped bytes, without a byte-order mark.
    Here(Vec<u8>),
    /// In a file, still wrapped, with how much may come out of it and how it begins.
    OnDisk { file: PathBuf, limit: u64, beginning: Vec<u8> },
}

impl Source {
    /// A file with its content, which is unwrapped and without a byte-order mark.
    pub fn new(path: impl Into<PathBuf>, member: Option<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), member, content: Stored::Here(bytes), aside: None }
    }

    /// What was found, before it is read.
    pub fn unread(found: &Found) -> Self {
        Self::new(found.path(), found.member().map(str::to_owned), Vec::new())
    }

    /// What was found, with its content.
    pub fn of(found: &Found, bytes: Vec<u8>) -> Self {
        Self { content: Stored::Here(bytes), ..Self::unread(found) }
    }

    /// What was found, of which no more than the beginning is in memory. No more than `limit` bytes may come out.
    pub fn on_disk(found: &Found, limit: u64, beginning: Vec<u8>) -> Self {
        let file = found.on_disk().to_owned();
        Self { content: Stored::OnDisk { file, limit, beginning }, ..Self::unread(found) }
    }

    /// The same, read by one who may put what is long aside in files of a directory.
    pub fn with_aside(self, directory: Option<Arc<Path>>) -> Self {
        Self { aside: directory, ..self }
    }

    /// Where what is long may be put aside.
    pub fn aside(&self) -> Option<Arc<Path>> {
        self.aside.clone()
    }

    /// Whether the content is in memory.
    pub fn is_here(&self) -> bool {
        matches!(self.content, Stored::Here(_))
    }

    /// How much of the content is in memory.
    pub fn bytes_here(&self) -> usize {
        self.beginning().len()
    }

    /// The beginning of the content; all of it where it is in memory.
    pub fn beginning(&self) -> &[u8] {
        match &self.content {
            Stored::Here(bytes) => bytes,
            Stored::OnDisk { beginning, .. } => beginning,
        }
    }

    /// The content.
    ///
    /// # Errors
    /// Those of reading a file ([`super::unwrap::open`]), where it is not in memory.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, ReadError> {
        match &self.content {
            Stored::Here(bytes) => Ok(Cow::Borrowed(bytes)),
            Stored::OnDisk { file, limit, .. } => open_bytes(file, &self.name(), *limit).map(Cow::Owned),
        }
    }

    /// The content from its beginning, to be read some at a time; `None` where it is in memory.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn unpacked(&self) -> Result<Option<Unpacked>, ReadError> {
        match &self.content {
            Stored::Here(_) => Ok(None),
            Stored::OnDisk { file, limit, .. } => {
                let mut unpacked = Unpacked::open(file, *limit)?;
                // Takes off what is before the text.
                unpacked.sample(16)?;
                Ok(Some(unpacked))
            }
        }
    }

    /// The file that has the content; `None` where it is in memory.
    pub fn file(&self) -> Option<&Path> {
        match &self.content {
            Stored::Here(_) => None,
            Stored::OnDisk { file, .. } => Some(file),
        }
    }

    /// The content of an archive, whose members are looked up. On disk it must be without a layer of compression.
    ///
    /// # Errors
    /// What the system says.
    pub fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(match &self.content {
            Stored::Here(bytes) => Box::new(Cursor::new(bytes.as_slice())),
            Stored::OnDisk { file, .. } => Box::new(BufReader::new(File::open(file)?)),
        })
    }

    /// The whole name, as messages show it: `path` or `path!member`.
    pub fn name(&self) -> String {
        match &self.member {
            Some(member) => format!("{}!{member}", shown(&self.path)),
            None => shown(&self.path),
        }
    }

    /// The last part of the name, without the endings of compression and the number of a copy: `samples_x.jsonl` for
    /// `samples_x.jsonl.gz` and `samples_x (1).jsonl`.
    pub fn file_name(&self) -> String {
        let parts = self.parts();
        let name = parts.last().map_or("", String::as_str);
        let short = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end));
        without_copy_number(short.unwrap_or(name))
    }

    /// The names of the directories above, outermost first.
    pub fn directories(&self) -> Vec<String> {
        let mut parts = self.parts();
        parts.pop();
        parts
    }

    fn parts(&self) -> Vec<String> {
        let disk = self.path.components().filter_map(|c| match c {
            std::path::Component::Normal(part) => Some(readable(part.as_encoded_bytes())),
            _ => None,
        });
        let inner = self.member.iter().flat_map(|m| m.split('/').map(str::to_owned));
        disk.chain(inner).collect()
    }
}

/// The name without what browsers put into it when the file is there already: `x (1).json` is `x.json`.
fn without_copy_number(name: &str) -> String {
    let (stem, ending) = name.find('.').map_or((name, ""), |_| name.rsplit_once('.').unwrap_or((name, "")));
    let bare = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once(" ("));
    match bare.filter(|(bare, n)| !bare.is_empty() && !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    {
        Some((bare, _)) if ending.is_empty() => bare.to_owned(),
        Some((bare, _)) => format!("{bare}.{ending}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_without_compression_and_copies() {
        let of = |name: &str| Source::new(name, None, Vec::new()).file_name();
        assert_eq!([of("d/x.json.gz"), of("d/x (1).json"), of("x (12)")], ["x.json", "x.json", "x"]);
        assert_eq!(
            [of("x (a).json"), of("(1).json"), of("m (2024) b.csv")],
            ["x (a).json", "(1).json", "m (2024) b.csv"]
        );
    }
}
