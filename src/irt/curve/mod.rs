//! How likely is each score at an ability, and how does that change with the item's parameters?
//!
//! Every curve answers three questions on a row of nodes: the log-probabilities of the scores, the gradient
//! of the expected complete-data log-likelihood, and its expected information (Fisher scoring).

pub(crate) mod graded;
pub(crate) mod logistic;
pub(crate) mod partial_credit;
pub(crate) mod point;

use super::model::Model;
use crate::numeric::vector::wide_kernel;

/// The family of a curve; what distinguishes it from others is how its parameters are laid out.
///
/// ```text
/// Logistic       a, d
/// Guessing       a, d, logit c
/// FourParameter  a, d, logit c, logit u
/// Graded         a, d₁ > … > d_{K−1}
/// PartialCredit  a, d₁, …, d_{K−1}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Logistic,
    Guessing,
    FourParameter,
    Graded,
    PartialCredit,
}

impl Kind {
    /// The curve of a model, for cells that are categories or right and wrong.
    pub fn of(model: Model, ordinal_cells: bool) -> Self {
        match model {
            Model::Graded => Self::Graded,
            Model::PartialCredit => Self::PartialCredit,
            Model::Rasch | Model::OneParameter if ordinal_cells => Self::PartialCredit,
            Model::Rasch | Model::OneParameter | Model::TwoParameter => Self::Logistic,
            Model::ThreeParameter => Self::Guessing,
            Model::FourParameter => Self::FourParameter,
        }
    }

    /// Number of parameters of an item with `n_levels` categories.
    pub fn n_parameters(self, n_levels: usize) -> usize {
        match self {
            Self::Logistic => 2,
            Self::Guessing => 3,
            Self::FourParameter => 4,
            Self::Graded | Self::PartialCredit => n_levels,
        }
    }

    /// How fast the curve turns: `π` over this is the distance of the poles of `ln P` from the real line. Where
    /// `θ` enters several times, the polynomial in `exp(a θ)` has roots that much nearer.
    pub fn steepness(self, p: &[f64]) -> f64 {
        match self {
            Self::PartialCredit => p[0].abs() * (p.len() - 1) as f64,
            _ => p[0].abs(),
        }
    }

    /// Whether cells are categories.
    pub fn is_ordinal(self) -> bool {
        matches!(self, Self::Graded | Self::PartialCredit)
    }
}

/// Log-probabilities on the nodes `t`. For curves of two outcomes `out` gets two rows, `ln P(0)` and
/// `ln P(1) − ln P(0)`; for categories one row `ln P(k)` each. Rows are as long as `t`.
#[inline(always)]
pub(crate) fn log_table(kind: Kind, p: &[f64], t: &[f64], out: &mut [f64]) {
    match kind {
        Kind::Logistic => logistic::log_table_two(p, t, out),
        Kind::Guessing | Kind::FourParameter => logistic::log_table_four(p, t, out),
        Kind::Graded => graded::log_table(p, t, out),
        Kind::PartialCredit => partial_credit::log_table(p, t, out),
    }
}

/// Adds gradient and expected information of `Σ_w Σ_k counts[k][w] ln P_k(t_w)` for the natural parameters.
///
/// For curves of two outcomes `counts` has two rows: all trials, and those that succeeded. For categories one
/// row each. `information` is the full square matrix, row by row.
#[inline(always)]
pub(crate) fn add_gradient(
    kind: Kind,
    p: &[f64],
    t: &[f64],
    counts: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) {
    match kind {
        Kind::Logistic => logistic::add_gradient_two(p, t, counts, gradient, information),
        Kind::Guessing | Kind::FourParameter => {
            logistic::add_gradient_four(p, t, counts, gradient, information)
        }
        Kind::Graded => graded::add_gradient(p, t, counts, gradient, information),
        Kind::PartialCredit => partial_credit::add_gradient(p, t, counts, gradient, information),
    }
}

wide_kernel! {
    /// [`log_table`] with the machine's widest instructions.
    pub(crate) fn log_table_kernel(kind: Kind, p: &[f64], t: &[f64], out: &mut [f64]) = log_table;
}

wide_kernel! {
    /// [`add_gradient`] with the machine's widest instructions.
    pub(crate) fn gradient_kernel(
        kind: Kind, p: &[f64], t: &[f64], counts: &[f64], gradient: &mut [f64], information: &mut [f64],
    ) = add_gradient;
}

