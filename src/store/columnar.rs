//! How do Parquet and Arrow files become frames, and frames Parquet files? With `parquet_pieces`, the one place
//! where polars is used.
//!
//! A damaged file must be an error, and some damage makes polars panic rather than fail: every call is guarded.
//! Files are decoded on the calling thread: several files are read at once anyway, and the number of threads stays
//! the caller's.

use super::arrow_check;
use super::frame::{Cells, Frame, WordsBuilder, number_text};
use super::parquet_check;
use polars::prelude::{
    AnyValue, ArrowDataType, ArrowSchema, Column, DataFrame, DataType, IdxCa, IpcReader, IpcStreamReader,
    NamedFrom, ParallelStrategy, ParquetReader, ParquetWriter, PlSmallStr, PolarsError, PolarsResult,
    SerReader, Series,
};
use rayon::prelude::*;
use std::io::{Cursor, Write};
use thiserror::Error;

/// A Parquet or Arrow file that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ColumnarError {
    /// The content contradicts the format.
    #[error("the file is damaged or incomplete ({0}); copy it or export it again")]
    Damaged(String),
    /// The frame could not be written.
    #[error("the table could not be written: {0}")]
    Unwritable(String),
}

/// Reads a Parquet file. Columns of other types than words, numbers, truth values and lists of them are named
/// in [`Frame::unread`].
///
/// # Errors
/// [`ColumnarError::Damaged`].
pub fn read_parquet(bytes: &[u8]) -> Result<Frame, ColumnarError> {
    guard(|| {
        let mut reader = open_parquet(bytes)?;
        let (keep, unread) = readable(reader.schema()?.as_ref());
        let data = if keep.is_empty() {
            DataFrame::empty_with_height(reader.num_rows()?)
        } else {
            reader.with_projection(Some(keep)).read_parallel(ParallelStrategy::None).finish()?
        };
        frame_of(&data, unread)
    })
}

/// A reader of a Parquet file whose counts and sizes fit one another.
pub(super) fn open_parquet(bytes: &[u8]) -> PolarsResult<ParquetReader<Cursor<&[u8]>>> {
    parquet_check::footer_fits(Cursor::new(bytes))?;
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    parquet_check::whole_fits(reader.get_metadata()?, Cursor::new(bytes))?;
    Ok(reader)
}

/// Reads an Arrow file (Feather version 2) or stream.
///
/// # Errors
/// [`ColumnarError::Damaged`].
pub fn read_arrow(bytes: &[u8]) -> Result<Frame, ColumnarError> {
    guard(|| {
        arrow_check::sizes_fit(bytes).ok_or_else(|| damaged("sizes that do not fit the file"))?;
        if arrow_check::is_stream(bytes) {
            let mut reader = IpcStreamReader::new(Cursor::new(bytes));
            let (keep, unread) = readable(&reader.arrow_schema()?);
            if keep.is_empty() {
                return Ok(Frame { unread, ..Frame::default() });
            }
            return frame_of(&reader.with_projection(Some(keep)).finish()?, unread);
        }
        let mut reader = IpcReader::new(Cursor::new(bytes));
        let (keep, unread) = readable(reader.schema()?.as_ref());
        if keep.is_empty() {
            return Ok(Frame { unread, ..Frame::default() });
        }
        frame_of(&reader.with_projection(Some(keep)).finish()?, unread)
    })
}

pub(super) fn guard<T>(read: impl FnOnce() -> PolarsResult<T>) -> Result<T, ColumnarError> {
    super::guard::guard(read).map_err(ColumnarError::Damaged)
}

pub(super) fn damaged(what: &'static str) -> PolarsError {
    PolarsError::ComputeError(what.into())
}

/// The columns that can be read, by position, and those that cannot, by name and type.
pub(super) fn readable(schema: &ArrowSchema) -> (Vec<usize>, Vec<String>) {
    let (mut keep, mut unread) = (Vec::new(), Vec::new());
    for (at, (name, field)) in schema.iter().enumerate() {
        if is_readable(&field.dtype) {
            keep.push(at);
        } else {
            unread.push(name.to_string());
        }
    }
    (keep, unread)
}

