//! What is suspected of each item, in order of reading? All detectors and rules brought together.

use super::confidence::OptionConfidence;
use super::correlations::correlation_evidence;
use super::effective::effective_models;
use super::evidence::{Evidence, Kind, Votes};
use super::fit::{ItemFits, fit_evidence};
use super::instability::Instability;
use super::kind::{Zone, kind_of, suggested_option};
use super::leak::weak_surplus;
use super::margin::leading_wrong_of_strongest;
use super::panel::{DataKind, MIN_MODELS_GROUPS, Panel};
use super::ranking::{Place, Ranking, RankingOptions, Score, rank};
use super::residual_pairs::{DependentPair, dependent_pairs};
use super::rules::position::{PositionBalance, position_balance};
use super::rules::{self, RuleHit, duplicates::near_pairs};
use super::votes::votes;
use super::{abstention, accuracy, split};
use crate::classical::ItemStatistics;
use crate::response::{Item, ResponseTable};
use serde::Serialize;

/// What else is known beside the answers. Everything is optional; lists are by item of the panel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The items with their text.
    pub items: Option<&'a [Item]>,
    /// Classical statistics.
    pub classical: Option<&'a [ItemStatistics]>,
    /// A fitted response model.
    pub fits: Option<&'a ItemFits>,
    /// Instability over repeats and prompt variants.
    pub instability: Option<&'a [Instability]>,
    /// Option probabilities.
    pub confidence: Option<&'a OptionConfidence>,
}

/// One item with what is suspected of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    /// Position of the item in the panel.
    pub item: usize,
    /// Its place in the order of reading.
    pub place: Place,
    /// Its score and the parts of it.
    pub score: Score,
    /// What is suspected; `None` where nothing is.
    pub kind: Option<Kind>,
    /// Where its votes fall.
    pub zone: Option<Zone>,
    /// The option that would be the key if the panel is right.
    pub suggested_option: Option<u8>,
    /// Who chose what.
    pub votes: Votes,
    /// The grounds.
    pub evidence: Vec<Evidence>,
    /// Rules that it breaks.
    pub rules: Vec<RuleHit>,
}

impl Flag {
    /// Its votes in words: by option where the panel has letters, else how many are right.
    pub fn votes_text(&self, panel: &Panel) -> String {
        if panel.chosen.is_some() { self.votes.text() } else { self.votes.text_of_scores() }
    }

    /// The value of a statistic, where it could be computed.
    pub fn value(&self, statistic: &str) -> Option<f64> {
        self.evidence.iter().find(|e| e.statistic == statistic).map(|e| e.value)
    }
}

/// All items of one benchmark in order of reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlagReport {
    /// The benchmark.
    pub benchmark: String,
    /// In order of reading.
    pub flags: Vec<Flag>,
    /// Number of models.
    pub n_models: usize,
    /// Number of families, the units of the rank intervals.
    pub n_families: usize,
    /// Number of independent models that the panel is worth: `J / (1 + (J − 1) ρ̄)`, ρ̄ the mean correlation
    /// of the models' errors.
    pub effective_models: Option<f64>,
    /// Size of the reading list that the probabilities are of.
    pub top: usize,
    /// The ranking as it was made.
    pub ranking: Ranking,
    /// Pairs that text and responses both call alike; `None` where that could not be tested.
    pub dependent_pairs: Option<Vec<DependentPair>>,
    /// How keys are spread over positions.
    pub positions: Vec<PositionBalance>,
    /// What could not be done, and why.
    pub notes: Vec<String>,
}

