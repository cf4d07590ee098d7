//! How do many tables become one? Runs are joined by name, items by benchmark and name, metrics by benchmark and
//! label; the names are looked up in one index, however many tables come.

use super::ids::ItemId;
use super::item::Item;
use super::loose::Loose;
use super::metric::Metric;
use super::option_scores::OptionScores;
use super::run::Run;
use super::spill::Spill;
use super::table::ResponseTable;
use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

/// A table that others are joined to, one after the other.
#[derive(Debug, Default)]
pub struct Joiner {
    table: ResponseTable,
    runs: FxHashMap<String, u32>,
    /// By benchmark, then by name.
    items: FxHashMap<String, FxHashMap<ItemId, u32>>,
    metrics: FxHashMap<(String, String, Option<String>), u32>,
    /// Where rows and texts go that are more than memory should hold.
    spill: Option<Arc<Spill>>,
    /// Items whose texts were not put aside.
    loose: Loose,
}

impl Joiner {
    /// The table so far.
    pub fn table(&self) -> &ResponseTable {
        &self.table
    }

    /// The place of a run in the table so far.
    pub fn run(&self, id: &str) -> Option<u32> {
        self.runs.get(id).copied()
    }

    /// The place of an item in the table so far.
    pub fn item(&self, benchmark: &str, id: &str) -> Option<u32> {
        self.items.get(benchmark).and_then(|items| items.get(id)).copied()
    }

    /// The place of a metric in the table so far.
    pub fn metric(&self, metric: &Metric) -> Option<u32> {
        self.metrics.get(&label(metric)).copied()
    }

    /// From now on, puts rows and texts aside that are more than memory should hold.
    pub fn spill_to(&mut self, spill: Arc<Spill>) {
        self.spill = Some(spill);
        self.put_aside();
    }

    fn put_aside(&mut self) {
        if let Some(spill) = &self.spill {
            self.table.put_aside(spill);
            if self.loose.bytes() > spill.budget() {
                self.loose.put_aside(&mut self.table.items, spill);
            }
        }
    }

    /// Leaves out the scores of options so far, which somebody else has.
    pub fn forget_options(&mut self) {
        self.table.options = OptionScores::default();
    }

    /// Adds all of `other`.
    ///
    /// Where both sides know an item, a run or a metric, what is not known yet is taken from the other. Where
    /// they disagree the earlier word stands, and the count of items whose keys disagree is returned: rows keep
    /// the key they were scored against.
    pub fn append(&mut self, other: ResponseTable) -> usize {
        if self.table.runs.is_empty() && self.table.items.is_empty() && self.table.metrics.is_empty() {
            *self = Self { spill: self.spill.take(), ..Self::from(other) };
            if self.spill.is_some() {
                (0..)
                    .zip(&self.table.items)
                    .for_each(|(at, item)| self.loose.note(at, item, self.spill.as_ref()));
            }
            self.put_aside();
            return 0;
        }
        let mut conflicting_keys = 0;
        let run_at: Vec<u32> = other
            .runs
            .iter()
            .map(|run| {
                place(&mut self.runs, run.id.as_str(), &mut self.table.runs, run, |mine| {
                    merge_runs(mine, run)
                })
            })
            .collect();
        let files_at: Vec<Vec<u32>> = (other.runs.iter().zip(&run_at))
            .map(|(run, &at)| {
                let mine = &self.table.runs[at as usize].files;
                let place = |file| mine.iter().position(|known| known == file).unwrap_or(0) as u32;
                run.files.iter().map(place).collect()
            })
            .collect();
        let mut item_at: Vec<u32> = Vec::with_capacity(other.items.len());
        let spills = self.spill.is_some();
        for items in other.items.chunk_by(|a, b| a.benchmark == b.benchmark) {
            let of_benchmark = self.items.entry(items[0].benchmark.clone()).or_default();
            for item in items {
                let (at, has_more) = match of_benchmark.get(item.id.as_str()) {
                    Some(&at) => {
                        let mine = &mut self.table.items[at as usize];
                        let differ = mine.gold.is_some() && item.gold.is_some() && mine.gold != item.gold;
                        conflicting_keys += usize::from(differ);
                        let before = mine.texts().flatten().count();
                        merge_items(mine, item);
                        (at, mine.texts().flatten().count() > before)
                    }
                    None => {
                        let at = self.table.items.len() as u32;
                        // The name is kept once.
                        of_benchmark.insert(item.id.clone(), at);
                        self.table.items.push(item.clone());
                        (at, true)
                    }
                };
                if spills && has_more {
                    self.loose.note(at, &self.table.items[at as usize], self.spill.as_ref());
                }
                item_at.push(at);
            }
        }
        let metric_at: Vec<u32> = other
            .metrics
            .iter()
            .map(|m| {
                place(&mut self.metrics, &label(m), &mut self.table.metrics, m, |mine| {
                    mine.primary |= m.primary
                })
            })
            .collect();
        self.table.append(other, &run_at, &item_at, &metric_at, &files_at);
        self.put_aside();
        conflicting_keys
    }

    /// The table.
    pub fn into_table(self) -> ResponseTable {
        self.table
    }

    fn index(&mut self) {
        for (at, run) in self.table.runs.iter().enumerate() {
            self.runs.insert(run.id.clone(), at as u32);
        }
        for (at, item) in self.table.items.iter().enumerate() {
            let of_benchmark = self.items.entry(item.benchmark.clone()).or_default();
            of_benchmark.insert(item.id.clone(), at as u32);
        }
        for (at, metric) in self.table.metrics.iter().enumerate() {
            self.metrics.insert(label(metric), at as u32);
        }
    }
}

