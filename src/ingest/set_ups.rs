//! Do the runs of one model differ in how they were made? Of those with answers to one item only one stands for the
//! model.

use super::account::Account;
use super::lint::{Collector, Lint, REPEATED_RUNS, SET_UPS, VARIANTS};
use super::marks::{Marks, within_benchmarks};
use crate::response::standing::{precedence, repeats};
use crate::response::{ResponseTable, Run};
use std::collections::{BTreeMap, HashMap};

/// Looks for runs with another set-up than the one that stands for the same model.
pub(super) fn look(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let (mut list, mut variants) = (Collector::new(table), Collector::new(table));
    for (benchmark, name) in account.benchmarks.iter().enumerate() {
        let mut standing: HashMap<usize, usize> = HashMap::new();
        let mut others: Vec<usize> = Vec::new();
        for run in account.runs_of(benchmark) {
            let stands = standing.entry(account.model_of[run]).or_insert(run);
            let (new, old) = (&table.runs[run], &table.runs[*stands]);
            if *stands == run || repeats(new, old) {
                continue;
            }
            let is_next = precedence(new) >= precedence(old);
            others.push(if is_next { std::mem::replace(stands, run) } else { run });
        }
        let mut of_variant: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for &run in standing.values() {
            let Run { prompt_variant, model, .. } = &table.runs[run];
            of_variant.entry(prompt_variant.as_deref().unwrap_or("none")).or_default().push(model.as_str());
        }
        let most = of_variant.iter().max_by_key(|(_, models)| models.len()).map(|(variant, _)| *variant);
        for (variant, mut models) in of_variant.into_iter().filter(|(variant, _)| Some(*variant) != most) {
            models.sort_unstable();
            models.iter().for_each(|model| variants.add(name, || format!("{model}: {variant}")));
        }
        for run in others {
            let (run, stands) = (&table.runs[run], &table.runs[standing[&account.model_of[run]]]);
            let differences = differences(run, stands);
            if !differences.is_empty() {
                list.add(name, || format!("{}: {}", run.model, differences.join(", ")));
            }
        }
    }
    list.report(&SET_UPS, found);
    variants.report(&VARIANTS, found);
    repeated(table, account, found);
}

/// Looks for runs that answer the same items as another of the same model and differ from it in nothing but the file.
fn repeated(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let alike = |a: usize, b: usize| {
        let (a, b) = (&table.runs[a], &table.runs[b]);
        repeats(a, b) && a.seed == b.seed && a.files != b.files
    };
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (benchmark, name) in account.benchmarks.iter().enumerate() {
        let mut of_model: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        account
            .runs_of(benchmark)
            .for_each(|run| of_model.entry(account.model_of[run]).or_default().push(run));
        let may_repeat = |runs: &Vec<usize>| runs[1..].iter().any(|&run| alike(run, runs[0]));
        groups.extend(of_model.into_values().filter(may_repeat).map(|runs| (name.as_str(), runs)));
    }
    if groups.is_empty() {
        return;
    }
    // Runs of different subjects are alike, too: only those that share items repeat one another.
    let mut is_asked = vec![false; table.runs.len()];
    groups.iter().flat_map(|(_, runs)| runs).for_each(|&run| is_asked[run] = true);
    let number = within_benchmarks(table);
    let mut items: HashMap<(usize, usize), Marks> = HashMap::new();
    table.blocks().each(|attempt| {
        if is_asked[attempt.run] {
            let benchmark = account.benchmark_of[attempt.item];
            items.entry((benchmark, attempt.run)).or_default().insert(number[attempt.item]);
        }
    });
    let mut list = Collector::new(table);
    for (name, runs) in groups {
        let benchmark = account.benchmarks.iter().position(|known| known == name).unwrap_or_default();
        let share = |a, b| {
            let of = |run| items.get(&(benchmark, run));
            of(a).zip(of(b)).is_some_and(|(a, b)| a.meets(b))
        };
        for (at, &run) in runs.iter().enumerate() {
            let earlier = runs[..at].iter().find(|&&other| alike(run, other) && share(run, other));
            if let Some(&other) = earlier {
                let of = |run: usize| table.runs[run].files.first().cloned().unwrap_or_default();
                list.add(name, || format!("{}: {} beside {}", table.runs[run].model, of(run), of(other)));
            }
        }
    }
    list.report(&REPEATED_RUNS, found);
}

