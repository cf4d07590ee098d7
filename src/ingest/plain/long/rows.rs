//! How does a long table become rows? One row for each line and metric.

use super::counts::{Count, Counts, Range};
use super::decided::{Decided, Evidence, qualified};
use super::orders::Orders;
use super::{Part, Qualified};
use crate::ingest::direction::higher_is_better;
use crate::ingest::fragment::ReadError;
use crate::ingest::identity::{is_one_subject, is_place};
use crate::ingest::plain::Naming;
use crate::ingest::plain::answer::{Answer, Answers, Naming as AnswerNaming, parse_options};
use crate::ingest::plain::extras::Extras;
use crate::ingest::plain::roles::{Role, Roles};
use crate::ingest::plain::runs::Runs;
use crate::ingest::plain::scale::{Scale, Spread};
use crate::ingest::plain::value::Scores;
use crate::response::{Item, Metric, ResponseTable, Row, Status};
use crate::store::frame::{Frame, NOTHING, Words};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cmp::Reverse;

/// Words longer than this are whole outputs rather than answers, and kept only on demand.
const LONGEST_ANSWER: usize = 200;

/// Reads the rows of a table, or of a part of it.
///
/// # Errors
/// [`ReadError::Malformed`] if no row names a model and an item.
pub(super) fn read(
    frame: &Frame,
    roles: &Roles,
    naming: &Naming,
    decided: &Decided,
) -> Result<Part, ReadError> {
    let (table, counts) = (ResponseTable::default(), Counts::default());
    let (votes, orders) = (Votes::default(), Orders::default());
    let mut reader = Reader { frame, roles, naming, decided, table, counts, votes, orders };
    let columns = reader.score_columns();
    let (chosen, gold) = reader.answers();
    let runs = Runs::read(frame, roles, naming, decided.is_of_part().then_some(&decided.runs));
    let agrees = !decided.is_of_part() || decided.agrees(frame, roles, &runs);
    let qualified =
        if decided.is_of_part() { qualified(frame, roles, &runs.of_row) } else { Qualified::default() };
    let subjects = reader.words(Role::Subject);
    let lacks_subjects = subjects.is_some_and(|subjects| subjects.codes().contains(&NOTHING));
    let items = reader.items(&runs.of_row)?;
    reader.orders = Orders::of(reader.words(Role::Options).as_deref(), &items);
    let source = Source { chosen, gold, runs, items };
    reader.rows(&columns, &source);
    reader.item_facts(&source);
    let Reader { table, mut counts, votes, orders, .. } = reader;
    let agrees = agrees && !orders.has_others;
    let reordered: Vec<u32> = orders.items.into_iter().collect();
    counts.reordered = reordered.len();
    let (evidence, columns) = (Evidence::default(), Vec::new());
    Ok(Part { table, counts, votes, reordered, evidence, columns, agrees, qualified, lacks_subjects })
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
    decided: &'a Decided,
    table: ResponseTable,
    counts: Counts,
    /// How many rows say that an option is the key of an item.
    votes: Votes,
    orders: Orders,
}

