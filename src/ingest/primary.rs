//! Which metric counts? Where no dump marks one, a stated rule chooses it for each benchmark.

use crate::response::{Metric, ResponseTable};

/// How a benchmark got its primary metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The benchmark.
    pub benchmark: String,
    /// Why this metric.
    pub because: String,
}

/// Marks one primary metric for each benchmark.
///
/// Where the dumps mark exactly one, it is kept. Else, among those marked or, if none is, among all: metrics
/// where larger is better before others, then the one with the most scored attempts, then the first.
pub fn choose(table: &mut ResponseTable) -> Vec<Choice> {
    // A benchmark of one metric needs no count.
    let several = table.metrics.len() > table.benchmarks().len();
    let mut scored = vec![0usize; table.metrics.len()];
    if several {
        table.blocks().each(|attempt| scored[attempt.metric] += usize::from(attempt.score.is_some()));
    }
    let mut choices = Vec::new();
    for benchmark in table.benchmarks() {
        let of: Vec<usize> =
            (0..table.metrics.len()).filter(|&m| table.metrics[m].benchmark == benchmark).collect();
        let marked: Vec<usize> = of.iter().copied().filter(|&m| table.metrics[m].primary).collect();
        let candidates = if marked.is_empty() { &of } else { &marked };
        let rank = |m: &Metric, at: usize| (m.higher_is_better, scored[at], std::cmp::Reverse(at));
        let Some(&best) = candidates.iter().max_by_key(|&&at| rank(&table.metrics[at], at)) else { continue };
        let because = match (marked.len(), of.len()) {
            (1, _) => "marked in the data".to_owned(),
            (0, 1) => "the only metric".to_owned(),
            (0, n) => format!("of {n} metrics, the one with the most scored attempts, then the first"),
            (n, _) => {
                format!("of {n} marked in the data, the one with the most scored attempts, then the first")
            }
        };
        for &at in &of {
            table.metrics[at].primary = at == best;
        }
        choices.push(Choice { benchmark, because });
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Row, Run};

    #[test]
    fn the_rule_is_marked_then_direction_then_count_then_order() {
        let mut table = ResponseTable::default();
        table.runs.push(Run::new("r", "m"));
        table.items.extend(["1", "2"].map(|i| Item::new("b", None, i)));
        let ppl = Metric { higher_is_better: false, ..Metric::new("b", "ppl", None) };
        table.metrics.extend([ppl, Metric::new("b", "f1", None), Metric::new("b", "acc", None)]);
        for (item, metric) in [(0, 0), (1, 0), (0, 1), (0, 2), (1, 2)] {
            table.push(Row::new(0, item, metric, Some(1.0)));
        }
        choose(&mut table);
        assert_eq!(table.metrics.iter().map(|m| m.primary).collect::<Vec<_>>(), [false, false, true]);
        table.metrics[2].primary = false;
        table.metrics[1].primary = true;
        assert_eq!(choose(&mut table)[0].because, "marked in the data");
        assert!(table.metrics[1].primary && !table.metrics[2].primary);
    }
}
