//! How was an attempt scored? One metric, with the filter that extracted the answer.

use serde::{Deserialize, Serialize};

/// A metric of one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name as the harness gives it: `acc`, `exact_match`, a scorer, `scorer/key`.
    pub name: String,
    /// The filter or extraction that the answer went through.
    pub filter: Option<String>,
    /// The benchmark it scores.
    pub benchmark: String,
    /// Used by default for its benchmark; with it may be others, names of the same measure, of
    /// which no run has two.
    pub primary: bool,
    /// Whether larger values are better.
    pub higher_is_better: bool,
}

impl Metric {
    /// A metric where larger is better and which is not yet the primary one.
    pub fn new(benchmark: impl Into<String>, name: impl Into<String>, filter: Option<&str>) -> Self {
        Self {
            name: name.into(),
            filter: filter.map(str::to_owned),
            benchmark: benchmark.into(),
            primary: false,
            higher_is_better: true,
        }
    }

    /// `name` or `name,filter`.
    pub fn label(&self) -> String {
        match &self.filter {
            Some(filter) => format!("{},{filter}", self.name),
            None => self.name.clone(),
        }
    }
}