fn is_readable(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    match dtype {
        T::Null
        | T::Boolean
        | T::Int8
        | T::Int16
        | T::Int32
        | T::Int64
        | T::UInt8
        | T::UInt16
        | T::UInt32
        | T::UInt64
        | T::Float32
        | T::Float64
        | T::Decimal(..)
        | T::Date32
        | T::Timestamp(_, None)
        | T::Utf8
        | T::LargeUtf8
        | T::Utf8View => true,
        T::Dictionary(_, values, _) => matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View),
        T::List(inner) | T::LargeList(inner) => is_readable(&inner.dtype),
        _ => false,
    }
}

pub(super) fn frame_of(data: &DataFrame, unread: Vec<String>) -> PolarsResult<Frame> {
    let columns = data
        .columns()
        .iter()
        .map(|column| {
            let cells = cells_of(column)?;
            // Damaged pages can give fewer values than they say.
            let fits = cells.len() == data.height();
            fits.then(|| (column.name().to_string(), cells))
                .ok_or_else(|| damaged("a column that ends too early"))
        })
        .collect::<PolarsResult<_>>()?;
    Ok(Frame { columns, n_rows: data.height(), unread })
}

fn cells_of(column: &Column) -> PolarsResult<Cells> {
    let series = column.as_materialized_series();
    Ok(match series.dtype() {
        DataType::Boolean => Cells::Truth(series.bool()?.iter().collect()),
        DataType::Float32 | DataType::Float64 | DataType::Decimal(..) => {
            let reals = series.cast(&DataType::Float64)?;
            Cells::Real(reals.f64()?.iter().map(|x| x.filter(|x| !x.is_nan())).collect())
        }
        DataType::UInt64 if series.u64()?.iter().flatten().any(|x| x > i64::MAX as u64) => {
            let mut words = WordsBuilder::default();
            for x in series.u64()?.iter() {
                words.push(x.map(|x| x.to_string()).as_deref());
            }
            Cells::Words(words.finish())
        }
        dtype if dtype.is_integer() => Cells::Whole(series.cast(&DataType::Int64)?.i64()?.iter().collect()),
        DataType::Null => Cells::Real(vec![None; series.len()]),
        DataType::List(_) => {
            let mut words = WordsBuilder::default();
            for at in 0..series.len() {
                words.push(json_of(&series.get(at)?).map(|v| v.to_string()).as_deref());
            }
            Cells::Words(words.finish())
        }
        _ => {
            let text = series.cast(&DataType::String)?;
            Cells::Words(text.str()?.iter().collect())
        }
    })
}

/// A nested value as JSON.
fn json_of(value: &AnyValue) -> Option<serde_json::Value> {
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::Boolean(b) => (*b).into(),
        AnyValue::List(list) => {
            (0..list.len()).map(|at| list.get(at).ok().and_then(|v| json_of(&v))).collect()
        }
        AnyValue::Float32(x) => (*x as f64).into(),
        AnyValue::Float64(x) => (*x).into(),
        other => match other.extract::<i64>().filter(|_| other.is_integer()) {
            Some(whole) => whole.into(),
            None => other.get_str()?.into(),
        },
    })
}

/// What a written column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Written<'a> {
    /// Text.
    Text(Vec<Option<&'a str>>),
    /// Text made for the file.
    Made(Vec<Option<String>>),
    /// Text that many rows have: some texts, and the place of each row's among them.
    Picked(Vec<Option<&'a str>>, Vec<u32>),
    /// 64-bit real numbers.
    Real(Vec<Option<f64>>),
    /// 32-bit real numbers.
    Short(Vec<Option<f32>>),
    /// Whole numbers in 16, 32 or 64 bits, whichever holds them all but not fewer than the bits given.
    Whole(Vec<Option<i64>>, u8),
    /// Truth values.
    Truth(Vec<Option<bool>>),
}

/// The named columns of one group of rows.
pub type Group<'a> = Vec<(&'static str, Written<'a>)>;

/// Rows of one group are cut into pieces of at most this many: about as many as readers of Parquet like, and few
/// enough that two groups with all their columns take a hundred megabytes.
pub(super) const ROWS_OF_A_GROUP: usize = 1 << 17;
/// So many groups are made, encoded and written at once: two threads have an equal share then, and more groups would take
/// memory.
const AT_ONCE: usize = 2;

/// Writes groups of rows, all of the same columns, as a Parquet file (zstd).
///
/// # Errors
/// [`ColumnarError::Unwritable`].
pub fn write_parquet(groups: Vec<Group>) -> Result<Vec<u8>, ColumnarError> {
    let mut bytes = Vec::new();
    let bits = narrowest(&groups);
    write_with(&mut bytes, |_| bits.clone(), groups.into_iter())?;
    Ok(bytes)
}

/// An Arrow file or stream with a batch for each group, for tests.
#[cfg(test)]
pub(crate) fn write_arrow(groups: Vec<Group>, is_stream: bool) -> Vec<u8> {
    use polars::prelude::{IpcWriter, SerWriter};
    let bits = narrowest(&groups);
    let parts = groups.into_iter().map(|group| data_of(group, &bits).unwrap());
    let mut data = parts.reduce(|all, part| all.vstack(&part).unwrap()).unwrap();
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).finish(&mut data).unwrap();
    if !is_stream {
        return bytes;
    }
    // A file is a stream between its mark and its footer.
    let messages = arrow_check::messages(&mut Cursor::new(&bytes)).unwrap().unwrap();
    let end = messages.last().map_or(8, |last| last.place.end as usize) + 8;
    bytes[8..end].to_vec()
}

