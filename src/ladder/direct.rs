//! What accuracy will a model reach, without the detour over its loss? Laws on parameters, tokens and compute.

use super::curve::{CurveFit, Range};
use super::law::{Conditions, FREE, FitOptions, LawError, LawFit, NOT_NEGATIVE};
use super::law::{distinct, fit_from_starts, require_positive};
use super::loss::LossFit;
use crate::numeric::linear::least_squares;
use crate::numeric::robust::Loss;
use crate::numeric::special::{logistic, logit};
use crate::numeric::{Convergence, StopReason};
use serde::Serialize;

/// Compute is put relative to this scale, so that intercepts are of moderate size.
const UNIT_COMPUTE: f64 = 1e20;
const UNIT_PARAMETERS: f64 = 1e9;
const UNIT_TOKENS: f64 = 1e11;

/// A law of the accuracy. `σ` is the logistic function; `n = ln(N/10⁹)`, `d = ln(D/10¹¹)`, `c = ln(C/10²⁰)`;
/// `lo` is chance and `hi` the ceiling of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectLaw {
    /// `p σ(−(exp(a)/N^α + exp(b)/D^β + E)) + q`, Huber loss on logarithms: both steps in one.
    SingleStep,
    /// `lo + (hi − lo) σ(u + v c)`.
    SigmoidCompute,
    /// `lo + (hi − lo) σ(u + v n + w d)`.
    SigmoidParametersTokens,
    /// `lo + (top − lo) σ(u + v c)` with `top ≤ hi` estimated.
    OffsetSigmoidCompute,
    /// `u + v c`.
    LinearCompute,
    /// `u + v n + w d`.
    LinearParametersTokens,
    /// `1 − exp(u + v c)`: the error falls as a power of compute.
    PowerCompute,
    /// `1 − exp(u + v n + w d)`.
    PowerParametersTokens,
}

impl DirectLaw {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SingleStep,
        Self::SigmoidCompute,
        Self::SigmoidParametersTokens,
        Self::OffsetSigmoidCompute,
        Self::LinearCompute,
        Self::LinearParametersTokens,
        Self::PowerCompute,
        Self::PowerParametersTokens,
    ];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleStep => "single_step",
            Self::SigmoidCompute => "sigmoid_compute",
            Self::SigmoidParametersTokens => "sigmoid_parameters_tokens",
            Self::OffsetSigmoidCompute => "offset_sigmoid_compute",
            Self::LinearCompute => "linear_compute",
            Self::LinearParametersTokens => "linear_parameters_tokens",
            Self::PowerCompute => "power_error_compute",
            Self::PowerParametersTokens => "power_error_parameters_tokens",
        }
    }

    /// Names of the parameters, in order.
    pub fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::SingleStep => &["log_a", "log_b", "alpha", "beta", "irreducible", "height", "upper"],
            Self::SigmoidCompute | Self::LinearCompute | Self::PowerCompute => {
                &["intercept", "slope_compute"]
            }
            Self::OffsetSigmoidCompute => &["intercept", "slope_compute", "upper"],
            Self::SigmoidParametersTokens | Self::LinearParametersTokens | Self::PowerParametersTokens => {
                &["intercept", "slope_parameters", "slope_tokens"]
            }
        }
    }

    fn regressors(self, c: &Conditions) -> Vec<f64> {
        match self {
            Self::SigmoidParametersTokens | Self::LinearParametersTokens | Self::PowerParametersTokens => {
                vec![1.0, (c.parameters / UNIT_PARAMETERS).ln(), (c.tokens / UNIT_TOKENS).ln()]
            }
            _ => vec![1.0, (c.compute_flops / UNIT_COMPUTE).ln()],
        }
    }
}

/// A fitted law of the accuracy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DirectFit {
    /// The law and its parameters.
    pub fit: LawFit<DirectLaw>,
    /// What the task allows.
    pub range: Range,
}

impl DirectFit {
    /// The accuracy that the law predicts, not clipped to the range of the task.
    pub fn predict(&self, at: &Conditions) -> f64 {
        let t = &self.fit.parameters;
        let Range { chance, ceiling } = self.range;
        let linear = || self.fit.law.regressors(at).iter().zip(t).map(|(a, b)| a * b).sum::<f64>();
        match self.fit.law {
            DirectLaw::SingleStep => {
                let exponent =
                    (t[0] - t[2] * at.parameters.ln()).exp() + (t[1] - t[3] * at.tokens.ln()).exp() + t[4];
                (t[5] * logistic(exponent) + t[6]).max(1e-6)
            }
            DirectLaw::SigmoidCompute | DirectLaw::SigmoidParametersTokens => {
                chance + (ceiling - chance) * logistic(linear())
            }
            DirectLaw::OffsetSigmoidCompute => chance + (t[2] - chance) * logistic(linear()),
            DirectLaw::LinearCompute | DirectLaw::LinearParametersTokens => linear(),
            DirectLaw::PowerCompute | DirectLaw::PowerParametersTokens => 1.0 - linear().exp(),
        }
    }
}

