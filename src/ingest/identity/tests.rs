//! Are items of many files the same where they are, apart where they are not, and is what was decided told?

use super::*;
use crate::ingest::Fragment;
use crate::ingest::join::{Joined, Joining};
use crate::response::{Metric, Row, Run};

/// A file of one model: name, question, options, and the option chosen of each item; the first option is the
/// key.
fn file(model: &str, items: &[(&str, &str, &[&str], u16)]) -> Fragment {
    let mut table = ResponseTable::default();
    table.runs.push(Run { files: vec![format!("{model}.json")], ..Run::new(model, model) });
    table.metrics.push(Metric::new("b", "acc", None));
    for (at, (id, question, options, chosen)) in items.iter().enumerate() {
        table.items.push(Item {
            question: Some(*question).filter(|q| !q.is_empty()).map(Into::into),
            options: Some(options.iter().map(|o| (*o).to_owned()).collect()),
            gold: Some(0),
            ..Item::new("b", None, *id)
        });
        let score = f64::from(u8::from(*chosen == 0));
        let row = Row { chosen: Some(*chosen), gold: Some(0), ..Row::new(0, at as u32, 0, Some(score)) };
        table.push(row);
    }
    Fragment { table, ..Fragment::default() }
}

fn joined(files: Vec<Fragment>) -> Joined {
    let mut joining = Joining::default();
    files.into_iter().for_each(|file| joining.add(&file.table.runs[0].files[0].clone(), file));
    joining.finish()
}

/// Model, item, chosen and key of each row.
fn rows(joined: &Joined) -> Vec<(String, String, Option<u16>, Option<u16>)> {
    let table = &joined.table;
    let name = |row: &Row| table.runs[row.run as usize].id.clone();
    let rows = table.rows();
    rows.map(|r| (name(&r), table.items[r.item as usize].id.to_string(), r.chosen, r.gold)).collect()
}

const YES_NO: &[&str] = &["yes", "no"];

#[test]
fn places_that_moved_are_joined_by_text() {
    let a = file("a", &[("0", "red?", YES_NO, 0), ("1", "green?", YES_NO, 0), ("2", "blue?", YES_NO, 0)]);
    let b = file("b", &[("0", "green?", YES_NO, 0), ("1", "blue?", YES_NO, 0), ("2", "pink?", YES_NO, 0)]);
    let both = joined(vec![a, b]);
    let ids: Vec<&str> = both.table.items.iter().map(|i| i.id.as_str()).collect();
    assert_eq!((ids.len(), &ids[..3]), (4, &["0", "1", "2"][..]));
    assert!(ids[3].starts_with("2#"), "{ids:?}");
    let of_b: Vec<String> = rows(&both).into_iter().skip(3).map(|r| r.1).collect();
    assert_eq!(of_b, ["1", "2", ids[3]]);
    assert!(
        both.notes.iter().any(|n| n.message.starts_with("2 items have another name")),
        "{:?}",
        both.notes
    );
    let lint = both.lints.iter().find(|l| l.code == "texts_differ").unwrap();
    assert_eq!((lint.count, lint.benchmark.as_deref()), (1, Some("b")));
}

#[test]
fn shuffled_options_are_numbered_as_in_the_first_file() {
    let a = file("a", &[("0", "which?", &["w", "x", "x", "z"], 3)]);
    let b = file("b", &[("0", "which?", &["z", " x ", "w", "x"], 1)]);
    let both = joined(vec![a, b]);
    assert_eq!(both.table.items.len(), 1);
    let expected = [
        ("a".to_owned(), "0".to_owned(), Some(3), Some(0)),
        ("b".to_owned(), "0".to_owned(), Some(1), Some(3)),
    ];
    assert_eq!(rows(&both), expected);
    assert!(both.notes[0].message.contains("another order"), "{:?}", both.notes);
}

