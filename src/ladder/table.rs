//! Which runs make up the ladder, and what did they score? The input of every ladder analysis.

use serde::Serialize;
use std::collections::BTreeMap;

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A small run that laws are fitted to.
    Rung,
    /// A large run to be predicted; its scores are never used for fitting or choosing.
    Target,
    /// Neither.
    Other,
}

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LadderRun {
    /// Its name.
    pub name: String,
    /// Label of its model size.
    pub size: String,
    /// What it is for.
    pub role: Role,
    /// Parameters *N*.
    pub parameters: Option<f64>,
    /// Training tokens *D* at its last checkpoint.
    pub tokens: Option<f64>,
    /// Training compute *C* at its last checkpoint, FLOPs.
    pub compute_flops: Option<f64>,
}

/// One checkpoint of one run on one task. What is not known stays `None`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Checkpoint {
    /// Training step.
    pub step: Option<f64>,
    /// Tokens seen.
    pub tokens: Option<f64>,
    /// Compute spent, FLOPs.
    pub compute_flops: Option<f64>,
    /// Loss on the task, in bits per byte or nats: any unit, the same throughout.
    pub loss: Option<f64>,
    /// Accuracy on the task, 0 to 1.
    pub accuracy: Option<f64>,
}

/// The checkpoints of one run on one task, in the order of training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Position of the run in [`LadderTable::runs`].
    pub run: usize,
    /// Its checkpoints.
    pub checkpoints: Vec<Checkpoint>,
}

/// One task and every run on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LadderTask {
    /// Its name.
    pub name: String,
    /// One series for each run that was scored on it.
    pub series: Vec<Series>,
}

/// A scaling ladder: runs, and their scores by task.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct LadderTable {
    /// The runs.
    pub runs: Vec<LadderRun>,
    /// The tasks, in the order of their first row.
    pub tasks: Vec<LadderTask>,
}

/// One row of a tidy table: a run, a checkpoint, a task.
#[derive(Debug, Clone, PartialEq)]
pub struct LadderRow {
    /// Name of the run.
    pub run: String,
    /// Label of its size; empty if not known.
    pub size: String,
    /// What it is for.
    pub role: Role,
    /// Parameters.
    pub parameters: Option<f64>,
    /// The task.
    pub task: String,
    /// The measurement.
    pub checkpoint: Checkpoint,
}

impl LadderTable {
    /// Builds the table from rows in any order.
    ///
    /// Checkpoints are put in the order of step, then tokens, then compute, rows without any of these in
    /// their given order. Tokens and compute of a run are those of its last checkpoint.
    pub fn from_rows(rows: impl IntoIterator<Item = LadderRow>) -> Self {
        let mut table = Self::default();
        let mut run_at: BTreeMap<String, usize> = BTreeMap::new();
        let mut task_at: BTreeMap<String, usize> = BTreeMap::new();
        let mut series_at: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for row in rows {
            let run = *run_at.entry(row.run).or_insert_with_key(|name| {
                table.runs.push(LadderRun {
                    name: name.clone(),
                    size: row.size.clone(),
                    role: row.role,
                    parameters: row.parameters,
                    tokens: None,
                    compute_flops: None,
                });
                table.runs.len() - 1
            });
            table.runs[run].parameters = table.runs[run].parameters.or(row.parameters);
            let task = *task_at.entry(row.task).or_insert_with_key(|name| {
                table.tasks.push(LadderTask { name: name.clone(), series: Vec::new() });
                table.tasks.len() - 1
            });
            let series = *series_at.entry((task, run)).or_insert_with(|| {
                table.tasks[task].series.push(Series { run, checkpoints: Vec::new() });
                table.tasks[task].series.len() - 1
            });
            table.tasks[task].series[series].checkpoints.push(row.checkpoint);
        }
        for series in table.tasks.iter_mut().flat_map(|t| &mut t.series) {
            let key = |c: &Checkpoint| c.step.or(c.tokens).or(c.compute_flops).unwrap_or(f64::MAX);
            series.checkpoints.sort_by(|a, b| key(a).total_cmp(&key(b)));
            let run = &mut table.runs[series.run];
            if let Some(last) = series.checkpoints.last() {
                let later = |a: Option<f64>, b: Option<f64>| match (a, b) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
                run.tokens = later(run.tokens, last.tokens);
                run.compute_flops = later(run.compute_flops, last.compute_flops);
            }
        }
        table
    }

    /// The runs of a role, as positions.
    pub fn of_role(&self, role: Role) -> Vec<usize> {
        (0..self.runs.len()).filter(|&i| self.runs[i].role == role).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: &str, step: f64, accuracy: f64) -> LadderRow {
        LadderRow {
            run: run.into(),
            size: String::new(),
            role: Role::Rung,
            parameters: Some(1e8),
            task: "t".into(),
            checkpoint: Checkpoint {
                step: Some(step),
                tokens: Some(step * 1e6),
                compute_flops: None,
                loss: None,
                accuracy: Some(accuracy),
            },
        }
    }

    #[test]
    fn checkpoints_are_put_in_order_and_the_last_gives_the_tokens() {
        let table = LadderTable::from_rows([row("a", 20.0, 0.4), row("b", 5.0, 0.1), row("a", 10.0, 0.3)]);
        assert_eq!(table.runs.len(), 2);
        assert_eq!(table.runs[0].tokens, Some(2e7));
        let accuracies: Vec<_> = table.tasks[0].series[0].checkpoints.iter().map(|c| c.accuracy).collect();
        assert_eq!(accuracies, [Some(0.3), Some(0.4)]);
    }
}
