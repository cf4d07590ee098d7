//! Do the ladder's laws agree with the reference code, and do its predictions hold?

use crate::shared::shared;

use evalgauge::ladder::datadecide::{Baseline, MixRuns, predict_baseline, single_step_on_compute};
use evalgauge::ladder::figures::{error_by_distance, step_figures};
use evalgauge::ladder::observational::{ObservationalLaw, ObservationalLoss, fit_observational};
use evalgauge::ladder::planning::{Plan, simulate_plan};
use evalgauge::ladder::predictability::predictability;
use evalgauge::ladder::principal::Components;
use evalgauge::ladder::smooth::exponential_average;
use evalgauge::ladder::{
    AccuracyCurve, Conditions, DirectFit, DirectLaw, FitOptions, Form, FormPrediction, LadderOptions,
    LadderReport, LadderTable, LawError, LawFit, LossLaw, Range, Role, TargetPrediction, TaskReport, analyse,
    fit_curve, fit_direct, fit_loss, from_columns, tables,
};
use evalgauge::numeric::robust::Loss;
use evalgauge::numeric::special::logistic;
use evalgauge::numeric::{Convergence, StopReason};
use serde_json::Value;
use std::collections::BTreeMap;

fn json(relative: &str) -> Option<Value> {
    let path = shared(relative)?;
    Some(serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON"))
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().expect("an array").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn number(v: &Value) -> f64 {
    v.as_f64().expect("a number")
}

fn by_size(pairs: &Value) -> Vec<Conditions> {
    pairs
        .as_array()
        .expect("pairs")
        .iter()
        .map(|p| {
            let p = numbers(p);
            Conditions { parameters: p[0], tokens: p[1], compute_flops: 6.0 * p[0] * p[1] }
        })
        .collect()
}

fn at(n: f64, d: f64, c: f64) -> Conditions {
    Conditions { parameters: n, tokens: d, compute_flops: c }
}

/// Agreement of a fit with the reference: within the tolerance, or at a lower objective.
struct Verdict {
    worst: f64,
    lower: Vec<String>,
    failed: Vec<String>,
}

impl Verdict {
    fn new() -> Self {
        Self { worst: 0.0, lower: Vec::new(), failed: Vec::new() }
    }

    fn judge(&mut self, what: String, ours: f64, theirs: f64, pairs: &[(f64, f64)], tolerance: f64) {
        let worst = pairs.iter().map(|(a, b)| ((a - b) / b).abs()).fold(0.0, f64::max);
        if worst <= tolerance && ours <= theirs * (1.0 + tolerance) {
            self.worst = self.worst.max(worst);
        } else if ours < theirs {
            self.lower.push(format!("{what}: {ours:.6e} < {theirs:.6e}, predictions differ by {worst:.1e}"));
        } else {
            self.failed
                .push(format!("{what}: objective {ours:.9e} against {theirs:.9e}, off by {worst:.1e}"));
        }
    }

    fn settle(self, name: &str) {
        println!("{name}: worst {:.1e}; lower objective in {:?}", self.worst, self.lower);
        assert!(self.failed.is_empty(), "{name}: {:#?}", self.failed);
    }
}

#[test]
fn step_one_agrees_with_the_reference() {
    let Some(v) = json("vectors/ladder/ladder_vectors.json") else { return };
    let mut tight = Verdict::new();
    let mut loose = Verdict::new();
    for case in v["step1"].as_array().unwrap() {
        let metric = case["y_metric"].as_str().unwrap();
        let what = format!("{} {metric}", case["task"].as_str().unwrap());
        let law =
            if metric == "rc_acc" { LossLaw::RisingParametersTokens } else { LossLaw::ParametersTokens };
        let train = by_size(&case["train_nd"]);
        let y = numbers(&case["train_y"]);
        let fit = fit_loss(law, &train, &y, &vec![1.0; y.len()], None, &FitOptions::default()).expect(&what);
        let pairs: Vec<(f64, f64)> = case["targets"]
            .as_object()
            .unwrap()
            .values()
            .map(|t| (fit.predict(&at(number(&t["n"]), number(&t["d"]), 1.0)), number(&t["pred"])))
            .collect();
        let (ours, theirs) = (fit.convergence.objective, number(&case["huber_loss"]));
        if metric == "rc_acc" {
            loose.judge(what, ours, theirs, &pairs, 1e-3);
        } else {
            tight.judge(what, ours, theirs, &pairs, 1e-6);
        }
    }
    tight.settle("step 1");
    loose.settle("step 1 on accuracy");
    let mut flops = Verdict::new();
    for case in v["step1_flops"].as_array().unwrap() {
        let train: Vec<Conditions> = numbers(&case["train_f"]).into_iter().map(|f| at(1.0, 1.0, f)).collect();
        let y = numbers(&case["train_y"]);
        let fit = fit_loss(LossLaw::Compute, &train, &y, &vec![1.0; y.len()], None, &FitOptions::default())
            .expect("a compute law");
        let pairs: Vec<(f64, f64)> = case["targets"]
            .as_object()
            .unwrap()
            .values()
            .map(|t| (fit.predict(&at(1.0, 1.0, number(&t["f"]))), number(&t["pred"])))
            .collect();
        let what = case["task"].as_str().unwrap().to_owned();
        flops.judge(what, fit.convergence.objective, number(&case["huber_loss"]), &pairs, 1e-6);
    }
    flops.settle("step 1 on compute");
}

/// Every metric of the public runs, in full precision: by run and metric, step and value in the order of steps.
#[cfg(feature = "tables")]
fn public_series() -> Option<BTreeMap<(String, String), BTreeMap<i64, f64>>> {
    let bytes = std::fs::read(shared("data/olmo-ladder/ladder_long.parquet")?).expect("readable");
    let frame = evalgauge::store::columnar::read_parquet(&bytes).expect("Parquet");
    let column = |name: &str| frame.column(name).expect(name);
    let (runs, metrics) = (column("run").to_words(), column("metric").to_words());
    let (steps, values) = (column("_step").to_wholes(), column("value").to_reals());
    let mut series: BTreeMap<(String, String), BTreeMap<i64, f64>> = BTreeMap::new();
    for row in 0..frame.n_rows {
        if let (Some(run), Some(metric), Some(step), Some(value)) =
            (runs.get(row), metrics.get(row), steps[row], values[row])
        {
            series.entry((run.to_owned(), metric.to_owned())).or_default().insert(step, value);
        }
    }
    Some(series)
}

/// The name of a task in the public metrics, and the parts that its average is made of: that over MMLU is weighted
/// by the sizes of its four groups.
#[cfg(feature = "tables")]
fn parts_of(task: &str) -> (&str, Vec<(String, f64)>) {
    let name = task.trim_end_matches("_5shot");
    let parts = match name {
        "mmlu_avg_test" => {
            [("stem", 0.215), ("humanities", 0.335), ("social_sciences", 0.219), ("other", 0.231)]
                .map(|(group, weight)| (format!("mmlu_{group}_test"), weight))
                .to_vec()
        }
        one => vec![(one.to_owned(), 1.0)],
    };
    (name, parts)
}

/// What a case of step 2 was fitted to, made from the public runs as the reference makes it.
#[cfg(feature = "tables")]
fn inputs_of_step_two(
    series: &BTreeMap<(String, String), BTreeMap<i64, f64>>,
    case: &Value,
) -> (Vec<f64>, Vec<f64>) {
    use evalgauge::ladder::smooth::moving_average;
    let (_, parts) = parts_of(case["task"].as_str().expect("a task"));
    let (sign, loss): (f64, fn(&str) -> String) = match case["x_metric"].as_str().expect("a metric") {
        "rc_bpb" => (1.0, |t| format!("eval/downstream_bpb/{t}_rc_5shot_bpb")),
        "rc_soft_log" => (-1.0, |t| format!("eval/downstream_soft_log/{t}_rc_5shot_soft_log")),
        _ => (1.0, |_| "eval/c4_en-validation/CrossEntropyLoss".to_owned()),
    };
    let skip = number(&case["skip_perc"]);
    let window = case["moving_avg"].as_u64().expect("a window") as usize;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for run in ["190M", "370M", "760M", "1B"].iter().flat_map(|s| [1, 2, 5, 10].map(|m| format!("{s}-{m}xC")))
    {
        let value = |metric: String, step: &i64| series[&(run.clone(), metric)].get(step).copied();
        let mean = |of: &dyn Fn(&str) -> String, step: &i64| -> Option<f64> {
            parts.iter().map(|(t, w)| value(of(t), step).map(|v| w * v)).sum()
        };
        let accuracy = |t: &str| format!("eval/downstream/{t}_rc_5shot_len_norm");
        let steps = series[&(run.clone(), accuracy(&parts[0].0))].keys();
        let pairs: Vec<(f64, f64)> =
            steps.filter_map(|s| Some((sign * mean(&loss, s)?, mean(&accuracy, s)?))).collect();
        let kept = &pairs[(skip * pairs.len() as f64).ceil() as usize..];
        let (a, b): (Vec<f64>, Vec<f64>) = kept.iter().copied().unzip();
        x.extend(moving_average(&a, window));
        y.extend(moving_average(&b, window));
    }
    (x, y)
}

/// All 32 fits of step 2: on bits per byte smoothed and raw, on the loss on C4, on the cross-entropy of the task.
#[cfg(feature = "tables")]
#[test]
fn step_two_agrees_with_the_reference() {
    let (Some(v), Some(series)) = (json("vectors/ladder/ladder_vectors.json"), public_series()) else {
        return;
    };
    let mut tight = Verdict::new();
    let mut loose = Verdict::new();
    for case in v["step2"].as_array().unwrap() {
        let log = case["use_log_sigmoid"].as_bool().unwrap();
        let (x, y) = inputs_of_step_two(&series, case);
        let what = format!("{} {} {}", case["task"], case["x_metric"], x.len());
        assert_eq!(x.len() as u64, case["n_points"].as_u64().unwrap(), "{what}");
        if let Some(given) = case.get("train_x") {
            let worst = x.iter().zip(numbers(given)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-9, "{what}: the inputs differ by {worst:e}");
        }
        let curve = if log { AccuracyCurve::LogSigmoid } else { AccuracyCurve::AnchoredSigmoid };
        let range = Range { chance: number(&case["task_min"]), ceiling: number(&case["task_max"]) };
        let fit =
            fit_curve(curve, &x, &y, &vec![1.0; x.len()], range, None, &FitOptions::default()).expect(&what);
        let pairs: Vec<(f64, f64)> = case["targets"]
            .as_object()
            .unwrap()
            .values()
            .map(|t| (fit.predict(number(&t["x"])), number(&t["pred"])))
            .collect();
        let (ours, theirs) = (fit.fit.convergence.objective, number(&case["sse"]));
        if log {
            loose.judge(what, ours, theirs, &pairs, 1e-3);
        } else {
            tight.judge(what, ours, theirs, &pairs, 1e-6);
        }
    }
    tight.settle("step 2");
    loose.settle("step 2 on task cross-entropy");
}

#[test]
fn the_single_step_agrees_with_the_reference() {
    let Some(v) = json("vectors/ladder/ladder_vectors.json") else { return };
    let mut verdict = Verdict::new();
    for case in v["single_step"].as_array().unwrap() {
        let what = case["task"].as_str().unwrap().to_owned();
        let train = by_size(&case["train_nd"]);
        let y = numbers(&case["train_y"]);
        let range = Range { chance: number(&case["task_min"]), ceiling: 1.0 };
        let fit = fit_direct(
            DirectLaw::SingleStep,
            &train,
            &y,
            &vec![1.0; y.len()],
            range,
            None,
            &FitOptions::default(),
        )
        .expect(&what);
        let pairs: Vec<(f64, f64)> = case["targets"]
            .as_object()
            .unwrap()
            .values()
            .map(|t| (fit.predict(&at(number(&t["n"]), number(&t["d"]), 1.0)), number(&t["pred"])))
            .collect();
        verdict.judge(what, fit.fit.convergence.objective, number(&case["huber_loss"]), &pairs, 1e-6);
    }
    verdict.settle("single step");
}

/// The public ladder, read as a user's table would be.
fn public_ladder() -> Option<LadderTable> {
    let text = std::fs::read_to_string(shared("data/olmo-ladder/ladder.csv")?).expect("readable");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let mut columns: Vec<(&str, Vec<String>)> = header.into_iter().map(|h| (h, Vec::new())).collect();
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.1.push(cell.to_owned());
        }
    }
    Some(from_columns(&columns, &BTreeMap::new(), &[]).expect("a ladder"))
}

