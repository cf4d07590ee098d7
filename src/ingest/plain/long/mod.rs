//! How does a long table become rows? It is decided what its columns say, once for all rows; then every line becomes
//! a row for each metric.
//!
//! A table that is larger than memory comes in parts. What the first part shows is decided then, every further part is
//! held against it, and at the end it is looked at whether all parts together would have been read the same way
//! (`Reading::holds`).

mod counts;
mod decided;
mod orders;
mod rows;

pub(super) use orders::are_same;
pub(super) use rows::{Votes, key_by_votes, score_by_key};

use super::Naming;
use super::roles::{Role, Roles};
use super::scale::Scale;
use super::shape::Shape;
use crate::ingest::fragment::{Fragment, Note, ReadError};
use crate::response::{Item, ResponseTable};
use crate::store::frame::Frame;
use counts::Counts;
use decided::{Decided, Evidence};
use std::collections::BTreeSet;

/// A long table as rows.
#[derive(Debug)]
pub struct Long {
    /// The rows.
    pub fragment: Fragment,
    /// The name of the column of items, by which other tables can be joined.
    pub item_column: String,
    /// Whether rows have no score until the keys are known.
    pub needs_keys: bool,
}

/// Reads a long table.
///
/// # Errors
/// [`ReadError::Malformed`] if no row names a model and an item.
pub fn read(frame: &Frame, roles: Roles, naming: &Naming) -> Result<Long, ReadError> {
    let mut reading = Reading::new(frame, roles, naming, Extent::Whole);
    let part = reading.part(frame, 0)?;
    reading.counts.add(part.counts);
    Ok(reading.finish(part.table))
}

/// What a user should know before the first row: what was assumed, and which columns were left out.
pub(super) fn opening_notes(
    columns: &[String],
    unread: &[String],
    roles: &Roles,
    naming: &Naming,
) -> Vec<Note> {
    let is_unused = |at: &usize| !roles.is_taken(*at) && !roles.weak_scores.contains(at);
    let unused = (0..columns.len()).filter(is_unused).map(|at| columns[at].as_str());
    let unused: Vec<&str> = unused.collect();
    let mut messages = roles.assumptions.clone();
    if !unused.is_empty() {
        messages.push(format!("columns without a meaning here were left out: {}", unused.join(", ")));
    }
    if !unread.is_empty() {
        let unread = unread.join(", ");
        messages.push(format!("columns that hold neither words nor numbers were left out: {unread}"));
    }
    let note = |message| Note { file: naming.file.clone(), row: None, message };
    messages.into_iter().map(note).collect()
}

/// The names of the columns that can be read.
pub(super) fn names_of(frame: &Frame) -> Vec<String> {
    frame.columns.iter().map(|(name, _)| name.clone()).collect()
}

/// How much of a table a frame is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Its first rows, which are a table of this shape.
    First(Shape),
}

/// A long table on its way.
pub(super) struct Reading {
    roles: Roles,
    naming: Naming,
    columns: Vec<String>,
    unread: Vec<String>,
    item_column: String,
    decided: Decided,
    counts: Counts,
    evidence: Evidence,
}

/// Some rows of a table, and what is known of them beside.
pub(super) struct Part {
    pub table: ResponseTable,
    /// How many of its rows say that an option is the key of an item.
    pub votes: Votes,
    /// Items of which rows show the options in another order than the first one does.
    pub reordered: Vec<u32>,
    counts: Counts,
    evidence: Evidence,
    /// Columns that earlier parts may not have.
    columns: Vec<String>,
    /// Whether nothing in it speaks against what was decided.
    agrees: bool,
    /// The benchmarks whose items are named within their subjects only, as far as it shows.
    pub qualified: Qualified,
    /// Whether some of its rows name no subject, where others may.
    pub lacks_subjects: bool,
}

/// Names of benchmarks; `None` is that of rows that name none.
pub(super) type Qualified = BTreeSet<Option<String>>;

