//! How are the records of a file read that is larger than it may be in memory? A piece of it at a time: some lines, an
//! element of an array, a value.

use super::following::Following;
use super::records::{Passage, Shape, in_one_line, is_lines, lines, values};
use super::repair::{text_in, text_of};
use super::repaired::Repaired;
use super::window::{LONGEST_VALUE, Stop, Window};
use crate::ingest::unwrap::Unpacked;
use crate::ingest::{ReadError, Source};
use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;
use std::io;

/// Bytes of lines that are read together: they stay in the processor's cache from one pass over them to the next.
const PIECE_BYTES: usize = 1 << 20;
/// A piece of a text, which holds whole records.
#[derive(Debug)]
pub struct Piece<'t> {
    text: &'t str,
    part: Part,
}

/// What part of the text a piece is.
#[derive(Debug)]
enum Part {
    /// All of it: lines, or values.
    Whole,
    /// Lines, after some others.
    Lines { before: u64, is_last: bool },
    /// One value or element, by number, in a text of this shape.
    Element(u64, Shape),
}

impl<'t> Piece<'t> {
    /// Bytes of its text.
    pub fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// One value or element of a text of this shape.
    pub(super) fn element(text: &'t str, row: u64, shape: Shape) -> Self {
        Self { text, part: Part::Element(row, shape) }
    }

    /// Hands every record of the piece to `take` with its line or element number, from 1, without copying the text.
    ///
    /// A record that cannot be read is left out and the next one tried. Nesting is bounded by the parser.
    pub fn each<'a, T: Deserialize<'a>>(&'a self, mut take: impl FnMut(u64, T)) -> Passage {
        match self.part {
            Part::Whole if is_lines::<T>(self.text) => lines(self.text, 0, true, take),
            Part::Whole => values(self.text, take),
            Part::Lines { before, is_last } => lines(self.text, before, is_last, take),
            Part::Element(row, shape) => {
                let mut passage = Passage::new(shape);
                match serde_json::from_str(self.text) {
                    Ok(record) => {
                        passage.n_records += 1;
                        take(row, record);
                    }
                    Err(error) => passage.fault(row, in_one_line(&error)),
                }
                passage
            }
        }
    }
}

/// Hands every record of a source to `take` with its line or element number, from 1.
///
/// # Errors
/// As [`pieces`].
pub fn records<T: DeserializeOwned>(
    source: &Source,
    mut take: impl FnMut(u64, T),
) -> Result<Passage, ReadError> {
    pieces(source, |piece| piece.each(&mut take))
}

/// As [`records`], of a text.
pub fn each_record<T: DeserializeOwned>(text: &str, mut take: impl FnMut(u64, T)) -> Passage {
    pieces_of(text, |piece| piece.each(&mut take))
}

/// Hands a source to `each` in pieces: all of it where it is in memory and no array.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::Malformed`] where it is no text, and those of its compression.
pub fn pieces(source: &Source, each: impl FnMut(&Piece) -> Passage) -> Result<Passage, ReadError> {
    let Some(unpacked) = source.unpacked()? else {
        return Ok(pieces_of(&text_of(source)?, each));
    };
    let beginning = text_in(source.beginning(), || source.name())?;
    match beginning.trim_start().bytes().next() {
        Some(b'[') => elements(source, &[], each).map(|(passage, _)| passage),
        Some(b'{') if is_lines::<IgnoredAny>(&beginning) => by_lines(source, unpacked, PIECE_BYTES, each),
        _ => by_value(source, unpacked, each),
    }
}

fn pieces_of(text: &str, mut each: impl FnMut(&Piece) -> Passage) -> Passage {
    match text.trim_start().bytes().next() {
        Some(b'[') => {
            let mut following =
                Following::new(Shape::Array, |_, key, piece| key.is_none().then(|| each(piece)));
            match following.through(&mut Window::new(text.as_bytes()), &[&[]], &mut Value::Null) {
                Ok(()) => following.passage,
                Err(stop) => following.stopped(&stop),
            }
        }
        Some(b'{') => each(&Piece { text, part: Part::Whole }),
        _ => {
            let mut passage = Passage::new(Shape::Values);
            passage.fault(1, "neither a JSON object nor an array");
            passage
        }
    }
}