/// Fits a law of the accuracy.
///
/// ```text
/// min Σᵢ wᵢ (law(condᵢ) − yᵢ)²                          sigmoid and linear laws
/// min Σᵢ wᵢ (ln(1 − law(condᵢ)) − ln(1 − yᵢ))²          power laws of the error, in closed form
/// min Σᵢ wᵢ Huber_δ(ln law(condᵢ) − ln yᵢ)              single step
/// ```
///
/// # Errors
/// Too few observations, an accuracy that the law cannot take, one model size where the law needs several.
///
/// # Reference
/// Owen 2024, arXiv 2401.04757 (sigmoid, offset sigmoid and linear in log compute); Bhagia et al. 2024,
/// arXiv 2412.04403, appendix (single step).
pub fn fit_direct(
    law: DirectLaw,
    at: &[Conditions],
    accuracy: &[f64],
    weights: &[f64],
    range: Range,
    warm: Option<&[f64]>,
    options: &FitOptions,
) -> Result<DirectFit, LawError> {
    let name = law.name();
    let Range { chance, ceiling } = range;
    let rows: Vec<Vec<f64>> = at.iter().map(|c| law.regressors(c)).collect();
    let by_size = rows.first().is_some_and(|r| r.len() == 3) || law == DirectLaw::SingleStep;
    if by_size && distinct(at.iter().map(|c| c.parameters), weights) < 2 {
        return Err(LawError::NotIdentified { law: name });
    }
    let wrap = |fit| DirectFit { fit, range };
    let linear = |target: &[f64]| -> Result<LawFit<DirectLaw>, LawError> {
        let fit = least_squares(&rows, target, weights).ok_or(LawError::NotIdentified { law: name })?;
        let convergence = Convergence {
            reason: StopReason::Exact,
            iterations: 0,
            objective: fit.residual_sum,
            gradient_norm: None,
        };
        let n_observations = weights.iter().filter(|w| **w > 0.0).count();
        Ok(LawFit { law, parameters: fit.coefficients, convergence, n_observations })
    };
    match law {
        DirectLaw::LinearCompute | DirectLaw::LinearParametersTokens => linear(accuracy).map(wrap),
        DirectLaw::PowerCompute | DirectLaw::PowerParametersTokens => {
            let error: Vec<f64> = accuracy.iter().map(|y| 1.0 - y).collect();
            require_positive(name, &error, weights)?;
            linear(&error.iter().map(|e| e.ln()).collect::<Vec<_>>()).map(wrap)
        }
        DirectLaw::SingleStep => single_step(at, accuracy, weights, range, warm, options),
        _ => {
            let width = rows.first().map_or(0, Vec::len);
            let offset = law == DirectLaw::OffsetSigmoidCompute;
            let start = |top: f64| -> Result<Vec<f64>, LawError> {
                let inside: Vec<f64> = accuracy
                    .iter()
                    .map(|v| logit(((v - chance) / (top - chance)).clamp(0.02, 0.98)))
                    .collect();
                let mut t = linear(&inside)?.parameters;
                if offset {
                    t.push(top);
                }
                Ok(t)
            };
            let greatest = accuracy.iter().copied().fold(chance, f64::max);
            let starts = match warm {
                Some(t) => vec![t.to_vec()],
                None if offset => vec![
                    start(ceiling)?,
                    start(0.5 * (ceiling + greatest))?,
                    start((greatest + 0.02).min(ceiling))?,
                ],
                None => vec![start(ceiling)?],
            };
            let mut bounds = vec![FREE; width];
            if offset {
                bounds[1] = NOT_NEGATIVE;
                bounds.push((chance + 0.01 * (ceiling - chance), ceiling));
            }
            let p = bounds.len();
            let evaluate = |t: &[f64], r: &mut [f64], j: &mut [f64]| {
                let top = if offset { t[p - 1] } else { ceiling };
                for (i, row) in rows.iter().enumerate() {
                    let s = logistic(row.iter().zip(t).map(|(a, b)| a * b).sum());
                    r[i] = chance + (top - chance) * s - accuracy[i];
                    for (k, x) in row.iter().enumerate() {
                        j[p * i + k] = (top - chance) * s * (1.0 - s) * x;
                    }
                    if offset {
                        j[p * i + p - 1] = s;
                    }
                }
            };
            let mut fit =
                fit_from_starts((law, name), &evaluate, weights, &starts, &bounds, Loss::Squares, options)?;
            fit.convergence.objective *= 2.0;
            Ok(wrap(fit))
        }
    }
}

