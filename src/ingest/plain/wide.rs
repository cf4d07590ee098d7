//! How does a wide table become rows? One row for each cell that has a score or once had one.

use super::Naming;
use super::answer::parse_options;
use super::roles::{Role, Roles};
use super::scale::Scale;
use super::shape::Wide;
use super::value::{Scores, Value};
use crate::ingest::RowsAre;
use crate::ingest::fragment::{Fragment, Note};
use crate::response::{Item, Metric, ResponseTable, Row, Run, Status};
use crate::store::frame::Frame;
use std::collections::HashMap;

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
    let range = columns.iter().filter_map(|s| s.range).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let scale = Scale::of(range, None);
    scale.tell().into_iter().for_each(&mut say);
    let unreadable: usize = columns.iter().map(|s| s.unreadable).sum();
    if unreadable > 0 {
        say(format!("{unreadable} cells are neither scores nor empty; they count as unscored"));
    }

    let mut table = ResponseTable::default();
    table.metrics.push(Metric::new(&naming.benchmark, "score", None));
    let (models, items) = match rows_are {
        RowsAre::Models => (&row_names, &column_names),
        RowsAre::Items => (&column_names, &row_names),
    };
    let model_at = index(models, |name| {
        let mut run = Run::new(name, name);
        run.files.push(naming.file.clone());
        table.runs.push(run);
    });
    let item_at = index(items, |name| table.items.push(Item::new(&naming.benchmark, None, name)));
    if rows_are == RowsAre::Items {
        fill_items(frame, roles, &item_at, &mut table);
    }
    for row in 0..frame.n_rows {
        for (column, scores) in columns.iter().enumerate() {
            let (model, item) = match rows_are {
                RowsAre::Models => (model_at[row], item_at[column]),
                RowsAre::Items => (model_at[column], item_at[row]),
            };
            let (Some(model), Some(item)) = (model, item) else { continue };
            let (score, status) = match scores.values[row] {
                // An empty cell of a wide table says nothing: the model may never have seen the item.
                None => continue,
                Some(Value::Score(x)) => (Some(scale.apply(x)), Status::Ok),
                Some(Value::None(status)) => (None, status),
            };
            let source_row = u32::try_from(row + 1 + usize::from(naming.has_header)).ok();
            table.push(Row { status, source_row, ..Row::new(model, item, 0, score) });
        }
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

/// The position of each name, where `add` puts the new ones; none for the empty name.
fn index(names: &[String], mut add: impl FnMut(&str)) -> Vec<Option<u32>> {
    let mut place: HashMap<&str, u32> = HashMap::new();
    let at = |name: &'_ String, place: &mut HashMap<&str, u32>| place.get(name.as_str()).copied();
    names
        .iter()
        .map(|name| {
            if name.is_empty() {
                return None;
            }
            Some(at(name, &mut place).unwrap_or_else(|| {
                add(name);
                place.insert(name, place.len() as u32);
                place.len() as u32 - 1
            }))
        })
        .collect()
}

/// What the other columns of a table of items say about them.
fn fill_items(frame: &Frame, roles: &Roles, item_at: &[Option<u32>], table: &mut ResponseTable) {
    let words = |role: Role| roles.get(role).map(|at| frame.columns[at].1.to_words());
    let (subject, question, options) = (words(Role::Subject), words(Role::Question), words(Role::Options));
    for (row, item) in item_at.iter().enumerate() {
        let Some(item) = item.map(|at| &mut table.items[at as usize]) else { continue };
        let cell = |column: &Option<std::borrow::Cow<crate::store::Words>>| {
            column.as_ref().and_then(|c| c.get(row).map(str::to_owned))
        };
        item.subject = cell(&subject);
        item.question = cell(&question);
        item.options = cell(&options).and_then(|text| parse_options(&text));
    }
}
