//! What is in a table for the eye alone? White space around names, and last rows that sum up the others.

use super::Naming;
use super::roles::{Role, Roles};
use super::shape::{Shape, classify, n_summaries_at_the_end};
use crate::ingest::RowsAre;
use crate::ingest::fragment::{Note, counted};
use crate::store::frame::{Cells, Frame};

/// Roles whose words are names.
const NAMES: [Role; 7] =
    [Role::Model, Role::Item, Role::Subject, Role::Benchmark, Role::Run, Role::Metric, Role::Filter];

/// Takes white space off the ends of names: it tells nothing apart. Items that are numbered `3.0`, as tools write whole
/// numbers of a column with gaps, are numbered `3`.
pub(super) fn trim_names(frame: &mut Frame, roles: &Roles) {
    for role in NAMES {
        let Some(at) = roles.get(role) else { continue };
        if let Cells::Words(words) = &mut frame.columns[at].1 {
            let without = if role == Role::Item { without_fraction } else { str::trim };
            words.shorten(without);
        }
    }
}

/// A name without the fraction of a whole number.
pub(super) fn without_fraction(name: &str) -> &str {
    let name = name.trim();
    let whole = name.strip_suffix(".0").filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    whole.unwrap_or(name)
}

/// The table without the last rows that sum up the others, if it is a wide one then, with what a user should know.
pub(super) fn without_sums(
    frame: &Frame,
    roles: &Roles,
    rows: Option<RowsAre>,
    naming: &Naming,
) -> Option<(Frame, Roles, Shape, Note)> {
    let n_sums = Some(n_summaries_at_the_end(frame, roles)).filter(|n| *n > 0)?;
    let mut frame = frame.clone();
    frame.truncate(frame.n_rows - n_sums);
    let roles = Roles::of(&frame);
    let shape = classify(&frame, &roles, rows);
    let sums = counted(n_sums, "row at the end sums", "rows at the end sum");
    let row = Some(naming.line(frame.n_rows));
    let note = Note { file: naming.file.clone(), row, message: format!("{sums} the others up and left out") };
    matches!(shape, Shape::Wide(_)).then_some((frame, roles, shape, note))
}