impl<'a> Reader<'a> {
    fn words(&self, role: Role) -> Option<Cow<'a, Words>> {
        let frame: &'a Frame = self.frame;
        self.roles.get(role).map(|at| frame.columns[at].1.to_words())
    }

    /// The score columns with the name of their metric.
    fn score_columns(&mut self) -> Vec<(String, Scores)> {
        let read = |(at, name): &(usize, String)| {
            let (column, cells) = &self.frame.columns[*at];
            Some((column, name.clone(), Scores::read(cells)?))
        };
        let columns: Vec<_> = self.decided.columns.iter().filter_map(read).collect();
        for (column, _, scores) in &columns {
            let first = scores.first_unreadable.clone().map(|(row, text)| (self.naming.line(row), text));
            let count = Count { n: scores.facts.n_unreadable, first };
            self.counts.unreadable.push(((*column).clone(), count));
        }
        columns.into_iter().map(|(_, name, scores)| (name, scores)).collect()
    }

    fn answers(&mut self) -> (Option<Answers>, Option<Answers>) {
        let read = |role, naming: Option<AnswerNaming>| {
            let (name, cells) = &self.frame.columns[self.roles.get(role)?];
            let mut answers = Answers::read_as(cells, naming?);
            let strays = answers.strays();
            let strays = (name.clone(), Count { n: strays.0, first: strays.1.map(str::to_owned) });
            if self.decided.from_one && answers.naming == AnswerNaming::Positions {
                answers.count_from_one();
            }
            Some((answers, strays))
        };
        let (chosen, strays) = read(Role::Chosen, self.decided.chosen).unzip();
        self.counts.strays = strays;
        (chosen, read(Role::Gold, self.decided.gold).map(|(gold, _)| gold))
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
        let qualified = self.decided.qualified_codes(benchmarks.as_deref());
        let mut place: FxHashMap<(u32, u32, u32), u32> = FxHashMap::default();
        let mut of_row = Vec::with_capacity(self.frame.n_rows);
        for (row, run) in run_of_row.iter().enumerate().take(self.frame.n_rows) {
            let (Some(name), Some(_)) = (names.get(row), run) else {
                self.counts.nameless.one(|| self.naming.line(row));
                of_row.push(None);
                continue;
            };
            let (benchmark, subject) = (code(&benchmarks, row), code(&subjects, row));
            let name_of_benchmark = benchmarks.as_ref().and_then(|b| b.get(row));
            let qualify = qualified.contains(&benchmark);
            let key = (benchmark, names.codes()[row], if qualify { subject } else { NOTHING });
            let subject_name = subjects.as_ref().and_then(|s| s.get(row));
            let at = *place.entry(key).or_insert_with(|| {
                let benchmark = name_of_benchmark.unwrap_or(&self.naming.benchmark);
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
                (Some(known), Some(other)) if known != other => self.counts.two_subjects += 1,
                _ => {}
            }
            of_row.push(Some(at));
        }
        if self.table.items.is_empty() {
            return Err(malformed("names no model or no item in any of its rows; fill these columns"));
        }
        Ok(of_row)
    }

    fn rows(&mut self, columns: &[(String, Scores)], source: &Source) {
        let (metrics, filters) = (self.words(Role::Metric), self.words(Role::Filter));
        let benchmarks = self.words(Role::Benchmark);
        let scales = self.scales(columns, &metrics);
        let extras = Extras::read(self.frame, self.roles);
        self.table.runs = source.runs.runs.clone();
        let mut metric_at: FxHashMap<(u32, u32, u32, usize), u32> = FxHashMap::default();
        let mut column_of: Vec<usize> = Vec::new();
        // Without a score column there is one pass over the rows, which scores them by their keys.
        let by_key: [(String, Option<&Scores>); 1] = [("acc".to_owned(), None)];
        let passes: Vec<(String, Option<&Scores>)> = if columns.is_empty() {
            by_key.into()
        } else {
            columns.iter().map(|(name, scores)| (name.clone(), Some(scores))).collect()
        };
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
                        let higher_is_better = higher_is_better(name);
                        let new =
                            Metric { primary, higher_is_better, ..Metric::new(benchmark, name, filter) };
                        // Rows that name no metric are of that of the column, which others may name.
                        let is_same = |(known, of): (&Metric, &usize)| {
                            *of == column
                                && (&known.benchmark, &known.name, &known.filter)
                                    == (&new.benchmark, &new.name, &new.filter)
                        };
                        let known = self.table.metrics.iter().zip(&column_of).position(is_same);
                        let at = known.unwrap_or_else(|| {
                            self.table.metrics.push(new);
                            column_of.push(column);
                            column_of.len() - 1
                        }) as u32;
                        metric_at.insert(key, at);
                        at
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
                    self.counts.contradictions.one(|| self.naming.line(row));
                }
                self.table.push(Row {
                    repeat: extras.repeat(row),
                    status: extras.status(row).unwrap_or(status),
                    chosen: chosen.and_then(|c| self.option(row, c)),
                    gold: gold.and_then(|g| self.option(row, g)),
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
        self.counts.unknown_statuses = extras.unknown_statuses;
    }

    /// The option that an answer of a row names, by its number in the first row of the item.
    fn option(&self, row: usize, answer: Answer) -> Option<u16> {
        if let Answer::Option(option) = answer { Some(self.orders.option(row, option)) } else { None }
    }

    fn prediction(&self, extras: &Extras, chosen: Option<Answer>, row: usize) -> Option<Box<str>> {
        let text = extras.prediction.as_ref().and_then(|p| p.get(row)).or(match chosen {
            Some(Answer::Text(text)) => Some(text),
            _ => None,
        })?;
        (self.naming.keep_text || text.len() <= LONGEST_ANSWER).then(|| text.into())
    }

    /// The scale of each score column under each metric, as far as it is known.
    fn scales(
        &mut self,
        columns: &[(String, Scores)],
        metrics: &Option<Cow<Words>>,
    ) -> FxHashMap<(usize, u32), Scale> {
        let mut scales = FxHashMap::default();
        for (column, (column_name, scores)) in columns.iter().enumerate() {
            let mut ranges: FxHashMap<u32, Spread> = FxHashMap::default();
            for row in 0..self.frame.n_rows {
                if let Some(x) = scores.score(row) {
                    let metric = metrics.as_ref().map_or(NOTHING, |m| m.codes()[row]);
                    ranges.entry(metric).or_default().add(x);
                }
            }
            let name = |metric: u32| {
                let named = metrics.as_ref().and_then(|m| m.distinct().get(metric as usize));
                named.map_or(column_name.as_str(), |name| name)
            };
            let n_metrics = metrics.as_ref().map_or(0, |m| m.distinct().len() as u32);
            let all = || (0..n_metrics).chain([NOTHING]);
            for metric in all() {
                let scores = ranges.get(&metric).copied();
                self.counts.range(Range { column, name: name(metric).to_owned(), scores });
            }
            if !self.decided.is_of_part() {
                scales
                    .extend(all().map(|metric| ((column, metric), self.counts.scale(column, name(metric)))));
            }
        }
        scales
    }

    /// What the rows say about their items: the key that most of them have, question and options.
    fn item_facts(&mut self, source: &Source) {
        let mut texts: FxHashMap<u32, String> = FxHashMap::default();
        let (questions, options) = (self.words(Role::Question), self.words(Role::Options));
        let gold_texts = self.words(Role::GoldText);
        for (row, item) in source.items.iter().enumerate() {
            let Some(item) = *item else { continue };
            match source.gold.as_ref().map(|g| (g.get(row), g.naming)) {
                Some((Answer::Option(k), _)) => {
                    *self.votes.entry((item, self.orders.option(row, k))).or_default() += 1;
                }
                Some((Answer::Text(text), AnswerNaming::Text)) => {
                    texts.entry(item).or_insert_with(|| text.to_owned());
                }
                _ => {}
            }
            let item = &mut self.table.items[item as usize];
            if item.question.is_none() {
                item.question = questions.as_ref().and_then(|q| q.get(row)).map(Into::into);
            }
            if item.options.is_none() {
                item.options =
                    options.as_ref().and_then(|o| o.get(row)).and_then(parse_options).map(Into::into);
            }
            if item.gold_text.is_none() {
                item.gold_text = gold_texts.as_ref().and_then(|t| t.get(row)).map(Into::into);
            }
        }
        key_by_votes(&mut self.table.items, &self.votes);
        for (item, text) in texts {
            self.table.items[item as usize].gold_text.get_or_insert(text.into());
        }
    }
}

/// How many rows say that an option is the key of an item, by item and option.
pub(in crate::ingest::plain) type Votes = FxHashMap<(u32, u16), usize>;

/// Gives items the key that most of their rows have; of two that as many have, the first option.
pub(in crate::ingest::plain) fn key_by_votes(items: &mut [Item], votes: &Votes) {
    let mut best: FxHashMap<u32, (usize, Reverse<u16>)> = FxHashMap::default();
    for (&(item, key), &count) in votes {
        let this = (count, Reverse(key));
        let known = best.entry(item).or_insert(this);
        *known = (*known).max(this);
    }
    for (item, (_, key)) in best {
        if let Some(item) = items.get_mut(item as usize) {
            item.gold = Some(key.0);
        }
    }
}

/// A score of 1 where the answer chosen equals the key; 0 where it does not or none was given.
pub(in crate::ingest::plain) fn score_by_key(
    chosen: Option<Answer>,
    gold: Option<Answer>,
) -> (Option<f64>, Status) {
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

/// The benchmarks (by the code of their name) in which one run has an item name under two subjects, or in which a
/// number stands for items of two.
pub(super) fn qualified_benchmarks(
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
    let mut subject_of: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut several = false;
    for row in rows() {
        let subject = subjects.codes()[row];
        several |= *subject_of.entry((benchmark(row), names.codes()[row])).or_insert(subject) != subject;
    }
    if !several {
        return qualified;
    }
    let mut subject_in_run: FxHashMap<(Option<u32>, u32, u32), u32> = FxHashMap::default();
    for row in rows() {
        let subject = subjects.codes()[row];
        let key = (run_of_row[row], benchmark(row), names.codes()[row]);
        let is_twice = *subject_in_run.entry(key).or_insert(subject) != subject;
        let is_another = || {
            let first = subject_of.get(&(benchmark(row), names.codes()[row]))?;
            let (first, this) = (subjects.distinct().get(*first as usize)?, subjects.get(row)?);
            Some(is_place(names.get(row)?) && !is_one_subject(first, this))
        };
        if is_twice || is_another() == Some(true) {
            qualified.insert(benchmark(row));
        }
    }
    qualified
}
