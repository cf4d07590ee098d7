//! Can each task tell models apart from its own noise, and would a small scale decide as a large one?

use super::console::Console;
use super::input::InputArgs;
use super::output::Output;
use super::scored;
use crate::plot::{self, Chart, PlotError, WIDE};
use crate::render::text;
use crate::report::TableView;
use crate::response::ScoreTable;
use crate::select;
use crate::snr::{self, Definition, SeriesDecision, SnrAnalysis, SnrOptions, TaskSnr, analyse};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Signal, noise and decision accuracy of tasks over checkpoints, sizes and seeds
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge snr scores.parquet --out snr        aggregate scores: model, size, step, seed, task, metric, value\n  \
    evalgauge snr suite.evals --out snr           item-level results with checkpoints or seeds\n  \
    evalgauge snr --out snr                       the bundled data\n\n\
    Writes snr, decision_accuracy, interventions and signal_variants (.csv and .parquet), plots/ and summary.json.")]
pub struct SnrArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Directory for the tables and plots
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Definition of the ratio; paper and script are those of arXiv 2508.13144, without an interval
    #[arg(long, value_enum, default_value_t = DefinitionArg::Anova, value_name = "WHICH")]
    definition: DefinitionArg,
    /// Last checkpoints of each run that noise is measured on
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    last: u16,
    /// Difference of scores to be found, as a share of the scale, for the needed items, seeds and checkpoints
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    difference: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DefinitionArg {
    /// Variance components, with an interval
    Anova,
    /// Relative range over relative standard deviation
    Paper,
    /// The authors' quick script, whose noise contains the signal
    Script,
}

/// One task in the summary.
#[derive(Debug, Serialize)]
pub struct TaskSummary {
    benchmark: String,
    subject: Option<String>,
    setting: String,
    metric: String,
    n_models: usize,
    n_checkpoints: usize,
    ratio: Option<crate::numeric::Estimate>,
    signal: Option<f64>,
    noise: Option<f64>,
    share_separable: Option<f64>,
    smallest_difference: Option<f64>,
    /// Whether a scale about ten times smaller decides as the large one.
    verdict: Option<&'static str>,
    decision_accuracy: Option<crate::numeric::Estimate>,
    small: Option<String>,
    target: Option<String>,
}

#[derive(Debug, Serialize)]
struct Summary {
    definition: &'static str,
    n_runs: usize,
    n_series: usize,
    /// The setting that charts and the table on the terminal show.
    main_setting: Option<String>,
    ranks: Vec<String>,
    better_than_chance: Vec<String>,
    does_not_rank: Vec<String>,
    cannot_say: Vec<String>,
    warnings: Vec<String>,
    tasks: Vec<TaskSummary>,
}

pub fn run(args: &SnrArgs, console: &Console) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.difference.is_finite() && args.difference > 0.0,
        "--difference {} must be above 0, for instance 0.01",
        args.difference
    );
    let table = scored::load(&args.input, console)?;
    let mut output = Output::create(&args.out)?;
    let bar = console.spinner("measuring");
    let options = SnrOptions {
        definition: match args.definition {
            DefinitionArg::Anova => Definition::Anova,
            DefinitionArg::Paper => Definition::Paper,
            DefinitionArg::Script => Definition::Script,
        },
        last: args.last as usize,
        difference: args.difference,
        seed: console.seed,
        ..Default::default()
    };
    let mut analysis = analyse(&table, &options);
    analysis.interventions.extend(select::filtering(&table, &options));
    output.table(&analysis.snr_table(&options))?;
    output.table(&analysis.decision_table())?;
    output.table(&analysis.interventions_table())?;
    output.table(&snr::tables::variants_table(&table, &options))?;
    bar.set_message("drawing");
    let not_drawn = draw(&table, &analysis, &mut output)?;
    let summary = summarise(&table, &analysis, &options);
    output.json("summary.json", &summary)?;
    bar.finish_and_clear();
    let directory = output.commit(console)?;
    summary.warnings.iter().for_each(|w| console.warning(w));
    not_drawn.iter().for_each(|n| console.note(n));
    console.result(&overview(&summary, console), &summary)?;
    console.note(&format!("tables and plots in {}", directory.display()));
    Ok(())
}

