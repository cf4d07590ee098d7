//! How does a plain table become rows? Long or wide, from delimited text, JSON records, Parquet or Arrow: the
//! file becomes a frame, the frame's columns get their meaning, and one place turns them into rows.

pub mod answer;
pub mod companion;
pub mod delimited;
mod extras;
pub mod given;
pub mod long;
pub mod records;
pub mod roles;
pub mod runs;
pub mod scale;
pub mod shape;
pub mod stream;
pub mod tally;
mod tidy;
pub mod value;
pub mod wide;

pub use companion::{Companion, Responses};

use super::IngestOptions;
use super::detect::Format;
use super::fragment::{Note, ReadError};
use super::source::Source;
use crate::store::frame::Frame;
use roles::Roles;
use shape::{Other, Shape};

/// What a long table is called.
pub const LONG: &str = "long table";
/// What a wide table is called.
pub const WIDE: &str = "wide table";

/// Names of files that say nothing about their content; the directory's name is taken instead.
const GENERIC_STEMS: [&str; 24] = [
    "responses",
    "response",
    "results",
    "result",
    "answers",
    "scores",
    "data",
    "table",
    "samples",
    "outputs",
    "output",
    "predictions",
    "long",
    "wide",
    "matrix",
    "items",
    "all",
    "test",
    "eval",
    "evals",
    "details",
    "records",
    "train",
    "validation",
];

/// What a table calls itself, and how its rows are named.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// The file, as messages name it.
    pub file: String,
    /// Its name without endings.
    pub stem: String,
    /// The benchmark of rows that do not say.
    pub benchmark: String,
    /// The same where the file is named after a model: asked for, or the directory.
    pub benchmark_of_models: String,
    /// Whether line 1 of the file names the columns.
    pub has_header: bool,
    /// Rows of the table that come before those that are named.
    pub first_row: usize,
    /// Whether long answers are kept.
    pub keep_text: bool,
}

impl Naming {
    fn of(source: &Source, options: &IngestOptions, has_header: bool) -> Self {
        let name = source.file_name();
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("table");
        let stem = match without_shard(stem) {
            "" => "data".to_owned(),
            whole => whole.to_owned(),
        };
        // `results2` says no more than `results`.
        let unnumbered = stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | ' '));
        let generic = GENERIC_STEMS.contains(&unnumbered.to_lowercase().as_str());
        let directory = source.directories().into_iter().rfind(|d| d != "." && d != "..");
        let directory = directory.unwrap_or_else(|| stem.clone());
        let from_file = if generic { directory.clone() } else { stem.clone() };
        Self {
            file: source.name(),
            stem,
            benchmark: options.benchmark.clone().unwrap_or(from_file),
            benchmark_of_models: options.benchmark.clone().unwrap_or(directory),
            has_header,
            first_row: 0,
            keep_text: options.keep_text,
        }
    }

    /// The line of the file, from 1, in which a row (from 0) stands.
    pub fn line(&self, row: usize) -> u64 {
        (self.first_row + row) as u64 + 1 + u64::from(self.has_header)
    }
}

/// The name of the whole of which a file is a part: `train-00000-of-00002`, `part-0`, `results_part3`, `x-shard-1`;
/// empty where the name says nothing else.
fn without_shard(stem: &str) -> &str {
    let without_number = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let marks = ['-', '_', ' '];
    // What writers of many files put behind the number: `part-00000-4f1c…-c000`.
    if let Some(rest) = stem.strip_prefix("part-")
        && rest.split('-').next().is_some_and(|n| n.len() >= 5 && n.bytes().all(|b| b.is_ascii_digit()))
    {
        return "";
    }
    let cut = without_number(stem);
    if cut == stem.len() {
        return stem;
    }
    let before = stem[..cut].trim_end_matches(marks);
    if let Some(counted) = before.strip_suffix("of").filter(|text| text.ends_with(marks)) {
        let counted = counted.trim_end_matches(marks);
        let first = without_number(counted);
        if first < counted.len() {
            return counted[..first].trim_end_matches(marks);
        }
    }
    let kinds = ["part", "shard", "chunk"].iter().filter_map(|kind| before.strip_suffix(kind));
    let whole = kinds.into_iter().find(|whole| whole.is_empty() || whole.ends_with(marks));
    whole.map_or(stem, |whole| whole.trim_end_matches(marks))
}

/// What a plain table turned out to be.
#[derive(Debug)]
pub enum Plain {
    /// Item-level results.
    Responses(Box<Responses>),
    /// A table about items or models, of use beside results in the same directory.
    Companion(Box<Companion>),
}

/// The cells of a plain table, whether its first line named the columns, and what a user should know.
///
/// # Errors
/// [`ReadError`] if the file is damaged or holds no row.
pub fn frame_of(format: Format, source: &Source) -> Result<(Frame, bool, Vec<Note>), ReadError> {
    let file = source.name();
    let damaged = |e: crate::store::columnar::ColumnarError| ReadError::Malformed {
        file: file.clone(),
        row: None,
        message: e.to_string(),
    };
    let (frame, header, notes): (Frame, bool, Vec<Note>) = match format {
        Format::Parquet => {
            (crate::store::columnar::read_parquet(&source.bytes()?).map_err(damaged)?, false, Vec::new())
        }
        Format::Arrow => {
            (crate::store::columnar::read_arrow(&source.bytes()?).map_err(damaged)?, false, Vec::new())
        }
        Format::Records => {
            let (frame, notes) = records::read(&file, &source.bytes()?)?;
            (frame, false, notes)
        }
        _ => {
            let read = delimited::read(&file, &source.bytes()?)?;
            (read.frame, read.dialect.header, read.notes)
        }
    };
    if frame.n_rows == 0 { Err(ReadError::Empty { file }) } else { Ok((frame, header, notes)) }
}

