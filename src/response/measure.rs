//! Which metrics count? The one that was asked for, or the primary ones of a benchmark: harnesses have different
//! names for the same measure.

use super::table::ResponseTable;

/// The metrics of a benchmark whose scores are taken together: one, or several of which no run has two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    metric: usize,
    counts: Vec<bool>,
}

impl Measure {
    /// The measure of a benchmark.
    ///
    /// The metric with the label (`name` or `name,filter`) or the name that is `wanted`; without one the primary
    /// metrics, else the first. `None` if there is no such metric.
    pub fn of(table: &ResponseTable, benchmark: &str, wanted: Option<&str>) -> Option<Self> {
        let of_benchmark = || (0..table.metrics.len()).filter(|&m| table.metrics[m].benchmark == benchmark);
        let mut counts = vec![false; table.metrics.len()];
        let metric = match wanted {
            Some(wanted) => of_benchmark().find(|&m| {
                let metric = &table.metrics[m];
                metric.name == wanted || metric.label() == wanted
            })?,
            None => {
                let primary = || of_benchmark().filter(|&m| table.metrics[m].primary);
                primary().for_each(|m| counts[m] = true);
                // Named by label, so that the name does not depend on the order of files.
                primary().min_by_key(|&m| table.metrics[m].label()).or(of_benchmark().next())?
            }
        };
        counts[metric] = true;
        Some(Self { metric, counts })
    }

    /// The metric that names it.
    pub fn metric(&self) -> usize {
        self.metric
    }

    /// Whether scores of a metric count.
    #[inline]
    pub fn has(&self, metric: usize) -> bool {
        self.counts[metric]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Metric;

    #[test]
    fn what_is_asked_for_counts_alone_and_what_is_primary_together() {
        let mut table = ResponseTable::default();
        let names = [("b", "match"), ("c", "acc"), ("b", "f1"), ("b", "acc")];
        table.metrics.extend(names.map(|(benchmark, name)| Metric::new(benchmark, name, None)));
        let of = |table: &ResponseTable, wanted: Option<&str>| {
            let measure = Measure::of(table, "b", wanted)?;
            Some((measure.metric(), (0..4).filter(|&m| measure.has(m)).collect::<Vec<_>>()))
        };
        assert_eq!(of(&table, None), Some((0, vec![0])));
        (table.metrics[0].primary, table.metrics[3].primary) = (true, true);
        assert_eq!(of(&table, None), Some((3, vec![0, 3])));
        assert_eq!(of(&table, Some("match")), Some((0, vec![0])));
        assert_eq!(of(&table, Some("f2")), None);
    }
}
