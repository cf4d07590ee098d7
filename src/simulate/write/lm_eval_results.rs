//! What does a results file say? Means by task and group, the configuration of the tasks and of the run.

use super::lm_eval::{TaskRun, sanitised};
use super::lm_eval_sample::{Hashes, sha256};
use crate::numeric::describe::{mean, std_dev};
use crate::response::Run;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// 2026-01-01, the day of the first run, in seconds since 1970.
const FIRST_DAY: usize = 1_767_225_600;

/// The results file of one run.
pub(super) fn results(run: &Run, at: usize, tasks: &[TaskRun<'_>]) -> Value {
    let groups = groups(tasks);
    let group_results: Map<String, Value> =
        groups.iter().map(|(name, of_group)| (name.to_string(), group_result(name, of_group))).collect();
    let mut all = by_task(tasks, task_result);
    all.extend(group_results.clone());
    let names = |of_group: &[&TaskRun<'_>]| -> Value {
        of_group.iter().map(|t| Value::from(t.task.name.clone())).collect()
    };
    let group_subtasks: Map<String, Value> =
        groups.iter().map(|(name, of_group)| (name.to_string(), names(of_group))).collect();
    let model = run.model_raw.as_deref().unwrap_or(run.model.as_str());
    let mut arguments = Map::new();
    arguments.insert("pretrained".to_owned(), json!(model));
    if let Some(revision) = &run.revision {
        arguments.insert("revision".to_owned(), json!(revision));
    }
    json!({
        "results": all,
        "groups": group_results,
        "group_subtasks": group_subtasks,
        "configs": by_task(tasks, |t| config(t, &arguments)),
        "versions": by_task(tasks, |_| json!(1.0)),
        "n-shot": by_task(tasks, |_| json!(0)),
        "higher_is_better": by_task(tasks, |t| json!({ &t.task.metric: true })),
        "n-samples": by_task(tasks, |t| json!({"original": t.scores.len(), "effective": t.scores.len()})),
        "config": {
            "model": "simulated",
            "model_args": arguments,
            "model_num_parameters": run.params,
            "model_revision": run.revision,
            "batch_size": 1,
            "batch_sizes": [],
            "device": null,
            "use_cache": null,
            "limit": null,
            "bootstrap_iters": 0,
            "gen_kwargs": {},
            "random_seed": 0,
            "numpy_seed": 1234,
            "torch_seed": 1234,
            "fewshot_seed": 1234
        },
        "git_hash": null,
        "date": (FIRST_DAY + at) as f64,
        "pretty_env_info": "N/A (simulated)",
        "transformers_version": "N/A",
        "lm_eval_version": "0.4.13",
        "upper_git_hash": null,
        "task_hashes": by_task(tasks, |t| json!(task_hash(&t.hashes))),
        "model_source": "simulated",
        "model_name": model,
        "model_name_sanitized": sanitised(model),
        "system_instruction": run.prompt_variant,
        "system_instruction_sha": run.prompt_variant.as_deref().map(sha256),
        "fewshot_as_multiturn": null,
        "chat_template": null,
        "chat_template_sha": null,
        "total_evaluation_time_seconds": "0.0"
    })
}

fn by_task(tasks: &[TaskRun<'_>], value: impl Fn(&TaskRun<'_>) -> Value) -> Map<String, Value> {
    tasks.iter().map(|t| (t.task.name.clone(), value(t))).collect()
}

/// The tasks of each benchmark that has subjects.
fn groups<'a>(tasks: &'a [TaskRun<'a>]) -> BTreeMap<&'a str, Vec<&'a TaskRun<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&TaskRun<'_>>> = BTreeMap::new();
    for t in tasks.iter().filter(|t| t.task.subject.is_some()) {
        groups.entry(&t.task.benchmark).or_default().push(t);
    }
    groups
}

/// The harness's standard error of a mean score, divisor n − 1 under the root.
fn std_error(scores: &[f64]) -> Option<f64> {
    std_dev(scores, 1).map(|sd| sd / (scores.len() as f64).sqrt())
}

/// The harness writes `"N/A"` where there is no standard error.
fn number_or_na(value: Option<f64>) -> Value {
    value.map_or_else(|| json!("N/A"), |v| json!(v))
}

fn task_result(t: &TaskRun<'_>) -> Value {
    json!({
        "name": t.task.name,
        "alias": t.task.subject.as_deref().unwrap_or(&t.task.name),
        "sample_len": t.scores.len(),
        format!("{},{}", t.task.metric, t.task.filter): mean(&t.scores),
        format!("{}_stderr,{}", t.task.metric, t.task.filter): number_or_na(std_error(&t.scores)),
    })
}

/// Mean over the items of a group, and the harness's pooled standard error.
///
/// ```text
/// √( Σ (nₜ − 1) nₜ seₜ² / (N − T) / N )     N = Σ nₜ items in T tasks
/// ```
fn group_result(name: &str, tasks: &[&TaskRun<'_>]) -> Value {
    let sizes: Vec<f64> = tasks.iter().map(|t| t.scores.len() as f64).collect();
    let n: f64 = sizes.iter().sum();
    let score = tasks.iter().flat_map(|t| &t.scores).sum::<f64>() / n;
    let errors: Option<Vec<f64>> = tasks.iter().map(|t| std_error(&t.scores)).collect();
    let pooled = errors.map(|errors| {
        let sum: f64 = sizes.iter().zip(&errors).map(|(n, se)| (n - 1.0) * n * se * se).sum();
        (sum / (n - sizes.len() as f64) / n).sqrt()
    });
    let label = |suffix: &str| format!("{}{suffix},{}", tasks[0].task.metric, tasks[0].task.filter);
    json!({
        "alias": name,
        "name": name,
        "sample_len": n as usize,
        label(""): score,
        label("_stderr"): number_or_na(pooled),
        "sample_count": { label(""): n as usize },
    })
}

fn config(t: &TaskRun<'_>, arguments: &Map<String, Value>) -> Value {
    let letters: Option<Vec<String>> =
        t.n_options.map(|n| (0..n).map(|k| crate::simulate::text::letter(k).to_string()).collect());
    let mut metadata = Map::new();
    metadata.insert("version".to_owned(), json!(1.0));
    metadata.extend(arguments.clone());
    let mut out = json!({
        "task": t.task.name,
        "task_alias": t.task.subject,
        "dataset_path": "simulated",
        "test_split": "test",
        "doc_to_text": "{{question}}\nAnswer:",
        "doc_to_target": "answer",
        "unsafe_code": false,
        "doc_to_choice": letters,
        "description": "",
        "target_delimiter": " ",
        "fewshot_delimiter": "\n\n",
        "num_fewshot": 0,
        "metric_list": [{"metric": t.task.metric, "aggregation": "mean", "higher_is_better": true}],
        "output_type": if t.n_options.is_some() { "multiple_choice" } else { "generate_until" },
        "repeats": 1,
        "should_decontaminate": false,
        "metadata": metadata,
    });
    if let Some(fields) = out.as_object_mut() {
        // The harness leaves out what a task does not set.
        fields.retain(|_, value| !value.is_null());
    }
    out
}

/// The harness's hash of a task: that of all its sample hashes, one after another.
fn task_hash(hashes: &[Hashes]) -> String {
    let all: String = hashes.iter().flat_map(|h| [h.document.as_str(), &h.prompt, &h.target]).collect();
    sha256(&all)
}

#[cfg(test)]
mod tests {
    use super::super::lm_eval::Task;
    use super::*;

    /// Two tasks of 20 items as a run of the harness itself reported them: 6 and 8 right, standard errors
    /// 0.105131 and 0.112390, pooled 0.0769484.
    #[test]
    fn standard_errors_are_those_of_the_harness() {
        let task = |subject: &str| Task {
            name: format!("toy_mmlu_{subject}"),
            benchmark: "toy_mmlu".to_owned(),
            subject: Some(subject.to_owned()),
            metric: "acc".to_owned(),
            filter: "none".to_owned(),
        };
        let (a, b) = (task("astronomy"), task("virology"));
        let right = |n: usize| (0..20).map(|i| f64::from(u8::from(i < n))).collect::<Vec<f64>>();
        let tasks = [(&a, 6), (&b, 8)].map(|(task, n)| TaskRun {
            task,
            n_options: Some(4),
            scores: right(n),
            hashes: Vec::new(),
        });
        let out = results(&Run::new("r", "other/Toy-1B"), 0, &tasks);
        let close =
            |value: &Value, expected: f64| assert!((value.as_f64().unwrap() - expected).abs() < 1e-12);
        close(&out["results"]["toy_mmlu_astronomy"]["acc_stderr,none"], 0.105_131_496_607_569_33);
        close(&out["results"]["toy_mmlu_virology"]["acc_stderr,none"], 0.112_390_297_389_803_27);
        close(&out["groups"]["toy_mmlu"]["acc,none"], 0.35);
        close(&out["groups"]["toy_mmlu"]["acc_stderr,none"], 0.076_948_376_406_386_55);
        assert_eq!(out["group_subtasks"]["toy_mmlu"], json!(["toy_mmlu_astronomy", "toy_mmlu_virology"]));
        assert_eq!(out["model_name_sanitized"], "other__Toy-1B");
        let keys: Vec<&str> = out.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "results",
                "groups",
                "group_subtasks",
                "configs",
                "versions",
                "n-shot",
                "higher_is_better",
                "n-samples",
                "config",
                "git_hash",
                "date",
                "pretty_env_info",
                "transformers_version",
                "lm_eval_version",
                "upper_git_hash",
                "task_hashes",
                "model_source",
                "model_name",
                "model_name_sanitized",
                "system_instruction",
                "system_instruction_sha",
                "fewshot_as_multiturn",
                "chat_template",
                "chat_template_sha",
                "total_evaluation_time_seconds"
            ]
        );
    }
}
