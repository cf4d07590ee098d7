//! What is inside the file? Compression is taken off by signature, never by file name, within a limit.

use super::archive::names::shown;
pub use super::content::{Content, content};
use super::fragment::ReadError;
use super::source::Source;
use super::walk::Found;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that come out of one file or archive, at most, unless the user allows another number.
pub const MAX_UNPACKED: u64 = 8 << 30;
/// What comes out may be this many times what is in, or this many bytes, whichever is more; unless the user says
/// how much may.
const MAX_RATIO: u64 = 200;
const FREE_BYTES: u64 = 1 << 30;
/// How many layers of compression are taken off.
const MAX_LAYERS: usize = 4;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The byte-order mark of UTF-8.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// What may come out of a file of this size.
pub fn allowed(bytes: u64, limit: u64) -> u64 {
    if limit == MAX_UNPACKED { limit.min(FREE_BYTES.max(bytes.saturating_mul(MAX_RATIO))) } else { limit }
}

/// Reads a file and takes off every layer of compression and the byte-order mark.
///
/// # Errors
/// [`ReadError::Io`], [`ReadError::Empty`], [`ReadError::Truncated`] for a compressed stream that ends early,
/// [`ReadError::Malformed`] for one that is damaged or grows beyond what is [`allowed`].
pub fn open(found: &Found, limit: u64) -> Result<Source, ReadError> {
    let name = Source::unread(found).name();
    Ok(Source::of(found, open_bytes(found.on_disk(), &name, limit)?))
}

/// As [`open`], of a file on disk that is known by `name`.
pub(super) fn open_bytes(path: &Path, name: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
    let io = |e: io::Error| ReadError::Io { file: name.to_owned(), message: e.to_string() };
    let bytes = std::fs::read(path).map_err(io)?;
    let limit = allowed(bytes.len() as u64, limit);
    unwrap(name, bytes, limit)
}

/// Takes off every layer of compression and the byte-order mark.
///
/// # Errors
/// As [`open`].
pub fn unwrap(file: &str, mut bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, ReadError> {
    for layer in 0.. {
        let reader: Box<dyn Read + '_> = if bytes.starts_with(&GZIP) {
            Box::new(flate2::read::MultiGzDecoder::new(bytes.as_slice()))
        } else if bytes.starts_with(&ZSTD) {
            Box::new(zstd::stream::read::Decoder::new(bytes.as_slice()).map_err(|e| damaged(file, &e))?)
        } else {
            break;
        };
        if layer == MAX_LAYERS {
            let message = format!("is compressed more than {MAX_LAYERS} times over; unpack it first");
            return Err(ReadError::Malformed { file: file.to_owned(), row: None, message });
        }
        let mut inner = Vec::new();
        reader.take(limit.saturating_add(1)).read_to_end(&mut inner).map_err(|e| damaged(file, &e))?;
        if inner.len() as u64 > limit {
            return Err(too_much(file, limit));
        }
        bytes = inner;
    }
    let bytes = without_mark(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty { file: file.to_owned() });
    }
    Ok(bytes)
}

/// Whether compression had to be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// The file is as it was.
    None,
    /// It was compressed.
    Some,
}

/// A file that is unpacked while it is read.
pub struct Unpacked {
    file: String,
    reader: Box<dyn Read + Send>,
    layers: Layers,
    /// Bytes that may still come out; there is no limit to a file that is not compressed.
    left: u64,
    limit: u64,
    /// Bytes that were looked at, to be read again.
    start: Vec<u8>,
    /// How far the file on disk has been read.
    position: Arc<AtomicU64>,
}

/// A file that tells how much of it has been read.
pub struct Counted {
    file: std::fs::File,
    position: Arc<AtomicU64>,
}

impl Counted {
    /// Opens a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: std::fs::File::open(path)?, position: Arc::default() })
    }

    /// The bytes that have been read, now and later.
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(into)?;
        self.position.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Unpacked {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(path: &Path, limit: u64) -> Result<Self, ReadError> {
        let file = shown(path);
        let failed = |e: io::Error| ReadError::Io { file: file.clone(), message: e.to_string() };
        let on_disk = Counted::open(path).map_err(failed)?;
        let position = on_disk.counter();
        let mut reader: Box<dyn Read + Send> = Box::new(on_disk);
        let mut layers = Layers::None;
        for _ in 0..MAX_LAYERS {
            let mut magic = Vec::new();
            reader.by_ref().take(4).read_to_end(&mut magic).map_err(|e| damaged(&file, &e))?;
            let is_gzip = magic.starts_with(&GZIP);
            let is_zstd = magic.starts_with(&ZSTD);
            let whole = io::BufReader::with_capacity(1 << 17, io::Cursor::new(magic).chain(reader));
            reader = if is_gzip {
                Box::new(flate2::bufread::MultiGzDecoder::new(whole))
            } else if is_zstd {
                Box::new(zstd::stream::read::Decoder::with_buffer(whole).map_err(|e| damaged(&file, &e))?)
            } else {
                reader = Box::new(whole);
                break;
            };
            layers = Layers::Some;
        }
        let left = if layers == Layers::None { u64::MAX } else { limit };
        Ok(Self { file, reader, layers, left, limit, start: Vec::new(), position })
    }

    /// How many bytes of the file on disk have been read.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// The same, now and later.
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }

    /// Whether compression is being taken off.
    pub fn layers(&self) -> Layers {
        self.layers
    }

    /// The first bytes, without a byte-order mark and the delimiter that a spreadsheet names; they will be read again.
    ///
    /// # Errors
    /// As [`open`].
    pub fn sample(&mut self, n: usize) -> Result<Vec<u8>, ReadError> {
        let mut start = std::mem::take(&mut self.start);
        self.read_on(&mut start, n)?;
        start.drain(..before_text(&start));
        self.start.clone_from(&start);
        Ok(start)
    }

    /// Adds up to `n` bytes, and says whether there may be more.
    ///
    /// # Errors
    /// As [`open`].
    pub fn fill(&mut self, into: &mut Vec<u8>, n: usize) -> Result<bool, ReadError> {
        into.append(&mut self.start);
        self.read_on(into, n)
    }

    /// What comes out, from the beginning, without a limit: whoever reads it counts.
    pub fn into_reader(self) -> impl Read {
        io::Cursor::new(self.start).chain(self.reader)
    }

    fn read_on(&mut self, into: &mut Vec<u8>, n: usize) -> Result<bool, ReadError> {
        let want = n as u64;
        let got = self.reader.by_ref().take(want).read_to_end(into).map_err(|e| damaged(&self.file, &e))?;
        if got as u64 > self.left {
            return Err(too_much(&self.file, self.limit));
        }
        self.left -= got as u64;
        Ok(got as u64 == want)
    }
}