#[test]
fn duplicates_within_a_benchmark_stay_two_items() {
    let items: &[(&str, &str, &[&str], u16)] = &[("0", "same?", YES_NO, 0), ("1", "same?", YES_NO, 0)];
    let both = joined(vec![file("a", items), file("b", items), file("c", &items[1..])]);
    assert_eq!(both.table.items.len(), 2);
    assert!(both.lints.is_empty() && both.notes.is_empty());
}

#[test]
fn two_parts_of_a_run_are_not_one_item() {
    let parts = vec![file("a", &[("0", "same?", YES_NO, 0)]), file("a", &[("7", "same?", YES_NO, 0)])];
    assert_eq!(joined(parts).table.items.len(), 2);
}

#[test]
fn another_template_is_no_other_question() {
    let texts = ["what is red like?", "what is green like?", "what is blue like?"];
    let shown: Vec<String> = texts.iter().map(|t| format!("Question: {t} Answer:")).collect();
    let of = |texts: [&str; 3]| -> Vec<(&str, String)> {
        ["q-0", "q-1", "q-2"].into_iter().zip(texts.map(str::to_owned)).collect()
    };
    let make = |model: &str, items: Vec<(&str, String)>| {
        let items: Vec<(&str, &str, &[&str], u16)> =
            items.iter().map(|(id, text)| (*id, text.as_str(), YES_NO, 0)).collect();
        file(model, &items)
    };
    let other = of([&shown[0], &shown[1], &shown[2]]);
    let all = joined(vec![make("a", of(texts)), make("b", other.clone()), make("c", other)]);
    assert_eq!(all.table.items.len(), 3);
    let lint: Vec<(&str, usize)> = all.lints.iter().map(|l| (l.code, l.count)).collect();
    assert_eq!(lint, [("texts_in_other_words", 3)]);
    let strange = of(["seven plus one", "who wrote it", "capital city"]);
    assert_eq!(joined(vec![make("a", of(texts)), make("b", strange)]).table.items.len(), 6);
}

#[test]
fn other_numbers_in_one_template_are_other_questions() {
    let make = |model: &str, numbers: [(u16, u16); 3]| {
        let mut all = file(model, &[]);
        for (at, (a, b)) in numbers.into_iter().enumerate() {
            let question = format!("What is the sum of {a} and {b}?");
            let item = Item {
                question: Some(question.into()),
                gold_text: Some((a + b).to_string().into()),
                ..Item::new("b", None, format!("{at}"))
            };
            all.table.items.push(item);
            all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
        }
        all
    };
    let all = joined(vec![make("a", [(1, 2), (3, 4), (5, 6)]), make("b", [(7, 8), (9, 1), (2, 2)])]);
    assert_eq!(all.table.items.len(), 6);
    assert_eq!(all.lints[0].code, "texts_differ");
}

#[test]
fn documents_without_texts_are_known_by_their_hashes() {
    let make = |model: &str, hashes: &[&str]| {
        let mut all = file(model, &[]);
        for (at, hash) in hashes.iter().enumerate() {
            let item = Item { doc_hash: Some((*hash).into()), ..Item::new("b", None, format!("{at}")) };
            all.table.items.push(item);
            all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
        }
        all
    };
    let n_items = |files: Vec<Fragment>| joined(files).table.items.len();
    // One file begins a document later.
    assert_eq!(n_items(vec![make("a", &["p", "q", "r"]), make("b", &["q", "r", "s"])]), 4);
    // Another version of the harness has hashes of its own.
    assert_eq!(n_items(vec![make("a", &["p", "q", "r"]), make("b", &["x", "y", "z"])]), 3);
}

