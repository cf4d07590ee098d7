//! Which ladder did the user mean? A table of averages, item-level dumps, or the bundled ladder.

use super::LadderArgs;
use crate::cli::console::Console;
use crate::cli::input::InputArgs;
use crate::ingest::IngestOptions;
use crate::ingest::frame::{PlainTable, read_plain};
use crate::ladder::columns::rows_of_columns;
use crate::ladder::field::{magnitude, map_columns};
use crate::ladder::items::{ItemOptions, from_responses};
use crate::ladder::{Conditions, Field, LadderOptions, LadderTable, Role};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A ladder and what to know about how it was read.
pub struct LadderInput {
    pub table: LadderTable,
    /// What the data are called on charts.
    pub name: String,
    /// `table` or `items`.
    pub kind: &'static str,
    /// Accuracy of guessing by task, as far as the data say it.
    pub chance: BTreeMap<String, f64>,
}

/// Reads the ladder, and sorts `--target` into runs of the data and models that are still to be trained.
pub fn load(
    args: &LadderArgs,
    console: &Console,
) -> anyhow::Result<(LadderInput, Vec<(String, Conditions)>)> {
    let overrides = overrides(&args.column)?;
    let mut input = match averages(args, &overrides, console)? {
        Some(input) => input,
        None => items(&args.input, &args.target, console)?,
    };
    let mut planned = Vec::new();
    for target in &args.target {
        let known = input
            .table
            .runs
            .iter()
            .any(|r| r.role == Role::Target && (r.name == *target || r.size == *target));
        if known {
            continue;
        }
        match conditions(target, &input.table) {
            Some((at, note)) => {
                note.iter().for_each(|n| console.note(n));
                planned.push((target.clone(), at));
            }
            None => bail!(
                "--target {target}: no run has this name or size; the data have the sizes {}. Name one of them, or \
                 give PARAMETERS:TOKENS of a model to come, for instance 70B:15T",
                sizes(&input.table)
            ),
        }
    }
    // With targets named, those that are merely marked are not asked for.
    if !args.target.is_empty() {
        for run in input.table.runs.iter_mut().filter(|r| r.role == Role::Target) {
            if !args.target.iter().any(|t| *t == run.name || *t == run.size) {
                run.role = Role::Other;
            }
        }
    }
    Ok((input, planned))
}

