//! How long do packed matrices take to fill and to turn round, at leaderboard size?

use crate::LEADERBOARD;
use divan::Bencher;
use divan::counter::ItemsCount;
use evalgauge::response::BitMatrix;

fn cells() -> ItemsCount {
    ItemsCount::new(LEADERBOARD.0 * LEADERBOARD.1)
}

fn pattern(item: usize, respondent: usize) -> Option<bool> {
    let mixed = item.wrapping_mul(0x9e37_79b9).wrapping_add(respondent.wrapping_mul(0x85eb_ca6b));
    (mixed & 0xf00 != 0).then_some(mixed & 0x10000 != 0)
}

#[divan::bench(sample_count = 5)]
fn from_fn(bencher: Bencher) {
    let (respondents, items) = LEADERBOARD;
    bencher.counter(cells()).bench(|| BitMatrix::from_fn(items, respondents, pattern));
}

#[divan::bench(sample_count = 20)]
fn transpose(bencher: Bencher) {
    let (respondents, items) = LEADERBOARD;
    let bits = BitMatrix::from_fn(items, respondents, pattern);
    bencher.counter(cells()).bench(|| bits.transposed());
}
