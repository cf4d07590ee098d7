//! How does a wide table become rows? One row for each cell that has a score or once had one.

use super::Naming;
use super::answer::parse_options;
use super::roles::{Role, Roles};
use super::scale::{Scale, Spread};
use super::shape::Wide;
use super::value::{Scores, Value};
use crate::ingest::RowsAre;
use crate::ingest::fragment::{Fragment, Note};
use crate::response::{Item, Metric, ResponseTable, Row, Run, Status};
use crate::store::frame::{Frame, NOTHING, Words};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Reads a wide table of one benchmark.
pub fn read(frame: &Frame, roles: &Roles, wide: &Wide, naming: &Naming) -> Fragment {
    let mut notes = Vec::new();
    let mut say = |message: String| notes.push(Note { file: naming.file.clone(), row: None, message });
    if wide.guessed {
        say(format!(
            "rows are taken for {}, because {}; say --rows {} if that is wrong",
            wide.rows.as_str(),
            wide.because,
            wide.rows.other().as_str()
        ));
    }
    if !wide.left_out.is_empty() {
        let names: Vec<&str> = wide.left_out.iter().map(|&at| frame.columns[at].0.as_str()).collect();
        say(format!("columns that are no scores of single items were left out: {}", names.join(", ")));
    }
    let (rows_are, columns_are) = (wide.rows, wide.rows.other());
    let (row_names, unnamed) = match wide.id {
        Some(at) => names_of_rows(frame, at),
        None => (synthetic(rows_are, frame.n_rows), 0),
    };
    let header = wide.scores.iter().all(|&at| !frame.columns[at].0.is_empty());
    let column_names = if header {
        wide.scores.iter().map(|&at| frame.columns[at].0.clone()).collect()
    } else {
        synthetic(columns_are, wide.scores.len())
    };
    if wide.id.is_none() || !header {
        let missing = match (wide.id.is_none(), header) {
            (true, true) => rows_are.as_str().to_owned(),
            (true, false) => "models and items".to_owned(),
            (false, _) => columns_are.as_str().to_owned(),
        };
        say(format!(
            "the table does not name its {missing}; they are numbered, and cannot be joined with other files"
        ));
    }
    if unnamed > 0 {
        say(format!("{unnamed} rows without a name were left out"));
    }

    let columns: Vec<Scores> =
        wide.scores.iter().filter_map(|&at| Scores::read(&frame.columns[at].1)).collect();
    let all = columns.iter().flat_map(|s| (0..s.values.len()).filter_map(|row| s.score(row)));
    let scale = Scale::of(Spread::of(all), None);
    scale.tell().into_iter().for_each(&mut say);
    let unreadable: usize = columns.iter().map(|s| s.unreadable).sum();
    if unreadable > 0 {
        say(format!("{unreadable} cells are neither scores nor empty; they count as unscored"));
    }

    let mut table = ResponseTable::default();
    let (number_of_row, number_of_column) = (numbered(&row_names), numbered(&column_names));
    let mut places = Places::of(frame, roles, rows_are, naming);
    for row in 0..frame.n_rows {
        for (column, scores) in columns.iter().enumerate() {
            let (row_name, column_name) = (number_of_row[row], number_of_column[column]);
            let (Some(row_name), Some(column_name)) = (row_name, column_name) else { continue };
            let (model, item) = match rows_are {
                RowsAre::Models => {
                    ((row_name, row_names[row].as_str()), (column_name, column_names[column].as_str()))
                }
                RowsAre::Items => {
                    ((column_name, column_names[column].as_str()), (row_name, row_names[row].as_str()))
                }
            };
            let (model, item, metric) = places.find(&mut table, row, model, item);
            let (score, status) = match scores.values[row] {
                // An empty cell of a wide table says nothing: the model may never have seen the item.
                None => continue,
                Some(Value::Score(x)) => (Some(scale.apply(x)), Status::Ok),
                Some(Value::None(status)) => (None, status),
            };
            let source_row = u32::try_from(row + 1 + usize::from(naming.has_header)).ok();
            table.push(Row { status, source_row, ..Row::new(model, item, metric, score) });
        }
    }
    if rows_are == RowsAre::Items {
        fill_items(frame, roles, &number_of_row, &places, &mut table);
    }
    Fragment { table, notes, ..Fragment::default() }
}

fn names_of_rows(frame: &Frame, at: usize) -> (Vec<String>, usize) {
    let words = frame.columns[at].1.to_words();
    let names: Vec<String> = words.iter().map(|w| w.unwrap_or_default().trim().to_owned()).collect();
    let unnamed = names.iter().filter(|n| n.is_empty()).count();
    (names, unnamed)
}

