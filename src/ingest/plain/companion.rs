//! What do the tables beside the results add? Keys, options, questions and subjects of items; sizes and
//! families of models. They are joined by whichever column holds the names that the results use.

use super::answer::{Answer, Answers, Naming, option_of_text, parse_options};
use super::long::score_by_key;
use super::roles::{Role, Roles};
use super::runs::set_fact;
use super::shortened;
use crate::ingest::fragment::{Fragment, Note, ReadError};
use crate::response::{FactSource, Item, ResponseTable, Status};
use crate::store::frame::{Frame, Words};
use std::borrow::Cow;
use std::collections::HashMap;

/// Item-level results from one plain table.
#[derive(Debug)]
pub struct Responses {
    /// The rows.
    pub fragment: Fragment,
    /// `long table` or `wide table`.
    pub shape: &'static str,
    /// The name of the column of items, by which other tables are joined first.
    pub item_column: Option<String>,
    /// Whether rows have no score until the keys are known.
    pub needs_keys: bool,
}

/// A table beside the results.
#[derive(Debug)]
pub struct Companion {
    /// The file.
    pub file: String,
    /// Its content.
    pub frame: Frame,
    /// What its columns mean.
    pub roles: Roles,
    /// Why it is of no use on its own.
    pub refusal: ReadError,
}

/// At least this share of the results' names must be found in a column for it to be the one to join by.
const SHARE_MATCHED: f64 = 0.5;

/// What a table may say about models.
pub(super) const MODEL_FACTS: [Role; 16] = [
    Role::Params,
    Role::ParamsMillions,
    Role::ParamsBillions,
    Role::Tokens,
    Role::Flops,
    Role::Step,
    Role::Seed,
    Role::Family,
    Role::LadderRole,
    Role::Revision,
    Role::Timestamp,
    Role::Dtype,
    Role::Harness,
    Role::HarnessVersion,
    Role::TaskVersion,
    Role::Variant,
];

impl Companion {
    /// Adds what the table knows to the results, and says what it was taken for; `None` if no column of it
    /// holds the names of items, models or runs.
    pub fn join(&self, responses: &mut Responses) -> Option<String> {
        let table = &responses.fragment.table;
        let items = self.key(item_names(table), responses.item_column.as_deref(), Role::Item);
        let runs = self.key(run_names(table), None, Role::Model);
        match (items, runs) {
            (Some(key), runs) if runs.as_ref().is_none_or(|r| r.share <= key.share) => {
                self.join_items(&key, responses)
            }
            (_, Some(key)) => self.join_runs(&key, responses),
            _ => None,
        }
    }

    /// The column that holds the most of the names wanted; in doubt the one of the same name, then the one
    /// whose name says so, then the first.
    fn key(&self, wanted: HashMap<String, Vec<u32>>, named: Option<&str>, role: Role) -> Option<Key> {
        let rank = |at: usize, name: &str| match () {
            () if Some(name) == named => 2,
            () if self.roles.get(role) == Some(at) => 1,
            () => 0,
        };
        let mut best: Option<(usize, i32, Key)> = None;
        for (at, (name, cells)) in self.frame.columns.iter().enumerate() {
            let words = cells.to_words();
            if words.distinct().len() * 2 < self.frame.n_rows {
                // Names of many rows each are no keys of a table about items or models.
                continue;
            }
            let of_word: Vec<Option<&Vec<u32>>> =
                words.distinct().iter().map(|w| wanted.get(w.trim())).collect();
            let matched = of_word.iter().flatten().count();
            let share = matched as f64 / wanted.len().max(1) as f64;
            if share < SHARE_MATCHED {
                continue;
            }
            let better = best.as_ref().is_none_or(|(m, r, _)| (matched, rank(at, name)) > (*m, *r));
            if better {
                let of_row = words
                    .codes()
                    .iter()
                    .map(|&code| of_word.get(code as usize).copied().flatten().cloned().unwrap_or_default())
                    .collect();
                best = Some((matched, rank(at, name), Key { column: name.clone(), share, of_row }));
            }
        }
        best.map(|(_, _, key)| key)
    }

