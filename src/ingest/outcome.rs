//! What became of a file?

use super::detect::{Detected, Format};
use super::fragment::{Fragment, ReadError};
use super::plain::Companion;
use super::report::{FileRead, Skipped};
use super::work::Piece;

/// What became of a file.
pub enum Outcome {
    /// It gave rows.
    Read(FileRead, Piece),
    /// It explained others.
    Used(FileRead),
    /// It is a table of models, which may be those of any file: what it was used for in its directory.
    Models(FileRead, Box<Companion>, Vec<String>),
    /// It gave nothing.
    Skipped(Skipped),
}

impl Outcome {
    /// What became of a table beside results that was used in these ways.
    pub fn of_companion(mut read: FileRead, companion: &Companion, uses: &[String]) -> Self {
        if uses.is_empty() {
            return skipped(read, &companion.refusal);
        }
        read.because = format!("{}; a table of {}", read.because, uses.join("; "));
        Self::Used(read)
    }
}

/// A file whose format is known, and which gave nothing all the same.
pub(super) fn skipped(read: FileRead, error: &ReadError) -> Outcome {
    let FileRead { format, because, .. } = read;
    Outcome::Skipped(Skipped::new(Some(Detected { format, because }), error))
}

pub(super) fn nothing() -> FileRead {
    FileRead { file: String::new(), format: Format::Records, because: String::new(), n_rows: 0 }
}

pub(super) fn finish(mut read: FileRead, fragment: Result<Fragment, ReadError>) -> Outcome {
    match fragment {
        Ok(fragment) => {
            read.n_rows = fragment.table.len();
            Outcome::Read(read, Piece::Here(Box::new(fragment)))
        }
        Err(error) => skipped(read, &error),
    }
}
