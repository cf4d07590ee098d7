//! How is a long table read that is larger than memory and no simple one? In parts, each as if it were a table of its
//! own, as long as they agree on what the columns say.

use super::frames::Frames;
use super::{File, Unfit};
use crate::ingest::fragment::{Note, ReadError};
use crate::ingest::identity::{is_one_subject, is_place};
use crate::ingest::item_hash::same_order;
use crate::ingest::plain::long::{Extent, Part, Qualified, Reading, Votes, are_same, key_by_votes};
use crate::ingest::plain::roles::Roles;
use crate::ingest::plain::shape::{Shape, classify};
use crate::ingest::plain::{LONG, Responses, tidy};
use crate::response::{Item, ItemId, Joiner, ResponseTable};
use crate::store::frame::Frame;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// So many times a table is begun again.
const MOST_BEGINNINGS: usize = 8;

/// Reads a long table. Where items turn out to be named within their subjects only, it is begun again.
///
/// # Errors
/// Those of reading the file.
pub fn read(file: &File, mut frames: Frames) -> Result<Result<Responses, Unfit>, ReadError> {
    let (mut qualified, mut suspected) = (Qualified::default(), Qualified::default());
    for _ in 0..MOST_BEGINNINGS {
        let mut parts = Parts::new(file, frames.has_header(), qualified.clone());
        parts.suspected.clone_from(&suspected);
        let told = frames.each(&mut |frames, position| parts.add(frames, position))?;
        match told {
            Ok(notes) => return Ok(parts.finish(notes)),
            Err(Unfit) if parts.learned.is_empty() => break,
            Err(Unfit) => {
                suspected = parts.suspected;
                qualified.extend(parts.learned);
            }
        }
    }
    Ok(Err(Unfit))
}

/// A table on its way.
struct Parts<'f> {
    file: &'f File<'f>,
    has_header: bool,
    reading: Option<Reading>,
    joiner: Joiner,
    votes: Votes,
    /// Items of which rows show the options in several orders.
    reordered: FxHashSet<u32>,
    n_rows: usize,
    /// Benchmarks whose items are named within their subjects only, as an earlier beginning showed, and those of which
    /// this one does.
    qualified: Qualified,
    learned: Qualified,
    /// Those of them of which it is not certain: a run must have one name under two subjects.
    suspected: Qualified,
    /// Whether some rows so far name no subject.
    lacks_subjects: bool,
}

impl<'f> Parts<'f> {
    fn new(file: &'f File, has_header: bool, qualified: Qualified) -> Self {
        let mut joiner = Joiner::default();
        file.spill.into_iter().for_each(|spill| joiner.spill_to(Arc::clone(spill)));
        Self {
            file,
            has_header,
            reading: None,
            joiner,
            votes: Votes::default(),
            reordered: FxHashSet::default(),
            n_rows: 0,
            qualified,
            learned: Qualified::default(),
            suspected: Qualified::default(),
            lacks_subjects: false,
        }
    }

    /// Adds the parts that come next, of which the last ends at this byte of the file.
    fn add(&mut self, frames: Vec<Frame>, position: u64) -> Result<(), Unfit> {
        let options = self.file.options;
        let mut frames: Vec<Frame> = frames.into_iter().filter(|frame| frame.n_rows > 0).collect();
        if self.reading.is_none() {
            let Some(first) = frames.first_mut() else { return Ok(()) };
            self.reading = Some(self.begin(first)?);
        }
        let Some(reading) = &mut self.reading else { return Err(Unfit) };
        let mut first_row = self.n_rows;
        let placed: Vec<(Frame, usize)> = frames
            .into_iter()
            .map(|frame| {
                first_row += frame.n_rows;
                let before = first_row - frame.n_rows;
                (frame, before)
            })
            .collect();
        let read = |(mut frame, first_row): (Frame, usize)| {
            let roles = Roles::of(&frame);
            tidy::trim_names(&mut frame, &roles);
            let is_alike = classify(&frame, &roles, options.rows) == *reading.shape();
            let part = is_alike.then(|| reading.further_part(&frame, &roles, first_row));
            part.flatten().ok_or(Unfit)
        };
        let parts: Vec<Part> = placed.into_par_iter().map(read).collect::<Result<_, _>>()?;
        for mut part in parts {
            let mut table = std::mem::take(&mut part.table);
            let mut learned = reading.not_qualified(&part.qualified);
            let (certain, suspected) = named_within_subjects(&self.joiner, &table, reading);
            learned.extend(certain);
            self.suspected.extend(suspected.difference(&learned).cloned());
            learned.extend(suspected);
            self.lacks_subjects |= part.lacks_subjects;
            if !learned.is_empty() {
                // Which subject an item had first is not known where some rows name none.
                self.learned = if self.lacks_subjects { Qualified::default() } else { learned };
                return Err(Unfit);
            }
            if !can_follow(&self.joiner, &table) {
                return Err(Unfit);
            }
            let orders = order_options(&self.joiner, &mut table);
            let names: Vec<(String, ItemId)> =
                table.items.iter().map(|item| (item.benchmark.clone(), item.id.clone())).collect();
            self.joiner.append(table);
            let place = |item: u32| {
                let (benchmark, id) = &names[item as usize];
                self.joiner.item(benchmark, id.as_str()).unwrap_or(u32::MAX)
            };
            for (&(item, key), n) in &part.votes {
                let order = orders.get(&item).and_then(|order| order.get(usize::from(key)).copied());
                *self.votes.entry((place(item), order.unwrap_or(key))).or_default() += n;
            }
            self.reordered.extend(part.reordered.iter().chain(orders.keys()).map(|&item| place(item)));
            if !reading.add(part) {
                return Err(Unfit);
            }
        }
        self.n_rows = first_row;
        self.file.meter.rows_so_far(self.file.found, position, self.joiner.table().len());
        Ok(())
    }

