//! How is a piece of a table kept until all pieces are there? In one file: what is known about the piece, its
//! columns as they are in memory, packed, and a checksum by which a file that was cut short is known.
//!
//! A store is for everybody and sorted; a part is for this program, read back once, and gives the same piece to
//! the last bit.

use super::{StoreError, atomic};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

const MAGIC: &[u8] = b"evalgauge part 4\n";
/// Bytes of the length of what is known, and of the checksum.
const WORD: usize = 8;
/// Little is won by more: a part is read once.
const ZSTD_LEVEL: i32 = 1;
const BUFFER: usize = 1 << 16;

/// Writes a piece (a table, or columns of one) and what is known about it to a file, which is there whole or not at
/// all. What is written is never in memory as a whole.
///
/// # Errors
/// [`StoreError::Part`], [`StoreError::Io`].
pub fn write<A: Serialize, P: Serialize>(path: &Path, about: &A, piece: &P) -> Result<(), StoreError> {
    let name = path.display().to_string();
    atomic::write_file_with(path, |file| {
        let mut file = Summed { file: BufWriter::with_capacity(BUFFER, file), sum: Xxh3::new() };
        write_to(&mut file, about, piece).map_err(|message| StoreError::Part { file: name, message })
    })
}

fn write_to<A: Serialize, P: Serialize>(
    file: &mut Summed<impl Write>,
    about: &A,
    piece: &P,
) -> Result<(), String> {
    let about = postcard::to_stdvec(about).map_err(|e| e.to_string())?;
    let io = |error: io::Error| error.to_string();
    file.write_all(MAGIC).map_err(io)?;
    file.write_all(&(about.len() as u64).to_le_bytes()).map_err(io)?;
    file.write_all(&about).map_err(io)?;
    let packed = zstd::Encoder::new(&mut *file, ZSTD_LEVEL).map_err(io)?;
    let packed =
        postcard::to_io(piece, BufWriter::with_capacity(BUFFER, packed)).map_err(|e| e.to_string())?;
    packed.into_inner().map_err(|error| error.to_string())?.finish().map_err(io)?;
    let sum = file.sum.digest().to_le_bytes();
    file.write_all(&sum).map_err(io)?;
    file.flush().map_err(io)
}

/// What is written to a file, and the checksum of it.
struct Summed<W> {
    file: W,
    sum: Xxh3,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.sum.update(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What is known about the piece in a file; `None` if it is not a whole part.
pub fn about<A: DeserializeOwned>(path: &Path) -> Option<A> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len().checked_sub(WORD as u64)?;
    let mut file = BufReader::with_capacity(BUFFER, file);
    let mut start = [0; MAGIC.len() + WORD];
    file.read_exact(&mut start).ok()?;
    let (magic, size) = start.split_at(MAGIC.len());
    let size = u64::from_le_bytes(size.try_into().ok()?);
    if magic != MAGIC || size > length {
        return None;
    }
    let mut about = Vec::new();
    file.by_ref().take(size).read_to_end(&mut about).ok()?;
    let mut sum = Xxh3::new();
    sum.update(&start);
    sum.update(&about);
    let mut left = file.by_ref().take(length.checked_sub(start.len() as u64 + size)?);
    let mut buffer = vec![0; BUFFER];
    loop {
        match left.read(&mut buffer).ok()? {
            0 => break,
            n => sum.update(&buffer[..n]),
        }
    }
    let mut told = [0; WORD];
    file.read_exact(&mut told).ok()?;
    (sum.digest() == u64::from_le_bytes(told)).then(|| postcard::from_bytes(&about).ok())?
}

/// What is known about the piece in a file, and the piece.
///
/// # Errors
/// [`StoreError::Io`]; [`StoreError::Part`] if it is not a whole part.
pub fn read<A: DeserializeOwned, P: DeserializeOwned>(path: &Path) -> Result<(A, P), StoreError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(StoreError::io(path))?;
    let (about, packed) = content(&bytes).ok_or("it is cut short or changed").map_err(damaged(&name))?;
    let about = postcard::from_bytes(about).map_err(damaged(&name))?;
    let columns = zstd::decode_all(packed).map_err(damaged(&name))?;
    drop(bytes);
    Ok((about, postcard::from_bytes(&columns).map_err(damaged(&name))?))
}

