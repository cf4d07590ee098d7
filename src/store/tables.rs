//! How is a result table written? As CSV and as Parquet with the same columns, and as JSON for summaries.

use super::StoreError;
use super::atomic::write_file;
use super::columnar::{Group, Written, cell_text, write_parquet};
use super::export::{csv_error, finish};
use crate::response::{Table, Values};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

fn columns(table: &Table) -> Group<'_> {
    table
        .columns
        .iter()
        .map(|column| {
            let written = match &column.values {
                Values::Text(v) => Written::Text(v.iter().map(Option::as_deref).collect()),
                Values::Real(v) => Written::Real(v.clone()),
                Values::Whole(v) => Written::Whole(v.clone(), 64),
                Values::Truth(v) => Written::Truth(v.clone()),
            };
            (column.name, written)
        })
        .collect()
}

/// The table as CSV: a header, then one line for each row; empty where there is no value, and numbers in the
/// shortest form that reads back to the same number.
///
/// # Errors
/// [`StoreError::Io`].
pub fn csv_bytes(table: &Table) -> Result<Vec<u8>, StoreError> {
    let columns = columns(table);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|(name, _)| *name)).map_err(csv_error)?;
    for row in 0..table.n_rows() {
        writer.write_record(columns.iter().map(|(_, c)| cell_text(c, row))).map_err(csv_error)?;
    }
    finish(writer)
}

/// The table as Parquet.
///
/// # Errors
/// [`StoreError::Columnar`].
pub fn parquet_bytes(table: &Table) -> Result<Vec<u8>, StoreError> {
    write_parquet(vec![columns(table)]).map_err(StoreError::columnar(table.name))
}

/// The table as a JSON array with one object for each row.
pub fn json_value(table: &Table) -> Value {
    let cell = |values: &Values, row: usize| -> Value {
        match values {
            Values::Text(v) => v[row].clone().into(),
            Values::Real(v) => v[row].into(),
            Values::Whole(v) => v[row].into(),
            Values::Truth(v) => v[row].into(),
        }
    };
    let object = |row| -> Map<String, Value> {
        table.columns.iter().map(|c| (c.name.to_owned(), cell(&c.values, row))).collect()
    };
    (0..table.n_rows()).map(object).map(Value::Object).collect()
}

/// Writes `NAME.csv` and `NAME.parquet` of each table into a directory, each file whole or not at all, and
/// returns their paths.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Columnar`].
pub fn write_tables(tables: &[&Table], directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    std::fs::create_dir_all(directory).map_err(StoreError::io(directory))?;
    let mut paths = Vec::new();
    for table in tables {
        for (ending, bytes) in [("csv", csv_bytes(table)?), ("parquet", parquet_bytes(table)?)] {
            let path = directory.join(format!("{}.{ending}", table.name));
            write_file(&path, &bytes)?;
            paths.push(path);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::super::columnar::read_parquet;
    use super::*;

    fn table() -> Table {
        Table::new("t")
            .text("item", [Some("a,\"b\"\nc"), None])
            .real("score", [Some(0.1 + 0.2), None])
            .whole("n_models", [Some(3), None])
            .truth("primary", [Some(true), None])
    }

    #[test]
    fn csv_is_quoted_and_numbers_read_back() {
        let text = String::from_utf8(csv_bytes(&table()).unwrap()).unwrap();
        assert_eq!(text, "item,score,n_models,primary\n\"a,\"\"b\"\"\nc\",0.30000000000000004,3,true\n,,,\n");
    }

    #[test]
    fn parquet_and_json_hold_the_same() {
        let frame = read_parquet(&parquet_bytes(&table()).unwrap()).unwrap();
        assert_eq!(frame.names(), ["item", "score", "n_models", "primary"]);
        assert_eq!(frame.column("score").unwrap().to_reals(), [Some(0.1 + 0.2), None]);
        assert_eq!(
            json_value(&table()).to_string(),
            r#"[{"item":"a,\"b\"\nc","score":0.30000000000000004,"n_models":3,"primary":true},{"item":null,"score":null,"n_models":null,"primary":null}]"#
        );
    }

    #[test]
    fn a_table_without_rows_is_still_a_table() {
        let empty = Table::new("t").text("item", std::iter::empty::<Option<&str>>()).real("score", []);
        assert_eq!(csv_bytes(&empty).unwrap(), b"item,score\n");
        assert_eq!(read_parquet(&parquet_bytes(&empty).unwrap()).unwrap().names(), ["item", "score"]);
    }
}
