//! How do item-level results become a ladder? Runs with their training conditions, and their means over items.

use super::table::{Checkpoint, LadderRow, LadderTable, Role};
use crate::response::run::asks_by_default;
use crate::response::{Attempt, Measure, Metric, ResponseTable, Run};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names of metrics that are losses, in order of preference, in lower case without punctuation.
const LOSSES: [&str; 7] =
    ["bitsperbyte", "bpb", "logitsperbytecorr", "tasklossbpb", "taskloss", "celoss", "loss"];
/// A run needs scores on this share of the items: means over different items are not comparable.
const LEAST_COVERAGE: f64 = 0.98;

/// What to take from item-level results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemOptions {
    /// Benchmarks that become tasks; all where none is named.
    pub benchmarks: Vec<String>,
    /// The metric that is the accuracy, by label or name; `None` takes the primary one.
    pub metric: Option<String>,
    /// Models, or labels of their sizes, that are targets whatever the data say.
    pub targets: Vec<String>,
}

/// A ladder made of item-level results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemLadder {
    /// The runs and their means by benchmark.
    pub table: LadderTable,
    /// Accuracy of guessing by benchmark: the mean of one over the number of options, where all items have some.
    pub chance: BTreeMap<String, f64>,
    /// Items by benchmark.
    pub n_items: BTreeMap<String, usize>,
    /// What was decided on the way.
    pub notes: Vec<String>,
}

/// Makes a ladder of item-level results: each benchmark is a task, each model a run, each step a checkpoint.
///
/// The accuracy of a run is the mean score over items, its loss the mean over items of a metric that is a loss
/// (bits per byte before others), or else of −ln p of the key, in nats. Runs marked as rungs and targets keep that
/// mark; where no run is marked, every run whose compute is known is a rung. Prompt variants are left out, and runs
/// with scores on less than 98 % of the items, with a note.
pub fn from_responses(responses: &ResponseTable, options: &ItemOptions) -> ItemLadder {
    let mut ladder = ItemLadder::default();
    let marked = responses.runs.iter().any(|r| role_of(r) == Some(Role::Rung));
    let names = run_names(&responses.runs);
    let benchmarks = responses.benchmarks();
    let wanted = |b: &&String| options.benchmarks.is_empty() || options.benchmarks.contains(b);
    let mut rows = Vec::new();
    for benchmark in benchmarks.iter().filter(wanted) {
        let Some(accuracy) = accuracy(responses, benchmark, options.metric.as_deref()) else {
            let asked = options.metric.as_deref().unwrap_or("that is a share of right answers");
            ladder.notes.push(format!("{benchmark}: no metric {asked}; left out"));
            continue;
        };
        let means = Means::of(responses, benchmark, &accuracy);
        let latest = latest_runs(&responses.runs, &means, &names);
        let mut partial = 0;
        for (&run, mean) in means.by_run.iter().filter(|(run, _)| latest.contains(*run)) {
            let about = &responses.runs[run];
            let size = about.params.map_or(String::new(), size_label);
            let is_target = options.targets.iter().any(|t| *t == names[run] || *t == size);
            let role = match (is_target, role_of(about)) {
                (true, _) => Role::Target,
                (false, Some(role)) if marked => role,
                (false, None) if marked => Role::Other,
                _ if compute_known(about) => Role::Rung,
                _ => Role::Other,
            };
            if role == Role::Other {
                continue;
            }
            if (mean.n_items as f64) < LEAST_COVERAGE * means.n_items as f64 {
                partial += 1;
                continue;
            }
            rows.push(LadderRow {
                run: names[run].clone(),
                size,
                role,
                parameters: about.params,
                task: benchmark.clone(),
                checkpoint: Checkpoint {
                    step: about.step.map(|s| s as f64),
                    tokens: about.tokens,
                    compute_flops: about.flops,
                    loss: mean.loss,
                    accuracy: Some(mean.accuracy),
                },
            });
        }
        if partial > 0 {
            ladder.notes.push(format!(
                "{benchmark}: {partial} runs left out, they have scores on less than 98 % of the {} items",
                means.n_items
            ));
        }
        ladder.n_items.insert(benchmark.clone(), means.n_items);
        if let Some(chance) = chance(responses, benchmark) {
            ladder.chance.insert(benchmark.clone(), chance);
        }
    }
    if !marked && rows.iter().any(|r| r.role == Role::Rung) {
        ladder.notes.push(
            "no run is marked as a rung: every model of known training compute is taken for one, of whatever family"
                .to_owned(),
        );
    }
    ladder.table = LadderTable::from_rows(rows);
    ladder
}

