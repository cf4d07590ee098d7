//! How far off will the prediction be? A scale from the combination's own back-tests, and how often it holds.

use super::combine::CombinedRow;
use crate::numeric::describe::quantile;
use serde::Serialize;

/// Fewest back-tested predictions with which an interval is calibrated.
pub const LEAST_CALIBRATION: usize = 8;

/// The calibrated width of intervals.
///
/// ```text
/// half width = factor · √(floor² + (slope · ratio)²)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// Error at no distance, in accuracy (0 to 1).
    pub floor: f64,
    /// Error for one span of the ladder beyond it.
    pub slope: f64,
    /// The quantile of the absolute errors over their scale at the level of the interval.
    pub factor: f64,
    /// Nominal level.
    pub level: f64,
    /// Back-tested predictions behind it.
    pub n: usize,
    /// The largest ratio of distance to span among them.
    pub largest_ratio: f64,
}

impl Calibration {
    /// Half the width of the interval at a ratio of distance to span.
    pub fn half_width(&self, ratio: f64) -> f64 {
        self.factor * scale(self.floor, self.slope, ratio)
    }
}

fn scale(floor: f64, slope: f64, ratio: f64) -> f64 {
    (floor * floor + (slope * ratio.max(0.0)).powi(2)).sqrt()
}

/// Calibrates intervals on back-tested errors of the combination.
///
/// The scale is the one of greatest normal likelihood on a grid (the steepest of equals), the factor the empirical quantile of the
/// absolute errors over that scale (split conformal prediction, with its correction for a finite sample).
/// `None` below [`LEAST_CALIBRATION`] errors.
///
/// # Reference
/// Lei et al. 2018, doi:10.1080/01621459.2017.1307116 (locally weighted split conformal).
pub fn calibrate(rows: &[&CombinedRow], level: f64) -> Option<Calibration> {
    if rows.len() < LEAST_CALIBRATION {
        return None;
    }
    let n = rows.len() as f64;
    let errors: Vec<(f64, f64)> = rows.iter().map(|r| (r.ratio, r.predicted - r.actual)).collect();
    let (mut best, mut floor, mut slope) = (f64::MAX, 0.01, 0.0);
    for f in 0..40 {
        let shape_ratio = if f == 0 { 0.0 } else { 0.05 * 1.2f64.powi(f) };
        // Given the shape, the best common scale is in closed form.
        let unit = |r: f64| scale(1.0, shape_ratio, r);
        let common = errors.iter().map(|(r, e)| (e / unit(*r)).powi(2)).sum::<f64>() / n;
        let deviance: f64 = errors.iter().map(|(r, _)| 2.0 * unit(*r).ln()).sum::<f64>() + n * common.ln();
        // Errors that are all of one ratio say nothing of the growth: of equals the steepest is taken, not what
        // rounding makes of them.
        if deviance <= best + 1e-9 * best.abs() {
            (best, floor, slope) = (deviance.min(best), common.sqrt(), common.sqrt() * shape_ratio);
        }
    }
    if floor.is_nan() || floor <= 0.0 {
        return None;
    }
    let scores: Vec<f64> = errors.iter().map(|(r, e)| e.abs() / scale(floor, slope, *r)).collect();
    let factor = quantile(&scores, (level * (1.0 + 1.0 / n)).min(1.0))?;
    let largest_ratio = rows.iter().map(|r| r.ratio).fold(0.0, f64::max);
    Some(Calibration { floor, slope, factor, level, n: rows.len(), largest_ratio })
}

/// One interval that was made in a back-test, and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoveredRow {
    /// The prediction.
    pub row: CombinedRow,
    /// Half the width of its interval.
    pub half_width: f64,
    /// Whether the interval held the score.
    pub covered: bool,
}

/// The back-test of the intervals: each is calibrated on what was known at its origin.
pub fn interval_backtest(rows: &[CombinedRow], level: f64) -> Vec<CoveredRow> {
    let mut out = Vec::new();
    let mut origins: Vec<usize> = rows.iter().map(|r| r.origin).collect();
    origins.sort_unstable();
    origins.dedup();
    for origin in origins {
        let known: Vec<&CombinedRow> = rows.iter().filter(|r| r.origin < origin && r.rank < origin).collect();
        let Some(calibration) = calibrate(&known, level) else { continue };
        for row in rows.iter().filter(|r| r.origin == origin) {
            let half_width = calibration.half_width(row.ratio);
            let covered = (row.predicted - row.actual).abs() <= half_width;
            out.push(CoveredRow { row: row.clone(), half_width, covered });
        }
    }
    out
}