/// Draws what can be drawn; returns what could not, and why.
fn draw(table: &ScoreTable, analysis: &SnrAnalysis, output: &mut Output) -> anyhow::Result<Vec<String>> {
    let tasks = plot::snr::focus(analysis);
    let mut not_drawn = Vec::new();
    let mut keep = |name: &str, chart: Result<Chart, PlotError>| -> anyhow::Result<()> {
        match chart {
            Ok(chart) => {
                output.bytes(&format!("plots/{name}.svg"), chart.svg()?.as_bytes())?;
                output.bytes(&format!("plots/{name}.png"), &chart.png()?)
            }
            Err(error) => {
                not_drawn.push(format!("plots/{name} was not drawn: {error}"));
                Ok(())
            }
        }
    };
    keep("signal_noise", plot::snr::signal_noise(&tasks, WIDE))?;
    let mut ranked = tasks.clone();
    ranked.sort_by(|a, b| ratio_of(b).total_cmp(&ratio_of(a)));
    let picks = [("highest", 0), ("middle", ranked.len() / 2), ("lowest", ranked.len().saturating_sub(1))];
    let several = ranked.len() > 2;
    for (which, at) in picks.into_iter().filter(|(which, _)| several || *which == "highest") {
        let Some(task) = ranked.get(at) else { continue };
        let Some(series) = table.series.iter().find(|s| s.name == task.name) else { continue };
        let name = format!("training_curves_{which}_ratio");
        keep(&name, plot::snr::training_curves(table, series, task, WIDE))?;
    }
    let shown: Vec<&SeriesDecision> = {
        let names: Vec<_> = tasks.iter().map(|t| &t.name).collect();
        let all: Vec<&SeriesDecision> =
            analysis.decisions.iter().filter(|d| names.contains(&&d.name)).collect();
        let sizes = all.iter().any(|d| d.kind == snr::scales::ScaleKind::Size);
        all.into_iter().filter(|d| (d.kind == snr::scales::ScaleKind::Size) == sizes).collect()
    };
    keep("decision_accuracy", plot::snr::decision_accuracy(&shown, WIDE))?;
    keep("checkpoint_averaging", plot::snr::averaging(analysis, WIDE))?;
    Ok(not_drawn)
}

fn ratio_of(task: &TaskSnr) -> f64 {
    task.ratio.map_or(f64::NEG_INFINITY, |r| r.value)
}

fn summarise(table: &ScoreTable, analysis: &SnrAnalysis, options: &SnrOptions) -> Summary {
    let mut summary = Summary {
        definition: options.definition.as_str(),
        n_runs: table.runs.len(),
        n_series: table.series.len(),
        main_setting: plot::snr::main_setting(analysis).map(str::to_owned),
        ranks: Vec::new(),
        better_than_chance: Vec::new(),
        does_not_rank: Vec::new(),
        cannot_say: Vec::new(),
        warnings: analysis.warnings.clone(),
        tasks: Vec::new(),
    };
    for task in analysis.tasks.iter().filter(|t| t.scale == "all") {
        let decision = analysis.ten_times(&task.name);
        let n = &task.name;
        let parts = [
            Some(n.benchmark.as_str()),
            n.subject.as_deref(),
            Some(n.metric.as_str()),
            Some(n.setting.as_str()),
        ];
        let label = parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ");
        match decision.map(|d| d.decision.verdict) {
            Some(snr::scales::Verdict::Ranks) => summary.ranks.push(label),
            Some(snr::scales::Verdict::BetterThanChance) => summary.better_than_chance.push(label),
            Some(snr::scales::Verdict::DoesNotRank) => summary.does_not_rank.push(label),
            _ => summary.cannot_say.push(label),
        }
        summary.tasks.push(TaskSummary {
            benchmark: n.benchmark.clone(),
            subject: n.subject.clone(),
            setting: n.setting.clone(),
            metric: n.metric.clone(),
            n_models: task.n_models,
            n_checkpoints: task.n_checkpoints,
            ratio: task.ratio,
            signal: task.anova.as_ref().ok().map(|a| a.signal),
            noise: task.anova.as_ref().ok().map(|a| a.noise),
            share_separable: task.separability.map(|s| s.share_separable),
            smallest_difference: task.smallest_difference,
            verdict: decision.map(|d| d.decision.verdict.as_str()),
            decision_accuracy: decision.map(|d| d.decision.accuracy.accuracy),
            small: decision.map(|d| d.small.clone()),
            target: decision.map(|d| d.target.clone()),
        });
    }
    summary
}

