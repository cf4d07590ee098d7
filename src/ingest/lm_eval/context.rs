//! Which results file belongs to a file of samples? The one of the same directory and the same timestamp.

use super::results::Results;
use crate::ingest::Source;
use crate::ingest::archive::names::shown;

/// The results files that were found, to be consulted by the readers of item-level files.
#[derive(Debug, Clone, Default)]
pub struct Context {
    results: Vec<Results>,
}

/// The directory of a source, on disk and inside its archive.
pub(super) fn place(source: &Source) -> String {
    let disk = source.path.parent().map(shown).unwrap_or_default();
    match &source.member {
        Some(member) => {
            let inner = member.rsplit_once('/').map_or("", |(directory, _)| directory);
            format!("{}!{inner}", shown(&source.path))
        }
        None => disk,
    }
}

impl Context {
    /// A context of the given results files.
    pub fn new(results: Vec<Results>) -> Self {
        Self { results }
    }

    /// Adds a results file.
    pub fn add(&mut self, results: Results) {
        self.results.push(results);
    }

    /// The results file of a file of samples.
    ///
    /// With a timestamp: the one of the same timestamp in the same directory, else the only one of that
    /// timestamp anywhere (results and samples are sometimes published apart). Without one: the one without a
    /// timestamp in the same directory, else the only one there.
    pub fn find(&self, source: &Source, timestamp: Option<&str>) -> Option<&Results> {
        let place = place(source);
        let here = || self.results.iter().filter(|r| r.place == place);
        match timestamp {
            Some(timestamp) => {
                let same = |r: &&Results| r.timestamp.as_deref() == Some(timestamp);
                here().find(same).or_else(|| only(self.results.iter().filter(same)))
            }
            None => only(here().filter(|r| r.timestamp.is_none())).or_else(|| only(here())),
        }
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn results(place: &str, timestamp: Option<&str>) -> Results {
        Results::from_value(&json!({"results": {}}), &format!("{place}/r"), place, timestamp)
    }

    fn samples(path: &str) -> Source {
        Source::new(path, None, Vec::new())
    }

    #[test]
    fn directory_and_timestamp_decide() {
        let context = Context::new(vec![
            results("a", Some("1")),
            results("a", Some("2")),
            results("b", Some("1")),
            results("c", None),
        ]);
        let place = |path, timestamp| {
            context.find(&samples(path), timestamp).map(|r| (r.place.as_str(), r.timestamp.as_deref()))
        };
        assert_eq!(place("a/s", Some("2")), Some(("a", Some("2"))));
        assert_eq!(place("b/s", Some("1")), Some(("b", Some("1"))));
        // Published apart: the only one of its timestamp, but not one of two.
        assert_eq!(place("d/s", Some("2")), Some(("a", Some("2"))));
        assert_eq!(place("d/s", Some("1")), None);
        assert_eq!(place("c/s", None), Some(("c", None)));
        assert_eq!(place("b/s", None), Some(("b", Some("1"))));
        assert_eq!(place("a/s", None), None);
    }

    #[test]
    fn members_of_an_archive_lie_in_their_own_directory() {
        let source = |member: &str| Source::new("x.zip", Some(member.into()), vec![]);
        assert_eq!(place(&source("m/s.jsonl")), place(&source("m/r.json")));
        assert_ne!(place(&source("m/s.jsonl")), place(&source("n/r.json")));
    }
}
