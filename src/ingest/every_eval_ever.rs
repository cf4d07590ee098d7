//! What do the records of Every Eval Ever say? One line for each sample and metric; another file says of what.

use super::build::Builder;
use super::fragment::counted;
use super::item_hash;
use super::json::value::{letter, name, number, text_at, texts};
use super::json::{first_record, records, text_of};
use super::lm_eval::groups::benchmark_of;
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;
use std::collections::HashMap;

/// Reads `<uuid>_samples.jsonl`, with the `<uuid>.json` beside it.
///
/// The name of a sample is not always one: groups of tasks repeat it for every task. Names that stand for more
/// than one text get the hash of the text behind them. A sample with an error has no score, although the format
/// requires one.
///
/// # Errors
/// [`ReadError`] where not one record could be read.
pub fn read(source: &Source, beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "every_eval_ever");
    let stem = source.file_name().split("_samples").next().unwrap_or_default().to_owned();
    let about = beside.iter().find(|s| s.file_name().trim_end_matches(".json") == stem);
    let about: Value = about.and_then(|s| first_record(&text_of(s).ok()?)).unwrap_or(Value::Null);
    let described = |metric: &str| {
        let all = about["evaluation_results"].as_array().into_iter().flatten();
        all.into_iter().find(|r| r["evaluation_result_id"] == metric)
    };
    let mut texts_of: HashMap<String, Vec<u64>> = HashMap::new();
    records(source, |_, record: Value| {
        if let Some(id) = name(&record["sample_id"]) {
            let hashes = texts_of.entry(id).or_default();
            let hash = hash_of(&record);
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
    })?;
    let n_ambiguous = texts_of.values().filter(|hashes| hashes.len() > 1).count();
    if n_ambiguous > 0 {
        let message = format!(
            "{} for more than one text, as tasks of a group, perturbations and trials do: told apart by the text, as \
             NAME#HASH",
            counted(n_ambiguous, "name of a sample stands", "names of samples stand")
        );
        build.note(None, message);
    }
    let mut faults = Vec::new();
    let mut repeats: HashMap<(u32, u32, u32), u32> = HashMap::new();
    let mut passage = records(source, |row, record: Value| {
        let field = |key: &str| record.get(key).and_then(name);
        let (Some(model), Some(task), Some(sample)) =
            (field("model_id"), field("evaluation_name"), field("sample_id"))
        else {
            faults.push(row);
            return;
        };
        let evaluation = field("evaluation_id").unwrap_or_default();
        let (benchmark, subject) = benchmark_of(&task, None);
        let run = build.run(&model, &[&evaluation], |run| {
            run.timestamp = text_at(&about, &["evaluation_timestamp"]).map(str::to_owned);
            let library = text_at(&about, &["eval_library", "name"]).filter(|name| *name != "unknown");
            // The converter's name for it.
            let library = library.map(|name| if name == "lm_eval" { "lm-evaluation-harness" } else { name });
            run.harness = library.map(str::to_owned).or(run.harness.take());
            run.harness_version = text_at(&about, &["eval_library", "version"]).map(str::to_owned);
        });
        let id = match texts_of.get(&sample) {
            Some(hashes) if hashes.len() > 1 => format!("{sample}#{:08x}", hash_of(&record) >> 32),
            _ => sample.clone(),
        };
        let input = &record["input"];
        let options = texts(&input["choices"]);
        let key = input["reference"].get(0).and_then(name);
        // The harness gives the place of the key, the converter writes it down as if it were the key.
        let is_place = !record["metadata"]["lm_eval_metrics"].is_null();
        let gold =
            options.as_deref().zip(key.as_deref()).and_then(|(options, key)| match key.parse::<u16>() {
                Ok(place) if is_place => Some(place).filter(|place| usize::from(*place) < options.len()),
                _ => option_of(key, options),
            });
        let item = build.item(&benchmark, subject.as_deref(), &id, |item| {
            item.native_id = Some(sample.clone());
            item.question = text_at(input, &["raw"]).map(Into::into);
            item.options = options.clone().map(Into::into);
            item.gold = gold;
            item.gold_text = key.as_deref().map(Into::into);
            item.doc_hash = text_at(&record, &["metadata", "doc_hash"]).map(str::to_owned);
        });
        let result = field("evaluation_result_id").unwrap_or_else(|| "score".to_owned());
        let (metric_name, filter) = match result.split_once(':') {
            Some((metric, filter)) => (metric, Some(filter)),
            None => (result.as_str(), None),
        };
        let metric = build.metric(&benchmark, metric_name, filter, false);
        let lower = described(&result).and_then(|r| r["metric_config"]["lower_is_better"].as_bool());
        if let (Some(lower), Some(metric)) = (lower, build.metric_mut(metric)) {
            metric.higher_is_better = !lower;
        }
        let failed = !record["error"].is_null();
        let mut scored =
            Row::new(run, item, metric, number(&record["evaluation"]["score"]).filter(|_| !failed));
        if failed {
            scored.status = Status::Error;
        }
        let answer = record["answer_attribution"].get(0).and_then(|a| name(&a["extracted_value"]));
        scored.chosen =
            options.as_deref().zip(answer.as_deref()).and_then(|(all, answer)| option_of(answer, all));
        scored.gold = gold;
        scored.prediction = answer.filter(|a| a.len() <= 64).map(Into::into);
        // Repeats of one sample have no number of their own.
        let repeat = repeats.entry((run, item, metric)).or_default();
        scored.repeat = *repeat;
        *repeat += 1;
        build.push(scored, row);
    })?;
    for row in faults {
        passage.fault(row, "a record must have `model_id`, `evaluation_name` and `sample_id`");
    }
    build.finish(Some(&passage), "a scored sample")
}

