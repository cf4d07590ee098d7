//! What does the user read in the terminal? The first items, and what the list is worth.

use super::work::Flagged;
use crate::cli::console::Console;
use crate::flags::evidence::option_letter;
use crate::flags::panel::DataKind;
use crate::flags::{Flag, Kind};
use crate::render::text::table;
use crate::report::TableView;
use serde::Serialize;
use std::collections::BTreeMap;

/// Items shown in the terminal.
const SHOWN: usize = 10;

/// One benchmark in the summary.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub benchmark: String,
    pub data: DataKind,
    pub n_models: usize,
    pub n_families: usize,
    pub effective_models: Option<f64>,
    pub n_items: usize,
    pub top: usize,
    /// Items of each kind of suspicion, over the whole benchmark.
    pub kinds: BTreeMap<&'static str, usize>,
    pub n_key_suspects: usize,
    pub n_rule_hits: usize,
    pub repairs: RepairsSummary,
    pub first_items: Vec<FirstItem>,
    pub notes: Vec<String>,
}

/// What the repairs of the reading list are and change.
#[derive(Debug, Serialize)]
pub struct RepairsSummary {
    pub n_dropped: usize,
    pub n_rekeyed: usize,
    pub n_rank_changes: Option<usize>,
    pub mean_score: Option<f64>,
    pub repaired_mean_score: Option<f64>,
}

/// One item at the head of the list.
#[derive(Debug, Serialize)]
pub struct FirstItem {
    pub rank: usize,
    pub item: String,
    pub kind: Option<Kind>,
    pub score: Option<f64>,
    pub probability_top: Option<f64>,
    pub votes: String,
    pub suggested_option: Option<String>,
}

impl Summary {
    pub fn of(one: &Flagged) -> Self {
        let report = &one.report;
        let kinds = kinds_of(&report.flags);
        let mut notes = report.notes.clone();
        let effect = one.effect.as_ref().map_err(|reason| notes.push(reason.clone())).ok();
        notes.extend(effect.into_iter().flat_map(|e| e.warnings.iter().cloned()));
        let mean = |scores: Vec<f64>| crate::numeric::describe::mean(&scores);
        let first_items = report.flags.iter().take(SHOWN).map(|f| FirstItem {
            rank: f.place.rank,
            item: one.panel.items[f.item].clone(),
            kind: f.kind,
            score: f.score.value,
            probability_top: f.place.probability_top,
            votes: f.votes_text(&one.panel),
            suggested_option: suggestion(f),
        });
        Self {
            benchmark: report.benchmark.clone(),
            data: one.panel.kind,
            n_models: report.n_models,
            n_families: report.n_families,
            effective_models: report.effective_models,
            n_items: report.flags.len(),
            top: report.top,
            n_key_suspects: kinds.get(Kind::KeySuspect.as_str()).copied().unwrap_or(0),
            kinds,
            n_rule_hits: report.flags.iter().map(|f| f.rules.len()).sum(),
            repairs: RepairsSummary {
                n_dropped: one.repairs.drop.len(),
                n_rekeyed: one.repairs.rekey.len(),
                n_rank_changes: effect.map(|e| e.n_rank_changes),
                mean_score: effect.and_then(|e| {
                    mean(e.models.iter().filter_map(|m| m.before.score.map(|s| s.value)).collect())
                }),
                repaired_mean_score: effect.and_then(|e| {
                    mean(e.models.iter().filter_map(|m| m.after.score.map(|s| s.value)).collect())
                }),
            },
            first_items: first_items.collect(),
            notes,
        }
    }
}

/// How many items are suspected of what.
fn kinds_of(flags: &[Flag]) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for kind in flags.iter().filter_map(|f| f.kind) {
        *kinds.entry(kind.as_str()).or_insert(0) += 1;
    }
    kinds
}

fn suggestion(flag: &Flag) -> Option<String> {
    flag.suggested_option.map(|k| option_letter(usize::from(k)))
}

/// The head of the list as a table, with what it is worth.
pub fn text(one: &Flagged, summary: &Summary, console: &Console) -> String {
    let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.2}"));
    let rows = one
        .report
        .flags
        .iter()
        .take(SHOWN)
        .map(|f| {
            vec![
                f.place.rank.to_string(),
                one.panel.items[f.item].clone(),
                f.kind.map_or("–", Kind::as_str).to_owned(),
                number(f.score.value),
                f.place.interval.map_or("–".to_owned(), |(low, high)| format!("{low}–{high}")),
                number(f.place.probability_top),
                f.votes_text(&one.panel),
                suggestion(f).unwrap_or_else(|| "–".to_owned()),
            ]
        })
        .collect();
    let top = format!("#P(top {})", summary.top);
    let headings = ["#rank", "item", "suspicion", "#score", "#rank 95 %", &top, "votes, key *", "suggested"];
    let effective =
        summary.effective_models.map_or(String::new(), |n| format!(" (worth {n:.1} independent ones)"));
    let title =
        format!("{}: {} items, {} models{effective}\n", summary.benchmark, summary.n_items, summary.n_models);
    let mut out = title + &table(&TableView::new("", &headings, rows), &console.text_options());
    let words = |kinds: &BTreeMap<&str, usize>| {
        let words: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    };
    let first = summary.top.min(one.report.flags.len());
    if !summary.kinds.is_empty() {
        let head = words(&kinds_of(&one.report.flags[..first]));
        out.push_str(&format!("suspicions among the first {first}: {head}\n"));
        if first < one.report.flags.len() {
            let all = words(&summary.kinds);
            out.push_str(&format!("suspicions down to the end of the list, ever less likely: {all}\n"));
        }
        out.push_str(&format!("{} broken rules\n", summary.n_rule_hits));
    }
    let repairs = &summary.repairs;
    if let (Some(changes), Some(before), Some(after)) =
        (repairs.n_rank_changes, repairs.mean_score, repairs.repaired_mean_score)
    {
        out.push_str(&format!(
            "dropping {} and re-keying {} of the first {}: mean score {before:.4} to {after:.4}, {changes} models \
             change rank\n",
            repairs.n_dropped, repairs.n_rekeyed, summary.top
        ));
    }
    out
}
