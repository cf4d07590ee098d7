//! How does a table leave as CSV that people and other tools read? Long, or wide for one benchmark.

use super::StoreError;
use super::columnar::cell_text;
use super::frame::number_text;
use super::order::sections;
use super::write::{bits, response_columns};
use crate::response::{ResponseMatrix, ResponseTable, Rows};

/// Rows are turned into text this many at a time, so that a long table is never in memory twice.
const ROWS_AT_A_TIME: usize = 1 << 16;

/// The long table as CSV, in the schema of `responses.parquet` without `source_file`: sorted, one line for each attempt.
///
/// # Errors
/// [`StoreError::Io`].
pub fn long_csv(table: &ResponseTable) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bits = bits(table);
    let columns_of = |rows: &Rows, at: &[u32]| {
        let mut columns = response_columns(table, rows, at, bits);
        // Who reads the CSV has the rows from it.
        columns.retain(|(name, _)| *name != "source_file");
        columns
    };
    let names: Vec<&str> = columns_of(table.as_rows(), &[]).iter().map(|(name, _)| *name).collect();
    writer.write_record(&names).map_err(csv_error)?;
    for section in sections(table, None)? {
        for at in section.order.chunks(ROWS_AT_A_TIME) {
            let columns = columns_of(&section.rows, at);
            for row in 0..at.len() {
                writer.write_record(columns.iter().map(|(_, c)| cell_text(c, row))).map_err(csv_error)?;
            }
        }
    }
    table.check().map_err(StoreError::Spill)?;
    finish(writer)
}

/// A matrix as CSV: one line for each model, one column for each item, empty where there is no score.
///
/// # Errors
/// [`StoreError::Io`].
pub fn wide_csv(matrix: &ResponseMatrix) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = std::iter::once("model").chain(matrix.items().iter().map(|i| i.as_str()));
    writer.write_record(header).map_err(csv_error)?;
    for (at, respondent) in matrix.respondents().iter().enumerate() {
        let scores =
            (0..matrix.n_items()).map(|item| matrix.score(item, at).map(number_text).unwrap_or_default());
        let line = std::iter::once(respondent.as_str().to_owned()).chain(scores);
        writer.write_record(line).map_err(csv_error)?;
    }
    finish(writer)
}

pub(super) fn csv_error(error: csv::Error) -> StoreError {
    StoreError::Io { path: "CSV".to_owned(), why: std::io::Error::other(error) }
}

pub(super) fn finish(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, StoreError> {
    writer
        .into_inner()
        .map_err(|e| StoreError::Io { path: "CSV".to_owned(), why: std::io::Error::other(e.to_string()) })
}
