//! What looks wrong in the data, before any statistics? Counted, with examples, what follows from it and what
//! to do.

use super::account::{Account, Tally};
use crate::response::{Attempt, BitMatrix, ResponseTable};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Examples kept of each finding.
const MAX_EXAMPLES: usize = 5;

/// One kind of finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lint {
    /// A stable name for scripts.
    pub code: &'static str,
    /// The benchmark it is about, if it is about one.
    pub benchmark: Option<String>,
    /// How many.
    pub count: usize,
    /// The first few.
    pub examples: Vec<String>,
    /// What was found.
    pub found: String,
    /// What follows from it.
    pub consequence: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// What a kind of finding means.
pub(super) struct Kind {
    code: &'static str,
    /// What is said of one, and of several.
    found: [&'static str; 2],
    consequence: &'static str,
    remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $code:literal, $one:literal / $many:literal, $consequence:literal, $remedy:literal;)+) => {
        $(pub(super) const $name: Kind =
            Kind { code: $code, found: [$one, $many], consequence: $consequence, remedy: $remedy };)+
    };
}

kinds! {
    REPEATED: "repeated_rows", "row says the same about the same attempt again" / "rows say the same about the same attempt again",
        "they are counted once", "remove them from the export if they are not meant";
    CONTRADICTORY: "contradictory_rows", "row gives the same attempt another score than an earlier row" / "rows give the same attempt another score than an earlier row",
        "the benchmark cannot be analysed while it is open which score counts",
        "number the attempts in a column `repeat`, name the runs in a column `run`, or remove one of the rows";
    KEYS: "conflicting_keys", "item was scored against different keys in different rows" / "items were scored against different keys in different rows",
        "their scores mean different things for different models",
        "find the right key and score these items again, or leave them out";
    KEY_RANGE: "key_not_among_options", "item has a key beyond its options" / "items have a key beyond their options",
        "no answer can be right", "correct the key or the list of options";
    CHOICE_RANGE: "choice_not_among_options", "answer names an option that its item does not have" / "answers name an option that their item does not have",
        "options are counted wrongly in analyses of distractors", "check the order and number of options";
    SCORE_KEY: "score_contradicts_key", "score of 0 or 1 disagrees with whether the answer equals the key" / "scores of 0 or 1 disagree with whether the answer equals the key",
        "either the score or the key is not the one that was used", "check which key the scores were made with";
    UNANSWERED: "items_without_responses", "item has no score from any model" / "items have no score from any model",
        "they tell nothing and are left out of every statistic", "add the missing results or drop the items";
    OTHER_METRIC: "items_of_another_metric",
        "item is scored by another metric than the primary one" / "items are scored by another metric than the primary one",
        "they are left out of every statistic of the primary metric", "name the other metric with --metric to analyse them";
    ITEM_SETS: "different_item_sets", "model lacks some of the items" / "models lack some of the items",
        "plain means compare models over different items", "compare over the items that all have in common, or add the missing results";
    ALL_RIGHT: "items_all_right", "item was solved by every model" / "items were solved by every model",
        "they do not tell models apart", "keep them for weaker models or drop them";
    ALL_WRONG: "items_all_wrong", "item was solved by no model" / "items were solved by no model",
        "they do not tell models apart; some may have a wrong key", "look at their keys first";
    CONSTANT: "items_all_alike",
        "item has the same score from every model" / "items have the same score from every model",
        "they do not tell models apart", "keep them for other models or drop them";
    MODEL_RIGHT: "models_all_right", "model solved every item" / "models solved every item",
        "their ability has no finite estimate", "check that the answers were not copied from the key";
    MODEL_WRONG: "models_all_wrong", "model solved no item" / "models solved no item",
        "their ability has no finite estimate", "check how their answers were extracted";
    PARTLY_SEEN: "items_not_seen_by_all",
        "item was seen by some of the models only" / "items were seen by some of the models only",
        "models are compared over different items", "find out which files lack them, or compare over the common items";
    KEPT_APART: "texts_differ",
        "item has another text than the item of that name in an earlier file" / "items have another text than the items of these names in earlier files",
        "they are kept apart as items of their own, which other models lack", "find out whether the data set was changed between the runs";
    OTHER_WORDS: "texts_in_other_words",
        "item is shown in other words in another file, as most of the items of that file are" / "items are shown in other words in another file, as most of the items of that file are",
        "they are taken for the same questions, because names and most words are the same", "look at one of them; if they are other questions, give the files different benchmarks";
    OTHER_KEYS: "key_texts_differ",
        "item has another key in another file" / "items have another key in another file",
        "their scores mean different things for different models", "find the right key and score these items again, or leave them out";
    SUCCESSES: "successes_only", "model has no other items than the successes that its file lists" / "models have no other items than the successes that their files list",
        "a mean of 1 says nothing: what was tried without success is not known",
        "add submissions to the same split, or files that list every item";
    SHARED: "documents_in_two_benchmarks", "document stands in two benchmarks" / "documents stand in two benchmarks",
        "a task that was run alone and as a part of its group counts twice, each time with other models",
        "run it in the same way for all models, or analyse one benchmark at a time (--benchmark)";
    NAMES: "similar_model_names", "group of model names differs only in spelling" / "groups of model names differ only in spelling",
        "one model may be counted as several", "give them one name if they are one model";
}

