//! Which items should a person read? Text, options, key and votes of the most suspicious ones.

use super::finding::{Finding, NotRun};
use super::section::{Block, ItemCard, ItemOption, Method, Section, SectionId};
use crate::plot::{Heading, OptionShare, OptionSharesData, PlotError, option_shares};
use crate::response::Item;

/// Votes for the options of one item, by third of ability from weakest to strongest.
#[derive(Debug, Clone, PartialEq)]
pub struct Votes {
    /// Position of each option, `None` for "no option" (an abstention or an answer that was not read), with its
    /// votes in each third.
    pub by_option: Vec<(Option<usize>, [usize; 3])>,
    /// Attempts of each third.
    pub attempts: [usize; 3],
    /// Position of the key among the options.
    pub key: Option<usize>,
}

impl Votes {
    /// Options that the votes know of.
    fn n_options(&self) -> usize {
        self.by_option.iter().filter_map(|(option, _)| option.map(|k| k + 1)).max().unwrap_or(0)
    }
}

/// A suspicious item, as an estimator or detector names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect<'a> {
    /// Its name.
    pub item: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Why it is suspicious, with the numbers.
    pub reasons: Vec<String>,
    /// Its text, where the dump has it.
    pub text: Option<&'a Item>,
    /// The votes, where choices are known.
    pub votes: Option<Votes>,
}

/// Width of the chart of votes, px: fits a telephone and the side of a card.
const VOTES_WIDTH: f64 = 350.0;
/// Characters shown of a question.
const QUESTION: usize = 1500;
/// Characters shown of an option.
const OPTION: usize = 300;

/// `A`, `B`, … `Z`, then numbers.
pub fn option_label(position: usize) -> String {
    match u8::try_from(position) {
        Ok(k) if k < 26 => char::from(b'A' + k).to_string(),
        _ => (position + 1).to_string(),
    }
}

/// Cards of suspicious items in the order given, under a sentence that says what the order is.
///
/// # Errors
/// When there is none.
pub fn section(
    suspects: &[Suspect],
    lede: String,
    methods: Vec<Method>,
) -> Result<(Section, Vec<Finding>), NotRun> {
    if suspects.is_empty() {
        return Err(NotRun::new("Items to look at", "no item is suspicious enough to be shown"));
    }
    let cards = suspects.iter().map(card).collect::<Result<Vec<_>, PlotError>>()?;
    let section = Section {
        id: SectionId::LookAt,
        title: "Items to look at".to_owned(),
        lede: vec![lede],
        blocks: vec![Block::Items(cards)],
        methods,
    };
    Ok((section, Vec::new()))
}

fn card(suspect: &Suspect) -> Result<ItemCard, PlotError> {
    let text = suspect.text;
    let key = suspect.votes.as_ref().and_then(|v| v.key).or(text.and_then(|t| t.gold).map(usize::from));
    let listed = text.and_then(Item::options).unwrap_or_default();
    let n_options = listed.len().max(suspect.votes.as_ref().map_or(0, Votes::n_options));
    let options = (0..n_options)
        .map(|k| ItemOption {
            label: option_label(k),
            text: listed.get(k).map(|t| cut(t, OPTION)),
            is_key: key == Some(k),
        })
        .collect();
    let votes = match &suspect.votes {
        Some(votes) if votes.attempts.iter().any(|n| *n > 0) && !votes.by_option.is_empty() => {
            let data = OptionSharesData {
                heading: Heading::new(
                    "Who chose what",
                    "share of the models of each third by ability; ✓ is the key",
                ),
                options: votes
                    .by_option
                    .iter()
                    .map(|(option, votes)| OptionShare {
                        label: option.map_or("none".to_owned(), option_label),
                        is_key: option.is_some() && *option == key,
                        votes: *votes,
                    })
                    .collect(),
                n_models: votes.attempts,
            };
            Some(option_shares(&data, VOTES_WIDTH)?)
        }
        _ => None,
    };
    Ok(ItemCard {
        item: suspect.item.clone(),
        subject: suspect.subject.clone(),
        reasons: suspect.reasons.clone(),
        question: text.and_then(Item::question).map(|q| cut(&q, QUESTION)),
        options,
        key_text: text.and_then(Item::gold_text).filter(|_| key.is_none()).map(|k| cut(&k, OPTION)),
        votes,
    })
}

/// The first characters of a text, with a mark where more follow.
fn cut(text: &str, most: usize) -> String {
    // The lines of a drawing are indented; only what comes after the last word is of no use.
    let text = text.trim_end().trim_start_matches(['\r', '\n']);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_questions_are_cut_at_a_character() {
        assert_eq!(cut("\n  käse ", 10), "  käse");
        assert_eq!(cut("käsekäse", 2), "kä …");
        assert_eq!(
            (option_label(0), option_label(25), option_label(26)),
            ("A".into(), "Z".into(), "27".into())
        );
    }

    #[test]
    fn a_card_keeps_the_key_that_the_votes_were_scored_against() {
        let mut item = Item::new("b", None, "q1");
        item.options = Some(["x", "y"].map(str::to_owned).to_vec().into());
        item.gold = Some(0);
        let suspect = Suspect {
            item: "q1".into(),
            subject: None,
            reasons: vec![],
            text: Some(&item),
            votes: Some(Votes {
                by_option: vec![(Some(0), [1, 0, 0]), (Some(1), [0, 1, 1]), (None, [0, 0, 1])],
                attempts: [1, 1, 2],
                key: Some(1),
            }),
        };
        let card = card(&suspect).unwrap();
        assert_eq!(card.options.iter().map(|o| o.is_key).collect::<Vec<_>>(), [false, true]);
        assert!(card.votes.is_some());
    }
}
