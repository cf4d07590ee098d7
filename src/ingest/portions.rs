//! How much is read at a time? Files in their order, in portions that keep all threads busy and fit into memory.

use super::directory::{Reading, Task, open_all};
use super::outcome::Outcome;
use super::walk::Found;
use rayon::prelude::*;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::vec;

/// A portion has at least so many bytes of files, if there are as many.
const BYTES: u64 = 64 << 20;
/// And so many files for each thread.
const FILES_OF_A_THREAD: usize = 2;

/// Files, read in portions.
pub struct Portions<'r> {
    /// Directories not opened yet, each with the place of its first file.
    directories: vec::IntoIter<(usize, Vec<Found>)>,
    /// What is left of those that are open.
    tasks: VecDeque<Task<'r>>,
    reading: Reading<'r>,
    /// What a portion has at least, if there is as much.
    least: Amount,
}

impl<'r> Portions<'r> {
    /// Reads these files, those of a directory together.
    pub fn new(found: Vec<Found>, reading: Reading<'r>) -> Self {
        let mut first = 0;
        let mut with_place = |files: Vec<Found>| {
            first += files.len();
            (first - files.len(), files)
        };
        let directories: Vec<_> = by_directory(found).into_iter().map(&mut with_place).collect();
        let least = Amount { files: FILES_OF_A_THREAD * rayon::current_num_threads(), bytes: BYTES };
        Self { directories: directories.into_iter(), tasks: VecDeque::new(), reading, least }
    }

    /// Opens the next directories.
    fn open(&mut self) {
        let mut amount = Amount::default();
        let mut portion = Vec::new();
        while !amount.reaches(self.least)
            && let Some((first, files)) = self.directories.next()
        {
            amount.add(files.len(), files.iter().map(Found::size).sum());
            portion.push((first, files));
        }
        let reading = self.reading;
        let opened: Vec<Vec<Task>> =
            portion.into_par_iter().map(|(first, files)| open_all(files, first, reading)).collect();
        self.tasks.extend(opened.into_iter().flatten());
    }
}

impl Iterator for Portions<'_> {
    type Item = Vec<(usize, Outcome)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.tasks.is_empty() {
            self.open();
        }
        let mut amount = Amount::default();
        let (mut tasks, mut last) = (Vec::new(), Vec::new());
        while !amount.reaches(self.least)
            && let Some(task) = self.tasks.pop_front()
        {
            amount.add(1, task.size());
            if task.is_last() { last.push(task) } else { tasks.push(task) }
        }
        let mut outcomes: Vec<_> = tasks.into_par_iter().map(Task::finish).collect();
        outcomes.extend(last.into_iter().map(Task::finish));
        (!outcomes.is_empty()).then_some(outcomes)
    }
}

/// How much there is in a portion.
#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    files: usize,
    bytes: u64,
}

impl Amount {
    fn reaches(self, least: Self) -> bool {
        self.bytes >= least.bytes && self.files >= least.files
    }

    fn add(&mut self, files: usize, bytes: u64) {
        self.files += files;
        self.bytes += bytes;
    }
}

/// The files of each directory, in the order in which the first of them was found.
fn by_directory(found: Vec<Found>) -> Vec<Vec<Found>> {
    let mut directories: Vec<Vec<Found>> = Vec::new();
    let mut place: HashMap<PathBuf, usize> = HashMap::new();
    for found in found {
        let at = *place.entry(found.directory()).or_insert(directories.len());
        match directories.get_mut(at) {
            Some(directory) => directory.push(found),
            None => directories.push(vec![found]),
        }
    }
    directories
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::meter::Meter;
    use crate::ingest::{IngestOptions, walk};
    use std::fs;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn small_portions_give_what_one_gives_and_end_with_what_explains_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        for model in ["a", "b"] {
            let below = dir.path().join(model);
            fs::create_dir(&below).unwrap();
            for task in ["x", "y", "z"] {
                let line = r#"{"doc_id": 0, "target": "1", "resps": [["1"]], "filtered_resps": ["1"], "doc": {"q": "1"}, "acc": 1.0}"#;
                let name = format!("samples_{task}_2025-01-02T03-04-05.000000.jsonl");
                fs::write(below.join(name), format!("{line}\n")).unwrap();
            }
            let results = format!(
                r#"{{"results": {{"x": {{"acc,none": 1.0}}}}, "configs": {{}}, "n-shot": {{}}, "versions": {{}}, "model_name": "{model}"}}"#
            );
            fs::write(below.join("results_2025-01-02T03-04-05.000000.json"), results).unwrap();
        }
        let (options, waiting) = (IngestOptions::default(), AtomicU64::new(0));
        let meter = Meter::silent();
        let reading = Reading {
            options: &options,
            meter: &meter,
            work: None,
            waiting: &waiting,
            spill: None,
            aside: None,
        };
        let read = |least: Option<Amount>| {
            let mut portions = Portions::new(walk::walk(&[dir.path().to_owned()], None).unwrap(), reading);
            portions.least = least.unwrap_or(portions.least);
            let sizes_and_outcomes = portions.map(|portion| (portion.len(), portion));
            let (sizes, portions): (Vec<usize>, Vec<_>) = sizes_and_outcomes.unzip();
            let shown = |(place, outcome)| match outcome {
                Outcome::Read(read, _) => (place, "read", read.file, read.because),
                Outcome::Used(read) => (place, "used", read.file, read.because),
                _ => (place, "other", String::new(), String::new()),
            };
            (sizes, portions.into_iter().flatten().map(shown).collect::<Vec<_>>())
        };
        let (sizes, whole) = read(None);
        assert_eq!(sizes, [8]);
        let (sizes, parts) = read(Some(Amount { files: 3, bytes: 0 }));
        assert_eq!(sizes, [3, 1, 3, 1]);
        let sorted = |mut outcomes: Vec<(usize, &'static str, String, String)>| {
            outcomes.sort();
            outcomes
        };
        let kinds: Vec<_> = parts.iter().map(|(place, kind, ..)| (*place, *kind)).collect();
        let of_one = [(1, "read"), (2, "read"), (3, "read"), (0, "used")];
        assert_eq!(kinds[..4], of_one);
        assert_eq!(kinds[4..], of_one.map(|(place, kind)| (place + 4, kind)));
        assert!(parts[3].3.ends_with("it explains the files beside it"), "{}", parts[3].3);
        assert_eq!(sorted(parts), sorted(whole));
    }
}
