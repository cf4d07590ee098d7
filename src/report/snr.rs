//! Does a checkpoint more or a seed other change the ranking? Signal against noise, and early decisions.

use super::finding::{Consequence, Finding, NotRun};
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, estimate, number, percent};
use crate::plot;
use crate::response::ScoreTable;
use crate::snr::scales::{ScaleKind, Verdict};
use crate::snr::{SeriesDecision, SnrAnalysis, TaskSnr};

/// Below this many pairs told apart, most differences between checkpoints of two models are noise.
const MOST_PAIRS: f64 = 0.5;

/// Signal and noise of the whole and of each subject, training curves, and decisions at smaller scales.
///
/// # Errors
/// When no run has two checkpoints.
pub fn section(table: &ScoreTable, analysis: &SnrAnalysis) -> Result<(Section, Vec<Finding>), NotRun> {
    let tasks: Vec<&TaskSnr> = analysis.tasks.iter().filter(|t| t.scale == "all").collect();
    let whole = tasks.iter().find(|t| t.name.subject.is_none());
    let Some((whole, anova)) = whole.and_then(|w| Some((*w, w.anova.as_ref().ok()?))) else {
        let reason = whole.and_then(|w| w.anova.as_ref().err()).map_or("no run has a score", String::as_str);
        return Err(NotRun::new("Signal and noise", reason.to_owned())
            .with_remedy("Give several checkpoints or seeds of each model (columns step and seed)."));
    };
    let mut lede = vec![format!(
        "Among {} with checkpoints, scores differ {} times as much between models as between the last {} checkpoints of \
         one model.",
        count(anova.n_models, "training run"),
        estimate(&anova.ratio, 1),
        whole.n_checkpoints,
    )];
    if let Some(difference) = whole.smallest_difference {
        lede.push(format!(
            "On these very items and with {} checkpoints averaged, a difference below {} may be the checkpoint and not \
             the model.",
            whole.n_checkpoints,
            number(Some(difference), 4)
        ));
    }
    if let Some(seed) = whole.noise.seed {
        lede.push(format!(
            "Seeds of the same recipe differ with a standard deviation of {}, checkpoints with one of {}.",
            number(Some(seed), 4),
            number(Some(anova.noise), 4)
        ));
    }
    let mut findings = Vec::new();
    findings.extend(of_the_pairs(whole));
    let decisions: Vec<&SeriesDecision> =
        analysis.decisions.iter().filter(|d| d.name == whole.name).collect();
    findings.extend(analysis.ten_times(&whole.name).map(of_the_decision));
    let mut blocks = Vec::new();
    let drawn: Vec<&TaskSnr> = plot::snr::focus(analysis);
    if drawn.len() > 1 {
        let caption = "Each dot is a subject; the higher above a line of equal ratio, the clearer it tells models apart.";
        let figure = Figure::draw("signal_noise", caption, |w| plot::snr::signal_noise(&drawn, w));
        blocks.extend(figure.ok().map(Block::Figure));
    }
    if let Some(series) = table.series.iter().find(|s| s.name == whole.name) {
        let caption =
            "Scores along the training of a few runs. Where bands overlap, single checkpoints do not decide.";
        let figure =
            Figure::draw("training_curves", caption, |w| plot::snr::training_curves(table, series, whole, w));
        blocks.extend(figure.ok().map(Block::Figure));
    }
    blocks.push(Block::Table(tasks_table(&tasks)));
    if !decisions.is_empty() {
        blocks.push(Block::Table(decisions_table(&decisions)));
    }
    let section = Section {
        id: SectionId::SignalNoise,
        title: "Signal and noise".to_owned(),
        lede,
        blocks,
        methods: methods(),
    };
    Ok((section, findings))
}

