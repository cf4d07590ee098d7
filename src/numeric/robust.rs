//! Which parameters fit best, within bounds, when some points may lie far off? Levenberg–Marquardt with bounds
//! and a robust loss.
//!
//! Written here because no maintained crate fits bounded least squares with a Huber loss: `argmin` has no bounds
//! for its quasi-Newton solvers, and `levenberg-marquardt` has neither bounds nor losses.

use super::convergence::{Convergence, StopReason};
use super::linear::solve_positive_definite;

/// How a residual counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// `½ r²`.
    Squares,
    /// `½ r²` within `delta`, `delta (|r| − ½ delta)` beyond.
    Huber {
        /// Where the loss turns from quadratic to linear, in the units of the residual.
        delta: f64,
    },
}

impl Loss {
    /// The loss of a residual.
    pub fn value(self, r: f64) -> f64 {
        match self {
            Self::Huber { delta } if r.abs() > delta => delta * (r.abs() - 0.5 * delta),
            _ => 0.5 * r * r,
        }
    }

    fn derivative(self, r: f64) -> f64 {
        match self {
            Self::Huber { delta } => r.clamp(-delta, delta),
            Self::Squares => r,
        }
    }

    /// Second derivative, and the weight of iterated least squares `ρ′(r)/r`.
    fn curvatures(self, r: f64) -> (f64, f64) {
        match self {
            Self::Huber { delta } if r.abs() > delta => (0.0, delta / r.abs()),
            _ => (1.0, 1.0),
        }
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RobustOptions {
    /// Iterations allowed, accepted or not.
    pub max_iterations: usize,
    /// Largest cosine between a free column of the Jacobian and the residuals at an optimum.
    pub gradient_tolerance: f64,
    /// Relative change of objective and parameters below which an accepted step counts as the last.
    pub step_tolerance: f64,
}

impl Default for RobustOptions {
    fn default() -> Self {
        Self { max_iterations: 500, gradient_tolerance: 1e-10, step_tolerance: 1e-14 }
    }
}

/// The result of a bounded robust fit.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustFit {
    /// The parameters.
    pub parameters: Vec<f64>,
    /// Why it stopped; the objective is `Σ w ρ(r)`.
    pub convergence: Convergence,
}

/// Fills residuals and Jacobian (row-major, one row for each residual) at the given parameters.
pub type Evaluate<'a> = dyn Fn(&[f64], &mut [f64], &mut [f64]) + 'a;

/// Box bounds, one pair for each parameter; infinities where there is none.
pub type Bounds<'a> = &'a [(f64, f64)];

/// Minimises the weighted robust loss of residuals within box bounds.
///
/// ```text
/// min_θ Σᵢ wᵢ ρ(rᵢ(θ)),   low ≤ θ ≤ high
/// (JᵀW ρ″ J + λ diag(JᵀW (ρ′/r) J)) step = −JᵀW ρ′     on the parameters that are free to move
/// ```
///
/// `evaluate(θ, r, J)` fills the residuals and the Jacobian (row-major, one row for each residual). The step is
/// clipped to the bounds; a parameter at a bound whose gradient points outward is held. Damping follows
/// Nielsen's rule. Residuals that are not finite make a step unacceptable.
///
/// # Reference
/// Nielsen 1999, IMM-REP-1999-05 (damping); Huber 1964, doi:10.1214/aoms/1177703732 (loss).
pub fn minimise(
    evaluate: &Evaluate,
    weights: &[f64],
    start: &[f64],
    bounds: Bounds,
    loss: Loss,
    options: &RobustOptions,
) -> RobustFit {
    let (n, p) = (weights.len(), start.len());
    let clip = |x: f64, j: usize| x.max(bounds[j].0).min(bounds[j].1);
    let mut theta: Vec<f64> = start.iter().enumerate().map(|(j, &x)| clip(x, j)).collect();
    let (mut r, mut jacobian) = (vec![0.0; n], vec![0.0; n * p]);
    let (mut trial_r, mut trial_jacobian) = (vec![0.0; n], vec![0.0; n * p]);
    let total = |r: &[f64]| -> f64 { r.iter().zip(weights).map(|(&r, &w)| w * loss.value(r)).sum() };
    evaluate(&theta, &mut r, &mut jacobian);
    let mut objective = total(&r);
    let (mut damping, mut growth) = (1e-3, 2.0);
    let mut reason = StopReason::IterationLimit;
    let mut gradient_norm = None;
    let mut iterations = 0;
    let mut state = Normal::new(p);
    let mut fresh = true;
    while iterations < options.max_iterations {
        if !objective.is_finite() {
            reason = StopReason::NotFinite;
            break;
        }
        if fresh {
            state.assemble(&r, &jacobian, weights, loss);
            fresh = false;
        }
        let free: Vec<usize> = (0..p)
            .filter(|&j| {
                let outward = (theta[j] <= bounds[j].0 && state.gradient[j] > 0.0)
                    || (theta[j] >= bounds[j].1 && state.gradient[j] < 0.0);
                !outward && state.diagonal[j] > 0.0
            })
            .collect();
        gradient_norm = Some(free.iter().fold(0.0f64, |m, &j| m.max(state.gradient[j].abs())));
        let cosine = free.iter().fold(0.0f64, |m, &j| {
            m.max(state.gradient[j].abs() / (state.diagonal[j] * 2.0 * objective).sqrt().max(1e-300))
        });
        if cosine <= options.gradient_tolerance {
            reason = StopReason::Converged;
            break;
        }
        iterations += 1;
        let Some(step) = state.step(&free, damping) else {
            damping = (damping * growth).max(1e-12);
            growth *= 2.0;
            if damping > 1e30 {
                reason = StopReason::Stalled;
                break;
            }
            continue;
        };
        let mut trial = theta.clone();
        for (&j, s) in free.iter().zip(&step) {
            trial[j] = clip(theta[j] + s, j);
        }
        evaluate(&trial, &mut trial_r, &mut trial_jacobian);
        let trial_objective = total(&trial_r);
        let moved: Vec<f64> = trial.iter().zip(&theta).map(|(a, b)| a - b).collect();
        let predicted = state.predicted_reduction(&moved);
        let gain = (objective - trial_objective) / predicted.max(f64::MIN_POSITIVE);
        if trial_objective < objective {
            let small = objective - trial_objective <= options.step_tolerance * objective
                && moved.iter().zip(&theta).all(|(m, t)| m.abs() <= 1e-9 * (t.abs() + 1e-9));
            theta = trial;
            objective = trial_objective;
            std::mem::swap(&mut r, &mut trial_r);
            std::mem::swap(&mut jacobian, &mut trial_jacobian);
            fresh = true;
            damping = (damping * (1.0 - (2.0 * gain.min(1.0) - 1.0).powi(3)).max(1.0 / 5.0)).max(1e-15);
            growth = 2.0;
            if small {
                reason = StopReason::Converged;
                break;
            }
        } else {
            let tiny = moved.iter().zip(&theta).all(|(m, t)| m.abs() <= 1e-13 * (t.abs() + 1e-13));
            damping *= growth;
            growth *= 2.0;
            if tiny || damping > 1e30 {
                // Rounding is all that is left: an optimum if the gradient is small as well.
                reason = if cosine < 1e-5 { StopReason::Converged } else { StopReason::Stalled };
                break;
            }
        }
    }
    RobustFit { parameters: theta, convergence: Convergence { reason, iterations, objective, gradient_norm } }
}

/// Gradient, curvature and scaling at one point.
struct Normal {
    gradient: Vec<f64>,
    curvature: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Normal {
    fn new(p: usize) -> Self {
        Self { gradient: vec![0.0; p], curvature: vec![0.0; p * p], diagonal: vec![0.0; p] }
    }

    fn assemble(&mut self, r: &[f64], jacobian: &[f64], weights: &[f64], loss: Loss) {
        let p = self.gradient.len();
        self.gradient.fill(0.0);
        self.curvature.fill(0.0);
        self.diagonal.fill(0.0);
        for ((&r, &w), row) in r.iter().zip(weights).zip(jacobian.chunks_exact(p)) {
            if w == 0.0 {
                continue;
            }
            let slope = w * loss.derivative(r);
            let (second, iterated) = loss.curvatures(r);
            for i in 0..p {
                self.gradient[i] += slope * row[i];
                self.diagonal[i] += w * iterated * row[i] * row[i];
                if second > 0.0 {
                    for j in 0..=i {
                        self.curvature[i * p + j] += w * row[i] * row[j];
                    }
                }
            }
        }
        for i in 0..p {
            for j in 0..i {
                self.curvature[j * p + i] = self.curvature[i * p + j];
            }
        }
    }

    fn step(&self, free: &[usize], damping: f64) -> Option<Vec<f64>> {
        let p = self.gradient.len();
        let k = free.len();
        let mut a = vec![0.0; k * k];
        let mut b = vec![0.0; k];
        for (x, &i) in free.iter().enumerate() {
            b[x] = -self.gradient[i];
            for (y, &j) in free.iter().enumerate() {
                a[x * k + y] = self.curvature[i * p + j];
            }
            a[x * k + x] += damping * self.diagonal[i];
        }
        (solve_positive_definite(&mut a, &mut b) && b.iter().all(|s| s.is_finite())).then_some(b)
    }

    fn predicted_reduction(&self, step: &[f64]) -> f64 {
        let p = step.len();
        let linear: f64 = step.iter().zip(&self.gradient).map(|(s, g)| s * g).sum();
        let quadratic: f64 =
            (0..p).map(|i| step[i] * (0..p).map(|j| self.curvature[i * p + j] * step[j]).sum::<f64>()).sum();
        -(linear + 0.5 * quadratic)
    }
}

/// The best fit from several starts: the lowest objective, the earlier start on a tie.
///
/// Each start is first fitted with a wide Huber loss when `loss` is a narrow one, which smooths the path.
pub fn minimise_from(
    evaluate: &Evaluate,
    weights: &[f64],
    starts: &[Vec<f64>],
    bounds: Bounds,
    loss: Loss,
    options: &RobustOptions,
) -> Option<RobustFit> {
    let mut best: Option<RobustFit> = None;
    for start in starts {
        let mut from = start.clone();
        if let Loss::Huber { delta } = loss {
            let quick = RobustOptions { max_iterations: 60, gradient_tolerance: 1e-6, ..*options };
            for factor in [1000.0, 10.0] {
                let wide = Loss::Huber { delta: delta * factor };
                let fit = minimise(evaluate, weights, &from, bounds, wide, &quick);
                if fit.convergence.objective.is_finite() {
                    from = fit.parameters;
                }
            }
        }
        let fit = minimise(evaluate, weights, &from, bounds, loss, options);
        let better = best.as_ref().is_none_or(|b| fit.convergence.objective < b.convergence.objective);
        if fit.convergence.objective.is_finite() && better {
            best = Some(fit);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x: &'static [f64], y: &'static [f64]) -> impl Fn(&[f64], &mut [f64], &mut [f64]) {
        move |t, r, j| {
            for i in 0..x.len() {
                r[i] = t[0] + t[1] * x[i] - y[i];
                j[2 * i] = 1.0;
                j[2 * i + 1] = x[i];
            }
        }
    }

    const X: &[f64] = &[0.0, 1.0, 2.0, 3.0, 4.0];
    const Y: &[f64] = &[1.0, 3.0, 5.0, 7.0, 100.0];

    #[test]
    fn a_far_point_pulls_squares_but_not_the_huber_loss() {
        let free = [(f64::NEG_INFINITY, f64::INFINITY); 2];
        let o = RobustOptions::default();
        let squares = minimise(&line(X, Y), &[1.0; 5], &[0.0, 0.0], &free, Loss::Squares, &o);
        assert!((squares.parameters[1] - 20.2).abs() < 1e-9);
        let huber = minimise(&line(X, Y), &[1.0; 5], &[0.0, 0.0], &free, Loss::Huber { delta: 1e-3 }, &o);
        assert!((huber.parameters[1] - 2.0).abs() < 2e-3);
        assert!(huber.convergence.converged());
    }

    #[test]
    fn a_bound_holds_and_the_rest_moves_on() {
        let bounds = [(f64::NEG_INFINITY, f64::INFINITY), (f64::NEG_INFINITY, 1.0)];
        let o = RobustOptions::default();
        let fit = minimise(&line(X, Y), &[1.0; 5], &[0.0, 0.0], &bounds, Loss::Squares, &o);
        assert_eq!(fit.parameters[1], 1.0);
        assert!((fit.parameters[0] - 21.2).abs() < 1e-9, "the mean of y − x");
        assert!(fit.convergence.converged());
    }

    #[test]
    fn a_weight_of_zero_takes_a_point_out() {
        let free = [(f64::NEG_INFINITY, f64::INFINITY); 2];
        let fit = minimise(
            &line(X, Y),
            &[1.0, 1.0, 1.0, 1.0, 0.0],
            &[0.0, 0.0],
            &free,
            Loss::Squares,
            &Default::default(),
        );
        assert!((fit.parameters[0] - 1.0).abs() < 1e-9 && (fit.parameters[1] - 2.0).abs() < 1e-9);
    }
}
