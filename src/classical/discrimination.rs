//! Do better respondents do better on the item? Item–rest and biserial correlation, upper–lower difference.

use super::rest::tie_key;
use crate::numeric::correlation::{fisher_estimate, pearson};
use crate::numeric::describe::{mean, variance};
use crate::numeric::proportion::wilson;
use crate::numeric::special::{normal_pdf, normal_quantile};
use crate::numeric::{Estimate, Interval};
use serde::Serialize;

/// What the interval of the item–rest correlation says about its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscriminationSign {
    /// The whole interval lies above 0: better respondents do better.
    Positive,
    /// The whole interval lies below 0: better respondents do worse.
    Negative,
    /// The interval holds 0, or there are too few respondents for one.
    Unclear,
    /// No correlation exists: all scores are equal, or there are too few.
    Undefined,
}

impl DiscriminationSign {
    /// The sign that an estimate allows.
    pub fn of(item_rest: Option<&Estimate>) -> Self {
        match item_rest.map(|e| e.interval) {
            None => Self::Undefined,
            Some(Some(i)) if i.low > 0.0 => Self::Positive,
            Some(Some(i)) if i.high < 0.0 => Self::Negative,
            Some(_) => Self::Unclear,
        }
    }

    /// The name used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Unclear => "unclear",
            Self::Undefined => "undefined",
        }
    }
}

/// The corrected item–rest correlation: scores on the item against rest scores, with Fisher's interval.
///
/// `None` below three respondents or where one side is constant. Respondents count as independent; where many
/// are near-copies the interval is too narrow, and the effective number of respondents says by how much.
///
/// # Reference
/// Henrysson 1963, doi:10.1007/BF02289618.
pub fn item_rest(scores: &[f64], rest: &[f64], level: f64) -> Option<Estimate> {
    (scores.len() >= 3)
        .then(|| pearson(scores, rest))
        .flatten()
        .map(|r| fisher_estimate(r, scores.len(), level))
}

/// The biserial correlation of a 0/1 item with rest scores: as if the item were a cut normal variable.
///
/// ```text
/// r_b = r √(p q) / φ(z_p),   se = (√(p q) / φ(z_p) − r_b²) / √n
/// ```
///
/// `r` is the point-biserial correlation, `φ` the normal density, `z_p` the quantile of the share correct. It
/// can pass ±1 where rest scores are not normal; it is not clipped. The normal interval follows from the
/// standard error. `None` where every answer is the same or rest scores are constant.
///
/// # Reference
/// Pearson 1909, doi:10.1093/biomet/7.1-2.96; standard error: Soper 1914, doi:10.1093/biomet/10.2-3.384.
pub fn biserial(scores: &[f64], rest: &[f64], level: f64) -> Option<Estimate> {
    if scores.len() < 3 {
        return None;
    }
    let r = pearson(scores, rest)?;
    let p = mean(scores)?;
    let stretch = (p * (1.0 - p)).sqrt() / normal_pdf(normal_quantile(p));
    let value = r * stretch;
    let std_error = (stretch - value * value) / (scores.len() as f64).sqrt();
    if !value.is_finite() {
        return None;
    }
    // Soper's formula is for |r_b| ≤ 1; beyond, it can turn negative, and the estimate stays bare.
    Some(Estimate::normal(value, if value.abs() < 1.0 { std_error } else { f64::NAN }, level))
}

/// The upper–lower difference: mean score of the best respondents less that of the worst, by rest score.
///
/// ```text
/// D = x̄_upper − x̄_lower,   both groups of g = max(1, round(share · n)) respondents
/// ```
///
/// Respondents tied at the edge of a group belong to it in equal parts, so their order does not matter. For
/// 0/1 scores the interval is Newcombe's hybrid of two Wilson intervals, which stays honest for tiny groups;
/// otherwise it is normal, from the variances of the two groups. `None` below four respondents.
///
/// # Reference
/// Kelley 1939, doi:10.1037/h0057123 (27 %); Newcombe 1998, method 10,
/// doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
pub fn upper_lower(scores: &[f64], rest: &[f64], share: f64, binary: bool, level: f64) -> Option<Estimate> {
    let n = scores.len();
    if n < 4 {
        return None;
    }
    let group = ((share * n as f64).round() as usize).clamp(1, n / 2);
    let keys: Vec<i64> = rest.iter().map(|&t| tie_key(t)).collect();
    let low = extreme_group(&keys, scores, group, false);
    let high = extreme_group(&keys, scores, group, true);
    let value = high.mean - low.mean;
    let g = group as f64;
    if binary {
        let (upper, lower) = (wilson(high.mean * g, g, level)?, wilson(low.mean * g, g, level)?);
        let (u, l) = (upper.interval?, lower.interval?);
        let below = ((high.mean - u.low).powi(2) + (l.high - low.mean).powi(2)).sqrt();
        let above = ((u.high - high.mean).powi(2) + (low.mean - l.low).powi(2)).sqrt();
        let std_error = upper.std_error?.hypot(lower.std_error?);
        let interval = Interval::new((value - below).max(-1.0), (value + above).min(1.0), level);
        // Two groups without variance give 0, which only the Wilson interval can answer for.
        return Some(Estimate::with_interval(value, Some(std_error).filter(|s| *s > 0.0), interval));
    }
    if group < 2 {
        return Some(Estimate::bare(value));
    }
    let std_error = ((high.variance + low.variance) / (g - 1.0)).sqrt();
    Some(Estimate::normal(value, if std_error > 0.0 { std_error } else { f64::NAN }, level))
}

