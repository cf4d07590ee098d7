//! How long does an item response fit take, with standard errors and scores, reading aside? And is it right?

use crate::LEADERBOARD;
use crate::once::Case;
use evalgauge::irt::{self, IrtFit, IrtOptions, Model};
use evalgauge::numeric::Estimate;
use evalgauge::simulate::{BulkOptions, BulkTruth, ItemModel, ItemOptions, simulate_matrix};

/// The sizes that are promised, and studies of fresh simulations.
pub const CASES: [Case; 16] = [
    Case { name: "irt_2pl_400x500", prepare: || job(Model::TwoParameter, (400, 500), 0.0) },
    Case { name: "irt_2pl_400x10000", prepare: || job(Model::TwoParameter, (400, 10_000), 0.0) },
    Case { name: "irt_2pl_2211x12032", prepare: || job(Model::TwoParameter, LEADERBOARD, 0.0) },
    Case { name: "irt_2pl_2000x20000_sparse", prepare: || job(Model::TwoParameter, (2000, 20_000), 0.7) },
    Case { name: "irt_2pl_100000x200", prepare: || job(Model::TwoParameter, (100_000, 200), 0.0) },
    Case { name: "irt_2pl_40x5000", prepare: || job(Model::TwoParameter, (40, 5000), 0.0) },
    Case { name: "irt_rasch_2211x12032", prepare: || job(Model::Rasch, LEADERBOARD, 0.0) },
    Case { name: "irt_3pl_2000x100", prepare: || job(Model::ThreeParameter, (2000, 100), 0.0) },
    Case { name: "irt_3pl_2211x12032", prepare: || job(Model::ThreeParameter, LEADERBOARD, 0.0) },
    Case { name: "irt_4pl_2211x1203", prepare: || job(Model::FourParameter, (2211, 1203), 0.0) },
    Case { name: "irt_grm_1000x20", prepare: || job(Model::Graded, (1000, 20), 0.0) },
    Case { name: "irt_grm_2211x12032", prepare: || job(Model::Graded, LEADERBOARD, 0.0) },
    Case { name: "irt_gpcm_1000x200", prepare: || job(Model::PartialCredit, (1000, 200), 0.0) },
    Case { name: "irt_study_coverage_400x500", prepare: || study(Model::TwoParameter, (400, 500), 100) },
    Case { name: "irt_study_coverage_400x10000", prepare: || study(Model::TwoParameter, (400, 10_000), 20) },
    Case { name: "irt_study_3pl_2000x100", prepare: || study(Model::ThreeParameter, (2000, 100), 20) },
];

/// Items as in the reference data: slopes of spread 0.4, difficulties of spread 1.2, guessing 0.25.
fn drawn(model: Model, (n_respondents, n_items): (usize, usize), missing: f64, seed: u64) -> BulkOptions {
    let model = match model {
        Model::Rasch => ItemModel::Rasch,
        Model::ThreeParameter => ItemModel::ThreeParameter,
        Model::FourParameter => ItemModel::FourParameter,
        Model::Graded => ItemModel::Graded { n_categories: 5 },
        Model::PartialCredit => ItemModel::PartialCredit { n_categories: 5 },
        _ => ItemModel::TwoParameter,
    };
    let items = ItemOptions {
        log_discrimination_sd: 0.4,
        difficulty_sd: 1.2,
        guessing: Some(0.25),
        guessing_logit_sd: 0.0,
        ..Default::default()
    };
    BulkOptions { n_respondents, n_items, model, items, missing, seed, ..Default::default() }
}

fn job(model: Model, shape: (usize, usize), missing: f64) -> Box<dyn FnOnce() -> String> {
    let (matrix, _) = simulate_matrix(&drawn(model, shape, missing, 1)).expect("sizes that make sense");
    let options = IrtOptions { model: Some(model), ..Default::default() };
    Box::new(move || match irt::fit(&matrix, &options) {
        Ok(fit) => format!(
            "{:?}, {} iterations, log-likelihood {:.4}",
            fit.convergence.reason, fit.convergence.iterations, fit.log_likelihood
        ),
        Err(error) => error.to_string(),
    })
}

/// Errors and coverage of nominal 95 % intervals over fresh simulations with the default priors.
fn study(model: Model, shape: (usize, usize), n_seeds: u64) -> Box<dyn FnOnce() -> String> {
    Box::new(move || {
        let mut converged = 0;
        let mut of = [Tally::default(), Tally::default(), Tally::default(), Tally::default()];
        let (mut scaled, mut held) = (Vec::new(), Vec::new());
        for seed in 1..=n_seeds {
            let (matrix, truth) = simulate_matrix(&drawn(model, shape, 0.0, 100 + seed)).expect("sizes");
            let options = IrtOptions { model: Some(model), ..Default::default() };
            let Ok(fit) = irt::fit(&matrix, &options) else { continue };
            converged += usize::from(fit.convergence.converged());
            let (error, coverage) = rescaled(&fit, &truth);
            scaled.push(error);
            held.push(coverage);
            for (ability, truth) in fit.abilities.iter().zip(&truth.abilities) {
                of[0].add(&ability.eap, *truth);
            }
            for (item, curve) in fit.items.iter().zip(&truth.items) {
                of[1].add(&item.discrimination, curve.discrimination);
                of[2].add(&item.intercepts[0], -curve.discrimination * curve.difficulty);
                of[3].add(&item.difficulties[0], curve.difficulty);
            }
        }
        let [theta, a, d, b] = of.map(|t| t.sums_up());
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
        let (error, coverage) = (mean(&scaled), 100.0 * mean(&held));
        format!(
            "{converged} of {n_seeds} converged; θ {theta} (rescaled rmse {error:.4} coverage \
             {coverage:.1} %), a {a}, d {d}, b {b}"
        )
    })
}

/// Root mean square error of abilities, and coverage of their intervals, after the line that fits best: origin and
/// unit are those of the respondents at hand, whose mean and spread differ from the population's by chance.
fn rescaled(fit: &IrtFit, truth: &BulkTruth) -> (f64, f64) {
    let x: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
    let (n, y) = (x.len() as f64, &truth.abilities);
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sxy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let sxx: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    let line = |x: f64| my + sxy / sxx * (x - mx);
    let squares: f64 = x.iter().zip(y).map(|(x, y)| (y - line(*x)).powi(2)).sum();
    let held = fit.abilities.iter().zip(y).filter(|(ability, y)| {
        let interval = &ability.eap.interval;
        interval.as_ref().is_some_and(|i| (line(i.low)..=line(i.high)).contains(*y))
    });
    ((squares / n).sqrt(), held.count() as f64 / n)
}

#[derive(Default)]
struct Tally {
    n: usize,
    without: usize,
    covered: usize,
    squares: f64,
}

impl Tally {
    fn add(&mut self, estimate: &Estimate, truth: f64) {
        self.squares += (estimate.value - truth).powi(2);
        self.n += 1;
        match &estimate.interval {
            Some(interval) => self.covered += usize::from(interval.contains(truth)),
            None => self.without += 1,
        }
    }

    fn sums_up(&self) -> String {
        let n = (self.n - self.without).max(1) as f64;
        let rmse = (self.squares / self.n.max(1) as f64).sqrt();
        format!("rmse {rmse:.3} coverage {:.1} % of {n}", 100.0 * self.covered as f64 / n)
    }
}
