//! What looks wrong in the data, before any statistics? Counted, with examples, what follows from it and what
//! to do.

mod coverage;
mod duplicates;
mod kind;

pub use kind::Lint;
pub(super) use kind::*;

use super::account::Account;
use super::model_name::alike;
use super::set_ups;
use crate::response::{Attempt, ResponseTable};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Looks for everything in the list.
pub fn lint(table: &ResponseTable) -> Vec<Lint> {
    lint_with(table, &Account::of(table))
}

/// Looks for everything in the list, in a table of which the account is known.
pub(super) fn lint_with(table: &ResponseTable, account: &Account) -> Vec<Lint> {
    let looks: [fn(&ResponseTable, &Account, &mut Vec<Lint>); 6] =
        [duplicates::duplicates, keys, coverage::coverage, names, shared_documents, set_ups::look];
    looks
        .into_par_iter()
        .flat_map_iter(|look| {
            let mut found = Vec::new();
            look(table, account, &mut found);
            found
        })
        .collect()
}

/// Keys against one another, against the options, and against the scores.
fn keys(table: &ResponseTable, _: &Account, found: &mut Vec<Lint>) {
    let (mut conflicts, mut beyond) = (Collector::new(table), Collector::new(table));
    let (mut choices, mut scores) = (Collector::new(table), Collector::new(table));
    let mut keys_of: Vec<Vec<u16>> = table.items.iter().map(|i| i.gold.into_iter().collect()).collect();
    let n_rows = if table.has_options() { table.len() } else { 0 };
    let (mut blocks, mut options_of) = (table.blocks_in(0..n_rows), Vec::new());
    while let Some(block) = blocks.next_block() {
        options_of.resize(block.items.len(), (None, None));
        table.read_options(block.start, &mut options_of);
        for (Attempt { run, item: at, metric, score }, &(chosen, gold)) in block.attempts().zip(&options_of) {
            let item = &table.items[at];
            if let Some(gold) = gold.filter(|g| !keys_of[at].contains(g)) {
                keys_of[at].push(gold);
            }
            let model = || &table.runs[run].model;
            if let (Some(chosen), Some(n_options)) = (chosen, item.n_options())
                && usize::from(chosen) >= n_options
            {
                let told = |id: &str| format!("{} on {id}: option {chosen} of {n_options}", model());
                choices.add_item(at as u32, told);
            }
            if let (Some(score), Some(chosen), Some(gold), true) =
                (score, chosen, gold, table.metrics[metric].primary)
                && (score == 0.0 || score == 1.0)
                && (score == 1.0) != (chosen == gold)
            {
                let told =
                    |id: &str| format!("{} on {id}: chose {chosen}, key {gold}, score {score}", model());
                scores.add_item(at as u32, told);
            }
        }
    }
    for (at, (item, keys)) in table.items.iter().zip(&keys_of).enumerate() {
        if keys.len() > 1 {
            conflicts.add_item(at as u32, |id| format!("{id}: {keys:?}"));
        }
        if let (Some(gold), Some(n_options)) = (item.gold, item.n_options())
            && usize::from(gold) >= n_options
        {
            beyond.add_item(at as u32, |id| format!("{id}: key {gold} of {n_options} options"));
        }
    }
    conflicts.report(&KEYS, found);
    beyond.report(&KEY_RANGE, found);
    choices.report(&CHOICE_RANGE, found);
    scores.report(&SCORE_KEY, found);
}

/// Documents in two benchmarks, known by the hash of the harness or of the question and its options. They are one task
/// under two names if they are half of the items of the smaller one.
fn shared_documents(table: &ResponseTable, _: &Account, found: &mut Vec<Lint>) {
    let mut n_items: HashMap<&str, usize> = HashMap::new();
    let (mut by_document, mut by_text): (HashMap<&str, &str>, HashMap<u64, &str>) = Default::default();
    let mut shared: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for item in &table.items {
        let benchmark = item.benchmark.as_str();
        *n_items.entry(benchmark).or_default() += 1;
        let document = item.doc_hash.as_deref().map(|hash| *by_document.entry(hash).or_insert(benchmark));
        let text = item.item_hash.map(|hash| *by_text.entry(hash).or_insert(benchmark));
        if let Some(other) = [document, text].into_iter().flatten().find(|other| *other != benchmark) {
            *shared.entry((other, benchmark)).or_default() += 1;
        }
    }
    shared.retain(|(one, other), count| 2 * *count >= n_items[one].min(n_items[other]));
    if !shared.is_empty() {
        let told =
            |((one, other), count): (&(&str, &str), &usize)| format!("{one} and {other}: {count} in common");
        let examples = shared.iter().take(MAX_EXAMPLES).map(told).collect();
        found.push(SHARED.finding(None, shared.len(), examples));
    }
}

