//! What loss will a model reach? Step 1 of the chain: loss as a function of parameters, tokens or compute.

use super::law::{Conditions, FREE, FitOptions, LawError, LawFit, NOT_NEGATIVE};
use super::law::{distinct, fit_from_starts, require_positive};
use crate::numeric::linear::least_squares;
use crate::numeric::robust::Loss;
use crate::numeric::{Convergence, StopReason};
use serde::Serialize;

/// A law of the loss. *N* parameters, *D* tokens, *C* compute in FLOPs; the loss in the units of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossLaw {
    /// `L = exp(a − α ln N) + exp(b − β ln D) + E`, all parameters non-negative.
    ParametersTokens,
    /// `L = exp(a − α ln N − β ln D)`: no irreducible loss; ordinary least squares in logarithms.
    ParametersTokensPower,
    /// `L = exp(a − α ln C) + E`, `a, E ≥ 0`, `0 ≤ α ≤ 1`.
    Compute,
    /// `L = exp(a − α ln C)`: no irreducible loss; ordinary least squares in logarithms.
    ComputePower,
    /// `y = E − exp(a − α ln N) − exp(b − β ln D)`: step 1 put directly on a score that rises.
    RisingParametersTokens,
}

impl LossLaw {
    /// The laws that a loss is fitted with.
    pub const ALL: [Self; 4] =
        [Self::ParametersTokens, Self::ParametersTokensPower, Self::Compute, Self::ComputePower];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParametersTokens => "loss_parameters_tokens",
            Self::ParametersTokensPower => "loss_parameters_tokens_power",
            Self::Compute => "loss_compute",
            Self::ComputePower => "loss_compute_power",
            Self::RisingParametersTokens => "score_parameters_tokens",
        }
    }

    /// Names of the parameters, in order.
    pub fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::ParametersTokens | Self::RisingParametersTokens => {
                &["log_a", "log_b", "alpha", "beta", "irreducible"]
            }
            Self::ParametersTokensPower => &["log_a", "alpha", "beta"],
            Self::Compute => &["log_a", "alpha", "irreducible"],
            Self::ComputePower => &["log_a", "alpha"],
        }
    }

    /// Whether the law needs several model sizes and token counts, and not compute alone.
    pub fn uses_sizes(self) -> bool {
        !matches!(self, Self::Compute | Self::ComputePower)
    }
}

/// A fitted law of the loss.
pub type LossFit = LawFit<LossLaw>;

impl LossFit {
    /// The loss that the law predicts.
    pub fn predict(&self, at: &Conditions) -> f64 {
        let t = &self.parameters;
        let (n, d, c) = (at.parameters.ln(), at.tokens.ln(), at.compute_flops.ln());
        match self.law {
            LossLaw::ParametersTokens => (t[0] - t[2] * n).exp() + (t[1] - t[3] * d).exp() + t[4],
            LossLaw::ParametersTokensPower => (t[0] - t[1] * n - t[2] * d).exp(),
            LossLaw::Compute => (t[0] - t[1] * c).exp() + t[2],
            LossLaw::ComputePower => (t[0] - t[1] * c).exp(),
            LossLaw::RisingParametersTokens => t[4] - (t[0] - t[2] * n).exp() - (t[1] - t[3] * d).exp(),
        }
    }
}

