//! How do the results of the estimators become the report of one benchmark?

use super::coverage;
use super::finding::NotRun;
use super::flags::{self, FlagInputs};
use super::item_response::{self, ItemResponse};
use super::items::{self, ItemMeasure};
use super::ladder;
use super::leaderboard::{self, Standing};
use super::look_at;
use super::reliability::{self, SubjectReliability};
use super::respondents::{self, AlikePair};
use super::sample::Sample;
use super::section::Method;
use super::suspects::{self, suspects};
use super::{BenchmarkReport, response_map, selection, snr};
use crate::classical::{ClassicalAnalysis, Reliability};
use crate::ladder::LadderReport;
use crate::numeric::Estimate;
use crate::response::{Item, ResponseMatrix, ScoreTable};
use crate::snr::SnrAnalysis;
use crate::uncertainty::Leaderboard;

/// What the estimators found out about one benchmark; an estimator that could not run says why.
#[derive(Debug, Clone)]
pub struct BenchmarkInputs<'a> {
    /// The scores.
    pub matrix: &'a ResponseMatrix,
    /// The texts of its items, where the dump has them; others may be among them.
    pub texts: &'a [Item],
    /// The classical analysis.
    pub classical: Result<&'a ClassicalAnalysis, String>,
    /// Scores and ranks with their intervals.
    pub leaderboard: Result<&'a Leaderboard, String>,
    /// The scaling ladder that its runs form.
    pub ladder: Result<&'a LadderReport, String>,
    /// What the detectors of broken items found.
    pub flags: Result<FlagInputs<'a>, String>,
    /// Models and items on one scale.
    pub item_response: Result<ItemResponse<'a>, String>,
    /// Signal and noise over checkpoints and seeds, with the curves.
    pub signal: Result<(&'a ScoreTable, &'a SnrAnalysis), String>,
    /// What choosing among the subjects gains.
    pub selection: Result<&'a selection::Choice, String>,
}

/// The check of scaling ladders.
const LADDER: &str = "Scaling ladder";

/// Puts the report of one benchmark together.
pub fn build(inputs: &BenchmarkInputs) -> BenchmarkReport {
    let sample = Sample::of(inputs.matrix);
    let mut report = BenchmarkReport::new(sample.clone());
    report.mean_score = inputs.matrix.mean_score();
    match &inputs.leaderboard {
        Ok(board) => {
            let standings = standings(board);
            report.add("Leaderboard", leaderboard::section(&sample, &standings, score_methods()));
            report.say(coverage::finding(inputs.matrix, &standings));
            report.cautions.extend(board.warnings.iter().map(|w| sentence(w)));
        }
        Err(reason) => report.not_run.push(NotRun::new("Leaderboard", reason.clone())),
    }
    match &inputs.classical {
        Ok(analysis) => add_classical(&mut report, inputs, analysis, &sample),
        Err(reason) => report.not_run.push(NotRun::new("Item analysis and reliability", reason.clone())),
    }
    match &inputs.ladder {
        Ok(ladder) => report.add(LADDER, ladder::section(ladder, &sample.subtitle())),
        Err(reason) => report.not_run.push(NotRun::new(LADDER, reason.clone()).with_remedy(
            "Mark runs as rung or target in a table of models beside the results, with parameters, tokens or flops.",
        )),
    }
    match &inputs.item_response {
        Ok(fitted) => {
            report.add("Item response", item_response::section(&sample, fitted));
            report.cautions.extend(item_response::cautions(fitted.fit));
        }
        Err(reason) => report.not_run.push(NotRun::new("Item response", reason.clone())),
    }
    match &inputs.signal {
        Ok((table, analysis)) => report.add("Signal and noise", snr::section(table, analysis)),
        Err(reason) => report.not_run.push(
            NotRun::new("Signal and noise", reason.clone())
                .with_remedy("Give several checkpoints or seeds of each model (columns step and seed)."),
        ),
    }
    match &inputs.selection {
        Ok(choice) => report.add("Choice of subtasks", selection::section(choice)),
        Err(reason) => report.not_run.push(NotRun::new("Choice of subtasks", reason.clone())),
    }
    report.add("Response map", response_map::section(inputs.matrix));
    report
}

