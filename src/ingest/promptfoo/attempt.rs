//! What came of one test with one prompt and one provider? An element of the list of results, or a cell of the table
//! that versions before 3 wrote.

use crate::ingest::item_hash;
use crate::ingest::json::value::{name, number, text_at, whole};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The failure that means that the provider or an assertion broke down.
const ERROR: i64 = 2;

/// A test: its name and its variables as text.
pub struct Test {
    /// The hash of variables, assertions and description; its place where none of them is known.
    pub id: String,
    /// The variable, or all variables.
    pub question: Option<String>,
}

impl Test {
    fn of(vars: &Value, case: &Value, place: i64) -> Self {
        let question = match vars.as_object() {
            Some(vars) if vars.len() == 1 => vars.values().next().and_then(name),
            Some(vars) if !vars.is_empty() => {
                let sorted: BTreeMap<_, _> = vars.iter().collect();
                serde_json::to_string(&sorted).ok()
            }
            _ => None,
        };
        let said = |value: &Value| value.as_array().map_or(!value.is_null(), |all| !all.is_empty());
        let is_defined = said(&case["assert"]) || said(&case["description"]);
        let definition = is_defined.then(|| json!([case["assert"], case["description"]]).to_string());
        let id = match (&question, &definition) {
            (None, None) => format!("test {place}"),
            (question, definition) => {
                let question = question.as_deref().unwrap_or_default();
                format!("{:016x}", item_hash(question, definition.as_slice()))
            }
        };
        Self { id, question }
    }
}

/// The result of one test, prompt and provider.
pub struct Attempt {
    /// Line or element, from 1.
    pub row: u64,
    /// The place of the test among all; a repeat has a place of its own.
    pub test: i64,
    /// The place of the column, which is a provider and a prompt.
    pub column: Option<i64>,
    /// The name of the provider.
    pub provider: String,
    /// What the provider is, behind its label.
    pub provider_id: Option<String>,
    /// The prompt before variables are put into it, as far as it is known.
    pub prompt: String,
    /// The test.
    pub item: Test,
    /// The score of the whole test.
    pub score: Option<f64>,
    /// Whether it broke down, so that the score says nothing.
    pub failed: bool,
    /// The scores of named assertions.
    pub named: Vec<(String, Option<f64>)>,
    /// The output, if it is short.
    pub output: Option<String>,
}

impl Attempt {
    /// An element of the list of results; `None` without a provider.
    pub fn of_result(result: &Value, row: u64) -> Option<Self> {
        let (provider, provider_id) = provider(&result["provider"])?;
        let vars = if result["vars"].is_object() { &result["vars"] } else { &result["testCase"]["vars"] };
        let test = whole(&result["testIdx"]).unwrap_or(row as i64 - 1);
        let prompt = prompt(&result["prompt"], &provider).or_else(|| name(&result["promptId"]));
        let failed = match whole(&result["failureReason"]) {
            Some(reason) => reason == ERROR,
            // Version 2 has no reason of failures: what was graded has a grade.
            None => is_broken(result, &result["success"]),
        };
        Some(Self {
            row,
            test,
            column: whole(&result["promptIdx"]),
            item: Test::of(vars, &result["testCase"], test),
            score: number(&result["score"]),
            failed,
            named: named(result),
            output: text_at(result, &["response", "output"]).and_then(short),
            prompt: prompt.unwrap_or_default(),
            provider,
            provider_id,
        })
    }
}

/// The providers in the list of results.
#[derive(Debug, Default)]
pub struct Listed(HashMap<String, Option<String>>);

impl Listed {
    /// Takes note of that of a result.
    pub fn note(&mut self, result: &Value) {
        self.0.extend(provider(&result["provider"]));
    }
}

/// The head of the table of a summary.
pub struct Head<'h> {
    prompts: &'h [Value],
    vars: &'h [Value],
    /// The table has labels; what is behind them, and a provider that it does not name, is in the list.
    listed: &'h Listed,
}

impl<'h> Head<'h> {
    /// Takes the head, and the providers of all results.
    pub fn of(head: &'h Value, listed: &'h Listed) -> Self {
        let list = |key: &str| head[key].as_array().map(Vec::as_slice).unwrap_or_default();
        Self { prompts: list("prompts"), vars: list("vars"), listed }
    }

