//! Of how many kinds is the noise of a score? Step to step, around the trend, seed to seed, and by items, kept apart.

use super::curve::{monotonicity, relative_total_variation, step_noise, total_variation};
use super::ratio::{RatioError, SignalToNoise, signal_to_noise};
use crate::numeric::describe::{mean, median, variance};
use crate::response::{ScoreCurve, ScoreRun};
use serde::Serialize;
use std::collections::BTreeMap;

/// The kinds of noise of a group of runs, each pooled over the runs that show it; `None` is "not seen", never 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NoiseKinds {
    /// Standard deviation of the last checkpoints around their mean: contains the trend.
    pub step: Option<f64>,
    /// Standard deviation of the last checkpoints around a straight line.
    pub detrended: Option<f64>,
    /// Standard deviation between seeds of the same recipe and size, of the mean of the last checkpoints.
    pub seed: Option<f64>,
    /// Root mean square of the standard errors from the sampling of items.
    pub item: Option<f64>,
    /// Median autocorrelation of neighbouring checkpoints over whole curves, around a straight line through the last
    /// half of them.
    pub lag_one: Option<f64>,
}

/// Measures every kind of noise over the last `last` checkpoints of each curve.
///
/// ```text
/// step² = Σ (z − z̄_m)² / Σ (n_m − 1)      detrended² = Σ residual² / Σ (n_m − 2)
/// seed² = Σ (z̄ − mean of its recipe)² / Σ (seeds − 1)      item² = mean SE²
/// ```
pub fn noise_kinds(curves: &[&ScoreCurve], runs: &[ScoreRun], last: usize) -> NoiseKinds {
    let (mut step, mut detrended) = (Pool::default(), Pool::default());
    let mut lags = Vec::new();
    let mut items = Vec::new();
    let mut seeds: BTreeMap<(&str, Option<&str>), Vec<f64>> = BTreeMap::new();
    for curve in curves {
        let scores: Vec<f64> = curve.last(last).iter().map(|p| p.value).collect();
        let n = scores.len() as f64;
        if let Some(noise) = step_noise(&scores) {
            step.add(noise.std_dev * noise.std_dev * (n - 1.0), n - 1.0);
            if let Some(d) = noise.detrended {
                detrended.add(d * d * (n - 2.0), n - 2.0);
            }
        }
        let tail = curve.last((curve.points.len() / 2).max(last));
        if tail.len() >= MIN_FOR_LAG {
            lags.extend(lag_around_line(&tail.iter().map(|p| p.value).collect::<Vec<_>>()));
        }
        items.extend(curve.points.last().and_then(|p| p.item_se).map(|se| se * se));
        let run = &runs[curve.run];
        if let (Some(_), Some(score)) = (run.seed, mean(&scores)) {
            seeds.entry((run.recipe.as_str(), run.size.as_deref())).or_default().push(score);
        }
    }
    let mut seed = Pool::default();
    for scores in seeds.values().filter(|s| s.len() > 1) {
        let df = scores.len() as f64 - 1.0;
        seed.add(variance(scores, 1).unwrap_or(0.0) * df, df);
    }
    NoiseKinds {
        step: step.root(),
        detrended: detrended.root(),
        seed: seed.root(),
        item: mean(&items).map(f64::sqrt),
        lag_one: median(&lags),
    }
}

/// Fewest checkpoints that an autocorrelation is estimated from.
const MIN_FOR_LAG: usize = 6;

/// Sums of squares and their degrees of freedom.
#[derive(Default)]
struct Pool {
    squares: f64,
    df: f64,
}

impl Pool {
    fn add(&mut self, squares: f64, df: f64) {
        self.squares += squares;
        self.df += df;
    }

    fn root(&self) -> Option<f64> {
        (self.df > 0.0).then(|| (self.squares / self.df).sqrt())
    }
}

/// Autocorrelation of neighbours around a straight line.
fn lag_around_line(z: &[f64]) -> Option<f64> {
    let n = z.len() as f64;
    let (centre, middle) = (mean(z)?, (n - 1.0) / 2.0);
    let time = |t: usize| t as f64 - middle;
    let stt: f64 = (0..z.len()).map(|t| time(t) * time(t)).sum();
    let slope = z.iter().enumerate().map(|(t, z)| time(t) * (z - centre)).sum::<f64>() / stt;
    let left: Vec<f64> = z.iter().enumerate().map(|(t, z)| z - centre - slope * time(t)).collect();
    let squares: f64 = left.iter().map(|e| e * e).sum();
    (squares > 1e-24).then(|| left.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / squares)
}

