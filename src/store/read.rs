//! How do the files of a store become a table again?
//!
//! Columns that hold the same value everywhere may be absent, so that hand-made and bundled stores stay small:
//! without `benchmark` there must be one benchmark among the items, without `run` each model is one run, and
//! items and runs without a file of their own are those that the rows name.

use super::columnar::read_parquet;
use super::frame::{Cells, Frame, NOTHING, Words};
use super::manifest::Manifest;
use super::{StoreError, check};
use crate::response::{FactSource, Item, Metric, OptionScore, OptionScores, ResponseTable, Row, Run, Status};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::fs;
use std::path::Path;

pub(super) const RESPONSES: &str = "responses.parquet";
pub(super) const ITEMS: &str = "items.parquet";
pub(super) const RUNS: &str = "runs.parquet";
pub(super) const OPTIONS: &str = "options.parquet";
pub(super) const MANIFEST: &str = "manifest.json";

/// Whether a directory is a store: it has the manifest of one.
pub fn is_store(path: &Path) -> bool {
    fs::read(path.join(MANIFEST)).is_ok_and(|bytes| Manifest::parse(&bytes).is_ok())
}

/// Reads a store.
///
/// # Errors
/// See [`StoreError`].
pub fn read(path: &Path) -> Result<ResponseTable, StoreError> {
    let mut parts: Vec<(&str, Vec<u8>)> = Vec::new();
    for name in [MANIFEST, RESPONSES, ITEMS, RUNS, OPTIONS] {
        let file = path.join(name);
        match fs::read(&file) {
            Ok(bytes) => parts.push((name, bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.is_dir() => {}
            Err(error) => return Err(StoreError::io(&file)(error)),
        }
    }
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    read_named(&path.display().to_string(), &parts)
}

/// Reads a store from the bytes of its files, by name: `responses.parquet`, and where they are there
/// `items.parquet`, `runs.parquet`, `options.parquet` and `manifest.json`.
///
/// # Errors
/// See [`StoreError`].
pub fn read_parts(parts: &[(&str, &[u8])]) -> Result<ResponseTable, StoreError> {
    read_named("the data set", parts)
}

fn read_named(store: &str, parts: &[(&str, &[u8])]) -> Result<ResponseTable, StoreError> {
    let part = |name: &str| parts.iter().find(|(n, _)| *n == name).map(|(_, bytes)| *bytes);
    let frame = |name: &'static str| {
        let file = format!("{store}/{name}");
        part(name)
            .map(|bytes| {
                let frame = read_parquet(bytes).map_err(StoreError::columnar(&file))?;
                Ok(Part { frame, file })
            })
            .transpose()
    };
    let mut table = ResponseTable::default();
    if let Some(bytes) = part(MANIFEST) {
        let manifest = check::parse(store, bytes)?;
        check::sizes(store, &manifest, parts)?;
        table.metrics = manifest.metrics;
    }
    if let Some(part) = frame(ITEMS)? {
        table.items = items(&part)?;
    }
    if let Some(part) = frame(RUNS)? {
        table.runs = runs(&part)?;
    }
    let responses = frame(RESPONSES)?
        .ok_or(StoreError::MissingFile { store: store.to_owned(), file: RESPONSES.to_owned() })?;
    push_responses(&mut table, &responses)?;
    if let Some(part) = frame(OPTIONS)? {
        table.options = options(&table, &part)?;
    }
    Ok(table)
}

/// One file of a store.
struct Part {
    frame: Frame,
    file: String,
}

impl Part {
    fn need(&self, column: &'static str) -> Result<&Cells, StoreError> {
        self.frame.column(column).ok_or_else(|| StoreError::MissingColumn { file: self.file.clone(), column })
    }

    fn words(&self, column: &str) -> Option<Cow<'_, Words>> {
        self.frame.column(column).map(Cells::to_words)
    }

    fn texts(&self, column: &str) -> Vec<Option<String>> {
        self.words(column).map_or_else(
            || vec![None; self.frame.n_rows],
            |words| words.iter().map(|w| w.map(str::to_owned)).collect(),
        )
    }

    fn reals(&self, column: &str) -> Vec<Option<f64>> {
        self.frame.column(column).map_or_else(|| vec![None; self.frame.n_rows], Cells::to_reals)
    }

    fn wholes(&self, column: &str) -> Vec<Option<i64>> {
        self.frame.column(column).map_or_else(|| vec![None; self.frame.n_rows], Cells::to_wholes)
    }

    /// Whole numbers that fit the type of the table; `Err` names the first that does not.
    fn fitting<T: TryFrom<i64>>(&self, column: &str) -> Result<Vec<Option<T>>, StoreError> {
        let narrow = |(row, value): (usize, Option<i64>)| {
            let Some(value) = value else { return Ok(None) };
            T::try_from(value).map(Some).map_err(|_| self.bad(row, format!("{column} is {value}")))
        };
        self.wholes(column).into_iter().enumerate().map(narrow).collect()
    }

    fn bad(&self, row: usize, message: String) -> StoreError {
        StoreError::BadCell { file: self.file.clone(), row: row + 1, message }
    }
}