/// The public ladder with losses and accuracies in full precision, as the reference read it: the table on disk has ten
/// digits.
#[cfg(feature = "tables")]
fn full_public_ladder() -> Option<LadderTable> {
    let (mut table, series) = (public_ladder()?, public_series()?);
    let mut replaced = 0;
    for task in &mut table.tasks {
        let (name, parts) = parts_of(&task.name);
        // Targets enter no fit.
        for run in task.series.iter_mut().filter(|s| table.runs[s.run].role == Role::Rung) {
            let label = &table.runs[run.run].name;
            let value = |metric: &str, step: f64| -> Option<f64> {
                let at = |part: &str| {
                    series.get(&(label.clone(), metric.replace('*', part)))?.get(&(step as i64)).copied()
                };
                parts.iter().map(|(part, weight)| at(part).map(|v| weight * v)).sum()
            };
            let accuracy = "eval/downstream/*_rc_5shot_len_norm";
            for c in &mut run.checkpoints {
                let step = c.step.expect("a step");
                let pair = value("eval/downstream_bpb/*_rc_5shot_bpb", step).zip(value(accuracy, step));
                let (loss, score) = pair.unwrap_or_else(|| panic!("{label} {name} {step}"));
                assert!((loss / c.loss.expect("a loss") - 1.0).abs() < 1e-9, "{label} {name} {step}");
                (c.loss, c.accuracy) = (Some(loss), Some(score));
                replaced += 1;
            }
        }
    }
    assert_eq!(replaced, 12_528);
    Some(table)
}

