//! What is known of item parameters before the answers? Normal priors that leave origin and unit of θ alone.
//!
//! A table of language models has thousands of items for each model. Priors with a fixed centre would then
//! outweigh the abilities' own N(0, 1): an easy benchmark would push its models to θ = 3 rather than admit
//! that its intercepts are high. The default priors therefore say how items differ from one another, not where
//! they lie: they do not change when θ is shifted or stretched and the items follow.

use super::curve::Kind;
use super::layout::Layout;
use super::options::{NormalPrior, PriorSet};

/// Priors by kind of parameter; the guessing prior may differ from item to item.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemPriors {
    pub set: PriorSet,
    /// Guessing priors of single items, where their number of options is known.
    pub guessing: Option<Vec<NormalPrior>>,
    /// Whether intercepts are judged from the middle of the items, wherever that is on θ.
    pub free_origin: bool,
    /// Spread of the slopes relative to their root mean square; it replaces the prior of the slope.
    pub slope_spread: Option<f64>,
}

impl ItemPriors {
    /// The fixed prior of one natural parameter of an item.
    pub fn of(&self, kind: Kind, item: usize, parameter: usize) -> Option<NormalPrior> {
        match (parameter, kind.is_ordinal()) {
            (0, _) => self.set.slope.filter(|_| self.slope_spread.is_none()),
            (1, _) | (_, true) => self.set.intercept.filter(|_| !self.free_origin),
            (2, _) => self.guessing.as_ref().map(|g| g[item]).or(self.set.guessing),
            _ => self.set.upper,
        }
    }

    /// Adds priors to natural gradient and information; returns their log-density, up to a constant.
    pub fn add(
        &self,
        layout: &Layout,
        natural: &[f64],
        gradient: &mut [f64],
        information: &mut [f64],
    ) -> f64 {
        let mut total = 0.0;
        for i in 0..layout.n_items() {
            let size = layout.size(i);
            for m in 0..size {
                // One shared slope has one prior.
                if m == 0 && layout.common_slope && i > 0 {
                    continue;
                }
                if let Some(prior) = self.of(layout.kind, i, m) {
                    let at = layout.natural[i] + m;
                    total += prior.log_density(natural[at]);
                    gradient[at] += prior.gradient(natural[at]);
                    information[layout.square[i] + m * size + m] += prior.precision();
                }
            }
        }
        if let Some(prior) = self.set.intercept.filter(|_| self.free_origin) {
            total += add_free_origin(layout, prior.std_dev, natural, gradient, information);
        }
        if let Some(spread) = self.slope_spread {
            total += add_free_unit(layout, spread, natural, gradient, information);
        }
        total
    }

    /// Precision that the fixed priors have along a direction of free parameters.
    pub fn precision_along(&self, layout: &Layout, direction: &[f64]) -> f64 {
        let own = usize::from(layout.common_slope);
        let of = |i: usize| {
            let block = layout.block(i);
            let at = move |m: usize| if m < own { 0 } else { block.start + m - own };
            (0..layout.size(i)).filter(move |m| *m >= own || i == 0).filter_map(move |m| {
                let prior = self.of(layout.kind, i, m)?;
                Some(prior.precision() * direction[at(m)].powi(2))
            })
        };
        (0..layout.n_items()).flat_map(of).sum()
    }

    /// The priors as normal distributions on the scale of the fit.
    pub fn on_the_scale_of(&self, layout: &Layout, natural: &[f64]) -> PriorSet {
        let slope = self.slope_spread.map(|spread| {
            let (mean, square) = moments(layout, natural);
            NormalPrior::new(mean, spread * square.sqrt())
        });
        PriorSet { slope: slope.or(self.set.slope), ..self.set }
    }
}

/// How often the slope enters the intercept `parameter` of an item when θ is shifted.
fn loading(kind: Kind, parameter: usize) -> f64 {
    if kind == Kind::PartialCredit { parameter as f64 } else { 1.0 }
}

/// Places of the intercepts of an item among its natural parameters.
fn intercepts(layout: &Layout, item: usize) -> std::ops::Range<usize> {
    if layout.kind.is_ordinal() { 1..layout.size(item) } else { 1..2 }
}

/// Intercepts about `a·m`, the origin `−m` of the items' difficulties being the one that suits them best.
///
/// ```text
/// d ~ N(a m, σ²),   m = Σ a d / Σ a²
/// ```
///
/// At that `m` the derivative with respect to it is nil, so that the gradient is that at a fixed `m`.
fn add_free_origin(
    layout: &Layout,
    std_dev: f64,
    natural: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    for i in 0..layout.n_items() {
        let p = &natural[layout.natural[i]..layout.natural[i + 1]];
        for m in intercepts(layout, i) {
            let a = loading(layout.kind, m) * p[0];
            products += a * p[m];
            squares += a * a;
        }
    }
    let origin = if squares > 1e-12 { products / squares } else { 0.0 };
    let precision = 1.0 / (std_dev * std_dev);
    let mut total = 0.0;
    for i in 0..layout.n_items() {
        let (size, at) = (layout.size(i), layout.natural[i]);
        let block = &mut information[layout.square[i]..layout.square[i + 1]];
        for m in intercepts(layout, i) {
            let pull = loading(layout.kind, m) * origin;
            let off = natural[at + m] - pull * natural[at];
            total -= 0.5 * off * off * precision;
            gradient[at + m] -= off * precision;
            gradient[at] += pull * off * precision;
            block[m * size + m] += precision;
            block[m] -= pull * precision;
            block[m * size] -= pull * precision;
            block[0] += pull * pull * precision;
        }
    }
    total
}

