//! Does a table that is read in parts give what reading it whole gives?

use super::*;
use crate::ingest::plain::{Plain, read as read_whole};
use crate::store::columnar::{Written, write_arrow, write_parquet};
use std::io::Write;

const TINY: Sizes = Sizes { sample: 600, bytes: 150, rows: 40, parted_from: u64::MAX };

/// Parts of a dozen rows.
const PARTED: Sizes = Sizes { parted_from: 0, ..TINY };

fn both(name: &str, bytes: &[u8], streams: bool) {
    both_by(TINY, name, bytes, streams);
}

fn both_by(sizes: Sizes, name: &str, bytes: &[u8], streams: bool) {
    assert_eq!(compared(sizes, name, bytes), streams, "{name}");
}

/// Whether a file is read in pieces; if so, it is read as if it were whole.
fn compared(sizes: Sizes, name: &str, bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let options = IngestOptions::default();
    let found = Found::File(path);
    let streamed = read_in(&found, &options, &Meter::silent(), None, sizes).unwrap();
    let Ok(source) = crate::ingest::unwrap::open(&found, u64::MAX) else {
        assert!(streamed.is_none(), "{name}");
        return false;
    };
    if let Some((detected, gathered)) = gather::read(&found, &options, &Meter::silent(), sizes).unwrap() {
        match (gathered, read_whole(detected.format, &source, &options)) {
            (Ok(Plain::Responses(a)), Ok(Plain::Responses(b))) => {
                assert!(a.fragment.table == b.fragment.table, "{name}");
                assert_eq!(a.fragment.notes, b.fragment.notes, "{name}");
                assert_eq!((a.shape, &a.item_column, a.needs_keys), (b.shape, &b.item_column, b.needs_keys));
            }
            (Ok(Plain::Companion(a)), Ok(Plain::Companion(b))) => assert!(a.frame == b.frame, "{name}"),
            (Err(a), Err(b)) => assert_eq!(a, b, "{name}"),
            (a, b) => panic!("{name}: {a:?} is not {b:?}"),
        }
    }
    let Some((detected, streamed)) = streamed else { return false };
    let Plain::Responses(whole) = read_whole(detected.format, &source, &options).unwrap() else {
        panic!("not long")
    };
    let (a, b) = (&streamed.fragment.table, &whole.fragment.table);
    assert!((&a.runs, &a.items, &a.metrics) == (&b.runs, &b.items, &b.metrics), "{name}");
    assert!(a.rows().eq(b.rows()), "{name}");
    assert_eq!(streamed.fragment.notes, whole.fragment.notes, "{name}");
    assert_eq!((streamed.shape, &streamed.item_column), (whole.shape, &whole.item_column));
    assert_eq!(streamed.needs_keys, whole.needs_keys);
    true
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
    let tsv =
        text(|m, i, s| format!("\"{m}\"\tbench\t{i}\tsub\t{}\n", if s == "1" { "True" } else { "false" }));
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
        format!("{{\"item\": {}, \"acc\":\"{s}\",\"model\":\"{m}\"}}\n", i[5..].trim_start_matches('0').len())
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

/// Rows of five models on sixty items, with a line for each made of a model, an item and their number.
fn table(header: &str, line: impl Fn(u32, u32, u32) -> String) -> String {
    let rows = (0..300u32).map(|k| line(k / 60, k % 60, k.wrapping_mul(2_654_435_761) >> 7));
    format!("{header}\n{}", rows.map(|row| row + "\n").collect::<String>())
}

fn parted(name: &str, text: &str) {
    both_by(TINY, name, text.as_bytes(), false);
    both_by(PARTED, name, text.as_bytes(), true);
}

#[test]
fn a_table_that_says_more_of_each_row_is_read_in_parts() {
    let letter = |k: u32| char::from(b'A' + (k % 4) as u8);
    // The key of an item is not always the same, and counts as most of its rows say.
    parted(
        "keys.csv",
        &table("model,item,chosen,gold,score", |m, i, _| {
            format!("m{m},{i},A,{},1", if m == 4 { "A" } else { "B" })
        }),
    );
    parted(
        "more.csv",
        &table("model,item,question,options,chosen,gold,score,n_tokens_out,cost", |m, i, k| {
            let (chosen, gold) = (letter(k), letter(i * 7 / 3));
            let chosen = if k % 11 == 0 { "don't know".to_owned() } else { chosen.to_string() };
            let score = u8::from(chosen == gold.to_string() || k % 13 == 0);
            let options = r#""[""w"",""x"",""y"",""z""]""#;
            format!("m{m},{i},\"what\nis {i}?\",{options},{chosen},{gold},{score},{k},{k}")
        }),
    );
    parted(
        "words.csv",
        &table("model,item,model_answer,score", |m, i, k| {
            format!(
                " m{m},q{i} ,{},{}",
                "so ".repeat(k as usize % 90),
                ["1", "0", "", "error", "n/a"][k as usize % 5]
            )
        }),
    );
    parted(
        "odd.csv",
        &table("model,item,answer_given,correct", |m, i, k| {
            let score = if k % 40 == 0 { "perhaps" } else { ["yes", "no"][k as usize % 2] };
            if (m, i) == (4, 7) {
                "m4,odd".to_owned()
            } else if i == 9 {
                format!(",{i},a,{score}")
            } else {
                format!("m{m},{i},{k},{score}")
            }
        }),
    );
    parted(
        "percent.csv",
        &table("model,item,metric,filter,acc", |m, i, k| {
            format!("m{m},{i},{},strict,{}", ["acc", "f1"][k as usize % 2], k % 101)
        }),
    );
    parted(
        "two.csv",
        &table("model,item,acc,f1,status", |m, i, k| format!("m{m},{i},{},{},ok", k % 2, k % 7)),
    );
    parted(
        "runs.csv",
        &table("model,step,seed,timestamp,params,epoch,item,status,score", |m, i, k| {
            let status = ["ok", "timeout", "odd"][k as usize % 3];
            format!(
                "m{},{},{},t{k},{}M,{},{},{status},{}",
                m % 2,
                m / 2 * 1000,
                m % 3,
                m % 2 + 1,
                i % 2,
                i / 2,
                k % 2
            )
        }),
    );
    parted(
        "run_names.csv",
        &table("model,run,item,score,note", |m, i, k| format!("m{m},{},{i},{},{k}", m % 2, k % 2))
            .replace("note", "status"),
    );
    parted(
        "subjects.csv",
        &table("model,benchmark,subject,item,score,answer_given", |m, i, k| {
            format!("m{m},{},s{},{},{},{k}", if i % 2 == 0 { "x" } else { "y" }, i % 4, i / 4, k % 2)
        }),
    );
    parted(
        "positions.csv",
        &table("model,item,prediction,answer", |m, i, k| format!("m{m},{i},{},{}", k % 4 + 1, i % 4 + 1)),
    );
}

#[test]
fn records_arrays_and_parquet_are_read_in_parts_too() {
    let record = |m: u32, i: u32, k: u32| {
        let error = if m == 3 && i > 50 { ", \"error_of_call\": \"late\"" } else { "" };
        let note = if k.is_multiple_of(3) { ", \"prediction\": NaN" } else { ", \"prediction\": \"it is\"" };
        format!(
            "{{\"model\": \"m{m}\", \"item\": {i}, \"question\": \"what is {i}?\", \"score\": {}{note}{error}}}",
            k % 2
        )
    };
    let all: Vec<String> =
        (0..300u32).map(|k| record(k / 60, k % 60, k.wrapping_mul(2_654_435_761) >> 7)).collect();
    parted("t.jsonl", &all.join("\n"));
    parted("cut.jsonl", &(all.join("\n") + "\n{\"model\": \"m4\", \"it"));
    let broken = |(at, line): (usize, &String)| {
        if at % 50 == 40 { line.replace("\"item\"", "item") } else { line.clone() }
    };
    parted("broken.jsonl", &all.iter().enumerate().map(broken).collect::<Vec<_>>().join("\n"));
    parted("t.json", &format!("[{}]", all.join(",\n")));
    let words = |of: fn(u32) -> String| Written::Made((0..300).map(|k| Some(of(k))).collect());
    let columns = || {
        vec![
            ("model", words(|k| format!("m{}", k / 60))),
            ("item", words(|k| format!("{}", k % 60))),
            ("score", Written::Real((0..300).map(|k| (k % 7 > 0).then_some(f64::from(k % 2))).collect())),
            ("modelanswer", words(|k| "word ".repeat(k as usize % 50))),
        ]
    };
    let parquet = write_parquet(vec![columns(), columns()]).unwrap();
    assert!(!compared(TINY, "t.parquet", &parquet) && compared(PARTED, "t.parquet", &parquet));
}

#[test]
fn parts_that_contradict_one_another_are_read_whole() {
    let lone = |name: &str, text: String| both_by(PARTED, name, text.as_bytes(), false);
    // Options are numbered from 1 as far as the first part goes.
    lone(
        "base.csv",
        table("model,item,prediction,answer", |m, i, k| {
            format!("m{m},{i},{},{}", if m < 4 { 1 + k % 3 } else { k % 4 }, 1)
        }),
    );
    // Some metrics are percentages.
    lone(
        "scales.csv",
        table("model,item,metric,filter,value", |m, i, k| {
            format!("m{m},{i},{},x,{}", ["acc", "loss"][k as usize % 2], k % 90)
        }),
    );
    // A number that describes a run changes after the first part.
    lone(
        "facts.csv",
        table("model,item,params,score", |m, i, k| {
            format!("m{m},{i},{}B,{}", 1 + u32::from(m == 3 && i == 59), k % 2)
        }),
    );
    // What is drawn for each row tells no runs apart, and what is drawn rarely does.
    lone("seeds.csv", table("model,item,seed,score", |m, i, k| format!("m{m},{i},{k},{}", k % 2)));
}

fn delimited(names: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |text: &String| {
        let quoted = || format!("\"{}\"", text.replace('"', "\"\""));
        if text.contains([',', '"']) { quoted() } else { text.clone() }
    };
    let rows = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(","));
    rows.fold(names.join(","), |all, row| all + "\n" + &row)
}