/// Writes groups of rows one after the other, two while the next two are encoded and two more are made, so that only six
/// are held at a time. Whole numbers get the bits that the first group gives them.
///
/// # Errors
/// [`ColumnarError::Unwritable`], also where a number does not fit.
pub fn write_groups<'a>(
    out: &mut (impl Write + Send),
    groups: impl Iterator<Item = Group<'a>> + Send,
) -> Result<(), ColumnarError> {
    let declared = |group: &Group| {
        let bits =
            group.iter().map(|(_, written)| if let Written::Whole(_, bits) = written { *bits } else { 0 });
        bits.collect()
    };
    write_with(out, declared, groups)
}

fn write_with<'a>(
    out: &mut (impl Write + Send),
    bits_of: impl FnOnce(&Group) -> Vec<u8>,
    mut groups: impl Iterator<Item = Group<'a>> + Send,
) -> Result<(), ColumnarError> {
    let write = || -> PolarsResult<()> {
        let Some(first) = groups.next() else { return Ok(()) };
        let bits = bits_of(&first);
        let first = data_of(first, &bits)?;
        let writer = ParquetWriter::new(out).set_parallel(false).batched(first.schema())?;
        let (mut frames, mut encoded) = (vec![first], Vec::new());
        while !frames.is_empty() || !encoded.is_empty() {
            let write = || writer.write_row_groups(encoded);
            let encode = || {
                let encode = |piece| writer.encode_and_compress(&piece).collect::<PolarsResult<Vec<_>>>();
                let pieces: Vec<DataFrame> = frames.iter().flat_map(pieces).collect();
                pieces.into_par_iter().map(encode).collect::<PolarsResult<Vec<_>>>()
            };
            let next = || {
                groups.by_ref().take(AT_ONCE).map(|group| data_of(group, &bits)).collect::<PolarsResult<_>>()
            };
            let (written, (next, now)) = rayon::join(write, || rayon::join(next, encode));
            written?;
            encoded = now?.into_iter().flatten().collect();
            frames = next?;
        }
        writer.finish()?;
        Ok(())
    };
    guard(write).map_err(|error| match error {
        ColumnarError::Damaged(why) | ColumnarError::Unwritable(why) => {
            // What the system says, without the ways it came.
            let why = why.rsplit_once("underlying IO error: ").map_or(why.as_str(), |(_, why)| why);
            ColumnarError::Unwritable(why.to_owned())
        }
    })
}

/// A frame in groups of rows.
fn pieces(frame: &DataFrame) -> impl Iterator<Item = DataFrame> {
    (0..frame.height()).step_by(ROWS_OF_A_GROUP).map(|at| frame.slice(at as i64, ROWS_OF_A_GROUP))
}

/// The bits that each whole-number column needs, over all groups.
fn narrowest(groups: &[Group]) -> Vec<u8> {
    let width = groups.first().map_or(0, Vec::len);
    let mut bits = vec![0u8; width];
    for group in groups {
        for (bits, (_, written)) in bits.iter_mut().zip(group) {
            if let Written::Whole(values, at_least) = written {
                let largest = values.iter().flatten().map(|v| v.unsigned_abs()).max().unwrap_or(0);
                let needed = match largest {
                    0..=0x7fff => 16,
                    0x8000..=0x7fff_ffff => 32,
                    _ => 64,
                };
                *bits = (*bits).max(needed).max(*at_least);
            }
        }
    }
    bits
}

