//! How much is read at a time? Files in their order, in portions that keep all threads busy and fit into memory.

use super::directory::{Outcome, Reading, Task, open_all};
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
        Self { directories: directories.into_iter(), tasks: VecDeque::new(), reading }
    }

    /// Opens the next directories.
    fn open(&mut self) {
        let mut room = Room::default();
        let mut portion = Vec::new();
        while room.is_left()
            && let Some((first, files)) = self.directories.next()
        {
            room.take(files.len(), files.iter().map(Found::size).sum());
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
        let mut room = Room::default();
        let (mut tasks, mut last) = (Vec::new(), Vec::new());
        while room.is_left()
            && let Some(task) = self.tasks.pop_front()
        {
            room.take(1, task.size());
            if task.is_last() { last.push(task) } else { tasks.push(task) }
        }
        let mut outcomes: Vec<_> = tasks.into_par_iter().map(Task::finish).collect();
        outcomes.extend(last.into_iter().map(Task::finish));
        (!outcomes.is_empty()).then_some(outcomes)
    }
}

/// How much of a portion is there.
#[derive(Default)]
struct Room {
    files: usize,
    bytes: u64,
}

impl Room {
    fn is_left(&self) -> bool {
        self.bytes < BYTES || self.files < FILES_OF_A_THREAD * rayon::current_num_threads()
    }

    fn take(&mut self, files: usize, bytes: u64) {
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