fn damaged<E: Display>(file: &str) -> impl Fn(E) -> StoreError {
    move |error| StoreError::Part { file: file.to_owned(), message: error.to_string() }
}

/// What stands between the mark of a part and its checksum, if both are right: what is known, and the piece.
fn content(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, sum) = bytes.split_last_chunk::<WORD>()?;
    let is_whole = xxh3_64(content) == u64::from_le_bytes(*sum);
    let (size, rest) = content.strip_prefix(MAGIC).filter(|_| is_whole)?.split_first_chunk::<WORD>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*size)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, OptionScore, ResponseTable, Row, Run, Status};

    fn table() -> ResponseTable {
        let mut table = ResponseTable::default();
        table.runs.push(Run {
            params: Some(6.9e9 + 0.1),
            flops: Some(1.234_567_890_123e21),
            files: vec!["a".into(), "b|c".into()],
            step: Some(-1),
            ..Run::new("r", "o/m@v")
        });
        table.runs.push(Run { revision: Some(" ".into()), ..Run::new("s", "s") });
        table.items.push(Item {
            question: Some("Why?\n\"because\"".into()),
            options: Some(["a", "b"].map(str::to_owned).to_vec().into()),
            gold: Some(u16::MAX),
            item_hash: Some(u64::MAX),
            ..Item::new("b", Some("s"), "1")
        });
        table.items.push(Item { gold_text: Some("\u{1F600}".into()), ..Item::new("b", None, "2") });
        table.metrics.push(Metric { primary: true, ..Metric::new("b", "acc", Some("x")) });
        for (run, item, score) in
            [(1, 1, Some(0.1 + 0.2)), (0, 0, None), (1, 0, Some(-0.0)), (0, 0, Some(1e300))]
        {
            table.push(Row {
                repeat: 3,
                chosen: Some(2),
                prediction: Some(" B\n".into()),
                logp_gold: Some(-1.5),
                source_row: Some(u32::MAX - 1),
                ..Row::new(run, item, 0, score)
            });
        }
        table.push(Row { status: Status::Error, ..Row::new(0, 1, 0, None) });
        table.options.push(OptionScore {
            run: 1,
            item: 0,
            option: 3,
            logp_sum: Some(-0.25),
            logp_per_char: None,
            logp_per_byte: Some(f32::MIN_POSITIVE),
            logp_uncond: None,
            num_tokens: Some(7),
            is_greedy: Some(false),
        });
        table
    }

    #[test]
    fn a_piece_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        write(&path, &"about", &table()).unwrap();
        assert_eq!(read(&path).unwrap(), ("about".to_owned(), table()));
        assert_eq!(about::<String>(&path).as_deref(), Some("about"));
        let none = ResponseTable::default();
        write(&path, &0, &none).unwrap();
        assert_eq!(read(&path).unwrap(), (0, none));
        assert_eq!(about::<i32>(&path), Some(0));
    }

    #[test]
    fn what_was_cut_short_or_changed_is_no_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        write(&path, &"about", &table()).unwrap();
        let bytes = fs::read(&path).unwrap();
        let is_part = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let about = about::<String>(&path).is_some();
            assert_eq!(read::<String, ResponseTable>(&path).is_ok(), about);
            about
        };
        assert!(is_part(&bytes));
        for end in [0, 7, MAGIC.len(), MAGIC.len() + WORD, bytes.len() / 2, bytes.len() - 1] {
            assert!(!is_part(&bytes[..end]), "{end}");
        }
        for at in
            [0, MAGIC.len() + 2, MAGIC.len() + 7, MAGIC.len() + WORD + 1, bytes.len() - 20, bytes.len() - 1]
        {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(!is_part(&changed), "{at}");
        }
        assert!(matches!(
            read::<String, ResponseTable>(&dir.path().join("none")),
            Err(StoreError::Io { .. })
        ));
    }
}
