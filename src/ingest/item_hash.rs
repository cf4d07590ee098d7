//! Are two items the same question? A hash of what was asked that does not depend on who was asked, on the
//! number of worked examples, or on the order in which the options were shown.

use std::borrow::Cow;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Hash of a question and its options.
///
/// ```text
/// XXH3-64( norm(question) ‖ 0x1E ‖ norm(o₁) ‖ 0x1F ‖ norm(o₂) ‖ 0x1F ‖ … ),  norm(o₁) ≤ norm(o₂) ≤ …
/// ```
///
/// `norm` trims the text and makes every run of white space one blank. Options are a multiset: their order does
/// not matter, their number does. Case matters.
///
/// # Reference
/// XXH3: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>
pub fn item_hash<S: AsRef<str>>(question: &str, options: &[S]) -> u64 {
    let mut sorted: Vec<Cow<str>> = options.iter().map(|option| normalised(option.as_ref())).collect();
    sorted.sort_unstable();
    let question = normalised(question);
    let length = question.len() + 1 + sorted.iter().map(|option| option.len() + 1).sum::<usize>();
    let mut text = Vec::with_capacity(length);
    text.extend_from_slice(question.as_bytes());
    text.push(0x1E);
    for option in sorted {
        text.extend_from_slice(option.as_bytes());
        text.push(0x1F);
    }
    xxh3_64(&text)
}

fn normalised(text: &str) -> Cow<'_, str> {
    if is_normal(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut words = text.split_whitespace();
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    Cow::Owned(out)
}

/// Whether text is surely normal: ASCII, with single blanks between words and no other white space. Every byte is
/// looked at, without a way out between: many at once.
fn is_normal(text: &[u8]) -> bool {
    let ends = [text.first(), text.last()];
    let plain = !text.iter().fold(false, |odd, byte| odd | !(0x20..0x7f).contains(byte));
    let pairs = text.iter().zip(text.get(1..).unwrap_or_default());
    let single = !pairs.fold(false, |double, (a, b)| double | ((*a == b' ') & (*b == b' ')));
    plain && single && !ends.contains(&Some(&b' '))
}

/// Where each option stands in another order of the same options; of options with the same text the first goes
/// to the first. `None` if the order is the same, or the options are others.
pub fn same_order(options: &[String], other: &[String]) -> Option<Vec<u16>> {
    // As good as always.
    if options == other || options.len() != other.len() {
        return None;
    }
    let options: Vec<Cow<str>> = options.iter().map(|text| normalised(text)).collect();
    let other: Vec<Cow<str>> = other.iter().map(|text| normalised(text)).collect();
    if options == other {
        return None;
    }
    // The last of each text first, so that the first one is at the end.
    let mut places: HashMap<&str, Vec<u16>> = HashMap::new();
    for (at, text) in other.iter().enumerate().rev() {
        places.entry(text).or_default().push(u16::try_from(at).ok()?);
    }
    options.iter().map(|text| places.get_mut(text.as_ref())?.pop()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_normalised_text() {
        assert_eq!(item_hash("  What \n is it? ", &["b  c", "a"]), xxh3_64(b"What is it?\x1ea\x1fb c\x1f"));
        // Blanks that are not ASCII are blanks; nothing is empty.
        assert_eq!(item_hash("a\u{a0}\u{3000}b ", &[" c"]), item_hash("a b", &["c"]));
        assert_eq!(item_hash(" ", &[""]), xxh3_64(b"\x1e\x1f"));
    }

    #[test]
    fn order_of_options_does_not_matter_and_their_number_does() {
        assert_eq!(item_hash("q", &["a", "b"]), item_hash("q", &["b", "a"]));
        assert_ne!(item_hash("q", &["a", "b"]), item_hash("q", &["a", "b", "b"]));
        assert_ne!(item_hash("q", &["a", "b"]), item_hash("q", &["ab"]));
        assert_ne!(item_hash::<&str>("q", &[]), item_hash("", &["q"]));
    }

    #[test]
    fn an_order_is_told_by_the_texts() {
        let list = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let first = list(&["w", "x", "x", "z"]);
        assert_eq!(same_order(&list(&["z", "x ", "w", "x"]), &first), Some(vec![3, 1, 0, 2]));
        assert_eq!(same_order(&list(&["w ", "x", "x", "z"]), &first), None);
        assert_eq!(same_order(&list(&["w", "x", "y", "z"]), &first), None);
    }
}
