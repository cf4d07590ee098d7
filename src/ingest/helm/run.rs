//! Which model and which benchmark is a run of HELM, and which of its metrics counts?

use crate::ingest::Source;
use crate::ingest::build::Builder;
use crate::ingest::json::value::{name, text_at, whole};
use crate::ingest::json::{first_record, text_of};
use crate::response::ResponseTable;
use serde_json::Value;

/// The main metric of each group, as HELM's schema of its classic, lite and later leaderboards has it.
#[rustfmt::skip]
const MAIN: [(&str, &str); 26] = [
    ("boolq", "quasi_exact_match"), ("narrative_qa", "f1_score"), ("natural_qa_closedbook", "f1_score"),
    ("natural_qa_openbook_longans", "f1_score"), ("natural_qa_openbook", "f1_score"), ("quac", "f1_score"),
    ("hellaswag", "exact_match"), ("openbookqa", "exact_match"), ("truthful_qa", "exact_match"),
    ("mmlu", "exact_match"), ("msmarco_regular", "RR@10"), ("msmarco_trec", "NDCG@10"),
    ("summarization_cnndm", "rouge_2"), ("summarization_xsum", "rouge_2"), ("imdb", "quasi_exact_match"),
    ("raft", "quasi_exact_match"), ("civil_comments", "quasi_exact_match"), ("ice", "bits_per_byte"),
    ("the_pile", "bits_per_byte"), ("twitter_aae", "bits_per_byte"), ("gsm", "final_number_exact_match"),
    ("wmt_14", "bleu_4"), ("ifeval", "ifeval_strict_accuracy"), ("gpqa", "chain_of_thought_correctness"),
    ("mmlu_pro", "chain_of_thought_correctness"), ("med_qa", "quasi_exact_match"),
];

/// What counts where the group is not one of those, best first.
const USUAL: [&str; 8] = [
    "exact_match",
    "quasi_exact_match",
    "chain_of_thought_correctness",
    "ifeval_strict_accuracy",
    "math_equiv_chain_of_thought",
    "math_equiv",
    "f1_score",
    "rouge_2",
];

/// Metrics of which less is better.
const LOWER: [&str; 4] =
    ["bits_per_byte", "perplexity", "absolute_value_difference", "longest_common_prefix_length"];

/// The specification of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSpec {
    /// Whether it was found.
    pub is_known: bool,
    model: String,
    deployment: Option<String>,
    name: String,
    benchmark: String,
    subject: Option<String>,
    method: Option<String>,
    n_shot: Option<i32>,
    temperature: Option<f64>,
}

impl RunSpec {
    /// The `run_spec.json` beside a file; without one, what the name of the directory says.
    pub fn find(source: &Source, beside: &[&Source]) -> Self {
        let values = beside.iter().filter(|s| s.bytes.len() < 1 << 24 || s.file_name() == "run_spec.json");
        let spec = values
            .filter_map(|s| first_record::<Value>(&text_of(s).ok()?))
            .find(|value| value["adapter_spec"].is_object() && value["scenario_spec"].is_object());
        match spec {
            Some(spec) => Self::of(&spec),
            None => Self::of_directory(&source.directories().pop().unwrap_or_default()),
        }
    }

    fn of(spec: &Value) -> Self {
        let adapter = &spec["adapter_spec"];
        let run_name = text_at(spec, &["name"]).unwrap_or_default();
        let group = spec["groups"].get(0).and_then(Value::as_str);
        let args = spec["scenario_spec"]["args"].as_object();
        // Instances are numbered anew for each scenario with other arguments.
        let values: Vec<String> = args.into_iter().flatten().filter_map(|(_, value)| name(value)).collect();
        Self {
            is_known: true,
            model: text_at(adapter, &["model"]).unwrap_or("unknown").to_owned(),
            deployment: text_at(adapter, &["model_deployment"]).map(str::to_owned),
            name: run_name.to_owned(),
            benchmark: group.unwrap_or_else(|| run_name.split(':').next().unwrap_or("helm")).to_owned(),
            subject: (!values.is_empty()).then(|| values.join(",")),
            method: text_at(adapter, &["method"]).map(str::to_owned),
            n_shot: whole(&adapter["max_train_instances"]).and_then(|n| i32::try_from(n).ok()),
            temperature: adapter["temperature"].as_f64(),
        }
    }

    /// `mmlu:subject=philosophy,model=openai_gpt2`, where `:` may have become `-` or `=`.
    fn of_directory(directory: &str) -> Self {
        let argument = |key: &str| {
            let at = directory.find(&format!("{key}="))? + key.len() + 1;
            directory[at..].split(',').next().map(str::to_owned)
        };
        let benchmark = directory.split([':', '-', '=', ',']).next().unwrap_or("helm").to_owned();
        Self {
            model: argument("model")
                .map_or_else(|| "unknown".to_owned(), |model| model.replacen('_', "/", 1)),
            name: directory.to_owned(),
            benchmark,
            subject: argument("subject"),
            ..Self::default()
        }
    }

    /// The run; a perturbation is a variant of it.
    pub fn run(&self, build: &mut Builder, perturbation: Option<&str>) -> u32 {
        build.run(&self.model, &[&self.name, perturbation.unwrap_or_default()], |run| {
            run.model_raw = Some(self.deployment.clone().unwrap_or_else(|| self.model.clone()));
            run.n_shot = self.n_shot;
            run.temperature = self.temperature;
            run.prompt_variant = perturbation.map(str::to_owned);
            run.task_version.clone_from(&self.method);
        })
    }

    /// The item of an instance.
    pub fn item(&self, build: &mut Builder, instance: &str) -> u32 {
        let id = match &self.subject {
            Some(subject) => format!("{subject}/{instance}"),
            None => instance.to_owned(),
        };
        build.item(&self.benchmark, self.subject.as_deref(), &id, |item| {
            item.native_id = Some(instance.to_owned());
        })
    }

    /// The metric of a statistic.
    pub fn metric(&self, build: &mut Builder, name: &str) -> u32 {
        let metric = build.metric(&self.benchmark, name, None, false);
        if let Some(metric) = build.metric_mut(metric) {
            metric.higher_is_better = !LOWER.contains(&name);
        }
        metric
    }

    /// Marks the metric that counts for the group; without a known one the first of the usual ones.
    pub fn choose_primary(&self, table: &mut ResponseTable) {
        let main = MAIN.iter().find(|(group, _)| *group == self.benchmark).map(|(_, name)| *name);
        let chosen = main
            .into_iter()
            .chain(USUAL)
            .find_map(|name| table.metrics.iter().position(|metric| metric.name == name));
        if let Some(metric) = chosen {
            table.metrics[metric].primary = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_names_the_run_where_nothing_else_does() {
        let spec = RunSpec::of_directory("mmlu-subject=philosophy,method=x,model=openai_gpt2");
        assert_eq!((spec.benchmark.as_str(), spec.model.as_str()), ("mmlu", "openai/gpt2"));
        assert_eq!(spec.subject.as_deref(), Some("philosophy"));
    }
}
