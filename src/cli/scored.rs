//! Which scores did the user mean? Tables of whole tasks, or answers to items that are added up to such scores.

use super::console::Console;
use super::input::InputArgs;
use crate::ingest::{self, IngestOptions, scores, tables::read_tables};
use crate::response::ScoreTable;
use crate::snr::stream::score_table;
use anyhow::bail;

/// Reads tables of aggregate scores where the paths hold any, and item-level results otherwise.
pub fn load(input: &InputArgs, console: &Console) -> anyhow::Result<ScoreTable> {
    let mut refusal = None;
    let mut table = None;
    if !input.paths.is_empty() {
        let bar = console.spinner("reading");
        let read = read_tables(&input.paths, &IngestOptions::default())?;
        if let Some((files, skipped)) = read {
            let (good, bad): (Vec<_>, Vec<_>) = files.into_iter().partition(|f| match scores::check(f) {
                Ok(()) => true,
                Err(error) => {
                    refusal.get_or_insert(error);
                    false
                }
            });
            if !good.is_empty() {
                let read = scores::read(&good)?;
                bar.finish_and_clear();
                read.notes.iter().for_each(|n| console.note(n));
                let files = bad.iter().map(|f| f.file.clone()).chain(skipped.iter().map(|s| s.file.clone()));
                for file in files {
                    console.note(&format!("{file}: no table of scores of whole tasks; left aside"));
                }
                table = Some(read.table);
            }
        }
        bar.finish_and_clear();
    }
    let mut table = match table {
        Some(table) => table,
        None => from_items(input, console, refusal.as_ref())?,
    };
    keep_asked_for(&mut table, input)?;
    Ok(table)
}

fn from_items(
    input: &InputArgs,
    console: &Console,
    refusal: Option<&ingest::scores::ScoresError>,
) -> anyhow::Result<ScoreTable> {
    let loaded = match (input.load(console), refusal) {
        (Ok(loaded), _) => loaded,
        (Err(error), Some(scores::ScoresError::Missing { .. })) => {
            bail!(
                "{error:#}\nnor are there scores of whole tasks: {}",
                refusal.map_or(String::new(), ToString::to_string)
            )
        }
        (Err(error), _) => return Err(error),
    };
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
    Ok(all)
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
