//! How did a model do on items that its file does not list? Some files list successes only, others failures
//! only; the other items are known from the other files.

use super::fragment::{Note, Rest};
use crate::response::{ResponseTable, Row};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Adds the rows that the files did not list, and says how many there are, or why there are none.
///
/// The items of a run are those that a file says were tried, else all of the benchmark (or subject). Where
/// their number is not the one that the file tells, some items are unknown: nothing is added, and what the file
/// lists loses its score, because failures without the successes beside them (or the other way round) make any
/// mean wrong.
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
    let mut listed: HashSet<(u32, u32, u32)> = HashSet::new();
    let mut blocks = table.blocks();
    while let Some(block) = blocks.next_block() {
        let places = block.runs.iter().zip(block.metrics).zip(block.items);
        listed.extend(places.map(|((run, metric), item)| (*run, *metric, *item)));
    }
    let mut biased: HashSet<(u32, u32, u32)> = HashSet::new();
    for rest in rests {
        let Some(score) = rest.score else { continue };
        let run = table.runs.iter().position(|run| run.id == rest.run);
        let metric =
            table.metrics.iter().position(|m| m.benchmark == rest.benchmark && m.name == rest.metric);
        let (Some(run), Some(metric)) = (run, metric) else { continue };
        let attempt = |item: u32| (run as u32, metric as u32, item);
        let note = |message| Note { file: rest.file.clone(), row: None, message };
        let place = (rest.benchmark.clone(), rest.subject.clone());
        let of_run = tried.get(&(rest.run.as_str(), rest.subject.as_deref()));
        let all = of_place.get(&place).map(Vec::as_slice).unwrap_or_default();
        let was_tried =
            |at: &u32| of_run.is_none_or(|ids| ids.contains(table.items[*at as usize].id.as_str()));
        let items: Vec<u32> = all.iter().copied().filter(was_tried).collect();
        if let Some(n_items) = rest.n_items.filter(|n| *n != items.len()) {
            let here: Vec<_> = all.iter().map(|item| attempt(*item)).filter(|a| listed.contains(a)).collect();
            let is_whole = here.len() == n_items;
            notes.extend(mismatch(n_items, items.len(), here.len(), of_run.is_some()).map(note));
            biased.extend(here.into_iter().filter(|_| !is_whole));
            continue;
        }
        let new: Vec<u32> = items.into_iter().filter(|&item| !listed.contains(&attempt(item))).collect();
        if !new.is_empty() {
            notes.push(note(format!(
                "{} items that the file does not list have the score {score}",
                new.len()
            )));
        }
        for item in new {
            let mut row = Row::new(run as u32, item, metric as u32, Some(score));
            row.status = rest.status;
            table.push(row);
        }
    }
    if !biased.is_empty() {
        table.forget_scores(|run, item, metric| biased.contains(&(run, metric, item)));
    }
    notes
}

/// What it means that a file is about `n_items` items and others are known; nothing where it lists all of its own
/// and these are all that is known of the run.
fn mismatch(n_items: usize, n_known: usize, n_listed: usize, is_tried: bool) -> Option<String> {
    if n_listed == n_items {
        let more = n_known.checked_sub(n_items).filter(|more| is_tried && *more > 0)?;
        return Some(format!("{more} of {n_known} items in the results were not scored"));
    }
    let lost = match n_listed {
        0 => String::new(),
        _ => format!(
            "; the {n_listed} that are listed are left without a score too, as they alone would bias it"
        ),
    };
    Some(if n_known < n_items {
        format!(
            "of {n_items} items only {n_known} are known, so that those not listed have no score{lost}; give the \
             files that list all items too (in BFCL: the directory `result`)"
        )
    } else {
        let where_known = if is_tried { "in the results" } else { "in all files" };
        format!(
            "{n_items} items were scored and there are {n_known} {where_known}, so that it is not known which were \
             scored{lost}; score all results again (in BFCL: bfcl evaluate)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Run, Status};

    fn rest(n_items: Option<usize>) -> Rest {
        Rest {
            file: "f".to_owned(),
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

    fn known() -> ResponseTable {
        let mut table = ResponseTable::default();
        table.runs.push(Run::new("r", "m"));
        table.items.extend(["1", "2", "3"].map(|id| Item::new("b", None, id)));
        table.metrics.push(Metric::new("b", "m", None));
        table.push(Row::new(0, 1, 0, Some(0.0)));
        table
    }

    #[test]
    fn what_is_not_listed_gets_its_score_if_all_items_are_known() {
        let mut table = known();
        complete(&mut table, &[rest(Some(3))]);
        let scores: Vec<_> = table.rows().map(|row| (row.item, row.score)).collect();
        assert_eq!(scores, [(1, Some(0.0)), (0, Some(1.0)), (2, Some(1.0))]);
        let tried = Rest { score: None, tried: vec!["1".into()], ..rest(None) };
        let mut fresh = table.clone();
        fresh.items.push(Item::new("b", None, "4"));
        complete(&mut fresh, &[tried, rest(None)]);
        assert_eq!(fresh.len(), 3);
    }

    #[test]
    fn failures_alone_are_no_scores() {
        let mut table = known();
        let notes = complete(&mut table, &[rest(Some(4))]);
        assert!(notes[0].message.contains("only 3 are known") && notes[0].file == "f", "{notes:?}");
        assert_eq!((table.len(), table.row(0).score, table.row(0).status), (1, None, Status::Unscored));
        let mut table = known();
        let notes = complete(&mut table, &[rest(Some(2))]);
        assert!(notes[0].message.contains("2 items were scored and there are 3 in all files"), "{notes:?}");
        assert_eq!(table.row(0).score, None);
    }

    #[test]
    fn a_file_that_lists_all_of_its_items_is_whole() {
        let tried = Rest { score: None, tried: vec!["1".into(), "2".into()], ..rest(None) };
        let mut table = known();
        let notes = complete(&mut table, &[tried, rest(Some(1))]);
        assert_eq!(notes[0].message, "1 of 2 items in the results were not scored");
        assert_eq!((table.len(), table.row(0).score), (1, Some(0.0)));
    }
}
