//! What came out of an archive, under which name, and what did not, and why?

use super::Fault;
use super::names::{plain_name, readable, target};
use std::collections::{BTreeMap, HashSet};

/// Members of one archive, at most.
const MAX_MEMBERS: usize = 1_000_000;
/// All their names together have no more bytes.
const MAX_NAMES: usize = 1 << 28;

/// The members of one archive.
#[derive(Default)]
pub struct Contents {
    /// The number of the file that each is in.
    pub members: BTreeMap<String, usize>,
    /// What is left aside, and why.
    pub left_aside: Vec<(String, String)>,
    links: Vec<Link>,
    n_members: usize,
    n_names: usize,
}

struct Link {
    name: String,
    /// Where it leads, as the archive has it.
    to: String,
    is_hard: bool,
}

impl Contents {
    /// The name under which a member is known; `None` for what is hidden.
    ///
    /// # Errors
    /// [`Fault::Archive`] if there are too many.
    pub fn name(&mut self, raw: &[u8]) -> Result<Option<String>, Fault> {
        self.n_members += 1;
        self.n_names += raw.len();
        if self.n_members > MAX_MEMBERS || self.n_names > MAX_NAMES {
            let message = format!("has more than {MAX_MEMBERS} members, or very long names; unpack it first");
            return Err(Fault::Archive(message));
        }
        Ok(plain_name(&readable(raw)))
    }

    /// Leaves a member aside.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub fn leave(&mut self, raw: &[u8], why: String) -> Result<(), Fault> {
        let name = self.name(raw)?;
        self.left_aside.extend(name.map(|name| (name, why)));
        Ok(())
    }

    /// Adds a link.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub fn link(&mut self, raw: &[u8], to: &[u8], is_hard: bool) -> Result<(), Fault> {
        self.n_names += to.len();
        let Some(name) = self.name(raw)? else { return Ok(()) };
        let to = readable(to);
        // A hard link is another name of what the archive had so far under that name.
        match plain_name(&to).and_then(|to| self.members.get(&to)).filter(|_| is_hard) {
            Some(&file) => {
                self.members.insert(name, file);
            }
            None => self.links.push(Link { name, to, is_hard }),
        }
        Ok(())
    }

    /// Follows the links that are left. A hard link is the file itself. A file to which symbolic links lead is read
    /// once, as on disk; that they are not read is told.
    pub fn follow_links(&mut self) {
        let links = std::mem::take(&mut self.links);
        let names: HashSet<&str> = links.iter().map(|link| link.name.as_str()).collect();
        for Link { name, to, is_hard } in &links {
            let inside = if *is_hard { plain_name(to) } else { target(name, to) };
            match inside.as_deref().map(|inside| (inside, self.members.get(inside).copied())) {
                Some((_, Some(file))) if *is_hard => {
                    self.members.insert(name.clone(), file);
                }
                Some((inside, file))
                    if file.is_some() || self.is_directory(inside) || names.contains(inside) =>
                {
                    let why = format!("it is a link to {to}, which is read itself");
                    self.left_aside.push((name.clone(), why));
                }
                _ => {
                    let why = format!(
                        "it is a link to {to}, which is not among the members that are read; put the file itself \
                         into the archive"
                    );
                    self.left_aside.push((name.clone(), why));
                }
            }
        }
    }

    fn is_directory(&self, name: &str) -> bool {
        let below = if name.is_empty() { String::new() } else { format!("{name}/") };
        self.members.range(below.clone()..).next().is_some_and(|(first, _)| first.starts_with(&below))
    }
}