/// Fits a law of the loss.
///
/// ```text
/// min Σᵢ wᵢ Huber_δ(ln L(condᵢ) − ln yᵢ)      for the laws with an irreducible part
/// min Σᵢ wᵢ (ln L(condᵢ) − ln yᵢ)²            for the power laws, in closed form
/// ```
///
/// The Huber objective is minimised from the published start and from starts on a grid of exponents, for each
/// of which the best amplitudes follow by linear least squares. `warm` replaces all of them by one start near
/// the optimum, as a bootstrap needs it.
///
/// # Errors
/// Too few observations, values that are not positive, or one model size where the law needs several.
///
/// # Reference
/// Bhagia et al. 2024, arXiv 2412.04403, §3.1; Hoffmann et al. 2022, arXiv 2203.15556.
pub fn fit_loss(
    law: LossLaw,
    at: &[Conditions],
    loss: &[f64],
    weights: &[f64],
    warm: Option<&[f64]>,
    options: &FitOptions,
) -> Result<LossFit, LawError> {
    let name = law.name();
    require_positive(name, loss, weights)?;
    if law.uses_sizes()
        && (distinct(at.iter().map(|c| c.parameters), weights) < 2
            || distinct(at.iter().map(|c| c.tokens), weights) < 2)
    {
        return Err(LawError::NotIdentified { law: name });
    }
    match law {
        LossLaw::ParametersTokensPower | LossLaw::ComputePower => power_law(law, at, loss, weights),
        LossLaw::Compute => {
            let log_c: Vec<f64> = at.iter().map(|c| c.compute_flops.ln()).collect();
            let target: Vec<f64> = loss.iter().map(|y| y.ln()).collect();
            let evaluate = move |t: &[f64], r: &mut [f64], j: &mut [f64]| {
                for i in 0..log_c.len() {
                    let power = (t[0] - t[1] * log_c[i]).exp();
                    let value = power + t[2];
                    r[i] = value.ln() - target[i];
                    j[3 * i] = power / value;
                    j[3 * i + 1] = -log_c[i] * power / value;
                    j[3 * i + 2] = 1.0 / value;
                }
            };
            let starts =
                warm.map_or_else(|| compute_starts(at, loss, weights, options.starts), |w| vec![w.to_vec()]);
            let bounds = [NOT_NEGATIVE, (0.0, 1.0), NOT_NEGATIVE];
            let huber = Loss::Huber { delta: options.huber_delta };
            fit_from_starts((law, name), &evaluate, weights, &starts, &bounds, huber, options)
        }
        LossLaw::ParametersTokens | LossLaw::RisingParametersTokens => {
            let sign = if law == LossLaw::ParametersTokens { 1.0 } else { -1.0 };
            let logs: Vec<(f64, f64, f64)> =
                at.iter().zip(loss).map(|(c, y)| (c.parameters.ln(), c.tokens.ln(), y.ln())).collect();
            let evaluate = move |t: &[f64], r: &mut [f64], j: &mut [f64]| {
                for (i, &(n, d, y)) in logs.iter().enumerate() {
                    let (by_n, by_d) = (sign * (t[0] - t[2] * n).exp(), sign * (t[1] - t[3] * d).exp());
                    let value = by_n + by_d + t[4];
                    r[i] = value.ln() - y;
                    let row = &mut j[5 * i..5 * i + 5];
                    row[0] = by_n / value;
                    row[1] = by_d / value;
                    row[2] = -n * by_n / value;
                    row[3] = -d * by_d / value;
                    row[4] = 1.0 / value;
                }
            };
            let starts = warm.map_or_else(
                || parameters_tokens_starts(at, loss, weights, sign, options.starts),
                |w| vec![w.to_vec()],
            );
            let bounds = if sign > 0.0 {
                [NOT_NEGATIVE; 5]
            } else {
                [NOT_NEGATIVE, NOT_NEGATIVE, NOT_NEGATIVE, FREE, FREE]
            };
            let huber = Loss::Huber { delta: options.huber_delta };
            fit_from_starts((law, name), &evaluate, weights, &starts, &bounds, huber, options)
        }
    }
}

