//! How does a new calibration come onto an old scale? Linking through common items.

use super::curve::Kind;
use super::curve::point::Point;
use super::data::IrtError;
use super::result::IrtFit;
use super::score::curve_of;
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, std_dev};
use crate::numeric::quadrature::normal_grid;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How two scales are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// Equal mean and spread of difficulties (Marco 1977, doi:10.1111/j.1745-3984.1977.tb00033.x).
    MeanSigma,
    /// Equal test characteristic curves (Stocking & Lord 1983, doi:10.1177/014662168300700208).
    StockingLord,
}

/// The straight line from the new scale to the old: `θ_old = slope · θ_new + intercept`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// How it was found.
    pub method: LinkMethod,
    /// `A`, with the jackknife over common items behind its standard error.
    pub slope: Estimate,
    /// `B`.
    pub intercept: Estimate,
    /// Common items.
    pub n_items: usize,
    /// Root mean squared difference of the test characteristic curves after linking, per item.
    pub misfit: f64,
}

/// A common item: slope and thresholds `(a, d…)` on both scales.
struct Common {
    old: (Kind, Vec<f64>),
    new: (Kind, Vec<f64>),
    /// Mean difficulty on both scales.
    location: (f64, f64),
}

/// Links a new calibration to an old one through the items they share by name.
///
/// ```text
/// mean–sigma      A = σ(b_old) / σ(b_new),  B = μ(b_old) − A μ(b_new)
/// Stocking–Lord   min_{A,B} Σ_q w_q (Σ_j E_j,old(θ_q) − Σ_j E_j,new((θ_q − B) / A))²
/// ```
///
/// Items whose slope is near zero have no difficulty to speak of and are left out of mean–sigma.
///
/// # Errors
/// [`IrtError::Parameters`] with fewer than three common items, or where difficulties do not spread.
pub fn link(old: &IrtFit, new: &IrtFit, method: LinkMethod) -> Result<Link, IrtError> {
    let place: HashMap<&str, usize> =
        old.items.iter().enumerate().map(|(k, i)| (i.item.as_str(), k)).collect();
    let common: Vec<Common> = new
        .items
        .iter()
        .filter_map(|item| {
            let before = &old.items[*place.get(item.item.as_str())?];
            Some(Common {
                old: curve_of(old.model, before),
                new: curve_of(new.model, item),
                location: (before.location.value, item.location.value),
            })
        })
        .filter(|c| c.old.1.len() == c.new.1.len() || !c.old.0.is_ordinal())
        .collect();
    let all: Vec<usize> = (0..common.len()).collect();
    let too_few = || {
        IrtError::Parameters(format!(
            "{} common items are too few to link two calibrations: at least 3 with spread difficulties are needed",
            common.len()
        ))
    };
    if common.len() < 3 {
        return Err(too_few());
    }
    let (a, b) = line(&common, &all, method).ok_or_else(too_few)?;
    // Leave one item out at a time: items, not respondents, are what a link depends on.
    let left: Vec<(f64, f64)> = (0..common.len())
        .filter_map(|out| {
            let rest: Vec<usize> = all.iter().copied().filter(|k| *k != out).collect();
            line(&common, &rest, method)
        })
        .collect();
    let jackknife = |values: Vec<f64>| -> f64 {
        let n = values.len() as f64;
        std_dev(&values, 0).unwrap_or(f64::NAN) * (n - 1.0).sqrt()
    };
    let enough = left.len() == common.len();
    let estimate = |value: f64, of: fn(&(f64, f64)) -> f64| match enough {
        true => Estimate::normal(value, jackknife(left.iter().map(of).collect()), 0.95),
        false => Estimate::bare(value),
    };
    Ok(Link {
        method,
        slope: estimate(a, |l| l.0),
        intercept: estimate(b, |l| l.1),
        n_items: common.len(),
        misfit: (distance(&common, &all, a, b).0).sqrt() / common.len() as f64,
    })
}

