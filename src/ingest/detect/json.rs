//! Which format is a JSON file, by its shape and its fields?

use super::Detected;
use super::rules::{AUXILIARY, RULES, Rule};
use crate::ingest::bfcl;
use crate::ingest::format::Format;
use crate::ingest::fragment::ReadError;
use crate::ingest::lm_eval::file_name;
use crate::ingest::peek::{Peek, Shape};
use crate::ingest::plain::shortened;
use crate::ingest::source::Source;

/// The format of a file whose beginning looks like this.
pub(super) fn detect_json(file: &str, peek: &Peek, source: &Source) -> Result<Detected, ReadError> {
    let fits = |rule: &&Rule| {
        rule.shapes.contains(&peek.shape)
            && rule.all.iter().all(|path| peek.has(path))
            && (rule.any.is_empty() || rule.any.iter().any(|path| peek.has(path)))
    };
    if let Some(rule) = RULES.iter().find(fits) {
        if let Some(what) = of_no_items(rule.format, source) {
            let because = format!("it has {}: {what}", rule.all.join(", "));
            return Ok(Detected { format: Format::Auxiliary, because });
        }
        let because = format!("it has {}", rule.all.join(", "));
        return Ok(Detected { format: rule.format, because });
    }
    let auxiliary = AUXILIARY
        .iter()
        .find(|(shapes, all, _)| shapes.contains(&peek.shape) && all.iter().all(|path| peek.has(path)));
    if let Some((_, all, what)) = auxiliary {
        let because = format!("it has {}: {what}, which say nothing about single items", all.join(", "));
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    if peek.shape == Shape::Object && of_instances(peek) {
        let because = "each of its keys holds an object with `resolved`".to_owned();
        return Ok(Detected { format: Format::SweBench, because });
    }
    if peek.shape == Shape::Object && of_categories(peek) {
        let because = "each of its keys holds `corr`, `wrong` and `acc`: what MMLU-Pro sums up by category";
        return Ok(Detected { format: Format::Auxiliary, because: because.to_owned() });
    }
    if source.file_name() == "dataset_dict.json" && peek.has("splits") {
        let because = "it is the list of the splits of a data set that was saved".to_owned();
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    let of_nothing = ["costs.json", "runs_to_run_suites.json"].contains(&source.file_name().as_str());
    if peek.shape == Shape::Object && peek.fields.is_empty() && !peek.truncated && of_nothing {
        let because = "it is an empty list of a HELM release".to_owned();
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    if let Some(what) = of_helm_release(peek).filter(|_| peek.shape == Shape::Object) {
        let because = format!("it is {what} of a HELM release, which say nothing about single items");
        return Ok(Detected { format: Format::Auxiliary, because });
    }
    if peek.shape == Shape::Object && of_logs(peek) {
        let because =
            "each of its keys holds the header of a log of Inspect, which says nothing about single items";
        return Ok(Detected { format: Format::Auxiliary, because: because.to_owned() });
    }
    let names: Vec<&str> = peek.fields.iter().map(|(name, _)| &**name).collect();
    if of_programs(peek, &names) {
        let because =
            "it has task_id and solution: the programs that EvalPlus tests, without what came of them";
        return Ok(Detected { format: Format::Auxiliary, because: because.to_owned() });
    }
    if peek.shape == Shape::Object && of_averages(peek) {
        return Err(ReadError::NotItemLevel {
            file: file.to_owned(),
            found: format!("one object of numbers, {}, which are averages over items", shortened(&names)),
            remedy: "give results of single items (OpenCompass writes them with --dump-eval-details)"
                .to_owned(),
        });
    }
    if names.is_empty() && peek.truncated {
        return Err(ReadError::Truncated { file: file.to_owned(), what: "its first JSON value".to_owned() });
    }
    let one_record = peek.shape == Shape::Object && names.len() >= 3 && peek.is_flat();
    if !names.is_empty() && (peek.shape != Shape::Object || one_record) {
        let because = format!("its records have {}", shortened(&names));
        return Ok(Detected { format: Format::Records, because });
    }
    let found = match names.as_slice() {
        [] if peek.shape == Shape::Object => "an empty JSON object".to_owned(),
        [] => "JSON without objects".to_owned(),
        names => format!("JSON with the keys {}", shortened(names)),
    };
    Err(ReadError::Unrecognised { file: file.to_owned(), found, nearest: nearest(peek) })
}

/// What a file of a format is that says nothing about single items, if it does not.
fn of_no_items(format: Format, source: &Source) -> Option<&'static str> {
    match format {
        Format::LightEvalResults => Some(
            "averages; what lighteval writes about single items is in its directory `details` (--save-details)",
        ),
        // Of a file on disk only the beginning is known.
        Format::BfclResults if source.is_here() && bfcl::only_prepares(source.beginning()) => {
            Some("conversations that fill the memory of models before BFCL asks, without scores")
        }
        _ => None,
    }
}

/// What content leaves open: early samples of lmms-eval are told from those of lm-evaluation-harness, of which it is a
/// branch, by the date in front of their names.
pub(super) fn by_name(detected: Detected, source: &Source) -> Detected {
    if detected.format == Format::LmEvalSamples && file_name::lmms_samples(&source.file_name()).is_some() {
        let because = format!("{}, and a name that begins as those of lmms-eval", detected.because);
        return Detected { format: Format::LmmsEval, because };
    }
    detected
}

/// Whether every value is an object that says whether an instance was resolved.
fn of_instances(peek: &Peek) -> bool {
    let resolved = |value: &[u8]| Peek::at(value).is_some_and(|object| object.has("resolved"));
    !peek.fields.is_empty() && peek.fields.iter().all(|(_, value)| resolved(value))
}

/// Whether every value is a count of right and wrong answers.
fn of_categories(peek: &Peek) -> bool {
    let counts = |value: &[u8]| {
        Peek::at(value).is_some_and(|object| ["corr", "wrong", "acc"].iter().all(|key| object.has(key)))
    };
    !peek.fields.is_empty() && peek.fields.iter().all(|(_, value)| counts(value))
}

/// What an object without fixed keys tells of the runs of a HELM release.
fn of_helm_release(peek: &Peek) -> Option<&'static str> {
    let all = |is: &dyn Fn(&str, &[u8]) -> bool| {
        !peek.fields.is_empty() && peek.fields.iter().all(|(name, value)| is(name, value))
    };
    let has = |value: &[u8], keys: &[&str]| {
        Peek::at(value).is_some_and(|object| keys.iter().all(|key| object.has(key)))
    };
    if all(&|_, value| has(value, &["num_prompt_tokens", "num_completion_tokens"])) {
        Some("the tokens by model")
    } else if all(&|name, value| name.contains("model=") && value.starts_with(b"\"")) {
        Some("the suites by run")
    } else if all(&|_, value| has(value, &["display_name", "description", "taxonomy"])) {
        Some("the descriptions of groups")
    } else {
        None
    }
}

/// Whether every value is an object about one log: a list of the logs of a directory.
fn of_logs(peek: &Peek) -> bool {
    let is_header = |header: &Peek| header.has("eval_id") && header.has("task_id");
    let of_log = |value: &[u8]| {
        let log = Peek::at(value);
        log.is_some_and(|log| {
            is_header(&log) || log.field("eval").and_then(Peek::at).is_some_and(|e| is_header(&e))
        })
    };
    !peek.fields.is_empty() && peek.fields.iter().all(|(_, value)| of_log(value))
}

/// Whether the records are programs for tasks and nothing more.
fn of_programs(peek: &Peek, names: &[&str]) -> bool {
    let known = ["task_id", "solution", "completion", "raw_solution", "_identifier"];
    let has_program = peek.has("solution") || peek.has("completion");
    peek.has("task_id") && has_program && names.iter().all(|name| known.contains(name))
}

/// Whether every value is a number, and one of them is the score of a whole benchmark.
fn of_averages(peek: &Peek) -> bool {
    const SCORES: [&str; 4] = ["accuracy", "score", "pass@1", "exact_match"];
    let is_number = |value: &[u8]| value.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
    let is_score = |name: &str| SCORES.iter().any(|score| name.split(' ').next() == Some(*score));
    !peek.truncated
        && peek.fields.iter().all(|(_, value)| is_number(value))
        && peek.fields.iter().any(|(name, _)| is_score(name))
}

/// The format with the largest share of its fields there.
fn nearest(peek: &Peek) -> String {
    let share = |rule: &Rule| {
        let there = rule.all.iter().filter(|path| peek.has(path)).count();
        (there * 100 / rule.all.len(), there)
    };
    match RULES.iter().max_by_key(|rule| share(rule)).filter(|rule| share(rule).1 > 0) {
        Some(rule) => {
            let missing: Vec<&str> = rule.all.iter().copied().filter(|path| !peek.has(path)).collect();
            let missing = if missing.is_empty() { rule.any.join(" or ") } else { missing.join(", ") };
            format!("{}, but without {missing}", rule.format.name())
        }
        None => "JSON records, one object with model, item and score for each row".to_owned(),
    }
}
