//! How is a wide table read that is larger than memory? It is gone through twice: what its columns are is known only
//! when all cells were counted; then its lines become rows.

use super::frames::Frames;
use super::parts::can_follow;
use super::{File, Unfit};
use crate::ingest::RowsAre;
use crate::ingest::fragment::{Fragment, ReadError};
use crate::ingest::plain::long::names_of;
use crate::ingest::plain::roles::{Role, Roles, normal};
use crate::ingest::plain::shape::{Outline, Shape, Wide, classify, is_summary};
use crate::ingest::plain::tally::{Facts, Tally};
use crate::ingest::plain::wide::{Part, Reading};
use crate::ingest::plain::{Responses, WIDE, tidy};
use crate::response::{Joiner, ResponseTable};
use crate::store::frame::{Cells, Frame};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Reads a wide table.
///
/// # Errors
/// Those of reading the file.
pub fn read(file: &File, mut frames: Frames) -> Result<Result<Responses, Unfit>, ReadError> {
    let half = |position: u64| position / 2;
    let mut counts = Counts::default();
    let told = frames.each(&mut |frames, position| {
        counts.add(frames, file.options.rows)?;
        file.meter.rows_so_far(file.found, half(position), 0);
        Ok(())
    })?;
    let (Ok(mut notes), Ok((roles, wide))) = (told, counts.shape(file.options.rows)) else {
        return Ok(Err(Unfit));
    };
    let naming = file.naming(frames.has_header());
    let reading = Reading::new(&counts, roles.clone(), wide, &naming);
    let mut lines = Lines::new(file, &reading, &roles, counts.names.len());
    drop(counts);
    let told = frames.each(&mut |frames, position| {
        lines.add(frames)?;
        let position = half(file.found.size()) + half(position);
        file.meter.rows_so_far(file.found, position, lines.joiner.table().len());
        Ok(())
    })?;
    if told.is_err() {
        return Ok(Err(Unfit));
    }
    notes.extend(reading.notes(lines.n_unnamed));
    let fragment = Fragment { table: lines.joiner.into_table(), notes, ..Fragment::default() };
    Ok(Ok(Responses { fragment, shape: WIDE, item_column: None, needs_keys: false }))
}

/// What the cells of a table show.
#[derive(Default)]
struct Counts {
    names: Vec<String>,
    unread: Vec<String>,
    roles: Option<Roles>,
    /// Those of the columns that may be scores.
    tallies: Vec<Tally>,
    n_rows: usize,
    /// The column that names the rows: that of models or items, or else the first one.
    names_rows: usize,
    first_is_words: bool,
    /// What stands in that column.
    row_names: FxHashSet<Box<str>>,
    /// Whether each row has a name of its own.
    all_differ: bool,
}

impl Counts {
    fn add(&mut self, frames: Vec<Frame>, rows: Option<RowsAre>) -> Result<(), Unfit> {
        let mut frames: Vec<Frame> = frames.into_iter().filter(|frame| frame.n_rows > 0).collect();
        if self.roles.is_none()
            && let Some(first) = frames.first_mut()
        {
            self.begin(first, rows)?;
        }
        let Some(roles) = &self.roles else { return Ok(()) };
        let read = |mut frame: Frame| {
            let of_frame = Roles::of(&frame);
            tidy::trim_names(&mut frame, &of_frame);
            if of_frame != *roles || frame.unread != self.unread {
                return Err(Unfit);
            }
            let may_be_score = |at: usize| !roles.is_taken(at) || roles.scores.contains(&at);
            let tally = |(at, (_, cells)): (usize, &(String, Cells))| {
                if may_be_score(at) { Tally::of(cells) } else { Tally::default() }
            };
            let tallies: Vec<Tally> = frame.columns.iter().enumerate().map(tally).collect();
            let (_, names) = frame.columns.get(self.names_rows).ok_or(Unfit)?;
            let words = names.to_words().into_owned();
            // Lines that sum up others are looked at where the whole table is known.
            let sums_up = words.distinct().iter().any(|name| is_summary(name));
            if sums_up { Err(Unfit) } else { Ok((tallies, words, names_of(&frame), frame.n_rows)) }
        };
        let parts = frames.into_par_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for (tallies, words, names, n_rows) in parts {
            if self.tallies.len() < tallies.len() {
                self.tallies.resize_with(tallies.len(), Tally::default);
                self.names = names;
            }
            self.tallies.iter_mut().zip(&tallies).for_each(|(mine, theirs)| mine.add(theirs));
            self.all_differ &= words.distinct().len() == n_rows && words.iter().all(|word| word.is_some());
            for name in words.distinct() {
                self.all_differ &= self.row_names.insert(name.clone());
            }
            self.n_rows += n_rows;
        }
        Ok(())
    }

