//! Is the key one of the options?

use super::{RuleHit, plain};
use crate::flags::evidence::{Kind, option_letter};
use crate::response::Item;

/// Keys beyond the last option, and key texts that are not among the options.
pub fn check(items: &[Item]) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(options) = item.options().filter(|o| !o.is_empty()) else { continue };
        let mut hit = |rule, detail| {
            hits.push(RuleHit { item: at, rule, kind: Kind::OptionsRule, other: None, detail });
        };
        match (item.gold, item.gold_text()) {
            (Some(gold), _) if usize::from(gold) >= options.len() => hit(
                "key_out_of_range",
                format!("the key is option {} of {}", usize::from(gold) + 1, options.len()),
            ),
            (gold, Some(text)) => {
                let (same, position) = named_by(&text, &options);
                if !same && position.is_none() {
                    hit("key_not_an_option", format!("the key {text:?} is not among the options"));
                } else if let (Some(g), false) = (gold, same)
                    && position != Some(usize::from(g))
                {
                    hit(
                        "key_text_differs",
                        format!("the key is {}, its text says {text:?}", option_letter(usize::from(g))),
                    );
                }
            }
            _ => {}
        }
        if let (Some(gold), Some(text)) = (item.gold, item.gold_text())
            && let Some(option) = options.get(usize::from(gold))
        {
            let elsewhere = options.iter().position(|o| plain(o) == plain(&text));
            if plain(option) != plain(&text) && elsewhere.is_some() {
                hits.push(RuleHit {
                    item: at,
                    rule: "key_text_differs",
                    kind: Kind::OptionsRule,
                    other: None,
                    detail: format!("the key is {option:?}, its text says {text:?}"),
                });
            }
        }
    }
    hits
}

/// Whether a key text is an option, and the position it names if it is a letter.
fn named_by(text: &str, options: &[String]) -> (bool, Option<usize>) {
    let same = options.iter().any(|o| plain(o) == plain(text));
    let bare = text.trim().trim_matches(|c: char| matches!(c, '(' | ')' | '.' | ':'));
    let mut chars = bare.chars();
    let letter = match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii_alphabetic() => Some((c.to_ascii_uppercase() as u8 - b'A') as usize),
        _ => None,
    };
    (same, letter.filter(|l| *l < options.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(gold: Option<u16>, text: Option<&str>) -> Item {
        Item {
            options: Some(["one", "two", "three"].map(str::to_owned).to_vec().into()),
            gold,
            gold_text: text.map(Into::into),
            ..Item::new("b", None, "i")
        }
    }

    #[test]
    fn keys_that_are_no_options_are_found() {
        let rules = |i: Item| check(&[i]).into_iter().map(|h| h.rule).collect::<Vec<_>>();
        assert_eq!(rules(item(Some(3), None)), vec!["key_out_of_range"]);
        assert_eq!(rules(item(None, Some("four"))), vec!["key_not_an_option"]);
        assert_eq!(rules(item(Some(0), Some(" TWO "))), vec!["key_text_differs"]);
        assert_eq!(rules(item(Some(0), Some("C"))), vec!["key_text_differs"]);
        for sound in
            [item(Some(1), Some("B")), item(Some(1), Some("two")), item(None, Some("(a)")), item(None, None)]
        {
            assert!(rules(sound).is_empty());
        }
    }
}
