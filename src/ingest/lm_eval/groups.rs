//! Which benchmark does a task belong to, and which subject of it is it?

use super::results::Results;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The groups of a results file: who contains whom, and which of them have a score of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    parents: BTreeMap<String, Vec<String>>,
    scored: BTreeSet<String>,
}

/// Groups that are collections of benchmarks, although early versions gave some of them a score.
const SUITES: [&str; 7] =
    ["leaderboard", "openllm", "pythia", "t0_eval", "tinyBenchmarks", "metabench", "multiple_choice"];

/// Beginnings of task names whose rest is a subject, and the benchmark; longer ones before their own beginnings.
const KNOWN_PREFIXES: [(&str, &str); 17] = [
    ("leaderboard_bbh_", "leaderboard_bbh"),
    ("leaderboard_gpqa_", "leaderboard_gpqa"),
    ("leaderboard_musr_", "leaderboard_musr"),
    ("leaderboard_math_", "leaderboard_math_hard"),
    ("bbh_cot_fewshot_", "bbh_cot_fewshot"),
    ("bbh_cot_zeroshot_", "bbh_cot_zeroshot"),
    ("bbh_fewshot_", "bbh_fewshot"),
    ("bbh_zeroshot_", "bbh_zeroshot"),
    ("mmlu_pro_", "mmlu_pro"),
    ("minerva_math_", "minerva_math"),
    ("hendrycks_math_", "hendrycks_math"),
    ("hendrycksTest-", "mmlu"),
    ("agieval_", "agieval"),
    ("ceval-valid_", "ceval-valid"),
    ("cmmlu_", "cmmlu"),
    ("blimp_", "blimp"),
    ("kmmlu_", "kmmlu"),
];

/// The subjects of MMLU: `mmlu_` alone begins many other benchmarks.
#[rustfmt::skip]
const MMLU_SUBJECTS: [&str; 57] = [
    "abstract_algebra", "anatomy", "astronomy", "business_ethics", "clinical_knowledge", "college_biology",
    "college_chemistry", "college_computer_science", "college_mathematics", "college_medicine",
    "college_physics", "computer_security", "conceptual_physics", "econometrics", "electrical_engineering",
    "elementary_mathematics", "formal_logic", "global_facts", "high_school_biology", "high_school_chemistry",
    "high_school_computer_science", "high_school_european_history", "high_school_geography",
    "high_school_government_and_politics", "high_school_macroeconomics", "high_school_mathematics",
    "high_school_microeconomics", "high_school_physics", "high_school_psychology", "high_school_statistics",
    "high_school_us_history", "high_school_world_history", "human_aging", "human_sexuality",
    "international_law", "jurisprudence", "logical_fallacies", "machine_learning", "management", "marketing",
    "medical_genetics", "miscellaneous", "moral_disputes", "moral_scenarios", "nutrition", "philosophy",
    "prehistory", "professional_accounting", "professional_law", "professional_medicine",
    "professional_psychology", "public_relations", "security_studies", "sociology", "us_foreign_policy",
    "virology", "world_religions",
];

impl Groups {
    /// The groups of a results file.
    pub fn from_results(results: &Value) -> Self {
        let mut groups = Groups::default();
        for (group, members) in results["group_subtasks"].as_object().into_iter().flatten() {
            for member in members.as_array().into_iter().flatten().filter_map(Value::as_str) {
                groups.parents.entry(member.to_owned()).or_default().push(group.clone());
            }
        }
        for table in ["groups", "results"] {
            for (name, scores) in results[table].as_object().into_iter().flatten() {
                let scored =
                    scores.as_object().into_iter().flatten().any(|(k, v)| k.contains(',') && v.is_number());
                if scored {
                    groups.scored.insert(name.clone());
                }
            }
        }
        groups
    }

    /// All groups above a task, nearest first.
    fn above(&self, task: &str) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        let mut next = 0;
        let mut at = task;
        loop {
            for parent in self.parents.get(at).into_iter().flatten() {
                if parent != task && !found.contains(&parent.as_str()) {
                    found.push(parent);
                }
            }
            let Some(&group) = found.get(next) else { return found };
            at = group;
            next += 1;
        }
    }
}