struct Group {
    mean: f64,
    /// With divisor `g`.
    variance: f64,
}

/// Mean and variance of the scores of the `group` respondents of highest or lowest key.
fn extreme_group(keys: &[i64], scores: &[f64], group: usize, highest: bool) -> Group {
    let mut sorted = keys.to_vec();
    let at = if highest { keys.len() - group } else { group - 1 };
    let edge = *sorted.select_nth_unstable(at).1;
    let beyond = |key: i64| if highest { key > edge } else { key < edge };
    let inside = keys.iter().filter(|&&k| beyond(k)).count();
    let tied = keys.iter().filter(|&&k| k == edge).count();
    let part = (group - inside) as f64 / tied as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for (&key, &x) in keys.iter().zip(scores) {
        let weight = if beyond(key) {
            1.0
        } else if key == edge {
            part
        } else {
            0.0
        };
        sum += weight * x;
        squares += weight * x * x;
    }
    let mean = sum / group as f64;
    Group { mean, variance: (squares / group as f64 - mean * mean).max(0.0) }
}

/// The share of right answers with Wilson's interval; no standard error where all are alike, for the formula's 0
/// would claim certainty. `None` of nothing.
pub fn share_right(scores: &[f64], level: f64) -> Option<Estimate> {
    let estimate = wilson(scores.iter().sum(), scores.len() as f64, level)?;
    Some(Estimate { std_error: estimate.std_error.filter(|se| *se > 0.0), ..estimate })
}

/// The mean of scores that are not 0 and 1, with Student's interval; bare where all are equal or only one is
/// there, for then the data hold no measure of spread.
pub fn mean_with_t_interval(scores: &[f64], level: f64) -> Option<Estimate> {
    let value = mean(scores)?;
    let n = scores.len() as f64;
    match variance(scores, 1) {
        Some(v) if v > 0.0 => {
            let std_error = (v / n).sqrt();
            let half = crate::numeric::special::student_t_quantile(0.5 + level / 2.0, n - 1.0) * std_error;
            Some(Estimate::with_interval(
                value,
                Some(std_error),
                Interval::new(value - half, value + half, level),
            ))
        }
        _ => Some(Estimate::bare(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn respondents_tied_at_the_edge_share_the_place() {
        // Best two of five by rest score: one at 3 for sure, one of the two at 2, of whom half were right.
        let rest = [0.0, 1.0, 2.0, 2.0, 3.0];
        let scores = [0.0, 0.0, 1.0, 0.0, 1.0];
        let d = upper_lower(&scores, &rest, 0.4, true, 0.95).unwrap();
        assert!((d.value - 0.75).abs() < 1e-15);
    }

    /// Newcombe 1998, table II, case (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    #[test]
    fn newcombes_published_interval() {
        let mut scores = vec![0.0; 32];
        scores.extend(vec![1.0; 48]);
        // Groups of different sizes do not occur here; check the pieces that the method joins.
        let (u, l) = (wilson(56.0, 70.0, 0.95).unwrap(), wilson(48.0, 80.0, 0.95).unwrap());
        let d = u.value - l.value;
        let low = d - ((u.value - u.low().unwrap()).powi(2) + (l.high().unwrap() - l.value).powi(2)).sqrt();
        let high = d + ((u.high().unwrap() - u.value).powi(2) + (l.value - l.low().unwrap()).powi(2)).sqrt();
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5);
    }

    #[test]
    fn signs_follow_the_interval() {
        let at = |low, high| Estimate::with_interval(0.0, None, Interval::new(low, high, 0.95));
        assert_eq!(DiscriminationSign::of(Some(&at(0.1, 0.5))), DiscriminationSign::Positive);
        assert_eq!(DiscriminationSign::of(Some(&at(-0.5, -0.1))), DiscriminationSign::Negative);
        assert_eq!(DiscriminationSign::of(Some(&at(-0.1, 0.1))), DiscriminationSign::Unclear);
        assert_eq!(DiscriminationSign::of(None), DiscriminationSign::Undefined);
    }
}
