//! Does the classical analysis agree with R, and does it keep its manners on odd input?

use crate::shared::shared;
use evalgauge::classical::split_half::reliability_of_halves;
use evalgauge::classical::tetrachoric::{FourFold, tetrachoric};
use evalgauge::classical::{ClassicalAnalysis, ClassicalError, ClassicalOptions, analyse};
use evalgauge::numeric::Estimate;
use evalgauge::response::{
    BitMatrix, Cells, Counts, Metric, NO_OPTION, OptionPlanes, ResponseMatrix, Table, Values,
};
use evalgauge::uncertainty::power::{PairedDesign, items_needed, minimum_detectable_difference};
use evalgauge::uncertainty::standard_error::{bernoulli, central_limit, clustered};
use evalgauge::uncertainty::{LeaderboardOptions, PairedOptions, leaderboard, paired};
use std::collections::BTreeMap;

fn golden(file: &str) -> Vec<Vec<String>> {
    let path = format!("{}/tests/golden/classical/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("golden data");
    text.lines().skip(1).map(|l| l.split(',').map(str::to_owned).collect()).collect()
}

/// One of the sets of `input.csv` as a matrix: 0/1 packed, or as scores.
fn golden_matrix(set: &str) -> ResponseMatrix {
    let mut cells: BTreeMap<(String, String), f32> = BTreeMap::new();
    for row in golden("input.csv").into_iter().filter(|r| r[0] == set) {
        cells.insert((row[2].clone(), row[1].clone()), row[3].parse().expect("a score"));
    }
    let names = |prefix, n| (1..=n).map(|k| format!("{prefix}{k:02}")).collect::<Vec<_>>();
    let (items, models) = (names("i", 15), names("m", 60));
    let score = |i: usize, r: usize| cells.get(&(items[i].clone(), models[r].clone())).copied();
    let packed = if set == "graded" {
        Cells::Scores(ndarray::Array2::from_shape_fn((15, 60), |(i, r)| score(i, r).unwrap_or(f32::NAN)))
    } else {
        Cells::Binary(BitMatrix::from_fn(15, 60, |i, r| score(i, r).map(|x| x == 1.0)))
    };
    ResponseMatrix::new(
        set,
        Metric::new(set, "acc", None),
        models.iter().map(|m| m.as_str().into()).collect(),
        items.iter().map(|i| i.as_str().into()).collect(),
        &vec![None; 15],
        packed,
        None,
    )
}

fn close(what: &str, found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap_or_else(|| panic!("{what}: nothing found, expected {expected}"));
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

fn value(e: Option<Estimate>) -> Option<f64> {
    e.map(|e| e.value)
}

#[test]
fn every_statistic_agrees_with_r() {
    let sets: BTreeMap<&str, (ResponseMatrix, ClassicalAnalysis)> = ["complete", "gaps", "graded"]
        .into_iter()
        .map(|set| {
            let matrix = golden_matrix(set);
            let analysis = analyse(&matrix, &ClassicalOptions::default()).expect("an analysis");
            (set, (matrix, analysis))
        })
        .collect();
    let mut checked = 0;
    for row in golden("expected.csv") {
        let (set, statistic, name) = (row[0].as_str(), row[1].as_str(), row[2].as_str());
        let expected: f64 = row[3].parse().expect("a number");
        let (matrix, analysis) = &sets[set];
        let what = format!("{set} {statistic} {name}");
        let r = &analysis.overall;
        let item = analysis.items.iter().find(|i| i.item.as_str() == name);
        let low = |e: Option<Estimate>| e.and_then(|e| e.low());
        let high = |e: Option<Estimate>| e.and_then(|e| e.high());
        let (found, tolerance) = match (statistic, item) {
            // With gaps and graded scores the largest covariances are not sought.
            ("alpha", None) => (value(r.alpha), 1e-12),
            ("alpha_low", None) => (low(r.alpha), 1e-8),
            ("alpha_high", None) => (high(r.alpha), 1e-8),
            ("lambda2", None) => (r.lambda2, 1e-12),
            ("kr20", None) => (r.kr20, 1e-12),
            ("sd_score", None) => (r.sd_score, 1e-12),
            ("scalability", None) => (r.scalability, 1e-12),
            ("alpha_without", Some(i)) => (i.alpha_without, 1e-12),
            ("item_rest", Some(i)) => (value(i.item_rest), 1e-12),
            ("item_rest_low", Some(i)) => (low(i.item_rest), 1e-8),
            ("item_rest_high", Some(i)) => (high(i.item_rest), 1e-8),
            ("biserial", Some(i)) => (value(i.biserial), 1e-8),
            ("difficulty", Some(i)) => (value(i.difficulty), 1e-12),
            ("difficulty_low", Some(i)) => (low(i.difficulty), 1e-8),
            ("difficulty_high", Some(i)) => (high(i.difficulty), 1e-8),
            ("scalability", Some(i)) => (i.scalability, 1e-12),
            ("signed_phi_squared", Some(i)) => (i.signed_phi_squared, 1e-12),
            // psych minimises with R's `optimize` at its default tolerance of 1.2e-4; the root is exact.
            ("tetrachoric_1", Some(_)) => (Some(tetrachoric_with_first(matrix, name)), 5e-5),
            ("tetrachoric_root_1", Some(_)) => (Some(tetrachoric_with_first(matrix, name)), 1e-8),
            (other, _) if other.ends_with("_8") => (Some(over_all_splits(matrix, other)), 1e-12),
            other => panic!("unknown statistic {other:?}"),
        };
        close(&what, found, expected, tolerance);
        checked += 1;
    }
    assert!(checked > 400, "{checked}");
}

fn tetrachoric_with_first(matrix: &ResponseMatrix, name: &str) -> f64 {
    let other = matrix.items().iter().position(|i| i.as_str() == name).expect("the item");
    let mut table = FourFold { both: 0.0, first: 0.0, second: 0.0, neither: 0.0 };
    for (x, y) in matrix.item_row(0).into_iter().zip(matrix.item_row(other)) {
        match (x == 1.0, y == 1.0) {
            (true, true) => table.both += 1.0,
            (true, false) => table.first += 1.0,
            (false, true) => table.second += 1.0,
            (false, false) => table.neither += 1.0,
        }
    }
    tetrachoric(table, 0.5, 0.95).expect("a correlation").value
}

/// The first eight items in all 35 splits into fours.
fn over_all_splits(matrix: &ResponseMatrix, statistic: &str) -> f64 {
    let eight = matrix.select_items(&[0, 1, 2, 3, 4, 5, 6, 7]);
    let halves: Vec<_> = (0u32..256)
        .filter(|m| m.count_ones() == 4 && m & 1 == 1)
        .map(|m| (0..8).map(|i| m >> i & 1 == 1).collect::<Vec<bool>>())
        .map(|first| reliability_of_halves(&eight, &first).expect("halves that vary"))
        .collect();
    let lambda4 = halves.iter().map(|h| h.lambda4.expect("no gaps"));
    match statistic {
        "lambda4_mean_8" => lambda4.sum::<f64>() / 35.0,
        "lambda4_max_8" => lambda4.fold(f64::NEG_INFINITY, f64::max),
        "lambda4_min_8" => lambda4.fold(f64::INFINITY, f64::min),
        _ => halves.iter().map(|h| h.spearman_brown.expect("r above −1")).sum::<f64>() / 35.0,
    }
}

#[test]
fn the_mean_of_lambda4_over_all_splits_is_alpha() {
    let eight = golden_matrix("complete").select_items(&[0, 1, 2, 3, 4, 5, 6, 7]);
    let alpha = analyse(&eight, &ClassicalOptions::default()).unwrap().overall.alpha.unwrap().value;
    close("Cronbach 1951", Some(over_all_splits(&eight, "lambda4_mean_8")), alpha, 1e-12);
}

/// No number in any table is anything but finite, and the tables can be made.
fn tables_are_sound(analysis: &ClassicalAnalysis) {
    for table in [
        analysis.items_table("b"),
        analysis.reliability_table("b"),
        analysis.option_shares_table("b"),
        analysis.clones_table("b"),
    ] {
        finite(&table);
    }
    let text = serde_json::to_string(analysis).expect("serialisable");
    assert!(!text.contains("NaN"));
}

fn finite(table: &Table) {
    for column in &table.columns {
        if let Values::Real(values) = &column.values {
            assert!(values.iter().flatten().all(|v| v.is_finite()), "{} {}", table.name, column.name);
        }
    }
}

/// Every estimate that is printed has its value inside its interval.
fn intervals_hold_their_values(analysis: &ClassicalAnalysis) {
    let of_items = analysis.items.iter().flat_map(|i| [i.difficulty, i.item_rest, i.biserial, i.upper_lower]);
    let of_models = analysis.respondents.iter().map(|r| r.score);
    for e in of_items.chain(of_models).chain([analysis.overall.alpha]).flatten() {
        assert!(e.value.is_finite() && e.std_error.is_none_or(f64::is_finite), "{e:?}");
        if let Some(i) = e.interval {
            assert!(i.low.is_finite() && i.high.is_finite());
            assert!(i.low <= e.value + 1e-12 && e.value <= i.high + 1e-12, "{e:?}");
        }
    }
}

fn grid(items: usize, models: usize, cell: impl Fn(usize, usize) -> Option<bool>) -> ResponseMatrix {
    ResponseMatrix::from_bits(BitMatrix::from_fn(items, models, cell))
}

fn mixed(i: usize, r: usize) -> Option<bool> {
    let h = (i * 7919 + r * 104_729 + (i * r) % 17) % 23;
    (h != 0).then_some(h < 3 + r)
}

#[test]
fn odd_input_gives_a_result_or_a_reason() {
    let cases: Vec<(&str, ResponseMatrix)> = vec![
        ("one item", grid(1, 20, mixed)),
        ("one model", grid(30, 1, mixed)),
        ("one cell", grid(1, 1, |_, _| Some(true))),
        ("two by two", grid(2, 2, |i, r| Some(i == r))),
        ("three models", grid(12, 3, mixed)),
        ("all right", grid(10, 12, |_, _| Some(true))),
        ("all wrong", grid(10, 12, |_, _| Some(false))),
        ("an item nobody answered", grid(10, 12, |i, r| if i == 3 { None } else { mixed(i, r) })),
        ("a model without answers", grid(10, 12, |i, r| if r == 3 { None } else { mixed(i, r) })),
        ("an item answered once", grid(10, 12, |i, r| if i == 3 && r != 1 { None } else { mixed(i, r) })),
        ("models all alike", grid(40, 8, |i, _| mixed(i, 5))),
        ("two halves never meet", grid(10, 12, |i, r| ((i < 5) == (r < 6)).then_some((i * r) % 3 == 0))),
        ("perfect scale", grid(6, 7, |i, r| Some(i < r))),
        ("opposed items", grid(2, 10, |i, r| Some((i == 0) == (r < 5)))),
    ];
    for (name, matrix) in cases {
        let analysis =
            analyse(&matrix, &ClassicalOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        tables_are_sound(&analysis);
        intervals_hold_their_values(&analysis);
        let r = &analysis.overall;
        assert!(r.alpha.is_some() || r.notes.iter().any(|n| n.contains("no alpha")), "{name}");
        assert!(r.split_half.is_some() || r.notes.iter().any(|n| n.contains("no split half")), "{name}");
        let n = matrix.n_respondents() as f64;
        assert!((1.0..=n).contains(&r.effective_respondents), "{name}: {}", r.effective_respondents);
        finite(&leaderboard(&matrix, &LeaderboardOptions::default()).expect(name).table("b"));
    }
    for matrix in [grid(0, 0, |_, _| None), grid(3, 0, |_, _| None), grid(3, 4, |_, _| None)] {
        let error = analyse(&matrix, &ClassicalOptions::default()).expect_err("no responses");
        assert!(matches!(error, ClassicalError::NoResponses { .. }));
        assert!(leaderboard(&matrix, &LeaderboardOptions::default()).is_err());
    }
}

#[test]
fn other_cells_than_right_and_wrong_are_analysed_too() {
    let named = |cells: Cells, items: usize, models: usize| {
        ResponseMatrix::new(
            "b",
            Metric::new("b", "score", None),
            (0..models).map(|r| format!("m{r}").into()).collect(),
            (0..items).map(|i| format!("i{i}").into()).collect(),
            &(0..items).map(|i| Some(format!("s{}", i % 2))).collect::<Vec<_>>(),
            cells,
            None,
        )
    };
    let right = |i: usize, r: usize| ((i * 31 + r * 17 + i * r) % 7) as u16;
    let counts = Counts {
        correct: ndarray::Array2::from_shape_fn((12, 15), |(i, r)| right(i, r).min(4)),
        trials: ndarray::Array2::from_shape_fn((12, 15), |(i, r)| if (i + r) % 11 == 0 { 0 } else { 4 }),
    };
    let counts = Counts {
        correct: ndarray::Zip::from(&counts.correct).and(&counts.trials).map_collect(|c, t| *c.min(t)),
        ..counts
    };
    let categories = Cells::Categories {
        level: ndarray::Array2::from_shape_fn((12, 15), |(i, r)| (right(i, r) % 4) as u8),
        levels: vec![0.0, 0.25, 0.5, 1.0],
    };
    let scores =
        ndarray::Array2::from_shape_fn(
            (12, 15),
            |(i, r)| if i == 4 { 0.7 } else { right(i, r) as f32 / 6.5 },
        );
    for cells in [Cells::Counts(counts), categories, Cells::Scores(scores.clone())] {
        let analysis = analyse(&named(cells, 12, 15), &ClassicalOptions::default()).expect("an analysis");
        tables_are_sound(&analysis);
        intervals_hold_their_values(&analysis);
        assert_eq!(analysis.subjects.len(), 2);
        assert!(analysis.items.iter().all(|i| i.mean_tetrachoric.is_none() && i.biserial.is_none()));
    }
    let mut infinite = scores;
    infinite[[2, 3]] = f32::INFINITY;
    let error = analyse(&named(Cells::Scores(infinite), 12, 15), &ClassicalOptions::default()).unwrap_err();
    assert!(error.to_string().contains("m3") && error.to_string().contains("i2"), "{error}");
}

#[test]
fn permuted_input_gives_permuted_output() {
    let matrix = grid(40, 25, mixed);
    let items: Vec<usize> = (0..40).map(|i| (i * 17 + 5) % 40).collect();
    let models: Vec<usize> = (0..25).map(|r| (r * 7 + 3) % 25).collect();
    let moved = matrix.select_items(&items).select_respondents(&models);
    let options = ClassicalOptions::default();
    let (a, b) = (analyse(&matrix, &options).unwrap(), analyse(&moved, &options).unwrap());
    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => assert!((x - y).abs() < 1e-12, "{x} {y}"),
        (x, y) => assert_eq!(x, y),
    };
    for (place, &from) in items.iter().enumerate() {
        let (x, y) = (&a.items[from], &b.items[place]);
        assert_eq!((&x.item, x.n_responses, x.sign), (&y.item, y.n_responses, y.sign));
        near(value(x.item_rest), value(y.item_rest));
        near(value(x.upper_lower), value(y.upper_lower));
        near(x.scalability, y.scalability);
        near(x.mean_tetrachoric, y.mean_tetrachoric);
        near(x.alpha_without, y.alpha_without);
    }
    near(value(a.overall.alpha), value(b.overall.alpha));
    near(a.overall.split_half.map(|s| s.mean), b.overall.split_half.map(|s| s.mean));
    near(Some(a.overall.effective_respondents), Some(b.overall.effective_respondents));
    let board = LeaderboardOptions::default();
    assert_eq!(
        leaderboard(&matrix, &board).unwrap().table("b"),
        leaderboard(&moved, &board).unwrap().table("b"),
    );
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let matrix = grid(300, 70, mixed);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let analysis = analyse(&matrix, &ClassicalOptions::default()).unwrap();
            let board = leaderboard(&matrix, &LeaderboardOptions::default()).unwrap();
            (analysis, board)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn options_are_counted_by_third_with_the_key_marked() {
    // Six models in order of skill; item 0 has key 1; the two weakest choose 0, one abstains.
    let bits = BitMatrix::from_fn(6, 6, |i, r| Some(if i == 0 { r > 2 } else { i <= r }));
    let mut chosen = ndarray::Array2::from_elem((6, 6), NO_OPTION);
    let mut gold = chosen.clone();
    for (r, option) in [0, 0, NO_OPTION, 1, 1, 1].into_iter().enumerate() {
        chosen[[0, r]] = option;
        gold[[0, r]] = 1;
    }
    let plain = ResponseMatrix::from_bits(bits.clone());
    let matrix = ResponseMatrix::new(
        "b",
        Metric::new("b", "acc", None),
        plain.respondents().to_vec(),
        plain.items().to_vec(),
        &vec![None; 6],
        Cells::Binary(bits),
        Some(OptionPlanes { chosen, gold, n_options: vec![3; 6] }),
    );
    let analysis = analyse(&matrix, &ClassicalOptions::default()).unwrap();
    let options = analysis.items[0].options.as_ref().expect("options");
    let counts: Vec<_> = options.iter().map(|o| (o.option, o.is_key, o.thirds)).collect();
    assert_eq!(
        counts,
        vec![
            (Some(0), false, [2, 0, 0]),
            (Some(1), true, [0, 1, 2]),
            (Some(2), false, [0, 0, 0]),
            (None, false, [0, 1, 0]),
        ]
    );
    assert!(analysis.items[1].options.is_none());
    assert_eq!(analysis.option_shares_table("b").n_rows(), 4);
}

#[test]
fn error_bars_agree_with_the_reference_vectors() {
    let Some(path) = shared("vectors/stats/stats_vectors.json") else { return };
    let text = std::fs::read_to_string(path).expect("the vectors");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let bars = &vectors["error_bars"];
    let numbers = |name: &str| -> Vec<f64> {
        bars[name].as_array().expect(name).iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    let number = |name: &str| bars[name].as_f64().expect(name);
    let (a, b) = (numbers("A"), numbers("B"));
    let clusters: Vec<i64> = numbers("cluster").into_iter().map(|c| c as i64).collect();
    close("mean", Some(a.iter().sum::<f64>() / 300.0), number("mean_A"), 1e-12);
    close("central limit", central_limit(&a).ok(), number("se_clt_A"), 1e-12);
    close("Bernoulli", bernoulli(number("mean_A"), 300), number("se_bernoulli_A"), 1e-12);
    close("clustered", clustered(&a, &clusters).ok(), number("se_cluster_A"), 1e-12);
    let d: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    close("paired, clustered", clustered(&d, &clusters).ok(), number("se_paired_cluster"), 1e-12);

    let matrix =
        ResponseMatrix::from_rows(&[&a, &b].map(|x| x.iter().map(|v| Some(*v == 1.0)).collect::<Vec<_>>()));
    let pair = paired::compare(&matrix, 0, 1, &PairedOptions::default()).expect("a comparison");
    close("difference", Some(pair.difference.value), number("diff"), 1e-12);
    close("paired", pair.difference.std_error, number("se_paired"), 1e-12);
    close("correlation", pair.correlation, number("corr"), 1e-12);
    let mcnemar = pair.mcnemar.expect("0/1 scores");
    let table = &bars["mcnemar"];
    assert_eq!(Some(mcnemar.only_first), table["b"].as_u64());
    assert_eq!(Some(mcnemar.only_second), table["c"].as_u64());
    close("McNemar", Some(mcnemar.p_value), table["exact_p"].as_f64().unwrap(), 1e-12);
    let board = leaderboard(&matrix, &LeaderboardOptions::default()).unwrap();
    let score = board.standings[0].score.unwrap();
    close("leaderboard", score.std_error, number("se_clt_A"), 1e-12);
    let wilson = numbers("wilson95");
    close("Wilson low", score.low(), wilson[0], 1e-12);
    close("Wilson high", score.high(), wilson[1], 1e-12);

    for case in vectors["power"].as_array().expect("power") {
        let get = |name: &str| case[name].as_f64();
        let repeats = get("K").unwrap_or(1.0) as u32;
        let design = PairedDesign {
            difference_variance: get("omega2").expect("omega2"),
            answer_variance_first: get("sA2").unwrap_or(0.0),
            answer_variance_second: get("sB2").unwrap_or(0.0),
            repeats_first: repeats,
            repeats_second: repeats,
            ..Default::default()
        };
        match get("mde") {
            Some(mde) => {
                let n = get("n").unwrap() as usize;
                close("mde", minimum_detectable_difference(n, &design).ok(), mde, 1e-12);
            }
            None => {
                let n = get("n").unwrap();
                close("n", items_needed(get("delta").unwrap(), &design).ok(), n, 1e-12 * n);
            }
        }
    }
}
