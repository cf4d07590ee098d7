//! Are lawful ladders predicted, and bad ones refused?

use super::super::table::{Checkpoint, LadderRow};
use super::*;

/// A ladder that follows the laws exactly: four sizes, four lengths, three checkpoints each.
fn rows(change: impl Fn(usize, usize, &mut LadderRow)) -> LadderTable {
    let mut rows = Vec::new();
    for (i, n) in [1e8, 2e8, 4e8, 8e8, 8e9].into_iter().enumerate() {
        for (j, per) in [20.0, 40.0, 100.0, 200.0].into_iter().enumerate() {
            if i == 4 && j > 0 {
                continue;
            }
            for step in 1..=6 {
                let d = n * per * f64::from(step) / 6.0;
                let loss = 20.0 / f64::powf(n, 0.2) + 30.0 / f64::powf(d, 0.2) + 0.3;
                let accuracy = 0.25 + 0.75 / (1.0 + (6.0 * (loss - 0.9)).exp());
                let mut row = LadderRow {
                    run: format!("{i}-{j}"),
                    size: format!("{n}"),
                    role: if i == 4 { Role::Target } else { Role::Rung },
                    parameters: Some(n),
                    task: "arc".into(),
                    checkpoint: Checkpoint {
                        step: Some(f64::from(step)),
                        tokens: Some(d),
                        compute_flops: Some(6.0 * n * d),
                        loss: Some(loss),
                        accuracy: Some(accuracy),
                    },
                };
                change(i, j, &mut row);
                rows.push(row);
            }
        }
    }
    LadderTable::from_rows(rows)
}

fn options() -> LadderOptions {
    LadderOptions {
        replicates: 0,
        final_checkpoints: 1,
        path_window: 1,
        fit: FitOptions { starts: 4, ..FitOptions::default() },
        ..LadderOptions::default()
    }
}

fn refusal(table: &LadderTable) -> Refusal {
    match analyse(table, &options()) {
        Err(LadderError::AllRefused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_lawful_ladder_is_predicted() {
    let report = analyse(&rows(|_, _, _| {}), &options()).unwrap();
    let target = &report.tasks[0].targets[0];
    let selected = target.selected().unwrap();
    assert!((selected.predicted - target.actual.unwrap()).abs() < 0.03, "{selected:?}");
    assert!(selected.interval.unwrap().contains(target.actual.unwrap()));
}

#[test]
fn the_targets_score_changes_nothing_but_its_own_column() {
    let seen = analyse(&rows(|_, _, _| {}), &options()).unwrap();
    let hidden = analyse(
        &rows(|i, _, r| {
            if i == 4 {
                r.checkpoint.accuracy = Some(0.99);
                r.checkpoint.loss = Some(0.01);
            }
        }),
        &options(),
    )
    .unwrap();
    assert_eq!(seen.tasks[0].targets[0].forms, hidden.tasks[0].targets[0].forms);
}

#[test]
fn bad_ladders_are_refused_with_a_reason() {
    let other = |r: &mut LadderRow| r.role = Role::Other;
    let two = rows(|i, j, r| {
        if i > 0 || j > 1 {
            other(r)
        }
    });
    assert_eq!(refusal(&two), Refusal::TooFewRungs { n_rungs: 2, least: 6 });
    let one_size = rows(|i, _, r| {
        r.parameters = Some(1e8);
        if i == 4 {
            other(r);
        }
    });
    assert!(matches!(refusal(&one_size), Refusal::OneSize { .. }));
    let constant = rows(|_, _, r| r.checkpoint.accuracy = Some(0.4));
    assert!(matches!(refusal(&constant), Refusal::ConstantAccuracy { .. }));
    let rising = rows(|_, _, r| r.checkpoint.loss = r.checkpoint.loss.map(|l| 3.0 - l));
    assert!(matches!(refusal(&rising), Refusal::RisingLoss { .. }));
    let falling = rows(|_, _, r| r.checkpoint.accuracy = r.checkpoint.accuracy.map(|a| 1.0 - a));
    assert!(matches!(refusal(&falling), Refusal::FallingAccuracy { .. }));
    let missing = rows(|_, j, r| {
        if j == 2 {
            r.checkpoint.compute_flops = None;
            r.checkpoint.tokens = None;
        }
    });
    assert!(matches!(refusal(&missing), Refusal::MissingCompute { .. }));
}

#[test]
fn what_limits_a_prediction_is_said() {
    let assumed = rows(|_, _, r| r.checkpoint.compute_flops = None);
    let report = analyse(&assumed, &options()).unwrap();
    assert!(matches!(report.warnings[0], Warning::ComputeAssumed { .. }));
    let below = LadderOptions {
        planned_targets: vec![
            ("tiny".into(), Conditions { parameters: 1e6, tokens: 2e7, compute_flops: 1.2e14 }),
            ("huge".into(), Conditions { parameters: 1e12, tokens: 2e13, compute_flops: 1.2e26 }),
        ],
        ..options()
    };
    let report = analyse(&rows(|_, _, _| {}), &below).unwrap();
    assert!(matches!(report.tasks[0].refused_targets[0].1, Refusal::TargetBelowRungs { .. }));
    let huge = report.tasks[0].targets.iter().find(|t| t.target == "huge").unwrap();
    assert!(matches!(huge.warnings[0], Warning::BeyondBacktests { .. }));
    let no_loss = analyse(&rows(|_, _, r| r.checkpoint.loss = None), &options()).unwrap();
    assert!(no_loss.tasks[0].warnings.contains(&Warning::NoLoss));
    assert!(no_loss.tasks[0].targets[0].selected().is_some());
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let table = rows(|_, j, r| {
        r.checkpoint.accuracy = r.checkpoint.accuracy.map(|a| a + 0.003 * [1.0, -1.0, 0.5, -0.2][j % 4]);
    });
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| analyse(&table, &LadderOptions { replicates: 24, ..options() }).unwrap())
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one.tasks[0].targets, two.tasks[0].targets);
    assert_eq!(one.backtest, two.backtest);
}
