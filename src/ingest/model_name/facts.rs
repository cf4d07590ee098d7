//! What do names tell that dumps do not? Sizes, steps and number formats; sizes and steps are marked as parsed.

use super::{format_of, read, size_of};
use crate::ingest::Note;
use crate::response::{FactSource, ResponseTable};
use std::collections::BTreeSet;

/// Fills sizes, steps and number formats from the names of models where the dumps do not tell them, and says for
/// which models it took a size. Sizes and steps whose source nobody named are those of the dump. The names of plain
/// tables stay as they are: a step in them tells nothing apart.
pub fn complete(table: &mut ResponseTable) -> Vec<Note> {
    let (mut sizes, mut file) = (BTreeSet::new(), String::new());
    for run in &mut table.runs {
        run.mark_source(FactSource::Dump);
    }
    for run in &mut table.runs {
        let raw = run.model_raw.clone().unwrap_or_else(|| run.model.to_string());
        let raw = raw.as_str();
        if run.dtype.is_none() {
            run.dtype = format_of(raw);
        }
        let named = read(raw, None);
        if let (None, Some(step)) = (run.step, named.step) {
            (run.step, run.step_source) = (Some(step), Some(FactSource::Name));
        }
        // The last part of a path may be a checkpoint's.
        let size =
            || size_of(raw).or_else(|| size_of(run.model.as_str())).or_else(|| size_of(&named.display));
        if run.params.is_none()
            && let Some(size) = size()
        {
            (run.params, run.params_source) = (Some(size), Some(FactSource::Name));
            // Of a plain table nobody expects sizes: that they are parsed stands in the table of runs.
            if run.harness.is_some() {
                sizes.insert(run.model.to_string());
            }
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
        table.runs.push(Run::new("c", "/x/m-7b/step-500"));
        assert_eq!(complete(&mut table).len(), 1);
        let told =
            |at: usize| (table.runs[at].params, table.runs[at].params_source, table.runs[at].step_source);
        assert_eq!(told(0), (Some(6.9e9), Some(FactSource::Dump), Some(FactSource::Dump)));
        assert_eq!(told(1), (Some(7e9), Some(FactSource::Name), None));
        assert_eq!(told(2), (Some(7e9), Some(FactSource::Name), Some(FactSource::Name)));
        assert_eq!((table.runs[2].step, table.runs[2].model.as_str()), (Some(500), "/x/m-7b/step-500"));
        assert_eq!(table.runs[1].dtype.as_deref(), Some("awq"));
    }
}
