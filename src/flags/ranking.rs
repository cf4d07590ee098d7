//! Which items should a person look at first? One score with fixed weights, and how sure each place is.

use super::ceiling::{Ceilings, GroupAccuracies, MIN_GROUP_ITEMS, MIN_GROUPS};
use super::effective::effective_models;
use super::margin::{margins, vote_weights};
use super::panel::Panel;
use super::pool::{NEIGHBOURS, group_means, neighbour_means};
use super::text::{MIN_ITEMS, TextIndex};
use crate::numeric::random::stream;
use ndarray::Array2;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

/// How the ranking is made. The weights are fixed: none is fitted to labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankingOptions {
    /// Weight of the logarithm of the group's expected shortfall, divided by the panel's effective size.
    pub shortfall_weight: f64,
    /// Weight of the mean margin of the items with the most similar text, divided in the same way.
    pub neighbour_weight: f64,
    /// Weight of the mean margin of the group where shortfalls cannot be had (few models).
    pub group_weight: f64,
    /// Size of the reading list whose membership is given a probability.
    pub top: usize,
    /// Resamples of the model families.
    pub replicates: usize,
    /// Level of the rank intervals.
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for RankingOptions {
    fn default() -> Self {
        Self {
            shortfall_weight: 0.9,
            neighbour_weight: 1.0,
            group_weight: 0.3,
            top: 50,
            replicates: 200,
            level: 0.95,
            seed: 1,
        }
    }
}

/// The score of one item with its parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// The score: larger is more suspicious; `None` where no vote counts.
    pub value: Option<f64>,
    /// Weighted margin against the key.
    pub margin: Option<f64>,
    /// Expected share of items of the group that no ability gets right.
    pub group_shortfall: Option<f64>,
    /// Mean margin of the other items of the group.
    pub group_margin: Option<f64>,
    /// Mean margin of the items with the most similar text.
    pub neighbour_margin: Option<f64>,
}

/// The place of one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Place {
    /// From 1, in order of reading.
    pub rank: usize,
    /// Ends of the interval of the rank; `None` with fewer than three families.
    pub interval: Option<(usize, usize)>,
    /// Share of the resamples in which the item is on the reading list; `None` with fewer than three
    /// families.
    pub probability_top: Option<f64>,
}

/// Scores and places of all items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// By item.
    pub scores: Vec<Score>,
    /// By item.
    pub places: Vec<Place>,
    /// Shortfalls by group, where there are enough models and groups.
    pub ceilings: Option<Ceilings>,
    /// Size of the reading list that `probability_top` is of.
    pub top: usize,
    /// Number of model families that were resampled.
    pub n_families: usize,
}

impl Ranking {
    /// The items in order of reading.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.places.len()).collect();
        order.sort_by_key(|&i| self.places[i].rank);
        order
    }

    /// The scores alone, those of items without one below all others.
    pub fn values(&self) -> Vec<f64> {
        self.scores.iter().map(|s| s.value.unwrap_or(f64::NEG_INFINITY)).collect()
    }
}

/// Everything about a panel that a resample of its models does not change.
struct Prepared<'a> {
    panel: &'a Panel,
    options: &'a RankingOptions,
    weights: Array2<f32>,
    accuracies: GroupAccuracies,
    nearest: Vec<Vec<(usize, f64)>>,
    groups_large_enough: bool,
    /// What the prior terms are divided by.
    effective_models: f64,
}

