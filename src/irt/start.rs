//! Where does a fit begin? Slopes and intercepts from a first guess at abilities.

use super::curve::Kind;
use super::data::{Packed, Responses};
use super::layout::Layout;
use super::prior::ItemPriors;
use super::product::bit_product;
use crate::numeric::special::logit;
use rayon::prelude::*;

/// Natural starting values.
///
/// If abilities were normal among those who pass and among those who fail, with one variance, the curve would
/// be logistic with slope `(μ₁ − μ₀) / σ²` (linear discriminant analysis): closed, never infinite, and of the
/// right sign.
pub(crate) fn starting_values(data: &Responses, layout: &Layout, priors: &ItemPriors) -> Vec<f64> {
    let theta = &data.first_guess;
    let squares: Vec<f64> = theta.iter().map(|t| t * t).collect();
    let of_bits = match &data.cells {
        Packed::Bits(b) => Some(bit_product(b, theta, &squares)),
        _ => None,
    };
    let complete = data.complete.then(|| (theta.iter().sum::<f64>(), squares.iter().sum::<f64>()));
    let of_item = |i: usize| {
        // Weights, sums and squares of θ at each level, as shares of what the level stands for.
        let levels = data.n_levels[i];
        let mut sums = vec![[0.0f64; 3]; levels];
        match (&data.cells, &of_bits, complete) {
            (Packed::Bits(b), Some(product), Some((all, all_squares))) => {
                let (ones, present) = b.row_counts(i);
                sums[1] = [ones as f64, product[i].0, product[i].1];
                sums[0] = [(present - ones) as f64, all - product[i].0, all_squares - product[i].1];
            }
            _ => {
                for (r, t) in theta.iter().enumerate() {
                    let Some((k, n)) = data.cell(i, r) else { continue };
                    if layout.kind.is_ordinal() {
                        add(&mut sums[k], 1.0, *t);
                    } else {
                        add(&mut sums[1], k as f64, *t);
                        add(&mut sums[0], (n - k) as f64, *t);
                    }
                }
            }
        }
        let mut p = vec![0.0; layout.size(i)];
        fill(layout.kind, &sums, &mut p, |m| priors.of(layout.kind, i, m).map(|prior| prior.mean));
        p
    };
    let mut natural: Vec<f64> = (0..layout.n_items()).into_par_iter().flat_map_iter(of_item).collect();
    if layout.common_slope {
        let slopes: Vec<f64> = (0..layout.n_items()).map(|i| natural[layout.natural[i]]).collect();
        let common = crate::numeric::describe::median(&slopes).unwrap_or(1.0).max(0.2);
        (0..layout.n_items()).for_each(|i| natural[layout.natural[i]] = common);
    }
    natural
}

fn add(sum: &mut [f64; 3], n: f64, t: f64) {
    sum[0] += n;
    sum[1] += n * t;
    sum[2] += n * t * t;
}

fn fill(kind: Kind, levels: &[[f64; 3]], p: &mut [f64], prior_mean: impl Fn(usize) -> Option<f64>) {
    let total = levels.iter().fold([0.0; 3], |s, l| [s[0] + l[0], s[1] + l[1], s[2] + l[2]]);
    let n = total[0].max(1.0);
    // Cut at the level that splits responses most evenly.
    let above = |k: usize| levels[k..].iter().fold([0.0; 3], |s, l| [s[0] + l[0], s[1] + l[1], s[2] + l[2]]);
    let cut = (1..levels.len())
        .min_by(|a, b| (above(*a)[0] / n - 0.5).abs().total_cmp(&(above(*b)[0] / n - 0.5).abs()))
        .unwrap_or(1);
    let high = above(cut);
    let low = [total[0] - high[0], total[1] - high[1], total[2] - high[2]];
    let mean = |s: [f64; 3]| s[1] / s[0].max(0.5);
    let within = ((high[2] - high[1] * mean(high) + low[2] - low[1] * mean(low)) / n).max(0.15);
    let shrink = high[0] * low[0] / (high[0] * low[0] + n);
    let a = ((mean(high) - mean(low)) / within * shrink + (1.0 - shrink) * 0.5).clamp(-3.0, 4.0);
    p[0] = a;
    let middle = total[1] / n;
    // The curve is flatter on average than at its middle.
    let stretch = (1.0 + a * a / 2.9).sqrt();
    let share = |x: f64| ((x + 0.5) / (n + 1.0)).clamp(1e-4, 1.0 - 1e-4);
    match kind {
        Kind::Logistic => p[1] = logit(share(high[0])) * stretch - a * middle,
        Kind::Guessing | Kind::FourParameter => {
            let c0 = prior_mean(2).unwrap_or(-1.8);
            let guessing = crate::numeric::special::logistic(c0);
            let pass = share(high[0]);
            // Where success is rarer than guessing would make it, guessing is less.
            let guessing = guessing.min(0.7 * pass);
            let knows = ((pass - guessing) / (1.0 - guessing)).clamp(0.02, 0.99);
            p[0] = a * 1.3;
            p[1] = logit(knows) * (1.0 + p[0] * p[0] / 2.9).sqrt();
            p[2] = logit(guessing);
            if let Some(u) = p.get_mut(3) {
                *u = prior_mean(3).unwrap_or(3.5);
            }
        }
        Kind::Graded => {
            for k in 1..levels.len() {
                p[k] = logit(share(above(k)[0])) * stretch - a * middle;
            }
        }
        Kind::PartialCredit => {
            p[0] = a / (levels.len() - 1) as f64;
            for k in 1..levels.len() {
                p[k] = ((levels[k][0] + 0.5) / (levels[0][0] + 0.5)).ln();
            }
        }
    }
}
