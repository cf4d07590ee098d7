//! How does a table become the files of a store?

use super::atomic::write_store_directory;
use super::columnar::{Group, ROWS_OF_A_GROUP, Written, write_groups};
use super::manifest::{Hashed, Manifest, Provenance, StoreFile};
use super::order::sorted_rows;
use super::{StoreError, read};
use crate::response::{FactSource, Item, OptionScore, OptionScores, ResponseTable, Row, Run};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::iter;
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
    let mut files = vec![
        write_file(directory, read::RESPONSES, responses(table))?,
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
fn responses(table: &ResponseTable) -> impl Iterator<Item = Group<'_>> + Send {
    let benchmark = |row: &u32| &table.items[table.item_column().get(*row as usize) as usize].benchmark;
    let bits = bits(table);
    let groups = sorted_rows(table).flat_map(move |rows| {
        let of_benchmarks = rows.chunk_by(|a, b| benchmark(a) == benchmark(b));
        let groups = of_benchmarks.flat_map(|rows| rows.chunks(ROWS_OF_A_GROUP));
        groups.map(<[u32]>::to_vec).collect::<Vec<_>>()
    });
    let nothing = table.is_empty().then(Vec::new);
    nothing.into_iter().chain(groups).map(move |rows| response_columns(table, &rows, bits))
}

/// Bits of the columns of options, of tokens and of source rows: more than the schema's only where a value needs
/// it.
pub(super) fn bits(table: &ResponseTable) -> [u8; 3] {
    let mut bits = [16, 32, 32];
    let long = |n: Option<u32>| n.is_some_and(|n| i32::try_from(n).is_err());
    let wide = |option: Option<u16>| option.is_some_and(|k| i16::try_from(k).is_err());
    for row in 0..table.len() {
        if wide(table.chosen(row)) || wide(table.gold(row)) {
            bits[0] = 32;
        }
        if table.tokens(row).into_iter().any(long) {
            bits[1] = 64;
        }
        if long(table.source_row(row)) {
            bits[2] = 64;
        }
    }
    bits
}

/// The columns of the given rows, in the schema of `responses.parquet`; with the [`bits`] of some.
pub(super) fn response_columns<'a>(table: &'a ResponseTable, at: &[u32], bits: [u8; 3]) -> Group<'a> {
    let [options, tokens, places] = bits;
    let rows: Vec<Row> = at.iter().map(|&row| table.row(row as usize)).collect();
    let whole = |of: &dyn Fn(&Row) -> Option<i64>, bits| Written::Whole(rows.iter().map(of).collect(), bits);
    let item = |r: &Row| &table.items[r.item as usize];
    let metric = |r: &Row| &table.metrics[r.metric as usize];
    let run = |r: &Row| &table.runs[r.run as usize];
    vec![
        ("model", Written::Text(rows.iter().map(|r| Some(run(r).model.as_str())).collect())),
        ("benchmark", Written::Text(rows.iter().map(|r| Some(item(r).benchmark.as_str())).collect())),
        ("subject", Written::Text(rows.iter().map(|r| item(r).subject.as_deref()).collect())),
        ("item", Written::Text(rows.iter().map(|r| Some(item(r).id.as_str())).collect())),
        ("score", Written::Real(rows.iter().map(|r| r.score).collect())),
        ("metric", Written::Text(rows.iter().map(|r| Some(metric(r).name.as_str())).collect())),
        ("filter", Written::Text(rows.iter().map(|r| metric(r).filter.as_deref()).collect())),
        ("primary", Written::Truth(rows.iter().map(|r| Some(metric(r).primary)).collect())),
        ("repeat", whole(&|r| Some(r.repeat.into()), 32)),
        ("run", Written::Text(rows.iter().map(|r| Some(run(r).id.as_str())).collect())),
        ("status", Written::Text(rows.iter().map(|r| Some(r.status.as_str())).collect())),
        ("chosen", whole(&|r| r.chosen.map(Into::into), options)),
        ("gold", whole(&|r| r.gold.map(Into::into), options)),
        ("prediction", Written::Made(rows.iter().map(|r| r.prediction.as_deref().map(Into::into)).collect())),
        ("logp_gold", Written::Short(rows.iter().map(|r| r.logp_gold).collect())),
        ("logp_margin", Written::Short(rows.iter().map(|r| r.logp_margin).collect())),
        ("n_tokens_in", whole(&|r| r.n_tokens_in.map(Into::into), tokens)),
        ("n_tokens_out", whole(&|r| r.n_tokens_out.map(Into::into), tokens)),
        ("source_file", Written::Text(at.iter().map(|&row| table.source_file(row as usize)).collect())),
        ("source_row", whole(&|r| r.source_row.map(Into::into), places)),
    ]
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
    let items = || items.iter();
    let json = |options: &Vec<String>| serde_json::Value::from(options.clone()).to_string();
    vec![
        ("benchmark", Written::Text(items().map(|i| Some(i.benchmark.as_str())).collect())),
        ("subject", Written::Text(items().map(|i| i.subject.as_deref()).collect())),
        ("item", Written::Text(items().map(|i| Some(i.id.as_str())).collect())),
        // As text: engines without unsigned 64-bit numbers would change it.
        ("item_hash", Written::Made(items().map(|i| i.item_hash.map(|h| format!("{h:016x}"))).collect())),
        ("native_id", Written::Text(items().map(|i| i.native_id.as_deref()).collect())),
        ("doc_hash", Written::Text(items().map(|i| i.doc_hash.as_deref()).collect())),
        ("question", Written::Text(items().map(|i| i.question.as_deref()).collect())),
        ("options", Written::Made(items().map(|i| i.options.as_ref().map(json)).collect())),
        (
            "gold",
            Written::Whole(items().map(|i| i.gold.map(Into::into)).collect(), if wide { 32 } else { 16 }),
        ),
        ("gold_text", Written::Text(items().map(|i| i.gold_text.as_deref()).collect())),
        ("metadata_json", Written::Text(items().map(|i| i.metadata_json.as_deref()).collect())),
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