/// Mean and mean square of the slopes.
fn moments(layout: &Layout, natural: &[f64]) -> (f64, f64) {
    let n = layout.n_items() as f64;
    let slopes = || (0..layout.n_items()).map(|i| natural[layout.natural[i]]);
    (slopes().sum::<f64>() / n, slopes().map(|a| a * a).sum::<f64>() / n)
}

/// Slopes about their own mean, in units of their own root mean square, which is itself of the order of one.
///
/// ```text
/// ln prior = −Σ (a − ā)² / (2 κ² s²) − (ln s)² / 2,   s² = Σ a² / n
/// ```
///
/// The last term weighs as much as one respondent or less. Without it items that repeat one another, which
/// the answers would have infinitely steep, would take the unit of all others along.
fn add_free_unit(
    layout: &Layout,
    spread: f64,
    natural: &[f64],
    gradient: &mut [f64],
    information: &mut [f64],
) -> f64 {
    let (mean, square) = moments(layout, natural);
    if square < 1e-12 {
        return 0.0;
    }
    let variance = (square - mean * mean).max(0.0);
    let precision = 1.0 / (spread * spread * square);
    let (n, log_unit) = (layout.n_items() as f64, 0.5 * square.ln());
    for i in 0..layout.n_items() {
        let a = natural[layout.natural[i]];
        gradient[layout.natural[i]] -= (a - mean - variance / square * a) * precision;
        gradient[layout.natural[i]] -= log_unit * a / (n * square);
        information[layout.square[i]] += precision;
    }
    -0.5 * (n * variance * precision + log_unit * log_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> ItemPriors {
        let set = PriorSet { intercept: Some(NormalPrior::new(0.0, 3.0)), ..Default::default() };
        ItemPriors { set, free_origin: true, slope_spread: Some(0.5), guessing: None }
    }

    fn value(layout: &Layout, natural: &[f64]) -> (f64, Vec<f64>) {
        let mut gradient = vec![0.0; natural.len()];
        let mut information = vec![0.0; layout.square[layout.n_items()]];
        (free().add(layout, natural, &mut gradient, &mut information), gradient)
    }

    /// With a = d = (1, 2): m = 1, nothing is off; ā = 1.5, s² = 2.5, so −(0.25 + 0.25) / (2 · 0.25 · 2.5); ln s = 0.458145.
    #[test]
    fn two_items_by_hand() {
        let layout = Layout::new(Kind::Logistic, false, &[2, 2]);
        assert!((value(&layout, &[1.0, 1.0, 2.0, 2.0]).0 + 0.4 + 0.104_948_588_165).abs() < 1e-9);
    }

    /// Shifting θ and stretching it moves the items, not their prior, but for the unit's own.
    #[test]
    fn origin_and_unit_do_not_matter() {
        for kind in [Kind::Logistic, Kind::PartialCredit, Kind::Graded] {
            let layout = Layout::new(kind, false, &[3, 3, 3]);
            let size = layout.size(0);
            let natural: Vec<f64> = (0..3 * size).map(|k| (k as f64 * 1.7).sin() + 0.4).collect();
            let mut moved = natural.clone();
            for item in moved.chunks_mut(size) {
                let a = item[0];
                item[0] = a / 1.6;
                for m in 1..size {
                    item[m] += loading(kind, m) * a * 2.3;
                }
            }
            let but_for_unit = |natural: &[f64]| {
                value(&layout, natural).0 + 0.125 * moments(&layout, natural).1.ln().powi(2)
            };
            let before = but_for_unit(&natural);
            assert!((before - but_for_unit(&moved)).abs() < 1e-9 * before.abs(), "{kind:?}");
        }
    }

    #[test]
    fn gradient_is_the_slope_of_the_density() {
        let layout = Layout::new(Kind::PartialCredit, false, &[3, 4, 2]);
        let natural: Vec<f64> = (0..layout.natural[3]).map(|k| (k as f64 * 2.1).cos() * 1.3 + 0.3).collect();
        let (_, gradient) = value(&layout, &natural);
        for k in 0..natural.len() {
            let at = |h: f64| {
                let mut moved = natural.clone();
                moved[k] += h;
                value(&layout, &moved).0
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradient[k]).abs() < 1e-7, "{k}: {slope} against {}", gradient[k]);
        }
    }
}