fn records(names: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let record = |row: &Vec<String>| {
        let filled = names.iter().zip(row).filter(|(_, text)| !text.is_empty());
        let fields = filled.map(|(name, text)| ((*name).to_owned(), serde_json::Value::from(text.as_str())));
        serde_json::Value::Object(fields.collect()).to_string()
    };
    rows.iter().map(record).collect()
}

/// That items are named within their subjects only is seen after the first part: within a part, or between two.
#[test]
fn tables_of_several_subjects_are_begun_again() {
    let again = |name: &str, text: String| both_by(PARTED, name, text.as_bytes(), true);
    again(
        "models.csv",
        table("model,subject,item,score,note,status", |m, i, k| {
            format!("m{m},s{},{},{},{k},ok", i / 30, i % 30, k % 2)
        }),
    );
    let by_subject = |s: u32, i: u32, k: u32| format!("m{},b{},s{s},{},{},ok", i % 3, s / 3, i / 3, k % 2);
    again("subjects.csv", table("model,benchmark,subject,item,score,status", by_subject));
    // Names that are no numbers may be of one item, unless a run has them under two subjects.
    let name = |s: u32, i: u32, k: u32| format!("m{},s{s},q{},{},ok", i % 3, i / 3, k % 2);
    again("names.csv", table("model,subject,item,score,status", name));
    let of_another = |s: u32, i: u32, k: u32| format!("m{s},s{s},q{i},{},ok", k % 2);
    let text = table("model,subject,item,score,status", of_another);
    both_by(PARTED, "one.csv", text.as_bytes(), false);
}

