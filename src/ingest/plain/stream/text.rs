//! How is a text cut into pieces that can be read at the same time? After whole records.

use super::batches::{Batch, add_all};
use super::sink::{Piece, PieceBuilder, Sink, Vocabulary};
use super::{Columns, File, Unfit};
use crate::ingest::fragment::ReadError;
use crate::ingest::json::{Scalar, Text};
use crate::ingest::plain::{Responses, delimited, records};
use crate::ingest::unwrap::Unpacked;
use rayon::prelude::*;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::fmt;

type Streamed = Result<Result<Responses, Unfit>, ReadError>;

/// Reads delimited text. The sample is the beginning of what `text` gives.
pub fn read_delimited(file: &File, text: Unpacked) -> Streamed {
    let source = file.source;
    let sample = whole_records(source.beginning(), true);
    let Ok(first) = delimited::read(&source.name(), sample) else { return Ok(Err(Unfit)) };
    let Ok((columns, roles)) = Columns::of(&first.frame, file.options) else { return Ok(Err(Unfit)) };
    if !first.notes.is_empty() || !first.dialect.header {
        return Ok(Err(Unfit));
    }
    let width = first.frame.columns.len();
    let sink = Sink::new(columns.clone(), &first.frame, &roles, file.naming(true)).spilling_to(file.spill);
    let delimiter = first.dialect.delimiter;
    drive(file, text, sink, true, |vocabulary, bytes, is_first| {
        let mut records = csv::ReaderBuilder::new();
        let mut records = records.delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let mut piece = vocabulary.piece();
        let mut is_header = is_first;
        while records.read_byte_record(&mut record).map_err(|_| Unfit)? {
            if std::mem::take(&mut is_header) {
                continue;
            }
            if record.len() != width || std::str::from_utf8(record.as_slice()).is_err() {
                return Err(Unfit);
            }
            let cell = |at: usize| std::str::from_utf8(&record[at]).map_err(|_| Unfit);
            for (column, at) in columns.words.iter().enumerate() {
                piece.word(column, cell(*at)?)?;
            }
            piece.score_text(cell(columns.score)?)?;
        }
        piece.finish()
    })
}

/// Reads JSON records, one on each line.
pub fn read_records(file: &File, text: Unpacked) -> Streamed {
    let source = file.source;
    if source.beginning().iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Ok(Err(Unfit));
    }
    let sample = whole_records(source.beginning(), false);
    let Ok((frame, notes)) = records::read(&source.name(), sample) else { return Ok(Err(Unfit)) };
    let Ok((columns, roles)) = Columns::of(&frame, file.options) else { return Ok(Err(Unfit)) };
    if !notes.is_empty() {
        return Ok(Err(Unfit));
    }
    let names: Vec<(String, Use)> = frame
        .columns
        .iter()
        .enumerate()
        .map(|(at, (name, _))| {
            let word = columns.words.iter().position(|w| *w == at).map(Use::Word);
            (name.clone(), word.unwrap_or(if at == columns.score { Use::Score } else { Use::None }))
        })
        .collect();
    let n_words = columns.words.len();
    let sink = Sink::new(columns, &frame, &roles, file.naming(false)).spilling_to(file.spill);
    drive(file, text, sink, false, |vocabulary, bytes, _| {
        let mut piece = vocabulary.piece();
        for line in bytes.split(|b| *b == b'\n') {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let mut json = serde_json::Deserializer::from_slice(line);
            let record = Record { names: &names, piece: &mut piece };
            let n_used = record.deserialize(&mut json).map_err(|_| Unfit)?;
            json.end().map_err(|_| Unfit)?;
            if n_used != n_words + 1 {
                return Err(Unfit);
            }
        }
        piece.finish()
    })
}

/// What a field of a record is for.
#[derive(Debug, Clone, Copy)]
enum Use {
    Word(usize),
    Score,
    None,
}