/// Sum of squares of step 2 and that of the reference, which stops before the upper end of the curve has reached its
/// bound: for MMLU that is 1.5e-10 too early, and a millionth of the chained prediction.
#[cfg(feature = "tables")]
fn second_step(report: &TaskReport, vectors: &Value, form: Form) -> [f64; 2] {
    let Form::Chained(_, curve) = form else { return [0.0; 2] };
    let cases = vectors["step2"].as_array().expect("cases");
    let task = report.task.task.as_str();
    let theirs =
        cases.iter().find(|c| c["task"] == task && c["x_metric"] == "rc_bpb").expect("the second step");
    let ours = report.fits.curve(curve).expect("a fit").fit.convergence.objective;
    [ours, number(&theirs["sse"])]
}

/// The published predictions: chained fits to the public ladder, errors of 3.82 and 4.17 points on average.
#[cfg(feature = "tables")]
#[test]
fn the_published_table_is_reproduced() {
    let (Some(table), Some(v)) = (full_public_ladder(), json("vectors/ladder/ladder_vectors.json")) else {
        return;
    };
    let options = LadderOptions { replicates: 0, ..LadderOptions::default() };
    let report = analyse(&table, &options).expect("a report");
    let published = Form::Chained(LossLaw::ParametersTokens, AccuracyCurve::AnchoredSigmoid);
    let flops = Form::Chained(LossLaw::Compute, AccuracyCurve::AnchoredSigmoid);
    let mut verdict = Verdict::new();
    for (form, cases) in [(published, &v["chained"]), (flops, &v["chained_flops"])] {
        for case in cases.as_array().unwrap() {
            let (task, target) = (case["task"].as_str().unwrap(), case["target"].as_str().unwrap());
            let report = report.tasks.iter().find(|t| t.task.task == task).expect(task);
            let billions = target.split('-').next().unwrap();
            let size = if billions == "7B" { 6887575552.0 } else { 13202396160.0 };
            let ours = report.targets.iter().find(|t| t.at.parameters == size).expect(target);
            let predicted = ours.forms.iter().find(|f| f.form == form).expect("the form").predicted;
            let pair = (predicted, number(&case["pred_acc"]));
            let [squares, theirs] = second_step(report, &v, form);
            verdict.judge(format!("{task} {target}"), squares, theirs, &[pair], 1e-6);
            assert!((ours.actual.expect("known") - number(&case["actual_acc"])).abs() < 1e-9);
        }
    }
    verdict.settle("chained");
    for (target, expected) in mean_errors(&report, |t| t.forms.iter().find(|f| f.form == published)) {
        let published = if target.contains("peteish7") { 3.82 } else { 4.17 };
        assert!((expected - published).abs() < 0.005, "{target}: {expected}");
    }
}

