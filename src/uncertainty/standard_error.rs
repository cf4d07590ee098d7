//! How far is a mean score from what it would be on other items? Standard errors, plain and clustered.

use crate::numeric::Estimate;
use crate::numeric::special::student_t_quantile;
use crate::numeric::{Interval, describe};
use std::collections::BTreeMap;
use thiserror::Error;

/// Why there is no standard error.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StandardErrorError {
    /// A spread needs two values.
    #[error("a standard error needs at least 2 scores, and there are {n_scores}")]
    TooFewScores {
        /// Number of scores.
        n_scores: usize,
    },
    /// A clustered standard error needs two clusters.
    #[error("a clustered standard error needs at least 2 clusters, and there are {n_clusters}")]
    TooFewClusters {
        /// Number of clusters.
        n_clusters: usize,
    },
    /// Scores and clusters do not belong together.
    #[error("{n_scores} scores and {n_labels} cluster labels")]
    Lengths {
        /// Number of scores.
        n_scores: usize,
        /// Number of labels.
        n_labels: usize,
    },
}

/// The standard error of a mean by the central limit theorem.
///
/// ```text
/// se = √(Σ (s_i − s̄)² / (n (n − 1)))
/// ```
///
/// # Errors
/// [`StandardErrorError::TooFewScores`] below two scores.
///
/// # Reference
/// Miller 2024, arXiv:2411.00640, section 2.
pub fn central_limit(scores: &[f64]) -> Result<f64, StandardErrorError> {
    let n_scores = scores.len();
    let variance = describe::variance(scores, 1).ok_or(StandardErrorError::TooFewScores { n_scores })?;
    Ok((variance / n_scores as f64).sqrt())
}

/// The standard error of a share, `√(p (1 − p) / n)`; `None` without trials.
pub fn bernoulli(share: f64, n: usize) -> Option<f64> {
    (n > 0 && (0.0..=1.0).contains(&share)).then(|| (share * (1.0 - share) / n as f64).sqrt())
}

/// The standard error of a mean whose scores come in clusters: items about one passage, or of one subject.
///
/// ```text
/// se² = Σ_c (Σ_{i∈c} (s_i − s̄))² / n²
/// ```
///
/// The sandwich estimator without correction (CR0). It differs from Miller's
/// `se²_CLT + Σ_c Σ_{i≠j∈c} e_i e_j / n²` by `n/(n − 1)` on the diagonal only.
///
/// # Errors
/// See [`StandardErrorError`].
///
/// # Reference
/// Miller 2024, arXiv:2411.00640, section 2.2; Liang & Zeger 1986, doi:10.1093/biomet/73.1.13.
pub fn clustered<C: Ord>(scores: &[f64], clusters: &[C]) -> Result<f64, StandardErrorError> {
    let sums = cluster_residuals(scores, clusters)?;
    Ok(sums.iter().map(|s| s * s).sum::<f64>().sqrt() / scores.len() as f64)
}

/// A mean with its clustered standard error, for few clusters.
///
/// ```text
/// se_few = √(G / (G − 1)) · se,   s̄ ± t_{G−1} · se_few
/// ```
///
/// # Errors
/// See [`StandardErrorError`].
///
/// # Reference
/// Cameron & Miller 2015, doi:10.3368/jhr.50.2.317, section VI.
pub fn clustered_mean<C: Ord>(
    scores: &[f64],
    clusters: &[C],
    level: f64,
) -> Result<Estimate, StandardErrorError> {
    let groups = cluster_residuals(scores, clusters)?.len() as f64;
    let std_error = clustered(scores, clusters)? * (groups / (groups - 1.0)).sqrt();
    let value = scores.iter().sum::<f64>() / scores.len() as f64;
    let half = student_t_quantile(0.5 + level / 2.0, groups - 1.0) * std_error;
    Ok(Estimate::with_interval(value, Some(std_error), Interval::new(value - half, value + half, level)))
}

/// Σ of the deviations from the mean within each cluster.
fn cluster_residuals<C: Ord>(scores: &[f64], clusters: &[C]) -> Result<Vec<f64>, StandardErrorError> {
    if scores.len() != clusters.len() {
        return Err(StandardErrorError::Lengths { n_scores: scores.len(), n_labels: clusters.len() });
    }
    let mean = describe::mean(scores).ok_or(StandardErrorError::TooFewScores { n_scores: scores.len() })?;
    let mut sums: BTreeMap<&C, f64> = BTreeMap::new();
    for (score, cluster) in scores.iter().zip(clusters) {
        *sums.entry(cluster).or_default() += score - mean;
    }
    if sums.len() < 2 {
        return Err(StandardErrorError::TooFewClusters { n_clusters: sums.len() });
    }
    Ok(sums.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_one_are_the_plain_formula_with_divisor_n() {
        let s = [0.0, 1.0, 1.0, 0.0, 1.0];
        let se = clustered(&s, &[1, 2, 3, 4, 5]).unwrap();
        assert!((se - bernoulli(0.6, 5).unwrap()).abs() < 1e-15);
        assert!((central_limit(&s).unwrap() - se * (5.0f64 / 4.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn too_little_is_an_error() {
        assert_eq!(central_limit(&[1.0]), Err(StandardErrorError::TooFewScores { n_scores: 1 }));
        assert_eq!(
            clustered(&[1.0, 0.0], &["a", "a"]),
            Err(StandardErrorError::TooFewClusters { n_clusters: 1 })
        );
        assert!(matches!(clustered(&[1.0], &["a", "a"]), Err(StandardErrorError::Lengths { .. })));
    }
}
