//! Which items may be broken, and what speaks against them in words that an expert of the field understands?

use super::finding::{Consequence, Finding, NotRun};
use super::look_at::{self, Suspect, Votes, option_label};
use super::section::{Block, Method, Section, SectionId, TableView};
use super::words::{count, count_of, estimate, percent};
use crate::flags::evidence::Votes as FlagVotes;
use crate::flags::panel::DataKind;
use crate::flags::{Flag, FlagReport, Kind, Panel, Zone};
use crate::response::Item;
use std::collections::BTreeMap;

/// Items shown at most; all are in `flags.csv`.
const MOST: usize = 12;
/// Broken rules listed at most; all are in `rules.csv`.
const RULES: usize = 20;
/// From this share of items that no ability gets right, a subject is named as a ground.
const SHORTFALL: f64 = 0.1;

/// What the detectors found out about one benchmark.
#[derive(Debug, Clone, Copy)]
pub struct FlagInputs<'a> {
    /// The answers.
    pub panel: &'a Panel,
    /// The items of the panel with their text.
    pub items: &'a [Item],
    /// The flags.
    pub report: &'a FlagReport,
}

/// The head of the reading list with its grounds, the measured rates of its zones, and broken rules.
///
/// # Errors
/// When no item is suspected of anything.
pub fn section(inputs: &FlagInputs) -> Result<(Section, Vec<Finding>), NotRun> {
    let suspects: Vec<Suspect> = inputs
        .report
        .flags
        .iter()
        .filter(|f| suspected(f))
        .take(MOST)
        .map(|flag| suspect(inputs, flag))
        .collect();
    let (mut section, _) = look_at::section(&suspects, lede(inputs), methods())?;
    if inputs.panel.chosen.is_some() {
        section.blocks.push(Block::Table(zones(inputs.report)));
    }
    section.blocks.extend(rules(inputs).map(Block::Table));
    Ok((section, findings(inputs)))
}

/// Whether a person should look: an item that everybody gets right is no suspect.
fn suspected(flag: &Flag) -> bool {
    !matches!(flag.kind, None | Some(Kind::Saturated))
}

fn lede(inputs: &FlagInputs) -> String {
    let letters = match inputs.panel.kind {
        DataKind::Letters => "what the models chose instead of the key",
        DataKind::Binary => "how many models fail (the data do not say which option they chose)",
        DataKind::Graded => "how little credit the models get",
    };
    format!(
        "The items most likely to be broken first, judged by {letters} and by how the items around them fare. \
         Nothing has read the text: these are suspicions. Read the question and its key, and decide."
    )
}

fn suspect<'a>(inputs: &FlagInputs<'a>, flag: &Flag) -> Suspect<'a> {
    Suspect {
        item: inputs.panel.items[flag.item].clone(),
        subject: inputs.panel.group[flag.item].map(|g| inputs.panel.group_names[g].clone()),
        reasons: reasons(inputs, flag),
        text: inputs.items.get(flag.item),
        votes: inputs.panel.chosen.is_some().then(|| votes(&flag.votes)),
    }
}

/// The votes with thirds from the weakest, as the chart wants them.
fn votes(votes: &FlagVotes) -> Votes {
    let n = votes.by_option.len();
    let third = |k: usize| [2, 1, 0].map(|t: usize| votes.by_third[t].get(k).copied().unwrap_or(0) as usize);
    let mut by_option: Vec<(Option<usize>, [usize; 3])> = (0..n).map(|k| (Some(k), third(k))).collect();
    if votes.none > 0 {
        by_option.push((None, third(n)));
    }
    Votes {
        by_option,
        attempts: [2, 1, 0].map(|t: usize| votes.by_third[t].iter().map(|n| *n as usize).sum()),
        key: votes.key.map(usize::from),
    }
}

