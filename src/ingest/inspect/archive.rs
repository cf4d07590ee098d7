//! Where in an archive of Inspect are the header and the samples? At its end if the run came to its end, else in
//! its journal.
//!
//! Summaries of samples say all that is needed but the completions; a sample itself is only unpacked where there is
//! no summary, as in runs that broke off, or where the summary was cut short.

use super::log::{Header, Log, Sample, malformed};
use crate::ingest::build::Builder;
use crate::ingest::json::text_of;
use crate::ingest::source::ReadSeek;
use crate::ingest::{ReadError, Source};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::io::Read;

/// No member unpacks to more than this.
const MAX_MEMBER_BYTES: u64 = 1 << 30;

/// The header and the samples of an archive.
pub fn read(source: &Source, build: &mut Builder) -> Result<Log, ReadError> {
    let mut archive = Archive::open(source)?;
    let header: Header = match ["header.json", "_journal/start.json"]
        .into_iter()
        .find(|name| archive.has(name))
    {
        Some(name) => archive.member(name)?,
        None => {
            return Err(archive.damaged("neither header.json nor _journal/start.json is in it".to_owned()));
        }
    };
    if !archive.has("header.json") {
        build.note(None, "the run was broken off before its log was complete: its journal is read");
    }
    let summaries = archive.summaries()?;
    let n_read = summaries.len();
    let mut samples = latest(summaries);
    if samples.len() < n_read {
        let again = n_read - samples.len();
        build.note(
            None,
            format!("{again} samples were tried again later in the log: the last record of each is read"),
        );
    }
    if samples.is_empty() {
        samples = archive.whole_samples()?;
    } else {
        archive.complete(&mut samples, header.invalidated == true, build);
    }
    Ok(Log { header, samples })
}

/// The last record of each sample and epoch, at the place of the first: a sample that was tried again is recorded
/// behind its earlier attempt.
fn latest(records: Vec<Sample>) -> Vec<Sample> {
    let mut places: FxHashMap<(String, String), usize> = FxHashMap::default();
    let mut samples: Vec<Sample> = Vec::with_capacity(records.len());
    for record in records {
        match record.key() {
            Some(key) => match places.get(&key) {
                Some(&at) => samples[at] = record,
                None => {
                    places.insert(key, samples.len());
                    samples.push(record);
                }
            },
            None => samples.push(record),
        }
    }
    samples
}

struct Archive<'s> {
    source: &'s Source,
    zip: zip::ZipArchive<Box<dyn ReadSeek + 's>>,
    /// The names of the members.
    names: Vec<String>,
    /// The names in their order, in which those of one directory follow one another.
    known: BTreeSet<String>,
}

impl<'s> Archive<'s> {
    fn open(source: &'s Source) -> Result<Self, ReadError> {
        let opened = source.seekable().map_err(zip::result::ZipError::from).and_then(zip::ZipArchive::new);
        let zip = opened.map_err(|e| ReadError::Malformed {
            file: source.name(),
            row: None,
            message: format!("the archive cannot be opened ({e}); copy or download it again"),
        })?;
        let names: Vec<String> = zip.file_names().flatten().map(|name| name.into_owned()).collect();
        let known = names.iter().cloned().collect();
        Ok(Self { source, zip, names, known })
    }

    fn damaged(&self, message: String) -> ReadError {
        ReadError::Malformed { file: self.source.name(), row: None, message }
    }

    fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    fn member<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ReadError> {
        let file = format!("{}!{name}", self.source.name());
        let damaged = |message: String| ReadError::Malformed { file: file.clone(), row: None, message };
        let unreadable =
            |e: String| damaged(format!("the member is damaged ({e}); copy or download the log again"));
        let member = self.zip.by_name(name).map_err(|e| unreadable(e.to_string()))?;
        let mut bytes = Vec::new();
        member.take(MAX_MEMBER_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(e.to_string()))?;
        if bytes.len() as u64 > MAX_MEMBER_BYTES {
            return Err(damaged("unpacks to more than a log should; write it as JSON".to_owned()));
        }
        let inner = Source::new(self.source.path.clone(), Some(name.to_owned()), bytes);
        let text = text_of(&inner)?;
        serde_json::from_str(&text).map_err(|e| malformed(&inner, &e))
    }

