//! Is this table long, wide, or not about items at all?

use super::roles::{Role, Roles, normal};
use super::tally::{Facts, Tally};
use super::value;
use crate::ingest::RowsAre;
use crate::store::frame::{Cells, Frame};

/// At least this share of the columns of a wide table must be scores.
const SHARE_SCORES: f64 = 0.8;
/// A wide table of averages and one of graded items look alike; with fewer items than this, or without cells at
/// the ends of the scale, it is taken for one of averages.
const MIN_GRADED_ITEMS: usize = 20;
const SHARE_AT_ENDS: f64 = 0.2;

/// Columns that describe items or models in numbers: a table that has one of them is no table of responses.
const PARAMETERS: [&str; 12] = [
    "difficulty",
    "discrimination",
    "guessing",
    "slope",
    "threshold",
    "infit",
    "outfit",
    "n_options",
    "n_items",
    "n_models",
    "ability",
    "theta",
];

/// Names of columns and rows that sum up the others.
const SUMMARIES: [&str; 12] = [
    "average",
    "avg",
    "macroaverage",
    "macroavg",
    "mean",
    "median",
    "overall",
    "rank",
    "std",
    "stddev",
    "sum",
    "total",
];

/// Parts of the names of columns with the answer of a model.
const GIVEN: [&str; 7] = ["chosen", "extracted", "given", "modelanswer", "parsed", "pred", "selected"];

/// What a table is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One row for each model and item.
    Long,
    /// One row for each item, all of the model that the file is named after.
    LongOfOneModel,
    /// One row for each model or item, one column for each of the other.
    Wide(Wide),
    /// No item-level results; what it has instead.
    Other(Other),
}

/// Why a table has no item-level results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// Scores of models over whole sets of items.
    Aggregate(String),
    /// Models and items, but no score: the column that should hold it, the row (from 0) and what stands there.
    Unscored(Option<(String, usize, String)>),
    /// Items without responses.
    Items,
    /// Models without responses.
    Models,
    /// Nothing that is known.
    Unknown(String),
}

/// The columns of a wide table.
#[derive(Debug, Clone, PartialEq)]
pub struct Wide {
    /// The column with the names of the rows.
    pub id: Option<usize>,
    /// The columns of scores.
    pub scores: Vec<usize>,
    /// Columns that are left out: no scores, or sums of the others.
    pub left_out: Vec<usize>,
    /// What the rows are.
    pub rows: RowsAre,
    /// How that is known.
    pub because: String,
    /// Whether it is a guess.
    pub guessed: bool,
}

/// A table as far as its shape depends on it.
pub trait Outline {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// The names of its columns, in order.
    fn names(&self) -> Vec<&str>;
    /// What a column shows as one of scores; nothing if too few of its filled cells are.
    fn scores(&self, column: usize) -> Option<Facts>;
    /// Whether the first column holds words that differ in all rows, or, where it may hold numbers too, those.
    fn first_column_names_rows(&self, numbers_too: bool) -> bool;
    /// The first filled cell of a column that does not read as a score: its row, and what stands there.
    fn first_unreadable(&self, column: usize) -> Option<(usize, String)>;
}

impl Outline for Frame {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn scores(&self, column: usize) -> Option<Facts> {
        Tally::of(&self.columns[column].1).facts()
    }

    fn first_column_names_rows(&self, numbers_too: bool) -> bool {
        let Some((_, cells)) = self.columns.first() else { return false };
        let all_differ = || {
            let words = cells.to_words();
            words.distinct().len() == self.n_rows && words.iter().all(|w| w.is_some())
        };
        (numbers_too || matches!(cells, Cells::Words(_))) && all_differ()
    }

    fn first_unreadable(&self, column: usize) -> Option<(usize, String)> {
        let words = self.columns[column].1.to_words();
        (0..self.n_rows).find_map(|row| {
            let word = words.get(row).filter(|w| !w.trim().is_empty())?;
            value::is_unreadable(word).then(|| (row, word.to_owned()))
        })
    }
}

/// How many of the last rows sum up the others, as their names say.
pub fn n_summaries_at_the_end(frame: &Frame, roles: &Roles) -> usize {
    let named = [Role::Model, Role::Item].into_iter().find_map(|role| roles.get(role));
    let Some((_, cells)) = frame.columns.get(named.unwrap_or(0)) else { return 0 };
    let words = cells.to_words();
    let sums_up = |row: &usize| words.get(*row).is_some_and(is_summary);
    (0..frame.n_rows).rev().take_while(sums_up).count()
}

/// Whether a column or row of this name sums up the others.
pub fn is_summary(name: &str) -> bool {
    SUMMARIES.contains(&normal(name).as_str())
}

