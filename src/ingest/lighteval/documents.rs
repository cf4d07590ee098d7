//! Which records are about the same document? Up to 0.10 documents have no names, and a task writes each of them
//! once for every way of asking and for every seed of its worked examples.

use super::record::{Measure, Record};
use std::collections::HashMap;

/// The name of the document of each record: its own, else its place among the documents.
///
/// Records with the same question, options and key are one document if every document of the file is there as often,
/// or a multiple of it, and there are several; else some questions are merely asked twice, and each record is a
/// document.
pub fn names(records: &[Record]) -> Vec<String> {
    let mut times: HashMap<Key, (usize, usize)> = HashMap::new();
    for record in records {
        let next = times.len();
        times.entry(key(record)).or_insert((next, 0)).1 += 1;
    }
    let common = times.values().fold(0, |common, (_, times)| gcd(common, *times));
    let place = |(at, record): (usize, &Record)| {
        if common > 1 && times.len() > 1 && record.question.is_some() { times[&key(record)].0 } else { at }
    };
    let name =
        |(at, record): (usize, &Record)| record.id.clone().unwrap_or_else(|| place((at, record)).to_string());
    records.iter().enumerate().map(name).collect()
}

type Key<'r> = (Option<&'r str>, Option<&'r [String]>, &'r str);

fn key(record: &Record) -> Key<'_> {
    (record.question.as_deref(), record.options.as_deref(), &record.gold_text)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Whether a metric without a score in `record` belongs to another way of asking: another record of the document has
/// it, and none of the metrics of this one.
pub fn is_of_another(metric: &str, record: &Record, same_document: &[&Record]) -> bool {
    let mut own = record.scored().peekable();
    own.peek().is_some()
        && same_document.iter().any(|other| {
            let has = |name: &str| {
                other.metrics.iter().any(|(n, measure)| n == name && matches!(measure, Measure::Score(_)))
            };
            has(metric) && !record.scored().any(has)
        })
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;
    use serde_json::json;

    fn record(question: &str, acc: Option<f64>, em: Option<f64>) -> Record {
        let record = json!({ "example": question, "gold": [0], "metrics": { "acc": acc, "em": em } });
        Record::of(&record, Form::Fields)
    }

    #[test]
    fn documents_that_are_all_there_twice_are_joined() {
        let of = |questions: &[&str]| {
            names(&questions.iter().map(|q| record(q, None, None)).collect::<Vec<_>>()).join(" ")
        };
        assert_eq!(of(&["a", "b", "a", "b"]), "0 1 0 1");
        assert_eq!(of(&["a", "a", "b", "b", "a", "a"]), "0 0 1 1 0 0");
        assert_eq!(of(&["a", "b", "a"]), "0 1 2");
        assert_eq!(of(&["a", "a"]), "0 1");
    }

    #[test]
    fn a_metric_of_another_way_of_asking_is_not_missing() {
        let (asked, sampled) = (record("a", Some(1.0), None), record("a", None, Some(0.0)));
        assert!(is_of_another("em", &asked, &[&asked, &sampled]));
        let (first, second) = (record("a", Some(1.0), Some(1.0)), record("a", None, Some(0.0)));
        assert!(!is_of_another("acc", &second, &[&first, &second]));
        assert!(!is_of_another("acc", &record("a", None, None), &[&first]));
    }
}
