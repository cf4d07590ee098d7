//! Which metric counts? Where no dump marks one, a stated rule chooses it for each benchmark; names that harnesses
//! have for the same measure count together.

use super::marks::{Marks, within_benchmarks};
use crate::response::{Attempt, Metric, ResponseTable};
use std::cmp::Reverse;

/// Names of scores that are 1 for a right answer and 0 for a wrong one, letters and digits in lower case.
const CORRECTNESS: [&str; 17] = [
    "acc",
    "accraw",
    "accuracy",
    "choice",
    "correct",
    "correctness",
    "em",
    "exactmatch",
    "iscorrect",
    "match",
    "pass",
    "pass1",
    "passed",
    "quasiexactmatch",
    "resolved",
    "score",
    "success",
];

/// How a benchmark got its primary metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The benchmark.
    pub benchmark: String,
    /// Why this metric.
    pub because: String,
}

/// Marks the primary metric of each benchmark.
///
/// Where the dumps mark exactly one that has scores, it is kept. Else, among those marked or, if none is, among all: metrics
/// where larger is better before others, then the one that scores the most models, then the most items, then the
/// first.
///
/// A right answer is `acc` in one harness and `accuracy` or `exact_match` in another. Metrics that bear such names and
/// whose scores are all 0 and 1 are one measure: with the first of them in the order above others are taken that score
/// none of the same runs. They are all primary if the metric found is one of them, or if they score more models.
pub fn choose(table: &mut ResponseTable) -> Vec<Choice> {
    // A benchmark of one metric needs no count.
    let several = table.metrics.len() > table.benchmarks().len();
    let scored = if several { count(table) } else { vec![Scored::default(); table.metrics.len()] };
    let mut choices = Vec::new();
    for benchmark in table.benchmarks() {
        let of: Vec<usize> =
            (0..table.metrics.len()).filter(|&m| table.metrics[m].benchmark == benchmark).collect();
        let any_scores = of.iter().any(|&m| scored[m].items.count() > 0);
        let has_scores = |m: &usize| scored[*m].items.count() > 0 || !any_scores;
        let marked: Vec<usize> =
            of.iter().copied().filter(|&m| table.metrics[m].primary).filter(has_scores).collect();
        let candidates = if marked.is_empty() { &of } else { &marked };
        let rank = |&m: &usize| {
            (table.metrics[m].higher_is_better, scored[m].models.count(), scored[m].items.count(), Reverse(m))
        };
        let Some(&best) = candidates.iter().max_by_key(|&m| rank(m)) else { continue };
        let is_right = |&m: &usize| is_correctness(&table.metrics[m], &scored[m]);
        let mut right: Vec<usize> = of.iter().copied().filter(is_right).collect();
        right.sort_by_key(|m| Reverse((candidates.contains(m), rank(m))));
        let (measure, n_models) = of_one_measure(&right, &scored);
        let because = match (marked.len(), of.len()) {
            (1, _) => "marked in the data".to_owned(),
            (0, 1) => "the only metric".to_owned(),
            (0, n) => format!("of {n} metrics, the one with the most models, then items, then the first"),
            (n, _) => {
                format!("of {n} marked in the data, the one with the most models, then items, then the first")
            }
        };
        let is_better = marked.len() != 1 && n_models > scored[best].models.count();
        let (taken, because) = if measure.len() > 1 && (measure.contains(&best) || is_better) {
            let names: Vec<String> = measure.iter().map(|&m| table.metrics[m].label()).collect();
            let names = names.join(", ");
            (measure, format!("{because}; {names} score different runs right or wrong in the same way"))
        } else {
            (vec![best], because)
        };
        for &at in &of {
            table.metrics[at].primary = taken.contains(&at);
        }
        choices.push(Choice { benchmark, because });
    }
    choices
}

/// The first of these metrics, and those behind it that score none of the same runs; the number of their models.
fn of_one_measure(metrics: &[usize], scored: &[Scored]) -> (Vec<usize>, u32) {
    let (mut runs, mut models) = (Marks::default(), Marks::default());
    let mut taken = Vec::new();
    for &metric in metrics.iter().filter(|&&m| scored[m].items.count() > 0) {
        if !runs.meets(&scored[metric].runs) {
            runs.take(&scored[metric].runs);
            models.take(&scored[metric].models);
            taken.push(metric);
        }
    }
    (taken, models.count())
}

fn is_correctness(metric: &Metric, scored: &Scored) -> bool {
    let name: String =
        metric.name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    metric.higher_is_better && !scored.beyond_0_and_1 && CORRECTNESS.contains(&name.as_str())
}

/// Whom and what a metric scores.
#[derive(Debug, Clone, Default)]
struct Scored {
    runs: Marks,
    models: Marks,
    items: Marks,
    /// Whether there is a score that is neither 0 nor 1.
    beyond_0_and_1: bool,
}