/// `A` and `B` from some of the common items.
fn line(common: &[Common], which: &[usize], method: LinkMethod) -> Option<(f64, f64)> {
    let steady: Vec<usize> = which
        .iter()
        .copied()
        .filter(|k| common[*k].old.1[0].abs() > 0.1 && common[*k].new.1[0].abs() > 0.1)
        .collect();
    let old: Vec<f64> = steady.iter().map(|k| common[*k].location.0).collect();
    let new: Vec<f64> = steady.iter().map(|k| common[*k].location.1).collect();
    let a = std_dev(&old, 0)? / std_dev(&new, 0).filter(|s| *s > 1e-6)?;
    let b = mean(&old)? - a * mean(&new)?;
    if !(a > 1e-6 && a.is_finite() && b.is_finite()) {
        return None;
    }
    match method {
        LinkMethod::MeanSigma => Some((a, b)),
        LinkMethod::StockingLord => Some(least_distance(common, which, a, b)),
    }
}

/// Mean squared distance of the test characteristic curves, with its Gauss–Newton gradient and curvature.
fn distance(common: &[Common], which: &[usize], a: f64, b: f64) -> (f64, [f64; 2], [f64; 3]) {
    let rule = normal_grid(41, 4.0);
    let mut point = Point::default();
    let (mut value, mut g, mut h) = (0.0, [0.0; 2], [0.0; 3]);
    for (t, w) in rule.nodes.iter().zip(&rule.weights) {
        let at = (t - b) / a;
        let (mut gap, mut slope) = (0.0, 0.0);
        for k in which {
            point.fill(common[*k].old.0, &common[*k].old.1, *t);
            gap -= point.expected();
            point.fill(common[*k].new.0, &common[*k].new.1, at);
            gap += point.expected();
            slope += point.first.iter().enumerate().map(|(k, d)| k as f64 * d).sum::<f64>();
        }
        let (da, db) = (-slope * at / a, -slope / a);
        value += w * gap * gap;
        g[0] += w * gap * da;
        g[1] += w * gap * db;
        h[0] += w * da * da;
        h[1] += w * da * db;
        h[2] += w * db * db;
    }
    (value, g, h)
}

