//! Where do respondents stand? Posterior mean and mode, maximum likelihood, and Warm's weighted likelihood.

use super::band::members;
use super::coarse::SummedCurve;
use super::curve::Kind;
use super::data::Responses;
use super::layout::Layout;
use super::product::bit_product;
use super::slopes::{Slopes, slopes};
use rayon::prelude::*;

/// Beyond this distance from the origin an ability is as good as infinite.
const INFINITE: f64 = 20.0;
const MOST_STEPS: usize = 60;

/// What is solved for: the root of the slope of …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// … log-likelihood plus log-density of the standard normal.
    Map,
    /// … the log-likelihood.
    MaximumLikelihood,
    /// … log-likelihood plus `½ ln I(θ)`, which takes the bias of first order away (Warm 1989,
    /// doi:10.1007/BF02294627). With a guessing floor Warm's own weight differs from `√I`; the latter is used
    /// there too, as in reference software.
    Weighted,
}

/// An ability with its standard error; `None` where there is no finite one.
pub(crate) type Scored = Option<(f64, f64)>;

/// Solves for all respondents, in sorted order, from `start`.
pub(crate) fn solve(
    data: &Responses,
    layout: &Layout,
    natural: &[f64],
    start: &[f64],
    method: Method,
) -> Vec<Scored> {
    let shared = Shared::new(data, layout, natural, start);
    (0..data.n_bands())
        .into_par_iter()
        .flat_map_iter(|band| {
            let who = members(data, band);
            let slopes = |theta: &[f64; 64]| match &shared {
                Some(shared) => shared
                    .slopes(who.clone(), theta)
                    .unwrap_or_else(|| slopes(data, layout, natural, band, theta)),
                None => slopes(data, layout, natural, band, theta),
            };
            solve_band(slopes, &start[who.clone()], method)
        })
        .collect()
}

/// What a complete table of right and wrong needs under the logistic curve: `ℓ′ = Σ a y − S′(θ)`.
struct Shared {
    curve: SummedCurve,
    /// `Σ a y` of each respondent.
    answered: Vec<(f64, f64)>,
}

impl Shared {
    fn new(data: &Responses, layout: &Layout, natural: &[f64], start: &[f64]) -> Option<Self> {
        let rows = data.by_respondent.as_ref().filter(|_| layout.kind == Kind::Logistic)?;
        let bound = |f: fn(f64, f64) -> f64, from: f64| start.iter().copied().fold(from, f);
        let (low, high) = (bound(f64::min, f64::INFINITY) - 0.7, bound(f64::max, f64::NEG_INFINITY) + 0.7);
        let slopes: Vec<f64> = natural.iter().step_by(2).copied().collect();
        let answered = bit_product(rows, &slopes, &vec![0.0; slopes.len()]);
        (low < high)
            .then(|| Self { curve: SummedCurve::new(natural, low.max(-9.0), high.min(9.0)), answered })
    }

    /// `None` where one of the abilities lies beyond the tabulated curve.
    fn slopes(&self, who: std::ops::Range<usize>, theta: &[f64; 64]) -> Option<Slopes> {
        let mut out = Slopes::zero();
        for (r, column) in who.enumerate() {
            let [first, information, bend] = self.curve.at(theta[r])?;
            out.first[r] = self.answered[column].0 - first;
            (out.observed[r], out.expected[r], out.bend[r]) = (information, information, bend);
        }
        Some(out)
    }
}

fn solve_band(slopes: impl Fn(&[f64; 64]) -> Slopes, start: &[f64], method: Method) -> Vec<Scored> {
    let count = start.len();
    let mut theta = [0.0; 64];
    theta[..count].copy_from_slice(start);
    let mut done = [false; 64];
    let mut lost = [false; 64];
    let mut error = [f64::NAN; 64];
    // Brackets of the root, tightened by the sign of the slope: Newton steps that leave them are halved.
    let (mut low, mut high) = ([-INFINITE - 1.0; 64], [INFINITE + 1.0; 64]);
    let mut previous: Option<([f64; 64], [f64; 64])> = None;
    for _ in 0..MOST_STEPS {
        let s = slopes(&theta);
        let mut g = [0.0; 64];
        for r in 0..count {
            if done[r] {
                continue;
            }
            let (first, curvature) = match method {
                Method::Map => (s.first[r] - theta[r], s.observed[r] + 1.0),
                Method::MaximumLikelihood => (s.first[r], s.observed[r]),
                Method::Weighted => (weighted(&s, r), s.expected[r]),
            };
            g[r] = first;
            let safe = match method {
                Method::Map => curvature.max(0.5 * (s.expected[r] + 1.0)),
                _ => curvature.max(0.2 * s.expected[r]).max(1e-8),
            };
            if first > 0.0 {
                low[r] = theta[r];
            } else {
                high[r] = theta[r];
            }
            // The weighted likelihood bends unlike its information: a secant learns its curvature.
            let mut divisor = safe;
            if let (Method::Weighted, Some((old_theta, old_g))) = (method, &previous) {
                let change = -(g[r] - old_g[r]) / (theta[r] - old_theta[r]);
                if change.is_finite() && change > 0.2 * safe {
                    divisor = change;
                }
            }
            let step = (first / divisor).clamp(-1.0, 1.0);
            let mut next = theta[r] + step;
            if next <= low[r] || next >= high[r] {
                next = 0.5 * (low[r] + high[r]);
            }
            // Newton's error is the square of its last step, where the likelihood has a top to speak of.
            let newton = method != Method::Weighted && divisor == curvature && curvature > 1.0;
            let newton = newton && next == theta[r] + step;
            let enough = if newton { 1e-5 } else { 1e-9 };
            if step.abs() < enough * (1.0 + theta[r].abs()) || high[r] - low[r] < 1e-11 {
                done[r] = true;
                if newton {
                    theta[r] = next;
                }
                error[r] = standard_error(method, &s, r);
            } else if next.abs() > INFINITE {
                done[r] = true;
                lost[r] = true;
            }
            if done[r] {
                continue;
            }
            if let Some((old_theta, _)) = &mut previous {
                old_theta[r] = theta[r];
            }
            theta[r] = next;
        }
        if previous.is_none() {
            // The secant needs the point before the step.
            previous = Some(([f64::NAN; 64], g));
        }
        if let Some((_, old_g)) = &mut previous {
            *old_g = g;
        }
        if done[..count].iter().all(|d| *d) {
            break;
        }
    }
    if method == Method::Weighted {
        // The curvature of ½ ln I has no short form: a difference of slopes serves.
        const H: f64 = 1e-3;
        let up = slopes(&theta.map(|t| t + H));
        let down = slopes(&theta.map(|t| t - H));
        for r in 0..count {
            let curvature = (weighted(&down, r) - weighted(&up, r)) / (2.0 * H);
            if curvature > 0.0 {
                error[r] = 1.0 / curvature.sqrt();
            }
        }
    }
    (0..count)
        .map(|r| (!lost[r] && done[r] && error[r].is_finite()).then_some((theta[r], error[r])))
        .collect()
}

/// Slope of the weighted log-likelihood.
fn weighted(s: &Slopes, r: usize) -> f64 {
    s.first[r] + s.bend[r] / (2.0 * s.expected[r].max(1e-290))
}

fn standard_error(method: Method, s: &Slopes, r: usize) -> f64 {
    let information = match method {
        Method::Map => s.observed[r] + 1.0,
        Method::MaximumLikelihood => s.observed[r],
        Method::Weighted => s.expected[r],
    };
    1.0 / information.sqrt()
}
