//! What can a column of a ladder table mean, and under which names is it known?

use super::columns::ColumnError;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What a column of a ladder table can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Name of the run.
    Run,
    /// Label of the model size.
    Size,
    /// `rung`, `target` or anything else.
    Role,
    /// Number of parameters.
    Parameters,
    /// Training step.
    Step,
    /// Training tokens.
    Tokens,
    /// Training compute in FLOPs.
    Compute,
    /// Name of the task.
    Task,
    /// Loss on the task.
    Loss,
    /// Accuracy on the task.
    Accuracy,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 10] = [
        Self::Run,
        Self::Size,
        Self::Role,
        Self::Parameters,
        Self::Step,
        Self::Tokens,
        Self::Compute,
        Self::Task,
        Self::Loss,
        Self::Accuracy,
    ];

    /// Column names understood for this field, the best first; compared without case, spaces or punctuation.
    pub fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["run", "run_name", "name", "model", "model_name"],
            Self::Size => &["size", "model_size", "size_label", "extracted_size"],
            Self::Role => &["role", "mode", "split", "kind"],
            Self::Parameters => &[
                "parameters",
                "params",
                "n_params",
                "n_parameters",
                "num_params",
                "non_embedding_parameters",
                "n",
            ],
            Self::Step => &["step", "_step", "training_step", "checkpoint_step", "iteration"],
            Self::Tokens => &["tokens", "n_tokens", "training_tokens", "total_tokens", "tokens_seen", "d"],
            Self::Compute => &["compute_flops", "flops", "compute", "training_flops", "c"],
            Self::Task => &["task", "benchmark", "task_name", "dataset"],
            Self::Loss => &[
                "task_loss_bpb",
                "task_loss",
                "bpb",
                "bits_per_byte",
                "loss",
                "loss_bpb",
                "loss_nats",
                "logits_per_byte_corr",
                "ce_loss",
            ],
            Self::Accuracy => &["accuracy", "acc", "score", "primary_score", "value"],
        }
    }
}

impl Field {
    /// The name that overrides go by: `run`, `size`, `role`, `parameters`, `step`, `tokens`, `compute`, `task`,
    /// `loss`, `accuracy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Size => "size",
            Self::Role => "role",
            Self::Parameters => "parameters",
            Self::Step => "step",
            Self::Tokens => "tokens",
            Self::Compute => "compute",
            Self::Task => "task",
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
        }
    }
}

/// A name that is not one of [`Field::name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a role of a column: expected one of run, size, role, parameters, step, tokens, compute, task, loss, accuracy"
)]
pub struct UnknownField(pub String);

impl FromStr for Field {
    type Err = UnknownField;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = plain(text);
        Self::ALL.into_iter().find(|f| f.name() == wanted).ok_or_else(|| UnknownField(text.to_owned()))
    }
}

/// Which column has which meaning: that named in `overrides`, or else the first of the synonyms that is there.
///
/// # Errors
/// If a column named in `overrides` is not there, or there is none for the task, the accuracy, or the run (for
/// which the size will do).
pub fn map_columns(
    names: &[&str],
    overrides: &BTreeMap<Field, String>,
) -> Result<BTreeMap<Field, usize>, ColumnError> {
    let found = || -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    let mut at: BTreeMap<Field, usize> = BTreeMap::new();
    for field in Field::ALL {
        if let Some(name) = overrides.get(&field) {
            let position = names.iter().position(|n| n == name).ok_or_else(|| ColumnError::NotThere {
                field: field.name(),
                name: name.clone(),
                found: found(),
            })?;
            at.insert(field, position);
        } else if let Some(position) =
            field.synonyms().iter().find_map(|s| names.iter().position(|n| plain(n) == plain(s)))
        {
            at.insert(field, position);
        }
    }
    let run = if at.contains_key(&Field::Size) { Field::Size } else { Field::Run };
    for field in [Field::Task, Field::Accuracy, run] {
        if !at.contains_key(&field) {
            return Err(ColumnError::Missing {
                field: field.name(),
                expected: field.synonyms(),
                found: found(),
            });
        }
    }
    Ok(at)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A number with an optional unit of thousands: `190M`, `1.3B`, `4T`, `1e9`, `1,000`.
pub fn magnitude(text: &str) -> Option<f64> {
    let text = text.trim().replace([',', '_'], "");
    if let Ok(v) = text.parse::<f64>() {
        return Some(v);
    }
    let unit = match text.chars().last()?.to_ascii_uppercase() {
        'K' => 1e3,
        'M' => 1e6,
        'B' | 'G' => 1e9,
        'T' => 1e12,
        _ => return None,
    };
    text[..text.len() - 1].trim().parse::<f64>().ok().map(|v| v * unit)
}

pub(super) fn is_missing(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "" | "na" | "nan" | "null" | "none" | "-")
}