#[test]
fn files_that_count_from_one_are_joined_to_those_that_count_from_zero() {
    let make = |model: &str, numbers: std::ops::Range<u16>, has_texts: bool| {
        let mut all = file(model, &[]);
        for (at, number) in numbers.clone().enumerate() {
            let question = has_texts.then(|| format!("question {at}?").into());
            all.table.items.push(Item { question, ..Item::new("b", None, number.to_string()) });
            all.table.push(Row::new(0, at as u32, 0, Some(f64::from(at as u32 % 2))));
        }
        all
    };
    let codes = |joined: &Joined| joined.lints.iter().map(|l| (l.code, l.count)).collect::<Vec<_>>();
    for (first, has_texts) in [(0, true), (0, false), (1, true), (1, false)] {
        let files = vec![
            make("a", first..first + 20, has_texts),
            make("b", 1..21, false),
            make("c", 0..20, false),
            make("d", 1..21, !has_texts),
        ];
        let joined = joined(files);
        assert_eq!(joined.table.items.len(), 20, "{first} {has_texts}");
        let n_shifted = if first == 0 { 40 } else { 20 };
        assert_eq!(codes(&joined), [("items_counted_from_another_number", n_shifted)]);
        let of = |model: &str| -> Vec<(u32, Option<f64>)> {
            let rows = joined.table.rows().filter(|row| joined.table.runs[row.run as usize].id == model);
            rows.map(|row| (row.item, row.score)).collect()
        };
        assert!(["b", "c", "d"].iter().all(|model| of(model) == of("a")));
    }
    let fewer = joined(vec![make("a", 0..20, true), make("b", 1..15, false)]);
    assert_eq!((fewer.table.items.len(), codes(&fewer)), (20, vec![("items_may_be_one_off", 14)]));
    // Where both have texts these tell which item it is.
    let both = joined(vec![make("a", 0..20, true), make("b", 1..21, true)]);
    assert_eq!((both.table.items.len(), codes(&both)), (20, vec![]));
    let lacks_one = joined(vec![make("a", 0..20, true), make("b", 1..20, false)]);
    assert_eq!((lacks_one.table.items.len(), codes(&lacks_one)), (20, vec![("items_may_be_one_off", 19)]));
}

#[test]
fn one_name_under_two_subjects_is_two_items() {
    let make = |model: &str, items: &[(&str, &str)]| {
        let mut all = file(model, &[]);
        for (at, (subject, id)) in items.iter().enumerate() {
            all.table.items.push(Item::new("b", Some(subject), *id));
            all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
        }
        all.table.runs[0].files = vec![format!("{model} {}.csv", items[0].0)];
        all
    };
    let ids = |files: Vec<Fragment>| -> Vec<String> {
        let joined = joined(files);
        joined.table.rows().map(|row| joined.table.items[row.item as usize].id.to_string()).collect()
    };
    let (law, med) = (&[("law", "0"), ("law", "1")][..], &[("med", "0"), ("med", "1")][..]);
    let both = vec![make("a", law), make("a", med), make("b", med), make("b", law)];
    assert_eq!(ids(both), ["0", "1", "med/0", "med/1", "med/0", "med/1", "0", "1"]);
    let qualified = make("a", &[("law", "law/0"), ("med", "med/0")]);
    let spelt = make("b", &[("Law", "0"), ("med", "0")]);
    assert_eq!(ids(vec![qualified, spelt]), ["law/0", "med/0", "0", "med/0"]);
    assert_eq!(
        ids(vec![make("a", law), make("b", &[("law", "law/0"), ("law", "law/1")])]),
        ["0", "1"].repeat(2)
    );
    // A name that is no number is one of the data set, whatever a file calls its subject, but not twice in a run.
    let named = |subject| [(subject, "q-a"), (subject, "q-b")];
    assert_eq!(ids(vec![make("a", &named("law")), make("b", &named("rights"))]), ["q-a", "q-b"].repeat(2));
    let twice = vec![make("a", &named("law")), make("a", &named("med"))];
    assert_eq!(ids(twice), ["q-a", "q-b", "med/q-a", "med/q-b"]);
}

#[test]
fn names_are_places_where_only_a_number_stands() {
    assert!(["12", "astronomy/3", "id147"].iter().all(|id| is_place(id)));
    assert!(["astronomy-003", "", "q1", "a/b"].iter().all(|id| !is_place(id)));
}