/// Whatever columns there are and whatever is in them: parts give what the whole gives, or are given up.
#[test]
fn made_up_tables_are_the_same_in_parts() {
    let mut draw = drawing(77);
    let columns = [
        "benchmark",
        "subject",
        "metric",
        "filter",
        "primary",
        "epoch",
        "run",
        "step",
        "seed",
        "revision",
        "status",
        "chosen",
        "prediction",
        "answer",
        "goldtext",
        "question",
        "options",
        "logpgold",
        "ntokensout",
        "params",
        "family",
        "timestamp",
        "note",
        "acc",
        "f1",
        "value",
        "score",
    ];
    let mut n_parted = 0;
    for number in 0..400 {
        let used: Vec<&str> = columns.iter().copied().filter(|_| draw(4) == 0).collect();
        let rare = draw(3) == 0;
        let (n_models, n_items) = (1 + draw(6), 5 + draw(40));
        let names: Vec<&str> = ["model", "item"].into_iter().chain(used.iter().copied()).collect();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (m, i) in (0..n_models).flat_map(|m| (0..n_items).map(move |i| (m, i))) {
            let mut cell = |name: &str| {
                if rare && draw(60) == 0 {
                    return ["", "odd", "-1", "7", "F"][draw(5) as usize].to_owned();
                }
                match name {
                    "benchmark" => format!("b{}", i % 2),
                    "subject" => format!("s{}", i % 3),
                    "metric" => ["acc", "f1"][draw(2) as usize].to_owned(),
                    "filter" | "status" => "ok".to_owned(),
                    "primary" => "true".to_owned(),
                    "epoch" => (i % 2).to_string(),
                    "run" => format!("r{m}"),
                    "step" | "seed" => (m * 10 + i % 2).to_string(),
                    "revision" | "family" => format!("v{}", m % 3),
                    "params" => format!("{}B", m + 1),
                    "timestamp" => draw(9999).to_string(),
                    "chosen" | "prediction" => ["A", "B", "C"][draw(3) as usize].to_owned(),
                    "answer" => {
                        ["A", "B", "C"][(i + u32::from(rare && draw(9) == 0)) as usize % 3].to_owned()
                    }
                    "goldtext" | "question" => format!("text {i}"),
                    "options" => ["[\"x\",\"y\",\"z\"]", "[\"z\",\"x\",\"y\"]", "[\"y\",\"x\",\"x\"]"]
                        [draw(3) as usize]
                        .to_owned(),
                    "logpgold" => format!("-{}.5", draw(20)),
                    "ntokensout" | "note" => draw(500).to_string(),
                    _ => draw(2).to_string(),
                }
            };
            let cells: Vec<String> = used.iter().map(|name| cell(name)).collect();
            let item = if used.contains(&"subject") { i / 3 } else { i };
            let item = if number % 2 == 0 { format!("q{item}") } else { item.to_string() };
            rows.push([vec![format!("m{m}"), item], cells].concat());
        }
        let (ending, text) = match number % 3 {
            0 => ("csv", delimited(&names, &rows)),
            1 => ("jsonl", records(&names, &rows).join("\n")),
            _ => ("json", format!("[{}]", records(&names, &rows).join(", "))),
        };
        // Quotes within cells that have none around them.
        let text = if number % 6 == 0 { text.replace("text 1", "te\"xt 1") } else { text };
        let mut bytes = text.into_bytes();
        if draw(3) == 0 {
            damage(&mut bytes, &mut draw);
        }
        n_parted += usize::from(compared(PARTED, &format!("{number}.{ending}"), &bytes));
    }
    assert!(n_parted > 100, "{n_parted}");
}

