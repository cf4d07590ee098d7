//! Which scores did the user mean? Tables of whole tasks, or answers to items that are added up to such scores.

use super::console::Console;
use super::input::{InputArgs, Loaded};
use crate::ingest::{IngestOptions, scores, tables::read_tables};
use crate::response::ScoreTable;
use crate::snr::stream::score_table;
use anyhow::{anyhow, bail};

/// Reads tables of aggregate scores where the paths hold any, and item-level results otherwise.
pub fn load(input: &InputArgs, console: &Console) -> anyhow::Result<ScoreTable> {
    match tables(input, console)? {
        Ok(table) => Ok(table),
        Err(refusal) => {
            let mut table = added_up(&items(input, refusal.as_ref(), console)?, input, console);
            keep_asked_for(&mut table, input)?;
            Ok(table)
        }
    }
}

/// The tables of aggregate scores of the paths, or why the first table is none, if there is any.
pub fn tables(
    input: &InputArgs,
    console: &Console,
) -> anyhow::Result<Result<ScoreTable, Option<scores::ScoresError>>> {
    if input.paths.is_empty() {
        return Ok(Err(None));
    }
    let bar = console.spinner("reading");
    let read = read_tables(&input.paths, &IngestOptions::default())?;
    bar.finish_and_clear();
    let Some((files, skipped)) = read else { return Ok(Err(None)) };
    let mut refusal = None;
    let (good, bad): (Vec<_>, Vec<_>) = files.into_iter().partition(|f| match scores::check(f) {
        Ok(()) => true,
        Err(error) => {
            refusal.get_or_insert(error);
            false
        }
    });
    if good.is_empty() {
        return Ok(Err(refusal));
    }
    let mut read = scores::read(&good)?;
    read.notes.iter().for_each(|n| console.note(n));
    let files = bad.iter().map(|f| f.file.clone()).chain(skipped.iter().map(|s| s.file.clone()));
    for file in files {
        console.note(&format!("{file}: no table of scores of whole tasks; left aside"));
    }
    keep_asked_for(&mut read.table, input)?;
    Ok(Ok(read.table))
}

/// Item-level results; where there are none, the message says why a table is not one of scores, either.
pub fn items(
    input: &InputArgs,
    refusal: Option<&scores::ScoresError>,
    console: &Console,
) -> anyhow::Result<Loaded> {
    input.load(console).map_err(|error| match refusal {
        Some(missing @ scores::ScoresError::Missing { .. }) => {
            anyhow!("{error:#}\nnor are there scores of whole tasks: {missing}")
        }
        _ => error,
    })
}

/// Answers to items as scores of benchmarks and their subjects.
fn added_up(loaded: &Loaded, input: &InputArgs, console: &Console) -> ScoreTable {
    let mut all = ScoreTable::default();
    for benchmark in loaded.table.benchmarks() {
        let (mut scores, left_out) = score_table(&loaded.table, &benchmark, input.metric.as_deref());
        if left_out > 0 {
            console.note(&format!("{benchmark}: {left_out} runs of prompt variants are left out"));
        }
        let shift = all.runs.len();
        all.runs.append(&mut scores.runs);
        for mut series in scores.series {
            series.curves.iter_mut().for_each(|c| c.run += shift);
            all.series.push(series);
        }
    }
    all
}

/// Only the benchmarks and the metric asked for.
fn keep_asked_for(table: &mut ScoreTable, input: &InputArgs) -> anyhow::Result<()> {
    for (what, wanted) in
        [("benchmark", &input.benchmark), ("metric", &input.metric.iter().cloned().collect())]
    {
        if wanted.is_empty() {
            continue;
        }
        let names = |s: &crate::response::ScoreSeries| {
            if what == "benchmark" { s.name.benchmark.clone() } else { s.name.metric.clone() }
        };
        for one in wanted {
            if !table.series.iter().any(|s| names(s) == *one) {
                let mut known: Vec<String> = table.series.iter().map(names).collect();
                known.sort();
                known.dedup();
                bail!("no {what} {one:?}; the data has {}", known.join(", "));
            }
        }
        table.series.retain(|s| wanted.contains(&names(s)));
    }
    if table.series.iter().all(|s| s.curves.is_empty()) {
        bail!("nothing to analyse: no task has a score");
    }
    Ok(())
}