fn items(part: &Part) -> Result<Vec<Item>, StoreError> {
    let ids = part.need("item")?.to_words();
    let benchmarks = part.need("benchmark")?.to_words();
    let mut subject = part.texts("subject");
    let (mut native_id, mut doc_hash) = (part.texts("native_id"), part.texts("doc_hash"));
    let (mut question, mut gold_text) = (part.texts("question"), part.texts("gold_text"));
    let mut metadata = part.texts("metadata_json");
    let (hash, options) = (part.texts("item_hash"), part.texts("options"));
    let gold = part.fitting::<u16>("gold")?;
    (0..part.frame.n_rows)
        .map(|row| {
            let id = ids.get(row).ok_or_else(|| part.bad(row, "an item without a name".to_owned()))?;
            let benchmark = benchmarks.get(row).unwrap_or_default();
            let parse = |text: &str| {
                serde_json::from_str::<Vec<String>>(text)
                    .map_err(|_| part.bad(row, "options are no list of texts".to_owned()))
            };
            Ok(Item {
                subject: subject[row].take(),
                item_hash: hash[row].as_deref().and_then(|h| u64::from_str_radix(h, 16).ok()),
                native_id: native_id[row].take(),
                doc_hash: doc_hash[row].take(),
                question: question[row].take().map(Into::into),
                options: options[row].as_deref().map(parse).transpose()?.map(Into::into),
                gold: gold[row],
                gold_text: gold_text[row].take().map(Into::into),
                metadata_json: metadata[row].take().map(Into::into),
                ..Item::new(benchmark, None, id)
            })
        })
        .collect()
}

fn runs(part: &Part) -> Result<Vec<Run>, StoreError> {
    let ids = part.need("run")?.to_words();
    let models = part.words("model").unwrap_or_else(|| ids.clone());
    let mut text: FxHashMap<&str, Vec<Option<String>>> = FxHashMap::default();
    const TEXTS: [&str; 14] = [
        "model_raw",
        "revision",
        "base",
        "step_source",
        "params_source",
        "dtype",
        "harness",
        "harness_version",
        "task_version",
        "prompt_variant",
        "chat_template_sha",
        "timestamp",
        "family",
        "role",
    ];
    for name in TEXTS {
        text.insert(name, part.texts(name));
    }
    let (step, seed, limit) = (part.wholes("step"), part.wholes("seed"), part.wholes("limit"));
    let n_shot = part.fitting::<i32>("n_shot")?;
    let (params, tokens, flops) = (part.reals("params"), part.reals("tokens"), part.reals("flops"));
    let (temperature, files) = (part.reals("temperature"), part.texts("files"));
    (0..part.frame.n_rows)
        .map(|row| {
            let id = ids.get(row).ok_or_else(|| part.bad(row, "a run without a name".to_owned()))?;
            let mut take = |name: &str| text.get_mut(name).and_then(|column| column[row].take());
            let source = |name: Option<String>| {
                name.map(|name| name.parse::<FactSource>())
                    .transpose()
                    .map_err(|e| part.bad(row, e.to_string()))
            };
            Ok(Run {
                model_raw: take("model_raw"),
                revision: take("revision"),
                base: take("base"),
                step: step[row],
                step_source: source(take("step_source"))?,
                params: params[row],
                params_source: source(take("params_source"))?,
                tokens: tokens[row],
                flops: flops[row],
                dtype: take("dtype"),
                harness: take("harness"),
                harness_version: take("harness_version"),
                task_version: take("task_version"),
                n_shot: n_shot[row],
                prompt_variant: take("prompt_variant"),
                chat_template_sha: take("chat_template_sha"),
                temperature: temperature[row],
                seed: seed[row],
                timestamp: take("timestamp"),
                limit: limit[row],
                files: files[row].as_deref().and_then(|f| serde_json::from_str(f).ok()).unwrap_or_default(),
                family: take("family"),
                role: take("role"),
                ..Run::new(id, models.get(row).unwrap_or(id))
            })
        })
        .collect()
}

