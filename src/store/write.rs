//! How does a table become the files of a store?

use super::atomic::write_store_directory;
use super::columnar::{Group, ROWS_OF_A_GROUP, Written, write_groups};
use super::manifest::{Hashed, Manifest, Provenance, StoreFile};
use super::order::{self, Section};
use super::{StoreError, read};
use crate::response::{
    Codes, FactSource, Item, Metric, OptionScore, OptionScores, ResponseTable, Rows, Run, Spill, Status,
};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::iter;
use std::ops::Range;
use std::path::Path;

/// Writes a table as the directory `path`, in place of a store that is already there.
///
/// # Errors
/// [`StoreError::NotAStore`] if something else is at `path`; [`StoreError::Io`], [`StoreError::Columnar`].
pub fn write(table: &ResponseTable, path: &Path, provenance: &Provenance) -> Result<(), StoreError> {
    write_store_directory(path, None, |new| write_files(new, table, iter::empty(), provenance))
}

/// The same, made in `staging` before it is moved to its place, with scores of options of the table that come
/// before those that are in it.
///
/// # Errors
/// As [`write()`], and those of `earlier`.
pub fn write_from(
    staging: &Path,
    table: &ResponseTable,
    earlier: impl Iterator<Item = Result<OptionScores, StoreError>> + Send,
    path: &Path,
    provenance: &Provenance,
) -> Result<(), StoreError> {
    write_store_directory(path, Some(staging), |new| write_files(new, table, earlier, provenance))
}

/// Writes the files of a store, each as it is made: none is ever whole in memory.
fn write_files(
    directory: &Path,
    table: &ResponseTable,
    earlier: impl Iterator<Item = Result<OptionScores, StoreError>> + Send,
    provenance: &Provenance,
) -> Result<(), StoreError> {
    // Where there can be no such file, rows stay in memory.
    let spill = tempfile::tempfile_in(directory).ok().map(|file| Spill::new(file, 0));
    let sections = order::sections(table, spill.as_ref())?;
    let mut files = vec![
        write_file(directory, read::RESPONSES, responses(table, sections))?,
        write_file(directory, read::ITEMS, items(table))?,
        write_file(directory, read::RUNS, iter::once(runs(table)))?,
    ];
    let mut failed = None;
    let mut earlier =
        earlier.map_while(|scores| scores.map_err(|error| failed = Some(error)).ok()).peekable();
    if earlier.peek().is_some() || !table.options.is_empty() {
        let all = earlier.map(Cow::Owned).chain(iter::once(Cow::Borrowed(&table.options)));
        files.push(write_file(directory, read::OPTIONS, all.flat_map(|scores| options(table, scores)))?);
    }
    if let Some(error) = failed {
        return Err(error);
    }
    spill.map_or(Ok(()), |spill| spill.check()).and(table.check()).map_err(StoreError::Spill)?;
    let manifest = Manifest::new(table.len(), &table.metrics, files, provenance);
    let json = serde_json::to_vec_pretty(&manifest)
        .map_err(|e| StoreError::Manifest { file: read::MANIFEST.to_owned(), message: e.to_string() })?;
    let path = directory.join(read::MANIFEST);
    fs::write(&path, json).map_err(StoreError::io(&path))
}

fn write_file<'a>(
    directory: &Path,
    name: &str,
    groups: impl Iterator<Item = Group<'a>> + Send,
) -> Result<StoreFile, StoreError> {
    let path = directory.join(name);
    let file = Hashed::new(File::create(&path).map_err(StoreError::io(&path))?);
    let mut file = BufWriter::with_capacity(1 << 16, file);
    write_groups(&mut file, groups).map_err(StoreError::columnar(name))?;
    file.flush().map_err(StoreError::io(&path))?;
    Ok(file.get_ref().of(name))
}

