//! Would fewer subjects do, or do better? What choosing among them gains on models it was not done on.

use super::finding::{Consequence, Finding, NotRun};
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, estimate, list, number, percent};
use crate::plot;
use crate::select::{
    Candidates, Criteria, CrossFit, CrossFitOptions, Method as Order, Objective, Redundancy,
};

/// Subtasks measured, grouped and tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The benchmark.
    pub benchmark: String,
    /// Number of models.
    pub n_models: usize,
    /// Each subtask.
    pub criteria: Vec<Criteria>,
    /// How they go together.
    pub redundancy: Redundancy,
    /// What choosing gains.
    pub fit: CrossFit,
    /// How it was chosen.
    pub options: CrossFitOptions,
}

impl Choice {
    /// Measures, groups and tries the subtasks of a pool; `flagged` are the names of flagged items.
    pub fn of(
        benchmark: &str,
        pool: &impl Candidates,
        flagged: Option<&std::collections::HashSet<String>>,
        options: CrossFitOptions,
    ) -> Self {
        let criteria = crate::select::criteria(pool, flagged, 0.95, options.seed);
        let reliability: Vec<Option<f64>> = criteria.iter().map(|c| c.reliability).collect();
        Self {
            benchmark: benchmark.to_owned(),
            n_models: pool.n_models(),
            redundancy: crate::select::redundancy(pool, &reliability, options.seed),
            fit: crate::select::cross_fit(pool, &options),
            criteria,
            options,
        }
    }

    fn names(&self) -> Vec<String> {
        self.criteria.iter().map(|c| c.name.clone()).collect()
    }
}

/// The curve of the choice, the heat map and the subtasks in order.
///
/// # Errors
/// When the curve cannot be drawn.
pub fn section(choice: &Choice) -> Result<(Section, Vec<Finding>), NotRun> {
    let (fit, names) = (&choice.fit, choice.names());
    let objective: Objective = choice.options.objective;
    let order: Order = choice.options.method;
    let clusters = choice.redundancy.cluster.iter().max().copied().unwrap_or(0);
    let lede = vec![
        format!(
            "{} of {} were chosen on half of the {} and tried on the other half, {} times.",
            fit.best_kept,
            count(names.len(), "subject"),
            count(choice.n_models, "model"),
            fit.tried.map_or(0, |t| t.n_trials)
        ),
        format!(
            "The subjects fall into {} that rank the models alike, and need {} by parallel analysis.",
            count(clusters, "group"),
            count(choice.redundancy.n_dimensions, "dimension")
        ),
    ];
    let caption = "The gain to expect is that on other models; the line of the models chosen on is too good to be true.";
    let curve = Figure::draw("selection_curve", caption, |w| {
        plot::select::selection_curve(&choice.benchmark, fit, order, objective, w)
    })?;
    let caption = "Where a square is dark, the two subjects rank the models alike once the noise of their items is out.";
    let map = Figure::draw("redundancy", caption, |w| {
        plot::select::redundancy_map(&choice.benchmark, &names, &choice.redundancy, w)
    })?;
    let rows = fit
        .order
        .iter()
        .map(|k| {
            let c = &choice.criteria[*k];
            vec![
                c.name.clone(),
                number(c.n_items.map(|n| n as f64), 0),
                c.ratio.as_ref().map_or("–".to_owned(), |r| estimate(r, 2)),
                number(c.reliability_per_item, 3),
                c.share_pairs.map_or("–".to_owned(), percent),
                choice.redundancy.cluster[*k].to_string(),
            ]
        })
        .collect();
    let headings =
        ["subject", "#items", "#signal / item noise", "#reliability of an item", "#pairs apart", "#group"];
    let table = TableView::new("Subjects in the order of the choice", &headings, rows)
        .limited(80, "subtasks.csv of `evalgauge select subtasks`")
        .folded();
    let section = Section {
        id: SectionId::Selection,
        title: "Choice of subjects".to_owned(),
        lede,
        blocks: vec![Block::Figure(curve), Block::Figure(map), Block::Table(table)],
        methods: vec![Method::new(
            "Gain on other models",
            "Subjects are chosen greedily for signal over item noise on a random half of the models, their number with \
             them, and tried on the other half; the gain is the mean quotient of the ratio with and without the \
             choice, its range the middle 95 % of the trials.",
            Some("compare Heineman et al. 2025, arXiv 2508.13144, who choose and try on the same models"),
        )],
    };
    Ok((section, finding(choice, &names).into_iter().collect()))
}

fn finding(choice: &Choice, names: &[String]) -> Option<Finding> {
    let fit = &choice.fit;
    let tried = fit.tried?;
    let ((low, high), expected) = (tried.range?, tried.gain);
    let helps = fit.helps(choice.options.objective)?;
    let shown = |g: f64| percent((g - 1.0).abs());
    let kept: Vec<&str> = fit.order[..fit.best_kept].iter().map(|k| names[*k].as_str()).collect();
    Some(Finding {
        consequence: if helps { Consequence::Care } else { Consequence::Information },
        weight: (expected - 1.0).clamp(0.0, 1.0),
        headline: if helps {
            format!("Fewer subjects would tell models apart better: {} of {}.", fit.best_kept, names.len())
        } else {
            "Leaving out subjects gains nothing that is sure to hold on other models.".to_owned()
        },
        detail: format!(
            "On models it was not chosen on, signal over noise {} by {} on average (middle 95 % of trials: {:+.1} % to \
             {:+.1} %).",
            if expected >= 1.0 { "rises" } else { "falls" },
            shown(expected),
            100.0 * (low - 1.0),
            100.0 * (high - 1.0)
        ),
        action: helps.then(|| format!("Look at the score of {} beside that of all.", list(&kept, 6))),
        section: Some(SectionId::Selection),
    })
}
