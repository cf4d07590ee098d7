//! Which subtasks measure the same? Correlations corrected for unreliability, clusters, number of dimensions.

use super::candidates::{Candidates, SetSums};
use crate::numeric::correlation::pearson;
use crate::numeric::describe::{mean, quantile};
use crate::numeric::linear::symmetric_eigen;
use crate::numeric::random::stream;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::Serialize;

/// How subtasks go together over the models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Redundancy {
    /// Correlations of scores, subtasks × subtasks.
    pub correlation: Vec<Vec<f64>>,
    /// The same corrected for unreliability, at most 1; as seen where a side has no reliability.
    pub corrected: Vec<Vec<f64>>,
    /// The subtasks in the order of a dendrogram.
    pub order: Vec<usize>,
    /// Cluster of each subtask, from 1; joined while the mean corrected correlation is at least [`SAME`].
    pub cluster: Vec<usize>,
    /// Eigenvalues of the correlations, largest first.
    pub eigenvalues: Vec<f64>,
    /// 95th percentile of the eigenvalues of as many independent normal scores.
    pub by_chance: Vec<f64>,
    /// Leading eigenvalues above chance: how many dimensions the suite has.
    pub n_dimensions: usize,
}

/// Mean corrected correlation from which clusters count as the same.
pub const SAME: f64 = 0.95;
/// Random data sets of the parallel analysis.
const PARALLEL: usize = 100;

/// Correlates, clusters and counts dimensions.
///
/// ```text
/// corrected r = r / √(reliability_a · reliability_b)
/// ```
///
/// Clusters by average linkage. Dimensions by parallel analysis. With fewer models than subtasks the correlation
/// matrix has rank below its size, and the number of dimensions is a lower bound.
///
/// # Reference
/// Spearman 1904, doi:10.2307/1412159; Horn 1965, doi:10.1007/BF02289447.
pub fn redundancy(pool: &impl Candidates, reliability: &[Option<f64>], seed: u64) -> Redundancy {
    let everyone: Vec<usize> = (0..pool.n_models()).collect();
    let sums = pool.sums(&everyone, seed, false);
    let scores: Vec<Vec<f64>> = sums.subtasks.iter().map(|s| s.scores()).collect();
    let n = scores.len();
    let correlation: Vec<Vec<f64>> = (0..n)
        .map(|a| {
            (0..n)
                .map(|b| if a == b { 1.0 } else { pearson(&scores[a], &scores[b]).unwrap_or(0.0) })
                .collect()
        })
        .collect();
    let corrected: Vec<Vec<f64>> = (0..n)
        .map(|a| {
            (0..n)
                .map(|b| match (reliability[a], reliability[b]) {
                    _ if a == b => 1.0,
                    (Some(x), Some(y)) if x > 0.0 && y > 0.0 => {
                        (correlation[a][b] / (x * y).sqrt()).clamp(-1.0, 1.0)
                    }
                    _ => correlation[a][b],
                })
                .collect()
        })
        .collect();
    let (order, cluster) = average_linkage(&corrected);
    let eigenvalues = eigenvalues_of_correlations(&scores);
    let by_chance = parallel(n, pool.n_models(), seed);
    let n_dimensions = eigenvalues.iter().zip(&by_chance).take_while(|(e, c)| e > c).count();
    Redundancy { correlation, corrected, order, cluster, eigenvalues, by_chance, n_dimensions }
}

