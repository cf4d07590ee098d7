//! How is a piece of a table kept until all pieces are there? In one file: what is known about the piece, its
//! columns in the order of its rows, and a checksum by which a file that was cut short is known.
//!
//! A store is for everybody and sorted; a part is for this program, read back once, and must give the same piece
//! to the last bit. Only an empty text becomes no text, and what is not
//! finite no number, as in a store.

use super::StoreError;
use super::columnar::{Group, ROWS_OF_A_GROUP, Written, read_parquet, write_groups, write_parquet};
use super::read::{Part, items, runs};
use super::write;
use crate::response::{OptionScore, ResponseTable, Row, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8] = b"evalgauge part 1\n";
/// What is known of the piece, its metrics, items, runs, rows and options.
const SECTIONS: usize = 6;

/// A piece of a table and what is known about it, as bytes.
///
/// # Errors
/// [`StoreError::Columnar`].
pub fn encode<T: Serialize>(about: &T, table: &ResponseTable) -> Result<Vec<u8>, StoreError> {
    let json = |bytes: serde_json::Result<Vec<u8>>| {
        bytes.map_err(|e| StoreError::Manifest { file: "part".to_owned(), message: e.to_string() })
    };
    let parquet = |group| write_parquet(vec![group]).map_err(StoreError::columnar("part"));
    let mut rows = Vec::new();
    write_groups(&mut rows, groups(table)).map_err(StoreError::columnar("part"))?;
    let sections: [Vec<u8>; SECTIONS] = [
        json(serde_json::to_vec(about))?,
        json(serde_json::to_vec(&table.metrics))?,
        parquet(write::items(table))?,
        parquet(write::runs(table))?,
        rows,
        parquet(options(table))?,
    ];
    let mut bytes = MAGIC.to_vec();
    for section in sections {
        bytes.extend((section.len() as u64).to_le_bytes());
        bytes.extend(section);
    }
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    Ok(bytes)
}

/// What is known about the piece in these bytes; `None` if they are not a whole part.
pub fn about<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(sections(bytes)?[0]).ok()
}

/// The piece in these bytes; `None` if they are not a whole part.
///
/// # Errors
/// [`StoreError`] if the part is whole and cannot be read all the same.
pub fn decode(file: &str, bytes: &[u8]) -> Result<Option<ResponseTable>, StoreError> {
    let Some([_, metrics, items_part, runs_part, rows, options]) = sections(bytes) else { return Ok(None) };
    let part = |bytes: &[u8]| {
        let frame = read_parquet(bytes).map_err(StoreError::columnar(file))?;
        Ok::<_, StoreError>(Part { frame, file: file.to_owned() })
    };
    let damaged = |message: String| StoreError::Manifest { file: file.to_owned(), message };
    let mut table = ResponseTable::default();
    table.metrics = serde_json::from_slice(metrics).map_err(|e| damaged(e.to_string()))?;
    table.items = items(&part(items_part)?)?;
    table.runs = runs(&part(runs_part)?)?;
    push_rows(&mut table, &part(rows)?)?;
    table.options = option_scores(&part(options)?)?;
    Ok(Some(table))
}

fn sections(bytes: &[u8]) -> Option<[&[u8]; SECTIONS]> {
    let (content, sum) = bytes.split_last_chunk::<8>()?;
    if xxh3_64(content) != u64::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = content.strip_prefix(MAGIC)?;
    let mut sections = [&[][..]; SECTIONS];
    for section in &mut sections {
        let (length, after) = rest.split_first_chunk::<8>()?;
        (*section, rest) = after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    }
    rest.is_empty().then_some(sections)
}

/// The rows in their order; runs, items and metrics by their places.
fn groups(table: &ResponseTable) -> impl Iterator<Item = Group<'static>> {
    let starts = (0..table.len().max(1)).step_by(ROWS_OF_A_GROUP);
    starts.map(move |start| {
        let end = table.len().min(start + ROWS_OF_A_GROUP);
        let rows: Vec<Row> = (start..end).map(|row| table.row(row)).collect();
        let whole = |of: fn(&Row) -> Option<i64>| Written::Whole(rows.iter().map(of).collect(), 64);
        let short = |of: fn(&Row) -> Option<f32>| Written::Short(rows.iter().map(of).collect());
        vec![
            ("run", whole(|r| Some(r.run.into()))),
            ("item", whole(|r| Some(r.item.into()))),
            ("metric", whole(|r| Some(r.metric.into()))),
            ("repeat", whole(|r| Some(r.repeat.into()))),
            ("score", Written::Real(rows.iter().map(|r| r.score).collect())),
            ("status", whole(|r| Status::ALL.iter().position(|s| *s == r.status).map(|at| at as i64))),
            ("chosen", whole(|r| r.chosen.map(Into::into))),
            ("gold", whole(|r| r.gold.map(Into::into))),
            (
                "prediction",
                Written::Made(rows.iter().map(|r| r.prediction.as_deref().map(Into::into)).collect()),
            ),
            ("logp_gold", short(|r| r.logp_gold)),
            ("logp_margin", short(|r| r.logp_margin)),
            ("n_tokens_in", whole(|r| r.n_tokens_in.map(Into::into))),
            ("n_tokens_out", whole(|r| r.n_tokens_out.map(Into::into))),
            ("source_row", whole(|r| r.source_row.map(Into::into))),
        ]
    })
}