/// Ranks the items of a panel.
///
/// ```text
/// score_i = M_i + (λ ln(d_s(i) + μ) + ν N_i) / J_eff         λ = .9, ν = 1
/// ```
///
/// `M` is the weighted margin (for scores alone: 1 − 2 × accuracy), `d_s` the expected shortfall of the
/// item's group and `μ` its mean over groups, `N` the mean margin of the ten items most like it in text.
/// The vote of a panel adds its margin times `J_eff` (the independent models it is worth, see
/// [`effective_models`]) times the weight of one vote to the log-odds of a fault; what group and neighbours say
/// comes before the vote and therefore counts as `1/J_eff` of it. That a vote weighs about one, and not the
/// 2.5 of a model that errs at random, is because half of all faults do not move the votes. μ stands for
/// faults that no shortfall shows. The weights are round numbers from a wide plateau. What cannot be
/// had is left out: without letters M is the error rate, without groups, eight models or differing
/// abilities `.3 S` (the mean margin of the group) or nothing stands for the shortfall, without text there
/// is no N. `texts` are question and options of each item.
pub fn rank<S: AsRef<str> + Sync>(panel: &Panel, texts: Option<&[S]>, options: &RankingOptions) -> Ranking {
    let large = panel.items_by_group().iter().filter(|g| g.len() >= MIN_GROUP_ITEMS).count();
    let prepared = Prepared {
        panel,
        options,
        weights: vote_weights(panel),
        accuracies: GroupAccuracies::new(panel),
        nearest: match texts {
            Some(texts) if texts.len() == panel.n_items() && texts.len() >= MIN_ITEMS => {
                TextIndex::new(texts).nearest(NEIGHBOURS)
            }
            _ => Vec::new(),
        },
        groups_large_enough: large >= MIN_GROUPS,
        effective_models: effective_models(panel).unwrap_or(1.0),
    };
    let (scores, ceilings) = prepared.score(&vec![1.0; panel.n_models()]);
    let ranks = order_of(&scores);
    let ties = blocks_of(&scores);
    let n_families = panel.family.iter().max().map_or(0, |f| f + 1);
    let top = options.top.min(panel.n_items());
    let resampled = if n_families >= 3 { prepared.resampled_ranks(n_families) } else { Vec::new() };
    let places = (0..panel.n_items())
        .into_par_iter()
        .map(|i| place_of(ranks[i], ties[i], resampled.iter().map(|r| r[i]).collect(), top, options.level))
        .collect();
    Ranking { scores, places, ceilings, top, n_families }
}

impl Prepared<'_> {
    fn score(&self, multiplicity: &[f64]) -> (Vec<Score>, Option<Ceilings>) {
        let panel = self.panel;
        let margin = margins(panel, &self.weights, multiplicity);
        let ceilings = self.accuracies.ceilings(multiplicity);
        let group = group_means(panel, &margin);
        let neighbour = if self.nearest.is_empty() {
            vec![None; margin.len()]
        } else {
            neighbour_means(&self.nearest, &margin)
        };
        let overall = mean(&margin);
        let scores = (0..panel.n_items())
            .map(|i| {
                let shortfall = ceilings
                    .as_ref()
                    .and_then(|c| c.groups[panel.group[i]?])
                    .map(|shortfall| shortfall.expected);
                let by_group = match &ceilings {
                    Some(c) => {
                        self.options.shortfall_weight * (shortfall.unwrap_or(c.mean) + c.mean).ln()
                            / self.effective_models
                    }
                    None if self.groups_large_enough => {
                        self.options.group_weight * group[i].or(overall).unwrap_or(0.0)
                    }
                    None => 0.0,
                };
                let by_text = if self.nearest.is_empty() {
                    0.0
                } else {
                    self.options.neighbour_weight * neighbour[i].or(overall).unwrap_or(0.0)
                        / self.effective_models
                };
                Score {
                    value: margin[i].map(|m| m + by_group + by_text),
                    margin: margin[i],
                    group_shortfall: shortfall,
                    group_margin: group[i],
                    neighbour_margin: neighbour[i],
                }
            })
            .collect();
        (scores, ceilings)
    }

    /// Ranks under resamples of whole families: models of one family repeat each other's mistakes.
    fn resampled_ranks(&self, n_families: usize) -> Vec<Vec<Block>> {
        (0..self.options.replicates)
            .into_par_iter()
            .map(|k| {
                let mut rng = stream(self.options.seed, k as u64);
                let mut drawn = vec![0.0; n_families];
                for _ in 0..n_families {
                    drawn[rng.random_range(0..n_families)] += 1.0;
                }
                let multiplicity: Vec<f64> = self.panel.family.iter().map(|&f| drawn[f]).collect();
                blocks_of(&self.score(&multiplicity).0)
            })
            .collect()
    }
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let (sum, n) = values.iter().flatten().fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

/// First and last place that an item may take when equals are put in any order.
type Block = (usize, usize);