/// Eigenvalues of the correlations of scores, one row for each subtask, largest first. With fewer models than subtasks
/// they are those of the sums of products of models, and 0: a smaller matrix.
///
/// ```text
/// R = Z Zᵀ has the eigenvalues of Zᵀ Z      Z: rows centred and of length 1
/// ```
///
/// Scores that do not vary correlate with nothing, and have an eigenvalue of 1.
fn eigenvalues_of_correlations(scores: &[Vec<f64>]) -> Vec<f64> {
    let standardised = |row: &Vec<f64>| -> Option<Vec<f64>> {
        let centre = mean(row)?;
        let length = row.iter().map(|x| (x - centre) * (x - centre)).sum::<f64>().sqrt();
        (length > 0.0).then(|| row.iter().map(|x| (x - centre) / length).collect())
    };
    let z: Vec<Vec<f64>> = scores.iter().filter_map(standardised).collect();
    let n_models = z.first().map_or(0, Vec::len);
    let rows: Vec<Vec<f64>> = if n_models < z.len() {
        (0..n_models).map(|m| z.iter().map(|row| row[m]).collect()).collect()
    } else {
        z.clone()
    };
    let product = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let matrix: Vec<f64> = rows.iter().flat_map(|a| rows.iter().map(move |b| product(a, b))).collect();
    let mut values = symmetric_eigen(&matrix, rows.len()).0;
    values.resize(z.len(), 0.0);
    values.resize(scores.len(), 1.0);
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// The 95th percentile of each eigenvalue of correlations of independent normal scores.
fn parallel(n: usize, models: usize, seed: u64) -> Vec<f64> {
    let drawn: Vec<Vec<f64>> = (0..PARALLEL)
        .into_par_iter()
        .map(|k| {
            let mut rng = stream(seed, k as u64);
            let scores: Vec<Vec<f64>> =
                (0..n).map(|_| (0..models).map(|_| StandardNormal.sample(&mut rng)).collect()).collect();
            eigenvalues_of_correlations(&scores)
        })
        .collect();
    (0..n)
        .map(|k| quantile(&drawn.iter().map(|d| d[k]).collect::<Vec<_>>(), 0.95).unwrap_or(f64::INFINITY))
        .collect()
}

/// Leaves in the order of the dendrogram, and the cluster of each at [`SAME`].
fn average_linkage(similarity: &[Vec<f64>]) -> (Vec<usize>, Vec<usize>) {
    let n = similarity.len();
    let mut groups: Vec<Vec<usize>> = (0..n).map(|k| vec![k]).collect();
    let mut cluster: Option<Vec<Vec<usize>>> = None;
    while groups.len() > 1 {
        let mean = |a: &[usize], b: &[usize]| {
            a.iter().flat_map(|x| b.iter().map(move |y| similarity[*x][*y])).sum::<f64>()
                / (a.len() * b.len()) as f64
        };
        let mut best = (0, 1, f64::NEG_INFINITY);
        for i in 0..groups.len() {
            for j in i + 1..groups.len() {
                let s = mean(&groups[i], &groups[j]);
                if s > best.2 {
                    best = (i, j, s);
                }
            }
        }
        if best.2 < SAME && cluster.is_none() {
            cluster = Some(groups.clone());
        }
        let joined = groups.remove(best.1);
        groups[best.0].extend(joined);
    }
    let order = groups.pop().unwrap_or_default();
    let found = cluster.unwrap_or_else(|| vec![order.clone()]);
    // Numbered in the order of the dendrogram.
    let mut of = vec![0; n];
    let mut next = 0;
    for leaf in &order {
        if of[*leaf] == 0 {
            next += 1;
            if let Some(members) = found.iter().find(|g| g.contains(leaf)) {
                members.iter().for_each(|m| of[*m] = next);
            }
        }
    }
    (order, of)
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::simulated;
    use super::*;

    #[test]
    fn one_ability_is_one_dimension_and_noise_correlates_with_nothing() {
        let pool = simulated(&[2.0, 2.0, 2.0, 2.0, 2.0], 80, 60);
        let found = redundancy(&pool, &[Some(0.95); 5], 1);
        assert_eq!(found.n_dimensions, 1);
        assert!(found.corrected[0][1] > found.correlation[0][1]);
        assert_eq!(found.order.len(), 5);
    }

    #[test]
    fn eigenvalues_do_not_depend_on_the_matrix_they_are_taken_from() {
        // Two models: every correlation is 1 or −1, one dimension holds all three rows that vary.
        let few =
            eigenvalues_of_correlations(&[vec![0.0, 1.0], vec![2.0, 4.0], vec![3.0, 1.0], vec![5.0, 5.0]]);
        for (found, expected) in few.iter().zip([3.0, 1.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{few:?}");
        }
        // Five subtasks of four models, by models and by subtasks.
        let scores: Vec<Vec<f64>> = (0..5)
            .map(|k| (0..4).map(|m| f64::from((k * 7 + m * m * 3 + k * m * 5) % 11)).collect())
            .collect();
        let mut matrix = Vec::new();
        for a in &scores {
            matrix.extend(scores.iter().map(|b| pearson(a, b).unwrap()));
        }
        let mut whole = symmetric_eigen(&matrix, 5).0;
        whole.sort_by(|a, b| b.total_cmp(a));
        for (found, expected) in eigenvalues_of_correlations(&scores).iter().zip(&whole) {
            assert!((found - expected).abs() < 1e-10, "{found} {expected}");
        }
    }

    #[test]
    fn clusters_by_hand() {
        let s = vec![vec![1.0, 0.1, 0.99], vec![0.1, 1.0, 0.2], vec![0.99, 0.2, 1.0]];
        let (order, cluster) = average_linkage(&s);
        assert_eq!(order, [0, 2, 1]);
        assert_eq!(cluster, [1, 2, 1]);
    }
}
