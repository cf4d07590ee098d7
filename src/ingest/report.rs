//! What was read, what was not, and what should a user know about it?

use super::account::Account;
use super::detect::{Detected, Format};
use super::explain::FileRole;
use super::fragment::{Note, ReadError};
use super::lint::Lint;
use super::primary::Choice;
use crate::response::ResponseTable;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Examples kept of each kind of note.
const MAX_EXAMPLES: usize = 3;

/// Everything about one reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct IngestReport {
    /// Files that were read.
    pub files: Vec<FileRead>,
    /// Files that gave nothing.
    pub skipped: Vec<Skipped>,
    /// Rows of the table.
    pub n_rows: usize,
    /// The benchmarks.
    pub benchmarks: Vec<BenchmarkSummary>,
    /// What readers met, by kind.
    pub notes: Vec<NoteGroup>,
    /// What looks wrong in the data.
    pub lint: Vec<Lint>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRead {
    /// The file.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// How the format was known, and what the file was used for.
    pub because: String,
    /// Rows it gave.
    pub n_rows: usize,
}

impl FileRead {
    /// What it was for the reading.
    pub fn role(&self) -> FileRole {
        match self.format {
            Format::Auxiliary => FileRole::Auxiliary,
            _ if self.n_rows == 0 => FileRole::Companion,
            _ => FileRole::Dump,
        }
    }
}

/// A file that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// Why, and what to do.
    pub reason: String,
    /// Its format, where it was recognised.
    pub detected: Option<Detected>,
    /// What is in it, where it was not.
    pub found: Option<String>,
    /// The format nearest to it, and what it lacks for that.
    pub nearest: Option<String>,
}

impl Skipped {
    /// The file that an error is about.
    pub fn new(detected: Option<Detected>, error: &ReadError) -> Self {
        let (file, message) = (error.file(), error.to_string());
        // The message begins with the name of the file.
        let reason = message.strip_prefix(file).unwrap_or(&message).trim_start_matches([':', ',', ' ']);
        let (found, nearest) = match error {
            ReadError::Unrecognised { found, nearest, .. } => (Some(found.clone()), Some(nearest.clone())),
            _ => (None, None),
        };
        Self { file: file.to_owned(), reason: reason.to_owned(), detected, found, nearest }
    }
}

/// A benchmark in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchmarkSummary {
    /// Its name.
    pub benchmark: String,
    /// Models with at least one row.
    pub n_models: usize,
    /// Runs with at least one row.
    pub n_runs: usize,
    /// Items, those without rows among them.
    pub n_items: usize,
    /// Subjects.
    pub n_subjects: usize,
    /// Share of pairs of a model and an item that have a score under the primary metric.
    pub density: f64,
    /// Mean of all scores under the primary metric: of every attempt of every run, also of those that no statistic
    /// takes because a later run of the model stands for it.
    pub mean_score: Option<f64>,
    /// The metrics.
    pub metrics: Vec<MetricSummary>,
    /// Why the primary metric is the primary one.
    pub primary_because: String,
}

/// A metric in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSummary {
    /// Name, and filter behind a comma.
    pub metric: String,
    /// Whether it is the primary one, or one of several that are one measure.
    pub primary: bool,
    /// Whether larger is better.
    pub higher_is_better: bool,
    /// Attempts with a score.
    pub n_scored: usize,
    /// Attempts without.
    pub n_unscored: usize,
}

/// Notes that differ only in their numbers and names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoteGroup {
    /// The first of them.
    pub message: String,
    /// How many there are.
    pub count: usize,
    /// What the numbers add up to that they begin with, where each begins with one.
    pub total: Option<u64>,
    /// Where: the first few, `file` or `file, row n`.
    pub examples: Vec<String>,
}

