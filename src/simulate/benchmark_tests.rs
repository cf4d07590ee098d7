//! Do simulated benchmarks hold what their truth promises?

use super::*;
use crate::response::{Cells, PivotOptions, ResponseMatrix, pivot};
use crate::simulate::{
    ChoiceOptions, Coverage, FamilyOptions, FaultOptions, ItemModel, MissingOptions, PlantedError,
    PromptOptions,
};

fn plain() -> SimulationOptions {
    SimulationOptions { n_models: 40, n_items: 60, ..Default::default() }
}

fn with_choices(n_models: usize, n_items: usize) -> SimulationOptions {
    SimulationOptions { n_models, n_items, choices: Some(ChoiceOptions::default()), ..Default::default() }
}

fn matrix(simulation: &Simulation) -> ResponseMatrix {
    pivot(&simulation.table, "simulated", &PivotOptions::default()).unwrap().0
}

/// Number of standard errors between a count and the sum of its probabilities.
fn z(count: f64, p: &[f64]) -> f64 {
    (count - p.iter().sum::<f64>()) / p.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt()
}

#[test]
fn one_seed_is_one_data_set_on_any_number_of_threads() {
    let options = SimulationOptions {
        faults: FaultOptions { duplicated: 0.1, wrong_key: 0.1, ..Default::default() },
        families: FamilyOptions { clone_share: 0.3, ..Default::default() },
        ..with_choices(30, 40)
    };
    let with = |n: usize, options: &SimulationOptions| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| simulate(options).unwrap())
    };
    let one = with(1, &options);
    assert_eq!(one, with(4, &options));
    assert_ne!(one.table, with(1, &SimulationOptions { seed: 2, ..options }).table);
}

#[test]
fn items_are_right_as_often_as_the_truth_expects() {
    for item_model in [ItemModel::Rasch, ItemModel::TwoParameter, ItemModel::FourParameter] {
        let s = simulate(&SimulationOptions { n_models: 1000, n_items: 30, item_model, ..plain() }).unwrap();
        for (i, (count, n)) in matrix(&s).item_totals().into_iter().enumerate() {
            assert_eq!(n, 1000);
            let p: Vec<f64> =
                s.truth.models.iter().map(|m| s.truth.items[i].expected_score(m.ability, None)).collect();
            assert!(z(count, &p).abs() < 4.5, "{item_model} item {i}");
        }
    }
}

#[test]
fn options_are_chosen_as_often_as_the_truth_expects() {
    let faults = FaultOptions {
        wrong_key: 0.2,
        ambiguous: 0.2,
        blank: 0.1,
        leaked: 0.2,
        leaked_models: 0.5,
        ..Default::default()
    };
    let s = simulate(&SimulationOptions { faults, ..with_choices(1500, 20) }).unwrap();
    let m = matrix(&s);
    let planes = m.options().unwrap();
    for (i, item) in s.truth.items.iter().enumerate() {
        assert_eq!(planes.item_gold(i), Some(item.choice.as_ref().unwrap().recorded_key));
        for option in 0..4u8 {
            let p: Vec<f64> = s
                .truth
                .models
                .iter()
                .map(|m| {
                    item.answer_probabilities(m.ability, m.has_seen_leaks.then_some(0.97))[option as usize]
                })
                .collect();
            let count = planes.chosen.row(i).iter().filter(|c| **c == option).count() as f64;
            assert!(z(count, &p).abs() < 4.5, "{:?} item {i} option {option}", item.planted);
        }
    }
}

#[test]
fn a_score_is_the_choice_held_against_the_recorded_key() {
    let faults = FaultOptions { wrong_key: 0.3, ..Default::default() };
    let s = simulate(&SimulationOptions { faults, ..with_choices(20, 50) }).unwrap();
    for row in s.table.rows() {
        assert_eq!(row.score, Some(f64::from(u8::from(row.chosen == row.gold))));
    }
}