/// Looks for everything in the list.
pub fn lint(table: &ResponseTable) -> Vec<Lint> {
    lint_with(table, &Account::of(table))
}

/// Looks for everything in the list, in a table of which the account is known.
pub(super) fn lint_with(table: &ResponseTable, account: &Account) -> Vec<Lint> {
    let looks: [fn(&ResponseTable, &Account, &mut Vec<Lint>); 5] =
        [duplicates, keys, coverage, names, shared_documents];
    looks
        .into_par_iter()
        .flat_map_iter(|look| {
            let mut found = Vec::new();
            look(table, account, &mut found);
            found
        })
        .collect()
}

/// Collects examples of a kind, by benchmark, in the order of the table.
struct Collector<'a> {
    table: &'a ResponseTable,
    by_benchmark: BTreeMap<usize, (usize, Vec<String>)>,
    order: HashMap<&'a str, usize>,
}

impl<'a> Collector<'a> {
    fn new(table: &'a ResponseTable) -> Self {
        let mut order = HashMap::new();
        for item in &table.items {
            let next = order.len();
            order.entry(item.benchmark.as_str()).or_insert(next);
        }
        Self { table, by_benchmark: BTreeMap::new(), order }
    }

    fn add(&mut self, benchmark: &str, example: impl FnOnce() -> String) {
        let (count, examples) =
            self.by_benchmark.entry(self.order.get(benchmark).copied().unwrap_or(usize::MAX)).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push(example());
        }
    }

    fn add_item(&mut self, item: u32, example: impl FnOnce(&str) -> String) {
        let item = &self.table.items[item as usize];
        self.add(&item.benchmark, || example(item.id.as_str()));
    }

    fn report(self, kind: &Kind, into: &mut Vec<Lint>) {
        let names: HashMap<usize, &str> = self.order.iter().map(|(name, at)| (*at, *name)).collect();
        for (at, (count, examples)) in self.by_benchmark {
            let benchmark = names.get(&at).map(|b| (*b).to_owned());
            into.push(kind.finding(benchmark, count, examples));
        }
    }
}

impl Kind {
    pub(super) fn finding(&self, benchmark: Option<String>, count: usize, examples: Vec<String>) -> Lint {
        Lint {
            code: self.code,
            benchmark,
            count,
            examples,
            found: format!("{count} {}", self.found[usize::from(count != 1)]),
            consequence: self.consequence,
            remedy: self.remedy,
        }
    }
}

