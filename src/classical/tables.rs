//! How do the results look as tables? One table for items, reliability, options and near-copies.

use super::{ClassicalAnalysis, ClonePair, ItemStatistics, OptionShare, Reliability};
use crate::numeric::Estimate;
use crate::response::Table;

fn value(e: Option<Estimate>) -> Option<f64> {
    e.map(|e| e.value)
}

fn std_error(e: Option<Estimate>) -> Option<f64> {
    e.and_then(|e| e.std_error)
}

fn low(e: Option<Estimate>) -> Option<f64> {
    e.and_then(|e| e.low())
}

fn high(e: Option<Estimate>) -> Option<f64> {
    e.and_then(|e| e.high())
}

impl ClassicalAnalysis {
    /// Table `items`: one row for each item.
    pub fn items_table(&self, benchmark: &str) -> Table {
        let items = &self.items;
        let real = |f: fn(&ItemStatistics) -> Option<f64>| items.iter().map(f).collect::<Vec<_>>();
        Table::new("items")
            .text("benchmark", items.iter().map(|_| Some(benchmark)))
            .text("subject", items.iter().map(|i| i.subject.as_deref()))
            .text("item", items.iter().map(|i| Some(i.item.as_str())))
            .whole("n_models", items.iter().map(|i| Some(i.n_responses as i64)))
            .real("difficulty", real(|i| value(i.difficulty)))
            .real("difficulty_se", real(|i| std_error(i.difficulty)))
            .real("difficulty_low", real(|i| low(i.difficulty)))
            .real("difficulty_high", real(|i| high(i.difficulty)))
            .real("item_rest", real(|i| value(i.item_rest)))
            .real("item_rest_se", real(|i| std_error(i.item_rest)))
            .real("item_rest_low", real(|i| low(i.item_rest)))
            .real("item_rest_high", real(|i| high(i.item_rest)))
            .real("biserial", real(|i| value(i.biserial)))
            .real("biserial_se", real(|i| std_error(i.biserial)))
            .real("biserial_low", real(|i| low(i.biserial)))
            .real("biserial_high", real(|i| high(i.biserial)))
            .real("upper_lower", real(|i| value(i.upper_lower)))
            .real("upper_lower_se", real(|i| std_error(i.upper_lower)))
            .real("upper_lower_low", real(|i| low(i.upper_lower)))
            .real("upper_lower_high", real(|i| high(i.upper_lower)))
            .real("scalability", real(|i| i.scalability))
            .real("mean_tetrachoric", real(|i| i.mean_tetrachoric))
            .real("signed_phi_squared", real(|i| i.signed_phi_squared))
            .real("alpha_without", real(|i| i.alpha_without))
            .text("discrimination_sign", items.iter().map(|i| Some(i.sign.as_str())))
            .truth("at_floor", items.iter().map(|i| Some(i.at_floor)))
            .truth("at_ceiling", items.iter().map(|i| Some(i.at_ceiling)))
    }

    /// Table `reliability`: one row for the benchmark, with an empty subject, and one for each subject.
    pub fn reliability_table(&self, benchmark: &str) -> Table {
        let rows: Vec<(Option<&str>, &Reliability)> = std::iter::once((None, &self.overall))
            .chain(self.subjects.iter().map(|(name, r)| (Some(name.as_str()), r)))
            .collect();
        let real = |f: fn(&Reliability) -> Option<f64>| rows.iter().map(|(_, r)| f(r)).collect::<Vec<_>>();
        Table::new("reliability")
            .text("benchmark", rows.iter().map(|_| Some(benchmark)))
            .text("subject", rows.iter().map(|(name, _)| *name))
            .whole("n_models", rows.iter().map(|(_, r)| Some(r.n_respondents as i64)))
            .whole("n_items", rows.iter().map(|(_, r)| Some(r.n_items as i64)))
            .real("mean_score", real(|r| r.mean_score))
            .real("sd_score", real(|r| r.sd_score))
            .real("alpha", real(|r| value(r.alpha)))
            .real("alpha_se", real(|r| std_error(r.alpha)))
            .real("alpha_low", real(|r| low(r.alpha)))
            .real("alpha_high", real(|r| high(r.alpha)))
            .real("lambda2", real(|r| r.lambda2))
            .real("split_half", real(|r| r.split_half.map(|s| s.mean)))
            .real("split_half_low", real(|r| r.split_half.map(|s| s.low)))
            .real("split_half_high", real(|r| r.split_half.map(|s| s.high)))
            .real("scalability", real(|r| r.scalability))
            .real("standard_error_of_measurement", real(|r| r.standard_error_of_measurement))
            .real("share_floor", real(|r| r.share_floor))
            .real("share_ceiling", real(|r| r.share_ceiling))
            .real("share_negative", real(|r| r.share_negative))
            .real("share_clearly_negative", real(|r| r.share_clearly_negative))
            .real("effective_models", real(|r| Some(r.effective_respondents)))
            .text("note", rows.iter().map(|(_, r)| (!r.notes.is_empty()).then(|| r.notes.join("; "))))
    }

    /// Table `option_shares`: one row for each option of each item, and one for "no option" (empty `option`).
    pub fn option_shares_table(&self, benchmark: &str) -> Table {
        let rows: Vec<(&ItemStatistics, &OptionShare)> =
            (self.items.iter()).flat_map(|i| i.options.iter().flatten().map(move |o| (i, o))).collect();
        let share = |third: usize| rows.iter().map(move |(_, o)| o.share_in(third)).collect::<Vec<_>>();
        Table::new("option_shares")
            .text("benchmark", rows.iter().map(|_| Some(benchmark)))
            .text("subject", rows.iter().map(|(i, _)| i.subject.as_deref()))
            .text("item", rows.iter().map(|(i, _)| Some(i.item.as_str())))
            .whole("option", rows.iter().map(|(_, o)| o.option.map(i64::from)))
            .truth("is_key", rows.iter().map(|(_, o)| Some(o.is_key)))
            .whole("n_chosen", rows.iter().map(|(_, o)| Some(o.n_chosen() as i64)))
            .real("share", rows.iter().map(|(_, o)| o.share()))
            .real("share_lower_third", share(0))
            .real("share_middle_third", share(1))
            .real("share_upper_third", share(2))
            .real("option_rest", rows.iter().map(|(_, o)| o.rest_correlation))
    }

    /// Table `clones`: one row for each pair of near-copies.
    pub fn clones_table(&self, benchmark: &str) -> Table {
        let pairs: &[ClonePair] = &self.clones;
        Table::new("clones")
            .text("benchmark", pairs.iter().map(|_| Some(benchmark)))
            .text("model", pairs.iter().map(|p| Some(p.first.as_str())))
            .text("other_model", pairs.iter().map(|p| Some(p.second.as_str())))
            .whole("n_items", pairs.iter().map(|p| Some(p.n_items as i64)))
            .real("agreement", pairs.iter().map(|p| Some(p.agreement)))
            .real("expected_agreement", pairs.iter().map(|p| p.expected_agreement))
            .real("residual_correlation", pairs.iter().map(|p| Some(p.residual_correlation)))
            .truth("identical", pairs.iter().map(|p| Some(p.identical)))
            .real("same_wrong_option", pairs.iter().map(|p| p.same_wrong_option))
    }
}
