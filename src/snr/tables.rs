//! How do signal, noise, decisions and gains look as tables?

use super::analyse::{SnrAnalysis, TaskSnr};
use super::options::SnrOptions;
use super::published::SignalNoise;
use super::variants::variants;
use crate::numeric::Estimate;
use crate::response::{ScoreTable, SeriesName, Table};

impl SnrAnalysis {
    /// The table `snr`: one row for each task, metric, setting and size.
    pub fn snr_table(&self, options: &SnrOptions) -> Table {
        let rows = || self.tasks.iter();
        let real = |of: fn(&TaskSnr) -> Option<f64>| rows().map(of);
        let whole = |of: fn(&TaskSnr) -> Option<u64>| rows().map(move |t| of(t).map(|n| n as i64));
        named("snr", rows().map(|t| &t.name))
            .text("scale", rows().map(|t| Some(t.scale.as_str())))
            .truth("higher_is_better", rows().map(|t| Some(t.higher_is_better)))
            .text("unit", rows().map(|t| Some(t.unit.as_str())))
            .whole("n_models", whole(|t| Some(t.n_models as u64)))
            .whole("n_checkpoints", whole(|t| Some(t.n_checkpoints as u64)))
            .whole("n_items", whole(|t| t.n_items.map(|n| n as u64)))
            .real("chance", real(|t| t.chance))
            .real("mean_score", real(|t| Some(t.mean_score)))
            .text("definition", rows().map(|_| Some(options.definition.as_str())))
            .real("ratio", real(|t| t.ratio.map(|r| r.value)))
            .real("ratio_low", real(|t| t.ratio.and_then(|r| r.low())))
            .real("ratio_high", real(|t| t.ratio.and_then(|r| r.high())))
            .real("signal", real(|t| t.anova.as_ref().ok().map(|a| a.signal)))
            .real("signal_range", real(|t| t.range))
            .real("signal_relative_range", real(|t| t.relative_range))
            .real("signal_pairwise_distance", real(|t| t.pairwise_distance))
            .real("noise", real(|t| t.anova.as_ref().ok().map(|a| a.noise)))
            .real("noise_detrended", real(|t| t.noise.detrended))
            .real("noise_seed", real(|t| t.noise.seed))
            .real("noise_item", real(|t| t.noise.item))
            .real("lag_one", real(|t| t.noise.lag_one))
            .real(
                "ratio_detrended",
                real(|t| t.anova.as_ref().ok().zip(t.noise.detrended).map(|(a, d)| a.signal / d)),
            )
            .real("ratio_seed", real(|t| t.seed_ratio.map(|r| r.value)))
            .real("ratio_seed_low", real(|t| t.seed_ratio.and_then(|r| r.low())))
            .real("ratio_seed_high", real(|t| t.seed_ratio.and_then(|r| r.high())))
            .real("ratio_item", real(|t| t.item_ratio))
            .real("monotonicity", real(|t| t.smoothness.monotonicity))
            .real("total_variation", real(|t| t.smoothness.total_variation))
            .real("relative_total_variation", real(|t| t.smoothness.relative_total_variation))
            .real("discriminability", real(|t| t.separability.map(|s| s.discriminability)))
            .real("order_probability", real(|t| t.separability.map(|s| s.order_probability)))
            .real("share_separable", real(|t| t.separability.map(|s| s.share_separable)))
            .real("share_separable_items", real(|t| t.separability_items.map(|s| s.share_separable)))
            .real("smallest_difference", real(|t| t.smallest_difference))
            .real("smallest_difference_items", real(|t| t.smallest_difference_items))
            .real("wanted_difference", real(|t| Some(t.difference)))
            .whole("checkpoints_needed", whole(|t| t.needed[0]))
            .whole("seeds_needed", whole(|t| t.needed[1]))
            .whole("items_needed", whole(|t| t.needed[2]))
            .text("note", rows().map(|t| t.anova.as_ref().err().cloned()))
    }

