//! What is the short answer? The selected predictions, how they did in back-tests, and what limits them.

use super::input::LadderInput;
use crate::cli::console::Console;
use crate::ladder::planning::PlanOutcome;
use crate::ladder::predictability::{PredictabilityReport, predictability};
use crate::ladder::{LadderReport, Role};
use crate::numeric::Interval;
use crate::numeric::describe::mean;
use crate::render::text;
use crate::report::TableView;
use serde::Serialize;
use std::collections::BTreeMap;

/// The summary of a ladder analysis.
#[derive(Debug, Serialize)]
pub struct LadderSummary {
    input: String,
    kind: &'static str,
    n_tasks: usize,
    n_rungs: usize,
    seed: u64,
    interval_level: f64,
    /// Whether intervals hold for another sample of items, of the number given.
    other_items: bool,
    predictions: Vec<Selected>,
    targets: Vec<TargetSummary>,
    backtest: BacktestSummary,
    predictability: PredictabilityReport,
    refused_tasks: Vec<Refused>,
    refused_targets: Vec<Refused>,
    /// What might be done before the furthest target is trained, as means over tasks; with `--plan`.
    planning: Vec<Planned>,
    pub warnings: Vec<String>,
}

/// The prediction that the tool stands by.
#[derive(Debug, Serialize)]
struct Selected {
    task: String,
    target: String,
    predicted: f64,
    interval: Option<Interval>,
    actual: Option<f64>,
    last_rung: f64,
    distance_oom: f64,
    /// What the target's own value wobbles beyond a rung's, one standard deviation, within the interval.
    target_noise: f64,
}

/// How the targets of known score were predicted.
#[derive(Debug, Serialize)]
struct TargetSummary {
    target: String,
    n_tasks: usize,
    n_covered: usize,
    mean_absolute_error: f64,
    last_rung_error: f64,
}

/// How rungs were predicted from the rungs below them.
#[derive(Debug, Serialize)]
struct BacktestSummary {
    n_predictions: usize,
    mean_absolute_error: Option<f64>,
    n_intervals: usize,
    n_covered: usize,
}

/// A plan, over all tasks.
#[derive(Debug, Serialize)]
struct Planned {
    plan: String,
    cost_flops: f64,
    cost_of_target: f64,
    mean_half_width: Option<f64>,
    mean_prediction_sd: Option<f64>,
}

impl Planned {
    /// Every rung is trained once and scored on all tasks, so the cost is that of one task.
    fn of(outcomes: &[(String, String, PlanOutcome)]) -> Vec<Self> {
        let mut plans: Vec<(&str, Vec<&PlanOutcome>)> = Vec::new();
        for (_, _, outcome) in outcomes {
            match plans.iter_mut().find(|(name, _)| *name == outcome.name) {
                Some((_, list)) => list.push(outcome),
                None => plans.push((&outcome.name, vec![outcome])),
            }
        }
        let average = |list: &[&PlanOutcome], of: fn(&PlanOutcome) -> Option<f64>| {
            mean(&list.iter().filter_map(|o| of(o)).collect::<Vec<_>>())
        };
        plans
            .into_iter()
            .map(|(name, list)| Self {
                plan: name.to_owned(),
                cost_flops: list[0].cost_flops,
                cost_of_target: list[0].cost_of_target,
                mean_half_width: average(&list, |o| o.half_width),
                mean_prediction_sd: average(&list, |o| o.prediction_sd),
            })
            .collect()
    }

    fn text(plans: &[Self], console: &Console) -> String {
        let points = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("±{:.1}", 100.0 * x));
        let rows = plans
            .iter()
            .map(|p| {
                vec![
                    p.plan.clone(),
                    if p.cost_flops > 0.0 { format!("{:.1e}", p.cost_flops) } else { "–".to_owned() },
                    if p.cost_flops > 0.0 {
                        format!("{:.1} %", 100.0 * p.cost_of_target)
                    } else {
                        "–".to_owned()
                    },
                    points(p.mean_half_width),
                    points(p.mean_prediction_sd),
                ]
            })
            .collect();
        let headings =
            ["plan", "#FLOPs more", "#of the target's", "#interval, points", "#of which fitting (SD)"];
        text::table(&TableView::new("", &headings, rows), &console.text_options())
    }
}

#[derive(Debug, Serialize)]
struct Refused {
    name: String,
    reason: String,
}

impl LadderSummary {
    pub fn of(input: &LadderInput, report: &LadderReport, plans: &[(String, String, PlanOutcome)]) -> Self {
        let mut predictions = Vec::new();
        for task in &report.tasks {
            for target in &task.targets {
                if let Some(selected) = target.selected() {
                    predictions.push(Selected {
                        task: task.task.task.clone(),
                        target: target.target.clone(),
                        predicted: selected.predicted,
                        interval: selected.interval,
                        actual: target.actual,
                        last_rung: task.fits.last_rung,
                        distance_oom: target.distance_oom,
                        target_noise: target.target_sd,
                    });
                }
            }
        }
        let errors: Vec<f64> = report.combined.iter().map(|r| (r.predicted - r.actual).abs()).collect();
        let refused = |(name, reason): (String, String)| Refused { name, reason };
        Self {
            input: input.name.clone(),
            kind: input.kind,
            n_tasks: report.tasks.len(),
            n_rungs: input.table.of_role(Role::Rung).len(),
            seed: report.options.seed,
            interval_level: report.options.level,
            other_items: !report.options.n_items.is_empty(),
            targets: by_target(&predictions),
            predictions,
            backtest: BacktestSummary {
                n_predictions: errors.len(),
                mean_absolute_error: mean(&errors),
                n_intervals: report.intervals.len(),
                n_covered: report.intervals.iter().filter(|r| r.covered).count(),
            },
            predictability: predictability(report),
            refused_tasks: report
                .refused
                .iter()
                .map(|(task, reason)| refused((task.clone(), reason.to_string())))
                .collect(),
            refused_targets: report
                .tasks
                .iter()
                .flat_map(|t| t.refused_targets.iter().map(|(n, r)| (n, &t.task.task, r)))
                .map(|(name, task, reason)| refused((format!("{name}, {task}"), reason.to_string())))
                .collect(),
            planning: Planned::of(plans),
            warnings: warnings(report),
        }
    }

