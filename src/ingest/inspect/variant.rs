//! What tells a run of a task from its other runs by the same model? Arguments of the task, of the model and of the
//! solver, and settings of the model, as far as they were given.

use super::log::Header;
use super::rows::{is_named_by_path, model_of, roles};
use serde_json::Value;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Settings that say nothing about what is asked and answered, and those that a run has a place of its own for.
const SET_ASIDE: &[&str] = &[
    "adaptive_connections",
    "attempt_timeout",
    "batch",
    "cache",
    "cache_prompt",
    "max_connections",
    "max_retries",
    "seed",
    "stream_idle_timeout",
    "temperature",
    "timeout",
];
/// Longer values are told by a hash.
const LONGEST: usize = 40;

/// `key=value` of what was given, in the order of keys; nothing where nothing was. Arguments of the model have
/// `model.` before them, those of the solver `solver.`, models with a role `role.`.
pub fn variant(header: &Header) -> Option<String> {
    let eval = &header.eval;
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |prefix: &str, arguments: &Value| {
        for (key, value) in arguments.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            given.insert(format!("{prefix}{key}"), told(value));
        }
    };
    // Newer logs tell the arguments that were passed from all, defaults among them.
    let passed = |name: &str| {
        let passed = &eval[format!("{name}_passed").as_str()];
        if passed.is_null() { eval[name].clone() } else { passed.clone() }
    };
    add("", &passed("task_args"));
    let mut model_args = eval["model_args"].clone();
    if let (true, Some(arguments)) = (is_named_by_path(eval), model_args.as_object_mut()) {
        arguments.remove("model_path");
    }
    add("model.", &model_args);
    add("solver.", &passed("solver_args"));
    for settings in [&header.plan["config"], &eval["model_generate_config"]] {
        let mut settings = settings.clone();
        if let Some(settings) = settings.as_object_mut() {
            settings.retain(|key, _| !SET_ASIDE.contains(&key.as_str()));
        }
        add("", &settings);
    }
    // Who judged, and who else had a part.
    let under_test = model_of(eval);
    let others = roles(eval).filter(|(_, model)| *model != under_test);
    given.extend(others.map(|(role, model)| (format!("role.{role}"), model)));
    if let Some(solver) = eval["solver"].as_str() {
        given.insert("solver".to_owned(), solver.to_owned());
    }
    let pairs: Vec<String> = given.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join(" "))
}

fn told(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.len() <= LONGEST { text } else { format!("#{:08x}", xxh3_64(text.as_bytes()) >> 32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(eval: Value, plan: Value) -> Option<String> {
        variant(&Header { eval, plan, ..Header::default() })
    }

    #[test]
    fn what_was_given_is_told_and_defaults_are_not() {
        let eval = json!({
            "task_args": {"kind": "a", "shots": 0}, "task_args_passed": {"kind": "a"},
            "model_args": {"quantised": true, "device": null}, "solver": "cot", "solver_args": {"n": 3},
            "model_generate_config": {"max_tokens": 5, "max_connections": 9},
            "model_roles": {"grader": {"model": "o/g"}},
        });
        let plan = json!({"config": {"temperature": 0.3, "seed": 5, "top_p": 0.9}});
        let expected =
            "kind=a max_tokens=5 model.quantised=true role.grader=o/g solver=cot solver.n=3 top_p=0.9";
        assert_eq!(of(eval, plan).as_deref(), Some(expected));
        assert_eq!(of(json!({"task_args": {"kind": "a"}, "task_args_passed": {}}), Value::Null), None);
        assert_eq!(of(json!({"task_args": {"kind": "a"}}), Value::Null).as_deref(), Some("kind=a"));
        let local = json!({"model": "hf/local", "model_args": {"model_path": "/x/m", "dtype": "float16"}});
        assert_eq!(of(local, Value::Null).as_deref(), Some("model.dtype=float16"));
        let long = of(json!({"task_args": {"prompt": "x".repeat(500)}}), Value::Null).unwrap();
        assert!(long.starts_with("prompt=#") && long.len() == 16, "{long}");
    }
}