/// The ratio of a group's last checkpoints, by analysis of variance over the runs that have at least two.
///
/// # Errors
/// See [`RatioError`].
pub fn group_ratio(curves: &[&ScoreCurve], last: usize, level: f64) -> Result<SignalToNoise, RatioError> {
    let scores: Vec<Vec<f64>> =
        curves.iter().map(|c| c.last(last).iter().map(|p| p.value).collect()).collect();
    let repeated: Vec<Vec<f64>> = scores.iter().filter(|s| s.len() > 1).cloned().collect();
    if repeated.is_empty() { signal_to_noise(&scores, level) } else { signal_to_noise(&repeated, level) }
}

/// The ratio of the spread between recipes to that between seeds of a recipe.
///
/// # Errors
/// See [`RatioError`].
pub fn seed_ratio(
    curves: &[&ScoreCurve],
    runs: &[ScoreRun],
    last: usize,
    level: f64,
) -> Result<SignalToNoise, RatioError> {
    let mut recipes: BTreeMap<(&str, Option<&str>), Vec<f64>> = BTreeMap::new();
    for curve in curves.iter().filter(|c| runs[c.run].seed.is_some()) {
        let scores: Vec<f64> = curve.last(last).iter().map(|p| p.value).collect();
        let run = &runs[curve.run];
        recipes.entry((run.recipe.as_str(), run.size.as_deref())).or_default().extend(mean(&scores));
    }
    signal_to_noise(&recipes.into_values().filter(|s| s.len() > 1).collect::<Vec<_>>(), level)
}

/// How smooth the whole curves are: means over runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Smoothness {
    /// Steps up less steps down, as a share; in the direction of better.
    pub monotonicity: Option<f64>,
    /// Mean absolute step.
    pub total_variation: Option<f64>,
    /// The same over the range of the curve.
    pub relative_total_variation: Option<f64>,
}

/// The smoothness of curves of at least three checkpoints; `sign` is −1 where less is better.
pub fn smoothness(curves: &[&ScoreCurve], sign: f64) -> Smoothness {
    let long: Vec<Vec<f64>> = curves.iter().map(|c| c.values()).filter(|v| v.len() > 2).collect();
    let over = |of: fn(&[f64]) -> Option<f64>| mean(&long.iter().filter_map(|v| of(v)).collect::<Vec<_>>());
    Smoothness {
        monotonicity: over(monotonicity).map(|m| sign * m),
        total_variation: over(total_variation),
        relative_total_variation: over(relative_total_variation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::ScorePoint;

    fn curve(run: usize, values: &[f64]) -> ScoreCurve {
        let point = |(t, v): (usize, &f64)| ScorePoint {
            step: Some(t as f64),
            compute_flops: None,
            value: *v,
            item_se: Some(0.1),
        };
        ScoreCurve { run, points: values.iter().enumerate().map(point).collect() }
    }

    fn run(recipe: &str, seed: i64) -> ScoreRun {
        ScoreRun {
            name: format!("{recipe} {seed}"),
            recipe: recipe.into(),
            size: None,
            parameters: None,
            seed: Some(seed),
        }
    }

    #[test]
    fn kinds_by_hand() {
        let runs = [run("a", 1), run("a", 2)];
        let curves = [curve(0, &[9.0, 1.0, 2.0, 3.0]), curve(1, &[3.0, 4.0, 5.0])];
        let refs: Vec<&ScoreCurve> = curves.iter().collect();
        let kinds = noise_kinds(&refs, &runs, 3);
        assert!((kinds.step.unwrap() - 1.0).abs() < 1e-12);
        assert!(kinds.detrended.unwrap() < 1e-7);
        // Means 2 and 4: standard deviation √2.
        assert!((kinds.seed.unwrap() - 2f64.sqrt()).abs() < 1e-12);
        assert!((kinds.item.unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_seen_is_none() {
        let runs = [run("a", 1)];
        let curves = [curve(0, &[1.0])];
        let refs: Vec<&ScoreCurve> = curves.iter().collect();
        let kinds = noise_kinds(&refs, &runs, 5);
        assert_eq!((kinds.step, kinds.seed, kinds.lag_one), (None, None, None));
        assert!(group_ratio(&refs, 5, 0.95).is_err());
    }
}
