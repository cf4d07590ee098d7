//! What does an item say at one ability? Probabilities and their derivatives in θ, for scoring and fit.

use super::Kind;
use super::logistic::asymptotes;
use crate::numeric::vector::{exp, logistic};

/// Probabilities of the scores of an item at one ability, with first and second derivatives in θ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Point {
    pub p: Vec<f64>,
    pub first: Vec<f64>,
    pub second: Vec<f64>,
}

impl Point {
    /// Fills the point for parameters `p` at ability `t`.
    pub fn fill(&mut self, kind: Kind, p: &[f64], t: f64) {
        let levels = if kind.is_ordinal() { p.len() } else { 2 };
        self.p.resize(levels, 0.0);
        self.first.resize(levels, 0.0);
        self.second.resize(levels, 0.0);
        let a = p[0];
        match kind {
            Kind::Logistic | Kind::Guessing | Kind::FourParameter => {
                let (c, not_c, u, not_u) = match kind {
                    Kind::Logistic => (0.0, 1.0, 1.0, 0.0),
                    _ => asymptotes(p),
                };
                let z = a * t + p[1];
                let (s, not_s) = (logistic(z), logistic(-z));
                let first = (u - c) * s * not_s * a;
                let second = first * a * (not_s - s);
                self.p.copy_from_slice(&[not_c * not_s + not_u * s, c * not_s + u * s]);
                self.first.copy_from_slice(&[-first, first]);
                self.second.copy_from_slice(&[-second, second]);
            }
            Kind::Graded => {
                // Each boundary is the upper one of a category, then the lower one of the next.
                let (mut s, mut not_s) = (1.0, 0.0);
                for k in 0..levels {
                    let z = p.get(k + 1).map(|d| a * t + d);
                    let (next_s, next_not) = z.map_or((0.0, 1.0), |z| (logistic(z), logistic(-z)));
                    let gap = if k > 0 && k + 1 < levels { -(p[k + 1] - p[k]).exp_m1() } else { 1.0 };
                    let (v, next_v) = (s * not_s, next_s * next_not);
                    self.p[k] = s * next_not * gap;
                    self.first[k] = a * (v - next_v);
                    self.second[k] = a * a * (v * (not_s - s) - next_v * (next_not - next_s));
                    (s, not_s) = (next_s, next_not);
                }
            }
            Kind::PartialCredit => {
                let exponent = |k: usize| if k == 0 { 0.0 } else { k as f64 * a * t + p[k] };
                let top = (0..levels).map(exponent).fold(f64::NEG_INFINITY, f64::max);
                for k in 0..levels {
                    self.p[k] = exp(exponent(k) - top);
                }
                let total: f64 = self.p.iter().sum();
                self.p.iter_mut().for_each(|v| *v /= total);
                let mean: f64 = self.p.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
                let square: f64 = self.p.iter().enumerate().map(|(k, p)| (k * k) as f64 * p).sum();
                let variance = square - mean * mean;
                for k in 0..levels {
                    let from = k as f64 - mean;
                    self.first[k] = a * self.p[k] * from;
                    self.second[k] = a * a * self.p[k] * (from * from - variance);
                }
            }
        }
    }

    /// Fisher information about θ.
    ///
    /// ```text
    /// I = Σₖ P′ₖ² / Pₖ
    /// ```
    pub fn information(&self) -> f64 {
        self.p.iter().zip(&self.first).map(|(p, d)| if *p > 1e-290 { d * d / p } else { 0.0 }).sum()
    }

    /// Expected score, categories counted from 0.
    pub fn expected(&self) -> f64 {
        self.p.iter().enumerate().map(|(k, p)| k as f64 * p).sum()
    }

    /// Variance of the score.
    pub fn variance(&self) -> f64 {
        let mean = self.expected();
        self.p.iter().enumerate().map(|(k, p)| (k as f64 - mean).powi(2) * p).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_finite_differences() {
        for (kind, p) in [
            (Kind::Logistic, vec![1.3, -0.4]),
            (Kind::Guessing, vec![1.3, -0.4, -1.2]),
            (Kind::FourParameter, vec![1.3, -0.4, -1.2, 2.0]),
            (Kind::Graded, vec![1.1, 1.5, 0.2, -1.4]),
            (Kind::PartialCredit, vec![0.9, 0.5, 0.3, -1.4]),
        ] {
            let at = |t: f64| {
                let mut point = Point::default();
                point.fill(kind, &p, t);
                point
            };
            let (here, up, down) = (at(0.6), at(0.6 + 1e-4), at(0.6 - 1e-4));
            for k in 0..here.p.len() {
                assert!(((up.p[k] - down.p[k]) / 2e-4 - here.first[k]).abs() < 1e-7, "{kind:?}");
                assert!(((up.first[k] - down.first[k]) / 2e-4 - here.second[k]).abs() < 1e-7, "{kind:?}");
            }
            assert!((here.p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