fn mean_errors(
    report: &LadderReport,
    pick: impl Fn(&TargetPrediction) -> Option<&FormPrediction>,
) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for target in report.tasks.iter().flat_map(|t| &t.targets) {
        let error = 100.0 * (pick(target).expect("a form").predicted - target.actual.expect("known")).abs();
        let entry = sums.entry(target.target.clone()).or_default();
        *entry = (entry.0 + error, entry.1 + 1.0);
    }
    sums.into_iter().map(|(k, (sum, n))| (k, sum / n)).collect()
}

/// The prediction that the tool stands by: better than every single form, with intervals that hold.
#[test]
fn the_combination_keeps_its_promises() {
    let Some(table) = public_ladder() else { return };
    let report = analyse(&table, &LadderOptions::default()).expect("a report");
    let errors = mean_errors(&report, TargetPrediction::selected);
    println!("combined: {errors:?}");
    for (target, error) in &errors {
        let limit = if target.contains("peteish7") { 3.0 } else { 3.2 };
        assert!(*error <= limit, "{target}: {error}");
    }
    let (mut covered, mut width, mut spread, mut n) = (0, 0.0, 0.0, 0.0);
    for target in report.tasks.iter().flat_map(|t| &t.targets) {
        let interval = target.selected().and_then(|s| s.interval).expect("an interval");
        covered += usize::from(interval.contains(target.actual.expect("known")));
        let (low, high) = target
            .forms
            .iter()
            .filter(|f| f.weight.is_some_and(|w| w > 0.0))
            .fold((f64::MAX, f64::MIN), |(l, h), f| (l.min(f.predicted), h.max(f.predicted)));
        width += interval.width();
        spread += high - low;
        n += 1.0;
    }
    println!("covered {covered} of {n}; mean width {:.4}, mean spread {:.4}", width / n, spread / n);
    assert!(covered >= 14, "{covered} of {n}");
    assert!(width < spread, "{} against {}", width / n, spread / n);
    let held = report.intervals.iter().filter(|r| r.covered).count() as f64 / report.intervals.len() as f64;
    println!("coverage within the ladder {held:.3} of {}", report.intervals.len());
    assert!((0.85..=0.95).contains(&held), "{held}");
    let skill = predictability(&report);
    println!(
        "error with noise {:?}, with signal over noise {:?}",
        skill.error_with_noise, skill.error_with_signal_to_noise
    );
    for task in &skill.tasks {
        println!("{task:?}");
        assert!(task.mean_absolute_error < task.last_rung_error, "{task:?}");
    }
    for table in [tables::ladder_fits(&report), tables::predictions(&report), tables::backtest(&report)] {
        assert!(table.n_rows() > 0, "{}", table.name);
    }
    let figures = step_figures(&report.tasks[0], 0.9);
    assert!(figures.step_one.is_some() && figures.step_two.is_some() && figures.combined.is_some());
    assert!(!error_by_distance(&report, 0.5).is_empty());
    let task = &report.tasks[0];
    let target = &task.targets[0];
    let truth = Form::Chained(LossLaw::ParametersTokens, AccuracyCurve::AnchoredSigmoid);
    let outcome = |added: Vec<Conditions>, seeds: usize| {
        let plan = Plan { name: "plan".into(), added, seeds };
        let options = FitOptions::default();
        simulate_plan(&plan, task, truth, &target.at, report.calibration.as_ref(), (40, 1), &options)
            .expect("an outcome")
    };
    let (now, more) = (outcome(vec![], 1), outcome(vec![], 9));
    assert_eq!(now.cost_flops, 0.0);
    assert!(more.prediction_sd < now.prediction_sd, "{more:?} {now:?}");
    let larger = outcome(vec![at(3.2e9, 3.2e11, 6.0 * 3.2e9 * 3.2e11)], 1);
    assert!(larger.distance_oom < now.distance_oom && larger.cost_flops > 0.0);
}