    /// The cells of a row of the table, by its number from 0.
    pub fn attempts(&self, line: &Value, test: usize) -> Vec<Attempt> {
        let listed = &self.listed.0;
        let only = listed.keys().next().filter(|_| listed.len() == 1);
        let values = line["vars"].as_array().map(Vec::as_slice).unwrap_or_default();
        let by_name = self.vars.iter().filter_map(name).zip(values.iter().cloned()).collect();
        let of_case = &line["test"]["vars"];
        let vars = if of_case.is_object() { of_case.clone() } else { Value::Object(by_name) };
        let mut attempts = Vec::new();
        for (column, cell) in line["outputs"].as_array().into_iter().flatten().enumerate() {
            let head = self.prompts.get(column).unwrap_or(&Value::Null);
            let of_cell =
                name(&cell["provider"]).or_else(|| name(&head["provider"])).filter(|p| !p.is_empty());
            let of_head = || Some(bracketed(text_at(head, &["display"])?)?.0.to_owned());
            let provider = of_cell.or_else(of_head).or_else(|| only.cloned());
            let Some(provider) = provider.filter(|_| cell.is_object()) else { continue };
            let width = self.prompts.len().max(1);
            attempts.push(Attempt {
                row: (test * width + column) as u64 + 1,
                test: test as i64,
                column: Some(column as i64),
                item: Test::of(&vars, &line["test"], test as i64),
                score: number(&cell["score"]),
                failed: is_broken(cell, &cell["pass"]),
                named: named(cell),
                output: output(cell).and_then(short),
                prompt: prompt(head, &provider).unwrap_or_default(),
                provider_id: listed.get(&provider).cloned().flatten().or_else(|| Some(provider.clone())),
                provider,
            });
        }
        attempts
    }
}

/// Whether something failed that was not graded.
fn is_broken(result: &Value, success: &Value) -> bool {
    result["gradingResult"].is_null() && success.as_bool() == Some(false)
}

fn named(result: &Value) -> Vec<(String, Option<f64>)> {
    let all = result["namedScores"].as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), number(value))).collect()
}

/// A longer output is no answer that is kept.
fn short(output: &str) -> Option<String> {
    (output.len() <= 64).then(|| output.to_owned())
}

/// The output in a cell, without the reason of the failure that stands before it.
fn output(cell: &Value) -> Option<&str> {
    let text = cell["text"].as_str()?;
    let reason = text_at(cell, &["gradingResult", "reason"]).unwrap_or_default();
    Some(text.strip_prefix(reason).and_then(|rest| rest.strip_prefix("\n---\n")).unwrap_or(text))
}

/// The name of a provider and what it is: label and id, of which there may be only one.
fn provider(provider: &Value) -> Option<(String, Option<String>)> {
    let id = name(provider).or_else(|| name(&provider["id"]));
    let label = text_at(provider, &["label"]).filter(|label| !label.is_empty());
    Some((label.map(str::to_owned).or_else(|| id.clone())?, id))
}

/// The name of a prompt, by default its text; older versions put the provider before it.
pub fn prompt(prompt: &Value, provider: &str) -> Option<String> {
    let text = ["label", "display", "raw"].iter().find_map(|key| text_at(prompt, &[key]))?;
    let own = bracketed(text).filter(|(before, _)| *before == provider);
    Some(own.map_or(text, |(_, own)| own).to_owned())
}

/// `[provider] prompt`.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once("] ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_graded_broke_down() {
        let cell = |cell: Value| is_broken(&cell, &cell["pass"]);
        assert!(cell(json!({ "pass": false, "score": 0, "text": "HTTP 500" })));
        assert!(!cell(json!({ "pass": false, "score": 0, "gradingResult": { "pass": false } })));
        assert!(!cell(json!({ "pass": true, "score": 1 })));
    }

    #[test]
    fn a_cell_begins_with_the_reason() {
        let cell = json!({ "text": "No\n---\nyes", "gradingResult": { "reason": "No" } });
        assert_eq!(output(&cell), Some("yes"));
        assert_eq!(output(&json!({ "text": "yes", "gradingResult": { "reason": "All" } })), Some("yes"));
    }

    #[test]
    fn prompts_have_names_in_three_forms() {
        assert_eq!(prompt(&json!({ "raw": "Q: x", "label": "Q: {{q}}" }), "a").as_deref(), Some("Q: {{q}}"));
        assert_eq!(prompt(&json!({ "display": "[a] Q: {{q}}" }), "a").as_deref(), Some("Q: {{q}}"));
        assert_eq!(prompt(&json!({ "raw": "[b] Q" }), "a").as_deref(), Some("[b] Q"));
    }
}