fn push_responses(table: &mut ResponseTable, part: &Part) -> Result<(), StoreError> {
    let items = part.need("item")?.to_words();
    let models = part.words("model");
    let run_names = match part.words("run").or_else(|| models.clone()) {
        Some(runs) => runs,
        None => part.need("run")?.to_words(),
    };
    let benchmarks = benchmark_column(table, part)?;
    let subjects = part.words("subject");
    let (metrics, filters) = (part.words("metric"), part.words("filter"));
    let primary = part.frame.column("primary").map(Cells::to_truths);
    let status = part.words("status");
    let (scores, repeat) = (part.need("score")?.to_reals(), part.fitting::<u32>("repeat")?);
    let (chosen, gold) = (part.fitting::<u16>("chosen")?, part.fitting::<u16>("gold")?);
    let prediction = part.words("prediction");
    let (logp_gold, logp_margin) = (part.reals("logp_gold"), part.reals("logp_margin"));
    let (tokens_in, tokens_out) = (part.fitting::<u32>("n_tokens_in")?, part.fitting::<u32>("n_tokens_out")?);
    let (source_file, source_row) = (part.words("source_file"), part.fitting::<u32>("source_row")?);
    let mut files: FxHashMap<(u32, u32), u32> = FxHashMap::default();

    let mut places = Places::new(table);
    for row in 0..part.frame.n_rows {
        let code = |words: &Option<Cow<Words>>| words.as_ref().map_or(NOTHING, |w| w.codes()[row]);
        let word = |words: &'_ Option<Cow<Words>>| words.as_ref().and_then(|w| w.get(row).map(str::to_owned));
        let run_name = run_names.get(row).ok_or_else(|| part.bad(row, "no run and no model".to_owned()))?;
        let run = *places.run_of.entry(run_names.codes()[row]).or_insert_with(|| {
            let model = models.as_ref().and_then(|m| m.get(row)).unwrap_or(run_name);
            place(&mut table.runs, |r| r.id == *run_name, || Run::new(run_name, model))
        });
        let id = items.get(row).ok_or_else(|| part.bad(row, "no item".to_owned()))?;
        let benchmark = benchmarks.get(row).unwrap_or_default();
        let item =
            *places.item_of.entry((benchmarks.codes()[row], items.codes()[row])).or_insert_with(|| {
                let known = places.items.get(benchmark).and_then(|b| b.get(id)).copied();
                known.unwrap_or_else(|| {
                    table.items.push(Item::new(benchmark, word(&subjects).as_deref(), id));
                    table.items.len() as u32 - 1
                })
            });
        let metric_key = (benchmarks.codes()[row], code(&metrics), code(&filters));
        let metric = *places.metric_of.entry(metric_key).or_insert_with(|| {
            let name = word(&metrics).unwrap_or_else(|| "score".to_owned());
            let filter = word(&filters);
            place(
                &mut table.metrics,
                |m| m.benchmark == benchmark && m.name == name && m.filter == filter,
                || Metric {
                    primary: primary.as_ref().is_some_and(|p| p[row] == Some(true)),
                    ..Metric::new(benchmark, name.clone(), filter.as_deref())
                },
            )
        });
        let status = match word(&status) {
            Some(text) => text.parse().map_err(|e| part.bad(row, format!("{e}")))?,
            None if scores[row].is_some() => Status::Ok,
            None => Status::Unscored,
        };
        let file = source_file.as_ref().and_then(|files| files.get(row));
        let source_file = file.map_or(0, |file| {
            *files.entry((run, code(&source_file))).or_insert_with(|| {
                let known = &mut table.runs[run as usize].files;
                let at = known.iter().position(|known| known == file);
                at.unwrap_or_else(|| {
                    known.push(file.to_owned());
                    known.len() - 1
                }) as u32
            })
        });
        table.push(Row {
            run,
            item,
            metric,
            repeat: repeat[row].unwrap_or(0),
            score: scores[row],
            status,
            chosen: chosen[row],
            gold: gold[row],
            prediction: word(&prediction).map(Into::into),
            logp_gold: logp_gold[row].map(|x| x as f32),
            logp_margin: logp_margin[row].map(|x| x as f32),
            n_tokens_in: tokens_in[row],
            n_tokens_out: tokens_out[row],
            source_file,
            source_row: source_row[row],
        });
    }
    Ok(())
}

