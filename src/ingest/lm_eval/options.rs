//! Which option did the model choose, which one is the key, and by how much did it prefer it?

use super::sample::{Answer, Doc, Request};
use crate::ingest::json::Scalar;

/// One option: its text as it was scored, and its log-probabilities in nats.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored<'s> {
    /// The continuation without the delimiter before it.
    pub text: &'s str,
    /// Log-probability after the question.
    pub logp: f64,
    /// Log-probability without the question, where the harness asked for it.
    pub logp_uncond: Option<f64>,
    /// Whether greedy decoding would give it.
    pub is_greedy: Option<bool>,
}

/// The scored options of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Options<'s> {
    /// In the order of the requests.
    pub scored: Vec<Scored<'s>>,
    /// Whether prompts differ and the continuation is the same (Winograd schemata): lengths say nothing then.
    pub prompts_differ: bool,
}

/// Where the options are among the requests. With `acc_mutual_info` every option is scored a second time, with an
/// empty prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Once,
    /// Each option is followed by its second request (v0.4.0 to v0.4.2, perhaps later).
    InPairs,
    /// The second requests come behind all first ones.
    Behind,
}

impl Layout {
    fn of(requests: &[Request], n_scores: usize) -> Self {
        let is_empty = |r: &Request| r.prompt.is_some_and(|p| p.trim_matches('"').trim().is_empty());
        let half = n_scores / 2;
        if requests.len() != n_scores || half == 0 || !n_scores.is_multiple_of(2) {
            return Self::Once;
        }
        let places = |layout: Self| (0..half).map(move |k| layout.places(k, half));
        let fits = |layout: &Self| {
            places(*layout).all(|(_, without)| without.is_some_and(|at| is_empty(&requests[at])))
                && !places(*layout).all(|(with, _)| is_empty(&requests[with]))
        };
        [Self::Behind, Self::InPairs].into_iter().find(fits).unwrap_or(Self::Once)
    }

    fn n_options(self, n_scores: usize) -> usize {
        if self == Self::Once { n_scores } else { n_scores / 2 }
    }

    /// The places of the two requests of an option of `n`.
    fn places(self, option: usize, n: usize) -> (usize, Option<usize>) {
        match self {
            Self::Once => (option, None),
            Self::InPairs => (2 * option, Some(2 * option + 1)),
            Self::Behind => (option, Some(n + option)),
        }
    }
}

impl<'s> Options<'s> {
    /// Reads log-probabilities of options; `None` where the attempt was not scored in this way.
    pub(super) fn read(requests: &'s [Request], answers: &[Answer], delimiter: &str) -> Option<Self> {
        let scores: Vec<(f64, Option<bool>)> = answers
            .iter()
            .map(|answer| match answer {
                Answer::LogLikelihood(logp, greedy) => Some((*logp, *greedy)),
                _ => None,
            })
            .collect::<Option<_>>()?;
        if scores.is_empty() || u16::try_from(scores.len()).is_err() {
            return None;
        }
        let layout = Layout::of(requests, scores.len());
        let n = layout.n_options(scores.len());
        let text = |k: usize| match requests.get(k).and_then(|r| r.continuation.as_ref()) {
            Some(Scalar::Text(text)) => text.strip_prefix(delimiter).unwrap_or(text),
            _ => "",
        };
        let scored: Vec<Scored<'s>> = (0..n)
            .map(|k| {
                let (with, without) = layout.places(k, n);
                Scored {
                    text: text(with),
                    logp: scores[with].0,
                    logp_uncond: without.map(|without| scores[without].0),
                    is_greedy: scores[with].1,
                }
            })
            .collect();
        let prompt = |k: usize| requests.get(layout.places(k, n).0).map(|request| request.prompt);
        let prompts_differ = n > 1
            && (0..n).all(|k| prompt(k).is_some())
            && (1..n).any(|k| prompt(k) != prompt(0))
            && scored.iter().all(|o| o.text == scored[0].text);
        Some(Self { scored, prompts_differ })
    }

    /// Number of options.
    pub fn n(&self) -> usize {
        self.scored.len()
    }

