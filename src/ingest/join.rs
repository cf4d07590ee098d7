//! How do the pieces of many files become one table? One after the other, so that the order of the files is the
//! order of the rows: items find their names, runs that only share a name are kept apart, and the rest is joined.

use super::attempts::{Attempt, Attempts};
use super::fragment::{Fragment, Note, Rest};
use super::identity::Identity;
use super::lint::Lint;
use crate::response::{Joiner, OptionScores, ResponseTable, Run, Spill};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Pieces on their way to one table.
#[derive(Debug, Default)]
pub struct Joining {
    joiner: Joiner,
    identity: Identity,
    attempts: Attempts,
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

impl Joining {
    /// Adds the piece of a file of this name.
    ///
    /// Two files may use one run name for different models, or for two runs of the same model that score the
    /// same items differently: the later one gets the name of its file behind its own.
    pub fn add(&mut self, file: &str, mut fragment: Fragment) {
        self.notes.append(&mut fragment.notes);
        let table = &mut fragment.table;
        let ids: Vec<String> = table.runs.iter().map(|run| run.id.clone()).collect();
        let answered = || {
            let runs: FxHashSet<u32> = ids.iter().filter_map(|id| self.joiner.run(id)).collect();
            let mut items = FxHashSet::default();
            self.attempts.each(self.joiner.table(), &runs, |_, attempt| {
                items.insert(attempt.item);
                true
            });
            items
        };
        let renamed = self.identity.settle(table, &self.joiner, answered, file, &mut self.later);
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
        let runs: Vec<u32> = ids.iter().filter_map(|id| self.joiner.run(id)).collect();
        let table = self.joiner.table();
        self.attempts.add(table, &runs, before..table.len());
    }

    /// From now on, puts rows aside that are more than memory should hold.
    pub fn spill_to(&mut self, spill: Arc<Spill>) {
        self.joiner.spill_to(spill);
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
        let runs = &fragment.table.runs;
        let named = |how: fn(&str, &str) -> String| -> Vec<String> {
            let file = |run: &Run| run.files.first().cloned().unwrap_or_default();
            runs.iter().map(|run| how(&run.id, &file(run))).collect()
        };
        let own = named(|id, _| id.to_owned());
        let with_short = named(|id, file| format!("{id} [{}]", file.rsplit('/').next().unwrap_or(file)));
        let with_file = named(|id, file| format!("{id} [{file}]"));
        let mut clashing: Vec<usize> = (0..runs.len()).collect();
        for names in [own, with_short] {
            let wanted: Vec<(usize, &str)> = clashing.iter().map(|&at| (at, names[at].as_str())).collect();
            let clash = self.clashes(&fragment.table, &wanted);
            let free = clashing.iter().copied().filter(|at| !clash.contains(at));
            free.for_each(|at| self.call(fragment, at, &names[at]));
            clashing.retain(|at| clash.contains(at));
        }
        clashing.into_iter().for_each(|at| self.call(fragment, at, &with_file[at]));
    }

    /// Gives a run its name among all; says so where one model has two runs, for one of them will stand for it.
    fn call(&mut self, fragment: &mut Fragment, at: usize, name: &str) {
        let run = &mut fragment.table.runs[at];
        if name == run.id {
            return;
        }
        let id = std::mem::replace(&mut run.id, name.to_owned());
        if run.model.as_str() == id {
            let message =
                format!("run {id:?} is scored differently in an earlier file; kept apart as another run");
            let file = run.files.first().cloned().unwrap_or_default();
            self.later.push(Note { file, row: None, message });
        }
        for rest in fragment.rests.iter_mut().filter(|rest| rest.run == id) {
            rest.run = name.to_owned();
        }
    }

    /// Which of these runs of a piece cannot be the same as the earlier runs of these names: they are of other
    /// models, or score the same attempts differently.
    fn clashes(&mut self, table: &ResponseTable, wanted: &[(usize, &str)]) -> FxHashSet<usize> {
        let mut clashing = FxHashSet::default();
        // By place among all runs, those of the piece that may be the same.
        let mut earlier: FxHashMap<u32, usize> = FxHashMap::default();
        let mut place: Vec<Option<u32>> = vec![None; table.runs.len()];
        for &(at, name) in wanted {
            let Some(run) = self.joiner.run(name) else { continue };
            if self.joiner.table().runs[run as usize].model == table.runs[at].model {
                earlier.insert(run, at);
                place[at] = Some(run);
            } else {
                clashing.insert(at);
            }
        }
        if earlier.is_empty() {
            return clashing;
        }
        let mut runs: FxHashSet<u32> = earlier.keys().copied().collect();
        self.attempts.prepare(self.joiner.table(), &runs);
        let scores = self.read_before(table, &place);
        runs.retain(|run| scores.keys().any(|attempt| attempt.run == *run));
        let mut differing = FxHashSet::default();
        self.attempts.each(self.joiner.table(), &runs, |score, attempt| {
            if scores.get(&attempt).is_some_and(|earlier| *earlier != score.map(f64::to_bits)) {
                differing.insert(earlier[&attempt.run]);
            }
            differing.len() < runs.len()
        });
        clashing.extend(differing);
        clashing
    }

    /// The attempts of a piece that earlier files have, too, with their scores in the piece.
    fn read_before(&self, table: &ResponseTable, place: &[Option<u32>]) -> FxHashMap<Attempt, Option<u64>> {
        let item_at: Vec<Option<u32>> =
            table.items.iter().map(|item| self.joiner.item(&item.benchmark, item.id.as_str())).collect();
        let metric_at: Vec<Option<u32>> = table.metrics.iter().map(|m| self.joiner.metric(m)).collect();
        let mut scores = FxHashMap::default();
        let mut blocks = table.blocks();
        while let Some(block) = blocks.next_block() {
            for (row, of_piece) in (block.start..).zip(block.attempts()) {
                let (Some(run), Some(item), Some(metric)) =
                    (place[of_piece.run], item_at[of_piece.item], metric_at[of_piece.metric])
                else {
                    continue;
                };
                let attempt = Attempt { run, item, metric, repeat: table.repeat_column().get(row) };
                if self.attempts.contains(attempt) {
                    scores.insert(attempt, of_piece.score.map(f64::to_bits));
                }
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row};

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
        fragments.into_iter().for_each(|fragment| joining.add("a.csv", fragment));
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