/// The grounds of one item, the strongest first.
fn reasons(inputs: &FlagInputs, flag: &Flag) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let models = flag.votes.total() as usize;
    if let (Some(key), true) = (flag.votes.key, inputs.panel.chosen.is_some()) {
        let own = flag.votes.by_option.get(usize::from(key)).copied().unwrap_or(0);
        if let Some(rival) = flag.votes.leading_wrong() {
            let most = flag.votes.by_option[usize::from(rival)];
            out.push(format!(
                "{most} of {} choose {}; the key {} gets {own}.",
                count(models, "model"),
                option_label(usize::from(rival)),
                option_label(usize::from(key)),
            ));
        }
    } else if let Some(wrong) = flag.value("error_rate") {
        out.push(format!("{} of {} get it wrong.", percent(wrong), count(models, "model")));
    }
    out.extend(flag.evidence.iter().filter(|e| e.suspicious).filter_map(|e| in_words(e.statistic, e.value)));
    if let Some(shortfall) = flag.score.group_shortfall.filter(|s| *s >= SHORTFALL) {
        out.push(format!(
            "Its subject does not get easier for abler models as others do: about {} of its items look out of reach \
             of any ability.",
            percent(shortfall)
        ));
    }
    out.extend(flag.rules.iter().map(|r| format!("By rule: {}.", r.detail.trim_end_matches('.'))));
    if let Some(option) = flag.suggested_option {
        out.push(format!("If the models are right, the key is {}.", option_label(usize::from(option))));
    }
    if let Some((rate, _)) = flag.zone.and_then(|z| z.measured_rates(0.95)) {
        out.push(format!(
            "Where votes fell like this on MMLU-Redux, annotators found a fault in {} of the items{}.",
            percent(rate.value),
            rate.interval.map_or(String::new(), |i| format!(" ({} to {})", percent(i.low), percent(i.high)))
        ));
    }
    if let Some((low, high)) = flag.place.interval {
        out.push(format!(
            "Place {} of {}; with other models it might be {low} to {high}.",
            flag.place.rank,
            inputs.report.flags.len()
        ));
    }
    out
}

/// A suspicious statistic as a sentence; nothing for those that the votes already tell.
fn in_words(statistic: &str, value: f64) -> Option<String> {
    Some(match statistic {
        "leading_wrong_top_third" => {
            format!("{} of the strongest third of the models agree on one wrong option.", percent(value))
        }
        "item_rest" | "biserial" => {
            if statistic == "biserial" {
                return None;
            }
            format!("Models that do well elsewhere do worse here (item–rest correlation {value:.2}).")
        }
        "abstention" => format!("{} of the answers name no option that could be read.", percent(value)),
        "vote_gap" => "The two leading options are nearly level.".to_owned(),
        "weak_surplus" => format!(
            "The weakest third does far better than its results elsewhere suggest ({value:.1} standard deviations): \
             the item may have leaked, or a cue gives it away."
        ),
        "instability" => {
            format!(
                "Asked again, models change their answer ({} of repeats off their usual one).",
                percent(value)
            )
        }
        "variant_instability" => format!(
            "With the prompt worded differently, models change their answer ({} off their usual one).",
            percent(value)
        ),
        _ => return None,
    })
}

/// Items of this benchmark by zone, with the rates measured elsewhere.
fn zones(report: &FlagReport) -> TableView {
    let mut held: BTreeMap<Zone, usize> = BTreeMap::new();
    for zone in report.flags.iter().filter_map(|f| f.zone) {
        *held.entry(zone).or_default() += 1;
    }
    let words = |zone: Zone| match zone {
        Zone::OneAgainstKey => "one other option ≥ 80 %, key ≤ 10 %",
        Zone::PluralityAgainstKey => "another option leads the key",
        Zone::KeyLeads => "the key leads with less than 90 %",
        Zone::KeyAgreed => "the key has 90 % or more",
    };
    let rows = Zone::ALL
        .into_iter()
        .map(|zone| {
            let rates = zone.measured_rates(0.95);
            let cell = |e: Option<crate::numeric::Estimate>| e.map_or("–".to_owned(), |e| estimate(&e, 3));
            vec![
                words(zone).to_owned(),
                held.get(&zone).copied().unwrap_or(0).to_string(),
                cell(rates.map(|r| r.0)),
                cell(rates.map(|r| r.1)),
            ]
        })
        .collect();
    TableView::new(
        "Where the votes fall here, and what annotators found in such items of MMLU-Redux under 20 strong models \
         (with 95 % intervals): rates of another benchmark, not of this one",
        &["votes", "#items here", "#any fault there", "#wrong key there"],
        rows,
    )
}

fn rules(inputs: &FlagInputs) -> Option<TableView> {
    let mut hits: Vec<_> = inputs.report.flags.iter().flat_map(|f| &f.rules).collect();
    if hits.is_empty() {
        return None;
    }
    hits.sort_by_key(|h| (h.rule, h.item));
    let rows: Vec<Vec<String>> = hits
        .iter()
        .map(|h| vec![inputs.panel.items[h.item].clone(), h.rule.replace('_', " "), h.detail.clone()])
        .collect();
    let caption =
        format!("{} found by rules on the text, apart from the ranking", count(rows.len(), "fault"));
    Some(
        TableView::new(caption, &["item", "rule", "what was seen"], rows)
            .limited(RULES, "rules.csv")
            .folded(),
    )
}