/// Whether no two rows are about the same item, run and metric: nearly always, and told by one bit for each.
fn all_first_attempts(table: &ResponseTable) -> bool {
    const MOST_CELLS: usize = 1 << 33;
    let columns = table.runs.len() * table.metrics.len();
    let Some(_) = columns.checked_mul(table.items.len()).filter(|cells| *cells <= MOST_CELLS) else {
        return false;
    };
    let mut seen = BitMatrix::missing(columns, table.items.len());
    let n_metrics = table.metrics.len();
    let mut blocks = table.blocks();
    while let Some(block) = blocks.next_block() {
        let mut attempts = block.attempts();
        if !attempts.all(|Attempt { run, item, metric, .. }| seen.mark(run * n_metrics + metric, item)) {
            return false;
        }
    }
    true
}

/// Rows about the same attempt.
fn duplicates(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    if account.is_plain || all_first_attempts(table) {
        return;
    }
    let key = |row: usize| {
        let (run, item) = (table.run_column().get(row), table.item_column().get(row));
        (item, run, table.metric_column().get(row), table.repeat_column().get(row))
    };
    let mut order: Vec<u32> = (0..table.len() as u32).collect();
    order.sort_by_key(|&row| key(row as usize));
    let (mut same, mut other) = (Collector::new(table), Collector::new(table));
    for attempt in order.chunk_by(|a, b| key(*a as usize) == key(*b as usize)).filter(|c| c.len() > 1) {
        let first = attempt[0] as usize;
        for &row in &attempt[1..] {
            let row = row as usize;
            let model = || table.runs[table.run_column().get(row) as usize].id.clone();
            let scores = (table.score(first), table.score(row));
            let which = if scores.0 == scores.1 { &mut same } else { &mut other };
            which.add_item(table.item_column().get(row), |item| {
                format!("{} on {item}: {}", model(), told(scores))
            });
        }
    }
    same.report(&REPEATED, found);
    other.report(&CONTRADICTORY, found);
}

fn told(scores: (Option<f64>, Option<f64>)) -> String {
    let tell = |s: Option<f64>| s.map_or("no score".to_owned(), |s| s.to_string());
    if scores.0 == scores.1 { tell(scores.0) } else { format!("{} and {}", tell(scores.0), tell(scores.1)) }
}

/// Keys against one another, against the options, and against the scores.
fn keys(table: &ResponseTable, _: &Account, found: &mut Vec<Lint>) {
    let (mut conflicts, mut beyond) = (Collector::new(table), Collector::new(table));
    let (mut choices, mut scores) = (Collector::new(table), Collector::new(table));
    let mut keys_of: Vec<Vec<u16>> = table.items.iter().map(|i| i.gold.into_iter().collect()).collect();
    let n_rows = if table.has_options() { table.len() } else { 0 };
    for row in 0..n_rows {
        let at = table.item_column().get(row);
        let item = &table.items[at as usize];
        let (chosen, gold) = (table.chosen(row), table.gold(row));
        if let Some(gold) = gold.filter(|g| !keys_of[at as usize].contains(g)) {
            keys_of[at as usize].push(gold);
        }
        let model = || table.runs[table.run_column().get(row) as usize].model.to_string();
        if let (Some(chosen), Some(options)) = (chosen, &item.options)
            && usize::from(chosen) >= options.len()
        {
            choices.add_item(at, |id| format!("{} on {id}: option {chosen} of {}", model(), options.len()));
        }
        let metric = &table.metrics[table.metric_column().get(row) as usize];
        if let (Some(score), Some(chosen), Some(gold), true) =
            (table.score(row), chosen, gold, metric.primary)
            && (score == 0.0 || score == 1.0)
            && (score == 1.0) != (chosen == gold)
        {
            scores
                .add_item(at, |id| format!("{} on {id}: chose {chosen}, key {gold}, score {score}", model()));
        }
    }
    for (at, (item, keys)) in table.items.iter().zip(&keys_of).enumerate() {
        if keys.len() > 1 {
            conflicts.add_item(at as u32, |id| format!("{id}: {keys:?}"));
        }
        if let (Some(gold), Some(options)) = (item.gold, &item.options)
            && usize::from(gold) >= options.len()
        {
            beyond.add_item(at as u32, |id| format!("{id}: key {gold} of {} options", options.len()));
        }
    }
    conflicts.report(&KEYS, found);
    beyond.report(&KEY_RANGE, found);
    choices.report(&CHOICE_RANGE, found);
    scores.report(&SCORE_KEY, found);
}

