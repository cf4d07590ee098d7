//! How is an Arrow file read that is larger than memory? Some of its messages at a time.
//!
//! A stream is a schema, then dictionaries and batches of rows; a file is the same between marks. Some batches after the
//! schema and the dictionaries before them are a stream of their own.

use super::arrow_check::{About, Message, check_message, messages};
use super::columnar::{ColumnarError, damaged, frame_of, guard, readable};
use super::frame::Frame;
use super::parquet_pieces::{PieceColumn, Pieces, columns_of};
use polars::prelude::{DataFrame, IpcStreamReader, PolarsResult, SerReader};
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The most cells of a frame of more than one row.
const CELLS_OF_A_FRAME: usize = 1 << 22;
/// By so many rows it is known what the columns are.
const ROWS_OF_THE_FIRST: usize = 1 << 18;

/// An Arrow file or stream, cut into pieces of some batches.
pub struct ArrowPieces {
    path: PathBuf,
    messages: Vec<Message>,
    /// The batches of each piece, by position among the messages.
    pieces: Vec<Range<usize>>,
    /// Columns that can be read, by position.
    keep: Vec<usize>,
    names: Vec<String>,
    unread: Vec<String>,
}

/// The rows of a piece.
pub struct LoadedRows {
    data: DataFrame,
    unread: Vec<String>,
    rows_of_a_frame: usize,
}

