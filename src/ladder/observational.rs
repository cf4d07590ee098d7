//! Can models that exist stand in for a ladder? A sigmoid of principal components, or of log size or compute.

use super::law::{FREE, FitOptions, LawError, LawFit, distinct, fit_from_starts};
use crate::numeric::linear::least_squares;
use crate::numeric::robust::Loss;
use crate::numeric::special::{logistic, logit};
use serde::Serialize;

/// How residuals count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum ObservationalLoss {
    /// Least squares.
    Squares,
    /// Huber with a turning point of 1: on scores between 0 and 1 the same as squares, kept for comparison.
    Huber,
}

/// The law `y = (1 − b) σ(w₀ + w·x) + b` with `0 ≤ b ≤ 0.2`, on scores rescaled so that chance is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ObservationalLaw {
    /// Chance level of the score before rescaling.
    pub chance: f64,
    /// Greatest score.
    pub ceiling: f64,
}

impl ObservationalLaw {
    /// `(score − chance) / (ceiling − chance)`.
    pub fn rescale(&self, score: f64) -> f64 {
        (score - self.chance) / (self.ceiling - self.chance)
    }

    /// The inverse of [`rescale`](Self::rescale).
    pub fn restore(&self, y: f64) -> f64 {
        self.chance + (self.ceiling - self.chance) * y
    }
}

/// A fitted observational law; the parameters are `w₀, w…, b` and the objective the sum of squares.
pub type ObservationalFit = LawFit<ObservationalLaw>;

impl ObservationalFit {
    /// The rescaled score at regressors `x`.
    pub fn predict(&self, x: &[f64]) -> f64 {
        let t = &self.parameters;
        let floor = t[t.len() - 1];
        let z = t[0] + t[1..].iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        (1.0 - floor) * logistic(z) + floor
    }

    /// Mean squared error of rescaled scores.
    pub fn mean_squared_error(&self, x: &[Vec<f64>], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| (self.predict(x) - y).powi(2)).sum::<f64>() / y.len() as f64
    }
}

/// Fits an observational law to rescaled scores `y` at regressors `x` (principal components, or the natural
/// logarithm of size or compute).
///
/// ```text
/// min Σᵢ ρ((1 − b) σ(w₀ + w·xᵢ) + b − yᵢ),   0 ≤ b ≤ 0.2
/// ```
///
/// The reference starts once from `w₀ = 0, w = 0.03, b = 0`; here further starts follow from a linear fit on the
/// logit scale, and from a steep one. Its option without a fixed height swaps the bounds of height and floor and
/// is not offered.
///
/// # Errors
/// Fewer models than parameters, or regressors that do not vary.
///
/// # Reference
/// Ruan et al. 2024, arXiv 2405.10938, eq. 7; ObsScaling 4d6e1e4.
pub fn fit_observational(
    law: ObservationalLaw,
    x: &[Vec<f64>],
    y: &[f64],
    loss: ObservationalLoss,
    options: &FitOptions,
) -> Result<ObservationalFit, LawError> {
    let name = "observational_sigmoid";
    let ones = vec![1.0; y.len()];
    let width = x.first().map_or(0, Vec::len);
    if (0..width).any(|j| distinct(x.iter().map(|r| r[j]), &ones) < 2) {
        return Err(LawError::NotIdentified { law: name });
    }
    let p = width + 2;
    let evaluate = |t: &[f64], r: &mut [f64], j: &mut [f64]| {
        let floor = t[p - 1];
        for (i, row) in x.iter().enumerate() {
            let s = logistic(t[0] + row.iter().zip(&t[1..]).map(|(x, w)| x * w).sum::<f64>());
            let slope = (1.0 - floor) * s * (1.0 - s);
            r[i] = (1.0 - floor) * s + floor - y[i];
            let out = &mut j[p * i..p * i + p];
            out[0] = slope;
            for (k, x) in row.iter().enumerate() {
                out[k + 1] = slope * x;
            }
            out[p - 1] = 1.0 - s;
        }
    };
    let mut published = vec![0.03; p];
    published[0] = 0.0;
    published[p - 1] = 0.0;
    let mut starts = vec![published];
    let rows: Vec<Vec<f64>> =
        x.iter().map(|r| std::iter::once(1.0).chain(r.iter().copied()).collect()).collect();
    for floor in [0.0, 0.02, 0.1, 0.2] {
        let bent: Vec<f64> =
            y.iter().map(|v| logit(((v - floor) / (1.0 - floor)).clamp(0.002, 0.98))).collect();
        if let Some(linear) = least_squares(&rows, &bent, &ones) {
            for steeper in [1.0, 2.0, 6.0] {
                let mut t: Vec<f64> = linear.coefficients.iter().map(|c| c * steeper).collect();
                t.push(floor);
                starts.push(t);
            }
        }
    }
    let mut bounds = vec![FREE; p];
    bounds[p - 1] = (0.0, 0.2);
    let rho = match loss {
        ObservationalLoss::Squares => Loss::Squares,
        ObservationalLoss::Huber => Loss::Huber { delta: 1.0 },
    };
    let mut fit = fit_from_starts((law, name), &evaluate, &ones, &starts, &bounds, rho, options)?;
    fit.convergence.objective *= 2.0;
    Ok(fit)
}

/// The compute at which models of a reference family reach the same place on an axis, FLOPs.
///
/// ```text
/// x = c₀ + c₁ log₁₀ C  fitted by least squares to the family;  equivalent C = 10^((x − c₀)/c₁)
/// ```
///
/// `None` with fewer than two members or an axis that does not vary with compute.
pub fn equivalent_compute(family: &[(f64, f64)], x: f64) -> Option<f64> {
    let rows: Vec<Vec<f64>> = family.iter().map(|(flops, _)| vec![1.0, flops.log10()]).collect();
    let values: Vec<f64> = family.iter().map(|(_, x)| *x).collect();
    let fit = least_squares(&rows, &values, &vec![1.0; rows.len()])?;
    let slope = fit.coefficients[1];
    (slope != 0.0).then(|| 10f64.powf((x - fit.coefficients[0]) / slope)).filter(|c| c.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_worth_its_own_compute() {
        let family = [(1e21, 0.1), (1e22, 0.3), (1e23, 0.5)];
        assert!((equivalent_compute(&family, 0.3).unwrap() / 1e22 - 1.0).abs() < 1e-9);
        assert_eq!(equivalent_compute(&family[..1], 0.3), None);
    }
}