fn sizes(table: &LadderTable) -> String {
    let mut sizes: Vec<&str> = table
        .runs
        .iter()
        .map(|r| if r.size.is_empty() { r.name.as_str() } else { r.size.as_str() })
        .collect();
    sizes.dedup();
    let more = sizes.len().saturating_sub(12);
    let shown = sizes.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// `ROLE=NAME` pairs.
fn overrides(pairs: &[String]) -> anyhow::Result<BTreeMap<Field, String>> {
    pairs
        .iter()
        .map(|pair| {
            let (role, name) = pair.split_once('=').with_context(|| {
                format!("--column {pair}: write ROLE=NAME, for instance accuracy=acc_norm")
            })?;
            let field: Field = role.parse().with_context(|| format!("--column {pair}"))?;
            Ok((field, name.to_owned()))
        })
        .collect()
}

/// `PARAMETERS:TOKENS` or `PARAMETERS:TOKENS:FLOPS` of a model to come. Without FLOPS its compute is *κ N D* with
/// the *κ* of the largest rung, which is said.
fn conditions(text: &str, table: &LadderTable) -> Option<(Conditions, Option<String>)> {
    let parts: Option<Vec<f64>> =
        text.split(':').map(|p| magnitude(p).filter(|v| *v > 0.0 && v.is_finite())).collect();
    match *parts?.as_slice() {
        [parameters, tokens, compute_flops] => Some((Conditions { parameters, tokens, compute_flops }, None)),
        [parameters, tokens] => {
            let factor = |r: &crate::ladder::LadderRun| {
                let (c, n, d) = (r.compute_flops?, r.parameters?, r.tokens?);
                Some((c, c / (n * d))).filter(|(_, k)| k.is_finite() && *k > 0.0)
            };
            let rungs = table.runs.iter().filter(|r| r.role == Role::Rung).filter_map(factor);
            let factor = rungs.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(6.0, |(_, k)| k);
            let compute_flops = factor * parameters * tokens;
            let note = format!(
                "compute of target {text} taken as {factor:.2} N D = {compute_flops:.2e} FLOPs, as of the largest \
                 rung; PARAMETERS:TOKENS:FLOPS says it exactly"
            );
            Some((Conditions { parameters, tokens, compute_flops }, Some(note)))
        }
        _ => None,
    }
}

/// The ladder of plain tables of averages; `None` if the paths hold something else.
fn averages(
    args: &LadderArgs,
    overrides: &BTreeMap<Field, String>,
    console: &Console,
) -> anyhow::Result<Option<LadderInput>> {
    let paths = &args.input.paths;
    if paths.is_empty() || paths.iter().any(|p| !p.is_file()) {
        if !overrides.is_empty() {
            bail!("--column is for tables of averages: give the file of one");
        }
        return Ok(None);
    }
    let mut tables: Vec<(&PathBuf, PlainTable)> = Vec::new();
    for path in paths {
        match read_plain(path, &IngestOptions::default())? {
            Some(table) if !table.has_items || !overrides.is_empty() => tables.push((path, table)),
            _ => {}
        }
    }
    // A table without items beside dumps may be one that explains them.
    if tables.len() < paths.len() {
        return Ok(None);
    }
    let mut rows = Vec::new();
    for (path, table) in &tables {
        let names: Vec<&str> = table.frame.columns.iter().map(|(n, _)| n.as_str()).collect();
        let mapped = map_columns(&names, overrides)
            .map_err(|error| anyhow::anyhow!("{}: {error} with --column ROLE=NAME", path.display()))?;
        let said: Vec<String> = mapped.iter().map(|(f, &at)| format!("{}={}", f.name(), names[at])).collect();
        console.note(&format!("{}: columns {}", path.display(), said.join(", ")));
        for note in &table.notes {
            console.warning(&format!("{}: {}", note.file, note.message));
        }
        let columns: Vec<(&str, Vec<String>)> = mapped
            .values()
            .map(|&at| {
                let words = table.frame.columns[at].1.to_words();
                (names[at], words.iter().map(|w| w.unwrap_or_default().to_owned()).collect())
            })
            .collect();
        let exactly: BTreeMap<Field, String> =
            mapped.iter().map(|(&field, &at)| (field, names[at].to_owned())).collect();
        let read =
            rows_of_columns(&columns, &exactly, &args.target).with_context(|| path.display().to_string())?;
        rows.extend(read);
    }
    let name = tables.iter().filter_map(|(p, _)| p.file_name()).map(|n| n.to_string_lossy().into_owned());
    Ok(Some(LadderInput {
        table: LadderTable::from_rows(rows),
        name: name.collect::<Vec<_>>().join(", "),
        kind: "table",
        chance: BTreeMap::new(),
    }))
}

/// The ladder of item-level results, or the bundled one.
fn items(input: &InputArgs, targets: &[String], console: &Console) -> anyhow::Result<LadderInput> {
    let loaded = input.load(console)?;
    let options = ItemOptions {
        benchmarks: input.benchmark.clone(),
        metric: input.metric.clone(),
        targets: targets.to_vec(),
    };
    let ladder = from_responses(&loaded.table, &options);
    ladder.notes.iter().for_each(|note| console.note(note));
    if ladder.table.runs.is_empty() {
        bail!(
            "{}: no run is part of a ladder: mark runs as rung or target (column `role` of models.csv beside the \
             results), or give their parameters and tokens, or their flops",
            loaded.name
        );
    }
    Ok(LadderInput { table: ladder.table, name: loaded.name, kind: "items", chance: ladder.chance })
}

/// Adds what the data and the command line say about tasks to the options.
pub fn add_chance(
    options: &mut LadderOptions,
    known: &BTreeMap<String, f64>,
    said: &[String],
) -> anyhow::Result<()> {
    options.chance.extend(known.iter().map(|(task, chance)| (task.clone(), *chance)));
    for pair in said {
        let read = pair.rsplit_once('=').and_then(|(task, share)| Some((task, share.parse::<f64>().ok()?)));
        let (task, chance) = read.filter(|(_, c)| (0.0..1.0).contains(c)).with_context(|| {
            format!("--chance {pair}: write TASK=SHARE with a share from 0 to 1, for instance arc=0.25")
        })?;
        options.chance.insert(task.to_owned(), chance);
    }
    Ok(())
}

/// Adds the numbers of items that targets are scored on: for one task, or for all that are not named.
pub fn add_items(options: &mut LadderOptions, table: &LadderTable, said: &[String]) -> anyhow::Result<()> {
    let mut for_all = None;
    for text in said {
        let (task, number) = text.rsplit_once('=').map_or((None, text.as_str()), |(t, n)| (Some(t), n));
        let n = number.parse::<usize>().ok().filter(|n| *n > 0).with_context(|| {
            format!("--target-items {text}: write a number of items, or TASK=N, for instance arc=1172")
        })?;
        let Some(task) = task else {
            for_all = Some(n);
            continue;
        };
        if !table.tasks.iter().any(|t| t.name == task) {
            let known: Vec<&str> = table.tasks.iter().map(|t| t.name.as_str()).collect();
            bail!("--target-items {text}: no task '{task}'; the data have {}", known.join(", "));
        }
        options.n_items.insert(task.to_owned(), n);
    }
    if let Some(n) = for_all {
        for task in &table.tasks {
            options.n_items.entry(task.name.clone()).or_insert(n);
        }
    }
    Ok(())
}