/// Names that may be spellings of one.
fn names(table: &ResponseTable, _: &Account, found: &mut Vec<Lint>) {
    let names: BTreeSet<&str> = table.runs.iter().map(|run| run.model.as_str()).collect();
    let groups = alike(names);
    if !groups.is_empty() {
        let examples = groups.iter().take(MAX_EXAMPLES).map(|names| names.join(" = ")).collect();
        found.push(NAMES.finding(None, groups.len(), examples));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    fn codes(table: &ResponseTable) -> Vec<(&'static str, usize)> {
        lint(table).iter().map(|l| (l.code, l.count)).collect()
    }

    fn table(models: &[&str], items: usize) -> ResponseTable {
        let mut t = ResponseTable::default();
        t.runs = models.iter().map(|m| Run::new(*m, *m)).collect();
        t.items = (0..items).map(|i| Item::new("b", None, format!("i{i}"))).collect();
        t.metrics.push(Metric { primary: true, ..Metric::new("b", "acc", None) });
        t
    }

    #[test]
    fn duplicates_are_told_from_contradictions() {
        let mut t = table(&["a"], 1);
        for score in [1.0, 1.0, 0.0] {
            t.push(Row::new(0, 0, 0, Some(score)));
        }
        assert_eq!(codes(&t), [("repeated_rows", 1), ("contradictory_rows", 1)]);
    }

    #[test]
    fn keys_are_held_against_options_and_scores() {
        let mut t = table(&["a", "b"], 2);
        t.items[0].options = Some(["x", "y"].map(str::to_owned).to_vec().into());
        t.items[0].gold = Some(4);
        t.push(Row { chosen: Some(7), gold: Some(1), ..Row::new(0, 0, 0, Some(0.0)) });
        t.push(Row { chosen: Some(1), gold: Some(1), ..Row::new(1, 0, 0, Some(0.0)) });
        let found: Vec<&str> = lint(&t).iter().map(|l| l.code).collect();
        for code in
            ["conflicting_keys", "key_not_among_options", "choice_not_among_options", "score_contradicts_key"]
        {
            assert!(found.contains(&code), "{code} in {found:?}");
        }
    }

    #[test]
    fn items_and_models_that_tell_nothing_are_named() {
        let mut t = table(&["org/Model-1", "org__model 1"], 4);
        for (run, item, score) in [(0, 0, 1.0), (1, 0, 1.0), (0, 1, 0.0), (1, 1, 0.0), (0, 2, 1.0)] {
            t.push(Row::new(run, item, 0, Some(score)));
        }
        let found = lint(&t);
        let of = |code: &str| found.iter().find(|l| l.code == code).unwrap();
        assert_eq!(of("items_without_responses").examples, ["i3"]);
        assert_eq!(of("items_all_right").examples, ["i0"]);
        assert_eq!(of("items_all_wrong").examples, ["i1"]);
        assert_eq!(of("different_item_sets").examples, ["org__model 1: 2 of 3"]);
        assert_eq!(of("similar_model_names").count, 1);
    }

    #[test]
    fn one_document_in_two_benchmarks_is_told() {
        let mut t = table(&["a"], 3);
        for (at, (benchmark, hash)) in
            [("b", "x"), ("b_group", "x"), ("b_group", "y")].into_iter().enumerate()
        {
            t.items[at].benchmark = benchmark.to_owned();
            t.items[at].doc_hash = Some(hash.to_owned());
        }
        let found = lint(&t);
        let shared = found.iter().find(|l| l.code == "documents_in_two_benchmarks").unwrap();
        assert_eq!(
            (shared.count, shared.examples.as_slice()),
            (1, &["b and b_group: 1 in common".to_owned()][..])
        );
        assert_eq!(shared.found, "1 pair of benchmarks has half or more of its documents in common");
        // The same question, where one version of a harness gives no hash of the document.
        (t.items[0].doc_hash, t.items[0].item_hash, t.items[1].item_hash) = (None, Some(7), Some(7));
        assert!(lint(&t).iter().any(|l| l.code == "documents_in_two_benchmarks" && l.count == 1));
        t.items[1].item_hash = Some(8);
        assert!(lint(&t).iter().all(|l| l.code != "documents_in_two_benchmarks"));
    }

    #[test]
    fn who_lists_successes_only_is_not_perfect() {
        let mut t = table(&["a", "b"], 2);
        for (run, item) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            t.push(Row::new(run, item, 0, Some(1.0)));
        }
        let mut account = Account::of(&t);
        account.lists_successes.insert((0, 1));
        let found = lint_with(&t, &account);
        let of = |code: &str| found.iter().find(|l| l.code == code).map(|l| l.examples.clone());
        assert_eq!(of("models_all_right"), Some(vec!["a".to_owned()]));
        assert_eq!(of("successes_only"), Some(vec!["b".to_owned()]));
    }

    #[test]
    fn an_item_of_another_metric_is_not_called_unanswered() {
        let mut t = table(&["a", "b"], 2);
        t.metrics.push(Metric::new("b", "exact_match", None));
        for (run, item, metric) in [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)] {
            t.push(Row::new(run, item, metric, Some(f64::from(run))));
        }
        let found = lint(&t);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].examples, ["i1: exact_match"]);
        assert_eq!(found[0].found, "1 item is scored by another metric than the primary one");
    }
}
