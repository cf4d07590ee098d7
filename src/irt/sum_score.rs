//! Do respondents with the same sum score answer an item as the fit predicts? Orlando and Thissen's S-X².

use super::calibrated::Calibrated;
use super::curve::log_table;
use super::model::Model;
use super::result::IrtFit;
use crate::numeric::quadrature::normal_grid;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Most items and most points for which the joint distributions are computed.
const MOST_ITEMS: usize = 400;
/// Least expected count of a cell.
const LEAST_EXPECTED: f64 = 1.0;

/// S-X² of one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SumScoreFit {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom: cells less rows less parameters of the item.
    pub degrees_of_freedom: usize,
    /// Probability of a larger value if the item fits.
    pub p_value: f64,
}

/// A table of counts, scores × categories; rows may become shorter as categories are joined.
type Counts = Vec<Vec<f64>>;

/// S-X² of every item; `None` where too few cells are left after joining. `Err` says why there is none at all.
pub(crate) fn sum_score_fits(c: &Calibrated, fit: &IrtFit) -> Result<Vec<Option<SumScoreFit>>, String> {
    let data = &c.responses;
    let n_items = data.n_items();
    if !data.complete {
        return Err("cells are missing, so sum scores cannot be compared".into());
    }
    if !(3..=MOST_ITEMS).contains(&n_items) {
        return Err(format!("it needs between 3 and {MOST_ITEMS} items, there are {n_items}"));
    }
    if matches!(data.cells, super::data::Packed::Counts { .. }) {
        return Err("repeated attempts have no common sum score".into());
    }
    let rule = normal_grid(61, 6.0);
    let nodes = rule.nodes.len();
    // Probabilities of each category of each item on the nodes.
    let tables: Vec<Vec<f64>> = (0..n_items)
        .map(|i| {
            let levels = data.n_levels[i];
            let mut t = vec![0.0; levels * nodes];
            log_table(c.layout.kind, c.item(i), &rule.nodes, &mut t);
            if !c.layout.kind.is_ordinal() {
                (0..nodes).for_each(|q| t[nodes + q] += t[q]);
            }
            t.iter().map(|v| v.exp()).collect()
        })
        .collect();
    let top: usize = data.n_levels.iter().map(|l| l - 1).sum();
    let scores: Vec<usize> = (0..data.n_respondents())
        .map(|r| (0..n_items).filter_map(|i| data.cell(i, r)).map(|(k, _)| k).sum())
        .collect();
    let mut at_score = vec![0.0; top + 1];
    scores.iter().for_each(|s| at_score[*s] += 1.0);
    let group = usize::from(fit.model == Model::Rasch);
    Ok((0..n_items)
        .into_par_iter()
        .map(|i| {
            let levels = data.n_levels[i];
            let rest = distribution(&tables, &data.n_levels, nodes, Some(i));
            let mut expected: Counts = Vec::new();
            let mut observed: Counts = vec![vec![0.0; levels]; top + 1];
            for (r, s) in scores.iter().enumerate() {
                if let Some((k, _)) = data.cell(i, r) {
                    observed[*s][k] += 1.0;
                }
            }
            for (s, n) in at_score.iter().enumerate() {
                let joint: Vec<f64> = (0..levels)
                    .map(|k| match s.checked_sub(k).and_then(|other| rest.get(other)) {
                        Some(row) => {
                            (0..nodes).map(|q| row[q] * tables[i][k * nodes + q] * rule.weights[q]).sum()
                        }
                        None => 0.0,
                    })
                    .collect();
                let total: f64 = joint.iter().sum();
                expected.push(joint.iter().map(|j| if total > 0.0 { n * j / total } else { 0.0 }).collect());
            }
            // All wrong and all right are certain.
            let (mut o, mut e) = (observed[1..top].to_vec(), expected[1..top].to_vec());
            join_impossible(&mut o, &mut e, levels);
            join_cells(&mut o, &mut e, levels);
            let parameters = c.layout.size(i) - usize::from(fit.model.has_common_slope()) + group;
            summarise(&o, &e, parameters)
        })
        .collect())
}

