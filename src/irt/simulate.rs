//! What would a fit see if the truth were known? Answers drawn from a model.

use super::curve::point::Point;
use super::model::Model;
use super::score::curve_of;
use super::{ItemParameters, curve::Kind};
use crate::numeric::Estimate;
use crate::numeric::random::{Rng, stream};
use crate::response::matrix::NO_CATEGORY;
use crate::response::{BitMatrix, Cells, Metric, ResponseMatrix};
use ndarray::Array2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// What to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationOptions {
    /// The model.
    pub model: Model,
    /// Respondents, `θ ~ N(0, 1)`.
    pub n_respondents: usize,
    /// Items, `b ~ N(0, difficulty_sd²)` and `ln a ~ N(0, log_slope_sd²)`.
    pub n_items: usize,
    /// Spread of difficulties.
    pub difficulty_sd: f64,
    /// Spread of log-slopes; 0 under the models with one slope.
    pub log_slope_sd: f64,
    /// `c` of the models that have it.
    pub guessing: f64,
    /// Categories of the models that have more than two.
    pub n_levels: usize,
    /// Share of cells left out at random.
    pub missing: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            model: Model::TwoParameter,
            n_respondents: 200,
            n_items: 100,
            difficulty_sd: 1.2,
            log_slope_sd: 0.4,
            guessing: 0.25,
            n_levels: 5,
            missing: 0.0,
            seed: 1,
        }
    }
}

/// Answers with the truth behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The answers.
    pub matrix: ResponseMatrix,
    /// True item parameters, without uncertainty.
    pub items: Vec<ItemParameters>,
    /// True abilities.
    pub abilities: Vec<f64>,
}

/// Draws answers from a model. Each item has a random stream of its own.
pub fn simulate(options: &SimulationOptions) -> Simulation {
    let normal = |rng: &mut Rng| -> f64 { StandardNormal.sample(rng) };
    let mut rng = stream(options.seed, 0);
    let abilities: Vec<f64> = (0..options.n_respondents).map(|_| normal(&mut rng)).collect();
    let drawn: Vec<(ItemParameters, Vec<u8>)> = (0..options.n_items)
        .into_par_iter()
        .map(|i| {
            let mut rng = stream(options.seed, i as u64 + 1);
            let sd = if options.model.has_common_slope() { 0.0 } else { options.log_slope_sd };
            let a = (sd * normal(&mut rng)).exp();
            let b = options.difficulty_sd * normal(&mut rng);
            let item = truth(options, i, a, b);
            let (kind, p) = curve_of(options.model, &item);
            let mut point = Point::default();
            let answers = abilities
                .iter()
                .map(|t| {
                    if rng.random::<f64>() < options.missing {
                        return NO_CATEGORY;
                    }
                    point.fill(kind, &p, *t);
                    let mut u = rng.random::<f64>();
                    let mut k = 0;
                    while k + 1 < point.p.len() && u >= point.p[k] {
                        u -= point.p[k];
                        k += 1;
                    }
                    k as u8
                })
                .collect();
            (item, answers)
        })
        .collect();
    let answer = |i: usize, r: usize| drawn[i].1[r];
    let cells = match options.model.is_ordinal() {
        false => Cells::Binary(BitMatrix::from_fn(options.n_items, options.n_respondents, |i, r| {
            (answer(i, r) != NO_CATEGORY).then_some(answer(i, r) == 1)
        })),
        true => Cells::Categories {
            level: Array2::from_shape_fn((options.n_items, options.n_respondents), |(i, r)| answer(i, r)),
            levels: (0..options.n_levels).map(|k| k as f32).collect(),
        },
    };
    let matrix = ResponseMatrix::new(
        "simulated",
        Metric::new("simulated", "acc", None),
        (0..options.n_respondents).map(|r| format!("m{}", r + 1).into()).collect(),
        drawn.iter().map(|(item, _)| item.item.clone()).collect(),
        &vec![None; options.n_items],
        cells,
        None,
    );
    Simulation { matrix, items: drawn.into_iter().map(|(item, _)| item).collect(), abilities }
}

/// The true parameters of one item; thresholds of categories lie one unit of ability apart around `b`.
fn truth(options: &SimulationOptions, i: usize, a: f64, b: f64) -> ItemParameters {
    let ordinal = options.model.is_ordinal();
    let steps = if ordinal { options.n_levels - 1 } else { 1 };
    let at = |k: usize| b + (k as f64 - (steps as f64 - 1.0) / 2.0);
    let difficulties: Vec<f64> = (0..steps).map(at).collect();
    let mut intercepts: Vec<f64> = difficulties.iter().map(|b| -a * b).collect();
    if Kind::of(options.model, ordinal) == Kind::PartialCredit {
        (1..steps).for_each(|k| intercepts[k] += intercepts[k - 1]);
    }
    let floor = matches!(options.model, Model::ThreeParameter | Model::FourParameter);
    ItemParameters {
        item: format!("i{}", i + 1).into(),
        index: i,
        discrimination: Estimate::bare(a),
        intercepts: intercepts.into_iter().map(Estimate::bare).collect(),
        difficulties: difficulties.into_iter().map(Estimate::bare).collect(),
        location: Estimate::bare(b),
        guessing: floor.then(|| Estimate::bare(options.guessing)),
        upper: (options.model == Model::FourParameter).then(|| Estimate::bare(0.97)),
        covariance: None,
        n_responses: options.n_respondents,
        levels: if ordinal { (0..options.n_levels as u8).collect() } else { Vec::new() },
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_all_that_matters() {
        let options = SimulationOptions { n_respondents: 40, n_items: 10, ..Default::default() };
        assert_eq!(simulate(&options), simulate(&options));
        assert_ne!(simulate(&options).matrix, simulate(&SimulationOptions { seed: 2, ..options }).matrix);
    }

    #[test]
    fn shares_of_success_follow_the_curve() {
        let options = SimulationOptions { n_respondents: 20_000, n_items: 3, ..Default::default() };
        let drawn = simulate(&options);
        for (i, (right, n)) in drawn.matrix.item_totals().into_iter().enumerate() {
            let expected: f64 = drawn
                .abilities
                .iter()
                .map(|t| super::super::score::probabilities(options.model, &drawn.items[i], *t)[1])
                .sum();
            assert!((right - expected).abs() < 4.0 * (n as f64 * 0.25).sqrt());
        }
    }
}