/// What comes out, to its end, within the limit. An error is a [`ReadError`] in that of the system.
impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.start.is_empty() {
            let n = self.start.len().min(into.len());
            into[..n].copy_from_slice(&self.start[..n]);
            self.start.drain(..n);
            return Ok(n);
        }
        let n = self.reader.read(into).map_err(|e| io::Error::other(damaged(&self.file, &e)))?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::other(too_much(&self.file, self.limit)))?;
        Ok(n)
    }
}

fn too_much(file: &str, limit: u64) -> ReadError {
    let message = format!(
        "unpacks to more than {} MB, which is more than any table should; if it is meant, unpack it first, or allow \
         more with --max-unpacked",
        limit >> 20
    );
    ReadError::Malformed { file: file.to_owned(), row: None, message }
}

fn damaged(file: &str, error: &io::Error) -> ReadError {
    // zstd reports a stream that ends early as an incomplete frame, not as an early end of input.
    if error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("incomplete") {
        return ReadError::Truncated { file: file.to_owned(), what: "its compressed content".to_owned() };
    }
    let message = format!("compressed content is damaged ({error}); copy or download it again");
    ReadError::Malformed { file: file.to_owned(), row: None, message }
}

/// Bytes before the text: the mark, and `sep=;` in a line of its own, as spreadsheets write it.
fn before_text(bytes: &[u8]) -> usize {
    let mark = if bytes.starts_with(&MARK) { MARK.len() } else { 0 };
    let named = match &bytes[mark..] {
        [b's', b'e', b'p', b'=', _, b'\n', ..] => 6,
        [b's', b'e', b'p', b'=', _, b'\r', b'\n', ..] => 7,
        _ => 0,
    };
    mark + named
}

/// UTF-8 without what is before its text; UTF-16 with a mark, as spreadsheets write it, as UTF-8.
fn without_mark(mut bytes: Vec<u8>) -> Vec<u8> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => {
            bytes.drain(..before_text(&bytes));
            return bytes;
        }
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let mut text = text.into_bytes();
    text.drain(..before_text(&text));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn layers_come_off_by_signature() {
        let inner = b"\xef\xbb\xbfmodel,item\n".to_vec();
        let nested = zstd::encode_all(gzip(&inner).as_slice(), 1).unwrap();
        assert_eq!(unwrap("f", nested, 1 << 20).unwrap(), b"model,item\n");
        assert_eq!(unwrap("f", b"\xef\xbb\xbfsep=;\r\na;b".to_vec(), 1 << 20).unwrap(), b"a;b");
        assert_eq!(unwrap("f", b"sep=a\tb".to_vec(), 1 << 20).unwrap(), b"sep=a\tb");
        let utf16: Vec<u8> = "\u{feff}a\tü".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(unwrap("f", utf16, 1 << 20).unwrap(), "a\tü".as_bytes());
    }

    #[test]
    fn a_bomb_is_stopped_and_a_cut_stream_is_named() {
        let bomb = gzip(&vec![b'a'; 1 << 20]);
        let error = unwrap("f", bomb.clone(), 1 << 16).unwrap_err();
        assert!(error.to_string().contains("unpack it first"), "{error}");
        for packed in [bomb, zstd::encode_all(&[b'a'; 4096][..], 1).unwrap()] {
            for end in [packed.len() / 2, packed.len() - 1] {
                let error = unwrap("f", packed[..end].to_vec(), 1 << 30).unwrap_err();
                assert!(matches!(error, ReadError::Truncated { .. }), "{error}");
            }
        }
    }

    #[test]
    fn small_files_may_hold_less_unless_the_user_says_how_much() {
        assert_eq!(allowed(1000, MAX_UNPACKED), 1 << 30);
        assert_eq!(allowed(10 << 20, MAX_UNPACKED), 2000 << 20);
        assert_eq!(allowed(1 << 40, MAX_UNPACKED), 8 << 30);
        assert_eq!((allowed(1000, 9 << 30), allowed(1000, 5)), (9 << 30, 5));
    }
}