/// Where the runs, items and metrics of the table are, by the codes of their words.
struct Places {
    run_of: FxHashMap<u32, u32>,
    item_of: FxHashMap<(u32, u32), u32>,
    metric_of: FxHashMap<(u32, u32, u32), u32>,
    items: FxHashMap<String, FxHashMap<String, u32>>,
}

impl Places {
    fn new(table: &ResponseTable) -> Self {
        let mut items: FxHashMap<String, FxHashMap<String, u32>> = FxHashMap::default();
        for (at, item) in table.items.iter().enumerate() {
            items.entry(item.benchmark.clone()).or_default().insert(item.id.to_string(), at as u32);
        }
        Self {
            run_of: FxHashMap::default(),
            item_of: FxHashMap::default(),
            metric_of: FxHashMap::default(),
            items,
        }
    }
}

/// The position of what `is` finds, or of `new` at the end.
fn place<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> u32 {
    match list.iter().position(is) {
        Some(at) => at as u32,
        None => {
            list.push(new());
            list.len() as u32 - 1
        }
    }
}

/// The benchmark of each row; where no column says, the only one among the items.
fn benchmark_column<'a>(table: &ResponseTable, part: &'a Part) -> Result<Cow<'a, Words>, StoreError> {
    if let Some(words) = part.words("benchmark") {
        return Ok(words);
    }
    match table.benchmarks().as_slice() {
        [only] => Ok(Cow::Owned((0..part.frame.n_rows).map(|_| Some(only.as_str())).collect())),
        _ => part.need("benchmark").map(Cells::to_words),
    }
}

fn options(table: &ResponseTable, part: &Part) -> Result<OptionScores, StoreError> {
    let (runs, items) = (part.need("run")?.to_words(), part.need("item")?.to_words());
    let benchmarks = benchmark_column(table, part)?;
    let run_at: FxHashMap<&str, u32> =
        table.runs.iter().enumerate().map(|(at, r)| (r.id.as_str(), at as u32)).collect();
    let run_of: Vec<Option<u32>> = runs.distinct().iter().map(|w| run_at.get(&**w).copied()).collect();
    let places = Places::new(table);
    let mut item_of: FxHashMap<(u32, u32), Option<u32>> = FxHashMap::default();
    let option = part.fitting::<u16>("option")?;
    part.need("option")?;
    let sum_name = if part.frame.column("logp_sum").is_some() { "logp_sum" } else { "logp" };
    let short = |name: &str| part.reals(name).into_iter().map(|x| x.map(|x| x as f32)).collect::<Vec<_>>();
    let (sum, per_char, per_byte) = (short(sum_name), short("logp_per_char"), short("logp_per_byte"));
    let (uncond, num_tokens) = (short("logp_uncond"), part.fitting::<u32>("num_tokens")?);
    let greedy = part.frame.column("is_greedy").map(Cells::to_truths);
    (0..part.frame.n_rows)
        .map(|row| {
            let run = run_of.get(runs.codes()[row] as usize).copied().flatten();
            let item = *item_of.entry((benchmarks.codes()[row], items.codes()[row])).or_insert_with(|| {
                places.items.get(benchmarks.get(row).unwrap_or_default())?.get(items.get(row)?).copied()
            });
            let (Some(run), Some(item), Some(option)) = (run, item, option[row]) else {
                return Err(part.bad(row, "an option of an unknown run or item".to_owned()));
            };
            Ok(OptionScore {
                run,
                item,
                option,
                logp_sum: sum[row],
                logp_per_char: per_char[row],
                logp_per_byte: per_byte[row],
                logp_uncond: uncond[row],
                num_tokens: num_tokens[row],
                is_greedy: greedy.as_ref().and_then(|g| g[row]),
            })
        })
        .collect()
}
