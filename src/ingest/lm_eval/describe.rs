//! What was asked? The question, its options and its key, as one record of a samples file tells them.

use super::options::{Options, in_fields, listed, several};
use super::sample::{Doc, Sample};
use crate::ingest::json::Scalar;
use crate::ingest::json::value::letter_of_any_case;
use crate::response::{Item, OptionScore};
use std::borrow::Cow;

/// Names of the field that holds the question, one of them in almost every task.
const QUESTION_FIELDS: [&str; 12] = [
    "question",
    "query",
    "problem",
    "prompt",
    "input",
    "goal",
    "ctx",
    "sentence",
    "instruction",
    "text",
    "premise",
    "context",
];

/// Words in names of fields that show options, keys or what is said about them: no part of the question, whose order
/// and text may differ from run to run.
const NO_QUESTION: [&str; 10] = [
    "answer",
    "choice",
    "option",
    "ending",
    "explanation",
    "rationale",
    "solution",
    "target",
    "label",
    "gold",
];

/// Fields that describe an item beside its subject.
const METADATA_FIELDS: [&str; 10] = [
    "id",
    "question_id",
    "task_id",
    "subject",
    "category",
    "level",
    "type",
    "difficulty",
    "domain",
    "source",
];

/// The options as text: as the document lists them, else as they were scored.
pub(super) fn option_texts<'s>(sample: &'s Sample, options: Option<&Options<'s>>) -> Vec<&'s str> {
    let n = options.map(Options::n);
    if n == Some(1) {
        return Vec::new();
    }
    match (listed(&sample.doc, n), options) {
        (Some(list), _) => list.iter().map(|text| text.as_ref()).collect(),
        (None, Some(options)) if !options.prompts_differ => {
            let scored: Vec<&str> = options.scored.iter().map(|o| o.text).collect();
            // Letters stand for what the document has in fields of their own.
            let are_letters = (0..).zip(&scored).all(|(k, text)| letter_of_any_case(text) == Some(k));
            in_fields(&sample.doc, scored.len()).filter(|_| are_letters).unwrap_or(scored)
        }
        (None, _) => Vec::new(),
    }
}

/// Fills in what the first sample of an item says about it.
pub(super) fn describe(
    item: &mut Item,
    sample: &Sample,
    texts: &[&str],
    options: Option<&Options>,
    gold: Option<u16>,
) {
    item.doc_hash = sample.doc_hash.as_ref().and_then(Scalar::name);
    item.gold = gold;
    let n_options = options.map_or(0, Options::n);
    let key = gold.and_then(|g| texts.get(usize::from(g)).map(|t| (*t).to_owned())).or_else(|| {
        match sample.target.as_slice() {
            // Several keys stay a list.
            [target] if n_options < 2 || several(&sample.target, n_options) => target.name(),
            [_, _, ..] if n_options > 1 => {
                let names: Vec<String> = sample.target.iter().filter_map(Scalar::name).collect();
                Some(format!("[{}]", names.join(", ")))
            }
            _ => None,
        }
    });
    item.gold_text = key.map(Into::into);
    if let Some(question) = question(&sample.doc) {
        item.question = Some(question.into_owned().into());
    }
    if !texts.is_empty() {
        item.options = Some(texts.iter().map(|t| (*t).to_owned()).collect());
    }
    let metadata: serde_json::Map<_, _> = sample
        .doc
        .fields
        .iter()
        .filter(|(key, _)| METADATA_FIELDS.contains(&key.0.as_ref()))
        .filter_map(|(key, value)| Some((key.0.clone().into_owned(), value.name()?.into())))
        .collect();
    if !metadata.is_empty() {
        item.metadata_json = Some(serde_json::Value::Object(metadata).to_string().into());
    }
}

