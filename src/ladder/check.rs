//! Can this ladder carry a prediction at all? What makes it be refused, and what must be said beside it.

use super::form::Rung;
use super::law::Conditions;
use crate::numeric::correlation::{pearson, spearman};
use serde::Serialize;

/// Fewest rungs with which any law is fitted: three to fit, and some to test on.
pub const LEAST_RUNGS: usize = 6;

/// Why a task, or the whole ladder, gets no prediction.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// Too few rungs.
    #[error(
        "{n_rungs} rungs: at least {least} are needed to fit a law and to test it; add smaller or shorter runs"
    )]
    TooFewRungs {
        /// What there is.
        n_rungs: usize,
        /// What is needed.
        least: usize,
    },
    /// All rungs are of one model size.
    #[error(
        "all {n_rungs} rungs have {parameters} parameters: what a larger model scores cannot be told from one size"
    )]
    OneSize {
        /// Rungs.
        n_rungs: usize,
        /// Their parameters.
        parameters: f64,
    },
    /// All rungs have the same compute.
    #[error("all {n_rungs} rungs have the same training compute: there is nothing to extrapolate along")]
    OneCompute {
        /// Rungs.
        n_rungs: usize,
    },
    /// A run's compute is not known and cannot be worked out.
    #[error(
        "run '{run}' has no training compute, nor both parameters and tokens to work it out from (6 N D)"
    )]
    MissingCompute {
        /// The run.
        run: String,
    },
    /// The accuracy does not move from rung to rung.
    #[error(
        "accuracy is constant over the rungs (range {range}, noise {noise}): there is no trend to extend"
    )]
    ConstantAccuracy {
        /// Largest minus smallest accuracy.
        range: f64,
        /// Noise of a rung's value.
        noise: f64,
    },
    /// The loss rises with compute.
    #[error(
        "the loss rises with compute (rank correlation {correlation:.2}): a score of the opposite direction, or a broken run?"
    )]
    RisingLoss {
        /// Spearman's correlation of loss and compute over the rungs.
        correlation: f64,
    },
    /// The accuracy falls with compute.
    #[error("accuracy falls with compute (rank correlation {correlation:.2}): no law here describes that")]
    FallingAccuracy {
        /// Spearman's correlation of accuracy and compute over the rungs.
        correlation: f64,
    },
    /// The target is smaller than the rungs.
    #[error(
        "target '{target}' has less compute ({compute_flops:.2e}) than the smallest rung ({smallest:.2e}): ladders predict upwards"
    )]
    TargetBelowRungs {
        /// The target.
        target: String,
        /// Its compute.
        compute_flops: f64,
        /// The smallest rung's.
        smallest: f64,
    },
    /// There is nothing to calibrate an interval with.
    #[error(
        "no back-test could be made: the rungs do not allow a smaller ladder of two sizes below a larger rung"
    )]
    NoBacktest,
}

/// What limits a prediction that is made.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// Compute was worked out from parameters and tokens.
    #[error("compute of run '{run}' taken as 6 N D = {compute_flops:.2e}")]
    ComputeAssumed {
        /// The run.
        run: String,
        /// The assumed compute.
        compute_flops: f64,
    },
    /// The accuracy of guessing is not known for this task.
    #[error(
        "chance level of task '{task}' is not known and taken as 0: give it, laws that bend at chance depend on it"
    )]
    ChanceUnknown {
        /// The task.
        task: String,
    },
    /// There is no loss, so only laws of the accuracy were fitted.
    #[error("no loss for this task: only laws that go straight to the accuracy were fitted")]
    NoLoss,
    /// Few sizes.
    #[error("{n_sizes} model sizes: exponents in the number of parameters rest on very little")]
    FewSizes {
        /// Distinct sizes.
        n_sizes: usize,
    },
    /// Parameters and tokens go together, so that their effects cannot be told apart.
    #[error(
        "parameters and tokens go together over the rungs (correlation {correlation:.2}): their effects cannot be told apart"
    )]
    Confounded {
        /// Pearson's correlation of the logarithms.
        correlation: f64,
    },
    /// Every rung is near chance.
    #[error(
        "no rung is more than {margin:.3} above chance: when a task takes off cannot be predicted from below"
    )]
    NearChance {
        /// Largest accuracy minus chance.
        margin: f64,
    },
    /// The target lies further out than anything that was back-tested.
    #[error(
        "target '{target}' lies {distance_oom:.2} orders of magnitude above the rungs, {ratio:.2} times their span; back-tests reach {tested:.2} times: the interval is an extrapolation itself"
    )]
    BeyondBacktests {
        /// The target.
        target: String,
        /// Orders of magnitude of compute above the largest rung.
        distance_oom: f64,
        /// The same over the span of the rungs.
        ratio: f64,
        /// The largest such ratio among the back-tests.
        tested: f64,
    },
    /// The target lies among the rungs.
    #[error("target '{target}' has no more compute than the largest rung: this is an interpolation")]
    TargetAmongRungs {
        /// The target.
        target: String,
    },
    /// The target was trained with far more tokens for its size than any rung.
    #[error(
        "target '{target}' has {ratio:.0} tokens per parameter, the rungs at most {largest:.0}: its balance of size and data was never tried"
    )]
    TokensPerParameter {
        /// The target.
        target: String,
        /// Its tokens per parameter.
        ratio: f64,
        /// The largest among the rungs.
        largest: f64,
    },
    /// A law could not be fitted.
    #[error("a law was left out: {reason}")]
    LawLeftOut {
        /// Why.
        reason: String,
    },
}

