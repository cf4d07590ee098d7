//! How long does it take to make up data?

use crate::LEADERBOARD;
use divan::Bencher;
use divan::counter::ItemsCount;
use evalgauge::simulate::{
    CheckpointOptions, ChoiceOptions, ItemModel, SimulationOptions, simulate, simulate_bits,
    simulate_checkpoints, simulate_matrix,
};

#[divan::bench(sample_count = 5, args = [ItemModel::Rasch, ItemModel::TwoParameter, ItemModel::FourParameter])]
fn leaderboard_bits(bencher: Bencher, model: ItemModel) {
    let (respondents, items) = LEADERBOARD;
    bencher
        .counter(ItemsCount::new(respondents * items))
        .bench(|| simulate_bits(respondents, items, model, 1, 0.0));
}

#[divan::bench(sample_count = 5)]
fn leaderboard_bits_with_missing(bencher: Bencher) {
    let (respondents, items) = LEADERBOARD;
    bencher
        .counter(ItemsCount::new(respondents * items))
        .bench(|| simulate_bits(respondents, items, ItemModel::TwoParameter, 1, 0.3));
}

#[divan::bench(sample_count = 5)]
fn graded_matrix(bencher: Bencher) {
    let model = ItemModel::Graded { n_categories: 5 };
    bencher.counter(ItemsCount::new(500 * 1000usize)).bench(|| simulate_matrix(500, 1000, model, 1, 1, 0.0));
}

#[divan::bench(sample_count = 5)]
fn long_table_with_options(bencher: Bencher) {
    let options = SimulationOptions {
        n_models: 100,
        n_items: 1000,
        choices: Some(ChoiceOptions::default()),
        ..SimulationOptions::default()
    };
    bencher.counter(ItemsCount::new(100 * 1000usize)).bench(|| simulate(&options));
}

#[divan::bench(sample_count = 5)]
fn checkpoints(bencher: Bencher) {
    let options = CheckpointOptions::default();
    bencher.counter(ItemsCount::new(10 * 20 * 500usize)).bench(|| simulate_checkpoints(&options));
}
