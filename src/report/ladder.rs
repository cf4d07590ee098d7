//! What will a larger model score? The selected predictions of a ladder, and how far they can be trusted.

use super::finding::{Consequence, Finding, NotRun};
use super::ladder_figures::figures;
use super::section::{Block, Method, Section, SectionId, TableView};
use super::words::{count, list, number};
use crate::ladder::{LadderReport, TargetPrediction};
use crate::numeric::describe::mean;

/// Predictions shown in the table; all are in `predictions.csv`.
const TABLE_ROWS: usize = 40;

/// The section of a ladder.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn section(report: &LadderReport, subtitle: &str) -> Result<(Section, Vec<Finding>), NotRun> {
    let level = format!("{:.0}\u{a0}%", 100.0 * report.options.level);
    let record = Record::of(report);
    let rungs = report.tasks.iter().map(|t| t.task.rungs.len()).max().unwrap_or(0);
    let mut lede = vec![format!(
        "Laws of scaling are fitted to {} and predict what a larger model scores. How the laws are weighed, and how \
         wide the intervals are, comes from predicting larger rungs from smaller ones; scores of the targets are \
         never used.",
        count(rungs, "small run")
    )];
    lede.extend(record.sentence(&level));
    let mut blocks: Vec<Block> = figures(report, subtitle)?.into_iter().map(Block::Figure).collect();
    if let Some(table) = predictions(report, &level) {
        blocks.insert(0, Block::Table(table));
    } else {
        blocks
            .insert(0, Block::Note("No run is marked as a target, so nothing is predicted here.".to_owned()));
    }
    for warning in warnings(report) {
        blocks.push(Block::Note(warning));
    }
    let findings = targets(report, &level).into_iter().chain(record.finding()).collect();
    let section = Section {
        id: SectionId::Ladder,
        title: "Scaling ladder".to_owned(),
        lede,
        blocks,
        methods: methods(report),
    };
    Ok((section, findings))
}

/// How the method did within the ladder.
struct Record {
    error: Option<f64>,
    last_rung_error: Option<f64>,
    n_predictions: usize,
    n_intervals: usize,
    n_covered: usize,
}

impl Record {
    fn of(report: &LadderReport) -> Self {
        let tasks = crate::ladder::predictability::predictability(report).tasks;
        let errors: Vec<f64> = report.combined.iter().map(|r| (r.predicted - r.actual).abs()).collect();
        let naive: Vec<f64> = tasks.iter().map(|t| t.last_rung_error).collect();
        Self {
            error: mean(&errors),
            last_rung_error: mean(&naive),
            n_predictions: errors.len(),
            n_intervals: report.intervals.len(),
            n_covered: report.intervals.iter().filter(|r| r.covered).count(),
        }
    }

    fn sentence(&self, level: &str) -> Option<String> {
        let (error, naive) = (self.error?, self.last_rung_error?);
        let held = if self.n_intervals > 0 {
            let share = 100.0 * self.n_covered as f64 / self.n_intervals as f64;
            format!(" Of {} intervals of {level} made on the way, {share:.0}\u{a0}% held.", self.n_intervals)
        } else {
            String::new()
        };
        Some(format!(
            "In back-tests the mean absolute error is {} points over {}; taking the largest known rung for the answer \
             would be {} points off.{held}",
            number(Some(100.0 * error), 2),
            count(self.n_predictions, "prediction"),
            number(Some(100.0 * naive), 2)
        ))
    }

    /// A ladder that predicts no better than its last rung has learnt nothing.
    fn finding(&self) -> Option<Finding> {
        let (error, naive) = (self.error?, self.last_rung_error?);
        (error >= naive).then(|| Finding {
            consequence: Consequence::Conclusion,
            weight: 1.0,
            headline: "The ladder predicts no better than its largest rung.".to_owned(),
            detail: format!(
                "In back-tests the laws are {} points off, the largest known rung {} points.",
                number(Some(100.0 * error), 2),
                number(Some(100.0 * naive), 2)
            ),
            action: Some("Add larger rungs, or more seeds for each, before extrapolating.".to_owned()),
            section: Some(SectionId::Ladder),
        })
    }
}

