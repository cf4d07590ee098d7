//! How do simulated data look as the dump of a harness? Writers of text formats, to put readers to the test.

mod json_lines;
mod lm_eval;
mod lm_eval_results;
mod lm_eval_sample;

pub use json_lines::write_json_lines;
pub use lm_eval::write_lm_eval;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// The files, in the order of writing.
    pub files: Vec<PathBuf>,
    /// Rows of the table that the files hold.
    pub n_rows: usize,
    /// Rows that the format has no place for: attempts without a score, metrics beside the primary one.
    pub n_rows_left_out: usize,
}

/// Why nothing, or not everything, was written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The file system refused.
    #[error("cannot write {}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The format keeps one score for each item.
    #[error(
        "run {run:?} has repeat {repeat} of item {item:?}, and a samples file holds one score for each item; \
         simulate with 1 repeat or write JSON Lines"
    )]
    Repeat {
        /// The run.
        run: String,
        /// The item.
        item: String,
        /// Which repeat, from 0.
        repeat: u32,
    },
}

/// Writes a file under a temporary name in the same directory and renames it when it is whole.
fn write_file(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    let error = |source| WriteError::Io { path: path.to_owned(), source };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let whole = File::create(&partial).and_then(|file| {
        let mut out = BufWriter::new(file);
        fill(&mut out)?;
        out.flush()
    });
    let done = whole.and_then(|()| fs::rename(&partial, path));
    if done.is_err() {
        // The first error is the one to report; a leftover that cannot be removed either adds nothing to it.
        let _ = fs::remove_file(&partial);
    }
    done.map_err(error)
}

fn create_directory(path: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(path).map_err(|source| WriteError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_file_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        let error = write_file(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("stop"))
        })
        .unwrap_err();
        assert!(error.to_string().ends_with("a.txt: stop"), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        write_file(&path, |out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
    }
}
