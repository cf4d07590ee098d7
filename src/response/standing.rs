//! Which runs stand for a model? One, mostly; and those that complete it where runs share the items among them.

use super::codes::BUFFER;
use super::ids::RespondentId;
use super::measure::Measure;
use super::run::Run;
use super::table::ResponseTable;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Marks of items, by place among those of the benchmark.
type Marks = Box<[u64]>;

/// The runs of a matrix: which respondent each is, and what was not taken.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The respondents, in the order of their first run.
    pub respondents: Vec<RespondentId>,
    /// By run: its respondent.
    respondent_of: Vec<Option<u32>>,
    /// By run: items that another run of the same respondent is taken for.
    hidden: FxHashMap<u32, Marks>,
    /// Runs that were not taken.
    pub set_aside: Vec<String>,
    /// Runs whose attempts are repeats of those of another run.
    pub n_repeated: usize,
    /// Runs taken for the items that another run of the model lacks.
    pub completing: Vec<String>,
    /// Models that have only rows of other metrics of the benchmark.
    pub without_metric: Vec<String>,
}

impl Standing {
    /// The respondent that a row of this run and item (by place among those of the benchmark) belongs to, if any.
    #[inline]
    pub fn respondent(&self, run: usize, item: u32) -> Option<u32> {
        let respondent = self.respondent_of[run]?;
        if self.hidden.is_empty() {
            return Some(respondent);
        }
        let hidden = self.hidden.get(&(run as u32)).is_some_and(|marks| is_marked(marks, item));
        (!hidden).then_some(respondent)
    }
}

fn is_marked(marks: &[u64], item: u32) -> bool {
    marks[item as usize / 64] >> (item % 64) & 1 == 1
}

/// Whether two runs of a model are attempts at the same: the set-up is the same, and no time says that the one
/// was meant to replace the other.
pub(crate) fn repeats(a: &Run, b: &Run) -> bool {
    let (id, files, model_raw) = (b.id.clone(), b.files.clone(), b.model_raw.clone());
    let (params_source, step_source) = (b.params_source, b.step_source);
    let alike = Run { id, files, model_raw, params_source, step_source, seed: b.seed, ..a.clone() };
    a.timestamp.is_none() && alike == *b
}

/// Whether two runs may have been made by the same program. Programs ask in different ways, and the same question need
/// not have the same name in both.
fn may_be_of_one_harness(a: &Run, b: &Run) -> bool {
    a.harness.as_ref().zip(b.harness.as_ref()).is_none_or(|(a, b)| a == b)
}

/// Whether the one run may complete the other item by item.
fn same_set_up(a: &Run, b: &Run) -> bool {
    let set_up = |run: &Run| {
        let texts = [&run.prompt_variant, &run.chat_template_sha, &run.dtype, &run.base, &run.revision];
        (texts.map(Clone::clone), run.step, run.n_shot, run.temperature.map(f64::to_bits))
    };
    set_up(a) == set_up(b)
}

/// What makes one run of a model stand for it before another: the greater stands, of equals the later in the table.
pub(crate) fn precedence(run: &Run) -> (i64, bool, bool, (Option<i64>, &str)) {
    // A run of the first few items is a trial.
    let is_whole = run.limit.is_none();
    (run.step.unwrap_or(i64::MAX), run.prompt_variant.is_none(), is_whole, run.made_at())
}

/// The runs that have rows of the measure, and those that have rows of other metrics of its benchmark; each in the
/// order of their first row.
fn runs_with(table: &ResponseTable, measure: &Measure) -> [Vec<usize>; 2] {
    let benchmark = &table.metrics[measure.metric()].benchmark;
    let kind: Vec<Option<usize>> = (table.metrics.iter().enumerate())
        .map(|(at, m)| (m.benchmark == *benchmark).then_some(usize::from(!measure.has(at))))
        .collect();
    let mut used = [Vec::new(), Vec::new()];
    let mut seen = [vec![false; table.runs.len()], vec![false; table.runs.len()]];
    let (mut runs, mut metrics) = ([0; BUFFER], [0; BUFFER]);
    for start in (0..table.len()).step_by(BUFFER) {
        let n = BUFFER.min(table.len() - start);
        table.run_column().read(start, &mut runs[..n]);
        table.metric_column().read(start, &mut metrics[..n]);
        for (&run, &metric) in runs[..n].iter().zip(&metrics[..n]) {
            let Some(kind) = kind[metric as usize] else { continue };
            if !std::mem::replace(&mut seen[kind][run as usize], true) {
                used[kind].push(run as usize);
            }
        }
    }
    used
}

/// Every run as a respondent of its own.
pub(super) fn every_run(table: &ResponseTable, measure: &Measure) -> Standing {
    let [used, _] = runs_with(table, measure);
    let mut standing = Standing { respondent_of: vec![None; table.runs.len()], ..Default::default() };
    let mut known = rustc_hash::FxHashSet::default();
    for (at, run) in used.into_iter().enumerate() {
        let label = run_label(&table.runs[run]);
        let name =
            if known.insert(label.clone()) { label } else { format!("{label} [{}]", table.runs[run].id) };
        standing.respondents.push(name.into());
        standing.respondent_of[run] = Some(at as u32);
    }
    standing
}