fn sorted(scores: &[Score]) -> Vec<(f64, usize)> {
    let mut order: Vec<(f64, usize)> =
        scores.iter().enumerate().map(|(i, s)| (s.value.unwrap_or(f64::NEG_INFINITY), i)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    order
}

/// Ranks from 1, the largest score first; equals and items without a score by position.
fn order_of(scores: &[Score]) -> Vec<usize> {
    let mut ranks = vec![0; scores.len()];
    for (place, (_, item)) in sorted(scores).into_iter().enumerate() {
        ranks[item] = place + 1;
    }
    ranks
}

/// The places that each item shares with its equals.
fn blocks_of(scores: &[Score]) -> Vec<Block> {
    let mut blocks = vec![(0, 0); scores.len()];
    let mut before = 0;
    for block in sorted(scores).chunk_by(|a, b| a.0 == b.0) {
        for (_, item) in block {
            blocks[*item] = (before + 1, before + block.len());
        }
        before += block.len();
    }
    blocks
}

fn place_of(rank: usize, ties: Block, drawn: Vec<Block>, top: usize, level: f64) -> Place {
    if drawn.is_empty() {
        return Place { rank, interval: None, probability_top: None };
    }
    let tail = (1.0 - level) / 2.0;
    let at = |p: f64, end: fn(&Block) -> usize| {
        let mut ends: Vec<usize> = drawn.iter().map(end).collect();
        ends.sort_unstable();
        ends[((p * (ends.len() - 1) as f64).round() as usize).min(ends.len() - 1)]
    };
    // Of a block that straddles the end of the list, the share that fits.
    let inside = |(first, last): &Block| {
        ((top + 1).saturating_sub(*first) as f64 / (last + 1 - first) as f64).min(1.0)
    };
    Place {
        rank,
        interval: Some((at(tail, |b| b.0).min(ties.0), at(1.0 - tail, |b| b.1).max(ties.1))),
        probability_top: Some(drawn.iter().map(inside).sum::<f64>() / drawn.len() as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    fn planted() -> Panel {
        let mut answers = vec!["AAAAAB"; 30];
        answers[17] = "BBBBBB";
        lettered(&"A".repeat(30), &answers, 4)
    }

    #[test]
    fn a_planted_wrong_key_ranks_first_and_surely() {
        let ranking = rank::<&str>(&planted(), None, &RankingOptions { top: 3, ..Default::default() });
        assert_eq!(ranking.order()[0], 17);
        assert_eq!(ranking.places[17].probability_top, Some(1.0));
        assert_eq!(ranking.places[17].interval, Some((1, 1)));
    }

    #[test]
    fn equals_share_their_places() {
        let score = |value| Score {
            value,
            margin: None,
            group_shortfall: None,
            group_margin: None,
            neighbour_margin: None,
        };
        let scores = [score(Some(1.0)), score(Some(2.0)), score(Some(1.0)), score(None)];
        assert_eq!(order_of(&scores), vec![2, 1, 3, 4]);
        assert_eq!(blocks_of(&scores), vec![(2, 3), (1, 1), (2, 3), (4, 4)]);
        let place = place_of(2, (2, 3), vec![(2, 3), (2, 3)], 2, 0.95);
        assert_eq!((place.interval, place.probability_top), (Some((2, 3)), Some(0.5)));
    }

    #[test]
    fn the_order_of_models_and_the_names_of_options_change_nothing() {
        let panel = lettered("ABCA", &["AABC", "BBCD", "CACC", "BBBA"], 4);
        let reversed: Vec<String> =
            ["AABC", "BBCD", "CACC", "BBBA"].iter().map(|s| s.chars().rev().collect()).collect();
        let swapped: Vec<String> = ["AABC", "BBCD", "CACC", "BBBA"]
            .iter()
            .map(|s| s.chars().map(|c| (b'A' + b'D' - c as u8) as char).collect())
            .collect();
        let score = |keys: &str, rows: &[String]| {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            rank::<&str>(&lettered(keys, &rows, 4), None, &RankingOptions::default()).values()
        };
        let base = rank::<&str>(&panel, None, &RankingOptions::default()).values();
        for other in [score("ABCA", &reversed), score("DCBD", &swapped)] {
            assert!(base.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-6), "{base:?} {other:?}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| rank::<&str>(&planted(), None, &RankingOptions::default()))
        };
        assert_eq!(run(1), run(2));
    }
}
