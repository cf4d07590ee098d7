//! What else does a long table say of a row? Columns that go into the rows as they are.

use super::roles::{Role, Roles};
use crate::response::Status;
use crate::store::frame::{Frame, NOTHING, Words};
use std::borrow::Cow;

/// Columns that go into the rows as they are.
pub(super) struct Extras<'a> {
    pub primary: Option<Vec<Option<bool>>>,
    repeats: Option<Vec<Option<u32>>>,
    statuses: Option<Vec<Option<Status>>>,
    pub unknown_statuses: Vec<(String, usize)>,
    pub prediction: Option<Cow<'a, Words>>,
    pub logp_gold: Option<Vec<Option<f64>>>,
    pub logp_margin: Option<Vec<Option<f64>>>,
    pub tokens_in: Option<Vec<Option<i64>>>,
    pub tokens_out: Option<Vec<Option<i64>>>,
    pub source_row: Option<Vec<Option<i64>>>,
}

impl<'a> Extras<'a> {
    pub fn read(frame: &'a Frame, roles: &Roles) -> Self {
        let cells = |role| roles.get(role).map(|at| &frame.columns[at].1);
        let words = |role| roles.get(role).map(|at| frame.columns[at].1.to_words());
        let status_words = words(Role::Status);
        let unknown_statuses = status_words.as_ref().map_or_else(Vec::new, |w| {
            let counted = w.distinct().iter().zip(w.counts());
            counted.filter(|(w, _)| status_of(w).is_none()).map(|(w, n)| (w.to_string(), n)).collect()
        });
        Self {
            primary: cells(Role::Primary).map(|c| c.to_truths()),
            repeats: words(Role::Repeat).map(|w| repeats(&w)),
            statuses: status_words.map(|w| w.decide(status_of)),
            unknown_statuses,
            prediction: words(Role::Prediction),
            logp_gold: cells(Role::LogpGold).map(|c| c.to_reals()),
            logp_margin: cells(Role::LogpMargin).map(|c| c.to_reals()),
            tokens_in: cells(Role::TokensIn).map(|c| c.to_wholes()),
            tokens_out: cells(Role::TokensOut).map(|c| c.to_wholes()),
            source_row: cells(Role::SourceRow).map(|c| c.to_wholes()),
        }
    }

    pub fn repeat(&self, row: usize) -> u32 {
        self.repeats.as_ref().and_then(|r| r[row]).unwrap_or(0)
    }

    pub fn status(&self, row: usize) -> Option<Status> {
        self.statuses.as_ref().and_then(|s| s[row])
    }

    pub fn says_nothing(&self, row: usize) -> bool {
        self.prediction.as_ref().is_none_or(|p| p.get(row).is_none())
    }

    pub fn count(&self, column: &Option<Vec<Option<i64>>>, row: usize) -> Option<u32> {
        column.as_ref().and_then(|c| c[row]).and_then(|x| u32::try_from(x).ok())
    }
}

/// Repeats by number; words are numbered in the order of their appearance.
fn repeats(words: &Words) -> Vec<Option<u32>> {
    if are_numbers(words) {
        words.decide(|w| number(w).map(|x| x as u32))
    } else {
        words.codes().iter().map(|&code| (code != NOTHING).then_some(code)).collect()
    }
}

fn number(word: &str) -> Option<f64> {
    word.trim().parse::<f64>().ok().filter(|x| x.fract() == 0.0 && (0.0..4e9).contains(x))
}

/// Whether repeats have numbers of their own.
pub(super) fn are_numbers(words: &Words) -> bool {
    words.distinct().iter().all(|word| number(word).is_some())
}

/// A status as our files or others write it.
fn status_of(word: &str) -> Option<Status> {
    let word = word.trim().to_lowercase();
    word.parse().ok().or(match word.as_str() {
        "success" | "completed" | "complete" | "done" | "scored" | "finished" => Some(Status::Ok),
        "failed" | "exception" | "crashed" => Some(Status::Error),
        "timeout" | "truncated" => Some(Status::Limit),
        _ => None,
    })
}
