//! Which outputs passed the assertions of promptfoo? One result for each test, prompt and provider.

mod attempt;
mod columns;

use super::build::Builder;
use super::json::value::text_at;
use super::json::{Passage, elements, elements_of, records};
use super::peek::{Peek, Shape};
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use attempt::{Attempt, Head, Listed, Test};
use columns::Columns;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The metric of the whole test.
const PRIMARY: &str = "score";

/// Reads what `promptfoo eval -o results.json` (versions 2 and 3) or `-o results.jsonl` wrote.
///
/// The item is a test: its variables, assertions and description, named by their hash. The same test again is a
/// repeat, in the order of the tests. The first prompt is the base and the others are variants, whatever provider
/// got them; attempts that broke down have no score.
///
/// # Errors
/// [`ReadError`] where not one result could be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "promptfoo");
    let mut passage = match by_result(source, &mut build)? {
        Some(passage) => passage,
        None => whole(source, &mut build)?,
    };
    if passage.n_records > 0 && build.table().is_empty() {
        passage.fault(1, "`results.results` must be a list of results with a provider");
    }
    build.finish(Some(&passage), "a result")
}

/// Reads results on lines of their own, or a summary that is held whole.
fn whole(source: &Source, build: &mut Builder) -> Result<Passage, ReadError> {
    let mut single = Vec::new();
    let passage = records(source, |row, record: Value| {
        if record.get("testIdx").is_some() {
            single.extend(Attempt::of_result(&record, row));
            return;
        }
        let file = File::of(record);
        let (attempts, columns) = of_summary(&file.summary);
        push(build, &file.benchmark, file.timestamp.as_deref(), attempts, &columns);
    })?;
    let columns = Columns::of_attempts(&single);
    push(build, "promptfoo", None, single, &columns);
    Ok(passage)
}

/// Reads a large summary one result or one row of its table at a time; `None` if the source is something else.
fn by_result(source: &Source, build: &mut Builder) -> Result<Option<Passage>, ReadError> {
    let Some(peek) = Peek::at(source.beginning()).filter(|peek| peek.shape == Shape::Object) else {
        return Ok(None);
    };
    // Files before evals had an id hold the summary itself.
    let paths: [&[&str]; 2] = match () {
        () if source.is_here() => return Ok(None),
        () if peek.has("results.version") => [&["results", "results"], &["results", "table", "body"]],
        () if peek.has("version") && peek.has("results") => [&["results"], &["table", "body"]],
        () => return Ok(None),
    };
    let (mut attempts, mut listed) = (Vec::new(), Listed::default());
    let (mut has_places, mut n_rows) = (None, 0usize);
    let (passage, rest) = elements_of(source, &paths, |path, piece| {
        piece.each(|row, element: Value| match path {
            0 => {
                listed.note(&element);
                let has_places = *has_places.get_or_insert(!element["testIdx"].is_null());
                attempts.extend(Attempt::of_result(&element, row).filter(|_| has_places));
            }
            _ => n_rows += 1,
        })
    })?;
    let File { benchmark, timestamp, summary } = File::of(rest);
    let columns = if has_places == Some(true) || n_rows == 0 {
        Columns::of_heads(&summary["prompts"], &attempts)
    } else {
        // What the columns are is known at the end of the first reading only.
        let head = Head::of(&summary["table"]["head"], &listed);
        elements(source, paths[1], |piece| {
            piece.each(|row, line: Value| attempts.extend(head.attempts(&line, row as usize - 1)))
        })?;
        Columns::of_heads(&summary["table"]["head"]["prompts"], &attempts)
    };
    push(build, &benchmark, timestamp.as_deref(), attempts, &columns);
    Ok(Some(passage))
}

/// A file that is one object.
struct File {
    benchmark: String,
    timestamp: Option<String>,
    summary: Value,
}

impl File {
    fn of(mut record: Value) -> Self {
        let benchmark = text_at(&record, &["config", "description"]).unwrap_or("promptfoo").to_owned();
        // Files before evals had an id hold the summary itself.
        let summary = if record["results"].is_object() { record["results"].take() } else { record };
        Self { benchmark, timestamp: text_at(&summary, &["timestamp"]).map(str::to_owned), summary }
    }
}

