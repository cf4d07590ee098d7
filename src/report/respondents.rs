//! Which models are suspiciously alike?

use super::finding::{Consequence, Finding};
use super::section::{Block, Method, Section, SectionId, TableView};
use super::words::{count, number, percent};

/// Two models that agree more than their scores explain.
#[derive(Debug, Clone, PartialEq)]
pub struct AlikePair {
    /// One of them.
    pub first: String,
    /// The other.
    pub second: String,
    /// Share of common items on which both are right or both are wrong.
    pub agreement: f64,
    /// The same share if two models of these scores failed independently, where it is known.
    pub expected: Option<f64>,
    /// Items both answered.
    pub n_items: usize,
}

/// Pairs shown in the table.
const TABLE_ROWS: usize = 30;

/// Pairs of near copies, and how many different models there are in effect.
///
/// `None` when there is no such pair.
pub fn section(
    n_models: usize,
    pairs: &[AlikePair],
    effective_models: Option<f64>,
    methods: Vec<Method>,
) -> Option<(Section, Vec<Finding>)> {
    let closest = pairs.iter().max_by(|a, b| a.agreement.total_cmp(&b.agreement))?;
    let rows = pairs
        .iter()
        .map(|p| {
            vec![
                p.first.clone(),
                p.second.clone(),
                percent(p.agreement),
                p.expected.map_or("–".to_owned(), percent),
                number(Some(p.n_items as f64), 0),
            ]
        })
        .collect();
    let headings = ["model", "other model", "#agreement", "#expected", "#items"];
    let table = TableView::new(count(pairs.len(), "pair"), &headings, rows).limited(TABLE_ROWS, "clones.csv");
    let left = effective_models.map_or(String::new(), |n| {
        format!(" {} are worth about {} different ones.", count(n_models, "model"), number(Some(n), 1))
    });
    let finding = Finding {
        consequence: Consequence::Care,
        weight: effective_models.map_or(0.0, |n| 1.0 - n / n_models.max(1) as f64),
        headline: format!(
            "{} of models {} nearly the same answers.",
            count(pairs.len(), "pair"),
            if pairs.len() == 1 { "gives" } else { "give" }
        ),
        detail: format!(
            "The closest, {} and {}, agree on {} of their items.{left} Copies make reliability and intervals look \
             better than they are.",
            closest.first,
            closest.second,
            percent(closest.agreement)
        ),
        action: Some("Keep one of each group, unless they are what you compare.".to_owned()),
        section: Some(SectionId::Respondents),
    };
    let section = Section {
        id: SectionId::Respondents,
        title: "Models that are nearly copies".to_owned(),
        lede: vec![finding.detail.clone()],
        blocks: vec![Block::Table(table)],
        methods,
    };
    Some((section, vec![finding]))
}
