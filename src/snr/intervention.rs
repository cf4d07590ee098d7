//! What makes a benchmark decide better? Averaging checkpoints, another metric, more or fewer items: each with its gain.

use super::noise::group_ratio;
use super::scales::ScalePair;
use crate::numeric::Estimate;
use crate::numeric::bootstrap::{BootstrapOptions, percentile_estimate, replicates};
use crate::numeric::describe::mean;
use crate::response::ScoreCurve;
use serde::Serialize;

/// What is gained by one change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intervention {
    /// `average`, `metric`, `items` or `filter`.
    pub kind: &'static str,
    /// The change in words.
    pub change: String,
    /// What is measured: `decision_accuracy` or `ratio`.
    pub measure: &'static str,
    /// Before the change.
    pub before: f64,
    /// After it.
    pub after: f64,
    /// `after − before` for a decision accuracy, `after / before` for a ratio, with its interval over models.
    pub gain: Estimate,
    /// Number of models.
    pub n_models: usize,
    /// Whether the gain was measured; else it is predicted from the components of variance.
    pub measured: bool,
}

/// The share of decisions made right, ties half, over the drawn models.
fn accuracy(small: &[f64], target: &[f64], models: &[usize]) -> Option<f64> {
    let (mut right, mut all) = (0.0, 0.0);
    for (at, &i) in models.iter().enumerate() {
        for &j in &models[at + 1..] {
            if i == j || target[i] == target[j] {
                continue;
            }
            all += 1.0;
            if small[i] == small[j] {
                right += 0.5;
            } else if (small[i] > small[j]) == (target[i] > target[j]) {
                right += 1.0;
            }
        }
    }
    (all > 0.0).then(|| right / all)
}

/// A gain in decision accuracy with an interval over models; both sides see the same resample.
fn accuracy_gain(
    before: &[f64],
    after: &[f64],
    target: &[f64],
    options: &BootstrapOptions,
) -> Option<(f64, f64, Estimate)> {
    let everyone: Vec<usize> = (0..target.len()).collect();
    let (b, a) = (accuracy(before, target, &everyone)?, accuracy(after, target, &everyone)?);
    let drawn = replicates(target.len(), options, |m| {
        Some(accuracy(after, target, m)? - accuracy(before, target, m)?)
    });
    Some((b, a, percentile_estimate(a - b, &drawn, options.level)))
}

/// Numbers of checkpoints that are tried.
const AVERAGED: [usize; 4] = [2, 3, 5, 10];

/// Decides by the mean of the last checkpoints in place of the last one, against the same target.
pub fn averaging(pair: &ScalePair, options: &BootstrapOptions) -> Vec<Intervention> {
    let (single, target) = (pair.small_scores(1), pair.target_scores());
    let most = pair.n_small_checkpoints();
    AVERAGED
        .into_iter()
        .filter(|n| *n <= most)
        .filter_map(|n| {
            let (before, after, gain) = accuracy_gain(&single, &pair.small_scores(n), &target, options)?;
            Some(Intervention {
                kind: "average",
                change: format!("mean of the last {n} checkpoints at {}", pair.small),
                measure: "decision_accuracy",
                before,
                after,
                gain,
                n_models: target.len(),
                measured: true,
            })
        })
        .collect()
}

/// Decides by another metric at the small scale, against the first metric's target.
pub fn metric_accuracy(
    from: &ScalePair,
    to: &ScalePair,
    metric: &str,
    options: &BootstrapOptions,
) -> Option<Intervention> {
    let places: Vec<(usize, usize)> = from
        .models
        .iter()
        .enumerate()
        .filter_map(|(k, m)| Some((k, to.models.iter().position(|o| o == m)?)))
        .collect();
    let (small, other, target) = (from.small_scores(1), to.small_scores(1), from.target_scores());
    let pick =
        |x: &[f64], of: fn(&(usize, usize)) -> usize| places.iter().map(|p| x[of(p)]).collect::<Vec<_>>();
    if places.len() < super::scales::MIN_MODELS {
        return None;
    }
    let (before, after, gain) =
        accuracy_gain(&pick(&small, |p| p.0), &pick(&other, |p| p.1), &pick(&target, |p| p.0), options)?;
    Some(Intervention {
        kind: "metric",
        change: format!("{metric} at {}", from.small),
        measure: "decision_accuracy",
        before,
        after,
        gain,
        n_models: places.len(),
        measured: true,
    })
}

