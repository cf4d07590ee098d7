//! How is a Parquet file read that is larger than memory? Some rows of a row group at a time.

use super::columnar::{ColumnarError, frame_of, guard, readable};
use super::frame::{Frame, number_text};
use super::parquet_check;
use polars::prelude::{
    DataFrame, DataType, ParallelStrategy, ParquetReader, PolarsResult, SerReader, Series,
};
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

/// The most cells of a piece of more than one row.
const CELLS_OF_A_PIECE: usize = 1 << 22;

/// Reads rows of a row group: its number, the first row, the number of rows, the columns by position.
type Load = Box<dyn Fn(usize, usize, usize, Vec<usize>) -> PolarsResult<DataFrame> + Send + Sync>;

/// A Parquet file, cut into pieces of a bounded number of rows.
pub struct ParquetPieces {
    load: Load,
    /// Row group, first row in it and number of rows of each piece.
    pieces: Vec<(usize, usize, usize)>,
    /// Columns that can be read, by position.
    keep: Vec<usize>,
    names: Vec<String>,
    unread: Vec<String>,
}

impl ParquetPieces {
    /// Opens a file. Pieces of files of many columns have fewer rows.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`], also where it cannot be opened.
    pub fn open(path: &Path, rows_of_a_piece: usize) -> Result<Self, ColumnarError> {
        guard(|| {
            parquet_check::footer_fits(File::open(path)?)?;
            let mut reader = ParquetReader::new(File::open(path)?);
            let schema = reader.schema()?;
            let (keep, unread) = readable(schema.as_ref());
            let rows_of_a_piece = rows_of_a_piece.min(CELLS_OF_A_PIECE / keep.len().max(1)).max(1);
            let names = schema.iter_names().map(|name| name.to_string()).collect();
            let mut metadata = (**reader.get_metadata()?).clone();
            parquet_check::pages_fit(&metadata, File::open(path)?)?;
            let groups = std::mem::take(&mut metadata.row_groups);
            let mut pieces = Vec::new();
            for (group, height) in groups.iter().map(|g| g.num_rows()).enumerate() {
                for start in (0..height).step_by(rows_of_a_piece) {
                    pieces.push((group, start, rows_of_a_piece.min(height - start)));
                }
            }
            let path = path.to_owned();
            let load: Load = Box::new(move |group, start, n, columns| {
                // A file of one row group: readers of slices look at all groups before theirs.
                let mut one = metadata.clone();
                one.num_rows = groups[group].num_rows();
                one.row_groups = vec![groups[group].clone()];
                let mut reader = ParquetReader::new(File::open(&path)?);
                reader.set_metadata(one.into());
                reader
                    .with_projection(Some(columns))
                    .with_slice(Some((start, n)))
                    .read_parallel(ParallelStrategy::None)
                    .finish()
            });
            Ok(Self { load, pieces, keep, names, unread })
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

    /// A piece with all columns that can be read.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`].
    pub fn frame(&self, piece: usize) -> Result<Frame, ColumnarError> {
        guard(|| frame_of(&self.data(piece, self.keep.clone())?, self.unread.clone()))
    }

    /// The names of all columns, by position.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Some columns of a piece, by position.
    pub(super) fn data(&self, piece: usize, mut columns: Vec<usize>) -> PolarsResult<DataFrame> {
        let (group, start, n) = self.pieces.get(piece).copied().unwrap_or((0, 0, 0));
        columns.sort_unstable();
        (self.load)(group, start, n, columns)
    }
}

impl Pieces for ParquetPieces {
    fn n_pieces(&self) -> usize {
        self.len()
    }

    fn first(&self) -> Result<Frame, ColumnarError> {
        self.frame(0)
    }

    fn columns(&self, piece: usize, wanted: &[String]) -> Result<Vec<PieceColumn>, ColumnarError> {
        let places: Vec<usize> =
            wanted.iter().filter_map(|name| self.names.iter().position(|n| n == name)).collect();
        guard(|| columns_of(&self.data(piece, places)?, wanted))
    }
}

/// A file that comes in pieces of rows.
pub trait Pieces: Sync {
    /// How many there are.
    fn n_pieces(&self) -> usize;

    /// The first rows, with all columns that can be read.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`].
    fn first(&self) -> Result<Frame, ColumnarError>;

    /// Some columns of a piece, in the order of their names.
    ///
    /// # Errors
    /// [`ColumnarError::Damaged`], also where there is no such column.
    fn columns(&self, piece: usize, wanted: &[String]) -> Result<Vec<PieceColumn>, ColumnarError>;
}

pub(super) fn columns_of(data: &DataFrame, wanted: &[String]) -> PolarsResult<Vec<PieceColumn>> {
    wanted.iter().map(|name| PieceColumn::of(data.column(name)?.as_materialized_series())).collect()
}

/// One column of a piece.
pub struct PieceColumn {
    series: Series,
}

impl PieceColumn {
    fn of(series: &Series) -> PolarsResult<Self> {
        let series = match series.dtype() {
            DataType::String | DataType::Boolean | DataType::Float64 | DataType::Int64 => series.clone(),
            DataType::Float32 | DataType::Decimal(..) => series.cast(&DataType::Float64)?,
            DataType::UInt64 => series.strict_cast(&DataType::Int64)?,
            dtype if dtype.is_integer() => series.cast(&DataType::Int64)?,
            DataType::List(_) | DataType::Null => {
                return Err(polars::prelude::PolarsError::ComputeError("neither words nor numbers".into()));
            }
            _ => series.cast(&DataType::String)?,
        };
        Ok(Self { series })
    }

    /// Whether the cells are words.
    pub fn is_text(&self) -> bool {
        *self.series.dtype() == DataType::String
    }

    /// Hands over the words of all cells in order, as [`super::frame::Cells::to_words`] would, each with the number
    /// of cells in a row that are known to have it.
    pub fn each_word(&self, mut take_many: impl FnMut(Option<&str>, usize)) {
        if let Ok(texts) = self.series.str() {
            if texts.null_count() > 0 {
                return texts.iter().for_each(|word| take_many(word, 1));
            }
            for chunk in texts.downcast_iter() {
                // Cells of a dictionary that have the same word point to the same place.
                let mut start = 0;
                for alike in chunk.views().chunk_by(|a, b| a.as_u128() == b.as_u128()) {
                    take_many(Some(chunk.value(start)), alike.len());
                    start += alike.len();
                }
            }
            return;
        }
        let mut take = |word: Option<&str>| take_many(word, 1);
        let mut buffer = String::new();
        if let Ok(wholes) = self.series.i64() {
            for whole in wholes.iter() {
                buffer.clear();
                let written = whole.is_some_and(|whole| write!(buffer, "{whole}").is_ok());
                take(written.then_some(buffer.as_str()));
            }
        } else if let Ok(reals) = self.series.f64() {
            reals.iter().for_each(|x| take(x.filter(|x| !x.is_nan()).map(number_text).as_deref()));
        } else if let Ok(truths) = self.series.bool() {
            truths.iter().for_each(|x| take(x.map(|x| if x { "true" } else { "false" })));
        }
    }

    /// Each cell as a number; `NaN` is none, true is 1.
    pub fn numbers(&self) -> Vec<f64> {
        let or_none = |x: Option<f64>| x.unwrap_or(f64::NAN);
        if let Ok(reals) = self.series.f64() {
            reals.iter().map(or_none).collect()
        } else if let Ok(wholes) = self.series.i64() {
            match wholes.cont_slice() {
                Ok(all) => all.iter().map(|x| *x as f64).collect(),
                Err(_) => wholes.iter().map(|x| or_none(x.map(|x| x as f64))).collect(),
            }
        } else if let Ok(truths) = self.series.bool() {
            truths.iter().map(|x| or_none(x.map(|x| f64::from(u8::from(x))))).collect()
        } else {
            Vec::new()
        }
    }
}