impl From<ResponseTable> for Joiner {
    fn from(table: ResponseTable) -> Self {
        let mut joiner = Self { table, ..Self::default() };
        joiner.index();
        joiner
    }
}

fn label(metric: &Metric) -> (String, String, Option<String>) {
    (metric.benchmark.clone(), metric.name.clone(), metric.filter.clone())
}

/// The place of `key` in `list`, where `new` is added if it is not yet there and merged if it is.
fn place<K: Borrow<Q> + Hash + Eq, Q: ToOwned<Owned = K> + Hash + Eq + ?Sized, T: Clone>(
    index: &mut FxHashMap<K, u32>,
    key: &Q,
    list: &mut Vec<T>,
    new: &T,
    merge: impl FnOnce(&mut T),
) -> u32 {
    match index.get(key) {
        Some(&at) => {
            merge(&mut list[at as usize]);
            at
        }
        None => {
            let at = list.len() as u32;
            list.push(new.clone());
            index.insert(key.to_owned(), at);
            at
        }
    }
}

macro_rules! fill {
    ($mine:ident, $other:ident: $($field:ident),+) => {
        $(if $mine.$field.is_none() { $mine.$field.clone_from(&$other.$field); })+
    };
}

fn merge_runs(mine: &mut Run, other: &Run) {
    fill!(mine, other: model_raw, revision, base, step, step_source, params, params_source, tokens, flops, dtype, harness, harness_version,
        task_version, n_shot, prompt_variant, chat_template_sha, temperature, seed, timestamp, limit, family, role);
    for file in &other.files {
        if !mine.files.contains(file) {
            mine.files.push(file.clone());
        }
    }
}

fn merge_items(mine: &mut Item, other: &Item) {
    fill!(mine, other: subject, item_hash, native_id, doc_hash, question, options, gold, gold_text, metadata_json);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Row;

    fn small(model: &str, gold: u16) -> ResponseTable {
        let mut t = ResponseTable::default();
        t.runs.push(Run::new(model, model));
        t.items.push(Item { gold: Some(gold), ..Item::new("b", None, "i1") });
        t.metrics.push(Metric::new("b", "acc", None));
        t.push(Row { chosen: Some(2), ..Row::new(0, 0, 0, Some(1.0)) });
        t.push(Row::new(0, 0, 0, None));
        t
    }

    #[test]
    fn texts_are_put_aside_and_filled_in_from_later_tables() {
        let item = |id: usize, text: Option<&str>| Item {
            question: text.map(|text| format!("{text} {id}").into()),
            options: id.is_multiple_of(2).then(|| ["yes", "no"].map(str::to_owned).to_vec().into()),
            ..Item::new("b", None, id.to_string())
        };
        let table = |ids: std::ops::Range<usize>, text| {
            let mut table = ResponseTable::default();
            table.items.extend(ids.map(|id| item(id, text)));
            table
        };
        let tables = || [table(0..50, None), table(30..90, Some("what is")), table(0..60, Some("what was"))];
        let joined = |spill: Option<Arc<Spill>>| {
            let mut joiner = Joiner { spill, ..Joiner::default() };
            tables().into_iter().for_each(|table| _ = joiner.append(table));
            joiner.into_table()
        };
        let here = joined(None);
        let away = joined(Some(Spill::new(super::super::spill::tests::scratch(), 0)));
        assert_eq!(away, here);
        assert!(away.items.iter().all(|item| item.spill().is_some()));
        let question = |at: usize| away.items[at].question().map(|q| q.into_owned());
        assert_eq!([29, 30].map(question), [Some("what was 29".to_owned()), Some("what is 30".to_owned())]);
        assert_eq!(away.check(), Ok(()));
    }

    #[test]
    fn items_are_joined_and_keys_that_disagree_counted() {
        let mut joiner = Joiner::from(small("a", 1));
        assert_eq!(
            (joiner.run("a"), joiner.item("b", "i1"), joiner.item("c", "i1")),
            (Some(0), Some(0), None)
        );
        assert_eq!(joiner.append(small("b", 3)), 1);
        let t = joiner.into_table();
        assert_eq!((t.runs.len(), t.items.len(), t.metrics.len(), t.len()), (2, 1, 1, 4));
        assert_eq!(t.items[0].gold, Some(1));
        assert_eq!(t.row(2).run, 1);
    }

    #[test]
    fn every_row_knows_its_file() {
        let of = |files: &[&str]| {
            let mut t = small("a", 1);
            t.runs[0].files = files.iter().map(|file| (*file).to_owned()).collect();
            t
        };
        let mut joiner = Joiner::default();
        [of(&["s1", "r"]), of(&["s2", "r"]), of(&["s1"])].into_iter().for_each(|t| {
            joiner.append(t);
        });
        let t = joiner.into_table();
        let files: Vec<_> = (0..t.len()).map(|row| t.source_file(row).unwrap()).collect();
        assert_eq!(files, ["s1", "s1", "s2", "s2", "s1", "s1"]);
    }

    #[test]
    fn nothing_and_a_table_is_that_table() {
        let mut joiner = Joiner::default();
        joiner.append(small("a", 1));
        assert_eq!(joiner.append(small("a", 1)), 0);
        assert_eq!((joiner.table().len(), joiner.table().runs.len()), (4, 1));
    }
}
