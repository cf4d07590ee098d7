//! How long does an item response fit take, with standard errors and scores, reading aside?

use crate::LEADERBOARD;
use crate::once::Case;
use evalgauge::irt::{self, IrtOptions, Model};
use evalgauge::simulate::{ItemModel, simulate_matrix};

/// The sizes that are promised.
pub const CASES: [Case; 10] = [
    Case { name: "irt_2pl_400x500", prepare: || job(Model::TwoParameter, (400, 500), 0.0) },
    Case { name: "irt_2pl_400x10000", prepare: || job(Model::TwoParameter, (400, 10_000), 0.0) },
    Case { name: "irt_2pl_2211x12032", prepare: || job(Model::TwoParameter, LEADERBOARD, 0.0) },
    Case { name: "irt_2pl_2000x20000_sparse", prepare: || job(Model::TwoParameter, (2000, 20_000), 0.7) },
    Case { name: "irt_2pl_100000x200", prepare: || job(Model::TwoParameter, (100_000, 200), 0.0) },
    Case { name: "irt_rasch_2211x12032", prepare: || job(Model::Rasch, LEADERBOARD, 0.0) },
    Case { name: "irt_3pl_2000x100", prepare: || job(Model::ThreeParameter, (2000, 100), 0.0) },
    Case { name: "irt_3pl_2211x12032", prepare: || job(Model::ThreeParameter, LEADERBOARD, 0.0) },
    Case { name: "irt_grm_1000x20", prepare: || job(Model::Graded, (1000, 20), 0.0) },
    Case { name: "irt_grm_2211x12032", prepare: || job(Model::Graded, LEADERBOARD, 0.0) },
];

fn job(model: Model, (respondents, items): (usize, usize), missing: f64) -> Box<dyn FnOnce() -> String> {
    let truth = match model {
        Model::Rasch => ItemModel::Rasch,
        Model::ThreeParameter => ItemModel::ThreeParameter,
        Model::Graded => ItemModel::Graded { n_categories: 5 },
        _ => ItemModel::TwoParameter,
    };
    let (matrix, _) =
        simulate_matrix(respondents, items, truth, 1, 1, missing).expect("sizes that make sense");
    let options = IrtOptions { model: Some(model), ..Default::default() };
    Box::new(move || match irt::fit(&matrix, &options) {
        Ok(fit) => format!(
            "{:?}, {} iterations, log-likelihood {:.4}",
            fit.convergence.reason, fit.convergence.iterations, fit.log_likelihood
        ),
        Err(error) => error.to_string(),
    })
}
