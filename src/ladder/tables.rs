//! How is a ladder analysis written down? Fits, predictions and back-tests as tables.

use super::form::Form;
use super::planning::PlanOutcome;
use super::predictability;
use super::result::LadderReport;
use crate::numeric::Interval;
use crate::response::Table;

/// `ladder_fits`: every parameter of every law, with its bootstrap interval and how the fit ended.
pub fn ladder_fits(report: &LadderReport) -> Table {
    let level = report.options.level;
    let rows: Vec<_> = report
        .tasks
        .iter()
        .flat_map(|t| {
            t.fits.parameters().into_iter().map(move |p| {
                let interval = t.replicates.parameter_interval(p.law, p.parameter, level);
                (t.task.task.clone(), p, interval)
            })
        })
        .collect();
    let stop = |r: crate::numeric::StopReason| {
        use crate::numeric::StopReason as S;
        match r {
            S::Converged => "converged",
            S::Exact => "exact",
            S::IterationLimit => "iteration_limit",
            S::Stalled => "stalled",
            S::NotFinite => "not_finite",
            S::Interrupted => "interrupted",
        }
    };
    Table::new("ladder_fits")
        .text("task", rows.iter().map(|r| Some(r.0.clone())))
        .text("form", rows.iter().map(|r| Some(r.1.law)))
        .text("parameter", rows.iter().map(|r| Some(r.1.parameter)))
        .real("value", rows.iter().map(|r| Some(r.1.value)))
        .real("value_low", rows.iter().map(|r| r.2.map(|i| i.low)))
        .real("value_high", rows.iter().map(|r| r.2.map(|i| i.high)))
        .real("objective", rows.iter().map(|r| Some(r.1.convergence.objective)))
        .text("stop_reason", rows.iter().map(|r| Some(stop(r.1.convergence.reason))))
        .whole("n_observations", rows.iter().map(|r| Some(r.1.n_observations as i64)))
}

/// `predictions`: what every form says of every target; `selected` marks the one that the tool stands by.
pub fn predictions(report: &LadderReport) -> Table {
    let rows: Vec<_> = report
        .tasks
        .iter()
        .flat_map(|t| t.targets.iter().flat_map(move |p| p.forms.iter().map(move |f| (t, p, f))))
        .collect();
    let end =
        |pick: fn(Interval) -> f64| rows.iter().map(move |r| r.2.interval.map(pick)).collect::<Vec<_>>();
    let notes = |r: &(&super::TaskReport, &super::TargetPrediction, &super::FormPrediction)| {
        let all: Vec<String> = if r.2.form == Form::Combined {
            r.0.warnings.iter().chain(&r.1.warnings).map(ToString::to_string).collect()
        } else {
            Vec::new()
        };
        (!all.is_empty()).then(|| all.join("; "))
    };
    Table::new("predictions")
        .text("task", rows.iter().map(|r| Some(r.0.task.task.clone())))
        .text("target", rows.iter().map(|r| Some(r.1.target.clone())))
        .text("form", rows.iter().map(|r| Some(r.2.form.name())))
        .truth("selected", rows.iter().map(|r| Some(r.2.form == Form::Combined)))
        .real("predicted", rows.iter().map(|r| Some(r.2.predicted)))
        .real("predicted_low", end(|i| i.low))
        .real("predicted_high", end(|i| i.high))
        .real("interval_level", rows.iter().map(|r| r.2.interval.map(|i| i.level)))
        .real("actual", rows.iter().map(|r| r.1.actual))
        .real("error", rows.iter().map(|r| r.1.actual.map(|a| r.2.predicted - a)))
        .real("predicted_loss", rows.iter().map(|r| r.2.predicted_loss))
        .real("actual_loss", rows.iter().map(|r| r.1.actual_loss))
        .real("weight", rows.iter().map(|r| r.2.weight))
        .real("compute_flops", rows.iter().map(|r| Some(r.1.at.compute_flops)))
        .real("distance_oom", rows.iter().map(|r| Some(r.1.distance_oom)))
        .real("target_noise", rows.iter().map(|r| Some(r.1.target_sd)))
        .text("warnings", rows.iter().map(notes))
}