/// The rows, one or more groups for each benchmark; one group without rows if there are none.
fn responses<'t>(
    table: &'t ResponseTable,
    sections: impl Iterator<Item = Section<'t>> + Send,
) -> impl Iterator<Item = Group<'t>> + Send {
    let bits = bits(table);
    let groups = sections.flat_map(move |Section { rows, order }| {
        let groups = groups(table, &rows, &order);
        groups.into_iter().map(move |group| response_columns(table, &rows, &order[group], bits))
    });
    let nothing = table.is_empty().then(|| response_columns(table, table.as_rows(), &[], bits));
    nothing.into_iter().chain(groups)
}

/// Which rows of a section are groups: those of a benchmark, some at a time.
fn groups(table: &ResponseTable, rows: &Rows, order: &[u32]) -> Vec<Range<usize>> {
    let benchmark = |row: &u32| &table.items[rows.item_column().get(*row as usize) as usize].benchmark;
    let (mut groups, mut start) = (Vec::new(), 0);
    while start < order.len() {
        let of_benchmark = benchmark(&order[start]);
        let end = start + order[start..].partition_point(|row| benchmark(row) == of_benchmark);
        groups.extend((start..end).step_by(ROWS_OF_A_GROUP).map(|at| at..end.min(at + ROWS_OF_A_GROUP)));
        start = end;
    }
    groups
}

/// Bits of the columns of options, of tokens and of source rows: more than the schema's only where a value needs
/// it.
pub(super) fn bits(table: &ResponseTable) -> [u8; 3] {
    let rows = table.as_rows();
    [
        if rows.options_exceed(i16::MAX as u32) { 32 } else { 16 },
        if rows.tokens_exceed(i32::MAX as u32) { 64 } else { 32 },
        if rows.source_rows_exceed(i32::MAX as u32) { 64 } else { 32 },
    ]
}

/// The columns of the given rows, in the schema of `responses.parquet`; with the [`bits`] of some.
pub(super) fn response_columns<'t>(
    table: &'t ResponseTable,
    rows: &Rows,
    at: &[u32],
    bits: [u8; 3],
) -> Group<'t> {
    let [options, tokens, places] = bits;
    let of = |column: &Codes| -> Vec<u32> { at.iter().map(|&row| column.get(row as usize)).collect() };
    let [run, item, metric, repeat, file, status] = [
        rows.run_column(),
        rows.item_column(),
        rows.metric_column(),
        rows.repeat_column(),
        rows.source_file_column(),
        rows.status_column(),
    ]
    .map(of);
    let of_run = |of: fn(&Run) -> &str| picked(&run, table.runs.iter().map(of).map(Some));
    let of_item = |of: fn(&Item) -> Option<&str>| picked_in_order(&item, |k| of(&table.items[k]));
    let of_metric = |of: fn(&Metric) -> Option<&str>| picked(&metric, table.metrics.iter().map(of));
    let whole = |of: &dyn Fn(usize) -> Option<u32>, bits| {
        Written::Whole(at.iter().map(|&row| of(row as usize).map(Into::into)).collect(), bits)
    };
    let short =
        |of: &dyn Fn(usize) -> Option<f32>| Written::Short(at.iter().map(|&row| of(row as usize)).collect());
    let primary = metric.iter().map(|&k| Some(table.metrics[k as usize].primary)).collect();
    vec![
        ("model", of_run(|r| r.model.as_str())),
        ("benchmark", of_item(|i| Some(&i.benchmark))),
        ("subject", of_item(|i| i.subject.as_deref())),
        ("item", of_item(|i| Some(i.id.as_str()))),
        ("score", Written::Real(at.iter().map(|&row| rows.score(row as usize)).collect())),
        ("metric", of_metric(|m| Some(&m.name))),
        ("filter", of_metric(|m| m.filter.as_deref())),
        ("primary", Written::Truth(primary)),
        ("repeat", Written::Whole(repeat.into_iter().map(|k| Some(k.into())).collect(), 32)),
        ("run", of_run(|r| &r.id)),
        ("status", picked(&status, Status::ALL.into_iter().map(|status| Some(status.as_str())))),
        ("chosen", whole(&|row| rows.chosen(row).map(Into::into), options)),
        ("gold", whole(&|row| rows.gold(row).map(Into::into), options)),
        (
            "prediction",
            Written::Made(at.iter().map(|&row| rows.prediction(row as usize).map(Into::into)).collect()),
        ),
        ("logp_gold", short(&|row| rows.logp_gold(row))),
        ("logp_margin", short(&|row| rows.logp_margin(row))),
        ("n_tokens_in", whole(&|row| rows.n_tokens_in(row), tokens)),
        ("n_tokens_out", whole(&|row| rows.n_tokens_out(row), tokens)),
        ("source_file", source_files(table, &run, &file)),
        ("source_row", whole(&|row| rows.source_row(row), places)),
    ]
}

