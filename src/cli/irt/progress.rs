//! How far is the fit? A bar with iterations, objective and the time left.

use crate::irt::Progress;
use indicatif::{HumanDuration, ProgressBar};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Length of the bar.
pub const LENGTH: u64 = 1000;
/// Before this much of the way no time left is guessed.
const LEAST_SHARE: f64 = 0.05;

/// A bar that follows a fit: the way goes from the gain predicted at first down to the tolerance, on a logarithmic
/// scale, because the gain falls by a like factor in each iteration.
pub struct FitProgress {
    bar: ProgressBar,
    name: String,
    tolerance: f64,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    first: Option<f64>,
    share: f64,
}

impl FitProgress {
    pub fn new(bar: ProgressBar, name: &str, tolerance: f64) -> Self {
        Self { bar, name: name.to_owned(), tolerance, started: Instant::now(), state: Mutex::default() }
    }

    /// Something that has no iterations.
    pub fn stage(&self, what: &str) {
        self.bar.set_message(format!("{}: {what}", self.name));
    }

    pub fn iteration(&self, progress: &Progress) {
        // A poisoned lock is left alone: progress is not worth an error.
        let Ok(mut state) = self.state.lock() else { return };
        let gain = progress.predicted_gain.max(self.tolerance).ln();
        let first = *state.first.get_or_insert(gain);
        state.share = state.share.max(share(first, gain, self.tolerance.ln()));
        let elapsed = self.started.elapsed();
        let left = time_left(state.share, elapsed)
            .map_or(String::new(), |left| format!(", about {} left", HumanDuration(left)));
        self.bar.set_position((state.share * LENGTH as f64) as u64);
        self.bar.set_message(format!(
            "{}: iteration {}, log-posterior {:.2}{left}",
            self.name, progress.iteration, progress.objective
        ));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Share of the way from the first gain to the tolerance, all as logarithms.
fn share(first: f64, now: f64, tolerance: f64) -> f64 {
    let way = first - tolerance;
    if way > 0.0 { ((first - now) / way).clamp(0.0, 1.0) } else { 0.0 }
}

fn time_left(share: f64, elapsed: Duration) -> Option<Duration> {
    (share >= LEAST_SHARE && elapsed > Duration::from_secs(1)).then(|| elapsed.mul_f64((1.0 - share) / share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_way_takes_as_long_again() {
        assert_eq!(share(10.0, 0.0, -10.0), 0.5);
        assert_eq!(share(0.0, 0.0, 0.0), 0.0);
        assert_eq!(time_left(0.5, Duration::from_secs(4)), Some(Duration::from_secs(4)));
        assert_eq!(time_left(0.01, Duration::from_secs(4)), None);
    }
}
