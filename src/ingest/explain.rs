//! Why was each file read as it was? Its part in the reading, its format, and what in its content says so.

use super::report::{FileRead, Skipped};
use crate::response::Table;
use serde::Serialize;

/// What a file is for the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// It gave rows.
    Dump,
    /// It explains others.
    Companion,
    /// A known file that says nothing about single items.
    Auxiliary,
    /// It gave nothing.
    SetAside,
}

impl FileRole {
    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Companion => "companion",
            Self::Auxiliary => "auxiliary",
            Self::SetAside => "set aside",
        }
    }
}

/// The decision about one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained<'r> {
    /// The file, or the archive and its member.
    pub file: &'r str,
    /// What it is for the reading.
    pub role: FileRole,
    /// The name of its format, where it was recognised.
    pub format: Option<&'static str>,
    /// Rows it gave.
    pub n_rows: usize,
    /// What in its content says that it has this format, and what it was used for.
    pub evidence: Option<&'r str>,
    /// What is in a file that was not recognised: its top-level keys, its columns, its beginning.
    pub found: Option<&'r str>,
    /// The format nearest to it, and what it lacks for that.
    pub nearest: Option<&'r str>,
    /// Why it was set aside, and what to do.
    pub reason: Option<&'r str>,
}

/// The decisions about all files, by name.
pub fn explain<'r>(read: &'r [FileRead], skipped: &'r [Skipped]) -> Vec<Explained<'r>> {
    let read = read.iter().map(|file| Explained {
        file: &file.file,
        role: file.role(),
        format: Some(file.format.name()),
        n_rows: file.n_rows,
        evidence: Some(&file.because),
        found: None,
        nearest: None,
        reason: None,
    });
    let skipped = skipped.iter().map(|file| Explained {
        file: &file.file,
        role: FileRole::SetAside,
        format: file.detected.as_ref().map(|d| d.format.name()),
        n_rows: 0,
        evidence: file.detected.as_ref().map(|d| d.because.as_str()),
        found: file.found.as_deref(),
        nearest: file.nearest.as_deref(),
        reason: Some(&file.reason),
    });
    let mut all: Vec<Explained> = read.chain(skipped).collect();
    all.sort_by_key(|explained| explained.file);
    all
}

/// The same as a table of results.
pub fn table(all: &[Explained]) -> Table {
    let text = |of: fn(&Explained) -> Option<String>| all.iter().map(of).collect::<Vec<_>>();
    Table::new("explain")
        .text("file", text(|e| Some(e.file.to_owned())))
        .text("file_role", text(|e| Some(e.role.as_str().to_owned())))
        .text("format", text(|e| e.format.map(str::to_owned)))
        .whole("n_rows", all.iter().map(|e| i64::try_from(e.n_rows).ok()))
        .text("evidence", text(|e| e.evidence.map(str::to_owned)))
        .text("found", text(|e| e.found.map(str::to_owned)))
        .text("nearest", text(|e| e.nearest.map(str::to_owned)))
        .text("reason", text(|e| e.reason.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::detect::{Detected, Format};
    use crate::ingest::fragment::ReadError;

    #[test]
    fn every_file_has_a_role_and_the_unknown_one_what_it_lacks() {
        let read = |file: &str, format, n_rows| FileRead {
            file: file.to_owned(),
            format,
            because: "it has doc_id".to_owned(),
            n_rows,
        };
        let read = [
            read("s.jsonl", Format::LmEvalSamples, 3),
            read("r.json", Format::LmEvalResults, 0),
            read("x.json", Format::Auxiliary, 0),
        ];
        let unknown = ReadError::Unrecognised {
            file: "a.json".to_owned(),
            found: "JSON with the keys a, b".to_owned(),
            nearest: "a dump, but without c".to_owned(),
        };
        let late = ReadError::Empty { file: "t.csv".to_owned() };
        let detected = Detected { format: Format::Delimited, because: "commas".to_owned() };
        let skipped = [Skipped::new(None, &unknown), Skipped::new(Some(detected), &late)];
        let all = explain(&read, &skipped);
        let roles: Vec<(&str, &str)> = all.iter().map(|e| (e.file, e.role.as_str())).collect();
        let expected = [
            ("a.json", "set aside"),
            ("r.json", "companion"),
            ("s.jsonl", "dump"),
            ("t.csv", "set aside"),
            ("x.json", "auxiliary"),
        ];
        assert_eq!(roles, expected);
        assert_eq!(
            (all[0].found, all[0].nearest),
            (Some("JSON with the keys a, b"), Some("a dump, but without c"))
        );
        assert_eq!((all[3].format, all[3].evidence), (Some("delimited table"), Some("commas")));
        assert_eq!(table(&all).n_rows(), 5);
    }
}
