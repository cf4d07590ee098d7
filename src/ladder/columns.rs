//! How does a table that somebody else made become a ladder? Columns found by name, errors by row and column.

use super::table::{Checkpoint, LadderRow, LadderTable, Role};
use std::collections::BTreeMap;

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

/// Why a table is not a ladder.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ColumnError {
    /// A column that is needed was not found.
    #[error(
        "no column for {field:?}: expected one of {expected:?}, and the table has {found:?}; name it explicitly"
    )]
    Missing {
        /// What it was to mean.
        field: Field,
        /// The names that would have been understood.
        expected: &'static [&'static str],
        /// The names there are.
        found: Vec<String>,
    },
    /// A column that was named explicitly is not there.
    #[error("there is no column '{name}' for {field:?}: the table has {found:?}")]
    NotThere {
        /// What it was to mean.
        field: Field,
        /// The name given.
        name: String,
        /// The names there are.
        found: Vec<String>,
    },
    /// A cell that should hold a number does not.
    #[error("row {row}, column '{column}': '{value}' is not a number")]
    NotANumber {
        /// Row, counted from 1 below the header.
        row: usize,
        /// Column name.
        column: String,
        /// The cell.
        value: String,
    },
    /// An accuracy outside 0 to 1.
    #[error(
        "row {row}, column '{column}': an accuracy of {value} is not between 0 and 1 (divide percentages by 100)"
    )]
    NotAnAccuracy {
        /// Row, counted from 1 below the header.
        row: usize,
        /// Column name.
        column: String,
        /// The value.
        value: f64,
    },
    /// A cell that must not be empty is.
    #[error("row {row}, column '{column}': empty")]
    Empty {
        /// Row, counted from 1 below the header.
        row: usize,
        /// Column name.
        column: String,
    },
    /// Columns of different lengths.
    #[error("column '{column}' has {length} rows and not {expected}")]
    Ragged {
        /// Column name.
        column: String,
        /// Its rows.
        length: usize,
        /// The rows of the first column.
        expected: usize,
    },
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A number with an optional unit of thousands: `190M`, `1.3B`, `4T`, `1e9`, `1,000`.
fn magnitude(text: &str) -> Option<f64> {
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

fn is_missing(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "" | "na" | "nan" | "null" | "none" | "-")
}

