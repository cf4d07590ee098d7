//! Which model and which benchmark is a run of HELM?

use super::schema::main_metrics;
use crate::ingest::Source;
use crate::ingest::build::Builder;
use crate::ingest::json::value::{name, text_at, whole};
use crate::ingest::json::{first_record, text_of};
use crate::response::ResponseTable;
use serde_json::Value;

/// The specification of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSpec {
    /// Whether it was found.
    pub is_known: bool,
    model: String,
    deployment: Option<String>,
    name: String,
    benchmark: String,
    groups: Vec<String>,
    subject: Option<String>,
    method: Option<String>,
    n_shot: Option<i32>,
    temperature: Option<f64>,
}

impl RunSpec {
    /// The `run_spec.json` beside a file; without one, what the name of the directory says.
    pub fn find(source: &Source, beside: &[&Source]) -> Self {
        let values = beside.iter().filter(|s| s.is_here() || s.file_name() == "run_spec.json");
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
        let groups: Vec<String> = spec["groups"].as_array().into_iter().flatten().filter_map(name).collect();
        let args = spec["scenario_spec"]["args"].as_object();
        // Instances are numbered anew for each scenario with other arguments.
        let values: Vec<String> = args.into_iter().flatten().filter_map(|(_, value)| name(value)).collect();
        Self {
            is_known: true,
            model: text_at(adapter, &["model"]).unwrap_or("unknown").to_owned(),
            deployment: text_at(adapter, &["model_deployment"]).map(str::to_owned),
            name: run_name.to_owned(),
            benchmark: groups
                .first()
                .map_or_else(|| run_name.split(':').next().unwrap_or("helm"), String::as_str)
                .to_owned(),
            groups,
            subject: (!values.is_empty()).then(|| values.join(",")),
            method: text_at(adapter, &["method"]).map(str::to_owned),
            n_shot: whole(&adapter["max_train_instances"]).and_then(|n| i32::try_from(n).ok()),
            temperature: adapter["temperature"].as_f64(),
        }
    }

    /// `mmlu:subject=philosophy,model=openai_gpt2`, where `:` and `=` may have become other marks. Without a model in
    /// it the whole name is the model's: no two directories are taken for one.
    fn of_directory(directory: &str) -> Self {
        let argument = |key: &str| {
            let is_mark = |c: char| matches!(c, '=' | '-' | '_' | ':');
            let mut places =
                directory.match_indices(key).map(|(at, _)| (&directory[..at], &directory[at + key.len()..]));
            let (_, value) = places.find(|(before, behind)| {
                behind.starts_with(is_mark) && before.ends_with(|c: char| is_mark(c) || c == ',')
            })?;
            value[1..].split(',').next().map(str::to_owned)
        };
        let end = ["model", "subject", "method", "dataset"].iter().filter_map(|key| {
            let marks = [':', '-', '=', '_', ','];
            marks.iter().filter_map(|mark| directory.find(&format!("{mark}{key}"))).min()
        });
        let benchmark = &directory[..end.min().unwrap_or(directory.len())];
        let benchmark = benchmark.split([':', ',']).next().unwrap_or("helm").to_owned();
        Self {
            model: argument("model")
                .map_or_else(|| directory.to_owned(), |model| model.replacen('_', "/", 1)),
            name: directory.to_owned(),
            groups: vec![benchmark.clone()],
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
        build.metric(&self.benchmark, name, None, false)
    }

    /// Marks the metric that counts for the group; without a known one the first of the usual ones.
    pub fn choose_primary(&self, table: &mut ResponseTable) {
        let chosen = main_metrics(self.groups.iter().map(String::as_str))
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
        for written in [
            "simple_mcqa:model=o_m",
            "simple_mcqa_model-o_m",
            "simple_mcqa-model_o_m,x=1",
            "simple_mcqa=model=o_m",
        ] {
            let spec = RunSpec::of_directory(written);
            assert_eq!((spec.benchmark.as_str(), spec.model.as_str()), ("simple_mcqa", "o/m"), "{written}");
        }
        let spec = RunSpec::of_directory("commonsense:dataset=x,method=y,model=o_m");
        assert_eq!((spec.benchmark.as_str(), spec.model.as_str()), ("commonsense", "o/m"));
        let spec = RunSpec::of_directory("copy of run 2");
        assert_eq!(spec.model, "copy of run 2");
    }
}