/// Puts the fields of one record into the piece, and counts those that it uses.
struct Record<'r, 'k> {
    names: &'r [(String, Use)],
    piece: &'r mut PieceBuilder<'k>,
}

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = usize;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<usize, A::Error> {
        let unfit = |_: Unfit| serde::de::Error::custom("not simple");
        let (mut n_used, mut next) = (0, 0);
        while let Some(Text(key)) = map.next_key()? {
            // Records nearly always have their fields in the same order.
            let at = match self.names.get(next) {
                Some((name, _)) if *name == key => Some(next),
                _ => self.names.iter().position(|(name, _)| *name == key),
            };
            let at = at.ok_or_else(|| unfit(Unfit))?;
            next = at + 1;
            match self.names[at].1 {
                Use::None => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                    continue;
                }
                Use::Word(column) => match map.next_value()? {
                    Scalar::Text(word) => self.piece.word(column, &word).map_err(unfit)?,
                    Scalar::Whole(number) => self.piece.word(column, &number.to_string()).map_err(unfit)?,
                    _ => return Err(unfit(Unfit)),
                },
                Use::Score => match map.next_value()? {
                    Scalar::Text(text) => self.piece.score_text(&text).map_err(unfit)?,
                    Scalar::Null => self.piece.score(None).map_err(unfit)?,
                    other => {
                        self.piece.score(Some(other.number().ok_or_else(|| unfit(Unfit))?)).map_err(unfit)?
                    }
                },
            }
            n_used += 1;
        }
        Ok(n_used)
    }
}

/// Reads the text in blocks, cuts each into pieces after whole records, and adds the pieces in order.
fn drive(
    file: &File,
    mut text: Unpacked,
    mut sink: Sink,
    quotes: bool,
    parse: impl Fn(&Vocabulary, &[u8], bool) -> Result<Piece, Unfit> + Sync,
) -> Streamed {
    let piece_bytes = file.sizes.bytes;
    let block = piece_bytes * rayon::current_num_threads() * 2;
    let mut bytes: Vec<u8> = Vec::new();
    let (mut is_first, mut more, mut n_rows) = (true, true, 0);
    let next = |vocabulary: &Vocabulary| -> Result<Option<Batch>, ReadError> {
        if !more {
            return Ok(None);
        }
        more = text.fill(&mut bytes, block)?;
        let end = if more { whole_records(&bytes, quotes).len() } else { bytes.len() };
        if end == 0 && more {
            // One record fills the block: no simple table.
            return Ok(Some(vec![Err(Unfit)]));
        }
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut rest = &bytes[..end];
        while !rest.is_empty() {
            let piece = match rest.get(..piece_bytes) {
                Some(start) => whole_records(start, quotes),
                None => rest,
            };
            let piece = if piece.is_empty() { rest } else { piece };
            rest = &rest[piece.len()..];
            pieces.push(piece);
        }
        let parsed: Batch = pieces
            .par_iter()
            .enumerate()
            .map(|(at, piece)| parse(vocabulary, piece, is_first && at == 0))
            .collect();
        is_first = false;
        n_rows += parsed.iter().flatten().map(Piece::len).sum::<usize>();
        file.meter.rows_so_far(file.found, text.position(), n_rows);
        bytes.drain(..end);
        Ok(Some(parsed))
    };
    Ok(add_all(&mut sink, next)?.and_then(|()| sink.finish()))
}

/// As much of the text as ends with a line, and not within quotes; nothing if there is no such end.
pub(super) fn whole_records(bytes: &[u8], quotes: bool) -> &[u8] {
    let count = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'"').count();
    let last_line = |bytes: &[u8]| bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let mut end = last_line(bytes);
    let mut open = quotes && count(&bytes[..end]) % 2 == 1;
    while open && end > 0 {
        let before = last_line(&bytes[..end - 1]);
        open ^= count(&bytes[before..end]) % 2 == 1;
        end = before;
    }
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_records_only() {
        assert_eq!(whole_records(b"a,b\nc,d\ne", true), b"a,b\nc,d\n");
        assert_eq!(whole_records(b"a,b\n\"c\nd\n", true), b"a,b\n");
        assert_eq!(whole_records(b"a,\"\"\"\n\"\nc", true), b"a,\"\"\"\n\"\n");
        assert_eq!(whole_records(b"\"a\nb\nc", true), b"");
        assert_eq!(whole_records(b"\"a\nb\nc", false), b"\"a\nb\n");
        assert_eq!(whole_records(b"a", true), b"");
    }
}
