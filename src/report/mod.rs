//! What do the results mean for somebody who must decide? Findings in plain words, ranked by consequence.
//!
//! A [`Report`] says what was read and holds one [`BenchmarkReport`] for each benchmark. That has findings
//! first, then sections, each from one estimator's result, then the checks that could not run and why. The
//! builders of sections take plain inputs (a [`leaderboard::Standing`], a [`reliability::SubjectReliability`]),
//! so that a section does not depend on which estimator found the numbers.

pub mod build;
pub mod coverage;
pub mod finding;
pub mod flags;
pub mod item_response;
pub mod items;
pub mod ladder;
mod ladder_figures;
pub mod leaderboard;
pub mod look_at;
pub mod provenance;
pub mod reliability;
pub mod respondents;
pub mod response_map;
pub mod sample;
pub mod section;
pub mod selection;
pub mod snr;
pub mod suspects;
pub mod words;

pub use build::{BenchmarkInputs, build};
pub use finding::{Consequence, Finding, NotRun};
pub use flags::FlagInputs;
pub use item_response::ItemResponse;
pub use ladder_figures::figures as ladder_figures;
pub use provenance::{FileRead, FileSkipped, LintNote, Provenance};
pub use sample::Sample;
pub use section::{Block, ColumnView, Figure, ItemCard, ItemOption, Method, Section, SectionId, TableView};

use crate::numeric::Estimate;

/// Everything a page says.
#[derive(Debug, Clone)]
pub struct Report {
    /// The title of the page.
    pub title: String,
    /// How to make it again: the command with its options.
    pub command: Option<String>,
    /// What was read.
    pub provenance: Provenance,
    /// One block for each benchmark.
    pub benchmarks: Vec<BenchmarkReport>,
}

/// What is known of one benchmark.
#[derive(Debug, Clone)]
pub struct BenchmarkReport {
    /// The benchmark, its metric and the size of the sample.
    pub sample: Sample,
    /// Mean score over all responses.
    pub mean_score: Option<f64>,
    /// Reliability of the total score.
    pub reliability: Option<Estimate>,
    /// Findings, gravest first.
    pub findings: Vec<Finding>,
    /// The sections in reading order.
    pub sections: Vec<Section>,
    /// The checks that could not run, and why.
    pub not_run: Vec<NotRun>,
    /// What must be read with care, and why.
    pub cautions: Vec<String>,
}

impl BenchmarkReport {
    /// A report of a benchmark without any section yet.
    pub fn new(sample: Sample) -> Self {
        Self {
            sample,
            mean_score: None,
            reliability: None,
            findings: Vec::new(),
            sections: Vec::new(),
            not_run: Vec::new(),
            cautions: Vec::new(),
        }
    }

    /// Adds what is worth saying without a section of its own.
    pub fn say(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        finding::rank(&mut self.findings);
    }

    /// Adds what one estimator's result gave: a section and its findings, or the reason there is none.
    pub fn add(&mut self, check: &str, result: Result<(Section, Vec<Finding>), NotRun>) {
        match result {
            Ok((section, findings)) => {
                self.sections.push(section);
                self.say(findings);
            }
            Err(mut reason) => {
                if reason.check.is_empty() {
                    reason.check = check.to_owned();
                }
                self.not_run.push(reason);
            }
        }
    }

    /// All charts of the sections, for files of their own.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|s| &s.blocks).filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
    }

    /// How grave the gravest finding is.
    pub fn gravest(&self) -> Option<Consequence> {
        self.findings.first().map(|f| f.consequence)
    }
}