    pub(super) fn words(&self, role: Role) -> Option<Cow<'_, Words>> {
        self.roles.get(role).map(|at| self.frame.columns[at].1.to_words())
    }

    fn join_items(&self, key: &Key, responses: &mut Responses) -> Option<String> {
        let facts = ItemFacts::read(self, key)?;
        let mut joined = vec![None::<usize>; responses.fragment.table.items.len()];
        let (mut repeated, mut first_repeated) = (0usize, None);
        for (row, items) in key.of_row.iter().enumerate() {
            for &at in items {
                if let Some(before) = joined[at as usize].replace(row) {
                    repeated += 1;
                    first_repeated.get_or_insert(row + 1);
                    joined[at as usize] = Some(before);
                    continue;
                }
                facts.fill(row, &mut responses.fragment.table.items[at as usize]);
            }
        }
        let n_items = joined.len();
        let unknown = joined.iter().filter(|j| j.is_none()).count();
        let unused = key.of_row.iter().filter(|items| items.is_empty()).count();
        let notes = &mut responses.fragment.notes;
        let mut say =
            |row: Option<u64>, message: String| notes.push(Note { file: self.file.clone(), row, message });
        if repeated > 0 {
            say(
                first_repeated.map(|r| r as u64),
                format!("{repeated} rows repeat an item that is there already; the first is kept"),
            );
        }
        if unknown > 0 {
            say(None, format!("{unknown} of {n_items} items of the results are not in this table"));
        }
        if unused > 0 {
            say(None, format!("{unused} items of this table have no response"));
        }
        if let Some(assumption) = &facts.assumption {
            say(None, assumption.clone());
        }
        if !self.roles.scores.is_empty() {
            let scores: Vec<&str> =
                self.roles.scores.iter().map(|&at| self.frame.columns[at].0.as_str()).collect();
            say(
                None,
                format!(
                    "scores without a model are not read ({}): this table is taken for one of items; with a column \
                     `model` they are results",
                    scores.join(", ")
                ),
            );
        }
        if facts.has_keys || facts.options.is_some() {
            settle(responses, &self.file);
        }
        Some(format!("items, joined by {:?}: {} of {n_items}", key.column, n_items - unknown))
    }

    fn join_runs(&self, key: &Key, responses: &mut Responses) -> Option<String> {
        let facts: Vec<(Role, Cow<Words>)> =
            MODEL_FACTS.into_iter().filter_map(|role| Some((role, self.words(role)?))).collect();
        if facts.is_empty() && self.new_names().is_some() {
            // They are given once all models are known.
            return None;
        }
        let mut joined = vec![false; responses.fragment.table.runs.len()];
        for (row, runs) in key.of_row.iter().enumerate() {
            for &at in runs {
                joined[at as usize] = true;
                let run = &mut responses.fragment.table.runs[at as usize];
                run.mark_source(FactSource::Dump);
                let (params, step) = (run.params, run.step);
                for (role, words) in &facts {
                    if let Some(word) = words.get(row) {
                        set_fact(run, *role, word.trim());
                    }
                }
                run.params_source = run.params_source.filter(|_| run.params == params);
                run.step_source = run.step_source.filter(|_| run.step == step);
                run.mark_source(FactSource::ModelsTable);
            }
        }
        let taken: Vec<&str> = facts
            .iter()
            .filter_map(|(r, _)| self.roles.get(*r))
            .map(|at| self.frame.columns[at].0.as_str())
            .collect();
        if taken.is_empty() {
            let message = format!(
                "a table of models without a column of use ({}): nothing of it is taken; sizes, tokens, steps, \
                 families and the like are",
                shortened(&self.frame.names())
            );
            responses.fragment.notes.push(Note { file: self.file.clone(), row: None, message });
        }
        let taken = if taken.is_empty() { "no column of use".to_owned() } else { taken.join(", ") };
        let count = joined.iter().filter(|j| **j).count();
        Some(format!("models, joined by {:?}: {count} of {} runs; {taken}", key.column, joined.len()))
    }
}

/// The column to join by: for each row, what it is about.
struct Key {
    column: String,
    share: f64,
    of_row: Vec<Vec<u32>>,
}

