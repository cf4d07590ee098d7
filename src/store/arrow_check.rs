//! Do the sizes that an Arrow file claims fit the file? Asked before it is read.
//!
//! A damaged length would make the reader ask for more memory than there is, which ends the program and cannot
//! be caught. A file is a stream of messages (schema, dictionaries, batches) between marks, with a footer that lists its
//! batches; each batch lists the places and lengths of its buffers, and a compressed buffer begins with its length when
//! unpacked. All are flatbuffers: a table points back to a list of where its fields are, and every read here is checked
//! against the end of the file.
//!
//! Reference: the Arrow columnar format, sections "IPC streaming format" and "IPC file format", and `Message.fbs`,
//! `File.fbs` there.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// A buffer may unpack to this much in any case, and to this many times its length beyond it.
const UNPACKED_BYTES: u64 = 256 << 20;
const UNPACKED_RATIO: u64 = 4096;
/// More rows than this in one batch are no rows.
const MAX_ROWS: u64 = 1 << 32;

const MAGIC: &[u8] = b"ARROW1";
/// Where the first message of a file begins.
const FIRST_OF_FILE: u64 = 8;
/// What messages begin with, but for those of files before format version 5.
const MARK: [u8; 4] = [0xff; 4];
/// The head of a message is no longer: it names the columns.
const MAX_HEAD: u64 = 256 << 20;

/// Whether all sizes in the file fit it; `None` if they do not.
pub fn sizes_fit(bytes: &[u8]) -> Option<()> {
    if is_stream(bytes) {
        let messages = messages(&mut io::Cursor::new(bytes)).ok()??;
        let place = |at: u64| usize::try_from(at).ok();
        return messages.iter().try_for_each(|message| {
            let head = bytes.get(place(message.place.start)?..place(message.body)?)?;
            check_message(head, bytes.get(place(message.body)?..place(message.place.end)?)?)
        });
    }
    let tail = bytes.len().checked_sub(MAGIC.len() + 4)?;
    bytes.starts_with(MAGIC).then_some(())?;
    let footer_start = footer_start(bytes.get(tail..)?, tail)?;
    for block in blocks(bytes.get(footer_start..tail)?)? {
        let (start, head_length) = block;
        let body_start = start.checked_add(head_length)?;
        check_message(bytes.get(start..body_start)?, bytes.get(body_start..)?)?;
    }
    Some(())
}

/// Where the footer of a file begins, by its last bytes.
fn footer_start(last: &[u8], at: usize) -> Option<usize> {
    (last.get(4..)? == MAGIC).then_some(())?;
    at.checked_sub(usize::try_from(i32_at(last, 0)?).ok()?)
}

/// Where messages begin and how long their heads are, as a footer says: dictionaries, then record batches (fields 2
/// and 3, each a list of structs of 24 bytes).
fn blocks(footer: &[u8]) -> Option<Vec<(usize, usize)>> {
    let footer = Table::root(footer)?;
    let mut blocks = Vec::new();
    for field in [2, 3] {
        for block in footer.structs(field, 24)? {
            let head_length = usize::try_from(i32_at(block, 8)?).ok()?;
            blocks.push((usize::try_from(i64_at(block, 0)?).ok()?, head_length));
        }
    }
    Some(blocks)
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The columns.
    Schema,
    /// The words of a column.
    Dictionary,
    /// Rows.
    Batch,
    /// Something else.
    Other,
}

/// A message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is.
    pub place: Range<u64>,
    /// Where its body begins.
    pub body: u64,
    /// What it is about.
    pub about: About,
}

/// Whether bytes begin like a stream of messages: with the mark, and one about columns.
pub fn is_stream(bytes: &[u8]) -> bool {
    let about = || head(bytes.get(8..)?).map(|(about, _)| about);
    bytes.starts_with(&MARK) && about() == Some(About::Schema)
}

/// What a message is about, and the length of its body, by its head.
fn head(bytes: &[u8]) -> Option<(About, u64)> {
    let message = Table::root(bytes)?;
    let about = match message.byte(1)? {
        1 => About::Schema,
        2 => About::Dictionary,
        3 => About::Batch,
        _ => About::Other,
    };
    let length = message.field(3).map_or(Some(0), |at| i64_at(bytes, at))?;
    Some((about, u64::try_from(length).ok()?))
}

/// The messages of a stream or a file, in order; nothing if one does not fit, or if the footer of the file says
/// otherwise.
///
/// # Errors
/// Those of reading.
pub fn messages(from: &mut (impl Read + Seek)) -> io::Result<Option<Vec<Message>>> {
    let size = from.seek(SeekFrom::End(0))?;
    from.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    from.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first)?;
    let is_file = first == MAGIC;
    let mut at = if is_file { FIRST_OF_FILE } else { 0 };
    let mut messages: Vec<Message> = Vec::new();
    while at < size {
        let start = at;
        from.seek(SeekFrom::Start(at))?;
        let mut prefix = [0; 8];
        let n = if size - at < 8 { 4 } else { 8 };
        if size - at < 4 {
            return Ok(None);
        }
        from.read_exact(&mut prefix[..n])?;
        let [a, b, c, d, e, f, g, h] = prefix;
        let (length, skip) = if [a, b, c, d] == MARK { ([e, f, g, h], 8) } else { ([a, b, c, d], 4) };
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 {
            break;
        }
        if length > MAX_HEAD || start + skip + length > size {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        from.seek(SeekFrom::Start(start + skip))?;
        from.read_exact(&mut bytes)?;
        let Some((about, body_length)) = head(&bytes) else { return Ok(None) };
        let body = start + skip + length;
        let Some(end) = body.checked_add(body_length).filter(|end| *end <= size) else { return Ok(None) };
        messages.push(Message { place: start..end, body, about });
        at = end;
    }
    if is_file && !are_in_footer(&messages, from, size)? {
        return Ok(None);
    }
    Ok(Some(messages).filter(|messages| messages.first().is_some_and(|m| m.about == About::Schema)))
}

