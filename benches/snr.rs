//! How fast do answers over checkpoints become training curves, and in how much memory?

use divan::Bencher;
use divan::counter::ItemsCount;
use evalgauge::snr::stream::Accumulator;

/// 40 models × 25 checkpoints × 200,000 items: two hundred million answers.
const MODELS: usize = 40;
const CHECKPOINTS: usize = 25;
const ITEMS: usize = 200_000;
const SUBJECTS: usize = 57;

/// An answer that depends on the model, the checkpoint and the item alone.
fn answer(run: usize, item: usize) -> f64 {
    let mixed =
        (item as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (run as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let easy = 0.3 + 0.01 * (run % MODELS) as f64;
    f64::from((((mixed >> 40) as f64) / ((1u64 << 24) as f64)) < easy)
}

/// Resident memory of this process in megabytes, where the system says it.
fn resident_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|k| k / 1024.0)
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn two_hundred_million_answers(bencher: Bencher) {
    let n = MODELS * CHECKPOINTS * ITEMS;
    bencher.counter(ItemsCount::new(n)).bench_local(|| {
        let subjects = (0..ITEMS).map(|i| (i % SUBJECTS) as u16).collect();
        let models = (0..MODELS * CHECKPOINTS).map(|r| (r % MODELS) as u32).collect();
        let mut sums = Accumulator::new(subjects, models);
        for run in 0..MODELS * CHECKPOINTS {
            for item in 0..ITEMS {
                let _ = sums.push(run, item, answer(run, item));
            }
        }
        let interaction = sums.interaction(None);
        println!(
            "{} answers, peak resident {:?} MB, interaction {interaction:?}",
            sums.n_added(),
            resident_megabytes()
        );
        interaction
    });
}
