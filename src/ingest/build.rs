//! How does a reader make its piece of the table? Runs, items and metrics are named as they are met, and each
//! gets one place; whatever should be told to the user is collected on the way.

use super::aside::Aside;
use super::direction::higher_is_better;
use super::fragment::{Fragment, Note, ReadError, Rest, counted};
use super::json::Passage;
use super::model_name;
use super::source::Source;
use crate::response::{Item, Metric, ResponseTable, Row, Run, Status};
use rustc_hash::FxHashMap;

/// A piece of the table in the making.
pub struct Builder {
    file: String,
    harness: &'static str,
    table: ResponseTable,
    aside: Aside,
    notes: Vec<Note>,
    rests: Vec<Rest>,
    runs: FxHashMap<String, u32>,
    items: FxHashMap<(String, String), u32>,
    metrics: FxHashMap<(String, String, Option<String>), u32>,
    n_unscored: usize,
    n_failed: usize,
}

impl Builder {
    /// An empty piece of what a harness wrote to a file.
    pub fn new(source: &Source, harness: &'static str) -> Self {
        Self {
            file: source.name(),
            harness,
            table: ResponseTable::default(),
            aside: Aside::of(source),
            notes: Vec::new(),
            rests: Vec::new(),
            runs: FxHashMap::default(),
            items: FxHashMap::default(),
            metrics: FxHashMap::default(),
            n_unscored: 0,
            n_failed: 0,
        }
    }

    /// Adds something that a user should know.
    pub fn note(&mut self, row: Option<u64>, message: impl Into<String>) {
        self.notes.push(Note { file: self.file.clone(), row, message: message.into() });
    }

    /// The run of a model, told from its other runs by `apart` (a benchmark, a time, a variant).
    ///
    /// The name is the one in the dump. It is read by [`model_name::read`], which tells revision, step and tokens
    /// where `describe` does not.
    pub fn run(&mut self, model: &str, apart: &[&str], describe: impl FnOnce(&mut Run)) -> u32 {
        let written = told_apart(model, apart);
        if let Some(&run) = self.runs.get(&written) {
            return run;
        }
        let named = model_name::read(model, None);
        let step = named.step.map(|step| format!(" step {step}")).unwrap_or_default();
        let id = told_apart(&format!("{}{step}", named.display), apart);
        // Two spellings of one name in one file are one run.
        let known = self.runs.get(&id).copied();
        let at = known.unwrap_or(self.table.runs.len() as u32);
        if known.is_none() {
            let mut run = Run {
                model_raw: Some(model.to_owned()),
                harness: Some(self.harness.to_owned()),
                files: vec![self.file.clone()],
                ..Run::new(id.clone(), named.display.as_str())
            };
            describe(&mut run);
            named.tell(&mut run);
            self.table.runs.push(run);
            self.runs.insert(id, at);
        }
        self.runs.insert(written, at);
        at
    }

    /// The item of a name; it is described when it is first met.
    pub fn item(
        &mut self,
        benchmark: &str,
        subject: Option<&str>,
        id: &str,
        describe: impl FnOnce(&mut Item),
    ) -> u32 {
        let key = (benchmark.to_owned(), id.to_owned());
        if let Some(&item) = self.items.get(&key) {
            return item;
        }
        let at = self.table.items.len() as u32;
        let mut item = Item::new(benchmark, subject, id);
        describe(&mut item);
        self.table.items.push(item);
        self.aside.note(&mut self.table.items, at);
        self.items.insert(key, at);
        at
    }

    /// The metric of a name, which says whether more of it is better; `primary` marks it as the one that counts for its benchmark.
    pub fn metric(&mut self, benchmark: &str, name: &str, filter: Option<&str>, primary: bool) -> u32 {
        let key = (benchmark.to_owned(), name.to_owned(), filter.map(str::to_owned));
        if let Some(&metric) = self.metrics.get(&key) {
            return metric;
        }
        let at = self.table.metrics.len() as u32;
        let higher_is_better = higher_is_better(name);
        self.table.metrics.push(Metric { primary, higher_is_better, ..Metric::new(benchmark, name, filter) });
        self.metrics.insert(key, at);
        at
    }

