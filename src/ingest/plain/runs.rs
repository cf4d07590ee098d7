//! Which rows of a long table belong to one run? Those of one model under one set-up.

use super::Naming;
use super::roles::{Role, Roles};
use crate::ingest::model_name::quantity;
use crate::response::Run;
use crate::store::frame::{Frame, NOTHING, Words};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Columns that make another run of the same model, where no column names the runs.
const SET_UP: [Role; 6] =
    [Role::Revision, Role::Step, Role::Seed, Role::Variant, Role::NShot, Role::Temperature];
/// Columns that describe a run without making it another.
const FACTS: [Role; 10] = [
    Role::Params,
    Role::ParamsMillions,
    Role::ParamsBillions,
    Role::Tokens,
    Role::Flops,
    Role::Family,
    Role::Timestamp,
    Role::Dtype,
    Role::Harness,
    Role::LadderRole,
];

/// The runs of a table, and the run of each row.
#[derive(Debug)]
pub struct Runs {
    /// The runs.
    pub runs: Vec<Run>,
    /// The run of each row; none where no model is named.
    pub of_row: Vec<Option<u32>>,
    /// What was made of the columns.
    pub columns: RunColumns,
}

/// What is made of the columns that tell runs apart or describe them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunColumns {
    /// The file's name, where it is taken for the model.
    named_after: Option<String>,
    /// Those that change from row to row, and tell no runs apart.
    varying: Vec<Role>,
    /// Those that change within a run, with the first line where one does: they describe none.
    changing: Vec<(Role, u64)>,
}

impl RunColumns {
    /// Whether this holds for the rows that follow, as far as these show.
    pub fn can_be_parted(&self) -> bool {
        self.varying.is_empty()
    }

    /// Whether the rows of a part, where this was assumed, show nothing else.
    pub fn covers(&self, part: &Self) -> bool {
        let is_known = |(role, _): &(Role, u64)| self.changing.iter().any(|(known, _)| known == role);
        self.varying == part.varying && part.changing.iter().all(is_known)
    }

    /// What a user should know.
    pub fn messages(&self) -> impl Iterator<Item = String> {
        let named_after = self
            .named_after
            .iter()
            .map(|stem| format!("no column names the model; the file's name {stem:?} is taken for it"));
        let varying = self.varying.iter().map(|role| {
            format!("{role:?} changes from row to row; it does not tell runs apart").to_lowercase()
        });
        let changing = self.changing.iter().map(|(role, line)| {
            format!("{role:?} changes within a run (first in row {line}); it is left out").to_lowercase()
        });
        named_after.chain(varying).chain(changing)
    }
}

/// More distinct pairs of a model and a value than this are no set-ups.
const MAX_SET_UPS: usize = 1 << 16;

/// What rows show of the columns that tell runs apart.
#[derive(Debug, Default)]
pub struct RunEvidence {
    n_rows: usize,
    models: FxHashSet<u64>,
    /// Models and values of each column that makes another run.
    set_ups: HashMap<Role, FxHashSet<(u64, u64)>>,
    /// The model of each run that is named.
    model_of: HashMap<String, u64>,
    /// Whether models share a name of a run that is no number.
    shares_names: bool,
}

impl RunEvidence {
    /// That of some rows.
    pub fn of(frame: &Frame, roles: &Roles) -> Self {
        let column = |role: Role| roles.get(role).map(|at| frame.columns[at].1.to_words());
        let Some(models) = column(Role::Model) else { return Self::default() };
        let hashes = |words: &Words| -> Vec<u64> {
            words.distinct().iter().map(|word| xxh3_64(word.as_bytes())).collect()
        };
        let of_model = hashes(&models);
        let hash = |hashes: &[u64], code: u32| hashes.get(code as usize).copied().unwrap_or(0);
        let mut evidence = Self { n_rows: frame.n_rows, ..Self::default() };
        evidence.models.extend(&of_model);
        if let Some(names) = column(Role::Run) {
            for (&name, &model) in names.codes().iter().zip(models.codes()) {
                if name != NOTHING && model != NOTHING {
                    evidence.name(&names.distinct()[name as usize], hash(&of_model, model));
                }
            }
            return evidence;
        }
        for (role, words) in SET_UP.into_iter().filter_map(|role| Some((role, column(role)?))) {
            let of_word = hashes(&words);
            let pairs: FxHashSet<(u32, u32)> =
                models.codes().iter().copied().zip(words.codes().iter().copied()).collect();
            let pairs = pairs.into_iter().map(|(m, w)| (hash(&of_model, m), hash(&of_word, w)));
            evidence.set_ups.insert(role, pairs.collect());
        }
        evidence
    }

