//! How does a wide table become rows? One row for each cell that has a score or once had one.
//!
//! A table that is larger than memory comes in parts, and is gone through twice: what its columns are is known once
//! all of their cells were counted.

use super::Naming;
use super::answer::parse_options;
use super::roles::{Role, Roles};
use super::scale::{Scale, Spread};
use super::shape::{Outline, Wide};
use super::tally::Facts;
use super::value::{CellReader, Letters, Value};
use crate::ingest::RowsAre;
use crate::ingest::fragment::{Fragment, Note};
use crate::response::{Item, Line, Metric, ResponseTable, Row, Run, Status};
use crate::store::frame::{Frame, NOTHING, Words};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Reads a wide table of one benchmark.
pub fn read(frame: &Frame, roles: Roles, wide: Wide, naming: &Naming) -> Fragment {
    let reading = Reading::new(frame, roles, wide, naming);
    let Part { table, n_unnamed } = reading.part(frame, 0);
    let notes = reading.notes(n_unnamed);
    Fragment { table, notes, ..Fragment::default() }
}

/// A wide table on its way.
pub(super) struct Reading {
    wide: Wide,
    roles: Roles,
    naming: Naming,
    n_rows: usize,
    /// Whether the first line names the columns.
    has_names: bool,
    left_out: Vec<String>,
    /// The distinct names of the columns of scores.
    columns: Vec<String>,
    /// The number among them of the name of each.
    number_of_column: Vec<Option<u32>>,
    letters: Vec<Letters>,
    scale: Scale,
    n_unreadable: usize,
}

/// Some rows of a wide table.
pub(super) struct Part {
    pub table: ResponseTable,
    /// Number of rows without a name.
    pub n_unnamed: usize,
}

impl Reading {
    /// Decides what the cells of a table say.
    pub fn new(table: &impl Outline, roles: Roles, wide: Wide, naming: &Naming) -> Self {
        let names = table.names();
        let has_names = wide.scores.iter().all(|&at| !names[at].is_empty());
        let column_names: Vec<String> = if has_names {
            wide.scores.iter().map(|&at| names[at].to_owned()).collect()
        } else {
            synthetic(wide.rows.other(), 0, wide.scores.len(), wide.scores.len())
        };
        let number_of_column = numbered(&column_names);
        let mut columns = Vec::new();
        for (name, number) in column_names.into_iter().zip(&number_of_column) {
            if *number == Some(columns.len() as u32) {
                columns.push(name);
            }
        }
        let facts: Vec<Option<Facts>> = wide.scores.iter().map(|&at| table.scores(at)).collect();
        let spread = facts.iter().flatten().fold(None, |all, facts| Spread::joined(all, facts.spread));
        Self {
            n_rows: table.n_rows(),
            has_names,
            left_out: wide.left_out.iter().map(|&at| names[at].to_owned()).collect(),
            columns,
            number_of_column,
            letters: facts.iter().map(|facts| facts.and_then(|facts| facts.letters)).collect(),
            scale: Scale::of(spread, None),
            n_unreadable: facts.iter().flatten().map(|facts| facts.n_unreadable).sum(),
            naming: naming.clone(),
            roles,
            wide,
        }
    }

    /// Reads the rows of a frame that come after `first_row` others.
    pub fn part(&self, frame: &Frame, first_row: usize) -> Part {
        let row_names = match self.wide.id {
            Some(at) => names_of_rows(frame, at),
            None => synthetic(self.wide.rows, first_row, frame.n_rows, self.n_rows),
        };
        let number_of_row = numbered(&row_names);
        let scores = self.wide.scores.iter().zip(&self.letters);
        let cells: Vec<(u32, CellReader)> = scores
            .zip(&self.number_of_column)
            .filter_map(|((&at, letters), number)| {
                Some(((*number)?, CellReader::new(&frame.columns[at].1, *letters)))
            })
            .collect();
        let mut places = Places::of(self, frame);
        let mut line = Filled::default();
        let mut block = Block::new(cells.len());
        for row in 0..frame.n_rows {
            let Some(number) = number_of_row[row] else { continue };
            let group = places.group(row);
            let mut place_of_row = None;
            for (column, value) in block.line(&cells, row, frame.n_rows) {
                let of_row =
                    *place_of_row.get_or_insert_with(|| places.of_row(row, group, number, &row_names[row]));
                let of_column = places.of_column(row, group, column);
                let (run, item) = match self.wide.rows {
                    RowsAre::Models => (of_row, of_column),
                    RowsAre::Items => (of_column, of_row),
                };
                line.push(run, item, value, self.scale);
            }
            if !line.is_empty() {
                let metric = places.metric(row);
                let on = Line::All(u32::try_from(self.naming.line(first_row + row)).ok());
                line.move_to(&mut places.table, metric, on);
            }
        }
        if self.wide.rows == RowsAre::Items {
            places.fill_items(frame, &number_of_row);
        }
        let n_unnamed = row_names.iter().filter(|name| name.is_empty()).count();
        Part { table: places.table, n_unnamed }
    }

