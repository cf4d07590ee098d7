//! How do the pieces of many files become one table? Runs that only share a name are kept apart first, then
//! neighbours are joined pair by pair, so that the order of the files is the order of the rows.

use super::fragment::{Fragment, Note};
use crate::response::ResponseTable;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Joins the fragments of files, in order.
///
/// Two files may use one run name for different models, or for two runs of the same model that score the same
/// items differently: the later one gets the name of its file behind its own.
pub fn join(mut fragments: Vec<Fragment>) -> (ResponseTable, Vec<Note>) {
    let mut notes: Vec<Note> = fragments.iter_mut().flat_map(|f| std::mem::take(&mut f.notes)).collect();
    keep_apart(&mut fragments, &mut notes);
    let tables: Vec<ResponseTable> = fragments.into_iter().map(|f| f.table).collect();
    (join_neighbours(tables), notes)
}

fn join_neighbours(mut tables: Vec<ResponseTable>) -> ResponseTable {
    while tables.len() > 1 {
        let mut pairs: Vec<(ResponseTable, Option<ResponseTable>)> = Vec::new();
        let mut each = tables.into_iter();
        while let Some(first) = each.next() {
            pairs.push((first, each.next()));
        }
        tables = pairs
            .into_par_iter()
            .map(|(mut first, second)| {
                if let Some(second) = second {
                    first.append(second);
                }
                first
            })
            .collect();
    }
    tables.pop().unwrap_or_default()
}

fn keep_apart(fragments: &mut [Fragment], notes: &mut Vec<Note>) {
    let mut first_with: HashMap<String, Vec<(usize, u32)>> = HashMap::new();
    for at in 0..fragments.len() {
        for run in 0..fragments[at].table.runs.len() {
            let id = fragments[at].table.runs[run].id.clone();
            let earlier = first_with.entry(id.clone()).or_default();
            let clashes = earlier.iter().any(|&(other, r)| clash(fragments, (other, r), (at, run as u32)));
            if clashes {
                let new = &mut fragments[at].table.runs[run];
                let file = new.files.first().cloned().unwrap_or_else(|| format!("file {}", at + 1));
                let short = file.rsplit('/').next().unwrap_or(&file);
                new.id = format!("{id} [{short}]");
                if new.model.as_str() == id {
                    // One model, two runs: say so, because one of them will stand for the model.
                    let message = format!(
                        "run {id:?} is scored differently in an earlier file; kept apart as another run"
                    );
                    notes.push(Note { file, row: None, message });
                }
            } else {
                earlier.push((at, run as u32));
            }
        }
    }
}

/// Whether two runs of one name cannot be the same: other models, or other scores for the same attempts.
fn clash(fragments: &[Fragment], a: (usize, u32), b: (usize, u32)) -> bool {
    let (first, second) = (&fragments[a.0].table, &fragments[b.0].table);
    if first.runs[a.1 as usize].model != second.runs[b.1 as usize].model {
        return true;
    }
    let benchmarks: HashSet<&str> = first.items.iter().map(|i| i.benchmark.as_str()).collect();
    if !second.items.iter().any(|i| benchmarks.contains(i.benchmark.as_str())) {
        return false;
    }
    let scores = attempts(first, a.1);
    attempts(second, b.1).iter().any(|(key, score)| scores.get(key).is_some_and(|s| s != score))
}

type Attempt<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, u32);

/// The score of each attempt of a run, by benchmark, item, metric, filter and repeat.
fn attempts(table: &ResponseTable, run: u32) -> HashMap<Attempt<'_>, Option<u64>> {
    (0..table.len())
        .filter(|&row| table.run_column().get(row) == run)
        .map(|row| {
            let item = &table.items[table.item_column().get(row) as usize];
            let metric = &table.metrics[table.metric_column().get(row) as usize];
            let key = (
                item.benchmark.as_str(),
                item.id.as_str(),
                metric.name.as_str(),
                metric.filter.as_deref(),
                table.repeat_column().get(row),
            );
            (key, table.score(row).map(f64::to_bits))
        })
        .collect()
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

    #[test]
    fn runs_that_only_share_a_name_stay_apart() {
        let (table, _) = join(vec![fragment("0", "a", "a.csv", 1.0), fragment("0", "b", "b.csv", 1.0)]);
        assert_eq!(table.runs.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["0", "0 [b.csv]"]);
        let (table, notes) =
            join(vec![fragment("a", "a", "x/1.csv", 1.0), fragment("a", "a", "x/2.csv", 0.0)]);
        assert_eq!((table.runs.len(), table.len(), notes.len()), (2, 2, 1));
    }

    #[test]
    fn the_same_said_in_two_files_is_one_run() {
        let parts = (0..5).map(|k| fragment("a", "a", &format!("{k}.csv"), 1.0)).collect();
        let (table, notes) = join(parts);
        assert_eq!((table.runs.len(), table.items.len(), table.len(), notes.len()), (1, 1, 5, 0));
        assert_eq!(table.runs[0].files, ["0.csv", "1.csv", "2.csv", "3.csv", "4.csv"]);
    }
}