/// Distribution of the sum score of all items but one on every node: scores × nodes (Lord & Wingersky 1984,
/// doi:10.1177/014662168400800409).
fn distribution(
    tables: &[Vec<f64>],
    levels: &[usize],
    nodes: usize,
    without: Option<usize>,
) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = vec![vec![1.0; nodes]];
    for (i, table) in tables.iter().enumerate().filter(|(i, _)| Some(*i) != without) {
        let mut next = vec![vec![0.0; nodes]; out.len() + levels[i] - 1];
        for (s, row) in out.iter().enumerate() {
            for k in 0..levels[i] {
                for q in 0..nodes {
                    next[s + k][q] += row[q] * table[k * nodes + q];
                }
            }
        }
        out = next;
    }
    out
}

fn summarise(o: &Counts, e: &Counts, parameters: usize) -> Option<SumScoreFit> {
    let (mut statistic, mut cells) = (0.0, 0usize);
    for (o, e) in o.iter().zip(e) {
        for (o, e) in o.iter().zip(e).filter(|(_, e)| **e > 0.0) {
            statistic += (o - e) * (o - e) / e;
            cells += 1;
        }
    }
    let degrees_of_freedom = cells.checked_sub(e.len() + parameters).filter(|df| *df > 0)?;
    let chi = ChiSquared::new(degrees_of_freedom as f64).ok()?;
    Some(SumScoreFit { statistic, degrees_of_freedom, p_value: 1.0 - chi.cdf(statistic) })
}

/// Joins the scores at either end at which some category cannot occur with the first at which all can: with
/// four categories a sum of 1 leaves no room for the two highest.
fn join_impossible(o: &mut Counts, e: &mut Counts, levels: usize) {
    let ends = levels - 2;
    if ends == 0 || o.len() < 2 * ends + 2 {
        return;
    }
    for rows in [o, e] {
        let last = rows.len() - 1;
        for k in 0..ends {
            pour(rows, k, ends);
            pour(rows, last - k, last - ends);
        }
        rows.truncate(last + 1 - ends);
        rows.drain(..ends);
    }
}

/// Joins cells until each is expected at least once.
///
/// In this order: scores nobody has are dropped; a score that one respondent has goes to the next; categories
/// are joined within a score, least first, with their lesser neighbour; categories that are rare at all scores
/// go to the one below; scores are joined with the neighbour that fewer respondents have. These are the rules of
/// the reference software, so that its figures can be compared.
fn join_cells(o: &mut Counts, e: &mut Counts, levels: usize) {
    let present: Vec<bool> = o.iter().map(|r| r.iter().sum::<f64>() > 0.0).collect();
    keep(o, &present);
    keep(e, &present);
    // Which rows hold a small cell is noted before single respondents are joined.
    let small: Vec<bool> = e.iter().map(|r| r.iter().any(|v| *v < LEAST_EXPECTED)).collect();
    join_singles(o, e);
    if levels > 2 {
        for (j, (o, e)) in o.iter_mut().zip(e.iter_mut()).enumerate() {
            if small.get(j).copied().unwrap_or(false) {
                join_categories(o, e, levels);
            }
        }
        join_rare_categories(o, e);
    }
    join_scores(o, e);
}

fn keep(rows: &mut Counts, which: &[bool]) {
    let mut at = 0;
    rows.retain(|_| {
        at += 1;
        which[at - 1]
    });
}

/// Adds row `from` to row `to`.
fn pour(rows: &mut Counts, from: usize, to: usize) {
    let row = rows[from].clone();
    rows[to].iter_mut().zip(row).for_each(|(a, b)| *a += b);
}

fn join_singles(o: &mut Counts, e: &mut Counts) {
    let single = |o: &Counts, j: usize| o[j].iter().sum::<f64>() == 1.0;
    let mut stays = vec![true; o.len()];
    for j in 0..o.len().saturating_sub(1) {
        if single(o, j) {
            pour(o, j, j + 1);
            pour(e, j, j + 1);
            stays[j] = false;
        }
    }
    keep(o, &stays);
    keep(e, &stays);
    let last = o.len().saturating_sub(1);
    if last > 0 && single(o, last) {
        pour(o, last, last - 1);
        pour(e, last, last - 1);
        o.pop();
        e.pop();
    }
}

