//! How long does it take to make up data?

use crate::LEADERBOARD;
use divan::Bencher;
use divan::counter::ItemsCount;
use evalgauge::simulate::{
    BulkOptions, CheckpointOptions, ChoiceOptions, ItemModel, SimulationOptions, simulate, simulate_bits,
    simulate_checkpoints, simulate_matrix,
};

fn leaderboard(model: ItemModel) -> BulkOptions {
    let (n_respondents, n_items) = LEADERBOARD;
    BulkOptions { n_respondents, n_items, model, ..Default::default() }
}

#[divan::bench(sample_count = 5, args = [ItemModel::Rasch, ItemModel::TwoParameter, ItemModel::FourParameter])]
fn leaderboard_bits(bencher: Bencher, model: ItemModel) {
    let options = leaderboard(model);
    bencher.counter(cells(&options)).bench(|| simulate_bits(&options));
}

#[divan::bench(sample_count = 5)]
fn leaderboard_bits_with_missing(bencher: Bencher) {
    let options = BulkOptions { missing: 0.3, ..leaderboard(ItemModel::TwoParameter) };
    bencher.counter(cells(&options)).bench(|| simulate_bits(&options));
}

#[divan::bench(sample_count = 5)]
fn graded_matrix(bencher: Bencher) {
    let model = ItemModel::Graded { n_categories: 5 };
    let options = BulkOptions { n_respondents: 500, n_items: 1000, model, ..Default::default() };
    bencher.counter(cells(&options)).bench(|| simulate_matrix(&options));
}

fn cells(options: &BulkOptions) -> ItemsCount {
    ItemsCount::new(options.n_respondents * options.n_items)
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
