//! How does a table of aggregate scores become series? Long or wide, its columns found by name.
//!
//! A table of aggregate scores has a column for the model or run and one for the task, or names of metrics that
//! say the task; a column of values with one of metrics, or one column for each metric; and no column of items.

use super::tables::TableFile;
use crate::response::{ScorePoint, ScoreRun, ScoreTable, ScoreTableBuilder, SeriesName};
use crate::store::frame::{Cells, Words};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// What the columns of a table of aggregate scores can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Field {
    Model,
    Size,
    Parameters,
    Step,
    Compute,
    Seed,
    Recipe,
    Task,
    Metric,
    Value,
    Chance,
    Items,
}

impl Field {
    const ALL: [Self; 12] = [
        Self::Model,
        Self::Size,
        Self::Parameters,
        Self::Step,
        Self::Compute,
        Self::Seed,
        Self::Recipe,
        Self::Task,
        Self::Metric,
        Self::Value,
        Self::Chance,
        Self::Items,
    ];

    /// Names understood, the best first; compared without case, spaces or punctuation.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Model => &["model", "run", "model_name", "run_name", "model_id", "name"],
            Self::Size => &["size", "model_size", "size_label", "extracted_size", "scale"],
            Self::Parameters => {
                &["parameters", "params", "n_params", "n_parameters", "num_params", "params_m", "params_b"]
            }
            Self::Step => {
                &["step", "_step", "training_step", "checkpoint_step", "iteration", "checkpoint", "epoch"]
            }
            Self::Compute => {
                &["compute_flops", "flops", "compute", "training_flops", "total_training_gflops"]
            }
            Self::Seed => &["seed", "training_seed", "random_seed"],
            Self::Recipe => &["mix", "recipe", "data_mix", "data", "group", "chinchilla", "token_ratio"],
            Self::Task => &["task", "benchmark", "task_name", "dataset", "subtask", "eval"],
            Self::Metric => &["metric", "metric_name", "measure"],
            Self::Value => &["value", "score", "metric_value", "result"],
            Self::Chance => &["chance", "random_baseline"],
            Self::Items => &["n_items", "num_instances", "n_instances", "n_samples"],
        }
    }
}

/// Columns that make rows differ without being a model, task or metric: each combination is a setting.
const SETTINGS: [&str; 9] =
    ["suite", "shots", "n_shot", "num_fewshot", "fewshot", "n_shots", "setting", "variant", "prompt_variant"];
/// Columns of items: with one of them a table is item-level.
const ITEM_COLUMNS: [&str; 9] = [
    "item",
    "item_id",
    "question_id",
    "doc_id",
    "instance_id",
    "native_id",
    "sample_id",
    "question",
    "example_id",
];
/// Parts of names of columns that hold one metric each.
const METRIC_WORDS: [&str; 16] = [
    "acc",
    "accuracy",
    "score",
    "loss",
    "bpb",
    "f1",
    "em",
    "match",
    "pass",
    "perplexity",
    "ppl",
    "byte",
    "char",
    "prob",
    "bleu",
    "rouge",
];

/// Why a table is not one of aggregate scores.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScoresError {
    /// It has items.
    #[error("{file}: a table with a column of items ({column}) and not of scores of whole tasks")]
    ItemLevel {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A needed column is missing.
    #[error("{file}: no column of {what} (understood: {expected}); the table has {found}")]
    Missing {
        /// The file.
        file: String,
        /// What is missing.
        what: &'static str,
        /// Names that are understood.
        expected: String,
        /// Names that are there.
        found: String,
    },
    /// A value is no number.
    #[error("{file}, row {row}: {value:?} in column {column} is no number; correct it or leave it empty")]
    NotANumber {
        /// The file.
        file: String,
        /// Line or row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },
}

/// Series and how they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// The series.
    pub table: ScoreTable,
    /// What a user should know.
    pub notes: Vec<String>,
}

/// Whether this is a table of aggregate scores, or why not.
///
/// # Errors
/// See [`ScoresError`].
pub fn check(table: &TableFile) -> Result<(), ScoresError> {
    Columns::of(table).map(|_| ())
}

