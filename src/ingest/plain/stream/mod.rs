//! How is a long table read that is larger than memory? Piece by piece, straight into rows.
//!
//! Most large tables are simple: a model, an item, a score, perhaps a benchmark and a subject, and nothing odd
//! in any cell. Their pieces are read in parallel and joined in order, and only the rows are kept. Whatever
//! else is met ([`Unfit`]) sends the file to the readers that hold it whole; the result is the same.

mod batches;
mod known;
mod parquet;
mod sink;
mod text;

use super::roles::{Role, Roles};
use super::shape::{self, Shape};
use super::{Naming, Responses};
use crate::ingest::IngestOptions;
use crate::ingest::detect::{Detected, Format, detect};
use crate::ingest::fragment::ReadError;
use crate::ingest::meter::Meter;
use crate::ingest::source::Source;
use crate::ingest::unwrap::{Layers, Unpacked};
use crate::ingest::walk::Found;
use crate::response::Spill;
use crate::store::frame::Frame;
use std::sync::Arc;

/// Smaller files are read whole.
const STREAMED_FROM: u64 = 4 << 20;
/// Bytes by which the columns of a text are known.
const SAMPLE: usize = 1 << 18;
/// Bytes of text in a piece.
const PIECE_BYTES: usize = 4 << 20;
/// Rows of a Parquet file in a piece.
const PIECE_ROWS: usize = 1 << 19;

/// Something that only the readers of whole files can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

/// Sizes of pieces; tests make them small.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    sample: usize,
    bytes: usize,
    rows: usize,
}

const SIZES: Sizes = Sizes { sample: SAMPLE, bytes: PIECE_BYTES, rows: PIECE_ROWS };

/// The columns of a simple long table, by position.
#[derive(Debug, Clone)]
struct Columns {
    /// Model and item, then benchmark and subject where there are such.
    words: Vec<usize>,
    /// Position in `words`.
    benchmark: Option<usize>,
    /// Position in `words`.
    subject: Option<usize>,
    score: usize,
    /// Name of the score column.
    score_name: String,
    /// Name of the column of items.
    item_name: String,
}

impl Columns {
    /// The columns of a table that is simple as far as its first rows show.
    fn of(frame: &Frame, options: &IngestOptions) -> Result<(Self, Roles), Unfit> {
        let roles = Roles::of(frame);
        let long = shape::classify(frame, &roles, options.rows) == Shape::Long;
        let [score] = roles.scores.as_slice() else { return Err(Unfit) };
        let (Some(model), Some(item)) = (roles.get(Role::Model), roles.get(Role::Item)) else {
            return Err(Unfit);
        };
        let (benchmark, subject) = (roles.get(Role::Benchmark), roles.get(Role::Subject));
        let mut words = vec![model, item];
        let mut add = |column: Option<usize>| {
            column.map(|at| {
                words.push(at);
                words.len() - 1
            })
        };
        let (benchmark, subject) = (add(benchmark), add(subject));
        let simple =
            (0..frame.columns.len()).all(|at| at == *score || words.contains(&at) || !roles.is_taken(at));
        if !long || !simple || !roles.assumptions.is_empty() {
            return Err(Unfit);
        }
        let name = |at: usize| frame.columns[at].0.clone();
        let columns = Self {
            score_name: name(*score),
            item_name: name(item),
            words,
            benchmark,
            subject,
            score: *score,
        };
        Ok((columns, roles))
    }
}

/// Reads a large long table of any plain format, compressed or not; its rows are put aside meanwhile where there is a
/// place for them. `None` says that the file is small, or of
/// another kind, or needs a reader that holds it whole.
///
/// # Errors
/// [`ReadError`] where the file cannot be opened, or its compressed content is damaged.
pub fn read(
    found: &Found,
    options: &IngestOptions,
    meter: &Meter,
    spill: Option<&Arc<Spill>>,
) -> Result<Option<(Detected, Responses)>, ReadError> {
    if found.size() >= STREAMED_FROM { read_in(found, options, meter, spill, SIZES) } else { Ok(None) }
}