/// Numbers that look drawn.
fn drawing(mut state: u64) -> impl FnMut(u32) -> u32 {
    move |n: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % n.max(1)
    }
}

/// Cuts, removes, changes or adds some bytes.
fn damage(bytes: &mut Vec<u8>, draw: &mut impl FnMut(u32) -> u32) {
    for _ in 0..1 + draw(3) {
        let at = draw((bytes.len() as u32).saturating_sub(9)) as usize;
        match draw(4) {
            0 => bytes.truncate(at + 9),
            1 => _ = bytes.drain(at..bytes.len().min(at + 9)),
            2 => bytes[at] = b"\",\n\xff0A"[draw(6) as usize],
            _ => bytes.splice(at..at, *b"\nx,y").for_each(drop),
        }
    }
}

#[test]
fn made_up_wide_tables_are_the_same_in_parts() {
    let mut draw = drawing(5);
    let mut n_parted = 0;
    for number in 0..400 {
        let (n_rows, n_columns) = (5 + draw(60), 2 + draw(12));
        let id = ["model", "item", "", "who", "index", "question_id"][draw(6) as usize];
        let described: Vec<&str> = ["benchmark", "subject", "question", "options", "note"]
            .into_iter()
            .filter(|_| draw(6) == 0)
            .collect();
        let sums = if draw(5) == 0 { vec!["Average"] } else { Vec::new() };
        let columns: Vec<String> =
            (0..n_columns).map(|c| format!("c{}", c - u32::from(draw(30) == 0 && c > 0))).collect();
        let names: Vec<&str> = std::iter::once(id)
            .chain(described.iter().copied())
            .chain(columns.iter().map(String::as_str))
            .chain(sums)
            .collect();
        let kind = draw(6);
        let rare = draw(2) == 0;
        let rows: Vec<Vec<String>> = (0..n_rows)
            .map(|r| {
                let mut cell = |at: usize, name: &str| {
                    if at > 0 && rare && draw(40) == 0 {
                        return ["", "error", "N", "2", "0.25", "??", "true"][draw(7) as usize].to_owned();
                    }
                    match (at, name) {
                        (0, "model" | "item" | "who") => {
                            format!("r{}", r - u32::from(draw(25) == 0 && r > 0))
                        }
                        (0, _) => r.to_string(),
                        (_, "benchmark") => format!("b{}", r % 2),
                        (_, "subject") => format!("s{}", r % 3),
                        (_, "question") => format!("text {r}"),
                        (_, "options") => "[\"x\",\"y\"]".to_owned(),
                        (_, "note") => "words".to_owned(),
                        (_, "Average") => "0.5".to_owned(),
                        _ => match kind {
                            0 => ["Y", "N"][draw(2) as usize].to_owned(),
                            1 => (draw(3) * 50).to_string(),
                            2 => ["0", "0.5", "1"][draw(3) as usize].to_owned(),
                            3 => ["true", "false", ""][draw(3) as usize].to_owned(),
                            _ => draw(2).to_string(),
                        },
                    }
                };
                names.iter().enumerate().map(|(at, name)| cell(at, name)).collect()
            })
            .collect();
        let (ending, text) = match number % 4 {
            0 => ("csv", delimited(&names, &rows)),
            1 => ("jsonl", records(&names, &rows).join("\n")),
            2 => ("json", format!("[{}]", records(&names, &rows).join(", "))),
            _ => (
                "csv",
                delimited(&names, &rows).split_once('\n').map_or_else(String::new, |t| t.1.to_owned()),
            ),
        };
        let mut bytes = text.into_bytes();
        if draw(3) == 0 {
            damage(&mut bytes, &mut draw);
        }
        n_parted += usize::from(compared(PARTED, &format!("{number}.{ending}"), &bytes));
    }
    assert!(n_parted > 100, "{n_parted}");
}

