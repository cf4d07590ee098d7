//! What does the item response engine say of tables that hold little or nothing? A result or a reason, never a
//! panic, a NaN or an endless loop; and the same whatever the number of threads.

use evalgauge::irt::{self, Exclusion, IrtError, IrtFit, IrtOptions, Model, Priors, Warning};
use evalgauge::numeric::Estimate;
use evalgauge::response::ResponseMatrix;
use evalgauge::simulate::{BulkOptions, ItemModel, simulate_bits, simulate_matrix};

const ALL: [Model; 7] = Model::ALL;

/// Rows are respondents.
fn table(
    n_respondents: usize,
    n_items: usize,
    cell: impl Fn(usize, usize) -> Option<bool>,
) -> ResponseMatrix {
    let rows: Vec<Vec<Option<bool>>> =
        (0..n_respondents).map(|r| (0..n_items).map(|i| cell(r, i)).collect()).collect();
    ResponseMatrix::from_rows(&rows)
}

/// Answers of a two-parameter model.
fn ordinary(n_respondents: usize, n_items: usize) -> Vec<Vec<Option<bool>>> {
    let options = BulkOptions { n_respondents, n_items, ..Default::default() };
    let (bits, _) = simulate_bits(&options).unwrap();
    (0..n_respondents).map(|r| (0..n_items).map(|i| bits.get(i, r)).collect()).collect()
}

fn options(model: Model, priors: Priors) -> IrtOptions {
    IrtOptions { model: Some(model), priors, force_model: true, ..Default::default() }
}

fn finite(e: &Estimate) -> bool {
    e.value.is_finite()
        && e.std_error.is_none_or(f64::is_finite)
        && e.low().is_none_or(f64::is_finite)
        && e.high().is_none_or(f64::is_finite)
}

/// Every number of a fit is a number.
fn sound(fit: &IrtFit) -> Result<(), String> {
    let number = |ok: bool, what: &str| if ok { Ok(()) } else { Err(format!("{what} is not finite")) };
    number(fit.log_likelihood.is_finite() && fit.log_prior.is_finite(), "log-likelihood")?;
    for item in &fit.items {
        number(finite(&item.discrimination), "slope")?;
        number(item.intercepts.iter().all(finite), "intercept")?;
        number(item.guessing.iter().chain(&item.upper).all(finite), "asymptote")?;
        // A difficulty is −d/a: without a slope there is none.
        let flat = item.discrimination.value.abs() < 1e-6;
        number(flat || finite(&item.location), "location")?;
    }
    for ability in &fit.abilities {
        number(finite(&ability.eap), "EAP")?;
        let others = [&ability.map, &ability.ml, &ability.wle];
        number(others.into_iter().flatten().all(finite), "ability")?;
        number(ability.person_fit.is_none_or(f64::is_finite), "person fit")?;
    }
    Ok(())
}

/// Fits every model with and without priors; all that comes back must be sound.
fn every_model(name: &str, matrix: &ResponseMatrix) -> Vec<(Model, Priors, Result<IrtFit, IrtError>)> {
    let mut out = Vec::new();
    for model in ALL {
        for priors in [Priors::Default, Priors::None] {
            let fit = irt::fit(matrix, &options(model, priors));
            if let Ok(fit) = &fit {
                sound(fit).unwrap_or_else(|e| panic!("{name}, {model}, {priors:?}: {e}"));
                if let Ok(items) = irt::item_fit(fit, matrix) {
                    drop(items);
                }
                drop(irt::local_dependence(fit, matrix, 0.2));
            }
            out.push((model, priors, fit));
        }
    }
    out
}

#[test]
fn one_item_or_one_respondent_is_refused_with_a_reason() {
    for (_, _, fit) in every_model("one item", &table(40, 1, |r, _| Some(r % 3 == 0))) {
        assert_eq!(fit.unwrap_err(), IrtError::OneItem);
    }
    for (_, _, fit) in every_model("one respondent", &table(1, 30, |_, i| Some(i % 3 == 0))) {
        let message = fit.unwrap_err().to_string();
        assert!(message.contains("respondent") || message.contains("item"), "{message}");
    }
}

#[test]
fn nothing_at_all_is_refused() {
    for (name, matrix) in [
        ("no cell", table(20, 10, |_, _| None)),
        ("no item", table(20, 0, |_, _| None)),
        ("no respondent", table(0, 0, |_, _| None)),
    ] {
        for (_, _, fit) in every_model(name, &matrix) {
            let error = fit.expect_err(name);
            assert!(matches!(error, IrtError::Empty { .. } | IrtError::TooFewRespondents { .. }), "{error}");
        }
    }
}

