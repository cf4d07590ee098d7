//! How is the top found? EM steps, learning the curvature that EM does not see.
//!
//! An EM step is the gradient divided by the information that complete data would carry. What is missing is
//! the information lost with θ, which slows EM to hundreds of cycles. Parameter expansion takes the slowest of
//! them away, those of origin and unit of θ. Limited-memory quasi-Newton updates on
//! top of the EM metric learn it in a few (Jamshidian & Jennrich 1997, doi:10.1111/1467-9868.00083, method
//! QN2; two-loop recursion of Nocedal 1980, doi:10.1090/S0025-5718-1980-0572855-7). No step that lowers the
//! objective is ever taken.

use super::engine::Engine;
use super::layout::Layout;
use super::objective::{Evaluation, dot, evaluate};
use super::options::{Observer, Progress};
use super::prior::ItemPriors;
use crate::numeric::{Convergence, StopReason};
use std::collections::VecDeque;

/// Pairs of steps and gradient changes remembered.
const MEMORY: usize = 12;
/// Objectives larger than this are known less sharply: the tolerance grows with them. With millions of answers
/// that moves no parameter by a hundredth of its standard error.
const LARGE: f64 = 1e5;
/// Halvings of a step before the memory is dropped.
const HALVINGS: usize = 6;
/// No parameter moves further in one step. An item that wants to is held back alone: others need not wait for it.
const LONGEST: f64 = 1.0;

pub(crate) struct Maximum {
    pub x: Vec<f64>,
    pub at: Evaluation,
    pub convergence: Convergence,
}

/// Maximises the objective from `x`.
pub(crate) fn maximise(
    engine: &mut Engine<'_>,
    priors: &ItemPriors,
    mut x: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
    observer: Option<Observer<'_>>,
) -> Maximum {
    let mut at = evaluate(engine, priors, &x);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    let mut reason = StopReason::IterationLimit;
    let mut iterations = 0;
    if !at.objective.is_finite() || at.gradient.iter().any(|g| !g.is_finite()) {
        reason = StopReason::NotFinite;
    } else {
        while iterations < max_iterations {
            let (mut direction, mut gain) = direction(&at, &memory, engine.layout);
            if !(gain > 0.0 && gain.is_finite()) {
                memory.clear();
                (direction, gain) = self::direction(&at, &memory, engine.layout);
            }
            let progress =
                Progress { iteration: iterations, objective: at.objective, predicted_gain: gain / 2.0 };
            if observer.is_some_and(|look| look(&progress).is_break()) {
                reason = StopReason::Interrupted;
                break;
            }
            if gain / 2.0 < tolerance * (at.objective.abs() / LARGE).max(1.0) {
                reason = StopReason::Converged;
                break;
            }
            iterations += 1;
            let mut scale = 1.0;
            let mut accepted = None;
            for _ in 0..HALVINGS {
                let trial: Vec<f64> = x.iter().zip(&direction).map(|(x, s)| x + scale * s).collect();
                let next = evaluate(engine, priors, &trial);
                // Rounding of sums of thousands of logarithms is not a loss.
                let noise = at.objective.abs() * 1e-13;
                if next.objective >= at.objective + 1e-4 * scale * gain - noise
                    && next.gradient.iter().all(|g| g.is_finite())
                {
                    accepted = Some((trial, next));
                    break;
                }
                scale *= if memory.is_empty() { 0.5 } else { 0.3 };
            }
            match accepted {
                Some((trial, next)) => {
                    let step: Vec<f64> = trial.iter().zip(&x).map(|(a, b)| a - b).collect();
                    let change: Vec<f64> =
                        at.gradient.iter().zip(&next.gradient).map(|(a, b)| a - b).collect();
                    let curvature = dot(&step, &change);
                    if curvature > 1e-10 * dot(&step, &step).sqrt() * dot(&change, &change).sqrt() {
                        if memory.len() == MEMORY {
                            memory.pop_front();
                        }
                        memory.push_back((step, change, curvature));
                    }
                    x = trial;
                    at = next;
                }
                None if memory.is_empty() => {
                    // Not even a short EM step gains: only rounding is left.
                    reason = if gain / 2.0 < tolerance.max(at.objective.abs() * 1e-10) {
                        StopReason::Converged
                    } else {
                        StopReason::Stalled
                    };
                    at = evaluate(engine, priors, &x);
                    break;
                }
                None => {
                    memory.clear();
                    at = evaluate(engine, priors, &x);
                }
            }
        }
    }
    let gradient_norm =
        Some(at.gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()))).filter(|g| g.is_finite());
    let convergence = Convergence { reason, iterations, objective: at.objective, gradient_norm };
    Maximum { x, at, convergence }
}

/// The ascent direction and its predicted gain twice over, `gᵀ H g` (less where items are held back).
fn direction(
    at: &Evaluation,
    memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    layout: &Layout,
) -> (Vec<f64>, f64) {
    let mut q = at.gradient.clone();
    let mut factors = Vec::with_capacity(memory.len());
    for (step, change, curvature) in memory.iter().rev() {
        let factor = dot(step, &q) / curvature;
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= factor * y);
        factors.push(factor);
    }
    let mut direction = at.metric.expanded_step(&q);
    for ((step, change, curvature), factor) in memory.iter().zip(factors.into_iter().rev()) {
        let back = dot(change, &direction) / curvature;
        direction.iter_mut().zip(step).for_each(|(d, s)| *d += (factor - back) * s);
    }
    hold_back(&mut direction, layout);
    let gain = dot(&at.gradient, &direction);
    (direction, gain)
}

/// Shortens the steps of single items to [`LONGEST`], each in its own direction.
fn hold_back(direction: &mut [f64], layout: &Layout) {
    let shorten = |step: &mut [f64]| {
        let longest = step.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        if longest > LONGEST {
            step.iter_mut().for_each(|s| *s *= LONGEST / longest);
        }
    };
    if layout.common_slope {
        shorten(&mut direction[..1]);
    }
    (0..layout.n_items()).for_each(|i| shorten(&mut direction[layout.block(i)]));
}
