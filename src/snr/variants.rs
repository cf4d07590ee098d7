//! What would every published variant of signal over noise say? The 22 of the appendix, for comparison.

use super::published::{SignalNoise, halfspace_depth, projection_depth, variant};
use super::spread::Spread;
use crate::numeric::describe::{mean, std_dev};

/// The variants by the names of the publication's code, with signal and noise.
///
/// ```text
/// noise = mean over models of the standard deviation (divisor n) of the last checkpoints over mean last score
/// ```
///
/// `windows` are the last checkpoints of each model. Empty below two models or without noise. Raw spreads over a
/// relative noise mix units: none of these is recommended.
pub fn variants(windows: &[Vec<f64>]) -> Vec<(&'static str, SignalNoise)> {
    let models: Vec<f64> = windows.iter().filter_map(|w| mean(w)).collect();
    let step: Vec<f64> = windows.iter().filter(|w| w.len() > 1).filter_map(|w| std_dev(w, 0)).collect();
    let last: Vec<f64> = windows.iter().filter(|w| w.len() > 1).flatten().copied().collect();
    let Some(mean_last) = mean(&last).filter(|m| *m != 0.0 && models.len() > 1) else { return Vec::new() };
    let plain = |s| variant(s, &models, &step, &last);
    let relative = |s| plain(s).map(|r| SignalNoise { signal: r.signal / mean_last, ..r });
    [
        ("rel_std", plain(Spread::RelativeStdDev)),
        ("discrepancy", plain(Spread::Discrepancy)),
        ("star_discrepancy", plain(Spread::StarDiscrepancy)),
        ("star_discrepancy_shifted", plain(Spread::StarDiscrepancyScaled)),
        ("rel_star_discrepancy", relative(Spread::StarDiscrepancy)),
        ("dispersion", plain(Spread::Range)),
        ("dispersion_shifted", plain(Spread::Range).map(|r| SignalNoise { signal: 1.0, ..r })),
        ("rel_dispersion", relative(Spread::Range)),
        ("mpd", plain(Spread::MeanPairwiseDistance)),
        ("rel_mpd", relative(Spread::MeanPairwiseDistance)),
        ("mpsd", plain(Spread::MeanSquaredPairwiseDistance)),
        ("rel_mpsd", relative(Spread::MeanSquaredPairwiseDistance)),
        ("mad", plain(Spread::MedianAbsoluteDeviation)),
        ("aad", plain(Spread::AverageAbsoluteDeviation)),
        ("dist_std", plain(Spread::DistanceStdDev)),
        ("gini", plain(Spread::Gini)),
        ("quartile_deviation", plain(Spread::QuartileDeviation)),
        ("rms_deviation", plain(Spread::RootMeanSquareDeviation)),
        ("range", plain(Spread::Range)),
        ("iqr", relative(Spread::InterquartileRange)),
        ("tukey", halfspace_depth(&models, &step, &last)),
        ("projection", projection_depth(&models, &step, &last)),
    ]
    .into_iter()
    .filter_map(|(name, r)| Some((name, r?)))
    .filter(|(_, r)| r.signal.is_finite() && r.noise.is_finite())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_where_there_is_noise_and_none_where_there_is_one_model() {
        let windows: Vec<Vec<f64>> =
            (0..6).map(|m| vec![0.3 + 0.05 * (m * m) as f64 / 6.0, 0.31 + 0.04 * m as f64]).collect();
        assert_eq!(variants(&windows).len(), 22);
        assert!(variants(&windows[..1]).is_empty());
    }
}
