//! Does the question refer to something that is not there? Figures, passages and numbered statements.

use super::{RuleHit, plain};
use crate::flags::evidence::Kind;
use crate::response::Item;

/// Phrases that point at a figure or table outside the text.
const FIGURES: [&str; 20] = [
    "in the figure",
    "the figure above",
    "the figure below",
    "the figure shows",
    "the diagram above",
    "the diagram below",
    "in the diagram",
    "the graph above",
    "the graph below",
    "the graph shows",
    "in the graph above",
    "the image above",
    "the image below",
    "the picture above",
    "the picture below",
    "the map above",
    "the map below",
    "shown in the figure",
    "as shown above",
    "shown in the diagram",
];
/// Phrases that point at a passage, and the length in words from which the passage may be in the question.
const PASSAGES: [&str; 9] = [
    "this chapter",
    "the passage above",
    "the passage below",
    "according to the passage",
    "the author of the passage",
    "the above passage",
    "in this passage",
    "the following passage",
    "in the preceding question",
];
const PASSAGE_WORDS: usize = 60;

/// Questions that are empty, point at something absent, or whose options count statements that are not there.
///
/// A table or picture given in the text (pipes, tags, many lines) counts as present.
pub fn check(items: &[Item]) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let sparse = sparse_questions(items);
    for (at, item) in items.iter().enumerate() {
        let Some(question) = item.question() else { continue };
        let text = plain(&question);
        let mut hit = |rule, detail| {
            hits.push(RuleHit { item: at, rule, kind: Kind::ClaritySuspect, other: None, detail });
        };
        if text.is_empty() {
            hit("empty_question", "the question is empty".to_owned());
            continue;
        }
        if sparse[at] {
            hit("nearly_empty_question", "far fewer marks than any usual question of this form".to_owned());
        }
        let drawn =
            ["|", "<img", "![", "\\begin{tab", "<table", "[asy]"].iter().any(|m| question.contains(m))
                || question.lines().count() > 8;
        if let (false, Some(phrase)) = (drawn, FIGURES.iter().find(|p| text.contains(**p))) {
            hit("figure_absent", format!("refers to {phrase:?}, and no figure or table is in the text"));
        }
        if let (true, Some(phrase)) =
            (text.split(' ').count() < PASSAGE_WORDS, PASSAGES.iter().find(|p| text.contains(**p)))
        {
            hit("passage_absent", format!("refers to {phrase:?}, and no passage is in the text"));
        }
        if counts_statements(item) && !lists_statements(&question) {
            hit(
                "statements_absent",
                "the options count statements I, II, …, and none is in the text".to_owned(),
            );
        }
    }
    hits
}

/// Questions drawn in a fixed form (all of one length, as pictures in characters) with less than 40 % of the
/// median number of marks.
fn sparse_questions(items: &[Item]) -> Vec<bool> {
    let mut lengths: Vec<(usize, usize)> = Vec::new();
    let mut at = Vec::new();
    for (i, question) in items.iter().enumerate().filter_map(|(i, item)| Some((i, item.question()?))) {
        let marks = question.chars().filter(|c| !c.is_whitespace()).count();
        lengths.push((question.chars().count(), marks));
        at.push(i);
    }
    let mut sparse = vec![false; items.len()];
    if lengths.len() < 20 || lengths.iter().any(|l| l.0 != lengths[0].0) {
        return sparse;
    }
    let mut marks: Vec<usize> = lengths.iter().map(|l| l.1).collect();
    marks.sort_unstable();
    let median = marks[marks.len() / 2];
    for (&i, (_, marks)) in at.iter().zip(&lengths) {
        sparse[i] = marks * 5 < median * 2;
    }
    sparse
}

/// Whether at least two options say no more than which of some numbered statements hold.
fn counts_statements(item: &Item) -> bool {
    let numeral = |w: &str| matches!(w.trim_matches(','), "i" | "ii" | "iii" | "iv" | "v");
    let counting = |option: &String| {
        let text = plain(option);
        let mut numerals = 0;
        text.trim_end_matches('.').split(' ').all(|w| {
            numerals += usize::from(numeral(w));
            numeral(w) || matches!(w.trim_matches(','), "and" | "only" | "or" | "none" | "all")
        }) && numerals > 0
            && text.contains("only")
    };
    item.options().is_some_and(|o| o.iter().filter(|o| counting(o)).count() >= 2)
}

/// Whether a question has anything that looks like a numbered statement.
fn lists_statements(question: &str) -> bool {
    question
        .split(|c: char| {
            c.is_whitespace() || matches!(c, '.' | ')' | '(' | ':' | ',' | ';' | '\\' | '-' | '–')
        })
        .any(|w| matches!(w, "I" | "II" | "III"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(question: &str, options: &[&str]) -> Vec<&'static str> {
        let item = Item {
            question: Some(question.into()),
            options: Some(options.iter().map(|o| (*o).to_owned()).collect()),
            ..Item::new("b", None, "i")
        };
        check(&[item]).into_iter().map(|h| h.rule).collect()
    }

    #[test]
    fn what_is_pointed_at_and_absent_is_found() {
        assert_eq!(
            rules("In this chapter's Senior View, what is advised?", &["a", "b"]),
            vec!["passage_absent"]
        );
        assert_eq!(rules("What is the area of the square in the figure?", &[]), vec!["figure_absent"]);
        assert_eq!(
            rules("Which scans show function?", &["I only", "II only", "I and II"]),
            vec!["statements_absent"]
        );
        assert_eq!(rules("  ", &[]), vec!["empty_question"]);
    }

    #[test]
    fn what_is_there_is_not_missed() {
        assert!(rules("Which hold? I. a II. b", &["I only", "II only"]).is_empty());
        assert!(rules("Read the figure above: | a | b |", &[]).is_empty());
        assert!(rules("Go figure.", &["I", "you"]).is_empty());
    }

    #[test]
    fn a_picture_with_hardly_a_mark_is_nearly_empty() {
        let item = |q: &str| Item { question: Some(q.into()), ..Item::new("b", None, "i") };
        let mut items: Vec<Item> = (0..30).map(|_| item("##  ####")).collect();
        items.push(item("     #  "));
        let hits = check(&items);
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].item, hits[0].rule), (30, "nearly_empty_question"));
    }
}