/// Items by each name they may go by elsewhere.
fn item_names(table: &ResponseTable) -> HashMap<String, Vec<u32>> {
    let mut names: HashMap<String, Vec<u32>> = HashMap::new();
    for (at, item) in table.items.iter().enumerate() {
        names.entry(item.id.to_string()).or_default().push(at as u32);
    }
    names
}

/// Runs by the name of their model, and by their own where that is another.
fn run_names(table: &ResponseTable) -> HashMap<String, Vec<u32>> {
    let mut names: HashMap<String, Vec<u32>> = HashMap::new();
    for (at, run) in table.runs.iter().enumerate() {
        names.entry(run.model.to_string()).or_default().push(at as u32);
    }
    if names.len() == 1 || table.runs.iter().all(|r| r.id == r.model.as_str()) {
        return names;
    }
    // Several runs of a model: a table with one row for each run is joined by their own names.
    let by_run: HashMap<String, Vec<u32>> =
        table.runs.iter().enumerate().map(|(at, r)| (r.id.clone(), vec![at as u32])).collect();
    names.extend(by_run);
    names
}

/// What a table knows about items.
struct ItemFacts<'a> {
    subject: Option<Cow<'a, Words>>,
    question: Option<Cow<'a, Words>>,
    options: Option<Vec<Option<Vec<String>>>>,
    keys: Option<Answers>,
    gold_text: Option<Cow<'a, Words>>,
    /// Columns without a meaning of ours, kept as they are.
    others: Vec<(&'a str, Cow<'a, Words>)>,
    has_keys: bool,
    assumption: Option<String>,
}

impl<'a> ItemFacts<'a> {
    /// `None` if the table knows nothing of use.
    fn read(table: &'a Companion, key: &Key) -> Option<Self> {
        let frame = &table.frame;
        let options = match table.words(Role::Options) {
            Some(words) => Some(words.decide(parse_options)),
            None => lettered_options(frame),
        };
        let mut keys = table.roles.get(Role::Gold).map(|at| Answers::read(&frame.columns[at].1));
        let mut assumption = None;
        if let (Some(keys), Some(options)) = (&mut keys, &options)
            && let Some((1.., highest)) = keys.positions()
        {
            let most = options.iter().flatten().map(Vec::len).max().unwrap_or(0);
            if usize::from(highest) == most {
                keys.count_from_one();
                assumption = Some("keys are numbered from 1 (the largest is the number of options); they are counted from 0 here".to_owned());
            }
        }
        let meaningless = |at: &usize| !table.roles.is_taken(*at) && frame.columns[*at].0 != key.column;
        let others: Vec<_> = (0..frame.columns.len())
            .filter(meaningless)
            .map(|at| (frame.columns[at].0.as_str(), frame.columns[at].1.to_words()))
            .collect();
        let facts = Self {
            subject: table.words(Role::Subject),
            question: table.words(Role::Question),
            gold_text: table.words(Role::GoldText),
            has_keys: keys.is_some(),
            options,
            keys,
            others,
            assumption,
        };
        let of_use = facts.subject.is_some()
            || facts.question.is_some()
            || facts.options.is_some()
            || facts.has_keys
            || facts.gold_text.is_some();
        of_use.then_some(facts)
    }

    fn fill(&self, row: usize, item: &mut Item) {
        let word = |column: &Option<Cow<Words>>| column.as_ref().and_then(|c| c.get(row)).map(str::to_owned);
        item.subject = item.subject.take().or_else(|| word(&self.subject));
        item.question = item.question.take().or_else(|| word(&self.question).map(Into::into));
        item.gold_text = item.gold_text.take().or_else(|| word(&self.gold_text).map(Into::into));
        if let Some(options) = self.options.as_ref().and_then(|o| o[row].clone()) {
            item.options.get_or_insert(options.into());
        }
        // The table of items is the benchmark's own word on the key; rows keep the key they were scored by.
        match self.keys.as_ref().map(|k| (k.get(row), k.naming)) {
            Some((Answer::Option(key), _)) => item.gold = Some(key),
            Some((Answer::Text(text), Naming::Text)) => {
                item.gold = item.options().and_then(|o| option_of_text(text, &o)).or(item.gold);
                item.gold_text.get_or_insert_with(|| text.into());
            }
            _ => {}
        }
        if !self.others.is_empty() && item.metadata_json.is_none() {
            let object: serde_json::Map<String, serde_json::Value> = self
                .others
                .iter()
                .filter_map(|(name, words)| Some(((*name).to_owned(), words.get(row)?.into())))
                .collect();
            item.metadata_json =
                (!object.is_empty()).then(|| serde_json::Value::Object(object).to_string().into());
        }
    }
}