/// Says what a table is.
pub fn classify(table: &impl Outline, roles: &Roles, rows: Option<RowsAre>) -> Shape {
    let (model, item) = (roles.has(Role::Model), roles.has(Role::Item));
    let readable = |list: &[usize]| list.iter().find_map(|&at| table.scores(at));
    let scored = readable(&roles.scores).or_else(|| readable(&roles.weak_scores));
    if model && item && (scored.is_some() || roles.has(Role::Chosen)) {
        return Shape::Long;
    }
    // Tables of items have an `answer` and its `index`: what a model answered is called otherwise.
    let is_given = |name: &str| GIVEN.iter().any(|part| name.contains(part));
    let has_keys = || {
        let name = roles.get(Role::Chosen).map(|at| normal(table.names()[at]));
        name.is_some_and(|name| is_given(&name)) && roles.has(Role::Gold)
    };
    if item
        && !model
        && (readable(&roles.scores).is_some_and(|s| s.binary) || (scored.is_none() && has_keys()))
    {
        return Shape::LongOfOneModel;
    }
    match wide(table, roles, rows) {
        Ok(wide) => Shape::Wide(wide),
        Err(_) if model && item => Shape::Other(Other::Unscored(first_unreadable(table, roles))),
        Err(averages) => Shape::Other(other(roles, scored.is_some() || averages)),
    }
}

/// The first filled cell of the columns that are named like scores and do not read as such.
fn first_unreadable(table: &impl Outline, roles: &Roles) -> Option<(String, usize, String)> {
    roles.scores.iter().chain(&roles.weak_scores).find_map(|&at| {
        let (row, text) = table.first_unreadable(at)?;
        Some((table.names()[at].to_owned(), row, text))
    })
}

fn other(roles: &Roles, scored: bool) -> Other {
    if roles.has(Role::Item) {
        return Other::Items;
    }
    let task = if roles.has(Role::Subject) { " and task" } else { "" };
    match (roles.has(Role::Model), scored) {
        (true, true) => Other::Aggregate(format!("scores for each model{task}, but no column of items")),
        (true, false) => Other::Models,
        (false, true) => Other::Aggregate("averages, but no columns of models and items".to_owned()),
        (false, false) => {
            let lacks = [(Role::Model, "a model"), (Role::Item, "an item")];
            let lacks: Vec<&str> = lacks.iter().filter(|(r, _)| !roles.has(*r)).map(|(_, n)| *n).collect();
            Other::Unknown(format!("{} and a score column", lacks.join(", ")))
        }
    }
}

/// The columns of a wide table, or whether it looks like one of averages.
fn wide(table: &impl Outline, roles: &Roles, rows: Option<RowsAre>) -> Result<Wide, bool> {
    let names = table.names();
    let named = [(Role::Model, RowsAre::Models), (Role::Item, RowsAre::Items)]
        .into_iter()
        .find_map(|(role, rows)| roles.get(role).map(|at| (at, rows)));
    let id = named.map(|(at, _)| at).or_else(|| unnamed_id(table, &names));
    let named_so = |at: &usize| is_summary(names[*at]);
    let (sums, rest): (Vec<usize>, Vec<usize>) =
        (0..names.len()).filter(|&at| Some(at) != id && !roles.is_taken(at)).partition(named_so);
    let read: Vec<(usize, Facts)> = rest.iter().filter_map(|&at| Some((at, table.scores(at)?))).collect();
    let lies_within = |facts: &Facts, high: f64| facts.spread.is_none() || facts.within(0.0, high);
    let unit = read.iter().filter(|(_, facts)| lies_within(facts, 1.0)).count();
    let limit = if unit * 2 >= read.len() { 1.0 } else { 100.0 };
    let columns: Vec<&(usize, Facts)> = read.iter().filter(|(_, facts)| lies_within(facts, limit)).collect();
    let scored = columns.iter().filter(|(_, facts)| facts.spread.is_some()).count();
    if scored < 2 || (columns.len() as f64) < SHARE_SCORES * rest.len() as f64 {
        return Err(false);
    }
    if rest.iter().any(|&at| PARAMETERS.contains(&normal(names[at]).as_str())) {
        return Err(false);
    }
    let (n_rows, n_columns) = (table.n_rows(), columns.len());
    let (found, because, guessed) = match (rows, named) {
        (Some(rows), _) => (rows, "as asked for".to_owned(), false),
        (None, Some((at, rows))) => (rows, format!("its column {:?} names them", names[at]), false),
        (None, None) if n_columns > n_rows => {
            (RowsAre::Models, format!("it has more columns ({n_columns}) than rows ({n_rows})"), true)
        }
        (None, None) => {
            (RowsAre::Items, format!("it has no more columns ({n_columns}) than rows ({n_rows})"), true)
        }
    };
    let n_items = if found == RowsAre::Models { n_columns } else { n_rows };
    let all_binary = columns.iter().all(|(_, facts)| facts.binary);
    if !all_binary && !is_graded(&columns, named.is_some(), n_items) {
        return Err(true);
    }
    let scores: Vec<usize> = columns.iter().map(|(at, _)| *at).collect();
    let others = rest.iter().copied().filter(|at| scores.binary_search(at).is_err());
    let mut left_out: Vec<usize> = others.chain(sums).chain(roles.scores.iter().copied()).collect();
    left_out.sort_unstable();
    Ok(Wide { id, scores, left_out, rows: found, because, guessed })
}

