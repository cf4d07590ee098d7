//! How are data of leaderboard size made in a moment? Plain matrices, straight into their packed form.

use super::curve::{Curve, ItemModel};
use super::error::{SimulationError, share, within};
use super::item::ItemOptions;
use super::random::{Purpose, normal, source};
use crate::response::matrix::NO_CATEGORY;
use crate::response::{BitMatrix, Cells, Counts, ItemId, Metric, RespondentId, ResponseMatrix};
use ndarray::{Array2, Axis};
use rand::{Rng as _, RngExt};
use rayon::prelude::*;

/// The parameters behind a plain matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkTruth {
    /// The curve of each item, in row order.
    pub items: Vec<Curve>,
    /// The ability of each respondent, in column order; drawn from the standard normal distribution.
    pub abilities: Vec<f64>,
}

/// What plain matrix to make. The defaults make 200 respondents on 100 two-parameter items, none missing.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOptions {
    /// Number of respondents, with standard normal abilities.
    pub n_respondents: usize,
    /// Number of items.
    pub n_items: usize,
    /// The response model.
    pub model: ItemModel,
    /// The distribution of item parameters.
    pub items: ItemOptions,
    /// Attempts at each item; ordered categories are answered once.
    pub repeats: u16,
    /// The probability that a cell is missing.
    pub missing: f64,
    /// The seed of everything random.
    pub seed: u64,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            n_respondents: 200,
            n_items: 100,
            model: ItemModel::TwoParameter,
            items: ItemOptions::default(),
            repeats: 1,
            missing: 0.0,
            seed: 1,
        }
    }
}

/// 2³², the number of values of a 32-bit draw.
const DRAWS: f64 = 4_294_967_296.0;

/// Simulates right and wrong answers, items × respondents; each is given once, whatever the `repeats`.
///
/// Probabilities are rounded to multiples of 2⁻³². Rows are filled in parallel, each from its own stream.
///
/// # Errors
/// A size of 0, a share outside 0 to 1, or a model with ordered categories (for which see
/// [`simulate_matrix`]).
pub fn simulate_bits(options: &BulkOptions) -> Result<(BitMatrix, BulkTruth), SimulationError> {
    let BulkOptions { n_respondents, n_items, model, seed, missing, .. } = *options;
    if !model.is_binary() {
        let reason = "which has ordered categories; use simulate_matrix";
        return Err(SimulationError::Incompatible { name: "model", value: model.to_string(), reason });
    }
    let truth = draw_truth(options)?;
    let lost = (missing * DRAWS) as u64;
    let bits = BitMatrix::from_rows(n_items, n_respondents, |item, value, present| {
        let curve = &truth.items[item];
        let (a, b) = (curve.discrimination, curve.difficulty);
        let (low, high) = curve.asymptotes().unwrap_or((0.0, 1.0));
        let (floor, range) = (low * DRAWS, (high - low) * DRAWS);
        let mut answers = source(seed, Purpose::Answers, item);
        let mut gaps = source(seed, Purpose::Missing, item);
        let columns = truth.abilities.chunks(64).zip(value.iter_mut().zip(present));
        for (abilities, (value, present)) in columns {
            for (bit, theta) in abilities.iter().enumerate() {
                // The curve written out without a branch on the sign: an overflow to ∞ is the floor itself.
                let right = (floor + range / (1.0 + (-a * (theta - b)).exp())) as u64;
                *value |= u64::from(u64::from(answers.next_u32()) < right) << bit;
            }
            *present = u64::MAX;
            if lost > 0 {
                let absent =
                    (0..64).fold(0, |word, bit| word | u64::from(u64::from(gaps.next_u32()) < lost) << bit);
                *present = !absent;
            }
        }
    });
    Ok((bits, truth))
}