fn data_of(group: Group, bits: &[u8]) -> PolarsResult<DataFrame> {
    let columns = group
        .into_iter()
        .zip(bits)
        .map(|((name, written), bits)| {
            let name = name.into();
            let series = match written {
                Written::Text(v) => Series::new(name, v),
                Written::Made(v) => Series::new(name, v),
                Written::Picked(texts, at) => {
                    Series::new(name, texts).take(&IdxCa::from_vec(PlSmallStr::EMPTY, at))?
                }
                Written::Real(v) => Series::new(name, v),
                Written::Short(v) => Series::new(name, v),
                Written::Truth(v) => Series::new(name, v),
                Written::Whole(v, _) => {
                    let dtype = match bits {
                        16 => DataType::Int16,
                        32 => DataType::Int32,
                        _ => DataType::Int64,
                    };
                    // Of many columns only few dumps know anything.
                    if v.iter().all(Option::is_none) {
                        Series::full_null(name, v.len(), &dtype)
                    } else {
                        Series::new(name, v).strict_cast(&dtype)?
                    }
                }
            };
            Ok(Column::from(series))
        })
        .collect::<PolarsResult<Vec<Column>>>()?;
    DataFrame::new_infer_height(columns)
}

/// The same columns as text, row by row, for CSV; empty where there is nothing.
pub(super) fn cell_text(written: &Written, row: usize) -> String {
    match written {
        Written::Text(v) => v[row].unwrap_or_default().to_owned(),
        Written::Made(v) => v[row].clone().unwrap_or_default(),
        Written::Picked(texts, at) => texts[at[row] as usize].unwrap_or_default().to_owned(),
        Written::Real(v) => v[row].map(number_text).unwrap_or_default(),
        // Through text, so that 0.1 in 32 bits stays "0.1".
        Written::Short(v) => v[row].map(|x| x.to_string()).unwrap_or_default(),
        Written::Whole(v, _) => v[row].map(|x| x.to_string()).unwrap_or_default(),
        Written::Truth(v) => v[row].map(|x| x.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        write_parquet(vec![vec![
            ("model", Written::Text(vec![Some("a"), None, Some("ü")])),
            ("score", Written::Real(vec![Some(0.1), None, Some(1.0)])),
            ("chosen", Written::Whole(vec![Some(3), None, Some(70_000)], 16)),
            ("primary", Written::Truth(vec![Some(true), None, Some(false)])),
            ("run", Written::Picked(vec![Some("x"), None], vec![1, 0, 0])),
        ]])
        .unwrap()
    }

    #[test]
    fn decimals_are_numbers_and_times_are_words() {
        let decimals = Series::new("score".into(), [0.25, 1.0]).cast(&DataType::Decimal(10, 2)).unwrap();
        let microseconds = DataType::Datetime(polars::prelude::TimeUnit::Microseconds, None);
        let times = Series::new("date".into(), [1_735_689_600_000_000i64, 0]).cast(&microseconds).unwrap();
        let mut data = DataFrame::new_infer_height(vec![decimals.into(), times.into()]).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut data).unwrap();
        let frame = read_parquet(&bytes).unwrap();
        assert_eq!(frame.column("score"), Some(&Cells::Real(vec![Some(0.25), Some(1.0)])));
        let times = frame.column("date").unwrap().to_words();
        assert_eq!(times.get(0), Some("2025-01-01 00:00:00.000000"));
    }

    #[test]
    fn what_is_written_reads_back() {
        let frame = read_parquet(&sample()).unwrap();
        assert_eq!(frame.names(), ["model", "score", "chosen", "primary", "run"]);
        assert_eq!(frame.column("model").unwrap().to_words().get(2), Some("ü"));
        assert!(frame.column("run").unwrap().to_words().iter().eq([None, Some("x"), Some("x")]));
        assert_eq!(frame.column("score"), Some(&Cells::Real(vec![Some(0.1), None, Some(1.0)])));
        assert_eq!(frame.column("chosen"), Some(&Cells::Whole(vec![Some(3), None, Some(70_000)])));
        assert_eq!(frame.column("primary").unwrap().to_truths(), [Some(true), None, Some(false)]);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let bytes = sample();
        for end in 0..bytes.len() {
            assert!(read_parquet(&bytes[..end]).is_err(), "cut at {end} of {}", bytes.len());
        }
    }
}