    /// The option that a metric looks at: the most probable one, by character for `acc_norm`, by byte for
    /// `acc_bytes`, relative to its probability without the question for `acc_mutual_info`.
    ///
    /// ```text
    /// acc:              argmax_k  log p(o_k | q)
    /// acc_norm:         argmax_k  log p(o_k | q) / characters(o_k)
    /// acc_bytes:        argmax_k  log p(o_k | q) / bytes(o_k)
    /// acc_mutual_info:  argmax_k  log p(o_k | q) − log p(o_k)
    /// ```
    ///
    /// The first of equal ones, as in the harness. `None` where there are fewer than two options or the lengths
    /// or log-probabilities are not known.
    pub fn chosen(&self, metric: &str) -> Option<u16> {
        if self.n() < 2 {
            return None;
        }
        let by_length = |length: fn(&str) -> usize| -> Option<u16> {
            let known = !self.prompts_differ && self.scored.iter().all(|o| !o.text.is_empty());
            known.then(|| first_largest(self.scored.iter().map(|o| Some(o.logp / length(o.text) as f64))))?
        };
        match metric {
            "acc_norm" => by_length(|text| text.chars().count()),
            "acc_bytes" => by_length(str::len),
            "acc_mutual_info" => {
                first_largest(self.scored.iter().map(|o| o.logp_uncond.map(|without| o.logp - without)))
            }
            _ => first_largest(self.scored.iter().map(|o| Some(o.logp))),
        }
    }

    /// Log-probability of the key, and how far it is above the best other option, nats.
    pub fn margin(&self, gold: u16) -> Option<(f64, Option<f64>)> {
        let key = self.scored.get(usize::from(gold))?.logp;
        let others = self.scored.iter().enumerate().filter(|(k, _)| *k != usize::from(gold));
        let best = others.map(|(_, o)| o.logp).reduce(f64::max);
        Some((key, best.map(|best| key - best).filter(|m| m.is_finite())))
    }
}

/// Position of the first of the largest values; `None` if any is unknown.
fn first_largest(values: impl Iterator<Item = Option<f64>>) -> Option<u16> {
    let mut best: Option<(u16, f64)> = None;
    for (at, value) in values.enumerate() {
        let value = value.filter(|v| !v.is_nan())?;
        if best.is_none_or(|(_, largest)| value > largest) {
            best = Some((u16::try_from(at).ok()?, value));
        }
    }
    best.map(|(at, _)| at)
}

/// The key among the options, as `target` says it with the texts of the options in one of several forms, else as the
/// score says it: the chosen option if that was right, and the other one of two if it was wrong.
///
/// A target may be an index, the text of an option, or a letter, written as a number or as text; the harness does not
/// say which. `outcome` is the option chosen and whether it was counted as right: it decides between several readings.
/// The only reading stands against it, because what was chosen is retraced here, and some versions of the harness took
/// other log-probabilities. Where several options are right there is no one key.
pub(super) fn key(
    target: &[Scalar],
    forms: &[&[&str]],
    n: usize,
    outcome: Option<(u16, bool)>,
) -> Option<u16> {
    if several(target, n) {
        return None;
    }
    let fits = |k: u16| outcome.is_none_or(|(chosen, right)| (k == chosen) == right);
    let read = |texts: &&[&str]| {
        let read = target.first().map(|t| readings(t, texts, n)).unwrap_or_default();
        match read.as_slice() {
            [one] => Some(*one),
            several => several.iter().copied().find(|k| fits(*k)),
        }
    };
    forms.iter().find_map(read).or_else(|| match outcome? {
        (chosen, true) => Some(chosen),
        (chosen, false) if n == 2 => 1u16.checked_sub(chosen),
        _ => None,
    })
}

/// Whether a target names several of `n` options: a list, or one written as text, `[0, 1]`.
pub(super) fn several(target: &[Scalar], n: usize) -> bool {
    match target {
        [Scalar::Text(text)] => {
            let inner = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let indices = inner.into_iter().flat_map(|inner| inner.split(','));
            let mut count = 0;
            indices.inspect(|_| count += 1).all(|k| k.trim().parse().is_ok_and(|k: usize| k < n)) && count > 1
        }
        [_] | [] => false,
        _ => true,
    }
}

/// What a target may mean, the likeliest first.
fn readings(target: &Scalar, texts: &[&str], n: usize) -> Vec<u16> {
    let mut found: Vec<usize> = Vec::new();
    let index = match target {
        Scalar::Whole(whole) => usize::try_from(*whole).ok(),
        Scalar::Text(text) => text.trim().trim_matches(['[', ']']).parse().ok(),
        _ => None,
    };
    found.extend(index.filter(|k| *k < n));
    if let Scalar::Text(text) = target {
        let same = |k: &usize| texts.get(*k).is_some_and(|option| option.trim() == text.trim());
        found.extend((0..n).filter(same));
        found.extend(named(text, texts, n));
    }
    let mut read = Vec::new();
    for k in found.into_iter().filter_map(|k| u16::try_from(k).ok()) {
        if !read.contains(&k) {
            read.push(k);
        }
    }
    read
}

