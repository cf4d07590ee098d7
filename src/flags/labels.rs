//! What did annotators find? Labels of items, read from text that need not be clean.

use serde::Serialize;
use thiserror::Error;

/// What is wrong with an item, in the words of MMLU-Redux.
///
/// # Reference
/// Gema et al. 2024, *Are We Done with MMLU?*, arXiv 2406.04127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// Nothing.
    Ok,
    /// The question is not clear.
    BadQuestionClarity,
    /// The options are not clear.
    BadOptionsClarity,
    /// No option is right.
    NoCorrectAnswer,
    /// More than one option is right.
    MultipleCorrectAnswers,
    /// Another option than the key is right.
    WrongGroundtruth,
    /// Only a specialist could tell: an abstention, neither faulty nor sound.
    Expert,
}

impl ErrorType {
    /// All types.
    pub const ALL: [ErrorType; 7] = [
        Self::Ok,
        Self::BadQuestionClarity,
        Self::BadOptionsClarity,
        Self::NoCorrectAnswer,
        Self::MultipleCorrectAnswers,
        Self::WrongGroundtruth,
        Self::Expert,
    ];

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::BadQuestionClarity => "bad_question_clarity",
            Self::BadOptionsClarity => "bad_options_clarity",
            Self::NoCorrectAnswer => "no_correct_answer",
            Self::MultipleCorrectAnswers => "multiple_correct_answers",
            Self::WrongGroundtruth => "wrong_groundtruth",
            Self::Expert => "expert",
        }
    }

    /// The type of that name in any of its spellings: case, spaces, hyphens and underscores do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let alias = match plain.as_str() {
            "wrongkey" | "wronggroundtruth" | "wronggroundtruthanswer" => Some(Self::WrongGroundtruth),
            "correct" | "sound" | "none" => Some(Self::Ok),
            "multiplecorrect" => Some(Self::MultipleCorrectAnswers),
            "nocorrect" => Some(Self::NoCorrectAnswer),
            _ => None,
        };
        alias.or_else(|| Self::ALL.into_iter().find(|t| t.as_str().replace('_', "") == plain))
    }
}

/// The label of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Label {
    /// The item.
    pub item: String,
    /// Its subject, where the file says so.
    pub subject: Option<String>,
    /// What was found.
    pub error_type: ErrorType,
    /// The answer that the annotator holds right, as written: a position, a letter or a text.
    pub correct_answer: Option<String>,
}

/// Labels with what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Labels {
    /// The labels, in the order of the file.
    pub rows: Vec<Label>,
    /// Rows left out: line from 1, and why.
    pub rejected: Vec<(usize, String)>,
    /// Rows without an error type: not yet annotated.
    pub n_blank: usize,
}

/// Why a file of labels could not be read at all.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LabelError {
    /// A needed column is missing.
    #[error("the labels have no column {wanted}; the columns are {}", .found.join(", "))]
    MissingColumn {
        /// Names that would do.
        wanted: &'static str,
        /// Names in the file.
        found: Vec<String>,
    },
    /// There is no row to be read.
    #[error("the labels have no row")]
    Empty,
}

