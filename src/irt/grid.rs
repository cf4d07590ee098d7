//! Where is the marginal likelihood evaluated? Nodes shared by all, or each respondent's own.
//!
//! Everywhere the rule is the trapezoid rule against the standard normal density. On a posterior of standard
//! deviation σ its relative error is `2 exp(−2π²σ²/h²)`: below 3e-9 while the spacing h stays within σ. The
//! shared grid of 61 nodes therefore serves as long as no posterior is narrower than its spacing of 0.2; after
//! that each respondent gets nodes of its own. Both compute the same integral, so the log-likelihood does not
//! jump where one takes over from the other.
//!
//! Item curves are smooth across the nodes of 64 neighbours: they are computed at a few Chebyshev points of
//! their common stretch, summed there, and interpolated once for each respondent.

use super::chebyshev::Chebyshev;
use crate::numeric::quadrature::normal_grid;
use crate::numeric::special::normal_pdf;

/// Spacing of nodes in units of the narrowest posterior.
pub(crate) const FINENESS: f64 = 0.85;
/// Nodes are never closer than this.
const LEAST_STEP: f64 = 1e-4;
/// Nodes of each respondent.
pub(crate) const OWN_NODES: usize = 18;

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

/// Where one band is evaluated.
#[derive(Debug, Clone)]
pub(crate) enum BandGrid {
    /// All respondents on the whole of one grid.
    Shared(Nodes),
    /// Items at the points of a stretch, posteriors on nodes around each respondent.
    Local(LocalGrid),
}

/// Points for the items of a band and nodes for its respondents.
#[derive(Debug, Clone)]
pub(crate) struct LocalGrid {
    /// Points that the curves of items are computed at.
    pub points: Chebyshev,
    /// Steeper items are computed at each respondent's own nodes.
    pub steepest: f64,
    /// First node of each respondent.
    start: Vec<f64>,
    /// Spacing of each respondent's nodes.
    step: Vec<f64>,
}

impl BandGrid {
    /// Nodes around each posterior, for items of which hardly any is steeper than `gentle`.
    pub fn around(mean: &[f64], sd: &[f64], gentle: f64) -> Self {
        let step: Vec<f64> = sd.iter().map(|s| (FINENESS * s).max(LEAST_STEP)).collect();
        let half = (OWN_NODES - 1) as f64 / 2.0;
        let start: Vec<f64> = mean.iter().zip(&step).map(|(m, h)| m - half * h).collect();
        let low = start.iter().copied().fold(f64::INFINITY, f64::min);
        let high = mean.iter().zip(&step).map(|(m, h)| m + half * h).fold(f64::NEG_INFINITY, f64::max);
        let (points, steepest) = Chebyshev::for_slope(low, high, gentle);
        Self::Local(LocalGrid { points, steepest, start, step })
    }

    /// Where the curves of items are computed.
    pub fn points(&self) -> &[f64] {
        match self {
            Self::Shared(nodes) => &nodes.t,
            Self::Local(local) => &local.points.t,
        }
    }

    /// Whether an item of this slope is computed at each respondent's own nodes.
    pub fn is_steep(&self, slope: f64) -> bool {
        match self {
            Self::Shared(_) => false,
            Self::Local(local) => slope > local.steepest,
        }
    }

    /// Spacing of the nodes of a respondent.
    pub fn step(&self, respondent: usize) -> f64 {
        match self {
            Self::Shared(nodes) => nodes.step(),
            Self::Local(local) => local.step[respondent],
        }
    }
}

impl LocalGrid {
    /// Nodes of one respondent.
    pub fn nodes(&self, respondent: usize) -> [f64; OWN_NODES] {
        let (start, step) = (self.start[respondent], self.step[respondent]);
        std::array::from_fn(|q| start + step * q as f64)
    }

    /// The logarithm of a node's share of the standard normal density, but for `−t²/2`.
    pub fn log_scale(&self, respondent: usize) -> f64 {
        self.step[respondent].ln() + normal_pdf(0.0).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_hold_their_posteriors() {
        let (mean, sd) = ([-2.0, -1.9, 0.3], [0.05, 0.02, 0.03]);
        let BandGrid::Local(grid) = BandGrid::around(&mean, &sd, 2.0) else { panic!("not local") };
        for (r, (m, s)) in mean.iter().zip(&sd).enumerate() {
            let t = grid.nodes(r);
            assert!(t[0] <= m - 7.0 * s && t[OWN_NODES - 1] >= m + 7.0 * s);
            assert!(t[1] - t[0] <= *s);
            assert!(t.iter().all(|t| (grid.points.low..=grid.points.high).contains(t)));
        }
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
