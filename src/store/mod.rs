//! How is a table kept on disk, and how are results written?
//!
//! A store is a directory `NAME.evals/` of plain Parquet files that any engine reads: `responses.parquet` (one
//! row for each run × item × repeat × metric, sorted, one or more row groups for each benchmark),
//! `items.parquet`, `runs.parquet`, `options.parquet` where single options have scores, and `manifest.json`.
//! Everything is written under a temporary name and renamed, so that a reader never sees half a store.

mod arrow_check;
pub mod arrow_pieces;
pub mod atomic;
pub mod bundled;
pub mod check;
pub mod columnar;
pub mod error;
pub mod export;
pub mod frame;
pub mod guard;
pub mod manifest;
pub mod nested;
mod order;
mod parquet_check;
pub mod parquet_pieces;
pub mod part;
pub mod read;
pub mod tables;
pub mod write;

pub use arrow_check::is_stream as is_arrow_stream;
pub use bundled::{BUNDLED, bundled};
pub use check::check;
pub use error::StoreError;
pub use export::{long_csv, wide_csv};
pub use frame::{Frame, Words};
pub use manifest::{Manifest, Provenance};
pub use read::{is_store, read, read_parts};
pub use tables::{csv_bytes, json_value, parquet_bytes, write_tables};
pub use write::{write, write_from};
