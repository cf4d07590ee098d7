//! Do tasks share their exponents? Partial pooling of the slopes of power laws across tasks.

use crate::numeric::linear::{least_squares, solve_positive_definite};
use serde::Serialize;

/// Slopes of one task before and after pooling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PooledSlopes {
    /// Intercept that goes with the pooled slopes.
    pub intercept: f64,
    /// The task's own slopes.
    pub own: Vec<f64>,
    /// The slopes drawn towards the mean of all tasks.
    pub pooled: Vec<f64>,
}

/// Draws each task's regression slopes towards the mean over tasks, the more the less certain they are.
///
/// ```text
/// b_t | V_t ~ N(β_t, V_t),   β_t ~ N(μ, T)         V_t from the regression, T diagonal by moments
/// pooled_t = (V_t⁻¹ + T⁻¹)⁻¹ (V_t⁻¹ b_t + T⁻¹ μ)
/// ```
///
/// `tasks` holds regressors (without the intercept) and responses. On the public ladder the back-tests say that
/// this does not help: its exponents really differ between tasks. It is offered for ladders with fewer rungs.
/// `None` with fewer than two tasks or where a regression cannot be made.
///
/// # Reference
/// Efron & Morris 1975, doi:10.1080/01621459.1975.10479864; DerSimonian & Laird 1986 (moments),
/// doi:10.1016/0197-2456(86)90046-2.
pub fn pool_slopes(tasks: &[(Vec<Vec<f64>>, Vec<f64>)]) -> Option<Vec<PooledSlopes>> {
    if tasks.len() < 2 {
        return None;
    }
    let mut own = Vec::new();
    for (x, y) in tasks {
        let rows: Vec<Vec<f64>> =
            x.iter().map(|r| std::iter::once(1.0).chain(r.iter().copied()).collect()).collect();
        let p = rows.first()?.len();
        let fit = least_squares(&rows, y, &vec![1.0; y.len()])?;
        let freedom = y.len().checked_sub(p).filter(|f| *f > 0)? as f64;
        let variance = fit.residual_sum / freedom;
        let covariance: Vec<f64> = (1..p)
            .flat_map(|i| (1..p).map(move |j| (i, j)))
            .map(|(i, j)| variance * fit.inverse[i * p + j])
            .collect();
        own.push((fit.coefficients[1..].to_vec(), covariance));
    }
    let k = own[0].0.len();
    let n = own.len() as f64;
    let mean: Vec<f64> = (0..k).map(|j| own.iter().map(|(b, _)| b[j]).sum::<f64>() / n).collect();
    let between: Vec<f64> = (0..k)
        .map(|j| {
            let spread = own.iter().map(|(b, _)| (b[j] - mean[j]).powi(2)).sum::<f64>() / (n - 1.0);
            let within = own.iter().map(|(_, v)| v[j * k + j]).sum::<f64>() / n;
            (spread - within).max(1e-10)
        })
        .collect();
    tasks
        .iter()
        .zip(own)
        .map(|((x, y), (b, v))| {
            // (V⁻¹ + T⁻¹)⁻¹ (V⁻¹ b + T⁻¹ μ) = μ + T (T + V)⁻¹ (b − μ)
            let mut sum = v;
            let mut shift: Vec<f64> = b.iter().zip(&mean).map(|(b, m)| b - m).collect();
            for j in 0..k {
                sum[j * k + j] += between[j];
            }
            if !solve_positive_definite(&mut sum, &mut shift) {
                return None;
            }
            let pooled: Vec<f64> = (0..k).map(|j| mean[j] + between[j] * shift[j]).collect();
            let residual =
                |(row, y): (&Vec<f64>, &f64)| y - row.iter().zip(&pooled).map(|(a, b)| a * b).sum::<f64>();
            let intercept = x.iter().zip(y).map(residual).sum::<f64>() / y.len() as f64;
            Some(PooledSlopes { intercept, own: b, pooled })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(slope: f64, wobble: f64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let x: Vec<Vec<f64>> = (0..8).map(|i| vec![f64::from(i)]).collect();
        let y = (0..8)
            .map(|i| 1.0 + slope * f64::from(i) + wobble * [1.0, -1.0, -1.0, 1.0][i as usize % 4])
            .collect();
        (x, y)
    }

    #[test]
    fn certain_slopes_stay_and_uncertain_ones_move() {
        let sure = pool_slopes(&[task(1.0, 1e-6), task(2.0, 1e-6), task(3.0, 1e-6)]).unwrap();
        assert!((sure[0].pooled[0] - sure[0].own[0]).abs() < 1e-6);
        let unsure = pool_slopes(&[task(1.0, 1e-6), task(2.0, 1e-6), task(3.0, 10.0)]).unwrap();
        let (own, pooled) = (unsure[2].own[0], unsure[2].pooled[0]);
        assert!((pooled - 2.0).abs() < (own - 2.0).abs(), "{own} moves to {pooled}");
        assert_eq!(pool_slopes(&[task(1.0, 1.0)]), None);
    }
}