fn role_of(run: &Run) -> Option<Role> {
    match run.role.as_deref()?.trim().to_ascii_lowercase().as_str() {
        "rung" => Some(Role::Rung),
        "target" => Some(Role::Target),
        _ => Some(Role::Other),
    }
}

fn compute_known(run: &Run) -> bool {
    run.flops.is_some() || (run.params.is_some() && run.tokens.is_some())
}

/// The model, and its seed where it has several.
fn run_names(runs: &[Run]) -> Vec<String> {
    let mut seeds: HashMap<&str, BTreeSet<i64>> = HashMap::new();
    for run in runs {
        seeds.entry(run.model.as_str()).or_default().extend(run.seed);
    }
    let name = |run: &Run| match run.seed {
        Some(seed) if seeds[run.model.as_str()].len() > 1 => format!("{}, seed {seed}", run.model),
        _ => run.model.to_string(),
    };
    runs.iter().map(name).collect()
}

/// A number of parameters as people write it: `190M`, `1.3B`.
fn size_label(parameters: f64) -> String {
    let (value, unit) = match parameters {
        p if p >= 1e12 => (p / 1e12, "T"),
        p if p >= 1e9 => (p / 1e9, "B"),
        p if p >= 1e6 => (p / 1e6, "M"),
        p if p >= 1e3 => (p / 1e3, "K"),
        p => (p, ""),
    };
    let digits = if value >= 10.0 { 0 } else { 1 };
    format!("{}{unit}", format!("{value:.digits$}").trim_end_matches(".0"))
}

/// The runs that count: the base prompt, and of several at the same step the latest.
fn latest_runs(runs: &[Run], means: &Means, names: &[String]) -> BTreeSet<usize> {
    let mut latest: BTreeMap<(&str, Option<i64>), usize> = BTreeMap::new();
    let by_default = asks_by_default(runs);
    for &run in means.by_run.keys().filter(|run| by_default[**run]) {
        let place = latest.entry((&names[run], runs[run].step)).or_insert(run);
        if runs[run].made_at() > runs[*place].made_at() {
            *place = run;
        }
    }
    latest.into_values().collect()
}

fn accuracy(responses: &ResponseTable, benchmark: &str, asked: Option<&str>) -> Option<Measure> {
    let measure = Measure::of(responses, benchmark, asked)?;
    let metric = &responses.metrics[measure.metric()];
    (metric.higher_is_better && (asked.is_some() || metric.primary)).then_some(measure)
}