/// Copies agree with their base model as often as copying and chance together say: `c + (1 − c) Σ pₖ qₖ`.
#[test]
fn copies_agree_as_often_as_stated() {
    let families = FamilyOptions { clone_share: 0.5, copied_share: 0.6, ..Default::default() };
    let s = simulate(&SimulationOptions { families, ..with_choices(40, 2000) }).unwrap();
    let m = matrix(&s);
    let chosen = &m.options().unwrap().chosen;
    for (at, model) in s.truth.models.iter().enumerate() {
        let Some(base) = model.clone_of else { continue };
        let agree = (0..2000).filter(|&i| chosen[[i, at]] == chosen[[i, base]]).count() as f64;
        let p: Vec<f64> = s
            .truth
            .items
            .iter()
            .map(|item| {
                let mine = item.answer_probabilities(model.ability, None);
                let theirs = item.answer_probabilities(s.truth.models[base].ability, None);
                0.6 + 0.4 * mine.iter().zip(&theirs).map(|(a, b)| a * b).sum::<f64>()
            })
            .collect();
        assert!(z(agree, &p).abs() < 4.5, "model {at}");
    }
}

#[test]
fn repeated_items_have_one_text_and_the_stated_agreement() {
    let faults =
        FaultOptions { duplicated: 0.2, contradicted: 0.2, duplicate_agreement: 1.0, ..Default::default() };
    let s = simulate(&SimulationOptions { faults, ..with_choices(50, 50) }).unwrap();
    let m = matrix(&s);
    let chosen = &m.options().unwrap().chosen;
    let mut seen = 0;
    for (at, item) in s.truth.items.iter().enumerate() {
        let Some(original) = item.duplicate_of else { continue };
        seen += 1;
        assert_eq!(chosen.row(at), chosen.row(original));
        let (a, b) = (&s.table.items[at], &s.table.items[original]);
        assert_eq!((&a.question, &a.options, a.item_hash), (&b.question, &b.options, b.item_hash));
        assert_eq!(item.planted == Some(PlantedError::Contradiction), a.gold != b.gold);
    }
    assert_eq!(seen, 20);
}

#[test]
fn missing_and_failed_answers_come_in_the_stated_shares() {
    let missing = MissingOptions { at_random: 0.2, failed: 0.1, ..Default::default() };
    let options = SimulationOptions { n_models: 100, n_items: 200, ..plain() };
    let full = simulate(&options).unwrap().table;
    let s = simulate(&SimulationOptions { missing, ..options }).unwrap();
    let near =
        |got: f64, p: f64, n: f64| assert!((got - p).abs() < 4.0 * (p * (1.0 - p) / n).sqrt(), "{got}");
    near(1.0 - s.table.len() as f64 / 20_000.0, 0.2, 20_000.0);
    let failed = s.table.rows().filter(|r| r.status == Status::Error).count() as f64;
    near(failed / s.table.len() as f64, 0.1, 16_000.0);
    // What is there is what would have been there without gaps.
    for row in s.table.rows().filter(|r| r.score.is_some()) {
        assert_eq!(row.score, full.score(row.run as usize * 200 + row.item as usize));
    }
}

#[test]
fn a_disconnected_design_leaves_two_islands() {
    let missing = MissingOptions { coverage: Coverage::Disconnected { n_parts: 2 }, ..Default::default() };
    let m = matrix(&simulate(&SimulationOptions { missing, ..plain() }).unwrap());
    for i in 0..60 {
        for r in 0..40 {
            assert_eq!(m.score(i, r).is_some(), i % 2 == r % 2);
        }
    }
}

