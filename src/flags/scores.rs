//! Which score did each item get? A table of flags read back, from any program that ranks items.

use super::evaluate::Scored;
use super::labels::records;
use thiserror::Error;

/// Why scores could not be read.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ScoresError {
    /// A needed column is missing.
    #[error("the flags have no column {wanted}; the columns are {}", .found.join(", "))]
    MissingColumn {
        /// The column.
        wanted: &'static str,
        /// Names in the file.
        found: Vec<String>,
    },
    /// A score is no number.
    #[error("line {line}: the score {text:?} is not a number")]
    NotANumber {
        /// Line from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A row of another length than the header: the file is cut off or not comma-separated.
    #[error("line {line}: {found} fields where the header has {expected}; is the file whole?")]
    Fields {
        /// Line from 1.
        line: usize,
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// There is no row.
    #[error("the flags have no row{}", .benchmark.as_ref().map_or(String::new(), |b| format!(" of benchmark {b:?}")))]
    Empty {
        /// The benchmark asked for.
        benchmark: Option<String>,
    },
}

/// Reads `item`, `score` and, if present, `subject` from CSV; rows of other benchmarks are left out where one
/// is asked for. An item without a score stands below all others.
///
/// # Errors
/// See [`ScoresError`].
pub fn read_scores(text: &str, benchmark: Option<&str>) -> Result<Vec<Scored>, ScoresError> {
    let mut rows = records(text.strip_prefix('\u{feff}').unwrap_or(text), ',').into_iter();
    let empty = || ScoresError::Empty { benchmark: benchmark.map(str::to_owned) };
    let names: Vec<String> = rows.next().ok_or_else(empty)?.1.iter().map(|n| n.trim().to_owned()).collect();
    let column = |wanted: &str| names.iter().position(|n| n == wanted);
    let missing = |wanted| ScoresError::MissingColumn { wanted, found: names.clone() };
    let item_at = column("item").ok_or_else(|| missing("item"))?;
    let score_at = column("score").ok_or_else(|| missing("score"))?;
    let (subject_at, benchmark_at) = (column("subject"), column("benchmark"));
    let mut scored = Vec::new();
    for (line, fields) in rows {
        if fields.len() != names.len() {
            return Err(ScoresError::Fields { line, found: fields.len(), expected: names.len() });
        }
        if let (Some(wanted), Some(at)) = (benchmark, benchmark_at)
            && fields[at] != wanted
        {
            continue;
        }
        let score = match fields[score_at].trim() {
            "" => f64::NEG_INFINITY,
            text => text
                .parse::<f64>()
                .ok()
                .filter(|s| !s.is_nan())
                .ok_or_else(|| ScoresError::NotANumber { line, text: text.to_owned() })?,
        };
        let group = subject_at.map(|at| fields[at].trim().to_owned()).filter(|s| !s.is_empty());
        scored.push(Scored { item: fields[item_at].trim().to_owned(), group, score });
    }
    if scored.is_empty() { Err(empty()) } else { Ok(scored) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_flags_is_read_back() {
        let text = "benchmark,subject,item,score\nb,s,\"q,1\",0.5\nb,,q2,\nother,s,q3,1\n";
        let scored = read_scores(text, Some("b")).unwrap();
        assert_eq!(scored.len(), 2);
        assert_eq!((scored[0].item.as_str(), scored[0].group.as_deref()), ("q,1", Some("s")));
        assert_eq!((scored[1].score, scored[1].group.as_deref()), (f64::NEG_INFINITY, None));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let said = |text: &str| read_scores(text, None).unwrap_err().to_string();
        assert!(said("item,rank\nq,1\n").contains("no column score; the columns are item, rank"));
        assert!(said("item,score\nq,high\n").contains("line 2: the score \"high\""));
        assert!(said("item,score\nq\n").contains("1 fields where the header has 2"));
        assert_eq!(said("item,score\n"), "the flags have no row");
    }
}