/// Runs every detector that the data allow and puts the items in order.
pub fn flag_items(panel: &Panel, context: &Context, options: &RankingOptions) -> FlagReport {
    let n = panel.n_items();
    let items = context.items.filter(|i| i.len() == n);
    let texts: Option<Vec<String>> = items.map(|items| items.iter().map(text_of).collect());
    let texts = texts.filter(|texts| texts.iter().any(|t| !t.trim().is_empty()));
    let ranking = rank(panel, texts.as_deref(), options);
    let hits = items.map(rules::check).unwrap_or_default();
    let by_item = votes(panel);
    let overall = abstention::overall_share(&by_item);
    let wrong = accuracy::error_rate(panel);
    let surplus = weak_surplus(panel);
    let order = panel.by_ability();
    let strongest = &order[..order.len().div_ceil(3)];
    let mut flags: Vec<Flag> = by_item
        .into_iter()
        .enumerate()
        .map(|(i, votes)| {
            let mut evidence = Vec::new();
            let margin = ranking.scores[i].margin;
            evidence.extend(margin.map(|m| Evidence::above("margin", m, 0.0, votes.total() as usize)));
            evidence.extend(wrong[i].clone());
            evidence.extend(
                leading_wrong_of_strongest(panel, strongest, i).map(|(share, _)| {
                    Evidence::above("leading_wrong_top_third", share, 0.5, strongest.len())
                }),
            );
            if panel.chosen.is_some() {
                evidence.extend(split::entropy(&votes));
                evidence.extend(split::gap(&votes));
                evidence.extend(abstention::abstention(&votes, overall));
            }
            evidence.extend(surplus[i].clone());
            evidence
                .extend(context.classical.and_then(|c| c.get(i)).into_iter().flat_map(correlation_evidence));
            evidence.extend(context.fits.into_iter().flat_map(|f| fit_evidence(f, i, panel.n_models())));
            if let Some(instability) = context.instability.and_then(|all| all.get(i)) {
                evidence.extend(instability.repeats.clone());
                evidence.extend(instability.variants.clone());
            }
            evidence.extend(context.confidence.and_then(|c| c.margin.get(i).cloned().flatten()));
            let kind = kind_of(panel.kind, &votes, &evidence);
            Flag {
                item: i,
                place: ranking.places[i],
                score: ranking.scores[i],
                kind,
                zone: panel.chosen.is_some().then(|| Zone::of(&votes)).flatten(),
                suggested_option: panel.chosen.is_some().then(|| suggested_option(&votes)).flatten(),
                votes,
                evidence,
                rules: Vec::new(),
            }
        })
        .collect();
    for hit in hits {
        let flag = &mut flags[hit.item];
        if matches!(flag.kind, None | Some(Kind::Saturated)) {
            flag.kind = Some(hit.kind);
        }
        flag.rules.push(hit);
    }
    flags.sort_by_key(|f| f.place.rank);
    let expected = context.fits.and_then(|f| f.expected.as_ref());
    let pairs = expected
        .zip(items.filter(|_| texts.is_some()))
        .and_then(|(expected, items)| dependent_pairs(panel, expected, &near_pairs(items)));
    FlagReport {
        benchmark: panel.benchmark.clone(),
        flags,
        n_models: panel.n_models(),
        n_families: ranking.n_families,
        effective_models: effective_models(panel),
        top: ranking.top,
        notes: notes(panel, &ranking, texts.is_some()),
        ranking,
        dependent_pairs: pairs,
        positions: items.map(position_balance).unwrap_or_default(),
    }
}

/// The items of a benchmark in the order of its matrix, with whatever text the dump has.
pub fn panel_items(table: &ResponseTable, benchmark: &str) -> Vec<Item> {
    table.items.iter().filter(|i| i.benchmark == benchmark).cloned().collect()
}

/// Question and options in one line, as the neighbours are sought.
pub fn text_of(item: &Item) -> String {
    let mut text = item.question().unwrap_or_default().into_owned();
    for option in item.options().unwrap_or_default().iter() {
        text.push(' ');
        text.push_str(option);
    }
    text
}

fn notes(panel: &Panel, ranking: &Ranking, has_text: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if panel.kind != DataKind::Letters {
        notes.push(
            "the data do not say which option was chosen: ranked by the error rate with what subject and text add, \
             which finds less than votes do, and no key can be suggested"
                .to_owned(),
        );
    }
    if panel.n_models() < MIN_MODELS_GROUPS {
        notes.push(format!(
            "{} models: votes only; group statistics need {MIN_MODELS_GROUPS}",
            panel.n_models()
        ));
    }
    if ranking.ceilings.is_none() && panel.n_models() >= MIN_MODELS_GROUPS {
        notes.push("no shortfall of groups: it needs three groups of twenty items".to_owned());
    }
    if !has_text {
        notes.push("no text of the items: neighbours by text and rules on content are left out".to_owned());
    }
    if ranking.n_families < 3 {
        notes.push(format!("{} model families: no rank intervals, which need three", ranking.n_families));
    }
    let without = ranking.scores.iter().filter(|s| s.value.is_none()).count();
    if without > 0 {
        notes.push(format!("{without} items without an answer or a known key stand last, unranked"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn every_item_has_a_flag_with_evidence_and_rules_stand_beside_it() {
        let panel = lettered("AAB", &["AAA", "BBB", "BBB"], 2);
        let items: Vec<Item> = (0..3)
            .map(|i| Item {
                question: Some(if i == 2 { String::new() } else { format!("question {i}") }.into()),
                options: Some(["yes", "no"].map(str::to_owned).to_vec().into()),
                ..Item::new("b", None, format!("i{i}"))
            })
            .collect();
        let context = Context { items: Some(&items), ..Default::default() };
        let report = flag_items(&panel, &context, &RankingOptions::default());
        assert_eq!(report.flags[0].item, 1);
        assert_eq!(report.flags[0].kind, Some(Kind::KeySuspect));
        assert_eq!(report.flags[0].suggested_option, Some(1));
        assert!(report.flags.iter().all(|f| !f.evidence.is_empty()));
        let empty = report.flags.iter().find(|f| f.item == 2).unwrap();
        assert_eq!((empty.rules[0].rule, empty.kind), ("empty_question", Some(Kind::ClaritySuspect)));
        assert!(report.notes.iter().any(|n| n.contains("votes only")));
    }
}