/// Whether the footer of a file lists its dictionaries and batches in the order in which they are.
fn are_in_footer(messages: &[Message], from: &mut (impl Read + Seek), size: u64) -> io::Result<bool> {
    let Some(tail) = size.checked_sub(MAGIC.len() as u64 + 4) else { return Ok(false) };
    let mut last = Vec::new();
    from.seek(SeekFrom::Start(tail))?;
    from.read_to_end(&mut last)?;
    let Some(start) = usize::try_from(tail).ok().and_then(|tail| footer_start(&last, tail)) else {
        return Ok(false);
    };
    let mut footer = Vec::new();
    from.seek(SeekFrom::Start(start as u64))?;
    from.by_ref().take(tail - start as u64).read_to_end(&mut footer)?;
    let about = |wanted| messages.iter().filter(move |m| m.about == wanted);
    let found = about(About::Dictionary).chain(about(About::Batch)).map(|m| m.place.start as usize);
    Ok(blocks(&footer).is_some_and(|blocks| blocks.into_iter().map(|(start, _)| start).eq(found)))
}

/// Whether the sizes in a message fit its body.
pub fn check_message(message: &[u8], body: &[u8]) -> Option<()> {
    let skip = if message.starts_with(&MARK) { 8 } else { 4 };
    let bytes = message.get(skip..)?;
    let message = Table::root(bytes)?;
    let batch = match head(bytes)?.0 {
        About::Batch => message.table(2)?,
        About::Dictionary => message.table(2)?.table(1)?,
        About::Schema | About::Other => return Some(()),
    };
    check_batch(&batch, body)
}

fn check_batch(batch: &Table, body: &[u8]) -> Option<()> {
    for node in batch.structs(1, 16)? {
        (u64::try_from(i64_at(node, 0)?).ok()? <= MAX_ROWS).then_some(())?;
    }
    let compressed = batch.field(3).is_some();
    for buffer in batch.structs(2, 16)? {
        let start = usize::try_from(i64_at(buffer, 0)?).ok()?;
        let length = usize::try_from(i64_at(buffer, 8)?).ok()?;
        let content = body.get(start..start.checked_add(length)?)?;
        if compressed && length > 0 {
            // −1 says that this buffer is not compressed after all.
            let unpacked = i64_at(content, 0)?;
            let limit = UNPACKED_BYTES.max((length as u64).saturating_mul(UNPACKED_RATIO));
            (unpacked == -1 || u64::try_from(unpacked).ok()? <= limit).then_some(())?;
        }
    }
    Some(())
}

/// A flatbuffer table.
struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn root(bytes: &'a [u8]) -> Option<Self> {
        let at = usize::try_from(i32_at(bytes, 0)?).ok()?;
        (at < bytes.len()).then_some(Self { bytes, at })
    }

    /// The place of a field; `None` if the table does not have it.
    fn field(&self, number: usize) -> Option<usize> {
        let list = i64::try_from(self.at).ok()? - i64::from(i32_at(self.bytes, self.at)?);
        let list = usize::try_from(list).ok()?;
        let entry = 4 + 2 * number;
        if entry + 2 > usize::from(u16_at(self.bytes, list)?) {
            return None;
        }
        match u16_at(self.bytes, list + entry)? {
            0 => None,
            offset => Some(self.at + usize::from(offset)),
        }
    }

    fn follow(&self, number: usize) -> Option<usize> {
        let at = self.field(number)?;
        at.checked_add(usize::try_from(i32_at(self.bytes, at)?).ok()?)
    }

    fn table(&self, number: usize) -> Option<Table<'a>> {
        Some(Table { bytes: self.bytes, at: self.follow(number)? })
    }

    fn byte(&self, number: usize) -> Option<u8> {
        self.bytes.get(self.field(number)?).copied()
    }

    /// The structs of a list field, `size` bytes each; none if the field is not there.
    fn structs(&self, number: usize, size: usize) -> Option<std::slice::ChunksExact<'a, u8>> {
        if self.field(number).is_none() {
            return Some([].chunks_exact(size));
        }
        let at = self.follow(number)?;
        let count = usize::try_from(i32_at(self.bytes, at)?).ok()?;
        let end = (at + 4).checked_add(count.checked_mul(size)?)?;
        Some(self.bytes.get(at + 4..end)?.chunks_exact(size))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|b| i32::from_le_bytes(*b))
}

fn i64_at(bytes: &[u8], at: usize) -> Option<i64> {
    bytes.get(at..)?.first_chunk().map(|b| i64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = include_bytes!("../../tests/it/data/long.arrow");

    #[test]
    fn a_whole_file_fits_and_a_cut_one_does_not() {
        assert_eq!(sizes_fit(FILE), Some(()));
        for end in 0..FILE.len() {
            assert_eq!(sizes_fit(&FILE[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_length_beyond_reason_is_found() {
        // The first compressed buffer of the file: 8 bytes of length before an LZ4 frame.
        let frame = FILE.windows(4).position(|w| w == [0x04, 0x22, 0x4d, 0x18]).unwrap();
        let mut damaged = FILE.to_vec();
        damaged[frame - 8..frame].copy_from_slice(&824_633_720_832i64.to_le_bytes());
        assert_eq!(sizes_fit(&damaged), None);
    }
}
