//! What do simulated items and runs look like on paper? Made-up texts, names, hashes and times.

use super::fault::PlantedError;
use super::item::ItemTruth;
use super::options::SimulationOptions;
use crate::response::Item;

/// Digits needed to number `n` things from 0.
pub(crate) fn digits(n: usize) -> usize {
    (n.max(2) - 1).to_string().len()
}

/// Names of the subjects; a single subject has none.
pub(crate) fn subject_names(n_subjects: usize) -> Vec<String> {
    (1..=n_subjects).map(|s| format!("subject_{s:0width$}", width = digits(n_subjects + 1))).collect()
}

/// The item as a benchmark would have it: nothing in it betrays a planted error, but a blank question is empty
/// and a repeated one is the same.
pub(crate) fn item(options: &SimulationOptions, subjects: &[String], items: &[ItemTruth], at: usize) -> Item {
    let truth = &items[at];
    let subject = (subjects.len() > 1).then(|| subjects[truth.subject].as_str());
    let source = &items[truth.duplicate_of.unwrap_or(at)].item;
    let about = subject.unwrap_or(&options.benchmark);
    let question = match truth.planted {
        Some(PlantedError::Blank) => String::new(),
        _ => format!("Made-up question {source} on {about}: which answer is right?"),
    };
    let texts: Option<Vec<String>> = truth
        .choice
        .as_ref()
        .map(|c| (0..c.n_options()).map(|k| format!("answer {} to {source}", letter(k))).collect());
    let gold = truth.choice.as_ref().map(|c| u16::from(c.recorded_key));
    Item {
        item_hash: Some(hash(&question, texts.as_deref().unwrap_or(&[]))),
        gold_text: gold.and_then(|g| texts.as_ref()?.get(g as usize).map(|text| text.as_str().into())),
        question: Some(question.into()),
        options: texts.map(Into::into),
        gold,
        ..Item::new(options.benchmark.clone(), subject, truth.item.clone())
    }
}

/// The letter of an option: A, B, …
pub(crate) fn letter(option: usize) -> char {
    char::from(b'A' + (option % 26) as u8)
}

/// FNV-1a of the question and its options as a set: the same on every machine and in every version.
///
/// # Reference
/// Fowler, Noll, Vo & Eastlake, draft-eastlake-fnv.
fn hash(question: &str, options: &[String]) -> u64 {
    let mut sorted: Vec<&str> = options.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let parts = std::iter::once(question).chain(sorted);
    parts.flat_map(|part| part.bytes().chain([0])).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The made-up time of run `index`, one second after the one before; text order is time order.
pub(crate) fn timestamp(index: usize) -> String {
    let (day, second) = (index / 86_400, index % 86_400);
    let (year, month, day) = (2026 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}-{m:02}-{s:02}.000000")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test vector: FNV-1a of "a" and of a zero byte after it.
    #[test]
    fn the_hash_is_fnv() {
        let step = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
        assert_eq!(step(0xcbf2_9ce4_8422_2325, b'a'), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("a", &[]), step(0xaf63_dc4c_8601_ec8c, 0));
        let texts = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(hash("q", &texts("x", "y")), hash("q", &texts("y", "x")));
        assert_ne!(hash("q", &texts("x", "y")), hash("q", &texts("xy", "")));
    }

    #[test]
    fn times_are_in_text_order() {
        let times: Vec<String> = [0, 59, 60, 86_399, 86_400, 86_400 * 28, 86_400 * 336].map(timestamp).into();
        assert!(times.is_sorted());
        assert_eq!(times[3], "2026-01-01T23-59-59.000000");
        assert_eq!(times[6], "2027-01-01T00-00-00.000000");
    }
}
