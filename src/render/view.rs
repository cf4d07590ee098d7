//! What does the template see? The report as plain values, with anchors and finished drawings.

use super::html::RenderError;
use crate::report::words::{count, estimate, number, percent};
use crate::report::{
    BenchmarkReport, Block, Consequence, Finding, ItemCard, Method, NotRun, Provenance, Report, Section,
    SectionId, TableView,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The whole page as the template sees it.
#[derive(Serialize)]
pub(super) struct PageView<'a> {
    title: &'a str,
    command: Option<&'a str>,
    version: &'static str,
    style: String,
    provenance: &'a Provenance,
    totals: Vec<String>,
    several: bool,
    full_benchmarks: usize,
    any_compact: bool,
    benchmarks: Vec<BenchmarkView<'a>>,
}

/// The page of a report with its style sheet.
pub(super) fn page(report: &Report, style: String) -> Result<PageView<'_>, RenderError> {
    Ok(PageView {
        title: &report.title,
        command: report.command.as_deref(),
        version: env!("CARGO_PKG_VERSION"),
        style,
        provenance: &report.provenance,
        totals: totals(report),
        several: report.benchmarks.len() > 1,
        full_benchmarks: FULL_BENCHMARKS,
        any_compact: report.benchmarks.len() > FULL_BENCHMARKS,
        benchmarks: benchmarks(report)?,
    })
}

/// One benchmark as the template sees it.
#[derive(Serialize)]
struct BenchmarkView<'a> {
    id: String,
    name: &'a str,
    subtitle: String,
    mean_score: String,
    reliability: String,
    n_models: String,
    n_items: String,
    n_grave: usize,
    n_care: usize,
    findings: Vec<FindingView<'a>>,
    sections: Vec<SectionView<'a>>,
    not_run: &'a [NotRun],
    cautions: &'a [String],
    methods: Vec<&'a Method>,
    compact: bool,
}

#[derive(Serialize)]
struct FindingView<'a> {
    level: Consequence,
    level_text: &'static str,
    headline: &'a str,
    detail: &'a str,
    action: Option<&'a str>,
    target: Option<Target>,
}

/// Where a finding is shown.
#[derive(Serialize)]
struct Target {
    anchor: String,
    title: String,
}

#[derive(Serialize)]
struct SectionView<'a> {
    id: String,
    title: &'a str,
    lede: &'a [String],
    blocks: Vec<BlockView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum BlockView<'a> {
    Figure { wide: String, narrow: String, caption: &'a str },
    Table { table: &'a TableView },
    Items { items: Vec<ItemView<'a>> },
    Note { text: &'a str },
}

#[derive(Serialize)]
struct ItemView<'a> {
    id: String,
    item: &'a str,
    subject: Option<&'a str>,
    reasons: &'a [String],
    question: Option<&'a str>,
    /// Whether the question is laid out in lines whose columns must stand under one another.
    drawn: bool,
    options: &'a [crate::report::ItemOption],
    key_text: Option<&'a str>,
    votes: Option<String>,
}

/// Benchmarks with all their charts on one page; of more, the gravest ones keep theirs.
const FULL_BENCHMARKS: usize = 12;

/// The benchmarks of a report, with the gravest [`FULL_BENCHMARKS`] in full.
fn benchmarks(report: &Report) -> Result<Vec<BenchmarkView<'_>>, RenderError> {
    let mut order: Vec<usize> = (0..report.benchmarks.len()).collect();
    let gravity = |b: &BenchmarkReport| {
        let first = b.findings.first();
        (first.map_or(Consequence::Information, |f| f.consequence), -first.map_or(0.0, |f| f.weight))
    };
    order.sort_by(|&a, &b| {
        let (ga, gb) = (gravity(&report.benchmarks[a]), gravity(&report.benchmarks[b]));
        ga.0.cmp(&gb.0).then(ga.1.total_cmp(&gb.1)).then(a.cmp(&b))
    });
    let full: BTreeSet<usize> = order.into_iter().take(FULL_BENCHMARKS).collect();
    report
        .benchmarks
        .iter()
        .enumerate()
        .map(|(k, b)| benchmark(b, format!("b{}", k + 1), !full.contains(&k)))
        .collect()
}

fn benchmark(report: &BenchmarkReport, id: String, compact: bool) -> Result<BenchmarkView<'_>, RenderError> {
    let mut sections: Vec<&Section> = report.sections.iter().collect();
    sections.sort_by_key(|s| s.id);
    let anchor = |section: SectionId| format!("{id}-{}", section.as_str());
    let n_of = |level| report.findings.iter().filter(|f| f.consequence == level).count();
    let mut methods: Vec<&Method> = Vec::new();
    for method in sections.iter().flat_map(|s| &s.methods) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let target = |wanted: SectionId| {
        let section = sections.iter().find(|s| s.id == wanted && !compact)?;
        Some(Target { anchor: anchor(wanted), title: section.title.clone() })
    };
    let findings = report.findings.iter().map(|f| finding(f, f.section.and_then(target)));
    Ok(BenchmarkView {
        name: &report.sample.benchmark,
        subtitle: report.sample.subtitle(),
        mean_score: number(report.mean_score, 3),
        reliability: report.reliability.as_ref().map_or("–".to_owned(), |e| estimate(e, 2)),
        n_models: number(Some(report.sample.n_models as f64), 0),
        n_items: number(Some(report.sample.n_items as f64), 0),
        n_grave: n_of(Consequence::Conclusion),
        n_care: n_of(Consequence::Care),
        findings: findings.collect(),
        sections: if compact {
            Vec::new()
        } else {
            sections.iter().map(|s| section(s, anchor(s.id))).collect::<Result<_, _>>()?
        },
        not_run: &report.not_run,
        cautions: &report.cautions,
        methods,
        compact,
        id,
    })
}

