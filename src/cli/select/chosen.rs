//! How do subtasks, the choice among them and its gain look to the user? Tables, plots, exports and a verdict.

use crate::cli::console::Console;
use crate::cli::output::Output;
use crate::plot::{self, WIDE};
use crate::render::text;
use crate::report::TableView;
use crate::report::selection::Choice;
use crate::response::Table;
use crate::select::{self, Candidates, CrossFit, CrossFitOptions, Names, Objective};
use anyhow::bail;
use serde::Serialize;
use std::collections::HashSet;

/// What is said of the choice in `summary.json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    benchmark: String,
    setting: Option<String>,
    metric: Option<String>,
    objective: &'static str,
    method: &'static str,
    n_models: usize,
    n_subtasks: usize,
    n_items: Option<usize>,
    n_checkpoints: Option<usize>,
    small: Option<String>,
    target: Option<String>,
    n_kept: usize,
    items_kept: Option<usize>,
    kept: Vec<String>,
    gain_in_sample: Option<f64>,
    gain_expected: Option<f64>,
    gain_low: Option<f64>,
    gain_high: Option<f64>,
    gain_random: Option<f64>,
    n_trials: usize,
    helps: Option<bool>,
    verdict: String,
    n_dimensions: usize,
    n_clusters: usize,
    models_left_out: Vec<String>,
    subtasks_left_out: Vec<String>,
    items_left_out: Option<usize>,
}

/// Where subtasks come from, and what was left out.
#[derive(Debug, Default)]
pub struct Origin {
    pub name: String,
    /// Whether subtasks are whole tasks that stand by themselves.
    pub whole: bool,
    pub setting: Option<String>,
    pub metric: Option<String>,
    pub small: Option<String>,
    pub target: Option<String>,
    pub models_left_out: Vec<String>,
    pub subtasks_left_out: Vec<String>,
    pub items_left_out: Option<usize>,
}

/// One suite of subtasks, measured.
pub struct Chosen {
    names: Vec<String>,
    exported: Names,
    choice: Choice,
    pub summary: Summary,
}

impl Chosen {
    /// Measures the subtasks and chooses among them.
    pub fn of(
        origin: Origin,
        pool: &impl Candidates,
        flagged: Option<&HashSet<String>>,
        options: CrossFitOptions,
    ) -> anyhow::Result<Self> {
        let names = pool.names();
        if let Some(keep) = options.keep.filter(|k| *k == 0 || *k > names.len()) {
            bail!(
                "--keep {keep}: {} has {} subtasks; give a number from 1 to that",
                origin.name,
                names.len()
            );
        }
        let choice = Choice::of(&origin.name, pool, flagged, options);
        let (fit, redundancy) = (&choice.fit, &choice.redundancy);
        let kept = &fit.order[..fit.best_kept];
        let range = fit.tried.and_then(|t| t.range);
        let summary = Summary {
            objective: options.objective.as_str(),
            method: options.method.as_str(),
            n_models: pool.n_models(),
            n_subtasks: names.len(),
            n_items: (0..names.len()).map(|k| pool.n_items(k)).sum(),
            n_checkpoints: pool.n_checkpoints(),
            n_kept: fit.best_kept,
            items_kept: kept.iter().map(|k| pool.n_items(*k)).sum(),
            kept: kept.iter().map(|k| names[*k].clone()).collect(),
            gain_in_sample: fit.gain_in_sample,
            gain_expected: fit.tried.map(|t| t.gain),
            gain_low: range.map(|r| r.0),
            gain_high: range.map(|r| r.1),
            gain_random: fit.gain_random,
            n_trials: fit.tried.map_or(0, |t| t.n_trials),
            helps: fit.helps(options.objective),
            verdict: verdict(fit, options.objective),
            n_dimensions: redundancy.n_dimensions,
            n_clusters: redundancy.cluster.iter().max().copied().unwrap_or(0),
            benchmark: origin.name,
            setting: origin.setting,
            metric: origin.metric,
            small: origin.small,
            target: origin.target,
            models_left_out: origin.models_left_out,
            subtasks_left_out: origin.subtasks_left_out,
            items_left_out: origin.items_left_out,
        };
        let exported = if origin.whole { Names::Tasks } else { Names::Subjects };
        Ok(Self { names, exported, choice, summary })
    }

    /// The suite.
    pub fn name(&self) -> &str {
        &self.summary.benchmark
    }

    /// Adds the tables to those of other suites, and writes exports and plots under a prefix.
    pub fn write(&self, prefix: &str, output: &mut Output, tables: &mut Vec<Table>) -> anyhow::Result<()> {
        let CrossFitOptions { objective, method, .. } = self.choice.options;
        let name = &self.summary.benchmark;
        for table in [
            select::tables::subtasks_table(
                name,
                &self.choice.criteria,
                &self.choice.redundancy,
                &self.choice.fit,
                self.summary.n_kept,
            ),
            select::tables::curve_table(name, &self.names, &self.choice.fit, method, objective),
            select::tables::redundancy_table(name, &self.names, &self.choice.redundancy),
        ] {
            match tables.iter_mut().find(|t| t.name == table.name) {
                Some(same) => same.extend(table),
                None => tables.push(table),
            }
        }
        let kept: Vec<&str> = self.summary.kept.iter().map(String::as_str).collect();
        for (file, content) in
            select::export(name, self.exported, self.summary.n_checkpoints.is_none(), &kept)
        {
            output.bytes(&format!("export/{prefix}{file}"), content.as_bytes())?;
        }
        let charts = [
            (
                "selection_curve",
                plot::select::selection_curve(name, &self.choice.fit, method, objective, WIDE),
            ),
            ("redundancy", plot::select::redundancy_map(name, &self.names, &self.choice.redundancy, WIDE)),
        ];
        for (file, chart) in charts {
            let chart = chart?;
            output.bytes(&format!("plots/{prefix}{file}.svg"), chart.svg()?.as_bytes())?;
            output.bytes(&format!("plots/{prefix}{file}.png"), &chart.png()?)?;
        }
        Ok(())
    }