/// What two runs differ in. A harness, a number format, a temperature or a number of examples that is
/// not known of one of them is no difference.
fn differences(run: &Run, stands: &Run) -> Vec<String> {
    let mut all = Vec::new();
    let mut tell = |what: &str, other: &str, stands: &str| {
        if other != stands {
            all.push(format!("{what} {other} beside {stands}"));
        }
    };
    if let (Some(harness), Some(other)) = (&run.harness, &stands.harness) {
        tell("harness", harness, other);
    }
    if let (Some(version), Some(other)) = (&run.task_version, &stands.task_version) {
        tell("method or version of the task", version, other);
    }
    if let (Some(dtype), Some(other)) = (&run.dtype, &stands.dtype) {
        tell("dtype", dtype, other);
    }
    if let (Some(n), Some(other)) = (run.n_shot, stands.n_shot) {
        tell("n_shot", &n.to_string(), &other.to_string());
    }
    if let (Some(t), Some(other)) = (run.temperature, stands.temperature) {
        tell("temperature", &t.to_string(), &other.to_string());
    }
    if let (Some(variant), Some(other)) = (&run.prompt_variant, &stands.prompt_variant) {
        tell("prompt variant", variant, other);
    }
    let texts = |of: fn(&Run) -> Option<&str>| [run, stands].map(|run| of(run).unwrap_or("none"));
    for (what, [text, other]) in [
        ("base", texts(|run| run.base.as_deref())),
        ("chat template", texts(|run| run.chat_template_sha.as_deref().map(beginning))),
        ("system instruction", texts(system_instruction)),
    ] {
        tell(what, text, other);
    }
    all
}

/// So much of a hash as tells it from others.
fn beginning(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// The mark of a system instruction among what sets a prompt apart.
fn system_instruction(run: &Run) -> Option<&str> {
    run.prompt_variant.as_deref()?.split('+').find_map(|part| part.strip_prefix("system-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::lint;
    use crate::response::{Item, Metric, Row};

    fn examples(runs: Vec<Run>) -> Vec<String> {
        told(runs, "set_ups_differ")
    }

    fn told(runs: Vec<Run>, code: &str) -> Vec<String> {
        let mut table = ResponseTable::default();
        table.runs = runs;
        table.items.push(Item::new("b", None, "i"));
        table.metrics.push(Metric { primary: true, ..Metric::new("b", "acc", None) });
        for run in 0..table.runs.len() as u32 {
            table.push(Row::new(run, 0, 0, Some(1.0)));
        }
        let found = lint::lint(&table);
        let set_ups = found.into_iter().find(|lint| lint.code == code);
        set_ups.map(|lint| lint.examples).unwrap_or_default()
    }

    fn at(time: &str) -> Run {
        Run { timestamp: Some(time.to_owned()), ..Run::new(time, "m") }
    }

    #[test]
    fn runs_of_another_set_up_are_told() {
        let first = || Run { dtype: Some("4bit".into()), n_shot: Some(5), ..at("1") };
        let last = || Run { dtype: Some("bfloat16".into()), n_shot: Some(0), ..at("2") };
        let told = "m: dtype 4bit beside bfloat16, n_shot 5 beside 0";
        assert_eq!(examples(vec![first(), last()]), [told]);
        assert_eq!(examples(vec![last(), first()]), [told]);
        let of = |harness: &str, time| Run { harness: Some(harness.to_owned()), ..at(time) };
        assert_eq!(examples(vec![of("a", "1"), of("b", "2"), at("3")]), [] as [&str; 0]);
        assert_eq!(examples(vec![of("a", "1"), of("b", "2")]), ["m: harness a beside b"]);
        let warm = |temperature: f64, time| Run { temperature: Some(temperature), ..at(time) };
        assert_eq!(examples(vec![warm(0.8, "1"), warm(0.0, "2")]), ["m: temperature 0.8 beside 0"]);
        let chat = Run {
            chat_template_sha: Some("0123456789abcdef".into()),
            prompt_variant: Some("chat+system-ab".into()),
            ..at("3")
        };
        let told = "m: chat template 0123456789ab beside none, system instruction ab beside none";
        assert_eq!(examples(vec![at("1"), chat]), [told]);
        let adapter = |base: &str, time| Run { base: Some(base.to_owned()), ..at(time) };
        let told = "m: base /data/models/a beside /data/models/b";
        assert_eq!(examples(vec![adapter("/data/models/a", "1"), adapter("/data/models/b", "2")]), [told]);
    }

    #[test]
    fn models_that_stand_by_another_variant_are_told() {
        let of = |model: &str, variant: Option<&str>| Run {
            prompt_variant: variant.map(str::to_owned),
            ..Run::new(format!("{model} {variant:?}"), model)
        };
        let runs = vec![of("a", None), of("a", Some("x")), of("b", Some("x")), of("c", None)];
        assert_eq!(told(runs, "prompt_variants_differ"), ["b: x"]);
        assert!(told(vec![of("a", Some("x")), of("b", Some("x"))], "prompt_variants_differ").is_empty());
    }

    #[test]
    fn runs_of_the_same_items_from_two_files_are_told() {
        let of = |file: &str| Run { files: vec![file.to_owned()], ..Run::new(file, "m") };
        assert_eq!(told(vec![of("v1"), of("v2")], "runs_taken_for_repeats"), ["m: v2 beside v1"]);
        assert!(told(vec![of("v1"), Run { seed: Some(1), ..of("v2") }], "runs_taken_for_repeats").is_empty());
    }

    #[test]
    fn later_times_unknown_formats_and_variants_are_no_other_set_up() {
        let known = Run { dtype: Some("float16".into()), ..at("2") };
        let variant = Run { prompt_variant: Some("typos".into()), ..at("3") };
        assert!(examples(vec![at("1"), known, variant]).is_empty());
    }
}