/// Reads tables of aggregate scores into one table of series.
///
/// # Errors
/// The first [`ScoresError`].
pub fn read(tables: &[TableFile]) -> Result<Scores, ScoresError> {
    let mut builder = ScoreTableBuilder::default();
    let mut notes = Vec::new();
    for table in tables {
        Columns::of(table)?.read_into(&mut builder, &mut notes)?;
    }
    let (table, folded) = builder.finish();
    if folded > 0 {
        notes.push(format!(
            "{folded} scores stood beside another of the same run, step, task and metric, and were averaged with it"
        ));
    }
    Ok(Scores { table, notes })
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns of one table by their meaning.
struct Columns<'a> {
    table: &'a TableFile,
    at: HashMap<Field, usize>,
    settings: Vec<usize>,
    /// One column for each metric, in a wide table.
    metrics: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn of(table: &'a TableFile) -> Result<Self, ScoresError> {
        let columns = &table.frame.columns;
        let find = |name: &str| columns.iter().position(|(n, _)| plain(n) == plain(name));
        // A path before the name of a column (`throughput/total_tokens`) says where it was logged, not what it is.
        let last = |name: &str| {
            columns.iter().position(|(n, _)| n.rsplit('/').next().is_some_and(|n| plain(n) == plain(name)))
        };
        if let Some(column) = ITEM_COLUMNS.iter().find_map(|n| find(n)) {
            let column = columns[column].0.clone();
            return Err(ScoresError::ItemLevel { file: table.file.clone(), column });
        }
        let mut at: HashMap<Field, usize> = HashMap::new();
        for field in Field::ALL {
            if let Some(position) = field.names().iter().find_map(|n| find(n).or_else(|| last(n))) {
                at.insert(field, position);
            }
        }
        let missing = |what, expected: &[&str]| ScoresError::Missing {
            file: table.file.clone(),
            what,
            expected: expected.join(", "),
            found: super::plain::shortened(&table.frame.names()),
        };
        if !at.contains_key(&Field::Model) && !at.contains_key(&Field::Size) {
            return Err(missing("models or runs", Field::Model.names()));
        }
        let mut metrics = Vec::new();
        if !(at.contains_key(&Field::Metric) && at.contains_key(&Field::Value)) {
            let taken: Vec<usize> =
                at.iter().filter(|(f, _)| **f != Field::Value).map(|(_, position)| *position).collect();
            metrics = (0..columns.len())
                .filter(|k| !taken.contains(k) && is_metric(&columns[*k].0) && is_numeric(&columns[*k].1))
                .collect();
            if metrics.is_empty() {
                metrics.extend(at.get(&Field::Value).copied());
            }
            if metrics.is_empty() {
                return Err(missing("values", Field::Value.names()));
            }
        }
        if !at.contains_key(&Field::Task) && !at.contains_key(&Field::Metric) {
            return Err(missing("tasks", Field::Task.names()));
        }
        let settings = SETTINGS.iter().filter_map(|n| find(n)).collect();
        Ok(Self { table, at, settings, metrics })
    }

    fn words(&self, field: Field) -> Option<Cow<'a, Words>> {
        self.at.get(&field).map(|k| self.table.frame.columns[*k].1.to_words())
    }

    /// Numbers of a column; a word that is no number and does not stand for a missing one is an error.
    fn numbers(&self, column: usize) -> Result<Vec<Option<f64>>, ScoresError> {
        let (name, cells) = &self.table.frame.columns[column];
        let numbers = cells.to_reals();
        if let Cells::Words(words) = cells {
            for (row, word) in words.iter().enumerate() {
                if let Some(word) = word.filter(|w| numbers[row].is_none() && !stands_for_missing(w)) {
                    return Err(ScoresError::NotANumber {
                        file: self.table.file.clone(),
                        row: self.table.line(row),
                        column: name.clone(),
                        value: word.to_owned(),
                    });
                }
            }
        }
        Ok(numbers)
    }

    fn optional_numbers(&self, field: Field) -> Vec<Option<f64>> {
        let n = self.table.frame.n_rows;
        self.at.get(&field).map_or(vec![None; n], |k| self.table.frame.columns[*k].1.to_reals())
    }

    fn read_into(&self, builder: &mut ScoreTableBuilder, notes: &mut Vec<String>) -> Result<(), ScoresError> {
        let frame = &self.table.frame;
        let name_of = |field: Field| self.at.get(&field).map(|k| frame.columns[*k].0.as_str());
        let words = |field| self.words(field);
        let (models, sizes, recipes) = (words(Field::Model), words(Field::Size), words(Field::Recipe));
        let (tasks, metric_names) = (words(Field::Task), words(Field::Metric));
        let seeds = self.optional_numbers(Field::Seed);
        let (steps, chance) = (self.optional_numbers(Field::Step), self.optional_numbers(Field::Chance));
        let n_items = self.optional_numbers(Field::Items);
        let scale_by = |name: Option<&str>, ends: &[(&str, f64)]| {
            let name = plain(name.unwrap_or_default());
            ends.iter().find(|(end, _)| name.ends_with(end)).map_or(1.0, |(_, factor)| *factor)
        };
        let parameter_unit = scale_by(name_of(Field::Parameters), &[("paramsm", 1e6), ("paramsb", 1e9)]);
        let compute_unit = scale_by(name_of(Field::Compute), &[("gflops", 1e9)]);
        let parameters = self.optional_numbers(Field::Parameters);
        let compute = self.optional_numbers(Field::Compute);
        let settings: Vec<Cow<Words>> =
            self.settings.iter().map(|k| frame.columns[*k].1.to_words()).collect();
        let varying: Vec<usize> = (0..settings.len()).filter(|k| settings[*k].distinct().len() > 1).collect();
        let value_columns: Vec<(Option<String>, Vec<Option<f64>>)> = if self.metrics.is_empty() {
            vec![(None, self.numbers(self.at[&Field::Value])?)]
        } else {
            let column = |k: &usize| Ok((Some(frame.columns[*k].0.clone()), self.numbers(*k)?));
            self.metrics.iter().map(column).collect::<Result<_, ScoresError>>()?
        };
        let mut run_of: HashMap<(u32, u32, u32, i64), usize> = HashMap::new();
        let mut errors: BTreeMap<(usize, usize, u64), f64> = BTreeMap::new();
        let mut points: Vec<(usize, usize, ScorePoint)> = Vec::new();
        let (mut n_without_model, mut n_without_value) = (0usize, 0usize);
        let code = |w: &Option<Cow<Words>>, row: usize| w.as_ref().map_or(u32::MAX, |w| w.codes()[row]);
        for row in 0..frame.n_rows {
            let size = sizes.as_ref().and_then(|w| w.get(row));
            let Some(model) = models.as_ref().map_or(size, |w| w.get(row)) else {
                n_without_model += 1;
                continue;
            };
            let seed = seeds[row].map(|s| s as i64);
            let key = (code(&models, row), code(&sizes, row), code(&recipes, row), seed.unwrap_or(i64::MIN));
            let run = *run_of.entry(key).or_insert_with(|| {
                let recipe = recipes.as_ref().and_then(|w| w.get(row));
                builder.run(run_named(model, size, recipe, parameters[row].map(|p| p * parameter_unit), seed))
            });
            let setting: Vec<&str> = varying.iter().filter_map(|k| settings[*k].get(row)).collect();
            let setting = setting.join(", ");
            for (column, values) in &value_columns {
                let metric = match (column, &metric_names) {
                    (Some(column), _) => column.as_str(),
                    (None, Some(names)) => names.get(row).unwrap_or("value"),
                    (None, None) => "value",
                };
                let (task, metric) = match tasks.as_ref().map(|w| w.get(row)) {
                    Some(Some(task)) => (task.to_owned(), metric.to_owned()),
                    Some(None) => continue,
                    None => task_and_metric(metric),
                };
                let Some(value) = values[row] else {
                    n_without_value += 1;
                    continue;
                };
                let step = steps[row];
                let bits = step.map_or(u64::MAX, f64::to_bits);
                if let Some(of) = metric.strip_suffix("_stderr").or_else(|| metric.strip_suffix("_se")) {
                    let name = SeriesName {
                        benchmark: task,
                        subject: None,
                        setting: setting.clone(),
                        metric: of.to_owned(),
                    };
                    errors.insert((builder.series(name), run, bits), value);
                    continue;
                }
                let series = builder.series(SeriesName {
                    benchmark: task,
                    subject: None,
                    setting: setting.clone(),
                    metric,
                });
                let known = builder.series_mut(series);
                known.chance = known.chance.or(chance[row]);
                known.n_items = known.n_items.or(n_items[row].map(|n| n as usize));
                let compute_flops = compute[row].map(|c| c * compute_unit);
                points.push((series, run, ScorePoint { step, compute_flops, value, item_se: None }));
            }
        }
        for (series, run, point) in points {
            let bits = point.step.map_or(u64::MAX, f64::to_bits);
            let item_se = errors.get(&(series, run, bits)).copied();
            builder.push(series, run, ScorePoint { item_se, ..point });
        }
        let file = &self.table.file;
        if n_without_model > 0 {
            notes.push(format!("{file}: {n_without_model} rows without a model were left out"));
        }
        if n_without_value > 0 {
            notes.push(format!("{file}: {n_without_value} cells without a value are missing scores"));
        }
        Ok(())
    }
}

