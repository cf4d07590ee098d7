//! How does a long table become rows? One row for each line and metric.

use super::Naming;
use super::answer::{Answer, Answers, Naming as AnswerNaming, parse_options};
use super::extras::Extras;
use super::roles::{Role, Roles, metric_name};
use super::runs::Runs;
use super::scale::Scale;
use super::value::Scores;
use crate::ingest::direction::higher_is_better;
use crate::ingest::fragment::{Fragment, Note, ReadError};
use crate::response::{Item, Metric, ResponseTable, Row, Status};
use crate::store::frame::{Frame, NOTHING, Words};
use std::borrow::Cow;
use std::collections::HashMap;

/// Words longer than this are whole outputs rather than answers, and kept only on demand.
const LONGEST_ANSWER: usize = 200;
/// Below this many rows the absence of position 0 says nothing.
const ROWS_TO_TELL_BASE: usize = 20;

/// A long table as rows.
#[derive(Debug)]
pub struct Long {
    /// The rows.
    pub fragment: Fragment,
    /// The name of the column of items, by which other tables can be joined.
    pub item_column: String,
    /// Whether rows have no score until the keys are known.
    pub needs_keys: bool,
}

/// Reads a long table.
///
/// # Errors
/// [`ReadError::Malformed`] if no row names a model and an item.
pub fn read(frame: &Frame, roles: &Roles, naming: &Naming) -> Result<Long, ReadError> {
    let mut reader = Reader::new(frame, roles, naming);
    let columns = reader.score_columns();
    let (chosen, gold) = reader.answers();
    let runs = Runs::read(frame, roles, naming, &mut reader.notes);
    let items = reader.items(&runs.of_row)?;
    let source = Source { chosen, gold, runs, items };
    let needs_keys = columns.is_empty() && source.gold.is_none();
    reader.rows(&columns, &source, needs_keys);
    reader.item_facts(&source);
    let item_column = roles.get(Role::Item).map(|at| frame.columns[at].0.clone()).unwrap_or_default();
    let fragment = Fragment { table: reader.table, notes: reader.notes, ..Fragment::default() };
    Ok(Long { fragment, item_column, needs_keys })
}

/// What a user should know before the first row: what was assumed, and which columns were left out.
pub(super) fn opening_notes(frame: &Frame, roles: &Roles, naming: &Naming) -> Vec<Note> {
    let unused: Vec<&str> = (0..frame.columns.len())
        .filter(|at| !roles.is_taken(*at) && !roles.weak_scores.contains(at))
        .map(|at| frame.columns[at].0.as_str())
        .collect();
    let mut messages = roles.assumptions.clone();
    if !unused.is_empty() {
        messages.push(format!("columns without a meaning here were left out: {}", unused.join(", ")));
    }
    if !frame.unread.is_empty() {
        let unread = frame.unread.join(", ");
        messages.push(format!("columns that hold neither words nor numbers were left out: {unread}"));
    }
    let note = |message| Note { file: naming.file.clone(), row: None, message };
    messages.into_iter().map(note).collect()
}

/// What the columns say of each row, before the scores.
struct Source {
    chosen: Option<Answers>,
    gold: Option<Answers>,
    runs: Runs,
    /// The item of each row.
    items: Vec<Option<u32>>,
}

