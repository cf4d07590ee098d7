//! Which groups of items would a perfect model still fail? Accuracy extrapolated to full ability.
//!
//! Difficulty alone does not make a group suspicious: where items are hard but sound, abler models do better,
//! and the line of group accuracy against accuracy elsewhere runs towards 1. Where keys are wrong or questions
//! broken, ability does not help, the line stays flat, and what is missing at its end estimates the share of
//! items that no ability gets right. (The upper asymptote of a four-parameter item, taken over a group.)

use super::panel::{MIN_MODELS_GROUPS, Panel};
use crate::numeric::special::{normal_cdf, normal_pdf};
use serde::Serialize;

/// Fewest groups over which shortfalls are pooled.
pub const MIN_GROUPS: usize = 3;
/// Fewest items in a group for it to have a shortfall of its own.
pub const MIN_GROUP_ITEMS: usize = 20;

/// How far sound groups stray from a straight line at full ability, as a standard deviation: curves bend.
const LINE_MISFIT: f64 = 0.03;

/// Shortfall of one group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shortfall {
    /// One minus the accuracy extrapolated to a model that gets all else right; may be negative.
    pub raw: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Its posterior mean, above 0: the expected share of items that no ability gets right.
    pub expected: f64,
}

/// Shortfalls of all groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ceilings {
    /// By group; `None` where a group is too small.
    pub groups: Vec<Option<Shortfall>>,
    /// Mean of the expected shortfalls: the scale of the prior.
    pub mean: f64,
}

/// Accuracy of every model on every group, with its accuracy on the items outside the group.
pub struct GroupAccuracies {
    /// For each group, pairs of (accuracy elsewhere, accuracy within, model).
    points: Vec<Vec<(f64, f64, usize)>>,
}

impl GroupAccuracies {
    /// Counts the panel once; resamples of its models only reweight the result.
    pub fn new(panel: &Panel) -> Self {
        let (groups, models) = (panel.group_names.len(), panel.n_models());
        let mut within = vec![vec![(0.0, 0.0); models]; groups];
        let mut all = vec![(0.0, 0.0); models];
        for ((i, j), right) in panel.right.indexed_iter() {
            if right.is_nan() {
                continue;
            }
            let right = f64::from(*right);
            all[j] = (all[j].0 + right, all[j].1 + 1.0);
            if let Some(g) = panel.group[i] {
                let cell = &mut within[g][j];
                *cell = (cell.0 + right, cell.1 + 1.0);
            }
        }
        let sizes: Vec<usize> = panel.items_by_group().iter().map(Vec::len).collect();
        let points = within
            .iter()
            .zip(&sizes)
            .map(|(models_within, &size)| {
                if size < MIN_GROUP_ITEMS {
                    return Vec::new();
                }
                models_within
                    .iter()
                    .zip(&all)
                    .enumerate()
                    .filter(|(_, (w, a))| w.1 > 0.0 && a.1 > w.1)
                    .map(|(j, (w, a))| ((a.0 - w.0) / (a.1 - w.1), w.0 / w.1, j))
                    .collect()
            })
            .collect();
        Self { points }
    }

    /// The shortfalls, each model counted as often as `multiplicity` says.
    ///
    /// ```text
    /// A_js = α_s + β_s θ_j(−s) + ε        least squares over models j
    /// u_s  = 1 − (α_s + β_s),   se_s² = σ̂² (1/J + (1 − θ̄)² / Σ (θ_j − θ̄)²) + .03²
    /// u_s ~ N(d_s, se_s²),  d_s ~ Exponential(mean μ)  ⇒  d_s | u_s is normal(u_s − se_s²/μ, se_s²) above 0
    /// μ = mean of E[d_s | u_s]            (empirical Bayes, iterated to its fixed point)
    /// ```
    ///
    /// `A_js` is the accuracy of model *j* on group *s*, `θ_j(−s)` its accuracy on all other items; .03 is the misfit
    /// of the line, without which hundreds of models would make any bend of the curve look like a fault.
    /// `None` below [`MIN_GROUPS`] groups of [`MIN_GROUP_ITEMS`] items, below [`MIN_MODELS_GROUPS`] distinct
    /// models, or where the models do not differ in ability.
    pub fn ceilings(&self, multiplicity: &[f64]) -> Option<Ceilings> {
        let lines: Vec<Option<(f64, f64)>> =
            self.points.iter().map(|points| extrapolate(points, multiplicity)).collect();
        let present: Vec<(f64, f64)> = lines.iter().copied().flatten().collect();
        if present.len() < MIN_GROUPS {
            return None;
        }
        let mut mean = 0.05;
        for _ in 0..2000 {
            let next =
                present.iter().map(|&(u, se)| positive_mean(u, se, mean)).sum::<f64>() / present.len() as f64;
            let next = next.max(1e-4);
            let change = (next - mean).abs();
            mean = next;
            if change < 1e-10 {
                break;
            }
        }
        let groups = lines
            .into_iter()
            .map(|line| {
                line.map(|(raw, std_error)| Shortfall {
                    raw,
                    std_error,
                    expected: positive_mean(raw, std_error, mean),
                })
            })
            .collect();
        Some(Ceilings { groups, mean })
    }
}