    /// What a user should know.
    pub fn notes(&self, n_unnamed: usize) -> Vec<Note> {
        let wide = &self.wide;
        let mut notes = Vec::new();
        let mut say =
            |message: String| notes.push(Note { file: self.naming.file.clone(), row: None, message });
        if wide.guessed {
            say(format!(
                "rows are taken for {}, because {}; say --rows {} if that is wrong",
                wide.rows.as_str(),
                wide.because,
                wide.rows.other().as_str()
            ));
        }
        if !self.left_out.is_empty() {
            say(format!(
                "columns that are no scores of single items were left out: {}",
                self.left_out.join(", ")
            ));
        }
        if wide.id.is_none() || !self.has_names {
            let missing = match (wide.id.is_none(), self.has_names) {
                (true, true) => wide.rows.as_str().to_owned(),
                (true, false) => "models and items".to_owned(),
                (false, _) => wide.rows.other().as_str().to_owned(),
            };
            say(format!(
                "the table does not name its {missing}; they are numbered, and cannot be joined with other files"
            ));
        }
        if n_unnamed > 0 {
            say(format!("{n_unnamed} rows without a name were left out"));
        }
        self.scale.tell().into_iter().for_each(&mut say);
        if self.n_unreadable > 0 {
            let n = self.n_unreadable;
            say(format!("{n} cells are neither scores nor empty; they count as unscored"));
        }
        notes
    }
}

fn names_of_rows(frame: &Frame, at: usize) -> Vec<String> {
    let words = frame.columns[at].1.to_words();
    words.iter().map(|w| w.unwrap_or_default().trim().to_owned()).collect()
}

/// Names for `n` of `n_all` models or items, of which `first` come before.
fn synthetic(what: RowsAre, first: usize, n: usize, n_all: usize) -> Vec<String> {
    let width = n_all.to_string().len();
    let stem = if what == RowsAre::Models { "model" } else { "item" };
    (first + 1..=first + n).map(|k| format!("{stem}-{k:0width$}")).collect()
}

/// The number of each name among the distinct ones; none for the empty name.
fn numbered(names: &[String]) -> Vec<Option<u32>> {
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    names
        .iter()
        .map(|name| {
            let next = numbers.len() as u32;
            (!name.is_empty()).then(|| *numbers.entry(name).or_insert(next))
        })
        .collect()
}

/// Lines whose cells are read together, column by column: a table may have more columns than caches hold.
struct Block {
    n_columns: usize,
    start: usize,
    /// Line by line.
    values: Vec<Option<Value>>,
}

impl Block {
    /// Cells that are read together, if that are whole lines.
    const CELLS: usize = 1 << 19;

    fn new(n_columns: usize) -> Self {
        Self { n_columns, start: 0, values: Vec::new() }
    }

    /// The filled cells of a line, of which there are `n_rows`, each with the number of its column. An empty cell of a
    /// wide table says nothing: the model may never have seen the item.
    fn line<'b>(
        &'b mut self,
        cells: &'b [(u32, CellReader)],
        row: usize,
        n_rows: usize,
    ) -> impl Iterator<Item = (u32, Value)> + 'b {
        let n = self.n_columns;
        let is_there = (row - self.start + 1) * n <= self.values.len();
        if !is_there {
            let rows = (Self::CELLS / n.max(1)).max(1).min(n_rows - row);
            self.start = row;
            self.values.clear();
            self.values.resize(rows * n, None);
            for (at, (_, cell)) in cells.iter().enumerate() {
                for (line, row) in (row..row + rows).enumerate() {
                    self.values[line * n + at] = cell.value(row);
                }
            }
        }
        let line = &self.values[(row - self.start) * n..][..n];
        cells.iter().zip(line).filter_map(|((column, _), value)| Some((*column, (*value)?)))
    }
}

