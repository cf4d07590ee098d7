//! How does a table that somebody else made become a ladder? Columns found by name, errors by row and column.

use super::field::{Field, is_missing, magnitude, map_columns};
use super::table::{Checkpoint, LadderRow, LadderTable, Role};
use std::collections::BTreeMap;

/// Why a table is not a ladder.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ColumnError {
    /// A column that is needed was not found.
    #[error(
        "no column for the {field}: known names are {}; the table has {}; say which it is",
        .expected.join(", "), .found.join(", ")
    )]
    Missing {
        /// What it was to mean.
        field: &'static str,
        /// The names that would have been understood.
        expected: &'static [&'static str],
        /// The names there are.
        found: Vec<String>,
    },
    /// A column that was named explicitly is not there.
    #[error("there is no column '{name}' for the {field}: the table has {}", .found.join(", "))]
    NotThere {
        /// What it was to mean.
        field: &'static str,
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

/// Reads the rows of a ladder from named columns of text.
///
/// Each [`Field`] takes the column named in `overrides`, or else the first of its synonyms that is there. Task,
/// run (or size) and accuracy are needed. Without a role column every run is a rung but for those named in
/// `targets`; with one, `targets` adds to it. Parameters that are not given are read from the size label
/// (`190M`). Empty cells, `NA`, `NaN`, `null` are missing values.
///
/// # Errors
/// A needed column that is missing, a cell that cannot be read: with its row and column.
pub fn rows_of_columns(
    columns: &[(&str, Vec<String>)],
    overrides: &BTreeMap<Field, String>,
    targets: &[String],
) -> Result<Vec<LadderRow>, ColumnError> {
    let n_rows = columns.first().map_or(0, |c| c.1.len());
    if let Some((name, values)) = columns.iter().find(|(_, v)| v.len() != n_rows) {
        return Err(ColumnError::Ragged {
            column: (*name).to_owned(),
            length: values.len(),
            expected: n_rows,
        });
    }
    let names: Vec<&str> = columns.iter().map(|(n, _)| *n).collect();
    let at = map_columns(&names, overrides)?;
    let run_field = if at.contains_key(&Field::Run) { Field::Run } else { Field::Size };
    let cell = |field: Field, row: usize| -> Option<&str> {
        at.get(&field).map(|&c| columns[c].1[row].as_str()).filter(|t| !is_missing(t))
    };
    let column = |field: Field| at.get(&field).map_or(String::new(), |&c| names[c].to_owned());
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
    Ok(rows)
}

/// The ladder of one table: [`rows_of_columns`], put together.
///
/// # Errors
/// As there.
pub fn from_columns(
    columns: &[(&str, Vec<String>)],
    overrides: &BTreeMap<Field, String>,
    targets: &[String],
) -> Result<LadderTable, ColumnError> {
    Ok(LadderTable::from_rows(rows_of_columns(columns, overrides, targets)?))
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
            Err(ColumnError::Missing { field: "accuracy", .. })
        ));
        let other = BTreeMap::from([(Field::Accuracy, "gone".to_owned())]);
        assert!(matches!(from_columns(&columns, &other, &[]), Err(ColumnError::NotThere { .. })));
    }
}
