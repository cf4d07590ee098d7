//! How are the row groups of a Parquet file read at the same time? A few at once, in order.

use super::sink::{Piece, Sink};
use super::{Columns, File, Unfit};
use crate::ingest::plain::Responses;
use crate::store::parquet_pieces::ParquetPieces;
use rayon::prelude::*;

/// Reads a Parquet file.
pub fn read(input: &File) -> Result<Responses, Unfit> {
    let file = ParquetPieces::open(input.found.on_disk(), input.sizes.rows).map_err(|_| Unfit)?;
    let first = file.frame(0).map_err(|_| Unfit)?;
    let (columns, roles) = Columns::of(&first, input.options)?;
    let mut wanted: Vec<usize> = columns.words.clone();
    wanted.push(columns.score);
    let wanted: Vec<String> = wanted.into_iter().map(|at| first.columns[at].0.clone()).collect();
    let mut sink = Sink::new(columns, &first, &roles, input.naming(false));
    let size = std::fs::metadata(input.found.on_disk()).map_or(0, |m| m.len());
    let all: Vec<usize> = (0..file.len()).collect();
    for together in all.chunks(rayon::current_num_threads() * 2) {
        let pieces: Vec<Result<Piece, Unfit>> =
            together.par_iter().map(|at| read_piece(&file, *at, &wanted, &sink)).collect();
        for piece in pieces {
            sink.add(piece?)?;
        }
        let done = together.last().map_or(0, |last| last + 1);
        input.meter.rows_so_far(input.found, size * done as u64 / file.len() as u64, sink.n_rows());
    }
    sink.finish()
}

fn read_piece(file: &ParquetPieces, at: usize, wanted: &[String], sink: &Sink) -> Result<Piece, Unfit> {
    let columns = file.columns(at, wanted).map_err(|_| Unfit)?;
    let mut piece = sink.piece();
    let mut unfit = Ok(());
    let n_words = wanted.len() - 1;
    for (column, cells) in columns.iter().take(n_words).enumerate() {
        cells.each_word(|word| {
            if unfit.is_ok() {
                unfit = piece.word(column, word.unwrap_or_default());
            }
        });
    }
    let Some(scores) = columns.get(n_words) else { return Err(Unfit) };
    if scores.is_text() {
        scores.each_word(|word| {
            if unfit.is_ok() {
                unfit = piece.score_text(word.unwrap_or_default());
            }
        });
    } else {
        scores.each_number(|number| {
            if unfit.is_ok() {
                unfit = piece.score(number);
            }
        });
    }
    unfit?;
    piece.finish()
}
