//! How do the flags look as tables? The reading list, the annotator's sheet, repair lists and measures.

use super::effect::{Effect, Repairs};
use super::evaluate::Evaluation;
use super::evidence::{Kind, option_letter};
use super::kind::Zone;
use super::panel::Panel;
use super::report::{Flag, FlagReport};
use super::rules::RuleHit;
use crate::numeric::Estimate;
use crate::numeric::random::stream;
use crate::response::{Item, Table};
use rand::RngExt;
use std::borrow::Cow;

fn letter(option: Option<u8>) -> Option<String> {
    option.map(|k| option_letter(usize::from(k)))
}

fn subject(panel: &Panel, item: usize) -> Option<&str> {
    panel.group[item].map(|g| panel.group_names[g].as_str())
}

impl FlagReport {
    /// Table `flags`: one row for each item, in order of reading.
    pub fn flags_table(&self, panel: &Panel) -> Table {
        let flags = &self.flags;
        let value = |name: &'static str| flags.iter().map(move |f| f.value(name)).collect::<Vec<_>>();
        let end = |high: bool| {
            flags.iter().map(move |f| f.place.interval.map(|(a, b)| if high { b as i64 } else { a as i64 }))
        };
        let rate = |f: &Flag| f.zone.and_then(|z| z.measured_rates(0.95)).map(|r| r.0);
        Table::new("flags")
            .text("benchmark", flags.iter().map(|_| Some(self.benchmark.as_str())))
            .text("subject", flags.iter().map(|f| subject(panel, f.item)))
            .text("item", flags.iter().map(|f| Some(panel.items[f.item].as_str())))
            .whole("rank", flags.iter().map(|f| Some(f.place.rank as i64)))
            .whole("rank_low", end(false))
            .whole("rank_high", end(true))
            .real("score", flags.iter().map(|f| f.score.value))
            .real("probability_top", flags.iter().map(|f| f.place.probability_top))
            .text("kind", flags.iter().map(|f| f.kind.map(Kind::as_str)))
            .text("redux_types", flags.iter().map(|f| f.kind.map(|k| k.redux_types().join(" "))))
            .text("zone", flags.iter().map(|f| f.zone.map(Zone::as_str)))
            .real("zone_rate", flags.iter().map(|f| rate(f).map(|r| r.value)))
            .real("zone_rate_low", flags.iter().map(|f| rate(f).and_then(|r| r.low())))
            .real("zone_rate_high", flags.iter().map(|f| rate(f).and_then(|r| r.high())))
            .text("key", flags.iter().map(|f| letter(panel.chosen.as_ref().and(panel.gold[f.item]))))
            .text("suggested_option", flags.iter().map(|f| letter(f.suggested_option)))
            .text("votes", flags.iter().map(|f| Some(f.votes_text(panel))))
            .whole("n_models", flags.iter().map(|f| Some(i64::from(f.votes.total()))))
            .real("margin", flags.iter().map(|f| f.score.margin))
            .real("group_shortfall", flags.iter().map(|f| f.score.group_shortfall))
            .real("group_margin", flags.iter().map(|f| f.score.group_margin))
            .real("neighbour_margin", flags.iter().map(|f| f.score.neighbour_margin))
            .real("error_rate", value("error_rate"))
            .real("leading_wrong_top_third", value("leading_wrong_top_third"))
            .real("entropy", value("entropy"))
            .real("vote_gap", value("vote_gap"))
            .real("abstention", value("abstention"))
            .real("item_rest", value("item_rest"))
            .real("biserial", value("biserial"))
            .real("mean_tetrachoric", value("mean_tetrachoric"))
            .real("scalability", value("scalability"))
            .real("signed_phi_squared", value("signed_phi_squared"))
            .real("irt_slope", value("irt_slope"))
            .real("infit", value("infit"))
            .real("outfit", value("outfit"))
            .real("weak_surplus", value("weak_surplus"))
            .real("instability", value("instability"))
            .real("variant_instability", value("variant_instability"))
            .real("probability_margin", value("probability_margin"))
            .text("rules", flags.iter().map(|f| rule_names(&f.rules)))
    }

