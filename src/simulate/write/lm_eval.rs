//! How do the data look as lm-evaluation-harness 0.4.13 would have logged them? Samples and results, by model.

use super::lm_eval_results::results;
use super::lm_eval_sample::{Hashes, sample};
use super::{WriteError, Written, create_directory, write_file};
use crate::response::{OptionScore, ResponseTable, Row};
use crate::simulate::text::timestamp;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// A task of the harness: one benchmark, or one subject of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    /// Its name, `benchmark` or `benchmark_subject`.
    pub name: String,
    /// The benchmark, which is the task's group where there is a subject.
    pub benchmark: String,
    /// The subject.
    pub subject: Option<String>,
    /// Name of the metric.
    pub metric: String,
    /// Name of the filter.
    pub filter: String,
}

/// What one run did on one task.
pub(super) struct TaskRun<'a> {
    pub task: &'a Task,
    /// Number of options where the task is scored by log-probabilities, else it is generated text.
    pub n_options: Option<usize>,
    /// The scores, in the order of the samples.
    pub scores: Vec<f64>,
    /// The hashes of the samples.
    pub hashes: Vec<Hashes>,
}

/// Writes the table as `OUT/<model>/samples_<task>_<time>.jsonl` and `OUT/<model>/results_<time>.json`, one time
/// for each run, with the keys, their order and the hashes of lm-evaluation-harness 0.4.13.
///
/// Attempts with log-probabilities of their options become `multiple_choice` samples, all others
/// `generate_until` samples. Only the primary metric of a benchmark is written. Rows without a score have no
/// place in the format and are counted in the result. A prompt variant is written as the system instruction, and
/// a checkpoint as the `revision` among the arguments of the model.
///
/// # Errors
/// A repeated attempt, before anything is written, or what the file system refuses.
pub fn write_lm_eval(table: &ResponseTable, out: &Path) -> Result<Written, WriteError> {
    if let Some(row) = table.rows().find(|row| row.repeat > 0) {
        let run = table.runs[row.run as usize].id.clone();
        let item = table.items[row.item as usize].id.to_string();
        return Err(WriteError::Repeat { run, item, repeat: row.repeat });
    }
    let (tasks, task_of_item, document_of_item) = tasks(table);
    let mut rows_of_run: Vec<Vec<Row>> = vec![Vec::new(); table.runs.len()];
    let mut written = Written::default();
    for row in table.rows() {
        if row.score.is_some() && Some(row.metric as usize) == primary(table, row.item as usize) {
            rows_of_run[row.run as usize].push(row);
        } else {
            written.n_rows_left_out += 1;
        }
    }
    let mut options: HashMap<(u32, u32), Vec<OptionScore>> = HashMap::new();
    for option in table.options.iter() {
        options.entry((option.run, option.item)).or_default().push(option);
    }
    for (at, mut rows) in rows_of_run.into_iter().enumerate() {
        let run = &table.runs[at];
        let directory = out.join(sanitised(run.model_raw.as_deref().unwrap_or(run.model.as_str())));
        create_directory(&directory)?;
        rows.sort_by_key(|row| (task_of_item[row.item as usize], document_of_item[row.item as usize]));
        let mut done = Vec::new();
        for of_task in rows.chunk_by(|a, b| task_of_item[a.item as usize] == task_of_item[b.item as usize]) {
            let task = &tasks[task_of_item[of_task[0].item as usize]];
            let mut result = TaskRun { task, n_options: None, scores: Vec::new(), hashes: Vec::new() };
            let mut lines: Vec<Value> = Vec::with_capacity(of_task.len());
            for row in of_task {
                let item = &table.items[row.item as usize];
                let logp = options.get(&(row.run, row.item)).map_or(&[][..], Vec::as_slice);
                let document = document_of_item[row.item as usize];
                let (line, hashes, n_options) = sample(task, item, document, row, logp);
                result.n_options = result.n_options.or(n_options);
                result.scores.push(row.score.unwrap_or(f64::NAN));
                result.hashes.push(hashes);
                lines.push(line);
            }
            let path = directory.join(format!("samples_{}_{}.jsonl", task.name, timestamp(at)));
            write_file(&path, |out| {
                for line in &lines {
                    serde_json::to_writer(&mut *out, line)?;
                    out.write_all(b"\n")?;
                }
                Ok(())
            })?;
            written.files.push(path);
            written.n_rows += lines.len();
            done.push(result);
        }
        let path = directory.join(format!("results_{}.json", timestamp(at)));
        write_file(&path, |out| Ok(serde_json::to_writer_pretty(out, &results(run, at, &done))?))?;
        written.files.push(path);
    }
    Ok(written)
}

/// The metric that stands for an item's benchmark: the primary one, else the first.
fn primary(table: &ResponseTable, item: usize) -> Option<usize> {
    let of_benchmark = |m: &usize| table.metrics[*m].benchmark == table.items[item].benchmark;
    let candidates = || (0..table.metrics.len()).filter(of_benchmark);
    candidates().find(|&m| table.metrics[m].primary).or_else(|| candidates().next())
}

/// The tasks, the task of each item, and the number of each item within its task.
fn tasks(table: &ResponseTable) -> (Vec<Task>, Vec<usize>, Vec<usize>) {
    let mut tasks: Vec<Task> = Vec::new();
    let mut place: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    let mut sizes: Vec<usize> = Vec::new();
    let (mut task_of_item, mut document_of_item) = (Vec::new(), Vec::new());
    for (at, item) in table.items.iter().enumerate() {
        let key = (item.benchmark.as_str(), item.subject.as_deref());
        let task = *place.entry(key).or_insert_with(|| {
            let metric = primary(table, at).map(|m| &table.metrics[m]);
            tasks.push(Task {
                name: item
                    .subject
                    .as_ref()
                    .map_or(item.benchmark.clone(), |s| format!("{}_{s}", item.benchmark)),
                benchmark: item.benchmark.clone(),
                subject: item.subject.clone(),
                metric: metric.map_or_else(|| "acc".to_owned(), |m| m.name.clone()),
                filter: metric.and_then(|m| m.filter.clone()).unwrap_or_else(|| "none".to_owned()),
            });
            sizes.push(0);
            tasks.len() - 1
        });
        task_of_item.push(task);
        document_of_item.push(sizes[task]);
        sizes[task] += 1;
    }
    (tasks, task_of_item, document_of_item)
}

/// The harness's directory name of a model: each run of characters that file systems dislike becomes `__`.
pub(super) fn sanitised(model: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in model.chars() {
        let disliked = "\"<>:/|\\?*[]".contains(c);
        if !disliked {
            out.push(c);
        } else if !inside {
            out.push_str("__");
        }
        inside = disliked;
    }
    out
}

#[cfg(test)]
#[path = "lm_eval_tests.rs"]
mod tests;