fn power_law(law: LossLaw, at: &[Conditions], loss: &[f64], weights: &[f64]) -> Result<LossFit, LawError> {
    let rows: Vec<Vec<f64>> = at
        .iter()
        .map(|c| match law {
            LossLaw::ComputePower => vec![1.0, -c.compute_flops.ln()],
            _ => vec![1.0, -c.parameters.ln(), -c.tokens.ln()],
        })
        .collect();
    let target: Vec<f64> = loss.iter().map(|y| y.ln()).collect();
    let observations = weights.iter().filter(|w| **w > 0.0).count();
    let parameters = law.parameter_names().len();
    if observations < parameters {
        return Err(LawError::TooFew { law: law.name(), parameters, observations });
    }
    let fit = least_squares(&rows, &target, weights).ok_or(LawError::NotIdentified { law: law.name() })?;
    let convergence = Convergence {
        reason: StopReason::Exact,
        iterations: 0,
        objective: fit.residual_sum,
        gradient_norm: None,
    };
    Ok(LawFit { law, parameters: fit.coefficients, convergence, n_observations: observations })
}

/// Amplitudes for given exponents by least squares of relative errors, a negative one put to almost nothing.
fn amplitudes(terms: &[Vec<f64>], y: &[f64], weights: &[f64]) -> Option<(Vec<f64>, f64)> {
    let rows: Vec<Vec<f64>> =
        terms.iter().zip(y).map(|(row, y)| row.iter().map(|t| t / y).collect()).collect();
    let ones = vec![1.0; y.len()];
    let fit = least_squares(&rows, &ones, weights)?;
    let kept: Vec<f64> = fit.coefficients.iter().map(|c| c.max(1e-6)).collect();
    let error = rows
        .iter()
        .zip(weights)
        .map(|(row, w)| w * (1.0 - row.iter().zip(&kept).map(|(a, b)| a * b).sum::<f64>()).abs())
        .sum();
    Some((kept, error))
}

fn best_starts(mut candidates: Vec<(f64, Vec<f64>)>, published: Vec<f64>, keep: usize) -> Vec<Vec<f64>> {
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    std::iter::once(published).chain(candidates.into_iter().take(keep).map(|c| c.1)).collect()
}

fn compute_starts(at: &[Conditions], loss: &[f64], weights: &[f64], keep: usize) -> Vec<Vec<f64>> {
    let mut found = Vec::new();
    // Powers relative to the first condition: the amplitudes stay near one.
    let unit = at.first().map_or(0.0, |c| c.compute_flops.ln());
    for alpha in [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7] {
        let terms: Vec<Vec<f64>> =
            at.iter().map(|c| vec![(-alpha * (c.compute_flops.ln() - unit)).exp(), 1.0]).collect();
        if let Some((k, error)) = amplitudes(&terms, loss, weights) {
            found.push((error, vec![k[0].ln() + alpha * unit, alpha, k[1]]));
        }
    }
    best_starts(found, vec![3.0, 0.1, 1.0], keep)
}

fn parameters_tokens_starts(
    at: &[Conditions],
    y: &[f64],
    weights: &[f64],
    sign: f64,
    keep: usize,
) -> Vec<Vec<f64>> {
    let mut found = Vec::new();
    let (n0, d0) = at.first().map_or((0.0, 0.0), |c| (c.parameters.ln(), c.tokens.ln()));
    for alpha in [0.05, 0.15, 0.25, 0.4, 0.65, 1.0] {
        for beta in [0.05, 0.15, 0.25, 0.4, 0.65, 1.0] {
            let terms: Vec<Vec<f64>> = at
                .iter()
                .map(|c| {
                    let by_n = (-alpha * (c.parameters.ln() - n0)).exp();
                    let by_d = (-beta * (c.tokens.ln() - d0)).exp();
                    vec![sign * by_n, sign * by_d, 1.0]
                })
                .collect();
            if let Some((k, error)) = amplitudes(&terms, y, weights) {
                found.push((error, vec![k[0].ln() + alpha * n0, k[1].ln() + beta * d0, alpha, beta, k[2]]));
            }
        }
    }
    let published = if sign > 0.0 { vec![3.0, 6.0, 0.1, 0.2, 1.0] } else { vec![2.0, 2.0, 0.2, 0.2, 1.0] };
    best_starts(found, published, keep)
}
