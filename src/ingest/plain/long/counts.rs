//! What was odd about the rows of a long table, and how often?

use super::decided::Decided;
use crate::ingest::fragment::counted;
use crate::ingest::plain::scale::{Scale, Spread};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// So many, and the first of them: its line or what stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Count<T> {
    pub n: usize,
    pub first: Option<T>,
}

impl<T> Default for Count<T> {
    fn default() -> Self {
        Self { n: 0, first: None }
    }
}

impl<T> Count<T> {
    /// Adds one more.
    pub fn one(&mut self, what: impl FnOnce() -> T) {
        self.n += 1;
        self.first.get_or_insert_with(what);
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.first = self.first.take().or(other.first);
    }
}

/// Where the scores of a column under a metric lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub column: usize,
    /// What the scores are called: by the table's column of metrics, or by their own.
    pub name: String,
    pub scores: Option<Spread>,
}

impl Range {
    pub fn scale(&self) -> Scale {
        Scale::of(self.scores, Some(&self.name))
    }
}

/// What was counted, in the order in which it was met.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counts {
    /// Cells of a column of scores that are neither scores nor empty; line and text of the first.
    pub unreadable: Vec<(String, Count<(u64, String)>)>,
    /// Cells of the column of answers that name no option; the column's name.
    pub strays: Option<(String, Count<String>)>,
    /// Rows without a model or an item; the line of the first.
    pub nameless: Count<u64>,
    /// Rows that put an item under another subject than its first row did.
    pub two_subjects: usize,
    ranges: Vec<Range>,
    /// The place of each column and name among them.
    range_of: FxHashMap<(usize, String), usize>,
    /// Items of which rows show the options in several orders.
    pub reordered: usize,
    /// Scores that disagree with the answer and the key.
    pub contradictions: Count<u64>,
    pub unknown_statuses: Vec<(String, usize)>,
}

type Message = (Option<u64>, String);

impl Counts {
    /// Adds those of the rows that follow.
    pub fn add(&mut self, other: Self) {
        for (name, count) in other.unreadable {
            match self.unreadable.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.add(count),
                None => self.unreadable.push((name, count)),
            }
        }
        match (&mut self.strays, other.strays) {
            (Some((_, known)), Some((_, count))) => known.add(count),
            (known @ None, more) => *known = more,
            (Some(_), None) => {}
        }
        self.nameless.add(other.nameless);
        self.two_subjects += other.two_subjects;
        other.ranges.into_iter().for_each(|range| self.range(range));
        self.reordered += other.reordered;
        self.contradictions.add(other.contradictions);
        for (name, n) in other.unknown_statuses {
            match self.unknown_statuses.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known += n,
                None => self.unknown_statuses.push((name, n)),
            }
        }
    }

    /// Adds a range of scores.
    pub fn range(&mut self, range: Range) {
        match self.range_of.entry((range.column, range.name.clone())) {
            Entry::Occupied(known) => {
                let known = &mut self.ranges[*known.get()];
                known.scores = Spread::joined(known.scores, range.scores);
            }
            Entry::Vacant(new) => {
                new.insert(self.ranges.len());
                self.ranges.push(range);
            }
        }
    }

    /// The scale of the scores of a column under a metric.
    pub fn scale(&self, column: usize, name: &str) -> Scale {
        let range = self.range_of.get(&(column, name.to_owned()));
        range.map_or(Scale::AsIs, |at| self.ranges[*at].scale())
    }

    /// Scores and their scales, by column, then in the order of the metrics.
    pub fn scales(&self) -> impl Iterator<Item = (&Range, Scale)> {
        let mut ranges: Vec<&Range> = self.ranges.iter().filter(|range| range.scores.is_some()).collect();
        ranges.sort_by_key(|range| range.column);
        ranges.into_iter().map(|range| (range, range.scale()))
    }

    /// Whether scores that were kept as they stand can be put on their scale later: all of them, and none that was held
    /// against a key before.
    pub fn holds(&self, has_keys: bool) -> bool {
        let scales: Vec<Scale> = self.scales().map(|(_, scale)| scale).collect();
        let n_percent = scales.iter().filter(|scale| **scale == Scale::Percent).count();
        self.two_subjects == 0 && (n_percent == 0 || (n_percent == scales.len() && !has_keys))
    }

    /// What a user should know, with the line.
    pub fn messages(&self, decided: &Decided) -> Vec<Message> {
        let mut said: Vec<Message> = Vec::new();
        for (column, Count { n, first }) in &self.unreadable {
            let Some((line, text)) = first.clone() else { continue };
            let message = format!(
                "{n} cells of {column:?} are neither scores nor empty (first {text:?}); they count as unscored"
            );
            said.push((Some(line), message));
        }
        if let Some((column, Count { n: n @ 1.., first: Some(first) })) = &self.strays {
            let message =
                format!("{n} cells of {column:?} name no option (first {first:?}); they are kept as text");
            said.push((None, message));
        }
        said.extend(decided.messages());
        let Count { n, first } = self.nameless;
        if n > 0 {
            said.push((first, format!("{n} rows without a model or an item were left out")));
        }
        if decided.qualifies() {
            let message = "item names are unique only within their subject; items are called subject/name";
            said.push((None, message.to_owned()));
        }
        if self.two_subjects > 0 {
            let n = self.two_subjects;
            let message = format!(
                "{n} rows put an item under another subject than its first row did; the first is kept"
            );
            said.push((None, message));
        }
        if self.reordered > 0 {
            let show = counted(self.reordered, "item shows its options", "items show their options");
            let message = format!(
                "{show} in another order in some rows than in the first one; answers and keys were numbered as there"
            );
            said.push((None, message));
        }
        for (range, scale) in self.scales() {
            said.extend(scale.tell().map(|message| (None, format!("metric {:?}: {message}", range.name))));
        }
        if decided.scores_by_key() {
            let message =
                "there is no score column; a score of 1 is given where the answer chosen equals the key";
            said.push((None, message.to_owned()));
        }
        let Count { n, first } = self.contradictions;
        if n > 0 {
            let message = format!(
                "{n} scores disagree with whether the answer chosen equals the key; the scores are kept"
            );
            said.push((first, message));
        }
        for (name, n) in &self.unknown_statuses {
            let message = format!("{n} rows have the status {name:?}, which is not known; it is ignored");
            said.push((None, message));
        }
        said
    }
}
