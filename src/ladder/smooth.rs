//! What is a run's value, when its checkpoints wobble? Final averages, moving averages and their noise.

use super::table::{Checkpoint, Series};
use crate::numeric::describe::mean;

/// The moving average over `window` values, over what there is at the beginning.
///
/// ```text
/// out[i] = mean(x[max(0, i − window + 1) ..= i])
/// ```
///
/// # Reference
/// OLMo-ladder 67a3f44, `moving_average` with a growing prefix.
pub fn moving_average(x: &[f64], window: usize) -> Vec<f64> {
    let window = window.max(1);
    (0..x.len())
        .map(|i| {
            let part = &x[(i + 1).saturating_sub(window)..=i];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect()
}

/// Exponential smoothing `s_t = a v_t + (1 − a) s_{t−1}` with `s₀ = v₀`, as DataDecide has it.
pub fn exponential_average(x: &[f64], a: f64) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::with_capacity(x.len());
    for &v in x {
        out.push(out.last().map_or(v, |s| a * v + (1.0 - a) * s));
    }
    out
}

/// The mean of the last `k` values of a series; `None` if there is no value.
pub fn final_mean(series: &Series, k: usize, of: impl Fn(&Checkpoint) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = series.checkpoints.iter().filter_map(of).collect();
    mean(&values[values.len().saturating_sub(k)..])
}

/// The noise of a single checkpoint's accuracy, from successive differences, which a smooth trend hardly enters.
///
/// ```text
/// s² = Σ (x_{t+1} − x_t)² / (2 (n − 1))
/// ```
///
/// Over the last `k` values; `None` with fewer than three.
///
/// # Reference
/// von Neumann et al. 1941, doi:10.1214/aoms/1177731746.
pub fn checkpoint_noise(series: &Series, k: usize) -> Option<f64> {
    let values: Vec<f64> = series.checkpoints.iter().filter_map(|c| c.accuracy).collect();
    let last = &values[values.len().saturating_sub(k)..];
    if last.len() < 3 {
        return None;
    }
    let sum: f64 = last.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
    Some((sum / (2.0 * (last.len() - 1) as f64)).sqrt())
}

/// The path of a run for step 2: smoothed pairs of loss and accuracy without the first part of the training.
///
/// The first `⌈skip · n⌉` checkpoints are dropped, but never the last, then both columns are smoothed by [`moving_average`].
pub fn loss_accuracy_path(series: &Series, skip: f64, window: usize) -> Vec<(f64, f64)> {
    let pairs: Vec<(f64, f64)> = series.checkpoints.iter().filter_map(|c| c.loss.zip(c.accuracy)).collect();
    let from = ((skip * pairs.len() as f64).ceil() as usize).min(pairs.len().saturating_sub(1));
    let (x, y): (Vec<f64>, Vec<f64>) = pairs[from..].iter().copied().unzip();
    moving_average(&x, window).into_iter().zip(moving_average(&y, window)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of the reference code.
    #[test]
    fn moving_averages_grow_into_their_window() {
        assert_eq!(moving_average(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 1.5, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(moving_average(&[1.0, 2.0], 5), [1.0, 1.5]);
        assert_eq!(exponential_average(&[1.0, 2.0, 2.0], 0.5), [1.0, 1.5, 1.75]);
    }

    #[test]
    fn a_straight_line_has_little_noise() {
        let checkpoint =
            |a| Checkpoint { step: None, tokens: None, compute_flops: None, loss: None, accuracy: Some(a) };
        let line = Series { run: 0, checkpoints: (0..10).map(|i| checkpoint(0.01 * f64::from(i))).collect() };
        assert!((checkpoint_noise(&line, 10).unwrap() - 0.01 / 2f64.sqrt()).abs() < 1e-12);
        let short = Series { run: 0, checkpoints: vec![checkpoint(0.1); 2] };
        assert_eq!(checkpoint_noise(&short, 10), None);
    }
}
