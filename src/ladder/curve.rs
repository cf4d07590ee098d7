//! What accuracy goes with a loss? Step 2 of the chain.

use super::law::{FREE, FitOptions, LawError, LawFit, NOT_NEGATIVE, fit_from_starts};
use crate::numeric::linear::least_squares;
use crate::numeric::robust::Loss;
use crate::numeric::special::{logistic, logit, softplus};
use crate::numeric::{Convergence, StopReason};
use serde::Serialize;

/// A curve from loss *L* to accuracy, all fitted by least squares; `σ` is the logistic function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccuracyCurve {
    /// `a σ(k (L − L₀)) + b` with `−1 ≤ a ≤ 0`, `k, L₀ ≥ 0`, `0 ≤ b ≤ 1`, and one more point, the ceiling at
    /// loss zero, as the paper has it.
    AnchoredSigmoid,
    /// The same without the additional point.
    Sigmoid,
    /// `chance + (ceiling − chance) σ(u − k L)`.
    ChanceSigmoid,
    /// `u − k L`.
    Linear,
    /// `ceiling − a ln(1 − σ(k (L − L₀)))` with `a ≤ 0`: for the cross-entropy of a task.
    LogSigmoid,
}

impl AccuracyCurve {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnchoredSigmoid => "accuracy_anchored_sigmoid",
            Self::Sigmoid => "accuracy_sigmoid",
            Self::ChanceSigmoid => "accuracy_chance_sigmoid",
            Self::Linear => "accuracy_linear",
            Self::LogSigmoid => "accuracy_log_sigmoid",
        }
    }

    /// Names of the parameters, in order.
    pub fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::AnchoredSigmoid | Self::Sigmoid => &["height", "midpoint", "slope", "upper"],
            Self::ChanceSigmoid | Self::Linear => &["intercept", "slope"],
            Self::LogSigmoid => &["height", "midpoint", "slope"],
        }
    }
}

/// The least and the greatest accuracy that a task allows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Accuracy of guessing.
    pub chance: f64,
    /// Accuracy of a perfect model.
    pub ceiling: f64,
}

impl Range {
    /// The accuracy nearest to `value` that the task allows.
    pub fn clip(&self, value: f64) -> f64 {
        value.max(self.chance).min(self.ceiling)
    }
}

/// A fitted curve from loss to accuracy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveFit {
    /// The curve and its parameters; the objective is the sum of squares.
    pub fit: LawFit<AccuracyCurve>,
    /// What the task allows.
    pub range: Range,
}

impl CurveFit {
    /// The accuracy that goes with a loss, not clipped to the range of the task.
    pub fn predict(&self, loss: f64) -> f64 {
        let t = &self.fit.parameters;
        let Range { chance, ceiling } = self.range;
        match self.fit.law {
            AccuracyCurve::AnchoredSigmoid | AccuracyCurve::Sigmoid => {
                t[0] * logistic(t[2] * (loss - t[1])) + t[3]
            }
            AccuracyCurve::ChanceSigmoid => chance + (ceiling - chance) * logistic(t[0] - t[1] * loss),
            AccuracyCurve::Linear => t[0] - t[1] * loss,
            AccuracyCurve::LogSigmoid => ceiling + t[0] * softplus(t[2] * (loss - t[1])),
        }
    }
}

