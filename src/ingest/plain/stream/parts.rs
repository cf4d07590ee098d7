//! How is a long table read that is larger than memory and no simple one? In parts, each as if it were a table of its
//! own, as long as they agree on what the columns say.

use super::text::whole_records;
use super::{File, Unfit};
use crate::ingest::fragment::{Note, ReadError};
use crate::ingest::item_hash::same_order;
use crate::ingest::json::{pieces, repair};
use crate::ingest::plain::delimited::{self, Odd};
use crate::ingest::plain::long::{Extent, Part, Reading, Votes, are_same, key_by_votes};
use crate::ingest::plain::records::{Broken, Builder};
use crate::ingest::plain::roles::Roles;
use crate::ingest::plain::shape::{Shape, classify};
use crate::ingest::plain::{LONG, Responses, tidy};
use crate::ingest::unwrap::Unpacked;
use crate::response::{Item, ItemId, Joiner, ResponseTable};
use crate::store::frame::Frame;
use crate::store::parquet_pieces::ParquetPieces;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};
use std::sync::Arc;

type Streamed = Result<Result<Responses, Unfit>, ReadError>;

/// Reads delimited text. The sample is the beginning of what `text` gives.
///
/// # Errors
/// Those of reading the file.
pub fn read_delimited(file: &File, mut text: Unpacked) -> Streamed {
    let name = file.source.name();
    let sample = whole_records(file.source.beginning(), true);
    let Ok(first) = delimited::read(&name, sample) else { return Ok(Err(Unfit)) };
    let (dialect, mut odd) = (first.dialect, Odd::default());
    let mut parts = Parts::new(file, dialect.header);
    let mut cutting = Cutting::new(file, true);
    while let Some(texts) = cutting.next(&mut text)? {
        let read = |(lines, bytes): &Lines| {
            let mut odd = Odd::default();
            // Where quotes stand within cells, it is not known between which lines a text can be cut.
            let is_clear = quotes_are_around_cells(bytes, dialect.delimiter);
            let frame = is_clear.then(|| dialect.rows(bytes, *lines, &mut odd).ok()).flatten();
            frame.map(|frame| (frame, odd))
        };
        let Some(read) = texts.par_iter().map(read).collect::<Option<Vec<_>>>() else {
            return Ok(Err(Unfit));
        };
        let frames = read.into_iter().map(|(frame, of_part)| {
            odd.add(&of_part);
            frame
        });
        if parts.add(frames.collect(), text.position()).is_err() {
            return Ok(Err(Unfit));
        }
    }
    let notes = odd.notes(&name, &dialect, parts.n_rows);
    Ok(notes.map_err(|_| Unfit).and_then(|notes| parts.finish(notes)))
}

/// Reads JSON records: one on each line, or the elements of an array.
///
/// # Errors
/// Those of reading the file.
pub fn read_records(file: &File, mut text: Unpacked) -> Streamed {
    let name = file.source.name();
    match file.source.beginning().iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'[') => return Ok(read_array(file)),
        _ => return Ok(Err(Unfit)),
    }
    let mut broken = Broken::default();
    let mut parts = Parts::new(file, false);
    let mut cutting = Cutting::new(file, false);
    while let Some(texts) = cutting.next(&mut text)? {
        let read = |parts: &Parts, (lines, bytes): &Lines| {
            let text = std::str::from_utf8(bytes).map(repair);
            let bytes = text.as_deref().map_or(*bytes, str::as_bytes);
            let (mut builder, mut broken) = (parts.records(), Broken::default());
            builder.push_lines(&name, bytes, lines.lines_before, &mut broken);
            (builder.frame(), broken)
        };
        // The first part says which fields there are.
        let (first, others) = texts.split_at(usize::from(parts.reading.is_none()));
        for texts in [first, others] {
            let read: Vec<(Frame, Broken)> = texts.par_iter().map(|text| read(&parts, text)).collect();
            let frames = read.into_iter().map(|(frame, of_part)| {
                broken.add(of_part);
                frame
            });
            if parts.add(frames.collect(), text.position()).is_err() {
                return Ok(Err(Unfit));
            }
        }
    }
    Ok(broken.notes(&name).map_err(|_| Unfit).and_then(|notes| parts.finish(notes)))
}

fn read_array(file: &File) -> Result<Responses, Unfit> {
    let mut parts = Parts::new(file, false);
    let source = file.on_disk();
    let (mut builder, mut n_bytes, mut position) = (parts.records(), 0, 0);
    let mut added = Ok(());
    let passage = pieces(&source, |piece| {
        let passage = piece.each(|_, record: Map<String, Value>| {
            if added.is_ok() {
                builder.push(&record);
            }
        });
        n_bytes += piece.n_bytes();
        if n_bytes >= file.sizes.bytes && added.is_ok() {
            position += std::mem::take(&mut n_bytes) as u64;
            let frame = std::mem::replace(&mut builder, parts.records()).frame();
            added = parts.add(vec![frame], position.min(file.found.size()));
            builder = parts.records();
        }
        passage
    });
    let Ok(passage) = passage else { return Err(Unfit) };
    if added.is_err() || passage.n_faults > 0 || passage.truncated.is_some() {
        return Err(Unfit);
    }
    let last = if builder.len() > 0 { vec![builder.frame()] } else { Vec::new() };
    parts.add(last, file.found.size())?;
    parts.finish(Vec::new())
}