    /// Table `rules`: one row for each rule that an item breaks.
    pub fn rules_table(&self, panel: &Panel) -> Table {
        let mut hits: Vec<&RuleHit> = self.flags.iter().flat_map(|f| &f.rules).collect();
        hits.sort_by_key(|h| (h.item, h.rule, h.other));
        Table::new("rules")
            .text("benchmark", hits.iter().map(|_| Some(self.benchmark.as_str())))
            .text("subject", hits.iter().map(|h| subject(panel, h.item)))
            .text("item", hits.iter().map(|h| Some(panel.items[h.item].as_str())))
            .text("rule", hits.iter().map(|h| Some(h.rule)))
            .text("kind", hits.iter().map(|h| Some(h.kind.as_str())))
            .text("other_item", hits.iter().map(|h| h.other.map(|o| panel.items[o].as_str())))
            .text("detail", hits.iter().map(|h| Some(h.detail.as_str())))
    }

    /// Table `review`: the first `n` items of the reading list for an annotator, without any score and in an
    /// order that `seed` shuffles, with columns to fill in that `read_labels` reads back.
    pub fn review_table(&self, panel: &Panel, items: Option<&[Item]>, n: usize, seed: u64) -> Table {
        let mut chosen: Vec<usize> = self.flags.iter().take(n).map(|f| f.item).collect();
        let mut rng = stream(seed, 0);
        for last in (1..chosen.len()).rev() {
            chosen.swap(last, rng.random_range(0..=last));
        }
        let items = items.filter(|list| list.len() == panel.n_items());
        let known = |f: fn(&Item) -> Option<String>| {
            chosen.iter().map(move |&i| items.and_then(|list| f(&list[i]))).collect::<Vec<_>>()
        };
        let blank = || chosen.iter().map(|_| None::<String>).collect::<Vec<_>>();
        Table::new("review")
            .text("benchmark", chosen.iter().map(|_| Some(self.benchmark.as_str())))
            .text("subject", chosen.iter().map(|&i| subject(panel, i)))
            .text("item", chosen.iter().map(|&i| Some(panel.items[i].as_str())))
            .text("question", known(|i| i.question().map(Cow::into_owned)))
            .text("options", known(lettered_options))
            .text("key", chosen.iter().map(|&i| letter(panel.chosen.as_ref().and(panel.gold[i]))))
            .text("error_type", blank())
            .text("correct_answer", blank())
            .text("comment", blank())
    }

    /// Table `duplicate_pairs`: items that texts and responses both call alike, the clearest first; `None` where the
    /// models are too few, no response model was fitted or there are no texts.
    pub fn duplicate_pairs_table(&self, panel: &Panel) -> Option<Table> {
        let pairs = self.dependent_pairs.as_ref()?;
        let name = |item: usize| Some(panel.items[item].as_str());
        Some(
            Table::new("duplicate_pairs")
                .text("benchmark", pairs.iter().map(|_| Some(self.benchmark.as_str())))
                .text("item", pairs.iter().map(|p| name(p.items.0)))
                .text("other_item", pairs.iter().map(|p| name(p.items.1)))
                .real("q3", pairs.iter().map(|p| Some(p.q3)))
                .real("q3_excess", pairs.iter().map(|p| Some(p.excess)))
                .real("text_similarity", pairs.iter().map(|p| Some(p.text_similarity)))
                .whole("n_models", pairs.iter().map(|p| Some(p.n_models as i64))),
        )
    }

