//! How are the records of a file read that is larger than it may be in memory? A piece of it at a time: some lines, an
//! element of an array, a value.

use super::records::{Passage, Shape, each_record, in_one_line, is_lines, lines};
use super::repair::{text_in, text_of};
use super::repaired::Repaired;
use crate::ingest::unwrap::Unpacked;
use crate::ingest::{ReadError, Source};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use std::io;

/// Bytes of lines that are read together: they stay in the processor's cache from one pass over them to the next.
const PIECE_BYTES: usize = 1 << 20;
/// A longer line is no record.
const LONGEST_LINE: usize = 256 << 20;

/// A piece of a text, which holds whole records.
pub struct Piece<'t> {
    text: &'t str,
    part: Part,
}

/// What part of the text a piece is.
enum Part {
    /// All of it.
    Whole,
    /// Lines, after some others.
    Lines { before: u64, is_last: bool },
    /// One value or element, by number, in a text of this shape.
    Element(u64, Shape),
}

impl Piece<'_> {
    /// Hands every record of the piece to `take`, as [`each_record`] does.
    pub fn each<'a, T: Deserialize<'a>>(&'a self, mut take: impl FnMut(u64, T)) -> Passage {
        match self.part {
            Part::Whole => each_record(self.text, take),
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

/// Hands a source to `each` in pieces: all of it where it is in memory.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::Malformed`] where it is no text, and those of its compression.
pub fn pieces(source: &Source, mut each: impl FnMut(&Piece) -> Passage) -> Result<Passage, ReadError> {
    let Some(unpacked) = source.unpacked()? else {
        return Ok(each(&Piece { text: &text_of(source)?, part: Part::Whole }));
    };
    let beginning = text_in(source.beginning(), || source.name())?;
    match beginning.trim_start().bytes().next() {
        Some(b'[') => elements(source, &[], each).map(|(passage, _)| passage),
        Some(b'{') if is_lines::<IgnoredAny>(&beginning) => by_lines(source, unpacked, PIECE_BYTES, each),
        _ => values(source, unpacked, each),
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
        if end == 0 && bytes.len() > LONGEST_LINE {
            let message = format!("is longer than {} MB, which no record is", LONGEST_LINE >> 20);
            return Err(ReadError::Malformed { file: source.name(), row: Some(before + 1), message });
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
fn values(
    source: &Source,
    unpacked: Unpacked,
    mut each: impl FnMut(&Piece) -> Passage,
) -> Result<Passage, ReadError> {
    let mut passage = Passage::new(Shape::Values);
    let reader = buffered(unpacked, source);
    for (index, value) in
        serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>().enumerate()
    {
        let row = index as u64 + 1;
        match value {
            Ok(value) => {
                let piece = Piece { text: value.get(), part: Part::Element(row, Shape::Values) };
                passage.append(each(&piece));
            }
            Err(error) => ended(&mut passage, row, error, source)?,
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
    inner(source, path, Shape::Array, |key, piece| key.is_none().then(|| each(piece)))
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
    inner(source, path, Shape::Values, |key, piece| key.map(|key| each(key, piece)))
}

fn inner(
    source: &Source,
    path: &[&str],
    shape: Shape,
    mut each: impl FnMut(Option<&str>, &Piece) -> Option<Passage>,
) -> Result<(Passage, Value), ReadError> {
    let (mut passage, mut rest) = (Passage::new(shape), Value::Null);
    let mut row = 0;
    let mut take = |key: Option<&str>, text: &str| {
        if let Some(more) = each(key, &Piece { text, part: Part::Element(row + 1, shape) }) {
            row += 1;
            passage.append(more);
        }
    };
    let result = visit(source, Elements { path, take: &mut take, rest: &mut rest })?;
    if let Err(error) = result {
        ended(&mut passage, row + 1, error, source)?;
    }
    Ok((passage, rest))
}

/// Goes through a source once, from memory or from disk.
fn visit(
    source: &Source,
    seed: impl for<'de> DeserializeSeed<'de, Value = ()>,
) -> Result<serde_json::Result<()>, ReadError> {
    Ok(match source.unpacked()? {
        None => whole(&mut serde_json::Deserializer::from_str(&text_of(source)?), seed),
        Some(unpacked) => {
            let reader = buffered(unpacked, source);
            whole(&mut serde_json::Deserializer::from_reader(reader), seed)
        }
    })
}

fn buffered(unpacked: Unpacked, source: &Source) -> io::BufReader<Repaired<Unpacked>> {
    io::BufReader::with_capacity(1 << 16, Repaired::new(unpacked, source.name()))
}

fn whole<'de, R: serde_json::de::Read<'de>>(
    deserializer: &mut serde_json::Deserializer<R>,
    seed: impl DeserializeSeed<'de, Value = ()>,
) -> serde_json::Result<()> {
    seed.deserialize(&mut *deserializer)?;
    deserializer.end()
}

/// What an error says of the text that was read up to it.
fn ended(
    passage: &mut Passage,
    row: u64,
    error: serde_json::Error,
    source: &Source,
) -> Result<(), ReadError> {
    if error.is_io() {
        return Err(of_reading(error, source));
    }
    if error.is_eof() {
        passage.truncated = Some(row);
    } else {
        passage.fault(row, format!("{error}; what follows was not read"));
    }
    Ok(())
}

/// The error of the file behind that of the parser.
fn of_reading(error: serde_json::Error, source: &Source) -> ReadError {
    let error = io::Error::from(error);
    let message = error.to_string();
    error.downcast::<ReadError>().unwrap_or(ReadError::Io { file: source.name(), message })
}

/// Follows a path to an array or an object, and hands on what is in it as it is written, with its name in an object.
/// What is beside the path is kept.
struct Elements<'p> {
    path: &'p [&'p str],
    take: &'p mut dyn FnMut(Option<&str>, &str),
    rest: &'p mut Value,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.path.is_empty() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(element) = list.next_element::<Box<RawValue>>()? {
            (self.take)(None, element.get());
        }
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !self.path.is_empty() {
            *self.rest = Value::Object(Map::new());
        }
        while let Some(key) = map.next_key::<String>()? {
            match self.path.split_first() {
                None => (self.take)(Some(&key), map.next_value::<Box<RawValue>>()?.get()),
                Some((first, path)) if key == *first => {
                    let (take, rest) = (&mut *self.take, &mut self.rest[&key]);
                    map.next_value_seed(Elements { path, take, rest })?
                }
                Some(_) => self.rest[&key] = map.next_value()?,
            }
        }
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
}
