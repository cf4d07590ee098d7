//! Does the ranking find what annotators found? Its quality against labels, with honest uncertainty.

use super::labels::{ErrorType, Labels};
use super::ranking_quality::{Blocks, Decision, best_threshold, decision, tied_order};
use crate::numeric::Estimate;
use crate::numeric::bootstrap::{BootstrapOptions, percentile_estimate};
use crate::numeric::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;
use thiserror::Error;

/// What counts as a find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Any fault.
    Any,
    /// A fault of the key: wrong, none right, or several right.
    KeyFault,
    /// A wrong key.
    WrongKey,
}

impl Target {
    /// All targets.
    pub const ALL: [Target; 3] = [Self::Any, Self::KeyFault, Self::WrongKey];

    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::KeyFault => "key_fault",
            Self::WrongKey => "wrong_key",
        }
    }

    fn includes(self, error: ErrorType, expert: Expert) -> bool {
        use ErrorType::{MultipleCorrectAnswers, NoCorrectAnswer, WrongGroundtruth};
        match (self, error) {
            (_, ErrorType::Ok) => false,
            (Self::Any, ErrorType::Expert) => expert == Expert::Faulty,
            (Self::Any, _) => true,
            (Self::KeyFault, e) => matches!(e, WrongGroundtruth | NoCorrectAnswer | MultipleCorrectAnswers),
            (Self::WrongKey, e) => e == WrongGroundtruth,
        }
    }
}

/// What items labelled `expert` count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Expert {
    /// Left out: the annotator abstained.
    #[default]
    LeftOut,
    /// Counted as faulty, in the target of any fault.
    Faulty,
    /// Counted as sound.
    Sound,
}

/// How to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationOptions {
    /// Places at which precision is measured.
    pub at: Vec<usize>,
    /// Shares of the items that a reviewer has time for.
    pub budgets: Vec<f64>,
    /// What `expert` counts as.
    pub expert: Expert,
    /// Resampling of whole groups.
    pub bootstrap: BootstrapOptions,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            at: vec![20, 50, 100],
            budgets: vec![0.01, 0.02, 0.05, 0.10, 0.20],
            expert: Expert::LeftOut,
            bootstrap: BootstrapOptions::default(),
        }
    }
}

/// One ranked item, as the ranking hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The item.
    pub item: String,
    /// Its group (subject), over which thresholds are held out and resamples drawn.
    pub group: Option<String>,
    /// Its score: larger is more suspicious.
    pub score: f64,
}

/// Quality for one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// What counts as a find.
    pub target: Target,
    /// Finds among the evaluated items.
    pub n_positive: usize,
    /// Their share: what chance would give as average precision.
    pub base_rate: f64,
    /// Precision among the first *k*, for each *k* asked for that there are items for.
    pub precision_at: Vec<(usize, Option<Estimate>)>,
    /// Recall at each share of the items.
    pub recall_at: Vec<(f64, Option<Estimate>)>,
    /// Area under the ROC curve.
    pub auroc: Option<Estimate>,
    /// The same within groups, pairs counted equally.
    pub auroc_within: Option<Estimate>,
    /// Average precision.
    pub average_precision: Option<Estimate>,
    /// F1 where each group is decided by the threshold that is best on all others.
    pub f1: Option<Decision>,
    /// F2 in the same way.
    pub f2: Option<Decision>,
}

/// The evaluation of a ranking against labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// By target.
    pub qualities: Vec<Quality>,
    /// Items with a score and a label that counts.
    pub n_items: usize,
    /// Groups among them.
    pub n_groups: usize,
    /// Labels whose item has no score.
    pub n_labels_unmatched: usize,
    /// Scored items without a label.
    pub n_items_unlabelled: usize,
    /// Items labelled `expert` that were left out.
    pub n_expert_left_out: usize,
    /// Rows of the label file that could not be read.
    pub n_labels_rejected: usize,
}

/// Why there is no evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// No label fits an item.
    #[error(
        "none of {labels} labels fits one of {items} ranked items; the first label is of item {first:?}: do both name items alike?"
    )]
    NothingMatches {
        /// Labels read.
        labels: usize,
        /// Items ranked.
        items: usize,
        /// The first labelled item.
        first: String,
    },
}