    /// The metric at a place, to say more about it.
    pub fn metric_mut(&mut self, metric: u32) -> Option<&mut Metric> {
        self.table.metrics.get_mut(metric as usize)
    }

    /// Says more about the item at a place.
    pub fn describe(&mut self, item: u32, describe: impl FnOnce(&mut Item)) {
        if let Some(known) = self.table.items.get_mut(item as usize) {
            describe(known);
            self.aside.note(&mut self.table.items, item);
        }
    }

    /// Adds a row that stands at `source_row` of its file, from 1.
    pub fn push(&mut self, mut row: Row, source_row: u64) {
        row.source_row = u32::try_from(source_row).ok();
        row.score = row.score.filter(|score| score.is_finite());
        let n = if row.status == Status::Error { &mut self.n_failed } else { &mut self.n_unscored };
        *n += usize::from(row.score.is_none());
        self.table.push(row);
    }

    /// Adds what the file says about items that it does not list.
    pub fn rest(&mut self, rest: Rest) {
        self.rests.push(rest);
    }

    /// The table so far.
    pub fn table(&mut self) -> &mut ResponseTable {
        &mut self.table
    }

    /// Closes the piece: what could not be read and how many attempts have no score becomes known.
    ///
    /// # Errors
    /// See [`Passage::notes`]; [`ReadError::Malformed`] where nothing was found in what was read.
    pub fn finish(mut self, passage: Option<&Passage>, wanted: &str) -> Result<Fragment, ReadError> {
        let mut notes = match passage {
            Some(passage) => passage.notes(&self.file)?,
            None => Vec::new(),
        };
        if self.table.is_empty() && self.table.items.is_empty() && self.rests.is_empty() {
            let fault = passage.and_then(|p| p.faults.first());
            return Err(ReadError::Malformed {
                file: self.file,
                row: fault.map(|f| f.row),
                message: fault.map_or_else(|| format!("nothing in it has {wanted}"), |f| f.message.clone()),
            });
        }
        let failed = counted(self.n_failed, "attempt failed and has", "attempts failed and have");
        let unscored = counted(self.n_unscored, "attempt has", "attempts have");
        let counts = [(self.n_failed, failed, ""), (self.n_unscored, unscored, ": unscored")];
        for (_, attempts, how) in counts.into_iter().filter(|(n, ..)| *n > 0) {
            let message = format!("{attempts} no score{how}, not wrong");
            self.notes.push(Note { file: self.file.clone(), row: None, message });
        }
        notes.append(&mut self.notes);
        Ok(Fragment { table: self.table, notes, rests: self.rests })
    }
}

/// A name with what tells its runs apart.
fn told_apart(name: &str, apart: &[&str]) -> String {
    let mut id = name.to_owned();
    for part in apart.iter().filter(|part| !part.is_empty()) {
        id.push(' ');
        id.push_str(part);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::FactSource;

    #[test]
    fn runs_are_of_models_however_these_are_spelt() {
        let source = Source::new("d/f.json", None, Vec::new());
        let mut build = Builder::new(&source, "h");
        let first = build.run("org__m", &["b"], |_| {});
        assert_eq!([build.run("org/m", &["b"], |_| {}), build.run("org__m", &["b"], |_| {})], [first; 2]);
        let other = build.run("org/m@step1000", &["b"], |run| run.n_shot = Some(5));
        let described = build.run("/x/m/checkpoint-20", &["b"], |run| run.step = Some(30));
        let runs = &build.table().runs;
        assert_eq!(runs[first as usize].model_raw.as_deref(), Some("org__m"));
        assert_eq!(
            (runs[first as usize].model.as_str(), runs[first as usize].id.as_str()),
            ("org/m", "org/m b")
        );
        let run = &runs[other as usize];
        assert_eq!(
            (run.model.as_str(), run.step, run.step_source),
            ("org/m", Some(1000), Some(FactSource::Name))
        );
        assert_eq!((run.revision.as_deref(), run.n_shot), (Some("step1000"), Some(5)));
        assert_eq!((runs[described as usize].step, runs.len()), (Some(30), 3));
    }
}