impl ArrowPieces {
    /// Opens a file whose pieces have so many bytes, or one batch.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`], also where it cannot be opened.
    pub fn open(path: &Path, bytes_of_a_piece: u64) -> Result<Self, ColumnarError> {
        guard(|| {
            let mut file = File::open(path)?;
            let messages = messages(&mut file)?.ok_or_else(|| damaged("sizes that do not fit the file"))?;
            let mut pieces: Vec<Range<usize>> = Vec::new();
            let mut n_bytes = 0;
            for (at, message) in messages.iter().enumerate().filter(|(_, m)| m.about == About::Batch) {
                match pieces.last_mut() {
                    Some(piece) if n_bytes < bytes_of_a_piece => piece.end = at + 1,
                    _ => {
                        pieces.push(at..at + 1);
                        n_bytes = 0;
                    }
                }
                n_bytes += message.place.end - message.place.start;
            }
            let (keep, names, unread) = Default::default();
            let mut pieces = Self { path: path.to_owned(), messages, pieces, keep, names, unread };
            let schema = IpcStreamReader::new(Cursor::new(pieces.stream(0..0)?)).arrow_schema()?;
            (pieces.keep, pieces.unread) = readable(&schema);
            pieces.names = schema.iter_names().map(|name| name.to_string()).collect();
            Ok(pieces)
        })
    }

    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The rows of a piece.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`].
    pub fn rows(&self, piece: usize, rows_of_a_frame: usize) -> Result<LoadedRows, ColumnarError> {
        let most = CELLS_OF_A_FRAME / self.keep.len().max(1);
        guard(|| {
            let data = self.data(piece, self.keep.clone())?;
            Ok(LoadedRows {
                data,
                unread: self.unread.clone(),
                rows_of_a_frame: rows_of_a_frame.min(most).max(1),
            })
        })
    }

    fn data(&self, piece: usize, columns: Vec<usize>) -> PolarsResult<DataFrame> {
        let batches = self.pieces.get(piece).cloned().unwrap_or(0..0);
        let reader = IpcStreamReader::new(Cursor::new(self.stream(batches)?));
        reader.with_projection(Some(columns)).finish()
    }

    /// The schema, the dictionaries before the end of these messages and the batches among them.
    fn stream(&self, batches: Range<usize>) -> PolarsResult<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        let mut stream = Vec::new();
        let wanted = |at: usize, message: &Message| match message.about {
            About::Schema => at == 0,
            About::Dictionary => at < batches.end,
            About::Batch => batches.contains(&at),
            About::Other => false,
        };
        for (_, message) in self.messages.iter().enumerate().filter(|(at, message)| wanted(*at, message)) {
            let Range { start, end } = message.place;
            let before = stream.len();
            file.seek(SeekFrom::Start(start))?;
            file.by_ref().take(end - start).read_to_end(&mut stream)?;
            let body = before + (message.body - start) as usize;
            let fits = || check_message(stream.get(before..body)?, stream.get(body..)?);
            fits().ok_or_else(|| damaged("sizes that do not fit the file"))?;
        }
        Ok(stream)
    }
}

impl Pieces for ArrowPieces {
    fn n_pieces(&self) -> usize {
        self.len()
    }

    fn first(&self) -> Result<Frame, ColumnarError> {
        self.rows(0, ROWS_OF_THE_FIRST)?.frame(0)
    }

    fn columns(&self, piece: usize, wanted: &[String]) -> Result<Vec<PieceColumn>, ColumnarError> {
        let place = |name: &String| self.names.iter().position(|known| known == name);
        let mut places: Vec<usize> = wanted.iter().filter_map(place).collect();
        places.sort_unstable();
        guard(|| columns_of(&self.data(piece, places)?, wanted))
    }
}

impl LoadedRows {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.data.height().div_ceil(self.rows_of_a_frame)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.height() == 0
    }

    /// Some of the rows.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`].
    pub fn frame(&self, at: usize) -> Result<Frame, ColumnarError> {
        let start = at * self.rows_of_a_frame;
        guard(|| frame_of(&self.data.slice(start as i64, self.rows_of_a_frame), self.unread.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::columnar::{Written, read_arrow, write_arrow};
    use std::io::Write;

    fn bytes(is_stream: bool) -> Vec<u8> {
        let group = |g: i64| {
            let names: Vec<Option<&str>> = (0..50).map(|k| ["a", "b", "c"].get(k % 4).copied()).collect();
            let numbers = (0..50).map(|k| (k % 9 > 0).then_some(k * g)).collect();
            vec![("name", Written::Text(names)), ("number", Written::Whole(numbers, 16))]
        };
        write_arrow((0..8).map(group).collect(), is_stream)
    }

    /// All rows in order, as words.
    fn rows(frame: &Frame) -> Vec<Vec<Option<String>>> {
        let words: Vec<_> = frame.columns.iter().map(|(_, cells)| cells.to_words()).collect();
        (0..frame.n_rows).map(|row| words.iter().map(|w| w.get(row).map(str::to_owned)).collect()).collect()
    }

    #[test]
    fn pieces_of_files_and_streams_are_the_whole() {
        for is_stream in [true, false] {
            let bytes = bytes(is_stream);
            let whole = read_arrow(&bytes).unwrap();
            assert_eq!(whole.n_rows, 400);
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&bytes).unwrap();
            for (size, n_pieces) in [(1, 8), (1500, 3), (u64::MAX, 1)] {
                let pieces = ArrowPieces::open(file.path(), size).unwrap();
                assert!(size == 1500 && pieces.len() < 8 || pieces.len() == n_pieces, "{}", pieces.len());
                let mut together = Vec::new();
                for piece in 0..pieces.len() {
                    let loaded = pieces.rows(piece, 17).unwrap();
                    (0..loaded.len()).for_each(|at| together.extend(rows(&loaded.frame(at).unwrap())));
                }
                assert!(together == rows(&whole));
            }
        }
    }

    #[test]
    fn a_stream_cut_within_a_message_is_an_error() {
        let bytes = bytes(true);
        let whole = read_arrow(&bytes).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let found = messages(&mut Cursor::new(&bytes)).unwrap().unwrap();
        for end in (0..bytes.len()).step_by(7) {
            let is_between = found.iter().any(|m| m.place.end == end as u64) || end + 8 >= bytes.len();
            let read = read_arrow(&bytes[..end]);
            assert!(is_between || read.is_err(), "cut at {end}");
            assert!(read.map_or(0, |frame| frame.n_rows) <= whole.n_rows);
        }
    }
}
