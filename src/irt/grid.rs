//! Where is the marginal likelihood evaluated? Nodes shared by all, or a stretch of the scale for each band.
//!
//! Everywhere the rule is the trapezoid rule against the standard normal density. On a posterior of standard
//! deviation σ its relative error is `2 exp(−2π²σ²/h²)`: below 3e-9 while the spacing h stays within σ. The
//! shared grid of 61 nodes therefore serves as long as no posterior is narrower than its spacing of 0.2; after
//! that each band of 64 neighbours gets a finer stretch, and each respondent a window of it. Both compute the
//! same integral, so the log-likelihood does not jump where one takes over from the other.

use crate::numeric::quadrature::normal_grid;
use crate::numeric::special::normal_pdf;

/// Half the width of a window in posterior standard deviations.
const REACH: f64 = 7.0;
/// Spacing of nodes in units of the narrowest posterior.
pub(crate) const FINENESS: f64 = 0.85;
/// Nodes of a stretch are never closer than this.
const LEAST_STEP: f64 = 1e-4;
/// Most nodes in one stretch.
const MOST_NODES: usize = 8192;

/// Equally spaced nodes with the logarithms of their prior weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nodes {
    pub t: Vec<f64>,
    pub log_weight: Vec<f64>,
}

impl Nodes {
    /// The grid that software with fixed quadrature uses.
    pub fn shared(count: usize, range: f64) -> Self {
        let rule = normal_grid(count, range);
        Self { log_weight: rule.weights.iter().map(|w| w.ln()).collect(), t: rule.nodes }
    }

    /// A stretch of `count` nodes from `start`, weighted as the trapezoid rule on the whole line.
    pub fn stretch(start: f64, step: f64, count: usize) -> Self {
        let t: Vec<f64> = (0..count).map(|q| start + step * q as f64).collect();
        let log_scale = step.ln() + normal_pdf(0.0).ln();
        let log_weight = t.iter().map(|t| log_scale - 0.5 * t * t).collect();
        Self { t, log_weight }
    }

    pub fn step(&self) -> f64 {
        if self.t.len() > 1 { self.t[1] - self.t[0] } else { 1.0 }
    }
}

/// The nodes of one band, and the window of each of its respondents.
#[derive(Debug, Clone)]
pub(crate) struct BandGrid {
    pub nodes: Nodes,
    /// First node of each respondent's window.
    pub offset: Vec<usize>,
    /// Nodes in every window.
    pub window: usize,
}

impl BandGrid {
    /// All respondents of the band on the whole of a grid.
    pub fn shared(nodes: &Nodes, respondents: usize) -> Self {
        Self { nodes: nodes.clone(), offset: vec![0; respondents], window: nodes.t.len() }
    }

    /// A stretch that holds a window around each posterior.
    pub fn around(mean: &[f64], sd: &[f64]) -> Self {
        let narrowest = sd.iter().copied().fold(f64::INFINITY, f64::min);
        let low = mean.iter().zip(sd).map(|(m, s)| m - REACH * s).fold(f64::INFINITY, f64::min);
        let high = mean.iter().zip(sd).map(|(m, s)| m + REACH * s).fold(f64::NEG_INFINITY, f64::max);
        let step = (FINENESS * narrowest).max(LEAST_STEP).max((high - low) / MOST_NODES as f64);
        let widest = sd.iter().copied().fold(0.0, f64::max);
        let window = ((2.0 * REACH * widest / step).ceil() as usize + 2).next_multiple_of(4);
        let offset: Vec<usize> = mean
            .iter()
            .map(|m| (((m - low) / step - (window - 1) as f64 / 2.0).round().max(0.0)) as usize)
            .collect();
        let count = offset.iter().max().copied().unwrap_or(0) + window;
        Self { nodes: Nodes::stretch(low, step, count), offset, window }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_their_posteriors() {
        let (mean, sd) = ([-2.0, -1.9, 0.3], [0.05, 0.02, 0.03]);
        let grid = BandGrid::around(&mean, &sd);
        for ((m, s), from) in mean.iter().zip(&sd).zip(&grid.offset) {
            assert!(grid.nodes.t[*from] <= m - 6.0 * s);
            assert!(grid.nodes.t[*from + grid.window - 1] >= m + 6.0 * s);
        }
        assert!(grid.nodes.step() <= 0.02);
    }

    #[test]
    fn both_rules_integrate_alike() {
        let wide = Nodes::shared(61, 6.0);
        let fine = Nodes::stretch(-6.0, 0.05, 241);
        let value = |n: &Nodes| -> f64 {
            n.t.iter().zip(&n.log_weight).map(|(t, w)| (w - 0.5 * (t - 1.0) * (t - 1.0) / 0.09).exp()).sum()
        };
        assert!((value(&wide) / value(&fine) - 1.0).abs() < 1e-8);
    }
}