struct Reader<'a> {
    frame: &'a Frame,
    roles: &'a Roles,
    naming: &'a Naming,
    table: ResponseTable,
    notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    fn new(frame: &'a Frame, roles: &'a Roles, naming: &'a Naming) -> Self {
        let notes = opening_notes(frame, roles, naming);
        Self { frame, roles, naming, table: ResponseTable::default(), notes }
    }

    fn say(&mut self, row: Option<usize>, message: String) {
        let row = row.map(|row| self.naming.line(row));
        self.notes.push(Note { file: self.naming.file.clone(), row, message });
    }

    fn words(&self, role: Role) -> Option<Cow<'a, Words>> {
        let frame: &'a Frame = self.frame;
        self.roles.get(role).map(|at| frame.columns[at].1.to_words())
    }

    /// The score columns by the name of their metric; the weak ones only where no better is there.
    fn score_columns(&mut self) -> Vec<(String, Scores)> {
        let read = |list: &[usize]| -> Vec<(usize, Scores)> {
            list.iter().filter_map(|&at| Some((at, Scores::read(&self.frame.columns[at].1)?))).collect()
        };
        let mut columns = read(&self.roles.scores);
        if columns.is_empty() {
            columns = read(&self.roles.weak_scores);
            columns.truncate(1);
        }
        let mut named: Vec<(String, Scores)> = Vec::new();
        for (at, scores) in columns {
            let column = &self.frame.columns[at].0;
            if scores.unreadable > 0 {
                let (row, text) = scores.first_unreadable.clone().unwrap_or_default();
                let count = scores.unreadable;
                self.say(Some(row), format!("{count} cells of {column:?} are neither scores nor empty (first {text:?}); they count as unscored"));
            }
            let mut name = metric_name(column);
            if named.iter().any(|(n, _)| *n == name) {
                name = column.to_lowercase();
            }
            named.push((name, scores));
        }
        named
    }

    fn answers(&mut self) -> (Option<Answers>, Option<Answers>) {
        let column = |role| self.roles.get(role).map(|at| &self.frame.columns[at]);
        let (chosen_column, gold_column) = (column(Role::Chosen), column(Role::Gold));
        let mut chosen = chosen_column.map(|(_, cells)| Answers::read(cells));
        let mut gold = gold_column.map(|(_, cells)| Answers::read(cells));
        if let (Some(answers), Some((name, _))) = (&chosen, chosen_column)
            && let (count @ 1.., Some(first)) = answers.strays()
        {
            self.say(
                None,
                format!("{count} cells of {name:?} name no option (first {first:?}); they are kept as text"),
            );
        }
        // The two columns count from the same base. Ours count from 0 by definition.
        let names = [self.roles.name(self.frame, Role::Chosen), self.roles.name(self.frame, Role::Gold)];
        let ours = names.iter().any(|n| n == "chosen" || n == "gold" || n.ends_with("index"));
        let lowest = [&chosen, &gold].into_iter().flatten().filter_map(Answers::positions).map(|p| p.0).min();
        if lowest.is_some_and(|low| low > 0) && !ours && self.frame.n_rows >= ROWS_TO_TELL_BASE {
            [&mut chosen, &mut gold].into_iter().flatten().for_each(Answers::count_from_one);
            self.say(
                None,
                "options are numbered from 1 (no answer is 0); they are counted from 0 here".to_owned(),
            );
        }
        (chosen, gold)
    }

    /// The item of each row, after adding them to the table.
    ///
    /// Where a run has the same item name under two subjects, names are unique within a subject only and get
    /// the subject in front.
    fn items(&mut self, run_of_row: &[Option<u32>]) -> Result<Vec<Option<u32>>, ReadError> {
        let malformed = |message: &str| ReadError::Malformed {
            file: self.naming.file.clone(),
            row: None,
            message: message.to_owned(),
        };
        let Some(names) = self.words(Role::Item) else {
            return Err(malformed("has no column of items; name one `item`"));
        };
        let benchmarks = self.words(Role::Benchmark);
        let subjects = self.words(Role::Subject);
        let code =
            |words: &Option<Cow<Words>>, row: usize| words.as_ref().map_or(NOTHING, |w| w.codes()[row]);
        let qualified = qualified_benchmarks(&names, &benchmarks, &subjects, run_of_row);
        let mut place: HashMap<(u32, u32, u32), u32> = HashMap::new();
        let mut of_row = Vec::with_capacity(self.frame.n_rows);
        let (mut nameless, mut first_nameless, mut two_subjects) = (0, None, 0usize);
        for (row, run) in run_of_row.iter().enumerate().take(self.frame.n_rows) {
            let (Some(name), Some(_)) = (names.get(row), run) else {
                nameless += 1;
                first_nameless.get_or_insert(row);
                of_row.push(None);
                continue;
            };
            let (benchmark, subject) = (code(&benchmarks, row), code(&subjects, row));
            let qualify = qualified.contains(&benchmark);
            let key = (benchmark, names.codes()[row], if qualify { subject } else { NOTHING });
            let subject_name = subjects.as_ref().and_then(|s| s.get(row));
            let at = *place.entry(key).or_insert_with(|| {
                let benchmark =
                    benchmarks.as_ref().and_then(|b| b.get(row)).unwrap_or(&self.naming.benchmark);
                let id = match subject_name.filter(|_| qualify) {
                    Some(subject) => format!("{subject}/{name}"),
                    None => name.to_owned(),
                };
                let native_id = (id != name).then(|| name.to_owned());
                self.table.items.push(Item { native_id, ..Item::new(benchmark, subject_name, id) });
                self.table.items.len() as u32 - 1
            });
            let item = &mut self.table.items[at as usize];
            match (&item.subject, subject_name) {
                (None, Some(subject)) => item.subject = Some(subject.to_owned()),
                (Some(known), Some(other)) if known != other => two_subjects += 1,
                _ => {}
            }
            of_row.push(Some(at));
        }
        if self.table.items.is_empty() {
            return Err(malformed("names no model or no item in any of its rows; fill these columns"));
        }
        if nameless > 0 {
            self.say(first_nameless, format!("{nameless} rows without a model or an item were left out"));
        }
        if !qualified.is_empty() {
            let message = "item names are unique only within their subject; items are called subject/name";
            self.say(None, message.to_owned());
        }
        if two_subjects > 0 {
            self.say(None, format!("{two_subjects} rows put an item under another subject than its first row did; the first is kept"));
        }
        Ok(of_row)
    }

    fn rows(&mut self, columns: &[(String, Scores)], source: &Source, needs_keys: bool) {
        let (metrics, filters) = (self.words(Role::Metric), self.words(Role::Filter));
        let benchmarks = self.words(Role::Benchmark);
        let scales = self.scales(columns, &metrics);
        let extras = Extras::read(self.frame, self.roles);
        self.table.runs = source.runs.runs.clone();
        let mut metric_at: HashMap<(u32, u32, u32, usize), u32> = HashMap::new();
        // Without a score column there is one pass over the rows, which scores them by their keys.
        let by_key: [(String, Option<&Scores>); 1] = [("acc".to_owned(), None)];
        let passes: Vec<(String, Option<&Scores>)> = if columns.is_empty() {
            by_key.into()
        } else {
            columns.iter().map(|(name, scores)| (name.clone(), Some(scores))).collect()
        };
        let (mut contradictions, mut first_contradiction) = (0usize, None);
        for row in 0..self.frame.n_rows {
            let (Some(run), Some(item)) = (source.runs.of_row[row], source.items[row]) else { continue };
            let chosen = source.chosen.as_ref().map(|c| c.get(row));
            let gold = source.gold.as_ref().map(|g| g.get(row));
            for (column, (name, scores)) in passes.iter().enumerate() {
                let code = |w: &Option<Cow<Words>>| w.as_ref().map_or(NOTHING, |w| w.codes()[row]);
                let benchmark = &self.table.items[item as usize].benchmark;
                let named = metrics.as_ref().and_then(|m| m.get(row));
                let name = named.filter(|_| column == 0).unwrap_or(name);
                let filter = filters.as_ref().and_then(|f| f.get(row));
                let key = (code(&benchmarks), code(&metrics), code(&filters), column);
                let metric = match metric_at.get(&key) {
                    Some(&at) => at,
                    None => {
                        let primary =
                            extras.primary.as_ref().is_some_and(|p| p[row] == Some(true) && column == 0);
                        let higher = higher_is_better(name);
                        let new = Metric {
                            primary,
                            higher_is_better: higher,
                            ..Metric::new(benchmark, name, filter)
                        };
                        self.table.metrics.push(new);
                        metric_at.insert(key, self.table.metrics.len() as u32 - 1);
                        self.table.metrics.len() as u32 - 1
                    }
                };
                let by_key = || score_by_key(chosen, gold);
                let (score, mut status) = match scores {
                    Some(scores) => {
                        let scale = scales.get(&(column, code(&metrics))).copied().unwrap_or(Scale::AsIs);
                        let score = scores.score(row).map(|x| scale.apply(x));
                        (
                            score,
                            scores.status(row).unwrap_or(if score.is_some() {
                                Status::Ok
                            } else {
                                Status::Unscored
                            }),
                        )
                    }
                    None => by_key(),
                };
                // Nothing chosen and nothing won: the model gave no answer that could be read.
                let silent = chosen == Some(Answer::None) && extras.says_nothing(row);
                if silent && score.is_none_or(|s| s == 0.0) && matches!(status, Status::Ok | Status::Unscored)
                {
                    status = Status::NoAnswer;
                }
                if let (Some(s), (Some(expected), Status::Ok)) =
                    (score.filter(|_| scores.is_some()), by_key())
                    && (s == 0.0 || s == 1.0)
                    && s != expected
                    && column == 0
                {
                    contradictions += 1;
                    first_contradiction.get_or_insert(row);
                }
                self.table.push(Row {
                    repeat: extras.repeat(row),
                    status: extras.status(row).unwrap_or(status),
                    chosen: chosen.and_then(|c| match c {
                        Answer::Option(k) => Some(k),
                        _ => None,
                    }),
                    gold: gold.and_then(|g| match g {
                        Answer::Option(k) => Some(k),
                        _ => None,
                    }),
                    prediction: self.prediction(&extras, chosen, row),
                    logp_gold: extras.logp_gold.as_ref().and_then(|v| v[row]).map(|x| x as f32),
                    logp_margin: extras.logp_margin.as_ref().and_then(|v| v[row]).map(|x| x as f32),
                    n_tokens_in: extras.count(&extras.tokens_in, row),
                    n_tokens_out: extras.count(&extras.tokens_out, row),
                    source_row: extras
                        .count(&extras.source_row, row)
                        .or_else(|| u32::try_from(self.naming.line(row)).ok()),
                    ..Row::new(run, item, metric, score)
                });
            }
        }
        if columns.is_empty() && !needs_keys {
            self.say(
                None,
                "there is no score column; a score of 1 is given where the answer chosen equals the key"
                    .to_owned(),
            );
        }
        if contradictions > 0 {
            self.say(first_contradiction, format!("{contradictions} scores disagree with whether the answer chosen equals the key; the scores are kept"));
        }
        for (name, count) in extras.unknown_statuses {
            self.say(
                None,
                format!("{count} rows have the status {name:?}, which is not known; it is ignored"),
            );
        }
    }

    fn prediction(&self, extras: &Extras, chosen: Option<Answer>, row: usize) -> Option<Box<str>> {
        let text = extras.prediction.as_ref().and_then(|p| p.get(row)).or(match chosen {
            Some(Answer::Text(text)) => Some(text),
            _ => None,
        })?;
        (self.naming.keep_text || text.len() <= LONGEST_ANSWER).then(|| text.into())
    }

    /// The scale of each score column under each metric, and a note about each that is not 0 to 1.
    fn scales(
        &mut self,
        columns: &[(String, Scores)],
        metrics: &Option<Cow<Words>>,
    ) -> HashMap<(usize, u32), Scale> {
        let mut ranges: HashMap<(usize, u32), (f64, f64)> = HashMap::new();
        for (column, (_, scores)) in columns.iter().enumerate() {
            for row in 0..self.frame.n_rows {
                if let Some(x) = scores.score(row) {
                    let metric = metrics.as_ref().map_or(NOTHING, |m| m.codes()[row]);
                    let range = ranges.entry((column, metric)).or_insert((x, x));
                    *range = (range.0.min(x), range.1.max(x));
                }
            }
        }
        let mut keys: Vec<_> = ranges.into_iter().collect();
        keys.sort_by_key(|(key, _)| *key);
        let mut scales = HashMap::new();
        for ((column, metric), range) in keys {
            let named = metrics.as_ref().and_then(|m| m.distinct().get(metric as usize)).map(|w| &**w);
            let name = named.unwrap_or(&columns[column].0).to_owned();
            let scale = Scale::of(Some(range), Some(&name));
            if let Some(message) = scale.tell() {
                self.say(None, format!("metric {name:?}: {message}"));
            }
            scales.insert((column, metric), scale);
        }
        scales
    }

    /// What the rows say about their items: the key that most of them have, question and options.
    fn item_facts(&mut self, source: &Source) {
        let mut votes: HashMap<(u32, u16), usize> = HashMap::new();
        let mut texts: HashMap<u32, String> = HashMap::new();
        let (questions, options) = (self.words(Role::Question), self.words(Role::Options));
        let gold_texts = self.words(Role::GoldText);
        for (row, item) in source.items.iter().enumerate() {
            let Some(item) = *item else { continue };
            match source.gold.as_ref().map(|g| (g.get(row), g.naming)) {
                Some((Answer::Option(k), _)) => *votes.entry((item, k)).or_default() += 1,
                Some((Answer::Text(text), AnswerNaming::Text)) => {
                    texts.entry(item).or_insert_with(|| text.to_owned());
                }
                _ => {}
            }
            let item = &mut self.table.items[item as usize];
            if item.question.is_none() {
                item.question = questions.as_ref().and_then(|q| q.get(row)).map(str::to_owned);
            }
            if item.options.is_none() {
                item.options = options.as_ref().and_then(|o| o.get(row)).and_then(parse_options);
            }
            if item.gold_text.is_none() {
                item.gold_text = gold_texts.as_ref().and_then(|t| t.get(row)).map(str::to_owned);
            }
        }
        let mut best: HashMap<u32, (usize, std::cmp::Reverse<u16>)> = HashMap::new();
        for ((item, key), count) in votes {
            let this = (count, std::cmp::Reverse(key));
            let known = best.entry(item).or_insert(this);
            *known = (*known).max(this);
        }
        for (item, (_, key)) in best {
            self.table.items[item as usize].gold = Some(key.0);
        }
        for (item, text) in texts {
            self.table.items[item as usize].gold_text.get_or_insert(text);
        }
    }
}