    fn begin(&mut self, first: &mut Frame, rows: Option<RowsAre>) -> Result<(), Unfit> {
        let roles = Roles::of(first);
        tidy::trim_names(first, &roles);
        let is_wide = matches!(classify(first, &roles, rows), Shape::Wide(_));
        // What is assumed may depend on how many rows there are.
        if !is_wide || !roles.assumptions.is_empty() || (roles.has(Role::Model) && roles.has(Role::Item)) {
            return Err(Unfit);
        }
        self.unread.clone_from(&first.unread);
        self.names_rows = [Role::Model, Role::Item].into_iter().find_map(|role| roles.get(role)).unwrap_or(0);
        self.first_is_words = first.columns.first().is_some_and(|(_, c)| matches!(c, Cells::Words(_)));
        self.all_differ = true;
        self.roles = Some(roles);
        Ok(())
    }

    /// What the table is, if it is a wide one.
    fn shape(&self, rows: Option<RowsAre>) -> Result<(Roles, Wide), Unfit> {
        let roles = self.roles.as_ref().ok_or(Unfit)?;
        // Models with several rows each may be what answered items that another column names.
        let may_name_items = |name: &String| {
            let name = normal(name);
            ["id", "index", "idx"].iter().any(|ending| name.ends_with(ending))
        };
        let has_items = || roles.has(Role::Question) || self.names.iter().any(may_name_items);
        if roles.has(Role::Model) && !self.all_differ && has_items() {
            return Err(Unfit);
        }
        match classify(self, roles, rows) {
            Shape::Wide(wide) => Ok((roles.clone(), wide)),
            _ => Err(Unfit),
        }
    }
}

impl Outline for Counts {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    fn scores(&self, column: usize) -> Option<Facts> {
        self.tallies[column].facts()
    }

    fn first_column_names_rows(&self, numbers_too: bool) -> bool {
        self.names_rows == 0 && self.all_differ && (numbers_too || self.first_is_words)
    }

    fn first_unreadable(&self, _: usize) -> Option<(usize, String)> {
        // Only tables that are not wide ask for it.
        None
    }
}

/// The rows so far.
struct Lines<'r> {
    reading: &'r Reading,
    roles: &'r Roles,
    n_columns: usize,
    joiner: Joiner,
    n_rows: usize,
    n_unnamed: usize,
}

impl<'r> Lines<'r> {
    fn new(file: &File, reading: &'r Reading, roles: &'r Roles, n_columns: usize) -> Self {
        let mut joiner = Joiner::default();
        file.spill.into_iter().for_each(|spill| joiner.spill_to(Arc::clone(spill)));
        Self { reading, roles, n_columns, joiner, n_rows: 0, n_unnamed: 0 }
    }

    fn add(&mut self, frames: Vec<Frame>) -> Result<(), Unfit> {
        let mut placed = Vec::with_capacity(frames.len());
        for frame in frames.into_iter().filter(|frame| frame.n_rows > 0) {
            let n_rows = frame.n_rows;
            placed.push((frame, self.n_rows));
            self.n_rows += n_rows;
        }
        let read = |(mut frame, first_row): (Frame, usize)| {
            if frame.columns.len() < self.n_columns {
                return Err(Unfit);
            }
            tidy::trim_names(&mut frame, self.roles);
            Ok(self.reading.part(&frame, first_row))
        };
        for part in placed.into_par_iter().map(read).collect::<Result<Vec<_>, _>>()? {
            let Part { table, n_unnamed } = part;
            if !names_differ(&table)
                || !same_subjects(&self.joiner, &table)
                || !can_follow(&self.joiner, &table)
            {
                return Err(Unfit);
            }
            self.joiner.append(table);
            self.n_unnamed += n_unnamed;
        }
        Ok(())
    }
}

/// Whether the items that come again are of the subject that they were of before, or of none as before.
fn same_subjects(joiner: &Joiner, table: &ResponseTable) -> bool {
    table.items.iter().all(|item| {
        let known = joiner.item(&item.benchmark, item.id.as_str());
        known.is_none_or(|at| joiner.table().items[at as usize].subject == item.subject)
    })
}

/// Whether no two items of a table have the same name, as they may under two subjects.
fn names_differ(table: &ResponseTable) -> bool {
    let mut names: FxHashSet<(&str, &str)> = FxHashSet::default();
    table.items.iter().all(|item| names.insert((item.benchmark.as_str(), item.id.as_str())))
}