/// The option that a text names: by its own text, or by a letter (`B`, `(B)`, `B.`).
pub(super) fn named(text: &str, texts: &[&str], n: usize) -> Option<usize> {
    let text = text.trim();
    let by_text = texts.iter().position(|o| o.trim() == text).filter(|k| *k < n);
    by_text.or_else(|| {
        let bare = text.strip_prefix('(').unwrap_or(text).trim_end_matches(['.', ')', ':']);
        let mut letters = bare.chars();
        match (letters.next(), letters.next()) {
            (Some(letter @ 'A'..='Z'), None) => Some(letter as usize - 'A' as usize).filter(|k| *k < n),
            _ => None,
        }
    })
}

/// The options as the document has them: a list of `n` texts, one of the usual names before any other. Where they were
/// not scored one by one, `answers` are those that are accepted.
pub(super) fn listed<'d>(doc: &'d Doc<'_>, n: Option<usize>) -> Option<&'d [std::borrow::Cow<'d, str>]> {
    const NAMES: [&str; 5] = ["choices", "options", "endings", "answer_choices", "answers"];
    let fits = |len: usize| n.map_or(len > 1, |n| len == n);
    let names = NAMES.iter().filter(|name| n.is_some() || **name != "answers");
    names.into_iter().find_map(|name| {
        let list =
            doc.lists.iter().find(|(key, list)| key.0.eq_ignore_ascii_case(name) && fits(list.len()))?;
        Some(list.1.as_slice())
    })
}

