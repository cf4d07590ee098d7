//! How does the choice get into a harness? Lists and entries for those that people use.

/// What the chosen names are to a harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Subjects of the benchmark: tasks are `benchmark_subject`.
    Subjects,
    /// Tasks by themselves, named as in the data.
    Tasks,
}

/// Files by name: a plain list, a task list and a group for lm-evaluation-harness, a task list for Inspect, run
/// entries for HELM. `by_size` says whether every item of the group counts the same; else every task does.
///
/// Names are those of the data: a harness that names its tasks otherwise needs the prefix that it gives them, which
/// every file says in its first line.
pub fn export(benchmark: &str, names: Names, by_size: bool, kept: &[&str]) -> Vec<(&'static str, String)> {
    let task = |name: &str| match names {
        Names::Subjects => format!("{}_{}", identifier(benchmark), identifier(name)),
        Names::Tasks => task_name(name),
    };
    let tasks: Vec<String> = kept.iter().map(|k| task(k)).collect();
    let plain = kept.iter().map(|k| format!("{k}\n")).collect();
    let list = format!("{}\n", tasks.join(","));
    let named = match names {
        Names::Subjects => "Task names are benchmark_subtask",
        Names::Tasks => "Task names are those of the data",
    };
    let mut group = format!(
        "# lm-evaluation-harness group: pass the directory of this file with --include_path. {named}; check them \
         against `lm-eval ls tasks`.\ngroup: {}_selected\ntask:\n",
        identifier(benchmark)
    );
    tasks.iter().for_each(|t| group.push_str(&format!("  - {t}\n")));
    group.push_str(&format!(
        "aggregate_metric_list:\n  - metric: acc\n    aggregation: mean\n    weight_by_size: {by_size}\nmetadata:\n  \
         version: 1.0\n"
    ));
    let mut inspect =
        "# Inspect: inspect eval $(grep -v '^#' inspect_tasks.txt); check the names against your task \
                       registry.\n"
            .to_owned();
    tasks.iter().for_each(|t| inspect.push_str(&format!("inspect_evals/{t}\n")));
    let mut helm =
        "# HELM: helm-run --conf-paths helm_run_entries.conf; check the scenario's name for its subject.\n\
                    entries: [\n"
            .to_owned();
    for name in kept {
        let entry = match names {
            Names::Subjects => format!("{}:subject={}", identifier(benchmark), identifier(name)),
            Names::Tasks => task_name(name),
        };
        let separator = if entry.contains(':') { ',' } else { ':' };
        helm.push_str(&format!("  {{description: \"{entry}{separator}model=text\", priority: 1}}\n"));
    }
    helm.push_str("]\n");
    vec![
        ("subtasks.txt", plain),
        ("lm_eval_tasks.txt", list),
        ("lm_eval_group.yaml", group),
        ("inspect_tasks.txt", inspect),
        ("helm_run_entries.conf", helm),
    ]
}

/// A task's own name, where a harness can have given it.
fn task_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { identifier(name) }
}

/// A name as harnesses write it: small letters, figures and `_`.
fn identifier(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let text: String = name.chars().map(safe).collect();
    let parts: Vec<&str> = text.split('_').filter(|p| !p.is_empty()).collect();
    parts.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_every_harness_gets_all() {
        let files = export("mmlu-pro", Names::Subjects, true, &["computer science", "law: \"x\""]);
        assert_eq!(files.len(), 5);
        let of = |name: &str| &files.iter().find(|f| f.0 == name).unwrap().1;
        assert_eq!(of("lm_eval_tasks.txt"), "mmlu_pro_computer_science,mmlu_pro_law_x\n");
        assert!(of("lm_eval_group.yaml").contains("  - mmlu_pro_law_x\n"));
        assert!(of("helm_run_entries.conf").contains("mmlu_pro:subject=computer_science,model=text"));
        assert_eq!(of("subtasks.txt").lines().count(), 2);
    }

    #[test]
    fn whole_tasks_keep_their_names() {
        let files = export("suite", Names::Tasks, false, &["hendrycksTest-law", "a task"]);
        let of = |name: &str| &files.iter().find(|f| f.0 == name).unwrap().1;
        assert_eq!(of("lm_eval_tasks.txt"), "hendrycksTest-law,a_task\n");
        assert!(of("lm_eval_group.yaml").contains("weight_by_size: false"));
        assert!(of("helm_run_entries.conf").contains("\"hendrycksTest-law:model=text\""));
    }
}