fn finding(f: &Finding, target: Option<Target>) -> FindingView<'_> {
    FindingView {
        level: f.consequence,
        level_text: f.consequence.as_str(),
        headline: &f.headline,
        detail: &f.detail,
        action: f.action.as_deref(),
        target,
    }
}

fn section(s: &Section, id: String) -> Result<SectionView<'_>, RenderError> {
    let blocks = s
        .blocks
        .iter()
        .map(|block| {
            Ok(match block {
                Block::Figure(f) => BlockView::Figure {
                    wide: f.wide.svg_inline()?,
                    narrow: f.narrow.svg_inline()?,
                    caption: &f.caption,
                },
                Block::Table(table) => BlockView::Table { table },
                Block::Note(text) => BlockView::Note { text },
                Block::Items(cards) => BlockView::Items {
                    items: cards
                        .iter()
                        .enumerate()
                        .map(|(k, card)| item(card, format!("{id}-{}", k + 1)))
                        .collect::<Result<_, RenderError>>()?,
                },
            })
        })
        .collect::<Result<Vec<_>, RenderError>>()?;
    Ok(SectionView { id, title: &s.title, lede: &s.lede, blocks })
}

fn item(card: &ItemCard, id: String) -> Result<ItemView<'_>, RenderError> {
    Ok(ItemView {
        id,
        item: &card.item,
        subject: card.subject.as_deref(),
        reasons: &card.reasons,
        question: card.question.as_deref(),
        drawn: card.question.as_deref().is_some_and(is_drawn),
        options: &card.options,
        key_text: card.key_text.as_deref(),
        votes: card.votes.as_ref().map(|c| c.svg_inline()).transpose()?,
    })
}

/// Counts of what was read.
fn totals(report: &Report) -> Vec<String> {
    let p = &report.provenance;
    let read =
        if p.files_read.is_empty() { "bundled data".to_owned() } else { count(p.files_read.len(), "file") };
    let mut out = vec![
        read,
        count(p.n_rows, "row"),
        count(p.n_models, "model"),
        count(report.benchmarks.len(), "benchmark"),
    ];
    if !p.files_skipped.is_empty() {
        out.insert(1, format!("{} left aside", count(p.files_skipped.len(), "file")));
    }
    if p.n_duplicates > 0 {
        out.push(format!("{} said twice", count(p.n_duplicates, "row")));
    }
    if p.n_without_score > 0 {
        let share = p.n_without_score as f64 / p.n_rows.max(1) as f64;
        out.push(format!("{} without a score ({})", count(p.n_without_score, "row"), percent(share)));
    }
    out
}

/// Whether a text is a drawing or a listing: several lines, some of them indented or with runs of blanks.
fn is_drawn(text: &str) -> bool {
    let laid_out = |line: &&str| line.trim_end().contains("  ") || line.starts_with('\t');
    let lines = text.lines().count();
    lines >= 3 && text.lines().filter(laid_out).count() * 3 >= lines
}