#[test]
fn ordered_categories_and_repeats_reach_the_matrix() {
    let item_model = ItemModel::PartialCredit { n_categories: 4 };
    let m = matrix(&simulate(&SimulationOptions { item_model, ..plain() }).unwrap());
    let Cells::Categories { levels, .. } = m.cells() else { panic!("not categories") };
    assert_eq!(levels, &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
    let m = matrix(&simulate(&SimulationOptions { repeats: 5, ..plain() }).unwrap());
    let Cells::Counts(counts) = m.cells() else { panic!("not counts") };
    assert!(counts.trials.iter().all(|n| *n == 5));
}

#[test]
fn log_probabilities_agree_with_the_choice() {
    let mut options = with_choices(10, 20);
    let plain = simulate(&options).unwrap().table;
    options.choices = Some(ChoiceOptions { log_probabilities: true, ..Default::default() });
    let table = simulate(&options).unwrap().table;
    assert_eq!(table.options.len(), 10 * 20 * 4);
    let scores: Vec<_> = table.options.iter().collect();
    for (at, of_row) in scores.chunks(4).enumerate() {
        let row = table.row(at);
        let logp: Vec<f32> = of_row.iter().map(|o| o.logp_sum.unwrap()).collect();
        let best = (0..4).max_by(|&a, &b| logp[a].total_cmp(&logp[b])).unwrap();
        assert_eq!(row.chosen, Some(best as u16));
        assert_eq!(row.score == Some(1.0), row.logp_margin.unwrap() > 0.0);
        assert!((logp.iter().map(|l| l.exp()).sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(row.chosen, plain.row(at).chosen, "asking for them changed the answers");
    }
}

#[test]
fn prompt_variants_are_runs_with_their_effects_in_the_answers() {
    let prompts = PromptOptions { n_variants: 3, main_sd: 1.5, model_sd: 0.0, item_sd: 0.0 };
    let s = simulate(&SimulationOptions { n_models: 200, prompts, ..plain() }).unwrap();
    assert_eq!(s.table.runs.len(), 600);
    assert_eq!(s.table.runs[0].prompt_variant, None);
    assert_eq!(s.table.runs[599].prompt_variant.as_deref(), Some("variant_2"));
    for (v, prompt) in s.truth.prompts.iter().enumerate() {
        let rows = v * 200 * 60..(v + 1) * 200 * 60;
        let right = rows.filter_map(|r| s.table.score(r)).sum::<f64>();
        let items = &s.truth.items;
        let p: Vec<f64> = s
            .truth
            .models
            .iter()
            .flat_map(|m| items.iter().map(|i| i.expected_score(m.ability + prompt.effect, None)))
            .collect();
        assert!(z(right, &p).abs() < 4.5, "variant {v}");
    }
}

#[test]
fn subjects_are_named_and_shift_difficulty() {
    let options = SimulationOptions {
        n_subjects: 4,
        subject_difficulty_sd: 5.0,
        subject_correlation: 0.5,
        items: crate::simulate::ItemOptions { difficulty_sd: 0.0, ..Default::default() },
        ..plain()
    };
    let s = simulate(&options).unwrap();
    assert_eq!(matrix(&s).subjects(), ["subject_1", "subject_2", "subject_3", "subject_4"]);
    let places: std::collections::BTreeSet<u64> =
        s.truth.items.iter().map(|i| i.curve.difficulty.to_bits()).collect();
    assert_eq!(places.len(), 4);
    let names: Vec<&str> = s.truth.tables().iter().map(|t| t.name).collect();
    assert_eq!(names, ["truth_items", "truth_models", "truth_abilities"]);
    assert_eq!(s.truth.tables()[2].n_rows(), 160);
}

#[test]
fn blank_items_without_options_score_nothing_and_leaked_ones_much() {
    let faults = FaultOptions { blank: 0.1, leaked: 0.5, leaked_models: 1.0, ..Default::default() };
    let s = simulate(&SimulationOptions { faults, ..plain() }).unwrap();
    for (item, (sum, n)) in s.truth.items.iter().zip(matrix(&s).item_totals()) {
        match item.planted {
            Some(PlantedError::Blank) => assert_eq!(sum, 0.0),
            Some(PlantedError::Leaked) => assert!(sum / n as f64 > 0.8),
            _ => {}
        }
    }
    let blank = s.truth.items.iter().position(|i| i.planted == Some(PlantedError::Blank)).unwrap();
    assert_eq!(s.table.items[blank].question().as_deref(), Some(""));
}
