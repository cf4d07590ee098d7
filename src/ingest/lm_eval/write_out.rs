//! What did a model answer in the days of v0.3? The `<task>_write_out_info.json` files.

use super::context::Context;
use super::file_name;
use super::options::key;
use super::rows::{Rows, Value};
use crate::ingest::json::{Passage, Scalar, Text, first_record, pieces, text_in};
use crate::ingest::{Fragment, ReadError, Source};
use crate::response::{OptionScore, Row};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Reads an item-level file of v0.3: a list of records, or an object of them by document.
///
/// A record holds `doc_id`, `prompt_i` and `logit_i` for every request, `truth`, and one key for each metric,
/// whose value is a number written as text.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, context: &Context) -> Result<Fragment, ReadError> {
    let beginning = text_in(source.beginning(), || source.name())?;
    let name = source.file_name();
    let in_name = file_name::write_out(&name);
    let task = in_name.unwrap_or_else(|| name.strip_suffix(".json").unwrap_or(&name));
    let results = context.find(source, None);
    let mut rows = Rows::new(source, results, None, task);
    if in_name.is_none() {
        rows.note(
            None,
            format!("the file name does not end in `_write_out_info.json`: taken for the task {task:?}"),
        );
    }
    let mut faults = Vec::new();
    let mut take = |row: u64, named: Option<&str>, record: &Record| {
        if !push(&mut rows, row, named, record) {
            faults.push(row);
        }
    };
    let keyed = beginning.trim_start().starts_with('{')
        && first_record::<Record>(&beginning).is_some_and(|r| r.is_outer());
    let mut passage: Passage = if keyed {
        let mut n = 0;
        let mut passage = pieces(source, |piece| {
            piece.each(|_, by_document: ByDocument| {
                for (document, record) in &by_document.0 {
                    n += 1;
                    take(n, Some(document.0.as_ref()), record);
                }
            })
        })?;
        passage.n_records = n;
        passage
    } else {
        pieces(source, |piece| piece.each(|row, record: Record| take(row, None, &record)))?
    };
    for row in faults {
        passage.fault(
            row,
            "a record must have a document, requests (`logit_0`) and a metric; is this a file of v0.3?",
        );
    }
    rows.finish(&passage)
}

/// Adds the rows of a record; whether it had what a record must have.
fn push(rows: &mut Rows, source_row: u64, named: Option<&str>, record: &Record) -> bool {
    let Some(native_id) = record.doc_id.as_ref().and_then(Scalar::name).or(named.map(str::to_owned)) else {
        return false;
    };
    if record.logits.is_empty() || record.scores().next().is_none() {
        return false;
    }
    let logps: Vec<Option<f64>> = record.logits.iter().map(|(_, value)| value.number()).collect();
    let known: Option<Vec<f64>> = logps.into_iter().collect();
    let options = known.filter(|logps| logps.len() > 1 && logps.len() <= usize::from(u16::MAX));
    // The lengths of the options are not in the file, so that only the plain argmax can be retraced.
    let chosen = options
        .as_ref()
        .and_then(|logps| (0..logps.len()).reduce(|best, k| if logps[k] > logps[best] { k } else { best }));
    let chosen = chosen.and_then(|k| u16::try_from(k).ok());
    let accuracy =
        record.metrics.iter().find(|(name, _)| name.0 == "acc").and_then(|(_, value)| value.number());
    let gold = options.as_ref().and_then(|logps| {
        let outcome = chosen.zip(accuracy).map(|(chosen, score)| (chosen, score == 1.0));
        key(record.truth.as_slice(), &[&[]], logps.len(), outcome)
    });
    let (item, is_new) = rows.item(native_id, |item| {
        item.gold = gold;
        item.gold_text =
            if gold.is_none() { record.truth.as_ref().and_then(Scalar::name).map(Into::into) } else { None };
    });
    if is_new && let Some(logps) = &options {
        let scores = logps.iter().enumerate().map(|(k, logp)| OptionScore {
            run: 0,
            item,
            option: k as u16,
            logp_sum: Some(*logp as f32).filter(|l| l.is_finite()),
            logp_per_char: None,
            logp_per_byte: None,
            logp_uncond: None,
            num_tokens: None,
            is_greedy: None,
        });
        rows.table().options.extend(scores);
    }
    let of_key = options.as_ref().zip(gold).and_then(|(logps, g)| logps.get(usize::from(g)).copied());
    let best_other = options.as_ref().zip(gold).and_then(|(logps, g)| {
        let others = logps.iter().enumerate().filter(|(k, _)| *k != usize::from(g));
        others.map(|(_, logp)| *logp).reduce(f64::max)
    });
    for (name, value) in record.scores() {
        let score = value.number().filter(|s| s.is_finite());
        let metric = rows.metric(&name.0, None);
        let mut row = Row::new(0, item, metric, score);
        row.chosen = chosen.filter(|_| name.0 == "acc");
        row.gold = gold;
        row.logp_gold = of_key.map(|l| l as f32);
        row.logp_margin = of_key.zip(best_other).map(|(k, o)| (k - o) as f32).filter(|m| m.is_finite());
        row.source_row = u32::try_from(source_row).ok();
        let value = match value {
            _ if score.is_some() => Value::Score(score.unwrap_or_default()),
            Scalar::List => Value::List,
            // v0.3 writes lists as text, too.
            Scalar::Text(text) if text.starts_with(['[', '(']) => Value::List,
            _ => Value::Missing,
        };
        rows.push(row, value);
    }
    true
}

#[derive(Debug, Default)]
struct Record<'a> {
    doc_id: Option<Scalar<'a>>,
    truth: Option<Scalar<'a>>,
    /// By number.
    logits: Vec<(u32, Scalar<'a>)>,
    metrics: Vec<(Text<'a>, Scalar<'a>)>,
}

impl<'a> Record<'a> {
    /// The metrics; an object is something else.
    fn scores(&self) -> impl Iterator<Item = &(Text<'a>, Scalar<'a>)> {
        self.metrics.iter().filter(|(_, value)| !matches!(value, Scalar::Object))
    }

    /// Whether this is the object around the records: all its values are objects.
    fn is_outer(&self) -> bool {
        self.logits.is_empty()
            && !self.metrics.is_empty()
            && self.metrics.iter().all(|(_, value)| matches!(value, Scalar::Object))
    }
}

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Record<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `logit_0`, `truth` and metrics")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut record = Record::default();
                while let Some(key) = map.next_key::<Text>()? {
                    let name = key.0.as_ref();
                    let number = |prefix: &str| name.strip_prefix(prefix).and_then(|n| n.parse::<u32>().ok());
                    if name == "doc_id" {
                        record.doc_id = Some(map.next_value()?);
                    } else if name == "truth" {
                        record.truth = Some(map.next_value()?);
                    } else if let Some(number) = number("logit_") {
                        record.logits.push((number, map.next_value()?));
                    } else if name == "pred" || number("prompt_").is_some() {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        record.metrics.push((key, map.next_value()?));
                    }
                }
                record.logits.sort_by_key(|(number, _)| *number);
                Ok(record)
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

struct ByDocument<'a>(Vec<(Text<'a>, Record<'a>)>);

impl<'de> Deserialize<'de> for ByDocument<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = ByDocument<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of records")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(ByDocument(all))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}