/// Reads labels from CSV with a header: `item` (or `item_id`, `id`), `error_type` (or `label`), and if present
/// `subject` and `correct_answer`. The separator is `,`, `;` or a tab, whichever the header has most.
///
/// A review file that was filled in is read the same way: rows whose `error_type` is still empty are counted.
/// Rows with another number of fields, an unknown type, or a second, contradicting label of an item are
/// rejected and reported; a repetition of the same label is folded.
///
/// # Errors
/// [`LabelError::MissingColumn`] without an item or a type, [`LabelError::Empty`] of an empty file.
pub fn read_labels(text: &str) -> Result<Labels, LabelError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().next().unwrap_or("");
    let count = |c: char| header.chars().filter(|h| *h == c).count();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',');
    let mut rows = records(text, separator);
    if rows.is_empty() {
        return Err(LabelError::Empty);
    }
    let names: Vec<String> = rows.remove(0).1.iter().map(|n| n.trim().to_lowercase()).collect();
    let column = |wanted: &[&str]| wanted.iter().find_map(|w| names.iter().position(|n| n == w));
    let missing = |wanted| LabelError::MissingColumn { wanted, found: names.clone() };
    let item_at = column(&["item", "item_id", "id"]).ok_or_else(|| missing("item"))?;
    let type_at = column(&["error_type", "label", "kind"]).ok_or_else(|| missing("error_type"))?;
    let (subject_at, answer_at) = (column(&["subject", "group"]), column(&["correct_answer", "true_answer"]));
    let mut labels = Labels::default();
    let mut seen = std::collections::HashMap::new();
    for (line, fields) in rows {
        if fields.len() != names.len() {
            labels.rejected.push((line, format!("{} fields instead of {}", fields.len(), names.len())));
            continue;
        }
        let filled =
            |at: Option<usize>| at.map(|at| fields[at].trim()).filter(|f| !f.is_empty()).map(str::to_owned);
        let (item, name) = (fields[item_at].trim().to_owned(), fields[type_at].trim());
        if item.is_empty() {
            labels.rejected.push((line, "no item".to_owned()));
        } else if name.is_empty() {
            labels.n_blank += 1;
        } else if let Some(error_type) = ErrorType::parse(name) {
            let subject = filled(subject_at);
            match seen.insert((subject.clone(), item.clone()), error_type) {
                None => {
                    labels.rows.push(Label { item, subject, error_type, correct_answer: filled(answer_at) })
                }
                Some(before) if before == error_type => {}
                Some(before) => {
                    seen.insert((subject, item.clone()), before);
                    let reason = format!("item {item:?} is already labelled {}", before.as_str());
                    labels.rejected.push((line, reason));
                }
            }
        } else {
            labels.rejected.push((line, format!("unknown error type {name:?}")));
        }
    }
    Ok(labels)
}

/// Records of separated text with quotes (RFC 4180), each with the line it starts on; blank lines are skipped.
pub(super) fn records(text: &str, separator: char) -> Vec<(usize, Vec<String>)> {
    let mut rows = Vec::new();
    let (mut row, mut field) = (Vec::new(), String::new());
    let (mut quoted, mut line, mut start) = (false, 1, 1);
    let mut chars = text.chars().peekable();
    let mut finish = |row: &mut Vec<String>, field: &mut String, start: usize| {
        row.push(std::mem::take(field));
        let fields = std::mem::take(row);
        if fields.iter().any(|f| !f.trim().is_empty()) {
            rows.push((start, fields));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            '\n' if !quoted => {
                line += 1;
                finish(&mut row, &mut field, start);
                start = line;
            }
            '\r' if !quoted => {}
            c if c == separator && !quoted => row.push(std::mem::take(&mut field)),
            c => {
                line += usize::from(c == '\n');
                field.push(c);
            }
        }
    }
    finish(&mut row, &mut field, start);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_one_and_dirty_rows_are_reported() {
        let text = "\u{feff}item_id;error_type;correct_answer\n\
            a;Wrong Groundtruth;2\nb;ok;\nc;\"bad_question_clarity\";\"so; \"\"so\"\"\nand\"\n\
            d;nonsense;\ne;ok\nf;;\na;ok;\nb;OK;\n";
        let labels = read_labels(text).unwrap();
        assert_eq!(labels.rows.len(), 3);
        assert_eq!(labels.rows[0].error_type, ErrorType::WrongGroundtruth);
        assert_eq!(labels.rows[0].correct_answer.as_deref(), Some("2"));
        assert_eq!(labels.rows[2].correct_answer.as_deref(), Some("so; \"so\"\nand"));
        assert_eq!(labels.n_blank, 1);
        let lines: Vec<usize> = labels.rejected.iter().map(|r| r.0).collect();
        assert_eq!(lines, vec![6, 7, 9], "{:?}", labels.rejected);
    }

    #[test]
    fn every_type_reads_back() {
        for t in ErrorType::ALL {
            assert_eq!(ErrorType::parse(t.as_str()), Some(t));
        }
        assert_eq!(ErrorType::parse("Multiple Correct Answers"), Some(ErrorType::MultipleCorrectAnswers));
        assert_eq!(ErrorType::parse("fine"), None);
    }

    #[test]
    fn a_missing_column_is_named() {
        let error = read_labels("item,verdict\na,ok\n").unwrap_err();
        assert!(error.to_string().contains("no column error_type; the columns are item, verdict"));
        assert_eq!(read_labels(""), Err(LabelError::Empty));
    }
}
