//! What would DataDecide's scaling-law baselines have said? Its variants of the ladder, under its own names.

use super::curve::{AccuracyCurve, Range, fit_curve};
use super::direct::{DirectLaw, fit_direct};
use super::law::{Conditions, FREE, FitOptions, LawError, NOT_NEGATIVE, fit_from_starts};
use super::loss::{LossLaw, fit_loss};
use crate::numeric::robust::Loss;
use crate::numeric::special::logistic;
use serde::Serialize;

/// One of the published baselines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Baseline {
    /// `3_param-default`: `L(C)` with an irreducible part, then the sigmoid.
    ThreeParameters,
    /// `3_param-default-helper_points`: the same with the point (0, 1) added to the sigmoid.
    ThreeParametersHelper,
    /// `2_param-default`: `L(C)` without an irreducible part, Huber loss, then the sigmoid.
    TwoParameters,
    /// `5_param-ai2`: `L(N, D)`, then the sigmoid.
    FiveParameters,
    /// `3_param-1_step`: compute and sigmoid at once, least squares.
    ThreeParametersOneStep,
    /// `5_param-1_step-ai2`: `N`, `D` and sigmoid at once, Huber loss.
    FiveParametersOneStep,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ThreeParameters,
        Self::ThreeParametersHelper,
        Self::TwoParameters,
        Self::FiveParameters,
        Self::ThreeParametersOneStep,
        Self::FiveParametersOneStep,
    ];

    /// The name it is published under.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeParameters => "3_param-default",
            Self::ThreeParametersHelper => "3_param-default-helper_points",
            Self::TwoParameters => "2_param-default",
            Self::FiveParameters => "5_param-ai2",
            Self::ThreeParametersOneStep => "3_param-1_step",
            Self::FiveParametersOneStep => "5_param-1_step-ai2",
        }
    }
}

/// The small runs of one data mix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MixRuns {
    /// How each run was trained.
    pub at: Vec<Conditions>,
    /// Its loss: the mean over its last tenth.
    pub loss: Vec<f64>,
    /// Its accuracy: the mean over its last tenth.
    pub accuracy: Vec<f64>,
    /// Loss and accuracy at the last nine tenths of all checkpoints.
    pub path: Vec<(f64, f64)>,
    /// Chance and ceiling.
    pub range: Range,
}

/// A baseline's prediction with the objective of its last fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BaselinePrediction {
    /// Predicted accuracy.
    pub predicted: f64,
    /// Predicted loss on the way, for those in two steps.
    pub predicted_loss: Option<f64>,
    /// Huber objective of step 1, or the objective of the single step.
    pub objective: f64,
}

/// Predicts the accuracy of a larger run of the same mix.
///
/// The reference fits laws with more parameters than there are runs (five and seven on four sizes). A continuum of
/// answers then fits, and the one it returns hangs on its starting point and on where its optimiser gave up. That
/// is refused here, unless `options.unidentified` asks for it: the fit then has an objective at least as low as the
/// reference's, and a prediction that means as little. Known faults are not repeated: the reference's gradient of
/// the single step on compute returns `p, x₀, k, q` where the parameters are `p, k, x₀, q`, and lacks the sign of
/// `x₀`, so that its fit stops at residuals of up to four points where four runs can be met exactly; and it drops
/// fits whose covariance sums to more than 10⁶.
///
/// # Errors
/// As the laws they are made of: among them fewer runs than parameters, which is the published case of the
/// five-parameter and single-step baselines on four sizes, unless `options.unidentified`.
///
/// # Reference
/// Magnusson et al. 2025, arXiv 2504.11393; OLMo-ladder, branch datados.
pub fn predict_baseline(
    baseline: Baseline,
    runs: &MixRuns,
    target: &Conditions,
    options: &FitOptions,
) -> Result<BaselinePrediction, LawError> {
    let ones = vec![1.0; runs.at.len()];
    let (x, y): (Vec<f64>, Vec<f64>) = runs.path.iter().copied().unzip();
    let curve = |kind| fit_curve(kind, &x, &y, &vec![1.0; x.len()], runs.range, None, options);
    let chained = |loss: f64, objective: f64, kind| -> Result<BaselinePrediction, LawError> {
        Ok(BaselinePrediction {
            predicted: curve(kind)?.predict(loss),
            predicted_loss: Some(loss),
            objective,
        })
    };
    match baseline {
        Baseline::ThreeParameters | Baseline::ThreeParametersHelper => {
            let fit = fit_loss(LossLaw::Compute, &runs.at, &runs.loss, &ones, None, options)?;
            let kind = if baseline == Baseline::ThreeParameters {
                AccuracyCurve::Sigmoid
            } else {
                AccuracyCurve::AnchoredSigmoid
            };
            chained(fit.predict(target), fit.convergence.objective, kind)
        }
        Baseline::TwoParameters => {
            let (loss, objective) = two_parameters(runs, target, options)?;
            chained(loss, objective, AccuracyCurve::Sigmoid)
        }
        Baseline::FiveParameters => {
            let fit = fit_loss(LossLaw::ParametersTokens, &runs.at, &runs.loss, &ones, None, options)?;
            chained(fit.predict(target), fit.convergence.objective, AccuracyCurve::Sigmoid)
        }
        Baseline::FiveParametersOneStep => {
            let fit = fit_direct(
                DirectLaw::SingleStep,
                &runs.at,
                &runs.accuracy,
                &ones,
                runs.range,
                None,
                options,
            )?;
            Ok(BaselinePrediction {
                predicted: fit.predict(target),
                predicted_loss: None,
                objective: fit.fit.convergence.objective,
            })
        }
        Baseline::ThreeParametersOneStep => one_step_on_compute(runs, target, options),
    }
}

