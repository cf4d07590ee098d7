//! How are the rows of a Parquet or Arrow file read at the same time? A few pieces at once, in order.

use super::batches::{Batch, add_all};
use super::sink::{Piece, Sink, Vocabulary};
use super::{Columns, File, Unfit};
use crate::ingest::plain::Responses;
use crate::store::arrow_pieces::ArrowPieces;
use crate::store::parquet_pieces::{ParquetPieces, Pieces};
use rayon::prelude::*;
use std::convert::Infallible;

/// Reads a Parquet file.
pub fn read_parquet(input: &File) -> Result<Responses, Unfit> {
    read(input, &ParquetPieces::open(input.found.on_disk(), input.sizes.rows).map_err(|_| Unfit)?)
}

/// Reads an Arrow file or stream.
pub fn read_arrow(input: &File) -> Result<Responses, Unfit> {
    let bytes = input.sizes.bytes as u64;
    read(input, &ArrowPieces::open(input.found.on_disk(), bytes).map_err(|_| Unfit)?)
}

fn read(input: &File, file: &impl Pieces) -> Result<Responses, Unfit> {
    if file.n_pieces() == 0 {
        return Err(Unfit);
    }
    let first = file.first().map_err(|_| Unfit)?;
    let (columns, roles) = Columns::of(&first, input.options)?;
    let mut wanted: Vec<usize> = columns.words.clone();
    wanted.push(columns.score);
    let wanted: Vec<String> = wanted.into_iter().map(|at| first.columns[at].0.clone()).collect();
    let mut sink = Sink::new(columns, &first, &roles, input.naming(false)).spilling_to(input.spill);
    let size = std::fs::metadata(input.found.on_disk()).map_or(0, |m| m.len());
    let (mut n_pieces, mut n_rows) = (0, 0);
    let next = |vocabulary: &Vocabulary| -> Result<Option<Batch>, Infallible> {
        let together = n_pieces..file.n_pieces().min(n_pieces + 2 * rayon::current_num_threads());
        n_pieces = together.end;
        let pieces: Batch =
            together.into_par_iter().map(|at| read_piece(file, at, &wanted, vocabulary)).collect();
        n_rows += pieces.iter().flatten().map(Piece::len).sum::<usize>();
        input.meter.rows_so_far(input.found, size * n_pieces as u64 / file.n_pieces() as u64, n_rows);
        Ok((!pieces.is_empty()).then_some(pieces))
    };
    let Ok(added) = add_all(&mut sink, next);
    added?;
    sink.finish()
}

fn read_piece(
    file: &impl Pieces,
    at: usize,
    wanted: &[String],
    vocabulary: &Vocabulary,
) -> Result<Piece, Unfit> {
    let columns = file.columns(at, wanted).map_err(|_| Unfit)?;
    let mut piece = vocabulary.piece();
    let mut unfit = Ok(());
    let n_words = wanted.len() - 1;
    for (column, cells) in columns.iter().take(n_words).enumerate() {
        cells.each_word(|word, n| {
            if unfit.is_ok() {
                unfit = piece.words(column, word.unwrap_or_default(), n);
            }
        });
    }
    let Some(scores) = columns.get(n_words) else { return Err(Unfit) };
    if scores.is_text() {
        scores.each_word(|word, n| {
            for _ in 0..n {
                if unfit.is_ok() {
                    unfit = piece.score_text(word.unwrap_or_default());
                }
            }
        });
    } else {
        unfit = unfit.and_then(|()| piece.scores(&scores.numbers()));
    }
    unfit?;
    piece.finish()
}