fn loss_metric(responses: &ResponseTable, benchmark: &str) -> Option<usize> {
    let plain = |m: &Metric| -> String {
        m.name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    LOSSES
        .iter()
        .find_map(|l| responses.metrics.iter().position(|m| m.benchmark == benchmark && plain(m) == **l))
}

fn chance(responses: &ResponseTable, benchmark: &str) -> Option<f64> {
    let items = responses.items.iter().filter(|i| i.benchmark == benchmark);
    let shares: Option<Vec<f64>> =
        items.map(|i| i.n_options().filter(|n| *n > 1).map(|n| 1.0 / n as f64)).collect();
    shares.filter(|s| !s.is_empty()).map(|s| s.iter().sum::<f64>() / s.len() as f64)
}

/// The means of one run.
struct Mean {
    accuracy: f64,
    loss: Option<f64>,
    n_items: usize,
}

/// The means of every run on one benchmark.
struct Means {
    by_run: BTreeMap<usize, Mean>,
    n_items: usize,
}

impl Means {
    /// Repeats are averaged within their item, then items within the run.
    fn of(responses: &ResponseTable, benchmark: &str, accuracy: &Measure) -> Self {
        let loss = loss_metric(responses, benchmark);
        let mut scores: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
        let mut losses: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
        let add = |sums: &mut HashMap<(u32, u32), (f64, f64)>, key, value: f64| {
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        };
        let mut row = 0;
        responses.blocks().each(|Attempt { run, item, metric, score }| {
            let key = (run as u32, item as u32);
            if accuracy.has(metric) {
                if let Some(score) = score {
                    add(&mut scores, key, score);
                }
                let surprise = responses.logp_gold(row).filter(|_| loss.is_none());
                if let Some(logp) = surprise {
                    add(&mut losses, key, -f64::from(logp));
                }
            } else if let Some(value) = score.filter(|_| Some(metric) == loss) {
                add(&mut losses, key, value);
            }
            row += 1;
        });
        let mut items: BTreeSet<u32> = BTreeSet::new();
        let mut by_run: BTreeMap<u32, Vec<(u32, f64, Option<f64>)>> = BTreeMap::new();
        for (&(run, item), &(sum, n)) in &scores {
            items.insert(item);
            let loss = losses.get(&(run, item)).map(|(sum, n)| sum / n);
            by_run.entry(run).or_default().push((item, sum / n, loss));
        }
        let mean = |mut cells: Vec<(u32, f64, Option<f64>)>| {
            // In the order of items, so that sums do not depend on how cells were gathered.
            cells.sort_by_key(|c| c.0);
            let n = cells.len() as f64;
            let with_loss: Vec<f64> = cells.iter().filter_map(|c| c.2).collect();
            let enough = with_loss.len() as f64 >= LEAST_COVERAGE * n;
            Mean {
                accuracy: cells.iter().map(|c| c.1).sum::<f64>() / n,
                loss: enough.then(|| with_loss.iter().sum::<f64>() / with_loss.len() as f64),
                n_items: cells.len(),
            }
        };
        let by_run = by_run.into_iter().map(|(run, cells)| (run as usize, mean(cells))).collect();
        Self { by_run, n_items: items.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Row};

    /// Two models of two items, the second with a target's mark; one repeat, one missing score.
    fn small() -> ResponseTable {
        let mut t = ResponseTable::default();
        for (model, params, role) in [("a", 1.9e8, "rung"), ("b", 7e9, "target")] {
            let mut run = Run::new(model, model);
            (run.params, run.tokens, run.role) = (Some(params), Some(4e9), Some(role.to_owned()));
            t.runs.push(run);
        }
        for name in ["i1", "i2"] {
            let options = Some(["x", "y", "z", "w"].map(str::to_owned).to_vec().into());
            t.items.push(Item { options, ..Item::new("arc", None, name) });
        }
        t.metrics.push(Metric { primary: true, ..Metric::new("arc", "acc", None) });
        for (run, item, score, logp) in
            [(0, 0, 1.0, -1.0), (0, 0, 0.0, -3.0), (0, 1, 1.0, -0.5), (1, 0, 1.0, -0.1), (1, 1, 1.0, -0.3)]
        {
            t.push(Row { logp_gold: Some(logp), ..Row::new(run, item, 0, Some(score)) });
        }
        t
    }

    #[test]
    fn repeats_are_averaged_within_their_item() {
        let ladder = from_responses(&small(), &ItemOptions::default());
        assert_eq!(ladder.table.runs[0].role, Role::Rung);
        assert_eq!(ladder.table.runs[1].role, Role::Target);
        let first = ladder.table.tasks[0].series[0].checkpoints[0];
        assert_eq!(first.accuracy, Some(0.75));
        assert!((first.loss.unwrap() - 1.25).abs() < 1e-6, "(2 + 0.5) / 2");
        assert_eq!(ladder.chance["arc"], 0.25);
        assert_eq!(ladder.table.runs[1].size, "7B");
    }

    #[test]
    fn a_run_without_all_items_is_left_out_and_unmarked_runs_are_rungs() {
        let mut t = small();
        let mut partial = Run::new("c", "c");
        (partial.params, partial.tokens) = (Some(1e9), Some(1e10));
        t.runs.push(partial);
        t.push(Row::new(2, 0, 0, Some(1.0)));
        t.runs.iter_mut().for_each(|r| r.role = None);
        let ladder =
            from_responses(&t, &ItemOptions { targets: vec!["7B".into()], ..ItemOptions::default() });
        assert_eq!(ladder.table.runs.len(), 2);
        assert_eq!(ladder.table.of_role(Role::Target), [1]);
        assert_eq!(ladder.notes.len(), 2, "{:?}", ladder.notes);
    }
}
