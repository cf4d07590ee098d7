//! Is it the same question in another file? Names say so first, and texts are held against them.
//!
//! Many formats name an item by its place, and places move: with a limit, a shuffle, another version of the data
//! set. Where files carry texts, one name with two texts stays two items, one text at two places becomes one, and
//! options shown in another order are numbered as in the first file. Files that show most of their questions in
//! other words than earlier files (another template of the prompt) are joined by name, and that is said.

mod content;
mod findings;
mod known;
mod numbers;
mod subjects;

use super::fragment::Note;
use super::item_hash::{item_hash, same_order};
use super::lint::Lint;
use crate::response::{Item, Joiner, ResponseTable};
use content::{Content, overlap, place};
pub(super) use content::{is_one_subject, is_place};
use findings::Findings;
use known::Known;
use numbers::{Base, Counting, keys_agree, shifted};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::LazyCell;

/// Pairs of texts by which it is judged whether they are the same questions in other words.
const MAX_COMPARED: usize = 64;
/// Two texts that share this part of the words of the shorter one are one question.
const SHARED_WORDS: f64 = 0.5;

/// What was found in all files so far.
#[derive(Debug, Default)]
pub struct Identity {
    benchmarks: FxHashMap<String, Known>,
    findings: Findings,
}

/// What is to be done with an item of a file.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    /// It has no text, or its name and text are new or known together.
    Stays,
    /// Its name stands for another text.
    Differs,
    /// Its text is known under another name.
    Moved(String),
}

impl Identity {
    /// Gives the items of a file the names and the order of options that earlier files gave them. `answered`
    /// tells the items that the runs of the file have already answered.
    ///
    /// Returns the new names by benchmark and old name.
    pub fn settle(
        &mut self,
        table: &mut ResponseTable,
        joiner: &Joiner,
        answered: impl FnOnce() -> FxHashSet<u32>,
        file: &str,
        notes: &mut Vec<Note>,
    ) -> FxHashMap<(String, String), String> {
        let contents: Vec<Option<Content>> = table.items.par_iter().map(Content::of).collect();
        let short = file.rsplit('/').next().unwrap_or(file);
        let answered = LazyCell::new(answered);
        let qualified = self.tell_subjects_apart(&mut table.items, &contents, joiner, &answered, file, notes);
        let counted = followed(qualified, self.count_alike(&mut table.items, &contents, joiner, short));
        if contents.iter().all(Option::is_none) {
            return counted;
        }
        let mut verdicts = self.verdicts(&table.items, &contents, joiner, &answered);
        self.forgive_other_words(&table.items, &contents, &mut verdicts, joiner, short);
        let renamed = self.rename(&mut table.items, &contents, &verdicts, file, notes);
        self.order_options(table, &contents, joiner, file, notes);
        self.learn(&table.items, &contents);
        followed(counted, renamed)
    }

    /// Gives items that are known by their numbers alone those that they have in earlier files, which count from
    /// another one.
    fn count_alike(
        &mut self,
        items: &mut [Item],
        contents: &[Option<Content>],
        joiner: &Joiner,
        file: &str,
    ) -> FxHashMap<(String, String), String> {
        let mut renamed = FxHashMap::default();
        let mut of_file: FxHashMap<&str, (Counting, usize, usize)> = FxHashMap::default();
        let mut contents = contents.iter();
        for items in items.chunk_by(|a, b| a.benchmark == b.benchmark) {
            let (counting, n, n_texts) = of_file.entry(&items[0].benchmark).or_default();
            items.iter().for_each(|item| counting.add(item.id.as_str()));
            *n += items.len();
            *n_texts += contents.by_ref().take(items.len()).flatten().count();
        }
        let of_file: Vec<(String, Counting, bool)> = of_file
            .into_iter()
            .map(|(name, (c, n, n_texts))| (name.to_owned(), c, 2 * n_texts > n))
            .collect();
        for (benchmark, counting, has_texts) in of_file {
            let known = self.benchmarks.entry(benchmark.clone()).or_default();
            // Where both have texts these tell.
            let mut base = if has_texts && !known.content_of.is_empty() {
                Base::Same
            } else {
                counting.base(&known.counting)
            };
            // Keys know better than numbers.
            if base != Base::Same && !keys_agree(items, &benchmark, joiner, base) {
                base = Base::Same;
            }
            if base == Base::Same {
                known.counting.take(counting);
                continue;
            }
            let finding = self.findings.of(&benchmark);
            let finding =
                if base == Base::Unclear { &mut finding.may_be_one_off } else { &mut finding.one_off };
            for item in items.iter_mut().filter(|item| item.benchmark == benchmark) {
                match shifted(item.id.as_str(), base) {
                    Some(new) => {
                        finding.add(|| format!("{} of {file} is {new}", item.id));
                        let old = std::mem::replace(&mut item.id, new.as_str().into());
                        renamed.insert((benchmark.clone(), old.to_string()), new);
                    }
                    None => finding.add(|| format!("{} of {file}", item.id)),
                }
            }
            if let Some(known) = self.benchmarks.get_mut(&benchmark).filter(|_| base == Base::Unclear) {
                known.counting.take(counting);
            }
        }
        renamed
    }