    /// Table `repairs`: what a harness would leave out or key anew, in order of reading.
    pub fn repairs_table(&self, panel: &Panel, repairs: &Repairs) -> Table {
        let action = |f: &Flag| {
            let rekey = repairs.rekey.contains_key(&f.item).then_some("rekey");
            rekey.or(repairs.drop.contains(&f.item).then_some("drop"))
        };
        let listed: Vec<(&Flag, &str)> = self.flags.iter().filter_map(|f| Some((f, action(f)?))).collect();
        let new_key = |f: &Flag| letter(repairs.rekey.get(&f.item).copied());
        Table::new("repairs")
            .text("benchmark", listed.iter().map(|_| Some(self.benchmark.as_str())))
            .text("subject", listed.iter().map(|(f, _)| subject(panel, f.item)))
            .text("item", listed.iter().map(|(f, _)| Some(panel.items[f.item].as_str())))
            .text("action", listed.iter().map(|(_, action)| Some(*action)))
            .text("key", listed.iter().map(|(f, _)| letter(panel.chosen.as_ref().and(panel.gold[f.item]))))
            .text("suggested_option", listed.iter().map(|(f, _)| new_key(f)))
            .text("kind", listed.iter().map(|(f, _)| f.kind.map(Kind::as_str)))
    }
}

fn rule_names(rules: &[RuleHit]) -> Option<String> {
    let mut names: Vec<&str> = rules.iter().map(|r| r.rule).collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(" "))
}