fn synthetic(what: RowsAre, n: usize) -> Vec<String> {
    let width = n.to_string().len();
    let stem = if what == RowsAre::Models { "model" } else { "item" };
    (1..=n).map(|k| format!("{stem}-{k:0width$}")).collect()
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

/// Where models and items are in the table, by the number of their name. A column of benchmarks or subjects says of each row which items
/// its names are of: `q1` of two benchmarks are two items.
struct Places<'f> {
    benchmarks: Option<Cow<'f, Words>>,
    subjects: Option<Cow<'f, Words>>,
    naming: &'f Naming,
    models: FxHashMap<u32, u32>,
    /// By benchmark, subject and name.
    items: FxHashMap<(u32, u32, u32), u32>,
    /// By benchmark.
    metrics: FxHashMap<u32, u32>,
    /// Whether names of items are those of a subject.
    by_subject: bool,
}

impl<'f> Places<'f> {
    fn of(frame: &'f Frame, roles: &Roles, rows_are: RowsAre, naming: &'f Naming) -> Self {
        let words = |role: Role| roles.get(role).map(|at| frame.columns[at].1.to_words());
        Self {
            benchmarks: words(Role::Benchmark),
            subjects: words(Role::Subject),
            naming,
            models: FxHashMap::default(),
            items: FxHashMap::default(),
            metrics: FxHashMap::default(),
            by_subject: rows_are == RowsAre::Models,
        }
    }

    /// The codes of benchmark and subject of a row.
    fn group(&self, row: usize) -> (u32, u32) {
        let code = |words: &Option<Cow<Words>>| words.as_ref().map_or(NOTHING, |words| words.codes()[row]);
        (code(&self.benchmarks), code(&self.subjects))
    }

    /// The item of a name in a row, if it is known.
    fn item(&self, row: usize, name: u32) -> Option<u32> {
        let (benchmark, subject) = self.group(row);
        self.items.get(&(benchmark, subject, name)).copied()
    }

    /// Model, item and metric of a cell, by number and name of model and item; new ones are added to the table.
    fn find(
        &mut self,
        table: &mut ResponseTable,
        row: usize,
        (model, model_name): (u32, &str),
        (item, item_name): (u32, &str),
    ) -> (u32, u32, u32) {
        let (benchmark, subject) = self.group(row);
        let text = |words: &'_ Option<Cow<Words>>| {
            words.as_ref().and_then(|words| words.get(row).map(str::to_owned))
        };
        let name_of_benchmark = || text(&self.benchmarks).unwrap_or_else(|| self.naming.benchmark.clone());
        let run = *self.models.entry(model).or_insert_with(|| {
            let mut run = Run::new(model_name, model_name);
            run.files.push(self.naming.file.clone());
            table.runs.push(run);
            table.runs.len() as u32 - 1
        });
        let at = *self.items.entry((benchmark, subject, item)).or_insert_with(|| {
            let subject = text(&self.subjects);
            // Of a table of models only the subject tells items of one name apart.
            let id = match &subject {
                Some(subject) if self.by_subject => format!("{subject}/{item_name}"),
                _ => item_name.to_owned(),
            };
            table.items.push(Item::new(name_of_benchmark(), subject.as_deref(), id));
            table.items.len() as u32 - 1
        });
        let metric = *self.metrics.entry(benchmark).or_insert_with(|| {
            table.metrics.push(Metric::new(name_of_benchmark(), "score", None));
            table.metrics.len() as u32 - 1
        });
        (run, at, metric)
    }
}

/// What the other columns of a table of items say about them.
fn fill_items(
    frame: &Frame,
    roles: &Roles,
    names: &[Option<u32>],
    places: &Places,
    table: &mut ResponseTable,
) {
    let words = |role: Role| roles.get(role).map(|at| frame.columns[at].1.to_words());
    let (question, options) = (words(Role::Question), words(Role::Options));
    for (row, name) in names.iter().enumerate() {
        let known = name.and_then(|name| places.item(row, name));
        let Some(item) = known.map(|at| &mut table.items[at as usize]) else { continue };
        let cell = |column: &Option<Cow<Words>>| column.as_ref().and_then(|c| c.get(row).map(str::to_owned));
        item.question = cell(&question).map(Into::into);
        item.options = cell(&options).and_then(|text| parse_options(&text)).map(Into::into);
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
