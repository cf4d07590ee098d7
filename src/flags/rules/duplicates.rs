//! Is the same item asked twice? Exact and near repetitions, and one text with two keys.

use super::{RuleHit, plain};
use crate::flags::evidence::Kind;
use crate::response::Item;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Items that share at least this part of their word triples are near-duplicates.
pub const NEAR: f64 = 0.8;
/// Hash functions, in bands of rows: pairs at .8 are found with probability 1 − (1 − .8⁴)³² > .9999999.
const BANDS: usize = 32;
const ROWS: usize = 4;

/// Repetitions of question and options, exact ones first; each pair is listed with its later item.
///
/// The text of an item is its question with its options in any order. Where the question is the same and the
/// keys differ in text, the pair is a contradiction. Near-duplicates share at least four fifths of their
/// triples of words (Jaccard) and half of their options, among items of eight words or more whose numbers and
/// signs agree: two exercises that differ in their numbers are two items, and so are two questions on one
/// passage.
///
/// # Reference
/// Broder 1997, doi:10.1109/SEQUEN.1997.666900 (shingles and min-wise hashing).
pub fn check(items: &[Item]) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let mut by_text: BTreeMap<(String, Vec<String>), usize> = BTreeMap::new();
    let mut exact = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        let Some(question) = item.question().map(|q| plain(&q)).filter(|q| !q.is_empty()) else { continue };
        // Pictures in characters differ by their white space too.
        let raw = if question.chars().any(char::is_alphanumeric) {
            question
        } else {
            item.question().unwrap_or_default().into_owned()
        };
        let mut options: Vec<String> = item.options().unwrap_or_default().iter().map(|o| plain(o)).collect();
        options.sort_unstable();
        match by_text.get(&(raw.clone(), options.clone())) {
            None => {
                by_text.insert((raw, options), at);
            }
            Some(&first) => {
                exact.insert((first, at));
                hits.push(pair(items, first, at, None));
            }
        }
    }
    let later: BTreeSet<usize> = exact.iter().map(|p| p.1).collect();
    for (a, b, similarity) in near_pairs(items) {
        if !later.contains(&a) && !later.contains(&b) {
            hits.push(pair(items, a, b, Some(similarity)));
        }
    }
    hits
}

fn pair(items: &[Item], first: usize, second: usize, similarity: Option<f64>) -> RuleHit {
    let name = |i: usize| format!("{}/{}", items[i].benchmark, items[i].id);
    let (a, b) = (key_text(&items[first]), key_text(&items[second]));
    let conflict = matches!((&a, &b), (Some(a), Some(b)) if a != b);
    let (rule, detail) = match (similarity, conflict) {
        (None, false) => ("exact_duplicate", format!("the same as {}", name(first))),
        (None, true) => (
            "contradicting_duplicate",
            format!(
                "the same as {}, whose key is {:?} and not {:?}",
                name(first),
                a.unwrap_or_default(),
                b.unwrap_or_default()
            ),
        ),
        (Some(s), false) => ("near_duplicate", format!("shares {:.0} % with {}", s * 100.0, name(first))),
        (Some(s), true) => (
            "near_duplicate_other_key",
            format!("shares {:.0} % with {}, whose key differs", s * 100.0, name(first)),
        ),
    };
    RuleHit { item: second, rule, kind: Kind::Duplicate, other: Some(first), detail }
}

fn key_text(item: &Item) -> Option<String> {
    let by_position = || Some(item.options()?.get(usize::from(item.gold?))?.clone());
    by_position().or_else(|| item.gold_text().map(Cow::into_owned)).map(|t| plain(&t))
}

/// The pairs of items that are near-duplicates with their similarity, exact ones among them, in order.
pub fn near_pairs(items: &[Item]) -> Vec<(usize, usize, f64)> {
    let shingles: Vec<(BTreeSet<u64>, Vec<String>)> = items.par_iter().map(shingles_of).collect();
    let signatures: Vec<Vec<u64>> = shingles.par_iter().map(|(s, _)| signature(s)).collect();
    let mut candidates = BTreeSet::new();
    for band in 0..BANDS {
        let mut buckets: BTreeMap<&[u64], Vec<usize>> = BTreeMap::new();
        for (item, signature) in signatures.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
            buckets.entry(&signature[band * ROWS..(band + 1) * ROWS]).or_default().push(item);
        }
        for members in buckets.values() {
            // A template shared by hundreds is compared along its chain only, not all with all.
            let all = members.len() <= 100;
            for (n, &a) in members.iter().enumerate() {
                let reach = if all { members.len() } else { members.len().min(n + 2) };
                candidates.extend(members[n + 1..reach].iter().map(|&b| (a, b)));
            }
        }
    }
    candidates
        .into_iter()
        .filter_map(|(a, b)| {
            let ((x, marks_x), (y, marks_y)) = (&shingles[a], &shingles[b]);
            let similarity = jaccard(x, y);
            let alike = similarity >= NEAR && marks_x == marks_y && share_options(&items[a], &items[b]);
            alike.then_some((a, b, similarity))
        })
        .collect()
}

fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let shared = a.intersection(b).count() as f64;
    let all = (a.len() + b.len()) as f64 - shared;
    if all > 0.0 { shared / all } else { 1.0 }
}

/// Whether at least half of the options are the same; items without options have nothing to differ in.
fn share_options(a: &Item, b: &Item) -> bool {
    let set = |item: &Item| -> BTreeSet<String> {
        item.options().unwrap_or_default().iter().map(|o| plain(o)).collect()
    };
    let (a, b) = (set(a), set(b));
    2 * a.intersection(&b).count() >= a.len().max(b.len())
}

/// Hashes of the word triples of an item, and what tells exercises apart: its words with digits, its single
/// letters and its signs. Nothing for an item of fewer than eight words.
fn shingles_of(item: &Item) -> (BTreeSet<u64>, Vec<String>) {
    let mut text = item.question().unwrap_or_default().into_owned();
    let mut options = item.options().unwrap_or_default().into_owned();
    options.sort_unstable();
    for option in options {
        text.push(' ');
        text.push_str(&option);
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    let telling = |w: &&String| w.len() == 1 || w.chars().any(|c| c.is_numeric());
    let mut marks: Vec<String> = words.iter().filter(telling).cloned().collect();
    let ordinary = |c: char| {
        c.is_alphanumeric() || c.is_whitespace() || ".,;:'\"?!-–—()[]_’‘“”/*".contains(c) || c.is_control()
    };
    marks.extend(text.chars().filter(|c| !ordinary(*c)).map(String::from));
    marks.sort_unstable();
    if words.len() < 8 {
        return (BTreeSet::new(), marks);
    }
    (words.windows(3).map(|w| hash(w.iter().map(String::as_str))).collect(), marks)
}

/// FNV-1a over the words, each closed by a byte that no text has, then mixed; the same in every run and build.
fn hash<'a>(words: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(state)
}

/// The finaliser of SplitMix64.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn signature(shingles: &BTreeSet<u64>) -> Vec<u64> {
    if shingles.is_empty() {
        return Vec::new();
    }
    // Mixing after an exclusive or permutes 64-bit hashes: cheap stand-ins for independent hash functions.
    (1..=(BANDS * ROWS) as u64)
        .map(|k| {
            let salt = mix(k.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            shingles.iter().map(|s| mix(s ^ salt)).min().unwrap_or(0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(question: &str, options: &[&str], gold: u16) -> Item {
        Item {
            question: Some(question.into()),
            options: Some(options.iter().map(|o| (*o).to_owned()).collect()),
            gold: Some(gold),
            ..Item::new("b", None, question)
        }
    }

    fn rules(items: &[Item]) -> Vec<(usize, &'static str, Option<usize>)> {
        check(items).into_iter().map(|h| (h.item, h.rule, h.other)).collect()
    }

    #[test]
    fn repetitions_and_contradictions_are_told_apart() {
        let items = [
            item("What is it?", &["a", "b"], 0),
            item("what  is it?", &["B", "a"], 1),
            item("What is it?", &["a", "b"], 1),
            item("What is it?", &["a", "c"], 1),
        ];
        assert_eq!(
            rules(&items),
            vec![(1, "exact_duplicate", Some(0)), (2, "contradicting_duplicate", Some(0))]
        );
    }

    #[test]
    fn one_changed_word_in_a_long_text_is_near_and_another_number_is_another_item() {
        let long = "a train leaves the station at noon and runs along the coast past the old harbour and \
                    the light house until it meets the river where the bridge is and then";
        let items = [
            item(&format!("{long} stops how far"), &["ten", "twenty"], 0),
            item(&format!("{long} halts how far"), &["ten", "twenty"], 1),
            item(&format!("{long} stops how far 12"), &["ten", "twenty"], 0),
        ];
        assert_eq!(rules(&items), vec![(1, "near_duplicate_other_key", Some(0))]);
    }

    #[test]
    fn pictures_in_characters_differ_by_their_spaces() {
        assert!(rules(&[item("# #", &["a"], 0), item("#  #", &["a"], 0)]).is_empty());
        assert_eq!(rules(&[item("# #", &["a"], 0), item("# #", &["a"], 0)]).len(), 1);
    }
}