/// The texts of rows by their places in a list, which is written whole unless it is longer than the rows.
fn picked<'t>(places: &[u32], texts: impl ExactSizeIterator<Item = Option<&'t str>>) -> Written<'t> {
    if texts.len() <= places.len() {
        return Written::Picked(texts.collect(), places.to_vec());
    }
    let texts: Vec<_> = texts.collect();
    picked_in_order(places, |place| texts[place])
}

/// The texts of rows of which those of one place mostly follow one another.
fn picked_in_order<'t>(places: &[u32], text: impl Fn(usize) -> Option<&'t str>) -> Written<'t> {
    let (mut texts, mut at) = (Vec::new(), Vec::with_capacity(places.len()));
    for alike in places.chunk_by(|a, b| a == b) {
        at.resize(at.len() + alike.len(), texts.len() as u32);
        texts.push(text(alike[0] as usize));
    }
    Written::Picked(texts, at)
}

/// The file of each row, by its place among the files of its run.
fn source_files<'t>(table: &'t ResponseTable, runs: &[u32], files: &[u32]) -> Written<'t> {
    let (mut texts, mut first) = (Vec::new(), Vec::with_capacity(table.runs.len()));
    for run in &table.runs {
        first.push(texts.len() as u32);
        texts.extend(run.files.iter().map(|file| Some(file.as_str())));
        // For places where there is no file.
        texts.push(None);
    }
    let place = |(&run, &file): (&u32, &u32)| {
        let n_files = table.runs[run as usize].files.len() as u32;
        first[run as usize] + file.min(n_files)
    };
    let places: Vec<u32> = runs.iter().zip(files).map(place).collect();
    picked(&places, texts.into_iter())
}

/// Items are cut into groups of at most this many: their texts may be long.
const ITEMS_OF_A_GROUP: usize = 1 << 14;

/// The items, some at a time; one group without items if there are none.
fn items(table: &ResponseTable) -> impl Iterator<Item = Group<'_>> + Send {
    let wide = table.items.iter().filter_map(|i| i.gold).any(|gold| i16::try_from(gold).is_err());
    let nothing = table.items.is_empty().then_some(&table.items[..]);
    nothing
        .into_iter()
        .chain(table.items.chunks(ITEMS_OF_A_GROUP))
        .map(move |items| item_columns(items, wide))
}

fn item_columns(items: &[Item], wide: bool) -> Group<'_> {
    let text = |of: fn(&Item) -> Option<Cow<str>>| {
        Written::Made(items.iter().map(|item| of(item).map(Cow::into_owned)).collect())
    };
    let json = |options: Cow<[String]>| serde_json::Value::from(options.into_owned()).to_string();
    vec![
        ("benchmark", Written::Text(items.iter().map(|i| Some(i.benchmark.as_str())).collect())),
        ("subject", Written::Text(items.iter().map(|i| i.subject.as_deref()).collect())),
        ("item", Written::Text(items.iter().map(|i| Some(i.id.as_str())).collect())),
        // As text: engines without unsigned 64-bit numbers would change it.
        (
            "item_hash",
            Written::Made(items.iter().map(|i| i.item_hash.map(|h| format!("{h:016x}"))).collect()),
        ),
        ("native_id", Written::Text(items.iter().map(|i| i.native_id.as_deref()).collect())),
        ("doc_hash", Written::Text(items.iter().map(|i| i.doc_hash.as_deref()).collect())),
        ("question", text(Item::question)),
        ("options", Written::Made(items.iter().map(|i| i.options().map(json)).collect())),
        (
            "gold",
            Written::Whole(
                items.iter().map(|i| i.gold.map(Into::into)).collect(),
                if wide { 32 } else { 16 },
            ),
        ),
        ("gold_text", text(Item::gold_text)),
        ("metadata_json", text(Item::metadata_json)),
    ]
}