/// One finding for each target: what it is predicted to score.
fn targets(report: &LadderReport, level: &str) -> Vec<Finding> {
    let single = report.tasks.len() == 1;
    let say = |task: &str, t: &TargetPrediction| -> Option<Finding> {
        let selected = t.selected()?;
        let percent = |x: f64| format!("{}\u{a0}%", number(Some(100.0 * x), 1));
        let interval = selected.interval.map_or("no interval can be given".to_owned(), |i| {
            format!("{level} interval {} to {}", percent(i.low), percent(i.high))
        });
        let scored = t.actual.map_or(String::new(), |a| format!(" It scored {}.", percent(a)));
        let warned = !t.warnings.is_empty();
        let reasons: Vec<String> = t.warnings.iter().map(ToString::to_string).collect();
        Some(Finding {
            consequence: if warned { Consequence::Care } else { Consequence::Information },
            weight: 0.3,
            headline: format!(
                "{}{} is predicted to score {} ({interval}).",
                t.target,
                if single { String::new() } else { format!(" on {task}") },
                percent(selected.predicted)
            ),
            detail: format!(
                "It has {} orders of magnitude more training compute than the largest rung.{scored}{}",
                number(Some(t.distance_oom), 2),
                if warned { format!(" {}.", reasons.join(". ")) } else { String::new() }
            ),
            action: None,
            section: Some(SectionId::Ladder),
        })
    };
    // One line for each model size: seeds of the same conditions are predicted alike.
    let mut found: Vec<Finding> = Vec::new();
    for task in &report.tasks {
        let mut seen: Vec<[u64; 3]> = Vec::new();
        for target in &task.targets {
            let at = [target.at.parameters, target.at.tokens, target.at.compute_flops].map(f64::to_bits);
            if !seen.contains(&at) {
                seen.push(at);
                found.extend(say(&task.task.task, target));
            }
        }
    }
    found
}

fn predictions(report: &LadderReport, level: &str) -> Option<TableView> {
    let points = |x: f64| number(Some(100.0 * x), 1);
    let rows: Vec<Vec<String>> = report
        .tasks
        .iter()
        .flat_map(|task| task.targets.iter().map(move |t| (task, t)))
        .filter_map(|(task, t)| {
            let selected = t.selected()?;
            Some(vec![
                task.task.task.clone(),
                t.target.clone(),
                points(selected.predicted),
                selected
                    .interval
                    .map_or("–".to_owned(), |i| format!("{} to {}", points(i.low), points(i.high))),
                t.actual.map_or("–".to_owned(), points),
                points(task.fits.last_rung),
                number(Some(t.distance_oom), 2),
            ])
        })
        .collect();
    let interval = format!("#{level} interval");
    let headings = [
        "task",
        "target",
        "#predicted, %",
        interval.as_str(),
        "#actual, %",
        "#last rung, %",
        "#orders beyond",
    ];
    let caption =
        "Predicted accuracy of every target; `orders beyond` counts orders of magnitude of training compute";
    (!rows.is_empty())
        .then(|| TableView::new(caption, &headings, rows).limited(TABLE_ROWS, "predictions.csv"))
}

fn warnings(report: &LadderReport) -> Vec<String> {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for task in &report.tasks {
        for warning in &task.warnings {
            let text = warning.to_string();
            match all.iter_mut().find(|(t, _)| *t == text) {
                Some((_, tasks)) => tasks.push(&task.task.task),
                None => all.push((text, vec![&task.task.task])),
            }
        }
    }
    let mut notes: Vec<String> =
        all.into_iter().map(|(text, tasks)| format!("{}: {text}.", list(&tasks, 6))).collect();
    notes.extend(report.refused.iter().map(|(task, reason)| format!("{task} is not predicted: {reason}.")));
    notes
}

fn methods(report: &LadderReport) -> Vec<Method> {
    vec![
        Method::new(
            "Forms",
            "Four laws of the loss in parameters, tokens and compute, each followed by four curves from loss to \
             accuracy, and eight laws of the accuracy itself.",
            Some("Bhagia et al. 2024, arXiv:2412.04403; Owen 2024, arXiv:2401.04757."),
        ),
        Method::new(
            "Prediction",
            "Average of all forms, weighted by the inverse of the mean squared error that each made when it predicted \
             larger rungs from smaller ones.",
            Some("Bates & Granger 1969, doi:10.1057/jors.1969.103."),
        ),
        Method::new(
            &format!("{:.0} % interval", 100.0 * report.options.level),
            "The errors of the average in its own back-tests, scaled with the distance over the span of the ladder; \
             never narrower than refits to resampled runs.",
            Some("Lei et al. 2018, doi:10.1080/01621459.2017.1307116."),
        ),
    ]
}
