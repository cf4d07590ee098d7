//! What does a benchmark of known truth look like? The long table and the truth behind it.

use super::answer::{Answering, Answers, Presence};
use super::error::SimulationError;
use super::item::ItemTruth;
use super::model::Population;
use super::options::SimulationOptions;
use super::random::{Purpose, normal, source};
use super::text;
use super::truth::{Truth, family_name};
use crate::response::{Metric, OptionScore, ResponseTable, Row, Run, Status};
use rayon::prelude::*;

/// Simulated data and the truth behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// What a reader of a dump would give.
    pub table: ResponseTable,
    /// What no dump tells.
    pub truth: Truth,
}

/// Simulates one benchmark.
///
/// The answer of model `m` to item `i` under prompt variant `v` comes from the curve of the item at ability
///
/// ```text
/// θ = θ_{m, subject(i)} + effect_v + effect_{v, m} + effect_{v, i}
/// ```
///
/// unless it is copied (from the base model of a fine-tune, or from the original of a repeated item), and
/// answers are independent given these. A score is the answer held against the *recorded* key. Rows stand run by
/// run, in the order of the items.
///
/// # Errors
/// The first option that makes no sense: see [`SimulationOptions::validate`].
pub fn simulate(options: &SimulationOptions) -> Result<Simulation, SimulationError> {
    options.validate()?;
    let truth = draw_truth(options);
    let answers = draw_answers(options, &truth);
    Ok(Simulation { table: table(options, &truth, &answers), truth })
}

fn draw_truth(options: &SimulationOptions) -> Truth {
    let subjects = text::subject_names(options.n_subjects);
    let mut rng = source(options.seed, Purpose::Items, 0);
    let shift: Vec<f64> = subjects
        .iter()
        .map(|_| if options.n_subjects > 1 { options.subject_difficulty_sd * normal(&mut rng) } else { 0.0 })
        .collect();
    let width = text::digits(options.n_items);
    let mut items: Vec<ItemTruth> = (0..options.n_items)
        .map(|i| {
            let subject = i * options.n_subjects / options.n_items;
            let mut of_subject = options.items.clone();
            of_subject.difficulty_mean += shift[subject];
            let n_options = options.choices.as_ref().map(|c| c.n_options);
            let mut rng = source(options.seed, Purpose::Items, i + 1);
            let curve = of_subject.draw(options.item_model, n_options, &mut rng);
            let mut rng = source(options.seed, Purpose::Choices, i);
            let choice = options.choices.as_ref().map(|c| c.draw(&mut rng));
            let item = format!("i{i:0width$}").into();
            ItemTruth { item, subject, curve, choice, planted: None, duplicate_of: None }
        })
        .collect();
    options.faults.plant(&mut items, &mut source(options.seed, Purpose::Faults, 0));
    let population = Population {
        n_models: options.n_models,
        n_subjects: options.n_subjects,
        abilities: &options.abilities,
        subject_correlation: options.subject_correlation,
        families: &options.families,
        leaked_models: if options.faults.leaked > 0.0 { options.faults.leaked_models } else { 0.0 },
        seed: options.seed,
    };
    Truth {
        benchmark: options.benchmark.clone(),
        subjects,
        items,
        models: population.draw(),
        copied_share: options.families.copied_share,
        prompts: options.prompts.draw(options.n_models, options.seed),
    }
}

/// The answers to all items: originals first, then those that repeat them.
fn draw_answers(options: &SimulationOptions, truth: &Truth) -> Vec<Answers> {
    let answering = Answering { options, models: &truth.models, prompts: &truth.prompts };
    let originals: Vec<Option<Answers>> = truth
        .items
        .par_iter()
        .enumerate()
        .map(|(at, item)| item.duplicate_of.is_none().then(|| answering.draw(at, item, None)))
        .collect();
    let copies: Vec<Option<Answers>> = truth
        .items
        .par_iter()
        .enumerate()
        .map(|(at, item)| item.duplicate_of.map(|o| answering.draw(at, item, originals[o].as_ref())))
        .collect();
    originals.into_iter().zip(copies).filter_map(|(original, copy)| original.or(copy)).collect()
}

fn table(options: &SimulationOptions, truth: &Truth, answers: &[Answers]) -> ResponseTable {
    let n_items = truth.items.len();
    let mut table = ResponseTable::default();
    table.items = (0..n_items).map(|i| text::item(options, &truth.subjects, &truth.items, i)).collect();
    table.metrics.push(metric(options));
    let repeats = options.repeats as usize;
    for (v, prompt) in truth.prompts.iter().enumerate() {
        for (m, model) in truth.models.iter().enumerate() {
            let run = table.runs.len();
            let id = match &prompt.variant {
                Some(variant) => format!("{} {variant}", model.model),
                None => model.model.to_string(),
            };
            table.runs.push(Run {
                prompt_variant: prompt.variant.clone(),
                family: model.family.map(family_name),
                timestamp: Some(text::timestamp(run)),
                harness: Some("evalgauge simulate".to_owned()),
                ..Run::new(id, model.model.clone())
            });
            for (at, item) in truth.items.iter().enumerate() {
                for repeat in 0..repeats {
                    let attempt = (v * truth.models.len() + m) * repeats + repeat;
                    let row = Row { repeat: repeat as u32, ..Row::new(run as u32, at as u32, 0, None) };
                    add_attempt(&mut table, item, &answers[at], attempt, row);
                }
            }
        }
    }
    table
}

fn metric(options: &SimulationOptions) -> Metric {
    let name = match (&options.choices, options.item_model.is_binary()) {
        (Some(_), _) => "acc",
        (None, true) => "exact_match",
        (None, false) => "score",
    };
    Metric { primary: true, ..Metric::new(options.benchmark.clone(), name, None) }
}

fn add_attempt(table: &mut ResponseTable, item: &ItemTruth, answers: &Answers, attempt: usize, mut row: Row) {
    let gold = item.choice.as_ref().map(|c| u16::from(c.recorded_key));
    match answers.presence[attempt] {
        Presence::Absent => return,
        Presence::Failed => row.status = Status::Error,
        Presence::Given => {
            let answer = answers.answer[attempt];
            row.score = Some(item.score(answer as usize));
            row.status = Status::Ok;
            row.chosen = item.choice.as_ref().map(|_| u16::from(answer));
            row.gold = gold;
            let n = item.n_answers();
            let of_attempt = answers.log_probability.get(attempt * n..(attempt + 1) * n);
            if let (Some(gold), Some(logp)) = (gold, of_attempt) {
                let gold = gold as usize;
                let others = logp.iter().enumerate().filter(|(k, _)| *k != gold);
                let best_other = others.map(|(_, l)| *l).fold(f32::NEG_INFINITY, f32::max);
                row.logp_gold = Some(logp[gold]);
                row.logp_margin = Some(logp[gold] - best_other);
                // One set of options for each run and item: that of the first attempt.
                if row.repeat == 0 {
                    table.options.extend(logp.iter().zip(0..).map(|(l, option)| OptionScore {
                        run: row.run,
                        item: row.item,
                        option,
                        logp_sum: Some(*l),
                        logp_per_char: None,
                        logp_per_byte: None,
                        logp_uncond: None,
                        num_tokens: None,
                        is_greedy: None,
                    }));
                }
            }
        }
    }
    table.push(row);
}

#[cfg(test)]
#[path = "benchmark_tests.rs"]
mod tests;