/// Simulates a matrix in the form that its model and repeats call for: packed right and wrong, `repeats`
/// attempts counted, or ordered categories at equally spaced scores from 0 to 1.
///
/// Ordered categories are answered once; `repeats` must be 1.
///
/// # Errors
/// As [`simulate_bits`], and repeats of 0 or of ordered categories.
pub fn simulate_matrix(options: &BulkOptions) -> Result<(ResponseMatrix, BulkTruth), SimulationError> {
    let BulkOptions { n_respondents, n_items, model, repeats, seed, missing, .. } = *options;
    within("repeats", f64::from(repeats), 1.0, if model.is_binary() { f64::from(u16::MAX) } else { 1.0 })?;
    if model.is_binary() && repeats == 1 {
        let (bits, truth) = simulate_bits(options)?;
        return Ok((ResponseMatrix::from_bits(bits), truth));
    }
    let truth = draw_truth(options)?;
    let shape = (n_items, n_respondents);
    let cells = if model.is_binary() {
        let mut correct = Array2::<u16>::zeros(shape);
        fill(&mut correct, &truth, seed, missing, u16::MAX, |p, rng| {
            (0..repeats).map(|_| u16::from(rng.random::<f64>() < p[1])).sum()
        });
        let trials = correct.mapv(|k| if k == u16::MAX { 0 } else { repeats });
        correct.mapv_inplace(|k| if k == u16::MAX { 0 } else { k });
        Cells::Counts(Counts { correct, trials })
    } else {
        let top = model.n_categories() - 1;
        let mut level = Array2::<u8>::zeros(shape);
        fill(&mut level, &truth, seed, missing, NO_CATEGORY, |p, rng| {
            let u: f64 = rng.random();
            let mut below = 0.0;
            let reached = |p: &f64| {
                below += p;
                u < below
            };
            p.iter().position(reached).unwrap_or(top) as u8
        });
        Cells::Categories { level, levels: (0..=top).map(|k| k as f32 / top as f32).collect() }
    };
    let respondents: Vec<RespondentId> = (0..n_respondents).map(|r| format!("m{r}").into()).collect();
    let items: Vec<ItemId> = (0..n_items).map(|i| format!("i{i}").into()).collect();
    let metric = Metric::new("benchmark", if model.is_binary() { "acc" } else { "score" }, None);
    let none = vec![None; n_items];
    Ok((ResponseMatrix::new("benchmark", metric, respondents, items, &none, cells, None), truth))
}

fn draw_truth(options: &BulkOptions) -> Result<BulkTruth, SimulationError> {
    let BulkOptions { n_respondents, n_items, model, seed, missing, .. } = *options;
    within("n_respondents", n_respondents as f64, 1.0, 1e7)?;
    within("n_items", n_items as f64, 1.0, 1e7)?;
    share("missing", missing)?;
    model.validate()?;
    options.items.validate()?;
    let items = (0..n_items)
        .into_par_iter()
        .map(|i| options.items.draw(model, None, &mut source(seed, Purpose::Items, i + 1)))
        .collect();
    let mut rng = source(seed, Purpose::Models, 0);
    let abilities = (0..n_respondents).map(|_| normal(&mut rng)).collect();
    Ok(BulkTruth { items, abilities })
}

