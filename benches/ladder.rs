//! How long does a ladder analysis take, and how does it grow with tasks and refits?

use divan::Bencher;
use evalgauge::ladder::{Checkpoint, LadderOptions, LadderRow, LadderTable, Role, analyse};

/// Sixteen rungs of a lawful ladder with a wobble, about 90 checkpoints each, and one target.
fn ladder(tasks: usize) -> LadderTable {
    let mut rows = Vec::new();
    for task in 0..tasks {
        let midpoint = 0.7 + 0.05 * task as f64;
        for (i, n) in [1.9e8, 3.7e8, 7.6e8, 1.3e9, 7e9].into_iter().enumerate() {
            for per in [20.0, 40.0, 100.0, 200.0] {
                for step in 1..=90u32 {
                    let d = n * per * f64::from(step) / 90.0;
                    let wobble = 0.003 * f64::from(step * 37 % 11) / 11.0;
                    let loss = 20.0 / f64::powf(n, 0.2) + 30.0 / f64::powf(d, 0.2) + 0.3 + wobble;
                    let accuracy = 0.25 + 0.75 / (1.0 + (5.0 * (loss - midpoint)).exp()) + wobble;
                    rows.push(LadderRow {
                        run: format!("{n}-{per}"),
                        size: format!("{n}"),
                        role: if i == 4 { Role::Target } else { Role::Rung },
                        parameters: Some(n),
                        task: format!("arc_{task}"),
                        checkpoint: Checkpoint {
                            step: Some(f64::from(step)),
                            tokens: Some(d),
                            compute_flops: Some(6.0 * n * d),
                            loss: Some(loss),
                            accuracy: Some(accuracy),
                        },
                    });
                }
            }
        }
    }
    LadderTable::from_rows(rows)
}

/// All forms, back-tests and 200 refits, by number of tasks.
#[divan::bench(args = [1, 2, 4, 8], sample_count = 3)]
fn by_tasks(bencher: Bencher, tasks: usize) {
    let table = ladder(tasks);
    bencher.bench(|| analyse(&table, &LadderOptions::default()));
}

/// Two tasks, by number of refits.
#[divan::bench(args = [0, 200, 400], sample_count = 3)]
fn by_replicates(bencher: Bencher, replicates: usize) {
    let table = ladder(2);
    let options = LadderOptions { replicates, ..LadderOptions::default() };
    bencher.bench(|| analyse(&table, &options));
}