    fn name(&mut self, name: &str, model: u64) {
        match self.model_of.get(name) {
            Some(known) => self.shares_names |= *known != model && name.trim().parse::<f64>().is_err(),
            None => {
                self.model_of.insert(name.to_owned(), model);
            }
        }
    }

    /// Adds that of the rows that follow; not if there are far too many set-ups.
    pub fn add(&mut self, other: Self) -> bool {
        self.n_rows += other.n_rows;
        self.models.extend(other.models);
        for (role, pairs) in other.set_ups {
            self.set_ups.entry(role).or_default().extend(pairs);
        }
        self.shares_names |= other.shares_names;
        other.model_of.iter().for_each(|(name, model)| self.name(name, *model));
        !self.shares_names && self.set_ups.values().all(|pairs| pairs.len() <= MAX_SET_UPS)
    }

    /// Whether all columns of set-ups tell runs apart, as was assumed.
    pub fn holds(&self) -> bool {
        let pairs = self.set_ups.values().map(FxHashSet::len);
        pairs.into_iter().all(|n_pairs| !are_drawn_by_row(self.n_rows, self.models.len(), n_pairs))
    }
}

type Column<'a> = (Role, Cow<'a, Words>);

impl Runs {
    /// Reads the runs. Without a column of models all rows are of the model that the file is named after. Of a part of
    /// a table it is known from others what is made of its columns.
    pub fn read(frame: &Frame, roles: &Roles, naming: &Naming, known: Option<&RunColumns>) -> Self {
        let mut made = RunColumns::default();
        let column = |role: Role| roles.get(role).map(|at| (role, frame.columns[at].1.to_words()));
        let models = match column(Role::Model) {
            Some((_, words)) => words,
            None => {
                made.named_after = Some(naming.stem.clone());
                Cow::Owned((0..frame.n_rows).map(|_| Some(naming.stem.as_str())).collect())
            }
        };
        let run_names = column(Role::Run).map(|(_, words)| words);
        let mut set_up: Vec<Column> = SET_UP.into_iter().filter_map(column).collect();
        if run_names.is_none() {
            set_up.retain(|(role, words)| {
                let keeps = match known {
                    Some(known) => !known.varying.contains(role),
                    None => !varies_by_row(&models, words),
                };
                if !keeps {
                    made.varying.push(*role);
                }
                keeps
            });
        }
        let identity: &[Column] = if run_names.is_some() { &[] } else { &set_up };

        let columns: Vec<&Words> =
            identity.iter().map(|(_, words)| &**words).chain(run_names.as_deref()).collect();
        // What is known after each column: the rows that have the same words in it and in those before.
        let mut alike: Vec<FxHashMap<(u32, u32), u32>> = vec![FxHashMap::default(); columns.len()];
        let mut place: FxHashMap<u32, u32> = FxHashMap::default();
        let mut first_rows: Vec<usize> = Vec::new();
        let of_row: Vec<Option<u32>> = (0..frame.n_rows)
            .map(|row| {
                models.get(row)?;
                let mut key = models.codes()[row];
                for (alike, words) in alike.iter_mut().zip(&columns) {
                    let next = alike.len() as u32;
                    key = *alike.entry((key, words.codes()[row])).or_insert(next);
                }
                Some(*place.entry(key).or_insert_with(|| {
                    first_rows.push(row);
                    first_rows.len() as u32 - 1
                }))
            })
            .collect();
        let shared_names = run_names.as_ref().map_or_else(Vec::new, |r| names_of_several(&models, r));
        let mut runs: Vec<Run> = first_rows
            .iter()
            .map(|&row| {
                let model = models.get(row).unwrap_or_default().trim();
                let id = match &run_names {
                    Some(names) => run_id(model, names, row, &shared_names),
                    None => set_up_id(model, identity, row),
                };
                let mut run = Run::new(id, model);
                run.files.push(naming.file.clone());
                run
            })
            .collect();
        let facts = FACTS.into_iter().filter_map(column);
        for (role, words) in set_up.iter().cloned().chain(facts) {
            let is_known = known.is_some_and(|known| known.changing.iter().any(|(other, _)| *other == role));
            if let Some(row) = changing_fact(&words, &of_row, runs.len()) {
                made.changing.push((role, naming.line(row)));
                continue;
            }
            if is_known {
                continue;
            }
            for (run, &row) in runs.iter_mut().zip(&first_rows) {
                if let Some(word) = words.get(row) {
                    set_fact(run, role, word.trim());
                }
            }
        }
        Self { runs, of_row, columns: made }
    }
}