fn is_metric(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(|c: char| !c.is_alphanumeric());
    parts.any(|p| METRIC_WORDS.contains(&p))
}

fn is_numeric(cells: &Cells) -> bool {
    match cells {
        Cells::Words(words) => {
            words.distinct().iter().all(|w| stands_for_missing(w) || w.trim().parse::<f64>().is_ok())
        }
        Cells::Whole(_) | Cells::Real(_) => true,
        Cells::Truth(_) => false,
    }
}

fn stands_for_missing(word: &str) -> bool {
    matches!(
        word.trim().to_ascii_lowercase().as_str(),
        "" | "na" | "nan" | "null" | "none" | "-" | "inf" | "-inf"
    )
}

/// Endings of names such as `piqa_val_rc_5shot_len_norm`, which say the metric of a task.
const METRIC_ENDINGS: [&str; 9] =
    ["soft_log", "len_norm", "ce_loss", "exact_match", "acc_norm", "acc", "bpb", "soft", "f1"];

/// The task and the metric of one name, as dashboards write them: `eval/downstream/piqa_val_rc_5shot_acc`.
fn task_and_metric(name: &str) -> (String, String) {
    let parts: Vec<&str> = name.split('/').filter(|p| !p.is_empty()).collect();
    let last = parts.last().copied().unwrap_or(name);
    for ending in METRIC_ENDINGS {
        if let Some(task) =
            last.strip_suffix(ending).and_then(|t| t.strip_suffix('_')).filter(|t| !t.is_empty())
        {
            return (task.to_owned(), ending.to_owned());
        }
    }
    match parts[..] {
        [.., task, metric] => (task.to_owned(), metric.to_owned()),
        _ => (name.to_owned(), "value".to_owned()),
    }
}

/// A run by its name, with the size and the recipe that the name says where no column does.
fn run_named(
    model: &str,
    size: Option<&str>,
    recipe: Option<&str>,
    parameters: Option<f64>,
    seed: Option<i64>,
) -> ScoreRun {
    let (token, rest) = crate::response::score::size_in_name(model);
    let size = size.map(str::to_owned).or(token);
    let parameters = parameters.or_else(|| size.as_deref().and_then(crate::response::score::magnitude));
    let recipe = recipe.map_or(rest, str::to_owned);
    let mut name = model.to_owned();
    for part in [
        size.as_deref().filter(|s| !model.contains(*s)),
        Some(recipe.as_str()).filter(|r| {
            !r.is_empty() && !model.contains(*r) && *r != crate::response::score::size_in_name(model).1
        }),
    ]
    .into_iter()
    .flatten()
    {
        name.push(' ');
        name.push_str(part);
    }
    if let Some(seed) = seed {
        name.push_str(&format!(" seed {seed}"));
    }
    let recipe = if recipe.is_empty() { model.to_owned() } else { recipe };
    ScoreRun { name, recipe, size, parameters, seed }
}
