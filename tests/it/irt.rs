//! Does the item response engine agree with R mirt 1.45.1, and is it right where fixed quadrature is not?
//!
//! Inputs and outputs of the reference lie in `../shared/vectors/irt`; its README names calls and versions, and
//! which of its figures are no targets because the reference itself warned about them.

use crate::shared::shared;
use evalgauge::irt::{self, IrtFit, IrtOptions, Model, NormalPrior, PriorSet, Priors};
use evalgauge::response::matrix::NO_CATEGORY;
use evalgauge::response::{Cells, Metric, ResponseMatrix};
use ndarray::Array2;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Rows of a CSV file; quotes are dropped, no field of these files holds a comma.
fn csv(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|l| l.split(',').map(|f| f.trim_matches('"').to_owned()).collect()).collect()
}

/// The matrix of a data file: respondents in rows, empty cells missing, categories counted from the lowest.
pub fn matrix(path: &Path) -> ResponseMatrix {
    let rows = csv(path);
    let (items, rows) = (&rows[0], &rows[1..]);
    let value = |i: usize, r: usize| rows[r].get(i).and_then(|v| v.parse::<i64>().ok());
    let all = || rows.iter().flatten().filter_map(|v| v.parse::<i64>().ok());
    let (low, high) = (all().min().unwrap(), all().max().unwrap());
    let cells = if high - low == 1 {
        Cells::Binary(evalgauge::response::BitMatrix::from_fn(items.len(), rows.len(), |i, r| {
            value(i, r).map(|v| v == high)
        }))
    } else {
        Cells::Categories {
            level: Array2::from_shape_fn((items.len(), rows.len()), |(i, r)| {
                value(i, r).map_or(NO_CATEGORY, |v| (v - low) as u8)
            }),
            levels: (low..=high).map(|v| v as f32).collect(),
        }
    };
    ResponseMatrix::new(
        "golden",
        Metric::new("golden", "acc", None),
        (0..rows.len()).map(|r| format!("m{r}").into()).collect(),
        items.iter().map(|i| i.as_str().into()).collect(),
        &vec![None; items.len()],
        cells,
        None,
    )
}

struct Case {
    name: &'static str,
    model: Model,
    log_likelihood: f64,
    guessing: Option<NormalPrior>,
    /// Parameters are identified well enough to be compared one by one.
    identified: bool,
}

const fn case(name: &'static str, model: Model, log_likelihood: f64) -> Case {
    Case { name, model, log_likelihood, guessing: None, identified: true }
}

const CASES: [Case; 13] = [
    case("LSAT7_2PL", Model::TwoParameter, -2658.80511363),
    case("LSAT7_Rasch", Model::Rasch, -2664.90089095),
    case("LSAT6_2PL", Model::TwoParameter, -2466.65337751),
    case("LSAT6_Rasch", Model::Rasch, -2466.93759959),
    Case {
        guessing: Some(NormalPrior::new(-1.1, 2.0)),
        identified: false,
        ..case("LSAT7_3PL_prior", Model::ThreeParameter, -2658.6749108 - 8.333277116)
    },
    case("Science_graded", Model::Graded, -1608.86941313),
    Case { identified: false, ..case("Science_gpcm", Model::PartialCredit, -1612.68159968) },
    case("Science_pcm", Model::Rasch, -1619.2741009),
    case("SAT12_2PL", Model::TwoParameter, -9488.95501302),
    case("W1sub300x20_2PL", Model::TwoParameter, -3056.3158468),
    case("W1sub300x20_miss20_2PL", Model::TwoParameter, -2469.24807727),
    Case {
        guessing: Some(NormalPrior::new(-1.1, 0.5)),
        ..case("W4sub2000x20_3PL_prior", Model::ThreeParameter, -22405.9459678 - 5.682314033)
    },
    case("W5sub500x10_graded", Model::Graded, -7344.71015955),
];

fn options(case: &Case) -> IrtOptions {
    let priors = match case.guessing {
        Some(prior) => Priors::Given(PriorSet { guessing: Some(prior), ..Default::default() }),
        None => Priors::None,
    };
    IrtOptions { model: Some(case.model), priors, tolerance: 1e-9, ..Default::default() }
}

fn folder() -> Option<PathBuf> {
    shared("vectors/irt")
}

fn fitted(folder: &Path, case: &Case) -> (ResponseMatrix, IrtFit) {
    let m = matrix(&folder.join(format!("{}.data.csv", case.name)));
    let fit = irt::fit(&m, &options(case)).unwrap();
    (m, fit)
}