/// Some lines at a time.
fn by_lines(
    source: &Source,
    mut unpacked: Unpacked,
    piece_bytes: usize,
    mut each: impl FnMut(&Piece) -> Passage,
) -> Result<Passage, ReadError> {
    let mut passage = Passage::new(Shape::Lines);
    let (mut bytes, mut before, mut more) = (Vec::new(), 0, true);
    while more {
        more = unpacked.fill(&mut bytes, piece_bytes)?;
        let end = if more { memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1) } else { bytes.len() };
        if end == 0 && bytes.len() > LONGEST_VALUE {
            return Err(too_long(source, before + 1));
        }
        if !bytes[..end].iter().all(u8::is_ascii_whitespace) {
            let text = text_in(&bytes[..end], || source.name()).map_err(|error| error.after(before))?;
            passage.append(each(&Piece { text: &text, part: Part::Lines { before, is_last: !more } }));
        }
        before += memchr::memchr_iter(b'\n', &bytes[..end]).count() as u64;
        bytes.drain(..end);
    }
    Ok(passage)
}

/// Values one after the other.
fn by_value(
    source: &Source,
    unpacked: Unpacked,
    mut each: impl FnMut(&Piece) -> Passage,
) -> Result<Passage, ReadError> {
    let mut passage = Passage::new(Shape::Values);
    let reader = io::BufReader::with_capacity(1 << 16, Repaired::new(unpacked, source.name()));
    let values = serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
    for (row, value) in (1..).zip(values) {
        match value {
            Ok(value) => {
                passage.append(each(&Piece::element(value.get(), row, Shape::Values)));
            }
            Err(error) if error.is_io() => return Err(of_reading(error.into(), source)),
            Err(error) if error.is_eof() => passage.truncated = Some(row),
            Err(error) => passage.fault(row, format!("{error}; what follows was not read")),
        }
    }
    Ok(passage)
}

/// Hands the elements of one array of a source to `each`: the array that is found by following `path`, a name for each
/// object around it. Without such an array there is no record. What is beside the path is the second result; of a text
/// that ends too early, what is before its end.
///
/// # Errors
/// As [`pieces`].
pub fn elements(
    source: &Source,
    path: &[&str],
    mut each: impl FnMut(&Piece) -> Passage,
) -> Result<(Passage, Value), ReadError> {
    elements_of(source, &[path], |_, piece| each(piece))
}

/// As [`elements`], of several arrays, in the order in which they stand: `each` gets the place of the path.
///
/// # Errors
/// As [`pieces`].
pub fn elements_of(
    source: &Source,
    paths: &[&[&str]],
    mut each: impl FnMut(usize, &Piece) -> Passage,
) -> Result<(Passage, Value), ReadError> {
    inner(source, paths, Shape::Array, |path, key, piece| key.is_none().then(|| each(path, piece)))
}

/// As [`elements`], of an object: hands each of its values to `each`, with its name.
///
/// # Errors
/// As [`pieces`].
pub fn entries(
    source: &Source,
    path: &[&str],
    mut each: impl FnMut(&str, &Piece) -> Passage,
) -> Result<(Passage, Value), ReadError> {
    inner(source, &[path], Shape::Values, |_, key, piece| key.map(|key| each(key, piece)))
}

fn inner(
    source: &Source,
    paths: &[&[&str]],
    shape: Shape,
    each: impl FnMut(usize, Option<&str>, &Piece) -> Option<Passage>,
) -> Result<(Passage, Value), ReadError> {
    let mut rest = Value::Null;
    let mut following = Following::new(shape, each);
    let result = match source.unpacked()? {
        None => following.through(&mut Window::new(text_of(source)?.as_bytes()), paths, &mut rest),
        Some(unpacked) => {
            let text = Repaired::new(unpacked, source.name());
            following.through(&mut Window::new(text), paths, &mut rest)
        }
    };
    match result {
        Ok(()) => Ok((following.passage, rest)),
        Err(Stop::Io(error)) => Err(of_reading(error, source)),
        Err(Stop::TooLong) => Err(too_long(source, following.row + 1)),
        Err(stop) => Ok((following.stopped(&stop), rest)),
    }
}