/// Holds scores against labels.
///
/// Labels are matched by item, and by subject where both sides have one. Intervals are percentiles over
/// resamples of whole groups, since faults come in clusters; they are missing below two groups. F1 and F2
/// are leave-one-group-out: no group helps to choose the threshold that decides it.
///
/// # Errors
/// [`EvaluationError::NothingMatches`].
pub fn evaluate(
    scored: &[Scored],
    labels: &Labels,
    options: &EvaluationOptions,
) -> Result<Evaluation, EvaluationError> {
    let mut by_item: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, label) in labels.rows.iter().enumerate() {
        by_item.entry(label.item.as_str()).or_default().push(at);
    }
    let mut used = vec![false; labels.rows.len()];
    let (mut unlabelled, mut left_out) = (0, 0);
    let mut matched: Vec<(f64, ErrorType, Option<&str>)> = Vec::new();
    for item in scored {
        let fits = |at: &&usize| {
            let label = &labels.rows[**at];
            label.subject.is_none() || item.group.is_none() || label.subject == item.group
        };
        let found = by_item.get(item.item.as_str()).and_then(|all| all.iter().find(fits));
        let Some(&at) = found else {
            unlabelled += 1;
            continue;
        };
        used[at] = true;
        let error = labels.rows[at].error_type;
        if error == ErrorType::Expert && options.expert == Expert::LeftOut {
            left_out += 1;
            continue;
        }
        matched.push((item.score, error, item.group.as_deref()));
    }
    if !used.contains(&true) {
        return Err(EvaluationError::NothingMatches {
            labels: labels.rows.len(),
            items: scored.len(),
            first: labels.rows.first().map(|l| l.item.clone()).unwrap_or_default(),
        });
    }
    let mut names: Vec<Option<&str>> = matched.iter().map(|m| m.2).collect();
    names.sort_unstable();
    names.dedup();
    let group: Vec<usize> = matched.iter().map(|m| names.binary_search(&m.2).unwrap_or_default()).collect();
    let scores: Vec<f64> = matched.iter().map(|m| m.0).collect();
    let qualities = Target::ALL
        .iter()
        .map(|&target| {
            let positive: Vec<bool> = matched.iter().map(|m| target.includes(m.1, options.expert)).collect();
            quality(target, &scores, &positive, &group, names.len(), options)
        })
        .collect();
    Ok(Evaluation {
        qualities,
        n_items: matched.len(),
        n_groups: names.len(),
        n_labels_unmatched: used.iter().filter(|u| !**u).count(),
        n_items_unlabelled: unlabelled,
        n_expert_left_out: left_out,
        n_labels_rejected: labels.rejected.len(),
    })
}

fn quality(
    target: Target,
    scores: &[f64],
    positive: &[bool],
    group: &[usize],
    n_groups: usize,
    options: &EvaluationOptions,
) -> Quality {
    let mut members = vec![Vec::new(); n_groups];
    group.iter().enumerate().for_each(|(item, &g)| members[g].push(item));
    let order = tied_order(scores);
    // Within a group an AUROC does not depend on the resample; a group drawn twice counts twice.
    let within: Vec<Option<(f64, f64)>> = members
        .iter()
        .map(|items| {
            let s: Vec<f64> = items.iter().map(|&i| scores[i]).collect();
            let p: Vec<bool> = items.iter().map(|&i| positive[i]).collect();
            let blocks = Blocks::new(&s, &p);
            let (n, found) = blocks.totals();
            blocks.auroc().map(|value| (value, (found * (n - found)) as f64))
        })
        .collect();
    let measure = |times: &[usize]| -> Vec<Option<f64>> {
        let blocks = Blocks::weighted(&order, |i| times[group[i]], positive);
        let (sum, pairs) = within
            .iter()
            .zip(times)
            .filter_map(|(w, &times)| {
                w.map(|(value, pairs)| (value * pairs * times as f64, pairs * times as f64))
            })
            .fold((0.0, 0.0), |(s, n), (value, pairs)| (s + value, n + pairs));
        let mut all = vec![blocks.auroc(), (pairs > 0.0).then(|| sum / pairs), blocks.average_precision()];
        all.extend(options.at.iter().map(|&k| blocks.precision_at(k)));
        all.extend(options.budgets.iter().map(|&b| blocks.recall_at(b)));
        all
    };
    let values = measure(&vec![1; n_groups]);
    let drawn: Vec<Vec<Option<f64>>> = if n_groups < 2 {
        Vec::new()
    } else {
        (0..options.bootstrap.replicates)
            .into_par_iter()
            .map(|k| {
                let mut rng = stream(options.bootstrap.seed, k as u64);
                let mut times = vec![0; n_groups];
                (0..n_groups).for_each(|_| times[rng.random_range(0..n_groups)] += 1);
                measure(&times)
            })
            .collect()
    };
    let estimate = |at: usize| {
        let column: Vec<Option<f64>> = drawn.iter().map(|d| d[at]).collect();
        values[at].map(|value| percentile_estimate(value, &column, options.bootstrap.level))
    };
    let n_positive = positive.iter().filter(|p| **p).count();
    let (first, second) = (3, 3 + options.at.len());
    Quality {
        target,
        n_positive,
        base_rate: n_positive as f64 / positive.len().max(1) as f64,
        auroc: estimate(0),
        auroc_within: estimate(1),
        average_precision: estimate(2),
        precision_at: options.at.iter().enumerate().map(|(n, &k)| (k, estimate(first + n))).collect(),
        recall_at: options.budgets.iter().enumerate().map(|(n, &b)| (b, estimate(second + n))).collect(),
        f1: held_out_decision(scores, positive, &members, 1.0),
        f2: held_out_decision(scores, positive, &members, 2.0),
    }
}