/// A score of 1 where the answer chosen equals the key; 0 where it does not or none was given.
pub(super) fn score_by_key(chosen: Option<Answer>, gold: Option<Answer>) -> (Option<f64>, Status) {
    match (chosen, gold) {
        (_, None | Some(Answer::None)) | (None, _) => (None, Status::Unscored),
        (Some(Answer::None), _) => (Some(0.0), Status::NoAnswer),
        (Some(Answer::Option(c)), Some(Answer::Option(g))) => (Some(f64::from(u8::from(c == g))), Status::Ok),
        (Some(Answer::Text(c)), Some(Answer::Text(g))) => {
            (Some(f64::from(u8::from(c.trim() == g.trim()))), Status::Ok)
        }
        // Words where a letter is expected name no option: wrong, but an answer.
        (Some(Answer::Text(_)), Some(Answer::Option(_))) => (Some(0.0), Status::Ok),
        (Some(Answer::Option(_)), Some(Answer::Text(_))) => (None, Status::Unscored),
    }
}

/// The benchmarks (by the code of their name) in which one run has an item name under two subjects.
fn qualified_benchmarks(
    names: &Words,
    benchmarks: &Option<Cow<Words>>,
    subjects: &Option<Cow<Words>>,
    run_of_row: &[Option<u32>],
) -> std::collections::HashSet<u32> {
    let mut qualified = std::collections::HashSet::new();
    let Some(subjects) = subjects else { return qualified };
    let benchmark = |row: usize| benchmarks.as_ref().map_or(NOTHING, |b| b.codes()[row]);
    let rows = || (0..names.codes().len()).filter(|&row| names.codes()[row] != NOTHING);
    // Nearly always each item has one subject, which one cheap pass shows.
    let mut subject_of: HashMap<(u32, u32), u32> = HashMap::new();
    let several = rows().any(|row| {
        let subject = subjects.codes()[row];
        *subject_of.entry((benchmark(row), names.codes()[row])).or_insert(subject) != subject
    });
    if !several {
        return qualified;
    }
    let mut subject_in_run: HashMap<(Option<u32>, u32, u32), u32> = HashMap::new();
    for row in rows() {
        let subject = subjects.codes()[row];
        let key = (run_of_row[row], benchmark(row), names.codes()[row]);
        if *subject_in_run.entry(key).or_insert(subject) != subject {
            qualified.insert(benchmark(row));
        }
    }
    qualified
}