/// The quotient of the ratios of two sets of curves of the same runs, with an interval over runs.
pub fn ratio_gain(
    kind: &'static str,
    change: String,
    from: &[&ScoreCurve],
    to: &[&ScoreCurve],
    last: usize,
    options: &BootstrapOptions,
) -> Option<Intervention> {
    let both: Vec<(&ScoreCurve, &ScoreCurve)> =
        from.iter().filter_map(|a| Some((*a, *to.iter().find(|b| b.run == a.run)?))).collect();
    let ratio = |models: &[usize], second: bool| {
        let curves: Vec<&ScoreCurve> =
            models.iter().map(|m| if second { both[*m].1 } else { both[*m].0 }).collect();
        group_ratio(&curves, last, options.level).ok().map(|r| r.ratio.value)
    };
    let everyone: Vec<usize> = (0..both.len()).collect();
    let (before, after) = (ratio(&everyone, false)?, ratio(&everyone, true)?);
    if before <= 0.0 {
        return None;
    }
    let drawn = replicates(both.len(), options, |m| {
        let before = ratio(m, false).filter(|b| *b > 0.0)?;
        Some(ratio(m, true)? / before)
    });
    Some(Intervention {
        kind,
        change,
        measure: "ratio",
        before,
        after,
        gain: percentile_estimate(after / before, &drawn, options.level),
        n_models: both.len(),
        measured: true,
    })
}

/// What `factor` times the items would do to the ratio to training and item noise together, predicted from the
/// components.
///
/// ```text
/// ratio = σ_B / √(σ²_training + σ²_items / factor)
/// ```
pub fn items_predicted(
    signal: f64,
    training: f64,
    item: f64,
    factor: f64,
    n_models: usize,
) -> Option<Intervention> {
    let at = |f: f64| Some(signal / (training * training + item * item / f).sqrt()).filter(|r| r.is_finite());
    let (before, after) = (at(1.0)?, at(factor)?);
    (before > 0.0).then(|| Intervention {
        kind: "items",
        change: format!("{factor} times the items, drawn anew"),
        measure: "ratio",
        before,
        after,
        gain: Estimate::bare(after / before),
        n_models,
        measured: false,
    })
}

/// What averaging does to the noise itself: standard deviation of the means of `n` neighbouring checkpoints (disjoint
/// blocks, around a straight line) over that of single ones, pooled over curves. Independent checkpoints give
/// `1 / √n`; `None` where no curve has three blocks.
pub fn averaged_noise(curves: &[&ScoreCurve], n: usize) -> Option<f64> {
    let (mut single, mut blocks) = (Vec::new(), Vec::new());
    for curve in curves {
        let values = curve.values();
        let tail = &values[values.len() / 2..];
        if tail.len() < 3 * n.max(2) {
            continue;
        }
        let means: Vec<f64> = tail.rchunks_exact(n).map(|c| c.iter().sum::<f64>() / n as f64).collect();
        let spread = |z: &[f64]| super::curve::step_noise(z)?.detrended.map(|d| d * d);
        single.push(spread(tail)?);
        blocks.push(spread(&means)?);
    }
    let (s, b) = (mean(&single)?, mean(&blocks)?);
    (s > 0.0).then(|| (b / s).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snr::scales::ScaleKind;

    #[test]
    fn averaging_makes_a_wrong_decision_right() {
        // The last checkpoint of the first model is an outlier.
        let pair = ScalePair {
            kind: ScaleKind::Training,
            small: "s".into(),
            target: "t".into(),
            factor: None,
            models: vec!["a".into(), "b".into(), "c".into()],
            small_windows: vec![vec![1.0, 3.5], vec![2.5, 2.6], vec![3.0, 3.0]],
            target_windows: vec![vec![1.0], vec![2.0], vec![3.0]],
        };
        let gains = averaging(&pair, &BootstrapOptions::default());
        assert_eq!(gains.len(), 1);
        assert!((gains[0].before - 1.0 / 3.0).abs() < 1e-12);
        assert!((gains[0].after - 1.0).abs() < 1e-12);
        assert!((gains[0].gain.value - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn four_times_the_items_halve_noise_that_is_all_items() {
        let i = items_predicted(1.0, 0.0, 0.5, 4.0, 10).unwrap();
        assert!((i.gain.value - 2.0).abs() < 1e-12 && !i.measured);
        assert!(items_predicted(0.0, 0.0, 0.5, 4.0, 10).is_none());
    }
}