/// What a summary says: version 3 lists results with the places of test and prompt, version 2 has these in a table
/// only.
fn of_summary(summary: &Value) -> (Vec<Attempt>, Columns) {
    let results = summary["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let table = &summary["table"];
    let body = table["body"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !body.is_empty() && summary["results"][0]["testIdx"].is_null() {
        let mut listed = Listed::default();
        results.iter().for_each(|result| listed.note(result));
        let head = Head::of(&table["head"], &listed);
        let of_row = |(row, line)| head.attempts(line, row);
        let attempts: Vec<Attempt> = body.iter().enumerate().flat_map(of_row).collect();
        let columns = Columns::of_heads(&table["head"]["prompts"], &attempts);
        return (attempts, columns);
    }
    let attempts = results.iter().enumerate().filter_map(|(at, r)| Attempt::of_result(r, at as u64 + 1));
    let attempts: Vec<Attempt> = attempts.collect();
    let columns = Columns::of_heads(&summary["prompts"], &attempts);
    (attempts, columns)
}

fn push(
    build: &mut Builder,
    benchmark: &str,
    timestamp: Option<&str>,
    mut attempts: Vec<Attempt>,
    columns: &Columns,
) {
    // Repeats are numbered by the place of their test, whenever each of them came back.
    attempts.sort_by_key(|attempt| (attempt.test, attempt.column));
    let mut repeats: HashMap<(u32, u32), u32> = HashMap::new();
    let mut doubled: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for attempt in attempts {
        let (variant, instance) = columns.of(&attempt);
        let model = match instance {
            1 => attempt.provider.clone(),
            _ => format!("{} #{instance}", attempt.provider),
        };
        if instance > 1 {
            doubled.entry(attempt.provider.clone()).or_default().insert(instance);
        }
        let run = build.run(&model, &[benchmark, variant.unwrap_or_default()], |run| {
            run.model_raw.clone_from(&attempt.provider_id);
            run.prompt_variant = variant.map(str::to_owned);
            run.timestamp = timestamp.map(str::to_owned);
        });
        let Test { id, question } = &attempt.item;
        let item =
            build.item(benchmark, None, id, |item| item.question = question.as_deref().map(Into::into));
        let next = repeats.entry((run, item)).or_default();
        let repeat = *next;
        *next += 1;
        let named = attempt.named.iter().map(|(name, score)| {
            // An assertion may have the name of the whole.
            let name = if name == PRIMARY { "namedScores.score" } else { name };
            (name, *score, false)
        });
        for (metric, score, primary) in [(PRIMARY, attempt.score, true)].into_iter().chain(named) {
            let metric = build.metric(benchmark, metric, None, primary);
            let mut row = Row::new(run, item, metric, score.filter(|_| !attempt.failed));
            if attempt.failed {
                row.status = Status::Error;
            }
            row.repeat = repeat;
            row.prediction = attempt.output.as_deref().map(Into::into);
            build.push(row, attempt.row);
        }
    }
    if columns.n_prompts() > 1 {
        let message = format!(
            "{} prompts: the first is the base and stands for each model that was asked with it, the others are variants",
            columns.n_prompts()
        );
        build.note(None, message);
    }
    for (provider, instances) in doubled {
        let message = format!(
            "{} providers are called {provider:?} and got the same prompts: the later ones are told apart by a \
             number behind the name; give each a `label`",
            instances.len() + 1
        );
        build.note(None, message);
    }
}

/// The beginning that shows in which other form promptfoo wrote a text.
const BEGINNING: usize = 1 << 12;

/// The form of a text that promptfoo wrote and that is not read, for messages.
pub fn other_form(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(BEGINNING)]);
    let mut lines = text.lines();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let is_yaml = first.starts_with("evalId: ")
        || (first.trim_end() == "results:" && second.trim_start().starts_with("version: "));
    if is_yaml {
        return Some("YAML");
    }
    let has_columns = first.contains(",Status,Score,") && first.contains(",Grader Reason");
    // Before there were such columns, verdict and score stood in the cell of the output.
    let has_verdicts = first.contains(',') && ["\"[PASS] (", "\"[FAIL] ("].iter().any(|v| text.contains(v));
    (has_columns || has_verdicts).then_some("CSV")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Model, variant, repeat, metric, score and status of every row.
    fn rows(file: &Value) -> Vec<String> {
        let bytes = file.to_string().into_bytes();
        let source = Source::new("results.json", None, bytes);
        let table = read(&source, &[]).unwrap().table;
        let mut rows: Vec<String> = table
            .rows()
            .map(|row| {
                let run = &table.runs[row.run as usize];
                let question = table.items[row.item as usize].question().unwrap_or_default();
                let (variant, metric) = (&run.prompt_variant, &table.metrics[row.metric as usize].name);
                let said = row.score.map_or(row.status.as_str().to_owned(), |score| score.to_string());
                let variant = variant.as_deref().unwrap_or("base");
                format!("{} {variant} {question} {} {metric} {said}", run.model, row.repeat)
            })
            .collect();
        rows.sort();
        rows
    }

    fn result(test: usize, column: usize, provider: &str, label: &str, score: f64) -> Value {
        json!({ "testIdx": test, "promptIdx": column, "provider": { "id": provider, "label": "" },
            "prompt": { "raw": "rendered", "label": label }, "vars": { "q": "x" }, "score": score,
            "success": score == 1.0, "failureReason": u8::from(score < 1.0), "namedScores": {},
            "testCase": { "vars": { "q": "x" }, "assert": [{ "type": "equals", "value": "y" }] } })
    }

    #[test]
    fn a_column_is_a_provider_and_a_prompt() {
        let heads = ["a", "a", "b", "b"].iter().zip(["P", "Q", "P", "Q"]);
        let heads: Vec<Value> = heads
            .map(|(provider, label)| json!({ "provider": provider, "label": label, "raw": label }))
            .collect();
        let results = json!([
            result(0, 3, "b", "Q", 1.0),
            result(0, 2, "b", "P", 0.0),
            result(0, 1, "a", "Q", 0.5),
            result(0, 0, "a", "P", 1.0)
        ]);
        let expected = ["a Q x 0 score 0.5", "a base x 0 score 1", "b Q x 0 score 1", "b base x 0 score 0"];
        let mut file = json!({ "results": { "version": 3, "prompts": heads, "results": results } });
        assert_eq!(rows(&file), expected);
        // Without the list of prompts the results say as much.
        file["results"]["prompts"] = json!([]);
        assert_eq!(rows(&file), expected);
    }

    #[test]
    fn the_same_test_again_is_a_repeat_and_another_assertion_another_item() {
        let mut other = result(2, 0, "a", "P", 0.25);
        other["testCase"]["assert"][0]["value"] = json!("z");
        let results = json!([result(1, 0, "a", "P", 0.5), result(0, 0, "a", "P", 1.0), other]);
        let file = json!({ "results": { "version": 3, "results": results } });
        assert_eq!(rows(&file), ["a base x 0 score 0.25", "a base x 0 score 1", "a base x 1 score 0.5"]);
    }

    #[test]
    fn two_providers_of_one_name_are_two_models() {
        let results = json!([result(0, 0, "a", "P", 1.0), result(0, 1, "a", "P", 0.0)]);
        let file = json!({ "results": { "version": 3, "results": results } });
        assert_eq!(rows(&file), ["a #2 base x 0 score 0", "a base x 0 score 1"]);
    }

    #[test]
    fn a_named_score_is_not_the_score() {
        let mut one = result(0, 0, "a", "P", 0.5);
        one["namedScores"] = json!({ "score": 1.0, "tone": 0.0 });
        let file = json!({ "results": { "version": 3, "results": [one] } });
        let expected = ["a base x 0 namedScores.score 1", "a base x 0 score 0.5", "a base x 0 tone 0"];
        assert_eq!(rows(&file), expected);
    }

    #[test]
    fn forms_that_are_not_read_are_known() {
        assert_eq!(other_form(b"evalId: eval-x\nresults:\n  version: 3\n"), Some("YAML"));
        assert_eq!(other_form(b"results:\n  version: 2\n"), Some("YAML"));
        assert_eq!(other_form(b"q,[a] P,Status,Score,Named Scores,Grader Reason,Comment\n"), Some("CSV"));
        assert_eq!(other_form(b"q,[a] P\nx,\"[PASS] (1.00)\n---\ny\"\n"), Some("CSV"));
        assert_eq!(other_form(b"model,item,score\na,1,1\n"), None);
    }
}
