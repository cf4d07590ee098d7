//! What kinds of findings are there, what does each mean, and how are examples of it collected?

use crate::response::ResponseTable;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Examples kept of each finding.
pub(in crate::ingest) const MAX_EXAMPLES: usize = 5;

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
    /// The same of several, without their number.
    #[serde(skip)]
    pub found_of_many: &'static str,
    /// What follows from it.
    pub consequence: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// What a kind of finding means.
pub(in crate::ingest) struct Kind {
    code: &'static str,
    /// What is said of one, and of several.
    found: [&'static str; 2],
    consequence: &'static str,
    remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $code:literal, $one:literal / $many:literal, $consequence:literal, $remedy:literal;)+) => {
        $(pub(in crate::ingest) const $name: Kind =
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
    MODEL_OTHER_METRIC: "models_of_another_metric",
        "model is scored by another metric than the primary one" / "models are scored by another metric than the primary one",
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
    SCALES: "scores_on_two_scales",
        "model has scores above 1 where others have none" / "models have scores above 1 where others have none",
        "their means are on another scale than those of the others", "find out whether they are percentages, and give all scores on one scale";
    KEPT_APART: "texts_differ",
        "item has another text than the item of that name in an earlier file" / "items have another text than the items of these names in earlier files",
        "they are kept apart as items of their own, which other models lack", "find out whether the data set was changed between the runs";
    OTHER_WORDS: "texts_in_other_words",
        "item is shown in other words in another file, as most of the items of that file are" / "items are shown in other words in another file, as most of the items of that file are",
        "they are taken for the same questions, because names and most words are the same", "look at one of them; if they are other questions, give the files different benchmarks";
    OTHER_KEYS: "key_texts_differ",
        "item has another key in another file" / "items have another key in another file",
        "their scores mean different things for different models", "find the right key and score these items again, or leave them out";
    ONE_OFF: "items_counted_from_another_number",
        "item is counted from another first number than in earlier files" / "items are counted from another first number than in earlier files",
        "they are joined as if all files counted from the same one, because they end one apart and no text says what was asked",
        "compare an item of both files; if they are not the same, give the files different benchmarks";
    MAY_BE_ONE_OFF: "items_may_be_one_off",
        "item is in a file whose numbers begin elsewhere than in earlier files" / "items are in files whose numbers begin elsewhere than in earlier files",
        "they are joined by number, no text says what was asked, and every score may be that of the item beside it",
        "compare an item of both files; where they are one off, count from the same number or add a column with the question";
    SUCCESSES: "successes_only", "model has no other items than the successes that its file lists" / "models have no other items than the successes that their files list",
        "a mean of 1 says nothing: what was tried without success is not known",
        "add submissions to the same split, or files that list every item";
    SHARED: "documents_in_two_benchmarks",
        "pair of benchmarks has half or more of its documents in common" / "pairs of benchmarks have half or more of their documents in common",
        "they are one task under two names, or two ways of asking or scoring it: means over benchmarks count it twice",
        "analyse one of them (--benchmark), or give the results of one only";
    NAMES: "similar_model_names", "group of model names differs only in spelling" / "groups of model names differ only in spelling",
        "one model may be counted as several",
        "if they are one model, give them one name in a table of models beside the results (`models.csv` with the columns `model` and `name`)";
    VARIANTS: "prompt_variants_differ", "model stands by another prompt variant than most" / "models stand by other prompt variants than most",
        "their scores were made with other prompts", "run all models with the same prompts, or compare only those that were";
    REPEATED_RUNS: "runs_taken_for_repeats", "run differs from another of the same model in nothing that is known but its file" / "runs differ from others of the same models in nothing that is known but their files",
        "their attempts are averaged as repeats", "if one replaces the other, or if they are of two models, keep one or give them names in a table of models";
    SET_UPS: "set_ups_differ", "run has another set-up than the run that stands for the same model" / "runs have another set-up than the runs that stand for the same models",
        "of items that both have the other one is not used",
        "give them names of their own in a table of models beside the results, or remove those that are not meant";
}

/// Collects examples of a kind, by benchmark, in the order of the table.
pub(in crate::ingest) struct Collector<'a> {
    table: &'a ResponseTable,
    by_benchmark: BTreeMap<usize, (usize, Vec<String>)>,
    order: HashMap<&'a str, usize>,
}

impl<'a> Collector<'a> {
    pub fn new(table: &'a ResponseTable) -> Self {
        let mut order = HashMap::new();
        for item in &table.items {
            let next = order.len();
            order.entry(item.benchmark.as_str()).or_insert(next);
        }
        Self { table, by_benchmark: BTreeMap::new(), order }
    }

    pub fn add(&mut self, benchmark: &str, example: impl FnOnce() -> String) {
        let (count, examples) =
            self.by_benchmark.entry(self.order.get(benchmark).copied().unwrap_or(usize::MAX)).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push(example());
        }
    }

    pub fn add_item(&mut self, item: u32, example: impl FnOnce(&str) -> String) {
        let item = &self.table.items[item as usize];
        self.add(&item.benchmark, || example(item.id.as_str()));
    }

    pub fn report(self, kind: &Kind, into: &mut Vec<Lint>) {
        let names: HashMap<usize, &str> = self.order.iter().map(|(name, at)| (*at, *name)).collect();
        for (at, (count, examples)) in self.by_benchmark {
            let benchmark = names.get(&at).map(|b| (*b).to_owned());
            into.push(kind.finding(benchmark, count, examples));
        }
    }
}

impl Kind {
    pub(in crate::ingest) fn finding(
        &self,
        benchmark: Option<String>,
        count: usize,
        examples: Vec<String>,
    ) -> Lint {
        Lint {
            code: self.code,
            benchmark,
            count,
            examples,
            found: format!("{count} {}", self.found[usize::from(count != 1)]),
            found_of_many: self.found[1],
            consequence: self.consequence,
            remedy: self.remedy,
        }
    }
}
