//! Under which conditions were the responses made? One run: one model, one revision, one set-up.

use super::ids::RespondentId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use thiserror::Error;

/// Where a fact about a model was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactSource {
    /// In the dump or table itself.
    Dump,
    /// In the name of the model, of its revision or of its directory.
    Name,
    /// In a table of models that the user gave.
    ModelsTable,
}

impl FactSource {
    const ALL: [Self; 3] = [Self::Dump, Self::Name, Self::ModelsTable];

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Name => "name",
            Self::ModelsTable => "models_table",
        }
    }
}

/// A source that is none of [`FactSource`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown source {0:?}; expected one of dump, name, models_table")]
pub struct UnknownFactSource(pub String);

impl FromStr for FactSource {
    type Err = UnknownFactSource;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|source| source.as_str() == text);
        found.ok_or_else(|| UnknownFactSource(text.to_owned()))
    }
}

/// One evaluation run. What a dump does not tell stays `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Unique among the runs of a table.
    pub id: String,
    /// Display name of the model, normalised: `org/name[@revision]`.
    pub model: RespondentId,
    /// The name as the dump has it.
    pub model_raw: Option<String>,
    /// Revision or checkpoint name.
    pub revision: Option<String>,
    /// The model that an adapter or a difference of weights was put on; `None` for whole weights.
    pub base: Option<String>,
    /// Training step of a checkpoint.
    pub step: Option<i64>,
    /// Where the step was found.
    pub step_source: Option<FactSource>,
    /// Number of parameters.
    pub params: Option<f64>,
    /// Where their number was found.
    pub params_source: Option<FactSource>,
    /// Training tokens (or examples) seen.
    pub tokens: Option<f64>,
    /// Training compute, floating-point operations.
    pub flops: Option<f64>,
    /// Number format or quantisation.
    pub dtype: Option<String>,
    /// The program that made the dump.
    pub harness: Option<String>,
    /// Its version.
    pub harness_version: Option<String>,
    /// Version of the task's definition.
    pub task_version: Option<String>,
    /// Worked examples in the prompt.
    pub n_shot: Option<i32>,
    /// Name of the prompt or input variant; `None` for the base form.
    pub prompt_variant: Option<String>,
    /// Hash of the chat template.
    pub chat_template_sha: Option<String>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Random seed of the training or of the evaluation, as the dump means it.
    pub seed: Option<i64>,
    /// When the run was made, in a form whose text order is its time order.
    pub timestamp: Option<String>,
    /// Number of items the run was limited to.
    pub limit: Option<i64>,
    /// The files it was read from.
    pub files: Vec<String>,
    /// Group of related models (base model, architecture), for clustered uncertainty.
    pub family: Option<String>,
    /// `rung`, `target` or another role in a scaling ladder.
    pub role: Option<String>,
}

impl Run {
    /// When it was made, to be compared: microseconds since 1970 where the time can be read, before that as text.
    pub(crate) fn made_at(&self) -> (Option<i64>, &str) {
        let time = self.timestamp.as_deref().unwrap_or("");
        (super::moment::moment(time), time)
    }

    /// A run of which only its name and its model are known.
    pub fn new(id: impl Into<String>, model: impl Into<RespondentId>) -> Self {
        Self {
            id: id.into(),
            model: model.into(),
            model_raw: None,
            revision: None,
            base: None,
            step: None,
            step_source: None,
            params: None,
            params_source: None,
            tokens: None,
            flops: None,
            dtype: None,
            harness: None,
            harness_version: None,
            task_version: None,
            n_shot: None,
            prompt_variant: None,
            chat_template_sha: None,
            temperature: None,
            seed: None,
            timestamp: None,
            limit: None,
            files: Vec::new(),
            family: None,
            role: None,
        }
    }

    /// Says where size and step were found, where they are known and nobody said so yet.
    pub fn mark_source(&mut self, source: FactSource) {
        if self.params.is_some() {
            self.params_source.get_or_insert(source);
        }
        if self.step.is_some() {
            self.step_source.get_or_insert(source);
        }
    }
}

/// The runs of a table, found by position.
pub type RunTable = Vec<Run>;

/// Which runs ask as their model is asked by default: those without a variant of the prompt, and all runs of a model
/// that was asked in one variant only.
pub fn asks_by_default(runs: &[Run]) -> Vec<bool> {
    let mut variants: FxHashMap<&str, (Option<&str>, bool)> = FxHashMap::default();
    for run in runs {
        let variant = run.prompt_variant.as_deref();
        let (first, several) = variants.entry(run.model.as_str()).or_insert((variant, false));
        *several |= *first != variant;
    }
    runs.iter().map(|run| run.prompt_variant.is_none() || !variants[run.model.as_str()].1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_variant_of_a_model_is_its_default() {
        let run = |model: &str, variant: Option<&str>| Run {
            prompt_variant: variant.map(str::to_owned),
            ..Run::new("r", model)
        };
        let runs = [run("a", Some("x")), run("b", None), run("a", Some("x")), run("b", Some("x"))];
        assert_eq!(asks_by_default(&runs), [true, true, true, false]);
    }
}
