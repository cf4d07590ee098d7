//! Which items does the classical analysis point at? The surest suspects, with the reason in plain words.

use super::look_at::{Suspect, Votes, option_label};
use super::words::{count, estimate, percent};
use crate::classical::{ClassicalAnalysis, DiscriminationSign, ItemStatistics, OptionShare};
use crate::response::Item;
use std::collections::HashMap;

/// Items shown at most.
const MOST: usize = 12;
/// A wrong option that this share of the strongest third agrees on is worth a look.
const AGREEMENT: f64 = 0.5;

/// The most suspicious items, and how many are suspicious in all: in turn one on which the strongest third
/// agrees on an option that is not the key, and one whose item–rest correlation is surely negative, each list
/// with its surest first; then the rest with a negative correlation.
///
/// The lists take turns because neither finds all: an item that nobody gets right has no item–rest correlation.
pub fn suspects<'a>(analysis: &ClassicalAnalysis, texts: &'a [Item]) -> (Vec<Suspect<'a>>, usize) {
    let text_of: HashMap<&str, &Item> = texts.iter().map(|t| (t.id.as_str(), t)).collect();
    let mut found: Vec<(Suspicion, f64, &ItemStatistics)> = analysis
        .items
        .iter()
        .filter_map(|item| suspicion(item).map(|(kind, order)| (kind, order, item)))
        .collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.2.item.cmp(&b.2.item)));
    let n = found.len();
    let of = |kind: Suspicion| found.iter().filter(move |f| f.0 == kind).map(|f| f.2);
    let (mut rivals, mut backward) = (of(Suspicion::Rival), of(Suspicion::Backward));
    let mut order: Vec<&ItemStatistics> = Vec::with_capacity(n);
    loop {
        let pair = [rivals.next(), backward.next()];
        if pair.iter().all(Option::is_none) {
            break;
        }
        order.extend(pair.into_iter().flatten());
    }
    order.extend(of(Suspicion::Weak));
    let shown = order
        .into_iter()
        .take(MOST)
        .map(|item| Suspect {
            item: item.item.to_string(),
            subject: item.subject.clone(),
            reasons: reasons(item),
            text: text_of.get(item.item.as_str()).copied(),
            votes: item.options.as_deref().and_then(votes),
        })
        .collect();
    (shown, n)
}

/// What the order of the suspects is.
pub fn lede(shown: usize, n: usize) -> String {
    format!(
        "The surest {shown} of {}: in turn one on which the strongest third of the models agrees on an option that \
         is not the key, and one that weaker models solve more often than stronger ones. Read the question and its \
         key; the key is the first thing to doubt.",
        count(n, "suspicious item")
    )
}

/// What speaks against an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspicion {
    /// The strongest third agrees on an option that is not the key.
    Rival,
    /// The whole interval of the item–rest correlation is below 0.
    Backward,
    /// The item–rest correlation is negative, as it may be by chance.
    Weak,
}

/// The gravest suspicion of an item, and its order among those of the same kind, smallest first.
fn suspicion(item: &ItemStatistics) -> Option<(Suspicion, f64)> {
    if let Some((_, share, key_share)) = rival(item)
        && share >= AGREEMENT
    {
        return Some((Suspicion::Rival, key_share - share));
    }
    let rest = item.item_rest.as_ref()?;
    if item.sign == DiscriminationSign::Negative {
        return Some((Suspicion::Backward, rest.high().unwrap_or(rest.value)));
    }
    (rest.value < 0.0).then_some((Suspicion::Weak, rest.value))
}

/// The wrong option that most of the strongest third choose, its share there, and the share of the key.
fn rival(item: &ItemStatistics) -> Option<(&OptionShare, f64, f64)> {
    let options = item.options.as_deref()?;
    let key = options.iter().find(|o| o.is_key)?.share_in(2)?;
    options
        .iter()
        .filter(|o| !o.is_key && o.option.is_some())
        .filter_map(|o| Some((o, o.share_in(2)?, key)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, share, key)| share > key)
}

fn reasons(item: &ItemStatistics) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(rest) = item.item_rest.filter(|r| r.value < 0.0) {
        let sure = if item.sign == DiscriminationSign::Negative { "" } else { ", which chance may explain" };
        out.push(format!("Weaker models do better: item–rest correlation {}{sure}.", estimate(&rest, 2)));
    }
    if let Some((option, share, key)) = rival(item) {
        out.push(format!(
            "The strongest third choose {} ({}) over the key ({}).",
            option.option.map_or("none".to_owned(), |k| option_label(k.into())),
            percent(share),
            percent(key)
        ));
    }
    if item.at_floor {
        out.push(format!("None of the {} models gets it right.", item.n_responses));
    } else if let Some(difficulty) = item.difficulty {
        out.push(format!("{} of the {} models get it right.", percent(difficulty.value), item.n_responses));
    }
    out
}

fn votes(options: &[OptionShare]) -> Option<Votes> {
    let attempts = options.first()?.attempts;
    Some(Votes {
        by_option: options.iter().map(|o| (o.option.map(usize::from), o.thirds)).collect(),
        attempts,
        key: options.iter().find(|o| o.is_key).and_then(|o| o.option).map(usize::from),
    })
}