fn findings(inputs: &FlagInputs) -> Vec<Finding> {
    let flags = &inputs.report.flags;
    let all = flags.len();
    let key = flags.iter().filter(|f| f.kind == Some(Kind::KeySuspect)).count();
    let broken = flags.iter().filter(|f| !f.rules.is_empty()).count();
    let share = |n: usize| n as f64 / all.max(1) as f64;
    let mut out = Vec::new();
    if key > 0 {
        let letters = inputs.panel.chosen.is_some();
        out.push(Finding {
            consequence: Consequence::Care,
            weight: share(key),
            headline: if letters {
                format!("On {} most models agree on an option that is not the key.", count_of(key, all, "item"))
            } else {
                format!("Most models fail {}.", count_of(key, all, "item"))
            },
            detail: if letters {
                format!(
                    "Such an item is hard, or its key is wrong. On MMLU-Redux annotators found a fault in {} of the \
                     items with one option at 80 % or more against the key.",
                    Zone::OneAgainstKey.measured_rates(0.95).map_or("–".to_owned(), |r| percent(r.0.value))
                )
            } else {
                "Whether they are hard or broken cannot be told without the options that the models chose.".to_owned()
            },
            action: Some("Read the first ones under “Items to look at”; flags.csv lists all.".to_owned()),
            section: Some(SectionId::LookAt),
        });
    }
    if broken > 0 {
        out.push(Finding {
            consequence: Consequence::Care,
            weight: share(broken),
            headline: format!(
                "{} {} a rule on its text: repeated, empty, or with faulty options.",
                count_of(broken, all, "item"),
                if broken == 1 { "breaks" } else { "break" }
            ),
            detail: "Rules see what is written, whatever the models answer.".to_owned(),
            action: Some("rules.csv names each with what was seen.".to_owned()),
            section: Some(SectionId::LookAt),
        });
    }
    out
}

fn methods() -> Vec<Method> {
    vec![
        Method::new(
            "Order of reading",
            "The vote against the key, each model weighted by how well it does on the rest of the subject, plus what \
             the subject and the items most like it in text say beforehand, divided by the number of independent \
             models the panel is worth. The weights are fixed; no label of this benchmark has been used.",
            Some("Nitzan & Paroush 1982, doi:10.2307/2526438; the measured quality is in docs/flags.md."),
        ),
        Method::new(
            "Places with other models",
            "Families of models are drawn again with replacement, all items are ranked anew, and the middle 95 % of an \
             item's places are its interval.",
            None,
        ),
        Method::new(
            "Rates of votes like these",
            "Share of the 5,700 items of MMLU-Redux in the same zone that annotators called faulty, with Wilson's \
             interval.",
            Some("Gema et al. 2024, arXiv:2406.04127; Wilson 1927, doi:10.1080/01621459.1927.10502953."),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::{Context, RankingOptions, flag_items};
    use crate::response::{BitMatrix, Cells, Metric, OptionPlanes, ResponseMatrix};
    use ndarray::Array2;

    /// Eight models on ten items keyed A; on the first all but one choose B.
    fn panel() -> Panel {
        let chosen = Array2::from_shape_fn((10, 8), |(i, j)| u8::from(i == 0 && j > 0));
        let bits = BitMatrix::from_fn(10, 8, |i, j| Some(chosen[[i, j]] == 0));
        let planes = OptionPlanes { gold: chosen.mapv(|_| 0), chosen, n_options: vec![4; 10] };
        let matrix = ResponseMatrix::new(
            "b",
            Metric::new("b", "acc", None),
            (0..8).map(|j| format!("m{j}").into()).collect(),
            (0..10).map(|i| format!("i{i}").into()).collect(),
            &vec![None; 10],
            Cells::Binary(bits),
            Some(planes),
        );
        Panel::new(&matrix, None).unwrap()
    }

    #[test]
    fn a_suspect_is_described_in_words_with_its_votes_and_no_certainty() {
        let panel = panel();
        let report = flag_items(&panel, &Context::default(), &RankingOptions::default());
        let inputs = FlagInputs { panel: &panel, items: &[], report: &report };
        let (section, findings) = section(&inputs).unwrap();
        let Block::Items(cards) = &section.blocks[0] else { panic!("cards come first") };
        assert_eq!(cards.len(), 1, "items that everybody gets right are no suspects");
        assert_eq!(cards[0].reasons[0], "7 of 8 models choose B; the key A gets 1.");
        assert!(cards[0].reasons.iter().any(|r| r.contains("If the models are right, the key is B")));
        assert!(cards[0].reasons.iter().any(|r| r.contains("MMLU-Redux")));
        assert!(findings[0].headline.contains("1 of 10 items"));
        let text = format!("{:?}", section.lede) + &findings[0].detail;
        assert!(!text.contains("certain"));
    }
}
