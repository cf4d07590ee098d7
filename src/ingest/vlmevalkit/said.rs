//! Which option does an answer name? A letter, or words with one letter of an option among them.

use crate::ingest::json::value::letter;

/// In longer answers `A` is mostly an article.
const LONGEST_WITH_A: usize = 3;

/// The option that an answer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub at: u16,
    /// Whether the answer is nothing but its letter.
    pub is_letter: bool,
}

impl Said {
    /// The letter that the answer is, else the only letter of an option among its words.
    fn of(answer: &str, options: &[String]) -> Option<Self> {
        if let Some(at) = letter(answer) {
            let is_there = options.is_empty() || usize::from(at) < options.len();
            return is_there.then_some(Self { at, is_letter: true });
        }
        let words: Vec<&str> =
            answer.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let named = |at: &u16| words.iter().any(|word| letter(word) == Some(*at));
        let mut all = (0..options.len().min(26) as u16).filter(named);
        let at = all.next().filter(|_| all.next().is_none())?;
        (at > 0 || words.len() <= LONGEST_WITH_A).then_some(Self { at, is_letter: false })
    }

    /// The option that was chosen in every copy of a question, by its place in the first; each answer with the
    /// options in the order of its copy.
    pub fn in_every_copy(answers: &[(String, Vec<String>)]) -> Option<Self> {
        let ((first, options), copies) = answers.split_first()?;
        let said = Self::of(first, options)?;
        let same = |(answer, turned): &(String, Vec<String>)| {
            let other = Self::of(answer, turned)?;
            let option = turned.get(usize::from(other.at))?;
            Some(options.get(usize::from(said.at))? == option)
        };
        copies.iter().all(|copy| same(copy) == Some(true)).then_some(said)
    }

    /// Whether it can be what was scored: the key is never wrong, and what was read from words is no more certain
    /// than the score.
    pub fn is_credible(self, gold: Option<u16>, score: Option<f64>) -> bool {
        gold.zip(score).is_none_or(|(gold, score)| {
            let is_key = gold == self.at;
            is_key == (score > 0.0) || self.is_letter && !is_key
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn answers_name_options_by_a_letter() {
        let of = |answer: &str| Said::of(answer, &options("w x y z")).map(|said| (said.at, said.is_letter));
        assert_eq!([of("B"), of("(C)."), of("E")], [Some((1, true)), Some((2, true)), None]);
        assert_eq!(
            [of("The answer is B."), of("A: cat"), of("I see D, x")],
            [1, 0, 3].map(|at| Some((at, false)))
        );
        for none in ["B or C", "A cat sits on the mat", "", "because"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(Said::of("E", &[]), Some(Said { at: 4, is_letter: true }));
    }

    #[test]
    fn copies_say_the_same_option_or_nothing() {
        let of = |answers: &[(&str, &str)]| {
            let answers: Vec<_> = answers.iter().map(|(a, o)| ((*a).to_owned(), options(o))).collect();
            Said::in_every_copy(&answers).map(|said| said.at)
        };
        assert_eq!(of(&[("B", "w x y z")]), Some(1));
        assert_eq!(of(&[("B", "w x y z"), ("A", "x y z w"), ("D", "y z w x")]), Some(1));
        assert_eq!(of(&[("B", "w x y z"), ("B", "x y z w")]), None);
        assert_eq!(of(&[("B", "w x y z"), ("none", "x y z w")]), None);
    }

    #[test]
    fn the_key_is_never_wrong() {
        let said = |is_letter| Said { at: 1, is_letter };
        assert!(said(true).is_credible(Some(1), Some(1.0)) && !said(true).is_credible(Some(1), Some(0.0)));
        assert!(said(true).is_credible(Some(2), Some(1.0)) && !said(false).is_credible(Some(2), Some(1.0)));
        assert!(said(false).is_credible(Some(2), Some(0.0)) && said(false).is_credible(None, Some(0.0)));
    }
}
