//! How is a Parquet file with columns inside of columns read? As records, one JSON value for each row.

use super::columnar::{ColumnarError, guard, open_parquet};
use super::parquet_check;
use super::parquet_pieces::ParquetPieces;
use polars::prelude::{
    AnyValue, DataFrame, ParallelStrategy, ParquetReader, PolarsError, PolarsResult, SerReader,
};
use serde_json::{Map, Value};
use std::io::Cursor;

/// The names of the columns of a Parquet file.
///
/// # Errors
/// [`ColumnarError::Damaged`].
pub fn parquet_columns(bytes: &[u8]) -> Result<Vec<String>, ColumnarError> {
    guard(|| {
        parquet_check::footer_fits(Cursor::new(bytes))?;
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        Ok(reader.schema()?.iter_names().map(|name| name.to_string()).collect())
    })
}

/// The rows of a Parquet file as records of the columns named; columns that are not there are left out.
///
/// # Errors
/// [`ColumnarError::Damaged`].
pub fn parquet_records(bytes: &[u8], columns: &[&str]) -> Result<Vec<Value>, ColumnarError> {
    guard(|| {
        let mut reader = open_parquet(bytes)?;
        let schema = reader.schema()?;
        let keep: Vec<usize> = schema
            .iter_names()
            .enumerate()
            .filter(|(_, name)| columns.contains(&name.as_str()))
            .map(|(at, _)| at)
            .collect();
        let data = reader.with_projection(Some(keep)).read_parallel(ParallelStrategy::None).finish()?;
        records(&data)
    })
}

/// The same of a piece of a file.
///
/// # Errors
/// [`ColumnarError::Damaged`].
pub fn records_of_piece(
    file: &ParquetPieces,
    piece: usize,
    columns: &[&str],
) -> Result<Vec<Value>, ColumnarError> {
    let is_wanted = |at: &usize| columns.contains(&file.names()[*at].as_str());
    guard(|| records(&file.data(piece, (0..file.names().len()).filter(is_wanted).collect())?))
}

fn records(data: &DataFrame) -> PolarsResult<Vec<Value>> {
    let mut records = vec![Map::new(); data.height()];
    for column in data.columns() {
        if column.len() != records.len() {
            return Err(PolarsError::ComputeError("a column that ends too early".into()));
        }
        for (row, record) in records.iter_mut().enumerate() {
            record.insert(column.name().to_string(), json(&column.get(row)?)?);
        }
    }
    Ok(records.into_iter().map(Value::Object).collect())
}

fn json(value: &AnyValue<'_>) -> PolarsResult<Value> {
    Ok(match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(truth) => Value::Bool(*truth),
        AnyValue::String(text) => Value::String((*text).to_owned()),
        AnyValue::StringOwned(text) => Value::String(text.to_string()),
        AnyValue::List(series) => {
            let values = series.iter().map(|value| json(&value)).collect::<PolarsResult<Vec<_>>>()?;
            Value::Array(values)
        }
        AnyValue::Struct(..) | AnyValue::StructOwned(..) => {
            let mut record = Map::new();
            let owned = value.clone().into_static();
            if let AnyValue::StructOwned(payload) = owned {
                for (value, field) in payload.0.iter().zip(&payload.1) {
                    record.insert(field.name().to_string(), json(value)?);
                }
            }
            Value::Object(record)
        }
        AnyValue::UInt64(n) => Value::from(*n),
        AnyValue::Float32(n) => Value::from(f64::from(*n)),
        AnyValue::Float64(n) => Value::from(*n),
        other => other.extract::<i64>().map_or(Value::Null, Value::from),
    })
}
