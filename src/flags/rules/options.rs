//! Are the options distinct, filled and in a sensible order?

use super::{RuleHit, plain};
use crate::flags::evidence::{Kind, option_letter};
use crate::response::Item;

/// Options that are empty, the same twice, the same but for ordinary punctuation, or "all of the above" where
/// others still follow.
pub fn check(items: &[Item]) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(options) = item.options() else { continue };
        let mut hit = |rule, detail| {
            hits.push(RuleHit { item: at, rule, kind: Kind::OptionsRule, other: None, detail });
        };
        for (k, option) in options.iter().enumerate() {
            if option.trim().is_empty() {
                hit("empty_option", format!("option {} is empty", option_letter(k)));
            }
        }
        for (a, first) in options.iter().enumerate() {
            for (b, second) in options.iter().enumerate().skip(a + 1) {
                if first.trim().is_empty() {
                    continue;
                }
                let pair = || format!("{} and {} both say {first:?}", option_letter(a), option_letter(b));
                if same(first, second) {
                    hit("duplicated_options", pair());
                } else if loose(first).is_some_and(|l| Some(l) == loose(second)) {
                    hit("near_identical_options", format!("{}, but for punctuation or case", pair()));
                }
            }
        }
        for (k, option) in options.iter().enumerate() {
            if k + 1 < options.len()
                && refers_to_above(option)
                && !options[k + 1..].iter().all(|o| refers_to_above(o))
            {
                hit(
                    "all_above_not_last",
                    format!("{} says {option:?} before other options", option_letter(k)),
                );
            }
        }
    }
    hits
}

/// Options are the same if they agree in all but white space; case may tell formulas apart.
fn same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// The words of an option that is plain prose; `None` where signs may carry meaning.
fn loose(option: &str) -> Option<String> {
    let prose = |c: char| {
        c.is_alphabetic()
            || c.is_whitespace()
            || matches!(c, '.' | ',' | ';' | ':' | '\'' | '"' | '’' | '?' | '!')
    };
    let words: Vec<&str> = option.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
    let long = words.len() >= 2 && words.iter().all(|w| w.chars().count() >= 2);
    (long && option.chars().all(prose)).then(|| words.join(" ").to_lowercase())
}

fn refers_to_above(option: &str) -> bool {
    let text = plain(option);
    let text = text.trim_end_matches(['.', '!']);
    [
        "all of the above",
        "none of the above",
        "all of these",
        "none of these",
        "all the above",
        "all of these options",
        "none of these options",
    ]
    .contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(options: &[&str]) -> Vec<&'static str> {
        let options = Some(options.iter().map(|o| (*o).to_owned()).collect());
        check(&[Item { options, ..Item::new("b", None, "i") }]).into_iter().map(|h| h.rule).collect()
    }

    #[test]
    fn faults_of_options_are_found() {
        assert_eq!(rules(&["a", " ", "b"]), vec!["empty_option"]);
        assert_eq!(rules(&["the end", "the  end", "b"]), vec!["duplicated_options"]);
        assert_eq!(rules(&["The end.", "the end", "b"]), vec!["near_identical_options"]);
        assert_eq!(rules(&["All of the above", "x1", "y1"]), vec!["all_above_not_last"]);
    }

    #[test]
    fn formulas_and_closing_options_are_left_alone() {
        assert!(rules(&["~A", "A", "a", "-1", "1"]).is_empty());
        assert!(rules(&["x1", "All of the above.", "None of the above"]).is_empty());
        assert!(rules(&["F • L", "(F • L)"]).is_empty());
    }
}
