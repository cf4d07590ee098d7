//! Do the sizes that an Arrow file claims fit the file? Asked before it is read.
//!
//! A damaged length would make the reader ask for more memory than there is, which ends the program and cannot
//! be caught. The file's footer lists its batches; each batch lists the places and lengths of its buffers, and
//! a compressed buffer begins with its length when unpacked. All are flatbuffers: a table points back to a list
//! of where its fields are, and every read here is checked against the end of the file.
//!
//! Reference: the Arrow columnar format, section "IPC file format", and `Message.fbs`, `File.fbs` there.

/// A buffer may unpack to this much in any case, and to this many times its length beyond it.
const UNPACKED_BYTES: u64 = 256 << 20;
const UNPACKED_RATIO: u64 = 4096;
/// More rows than this in one batch are no rows.
const MAX_ROWS: u64 = 1 << 32;

const MAGIC: &[u8] = b"ARROW1";

/// Whether all sizes in the file fit it; `None` if they do not.
pub fn sizes_fit(bytes: &[u8]) -> Option<()> {
    let tail = bytes.len().checked_sub(MAGIC.len() + 4)?;
    (bytes.get(tail + 4..)? == MAGIC && bytes.starts_with(MAGIC)).then_some(())?;
    let footer_start = tail.checked_sub(usize::try_from(i32_at(bytes, tail)?).ok()?)?;
    let footer = Table::root(bytes.get(footer_start..tail)?)?;
    // Fields 2 and 3: dictionaries and record batches, each a list of blocks of 24 bytes.
    for field in [2, 3] {
        for block in footer.structs(field, 24)? {
            check_block(bytes, block)?;
        }
    }
    Some(())
}

/// One block of the footer: where a message begins, the length of its head and that of its body.
fn check_block(bytes: &[u8], block: &[u8]) -> Option<()> {
    let start = usize::try_from(i64_at(block, 0)?).ok()?;
    let head_length = usize::try_from(i32_at(block, 8)?).ok()?;
    let body_start = start.checked_add(head_length)?;
    let head = bytes.get(start..body_start)?;
    // A mark and the length of the head come first; files before format version 5 have no mark.
    let skip = if head.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = Table::root(head.get(skip..)?)?;
    let header = message.table(2)?;
    const DICTIONARY: u8 = 2;
    const BATCH: u8 = 3;
    let batch = match message.byte(1)? {
        BATCH => header,
        DICTIONARY => header.table(1)?,
        _ => return Some(()),
    };
    check_batch(&batch, bytes.get(body_start..)?)
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