/// Whether scores between the ends of the scale are those of items rather than averages over items.
fn is_graded(columns: &[&(usize, Facts)], named: bool, n_items: usize) -> bool {
    // The upper end is full marks: 1, a whole grade, or 100 per cent. An average hardly ever is.
    let high = columns.iter().filter_map(|(_, f)| f.range()).map(|r| r.1).fold(0.0, f64::max).ceil();
    let n: usize = columns.iter().map(|(_, facts)| facts.n_scores).sum();
    let n_at_ends = |facts: &Facts| {
        let is_full = high > 0.0 && facts.range().is_some_and(|(_, highest)| highest == high);
        facts.n_zeros + if is_full { facts.n_highest } else { 0 }
    };
    let ends: usize = columns.iter().map(|(_, facts)| n_at_ends(facts)).sum();
    let at_ends = ends as f64 >= SHARE_AT_ENDS * n as f64;
    at_ends || (named && n_items >= MIN_GRADED_ITEMS)
}

/// The column that names the rows although its own name does not say so: the first one, if it has no name or
/// holds distinct words that are no scores.
fn unnamed_id(table: &impl Outline, names: &[&str]) -> Option<usize> {
    let name = names.first()?;
    let index_name = matches!(name.trim().to_lowercase().as_str(), "index" | "unnamed: 0" | "name" | "row");
    // An empty name above numbers is the index column of a data frame; without a header all names are empty.
    let unnamed = name.trim().is_empty() && names.get(1).is_some_and(|n| !n.is_empty());
    let names_rows = if index_name || unnamed {
        table.first_column_names_rows(true)
    } else {
        table.scores(0).is_none() && table.first_column_names_rows(false)
    };
    names_rows.then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::plain::delimited;

    fn shape(text: &str) -> Shape {
        let frame = delimited::read("f.csv", text.as_bytes()).unwrap().frame;
        classify(&frame, &Roles::of(&frame), None)
    }

    fn wide_rows(text: &str) -> (RowsAre, bool) {
        match shape(text) {
            Shape::Wide(wide) => (wide.rows, wide.guessed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn long_and_wide_are_told_apart() {
        assert_eq!(shape("model,item,correct\na,1,1\n"), Shape::Long);
        assert_eq!(shape("question_id,correct\n1,1\n2,0\n"), Shape::LongOfOneModel);
        assert_eq!(wide_rows("model,i1,i2\na,1,0\nb,0,0\n"), (RowsAre::Models, false));
        assert_eq!(wide_rows("item,a,b\nq1,1,0\nq2,0,0\nq3,1,1\n"), (RowsAre::Items, false));
        assert_eq!(wide_rows("who,i1,i2,i3\na,1,0,0\nb,0,0,1\n"), (RowsAre::Models, true));
        assert_eq!(wide_rows(",i1,i2,i3\n0,1,0,0\n1,0,0,1\n"), (RowsAre::Models, true));
        assert_eq!(wide_rows("1,1,1,0\n0,1,0,0\n"), (RowsAre::Models, true));
    }

    #[test]
    fn sums_are_no_items() {
        let left_out = |text: &str| match shape(text) {
            Shape::Wide(wide) => (wide.scores, wide.left_out),
            other => panic!("{other:?}"),
        };
        assert_eq!(left_out("model,q1,q2,q3,mean\na,1,0,1,0.67\nb,0,0,1,0.33\n"), (vec![1, 2, 3], vec![4]));
        assert_eq!(left_out("model,q1,q2,q3,Total,accuracy\na,1,0,1,2,0.67\n"), (vec![1, 2, 3], vec![4, 5]));
        let frame =
            delimited::read("f.csv", b"model,q1,q2\na,1,0\nb,1,1\nTotal,2,1\nAverage,1,.5\n").unwrap().frame;
        assert_eq!(n_summaries_at_the_end(&frame, &Roles::of(&frame)), 2);
    }

    #[test]
    fn averages_are_no_items() {
        let leaderboard = "model,mmlu,arc,gsm8k\na,0.61,0.55,0.42\nb,0.7,0.5,0.3\n";
        assert!(matches!(shape(leaderboard), Shape::Other(Other::Aggregate(_))));
        let published = "Task,Actual,Pred,Rel Error\nmmlu,0.516,0.483,0.048\narc,0.4,0.39,0.01\n";
        assert!(matches!(shape(published), Shape::Other(_)));
        assert!(matches!(shape("model,n,acc\na,500,0.3\nb,500,0.4\n"), Shape::Other(Other::Aggregate(_))));
        assert_eq!(shape("item_id,question,answer\n1,Why,A\n2,How,B\n"), Shape::Other(Other::Items));
        assert!(matches!(shape("x,y\nfoo,bar\n"), Shape::Other(Other::Unknown(_))));
    }

    #[test]
    fn graded_items_are_items() {
        let graded = "model,i1,i2,i3\na,0,0.5,1\nb,1,0.5,0\n";
        assert_eq!(wide_rows(graded), (RowsAre::Models, false));
    }
}