    /// The ranking and what it comes to, for a terminal.
    pub fn overview(&self, console: &Console) -> String {
        let s = &self.summary;
        let training = s.n_checkpoints.is_some();
        let percent = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{:.0}", 100.0 * x));
        let rows: Vec<Vec<String>> = self
            .choice
            .fit
            .order
            .iter()
            .enumerate()
            .map(|(rank, k)| {
                let c = &self.choice.criteria[*k];
                let ratio = c.ratio.map_or("–".to_owned(), |e| match e.interval {
                    Some(i) => format!("{:.2} [{:.2}, {:.2}]", e.value, i.low, i.high),
                    None => format!("{:.2}", e.value),
                });
                let reliability = if training { c.reliability } else { c.reliability_per_item };
                vec![
                    if rank < s.n_kept { "keep".to_owned() } else { String::new() },
                    c.name.clone(),
                    if training {
                        format!("{:.3}", c.mean_score)
                    } else {
                        c.n_items.map_or("–".to_owned(), |n| n.to_string())
                    },
                    ratio,
                    reliability.map_or("–".to_owned(), |r| format!("{r:.3}")),
                    percent(c.share_pairs),
                    percent(c.decision_accuracy.map(|d| d.value)),
                    self.choice.redundancy.cluster[*k].to_string(),
                ]
            })
            .collect();
        let headings = [
            "",
            "subtask",
            if training { "#mean score" } else { "#items" },
            "#ratio [95 %]",
            if training { "#reliability" } else { "#reliability/item" },
            "#pairs apart %",
            "#decisions %",
            "#cluster",
        ];
        let view = TableView::new("", &headings, rows).limited(SHOWN, "subtasks.csv");
        let mut text = text::table(&view, &console.text_options());
        let items =
            s.items_kept.zip(s.n_items).map_or(String::new(), |(kept, n)| format!(", {kept} of {n} items"));
        let checkpoints = s.n_checkpoints.map_or(String::new(), |n| format!(", their last {n} checkpoints"));
        text.push_str(&format!(
            "\n{}, {} of {} subtasks kept{items}, {} models{checkpoints}. {}\n",
            s.benchmark, s.n_kept, s.n_subtasks, s.n_models, s.verdict
        ));
        if let (Some(small), Some(target)) = (&s.small, &s.target) {
            text.push_str(&format!(
                "Decisions: the subtask at {small} against the mean of all {} at {target}.\n",
                s.n_subtasks
            ));
        }
        if let Some(random) = s.gain_random.filter(|_| s.n_kept < s.n_subtasks) {
            let shown = gain_in_words(self.choice.options.objective, random);
            text.push_str(&format!("As many subtasks taken at random: {shown} on the same models.\n"));
        }
        text.push_str(&format!(
            "{} cluster{} of subtasks that rank the models alike; {} dimension{} by parallel analysis.\n",
            s.n_clusters,
            if s.n_clusters == 1 { "" } else { "s" },
            s.n_dimensions,
            if s.n_dimensions == 1 { "" } else { "s" }
        ));
        text
    }
}

/// Rows shown of a long list.
const SHOWN: usize = 12;

/// A ratio's gain as a change in percent, that of a share in points.
fn gain_in_words(objective: Objective, gain: f64) -> String {
    match objective {
        Objective::Ratio => format!("{:+.1} %", 100.0 * (gain - 1.0)),
        _ => format!("{:+.1} points", 100.0 * gain),
    }
}

/// What a reader should take from the trials, in one sentence.
fn verdict(fit: &CrossFit, objective: Objective) -> String {
    let Some((tried, (low, high))) = fit.tried.and_then(|t| Some((t, t.range?))) else {
        return "The gain on other models could not be computed.".to_owned();
    };
    let expected = tried.gain;
    let shown = |gain| gain_in_words(objective, gain);
    let range = format!(
        "{} on average (middle 95 % of {} trials: {} to {})",
        shown(expected),
        tried.n_trials,
        shown(low),
        shown(high)
    );
    let in_sample = fit
        .gain_in_sample
        .map_or(String::new(), |g| format!(", and {} on the models it was chosen on", shown(g)));
    let neutral = CrossFit::neutral(objective);
    if fit.best_kept == fit.order.len() && high - low < 1e-9 {
        return "Filtering does not help here: no smaller set does better than all subtasks, not even on the models it was \
                chosen on. Keep all."
            .to_owned();
    }
    if low > neutral {
        format!("Filtering helps: on models it was not chosen on the gain is {range}{in_sample}.")
    } else if high < neutral || expected < neutral {
        format!(
            "Filtering does not help here: on models it was not chosen on the change is {range}{in_sample}. Keep all subtasks."
        )
    } else {
        format!(
            "Whether filtering helps cannot be said: on models it was not chosen on the change is {range}{in_sample}."
        )
    }
}