#[test]
fn log_likelihoods_are_at_least_those_of_the_reference() {
    let Some(folder) = folder() else { return };
    for case in &CASES {
        let (_, fit) = fitted(&folder, case);
        let got = fit.log_likelihood + fit.log_prior;
        assert!(fit.convergence.converged(), "{}: {:?}", case.name, fit.convergence);
        assert!(got >= case.log_likelihood - 1e-4, "{}: {got} against {}", case.name, case.log_likelihood);
        assert!(got <= case.log_likelihood + 0.05, "{}: {got} against {}", case.name, case.log_likelihood);
    }
    // The 1PL is the Rasch model on another scale.
    let m = matrix(&folder.join("LSAT7_Rasch.data.csv"));
    let one = irt::fit(&m, &options(&case("LSAT7", Model::OneParameter, 0.0))).unwrap();
    assert!((one.log_likelihood + 2664.90089092).abs() < 1e-4);
}

/// `(item, parameter) → value` and `→ standard error` of the slope–intercept or the difficulty table.
fn coefficients(path: &Path) -> HashMap<(String, String, String), f64> {
    csv(path)[1..]
        .iter()
        .filter_map(|r| Some(((r[0].clone(), r[1].clone(), r[2].clone()), r[3].parse().ok()?)))
        .collect()
}