/// A warning with a capital and without its full stop: the page sets one.
fn sentence(warning: &str) -> String {
    let warning = warning.trim_end_matches('.');
    let mut rest = warning.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

fn standings(board: &Leaderboard) -> Vec<Standing> {
    board
        .standings
        .iter()
        .filter_map(|s| {
            Some(Standing {
                model: s.respondent.to_string(),
                score: s.score?,
                ranks: s.rank_interval.map(|i| (i.low, i.high)),
                could_be_first: s.could_be_first,
                n_items: s.n_items,
            })
        })
        .collect()
}

fn add_classical(
    report: &mut BenchmarkReport,
    inputs: &BenchmarkInputs,
    analysis: &ClassicalAnalysis,
    sample: &Sample,
) {
    let overall = alpha(&analysis.overall);
    report.reliability = overall.as_ref().ok().copied();
    let subjects: Vec<SubjectReliability> = analysis
        .subjects
        .iter()
        .map(|(subject, r)| SubjectReliability {
            subject: subject.clone(),
            reliability: alpha(r),
            n_items: r.n_items,
        })
        .collect();
    if subjects.is_empty() {
        report.not_run.push(
            NotRun::new("Reliability per subject", "the data name no subjects")
                .with_remedy("Give every item a subject column or a subtask."),
        );
    }
    let section = reliability::section(sample, "Cronbach's α", &overall, &subjects, reliability_methods());
    report.add("Reliability", section);

    let measures: Vec<ItemMeasure> = analysis
        .items
        .iter()
        .map(|i| ItemMeasure {
            item: i.item.to_string(),
            subject: i.subject.clone(),
            share_correct: i.difficulty.map(|d| d.value),
            item_rest: i.item_rest,
            n_models: i.n_responses,
        })
        .collect();
    report.add(
        "Item difficulty and discrimination",
        items::section(sample, &measures, Some(analysis.overall.effective_respondents), item_methods()),
    );

    let pairs: Vec<AlikePair> = analysis
        .clones
        .iter()
        .map(|p| AlikePair {
            first: p.first.to_string(),
            second: p.second.to_string(),
            agreement: p.agreement,
            expected: p.expected_agreement,
            n_items: p.n_items,
        })
        .collect();
    let effective = Some(analysis.overall.effective_respondents);
    if let Some(section) = respondents::section(sample.n_models, &pairs, effective, clone_methods()) {
        report.add("Near copies", Ok(section));
    }

    // Without flags the classical analysis still has suspects of its own.
    match &inputs.flags {
        Ok(found) => report.add("Items to look at", flags::section(found)),
        Err(reason) => {
            report.not_run.push(NotRun::new("Broken items", reason.clone()));
            let (shown, n) = suspects(analysis, inputs.texts);
            let lede = suspects::lede(shown.len(), n);
            report.add("Items to look at", look_at::section(&shown, lede, Vec::new()));
        }
    }
    if inputs.matrix.options().is_none() {
        report.not_run.push(
            NotRun::new("Votes by option", "the data do not say which option each model chose")
                .with_remedy("Export the samples with the chosen option or the extracted answer."),
        );
    }
    report.cautions.extend(analysis.warnings.iter().map(|w| sentence(w)));
}

/// Cronbach's alpha, or the note that says why there is none.
fn alpha(reliability: &Reliability) -> Result<Estimate, String> {
    reliability.alpha.ok_or_else(|| {
        let note = reliability.notes.iter().find_map(|n| n.strip_prefix("no alpha: "));
        note.unwrap_or("it could not be computed").trim_end_matches('.').to_owned()
    })
}

fn score_methods() -> Vec<Method> {
    vec![
        Method::new(
            "Score and its interval",
            "Mean over the items a model has a score on. The interval is Wilson's for right and wrong, and normal by \
             the central limit theorem otherwise. It answers: what would the score be on other items of the same \
             kind?",
            Some("Wilson 1927, doi:10.1080/01621459.1927.10502953; Miller 2024, arXiv:2411.00640."),
        ),
        Method::new(
            "Places possible",
            "Items are drawn again with replacement, all models are ranked on the drawn items, and the middle 95 % of \
             a model's ranks are its interval, for each model by itself.",
            Some("Efron & Tibshirani 1993, chapter 13."),
        ),
        Method::new(
            "Who could be first",
            "A model is ruled out if another is better on the items that both answered by McNemar's exact test (the \
             normal test for scores other than right and wrong), at 5 % divided by the number of its rivals. The \
             truly best model is ruled out in at most 5 of 100 samples of items.",
            Some(
                "Hsu 1984, doi:10.1214/aos/1176346806; Mogstad, Romano, Shaikh & Wilhelm 2024, \
                  doi:10.1093/restud/rdad006.",
            ),
        ),
    ]
}

fn reliability_methods() -> Vec<Method> {
    vec![Method::new(
        "Cronbach's α",
        "α = k/(k−1) · (1 − Σ item variances / variance of the total) over k items, with Feldt's interval. It is a \
         lower bound of the share of differences between models that another set of items would repeat. It depends \
         on how different the models are.",
        Some(
            "Cronbach 1951, doi:10.1007/BF02310555; Feldt 1965, doi:10.1007/BF02289499; Kuder & Richardson 1937, \
             doi:10.1007/BF02288391.",
        ),
    )]
}

fn item_methods() -> Vec<Method> {
    vec![
        Method::new(
            "Item difficulty",
            "Mean score of the models that have one on the item, so that a high value is an easy item.",
            None,
        ),
        Method::new(
            "Item–rest correlation",
            "Correlation of the scores on the item with the scores on all other items, with Fisher's interval. The \
             item itself is left out, because it would correlate with itself. Where models answered different \
             items, the rest is the mean of what a model scored above each item's mean.",
            Some(
                "Henrysson 1963, doi:10.1007/BF02289618; for the expected false signs Stephens 2017, \
                  doi:10.1093/biostatistics/kxw041.",
            ),
        ),
    ]
}

fn clone_methods() -> Vec<Method> {
    vec![Method::new(
        "Near copies",
        "Each model's scores less what the difficulty of the items explains; two models are alike as far as the rest \
         correlates. The expected agreement is what their scores and the difficulties predict.",
        Some("Kish 1965, Survey Sampling, section 8.2, for the number of different models in effect."),
    )]
}