fn runs(table: &ResponseTable) -> Group<'_> {
    let text = |of: fn(&Run) -> Option<&str>| Written::Text(table.runs.iter().map(of).collect());
    let real = |of: fn(&Run) -> Option<f64>| Written::Real(table.runs.iter().map(of).collect());
    let whole = |of: fn(&Run) -> Option<i64>| Written::Whole(table.runs.iter().map(of).collect(), 64);
    let files = |r: &Run| serde_json::Value::from(r.files.clone()).to_string();
    vec![
        ("run", text(|r| Some(&r.id))),
        ("model", text(|r| Some(r.model.as_str()))),
        ("model_raw", text(|r| r.model_raw.as_deref())),
        ("revision", text(|r| r.revision.as_deref())),
        ("base", text(|r| r.base.as_deref())),
        ("step", whole(|r| r.step)),
        ("step_source", text(|r| r.step_source.map(FactSource::as_str))),
        ("params", real(|r| r.params)),
        ("params_source", text(|r| r.params_source.map(FactSource::as_str))),
        ("tokens", real(|r| r.tokens)),
        ("flops", real(|r| r.flops)),
        ("dtype", text(|r| r.dtype.as_deref())),
        ("harness", text(|r| r.harness.as_deref())),
        ("harness_version", text(|r| r.harness_version.as_deref())),
        ("task_version", text(|r| r.task_version.as_deref())),
        ("n_shot", whole(|r| r.n_shot.map(Into::into))),
        ("prompt_variant", text(|r| r.prompt_variant.as_deref())),
        ("chat_template_sha", text(|r| r.chat_template_sha.as_deref())),
        ("temperature", real(|r| r.temperature)),
        ("seed", whole(|r| r.seed)),
        ("timestamp", text(|r| r.timestamp.as_deref())),
        ("limit", whole(|r| r.limit)),
        ("files", Written::Made(table.runs.iter().map(|r| Some(files(r))).collect())),
        ("family", text(|r| r.family.as_deref())),
        ("role", text(|r| r.role.as_deref())),
    ]
}

/// Scores of options, some at a time.
fn options<'t>(
    table: &'t ResponseTable,
    scores: Cow<'t, OptionScores>,
) -> impl Iterator<Item = Group<'t>> + Send {
    (0..scores.len()).step_by(ROWS_OF_A_GROUP).map(move |start| {
        let end = scores.len().min(start + ROWS_OF_A_GROUP);
        let scores: Vec<OptionScore> = (start..end).map(|at| scores.get(at)).collect();
        let name = |of: &dyn Fn(&OptionScore) -> &'t str| {
            Written::Text(scores.iter().map(|score| Some(of(score))).collect())
        };
        let whole =
            |of: fn(&OptionScore) -> Option<i64>, bits| Written::Whole(scores.iter().map(of).collect(), bits);
        let short = |of: fn(&OptionScore) -> Option<f32>| Written::Short(scores.iter().map(of).collect());
        let item = |o: &OptionScore| &table.items[o.item as usize];
        vec![
            ("run", name(&|o| table.runs[o.run as usize].id.as_str())),
            ("benchmark", name(&|o| item(o).benchmark.as_str())),
            ("item", name(&|o| item(o).id.as_str())),
            ("option", whole(|o| Some(o.option.into()), 32)),
            ("logp_sum", short(|o| o.logp_sum)),
            ("logp_per_char", short(|o| o.logp_per_char)),
            ("logp_per_byte", short(|o| o.logp_per_byte)),
            ("logp_uncond", short(|o| o.logp_uncond)),
            ("num_tokens", whole(|o| o.num_tokens.map(Into::into), 64)),
            ("is_greedy", Written::Truth(scores.iter().map(|o| o.is_greedy).collect())),
        ]
    })
}