/// Whether a column would make a run of nearly every row, as a seed drawn for each prompt does.
fn varies_by_row(models: &Words, words: &Words) -> bool {
    let mut pairs: std::collections::HashSet<(u32, u32)> = std::collections::HashSet::new();
    pairs.extend(models.codes().iter().copied().zip(words.codes().iter().copied()));
    are_drawn_by_row(models.codes().len(), models.distinct().len(), pairs.len())
}

fn are_drawn_by_row(n_rows: usize, n_models: usize, n_pairs: usize) -> bool {
    n_rows > 2 * n_models && n_pairs * 2 > n_rows
}

/// The codes of run names that several models share.
fn names_of_several(models: &Words, names: &Words) -> Vec<bool> {
    let mut model_of = vec![NOTHING; names.distinct().len()];
    let mut shared = vec![false; names.distinct().len()];
    for (&name, &model) in names.codes().iter().zip(models.codes()) {
        if name != NOTHING && model != NOTHING {
            let known = &mut model_of[name as usize];
            if *known == NOTHING {
                *known = model;
            }
            shared[name as usize] |= *known != model;
        }
    }
    shared
}

/// The run's own name, with the model in front where the name alone could be that of another model's run.
fn run_id(model: &str, names: &Words, row: usize, shared: &[bool]) -> String {
    match names.get(row) {
        None => model.to_owned(),
        Some(name) => {
            let is_number = name.trim().parse::<f64>().is_ok();
            let ambiguous = is_number || shared.get(names.codes()[row] as usize) == Some(&true);
            if ambiguous { format!("{model}#{name}") } else { name.to_owned() }
        }
    }
}

fn set_up_id(model: &str, identity: &[Column], row: usize) -> String {
    let mut id = model.to_owned();
    for (role, words) in identity {
        if let Some(word) = words.get(row) {
            match role {
                Role::Revision => id.push_str(&format!("@{word}")),
                Role::Step => id.push_str(&format!(" step {word}")),
                Role::Seed => id.push_str(&format!(" seed {word}")),
                Role::NShot => id.push_str(&format!(" {word}-shot")),
                Role::Temperature => id.push_str(&format!(" at {word}")),
                _ => id.push_str(&format!(" ({word})")),
            }
        }
    }
    id
}

/// The first row whose value differs from that of its run's other rows.
fn changing_fact(words: &Words, of_row: &[Option<u32>], n_runs: usize) -> Option<usize> {
    let mut known: Vec<Option<u32>> = vec![None; n_runs];
    (0..of_row.len()).find(|&row| {
        of_row[row].is_some_and(|run| {
            let code = words.codes()[row];
            *known[run as usize].get_or_insert(code) != code
        })
    })
}

/// Puts a word of a column of this role into the run; what does not fit the role is left out.
pub(super) fn set_fact(run: &mut Run, role: Role, word: &str) {
    let text = || Some(word.to_owned()).filter(|w| !w.is_empty());
    let real = || word.parse::<f64>().ok().filter(|x| x.is_finite());
    let positive = |number: Option<f64>| number.filter(|x| *x > 0.0);
    let whole = || real().filter(|x| x.fract() == 0.0).map(|x| x as i64);
    match role {
        Role::Revision => run.revision = text(),
        Role::Step => run.step = whole().or_else(|| word.trim_start_matches("step").parse().ok()),
        Role::Seed => run.seed = whole(),
        Role::Variant => run.prompt_variant = text(),
        Role::NShot => run.n_shot = shots(word),
        Role::Temperature => run.temperature = real(),
        Role::Params => run.params = run.params.or_else(|| positive(quantity(word))),
        Role::ParamsMillions => run.params = run.params.or_else(|| positive(Some(real()? * 1e6))),
        Role::ParamsBillions => run.params = run.params.or_else(|| positive(Some(real()? * 1e9))),
        Role::Tokens => run.tokens = positive(quantity(word)),
        Role::Flops => run.flops = positive(real()),
        Role::Family => run.family = text(),
        Role::LadderRole => run.role = text(),
        Role::Timestamp => run.timestamp = text(),
        Role::Dtype => run.dtype = text(),
        Role::Harness => run.harness = text(),
        Role::HarnessVersion => run.harness_version = text(),
        Role::TaskVersion => run.task_version = text(),
        _ => {}
    }
}

fn shots(word: &str) -> Option<i32> {
    match word.trim().to_lowercase().as_str() {
        "zero" | "zero-shot" => Some(0),
        "one" | "one-shot" => Some(1),
        "five" | "five-shot" => Some(5),
        other => {
            other.trim_end_matches("-shot").trim_end_matches("shot").parse::<f64>().ok().map(|x| x as i32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shots_are_written_in_words_and_numbers() {
        assert_eq!((shots("five-shot"), shots("3")), (Some(5), Some(3)));
    }
}
