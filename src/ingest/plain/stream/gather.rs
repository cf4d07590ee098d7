//! How is a large table read of which only all rows together say what it is? Its frames become one.
//!
//! Its text is never held, only its distinct words and which of them is where; of a long table not even those of columns
//! without a meaning, such as whole outputs.

use super::frames::Frames;
use super::{File, Known, Sizes, Unfit, beginning};
use crate::ingest::IngestOptions;
use crate::ingest::detect::detect;
use crate::ingest::fragment::ReadError;
use crate::ingest::meter::Meter;
use crate::ingest::plain::roles::{Role, Roles};
use crate::ingest::plain::shape::{Shape, classify};
use crate::ingest::plain::{Plain, read_frame};
use crate::ingest::source::Source;
use crate::ingest::unwrap::Unpacked;
use crate::ingest::walk::Found;
use crate::store::frame::{Cells, Frame, FrameBuilder, WordsBuilder};
use rustc_hash::FxHashSet;

/// Reads a table.
///
/// # Errors
/// [`ReadError`] where the file cannot be opened, or its compressed content is damaged; within, if it is no table.
pub fn read(
    found: &Found,
    options: &IngestOptions,
    meter: &Meter,
    sizes: Sizes,
) -> Known<Result<Plain, ReadError>> {
    let mut unpacked = Unpacked::open(found.on_disk(), options.max_unpacked_bytes)?;
    let source = Source::of(found, beginning(&mut unpacked, sizes.sample)?);
    let Ok(detected) = detect(&source) else { return Ok(None) };
    let file = File { source: &source, found, options, meter, spill: None, sizes };
    let Ok(mut frames) = Frames::of(&file, detected.format, unpacked.layers()) else { return Ok(None) };
    let (mut builder, mut n_rows) = (FrameBuilder::default(), 0);
    let mut meaningless: Option<FxHashSet<usize>> = None;
    let told = frames.each(&mut |frames, position| {
        for mut frame in frames.into_iter().filter(|frame| frame.n_rows > 0) {
            n_rows += frame.n_rows;
            let places = meaningless.get_or_insert_with(|| without_meaning(&frame, options));
            places.iter().for_each(|at| forget(&mut frame, *at));
            if !builder.push(frame) {
                return Err(Unfit);
            }
        }
        meter.rows_so_far(found, position, n_rows);
        Ok(())
    })?;
    let frame = builder.finish();
    let forgotten = meaningless.unwrap_or_default();
    let is_known = forgotten.is_empty() || without_meaning(&frame, options).is_superset(&forgotten);
    let Some(notes) = told.ok().filter(|_| frame.n_rows > 0 && is_known) else { return Ok(None) };
    Ok(Some((detected, read_frame(frame, file.naming(frames.has_header()), options, notes))))
}

/// The columns of a long table, by position, that nothing is made of, whatever is in them; none if other columns may depend on what
/// is in these.
fn without_meaning(frame: &Frame, options: &IngestOptions) -> FxHashSet<usize> {
    let roles = Roles::of(frame);
    let is_long = matches!(classify(frame, &roles, options.rows), Shape::Long | Shape::LongOfOneModel);
    if !is_long || !roles.has(Role::Item) || !roles.assumptions.is_empty() {
        return FxHashSet::default();
    }
    let is_unused = |at: &usize| !roles.is_taken(*at) && !roles.weak_scores.contains(at);
    (0..frame.columns.len()).filter(is_unused).collect()
}

/// Empties the column at this place, if there is one that holds words.
fn forget(frame: &mut Frame, at: usize) {
    if let Some((_, cells @ Cells::Words(_))) = frame.columns.get_mut(at) {
        let mut nothing = WordsBuilder::default();
        nothing.fill_to(frame.n_rows);
        *cells = Cells::Words(nothing.finish());
    }
}
