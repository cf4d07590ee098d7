//! Which programs passed the tests of HumanEval+ and MBPP+? EvalPlus writes one object for all tasks.

use super::build::Builder;
use super::json::entries;
use super::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use serde_json::Value;

/// Reads `*eval_results.json`: for each task a list of solutions, of which each is a repeat.
///
/// A solution passes `plus` if it passes the base tests and the added ones. Where only the base tests were
/// run there is no `plus`. The model's name is in the name of the file or of its directory.
///
/// # Errors
/// [`ReadError`] where the file cannot be read.
pub fn read(source: &Source, _beside: &[&Source]) -> Result<Fragment, ReadError> {
    let mut build = Builder::new(source, "evalplus");
    let (model, temperature) = model_of(source);
    let (mut passage, rest) = entries(source, &["eval"], |task, piece| {
        piece.each(|at, solutions: Value| {
            let benchmark = task.split('/').next().unwrap_or(task).to_lowercase();
            let run = build.run(&model, &[&benchmark], |run| {
                run.temperature = temperature;
            });
            let item = build.item(&benchmark, None, task, |item| item.native_id = Some(task.to_owned()));
            for (repeat, solution) in solutions.as_array().into_iter().flatten().enumerate() {
                let passed = |key: &str| solution[key].as_str().map(|status| status == "pass");
                let (base, plus) = (passed("base_status"), passed("plus_status"));
                let both = base.zip(plus).map(|(base, plus)| base && plus);
                for (metric, outcome, primary) in [("plus", both, true), ("base", base, false)] {
                    if outcome.is_none() && metric == "plus" {
                        continue;
                    }
                    let metric = build.metric(&benchmark, metric, None, primary);
                    let mut row = Row::new(run, item, metric, outcome.map(|o| f64::from(u8::from(o))));
                    row.repeat = repeat as u32;
                    if solution["solution"].as_str().is_some_and(|code| code.trim().is_empty()) {
                        row.status = Status::NoAnswer;
                    }
                    build.push(row, at);
                }
            }
        })
    })?;
    for run in &mut build.table().runs {
        run.timestamp = rest["date"].as_str().map(str::to_owned);
    }
    if build.table().is_empty() && passage.n_faults == 0 && passage.truncated.is_none() {
        passage.fault(1, "`eval` must be an object of lists of solutions by task");
    }
    build.finish(Some(&passage), "a solution")
}

/// `<model>_<backend>_temp_<t>.eval_results.json`, or the directory where the file has no name of its own.
fn model_of(source: &Source) -> (String, Option<f64>) {
    let name = source.file_name();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    let stem = stem.strip_suffix("eval_results").unwrap_or(stem).trim_end_matches(['.', '_', '-']);
    let stem = if stem.is_empty() { source.directories().pop().unwrap_or_default() } else { stem.to_owned() };
    let (named, temperature) = match stem.rsplit_once("_temp_") {
        Some((before, temperature)) => (before, temperature.parse().ok()),
        None => (stem.as_str(), None),
    };
    const BACKENDS: [&str; 7] = ["_vllm", "_hf", "_openai", "_anthropic", "_google", "_bedrock", "_ollama"];
    let model = BACKENDS.iter().find_map(|b| named.strip_suffix(b)).unwrap_or(named);
    (model.to_owned(), temperature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_in_the_name() {
        let of = |path: &str| model_of(&Source::new(path, None, Vec::new()));
        assert_eq!(of("h/org--m_vllm_temp_0.2.eval_results.json"), ("org--m".to_owned(), Some(0.2)));
        assert_eq!(of("h/m_hf_temp_0.0_eval_results.json"), ("m".to_owned(), Some(0.0)));
        assert_eq!(of("runs/some-model/eval_results.json"), ("some-model".to_owned(), None));
    }
}
