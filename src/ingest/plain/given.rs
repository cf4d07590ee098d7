//! What does the user say about the models? What stands in a table of models replaces what dumps say and what
//! names tell.

use super::companion::{Companion, MODEL_FACTS};
use super::roles::{Role, normal};
use super::runs::set_fact;
use crate::ingest::Note;
use crate::ingest::fragment::counted;
use crate::ingest::model_name::plain_name;
use crate::response::{FactSource, ResponseTable, Run};
use crate::store::frame::Words;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Models named of those that are in no dump.
const MAX_NAMED: usize = 5;
/// Columns with the name that a model is to have, in order of preference: lower case, letters and digits only.
const NEW_NAMES: [&str; 4] = ["display", "displayname", "name", "alias"];

/// What giving facts to runs did.
#[derive(Debug, Default)]
struct Given {
    facts: BTreeSet<&'static str>,
    replaced: Vec<String>,
}

impl Companion {
    /// Whether it is a table of models with something to say about them.
    pub fn tells_of_models(&self) -> bool {
        let has_facts = || MODEL_FACTS.iter().any(|role| self.roles.get(*role).is_some());
        self.roles.get(Role::Model).is_some() && (self.new_names().is_some() || has_facts())
    }

    /// The column of names that models are to have.
    pub(super) fn new_names(&self) -> Option<Cow<'_, Words>> {
        let is_called = |wanted: &str| {
            let mut columns = self.frame.columns.iter().enumerate();
            columns.find(|(at, (name, _))| !self.roles.is_taken(*at) && normal(name) == wanted)
        };
        NEW_NAMES.into_iter().find_map(is_called).map(|(_, (_, cells))| cells.to_words())
    }

    /// Gives the runs of harnesses what the table says of their models, and says what it was taken for; `None` if
    /// it names no model of the dumps.
    ///
    /// Names are compared as they are, then without case and marks, then without the organisation where that
    /// leaves one model. Where a model has several rows each is about the runs of its step or revision. Models that
    /// are given a name have it from then on, those of plain tables too: models with one name are one.
    pub fn give(&self, table: &mut ResponseTable, notes: &mut Vec<Note>) -> Option<String> {
        let names = self.words(Role::Model)?;
        let facts: Vec<_> =
            MODEL_FACTS.into_iter().filter_map(|role| Some((role, self.words(role)?))).collect();
        let (index, new_names) = (Names::of(&table.runs), self.new_names());
        let mut renamed: BTreeMap<u32, &str> = BTreeMap::new();
        // What is said of each model, once for each time that it is something else.
        let mut rows_of: BTreeMap<&str, BTreeSet<Vec<Option<&str>>>> = BTreeMap::new();
        for row in 0..self.frame.n_rows {
            if let Some(name) = names.get(row) {
                let said = facts.iter().map(|(_, words)| words.get(row).map(str::trim)).collect();
                rows_of.entry(name.trim()).or_default().insert(said);
            }
        }
        let mut undecided: BTreeSet<&str> = BTreeSet::new();
        let mut unread: Vec<String> = Vec::new();
        let (mut known, mut unknown, mut given) = (BTreeSet::new(), Vec::new(), Given::default());
        for row in 0..self.frame.n_rows {
            let Some(name) = names.get(row).map(str::trim) else { continue };
            let mut said = Run::new(name, name);
            for (role, words) in &facts {
                if let Some(word) = words.get(row).map(str::trim).filter(|word| !word.is_empty()) {
                    let before = said.clone();
                    set_fact(&mut said, *role, word);
                    if said == before {
                        unread.push(format!("{word:?} of {name}"));
                    }
                }
            }
            let found = index.find(name);
            if found.is_empty() && !unknown.contains(&name) {
                unknown.push(name);
            }
            if let Some(new) = new_names.as_ref().and_then(|names| names.get(row)).map(str::trim)
                && !new.is_empty()
            {
                renamed.extend(index.called(name).iter().map(|&at| (at, new)));
            }
            for &at in found {
                let run = &mut table.runs[at as usize];
                known.insert(at);
                let is_meant = rows_of.get(name).is_some_and(|said| said.len() == 1)
                    || (said.step.is_some() && said.step == run.step)
                    || (said.revision.is_some() && said.revision == run.revision);
                if !is_meant && said.step.is_none() && said.revision.is_none() {
                    undecided.insert(name);
                }
                // A plain table beside it was joined with it before, and says itself what is in its columns.
                if is_meant && run.harness.is_some() {
                    given.to(run, &said);
                }
            }
        }
        if known.is_empty() {
            return None;
        }
        let merged = given.names(&mut table.runs, &renamed);
        let mut say = |message: String| notes.push(Note { file: self.file.clone(), row: None, message });
        if let Some(first) = undecided.first() {
            say(format!(
                "{} in rows that say different things and name no step or revision: nothing of them is taken, {first} \
                 first",
                counted(undecided.len(), "model stands", "models stand")
            ));
        }
        if let Some(first) = unread.first() {
            say(format!(
                "{} what the column is for: left out, {first} first",
                counted(unread.len(), "value is not", "values are not")
            ));
        }
        if !unknown.is_empty() {
            let more = unknown.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named: Vec<&str> = unknown.iter().take(MAX_NAMED).copied().collect();
            let (n, named) = (unknown.len(), named.join(", "));
            let are = if n == 1 { "model of this table is" } else { "models of this table are" };
            say(format!("{n} {are} in no dump: {named}{more}"));
        }
        if let Some(first) = given.replaced.first() {
            let n = given.replaced.len();
            say(format!("{n} values that dumps tell are replaced by those given here, {first} first"));
        }
        if let Some(first) = merged.first() {
            let (n, are) = (merged.len(), if merged.len() == 1 { "model is" } else { "models are" });
            say(format!("{n} {are} made of several by the names given here, {first} first"));
        }
        let facts: Vec<&str> = given.facts.into_iter().collect();
        (!facts.is_empty()).then(|| format!("models: {} given to {} runs", facts.join(", "), known.len()))
    }
}

