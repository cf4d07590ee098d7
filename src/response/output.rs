//! What does a result table look like? Named columns, with missing values, for files and pages alike.

use serde::Serialize;

/// The values of a column; `None` is written as an empty cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Values {
    /// Text.
    Text(Vec<Option<String>>),
    /// Real numbers.
    Real(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Truth values.
    Truth(Vec<Option<bool>>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Real(v) => v.len(),
            Self::Whole(v) => v.len(),
            Self::Truth(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its name, as it stands in `docs/glossary.md`.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// A result table: what is written as CSV and Parquet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The stem of its file names.
    pub name: &'static str,
    /// Its columns, all of the same length.
    pub columns: Vec<Column>,
}

impl Table {
    /// A table without columns.
    pub fn new(name: &'static str) -> Self {
        Self { name, columns: Vec::new() }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.values.len())
    }

    fn with(mut self, name: &'static str, values: Values) -> Self {
        assert!(
            self.columns.is_empty() || values.len() == self.n_rows(),
            "column {name} has another length than its table"
        );
        self.columns.push(Column { name, values });
        self
    }

    /// Adds a column of text.
    pub fn text<S: Into<String>>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<S>>,
    ) -> Self {
        self.with(name, Values::Text(values.into_iter().map(|v| v.map(Into::into)).collect()))
    }

    /// Adds a column of real numbers; those that are not finite become empty.
    pub fn real(self, name: &'static str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.with(name, Values::Real(values.into_iter().map(|v| v.filter(|x| x.is_finite())).collect()))
    }

    /// Adds a column of whole numbers.
    pub fn whole(self, name: &'static str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.with(name, Values::Whole(values.into_iter().collect()))
    }

    /// Adds a column of truth values.
    pub fn truth(self, name: &'static str, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.with(name, Values::Truth(values.into_iter().collect()))
    }

    /// Adds the rows of a table with the same columns.
    ///
    /// # Panics
    /// If the columns differ: a fault of the program, not of its input.
    pub fn extend(&mut self, other: Table) {
        if self.columns.is_empty() {
            self.columns = other.columns;
            return;
        }
        assert_eq!(self.columns.len(), other.columns.len(), "tables of different columns");
        for (mine, theirs) in self.columns.iter_mut().zip(other.columns) {
            assert_eq!(mine.name, theirs.name, "tables of different columns");
            match (&mut mine.values, theirs.values) {
                (Values::Text(a), Values::Text(b)) => a.extend(b),
                (Values::Real(a), Values::Real(b)) => a.extend(b),
                (Values::Whole(a), Values::Whole(b)) => a.extend(b),
                (Values::Truth(a), Values::Truth(b)) => a.extend(b),
                _ => panic!("column {} changes its type", mine.name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_become_empty() {
        let t = Table::new("t").real("score", [Some(f64::NAN), Some(1.0)]).text("item", [Some("a"), None]);
        assert_eq!(t.columns[0].values, Values::Real(vec![None, Some(1.0)]));
        assert_eq!(t.n_rows(), 2);
    }
}
