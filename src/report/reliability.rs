//! How much of a score difference is noise? Reliability of the whole benchmark and of each subject.

use super::finding::{Consequence, Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, count_of, estimate, interval, level, list, number};
use crate::numeric::Estimate;
use crate::plot::{Heading, ReliabilityData, ReliabilityRow, reliability};

/// The reliability of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectReliability {
    /// The subject.
    pub subject: String,
    /// Its reliability, or why it could not be computed.
    pub reliability: Result<Estimate, String>,
    /// Its number of items.
    pub n_items: usize,
}

/// Below this a subject's score should not be reported on its own.
///
/// # Reference
/// Nunnally & Bernstein 1994, *Psychometric Theory*, 3rd edition, page 265: 0.7 for early research, 0.9 as
/// the least where decisions are made about single respondents.
pub const WANTED_OF_A_SUBJECT: f64 = 0.7;
/// Below this the order of models rests on noise to a good part.
pub const WANTED_OF_THE_WHOLE: f64 = 0.9;

/// Subjects shown in the table; all are in `reliability.csv`.
const TABLE_ROWS: usize = 200;

/// Reliability overall and of each subject.
///
/// # Errors
/// When neither could be computed.
pub fn section(
    sample: &Sample,
    coefficient: &str,
    overall: &Result<Estimate, String>,
    subjects: &[SubjectReliability],
    methods: Vec<Method>,
) -> Result<(Section, Vec<Finding>), NotRun> {
    let computed: Vec<(&SubjectReliability, &Estimate)> =
        subjects.iter().filter_map(|s| Some((s, s.reliability.as_ref().ok()?))).collect();
    if let (Err(reason), true) = (overall, computed.is_empty()) {
        return Err(NotRun::new("Reliability", reason.clone()));
    }
    let mut lede = Vec::new();
    let mut findings = Vec::new();
    match overall {
        Ok(value) => {
            findings.push(of_the_whole(sample, coefficient, value));
            lede.push(format!(
                "{coefficient} of all {} is {}: the share of the differences between model scores that is not \
                 noise from the choice of items.",
                count(sample.n_items, "item"),
                estimate(value, 3)
            ));
        }
        Err(reason) => lede.push(format!("{coefficient} of all items could not be computed: {reason}.")),
    }
    findings.extend(of_the_subjects(&computed, subjects.len()));
    let mut blocks = Vec::new();
    if subjects.len() > 1 {
        let level = level(computed.iter().map(|(_, e)| *e));
        let data = ReliabilityData {
            heading: Heading::new("Reliability of each subject", sample.subtitle()),
            coefficient: format!("{coefficient}, dot, and its {level}, line"),
            rows: subjects
                .iter()
                .map(|s| ReliabilityRow {
                    subject: s.subject.clone(),
                    reliability: s.reliability.clone(),
                    n_items: s.n_items,
                })
                .collect(),
            overall: overall.as_ref().ok().map(|e| e.value),
            threshold: WANTED_OF_A_SUBJECT,
        };
        let marked = computed.iter().any(|(_, e)| e.value < WANTED_OF_A_SUBJECT);
        let orange =
            if marked { "Orange subjects lie below what a subject needs to be reported alone. " } else { "" };
        let caption =
            format!("{orange}Short subjects are less reliable than long ones with items of the same kind.");
        blocks.push(Block::Figure(Figure::draw("reliability", &caption, |w| reliability(&data, w))?));
        blocks.push(Block::Table(table(subjects, coefficient, &level)));
    } else {
        blocks.push(Block::Note(
            "The data name no subjects, so there is one reliability for the whole benchmark.".to_owned(),
        ));
    }
    let section =
        Section { id: SectionId::Reliability, title: "Reliability".to_owned(), lede, blocks, methods };
    Ok((section, findings))
}

fn table(subjects: &[SubjectReliability], coefficient: &str, level: &str) -> TableView {
    let mut order: Vec<&SubjectReliability> = subjects.iter().collect();
    let value = |s: &SubjectReliability| s.reliability.as_ref().map_or(f64::NEG_INFINITY, |e| e.value);
    order.sort_by(|a, b| value(a).total_cmp(&value(b)).then_with(|| a.subject.cmp(&b.subject)));
    let rows = order
        .into_iter()
        .map(|s| {
            let (value, range) = match &s.reliability {
                Ok(e) => (number(Some(e.value), 3), interval(e, 3)),
                Err(reason) => ("–".to_owned(), reason.clone()),
            };
            vec![s.subject.clone(), value, range, number(Some(s.n_items as f64), 0)]
        })
        .collect();
    let headings = ["subject", &format!("#{coefficient}"), &format!("#{level}"), "#items"];
    TableView::new("Every subject, least reliable first", &headings, rows)
        .limited(TABLE_ROWS, "reliability.csv")
        .folded()
}

