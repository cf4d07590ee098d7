//! How long does flagging take, and how does it grow with items and models?

use divan::Bencher;
use divan::counter::ItemsCount;
use evalgauge::classical::pairs::{TetrachoricMethod, pair_sums};
use evalgauge::flags::{Panel, RankingOptions, rank};
use evalgauge::response::{BitMatrix, Cells, Metric, OptionPlanes, ResponseMatrix};
use ndarray::Array2;

/// Items and models of MMLU-Pro's published results.
const MMLU_PRO: (usize, usize) = (12_032, 29);

/// Four options, the key first; a model of rank *j* knows about that share of the items.
fn matrix(items: usize, models: usize) -> ResponseMatrix {
    let chosen = Array2::from_shape_fn((items, models), |(i, j)| {
        let mixed = i.wrapping_mul(0x9e37_79b9).wrapping_add(j.wrapping_mul(0x85eb_ca6b)) >> 7;
        if mixed % (models + 8) < j + 8 { 0 } else { (mixed % 4) as u8 }
    });
    let bits = BitMatrix::from_fn(items, models, |i, j| Some(chosen[[i, j]] == 0));
    let planes = OptionPlanes { gold: chosen.mapv(|_| 0), chosen, n_options: vec![4; items] };
    let subjects: Vec<Option<String>> = (0..items).map(|i| Some(format!("s{}", i % 14))).collect();
    ResponseMatrix::new(
        "b",
        Metric::new("b", "acc", None),
        (0..models).map(|j| format!("m{j}").into()).collect(),
        (0..items).map(|i| format!("i{i}").into()).collect(),
        &subjects,
        Cells::Binary(bits),
        Some(planes),
    )
}

/// All pairs of items, 72 million at 12,032: growth with the square of the items.
#[divan::bench(sample_count = 3, args = [3_008, 6_016, 12_032])]
fn pairs_by_items(bencher: Bencher, items: usize) {
    let matrix = matrix(items, MMLU_PRO.1);
    bencher
        .counter(ItemsCount::new(items * (items - 1) / 2))
        .bench(|| pair_sums(&matrix, TetrachoricMethod::CosinePi, u64::MAX));
}

/// The same for more models: growth by words of 64 models.
#[divan::bench(sample_count = 3, args = [29, 256, 2_048])]
fn pairs_by_models(bencher: Bencher, models: usize) {
    let matrix = matrix(3_008, models);
    bencher
        .counter(ItemsCount::new(3_008usize * 3_007 / 2))
        .bench(|| pair_sums(&matrix, TetrachoricMethod::CosinePi, u64::MAX));
}

/// The ranking itself with its 200 resamples, without text.
#[divan::bench(sample_count = 3, args = [(3_008, 29), (12_032, 29), (12_032, 116)])]
fn ranking(bencher: Bencher, (items, models): (usize, usize)) {
    let panel = Panel::new(&matrix(items, models), None).expect("a panel");
    bencher.bench(|| rank::<&str>(&panel, None, &RankingOptions::default()));
}
