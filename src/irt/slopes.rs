//! How does the likelihood of 64 neighbours change at their own abilities? Derivatives in θ, side by side.

use super::band::members;
use super::curve::{Kind, graded, logistic, partial_credit};
use super::data::{Packed, Responses};
use super::layout::Layout;
use crate::numeric::vector;
use crate::numeric::vector::wide_kernel;
use crate::response::matrix::NO_CATEGORY;

/// One number for each respondent of a band.
pub(crate) type Lanes = [f64; 64];

/// Derivatives at the current abilities of one band.
#[derive(Clone)]
pub(crate) struct Slopes {
    /// `ℓ′`.
    pub first: Lanes,
    /// `−ℓ″`.
    pub observed: Lanes,
    /// Fisher information.
    pub expected: Lanes,
    /// `I′`.
    pub bend: Lanes,
}

impl Slopes {
    pub fn zero() -> Self {
        Self { first: [0.0; 64], observed: [0.0; 64], expected: [0.0; 64], bend: [0.0; 64] }
    }
}

wide_kernel! {
    /// Derivatives of the log-likelihood of each respondent of a band at its own ability.
    pub(crate) fn slopes(
        data: &Responses, layout: &Layout, natural: &[f64], band: usize, theta: &Lanes,
    ) -> Slopes = slopes_body;
}

#[inline(always)]
fn slopes_body(data: &Responses, layout: &Layout, natural: &[f64], band: usize, theta: &Lanes) -> Slopes {
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let mut out = Slopes::zero();
    let who = members(data, band);
    // Trials and successes, or presence and category, of each lane.
    let (mut n, mut y) = ([0.0; 64], [0.0; 64]);
    for i in 0..layout.n_items() {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        match &data.cells {
            Packed::Bits(bits) => {
                let (value, present) = (bits.value_row(i)[band], bits.present_row(i)[band]);
                for r in 0..64 {
                    n[r] = f64::from_bits(0u64.wrapping_sub(present >> r & 1) & ONE);
                    y[r] = f64::from_bits(0u64.wrapping_sub(value >> r & 1) & ONE);
                }
            }
            Packed::Counts { correct, trials } => {
                for (r, column) in who.clone().enumerate() {
                    (n[r], y[r]) = (trials[[i, column]] as f64, correct[[i, column]] as f64);
                }
            }
            Packed::Levels(levels) => {
                for (r, column) in who.clone().enumerate() {
                    let k = levels[[i, column]];
                    (n[r], y[r]) = (f64::from(u8::from(k != NO_CATEGORY)), f64::from(k));
                }
            }
        }
        match layout.kind {
            Kind::Logistic => add_two(p, theta, &n, &y, &mut out),
            Kind::Guessing | Kind::FourParameter => add_four(p, theta, &n, &y, &mut out),
            Kind::Graded => graded::add_slopes(p, theta, &n, &y, &mut out),
            Kind::PartialCredit => partial_credit::add_slopes(p, theta, &n, &y, &mut out),
        }
    }
    out
}

#[inline(always)]
fn add_two(p: &[f64], theta: &Lanes, n: &Lanes, y: &Lanes, out: &mut Slopes) {
    let (a, d) = (p[0], p[1]);
    for r in 0..64 {
        let s = vector::logistic(a * theta[r] + d);
        let v = n[r] * a * a * s * (1.0 - s);
        out.first[r] += a * (y[r] - n[r] * s);
        out.observed[r] += v;
        out.expected[r] += v;
        out.bend[r] += v * a * (1.0 - 2.0 * s);
    }
}

#[inline(always)]
fn add_four(p: &[f64], theta: &Lanes, n: &Lanes, y: &Lanes, out: &mut Slopes) {
    let (a, d) = (p[0], p[1]);
    let (c, not_c, u, not_u) = logistic::asymptotes(p);
    for r in 0..64 {
        let s = vector::logistic(a * theta[r] + d);
        let not_s = 1.0 - s;
        let right = c * not_s + u * s + 1e-300;
        let wrong = not_c * not_s + not_u * s + 1e-300;
        let slope = (u - c) * s * not_s * a;
        let second = slope * a * (not_s - s);
        let weight = n[r] / (right * wrong);
        out.first[r] += (y[r] - n[r] * right) / (right * wrong) * slope;
        let up = slope / right;
        let down = slope / wrong;
        out.observed[r] -= y[r] * (second / right - up * up) - (n[r] - y[r]) * (second / wrong + down * down);
        out.expected[r] += weight * slope * slope;
        out.bend[r] += weight * slope * (2.0 * second - slope * slope * (wrong - right) / (right * wrong));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irt::curve::point::Point;

    /// `I′ = Σₖ (2 P′ₖ P″ₖ / Pₖ − P′ₖ³ / Pₖ²)`
    fn information_slope(point: &Point) -> f64 {
        let terms = point.p.iter().zip(point.first.iter().zip(&point.second));
        terms.map(|(p, (d, e))| 2.0 * d * e / p - d * d * d / (p * p)).sum()
    }

    /// The lanes of every curve against its derivatives at one ability.
    #[test]
    fn lanes_agree_with_single_points() {
        let theta: Lanes = std::array::from_fn(|r| -6.0 + 0.19 * r as f64);
        for (kind, p) in [
            (Kind::Logistic, vec![1.3, -0.4]),
            (Kind::Guessing, vec![1.3, -0.4, -1.2]),
            (Kind::FourParameter, vec![1.3, -0.4, -1.2, 2.0]),
            (Kind::Graded, vec![1.1, 1.5, 0.2, -1.4]),
            (Kind::Graded, vec![-0.7, 0.3]),
            (Kind::PartialCredit, vec![0.9, 0.5, 0.3, -1.4]),
        ] {
            let levels = if kind.is_ordinal() { p.len() } else { 2 };
            let n: Lanes = std::array::from_fn(|r| f64::from(u8::from(r % 5 > 0)));
            let y: Lanes = std::array::from_fn(|r| if n[r] > 0.0 { (r % levels) as f64 } else { 0.0 });
            let mut out = Slopes::zero();
            match kind {
                Kind::Logistic => add_two(&p, &theta, &n, &y, &mut out),
                Kind::Guessing | Kind::FourParameter => add_four(&p, &theta, &n, &y, &mut out),
                Kind::Graded => graded::add_slopes(&p, &theta, &n, &y, &mut out),
                Kind::PartialCredit => partial_credit::add_slopes(&p, &theta, &n, &y, &mut out),
            }
            let mut point = Point::default();
            for r in 0..64 {
                point.fill(kind, &p, theta[r]);
                let (k, times) = (y[r] as usize, n[r]);
                let ratio = point.first[k] / point.p[k];
                let wanted = [
                    ratio,
                    ratio * ratio - point.second[k] / point.p[k],
                    point.information(),
                    information_slope(&point),
                ];
                let found = [out.first[r], out.observed[r], out.expected[r], out.bend[r]];
                for (f, w) in found.iter().zip(wanted) {
                    assert!((f - times * w).abs() < 1e-11, "{kind:?} at {}: {found:?} {wanted:?}", theta[r]);
                }
            }
        }
    }
}
