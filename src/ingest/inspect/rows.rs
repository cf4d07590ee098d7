//! What row does each score of a sample become, and what should a user know about those of the whole run?

use super::log::{Header, Log, SUBJECTS, Sample};
use super::metrics::Metrics;
use super::score::{Meaning, Scored, Unknown, scores_of};
use super::variant::variant;
use crate::ingest::build::Builder;
use crate::ingest::json::value::{letter, name, text_at, texts, whole};
use crate::response::{Row, Status};
use serde_json::{Value, json};

/// What is told of a run as a whole.
#[derive(Debug, Default)]
struct Told {
    unknown: Unknown,
    /// Samples.
    n_without_id: usize,
    n_cut: usize,
    n_failed_and_scored: usize,
    n_invalid: usize,
}

/// Adds the rows of all samples, one for each metric, and notes what they have in common.
pub fn push(log: &Log, build: &mut Builder) {
    let metrics = Metrics::of(&log.header, &log.samples);
    let mut told = Told::default();
    for (at, sample) in log.samples.iter().enumerate() {
        push_sample(sample, &log.header, &metrics, at as u64 + 1, &mut told, build);
    }
    told.unknown.notes().for_each(|note| build.note(None, note));
    let counts = [
        (told.n_without_id, "samples have no id and are left out"),
        (told.n_cut, "questions are known by their beginning only: they are matched by the id of the sample"),
        (
            told.n_failed_and_scored,
            "samples broke down and were scored all the same (`score_on_error`): their scores are kept",
        ),
        (told.n_invalid, "samples are marked as invalid: their scores are kept"),
    ];
    for (n, what) in counts.into_iter().filter(|(n, _)| *n > 0) {
        build.note(None, format!("{n} {what}"));
    }
    if log.header.invalidated == true && told.n_invalid == 0 {
        build
            .note(None, "the run is marked as invalid, and none of the samples read is: all scores are kept");
    }
}

fn run_of(header: &Header, build: &mut Builder) -> u32 {
    let eval = &header.eval;
    let model = model_of(eval);
    let model = model.as_str();
    let created = text_at(eval, &["created"]).map(str::to_owned);
    let task = text_at(eval, &["task_id"]).or(created.as_deref()).unwrap_or_default().to_owned();
    build.run(without_server(model), &[header.benchmark(), &task], |run| {
        run.model_raw = Some(model.to_owned());
        run.timestamp = created;
        run.task_version = eval.get("task_version").and_then(name);
        run.prompt_variant = variant(header);
        run.limit = whole(&eval["config"]["limit"]);
        run.temperature = header.setting("temperature").as_f64();
        run.seed = whole(header.setting("seed"));
        run.harness_version = text_at(eval, &["packages", "inspect_ai"]).map(str::to_owned);
    })
}

/// The model: the one under test, of those with roles where there is no other; the weights where they are a path.
pub(super) fn model_of(eval: &Value) -> String {
    let model = text_at(eval, &["model"]).unwrap_or("unknown");
    if matches!(model, "none/none" | "none" | "unknown") {
        let judges = ["grader", "judge", "monitor", "critic", "scorer"];
        let roles: Vec<(String, String)> =
            roles(eval).filter(|(role, _)| !judges.contains(&role.as_str())).collect();
        let under_test =
            ["target", "solver", "model"].iter().find_map(|name| roles.iter().find(|(role, _)| role == name));
        let only = || roles.iter().find(|_| roles.len() == 1);
        if let Some((_, model)) = under_test.or_else(only) {
            return model.clone();
        }
        if !roles.is_empty() {
            let all: Vec<String> = roles.iter().map(|(role, model)| format!("{role}={model}")).collect();
            return all.join(" ");
        }
    }
    let path = text_at(eval, &["model_args", "model_path"]).filter(|_| is_named_by_path(eval));
    path.unwrap_or(model).to_owned()
}

/// Whether only the path of its weights says which model it is: `hf/local`.
pub(super) fn is_named_by_path(eval: &Value) -> bool {
    text_at(eval, &["model"]).is_some_and(|model| model.ends_with("/local"))
}

/// The models that were given roles, by role.
pub(super) fn roles(eval: &Value) -> impl Iterator<Item = (String, String)> {
    eval["model_roles"].as_object().into_iter().flatten().filter_map(|(role, given)| {
        let given = given.get(0).unwrap_or(given);
        let model = given.as_str().or_else(|| text_at(given, &["model"]))?;
        Some((role.clone(), model.to_owned()))
    })
}

