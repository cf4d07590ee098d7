//! How far is the reading? Files, bytes and rows, counted as they are done, whatever the order.

use super::source::Source;
use super::walk::Found;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How far the reading is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files done.
    pub done: usize,
    /// Files in all.
    pub total: usize,
    /// Bytes read, on disk.
    pub bytes: u64,
    /// Bytes to be read, on disk.
    pub total_bytes: u64,
    /// Rows so far.
    pub rows: usize,
    /// The file that was just worked on.
    pub file: String,
}

/// Counts, and tells whoever wants to know.
pub struct Meter<'m> {
    tell: &'m (dyn Fn(Progress) + Sync),
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    progress: Progress,
    /// Bytes and rows of files that are being read, already counted in `progress`.
    underway: Vec<(PathBuf, u64, usize)>,
}

impl<'m> Meter<'m> {
    /// A meter for these files.
    pub fn new(found: &[Found], tell: &'m (dyn Fn(Progress) + Sync)) -> Self {
        let progress = Progress {
            total: found.len(),
            total_bytes: found.iter().map(Found::size).sum(),
            ..Progress::default()
        };
        Self { tell, state: Mutex::new(State { progress, underway: Vec::new() }) }
    }

    /// A meter that tells nobody.
    pub fn silent() -> Self {
        Self { tell: &|_| (), state: Mutex::default() }
    }

    /// A large file has got this far.
    pub fn rows_so_far(&self, found: &Found, bytes: u64, rows: usize) {
        self.change(found, |state| state.set(found.on_disk(), bytes, rows));
    }

    /// An archive is unpacked: its members are to be read in its place.
    pub fn unpacked(&self, archive: &Found, members: &[Found]) {
        let (file, size) = (archive.on_disk(), archive.size());
        let bytes: u64 = members.iter().map(Found::size).sum();
        self.change(archive, |state| {
            state.set(file, size, 0);
            state.underway.retain(|(path, ..)| path != file);
            state.progress.total = (state.progress.total + members.len()).saturating_sub(1);
            state.progress.total_bytes += bytes;
        });
    }

    /// A file is done.
    pub fn done(&self, found: &Found, rows: usize) {
        let file = found.on_disk();
        self.change(found, |state| {
            state.set(file, found.size(), rows);
            state.underway.retain(|(path, ..)| path != file);
            state.progress.done += 1;
        });
    }

    fn change(&self, found: &Found, change: impl FnOnce(&mut State)) {
        let progress = {
            // A panic elsewhere leaves nothing here half done that matters.
            let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            change(&mut state);
            state.progress.file = Source::unread(found).name();
            state.progress.clone()
        };
        (self.tell)(progress);
    }
}

impl State {
    fn set(&mut self, file: &Path, bytes: u64, rows: usize) {
        let at = self.underway.iter().position(|(path, ..)| path == file).unwrap_or_else(|| {
            self.underway.push((file.to_owned(), 0, 0));
            self.underway.len() - 1
        });
        let (_, bytes_before, rows_before) = self.underway[at];
        self.underway[at] = (file.to_owned(), bytes.max(bytes_before), rows.max(rows_before));
        self.progress.bytes += bytes.saturating_sub(bytes_before);
        self.progress.rows += rows.saturating_sub(rows_before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_on_the_way_is_not_counted_again() {
        let dir = tempfile::tempdir().unwrap();
        let found: Vec<Found> = ["a", "b"].iter().map(|name| Found::File(dir.path().join(name))).collect();
        found.iter().for_each(|f| std::fs::write(f.path(), [0; 100]).unwrap());
        let told = Mutex::new(Vec::new());
        let tell = |progress: Progress| told.lock().unwrap().push(progress);
        let meter = Meter::new(&found, &tell);
        meter.rows_so_far(&found[0], 40, 7);
        meter.done(&found[1], 1);
        meter.rows_so_far(&found[0], 60, 9);
        meter.done(&found[0], 10);
        let told = told.into_inner().unwrap();
        let counts: Vec<_> = told.iter().map(|p| (p.done, p.bytes, p.rows)).collect();
        assert_eq!(counts, [(0, 40, 7), (1, 140, 8), (1, 160, 10), (2, 200, 11)]);
        assert_eq!((told[0].total, told[0].total_bytes), (2, 200));
    }

    #[test]
    fn an_archive_counts_while_it_is_unpacked_and_its_members_after_that() {
        let dir = tempfile::tempdir().unwrap();
        let found: Vec<Found> = ["x.zip", "a", "b"].map(|name| Found::File(dir.path().join(name))).into();
        found.iter().for_each(|f| std::fs::write(f.path(), [0; 100]).unwrap());
        let told = Mutex::new(Vec::new());
        let tell = |progress: Progress| told.lock().unwrap().push(progress);
        let meter = Meter::new(&found[..1], &tell);
        meter.rows_so_far(&found[0], 40, 0);
        meter.unpacked(&found[0], &found[1..]);
        found[1..].iter().for_each(|member| meter.done(member, 1));
        let told = told.into_inner().unwrap();
        let counts: Vec<_> = told.iter().map(|p| (p.done, p.total, p.bytes, p.total_bytes)).collect();
        assert_eq!(counts, [(0, 1, 40, 100), (0, 2, 100, 300), (1, 2, 200, 300), (2, 2, 300, 300)]);
    }
}