/// With priors everyone gets a finite place; without them constant items are set aside and nothing is left.
#[test]
fn all_right_and_all_wrong_say_so() {
    for value in [true, false] {
        for (model, priors, fit) in every_model("constant", &table(40, 12, |_, _| Some(value))) {
            match (priors, fit) {
                (Priors::None, Err(IrtError::Empty { items: 0, .. })) => {}
                (Priors::None, other) if !model.is_ordinal() => panic!("{model}: {other:?}"),
                (_, Ok(fit)) => {
                    let told = fit.warnings.iter().any(|w| matches!(w, Warning::Constant { n_items: 12 }));
                    assert!(told || model.is_ordinal(), "{model}: {:?}", fit.warnings);
                }
                (_, Err(_)) => {}
            }
        }
    }
}

#[test]
fn a_missing_column_and_a_missing_row_are_set_aside_and_listed() {
    let rows = ordinary(60, 12);
    let matrix = table(60, 12, |r, i| rows[r][i].filter(|_| i != 4 && r != 7));
    for (model, _, fit) in every_model("missing column", &matrix) {
        let fit = fit.unwrap();
        assert_eq!(fit.excluded_items.len(), 1, "{model}");
        assert_eq!((fit.excluded_items[0].index, fit.excluded_items[0].reason), (4, Exclusion::NoResponses));
        assert_eq!((fit.excluded_respondents.len(), fit.excluded_respondents[0].index), (1, 7));
        assert_eq!((fit.items.len(), fit.abilities.len()), (11, 59));
    }
}

#[test]
fn duplicated_respondents_and_items_are_found() {
    // Thirty respondents, the last fifteen copies of one. Half the table being copies, their answers are most of what
    // the items are judged by: it takes some hundred items to see more agreement
    // than accuracy explains.
    let rows = ordinary(30, 200);
    let copies = table(30, 200, |r, i| rows[r.min(15)][i]);
    for model in [Model::Rasch, Model::TwoParameter] {
        let fit = irt::fit(&copies, &options(model, Priors::Default)).unwrap();
        sound(&fit).unwrap();
        assert!(fit.effective_respondents < 20.0, "{model}: {}", fit.effective_respondents);
        assert!(fit.warnings.iter().any(|w| matches!(w, Warning::Clones { .. })), "{model}");
    }
    // One item six times: a slope without end where nothing holds it.
    let rows = ordinary(30, 24);
    let repeated = table(30, 24, |r, i| rows[r][if i < 6 { 0 } else { i }]);
    for (_, priors, fit) in every_model("repeated item", &repeated) {
        let fit = fit.unwrap();
        if priors == Priors::Default {
            assert!(fit.items.iter().all(|i| i.discrimination.value.abs() < 30.0));
        }
    }
}

#[test]
fn a_perfect_guttman_pattern_ends() {
    for (model, priors, fit) in every_model("Guttman", &table(17, 16, |r, i| Some(i < r))) {
        let Ok(fit) = fit else { continue };
        let order: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
        if priors == Priors::Default {
            assert!(order.windows(2).all(|w| w[1] > w[0] - 1e-6), "{model}: {order:?}");
        }
    }
}

#[test]
fn a_disconnected_design_is_named() {
    let rows = ordinary(60, 30);
    let matrix = table(60, 30, |r, i| rows[r][i].filter(|_| (r < 30) == (i < 15)));
    for (model, _, fit) in every_model("two blocks", &matrix) {
        let fit = fit.unwrap();
        let groups = fit.warnings.iter().find_map(|w| match w {
            Warning::Disconnected { groups } => Some(groups.iter().map(|g| (g.n_items, g.n_respondents))),
            _ => None,
        });
        let groups: Vec<_> = groups.unwrap_or_else(|| panic!("{model}: {:?}", fit.warnings)).collect();
        // Without priors an item that all got right is not among them.
        let items: usize = groups.iter().map(|g| g.0).sum();
        assert_eq!((groups.len(), items), (2, fit.items.len()), "{model}");
        assert!(groups.iter().all(|g| g.1 == 30), "{model}: {groups:?}");
    }
}

/// Binomial cells, categories, gaps: the bits of the result do not depend on how the work is shared.
#[test]
fn the_number_of_threads_changes_nothing() {
    let cases = [
        (Model::TwoParameter, ItemModel::TwoParameter, 1, 0.0),
        (Model::TwoParameter, ItemModel::TwoParameter, 1, 0.3),
        (Model::TwoParameter, ItemModel::TwoParameter, 4, 0.1),
        (Model::ThreeParameter, ItemModel::ThreeParameter, 1, 0.0),
        (Model::Graded, ItemModel::Graded { n_categories: 4 }, 1, 0.1),
        (Model::Rasch, ItemModel::Rasch, 1, 0.2),
    ];
    for (model, truth, repeats, missing) in cases {
        let drawn = BulkOptions {
            n_respondents: 230,
            n_items: 90,
            model: truth,
            repeats,
            missing,
            ..Default::default()
        };
        let (matrix, _) = simulate_matrix(&drawn).unwrap();
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| irt::fit(&matrix, &options(model, Priors::Default)).unwrap())
        };
        assert_eq!(with(1), with(3), "{model}, {repeats} repeats, {missing} missing");
    }
}