    /// What the findings mean for a user.
    pub fn lints(self) -> Vec<Lint> {
        self.findings.lints()
    }

    fn verdicts(
        &self,
        items: &[Item],
        contents: &[Option<Content>],
        joiner: &Joiner,
        answered: &FxHashSet<u32>,
    ) -> Vec<Verdict> {
        // Both are asked for the few items that may have moved.
        let times = LazyCell::new(|| {
            let mut times: FxHashMap<(&str, Option<&str>, u64), usize> = FxHashMap::default();
            for (item, content) in items.iter().zip(contents) {
                if let Some(content) = content {
                    let key = (item.benchmark.as_str(), item.subject.as_deref(), content.hash());
                    *times.entry(key).or_default() += 1;
                }
            }
            times
        });
        let without_text: LazyCell<FxHashSet<(&str, &str)>, _> = LazyCell::new(|| {
            let without = items.iter().zip(contents).filter(|(_, content)| content.is_none());
            without.map(|(item, _)| (item.benchmark.as_str(), item.id.as_str())).collect()
        });
        let verdict = |item: &Item, content: Content| -> Verdict {
            let Some(known) = self.benchmarks.get(&item.benchmark) else { return Verdict::Stays };
            let otherwise = match known.content_of.get(item.id.as_str()) {
                Some(earlier) if earlier.equals(content) => return Verdict::Stays,
                Some(_) => Verdict::Differs,
                // The name is known from files without texts: nothing speaks against it.
                None if joiner.item(&item.benchmark, item.id.as_str()).is_some() => return Verdict::Stays,
                None => Verdict::Stays,
            };
            let Some(Some(other)) = known.item_of.get(&place(item, content)) else { return otherwise };
            if *other == item.id {
                return Verdict::Stays;
            }
            let here = times.get(&(item.benchmark.as_str(), item.subject.as_deref(), content.hash()));
            let free = !without_text.contains(&(item.benchmark.as_str(), other.as_str()));
            let is_one = here == Some(&1) && free && (is_place(other.as_str()) || is_place(item.id.as_str()));
            let at = joiner.item(&item.benchmark, other.as_str());
            // Who answered the other one too was asked both.
            if is_one && at.is_none_or(|at| !answered.contains(&at)) {
                Verdict::Moved(other.to_string())
            } else {
                otherwise
            }
        };
        let each = items.iter().zip(contents);
        each.map(|(item, content)| content.map_or(Verdict::Stays, |content| verdict(item, content))).collect()
    }

