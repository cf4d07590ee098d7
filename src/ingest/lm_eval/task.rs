//! How was a task set up? What a results file says about one task.

use serde_json::Value;

/// A metric as the task's configuration names it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSpec {
    /// Its name.
    pub name: String,
    /// How item values become one number: `mean`, `perplexity`, …; `None` where the dump does not say.
    pub aggregation: Option<String>,
    /// Whether larger aggregates are better.
    pub higher_is_better: Option<bool>,
}

/// The set-up of one task. What the results file does not say stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Task {
    /// Version of the definition.
    pub version: Option<String>,
    /// Worked examples in the prompt.
    pub n_shot: Option<i32>,
    /// Name to show.
    pub alias: Option<String>,
    /// The group that the configuration itself names (before v0.4.3).
    pub group: Option<String>,
    /// Its metrics, the primary one first.
    pub metrics: Vec<MetricSpec>,
    /// Its filters in the order in which their blocks of rows are written.
    pub filters: Vec<String>,
    /// What stands between prompt and option.
    pub target_delimiter: Option<String>,
    /// `multiple_choice`, `generate_until`, `loglikelihood`, …
    pub output_type: Option<String>,
    /// Completions for each document.
    pub repeats: Option<u64>,
    /// Documents evaluated.
    pub n_effective: Option<i64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
}

impl Task {
    /// The set-up of `task` in a results file.
    pub fn from_results(results: &Value, task: &str) -> Self {
        let config = &results["configs"][task];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let shown = &results["higher_is_better"][task];
        let metrics = list(&config["metric_list"]).filter_map(|spec| {
            let name = text(&spec["metric"])?;
            Some(MetricSpec {
                aggregation: text(&spec["aggregation"]),
                higher_is_better: shown[&name].as_bool().or_else(|| spec["higher_is_better"].as_bool()),
                name,
            })
        });
        let group = match &config["group"] {
            Value::Array(groups) => groups.first().and_then(text),
            group => text(group),
        };
        let n_shot = [&results["n-shot"][task], &config["num_fewshot"], &results["config"]["num_fewshot"]]
            .into_iter()
            .find_map(Value::as_i64);
        Self {
            version: version(&results["versions"][task]),
            n_shot: n_shot.and_then(|n| i32::try_from(n).ok()),
            alias: text(&config["task_alias"]),
            group,
            metrics: metrics.collect(),
            filters: list(&config["filter_list"]).filter_map(|f| text(&f["name"])).collect(),
            target_delimiter: text(&config["target_delimiter"]),
            output_type: text(&config["output_type"]),
            repeats: config["repeats"].as_u64(),
            n_effective: results["n-samples"][task]["effective"].as_i64(),
            temperature: config["generation_kwargs"]["temperature"].as_f64(),
        }
    }

    /// What the configuration says about a metric.
    pub fn metric(&self, name: &str) -> Option<&MetricSpec> {
        self.metrics.iter().find(|m| m.name == name)
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Some versions write `1`, others `1.0` or `"1"`.
fn version(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text.strip_suffix(".0").map_or(text.clone(), str::to_owned))
}
