//! How does a large plain table come? As frames of a bounded size, in order, as often as it is asked for.

use super::text::whole_records;
use super::{File, Unfit};
use crate::ingest::detect::Format;
use crate::ingest::fragment::{Note, ReadError};
use crate::ingest::json::{pieces, repair};
use crate::ingest::plain::delimited::{self, Dialect, Odd};
use crate::ingest::plain::records::{Broken, Builder};
use crate::ingest::unwrap::{Layers, Unpacked};
use crate::store::arrow_pieces::ArrowPieces;
use crate::store::frame::Frame;
use crate::store::parquet_pieces::ParquetPieces;
use rayon::prelude::*;
use serde_json::{Map, Value};

/// Frames have more bytes by this than pieces of simple tables: what the first one shows should hold for all.
const BYTES_BY: usize = 4;
/// Who takes frames; the last of them ends at this byte of the file.
pub type Take<'t> = &'t mut dyn FnMut(Vec<Frame>, u64) -> Result<(), Unfit>;
/// What a user should know of the file.
pub type Told = Result<Result<Vec<Note>, Unfit>, ReadError>;

/// The frames of a file.
pub struct Frames<'f> {
    file: &'f File<'f>,
    kind: Kind,
    /// The names of the columns so far.
    names: Vec<String>,
}

enum Kind {
    Delimited(Dialect),
    Lines,
    Array,
    Parquet(ParquetPieces),
    Arrow(ArrowPieces),
}

impl<'f> Frames<'f> {
    /// Those of a file of which the beginning is known.
    pub fn of(file: &'f File<'f>, format: Format, layers: Layers) -> Result<Self, Unfit> {
        let beginning = file.source.beginning();
        let kind = match format {
            Format::Parquet if layers == Layers::None => {
                let rows = file.sizes.rows.div_ceil(BYTES_BY);
                let pieces = ParquetPieces::open(file.found.on_disk(), rows);
                Kind::Parquet(pieces.map_err(|_| Unfit)?)
            }
            Format::Arrow if layers == Layers::None => {
                let bytes = file.sizes.bytes * BYTES_BY;
                let pieces = ArrowPieces::open(file.found.on_disk(), bytes as u64);
                Kind::Arrow(pieces.map_err(|_| Unfit)?)
            }
            Format::Delimited => {
                let first = delimited::read(&file.source.name(), whole_records(beginning, true));
                Kind::Delimited(first.map_err(|_| Unfit)?.dialect)
            }
            Format::Records => match beginning.iter().find(|b| !b.is_ascii_whitespace()) {
                Some(b'{') => Kind::Lines,
                Some(b'[') => Kind::Array,
                _ => return Err(Unfit),
            },
            _ => return Err(Unfit),
        };
        Ok(Self { file, kind, names: Vec::new() })
    }

    /// Whether the first line names the columns.
    pub fn has_header(&self) -> bool {
        matches!(&self.kind, Kind::Delimited(dialect) if dialect.header)
    }

    /// Hands over all frames, a few at a time.
    ///
    /// # Errors
    /// Those of reading the file; within, [`Unfit`] of whoever takes them, or where only the reader of whole files can
    /// tell what is there.
    pub fn each(&mut self, take: Take) -> Told {
        match &self.kind {
            Kind::Delimited(dialect) => delimited_text(self.file, dialect, take),
            Kind::Lines => lines(self.file, &mut self.names, take),
            Kind::Array => Ok(array(self.file, &mut self.names, take)),
            Kind::Parquet(parquet) => Ok(row_groups(self.file, parquet, take)),
            Kind::Arrow(arrow) => Ok(batches(self.file, arrow, take)),
        }
    }
}

fn again(file: &File) -> Result<Unpacked, ReadError> {
    let mut text = Unpacked::open(file.found.on_disk(), file.options.max_unpacked_bytes)?;
    text.sample(file.sizes.sample)?;
    Ok(text)
}

fn delimited_text(file: &File, dialect: &Dialect, take: Take) -> Told {
    let (mut text, mut odd, mut n_rows) = (again(file)?, Odd::default(), 0);
    let mut cutting = Cutting::new(file, Some(dialect.delimiter));
    while let Some(texts) = cutting.next(&mut text)? {
        let read = |(lines, bytes): &Lines| {
            let mut odd = Odd::default();
            Some((dialect.rows(bytes, *lines, &mut odd).ok()?, odd))
        };
        let Some(read) = texts.par_iter().map(read).collect::<Option<Vec<_>>>() else {
            return Ok(Err(Unfit));
        };
        let frames = read.into_iter().map(|(frame, of_part)| {
            odd.add(&of_part);
            n_rows += frame.n_rows;
            frame
        });
        if take(frames.collect(), text.position()).is_err() {
            return Ok(Err(Unfit));
        }
    }
    Ok(odd.notes(&file.source.name(), dialect, n_rows).map_err(|_| Unfit))
}

