//! Which answers are given? One item at a time, every model, prompt variant and repeat.

use super::item::ItemTruth;
use super::model::ModelTruth;
use super::options::SimulationOptions;
use super::prompt::PromptTruth;
use super::random::{Purpose, gumbel, source};
use crate::numeric::random::Rng;
use crate::numeric::special::log_sum_exp;
use rand::RngExt;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Answered.
    Given,
    /// The attempt failed.
    Failed,
    /// There was no attempt.
    Absent,
}

/// All answers to one item; attempt `(v · n_models + m) · repeats + r` is that of variant `v`, model `m` and
/// repeat `r`.
pub(crate) struct Answers {
    /// The option, or 0 and 1, or the category.
    pub answer: Vec<u8>,
    /// Log-probability of each option for each attempt, if asked for.
    pub log_probability: Vec<f32>,
    /// What became of each attempt.
    pub presence: Vec<Presence>,
}

/// What answers come from.
pub(crate) struct Answering<'a> {
    pub options: &'a SimulationOptions,
    pub models: &'a [ModelTruth],
    pub prompts: &'a [PromptTruth],
}

impl Answering<'_> {
    /// Draws the answers to an item; those to a repeated item follow `original`.
    pub fn draw(&self, at: usize, item: &ItemTruth, original: Option<&Answers>) -> Answers {
        let options = self.options;
        let mut rng = source(options.seed, Purpose::Answers, at);
        let keep = options.choices.as_ref().is_some_and(|c| c.log_probabilities);
        let (n_models, repeats) = (self.models.len(), options.repeats as usize);
        let n = self.prompts.len() * n_models * repeats;
        let width = if keep { item.n_answers() } else { 0 };
        let mut out = Answers {
            answer: Vec::with_capacity(n),
            log_probability: Vec::with_capacity(n * width),
            presence: self.presence(at),
        };
        let item_effects = options.prompts.item_effects(at, options.seed);
        for (v, prompt) in self.prompts.iter().enumerate() {
            for (m, model) in self.models.iter().enumerate() {
                let theta = model.subject_ability[item.subject]
                    + prompt.effect
                    + prompt.model_effect[m]
                    + item_effects[v];
                let leaked = model.has_seen_leaks.then_some(options.faults.leaked_success);
                let p = item.answer_probabilities(theta, leaked);
                for r in 0..repeats {
                    let attempt = (v * n_models + m) * repeats + r;
                    // Drawn always, so that one model's answers do not depend on who else copies.
                    let (follow, copy) = (rng.random::<f64>(), rng.random::<f64>());
                    let drawn = draw_one(&p, item.choice.is_some(), &mut rng);
                    let repeated = original.filter(|_| follow < options.faults.duplicate_agreement);
                    let base = model
                        .clone_of
                        .filter(|_| copy < options.families.copied_share)
                        .map(|b| (v * n_models + b) * repeats + r);
                    match (repeated, base) {
                        (Some(original), _) => out.take(original, attempt, width),
                        (None, Some(base)) => out.repeat(base, width),
                        (None, None) => out.add(drawn, width),
                    }
                }
            }
        }
        out
    }

    fn presence(&self, at: usize) -> Vec<Presence> {
        let options = self.options;
        let mut rng = source(options.seed, Purpose::Missing, at);
        let mut out = Vec::new();
        for _ in self.prompts {
            for m in 0..self.models.len() {
                let absent = rng.random::<f64>() < options.missing.at_random;
                let given = options.missing.coverage.gives(at, m) && !absent;
                for _ in 0..options.repeats {
                    let failed = rng.random::<f64>() < options.missing.failed;
                    out.push(match (given, failed) {
                        (false, _) => Presence::Absent,
                        (true, true) => Presence::Failed,
                        (true, false) => Presence::Given,
                    });
                }
            }
        }
        out
    }
}

impl Answers {
    fn add(&mut self, (answer, utility): (u8, Vec<f64>), width: usize) {
        self.answer.push(answer);
        if width > 0 {
            let total = log_sum_exp(&utility);
            self.log_probability.extend(utility.iter().map(|u| (u - total) as f32));
        }
    }

    fn take(&mut self, from: &Answers, attempt: usize, width: usize) {
        self.answer.push(from.answer[attempt]);
        self.log_probability.extend_from_slice(&from.log_probability[attempt * width..(attempt + 1) * width]);
    }

    fn repeat(&mut self, attempt: usize, width: usize) {
        self.answer.push(self.answer[attempt]);
        self.log_probability.extend_from_within(attempt * width..(attempt + 1) * width);
    }
}

/// Draws an answer. Among options it is the one of highest utility `ln pₖ + Gumbel`, so that the utilities can
/// stand for a model's log-probabilities and always agree with its choice.
///
/// # Reference
/// McFadden 1974, "Conditional logit analysis of qualitative choice behavior", in Zarembka (ed.), *Frontiers in
/// Econometrics*.
fn draw_one(p: &[f64], options: bool, rng: &mut Rng) -> (u8, Vec<f64>) {
    if options {
        let utility: Vec<f64> = p.iter().map(|p| p.max(1e-300).ln() + gumbel(rng)).collect();
        let best = (0..utility.len()).max_by(|&a, &b| utility[a].total_cmp(&utility[b])).unwrap_or(0);
        return (best as u8, utility);
    }
    let u: f64 = rng.random();
    let mut below = 0.0;
    let answer = p.iter().position(|p| {
        below += p;
        u < below
    });
    // Rounding may leave the sum a hair below 1: the last answer that is possible takes it.
    let last = p.iter().rposition(|p| *p > 0.0).unwrap_or(0);
    (answer.unwrap_or(last) as u8, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,000 draws: each share within four standard errors, by utility and by distribution function.
    #[test]
    fn answers_come_as_often_as_their_probability() {
        let p = [0.1, 0.2, 0.3, 0.4];
        for options in [true, false] {
            let mut rng = source(3, Purpose::Answers, 0);
            let mut seen = [0.0; 4];
            for _ in 0..20_000 {
                seen[draw_one(&p, options, &mut rng).0 as usize] += 1.0 / 20_000.0;
            }
            for (s, p) in seen.iter().zip(p) {
                assert!((s - p).abs() < 4.0 * (p * (1.0 - p) / 20_000f64).sqrt(), "{seen:?}");
            }
        }
    }

    #[test]
    fn the_impossible_never_happens() {
        let mut rng = source(3, Purpose::Answers, 0);
        assert!((0..1000).all(|_| draw_one(&[0.0, 1.0, 0.0], false, &mut rng).0 == 1));
    }
}