/// Benchmarks whose primary scores all lie between 0, wrong, and 1, right.
fn on_the_unit_scale(table: &ResponseTable) -> HashSet<&str> {
    let mut unit: HashSet<&str> = table.metrics.iter().map(|m| m.benchmark.as_str()).collect();
    let is_beyond = |score: f64| !(0.0..=1.0).contains(&score);
    if table.score_range().is_none_or(|(low, high)| !is_beyond(low) && !is_beyond(high)) {
        return unit;
    }
    let mut beyond = vec![false; table.metrics.len()];
    table.blocks().each(|attempt| beyond[attempt.metric] |= attempt.score.is_some_and(is_beyond));
    for (metric, _) in table.metrics.iter().zip(beyond).filter(|(metric, beyond)| metric.primary && *beyond) {
        unit.remove(metric.benchmark.as_str());
    }
    unit
}

/// Fewer models or items than this, and "all of them" says nothing.
const MIN_TO_BE_ALL: u32 = 2;

fn coverage(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let unit = on_the_unit_scale(table);
    let mut n_answered = vec![0; account.benchmarks.len()];
    for ((tally, _), &benchmark) in account.of_item.iter().zip(&account.benchmark_of) {
        n_answered[benchmark] += usize::from(tally.n > 0);
    }
    let mut lists: [Collector; 9] = std::array::from_fn(|_| Collector::new(table));
    let [unanswered, other, sets, all_right, all_wrong, constant, model_right, model_wrong, successes] =
        &mut lists;
    for (at, (tally, span)) in account.of_item.iter().enumerate() {
        let id = |id: &str| id.to_owned();
        let bounded = unit.contains(table.items[at].benchmark.as_str());
        match tally {
            Tally { n: 0, .. } => match account.other_metric[at] {
                Some(metric) => {
                    let label = table.metrics[metric as usize].label();
                    other.add_item(at as u32, |id| format!("{id}: {label}"));
                }
                None => unanswered.add_item(at as u32, id),
            },
            t if t.n < MIN_TO_BE_ALL => {}
            t if bounded && t.right == t.n => all_right.add_item(at as u32, id),
            t if bounded && t.wrong == t.n => all_wrong.add_item(at as u32, id),
            _ if span.is_one_score() => constant.add_item(at as u32, id),
            _ => {}
        }
    }
    for (benchmark, n_of_models) in account.n_answered().into_iter().enumerate() {
        let (benchmark_name, all) = (account.benchmarks[benchmark].as_str(), n_answered[benchmark]);
        for (model, has) in n_of_models.into_iter().enumerate() {
            let (name, tally) = (account.models[model], account.of_model(benchmark, model));
            if tally.n == 0 {
                continue;
            }
            if has < all {
                sets.add(benchmark_name, || format!("{name}: {has} of {all}"));
            }
            if !unit.contains(benchmark_name) || tally.n < MIN_TO_BE_ALL {
                continue;
            }
            if tally.right == tally.n && account.lists_successes.contains(&(benchmark, model)) {
                successes.add(benchmark_name, || name.to_owned());
            } else if tally.right == tally.n {
                model_right.add(benchmark_name, || name.to_owned());
            } else if tally.wrong == tally.n {
                model_wrong.add(benchmark_name, || name.to_owned());
            }
        }
    }
    partly_seen(table, account, found);
    let kinds = [
        &UNANSWERED,
        &OTHER_METRIC,
        &ITEM_SETS,
        &ALL_RIGHT,
        &ALL_WRONG,
        &CONSTANT,
        &MODEL_RIGHT,
        &MODEL_WRONG,
        &SUCCESSES,
    ];
    for (list, kind) in lists.into_iter().zip(kinds) {
        list.report(kind, found);
    }
}

/// Models named of those that lack an item.
const MAX_LACKING: usize = 3;

