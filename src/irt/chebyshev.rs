//! How many points fix a smooth curve on a stretch? Chebyshev's, and the polynomial through them.

/// Relative accuracy of the curve of the steepest item that is interpolated; others are far better.
const ACCURACY: f64 = 1e-9;
/// Most points of a stretch.
const MOST_POINTS: usize = 64;

/// Chebyshev points of the second kind on `[low, high]`, ends included.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chebyshev {
    pub low: f64,
    pub high: f64,
    pub t: Vec<f64>,
}

impl Chebyshev {
    /// Points enough for curves of `ln(1 + exp(a t + d))`'s kind with slopes up to the returned one, which is
    /// `slope` unless that would need too many.
    ///
    /// The curve is analytic but for poles at distance `π / a` from the real line. The polynomial through `n`
    /// points converges as `ρ⁻ⁿ`, where `ρ = x + √(x² + 1)` and `x` is that distance in half-widths of the
    /// stretch (Trefethen 2013, Approximation Theory and Approximation Practice, theorem 8.2).
    pub fn for_slope(low: f64, high: f64, slope: f64) -> (Self, f64) {
        const DISTANCE: f64 = 0.9 * std::f64::consts::PI;
        let half = 0.5 * (high - low).max(1e-9);
        let digits = -ACCURACY.ln();
        let wanted = (digits / (DISTANCE / (slope.max(0.1) * half)).asinh()).ceil();
        let n = if wanted < MOST_POINTS as f64 { (wanted as usize).max(5) } else { MOST_POINTS };
        let n = n.next_multiple_of(4);
        // What these points are good for: asinh x = ln ρ.
        let reached = DISTANCE / ((digits / n as f64).sinh() * half);
        let middle = 0.5 * (low + high);
        let t = (0..n)
            .map(|k| middle - half * (std::f64::consts::PI * k as f64 / (n - 1) as f64).cos())
            .collect();
        (Self { low: middle - half, high: middle + half, t }, reached.max(0.1))
    }

    /// Weights of the points in the value at `t`, by the barycentric formula (Berrut & Trefethen 2004,
    /// doi:10.1137/S0036144502417715).
    #[inline(always)]
    pub fn weights(&self, t: f64, out: &mut [f64]) {
        let mut total = 0.0;
        let mut sign = 1.0;
        for (w, at) in out.iter_mut().zip(&self.t) {
            let gap = t - at;
            // A hair beside a point the formula still holds; on it, it would divide by zero.
            *w = sign / if gap.abs() > 1e-14 { gap } else { 1e-14 };
            sign = -sign;
            total += *w;
        }
        let (first, last) = (out[0] * 0.5, out[out.len() - 1] * 0.5);
        total -= first + last;
        out[0] = first;
        let end = out.len() - 1;
        out[end] = last;
        let inverse = 1.0 / total;
        out.iter_mut().for_each(|w| *w *= inverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_of_gentle_items_come_back() {
        for (low, high) in [(-0.3, 0.4), (-2.0, 1.0), (-3.0, -2.99)] {
            let (points, steepest) = Chebyshev::for_slope(low, high, 2.5);
            assert!(steepest >= 2.4, "{steepest}");
            let mut w = vec![0.0; points.t.len()];
            for a in [0.5, 1.5, 2.5] {
                let curve = |t: f64| (a * t + 0.3f64).exp().ln_1p();
                for k in 0..=50 {
                    let t = low + (high - low) * k as f64 / 50.0;
                    points.weights(t, &mut w);
                    let value: f64 = w.iter().zip(&points.t).map(|(w, at)| w * curve(*at)).sum();
                    assert!((value - curve(t)).abs() < 2e-8, "slope {a} at {t}: {:e}", value - curve(t));
                }
            }
        }
    }

    #[test]
    fn a_slope_beyond_reach_is_named() {
        let (points, steepest) = Chebyshev::for_slope(-3.0, 3.0, 80.0);
        assert_eq!(points.t.len(), MOST_POINTS);
        assert!(steepest < 5.0);
        let (points, steepest) = Chebyshev::for_slope(0.0, 0.0, 1.0);
        assert!(points.t.len() <= 8 && steepest > 1e3);
    }
}
