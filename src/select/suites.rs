//! Which series are the subtasks of one suite? Those of one setting and one metric, by benchmark.

use crate::response::{ScoreSeries, ScoreTable, SeriesName};
use std::collections::{BTreeMap, HashMap};

/// Series that may be averaged: one setting, one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite<'a> {
    /// The benchmark whose subjects these are, or `suite` for whole tasks; setting and metric.
    pub name: SeriesName,
    /// The series.
    pub series: Vec<&'a ScoreSeries>,
}

impl Suite<'_> {
    /// Name of the suite of whole tasks.
    pub const WHOLE_TASKS: &'static str = "suite";
}

/// The subjects of each benchmark and the whole tasks of all, by setting and metric, in order of first appearance.
pub fn suites(table: &ScoreTable) -> Vec<Suite<'_>> {
    let mut found: Vec<Suite> = Vec::new();
    let mut places: HashMap<SeriesName, usize> = HashMap::new();
    for series in &table.series {
        let of = &series.name;
        let benchmark = if of.subject.is_some() { of.benchmark.as_str() } else { Suite::WHOLE_TASKS };
        let name = SeriesName { benchmark: benchmark.to_owned(), subject: None, ..of.clone() };
        let place = *places.entry(name.clone()).or_insert_with(|| {
            found.push(Suite { name, series: Vec::new() });
            found.len() - 1
        });
        found[place].series.push(series);
    }
    found
}

/// The whole tasks of the setting with the most last checkpoints, under the metric that most of its tasks have first;
/// `last` of them count for each run.
pub fn main_suite(table: &ScoreTable, last: usize) -> Option<Suite<'_>> {
    let whole = || table.series.iter().filter(|s| s.name.subject.is_none());
    let mut settings: BTreeMap<&str, usize> = BTreeMap::new();
    for series in whole() {
        let scores: usize = series.curves.iter().map(|c| c.points.len().min(last)).filter(|n| *n > 1).sum();
        *settings.entry(&series.name.setting).or_default() += scores;
    }
    let setting = settings.into_iter().max_by_key(|(_, n)| *n)?.0;
    let mut primary: HashMap<&str, &str> = HashMap::new();
    for series in whole().filter(|s| s.name.setting == setting) {
        primary.entry(&series.name.benchmark).or_insert(&series.name.metric);
    }
    let tasks = |suite: &Suite| primary.values().filter(|m| **m == suite.name.metric).count();
    let of_setting = suites(table)
        .into_iter()
        .filter(|s| s.name.benchmark == Suite::WHOLE_TASKS && s.name.setting == setting);
    // The first of equals.
    of_setting.reduce(|best, next| if tasks(&next) > tasks(&best) { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{ScorePoint, ScoreRun, ScoreTableBuilder};

    #[test]
    fn one_metric_and_the_setting_with_the_most_scores() {
        let mut builder = ScoreTableBuilder::default();
        let run = ScoreRun { name: "a".into(), recipe: "a".into(), size: None, parameters: None, seed: None };
        let run = builder.run(run);
        let rows = [
            ("x", None, "0", "ppl", 2),
            ("x", None, "0", "acc", 2),
            ("y", None, "0", "acc", 2),
            ("z", None, "0", "acc", 2),
            ("x", None, "5", "acc", 5),
            ("x", Some("law"), "0", "acc", 2),
        ];
        for (task, subject, setting, metric, n) in rows {
            let series = builder.series(SeriesName {
                benchmark: task.into(),
                subject: subject.map(str::to_owned),
                setting: setting.into(),
                metric: metric.into(),
            });
            for step in 0..n {
                let point = ScorePoint {
                    step: Some(f64::from(step)),
                    compute_flops: None,
                    value: 0.5,
                    item_se: None,
                };
                builder.push(series, run, point);
            }
        }
        let (table, _) = builder.finish();
        let all = suites(&table);
        assert_eq!(all.iter().map(|s| s.series.len()).collect::<Vec<_>>(), [1, 3, 1, 1]);
        assert_eq!(all[3].name.benchmark, "x");
        let main = main_suite(&table, 5).unwrap();
        assert_eq!((main.name.setting.as_str(), main.name.metric.as_str()), ("0", "acc"));
        assert_eq!(main.series.len(), 3);
    }
}