/// Providers that load weights themselves, as they are on the hub: `vllm/org/name` is `org/name`.
const LOADERS: [&str; 4] = ["hf/", "vllm/", "sglang/", "nnterp/"];

/// The model without the program that loaded it. Other providers stay: who serves a model may have changed it.
fn without_server(model: &str) -> &str {
    let of_hub = LOADERS.iter().find_map(|loader| model.strip_prefix(loader));
    of_hub.filter(|name| name.contains('/')).unwrap_or(model)
}

fn push_sample(
    sample: &Sample,
    header: &Header,
    metrics: &Metrics,
    at: u64,
    told: &mut Told,
    build: &mut Builder,
) {
    let Some(id) = name(&sample.id) else {
        told.n_without_id += 1;
        return;
    };
    let run = run_of(header, build);
    let benchmark = header.benchmark();
    let subject = SUBJECTS.iter().find_map(|key| text_at(&sample.metadata, &[*key]));
    let options = texts(&sample.choices).filter(|choices| !choices.is_empty());
    let target = name(&sample.target).or_else(|| texts(&sample.target).map(|all| all.join(" | ")));
    let gold = target.as_deref().filter(|_| options.is_some()).and_then(letter);
    let has_options = options.is_some();
    let beginning = sample.beginning();
    told.n_cut += usize::from(beginning.is_some());
    let item = build.item(benchmark, subject, &id, |item| {
        item.native_id = Some(id.clone());
        item.question = sample.question().map(Into::into);
        item.metadata_json = beginning.map(|text| json!({ "question_begins": text }).to_string().into());
        item.options = options.map(Into::into);
        item.gold = gold;
        item.gold_text = target.as_deref().map(Into::into);
    });
    let usage = |key: &str| {
        let models = sample.model_usage.as_object().into_iter().flatten();
        let counts: Vec<i64> = models.filter_map(|(_, usage)| whole(&usage[key])).collect();
        (!counts.is_empty()).then(|| u32::try_from(counts.iter().sum::<i64>()).ok()).flatten()
    };
    let failed = !sample.error.is_null();
    let limited = !sample.limit.is_null();
    let mut row = Row::new(run, item, 0, None);
    row.repeat = whole(&sample.epoch).and_then(|epoch| u32::try_from(epoch - 1).ok()).unwrap_or(0);
    row.gold = gold;
    row.n_tokens_in = usage("input_tokens");
    row.n_tokens_out = usage("output_tokens");
    let mut scores = scores_of(&sample.scores);
    if scores.is_empty() {
        scores.push(Scored { metric: metrics.primary.clone(), meaning: Meaning::Unscored, answer: None });
    }
    told.n_failed_and_scored += usize::from(failed && scores.iter().any(|s| s.meaning.score().is_some()));
    told.n_invalid += usize::from(!sample.invalidation.is_null());
    for Scored { metric, meaning, answer } in scores {
        let score = meaning.score();
        let metric = if score.is_none() { metrics.without_value(&metric) } else { metric.as_str() };
        if let Meaning::Unknown(value) = meaning {
            told.unknown.add(metric, value);
        }
        let is_primary = metric == metrics.primary;
        let mut row = Row { metric: build.metric(benchmark, metric, None, is_primary), score, ..row.clone() };
        row.status = match () {
            () if failed && score.is_none() => Status::Error,
            () if limited => Status::Limit,
            () if score.is_some() => Status::Ok,
            () => Status::Unscored,
        };
        row.chosen = answer.as_deref().filter(|_| has_options).and_then(letter);
        row.prediction = answer.filter(|answer| answer.len() <= 64).map(Into::into);
        build.push(row, at);
    }
}

#[cfg(test)]
mod tests {
    use super::without_server;

    #[test]
    fn what_loads_the_weights_of_the_hub_is_no_part_of_their_name() {
        assert_eq!(without_server("vllm/meta-llama/Llama-3-8B"), "meta-llama/Llama-3-8B");
        for same in ["hf/local", "openai/gpt-4o", "together/meta-llama/Llama-3-8B", "unknown"] {
            assert_eq!(without_server(same), same);
        }
    }
}