fn join_categories(o: &mut Vec<f64>, e: &mut Vec<f64>, levels: usize) {
    while e.len() > 2 {
        let least = e.iter().copied().fold(f64::INFINITY, f64::min);
        let at = e.iter().rposition(|v| *v == least).unwrap_or(0);
        let to = match at {
            0 => 1,
            at if at + 1 == e.len() => at - 1,
            at if e[at - 1] <= e[at + 1] => at - 1,
            at => at + 1,
        };
        e[to] += e[at];
        o[to] += o[at];
        e.remove(at);
        o.remove(at);
        if e.iter().all(|v| *v >= LEAST_EXPECTED) {
            break;
        }
    }
    e.resize(levels, 0.0);
    o.resize(levels, 0.0);
}

fn join_rare_categories(o: &mut Counts, e: &mut Counts) {
    let column = |e: &Counts, k: usize| e.iter().map(|r| r[k]).sum::<f64>();
    let width = |e: &Counts| e.first().map_or(0, Vec::len);
    let join = |rows: &mut Counts, k: usize| {
        for row in rows {
            row[k - 1] += row[k];
            row.remove(k);
        }
    };
    while width(e) > 2 && column(e, width(e) - 1) < LEAST_EXPECTED * (e.len() as f64 * 0.1).ceil() {
        let k = width(e) - 1;
        join(o, k);
        join(e, k);
    }
    for k in (1..width(e)).rev() {
        let filled = e.iter().filter(|r| r[k] > 0.0).count() as f64 / e.len() as f64;
        if filled < 0.05 {
            join(o, k);
            join(e, k);
        }
    }
}

fn join_scores(o: &mut Counts, e: &mut Counts) {
    let small = |r: &Vec<f64>| r.iter().any(|v| *v < LEAST_EXPECTED && *v != 0.0);
    while e.len() > 1 {
        let Some(at) = e.iter().position(small) else { break };
        let total = |j: usize| o[j].iter().sum::<f64>();
        let to = match at {
            0 => 1,
            at if at + 1 == e.len() => at - 1,
            at if total(at - 1) <= total(at + 1) => at - 1,
            at => at + 1,
        };
        pour(o, at, to);
        pour(e, at, to);
        o.remove(at);
        e.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two fair coins: 0, 1, 2 heads with probabilities ¼, ½, ¼.
    #[test]
    fn sum_scores_of_coins() {
        let coin = vec![0.5, 0.5];
        let d = distribution(&[coin.clone(), coin.clone(), coin], &[2, 2, 2], 1, Some(0));
        assert_eq!(d, vec![vec![0.25], vec![0.5], vec![0.25]]);
    }

    /// Three categories, so that 2 cannot occur at a sum of 1, nor 0 one below the highest sum.
    #[test]
    fn sums_without_room_for_a_category_join_the_next() {
        let rows = || vec![vec![1.0, 2.0, 0.0], vec![3.0; 3], vec![4.0; 3], vec![0.0, 5.0, 6.0]];
        let (mut o, mut e) = (rows(), rows());
        join_impossible(&mut o, &mut e, 3);
        assert_eq!(o, vec![vec![4.0, 5.0, 3.0], vec![4.0, 9.0, 10.0]]);
        assert_eq!(e, o);
        let mut two = vec![vec![1.0, 2.0]; 3];
        join_impossible(&mut two.clone(), &mut two, 2);
        assert_eq!(two.len(), 3);
    }

    #[test]
    fn small_scores_join_their_lesser_neighbour() {
        let mut o = vec![vec![5.0, 5.0], vec![2.0, 1.0], vec![3.0, 3.0], vec![9.0, 9.0]];
        let mut e = vec![vec![5.0, 5.0], vec![2.5, 0.5], vec![3.0, 3.0], vec![9.0, 9.0]];
        join_cells(&mut o, &mut e, 2);
        assert_eq!(o, vec![vec![5.0, 5.0], vec![5.0, 4.0], vec![9.0, 9.0]]);
        assert_eq!(e[1], vec![5.5, 3.5]);
    }
}
