//! Do models change their minds? Answers that differ between repeats and between prompt variants.

use super::evidence::Evidence;
use crate::response::{Measure, ResponseTable};
use std::collections::{BTreeMap, HashMap};

/// From this mean share of answers off the most frequent one, an item counts as unstable.
pub const SUSPICIOUS_INSTABILITY: f64 = 0.25;

/// Instability of one item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Instability {
    /// Within runs, over repeats.
    pub repeats: Option<Evidence>,
    /// Between runs of a model that differ in their prompt.
    pub variants: Option<Evidence>,
}

/// Instability of every item of a benchmark, by position among `items` (item names of the panel).
///
/// ```text
/// U_i = mean over models of (1 − n_modal / n)        n ≥ 2 answers of one model to item i
/// ```
///
/// An answer is the option chosen, else the extracted text, else the score. Repeats are compared within a
/// run, prompt variants between the first repeats of the runs of a model at its last training step.
pub fn instability(table: &ResponseTable, benchmark: &str, items: &[String]) -> Vec<Instability> {
    let place: HashMap<&str, usize> = items.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let measure = Measure::of(table, benchmark, None);
    let last_step = last_steps(table);
    // Answers by item and by run, or by item and by model.
    let mut repeats: BTreeMap<(usize, u32), Vec<String>> = BTreeMap::new();
    let mut variants: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
    for index in 0..table.len() {
        let row = table.row(index);
        let item = &table.items[row.item as usize];
        let counts = measure.as_ref().is_some_and(|measure| measure.has(row.metric as usize));
        if item.benchmark != benchmark || !counts {
            continue;
        }
        let Some(&at) = place.get(item.id.as_str()) else { continue };
        let answer = match (row.chosen, &row.prediction, row.score) {
            (Some(option), ..) => format!("option {option}"),
            (None, Some(text), _) => format!("text {text}"),
            (None, None, Some(score)) => format!("score {score}"),
            (None, None, None) => continue,
        };
        let run = &table.runs[row.run as usize];
        if row.repeat == 0 && run.step == last_step[run.model.as_str()] {
            variants.entry((at, run.model.as_str())).or_default().push(answer.clone());
        }
        repeats.entry((at, row.run)).or_default().push(answer);
    }
    let repeats = means(items.len(), repeats.into_iter().map(|((i, _), a)| (i, a)));
    let variants = means(items.len(), variants.into_iter().map(|((i, _), a)| (i, a)));
    let evidence = |name, cell: (f64, usize)| {
        (cell.1 > 0).then(|| Evidence::above(name, cell.0 / cell.1 as f64, SUSPICIOUS_INSTABILITY, cell.1))
    };
    repeats
        .into_iter()
        .zip(variants)
        .map(|(r, v)| Instability {
            repeats: evidence("instability", r),
            variants: evidence("variant_instability", v),
        })
        .collect()
}

fn last_steps(table: &ResponseTable) -> HashMap<&str, Option<i64>> {
    let mut last: HashMap<&str, Option<i64>> = HashMap::new();
    for run in &table.runs {
        let step = last.entry(run.model.as_str()).or_insert(run.step);
        *step = (*step).max(run.step);
    }
    last
}

/// Sum of the shares off the modal answer and number of models, by item.
fn means(items: usize, answers: impl Iterator<Item = (usize, Vec<String>)>) -> Vec<(f64, usize)> {
    let mut sums = vec![(0.0, 0); items];
    for (item, answers) in answers.filter(|(_, a)| a.len() >= 2) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for answer in &answers {
            *counts.entry(answer).or_default() += 1;
        }
        let modal = counts.values().copied().max().unwrap_or(0);
        sums[item].0 += 1.0 - modal as f64 / answers.len() as f64;
        sums[item].1 += 1;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Item, Metric, Row, Run};

    #[test]
    fn repeats_and_variants_are_told_apart() {
        let mut t = ResponseTable::default();
        t.runs.push(Run::new("r0", "m"));
        t.runs.push(Run { prompt_variant: Some("shuffled".into()), ..Run::new("r1", "m") });
        t.items.push(Item::new("b", None, "i"));
        t.metrics.push(Metric::new("b", "acc", None));
        for (repeat, option) in [(0, 1), (1, 1), (2, 0), (3, 1)] {
            t.push(Row { repeat, chosen: Some(option), ..Row::new(0, 0, 0, Some(1.0)) });
        }
        t.push(Row { chosen: Some(3), ..Row::new(1, 0, 0, Some(0.0)) });
        let all = instability(&t, "b", &["i".to_owned()]);
        let repeats = all[0].repeats.as_ref().unwrap();
        assert_eq!((repeats.value, repeats.n_models, repeats.suspicious), (0.25, 1, true));
        assert_eq!(all[0].variants.as_ref().unwrap().value, 0.5);
        assert_eq!(instability(&t, "other", &["i".to_owned()])[0], Instability::default());
    }
}
