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
//!
//! Where copies are most of a table, slopes are fitted to them and explain them away. Pairs that agree on nearly
//! everything are therefore held against what accuracy alone predicts, too: `P = σ(logit sⱼ + c)` with the item's
//! share of right answers `sⱼ` and the `c` that gives the pair's accuracy.

use super::data::{Packed, Responses};
use super::layout::Layout;
use crate::numeric::popcount::count_and;
use crate::numeric::vector::{logistic, wide_kernel};
use crate::response::BitMatrix;
use rayon::prelude::*;

/// Agreement beyond chance from which two respondents count as copies.
const COPY: f64 = 0.5;
/// The same where chance is what accuracy alone predicts.
const NEAR_IDENTICAL: f64 = 0.95;
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
    let items = layout.n_items();
    let curve = |i: usize, t: f64| success(&natural[layout.natural[i]..layout.natural[i + 1]], t);
    let by_ability: Vec<Chance> =
        (0..=64).into_par_iter().map(|q| Chance::of(items, |i| curve(i, -4.0 + q as f64 / 8.0))).collect();
    let share = item_logits(cells);
    let by_accuracy: Vec<Chance> = (0..=64)
        .into_par_iter()
        .map(|q| Chance::of(items, |i| logistic(share[i] - 8.0 + q as f64 / 4.0)))
        .collect();
    let mut parent: Vec<usize> = (0..n).collect();
    let pairs: Vec<(usize, usize)> = (0..n)
        .into_par_iter()
        .flat_map_iter(|a| {
            let (by_ability, by_accuracy) = (&by_ability, &by_accuracy);
            (a + 1..n)
                .filter(move |b| {
                    if (theta[a] - theta[*b]).abs() > 0.7 {
                        return false;
                    }
                    let at = ((0.5 * (theta[a] + theta[*b]) + 4.0) * 8.0).round().clamp(0.0, 64.0) as usize;
                    let row = |r: usize| (rows.value_row(r), rows.present_row(r));
                    let pair = agreement(row(a), row(*b));
                    if pair.both < 10 {
                        return false;
                    }
                    if by_ability[at].exceeded(&pair, COPY) {
                        return true;
                    }
                    // A share of what chance leaves open is reached by that share of all at least.
                    if f64::from(pair.same) < NEAR_IDENTICAL * f64::from(pair.both) {
                        return false;
                    }
                    let accuracy = accuracy(row(a), row(*b), pair.both);
                    let at_accuracy = by_accuracy.partition_point(|c| c.accuracy < accuracy).min(64);
                    by_accuracy[at_accuracy].exceeded(&pair, NEAR_IDENTICAL)
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

/// What two independent respondents at one place agree on.
struct Chance {
    accuracy: f64,
    /// Mean over items of the probability to agree, and of its variance.
    mean: f64,
    variance: f64,
}

impl Chance {
    fn of(n_items: usize, success: impl Fn(usize) -> f64) -> Self {
        let mut sums = [0.0; 3];
        for i in 0..n_items {
            let p = success(i);
            let q = p * p + (1.0 - p) * (1.0 - p);
            for (sum, v) in sums.iter_mut().zip([p, q, q * (1.0 - q)]) {
                *sum += v;
            }
        }
        let [accuracy, mean, variance] = sums.map(|s| s / n_items as f64);
        Self { accuracy, mean, variance }
    }

    /// Does a pair agree on more than this share of what chance leaves open, and is that no accident?
    fn exceeded(&self, pair: &Agreement, share: f64) -> bool {
        let (same, both) = (pair.same as f64, pair.both as f64);
        let surplus = same - both * self.mean;
        surplus > share * both * (1.0 - self.mean) && surplus > SURE * (both * self.variance).sqrt()
    }
}

/// Log-odds of each item's share of right answers, half an answer of either kind added.
fn item_logits(cells: &BitMatrix) -> Vec<f64> {
    let count = |row: &[u64]| row.iter().map(|w| w.count_ones()).sum::<u32>() as f64;
    (0..cells.rows())
        .map(|i| {
            let (n, right) = (count(cells.present_row(i)), count(cells.value_row(i)));
            ((right + 0.5) / (n - right + 0.5)).ln()
        })
        .collect()
}

/// Probability of success under a curve of two outcomes.
pub(crate) fn success(p: &[f64], t: f64) -> f64 {
    let s = logistic(p[0] * t + p[1]);
    match p.len() {
        2 => s,
        3 => logistic(p[2]) + (1.0 - logistic(p[2])) * s,
        _ => logistic(p[2]) + (logistic(p[3]) - logistic(p[2])) * s,
    }
}

/// Items that two respondents answered alike, and that both answered.
struct Agreement {
    same: u32,
    both: u32,
}

/// Values and presence of one respondent's answers, packed.
type Row<'a> = (&'a [u64], &'a [u64]);

wide_kernel! {
    fn agreement(a: Row<'_>, b: Row<'_>) -> Agreement = agreement_body;
}

#[inline(always)]
fn agreement_body(a: Row<'_>, b: Row<'_>) -> Agreement {
    let (mut same, mut both) = (0, 0);
    for ((x, x_present), (y, y_present)) in a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1)) {
        let present = x_present & y_present;
        both += present.count_ones();
        same += (present & !(x ^ y)).count_ones();
    }
    Agreement { same, both }
}

/// Share of right answers of two respondents to the items that both answered.
fn accuracy(a: Row<'_>, b: Row<'_>, both: u32) -> f64 {
    let right = |of: &[u64], other: &[u64]| count_and(of, other);
    f64::from(right(a.0, b.1) + right(b.0, a.1)) / f64::from(2 * both)
}