/// A builder of records after those that had fields of these names.
fn builder(names: &[String]) -> Builder {
    Builder::with_columns(names.iter().map(String::as_str))
}

/// Adds the names that a frame has beyond those that are known; not if its columns are in another order.
fn learn(names: &mut Vec<String>, frame: &Frame) -> bool {
    let is_alike = names.iter().zip(&frame.columns).all(|(name, (of_frame, _))| name == of_frame);
    if is_alike {
        names.extend(frame.columns.iter().skip(names.len()).map(|(name, _)| name.clone()));
    }
    is_alike
}

fn lines(file: &File, names: &mut Vec<String>, take: Take) -> Told {
    let (mut text, mut broken) = (again(file)?, Broken::default());
    let name = file.source.name();
    let mut cutting = Cutting::new(file, None);
    while let Some(texts) = cutting.next(&mut text)? {
        let read_part = |names: &[String], (lines, bytes): &Lines| {
            let text = std::str::from_utf8(bytes).map(repair);
            let bytes = text.as_deref().map_or(*bytes, str::as_bytes);
            let (mut builder, mut broken) = (builder(names), Broken::default());
            builder.push_lines(&name, bytes, lines.lines_before, &mut broken);
            (builder.frame(), broken)
        };
        // The first part says which fields there are.
        let (first, others) = texts.split_at(usize::from(names.is_empty()));
        for texts in [first, others] {
            let read: Vec<(Frame, Broken)> = texts.par_iter().map(|text| read_part(names, text)).collect();
            let mut frames = Vec::with_capacity(read.len());
            for ((mut frame, of_part), text) in read.into_iter().zip(texts) {
                broken.add(of_part);
                if !learn(names, &frame) {
                    // Fields that are new in two parts at once have the place that the first part gives them.
                    frame = read_part(names, text).0;
                    learn(names, &frame);
                }
                frames.push(frame);
            }
            if take(frames, text.position()).is_err() {
                return Ok(Err(Unfit));
            }
        }
    }
    Ok(broken.notes(&name).map_err(|_| Unfit))
}

fn array(file: &File, names: &mut Vec<String>, take: Take) -> Result<Vec<Note>, Unfit> {
    let source = file.on_disk();
    let (mut records, mut n_bytes, mut position) = (builder(names), 0, 0);
    let mut taken = Ok(());
    let passage = pieces(&source, |piece| {
        let passage = piece.each(|_, record: Map<String, Value>| {
            if taken.is_ok() {
                records.push(&record);
            }
        });
        n_bytes += piece.n_bytes();
        if n_bytes >= file.sizes.bytes && taken.is_ok() {
            position += std::mem::take(&mut n_bytes) as u64;
            let frame = std::mem::take(&mut records).frame();
            learn(names, &frame);
            taken = take(vec![frame], position.min(file.found.size()));
            records = builder(names);
        }
        passage
    });
    let Ok(passage) = passage else { return Err(Unfit) };
    if taken.is_err() || passage.n_faults > 0 || passage.truncated.is_some() {
        return Err(Unfit);
    }
    if records.len() > 0 {
        take(vec![records.frame()], file.found.size())?;
    }
    Ok(Vec::new())
}

fn row_groups(file: &File, parquet: &ParquetPieces, take: Take) -> Result<Vec<Note>, Unfit> {
    let together = rayon::current_num_threads();
    for start in (0..parquet.len()).step_by(together) {
        let end = parquet.len().min(start + together);
        let frames: Result<Vec<Frame>, _> =
            (start..end).into_par_iter().map(|at| parquet.frame(at)).collect();
        take(frames.map_err(|_| Unfit)?, file.found.size() * end as u64 / parquet.len() as u64)?;
    }
    Ok(Vec::new())
}

