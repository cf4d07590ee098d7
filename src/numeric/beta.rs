//! Which share of a beta distribution lies below a point, and which point has a share below it, for parameters of
//! any size?
//!
//! A benchmark of 500 models on 20,000 items asks for F quantiles with ten million degrees of freedom. There the
//! general functions of statrs stop short of convergence or don't come back, so both are made here.

use argmin::core::{CostFunction, Error, Executor};
use argmin::solver::brent::BrentRoot;
use statrs::function::gamma::ln_gamma;
use std::f64::consts::PI;

/// Steps of the continued fraction: it takes about the square root of the larger parameter, and ends long before.
const MOST_STEPS: u32 = 1_000_000;
/// The root is looked for among odds between e^±this.
const MOST_LOG_ODDS: f64 = 700.0;

/// The regularised incomplete beta function; `NaN` where it is not defined.
///
/// ```text
/// I_x(a, b) = x^a (1 − x)^b / (a B(a, b)) · 1 / (1 + d₁ / (1 + d₂ / (1 + …)))
/// ```
///
/// `odds` is `x / (1 − x)`, which keeps both tails exact; `a, b > 0`. The continued fraction is evaluated by Lentz'
/// method, on the side of the mean where it converges.
///
/// # Reference
/// DLMF 8.17.22, <https://dlmf.nist.gov/8.17>; Thompson and Barnett 1986, doi 10.1016/0021-9991(86)90046-X.
pub fn share_below(odds: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && odds >= 0.0) || a.is_infinite() || b.is_infinite() {
        return f64::NAN;
    }
    let x = if odds.is_infinite() { 1.0 } else { odds / (1.0 + odds) };
    let y = 1.0 / (1.0 + odds);
    if x == 0.0 || y == 0.0 {
        return if x == 0.0 { 0.0 } else { 1.0 };
    }
    let power = power(x, y, a, b);
    if x < (a + 1.0) / (a + b + 2.0) {
        power * fraction(x, a, b) / a
    } else {
        1.0 - power * fraction(y, b, a) / b
    }
}

/// The odds `x / (1 − x)` of the point that has the share `p` of Beta(a, b) below it; `NaN` where it is not defined.
///
/// # Reference
/// The root of [`share_below`] in the logarithm of the odds, by Brent's method: Brent 1973, *Algorithms for
/// Minimization without Derivatives*, chapter 4.
pub fn odds_with_below(p: f64, a: f64, b: f64) -> f64 {
    let excess = Excess { p, a, b };
    if !(0.0..=1.0).contains(&p) || excess.at(0.0).is_nan() {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { 0.0 } else { f64::INFINITY };
    }
    // Around the mean, in steps that grow.
    let middle = (a / b).ln().clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS);
    let (mut low, mut high, mut step) = (middle, middle, (1.0 / a + 1.0 / b).sqrt());
    while excess.at(low) > 0.0 {
        high = low;
        low -= step;
        step *= 2.0;
        if low < -MOST_LOG_ODDS {
            return 0.0;
        }
    }
    while excess.at(high) < 0.0 {
        low = high;
        high += step;
        step *= 2.0;
        if high > MOST_LOG_ODDS {
            return f64::INFINITY;
        }
    }
    let root = Executor::new(excess, BrentRoot::new(low, high, 1e-15))
        .configure(|state| state.max_iters(200))
        .run()
        .ok()
        .and_then(|found| found.state.best_param);
    root.map_or(f64::NAN, f64::exp)
}

/// How much more than `p` lies below a point, given as the logarithm of its odds.
#[derive(Clone, Copy)]
struct Excess {
    p: f64,
    a: f64,
    b: f64,
}

impl Excess {
    fn at(&self, log_odds: f64) -> f64 {
        share_below(log_odds.exp(), self.a, self.b) - self.p
    }
}

impl CostFunction for Excess {
    type Param = f64;
    type Output = f64;

    fn cost(&self, log_odds: &f64) -> Result<f64, Error> {
        Ok(self.at(*log_odds))
    }
}

/// `x^a y^b / B(a, b)` with `y = 1 − x`: powers are taken of the ratio to the mean, which is near 1 where they are
/// large.
fn power(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let all = a + b;
    let beyond = b * x - a * y;
    let ln = |ratio: f64, less_one: f64| if less_one.abs() < 0.5 { less_one.ln_1p() } else { ratio.ln() };
    let powers = a * ln(x * (all / a), beyond / a) + b * ln(y * (all / b), -beyond / b);
    let scale = 0.5 * (a.ln() + b.ln() - all.ln() - (2.0 * PI).ln());
    (powers + scale + stirling(all) - stirling(a) - stirling(b)).exp()
}

/// `ln Γ(z) − ((z − ½) ln z − z + ½ ln 2π)`.
fn stirling(z: f64) -> f64 {
    if z < 16.0 {
        return ln_gamma(z) - ((z - 0.5) * z.ln() - z + 0.5 * (2.0 * PI).ln());
    }
    // DLMF 5.11.1; the next term is below 1e-15.
    let w = 1.0 / (z * z);
    (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w / 1188.0)))) / z
}

/// The continued fraction of the incomplete beta function.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut all = d;
    for step in 1..MOST_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            change = c * d;
            all *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.special.betainc` of SciPy 1.17.1.
    #[test]
    fn shares_agree_with_scipy() {
        let cases = [
            (0.3, 2.0, 3.0, 0.348_3),
            (0.01, 0.5, 0.5, 0.063_768_560_858_519_85),
            (5.1e-6, 249.5, 4.9e7, 0.518_541_177_280_921_6),
            (0.005_02, 5e4, 9.9e6, 0.410_113_906_236_602_27),
            (1.0 - 1.0 / 131_072.0, 1e5, 0.5, 0.21673170057440302),
            (0.7, 40.0, 7.5, 0.009_499_614_601_122_617),
        ];
        for (x, a, b, expected) in cases {
            let found = share_below(x / (1.0 - x), a, b);
            assert!((found / expected - 1.0).abs() < 1e-11, "I_{x}({a}, {b}) = {found}, not {expected}");
        }
        assert!(share_below(0.5, -1.0, 1.0).is_nan() && share_below(f64::NAN, 1.0, 1.0).is_nan());
        assert_eq!((share_below(0.0, 2.0, 3.0), share_below(f64::INFINITY, 2.0, 3.0)), (0.0, 1.0));
    }

    #[test]
    fn the_point_has_its_share_below_it() {
        for (a, b) in [(0.5, 0.5), (1.0, 1e9), (249.5, 4.9e7), (5e4, 9.9e6), (1e5, 0.5), (3.0, 20.0)] {
            for p in [1e-6, 0.025, 0.5, 0.975, 0.999_999] {
                let share = share_below(odds_with_below(p, a, b), a, b);
                assert!((share - p).abs() < 1e-11, "{p} of ({a}, {b}): {share}");
            }
        }
    }
}
