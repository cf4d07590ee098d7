//! What is there to read? One file, or one member of an archive, unwrapped, with its name.

use super::walk::Found;
use std::path::PathBuf;

/// The content of one file after every layer of compression has been taken off.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file on disk.
    pub path: PathBuf,
    /// The member inside it, if the file is an archive: inner path, `/` between parts.
    pub member: Option<String>,
    /// The unwrapped bytes, without a byte-order mark.
    pub bytes: Vec<u8>,
}

impl Source {
    /// What was found, before it is read.
    pub fn unread(found: &Found) -> Self {
        let member = found.member().map(str::to_owned);
        Self { path: found.path().to_owned(), member, bytes: Vec::new() }
    }

    /// The whole name, as messages show it: `path` or `path!member`.
    pub fn name(&self) -> String {
        match &self.member {
            Some(member) => format!("{}!{member}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }

    /// The last part of the name, without the endings of compression: `samples_x.jsonl` for
    /// `samples_x.jsonl.gz`.
    pub fn file_name(&self) -> String {
        let parts = self.parts();
        let name = parts.last().map_or("", String::as_str);
        let short = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end));
        short.unwrap_or(name).to_owned()
    }

    /// The names of the directories above, outermost first.
    pub fn directories(&self) -> Vec<String> {
        let mut parts = self.parts();
        parts.pop();
        parts
    }

    fn parts(&self) -> Vec<String> {
        let disk = self.path.components().filter_map(|c| match c {
            std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        });
        let inner = self.member.iter().flat_map(|m| m.split('/').map(str::to_owned));
        disk.chain(inner).collect()
    }
}
