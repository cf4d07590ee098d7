//! How is a long table read that is larger than memory? Piece by piece, straight into rows.
//!
//! Most large tables are simple: a model, an item, a score, perhaps a benchmark and a subject, and nothing odd
//! in any cell. Their pieces are read in parallel and joined in order, and only the rows are kept. Whatever
//! else is met ([`Unfit`]) sends the file to the readers that hold it whole; the result is the same.

mod batches;
mod columnar;
mod frames;
mod gather;
mod known;
mod parts;
mod sink;
mod text;
mod wide;

use super::roles::{Role, Roles};
use super::shape::{self, Shape};
use super::{Naming, Plain, Responses};
use crate::ingest::IngestOptions;
use crate::ingest::detect::{Detected, Format, detect};
use crate::ingest::fragment::ReadError;
use crate::ingest::meter::Meter;
use crate::ingest::source::Source;
use crate::ingest::unwrap::{Content, Layers, Unpacked, content};
use crate::ingest::walk::Found;
use crate::response::Spill;
use crate::store::frame::Frame;
use frames::Frames;
use std::sync::Arc;

/// Smaller files are read whole.
const STREAMED_FROM: u64 = 4 << 20;
/// Bytes by which the columns of a text are known.
const SAMPLE: usize = 1 << 18;
/// Lines by which the delimiter of a text is known, and the most bytes that are looked at for them.
const LINES_TO_TELL: usize = 64;
const LONGEST_SAMPLE: usize = 1 << 26;
/// Bytes of text in a piece.
const PIECE_BYTES: usize = 4 << 20;
/// Rows of a Parquet file in a piece.
const PIECE_ROWS: usize = 1 << 19;
/// Larger tables that are no simple ones are read in parts; others are held whole.
const PARTED_FROM: u64 = 8 << 20;

/// Something that only the readers of whole files can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

/// Sizes of pieces; tests make them small.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    sample: usize,
    bytes: usize,
    rows: usize,
    /// Tables that are no simple ones are read in parts if they are no smaller.
    parted_from: u64,
}

const SIZES: Sizes = Sizes { sample: SAMPLE, bytes: PIECE_BYTES, rows: PIECE_ROWS, parted_from: PARTED_FROM };

/// The columns of a simple long table, by position.
#[derive(Debug, Clone)]
struct Columns {
    /// Model and item, then benchmark and subject where there are such.
    words: Vec<usize>,
    /// Position in `words`.
    benchmark: Option<usize>,
    /// Position in `words`.
    subject: Option<usize>,
    score: usize,
    /// Name of the score column.
    score_name: String,
    /// Name of the column of items.
    item_name: String,
}

impl Columns {
    /// The columns of a table that is simple as far as its first rows show.
    fn of(frame: &Frame, options: &IngestOptions) -> Result<(Self, Roles), Unfit> {
        let roles = Roles::of(frame);
        let long = shape::classify(frame, &roles, options.rows) == Shape::Long;
        let [score] = roles.scores.as_slice() else { return Err(Unfit) };
        let (Some(model), Some(item)) = (roles.get(Role::Model), roles.get(Role::Item)) else {
            return Err(Unfit);
        };
        let (benchmark, subject) = (roles.get(Role::Benchmark), roles.get(Role::Subject));
        let mut words = vec![model, item];
        let mut add = |column: Option<usize>| {
            column.map(|at| {
                words.push(at);
                words.len() - 1
            })
        };
        let (benchmark, subject) = (add(benchmark), add(subject));
        let simple =
            (0..frame.columns.len()).all(|at| at == *score || words.contains(&at) || !roles.is_taken(at));
        if !long || !simple || !roles.assumptions.is_empty() {
            return Err(Unfit);
        }
        let name = |at: usize| frame.columns[at].0.clone();
        let columns = Self {
            score_name: name(*score),
            item_name: name(item),
            words,
            benchmark,
            subject,
            score: *score,
        };
        Ok((columns, roles))
    }
}

/// A table, and what its file was taken for.
type Known<T> = Result<Option<(Detected, T)>, ReadError>;

/// Reads a large table of any plain format, compressed or not; its rows are put aside meanwhile where there is a
/// place for them. `None` says that the file is small, or of another kind, or needs a reader that holds it whole.
///
/// # Errors
/// [`ReadError`] where the file cannot be opened, or its compressed content is damaged; within, if it is no table.
pub fn read(
    found: &Found,
    options: &IngestOptions,
    meter: &Meter,
    spill: Option<&Arc<Spill>>,
) -> Known<Result<Plain, ReadError>> {
    if found.size() < STREAMED_FROM {
        return Ok(None);
    }
    if let Some((detected, responses)) = read_in(found, options, meter, spill, SIZES)? {
        return Ok(Some((detected, Ok(Plain::Responses(Box::new(responses))))));
    }
    if found.size() < PARTED_FROM { Ok(None) } else { gather::read(found, options, meter, SIZES) }
}

fn read_in(
    found: &Found,
    options: &IngestOptions,
    meter: &Meter,
    spill: Option<&Arc<Spill>>,
    sizes: Sizes,
) -> Known<Responses> {
    let mut unpacked = Unpacked::open(found.on_disk(), options.max_unpacked_bytes)?;
    let source = Source::of(found, beginning(&mut unpacked, sizes.sample)?);
    let Ok(detected) = detect(&source) else { return Ok(None) };
    let file = File { source: &source, found, options, meter, spill, sizes };
    let layers = unpacked.layers();
    let mut read = match detected.format {
        Format::Parquet if layers == Layers::None => columnar::read_parquet(&file),
        Format::Arrow if layers == Layers::None => columnar::read_arrow(&file),
        Format::Delimited => text::read_delimited(&file, unpacked)?,
        Format::Records => text::read_records(&file, unpacked)?,
        _ => Err(Unfit),
    };
    if read.is_err() && found.size() >= sizes.parted_from {
        let frames = || Frames::of(&file, detected.format, layers);
        for read_parts in [parts::read, wide::read] {
            if read.is_err()
                && let Ok(frames) = frames()
            {
                read = read_parts(&file, frames)?;
            }
        }
    }
    Ok(read.ok().map(|responses| (detected, responses)))
}

/// The beginning of a text or of another file, long enough to tell what it is.
fn beginning(unpacked: &mut Unpacked, sample: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = unpacked.sample(sample)?;
    let n_lines = match bytes.trim_ascii_start().first() {
        Some(b'[') => 0,
        Some(b'{') => 2,
        _ if content(&bytes) == Content::Text => LINES_TO_TELL,
        _ => 0,
    };
    let mut n_more = sample;
    while bytes.len() < LONGEST_SAMPLE && memchr::memchr_iter(b'\n', &bytes).take(n_lines).count() < n_lines {
        let n_before = bytes.len();
        bytes = unpacked.sample(n_more)?;
        if bytes.len() == n_before {
            break;
        }
        n_more = bytes.len();
    }
    Ok(bytes)
}

/// A file on its way: its beginning, and how it is to be read.
struct File<'f> {
    source: &'f Source,
    found: &'f Found,
    options: &'f IngestOptions,
    meter: &'f Meter<'f>,
    spill: Option<&'f Arc<Spill>>,
    sizes: Sizes,
}

impl File<'_> {
    /// The file, to be read from its beginning.
    fn on_disk(&self) -> Source {
        let beginning = self.source.beginning().to_vec();
        Source::on_disk(self.found, self.options.max_unpacked_bytes, beginning)
    }

    /// How its rows are named.
    fn naming(&self, header: bool) -> Naming {
        Naming::of(self.source, self.options, header)
    }
}

#[cfg(test)]
mod tests;
