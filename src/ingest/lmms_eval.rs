//! What did a model answer to lmms-eval? Rows like those of lm-evaluation-harness, with answers in place of
//! scores.

use super::build::Builder;
use super::fragment::counted;
use super::json::records;
use super::json::value::{letter, name, number, text_at};
use super::lm_eval::file_name::lmms_samples;
use super::lm_eval::groups::benchmark_of;
use super::lm_eval::{Context, Results};
use super::{Fragment, ReadError, Source};
use crate::response::Row;
use serde_json::Value;
use std::collections::HashMap;

/// Fields of a row that are no metrics.
const FIELDS: [&str; 14] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "token_counts",
    "input_media",
    "input",
    "doc_hash",
    "prompt_hash",
    "target_hash",
    "filter",
    "metrics",
];

/// Reads `<date>_samples_<task>.jsonl`; the model is in the `<date>_results.json` beside it, else the directory.
///
/// A metric is a number, or an object with a `score`, or an object with the answer that was parsed and the key.
/// In the last case the score is whether they are equal, and a note says so. From 0.5.0 rows have no document: the
/// question is the input.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, context: &Context) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "lmms-eval");
    let file = source.file_name();
    let stem = file.strip_suffix(".jsonl").or(file.strip_suffix(".json")).unwrap_or(&file);
    let (task, date) = lmms_samples(&file).unwrap_or((stem, ""));
    let results = context.find(source, Some(date).filter(|date| !date.is_empty()));
    let (benchmark, subject) = benchmark_of(task, results);
    let run = run(&mut build, source, results, task, date, &benchmark);
    let native_is_one = names_are_unique(source)?;
    let mut derived = 0usize;
    let passage = records(source, |row, record: Value| {
        let of_doc = |key: &str| record["doc"].get(key).and_then(name);
        let native = native_id(&record);
        let doc_id = name(&record["doc_id"]);
        let id = native.clone().filter(|_| native_is_one).or(doc_id).or_else(|| native.clone());
        let Some(id) = id else { return };
        let scored = Scored::of(&record);
        let fields = record.as_object().into_iter().flatten();
        for (key, value) in fields.filter(|(key, _)| !FIELDS.contains(&key.as_str())) {
            let parsed =
                ["parsed_pred", "pred_answer", "pred"].iter().find_map(|k| value.get(*k)).and_then(name);
            let answer = ["answer", "gt", "label"].iter().find_map(|k| value.get(*k)).and_then(name);
            let given = number(value).or_else(|| value.get("score").and_then(number));
            if given.is_none() && answer.is_none() {
                continue;
            }
            let of_metric = ["subdomain", "category"].iter().find_map(|k| text_at(value, &[k]));
            let subject = subject.clone().or_else(|| of_doc("subject")).or_else(|| of_doc("category"));
            let subject = subject.or_else(|| of_metric.map(str::to_owned));
            let item = build.item(&benchmark, subject.as_deref(), &id, |item| {
                item.native_id.clone_from(&native);
                item.question = of_doc("question").or_else(|| name(&record["input"])).map(Into::into);
                let target = name(&record["target"]);
                item.gold = target.as_deref().and_then(letter).or(scored.gold);
                item.gold_text = target.map(Into::into);
                item.doc_hash = name(&record["doc_hash"]);
            });
            let score = given.or_else(|| {
                let equal = parsed.as_deref()?.trim() == answer.as_deref()?.trim();
                derived += 1;
                Some(f64::from(u8::from(equal)))
            });
            let metric = build.metric(&benchmark, key, None, true);
            let mut row_of = Row::new(run, item, metric, score);
            row_of.chosen = parsed.as_deref().and_then(letter);
            row_of.gold = answer.as_deref().and_then(letter);
            if let (Some(chosen), Some(gold), None) = (scored.chosen, scored.gold, &parsed)
                && score == Some(f64::from(u8::from(chosen == gold)))
            {
                (row_of.chosen, row_of.gold) = (Some(chosen), Some(gold));
            }
            let prediction = parsed.or_else(|| answer_of(&record));
            row_of.prediction = prediction.filter(|p| p.len() <= 64).map(Into::into);
            build.push(row_of, row);
        }
    })?;
    if derived > 0 {
        let message = "scores of this task are worked out by the harness at its end: here an answer is right if \
                       it equals the key";
        build.note(None, format!("{}: {message}", counted(derived, "answer", "answers")));
    }
    build.finish(Some(&passage), "a metric with a score or with answer and key")
}

