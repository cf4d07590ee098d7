//! What do the columns of a long table say, in all of its rows?

use super::Extent;
use super::rows::qualified_benchmarks;
use crate::ingest::plain::Naming;
use crate::ingest::plain::answer::{Answers, Kinds, Naming as AnswerNaming};
use crate::ingest::plain::extras::are_numbers;
use crate::ingest::plain::roles::{Role, Roles, metric_name};
use crate::ingest::plain::runs::{RunColumns, RunEvidence, Runs};
use crate::ingest::plain::shape::Shape;
use crate::ingest::plain::tally::Tally;
use crate::ingest::plain::value::{letters_of, share_a_scheme};
use crate::store::frame::{Frame, NOTHING, Words};
use std::collections::{BTreeSet, HashSet};

/// Below this many rows the absence of position 0 says nothing.
const ROWS_TO_TELL_BASE: usize = 20;

/// What is decided about all rows of a table.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    extent: Extent,
    /// Columns of scores: position, and the metric.
    pub columns: Vec<(usize, String)>,
    pub chosen: Option<AnswerNaming>,
    pub gold: Option<AnswerNaming>,
    /// Whether options are numbered from 1.
    pub from_one: bool,
    /// Whether the names of the columns say that they are numbered from 0.
    from_zero: bool,
    pub runs: RunColumns,
    /// Benchmarks whose items are named within their subjects only; `None` is that of rows that name none.
    pub qualified: BTreeSet<Option<String>>,
    /// Whether rows have no score until the keys are known.
    pub needs_keys: bool,
    can_be_parted: bool,
}

impl Decided {
    pub fn of(frame: &Frame, roles: &Roles, naming: &Naming, extent: Extent) -> Self {
        let columns = score_columns(frame, roles);
        let evidence = Evidence::of_answers(frame, roles);
        let runs = Runs::read(frame, roles, naming, None);
        // The two columns count from the same base. Ours count from 0 by definition.
        let names = [roles.name(frame, Role::Chosen), roles.name(frame, Role::Gold)];
        let from_zero = names.iter().any(|n| n == "chosen" || n == "gold" || n.ends_with("index"));
        let gold = evidence.gold.map(Kinds::naming);
        let repeats_are_numbers =
            roles.get(Role::Repeat).is_none_or(|at| are_numbers(&frame.columns[at].1.to_words()));
        let two_texts_of_keys = roles.has(Role::GoldText) && gold == Some(AnswerNaming::Text);
        Self {
            extent,
            from_one: evidence.counts_from_one(from_zero),
            from_zero,
            chosen: evidence.chosen.map(Kinds::naming),
            gold,
            qualified: qualified(frame, roles, &runs.of_row),
            can_be_parted: runs.columns.can_be_parted() && repeats_are_numbers && !two_texts_of_keys,
            runs: runs.columns,
            needs_keys: columns.is_empty() && evidence.gold.is_none(),
            columns,
        }
    }

    /// Whether the rows of a table that has this first part can be read part by part.
    pub fn holds_for_parts(&self, roles: &Roles) -> bool {
        // What waits for keys is gone over once more when they are known.
        self.can_be_parted && !self.needs_keys && roles.has(Role::Item)
    }

    /// Whether a part says the same of itself, as far as it can.
    pub fn agrees(&self, frame: &Frame, roles: &Roles, runs: &Runs) -> bool {
        let repeats_are_numbers =
            || roles.get(Role::Repeat).is_none_or(|at| are_numbers(&frame.columns[at].1.to_words()));
        self.columns == score_columns(frame, roles)
            && self.runs.covers(&runs.columns)
            && repeats_are_numbers()
    }

    /// Whether all parts together say the same.
    pub fn holds(&self, evidence: &Evidence) -> bool {
        self.chosen == evidence.chosen.map(Kinds::naming)
            && self.gold == evidence.gold.map(Kinds::naming)
            && self.from_one == evidence.counts_from_one(self.from_zero)
            && evidence.letters.iter().all(share_a_scheme)
            && evidence.runs.holds()
    }

    /// What kind of a table it is, if only a part is known.
    pub fn shape(&self) -> &Shape {
        match &self.extent {
            Extent::First(shape) => shape,
            Extent::Whole => &Shape::Long,
        }
    }

    /// Whether only a part of the table is known; scores are then kept as they stand until the scale of all is.
    pub fn is_of_part(&self) -> bool {
        self.extent != Extent::Whole
    }

    /// Whether items are named within their subjects only.
    pub fn qualifies(&self) -> bool {
        !self.qualified.is_empty()
    }

    /// The codes of the benchmarks whose items are.
    pub fn qualified_codes(&self, benchmarks: Option<&Words>) -> HashSet<u32> {
        let code = |name: &Option<String>| match name {
            Some(name) => benchmarks?.distinct().iter().position(|word| **word == **name).map(|at| at as u32),
            None => Some(NOTHING),
        };
        self.qualified.iter().filter_map(code).collect()
    }