    /// The table of selected predictions, and the record of the method on these data.
    pub fn text(&self, console: &Console) -> String {
        let points = |x: f64| format!("{:.1}", 100.0 * x);
        let rows: Vec<Vec<String>> = self
            .predictions
            .iter()
            .map(|p| {
                let interval = p
                    .interval
                    .map_or("–".to_owned(), |i| format!("{} to {}", points(i.low), points(i.high)));
                vec![
                    p.task.clone(),
                    p.target.clone(),
                    points(p.predicted),
                    interval,
                    p.actual.map_or("–".to_owned(), points),
                    points(p.last_rung),
                    format!("{:.2}", p.distance_oom),
                ]
            })
            .collect();
        let level = format!("#{:.0} % interval", 100.0 * self.interval_level);
        let headings =
            ["task", "target", "#predicted, %", level.as_str(), "#actual", "#last rung", "#orders beyond"];
        let mut out = if rows.is_empty() && !self.refused_targets.is_empty() {
            String::new()
        } else if rows.is_empty() {
            "no target: name one with --target, for instance --target 7B:2T\n".to_owned()
        } else {
            text::table(&TableView::new("", &headings, rows), &console.text_options())
        };
        for refused in self.refused_tasks.iter().chain(&self.refused_targets) {
            out.push_str(&format!("not predicted: {}: {}\n", refused.name, refused.reason));
        }
        let noise = self.predictions.iter().map(|p| p.target_noise).fold(0.0, f64::max);
        if noise > 0.0 {
            out.push_str(&format!(
                "the intervals include the target's own noise: checkpoints{}, up to {:.1} points (one standard deviation)\n",
                if self.other_items { " and another sample of items" } else { "" },
                100.0 * noise
            ));
        }
        out.push('\n');
        for t in &self.targets {
            out.push_str(&format!(
                "{}: mean absolute error {:.2} points over {} (last rung: {:.2}); {} of {} intervals held
",
                t.target,
                100.0 * t.mean_absolute_error,
                if t.n_tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", t.n_tasks) },
                100.0 * t.last_rung_error,
                t.n_covered,
                t.n_tasks
            ));
        }
        let b = &self.backtest;
        if let Some(error) = b.mean_absolute_error {
            out.push_str(&format!(
                "back-tests within the ladder: mean absolute error {:.2} points over {} predictions",
                100.0 * error,
                b.n_predictions
            ));
            if b.n_intervals > 0 {
                out.push_str(&format!(
                    "; {:.0} % of {} intervals held ({:.0} % wanted)",
                    100.0 * b.n_covered as f64 / b.n_intervals as f64,
                    b.n_intervals,
                    100.0 * self.interval_level
                ));
            }
            out.push('\n');
        }
        if !self.planning.is_empty() {
            out.push('\n');
            out.push_str(&Planned::text(&self.planning, console));
        }
        out
    }
}

fn by_target(predictions: &[Selected]) -> Vec<TargetSummary> {
    let mut by_name: Vec<(&str, Vec<(&Selected, f64)>)> = Vec::new();
    for p in predictions {
        let Some(actual) = p.actual else { continue };
        match by_name.iter_mut().find(|(n, _)| *n == p.target) {
            Some((_, list)) => list.push((p, actual)),
            None => by_name.push((&p.target, vec![(p, actual)])),
        }
    }
    by_name
        .into_iter()
        .map(|(target, list)| {
            let n = list.len() as f64;
            TargetSummary {
                target: target.to_owned(),
                n_tasks: list.len(),
                n_covered: list.iter().filter(|(p, a)| p.interval.is_some_and(|i| i.contains(*a))).count(),
                mean_absolute_error: list.iter().map(|(p, a)| (p.predicted - a).abs()).sum::<f64>() / n,
                last_rung_error: list.iter().map(|(p, a)| (p.last_rung - a).abs()).sum::<f64>() / n,
            }
        })
        .collect()
}

/// Each warning once, with the tasks it is about.
fn warnings(report: &LadderReport) -> Vec<String> {
    let mut about: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for task in &report.tasks {
        for warning in task.warnings.iter().chain(task.targets.iter().flat_map(|t| &t.warnings)) {
            let text = warning.to_string();
            let tasks = about.entry(text.clone()).or_default();
            if tasks.is_empty() {
                order.push(text);
            }
            if tasks.last() != Some(&task.task.task.as_str()) {
                tasks.push(&task.task.task);
            }
        }
    }
    let mut all: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    all.extend(order.into_iter().map(|text| {
        let tasks = &about[&text];
        match tasks.as_slice() {
            _ if tasks.len() == report.tasks.len() && tasks.len() > 1 => format!("all tasks: {text}"),
            [only] => format!("{only}: {text}"),
            many => format!("{} tasks ({}): {text}", many.len(), many.join(", ")),
        }
    }));
    all
}