/// The question of a document: the field that usually holds it, else all its texts but options and keys.
fn question<'d>(doc: &'d Doc) -> Option<Cow<'d, str>> {
    let text = |value: &'d Scalar| match value {
        Scalar::Text(text) if !text.trim().is_empty() => Some(text.as_ref()),
        _ => None,
    };
    let by_name = QUESTION_FIELDS.iter().find_map(|name| {
        let mut named = doc.fields.iter().filter(|(key, _)| key.0.eq_ignore_ascii_case(name));
        named.find_map(|(_, value)| text(value))
    });
    by_name.map(Cow::Borrowed).or_else(|| {
        let asks = |key: &str| {
            let key = key.to_lowercase();
            key.chars().count() > 1 && !NO_QUESTION.iter().any(|word| key.contains(word))
        };
        let texts = |asks: &dyn Fn(&str) -> bool| -> Vec<&str> {
            doc.fields.iter().filter(|(key, _)| asks(&key.0)).filter_map(|(_, value)| text(value)).collect()
        };
        let all = Some(texts(&asks)).filter(|all| !all.is_empty()).unwrap_or_else(|| texts(&|_| true));
        (!all.is_empty()).then(|| Cow::Owned(all.join("\n")))
    })
}

/// The log-probabilities of the options of an attempt of run 0.
pub(super) fn option_scores(options: &Options<'_>, item: u32) -> impl Iterator<Item = OptionScore> {
    let finite = |value: f64| Some(value as f32).filter(|v| v.is_finite());
    options.scored.iter().enumerate().map(move |(k, o)| {
        let per = |length: usize| (length > 0).then(|| finite(o.logp / length as f64)).flatten();
        OptionScore {
            run: 0,
            item,
            option: k as u16,
            logp_sum: finite(o.logp),
            logp_per_char: per(o.text.chars().count()),
            logp_per_byte: per(o.text.len()),
            logp_uncond: o.logp_uncond.and_then(finite),
            num_tokens: None,
            is_greedy: o.is_greedy,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(doc: &str) -> String {
        question(&serde_json::from_str::<Doc>(doc).unwrap()).unwrap().into_owned()
    }

    #[test]
    fn the_question_has_no_options_and_no_key() {
        assert_eq!(asked(r#"{"Correct Answer": "x", "Question": "why?", "choice1": "y"}"#), "why?");
        // Without a field of a usual name.
        let doc =
            r#"{"Passage": "p", "Incorrect Answer 1": "w", "choice1": "y", "A": "z", "Explanation": "e"}"#;
        assert_eq!(asked(doc), "p");
        assert_eq!(asked(r#"{"answer": "x"}"#), "x");
    }

    #[test]
    fn letters_stand_for_fields() {
        let record = |doc: &str, options: [&str; 2]| {
            format!(
                r#"{{"doc_id": 0, "doc": {doc}, "arguments": [["q", " {}"], ["q", " {}"]], "resps": [[[-1.0, false]],
                [[-2.0, false]]], "filtered_resps": [[-1.0, false], [-2.0, false]], "acc": 1.0}}"#,
                options[0], options[1]
            )
        };
        let texts = |text: &str| {
            let sample: Sample = serde_json::from_str(text).unwrap();
            let options = Options::read(&sample.requests, &sample.answers, " ");
            option_texts(&sample, options.as_ref()).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        for doc in [
            r#"{"question": "?", "A": "x", "B": "y"}"#,
            r#"{"question": "?", "choice1": "x", "choice2": "y"}"#,
            r#"{"question": "?", "opa": "x", "opb": "y", "opc": "z"}"#,
            r#"{"question": "?", "Choices": ["x", "y"]}"#,
        ] {
            assert_eq!(texts(&record(doc, ["A", "B"])), ["x", "y"], "{doc}");
            assert_eq!(texts(&record(doc, ["(A)", "(B)"])), ["x", "y"], "{doc}");
        }
        let of_words = r#"{"sentence": "_", "option1": "x", "option2": "y"}"#;
        assert_eq!(texts(&record(of_words, ["u", "v"])), ["u", "v"]);
    }
}