fn run(
    build: &mut Builder,
    source: &Source,
    results: Option<&Results>,
    task: &str,
    date: &str,
    benchmark: &str,
) -> u32 {
    let directory = source.directories().pop().unwrap_or_default();
    let named = results.and_then(|results| results.model_name.clone());
    let model = named.clone().unwrap_or_else(|| directory.replacen("__", "/", 1));
    let n_shot = results.and_then(|results| results.tasks.get(task)?.n_shot);
    build.run(&model, &[date, benchmark], |run| {
        run.model_raw = Some(named.unwrap_or(directory));
        run.timestamp = Some(date.to_owned()).filter(|d| !d.is_empty());
        run.n_shot = n_shot;
        run.files.extend(results.map(|results| results.file.clone()));
    })
}

/// The name that the data set gives a document: in one of its metrics, or in the document.
fn native_id(record: &Value) -> Option<String> {
    const NAMES: [&str; 2] = ["id", "question_id"];
    let fields = record.as_object().into_iter().flatten();
    let of_metrics = fields.filter(|(key, _)| !FIELDS.contains(&key.as_str())).map(|(_, value)| value);
    let named = |value: &Value| NAMES.iter().find_map(|key| value.get(*key).and_then(name));
    of_metrics.into_iter().find_map(named).or_else(|| named(&record["doc"]))
}

/// Whether no two documents have one name: two questions about one picture often do.
fn names_are_unique(source: &Source) -> Result<bool, ReadError> {
    let mut document_of: HashMap<String, Option<String>> = HashMap::new();
    let mut unique = true;
    records(source, |_, record: Value| {
        let document = name(&record["doc_id"]);
        if let Some(native) = native_id(&record) {
            unique &= *document_of.entry(native).or_insert_with(|| document.clone()) == document;
        }
    })?;
    Ok(unique)
}

/// What was answered, where the answer is one text.
fn answer_of(record: &Value) -> Option<String> {
    match &record["filtered_resps"] {
        Value::Array(all) if all.len() == 1 => name(&all[0]),
        one => name(one),
    }
}

/// The option chosen and the key, where options were scored one by one: `[["-1.0", "False"], …]`.
#[derive(Default)]
struct Scored {
    chosen: Option<u16>,
    gold: Option<u16>,
}

impl Scored {
    fn of(record: &Value) -> Self {
        let answers = record["filtered_resps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let logps: Option<Vec<f64>> = answers
            .iter()
            .map(|answer| answer.as_array().filter(|pair| pair.len() == 2).and_then(|pair| number(&pair[0])))
            .collect();
        let Some(logps) = logps.filter(|logps| logps.len() > 1) else { return Self::default() };
        let best = (0..logps.len()).reduce(|best, k| if logps[k] > logps[best] { k } else { best });
        let gold =
            number(&record["target"]).filter(|g| g.fract() == 0.0 && *g >= 0.0 && *g < logps.len() as f64);
        Self {
            chosen: best.and_then(|best| u16::try_from(best).ok()),
            gold: gold.and_then(|gold| u16::try_from(gold as usize).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, text: &str) -> Fragment {
        let path = format!("out/toy-org__Toy-7B/{name}");
        let source = Source::new(path, None, text.as_bytes().to_vec());
        read(&source, &Context::default()).unwrap()
    }

    #[test]
    fn two_questions_about_one_picture_are_two_items() {
        let line = |doc: u8, score: u8| {
            format!(
                "{{\"doc_id\": {doc}, \"target\": \"Yes\", \"filtered_resps\": [\"Yes\"], \"doc_hash\": \"h{doc}\", \
                 \"score\": {{\"question_id\": \"picture.png\", \"category\": \"count\", \"score\": {score}}}, \
                 \"input\": \"is it {doc}?\"}}\n"
            )
        };
        let text = line(0, 1) + &line(1, 0);
        let table = read_text("20260101_000000_samples_mme.jsonl", &text).table;
        let ids: Vec<&str> = table.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, ["0", "1"]);
        let item = &table.items[1];
        assert_eq!((item.subject.as_deref(), item.question().as_deref()), (Some("count"), Some("is it 1?")));
        let scores: Vec<_> = table.rows().map(|row| row.score).collect();
        assert_eq!(scores, [Some(1.0), Some(0.0)]);
        assert_eq!(table.runs[0].timestamp.as_deref(), Some("20260101_000000"));
        assert_eq!(table.items[0].benchmark, "mme");
    }

    #[test]
    fn options_scored_one_by_one_give_choice_and_key() {
        let text = "{\"doc_id\": 0, \"target\": \"0\", \"filtered_resps\": [[\"-3.0\", \"False\"], [\"-1.0\", \
                    \"False\"]], \"doc_hash\": \"h\", \"acc\": 0.0, \"input\": \"which?\"}\n";
        let table = read_text("20260101_000000_samples_two.jsonl", text).table;
        let row = table.rows().next().unwrap();
        assert_eq!((row.score, row.chosen, row.gold), (Some(0.0), Some(1), Some(0)));
    }
}