/// Each group decided by the threshold that is best on all others; `None` below two groups.
fn held_out_decision(
    scores: &[f64],
    positive: &[bool],
    members: &[Vec<usize>],
    beta: f64,
) -> Option<Decision> {
    if members.len() < 2 {
        return None;
    }
    let mut flagged = vec![false; scores.len()];
    for held in members {
        let mut inside = vec![false; scores.len()];
        held.iter().for_each(|&i| inside[i] = true);
        let others: Vec<usize> = (0..scores.len()).filter(|&i| !inside[i]).collect();
        let s: Vec<f64> = others.iter().map(|&i| scores[i]).collect();
        let p: Vec<bool> = others.iter().map(|&i| positive[i]).collect();
        if let Some(threshold) = best_threshold(&s, &p, beta) {
            held.iter().for_each(|&i| flagged[i] = scores[i] >= threshold);
        }
    }
    decision(&flagged, positive, beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::labels::read_labels;

    fn scored(list: &[(&str, &str, f64)]) -> Vec<Scored> {
        list.iter()
            .map(|(item, group, score)| Scored {
                item: (*item).to_owned(),
                group: Some((*group).to_owned()),
                score: *score,
            })
            .collect()
    }

    #[test]
    fn counts_by_hand_and_the_expert_switch() {
        let labels = read_labels(
            "item,error_type\na,wrong_groundtruth\nb,ok\nc,expert\nd,bad_question_clarity\nx,ok\n",
        )
        .unwrap();
        let scored =
            scored(&[("a", "g", 3.0), ("b", "g", 2.0), ("c", "h", 1.5), ("d", "h", 1.0), ("e", "h", 0.0)]);
        let options = EvaluationOptions { at: vec![2], ..Default::default() };
        let e = evaluate(&scored, &labels, &options).unwrap();
        assert_eq!((e.n_items, e.n_groups), (3, 2));
        assert_eq!((e.n_labels_unmatched, e.n_items_unlabelled, e.n_expert_left_out), (1, 1, 1));
        assert_eq!(e.qualities[0].n_positive, 2);
        assert_eq!(e.qualities[0].precision_at[0].1.unwrap().value, 0.5);
        assert_eq!(e.qualities[2].average_precision.unwrap().value, 1.0);
        let counted = EvaluationOptions { expert: Expert::Faulty, ..options };
        let e = evaluate(&scored, &labels, &counted).unwrap();
        assert_eq!((e.n_items, e.qualities[0].n_positive, e.qualities[2].n_positive), (4, 3, 1));
    }

    #[test]
    fn a_threshold_never_sees_the_group_it_decides() {
        // In group h the positives score low; the threshold from g misses them.
        let labels =
            read_labels("item,error_type\na,ok\nb,wrong_groundtruth\nc,ok\nd,wrong_groundtruth\n").unwrap();
        let scored = scored(&[("a", "g", 1.0), ("b", "g", 2.0), ("c", "h", 0.0), ("d", "h", 0.5)]);
        let e = evaluate(&scored, &labels, &EvaluationOptions::default()).unwrap();
        let f1 = e.qualities[0].f1.unwrap();
        assert_eq!(f1.recall, 0.5, "b is above the threshold .5 of h, d is below the threshold 2 of g");
        assert_eq!(f1.n_flagged, 2);
    }

    #[test]
    fn labels_that_fit_nothing_are_an_error_that_says_so() {
        let labels = read_labels("item,error_type\nq1,ok\n").unwrap();
        let error = evaluate(&scored(&[("a", "g", 1.0)]), &labels, &Default::default()).unwrap_err();
        assert!(error.to_string().contains("first label is of item \"q1\""), "{error}");
    }
}