#[test]
fn parameters_and_standard_errors_agree() {
    let Some(folder) = folder() else { return };
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|c| c.identified) {
        let (_, fit) = fitted(&folder, case);
        let natural = coefficients(&folder.join(format!("{}.coef_slope_intercept_se.csv", case.name)));
        let classic = coefficients(&folder.join(format!("{}.coef_irt_se.csv", case.name)));
        for item in &fit.items {
            let mut pairs = vec![(&natural, "a1".to_owned(), item.discrimination)];
            let many = item.intercepts.len() > 1;
            for (k, d) in item.intercepts.iter().enumerate() {
                pairs.push((&natural, if many { format!("d{}", k + 1) } else { "d".into() }, *d));
            }
            for (k, b) in item.difficulties.iter().enumerate() {
                pairs.push((&classic, if many { format!("b{}", k + 1) } else { "b".into() }, *b));
            }
            if let Some(c) = item.guessing {
                pairs.push((&classic, "g".into(), c));
            }
            for (table, name, estimate) in pairs {
                let key = |stat: &str| (item.item.to_string(), stat.to_owned(), name.clone());
                let Some(want) = table.get(&key("par")) else { continue };
                // Absolute where parameters are of order one, relative where they are larger.
                if (estimate.value - want).abs() > 1e-3 * want.abs().max(1.0) {
                    faults.push(format!("{} {} {name}: {} {want}", case.name, item.item, estimate.value));
                }
                if let (Some(want), Some(got)) = (table.get(&key("SE")), estimate.std_error)
                    && (got / want - 1.0).abs() > 0.01
                {
                    faults.push(format!("{} {} {name} se: {got} {want}", case.name, item.item));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Respondents whose maximum-likelihood or weighted scores the reference itself could not find.
fn not_targets(name: &str, method: &str) -> &'static [usize] {
    match (name, method) {
        ("W1sub300x20_miss20_2PL", "ML") => &[47, 257],
        ("W4sub2000x20_3PL_prior", "WLE") => &[228, 350, 929],
        _ => &[],
    }
}

#[test]
fn abilities_agree() {
    let Some(folder) = folder() else { return };
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|c| c.identified) {
        let (_, fit) = fitted(&folder, case);
        for method in ["EAP", "MAP", "ML", "WLE"] {
            let path = folder.join(format!("{}.theta_{method}.csv", case.name));
            if !path.exists() {
                continue;
            }
            let rows = csv(&path);
            let mut worst = (0.0f64, 0.0f64, 0, String::new());
            for (r, row) in rows[1..].iter().enumerate() {
                if not_targets(case.name, method).contains(&(r + 1)) {
                    continue;
                }
                let (Ok(want), se) = (row[0].parse::<f64>(), row[1].parse::<f64>().ok()) else { continue };
                let ability = &fit.abilities[r];
                let got = match method {
                    "EAP" => Some(ability.eap),
                    "MAP" => ability.map,
                    "ML" => ability.ml,
                    _ => ability.wle,
                };
                if !want.is_finite() {
                    if got.is_some() {
                        faults.push(format!(
                            "{} {method} {r}: {got:?} where the reference has {want}",
                            case.name
                        ));
                    }
                    continue;
                }
                let Some(got) = got else {
                    faults.push(format!("{} {method} {r}: none where the reference has {want}", case.name));
                    continue;
                };
                let gap = (got.value - want).abs();
                let gap_se = se.map_or(0.0, |se| (got.std_error.unwrap_or(f64::NAN) / se - 1.0).abs());
                let agrees = gap <= 1e-3 && gap_se <= 0.01;
                if !agrees {
                    worst.2 += 1;
                    if gap >= worst.0 || gap_se > worst.1 {
                        worst.3 = format!("{r}: {} {want}, se {:?} {se:?}", got.value, got.std_error);
                    }
                }
                worst.0 = worst.0.max(gap);
                worst.1 = worst.1.max(gap_se);
            }
            if worst.2 > 0 {
                faults.push(format!("{} {method}: {worst:?}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A table of one statistic by item: first column the item, `column` by name.
fn by_item(path: &Path, column: &str) -> Option<Vec<f64>> {
    if !path.exists() {
        return None;
    }
    let rows = csv(path);
    let at = rows[0].iter().position(|h| h == column)?;
    Some(rows[1..].iter().map(|r| r[at].parse().unwrap_or(f64::NAN)).collect())
}

/// Infit and outfit of every item by their definition at the posterior means, with variances lifted to `least`.
fn mean_squares(fit: &IrtFit, matrix: &ResponseMatrix, least: f64) -> Vec<(f64, f64)> {
    let of = |item: &irt::ItemParameters| {
        // Categories count from the lowest, which has the score 0 or 1 in these sets.
        let scores = (0..matrix.n_respondents()).filter_map(|r| matrix.score(item.index, r));
        let low = scores.fold(f64::INFINITY, f64::min);
        let (mut squares, mut variances, mut standardised, mut n) = (0.0, 0.0, 0.0, 0.0);
        for ability in &fit.abilities {
            let Some(score) = matrix.score(item.index, ability.index) else { continue };
            let p = irt::probabilities(fit.model, item, ability.eap.value);
            let mean: f64 = p.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
            let variance: f64 = p.iter().enumerate().map(|(k, p)| (k as f64 - mean).powi(2) * p).sum();
            let variance = variance.max(least);
            let square = (score - low - mean).powi(2);
            squares += square;
            variances += variance;
            standardised += square / variance;
            n += 1.0;
        }
        (squares / variances, standardised / n)
    };
    fit.items.iter().map(of).collect()
}

#[test]
fn item_and_person_fit_agree() {
    let Some(folder) = folder() else { return };
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|c| c.identified) {
        let (matrix, fit) = fitted(&folder, case);
        let got = irt::item_fit(&fit, &matrix).unwrap();
        let mut compare = |what: &str, want: Option<Vec<f64>>, got: Vec<Option<f64>>| {
            for (i, (want, got)) in want.unwrap_or_default().iter().zip(got).enumerate() {
                let gap = (got.unwrap_or(f64::NAN) - want).abs();
                // Absolute where a statistic is of order one, relative where it is larger.
                let agrees = gap <= 1e-3 * want.abs().max(1.0) || (want.is_nan() && got.is_none());
                if !agrees {
                    faults.push(format!("{} {what} {i}: {got:?} {want}", case.name));
                }
            }
        };
        let file = |name: &str| folder.join(format!("{}.{name}.csv", case.name));
        // The reference lifts variances below √1e-5 to that; ours are what they are. Both are checked.
        let infit = file("itemfit_infit");
        let lifted = mean_squares(&fit, &matrix, 1e-5f64.sqrt());
        compare("infit", by_item(&infit, "infit"), lifted.iter().map(|m| Some(m.0)).collect());
        compare("outfit", by_item(&infit, "outfit"), lifted.iter().map(|m| Some(m.1)).collect());
        let defined = mean_squares(&fit, &matrix, 0.0);
        let column = |of: fn(&(f64, f64)) -> f64| Some(defined.iter().map(of).collect());
        compare("infit as defined", column(|m| m.0), got.items.iter().map(|i| i.infit).collect());
        compare("outfit as defined", column(|m| m.1), got.items.iter().map(|i| i.outfit).collect());
        let zh = by_item(&file("itemfit_Zh"), "Zh");
        compare("l_z item", zh, got.items.iter().map(|i| i.likelihood).collect());
        let zh = by_item(&file("personfit"), "Zh");
        compare("l_z person", zh, fit.abilities.iter().map(|a| a.person_fit).collect());
        let sx2 = file("itemfit_SX2");
        compare(
            "S-X2",
            by_item(&sx2, "S_X2"),
            got.items.iter().map(|i| i.sum_score.map(|s| s.statistic)).collect(),
        );
        compare(
            "S-X2 df",
            by_item(&sx2, "df.S_X2"),
            got.items.iter().map(|i| i.sum_score.map(|s| s.degrees_of_freedom as f64)).collect(),
        );
        if let Ok(m2) = irt::overall_fit(&fit, &matrix).unwrap() {
            // Under the 3PL the reference's derivatives in the asymptote differ; the value is that of an
            // evaluation of the definition in R at the reference's own parameters, by the orthogonal
            // complement of the derivatives and by the projection, which agree.
            let want = match case.model {
                Model::ThreeParameter => Some(vec![133.109]),
                _ => by_item(&file("M2"), "M2"),
            };
            compare("M2", want, vec![Some(m2.m2)]);
            compare("M2 df", by_item(&file("M2"), "df"), vec![Some(m2.degrees_of_freedom as f64)]);
            compare("RMSEA", by_item(&file("M2"), "RMSEA"), vec![Some(m2.rmsea)]);
            compare("SRMSR", by_item(&file("M2"), "SRMSR"), vec![Some(m2.srmsr)]);
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
