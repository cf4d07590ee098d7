//! Which ways are there from a ladder to a prediction? Every form, and all of them fitted at once.

use super::curve::{AccuracyCurve, CurveFit, Range, fit_curve};
use super::direct::{DirectFit, DirectLaw, fit_direct, single_step_from_chain};
use super::law::{Conditions, FitOptions, LawError};
use super::loss::{LossFit, LossLaw, fit_loss};
use crate::numeric::Convergence;
use serde::Serialize;

/// A way to predict the accuracy of a run from the rungs below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A law of the loss, then a curve from loss to accuracy.
    Chained(LossLaw, AccuracyCurve),
    /// A law of the accuracy.
    Direct(DirectLaw),
    /// Baseline: the accuracy of the rung with the most compute.
    LastRung,
    /// Baseline: the mean accuracy of the rungs.
    MeanRung,
    /// The average of all forms but the baselines, by their back-tested errors.
    Combined,
}

/// The curves that chains are made with: the first three on smoothed checkpoints, `Linear` on final values.
const CURVES: [AccuracyCurve; 4] = [
    AccuracyCurve::AnchoredSigmoid,
    AccuracyCurve::Sigmoid,
    AccuracyCurve::ChanceSigmoid,
    AccuracyCurve::Linear,
];

impl Form {
    /// The forms that the combination draws on.
    pub fn candidates() -> Vec<Self> {
        let chains =
            LossLaw::ALL.into_iter().flat_map(|l| CURVES.into_iter().map(move |c| Self::Chained(l, c)));
        chains.chain(DirectLaw::ALL.into_iter().map(Self::Direct)).collect()
    }

    /// All forms that are fitted: the candidates and the two baselines.
    pub fn all() -> Vec<Self> {
        let mut all = Self::candidates();
        all.extend([Self::LastRung, Self::MeanRung]);
        all
    }

    /// Name in tables.
    pub fn name(self) -> String {
        match self {
            Self::Chained(loss, curve) => format!(
                "{}_to_{}",
                loss.name().trim_start_matches("loss_"),
                curve.name().trim_start_matches("accuracy_")
            ),
            Self::Direct(law) => law.name().to_owned(),
            Self::LastRung => "last_rung".to_owned(),
            Self::MeanRung => "mean_rung".to_owned(),
            Self::Combined => "combined".to_owned(),
        }
    }
}

/// What a task's fits are made of: one rung after the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rung {
    /// Position of its run in the table.
    pub run: usize,
    /// How it was trained.
    pub at: Conditions,
    /// Mean loss of its last checkpoints; `None` where the table has none.
    pub loss: Option<f64>,
    /// Mean accuracy of its last checkpoints.
    pub accuracy: f64,
    /// Noise of the accuracy of a single checkpoint, or between runs of the same conditions where checkpoints do
    /// not tell.
    pub noise: Option<f64>,
    /// Smoothed pairs of loss and accuracy on its way.
    pub path: Vec<(f64, f64)>,
}

/// Every law of one task, fitted to some of its rungs. A law that could not be fitted says why.
#[derive(Debug, Clone, PartialEq)]
pub struct FormFits {
    /// Step 1.
    pub losses: Vec<(LossLaw, Result<LossFit, LawError>)>,
    /// Step 2.
    pub curves: Vec<(AccuracyCurve, Result<CurveFit, LawError>)>,
    /// Laws of the accuracy.
    pub directs: Vec<(DirectLaw, Result<DirectFit, LawError>)>,
    /// Accuracy of the rung with the most compute.
    pub last_rung: f64,
    /// Mean accuracy.
    pub mean_rung: f64,
    /// What the task allows.
    pub range: Range,
}