    /// Where most texts of a file differ from those of the same names, and yet share their words and keys with them,
    /// they are the same questions as another template shows them. Documents that are known by their hashes alone
    /// may be the same in another form if not one of the hashes is known.
    fn forgive_other_words(
        &mut self,
        items: &[Item],
        contents: &[Option<Content>],
        verdicts: &mut [Verdict],
        joiner: &Joiner,
        file: &str,
    ) {
        if verdicts.iter().all(|verdict| *verdict == Verdict::Stays) {
            return;
        }
        let mut of_benchmark: FxHashMap<String, (usize, Vec<usize>, usize)> = FxHashMap::default();
        for (at, (item, verdict)) in items.iter().zip(verdicts.iter()).enumerate() {
            let Some(known) = self.benchmarks.get(&item.benchmark) else { continue };
            if contents[at].is_none() || !known.content_of.contains_key(item.id.as_str()) {
                continue;
            }
            let (shared, differ, moved) = of_benchmark.entry(item.benchmark.clone()).or_default();
            *shared += 1;
            *moved += usize::from(matches!(verdict, Verdict::Moved(_)));
            if *verdict != Verdict::Stays {
                differ.push(at);
            }
        }
        let mut forgiven: Vec<(String, usize, Vec<usize>)> = Vec::new();
        for (benchmark, (shared, differ, moved)) in of_benchmark {
            if differ.len() * 2 <= shared || moved * 2 >= differ.len() {
                continue;
            }
            let overlap = |at: &usize| {
                let earlier = joiner.item(&benchmark, items[*at].id.as_str())?;
                overlap(&items[*at], joiner.table().items.get(earlier as usize)?)
            };
            let mut overlaps: Vec<f64> = differ.iter().take(MAX_COMPARED).filter_map(overlap).collect();
            overlaps.sort_by(f64::total_cmp);
            let is_hash = |at: &usize| contents[*at].is_some_and(|content| content.is_of_document);
            let no_hash_is_known = differ.len() == shared && moved == 0 && differ.iter().all(is_hash);
            let share_words = overlaps.get(overlaps.len() / 2).is_some_and(|median| *median >= SHARED_WORDS);
            if no_hash_is_known || share_words {
                forgiven.push((benchmark, shared, differ));
            }
        }
        forgiven.sort();
        for (benchmark, shared, differ) in forgiven {
            let finding = &mut self.findings.of(&benchmark).other_words;
            finding.add(|| format!("{file}: {} of {shared}", differ.len()));
            finding.count += differ.len() - 1;
            for (item, verdict) in items.iter().zip(verdicts.iter_mut()) {
                if item.benchmark == benchmark {
                    *verdict = Verdict::Stays;
                }
            }
        }
    }

    fn rename(
        &mut self,
        items: &mut [Item],
        contents: &[Option<Content>],
        verdicts: &[Verdict],
        file: &str,
        notes: &mut Vec<Note>,
    ) -> FxHashMap<(String, String), String> {
        let mut renamed = FxHashMap::default();
        let mut moved = 0;
        for (item, (verdict, content)) in items.iter_mut().zip(verdicts.iter().zip(contents)) {
            let new = match (verdict, content) {
                (Verdict::Moved(other), _) => {
                    moved += 1;
                    other.clone()
                }
                (Verdict::Differs, Some(content)) => {
                    let new = format!("{}#{:08x}", item.id, content.hash() >> 32);
                    let finding = &mut self.findings.of(&item.benchmark).kept_apart;
                    let short = file.rsplit('/').next().unwrap_or(file);
                    finding.add(|| format!("{} of {short} is {new}", item.id));
                    new
                }
                _ => continue,
            };
            let old = std::mem::replace(&mut item.id, new.as_str().into());
            renamed.insert((item.benchmark.clone(), old.to_string()), new);
        }
        if moved > 0 {
            let message = format!(
                "{moved} items have another name in this file than in earlier ones; they were joined by question and \
                 options"
            );
            notes.push(Note { file: file.to_owned(), row: None, message });
        }
        renamed
    }

    /// Numbers options as the first file with the item does.
    fn order_options(
        &mut self,
        table: &mut ResponseTable,
        contents: &[Option<Content>],
        joiner: &Joiner,
        file: &str,
        notes: &mut Vec<Note>,
    ) {
        let mut orders: FxHashMap<u32, Vec<u16>> = FxHashMap::default();
        for (at, (item, content)) in table.items.iter_mut().zip(contents).enumerate() {
            let Some(earlier) = joiner.item(&item.benchmark, item.id.as_str()) else { continue };
            let Some(earlier) = joiner.table().items.get(earlier as usize) else { continue };
            let known = self.benchmarks.get(&item.benchmark).and_then(|k| k.content_of.get(item.id.as_str()));
            let same = known.zip(*content).is_some_and(|(known, new)| known.equals(new));
            let order = match (&earlier.options, &item.options) {
                (Some(earlier), Some(options)) if same && !options.is_same(earlier) => {
                    same_order(&options.get(), &earlier.get())
                }
                _ => None,
            };
            if let Some(order) = order {
                item.options.clone_from(&earlier.options);
                item.gold = item.gold.map(|gold| order.get(usize::from(gold)).copied().unwrap_or(gold));
                orders.insert(at as u32, order);
            }
            if let (Some(earlier), Some(new)) = (&earlier.gold_text, &item.gold_text)
                && same
                && item.options.is_none()
                && !new.is_same(earlier)
            {
                let (earlier, new) = (earlier.get(), new.get());
                if item_hash::<&str>(&earlier, &[]) != item_hash::<&str>(&new, &[]) {
                    self.findings.of(&item.benchmark).other_keys.add(|| {
                        let short = |text: &str| text.chars().take(40).collect::<String>();
                        let file = file.rsplit('/').next().unwrap_or(file);
                        format!("{}: {:?} and in {file} {:?}", item.id, short(&earlier), short(&new))
                    });
                }
            }
        }
        if orders.is_empty() {
            return;
        }
        table.map_options(|item, option| {
            let order = orders.get(&item);
            order.and_then(|order| order.get(usize::from(option)).copied()).unwrap_or(option)
        });
        let message = format!(
            "{} items show their options in another order than in earlier files; answers and keys were numbered \
             as there",
            orders.len()
        );
        notes.push(Note { file: file.to_owned(), row: None, message });
    }