fn single_step(
    at: &[Conditions],
    accuracy: &[f64],
    weights: &[f64],
    range: Range,
    warm: Option<&[f64]>,
    options: &FitOptions,
) -> Result<DirectFit, LawError> {
    let law = DirectLaw::SingleStep;
    require_positive(law.name(), accuracy, weights)?;
    let logs: Vec<(f64, f64, f64)> =
        at.iter().zip(accuracy).map(|(c, y)| (c.parameters.ln(), c.tokens.ln(), y.ln())).collect();
    let evaluate = |t: &[f64], r: &mut [f64], j: &mut [f64]| {
        for (i, &(n, d, y)) in logs.iter().enumerate() {
            let (by_n, by_d) = ((t[0] - t[2] * n).exp(), (t[1] - t[3] * d).exp());
            let s = logistic(by_n + by_d + t[4]);
            let value = t[5] * s + t[6];
            let row = &mut j[7 * i..7 * i + 7];
            if value <= 1e-6 {
                r[i] = 1e-6f64.ln() - y;
                row.fill(0.0);
                continue;
            }
            r[i] = value.ln() - y;
            let slope = t[5] * s * (1.0 - s) / value;
            row[0] = slope * by_n;
            row[1] = slope * by_d;
            row[2] = -slope * by_n * n;
            row[3] = -slope * by_d * d;
            row[4] = slope;
            row[5] = s / value;
            row[6] = 1.0 / value;
        }
    };
    let starts = match warm {
        Some(t) => vec![t.to_vec()],
        None => single_step_starts(at, accuracy, weights, range, options),
    };
    let bounds = [NOT_NEGATIVE, NOT_NEGATIVE, NOT_NEGATIVE, NOT_NEGATIVE, FREE, (-1.0, 0.0), (0.0, 1.0)];
    let huber = Loss::Huber { delta: options.huber_delta };
    let fit = fit_from_starts((law, law.name()), &evaluate, weights, &starts, &bounds, huber, options)?;
    Ok(DirectFit { fit, range })
}

/// The published start, and the best of a grid of exponents and upper ends: for each, the amplitudes follow by
/// least squares of the logit, where the law is linear in them.
fn single_step_starts(
    at: &[Conditions],
    accuracy: &[f64],
    weights: &[f64],
    range: Range,
    options: &FitOptions,
) -> Vec<Vec<f64>> {
    let Range { chance, ceiling } = range;
    let (n0, d0) = at.first().map_or((0.0, 0.0), |c| (c.parameters.ln(), c.tokens.ln()));
    let greatest = accuracy.iter().copied().fold(chance, f64::max);
    let mut found: Vec<(f64, Vec<f64>)> = Vec::new();
    // An upper end below the ceiling bends the curve early: another valley of the objective.
    for top in [ceiling, 0.5 * (greatest + ceiling), (greatest + 0.05).min(ceiling)] {
        let exponent: Vec<f64> =
            accuracy.iter().map(|v| -logit(((v - chance) / (top - chance)).clamp(0.01, 0.99))).collect();
        for alpha in [0.02, 0.15, 0.3, 0.6, 1.0] {
            for beta in [0.01, 0.1, 0.3, 0.6, 1.0] {
                let rows: Vec<Vec<f64>> = at
                    .iter()
                    .map(|c| {
                        let by_n = (-alpha * (c.parameters.ln() - n0)).exp();
                        vec![by_n, (-beta * (c.tokens.ln() - d0)).exp(), 1.0]
                    })
                    .collect();
                let Some(fit) = least_squares(&rows, &exponent, weights) else { continue };
                let k = [fit.coefficients[0].max(1e-3), fit.coefficients[1].max(1e-3), fit.coefficients[2]];
                let error = rows
                    .iter()
                    .zip(accuracy)
                    .zip(weights)
                    .map(|((row, y), w)| {
                        let z: f64 = row.iter().zip(&k).map(|(a, b)| a * b).sum();
                        w * ((chance - top) * logistic(z) + top - y).abs()
                    })
                    .sum();
                let (a, b) = (k[0].ln() + alpha * n0, k[1].ln() + beta * d0);
                found.push((error, vec![a, b, alpha, beta, k[2], chance - top, top]));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let published = vec![3.0, 5.0, 0.2, 0.3, 0.0, chance - 1.0, 1.0];
    std::iter::once(published).chain(found.into_iter().take(2 * options.starts).map(|f| f.1)).collect()
}

/// The single-step parameters that say the same as a chain of `L(N, D)` and a sigmoid: a good start.
///
/// ```text
/// k (exp(a)/N^α + exp(b)/D^β + E − L₀) = exp(a + ln k)/N^α + exp(b + ln k)/D^β + k (E − L₀)
/// ```
pub fn single_step_from_chain(loss: &LossFit, curve: &CurveFit) -> Option<Vec<f64>> {
    let (l, s) = (&loss.parameters, &curve.fit.parameters);
    if l.len() != 5 || s.len() != 4 || s[2].is_nan() || s[2] <= 0.0 {
        return None;
    }
    let k = s[2].ln();
    Some(vec![l[0] + k, l[1] + k, l[2], l[3], s[2] * (l[4] - s[1]), s[0], s[3]])
}
