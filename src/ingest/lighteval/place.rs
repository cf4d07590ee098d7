//! What do the names of files and directories say of a run of lighteval? Its task, its time and its model.

use crate::ingest::Source;
use crate::ingest::lm_eval::groups::benchmark_of;

/// Where tasks come from, as the harness names it.
const SUITES: [&str; 10] = [
    "bigbench",
    "community",
    "custom",
    "extended",
    "harness",
    "helm",
    "leaderboard",
    "lighteval",
    "multilingual",
    "original",
];

/// What the name of a file says.
pub struct Task {
    /// The benchmark.
    pub benchmark: String,
    /// The subject, where the benchmark has some.
    pub subject: Option<String>,
    /// Worked examples.
    pub n_shot: Option<i32>,
    /// When it was run.
    pub timestamp: String,
}

impl Task {
    /// `details_<suite>|<task>:<subject>|<shots>_<time>.parquet`, with or without suite and shots.
    pub fn of(file: &str) -> Self {
        let stem = file.strip_suffix(".parquet").unwrap_or(file);
        let stem = stem.strip_prefix("details_").unwrap_or(stem);
        let is_time = |text: &str| text.len() > 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
        let (task, timestamp) = match stem.rsplit_once('_').filter(|(_, time)| is_time(time)) {
            Some((task, time)) => (task, time),
            None => (stem, ""),
        };
        let mut parts: Vec<&str> = task.split('|').collect();
        let mut shots = None;
        while parts.len() > 1
            && let Some(number) = parts.last().and_then(|part| part.parse::<i32>().ok())
        {
            shots = Some(number);
            parts.pop();
        }
        let mut task = parts.last().copied().unwrap_or(task);
        // Where `|` cannot stand in names of files: `<suite>_<task>_<shots>`.
        let unmarked = SUITES.iter().find_map(|suite| task.strip_prefix(suite)?.strip_prefix('_'));
        if let Some(rest) = unmarked.filter(|_| parts.len() == 1 && shots.is_none()) {
            task = rest;
            if let Some((name, number)) =
                rest.rsplit_once('_').and_then(|(name, n)| Some((name, n.parse().ok()?)))
            {
                (task, shots) = (name, Some(number));
            }
        }
        let (benchmark, subject) = match task.split_once(':') {
            Some((benchmark, subject)) => {
                // `arc:challenge` is a benchmark of its own, `mmlu:astronomy` a subject of one.
                let joined = format!("{benchmark}_{subject}");
                match benchmark_of(&joined, None) {
                    (known, Some(subject)) => (known, Some(subject)),
                    _ if benchmark == "arc" => (joined, None),
                    _ => (benchmark.to_owned(), Some(subject.to_owned())),
                }
            }
            None => benchmark_of(task, None),
        };
        Self { benchmark, subject, n_shot: shots, timestamp: timestamp.to_owned() }
    }
}

/// The name of the model, which may have any number of parts: `details/<name>/<time>/`, or
/// `details_<org>__<model>/<time>/`.
pub fn model_of(source: &Source) -> String {
    let mut above = source.directories();
    if above.last().is_some_and(|d| d.len() >= 10 && d.as_bytes()[..4].iter().all(u8::is_ascii_digit)) {
        above.pop();
    }
    let below_root = above.iter().rposition(|d| d == "details").map(|at| &above[at + 1..]);
    if let Some(parts @ [_, _, ..]) = below_root {
        return parts.join("/");
    }
    let last = above.last().map_or("unknown", String::as_str);
    match last.strip_prefix("details_") {
        Some(model) => model.trim_end_matches("_private").replacen("__", "/", 1),
        None => last.replacen("__", "/", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_task_subject_shots_and_time() {
        let of = |file: &str| {
            let task = Task::of(file);
            (task.benchmark, task.subject.unwrap_or_default(), task.n_shot, task.timestamp)
        };
        let time = "2023-07-19T13:48:53.093937";
        let mmlu = |shots, time: &str| ("mmlu".to_owned(), "astronomy".to_owned(), shots, time.to_owned());
        assert_eq!(
            of(&format!("details_harness|hendrycksTest-astronomy|5_{time}.parquet")),
            mmlu(Some(5), time)
        );
        assert_eq!(
            of("details_leaderboard|mmlu:astronomy|5|0_2024-10-05T11-22-33.1.parquet"),
            mmlu(Some(5), "2024-10-05T11-22-33.1")
        );
        assert_eq!(
            of("details_mmlu:astronomy|5_2025-11-30T09-08-07.6.parquet"),
            mmlu(Some(5), "2025-11-30T09-08-07.6")
        );
        assert_eq!(of("details_arc:challenge|25.parquet").0, "arc_challenge");
    }

    #[test]
    fn models_are_in_the_path() {
        let of = |path: &str| model_of(&Source::new(path, None, Vec::new()));
        assert_eq!(of("out/details/org/m/2025-11-30T09-08-07/f.parquet"), "org/m");
        assert_eq!(of("x/details_org__m/2023-07-19T13:48:53/f.parquet"), "org/m");
        assert_eq!(of("out/details/router/org/m/2025-11-30T09-08-07/f.parquet"), "router/org/m");
        assert_eq!(of("out/details/m/2025-11-30T09-08-07/f.parquet"), "m");
    }
}