/// The benchmark of a task and, if it is one of several tasks of it, the subject.
///
/// In this order: the name of a known benchmark, so that runs of single subtasks and of the whole agree; the
/// highest group with a score of its own; the group that the task's configuration names and that begins the
/// task's name; the task itself.
pub fn benchmark_of(task: &str, results: Option<&Results>) -> (String, Option<String>) {
    if let Some(subject) = task.strip_prefix("mmlu_").filter(|s| MMLU_SUBJECTS.contains(s)) {
        return ("mmlu".to_owned(), Some(subject.to_owned()));
    }
    if let Some((prefix, benchmark)) = KNOWN_PREFIXES.iter().find(|(p, b)| task.starts_with(p) && task != *b)
    {
        return ((*benchmark).to_owned(), Some(task[prefix.len()..].to_owned()));
    }
    let Some(results) = results else { return (task.to_owned(), None) };
    let above = results.groups.above(task);
    let of_configuration = || {
        let group = results.tasks.get(task)?.group.as_deref()?;
        within(task, group).map(|_| group)
    };
    let benchmark = above
        .iter()
        .rev()
        .copied()
        .find(|g| results.groups.scored.contains(*g) && !SUITES.contains(g))
        .or_else(of_configuration);
    match benchmark {
        Some(benchmark) => {
            let shortest =
                above.iter().chain([&benchmark]).filter_map(|g| within(task, g)).min_by_key(|s| s.len());
            let alias = results.tasks.get(task).and_then(|t| t.alias.as_deref());
            let subject = shortest.or(alias).unwrap_or(task);
            (benchmark.to_owned(), Some(subject.to_owned()))
        }
        None => (task.to_owned(), None),
    }
}

/// What is left of a task's name after the name of its group.
fn within<'t>(task: &'t str, group: &str) -> Option<&'t str> {
    task.strip_prefix(group)?.strip_prefix(['_', '-']).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn results(value: Value) -> Results {
        Results::from_value(&value, "results.json", "", None)
    }

    fn pair(benchmark: &str, subject: &str) -> (String, Option<String>) {
        (benchmark.to_owned(), Some(subject.to_owned()))
    }

    #[test]
    fn known_benchmarks_need_no_results_file() {
        assert_eq!(benchmark_of("mmlu_astronomy", None), pair("mmlu", "astronomy"));
        assert_eq!(benchmark_of("mmlu_pro_law", None), pair("mmlu_pro", "law"));
        assert_eq!(benchmark_of("mmlu_pro", None), ("mmlu_pro".to_owned(), None));
        assert_eq!(benchmark_of("mmlu_mine", None), ("mmlu_mine".to_owned(), None));
        assert_eq!(
            benchmark_of("leaderboard_math_algebra_hard", None),
            pair("leaderboard_math_hard", "algebra_hard")
        );
    }

    #[test]
    fn the_highest_group_with_a_score_is_the_benchmark() {
        let r = results(json!({
            "results": {"suite": {"alias": "suite"}, "big": {"acc,none": 0.5}, "big_a": {"acc,none": 0.5}},
            "group_subtasks": {"suite": ["big", "alone"], "big": ["big_a"], "big_a": ["big_a_x", "other"], "none": []},
            "configs": {"other": {"task_alias": "o"}},
        }));
        assert_eq!(benchmark_of("big_a_x", Some(&r)), pair("big", "x"));
        assert_eq!(benchmark_of("other", Some(&r)), pair("big", "o"));
        assert_eq!(benchmark_of("alone", Some(&r)), ("alone".to_owned(), None));
    }

    #[test]
    fn groups_that_contain_one_another_end() {
        let r = results(json!({"group_subtasks": {"a": ["b", "a"], "b": ["a", "t"]}}));
        assert_eq!(benchmark_of("t", Some(&r)), ("t".to_owned(), None));
    }

    #[test]
    fn early_versions_name_the_group_in_the_configuration() {
        let r = results(json!({"configs": {"toy_x": {"group": "toy"}, "arc_easy": {"group": ["ai2_arc"]}}}));
        assert_eq!(benchmark_of("toy_x", Some(&r)), pair("toy", "x"));
        assert_eq!(benchmark_of("arc_easy", Some(&r)), ("arc_easy".to_owned(), None));
    }
}