/// The filled cells of a line.
#[derive(Default)]
struct Filled {
    runs: Vec<u32>,
    items: Vec<u32>,
    /// `NaN` is none.
    scores: Vec<f64>,
    /// Cells that say why they have no score, by position.
    faults: Vec<(usize, Status)>,
}

impl Filled {
    fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    #[inline]
    fn push(&mut self, run: u32, item: u32, value: Value, scale: Scale) {
        let score = match value {
            Value::Score(x) => scale.apply(x),
            Value::None(status) => {
                if status != Status::Unscored {
                    self.faults.push((self.runs.len(), status));
                }
                f64::NAN
            }
        };
        self.runs.push(run);
        self.items.push(item);
        self.scores.push(score);
    }

    fn move_to(&mut self, table: &mut ResponseTable, metric: u32, line: Line) {
        let mut start = 0;
        for (at, status) in self.faults.drain(..).map(Some).chain([None]).map(|f| f.unzip()) {
            let end = at.unwrap_or(self.runs.len());
            let (runs, items) = (&self.runs[start..end], &self.items[start..end]);
            table.extend_plain(runs, items, metric, &self.scores[start..end], line);
            if let (Some(at), Some(status), Line::All(source_row)) = (at, status, line) {
                let row = Row::new(self.runs[at], self.items[at], metric, None);
                table.push(Row { status, source_row, ..row });
            }
            start = end + 1;
        }
        self.runs.clear();
        self.items.clear();
        self.scores.clear();
    }
}

/// Nothing is there yet.
const UNKNOWN: u32 = u32::MAX;

/// Where models and items are in the table, by the number of their name; they are added as they are met. A column of
/// benchmarks or subjects says of each row which items its names are of: `q1` of two benchmarks are two items.
struct Places<'r> {
    reading: &'r Reading,
    table: ResponseTable,
    benchmarks: Option<Cow<'r, Words>>,
    subjects: Option<Cow<'r, Words>>,
    /// Benchmarks and subjects, by code, in the order in which they are met.
    groups: FxHashMap<(u32, u32), usize>,
    /// Places of what rows are: of items by group and name, of models by name.
    of_rows: FxHashMap<(usize, u32), u32>,
    /// Places of what columns are: of items by group, then by name; of models by name, in one group.
    of_columns: Vec<Vec<u32>>,
    /// By the code of the benchmark.
    metrics: FxHashMap<u32, u32>,
}

impl<'r> Places<'r> {
    fn of(reading: &'r Reading, frame: &'r Frame) -> Self {
        let words = |role: Role| reading.roles.get(role).map(|at| frame.columns[at].1.to_words());
        Self {
            reading,
            table: ResponseTable::default(),
            benchmarks: words(Role::Benchmark),
            subjects: words(Role::Subject),
            groups: FxHashMap::default(),
            of_rows: FxHashMap::default(),
            of_columns: Vec::new(),
            metrics: FxHashMap::default(),
        }
    }

    fn code(words: &Option<Cow<Words>>, row: usize) -> u32 {
        words.as_ref().map_or(NOTHING, |words| words.codes()[row])
    }

    fn benchmark(&self, row: usize) -> String {
        let named = self.benchmarks.as_ref().and_then(|words| words.get(row));
        named.map_or_else(|| self.reading.naming.benchmark.clone(), str::to_owned)
    }

    /// Benchmark and subject of a row, by number.
    fn group(&mut self, row: usize) -> usize {
        let codes = (Self::code(&self.benchmarks, row), Self::code(&self.subjects, row));
        let next = self.groups.len();
        *self.groups.entry(codes).or_insert(next)
    }

    /// The place of what a row is.
    fn of_row(&mut self, row: usize, group: usize, number: u32, name: &str) -> u32 {
        let is_model = self.reading.wide.rows == RowsAre::Models;
        let key = (if is_model { 0 } else { group }, number);
        if let Some(&known) = self.of_rows.get(&key) {
            return known;
        }
        let place = if is_model { self.add_model(name) } else { self.add_item(row, name) };
        self.of_rows.insert(key, place);
        place
    }

    /// The place of what a column is, in a row.
    #[inline]
    fn of_column(&mut self, row: usize, group: usize, column: u32) -> u32 {
        let is_item = self.reading.wide.rows == RowsAre::Models;
        let group = if is_item { group } else { 0 };
        let known = self.of_columns.get(group).and_then(|places| places.get(column as usize));
        match known {
            Some(&place) if place != UNKNOWN => place,
            _ => self.add_column(row, group, column),
        }
    }