/// Items that some models of their benchmark were asked, and others not.
fn partly_seen(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let (a, b) = (&account.answered, &account.only_asked);
    let (names, benchmark_of) = (&account.models, &account.benchmark_of);
    let words_of = |item: usize| a.present_row(item).iter().zip(b.present_row(item)).map(|(a, b)| a | b);
    let mut anyone = vec![vec![0u64; a.words()]; account.benchmarks.len()];
    for (item, &benchmark) in benchmark_of.iter().enumerate() {
        anyone[benchmark].iter_mut().zip(words_of(item)).for_each(|(all, word)| *all |= word);
    }
    let n_anyone: Vec<u32> = anyone.iter().map(|words| words.iter().map(|w| w.count_ones()).sum()).collect();
    let mut partly = Collector::new(table);
    for (item, &benchmark) in benchmark_of.iter().enumerate() {
        let (n, of) = (words_of(item).map(u64::count_ones).sum::<u32>(), n_anyone[benchmark]);
        if n == 0 || n == of {
            continue;
        }
        partly.add_item(item as u32, |id| {
            let words: Vec<u64> = words_of(item).collect();
            let has = |words: &[u64], model: usize| words[model / 64] >> (model % 64) & 1 == 1;
            let lacks = |model: &usize| has(&anyone[benchmark], *model) && !has(&words, *model);
            let lacking: Vec<&str> =
                (0..names.len()).filter(lacks).take(MAX_LACKING).map(|model| names[model]).collect();
            let more = (of - n) as usize - lacking.len();
            let more = if more > 0 { format!(" and {more} others") } else { String::new() };
            format!("{id}: {n} of {of}, without {}{more}", lacking.join(" and "))
        });
    }
    partly.report(&PARTLY_SEEN, found);
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
    for ((one, other), count) in shared {
        if 2 * count >= n_items[one].min(n_items[other]) {
            let examples = vec![format!("{one} and {other}")];
            found.push(SHARED.finding(Some(one.to_owned()), count, examples));
        }
    }
}

/// Names that are the same in letters and digits, where one may lack the organisation in front.
fn names(table: &ResponseTable, _: &Account, found: &mut Vec<Lint>) {
    let names: std::collections::BTreeSet<&str> = table.runs.iter().map(|r| r.model.as_str()).collect();
    // A name without its organisation is that of the one name that ends in it; two organisations are two models.
    let mut of_last: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names.iter().filter(|n| plain_name(n).contains('/')) {
        let full = plain_name(name);
        let last = full.rsplit('/').next().unwrap_or_default().to_owned();
        let list = of_last.entry(last).or_default();
        if !list.contains(&full) {
            list.push(full);
        }
    }
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for &name in &names {
        let plain = plain_name(name);
        let full = match of_last.get(&plain).map(Vec::as_slice) {
            Some([one]) => one.clone(),
            _ => plain,
        };
        alike.entry(full).or_default().push(name);
    }
    let groups: Vec<String> = alike.values().filter(|l| l.len() > 1).map(|l| l.join(" = ")).collect();
    if !groups.is_empty() {
        let examples = groups.iter().take(MAX_EXAMPLES).cloned().collect();
        found.push(NAMES.finding(None, groups.len(), examples));
    }
}

/// The letters and digits of a name, dots and slashes, without case.
pub(super) fn plain_name(name: &str) -> String {
    // A dot tells versions apart (1.5 from 15), and a slash organisations, so they stay.
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '/');
    let core: String = name.replace("__", "/").chars().filter(kept).flat_map(char::to_lowercase).collect();
    if core.is_empty() { name.to_owned() } else { core }
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
        t.items[0].options = Some(vec!["x".into(), "y".into()]);
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
        let other = lint(&table(&["a/bert", "b/bert", "a__Bert"], 1));
        let names = other.iter().find(|l| l.code == "similar_model_names").unwrap();
        assert_eq!(names.examples, ["a/bert = a__Bert"]);
        assert_ne!(plain_name("gpt-1.5"), plain_name("gpt-15"));
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
        assert_eq!((shared.count, shared.examples.as_slice()), (1, &["b and b_group".to_owned()][..]));
        assert_eq!(shared.found, "1 document stands in two benchmarks");
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