/// Fills a matrix row by row in parallel, `gap` where missing.
fn fill<T: Copy + Send + Sync>(
    cells: &mut Array2<T>,
    truth: &BulkTruth,
    seed: u64,
    missing: f64,
    gap: T,
    draw: impl Fn(&[f64], &mut crate::numeric::random::Rng) -> T + Sync,
) {
    cells.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(item, mut row)| {
        let mut answers = source(seed, Purpose::Answers, item);
        let mut gaps = source(seed, Purpose::Missing, item);
        for (cell, theta) in row.iter_mut().zip(&truth.abilities) {
            let drawn = draw(&truth.items[item].probabilities(*theta), &mut answers);
            *cell = if gaps.random::<f64>() < missing { gap } else { drawn };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n_respondents: usize, n_items: usize, model: ItemModel, seed: u64) -> BulkOptions {
        BulkOptions { n_respondents, n_items, model, seed, ..Default::default() }
    }

    /// Each item's count of right answers against the sum of its probabilities: within 4.5 standard errors of
    /// a sum of independent trials (250 items: one beyond it in 600 seeds).
    #[test]
    fn items_are_right_as_often_as_their_curves_say() {
        for model in [
            ItemModel::Rasch,
            ItemModel::OneParameter,
            ItemModel::TwoParameter,
            ItemModel::ThreeParameter,
            ItemModel::FourParameter,
        ] {
            let (bits, truth) = simulate_bits(&of(2000, 50, model, 3)).unwrap();
            assert!(bits.is_complete());
            for (i, curve) in truth.items.iter().enumerate() {
                let p: Vec<f64> = truth.abilities.iter().map(|t| curve.expected_score(*t)).collect();
                let sd = p.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt();
                let z = (f64::from(bits.row_counts(i).0) - p.iter().sum::<f64>()) / sd;
                assert!(z.abs() < 4.5, "{model} item {i}: {z}");
            }
        }
    }

    #[test]
    fn the_share_asked_for_is_missing_and_the_rest_unchanged() {
        let options = of(1000, 100, ItemModel::TwoParameter, 3);
        let (full, _) = simulate_bits(&options).unwrap();
        let (some, _) = simulate_bits(&BulkOptions { missing: 0.3, ..options }).unwrap();
        let share = 1.0 - some.n_present() as f64 / 1e5;
        assert!((share - 0.3).abs() < 4.0 * (0.21f64 / 1e5).sqrt(), "{share}");
        for i in 0..100 {
            for r in 0..1000 {
                assert!(some.get(i, r).is_none() || some.get(i, r) == full.get(i, r));
            }
        }
        let (none, _) =
            simulate_bits(&BulkOptions { missing: 1.0, ..of(70, 3, ItemModel::Rasch, 3) }).unwrap();
        assert_eq!(none.n_present(), 0);
    }

    #[test]
    fn counts_and_categories_follow_their_curves() {
        let options = of(1500, 20, ItemModel::TwoParameter, 5);
        let (counts, truth) = simulate_matrix(&BulkOptions { repeats: 8, missing: 0.1, ..options }).unwrap();
        let Cells::Counts(c) = counts.cells() else { panic!("not counts") };
        for (i, curve) in truth.items.iter().enumerate() {
            let (mut got, mut expected, mut variance) = (0.0, 0.0, 0.0);
            for (r, theta) in truth.abilities.iter().enumerate() {
                let (p, n) = (curve.expected_score(*theta), f64::from(c.trials[[i, r]]));
                got += f64::from(c.correct[[i, r]]);
                expected += n * p;
                variance += n * p * (1.0 - p);
            }
            assert!((got - expected).abs() < 4.5 * f64::sqrt(variance), "item {i}");
        }
        for model in [ItemModel::Graded { n_categories: 4 }, ItemModel::PartialCredit { n_categories: 4 }] {
            let (graded, truth) = simulate_matrix(&of(3000, 10, model, 5)).unwrap();
            let Cells::Categories { level, levels } = graded.cells() else { panic!("not categories") };
            assert_eq!(levels, &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
            for (i, curve) in truth.items.iter().enumerate() {
                for k in 0..4u8 {
                    let got = level.row(i).iter().filter(|l| **l == k).count() as f64;
                    let p: Vec<f64> =
                        truth.abilities.iter().map(|t| curve.probabilities(*t)[k as usize]).collect();
                    let sd = p.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt();
                    assert!((got - p.iter().sum::<f64>()).abs() < 4.5 * sd, "{model} item {i} category {k}");
                }
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let with = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| {
                let bits =
                    simulate_bits(&BulkOptions { missing: 0.2, ..of(300, 40, ItemModel::FourParameter, 9) })
                        .unwrap();
                let matrix = simulate_matrix(&BulkOptions {
                    repeats: 3,
                    missing: 0.2,
                    ..of(90, 40, ItemModel::Rasch, 9)
                })
                .unwrap();
                (bits, matrix)
            })
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let bits = |n, model, missing| {
            simulate_bits(&BulkOptions { missing, ..of(n, 3, model, 1) }).unwrap_err().to_string()
        };
        assert_eq!(bits(0, ItemModel::Rasch, 0.0), "n_respondents is 0; it must be between 1 and 10000000");
        assert_eq!(bits(5, ItemModel::Rasch, 1.2), "missing is 1.2; it must be between 0 and 1");
        assert!(bits(5, ItemModel::Graded { n_categories: 3 }, 0.0).contains("simulate_matrix"));
        assert!(
            simulate_matrix(&BulkOptions {
                repeats: 2,
                ..of(5, 3, ItemModel::Graded { n_categories: 3 }, 1)
            })
            .is_err()
        );
    }
}
