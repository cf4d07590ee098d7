//! Where in an archive of Inspect are the header and the samples? At its end if the run came to its end, else in
//! its journal.

use super::log::{Header, Sample, malformed};
use crate::ingest::build::Builder;
use crate::ingest::json::text_of;
use crate::ingest::{ReadError, Source};
use serde::de::DeserializeOwned;
use std::io::{Cursor, Read};

/// No member unpacks to more than this.
const MAX_MEMBER_BYTES: u64 = 1 << 30;

type Zip<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

/// Adds the samples of an archive; the header and how many samples there were.
pub fn read(source: &Source, build: &mut Builder) -> Result<(Header, usize), ReadError> {
    let damaged = |message: String| ReadError::Malformed { file: source.name(), row: None, message };
    let mut zip = zip::ZipArchive::new(Cursor::new(source.bytes.as_slice()))
        .map_err(|e| damaged(format!("the archive cannot be opened ({e}); copy or download it again")))?;
    let names: Vec<String> = zip.file_names().flatten().map(|name| name.into_owned()).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let header: Header = match ["header.json", "_journal/start.json"].into_iter().find(|name| has(name)) {
        Some(name) => member(source, &mut zip, name)?,
        None => return Err(damaged("neither header.json nor _journal/start.json is in it".to_owned())),
    };
    if !has("header.json") {
        build.note(None, "the run was broken off before its log was complete: its journal is read");
    }
    let scorers = header.scorers();
    let mut n_samples = 0;
    let summaries: Vec<String> =
        if has("summaries.json") { vec!["summaries.json".to_owned()] } else { numbered(&names) };
    for name in &summaries {
        let samples: Vec<Sample> = member(source, &mut zip, name)?;
        for sample in samples {
            n_samples += 1;
            sample.push(&header, &scorers, n_samples as u64, build);
        }
    }
    if n_samples == 0 {
        // Whole samples, or the first part of samples that are kept in parts.
        let is_sample = |name: &str| {
            let inner = name.strip_prefix("samples/").and_then(|inner| inner.strip_suffix(".json"));
            inner.is_some_and(|inner| !inner.contains('/') || inner.ends_with("/sample"))
        };
        for name in names.iter().filter(|name| is_sample(name)) {
            let sample: Sample = member(source, &mut zip, name)?;
            n_samples += 1;
            sample.push(&header, &scorers, n_samples as u64, build);
        }
    }
    Ok((header, n_samples))
}

/// The summaries of a journal in the order of their numbers.
fn numbered(names: &[String]) -> Vec<String> {
    let number = |name: &String| {
        let inner = name.strip_prefix("_journal/summaries/")?.strip_suffix(".json")?;
        inner.parse::<u64>().ok().map(|number| (number, name.clone()))
    };
    let mut all: Vec<(u64, String)> = names.iter().filter_map(number).collect();
    all.sort();
    all.into_iter().map(|(_, name)| name).collect()
}

fn member<T: DeserializeOwned>(source: &Source, zip: &mut Zip<'_>, name: &str) -> Result<T, ReadError> {
    let file = format!("{}!{name}", source.name());
    let damaged = |message: String| ReadError::Malformed { file: file.clone(), row: None, message };
    let unreadable =
        |e: String| damaged(format!("the member is damaged ({e}); copy or download the log again"));
    let member = zip.by_name(name).map_err(|e| unreadable(e.to_string()))?;
    let mut bytes = Vec::new();
    member.take(MAX_MEMBER_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(e.to_string()))?;
    if bytes.len() as u64 > MAX_MEMBER_BYTES {
        return Err(damaged("unpacks to more than a log should; write it as JSON".to_owned()));
    }
    let inner = Source { path: source.path.clone(), member: Some(name.to_owned()), bytes };
    let text = text_of(&inner)?;
    serde_json::from_str(&text).map_err(|e| malformed(&inner, &e))
}
