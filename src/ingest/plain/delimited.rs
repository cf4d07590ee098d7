//! How does delimited text become a frame? Its delimiter and its header are found from the content.

use super::value::looks_like_data;
use crate::ingest::fragment::{Note, ReadError, counted};
use crate::store::frame::{Cells, Frame, WordsBuilder};

/// Delimiters that are tried.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Lines looked at to find the delimiter.
const SNIFFED_LINES: usize = 50;
/// A delimiter is there among so many bytes, or it is none.
const SNIFFED_BYTES: usize = 1 << 16;
/// More lines of a wrong length than this share mean that the file is not what it seems.
const SHARE_RAGGED: f64 = 0.1;

/// A frame and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Delimited {
    /// The cells, all as words, so that `007` stays `007`.
    pub frame: Frame,
    /// How it was cut into cells.
    pub dialect: Dialect,
    /// What a user should know.
    pub notes: Vec<Note>,
}

/// The delimiter of a text: the one that cuts most of its first lines into the same number of fields, at least
/// two. `None` if there is no such delimiter: the text is no table.
pub fn sniff(bytes: &[u8]) -> Option<u8> {
    let begins = bytes.iter().find(|b| !b.is_ascii_whitespace())?;
    if matches!(begins, b'#' | b'<' | b'%') {
        return None;
    }
    let beginning = &bytes[..bytes.len().min(SNIFFED_BYTES)];
    DELIMITERS
        .into_iter()
        .filter(|delimiter| beginning.contains(delimiter))
        .filter_map(|delimiter| {
            let widths: Vec<usize> = reader(bytes, delimiter)
                .byte_records()
                .take(SNIFFED_LINES)
                .flatten()
                .map(|r| r.len())
                .collect();
            let first = *widths.first()?;
            let same = widths.iter().filter(|w| **w == first).count();
            let steady = same * 10 >= widths.len() * 8;
            // Prose has commas too, but not the same number in every line.
            (first >= 2 && steady && (widths.len() > 1)).then_some((same * first, delimiter))
        })
        .max_by_key(|(cells, _)| *cells)
        .map(|(_, delimiter)| delimiter)
}

/// Where and why a text that begins like a table is none: no rows, or lines of another length than the first.
pub fn why_not(bytes: &[u8]) -> Option<(u64, String)> {
    let width = |delimiter: &u8| reader(bytes, *delimiter).byte_records().next()?.ok().map(|r| r.len());
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(|d| width(d).unwrap_or(0))?;
    let columns = width(&delimiter)?;
    let mut reader = reader(bytes, delimiter);
    let mut records = reader.byte_records().skip(1).flatten().peekable();
    if records.peek().is_none() {
        return (columns >= 2)
            .then(|| (1, "the names of columns and no row under them; export the table again".to_owned()));
    }
    // Two fields may be a sentence with a comma.
    let other = records.find(|r| r.len() != columns).filter(|_| columns >= 3)?;
    let line = other.position().map_or(0, csv::Position::line);
    Some((
        line,
        format!("{} fields where the first line has {columns}; check quotes and line ends", other.len()),
    ))
}

/// The records of a text.
pub(super) fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes)
}

/// Reads delimited text.
///
/// # Errors
/// [`ReadError::Unrecognised`] if it is no table, [`ReadError::Malformed`] if too many of its lines have
/// another length than the first.
pub fn read(file: &str, bytes: &[u8]) -> Result<Delimited, ReadError> {
    let Some(delimiter) = sniff(bytes) else {
        return Err(ReadError::Unrecognised {
            file: file.to_owned(),
            found: "text without columns".to_owned(),
            nearest: "delimited text, whose lines have the same number of fields, at least two".to_owned(),
        });
    };
    let malformed =
        |row: u64, message: String| ReadError::Malformed { file: file.to_owned(), row: Some(row), message };
    let dialect = match reader(bytes, delimiter).into_byte_records().next() {
        Some(Ok(record)) => Dialect::of(delimiter, &record),
        Some(Err(error)) => return Err(malformed(1, error.to_string())),
        None => return Err(ReadError::Empty { file: file.to_owned() }),
    };
    let mut odd = Odd::default();
    let rows = dialect.rows(bytes, Part { is_first: true, lines_before: 0 }, &mut odd);
    let frame = rows.map_err(|(row, error)| malformed(row as u64 + 2, error.to_string()))?;
    let notes = odd.notes(file, &dialect, frame.n_rows)?;
    Ok(Delimited { frame, dialect, notes })
}

/// How a text is cut into cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialect {
    /// The delimiter.
    pub delimiter: u8,
    /// Whether the first line names the columns.
    pub header: bool,
    names: Vec<String>,
}

