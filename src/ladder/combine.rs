//! Which forms deserve to be heard, and how loudly? Weights from back-tested errors, shared between tasks.

use super::backtest::BacktestRow;
use super::form::Form;
use serde::Serialize;

/// How forms are combined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CombineOptions {
    /// How many forms are kept, those with the smallest errors; `None` keeps all.
    pub kept: Option<usize>,
    /// Weights of those kept are `MSE^(−power)`: 0 weighs them equally, 1 is the inverse-variance rule.
    pub power: f64,
    /// Back-test errors of all tasks together count as this many errors of the task itself.
    pub shrinkage: f64,
}

impl Default for CombineOptions {
    fn default() -> Self {
        Self { kept: None, power: 1.0, shrinkage: 5.0 }
    }
}

/// The weights of the forms of one task.
///
/// ```text
/// MSE_f = (n MSE_{task,f} + k MSE_{all tasks,f}) / (n + k)
/// w_f ∝ MSE_f^(−power)     for the `kept` forms of smallest MSE_f, 0 for the others
/// ```
///
/// `k` is the shrinkage: what one task has seen too little of, it borrows from the others. A form that could
/// not be fitted in one of the task's back-tests, or cannot now (`usable`), gets no weight: errors on other
/// rungs cannot be compared. Baselines never get any. `None` if there is no back-test at all.
///
/// # Reference
/// Bates & Granger 1969, doi:10.1057/jors.1969.103 (combination by past errors); Timmermann 2006,
/// doi:10.1016/S1574-0706(05)01004-9 (why trimming and equal weights do well).
pub fn weights(
    rows: &[&BacktestRow],
    task: usize,
    usable: &[bool],
    options: &CombineOptions,
) -> Option<Vec<f64>> {
    let candidates = Form::candidates().len();
    let own: Vec<&BacktestRow> = rows.iter().copied().filter(|r| r.task == task).collect();
    let error = |rows: &[&BacktestRow], f: usize| -> Option<(f64, f64)> {
        let squares: Vec<f64> =
            rows.iter().filter_map(|r| r.predicted[f].map(|p| (p - r.actual).powi(2))).collect();
        (!squares.is_empty())
            .then(|| (squares.iter().sum::<f64>() / squares.len() as f64, squares.len() as f64))
    };
    let mut errors: Vec<(usize, f64)> = (0..usable.len().min(candidates))
        .filter(|&f| usable[f] && own.iter().all(|r| r.predicted[f].is_some()))
        .filter_map(|f| {
            let (pooled, _) = error(rows, f)?;
            let (mine, n) = error(&own, f).unwrap_or((pooled, 0.0));
            Some((f, (n * mine + options.shrinkage * pooled) / (n + options.shrinkage)))
        })
        .collect();
    errors.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut raw = vec![0.0; usable.len()];
    for (f, mse) in errors.into_iter().take(options.kept.unwrap_or(usize::MAX).max(1)) {
        // An error of less than a hundredth of a point is luck.
        raw[f] = mse.max(1e-8).powf(-options.power);
    }
    let total: f64 = raw.iter().sum();
    (total > 0.0).then(|| raw.iter().map(|w| w / total).collect())
}

/// A weighted mean of predictions, and their weighted standard deviation around it.
pub fn combine(predicted: &[Option<f64>], weights: &[f64]) -> Option<(f64, f64)> {
    let heard = || predicted.iter().zip(weights).filter_map(|(p, w)| p.filter(|_| *w > 0.0).map(|p| (p, *w)));
    let total: f64 = heard().map(|(_, w)| w).sum();
    if total <= 0.0 {
        return None;
    }
    let mean = heard().map(|(p, w)| w * p).sum::<f64>() / total;
    let spread = (heard().map(|(p, w)| w * (p - mean).powi(2)).sum::<f64>() / total).sqrt();
    Some((mean, spread))
}

/// What the combination would have predicted, knowing at each origin only the rungs below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CombinedRow {
    /// Position of the task.
    pub task: usize,
    /// Rungs known at the time.
    pub origin: usize,
    /// Rank of the predicted rung by compute.
    pub rank: usize,
    /// Orders of magnitude of compute above the largest known rung.
    pub distance_oom: f64,
    /// The same over the span of the known rungs.
    pub ratio: f64,
    /// What was predicted.
    pub predicted: f64,
    /// Standard deviation between the forms.
    pub spread: f64,
    /// What was scored.
    pub actual: f64,
}

/// The back-test of the combination itself: weights at an origin come from back-tests among the rungs below it.
pub fn nested_backtest(rows: &[BacktestRow], options: &CombineOptions) -> Vec<CombinedRow> {
    let mut out = Vec::new();
    let mut origins: Vec<usize> = rows.iter().map(|r| r.origin).collect();
    origins.sort_unstable();
    origins.dedup();
    for origin in origins {
        let known: Vec<&BacktestRow> = rows.iter().filter(|r| r.origin < origin && r.rank < origin).collect();
        if known.is_empty() {
            continue;
        }
        for row in rows.iter().filter(|r| r.origin == origin) {
            let usable: Vec<bool> = row.predicted.iter().map(Option::is_some).collect();
            let Some(w) = weights(&known, row.task, &usable, options) else { continue };
            let Some((predicted, spread)) = combine(&row.predicted, &w) else { continue };
            out.push(CombinedRow {
                task: row.task,
                origin,
                rank: row.rank,
                distance_oom: row.distance_oom,
                ratio: row.ratio,
                predicted,
                spread,
                actual: row.actual,
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(task: usize, errors: &[f64]) -> BacktestRow {
        let n = Form::all().len();
        let predicted = (0..n).map(|f| errors.get(f).map(|e| 0.5 + e)).collect();
        BacktestRow { task, origin: 5, rank: 5, distance_oom: 0.5, ratio: 0.5, actual: 0.5, predicted }
    }

    #[test]
    fn the_better_form_gets_the_fourth_power_of_the_ratio() {
        let rows = [row(0, &[0.01, 0.02])];
        let usable: Vec<bool> = (0..Form::all().len()).map(|f| f < 2).collect();
        let refs: Vec<&BacktestRow> = rows.iter().collect();
        let w = weights(&refs, 0, &usable, &CombineOptions { power: 2.0, ..Default::default() }).unwrap();
        assert!((w[0] / w[1] - 16.0).abs() < 1e-9);
        let (mean, spread) = combine(&[Some(0.6), Some(0.4), None], &[0.5, 0.5, 0.9]).unwrap();
        assert!((mean - 0.5).abs() < 1e-12 && (spread - 0.1).abs() < 1e-12);
    }

    #[test]
    fn without_back_tests_there_are_no_weights() {
        assert_eq!(weights(&[], 0, &[true], &CombineOptions::default()), None);
    }
}