    fn add_column(&mut self, row: usize, group: usize, column: u32) -> u32 {
        let reading = self.reading;
        let name = reading.columns[column as usize].as_str();
        let is_item = reading.wide.rows == RowsAre::Models;
        let place = if is_item { self.add_item(row, name) } else { self.add_model(name) };
        if self.of_columns.len() <= group {
            self.of_columns.resize_with(group + 1, Vec::new);
        }
        let places = &mut self.of_columns[group];
        places.resize(reading.columns.len(), UNKNOWN);
        places[column as usize] = place;
        place
    }

    fn add_model(&mut self, name: &str) -> u32 {
        let mut run = Run::new(name, name);
        run.files.push(self.reading.naming.file.clone());
        self.table.runs.push(run);
        self.table.runs.len() as u32 - 1
    }

    fn add_item(&mut self, row: usize, name: &str) -> u32 {
        let subject = self.subjects.as_ref().and_then(|words| words.get(row));
        // Of a table of models only the subject tells items of one name apart.
        let id = match subject {
            Some(subject) if self.reading.wide.rows == RowsAre::Models => format!("{subject}/{name}"),
            _ => name.to_owned(),
        };
        let item = Item::new(self.benchmark(row), subject, id);
        self.table.items.push(item);
        self.table.items.len() as u32 - 1
    }

    /// The metric of a row.
    fn metric(&mut self, row: usize) -> u32 {
        let code = Self::code(&self.benchmarks, row);
        if let Some(&known) = self.metrics.get(&code) {
            return known;
        }
        let place = self.table.metrics.len() as u32;
        self.table.metrics.push(Metric::new(self.benchmark(row), "score", None));
        self.metrics.insert(code, place);
        place
    }

    /// What the other columns of a table of items say about them; the first row that says something stands.
    fn fill_items(&mut self, frame: &Frame, numbers: &[Option<u32>]) {
        let words = |role: Role| self.reading.roles.get(role).map(|at| frame.columns[at].1.to_words());
        let (question, options) = (words(Role::Question), words(Role::Options));
        if question.is_none() && options.is_none() {
            return;
        }
        let cell = |column: &Option<Cow<Words>>, row: usize| {
            column.as_ref().and_then(|c| c.get(row).map(str::to_owned))
        };
        for (row, number) in numbers.iter().enumerate() {
            let group = self.group(row);
            let known = number.and_then(|number| self.of_rows.get(&(group, number)));
            let Some(item) = known.map(|&at| &mut self.table.items[at as usize]) else { continue };
            if item.question.is_none() {
                item.question = cell(&question, row).map(Into::into);
            }
            if item.options.is_none() {
                item.options = cell(&options, row).and_then(|text| parse_options(&text)).map(Into::into);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ingest::plain::{Plain, read};
    use crate::ingest::{Format, IngestOptions, Source};
    use crate::response::ResponseTable;

    fn table(text: &str) -> ResponseTable {
        let source = Source::new("d/quiz.csv", None, text.as_bytes().to_vec());
        match read(Format::Delimited, &source, &IngestOptions::default()).unwrap() {
            Plain::Responses(responses) => responses.fragment.table,
            Plain::Companion(_) => panic!("no responses"),
        }
    }

    #[test]
    fn items_of_two_benchmarks_or_subjects_are_two() {
        let named = |text: &str| -> Vec<String> {
            let table = table(text);
            assert_eq!(table.metrics.len(), table.benchmarks().len());
            table.items.iter().map(|item| format!("{} {}", item.benchmark, item.id.as_str())).collect()
        };
        assert_eq!(named("model,benchmark,q1,q2\na,x,1,0\nb,y,0,1\n"), ["x q1", "x q2", "y q1", "y q2"]);
        let of_subjects = "model,subject,q1,q2\na,law,1,0\na,art,0,1\n";
        assert_eq!(named(of_subjects), ["quiz law/q1", "quiz law/q2", "quiz art/q1", "quiz art/q2"]);
        let rows = table("item,subject,a,b\nq1,law,1,0\nq2,art,0,1\n");
        let items: Vec<_> = rows.items.iter().map(|i| (i.id.as_str(), i.subject.as_deref())).collect();
        assert_eq!(items, [("q1", Some("law")), ("q2", Some("art"))]);
        let two = "item,benchmark,a,b\nq1,x,1,0\nq1,y,0,1\n";
        assert_eq!(named(two), ["x q1", "y q1"]);
    }
}
