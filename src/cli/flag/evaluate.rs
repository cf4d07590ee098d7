//! Does the list find what people found? Flags against labels.

use crate::cli::console::Console;
use crate::cli::output::Output;
use crate::flags::evaluate::{Evaluation, EvaluationOptions, Expert, evaluate};
use crate::flags::labels::read_labels;
use crate::flags::scores::read_scores;
use crate::numeric::Estimate;
use crate::numeric::bootstrap::BootstrapOptions;
use crate::render::text::table;
use crate::report::TableView;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Hold flags against labels, or against a review.csv that was filled in
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge flag evaluate --flags flags/flags.csv --labels labels.csv --out quality\n  \
    evalgauge flag evaluate --flags flags/flags.csv --labels flags/review.csv\n\n\
    Labels are CSV with the columns item (or item_id), error_type and, if known, subject and correct_answer.\n\
    Error types are those of MMLU-Redux: ok, bad_question_clarity, bad_options_clarity, no_correct_answer,\n\
    multiple_correct_answers, wrong_groundtruth, expert. Writes flag_quality (.csv and .parquet) and\n\
    summary.json where --out names a directory.")]
pub struct EvaluateArgs {
    /// flags.csv, or any CSV with the columns item and score
    #[arg(long, value_name = "FILE")]
    flags: PathBuf,
    /// Labels of the items
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Only the flags of this benchmark
    #[arg(long, value_name = "NAME")]
    benchmark: Option<String>,
    /// What items labelled `expert` count as
    #[arg(long, value_enum, default_value_t = ExpertAs::LeftOut, value_name = "AS")]
    expert: ExpertAs,
    /// Directory for the tables [default: none are written]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExpertAs {
    /// Neither faulty nor sound: the annotator abstained
    LeftOut,
    /// Faulty
    Faulty,
    /// Sound
    Sound,
}

pub fn run(args: &EvaluateArgs, console: &Console) -> anyhow::Result<()> {
    let flags = read(&args.flags)?;
    let scored = read_scores(&flags, args.benchmark.as_deref())
        .with_context(|| format!("cannot read {}", args.flags.display()))?;
    let labels = read_labels(&read(&args.labels)?)
        .with_context(|| format!("cannot read {}", args.labels.display()))?;
    if labels.rows.is_empty() && labels.n_blank > 0 {
        bail!(
            "{}: none of {} rows has an error_type yet; fill in ok, wrong_groundtruth, … and run this again",
            args.labels.display(),
            labels.n_blank
        );
    }
    for (line, reason) in labels.rejected.iter().take(5) {
        console.warning(&format!("{}, line {line} left out: {reason}", args.labels.display()));
    }
    let options = EvaluationOptions {
        expert: match args.expert {
            ExpertAs::LeftOut => Expert::LeftOut,
            ExpertAs::Faulty => Expert::Faulty,
            ExpertAs::Sound => Expert::Sound,
        },
        bootstrap: BootstrapOptions { seed: console.seed, ..Default::default() },
        ..Default::default()
    };
    let evaluation = evaluate(&scored, &labels, &options)?;
    if let Some(out) = &args.out {
        let mut output = Output::create(out)?;
        output.table(&evaluation.table(args.benchmark.as_deref().unwrap_or("")))?;
        output.json("summary.json", &evaluation)?;
        output.commit(console)?;
    }
    console.result(&text(&evaluation, labels.n_blank, console), &evaluation)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.starts_with(b"PAR1") {
        bail!("{} is Parquet; name the CSV file beside it", path.display());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn text(e: &Evaluation, n_blank: usize, console: &Console) -> String {
    let cell = |estimate: Option<Estimate>| {
        estimate.map_or("–".to_owned(), |e| match e.interval {
            Some(i) => format!("{:.3} [{:.2}, {:.2}]", e.value, i.low, i.high),
            None => format!("{:.3}", e.value),
        })
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: String, f: &dyn Fn(&crate::flags::evaluate::Quality) -> String| {
        rows.push(std::iter::once(name).chain(e.qualities.iter().map(f)).collect());
    };
    row("found by annotators".into(), &|q| q.n_positive.to_string());
    row("base rate".into(), &|q| format!("{:.3}", q.base_rate));
    if let Some(first) = e.qualities.first() {
        for (at, (k, _)) in first.precision_at.iter().enumerate() {
            row(format!("precision at {k}"), &|q| cell(q.precision_at[at].1));
        }
        for (at, (share, _)) in first.recall_at.iter().enumerate() {
            row(format!("recall, reading {:.0} %", share * 100.0), &|q| cell(q.recall_at[at].1));
        }
    }
    row("AUROC".into(), &|q| cell(q.auroc));
    row("AUROC within subjects".into(), &|q| cell(q.auroc_within));
    row("average precision".into(), &|q| cell(q.average_precision));
    let f = |d: Option<crate::flags::ranking_quality::Decision>| {
        d.map_or("–".to_owned(), |d| format!("{:.3} (P {:.2}, R {:.2})", d.f_beta, d.precision, d.recall))
    };
    row("F1, threshold of other subjects".into(), &|q| f(q.f1));
    row("F2, threshold of other subjects".into(), &|q| f(q.f2));
    let headings = ["", "#any fault", "#fault of the key", "#wrong key"];
    let mut out = table(&TableView::new("", &headings, rows), &console.text_options());
    out.push_str(&format!(
        "{} items in {} subjects; {} labels fit no item, {} items have no label, {} labelled expert left out, {} rows \
         of labels not understood, {n_blank} not yet filled in\nintervals: 95 %, subjects resampled\n",
        e.n_items,
        e.n_groups,
        e.n_labels_unmatched,
        e.n_items_unlabelled,
        e.n_expert_left_out,
        e.n_labels_rejected
    ));
    out
}