/// Raw shortfall at full ability and its standard error.
fn extrapolate(points: &[(f64, f64, usize)], multiplicity: &[f64]) -> Option<(f64, f64)> {
    let distinct = points.iter().filter(|p| multiplicity[p.2] > 0.0).count();
    if distinct < MIN_MODELS_GROUPS {
        return None;
    }
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|&(x, y, j)| multiplicity[j] * f(x, y)).sum()
    };
    let n = sum(&|_, _| 1.0);
    let (mx, my) = (sum(&|x, _| x) / n, sum(&|_, y| y) / n);
    let sxx = sum(&|x, _| (x - mx) * (x - mx));
    if sxx < 1e-9 * n {
        return None;
    }
    let slope = sum(&|x, y| (x - mx) * (y - my)) / sxx;
    let residual = sum(&|x, y| (y - my - slope * (x - mx)).powi(2));
    let reach = 1.0 - mx;
    let variance = residual / (n - 2.0) * (1.0 / n + reach * reach / sxx);
    Some((1.0 - (my + slope * reach), (variance + LINE_MISFIT * LINE_MISFIT).sqrt()))
}

/// Mean of a normal at `u − se²/mean` with deviation `se`, given that it is above 0.
fn positive_mean(u: f64, se: f64, mean: f64) -> f64 {
    let centre = u - se * se / mean;
    let a = centre / se;
    if a < -25.0 {
        // The ratio of density to tail, expanded where both underflow: se (1/t − 2/t³).
        let t = -a;
        return se * (1.0 / t - 2.0 / (t * t * t));
    }
    centre + se * normal_pdf(a) / normal_cdf(a).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::panel::DataKind;
    use ndarray::Array2;

    /// Ten models of ability .5 … .95; in group 2 ability helps nobody beyond .6, elsewhere it decides.
    fn panel() -> Panel {
        let (groups, size, models) = (3, 40, 10);
        let right = Array2::from_shape_fn((groups * size, models), |(i, j)| {
            let reach = 0.5 + 0.05 * j as f64;
            let share = if i / size == 2 { 0.6 } else { reach };
            f32::from(u8::from(((i % size) as f64 + 0.5) / (size as f64) < share))
        });
        Panel {
            benchmark: "b".into(),
            kind: DataKind::Binary,
            right,
            chosen: None,
            gold: vec![None; 120],
            n_options: vec![0; 120],
            group: (0..120).map(|i| Some(i / size)).collect(),
            group_names: vec!["a".into(), "b".into(), "c".into()],
            items: (0..120).map(|i| i.to_string()).collect(),
            models: (0..models).map(|j| j.to_string()).collect(),
            family: (0..models).collect(),
        }
    }

    #[test]
    fn a_flat_group_has_a_ceiling_and_a_hard_one_has_not() {
        let c = GroupAccuracies::new(&panel()).ceilings(&[1.0; 10]).unwrap();
        let flat = c.groups[2].unwrap();
        assert!((flat.raw - 0.4).abs() < 1e-9, "{flat:?}");
        assert!((flat.expected - 0.4).abs() < 0.01, "{flat:?}");
        assert!(c.groups[0].unwrap().expected < 0.05);
    }

    #[test]
    fn without_enough_groups_or_models_nothing_is_claimed() {
        let few = GroupAccuracies::new(&panel());
        let mut seven = [0.0; 10];
        seven[..7].fill(1.0);
        assert!(few.ceilings(&seven).is_none());
        let mut one_group = panel();
        one_group.group = vec![Some(0); 120];
        assert!(GroupAccuracies::new(&one_group).ceilings(&[1.0; 10]).is_none());
    }

    /// `scipy.stats.truncnorm(-m/s, inf, m, s).mean()` in scipy 1.16 for m = .0375, s = .05: .0569691. Far
    /// below zero the expansion meets the ratio.
    #[test]
    fn the_positive_mean_agrees_with_a_truncated_normal() {
        let m: f64 = 0.1 - 0.0025 / 0.04;
        assert!((m - 0.0375).abs() < 1e-12);
        assert!((positive_mean(0.1, 0.05, 0.04) - 0.056_969_1).abs() < 1e-6);
        let near = positive_mean(-0.2499, 0.01, 1e9);
        let far = positive_mean(-0.2501, 0.01, 1e9);
        assert!((near / far - 1.0).abs() < 0.01, "{near} {far}");
    }
}