/// Rows shown of each end.
const SHOWN: usize = 10;

fn overview(summary: &Summary, console: &Console) -> String {
    let number = |x: Option<f64>, digits: usize| x.map_or("–".to_owned(), |x| format!("{x:.digits$}"));
    let estimate = |e: Option<crate::numeric::Estimate>, digits: usize| match e {
        Some(e) => match e.interval {
            Some(i) => format!("{:.digits$} [{:.digits$}, {:.digits$}]", e.value, i.low, i.high),
            None => format!("{:.digits$}", e.value),
        },
        None => "–".to_owned(),
    };
    let setting = summary.main_setting.as_deref().unwrap_or("");
    let mut tasks: Vec<&TaskSummary> = summary.tasks.iter().filter(|t| t.setting == setting).collect();
    tasks.sort_by(|a, b| {
        let key = |t: &TaskSummary| t.ratio.map_or(f64::NEG_INFINITY, |r| r.value);
        key(b).total_cmp(&key(a))
    });
    let one_metric = tasks.windows(2).all(|w| w[0].metric == w[1].metric);
    let row = |t: &&TaskSummary| {
        let mut name = t.subject.clone().unwrap_or_else(|| t.benchmark.clone());
        if !one_metric {
            name.push_str(&format!(", {}", t.metric));
        }
        let ranks = match t.verdict {
            Some("ranks") => "yes",
            Some("better_than_chance") => "better",
            Some("does_not_rank") => "no",
            _ => "–",
        };
        vec![
            name,
            estimate(t.ratio, 1),
            number(t.share_separable.map(|s| 100.0 * s), 0),
            number(t.smallest_difference, 4),
            estimate(t.decision_accuracy, 2),
            ranks.to_owned(),
        ]
    };
    let headings = ["task", "#ratio [95 %]", "#apart %", "#least diff.", "#decisions [95 %]", "ranks"];
    let many = tasks.len() > 2 * SHOWN + 4;
    let shown: Vec<&TaskSummary> = if many {
        tasks[..SHOWN].iter().chain(&tasks[tasks.len() - SHOWN..]).copied().collect()
    } else {
        tasks.clone()
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let mut view = TableView::new("", &headings, rows);
    if many {
        let others = tasks.len() - 2 * SHOWN;
        view.note = Some(format!("The {SHOWN} highest and the {SHOWN} lowest; {others} more in snr.csv."));
    }
    let mut text = text::table(&view, &console.text_options());
    let first = tasks.first();
    text.push_str(&format!(
        "\n{}{} runs, {} checkpoints each for the noise.",
        if setting.is_empty() { String::new() } else { format!("{setting}: ") },
        first.map_or(0, |t| t.n_models),
        first.map_or(0, |t| t.n_checkpoints)
    ));
    let elsewhere = summary.tasks.len() - tasks.len();
    if elsewhere > 0 {
        text.push_str(&format!(" {elsewhere} series of other settings are in snr.csv."));
    }
    let of = |verdict: &str| tasks.iter().filter(|t| t.verdict == Some(verdict)).count();
    let scales = tasks.iter().find_map(|t| Some(format!("{} → {}", t.small.as_ref()?, t.target.as_ref()?)));
    text.push_str(&format!(
        "\nDecisions at a scale about ten times smaller{}: {} of {} tasks rank models as the large scale does (the whole \
         interval above 0.75), {} do better than a coin, {} do no better as far as these models tell, {} cannot be said.\n",
        scales.map_or(String::new(), |s| format!(" ({s})")),
        of("ranks"),
        tasks.len(),
        of("better_than_chance"),
        of("does_not_rank"),
        tasks.len() - of("ranks") - of("better_than_chance") - of("does_not_rank"),
    ));
    text
}