/// Parts that are read side by side each have a field that the others do not have.
#[test]
fn fields_that_come_late_have_their_columns() {
    let line = |r: usize| format!("{{\"model\":\"m{r}\",\"c0\":1,\"c1\":0,\"late{}\":{}}}\n", r / 5, r % 2);
    let text: String = (0..200).map(line).collect();
    both_by(PARTED, "late.jsonl", text.as_bytes(), true);
}

/// Models in rows and in columns, words and numbers, some without an answer.
#[test]
fn wide_parquet_is_read_in_parts() {
    let n = 300;
    let names: Vec<String> = (0..n).map(|k| format!("row {k}")).collect();
    for id in ["model", "item"] {
        let mut columns = vec![(id, Written::Text(names.iter().map(|m| Some(m.as_str())).collect()))];
        columns.push(("a", Written::Whole((0..n).map(|k| (k % 7 > 0).then_some(k % 2)).collect(), 16)));
        columns.push(("b", Written::Real((0..n).map(|k| Some((k % 3) as f64 / 2.0)).collect())));
        columns.push(("c", Written::Truth((0..n).map(|k| Some(k % 5 == 0)).collect())));
        columns
            .push(("d", Written::Text((0..n).map(|k| Some(["1", "0", "error"][k as usize % 3])).collect())));
        both_by(PARTED, "wide.parquet", &write_parquet(vec![columns]).unwrap(), true);
    }
}

