//! Along which few directions do the benchmark scores of models vary? Imputation and principal components.

use crate::numeric::describe::{mean, std_dev};
use crate::numeric::linear::symmetric_eigen;
use serde::Serialize;

/// Principal components of a table of scores, models by benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Components {
    /// Mean of each benchmark.
    pub mean: Vec<f64>,
    /// One unit vector over benchmarks for each component; its entry of largest size is positive.
    pub components: Vec<Vec<f64>>,
    /// Share of the variance of each component.
    pub explained: Vec<f64>,
}

/// Why there are no components.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComponentsError {
    /// Too few models.
    #[error("{n_models} models: principal components need at least 3")]
    TooFewModels {
        /// What there is.
        n_models: usize,
    },
    /// A benchmark without any score.
    #[error("benchmark {column} has fewer than two different scores: nothing to impute from")]
    EmptyBenchmark {
        /// Its column.
        column: usize,
    },
    /// Rows of different lengths.
    #[error("model {row} has {found} scores and not {expected}")]
    Ragged {
        /// The row.
        row: usize,
        /// Its scores.
        found: usize,
        /// Those of the first row.
        expected: usize,
    },
    /// A score is missing.
    #[error("a score is missing in row {row}: impute first")]
    Missing {
        /// The row.
        row: usize,
    },
}

fn check(rows: &[Vec<f64>]) -> Result<usize, ComponentsError> {
    if rows.len() < 3 {
        return Err(ComponentsError::TooFewModels { n_models: rows.len() });
    }
    let expected = rows[0].len();
    match rows.iter().position(|r| r.len() != expected) {
        Some(row) => Err(ComponentsError::Ragged { row, found: rows[row].len(), expected }),
        None => Ok(expected),
    }
}

impl Components {
    /// Components of complete scores, centred and not scaled.
    ///
    /// # Errors
    /// Fewer than three models, ragged rows or missing scores.
    pub fn fit(rows: &[Vec<f64>], keep: usize) -> Result<Self, ComponentsError> {
        let width = check(rows)?;
        if let Some(row) = rows.iter().position(|r| r.iter().any(|v| !v.is_finite())) {
            return Err(ComponentsError::Missing { row });
        }
        let n = rows.len() as f64;
        let mean: Vec<f64> = (0..width).map(|j| rows.iter().map(|r| r[j]).sum::<f64>() / n).collect();
        let mut covariance = vec![0.0; width * width];
        for row in rows {
            for i in 0..width {
                for j in 0..width {
                    covariance[i * width + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / (n - 1.0);
                }
            }
        }
        let (values, vectors) = symmetric_eigen(&covariance, width);
        let total: f64 = values.iter().sum();
        let components = vectors
            .into_iter()
            .take(keep)
            .map(|v| {
                let largest = v.iter().copied().fold(0.0f64, |m, x| if x.abs() > m.abs() { x } else { m });
                v.into_iter().map(|x| x * largest.signum()).collect()
            })
            .collect();
        let explained = values.iter().take(keep).map(|v| v / total).collect();
        Ok(Self { mean, components, explained })
    }

    /// The coordinates of one model.
    pub fn transform(&self, row: &[f64]) -> Vec<f64> {
        self.components
            .iter()
            .map(|c| c.iter().zip(row).zip(&self.mean).map(|((c, x), m)| c * (x - m)).sum())
            .collect()
    }
}

/// How missing scores were filled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imputed {
    /// The scores without gaps, between 0 and 1.
    pub rows: Vec<Vec<f64>>,
    /// How many were filled.
    pub n_missing: usize,
    /// Rounds until no filled value moved by more than the tolerance.
    pub rounds: usize,
}

/// Fills missing scores (`NaN`) by the reconstruction from one principal component, again and again.
///
/// Scores are standardised, gaps start at the mean, and are then replaced by the reconstruction until none moves
/// by more than `tolerance`; the result is put back on its scale and clipped to 0..1. The reference code compares
/// the whole table instead of the gaps and so nearly always runs all its 1000 rounds; the fixed point is the same.
///
/// # Errors
/// Fewer than three models, ragged rows, a benchmark with fewer than two different scores.
///
/// # Reference
/// Ruan et al. 2024, arXiv 2405.10938, §3; ObsScaling 4d6e1e4.
pub fn impute(rows: &[Vec<f64>], tolerance: f64) -> Result<Imputed, ComponentsError> {
    let width = check(rows)?;
    let mut scale = Vec::with_capacity(width);
    for column in 0..width {
        let known: Vec<f64> = rows.iter().map(|r| r[column]).filter(|v| v.is_finite()).collect();
        match mean(&known).zip(std_dev(&known, 0).filter(|s| *s > 0.0)) {
            Some(ms) => scale.push(ms),
            None => return Err(ComponentsError::EmptyBenchmark { column }),
        }
    }
    let gaps: Vec<(usize, usize)> = (0..rows.len())
        .flat_map(|i| (0..width).map(move |j| (i, j)))
        .filter(|&(i, j)| !rows[i][j].is_finite())
        .collect();
    let mut z: Vec<Vec<f64>> = rows
        .iter()
        .map(|r| {
            r.iter().zip(&scale).map(|(v, (m, s))| if v.is_finite() { (v - m) / s } else { 0.0 }).collect()
        })
        .collect();
    let mut rounds = 0;
    while !gaps.is_empty() && rounds < 1000 {
        rounds += 1;
        let pc = Components::fit(&z, 1)?;
        let mut moved = 0.0f64;
        for &(i, j) in &gaps {
            let value = pc.mean[j] + pc.transform(&z[i])[0] * pc.components[0][j];
            moved = moved.max((value - z[i][j]).abs());
            z[i][j] = value;
        }
        if moved <= tolerance {
            break;
        }
    }
    let mut filled = rows.to_vec();
    for &(i, j) in &gaps {
        filled[i][j] = (scale[j].0 + z[i][j] * scale[j].1).clamp(0.0, 1.0);
    }
    Ok(Imputed { rows: filled, n_missing: gaps.len(), rounds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_scores_of_one_dimension_is_filled_exactly() {
        let full: Vec<Vec<f64>> =
            (0..12).map(|i| f64::from(i) / 20.0).map(|t| vec![0.2 + t, 0.9 - t, 0.1 + 0.5 * t]).collect();
        let mut gappy = full.clone();
        gappy[4][1] = f64::NAN;
        let imputed = impute(&gappy, 1e-12).unwrap();
        assert_eq!(imputed.n_missing, 1);
        assert!((imputed.rows[4][1] - full[4][1]).abs() < 1e-6, "{}", imputed.rows[4][1]);
        let pc = Components::fit(&imputed.rows, 2).unwrap();
        assert!(pc.explained[0] > 0.999_999);
    }

    #[test]
    fn nothing_to_impute_from_is_an_error() {
        let rows = vec![vec![0.1, f64::NAN], vec![0.2, f64::NAN], vec![0.3, 0.5]];
        assert_eq!(impute(&rows, 1e-4), Err(ComponentsError::EmptyBenchmark { column: 1 }));
        assert!(matches!(Components::fit(&rows, 1), Err(ComponentsError::Missing { row: 0 })));
        assert!(matches!(Components::fit(&rows[..2], 1), Err(ComponentsError::TooFewModels { n_models: 2 })));
    }
}
