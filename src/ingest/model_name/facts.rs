//! What do names tell that dumps do not? Sizes and number formats, marked as parsed.

use super::{format_of, size_of};
use crate::ingest::Note;
use crate::response::{FactSource, ResponseTable};
use std::collections::BTreeSet;

/// Fills sizes and number formats from the names of models where the dumps tell neither, and says for which. Sizes
/// and steps whose source nobody named are those of the dump.
pub fn complete(table: &mut ResponseTable) -> Vec<Note> {
    let (mut sizes, mut file) = (BTreeSet::new(), String::new());
    for run in &mut table.runs {
        run.mark_source(FactSource::Dump);
    }
    // A plain table says what its maker wanted it to say.
    for run in table.runs.iter_mut().filter(|run| run.harness.is_some()) {
        let raw = run.model_raw.as_deref().unwrap_or(run.model.as_str());
        if run.dtype.is_none() {
            run.dtype = format_of(raw);
        }
        // The last part of a path may be a checkpoint's.
        if run.params.is_none()
            && let Some(size) = size_of(raw).or_else(|| size_of(run.model.as_str()))
        {
            (run.params, run.params_source) = (Some(size), Some(FactSource::Name));
            sizes.insert(run.model.to_string());
            if file.is_empty() {
                file = run.files.first().cloned().unwrap_or_default();
            }
        }
    }
    let Some(first) = sizes.first() else { return Vec::new() };
    let message = format!(
        "sizes of {} models were parsed from their names ({first:?} first): a column `params` in a table of \
         models beside the results overrides them",
        sizes.len()
    );
    vec![Note { file, row: None, message }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Run;

    #[test]
    fn what_names_tell_is_marked_as_parsed() {
        let mut table = ResponseTable::default();
        let harness = || Some("h".to_owned());
        table.runs.push(Run {
            harness: harness(),
            params: Some(6.9e9),
            step: Some(5),
            ..Run::new("a", "o/m-7b")
        });
        table.runs.push(Run { harness: harness(), ..Run::new("b", "o/m-7b-awq") });
        table.runs.push(Run::new("c", "m-7b"));
        assert_eq!(complete(&mut table).len(), 1);
        let told =
            |at: usize| (table.runs[at].params, table.runs[at].params_source, table.runs[at].step_source);
        assert_eq!(told(0), (Some(6.9e9), Some(FactSource::Dump), Some(FactSource::Dump)));
        assert_eq!(told(1), (Some(7e9), Some(FactSource::Name), None));
        assert_eq!(told(2), (None, None, None));
        assert_eq!(table.runs[1].dtype.as_deref(), Some("awq"));
    }
}