/// What each metric scores, all by number: runs and models among all, items among those of the benchmark.
fn count(table: &ResponseTable) -> Vec<Scored> {
    let mut numbers: rustc_hash::FxHashMap<&str, usize> = Default::default();
    let mut number_of = |name| {
        let next = numbers.len();
        *numbers.entry(name).or_insert(next)
    };
    let model_of: Vec<usize> = table.runs.iter().map(|run| number_of(run.model.as_str())).collect();
    let item_of = within_benchmarks(table);
    let mut scored = vec![Scored::default(); table.metrics.len()];
    table.blocks().each(|Attempt { run, item, metric, score }| {
        if let Some(score) = score {
            let of_metric = &mut scored[metric];
            of_metric.runs.insert(run);
            of_metric.models.insert(model_of[run]);
            of_metric.items.insert(item_of[item]);
            of_metric.beyond_0_and_1 |= score != 0.0 && score != 1.0;
        }
    });
    scored
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Row, Run};

    fn primary(table: &ResponseTable) -> Vec<&str> {
        table.metrics.iter().filter(|m| m.primary).map(|m| m.name.as_str()).collect()
    }

    #[test]
    fn the_rule_is_marked_then_direction_then_coverage_then_order() {
        let mut table = ResponseTable::default();
        table.runs.push(Run::new("r", "m"));
        table.items.extend(["1", "2"].map(|i| Item::new("b", None, i)));
        let ppl = Metric { higher_is_better: false, ..Metric::new("b", "ppl", None) };
        table.metrics.extend([ppl, Metric::new("b", "f1", None), Metric::new("b", "acc", None)]);
        for (item, metric) in [(0, 0), (1, 0), (0, 1), (0, 2), (1, 2)] {
            table.push(Row::new(0, item, metric, Some(1.0)));
        }
        choose(&mut table);
        assert_eq!(primary(&table), ["acc"]);
        table.metrics[2].primary = false;
        table.metrics[1].primary = true;
        assert_eq!(choose(&mut table)[0].because, "marked in the data");
        assert_eq!(primary(&table), ["f1"]);
    }

    /// Each metric with the models that it scores, and one score.
    fn of(metrics: &[(&str, &[u32], f64)], repeats: u32) -> ResponseTable {
        let mut table = ResponseTable::default();
        table.runs.extend((0..6).map(|k| Run::new(format!("r{k}"), format!("m{k}"))));
        table.items.push(Item::new("b", None, "1"));
        for (at, (name, models, score)) in metrics.iter().enumerate() {
            table.metrics.push(Metric::new("b", *name, None));
            for &run in *models {
                let n = if at == 0 { repeats } else { 1 };
                (0..n).for_each(|repeat| {
                    table.push(Row { repeat, ..Row::new(run, 0, at as u32, Some(*score)) });
                });
            }
        }
        table
    }

    #[test]
    fn models_count_and_not_attempts() {
        let mut table = of(&[("f1", &[0], 0.5), ("rouge", &[1, 2], 0.5)], 10);
        choose(&mut table);
        assert_eq!(primary(&table), ["rouge"]);
    }

    #[test]
    fn names_of_one_measure_count_together_for_models_that_have_one_of_them() {
        let rows: [(&str, &[u32], f64); 5] = [
            ("acc", &[0, 1], 1.0),
            ("accuracy", &[2], 0.0),
            ("exact_match", &[1, 3], 1.0),
            ("score", &[4], 0.5),
            ("f1", &[5], 1.0),
        ];
        let mut table = of(&rows, 1);
        let choices = choose(&mut table);
        assert_eq!(primary(&table), ["acc", "accuracy"]);
        assert!(choices[0].because.contains("acc, accuracy score different runs"), "{}", choices[0].because);
        // Marks of a table that is read again are kept.
        assert!(table.metrics[0].primary);
        let (matrix, _) = crate::response::pivot(&table, "b", &Default::default()).unwrap();
        assert_eq!((matrix.n_respondents(), matrix.metric.name.as_str()), (3, "acc"));
        // Together they may score more models than any other metric.
        let rows: [(&str, &[u32], f64); 3] =
            [("f1", &[0, 1, 2], 1.0), ("acc", &[0, 1], 1.0), ("exact_match", &[4, 5], 0.0)];
        let mut table = of(&rows, 1);
        choose(&mut table);
        assert_eq!(primary(&table), ["acc", "exact_match"]);
        // Two runs of one model, of which one stands for it.
        let mut table = of(&[("acc", &[0, 1], 1.0), ("accuracy", &[2, 3], 0.0)], 1);
        table.runs[3].model = "m1".into();
        choose(&mut table);
        assert_eq!(primary(&table), ["acc", "accuracy"]);
        let (matrix, report) = crate::response::pivot(&table, "b", &Default::default()).unwrap();
        assert_eq!((matrix.n_respondents(), report.n_runs_repeated + report.runs_set_aside.len()), (3, 1));
        // A share of right answers is not a right answer.
        let mut table = of(&[("acc", &[0, 1], 0.5), ("accuracy", &[2], 0.0)], 1);
        choose(&mut table);
        assert_eq!(primary(&table), ["acc"]);
    }
}