macro_rules! give {
    ($given:ident, $run:ident, $said:ident: $($field:ident),+) => {
        $(if let Some(new) = &$said.$field {
            $given.facts.insert(stringify!($field));
            if let Some(old) = $run.$field.as_ref().filter(|old| *old != new) {
                let (name, model) = (stringify!($field), &$run.model);
                $given.replaced.push(format!("{name} of {model} ({old} by {new})"));
            }
            $run.$field = Some(new.clone());
        })+
    };
}

impl Given {
    fn to(&mut self, run: &mut Run, said: &Run) {
        if said.params.is_some() {
            run.params_source = Some(FactSource::ModelsTable);
        }
        if said.step.is_some() {
            run.step_source = Some(FactSource::ModelsTable);
        }
        give!(self, run, said: params, tokens, flops, step, seed, family, role, revision, dtype);
    }

    /// Gives runs the names of their models; those of which several became one are told.
    fn names(&mut self, runs: &mut [Run], renamed: &BTreeMap<u32, &str>) -> Vec<String> {
        let mut old_names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let new_names: BTreeSet<&str> = renamed.values().copied().collect();
        for (at, run) in runs.iter_mut().enumerate() {
            let old = run.model.to_string();
            if let Some(&new) = renamed.get(&(at as u32)) {
                self.facts.insert("name");
                old_names.entry(new).or_default().insert(old.clone());
                run.model = new.into();
                run.model_raw.get_or_insert(old);
            } else if let Some(&new) = new_names.get(old.as_str()) {
                old_names.entry(new).or_default().insert(old);
            }
        }
        let told = |(new, old): (&str, BTreeSet<String>)| {
            let old: Vec<String> = old.into_iter().collect();
            (old.len() > 1).then(|| format!("{new} ({})", old.join(", ")))
        };
        old_names.into_iter().filter_map(told).collect()
    }
}

/// Runs by the names that a table of models may have for them, the surest first.
struct Names {
    by: [HashMap<String, Vec<u32>>; 3],
    by_model: HashMap<String, Vec<u32>>,
}

impl Names {
    fn of(runs: &[Run]) -> Self {
        let mut by: [HashMap<String, Vec<u32>>; 3] = Default::default();
        let mut by_model: HashMap<String, Vec<u32>> = HashMap::new();
        let mut models_of: HashMap<String, BTreeSet<String>> = HashMap::new();
        let base = |run: &Run| plain_name(without_revision(run.model.as_str()));
        for (at, run) in runs.iter().enumerate() {
            let exact: BTreeSet<&str> = [run.id.as_str(), run.model.as_str()].into_iter().collect();
            for name in exact.into_iter().chain(run.model_raw.as_deref()) {
                let list = by[0].entry(name.to_owned()).or_default();
                if list.last() != Some(&(at as u32)) {
                    list.push(at as u32);
                }
            }
            by_model.entry(run.model.to_string()).or_default().push(at as u32);
            by[1].entry(base(run)).or_default().push(at as u32);
            by[2].entry(last_part(&base(run)).to_owned()).or_default().push(at as u32);
            models_of.entry(last_part(&base(run)).to_owned()).or_default().insert(base(run));
        }
        by[2].retain(|name, _| models_of.get(name).is_some_and(|models| models.len() == 1));
        Self { by, by_model }
    }

    /// The runs of the model of a name; where none is called so, those that [`Self::find`] gives.
    fn called(&self, name: &str) -> &[u32] {
        self.by_model.get(name).map_or_else(|| self.find(name), Vec::as_slice)
    }

