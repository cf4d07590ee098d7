//! How do the pieces of many files become one table? One after the other, so that the order of the files is the
//! order of the rows: items find their names, runs that only share a name are kept apart, and the rest is joined.

use super::fragment::{Fragment, Note, Rest};
use super::identity::Identity;
use super::lint::Lint;
use crate::response::{Joiner, OptionScores, ResponseTable};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Pieces on their way to one table.
#[derive(Debug, Default)]
pub struct Joining {
    joiner: Joiner,
    identity: Identity,
    /// The rows among which those of a run are.
    rows_of: FxHashMap<u32, Vec<Range<usize>>>,
    notes: Vec<Note>,
    /// What was found while joining.
    later: Vec<Note>,
    rests: Vec<Rest>,
}

/// All pieces together.
#[derive(Debug)]
pub struct Joined {
    /// The table.
    pub table: ResponseTable,
    /// What readers noted, in the order of the files, and then what was noted in joining.
    pub notes: Vec<Note>,
    /// What files say about items that they do not list.
    pub rests: Vec<Rest>,
    /// What is odd about the items of different files.
    pub lints: Vec<Lint>,
}

/// What an attempt is, by its places in the table: item, metric and repeat.
type Attempt = (u32, u32, u32);

impl Joining {
    /// Adds the piece of a file.
    ///
    /// Two files may use one run name for different models, or for two runs of the same model that score the
    /// same items differently: the later one gets the name of its file behind its own.
    pub fn add(&mut self, mut fragment: Fragment) {
        let table = &mut fragment.table;
        let named = table.runs.first().and_then(|run| run.files.first());
        // A file that only tells of items has no run.
        let file = named.or(fragment.notes.first().map(|note| &note.file)).cloned().unwrap_or_default();
        self.notes.append(&mut fragment.notes);
        let ids: Vec<String> = table.runs.iter().map(|run| run.id.clone()).collect();
        let answered = || {
            let runs = ids.iter().filter_map(|id| self.joiner.run(id));
            let rows = runs.flat_map(|run| rows_of(run, &self.rows_of, self.joiner.table()));
            rows.map(|row| self.joiner.table().item_column().get(row)).collect()
        };
        let renamed = self.identity.settle(table, &self.joiner, answered, &file, &mut self.later);
        for rest in fragment.rests.iter_mut().filter(|_| !renamed.is_empty()) {
            for id in &mut rest.tried {
                if let Some(new) = renamed.get(&(rest.benchmark.clone(), id.clone())) {
                    id.clone_from(new);
                }
            }
        }
        self.keep_apart(&mut fragment);
        self.rests.append(&mut fragment.rests);

        let before = self.joiner.table().len();
        let ids: Vec<String> = fragment.table.runs.iter().map(|run| run.id.clone()).collect();
        self.joiner.append(fragment.table);
        let added = before..self.joiner.table().len();
        for run in ids.iter().filter_map(|id| self.joiner.run(id)) {
            self.rows_of.entry(run).or_default().push(added.clone());
        }
    }

    /// Number of scores of options that were added and not taken.
    pub fn n_options(&self) -> usize {
        self.joiner.table().options.len()
    }

    /// Hands the scores of options so far to `keep`; those that it keeps will not be in the table.
    pub fn give_options(&mut self, keep: impl FnOnce(&OptionScores) -> bool) {
        if keep(&self.joiner.table().options) {
            self.joiner.forget_options();
        }
    }

    /// The table of all pieces.
    pub fn finish(self) -> Joined {
        let Self { joiner, identity, mut notes, later, rests, .. } = self;
        notes.extend(later);
        Joined { table: joiner.into_table(), notes, rests, lints: identity.lints() }
    }

    fn keep_apart(&mut self, fragment: &mut Fragment) {
        for at in 0..fragment.table.runs.len() {
            let run = &fragment.table.runs[at];
            let (id, file) = (run.id.clone(), run.files.first().cloned().unwrap_or_default());
            let short = file.rsplit('/').next().unwrap_or(&file);
            let names = [id.clone(), format!("{id} [{short}]"), format!("{id} [{file}]")];
            let free = |name: &&String| !self.clashes(&fragment.table, at as u32, name);
            let name = names.iter().find(free).unwrap_or(&names[2]);
            if *name == id {
                continue;
            }
            if run.model.as_str() == id {
                // One model, two runs: say so, because one of them will stand for the model.
                let message =
                    format!("run {id:?} is scored differently in an earlier file; kept apart as another run");
                self.later.push(Note { file: file.clone(), row: None, message });
            }
            for rest in fragment.rests.iter_mut().filter(|rest| rest.run == id) {
                rest.run.clone_from(name);
            }
            fragment.table.runs[at].id.clone_from(name);
        }
    }