/// Fits every form to rungs with weights (the number of times that each was drawn, in a bootstrap).
///
/// `warm` gives the fits of the whole ladder as starting points.
pub fn fit_forms(
    rungs: &[Rung],
    weights: &[f64],
    range: Range,
    warm: Option<&FormFits>,
    options: &FitOptions,
) -> FormFits {
    let at: Vec<Conditions> = rungs.iter().map(|r| r.at).collect();
    let accuracy: Vec<f64> = rungs.iter().map(|r| r.accuracy).collect();
    // A rung without a loss takes no part in the chains.
    let loss: Vec<f64> = rungs.iter().map(|r| r.loss.unwrap_or(1.0)).collect();
    let loss_weights: Vec<f64> =
        rungs.iter().zip(weights).map(|(r, w)| if r.loss.is_some() { *w } else { 0.0 }).collect();
    let losses: Vec<_> = LossLaw::ALL
        .into_iter()
        .map(|law| {
            let start = warm.and_then(|w| w.loss(law)).map(|f| f.parameters.as_slice());
            (law, fit_loss(law, &at, &loss, &loss_weights, start, options))
        })
        .collect();
    let (mut x, mut y, mut w) = (Vec::new(), Vec::new(), Vec::new());
    for (rung, weight) in rungs.iter().zip(weights) {
        if *weight > 0.0 {
            x.extend(rung.path.iter().map(|p| p.0));
            y.extend(rung.path.iter().map(|p| p.1));
            w.extend(std::iter::repeat_n(*weight, rung.path.len()));
        }
    }
    let curves: Vec<_> = CURVES
        .into_iter()
        .map(|curve| {
            let start = warm.and_then(|w| w.curve(curve)).map(|f| f.fit.parameters.as_slice());
            let fit = if curve == AccuracyCurve::Linear {
                fit_curve(curve, &loss, &accuracy, &loss_weights, range, start, options)
            } else {
                fit_curve(curve, &x, &y, &w, range, start, options)
            };
            (curve, fit)
        })
        .collect();
    let find = |law| losses.iter().find(|(l, _)| *l == law).and_then(|(_, f)| f.as_ref().ok());
    let anchored = curves.iter().find(|(c, _)| *c == AccuracyCurve::AnchoredSigmoid);
    let chain = find(LossLaw::ParametersTokens)
        .zip(anchored.and_then(|(_, f)| f.as_ref().ok()))
        .and_then(|(loss, curve)| single_step_from_chain(loss, curve));
    let directs = DirectLaw::ALL
        .into_iter()
        .map(|law| {
            let start = warm.and_then(|w| w.direct(law)).map(|f| f.fit.parameters.as_slice());
            let fit = fit_direct(law, &at, &accuracy, weights, range, start, options);
            let fit = match (&chain, warm) {
                (Some(chain), None) if law == DirectLaw::SingleStep => {
                    better(fit, fit_direct(law, &at, &accuracy, weights, range, Some(chain), options))
                }
                _ => fit,
            };
            (law, fit)
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let largest = (0..rungs.len())
        .filter(|&i| weights[i] > 0.0)
        .max_by(|&i, &j| at[i].compute_flops.total_cmp(&at[j].compute_flops));
    FormFits {
        losses,
        curves,
        directs,
        last_rung: largest.map_or(f64::NAN, |i| accuracy[i]),
        mean_rung: accuracy.iter().zip(weights).map(|(a, w)| a * w).sum::<f64>() / total,
        range,
    }
}

fn better(a: Result<DirectFit, LawError>, b: Result<DirectFit, LawError>) -> Result<DirectFit, LawError> {
    match (&a, &b) {
        (Ok(x), Ok(y)) if y.fit.convergence.objective < x.fit.convergence.objective => b,
        (Err(_), Ok(_)) => b,
        _ => a,
    }
}

/// One line of the table of fits: a parameter of a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name of the law.
    pub law: &'static str,
    /// Name of the parameter.
    pub parameter: &'static str,
    /// Its value.
    pub value: f64,
    /// How the fit ended.
    pub convergence: Convergence,
    /// Observations used.
    pub n_observations: usize,
}

impl FormFits {
    /// The fit of a law of the loss, if there is one.
    pub fn loss(&self, law: LossLaw) -> Option<&LossFit> {
        self.losses.iter().find(|(l, _)| *l == law).and_then(|(_, f)| f.as_ref().ok())
    }

    /// The fit of a curve, if there is one.
    pub fn curve(&self, curve: AccuracyCurve) -> Option<&CurveFit> {
        self.curves.iter().find(|(c, _)| *c == curve).and_then(|(_, f)| f.as_ref().ok())
    }

    /// The fit of a law of the accuracy, if there is one.
    pub fn direct(&self, law: DirectLaw) -> Option<&DirectFit> {
        self.directs.iter().find(|(l, _)| *l == law).and_then(|(_, f)| f.as_ref().ok())
    }

    /// The loss on the way of a chained form.
    pub fn predicted_loss(&self, form: Form, at: &Conditions) -> Option<f64> {
        match form {
            Form::Chained(law, _) => self.loss(law).map(|f| f.predict(at)).filter(|v| v.is_finite()),
            _ => None,
        }
    }

    /// The accuracy that a form predicts, not below chance nor above the ceiling.
    pub fn predict(&self, form: Form, at: &Conditions) -> Option<f64> {
        let value = match form {
            Form::Chained(law, curve) => self.curve(curve)?.predict(self.loss(law)?.predict(at)),
            Form::Direct(law) => self.direct(law)?.predict(at),
            Form::LastRung => self.last_rung,
            Form::MeanRung => self.mean_rung,
            Form::Combined => return None,
        };
        value.is_finite().then(|| self.range.clip(value))
    }

    /// Every parameter of every law that was fitted.
    pub fn parameters(&self) -> Vec<Parameter> {
        fn lines(
            law: &'static str,
            names: &[&'static str],
            values: &[f64],
            convergence: Convergence,
            n_observations: usize,
        ) -> Vec<Parameter> {
            names
                .iter()
                .zip(values)
                .map(|(&parameter, &value)| Parameter { law, parameter, value, convergence, n_observations })
                .collect()
        }
        let mut all = Vec::new();
        for f in self.losses.iter().filter_map(|(_, f)| f.as_ref().ok()) {
            all.extend(lines(
                f.law.name(),
                f.law.parameter_names(),
                &f.parameters,
                f.convergence,
                f.n_observations,
            ));
        }
        for f in self.curves.iter().filter_map(|(_, f)| f.as_ref().ok()).map(|f| &f.fit) {
            all.extend(lines(
                f.law.name(),
                f.law.parameter_names(),
                &f.parameters,
                f.convergence,
                f.n_observations,
            ));
        }
        for f in self.directs.iter().filter_map(|(_, f)| f.as_ref().ok()).map(|f| &f.fit) {
            all.extend(lines(
                f.law.name(),
                f.law.parameter_names(),
                &f.parameters,
                f.convergence,
                f.n_observations,
            ));
        }
        all
    }
}