#[test]
fn principal_components_agree_with_the_reference() {
    let (Some(v), Some(path)) =
        (json("vectors/obs/obs_vectors.json"), shared("vectors/obs/pca_all_base.csv"))
    else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("readable");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|l| l.rsplitn(14, ',').map(|x| x.parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>())
        .map(|mut r| {
            r.pop();
            r.reverse();
            r
        })
        .collect();
    let scores: Vec<Vec<f64>> = rows.iter().map(|r| r[..8].to_vec()).collect();
    let fit = Components::fit(&scores, 5).expect("components");
    for (ours, theirs) in fit.explained.iter().zip(numbers(&v["explained_variance_ratio"])) {
        assert!((ours / theirs - 1.0).abs() < 1e-6, "{ours} {theirs}");
    }
    assert_eq!(v["n_models"].as_u64(), Some(rows.len() as u64));
    for (ours, theirs) in fit.mean.iter().zip(numbers(&v["mean"])) {
        assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
    }
    for (ours, theirs) in fit.components.iter().zip(v["components"].as_array().unwrap()) {
        for (a, b) in ours.iter().zip(numbers(theirs)) {
            assert!((a.abs() - b.abs()).abs() < 1e-9, "{a} {b}");
        }
    }
    for (row, score) in rows.iter().zip(&scores) {
        for (ours, theirs) in fit.transform(score).iter().zip(&row[8..]) {
            // The sign of a component is free.
            assert!((ours.abs() - theirs.abs()).abs() < 1e-9, "{ours} {theirs}");
        }
    }
}