fn too_long(source: &Source, row: u64) -> ReadError {
    let message = format!("is longer than {} MB, which no record is", LONGEST_VALUE >> 20);
    ReadError::Malformed { file: source.name(), row: Some(row), message }
}

/// The error of the file behind that of the system.
fn of_reading(error: io::Error, source: &Source) -> ReadError {
    let message = error.to_string();
    error.downcast::<ReadError>().unwrap_or(ReadError::Io { file: source.name(), message })
}

#[cfg(test)]
mod tests {
    use super::super::records::first_record;
    use super::*;
    use crate::ingest::walk::Found;

    type Met = (Vec<(u64, Value)>, Passage);

    /// The records of a text in memory, and those of the same text on disk.
    fn both(text: &str, on_disk: impl Fn(&Source, &mut dyn FnMut(u64, Value)) -> Passage) -> [Met; 2] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.json");
        std::fs::write(&path, text).unwrap();
        let (mut here, mut there) = (Vec::new(), Vec::new());
        let source = Source::new(&path, None, text.as_bytes().to_vec());
        let passage = records(&source, |row, value| here.push((row, value))).unwrap();
        let beginning = text.as_bytes()[..text.len().min(300)].to_vec();
        let source = Source::on_disk(&Found::File(path.clone()), u64::MAX, beginning);
        let other = on_disk(&source, &mut |row, value| there.push((row, value)));
        [(here, passage), (there, other)]
    }

    fn line(k: usize) -> String {
        format!(r#"{{"id": {k}, "text": "NaN\" {}ü", "score": NaN}}"#, "x".repeat(k % 7))
    }

    #[test]
    fn lines_in_pieces_are_the_lines() {
        let mut all: Vec<String> = (0..60).map(line).collect();
        all[7] = "{\"id\": 7, \"oops\"}".to_owned();
        all[23] = String::new();
        all[41] = line(41)[..9].to_owned();
        for end in ["", "\n", "\n\n", "\n{\"cut"] {
            let text = all.join("\n") + end;
            for piece_bytes in [40, 200, 999, 1 << 20] {
                let [here, there] = both(&text, |source, take| {
                    let unpacked = source.unpacked().unwrap().unwrap();
                    by_lines(source, unpacked, piece_bytes, |piece| piece.each(&mut *take)).unwrap()
                });
                assert_eq!(here, there, "{piece_bytes} {end:?}");
                assert_eq!((here.0.len(), here.1.n_faults), (57, 2));
            }
        }
    }

    #[test]
    fn arrays_and_values_from_disk_are_those_from_memory() {
        let all: Vec<String> = (0..30).map(|k| line(k).replace(", ", ",\n ")).collect();
        let array = format!("[{}]", all.join(",\n"));
        for text in [array.as_str(), &all.join("\n"), &array[..700], &array.replacen("\"id\": 9", "9", 1)] {
            let [here, there] = both(text, |source, take| records(source, take).unwrap());
            assert_eq!(here.0, there.0, "{text}");
            assert_eq!((here.1.n_records, here.1.truncated), (there.1.n_records, there.1.truncated));
            assert_eq!(here.1.n_faults, there.1.n_faults);
        }
    }

    #[test]
    fn what_is_at_a_path_is_found_and_the_rest_kept() {
        let text = r#"{"a": 1, "b": {"c": [[1, 2], {"id": NaN}], "d": "x"}, "e": [3]}"#;
        let there = both(text, |source, take| {
            for path in [["a", "c"], ["e", "c"], ["b", "d"]] {
                assert_eq!(elements(source, &path, |piece| piece.each(&mut *take)).unwrap().0.n_records, 0);
            }
            let mut from = Vec::new();
            let both = [&["e"][..], &["b", "c"]];
            let (passage, _) =
                elements_of(source, &both, |path, piece| piece.each(|row, _: Value| from.push((path, row))))
                    .unwrap();
            assert_eq!((from.as_slice(), passage.n_records), (&[(1, 1), (1, 2), (0, 3)][..], 3));
            let (passage, rest) = elements(source, &["b", "c"], |piece| piece.each(&mut *take)).unwrap();
            assert_eq!(rest, serde_json::json!({"a": 1, "b": {"c": null, "d": "x"}, "e": [3]}));
            passage
        });
        let values = [(1, serde_json::json!([1, 2])), (2, serde_json::json!({"id": "NaN"}))];
        assert_eq!(there[1].0, values);
    }

    #[test]
    fn an_empty_file_and_one_that_is_no_text_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.json");
        std::fs::write(&path, b"{\"a\": 1}\n{\"a\": \"\xff\"}\n").unwrap();
        let source = Source::on_disk(&Found::File(path), u64::MAX, b"{\"a\": 1}\n".to_vec());
        let error = records(&source, |_, _: Value| {}).unwrap_err();
        assert!(matches!(error, ReadError::Malformed { row: Some(2), .. }), "{error}");
    }

    fn read(text: &str) -> (Vec<(u64, Value)>, Passage) {
        let mut records = Vec::new();
        let passage = each_record(text, |row, value: Value| records.push((row, value)));
        (records, passage)
    }

    #[test]
    fn the_shape_is_found_from_the_content() {
        for (text, shape, rows) in [
            ("[{\"a\":1},\n {\"a\":2}]", Shape::Array, vec![1, 2]),
            ("\n{\"a\":1}\r\n\n{\"a\":2}\n", Shape::Lines, vec![2, 4]),
            ("{\n \"a\": 1\n}\n{\n \"a\": 2\n}", Shape::Values, vec![1, 2]),
            ("{\"a\":1}{\"a\":2}\n{\"a\":3}", Shape::Values, vec![1, 2, 3]),
            ("{\"a\":1}", Shape::Values, vec![1]),
        ] {
            let (records, passage) = read(text);
            assert_eq!(passage.shape, shape, "{text}");
            assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), rows, "{text}");
            assert_eq!((passage.n_faults, passage.truncated), (0, None));
            assert_eq!(first_record::<Value>(text).as_ref(), Some(&records[0].1));
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_one_read() {
        let (records, passage) = read("{\"a\":1}\n{\"a\":}\n{\"a\":3}\n{\"a\": tr");
        assert_eq!(records.len(), 2);
        assert_eq!(passage.faults[0].row, 2);
        assert_eq!(passage.truncated, Some(4));
        assert_eq!(passage.notes("f").unwrap().len(), 2);
        // A line cut short in the middle of the file is a fault, not the end of the file.
        let (records, passage) = read("{\"a\":1}\n{\"a\n{\"a\":3}\n");
        assert_eq!((records.len(), passage.n_faults, passage.truncated), (2, 1, None));
    }

    #[test]
    fn a_bad_element_is_named_and_the_next_one_read() {
        let (records, passage) = read("[{\"a\": 1}, {\"a\": tru}, {\"a\": [3}, {\"a\": 4}]");
        // Where brackets don't match, what follows cannot be told from what belongs to it.
        assert_eq!((records.len(), passage.n_faults, passage.truncated), (1, 2, Some(4)));
        assert_eq!(passage.faults.iter().map(|fault| fault.row).collect::<Vec<_>>(), [2, 3]);
        let (records, passage) = read("[{\"a\": 1}, {a: 2}, {\"a\": 3} {\"a\": 4}]");
        assert_eq!((records.len(), passage.n_faults), (2, 2));
        assert!(passage.faults[1].message.contains("`]` is missing"), "{:?}", passage.faults);
    }

    #[test]
    fn what_is_before_the_end_of_a_cut_array_is_read() {
        let (records, passage) = read("[{\"a\":1}, {\"a\":2}, {\"a\"");
        assert_eq!((records.len(), passage.truncated), (2, Some(3)));
    }

    #[test]
    fn nothing_read_is_an_error_that_says_why() {
        assert!(matches!(read("{\"a\": [1, 2").1.notes("f"), Err(ReadError::Truncated { .. })));
        assert!(matches!(read("{\"a\" 1}").1.notes("f"), Err(ReadError::Malformed { row: Some(1), .. })));
        assert!(matches!(read("hello").1.notes("f"), Err(ReadError::Malformed { .. })));
        assert!(matches!(read("[]").1.notes("f"), Err(ReadError::Empty { .. })));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let (records, passage) = read(&deep);
        assert_eq!((records.len(), passage.n_faults), (0, 1));
    }
}