/// `backtest`: every prediction of a rung from the rungs below it, of every form and of the combination.
pub fn backtest(report: &LadderReport) -> Table {
    struct Line<'a> {
        task: &'a str,
        form: String,
        origin: usize,
        run_rank: usize,
        distance_oom: f64,
        predicted: f64,
        half_width: Option<f64>,
        actual: f64,
    }
    let names: Vec<String> = Form::all().into_iter().map(Form::name).collect();
    let name_of =
        |task: usize| report.tasks.iter().find(|t| t.position == task).map(|t| t.task.task.as_str());
    let mut lines: Vec<Line> = Vec::new();
    for r in &report.backtest {
        let Some(task) = name_of(r.task) else { continue };
        for (form, predicted) in names.iter().zip(&r.predicted) {
            let Some(predicted) = *predicted else { continue };
            lines.push(Line {
                task,
                form: form.clone(),
                origin: r.origin,
                run_rank: r.rank,
                distance_oom: r.distance_oom,
                predicted,
                half_width: None,
                actual: r.actual,
            });
        }
    }
    for r in &report.combined {
        let Some(task) = name_of(r.task) else { continue };
        let same = |c: &&super::interval::CoveredRow| {
            (c.row.task, c.row.origin, c.row.rank) == (r.task, r.origin, r.rank)
        };
        lines.push(Line {
            task,
            form: Form::Combined.name(),
            origin: r.origin,
            run_rank: r.rank,
            distance_oom: r.distance_oom,
            predicted: r.predicted,
            half_width: report.intervals.iter().find(same).map(|c| c.half_width),
            actual: r.actual,
        });
    }
    let covered = |l: &Line| l.half_width.map(|h| (l.predicted - l.actual).abs() <= h);
    Table::new("backtest")
        .text("task", lines.iter().map(|l| Some(l.task)))
        .text("form", lines.iter().map(|l| Some(l.form.clone())))
        .whole("n_rungs", lines.iter().map(|l| Some(l.origin as i64)))
        .whole("run_rank", lines.iter().map(|l| Some(l.run_rank as i64 + 1)))
        .real("distance_oom", lines.iter().map(|l| Some(l.distance_oom)))
        .real("predicted", lines.iter().map(|l| Some(l.predicted)))
        .real("predicted_low", lines.iter().map(|l| l.half_width.map(|h| l.predicted - h)))
        .real("predicted_high", lines.iter().map(|l| l.half_width.map(|h| l.predicted + h)))
        .real("actual", lines.iter().map(|l| Some(l.actual)))
        .real("error", lines.iter().map(|l| Some(l.predicted - l.actual)))
        .truth("covered", lines.iter().map(covered))
}

/// `predictability`: how well each task was predicted within the ladder, beside its noise.
pub fn predictability(report: &LadderReport) -> Table {
    let tasks = predictability::predictability(report).tasks;
    Table::new("predictability")
        .text("task", tasks.iter().map(|t| Some(t.task.clone())))
        .real("mean_absolute_error", tasks.iter().map(|t| Some(t.mean_absolute_error)))
        .real("last_rung_error", tasks.iter().map(|t| Some(t.last_rung_error)))
        .whole("n_predictions", tasks.iter().map(|t| Some(t.n as i64)))
        .real("noise", tasks.iter().map(|t| t.noise))
        .real("signal_to_noise", tasks.iter().map(|t| t.signal_to_noise))
}

/// `planning`: what might be done about the ladder, what it costs, and how wide the interval would be.
pub fn planning(outcomes: &[(String, String, PlanOutcome)]) -> Table {
    Table::new("planning")
        .text("task", outcomes.iter().map(|o| Some(o.0.clone())))
        .text("target", outcomes.iter().map(|o| Some(o.1.clone())))
        .text("plan", outcomes.iter().map(|o| Some(o.2.name.clone())))
        .whole("n_rungs_added", outcomes.iter().map(|o| Some(o.2.n_added as i64)))
        .whole("n_seeds", outcomes.iter().map(|o| Some(o.2.seeds as i64)))
        .real("cost_flops", outcomes.iter().map(|o| Some(o.2.cost_flops)))
        .real("cost_of_target", outcomes.iter().map(|o| Some(o.2.cost_of_target)))
        .real("distance_oom", outcomes.iter().map(|o| Some(o.2.distance_oom)))
        .real("prediction_sd", outcomes.iter().map(|o| o.2.prediction_sd))
        .real("half_width", outcomes.iter().map(|o| o.2.half_width))
}