/// Arrow files and streams of several batches, long and wide.
#[test]
fn arrow_is_read_in_parts() {
    let names: Vec<String> = (0..40).map(|k| format!("name {k}")).collect();
    let names: Vec<Option<&str>> = names.iter().map(|m| Some(m.as_str())).collect();
    let whole = |of: fn(i64) -> i64| Written::Whole((0..40).map(|k| Some(of(k))).collect(), 16);
    for is_stream in [true, false] {
        let long = |g: usize| {
            vec![
                ("model", Written::Text(vec![names[g]; 40])),
                ("item", whole(|k| k)),
                ("score", whole(|k| i64::from(k % 3 == 0))),
            ]
        };
        both_by(PARTED, "long.arrow", &write_arrow((0..9).map(long).collect(), is_stream), true);
        let wide = vec![
            ("item", Written::Text(names.clone())),
            ("a", whole(|k| k % 2)),
            ("b", whole(|k| k % 3 % 2)),
        ];
        both_by(PARTED, "wide.arrow", &write_arrow(vec![wide], is_stream), true);
    }
}

/// Damaged copies of an Arrow stream end in rows or in an error.
#[test]
fn damaged_arrow_does_no_harm() {
    let group = |g: usize| {
        vec![
            ("model", Written::Text(vec![Some(["a", "b", "c"][g % 3]); 20])),
            ("item", Written::Whole((0..20).map(Some).collect(), 16)),
            ("score", Written::Real((0..20).map(|k| Some(f64::from(k % 2))).collect())),
        ]
    };
    let mut draw = drawing(3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged.arrow");
    for is_stream in [true, false] {
        let whole = write_arrow((0..5).map(group).collect(), is_stream);
        let mut n_read = 0;
        for _ in 0..500 {
            let mut bytes = whole.clone();
            for _ in 0..1 + draw(3) {
                let at = draw(bytes.len() as u32) as usize;
                match draw(3) {
                    0 => bytes[at] ^= 1 << draw(8),
                    1 => bytes[at] = draw(256) as u8,
                    _ => bytes.truncate(at.max(16)),
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            let found = Found::File(path.clone());
            let read = read_in(&found, &IngestOptions::default(), &Meter::silent(), None, PARTED);
            n_read += usize::from(read.is_ok_and(|read| read.is_some()));
            let _ = crate::store::columnar::read_arrow(&bytes);
        }
        assert!(n_read > 20, "{n_read}");
    }
    let without_rows = write_arrow(vec![group(0)], true);
    let end = without_rows.windows(4).skip(8).position(|w| w == [0xff; 4]).unwrap() + 8;
    both_by(PARTED, "empty.arrow", &without_rows[..end], false);
}

#[test]
fn whatever_is_odd_is_read_whole() {
    let csv = |row: &str| format!("model,item,score\n{}{row}\n", text(|m, i, s| format!("{m},{i},{s}\n")));
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
