//! What does one line of a samples file say? The document, the requests, the answers and their score.

use super::lm_eval::Task;
use crate::response::{Item, OptionScore, Row};
use crate::simulate::text::letter;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The three hashes of a sample, by which the harness knows documents, prompts and targets again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hashes {
    pub document: String,
    pub prompt: String,
    pub target: String,
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line, its hashes, and the number of options if it is scored by log-probabilities.
pub(super) fn sample(
    task: &Task,
    item: &Item,
    document: usize,
    row: &Row,
    logp: &[OptionScore],
) -> (Value, Hashes, Option<usize>) {
    let question = item.question().map_or_else(|| item.id.to_string(), Cow::into_owned);
    let choices = item.options().unwrap_or_default();
    let scored_by_logp = !logp.is_empty() && logp.len() == choices.len() && row.gold.is_some();
    let mut doc = Map::new();
    doc.insert("question".to_owned(), json!(question));
    let mut prompt = question;
    if !choices.is_empty() {
        for (k, text) in choices.iter().enumerate() {
            prompt.push_str(&format!("\n{}. {text}", letter(k)));
        }
        doc.insert("choices".to_owned(), json!(choices));
    }
    prompt.push_str("\nAnswer:");

    let target = match (scored_by_logp, row.gold.or(item.gold)) {
        (true, Some(gold)) => gold.to_string(),
        (false, Some(gold)) => letter(gold as usize).to_string(),
        _ => item.gold_text().map_or_else(|| format!("answer to {}", item.id), Cow::into_owned),
    };
    let answer = if scored_by_logp { json!(row.gold) } else { json!(target) };
    doc.insert("answer".to_owned(), answer);
    doc.insert("subject".to_owned(), json!(task.subject.as_deref().unwrap_or(&task.benchmark)));
    let doc = Value::Object(doc);

    let (arguments, resps, filtered) = if scored_by_logp {
        by_log_probability(&prompt, logp)
    } else {
        generated(&prompt, &text_given(row, &target))
    };
    // The harness hashes the document as it prints it, with an indent of two.
    let printed = serde_json::to_string_pretty(&doc).unwrap_or_default();
    let hashes = Hashes { document: sha256(&printed), prompt: sha256(&prompt), target: sha256(&target) };
    let mut line = Map::new();
    line.insert("doc_id".to_owned(), json!(document));
    line.insert("doc".to_owned(), doc);
    line.insert("target".to_owned(), json!(target));
    line.insert("arguments".to_owned(), arguments);
    line.insert("resps".to_owned(), resps);
    line.insert("filtered_resps".to_owned(), filtered);
    line.insert("filter".to_owned(), json!(task.filter));
    line.insert("metrics".to_owned(), json!([task.metric]));
    line.insert("doc_hash".to_owned(), json!(hashes.document));
    line.insert("prompt_hash".to_owned(), json!(hashes.prompt));
    line.insert("target_hash".to_owned(), json!(hashes.target));
    line.insert(task.metric.clone(), json!(row.score));
    (Value::Object(line), hashes, scored_by_logp.then_some(choices.len()))
}

/// What a model wrote that chose so, or scored so.
fn text_given(row: &Row, target: &str) -> String {
    match (&row.prediction, row.chosen, row.score) {
        (Some(text), _, _) => text.to_string(),
        (None, Some(chosen), _) => letter(chosen as usize).to_string(),
        (None, None, Some(1.0)) => target.to_owned(),
        (None, None, Some(0.0)) => format!("not the {target}"),
        (None, None, score) => format!("{target}, to a part of {}", score.unwrap_or_default()),
    }
}

fn by_log_probability(prompt: &str, logp: &[OptionScore]) -> (Value, Value, Value) {
    let arguments: Map<String, Value> = (0..logp.len())
        .map(|k| (format!("gen_args_{k}"), json!({"arg_0": prompt, "arg_1": format!(" {}", letter(k))})))
        .collect();
    let answers: Vec<[String; 2]> = logp
        .iter()
        .map(|o| {
            let greedy = if o.is_greedy == Some(true) { "True" } else { "False" };
            [o.logp_sum.map_or_else(|| "-inf".to_owned(), |l| l.to_string()), greedy.to_owned()]
        })
        .collect();
    let nested: Vec<Value> = answers.iter().map(|a| json!([a])).collect();
    (Value::Object(arguments), json!(nested), json!(answers))
}

fn generated(prompt: &str, text: &str) -> (Value, Value, Value) {
    let settings = json!({"until": ["\n\n"], "do_sample": false});
    let arguments = json!({"gen_args_0": {"arg_0": prompt, "arg_1": settings}});
    (arguments, json!([[format!(" {text}")]]), json!([text]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first sample of a run of the harness itself: its three hashes.
    #[test]
    fn hashes_are_those_of_the_harness() {
        let doc = json!({
            "question": "Toy astronomy question number 0: which option is right?",
            "choices": ["Venus", "Moon", "Sun", "Mars"], "answer": 0, "subject": "astronomy",
        });
        assert_eq!(
            sha256(&serde_json::to_string_pretty(&doc).unwrap()),
            "29617a89a844c501547ec24b97360ba81faa5f65d8eeb499d691cff4c8218e4e"
        );
        let task = Task {
            name: "toy_mmlu_astronomy".to_owned(),
            benchmark: "toy_mmlu".to_owned(),
            subject: Some("astronomy".to_owned()),
            metric: "acc".to_owned(),
            filter: "none".to_owned(),
        };
        let item = Item {
            question: Some("Toy astronomy question number 0: which option is right?".into()),
            options: Some(["Venus", "Moon", "Sun", "Mars"].map(str::to_owned).to_vec().into()),
            gold: Some(0),
            ..Item::new("toy_mmlu", Some("astronomy"), "0")
        };
        let row = Row { chosen: Some(2), gold: Some(0), ..Row::new(0, 0, 0, Some(0.0)) };
        let logp = [-1.88, -2.46, -1.54, -2.35].map(|l| OptionScore {
            run: 0,
            item: 0,
            option: 0,
            logp_sum: Some(l),
            logp_per_char: None,
            logp_per_byte: None,
            logp_uncond: None,
            num_tokens: None,
            is_greedy: None,
        });
        let (line, hashes, n_options) = sample(&task, &item, 0, &row, &logp);
        assert_eq!(
            hashes.document, "29617a89a844c501547ec24b97360ba81faa5f65d8eeb499d691cff4c8218e4e",
            "{line}"
        );
        assert_eq!(hashes.prompt, "55e1e452a29053776edb1864d2ae2d6e15cd31c9bfe45a3ffe7768ca9b1b84d2");
        assert_eq!(hashes.target, "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
        assert_eq!(n_options, Some(4));
        assert_eq!(line["filtered_resps"][0], json!(["-1.88", "False"]));
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "doc_id",
                "doc",
                "target",
                "arguments",
                "resps",
                "filtered_resps",
                "filter",
                "metrics",
                "doc_hash",
                "prompt_hash",
                "target_hash",
                "acc"
            ]
        );
    }
}