fn of_the_pairs(whole: &TaskSnr) -> Option<Finding> {
    let pairs = whole.separability?;
    let few = pairs.share_separable < MOST_PAIRS;
    Some(Finding {
        consequence: if few { Consequence::Care } else { Consequence::Information },
        weight: 1.0 - pairs.share_separable,
        headline: format!(
            "{} of the pairs of training runs differ by more than the noise of their checkpoints.",
            percent(pairs.share_separable)
        ),
        detail: format!(
            "At 95 % each, over the last {} checkpoints of {}. One checkpoint each puts a pair in the right order with \
             a probability of {} on average.",
            whole.n_checkpoints,
            count(whole.n_models, "run"),
            number(Some(pairs.order_probability), 2)
        ),
        action: few.then(|| {
            "Average several checkpoints, or train with more seeds, before choosing by this score.".to_owned()
        }),
        section: Some(SectionId::SignalNoise),
    })
}

/// The decision at about a tenth of the training or the size.
fn of_the_decision(decision: &SeriesDecision) -> Finding {
    let accuracy = &decision.decision.accuracy;
    let poor = decision.decision.verdict == Verdict::DoesNotRank;
    let what = if decision.kind == ScaleKind::Size { "Models of size" } else { "Models after" };
    Finding {
        consequence: if poor { Consequence::Care } else { Consequence::Information },
        weight: 1.0 - accuracy.accuracy.value,
        headline: format!(
            "{what} {} rank as at {} in {} of pairs.",
            decision.small,
            decision.target,
            percent(accuracy.accuracy.value)
        ),
        detail: format!("{} over {}.", estimate(&accuracy.accuracy, 2), count(accuracy.n_pairs, "pair")),
        action: poor.then(|| "Do not choose by this score at the small scale.".to_owned()),
        section: Some(SectionId::SignalNoise),
    }
}

fn tasks_table(tasks: &[&TaskSnr]) -> TableView {
    let rows = tasks
        .iter()
        .map(|t| {
            let anova = t.anova.as_ref().ok();
            vec![
                t.name.subject.clone().unwrap_or_else(|| "all subjects".to_owned()),
                anova.map_or("–".to_owned(), |a| estimate(&a.ratio, 1)),
                number(anova.map(|a| a.signal), 4),
                number(anova.map(|a| a.noise), 4),
                number(t.noise.detrended, 4),
                number(t.noise.seed, 4),
                number(t.noise.item, 4),
                t.separability.map_or("–".to_owned(), |s| percent(s.share_separable)),
            ]
        })
        .collect();
    let headings = [
        "subject",
        "#signal / noise",
        "#signal",
        "#checkpoint noise",
        "#around the trend",
        "#seed noise",
        "#item noise",
        "#pairs apart",
    ];
    TableView::new(
        "Signal and the kinds of noise, standard deviations in units of the score",
        &headings,
        rows,
    )
    .limited(60, "snr.csv")
}

fn decisions_table(decisions: &[&SeriesDecision]) -> TableView {
    let rows = decisions
        .iter()
        .map(|d| {
            vec![
                d.small.clone(),
                d.target.clone(),
                count(d.decision.accuracy.n_models, "model"),
                estimate(&d.decision.accuracy.accuracy, 2),
                d.decision.accuracy.tau_b.as_ref().map_or("–".to_owned(), |t| estimate(t, 2)),
                number(d.decision.ceiling, 2),
            ]
        })
        .collect();
    let headings = ["small scale", "large scale", "models", "#decisions right", "#τ_b", "#noise ceiling"];
    TableView::new("How often a smaller scale decides as the larger one", &headings, rows)
        .limited(40, "decision_accuracy.csv")
}

fn methods() -> Vec<Method> {
    vec![
        Method::new(
            "Signal over noise",
            "Standard deviation between models over that between the last checkpoints of one model, from a one-way \
             analysis of variance, with the interval of the F statistic. It does not grow with the number of models.",
            Some(
                "Searle, Casella & McCulloch 1992, doi:10.1002/9780470316856; compare Heineman et al. 2025, arXiv 2508.13144",
            ),
        ),
        Method::new(
            "Decision accuracy",
            "Share of pairs of models in the same order at both scales, ties half; the interval resamples models. The \
             ceiling is what noise would allow if both scales ranked alike without it.",
            Some("Magnusson et al. 2025, arXiv 2504.11393"),
        ),
    ]
}