/// Reads a plain table.
///
/// # Errors
/// [`ReadError`] if the file is damaged, or if its columns are those of another format.
pub fn read(format: Format, source: &Source, options: &IngestOptions) -> Result<Plain, ReadError> {
    let (frame, header, notes) = frame_of(format, source)?;
    read_frame(frame, Naming::of(source, options, header), options, notes)
}

/// Reads the frame of a table, of which this is known already.
fn read_frame(
    frame: Frame,
    naming: Naming,
    options: &IngestOptions,
    notes: Vec<Note>,
) -> Result<Plain, ReadError> {
    let mut plain = from_frame(frame, naming, options)?;
    if let Plain::Responses(responses) = &mut plain {
        responses.fragment.notes.splice(0..0, notes);
    }
    Ok(plain)
}

fn from_frame(mut frame: Frame, mut naming: Naming, options: &IngestOptions) -> Result<Plain, ReadError> {
    let mut roles = Roles::of(&frame);
    tidy::trim_names(&mut frame, &roles);
    let mut shape = shape::classify(&frame, &roles, options.rows);
    let mut note = None;
    if !matches!(shape, Shape::Long | Shape::LongOfOneModel)
        && let Some(rest) = tidy::without_sums(&frame, &roles, options.rows, &naming)
    {
        let what_was_left_out;
        (frame, roles, shape, what_was_left_out) = rest;
        note = Some(what_was_left_out);
    }
    match shape {
        Shape::Long | Shape::LongOfOneModel => {
            if shape == Shape::LongOfOneModel {
                naming.benchmark.clone_from(&naming.benchmark_of_models);
            }
            let long = long::read(&frame, roles, &naming)?;
            Ok(Plain::Responses(Box::new(Responses {
                fragment: long.fragment,
                shape: LONG,
                item_column: Some(long.item_column),
                needs_keys: long.needs_keys,
            })))
        }
        Shape::Wide(wide) => {
            let mut fragment = wide::read(&frame, roles, wide, &naming);
            fragment.notes.extend(note);
            let item_column = None;
            Ok(Plain::Responses(Box::new(Responses {
                fragment,
                shape: WIDE,
                item_column,
                needs_keys: false,
            })))
        }
        Shape::Other(other) => {
            let refusal = refusal(&naming, &frame, &other);
            Ok(Plain::Companion(Box::new(Companion { file: naming.file, frame, roles, refusal })))
        }
    }
}

/// Why the table is of no use on its own.
fn refusal(naming: &Naming, frame: &Frame, other: &Other) -> ReadError {
    let file = naming.file.as_str();
    let not_item_level = |found: String, remedy: &str| ReadError::NotItemLevel {
        file: file.to_owned(),
        found,
        remedy: remedy.to_owned(),
    };
    match other {
        Other::Aggregate(what) => {
            not_item_level(what.clone(), "give the table with one row for each model and item")
        }
        Other::Unscored(Some((column, row, text))) => ReadError::Malformed {
            file: file.to_owned(),
            row: Some(naming.line(*row)),
            message: format!(
                "column {column:?} holds {text:?}, which is no score; write numbers, true and false, or words such as \
                 correct and incorrect"
            ),
        },
        Other::Unscored(None) if !frame.unread.is_empty() => not_item_level(
            format!(
                "models and items, but no scores that can be read (not read: {})",
                frame.unread.join(", ")
            ),
            "write scores as numbers of 64 bits, truth values or text: cast the column before the table is saved",
        ),
        Other::Unscored(None) => not_item_level(
            "models and items, but no scores".to_owned(),
            "add a column `score`, or `chosen` and `key` with the answer given and the right one",
        ),
        Other::Items => not_item_level(
            "items without models and scores".to_owned(),
            "put it into the directory of results that have these items",
        ),
        Other::Models => not_item_level(
            "models without items and scores".to_owned(),
            "beside results that name these models it tells of them (params, tokens, step, family, name, …)",
        ),
        Other::Unknown(lacks) => ReadError::Unrecognised {
            file: file.to_owned(),
            found: format!("a table with the columns {}", shortened(&frame.names())),
            nearest: format!(
                "a long table, which needs {lacks}; rename the columns to `model`, `item` and `score`"
            ),
        },
    }
}

/// The first few names, and how many more there are.
pub(super) fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_shard;

    #[test]
    fn parts_are_called_by_the_name_of_the_whole() {
        let names = [
            ("train-00000-of-00002", "train"),
            ("mmlu_7_of_16", "mmlu"),
            ("part-0", ""),
            ("part-00000-4f1c7a2e-c000", ""),
            ("results_part3", "results"),
            ("gsm8k-shard-12", "gsm8k"),
            ("llama-2", "llama-2"),
            ("counterpart7", "counterpart7"),
            ("best-of-8", "best-of-8"),
            ("2024", "2024"),
        ];
        for (name, whole) in names {
            assert_eq!(without_shard(name), whole, "{name}");
        }
    }
}