fn push_rows(table: &mut ResponseTable, part: &Part) -> Result<(), StoreError> {
    let place = |column: &'static str, n: usize| -> Result<Vec<u32>, StoreError> {
        let places = part.fitting::<u32>(column)?;
        let known = |(row, place): (usize, Option<u32>)| {
            place
                .filter(|place| (*place as usize) < n)
                .ok_or_else(|| part.bad(row, format!("a {column} that is not there")))
        };
        places.into_iter().enumerate().map(known).collect()
    };
    let (run, item) = (place("run", table.runs.len())?, place("item", table.items.len())?);
    let (metric, status) = (place("metric", table.metrics.len())?, place("status", Status::ALL.len())?);
    let (repeat, score) = (part.fitting::<u32>("repeat")?, part.reals("score"));
    let (chosen, gold) = (part.fitting::<u16>("chosen")?, part.fitting::<u16>("gold")?);
    let prediction = part.words("prediction");
    let (logp_gold, logp_margin) = (part.reals("logp_gold"), part.reals("logp_margin"));
    let (tokens_in, tokens_out) = (part.fitting::<u32>("n_tokens_in")?, part.fitting::<u32>("n_tokens_out")?);
    let source_row = part.fitting::<u32>("source_row")?;
    for row in 0..part.frame.n_rows {
        table.push(Row {
            run: run[row],
            item: item[row],
            metric: metric[row],
            repeat: repeat[row].unwrap_or(0),
            score: score[row],
            status: Status::ALL[status[row] as usize],
            chosen: chosen[row],
            gold: gold[row],
            prediction: prediction.as_ref().and_then(|words| words.get(row)).map(Into::into),
            logp_gold: logp_gold[row].map(|x| x as f32),
            logp_margin: logp_margin[row].map(|x| x as f32),
            n_tokens_in: tokens_in[row],
            n_tokens_out: tokens_out[row],
            source_row: source_row[row],
        });
    }
    Ok(())
}

fn options(table: &ResponseTable) -> Group<'_> {
    let whole =
        |of: fn(&OptionScore) -> Option<i64>| Written::Whole(table.options.iter().map(of).collect(), 64);
    let short = |of: fn(&OptionScore) -> Option<f32>| Written::Short(table.options.iter().map(of).collect());
    vec![
        ("run", whole(|o| Some(o.run.into()))),
        ("item", whole(|o| Some(o.item.into()))),
        ("option", whole(|o| Some(o.option.into()))),
        ("logp_sum", short(|o| o.logp_sum)),
        ("logp_per_char", short(|o| o.logp_per_char)),
        ("logp_per_byte", short(|o| o.logp_per_byte)),
        ("logp_uncond", short(|o| o.logp_uncond)),
        ("num_tokens", whole(|o| o.num_tokens.map(Into::into))),
        ("is_greedy", Written::Truth(table.options.iter().map(|o| o.is_greedy).collect())),
    ]
}

fn option_scores(part: &Part) -> Result<Vec<OptionScore>, StoreError> {
    let (run, item) = (part.fitting::<u32>("run")?, part.fitting::<u32>("item")?);
    let (option, num_tokens) = (part.fitting::<u16>("option")?, part.fitting::<u32>("num_tokens")?);
    let short = |name: &str| part.reals(name).into_iter().map(|x| x.map(|x| x as f32)).collect::<Vec<_>>();
    let (sum, per_char, per_byte) = (short("logp_sum"), short("logp_per_char"), short("logp_per_byte"));
    let (uncond, greedy) = (short("logp_uncond"), part.need("is_greedy")?.to_truths());
    (0..part.frame.n_rows)
        .map(|row| {
            let (Some(run), Some(item), Some(option)) = (run[row], item[row], option[row]) else {
                return Err(part.bad(row, "an option of nothing".to_owned()));
            };
            Ok(OptionScore {
                run,
                item,
                option,
                logp_sum: sum[row],
                logp_per_char: per_char[row],
                logp_per_byte: per_byte[row],
                logp_uncond: uncond[row],
                num_tokens: num_tokens[row],
                is_greedy: greedy[row],
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Run};

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
        assert_eq!(decode("p", &bytes).unwrap(), Some(table()));
        assert_eq!(about::<String>(&bytes).as_deref(), Some("about"));
        let none = ResponseTable::default();
        assert_eq!(decode("p", &encode(&0, &none).unwrap()).unwrap(), Some(none));
    }

    #[test]
    fn what_was_cut_short_or_changed_is_no_part() {
        let bytes = encode(&"about", &table()).unwrap();
        for end in [0, 7, MAGIC.len(), bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(decode("p", &bytes[..end]).unwrap(), None, "{end}");
        }
        let mut changed = bytes;
        changed[MAGIC.len() + 20] ^= 1;
        assert_eq!(about::<String>(&changed), None);
    }
}
