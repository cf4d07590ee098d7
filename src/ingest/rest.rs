//! How did a model do on items that its file does not list? Some files list successes only, others failures
//! only; the other items are known from the other files.

use super::fragment::{Note, Rest};
use crate::response::{ResponseTable, Row};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Adds the rows that the files did not list, and says how many there are, or why there are none.
///
/// The items of a run are those that a file says were tried, else all of the benchmark (or subject). Where
/// their number is not the one that the file tells, nothing is added: some items are unknown.
pub fn complete(table: &mut ResponseTable, rests: &[Rest]) -> Vec<Note> {
    let mut notes = Vec::new();
    if rests.is_empty() {
        return notes;
    }
    let mut tried: HashMap<(&str, Option<&str>), HashSet<&str>> = HashMap::new();
    for rest in rests.iter().filter(|rest| !rest.tried.is_empty()) {
        let of_run = tried.entry((&rest.run, rest.subject.as_deref())).or_default();
        of_run.extend(rest.tried.iter().map(String::as_str));
    }
    let mut of_place: BTreeMap<(String, Option<String>), Vec<u32>> = BTreeMap::new();
    for (at, item) in table.items.iter().enumerate() {
        of_place.entry((item.benchmark.clone(), None)).or_default().push(at as u32);
        if item.subject.is_some() {
            of_place.entry((item.benchmark.clone(), item.subject.clone())).or_default().push(at as u32);
        }
    }
    let listed: HashSet<(u32, u32, u32)> = table.rows().map(|row| (row.run, row.metric, row.item)).collect();
    for rest in rests {
        let Some(score) = rest.score else { continue };
        let run = table.runs.iter().position(|run| run.id == rest.run);
        let metric =
            table.metrics.iter().position(|m| m.benchmark == rest.benchmark && m.name == rest.metric);
        let (Some(run), Some(metric)) = (run, metric) else { continue };
        let file = table.runs[run].files.first().cloned().unwrap_or_default();
        let place = (rest.benchmark.clone(), rest.subject.clone());
        let of_run = tried.get(&(rest.run.as_str(), rest.subject.as_deref()));
        let items: Vec<u32> = of_place
            .get(&place)
            .into_iter()
            .flatten()
            .copied()
            .filter(|&at| of_run.is_none_or(|ids| ids.contains(table.items[at as usize].id.as_str())))
            .collect();
        if let Some(n_items) = rest.n_items.filter(|n| *n != items.len()) {
            let message = format!(
                "of {n_items} items only {} are known, so that those not listed have no score; give the files \
                 that list all items too (in BFCL: the directory `result`)",
                items.len()
            );
            notes.push(Note { file, row: None, message });
            continue;
        }
        let new: Vec<u32> =
            items.into_iter().filter(|&item| !listed.contains(&(run as u32, metric as u32, item))).collect();
        if !new.is_empty() {
            let message = format!("{} items that the file does not list have the score {score}", new.len());
            notes.push(Note { file, row: None, message });
        }
        for item in new {
            let mut row = Row::new(run as u32, item, metric as u32, Some(score));
            row.status = rest.status;
            table.push(row);
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Run, Status};

    fn rest(n_items: Option<usize>) -> Rest {
        Rest {
            run: "r".to_owned(),
            benchmark: "b".to_owned(),
            subject: None,
            metric: "m".to_owned(),
            score: Some(1.0),
            status: Status::Ok,
            n_items,
            tried: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_listed_gets_its_score_if_all_items_are_known() {
        let mut table = ResponseTable::default();
        table.runs.push(Run::new("r", "m"));
        table.items.extend(["1", "2", "3"].map(|id| Item::new("b", None, id)));
        table.metrics.push(Metric::new("b", "m", None));
        table.push(Row::new(0, 1, 0, Some(0.0)));
        assert!(complete(&mut table.clone(), &[rest(Some(4))])[0].message.contains("only 3"));
        complete(&mut table, &[rest(Some(3))]);
        let scores: Vec<_> = table.rows().map(|row| (row.item, row.score)).collect();
        assert_eq!(scores, [(1, Some(0.0)), (0, Some(1.0)), (2, Some(1.0))]);
        let tried = Rest { score: None, tried: vec!["1".into()], ..rest(None) };
        let mut fresh = table.clone();
        fresh.items.push(Item::new("b", None, "4"));
        complete(&mut fresh, &[tried, rest(None)]);
        assert_eq!(fresh.len(), 3);
    }
}