fn read_in(
    found: &Found,
    options: &IngestOptions,
    meter: &Meter,
    spill: Option<&Arc<Spill>>,
    sizes: Sizes,
) -> Result<Option<(Detected, Responses)>, ReadError> {
    let mut unpacked = Unpacked::open(found.on_disk(), options.max_unpacked_bytes)?;
    let source = Source::of(found, unpacked.sample(sizes.sample)?);
    let Ok(detected) = detect(&source) else { return Ok(None) };
    let file = File { source: &source, found, options, meter, spill, sizes };
    let read = match detected.format {
        Format::Parquet if unpacked.layers() == Layers::None => parquet::read(&file),
        Format::Delimited => text::read_delimited(&file, unpacked)?,
        Format::Records => text::read_records(&file, unpacked)?,
        _ => Err(Unfit),
    };
    Ok(read.ok().map(|responses| (detected, responses)))
}

/// A file on its way: its beginning, and how it is to be read.
struct File<'f> {
    source: &'f Source,
    found: &'f Found,
    options: &'f IngestOptions,
    meter: &'f Meter<'f>,
    spill: Option<&'f Arc<Spill>>,
    sizes: Sizes,
}

impl File<'_> {
    /// How its rows are named.
    fn naming(&self, header: bool) -> Naming {
        Naming::of(self.source, self.options, header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::plain::{Plain, read as read_whole};
    use crate::store::columnar::{Written, write_parquet};
    use std::io::Write;

    const TINY: Sizes = Sizes { sample: 600, bytes: 150, rows: 40 };

    fn both(name: &str, bytes: &[u8], streams: bool) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let options = IngestOptions::default();
        let found = Found::File(path);
        let streamed = read_in(&found, &options, &Meter::silent(), None, TINY).unwrap();
        assert_eq!(streamed.is_some(), streams, "{name}");
        let Some((detected, streamed)) = streamed else { return };
        let source = crate::ingest::unwrap::open(&found, u64::MAX).unwrap();
        let Plain::Responses(whole) = read_whole(detected.format, &source, &options).unwrap() else {
            panic!("not long")
        };
        assert!(streamed.fragment.table == whole.fragment.table, "{name}");
        assert_eq!(streamed.fragment.notes, whole.fragment.notes, "{name}");
        assert_eq!((streamed.shape, &streamed.item_column), (whole.shape, &whole.item_column));
    }

    fn rows() -> impl Iterator<Item = (String, String, Option<f64>)> {
        (0..300u32).map(|k| {
            let score = (k % 7 != 0).then_some(f64::from(k.wrapping_mul(2_654_435_761) % 3) / 2.0);
            (format!("m{}", k / 60), format!("item {:03}", k * 37 % 60), score)
        })
    }

    fn text(of: impl Fn(String, String, String) -> String) -> String {
        let text = |s: Option<f64>| s.map(|s| s.to_string()).unwrap_or_default();
        rows().map(|(m, i, s)| of(m, i, text(s))).collect()
    }

    #[test]
    fn a_table_read_in_pieces_is_the_table() {
        let csv = format!("model,item,score,time\n{}", text(|m, i, s| format!("{m},{i},{s},9\n")));
        both("t.csv", csv.as_bytes(), true);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(csv.as_bytes()).unwrap();
        both("t.csv.gz", &gzip.finish().unwrap(), true);
        both("t.csv.zst", &zstd::encode_all(csv.as_bytes(), 1).unwrap(), true);
        let tsv = text(|m, i, s| {
            format!("\"{m}\"\tbench\t{i}\tsub\t{}\n", if s == "1" { "True" } else { "false" })
        });
        both("t.tsv", format!("model\tbenchmark\titem\tcategory\tcorrect\n{tsv}").as_bytes(), true);
        let quoted = text(|m, i, s| format!("{m},\"{i},\n\"\"x\"\"\",{s}\n"));
        both("q.csv", format!("model,item,score\n{quoted}").as_bytes(), true);
        let percent = text(|m, i, s| format!("{m},{i},{}\n", if s.is_empty() { s } else { format!("{s}5") }));
        both("p.csv", format!("model,item,acc\n{percent}").as_bytes(), true);
    }

    #[test]
    fn rows_that_are_put_aside_meanwhile_are_the_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let mut csv = "model,item,score\n".to_owned();
        for row in 0..200_000u32 {
            let order = row.wrapping_mul(2_654_435_761);
            csv.push_str(&format!("m{},{},{}\n", order % 7, order % 50_021, order % 3));
        }
        std::fs::write(&path, csv).unwrap();
        let (found, options) = (Found::File(path), IngestOptions::default());
        let read = |spill: Option<&Arc<Spill>>| {
            let sizes = Sizes { bytes: 1 << 18, ..SIZES };
            let read = read_in(&found, &options, &Meter::silent(), spill, sizes).unwrap().unwrap();
            read.1.fragment.table
        };
        let spill = Spill::new(tempfile::tempfile().unwrap(), 0);
        assert!(read(None) == read(Some(&spill)));
        assert!(Arc::strong_count(&spill) == 1, "a table that is gone still holds the file");
        let aside = read(Some(&spill));
        assert!(Arc::strong_count(&spill) > 3 && aside.check().is_ok());
    }

    #[test]
    fn records_and_parquet_too() {
        let line = |m, i, s: String| {
            let score = if s.is_empty() { "null".to_owned() } else { s };
            format!("{{\"model\": \"{m}\", \"item\": \"{i}\", \"score\": {score}}}\n")
        };
        both("t.jsonl", text(line).as_bytes(), true);
        let other_order = |m, i: String, s| {
            format!(
                "{{\"item\": {}, \"acc\":\"{s}\",\"model\":\"{m}\"}}\n",
                i[5..].trim_start_matches('0').len()
            )
        };
        both("o.jsonl", text(other_order).as_bytes(), true);
        let (models, items): (Vec<String>, Vec<String>) = rows().map(|(m, i, _)| (m, i)).unzip();
        let columns = vec![
            ("model", Written::Text(models.iter().map(|m| Some(m.as_str())).collect())),
            ("item", Written::Text(items.iter().map(|m| Some(m.as_str())).collect())),
            ("score", Written::Real(rows().map(|r| r.2).collect())),
        ];
        both("t.parquet", &write_parquet(vec![columns.clone(), columns]).unwrap(), true);
        let numbers = vec![
            ("item", Written::Whole((0..300).map(|k| Some(k / 5)).collect(), 16)),
            ("model", Written::Whole((0..300).map(|k| Some(k % 5)).collect(), 16)),
            ("correct", Written::Truth((0..300).map(|k| (k % 9 != 0).then_some(k % 2 == 0)).collect())),
        ];
        both("n.parquet", &write_parquet(vec![numbers]).unwrap(), true);
    }

    #[test]
    fn whatever_is_odd_is_read_whole() {
        let csv =
            |row: &str| format!("model,item,score\n{}{row}\n", text(|m, i, s| format!("{m},{i},{s}\n")));
        for odd in ["a,b", "a,,1", ",b,1", "a,b,C", "a,b,error", "a,b,??"] {
            both("odd.csv", csv(odd).as_bytes(), false);
        }
        both("spaces.csv", csv("a , b,1").as_bytes(), true);
        both("odd.csv", &[csv("").as_bytes(), b"a,\xff,1\n"].concat(), false);
        let subjects = text(|m, i, s| format!("{m},{i},{},{s}\n", m.len()));
        both("s.csv", format!("model,item,subject,score\n{subjects}m,item 001,other,1\n").as_bytes(), false);
        let lines = text(|m, i, _| format!("{{\"model\":\"{m}\",\"item\":\"{i}\",\"score\":1}}\n"));
        for odd in [
            "{\"model\":\"a\"}",
            "{\"model\":\"a\",\"item\":[1],\"score\":1}",
            "{\"mo",
            "{\"model\":\"a\",\"item\":\"b\",\"score\":1,\"new\":2}",
        ] {
            both("odd.jsonl", format!("{lines}{odd}\n").as_bytes(), false);
        }
    }
}
