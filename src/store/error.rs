//! Why could a store not be read or written? Each variant says what to do.

use super::columnar::ColumnarError;
use crate::response::SpillError;
use std::io;
use std::path::Path;
use thiserror::Error;

/// Why a store, or a result table, could not be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{path}: {why}")]
    Io {
        /// The file or directory.
        path: String,
        /// What the system says.
        why: io::Error,
    },
    /// A Parquet file is damaged, or a table cannot be put into one.
    #[error("{file}: {why}")]
    Columnar {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: ColumnarError,
    },
    /// The manifest is damaged or of a later version.
    #[error("{file}: {message}; write the store again with `evalgauge ingest`")]
    Manifest {
        /// The file.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file of the store is not there.
    #[error("{store} has no {file}; write the store again with `evalgauge ingest`")]
    MissingFile {
        /// The store.
        store: String,
        /// The file.
        file: String,
    },
    /// A file of the store is not as it was written.
    #[error("{file} {message}; write the store again with `evalgauge ingest`")]
    Changed {
        /// The file.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// A column that nothing can replace is not there.
    #[error("{file} has no column {column:?}; write the store again with `evalgauge ingest`")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
    },
    /// A cell breaks the schema.
    #[error("{file}, row {row}: {message}; write the store again with `evalgauge ingest`")]
    BadCell {
        /// The file.
        file: String,
        /// The row, from 1.
        row: usize,
        /// What is wrong with it.
        message: String,
    },
    /// What an interrupted reading kept cannot be read back.
    #[error("{file}: {message}; remove it and run the command again")]
    Part {
        /// The file.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// Rows that were put aside on disk while the store was made cannot be read back.
    #[error(transparent)]
    Spill(SpillError),
    /// One item has more rows than can be sorted.
    #[error("an item has {n_rows} rows, of which 4294967295 can be sorted; ingest fewer files")]
    TooLong {
        /// The number of rows of the item, and of those before it.
        n_rows: usize,
    },
    /// There is something else where the store should go.
    #[error("{path} exists and is not a store; name another directory, or remove it first")]
    NotAStore {
        /// The path.
        path: String,
    },
}

impl StoreError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |why| Self::Io { path, why }
    }

    pub(super) fn columnar(file: &str) -> impl FnOnce(ColumnarError) -> Self {
        let file = file.to_owned();
        move |why| Self::Columnar { file, why }
    }
}