/// The option that a text is: one of these words, else a letter.
fn option_of(text: &str, options: &[String]) -> Option<u16> {
    let mut alike = (0..options.len()).filter(|&at| options[at].trim() == text.trim());
    match (alike.next(), alike.next()) {
        (Some(_), Some(_)) => None,
        (Some(at), None) => u16::try_from(at).ok(),
        _ => letter(text).filter(|at| usize::from(*at) < options.len()),
    }
}

fn hash_of(record: &Value) -> u64 {
    let input = &record["input"];
    let options = texts(&input["choices"]).unwrap_or_default();
    item_hash(text_at(input, &["raw"]).unwrap_or_default(), &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_answers_are_options() {
        let options = ["Paris", "B", "7", "7"].map(str::to_owned);
        let of = |text: &str| option_of(text, &options);
        assert_eq!([of("Paris"), of("B"), of("A"), of("C")], [Some(0), Some(1), Some(0), Some(2)]);
        assert_eq!([of("7"), of("E"), of("0")], [None; 3]);
        let line = |key: &str, beside: &str| {
            let record = format!(
                "{{\"evaluation_id\": \"e\", \"model_id\": \"m\", \"evaluation_name\": \"t\", \"sample_id\": \"1\", \
                 \"input\": {{\"raw\": \"?\", \"reference\": [\"{key}\"], \"choices\": [\"1\", \"0\"]}}, \
                 \"answer_attribution\": [{{\"extracted_value\": \"1\"}}], \"evaluation\": {{\"score\": 1.0}}, \
                 \"metadata\": {{{beside}}}}}\n"
            );
            let source = Source::new("u_samples.jsonl", None, record.into_bytes());
            let table = read(&source, &[]).unwrap().table;
            (table.items[0].gold, table.row(0).chosen)
        };
        assert_eq!(line("0", ""), (Some(1), Some(0)));
        assert_eq!(line("0", "\"lm_eval_metrics\": \"\""), (Some(0), Some(0)));
        assert_eq!(line("2", "\"lm_eval_metrics\": \"\""), (None, Some(0)));
    }

    #[test]
    fn names_that_stand_for_several_texts_are_told() {
        let line = |text: &str| {
            format!(
                "{{\"evaluation_id\": \"e\", \"model_id\": \"m\", \"evaluation_name\": \"t\", \"sample_id\": \"id1\", \
                 \"input\": {{\"raw\": \"{text}\"}}, \"evaluation\": {{\"score\": 1.0}}}}\n"
            )
        };
        let read_text = |text: String| {
            let source = Source::new("u_samples.jsonl", None, text.into_bytes());
            read(&source, &[]).unwrap()
        };
        let Fragment { table, notes, .. } = read_text(line("one?") + &line("two?"));
        assert_eq!((table.items.len(), notes.len()), (2, 1));
        assert!(table.items.iter().all(|item| item.id.as_str().starts_with("id1#")));
        assert!(
            notes[0].message.starts_with("1 name of a sample stands for more than one text"),
            "{notes:?}"
        );
        let Fragment { table, notes, .. } = read_text(line("one?") + &line("one?"));
        assert_eq!((table.items.len(), table.len(), notes.len()), (1, 2, 0));
    }
}