/// Groups notes that say the same.
pub fn group(notes: &[Note]) -> Vec<NoteGroup> {
    let mut groups: Vec<NoteGroup> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    for note in notes {
        let at = *place.entry(kind(&note.message)).or_insert_with(|| {
            let (message, total) = (note.message.clone(), Some(0));
            groups.push(NoteGroup { message, count: 0, total, examples: Vec::new() });
            groups.len() - 1
        });
        groups[at].count += 1;
        groups[at].total = groups[at].total.zip(leading_number(&note.message)).map(|(total, n)| total + n);
        if groups[at].examples.len() < MAX_EXAMPLES {
            let row = note.row.map_or(String::new(), |row| format!(", row {row}"));
            groups[at].examples.push(format!("{}{row}", note.file));
        }
    }
    groups
}

/// The number that a message begins with, or what stands behind its first colon: `3 rows …`, `acc: 3 attempts …`.
fn leading_number(message: &str) -> Option<u64> {
    let number = |text: &str| text.split_once(' ')?.0.parse().ok();
    number(message).or_else(|| number(message.split_once(": ")?.1))
}

/// A message without its numbers and without what stands in quotes.
fn kind(message: &str) -> String {
    let mut quoted = false;
    message
        .chars()
        .filter(|&c| {
            quoted ^= c == '"';
            !quoted && !c.is_ascii_digit()
        })
        .collect()
}

/// Each benchmark of the table in numbers.
pub(super) fn summarise(
    table: &ResponseTable,
    account: &Account,
    choices: &[Choice],
) -> Vec<BenchmarkSummary> {
    let benchmarks = &account.benchmarks;
    benchmarks
        .iter()
        .enumerate()
        .map(|(at, benchmark)| {
            let items: Vec<usize> =
                (0..table.items.len()).filter(|&i| account.benchmark_of[i] == at).collect();
            let runs: Vec<usize> = account.runs_of(at).collect();
            let mut who: Vec<usize> = runs.iter().map(|&run| account.model_of[run]).collect();
            who.sort_unstable();
            who.dedup();
            let mut subjects: Vec<&String> =
                items.iter().filter_map(|&i| table.items[i].subject.as_ref()).collect();
            subjects.sort();
            subjects.dedup();
            let present: usize = items.iter().map(|&item| account.answered.row_counts(item).1 as usize).sum();
            let all = (items.len() * who.len()) as f64;
            let of: Vec<usize> =
                (0..table.metrics.len()).filter(|&m| table.metrics[m].benchmark == *benchmark).collect();
            let primary = of.iter().filter(|&&m| table.metrics[m].primary).map(|&m| account.of_metric[m]);
            let (sum, n) = primary.fold((0.0, 0), |(sum, n), of| (sum + of.sum, n + of.scored));
            BenchmarkSummary {
                benchmark: benchmark.clone(),
                n_models: who.len(),
                n_runs: runs.len(),
                n_items: items.len(),
                n_subjects: subjects.len(),
                density: if all > 0.0 { present as f64 / all } else { 0.0 },
                mean_score: (n > 0).then(|| sum / n as f64),
                metrics: of
                    .iter()
                    .map(|&m| MetricSummary {
                        metric: table.metrics[m].label(),
                        primary: table.metrics[m].primary,
                        higher_is_better: table.metrics[m].higher_is_better,
                        n_scored: account.of_metric[m].scored,
                        n_unscored: account.of_metric[m].unscored,
                    })
                    .collect(),
                primary_because: choices
                    .iter()
                    .find(|c| c.benchmark == *benchmark)
                    .map(|c| c.because.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_say_the_same_are_counted() {
        let note = |file: &str, message: &str| Note {
            file: file.to_owned(),
            row: Some(3),
            message: message.to_owned(),
        };
        let notes: Vec<Note> =
            (0..10).map(|k| note(&format!("{k}"), &format!("{k} cells of \"x{k}\" are empty"))).collect();
        let groups = group(&notes);
        assert_eq!((groups.len(), groups[0].count), (1, 10));
        assert_eq!(groups[0].examples, ["0, row 3", "1, row 3", "2, row 3"]);
        assert_eq!((groups[0].total, group(&[note("f", "no number 3")])[0].total), (Some(45), None));
        assert_eq!(group(&[note("f", "acc: 3 rows"), note("g", "acc: 4 rows")])[0].total, Some(7));
        assert_eq!(group(&[notes[0].clone(), note("f", "another")]).len(), 2);
    }
}