/// What part of a text some lines are.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Whether they are the first.
    pub is_first: bool,
    /// How many lines come before them.
    pub lines_before: u64,
}

impl Dialect {
    fn of(delimiter: u8, first: &csv::ByteRecord) -> Self {
        let names: Vec<String> = first.iter().map(|c| String::from_utf8_lossy(c).trim().to_owned()).collect();
        Self { delimiter, header: is_header(&names), names }
    }

    /// The cells of whole lines; lines that are odd are counted, those of another length left out.
    ///
    /// # Errors
    /// That of the parser, with the number of rows before.
    pub fn rows(&self, bytes: &[u8], part: Part, odd: &mut Odd) -> Result<Frame, (usize, csv::Error)> {
        let width = self.names.len();
        let mut columns: Vec<WordsBuilder> = (0..width).map(|_| WordsBuilder::default()).collect();
        let mut n_rows = 0;
        let mut records = reader(bytes, self.delimiter);
        let mut record = csv::ByteRecord::new();
        let mut is_header = part.is_first && self.header;
        let mut block = Block::default();
        while records.read_byte_record(&mut record).map_err(|error| (n_rows, error))? {
            if std::mem::take(&mut is_header) {
                continue;
            }
            if record.len() != width {
                // Where a quote is left open there may be many lines in one.
                let next = records.position().byte() as usize;
                let start = record.position().map_or(next, |at| at.byte() as usize);
                let text = bytes.get(start..next).unwrap_or_default().trim_ascii();
                odd.n_ragged += 1 + memchr::memchr_iter(b'\n', text).count();
                let line = part.lines_before + record.position().map_or(0, |at| line_of(at, bytes));
                odd.first_ragged.get_or_insert((line, record.len()));
                continue;
            }
            if self.header
                && record.iter().zip(&self.names).all(|(cell, name)| cell.trim_ascii() == name.as_bytes())
            {
                odd.n_headers += 1;
                odd.first_header
                    .get_or_insert(part.lines_before + record.position().map_or(0, |at| line_of(at, bytes)));
                continue;
            }
            odd.not_unicode += usize::from(block.push(&mut record));
            n_rows += 1;
            if block.is_full() {
                block.move_to(&mut columns);
            }
        }
        block.move_to(&mut columns);
        let names = if self.header { self.names.clone() } else { vec![String::new(); width] };
        let columns = names.into_iter().zip(columns).map(|(n, c)| (n, Cells::Words(c.finish()))).collect();
        Ok(Frame { columns, n_rows, unread: Vec::new() })
    }
}

/// Records that are taken apart together, column by column: a wide table has more columns than caches hold.
#[derive(Default)]
struct Block {
    records: Vec<csv::StringRecord>,
    /// Those that can be used again.
    spare: Vec<csv::StringRecord>,
}

impl Block {
    const CELLS: usize = 1 << 20;
    const ROWS: usize = 32;

    /// Takes a record; whether some of it is not UTF-8.
    fn push(&mut self, record: &mut csv::ByteRecord) -> bool {
        let spare = self.spare.pop().unwrap_or_default().into_byte_record();
        let (text, is_odd) = match csv::StringRecord::from_byte_record(std::mem::replace(record, spare)) {
            Ok(text) => (text, false),
            Err(error) => (csv::StringRecord::from_byte_record_lossy(error.into_byte_record()), true),
        };
        self.records.push(text);
        is_odd
    }

    fn is_full(&self) -> bool {
        let n_columns = self.records.first().map_or(0, csv::StringRecord::len);
        self.records.len() == Self::ROWS || self.records.len() * n_columns >= Self::CELLS
    }

    fn move_to(&mut self, columns: &mut [WordsBuilder]) {
        for (at, column) in columns.iter_mut().enumerate() {
            column.reserve(self.records.len());
            for record in &self.records {
                column.push(record.get(at));
            }
        }
        self.spare.append(&mut self.records);
    }
}

/// The line that a record stands on: its position is that of the empty lines before it.
fn line_of(position: &csv::Position, bytes: &[u8]) -> u64 {
    let from = bytes.get(position.byte() as usize..).unwrap_or_default();
    let empty = from.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() + empty.filter(|byte| **byte == b'\n').count() as u64
}

/// Lines that are not as they should be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Odd {
    n_ragged: usize,
    /// Line and number of fields.
    first_ragged: Option<(u64, usize)>,
    not_unicode: usize,
    /// Lines that name the columns once more.
    n_headers: usize,
    first_header: Option<u64>,
}