/// `A. first  B. second`, each on its own line.
fn lettered_options(item: &Item) -> Option<String> {
    let options = item.options()?;
    let lines = options.iter().enumerate().map(|(k, o)| format!("{}. {o}", option_letter(k)));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// Table `zones`: measured rates of the zones, for those who read the list.
pub fn zones_table(level: f64) -> Table {
    let rates: Vec<_> = Zone::ALL.iter().map(|z| z.measured_rates(level)).collect();
    let any = |f: fn(&Estimate) -> Option<f64>| rates.iter().map(move |r| r.as_ref().and_then(|r| f(&r.0)));
    let key = |f: fn(&Estimate) -> Option<f64>| rates.iter().map(move |r| r.as_ref().and_then(|r| f(&r.1)));
    let counts = |z: &Zone| {
        let (key, other, sound) = z.measured_counts();
        Some(i64::from(key + other + sound))
    };
    Table::new("zones")
        .text("zone", Zone::ALL.iter().map(|z| Some(z.as_str())))
        .whole("n_items", Zone::ALL.iter().map(counts))
        .real("zone_rate", any(|e| Some(e.value)))
        .real("zone_rate_low", any(Estimate::low))
        .real("zone_rate_high", any(Estimate::high))
        .real("wrong_key_rate", key(|e| Some(e.value)))
        .real("wrong_key_rate_low", key(Estimate::low))
        .real("wrong_key_rate_high", key(Estimate::high))
}

impl Effect {
    /// Table `flag_effect`: one row for each model, as the benchmark stands and with the repairs.
    pub fn table(&self, benchmark: &str) -> Table {
        let m = &self.models;
        let rank = |r: Option<usize>| r.map(|r| r as i64);
        Table::new("flag_effect")
            .text("benchmark", m.iter().map(|_| Some(benchmark)))
            .text("model", m.iter().map(|m| Some(m.before.respondent.as_str())))
            .whole("n_items", m.iter().map(|m| Some(m.before.n_items as i64)))
            .real("score", m.iter().map(|m| m.before.score.map(|s| s.value)))
            .real("score_low", m.iter().map(|m| m.before.score.and_then(|s| s.low())))
            .real("score_high", m.iter().map(|m| m.before.score.and_then(|s| s.high())))
            .whole("rank", m.iter().map(|m| rank(m.before.rank)))
            .real("rank_low", m.iter().map(|m| m.before.rank_interval.map(|i| i.low)))
            .real("rank_high", m.iter().map(|m| m.before.rank_interval.map(|i| i.high)))
            .whole("repaired_n_items", m.iter().map(|m| Some(m.after.n_items as i64)))
            .real("repaired_score", m.iter().map(|m| m.after.score.map(|s| s.value)))
            .real("repaired_score_low", m.iter().map(|m| m.after.score.and_then(|s| s.low())))
            .real("repaired_score_high", m.iter().map(|m| m.after.score.and_then(|s| s.high())))
            .whole("repaired_rank", m.iter().map(|m| rank(m.after.rank)))
            .real("repaired_rank_low", m.iter().map(|m| m.after.rank_interval.map(|i| i.low)))
            .real("repaired_rank_high", m.iter().map(|m| m.after.rank_interval.map(|i| i.high)))
    }
}

impl Evaluation {
    /// Table `flag_quality`: one row for each target and measure.
    pub fn table(&self, benchmark: &str) -> Table {
        let mut rows: Vec<(&'static str, String, Option<Estimate>)> = Vec::new();
        for q in &self.qualities {
            let t = q.target.as_str();
            rows.push((t, "base_rate".into(), Some(Estimate::bare(q.base_rate))));
            rows.extend(q.precision_at.iter().map(|(k, e)| (t, format!("precision_at_{k}"), *e)));
            rows.extend(
                q.recall_at.iter().map(|(b, e)| (t, format!("recall_at_{:.0}_percent", b * 100.0), *e)),
            );
            rows.push((t, "auroc".into(), q.auroc));
            rows.push((t, "auroc_within_subject".into(), q.auroc_within));
            rows.push((t, "average_precision".into(), q.average_precision));
            for (name, d) in [("f1", q.f1), ("f2", q.f2)] {
                rows.push((t, name.into(), d.map(|d| Estimate::bare(d.f_beta))));
                rows.push((t, format!("{name}_precision"), d.map(|d| Estimate::bare(d.precision))));
                rows.push((t, format!("{name}_recall"), d.map(|d| Estimate::bare(d.recall))));
            }
        }
        Table::new("flag_quality")
            .text("benchmark", rows.iter().map(|_| Some(benchmark)))
            .text("target", rows.iter().map(|r| Some(r.0)))
            .text("measure", rows.iter().map(|r| Some(r.1.as_str())))
            .real("value", rows.iter().map(|r| r.2.map(|e| e.value)))
            .real("value_low", rows.iter().map(|r| r.2.and_then(|e| e.low())))
            .real("value_high", rows.iter().map(|r| r.2.and_then(|e| e.high())))
            .whole("n_items", rows.iter().map(|_| Some(self.n_items as i64)))
            .whole("n_groups", rows.iter().map(|_| Some(self.n_groups as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;
    use crate::flags::report::{Context, flag_items};
    use crate::response::Values;

    #[test]
    fn the_review_sheet_is_blind_and_shuffled() {
        let answers = ["AAAA", "BBBB", "ABAB", "AABB", "CCCA", "AAAB"];
        let panel = lettered("AAAAAA", &answers, 4);
        let report = flag_items(&panel, &Context::default(), &Default::default());
        let review = report.review_table(&panel, None, 5, 1);
        assert_eq!(review.n_rows(), 5);
        let shown = [
            "benchmark",
            "subject",
            "item",
            "question",
            "options",
            "key",
            "error_type",
            "correct_answer",
            "comment",
        ];
        assert_eq!(review.columns.iter().map(|c| c.name).collect::<Vec<_>>(), shown);
        let Values::Text(order) = &review.columns[2].values else { panic!("items are text") };
        let list: Vec<Option<String>> =
            report.flags.iter().take(5).map(|f| Some(panel.items[f.item].clone())).collect();
        assert_ne!(order, &list);
        assert_eq!(report.flags_table(&panel).n_rows(), 6);
        assert!(report.repairs_table(&panel, &report.repairs(2)).n_rows() >= 1);
        assert_eq!(zones_table(0.95).n_rows(), 4);
    }
}
