//! Which models of an input only look alike? Paths with the same end and weights that were loaded differently keep
//! names of their own.

use super::{is_path, last_part, quantisation_of};
use crate::ingest::Note;
use crate::response::{ResponseTable, Run};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Shortens paths as far as they stay distinct in the whole input, and tells models apart whose weights were
/// quantised on loading or put on different base models. Names of plain tables stay as they are.
pub fn tell_apart(table: &mut ResponseTable) -> Vec<Note> {
    shorten(&mut table.runs);
    by_set_up(&mut table.runs)
}

/// Gives models that are known by a path the shortest end of it that no other model has.
fn shorten(runs: &mut [Run]) {
    let is_from_dump = |run: &Run| run.model_raw.is_some() && is_path(run.model.as_str());
    let (paths, others): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| is_from_dump(run));
    let paths: BTreeSet<Vec<&str>> = paths.iter().map(|run| ends_first(path_of(run))).collect();
    if paths.is_empty() {
        return;
    }
    let others: HashSet<&str> = others.iter().map(|run| run.model.as_str()).collect();
    // Ends in common are longest between neighbours.
    let paths: Vec<Vec<&str>> = paths.into_iter().collect();
    let common = |a: &[&str], b: &[&str]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let mut short_of: BTreeMap<String, String> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        let with = |other: Option<&Vec<&str>>| other.map_or(0, |other| common(path, other));
        let shared =
            with(at.checked_sub(1).and_then(|before| paths.get(before))).max(with(paths.get(at + 1)));
        let whole = joined(path);
        let is_free = |end: &String| !end.is_empty() && !others.contains(end.as_str());
        let short = (shared + 1..path.len()).map(|n| joined(&path[..n])).find(is_free);
        short_of.insert(whole.clone(), short.unwrap_or(whole));
    }
    let mut ids: HashSet<String> = runs.iter().map(|run| run.id.clone()).collect();
    for run in runs.iter_mut().filter(|run| is_from_dump(run)) {
        let path = path_of(run);
        let Some(short) = short_of.get(&joined(&ends_first(path))) else { continue };
        let rest = run.id.strip_prefix(path).map(|rest| format!("{short}{rest}"));
        let model = format!("{short}{}", &run.model.as_str()[path.len()..]);
        run.model = model.as_str().into();
        if let Some(id) = rest.filter(|id| ids.insert(id.clone())) {
            run.id = id;
        }
    }
}

/// The path that a model is known by, without a revision behind it.
fn path_of(run: &Run) -> &str {
    let name = run.model.as_str();
    let revision = last_part(name).split_once('@').map_or(0, |(_, revision)| revision.len() + 1);
    &name[..name.len() - revision]
}

fn ends_first(path: &str) -> Vec<&str> {
    path.split('/').rev().collect()
}

fn joined(ends_first: &[&str]) -> String {
    ends_first.iter().rev().copied().collect::<Vec<_>>().join("/")
}

/// Puts the quantisation and the base behind the names of models that came with several of them.
fn by_set_up(runs: &mut [Run]) -> Vec<Note> {
    type SetUp = (Option<String>, Option<String>);
    let set_up = |run: &Run| -> SetUp { (run.dtype.as_deref().and_then(quantisation_of), run.base.clone()) };
    let mut set_ups: BTreeMap<String, BTreeSet<SetUp>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.model_raw.is_some()) {
        set_ups.entry(run.model.to_string()).or_default().insert(set_up(run));
    }
    set_ups.retain(|_, set_ups| set_ups.len() > 1);
    let mut notes: BTreeMap<String, Note> = BTreeMap::new();
    for run in runs.iter_mut().filter(|run| run.model_raw.is_some()) {
        let Some(all) = set_ups.get(run.model.as_str()) else { continue };
        let (quantisation, base) = set_up(run);
        let mut name = run.model.to_string();
        if let Some(base) = base.filter(|base| all.iter().any(|(_, other)| other.as_ref() != Some(base))) {
            name.push_str(&format!(" (on {base})"));
        }
        let differs =
            |quantisation: &String| all.iter().any(|(other, _)| other.as_ref() != Some(quantisation));
        if let Some(quantisation) = quantisation.filter(differs) {
            name.push_str(&format!(" ({quantisation})"));
        }
        if name != run.model.as_str() {
            let message = format!(
                "{:?} was run with other weights too: these runs are of {name:?}",
                run.model.as_str()
            );
            let file = run.files.first().cloned().unwrap_or_default();
            notes.entry(name.clone()).or_insert(Note { file, row: None, message });
            run.model = name.as_str().into();
        }
    }
    notes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(model: &str) -> Run {
        Run { model_raw: Some(model.to_owned()), ..Run::new(format!("{model} at noon"), model) }
    }

    fn models(runs: Vec<Run>) -> Vec<String> {
        let mut table = ResponseTable::default();
        table.runs = runs;
        tell_apart(&mut table);
        table.runs.iter().map(|run| run.model.to_string()).collect()
    }

    #[test]
    fn paths_keep_what_tells_them_apart() {
        let of = |names: &[&str]| models(names.iter().map(|name| run(name)).collect());
        assert_eq!(of(&["/data/sft/hf", "/data/dpo/hf", "o/m"]), ["sft/hf", "dpo/hf", "o/m"]);
        assert_eq!(of(&["/data/sft/hf", "/data/sft/hf"]), ["hf", "hf"]);
        assert_eq!(of(&["/x/data/m", "/data/m", "./m@v2"]), ["x/data/m", "/data/m", "./m@v2"]);
        assert_eq!(of(&["/data/m", "m"]), ["data/m", "m"]);
        assert_eq!(of(&["C:/a/m", "C:/b/m", "/", "~/n"]), ["a/m", "b/m", "/", "n"]);
        assert_eq!(of(&["/data/m@v1", "/data/m@v2"]), ["m@v1", "m@v2"]);
    }

    #[test]
    fn runs_are_called_as_their_models_and_plain_tables_stay() {
        let plain = Run::new("/a/m", "/a/m");
        let mut table = ResponseTable::default();
        table.runs = vec![run("/data/m"), plain];
        tell_apart(&mut table);
        let names: Vec<_> = table.runs.iter().map(|run| (run.id.as_str(), run.model.as_str())).collect();
        assert_eq!(names, [("m at noon", "m"), ("/a/m", "/a/m")]);
    }

    #[test]
    fn weights_that_were_loaded_otherwise_are_another_model() {
        let with = |model: &str, dtype: Option<&str>, base: Option<&str>| Run {
            dtype: dtype.map(str::to_owned),
            base: base.map(str::to_owned),
            ..run(model)
        };
        let runs = vec![
            with("o/m", Some("bfloat16"), None),
            with("o/m", Some("4bit"), None),
            with("o/m", None, None),
            with("o/n", Some("4bit"), None),
            with("o/lora", None, Some("o/m")),
            with("o/lora", None, Some("o/n")),
            with("o/other", None, Some("o/n")),
        ];
        let expected = ["o/m", "o/m (4bit)", "o/m", "o/n", "o/lora (on o/m)", "o/lora (on o/n)", "o/other"];
        assert_eq!(models(runs), expected);
    }
}
