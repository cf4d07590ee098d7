//! Is this the same question? A hash of its text and options that does not mind spacing, letter case or the
//! order of the options.

use xxhash_rust::xxh3::Xxh3;

/// The hash of a question and its options.
pub fn item_hash(question: &str, options: Option<&[String]>) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(normal(question).as_bytes());
    let mut options: Vec<String> = options.unwrap_or_default().iter().map(|o| normal(o)).collect();
    options.sort();
    for option in options {
        // A byte that no text has keeps ["ab"] from ["a", "b"].
        hash.update(&[0xff]);
        hash.update(option.as_bytes());
    }
    hash.digest()
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_spacing_and_case_do_not_matter() {
        let options = |list: &[&str]| list.iter().map(|o| o.to_string()).collect::<Vec<_>>();
        let a = item_hash("What  is\nIt?", Some(&options(&["x", "Y"])));
        assert_eq!(a, item_hash("what is it?", Some(&options(&["y", "x "]))));
        assert_ne!(a, item_hash("what is it?", Some(&options(&["y x"]))));
        assert_ne!(a, item_hash("what is it?", None));
    }
}