    /// Whether a run and the one that has the name cannot be the same: other models, or other scores for the
    /// same attempts.
    fn clashes(&self, table: &ResponseTable, run: u32, name: &str) -> bool {
        let Some(earlier) = self.joiner.run(name) else { return false };
        let whole = self.joiner.table();
        if whole.runs[earlier as usize].model != table.runs[run as usize].model {
            return true;
        }
        let item_at: Vec<Option<u32>> =
            table.items.iter().map(|item| self.joiner.item(&item.benchmark, item.id.as_str())).collect();
        let metric_at: Vec<Option<u32>> = table.metrics.iter().map(|m| self.joiner.metric(m)).collect();
        let mut scores: FxHashMap<Attempt, Option<u64>> = FxHashMap::default();
        for row in (0..table.len()).filter(|&row| table.run_column().get(row) == run) {
            let item = item_at[table.item_column().get(row) as usize];
            let metric = metric_at[table.metric_column().get(row) as usize];
            if let (Some(item), Some(metric)) = (item, metric) {
                let attempt = (item, metric, table.repeat_column().get(row));
                scores.insert(attempt, table.score(row).map(f64::to_bits));
            }
        }
        let differs = |row: usize| {
            let attempt = (
                whole.item_column().get(row),
                whole.metric_column().get(row),
                whole.repeat_column().get(row),
            );
            scores.get(&attempt).is_some_and(|score| *score != whole.score(row).map(f64::to_bits))
        };
        !scores.is_empty() && rows_of(earlier, &self.rows_of, whole).any(differs)
    }
}

/// The rows of a run, by the stretches in which they are.
fn rows_of<'t>(
    run: u32,
    stretches: &'t FxHashMap<u32, Vec<Range<usize>>>,
    table: &'t ResponseTable,
) -> impl Iterator<Item = usize> + use<'t> {
    let of_run = stretches.get(&run).into_iter().flatten();
    of_run.flat_map(Clone::clone).filter(move |&row| table.run_column().get(row) == run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    fn fragment(run: &str, model: &str, file: &str, score: f64) -> Fragment {
        let mut table = ResponseTable::default();
        table.runs.push(Run { files: vec![file.to_owned()], ..Run::new(run, model) });
        table.items.push(Item::new("b", None, "i"));
        table.metrics.push(Metric::new("b", "acc", None));
        table.push(Row::new(0, 0, 0, Some(score)));
        Fragment { table, ..Fragment::default() }
    }

    fn join(fragments: Vec<Fragment>) -> Joined {
        let mut joining = Joining::default();
        fragments.into_iter().for_each(|fragment| joining.add(fragment));
        joining.finish()
    }

    #[test]
    fn runs_that_only_share_a_name_stay_apart() {
        let ids = |joined: &Joined| joined.table.runs.iter().map(|r| r.id.clone()).collect::<Vec<_>>();
        let two = join(vec![fragment("0", "a", "a.csv", 1.0), fragment("0", "b", "b.csv", 1.0)]);
        assert_eq!(ids(&two), ["0", "0 [b.csv]"]);
        let two = join(vec![fragment("a", "a", "x/1.csv", 1.0), fragment("a", "a", "x/2.csv", 0.0)]);
        assert_eq!((two.table.runs.len(), two.table.len(), two.notes.len()), (2, 2, 1));
        let three = ["x/1.csv", "y/1.csv", "z/1.csv"].into_iter().zip([1.0, 0.0, 0.5]);
        let three = join(three.map(|(file, score)| fragment("a", "a", file, score)).collect());
        assert_eq!(ids(&three), ["a", "a [1.csv]", "a [z/1.csv]"]);
    }

    #[test]
    fn the_same_said_in_two_files_is_one_run() {
        let parts = (0..5).map(|k| fragment("a", "a", &format!("{k}.csv"), 1.0)).collect();
        let Joined { table, notes, .. } = join(parts);
        assert_eq!((table.runs.len(), table.items.len(), table.len(), notes.len()), (1, 1, 5, 0));
        assert_eq!(table.runs[0].files, ["0.csv", "1.csv", "2.csv", "3.csv", "4.csv"]);
    }
}