    /// All summaries in their order: those at the end of the archive, else those of the journal.
    fn summaries(&mut self) -> Result<Vec<Sample>, ReadError> {
        if self.has("summaries.json") {
            let summaries: Vec<Sample> = self.member("summaries.json")?;
            return Ok(summaries.into_iter().map(Sample::bare).collect());
        }
        let mut samples = Vec::new();
        for (_, name) in self.numbered("_journal/summaries/") {
            samples.extend(self.member::<Vec<Sample>>(&name)?.into_iter().map(Sample::bare));
        }
        Ok(samples)
    }

    /// The members of a directory that are named by numbers, in their order.
    fn numbered(&self, directory: &str) -> Vec<(u64, String)> {
        let number = |name: &String| {
            let inner = name.strip_prefix(directory)?.strip_suffix(".json")?;
            inner.parse::<u64>().ok().map(|number| (number, name.clone()))
        };
        let from = self.known.range(directory.to_owned()..);
        let mut all: Vec<(u64, String)> =
            from.take_while(|name| name.starts_with(directory)).filter_map(number).collect();
        all.sort();
        all
    }

    /// All samples, where there is no summary of any.
    fn whole_samples(&mut self) -> Result<Vec<Sample>, ReadError> {
        let names: Vec<String> = self.names.iter().filter(|name| is_sample(name)).cloned().collect();
        names.iter().map(|name| self.whole_sample(name).map(Sample::bare)).collect()
    }

    /// A sample that is one member, or the first member of one that is kept in parts, with what other parts say.
    fn whole_sample(&mut self, name: &str) -> Result<Sample, ReadError> {
        let mut sample: Sample = self.member(name)?;
        if let Some(prefix) = name.strip_suffix("sample.json").filter(|prefix| prefix.ends_with('/')) {
            let metadata = format!("{prefix}metadata.json");
            if self.has(&metadata) {
                sample.metadata = self.member(&metadata)?;
            }
            if let Some((number, reference)) = sample.reference()
                && let Some(text) = self.attachment(prefix, number)?
            {
                sample.resolve(&reference, &text);
            }
        }
        Ok(sample)
    }

    /// A long text that a sample in parts keeps apart. Each member holds those from its number on.
    fn attachment(&mut self, prefix: &str, number: u64) -> Result<Option<String>, ReadError> {
        let chunks = self.numbered(&format!("{prefix}attachments/"));
        let Some((first, name)) = chunks.into_iter().rev().find(|(first, _)| *first <= number) else {
            return Ok(None);
        };
        let mut texts: Vec<String> = self.member(&name)?;
        let at = usize::try_from(number - first).ok().filter(|at| *at < texts.len());
        Ok(at.map(|at| texts.swap_remove(at)))
    }

    /// Reads the samples themselves where their summaries were cut short, or where `all` are wanted.
    fn complete(&mut self, samples: &mut [Sample], all: bool, build: &mut Builder) {
        for sample in samples.iter_mut().filter(|sample| all || sample.is_cut()) {
            let Some((id, epoch)) = sample.key() else { continue };
            let names = [
                format!("samples/{id}_epoch_{epoch}.json"),
                format!("samples/{id}_epoch_{epoch}/sample.json"),
            ];
            match names.iter().find(|name| self.has(name)).map(|name| self.whole_sample(name)) {
                Some(Ok(whole)) => sample.complete(whole.bare()),
                Some(Err(error)) => build.note(None, format!("{error}: its summary is read")),
                None => {}
            }
        }
    }
}

/// Whether a member is a sample, or the first part of one: `samples/ID_epoch_N.json`, `samples/ID_epoch_N/sample.json`.
/// An id may have any character.
fn is_sample(name: &str) -> bool {
    let inner = name.strip_prefix("samples/").and_then(|inner| inner.strip_suffix(".json"));
    let stem = inner.map(|inner| inner.strip_suffix("/sample").unwrap_or(inner));
    let epoch = stem.and_then(|stem| stem.rsplit_once("_epoch_")).map(|(_, epoch)| epoch);
    epoch.is_some_and(|epoch| !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_their_parts_whatever_their_id() {
        let is = ["samples/1_epoch_1.json", "samples/a/b/c_epoch_12.json", "samples/../up_epoch_1.json"];
        assert!(
            is.into_iter()
                .chain(["samples/x_epoch_1/sample.json", "samples/nl\nid_epoch_1.json"])
                .all(is_sample)
        );
        let parts = ["samples/x_epoch_1/metadata.json", "samples/x_epoch_1/events/0.json", "summaries.json"];
        assert!(!parts.into_iter().any(is_sample));
    }
}