impl Odd {
    /// Adds those of the lines that follow.
    pub fn add(&mut self, other: &Self) {
        self.n_ragged += other.n_ragged;
        self.first_ragged = self.first_ragged.or(other.first_ragged);
        self.not_unicode += other.not_unicode;
        self.n_headers += other.n_headers;
        self.first_header = self.first_header.or(other.first_header);
    }

    /// What a user should know of them.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] if there are too many.
    pub fn notes(&self, file: &str, dialect: &Dialect, n_rows: usize) -> Result<Vec<Note>, ReadError> {
        let Self { n_ragged, first_ragged, not_unicode, n_headers, first_header } = *self;
        let mut notes = Vec::new();
        if let Some((line, fields)) = first_ragged {
            let width = dialect.names.len();
            let message = format!(
                "another number of fields than the {width} of the first line (here {fields}): check the quotes \
                 around cells with {:?} or line ends in them",
                char::from(dialect.delimiter)
            );
            let n_lines = n_rows + n_ragged;
            let have = if n_ragged == 1 { "has" } else { "have" };
            if n_ragged as f64 > SHARE_RAGGED * n_lines as f64 {
                let message =
                    format!("{n_ragged} of {n_lines} lines {have} {message}; too many to read the others");
                return Err(ReadError::Malformed { file: file.to_owned(), row: Some(line), message });
            }
            let lines = if n_ragged == 1 { "line" } else { "lines" };
            let message = format!("{n_ragged} {lines} {have} {message}; left out");
            notes.push(Note { file: file.to_owned(), row: Some(line), message });
        }
        if n_headers > 0 {
            let name = counted(n_headers, "line names", "lines name");
            let message = format!(
                "{name} the columns once more, as where tables are written one after the other; left out"
            );
            notes.push(Note { file: file.to_owned(), row: first_header, message });
        }
        if not_unicode > 0 {
            let message = format!(
                "{not_unicode} lines are not UTF-8; characters that could not be read were replaced: export the file \
                 as UTF-8"
            );
            notes.push(Note { file: file.to_owned(), row: None, message });
        }
        Ok(notes)
    }
}

/// Names are distinct words; a first line of scores, or with cells that repeat, is a line of data.
fn is_header(cells: &[String]) -> bool {
    let scores = cells.iter().skip(1).filter(|c| looks_like_data(c)).count();
    if scores < cells.len().saturating_sub(1) || cells.len() < 2 {
        return true;
    }
    let mut distinct: Vec<&String> = cells.iter().collect();
    distinct.sort();
    distinct.dedup();
    // Items may be named 1, 2, 3, …; then no name comes twice.
    distinct.len() == cells.len() && cells.len() > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Delimited {
        read("f.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn delimiters_are_found() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("a\tb\n\"x\ty\"\t2\n", b'\t'),
            ("a;b\n0,5;1\n0,2;1\n", b';'),
            ("a|b\n1|2", b'|'),
        ] {
            assert_eq!(ok(text).dialect.delimiter, delimiter, "{text:?}");
        }
        for prose in
            ["# plain\n\nSome, words.\n", "One line.\nAnother, with a comma.\nA third.\n", "word\nword\n"]
        {
            assert!(matches!(read("f", prose.as_bytes()), Err(ReadError::Unrecognised { .. })), "{prose:?}");
        }
    }

    #[test]
    fn a_line_of_scores_is_no_header() {
        assert!(!ok("1,1,1,0\n0,1,0,0\n").dialect.header);
        assert!(!ok("gpt,1,1,0\nllama,0,1,0\n").dialect.header);
        assert!(ok("model,1,2,3\ngpt,1,1,0\n").dialect.header);
        assert_eq!(ok("1,1,1,0\n0,1,0,0\n").frame.n_rows, 2);
    }

    #[test]
    fn short_lines_are_left_out_and_counted() {
        let mut text = "model,item,score\n".to_owned();
        for i in 0..30 {
            text.push_str(&format!("m,{i:03},1\n"));
        }
        let read = ok(&format!("{text}m,030\n"));
        assert_eq!(read.frame.n_rows, 30);
        assert_eq!(read.frame.column("item").unwrap().to_words().get(7), Some("007"));
        assert_eq!(read.notes[0].row, Some(32));
        let ragged = "model,item,score\nm,1,1\nm,2\nm,3,1\nm,4\nm,5,1\nm,6,1\nm,7,1\nm,8,1\nm,9,1\nm,10,1\n";
        assert!(matches!(read_error(ragged), ReadError::Malformed { row: Some(3), .. }));
    }

    fn read_error(text: &str) -> ReadError {
        read("f.csv", text.as_bytes()).unwrap_err()
    }
}