    /// Whether rows are scored by their keys.
    pub fn scores_by_key(&self) -> bool {
        self.columns.is_empty() && !self.needs_keys
    }

    /// Whether rows have keys that their scores can be held against.
    pub fn has_keys(&self) -> bool {
        self.chosen.is_some() && self.gold.is_some()
    }

    /// What a user should know, with the line.
    pub fn messages(&self) -> Vec<(Option<u64>, String)> {
        let told = "options are numbered from 1 (no answer is 0); they are counted from 0 here";
        let from_one = self.from_one.then_some(told).map(str::to_owned);
        from_one.into_iter().chain(self.runs.messages()).map(|message| (None, message)).collect()
    }
}

/// The columns of scores by the name of their metric; the weak ones only where no better is there.
fn score_columns(frame: &Frame, roles: &Roles) -> Vec<(usize, String)> {
    let readable = |list: &[usize]| -> Vec<usize> {
        list.iter().copied().filter(|&at| Tally::of(&frame.columns[at].1).facts().is_some()).collect()
    };
    let mut columns = readable(&roles.scores);
    if columns.is_empty() {
        columns = readable(&roles.weak_scores);
        columns.truncate(1);
    }
    let mut named: Vec<(usize, String)> = Vec::new();
    for at in columns {
        let column = &frame.columns[at].0;
        let mut name = metric_name(column);
        if named.iter().any(|(_, known)| *known == name) {
            name = column.to_lowercase();
        }
        named.push((at, name));
    }
    named
}

/// The benchmarks whose items are named within their subjects only, as far as these rows show.
pub(super) fn qualified(
    frame: &Frame,
    roles: &Roles,
    run_of_row: &[Option<u32>],
) -> BTreeSet<Option<String>> {
    let words = |role| roles.get(role).map(|at| frame.columns[at].1.to_words());
    let Some(names) = words(Role::Item) else { return BTreeSet::new() };
    let benchmarks = words(Role::Benchmark);
    let codes = qualified_benchmarks(&names, &benchmarks, &words(Role::Subject), run_of_row);
    let name =
        |code: u32| benchmarks.as_ref().and_then(|b| Some(b.distinct().get(code as usize)?.to_string()));
    codes.into_iter().map(name).collect()
}

/// What rows show of that on which it is decided: the sums of what their parts show.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    n_rows: usize,
    chosen: Option<Kinds>,
    gold: Option<Kinds>,
    /// Single letters of each column of scores.
    letters: Vec<BTreeSet<String>>,
    runs: RunEvidence,
}

impl Evidence {
    pub fn of(frame: &Frame, roles: &Roles) -> Self {
        let columns = score_columns(frame, roles);
        Self {
            letters: columns.into_iter().map(|(at, _)| letters_of(&frame.columns[at].1)).collect(),
            runs: RunEvidence::of(frame, roles),
            ..Self::of_answers(frame, roles)
        }
    }

    fn of_answers(frame: &Frame, roles: &Roles) -> Self {
        let kinds = |role| roles.get(role).map(|at| Answers::read(&frame.columns[at].1).kinds);
        Self { n_rows: frame.n_rows, chosen: kinds(Role::Chosen), gold: kinds(Role::Gold), ..Self::default() }
    }

    /// Whether positions are numbered from 1. What the columns are called may say that they are not, unless the letters
    /// of the other column do not reach as far as the positions then would.
    fn counts_from_one(&self, from_zero: bool) -> bool {
        let both = || [self.chosen, self.gold].into_iter().flatten();
        let last_letter = both().filter_map(Kinds::last_letter).max();
        let one_beyond = both().filter_map(Kinds::highest).max().zip(last_letter);
        let is_contradicted = one_beyond.is_some_and(|(highest, last)| highest == last + 1);
        let lowest = both().filter_map(Kinds::lowest).min();
        lowest.is_some_and(|low| low > 0)
            && self.n_rows >= ROWS_TO_TELL_BASE
            && (!from_zero || is_contradicted)
    }

    /// Adds that of the rows that follow; not if there is more of it than there should be in such a table.
    pub fn add(&mut self, other: Self) -> bool {
        self.n_rows += other.n_rows;
        for (mine, theirs) in [(&mut self.chosen, other.chosen), (&mut self.gold, other.gold)] {
            match (mine, theirs) {
                (Some(mine), Some(theirs)) => mine.add(theirs),
                (mine, theirs) => *mine = mine.or(theirs),
            }
        }
        self.letters.resize_with(self.letters.len().max(other.letters.len()), BTreeSet::new);
        self.letters.iter_mut().zip(other.letters).for_each(|(mine, theirs)| mine.extend(theirs));
        self.runs.add(other.runs)
    }
}