/// Reads a Parquet file.
pub fn read_parquet(input: &File) -> Result<Responses, Unfit> {
    let rows = input.sizes.rows.div_ceil(ROWS_BY);
    let file = ParquetPieces::open(input.found.on_disk(), rows).map_err(|_| Unfit)?;
    let mut parts = Parts::new(input, false);
    let together = rayon::current_num_threads();
    for start in (0..file.len()).step_by(together) {
        let end = file.len().min(start + together);
        let frames: Result<Vec<Frame>, _> = (start..end).into_par_iter().map(|at| file.frame(at)).collect();
        let position = input.found.size() * end as u64 / file.len() as u64;
        parts.add(frames.map_err(|_| Unfit)?, position)?;
    }
    parts.finish(Vec::new())
}

/// Parts have fewer rows by this than pieces of simple tables: theirs are longer.
const ROWS_BY: usize = 4;

/// Whole lines, and which part of their text they are.
type Lines<'t> = (delimited::Part, &'t [u8]);

/// A text that is cut into parts after whole records.
struct Cutting {
    bytes: Vec<u8>,
    /// What was handed out last.
    handed: usize,
    part_bytes: usize,
    quotes: bool,
    is_first: bool,
    lines_before: u64,
    more: bool,
}

impl Cutting {
    fn new(file: &File, quotes: bool) -> Self {
        let part_bytes = file.sizes.bytes * PART_BY;
        Self { bytes: Vec::new(), handed: 0, part_bytes, quotes, is_first: true, lines_before: 0, more: true }
    }

    /// The next parts, one for each thread.
    fn next(&mut self, text: &mut Unpacked) -> Result<Option<Vec<Lines<'_>>>, ReadError> {
        self.bytes.drain(..std::mem::take(&mut self.handed));
        while self.more {
            self.more = text.fill(&mut self.bytes, self.part_bytes * rayon::current_num_threads())?;
            let end =
                if self.more { whole_records(&self.bytes, self.quotes).len() } else { self.bytes.len() };
            self.handed = end;
            if end > 0 {
                break;
            }
        }
        let mut rest = &self.bytes[..self.handed];
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let part = rest.get(..self.part_bytes).map_or(rest, |start| whole_records(start, self.quotes));
            let part = if part.is_empty() { rest } else { part };
            let lines = delimited::Part { is_first: self.is_first, lines_before: self.lines_before };
            self.is_first = false;
            self.lines_before += memchr::memchr_iter(b'\n', part).count() as u64;
            rest = &rest[part.len()..];
            parts.push((lines, part));
        }
        Ok((!parts.is_empty()).then_some(parts))
    }
}

/// Parts have more bytes by this than pieces of simple tables: what the first one shows should hold for all.
const PART_BY: usize = 4;

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
}

impl<'f> Parts<'f> {
    fn new(file: &'f File, has_header: bool) -> Self {
        let mut joiner = Joiner::default();
        file.spill.into_iter().for_each(|spill| joiner.spill_to(Arc::clone(spill)));
        let (votes, reordered) = (Votes::default(), FxHashSet::default());
        Self { file, has_header, reading: None, joiner, votes, reordered, n_rows: 0 }
    }

    /// Records after those that were added.
    fn records(&self) -> Builder {
        Builder::with_columns(self.reading.iter().flat_map(Reading::columns))
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
        let reading = Reading::new(first, roles, &naming, Extent::First(shape));
        if reading.comes_in_parts() { Ok(reading) } else { Err(Unfit) }
    }

    fn finish(self, notes: Vec<Note>) -> Result<Responses, Unfit> {
        let mut reading = self.reading.filter(Reading::holds).ok_or(Unfit)?;
        reading.reordered(self.reordered.len());
        let mut table = self.joiner.into_table();
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

/// Whether all quotes of whole lines are around cells, or doubled within those.
fn quotes_are_around_cells(bytes: &[u8], delimiter: u8) -> bool {
    let ends_cell = |byte: Option<&u8>| byte.is_none_or(|byte| [delimiter, b'\n', b'\r'].contains(byte));
    let mut quotes = memchr::memchr_iter(b'"', bytes).peekable();
    while let Some(opens) = quotes.next() {
        if !ends_cell(opens.checked_sub(1).and_then(|before| bytes.get(before))) {
            return false;
        }
        loop {
            let Some(closes) = quotes.next() else { return false };
            // Two together are one within the cell.
            if quotes.next_if_eq(&(closes + 1)).is_some() {
                continue;
            }
            if !ends_cell(bytes.get(closes + 1)) {
                return false;
            }
            break;
        }
    }
    true
}

/// Whether the rows of a table can come after those so far: what both know of a run, an item or a metric is the same,
/// as if they stood in one table.
fn can_follow(joiner: &Joiner, table: &ResponseTable) -> bool {
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