wide_kernel! {
    /// [`logistic::add_gradient_moments`] with the machine's widest instructions.
    pub(crate) fn moments_kernel(
        p: &[f64], t: &[f64], n: &[f64], sum_yt: f64, sum_y: f64, gradient: &mut [f64], information: &mut [f64],
    ) = logistic::add_gradient_moments;
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: [f64; 5] = [-2.0, -0.7, 0.0, 0.4, 1.9];

    fn cases() -> Vec<(Kind, Vec<f64>, usize)> {
        vec![
            (Kind::Logistic, vec![1.3, -0.4], 2),
            (Kind::Guessing, vec![1.3, -0.4, -1.2], 2),
            (Kind::FourParameter, vec![-0.8, 0.7, -1.2, 2.5], 2),
            (Kind::Graded, vec![1.1, 1.5, 0.2, -1.4], 4),
            (Kind::PartialCredit, vec![0.9, 0.5, 0.3, -1.4], 4),
        ]
    }

    /// Probabilities of all scores, rows as long as [`T`].
    fn probabilities(kind: Kind, p: &[f64], levels: usize) -> Vec<f64> {
        let mut table = vec![0.0; levels * T.len()];
        log_table(kind, p, &T, &mut table);
        if !kind.is_ordinal() {
            for w in 0..T.len() {
                table[T.len() + w] += table[w];
            }
        }
        table.iter().map(|v| v.exp()).collect()
    }

    fn expected_log(kind: Kind, p: &[f64], levels: usize, counts: &[f64]) -> f64 {
        let table = probabilities(kind, p, levels);
        let n = T.len();
        (0..n)
            .map(|w| match kind.is_ordinal() {
                true => (0..levels).map(|k| counts[k * n + w] * table[k * n + w].ln()).sum::<f64>(),
                false => (counts[w] - counts[n + w]) * table[w].ln() + counts[n + w] * table[n + w].ln(),
            })
            .sum()
    }

    #[test]
    fn probabilities_sum_to_one() {
        for (kind, p, levels) in cases() {
            let table = probabilities(kind, &p, levels);
            for w in 0..T.len() {
                let total: f64 = (0..levels).map(|k| table[k * T.len() + w]).sum();
                assert!((total - 1.0).abs() < 1e-12, "{kind:?}");
            }
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (kind, p, levels) in cases() {
            let counts: Vec<f64> = (0..levels * T.len())
                .map(|i| if !kind.is_ordinal() && i < T.len() { 9.0 } else { 1.0 + (i * 7 % 5) as f64 })
                .collect();
            let mut gradient = vec![0.0; p.len()];
            let mut information = vec![0.0; p.len() * p.len()];
            add_gradient(kind, &p, &T, &counts, &mut gradient, &mut information);
            for m in 0..p.len() {
                let at = |step: f64| {
                    let mut moved = p.clone();
                    moved[m] += step;
                    expected_log(kind, &moved, levels, &counts)
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((slope - gradient[m]).abs() < 1e-6, "{kind:?} {m}: {slope} {}", gradient[m]);
            }
        }
    }

    /// Where counts are what the curve expects, the expected information is the curvature.
    #[test]
    fn information_is_the_curvature_at_expected_counts() {
        for (kind, p, levels) in cases() {
            let table = probabilities(kind, &p, levels);
            let mut counts: Vec<f64> = table.iter().map(|v| v * 10.0).collect();
            if !kind.is_ordinal() {
                counts[..T.len()].fill(10.0);
            }
            let n = p.len();
            let gradient_at = |q: &[f64]| {
                let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
                add_gradient(kind, q, &T, &counts, &mut g, &mut h);
                (g, h)
            };
            let (gradient, information) = gradient_at(&p);
            assert!(gradient.iter().all(|g| g.abs() < 1e-9));
            for m in 0..n {
                let moved = |step: f64| {
                    let mut q = p.clone();
                    q[m] += step;
                    gradient_at(&q).0
                };
                let (up, down) = (moved(1e-5), moved(-1e-5));
                for k in 0..n {
                    let curvature = -(up[k] - down[k]) / 2e-5;
                    assert!((curvature - information[m * n + k]).abs() < 1e-5, "{kind:?} {m} {k}");
                }
            }
        }
    }
}