    fn begin(&self, first: &mut Frame) -> Result<Reading, Unfit> {
        let roles = Roles::of(first);
        tidy::trim_names(first, &roles);
        let shape = classify(first, &roles, self.file.options.rows);
        let mut naming = self.file.naming(self.has_header);
        match shape {
            Shape::Long => {}
            Shape::LongOfOneModel => naming.benchmark.clone_from(&naming.benchmark_of_models),
            _ => return Err(Unfit),
        }
        let mut reading = Reading::new(first, roles, &naming, Extent::First(shape));
        reading.qualify(&self.qualified);
        if reading.comes_in_parts() { Ok(reading) } else { Err(Unfit) }
    }

    fn finish(self, notes: Vec<Note>) -> Result<Responses, Unfit> {
        let mut reading = self.reading.filter(Reading::holds).ok_or(Unfit)?;
        reading.reordered(self.reordered.len());
        let mut table = self.joiner.into_table();
        if !self.suspected.is_empty() && !without_namesakes(&table, &reading, self.suspected).is_empty() {
            return Err(Unfit);
        }
        key_by_votes(&mut table.items, &self.votes);
        let mut long = reading.finish(table);
        long.fragment.notes.splice(0..0, notes);
        Ok(Responses {
            fragment: long.fragment,
            shape: LONG,
            item_column: Some(long.item_column),
            needs_keys: long.needs_keys,
        })
    }
}

/// The benchmarks in which a number was an item of another subject before, and those in which another name was.
fn named_within_subjects(
    joiner: &Joiner,
    table: &ResponseTable,
    reading: &Reading,
) -> (Qualified, Qualified) {
    let (mut certain, mut suspected) = (Qualified::default(), Qualified::default());
    for item in &table.items {
        let known = joiner.item(&item.benchmark, item.id.as_str());
        let known = known.and_then(|at| joiner.table().items[at as usize].subject.as_deref());
        let Some((a, b)) = known.zip(item.subject.as_deref()).filter(|(a, b)| a != b) else { continue };
        let is_another = is_place(item.id.as_str()) && !is_one_subject(a, b);
        if let Some(benchmark) = reading.benchmark_of(item) {
            if is_another { &mut certain } else { &mut suspected }.insert(benchmark);
        }
    }
    (certain, suspected)
}

/// Those of some benchmarks in which no run has two items of one name.
fn without_namesakes(table: &ResponseTable, reading: &Reading, mut benchmarks: Qualified) -> Qualified {
    let mut names: FxHashMap<(&str, &str), u32> = FxHashMap::default();
    let mut place = |item| -> Option<(Option<String>, u32)> {
        let item: &Item = item;
        let name = item.native_id.as_deref().unwrap_or(item.id.as_str());
        let benchmark = reading.benchmark_of(item).filter(|benchmark| benchmarks.contains(benchmark))?;
        let next = names.len() as u32;
        Some((benchmark, *names.entry((item.benchmark.as_str(), name)).or_insert(next)))
    };
    let of_item: Vec<Option<(Option<String>, u32)>> = table.items.iter().map(&mut place).collect();
    let mut item_of: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    for row in table.rows() {
        if benchmarks.is_empty() {
            break;
        }
        let Some((benchmark, name)) = &of_item[row.item as usize] else { continue };
        if *item_of.entry((row.run, *name)).or_insert(row.item) != row.item {
            benchmarks.remove(benchmark);
        }
    }
    benchmarks
}

/// Numbers the options of a part as the rows before do. Returns the new numbers, by item of the part.
fn order_options(joiner: &Joiner, table: &mut ResponseTable) -> FxHashMap<u32, Vec<u16>> {
    let order = |item: &Item| {
        let known = joiner.item(&item.benchmark, item.id.as_str())?;
        let (known, options) =
            (joiner.table().items[known as usize].options.as_ref()?, item.options.as_ref()?);
        if options.is_same(known) { None } else { same_order(&options.get(), &known.get()) }
    };
    let orders: FxHashMap<u32, Vec<u16>> =
        (0..).zip(&table.items).filter_map(|(at, item)| Some((at, order(item)?))).collect();
    if !orders.is_empty() {
        table.reorder_options(&orders);
    }
    orders
}

/// Whether the rows of a table can come after those so far: what both know of a run, an item or a metric is the same,
/// as if they stood in one table.
pub(super) fn can_follow(joiner: &Joiner, table: &ResponseTable) -> bool {
    let known = joiner.table();
    let same_runs =
        table.runs.iter().all(|run| joiner.run(&run.id).is_none_or(|at| known.runs[at as usize] == *run));
    let same_items = || {
        table.items.iter().all(|item| {
            let Some(at) = joiner.item(&item.benchmark, item.id.as_str()) else { return true };
            let known = &known.items[at as usize];
            let same_options = || match (&known.options, &item.options) {
                (Some(a), Some(b)) => a.is_same(b) || are_same(&a.get(), &b.get()),
                _ => true,
            };
            let same_subject =
                known.subject.is_none() || item.subject.is_none() || known.subject == item.subject;
            same_subject && same_options()
        })
    };
    let same_metrics = || {
        let mut labels: Vec<_> = table.metrics.iter().map(|m| (&m.benchmark, &m.name, &m.filter)).collect();
        labels.sort_unstable();
        let is_once = labels.windows(2).all(|pair| pair[0] != pair[1]);
        let mut metrics = table.metrics.iter();
        is_once && metrics.all(|m| joiner.metric(m).is_none_or(|at| known.metrics[at as usize] == *m))
    };
    same_runs && same_items() && same_metrics()
}