/// Builds a ladder from named columns of text.
///
/// Each [`Field`] takes the column named in `overrides`, or else the first of its synonyms that is there. Task,
/// run (or size) and accuracy are needed. Without a role column every run is a rung but for those named in
/// `targets`; with one, `targets` adds to it. Parameters that are not given are read from the size label
/// (`190M`). Empty cells, `NA`, `NaN`, `null` are missing values.
///
/// # Errors
/// A needed column that is missing, a cell that cannot be read: with its row and column.
pub fn from_columns(
    columns: &[(&str, Vec<String>)],
    overrides: &BTreeMap<Field, String>,
    targets: &[String],
) -> Result<LadderTable, ColumnError> {
    let found: Vec<String> = columns.iter().map(|(n, _)| (*n).to_owned()).collect();
    let n_rows = columns.first().map_or(0, |c| c.1.len());
    if let Some((name, values)) = columns.iter().find(|(_, v)| v.len() != n_rows) {
        return Err(ColumnError::Ragged {
            column: (*name).to_owned(),
            length: values.len(),
            expected: n_rows,
        });
    }
    let mut at: BTreeMap<Field, usize> = BTreeMap::new();
    for field in Field::ALL {
        if let Some(name) = overrides.get(&field) {
            let position = columns
                .iter()
                .position(|(n, _)| n == name)
                .ok_or_else(|| ColumnError::NotThere { field, name: name.clone(), found: found.clone() })?;
            at.insert(field, position);
        } else if let Some(position) =
            field.synonyms().iter().find_map(|s| columns.iter().position(|(n, _)| plain(n) == plain(s)))
        {
            at.insert(field, position);
        }
    }
    let missing =
        |field: Field| ColumnError::Missing { field, expected: field.synonyms(), found: found.clone() };
    for field in [Field::Task, Field::Accuracy] {
        if !at.contains_key(&field) {
            return Err(missing(field));
        }
    }
    let run_field = [Field::Run, Field::Size].into_iter().find(|f| at.contains_key(f));
    let run_field = run_field.ok_or_else(|| missing(Field::Run))?;
    let cell = |field: Field, row: usize| -> Option<&str> {
        at.get(&field).map(|&c| columns[c].1[row].as_str()).filter(|t| !is_missing(t))
    };
    let column = |field: Field| at.get(&field).map_or(String::new(), |&c| found[c].clone());
    let number = |field: Field, row: usize| -> Result<Option<f64>, ColumnError> {
        cell(field, row)
            .map(|text| {
                magnitude(text).filter(|v| v.is_finite()).ok_or_else(|| ColumnError::NotANumber {
                    row: row + 1,
                    column: column(field),
                    value: text.to_owned(),
                })
            })
            .transpose()
    };
    let needed = |field: Field, row: usize| {
        cell(field, row)
            .map(str::trim)
            .ok_or_else(|| ColumnError::Empty { row: row + 1, column: column(field) })
    };
    let mut rows = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        let run = needed(run_field, row)?.to_owned();
        let size = cell(Field::Size, row).unwrap_or_default().trim().to_owned();
        let role = match cell(Field::Role, row).map(|t| t.trim().to_ascii_lowercase()) {
            _ if targets.iter().any(|t| *t == run || (!size.is_empty() && *t == size)) => Role::Target,
            Some(t) if matches!(t.as_str(), "rung" | "train" | "fit" | "ladder") => Role::Rung,
            Some(t) if matches!(t.as_str(), "target" | "eval" | "test" | "predict") => Role::Target,
            Some(_) => Role::Other,
            None => Role::Rung,
        };
        let accuracy = number(Field::Accuracy, row)?;
        if let Some(value) = accuracy.filter(|v| !(0.0..=1.0).contains(v)) {
            return Err(ColumnError::NotAnAccuracy { row: row + 1, column: column(Field::Accuracy), value });
        }
        rows.push(LadderRow {
            parameters: number(Field::Parameters, row)?.or_else(|| magnitude(&size)),
            task: needed(Field::Task, row)?.to_owned(),
            checkpoint: Checkpoint {
                step: number(Field::Step, row)?,
                tokens: number(Field::Tokens, row)?,
                compute_flops: number(Field::Compute, row)?,
                loss: number(Field::Loss, row)?,
                accuracy,
            },
            run,
            size,
            role,
        });
    }
    Ok(LadderTable::from_rows(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> Vec<String> {
        values.iter().map(|v| (*v).to_owned()).collect()
    }

    #[test]
    fn columns_are_found_by_synonym_and_sizes_give_parameters() {
        let columns = [
            ("Model Size", column(&["190M", "190M", "7B"])),
            ("Benchmark", column(&["arc", "arc", "arc"])),
            ("acc", column(&["0.3", "NA", "0.6"])),
            ("FLOPs", column(&["1e18", "2e18", "1e23"])),
        ];
        let table = from_columns(&columns, &BTreeMap::new(), &["7B".to_owned()]).unwrap();
        assert_eq!(table.runs[0].parameters, Some(190e6));
        assert_eq!(table.runs[1].role, Role::Target);
        assert_eq!(table.runs[0].compute_flops, Some(2e18));
        assert_eq!(table.tasks[0].series[0].checkpoints[1].accuracy, None);
    }

    #[test]
    fn errors_name_the_row_and_the_column() {
        let columns =
            [("run", column(&["a", "a"])), ("task", column(&["t", "t"])), ("acc", column(&["0.3", "x"]))];
        let error = from_columns(&columns, &BTreeMap::new(), &[]).unwrap_err();
        assert_eq!(error.to_string(), "row 2, column 'acc': 'x' is not a number");
        let percent = [("run", column(&["a"])), ("task", column(&["t"])), ("acc", column(&["43"]))];
        assert!(matches!(
            from_columns(&percent, &BTreeMap::new(), &[]),
            Err(ColumnError::NotAnAccuracy { row: 1, .. })
        ));
        let none = [("run", column(&["a"])), ("task", column(&["t"]))];
        assert!(matches!(
            from_columns(&none, &BTreeMap::new(), &[]),
            Err(ColumnError::Missing { field: Field::Accuracy, .. })
        ));
        let other = BTreeMap::from([(Field::Accuracy, "gone".to_owned())]);
        assert!(matches!(from_columns(&columns, &other, &[]), Err(ColumnError::NotThere { .. })));
    }
}