#[test]
fn observational_laws_agree_with_the_reference() {
    let Some(v) = json("vectors/obs/obs_vectors.json") else { return };
    let mut verdict = Verdict::new();
    for case in v["fits"].as_array().unwrap() {
        let points =
            |key: &str| -> Vec<Vec<f64>> { case[key].as_array().unwrap().iter().map(numbers).collect() };
        let (x, y) = (points("train_x"), numbers(&case["train_y"]));
        let range = numbers(&case["y_range"]);
        let law = ObservationalLaw { chance: range[0], ceiling: range[1] };
        let what = format!("{} {}", case["task"], case["x_metrics"]);
        for loss in [ObservationalLoss::Squares, ObservationalLoss::Huber] {
            let fit = fit_observational(law, &x, &y, loss, &FitOptions::default()).expect(&what);
            let theirs = number(&case["mse_train"]) * y.len() as f64;
            let predicted = points("test_x").iter().map(|x| fit.predict(x)).collect::<Vec<_>>();
            let agree =
                predicted.iter().zip(numbers(&case["test_pred"])).all(|(a, b)| (a / b - 1.0).abs() <= 1e-6);
            if agree {
                let error = fit.mean_squared_error(&points("test_x"), &numbers(&case["test_y"]));
                assert!((error / number(&case["mse_test"]) - 1.0).abs() < 1e-5, "{what}: {error}");
            }
            let pairs: Vec<(f64, f64)> = predicted.into_iter().zip(numbers(&case["test_pred"])).collect();
            verdict.judge(what.clone(), fit.convergence.objective, theirs, &pairs, 1e-6);
        }
    }
    verdict.settle("observational laws");
}

const SIZES: [&str; 4] = ["150M", "300M", "530M", "750M"];

/// A synthetic mix of the vectors: its four small runs, and how the target was trained.
fn mix_of(case: &Value) -> (MixRuns, Conditions) {
    let step1 = |size: &str, key: &str| number(&case["step1_points"][size][key][0]);
    let conditions = |size: &str| at(step1(size, "ns"), step1(size, "ds"), step1(size, "fs"));
    let path = SIZES
        .iter()
        .flat_map(|s| {
            let p = &case["step2_points"][*s];
            numbers(&p["xs"]).into_iter().zip(numbers(&p["ys"])).collect::<Vec<_>>()
        })
        .collect();
    let runs = MixRuns {
        at: SIZES.iter().map(|s| conditions(s)).collect(),
        loss: SIZES.iter().map(|s| step1(s, "xs")).collect(),
        accuracy: SIZES.iter().map(|s| step1(s, "ys")).collect(),
        path,
        range: Range { chance: 0.25, ceiling: 1.0 },
    };
    (runs, conditions("1B"))
}

/// The baselines whose parameters four runs can carry.
const CARRIED: [&str; 3] = ["3_param-default", "3_param-default-helper_points", "2_param-default"];

#[test]
fn datadecide_baselines_agree_with_the_reference() {
    let Some(v) = json("vectors/datadecide/scaling_law_fits.json") else { return };
    let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
    for case in v["recs"].as_array().unwrap() {
        let (runs, target) = mix_of(case);
        for baseline in Baseline::ALL {
            let theirs = number(&case["pred"][baseline.name()]);
            match predict_baseline(baseline, &runs, &target, &FitOptions::default()) {
                Ok(ours) => {
                    let entry = worst.entry(baseline.name()).or_default();
                    *entry = entry.max((ours.predicted / theirs - 1.0).abs());
                }
                // Four runs cannot carry five parameters: see the next test for what can be compared.
                Err(e) => assert!(
                    matches!(e, LawError::TooFew { observations: 4, .. })
                        && !CARRIED.contains(&baseline.name()),
                    "{}: {e}",
                    baseline.name()
                ),
            }
        }
    }
    println!("{worst:?}");
    assert_eq!(worst.len(), CARRIED.len());
    for name in CARRIED {
        assert!(worst[name] < 1e-6, "{name}: {:e}", worst[name]);
    }
}

