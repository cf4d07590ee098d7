//! Which rows of a long table belong to one run? Those of one model under one set-up.

use super::Naming;
use super::roles::{Role, Roles};
use crate::ingest::fragment::Note;
use crate::ingest::model_name::quantity;
use crate::response::Run;
use crate::store::frame::{Frame, NOTHING, Words};
use std::borrow::Cow;
use std::collections::HashMap;

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
}

type Column<'a> = (Role, Cow<'a, Words>);

impl Runs {
    /// Reads the runs. Without a column of models all rows are of the model that the file is named after.
    pub fn read(frame: &Frame, roles: &Roles, naming: &Naming, notes: &mut Vec<Note>) -> Self {
        let mut say = |message: String| notes.push(Note { file: naming.file.clone(), row: None, message });
        let column = |role: Role| roles.get(role).map(|at| (role, frame.columns[at].1.to_words()));
        let models = match column(Role::Model) {
            Some((_, words)) => words,
            None => {
                say(format!("no column names the model; the file's name {:?} is taken for it", naming.stem));
                Cow::Owned((0..frame.n_rows).map(|_| Some(naming.stem.as_str())).collect())
            }
        };
        let run_names = column(Role::Run).map(|(_, words)| words);
        let mut set_up: Vec<Column> = SET_UP.into_iter().filter_map(column).collect();
        if run_names.is_none() {
            set_up.retain(|(role, words)| {
                let keeps = !varies_by_row(&models, words);
                if !keeps {
                    say(format!("{role:?} changes from row to row; it does not tell runs apart")
                        .to_lowercase());
                }
                keeps
            });
        }
        let identity: &[Column] = if run_names.is_some() { &[] } else { &set_up };

        let mut place: HashMap<(u32, Vec<u32>), u32> = HashMap::new();
        let mut first_rows: Vec<usize> = Vec::new();
        let of_row: Vec<Option<u32>> = (0..frame.n_rows)
            .map(|row| {
                models.get(row)?;
                let mut key: Vec<u32> = identity.iter().map(|(_, words)| words.codes()[row]).collect();
                key.extend(run_names.as_ref().map(|r| r.codes()[row]));
                Some(*place.entry((models.codes()[row], key)).or_insert_with(|| {
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
            if let Some(row) = changing_fact(&words, &of_row, runs.len()) {
                say(format!(
                    "{role:?} changes within a run (first in row {}); it is left out",
                    naming.line(row)
                )
                .to_lowercase());
                continue;
            }
            for (run, &row) in runs.iter_mut().zip(&first_rows) {
                if let Some(word) = words.get(row) {
                    set_fact(run, role, word.trim());
                }
            }
        }
        Self { runs, of_row }
    }
}

/// Whether a column would make a run of nearly every row, as a seed drawn for each prompt does.
fn varies_by_row(models: &Words, words: &Words) -> bool {
    let mut pairs: std::collections::HashSet<(u32, u32)> = std::collections::HashSet::new();
    pairs.extend(models.codes().iter().copied().zip(words.codes().iter().copied()));
    let rows = models.codes().len();
    rows > 2 * models.distinct().len() && pairs.len() * 2 > rows
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