fn of_the_whole(sample: &Sample, coefficient: &str, value: &Estimate) -> Finding {
    let text = estimate(value, 3);
    let models = count(sample.n_models, "model");
    // What can be claimed is the lower end of the interval.
    let sure = value.low();
    let section = Some(SectionId::Reliability);
    if value.value < WANTED_OF_THE_WHOLE {
        Finding {
            consequence: Consequence::Conclusion,
            weight: (1.0 - value.value).clamp(0.0, 1.0),
            headline: format!(
                "Scores are noisy: {coefficient} is {text}, below the {WANTED_OF_THE_WHOLE} wanted for ranking models."
            ),
            detail: format!(
                "About {} % of the differences between the {models} is noise from the choice of items.",
                number(Some(100.0 * (1.0 - value.value).clamp(0.0, 1.0)), 0)
            ),
            action: Some(
                "Add items that tell models apart, or report groups of models instead of places.".to_owned(),
            ),
            section,
        }
    } else if sure.is_none_or(|low| low < WANTED_OF_THE_WHOLE) {
        Finding {
            consequence: Consequence::Care,
            weight: 1.0 - sure.unwrap_or(0.0).clamp(0.0, 1.0),
            headline: format!("Reliability looks good but is not secured: {coefficient} is {text}."),
            detail: match sure {
                Some(_) => format!(
                    "With {models} the interval reaches below {WANTED_OF_THE_WHOLE}, so the scores may be noisier \
                     than they look."
                ),
                None => format!("With {models} there is no interval, so this number may be chance."),
            },
            action: Some(
                "Add models that differ in ability; the interval narrows with their number.".to_owned(),
            ),
            section,
        }
    } else {
        Finding {
            consequence: Consequence::Information,
            weight: 0.2,
            headline: format!("The total score is reliable: {coefficient} is {text}."),
            detail: format!(
                "Among these {models} the differences in total score are hardly touched by the choice of items. \
                 Reliability depends on how different the models are: among models of equal strength it is lower."
            ),
            action: None,
            section,
        }
    }
}

fn of_the_subjects(computed: &[(&SubjectReliability, &Estimate)], n_subjects: usize) -> Option<Finding> {
    if n_subjects < 2 {
        return None;
    }
    // Surely too noisy are those whose whole interval lies below; of the others nothing is known for sure.
    let mut low: Vec<&(&SubjectReliability, &Estimate)> =
        computed.iter().filter(|(_, e)| e.high().is_some_and(|h| h < WANTED_OF_A_SUBJECT)).collect();
    low.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let reaches_below = |e: &Estimate| e.low().is_none_or(|l| l < WANTED_OF_A_SUBJECT);
    let unsure = computed.iter().filter(|(_, e)| reaches_below(e)).count() - low.len();
    let unsure_too = format!(
        "For {} the interval reaches both sides of {WANTED_OF_A_SUBJECT}: more models would tell.",
        count_of(unsure, n_subjects, "subject")
    );
    if low.is_empty() {
        return (unsure > 0).then(|| Finding {
            consequence: Consequence::Information,
            weight: unsure as f64 / n_subjects as f64,
            headline: format!(
                "{} {} not secured to be reliable alone.",
                count_of(unsure, n_subjects, "subject"),
                if unsure == 1 { "is" } else { "are" }
            ),
            detail: unsure_too,
            action: Some("Compare models on the total rather than on these subjects.".to_owned()),
            section: Some(SectionId::Reliability),
        });
    }
    let names: Vec<&str> = low.iter().map(|(s, _)| s.subject.as_str()).collect();
    Some(Finding {
        consequence: Consequence::Care,
        weight: low.len() as f64 / n_subjects as f64,
        headline: format!(
            "{} {} too noisy to be reported alone (reliability below {WANTED_OF_A_SUBJECT}).",
            count_of(low.len(), n_subjects, "subject"),
            if low.len() == 1 { "is" } else { "are" }
        ),
        detail: format!(
            "Their whole interval is below. Lowest first: {}. The lowest is {} with {}. {}",
            list(&names, 6),
            estimate(low[0].1, 2),
            count(low[0].0.n_items, "item"),
            if unsure > 0 { unsure_too.as_str() } else { "" }
        )
        .trim_end()
        .to_owned(),
        action: Some("Report these subjects only as part of the total, or lengthen them.".to_owned()),
        section: Some(SectionId::Reliability),
    })
}