/// Levenberg–Marquardt from a starting line.
fn least_distance(common: &[Common], which: &[usize], mut a: f64, mut b: f64) -> (f64, f64) {
    let (mut value, mut g, mut h) = distance(common, which, a, b);
    let mut damping = 1e-3;
    for _ in 0..100 {
        let (aa, bb) = (h[0] * (1.0 + damping), h[2] * (1.0 + damping));
        let determinant = aa * bb - h[1] * h[1];
        let step = [-(bb * g[0] - h[1] * g[1]) / determinant, -(aa * g[1] - h[1] * g[0]) / determinant];
        if !(step[0].is_finite() && step[1].is_finite()) {
            break;
        }
        let (next_a, next_b) = ((a + step[0]).max(0.05 * a), b + step[1]);
        let next = distance(common, which, next_a, next_b);
        if next.0 <= value {
            (a, b) = (next_a, next_b);
            (value, g, h) = next;
            damping = (damping * 0.3).max(1e-12);
            if step[0].abs() + step[1].abs() < 1e-10 {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    (a, b)
}

/// A calibration brought onto the old scale.
///
/// ```text
/// a → a / A,  d → d − a B / A  (k times as much at the k-th category of partial credit),  θ → A θ + B
/// ```
///
/// Standard errors are scaled along; the uncertainty of the link itself is in [`Link`] and common to all.
pub fn relink(fit: &IrtFit, link: &Link) -> IrtFit {
    let (a, b) = (link.slope.value, link.intercept.value);
    let line = |e: &Estimate| transform(e, a, b);
    let mut out = fit.clone();
    for item in &mut out.items {
        let kind = Kind::of(fit.model, !item.levels.is_empty());
        let slope = item.discrimination.value;
        item.discrimination = transform(&item.discrimination, 1.0 / a, 0.0);
        for (k, d) in item.intercepts.iter_mut().enumerate() {
            let times = if kind == Kind::PartialCredit { (k + 1) as f64 } else { 1.0 };
            d.value -= times * slope * b / a;
            // Its uncertainty mixes with that of the slope: see the covariance.
            (d.std_error, d.interval) = (None, None);
        }
        item.difficulties = item.difficulties.iter().map(line).collect();
        item.location = line(&item.location);
        item.covariance = item.covariance.as_ref().map(|c| moved_covariance(c, kind, a, b));
        if let Some(c) = &item.covariance {
            let n = (c.len() as f64).sqrt() as usize;
            for (k, d) in item.intercepts.iter_mut().enumerate() {
                *d = Estimate::normal(d.value, c[(k + 1) * n + k + 1].max(0.0).sqrt(), 0.95);
            }
        }
    }
    for ability in &mut out.abilities {
        ability.eap = line(&ability.eap);
        for e in [&mut ability.map, &mut ability.ml, &mut ability.wle].into_iter().flatten() {
            *e = line(e);
        }
    }
    out.ability_std_dev = transform(&out.ability_std_dev, a, 0.0);
    out.ability_mean = a * out.ability_mean + b;
    out
}

fn transform(e: &Estimate, a: f64, b: f64) -> Estimate {
    Estimate {
        value: a * e.value + b,
        std_error: e.std_error.map(|s| s * a.abs()),
        interval: e.interval.map(|i| crate::numeric::Interval::new(a * i.low + b, a * i.high + b, i.level)),
    }
}

/// Covariance of `(a/A, d − k a B/A, …)`.
fn moved_covariance(c: &[f64], kind: Kind, a: f64, b: f64) -> Vec<f64> {
    let n = (c.len() as f64).sqrt() as usize;
    let thresholds = if kind.is_ordinal() { n - 1 } else { 1 };
    let mut j = vec![0.0; n * n];
    (0..n).for_each(|m| j[m * n + m] = 1.0);
    j[0] = 1.0 / a;
    for k in 1..=thresholds {
        j[k * n] = -(if kind == Kind::PartialCredit { k as f64 } else { 1.0 }) * b / a;
    }
    let mut out = vec![0.0; n * n];
    for x in 0..n {
        for y in 0..n {
            for u in 0..n {
                for v in 0..n {
                    out[x * n + y] += j[x * n + u] * c[u * n + v] * j[y * n + v];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irt::{IrtOptions, Model, fit};
    use crate::simulate::{BulkOptions, ItemModel, simulate_matrix};

    /// A calibration moved by a known line is brought back by both methods.
    #[test]
    fn a_known_line_is_recovered() {
        let graded = ItemModel::Graded { n_categories: 5 };
        for (model, truth) in [(Model::TwoParameter, ItemModel::TwoParameter), (Model::Graded, graded)] {
            let drawn = BulkOptions { model: truth, n_items: 12, n_respondents: 300, ..Default::default() };
            let (matrix, _) = simulate_matrix(&drawn).unwrap();
            let options = IrtOptions { model: Some(model), ..Default::default() };
            let old = fit(&matrix, &options).unwrap();
            let away = Link {
                method: LinkMethod::MeanSigma,
                slope: Estimate::bare(1.4),
                intercept: Estimate::bare(-0.6),
                n_items: 12,
                misfit: 0.0,
            };
            let new = relink(&old, &away);
            for method in [LinkMethod::MeanSigma, LinkMethod::StockingLord] {
                let back = link(&old, &new, method).unwrap();
                assert!((back.slope.value - 1.0 / 1.4).abs() < 1e-6, "{method:?} {:?}", back.slope);
                assert!((back.intercept.value - 0.6 / 1.4).abs() < 1e-6, "{method:?}");
                let again = relink(&new, &back);
                for (a, b) in again.items.iter().zip(&old.items) {
                    assert!((a.location.value - b.location.value).abs() < 1e-6);
                    assert!((a.intercepts[0].value - b.intercepts[0].value).abs() < 1e-6);
                    let (x, y) = (a.intercepts[0].std_error.unwrap(), b.intercepts[0].std_error.unwrap());
                    assert!((x - y).abs() < 1e-6);
                }
            }
        }
    }
}