fn two_parameters(runs: &MixRuns, target: &Conditions, options: &FitOptions) -> Result<(f64, f64), LawError> {
    let ones = vec![1.0; runs.at.len()];
    let data: Vec<(f64, f64)> =
        runs.at.iter().zip(&runs.loss).map(|(c, l)| (c.compute_flops.ln(), l.ln())).collect();
    let evaluate = |t: &[f64], r: &mut [f64], j: &mut [f64]| {
        for (i, &(c, l)) in data.iter().enumerate() {
            r[i] = t[0] - t[1] * c - l;
            j[2 * i] = 1.0;
            j[2 * i + 1] = -c;
        }
    };
    let line = fit_loss(LossLaw::ComputePower, &runs.at, &runs.loss, &ones, None, options)?;
    let starts = [vec![10.0, 0.4], line.parameters];
    let huber = Loss::Huber { delta: options.huber_delta };
    let bounds = [NOT_NEGATIVE, (0.0, 1.0)];
    let fit = fit_from_starts(((), "2_param-default"), &evaluate, &ones, &starts, &bounds, huber, options)?;
    let loss = (fit.parameters[0] - fit.parameters[1] * target.compute_flops.ln()).exp();
    Ok((loss, fit.convergence.objective))
}

/// The single step on compute with its seven published parameters `a, α, E, p, k, x₀, q`.
///
/// ```text
/// p σ(k (exp(a) / C^α + E − x₀)) + q
/// ```
///
/// Only `E − x₀` matters, so that no data can tell the seven apart.
pub fn single_step_on_compute(parameters: &[f64; 7], compute_flops: f64) -> f64 {
    let [a, alpha, irreducible, height, slope, midpoint, upper] = *parameters;
    let loss = (a - alpha * compute_flops.ln()).exp() + irreducible;
    height * logistic(slope * (loss - midpoint)) + upper
}

/// `p σ(k (exp(a − α ln C) + E − x₀)) + q` by least squares on all checkpoints' runs; `E` and `x₀` cannot be told
/// apart, and the sum `E − x₀` is what is fitted.
fn one_step_on_compute(
    runs: &MixRuns,
    target: &Conditions,
    options: &FitOptions,
) -> Result<BaselinePrediction, LawError> {
    let name = "3_param-1_step";
    let ones = vec![1.0; runs.at.len()];
    let logs: Vec<f64> = runs.at.iter().map(|c| c.compute_flops.ln()).collect();
    let predict = |t: &[f64], c: f64| t[2] * logistic((t[0] - t[1] * c).exp() + t[3]) + t[4];
    let evaluate = |t: &[f64], r: &mut [f64], j: &mut [f64]| {
        for (i, &c) in logs.iter().enumerate() {
            let power = (t[0] - t[1] * c).exp();
            let s = logistic(power + t[3]);
            let slope = t[2] * s * (1.0 - s);
            r[i] = t[2] * s + t[4] - runs.accuracy[i];
            let row = &mut j[5 * i..5 * i + 5];
            row[0] = slope * power;
            row[1] = -slope * power * c;
            row[2] = s;
            row[3] = slope;
            row[4] = 1.0;
        }
    };
    let curve = {
        let (x, y): (Vec<f64>, Vec<f64>) = runs.path.iter().copied().unzip();
        fit_curve(AccuracyCurve::Sigmoid, &x, &y, &vec![1.0; x.len()], runs.range, None, options)?
    };
    let step = fit_loss(LossLaw::Compute, &runs.at, &runs.loss, &ones, None, options)?;
    let (s, l) = (&curve.fit.parameters, &step.parameters);
    let from_chain = vec![l[0] + s[2].max(1e-6).ln(), l[1], s[0], s[2] * (l[2] - s[1]), s[3]];
    let bounds = [FREE, (0.0, 1.0), FREE, FREE, FREE];
    let fit = fit_from_starts(((), name), &evaluate, &ones, &[from_chain], &bounds, Loss::Squares, options)?;
    Ok(BaselinePrediction {
        predicted: predict(&fit.parameters, target.compute_flops.ln()),
        predicted_loss: None,
        objective: 2.0 * fit.convergence.objective,
    })
}