    fn learn(&mut self, items: &[Item], contents: &[Option<Content>]) {
        let mut contents = contents.iter();
        for items in items.chunk_by(|a, b| a.benchmark == b.benchmark) {
            let known = self.benchmarks.entry(items[0].benchmark.clone()).or_default();
            for (item, content) in items.iter().zip(contents.by_ref()) {
                if let Some(content) = content {
                    known.learn(item, *content);
                }
            }
        }
    }
}

/// Old names with those that they have after both steps.
fn followed(
    mut first: FxHashMap<(String, String), String>,
    then: FxHashMap<(String, String), String>,
) -> FxHashMap<(String, String), String> {
    if first.is_empty() {
        return then;
    }
    let mut then: FxHashMap<(String, String), String> = then;
    for ((benchmark, _), new) in &mut first {
        if let Some(newer) = then.remove(&(benchmark.clone(), new.clone())) {
            *new = newer;
        }
    }
    first.extend(then);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Fragment;
    use crate::ingest::join::{Joined, Joining};
    use crate::response::{Metric, Row, Run};

    /// A file of one model: name, question, options, and the option chosen of each item; the first option is the
    /// key.
    fn file(model: &str, items: &[(&str, &str, &[&str], u16)]) -> Fragment {
        let mut table = ResponseTable::default();
        table.runs.push(Run { files: vec![format!("{model}.json")], ..Run::new(model, model) });
        table.metrics.push(Metric::new("b", "acc", None));
        for (at, (id, question, options, chosen)) in items.iter().enumerate() {
            table.items.push(Item {
                question: Some(*question).filter(|q| !q.is_empty()).map(Into::into),
                options: Some(options.iter().map(|o| (*o).to_owned()).collect()),
                gold: Some(0),
                ..Item::new("b", None, *id)
            });
            let score = f64::from(u8::from(*chosen == 0));
            let row = Row { chosen: Some(*chosen), gold: Some(0), ..Row::new(0, at as u32, 0, Some(score)) };
            table.push(row);
        }
        Fragment { table, ..Fragment::default() }
    }

    fn joined(files: Vec<Fragment>) -> Joined {
        let mut joining = Joining::default();
        files.into_iter().for_each(|file| joining.add(&file.table.runs[0].files[0].clone(), file));
        joining.finish()
    }

    /// Model, item, chosen and key of each row.
    fn rows(joined: &Joined) -> Vec<(String, String, Option<u16>, Option<u16>)> {
        let table = &joined.table;
        let name = |row: &Row| table.runs[row.run as usize].id.clone();
        let rows = table.rows();
        rows.map(|r| (name(&r), table.items[r.item as usize].id.to_string(), r.chosen, r.gold)).collect()
    }

    const YES_NO: &[&str] = &["yes", "no"];

    #[test]
    fn places_that_moved_are_joined_by_text() {
        let a = file("a", &[("0", "red?", YES_NO, 0), ("1", "green?", YES_NO, 0), ("2", "blue?", YES_NO, 0)]);
        let b =
            file("b", &[("0", "green?", YES_NO, 0), ("1", "blue?", YES_NO, 0), ("2", "pink?", YES_NO, 0)]);
        let both = joined(vec![a, b]);
        let ids: Vec<&str> = both.table.items.iter().map(|i| i.id.as_str()).collect();
        assert_eq!((ids.len(), &ids[..3]), (4, &["0", "1", "2"][..]));
        assert!(ids[3].starts_with("2#"), "{ids:?}");
        let of_b: Vec<String> = rows(&both).into_iter().skip(3).map(|r| r.1).collect();
        assert_eq!(of_b, ["1", "2", ids[3]]);
        assert!(
            both.notes.iter().any(|n| n.message.starts_with("2 items have another name")),
            "{:?}",
            both.notes
        );
        let lint = both.lints.iter().find(|l| l.code == "texts_differ").unwrap();
        assert_eq!((lint.count, lint.benchmark.as_deref()), (1, Some("b")));
    }

    #[test]
    fn shuffled_options_are_numbered_as_in_the_first_file() {
        let a = file("a", &[("0", "which?", &["w", "x", "x", "z"], 3)]);
        let b = file("b", &[("0", "which?", &["z", " x ", "w", "x"], 1)]);
        let both = joined(vec![a, b]);
        assert_eq!(both.table.items.len(), 1);
        let expected = [
            ("a".to_owned(), "0".to_owned(), Some(3), Some(0)),
            ("b".to_owned(), "0".to_owned(), Some(1), Some(3)),
        ];
        assert_eq!(rows(&both), expected);
        assert!(both.notes[0].message.contains("another order"), "{:?}", both.notes);
    }

    #[test]
    fn duplicates_within_a_benchmark_stay_two_items() {
        let items: &[(&str, &str, &[&str], u16)] = &[("0", "same?", YES_NO, 0), ("1", "same?", YES_NO, 0)];
        let both = joined(vec![file("a", items), file("b", items), file("c", &items[1..])]);
        assert_eq!(both.table.items.len(), 2);
        assert!(both.lints.is_empty() && both.notes.is_empty());
    }

    #[test]
    fn two_parts_of_a_run_are_not_one_item() {
        let parts = vec![file("a", &[("0", "same?", YES_NO, 0)]), file("a", &[("7", "same?", YES_NO, 0)])];
        assert_eq!(joined(parts).table.items.len(), 2);
    }

    #[test]
    fn another_template_is_no_other_question() {
        let texts = ["what is red like?", "what is green like?", "what is blue like?"];
        let shown: Vec<String> = texts.iter().map(|t| format!("Question: {t} Answer:")).collect();
        let of = |texts: [&str; 3]| -> Vec<(&str, String)> {
            ["q-0", "q-1", "q-2"].into_iter().zip(texts.map(str::to_owned)).collect()
        };
        let make = |model: &str, items: Vec<(&str, String)>| {
            let items: Vec<(&str, &str, &[&str], u16)> =
                items.iter().map(|(id, text)| (*id, text.as_str(), YES_NO, 0)).collect();
            file(model, &items)
        };
        let other = of([&shown[0], &shown[1], &shown[2]]);
        let all = joined(vec![make("a", of(texts)), make("b", other.clone()), make("c", other)]);
        assert_eq!(all.table.items.len(), 3);
        let lint: Vec<(&str, usize)> = all.lints.iter().map(|l| (l.code, l.count)).collect();
        assert_eq!(lint, [("texts_in_other_words", 3)]);
        let strange = of(["seven plus one", "who wrote it", "capital city"]);
        assert_eq!(joined(vec![make("a", of(texts)), make("b", strange)]).table.items.len(), 6);
    }

    #[test]
    fn other_numbers_in_one_template_are_other_questions() {
        let make = |model: &str, numbers: [(u16, u16); 3]| {
            let mut all = file(model, &[]);
            for (at, (a, b)) in numbers.into_iter().enumerate() {
                let question = format!("What is the sum of {a} and {b}?");
                let item = Item {
                    question: Some(question.into()),
                    gold_text: Some((a + b).to_string().into()),
                    ..Item::new("b", None, format!("{at}"))
                };
                all.table.items.push(item);
                all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
            }
            all
        };
        let all = joined(vec![make("a", [(1, 2), (3, 4), (5, 6)]), make("b", [(7, 8), (9, 1), (2, 2)])]);
        assert_eq!(all.table.items.len(), 6);
        assert_eq!(all.lints[0].code, "texts_differ");
    }

    #[test]
    fn documents_without_texts_are_known_by_their_hashes() {
        let make = |model: &str, hashes: &[&str]| {
            let mut all = file(model, &[]);
            for (at, hash) in hashes.iter().enumerate() {
                let item = Item { doc_hash: Some((*hash).into()), ..Item::new("b", None, format!("{at}")) };
                all.table.items.push(item);
                all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
            }
            all
        };
        let n_items = |files: Vec<Fragment>| joined(files).table.items.len();
        // One file begins a document later.
        assert_eq!(n_items(vec![make("a", &["p", "q", "r"]), make("b", &["q", "r", "s"])]), 4);
        // Another version of the harness has hashes of its own.
        assert_eq!(n_items(vec![make("a", &["p", "q", "r"]), make("b", &["x", "y", "z"])]), 3);
    }

    #[test]
    fn files_that_count_from_one_are_joined_to_those_that_count_from_zero() {
        let make = |model: &str, numbers: std::ops::Range<u16>, has_texts: bool| {
            let mut all = file(model, &[]);
            for (at, number) in numbers.clone().enumerate() {
                let question = has_texts.then(|| format!("question {at}?").into());
                all.table.items.push(Item { question, ..Item::new("b", None, number.to_string()) });
                all.table.push(Row::new(0, at as u32, 0, Some(f64::from(at as u32 % 2))));
            }
            all
        };
        let codes = |joined: &Joined| joined.lints.iter().map(|l| (l.code, l.count)).collect::<Vec<_>>();
        for (first, has_texts) in [(0, true), (0, false), (1, true), (1, false)] {
            let files = vec![
                make("a", first..first + 20, has_texts),
                make("b", 1..21, false),
                make("c", 0..20, false),
                make("d", 1..21, !has_texts),
            ];
            let joined = joined(files);
            assert_eq!(joined.table.items.len(), 20, "{first} {has_texts}");
            let n_shifted = if first == 0 { 40 } else { 20 };
            assert_eq!(codes(&joined), [("items_counted_from_another_number", n_shifted)]);
            let of = |model: &str| -> Vec<(u32, Option<f64>)> {
                let rows = joined.table.rows().filter(|row| joined.table.runs[row.run as usize].id == model);
                rows.map(|row| (row.item, row.score)).collect()
            };
            assert!(["b", "c", "d"].iter().all(|model| of(model) == of("a")));
        }
        let fewer = joined(vec![make("a", 0..20, true), make("b", 1..15, false)]);
        assert_eq!((fewer.table.items.len(), codes(&fewer)), (20, vec![("items_may_be_one_off", 14)]));
        // Where both have texts these tell which item it is.
        let both = joined(vec![make("a", 0..20, true), make("b", 1..21, true)]);
        assert_eq!((both.table.items.len(), codes(&both)), (20, vec![]));
        let lacks_one = joined(vec![make("a", 0..20, true), make("b", 1..20, false)]);
        assert_eq!(
            (lacks_one.table.items.len(), codes(&lacks_one)),
            (20, vec![("items_may_be_one_off", 19)])
        );
    }

    #[test]
    fn one_name_under_two_subjects_is_two_items() {
        let make = |model: &str, items: &[(&str, &str)]| {
            let mut all = file(model, &[]);
            for (at, (subject, id)) in items.iter().enumerate() {
                all.table.items.push(Item::new("b", Some(subject), *id));
                all.table.push(Row::new(0, at as u32, 0, Some(1.0)));
            }
            all.table.runs[0].files = vec![format!("{model} {}.csv", items[0].0)];
            all
        };
        let ids = |files: Vec<Fragment>| -> Vec<String> {
            let joined = joined(files);
            joined.table.rows().map(|row| joined.table.items[row.item as usize].id.to_string()).collect()
        };
        let (law, med) = (&[("law", "0"), ("law", "1")][..], &[("med", "0"), ("med", "1")][..]);
        let both = vec![make("a", law), make("a", med), make("b", med), make("b", law)];
        assert_eq!(ids(both), ["0", "1", "med/0", "med/1", "med/0", "med/1", "0", "1"]);
        let qualified = make("a", &[("law", "law/0"), ("med", "med/0")]);
        let spelt = make("b", &[("Law", "0"), ("med", "0")]);
        assert_eq!(ids(vec![qualified, spelt]), ["law/0", "med/0", "0", "med/0"]);
        assert_eq!(
            ids(vec![make("a", law), make("b", &[("law", "law/0"), ("law", "law/1")])]),
            ["0", "1"].repeat(2)
        );
        // A name that is no number is one of the data set, whatever a file calls its subject, but not twice in a run.
        let named = |subject| [(subject, "q-a"), (subject, "q-b")];
        assert_eq!(
            ids(vec![make("a", &named("law")), make("b", &named("rights"))]),
            ["q-a", "q-b"].repeat(2)
        );
        let twice = vec![make("a", &named("law")), make("a", &named("med"))];
        assert_eq!(ids(twice), ["q-a", "q-b", "med/q-a", "med/q-b"]);
    }

    #[test]
    fn names_are_places_where_only_a_number_stands() {
        assert!(["12", "astronomy/3", "id147"].iter().all(|id| is_place(id)));
        assert!(["astronomy-003", "", "q1", "a/b"].iter().all(|id| !is_place(id)));
    }
}