/// One respondent for each model: the run of the last training step, then of the base prompt variant before any
/// other, then one of all items before one with a limit, then of the latest time, then the last in the table. Runs without a time that differ from it in nothing
/// but their number or seed are repeats. A run of the same step and harness that has other items completes it: with items
/// that better runs lack if its set-up is the same, and with all of its items if better runs have none of them.
pub(super) fn one_for_each_model(table: &ResponseTable, measure: &Measure, item_at: &[u32]) -> Standing {
    let [used, others] = runs_with(table, measure);
    let mut of_model: FxHashMap<&str, usize> = FxHashMap::default();
    let mut models: Vec<(&str, Vec<usize>)> = Vec::new();
    for run in used {
        let name = table.runs[run].model.as_str();
        let at = *of_model.entry(name).or_insert_with(|| {
            models.push((name, Vec::new()));
            models.len() - 1
        });
        models[at].1.push(run);
    }
    for (_, runs) in &mut models {
        runs.sort_by_cached_key(|&run| Reverse((precedence(&table.runs[run]), run)));
    }
    let items = items_of(table, measure, item_at, &contenders(table, &models));
    let mut standing = Standing { respondent_of: vec![None; table.runs.len()], ..Default::default() };
    let mut aside = Vec::new();
    for (at, (model, runs)) in models.iter().enumerate() {
        standing.respondents.push((*model).to_owned().into());
        let left = standing.choose(table, at as u32, runs, &items);
        aside.extend(left);
    }
    aside.sort_unstable();
    standing.set_aside = aside.into_iter().map(|run| table.runs[run].id.clone()).collect();
    let lacking = others.into_iter().map(|run| table.runs[run].model.as_str());
    for model in lacking.filter(|model| !of_model.contains_key(model)) {
        if !standing.without_metric.iter().any(|known| known == model) {
            standing.without_metric.push(model.to_owned());
        }
    }
    standing
}

/// The runs whose items decide: those of models with several runs of their best run's step that are no repeats.
fn contenders(table: &ResponseTable, models: &[(&str, Vec<usize>)]) -> Vec<usize> {
    let contend = |runs: &Vec<usize>| {
        let best = &table.runs[runs[0]];
        let same_step = runs.iter().copied().filter(|&run| table.runs[run].step == best.step);
        let same_step: Vec<usize> = same_step.collect();
        let all_repeats = same_step[1..].iter().all(|&run| repeats(&table.runs[run], best));
        if all_repeats { Vec::new() } else { same_step }
    };
    models.iter().flat_map(|(_, runs)| contend(runs)).collect()
}

/// The items that each of these runs has rows of.
fn items_of(
    table: &ResponseTable,
    measure: &Measure,
    item_at: &[u32],
    runs: &[usize],
) -> FxHashMap<usize, Marks> {
    let n_items = item_at.iter().filter(|at| **at != u32::MAX).count();
    let none: Marks = vec![0; n_items.div_ceil(64)].into();
    let mut of_run: Vec<Option<Marks>> = vec![None; table.runs.len()];
    runs.iter().for_each(|&run| of_run[run] = Some(none.clone()));
    if !runs.is_empty() {
        table.blocks().each(|row| {
            if let (true, Some(marks)) = (measure.has(row.metric), &mut of_run[row.run]) {
                let item = item_at[row.item];
                marks[item as usize / 64] |= 1 << (item % 64);
            }
        });
    }
    runs.iter().filter_map(|&run| Some((run, of_run[run].take()?))).collect()
}

impl Standing {
    /// Takes runs of a model, best first, for a respondent; those that are left.
    fn choose(
        &mut self,
        table: &ResponseTable,
        respondent: u32,
        runs: &[usize],
        items: &FxHashMap<usize, Marks>,
    ) -> Vec<usize> {
        let best = &table.runs[runs[0]];
        self.respondent_of[runs[0]] = Some(respondent);
        let mut covered = items.get(&runs[0]).cloned();
        // Repeats have a say in what is covered, wherever they stand in the order.
        let (repeated, others): (Vec<usize>, Vec<usize>) =
            runs[1..].iter().partition(|&&run| repeats(&table.runs[run], best));
        for run in repeated {
            self.respondent_of[run] = Some(respondent);
            self.n_repeated += 1;
            if let (Some(covered), Some(more)) = (&mut covered, items.get(&run)) {
                covered.iter_mut().zip(more).for_each(|(all, more)| *all |= more);
            }
        }
        let mut left = Vec::new();
        for run in others {
            let (Some(covered), Some(own)) = (&mut covered, items.get(&run)) else {
                left.push(run);
                continue;
            };
            let any = |both: fn(u64, u64) -> u64| own.iter().zip(&**covered).any(|(o, c)| both(*o, *c) != 0);
            let (has_new, has_old) = (any(|own, covered| own & !covered), any(|own, covered| own & covered));
            let fits = !has_old || same_set_up(&table.runs[run], best);
            if !has_new || !fits || !may_be_of_one_harness(&table.runs[run], best) {
                left.push(run);
                continue;
            }
            self.respondent_of[run] = Some(respondent);
            self.completing.push(table.runs[run].id.clone());
            if has_old {
                self.hidden.insert(run as u32, covered.clone());
            }
            covered.iter_mut().zip(own).for_each(|(all, own)| *all |= own);
        }
        left
    }
}

/// A run's name among all runs: model, step, variant.
fn run_label(run: &Run) -> String {
    let mut label = run.model.to_string();
    if let Some(step) = run.step {
        label.push_str(&format!(" step {step}"));
    }
    if let Some(variant) = &run.prompt_variant {
        label.push_str(&format!(" ({variant})"));
    }
    label
}
