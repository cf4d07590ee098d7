//! How do the ranking of subtasks and the curve of the choice look as tables?

use super::criteria::Criteria;
use super::crossfit::CrossFit;
use super::order::{Method, Objective};
use super::redundancy::Redundancy;
use crate::numeric::Estimate;
use crate::response::Table;

/// The table `subtasks`: one row for each, in the order of the choice.
pub fn subtasks_table(
    benchmark: &str,
    criteria: &[Criteria],
    redundancy: &Redundancy,
    fit: &CrossFit,
    kept: usize,
) -> Table {
    let order = &fit.order;
    let rows = || order.iter().map(|k| &criteria[*k]);
    let ends = |of: fn(&Criteria) -> Option<Estimate>, end: fn(&Estimate) -> Option<f64>| {
        rows().map(move |c| of(c).as_ref().and_then(end))
    };
    let nearest = |k: usize| -> Option<(usize, f64)> {
        (0..criteria.len())
            .filter(|o| *o != k)
            .map(|o| (o, redundancy.corrected[k][o]))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    };
    // With what was chosen before it.
    let before = |at: usize| -> Option<f64> {
        order[..at].iter().map(|o| redundancy.corrected[order[at]][*o]).max_by(f64::total_cmp)
    };
    Table::new("subtasks")
        .text("benchmark", rows().map(|_| Some(benchmark)))
        .text("subject", rows().map(|c| Some(c.name.as_str())))
        .whole("rank", (1..=order.len()).map(|r| Some(r as i64)))
        .truth("chosen", (0..order.len()).map(|r| Some(r < kept)))
        .whole("n_items", rows().map(|c| c.n_items.map(|n| n as i64)))
        .whole("n_checkpoints", rows().map(|c| c.n_checkpoints.map(|n| n as i64)))
        .real("mean_score", rows().map(|c| Some(c.mean_score)))
        .real("signal", rows().map(|c| c.signal))
        .real("noise_item", rows().map(|c| c.noise.filter(|_| c.n_checkpoints.is_none())))
        .real("noise", rows().map(|c| c.noise.filter(|_| c.n_checkpoints.is_some())))
        .real("ratio", ends(|c| c.ratio, |e| Some(e.value)))
        .real("ratio_low", ends(|c| c.ratio, Estimate::low))
        .real("ratio_high", ends(|c| c.ratio, Estimate::high))
        .real("reliability", rows().map(|c| c.reliability))
        .real("reliability_per_item", rows().map(|c| c.reliability_per_item))
        .real("decision_accuracy", ends(|c| c.decision_accuracy, |e| Some(e.value)))
        .real("decision_accuracy_low", ends(|c| c.decision_accuracy, Estimate::low))
        .real("decision_accuracy_high", ends(|c| c.decision_accuracy, Estimate::high))
        .real("share_pairs", rows().map(|c| c.share_pairs))
        .real("graded_pairs", rows().map(|c| c.graded_pairs))
        .truth("all_pairs", rows().map(|c| c.all_pairs))
        .real("flagged_rate", rows().map(|c| c.flagged_rate))
        .whole("cluster", order.iter().map(|k| Some(redundancy.cluster[*k] as i64)))
        .text("nearest", order.iter().map(|k| nearest(*k).map(|(o, _)| criteria[o].name.as_str())))
        .real("nearest_correlation", order.iter().map(|k| nearest(*k).map(|(_, r)| r)))
        .real("redundancy", (0..order.len()).map(before))
}

/// The table `curve`: one row for each number of kept subtasks.
pub fn curve_table(
    benchmark: &str,
    names: &[String],
    fit: &CrossFit,
    method: Method,
    objective: Objective,
) -> Table {
    let rows = || fit.curve.iter();
    Table::new("curve")
        .text("benchmark", rows().map(|_| Some(benchmark)))
        .text("method", rows().map(|_| Some(method.as_str())))
        .text("objective", rows().map(|_| Some(objective.as_str())))
        .whole("n_kept", rows().map(|p| Some(p.kept as i64)))
        .text("added", rows().map(|p| Some(names[p.added].as_str())))
        .whole("n_items", rows().map(|p| p.n_items.map(|n| n as i64)))
        .real("in_sample", rows().map(|p| p.in_sample))
        .real("cross_fitted", rows().map(|p| p.cross_fitted))
        .real("cross_fitted_low", rows().map(|p| p.cross_fitted_range.map(|r| r.0)))
        .real("cross_fitted_high", rows().map(|p| p.cross_fitted_range.map(|r| r.1)))
        .real("random", rows().map(|p| p.random))
        .real("random_low", rows().map(|p| p.random_range.map(|r| r.0)))
        .real("random_high", rows().map(|p| p.random_range.map(|r| r.1)))
}

/// The table `redundancy`: one row for each pair of subtasks.
pub fn redundancy_table(benchmark: &str, names: &[String], redundancy: &Redundancy) -> Table {
    let n = names.len();
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).collect();
    Table::new("redundancy")
        .text("benchmark", pairs.iter().map(|_| Some(benchmark)))
        .text("subject", pairs.iter().map(|p| Some(names[p.0].as_str())))
        .text("other_subject", pairs.iter().map(|p| Some(names[p.1].as_str())))
        .real("correlation", pairs.iter().map(|p| Some(redundancy.correlation[p.0][p.1])))
        .real("corrected_correlation", pairs.iter().map(|p| Some(redundancy.corrected[p.0][p.1])))
        .truth("same_cluster", pairs.iter().map(|p| Some(redundancy.cluster[p.0] == redundancy.cluster[p.1])))
}
