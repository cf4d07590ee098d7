//! How does nobody wait while rows are added in order? The next pieces are read meanwhile.

use super::Unfit;
use super::sink::{Piece, Sink, Vocabulary};

/// Pieces that were read at the same time, in order.
pub type Batch = Vec<Result<Piece, Unfit>>;

/// Adds batch after batch, until `next` has no more, to the sink.
///
/// # Errors
/// The first one of `next`; within, [`Unfit`] of a piece.
pub fn add_all<E: Send>(
    sink: &mut Sink,
    mut next: impl FnMut(&Vocabulary) -> Result<Option<Batch>, E> + Send,
) -> Result<Result<(), Unfit>, E> {
    let mut vocabulary = sink.vocabulary();
    let mut batch = next(&vocabulary)?;
    while let Some(pieces) = batch {
        let coded: Result<Vec<_>, Unfit> =
            pieces.into_iter().map(|piece| Ok(vocabulary.admit(piece?))).collect();
        let Ok(coded) = coded else { return Ok(Err(Unfit)) };
        let (added, following) = rayon::join(
            || coded.into_iter().try_for_each(|piece| sink.add(&vocabulary, piece)),
            || next(&vocabulary),
        );
        if added.is_err() {
            return Ok(Err(Unfit));
        }
        batch = following?;
    }
    Ok(Ok(()))
}
