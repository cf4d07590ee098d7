//! How many independent respondents are there? Near-copies agree beyond what their accuracy predicts.
//!
//! Under the fit the agreement of two respondents on an item has a known probability,
//!
//! ```text
//! q = P(1)·P′(1) + P(0)·P′(0) at their abilities
//! ```
//!
//! so the number of agreements has a known mean and variance. Pairs whose share of agreement beyond chance
//! exceeds a half, and is no accident, are copies of one another in varying degree.

use super::data::{Packed, Responses};
use super::layout::Layout;
use crate::numeric::vector::logistic;
use crate::response::BitMatrix;
use rayon::prelude::*;

/// Agreement beyond chance from which two respondents count as copies.
const COPY: f64 = 0.5;
/// And standard deviations beyond chance.
const SURE: f64 = 6.0;
/// Most respondents that are compared pair by pair.
const MOST: usize = 4096;

pub(crate) struct Clones {
    /// Groups of copies, sorted respondents, largest first.
    pub groups: Vec<Vec<usize>>,
    /// `Σ 1 / size of the group`.
    pub effective: f64,
}

/// Finds copies among the respondents of a binary fit at abilities `theta`.
pub(crate) fn clones(data: &Responses, layout: &Layout, natural: &[f64], theta: &[f64]) -> Clones {
    let n = data.n_respondents();
    let none = Clones { groups: Vec::new(), effective: n as f64 };
    let Packed::Bits(cells) = &data.cells else { return none };
    if !(2..=MOST).contains(&n) {
        return none;
    }
    let owned;
    let rows: &BitMatrix = match &data.by_respondent {
        Some(rows) => rows,
        None => {
            owned = cells.transposed();
            &owned
        }
    };
    // Expected agreement at the mean ability of a pair, on a grid of abilities: neighbours in ability are the
    // only ones that can be copies, so one ability stands for both.
    let grid: Vec<f64> = (0..=64).map(|q| -4.0 + q as f64 / 8.0).collect();
    let chance: Vec<(f64, f64)> = grid
        .par_iter()
        .map(|t| {
            let (mut mean, mut variance) = (0.0, 0.0);
            for i in 0..layout.n_items() {
                let p = success(layout, &natural[layout.natural[i]..layout.natural[i + 1]], *t);
                let q = p * p + (1.0 - p) * (1.0 - p);
                mean += q;
                variance += q * (1.0 - q);
            }
            let items = layout.n_items() as f64;
            (mean / items, variance / items)
        })
        .collect();
    let mut parent: Vec<usize> = (0..n).collect();
    let pairs: Vec<(usize, usize)> = (0..n)
        .into_par_iter()
        .flat_map_iter(|a| {
            let chance = &chance;
            (a + 1..n)
                .filter(move |b| {
                    if (theta[a] - theta[*b]).abs() > 0.7 {
                        return false;
                    }
                    let at = ((0.5 * (theta[a] + theta[*b]) + 4.0) * 8.0).round().clamp(0.0, 64.0) as usize;
                    let (mean, variance) = chance[at];
                    let (same, both) = agreement(rows, a, *b);
                    let (same, both) = (same as f64, both as f64);
                    let surplus = same - both * mean;
                    both >= 10.0
                        && surplus > COPY * both * (1.0 - mean)
                        && surplus > SURE * (both * variance).sqrt()
                })
                .map(move |b| (a, b))
        })
        .collect();
    for (a, b) in pairs {
        let (mut x, mut y) = (a, b);
        while parent[x] != x {
            x = parent[x];
        }
        while parent[y] != y {
            y = parent[y];
        }
        parent[y.max(x)] = x.min(y);
    }
    let mut groups: std::collections::BTreeMap<usize, Vec<usize>> = Default::default();
    for r in 0..n {
        let mut root = r;
        while parent[root] != root {
            root = parent[root];
        }
        groups.entry(root).or_default().push(r);
    }
    let effective = groups.len() as f64;
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|g| g.len() > 1).collect();
    groups.sort_by_key(|g| std::cmp::Reverse(g.len()));
    Clones { groups, effective }
}

/// Probability of success under a curve of two outcomes.
pub(crate) fn success(_layout: &Layout, p: &[f64], t: f64) -> f64 {
    let s = logistic(p[0] * t + p[1]);
    match p.len() {
        2 => s,
        3 => logistic(p[2]) + (1.0 - logistic(p[2])) * s,
        _ => logistic(p[2]) + (logistic(p[3]) - logistic(p[2])) * s,
    }
}

/// Items that two respondents answered alike, and that both answered.
fn agreement(rows: &BitMatrix, a: usize, b: usize) -> (u32, u32) {
    let (mut same, mut both) = (0, 0);
    for w in 0..rows.words() {
        let present = rows.present_row(a)[w] & rows.present_row(b)[w];
        both += present.count_ones();
        same += (present & !(rows.value_row(a)[w] ^ rows.value_row(b)[w])).count_ones();
    }
    (same, both)
}