/// Options in columns of their own, called A, B, C and so on.
fn lettered_options(frame: &Frame) -> Option<Vec<Option<Vec<String>>>> {
    let columns: Vec<Cow<Words>> = ('a'..='z')
        .map_while(|letter| {
            let is = |name: &str| name.len() == 1 && name.to_ascii_lowercase().starts_with(letter);
            frame.columns.iter().find(|(name, _)| is(name)).map(|(_, cells)| cells.to_words())
        })
        .collect();
    (columns.len() >= 2).then(|| {
        let options = |row: usize| -> Vec<String> {
            columns.iter().map_while(|c| c.get(row)).map(str::to_owned).collect()
        };
        (0..frame.n_rows).map(|row| Some(options(row)).filter(|o| !o.is_empty())).collect()
    })
}

/// After so many rows closed pieces are put aside.
const ROWS_BETWEEN: usize = 1 << 20;

/// With options and keys known: answers given as text find their option, options that the item does not have
/// become text again, and rows that waited for a key are scored.
fn settle(responses: &mut Responses, file: &str) {
    if !responses.needs_keys && !responses.fragment.table.has_answers() {
        return;
    }
    let mut old = std::mem::take(&mut responses.fragment.table);
    let mut table = ResponseTable::default();
    (table.runs, table.items) = (std::mem::take(&mut old.runs), std::mem::take(&mut old.items));
    (table.metrics, table.options) = (std::mem::take(&mut old.metrics), std::mem::take(&mut old.options));
    let spill = old.spill();
    let (mut beyond, mut first_beyond, mut scored) = (0usize, None, 0usize);
    for (at, mut row) in old.rows().enumerate() {
        if let (0, Some(spill)) = (at % ROWS_BETWEEN, &spill) {
            table.put_aside(spill);
        }
        let item = &table.items[row.item as usize];
        if (row.chosen.is_some() || row.prediction.is_some())
            && let Some(options) = item.options()
        {
            if let Some(chosen) = row.chosen.filter(|&c| usize::from(c) >= options.len()) {
                beyond += 1;
                first_beyond.get_or_insert(row.source_row);
                row.prediction.get_or_insert_with(|| name_of_option(chosen).into());
                row.chosen = None;
            }
            if row.chosen.is_none() {
                row.chosen = row.prediction.as_deref().and_then(|text| option_of_text(text, &options));
            }
        }
        if responses.needs_keys && row.score.is_none() && row.status != Status::Error {
            let chosen = match (row.chosen, row.prediction.as_deref()) {
                (Some(option), _) => Answer::Option(option),
                (None, Some(text)) => Answer::Text(text),
                (None, None) => Answer::None,
            };
            let key = item.gold_text();
            let gold = item.gold.map(Answer::Option).or(key.as_deref().map(Answer::Text));
            (row.score, row.status) = score_by_key(Some(chosen), gold);
            row.gold = item.gold;
            scored += usize::from(row.score.is_some());
        }
        table.push(row);
    }
    let fragment = &mut responses.fragment;
    if beyond > 0 {
        let row = first_beyond.flatten().map(u64::from);
        let message =
            format!("{beyond} answers name an option that their item does not have; they are kept as text");
        let file = table.runs.iter().find_map(|r| r.files.first()).map_or(file, String::as_str);
        fragment.notes.push(Note { file: file.to_owned(), row, message });
    }
    fragment.table = table;
    if scored > 0 {
        responses.needs_keys = false;
        let message = format!("{scored} rows without a score were scored by the keys of this table");
        fragment.notes.push(Note { file: file.to_owned(), row: None, message });
    }
}

fn name_of_option(option: u16) -> String {
    match u8::try_from(option) {
        Ok(k) if k < 26 => char::from(b'A' + k).to_string(),
        _ => option.to_string(),
    }
}