/// Fits a curve from loss to accuracy by weighted least squares.
///
/// ```text
/// min Σᵢ wᵢ (curve(Lᵢ) − yᵢ)²
/// ```
///
/// `warm` replaces the starts by one near the optimum.
///
/// # Errors
/// Fewer observations than parameters, or a loss that does not vary.
///
/// # Reference
/// Bhagia et al. 2024, arXiv 2412.04403, §3.2 (sigmoid); Grattafiori et al. 2024, arXiv 2407.21783, §3.2.1.
pub fn fit_curve(
    curve: AccuracyCurve,
    loss: &[f64],
    accuracy: &[f64],
    weights: &[f64],
    range: Range,
    warm: Option<&[f64]>,
    options: &FitOptions,
) -> Result<CurveFit, LawError> {
    let Range { chance, ceiling } = range;
    let (mut x, mut y, mut w) = (loss.to_vec(), accuracy.to_vec(), weights.to_vec());
    let name = curve.name();
    let weighted = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        let total: f64 = weights.iter().sum();
        loss.iter().zip(accuracy).zip(weights).map(|((x, y), w)| w * f(*x, *y)).sum::<f64>() / total
    };
    let mean = weighted(&|x, _| x);
    let spread = weighted(&|x, _| (x - mean).powi(2)).sqrt();
    if spread.is_nan() || spread <= 1e-12 * mean.abs() {
        return Err(LawError::NotIdentified { law: name });
    }
    let line = straight_line(&x, &y, &w).ok_or(LawError::NotIdentified { law: name })?;
    if curve == AccuracyCurve::Linear {
        return Ok(CurveFit { fit: line, range });
    }
    // A first guess of the slope on the logit scale, where the curve is straight.
    let inside: Vec<f64> =
        y.iter().map(|v| logit(((v - chance) / (ceiling - chance)).clamp(0.02, 0.98))).collect();
    let straight = straight_line(&x, &inside, &w).ok_or(LawError::NotIdentified { law: name })?;
    let (u, k) = (straight.parameters[0], straight.parameters[1].max(0.1));
    let (starts, bounds): (Vec<Vec<f64>>, Vec<(f64, f64)>) = match curve {
        AccuracyCurve::ChanceSigmoid => (vec![vec![u, k], vec![3.0, 3.0]], vec![FREE, FREE]),
        AccuracyCurve::LogSigmoid => (
            vec![
                vec![-0.1, 0.9, 3.0],
                vec![-0.1, mean + spread, 3.0 / spread],
                vec![-0.05, mean, 10.0],
                vec![-0.3, mean + spread, 2.0],
            ],
            vec![(f64::NEG_INFINITY, 0.0), FREE, FREE],
        ),
        _ => (
            vec![
                vec![chance - 1.0, 0.9, 3.0, ceiling],
                vec![chance - ceiling, (u / k).max(0.0), k, ceiling],
                vec![0.5 * (chance - ceiling), mean, 2.0 * k, chance + 0.5 * (ceiling - chance)],
            ],
            vec![(-1.0, 0.0), NOT_NEGATIVE, NOT_NEGATIVE, (0.0, 1.0)],
        ),
    };
    let starts = warm.map_or(starts, |t| vec![t.to_vec()]);
    if curve == AccuracyCurve::AnchoredSigmoid {
        x.push(0.0);
        y.push(ceiling);
        w.push(1.0);
    }
    let evaluate = move |t: &[f64], r: &mut [f64], j: &mut [f64]| match curve {
        AccuracyCurve::ChanceSigmoid => {
            for i in 0..x.len() {
                let s = logistic(t[0] - t[1] * x[i]);
                let slope = (ceiling - chance) * s * (1.0 - s);
                r[i] = chance + (ceiling - chance) * s - y[i];
                j[2 * i] = slope;
                j[2 * i + 1] = -slope * x[i];
            }
        }
        AccuracyCurve::LogSigmoid => {
            for i in 0..x.len() {
                let z = t[2] * (x[i] - t[1]);
                let (soft, s) = (softplus(z), logistic(z));
                r[i] = ceiling + t[0] * soft - y[i];
                j[3 * i] = soft;
                j[3 * i + 1] = -t[0] * s * t[2];
                j[3 * i + 2] = t[0] * s * (x[i] - t[1]);
            }
        }
        _ => {
            for i in 0..x.len() {
                let s = logistic(t[2] * (x[i] - t[1]));
                let slope = t[0] * s * (1.0 - s);
                r[i] = t[0] * s + t[3] - y[i];
                let row = &mut j[4 * i..4 * i + 4];
                row[0] = s;
                row[1] = -slope * t[2];
                row[2] = slope * (x[i] - t[1]);
                row[3] = 1.0;
            }
        }
    };
    let mut fit = fit_from_starts((curve, name), &evaluate, &w, &starts, &bounds, Loss::Squares, options)?;
    // The solver's objective is half the sum of squares.
    fit.convergence.objective *= 2.0;
    Ok(CurveFit { fit, range })
}

fn straight_line(x: &[f64], y: &[f64], weights: &[f64]) -> Option<LawFit<AccuracyCurve>> {
    let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![1.0, -x]).collect();
    let fit = least_squares(&rows, y, weights)?;
    let convergence = Convergence {
        reason: StopReason::Exact,
        iterations: 0,
        objective: fit.residual_sum,
        gradient_norm: None,
    };
    Some(LawFit {
        law: AccuracyCurve::Linear,
        parameters: fit.coefficients,
        convergence,
        n_observations: weights.iter().filter(|w| **w > 0.0).count(),
    })
}