fn batches(file: &File, arrow: &ArrowPieces, take: Take) -> Result<Vec<Note>, Unfit> {
    let together = rayon::current_num_threads();
    for piece in 0..arrow.len() {
        let rows = arrow.rows(piece, file.sizes.rows.div_ceil(BYTES_BY)).map_err(|_| Unfit)?;
        let position = file.found.size() * (piece + 1) as u64 / arrow.len() as u64;
        for start in (0..rows.len()).step_by(together) {
            let end = rows.len().min(start + together);
            let frames: Result<Vec<Frame>, _> =
                (start..end).into_par_iter().map(|at| rows.frame(at)).collect();
            take(frames.map_err(|_| Unfit)?, position)?;
        }
    }
    Ok(Vec::new())
}

/// Whole lines, and which part of their text they are.
type Lines<'t> = (delimited::Part, &'t [u8]);

/// A text that is cut into parts after whole records.
struct Cutting {
    bytes: Vec<u8>,
    /// What was handed out last.
    handed: usize,
    part_bytes: usize,
    /// What is between cells that may have quotes around them.
    delimiter: Option<u8>,
    is_first: bool,
    lines_before: u64,
    more: bool,
}

impl Cutting {
    fn new(file: &File, delimiter: Option<u8>) -> Self {
        let (part_bytes, bytes) = (file.sizes.bytes * BYTES_BY, Vec::new());
        Self { bytes, handed: 0, part_bytes, delimiter, is_first: true, lines_before: 0, more: true }
    }

    /// The next parts, one for each thread.
    fn next(&mut self, text: &mut Unpacked) -> Result<Option<Vec<Lines<'_>>>, ReadError> {
        self.bytes.drain(..std::mem::take(&mut self.handed));
        let mut ends = Vec::new();
        while self.more && ends.is_empty() {
            // A record that fills all of it wants twice as much.
            let n = (self.part_bytes * rayon::current_num_threads()).max(self.bytes.len());
            self.more = text.fill(&mut self.bytes, n)?;
            ends = self.ends();
        }
        self.handed = ends.last().copied().unwrap_or(0);
        let mut parts = Vec::with_capacity(ends.len());
        let mut start = 0;
        for end in ends {
            let part = &self.bytes[start..end];
            let lines = delimited::Part { is_first: self.is_first, lines_before: self.lines_before };
            self.is_first = false;
            self.lines_before += memchr::memchr_iter(b'\n', part).count() as u64;
            parts.push((lines, part));
            start = end;
        }
        Ok((!parts.is_empty()).then_some(parts))
    }

    /// Where parts end.
    fn ends(&self) -> Vec<usize> {
        let by_lines = self.ends_by_lines();
        let Some(delimiter) = self.delimiter else { return by_lines };
        let starts = std::iter::once(0).chain(by_lines.iter().copied());
        let parts: Vec<&[u8]> = starts.zip(&by_lines).map(|(start, end)| &self.bytes[start..*end]).collect();
        let is_clear =
            !parts.is_empty() && parts.par_iter().all(|part| quotes_are_around_cells(part, delimiter));
        // Where quotes stand within cells, only who reads all records knows between which lines a text can be cut.
        if is_clear { by_lines } else { self.ends_by_records(delimiter) }
    }

    /// Where lines end that have an even number of quotes before them.
    fn ends_by_lines(&self) -> Vec<usize> {
        let quotes = self.delimiter.is_some();
        let all = if self.more { whole_records(&self.bytes, quotes).len() } else { self.bytes.len() };
        let (mut ends, mut start) = (Vec::new(), 0);
        while start < all {
            let rest = &self.bytes[start..all];
            let part = rest.get(..self.part_bytes).map_or(rest, |part| whole_records(part, quotes));
            start += if part.is_empty() { rest.len() } else { part.len() };
            ends.push(start);
        }
        ends
    }

    /// Where records end as they are read one after the other.
    fn ends_by_records(&self, delimiter: u8) -> Vec<usize> {
        let mut reader = delimited::reader(&self.bytes, delimiter);
        let mut record = csv::ByteRecord::new();
        let (mut ends, mut start, mut last) = (Vec::new(), 0, 0);
        while matches!(reader.read_byte_record(&mut record), Ok(true)) {
            // What comes last may go on.
            let end = reader.position().byte() as usize;
            if self.more && end >= self.bytes.len() {
                break;
            }
            last = end;
            if last - start >= self.part_bytes {
                ends.push(last);
                start = last;
            }
        }
        let last = if self.more { last } else { self.bytes.len() };
        ends.extend((last > start).then_some(last));
        ends
    }
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