/// The options where the document has a field for each: `A`, `choice1`, `option_a`, `opa` and those that follow.
pub(super) fn in_fields<'d>(doc: &'d Doc<'_>, n: usize) -> Option<Vec<&'d str>> {
    let letter = |k: usize| char::from(b'a' + k as u8);
    let names: [fn(usize, char) -> String; 6] = [
        |_, letter| letter.to_string(),
        |k, _| format!("choice{}", k + 1),
        |k, _| format!("option{}", k + 1),
        |_, letter| format!("choice_{letter}"),
        |_, letter| format!("option_{letter}"),
        |_, letter| format!("op{letter}"),
    ];
    let field = |name: String| {
        let value = doc.fields.iter().find(|(key, _)| key.0.eq_ignore_ascii_case(&name));
        match value {
            Some((_, Scalar::Text(text))) => Some(text.as_ref()),
            _ => None,
        }
    };
    let all = |name: &fn(usize, char) -> String| (0..n).map(|k| field(name(k, letter(k)))).collect();
    (2..=26).contains(&n).then(|| names.iter().find_map(all)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn request<'a>(prompt: &'a str, continuation: &'a str) -> Request<'a> {
        Request { prompt: Some(prompt), continuation: Some(Scalar::Text(Cow::Borrowed(continuation))) }
    }

    fn text(text: &str) -> Scalar<'_> {
        Scalar::Text(Cow::Borrowed(text))
    }

    #[test]
    fn metrics_choose_by_probability_length_and_information() {
        let requests = [
            request("\"q\"", " yes"),
            request("\"q\"", " perhaps"),
            request("\"\"", " yes"),
            request("\"\"", " perhaps"),
        ];
        let answers = [-3.0, -4.0, -1.0, -3.0].map(|logp| Answer::LogLikelihood(logp, Some(false)));
        let options = Options::read(&requests, &answers, " ").unwrap();
        assert_eq!(options.n(), 2);
        assert_eq!(options.chosen("acc"), Some(0));
        // −3/3 = −1 against −4/7 = −0.571.
        assert_eq!(options.chosen("acc_norm"), Some(1));
        // −3 + 1 = −2 against −4 + 3 = −1.
        assert_eq!(options.chosen("acc_mutual_info"), Some(1));
        assert_eq!(options.margin(1), Some((-4.0, Some(-1.0))));
    }

    #[test]
    fn options_scored_twice_stand_behind_one_another_or_in_pairs() {
        let both = [("\"q\"", " yes"), ("\"\"", "yes"), ("\"q\"", " no"), ("\"\"", "no")];
        let requests = both.map(|(prompt, continuation)| request(prompt, continuation));
        let answers = [-3.0, -1.0, -4.0, -3.0].map(|logp| Answer::LogLikelihood(logp, None));
        let options = Options::read(&requests, &answers, " ").unwrap();
        let scored: Vec<_> = options.scored.iter().map(|o| (o.text, o.logp, o.logp_uncond)).collect();
        assert_eq!(scored, [("yes", -3.0, Some(-1.0)), ("no", -4.0, Some(-3.0))]);
        assert!(!options.prompts_differ);
    }

    #[test]
    fn the_first_of_equals_is_chosen_and_nothing_where_one_is_unknown() {
        let requests = [request("\"q\"", " A"), request("\"q\"", " B")];
        let chosen = |a, b| {
            let answers = [a, b].map(|logp| Answer::LogLikelihood(logp, None));
            Options::read(&requests, &answers, " ").unwrap().chosen("acc")
        };
        assert_eq!(chosen(-1.0, -1.0), Some(0));
        assert_eq!(chosen(f64::NEG_INFINITY, -1.0), Some(1));
        assert_eq!(chosen(f64::NAN, -1.0), None);
    }

    #[test]
    fn lengths_say_nothing_where_prompts_differ() {
        let requests = [request("\"The cup\"", " was big"), request("\"The box\"", " was big")];
        let answers = [-2.0, -1.0].map(|logp| Answer::LogLikelihood(logp, None));
        let options = Options::read(&requests, &answers, " ").unwrap();
        assert!(options.prompts_differ);
        assert_eq!((options.chosen("acc"), options.chosen("acc_norm")), (Some(1), None));
    }

    #[test]
    fn a_target_is_an_index_a_text_or_a_letter() {
        let letters = &["A", "B", "C", "D"];
        assert_eq!(key(&[Scalar::Whole(2)], &[letters], 4, None), Some(2));
        assert_eq!(key(&[text("2")], &[letters], 4, None), Some(2));
        assert_eq!(key(&[text("D")], &[letters], 4, None), Some(3));
        assert_eq!(key(&[text(" (B)")], &[&["(A)", "(B)"]], 2, None), Some(1));
        assert_eq!(key(&[text("B")], &[&["the sun", "the moon"]], 2, None), Some(1));
        assert_eq!(key(&[text("the moon")], &[&["the sun", "the moon"]], 2, None), Some(1));
        assert_eq!(key(&[text("7")], &[letters], 4, None), None);
        assert_eq!(key(&[], &[letters], 4, None), None);
    }

    #[test]
    fn the_score_decides_between_readings() {
        // Options that are numbers: "2" may be the third option or the text of the second one.
        let numbers = &["1", "2", "3"];
        assert_eq!(key(&[text("2")], &[numbers], 3, None), Some(2));
        assert_eq!(key(&[text("2")], &[numbers], 3, Some((1, true))), Some(1));
        assert_eq!(key(&[text("2")], &[numbers], 3, Some((2, false))), Some(1));
        // No reading: what was right is the key; what was wrong leaves one of two.
        assert_eq!(key(&[text("?")], &[numbers], 3, Some((0, true))), Some(0));
        assert_eq!(key(&[text("?")], &[numbers], 3, Some((0, false))), None);
        assert_eq!(key(&[text("?")], &[&["x", "y"]], 2, Some((0, false))), Some(1));
        // The only reading stands against the score.
        assert_eq!(key(&[Scalar::Whole(0)], &[&["x", "y"]], 2, Some((1, true))), Some(0));
        // One continuation after several prompts says nothing.
        assert_eq!(key(&[text("was big")], &[&["was big", "was big"]], 2, Some((0, false))), Some(1));
        // The texts in the document, where those that were scored are letters.
        assert_eq!(key(&[text("the sun")], &[&["A", "B"], &["the moon", "the sun"]], 2, None), Some(1));
    }

    #[test]
    fn several_keys_are_no_key() {
        let both = [Scalar::Whole(0), Scalar::Whole(2)];
        assert!(several(&both, 3) && several(&[text("[0, 2]")], 3));
        assert!(
            !several(&[text("[0]")], 3) && !several(&[text("[0, 7]")], 3) && !several(&[text("a, b")], 3)
        );
        assert_eq!(key(&both, &[&["x", "y", "z"]], 3, Some((2, true))), None);
        assert_eq!(key(&[text("[0, 2]")], &[&["x", "y", "z"]], 3, Some((2, true))), None);
    }
}