    fn find(&self, name: &str) -> &[u32] {
        let plain = plain_name(without_revision(name));
        let keys = [name, plain.as_str(), last_part(&plain)];
        let found = self.by.iter().zip(keys).find_map(|(by, key)| by.get(key));
        found.map_or(&[], Vec::as_slice)
    }
}

fn without_revision(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::plain::{self, Plain};
    use crate::ingest::{Format, IngestOptions, Source};

    fn companion(text: &str) -> Companion {
        let source = Source::new("models.csv", None, text.as_bytes().to_vec());
        match plain::read(Format::Delimited, &source, &IngestOptions::default()).unwrap() {
            Plain::Companion(companion) => *companion,
            Plain::Responses(_) => panic!("no table of models"),
        }
    }

    fn dump(runs: &[(&str, Option<i64>)]) -> ResponseTable {
        let mut table = ResponseTable::default();
        for (model, step) in runs {
            let id = format!("{model} {step:?}");
            let harness = Some("h".to_owned());
            table.runs.push(Run { step: *step, params: Some(7e9), harness, ..Run::new(id, *model) });
        }
        table
    }

    #[test]
    fn what_is_given_wins_and_is_said() {
        let mut table = dump(&[("toy-org/Toy-7B", None), ("other/Toy-1B@v2", None), ("x/Y", None)]);
        let mut notes = Vec::new();
        let models =
            companion("model,params,family\ntoy_7b,6.9B,toys\nother/Toy-1B,1000000000,toys\nabsent,1B,z\n");
        let told = models.give(&mut table, &mut notes).unwrap();
        assert_eq!(told, "models: family, params given to 2 runs");
        assert_eq!(
            table.runs.iter().map(|r| r.params).collect::<Vec<_>>(),
            [Some(6.9e9), Some(1e9), Some(7e9)]
        );
        assert_eq!(table.runs[1].family.as_deref(), Some("toys"));
        assert_eq!(notes[0].message, "1 model of this table is in no dump: absent");
        assert!(
            notes[1].message.contains("params of toy-org/Toy-7B (7000000000 by 6900000000)"),
            "{notes:?}"
        );
        assert!(companion("model,params\nnobody,1B\nelse,2B\n").give(&mut table, &mut notes).is_none());
    }

    #[test]
    fn models_are_renamed_and_merged_on_purpose() {
        let mut table = dump(&[("toy-org/Toy-7B", None), ("x/Y", None), ("x/Y (4bit)", None)]);
        table.runs[2].model_raw = Some("x/Y".to_owned());
        table.runs.push(Run::new("toy-7b-hf", "toy-7b-hf"));
        let mut notes = Vec::new();
        let models = companion("model,name\ntoy-7b-hf,toy-org/Toy-7B\nx/Y,Y\n");
        assert!(models.tells_of_models());
        let told = models.give(&mut table, &mut notes).unwrap();
        assert_eq!(told, "models: name given to 3 runs");
        let names: Vec<&str> = table.runs.iter().map(|run| run.model.as_str()).collect();
        assert_eq!(names, ["toy-org/Toy-7B", "Y", "x/Y (4bit)", "toy-org/Toy-7B"]);
        assert_eq!(table.runs[3].model_raw.as_deref(), Some("toy-7b-hf"));
        assert_eq!(
            notes[0].message,
            "1 model is made of several by the names given here, toy-org/Toy-7B (toy-7b-hf, toy-org/Toy-7B) first"
        );
    }

    #[test]
    fn sizes_and_steps_given_are_marked() {
        let mut table = dump(&[("a/b", None), ("a/c", Some(2))]);
        let models = companion("model,params,step\na/b,1B,\na/c,,3\n");
        models.give(&mut table, &mut Vec::new()).unwrap();
        let sources = |at: usize| (table.runs[at].params_source, table.runs[at].step_source);
        assert_eq!(sources(0), (Some(FactSource::ModelsTable), None));
        assert_eq!(sources(1), (None, Some(FactSource::ModelsTable)));
    }

    #[test]
    fn rows_of_checkpoints_are_told_apart_by_their_step() {
        let mut table = dump(&[("a/b", Some(1)), ("a/b", Some(2)), ("a/c", None)]);
        let models = companion("model,step,tokens\na/b,1,10\na/b,2,20\na/c,5,30\n");
        models.give(&mut table, &mut Vec::new()).unwrap();
        assert_eq!(
            table.runs.iter().map(|r| r.tokens).collect::<Vec<_>>(),
            [Some(10.0), Some(20.0), Some(30.0)]
        );
        assert_eq!(table.runs[2].step, Some(5));
    }

    #[test]
    fn a_name_without_its_organisation_must_mean_one_model() {
        let mut table = dump(&[("a/m", None), ("b/m", None)]);
        assert!(companion("model,params\nm,1B\nz,2B\n").give(&mut table, &mut Vec::new()).is_none());
    }
}