impl Reading {
    /// Decides what the columns of a table say.
    pub fn new(frame: &Frame, roles: Roles, naming: &Naming, extent: Extent) -> Self {
        Self {
            columns: names_of(frame),
            unread: frame.unread.clone(),
            item_column: roles.get(Role::Item).map(|at| frame.columns[at].0.clone()).unwrap_or_default(),
            decided: Decided::of(frame, &roles, naming, extent),
            counts: Counts::default(),
            evidence: Evidence::default(),
            naming: naming.clone(),
            roles,
        }
    }

    /// From now on, items of these benchmarks are named within their subjects only.
    pub fn qualify(&mut self, benchmarks: &Qualified) {
        self.decided.qualified.extend(benchmarks.iter().cloned());
    }

    /// Those of some benchmarks whose items are not known to be named within their subjects only.
    pub fn not_qualified(&self, benchmarks: &Qualified) -> Qualified {
        benchmarks.difference(&self.decided.qualified).cloned().collect()
    }

    /// The benchmark of items as the table names it: `None` is that of rows that name none. Nothing if it cannot be
    /// told.
    pub fn benchmark_of(&self, item: &Item) -> Option<Option<String>> {
        match self.roles.has(Role::Benchmark) {
            false => Some(None),
            true => (item.benchmark != self.naming.benchmark).then(|| Some(item.benchmark.clone())),
        }
    }

    /// Reads the rows of a frame that come after `first_row` others.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] if no row names a model and an item.
    pub fn part(&self, frame: &Frame, first_row: usize) -> Result<Part, ReadError> {
        let naming = Naming { first_row, ..self.naming.clone() };
        rows::read(frame, &self.roles, &naming, &self.decided)
    }

    /// The same of a part of the table, with what tells whether it is like the others; nothing if its columns are not
    /// those of the others.
    pub fn further_part(&self, frame: &Frame, roles: &Roles, first_row: usize) -> Option<Part> {
        if *roles != self.roles || frame.unread != self.unread {
            return None;
        }
        let mut part = self.part(frame, first_row).ok()?;
        part.evidence = Evidence::of(frame, roles);
        part.columns = names_of(frame);
        Some(part)
    }

    /// Takes note of the next part, whose rows are elsewhere; whether it can be one of this table.
    pub fn add(&mut self, part: Part) -> bool {
        self.counts.add(part.counts);
        for name in part.columns {
            if !self.columns.contains(&name) {
                self.columns.push(name);
            }
        }
        part.agrees && self.evidence.add(part.evidence)
    }

    /// What kind of a table it is, if only a part was known.
    pub fn shape(&self) -> &Shape {
        self.decided.shape()
    }

    /// Whether a table may be read in parts, as far as the first one shows.
    pub fn comes_in_parts(&self) -> bool {
        self.decided.holds_for_parts(&self.roles)
    }

    /// Whether all parts together are read as they were; `table` has the rows of all.
    pub fn holds(&self) -> bool {
        self.decided.holds(&self.evidence) && self.counts.holds(self.decided.has_keys())
    }

    /// Of so many items some rows show the options in another order than the first one does.
    pub fn reordered(&mut self, n_items: usize) {
        self.counts.reordered = n_items;
    }

    /// The table, and what a user should know of it.
    pub fn finish(self, mut table: ResponseTable) -> Long {
        if self.decided.is_of_part() && self.counts.scales().any(|(_, scale)| scale == Scale::Percent) {
            table.map_scores(|score| Scale::Percent.apply(score));
        }
        let messages = self.counts.messages(&self.decided);
        let note = |(row, message)| Note { file: self.naming.file.clone(), row, message };
        let mut notes = opening_notes(&self.columns, &self.unread, &self.roles, &self.naming);
        notes.extend(messages.into_iter().map(note));
        Long {
            fragment: Fragment { table, notes, ..Fragment::default() },
            item_column: self.item_column,
            needs_keys: self.decided.needs_keys,
        }
    }
}