fn logs(rungs: &[Rung], of: impl Fn(&Conditions) -> f64) -> Vec<f64> {
    rungs.iter().map(|r| of(&r.at).ln()).collect()
}

/// Checks the rungs of one task.
///
/// # Errors
/// The first reason for which no prediction can be made.
pub fn check_rungs(rungs: &[Rung], chance: f64) -> Result<Vec<Warning>, Refusal> {
    let n_rungs = rungs.len();
    if n_rungs < LEAST_RUNGS {
        return Err(Refusal::TooFewRungs { n_rungs, least: LEAST_RUNGS });
    }
    let count = |of: &dyn Fn(&Rung) -> f64| {
        let mut seen: Vec<f64> = rungs.iter().map(of).collect();
        seen.sort_by(f64::total_cmp);
        seen.dedup();
        seen.len()
    };
    let n_sizes = count(&|r| r.at.parameters);
    // Without parameters (NaN) sizes cannot be counted, and laws on compute are all there is.
    let sized = rungs.iter().all(|r| r.at.parameters.is_finite());
    if sized && n_sizes < 2 {
        return Err(Refusal::OneSize { n_rungs, parameters: rungs[0].at.parameters });
    }
    if count(&|r| r.at.compute_flops) < 3 {
        return Err(Refusal::OneCompute { n_rungs });
    }
    let compute = logs(rungs, |c| c.compute_flops);
    let accuracy: Vec<f64> = rungs.iter().map(|r| r.accuracy).collect();
    let (low, high) = accuracy.iter().fold((f64::MAX, f64::MIN), |(l, h), &a| (l.min(a), h.max(a)));
    let mut noises: Vec<f64> = rungs.iter().filter_map(|r| r.noise).collect();
    noises.sort_by(f64::total_cmp);
    let noise = noises.get(noises.len() / 2).copied().unwrap_or(0.0);
    if high - low <= 3.0 * noise || high - low < 1e-9 {
        return Err(Refusal::ConstantAccuracy { range: high - low, noise });
    }
    if let Some(correlation) = spearman(&compute, &accuracy).filter(|c| *c < -0.3) {
        return Err(Refusal::FallingAccuracy { correlation });
    }
    let mut warnings = Vec::new();
    let with_loss: Vec<(f64, f64)> =
        rungs.iter().zip(&compute).filter_map(|(r, c)| r.loss.map(|l| (*c, l))).collect();
    if with_loss.len() < LEAST_RUNGS {
        warnings.push(Warning::NoLoss);
    } else {
        let (c, l): (Vec<f64>, Vec<f64>) = with_loss.into_iter().unzip();
        if let Some(correlation) = spearman(&c, &l).filter(|r| *r > 0.0) {
            return Err(Refusal::RisingLoss { correlation });
        }
    }
    if sized && n_sizes < 3 {
        warnings.push(Warning::FewSizes { n_sizes });
    }
    let correlation = pearson(&logs(rungs, |c| c.parameters), &logs(rungs, |c| c.tokens));
    if let Some(correlation) = correlation.filter(|r| r.abs() > 0.95) {
        warnings.push(Warning::Confounded { correlation });
    }
    if high - chance < 0.05 {
        warnings.push(Warning::NearChance { margin: high - chance });
    }
    Ok(warnings)
}

/// Checks a target against the rungs of one task; `tested` is the largest ratio of distance to span that the
/// back-tests reached.
///
/// # Errors
/// If the target has less compute than every rung.
pub fn check_target(
    target: &str,
    at: &Conditions,
    rungs: &[Rung],
    tested: f64,
) -> Result<Vec<Warning>, Refusal> {
    let (smallest, largest) = rungs
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), r| (l.min(r.at.compute_flops), h.max(r.at.compute_flops)));
    let compute_flops = at.compute_flops;
    let target = target.to_owned();
    if compute_flops < smallest {
        return Err(Refusal::TargetBelowRungs { target, compute_flops, smallest });
    }
    let mut warnings = Vec::new();
    let distance_oom = (compute_flops / largest).log10();
    let ratio = distance_oom / (largest / smallest).log10();
    if distance_oom <= 0.0 {
        warnings.push(Warning::TargetAmongRungs { target: target.clone() });
    } else if ratio > tested {
        warnings.push(Warning::BeyondBacktests { target: target.clone(), distance_oom, ratio, tested });
    }
    let balance = |c: &Conditions| c.tokens / c.parameters;
    let most = rungs.iter().map(|r| balance(&r.at)).fold(f64::MIN, f64::max);
    if balance(at) > 2.0 * most {
        warnings.push(Warning::TokensPerParameter { target, ratio: balance(at), largest: most });
    }
    Ok(warnings)
}
