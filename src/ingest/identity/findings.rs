//! What is odd about the items of different files? Counted for each benchmark, with some examples.

use crate::ingest::lint::{self, Lint};

/// Examples kept of each kind of finding.
const MAX_EXAMPLES: usize = 5;

/// What was found, in the order of the first finding of each benchmark.
#[derive(Debug, Default)]
pub struct Findings(Vec<(String, OfBenchmark)>);

impl Findings {
    /// What was found of a benchmark.
    pub fn of(&mut self, benchmark: &str) -> &mut OfBenchmark {
        let at = self.0.iter().position(|(name, _)| name == benchmark).unwrap_or_else(|| {
            self.0.push((benchmark.to_owned(), OfBenchmark::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// What the findings mean for a user.
    pub fn lints(self) -> Vec<Lint> {
        let mut all = Vec::new();
        for (benchmark, found) in self.0 {
            let kinds = [
                (&lint::KEPT_APART, found.kept_apart),
                (&lint::OTHER_WORDS, found.other_words),
                (&lint::OTHER_KEYS, found.other_keys),
                (&lint::ONE_OFF, found.one_off),
                (&lint::MAY_BE_ONE_OFF, found.may_be_one_off),
            ];
            for (kind, finding) in kinds.into_iter().filter(|(_, finding)| finding.count > 0) {
                all.push(kind.finding(Some(benchmark.clone()), finding.count, finding.examples));
            }
        }
        all
    }
}

/// What was found of one benchmark.
#[derive(Debug, Default)]
pub struct OfBenchmark {
    /// One name for several texts.
    pub kept_apart: Finding,
    /// One question in other words.
    pub other_words: Finding,
    /// One question with several keys.
    pub other_keys: Finding,
    /// Items counted from another number than in earlier files.
    pub one_off: Finding,
    /// Items that may be so.
    pub may_be_one_off: Finding,
}

/// How often something was found.
#[derive(Debug, Default)]
pub struct Finding {
    /// How often.
    pub count: usize,
    examples: Vec<String>,
}

impl Finding {
    /// Counts one more.
    pub fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example());
        }
    }
}
