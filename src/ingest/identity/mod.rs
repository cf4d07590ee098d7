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
        // It takes a look at all earlier rows of these runs, and is asked for the few items that may have moved.
        let answered = LazyCell::new(answered);
        let is_answered = |item: u32| answered.contains(&item);
        let qualified =
            self.tell_subjects_apart(&mut table.items, &contents, joiner, is_answered, file, notes);
        let counted = followed(qualified, self.count_alike(&mut table.items, &contents, joiner, short));
        if contents.iter().all(Option::is_none) {
            return counted;
        }
        let mut verdicts = self.verdicts(&table.items, &contents, joiner, is_answered);
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
        is_answered: impl Fn(u32) -> bool,
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
            if is_one && at.is_none_or(|at| !is_answered(at)) {
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
        table.reorder_options(&orders);
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
mod tests;