/// A law with parameters that the reference found.
fn found<L>(law: L, parameters: Vec<f64>) -> LawFit<L> {
    let convergence =
        Convergence { reason: StopReason::Exact, iterations: 0, objective: 0.0, gradient_norm: None };
    LawFit { law, parameters, convergence, n_observations: 4 }
}

/// Five and seven parameters on four runs: what the reference returns is one of a continuum of answers. Its laws are
/// the ones here, for they turn its parameters into its predictions; but the fit here meets the four runs at least as
/// well (the single step on compute, where the reference has a faulty gradient, at least forty times as well), and so
/// its prediction is another, and neither means anything. That is the whole difference.
#[test]
fn datadecide_baselines_beyond_their_data_fit_better_and_mean_as_little() {
    let Some(v) = json("vectors/datadecide/scaling_law_fits.json") else { return };
    let loose = FitOptions { unidentified: true, ..FitOptions::default() };
    let mut apart = 0.0f64;
    for case in v["recs"].as_array().unwrap() {
        let (runs, target) = mix_of(case);
        let coefficients = |name: &str| numbers(&case["coef"][name]);
        let published = |name: &str| number(&case["pred"][name]);
        let huber = Loss::Huber { delta: 1e-3 };
        let logs = |pairs: Vec<(f64, f64)>| -> f64 {
            pairs.into_iter().map(|(a, b)| huber.value(a.ln() - b.ln())).sum()
        };
        let law = found(LossLaw::ParametersTokens, coefficients("nd5"));
        let sigmoid = coefficients("sigmoid");
        let accuracy = |loss: f64| sigmoid[0] * logistic(sigmoid[2] * (loss - sigmoid[1])) + sigmoid[3];
        let single: [f64; 7] = coefficients("single_flops").try_into().expect("seven");
        let step = |c: &Conditions| single_step_on_compute(&single, c.compute_flops);
        let direct =
            DirectFit { fit: found(DirectLaw::SingleStep, coefficients("single_nd")), range: runs.range };
        let over = |f: &dyn Fn(&Conditions) -> f64, y: &[f64]| -> Vec<(f64, f64)> {
            runs.at.iter().map(f).zip(y.iter().copied()).collect()
        };
        let squares: f64 = over(&step, &runs.accuracy).iter().map(|(a, b)| (a - b).powi(2)).sum();
        for (baseline, theirs, objective) in [
            (
                Baseline::FiveParameters,
                accuracy(law.predict(&target)),
                logs(over(&|c| law.predict(c), &runs.loss)),
            ),
            (Baseline::ThreeParametersOneStep, step(&target), squares),
            (
                Baseline::FiveParametersOneStep,
                direct.predict(&target),
                logs(over(&|c| direct.predict(c), &runs.accuracy)),
            ),
        ] {
            let name = baseline.name();
            assert!((theirs / published(name) - 1.0).abs() < 1e-6, "{name}: {theirs}");
            let ours = predict_baseline(baseline, &runs, &target, &loose).expect(name);
            // Where both meet the four runs exactly, what is left is rounding.
            assert!(ours.objective <= objective * (1.0 + 1e-6) + 1e-15, "{name}: {ours:?} {objective:e}");
            println!("{name}: objective {:.1e} against {objective:.1e}", ours.objective);
            apart = apart.max((ours.predicted - published(name)).abs());
        }
    }
    println!("predictions differ by up to {:.1} points", 100.0 * apart);
    assert!(apart > 1e-3, "a continuum of answers");
}

#[test]
fn exponential_smoothing_agrees_with_the_reference() {
    let Some(v) = json("vectors/datadecide/evaluator_vectors.json") else { return };
    for case in v["ema"].as_array().unwrap() {
        let ours = exponential_average(&numbers(&case["values"]), number(&case["alpha"]));
        for (a, b) in ours.iter().zip(numbers(&case["out"])) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }
}
