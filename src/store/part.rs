//! How is a piece of a table kept until all pieces are there? In one file: what is known about the piece, its
//! columns as they are in memory, packed, and a checksum by which a file that was cut short is known.
//!
//! A store is for everybody and sorted; a part is for this program, read back once, and gives the same piece to
//! the last bit.

use super::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::io::BufWriter;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8] = b"evalgauge part 4\n";
/// Little is won by more: a part is read once.
const ZSTD_LEVEL: i32 = 1;

/// A piece (a table, or columns of one) and what is known about it, as bytes.
///
/// # Errors
/// [`StoreError::Part`].
pub fn encode<A: Serialize, P: Serialize>(about: &A, piece: &P) -> Result<Vec<u8>, StoreError> {
    let mut bytes = postcard::to_io(about, MAGIC.to_vec()).map_err(damaged("part"))?;
    let packed = zstd::Encoder::new(&mut bytes, ZSTD_LEVEL).map_err(damaged("part"))?;
    let packed = postcard::to_io(piece, BufWriter::new(packed)).map_err(damaged("part"))?;
    packed.into_inner().map_err(damaged("part"))?.finish().map_err(damaged("part"))?;
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    Ok(bytes)
}

/// What is known about the piece in these bytes; `None` if they are not a whole part.
pub fn about<A: DeserializeOwned>(bytes: &[u8]) -> Option<A> {
    postcard::take_from_bytes(content(bytes)?).ok().map(|(about, _)| about)
}

/// What is known about the piece in the bytes of a file, and the piece.
///
/// # Errors
/// [`StoreError::Part`] if they are not a whole part.
pub fn decode<A: DeserializeOwned, P: DeserializeOwned>(
    file: &str,
    bytes: &[u8],
) -> Result<(A, P), StoreError> {
    let content = content(bytes).ok_or("it is cut short or changed").map_err(damaged(file))?;
    let (about, packed) = postcard::take_from_bytes(content).map_err(damaged(file))?;
    let columns = zstd::decode_all(packed).map_err(damaged(file))?;
    Ok((about, postcard::from_bytes(&columns).map_err(damaged(file))?))
}

fn damaged<E: Display>(file: &str) -> impl Fn(E) -> StoreError {
    move |error| StoreError::Part { file: file.to_owned(), message: error.to_string() }
}

/// What stands between the mark of a part and its checksum, if both are right.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    let (content, sum) = bytes.split_last_chunk::<8>()?;
    let is_whole = xxh3_64(content) == u64::from_le_bytes(*sum);
    content.strip_prefix(MAGIC).filter(|_| is_whole)
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
            options: Some(vec!["a".into(), "b".into()]),
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
        let bytes = encode(&"about", &table()).unwrap();
        assert_eq!(decode("p", &bytes).unwrap(), ("about".to_owned(), table()));
        assert_eq!(about::<String>(&bytes).as_deref(), Some("about"));
        let none = ResponseTable::default();
        assert_eq!(decode("p", &encode(&0, &none).unwrap()).unwrap(), (0, none));
    }

    #[test]
    fn what_was_cut_short_or_changed_is_no_part() {
        let bytes = encode(&"about", &table()).unwrap();
        for end in [0, 7, MAGIC.len(), bytes.len() / 2, bytes.len() - 1] {
            assert!(decode::<String, ResponseTable>("p", &bytes[..end]).is_err(), "{end}");
        }
        let mut changed = bytes;
        changed[MAGIC.len() + 20] ^= 1;
        assert_eq!(about::<String>(&changed), None);
    }
}