    /// The table `decision_accuracy`: one row for each task and pair of scales.
    pub fn decision_table(&self) -> Table {
        let rows = || self.decisions.iter();
        let tau = |of: fn(&Estimate) -> Option<f64>| {
            rows().map(move |d| d.decision.accuracy.tau_b.as_ref().and_then(of))
        };
        named("decision_accuracy", rows().map(|d| &d.name))
            .text("scale_kind", rows().map(|d| Some(d.kind.as_str())))
            .text("small", rows().map(|d| Some(d.small.as_str())))
            .text("target", rows().map(|d| Some(d.target.as_str())))
            .real("factor", rows().map(|d| d.factor))
            .whole("n_models", rows().map(|d| Some(d.decision.accuracy.n_models as i64)))
            .whole("n_pairs", rows().map(|d| Some(d.decision.accuracy.n_pairs as i64)))
            .whole("n_ties", rows().map(|d| Some(d.decision.accuracy.n_ties as i64)))
            .real("decision_accuracy", rows().map(|d| Some(d.decision.accuracy.accuracy.value)))
            .real("decision_accuracy_low", rows().map(|d| d.decision.accuracy.accuracy.low()))
            .real("decision_accuracy_high", rows().map(|d| d.decision.accuracy.accuracy.high()))
            .real("tau_b", tau(|t| Some(t.value)))
            .real("tau_b_low", tau(Estimate::low))
            .real("tau_b_high", tau(Estimate::high))
            .real("ceiling", rows().map(|d| d.decision.ceiling))
            .real("expected_accuracy", rows().map(|d| d.decision.expected))
            .real("noise_free_accuracy", rows().map(|d| d.decision.noise_free))
            .text("verdict", rows().map(|d| Some(d.decision.verdict.as_str())))
    }

    /// The table `interventions`: one row for each task and change.
    pub fn interventions_table(&self) -> Table {
        let rows = || self.interventions.iter().map(|(_, i)| i);
        named("interventions", self.interventions.iter().map(|(n, _)| n))
            .text("kind", rows().map(|i| Some(i.kind)))
            .text("change", rows().map(|i| Some(i.change.as_str())))
            .text("measure", rows().map(|i| Some(i.measure)))
            .whole("n_models", rows().map(|i| Some(i.n_models as i64)))
            .real("before", rows().map(|i| Some(i.before)))
            .real("after", rows().map(|i| Some(i.after)))
            .real("gain", rows().map(|i| Some(i.gain.value)))
            .real("gain_low", rows().map(|i| i.gain.low()))
            .real("gain_high", rows().map(|i| i.gain.high()))
            .truth("measured", rows().map(|i| Some(i.measured)))
    }
}

/// The table `signal_variants`: every published variant for each series, all runs together.
pub fn variants_table(table: &ScoreTable, options: &SnrOptions) -> Table {
    let rows: Vec<(&SeriesName, &str, SignalNoise)> = table
        .series
        .iter()
        .flat_map(|series| {
            let windows: Vec<Vec<f64>> = series
                .curves
                .iter()
                .map(|c| c.last(options.last).iter().map(|p| p.value).collect())
                .collect();
            variants(&windows).into_iter().map(|(variant, r)| (&series.name, variant, r))
        })
        .collect();
    named("signal_variants", rows.iter().map(|r| r.0))
        .text("variant", rows.iter().map(|r| Some(r.1)))
        .real("signal", rows.iter().map(|r| Some(r.2.signal)))
        .real("noise", rows.iter().map(|r| Some(r.2.noise)))
        .real("ratio", rows.iter().map(|r| r.2.ratio()))
}

/// The columns that name a series.
fn named<'a>(table: &'static str, names: impl Iterator<Item = &'a SeriesName> + Clone) -> Table {
    Table::new(table)
        .text("benchmark", names.clone().map(|n| Some(n.benchmark.as_str())))
        .text("subject", names.clone().map(|n| n.subject.as_deref()))
        .text("setting", names.clone().map(|n| Some(n.setting.as_str()).filter(|s| !s.is_empty())))
        .text("metric", names.map(|n| Some(n.metric.as_str())))
}
